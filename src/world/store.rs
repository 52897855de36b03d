//! Databases: whose data is where.

use super::ServiceId;

/// A database that is divided: each cluster has data of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Store {
    /// The name.
    pub name: String,
    /// Services whose replicas look into the data of their own cluster, and no other.
    pub used_by: Vec<ServiceId>,
    /// A call for data that is elsewhere is answered with an error; else it is only counted.
    pub refuses: bool,
}
