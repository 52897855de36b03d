//! `reliability`.

use super::{Block, Key, Shape};

/// A span that may be longer than any run.
const SPAN: Shape = Shape::Written {
    what: "a span such as `90d`, `2h` or `3 years`",
    name: "span",
    pattern: "^[0-9]+(\\.[0-9]+)? ?(years?|a|d|h|min|m|s|ms)$",
    example: "3 years",
};

/// `reliability`.
pub static RELIABILITY: Block = Block {
    title: "reliability",
    about: "What is assumed of failures in the long run: how often each component fails and for how long. Only \
            `eastwest availability` reads it; docs/availability.md has the method.",
    one_of: false,
    keys: &[
        Key::new(
            "book",
            Shape::Word(&["default", "none"], &[]),
            "`default`: the estimated figures of `eastwest catalog reliability` hold where no row says otherwise; `none`: only \
             what stands under `rows` ever fails.",
        )
        .default("default", "eastwest"),
        Key::new(
            "rows",
            Shape::Names(&Shape::Block(&RELIABILITY_ROW)),
            "Your own figures: of a kind (`zone`, `replica`), or of a component and what stands below it \
             (`zone/hangzhou/h`, `gateway/internet/east`); the longest key that fits holds.",
        ),
        Key::new(
            "common",
            Shape::Names(&Shape::Share),
            "Of a unit's time down, the share in which all units of the same parent are down together, by kind: `{zone: 5%}` \
             takes all zones of a region (beta factor).",
        ),
        Key::new(
            "crews",
            Shape::Names(&Shape::Count(1, 1000)),
            "Of a group of interchangeable units, how many are mended at a time, by kind or component; without it each is \
             mended at once.",
        ),
        Key::new("never", Shape::List(&Shape::Text), "Kinds and components that are taken never to fail.")
            .absent("none", "eastwest"),
        Key::new("slo", Shape::Share, "Each month of 30 days is held against this: `99.95%`.")
            .absent("no month is held against anything", "eastwest"),
        Key::new(
            "within",
            Shape::Count(1, 4),
            "States with up to so many components down are told apart; the rest is a bound in the interval.",
        )
        .default("2", "eastwest"),
    ],
};

/// `reliability.rows.KEY`.
pub static RELIABILITY_ROW: Block = Block {
    title: "reliability.rows.KEY",
    about: "How often a component fails, and for how long.",
    one_of: false,
    keys: &[
        Key::new("mean-up", SPAN, "Mean time from a repair to the next failure.").absent("the book's", "eastwest"),
        Key::new("mean-down", SPAN, "Mean time from a failure to its repair.").absent("the book's", "eastwest"),
        Key::new(
            "seen",
            Shape::Block(&RELIABILITY_SEEN),
            "What was counted, in place of `mean-up`: `{failures: 2, in: 3 years}`. The rate is then believed to be \
             Gamma(failures + 1/2, in) (Jeffreys), and the band over the rates is drawn from that.",
        )
        .absent("nothing was counted", "eastwest"),
        Key::new(
            "uncertain",
            Shape::Number(1.0, 100.0),
            "`mean-up` is known within this factor, up or down, with a chance of 90 %.",
        )
        .absent("1 for a row that writes `mean-up`, else the book's", "eastwest"),
    ],
};

/// `reliability.rows.KEY.seen`.
pub static RELIABILITY_SEEN: Block = Block {
    title: "reliability.rows.KEY.seen",
    about: "Failures that were counted.",
    one_of: false,
    keys: &[
        Key::new("failures", Shape::Count(0, 1_000_000), "How many; none at all says something too.")
            .absent("required", "eastwest"),
        Key::new(
            "in",
            SPAN,
            "In how much time, of all units together: four zones watched for three years are 12 years.",
        )
        .absent("required", "eastwest"),
    ],
};
