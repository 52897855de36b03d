//! Where hosts are chosen from: Envoy has a source for each priority and class of hosts, and for each locality of it, with
//! turns of its own.
//!
//! Made when first asked and again when its priority changes, never for a request.

use std::sync::Arc;

use super::tables::Table;
use super::view::View;
use crate::policy::edf::Edf;
use crate::policy::locality_weighted;
use crate::policy::priority::Pool;
use crate::policy::zone_aware::Routing;

/// One proxy's sources of one upstream.
#[derive(Debug)]
pub(super) struct Sources {
    /// By source.
    pub(super) states: Box<[State]>,
    /// By source: its turn of round robin, which survives all changes.
    pub(super) turns: Box<[u64]>,
    /// By priority and class: turns of its localities.
    localities: Box<[[Localities; 2]]>,
    /// What is done with zones; none: not known yet.
    pub(super) zones: Option<Zones>,
}

/// How a source's hosts are chosen.
#[derive(Debug, Default)]
pub(super) enum State {
    /// Not looked at since its hosts changed.
    #[default]
    Unknown,
    /// As equals.
    Equal,
    /// In turns by weight.
    Weighted(Edf),
    /// By a table of hashes.
    Table(Arc<Table>),
}

/// Turns of the localities of one priority and class.
#[derive(Debug, Default)]
pub(super) enum Localities {
    #[default]
    Unknown,
    /// None has any weight.
    None,
    Turns(locality_weighted::Turns),
}

/// Zone-aware routing: the rule, and the cell of each zone that it counts.
#[derive(Debug)]
pub(super) struct Zones {
    pub(super) routing: Routing,
    pub(super) cells: Vec<u32>,
}

/// One source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// A priority's hosts of a class.
    Whole(Pool, usize),
    /// Those in one cell.
    Cell(Pool, usize),
}

impl Source {
    fn row(self, view: &View) -> usize {
        let (priorities, cells) = (view.priorities(), view.cells.len());
        match self {
            Source::Whole(class, priority) => class as usize * priorities + priority,
            Source::Cell(class, cell) => 3 * priorities + if class == Pool::Degraded { cells } else { 0 } + cell,
        }
    }

    fn priority(row: usize, view: &View) -> usize {
        let (priorities, cells) = (view.priorities(), view.cells.len());
        match row.checked_sub(3 * priorities) {
            None => row % priorities,
            Some(cell) => usize::from(view.cells[cell % cells].priority),
        }
    }
}

impl Sources {
    pub(super) fn new(view: &View, key: u64) -> Self {
        let cells = if view.by_locality { 2 * view.cells.len() } else { 0 };
        let count = 3 * view.priorities() + cells;
        Sources {
            states: (0..count).map(|_| State::Unknown).collect(),
            // Proxies start at different hosts, or all first calls of a rollout would meet at one.
            turns: vec![(key >> 32) + 1; count].into(),
            localities: (0..view.priorities()).map(|_| Default::default()).collect(),
            zones: None,
        }
    }

    /// What was made of the hosts of these priorities, bit by priority, no longer holds.
    pub(super) fn forget(&mut self, view: &View, changed: u16) {
        for (row, state) in self.states.iter_mut().enumerate() {
            if changed & 1 << Source::priority(row, view) != 0 {
                *state = State::Unknown;
            }
        }
        for (priority, turns) in self.localities.iter_mut().enumerate() {
            if changed & 1 << priority != 0 {
                *turns = Default::default();
            }
        }
        self.zones = None;
    }

    pub(super) fn at(&mut self, source: Source, view: &View) -> (&mut State, &mut u64) {
        let row = source.row(view);
        (&mut self.states[row], &mut self.turns[row])
    }

    pub(super) fn localities(&mut self, priority: usize, class: Pool) -> &mut Localities {
        &mut self.localities[priority][usize::from(class == Pool::Degraded)]
    }
}
