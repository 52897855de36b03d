//! Data that is divided among clusters: who reaches another cluster's, by hand.

use eastwest::policy::{Outlier, Policy, RetryOn, defaults};
use eastwest::record::{Failure, Run};
use eastwest::world::*;

use crate::run;
use crate::worlds::{Small, second_client};

/// Users of `west` and of `east` call `server`, which stands in `east`: nine requests each, a second apart.
fn world(policy: Policy, refuses: Option<bool>) -> World {
    let mut world = Small { policy, ..Small::default() }.world();
    second_client(&mut world, 2);
    let used_by = vec![ServiceId(0)];
    world.stores.extend(refuses.map(|refuses| Store { name: "players".into(), used_by, refuses }));
    world
}

/// A policy that tries again and ejects at the first occasion that Envoy knows.
fn eager() -> Policy {
    let words = ["5xx", "retriable-4xx", "gateway-error", "envoy-ratelimited", "reset"];
    let retry_on = RetryOn::from_words(&words).expect("known words");
    let outlier = Outlier { consecutive_5xx: 1, ..defaults::OUTLIER };
    Policy { retries: 3, retry_on, outlier: Some(outlier), ..defaults::policy((1, 24)) }
}

fn misdirected(run: &Run, stream: usize) -> (u64, u64) {
    let windows = &run.rows[stream].windows;
    let failed = |window: &eastwest::record::RequestWindow| window.failed[Failure::WrongPartition as usize];
    (windows.iter().map(|window| window.sent).sum(), windows.iter().map(failed).sum())
}

#[test]
fn who_came_in_by_another_cluster_is_refused_once_before_any_work_and_nobody_is_ejected_for_it() {
    let run = run(&world(eager(), Some(true)));
    assert_eq!((misdirected(&run, 0), misdirected(&run, 1)), ((9, 9), (9, 0)));
    assert_eq!((run.stores[0].asked, run.stores[0].wrong), (18, 9));
    assert_eq!((run.stores[0].store.as_str(), run.stores[0].service.as_str()), ("players", "server"));
    // An answer: not tried again, no host ejected, no worker asked, and not turned away for want of room.
    assert_eq!((run.edges[0].attempts, run.edges[0].ejections), (9, 0));
    let server = &run.services[0];
    assert_eq!((server.arrived, server.visits, server.blocked), (18, 9, 0));
}

#[test]
fn where_it_is_only_counted_all_else_is_as_without_a_store() {
    let counted = run(&world(eager(), Some(false)));
    assert_eq!((counted.stores[0].asked, counted.stores[0].wrong), (18, 9));
    let without = run(&world(eager(), None));
    assert!(without.stores.is_empty());
    let Run { digest, events, .. } = without;
    assert_eq!(Run { stores: Vec::new(), digest, events, ..counted }, without);
}

#[test]
fn only_its_status_makes_a_retry_of_it() {
    let mut policy = eager();
    policy.retry_on = RetryOn::from_words(&["421"]).expect("a status");
    let run = run(&world(policy, Some(true)));
    assert_eq!((run.edges[0].calls, run.edges[0].attempts), (9, 36));
    assert_eq!((run.stores[0].asked, run.stores[0].wrong, misdirected(&run, 0)), (45, 36, (9, 9)));
}

#[test]
fn a_request_belongs_where_it_came_in_whoever_calls_for_it() {
    // A second service behind the first, in `west`: what it is asked by the server in `east` is for users of either.
    let mut world = world(Policy { retries: 0, ..defaults::policy((1, 24)) }, None);
    let back = ServiceId(1);
    let operation = world.operations.push(Operation { service: back, ..world.operations[OperationId(0)].clone() });
    let mut service = world.services[ServiceId(0)].clone();
    (service.name, service.operations, service.endpoints) = ("back".into(), vec![operation], vec![EndpointId(1)]);
    world.services.push(service);
    let proxy = Proxy { place: PlaceId(0), endpoint: EndpointId(1), ..world.proxies[ProxyId(1)].clone() };
    let proxy = world.proxies.push(Proxy { name: "sidecar back".into(), first_upstream: 3, ..proxy });
    world.endpoints.push(Endpoint { service: back, place: PlaceId(0), name: "back@west#0".into(), proxy, version: 0 });
    let edge = world.edges.push(Edge::written(Caller::Service(ServiceId(0)), back, "server -> back", PolicyId(0), 0));
    world.call_sites.push(CallSite { edge, operation });
    let start = world.program.len() as u32;
    world.program.extend([world.program[0], Step::Call { site: 0 }, Step::End]);
    world.operations[OperationId(0)].start = start;
    let path = Path { from: PlaceId(1), to: PlaceId(0), ..world.paths[PathId(0)].clone() };
    let target = HostTarget::Endpoint(EndpointId(1), world.paths.push(path));
    let hosts = vec![Host { target, weight: 1, priority: 0, locality: 0 }];
    let set = world.host_sets.push(HostSet { hosts: hosts.into(), priorities: 1, ..HostSet::default() });
    world.host_set_of.extend([HostSetId::NONE, set]);
    world.stores.push(Store { name: "players".into(), used_by: vec![back], refuses: true });
    let run = run(&world);
    assert_eq!((misdirected(&run, 0), misdirected(&run, 1)), ((9, 0), (9, 9)));
    assert_eq!((run.stores[0].asked, run.stores[0].wrong), (18, 9));
}
