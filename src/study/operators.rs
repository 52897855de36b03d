//! What is said of entries and of what operators did in the runs.

use super::replicated::Replicated;
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
            said.push(format!("action {}{whose} was done at {when}{waited}", action.name));
        }
    }
    said
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
