//! Differences between two variants that faced the same requests: replication by replication, so that what both share
//! cancels.

use super::figure::{Design, MS, latencies};
use super::sample::{REQUEST_GROUPING, Sample};
use super::statistics::{Floor, Interval, Sections, quantile_sections, variance};
use crate::meter::{Quantile, bucket, bucket_low, bucket_top};
use crate::record::{Difference, Estimate};
use crate::units::significant;

/// What a variant answered, one sample and one bill per replication.
#[derive(Clone, PartialEq, Debug)]
pub struct Answers {
    /// The variant.
    pub name: String,
    /// Its requests, after the warm-up.
    pub samples: Vec<Sample>,
    /// Its month's cost by replication, units of currency.
    pub costs: Vec<f64>,
}

/// A figure that variants are compared by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Metric {
    /// Mean latency of successes, ms.
    Mean,
    /// A quantile of it, ms.
    Quantile(&'static str, Quantile),
    /// Share answered.
    Availability,
    /// A month's cost.
    Cost,
}

impl Metric {
    /// All that a study compares by, in the order of its tables.
    pub const ALL: [Metric; 6] = [
        Metric::Mean,
        Metric::Quantile("p50", Quantile::P50),
        Metric::P99,
        Metric::Quantile("p99.9", Quantile::P999),
        Metric::Availability,
        Metric::Cost,
    ];

    /// p99.
    pub const P99: Metric = Metric::Quantile("p99", Quantile::P99);

    /// `mean`, `p99`, `availability`, `cost`.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Mean => "mean",
            Metric::Quantile(name, _) => name,
            Metric::Availability => "availability",
            Metric::Cost => "cost",
        }
    }

    /// Its unit; `currency` is that of the bill.
    pub fn unit(self, currency: &str) -> String {
        match self {
            Metric::Mean | Metric::Quantile(..) => "ms".to_owned(),
            Metric::Availability => "share".to_owned(),
            Metric::Cost => format!("{currency}/month"),
        }
    }
}

impl Answers {
    /// A figure with its value in each replication; `thin` where a tail is not well populated in every variant that
    /// is compared.
    fn sections(&self, metric: Metric, thin: bool) -> Option<Sections> {
        let ratio = |above: fn(&Sample) -> f64, below: fn(&Sample) -> f64| {
            Sections::ratio(&self.samples.iter().map(|sample| (above(sample), below(sample))).collect::<Vec<_>>())
        };
        match metric {
            Metric::Mean => ratio(|s| s.latency.sum_ns as f64 / MS, |s| s.ok() as f64),
            Metric::Availability => ratio(|s| s.ok() as f64, |s| s.sent as f64),
            Metric::Cost => Some(Sections::mean(self.costs.clone())),
            Metric::Quantile(_, quantile) => {
                Some(quantile_sections(&latencies(&self.samples), quantile, thin)?.scaled(1.0 / MS))
            }
        }
    }

    fn thin(&self, metric: Metric) -> bool {
        let Metric::Quantile(_, quantile) = metric else { return false };
        let count = self.samples.iter().map(Sample::ok).sum();
        Floor::of(quantile, count, self.samples.len() as u32) != Floor::Enough
    }
}

/// The figure in both, or none where either cannot tell it.
pub fn both(a: &Answers, b: &Answers, metric: Metric) -> Option<(Sections, Sections)> {
    let thin = a.thin(metric) || b.thin(metric);
    Some((a.sections(metric, thin)?, b.sections(metric, thin)?))
}

/// The difference a minus b with its interval, and by how many times pairing shrank its variance.
pub fn difference(of_a: &Answers, of_b: &Answers, metric: Metric, design: Design) -> (Estimate, Option<f64>) {
    let Some((a, b)) = both(of_a, of_b, metric) else {
        let silent = [of_a, of_b].into_iter().find(|of| of.samples.iter().all(|sample| sample.ok() == 0));
        if let Some(silent) = silent {
            return (Estimate::none(format!("{} answered nothing", silent.name)), None);
        }
        return (Estimate::none("one of the two cannot be estimated at this run length"), None);
    };
    match design.critical() {
        Some(critical) => {
            let mut interval = a.less(&b, 1.0, critical);
            if let Metric::Quantile(_, quantile) = metric {
                let own = |of: &Answers| design.apart().quantile_ms(&latencies(&of.samples), quantile);
                narrow(&mut interval, &own(of_a), &own(of_b), 1.0);
            }
            let width = resolution(metric, a.value.max(b.value));
            if (a.value - b.value).abs() <= width * 1.0001 && (interval.low > 0.0 || interval.high < 0.0) {
                (interval.low, interval.high) = (interval.low.min(-width), interval.high.max(width));
                let why = format!("the same within the resolution of {} ms", significant(width, 2));
                let estimate = Estimate { why: Some(why), ..design.estimate(interval) };
                return (estimate, reduction(&a.each, &b.each));
            }
            (design.estimate(interval), reduction(&a.each, &b.each))
        }
        None => (design.bare(a.value - b.value), None),
    }
}

/// The width of the histogram's bucket at `ms`: quantiles that are no further apart are not told apart. 0 for what is
/// counted or summed exactly.
fn resolution(metric: Metric, ms: f64) -> f64 {
    if !matches!(metric, Metric::Quantile(..)) || ms <= 0.0 {
        return 0.0;
    }
    let index = bucket((ms * MS) as u64, REQUEST_GROUPING);
    (bucket_top(index, REQUEST_GROUPING) - bucket_low(index, REQUEST_GROUPING) + 1) as f64 / MS
}

/// Brings the ends of a paired difference `a - factor * b` in to what the two figures' own intervals allow.
///
/// Pairing is sharp where both are steady. Where one is not (a tail that is 0.2 s in one replication and 15 s in the
/// next), the spread of its sections says nothing of the pooled quantile any more, and its own interval bounds it
/// better. The own intervals are taken at a quarter of the error each ([`Design::apart`]), so that at most half as much
/// error again is added by looking both ways.
pub(super) fn narrow(paired: &mut Interval, a: &Estimate, b: &Estimate, factor: f64) {
    if let (Some(low), Some(high)) = (a.low, b.high) {
        paired.low = paired.low.max(low - factor * high).min(paired.value);
    }
    if let (Some(high), Some(low)) = (a.high, b.low) {
        paired.high = paired.high.min(high - factor * low).max(paired.value);
    }
}

/// All differences of each variant from the first, 95 % over all variants together for each metric.
pub fn differences(of: &[Answers], design: Design, currency: &str) -> Vec<Difference> {
    let Some((first, others)) = of.split_first() else { return Vec::new() };
    let design = design.family(others.len() as u32);
    let pairs = others.iter().flat_map(|other| Metric::ALL.map(|metric| (other, metric)));
    pairs
        .map(|(other, metric)| {
            let (difference, variance_ratio) = difference(other, first, metric, design);
            Difference {
                variant: other.name.clone(),
                from: first.name.clone(),
                metric: metric.name().to_owned(),
                unit: metric.unit(currency),
                difference,
                variance_ratio,
            }
        })
        .collect()
}

/// How many times pairing shrank the variance; none where nothing varies, or where only rounding does.
fn reduction(a: &[f64], b: &[f64]) -> Option<f64> {
    let scale = a.iter().chain(b).fold(0.0f64, |most, value| most.max(value.abs()));
    let rounding = (scale * 1e-12) * (scale * 1e-12);
    let together = variance(a) + variance(b);
    super::statistics::variance_ratio(a, b).filter(|_| together > rounding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;
    use crate::units::Duration;

    /// `latency_us(replication, request)` of 20 x 20 000 requests.
    fn answers(name: &str, latency_us: impl Fn(u64, u64) -> u64) -> Answers {
        let sample = |replication| {
            let mut latency = Histogram::new(10);
            (0..20_000).for_each(|request| latency.record(1000 * latency_us(replication, request)));
            Sample {
                sent: 20_010,
                failed: std::array::from_fn(|class| if class == 0 { 10 } else { 0 }),
                lost: 10,
                latency: latency.sparse(),
            }
        };
        Answers { name: name.into(), samples: (0..20).map(sample).collect(), costs: (0..20).map(f64::from).collect() }
    }

    /// A rough pseudo-random number of 0..1000 that both variants share.
    fn noise(replication: u64, request: u64) -> u64 {
        let mixed = (replication * 1_000_003 + request).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 33) % 1000 + 200 * ((replication * 7) % 5)
    }

    #[test]
    fn what_two_variants_share_cancels() {
        let slow = answers("slow", |r, i| 60_000 + noise(r, i));
        let fast = answers("fast", |r, i| 50_000 + noise(r, i));
        let design = Design::new(20, Duration::from_secs(60));
        for metric in [Metric::Mean, Metric::P99] {
            let (estimate, ratio) = difference(&slow, &fast, metric, design);
            let width = estimate.high.expect("bounded") - estimate.low.expect("bounded");
            // A bucket at 61 ms is 0.07 ms wide.
            let value = estimate.value.expect("estimable");
            assert!((value - 10.0).abs() < 0.1 && width < 0.1, "{metric:?}: {value}, {width} wide");
            assert!(ratio.is_none_or(|ratio| ratio > 5.0), "{metric:?}: {ratio:?}");
        }
        let (share, _) = difference(&slow, &fast, Metric::Availability, design);
        assert_eq!((share.low, share.value, share.high), (Some(0.0), Some(0.0), Some(0.0)));
    }

    #[test]
    fn an_unstable_tail_far_away_is_told_apart_by_its_own_interval() {
        // 3 % of the slow one's requests take 0.3 s in most replications, 15 s in four.
        let tail = |r: u64| if r.is_multiple_of(5) { 15_000_000 } else { 300_000 };
        let unstable =
            answers("unstable", |r, i| if i % 100 < 3 { tail(r) + noise(r, i) } else { 60_000 + noise(r, i) });
        let steady = answers("steady", |r, i| 50_000 + noise(r, i));
        let design = Design::new(20, Duration::from_secs(60));
        let (a, b) = both(&unstable, &steady, Metric::P99).expect("estimable");
        let paired = a.less(&b, 1.0, design.critical().expect("20 replications"));
        assert!(paired.low < 0.0, "sections alone do not tell them apart: {paired:?}");
        let (estimate, _) = difference(&unstable, &steady, Metric::P99, design);
        assert!(estimate.low > Some(200.0) && estimate.low <= estimate.value, "{estimate:?}");
        assert!(estimate.value <= estimate.high);
    }

    #[test]
    fn every_variant_is_compared_with_the_first_by_every_metric() {
        let of = [answers("a", |_, i| 10 + i % 7), answers("b", |_, i| 12 + i % 7), answers("c", |_, i| 9 + i % 7)];
        let found = differences(&of, Design::new(20, Duration::from_secs(60)), "USD");
        assert_eq!(found.len(), 12);
        assert!(found.iter().all(|d| d.from == "a" && d.difference.confidence == Some(0.975)));
        let cost = found.iter().find(|d| d.metric == "cost").expect("cost is compared");
        assert_eq!((cost.unit.as_str(), cost.difference.value), ("USD/month", Some(0.0)));
    }
}
