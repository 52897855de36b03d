//! How long the outages of a trial last: as long as they do in the world, a stratum of the law of repair each.
//!
//! What an outage loses is not linear in its length: who waits for its end asks again at times of its own, and an outage of the
//! mean length ends at one moment of that. So each replication's ends at a quantile of the law. Beyond what is simulated losses
//! are linear, but for TCP, which asks every 120 s: whole such periods are left out.

use super::trial::{self, Course};
use crate::random::{Key, Law};

/// TCP asks again so often at last, seconds (Linux: `TCP_RTO_MAX`).
const PERIOD: f64 = 120.0;

/// Outages of a component, one for each replication.
#[derive(Clone, Debug)]
pub(super) struct Outages {
    /// Hours.
    law: Law,
    /// Mean, seconds.
    pub(super) mean: f64,
    /// Where the strata begin, 0 to 1.
    shift: f64,
}

impl Outages {
    pub(super) fn new(law: &Law, mean: f64, seed: u64, name: &str) -> Self {
        Outages { law: law.clone(), mean, shift: Key::new(seed, 0, name, "strata of outages").uniform(0) }
    }

    /// Do all last as long?
    pub(super) fn is_constant(&self) -> bool {
        matches!(self.law, Law::Constant(_))
    }

    /// Seconds that the outage of a replication lasts: quantiles at van der Corput's sequence, shifted by chance, so that any
    /// number of replications is spread evenly over the law, and each by itself follows it.
    pub(super) fn lasts(&self, replication: usize) -> f64 {
        let corput = f64::from((replication as u32).reverse_bits()) / 4_294_967_296.0;
        let u = corput + self.shift;
        let u = (u - libm::floor(u)).clamp(1e-9, 1.0 - 1e-9);
        self.law.sample(u) * 3600.0
    }

    /// Seconds of it that are simulated.
    pub(super) fn simulated(&self, replication: usize, course: Course, window: f64) -> f64 {
        let lasts = self.lasts(replication);
        let (least, most) = (trial::settled_after(window), trial::longest(window));
        if lasts > most {
            lasts - PERIOD * libm::ceil((lasts - most) / PERIOD)
        } else if course == Course::Long && lasts < least {
            lasts + PERIOD * libm::ceil((least - lasts) / PERIOD)
        } else {
            lasts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_spread_evenly_over_their_law_and_keep_their_place_in_a_period() {
        let of = Outages::new(&Law::Exponential { mean: 0.5 }, 1800.0, 7, "link/a-b");
        let mut lasts: Vec<f64> = (0..64).map(|number| of.lasts(number)).collect();
        let mean = lasts.iter().sum::<f64>() / 64.0;
        assert!((mean / 1800.0 - 1.0).abs() < 0.1, "{mean}");
        lasts.sort_by(f64::total_cmp);
        let u = |lasts: &f64| 1.0 - libm::exp(-lasts / 1800.0);
        // One in each 64th of the law.
        assert!(lasts.iter().enumerate().all(|(place, lasts)| (u(lasts) * 64.0 - place as f64 - 0.5).abs() <= 0.51));
        for number in 0..64 {
            for course in [Course::Long, Course::Short(1800.0)] {
                let simulated = of.simulated(number, course, 6.0);
                assert!(simulated <= 336.0 && (course != Course::Long || simulated >= 216.0), "{simulated}");
                let left_out = (of.lasts(number) - simulated) / PERIOD;
                assert!((left_out - libm::round(left_out)).abs() < 1e-9);
            }
        }
    }
}
