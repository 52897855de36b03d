//! Words of `workload.NAME.sessions`.

use super::{Block, Key, LAW, RATE, Shape};

/// `workload.NAME.sessions`.
pub static SESSIONS: Block = Block {
    title: "workload.NAME.sessions",
    about: "Users who keep one connection to an ingress (players, web sockets), send one request after the other on it, and come back when it breaks: `open` or `arrive` is required.",
    one_of: false,
    keys: &[
        Key::new(
            "open",
            Shape::Count(1, 1_000_000),
            "Always so many: who leaves is followed by another session at once. `scale` is a factor on it.",
        ),
        Key::new(
            "arrive",
            Shape::Either(&[Shape::Rate, Shape::Block(&RATE)]),
            "New sessions per second, by chance, that leave for good; there are this many times `last` of them on average.",
        ),
        Key::new(
            "last",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "How long one lasts, time without a connection not counted; those that are there at first have the rest of theirs to go.",
        )
        .absent("longer than the run", "eastwest"),
        Key::new(
            "think",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "Between an answer and the next request.",
        )
        .required(),
        Key::new(
            "login",
            Shape::Reference("service.operation"),
            "What each new connection begins with, an operation of the service that they call; a session is open once it is answered well.",
        )
        .absent("nothing: it is open after its handshakes", "eastwest"),
        Key::new("reconnect", Shape::Block(&RECONNECT), "How a client comes back."),
    ],
};

/// `sessions.reconnect`.
pub static RECONNECT: Block = Block {
    title: "workload.NAME.sessions.reconnect",
    about: "What a client does once it knows that its connection is broken.",
    one_of: false,
    keys: &[
        Key::new("after", Shape::Duration, "Until the first try.").default("0s", "eastwest"),
        Key::new("jitter", Shape::Duration, "And up to so long more, each time by chance, evenly.")
            .default("0s", "eastwest"),
        Key::new(
            "backoff",
            Shape::Block(&RECONNECT_BACKOFF),
            "After failed tries: anything below a window that doubles (full jitter).",
        ),
        Key::new("give-up", Shape::Duration, "A client that would try again later than this after the break is gone.")
            .absent("never", "eastwest"),
    ],
};

/// `sessions.reconnect.backoff`.
pub static RECONNECT_BACKOFF: Block = Block {
    title: "workload.NAME.sessions.reconnect.backoff",
    about: "The pause after a try that failed: anything below a window that doubles with each.",
    one_of: false,
    keys: &[
        Key::new("base", Shape::Duration, "The first window.").default("1s", "eastwest"),
        Key::new("max", Shape::Duration, "The longest window, at least the base.").default("30s", "eastwest"),
    ],
};
