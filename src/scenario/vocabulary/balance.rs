//! Words of `balance`, `hash` and `warmup` of a policy, which are Envoy's and Istio's.

use super::{Block, Key, Shape};

/// A share from 100 % on.
pub const FROM_WHOLE: Shape = Shape::Written {
    what: "a share from 100% on, such as `140%`",
    name: "share from 100% on",
    pattern: "^[0-9]+(\\.[0-9]+)?\\s*%$",
    example: "140%",
};

const BOUND: Key = Key::new(
    "bound",
    FROM_WHOLE,
    "No host has more than this part of its share of the active requests while another has room (Envoy's `hash_balance_factor`; Istio has no word for it).",
)
.absent("none", "Envoy");

/// `balance`.
pub const BALANCE: Shape = Shape::Either(&[
    Shape::Word(
        &["least-request", "round-robin", "random", "ring-hash", "maglev", "weighted-random"],
        &["passthrough", "peak-ewma"],
    ),
    Shape::Block(&BALANCE_MAP),
]);

/// `hash`.
pub const HASHED: Shape = Shape::Either(&[Shape::Word(&["source-ip"], &[]), Shape::Block(&HASH)]);

/// `warmup`.
pub const WARMED: Shape = Shape::Either(&[Shape::Word(&["none"], &[]), Shape::Duration, Shape::Block(&WARMUP)]);

/// `balance` as a map.
pub static BALANCE_MAP: Block = Block {
    title: "balance",
    about: "How a host is chosen, with its parameters.",
    one_of: true,
    keys: &[
        Key::new("least-request", Shape::Block(&LEAST_REQUEST), "The least busy of a few drawn."),
        Key::new("ring-hash", Shape::Block(&RING_HASH), "By the request's hash, on a ring of hosts."),
        Key::new("maglev", Shape::Block(&MAGLEV), "By the request's hash, in a table that hosts have filled in turn."),
    ],
};

/// `balance.least-request`.
pub static LEAST_REQUEST: Block = Block {
    title: "balance.least-request",
    about: "Envoy's least request; Istio sets none of these.",
    one_of: false,
    keys: &[
        Key::new("choices", Shape::Count(2, 100), "Draws, with replacement.").default("2", "Envoy"),
        Key::new(
            "bias",
            Shape::Number(0.0, 10.0),
            "Exponent of the active requests where weights differ or hosts are new; 0: weights alone.",
        )
        .default("1", "Envoy"),
        Key::new("select-hosts", Shape::Word(&["n-choices", "full-scan"], &[]), "Among those drawn, or among all.")
            .default("n-choices", "Envoy"),
        Key::new("distinct", Shape::Flag, "No host is drawn twice: theory's d choices, which no mesh has; 16 at most.")
            .default("false", "Envoy"),
    ],
};

/// `balance.ring-hash`.
pub static RING_HASH: Block = Block {
    title: "balance.ring-hash",
    about: "Envoy's ring hash.",
    one_of: false,
    keys: &[
        Key::new("min-size", Shape::Count(1, 8_388_608), "Least places on the ring.").default("1024", "Envoy"),
        Key::new("max-size", Shape::Count(1, 8_388_608), "Most places.").default("8388608", "Envoy"),
        BOUND,
    ],
};

/// `balance.maglev`.
pub static MAGLEV: Block = Block {
    title: "balance.maglev",
    about: "Envoy's Maglev.",
    one_of: false,
    keys: &[
        Key::new("table-size", Shape::Count(2, 5_000_011), "Entries of the table, a prime.").default("65537", "Envoy"),
        BOUND,
    ],
};

/// `hash`.
pub static HASH: Block = Block {
    title: "hash",
    about: "What of a request is hashed: a header, a cookie or the source address.",
    one_of: false,
    keys: &[
        Key::new("header", Shape::Text, "Its name. It goes with a request through the whole tree of calls."),
        Key::new("cookie", Shape::Text, "Its name; as a header."),
        Key::new("source-ip", Shape::Flag, "At an entry the user's address; at a sidecar its own replica's.")
            .absent("false", "Istio"),
        Key::new(
            "values",
            Shape::Count(1, 1_000_000_000),
            "Different values, each as frequent, unless streams say what their requests carry; users of a closed stream keep theirs. A header or cookie needs it.",
        )
        .absent("of addresses: as many as requests", "eastwest"),
    ],
};

/// `locality.zone-aware` as a map.
pub static ZONE_AWARE: Block = Block {
    title: "zone-aware",
    about: "Envoy's zone-aware routing. The callers' zones are taken as they stand at the beginning; proxies know of each other (Istio's self-discovery).",
    one_of: false,
    keys: &[
        Key::new("enabled", Shape::Flag, "Zone-aware routing at all; `false`: one flat list.").default("true", "Istio"),
        Key::new(
            "min-cluster-size",
            Shape::Count(0, 65_534),
            "With fewer healthy hosts in the first priority zones are not looked at.",
        )
        .default("6", "Envoy"),
        Key::new("share", Shape::Share, "Of requests (Envoy's `routing_enabled`).").default("100%", "Envoy"),
        Key::new(
            "force-local",
            Shape::Count(1, 65_534),
            "All to the own zone where it has so many healthy hosts, whatever the shares (Envoy's `force_local_zone`).",
        )
        .absent("not forced", "Envoy"),
    ],
};

/// `warmup` as a map.
pub static WARMUP: Block = Block {
    title: "warmup",
    about: "Slow start: the weight of a host that joins grows (Istio's `warmup`), with least-request and round-robin.",
    one_of: false,
    keys: &[
        Key::new("for", Shape::Duration, "A host is new for so long.").required(),
        Key::new("min", Shape::Share, "The least part of its weight.").default("10%", "Istio"),
        Key::new("aggression", Shape::Number(0.1, 100.0), "1: evenly; more: fast at first.").default("1", "Istio"),
    ],
};
