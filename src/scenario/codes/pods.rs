//! Codes of faults that end and begin processes, and cut capacity.

use super::{Code, code};

pub(super) const PODS: &[Code] = &[
    code(
        "EW506",
        "a restart and something beside it",
        "A `restart` is over when all that it hits listens again, which follows from the `start-up` of its service or gateway (and of a rollout from its grace and the probes), so that it has no `for`, no `mean-down` and no `flap`. What else happens at that time is another fault.",
    ),
    code(
        "EW507",
        "a rollout of replicas that scale",
        "`restart: {at-once}` replaces pods in turns that are known before a run begins; an autoscaler decides in the run which pods there are. `restart: true` and `drain` work with both.",
    ),
    code(
        "EW508",
        "a list of what is hit",
        "All in a list are hit together, under one name, and a fault hits at least one thing. `down: true` is a matter of what is hit, silent or refused, so that a list of both kinds says which.",
    ),
    code(
        "EW509",
        "a cut that cuts nothing",
        "`rate` takes from the bandwidth that a product or a part of it states. Where none is stated nothing limits what passes, and nothing is left to cut.",
    ),
    code(
        "EW510",
        "a cut that is not supported",
        "`rate` stands alone in its fault. Caps that are shared max-min fairly, or with a flow in the background, cannot be cut in this version.",
    ),
];
