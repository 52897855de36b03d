//! Who answers most, and what of that a promotion loses afterwards: an answer that was given is available (its user had it),
//! and an acknowledged write that is lost is beside that (RPO). The two are told in one sentence.

use super::super::difference::{Answers, Metric};
use super::super::figure::Design;
use super::harmed::thousands;
use super::ranking::Ranking;
use super::{Losses, alike, share, too_few};
use crate::record::{Estimate, VariantResult};
use crate::study::words::listed;
use crate::units::significant;

/// Is what one loses fewer beyond doubt: none where the other loses some, or an interval that ends below the other's?
pub(super) fn fewer(one: &Estimate, other: &Estimate) -> bool {
    let value = |of: &Estimate| of.value.unwrap_or_default();
    let apart = || one.high.zip(other.low).is_some_and(|(high, low)| high < low);
    value(other) > 0.0 && (value(one) <= 0.0 || apart())
}

/// Who loses fewest of what it acknowledged, beyond doubt fewer than `than` does.
fn fewest<'v>(variants: &'v [VariantResult], than: &VariantResult) -> Option<&'v VariantResult> {
    let value = |variant: &VariantResult| variant.writes_lost().value.unwrap_or_default();
    let least = variants.iter().min_by(|a, b| value(a).total_cmp(&value(b)))?;
    fewer(&least.writes_lost(), &than.writes_lost()).then_some(least)
}

/// Are variants told apart by what fails, or by what they lose of what they have acknowledged?
pub(super) fn decides(variants: &[VariantResult], losses: &[Losses], sound: &Ranking) -> bool {
    variants.iter().any(VariantResult::loses_writes)
        || !sound.worse.is_empty() && losses.iter().any(|of| of.most() >= 1.0)
}

/// Acknowledged writes a run that a variant loses by promotions that began with a fault; ends of several databases add up.
pub(super) fn lost_in(variant: &VariantResult, fault: &str) -> Estimate {
    let of = || variant.successions.iter().flat_map(|store| &store.faults).filter(|of| of.fault == fault);
    let sum = |end: fn(&Estimate) -> Option<f64>| of().map(|of| end(&of.lost)).sum::<Option<f64>>();
    let value = of().filter_map(|of| of.lost.value).sum();
    Estimate { low: sum(|lost| lost.low), high: sum(|lost| lost.high), ..Estimate::exact(value) }
}

/// The most available one of those that lose no acknowledged write; none where all do, or none.
pub(super) fn keeper(answers: &[Answers], variants: &[VariantResult], design: Design) -> Option<Ranking> {
    let keep: Vec<usize> = (0..variants.len()).filter(|&index| !variants[index].loses_writes()).collect();
    (!keep.is_empty()).then(|| Ranking::of(answers, variants, Metric::Availability, design, &keep))
}

/// Who is most available, and whether it loses writes that it acknowledged. `of_run` says of what run, where that matters.
pub(super) fn soundness(
    sound: &Ranking,
    answers: &[Answers],
    variants: &[VariantResult],
    design: Design,
    of_run: &str,
) -> String {
    let all_answered = variants.iter().all(|variant| variant.total.ok == variant.total.sent);
    let losing: Vec<String> = variants.iter().filter(|v| v.loses_writes()).map(|v| v.name.clone()).collect();
    let but = match losing.as_slice() {
        [] => String::new(),
        [one] => format!(", but {one} loses acknowledged writes"),
        some => format!(", but {} lose acknowledged writes", listed(some)),
    };
    if all_answered {
        return format!("Every request was answered in all of them{but}.");
    }
    match sound.worse.last() {
        None if design.critical().is_none() => {
            let own = |variant: &VariantResult| format!("{} {}", variant.name, share(variant.total.availability.value));
            let own: Vec<String> = variants.iter().map(own).collect();
            format!("Success{of_run}: {}; {}{but}.", own.join(", "), too_few(design, "is most available"))
        }
        None => {
            format!("In availability they are not distinguishable ({}{of_run}){but}.", share(sound.value.value))
        }
        Some((worst, _)) => {
            let of = |name: &str| variants.iter().find(|variant| variant.name == name);
            let worst_share = of(worst).and_then(|variant| variant.total.availability.value);
            let best = format!("Most available{of_run} is {}: {}", sound.best, answered(&sound.value, &sound.alike));
            let least = share(worst_share);
            let Some(best_one) = of(&sound.best).filter(|best| best.loses_writes()) else {
                let none = if losing.is_empty() { "" } else { ", and loses no acknowledged write" };
                return format!("{best}{none}; least is {worst}: {least}.");
            };
            let (name, beside) = match (keeper(answers, variants, design), fewest(variants, best_one)) {
                (Some(keeper), _) => {
                    let told = answered(&keeper.value, &keeper.alike);
                    (keeper.best.clone(), format!("of those that lose none it is {}: {told}", keeper.best))
                }
                (None, Some(fewest)) => {
                    let lost = counted(&fewest.writes_lost(), "");
                    let told = answered(&fewest.total.availability, &[]);
                    (fewest.name.clone(), format!("{} loses fewest, {lost}, at {told}", fewest.name))
                }
                (None, None) => (String::new(), "none loses fewer beyond doubt".to_owned()),
            };
            // Who was told just now is not told again.
            let least = if name == *worst { String::new() } else { format!(" Least available is {worst}: {least}.") };
            format!("{best}{}; {beside}.{least}", but_loses(best_one))
        }
    }
}

/// `, but it loses 976 acknowledged writes a run (944 to 1,010)`; empty where it loses none.
pub(super) fn but_loses(variant: &VariantResult) -> String {
    if variant.loses_writes() {
        format!(", but it loses {}", counted(&variant.writes_lost(), " acknowledged writes a run"))
    } else {
        String::new()
    }
}

/// `976 (944 to 1,010)`, with what is counted before the interval.
pub(in crate::study) fn counted(lost: &Estimate, what: &str) -> String {
    let count = |value: f64| thousands(&significant(value.max(0.0), 3));
    let value = count(lost.value.unwrap_or_default());
    match (lost.low, lost.high) {
        (Some(low), Some(high)) => format!("{value}{what} ({} to {})", count(low), count(high)),
        _ => format!("{value}{what}"),
    }
}

/// `89.5 % answered (89.4 to 89.6 %; not distinguishable from promoted)`.
fn answered(of: &Estimate, others: &[(String, Estimate)]) -> String {
    let value = share(of.value);
    let ends = of.low.zip(of.high).map(|(low, high)| (share(Some(low)), share(Some(high))));
    let ends = ends.filter(|(low, high)| *low != value || *high != value);
    let ends = ends.map(|(low, high)| format!("{} to {high}", low.trim_end_matches(" %")));
    let alike = alike(others, "", "");
    let alike = alike.trim_start_matches(" (").trim_end_matches(')');
    let said: Vec<&str> = ends.as_deref().into_iter().chain((!alike.is_empty()).then_some(alike)).collect();
    if said.is_empty() { format!("{value} answered") } else { format!("{value} answered ({})", said.join("; ")) }
}

/// Who loses writes that were acknowledged, the most first: all other figures take these for answered.
pub(super) fn lost_writes(variants: &[VariantResult]) -> Option<String> {
    let value = |variant: &VariantResult| variant.writes_lost().value.unwrap_or_default();
    let mut losing: Vec<&VariantResult> = variants.iter().filter(|variant| variant.loses_writes()).collect();
    losing.sort_by(|a, b| value(b).total_cmp(&value(a)));
    let named = |variant: &&VariantResult| format!("{} {}", variant.name, counted(&variant.writes_lost(), ""));
    let told: Vec<String> = losing.iter().map(named).collect();
    (!told.is_empty()).then(|| {
        format!(
            "Acknowledged writes that are lost, a run: {}; availability and lost requests count them as answered.",
            listed(&told)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Duration;

    fn of(value: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - 0.01), high: Some(value + 0.01), ..Estimate::default() }
    }

    fn variant(name: &str, available: f64, lost: f64) -> VariantResult {
        let mut variant = VariantResult { name: name.into(), ..VariantResult::default() };
        variant.total.availability = of(available);
        variant.total.sent = 1000;
        variant.lost_writes =
            Some(Estimate { value: Some(lost), low: Some(0.9 * lost), high: Some(1.1 * lost), ..Estimate::default() });
        variant
    }

    fn said(variants: &[VariantResult]) -> String {
        let answers: Vec<Answers> = variants
            .iter()
            .map(|variant| Answers { name: variant.name.clone(), samples: Vec::new(), costs: Vec::new() })
            .collect();
        let best = &variants[0];
        let worst = variants.last().expect("there are variants");
        let sound = Ranking {
            best: best.name.clone(),
            value: best.total.availability.clone(),
            worse: vec![(worst.name.clone(), of(0.1))],
            alike: Vec::new(),
        };
        soundness(&sound, &answers, variants, Design::new(20, Duration::from_secs(60)), "")
    }

    #[test]
    fn who_loses_what_it_acknowledged_is_not_called_best_without_saying_so() {
        let lossy = variant("split", 0.9, 1234.0);
        assert_eq!(
            said(&[lossy.clone(), variant("fenced", 0.8, 0.0)]),
            "Most available is split: 90.0 % answered (89.0 to 91.0 %), but it loses 1,234 acknowledged writes a run (1,111 to \
             1,357); of those that lose none it is fenced: 80.0 % answered (79.0 to 81.0 %)."
        );
        assert_eq!(
            said(&[lossy.clone(), variant("fenced", 0.8, 7.0)]),
            "Most available is split: 90.0 % answered (89.0 to 91.0 %), but it loses 1,234 acknowledged writes a run (1,111 to \
             1,357); fenced loses fewest, 7 (6.3 to 7.7), at 80.0 % answered (79.0 to 81.0 %)."
        );
        assert_eq!(
            said(&[lossy.clone(), variant("fenced", 0.8, 1200.0)]),
            "Most available is split: 90.0 % answered (89.0 to 91.0 %), but it loses 1,234 acknowledged writes a run (1,111 to \
             1,357); none loses fewer beyond doubt. Least available is fenced: 80.0 %."
        );
        assert_eq!(
            said(&[variant("fenced", 0.95, 0.0), lossy]),
            "Most available is fenced: 95.0 % answered (94.0 to 96.0 %), and loses no acknowledged write; least is split: 90.0 %."
        );
        assert_eq!(
            said(&[variant("fenced", 0.95, 0.0), variant("slow", 0.8, 0.0)]),
            "Most available is fenced: 95.0 % answered (94.0 to 96.0 %); least is slow: 80.0 %."
        );
    }

    #[test]
    fn all_who_lose_acknowledged_writes_are_listed_the_most_first() {
        let all = [variant("hand", 0.8, 74.0), variant("split", 0.9, 1000.0), variant("nobody", 0.8, 0.0)];
        assert_eq!(
            lost_writes(&all).as_deref(),
            Some(
                "Acknowledged writes that are lost, a run: split 1,000 (900 to 1,100) and hand 74 (66.6 to 81.4); availability and \
                 lost requests count them as answered."
            )
        );
        assert_eq!(lost_writes(&all[2..]), None);
    }

    #[test]
    fn a_single_variant_says_what_it_loses_of_what_it_answered() {
        assert_eq!(but_loses(&variant("calm", 0.9, 0.0)), "");
        assert_eq!(
            but_loses(&variant("split", 0.9, 0.2)),
            ", but it loses 0.2 acknowledged writes a run (0.18 to 0.22)"
        );
    }
}
