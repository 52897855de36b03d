//! Codes of failures in the long run (docs/availability.md).

use super::{Code, code};

/// EW435 to EW438, EW520 to EW524, EW539, EW540.
pub(super) const RELIABILITY: &[Code] = &[
    code(
        "EW435",
        "nothing ever fails",
        "With `book: none` only what stands under `rows` fails, and what stands under `never` does not.",
    ),
    code("EW436", "a rate with half of its figures", "A component is up for a mean time and down for a mean time."),
    code(
        "EW437",
        "an unknown kind of component",
        "`eastwest catalog reliability` and docs/availability.md list the kinds.",
    ),
    code(
        "EW438",
        "a rate of nothing",
        "No variant has a component of that name, or none that may fail, so that the row, crew, share or `never` changes nothing. \
         `eastwest availability` lists those that there are.",
    ),
    code(
        "EW520",
        "a rate that is said twice",
        "`seen` says how often something failed; `mean-up` and `uncertain` say the same as belief. Write one of them.",
    ),
    code(
        "EW521",
        "down for longer than up",
        "A component that is down most of the time is a part of how things are, not a failure; are the two times swapped?",
    ),
    code(
        "EW522",
        "a rate beyond what states can hold",
        "States are weighed as if each lasted until all have learnt of it. What fails again within minutes never gets there: write it as a \
         fault with `flap`, or as `errors`, and simulate it.",
    ),
    code(
        "EW523",
        "a rate beyond what can be weighed",
        "A component of `reliability` is up for a minute at least: months would hold millions of failures, each of them longer in its \
         consequences than the time between them. Write it as a fault with `flap`, or as `errors`.",
    ),
    code(
        "EW524",
        "an objective that nothing misses",
        "`slo` is the share of requests that is to be answered, above 0.",
    ),
    code(
        "EW539",
        "a component that is degraded in the long run",
        "`reliability` weighs components that are up or down. What slows, loses, limits or answers with errors is a fault: with `mean-up` \
         and `mean-down` it comes by chance in `run` and `compare`.",
    ),
    code(
        "EW540",
        "a service too small to lose something",
        "What `faults` take down, or `reliability` says may fail, leaves replicas that are offered more work than they can do, even if it \
         is spread evenly: failing over does not help until it is back. Counted from means; queues and retries make it worse.",
    ),
];
