//! Words of `mesh.rules:`, of versions and of headers.

use super::mesh::{CONDITION, NONE_OR_DURATION};
use super::service::{ERRORS, REPLICAS, WORK};
use super::{BACKOFF, Block, FAULT_FILTER, Key, STEP, Shape};

const TARGET: Shape = Shape::Reference("subset, service or service:subset");
const MATCH_TEXT: Shape = Shape::Either(&[Shape::Text, Shape::Block(&TEXT_MATCH)]);

/// `mesh.rules.SERVICE.NAME`.
pub static RULE: Block = Block {
    title: "mesh.rules.SERVICE.NAME",
    about: "What proxies do with calls to the service (an entry of a VirtualService's `http`): rules are looked at in the order of writing, the first that matches holds, and a call that none matches is answered 404. Without rules every call goes to all of the service.",
    one_of: false,
    keys: &[
        Key::new(
            "match",
            Shape::Either(&[Shape::Block(&RULE_MATCH), Shape::List(&Shape::Block(&RULE_MATCH))]),
            "Which calls it is for: all that is said must hold; of a list, one entry.",
        )
        .absent("every call", "Istio"),
        Key::new(
            "to",
            Shape::Either(&[TARGET, Shape::Names(&Shape::Either(&[Shape::Share, Shape::Count(0, 1_000_000)]))]),
            "Where they go: a subset of the service, `v2`, another service, `ratings`, or a subset of one, `ratings:v2`; or several with shares that sum to 100%, or with weights. Drawn once for each call, not for its retries.",
        )
        .absent("all of the service", "eastwest"),
        Key::new(
            "fallback",
            Shape::Either(&[TARGET, Shape::List(&TARGET)]),
            "Where they go instead while the client believes no host of the destination healthy; the first that has one (ASM's `fallback`).",
        )
        .absent("nowhere: 503", "Istio"),
        Key::new(
            "respond",
            Shape::Count(200, 599),
            "In place of `to`: the client's proxy answers with this status itself (Istio's `directResponse`; a redirect is one that nobody follows).",
        ),
        Key::new(
            "mirror",
            Shape::Either(&[TARGET, Shape::Block(&MIRROR), Shape::List(&Shape::Block(&MIRROR))]),
            "Who gets a copy of the call, whose answer nobody waits for; copies are not tried again.",
        )
        .absent("nobody", "Istio"),
        Key::new("headers", Shape::Block(&RULE_HEADERS), "What becomes of the headers of these calls."),
        Key::new("timeout", NONE_OR_DURATION, "Over all attempts.").absent("that of `traffic`", "eastwest"),
        Key::new("retries", Shape::Count(0, 100), "Attempts after the first.").absent("that of `traffic`", "eastwest"),
        Key::new("retry-on", Shape::List(&Shape::Either(&[CONDITION, Shape::Count(400, 599)])), "What is tried again.")
            .absent("that of `traffic`", "eastwest"),
        Key::new("per-try", NONE_OR_DURATION, "Timeout of one attempt.").absent("that of `traffic`", "eastwest"),
        Key::new(
            "backoff",
            Shape::Either(&[Shape::Duration, Shape::Block(&BACKOFF)]),
            "The pause before a retry.",
        )
        .absent("that of `traffic`", "eastwest"),
        Key::new(
            "previous-priorities",
            Shape::Either(&[Shape::Count(1, 100), Shape::Word(&["none"], &[])]),
            "With every so many tries, retries leave out the priorities tried so far.",
        )
        .absent("that of `traffic`", "eastwest"),
        Key::new("hedge", Shape::Flag, "A try that outlasts `per-try` is kept while another one is sent.")
            .absent("that of `traffic`", "eastwest"),
        Key::new(
            "fault",
            Shape::Either(&[Shape::Word(&["none"], &[]), Shape::Block(&FAULT_FILTER)]),
            "Delays and aborts that the client's proxy injects.",
        )
        .absent("that of `traffic`", "eastwest"),
        Key::later("rewrite", "Another path, and with it another operation: write the operation's own rule instead."),
        Key::later("redirect", "An answer that sends the caller elsewhere: `respond: 301` is one that nobody follows."),
    ],
};

/// `match`.
pub static RULE_MATCH: Block = Block {
    title: "match",
    about: "Conditions on a call and on who makes it; all must hold.",
    one_of: false,
    keys: &[
        Key::new("path", MATCH_TEXT, "The operation's `path`: a text, or `{prefix: /api}`, `{regex: ..}`."),
        Key::new("ignore-case", Shape::Flag, "Upper and lower case of the path are alike; not in a `regex`.")
            .absent("false", "Istio"),
        Key::new("method", MATCH_TEXT, "The operation's `method`."),
        Key::new("headers", Shape::Names(&MATCH_TEXT), "Headers that the call carries."),
        Key::new("without-headers", Shape::Names(&MATCH_TEXT), "Headers that it does not carry, or not so."),
        Key::new(
            "source-labels",
            Shape::Names(&Shape::Text),
            "Labels of the caller's replica: `app` (its service's name) and `version` are always there.",
        ),
        Key::new("source-namespace", Shape::Text, "The caller's namespace; of a stream `istio-system`."),
        Key::new(
            "gateways",
            Shape::List(&Shape::Reference("stream or mesh")),
            "Whose proxies look at it: those of these streams; `mesh` is every sidecar.",
        )
        .absent("all proxies", "eastwest"),
        Key::later("scheme", "The scheme: all calls are alike here."),
        Key::later("authority", "The host: rules stand under the service that is called."),
        Key::later("port", "The port: a service has one here."),
        Key::later("query-params", "Parameters of a query: operations have none here."),
    ],
};

/// A text that is matched.
pub static TEXT_MATCH: Block = Block {
    title: "a match of a text",
    about: "How a text is to look; a text alone stands for `exact`.",
    one_of: true,
    keys: &[
        Key::new("exact", Shape::Text, "It is this."),
        Key::new("prefix", Shape::Text, "It begins with this."),
        Key::new("regex", Shape::Text, "All of it is what this expression (RE2) describes."),
        Key::new("present", Shape::Word(&["true"], &[]), "It is there, whatever it says."),
    ],
};

/// `mirror` as a map.
pub static MIRROR: Block = Block {
    title: "mirror",
    about: "Copies of calls.",
    one_of: false,
    keys: &[
        Key::new("to", TARGET, "Where they go.").required(),
        Key::new("share", Shape::Share, "Of the calls.").default("100%", "Istio"),
    ],
};

/// `headers` of a rule.
pub static RULE_HEADERS: Block = Block {
    title: "headers of a rule",
    about: "What becomes of the headers of calls that the rule sends.",
    one_of: false,
    keys: &[
        Key::new("set", Shape::Names(&Shape::Text), "They carry these from here on."),
        Key::new("remove", Shape::List(&Shape::Text), "They carry these no longer."),
    ],
};

/// `services.NAME.versions.NAME`.
pub static VERSION: Block = Block {
    title: "services.NAME.versions.NAME",
    about: "A version: replicas of the service with labels of their own, which may do something else.",
    one_of: false,
    keys: &[
        Key::new("replicas", REPLICAS, "Its replicas, as of a service without versions.").required(),
        Key::new("labels", Shape::Names(&Shape::Text), "Labels, besides `app: SERVICE` and `version: NAME`."),
        Key::new("work", WORK, "In place of the service's: holds a worker for this long."),
        Key::new(
            "calls",
            Shape::List(&Shape::Reference("service or service.operation")),
            "Then calls these, one after the other.",
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

/// `services.NAME.versions.NAME.operations.NAME`.
pub static VERSION_OPERATION: Block = Block {
    title: "services.NAME.versions.NAME.operations.NAME",
    about: "What a version does in an operation; what is not said is as the service has it.",
    one_of: false,
    keys: &[
        Key::new("work", WORK, "Holds a worker for this long."),
        Key::new(
            "calls",
            Shape::List(&Shape::Reference("service or service.operation")),
            "Then calls these, one after the other.",
        ),
        Key::new("steps", Shape::List(&Shape::Block(&STEP)), "In place of `work` and `calls`."),
        Key::new("errors", ERRORS, "Share answered with a 500, or shares by status.")
            .absent("the service's", "eastwest"),
        Key::new(
            "missing",
            Shape::Word(&["true"], &[]),
            "This version has no such operation: a call for it is answered 404 without work, and fails as `wrong-service`.",
        ),
    ],
};

/// A header whose value is drawn.
pub static DRAWN_HEADER: Block = Block {
    title: "a header that is drawn",
    about: "A value for each request, each with the same chance.",
    one_of: true,
    keys: &[
        Key::new("one-of", Shape::List(&Shape::Text), "One of these."),
        Key::new("users", Shape::Count(1, 1_000_000), "One of so many users: their numbers from 0 on."),
    ],
};
