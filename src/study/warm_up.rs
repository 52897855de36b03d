//! What is deleted before measuring: one cut for all variants, so that they still face the same requests.

use super::replicated::Replicated;
use super::statistics::{WarmUpError, warm_up_cut};
use crate::record::Run;
use crate::scenario::file::WarmUp;
use crate::units::Duration;
use crate::world::WINDOWS;

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
/// where something changes with time, for then there is no steady state to wait for.
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
        let Some(series) = series(&variant.runs) else { continue };
        match warm_up_cut(&series) {
            // A window is a sixtieth of the horizon; the cut is rounded up to one.
            Ok(values) => cut = cut.max((values * WINDOWS).div_ceil(series.len())),
            Err(WarmUpError::TooShort(_)) => {}
            Err(WarmUpError::NotSettled) => {
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
        }
    }
    let span = Duration::from_nanos(horizon.nanos() / WINDOWS as u64 * cut as u64);
    let words = if cut == 0 {
        format!("{filled}; MSER-5 cuts nothing more")
    } else {
        format!("{filled}; MSER-5 cuts the first {span}, in all variants")
    };
    Cut { first_window: cut, words, warning: None }
}

fn windows_of(span: Duration, horizon: Duration) -> usize {
    let windows = (u128::from(span.nanos()) * WINDOWS as u128).div_ceil(u128::from(horizon.nanos().max(1)));
    (windows as usize).min(WINDOWS - 1)
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
