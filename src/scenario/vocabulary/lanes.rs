//! Words of `mesh.lanes`, which are those of ASM's lane groups.

use super::{Block, Key, RULE_MATCH, Shape};

/// `mesh.lanes`.
pub static LANES: Block = Block {
    title: "mesh.lanes",
    about: "Traffic lanes of Alibaba Cloud Service Mesh (ASMSwimLaneGroup): versions of several services that a request stays among. `docs/mesh-lanes.md` has the rules.",
    one_of: false,
    keys: &[
        Key::new(
            "mode",
            Shape::Word(&["strict", "permissive"], &[]),
            "Strict: the caller's lane decides, and every lane has all services. Permissive: the request carries its lane, and the baseline lends what a lane lacks.",
        )
        .default("strict", "ASM"),
        Key::new("header", Shape::Text, "The header by which the gateway knows the lane (`routeHeader`).")
            .default("x-asm-prefer-tag", "ASM"),
        Key::new(
            "trace-header",
            Shape::Text,
            "The header that applications pass on (`traceHeader`), permissive only; where it is not `header` itself, a request keeps its lane only if it came with one.",
        )
        .absent("`header`", "eastwest"),
        Key::new("baseline", Shape::Text, "The lane that lends, permissive only (`fallbackTarget`); it need not be listed under `lane` where its version has its name."),
        Key::new(
            "fallback",
            Shape::Names(&Shape::Text),
            "By service: a lane that lends it in place of the baseline, permissive only (`serviceLevelFallbackTarget`).",
        ),
        Key::new("lane", Shape::Names(&Shape::Block(&LANE)), "The lanes (ASMSwimLane).").required(),
        Key::new(
            "ingress",
            Shape::Names(&Shape::Block(&LANE_INGRESS)),
            "Rules by which requests of streams enter lanes, in order: the first that matches holds, and where none does the answer is 404.",
        )
        .absent("each lane by its name in `header`; the rest into the baseline, of a strict group nowhere", "eastwest"),
    ],
};

/// `mesh.lanes.lane.NAME`.
pub static LANE: Block = Block {
    title: "mesh.lanes.lane.NAME",
    about: "A lane.",
    one_of: false,
    keys: &[
        Key::new("version", Shape::Text, "The version of its services.").absent("the lane's name", "eastwest"),
        Key::new(
            "services",
            Shape::Either(&[Shape::List(&Shape::Reference("service")), Shape::Names(&Shape::Text)]),
            "The services it has; or a map from service to version.",
        )
        .absent("all services that have the version", "ASM"),
    ],
};

/// `mesh.lanes.ingress.NAME`.
pub static LANE_INGRESS: Block = Block {
    title: "mesh.lanes.ingress.NAME",
    about: "A rule by which requests enter lanes.",
    one_of: false,
    keys: &[
        Key::new(
            "match",
            Shape::Either(&[Shape::Block(&RULE_MATCH), Shape::List(&Shape::Block(&RULE_MATCH))]),
            "Which requests, or several alternatives.",
        )
        .absent("all", "Istio"),
        Key::new(
            "to",
            Shape::Either(&[Shape::Text, Shape::Names(&Shape::Share)]),
            "The lane; or shares of lanes, in whole percents, drawn once for a request.",
        )
        .required(),
    ],
};
