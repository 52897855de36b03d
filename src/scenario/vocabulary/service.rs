//! Words of `services:`.

use super::{AUTOSCALE, Block, Key, LAW, Shape, VERSION, VERSION_OPERATION};

pub(super) const WORK: Shape = Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]);
pub(super) const ERRORS: Shape = Shape::Either(&[Shape::Share, Shape::Names(&Shape::Share)]);
pub(super) const REPLICAS: Shape =
    Shape::Names(&Shape::Either(&[Shape::Count(0, 10_000), Shape::Names(&Shape::Count(0, 10_000))]));

/// `services.NAME`.
pub static SERVICE: Block = Block {
    title: "services.NAME",
    about: "A service, named `name` or `namespace/name`. `work`, `calls` or `steps` here give it one operation without a name.",
    one_of: false,
    keys: &[
        Key::new("replicas", REPLICAS, "Replicas by cluster, `{east: 4}`, or by cluster and zone, `{east: {h: 2, i: 2}}`. One figure is spread round robin over the zones. Required unless there are `versions`."),
        Key::new("workers", Shape::Count(1, 100_000), "Requests that make progress at once, per replica: cores.").default("1", "eastwest"),
        Key::new("cpu", Shape::Number(0.0, 1024.0), "Cores per replica, for the bill.").absent("as many as workers", "eastwest"),
        Key::new("threads", Shape::Either(&[Shape::Count(1, 1_000_000), Shape::Word(&["unlimited"], &[])]), "Requests open at once, per replica; one that waits for a call holds a thread, not a worker.")
            .default("unlimited", "eastwest"),
        Key::new("queue", Shape::Either(&[Shape::Count(0, 10_000_000), Shape::Word(&["unlimited"], &[])]), "Waiting room beyond those in service, per replica; past it: 503.")
            .default("1000", "eastwest"),
        Key::new("discipline", Shape::Word(&["fcfs", "ps", "priority"], &[]), "Who is served next: first come; all at once, each on at most one core; or the lowest `priority`, not interrupting.")
            .default("fcfs", "eastwest"),
        Key::new("operations", Shape::Names(&Shape::Block(&OPERATION)), "Operations by name."),
        Key::new("work", WORK, "Holds a worker for this long."),
        Key::new("calls", Shape::List(&Shape::Reference("service or service.operation")), "Then calls these, one after the other."),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "In place of `work` and `calls`: what it does, in order."),
        Key::new("request", Shape::Bytes, "Payload of a request, of every operation that does not say.").default("1KiB", "eastwest"),
        Key::new("response", Shape::Bytes, "Payload of a response, of every operation that does not say.").default("4KiB", "eastwest"),
        Key::new("priority", Shape::Count(0, 255), "Lower is served first with `discipline: priority`.").default("0", "eastwest"),
        Key::new("errors", ERRORS, "Share answered with a 500 after the work is done, or shares by status, of HTTP or gRPC: `{\"503\": 1%, unavailable: 0.1%}`.").default("0%", "eastwest"),
        Key::new("traffic-distribution", Shape::Word(&["any", "prefer-same-zone", "prefer-close", "prefer-same-node"], &[]), "The Service's `trafficDistribution`: callers go to their own zone first, then their region, then the rest, with or without `outlier`. `prefer-close` is the older word. A `locality` of the edge's policy replaces it; nodes are not modelled, each replica has its own.")
            .absent("any", "Kubernetes"),
        Key::new("is", Shape::Text, "Who it is to the mesh, `namespace/name`: entries of one identity are one service, wanted or not.")
            .absent("its name here", "eastwest"),
        Key::new("in", Shape::Names(&Shape::Block(&IN)), "By cluster: what it does otherwise there.").absent("nothing", "eastwest"),
        Key::new("start-up", Shape::Duration, "From the start of a process until it listens: after a `restart`, when what held it down is over, and of a new pod after its `boot`. Then its probe must pass, and proxies must be told.").default("0s", "eastwest"),
        Key::new("autoscale", Shape::Block(&AUTOSCALE), "Replicas that follow the load. `replicas` are those at the start.").absent("the number stays", "eastwest"),
        Key::new("on-cancel", Shape::Word(&["finish", "drop-queued", "stop"], &[]), "What it does with a request when it hears that the caller gave up: finish it, as most servers do; take it out of the queue if it has not begun; or stop: besides, what has begun ends with the piece of work that it is at, and the calls that it waits for are given up.")
            .default("finish", "eastwest"),
        Key::new("versions", Shape::Names(&Shape::Block(&VERSION)), "In place of `replicas`: versions that run side by side. Each is a subset that rules may send calls to."),
        Key::new("subsets", Shape::Names(&Shape::Names(&Shape::Text)), "More subsets, by the labels that their replicas have (a DestinationRule's `subsets`)."),
        Key::new(
            "forwards",
            Shape::Either(&[Shape::Word(&["all", "none", "tracing"], &[]), Shape::List(&Shape::Text)]),
            "Which headers of a request it passes on to those that it calls for it; a list is besides those of tracing. A rule further on does not see what an application drops.",
        )
        .default("tracing", "Istio"),
        Key::later("version", "One version: write `versions`."),
    ],
};

/// `services.NAME.in.CLUSTER`.
pub static IN: Block = Block {
    title: "services.NAME.in.CLUSTER",
    about: "What a service does in one of its clusters; what is not said is as everywhere.",
    one_of: false,
    keys: &[
        Key::new("work", WORK, "In place of the service's: holds a worker for this long."),
        Key::new(
            "calls",
            Shape::List(&Shape::Reference("service or service.operation")),
            "In place of the service's: then calls these.",
        ),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "In place of `work` and `calls`."),
        Key::new("errors", ERRORS, "Share answered with a 500, or shares by status.")
            .absent("the service's", "eastwest"),
        Key::new(
            "operations",
            Shape::Names(&Shape::Block(&VERSION_OPERATION)),
            "What it does in operations of the service.",
        ),
    ],
};

/// `services.NAME.operations.NAME`.
pub static OPERATION: Block = Block {
    title: "services.NAME.operations.NAME",
    about: "One thing that a service can be asked.",
    one_of: false,
    keys: &[
        Key::new("work", WORK, "Holds a worker for this long."),
        Key::new(
            "calls",
            Shape::List(&Shape::Reference("service or service.operation")),
            "Then calls these, one after the other.",
        ),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "In place of `work` and `calls`: what it does, in order."),
        Key::new("request", Shape::Bytes, "Payload of a request.").absent("the service's", "eastwest"),
        Key::new("response", Shape::Bytes, "Payload of a response.").absent("the service's", "eastwest"),
        Key::new("priority", Shape::Count(0, 255), "Lower is served first with `discipline: priority`.")
            .absent("the service's", "eastwest"),
        Key::new("errors", ERRORS, "Share answered with a 500 after the work is done, or shares by status.")
            .absent("the service's", "eastwest"),
        Key::new("path", Shape::Text, "Its path, for rules.").absent("`/` and its name", "eastwest"),
        Key::new("method", Shape::Text, "Its method, for rules.").default("GET", "eastwest"),
    ],
};

/// A step.
pub static STEP: Block = Block {
    title: "a step",
    about: "What an operation does next; exactly one of these.",
    one_of: true,
    keys: &[
        Key::new("work", WORK, "Holds a worker for this long."),
        Key::new(
            "call",
            Shape::Reference("service or service.operation"),
            "Calls and waits; a failed call fails the operation.",
        ),
        Key::new(
            "parallel",
            Shape::List(&Shape::Either(&[Shape::Block(&STEP), Shape::List(&Shape::Block(&STEP))])),
            "All at once, and waits for all; each is a step or a list of steps.",
        ),
        Key::new("choose", Shape::List(&Shape::Block(&CHOICE)), "One of several, by weight."),
        Key::new("repeat", Shape::Block(&REPEAT), "Several times, one after the other."),
        Key::new("cache", Shape::Block(&CACHE), "Asks a cache; what is not there is fetched by the steps of `miss`."),
        Key::new(
            "again",
            Shape::Share,
            "Begins the operation anew with this chance; only at the operation's own level.",
        ),
    ],
};

/// One way of `choose`.
pub static CHOICE: Block = Block {
    title: "choose[]",
    about: "One of the ways.",
    one_of: false,
    keys: &[
        Key::new("weight", Shape::Number(0.0, 1e9), "How often, relative to the others.").required(),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "Its steps; none: it does nothing.")
            .absent("nothing", "eastwest"),
    ],
};

/// `cache`.
pub static CACHE: Block = Block {
    title: "cache",
    about: "Answers that are kept. It begins with all its keys; what a fault drops comes back with each miss that is fetched well.",
    one_of: false,
    keys: &[
        Key::new("hit", Shape::Share, "Share of requests whose answer may be kept: the hit rate while all keys are there. The rest always misses.").required(),
        Key::new("keys", Shape::Count(1, 100_000_000), "How many keys they ask for, all equally likely.").required(),
        Key::new("per", Shape::Word(&["replica", "cluster", "service"], &[]), "Who shares what is kept: each replica keeps its own, and loses it with its process; or all of a cluster; or all of them.")
            .default("cluster", "eastwest"),
        Key::new("miss", Shape::List(&Shape::Block(&STEP)), "What fetches what is not there; where it fails, nothing is kept.").required(),
    ],
};

/// `repeat`.
pub static REPEAT: Block = Block {
    title: "repeat",
    about: "Steps several times.",
    one_of: false,
    keys: &[
        Key::new("times", Shape::Count(1, 10_000), "How often.").required(),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "What.").required(),
    ],
};
