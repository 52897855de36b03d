//! Codes of failures in the long run (docs/availability.md).

use super::{Code, code};

/// EW435 to EW438.
pub(super) const RELIABILITY: &[Code] = &[
    code("EW435", "nothing ever fails", "With `book: none` only what stands under `rows` fails."),
    code("EW436", "a rate with half of its figures", "A component is up for a mean time and down for a mean time."),
    code(
        "EW437",
        "an unknown kind of component",
        "`eastwest catalog reliability` and docs/availability.md list the kinds.",
    ),
    code(
        "EW438",
        "a rate of nothing",
        "No variant has a component of that name, so that the row changes nothing; `eastwest availability` lists those that there are.",
    ),
];
