//! Gateways that are listed, and that no call passes.

use crate::connect::Board;
use crate::scenario::Diagnostic;
use crate::scenario::file::{ProductKind, Scenario};

/// Of products that this variant uses, gateways at clusters to which nothing goes by them: no one builds or bills them.
pub(super) fn gateways(scenario: &Scenario, board: &Board, said: &mut Vec<Diagnostic>) {
    for (name, product) in &scenario.connectivity {
        let listed = match &product.kind {
            ProductKind::PublicGateway(gateway) => &gateway.gateways,
            ProductKind::PrivateGateway(gateway) => &gateway.gateways,
            _ => continue,
        };
        let used = |cluster: &str| {
            let full = format!("{name}/{cluster}");
            board.balancers.rows().iter().any(|balancer| balancer.name == full)
        };
        // A product that is not used at all is told of as such, and gateways by default are nobody's list.
        if !listed.keys().any(|cluster| used(cluster)) {
            continue;
        }
        for (cluster, gateway) in listed.iter().filter(|(cluster, size)| !size.span.is_none() && !used(cluster)) {
            said.push(
                Diagnostic::warning("EW315", format!("nothing goes through the gateway of `{name}` at `{cluster}`"))
                    .at(gateway.span, "not built, and not billed")
                    .help("route calls that end there over it, or leave it out"),
            );
        }
    }
}
