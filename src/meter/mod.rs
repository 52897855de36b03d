//! What a run counts with: histograms of time and levels over time. Exact integers, so that merging never rounds.

mod histogram;
mod level;
mod pieces;
mod shift;
mod sparse;
mod uptime;

pub use histogram::{Histogram, bucket, bucket_low, bucket_top};
pub use level::Level;
pub use pieces::sum;
pub use shift::{Calls, Left, SHIFT_BIN, SHIFT_REST, left, share};
pub use sparse::{Quantile, Within};
pub use uptime::{Active, UserTime, decided_until, exact_minimal_ratio, minimal_cumulative_ratio, user_uptime};
