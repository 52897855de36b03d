//! Failed requests by where and why they failed.

use std::collections::BTreeMap;

use super::Ledger;
use crate::record::{ErrorRow, Failure, RequestRow};
use crate::units::SimTime;
use crate::world::{EdgeId, PlaceId, World};

/// No fault.
const NO_FAULT: u8 = u8::MAX;

/// The call that a failure began with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::mesh) struct Blame {
    /// Its edge.
    pub(in crate::mesh) edge: EdgeId,
    /// Where its last attempt went; none: nowhere.
    pub(in crate::mesh) place: PlaceId,
    /// The fault that lasted on its way.
    fault: u8,
}

impl Blame {
    pub(in crate::mesh) const fn of(edge: EdgeId) -> Self {
        Blame { edge, place: PlaceId::NONE, fault: NO_FAULT }
    }

    pub(in crate::mesh) const fn at(edge: EdgeId, place: PlaceId, fault: Option<u32>) -> Self {
        let fault = match fault {
            Some(fault) => fault as u8,
            None => NO_FAULT,
        };
        Blame { edge, place, fault }
    }
}

/// How many, by row, class, blame, and the piece of time in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Errors(BTreeMap<(u32, Failure, Blame, usize), u64>);

impl Ledger {
    /// A request failed.
    pub(in crate::mesh) fn failed(&mut self, row: u32, intended: SimTime, failure: Failure, blame: Blame) {
        let at = intended.nanos();
        if self.within(at) {
            // Without faults nobody asks when.
            let piece = if self.faults.is_empty() { 0 } else { self.cuts.piece(self.span_at(at).0, at) };
            *self.errors.0.entry((row, failure, blame, piece)).or_default() += 1;
        }
    }
}

impl Errors {
    /// Each with its piece, and with no fault as the one in which it was sent.
    pub(super) fn rows(&self, world: &World, rows: &[RequestRow]) -> Vec<(ErrorRow, usize)> {
        let fault = |fault: u8| world.faults.rows().get(usize::from(fault)).map(|fault| fault.name.clone());
        let row = |(&(row, class, blame, piece), &count): (&(u32, Failure, Blame, usize), &u64)| {
            let error = ErrorRow {
                row,
                class,
                edge: if blame.edge.is_none() {
                    format!("{} -> {}", rows[row as usize].stream, rows[row as usize].service)
                } else {
                    world.edges[blame.edge].name.clone()
                },
                place: if blame.place.is_none() { String::new() } else { world.places[blame.place].name.clone() },
                fault: fault(blame.fault).unwrap_or_default(),
                within: String::new(),
                count,
            };
            (error, piece)
        };
        self.0.iter().map(row).collect()
    }
}
