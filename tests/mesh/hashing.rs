//! Envoy's ring and its Maglev table.

use eastwest::policy::hashing::{self, HashFunction, Weighted};
use eastwest::policy::maglev::{Maglev, Table};
use eastwest::policy::ring_hash::{Ring, RingHash};

use crate::{Row, rows};

/// Hosts with their localities' weights: `1x6`, `1,2,3`, `locality 127 (1 host),1 (1023 hosts)`, `locality 1(hosts 1,2)
/// 2(hosts 1,2)`.
fn localities(text: &str) -> Vec<(u32, Vec<u32>)> {
    let Some(text) = text.strip_prefix("locality") else {
        let number = |text: &str| text.trim().parse::<u32>().expect("a weight");
        let each = |text: &str| match text.split_once('x') {
            Some((weight, hosts)) => vec![number(weight); number(hosts) as usize],
            None => vec![number(text)],
        };
        return vec![(1, text.split(',').flat_map(each).collect())];
    };
    let locality = |text: &str| {
        let (weight, hosts) = text.split_once('(').expect("hosts in brackets");
        let weight = weight.trim_matches([',', ' ']).parse().expect("a weight");
        let listed = hosts.trim().strip_prefix("hosts");
        let hosts = match listed {
            Some(hosts) => hosts.split(',').map(|host| host.trim().parse().expect("a weight")).collect(),
            None => vec![1; hosts.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a count of hosts")],
        };
        (weight, hosts)
    };
    text.split(')').filter(|text| !text.trim().is_empty()).map(locality).collect()
}

fn shares(localities: &[(u32, Vec<u32>)]) -> Vec<(u16, f64)> {
    let mut next = 0_u16..;
    let mut numbered = |hosts: &[u32]| -> Vec<(u16, u32)> {
        hosts.iter().map(|&weight| (next.next().expect("a number"), weight)).collect()
    };
    let hosts: Vec<(u32, Vec<(u16, u32)>)> =
        localities.iter().map(|(weight, hosts)| (*weight, numbered(hosts))).collect();
    let weighted: Vec<Weighted<'_>> = hosts.iter().map(|(weight, hosts)| Weighted { weight: *weight, hosts }).collect();
    hashing::shares(&weighted)
}

/// `127.0.0.1:90..95`, `127.0.0.1:90..95 (6 hosts)`, `hostnames 90..95`, `127.0.0.1:90 (zone A), 91 (zone B)`, `A,B`.
fn keys(text: &str) -> Vec<String> {
    let names = text.strip_prefix("hostnames ");
    let (prefix, rest) = match (names, text.rsplit_once("127.0.0.1:")) {
        (Some(names), _) => ("", names),
        (None, Some((_, rest))) => ("127.0.0.1:", rest),
        // Envoy's tests have all hosts at this address.
        (None, None) => (if text.starts_with(char::is_numeric) { "127.0.0.1:" } else { "" }, text),
    };
    let bare = |text: &str| text.split('(').next().unwrap_or("").trim().to_owned();
    let spread = |text: &str| -> Vec<String> {
        match bare(text).split_once("..") {
            Some((first, last)) => {
                let port = |text: &str| text.parse::<u32>().expect("a port");
                (port(first)..=port(last)).map(|port| format!("{prefix}{port}")).collect()
            }
            None => vec![format!("{prefix}{}", bare(text))],
        }
    };
    hosts_of(rest).flat_map(spread).collect()
}

/// The parts of a list of hosts that name one; `none healthy` says how they are.
fn hosts_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.trim().starts_with("none"))
}

#[test]
fn a_ring_has_envoys_size() {
    for row in rows("envoy_ring_hash_size.csv", 7) {
        let id = &row["id"];
        let number = |column: &str| row[column].parse::<u32>().expect("a number");
        let rule =
            RingHash { min_size: number("min_ring_size"), max_size: number("max_ring_size"), ..RingHash::default() };
        let shares = shares(&localities(&row["weights"]));
        let names: Vec<String> = (0..shares.len()).map(|host| format!("127.0.0.1:{}", 1_000 + host)).collect();
        let ring = Ring::new(&shares, &rule, |host| &names[usize::from(host)]);
        assert_eq!(ring.size(), u64::from(number("expected_ring_size")), "{id}");
        let places = shares.iter().map(|&(host, _)| ring.places_of(host) as u32);
        assert_eq!(places.clone().min(), Some(number("expected_min_hashes_per_host")), "{id} least");
        assert_eq!(places.max(), Some(number("expected_max_hashes_per_host")), "{id} most");
    }
}

#[test]
fn a_hash_finds_envoys_host_on_the_ring() {
    for row in rows("envoy_ring_hash_lookup.csv", 8) {
        let id = &row["id"];
        let function = if row["test"].contains("Murmur2") { HashFunction::Murmur2 } else { HashFunction::XxHash };
        let min_size = row["min_ring_size"].parse().expect("a size");
        let rule = RingHash { min_size, function, ..RingHash::default() };
        let keys = keys(&row["hosts"]);
        let ring = Ring::new(&shares(&[(1, vec![1; keys.len()])]), &rule, |host| &keys[usize::from(host)]);
        let hash = row["hash"].parse().expect("a hash");
        assert_eq!(ring.choose(hash, 0).expect("a host").to_string(), row["expected_host_index"], "{id}");
    }
}

#[test]
fn the_table_of_maglev_is_envoys() {
    for row in rows("envoy_maglev.csv", 7) {
        maglev(&row);
    }
}

fn maglev(row: &Row) {
    let (id, size) = (&row["id"], row["table_size"].parse().expect("a size"));
    let expected = row["expected_table(host index for hash mod size)"].as_str();
    assert_eq!(Maglev::is_size(size), expected != "error", "{id}");
    if expected == "error" {
        return;
    }
    let keys = keys(&row["hosts"]);
    let shares = shares(&weighed(row, keys.len()));
    let table = Table::new(&shares, &Maglev { table_size: size, bound: None }, |host| &keys[usize::from(host)]);
    let entries: Vec<String> =
        (0..u64::from(size)).filter_map(|hash| table.choose(hash, 0)).map(|host| host.to_string()).collect();
    match expected.strip_prefix("counts ") {
        Some(counts) => {
            let count = |host: usize| entries.iter().filter(|entry| **entry == host.to_string()).count().to_string();
            let found: Vec<String> = (0..keys.len()).map(count).collect();
            assert_eq!(found.join("|"), counts, "{id}");
        }
        // No locality has any weight.
        None if expected.starts_with("no") => assert!(entries.is_empty(), "{id}"),
        None => assert_eq!(entries.join("|"), expected, "{id}"),
    }
}

/// `1 each`, `1,2`, `host 1,2; locality A 8, B 0, C 2`: one host each in the zones that the hosts' column names.
fn weighed(row: &Row, hosts: usize) -> Vec<(u32, Vec<u32>)> {
    let list = |text: &str| -> Vec<u32> {
        let last = |text: &str| text.split_whitespace().last().and_then(|word| word.parse().ok());
        text.split(',').filter_map(last).collect()
    };
    let text = row["weights"].as_str();
    if let Some(each) = text.strip_suffix(" each") {
        return vec![(1, vec![each.parse().expect("a weight"); hosts])];
    }
    let Some((own, localities)) = text.split_once(';') else { return vec![(1, list(text))] };
    let zones: Vec<(Option<char>, u32)> = localities
        .split(',')
        .zip(list(localities))
        .map(|(text, weight)| (text.chars().rfind(char::is_ascii_uppercase), weight))
        .collect();
    // `90 (A), 91 (C), 92 (B)`: the zone of each host.
    let of_host = hosts_of(&row["hosts"]).map(|text| text.chars().rfind(char::is_ascii_uppercase));
    let weight = |(index, zone): (usize, Option<char>)| {
        zones.iter().find(|row| row.0.is_some() && row.0 == zone).map_or(zones[index].1, |row| row.1)
    };
    of_host.enumerate().map(weight).zip(list(own)).map(|(locality, host)| (locality, vec![host])).collect()
}
