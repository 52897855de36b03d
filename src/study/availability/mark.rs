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
/// Nothing is down later than this: outages end at different moments of what waits for their end.
pub(super) const ENDED: u64 = 60;
/// The run ends.
pub(super) const END: u64 = 80;
