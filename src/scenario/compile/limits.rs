//! What is asked of a product beyond what its provider sells.

use std::collections::BTreeMap;

use crate::connect::{Carrier, Count, Fee};
use crate::provider::{Books, LimitRow, Provider, Rule};
use crate::scenario::Diagnostic;
use crate::scenario::file::{Billing, ProductKind, Scenario};
use crate::scenario::span::{Span, Spanned};
use crate::units::BitsPerSec;
use crate::world::PathId;

/// Is a limit one that a quota lifts?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Firm {
    /// The provider sells no more, to anybody.
    Yes,
    /// It can be asked for.
    No,
}

/// All that is above the limits of the book, or below what can be bought.
pub(super) fn limits(scenario: &Scenario, carrier: &Carrier<'_>, fees: &[(PathId, Fee)], said: &mut Vec<Diagnostic>) {
    rates(scenario, carrier, said);
    counts(scenario, carrier.books, said);
    addresses(scenario, carrier, fees, said);
}

fn past(firm: Firm, what: String, place: Span, row: &LimitRow, unit: &str, help: &str) -> Diagnostic {
    let most = row.value.unwrap_or_default();
    let text = format!("{what}, and the limit is {most}{unit}: {}", row.what);
    let found = match firm {
        Firm::Yes => Diagnostic::error("EW347", text),
        Firm::No => Diagnostic::warning("EW348", text),
    };
    found.at(place, "past the limit").help(help).help(format!("source: {} ({})", row.source, row.as_of))
}

/// Does a product stand, at least in part, where the book's limits hold? `names` are its clusters and networks.
fn booked<'n>(carrier: &Carrier<'_>, names: impl Iterator<Item = &'n String>) -> bool {
    let ground = carrier.ground;
    let region = |name: &str| {
        let vpc = ground.vpcs.rows().iter().find(|vpc| vpc.name == name).map(|vpc| vpc.region);
        let cluster = ground.clusters.iter().find(|(_, cluster)| cluster.name == name);
        vpc.or_else(|| cluster.map(|(id, _)| ground.region_of_cluster(id)))
    };
    let provider = |region| carrier.provider(region).unwrap_or_default();
    names.filter_map(|name| region(name)).any(|region| provider(region) == Provider::Alibaba)
}

/// Bandwidths.
fn rates(scenario: &Scenario, carrier: &Carrier<'_>, said: &mut Vec<Diagnostic>) {
    let books = carrier.books;
    let mut check = |name: &str, rate: Spanned<BitsPerSec>, key: &str, firm: Firm, help: &str| {
        let Some((row, most)) = books.limit(key).and_then(|row| Some((row, row.value?))) else { return };
        if rate.mbps() > most {
            let what = format!("`{name}` asks for {} Mbit/s", rate.mbps());
            said.push(past(firm, what, rate.span, row, " Mbit/s", help));
        }
    };
    const QUOTA: &str = "a quota may be raised, or several be used side by side";
    for (name, product) in &scenario.connectivity {
        match &product.kind {
            ProductKind::PublicGateway(gateway) if !booked(carrier, gateway.gateways.keys()) => {}
            ProductKind::PublicGateway(gateway) if gateway.eip.billing == Billing::ByTraffic => {
                let help = "say `billing: by-bandwidth`, which sells up to 500Mbps, or several `addresses`";
                check(name, gateway.eip.bandwidth, "eip.by-traffic.rate", Firm::Yes, help);
            }
            ProductKind::PublicGateway(gateway) => {
                let help = "write several `addresses`, each with so much";
                check(name, gateway.eip.bandwidth, "eip.by-bandwidth.rate", Firm::Yes, help);
            }
            ProductKind::PrivateLink(link) => {
                if let Some(rate) = link.bandwidth.filter(|_| booked(carrier, std::iter::once(&link.consumer.value))) {
                    check(name, rate, "privatelink.connection.rate", Firm::No, QUOTA);
                }
            }
            ProductKind::Cen(cen) if booked(carrier, cen.attach.keys()) => {
                let rates = || cen.bandwidth.every.iter().chain(cen.bandwidth.pairs.iter().map(|(_, _, rate)| rate));
                for rate in rates() {
                    check(name, *rate, "cen.inter-region.max", Firm::No, QUOTA);
                }
            }
            ProductKind::Cen(_) | ProductKind::VpcPeering(_) | ProductKind::PrivateGateway(_) => {}
        }
    }
    for (name, product) in &scenario.connectivity {
        let ProductKind::Cen(cen) = &product.kind else { continue };
        let Some(row) = books.limit("cen.inter-region.plan-min") else { continue };
        let rates = cen.bandwidth.every.iter().chain(cen.bandwidth.pairs.iter().map(|(_, _, rate)| rate));
        for rate in rates.filter(|_| cen.billing == Billing::ByBandwidth) {
            if row.value.is_some_and(|least| rate.mbps() < least) {
                let what = format!("`{name}` asks for {} Mbit/s of a bandwidth plan", rate.mbps());
                let help = "write 2Mbps or more, or say `billing: by-traffic`";
                said.push(past(Firm::Yes, what, rate.span, row, " Mbit/s", help));
            }
        }
    }
}

/// Endpoints of each consumer, and endpoint services of the account.
fn counts(scenario: &Scenario, books: &Books, said: &mut Vec<Diagnostic>) {
    let mut consumers: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    let mut services: BTreeMap<String, Span> = BTreeMap::new();
    for product in scenario.connectivity.values() {
        let ProductKind::PrivateLink(link) = &product.kind else { continue };
        consumers.entry(&link.consumer.value).or_default().push(product.span);
        services.entry(format!("{:?}", link.to.value)).or_insert(product.span);
    }
    let mut check = |key: &str, what: String, count: usize, last: Span| {
        let Some(row) = books.limit(key).filter(|row| row.value.is_some_and(|most| count as f64 > most)) else {
            return;
        };
        let help = "lead several services through one endpoint, to the gateway of their cluster";
        said.push(past(Firm::No, what, last, row, "", help));
    };
    for (vpc, ends) in &consumers {
        let last = ends.last().copied().unwrap_or(Span::NONE);
        check("privatelink.endpoints.per-vpc", format!("VPC `{vpc}` has {} endpoints", ends.len()), ends.len(), last);
    }
    let last = services.values().last().copied().unwrap_or(Span::NONE);
    let what = format!("there are {} endpoint services", services.len());
    check("privatelink.services.per-account", what, services.len(), last);
}

/// Public addresses of the account, and what those of a region pass together.
fn addresses(scenario: &Scenario, carrier: &Carrier<'_>, fees: &[(PathId, Fee)], said: &mut Vec<Diagnostic>) {
    // By owner: things that pay the hour of an address, with region, way of billing and rate.
    let mut held: BTreeMap<(String, String), (String, bool, f64, Span)> = BTreeMap::new();
    for (_, fee) in fees.iter().filter(|(_, fee)| fee.rule == Rule::AddressHour) {
        if carrier.provider(fee.at).unwrap_or_default() != Provider::Alibaba {
            continue;
        }
        let Some(product) = scenario.connectivity.get(&fee.product) else { continue };
        let (ProductKind::PublicGateway(gateway), Count::Hours { thing, .. }) = (&product.kind, &fee.count) else {
            continue;
        };
        let (owner, region) = (carrier.ground.vpcs[fee.payer].owner.clone(), carrier.region(fee.at).to_owned());
        let by_traffic = gateway.eip.billing == Billing::ByTraffic;
        let rate = gateway.eip.bandwidth.mbps();
        held.insert((owner, thing.clone()), (region, by_traffic, rate, gateway.eip.bandwidth.span));
    }
    let mut sums: BTreeMap<(&str, &str, bool), (f64, Span)> = BTreeMap::new();
    let mut counts: BTreeMap<&str, (usize, Span)> = BTreeMap::new();
    for ((owner, _), (region, by_traffic, rate, span)) in &held {
        let sum = sums.entry((owner, region, *by_traffic)).or_insert((0.0, *span));
        sum.0 += rate;
        counts.entry(owner).or_insert((0, *span)).0 += 1;
    }
    for ((_, region, by_traffic), (sum, span)) in sums {
        let key = if by_traffic { "eip.by-traffic.region-sum" } else { "eip.by-bandwidth.region-sum" };
        let Some(row) = carrier.books.limit(key).filter(|row| row.value.is_some_and(|most| sum > most)) else {
            continue;
        };
        let what = format!("public addresses in {region} ask for {sum} Mbit/s together");
        said.push(past(Firm::Yes, what, span, row, " Mbit/s", "ask for less, or spread the gateways over accounts"));
    }
    for (count, span) in counts.into_values() {
        let Some(row) = carrier.books.limit("eip.per-account") else { continue };
        if row.value.is_some_and(|most| count as f64 > most) {
            let what = format!("there are {count} public addresses");
            said.push(past(Firm::No, what, span, row, "", "the quota is adjustable"));
        }
    }
}
