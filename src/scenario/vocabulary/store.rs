//! Words of `stores`.

use super::{Block, Key, LAW, Shape};

/// `stores.NAME`.
pub static STORE: Block = Block {
    title: "stores.NAME",
    about: "A database: whose data is where (`partition`), or where its writes go and what is lost with them (`primary`, `replicas`). The database itself is not simulated: what it does and how long it takes is a service's. A fault calls one with a primary `store/NAME` or `store/NAME@CLUSTER`.",
    one_of: false,
    keys: &[
        Key::new(
            "partition",
            Shape::Word(&["cluster"], &[]),
            "Each cluster has data of its own. A request is for the data of the cluster by whose ingress it came in.",
        ),
        Key::new(
            "used-by",
            Shape::Either(&[Shape::List(&Shape::Reference("service")), Shape::Names(&Shape::Block(&STORE_USER))]),
            "Services that use it: where it is divided those whose replicas look into the data of their own cluster, and no other; where it has a primary those that write to it, with all their operations or with those that are said.",
        ),
        Key::new(
            "wrong-partition",
            Shape::Word(&["error", "count"], &[]),
            "What becomes of a call that reaches a replica in another cluster than that of its request's data: it fails as `wrong-partition`, answered 421 before any work, or it is served and only counted.",
        )
        .default("error", "eastwest"),
        Key::new(
            "primary",
            Shape::Reference("cluster"),
            "The cluster whose copy takes all writes at first. A write that finds no primary fails as `no-primary`, answered 503 before any work.",
        ),
        Key::new(
            "replicas",
            Shape::List(&Shape::Reference("cluster")),
            "Clusters whose copies follow it, in the order in which they take over. The first primary, back again, is a replica that comes before them.",
        ),
        Key::new(
            "lag",
            Shape::Either(&[Shape::Duration, Shape::Block(&LAW)]),
            "How far a replica is behind, drawn at each promotion: what was acknowledged that late is lost. `0s`: a write is acknowledged once a replica has it, and none is while no replica can be reached.",
        ),
        Key::new("promote", Shape::Block(&PROMOTE), "When a replica takes over.").absent("never", "eastwest"),
    ],
};

/// `stores.NAME.used-by.SERVICE`.
pub static STORE_USER: Block = Block {
    title: "stores.NAME.used-by.SERVICE",
    about: "Which operations of a service write to a store that has a primary: all, unless one of these is said. What only reads does so from any copy.",
    one_of: false,
    keys: &[
        Key::new("writes", Shape::List(&Shape::Reference("operation")), "These write, the others read."),
        Key::new("reads", Shape::List(&Shape::Reference("operation")), "These read, the others write."),
    ],
};

/// `stores.NAME.promote`.
pub static PROMOTE: Block = Block {
    title: "stores.NAME.promote",
    about: "How a replica becomes the primary. The old primary comes back as a replica; back to it leads an action of an operator.",
    one_of: false,
    keys: &[
        Key::new(
            "after",
            Shape::Duration,
            "The primary is missed for so long, dead or heard by no replica that is up: then the first replica that is up takes over.",
        )
        .absent("never by itself: `actions` set `stores.NAME.primary`", "eastwest"),
        Key::new("takes", Shape::Duration, "From the decision until the new primary takes writes.").required(),
        Key::new(
            "fence",
            Shape::Flag,
            "A primary that is missed for so long takes no more writes even where it lives and callers reach it; without it goes on until it hears of the new one, and all that is lost.",
        )
        .default("true", "eastwest"),
    ],
};
