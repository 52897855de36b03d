//! Autoscalers: room for the replicas that they may start.

use crate::scenario::Diagnostic;
use crate::scenario::file::{Autoscale, Dataplane, ReplicaCount, Replicas, Scenario};
use crate::topology::{ClusterId, PlaceId};
use crate::world::{Autoscaler, Effect, EndpointId, FaultId, ServiceId, Target, World};

/// Replicas of a service, or of a version of it, in a cluster: one Deployment.
pub(super) struct Group {
    pub(super) cluster_name: String,
    cluster: ClusterId,
    version: usize,
    first: u32,
    /// Its zones, and how many it begins with in each.
    zones: Vec<(PlaceId, u32)>,
}

impl Group {
    pub(super) fn new(replicas: &Replicas, cluster: ClusterId, first: u32, mut zones: Vec<(PlaceId, u32)>) -> Self {
        // Who says zone by zone where replicas stand wants none elsewhere.
        if matches!(replicas.count, ReplicaCount::Zones(_)) {
            zones.retain(|(_, count)| *count > 0);
        }
        Group { cluster_name: replicas.cluster.value.clone(), cluster, version: replicas.version, first, zones }
    }

    /// Its autoscaler; none where it has no replica to begin with. `add` makes a replica more in a zone: in each there may
    /// be all of them, where it has to stand in for the others.
    pub(super) fn autoscaler(
        &self,
        rule: &Autoscale,
        service: ServiceId,
        world: &mut World,
        mut add: impl FnMut(&mut World, PlaceId, u16),
    ) -> Option<Autoscaler> {
        let start: u32 = self.zones.iter().map(|(_, count)| count).sum();
        if start == 0 {
            return None;
        }
        let mut members: Vec<EndpointId> = (self.first..self.first + start).map(EndpointId).collect();
        for &(place, count) in &self.zones {
            for _ in count..rule.rule.max {
                members.push(EndpointId(world.endpoints.len() as u32));
                add(world, place, self.version as u16);
            }
        }
        let written = &world.services[service];
        let version =
            written.versions.get(self.version).map_or_else(String::new, |version| format!(" {}", version.name));
        let name = format!("{}@{}{version}", written.name, self.cluster_name);
        let Autoscale { rule, boot, evict, grace, .. } = *rule;
        Some(Autoscaler { name, service, cluster: self.cluster, members, start, rule, boot, evict, grace })
    }
}

/// What this version cannot do with replicas that come and go.
pub(super) fn refused(scenario: &Scenario, said: &mut Vec<Diagnostic>) {
    for (name, service) in &scenario.services {
        let Some(autoscale) = &service.autoscale else { continue };
        if scenario.mesh.dataplane == Dataplane::Ambient {
            let text = format!(
                "`{name}` scales, and its replicas share the proxies of their nodes, whose number would change with it"
            );
            let wrong = Diagnostic::error("EW462", text).at(autoscale.span, "not with `dataplane: ambient`");
            said.push(wrong.help("`dataplane: sidecar` or `none`, or leave `autoscale` out"));
        }
    }
}

/// A rollout of replicas that come and go by themselves.
pub(super) fn rolls(scenario: &Scenario, world: &World, fault: FaultId) -> Option<Diagnostic> {
    let rolled = world.acts(fault).into_iter().filter(|act| matches!(act.effect, Effect::Restart(Some(_))));
    let services = rolled.flat_map(|act| match act.target {
        Target::Endpoint(id) => vec![world.endpoints[id].service],
        Target::Place(place) => world.endpoints_at(place).map(|id| world.endpoints[id].service).collect(),
        _ => Vec::new(),
    });
    let scales = |service: &ServiceId| {
        let name = &world.services[*service].name;
        scenario.services.get(name).is_some_and(|service| service.autoscale.is_some())
    };
    let service = services.filter(scales).min()?;
    let text = format!("a rollout of `{}`, whose replicas come and go with its load", world.services[service].name);
    let help = "`restart: true` starts all of them anew at once; or leave `autoscale` out";
    Some(Diagnostic::error("EW507", text).help(help))
}

/// Autoscalers that cannot do what they are there for: at the peak of the load, and when a zone is lost.
pub(super) fn advice(scenario: &Scenario, world: &World, busy: &[f64]) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    for (((_, service), &busy), written) in world.services.iter().zip(busy).zip(scenario.services.values()) {
        let Some(autoscale) = &written.autoscale else { continue };
        let rule = &autoscale.rule;
        let at = |cluster: ClusterId| {
            let here = service.endpoints.iter().map(|id| world.endpoints[*id].place);
            here.filter(move |place| world.places[*place].cluster == cluster).collect::<Vec<PlaceId>>()
        };
        let clusters: Vec<Vec<PlaceId>> = world.clusters.ids().map(at).filter(|places| !places.is_empty()).collect();
        let most = clusters.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let at_most = busy * most / f64::from(rule.max);
        let name = &service.name;
        if at_most >= 1.0 {
            let text =
                format!("{name} is offered {:.0} % of what it can do with all {} replicas", at_most * 100.0, rule.max);
            let few = Diagnostic::warning("EW463", text).at(autoscale.span, "no more than these");
            said.push(few.help("a higher `max`, more workers, or mean it: what its queue cannot hold is answered 503"));
            continue;
        }
        // The largest part of a cluster that one zone is.
        let part = |places: &Vec<PlaceId>| {
            let of = |place: &PlaceId| places.iter().filter(|other| *other == place).count() as f64;
            places.iter().map(of).fold(0.0, f64::max) / places.len() as f64
        };
        let lost = clusters.iter().map(part).filter(|part| *part < 1.0).fold(0.0, f64::max);
        let left = busy / (1.0 - lost);
        if lost > 0.0 && busy < 1.0 && left >= 1.0 {
            let lag =
                scenario.mesh.control_plane.as_ref().map(|plane| plane.node_grace + autoscale.evict + autoscale.boot);
            let until = lag.map_or("and nobody learns of it without a `mesh.control-plane`".to_owned(), |lag| {
                format!("for about {lag}, until the lease of its nodes and the eviction have passed and others have booted: to the autoscaler the dead count as idle")
            });
            let text = format!(
                "when a zone is lost, the other replicas of {name} are offered {:.0} % of what they can do, {until}",
                left * 100.0
            );
            let thin = Diagnostic::warning("EW464", text).at(autoscale.span, "no autoscaler is that quick");
            said.push(thin.help("begin with more, and set `min` and `target` so that those left can carry the peak"));
        }
    }
    said
}
