//! How long a fault goes on losing requests: until success is back, by the same rule as its recovery; late answers are not
//! lost.
//!
//! A run watches a fault for a minute or two after its end, whatever becomes of it. Who was not back by then goes on
//! failing for it: until all its chain is recovered from (`chains`), or the run ends. What is charged to it by then is no
//! longer outside of faults. A fault that is back while it is watched keeps what the run counted. What fails after the next
//! fault has begun, which comes when this one is over, is that one's; of faults that overlap each has all of it.

use super::chains::Watched;
use crate::record::{Charge, FaultRow, Pieces, Run};

/// Sums a run's faults up again, each until service is back from it. A run comes here once.
pub(super) fn charge(run: &mut Run) {
    let Some(mut pieces) = run.pieces.take() else { return };
    let Some((until, nexts)) = ends(run, &pieces) else { return };
    let mut longer = false;
    for (number, until_ns) in until.into_iter().enumerate() {
        let row = &run.faults[number];
        longer |= prolong(&mut pieces, number, &row.spans, row.recovery_ns, &until_ns);
        longer |= yields(&mut pieces, number, &row.spans, &nexts[number]);
        run.faults[number].until_ns = until_ns;
    }
    if longer {
        share(&mut pieces);
        run.sum_up(&pieces);
    }
}

/// By fault: its comings' starts, and when what comes next begins, nanoseconds from t = 0.
type Nexts = Vec<(u64, Option<u64>)>;

/// By fault and coming, until when what it loses is counted, nanoseconds from t = 0, and what comes after it; none where
/// nothing came before.
fn ends(run: &Run, pieces: &Pieces) -> Option<(Vec<Vec<u64>>, Vec<Nexts>)> {
    let watched = Watched::of(run)?;
    let of = |(row, nexts): (&FaultRow, &Nexts)| -> Vec<u64> {
        let mut lasts: Vec<u64> = row.spans.iter().map(|&(_, end)| row.over_ns(end)).collect();
        let mut longer = false;
        for (start_ns, last) in watched.lasts(&row.fault) {
            let Some(index) = row.spans.iter().position(|span| span.0 == start_ns) else { continue };
            let again = row.spans.get(index + 1).map_or(u64::MAX, |next| next.0);
            let next_ns = next_of(nexts, start_ns).unwrap_or(u64::MAX).min(again);
            // To the end of the last window in which more fails, if any of that is not watched.
            let Some(last) = last.filter(|&last| watched.ends_ns(last) > lasts[index]) else { continue };
            let until = watched.window_ends_ns(last).min(next_ns);
            if until > lasts[index] && (until == next_ns || watched.is_failing(last, pieces, (lasts[index], next_ns))) {
                (lasts[index], longer) = (until, true);
            }
        }
        if longer { lasts } else { Vec::new() }
    };
    let nexts: Vec<Nexts> = run.faults.iter().map(|row| nexts(run, &watched, row)).collect();
    Some((run.faults.iter().zip(&nexts).map(of).collect(), nexts))
}

/// What comes after each coming of a fault: another chain, or a fault that begins when it is over, whether service is back by
/// then or not: from then on nobody can tell whose failures those are.
fn nexts(run: &Run, watched: &Watched<'_>, row: &FaultRow) -> Nexts {
    let others = run.faults.iter().filter(|other| other.fault != row.fault);
    let starts: Vec<u64> = others.flat_map(|other| other.spans.iter().map(|span| span.0)).collect();
    let of = |(start, chain): (u64, Option<u64>)| {
        let end = row.spans.iter().find(|span| span.0 == start).map_or(start, |span| span.1);
        let fault = starts.iter().copied().filter(|&other| other >= end && other > start).min();
        (start, chain.into_iter().chain(fault).min())
    };
    watched.nexts(&row.fault).into_iter().map(of).collect()
}

fn next_of(nexts: &Nexts, start_ns: u64) -> Option<u64> {
    nexts.iter().find(|(start, _)| *start == start_ns).and_then(|(_, next)| *next)
}

/// Charges to a fault what was sent after it was watched, until these instants. Was there any?
fn prolong(pieces: &mut Pieces, number: usize, spans: &[(u64, u64)], recovery_ns: u64, until_ns: &[u64]) -> bool {
    let own = &mut pieces.faults[number];
    let mut any = false;
    for (&(start, end), &until) in spans.iter().zip(until_ns) {
        let over = end.saturating_add(recovery_ns);
        let next = spans.iter().map(|span| span.0).find(|&other| other > start).unwrap_or(u64::MAX);
        for (piece, &from) in pieces.starts_ns.iter().enumerate() {
            if own.parts[piece] == Charge::Outside && (over..until.min(next)).contains(&from) {
                own.parts[piece] = Charge::After;
                // They are its own as they are.
                own.hit_before[piece] = 0;
                any = true;
            }
        }
    }
    any
}

/// Takes from a fault what was sent while it was watched and after what comes next had begun. Was there any?
fn yields(pieces: &mut Pieces, number: usize, spans: &[(u64, u64)], nexts: &Nexts) -> bool {
    let Pieces { starts_ns, faults, .. } = pieces;
    let parts = &mut faults[number].parts;
    let mut any = false;
    for &(start, next) in nexts {
        let Some(next) = next else { continue };
        let again = spans.iter().map(|span| span.0).find(|&other| other > start).unwrap_or(u64::MAX);
        for (part, _) in parts.iter_mut().zip(starts_ns.iter()).filter(|(_, at)| (next..again).contains(*at)) {
            any |= *part == Charge::After;
            *part = if *part == Charge::After { Charge::Outside } else { *part };
        }
    }
    any
}

/// Tells again what several faults are charged with.
fn share(pieces: &mut Pieces) {
    for piece in 0..pieces.starts_ns.len() {
        let holds = |fault: &&crate::record::FaultPieces| fault.parts[piece] != Charge::Outside;
        let failed = match pieces.faults.iter().filter(holds).count() {
            0 => continue,
            // What another one had hit before is both's.
            1 => pieces.faults.iter().map(|fault| fault.hit_before[piece]).sum::<u64>().min(pieces.failed(piece)),
            _ => pieces.failed(piece),
        };
        for fault in &mut pieces.faults {
            let own = fault.parts[piece] != Charge::Outside;
            fault.shared[piece] = if own { failed } else { fault.hit_before[piece] };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::loss::lost;
    use super::super::recovery::tests::{design, with_answers};
    use super::*;
    use crate::record::{ErrorRow, Failure, FaultPieces};

    /// Sixty windows of a second and 1000 requests; `answers` of them in each. Faults, each watched for 5 s after its end.
    fn charged(faults: &[(&str, u64, u64)], answers: impl Fn(usize) -> u64) -> Run {
        let mut run = with_answers(faults, answers);
        let second = 1_000_000_000;
        let mut pieces = Pieces {
            starts_ns: (0..60).map(|number| number * second).collect(),
            windows: (0..60).collect(),
            rows: run.rows.iter().map(|row| row.windows.clone()).collect(),
            ..Pieces::default()
        };
        for row in &mut run.faults {
            row.recovery_ns = 5 * second;
            let (start, end) = row.spans[0];
            let part = |&at: &u64| match at {
                at if (start..end).contains(&at) => Charge::During,
                at if (end..end + 5 * second).contains(&at) => Charge::After,
                _ => Charge::Outside,
            };
            let parts = pieces.starts_ns.iter().map(part).collect();
            pieces.faults.push(FaultPieces { parts, hit_before: vec![0; 60], shared: vec![0; 60] });
        }
        let error = |count: u64| ErrorRow {
            row: 0,
            class: Failure::NoHost,
            edge: "users -> web".into(),
            place: String::new(),
            fault: String::new(),
            within: String::new(),
            count,
        };
        let errors = (0..60).map(|piece| (error(pieces.failed(piece)), piece)).filter(|(error, _)| error.count > 0);
        pieces.errors = errors.collect();
        run.sum_up(&pieces);
        run.pieces = Some(Box::new(pieces));
        charge(&mut run);
        run
    }

    fn lost_to(run: &Run, fault: &str) -> Option<f64> {
        lost(&vec![run.clone(); 10], fault, design()).value
    }

    /// Answers of a second in which nothing, or half, or all comes through.
    fn down(from: usize, to: usize) -> impl Fn(usize) -> u64 {
        move |number| if (from..to).contains(&number) { 500 } else { 1000 }
    }

    #[test]
    fn what_a_fault_loses_is_counted_until_service_is_back_and_not_outside_of_it() {
        let run = charged(&[("cut", 20, 30)], down(20, 48));
        assert_eq!(lost_to(&run, "cut"), Some(14_000.0));
        assert_eq!((run.rows[0].outside_sent, run.rows[0].outside.count), (32_000, 32_000));
        assert_eq!(run.faults[0].until_ns, [48_000_000_000]);
        assert!(run.errors.iter().all(|error| error.within == "cut"), "{:?}", run.errors);
        assert!(run.pieces.is_none(), "it is done once");
    }

    #[test]
    fn what_never_comes_back_is_counted_to_the_end() {
        let run = charged(&[("cut", 20, 30)], down(20, 60));
        assert_eq!((lost_to(&run, "cut"), run.rows[0].outside_sent), (Some(20_000.0), 20_000));
    }

    #[test]
    fn a_fault_that_is_back_while_it_is_watched_keeps_what_was_counted() {
        let run = charged(&[("cut", 20, 30)], down(20, 33));
        assert_eq!((lost_to(&run, "cut"), run.rows[0].outside_sent), (Some(6_500.0), 45_000));
        assert!(run.faults[0].until_ns.is_empty());
        // Nor is a dip of another day its own.
        let again = |number: usize| if number == 45 { 990 } else { down(20, 33)(number) };
        assert_eq!(lost_to(&charged(&[("cut", 20, 30)], again), "cut"), Some(6_500.0));
    }

    #[test]
    fn the_next_fault_has_its_own_and_those_of_a_chain_are_charged_with_all_of_it() {
        let both = |number: usize| down(10, 20)(number).min(down(40, 55)(number));
        let apart = charged(&[("one", 10, 12), ("two", 40, 42)], both);
        assert_eq!((lost_to(&apart, "one"), lost_to(&apart, "two")), (Some(5_000.0), Some(7_500.0)));
        assert_eq!((apart.faults[0].shared, apart.faults[1].shared), (0, 0));
        // Nor while the first one is still watched.
        let soon = charged(&[("one", 10, 12), ("two", 14, 16)], down(14, 20));
        assert_eq!((lost_to(&soon, "one"), lost_to(&soon, "two")), (Some(0.0), Some(3_000.0)));
        assert_eq!((soon.faults[0].shared, soon.faults[1].shared, soon.rows[0].outside_sent), (0, 0, 49_000));
        // Nor where service was not back by then.
        let late = charged(&[("one", 10, 12), ("two", 30, 32)], down(10, 40));
        assert_eq!((lost_to(&late, "one"), lost_to(&late, "two")), (Some(10_000.0), Some(5_000.0)));
        let chain = charged(&[("one", 10, 22), ("two", 15, 17)], down(10, 40));
        assert_eq!((lost_to(&chain, "one"), lost_to(&chain, "two")), (Some(15_000.0), Some(12_500.0)));
        assert_eq!((chain.faults[0].shared, chain.faults[1].shared), (12_500, 12_500));
        assert_eq!(chain.rows[0].outside_sent, 30_000);
    }
}
