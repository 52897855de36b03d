//! VPCs on one CEN: their addresses must be apart, whatever the routes say of calls between them.

use std::collections::BTreeSet;

use crate::connect::Fee;
use crate::provider::Rule;
use crate::scenario::Diagnostic;
use crate::scenario::file::{ProductKind, Scenario};
use crate::topology::{Ground, VpcId};
use crate::world::PathId;

/// Pairs of VPCs that `fees` attach to the same transit router, or to two that are connected, and that overlap.
pub(super) fn overlaps(scenario: &Scenario, ground: &Ground, fees: &[(PathId, Fee)], said: &mut Vec<Diagnostic>) {
    for (name, product) in &scenario.connectivity {
        let ProductKind::Cen(cen) = &product.kind else { continue };
        // Every attachment is paid for, so who pays for one is attached.
        let attachments = fees.iter().filter(|(_, fee)| fee.product == *name && fee.rule == Rule::TransitAttachment);
        let attached: BTreeSet<VpcId> = attachments.map(|(_, fee)| fee.payer).collect();
        for &a in &attached {
            for &b in attached.range(a..).skip(1) {
                let (near, far) = (&ground.vpcs[a], &ground.vpcs[b]);
                let region = |vpc: VpcId| ground.regions[ground.region_of(vpc)].name.as_str();
                let joined = region(a) == region(b) || cen.bandwidth.between(region(a), region(b)).is_some();
                let (Some(x), Some(y)) = (near.cidr, far.cidr) else { continue };
                if !joined || !x.overlaps(y) {
                    continue;
                }
                let place = |vpc: &str| cen.attach.get(vpc).map_or(product.span, |(span, _)| *span);
                said.push(
                    Diagnostic::error(
                        "EW341",
                        format!(
                            "`{name}` cannot have both VPC {} ({x}) and VPC {} ({y}) attached: a transit router routes by address, and theirs overlap",
                            near.name, far.name
                        ),
                    )
                    .at(place(&near.name), "attached here")
                    .at(place(&far.name), "and here")
                    .help("renumber one of them, or attach one only and lead to the other by privatelink or an east-west gateway"),
                );
            }
        }
    }
}
