//! A run's pieces summed up: windows of faults, what is outside of all of them, and whose the failures are.

use crate::record::{Charge, ErrorRow, Failure, FaultPieces, FaultRow, Pieces, RequestWindow, Run, SparseHistogram};

impl Pieces {
    /// Failures of a piece, all rows together.
    pub fn failed(&self, piece: usize) -> u64 {
        self.rows.iter().map(|row| row[piece].failed.iter().sum::<u64>()).sum()
    }

    /// Several pieces, all rows together.
    pub fn whole(&self, pieces: &[usize]) -> RequestWindow {
        let rows: Vec<RequestWindow> = self.rows.iter().map(|row| sum(row, pieces)).collect();
        sum(&rows, &(0..rows.len()).collect::<Vec<_>>())
    }

    /// The first fault that has requests of a piece.
    fn first(&self, piece: usize) -> Option<usize> {
        self.faults.iter().position(|fault| fault.parts[piece] != Charge::Outside)
    }
}

/// Counts of some of these together.
pub fn sum(of: &[RequestWindow], those: &[usize]) -> RequestWindow {
    if let [only] = those {
        return of[*only].clone();
    }
    let grouping = of.first().map_or(0, |one| one.latency.grouping);
    let latency = SparseHistogram::merged(grouping, those.iter().map(|&one| &of[one].latency));
    let mut sum = RequestWindow { latency, ..RequestWindow::default() };
    for one in those.iter().map(|&one| &of[one]) {
        sum.sent += one.sent;
        sum.failed.iter_mut().zip(&one.failed).for_each(|(sum, more)| *sum += more);
    }
    sum
}

impl Run {
    /// Counts of windows, of each fault, and of what is outside of all of them, summed up from pieces.
    pub fn sum_up(&mut self, pieces: &Pieces) {
        let count = pieces.starts_ns.len();
        let outside: Vec<usize> = (0..count).filter(|&piece| pieces.first(piece).is_none()).collect();
        for (row, of) in self.rows.iter_mut().zip(&pieces.rows) {
            let own = sum(of, &outside);
            (row.outside, row.outside_sent) = (own.latency, own.sent);
        }
        for (fault, own) in self.faults.iter_mut().zip(&pieces.faults) {
            (fault.rows, fault.after) = (counted(pieces, own, Charge::During), counted(pieces, own, Charge::After));
            fault.hit_before = own.hit_before.iter().sum();
            fault.shared = own.shared.iter().sum();
        }
        self.errors = errors(pieces, &self.faults);
    }
}

/// Sent, failed by class, and latencies of a row.
type Counted = (u64, [u64; Failure::ALL.len()], SparseHistogram);

/// By row, what is charged to a fault in one way.
fn counted(pieces: &Pieces, own: &FaultPieces, charge: Charge) -> Vec<Counted> {
    let those: Vec<usize> = (0..own.parts.len()).filter(|&piece| own.parts[piece] == charge).collect();
    let row = |of: &Vec<RequestWindow>| {
        let all = sum(of, &those);
        (all.sent, all.failed, all.latency)
    };
    pieces.rows.iter().map(row).collect()
}

/// Failed requests with the first fault that has them; of equal ones those of a fault before those of none.
fn errors(pieces: &Pieces, faults: &[FaultRow]) -> Vec<ErrorRow> {
    let equal = |a: &(ErrorRow, usize), b: &(ErrorRow, usize)| {
        let key = |row: &ErrorRow| (row.row, row.class, row.fault.clone(), row.place.clone(), row.edge.clone());
        key(&a.0) == key(&b.0)
    };
    let mut rows = Vec::new();
    for same in pieces.errors.chunk_by(equal) {
        let mut by_fault = vec![0; faults.len() + 1];
        for (error, piece) in same {
            by_fault[pieces.first(*piece).unwrap_or(faults.len())] += error.count;
        }
        let within = |fault: usize| faults.get(fault).map_or_else(String::new, |fault| fault.fault.clone());
        let some = by_fault.iter().enumerate().filter(|(_, count)| **count > 0);
        rows.extend(some.map(|(fault, &count)| ErrorRow { within: within(fault), count, ..same[0].0.clone() }));
    }
    rows
}
