//! What can be charged for, in no provider's words, and which items of whose price book charge for it.
//!
//! A kind of connectivity states that something is charged for by its rule ("what a VPC sends into its transit router")
//! at each end by itself. The table `books/rules.csv` says which items a provider charges for it, and in which direction:
//! nothing, what leaves that end, what enters it, or both.

use serde::Deserialize;

use super::{Books, Provider, Status};

/// Something that is charged for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The hour of a network's attachment to a transit router.
    TransitAttachment,
    /// The hour of the transit router itself, one in each region.
    TransitRouter,
    /// The hour of an end of a connection between the transit routers of two regions.
    TransitConnection,
    /// What a network sends into its transit router.
    TransitProcessing,
    /// What a transit router sends to another region.
    TransitTransfer,
    /// The same on the dearer tier of the backbone.
    TransitTransferPremium,
    /// Bandwidth between regions bought by the month.
    TransitPlan,
    /// What a network sends to a peered one of its region.
    PeeringInRegion,
    /// The same, where it crosses from zone to zone.
    PeeringCrossZone,
    /// What a network sends to a peered one of another region.
    PeeringTransfer,
    /// The hour of a private endpoint in a zone.
    EndpointZoneHour,
    /// The hour of a private endpoint, however many zones it has.
    EndpointHour,
    /// What passes a private endpoint: the request's way leaves the consumer.
    EndpointProcessing,
    /// What passes a private endpoint to a service of another region.
    EndpointTransfer,
    /// What passes a published service, paid by its owner.
    ServiceProcessing,
    /// The hour of a layer 4 balancer.
    BalancerHour,
    /// What a layer 4 balancer does: capacity units or bytes.
    BalancerCapacity,
    /// The hour of a NAT gateway.
    NatHour,
    /// What a NAT gateway does: capacity units or bytes.
    NatCapacity,
    /// The hour of a public address.
    AddressHour,
    /// Bandwidth of a public address bought by the day.
    AddressBandwidth,
    /// The same on a better line.
    AddressBandwidthPremium,
    /// What leaves for the internet.
    Egress,
    /// What leaves by a public address for another region of the same provider.
    EgressOwn,
    /// What leaves for the internet by a better line.
    EgressPremium,
    /// What an accelerator carries across the mainland's border.
    EgressAccelerated,
    /// What an accelerator carries between other regions.
    AcceleratorTransfer,
    /// The hour of an accelerator.
    AcceleratorHour,
    /// What crosses from zone to zone inside a network.
    CrossZone,
    /// The hour of a virtual CPU.
    Vcpu,
    /// The hour of a managed control plane of a mesh, of the smallest edition.
    MeshStandard,
    /// The same of an edition for companies.
    MeshEnterprise,
    /// The same of the largest edition.
    MeshUltimate,
    /// The hour of a balancer in front of a managed control plane.
    MeshBalancer,
}

impl Rule {
    /// All of them, in the order of the table.
    pub const ALL: [Rule; 34] = [
        Rule::TransitAttachment,
        Rule::TransitRouter,
        Rule::TransitConnection,
        Rule::TransitProcessing,
        Rule::TransitTransfer,
        Rule::TransitTransferPremium,
        Rule::TransitPlan,
        Rule::PeeringInRegion,
        Rule::PeeringCrossZone,
        Rule::PeeringTransfer,
        Rule::EndpointZoneHour,
        Rule::EndpointHour,
        Rule::EndpointProcessing,
        Rule::EndpointTransfer,
        Rule::ServiceProcessing,
        Rule::BalancerHour,
        Rule::BalancerCapacity,
        Rule::NatHour,
        Rule::NatCapacity,
        Rule::AddressHour,
        Rule::AddressBandwidth,
        Rule::AddressBandwidthPremium,
        Rule::Egress,
        Rule::EgressOwn,
        Rule::EgressPremium,
        Rule::EgressAccelerated,
        Rule::AcceleratorTransfer,
        Rule::AcceleratorHour,
        Rule::CrossZone,
        Rule::Vcpu,
        Rule::MeshStandard,
        Rule::MeshEnterprise,
        Rule::MeshUltimate,
        Rule::MeshBalancer,
    ];

    /// The word in the table: `transit-attachment`.
    pub const fn word(self) -> &'static str {
        match self {
            Rule::TransitAttachment => "transit-attachment",
            Rule::TransitRouter => "transit-router",
            Rule::TransitConnection => "transit-connection",
            Rule::TransitProcessing => "transit-processing",
            Rule::TransitTransfer => "transit-transfer",
            Rule::TransitTransferPremium => "transit-transfer-premium",
            Rule::TransitPlan => "transit-plan",
            Rule::PeeringInRegion => "peering-in-region",
            Rule::PeeringCrossZone => "peering-cross-zone",
            Rule::PeeringTransfer => "peering-transfer",
            Rule::EndpointZoneHour => "endpoint-zone-hour",
            Rule::EndpointHour => "endpoint-hour",
            Rule::EndpointProcessing => "endpoint-processing",
            Rule::EndpointTransfer => "endpoint-transfer",
            Rule::ServiceProcessing => "service-processing",
            Rule::BalancerHour => "balancer-hour",
            Rule::BalancerCapacity => "balancer-capacity",
            Rule::NatHour => "nat-hour",
            Rule::NatCapacity => "nat-capacity",
            Rule::AddressHour => "address-hour",
            Rule::AddressBandwidth => "address-bandwidth",
            Rule::AddressBandwidthPremium => "address-bandwidth-premium",
            Rule::Egress => "egress",
            Rule::EgressOwn => "egress-own",
            Rule::EgressPremium => "egress-premium",
            Rule::EgressAccelerated => "egress-accelerated",
            Rule::AcceleratorTransfer => "accelerator-transfer",
            Rule::AcceleratorHour => "accelerator-hour",
            Rule::CrossZone => "cross-zone",
            Rule::Vcpu => "vcpu",
            Rule::MeshStandard => "mesh-standard",
            Rule::MeshEnterprise => "mesh-enterprise",
            Rule::MeshUltimate => "mesh-ultimate",
            Rule::MeshBalancer => "mesh-balancer",
        }
    }
}

/// What an item counts, seen from the end that a fee stands at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counts {
    /// Bytes that leave this end.
    Sent,
    /// Bytes that enter it.
    Received,
    /// Bytes both ways.
    Both,
    /// Hours, capacity units or bought bandwidth: what the fee states.
    Units,
    /// Nothing: the provider does not charge for it.
    Free,
    /// Nothing: the provider does not sell it, and a product that needs it is refused there.
    NotOffered,
}

/// Is an item priced by where it stands, or by the pair of places?
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PricedBy {
    /// Where it stands, or where bytes come from.
    Place,
    /// From where to where.
    Pair,
}

/// A row of the table of rules: one item that one provider charges for one rule.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct RuleRow {
    /// The rule.
    pub rule: Rule,
    /// Whose.
    pub provider: Provider,
    /// The item of the price book; empty where nothing is charged or offered.
    pub item: String,
    /// What it counts.
    pub counts: Counts,
    /// How its rows are found.
    pub by: PricedBy,
    /// How the rule is known.
    pub status: Status,
    /// Where from.
    pub source: String,
    /// When read.
    pub as_of: String,
    /// What to beware of.
    pub note: String,
}

impl Books {
    /// What a provider says of a rule, at least one row.
    pub fn rule(&self, rule: Rule, provider: Provider) -> impl Iterator<Item = &RuleRow> {
        self.rules.iter().filter(move |row| row.rule == rule && row.provider == provider)
    }

    /// The items that a provider charges for a rule; none: it is free there.
    pub fn charged(&self, rule: Rule, provider: Provider) -> impl Iterator<Item = &RuleRow> {
        self.rule(rule, provider).filter(|row| !matches!(row.counts, Counts::Free | Counts::NotOffered))
    }

    /// Does the provider sell what the rule charges for?
    pub fn offers(&self, rule: Rule, provider: Provider) -> bool {
        self.rule(rule, provider).all(|row| row.counts != Counts::NotOffered)
    }
}
