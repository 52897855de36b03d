//! Which variants meet their gates, in a sentence.

use crate::record::{Gate, Outcome, VariantResult};

/// Which variants meet their gates; gates that only warn are left out where others fail.
pub(super) fn gates_met(gates: &[Gate], variants: &[VariantResult]) -> Option<String> {
    let failing = gates.iter().any(|gate| gate.severity == "fail");
    let asked: Vec<&Gate> = gates.iter().filter(|gate| !failing || gate.severity == "fail").collect();
    let of = |name: &str| asked.iter().copied().filter(|gate| gate.variant == name).collect::<Vec<&Gate>>();
    let gated: Vec<&str> =
        variants.iter().map(|variant| variant.name.as_str()).filter(|name| !of(name).is_empty()).collect();
    let (meet, others): (Vec<&str>, Vec<&str>) =
        gated.iter().partition(|name| of(name).iter().all(|gate| gate.outcome == Outcome::Met));
    let names = |of: Vec<&Gate>| of.iter().map(|gate| gate.name.as_str()).collect::<Vec<_>>().join(", ");
    let short = |name: &str| {
        let missed = names(of(name).into_iter().filter(|gate| gate.outcome == Outcome::Missed).collect());
        let open = names(of(name).into_iter().filter(|gate| gate.outcome == Outcome::NotEnoughEvidence).collect());
        match (missed.is_empty(), open.is_empty()) {
            (false, true) => format!("{name} misses {missed}"),
            (false, false) => format!("{name} misses {missed} and leaves {open} open"),
            _ => format!("{name} leaves {open} open"),
        }
    };
    let mut shorts: Vec<String> = others.iter().take(4).map(|name| short(name)).collect();
    if others.len() > 4 {
        shorts.push(format!("{} more do not", others.len() - 4));
    }
    let shorts = shorts.join("; ");
    Some(match (meet.as_slice(), gated.as_slice()) {
        (_, []) => return None,
        (_, _) if others.is_empty() => match asked.len() {
            1 => "The gate is met.".to_owned(),
            count => format!("All {count} gates are met."),
        },
        (_, [_]) => format!("Gates: {shorts}."),
        ([], _) => format!("No variant meets all its gates: {shorts}."),
        ([only], _) => format!("{only} is the only one that meets all its gates: {shorts}."),
        (several, _) => format!("{} meet all their gates: {shorts}.", several.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gates_are_told_by_who_meets_them() {
        let variants: Vec<VariantResult> =
            ["a", "b"].map(|name| VariantResult { name: name.into(), ..VariantResult::default() }).into();
        let gate = |variant: &str, name: &str, outcome| Gate {
            name: name.into(),
            variant: variant.into(),
            severity: "fail".into(),
            outcome,
            ..Gate::default()
        };
        let said = |of: &[Gate]| gates_met(of, &variants);
        let (met, missed, open) = (Outcome::Met, Outcome::Missed, Outcome::NotEnoughEvidence);
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[gate("a", "up", met), gate("b", "up", met)]).as_deref(), Some("All 2 gates are met."));
        assert_eq!(
            said(&[gate("a", "up", met), gate("b", "up", missed), gate("b", "fast", open)]).as_deref(),
            Some("a is the only one that meets all its gates: b misses up and leaves fast open.")
        );
        assert_eq!(
            said(&[gate("a", "up", missed), gate("a", "fast", missed), gate("b", "up", missed)]).as_deref(),
            Some("No variant meets all its gates: a misses up, fast; b misses up.")
        );
    }
}
