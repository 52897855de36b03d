//! Codes of when faults and flows come (docs/failures.md).

use super::{Code, code};

/// EW428 to EW434, EW544 and EW545.
pub(super) const WEATHER: &[Code] = &[
    code(
        "EW428",
        "a fault that comes again before it is over",
        "What repeats begins every so often and lasts for less than that. What never ends is no fault but the way things are: leave `every` out, or change what is hit.",
    ),
    code(
        "EW429",
        "a fault that comes too often",
        "Each component may fail 10,000 times in a run, and one that flaps may come and go as often. What comes and goes faster than requests do is a property of the network (`loss`, `slow`) or flaps.",
    ),
    code(
        "EW432",
        "a time of day without a date",
        "A fault comes at a time of day where the users of the first stream are, and nobody said what time it is there at t = 0: midnight is assumed.",
    ),
    code(
        "EW433",
        "an incident that does not happen to this",
        "Each recorded incident hits what it hit: a zone, a region, what lies between two regions, or names. Some hit only what no scenario has (a database's console), and cannot be replayed.",
    ),
    code(
        "EW434",
        "an incident that meets nobody",
        "It took nothing but control planes, and this variant has none: `mesh.control-plane` says who tells proxies.",
    ),
    code(
        "EW544",
        "a flow that comes again before it is over",
        "What begins every so often flows for less than that, and no more than 10,000 times a day. What never ends has no `at`, `for` and `every`.",
    ),
    code(
        "EW545",
        "a flow that the run does not see",
        "A flow with a schedule is billed by it for a whole month, and loads caps only while it flows. A run in which it never does says nothing of it.",
    ),
];
