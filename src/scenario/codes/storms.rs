//! Codes of callers who give up and of caches (docs/failures.md).

use super::{Code, code};

/// EW480 to EW489.
pub(super) const STORMS: &[Code] = &[
    code(
        "EW480",
        "nothing waits that could be dropped",
        "`on-cancel: drop-queued` takes a request out of the queue for a thread or a worker. Where all are served at once nobody queues; `stop` ends what has begun, too.",
    ),
    code(
        "EW505",
        "sessions that cannot be so",
        "A session keeps one connection to the service that its user calls: its `login` is an operation of that service. After a try that failed a client waits for anything below a window that begins with `base` and doubles up to `max`.",
    ),
    code("EW481", "a cache that nothing hits", "`hit` is the share of requests whose answers may be kept at all."),
];
