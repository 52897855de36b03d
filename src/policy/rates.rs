//! Outlier detection by rates: what one proxy makes of an interval's answers of all hosts, at a sweep.
//!
//! Envoy's `outlier_detection_impl.cc`, processSuccessRateEjections: first the success rates, then the shares of failures.
//! Answers, and failures that the proxy itself found, are judged apart where they are counted apart.

use super::{FailurePercentage, SuccessRate};

/// One host's answers of one interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// All of them.
    pub total: u32,
    /// The good ones.
    pub good: u32,
}

impl Tally {
    /// One answer more.
    pub fn add(&mut self, good: bool) {
        self.total += 1;
        self.good += u32::from(good);
    }

    /// Good ones in percent.
    fn rate(&self) -> f64 {
        f64::from(self.good) * 100.0 / f64::from(self.total)
    }
}

/// The mean of success rates, and the rate below which a host is out: as many population standard deviations below the
/// mean as `factor` thousandths say.
pub fn threshold(rates: &[f64], factor: u32) -> (f64, f64) {
    let n = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / n;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / n;
    (mean, mean - f64::from(factor) / 1000.0 * variance.sqrt())
}

/// Hosts that their success rate puts out, ascending; none: the host is out already.
pub fn by_success_rate(rule: &SuccessRate, hosts: &[Option<Tally>]) -> Vec<usize> {
    let rates = counted(hosts, rule.volume);
    if rates.is_empty() || rates.len() < rule.min_hosts as usize {
        return Vec::new();
    }
    let all: Vec<f64> = rates.iter().map(|&(_, rate)| rate).collect();
    let (_, least) = threshold(&all, rule.factor);
    rates.into_iter().filter(|&(_, rate)| rate < least).map(|(host, _)| host).collect()
}

/// Hosts that their share of failures puts out, ascending.
pub fn by_failures(rule: &FailurePercentage, hosts: &[Option<Tally>]) -> Vec<usize> {
    let rates = counted(hosts, rule.volume);
    if rates.len() < rule.min_hosts as usize {
        return Vec::new();
    }
    let most = f64::from(rule.threshold);
    rates.into_iter().filter(|&(_, rate)| 100.0 - rate >= most).map(|(host, _)| host).collect()
}

/// Hosts that are in and had enough requests, with their success rates.
fn counted(hosts: &[Option<Tally>], volume: u32) -> Vec<(usize, f64)> {
    let enough = |tally: &Tally| tally.total > 0 && tally.total >= volume;
    let counted = hosts.iter().enumerate().filter_map(|(host, tally)| Some((host, (*tally).filter(enough)?.rate())));
    counted.collect()
}
