//! Codes of when faults come (docs/failures.md).

use super::{Code, code};

/// EW428 to EW432.
pub(super) const WEATHER: &[Code] = &[
    code(
        "EW428",
        "a fault that comes again before it is over",
        "What repeats begins every so often and lasts for less than that. What never ends is no fault but the way things are: leave `every` out, or change what is hit.",
    ),
    code(
        "EW429",
        "a fault that comes too often",
        "Each component may fail 100,000 times in a run. What comes and goes faster than requests do is a property of the network (`loss`, `slow`) or flaps.",
    ),
    code(
        "EW432",
        "a time of day without a date",
        "A fault comes at a time of day where the users of the first stream are, and nobody said what time it is there at t = 0: midnight is assumed.",
    ),
];
