//! What is deleted before measuring: one cut for all variants, so that they still face the same requests.

use super::replicated::Replicated;
use super::statistics::{Critical, INTERVAL_REPLICATIONS, WarmUpError, mean_interval, warm_up_cut};
use crate::record::Run;
use crate::scenario::file::WarmUp;
use crate::units::Duration;
use crate::world::windows;

/// How the beginning of a run is kept out of its figures.
#[derive(Clone, PartialEq, Debug)]
pub struct Cut {
    /// The first window that counts.
    pub first_window: usize,
    /// In words: `fill of 60 s before t = 0; MSER-5 cuts nothing more`.
    pub words: String,
    /// What a reader must know of it.
    pub warning: Option<String>,
}

/// The cut of a study. MSER-5 where the scenario leaves it open and every variant is stationary; nothing beyond the fill
/// where something changes with time, for then there is no steady state to wait for. A fault is no such change: the cut is
/// looked for without it, so that it is the same with the fault and without.
pub fn cut(variants: &[Replicated]) -> Cut {
    let Some(first) = variants.first() else {
        return Cut { first_window: 0, words: "nothing was run".into(), warning: None };
    };
    let fill = variants.iter().map(|variant| variant.world.plan.fill).max().unwrap_or(Duration::ZERO);
    let filled = if fill.is_zero() { "no fill".to_owned() } else { format!("fill of {fill} before t = 0") };
    let horizon = first.world.plan.horizon;
    let pinned = variants.iter().filter_map(|variant| match variant.scenario.run.warm_up {
        WarmUp::Cut(span) => Some(span),
        WarmUp::Auto | WarmUp::Fill(_) => None,
    });
    if let Some(span) = pinned.max() {
        let first_window = windows_of(span, horizon);
        return Cut { first_window, words: format!("{filled}; cut of {span}, as the scenario says"), warning: None };
    }
    let open = variants.iter().all(|variant| variant.scenario.run.warm_up == WarmUp::Auto && variant.stationary());
    if !open {
        return Cut { first_window: 0, words: filled, warning: None };
    }
    let mut cut = 0;
    for variant in variants {
        let runs = variant.untouched();
        let Some(series) = series(&runs) else { continue };
        let spans_in_all = variant.runs.iter().flat_map(|run| &run.rows).map(|row| row.series.len()).max().unwrap_or(1);
        match warm_up_cut(&series) {
            // The cut is rounded up to one.
            Ok(spans) if begins_apart(&runs, spans) => {
                cut = cut.max((spans * windows(horizon)).div_ceil(spans_in_all));
            }
            Err(WarmUpError::NotSettled) if begins_apart(&runs, series.len() / 2) => {
                return Cut {
                    first_window: 0,
                    words: format!("{filled}; MSER-5 found no settled stretch"),
                    warning: Some(format!(
                        "{} has not settled within the first half of the run: lengthen `run.horizon`, or the figures \
                         mix its beginning with its steady state",
                        variant.name()
                    )),
                };
            }
            Ok(_) | Err(_) => {}
        }
    }
    // What a fault does is never cut.
    let cut = variants.iter().filter_map(Replicated::first_fault).fold(cut, usize::min);
    let span = Duration::from_nanos(horizon.nanos() / windows(horizon) as u64 * cut as u64);
    let words = if cut == 0 {
        format!("{filled}; MSER-5 cuts nothing more")
    } else {
        format!("{filled}; MSER-5 cuts the first {span}, in all variants")
    };
    Cut { first_window: cut, words, warning: None }
}

fn windows_of(span: Duration, horizon: Duration) -> usize {
    let all = windows(horizon);
    let cut = (u128::from(span.nanos()) * all as u128).div_ceil(u128::from(horizon.nanos().max(1)));
    (cut as usize).min(all - 1)
}

/// Is the mean of the first `spans` beyond doubt (paired over replications, 95 %) another one than that of the rest?
///
/// MSER-5 minimises, and so cuts a little of any noise. After a fill there is mostly nothing to cut, and what is cut is
/// lost: it must have differed. Without enough replications to tell, the cut is believed.
fn begins_apart(runs: &[Run], spans: usize) -> bool {
    if spans == 0 {
        return false;
    }
    let mean = |run: &Run, first: bool| -> Option<f64> {
        let parts = run.rows.iter().map(|row| {
            let at = spans.min(row.series.len());
            if first { &row.series[..at] } else { &row.series[at..] }
        });
        let (count, sum) = parts.flatten().fold((0u64, 0u128), |all, &(n, ns)| (all.0 + n, all.1 + u128::from(ns)));
        (count > 0).then(|| sum as f64 / count as f64)
    };
    let apart: Option<Vec<f64>> = runs.iter().map(|run| Some(mean(run, true)? - mean(run, false)?)).collect();
    match apart {
        Some(apart) if runs.len() >= INTERVAL_REPLICATIONS as usize => {
            let interval = mean_interval(&apart, Critical::new(runs.len() as u32, 0.95, 1));
            interval.low > 0.0 || interval.high < 0.0
        }
        _ => true,
    }
}

/// Mean latency over time, averaged over replications and rows; a span in which nothing was answered repeats the last
/// one. None where nothing was answered at all.
fn series(runs: &[Run]) -> Option<Vec<f64>> {
    let length = runs.iter().flat_map(|run| &run.rows).map(|row| row.series.len()).max()?;
    let mut spans = vec![(0u64, 0u128); length];
    for row in runs.iter().flat_map(|run| &run.rows) {
        for (span, &(count, sum_ns)) in spans.iter_mut().zip(&row.series) {
            span.0 += count;
            span.1 += u128::from(sum_ns);
        }
    }
    let mut last = spans.iter().find(|span| span.0 > 0).map(|&(count, sum)| sum as f64 / count as f64)?;
    let mean = |&(count, sum): &(u64, u128)| {
        if count > 0 {
            last = sum as f64 / count as f64;
        }
        last
    };
    Some(spans.iter().map(mean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RequestRow;

    /// Twenty replications of 600 spans of ten answers, `ms(replication, span)` each.
    fn runs(ms: impl Fn(u64, u64) -> u64) -> Vec<Run> {
        let run = |replication| {
            let series = (0..600).map(|span| (10, 10_000_000 * ms(replication, span))).collect();
            Run { rows: vec![RequestRow { series, ..RequestRow::default() }], ..Run::default() }
        };
        (0..20).map(run).collect()
    }

    fn noise(replication: u64, span: u64) -> u64 {
        50 + ((replication * 7919 + span) * 104_729 % 1009) % 11
    }

    #[test]
    fn a_beginning_that_differs_is_told_from_noise() {
        let steady = runs(noise);
        let settling = runs(|replication, span| noise(replication, span) + if span < 60 { 30 } else { 0 });
        assert!(begins_apart(&settling, 60));
        assert!(!begins_apart(&steady, 60));
        assert!(!begins_apart(&settling, 0), "nothing is not apart from anything");
        let cut = warm_up_cut(&series(&settling).expect("answers")).expect("it settles");
        assert_eq!(cut, 60);
    }

    #[test]
    fn a_span_without_answers_repeats_the_last_one() {
        let row = RequestRow { series: vec![(0, 0), (2, 10), (0, 0), (1, 7)], ..RequestRow::default() };
        let run = Run { rows: vec![row], ..Run::default() };
        assert_eq!(series(&[run]), Some(vec![5.0, 5.0, 5.0, 7.0]));
        assert_eq!(series(&[Run::default()]), None);
    }
}
