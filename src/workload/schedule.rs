//! Open arrivals: the n-th request comes where the integral of the rate reaches the sum of the first n gaps.
//!
//! With exponential gaps of mean 1 this is the (inhomogeneous) Poisson process by exact inversion: one uniform per
//! arrival, so that a variant's requests stay in step with another's, and a higher rate only pulls them nearer.

use super::Rate;
use crate::random::{Key, Law};
use crate::units::{Duration, SimTime};

/// The arrivals of one open stream, one after the other.
#[derive(Clone, Debug)]
pub struct Schedule {
    gap: Law,
    key: Key,
    pieces: Vec<Piece>,
    /// The piece that the last arrival lies in, and the expected arrivals from its start to there.
    piece: usize,
    reached: f64,
    ordinal: u64,
    last: SimTime,
    end: SimTime,
}

/// A stretch of time in which the rate is linear.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Piece {
    start: SimTime,
    /// The end, `NEVER` for the last piece.
    end: SimTime,
    /// Rate at its start, per second.
    rate: f64,
    /// Change of the rate, per second and second.
    slope: f64,
    /// Expected arrivals; infinite or zero for the last piece.
    mass: f64,
}

impl Piece {
    fn new(start: SimTime, end: SimTime, rate: f64, rate_end: f64) -> Self {
        let seconds = end.since(start).seconds();
        Piece { start, end, rate, slope: (rate_end - rate) / seconds, mass: (rate + rate_end) / 2.0 * seconds }
    }

    fn last(start: SimTime, rate: f64) -> Self {
        let mass = if rate > 0.0 { f64::INFINITY } else { 0.0 };
        Piece { start, end: SimTime::NEVER, rate, slope: 0.0, mass }
    }

    /// Where the integral of the rate, from the start, reaches `mass`.
    #[inline]
    fn invert(&self, mass: f64) -> SimTime {
        let seconds = if self.slope == 0.0 {
            // What the root below comes to, to the bit: the root of a rounded square is the number itself.
            mass / self.rate
        } else {
            // The root of rate t + slope t^2 / 2 = mass that does not cancel for small slopes.
            let discriminant = (self.rate * self.rate + 2.0 * self.slope * mass).max(0.0);
            2.0 * mass / (self.rate + discriminant.sqrt())
        };
        self.start + Duration::from_seconds_f64(seconds).min(self.end.since(self.start))
    }
}

impl Schedule {
    /// Arrivals from `start` (the beginning of the fill) to before `end`, at `rate` counted from `zero` (t = 0).
    pub fn new(gap: &Law, rate: &Rate, key: Key, start: SimTime, zero: SimTime, end: SimTime) -> Self {
        assert!(start <= zero, "the fill begins before t = 0");
        rate.check();
        let mut pieces = Vec::with_capacity(rate.points.len() + 1);
        let mut at = start;
        let mut height = rate.points[0].1;
        for &(since_zero, next) in &rate.points {
            let until = zero + since_zero;
            if until > at {
                // Before the first point the first rate holds.
                pieces.push(Piece::new(at, until, height, next));
                at = until;
            }
            height = next;
        }
        pieces.push(Piece::last(at, height));
        Schedule { gap: gap.clone(), key, pieces, piece: 0, reached: 0.0, ordinal: 0, last: start, end }
    }

    /// The next arrival: its number from 0 and its time; none once the end is reached.
    pub fn next_arrival(&mut self) -> Option<(u64, SimTime)> {
        let ordinal = self.ordinal;
        self.reached += self.gap.sample(self.key.uniform(ordinal));
        // The mass is counted within a piece, so that rounding does not grow with the length of the run.
        while self.reached >= self.pieces[self.piece].mass {
            self.reached -= self.pieces[self.piece].mass;
            if self.piece + 1 == self.pieces.len() {
                return None;
            }
            self.piece += 1;
        }
        // Two roundings may cross by a nanosecond; arrivals do not.
        let time = self.pieces[self.piece].invert(self.reached).max(self.last);
        if time >= self.end {
            return None;
        }
        self.ordinal += 1;
        self.last = time;
        Some((ordinal, time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Key::new(7, 0, "shoppers", "arrivals");
    const POISSON: Law = Law::Exponential { mean: 1.0 };

    fn seconds(s: u64) -> SimTime {
        SimTime::from_nanos(s * 1_000_000_000)
    }

    fn points(points: &[(f64, f64)]) -> Rate {
        Rate { points: points.iter().map(|&(at, rate)| (Duration::from_seconds_f64(at), rate)).collect() }
    }

    fn arrivals(gap: &Law, rate: &Rate, key: Key, fill: u64, horizon: u64) -> Vec<SimTime> {
        let mut schedule = Schedule::new(gap, rate, key, SimTime::ZERO, seconds(fill), seconds(fill + horizon));
        let all: Vec<(u64, SimTime)> = std::iter::from_fn(|| schedule.next_arrival()).collect();
        assert!(all.iter().enumerate().all(|(index, &(ordinal, _))| ordinal == index as u64));
        assert!(all.windows(2).all(|pair| pair[0].1 <= pair[1].1), "arrivals come in order");
        all.into_iter().map(|(_, time)| time).collect()
    }

    /// Counts over replications: their mean and their variance must both be the integral of the rate.
    #[track_caller]
    fn counts_are_poisson(rate: &Rate, horizon: u64, expected: f64, replications: u32) {
        let counts: Vec<f64> = (0..replications)
            .map(|replication| arrivals(&POISSON, rate, Key::new(1, replication, "users", "arrivals"), 0, horizon))
            .map(|arrivals| arrivals.len() as f64)
            .collect();
        let n = f64::from(replications);
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Four standard errors: of the mean sqrt(v/n), of the variance v sqrt(2/n).
        assert!((mean - expected).abs() < 4.0 * (expected / n).sqrt(), "mean {mean}, expected {expected}");
        assert!(
            (variance - expected).abs() < 4.0 * expected * (2.0 / n).sqrt(),
            "variance {variance}, expected {expected}"
        );
    }

    #[test]
    fn a_constant_rate_gives_exact_times() {
        let times = arrivals(&Law::Constant(1.0), &Rate::constant(300.0), KEY, 0, 3_600);
        assert_eq!(times.len(), 300 * 3_600 - 1);
        for (index, time) in times.iter().enumerate() {
            let exact = ((index as u128 + 1) * 1_000_000_000 + 150) / 300;
            assert_eq!(u128::from(time.nanos()), exact, "arrival {index}");
        }
    }

    #[test]
    fn a_constant_rate_is_the_root_at_slope_0() {
        for ordinal in 0..100_000 {
            let rate = libm::ldexp(KEY.uniform(2 * ordinal), (ordinal % 60) as i32 - 30);
            let mass = 10.0 * KEY.uniform(2 * ordinal + 1);
            let root = 2.0 * mass / (rate + (rate * rate).sqrt());
            assert_eq!((mass / rate).to_bits(), root.to_bits(), "{mass} at {rate}");
        }
    }

    #[test]
    fn constant_gaps_follow_a_ramp_exactly() {
        // Rate 2t: the integral is t^2, so that the n-th arrival comes at sqrt(n).
        let times = arrivals(&Law::Constant(1.0), &points(&[(0.0, 0.0), (100.0, 200.0)]), KEY, 0, 100);
        for (index, time) in times.iter().enumerate() {
            let exact = ((index + 1) as f64).sqrt();
            assert!((time.seconds() - exact).abs() < 2e-9, "arrival {index} at {}, due {exact}", time.seconds());
        }
        assert_eq!(times.len(), 9_999);
    }

    #[test]
    fn counts_over_steps_are_poisson_with_the_integral_of_the_rate() {
        // 10 s at 20, 10 s at 60, 20 s falling to nothing, then nothing.
        let rate = points(&[(0.0, 20.0), (10.0, 20.0), (10.0, 60.0), (20.0, 60.0), (40.0, 0.0)]);
        let expected = rate.expected(Duration::ZERO, Duration::from_secs(50));
        assert!((expected - 1_400.0).abs() < 1e-9);
        counts_are_poisson(&rate, 50, expected, 3_000);
    }

    /// Families NHPP-001 and NHPP-003: base (1 + amplitude sin(2 pi t / period)) over [0, t], its integral in closed form.
    fn sine(base: f64, amplitude: f64, period: f64, until: u32) -> Rate {
        let at = |t: f64| base * (1.0 + amplitude * libm::sin(2.0 * std::f64::consts::PI * t / period));
        // Chords of a hundredth of a second or a thousandth of the span fall short of the sine by less than 1e-6.
        let step = f64::from(until) / 2_000.0;
        points(&(0..=2_000).map(|n| f64::from(n) * step).map(|t| (t, at(t))).collect::<Vec<_>>())
    }

    #[test]
    fn nhpp_001_counts_follow_a_steep_day() {
        let rate = sine(100.0, 0.5, 24.0, 6);
        assert!((rate.expected(Duration::ZERO, Duration::from_secs(6)) / 790.985931710 - 1.0).abs() < 1e-6);
        counts_are_poisson(&rate, 6, 790.985931710, 4_000);
    }

    #[test]
    fn nhpp_003_counts_follow_a_deep_trough() {
        let rate = sine(20.0, 0.9, 1_440.0, 600);
        assert!((rate.expected(Duration::ZERO, Duration::from_secs(600)) / 19697.9073673 - 1.0).abs() < 1e-6);
        counts_are_poisson(&rate, 600, 19697.9073673, 400);
    }

    #[test]
    fn before_t_0_the_first_rate_holds() {
        let rate = points(&[(0.0, 10.0), (0.0, 90.0)]);
        let times = arrivals(&Law::Constant(1.0), &rate, KEY, 60, 10);
        assert_eq!(times.iter().filter(|&&time| time < seconds(60)).count(), 599);
        assert_eq!(times.iter().filter(|&&time| time >= seconds(60)).count(), 900);
        // A first point later than t = 0 holds back to the beginning, too.
        let late = points(&[(30.0, 10.0), (40.0, 20.0)]);
        let early = arrivals(&Law::Constant(1.0), &late, KEY, 60, 30);
        assert_eq!(early.len(), 899);
    }

    #[test]
    fn a_silence_is_crossed_and_a_last_rate_of_zero_ends_the_stream() {
        let rate = points(&[(0.0, 5.0), (2.0, 5.0), (2.0, 0.0), (8.0, 0.0), (8.0, 5.0), (10.0, 5.0), (10.0, 0.0)]);
        let times = arrivals(&Law::Constant(0.999), &rate, KEY, 0, 1_000);
        assert_eq!(times.len(), 20);
        assert!(times.iter().all(|&time| time <= seconds(2) || time >= seconds(8)));
        assert!(times.iter().all(|&time| time <= seconds(10)));
    }

    #[test]
    fn gaps_keep_the_variability_of_their_law() {
        let laws = [
            Law::Erlang { shape: 4, mean: 1.0 },
            Law::Hyperexponential(vec![(0.9, 0.5), (0.1, 5.5)]),
            Law::Exponential { mean: 1.0 },
        ];
        for law in laws {
            assert!((law.mean() - 1.0).abs() < 1e-12, "a gap has mean 1");
            let times = arrivals(&law, &Rate::constant(100.0), KEY, 0, 4_000);
            let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1].since(pair[0]).seconds()).collect();
            let n = gaps.len() as f64;
            let mean = gaps.iter().sum::<f64>() / n;
            let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n;
            assert!((mean * 100.0 - 1.0).abs() < 4.0 * (law.scv() / n).sqrt(), "{law:?}: mean gap {mean}");
            assert!(
                (variance / (mean * mean) / law.scv() - 1.0).abs() < 0.03,
                "{law:?}: scv {}",
                variance / (mean * mean)
            );
        }
    }

    #[test]
    fn a_rate_of_next_to_nothing_has_no_arrival_within_any_horizon() {
        assert_eq!(arrivals(&POISSON, &Rate::constant(1e-15), KEY, 0, 10_000_000), []);
    }

    #[test]
    fn twice_the_rate_brings_the_same_requests_in_half_the_time() {
        let slow = arrivals(&POISSON, &Rate::constant(50.0), KEY, 0, 100);
        let fast = arrivals(&POISSON, &Rate::constant(100.0), KEY, 0, 50);
        assert_eq!(slow.len(), fast.len());
        for (slow, fast) in slow.iter().zip(&fast) {
            assert!(slow.nanos().abs_diff(2 * fast.nanos()) <= 2);
        }
    }

    #[test]
    fn a_longer_horizon_adds_arrivals_and_moves_none() {
        let rate = Rate::constant(80.0);
        let (short, long) = (arrivals(&POISSON, &rate, KEY, 5, 10), arrivals(&POISSON, &rate, KEY, 5, 40));
        assert_eq!(long[..short.len()], short);
    }
}
