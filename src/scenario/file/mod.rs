//! The scenario of one variant, decoded: names as strings, quantities as units, each with where it was said.
//!
//! Plain data. References between names have been checked by the time anyone sees it; what needs the world (does a
//! product serve its route? do addresses overlap?) has not.

mod ambient;
mod business;
mod connectivity;
mod control;
mod entry;
mod fault;
mod lanes;
mod mesh;
mod objectives;
mod prices;
mod reliability;
mod rules;
mod scaling;
mod service;
mod store;
mod sweep;
mod topology;
mod workload;

pub use self::store::{Promote, Replication, Store, StoreKind};
pub use ambient::{Ambient, Waypoint, Ztunnel};
pub use business::Business;
pub use connectivity::{
    Alias, Bandwidth, Billing, Cen, Eip, GatewaySize, InternetLoss, Line, Nat, PastCap, PrivateGateway, PrivateLink,
    PrivateLinkTo, Product, ProductKind, PublicGateway, Route, RouteEnd, Tier, VpcPeering,
};
pub use control::{ControlKind, ControlPlane, Edition};
pub use entry::{Action, ActionSet, ActionWhen, GlobalEntry, Leads};
pub use fault::{Effect, Fault, Hit, Manner, Part, Start, When};
pub use lanes::Lanes;
pub use mesh::{
    Dataplane, Distribution, EdgePolicy, Locality, Mesh, PoolPatch, ProxyCost, Selector, Tls, Traffic, TrafficPatch,
    ZoneRule,
};
pub use objectives::{
    Bound, Check, JUDGED_FROM, Metric, Objective, ObjectiveSeverity, ObjectiveWindow, PathCheck, Term,
};
pub use prices::{OwnRow, Price, PriceFile, PriceStep, Prices, StepFrom};
pub use reliability::{Counted, Rate, Reliability};
pub use rules::{Forwards, HeaderText, Headers, Rule, RuleAction, RuleTarget, TRACING, Variant, Version};
pub use scaling::Autoscale;
pub use service::{Cache, CallTarget, Choice, Operation, ReplicaCount, Replicas, Service, Step};
pub(in crate::scenario) use sweep::number as axis_number;
pub use sweep::{Axis, AxisValue};
pub use topology::{
    Cidr, Cluster, Cni, LinkLoss, LinkOverride, LinkProfile, LinkRate, Region, RttFile, RttUnit, Topology, Vpc,
};
pub use workload::{
    Entry, Flow, FlowTimes, Population, RateLaw, Run, Sessions, Stream, StreamArrivals, StreamFrom, WarmUp,
};

use super::span::Spanned;
use indexmap::IndexMap;

/// One variant of a scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The scenario's name, [a-z0-9-]{1,64}.
    pub name: Spanned<String>,
    /// The variant's name; `base` where the file has no variants.
    pub variant: String,
    /// What the reader wants to know.
    pub question: String,
    /// False with `network: none`: all legs take no time, all products are free; for queueing theory.
    pub network: bool,
    /// Places.
    pub topology: Topology,
    /// What joins them.
    pub connectivity: IndexMap<String, Product>,
    /// Which product a pair of places uses; `default` is one of them, with neither `from` nor `to`.
    pub routes: IndexMap<String, Route>,
    /// What runs there.
    pub services: IndexMap<String, Service>,
    /// Proxies and their policies.
    pub mesh: Mesh,
    /// Who asks.
    pub workload: IndexMap<String, Stream>,
    /// What leads users to clusters.
    pub entries: IndexMap<String, GlobalEntry>,
    /// What operators do.
    pub actions: IndexMap<String, Action>,
    /// Databases.
    pub stores: IndexMap<String, Store>,
    /// What flows beside the calls.
    pub flows: IndexMap<String, Flow>,
    /// What breaks.
    pub faults: IndexMap<String, Fault>,
    /// Price book and overrides.
    pub prices: Prices,
    /// Downtime, growth, years; none where the file says nothing of them.
    pub business: Option<Business>,
    /// Failures in the long run; none where the file says nothing of them.
    pub reliability: Option<Reliability>,
    /// Gates.
    pub objectives: IndexMap<String, Objective>,
    /// How to run.
    pub run: Run,
    /// Axes of a parameter study, outermost first; empty where the file has none.
    pub sweep: IndexMap<String, Axis>,
}
