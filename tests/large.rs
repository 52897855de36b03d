//! A company's worth of services: what a world of a thousand services with ten replicas each is made of. No times here:
//! sizes say whether the work and the memory grow with the scenario or with its square.

#[path = "../benches/compile/large.rs"]
mod large;

use std::collections::BTreeSet;

use eastwest::provider::Books;
use eastwest::scenario::{Compiled, Inputs, compile_with_warnings, load_text};
use eastwest::world::{Caller, PlaceId, World};

const SERVICES: usize = 1_000;

fn compiled(text: &str) -> Compiled {
    let loaded = load_text("large.yaml", text, &[]).unwrap_or_else(|refused| panic!("{:?}", refused.diagnostics));
    let scenario = &loaded.variants[0].scenario;
    compile_with_warnings(scenario, "base", Books::builtin(), Inputs::default())
        .unwrap_or_else(|said| panic!("{said:?}"))
}

/// Places where a caller's proxies stand.
fn callers(world: &World, caller: Caller) -> BTreeSet<PlaceId> {
    match caller {
        Caller::Service(id) => world.services[id].endpoints.iter().map(|e| world.endpoints[*e].place).collect(),
        Caller::Stream(id) => world.streams[id].entries.iter().map(|proxy| world.proxies[*proxy].place).collect(),
    }
}

#[test]
fn every_caller_sees_hosts_and_they_are_kept_once() {
    let world = compiled(&large::scenario(SERVICES, 10)).world;
    assert_eq!((world.services.len(), world.endpoints.len(), world.places.len()), (SERVICES, 10 * SERVICES, 9));
    // Two to four callees in the layer below and a shared service for inner ones, two shared services for leaves.
    assert!(world.edges.len() > 2 * SERVICES, "{} edges", world.edges.len());

    let mut lists = BTreeSet::new();
    for (id, edge) in world.edges.iter() {
        let callers = callers(&world, edge.from);
        for place in world.places.ids() {
            let set = world.host_set(id, place);
            assert_eq!(!set.is_none(), callers.contains(&place), "{} from {place:?}", edge.name);
            if let Some(set) = world.host_sets.get(set) {
                // Ten replicas, one host each; nearer ones first.
                assert_eq!(set.hosts.len(), 10, "{} from {place:?}", edge.name);
                assert_eq!(set.hosts[0].priority, 0);
                assert_eq!(set.hosts.last().map(|host| host.priority + 1), Some(set.priorities));
                lists.insert(set.hosts.as_ptr());
            }
        }
    }
    // One policy decides all priorities here: a list for each callee and caller's place, however many callers there are.
    assert!(lists.len() <= SERVICES * world.places.len(), "{} lists", lists.len());
    assert!(world.host_sets.len() > 2 * lists.len(), "{} sets of {} lists", world.host_sets.len(), lists.len());
    // Ways are shared by all services: one for each pair of places at most.
    assert!(world.paths.len() <= world.places.len() * world.places.len(), "{} paths", world.paths.len());
}

#[test]
fn upstream_rows_do_not_overlap() {
    let world = compiled(&large::scenario(SERVICES, 10)).world;
    let mut ordinals = BTreeSet::new();
    for edge in world.edges.rows() {
        let (kind, caller) = match edge.from {
            Caller::Service(id) => (0, id.0),
            Caller::Stream(id) => (1, id.0),
        };
        assert!(ordinals.insert((kind, caller, edge.ordinal)), "{} has a row of its own", edge.name);
    }
    let mut rows = 0;
    for proxy in world.proxies.rows() {
        assert_eq!(proxy.first_upstream, rows, "{}", proxy.name);
        // An entry proxy makes one call: that of its stream.
        let calls = world.endpoints.get(proxy.endpoint).map_or(1, |endpoint| {
            let service = endpoint.service.0;
            ordinals.range((0, service, 0)..=(0, service, u32::MAX)).count()
        });
        rows += calls as u32;
    }
}

#[test]
fn laws_and_call_sites_are_kept_once() {
    let world = compiled(&large::scenario(SERVICES, 10)).world;
    let laws: BTreeSet<String> = world.laws.rows().iter().map(|law| format!("{law:?}")).collect();
    assert_eq!(laws.len(), world.laws.len());
    let sites: BTreeSet<_> = world.call_sites.iter().map(|site| (site.edge, site.operation)).collect();
    assert_eq!(sites.len(), world.call_sites.len());
}

#[test]
fn warnings_with_one_cause_end_somewhere() {
    let text = large::scenario(SERVICES, 10);
    let flat: Vec<&str> = text.lines().filter(|line| !line.contains("\"*\"")).collect();
    let text = flat.join("\n");
    let warnings = compiled(&text).warnings;
    assert_eq!(warnings.len(), 201);
    assert_eq!((warnings[0].code, warnings[200].code), ("EW353", "EW308"));
    assert!(warnings[200].message.starts_with("and "), "{}", warnings[200].message);
}
