//! Codes of callers who give up and of caches (docs/failures.md).

use super::{Code, code};

/// EW480 to EW489.
pub(super) const STORMS: &[Code] = &[
    code(
        "EW480",
        "nothing waits that could be dropped",
        "`on-cancel: drop-queued` takes a request out of the queue for a thread or a worker. Where all are served at once nobody queues.",
    ),
    code("EW481", "a cache that nothing hits", "`hit` is the share of requests whose answers may be kept at all."),
];
