//! Faults that are told together: those that overlap, and those that come before service is back from the one before.
//!
//! Who holds a system down while two faults last, neither success nor latency can tell. Recovery is then that from the whole
//! chain, for each of its faults from its own start, and says so. An operator's action stands among them as a fault does: one
//! that is done while service is down is part of the way back, one that is done after it begins a chain of its own.

use super::recovery::{Usual, count, finer, last_off, window};
use super::words::each_once;
use crate::record::{FaultRow, Pieces, Run};
use crate::units::significant;

/// One coming of a fault, or something that an operator does.
#[derive(Clone, Copy)]
pub(super) struct Coming<'r> {
    fault: &'r str,
    pub(super) start_ns: u64,
    end_ns: u64,
    /// It is an action.
    by_hand: bool,
}

/// Comings that are told together, in order of their starts, and the window up to which they are watched: in which the next
/// chain begins.
struct Chain<'r> {
    comings: Vec<Coming<'r>>,
    until: usize,
}

/// A run, and what it is like in each window of its horizon.
pub(super) struct Watched<'r> {
    pub(super) run: &'r Run,
    pub(super) usual: Usual,
    pub(super) length_ns: u64,
    off: Vec<bool>,
    /// It is off for what fails.
    fails: Vec<bool>,
    out: Vec<bool>,
    chains: Vec<Chain<'r>>,
}

/// When service was back after one coming of a fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Back<'r> {
    /// From its start.
    pub(super) seconds: f64,
    /// Was it seen to be back, or did the measured time end first?
    pub(super) seen: bool,
    /// Other faults that lasted, or that came before service was back; its own name where it came again itself. And actions
    /// that were no way back from it.
    pub(super) with: Vec<&'r str>,
    /// Seconds from its start until service had been back before the first of these came; none: it was not.
    pub(super) alone: Option<f64>,
}

impl<'r> Watched<'r> {
    /// Of each run; none where one of them has no window before its faults, or nothing was answered in these.
    pub(super) fn all(runs: &'r [Run]) -> Option<Vec<Watched<'r>>> {
        runs.iter().map(Watched::of).collect()
    }

    /// Of one.
    pub(super) fn of(run: &'r Run) -> Option<Watched<'r>> {
        let (usual, count) = (Usual::of(run)?, count(run)?);
        let length_ns = (run.horizon_ns / count as u64).max(1);
        let windows: Vec<_> = (0..count).map(|number| window(run, number)).collect();
        let mut watched = Watched {
            off: windows.iter().map(|window| !usual.is_back(window)).collect(),
            fails: windows.iter().map(|window| !usual.answers(window)).collect(),
            out: windows.iter().map(|window| usual.is_out(window)).collect(),
            chains: Vec::new(),
            run,
            usual,
            length_ns,
        };
        let of = |row: &'r FaultRow| {
            let measured = row.spans.iter().filter(|span| span.0 < run.horizon_ns);
            measured.map(|&(start_ns, end_ns)| Coming { fault: &row.fault, start_ns, end_ns, by_hand: false })
        };
        let done = |row: &'r crate::record::ActionRow| {
            let at = row.done_ns.filter(|&at| at < run.horizon_ns)?;
            Some(Coming { fault: &row.action, start_ns: at, end_ns: at, by_hand: true })
        };
        let mut comings: Vec<Coming<'r>> = run.faults.iter().flat_map(of).collect();
        comings.extend(run.actions.iter().filter_map(done));
        comings.sort_by_key(|coming| coming.start_ns);
        for coming in comings {
            let begins = watched.window_of(coming.start_ns);
            let joins = watched.chains.last().is_some_and(|chain| {
                chain.comings.iter().any(|other| coming.start_ns <= other.end_ns)
                    || watched.alone(chain, chain.comings[0].start_ns, begins).is_none()
            });
            match watched.chains.last_mut() {
                Some(chain) if joins => chain.comings.push(coming),
                last => {
                    if let Some(chain) = last {
                        chain.until = begins;
                    }
                    watched.chains.push(Chain { comings: vec![coming], until: count });
                }
            }
        }
        Some(watched)
    }

    fn window_of(&self, at_ns: u64) -> usize {
        ((at_ns / self.length_ns) as usize).min(self.off.len())
    }

    /// The last window that is off from that of an instant on, up to another one.
    fn last_off(&self, chain: &Chain<'_>, start_ns: u64, until: usize) -> Option<usize> {
        self.last_of(&self.off, chain, start_ns, until)
    }

    fn last_of(&self, off: &[bool], chain: &Chain<'_>, start_ns: u64, until: usize) -> Option<usize> {
        let start = self.window_of(start_ns).min(until);
        let onset = |at: usize| {
            let begins =
                |coming: &Coming<'_>| at.checked_sub(self.window_of(coming.start_ns)).is_some_and(|in_| in_ <= 1);
            chain.comings.iter().filter(|coming| !coming.by_hand).any(begins)
        };
        last_off(&off[start..until], |at| self.out[start + at] || onset(start + at)).map(|at| start + at)
    }

    /// Seconds until service was back, if it is seen to be before some window.
    fn alone(&self, chain: &Chain<'_>, start_ns: u64, before: usize) -> Option<f64> {
        // Not a whole window tells.
        if self.window_of(start_ns) >= before {
            return None;
        }
        match self.last_off(chain, start_ns, before) {
            None => Some(0.0),
            // By seconds it may be seen within the last window.
            Some(last) => {
                (self.off_until(last) < before as u64 * self.length_ns).then(|| self.seconds_to(start_ns, last))
            }
        }
    }

    /// The end of what is off in a window, as finely as it can be told.
    fn off_until(&self, last_bad: usize) -> u64 {
        let finer = finer(self.run, &self.usual, last_bad as u64 * self.length_ns, self.length_ns);
        finer.unwrap_or((last_bad as u64 + 1) * self.length_ns)
    }

    fn seconds_to(&self, start_ns: u64, last_bad: usize) -> f64 {
        self.off_until(last_bad).saturating_sub(start_ns) as f64 / 1e9
    }

    fn of_fault(&self, fault: &str) -> impl Iterator<Item = (&Chain<'r>, Coming<'r>)> {
        let all = self.chains.iter().flat_map(|chain| chain.comings.iter().map(move |coming| (chain, *coming)));
        all.filter(move |(_, coming)| coming.fault == fault && !coming.by_hand)
    }

    /// Of each coming of a fault the window up to which it is watched.
    pub(super) fn watched(&self, fault: &str) -> Vec<(Coming<'r>, usize)> {
        self.of_fault(fault).map(|(chain, coming)| (coming, chain.until)).collect()
    }

    /// Of each coming of a fault its start, and when the next chain begins.
    pub(super) fn nexts(&self, fault: &str) -> Vec<(u64, Option<u64>)> {
        let next = |coming: &Coming<'r>| {
            let later = self.chains.iter().map(|chain| chain.comings[0].start_ns);
            let own = self.chains.iter().find(|chain| {
                chain.comings.iter().any(|other| other.fault == coming.fault && other.start_ns == coming.start_ns)
            });
            later.filter(|&start| own.is_some_and(|own| start > own.comings[0].start_ns)).min()
        };
        self.of_fault(fault).map(|(_, coming)| (coming.start_ns, next(&coming))).collect()
    }

    /// Of each coming of a fault its start and the last window before the next chain in which more fails than before.
    pub(super) fn lasts(&self, fault: &str) -> Vec<(u64, Option<usize>)> {
        let last = |(chain, coming): (&Chain<'r>, Coming<'r>)| {
            (coming.start_ns, self.last_of(&self.fails, chain, coming.start_ns, chain.until))
        };
        self.of_fault(fault).map(last).collect()
    }

    /// The end of a window.
    pub(super) fn window_ends_ns(&self, window: usize) -> u64 {
        if window + 1 == self.off.len() { self.run.horizon_ns } else { (window as u64 + 1) * self.length_ns }
    }

    /// When service is back that is off in a window: as finely as it can be told.
    pub(super) fn ends_ns(&self, window: usize) -> u64 {
        self.off_until(window).min(self.window_ends_ns(window))
    }

    /// Fails more than before in what of a window lies within some time?
    pub(super) fn is_failing(&self, window: usize, pieces: &Pieces, (from_ns, to_ns): (u64, u64)) -> bool {
        let inside =
            |&piece: &usize| pieces.windows[piece] == window && (from_ns..to_ns).contains(&pieces.starts_ns[piece]);
        let those: Vec<usize> = (0..pieces.starts_ns.len()).filter(inside).collect();
        let whole = pieces.whole(&those);
        !self.usual.answers(&super::recovery::Window::of(&whole))
    }

    /// When service was back after each coming of a fault.
    pub(super) fn backs(&self, fault: &str) -> Vec<Back<'r>> {
        self.of_fault(fault).map(|(chain, coming)| self.back(chain, coming)).collect()
    }

    /// Is an action no way back from a fault: did it begin the chain, or did it come when service was back already?
    fn holds_down(&self, chain: &Chain<'r>, this: Coming<'r>, action: &Coming<'r>) -> bool {
        let first = std::ptr::eq(&chain.comings[0], action);
        first || self.alone(chain, this.start_ns, self.window_of(action.start_ns)).is_some()
    }

    fn back(&self, chain: &Chain<'r>, this: Coming<'r>) -> Back<'r> {
        let last = self.last_off(chain, this.start_ns, chain.until);
        let seconds = last.map_or(0.0, |last| self.seconds_to(this.start_ns, last));
        let back_ns = this.start_ns + (seconds * 1e9) as u64;
        let others = chain.comings.iter().filter(|other| {
            let same = other.fault == this.fault && other.start_ns == this.start_ns && !other.by_hand;
            // What came after service was back did not hold it down, nor did what was over when this came and it was.
            !same
                && (!other.by_hand || self.holds_down(chain, this, other))
                && (other.start_ns < back_ns || other.start_ns <= this.start_ns && other.end_ns > this.start_ns)
        });
        let with = each_once(others.clone().map(|other| other.fault));
        let came = others.map(|other| other.start_ns).min().filter(|&came| came > this.start_ns);
        let alone = came.and_then(|came| self.alone(chain, this.start_ns, self.window_of(came)));
        // Seconds tell before the next chain too; at the end of the measured time a whole window has to.
        let next = chain.until < self.off.len();
        let by_seconds = |last: usize| next && self.off_until(last) < chain.until as u64 * self.length_ns;
        let seen = last.is_none_or(|last| last + 1 < chain.until || by_seconds(last));
        Back { seconds, seen, with, alone }
    }
}

/// In words, with what else a fault's recovery is told; none where it came alone each time.
pub(super) fn together(watched: &[Watched<'_>], fault: &str) -> Option<String> {
    let all: Vec<Back<'_>> = watched.iter().flat_map(|of| of.backs(fault)).collect();
    let names = each_once(all.iter().flat_map(|back| back.with.iter().copied()));
    if names.is_empty() {
        return None;
    }
    let shared = all.iter().filter(|back| !back.with.is_empty()).count();
    let named = |name| if name == fault { "its own next coming" } else { name };
    let names = names.into_iter().map(named).collect::<Vec<_>>().join(", ");
    let times = if shared == all.len() { String::new() } else { format!(" in {shared} of {} occurrences", all.len()) };
    let alone: Vec<f64> = all.iter().filter(|back| !back.with.is_empty()).filter_map(|back| back.alone).collect();
    let before = if alone.is_empty() || alone.len() < shared {
        String::new()
    } else {
        let mean = alone.iter().sum::<f64>() / alone.len() as f64;
        format!("; it had been back {} s after its start before that came", significant(mean, 3))
    };
    Some(format!("counted together with {names}{times}, up to the recovery from all of them{before}"))
}

#[cfg(test)]
mod tests {
    use super::super::recovery::tests::{design, run};
    use super::super::recovery::{Until, recovery};
    use super::*;
    use crate::meter::Histogram;
    use crate::record::{ActionRow, FineWindow};

    /// Of 60 windows of a second those from `bad.0` to `bad.1` lose half: value, lower bound and words of each fault.
    fn told(faults: &[(&str, u64, u64)], bad: &[(usize, usize)]) -> Vec<(Option<f64>, Option<String>)> {
        let is_bad = |number: usize| bad.iter().any(|&(from, to)| (from..to).contains(&number));
        let runs = vec![run(faults, is_bad); 10];
        let watched = Watched::all(&runs).expect("something came before");
        let of = |&(name, ..): &(&str, u64, u64)| {
            (recovery(&runs, name, Until::AllBack, design()).value, together(&watched, name))
        };
        faults.iter().map(of).collect()
    }

    fn with(name: &str) -> Option<String> {
        Some(format!("counted together with {name}, up to the recovery from all of them"))
    }

    #[test]
    fn outages_that_overlap_are_told_from_the_start_of_each_to_the_recovery_from_both() {
        let got = told(&[("one", 20, 30), ("two", 25, 40)], &[(20, 43)]);
        assert_eq!(got, [(Some(23.0), with("two")), (Some(18.0), with("one"))]);
    }

    #[test]
    fn of_one_inside_the_other_neither_takes_no_time() {
        let got = told(&[("outer", 20, 40), ("inner", 25, 30)], &[(20, 45)]);
        assert_eq!(got, [(Some(25.0), with("inner")), (Some(20.0), with("outer"))]);
    }

    #[test]
    fn one_that_ends_when_the_other_begins_is_told_with_it() {
        let got = told(&[("one", 20, 30), ("two", 30, 40)], &[(20, 42)]);
        assert_eq!(got, [(Some(22.0), with("two")), (Some(12.0), with("one"))]);
        // And one from which service is not back when the next one comes.
        let got = told(&[("one", 20, 22), ("two", 30, 40)], &[(20, 42)]);
        assert_eq!(got, [(Some(22.0), with("two")), (Some(12.0), with("one"))]);
    }

    #[test]
    fn equal_ones_take_equally_long() {
        let got = told(&[("one", 20, 30), ("two", 20, 30)], &[(20, 33)]);
        assert_eq!(got, [(Some(13.0), with("two")), (Some(13.0), with("one"))]);
    }

    #[test]
    fn what_nobody_felt_until_another_came_is_told_with_it_and_what_it_was_alone() {
        // A standby is dead from 20 s on; at 30 s the other one goes.
        let got = told(&[("standby", 20, 50), ("primary", 30, 40)], &[(30, 45)]);
        let alone = "; it had been back 0 s after its start before that came";
        assert_eq!(got[0], (Some(25.0), with("primary").map(|words| words + alone)));
        assert_eq!(got[1], (Some(15.0), with("standby")));
    }

    #[test]
    fn a_lasting_fault_that_service_is_back_from_is_not_held_against_a_later_one_that_nobody_feels() {
        let got = told(&[("zone", 20, 50), ("blip", 40, 42)], &[(20, 25)]);
        assert_eq!(got, [(Some(5.0), None), (Some(0.0), with("zone"))]);
    }

    #[test]
    fn seconds_tell_whether_service_was_back_before_the_next_one_came() {
        // Windows of 10 s: the one up to 20 s is off, and of its seconds those up to 17 s; or all of them.
        let told = |until: u32| {
            let bad = |second: u32| (10..until).contains(&second) || (20..23).contains(&second);
            let mut run = run(&[("one", 10, 12), ("two", 20, 22)], |number| number == 1 || number == 2);
            run.rows[0].windows.truncate(6);
            let second = |number: u32| {
                let mut latency = Histogram::new(6);
                let ok = if bad(number) { 500 } else { 1000 };
                (0..ok).for_each(|i| latency.record(10_000_000 + i * 1000));
                FineWindow { second: number, sent: 1000, failed: 1000 - ok, latency: latency.sparse() }
            };
            run.fine = (0..60).map(second).collect();
            let runs = vec![run; 10];
            let watched = Watched::all(&runs).expect("something came before");
            let of = |name| (recovery(&runs, name, Until::AllBack, design()).value, together(&watched, name));
            [of("one"), of("two")]
        };
        assert_eq!(told(17), [(Some(7.0), None), (Some(3.0), None)]);
        assert_eq!(told(20), [(Some(13.0), with("two")), (Some(3.0), with("one"))]);
    }

    /// The same with something done by hand at some second: of one fault.
    fn told_with_action(fault: (&str, u64, u64), done: u64, bad: &[(usize, usize)]) -> (Option<f64>, Option<String>) {
        let is_bad = |number: usize| bad.iter().any(|&(from, to)| (from..to).contains(&number));
        let mut run = run(&[fault], is_bad);
        let at = done * 1_000_000_000;
        run.actions = vec![ActionRow { action: "lead-back".into(), due_ns: at, done_ns: Some(at) }];
        let runs = vec![run; 10];
        let watched = Watched::all(&runs).expect("something came before");
        (recovery(&runs, fault.0, Until::AllBack, design()).value, together(&watched, fault.0))
    }

    #[test]
    fn what_an_operator_does_when_service_is_back_is_not_the_faults() {
        // One second or two: how many windows of the horizon that is does not matter.
        for last in [41, 42, 50] {
            assert_eq!(told_with_action(("out", 10, 20), 40, &[(10, 23), (40, last)]), (Some(13.0), None));
        }
        // One that is done while it is not is its way back, or makes it longer: who can tell.
        assert_eq!(told_with_action(("out", 10, 20), 21, &[(10, 23)]), (Some(13.0), None));
        assert_eq!(told_with_action(("out", 10, 20), 22, &[(10, 30)]), (Some(20.0), None));
        // While the fault lasts nobody can tell either, but that service had been back is said.
        let words = "counted together with lead-back, up to the recovery from all of them; it had been back 5 s after its start \
                     before that came";
        let got = told_with_action(("out", 10, 50), 30, &[(10, 15), (30, 33)]);
        assert_eq!(got, (Some(23.0), Some(words.to_owned())));
        // Nor when a fault comes before service is back from what was done.
        let got = told_with_action(("out", 33, 35), 30, &[(30, 38)]);
        assert_eq!(got, (Some(5.0), with("lead-back")));
        assert_eq!(told_with_action(("out", 33, 35), 20, &[(20, 23), (33, 38)]), (Some(5.0), None));
    }

    #[test]
    fn apart_and_back_in_between_each_is_told_by_itself() {
        let got = told(&[("one", 10, 12), ("two", 30, 32)], &[(10, 15), (30, 36)]);
        assert_eq!(got, [(Some(5.0), None), (Some(6.0), None)]);
        // Three in a row, of which the first two meet.
        let got = told(&[("one", 10, 14), ("two", 12, 16), ("three", 30, 32)], &[(10, 18), (30, 33)]);
        assert_eq!(got, [(Some(8.0), with("two")), (Some(6.0), with("one")), (Some(3.0), None)]);
    }
}
