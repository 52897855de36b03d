//! Codes of sweeps.

use super::{Code, code};

/// EW470 to EW474.
pub(super) const SWEEP: &[Code] = &[
    code(
        "EW470",
        "not for a sweep",
        "Names, the seed, the replications and the objectives make the study what it is: they are the same at every point, or its figures could not be compared.",
    ),
    code(
        "EW471",
        "an axis with nothing to do",
        "An axis sets at least one path to at least one value, each value once.",
    ),
    code(
        "EW472",
        "set twice at one point",
        "Two axes that set one value would overwrite each other, and the grid would have points that are alike.",
    ),
    code(
        "EW473",
        "too many points",
        "Several axes make a grid of all their values. Each point is a whole comparison; sweep one axis at a time, or take fewer values.",
    ),
    code(
        "EW474",
        "no range",
        "A range lies between two different numbers of one unit; equal ratios (`scale: log`) need both above 0.",
    ),
];
