//! The marks of a simulated failure's course, in its windows. At first nothing fails.

/// It falls.
pub(super) const FALLS: u64 = 4;
/// All have learnt of it: the steady part begins.
pub(super) const SETTLED: u64 = FALLS + SETTLING;
/// Windows of settling.
pub(super) const SETTLING: u64 = 20;
/// The steady part of a long course ends: who asks from now on may be saved by the repair, which is part of what comes
/// and goes and no part of what stays.
pub(super) const SAVED: u64 = MENDED - 4;
/// It is mended; nothing more is seen of a failure that stays.
pub(super) const MENDED: u64 = 40;
/// The run ends.
pub(super) const END: u64 = 60;
/// Of the windows of a long course that are not steady, the share in which it is down.
pub(super) const DOWN: f64 = (SETTLED - FALLS + MENDED - SAVED) as f64 / (END - (SAVED - SETTLED)) as f64;
