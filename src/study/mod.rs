//! From a scenario to an answer: the design of replications, what they say with which certainty, the bill, the gates.

pub mod bill;
pub mod difference;
pub mod explain;
pub mod figure;
pub mod files;
pub mod gates;
pub mod measure;
pub mod progress;
pub mod recovery;
pub mod replicated;
pub mod resource;
pub mod route;
pub mod sample;
pub mod statistics;
pub mod summary;
pub mod traffic;
pub mod verdict;
pub mod warm_up;
