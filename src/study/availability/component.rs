//! What fails in the long run in one variant's world: its domains, as far as something rides on them, with assumed rates.

use std::collections::BTreeMap;

use super::group::{Group, Repair};
use super::ready::serves_after;
use super::steady;
use crate::fault::{KINDS, Scene};
use crate::provider::{Books, ComponentKind};
use crate::random::Law;
use crate::scenario::Scenario;
use crate::scenario::file::{ProductKind, Reliability};
use crate::study::statistics::gamma_quantile;
use crate::units::significant;
use crate::world::{ClusterId, Database, DatabaseId, Manner, Target, World};

/// Something that goes down with a component, and how its peers notice.
pub type Fall = (Target, Manner);

/// Units that fail alike, or a shock that takes several at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Component {
    /// `zone/hangzhou/h`, `replica/web/east/h`; of a shock `common/zone/hangzhou`.
    pub name: String,
    /// What goes down with each unit.
    pub units: Vec<Vec<Fall>>,
    /// Mean time up of a unit, hours, before any share is split off.
    pub mean_up_h: f64,
    /// Its low and high end.
    pub range_h: (f64, f64),
    /// Where failures were counted: the shape of what is believed of their rate, Gamma(failures + 1/2, time) (Jeffreys).
    pub counted: Option<f64>,
    /// Mean time down, hours.
    pub mean_down_h: f64,
    /// Law of the time down, hours.
    pub down: Law,
    /// Mean time from its end until the last process of a unit serves again, hours.
    pub serves_after_h: f64,
    /// The share of the unit's time down that this is: below 1 where the rest is a shock's, or the shock's own.
    pub share: f64,
    /// How units are mended.
    pub repair: Repair,
    /// Which figures move together where they are uncertain: the row's key.
    pub row: String,
    /// Whose figures: `assumed by the book`, `the scenario`.
    pub whose: &'static str,
}

/// Hours of a year.
pub const YEAR_H: f64 = 8760.0;
/// Who fails again before it serves is missing for this share of the time.
const MISSING_MOST: f64 = 0.999_999;

impl Component {
    /// Its units with the times up of all units of its row multiplied by `times`.
    pub fn group(&self, times: f64) -> Group {
        let u = self.share * steady::unavailability(self.mean_up_h * times, self.mean_down_h);
        let mean_down = self.missing_h();
        // As many failures, each of which is missed for longer.
        let missing = (u * mean_down / self.mean_down_h).min(MISSING_MOST);
        Group {
            n: self.units.len() as u32,
            mean_up: mean_down * (1.0 - missing) / missing,
            mean_down,
            repair: self.repair,
        }
    }

    /// Hours for which a unit does not serve after its outage. Where crews mend units in turn, machines alone are counted.
    pub fn lag_h(&self) -> f64 {
        match self.repair {
            Repair::Crews(crews) if (crews as usize) < self.units.len() => 0.0,
            _ => self.serves_after_h,
        }
    }

    /// Mean hours from a unit's failure until it serves again.
    pub fn missing_h(&self) -> f64 {
        self.mean_down_h + self.lag_h()
    }

    /// The share of time that a unit is down, of which this may be a share.
    fn away(&self) -> f64 {
        steady::unavailability(self.mean_up_h, self.mean_down_h)
    }

    /// Everything of which `count` units go down.
    pub fn falls(&self, count: u32) -> impl Iterator<Item = Fall> + '_ {
        self.units.iter().take(count as usize).flatten().copied()
    }

    /// Is anything assumed of it that nobody of this scenario has stated?
    pub fn is_assumed(&self) -> bool {
        self.whose != OWN
    }
}

/// The scenario's own figures.
pub const OWN: &str = "the scenario";
/// The book's.
pub const BOOK: &str = "the book, estimated";

/// Units of a component before there are rates: name, parent for common causes, units.
struct Part {
    name: String,
    parent: String,
    units: Vec<Vec<Fall>>,
    /// A rate of the whole kind is shared among so many.
    among: usize,
}

/// Every component of this world, shocks last. `scenario` says what its products are.
pub fn components(scenario: &Scenario, world: &World, said: Option<&Reliability>, books: &Books) -> Vec<Component> {
    let parts = parts(scenario, world);
    let mut shocks: BTreeMap<(String, String), Component> = BTreeMap::new();
    let mut all: Vec<(Component, Option<(String, String)>)> = Vec::new();
    for part in parts {
        let is_never = |said: &Reliability| said.never.iter().any(|never| covers(&never.value, &part.name));
        if said.is_some_and(is_never) || part.units.iter().all(Vec::is_empty) {
            continue;
        }
        let Some(mut component) = rated(&part, said, books) else { continue };
        let lag = |falls: &Vec<Fall>| serves_after(world, falls);
        component.serves_after_h = component.units.iter().map(lag).fold(0.0, f64::max) / 3600.0;
        let kind = part.name.split('/').next().unwrap_or_default();
        let beta = said.and_then(|said| said.common.get(kind)).map_or(0.0, |share| share.value);
        let mut of = None;
        if beta > 0.0 {
            let key = (kind.to_owned(), part.parent.clone());
            let shock = |units| Component {
                name: format!("common/{}", part.parent),
                units: vec![units],
                share: beta,
                repair: Repair::Each,
                ..component.clone()
            };
            let hit = part.units.iter().flatten().copied();
            match shocks.get_mut(&key) {
                Some(known) => {
                    let mut units = std::mem::take(&mut known.units[0]);
                    units.extend(hit);
                    // A shock takes all, so that it comes no more often than the steadiest of them allows.
                    if component.away() < known.away() {
                        *known = Component { serves_after_h: known.serves_after_h, ..shock(Vec::new()) };
                    }
                    known.units[0] = units;
                    known.serves_after_h = known.serves_after_h.max(component.serves_after_h);
                }
                None => drop(shocks.insert(key.clone(), shock(hit.collect()))),
            }
            component.share = beta;
            of = Some(key);
        }
        all.push((component, of));
    }
    let own = |(mut component, of): (Component, Option<(String, String)>)| {
        if let Some(shock) = of.and_then(|key| shocks.get(&key)) {
            // Down by itself or by the shock, independently, it is so together for as long as its row says.
            let shared = component.share * (shock.away() / component.away()).min(1.0);
            component.share = (1.0 - shared) / (1.0 - shared * component.away());
        }
        (component.share > 0.0).then_some(component)
    };
    let mut all: Vec<Component> = all.into_iter().filter_map(own).collect();
    all.extend(shocks.into_values());
    all
}

/// Names of everything in this world that may fail, whether or not anybody takes it to.
pub fn names(scenario: &Scenario, world: &World) -> Vec<String> {
    let is_there = |part: &Part| !part.units.iter().all(Vec::is_empty);
    parts(scenario, world).into_iter().filter(is_there).map(|part| part.name).collect()
}

/// Names and numbers of units of everything in this world that does fail: somebody says how often, and nobody that it never does.
pub fn failing(scenario: &Scenario, world: &World, said: &Reliability, books: &Books) -> Vec<(String, usize)> {
    let fails = |part: &Part| {
        !part.units.iter().all(Vec::is_empty)
            && !said.never.iter().any(|never| covers(&never.value, &part.name))
            && rated(part, Some(said), books).is_some()
    };
    parts(scenario, world).into_iter().filter(fails).map(|part| (part.name, part.units.len())).collect()
}

/// Does a key of the scenario speak of this component, or of something that it is a part of?
pub fn covers(key: &str, component: &str) -> bool {
    let rest = component.strip_prefix(key);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The longest key that speaks of the component.
fn longest<'a, V>(rows: impl Iterator<Item = (&'a String, V)>, component: &str) -> Option<(&'a String, V)> {
    rows.filter(|(key, _)| covers(key, component)).max_by_key(|(key, _)| key.len())
}

/// Seconds that a component is down on average, and by whom; none where nobody says, or where it never fails.
pub fn mean_down_s(component: &str, said: Option<&Reliability>, books: &Books) -> Option<(f64, &'static str)> {
    if said.is_some_and(|said| said.never.iter().any(|never| covers(&never.value, component))) {
        return None;
    }
    let own = said.and_then(|said| longest(said.rows.iter(), component)).and_then(|(_, row)| row.mean_down.as_ref());
    let book = || books.assumed(component).filter(|_| said.is_none_or(|said| said.book));
    match own {
        Some(own) => Some((own.value, "`reliability`")),
        None => book().and_then(|row| row.mean_down_h()).map(|hours| (3600.0 * hours, "the book")),
    }
}

fn rated(part: &Part, said: Option<&Reliability>, books: &Books) -> Option<Component> {
    let own = said.and_then(|said| longest(said.rows.iter(), &part.name));
    let book = if said.is_none_or(|said| said.book) { books.assumed(&part.name) } else { None };
    const HOUR: f64 = 3600.0;
    // A rate of `config` is that of the whole mesh; one of `config/web` its own.
    let among = if own.is_some_and(|(key, _)| key.contains('/')) { 1.0 } else { part.among as f64 };
    let seen = own.and_then(|(_, row)| row.seen);
    let counted = seen.map(|seen| f64::from(seen.failures) + 0.5);
    let of_counts = seen.map(|seen| seen.time / HOUR / (f64::from(seen.failures) + 0.5));
    let own_up =
        own.and_then(|(_, row)| row.mean_up.as_ref()).map(|up| up.value / HOUR).or(of_counts).map(|up| up * among);
    let own_down = own.and_then(|(_, row)| row.mean_down.as_ref()).map(|down| down.value / HOUR);
    let mean_up_h = own_up.or_else(|| book.and_then(|row| row.mean_up_h).map(|up| up * among))?;
    let mean_down_h = own_down.or_else(|| book.and_then(|row| row.mean_down_h()))?;
    let factor = own.and_then(|(_, row)| row.factor.as_ref()).map(|factor| factor.value);
    // Nine tenths of what is believed, as with the book's.
    let of_count = counted.map(|shape| [0.95, 0.05].map(|p| mean_up_h * shape / gamma_quantile(shape, p)));
    let range_h = match (factor, own_up, book) {
        _ if of_count.is_some() => of_count.map_or((mean_up_h, mean_up_h), |[low, high]| (low, high)),
        (Some(factor), ..) => (mean_up_h / factor, mean_up_h * factor),
        (None, None, Some(row)) => {
            let end = |end: Option<f64>| end.map_or(mean_up_h, |end| end * among);
            (end(row.mean_up_low_h), end(row.mean_up_high_h))
        }
        _ => (mean_up_h, mean_up_h),
    };
    let crews = said.and_then(|said| longest(said.crews.iter(), &part.name)).map(|(_, crews)| crews.value);
    let repair = crews.map_or(Repair::Each, Repair::Crews);
    let down = match (own_down, crews, book) {
        // Crews are a Markov chain.
        (_, Some(_), _) | (Some(_), ..) | (.., None) => Law::Exponential { mean: mean_down_h },
        (None, None, Some(row)) => match row.lognormal() {
            Some((mu, sigma)) => Law::Lognormal { mu, sigma },
            None => Law::Constant(mean_down_h),
        },
    };
    let row = match (own, book) {
        (Some((key, _)), _) => key.clone(),
        (None, Some(row)) => row.key.clone(),
        (None, None) => return None,
    };
    let whose = if own_up.is_some() && own_down.is_some() { OWN } else { BOOK };
    let Part { name, units, .. } = part;
    let (name, units) = (name.clone(), units.clone());
    Some(Component {
        name,
        units,
        mean_up_h,
        range_h,
        counted,
        mean_down_h,
        down,
        serves_after_h: 0.0,
        share: 1.0,
        repair,
        row,
        whose,
    })
}

/// How peers notice that a domain of this word is down.
fn manner(word: &str) -> Manner {
    KINDS.iter().find(|kind| kind.word == word).map_or(Manner::Silent, |kind| kind.manner)
}

fn parts(scenario: &Scenario, world: &World) -> Vec<Part> {
    let mut parts = Vec::new();
    for (name, targets) in domains(world) {
        let words: Vec<&str> = name.split('/').collect();
        let word = words[0];
        let plain = match word {
            "region" | "link" => Some(word.to_owned()),
            "zone" | "nlb" | "eip" | "nat" | "endpoint" => Some(words[..words.len().min(2)].join("/")),
            _ => None,
        };
        let Some(parent) = plain else { continue };
        // The public path has a row of its own, and is nobody's common cause with the backbone.
        let parent = if name.starts_with("link/internet/") { "link/internet".to_owned() } else { parent };
        let falls = targets.iter().filter(|target| carries(world, **target)).map(|&target| (target, manner(word)));
        let falls = falls.collect();
        parts.push(Part { name: name.clone(), parent, units: vec![falls], among: 1 });
    }
    parts.extend(routers(scenario, world));
    parts.extend(pods(world));
    parts.extend(apis(world));
    parts.extend(copies(world));
    for (_, service) in world.services.iter() {
        let falls = service.endpoints.iter().map(|&id| (Target::Endpoint(id), Manner::Refused)).collect();
        let name = format!("config/{}", service.name);
        parts.push(Part { name, parent: "config".into(), units: vec![falls], among: world.services.len() });
    }
    parts
}

/// Everything that has a name, what products have where included.
fn scene(world: &World) -> Scene<Target> {
    let mut scene = world.scene();
    world.domains.iter().for_each(|(domain, target)| scene.add(domain, *target));
    scene
}

/// Domains of the scene that are components by themselves, each once.
fn domains(world: &World) -> Vec<(String, Vec<Target>)> {
    let scene = scene(world);
    let mut found: Vec<(String, Vec<Target>)> = Vec::new();
    let order = |name: &str| world.regions.rows().iter().position(|region| region == name);
    for (name, targets) in scene.domains() {
        let Some((word, rest)) = name.split_once('/') else { continue };
        if word == "link" {
            // A link has two directions and one cable: the pair in the order of the scenario; no link by its own name.
            let pair = rest.strip_prefix("internet/").unwrap_or(rest);
            let between = |at: usize| Some((order(&pair[..at])?, order(&pair[at + 1..])?));
            let between = pair.match_indices('-').find_map(|(at, _)| between(at));
            if between.is_none_or(|(a, b)| a >= b) {
                continue;
            }
        }
        let mut targets = targets.to_vec();
        targets.sort_unstable();
        targets.dedup();
        found.push((name.to_owned(), targets));
    }
    found
}

/// Does anything of the workload depend on it?
fn carries(world: &World, target: Target) -> bool {
    match target {
        Target::Link(link) => world.paths_over(link).next().is_some() || world.is_way_in(link),
        Target::Place(place) => {
            let stands = |copy: &ClusterId| *copy == world.places[place].cluster;
            world.endpoints_at(place).next().is_some()
                || world.proxies.rows().iter().any(|proxy| proxy.place == place)
                || world.databases.rows().iter().any(|database| database.copies.iter().any(stands))
        }
        _ => true,
    }
}

/// Transit routers, as faults hit them.
fn routers(scenario: &Scenario, world: &World) -> Vec<Part> {
    let scene = scene(world);
    let products = scenario.connectivity.iter().filter(|(_, product)| matches!(product.kind, ProductKind::Cen(_)));
    let mut parts = Vec::new();
    for (product, _) in products {
        for (_, region) in world.regions.iter() {
            let name = format!("transit-router/{product}/{region}");
            let Ok((targets, manner)) = scene.targets(&name) else { continue };
            let units = vec![targets.iter().map(|&target| (target, manner)).collect()];
            parts.push(Part { name, parent: format!("transit-router/{product}"), units, among: 1 });
        }
    }
    parts
}

/// Replicas of services and gateways, those of a place together: the balancer does not tell them apart.
fn pods(world: &World) -> Vec<Part> {
    let mut parts = Vec::new();
    for (_, service) in world.services.iter() {
        let mut by_place: BTreeMap<(u32, u16), Vec<Vec<Fall>>> = BTreeMap::new();
        for &id in &service.endpoints {
            let key = (world.endpoints[id].place.0, world.endpoints[id].version);
            by_place.entry(key).or_default().push(vec![(Target::Endpoint(id), manner("replica"))]);
        }
        for ((place, version), units) in by_place {
            let place = &world.places.rows()[place as usize].name;
            let of = service.versions.get(usize::from(version)).map(|of| format!("/{}", of.name)).unwrap_or_default();
            let name = format!("replica/{}/{place}{of}", service.name);
            parts.push(Part { name, parent: format!("replica/{}", service.name), units, among: 1 });
        }
    }
    for (_, gateway) in world.gateways.iter() {
        let mut by_place: BTreeMap<u32, Vec<Vec<Fall>>> = BTreeMap::new();
        for &station in &gateway.replicas {
            let units = by_place.entry(world.stations[station].place.0).or_default();
            units.push(vec![(Target::Station(station), manner("gateway"))]);
        }
        for (place, units) in by_place {
            let zone = &world.zones[world.places.rows()[place as usize].zone].1;
            let name = format!("gateway/{}/{zone}", gateway.name);
            parts.push(Part { name, parent: format!("gateway/{}", gateway.name), units, among: 1 });
        }
    }
    parts
}

/// Copies of databases with a primary.
fn copies(world: &World) -> Vec<Part> {
    let of = |(id, database): (DatabaseId, &Database)| {
        let parent = format!("store/{}", database.name);
        let part = |&cluster: &ClusterId| Part {
            name: format!("{parent}/{}", world.clusters[cluster]),
            parent: parent.clone(),
            units: vec![vec![(Target::Database(id, cluster), manner("store"))]],
            among: 1,
        };
        database.copies.iter().map(part).collect::<Vec<_>>()
    };
    world.databases.iter().flat_map(of).collect()
}

/// What a provider runs for a region's clusters: API servers and its own control planes.
fn apis(world: &World) -> Vec<Part> {
    let part = |(region, name): (crate::world::RegionId, &String)| {
        let places = || world.places.rows().iter().filter(|place| place.region == region);
        let clusters: std::collections::BTreeSet<_> = places().map(|place| place.cluster).collect();
        let planes = world.control.planes.iter().filter(|(_, plane)| plane.region == region && plane.cluster.is_none());
        let mut falls: Vec<Fall> = planes.map(|(id, _)| (Target::Plane(id), Manner::Silent)).collect();
        if !world.control.planes.is_empty() {
            falls.extend(clusters.into_iter().map(|cluster| (Target::Api(cluster), Manner::Silent)));
        }
        Part { name: format!("api/{name}"), parent: "api".into(), units: vec![falls], among: 1 }
    };
    world.regions.iter().map(part).collect()
}

/// What is assumed, in a sentence for each row of figures.
pub fn assumptions(components: &[Component]) -> Vec<String> {
    let mut rows: BTreeMap<&str, (usize, &Component)> = BTreeMap::new();
    for component in components.iter().filter(|component| !component.name.starts_with("common/")) {
        rows.entry(&component.row).or_insert((0, component)).0 += component.units.len();
    }
    let sentence = |(row, (count, component)): (&&str, &(usize, &Component))| {
        let (low, high) = component.range_h;
        let range = if low < high { format!(" ({} to {})", time(low), time(high)) } else { String::new() };
        let kind = ComponentKind::named(component.name.split('/').next().unwrap_or_default());
        let counted = component.counted.map(|shape| format!(", from {} that were counted", shape - 0.5));
        let whose = if component.is_assumed() { "ASSUMED by the book, estimated" } else { "stated by the scenario" };
        format!(
            "{row} ({}{count} of them): up for {}{range}{}, down for {} on average; {whose}",
            kind.map_or(String::new(), |kind| format!("{}, ", kind.form)),
            time(component.mean_up_h),
            counted.unwrap_or_default(),
            time(component.mean_down_h)
        )
    };
    rows.iter().map(sentence).collect()
}

/// Hours in a unit that suits them.
pub fn time(hours: f64) -> String {
    let (amount, unit) = match hours {
        hours if hours >= 2.0 * YEAR_H => (hours / YEAR_H, "years"),
        hours if hours >= 48.0 => (hours / 24.0, "d"),
        hours if hours >= 1.0 => (hours, "h"),
        hours if hours >= 1.0 / 60.0 => (hours * 60.0, "min"),
        hours => (hours * 3600.0, "s"),
    };
    format!("{} {unit}", significant(amount, 3))
}
