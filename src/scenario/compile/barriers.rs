//! Faults that only new connections and calls meet: who has a certificate, who calls whom, and what a provider does with
//! the connections that a security group knows.

use super::faults::acts;
use crate::connect::Carrier;
use crate::provider::Provider;
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Dataplane, Fault, Hit, Scenario, Tls};
use crate::scenario::span::Spanned;
use crate::world::{Caller, Effect, FaultId, Manner, ServiceId, Target, World};

/// Why a fault cannot do what it says to what it hits.
pub(super) fn complaint(scenario: &Scenario, world: &World, fault: &Fault) -> Option<Diagnostic> {
    let certificates = |effect: &file::Effect| matches!(effect, file::Effect::Expire | file::Effect::NewRoot);
    if fault.effects.iter().any(certificates) {
        let none = |text: &str, help: &str| {
            Some(Diagnostic::error("EW513", text.to_owned()).at(fault.hit.span, "").help(help.to_owned()))
        };
        let sealed = scenario.mesh.dataplane != Dataplane::None && scenario.mesh.tls != Tls::None;
        if !sealed || !scenario.network {
            return none(
                "nothing here has a certificate",
                "handshakes of TLS are made where there is a network, a data plane and `mesh.tls` other than `none`",
            );
        }
        if !shows_one(scenario, &fault.hit.value) {
            return none(
                "this gateway passes TLS through, and shows no certificate of its own",
                "hit the services behind it, or say `kind: l7` of the gateway",
            );
        }
        if scenario.mesh.tls_resumes || scenario.mesh.tls == Tls::ZeroRtt {
            let text = "who resumes a session shows no certificate again";
            let help = "leave `resume` out of `mesh.tls`: how long tickets are good for is not simulated";
            return Some(Diagnostic::error("EW515", text).at(fault.hit.span, "").help(help));
        }
    }
    let callers = callers(&fault.hit.value)?;
    let service = |name: &str| world.services.iter().find(|(_, service)| service.name == name).map(|(id, _)| id);
    let from: Vec<Caller> = callers.iter().filter_map(|name| service(name)).map(Caller::Service).collect();
    let called = |name: &str| {
        let to = service(name);
        world.edges.rows().iter().any(|edge| from.contains(&edge.from) && Some(edge.to) == to)
    };
    let unknown = |service: &&Spanned<String>| !called(&service.value);
    let wrong = fault.effects.iter().flat_map(file::Effect::unrouted).find(unknown)?;
    let text = format!("`{}` does not call `{}`", callers.join("`, `"), wrong.value);
    Some(
        Diagnostic::error("EW516", text)
            .at(wrong.span, "")
            .help("name services that it calls, or say `no-route: true`"),
    )
}

/// Services that are hit by name; none: others are.
fn callers(hit: &Hit) -> Option<Vec<&str>> {
    match hit {
        Hit::Service(name) | Hit::Replica { service: name, .. } => Some(vec![name.as_str()]),
        Hit::Several(all) => {
            let each: Option<Vec<Vec<&str>>> = all.iter().map(|(hit, _)| callers(hit)).collect();
            each.map(|each| each.concat())
        }
        _ => None,
    }
}

/// Does what is hit show a certificate?
fn shows_one(scenario: &Scenario, hit: &Hit) -> bool {
    match hit {
        Hit::Gateway { product, cluster, .. } => {
            scenario.connectivity[product].kind.gateways().any(|(name, size)| name == cluster && size.l7)
        }
        Hit::Several(all) => all.iter().all(|(hit, _)| shows_one(scenario, hit)),
        Hit::All("gateway") => {
            scenario.connectivity.values().any(|product| product.kind.gateways().any(|(_, size)| size.l7))
        }
        _ => true,
    }
}

/// Gateways that are known by a name.
pub(super) fn names(world: &mut World, scenario: &Scenario) {
    for (id, gateway) in world.gateways.iter() {
        let Some((product, cluster)) = gateway.name.split_once('/') else { continue };
        let Some(product) = scenario.connectivity.get(product) else { continue };
        let size = product.kind.gateways().find(|(name, _)| *name == cluster);
        world.names.extend(size.and_then(|(_, size)| size.ttl).map(|ttl| (id, ttl)));
    }
}

/// Effects of lost routes; of a service that this variant does not have, none.
pub(super) fn unrouted(world: &World, services: Option<&[Spanned<String>]>) -> Vec<Effect> {
    let Some(services) = services else { return vec![Effect::NoRoute(ServiceId::NONE)] };
    let named = |name: &Spanned<String>| world.services.iter().find(|(_, service)| service.name == name.value);
    services.iter().filter_map(named).map(|(id, _)| Effect::NoRoute(id)).collect()
}

/// What becomes of the connections that a security group knows, way by way.
pub(super) fn finish(carrier: &Carrier<'_>, world: &mut World, id: FaultId, fault: &Fault) -> Option<Diagnostic> {
    let kept = fault.effects.iter().find_map(|effect| match effect {
        file::Effect::Ruled(kept) => Some(*kept),
        _ => None,
    })?;
    let mut cut = Vec::new();
    for (path, way) in world.paths.iter() {
        let name = &world.regions[world.places[way.to].region];
        let region = carrier.ground.regions.iter().find(|(_, region)| region.name == *name).map(|(id, _)| id);
        let provider = region.and_then(|id| carrier.provider(id));
        cut.push((Target::Path(path), kept.or(provider.and_then(keeps)).map(|kept| !kept)));
    }
    let becomes = |target: Target| cut.iter().find(|(path, _)| *path == target).and_then(|(_, cut)| *cut);
    let hit: Vec<Target> = world.acts(id).iter().map(|act| act.target).collect();
    if hit.iter().any(|&target| becomes(target).is_none()) {
        let text = "what this provider does with the connections that a security group knows is not documented";
        let wrong = Diagnostic::error("EW518", text).at(fault.hit.span, "");
        return Some(wrong.help("say `established: kept` or `established: cut`"));
    }
    let silent = Effect::Down(Manner::Silent);
    let changes = world.changes.iter_mut().filter(|change| change.fault == id && becomes(change.target) == Some(true));
    changes.for_each(|change| change.effect = silent);
    acts(world, id).filter(|act| becomes(act.target) == Some(true)).for_each(|act| act.effect = silent);
    None
}

/// Do connections that a group knows outlive the rule by which they were let in? AWS: tracked connections are not
/// interrupted when a rule changes (EC2 user guide, "Security group connection tracking"; what is untracked is). Azure: by
/// the flow's record (virtual network, "Network security groups"). Alibaba Cloud: established sessions are unaffected
/// only where the rules come to the same (ECS, "Security group rules"), read here as: else they are cut.
fn keeps(provider: Provider) -> Option<bool> {
    match provider {
        Provider::Aws | Provider::Azure => Some(true),
        Provider::Alibaba => Some(false),
        Provider::Gcp => None,
    }
}
