//! A proportion from trials that are independent, or from as many as would be worth the same.
//!
//! Requests of a run are not independent: a [`design_effect`] says how many of them are worth one. Wald's interval is
//! absent on purpose: it has no width at 0 and at 1, where availability lives.

use super::distribution::{beta_quantile, normal_quantile};
use super::interval::{Interval, variance};

/// Wilson's score interval for `successes` of `trials` (both may be effective, hence fractional): for reports.
pub fn wilson(successes: f64, trials: f64, confidence: f64) -> Interval {
    assert!(trials > 0.0 && (0.0..=trials).contains(&successes), "successes are some of the trials");
    let z = normal_quantile(0.5 + confidence / 2.0);
    let p = successes / trials;
    let middle = p + z * z / (2.0 * trials);
    let half = z * libm::sqrt(p * (1.0 - p) / trials + z * z / (4.0 * trials * trials));
    let scale = 1.0 + z * z / trials;
    Interval {
        value: p,
        low: if successes == 0.0 { 0.0 } else { (middle - half) / scale },
        high: if successes == trials { 1.0 } else { (middle + half) / scale },
    }
}

/// The exact interval of Clopper and Pearson (1934), which never promises too much: for gates.
pub fn clopper_pearson(successes: f64, trials: f64, confidence: f64) -> Interval {
    assert!(trials > 0.0 && (0.0..=trials).contains(&successes), "successes are some of the trials");
    let tail = (1.0 - confidence) / 2.0;
    let failures = trials - successes;
    Interval {
        value: successes / trials,
        low: if successes == 0.0 { 0.0 } else { beta_quantile(successes, failures + 1.0, tail) },
        high: if failures == 0.0 { 1.0 } else { beta_quantile(successes + 1.0, failures, 1.0 - tail) },
    }
}

/// How many requests are worth one independent trial: the variance of the replications' shares over that of
/// independent requests, at least 1. `of` holds each replication's (successes, trials).
pub fn design_effect(of: &[(u64, u64)]) -> f64 {
    let shares: Vec<f64> = of.iter().filter(|(_, n)| *n > 0).map(|&(x, n)| x as f64 / n as f64).collect();
    let (successes, trials) = of.iter().fold((0, 0), |sum, &(x, n)| (sum.0 + x, sum.1 + n));
    if shares.len() < 2 || successes == 0 || successes == trials {
        return 1.0;
    }
    let p = successes as f64 / trials as f64;
    let independent = p * (1.0 - p) / (trials as f64 / shares.len() as f64);
    (variance(&shares) / independent).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: fn(Interval) -> f64 = |interval| interval.low;
    const HIGH: fn(Interval) -> f64 = |interval| interval.high;

    #[test]
    fn proportions_are_the_tables() {
        type Method = fn(f64, f64, f64) -> Interval;
        type Row = (&'static str, Method, f64, f64, fn(Interval) -> f64, f64);
        let rows: [Row; 19] = [
            ("PROP-001", wilson, 0.0, 100.0, LOW, 0.0),
            ("PROP-003", clopper_pearson, 0.0, 100.0, LOW, 0.0),
            ("PROP-008", wilson, 0.0, 10000.0, HIGH, 0.000383998370677),
            ("PROP-010", clopper_pearson, 0.0, 10000.0, HIGH, 0.000368819914619),
            ("PROP-013", wilson, 3.0, 1000.0, LOW, 0.00102078388114),
            ("PROP-015", clopper_pearson, 3.0, 1000.0, LOW, 0.00061909993165),
            ("PROP-016", clopper_pearson, 3.0, 1000.0, HIGH, 0.00874202323848),
            ("PROP-020", wilson, 999.0, 1000.0, HIGH, 0.999823453629),
            ("PROP-021", clopper_pearson, 999.0, 1000.0, LOW, 0.99444107572),
            ("PROP-025", wilson, 9999.0, 10000.0, LOW, 0.999433731103),
            ("PROP-026", wilson, 9999.0, 10000.0, HIGH, 0.999982347326),
            ("PROP-028", clopper_pearson, 9999.0, 10000.0, HIGH, 0.999997468222),
            ("PROP-031", wilson, 10000.0, 10000.0, LOW, 0.999616001629),
            ("PROP-033", clopper_pearson, 10000.0, 10000.0, LOW, 0.999631180085),
            ("PROP-038", wilson, 99990.0, 100000.0, HIGH, 0.999945679265),
            ("PROP-040", clopper_pearson, 99990.0, 100000.0, HIGH, 0.999952045105),
            ("PROP-043", wilson, 50.0, 100.0, LOW, 0.403831530366),
            ("PROP-045", clopper_pearson, 50.0, 100.0, LOW, 0.398321129503),
            ("PROP-046", clopper_pearson, 50.0, 100.0, HIGH, 0.601678870497),
        ];
        for (id, method, successes, trials, end, want) in rows {
            let got = end(method(successes, trials, 0.95));
            assert!((got - want).abs() <= 1e-9 * want, "{id}: {got} is not {want}");
        }
    }

    /// PROP-050, PROP-051: a one-sided 95 % bound is the upper end of a two-sided 90 % interval; about 3/n.
    #[test]
    fn no_failure_at_all_bounds_them_by_the_rule_of_three() {
        for (id, trials, want) in [("PROP-050", 1000.0, 0.00299124954510), ("PROP-051", 30_000.0, 9.98527568334e-5)] {
            let got = clopper_pearson(0.0, trials, 0.90).high;
            assert!((got - want).abs() <= 1e-9 * want, "{id}: {got}");
            assert!((got - 3.0 / trials).abs() < 0.005 * got);
        }
    }

    #[test]
    fn failures_that_come_in_outages_are_worth_fewer_trials() {
        // 1 % fails: spread evenly, the replications agree more than chance would have it.
        assert_eq!(design_effect(&[(990, 1000); 20]), 1.0);
        // The same 1 %, but all in one of 20 replications.
        let mut clustered = [(1000, 1000); 20];
        clustered[7] = (800, 1000);
        let effect = design_effect(&clustered);
        assert!((200.0..205.0).contains(&effect), "200 failures are one event: {effect}");
    }
}
