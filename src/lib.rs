//! eastwest: a discrete-event simulator of multi-region service-mesh traffic.

pub mod cli;
pub mod connect;
pub mod engine;
pub mod fault;
pub mod mesh;
pub mod meter;
pub mod policy;
pub mod provider;
pub mod random;
pub mod record;
pub mod report;
pub mod scenario;
pub mod study;
pub mod table;
pub mod topology;
pub mod units;
pub mod workload;
pub mod world;
