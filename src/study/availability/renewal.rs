//! One thing that is up and down by turns, watched for a while: point and interval availability, and the chance that a
//! month keeps its promise.

/// How it stands when the watching begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// Up.
    Up,
    /// Down.
    Down,
    /// As it is at any moment in the long run.
    Steady,
}

/// Up and down by turns for exponential times with these means, in one unit of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Alternating {
    /// Mean time up.
    pub up: f64,
    /// Mean time down.
    pub down: f64,
}

impl Alternating {
    fn steady(&self) -> f64 {
        super::steady::availability(self.up, self.down)
    }

    /// How far the start is above the long run.
    fn lead(&self, start: Start) -> f64 {
        match start {
            Start::Up => super::steady::unavailability(self.up, self.down),
            Start::Down => -self.steady(),
            Start::Steady => 0.0,
        }
    }

    /// P(up at `t`).
    pub fn at(&self, t: f64, start: Start) -> f64 {
        if t <= 0.0 {
            return self.steady() + self.lead(start);
        }
        let x = (1.0 / self.up + 1.0 / self.down) * t;
        if start == Start::Down {
            // What is up so soon keeps its digits.
            return self.steady() * -libm::expm1(-x);
        }
        self.steady() + self.lead(start) * libm::exp(-x)
    }

    /// Expected share of [0, t] up.
    pub fn over(&self, t: f64, start: Start) -> f64 {
        if t <= 0.0 {
            return self.at(0.0, start);
        }
        let x = (1.0 / self.up + 1.0 / self.down) * t;
        if start == Start::Down {
            // 1 - (1 - e^-x) / x; where that loses its digits, as a series.
            let series = (3..=9).rev().fold(1.0, |sum, term| 1.0 - x / f64::from(term) * sum);
            return self.steady() * if x < 0.01 { x / 2.0 * series } else { (x + libm::expm1(-x)) / x };
        }
        self.steady() + self.lead(start) * -libm::expm1(-x) / x
    }

    /// P(at least `share` of [0, t] is up), Takacs (1957). Of the time up, t - x, Poisson many failures come at the rate
    /// of failing; they take x or less exactly where as many repairs would have been done in x:
    /// P(down <= x) = P(N <= M), N ~ Poisson((t - x) / up), M ~ Poisson(x / down). From down, one repair more is due.
    pub fn attains(&self, share: f64, t: f64, start: Start) -> f64 {
        if share <= 0.0 {
            return 1.0;
        }
        if share > 1.0 {
            return 0.0;
        }
        let x = (1.0 - share) * t;
        let (failures, repairs) = ((t - x) / self.up, x / self.down);
        match start {
            Start::Up => at_most(failures, repairs, 0),
            Start::Down => at_most(failures, repairs, 1),
            Start::Steady => {
                let up = self.steady();
                up * at_most(failures, repairs, 0) + (1.0 - up) * at_most(failures, repairs, 1)
            }
        }
    }
}

/// Variance of the time up by time, in the long run: (mu_u^2 s_d^2 + mu_d^2 s_u^2) / (mu_u + mu_d)^3 of any laws with these
/// means and standard deviations, each `(mean, standard deviation)`.
pub fn variance_rate(up: (f64, f64), down: (f64, f64)) -> f64 {
    let (a, b) = (up.0 * down.1, down.0 * up.1);
    let cycle = up.0 + down.0;
    (a * a + b * b) / (cycle * cycle * cycle)
}

/// P(N + more <= M) for independent Poisson N and M of these means.
fn at_most(n: f64, m: f64, more: i64) -> f64 {
    let (n, m) = (Poisson::new(n), Poisson::new(m));
    // From the top: beyond[i] = P(M >= m.first + i).
    let mut beyond = m.chances.clone();
    for i in (0..beyond.len().saturating_sub(1)).rev() {
        beyond[i] += beyond[i + 1];
    }
    let reaches = |count: i64| match count - m.first {
        below if below <= 0 => 1.0,
        at => beyond.get(at as usize).copied().unwrap_or(0.0),
    };
    n.chances.iter().enumerate().map(|(i, chance)| chance * reaches(n.first + i as i64 + more)).sum::<f64>().min(1.0)
}

/// Chances of a Poisson count around its mode, all but 1e-56 of them: by ratios from the mode outwards and normalised, so
/// that no factorial or exponential overflows, whatever the mean.
struct Poisson {
    first: i64,
    chances: Vec<f64>,
}

impl Poisson {
    /// Beyond so many standard deviations 1e-56 is left.
    const WIDTH: f64 = 16.0;

    fn new(mean: f64) -> Self {
        let mode = libm::floor(mean) as i64;
        let reach = (Self::WIDTH * libm::sqrt(mean)) as i64 + 60;
        let first = (mode - reach).max(0);
        let mut chances = vec![1.0; (mode - first) as usize + 1];
        for i in (0..chances.len() - 1).rev() {
            chances[i] = chances[i + 1] * (first + i as i64 + 1) as f64 / mean;
        }
        for count in mode + 1..=mode + reach {
            let last = chances[chances.len() - 1];
            chances.push(last * mean / count as f64);
        }
        let sum: f64 = chances.iter().sum();
        chances.iter_mut().for_each(|chance| *chance /= sum);
        Poisson { first, chances }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_any_length_attains_what_the_means_say() {
        let of = |months: f64| Alternating { up: 2000.0, down: 2.0 }.attains(0.9985, 720.0 * months, Start::Up);
        // The mean is 0.99900: the longer it is watched, the surer.
        let chances: Vec<f64> = [1.0, 100.0, 1e4, 1e8].map(of).to_vec();
        assert!(chances.windows(2).all(|pair| pair[0] < pair[1] + 1e-12), "{chances:?}");
        assert!((chances[3] - 1.0).abs() < 1e-12);
        let over = Alternating { up: 2000.0, down: 2.0 }.attains(0.9995, 720e8, Start::Up);
        assert!(over < 1e-12, "{over}");
    }

    #[test]
    fn starts_are_mixed_by_how_often_they_are() {
        let one = Alternating { up: 100.0, down: 1.0 };
        let mixed = one.at(5.0, Start::Up) * one.steady() + one.at(5.0, Start::Down) * (1.0 - one.steady());
        assert!((mixed - one.at(5.0, Start::Steady)).abs() < 1e-15);
        assert_eq!((one.at(0.0, Start::Up), one.over(0.0, Start::Down)), (1.0, 0.0));
        assert_eq!((one.attains(0.0, 24.0, Start::Up), one.attains(1.1, 24.0, Start::Up)), (1.0, 0.0));
        // Nothing at all may fail: the first failure comes after t.
        let none = one.attains(1.0, 24.0, Start::Up);
        assert!((none - libm::exp(-0.24)).abs() < 1e-14, "{none}");
    }
}
