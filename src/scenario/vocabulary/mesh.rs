//! Words of `mesh:`, which are Envoy's and Istio's.

use super::{
    BALANCE, Block, CONTROL_PLANE, FROM_WHOLE, HASHED, Key, LANES, READINESS, RULE, Shape, WARMED, WAYPOINT,
    ZONE_AWARE, ZTUNNEL,
};
use crate::policy::retry;

pub(super) const NONE_OR_DURATION: Shape = Shape::Either(&[Shape::Duration, Shape::Word(&["none"], &[])]);

/// `mesh`.
pub static MESH: Block = Block {
    title: "mesh",
    about: "Proxies and the policies of their edges, with Istio's defaults.",
    one_of: false,
    keys: &[
        Key::new("version", Shape::Text, "Istio's release, in quotes; from 1.15 on.").default("1.24", "eastwest"),
        Key::new(
            "distribution",
            Shape::Word(&["istio", "asm"], &[]),
            "Whose mesh: Istio lets addresses of different networks overlap, ASM refuses clusters whose ranges conflict.",
        )
        .default("istio", "eastwest"),
        Key::new(
            "dataplane",
            Shape::Word(&["sidecar", "none", "ambient"], &[]),
            "A proxy beside each replica; none: clients then choose hosts at no cost and do not retry unless told; or `ambient`: a ztunnel on each node, which sees connections only, and `waypoints` where there are any.",
        )
        .default("sidecar", "Istio"),
        Key::new("concurrency", Shape::Count(1, 128), "Workers of each sidecar, and of each ingress proxy.")
            .default("1", "eastwest"),
        Key::new("ztunnel", Shape::Block(&ZTUNNEL), "The proxies on the nodes of `dataplane: ambient`."),
        Key::new(
            "waypoints",
            Shape::Names(&Shape::Block(&WAYPOINT)),
            "Proxies of `dataplane: ambient` that read requests, by name: each stands before the services that it is `for`, and obeys their policies in their callers' place. It is a service like others: faults, gates and `traffic` name it.",
        )
        .absent("none", "Istio"),
        Key::new("proxy", Shape::Block(&PROXY), "What a proxy costs per call."),
        Key::new(
            "tls",
            Shape::Either(&[TLS_VERSION, Shape::Block(&TLS)]),
            "TLS between proxies, in quotes. `0-rtt` is an exact case (the request goes with the hello): no mesh does it.",
        )
        .absent("1.3", "Istio"),
        Key::new(
            "traffic",
            Shape::Names(&Shape::Block(&TRAFFIC)),
            "Policies by `\"*\"`, by called service, by edge `\"web -> orders\"` (a stream may stand on the left), or by a subset of a called service, `\"orders:v2\"`, `\"web -> orders:v2\"`; the most specific wins, key by key. A subset that says something of `pool`, of `outlier` and `panic`, or of `balance`, `hash`, `warmup` and `locality` takes nothing of that group from its service or edge, only from `\"*\"` (Istio's merging of a DestinationRule's subsets).",
        ),
        Key::new(
            "rules",
            Shape::Names(&Shape::Names(&Shape::Block(&RULE))),
            "Routing rules by called service: a VirtualService each. Proxies of callers follow them, those of streams too.",
        ),
        Key::new("control-plane", Shape::Block(&CONTROL_PLANE), "Where endpoints are pushed from, and when."),
        Key::new("readiness", Shape::Block(&READINESS), "When a replica counts as ready; it needs a `control-plane`."),
        Key::new(
            "istio",
            Shape::List(&Shape::File),
            "Files of Istio's own: DestinationRule, VirtualService and MeshConfig become words of this scenario; what the scenario says itself holds in place of theirs, key by key.",
        )
        .absent("none", "eastwest"),
        Key::new("locality", Shape::Block(&LOCALITY), "The mesh's own `localityLbSetting`, for edges whose policy and service say nothing of it.")
            .absent("enabled, with nothing said of regions", "Istio"),
        Key::new(
            "retain",
            Shape::Either(&[Shape::List(&Shape::Text), Shape::Names(&Shape::Flag)]),
            "Services whose callers see the endpoints of their own cluster only, without any fallback (ASM's in-cluster traffic retention, Istio's `clusterLocal`): `\"*\"`, a namespace `shop/*`, a service; or a map to `true` and `false`, the most specific entry holds.",
        )
        .absent("`kube-system/*` and the API server", "Istio"),
        Key::new("lanes", Shape::Block(&LANES), "Traffic lanes: versions of several services that a request stays among."),
        Key::later("health-check", "Active health checks."),
    ],
};

/// Versions of TLS.
const TLS_VERSION: Shape = Shape::Word(&["1.3", "1.2", "0-rtt", "none"], &[]);
/// The largest limit of Envoy's, one below what it takes for none.
const LIMIT: u64 = u32::MAX as u64 - 1;

/// `mesh.proxy`.
pub static PROXY: Block = Block {
    title: "mesh.proxy",
    about: "What a proxy costs for each call that it sends or receives, request and response together; estimated, calibrated to Istio's published 2.65 and 2.91 ms (p90, p99).",
    one_of: false,
    keys: &[
        Key::new("cpu", Shape::Duration, "CPU on its workers.").default("200us", "eastwest"),
        Key::new("delay", Shape::Duration, "Fixed delay.").default("0.5ms", "eastwest"),
    ],
};

/// `mesh.traffic.SELECTOR`.
pub static TRAFFIC: Block = Block {
    title: "mesh.traffic.SELECTOR",
    about: "Policy of the calls that the selector names.",
    one_of: false,
    keys: &[
        Key::new(
            "balance",
            BALANCE,
            "How a host is chosen; with parameters as a map: `{maglev: {table-size: 65537}}`.",
        )
        .absent("least-request", "Istio"),
        Key::new("timeout", NONE_OR_DURATION, "Over all attempts.").absent("none", "Istio"),
        Key::new("retries", Shape::Count(0, 100), "Attempts after the first (Istio's `attempts`).")
            .absent("2; 0 with `dataplane: none`", "Istio"),
        Key::new(
            "retry-on",
            Shape::List(&Shape::Either(&[CONDITION, Shape::Count(400, 599)])),
            "What is tried again: Envoy's conditions, gRPC's statuses, and HTTP statuses by number.",
        )
        .absent("connect-failure, refused-stream, cancelled, unavailable; before 1.24 also 503", "Istio"),
        Key::new(
            "retry-budget",
            Shape::Either(&[Shape::Share, Shape::Word(&["none"], &[]), Shape::Block(&RETRY_BUDGET)]),
            "Retries at once as a share of the proxy's requests that are active or wait; in place of `pool.max-retries`.",
        )
        .absent("none", "Istio"),
        Key::new(
            "previous-priorities",
            Shape::Either(&[Shape::Count(1, 100), Shape::Word(&["none"], &[])]),
            "With every so many tries, retries leave out the priorities tried so far (Istio's `retryRemoteLocalities` is 2).",
        )
        .absent("none", "Istio"),
        Key::new(
            "hedge",
            Shape::Flag,
            "A try that outlasts `per-try` is kept while another one is sent; the first good answer counts.",
        )
        .absent("false", "Envoy"),
        Key::new("per-try", NONE_OR_DURATION, "Timeout of one attempt.").absent("none: `timeout` alone", "Istio"),
        Key::new(
            "backoff",
            Shape::Either(&[Shape::Duration, Shape::Block(&BACKOFF)]),
            "Base of the pause before a retry, doubling up to ten times as much.",
        )
        .absent("25ms", "Envoy"),
        Key::new(
            "outlier",
            Shape::Either(&[Shape::Word(&["none"], &[]), Shape::Block(&OUTLIER)]),
            "Outlier detection, per client proxy. Without it Istio has no locality order.",
        )
        .absent("none", "Istio"),
        Key::new("panic", Shape::Share, "Healthy panic threshold.")
            .absent("50%; 0% once there is outlier detection", "Envoy"),
        Key::new("locality", Shape::Block(&LOCALITY), "Where calls go first.")
            .absent("same zone, same region, then the rest once there is `outlier`; else one flat list", "Istio"),
        Key::new("pool", Shape::Block(&POOL), "Connections."),
        Key::new("hash", HASHED, "What of a request is hashed, for `ring-hash` and `maglev`; without `balance` it means a ring, as Istio's `consistentHash` does.")
            .absent("chance", "Envoy"),
        Key::new("warmup", WARMED, "Slow start: how the weight of a host that joins grows; a duration, or a map.")
            .absent("none", "Istio"),
        Key::new(
            "overprovisioning",
            FROM_WHOLE,
            "Healthy hosts of a priority or locality count this much: at 140% it keeps its load down to 72 % of them. Istio has no word for it.",
        )
        .absent("140%", "Envoy"),
        Key::new(
            "fault",
            Shape::Either(&[Shape::Word(&["none"], &[]), Shape::Block(&FAULT_FILTER)]),
            "Delays and aborts that the client's proxy injects before it chooses a host.",
        )
        .absent("none", "Istio"),
        Key::new(
            "rate-limit",
            Shape::Either(&[Shape::Word(&["none"], &[]), Shape::Block(&RATE_LIMIT)]),
            "What the proxy of each replica lets in, whoever calls; the rest is answered 429. Not for one caller: write it under the called service or `*`.",
        )
        .absent("none", "Istio"),
    ],
};

/// Conditions of `retry-on`, in the order of `policy::retry::WORDS`.
pub const CONDITION: Shape = Shape::Word(&retry::WORDS, &["retriable-headers", "http3-post-connect-failure"]);

/// `backoff` as a map.
pub static BACKOFF: Block = Block {
    title: "backoff",
    about: "The pause before a retry: anything below a window that doubles.",
    one_of: false,
    keys: &[
        Key::new("base", Shape::Duration, "The first window.").default("25ms", "Envoy"),
        Key::new("max", Shape::Duration, "The longest window, at least the base.")
            .absent("ten times the base", "Envoy"),
    ],
};

/// `retry-budget` as a map.
pub static RETRY_BUDGET: Block = Block {
    title: "retry-budget",
    about: "A proxy's retries at once to an upstream.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "Of the requests that are active or wait.").default("20%", "Envoy"),
        Key::new("min", Shape::Count(0, 1_000_000), "So many in any case.").default("3", "Envoy"),
    ],
};

/// `fault` of a policy.
pub static FAULT_FILTER: Block = Block {
    title: "fault",
    about: "Envoy's fault filter: delay and abort are drawn each by itself, the abort comes after the delay; it is not retried and no host is blamed. The timeout begins after the delay.",
    one_of: false,
    keys: &[
        Key::new("delay", Shape::Block(&FAULT_DELAY), "Calls are held.").absent("none", "Istio"),
        Key::new("abort", Shape::Block(&FAULT_ABORT), "Calls are answered in the upstream's place.")
            .absent("none", "Istio"),
        Key::new("max-active", Shape::Count(0, 1_000_000), "Delays at once of one proxy to one upstream.")
            .absent("unlimited", "Envoy"),
    ],
};

/// `fault.delay`.
pub static FAULT_DELAY: Block = Block {
    title: "fault.delay",
    about: "An injected delay.",
    one_of: false,
    keys: &[
        Key::new("for", Shape::Duration, "How long.").required(),
        Key::new("share", Shape::Share, "Of the calls.").required(),
    ],
};

/// `fault.abort`.
pub static FAULT_ABORT: Block = Block {
    title: "fault.abort",
    about: "An injected answer.",
    one_of: false,
    keys: &[
        Key::new("status", Shape::Text, "HTTP status from 200 to 599, or gRPC's word.").required(),
        Key::new("share", Shape::Share, "Of the calls.").required(),
    ],
};

/// `rate-limit`.
pub static RATE_LIMIT: Block = Block {
    title: "rate-limit",
    about: "A token bucket in each replica's proxy, full at its start; a request takes a token.",
    one_of: false,
    keys: &[
        Key::new("tokens", Shape::Count(1, 1_000_000_000), "The most it holds.").required(),
        Key::new("per-fill", Shape::Count(1, 1_000_000_000), "Tokens at the end of each interval.")
            .default("1", "Envoy"),
        Key::new("every", Shape::Duration, "The interval, at least 50ms.").required(),
    ],
};

/// `success-rate`.
pub static SUCCESS_RATE: Block = Block {
    title: "success-rate",
    about: "Ejection, at sweeps, of hosts that succeed less often than the mean less some standard deviations. Istio never enforces it.",
    one_of: false,
    keys: &[
        Key::new("factor", Shape::Number(0.0, 1000.0), "Standard deviations below the mean.").default("1.9", "Envoy"),
        Key::new("volume", Shape::Count(0, 1_000_000), "Requests of a host in an interval for it to count.")
            .default("100", "Envoy"),
        Key::new("min-hosts", Shape::Count(0, 65_534), "So many hosts must count.").default("5", "Envoy"),
        Key::new("enforce", Shape::Share, "Chance that it is done.").default("100%", "Envoy"),
    ],
};

/// `failure-percentage`.
pub static FAILURE_PERCENTAGE: Block = Block {
    title: "failure-percentage",
    about: "Ejection, at sweeps, of hosts that fail too often. Istio never enforces it.",
    one_of: false,
    keys: &[
        Key::new("threshold", Shape::Share, "From this share of failures on.").default("85%", "Envoy"),
        Key::new("volume", Shape::Count(0, 1_000_000), "Requests of a host in an interval for it to count.")
            .default("50", "Envoy"),
        Key::new("min-hosts", Shape::Count(0, 65_534), "So many hosts must count.").default("5", "Envoy"),
        Key::new("enforce", Shape::Share, "Chance that it is done (Envoy's own default is 0%).")
            .default("100%", "eastwest"),
    ],
};

/// `outlier`.
pub static OUTLIER: Block = Block {
    title: "outlier",
    about: "Envoy's outlier detection.",
    one_of: false,
    keys: &[
        Key::new(
            "consecutive-5xx",
            Shape::Count(0, 1_000_000),
            "Consecutive 5xx, or failures to connect, that eject; 0: not watched.",
        )
        .default("5", "Istio"),
        Key::new("consecutive-gateway", Shape::Count(1, 1_000_000), "Consecutive 502, 503, 504 that eject.")
            .absent("not watched", "Istio"),
        Key::new("interval", Shape::Duration, "How often ejected hosts are looked at.").default("10s", "Istio"),
        Key::new("eject", Shape::Duration, "Ejection time, times the number of ejections.").default("30s", "Istio"),
        Key::new("max-eject", Shape::Duration, "The longest ejection time.")
            .absent("300s, or `eject` if that is longer", "Envoy"),
        Key::new(
            "max-ejection",
            Shape::Share,
            "At most this share of all hosts. With 10% a whole zone or region is never ejected.",
        )
        .default("10%", "Istio"),
        Key::new("jitter", Shape::Duration, "Up to so much more is added to each ejection time.")
            .absent("none", "Envoy"),
        Key::new(
            "always-eject-one",
            Shape::Flag,
            "One host may be out whatever `max-ejection` says; from Istio 1.23 (Envoy 1.31) on.",
        )
        .absent("false", "Envoy"),
        Key::new("min-health", Shape::Share, "Healthy panic threshold under outlier detection; `panic` says the same.")
            .absent("0%: no panic", "Istio"),
        Key::new("enforce", Shape::Share, "Chance that what consecutive failures ask for is done.")
            .absent("100%", "Istio"),
        Key::new("split-external-local", Shape::Flag, "Failures to connect are counted apart from answers.")
            .absent("false", "Istio"),
        Key::new(
            "consecutive-local",
            Shape::Count(0, 1_000_000),
            "Consecutive failures to connect that eject, with `split-external-local`.",
        )
        .absent("5", "Envoy"),
        Key::new(
            "error-codes",
            Shape::List(&Shape::Count(100, 599)),
            "Only these HTTP statuses are errors (`outlierDetectionHttpErrorCodes`).",
        )
        .absent("5xx", "Envoy"),
        Key::new("success-rate", Shape::Block(&SUCCESS_RATE), "Ejection by success rate.").absent("none", "Istio"),
        Key::new("failure-percentage", Shape::Block(&FAILURE_PERCENTAGE), "Ejection by share of failures.")
            .absent("none", "Istio"),
    ],
};

/// `locality`.
pub static LOCALITY: Block = Block {
    title: "locality",
    about: "Istio's `localityLbSetting`: same zone, then same region, then the rest; it needs `outlier`, unless shares are given.",
    one_of: false,
    keys: &[
        Key::new("enabled", Shape::Flag, "Locality order at all.").default("true", "Istio"),
        Key::new("failover", Shape::Names(&Shape::Reference("region")), "When a region's hosts fail, which region is next: `{hangzhou: singapore}`.").absent("all others alike", "Istio"),
        Key::new(
            "failover-priority",
            Shape::List(&Shape::Text),
            "Order by labels in place of nearness: `network`, `region`, `zone`, `cluster` or their full names (`topology.kubernetes.io/region`), compared with the caller's own; `region=hangzhou` compares with that, `zone=hangzhou/h`. Hosts that share the first N labels come before those that share fewer.",
        )
        .absent("by nearness", "Istio"),
        Key::new("distribute", Shape::Names(&Shape::Names(&Shape::Share)), "Whole percents by where callers are and where they go: `{hangzhou: {hangzhou: 80%, singapore: 20%}}`, also `hangzhou/h/*`; localities have turns by these weights. What is not named gets nothing, whatever fails; callers whom no entry names see one flat list.")
            .absent("by order", "Istio"),
        Key::new(
            "zone-aware",
            Shape::Either(&[Shape::Flag, Shape::Block(&ZONE_AWARE)]),
            "Istio's `zoneAwareLbSetting` in place of this order: the same region, then the one that `failover` names, then the rest; in the first of them the caller's own zone, as far as its share of the callers is covered there (Envoy's zone-aware routing). `false`: one flat list.",
        )
        .absent("not said", "Istio"),
    ],
};

/// `pool`.
pub static POOL: Block = Block {
    title: "pool",
    about: "A proxy's connections to a host.",
    one_of: false,
    keys: &[
        Key::new("connect-timeout", Shape::Duration, "TCP and TLS must be up within this.").absent("10s", "Istio"),
        Key::new(
            "http2-ping",
            Shape::Either(&[Shape::Duration, Shape::Word(&["none"], &[]), Shape::Block(&PING)]),
            "Pings on open connections; a missing answer closes the connection.",
        )
        .absent("none", "Istio"),
        Key::new("max-connection-age", NONE_OR_DURATION, "A connection is closed at the first idle moment after this.")
            .absent("none", "Envoy"),
        Key::new(
            "receive-window",
            Shape::Bytes,
            "What a connection's receiver lets be under way before it acknowledges, each direction, at least a segment of 1460 bytes; so much a round trip is the most that a connection carries.",
        )
        .absent("4 MiB", "Linux"),
        Key::new(
            "protocol",
            Shape::Word(&["http2", "http1"], &["http3", "tcp"]),
            "What proxies speak: HTTP/2 puts all requests of a worker to a host on one connection, up to its streams; HTTP/1.1 one at a time, the connection used last first.",
        )
        .absent("http2", "Istio"),
        Key::new(
            "max-connections",
            Shape::Count(1, LIMIT),
            "Connections of a proxy to all hosts of the upstream (`tcp.maxConnections`); a host without any gets one all the same. Requests beyond wait, first come, first served.",
        )
        .absent("none", "Istio"),
        Key::new(
            "max-streams",
            Shape::Count(1, LIMIT),
            "Requests at once over one HTTP/2 connection; beyond, another connection is opened.",
        )
        .absent("none (1024 from Envoy 1.36 on)", "Envoy"),
        Key::new("max-requests-per-connection", Shape::Count(1, LIMIT), "A connection is closed after this many requests.")
            .absent("none", "Istio"),
        Key::new(
            "max-pending",
            Shape::Count(0, LIMIT),
            "Requests of a proxy that wait for a connection, of HTTP/2 too; beyond, a 503 (UO, class `circuit-breaker`) that is never retried.",
        )
        .absent("none", "Istio"),
        Key::new(
            "max-requests",
            Shape::Count(1, LIMIT),
            "Requests of a proxy at once, of HTTP/1.1 too; beyond, a 503 as with `max-pending`.",
        )
        .absent("none", "Istio"),
        Key::new("max-retries", Shape::Count(0, LIMIT), "Retries of a proxy at once; beyond, nothing is tried again.")
            .absent("none", "Istio"),
        Key::new("idle-timeout", NONE_OR_DURATION, "A connection without requests is closed after this.")
            .absent("1h", "Envoy"),
        Key::new(
            "tcp-keepalive",
            Shape::Either(&[Shape::Duration, Shape::Word(&["none"], &[]), Shape::Block(&KEEPALIVE)]),
            "Probes on connections where nothing passes: they keep balancers from ending them, and find dead paths.",
        )
        .absent("none", "Istio"),
    ],
};

/// `tcp-keepalive`.
pub static KEEPALIVE: Block = Block {
    title: "tcp-keepalive",
    about: "TCP keepalive, as Linux has it.",
    one_of: false,
    keys: &[
        Key::new("time", Shape::Duration, "Without a packet for so long, a probe is sent.").required(),
        Key::new("interval", Shape::Duration, "Between probes that nobody answers.").absent("75s", "Linux"),
        Key::new("probes", Shape::Count(1, 100), "So many unanswered probes end the connection.").absent("9", "Linux"),
    ],
};

/// `tls` as a map.
pub static TLS: Block = Block {
    title: "tls",
    about: "TLS between proxies.",
    one_of: false,
    keys: &[
        Key::new("version", TLS_VERSION, "The version, in quotes.").default("1.3", "Istio"),
        Key::new(
            "resume",
            Shape::Word(&["true", "false"], &[]),
            "New connections resume an old session: less CPU and no certificates, the same round trips.",
        )
        .default("false", "eastwest"),
    ],
};

/// `http2-ping`.
pub static PING: Block = Block {
    title: "http2-ping",
    about: "HTTP/2 pings.",
    one_of: false,
    keys: &[
        Key::new("interval", Shape::Duration, "How often.").required(),
        Key::new("timeout", Shape::Duration, "How long an answer may take.")
            .absent("as long as the interval", "eastwest"),
    ],
};
