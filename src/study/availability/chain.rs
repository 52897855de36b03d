//! Markov chains of units that wait for a repair crew: stationary shares and times to the first failure.

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

    /// Stationary share of the states with 0, 1, ... n units down: products of rates up over rates down, from the likeliest
    /// state both ways, so that nothing is subtracted and nothing overflows. Where nobody mends, all are down in the end.
    pub fn down(&self) -> Vec<f64> {
        let states = self.n as usize + 1;
        let mut shares = vec![0.0; states];
        let ratio = |down: u32| self.failing(down) / self.mending(down + 1);
        // Ratios fall: fewer are left to fail, and no fewer are mended.
        let likeliest = match () {
            () if self.fail <= 0.0 => 0,
            () if self.crews == 0 || self.mend <= 0.0 => self.n,
            () => (0..self.n).find(|&down| ratio(down) <= 1.0).unwrap_or(self.n),
        };
        shares[likeliest as usize] = 1.0;
        if self.fail <= 0.0 || self.crews == 0 || self.mend <= 0.0 {
            return shares;
        }
        for down in likeliest..self.n {
            shares[down as usize + 1] = shares[down as usize] * ratio(down);
        }
        for down in (0..likeliest).rev() {
            shares[down as usize] = shares[down as usize + 1] / ratio(down);
        }
        let sum: f64 = shares.iter().sum();
        shares.into_iter().map(|share| share / sum).collect()
    }

    /// Share of time with fewer than `k` units up.
    pub fn unavailability(&self, k: u32) -> f64 {
        if k > self.n {
            return 1.0;
        }
        self.down().iter().skip((self.n - k) as usize + 1).rev().sum()
    }

    /// Mean time from all units up until fewer than `k` are, for the first time: for ever where none is needed or none fails.
    pub fn time_to_failure(&self, k: u32) -> f64 {
        match k {
            0 => return f64::INFINITY,
            k if k > self.n => return 0.0,
            _ if self.fail <= 0.0 => return f64::INFINITY,
            _ => {}
        }
        // From i down to i + 1 down for the first time: h(i) = (1 + mending(i) h(i - 1)) / failing(i). Sums only.
        let step = |(sum, before): (f64, f64), down: u32| {
            let next = (1.0 + self.mending(down) * before) / self.failing(down);
            (sum + next, next)
        };
        (0..=self.n - k).fold((0.0, 0.0), step).0
    }
}
