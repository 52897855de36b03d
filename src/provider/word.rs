//! What a provider calls the parts of its products: hops, things on the bill and refusals speak its language.

use super::Provider;

/// A part of a product, whoever sells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// What routes between attached networks of a region.
    TransitRouter,
    /// How a network is joined to it.
    Attachment,
    /// What joins those of two regions.
    Connection,
    /// A direct connection of two networks.
    Peering,
    /// The private address of a service in another network.
    Endpoint,
    /// A layer 4 balancer.
    Balancer,
    /// A public address.
    Address,
    /// What lets a network out by a public address.
    Nat,
    /// A zone's part of a network.
    Subnet,
}

impl Part {
    /// The provider's own word.
    pub const fn at(self, provider: Provider) -> &'static str {
        // Columns: Alibaba Cloud, AWS, Google Cloud, Azure.
        let words: [&'static str; 4] = match self {
            Part::TransitRouter => {
                ["transit router", "transit gateway", "Network Connectivity Center hub", "virtual WAN hub"]
            }
            Part::Attachment => ["attachment", "attachment", "VPC spoke", "VNet connection"],
            Part::Connection => ["connection", "peering attachment", "hub route", "hub-to-hub connection"],
            Part::Peering => ["peering", "VPC peering", "VPC Network Peering", "VNet peering"],
            Part::Endpoint => {
                ["endpoint", "interface endpoint", "Private Service Connect endpoint", "private endpoint"]
            }
            Part::Balancer => ["NLB", "NLB", "passthrough balancer", "load balancer"],
            Part::Address => ["EIP", "Elastic IP", "external IP", "public IP"],
            Part::Nat => ["NAT", "NAT gateway", "Cloud NAT", "NAT gateway"],
            Part::Subnet => ["vSwitch", "subnet", "subnet", "subnet"],
        };
        words[provider as usize]
    }

    /// The part that Alibaba's word names, as faults do: `NLB`, `attachment`.
    pub fn named(word: &str) -> Option<Part> {
        let all = [
            Part::TransitRouter,
            Part::Attachment,
            Part::Connection,
            Part::Peering,
            Part::Endpoint,
            Part::Balancer,
            Part::Address,
            Part::Nat,
        ];
        all.into_iter().find(|part| part.at(Provider::Alibaba) == word)
    }
}

/// Words of a scenario file for kinds of connectivity, each with the kind that it means and whose word it is.
pub const ALIASES: [(&str, &str, Provider); 8] = [
    ("transit-gateway", "cen", Provider::Aws),
    ("ncc", "cen", Provider::Gcp),
    ("vwan", "cen", Provider::Azure),
    ("network-peering", "vpc-peering", Provider::Gcp),
    ("vnet-peering", "vpc-peering", Provider::Azure),
    ("interface-endpoint", "privatelink", Provider::Aws),
    ("psc", "privatelink", Provider::Gcp),
    ("private-link", "privatelink", Provider::Azure),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_find_parts_by_one_word_at_every_provider() {
        assert_eq!(Part::named("NLB").map(|part| part.at(Provider::Azure)), Some("load balancer"));
        assert_eq!(Part::named("attachment").map(|part| part.at(Provider::Gcp)), Some("VPC spoke"));
        assert_eq!(Part::named("endpoint").map(|part| part.at(Provider::Aws)), Some("interface endpoint"));
        assert_eq!(Part::named("weather"), None);
    }
}
