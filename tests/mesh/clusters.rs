//! What a proxy sees of other clusters: nothing of services that are local, and gateways in place of other networks.

use std::collections::BTreeMap;

use eastwest::policy::cluster_local::ClusterLocal;
use eastwest::policy::split_horizon::{Endpoint, Family, Gateway, Proxy, Seen, scale, split};

use crate::{Row, rows};

/// `true:*.ns1.svc,*.ns2.svc; false:*`; `(default)`: nothing is said.
fn settings(text: &str) -> Vec<(String, bool)> {
    let group = |group: &str| {
        let (local, hosts) = group.trim().split_once(':').expect("true:hosts");
        let local = local == "true";
        hosts.split(',').map(|host| (host.trim().to_owned(), local)).collect::<Vec<_>>()
    };
    text.split(';').filter(|group| group.contains(':')).flat_map(group).collect()
}

#[test]
fn the_most_specific_host_says_whether_a_service_is_local_to_its_cluster() {
    for row in rows("istio_cluster_local.csv", 10) {
        let local = ClusterLocal::new(settings(&row["serviceSettings(clusterLocal:hosts)"])).is_local(&row["host"]);
        assert_eq!(u8::from(local).to_string(), row["expected_cluster_local"], "{}", row["id"]);
    }
}

#[test]
fn a_host_that_is_said_not_to_be_local_lifts_the_default_that_it_falls_under() {
    let lifted = ClusterLocal::new([("dns.kube-system.svc.cluster.local".to_owned(), false)]);
    assert!(!lifted.is_local("other.kube-system.svc.cluster.local"));
    assert!(lifted.is_local("istiod.istio-system.svc.cluster.local"));
}

/// A mesh of the table: addresses of gateways and endpoints beside what they are.
struct Networks {
    gateways: Vec<(&'static str, Gateway)>,
    endpoints: Vec<(&'static str, Endpoint)>,
}

fn gateway(network: u32, cluster: Option<u32>, address: &'static str, hbone: bool) -> (&'static str, Gateway) {
    let family = if address.contains(':') { Family::V6 } else { Family::V4 };
    (address, Gateway { network, cluster, family, hbone })
}

fn endpoint(network: u32, cluster: u32, address: &'static str) -> (&'static str, Endpoint) {
    (address, Endpoint { network, cluster, weight: 1, mtls: true, addressed: !address.is_empty() })
}

/// Clusters are `1a` = 10, `1b` = 11, `2a` = 20, and so on. Only the gateway of network 1 takes no HBONE.
fn four_networks() -> Networks {
    // In Istio's test 10.0.0.3 speaks HBONE, not the mutual TLS by which a gateway finds it.
    let (address, ambient) = endpoint(1, 10, "10.0.0.3");
    Networks {
        gateways: vec![
            gateway(1, Some(10), "1.1.1.1", false),
            gateway(2, Some(20), "2.2.2.2", true),
            gateway(2, Some(21), "2.2.2.20", true),
            gateway(2, Some(21), "2.2.2.21", true),
            gateway(3, Some(30), "3.3.3.3", true),
        ],
        endpoints: vec![
            endpoint(1, 10, "10.0.0.1"),
            (address, Endpoint { mtls: false, ..ambient }),
            endpoint(1, 11, "10.0.0.2"),
            endpoint(2, 20, "20.0.0.1"),
            endpoint(2, 21, "20.0.0.2"),
            endpoint(2, 21, "20.0.0.3"),
            endpoint(4, 40, "40.0.0.1"),
        ],
    }
}

fn networks(row: &Row) -> Networks {
    match &*row["test"] {
        "ProxyWithEmptyNetwork" => Networks {
            gateways: vec![gateway(1, None, "1.1.1.1", false), gateway(2, None, "2.2.2.2", false)],
            endpoints: vec![
                endpoint(9, 0, "3.3.3.3"),
                endpoint(1, 0, "10.10.10.10"),
                endpoint(2, 0, ""),
                endpoint(9, 0, ""),
            ],
        },
        "GatewayIPFamily" => {
            let mut gateways = vec![gateway(1, Some(1), "1.1.1.1", false), gateway(2, Some(2), "2001:db8:2::1", false)];
            if !row["environment"].contains("only IPv6") {
                gateways.insert(1, gateway(2, Some(2), "2.2.2.2", false));
            }
            Networks { gateways, endpoints: vec![endpoint(2, 2, "20.0.0.1")] }
        }
        test => {
            let mut networks = four_networks();
            let sealed = !test.contains("mTLS disabled") && !row["environment"].contains("mTLS off");
            networks.endpoints.iter_mut().for_each(|(_, endpoint)| endpoint.mtls &= sealed);
            networks
        }
    }
}

fn proxy(text: &str) -> Proxy {
    let network = text.strip_prefix("network").and_then(|rest| rest.split('/').next());
    let family = match text {
        _ if text.contains("IPv4") => Some(Family::V4),
        _ if text.contains("IPv6") => Some(Family::V6),
        _ => None,
    };
    let network = network.map(|number| number.parse().expect("the number of a network"));
    Proxy { network, family, waypoint: text.contains("waypoint") || text.contains("ingress") }
}

#[test]
fn gateways_of_other_networks_weigh_what_stands_behind_them() {
    for row in rows("istio_split_horizon.csv", 12) {
        let Networks { gateways, endpoints } = networks(&row);
        let (at, gateways): (Vec<_>, Vec<_>) = gateways.into_iter().unzip();
        let (addresses, endpoints): (Vec<_>, Vec<_>) = endpoints.into_iter().unzip();
        let seen = split(&proxy(&row["proxy_network/cluster"]), &endpoints, &gateways);
        let named: BTreeMap<&str, u32> = seen
            .iter()
            .map(|&(seen, weight)| match seen {
                Seen::Endpoint(index) => (addresses[index], weight),
                Seen::Gateway(index) => (at[index], weight),
            })
            .collect();
        assert_eq!(named.len(), seen.len(), "{}: each once", row["id"]);
        let expected: BTreeMap<&str, u32> = row["expected_endpoint=weight"]
            .split_whitespace()
            .filter_map(|text| text.rsplit_once('='))
            .map(|(address, weight)| (address, weight.parse().expect("a weight")))
            .collect();
        assert_eq!(named, expected, "{}", row["id"]);
        assert_eq!(named.values().sum::<u32>().to_string(), row["expected_locality_weight"], "{}", row["id"]);
    }
}

#[test]
fn weights_are_scaled_so_that_each_divides_among_its_gateways() {
    let of = |counts: &[u32]| {
        let gateways = counts.iter().enumerate().flat_map(|(cluster, count)| {
            (0..*count).map(move |_| gateway(7, Some(cluster as u32), "9.9.9.9", false).1)
        });
        scale(&gateways.collect::<Vec<_>>())
    };
    assert_eq!([of(&[]), of(&[1]), of(&[1, 2]), of(&[3, 4])], [1, 1, 6, 84]);
}
