//! Locality-weighted balancing: a locality first, by its weight as far as its hosts are there (Envoy `locality_wrr.cc`).

use super::edf::Edf;

/// One locality of a priority.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Locality {
    /// Its `load_balancing_weight`; 0: never chosen.
    pub weight: u32,
    /// All its hosts.
    pub total: u32,
    /// Those of the class that is chosen among: the healthy or the degraded ones.
    pub eligible: u32,
    /// Hosts not yet warmed: they leave the denominator.
    pub excluded: u32,
}

impl Locality {
    /// Its weight, less what is missing of its hosts beyond the overprovisioning factor (percent).
    pub fn effective_weight(&self, overprovisioning: u32) -> f64 {
        match self.total.saturating_sub(self.excluded) {
            0 => 0.0,
            counted => {
                let available = f64::from(self.eligible) / f64::from(counted);
                f64::from(self.weight) * (f64::from(overprovisioning) / 100.0 * available).min(1.0)
            }
        }
    }
}

/// Turns of the localities of one priority and class. Healthy and degraded hosts have turns of their own.
#[derive(Clone, Debug)]
pub struct Turns {
    edf: Edf,
    /// By entry of the schedule: the locality and its effective weight.
    entries: Vec<(u16, f64)>,
}

impl Turns {
    /// Turns in which about `seed_picks` picks have been made; none where no locality has any weight: then the choice
    /// is among all hosts of the class.
    pub fn new(localities: impl Iterator<Item = Locality>, overprovisioning: u32, seed_picks: u32) -> Option<Turns> {
        let weights = localities.map(|locality| locality.effective_weight(overprovisioning));
        let entries: Vec<(u16, f64)> =
            weights.enumerate().filter(|(_, weight)| *weight > 0.0).map(|(row, weight)| (row as u16, weight)).collect();
        let weights: Vec<f64> = entries.iter().map(|&(_, weight)| weight).collect();
        (!entries.is_empty()).then(|| Turns { edf: Edf::new(&weights, seed_picks), entries })
    }

    /// A locality by its effective weight and nothing else; `draw` is uniform in [0, 1).
    pub fn draw(&self, draw: f64) -> usize {
        let sum: f64 = self.entries.iter().map(|entry| entry.1).sum();
        let mut left = draw * sum;
        let reaches = |entry: &&(u16, f64)| {
            left -= entry.1;
            left < 0.0
        };
        let found = self.entries.iter().find(reaches);
        // Rounding may leave a trace of the last one's weight.
        usize::from(found.unwrap_or(&self.entries[self.entries.len() - 1]).0)
    }

    /// The locality whose turn it is.
    pub fn pick(&mut self) -> usize {
        let entries = &self.entries;
        usize::from(entries[self.edf.pick(|entry| entries[entry].1)].0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_goes_by_effective_weights() {
        // 8, 1 and 1, of which the first has half of its hosts: 140 % of a half is 0.7 of its weight, 5.6 of 7.6.
        let row = |weight, eligible| Locality { weight, total: 2, eligible, excluded: 0 };
        let turns = Turns::new([row(8, 1), row(1, 2), row(0, 2), row(1, 2)].into_iter(), 140, 0).expect("some weigh");
        let (steps, mut counts) = (76_000, [0; 4]);
        (0..steps).for_each(|step| counts[turns.draw((f64::from(step) + 0.5) / f64::from(steps))] += 1);
        assert_eq!(counts, [56_000, 10_000, 0, 10_000]);
        assert_eq!(turns.draw(1.0 - f64::EPSILON), 3);
    }
}
