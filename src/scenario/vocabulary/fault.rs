//! The words of `faults:`.

use super::{Block, Key, Shape};

/// `faults.NAME`.
pub static FAULT: Block = Block {
    title: "faults.NAME",
    about: "Something is down for a while.",
    one_of: false,
    keys: &[
        Key::new("at", Shape::Duration, "When it begins, from t = 0.").required(),
        Key::new("for", Shape::Duration, "For how long.").absent("2h30m for `eip/..`, which is how long a blackhole lasts; required for all else", "provider"),
        Key::new("hit", Shape::Text, "What: `zone/REGION/ZONE`, `region/R`, `link/A-B`, `link/internet/A-B`, `gateway/PRODUCT/CLUSTER[/NUMBER]`, `product/NAME`, `eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`, `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`, `service/S`, `replica/SERVICE/CLUSTER/NUMBER`, `control-plane[/NAME]`, `api/CLUSTER`.").required(),
        Key::new("down", Shape::Word(&["true", "silent", "refused"], &[]), "How peers notice: not at all (connections hang), or by resets. `true`: refused for replica and service, silent for all else.").absent("required, but where it is `freeze: true`", "eastwest"),
        Key::new("freeze", Shape::Word(&["true"], &[]), "In place of `down`, of a control plane: what proxies know of endpoints stays as it is.").absent("not frozen", "eastwest"),
        Key::later("slow", "Added delay, or a factor on work."),
        Key::later("loss", "Lost packets."),
        Key::later("errors", "Failing requests."),
        Key::later("partition", "A partition of the network."),
        Key::later("flap", "Down and up again."),
        Key::later("mean-up", "Random failures."),
        Key::later("mean-down", "Random failures."),
        Key::later("incident", "A recorded incident."),
    ],
};
