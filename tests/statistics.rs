//! Intervals must cover what they promise, on output that depends on itself as a queue's does.
//!
//! M/M/1 by Lindley's recursion, from its stationary state, so that the truth is known: the sojourn is exponential with
//! rate mu - lambda. Seeds are fixed; a bound below 95 % leaves room for the number of trials.

use eastwest::meter::{Histogram, Quantile};
use eastwest::record::SparseHistogram;
use eastwest::study::statistics::{
    Critical, Floor, mean_interval, quantile_interval, quantile_sections, ratio_interval, variance_ratio, warm_up_cut,
};

/// SplitMix64 (Steele, Lea and Flood 2014): chance for tests, apart from the project's own.
struct Chance(u64);

impl Chance {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.uniform())
    }
}

/// Sojourns of `count` customers of an M/M/1 with service rate 1, in ns for a service of one second.
fn sojourns(chance: &mut Chance, rho: f64, mean_service: f64, count: u64) -> SparseHistogram {
    let mut histogram = Histogram::new(10);
    let busy = rho * mean_service;
    let mut wait = if chance.uniform() < busy { chance.exponential(mean_service / (1.0 - busy)) } else { 0.0 };
    for _ in 0..count {
        let service = chance.exponential(mean_service);
        histogram.record(((wait + service) * 1e9) as u64);
        wait = (wait + service - chance.exponential(1.0 / rho)).max(0.0);
    }
    histogram.sparse()
}

/// How many of `trials` intervals hold the true value of a quantile.
fn covered(rho: f64, replications: usize, count: u64, quantile: Quantile, trials: u64) -> u64 {
    let truth = -libm::log(1.0 - quantile.get()) / (1.0 - rho) * 1e9;
    let critical = Critical::new(replications as u32, 0.95, 1);
    (0..trials)
        .filter(|trial| {
            let mut chance = Chance(trial * 7919 + 17);
            let runs: Vec<_> = (0..replications).map(|_| sojourns(&mut chance, rho, 1.0, count)).collect();
            let runs: Vec<_> = runs.iter().collect();
            let found = quantile_interval(&runs, quantile, critical).expect("there are sojourns");
            assert_ne!(found.floor, Floor::NotEstimable, "the trials are long enough");
            found.low as f64 <= truth && found.high.is_none_or(|high| high as f64 >= truth)
        })
        .count() as u64
}

#[test]
fn a_quantile_of_a_queue_is_covered_though_its_requests_depend_on_each_other() {
    let share = |covered: u64, trials: u64| covered as f64 / trials as f64;
    // Published for this method on M/M/1 at 0.8: p99 95 % (20 x 20 000), 92 % (10 x 20 000); p99.9 at 0.5: 94.7 %.
    let p99 = share(covered(0.8, 20, 20_000, Quantile::P99, 100), 100);
    assert!((0.88..=1.0).contains(&p99), "p99: {p99}");
    let p999 = share(covered(0.5, 10, 20_000, Quantile::P999, 100), 100);
    assert!((0.86..=1.0).contains(&p999), "p99.9: {p999}");
    // The median of a short run is no harder.
    let p50 = share(covered(0.8, 20, 2_000, Quantile::P50, 100), 100);
    assert!((0.88..=1.0).contains(&p50), "p50: {p50}");
}

#[test]
fn a_mean_over_replications_is_covered_and_so_is_a_ratio_of_random_lengths() {
    let truth = 1.0 / (1.0 - 0.8);
    let critical = Critical::new(20, 0.95, 1);
    let (mut means, mut ratios) = (0, 0);
    for trial in 0..200 {
        let mut chance = Chance(trial * 104_729 + 3);
        let mut each = Vec::new();
        let mut pairs = Vec::new();
        for _ in 0..20 {
            // Replications of unequal length: a mean of means would weigh the short ones too much.
            let count = 1000 + (chance.uniform() * 4000.0) as u64;
            let run = sojourns(&mut chance, 0.8, 1.0, count);
            each.push(run.mean_ns().expect("there are sojourns") / 1e9);
            pairs.push((run.sum_ns as f64 / 1e9, run.count as f64));
        }
        let holds = |low: f64, high: f64| u32::from(low <= truth && truth <= high);
        let mean = mean_interval(&each, critical);
        means += holds(mean.low, mean.high);
        let ratio = ratio_interval(&pairs, critical).expect("there are sojourns");
        ratios += holds(ratio.low, ratio.high);
    }
    // Sojourns are skewed, so that a little less than 95 % is covered: 190 +- 3.1 of 200 without skewness.
    assert!((178..=200).contains(&means), "means: {means} of 200");
    assert!((178..=200).contains(&ratios), "ratios: {ratios} of 200");
}

#[test]
fn common_random_numbers_shrink_the_variance_of_a_difference() {
    // The same customers before two servers, one of them 5 % faster: one seed for both, one uniform per variate.
    let run =
        |replication: u64, mean_service: f64| sojourns(&mut Chance(replication * 31 + 5), 0.8, mean_service, 20_000);
    let slow: Vec<_> = (0..20).map(|replication| run(replication, 1.0)).collect();
    let fast: Vec<_> = (0..20).map(|replication| run(replication, 1.0 / 1.05)).collect();
    let means = |runs: &[SparseHistogram]| -> Vec<f64> { runs.iter().filter_map(SparseHistogram::mean_ns).collect() };
    let of_means = variance_ratio(&means(&slow), &means(&fast)).expect("they vary");
    assert!(of_means > 5.0, "means: {of_means}");
    let sections = |runs: &[SparseHistogram]| {
        quantile_sections(&runs.iter().collect::<Vec<_>>(), Quantile::P99, false).expect("estimable")
    };
    let of_p99 = variance_ratio(&sections(&slow).each, &sections(&fast).each).expect("they vary");
    assert!(of_p99 > 3.0, "p99: {of_p99}");
}

#[test]
fn mser_finds_the_end_of_a_transient_and_leaves_a_steady_series_nearly_whole() {
    let mut chance = Chance(99);
    let mut series = |bias: f64| -> Vec<f64> {
        let mut level = 0.0;
        (0..600)
            .map(|i| {
                level = 0.5 * level + chance.uniform() - 0.5;
                10.0 + level + bias * libm::exp(-f64::from(i) / 20.0)
            })
            .collect()
    };
    let cut = warm_up_cut(&series(30.0)).expect("it settles");
    // exp(-100/20) of 30 is 0.2, below the noise of a batch; what is left by 200 is nothing.
    assert!((40..=200).contains(&cut), "cut at {cut}");
    let kept = (0..50).filter(|_| warm_up_cut(&series(0.0)).is_ok_and(|cut| cut <= 120)).count();
    assert!(kept >= 40, "a fifth at most is lost in {kept} of 50 steady series");
}
