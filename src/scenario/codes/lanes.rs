//! Codes of versions and of traffic lanes (docs/mesh-lanes.md).

use super::{Code, code};

/// EW376 to EW379, and EW530.
pub(super) const LANES: &[Code] = &[
    code(
        "EW376",
        "a lane of versions that are not there",
        "A lane is made of versions of services: each must be one of the service's `versions`, what is to be lent must be there, and in a strict group, where the caller's version tells its lane, no two lanes share one.",
    ),
    code(
        "EW377",
        "settings of the other kind of lanes",
        "A permissive group needs a baseline that lends what a lane lacks; a strict one lends nothing, and looks at no header between services.",
    ),
    code(
        "EW378",
        "a lane that lacks a service, and nobody lends it",
        "Calls to the service in that lane are answered 503. ASM asks that a strict lane has all services of its group, and that the baseline has them in a permissive one.",
    ),
    code(
        "EW379",
        "a lane that requests lose, or never enter",
        "In a permissive group the request carries its lane in a header. An application that does not pass it on sends the rest of its chain to the baseline, silently: nothing fails, and the wrong version is tested.",
    ),
    code(
        "EW530",
        "one name for two subsets",
        "Each version is a subset of its own name; `subsets:` cannot give that name to other replicas.",
    ),
];
