//! Words of `mesh:`, which are Envoy's and Istio's.

use super::{Block, Key, Shape};

const NONE_OR_DURATION: Shape = Shape::Either(&[Shape::Duration, Shape::Word(&["none"], &[])]);

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
            Shape::Word(&["sidecar", "none"], &["ambient"]),
            "A proxy beside each replica, or none: clients then choose hosts at no cost and do not retry unless told.",
        )
        .default("sidecar", "Istio"),
        Key::new("concurrency", Shape::Count(1, 128), "Workers of each sidecar.").default("1", "eastwest"),
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
            "Policies by `\"*\"`, by called service, or by edge `\"web -> orders\"` (a stream may stand on the left); the most specific wins, key by key.",
        ),
        Key::later("control-plane", "Where endpoints are pushed from, and when."),
        Key::later("retain", "Services kept in their cluster."),
        Key::later("lanes", "Routing by header."),
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
            Shape::Word(
                &["least-request", "round-robin", "random"],
                &["ring-hash", "maglev", "passthrough", "peak-ewma"],
            ),
            "How a host is chosen.",
        )
        .absent("least-request", "Istio"),
        Key::new("timeout", NONE_OR_DURATION, "Over all attempts.").absent("none", "Istio"),
        Key::new("retries", Shape::Count(0, 100), "Attempts after the first (Istio's `attempts`).")
            .absent("2; 0 with `dataplane: none`", "Istio"),
        Key::new(
            "retry-on",
            Shape::List(&Shape::Word(
                &["connect-failure", "refused-stream", "reset", "gateway-error", "5xx", "500", "503"],
                &[
                    "reset-before-request",
                    "unavailable",
                    "cancelled",
                    "retriable-status-codes",
                    "envoy-ratelimited",
                    "retriable-4xx",
                    "deadline-exceeded",
                    "resource-exhausted",
                ],
            )),
            "What is tried again.",
        )
        .absent("connect-failure, refused-stream; before 1.24 also 503", "Istio"),
        Key::new("per-try", NONE_OR_DURATION, "Timeout of one attempt.").absent("none: `timeout` alone", "Istio"),
        Key::new("backoff", Shape::Duration, "Base of the pause before a retry, doubling up to ten times as much.")
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
        Key::later("retry-budget", "Retries as a share of the active requests."),
        Key::later("hedge", "A second attempt while the first is still out."),
        Key::later("mirror", "Copies of requests."),
        Key::later("warmup", "Slow start of new hosts."),
        Key::later("fault", "Injected delays and aborts."),
        Key::later("rate-limit", "Limits on the rate of requests."),
        Key::later("subset", "Choice by version."),
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
        Key::later("min-health", "Panic threshold under outlier detection."),
        Key::later("success-rate", "Ejection by success rate."),
        Key::later("split-external-local", "Failures to connect counted apart."),
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
        Key::new("distribute", Shape::Names(&Shape::Names(&Shape::Share)), "Shares by target region for callers of a region: `{hangzhou: {hangzhou: 80%, singapore: 20%}}`; an independent draw for each call.")
            .absent("by order", "Istio"),
        Key::later("failover-priority", "Order by labels."),
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
