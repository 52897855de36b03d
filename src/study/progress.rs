//! Who watches a study: counts of finished runs, no clock; and who may stop it.

use std::sync::atomic::{AtomicU64, Ordering};

/// All replications of all variants.
pub(super) const FIRST_STAGE: &str = "1, replications";
/// The same, and a few of them at the ends of the inputs' ranges.
pub(super) const FIRST_STAGE_AND_ENDS: &str = "1, replications and ends of the inputs";
/// What the figures of the first stage ask for.
pub(super) const SECOND_STAGE: &str = "2, slowest requests and inputs that may turn the answer";

/// Told what is done; shared by all threads.
pub trait Progress: Sync {
    /// A stage of `total` runs begins; `stage` says which: `1, replications`.
    fn begin(&self, stage: &str, total: u64);
    /// `n` more are done; `what` says which: `cen, replication 7`.
    fn advance(&self, n: u64, what: &str);
    /// Shall no more runs begin? The study then says what it has.
    fn stopped(&self) -> bool {
        false
    }
    /// `what` is under way, and this share of it is done: shall it go on? What does not is lost.
    fn goes_on(&self, _what: &str, _share: f64) -> bool {
        true
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, _n: u64, _what: &str) {}
}

/// Nobody watches, and no run begins once so many are finished.
#[derive(Debug)]
pub struct StopsAfter(AtomicU64);

impl StopsAfter {
    /// After `count` runs.
    pub fn runs(count: u64) -> Self {
        StopsAfter(AtomicU64::new(count))
    }
}

impl Progress for StopsAfter {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, n: u64, _what: &str) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(n)));
    }
    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}
