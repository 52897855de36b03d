//! The words of `faults:`.

use super::{Block, Key, Shape};

/// `faults.NAME`.
pub static FAULT: Block = Block {
    title: "faults.NAME",
    about: "Something is down for a while.",
    one_of: false,
    keys: &[
        Key::new("at", Shape::Either(&[Shape::Duration, Shape::TimeOfDay]), "When it begins: from t = 0, or at a time of day where the users of the first stream are.").absent("required, but where it comes by chance", "eastwest"),
        Key::new("for", Shape::Duration, "For how long.").absent("2h30m for `eip/..`, which is how long a blackhole lasts; required for all else that has an `at`", "provider"),
        Key::new("every", Shape::Duration, "It comes again after so long, counted from its beginning, until the run is over; with a time of day it came before, too.").absent("once", "eastwest"),
        Key::new("mean-up", Shape::Either(&[Shape::Duration, Shape::Block(&super::LAW)]), "In place of `at`: it comes by chance, after times up of this law (a duration alone: exponential with this mean). What is hit fails each by itself, `replica/*` replica by replica; a run meets it in its stationary state."),
        Key::new("mean-down", Shape::Either(&[Shape::Duration, Shape::Block(&super::LAW)]), "With `mean-up`: how long it lasts, by this law (a duration alone: exponential with this mean)."),
        Key::new("common", Shape::Either(&[Shape::Word(&["true"], &[]), Shape::Block(&COMMON)]), "With `mean-up`: failures that all of what is hit share. `true`: all of them are.").absent("each fails by itself", "eastwest"),
        Key::new("flap", Shape::Block(&FLAP), "It comes and goes while it lasts.").absent("it lasts without a break", "eastwest"),
        Key::new("hit", Shape::Text, "What: `zone/REGION/ZONE`, `region/R`, `link/A-B`, `link/internet/A-B`, `gateway/PRODUCT/CLUSTER[/NUMBER]`, `product/NAME`, `eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`, `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`, `service/S`, `replica/SERVICE/CLUSTER/NUMBER`, `control-plane[/NAME]`, `api/CLUSTER`.").required(),
        Key::new("down", Shape::Word(&["true", "silent", "refused"], &[]), "How peers notice: not at all (connections hang), or by resets. `true`: refused for replica and service, silent for all else.").absent("required, but where it is `freeze: true`", "eastwest"),
        Key::new("freeze", Shape::Word(&["true"], &[]), "In place of `down`, of a control plane: what proxies know of endpoints stays as it is.").absent("not frozen", "eastwest"),
        Key::later("slow", "Added delay, or a factor on work."),
        Key::later("loss", "Lost packets."),
        Key::later("errors", "Failing requests."),
        Key::later("partition", "A partition of the network."),
        Key::later("incident", "A recorded incident."),
    ],
};

/// `common` of a fault.
pub static COMMON: Block = Block {
    title: "faults.NAME.common",
    about: "Failures that several share: a shock takes all of what is hit at once, and all come back together.",
    one_of: false,
    keys: &[
        Key::new("share", Shape::Share, "Of the failures of one of them, how many are shared (the beta factor); the others come to each by itself.").default("100%", "eastwest"),
        Key::new("with", Shape::Share, "The chance that a shock takes one of them, drawn for each shock and each of them; each still fails as often as `mean-up` says.").default("100%", "eastwest"),
    ],
};

/// `flap` of a fault.
pub static FLAP: Block = Block {
    title: "faults.NAME.flap",
    about: "While it lasts it acts for `down`, rests for `up`, and so on; it begins down.",
    one_of: false,
    keys: &[
        Key::new("down", Shape::Duration, "How long it acts.").required(),
        Key::new("up", Shape::Duration, "How long it rests.").required(),
    ],
};
