//! Requests of a run cut up so finely that each piece lies in one window of the horizon and, of every fault, either
//! within it, or in the time after it that the run has watched, or outside of both.
//!
//! What a fault loses is the sum of its pieces. How long it goes on losing nobody knows before the run is over: whoever
//! does, says so in [`FaultPieces::parts`] and sums again (`meter`).

use super::{ErrorRow, RequestWindow};

/// How a request that was sent in a piece of time is a fault's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Charge {
    /// The fault lasts.
    During,
    /// It is over, and what fails is still counted as its own.
    After,
    /// It is not its own.
    Outside,
}

/// A run's requests by piece.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Pieces {
    /// When each begins, nanoseconds from t = 0.
    pub starts_ns: Vec<u64>,
    /// The window of the horizon in which each lies.
    pub windows: Vec<usize>,
    /// By row of `Run::rows`, by piece.
    pub rows: Vec<Vec<RequestWindow>>,
    /// By fault of `Run::faults`.
    pub faults: Vec<FaultPieces>,
    /// Failed requests and the piece in which they were sent; equal ones but for the piece stand together. `within` is empty.
    pub errors: Vec<(ErrorRow, usize)>,
}

/// What a fault has of each piece.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FaultPieces {
    /// By piece.
    pub parts: Vec<Charge>,
    /// By piece: requests sent before an occurrence that failed in it.
    pub hit_before: Vec<u64>,
    /// By piece: failures that another fault is charged with as well.
    pub shared: Vec<u64>,
}
