//! From a scenario to an answer: the design of replications, what they say with which certainty, the bill, the gates.
//!
//! [`compare`] runs every variant of a scenario on common random numbers and weighs them; [`run`] runs one. What they
//! leave is a [`Study`]: a `record::Comparison`, every figure with its interval, and the exact records it was read off;
//! [`files::write`] puts both into a folder. The bill, the estimate in closed form and the explanation stand beside
//! them. Knows nothing of charts or terminals.

pub mod availability;
pub mod bill;
mod break_even;
mod business;
mod calm;
mod chains;
pub mod changes;
mod charge;
mod design;
pub mod difference;
pub mod erlang_a;
pub mod estimate;
pub mod explain;
pub mod faults;
pub mod figure;
pub mod files;
pub mod gates;
pub mod hours;
pub mod inputs;
pub mod loss;
pub mod measure;
pub mod measured;
mod operators;
mod pool;
pub mod progress;
pub mod recovery;
mod remarks;
pub mod replicated;
mod replications;
pub mod resource;
pub mod robustness;
pub mod route;
mod run;
pub mod sample;
mod scaling;
mod served;
mod sessions;
pub mod statistics;
mod stores;
pub mod summary;
pub mod sweep;
pub mod traffic;
pub mod uptime;
mod varied;
pub mod verdict;
pub mod warm_up;
mod weigh;
mod words;

pub use break_even::{Reload, break_even};
pub use design::{Options, Study, StudyError, compare};
pub use gates::exit_code;
pub use progress::{Progress, Unwatched};
pub use run::run;
pub use sweep::sweep;
