//! What each fault costs once in transfer, beyond the rates outside faults: a month need not hold it.

use super::line::{Priced, with_noise};
use super::month::{Month, overlaps};
use crate::record::{BillLine, FaultRow, Run};
use crate::units::Duration;
use crate::world::{Basis, Direction, Fault, Tap, World};

const GIB: f64 = 1_073_741_824.0;

/// A line for each fault; none where no window lies outside faults, or no fault lies within the run.
pub(super) fn extra(world: &World, runs: &[Run], month: &Month, priced: &[Priced<'_>]) -> Vec<BillLine> {
    let quiet: Vec<usize> = (0..month.counts.len()).filter(|&window| month.counts[window]).collect();
    if runs.is_empty() || quiet.is_empty() || quiet.len() == month.counts.len() {
        return Vec::new();
    }
    let edge = |window: usize| Duration::from_nanos(month.window_ns * window as u64);
    let of_fault = |fault: &Fault| {
        let within = |run: &Run| -> Vec<usize> {
            let touched = |window: &usize| {
                of_fault_in(run, fault).is_some_and(|row| overlaps(row, edge(*window), edge(window + 1)))
            };
            (0..month.counts.len()).filter(touched).collect()
        };
        // Of each run: the fault's windows, and what they are of the quiet ones.
        let times: Vec<(Vec<usize>, f64)> = runs
            .iter()
            .map(|run| {
                let within = within(run);
                let share = share(month, &within, &quiet);
                (within, share)
            })
            .collect();
        // Once each time that it comes: the mean over all its occurrences.
        let came: usize = runs.iter().filter_map(|run| Some(of_fault_in(run, fault)?.spans.len())).sum();
        let each = runs.len() as f64 / came.max(1) as f64;
        // Bytes in the fault's windows beyond those of the same requests outside faults.
        let more = |(run, (within, share)): (&Run, &(Vec<usize>, f64)), tap: &Tap| {
            let in_windows = |windows: &[usize]| bytes(run, tap, windows) as f64;
            each * (in_windows(within) - in_windows(&quiet) * share)
        };
        let mut taps: Vec<&Tap> = Vec::new();
        let mut amounts = vec![0.0; runs.len()];
        for priced in priced {
            let Basis::Bytes(of_charge) = &priced.charge.basis else { continue };
            let Some(price) = last_price(priced) else { continue };
            for (of, amount) in runs.iter().zip(&times).zip(&mut amounts) {
                let bytes: f64 = of_charge.iter().map(|tap| more(of, tap)).sum();
                *amount += bytes / priced.charge.tariff.gigabyte as f64 * price;
            }
            if price > 0.0 {
                taps.extend(of_charge);
            }
        }
        // Each byte once, however many rules charge it.
        taps.sort_unstable_by_key(|tap| (tap.path, tap.direction == Direction::Back));
        taps.dedup();
        let gigabytes: Vec<f64> =
            runs.iter().zip(&times).map(|of| taps.iter().map(|tap| more(of, tap)).sum::<f64>() / GIB).collect();
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

fn of_fault_in<'r>(run: &'r Run, fault: &Fault) -> Option<&'r FaultRow> {
    run.faults.iter().find(|row| row.fault == fault.name)
}

/// What the fault's windows are of the quiet ones: in requests that the workload's profile sends, where it has one; a fault
/// at the peak is not dearer for the peak.
fn share(month: &Month, within: &[usize], quiet: &[usize]) -> f64 {
    let by_length = within.len() as f64 / quiet.len() as f64;
    let Some(expected) = &month.expected else { return by_length };
    let sum = |windows: &[usize]| windows.iter().map(|&window| expected[window]).sum::<f64>();
    let all = sum(quiet);
    if all > 0.0 { sum(within) / all } else { by_length }
}

fn bytes(run: &Run, tap: &Tap, windows: &[usize]) -> u64 {
    let Some(row) = run.paths.get(tap.path.0 as usize) else { return 0 };
    let counts = if tap.direction == Direction::Forward { &row.forward } else { &row.back };
    windows.iter().map(|&window| counts.get(window).copied().unwrap_or(0)).sum()
}

/// What one more gigabyte costs on this line after discount: the price of the highest step that the month reaches.
fn last_price(priced: &Priced<'_>) -> Option<f64> {
    let line = &priced.line;
    let price = line.parts.last().map_or_else(|| priced.charge.price(), |part| part.price)?;
    Some(price.mid.units() * line.exchange.value() * (1.0 - line.discount.value()))
}
