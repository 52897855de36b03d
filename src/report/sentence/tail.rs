//! The headline of the percentile curve.

use super::{Told, brief, order};
use crate::record::{Comparison, VariantResult};
use crate::report::decision::quantile_of;
use crate::report::number::Unit;

/// The headline of the percentile curve: who is fastest at p99, who cannot be told from it, who follows.
pub fn tail(comparison: &Comparison) -> String {
    let aside = answers_less(comparison);
    let p99 = |v: usize| Some((v, quantile_of(&comparison.variants[v], "p99").value?));
    let mut ranked = (0..aside.len()).filter(|&v| !aside[v]).filter_map(p99).collect::<Vec<_>>();
    ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
    let ranked: Vec<usize> = ranked.into_iter().map(|(v, _)| v).collect();
    let fewer: Vec<String> = (0..aside.len())
        .filter(|&v| aside[v])
        .map(|v| &comparison.variants[v])
        .map(|variant| format!("{} {}", variant.name, Unit::Share.value(&variant.total.availability)))
        .collect();
    let ranks = among(comparison, &ranked);
    if fewer.is_empty() { ranks } else { format!("{ranks}; not ranked, answered less: {}", brief(&fewer)) }
}

/// Variants that answer over a hundredth less of their requests than the most available one, as far as can be told: their
/// latency is of the requests that survived.
fn answers_less(comparison: &Comparison) -> Vec<bool> {
    let success = |variant: &VariantResult| variant.total.availability.clone();
    let value = |v: usize| success(&comparison.variants[v]).value;
    let count = comparison.variants.len();
    let shares = (0..count).filter_map(|v| Some((v, value(v)?)));
    let Some((best, most)) = shares.max_by(|a, b| a.1.total_cmp(&b.1)) else { return vec![false; count] };
    let less = |v: usize| {
        value(v).is_some_and(|own| most - own > 0.01)
            && order(comparison, v, best, "availability", success) == Told::Less
    };
    (0..count).map(less).collect()
}

/// Who of `ranked`, the fastest first, is fastest.
fn among(comparison: &Comparison, ranked: &[usize]) -> String {
    let p99 = |v: &VariantResult| quantile_of(v, "p99");
    let Some(&best) = ranked.first() else { return "No variant answered enough requests for a p99".to_owned() };
    let named = |v: usize| {
        let variant = &comparison.variants[v];
        format!("{} {}", variant.name, Unit::Milliseconds.value(&p99(variant)))
    };
    if ranked.len() == 1 {
        return format!(
            "99 of 100 requests of {} are answered within {}",
            comparison.variants[best].name,
            Unit::Milliseconds.value(&p99(&comparison.variants[best]))
        );
    }
    // A hundredth is told apart by paired runs, but not by a person who has to choose.
    let value = |v: usize| p99(&comparison.variants[v]).value.unwrap_or(f64::INFINITY);
    let close = |v: usize| value(v) < 1.01 * value(best);
    let alike = |&v: &usize| close(v) || order(comparison, best, v, "p99", p99) != Told::Less;
    let (near, far): (Vec<usize>, Vec<usize>) = ranked[1..].iter().copied().partition(alike);
    let far = far.into_iter().map(named).collect::<Vec<_>>();
    if near.is_empty() {
        return format!("p99: {} is fastest, before {}", named(best), brief(&far));
    }
    let told = near.iter().any(|&v| order(comparison, best, v, "p99", p99) == Told::Less);
    let all_close = near.iter().all(|&v| close(v));
    let near = std::iter::once(best).chain(near).map(named).collect::<Vec<_>>();
    let head = match (told, all_close) {
        (true, true) => format!("p99: {} differ by less than 1 %", brief(&near)),
        (true, false) => format!("p99: {} differ by less than 1 % or by no more than noise", brief(&near)),
        (false, _) => format!("p99: {} are not distinguishable", brief(&near)),
    };
    if far.is_empty() { head } else { format!("{head}, before {}", brief(&far)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Estimate;

    #[test]
    fn who_answers_less_is_not_called_fastest() {
        let exact = |value: f64| Estimate { value: Some(value), ..Estimate::default() };
        let variant = |name: &str, p99: f64, success: f64| {
            let mut variant = VariantResult { name: name.into(), ..VariantResult::default() };
            variant.total.latency_ms = [("p99".to_owned(), exact(p99))].into_iter().collect();
            variant.total.availability = exact(success);
            variant
        };
        let of = |variants: Vec<VariantResult>| tail(&Comparison { variants, ..Comparison::default() });
        let said =
            of(vec![variant("at-once", 39.0, 0.541), variant("spread", 183.0, 0.988), variant("calm", 400.0, 0.985)]);
        assert_eq!(
            said,
            "p99: spread 183 ms is fastest, before calm 400 ms; not ranked, answered less: at-once 54.1 %"
        );
        let said = of(vec![variant("cen", 39.0, 0.999), variant("public", 183.0, 0.998)]);
        assert_eq!(said, "p99: cen 39.0 ms is fastest, before public 183 ms");
    }
}
