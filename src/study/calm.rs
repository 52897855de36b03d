//! What fails with nothing down: requests that no fault answers for, on each ordinary day of the year.

use super::figure::Design;
use super::recovery::before_any;
use super::replicated::Replicated;
use crate::record::{Estimate, FaultRow, Run};

/// The share of requests that fails outside of faults, and by what it is told; none where no window tells it.
pub(super) fn failing(of: &Replicated, first_window: usize, design: Design) -> Option<Estimate> {
    share(of.usual(), first_window, design)
}

/// Of twins without faults, and of runs in which none came, all windows from the first that counts on; else those before
/// any fault, less what the first one hit before it came.
fn share(runs: &[Run], first_window: usize, design: Design) -> Option<Estimate> {
    let of_run = |run: &Run| {
        let before = before_any(run)?.saturating_sub(first_window);
        let windows = run.rows.iter().flat_map(|row| row.windows.iter().skip(first_window).take(before));
        let (failed, sent) =
            windows.fold((0, 0), |sum, window| (sum.0 + window.failed.iter().sum::<u64>(), sum.1 + window.sent));
        let first = run.faults.iter().filter_map(FaultRow::first_ns).min();
        let own = run.faults.iter().filter(|row| first.is_some() && row.first_ns() == first).map(|row| row.hit_before);
        Some((failed.saturating_sub(own.max().unwrap_or(0)) as f64, sent as f64))
    };
    let pairs: Vec<(f64, f64)> = runs.iter().filter_map(of_run).filter(|(_, sent)| *sent > 0.0).collect();
    if pairs.is_empty() {
        return None;
    }
    if pairs.iter().all(|(failed, _)| *failed <= 0.0) {
        return Some(Estimate::exact(0.0));
    }
    let share = design.ratio(&pairs, "nothing was sent");
    Some(Estimate { high: share.high.map(|high| high.min(1.0)), ..share })
}

#[cfg(test)]
mod tests {
    use super::super::recovery::tests::{design, run, with_answers};
    use super::*;

    #[test]
    fn a_day_without_faults_tells_all_of_it_and_one_with_a_fault_what_is_before_it() {
        let calm = vec![with_answers(&[], |_| 640); 10];
        assert!((share(&calm, 0, design()).and_then(|of| of.value).expect("told") - 0.36).abs() < 1e-12);
        // 60 of each 1000 fail up to the fault at 20 s, 3 of these because of it; what fails in and after it is its own.
        let hit = vec![with_answers(&[("cut", 20, 30)], |number| if number < 20 { 940 } else { 100 }); 10];
        let want = (1200.0 - 3.0) / 20_000.0;
        assert!((share(&hit, 0, design()).and_then(|of| of.value).expect("told") - want).abs() < 1e-12);
        // The warm-up is cut; where nothing else is before the fault, nothing is told.
        assert_eq!(share(&hit, 20, design()), None);
        assert_eq!(share(&vec![run(&[], |_| false); 10], 0, design()).and_then(|of| of.value), Some(0.0));
    }
}
