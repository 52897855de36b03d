//! Words of `entry:` and `actions:`.

use super::{Block, Key, Shape};

/// Clusters in order, or with their weights.
const TO: Shape = Shape::Either(&[Shape::List(&Shape::Reference("cluster")), Shape::Names(&Shape::Number(0.0, 1e6))]);
const SET: Shape = Shape::Either(&[
    Shape::List(&Shape::Reference("cluster")),
    Shape::Names(&Shape::Number(0.0, 1e6)),
    Shape::Reference("cluster"),
    Shape::Count(1, 1000),
]);
const ANSWER: Shape = Shape::Word(&["nearest", "weighted", "primary-standby"], &[]);
const ANSWERS: &str = "With which of the clusters whose checks pass: the one with the shortest round trip from the users' region, one by chance by the weights under `to`, or the first of `to`. Where none passes, all count as passing.";
const ANSWER_ABSENT: &str = "nearest; weighted where `to` has weights";

/// `entry.NAME`.
pub static ENTRY: Block = Block {
    title: "entry.NAME",
    about: "What leads users to one of several clusters: `dns` or `balancer` is required. Users in another region than the cluster's come over the internet. A fault calls it `entry/NAME`.",
    one_of: false,
    keys: &[
        Key::new("dns", Shape::Block(&DNS), "A name whose records follow health checks: clients keep what they were told until it has lived its time."),
        Key::new("balancer", Shape::Block(&BALANCER), "An anycast address or accelerator: each new connection goes where it says, without a time to live; in another region over the backbone. Its price is not in the bill."),
        Key::new("to", TO, "The clusters, in order: `[east, south]`; or with weights: `{east: 90, south: 10}`.").required(),
        Key::new(
            "connect-timeout",
            Shape::Duration,
            "How long a user's client tries to reach an ingress, or to resolve the name; then its request has failed as `entry`.",
        )
        .default("10s", "eastwest"),
    ],
};

/// `entry.NAME.dns`.
pub static DNS: Block = Block {
    title: "entry.NAME.dns",
    about: "Records and those who keep them.",
    one_of: false,
    keys: &[
        Key::new("ttl", Shape::Duration, "How long an answer is good. Each client asks at a time of its own.")
            .default("60s", "eastwest"),
        Key::new("check", Shape::Block(&CHECK), "The health checks that records follow."),
        Key::new("ignore-ttl", Shape::Share, "The share of clients that keep an answer longer.")
            .default("0%", "eastwest"),
        Key::new("hold", Shape::Duration, "How long those keep it.").absent("for the whole run", "eastwest"),
        Key::new("answer", ANSWER, ANSWERS).absent(ANSWER_ABSENT, "eastwest"),
    ],
};

/// `entry.NAME.balancer`.
pub static BALANCER: Block = Block {
    title: "entry.NAME.balancer",
    about: "A global balancer.",
    one_of: false,
    keys: &[
        Key::new("check", Shape::Block(&CHECK), "The health checks that it follows."),
        Key::new("answer", ANSWER, ANSWERS).absent(ANSWER_ABSENT, "eastwest"),
    ],
};

/// `entry.NAME.dns.check`.
pub static CHECK: Block = Block {
    title: "entry.NAME.dns.check",
    about: "Health checks of each cluster's ingress.",
    one_of: false,
    keys: &[
        Key::new("every", Shape::Duration, "Between two checks.").default("30s", "provider"),
        Key::new("timeout", Shape::Duration, "How long an answer may take.")
            .absent("4s, or `every` if that is less", "provider"),
        Key::new("misses", Shape::Count(1, 1000), "So many failures in a row, and the cluster is out.")
            .default("3", "provider"),
        Key::new("hits", Shape::Count(1, 1000), "So many successes in a row, and it is back.")
            .absent("as `misses`", "provider"),
        Key::new(
            "path",
            Shape::Reference("service"),
            "A deep check: of this service a replica in that cluster must answer too, not the ingress alone.",
        )
        .absent("the ingress alone", "eastwest"),
    ],
};

/// `actions.NAME`.
pub static ACTION: Block = Block {
    title: "actions.NAME",
    about: "What an operator or a script does: `at` or `when` is required.",
    one_of: false,
    keys: &[
        Key::new("at", Shape::Duration, "When it is due, from t = 0."),
        Key::new(
            "when",
            Shape::Written {
                what: "`alarm(FAULT) + 10m` or `end(FAULT) + 5m`",
                name: "moment of a fault",
                pattern: "^(alarm|end)\\([a-z0-9-]+\\)( ?\\+ ?[0-9].*)?$",
                example: "alarm(region-out) + 10m",
            },
            "So long after the alarm of a fault, or after its end; each time that it comes.",
        ),
        Key::new("alarm", Shape::Duration, "How long a fault must last until its alarm rings.")
            .default("1m", "eastwest"),
        Key::new(
            "needs",
            Shape::Either(&[
                Shape::Reference("api/CLUSTER or control-plane[/NAME]"),
                Shape::List(&Shape::Reference("api/CLUSTER or control-plane[/NAME]")),
            ]),
            "What must be there for it: while one of these is down it waits, and it is done when all are back.",
        )
        .absent("nothing", "eastwest"),
        Key::new(
            "set",
            Shape::Names(&SET),
            "What it sets, and to what: `entry.NAME.to: [standby]`, `stores.NAME.primary: standby`, `services.NAME.autoscale.min: 6`.",
        )
        .required(),
    ],
};
