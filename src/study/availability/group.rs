//! Units that fail alike and of which only the number matters that is down.

use super::chain::Crews;
use super::steady;

/// How the units of a group are mended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Repair {
    /// Each by itself.
    #[default]
    Each,
    /// At most so many at a time; exponential times.
    Crews(u32),
}

/// Interchangeable units.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// How many.
    pub n: u32,
    /// Mean time up of each.
    pub mean_up: f64,
    /// Mean time down once somebody mends it.
    pub mean_down: f64,
    /// How they are mended.
    pub repair: Repair,
}

impl Group {
    /// Units that each are up with probability `a`.
    pub fn of_availability(a: f64, n: u32) -> Self {
        Group { n, mean_up: a, mean_down: 1.0 - a, repair: Repair::Each }
    }

    /// Chance of 0, 1, ... n down at any moment.
    pub fn down(&self) -> Vec<f64> {
        match self.repair {
            Repair::Crews(crews) if crews < self.n => {
                Crews { n: self.n, fail: 1.0 / self.mean_up, mend: 1.0 / self.mean_down, crews }.down()
            }
            _ => {
                let u = steady::unavailability(self.mean_up, self.mean_down);
                (0..=self.n).map(|down| steady::exactly_down(self.n, down, u)).collect()
            }
        }
    }

    /// How often one of them fails, by time, all together: units that are up times the rate of each.
    pub fn failures(&self) -> f64 {
        let up: f64 =
            self.down().iter().enumerate().map(|(down, chance)| chance * (self.n as usize - down) as f64).sum();
        up / self.mean_up
    }
}
