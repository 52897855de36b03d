//! Words of balancing, and the policies that they become.

use super::{edge, with_traffic};
use eastwest::policy::{Balance, HashOn, LeastRequest, Maglev, Policy, RingHash, SlowStart};
use eastwest::random::hash_name;
use eastwest::units::Duration;

fn policy(traffic: &str) -> Policy {
    let world = with_traffic(traffic);
    world.policies[world.edges[edge(&world, "users -> orders")].policy].clone()
}

#[test]
fn balance_is_a_word_or_a_map_of_one() {
    let of = |text: &str| policy(&format!("{{balance: {text}}}")).balance;
    assert_eq!(of("least-request"), Balance::LEAST_REQUEST);
    assert_eq!(of("random"), Balance::Random);
    assert_eq!(of("maglev"), Balance::Maglev(Maglev { table_size: 65_537, bound: None }));
    assert_eq!(
        of("{maglev: {table-size: 5003, bound: 150%}}"),
        Balance::Maglev(Maglev { table_size: 5_003, bound: Some(150) })
    );
    let ring = RingHash { min_size: 64, max_size: 128, ..RingHash::default() };
    assert_eq!(of("{ring-hash: {min-size: 64, max-size: 128}}"), Balance::RingHash(ring));
    let least = |rule: LeastRequest| Balance::LeastRequest(rule);
    assert_eq!(
        of("{least-request: {choices: 3, bias: 0.5}}"),
        least(LeastRequest { choices: 3, bias: 0.5, ..LeastRequest::ISTIO })
    );
    assert_eq!(
        of("{least-request: {select-hosts: full-scan}}"),
        least(LeastRequest { full_scan: true, ..LeastRequest::ISTIO })
    );
    assert_eq!(of("{least-request: {distinct: true}}"), least(LeastRequest { distinct: true, ..LeastRequest::ISTIO }));
}

#[test]
fn a_hash_alone_is_istios_ring() {
    let hashed = policy("{hash: {header: X-User, values: 1000}}");
    assert_eq!(hashed.balance, Balance::RingHash(RingHash::default()));
    assert_eq!(hashed.hash, Some(HashOn::Value { name: hash_name("x-user"), values: Some(1_000) }));
    let by_address = policy("{balance: maglev, hash: source-ip}");
    assert_eq!((by_address.balance.hashes(), by_address.hash), (true, Some(HashOn::SourceIp { values: None })));
}

#[test]
fn new_hosts_warm_up_and_healthy_ones_count_as_much_as_is_said() {
    let said = policy("{warmup: {for: 90s, min: 20%, aggression: 2}, overprovisioning: 200%}");
    assert_eq!(said.warmup, Some(SlowStart { window: Duration::from_secs(90), min: 0.2, aggression: 2.0 }));
    assert_eq!(said.overprovisioning, 200);
    assert_eq!(policy("{warmup: 30s}").warmup.map(|rule| rule.window), Some(Duration::from_secs(30)));
    let unsaid = policy("{}");
    assert_eq!((unsaid.warmup, unsaid.overprovisioning, unsaid.hash), (None, 140, None));
}
