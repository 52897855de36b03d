//! The words of `faults:`.

use super::service::ERRORS;
use super::{Block, Key, Shape};

/// `faults.NAME`.
pub static FAULT: Block = Block {
    title: "faults.NAME",
    about: "Something happens to something for a while: `down`, or one or several of the other effects. Effects that overlap compose: factors multiply, delays add up, chances are each by themselves.",
    one_of: false,
    keys: &[
        Key::new("at", Shape::Either(&[Shape::Duration, Shape::TimeOfDay]), "When it begins: from t = 0, or at a time of day where the users of the first stream are.").absent("required, but where it comes by chance", "eastwest"),
        Key::new("for", Shape::Duration, "For how long.").absent("2h30m for `eip/..`, which is how long a blackhole lasts; a `restart` is over when it is; required for all else that has an `at`", "provider"),
        Key::new("every", Shape::Duration, "It comes again after so long, counted from its beginning, until the run is over; with a time of day it came before, too.").absent("once", "eastwest"),
        Key::new("mean-up", Shape::Either(&[Shape::Duration, Shape::Block(&super::LAW)]), "In place of `at`: it comes by chance, after times up of this law (a duration alone: exponential with this mean). What is hit fails each by itself, `replica/*` replica by replica; a run meets it in its stationary state."),
        Key::new("mean-down", Shape::Either(&[Shape::Duration, Shape::Block(&super::LAW)]), "With `mean-up`: how long it lasts, by this law (a duration alone: exponential with this mean)."),
        Key::new("common", Shape::Either(&[Shape::Word(&["true"], &[]), Shape::Block(&COMMON)]), "With `mean-up`: failures that all of what is hit share. `true`: all of them are.").absent("each fails by itself", "eastwest"),
        Key::new("flap", Shape::Block(&FLAP), "It comes and goes while it lasts.").absent("it lasts without a break", "eastwest"),
        Key::new("hit", Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]), "What, or a list of what is hit together: `zone/REGION/ZONE`, `region/R`, `link/A-B`, `link/internet/A-B`, `gateway/PRODUCT/CLUSTER[/NUMBER]`, `product/NAME`, `transit-router/PRODUCT/REGION`, `eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`, `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`, `product/NAME/zone/ZONE`, `cluster/C`, `vpc/V`, `service/S`, `service/S@CLUSTER`, `replica/SERVICE/CLUSTER/NUMBER`, `cache/SERVICE`, `control-plane[/NAME]`, `api/CLUSTER`, `entry/NAME`, `dns` (every entry that is a name); `*` stands for anything: `replica/orders@*`.").absent("required, but where there is `partition`", "eastwest"),
        Key::new("count", Shape::Count(1, 1_000_000), "Of what a `hit` with `*` finds, so many; which ones, a hash of their names decides.").absent("all of it", "eastwest"),
        Key::new("share", Shape::Share, "In place of `count`: the nearest to this share of them, at least one.").absent("all of it", "eastwest"),
        Key::new("partition", Shape::Block(&PARTITION), "In place of `hit`: two sets of places that cannot reach each other, silently.").absent("none", "eastwest"),
        Key::new("security-group", Shape::Block(&SECURITY_GROUP), "In place of `hit`: the rule by which one set of places lets in what another opens is gone. What is new is dropped silently.").absent("none", "eastwest"),
        Key::new("down", Shape::Word(&["true", "silent", "refused"], &[]), "How peers notice: not at all (connections hang), or by resets. `true`: refused for replica and service, silent for all else.").absent("not down; one effect is required", "eastwest"),
        Key::new("freeze", Shape::Word(&["true"], &[]), "In place of `down`, of a control plane: what proxies know of endpoints stays as it is; of an entry: its records do.").absent("not frozen", "eastwest"),
        Key::new("slow", Shape::Block(&SLOW), "It takes longer: services, replicas and all that runs in a place for what they begin meanwhile, gateways for what they pass on, links and products for the way.").absent("as fast as ever", "eastwest"),
        Key::new("loss", Shape::Share, "Packets are lost with this chance, each way: of a link, a product or its part, or of all that comes into or goes out of a place.").absent("no more than ever", "eastwest"),
        Key::new("errors", ERRORS, "Replicas answer with a 500 after their work so large a share of what they would have answered well, or shares by status: a grey failure, ready as ever.").absent("no more than ever", "eastwest"),
        Key::new("forget", Shape::Word(&["true"], &[]), "What a cache keeps is lost, and nothing is kept meanwhile.").absent("nothing is lost", "eastwest"),
        Key::new("paths", PATHS, "So many of the ways in parallel (ECMP) that a link, a product or all ways of a place consist of are dead: the connections that hash onto them hang, health checks may pass, and a new connection draws anew.").absent("all alive", "eastwest"),
        Key::new("expire", Shape::Word(&["true"], &[]), "Certificates have expired: new handshakes of TLS with what is hit, as server or as client, fail; established connections last until they close. Of services, replicas, places, and gateways of `kind: l7`.").absent("valid", "eastwest"),
        Key::new("new-root", Shape::Word(&["true"], &[]), "What is hit has certificates of a new authority already, and trusts no other: new handshakes with all that is not hit fail. Of services, replicas, places, and gateways of `kind: l7`; `share` of a pattern is how far the rotation is.").absent("one authority", "eastwest"),
        Key::new("no-route", NO_ROUTE, "A configuration rolled out so far: the proxies of what is hit know no route to these services (`true`: to none), and answer 404 at once; at its end they are told so by their control plane, if there is one. Of services, replicas and places.").absent("all routes known", "eastwest"),
        Key::new("rate", Shape::Either(&[Shape::Share, Shape::Bandwidth]), "Of the bandwidth of what is hit (a product, its part, a link) no more is left than this: `30%` of it, or `20Mbps`. What waits there keeps its place. Of several the least.").absent("all of it", "eastwest"),
        Key::new("restart", Shape::Either(&[Shape::Word(&["true"], &[]), Shape::Block(&RESTART)]), "Processes exit and are started anew, of services, replicas, gateways and all that runs in a place. `true`: all at once, without a warning; it is over when they listen, after the `start-up` of their service or gateway, and needs no `for`.").absent("none", "eastwest"),
        Key::new("drain", Shape::Either(&[Shape::Word(&["true"], &[]), Shape::Block(&DRAIN)]), "Pods are sent away, of services, replicas, gateways and all that runs in a place: they are no endpoints from then on, work on for their grace, exit, and are started anew when it is over.").absent("none", "eastwest"),
        Key::new("incident", Shape::Text, "In place of `for` and an effect: a recorded incident of the book (`eastwest catalog incidents`) is replayed, phase by phase; `at` is its beginning. What it can hit depends on it.").absent("none", "eastwest"),
        Key::new("speed", Shape::Number(1.0, 1e6), "With `incident`: its time runs so many times as fast; at 60 an hour is a minute.").default("1", "eastwest"),
    ],
};

/// A share of ways in parallel.
const PATHS: Shape = Shape::Written {
    what: "a share of ways such as `1/8`",
    name: "ways",
    pattern: "^[0-9]+ ?/ ?[0-9]+$",
    example: "1/8",
};

/// Services to which no route is known.
const NO_ROUTE: Shape = Shape::Either(&[Shape::Word(&["true"], &[]), Shape::List(&Shape::Reference("service"))]);

/// `faults.NAME.security-group`.
pub static SECURITY_GROUP: Block = Block {
    title: "faults.NAME.security-group",
    about: "Which rule is gone: connections that the places of `from` open to those of `to` are no longer let in. Those opened the other way are. Places are `region/R`, `zone/R/Z`, `cluster/C` or `vpc/V`.",
    one_of: false,
    keys: &[
        Key::new("from", Shape::List(&Shape::Text), "Who is no longer let in.").required(),
        Key::new("to", Shape::List(&Shape::Text), "Whose rule it was.").required(),
        Key::new(
            "established",
            Shape::Word(&["kept", "cut"], &[]),
            "Connections that the group knows go on (`kept`), or are dropped as silently as new ones (`cut`).",
        )
        .absent("kept at AWS and Azure, cut at Alibaba Cloud, by the provider of `to`; required at others", "provider"),
    ],
};

/// `faults.NAME.partition`.
pub static PARTITION: Block = Block {
    title: "faults.NAME.partition",
    about: "Who cannot reach whom: `region/R`, `zone/R/Z`, `cluster/C` or `vpc/V`. Both still reach all others.",
    one_of: false,
    keys: &[
        Key::new("between", Shape::List(&Shape::Text), "The places of one side.").required(),
        Key::new("and", Shape::List(&Shape::Text), "Those of the other.").required(),
    ],
};

/// `faults.NAME.slow`.
pub static SLOW: Block = Block {
    title: "faults.NAME.slow",
    about: "How much longer; one of them at least.",
    one_of: false,
    keys: &[
        Key::new("factor", Shape::Number(1.0, 1e6), "So many times as long: work, or propagation and jitter of a way.")
            .default("1", "eastwest"),
        Key::new("add", Shape::Duration, "So much longer: each piece of work, or each way.").default("0ms", "eastwest"),
    ],
};

/// `faults.NAME.restart`.
pub static RESTART: Block = Block {
    title: "faults.NAME.restart",
    about: "A rollout without pods in excess (`maxSurge: 0`), as of a StatefulSet: in each cluster the last pod first, the next one when the new one is ready. Each is sent away, works on for its grace, exits, and is started anew.",
    one_of: false,
    keys: &[
        Key::new(
            "at-once",
            Shape::Either(&[Shape::Count(1, 1_000_000), Shape::Share]),
            "So many of a cluster's pods (of one version; of a gateway) are away at a time, or this share of them, rounded down, one at least (`maxUnavailable`).",
        )
        .required(),
        GRACE,
    ],
};

/// `faults.NAME.drain`.
pub static DRAIN: Block =
    Block { title: "faults.NAME.drain", about: "How pods are sent away.", one_of: false, keys: &[GRACE] };

const GRACE: Key = Key::new("grace", Shape::Duration, "A pod that is sent away works on for so long, for those that have not been told, and for what it has; what it has then is reset. Kubernetes ends it after 30 s (`terminationGracePeriodSeconds`); with a sidecar of Istio it is over after 5 s (`terminationDrainDuration`), whatever it has. Where only gateways are hit, 5 s is the default: Istio's, whose pods exit then.").absent("30s (Kubernetes); of gateways alone 5s (Istio)", "Kubernetes");

/// `common` of a fault.
pub static COMMON: Block = Block {
    title: "faults.NAME.common",
    about: "Failures that several share: a shock takes all of what is hit at once, and all come back together.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "Of the failures of one of them, how many are shared (the beta factor); the others come to each by itself.").default("100%", "eastwest"),
        Key::new("with", Shape::Share, "The chance that a shock takes one of them, drawn for each shock and each of them; each still fails as often as `mean-up` says.").default("100%", "eastwest"),
    ],
};

/// `flap` of a fault.
pub static FLAP: Block = Block {
    title: "faults.NAME.flap",
    about: "While it lasts it acts for `down`, rests for `up`, and so on; it begins down.",
    one_of: false,
    keys: &[
        Key::new("down", Shape::Duration, "How long it acts.").required(),
        Key::new("up", Shape::Duration, "How long it rests.").required(),
    ],
};
