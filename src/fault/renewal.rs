//! Components that fail and are repaired over and over, and the shocks that several of them share.
//!
//! A component's times up and down are independent draws of two laws (an alternating renewal process). What it does is a
//! pure function of seed, replication, its own name, the fault's name and the number of the cycle: how many others there
//! are, their order and the variant shift nothing. A run meets it in its stationary state, as a run of minutes in a year
//! would: down with chance `down / (up + down)`, and the lifetime or repair under way at the beginning has begun long
//! before.

use crate::random::{Key, Law};
use crate::units::Duration;

/// From when to when something is down: `[from, to)` in nanoseconds on a clock of the caller's.
pub type Span = (i64, i64);

/// Cycles of one component within a run, at most: past it a scenario means something else.
pub const CYCLES: f64 = 10_000.0;

/// Times up and down of one component, in seconds.
#[derive(Clone, PartialEq, Debug)]
pub struct Renewal {
    /// From a repair to the next failure.
    pub up: Law,
    /// From a failure to its repair.
    pub down: Law,
}

impl Renewal {
    /// The share of time down in the long run, for laws of any shape (mean down over mean up and down).
    pub fn share_down(&self) -> f64 {
        let (up, down) = (self.up.mean(), self.down.mean());
        down / (up + down)
    }

    /// The same component down for this share of the time; repairs stay. `share_down`: above 0, below 1.
    pub fn as_long_down(&self, share_down: f64) -> Renewal {
        let up = self.down.mean() * (1.0 - share_down) / share_down;
        Renewal { up: stretched(&self.up, up / self.up.mean()), down: self.down.clone() }
    }

    /// When `component` is down within `[from, to)`: disjoint, ascending; the last may end after `to`, none begins before
    /// `from`.
    pub fn spans(&self, draw: Draw<'_>, from: i64, to: i64) -> Vec<Span> {
        let (failure, repair) = (draw.key("failure"), draw.key("repair"));
        let nanos = |seconds: f64| Duration::from_seconds_f64(seconds).nanos().min(i64::MAX as u64).cast_signed();
        let mut spans = Vec::new();
        let mut at = from;
        let down = draw.key("at first").uniform(0) < self.share_down();
        if down {
            at = at.saturating_add(nanos(self.down.residual(repair, 0)));
            spans.push((from, at));
        }
        let mut cycle = u64::from(down);
        while at < to {
            // Of a component that is up at first, the lifetime under way.
            let up = if cycle == 0 { self.up.residual(failure, 0) } else { self.up.sample(failure.uniform(cycle)) };
            // Two failures are a nanosecond apart.
            let fails = at.saturating_add(nanos(up).max(1));
            if fails >= to {
                break;
            }
            cycle += 1;
            at = fails.saturating_add(nanos(self.down.sample(repair.uniform(cycle))));
            if at > fails {
                spans.push((fails, at));
            }
        }
        spans
    }
}

/// Whose weather is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// The run's seed.
    pub seed: u64,
    /// Its replication.
    pub replication: u32,
    /// The fault's name.
    pub fault: &'a str,
    /// The component's name, `replica/orders@east#2`; of a shock that several share, the fault's own.
    pub component: &'a str,
}

impl<'a> Draw<'a> {
    /// The draws of another component.
    pub fn of<'b>(self, component: &'b str) -> Draw<'b>
    where
        'a: 'b,
    {
        Draw { component, ..self }
    }

    /// A number between 0 and 1, the same for all that a fault does to this component: a small chance takes nobody whom a
    /// larger one spares.
    pub fn luck(self) -> f64 {
        self.key("taken").uniform(0)
    }

    fn key(self, what: &str) -> Key {
        Key::new(self.seed, self.replication, self.component, &format!("{what} {}", self.fault))
    }
}

/// Failures that several components share: shocks that come and pass by a process of their own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Common {
    /// Which share of one component's failures are shared ones (the beta factor); the others come to each by itself.
    pub share: f64,
    /// The chance that a shock takes a component, drawn for each shock and component.
    pub with: f64,
}

impl Common {
    /// What is left to each component by itself, and the shocks' own process: each component is down as long as `renewal` says,
    /// of which shocks take the share that is shared. One that takes it only now and then comes the more often.
    pub fn split(&self, renewal: &Renewal) -> (Option<Renewal>, Option<Renewal>) {
        let down = renewal.share_down();
        let shared = self.share * down;
        // Down by itself or by a shock, independently: together as long as it is said.
        let own = (down - shared) / (1.0 - shared);
        let of = |share_down: f64| (share_down > 0.0).then(|| renewal.as_long_down(share_down));
        (of(own), of(shared / self.with))
    }

    /// Would shocks have to last all the time, so that each component is down as long as `renewal` says?
    pub fn is_too_rare(&self, renewal: &Renewal) -> bool {
        self.share * renewal.share_down() >= self.with
    }
}

/// When each of `components` is down: by itself, and by shocks of `common`.
pub fn weather(
    renewal: &Renewal,
    common: Option<Common>,
    draw: Draw<'_>,
    components: &[String],
    from: i64,
    to: i64,
) -> Vec<Vec<Span>> {
    let Some(common) = common else {
        return components.iter().map(|name| renewal.spans(draw.of(name), from, to)).collect();
    };
    let (own, shared) = common.split(renewal);
    let shocks = shared.map_or_else(Vec::new, |shared| shared.spans(draw.of(draw.fault), from, to));
    let component = |name: &String| {
        let taken = draw.of(name).key("taken");
        let hit = shocks.iter().enumerate().filter(|(shock, _)| taken.uniform(*shock as u64) < common.with);
        let mut spans: Vec<Span> = hit.map(|(_, &span)| span).collect();
        spans.extend(own.iter().flat_map(|own| own.spans(draw.of(name), from, to)));
        spans.sort_unstable();
        spans
    };
    components.iter().map(component).collect()
}

/// A law of times `factor` as long.
fn stretched(law: &Law, factor: f64) -> Law {
    match law {
        Law::Constant(value) => Law::Constant(value * factor),
        Law::Exponential { mean } => Law::Exponential { mean: mean * factor },
        Law::Uniform { low, high } => Law::Uniform { low: low * factor, high: high * factor },
        Law::Lognormal { mu, sigma } => Law::Lognormal { mu: mu + libm::log(factor), sigma: *sigma },
        Law::Erlang { shape, mean } => Law::Erlang { shape: *shape, mean: mean * factor },
        Law::Hyperexponential(branches) => {
            Law::Hyperexponential(branches.iter().map(|(chance, mean)| (*chance, mean * factor)).collect())
        }
        Law::Pareto { alpha, min, max } => Law::Pareto { alpha: *alpha, min: min * factor, max: max * factor },
        Law::Weibull { shape, scale } => Law::Weibull { shape: *shape, scale: scale * factor },
        Law::Mix(branches) => {
            Law::Mix(branches.iter().map(|(chance, law)| (*chance, stretched(law, factor))).collect())
        }
        Law::Empirical(values) => Law::Empirical(values.iter().map(|value| value * factor).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn draw(component: &str) -> Draw<'_> {
        Draw { seed: 11, replication: 3, fault: "die", component }
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("replica/orders@east#{number}")).collect()
    }

    fn down_within(spans: &[Span], from: i64, to: i64) -> i64 {
        spans.iter().map(|&(a, b)| (b.min(to) - a.max(from)).max(0)).sum()
    }

    fn laws() -> Vec<Renewal> {
        let up = Law::Weibull { shape: 0.7, scale: 40.0 };
        let down = Law::Lognormal { mu: 1.0, sigma: 0.9 };
        vec![
            Renewal { up: Law::Exponential { mean: 30.0 }, down: Law::Exponential { mean: 10.0 } },
            Renewal { up, down: down.clone() },
            Renewal { up: Law::Constant(20.0), down },
        ]
    }

    #[test]
    fn constant_times_repeat_to_the_nanosecond_from_a_random_phase() {
        let renewal = Renewal { up: Law::Constant(3.0), down: Law::Constant(1.0) };
        let mut at_first = 0;
        for name in &names(400) {
            let spans = renewal.spans(draw(name), -10 * SECOND, 100 * SECOND);
            at_first += usize::from(spans[0].0 == -10 * SECOND);
            let whole = &spans[1..];
            assert!(whole.iter().all(|(from, to)| to - from == SECOND), "{name}");
            assert!(whole.windows(2).all(|two| two[1].0 - two[0].1 == 3 * SECOND), "{name}");
        }
        // A quarter of them, within three standard deviations.
        assert!((74..=126).contains(&at_first), "{at_first}");
    }

    #[test]
    fn the_share_down_is_the_long_runs_at_every_instant_and_in_the_mean() {
        let components = names(20_000);
        for renewal in laws() {
            let all: Vec<Vec<Span>> =
                components.iter().map(|name| renewal.spans(draw(name), 0, 120 * SECOND)).collect();
            let want = renewal.share_down();
            let n = components.len() as f64;
            let slack = 4.0 * libm::sqrt(want * (1.0 - want) / n);
            for at in [0, 7, 60, 119] {
                let down = |spans: &Vec<Span>| spans.iter().any(|&(a, b)| (a..b).contains(&(at * SECOND)));
                let share = all.iter().filter(|spans| down(spans)).count() as f64 / n;
                assert!((share - want).abs() < slack, "{renewal:?} at {at} s: {share} {want}");
            }
            let total: i64 = all.iter().map(|spans| down_within(spans, 0, 120 * SECOND)).sum();
            let mean = total as f64 / (120 * SECOND) as f64 / n;
            assert!((mean - want).abs() < slack, "{renewal:?}: {mean} {want}");
        }
    }

    #[test]
    fn failures_come_once_in_a_mean_cycle_from_the_first_second_on() {
        let components = names(20_000);
        for renewal in laws() {
            let cycle = renewal.up.mean() + renewal.down.mean();
            for window in [0..10, 100..110] {
                let (from, to) = (window.start * SECOND, window.end * SECOND);
                let begin = |spans: Vec<Span>| spans.iter().filter(|span| span.0 > from && span.0 <= to).count();
                let count: usize =
                    components.iter().map(|name| begin(renewal.spans(draw(name), 0, 120 * SECOND))).sum();
                let want = 10.0 / cycle * components.len() as f64;
                let got = count as f64;
                assert!((got - want).abs() < 5.0 * libm::sqrt(want), "{renewal:?} {window:?}: {got} {want}");
            }
        }
    }

    #[test]
    fn neither_others_nor_a_longer_run_shift_a_component() {
        let renewal = &laws()[1];
        let (few, many) = (names(2), names(50));
        let all = |names: &[String], to| weather(renewal, None, draw("die"), names, 0, to);
        let short = all(&few, 300 * SECOND);
        assert_eq!(short[..], all(&many, 300 * SECOND)[..2]);
        let mut turned = many.clone();
        turned.reverse();
        assert_eq!(all(&turned, 300 * SECOND)[49], short[0]);
        for (short, long) in short.iter().zip(all(&few, 900 * SECOND)) {
            assert!(!short.is_empty() && long.starts_with(short));
        }
        // What is rarer fails later, by the same luck.
        let rarer = renewal.as_long_down(0.5 * renewal.share_down()).spans(draw(&few[0]), 0, 900 * SECOND);
        assert_ne!(rarer, short[0]);
        assert_ne!(short[0], short[1]);
    }

    #[test]
    fn a_shared_share_leaves_each_component_as_often_down_and_takes_two_together() {
        let components = names(2);
        let (until, runs) = (2_000 * SECOND, 1_000);
        // Rarely down and often: u of one, whatever is shared; of both at once what shocks take of both, beside what each adds.
        let shares = [
            (99.0, None),
            (99.0, Some((0.2, 1.0))),
            (99.0, Some((1.0, 0.5))),
            (6.0, Some((0.2, 1.0))),
            (6.0, Some((0.6, 0.5))),
        ];
        for (up, common) in shares {
            let renewal = Renewal { up: Law::Exponential { mean: up }, down: Law::Exponential { mean: 1.0 } };
            let common = common.map(|(share, with)| Common { share, with });
            let (mut one, mut both) = (0, 0);
            for replication in 0..runs {
                let draw = Draw { replication, ..draw("die") };
                let each = weather(&renewal, common, draw, &components, 0, until);
                let merged = |spans: &[Span]| {
                    let mut apart: Vec<Span> = Vec::new();
                    for &(from, to) in spans {
                        match apart.last_mut().filter(|last| from <= last.1) {
                            Some(last) => last.1 = last.1.max(to),
                            None => apart.push((from, to)),
                        }
                    }
                    apart
                };
                let (a, b) = (merged(&each[0]), merged(&each[1]));
                one += down_within(&a, 0, until);
                both += a.iter().map(|&(from, to)| down_within(&b, from, to.min(until))).sum::<i64>();
            }
            let share = |total: i64| total as f64 / until as f64 / f64::from(runs);
            let u = renewal.share_down();
            let want = common.map_or(u * u, |common| {
                // By a shock that takes both; else each by one that takes it alone, or by itself.
                let shock = common.share * u / common.with;
                let own = (u - common.share * u) / (1.0 - common.share * u);
                let in_shock = common.with + (1.0 - common.with) * own;
                shock * in_shock * in_shock + (1.0 - shock) * own * own
            });
            assert!((share(one) - u).abs() < 0.02 * u, "{common:?}: {} {u}", share(one));
            assert!((share(both) - want).abs() < 0.04 * want + 1e-5, "{common:?}: {} {want}", share(both));
        }
    }

    #[test]
    fn all_of_it_shared_is_one_fate() {
        let renewal = &laws()[0];
        let common = Some(Common { share: 1.0, with: 1.0 });
        let each = weather(renewal, common, draw("die"), &names(5), 0, 600 * SECOND);
        assert!(!each[0].is_empty());
        assert!(each.iter().all(|spans| *spans == each[0]));
    }

    #[test]
    fn every_draw_is_frozen() {
        let spans = laws()[1].spans(draw("replica/orders@east#0"), 0, 300 * SECOND);
        assert_eq!(spans, FROZEN);
    }

    const FROZEN: &[Span] = &[
        (0, 3_565_606_671),
        (68_208_282_192, 68_410_490_007),
        (77_160_890_997, 78_196_402_085),
        (213_367_230_235, 216_004_658_914),
        (224_004_745_739, 227_110_863_266),
    ];
}
