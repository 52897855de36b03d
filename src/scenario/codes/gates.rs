//! Codes of objectives.

use super::{Code, code};

pub(super) const GATES: &[Code] = &[
    code(
        "EW500",
        "a check that cannot be read",
        "The grammar: `FIGURE(SUBJECT[, from=PLACE]) < BOUND`, or `path(A -> B) avoids PRODUCT`.",
    ),
    code(
        "EW501",
        "an unknown figure",
        "Percentiles such as `p99`, mean, availability, throughput, recovery, lost, detect, shift, burn, user-uptime, mcr, amplification, cost, utilisation.",
    ),
    code("EW502", "a bill per something else", "Bills are per month."),
    code(
        "EW503",
        "a figure of no time",
        "Whether a path crosses a product does not depend on time; costs, amplification and what is told of a fault are of the whole run. What promotions take and lose may be of one fault (`during`).",
    ),
    code(
        "EW504",
        "a gate that says nothing",
        "It would never be judged, or never be missed: nobody asks for its subject, no replica ever takes over, or its limit is past what can be, as in `lost(FAULT) >= 0`.",
    ),
    code(
        "EW526",
        "too few replications for a gate",
        "A gate is judged by an interval over replications, of which five are needed.",
    ),
];
