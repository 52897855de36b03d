//! Words of `services.NAME.autoscale`.

use super::{Block, Key, Shape};

/// `services.NAME.autoscale`.
pub static AUTOSCALE: Block = Block {
    title: "services.NAME.autoscale",
    about: "Replicas that follow the load, as Kubernetes' horizontal pod autoscaler has it for CPU: one for each cluster (and version), which begins with `replicas`. A worker that works is a busy CPU. Where `min` and `max` are equal the number stays, but what a dead node takes is started elsewhere.",
    one_of: false,
    keys: &[
        Key::new("max", Shape::Count(1, 1000), "Never more replicas, in each cluster.").required(),
        Key::new("min", Shape::Count(1, 1000), "Never fewer.").default("1", "Kubernetes"),
        Key::new("target", Shape::Share, "Wanted share of busy workers, in whole percent.").default("80%", "Kubernetes"),
        Key::new("boot", Shape::Duration, "From the decision until a pod's containers run: scheduling, pulling the image, starting. Then it has its `start-up`, its proxy needs a control plane, it needs its probe, and proxies must be told.")
            .required(),
        Key::new("every", Shape::Duration, "The autoscaler looks this often.").default("15s", "Kubernetes"),
        Key::new("metrics", Shape::Duration, "Use is measured this often, over as long.").default("15s", "Kubernetes"),
        Key::new("tolerance", Shape::Share, "A ratio of use to target this near to 1 changes nothing.")
            .default("10%", "Kubernetes"),
        Key::new("scale-down-window", Shape::Duration, "The highest recommendation of so long holds against fewer replicas.")
            .default("5m", "Kubernetes"),
        Key::new("scale-up-window", Shape::Duration, "The lowest of so long holds against more.").default("0s", "Kubernetes"),
        Key::new("evict-after", Shape::Duration, "So long after its node is taken for dead a pod is deleted, and another one started elsewhere (`tolerationSeconds`).")
            .default("5m", "Kubernetes"),
        Key::new("grace", Shape::Duration, "A pod that is sent away works on for so long.").default("30s", "Kubernetes"),
    ],
};
