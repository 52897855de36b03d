//! How long after a fault's start a share of requests is served as before it, over all replications together.
//!
//! The share served is taken to rise after a fault. When it passes a level is then where what is served after it, less what
//! that level asks for, is most: the crossing of the least-squares fit that rises (isotonic regression; P. Groeneboom and G.
//! Jongbloed, "Nonparametric Estimation under Shape Constraints", 2014, the switch relation). No allowance for noise is needed,
//! which would tell it early, and it comes to the truth with traffic and with replications. What is beyond doubt below the level
//! later on (three standard deviations of all replications' requests) is not taken for noise.

use super::chains::{Coming, Watched};
use super::figure::Design;
use super::recovery::{P99_SLACK, last_off, noise, told_by, window};
use crate::record::{Estimate, FaultRow, Run};
use crate::units::significant;

const SECOND: u64 = 1_000_000_000;
/// Share points below the level that count even in a window alone.
const OUTAGE: f64 = 0.05;

/// Requests of some time, over occurrences: what was asked for, answered well, and wanted at the level.
#[derive(Clone, Copy, Default)]
struct Part {
    asked: f64,
    good: f64,
    wanted: f64,
}

impl Part {
    fn add(&mut self, asked: u64, good: u64, level: f64) {
        self.asked += asked as f64;
        self.good += good as f64;
        self.wanted += level * asked as f64;
    }

    fn surplus(&self) -> f64 {
        self.good - self.wanted
    }

    /// Beyond doubt below the level.
    fn is_off(&self) -> bool {
        let level = self.wanted / self.asked.max(1.0);
        self.good < self.wanted - noise(level, self.asked) * self.asked
    }

    /// Beyond doubt above it.
    fn is_on(&self) -> bool {
        let level = self.wanted / self.asked.max(1.0);
        self.good > self.wanted + noise(level, self.asked) * self.asked
    }

    fn plus(&mut self, more: &Part) {
        self.asked += more.asked;
        self.good += more.good;
        self.wanted += more.wanted;
    }

    fn is_out(&self) -> bool {
        self.surplus() < -OUTAGE * self.asked
    }
}

/// One coming of the fault: of windows from that of its start on, and of the seconds near it.
struct Occurrence {
    start_ns: u64,
    length_ns: u64,
    windows: Vec<Part>,
    /// By number of the second.
    seconds: Vec<(u64, Part)>,
}

/// All of a run.
fn occurrences(of: &Watched<'_>, fault: &str, share: f64) -> Vec<Occurrence> {
    let (run, usual, length_ns) = (of.run, &of.usual, of.length_ns);
    let level = share * usual.served;
    let part = |asked: u64, good: u64| {
        let mut part = Part::default();
        part.add(asked, good, level);
        part
    };
    let first_ns = run.faults.iter().filter_map(FaultRow::first_ns).min().unwrap_or(0);
    let one = |(Coming { start_ns, .. }, end): (Coming<'_>, usize)| {
        let start = (start_ns / length_ns) as usize;
        let windows = (start..end).map(|number| {
            let window = window(run, number);
            part(window.sent, window.within(usual.limit_ns))
        });
        let (from, to) = (start as u64 * length_ns, end as u64 * length_ns);
        let inside = run.fine.iter().filter(|fine| {
            let begins = u64::from(fine.second) * SECOND;
            begins + SECOND > first_ns && begins + SECOND > from && begins < to
        });
        let seconds = inside
            .map(|fine| (u64::from(fine.second), part(fine.sent, super::faults::up_to(&fine.latency, usual.limit_ns))));
        Occurrence { start_ns, length_ns, windows: windows.collect(), seconds: seconds.collect() }
    };
    // One that another follows within its window says nothing.
    of.watched(fault).into_iter().map(one).filter(|one| !one.windows.is_empty()).collect()
}

/// When the share is passed for good.
struct Crossing {
    /// Seconds from the start.
    at: f64,
    /// In how many occurrences that lies past what was watched.
    unseen: usize,
    /// Until when what was served from then on is beyond doubt above the level; none: it never is.
    sure: Option<f64>,
}

fn crossing(of: &[&Occurrence]) -> Crossing {
    let longest = of.iter().map(|one| one.windows.len()).max().unwrap_or(0);
    let mut pooled = vec![Part::default(); longest];
    for one in of {
        for (sum, part) in pooled.iter_mut().zip(&one.windows) {
            sum.plus(part);
        }
    }
    let off: Vec<bool> = pooled.iter().map(Part::is_off).collect();
    let doubtless = last_off(&off, |at| pooled[at].is_out()).map_or(0, |at| at + 1);
    let at = best(&pooled.iter().map(Part::surplus).collect::<Vec<_>>(), doubtless);
    let unseen = of.iter().filter(|one| one.windows.len() <= at).count();
    let since = |end_ns: u64, one: &Occurrence| end_ns.saturating_sub(one.start_ns) as f64 / 1e9;
    let coarse = |one: &&Occurrence| {
        let first = one.start_ns / one.length_ns;
        since((first + at as u64) * one.length_ns, one)
    };
    let mean = |sum: f64| sum / of.len().max(1) as f64;
    let coarse = mean(of.iter().map(coarse).sum());
    let length_s = of.first().map_or(0.0, |one| one.length_ns as f64 / 1e9);
    let (crossed, seconds) = finer(of, at, doubtless).unwrap_or((coarse, Vec::new()));
    // By seconds as far as they go, then by windows.
    let (mut sum, after) = (Part::default(), pooled.iter().enumerate().skip(at + usize::from(!seconds.is_empty())));
    let fine = seconds.iter().enumerate().map(|(index, part)| (crossed + (index + 1) as f64, part));
    let whole = after.map(|(index, part)| (coarse + (index + 1 - at) as f64 * length_s, part));
    let sure = fine.chain(whole).find_map(|(end, part)| {
        sum.plus(part);
        sum.is_on().then_some(end)
    });
    Crossing { at: crossed, unseen, sure }
}

/// What it means here, in words, with its resolution.
pub(super) fn rule(runs: &[Run], share: f64) -> String {
    let percent = significant(100.0 * share, 4);
    format!(
        "counted from the fault's start, so it holds the outage itself, until {percent} % of requests are answered as before any \
         fault (within {} times the p99 of then): where the share that is, of all replications together, rises past \
         {percent} % of what it was, by the least-squares fit that rises and without an allowance for noise; what is beyond doubt \
         below that later on counts, of one window alone if it is {} points below; {}",
        significant(P99_SLACK, 3),
        significant(100.0 * OUTAGE, 2),
        told_by(runs)
    )
}

/// From which on the sum of the rest is most, from `least` on; the first of equals, and the end where it is nowhere above zero.
fn best(surplus: &[f64], least: usize) -> usize {
    let (mut sum, mut most, mut at) = (0.0, 0.0, surplus.len());
    for (index, more) in surplus.iter().enumerate().skip(least).rev() {
        sum += more;
        if sum > 0.0 && sum >= most {
            (most, at) = (sum, index);
        }
    }
    at
}

/// The same by seconds, in the window before and the one after, and the seconds that follow in these; none where seconds do not
/// cover them.
fn finer(of: &[&Occurrence], at: usize, doubtless: usize) -> Option<(f64, Vec<Part>)> {
    let from = at.saturating_sub(1).max(doubtless.saturating_sub(1));
    let mut pooled: Vec<Part> = Vec::new();
    for one in of {
        let first = (one.start_ns / one.length_ns) as usize;
        let to = (at + 1).min(one.windows.len());
        let ns = |window: usize| (first + window) as u64 * one.length_ns;
        // From the fault's own second on.
        let begin = (ns(from) / SECOND).max(one.start_ns / SECOND);
        let end = ns(to).div_ceil(SECOND);
        let inside: Vec<_> = one.seconds.iter().filter(|(second, _)| (begin..end).contains(second)).collect();
        if begin >= end || inside.len() as u64 != end - begin {
            return None;
        }
        pooled.resize(pooled.len().max(inside.len()), Part::default());
        for (sum, (_, part)) in pooled.iter_mut().zip(inside) {
            sum.plus(part);
        }
    }
    let second = best(&pooled.iter().map(Part::surplus).collect::<Vec<_>>(), 0);
    let each = of.iter().map(|one| {
        let first = (one.start_ns / one.length_ns) as usize;
        let begin = ((first + from) as u64 * one.length_ns / SECOND).max(one.start_ns / SECOND);
        ((begin + second as u64) * SECOND).saturating_sub(one.start_ns) as f64 / 1e9
    });
    (!of.is_empty()).then(|| (each.sum::<f64>() / of.len() as f64, pooled.split_off(second)))
}

/// Seconds from a fault's start until this share of requests is served as before, to the precision of a second near faults
/// or of a window. Where some occurrence was not watched for so long, there is no value but a lower bound.
///
/// The interval is by sections, of each replication alone about all together. A crossing converges as slowly as with the cube
/// root of the evidence (Groeneboom), so sections are scaled by that and not by the square root: wide rather than narrow.
pub(super) fn served(runs: &[Watched<'_>], fault: &str, share: f64, design: Design) -> Estimate {
    let found: Vec<Vec<Occurrence>> = runs.iter().map(|run| occurrences(run, fault, share)).collect();
    let all: Vec<&Occurrence> = found.iter().flatten().collect();
    if all.is_empty() {
        return Estimate::none("it came in no replication, or another followed at once");
    }
    let Crossing { at: value, unseen, sure } = crossing(&all);
    if unseen > 0 {
        let of = if all.len() == runs.len() { "replications" } else { "occurrences" };
        return Estimate {
            low: Some(value),
            confidence: Some(design.level()),
            n: Some(design.replications),
            ..Estimate::none(format!("not back within the measured time in {unseen} of {} {of}", all.len()))
        };
    }
    let alone: Vec<f64> =
        found.iter().filter(|own| !own.is_empty()).map(|own| crossing(&own.iter().collect::<Vec<_>>()).at).collect();
    let (Some(critical), true) = (design.critical(), alone.len() >= 2) else { return design.bare(value) };
    let count = alone.len() as f64;
    let spread = alone.iter().map(|own| (own - value) * (own - value)).sum::<f64>() / (count - 1.0);
    let half = critical.t * libm::sqrt(spread) / libm::cbrt(count);
    let interval = super::statistics::Interval {
        value,
        low: (value - half).max(0.0),
        high: (value + half).max(sure.unwrap_or(f64::INFINITY)),
    };
    let watched = |one: &&Occurrence| {
        let first = one.start_ns / one.length_ns;
        ((first + one.windows.len() as u64) * one.length_ns).saturating_sub(one.start_ns) as f64 / 1e9
    };
    let end = all.iter().map(watched).fold(f64::INFINITY, f64::min);
    let estimate = design.estimate(interval);
    if interval.high <= end {
        return estimate;
    }
    Estimate { high: None, why: Some("upper end past what was watched".to_owned()), ..estimate }
}

#[cfg(test)]
mod tests {
    use super::super::recovery::tests::{design, with_answers};
    use super::super::recovery::{Until, recovery};
    use super::*;
    use crate::meter::Histogram;
    use crate::random::Key;
    use crate::record::{FineWindow, Run};
    use crate::units::Duration;

    /// So many requests a second, each served by chance: all but 8 % from 5 s to 20 s after the fault's start at 20 s.
    fn misled(seed: u64, rate: u64) -> Run {
        let luck = Key::new(seed, 0, "served", "luck");
        let mut run = with_answers(&[("cut", 20, 40)], |_| 1000);
        for (number, window) in run.rows[0].windows.iter_mut().enumerate() {
            let share = if (20..25).contains(&number) {
                0.0
            } else if (25..40).contains(&number) {
                0.92
            } else {
                1.0
            };
            let ok = (0..rate).filter(|i| luck.uniform(number as u64 * rate + i) < share).count();
            let mut latency = Histogram::new(10);
            (0..ok).for_each(|_| latency.record(10_000_000));
            (window.sent, window.latency) = (rate, latency.sparse());
            window.failed = std::array::from_fn(|class| if class == 0 { rate - ok as u64 } else { 0 });
        }
        run
    }

    /// 3 standard deviations of 40 requests are 10 points: an allowance for them would see 92 % as 95 %.
    #[test]
    fn few_requests_do_not_tell_it_early() {
        let served = |rate: u64, replications: u64, share: f64| {
            let runs: Vec<Run> = (0..replications).map(|seed| misled(seed, rate)).collect();
            recovery(&runs, "cut", Until::Served(share), Design::new(replications as u32, Duration::from_secs(60)))
        };
        for (rate, replications) in [(40, 40), (400, 5)] {
            let late = served(rate, replications, 0.95);
            assert!((late.value.unwrap() - 20.0).abs() <= 1.0, "{rate}: {late:?}");
            assert!(late.high.unwrap() >= 20.0, "{rate}: {late:?}");
            assert_eq!(served(rate, replications, 0.9).value, Some(5.0), "{rate}");
        }
    }

    /// Where luck alone tells it early, the upper end waits until it is beyond doubt.
    #[test]
    fn an_upper_end_wants_evidence() {
        let mut early = 0;
        for first in (0..400).step_by(10) {
            let runs: Vec<Run> = (first..first + 10).map(|seed| misled(seed, 5)).collect();
            let few = recovery(&runs, "cut", Until::Served(0.95), design());
            early += u32::from(few.value.is_some_and(|value| value < 19.0));
            assert!(few.high.is_none_or(|high| high >= 20.0), "{first}: {few:?}");
        }
        assert!(early > 0, "luck has told it early");
    }

    #[test]
    fn a_share_that_rises_passes_its_level_where_it_does() {
        // Served again one by one over 20 s: half of them after ten.
        let answers = |number: usize| if (20..40).contains(&number) { 50 * (number as u64 - 20) + 25 } else { 1000 };
        let runs = vec![with_answers(&[("cut", 20, 40)], answers); 10];
        let told = [0.25, 0.5, 0.95].map(|share| recovery(&runs, "cut", Until::Served(share), design()).value);
        assert_eq!(told, [5.0, 10.0, 19.0].map(Some));
    }

    #[test]
    fn what_is_not_served_long_enough_to_tell_has_a_lower_bound() {
        let runs = vec![with_answers(&[("cut", 20, 60)], |number| if number >= 20 { 900 } else { 1000 }); 10];
        let got = recovery(&runs, "cut", Until::Served(0.95), design());
        assert_eq!((got.value, got.low, got.high), (None, Some(40.0), None));
        // An outage of its own later on counts, however much was served before it.
        let again = |number: usize| if number == 20 || number == 50 { 0 } else { 1000 };
        let runs = vec![with_answers(&[("cut", 20, 21)], again); 10];
        assert_eq!(recovery(&runs, "cut", Until::Served(0.5), design()).value, Some(31.0));
    }

    #[test]
    fn seconds_tell_where_in_a_window_it_is() {
        let second = |number: u32| {
            let mut latency = Histogram::new(6);
            let ok = if (20..32).contains(&number) { 0 } else { 10 };
            (0..ok).for_each(|_| latency.record(10_000_000));
            FineWindow { second: number, sent: 10, failed: 10 - ok, latency: latency.sparse() }
        };
        // Windows of 10 s, of which the one from 30 s on has 800 of 1000.
        let mut run = with_answers(&[("cut", 20, 32)], |number| [1000, 1000, 0, 800, 1000, 1000][number % 6]);
        run.rows[0].windows.truncate(6);
        for (share, coarse) in [(0.5, 10.0), (0.9, 20.0)] {
            assert_eq!(recovery(&vec![run.clone(); 10], "cut", Until::Served(share), design()).value, Some(coarse));
        }
        run.fine = (0..60).map(second).collect();
        for share in [0.5, 0.9] {
            assert_eq!(
                recovery(&vec![run.clone(); 10], "cut", Until::Served(share), design()).value,
                Some(12.0),
                "{share}"
            );
        }
    }
}
