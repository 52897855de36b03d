//! Statistics as pure functions: numbers in, intervals out.
//!
//! The unit of inference is the replication: requests of one run are never treated as independent of each other.
//! Knows nothing of scenarios, variants or files. Every transcendental goes through `libm`, so that intervals are the
//! same on every platform.

mod distribution;
mod gamma;
mod interval;
mod proportion;
mod quantile;
mod warm_up;

pub use distribution::{beta_quantile, beta_share, normal_quantile, student_quantile};
pub use gamma::{gamma_quantile, gamma_share};
pub use interval::{Critical, Interval, Sections, mean_interval, ratio_interval, variance, variance_ratio};
pub use proportion::{clopper_pearson, design_effect, wilson};
pub use quantile::{
    Floor, INTERVAL_REPLICATIONS, QuantileInterval, UNMARKED_BEYOND, UNMARKED_REPLICATIONS, quantile_interval,
    quantile_sections,
};
pub use warm_up::{Minimum, WarmUpError, mser, warm_up_cut};
