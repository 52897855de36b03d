//! `faults:`.

use crate::fault::{Common, Flap, Pick, Renewal};
use crate::policy::Status;
use crate::policy::rollout::Rollout;
use crate::scenario::span::{Span, Spanned};
use crate::units::{Duration, Ratio, SimTime};
use crate::world::Cut;

/// An entry of `faults:`: something happens to something for a while.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Where its name is written.
    pub span: Span,
    /// When it comes.
    pub when: When,
    /// What it hits.
    pub hit: Spanned<Hit>,
    /// `hit` as written, for reports.
    pub hit_text: String,
    /// Of what `hit` finds, only so many.
    pub pick: Option<Pick>,
    /// What happens to it; none where an incident says so, else at least one.
    pub effects: Vec<Effect>,
    /// It comes and goes within.
    pub flap: Option<Flap>,
}

/// When a fault comes.
#[derive(Clone, Debug)]
pub enum When {
    /// At a time, and perhaps again.
    Told {
        /// When.
        at: Spanned<Start>,
        /// For how long.
        lasts: Spanned<Duration>,
        /// After how long it comes again; none: never.
        every: Option<Duration>,
    },
    /// As it was recorded, phase by phase; what happens is recorded, too.
    Replay {
        /// When the incident begins.
        at: Spanned<Start>,
        /// Its name in the book.
        incident: Spanned<String>,
        /// How many times as fast as it was.
        speed: f64,
    },
    /// By failures and repairs, drawn from the seed.
    Chance {
        /// Where it is written.
        span: Span,
        /// Times up and down, in seconds.
        renewal: Renewal,
        /// Failures that all of what is hit share.
        common: Option<Common>,
    },
}

/// When a fault begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// From t = 0 (the end of the fill).
    After(SimTime),
    /// At this time of day, told where the users of the first stream are.
    Clock(Duration),
}

/// What a fault does.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Nothing answers.
    Down(Manner),
    /// A control plane's pushes stop, or what an entry says stays as it is, and nothing else.
    Freeze,
    /// It takes longer.
    Slow {
        /// So many times as long, at least 1.
        factor: f64,
        /// And so much longer.
        add: Duration,
    },
    /// Packets are lost with this chance, each way.
    Loss(Ratio),
    /// Replicas answer with these statuses so large a share of what they would have answered well.
    Errors(Vec<(Status, Ratio)>),
    /// A cache loses what it keeps.
    Forget,
    /// So large a share of the ways in parallel is dead.
    Paths(Ratio),
    /// Certificates are no longer valid.
    Expire,
    /// Certificates are of another authority, which alone is trusted.
    NewRoot,
    /// Proxies know no route to these services; none: to none.
    NoRoute(Option<Vec<Spanned<String>>>),
    /// A rule of a security group is gone; are established connections kept? None: as the provider has it.
    Ruled(Option<bool>),
    /// Processes exit and are started anew, all at once or pod after pod.
    Restart(Option<Rollout>),
    /// Pods are sent away, and work on for so long.
    Drain(Duration),
    /// No more than this is left of caps.
    Rate(Cut),
}

impl Effect {
    /// Services to which routes are lost, as far as they are named.
    pub fn unrouted(&self) -> &[Spanned<String>] {
        match self {
            Effect::NoRoute(Some(services)) => services,
            _ => &[],
        }
    }
}

/// What a fault hits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hit {
    /// `region/R`: all its zones.
    Region(String),
    /// `zone/R/Z`.
    Zone {
        /// Region.
        region: String,
        /// Zone.
        zone: String,
    },
    /// `cluster/C`: all that stands in its zones.
    Cluster(String),
    /// `vpc/V`: its clusters.
    Vpc(String),
    /// A pattern with `*`; the word before its first `/`.
    All(&'static str),
    /// Several of them, each with its text.
    Several(Vec<(Hit, String)>),
    /// What two sets of places send to each other, each written as a `hit`.
    Between([Vec<String>; 2]),
    /// What places open to others, each written as a `hit`: from, to.
    Rule([Vec<String>; 2]),
    /// `link/A-B` (the backbone) or `link/internet/A-B`, or `link/NAME` of `topology.links`; both directions.
    Link {
        /// The two regions.
        between: (String, String),
        /// The internet between them rather than the backbone.
        internet: bool,
    },
    /// `gateway/PRODUCT/CLUSTER` or `gateway/PRODUCT/CLUSTER/NUMBER`: its replicas.
    Gateway {
        /// The product.
        product: String,
        /// The cluster.
        cluster: String,
        /// One replica, from 0; none: all.
        number: Option<u32>,
    },
    /// `product/NAME`: every path over it; with `/zone/ZONE`, or `transit-router/NAME/REGION`, those that touch it.
    Product(String),
    /// A part that a product has once or in each zone: `eip/PRODUCT/CLUSTER`, `nat/PRODUCT/VPC`, `nlb/PRODUCT/CLUSTER/ZONE`,
    /// `attachment/PRODUCT/VPC/ZONE`, `endpoint/PRODUCT/ZONE`.
    Part(Part),
    /// `control-plane`, all of them, or `control-plane/NAME`.
    ControlPlane(Option<String>),
    /// `api/CLUSTER`: its API server.
    Api(String),
    /// `entry/NAME`: a global entry; none: `dns`, all of those that are names.
    Entry(Option<String>),
    /// The copies of a database.
    Store(String),
    /// `cache/S`: what the caches of a service keep.
    Cache(String),
    /// `service/S`: all replicas.
    Service(String),
    /// `replica/SERVICE/CLUSTER/NUMBER`.
    Replica {
        /// Service.
        service: String,
        /// Cluster.
        cluster: String,
        /// Counted from 0 within the cluster.
        number: u32,
    },
}

impl Hit {
    /// Kinds of which all that the scenario has stands in every variant: a pattern that finds none of them is a mistake.
    pub const STANDING: [&str; 8] = ["region", "zone", "cluster", "vpc", "service", "replica", "control-plane", "api"];
}

/// A part of a product.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// The product.
    pub product: String,
    /// The word with which the name of its link begins: `EIP`, `NLB`.
    pub word: &'static str,
    /// The rest of that name: `east`, `east/h`.
    pub place: String,
}

/// How a peer notices that something is down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Not at all: packets vanish, connections hang.
    Silent,
    /// Connections are reset, new ones refused.
    Refused,
}
