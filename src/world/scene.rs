//! What a fault can hit in this world, by name, and how a fault becomes dated changes.

use super::{Act, Change, Component, Effect, Fault, FaultId, HostTarget, Kept, PathId, Target, Weather, When, World};
use crate::fault::{FaultError, Flap, Named, Scene};
use crate::units::{Duration, SimTime};
use indexmap::IndexSet;

/// Something happens to something for a while, as the scenario says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Disruption {
    /// The name under `faults:`.
    pub name: String,
    /// What it hits: `zone/hangzhou/h`.
    pub hit: String,
    /// When it comes.
    pub when: When,
    /// It comes and goes within.
    pub flap: Option<Flap>,
    /// What happens; none: it goes down, in the manner of its kind.
    pub effects: Vec<Effect>,
    /// How long after its end its window still lasts.
    pub recovery: Duration,
}

impl World {
    /// Everything that a fault can hit. Links named `WORD A -> B` between regions A and B are `link/A-B` both ways
    /// (those of the internet `link/internet/A-B`); a product's part is the paths over it that touch the zone.
    ///
    /// A world does not know what the scenario names but this variant leaves unused, nor in which zone a product's own
    /// parts stand; whoever draws the world adds that to the scene.
    pub fn scene(&self) -> Scene<Target> {
        let mut scene = Scene::default();
        self.stage_places(&mut scene);
        self.stage_links(&mut scene);
        self.stage_paths(&mut scene);
        self.stage_gateways(&mut scene);
        self.stage_replicas(&mut scene);
        self.stage_control(&mut scene);
        self.stage_entries(&mut scene);
        for (id, database) in self.databases.iter() {
            for &cluster in &database.copies {
                scene.add(&format!("store/{}", database.name), Target::Database(id, cluster));
                let name = format!("store/{}@{}", database.name, self.clusters[cluster]);
                scene.add(&name, Target::Database(id, cluster));
            }
        }
        for (index, cache) in self.caches.iter().enumerate() {
            scene.add(&format!("cache/{}", self.services[cache.service].name), Target::Cache(index as u32));
        }
        scene
    }

    /// Appends the fault: its windows, and what begins and ends with it, in order of time. Who comes once and for certain
    /// is dated here and now, the others when a run is drawn.
    pub fn schedule(&mut self, scene: &Scene<Target>, said: Disruption) -> Result<FaultId, FaultError> {
        let (components, manner) = scene.components(&said.hit)?;
        let effects = if said.effects.is_empty() { vec![Effect::Down(manner)] } else { said.effects };
        let spans = said.when.told();
        let fault = Fault { name: said.name, hits: said.hit.clone(), spans, recovery: said.recovery };
        let fault = self.faults.push(fault);
        let once = match (&said.when, said.flap) {
            (When::Told(times), None) => match times[..] {
                [((from, to), 1.0)] if from >= 0 => Some((from, to)),
                _ => None,
            },
            _ => None,
        };
        // What several of them take is taken once.
        let acts = |of: &[Named<'_, Target>]| -> Vec<Act> {
            let mut acts = IndexSet::new();
            for (number, effect) in effects.iter().enumerate() {
                for (hit, targets) in of {
                    let concerned = targets.iter().filter(|target| effect.concerns(hit, **target));
                    acts.extend(concerned.map(|&target| (number, target)));
                }
            }
            acts.into_iter().map(|(number, target)| Act { target, effect: effects[number], at_most: None }).collect()
        };
        let Some((from, to)) = once else {
            let component =
                |one: &Named<'_, Target>| Component { name: one.0.to_owned(), acts: acts(std::slice::from_ref(one)) };
            let components = components.iter().map(component).collect();
            self.weather.push(Weather { fault, when: said.when, flap: said.flap, components });
            return Ok(fault);
        };
        for (at, begins) in [(from, true), (to, false)] {
            let at = SimTime::from_nanos(at.cast_unsigned());
            let changes = acts(&components).into_iter();
            self.changes.extend(changes.map(|act| Change {
                at,
                fault,
                target: act.target,
                effect: act.effect,
                begins,
            }));
        }
        // Stable: at one instant the order of the scenario holds.
        self.changes.sort_by_key(|change| change.at);
        Ok(fault)
    }

    /// What a fault does to whom, whenever it comes.
    pub fn acts(&self, fault: FaultId) -> Vec<Act> {
        let scheduled = self.changes.iter().filter(|change| change.fault == fault && change.begins);
        let weather = self.weather.iter().filter(|weather| weather.fault == fault);
        let acts = weather.flat_map(|weather| &weather.components).flat_map(|component| &component.acts);
        let once = |change: &Change| Act { target: change.target, effect: change.effect, at_most: None };
        scheduled.map(once).chain(acts.copied()).collect()
    }

    /// Global entries; `dns` is all that are names.
    fn stage_entries(&self, scene: &mut Scene<Target>) {
        for (id, entry) in self.entries.iter() {
            scene.add(&format!("entry/{}", entry.name), Target::Entry(id));
            if entry.kept != Kept::No {
                scene.add(&format!("dns/{}", entry.name), Target::Entry(id));
            }
        }
    }

    fn stage_places(&self, scene: &mut Scene<Target>) {
        for (_, region) in self.regions.iter() {
            scene.declare(&format!("region/{region}"));
        }
        for (_, (region, zone)) in self.zones.iter() {
            scene.declare(&format!("zone/{}/{zone}", self.regions[*region]));
        }
        for (_, cluster) in self.clusters.iter() {
            scene.declare(&format!("cluster/{cluster}"));
        }
        for (id, place) in self.places.iter() {
            let region = &self.regions[place.region];
            scene.add(&format!("region/{region}"), Target::Place(id));
            scene.add(&format!("zone/{region}/{}", self.zones[place.zone].1), Target::Place(id));
            scene.add(&format!("cluster/{}", self.clusters[place.cluster]), Target::Place(id));
        }
    }

    fn stage_links(&self, scene: &mut Scene<Target>) {
        for (_, a) in self.regions.iter() {
            for (_, b) in self.regions.iter().filter(|(_, b)| *b != a) {
                scene.declare(&format!("link/{a}-{b}"));
                scene.declare(&format!("link/internet/{a}-{b}"));
            }
        }
        for (id, link) in self.links.iter() {
            scene.add(&format!("link/{}", link.name), Target::Link(id));
            let Some((word, a, b)) = self.between_regions(&link.name) else { continue };
            let infix = if word.starts_with("internet") { "internet/" } else { "" };
            scene.add(&format!("link/{infix}{a}-{b}"), Target::Link(id));
            scene.add(&format!("link/{infix}{b}-{a}"), Target::Link(id));
        }
    }

    /// The word and the two regions of a link's name such as `backbone hangzhou -> singapore`.
    fn between_regions<'a>(&self, name: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
        let (left, to) = name.split_once(" -> ")?;
        let (word, from) = left.rsplit_once(' ')?;
        let is_region = |name: &str| self.regions.rows().iter().any(|region| region == name);
        // `backbone: plan a -> b` is a product's own cap; the product is what one hits to lose that.
        (is_region(from) && is_region(to) && !word.contains(':')).then_some((word, from, to))
    }

    fn stage_paths(&self, scene: &mut Scene<Target>) {
        for (id, path) in self.paths.iter() {
            scene.add(&format!("product/{}", path.via), Target::Path(id));
            for end in [path.from, path.to] {
                let zone = &self.zones[self.places[end].zone].1;
                scene.add(&format!("product/{}/zone/{zone}", path.via), Target::Path(id));
            }
        }
    }

    fn stage_gateways(&self, scene: &mut Scene<Target>) {
        let ways = self.ways_through();
        for (id, gateway) in self.gateways.iter() {
            // `gateway/internet/east`, and `gateway/east` for the gateways of all products.
            let short = gateway.name.rsplit('/').next().unwrap_or_default();
            for name in [gateway.name.as_str(), short] {
                scene.declare(&format!("gateway/{name}"));
                for (number, &station) in gateway.replicas.iter().enumerate() {
                    scene.add(&format!("gateway/{name}"), Target::Station(station));
                    scene.add(&format!("gateway/{name}#{number}"), Target::Station(station));
                }
            }
            if !gateway.replicas.is_empty() {
                continue;
            }
            // A provider's balancer has no replicas of ours: when it is lost, so are the ways through it.
            for &path in &ways[id.0 as usize] {
                scene.add(&format!("gateway/{}", gateway.name), Target::Path(path));
                scene.add(&format!("gateway/{short}"), Target::Path(path));
            }
        }
    }

    /// The ways through each gateway, each once, in the order in which hosts use them.
    fn ways_through(&self) -> Vec<IndexSet<PathId>> {
        let mut ways = vec![IndexSet::new(); self.gateways.len()];
        for host in self.host_sets.rows().iter().flat_map(|set| set.hosts.iter()) {
            if let HostTarget::Gateway(through, members) = &host.target {
                ways[through.0 as usize].extend(members.iter().map(|&(_, path)| path));
            }
        }
        ways
    }

    fn stage_replicas(&self, scene: &mut Scene<Target>) {
        for (_, service) in self.services.iter() {
            scene.declare(&format!("service/{}", service.name));
            for &id in &service.endpoints {
                let endpoint = &self.endpoints[id];
                let cluster = &self.clusters[self.places[endpoint.place].cluster];
                scene.add(&format!("service/{}", service.name), Target::Endpoint(id));
                scene.add(&format!("service/{}@{cluster}", service.name), Target::Endpoint(id));
                scene.add(&format!("replica/{}", endpoint.name), Target::Endpoint(id));
            }
        }
    }
}

impl World {
    /// Control planes and API servers, where there are any: a provider's fall with their region, a cluster's with its pods.
    fn stage_control(&self, scene: &mut Scene<Target>) {
        for (id, plane) in self.control.planes.iter() {
            scene.add(&format!("control-plane/{}", plane.name), Target::Plane(id));
            if plane.cluster.is_none() {
                scene.add(&format!("region/{}", self.regions[plane.region]), Target::Plane(id));
            }
        }
        for (id, cluster) in self.clusters.iter().filter(|_| !self.control.planes.is_empty()) {
            scene.add(&format!("api/{cluster}"), Target::Api(id));
            scene.add(&format!("cluster/{cluster}"), Target::Api(id));
            let place = self.places.iter().find(|(_, place)| place.cluster == id);
            if let Some((_, place)) = place {
                scene.add(&format!("region/{}", self.regions[place.region]), Target::Api(id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Endpoint, EndpointId, Link, LinkId, PathId, Place, PlaceId, ProxyId, Service, StationId};
    use super::*;
    use crate::fault::Manner;
    use crate::world::{Gateway, Host, HostSet, Path};

    /// Two regions: east in hangzhou/h and hangzhou/i, south in singapore/a, and an empty zone.
    fn world() -> World {
        let mut world = World::default();
        let regions = ["hangzhou", "singapore"].map(|name| world.regions.push(name.to_owned()));
        let zones = [(0, "h"), (0, "i"), (1, "a"), (1, "empty")]
            .map(|(region, name): (usize, &str)| world.zones.push((regions[region], name.to_owned())));
        let clusters = ["east", "south"].map(|name| world.clusters.push(name.to_owned()));
        for (region, zone, cluster) in [(0, 0, 0), (0, 1, 0), (1, 2, 1)] {
            let name = format!("{}/{}", world.clusters[clusters[cluster]], world.zones[zones[zone]].1);
            world.places.push(Place { region: regions[region], zone: zones[zone], cluster: clusters[cluster], name });
        }
        for name in [
            "backbone hangzhou -> singapore",
            "backbone singapore -> hangzhou",
            "internet hangzhou -> singapore",
            "cen: plan hangzhou -> singapore",
        ] {
            world.links.push(Link {
                name: name.to_owned(),
                delay: Duration::ZERO,
                jitter: None,
                loss: None,
                cap: None,
            });
        }
        for (from, to, via) in [(0, 1, "network"), (0, 2, "cen"), (1, 2, "cen"), (0, 2, "to-bank")] {
            world.paths.push(path(PlaceId(from), PlaceId(to), via));
        }
        let orders = world.services.push(service("orders"));
        for (number, place) in [(0, 0), (1, 1), (0, 2)] {
            let cluster = if place == 2 { "south" } else { "east" };
            let name = format!("orders@{cluster}#{number}");
            let endpoint = Endpoint { service: orders, place: PlaceId(place), name, proxy: ProxyId::NONE, version: 0 };
            let id = world.endpoints.push(endpoint);
            world.services[orders].endpoints.push(id);
        }
        world.gateways.push(gateway("internet/east", vec![StationId(4), StationId(5)]));
        let balancer = world.gateways.push(gateway("to-bank/orders", vec![]));
        let target = HostTarget::Gateway(balancer, vec![(EndpointId(2), PathId(3))]);
        world.host_sets.push(HostSet {
            hosts: [Host { target, weight: 1, priority: 0, locality: 0 }].into(),
            priorities: 1,
            ..HostSet::default()
        });
        world
    }

    fn path(from: PlaceId, to: PlaceId, via: &str) -> Path {
        Path {
            from,
            to,
            name: String::new(),
            legs: vec![],
            back: vec![],
            links: vec![],
            back_links: vec![],
            hops: vec![],
            back_hops: vec![],
            floor: Duration::ZERO,
            floor_back: Duration::ZERO,
            handshake: 2,
            handshake_bytes: [crate::units::Bytes(0); 2],
            idle_silent: false,
            idle_limit: Duration::MAX,
            via: via.to_owned(),
        }
    }

    fn service(name: &str) -> Service {
        Service {
            name: name.to_owned(),
            workers: 1,
            threads: None,
            queue: None,
            discipline: Default::default(),
            on_cancel: Default::default(),
            operations: vec![],
            endpoints: vec![],
            rate_limit: None,
            vcpu: 0.0,
            versions: vec![],
            forwards: crate::world::ContextMapId::NONE,
        }
    }

    fn gateway(name: &str, replicas: Vec<StationId>) -> Gateway {
        Gateway {
            name: name.to_owned(),
            replicas,
            cpu_per_connection: Duration::ZERO,
            cpu_per_kib: Duration::ZERO,
            cpu_per_request: Duration::ZERO,
            by_client: false,
        }
    }

    #[track_caller]
    fn check(hit: &str, want: &[Target]) {
        let (targets, _) = world().scene().targets(hit).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(targets, want, "{hit}");
    }

    fn places(ids: &[u32]) -> Vec<Target> {
        ids.iter().map(|&id| Target::Place(PlaceId(id))).collect()
    }

    #[test]
    fn a_region_takes_its_zones_and_a_zone_its_places() {
        check("region/hangzhou", &places(&[0, 1]));
        check("zone/hangzhou/i", &places(&[1]));
        check("zone/singapore/empty", &[]);
        check("cluster/south", &places(&[2]));
        check("zone/*", &places(&[0, 1, 2]));
    }

    #[test]
    fn a_link_is_cut_both_ways_and_its_twin_on_the_internet_is_not() {
        let links = |ids: &[u32]| -> Vec<Target> { ids.iter().map(|&id| Target::Link(LinkId(id))).collect() };
        check("link/hangzhou-singapore", &links(&[0, 1]));
        check("link/singapore-hangzhou", &links(&[0, 1]));
        check("link/internet/hangzhou-singapore", &links(&[2]));
        check("link/cen: plan hangzhou -> singapore", &links(&[3]));
    }

    #[test]
    fn a_product_takes_its_paths_and_a_part_of_it_those_that_touch_the_zone() {
        let paths = |ids: &[u32]| -> Vec<Target> { ids.iter().map(|&id| Target::Path(PathId(id))).collect() };
        check("product/cen", &paths(&[1, 2]));
        check("product/cen/zone/h", &paths(&[1]));
        check("product/cen/zone/a", &paths(&[1, 2]));
        check("gateway/to-bank/orders", &paths(&[3]));
    }

    #[test]
    fn a_gateway_is_its_replicas() {
        let stations = [Target::Station(StationId(4)), Target::Station(StationId(5))];
        check("gateway/internet/east", &stations);
        check("gateway/east", &stations);
        check("gateway/internet/east#1", &stations[1..]);
        check("gateway/internet/east/1", &stations[1..]);
    }

    #[test]
    fn replicas_are_hit_one_by_one_by_cluster_or_all() {
        let endpoints =
            |ids: &[u32]| -> Vec<Target> { ids.iter().map(|&id| Target::Endpoint(EndpointId(id))).collect() };
        check("service/orders", &endpoints(&[0, 1, 2]));
        check("service/orders@east", &endpoints(&[0, 1]));
        check("replica/orders@south#0", &endpoints(&[2]));
    }

    #[test]
    fn a_fault_becomes_a_window_and_changes_in_order_of_time() {
        let mut world = world();
        let scene = world.scene();
        let at = |s: u64| SimTime::ZERO + Duration::from_secs(s);
        let outage = |name: &str, hit: &str, start, lasts, manner: Option<Manner>| Disruption {
            name: name.to_owned(),
            hit: hit.to_owned(),
            when: When::once(at(start), Duration::from_secs(lasts)),
            flap: None,
            effects: manner.map(Effect::Down).into_iter().collect(),
            recovery: Duration::from_secs(60),
        };
        world.schedule(&scene, outage("late", "replica/orders@east#0", 30, 10, None)).unwrap();
        world.schedule(&scene, outage("early", "region/hangzhou", 10, 25, Some(Manner::Refused))).unwrap();
        let shown: Vec<(u64, u32, bool, Manner)> = world
            .changes
            .iter()
            .map(|c| (c.at.nanos() / 1_000_000_000, c.fault.0, c.begins, c.outage().unwrap()))
            .collect();
        let refused = Manner::Refused;
        assert_eq!(
            shown,
            [
                (10, 1, true, refused),
                (10, 1, true, refused),
                (30, 0, true, refused),
                (35, 1, false, refused),
                (35, 1, false, refused),
                (40, 0, false, refused)
            ]
        );
        assert_eq!(world.faults[FaultId(1)].spans, [(10_000_000_000, 35_000_000_000)]);
        assert!(world.schedule(&scene, outage("none", "zone/hangzhou/z", 1, 1, None)).is_err());
        assert_eq!(world.faults.len(), 2);
        // Every down has its up.
        for target in [Target::Place(PlaceId(0)), Target::Place(PlaceId(1)), Target::Endpoint(EndpointId(0))] {
            let balance = world.changes.iter().filter(|c| c.target == target).map(|c| if c.begins { 1 } else { -1 });
            assert_eq!(balance.sum::<i32>(), 0);
        }
    }
}
