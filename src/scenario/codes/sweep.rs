//! Codes of sweeps, copies and identities.

use super::{Code, code};

/// EW470 to EW478, EW525.
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
    code(
        "EW475",
        "a counter out of place",
        "`$NAME` is the number of a copy: it means something below a name that has it, or in an item of a list. And each copy needs a name of its own.",
    ),
    code("EW476", "a counter of nothing", "No name has it, so it multiplies nothing: changing it changes nothing."),
    code(
        "EW477",
        "two services of one name",
        "A mesh knows a service by namespace and name, and merges the endpoints of all clusters. Two teams that chose one name get each other's calls. The run measures what comes of it.",
    ),
    code(
        "EW478",
        "what cannot be one service",
        "Entries of one identity are replicas of one service: they agree on workers, threads, queue and the like; and `in` speaks of clusters in which the service runs.",
    ),
    code("EW525", "no name of a service", "A mesh knows a service by its name, or by its namespace and its name."),
];
