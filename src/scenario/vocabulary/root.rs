//! The top of a scenario file, and the words that belong nowhere else.

use super::{
    ACTION, AXIS, Block, COPIES_MAX, COPIES_MIN, ENTRY, FAULT, FLOW, Key, MESH, PRICES, PRODUCT, RELIABILITY, ROUTE,
    SERVICE, STORE, STREAM, Shape, TOPOLOGY,
};

/// The file itself.
pub static ROOT: Block = Block {
    title: "the file",
    about: "One file is one experiment.",
    one_of: false,
    keys: &[
        Key::new("eastwest", Shape::Count(1, 1), "Version of this format.").required(),
        Key::new("name", Shape::Name, "The scenario's name.").absent("the file's name", "eastwest"),
        Key::new("question", Shape::Text, "What the reader wants to know.").absent("none", "eastwest"),
        Key::new("base", Shape::File, "Another scenario file of this directory or below, over which this one is laid.")
            .absent("none", "eastwest"),
        Key::new(
            "network",
            Shape::Word(&["real", "none"], &[]),
            "`none`: all distances and products take no time and cost nothing, for queueing theory.",
        )
        .default("real", "eastwest"),
        Key::new("topology", Shape::Block(&TOPOLOGY), "Places.").required(),
        Key::new("connectivity", Shape::Names(&Shape::Block(&PRODUCT)), "The products that there are."),
        Key::new("routes", Shape::Names(&Shape::Block(&ROUTE)), "Which of them is used between which places."),
        Key::new("services", Shape::Names(&Shape::Block(&SERVICE)), "What runs.").required(),
        Key::new("mesh", Shape::Block(&MESH), "Proxies and their policies."),
        Key::new("workload", Shape::Names(&Shape::Block(&STREAM)), "Who asks.").required(),
        Key::new(
            "entry",
            Shape::Names(&Shape::Block(&ENTRY)),
            "Global entries: names with health checks, and global balancers.",
        ),
        Key::new("flows", Shape::Names(&Shape::Block(&FLOW)), "Background traffic: bytes that flow beside the calls, always or at times."),
        Key::new("faults", Shape::Names(&Shape::Block(&FAULT)), "What breaks."),
        Key::new("actions", Shape::Names(&Shape::Block(&ACTION)), "What operators do."),
        Key::new("prices", Shape::Block(&PRICES), "Price book and your own prices."),
        Key::new("business", Shape::Block(&BUSINESS), "What downtime costs, how traffic grows, over how many years."),
        Key::new(
            "reliability",
            Shape::Block(&RELIABILITY),
            "What is assumed of failures in the long run, for `eastwest availability`.",
        ),
        Key::new("run", Shape::Block(&RUN), "How to run."),
        Key::new(
            "variants",
            Shape::Names(&Shape::Text),
            "Partial scenarios laid over this one: maps merge, values and lists replace, `null` removes.",
        )
        .absent("one variant, `base`", "eastwest"),
        Key::new("objectives", Shape::Names(&Shape::Block(&OBJECTIVE)), "Gates."),
        Key::new("stores", Shape::Names(&Shape::Block(&STORE)), "Databases: data that is divided among clusters, or has a primary and replicas."),
        Key::new(
            "copies",
            Shape::Names(&Shape::Count(COPIES_MIN, COPIES_MAX)),
            "Counters. An entry whose name has `$NAME` in it, and an item of a list that has it, stands for as many; below it `$NAME` is 1, 2, 3 and so on.",
        )
        .absent("none", "eastwest"),
        Key::new(
            "sweep",
            Shape::Names(&Shape::Block(&AXIS)),
            "Axes of `eastwest sweep`: values that are laid over the scenario one after the other; several axes make a grid.",
        )
        .absent("none", "eastwest"),
        Key::later("search", "The cheapest configuration that meets the objectives."),
    ],
};

/// `business`.
pub static BUSINESS: Block = Block {
    title: "business",
    about: "Money beyond the bill: of downtime, and of years to come.",
    one_of: false,
    keys: &[
        Key::new(
            "downtime",
            Shape::Price,
            "What an hour costs in which no request is answered: `20000 USD/h`. A fault that loses a share of the requests \
             costs that share of it.",
        ),
        Key::new(
            "slo",
            Shape::Share,
            "The share of requests that shall be good: what it leaves is the error budget, and each fault is told by what it \
             burns of it.",
        ),
        Key::new(
            "good-within",
            Shape::Duration,
            "A request is good that is answered within this; else by any answer. Needs `slo`.",
        ),
        Key::new(
            "growth",
            Shape::Written {
                what: "a growth such as `40%/year`",
                name: "growth",
                pattern: "^-?[0-9]+(\\.[0-9]+)? ?% ?/ ?(year|a)$",
                example: "40%/year",
            },
            "How much the traffic grows each year; each year's bill is worked out at its own volume.",
        )
        .default("0%/year", "eastwest"),
        Key::new(
            "horizon",
            Shape::Written {
                what: "a span such as `3 years`",
                name: "years",
                pattern: "^[0-9]+ ?(years?|a)$",
                example: "3 years",
            },
            "How many years are added up.",
        )
        .default("1 year", "eastwest"),
        Key::new(
            "outages-per-year",
            Shape::Names(&Shape::Number(0.0, 8760.0)),
            "How often a year each fault of `faults:` comes, by your own estimate; an outage of the year is taken to be as long as \
             the fault in the run (`eastwest availability` weighs how long they really last). The money of a fault without a \
             rate is told for once, and is in no sum.",
        ),
    ],
};

/// `run`.
pub static RUN: Block = Block {
    title: "run",
    about: "How long, how often, from when.",
    one_of: false,
    keys: &[
        Key::new("from", Shape::Moment, "The moment of t = 0, with offset, in quotes.")
            .absent("no particular day", "eastwest"),
        Key::new("horizon", Shape::Duration, "Measured time.")
            .absent("10m, or what gives 100000 requests, at most 24h; 24h with a daily shape", "eastwest"),
        Key::new("fill", Shape::Duration, "Time before t = 0, at the rates of t = 0, not measured.")
            .absent("decided from the scenario's time constants, at least 60s", "eastwest"),
        Key::new("warm-up", Shape::Duration, "Instead of `fill`: this much of the horizon is cut off its beginning.")
            .absent("none", "eastwest"),
        Key::new(
            "drain",
            Shape::Duration,
            "After the horizon, how long open requests may settle; then they have failed.",
        )
        .default("60s", "eastwest"),
        Key::new("replications", Shape::Count(1, 10_000), "Runs, each with chances of its own.")
            .default("20", "eastwest"),
        Key::new("seed", Shape::Count(0, u64::MAX), "Master seed: the same seed gives the same bytes.")
            .default("42", "eastwest"),
    ],
};

/// `objectives.NAME`.
pub static OBJECTIVE: Block = Block {
    title: "objectives.NAME",
    about: "A gate with three outcomes: met, missed, not enough evidence.",
    one_of: false,
    keys: &[
        Key::new("check", Shape::Text, "What must hold, in quotes: `p99(checkout, from=hangzhou) < 350ms`, `availability(web) >= 99.9%`, `recovery(FAULT) < 60s`, `recovery(FAULT, 95%) < 30s` (until 95% of requests are served as before it), `lost(FAULT) <= 1000` (beyond what would fail at the share that failed before any fault), `detect(FAULT) < 15s` (until somebody takes notice), `shift(FAULT) < 15s` (until calls have left what it hits), `burn(FAULT) < 25%` (of 30 days' error budget, by `business.slo`), `availability(web, within=800ms) >= 99%`, `user-uptime(web) >= 99.9%` and `mcr(web, 5m) >= 95%` (its worst five minutes; see `workload.NAME.users`), `amplification(a -> b) < 1.25`, `cost(network) < 2500 USD/month` (all of the bill but compute; `cost(compute)`, `cost(total)`, `cost(PRODUCT)`), `throughput(web) > 90rps`, `utilisation(web) < 80%`, `mean(..)`, `path(a -> b) avoids internet`; a bound may be `105% of variant(NAME)`.").required(),
        Key::new("during", Shape::Reference("fault"), "Only requests intended while this fault lasts; its recovery is neither in it nor in `outside`.").absent("all of the run", "eastwest"),
        Key::new("outside", Shape::Reference("fault or `faults`"), "Only requests outside of it; `faults`: outside of all.").absent("all of the run", "eastwest"),
        Key::new("severity", Shape::Word(&["fail", "warn"], &[]), "Whether a miss fails the check or is only shown.").default("fail", "eastwest"),
        Key::new("variant", Shape::Reference("variant"), "The variant that it holds for.").absent("all", "eastwest"),
        Key::new("variants", Shape::List(&Shape::Reference("variant")), "The variants that it holds for.").absent("all", "eastwest"),
    ],
};
