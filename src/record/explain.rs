//! What a scenario means, told before any simulation: who sees which hosts, what a call meets on its way, what it costs,
//! and what the policies imply.

use serde::{Deserialize, Serialize};

/// The explanation of a scenario, one part per variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Explanation {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// Currency of all money.
    pub currency: String,
    /// One for each variant, in the order of the file.
    pub variants: Vec<VariantExplanation>,
    /// Who learns of a failure, and when.
    pub notices: Vec<Notice>,
}

/// One variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VariantExplanation {
    /// The name.
    pub name: String,
    /// Release of Istio whose rules and defaults hold, `1.24`; empty where it is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub istio: String,
    /// That Envoy's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub envoy: String,
    /// What that release decides, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decides: Vec<String>,
    /// Who calls whom.
    pub edges: Vec<EdgeExplanation>,
    /// What is charged by the hour or the month, whatever the traffic.
    pub standing: Vec<StandingPrice>,
    /// What is charged by capacity units, as measured: by use, the greatest of connections and bytes in each hour.
    #[serde(default)]
    pub by_use: Vec<StandingPrice>,
    /// Where users go who come in by a global entry, while all is well and while a cluster or a region is dead; and what
    /// operators do. One sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<String>,
    /// Where writes to databases with a primary go, and what becomes of them, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stores: Vec<String>,
    /// The faults, when they begin and end, and what goes down.
    pub faults: Vec<FaultExplanation>,
}

/// One edge: a stream or a service that calls a service.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct EdgeExplanation {
    /// `web -> orders`.
    pub name: String,
    /// The policy, key by key.
    pub policy: Vec<PolicySetting>,
    /// Where rules lead the calls, one sentence each.
    #[serde(default)]
    pub rules: Vec<String>,
    /// What the policy and the hosts imply, one sentence each.
    pub implies: Vec<String>,
    /// What a client sees, by place.
    pub clients: Vec<ClientView>,
}

/// A key of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PolicySetting {
    /// As the scenario writes it.
    pub key: String,
    /// The value in force.
    pub value: String,
    /// `scenario`, or whose default it is: `Istio's default`, `Envoy's default`.
    pub origin: String,
    /// Where the default is written; empty for the scenario's own.
    pub source: String,
}

/// The hosts of one edge as a client proxy of one place sees them, and its calls to them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ClientView {
    /// `cluster/zone`.
    pub place: String,
    /// The region of that place.
    pub region: String,
    /// Hosts by priority and place.
    pub groups: Vec<HostGroup>,
    /// Share of calls that go to another region while all hosts are healthy.
    pub crosses_region: f64,
    /// Share of calls that go to another zone (other regions included) while all hosts are healthy.
    pub crosses_zone: f64,
    /// What is left when all hosts of a zone or a region that the callee stands in fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deaths: Vec<Death>,
    /// A call to each group.
    pub calls: Vec<CallSketch>,
}

/// A client's view while all hosts of a zone or a region fail, outlier detection having ejected what it may.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Death {
    /// `REGION/ZONE`, or the region.
    pub dead: String,
    /// The client stands there too: it sees this where the callee alone fails there, not where all of the zone is dead.
    pub with_client: bool,
    /// Hosts all of which is dead.
    pub dead_hosts: u32,
    /// How many of them are ejected in the end.
    pub ejected: u32,
    /// Where first tries go.
    pub left: Leavings,
    /// The same where they are dead, once a control plane has removed them; none where there is none that lives to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once_told: Option<Leavings>,
}

/// Shares of the calls while something is dead.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Leavings {
    /// By group of the view.
    pub shares: Vec<f64>,
    /// Of all calls, those that go to dead replicas.
    pub to_dead: f64,
    /// Of all calls, those that find no host (503, UH).
    pub to_nobody: f64,
}

/// Hosts of one place, or behind one gateway.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HostGroup {
    /// Priority, 0 first.
    pub priority: u32,
    /// `cluster/zone`, or the gateway's name.
    pub at: String,
    /// Region of the replicas; several joined by `+`.
    pub region: String,
    /// Addresses that the client sees: each is ejected and balanced as one host.
    pub hosts: u32,
    /// Replicas behind them.
    pub replicas: u32,
    /// Share of calls while all hosts are healthy.
    pub share: f64,
}

/// One call, hop by hop, with nothing queueing.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct CallSketch {
    /// `cluster/zone` of the client.
    pub from: String,
    /// `cluster/zone` of the replica.
    pub to: String,
    /// The client's region.
    pub from_region: String,
    /// The replica's region.
    pub to_region: String,
    /// The product that carries it.
    pub via: String,
    /// The path's name.
    pub path: String,
    /// In the order in which the call meets them.
    pub hops: Vec<HopSketch>,
    /// All hops on a connection that is up, ms; the service's own work comes on top.
    pub warm_ms: f64,
    /// Round trips before the first byte of a request on a new connection.
    pub handshake_round_trips: u32,
    /// The first call on a new connection, ms.
    pub cold_ms: f64,
    /// Chance that a packet of the request is lost on its way: least and greatest over the day.
    pub loss: (f64, f64),
    /// What a gigabyte costs, price by price.
    pub prices: Vec<BytePrice>,
    /// Bytes and money, by operation.
    pub operations: Vec<OperationCost>,
}

/// A stretch of a call.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HopSketch {
    /// `request`, `service` or `response`.
    pub phase: String,
    /// What it is.
    pub what: String,
    /// ms.
    pub ms: f64,
}

/// A price that the bytes of a path pay.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BytePrice {
    /// Product.
    pub product: String,
    /// What the invoice calls it.
    pub item: String,
    /// Where.
    pub scope: String,
    /// `request`, `response` or `both`.
    pub direction: String,
    /// The unit: `GB`.
    pub unit: String,
    /// Price per unit: low, used, high; none: not found.
    pub price: Option<(f64, f64, f64)>,
    /// `sourced`, `estimated`, `not-found`, `user`.
    pub status: String,
}

/// Bytes and money of one operation over one path.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OperationCost {
    /// The operation.
    pub operation: String,
    /// Bytes on the wire towards the server: the request, and acknowledgements of the response.
    pub forward_bytes: u64,
    /// Bytes on the wire towards the client.
    pub back_bytes: u64,
    /// What a million such calls pay for bytes, capacity units by their bytes included: low, used, high. Prices not
    /// found are left out.
    pub per_million: (f64, f64, f64),
}

/// A price that does not depend on bytes alone.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct StandingPrice {
    /// Product.
    pub product: String,
    /// What the invoice calls it.
    pub item: String,
    /// Where.
    pub scope: String,
    /// How many of the unit, for each hour or month; none: as measured.
    pub quantity: Option<f64>,
    /// The unit: `hour`, `LCU-hour`, `Mbps-month`.
    pub unit: String,
    /// Price per unit: low, used, high; none: not found.
    pub price: Option<(f64, f64, f64)>,
    /// `sourced`, `estimated`, `not-found`, `user`.
    pub status: String,
}

/// A fault and what it takes.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct FaultExplanation {
    /// The name.
    pub name: String,
    /// What it hits, as written.
    pub hits: String,
    /// When it comes, in words: `60 s for 30 s`.
    pub when: String,
    /// `silent` or `refused`.
    pub manner: String,
    /// What goes down, counted: `1 place with 4 replicas`, `12 paths`.
    pub takes: Vec<String>,
    /// Of a recorded incident, where it is told; then its phases, with how each is known. One sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
}

/// A row of "who notices a failure, and after how long".
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Notice {
    /// What happens.
    pub event: String,
    /// Who learns of it.
    pub who: String,
    /// After how long, by default.
    pub after: String,
    /// How.
    pub how: String,
    /// Whether this version simulates it, and by which key.
    pub runs: String,
}
