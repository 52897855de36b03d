//! A large scenario as a company might have it: three regions of three zones, one cluster in each, services in layers
//! with two to four callees each, shared ones that everybody asks, a few front services with users of their own.

use std::fmt::Write;

/// Layers of services below the fronts: a front reaches 121 services at three callees each.
const LAYERS: usize = 5;
/// Services that all others ask: identity, flags, limits.
const SHARED: usize = 16;
const REGIONS: [(&str, &str); 3] =
    [("hangzhou", "cn-hangzhou"), ("singapore", "ap-southeast-1"), ("frankfurt", "eu-central-1")];

/// The scenario's text, with this many services of this many replicas each.
pub(crate) fn scenario(services: usize, replicas: usize) -> String {
    let shared = SHARED.min(services / 8);
    let layers = layers(services - shared);
    let mut text = ground();
    text += "services:\n";
    for (depth, layer) in layers.iter().enumerate() {
        let below = layers.get(depth + 1);
        for (index, &service) in layer.iter().enumerate() {
            let mut calls: Vec<String> =
                below.map_or_else(Vec::new, |below| callees(index, layer.len(), below).map(name).collect());
            // A leaf asks two of the shared services, an inner one asks one.
            let asked = if below.is_none() { 2 } else { 1 };
            calls.extend((0..asked).map(|turn| format!("shared-{}", (service + 7 * turn) % shared)));
            let work = 1 + service % 5;
            let _ = writeln!(
                text,
                "  {}: {{replicas: {}, work: {{exponential: {work}ms}}, calls: [{}]}}",
                name(service),
                spread(replicas),
                calls.join(", ")
            );
        }
    }
    for number in 0..shared {
        let _ = writeln!(
            text,
            "  shared-{number}: {{replicas: {}, workers: 4, work: {{exponential: 1ms}}}}",
            spread(replicas)
        );
    }
    text += &mesh(services, &layers);
    text += "workload:\n";
    for &front in &layers[0] {
        let region = REGIONS[front % REGIONS.len()].0;
        let _ = writeln!(text, "  users-{front}: {{from: {region}, to: {}, rate: 2rps}}", name(front));
    }
    text + "run: {horizon: 1m, seed: 42}\n"
}

fn ground() -> String {
    let mut text =
        String::from("eastwest: 1\nname: large\nquestion: Does a whole company compile?\ntopology:\n  regions:\n");
    for (region, is) in REGIONS {
        let _ = writeln!(text, "    {region}: {{is: alibaba/{is}, zones: [a, b, c]}}");
    }
    text += "  vpcs:\n";
    for (number, (region, _)) in REGIONS.iter().enumerate() {
        let _ = writeln!(text, "    vpc-{region}: {{region: {region}, cidr: 10.{number}.0.0/16}}");
    }
    text += "  clusters:\n";
    for (region, _) in REGIONS {
        let _ = writeln!(text, "    {region}: {{vpc: vpc-{region}}}");
    }
    text + "connectivity:\n  backbone: {cen: {bandwidth: 10000Mbps}}\nroutes:\n  default: {via: backbone}\n"
}

/// Failover by locality for all, and one edge in a hundred with a policy of its own.
fn mesh(services: usize, layers: &[Vec<usize>]) -> String {
    let mut text = String::from("mesh:\n  traffic:\n");
    text += "    \"*\": {outlier: {max-ejection: 100%}, locality: {failover: {hangzhou: singapore, singapore: frankfurt, frankfurt: singapore}}}\n";
    text += "    shared-0: {balance: round-robin, timeout: 1s}\n";
    let inner = layers.windows(2).flat_map(|pair| {
        let (layer, below) = (&pair[0], &pair[1]);
        layer.iter().enumerate().filter_map(|(index, &from)| Some((from, callees(index, layer.len(), below).next()?)))
    });
    for (from, to) in inner.take(services / 100) {
        let _ = writeln!(text, "    \"{} -> {}\": {{timeout: 2s, retries: 1}}", name(from), name(to));
    }
    text
}

fn name(service: usize) -> String {
    format!("svc-{service:05}")
}

/// Replicas by cluster: the first clusters take the remainder.
fn spread(replicas: usize) -> String {
    let share = |at: usize| replicas / REGIONS.len() + usize::from(at < replicas % REGIONS.len());
    let counts: Vec<String> = REGIONS
        .iter()
        .enumerate()
        .filter(|(at, _)| share(*at) > 0)
        .map(|(at, (region, _))| format!("{region}: {}", share(at)))
        .collect();
    format!("{{{}}}", counts.join(", "))
}

/// Services by depth, each layer three times as wide as the one above it.
fn layers(services: usize) -> Vec<Vec<usize>> {
    let parts = (3usize.pow(LAYERS as u32) - 1) / 2;
    let mut layers = Vec::new();
    let (mut first, mut share) = (0, 1);
    for layer in 0..LAYERS {
        let end =
            if layer + 1 == LAYERS { services } else { (first + (services * share).div_ceil(parts)).min(services) };
        layers.push((first..end).collect::<Vec<_>>());
        (first, share) = (end, 3 * share);
    }
    layers.retain(|layer| !layer.is_empty());
    layers
}

/// What a service calls: its share of the layer below, and one or two of its neighbour's, two to four in all.
fn callees(index: usize, of: usize, below: &[usize]) -> impl Iterator<Item = usize> {
    let (start, end) = (index * below.len() / of, (index + 1) * below.len() / of);
    let count = (end - start).max(2 + index % 3).min(below.len());
    (start..start + count).map(move |at| below[at % below.len()])
}
