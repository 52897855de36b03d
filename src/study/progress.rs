//! Who watches a study: counts of finished runs, no clock; and who may stop it.

/// Told what is done; shared by all threads.
pub trait Progress: Sync {
    /// A stage of `total` runs begins.
    fn begin(&self, total: u64);
    /// `n` more are done; `what` says which: `cen, replication 7`.
    fn advance(&self, n: u64, what: &str);
    /// Shall no more runs begin? Those under way are finished, and the study says what it has.
    fn stopped(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _total: u64) {}
    fn advance(&self, _n: u64, _what: &str) {}
}
