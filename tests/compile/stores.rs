//! On which ways the copies of a database hear each other.

use super::*;

/// Two clusters of three zones each, joined by `product`, in which nobody calls across.
fn ways(product: &str) -> Vec<Vec<(String, usize)>> {
    let world = world(&format!(
        "eastwest: 1
topology:
  regions: {{hangzhou: {{is: alibaba/cn-hangzhou, zones: [h, i, j]}}, shanghai: {{is: alibaba/cn-shanghai, zones: [b, g]}}}}
  vpcs: {{vh: {{region: hangzhou, cidr: 10.1.0.0/16}}, vs: {{region: shanghai, cidr: 10.2.0.0/16}}}}
  clusters: {{main: {{vpc: vh}}, standby: {{vpc: vs}}}}
connectivity: {{joined: {product}}}
routes: {{default: {{via: joined}}}}
services: {{orders: {{replicas: {{main: 2, standby: 2}}, operations: {{place: {{work: 2ms}}}}}}}}
mesh: {{retain: [orders]}}
stores: {{orders-db: {{primary: main, replicas: [standby], used-by: {{orders: {{writes: [place]}}}}, lag: 1s}}}}
workload: {{users: {{from: shanghai, to: orders, rate: 10rps}}}}
run: {{horizon: 1m}}
"
    ));
    let database = &world.databases.rows()[0];
    let to = |way: &eastwest::world::CopyWay| (world.places[way.to].name.clone(), way.way.links.len());
    database.ways.iter().map(|ways| ways.iter().map(to).collect()).collect()
}

fn ends(ways: &[(String, usize)]) -> Vec<&str> {
    ways.iter().map(|(to, _)| to.as_str()).collect()
}

#[test]
fn each_zone_of_a_copy_has_a_way_to_each_zone_of_the_other() {
    let found = ways("{cen: {bandwidth: 200Mbps}}");
    // By place: main/h, main/i, main/j, standby/b, standby/g; and by copy.
    assert_eq!(found.len(), 10);
    for (row, ways) in found.iter().enumerate() {
        let want: &[&str] = match (row / 2 < 3, row % 2) {
            (true, 1) => &["standby/b", "standby/g"],
            (false, 0) => &["main/h", "main/i", "main/j"],
            _ => &[],
        };
        assert_eq!(ends(ways), want, "row {row}");
    }
}

#[test]
fn of_a_product_with_an_entrance_in_each_zone_each_is_a_way() {
    let found = ways("{public-gateway: {}}");
    assert_eq!(ends(&found[1]), ["standby/b", "standby/b", "standby/g", "standby/g"]);
    assert_eq!(found[6].len(), found[1].len() * 3 / 2);
}
