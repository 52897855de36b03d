//! What is asked of a product beyond what its provider sells.

use crate::provider::Books;
use crate::scenario::Diagnostic;
use crate::scenario::file::{Billing, ProductKind, Scenario};
use crate::scenario::span::Spanned;
use crate::units::BitsPerSec;

/// Bandwidths above the limits of the book.
pub(super) fn limits(scenario: &Scenario, books: &Books, said: &mut Vec<Diagnostic>) {
    let mut check = |name: &str, rate: Spanned<BitsPerSec>, key: &str| {
        let Some((row, most)) = books.limit(key).and_then(|row| Some((row, row.value?))) else { return };
        if rate.mbps() <= most {
            return;
        }
        said.push(
            Diagnostic::warning(
                "EW348",
                format!(
                    "`{name}` asks for {} Mbit/s, above the limit ({}: {most} {})",
                    rate.mbps(),
                    row.what,
                    row.unit
                ),
            )
            .at(rate.span, "above the limit")
            .help(format!(
                "source: {} ({}); a quota may be raised, or several be used side by side",
                row.source, row.as_of
            )),
        );
    };
    for (name, product) in &scenario.connectivity {
        match &product.kind {
            ProductKind::PublicGateway(gateway) => {
                let by_traffic = gateway.eip.billing == Billing::ByTraffic;
                check(
                    name,
                    gateway.eip.bandwidth,
                    if by_traffic { "eip.by-traffic.rate" } else { "eip.by-bandwidth.rate" },
                );
            }
            ProductKind::PrivateLink(link) => {
                if let Some(rate) = link.bandwidth {
                    check(name, rate, "privatelink.connection.rate");
                }
            }
            ProductKind::Cen(cen) => {
                for rate in cen.bandwidth.every.iter().chain(cen.bandwidth.pairs.iter().map(|(_, _, rate)| rate)) {
                    check(name, *rate, "cen.inter-region.max");
                }
            }
            ProductKind::VpcPeering(_) | ProductKind::PrivateGateway(_) => {}
        }
    }
}
