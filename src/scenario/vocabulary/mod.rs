//! Every word of a scenario file: the one table from which the decoder, its defaults, the JSON Schema and the key
//! reference are made.
//!
//! A block lists its keys with shape, default and effect. A key of the vocabulary that is not live yet is listed too, so
//! that it is refused as what it is, never as unknown and never ignored.

mod ambient;
mod balance;
mod connectivity;
mod control;
mod entry;
mod fault;
mod lanes;
mod law;
mod mesh;
mod prices;
mod reliability;
mod root;
mod rules;
mod scaling;
mod service;
mod session;
mod store;
mod sweep;
mod topology;
mod workload;

pub use ambient::{WAYPOINT, ZTUNNEL};
pub use balance::{
    BALANCE, BALANCE_MAP, FROM_WHOLE, HASH, HASHED, LEAST_REQUEST, MAGLEV, RING_HASH, WARMED, WARMUP, ZONE_AWARE,
};
pub use connectivity::{
    CEN, EIP, FAIR_PAST_CAP, GATEWAY_SIZE, NAT, PAST_CAP, POLICE, PRIVATE_GATEWAY, PRIVATELINK, PRODUCT,
    PUBLIC_GATEWAY, ROUTE, SHAPE_PAST_CAP, VPC_PEERING,
};
pub use control::{CONTROL_PLANE, READINESS};
pub use entry::{ACTION, BALANCER, CHECK, DNS, ENTRY};
pub use fault::{COMMON, DRAIN, FAULT, FLAP, PARTITION, RESTART, SECURITY_GROUP, SLOW};
pub use lanes::{LANE, LANE_INGRESS, LANES};
pub use law::{ERLANG, HYPER, HYPER_PHASE, LAW, LOGNORMAL, MIX_PART, PARETO, UNIFORM, WEIBULL};
pub use mesh::{
    BACKOFF, CONDITION, FAILURE_PERCENTAGE, FAULT_ABORT, FAULT_DELAY, FAULT_FILTER, KEEPALIVE, LOCALITY, MESH, OUTLIER,
    PING, POOL, PROXY, RATE_LIMIT, RETRY_BUDGET, SUCCESS_RATE, TLS, TRAFFIC,
};
pub use prices::{CONTRACT_PRICE, PRICE_TIER, PRICES};
pub use reliability::{RELIABILITY, RELIABILITY_ROW, RELIABILITY_SEEN};
pub use root::{BUSINESS, OBJECTIVE, ROOT, RUN};
pub use rules::{DRAWN_HEADER, MIRROR, RULE, RULE_HEADERS, RULE_MATCH, TEXT_MATCH, VERSION, VERSION_OPERATION};
pub use scaling::AUTOSCALE;
pub use service::{CACHE, CHOICE, IN, OPERATION, REPEAT, SERVICE, STEP};
pub use session::{RECONNECT, RECONNECT_BACKOFF, SESSIONS};
pub use store::{PROMOTE, STORE, STORE_USER};
pub use sweep::{AXIS, COPIES_MAX, COPIES_MIN, SPREAD};
pub use topology::{CLUSTER, LINK, LINK_LOSS, LINK_PROFILE, REGION, REGION_RTT, RTT_FILE, TOPOLOGY, VPC};
pub use workload::{ARRIVALS, CLOSED, DIURNAL, FLOW, GAP_HYPER, GAP_PHASE, RATE, STREAM};

/// What may stand under a key.
#[derive(Debug)]
pub enum Shape {
    /// Any text.
    Text,
    /// [a-z0-9-]{1,64}.
    Name,
    /// The name of something else in the scenario: of what.
    Reference(&'static str),
    /// `true` or `false`.
    Flag,
    /// `5ms`.
    Duration,
    /// `20KiB`.
    Bytes,
    /// `200Mbps`.
    Bandwidth,
    /// `400rps`.
    Rate,
    /// `0.05%`.
    Share,
    /// `0.02 USD/GB`.
    Price,
    /// `"20:00"`.
    TimeOfDay,
    /// `"2026-06-01T19:30+08:00"`.
    Moment,
    /// `10.10.0.0/16`.
    Cidr,
    /// A file below the scenario's directory.
    File,
    /// A whole number, least and most.
    Count(u64, u64),
    /// A plain number, least and most.
    Number(f64, f64),
    /// One of these words; the second list is known and not supported yet.
    Word(&'static [&'static str], &'static [&'static str]),
    /// A quantity of one key's own grammar.
    Written {
        /// What it is called in a message.
        what: &'static str,
        /// What the reference calls it.
        name: &'static str,
        /// As a regular expression, for editors.
        pattern: &'static str,
        /// One of them.
        example: &'static str,
    },
    /// A map with these keys.
    Block(&'static Block),
    /// A map from names to this.
    Names(&'static Shape),
    /// A list of these.
    List(&'static Shape),
    /// One of these forms.
    Either(&'static [Shape]),
    /// Known, not supported yet.
    Later,
}

/// A map with fixed keys.
#[derive(Debug)]
pub struct Block {
    /// Its title in the reference, `services.NAME`.
    pub title: &'static str,
    /// One sentence.
    pub about: &'static str,
    /// Exactly one of the keys is written, and an overlay that writes another one replaces the whole map.
    pub one_of: bool,
    /// The keys.
    pub keys: &'static [Key],
}

/// A key of a block.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// What holds where it is not written.
    pub fallback: Fallback,
    /// What it does, one sentence.
    pub effect: &'static str,
}

/// What holds where a key is not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fallback {
    /// An error.
    Required,
    /// Nothing, or what these words say; and whose default it is.
    Means(&'static str, &'static str),
    /// This value; and whose default it is.
    Value(&'static str, &'static str),
}

impl Key {
    /// A key that may be left out.
    pub const fn new(name: &'static str, shape: Shape, effect: &'static str) -> Key {
        Key { name, shape, fallback: Fallback::Means("", ""), effect }
    }

    /// The same, but it must be there.
    pub const fn required(self) -> Key {
        Key { fallback: Fallback::Required, ..self }
    }

    /// The same, with a default value in the file's own grammar, and whose it is.
    pub const fn default(self, value: &'static str, whose: &'static str) -> Key {
        Key { fallback: Fallback::Value(value, whose), ..self }
    }

    /// The same, with words for what its absence means.
    pub const fn absent(self, meaning: &'static str, whose: &'static str) -> Key {
        Key { fallback: Fallback::Means(meaning, whose), ..self }
    }

    /// A key that is known and not supported yet.
    pub const fn later(name: &'static str, effect: &'static str) -> Key {
        Key { name, shape: Shape::Later, fallback: Fallback::Means("", ""), effect }
    }

    /// Is it live?
    pub const fn live(&self) -> bool {
        !matches!(self.shape, Shape::Later)
    }
}

impl Block {
    /// The key of this name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// The block among the forms of a shape, if there is one.
    pub fn block(&'static self) -> Option<&'static Block> {
        match self {
            Shape::Block(block) => Some(block),
            Shape::Either(forms) => forms.iter().find_map(Shape::block),
            _ => None,
        }
    }

    /// The shape of what a map holds under `key`, as far as it is known.
    pub fn under(&'static self, key: &str) -> Option<&'static Shape> {
        match self {
            Shape::Block(block) => block.key(key).map(|key| &key.shape),
            Shape::Names(shape) => Some(shape),
            Shape::Either(forms) => forms.iter().find_map(|form| form.under(key)),
            _ => None,
        }
    }
}

/// The shape of a scenario file.
pub static FILE: Shape = Shape::Block(&ROOT);

/// Every block that is reachable from the root, each once, in the order of the file.
pub fn blocks() -> Vec<&'static Block> {
    fn visit(shape: &'static Shape, found: &mut Vec<&'static Block>) {
        match shape {
            Shape::Block(block) => {
                if found.iter().any(|known| std::ptr::eq(*known, *block)) {
                    return;
                }
                found.push(block);
                block.keys.iter().for_each(|key| visit(&key.shape, found));
            }
            Shape::Names(shape) | Shape::List(shape) => visit(shape, found),
            Shape::Either(forms) => forms.iter().for_each(|form| visit(form, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    visit(&FILE, &mut found);
    found
}
