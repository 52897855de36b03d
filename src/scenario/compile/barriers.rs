//! Faults that only new connections and calls meet: who has a certificate, who calls whom, and what a provider does with
//! the connections that a security group knows.

use std::collections::{BTreeMap, BTreeSet};

use super::faults::acts;
use crate::connect::Carrier;
use crate::provider::Provider;
use crate::scenario::Diagnostic;
use crate::scenario::file::{self, Dataplane, Fault, GatewaySize, Hit, Scenario, Tls};
use crate::scenario::span::Spanned;
use crate::units::Duration;
use crate::world::{
    Caller, Deployment, Effect, FaultId, GatewayPods, HostTarget, Manner, PathId, ServiceId, Target, World,
};

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
    let unroutes = |effect: &file::Effect| matches!(effect, file::Effect::NoRoute(_));
    if fault.effects.iter().any(unroutes)
        && let Some(help) = routes_nothing(scenario, &fault.hit.value)
    {
        let text = "no proxy here looks up a route";
        return Some(Diagnostic::error("EW517", text).at(fault.hit.span, "").help(help));
    }
    let callers = callers(&fault.hit.value)?;
    let service = |name: &str| world.services.iter().find(|(_, service)| service.name == name).map(|(id, _)| id);
    let from: Vec<Caller> = callers.iter().filter_map(|name| service(name)).map(Caller::Service).collect();
    let called = |name: &str| {
        let to = service(name);
        world.edges.rows().iter().any(|edge| from.contains(&edge.from) && Some(edge.to) == to)
    };
    let unknown = |service: &&Spanned<String>| !called(&service.value);
    if fault.effects.contains(&file::Effect::NoRoute(None))
        && !world.edges.rows().iter().any(|edge| from.contains(&edge.from))
    {
        let text = format!("`{}` calls nobody: a lost route changes nothing", callers.join("`, `"));
        return Some(Diagnostic::error("EW416", text).at(fault.hit.span, "").help("hit who calls"));
    }
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

/// Why nothing that is hit knows routes of requests: then what to do.
fn routes_nothing(scenario: &Scenario, hit: &Hit) -> Option<&'static str> {
    let waypoints = &scenario.mesh.ambient.waypoints;
    match scenario.mesh.dataplane {
        Dataplane::Sidecar => None,
        Dataplane::None => {
            Some("routes are known to a data plane: `mesh.dataplane: sidecar`, or `ambient` with waypoints")
        }
        Dataplane::Ambient if waypoints.is_empty() => {
            Some("ztunnels go by addresses; requests have routes where there are `mesh.waypoints`")
        }
        Dataplane::Ambient => {
            let through = |name: &&str| waypoints.contains_key(*name);
            let none = callers(hit).is_some_and(|callers| !callers.iter().any(through));
            none.then_some("ztunnels go by addresses: hit a waypoint, or the place where it stands")
        }
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

/// Gateways that are known by a name, and those whose pods take their time.
pub(super) fn names(world: &mut World, scenario: &Scenario) {
    for (id, gateway) in world.gateways.iter() {
        let Some((product, cluster)) = gateway.name.split_once('/') else { continue };
        let Some(size) = size(scenario, product, cluster) else { continue };
        world.names.extend(size.ttl.map(|ttl| (id, ttl)));
        world.gateway_pods.extend((size.pods != GatewayPods::USUAL).then_some((id, size.pods)));
    }
}

/// A gateway as the scenario has it: over an endpoint, the private gateway says it where it says anything.
fn size<'a>(scenario: &'a Scenario, product: &str, cluster: &str) -> Option<&'a GatewaySize> {
    let mut private = scenario.connectivity.values().filter_map(|other| match &other.kind {
        file::ProductKind::PrivateGateway(private) if private.over.value == product => private.gateways.get(cluster),
        _ => None,
    });
    let own = || scenario.connectivity.get(product)?.kind.gateways().find(|(name, _)| *name == cluster);
    private.find(|size| !size.span.is_none()).or_else(|| own().map(|(_, size)| size))
}

/// Effects of lost routes; of a service that this variant does not have, none.
pub(super) fn unrouted(world: &World, services: Option<&[Spanned<String>]>) -> Vec<Effect> {
    let Some(services) = services else { return vec![Effect::NoRoute(ServiceId::NONE)] };
    let named = |name: &Spanned<String>| world.services.iter().find(|(_, service)| service.name == name.value);
    services.iter().filter_map(named).map(|(id, _)| Effect::NoRoute(id)).collect()
}

/// What is said and changes nothing in this variant: certificates that all are of one new authority, rules of a way on
/// which nobody opens anything.
pub(super) fn idle(world: &World, id: FaultId, fault: &Fault) -> Option<Diagnostic> {
    let acts = world.acts(id);
    let told = matches!(fault.when, file::When::Told { .. });
    let warn = |text: &str, help: &str| {
        Some(Diagnostic::warning("EW416", text.to_owned()).at(fault.hit.span, "").help(help.to_owned()))
    };
    if told && !acts.is_empty() && acts.iter().all(|act| act.effect == Effect::NewRoot) {
        let hit = |place, own: Option<Target>| {
            acts.iter().any(|act| act.target == Target::Place(place) || Some(act.target) == own)
        };
        let proxies = world.proxies.rows().iter();
        let mut proxies = proxies.map(|proxy| (proxy.place, Some(proxy.endpoint).filter(|id| !id.is_none())));
        let mut gateways = world.gateways.rows().iter().flat_map(|gateway| &gateway.replicas);
        if proxies.all(|(place, own)| hit(place, own.map(Target::Endpoint)))
            && gateways.all(|&station| hit(world.stations[station].place, Some(Target::Station(station))))
        {
            let text = "all have certificates of the new authority, and trust each other: this changes nothing";
            return warn(text, "hit a part, or say `share`");
        }
    }
    if fault.effects.iter().any(|effect| matches!(effect, file::Effect::Ruled(_))) {
        let mut targets = world.host_sets.rows().iter().flat_map(|set| set.hosts.iter());
        let opened = |path: PathId| acts.iter().any(|act| act.target == Target::Path(path));
        let any = targets.any(|host| match &host.target {
            HostTarget::Endpoint(_, path) => opened(*path),
            HostTarget::Gateway(_, behind) => behind.iter().any(|(_, path)| opened(*path)),
        });
        if !any {
            let text = "nobody opens connections in this direction: this changes nothing";
            return warn(text, "`from` is who opens them and `to` whose group lets them in; answers are let in anyway");
        }
    }
    None
}

/// A rollout, or a restart, that is not over when it comes again: of so many pods, so many at a time, each away for its
/// grace and its start-up at least.
pub(super) fn still_rolls(world: &World, id: FaultId, fault: &Fault) -> Option<Diagnostic> {
    let file::When::Told { every: Some(every), .. } = fault.when else { return None };
    let mut pods: BTreeMap<Deployment, BTreeSet<Target>> = BTreeMap::new();
    let mut rollout = None;
    for act in world.acts(id) {
        let Effect::Restart(how) = act.effect else { continue };
        rollout = how;
        for pod in world.pods(act.target) {
            pods.entry(world.deployment(pod).expect("what is started anew is a pod")).or_default().insert(pod);
        }
    }
    let lasts = |(&of, hit): (&Deployment, &BTreeSet<Target>)| {
        let start_up = hit.first().map_or(Duration::ZERO, |&pod| world.listens_after(pod));
        let Some(rollout) = rollout else { return start_up };
        let turns = (hit.len() as u64).div_ceil(rollout.at_once.of(world.pods_in(of)).into());
        Duration::from_nanos((rollout.grace + start_up).nanos().saturating_mul(turns))
    };
    let lasts = pods.iter().map(lasts).max().filter(|lasts| *lasts >= every)?;
    let text = format!("a restart comes again after {every}, before it is over: it lasts {lasts} at least");
    let help = "make `every` longer; pods in turns are each away for their grace and their `start-up`";
    Some(Diagnostic::error("EW428", text).at(fault.span, "").help(help))
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
