//! Traffic lanes.

use crate::policy::lanes::{Entry, Group};
use crate::scenario::span::Span;

/// `mesh.lanes`. The rules that it makes stand among [`super::Mesh::rules`].
#[derive(Clone, Debug)]
pub struct Lanes {
    /// Where it is written.
    pub span: Span,
    /// The lanes, and what holds requests in them.
    pub group: Group,
    /// Where each lane is written.
    pub spans: Vec<Span>,
    /// How requests of streams enter, in order.
    pub ingress: Vec<Entry>,
}
