//! Words of `sweep:`, and the bounds of `copies:`.

use super::{Block, Key, Shape};

/// A counter's least value: no copy.
pub const COPIES_MIN: u64 = 0;
/// Its greatest.
pub const COPIES_MAX: u64 = 10_000;

/// `sweep.NAME`.
pub static AXIS: Block = Block {
    title: "sweep.NAME",
    about: "An axis of a parameter study: one value at a time is laid over the scenario, as by `--set`.",
    one_of: false,
    keys: &[
        Key::new(
            "set",
            Shape::Either(&[Shape::Text, Shape::List(&Shape::Text)]),
            "Which value: keys with dots, `workload.users.scale`. Several paths get the same value.",
        )
        .required(),
        Key::new(
            "to",
            Shape::Either(&[Shape::List(&Shape::Text), Shape::Block(&SPREAD)]),
            "The values, in order; or a range with its ends and how many values it has.",
        )
        .required(),
    ],
};

/// `sweep.NAME.to`.
pub static SPREAD: Block = Block {
    title: "sweep.NAME.to",
    about: "Values between two ends, both of them included. Both ends have the same unit.",
    one_of: false,
    keys: &[
        Key::new("from", Shape::Text, "The first value.").required(),
        Key::new("to", Shape::Text, "The last value.").required(),
        Key::new("steps", Shape::Count(2, 1000), "How many values there are.").default("5", "eastwest"),
        Key::new(
            "scale",
            Shape::Word(&["linear", "log"], &[]),
            "`linear`: equal differences; `log`: equal ratios, and a logarithmic axis of the charts.",
        )
        .default("linear", "eastwest"),
    ],
};
