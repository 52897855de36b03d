//! Failed requests by where and why they failed.

use std::collections::BTreeMap;

use super::Ledger;
use super::window::Part;
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

/// How many, by row, class, blame, and the first fault in whose window they were sent.
#[derive(Debug, Default)]
pub(super) struct Errors(BTreeMap<(u32, Failure, Blame, u8), u64>);

impl Ledger {
    /// A request failed.
    pub(in crate::mesh) fn failed(&mut self, row: u32, intended: SimTime, failure: Failure, blame: Blame) {
        let at = intended.nanos();
        if self.within(at) {
            let inside = self.faults.iter().position(|fault| !matches!(fault.part(at), Part::Outside));
            let inside = inside.map_or(NO_FAULT, |fault| fault.min(usize::from(NO_FAULT)) as u8);
            *self.errors.0.entry((row, failure, blame, inside)).or_default() += 1;
        }
    }
}

impl Errors {
    pub(super) fn rows(&self, world: &World, rows: &[RequestRow]) -> Vec<ErrorRow> {
        let fault = |fault: u8| world.faults.rows().get(usize::from(fault)).map(|fault| fault.name.clone());
        let row = |(&(row, class, blame, inside), &count): (&(u32, Failure, Blame, u8), &u64)| ErrorRow {
            row,
            class,
            edge: if blame.edge.is_none() {
                format!("{} -> {}", rows[row as usize].stream, rows[row as usize].service)
            } else {
                world.edges[blame.edge].name.clone()
            },
            place: if blame.place.is_none() { String::new() } else { world.places[blame.place].name.clone() },
            fault: fault(blame.fault).unwrap_or_default(),
            within: fault(inside).unwrap_or_default(),
            count,
        };
        self.0.iter().map(row).collect()
    }
}
