//! What every kind of connectivity does: says why it cannot serve a trip, and draws the trip's ways.
//!
//! A kind draws on a [`Board`]: links and gateways that several ways share are drawn once, by name. What it charges for
//! it states as [`Fee`]s, by rule; which items of whose price book apply is the provider's table's to say. It never
//! multiplies. Knows nothing of scenarios or worlds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::{Carrier, Example};
use crate::provider::{Counts, Rule};
use crate::random::Law;
use crate::table::Table;
use crate::topology::{Cap, ClusterId, GatewayId, HourLaw, Leg, LinkId, Loss, RegionId, VpcId, ZoneId, fold};
use crate::units::{BitsPerSec, Duration};

/// One end of a trip.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spot {
    /// The network.
    pub vpc: VpcId,
    /// The zone.
    pub zone: ZoneId,
    /// The cluster; none for a bare point of the network, such as a private endpoint.
    pub cluster: Option<ClusterId>,
}

/// From whom to whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trip<'a> {
    /// Who opens the connection.
    pub from: Spot,
    /// Who accepts it.
    pub to: Spot,
    /// The service that is called.
    pub service: &'a str,
}

/// Why a product cannot serve a trip: the rule, and what would help.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refusal {
    /// The rule that is broken, as a sentence.
    pub rule: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    /// A broken rule and its remedy.
    pub fn new(rule: impl Into<String>, help: impl Into<String>) -> Self {
        Refusal { rule: rule.into(), help: help.into() }
    }
}

/// What a line is, so that faults find it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Inside a region.
    Local,
    /// The provider's backbone between two regions, in this direction.
    Backbone(RegionId, RegionId),
    /// The public internet between two regions, in this direction.
    Internet(RegionId, RegionId),
    /// A part of a product.
    Part,
}

/// A directed link as drawn.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// For people and faults.
    pub name: String,
    /// Propagation, one way.
    pub delay: Duration,
    /// Extra delay in seconds, and its factor by hour of the day.
    pub jitter: Option<(Law, HourLaw)>,
    /// Chance that a packet is lost.
    pub loss: Option<Loss>,
    /// What passes.
    pub cap: Option<Cap>,
    /// What it is.
    pub role: Role,
    /// The zone with which it falls.
    pub zone: Option<ZoneId>,
}

impl Line {
    /// A part of a product with a fixed delay and nothing else.
    pub fn part(name: impl Into<String>, delay: Duration) -> Line {
        Line { name: name.into(), delay, jitter: None, loss: None, cap: None, role: Role::Part, zone: None }
    }

    /// The same, standing in a zone.
    #[must_use]
    pub fn in_zone(self, zone: ZoneId) -> Line {
        Line { zone: Some(zone), ..self }
    }

    /// The same, with a limit.
    #[must_use]
    pub fn capped(self, cap: Option<Cap>) -> Line {
        Line { cap, ..self }
    }
}

/// Something that picks an endpoint per connection: an east-west gateway, or a bare balancer (no replicas).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Balancer {
    /// `internet/east`.
    pub name: String,
    /// The cluster in which its replicas run; none: it is the provider's.
    pub cluster: Option<ClusterId>,
    /// How many replicas.
    pub replicas: u32,
    /// Cores of each.
    pub cpu: u32,
    /// What a connection, a KiB and a request take of it.
    pub work: Work,
}

/// CPU that a gateway spends.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Work {
    /// On a new connection.
    pub connection: Duration,
    /// On each KiB passed through, both directions.
    pub kib: Duration,
    /// On each request; zero where it sees none.
    pub request: Duration,
}

/// A table of connections on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Whose: `internet: NAT east`.
    pub name: String,
    /// Connections at once.
    pub open: Option<u64>,
    /// New connections per second.
    pub new_per_second: Option<u64>,
}

/// The drawing: links and gateways shared by name.
#[derive(Clone, Default, Debug)]
pub struct Board {
    /// Links.
    pub lines: Table<LinkId, Line>,
    /// Gateways and balancers.
    pub balancers: Table<GatewayId, Balancer>,
    /// Links that pass no more than so many Mbit/s (both directions together), by key of the book of limits: not
    /// simulated, but told where the load comes there.
    pub sold: BTreeMap<LinkId, &'static str>,
    /// Tables of connections, by name.
    pub limits: BTreeMap<String, Limit>,
    /// Links of which another zone's twin takes over some time after they were lost.
    pub spares: BTreeSet<LinkId>,
    line_names: BTreeMap<String, LinkId>,
    balancer_names: BTreeMap<String, GatewayId>,
}

impl Board {
    /// The link of that name, drawn now if it was not there.
    pub fn line(&mut self, line: Line) -> LinkId {
        if let Some(&id) = self.line_names.get(&line.name) {
            return id;
        }
        let name = line.name.clone();
        let id = self.lines.push(line);
        self.line_names.insert(name, id);
        id
    }

    /// The gateway of that name, drawn now if it was not there.
    pub fn balancer(&mut self, balancer: Balancer) -> GatewayId {
        if let Some(&id) = self.balancer_names.get(&balancer.name) {
            return id;
        }
        let name = balancer.name.clone();
        let id = self.balancers.push(balancer);
        self.balancer_names.insert(name, id);
        id
    }

    /// The table of that name, drawn now if it was not there.
    pub fn limit(&mut self, limit: Limit) -> String {
        let name = limit.name.clone();
        self.limits.entry(name.clone()).or_insert(limit);
        name
    }

    /// A hop that passes no more than the book of limits says.
    pub fn sold(&mut self, hop: Hop, key: &'static str) -> Hop {
        if let Hop::Pair { out, back } = hop {
            self.sold.extend([(out, key), (back, key)]);
        }
        hop
    }

    /// A hop over a pair of links, one each way.
    pub fn hop(&mut self, out: Line, back: Line) -> Hop {
        Hop::Pair { out: self.line(out), back: self.line(back) }
    }

    /// A hop over a part of a product that is the same in both directions but has a link for each.
    pub fn part(&mut self, line: Line) -> Hop {
        let back = Line { name: format!("{} (back)", line.name), ..line.clone() };
        self.hop(line, back)
    }
}

/// A hop of a way, both directions at once, so that forward and back are always paired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hop {
    /// Over a link, and over its twin on the way back.
    Pair {
        /// As requests go.
        out: LinkId,
        /// As responses go.
        back: LinkId,
    },
    /// Through the CPU of a gateway replica.
    Gateway(GatewayId),
}

/// One way of a trip.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Way {
    /// In the order of the request.
    pub hops: Vec<Hop>,
    /// Shortest idle limit of what stands in the way.
    pub idle_limit: Option<Duration>,
    /// What it costs.
    pub fees: Vec<Fee>,
    /// Names of the tables of connections that it goes through.
    pub limits: Vec<String>,
    /// How many of the hops a new connection's handshakes cross, where it ends at a gateway; none: all.
    pub greeting: Option<usize>,
    /// Which address of what stands there it leads to: each is a host of its own to a mesh.
    pub address: u32,
}

impl Way {
    /// Round trip of the handshakes of a new connection, where that is not the way's own.
    pub fn greeting(&self, board: &Board) -> Option<Duration> {
        let delay = |hop: &Hop| match *hop {
            Hop::Pair { out, back } => board.lines[out].delay + board.lines[back].delay,
            Hop::Gateway(_) => Duration::ZERO,
        };
        self.greeting.map(|hops| self.hops.iter().take(hops).map(delay).sum())
    }

    /// What a request meets, folded.
    pub fn legs(&self, board: &Board) -> Vec<Leg> {
        legs(board, self.hops.iter().map(|hop| (hop, false)))
    }

    /// What a response meets, folded.
    pub fn back_legs(&self, board: &Board) -> Vec<Leg> {
        legs(board, self.hops.iter().rev().map(|hop| (hop, true)))
    }

    /// Links that carry the request, in order.
    pub fn links(&self) -> Vec<LinkId> {
        self.hops.iter().filter_map(|hop| if let Hop::Pair { out, .. } = hop { Some(*out) } else { None }).collect()
    }

    /// Links that carry the response, in order.
    pub fn back_links(&self) -> Vec<LinkId> {
        let backs = self.hops.iter().rev();
        backs.filter_map(|hop| if let Hop::Pair { back, .. } = hop { Some(*back) } else { None }).collect()
    }

    /// This way, and then that one.
    #[must_use]
    pub fn then(mut self, next: Way) -> Way {
        self.address = next.address;
        self.greeting = next.greeting.map(|hops| self.hops.len() + hops);
        self.hops.extend(next.hops);
        self.limits.extend(next.limits);
        self.fees.extend(next.fees);
        self.idle_limit = match (self.idle_limit, next.idle_limit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self
    }
}

fn legs<'a>(board: &Board, hops: impl Iterator<Item = (&'a Hop, bool)>) -> Vec<Leg> {
    let mut legs = Vec::new();
    for (hop, back_way) in hops {
        let link = match *hop {
            Hop::Gateway(gateway) => {
                legs.push(Leg::Gateway(gateway));
                continue;
            }
            Hop::Pair { back, .. } if back_way => back,
            Hop::Pair { out, .. } => out,
        };
        let line = &board.lines[link];
        // The cap stands at the entrance: what it drops was never on the line.
        if line.cap.is_some() {
            legs.push(Leg::Cap(link));
        }
        legs.push(Leg::Wait(line.delay));
        if line.jitter.is_some() || line.loss.is_some() {
            legs.push(Leg::Noise(link));
        }
    }
    fold(legs)
}

/// What a fee counts. A kind states bytes by what leaves the end that the fee stands at: `Out` at the caller's end, `Back` at
/// the other; the provider's rule may charge that, what enters there, or both.
#[derive(Clone, PartialEq, Debug)]
pub enum Count {
    /// Gigabytes of requests.
    Out,
    /// Gigabytes of responses.
    Back,
    /// Gigabytes both ways.
    Both,
    /// Things that are paid by the hour, each once however many ways share it.
    Hours {
        /// The thing's name.
        thing: String,
        /// How many units of the price it is.
        units: f64,
    },
    /// Replicas that come and go, by the second that each lived.
    Pods {
        /// Row of `World::autoscalers`.
        scaler: usize,
        /// Its name.
        thing: String,
        /// How many units of the price each of them is.
        units: f64,
    },
    /// Capacity units of a balancer or NAT gateway.
    Capacity {
        /// The thing's name: units are counted for each thing by itself.
        thing: String,
        /// Whose connections count; none: only bytes are known.
        gateway: Option<GatewayId>,
    },
    /// Bandwidth bought by the month.
    Mbps {
        /// The thing's name.
        thing: String,
        /// How much.
        rate: BitsPerSec,
    },
    /// Bandwidth of a public address bought by the day.
    MbpsDays {
        /// The thing's name.
        thing: String,
        /// How much.
        rate: BitsPerSec,
    },
}

impl Count {
    /// This, as an item counts it that charges what is sent, what is received, or both.
    #[must_use]
    pub fn seen(self, counts: Counts) -> Count {
        match (self, counts) {
            (Count::Out | Count::Back, Counts::Both) => Count::Both,
            (Count::Out, Counts::Received) => Count::Back,
            (Count::Back, Counts::Received) => Count::Out,
            // What comes in to a balancer are the requests.
            (Count::Capacity { .. }, Counts::Received) => Count::Out,
            (as_stated, _) => as_stated,
        }
    }
}

/// Something that is charged for.
#[derive(Clone, PartialEq, Debug)]
pub struct Fee {
    /// The product's name in the scenario; `network` for what no product carries.
    pub product: String,
    /// What is charged for; the provider of the region `at` says by which items.
    pub rule: Rule,
    /// Where it stands, or where the bytes come from.
    pub at: RegionId,
    /// Where the bytes go; it matters for items priced by pair.
    pub to: Option<RegionId>,
    /// Whose bill it is.
    pub payer: VpcId,
    /// What is counted.
    pub count: Count,
}

/// A product as configured: it can serve some trips and draws their ways.
pub trait Product: Debug {
    /// Why it cannot serve this trip; nothing: it can.
    fn refusals(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<Refusal>;

    /// The ways of a trip that it can serve, at least one: connections spread evenly over several.
    fn draw(&self, carrier: &Carrier<'_>, trip: &Trip<'_>, board: &mut Board) -> Vec<Way>;

    /// What stands between the mesh and the endpoints.
    fn front(&self) -> Front {
        Front::None
    }

    /// What has to be there before this can be built, for a trip that it can serve.
    fn prerequisites(&self, carrier: &Carrier<'_>, trip: &Trip<'_>) -> Vec<String>;
}

/// What a client proxy sees instead of endpoints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Front {
    /// The endpoints themselves.
    None,
    /// A gateway of the endpoint's cluster, one host for each locality behind it.
    Gateway,
    /// A gateway of the endpoint's cluster that reads requests: one host for each endpoint behind it.
    Proxy,
    /// One plain host per way, outside the mesh's identity and locality.
    Balancer,
}

/// A kind in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The word of the scenario file.
    pub name: &'static str,
    /// What it joins, in a line.
    pub about: &'static str,
    /// May the two ends of a trip lie in different regions?
    pub crosses_regions: bool,
    /// One of its products for the example ground, so that laws can be run over every kind.
    pub example: fn(&Example) -> Box<dyn Product>,
}
