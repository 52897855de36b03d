//! Databases.

use crate::scenario::span::{Span, Spanned};

/// `stores.NAME`: a database that is divided, each cluster with data of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Store {
    /// Where it is written.
    pub span: Span,
    /// Services that look into the data of their own cluster.
    pub used_by: Vec<Spanned<String>>,
    /// A call for data that is elsewhere is answered with an error; else it is only counted.
    pub refuses: bool,
}
