//! Runs that an interrupted study has finished, so that the next one goes on from there to the same bytes.

use std::collections::BTreeMap;

use super::trial::Seen;
pub use crate::record::FinishedRun;

/// Runs that are finished, by key.
pub type KnownRuns = BTreeMap<String, Seen>;

/// What an earlier study left, and who is shown each run that this one finishes.
pub struct Keep<'a> {
    /// From earlier.
    pub known: KnownRuns,
    /// Told at once, by whichever thread has finished it.
    pub finished: &'a (dyn Fn(FinishedRun) + Sync),
}

impl Default for Keep<'_> {
    fn default() -> Self {
        Keep { known: KnownRuns::new(), finished: &|_| {} }
    }
}

impl Keep<'_> {
    /// The run of this key: as it was, or made now and told.
    pub(super) fn run(&self, key: &str, make: impl FnOnce() -> Option<Seen>) -> Option<Seen> {
        if let Some(seen) = self.known.get(key) {
            return Some(seen.clone());
        }
        let seen = make()?;
        (self.finished)(FinishedRun { key: key.to_owned(), seen: seen.clone() });
        Some(seen)
    }
}
