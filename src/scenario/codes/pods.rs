//! Codes of faults that end and begin processes, and cut capacity.

use super::{Code, code};

pub(super) const PODS: &[Code] = &[
    code(
        "EW506",
        "a restart and something beside it",
        "A `restart` is over when all that it hits listens again, which follows from `services.NAME.start-up` (and of a rollout from its grace and the probes), so that it has no `for`, no `mean-down` and no `flap`. What else happens at that time is another fault.",
    ),
    code(
        "EW507",
        "a rollout of replicas that scale",
        "`restart: {at-once}` replaces pods in turns that are known before a run begins; an autoscaler decides in the run which pods there are. `restart: true` and `drain` work with both.",
    ),
    code(
        "EW508",
        "not one target, or none",
        "A fault hits at least one thing; where `down: true` means silence for some of what it hits and refusal for the rest, say which.",
    ),
];
