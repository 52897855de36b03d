//! What is said of entries and of what operators did in the runs.

use super::replicated::Replicated;
use crate::record::{FaultRow, FaultSpan};
use crate::units::Duration;

/// When each action was done, and for how long it waited.
pub(super) fn told(of: &[Replicated]) -> Vec<String> {
    let mut said = Vec::new();
    for variant in of {
        for action in variant.world.actions.rows() {
            let rows: Vec<_> =
                variant.runs.iter().flat_map(|run| &run.actions).filter(|row| row.action == action.name).collect();
            let whose = if of.len() > 1 { format!(" of {}", variant.world.variant) } else { String::new() };
            let done: Vec<u64> = rows.iter().filter_map(|row| row.done_ns).collect();
            let (Some(first), Some(last)) = (done.iter().min(), done.iter().max()) else {
                let why =
                    if rows.is_empty() { "never came due" } else { "came due, and what it needs never came back" };
                said.push(format!("action {}{whose} {why}", action.name));
                continue;
            };
            let waited = rows.iter().filter_map(|row| Some(row.done_ns? - row.due_ns)).max().unwrap_or(0);
            let span = |nanos: u64| Duration::from_nanos(nanos).to_string();
            let when = if first == last { span(*first) } else { format!("{} to {}", span(*first), span(*last)) };
            let waited = if waited == 0 {
                String::new()
            } else {
                format!(", having waited up to {} for what it needs", span(waited))
            };
            let charged = charged(variant, &action.name);
            said.push(format!("action {}{whose} was done at {when}{waited}; {charged}", action.name));
        }
    }
    said
}

/// When actions were done, in all variants together.
pub(super) fn spans(of: &[Replicated]) -> Vec<FaultSpan> {
    let mut spans: Vec<FaultSpan> = Vec::new();
    for row in of.iter().flat_map(|variant| &variant.runs).flat_map(|run| &run.actions) {
        let Some(at) = row.done_ns.map(|done| done as f64 / 1e9) else { continue };
        match spans.iter_mut().find(|span| span.name == row.action) {
            Some(span) => (span.start_s, span.end_s) = (span.start_s.min(at), span.end_s.max(at)),
            None => {
                spans.push(FaultSpan { name: row.action.clone(), start_s: at, end_s: at, ..FaultSpan::default() });
            }
        }
    }
    spans
}

/// Where what an action loses is counted: with the faults into whose windows it falls, or outside of them.
fn charged(variant: &Replicated, action: &str) -> String {
    let mut faults: Vec<&str> = Vec::new();
    for run in &variant.runs {
        let done = run.actions.iter().filter(|row| row.action == action).filter_map(|row| row.done_ns);
        for at in done {
            let holds = |fault: &&FaultRow| fault.counted().any(|(from, until)| from <= at && at < until);
            faults.extend(run.faults.iter().filter(holds).map(|fault| fault.fault.as_str()));
        }
    }
    faults.sort_unstable();
    faults.dedup();
    if faults.is_empty() {
        return "no fault's window holds it: what it costs is outside of all faults".to_owned();
    }
    format!("it falls into the window of {}, and what it costs until that ends is charged there", faults.join(", "))
}

/// Entries whose price no book has.
pub(super) fn unpriced(of: &[Replicated]) -> Option<String> {
    let led = |variant: &Replicated| variant.world.streams.rows().iter().any(|stream| stream.via.is_some());
    of.iter().any(led).then(|| {
        "a global entry costs nothing here: no book has a price of its health checks and queries, nor of bytes between users \
         and an ingress"
            .to_owned()
    })
}
