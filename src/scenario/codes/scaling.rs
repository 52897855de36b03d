//! Codes of replicas that come and go, of the control plane's own way, and of stores.

use super::{Code, code};

/// EW460 to EW469.
pub(super) const SCALING: &[Code] = &[
    code(
        "EW460",
        "not an autoscaler",
        "`min` is at most `max`, and its target a whole percentage, as Kubernetes has it.",
    ),
    code(
        "EW461",
        "a start that its autoscaler would change at once",
        "Each cluster's replicas have an autoscaler of their own, which knows nothing of the other clusters': what they begin with lies within its `min` and `max`.",
    ),
    code(
        "EW462",
        "an autoscaler that this data plane cannot have",
        "In ambient mode replicas share their node's ztunnel, and how many nodes there are would change with them: that is not modelled.",
    ),
    code(
        "EW463",
        "a most that is too little",
        "At the peak of the load all replicas that the autoscaler may ask for are busy all the time: it cannot follow further.",
    ),
    code(
        "EW464",
        "an autoscaler that is too slow for the loss of a zone",
        "Replicas on dead nodes are pods that nobody measures, and an autoscaler takes them for idle: it asks for no others. They are replaced when the lease of their nodes and the eviction (5 min) have passed, and the new ones have booted. Until then those that are left carry the load, or do not.",
    ),
    code(
        "EW465",
        "a control plane over nothing",
        "`mesh.control-plane.via` names a product of `connectivity`, as a route's `via` does.",
    ),
    code(
        "EW466",
        "not a store",
        "A database that is divided says how (`partition`), and which services look into it (`used-by`), each once.",
    ),
];

/// EW490 to EW499.
pub(super) const STORES: &[Code] = &[
    code(
        "EW490",
        "not a store with a primary",
        "A database with a primary says where it is (`primary`), who follows it (`replicas`, each in a cluster of its own), who writes to it (`used-by`) and how far replicas are behind (`lag`). It is not divided as well.",
    ),
    code(
        "EW491",
        "who writes is not clear",
        "Of a service that uses a store with a primary either `writes` or `reads` is said, and some operation writes. Of a store that is divided it does not matter who writes.",
    ),
    code(
        "EW492",
        "copies that nothing joins",
        "The copies of a database hear each other, and are written to from other clusters, over what calls between the two go over. Where no route leads from one to the other nothing stands between them, and no fault cuts them off from each other.",
    ),
    code(
        "EW493",
        "a promotion of unknown length",
        "An action that sets `stores.NAME.primary` takes as long as the store's `promote.takes` says.",
    ),
    code("EW494", "an action without a deed", "`set` says what an action sets, and to what."),
    code(
        "EW496",
        "something that is missing and does something",
        "A version that has no such operation answers 404 without work: it has neither work nor calls nor other errors there.",
    ),
    code(
        "EW495",
        "an action that comes too late",
        "It is due when the run is over, or waits for the alarm of a fault that is over before it rings, so that nothing is done.",
    ),
];
