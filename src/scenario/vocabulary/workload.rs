//! Words of `workload:` and `flows:`.

use super::{Block, DRAWN_HEADER, Key, LAW, SESSIONS, Shape};

/// `workload.NAME`.
pub static STREAM: Block = Block {
    title: "workload.NAME",
    about: "A stream of requests: `rate` (open), `closed` or `sessions` is required.",
    one_of: false,
    keys: &[
        Key::new(
            "from",
            Shape::Reference("region or cluster/NAME"),
            "Where the users are: a region, by whose cluster they enter, or `cluster/NAME`.",
        )
        .required(),
        Key::new("to", Shape::Reference("service or service.operation"), "The service that they call.").required(),
        Key::new("mix", Shape::Names(&Shape::Share), "Shares of the service's operations; they sum to 100%.")
            .absent("its only operation", "eastwest"),
        Key::new(
            "rate",
            Shape::Either(&[Shape::Rate, Shape::Block(&RATE)]),
            "Open: requests per second, whether or not earlier ones are answered.",
        ),
        Key::new(
            "arrivals",
            Shape::Either(&[Shape::Word(&["poisson", "constant"], &[]), Shape::Block(&ARRIVALS)]),
            "Law of the gaps between requests of an open stream.",
        )
        .absent("poisson", "eastwest"),
        Key::new("closed", Shape::Block(&CLOSED), "Closed: users who think, ask and wait for the answer."),
        Key::new(
            "sessions",
            Shape::Block(&SESSIONS),
            "Users who keep a connection from one request to the next, and come back when it breaks.",
        ),
        Key::new(
            "users",
            Shape::Count(1, 1_000_000),
            "So many people send an open stream's requests, each as likely: by them user-perceived availability is told.",
        )
        .absent("nobody by name", "eastwest"),
        Key::new(
            "entry",
            Shape::Word(&["ingress", "direct"], &[]),
            "By one ingress proxy in each zone of the cluster, or by one proxy that costs nothing.",
        )
        .default("ingress", "eastwest"),
        Key::new("scale", Shape::Number(0.0, 1e6), "Factor on the rate or on the number of users.")
            .default("1", "eastwest"),
        Key::new(
            "via",
            Shape::Reference("entry/NAME"),
            "The global entry by which they come in: `entry/shop`. Then `from` may be a region without a cluster.",
        )
        .absent("by the cluster of their region", "eastwest"),
        Key::new(
            "patience",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "How long a user waits for an answer before giving up: the request then fails as `abandoned`, and a session's connection counts as broken.",
        )
        .absent("for ever", "eastwest"),
        Key::later("replay", "Recorded requests."),
        Key::new(
            "headers",
            Shape::Names(&Shape::Either(&[Shape::Text, Shape::Block(&DRAWN_HEADER)])),
            "Headers of its requests, which rules look at: a text, or one that is drawn for each request.",
        )
        .absent("none", "eastwest"),
    ],
};

/// `rate`.
pub static RATE: Block = Block {
    title: "rate",
    about: "Requests per second over time.",
    one_of: true,
    keys: &[
        Key::new(
            "steps",
            Shape::Names(&Shape::Rate),
            "From each time on, this rate: `{0s: 150rps, 10m..}` with times such as `0s`, `10min`.",
        ),
        Key::new("diurnal", Shape::Block(&DIURNAL), "A wave of 24 h in the time zone of the region."),
        Key::later("file", "Rates from a file."),
    ],
};

/// `diurnal`.
pub static DIURNAL: Block = Block {
    title: "diurnal",
    about: "A cosine over 24 h.",
    one_of: false,
    keys: &[
        Key::new("low", Shape::Rate, "Twelve hours from the peak.").required(),
        Key::new("high", Shape::Rate, "At the peak.").required(),
        Key::new("peak", Shape::TimeOfDay, "When, local time, in quotes.").required(),
    ],
};

/// `arrivals`.
pub static ARRIVALS: Block = Block {
    title: "arrivals",
    about: "Law of the gaps between requests; only its form counts, the rate gives the mean.",
    one_of: true,
    keys: &[
        Key::new("erlang", Shape::Count(1, 1000), "More regular than Poisson: sum of this many exponentials."),
        Key::new(
            "hyperexponential",
            Shape::Either(&[Shape::Block(&GAP_HYPER), Shape::List(&Shape::Block(&GAP_PHASE))]),
            "More bursty than Poisson.",
        ),
        Key::later("mmpp", "A Poisson process whose rate jumps."),
    ],
};

/// `arrivals.hyperexponential` by variation.
pub static GAP_HYPER: Block = Block {
    title: "arrivals.hyperexponential",
    about: "Two exponentials with balanced means.",
    one_of: false,
    keys: &[Key::new("cv", Shape::Number(1.0, 100.0), "Standard deviation of the gaps over their mean, at least 1.")
        .required()],
};

/// One exponential of `arrivals.hyperexponential`.
pub static GAP_PHASE: Block = Block {
    title: "arrivals.hyperexponential[]",
    about: "One of the exponentials; shares sum to 100%.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "How often.").required(),
        Key::new("rate", Shape::Number(1e-6, 1e6), "Its rate relative to the others.").required(),
    ],
};

/// `closed`.
pub static CLOSED: Block = Block {
    title: "closed",
    about: "Users who think first, then ask and wait.",
    one_of: false,
    keys: &[
        Key::new("users", Shape::Count(1, 1_000_000), "How many.").required(),
        Key::new(
            "think",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Between an answer and the next request.",
        )
        .required(),
    ],
};

/// `flows.NAME`.
pub static FLOW: Block = Block {
    title: "flows.NAME",
    about: "Bytes that flow between two places, always or at times, over the product of their route: while they flow they take their rate of each cap on the way; they are counted and billed there.",
    one_of: false,
    keys: &[
        Key::new(
            "from",
            Shape::Reference("cluster or region"),
            "Where they come from; of a region its first cluster, of a cluster its first zone.",
        )
        .required(),
        Key::new("to", Shape::Reference("cluster or region"), "Where they go.").required(),
        Key::new(
            "rate",
            Shape::Bandwidth,
            "How much, headers included; with all that flows at the same time below every cap on the way.",
        )
        .required(),
        Key::new(
            "at",
            Shape::Either(&[Shape::Duration, Shape::TimeOfDay]),
            "When it begins: `5m` from t = 0, or a time of day in quotes, where the users of the first stream are.",
        )
        .absent("it always flows", "eastwest"),
        Key::new("for", Shape::Duration, "How long it flows, from `at` on.").absent("it always flows", "eastwest"),
        Key::new(
            "every",
            Shape::Duration,
            "It begins again after this long, longer than `for`: `24h` for every night.",
        )
        .absent("once", "eastwest"),
        Key::later("class", "The queue of a cap that they stand in."),
    ],
};
