//! Who watches a study: counts of finished runs, no clock.

/// Told what is done; shared by all threads.
pub trait Progress: Sync {
    /// A stage of `total` runs begins.
    fn begin(&self, total: u64);
    /// `n` more are done; `what` says which: `cen, replication 7`.
    fn advance(&self, n: u64, what: &str);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _total: u64) {}
    fn advance(&self, _n: u64, _what: &str) {}
}
