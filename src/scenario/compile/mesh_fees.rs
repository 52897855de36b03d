//! What a control plane costs: istiod's CPU in a cluster, or the edition of a managed one with its balancers.

use crate::connect::{Carrier, Count, Fee};
use crate::provider::{Provider, Rule};
use crate::scenario::Diagnostic;
use crate::scenario::file::{ControlKind, Edition, Scenario};
use crate::topology::{ClusterId, RegionId, VpcId};
use crate::world::World;

/// CPU that Istio requests for istiod (`pilot.resources.requests.cpu: 500m`, istio 1.24 manifests/charts/istio-control).
const ISTIOD_VCPU: f64 = 0.5;
/// Pods that an istiod of one vCPU serves (istio.io, Performance and Scalability, 1.24).
const PODS_PER_VCPU: f64 = 2000.0;
/// A managed control plane has one balancer for itself and one for its API server (ASM, billing rules).
const BALANCERS: u32 = 2;

/// Fees of the control planes.
pub(super) fn fees(scenario: &Scenario, carrier: &Carrier<'_>, world: &World, said: &mut Vec<Diagnostic>) -> Vec<Fee> {
    let (Some(written), ground) = (&scenario.mesh.control_plane, carrier.ground) else { return Vec::new() };
    let hours = |product: &str, rule: Rule, at: RegionId, payer: VpcId, thing: String, units: f64| {
        let count = Count::Hours { thing, units };
        Fee { product: product.to_owned(), rule, at, to: None, payer, count }
    };
    let cluster = |name: &str| world.clusters.iter().find(|(_, known)| *known == name).map(|(id, _)| id);
    let absent = world.absent();
    let istiod = |id: ClusterId, of_all: bool| {
        let there = world.endpoints.iter().filter(|(id, _)| !absent.contains(id));
        let places = there.map(|(_, endpoint)| world.places[endpoint.place].cluster);
        let pods = places.filter(|place| of_all || *place == id).count() as f64;
        let own = written.cpu.unwrap_or(ISTIOD_VCPU.max(pods / PODS_PER_VCPU / f64::from(written.replicas)));
        let (vpc, thing) = (ground.vpc_of(id), format!("istiod {}", world.clusters[id]));
        hours("compute", Rule::Vcpu, ground.region_of(vpc), vpc, thing, own * f64::from(written.replicas))
    };
    match &written.kind {
        ControlKind::MultiPrimary => world.clusters.ids().map(|id| istiod(id, false)).collect(),
        ControlKind::PrimaryRemote(name) => cluster(&name.value).map(|id| istiod(id, true)).into_iter().collect(),
        ControlKind::Managed(name) => {
            let at = world.regions.iter().find(|(_, known)| **known == name.value).map(|(id, _)| id);
            let (Some(edition), Some(at)) = (written.edition, at) else { return Vec::new() };
            if carrier.provider(at).is_some_and(|provider| provider != Provider::Alibaba) {
                let other = Diagnostic::error("EW414", "editions are Alibaba Cloud Service Mesh's");
                said.push(other.at(edition.span, "").help("leave it out, and state your own price if there is one"));
                return Vec::new();
            }
            let (rule, limit) = match edition.value {
                Edition::Standard => (Rule::MeshStandard, "asm.pods.standard"),
                Edition::Enterprise => (Rule::MeshEnterprise, "asm.pods.enterprise"),
                Edition::Ultimate => (Rule::MeshUltimate, "asm.pods.ultimate"),
            };
            let pods = world.endpoints.len() - absent.len();
            let most = carrier.books.limit(limit).and_then(|row| row.value).filter(|most| pods as f64 > *most);
            if let Some(most) = most {
                let past = format!("{pods} replicas are more pods than the {most:.0} of this edition");
                let void = Diagnostic::warning("EW414", past).at(edition.span, "it goes on, but without an SLA");
                said.push(void.help("the next edition serves more"));
            }
            // Whose mesh it is: that of the first cluster in its region, or else of the first.
            let networks: Vec<VpcId> = world.clusters.ids().map(|id| ground.vpc_of(id)).collect();
            let here = networks.iter().find(|vpc| ground.region_of(**vpc) == at);
            let Some(&payer) = here.or(networks.first()) else { return Vec::new() };
            let thing = |what: &str| format!("control plane {}{what}", name.value);
            let mut fees = vec![hours("control-plane", rule, at, payer, thing(""), 1.0)];
            for number in 0..BALANCERS {
                let balancer = thing(&format!(", balancer {number}"));
                fees.push(hours("control-plane", Rule::MeshBalancer, at, payer, balancer, 1.0));
            }
            fees
        }
    }
}
