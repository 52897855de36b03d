//! Which route a word of the command line means: a route's name, or two regions, clusters, VPCs or places.

use super::route::{Asked, End, of_variant};
use crate::record::{RouteExplanation, RouteOfVariant};
use crate::scenario::file::{Cluster, Route, RouteEnd, Scenario};
use crate::scenario::load::Variant;
use crate::study::bill;
use crate::units::significant;
use crate::world::World;

/// Names that are offered where nothing has the one asked for.
const NEAREST: usize = 6;

/// What was asked for, and what is told of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Told {
    /// The route.
    Route(Box<RouteExplanation>),
    /// No route has that name, nor do two places; these are near.
    Nearest(Vec<String>),
}

/// The route that `what` means, in each of these variants with its world.
pub fn told(scenario: &str, variants: &[(&Variant, &World)], what: &str) -> Told {
    let named = variants.iter().any(|(variant, _)| variant.scenario.routes.contains_key(what));
    let pair = variants.iter().find_map(|(variant, _)| pair(&variant.scenario, what));
    if !named && pair.is_none() {
        return Told::Nearest(nearest(variants, what));
    }
    let of = |(variant, world): &(&Variant, &World)| {
        let asked = match &pair {
            Some(asked) if !named => Some(asked.clone()),
            _ => variant.scenario.routes.get(what).map(by_name),
        };
        let none = || RouteOfVariant { name: variant.name.clone(), ..RouteOfVariant::default() };
        asked.map_or_else(none, |asked| of_variant(&variant.scenario, world, &asked))
    };
    let currency = variants.first().map_or("", |(_, world)| bill::currency(world)).to_owned();
    let variants: Vec<RouteOfVariant> = variants.iter().map(of).collect();
    Told::Route(Box::new(RouteExplanation {
        schema: 1,
        scenario: scenario.to_owned(),
        asked: what.to_owned(),
        sentence: sentence(&variants, &currency),
        currency,
        variants,
    }))
}

fn by_name(route: &Route) -> Asked {
    let end = |end: &Option<crate::scenario::Spanned<RouteEnd>>| match end.as_ref().map(|end| &end.value) {
        None => End::Any,
        Some(RouteEnd::Region(name)) => End::Region(name.clone()),
        Some(RouteEnd::Cluster(name)) => End::Cluster(name.clone()),
    };
    Asked { from: end(&route.from), to: end(&route.to), via: Some(route.via.value.clone()) }
}

/// `A-B`, `A->B` or `A -> B`; names may have hyphens, so every one may be the border.
fn pair(scenario: &Scenario, what: &str) -> Option<Asked> {
    let split = |at: usize, length: usize| {
        let from = end(scenario, what[..at].trim())?;
        let to = end(scenario, what[at + length..].trim())?;
        Some(Asked { from, to, via: None })
    };
    if let Some(at) = what.find("->") {
        return split(at, 2);
    }
    what.match_indices('-').find_map(|(at, _)| split(at, 1))
}

fn end(scenario: &Scenario, name: &str) -> Option<End> {
    let topology = &scenario.topology;
    if topology.clusters.contains_key(name) {
        return Some(End::Cluster(name.to_owned()));
    }
    if topology.regions.contains_key(name) {
        return Some(End::Region(name.to_owned()));
    }
    let within = |(cluster, at): (&String, &Cluster)| {
        at.vpc.as_ref().is_some_and(|vpc| vpc.value == name).then(|| cluster.clone())
    };
    let homed: Vec<String> = topology.clusters.iter().filter_map(within).collect();
    if !homed.is_empty() {
        return Some(End::Clusters(homed));
    }
    let (cluster, zone) = name.split_once('/')?;
    let known = topology.clusters.get(cluster)?.zones.iter().any(|known| known.value == zone);
    known.then(|| End::Place(name.to_owned()))
}

fn nearest(variants: &[(&Variant, &World)], what: &str) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for (variant, world) in variants {
        known.extend(variant.scenario.routes.keys().cloned());
        for path in world.paths.rows() {
            let (from, to) = (&world.places[path.from], &world.places[path.to]);
            if from.cluster != to.cluster {
                known.push(format!("{}-{}", world.clusters[from.cluster], world.clusters[to.cluster]));
            }
            if from.region != to.region {
                known.push(format!("{}-{}", world.regions[from.region], world.regions[to.region]));
            }
        }
    }
    known.sort_by_cached_key(|name| (strsim::damerau_levenshtein(name, what), name.clone()));
    known.dedup();
    known.truncate(NEAREST);
    known
}

/// Each variant's first way in short; variants of which the same can be said share a sentence.
fn sentence(variants: &[RouteOfVariant], currency: &str) -> String {
    let mut said: Vec<(String, Vec<&str>)> = Vec::new();
    for variant in variants {
        let text = match variant.ways.first() {
            None => "no call takes this way".to_owned(),
            Some(way) => {
                let money = |amount: f64| significant(amount, 3);
                // Over all ways: one that pays nothing does not speak for another that does.
                let range = |at: usize| {
                    let each = variant.ways.iter().map(|way| way.per_gb[at].1);
                    let (least, most) = each.fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), c| (a.min(c), b.max(c)));
                    let (least, most) = (money(least), money(most));
                    if least == most { least } else { format!("{least} to {most}") }
                };
                let more = match variant.ways.len() {
                    1 => String::new(),
                    2 => " (and 1 way that differs)".to_owned(),
                    all => format!(" (and {} ways that differ)", all - 1),
                };
                format!(
                    "{} carries it{more}: {} ms there and back at the least, {} ms on a new connection; {} {currency} a GB \
                     there, {} back, and {} {currency} a month whatever the traffic",
                    way.via,
                    significant(way.floor_ms, 3),
                    significant(way.cold_ms, 3),
                    range(0),
                    range(1),
                    money(variant.month.1)
                )
            }
        };
        match said.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) => names.push(&variant.name),
            None => said.push((text, vec![&variant.name])),
        }
    }
    said.iter().map(|(text, names)| format!("{}: {text}.", names.join(", "))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Books;
    use crate::scenario::{Inputs, compile, load_text};

    const TEXT: &str = r#"
eastwest: 1
topology:
  regions: {hz-1: {is: alibaba/cn-hangzhou, zones: [h]}, sg: {is: alibaba/ap-southeast-1, zones: [a]}}
  clusters: {east: {region: hz-1}, south: {region: sg}}
connectivity: {backbone: {cen: {bandwidth: 10Mbps}}, internet: {public-gateway: {gateways: {south: {replicas: 1, cpu: 1}}, eip: {bandwidth: 10Mbps}, loss: mild}}}
routes: {sea: {from: hz-1, to: sg, via: backbone}}
services:
  web:   {replicas: {east: 1}, work: 1ms, calls: [stock]}
  stock: {replicas: {south: 1}, work: 1ms}
workload: {users: {from: hz-1, to: web, rate: 10rps}}
variants: {cen: {}, public: {routes: {sea: {via: internet}}}}
"#;

    fn ask(what: &str) -> Told {
        told_of(TEXT, what)
    }

    fn told_of(text: &str, what: &str) -> Told {
        let loaded = load_text("x.yaml", text, &[]).unwrap_or_else(|wrong| panic!("{:?}", wrong.diagnostics));
        let world = |variant: &Variant| {
            compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
                .unwrap_or_else(|wrong| panic!("{wrong:?}"))
        };
        let worlds: Vec<World> = loaded.variants.iter().map(world).collect();
        let pairs: Vec<(&Variant, &World)> = loaded.variants.iter().zip(&worlds).collect();
        told("x", &pairs, what)
    }

    #[track_caller]
    fn found(what: &str) -> RouteExplanation {
        match ask(what) {
            Told::Route(route) => *route,
            Told::Nearest(names) => panic!("{what}: {names:?}"),
        }
    }

    #[test]
    fn a_route_is_asked_for_by_its_name_or_by_its_ends() {
        for what in ["sea", "hz-1-sg", "hz-1->sg", "hz-1 -> sg", "east-south", "east/h->south/a", "east-sg"] {
            let told = found(what);
            let via: Vec<&str> = told.variants.iter().map(|variant| variant.ways[0].via.as_str()).collect();
            assert_eq!(via, ["backbone", "internet"], "{what}");
        }
        let back = found("sg-hz-1");
        assert!(back.variants.iter().all(|variant| variant.ways.is_empty()));
        assert_eq!(back.sentence, "cen, public: no call takes this way.");
    }

    #[test]
    fn a_vpc_is_its_clusters_and_ways_that_differ_are_told_as_a_range() {
        let text = TEXT
            .replace("  clusters:", "  vpcs: {v1: {region: hz-1}, v-2: {region: sg}}\n  clusters:")
            .replace("{east: {region: hz-1}, south: {region: sg}}", "{east: {vpc: v1}, south: {vpc: v-2}}")
            .replace("zones: [h]", "zones: [h, i]");
        let told = told_of(&text, "v1-v-2");
        let Told::Route(found) = told else { panic!("{told:?}") };
        assert!(found.variants.iter().all(|variant| !variant.ways.is_empty()), "{}", found.sentence);
        let way = |there: f64| crate::record::WayExplanation {
            via: "pipe".into(),
            per_gb: [(0.0, there, 0.0), (0.0, 0.5, 0.0)],
            ..Default::default()
        };
        let variant = RouteOfVariant { name: "v".into(), ways: vec![way(0.0), way(0.02)], ..RouteOfVariant::default() };
        assert_eq!(
            sentence(&[variant], "USD"),
            "v: pipe carries it (and 1 way that differs): 0 ms there and back at the least, 0 ms on a new connection; \
             0 to 0.02 USD a GB there, 0.5 back, and 0 USD a month whatever the traffic."
        );
    }

    #[test]
    fn what_is_near_is_offered() {
        let Told::Nearest(names) = ask("hz-sg") else { panic!("no such place") };
        assert_eq!(names[0], "hz-1-sg");
        assert!(names.contains(&"sea".to_owned()), "{names:?}");
    }
}
