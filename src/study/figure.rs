//! Figures: estimates with their intervals, as a record keeps them, from one value or sample per replication.

use super::sample::Sample;
use super::statistics::{
    Critical, Floor, INTERVAL_REPLICATIONS, Interval, UNMARKED_BEYOND, UNMARKED_REPLICATIONS, clopper_pearson,
    design_effect, mean_interval, quantile_interval, ratio_interval, wilson,
};
use crate::meter::{Quantile, Within};
use crate::record::{Estimate, SparseHistogram};
use crate::units::{Duration, significant};

/// Nanoseconds in a millisecond.
pub(super) const MS: f64 = 1e6;

/// How the reason of an availability begins whose bound stands on the count of requests alone.
pub(super) const NO_FAILURE: &str = "no failure";

/// Who reads a figure: a report shows the middle of a bucket and Wilson's interval, a gate takes the conservative ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reader {
    /// A table.
    Report,
    /// A gate.
    Gate,
}

/// How figures of a study are made: replications, level, run length.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Design {
    /// Replications of each variant.
    pub replications: u32,
    /// Confidence of a family of intervals.
    pub confidence: f64,
    /// Intervals in the family.
    pub family: u32,
    /// Measured time of one replication.
    pub measured: Duration,
    /// For whom.
    pub reader: Reader,
    critical: Option<Critical>,
}

impl Design {
    /// 95 % each, for a table.
    pub fn new(replications: u32, measured: Duration) -> Self {
        Design { replications, confidence: 0.95, family: 1, measured, reader: Reader::Report, critical: None }.filled()
    }

    /// The same, with 95 % over `family` intervals together.
    #[must_use]
    pub fn family(self, family: u32) -> Self {
        Design { family: family.max(1), ..self }.filled()
    }

    /// For the own intervals of two figures that are held against each other: a quarter of the error each.
    #[must_use]
    pub fn apart(self) -> Self {
        self.family(4 * self.family)
    }

    /// The same for gates.
    #[must_use]
    pub fn gate(self) -> Self {
        Design { reader: Reader::Gate, ..self }
    }

    /// The same over other replications (a few of them, at other inputs).
    #[must_use]
    pub fn of(self, replications: u32) -> Self {
        Design { replications, ..self }.filled()
    }

    fn filled(self) -> Self {
        let enough = self.replications >= INTERVAL_REPLICATIONS;
        let critical = enough.then(|| Critical::new(self.replications, self.confidence, self.family));
        Design { critical, ..self }
    }

    /// Confidence of one interval: Bonferroni's part of the family's.
    pub fn level(&self) -> f64 {
        1.0 - (1.0 - self.confidence) / f64::from(self.family)
    }

    /// For intervals; none below five replications.
    pub fn critical(&self) -> Option<Critical> {
        self.critical
    }

    /// An estimate without an interval, and why it has none.
    pub fn bare(&self, value: f64) -> Estimate {
        let why = match self.replications {
            1 => "one replication: no interval".to_owned(),
            n => format!("{n} replications: no interval below {INTERVAL_REPLICATIONS}"),
        };
        Estimate { value: Some(value), n: Some(self.replications), why: Some(why), ..Estimate::default() }
    }

    /// An estimate with `interval`.
    pub fn estimate(&self, interval: Interval) -> Estimate {
        Estimate {
            value: Some(interval.value),
            low: Some(interval.low),
            high: Some(interval.high),
            confidence: Some(self.level()),
            n: Some(self.replications),
            inputs: None,
            why: (self.replications < UNMARKED_REPLICATIONS)
                .then(|| format!("indicative: fewer than {UNMARKED_REPLICATIONS} replications")),
        }
    }

    /// The mean of one value per replication.
    pub fn mean(&self, values: &[f64]) -> Estimate {
        match self.critical {
            Some(critical) => self.estimate(mean_interval(values, critical)),
            None if values.is_empty() => Estimate::none("no replication"),
            None => self.bare(values.iter().sum::<f64>() / values.len() as f64),
        }
    }

    /// The ratio of sums over replications, (numerator, denominator) of each; `none` says why there is none.
    pub fn ratio(&self, pairs: &[(f64, f64)], none: &str) -> Estimate {
        let over = pairs.iter().map(|&(_, x)| x).sum::<f64>();
        if over <= 0.0 {
            return Estimate::none(none);
        }
        match self.critical.and_then(|critical| ratio_interval(pairs, critical)) {
            Some(interval) => {
                // Ratios of counts and of times are never negative.
                self.estimate(Interval { low: interval.low.max(0.0), ..interval })
            }
            None => self.bare(pairs.iter().map(|&(y, _)| y).sum::<f64>() / over),
        }
    }

    /// The mean of values in nanoseconds, in ms.
    pub fn mean_ms(&self, of: &[&SparseHistogram]) -> Estimate {
        let pairs: Vec<(f64, f64)> = of.iter().map(|one| (one.sum_ns as f64 / MS, one.count as f64)).collect();
        self.ratio(&pairs, "nothing was answered")
    }

    /// A quantile in ms, with Woodruff's interval over replications, or why it cannot be told.
    pub fn quantile_ms(&self, of: &[&SparseHistogram], quantile: Quantile) -> Estimate {
        let count = of.iter().map(|one| one.count).sum::<u64>();
        if count == 0 {
            return Estimate::none("nothing was answered");
        }
        let floor = Floor::of(quantile, count, self.replications);
        if floor == Floor::NotEstimable {
            return Estimate { n: Some(self.replications), ..Estimate::none(self.needed(quantile, count)) };
        }
        let Some(critical) = self.critical else {
            let merged = SparseHistogram::merged(of[0].grouping, of.iter().copied());
            let value = merged.quantile(quantile, self.within()).expect("it has values");
            return self.bare(value as f64 / MS);
        };
        let found = quantile_interval(of, quantile, critical).expect("it has values");
        let value = match self.reader {
            Reader::Report => found.value,
            Reader::Gate => {
                let merged = SparseHistogram::merged(of[0].grouping, of.iter().copied());
                merged.quantile(quantile, Within::Top).expect("it has values")
            }
        };
        let mut estimate = self.estimate(Interval {
            value: value as f64 / MS,
            low: found.low as f64 / MS,
            high: found.high.map_or(f64::INFINITY, |high| high as f64 / MS),
        });
        if found.high.is_none() {
            estimate.high = None;
            estimate.why = Some("upper end not estimable at this run length".to_owned());
        } else if floor == Floor::Low {
            estimate.why = Some("low tail sample".to_owned());
        }
        estimate
    }

    const fn within(&self) -> Within {
        match self.reader {
            Reader::Report => Within::Middle,
            Reader::Gate => Within::Top,
        }
    }

    /// Why a tail cannot be told, and the horizon that would tell it.
    fn needed(&self, quantile: Quantile, count: u64) -> String {
        let each = count as f64 * (1.0 - quantile.get()) / f64::from(self.replications);
        let times = |beyond: u64| beyond as f64 / each;
        let horizon = |beyond: u64| self.measured.scaled(libm::ceil(times(beyond)));
        format!(
            "not estimable at this run length: {} values lie beyond it per replication, 10 are needed (a horizon of about \
             {}), {UNMARKED_BEYOND} are better ({})",
            significant(each, 2),
            horizon(10),
            horizon(UNMARKED_BEYOND)
        )
    }

    /// The share of requests answered.
    ///
    /// A ratio over replications, because the requests of a run fail together. Where that interval has nothing to go
    /// by (no failure at all, or so few that they are worth under ten independent ones), a proportion of as many
    /// requests as they are worth: Wilson's for a report, Clopper's and Pearson's for a gate.
    pub fn availability(&self, of: &[Sample]) -> Estimate {
        let counts: Vec<(u64, u64)> = of.iter().map(|sample| (sample.ok(), sample.sent)).collect();
        let (ok, sent) = counts.iter().fold((0, 0), |sum, &(x, n)| (sum.0 + x, sum.1 + n));
        if sent == 0 {
            return Estimate::none("nothing was sent");
        }
        let value = ok as f64 / sent as f64;
        if self.critical.is_none() {
            return self.bare(value);
        }
        let effect = design_effect(&counts);
        let rare = (sent - ok).min(ok) as f64 / effect < 10.0;
        if !rare {
            let pairs: Vec<(f64, f64)> = counts.iter().map(|&(x, n)| (x as f64, n as f64)).collect();
            let mut estimate = self.ratio(&pairs, "nothing was sent");
            estimate.high = estimate.high.map(|high| high.min(1.0));
            return estimate;
        }
        let (x, n) = (ok as f64 / effect, sent as f64 / effect);
        let interval = match self.reader {
            Reader::Report => wilson(x, n, self.level()),
            Reader::Gate => clopper_pearson(x, n, self.level()),
        };
        let mut estimate = self.estimate(Interval { value, ..interval });
        if ok == sent {
            estimate.why = Some(format!(
                "{NO_FAILURE} in {sent} requests over {} replications; the bound takes requests as independent",
                self.replications
            ));
        } else if ok > 0 {
            estimate.why = Some(if effect < 2.0 {
                format!("few failures: {} in {sent} requests", sent - ok)
            } else {
                // The design effect in plain words.
                format!(
                    "few failures, and they come together: {} of them in {sent} requests tell no more than {} in {} \
                         requests that fail one by one",
                    sent - ok,
                    significant((sent - ok) as f64 / effect, 2),
                    significant(sent as f64 / effect, 2)
                )
            });
        }
        estimate
    }
}

/// Histograms of samples, for the functions above.
pub fn latencies(of: &[Sample]) -> Vec<&SparseHistogram> {
    of.iter().map(|sample| &sample.latency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;

    fn sample(ok: u64, lost: u64) -> Sample {
        let mut latency = Histogram::new(10);
        (0..ok).for_each(|i| latency.record(1_000_000 + i));
        Sample {
            sent: ok + lost,
            failed: std::array::from_fn(|class| if class == 0 { lost } else { 0 }),
            lost,
            latency: latency.sparse(),
        }
    }

    fn design(replications: u32) -> Design {
        Design::new(replications, Duration::from_secs(60))
    }

    #[test]
    fn a_few_replications_give_a_figure_without_an_interval() {
        let few = design(4).mean(&[1.0, 2.0, 3.0, 4.0]);
        assert_eq!((few.value, few.low, few.high), (Some(2.5), None, None));
        assert!(few.why.is_some_and(|why| why.contains("4 replications")));
        let some = design(9).mean(&[1.0; 9]);
        assert!(some.low == Some(1.0) && some.why.is_some_and(|why| why.starts_with("indicative")));
        assert_eq!(design(10).mean(&[1.0; 10]).why, None);
    }

    #[test]
    fn a_thin_tail_names_the_horizon_that_would_tell_it() {
        let samples = vec![sample(1000, 0); 10];
        let tail = design(10).quantile_ms(&latencies(&samples), Quantile::P999);
        assert_eq!(tail.value, None);
        let why = tail.why.expect("a reason");
        assert!(why.contains("1 values lie beyond") && why.contains("10 min") && why.contains("100 min"), "{why}");
        let low = design(10).quantile_ms(&latencies(&samples), Quantile::P99);
        assert!(low.value.is_some());
        assert_eq!(low.why.as_deref(), Some("low tail sample"));
    }

    #[test]
    fn no_failure_is_bounded_by_the_rule_of_three_and_says_so() {
        let samples = vec![sample(1000, 0); 10];
        let none = design(10).gate().availability(&samples);
        let low = none.low.expect("a bound");
        // Two-sided 95 %: 1 - 0.025^(1/10000).
        assert!((1.0 - low - 3.688e-4).abs() < 1e-6, "{low}");
        assert!(none.why.is_some_and(|why| why.contains("no failure in 10000 requests over 10 replications")));
    }

    #[test]
    fn failures_that_come_together_widen_the_interval() {
        let spread = design(20).availability(&vec![sample(990, 10); 20]);
        let mut clustered = vec![sample(1000, 0); 20];
        clustered[3] = sample(800, 200);
        let clustered = design(20).availability(&clustered);
        assert_eq!(spread.value, clustered.value);
        let width = |estimate: &Estimate| estimate.high.expect("bounded") - estimate.low.expect("bounded");
        assert!(width(&clustered) > 10.0 * width(&spread));
        assert!(clustered.high.is_some_and(|high| high <= 1.0));
    }

    #[test]
    fn a_family_of_intervals_is_told_by_the_level_of_one() {
        let family = design(20).family(5).mean(&(0..20).map(f64::from).collect::<Vec<_>>());
        assert_eq!(family.confidence, Some(0.99));
    }
}
