//! What a run leaves behind and what a study makes of it: the only types that `report` knows.
//!
//! [`Run`] is one replication of one variant: exact integer counts and histograms. [`Comparison`] is the result of a
//! study, every figure with its interval; written to disk as `summary.json` and read back by `eastwest report`.

mod availability;
mod break_even;
mod business;
mod comparison;
mod explain;
mod fault;
mod harm;
mod measured;
mod pieces;
mod projection;
mod route;
mod run;
mod session;
mod store;
mod sweep;

pub use availability::*;
pub use break_even::*;
pub use business::*;
pub use comparison::*;
pub use explain::*;
pub use fault::*;
pub use harm::*;
pub use measured::*;
pub use pieces::*;
pub use projection::*;
pub use route::*;
pub use run::*;
pub use session::*;
pub use store::*;
pub use sweep::*;
