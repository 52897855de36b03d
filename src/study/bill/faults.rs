//! What each fault costs once, beyond the same time without it: a month need not hold it.
//!
//! A run and its twin without faults share every piece of luck, so that they are the same until the first fault and differ
//! afterwards by what it did alone, for as long as that lasts.

use super::line::{Priced, with_noise};
use crate::record::{BillLine, Run};
use crate::world::{Basis, Direction, Fault, Tap, World};

const GIB: f64 = 1_073_741_824.0;
const HOUR_NS: f64 = 3.6e12;

/// A line for each fault; none where no run has one.
pub(super) fn extra(
    world: &World,
    runs: &[Run],
    twins: &[Run],
    window_ns: u64,
    priced: &[Priced<'_>],
) -> Vec<BillLine> {
    if runs.is_empty() {
        return Vec::new();
    }
    let of_fault = |fault: &Fault| {
        let spans: Vec<Vec<(usize, usize)>> = runs.iter().map(|run| charged(run, fault, window_ns)).collect();
        // Once each time that it comes: the mean over all its occurrences.
        let came: usize = spans.iter().map(Vec::len).sum();
        let each = runs.len() as f64 / came.max(1) as f64;
        // What a run counted in the fault's windows beyond its twin.
        let more = |index: usize, count: &dyn Fn(&Run, usize) -> u64| {
            let windows = || spans[index].iter().flat_map(|&(from, to)| from..to);
            let sum = |run: &Run| windows().map(|window| count(run, window)).sum::<u64>() as f64;
            each * (sum(&runs[index]) - sum(&twins[index]))
        };
        let bytes = |index: usize, tap: &Tap| more(index, &|run, window| bytes(run, tap, window));
        let mut taps: Vec<&Tap> = Vec::new();
        let mut amounts = vec![0.0; runs.len()];
        for priced in priced {
            let Some(price) = last_price(priced) else { continue };
            for (index, amount) in amounts.iter_mut().enumerate() {
                *amount += price
                    * match &priced.charge.basis {
                        Basis::Bytes(of_charge) => {
                            let bytes: f64 = of_charge.iter().map(|tap| bytes(index, tap)).sum();
                            bytes / priced.charge.tariff.gigabyte as f64
                        }
                        Basis::Pods { scaler, each } => {
                            let lived = |run: &Run, window: usize| {
                                run.scaling.get(*scaler).and_then(|row| row.pod_ns.get(window).copied()).unwrap_or(0)
                            };
                            more(index, &lived) / HOUR_NS * each
                        }
                        _ => 0.0,
                    };
            }
            if let Basis::Bytes(of_charge) = &priced.charge.basis
                && price > 0.0
            {
                taps.extend(of_charge);
            }
        }
        // Each byte once, however many rules charge it.
        taps.sort_unstable_by_key(|tap| (tap.path, tap.direction == Direction::Back));
        taps.dedup();
        let gigabytes: Vec<f64> =
            (0..runs.len()).map(|index| taps.iter().map(|tap| bytes(index, tap)).sum::<f64>() / GIB).collect();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        BillLine {
            product: "fault".into(),
            item: fault.name.clone(),
            scope: fault.hits.clone(),
            quantity: with_noise(mean(&gigabytes), &gigabytes),
            unit: "GB".into(),
            amount: with_noise(mean(&amounts), &amounts),
            ..BillLine::default()
        }
    };
    world.faults.rows().iter().map(of_fault).collect()
}

/// The windows that an occurrence of a fault answers for: from the one it begins in up to the one in which the next of any
/// fault begins, for what it leaves behind is its own.
fn charged(run: &Run, fault: &Fault, window_ns: u64) -> Vec<(usize, usize)> {
    let begin = |span: &(u64, u64)| (span.0 < run.horizon_ns).then_some((span.0 / window_ns.max(1)) as usize);
    let all: Vec<usize> = run.faults.iter().flat_map(|row| &row.spans).filter_map(begin).collect();
    let end = run.horizon_ns.div_ceil(window_ns.max(1)) as usize;
    let of = run.faults.iter().filter(|row| row.fault == fault.name).flat_map(|row| &row.spans);
    let until = |from: usize| all.iter().copied().filter(|&begin| begin > from).min().unwrap_or(end);
    of.filter_map(begin).map(|from| (from, until(from))).collect()
}

fn bytes(run: &Run, tap: &Tap, window: usize) -> u64 {
    let Some(row) = run.paths.get(tap.path.0 as usize) else { return 0 };
    let counts = if tap.direction == Direction::Forward { &row.forward } else { &row.back };
    counts.get(window).copied().unwrap_or(0)
}

/// What one more gigabyte costs on this line after discount: the price of the highest step that the month reaches.
fn last_price(priced: &Priced<'_>) -> Option<f64> {
    let line = &priced.line;
    let price = line.parts.last().map_or_else(|| priced.charge.price(), |part| part.price)?;
    Some(price.mid.units() * line.exchange.value() * (1.0 - line.discount.value()))
}
