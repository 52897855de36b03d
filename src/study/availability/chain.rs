//! Markov chains of units that wait for a repair crew: stationary shares and times to the first failure.

/// Stationary distribution of a continuous-time chain: `rates[i][j]` from state i to j, i != j. Grassmann, Taksar and
/// Heyman (1985): no subtraction, so that shares of 1e-12 keep their digits. The chain must be irreducible.
pub fn stationary(mut rates: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rates.len();
    for last in (1..n).rev() {
        let out: f64 = rates[last][..last].iter().sum();
        assert!(out > 0.0, "every state of a chain leads to the others");
        let row: Vec<f64> = rates[last][..last].to_vec();
        for from in rates.iter_mut().take(last) {
            let via = from[last] / out;
            from[last] = via;
            if via > 0.0 {
                from.iter_mut().zip(&row).for_each(|(rate, next)| *rate += via * next);
            }
        }
    }
    let mut shares = vec![1.0];
    for state in 1..n {
        shares.push(shares.iter().zip(&rates).map(|(share, row)| share * row[state]).sum());
    }
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

/// `n` hot units that each fail at `fail`, mended at `mend` by at most `crews` at a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Crews {
    /// Units.
    pub n: u32,
    /// Failures of a unit that is up, by time.
    pub fail: f64,
    /// Repairs of a crew at work, by time.
    pub mend: f64,
    /// Crews; more than `n` are as many as `n`.
    pub crews: u32,
}

impl Crews {
    fn failing(&self, down: u32) -> f64 {
        f64::from(self.n - down) * self.fail
    }

    fn mending(&self, down: u32) -> f64 {
        f64::from(down.min(self.crews)) * self.mend
    }

    /// Stationary share of the states with 0, 1, ... n units down.
    pub fn down(&self) -> Vec<f64> {
        let states = self.n as usize + 1;
        let mut rates = vec![vec![0.0; states]; states];
        for down in 0..self.n {
            let at = down as usize;
            rates[at][at + 1] = self.failing(down);
            rates[at + 1][at] = self.mending(down + 1);
        }
        stationary(rates)
    }

    /// Share of time with fewer than `k` units up.
    pub fn unavailability(&self, k: u32) -> f64 {
        self.down().iter().skip((self.n - k) as usize + 1).rev().sum()
    }

    /// Mean time from all units up until fewer than `k` are, for the first time.
    pub fn time_to_failure(&self, k: u32) -> f64 {
        // From i down to i + 1 down for the first time: h(i) = (1 + mending(i) h(i - 1)) / failing(i). Sums only.
        let step = |(sum, before): (f64, f64), down: u32| {
            let next = (1.0 + self.mending(down) * before) / self.failing(down);
            (sum + next, next)
        };
        (0..=self.n - k).fold((0.0, 0.0), step).0
    }
}
