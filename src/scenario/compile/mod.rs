//! From a decoded scenario and the books to a world: places, paths, hosts, programs, streams, charges, faults, plan.
//!
//! All complaints are collected; a world comes out only where none is an error. Knows nothing of the machine.

mod advice;
mod aims;
mod attachments;
mod barriers;
mod bursts;
mod cells;
mod charges;
mod clock;
mod contexts;
mod control;
mod distances;
mod effort;
mod ejection;
mod entries;
mod faults;
mod flows;
mod ground;
mod hosts;
mod limits;
mod load;
mod matrix;
mod mesh_fees;
mod paths;
mod plan;
mod products;
mod program;
mod rates;
mod replay;
mod routes;
mod rules;
mod scaling;
mod services;
mod stores;
mod streams;
mod terms;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use self::load::{Load, Moment};
use super::file::{self, EdgePolicy, InternetLoss, ProductKind, Scenario};
use super::load::Variant;
use super::{Diagnostic, Span, gathered};
use crate::connect::{Board, Carrier, Line, Role};
use crate::provider::Books;
use crate::topology::Ground;
use crate::world::{
    Among, Caller, ClusterId, Gateway, HostSetId, Jitter, Link, LinkId, PathId, PlaceId, RegionId, ServiceId, Station,
    World, ZoneAware, ZoneId,
};

pub use self::aims::{Aim, missed};
pub use self::effort::{Effort, many_calls};
pub use crate::connect::Inputs;

/// A world, and what a reader should know about it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What runs.
    pub world: World,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// What following its calls takes; whether that is much is for all variants together to say ([`many_calls`]).
    pub effort: Effort,
    /// What its faults are aimed at; whether anything stands there is for all variants together to say ([`missed`]).
    pub aims: Vec<Aim>,
}

/// Compiles one variant at one setting of the uncertain inputs.
pub fn compile(scenario: &Scenario, variant: &str, books: &Books, inputs: Inputs) -> Result<World, Vec<Diagnostic>> {
    compile_with_warnings(scenario, variant, books, inputs).map(|compiled| compiled.world)
}

/// All that compiling these variants has to say, at the books' own figures; how many calls they are where nothing is wrong.
pub fn complaints<'a>(variants: impl IntoIterator<Item = &'a Variant>, books: &Books) -> Vec<Diagnostic> {
    let (mut found, mut efforts, mut aims) = (Vec::new(), Vec::new(), Vec::new());
    for variant in variants {
        let said = match compile_with_warnings(&variant.scenario, &variant.name, books, Inputs::default()) {
            Ok(compiled) => {
                efforts.push(compiled.effort);
                aims.push(compiled.aims);
                compiled.warnings
            }
            Err(wrong) => wrong,
        };
        found.push((variant.name.clone(), said));
    }
    let mut found = gathered(found);
    if !found.iter().any(Diagnostic::is_error) {
        found.extend(missed(aims.iter().map(Vec::as_slice)));
        found.extend(many_calls(&efforts, None));
    }
    found
}

/// The same, with the warnings; on errors, warnings stand among them.
pub fn compile_with_warnings(
    scenario: &Scenario,
    variant: &str,
    books: &Books,
    inputs: Inputs,
) -> Result<Compiled, Vec<Diagnostic>> {
    let still = build(scenario, variant, books, inputs, false)?;
    if scenario.services.values().all(|service| service.autoscale.is_none()) {
        return Ok(still);
    }
    // What is said of a scenario is said of its replicas at the start; what comes and goes has its room in a world besides.
    let world = build(scenario, variant, books, inputs, true)?.world;
    let plan = still.world.plan;
    Ok(Compiled { world: World { plan, still: Some(Box::new(still.world)), ..world }, ..still })
}

/// One variant; where replicas `move`, with room for all that there may be.
fn build(
    scenario: &Scenario,
    variant: &str,
    books: &Books,
    inputs: Inputs,
    moves: bool,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut said = Vec::new();
    let ground = ground::ground(scenario, books, &mut said);
    let overrides = ground::overrides(&scenario.topology, &ground, books, inputs.rtt, &mut said);
    let insides = ground::insides(&scenario.topology, &ground, &mut said);
    let carrier = Carrier { ground: &ground, books, inputs, overrides: &overrides, insides: &insides };
    let places = ground::places(&ground);
    let mut world = World { variant: variant.to_owned(), places: places.clone(), ..World::default() };
    world.regions = ground.regions.map(|region| region.name.clone());
    world.zones = ground.zones.map(|zone| (zone.region, zone.name.clone()));
    world.clusters = ground.clusters.map(|cluster| cluster.name.clone());
    world.clock = clock::of_users(scenario, &ground);

    services::services(scenario, &mut world);
    stores::stores(scenario, &mut world);
    scaling::refused(scenario, &mut said);
    services::replicas(scenario, &carrier, moves, &mut world);
    let mut rules: Vec<EdgePolicy> = Vec::new();
    let mut policy = |world: &mut World, from: &str, to: &str| {
        let wish = scenario.services.get(to).map_or_else(Default::default, |service| service.traffic_distribution);
        let edge = scenario.mesh.policy_with(from, to, wish);
        rules.push(edge.clone());
        world.policies.push(edge.policy)
    };
    let means = program::program(scenario, &mut world, &mut policy);
    entries::entries(scenario, &ground, &mut world, &mut said);
    streams::streams(scenario, &carrier, &mut world, &mut said, &mut policy);
    rules::rules(scenario, &mut world, &means, &mut rules, &mut said);
    program::cycles(&world, &means, &mut said);
    services::upstreams(&mut world);

    let routes = routes::Routes::new(scenario, &ground, books, &mut said);
    let mut paths = paths::Paths::new(scenario, &carrier, routes, &places);
    host_sets(scenario, &mut world, &ground, &mut paths, &rules, &mut said);
    entries::ways(scenario, &carrier, &mut paths.board, &mut world, &mut said);
    flows::flows(scenario, &carrier, &mut paths, &mut world, &mut said);
    control::ways(scenario, &world, &mut paths);
    stores::ways(scenario, &world, &mut paths);
    said.extend(paths.complaints(scenario));
    said.extend(paths.idle());
    attachments::overlaps(scenario, &ground, &paths.fees, &mut said);
    limits::limits(scenario, &carrier, &paths.fees, &mut said);
    unused::gateways(scenario, &paths.board, &mut said);
    clock::unsaid(scenario, &paths.board, &mut said);
    unstated_loss(scenario, &carrier, &paths, &mut said);
    world.paths = std::mem::take(&mut paths.paths);
    world.greetings = std::mem::take(&mut paths.greetings);
    world.connection_limits = std::mem::take(&mut paths.limits).into_values().collect();
    world.prerequisites = std::mem::take(&mut paths.prerequisites);
    draw(&mut world, &carrier, &paths.board);
    barriers::names(&mut world, scenario);
    flows::excess(scenario, &world, &mut said);
    let fees = std::mem::take(&mut paths.fees);
    // A way through two products (an endpoint behind cen) falls with either: the fees name both.
    let through: BTreeSet<(String, PathId)> = fees.iter().map(|(path, fee)| (fee.product.clone(), *path)).collect();
    let terms = terms::terms(&scenario.prices, carrier.books, &mut said);
    world.currency = terms.currency.clone();
    world.charges = charges::charges(scenario, &carrier, &world, fees, &terms, &mut said);
    world.distances = distances::distances(scenario, &carrier, &paths.board);
    control::control(scenario, &ground, &mut world, &mut said);
    stores::databases(scenario, &mut world, &mut said);
    let aims = faults::faults(scenario, &carrier, &paths.board, &through, &mut world, &mut said);
    entries::actions(scenario, &ground, &mut world, &mut said);
    if said.iter().any(Diagnostic::is_error) {
        return Err(told(said));
    }
    let load = Load::new(&world, &means, Moment::Peak(scenario.run.horizon.value));
    said.extend(load.complaints(scenario, &world));
    said.extend(scaling::advice(scenario, &world, &load.busy));
    said.extend(load.past_the_sold(scenario, books, &paths.board, &world));
    said.extend(Load::standstill(scenario, &world, &means));
    let taken = rules::taken(&world, &means).edges;
    let reading = advice::Reading { scenario, world: &world, rules: &rules, load: &load, means: &means, taken: &taken };
    let edges = world.edges.rows().iter();
    let mut flat: Vec<bool> = edges.map(|edge| is_flat(&rules[edge.policy.0 as usize])).collect();
    advice::unordered(&reading).into_iter().for_each(|edge| flat[edge.0 as usize] = false);
    said.extend(load.crossings(scenario, &world, &flat));
    said.extend(ejection::traps(&reading));
    said.extend(advice::advice(&reading));
    bursts::bursts(scenario, &world, &mut said);
    world.plan = plan::plan(scenario, &world, &means, &Load::new(&world, &means, Moment::Start).busy);
    let said = told(said);
    if said.iter().any(Diagnostic::is_error) {
        return Err(said);
    }
    let effort = effort::effort(scenario, &world, &means);
    Ok(Compiled { world, warnings: said, effort, aims })
}

/// Of errors, and of warnings, no more than this many are told; the rest is counted: thousands of edges may have one
/// cause.
const TOLD_MAX: usize = 200;

fn told(said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (mut errors, mut warnings) = (0, 0);
    let mut told: Vec<Diagnostic> = said
        .into_iter()
        .filter(|diagnostic| {
            let count = if diagnostic.is_error() { &mut errors } else { &mut warnings };
            *count += 1;
            *count <= TOLD_MAX
        })
        .collect();
    let untold = errors.saturating_sub(TOLD_MAX) + warnings.saturating_sub(TOLD_MAX);
    if untold > 0 {
        let more = Diagnostic::warning("EW308", format!("and {untold} more, which are not listed"));
        told.push(more.help("mend the first ones, and ask again"));
    }
    told
}

/// Does Istio see one flat list here?
fn is_flat(rules: &EdgePolicy) -> bool {
    !rules.orders() && rules.locality.distribute.is_empty()
}

/// The hosts of each edge, for each place where a proxy makes its calls. Who has none is told: each call of his is a 503.
fn host_sets(
    scenario: &Scenario,
    world: &mut World,
    ground: &Ground,
    paths: &mut paths::Paths<'_>,
    rules: &[EdgePolicy],
    said: &mut Vec<Diagnostic>,
) {
    let places = world.places.len();
    world.host_set_of = vec![HostSetId::NONE; world.edges.len() * places];
    let mut sets = hosts::Sets::new(scenario, ground);
    let mut empty: BTreeSet<(ServiceId, ClusterId)> = BTreeSet::new();
    for edge in world.edges.ids() {
        let (caller, service, subset) = (world.edges[edge].from, world.edges[edge].to, world.edges[edge].subset);
        let rules = &rules[world.edges[edge].policy.0 as usize];
        let view = (sets.view(rules), rules.by_connection.then_some(paths.node).flatten());
        for from in callers(world, caller) {
            let mut set = sets.seen(world, paths, (service, subset), from, view);
            if let Some(rule) = rules.zones() {
                set.among = Among::Zones(ZoneAware {
                    own: world.places[from].zone,
                    peers: peers(world, caller),
                    min_cluster_size: rule.min_cluster_size,
                    enabled: rule.share,
                    force_local: rule.force_local,
                });
            }
            if set.hosts.is_empty() && sets.is_retained(service) {
                empty.insert((service, world.places[from].cluster));
            }
            world.host_set_of[edge.0 as usize * places + from.0 as usize] = world.host_sets.push(set);
        }
    }
    for (service, cluster) in empty {
        let (name, cluster) = (&world.services[service].name, &world.clusters[cluster]);
        let what = format!(
            "`{name}` is kept in its cluster, and {cluster}, which calls it, has none of it: all those calls fail"
        );
        let span = scenario.services.get(name).map_or(Span::NONE, |service| service.span);
        said.push(
            Diagnostic::warning("EW366", what).at(span, "no replica in that cluster").help(
                "retention has no fallback: give that cluster replicas, or leave the service out of `mesh.retain`",
            ),
        );
    }
}

/// How many proxies of a caller stand in each zone.
fn peers(world: &World, caller: Caller) -> Vec<(ZoneId, u32)> {
    let absent = world.absent();
    let places: Vec<PlaceId> = match caller {
        Caller::Service(service) => {
            let there = world.services[service].endpoints.iter().filter(|id| !absent.contains(id));
            there.map(|endpoint| world.endpoints[*endpoint].place).collect()
        }
        Caller::Stream(stream) => {
            world.streams[stream].entries.iter().map(|entry| world.proxies[*entry].place).collect()
        }
    };
    let mut peers = BTreeMap::new();
    for place in places {
        *peers.entry(world.places[place].zone).or_insert(0) += 1;
    }
    peers.into_iter().collect()
}

/// Places from which a caller calls, each once, in order.
fn callers(world: &World, caller: Caller) -> Vec<PlaceId> {
    let mut from: Vec<PlaceId> = match caller {
        Caller::Service(service) => {
            world.services[service].endpoints.iter().map(|endpoint| world.endpoints[*endpoint].place).collect()
        }
        Caller::Stream(stream) => {
            world.streams[stream].entries.iter().map(|entry| world.proxies[*entry].place).collect()
        }
    };
    from.sort_unstable();
    from.dedup();
    from
}

/// Copies the board into the world: links with their laws, gateways with their replicas.
fn draw(world: &mut World, carrier: &Carrier<'_>, board: &Board) {
    for line in board.lines.rows() {
        let link = link(world, line);
        world.links.push(link);
    }
    let takeover = carrier.delay("cen.attachment.takeover");
    world.spares = board.spares.iter().map(|&link| (link, takeover)).collect();
    for balancer in board.balancers.rows() {
        let mut replicas = Vec::new();
        if let Some(cluster) = balancer.cluster {
            for replica in 0..balancer.replicas {
                let zone = crate::connect::gateway::replica_zone(carrier, cluster, replica);
                let place = world.places.iter().find(|(_, place)| place.cluster == cluster && place.zone == zone);
                let place = place.map(|(id, _)| id).expect("a cluster has a place in each of its zones");
                let name = format!("gateway {}#{replica}", balancer.name);
                replicas.push(world.stations.push(Station { name, servers: balancer.cpu, place }));
            }
        }
        world.gateways.push(Gateway {
            name: balancer.name.clone(),
            replicas,
            cpu_per_connection: balancer.work.connection,
            cpu_per_kib: balancer.work.kib,
            cpu_per_request: balancer.work.request,
            by_client: balancer.name == paths::NODE,
        });
    }
}

fn link(world: &mut World, line: &Line) -> Link {
    let jitter = line.jitter.as_ref().map(|(law, factor)| Jitter { law: program::intern(world, law), factor: *factor });
    Link { name: line.name.clone(), delay: line.delay, jitter, loss: line.loss, cap: line.cap }
}

/// A public path across the mainland's border without a stated profile is not one answer but three.
fn unstated_loss(scenario: &Scenario, carrier: &Carrier<'_>, paths: &paths::Paths<'_>, said: &mut Vec<Diagnostic>) {
    let crosses = |a: RegionId, b: RegionId| carrier.mainland(a) != carrier.mainland(b);
    let border = paths.board.lines.rows().iter().any(|line| matches!(line.role, Role::Internet(a, b) if crosses(a, b)));
    for (name, product) in scenario.connectivity.iter().filter(|_| border) {
        let ProductKind::PublicGateway(gateway) = &product.kind else { continue };
        // An accelerator crosses the border on the backbone.
        if gateway.eip.line == file::Line::Ga {
            continue;
        }
        let stated = gateway.loss.map(|loss| loss.value);
        if stated.is_none() {
            said.push(
                Diagnostic::warning("EW344", format!("`{name}` crosses the mainland's border and states no loss: figures are for the profile `typical`, and their range over the inputs runs from mild to severe"))
                    .at(product.span, "no `loss:`")
                    .help("the profiles differ by a factor of fifteen; write `loss: mild | typical | severe` to hold one"),
            );
        } else if stated == Some(InternetLoss::None) {
            said.push(
                Diagnostic::warning("EW345", format!("`{name}` crosses the mainland's border without any loss"))
                    .at(product.span, "`loss: none`"),
            );
        }
    }
}

/// The link of that role between two regions, for named links of the scenario.
fn backbones(board: &Board, a: RegionId, b: RegionId) -> impl Iterator<Item = LinkId> {
    board.lines.iter().filter_map(move |(id, line)| match line.role {
        Role::Backbone(x, y) if (x, y) == (a, b) || (x, y) == (b, a) => Some(id),
        _ => None,
    })
}
