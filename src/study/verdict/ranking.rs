//! One metric's best variant, and how the others stand to it.

use super::super::difference::{Answers, Metric, difference};
use super::super::figure::Design;
use crate::record::{Estimate, VariantResult};

/// A metric's best variant and how the others stand to it.
pub(super) struct Ranking {
    pub(super) best: String,
    pub(super) value: Estimate,
    /// Worse beyond doubt: name and by how much (worse is positive).
    pub(super) worse: Vec<(String, Estimate)>,
    /// Not distinguishable from the best: name and its own figure.
    pub(super) alike: Vec<(String, Estimate)>,
}

impl Ranking {
    /// Ranks the variants `among`, by index.
    pub(super) fn of(
        answers: &[Answers],
        variants: &[VariantResult],
        metric: Metric,
        design: Design,
        among: &[usize],
    ) -> Ranking {
        let figure = |variant: &VariantResult| match metric {
            Metric::Mean => variant.total.mean_ms.clone(),
            Metric::Quantile(name, _) => variant.total.latency_ms.get(name).cloned().unwrap_or_default(),
            Metric::Availability => variant.total.availability.clone(),
            Metric::Cost => variant.bill.month.clone(),
        };
        let sign = if metric == Metric::Availability { -1.0 } else { 1.0 };
        let at = |index: &usize| figure(&variants[*index]).value.map_or(f64::INFINITY, |value| sign * value);
        // The first of equals, so that the order of the file decides and not chance.
        let best = among.iter().copied().min_by(|a, b| at(a).total_cmp(&at(b))).expect("there are variants");
        let (mut worse, mut alike) = (Vec::new(), Vec::new());
        for &index in among.iter().filter(|&&index| index != best) {
            let other = &answers[index];
            let (mut apart, _) = difference(other, &answers[best], metric, design);
            if metric == Metric::Availability {
                let turned = |end: Option<f64>| end.map(|end| -end);
                (apart.value, apart.low, apart.high) = (turned(apart.value), turned(apart.high), turned(apart.low));
            }
            // Without an interval only money, which is counted and not estimated, is told apart.
            let bound = if metric == Metric::Cost && design.critical().is_none() { apart.value } else { apart.low };
            if bound.is_some_and(|low| low > 0.0) {
                worse.push((variants[index].name.clone(), apart));
            } else {
                alike.push((variants[index].name.clone(), figure(&variants[index])));
            }
        }
        worse.sort_by(|a, b| a.1.value.unwrap_or(0.0).total_cmp(&b.1.value.unwrap_or(0.0)));
        let value = figure(&variants[best]);
        Ranking { best: variants[best].name.clone(), value, worse, alike }
    }

    /// By how much `name` is worse, where it is beyond doubt.
    pub(super) fn margin_to(&self, name: &str) -> Option<f64> {
        self.worse.iter().find(|(other, _)| other == name).and_then(|(_, margin)| margin.value)
    }
}
