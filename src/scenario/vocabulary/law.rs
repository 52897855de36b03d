//! Laws of durations.

use super::{Block, Key, Shape};

/// The forms of a law.
pub static LAW: Block = Block {
    title: "a law",
    about: "A duration, always the same (`4ms`), or one of these laws. Draws are independent.",
    one_of: true,
    keys: &[
        Key::new("constant", Shape::Duration, "Always this; the same as the duration alone."),
        Key::new("exponential", Shape::Duration, "Exponential with this mean."),
        Key::new("uniform", Shape::Block(&UNIFORM), "Uniform between two durations."),
        Key::new("lognormal", Shape::Block(&LOGNORMAL), "Lognormal, by `mean` and `cv` or by `p50` and `p99`."),
        Key::new("erlang", Shape::Block(&ERLANG), "Sum of equal exponentials."),
        Key::new(
            "hyperexponential",
            Shape::Either(&[Shape::Block(&HYPER), Shape::List(&Shape::Block(&HYPER_PHASE))]),
            "One of several exponentials: a list of shares and means, or `mean` and `cv` of two with balanced means.",
        ),
        Key::new("pareto", Shape::Block(&PARETO), "Pareto, bounded above."),
        Key::new("weibull", Shape::Block(&WEIBULL), "Weibull."),
        Key::new("mix", Shape::List(&Shape::Block(&MIX_PART)), "One of several laws, by share."),
        Key::new("empirical", Shape::File, "Measured values: a file with one duration per line."),
    ],
};

/// `uniform`.
pub static UNIFORM: Block = Block {
    title: "uniform",
    about: "Uniform law.",
    one_of: false,
    keys: &[
        Key::new("low", Shape::Duration, "The least.").required(),
        Key::new("high", Shape::Duration, "The most.").required(),
    ],
};

/// `lognormal`.
pub static LOGNORMAL: Block = Block {
    title: "lognormal",
    about: "Lognormal law: `mean` with `cv`, or `p50` with `p99`.",
    one_of: false,
    keys: &[
        Key::new("mean", Shape::Duration, "Mean."),
        Key::new("cv", Shape::Number(0.0, 100.0), "Standard deviation over mean."),
        Key::new("p50", Shape::Duration, "Median."),
        Key::new("p99", Shape::Duration, "99th percentile."),
    ],
};

/// `erlang`.
pub static ERLANG: Block = Block {
    title: "erlang",
    about: "Erlang law.",
    one_of: false,
    keys: &[
        Key::new("shape", Shape::Count(1, 1000), "How many exponentials.").required(),
        Key::new("mean", Shape::Duration, "Mean of their sum.").required(),
    ],
};

/// `hyperexponential` by mean and variation.
pub static HYPER: Block = Block {
    title: "hyperexponential",
    about: "Two exponentials with balanced means.",
    one_of: false,
    keys: &[
        Key::new("mean", Shape::Duration, "Mean.").required(),
        Key::new("cv", Shape::Number(1.0, 100.0), "Standard deviation over mean, at least 1.").required(),
    ],
};

/// One exponential of a `hyperexponential`.
pub static HYPER_PHASE: Block = Block {
    title: "hyperexponential[]",
    about: "One of the exponentials; shares sum to 100%.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "How often.").required(),
        Key::new("mean", Shape::Duration, "Its mean.").required(),
    ],
};

/// `pareto`.
pub static PARETO: Block = Block {
    title: "pareto",
    about: "Bounded Pareto law.",
    one_of: false,
    keys: &[
        Key::new("alpha", Shape::Number(0.05, 100.0), "Tail index.").required(),
        Key::new("min", Shape::Duration, "The least.").required(),
        Key::new("max", Shape::Duration, "The most.").required(),
    ],
};

/// `weibull`.
pub static WEIBULL: Block = Block {
    title: "weibull",
    about: "Weibull law.",
    one_of: false,
    keys: &[
        Key::new("shape", Shape::Number(0.05, 100.0), "Shape.").required(),
        Key::new("scale", Shape::Duration, "Scale.").required(),
    ],
};

/// One law of a `mix`.
pub static MIX_PART: Block = Block {
    title: "mix[]",
    about: "One of the laws; shares sum to 100%.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "How often.").required(),
        Key::new("law", Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]), "Which law.").required(),
    ],
};
