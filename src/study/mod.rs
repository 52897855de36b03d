//! From a scenario to an answer: the design of replications, what they say with which certainty, the bill, the gates.

pub mod statistics;
