//! Codes of global entries and of what operators do (docs/entry.md).

use super::{Code, code};

/// EW450 to EW457.
pub(super) const ENTRIES: &[Code] = &[
    code(
        "EW450",
        "weights where there are none, or none where there are",
        "An entry that answers by weight has a map of weights under `to`; one that answers with the nearest or the first has a list, whose order counts. An action writes it the same way.",
    ),
    code(
        "EW451",
        "health checks that overlap",
        "A checker waits for the answer of one check before it begins the next: the timeout is at most the period.",
    ),
    code(
        "EW452",
        "users whom no entry can lead",
        "`via` names an entry of `entry:`, which leads users to an ingress; a stream with `entry: direct` has none.",
    ),
    code(
        "EW453",
        "a deep check of what is not there",
        "A check of a service passes where a replica of it answers in that cluster. Where it has none the cluster would be out for ever.",
    ),
    code(
        "EW454",
        "an action without a moment",
        "An action is due at a time (`at: 20m`), some time after a fault's alarm (`when: alarm(FAULT) + 10m`; the alarm rings when the fault has lasted for `alarm`), or after its end (`when: end(FAULT) + 5m`).",
    ),
    code(
        "EW455",
        "an action that sets what stays as it is",
        "In a run an operator can change where an entry leads to. Everything else that a scenario says holds for the whole run; say it in a variant.",
    ),
    code(
        "EW456",
        "users of unknown distance",
        "Users in another region than a cluster's come over the internet; without a round trip between the regions nobody knows how long that takes.",
    ),
    code(
        "EW457",
        "an action that needs what is not there",
        "An action can need API servers and control planes, which `mesh.control-plane` makes part of a world. While they are down it waits.",
    ),
];
