//! Split horizon: a proxy sees the endpoints of its own network, and of other networks their gateways, weighted by what
//! stands behind (Istio, `pilot/pkg/xds/endpoints/ep_filters.go`).

/// A gateway into a network, one for each address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gateway {
    /// The network that it leads into.
    pub network: u32,
    /// The cluster that it runs in; none: any of its network.
    pub cluster: Option<u32>,
    /// Kind of its address.
    pub family: Family,
    /// Does it take HBONE tunnels, as waypoints need?
    pub hbone: bool,
}

/// Kind of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// An endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Its network.
    pub network: u32,
    /// Its cluster.
    pub cluster: u32,
    /// Its weight, 1 unless told.
    pub weight: u32,
    /// Does it take mutual TLS, by which a gateway finds it?
    pub mtls: bool,
    /// Has it an address that can be reached directly?
    pub addressed: bool,
}

/// Who looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proxy {
    /// Its network; none: not set, and then a gateway is used wherever there is one.
    pub network: Option<u32>,
    /// The kind of address that it can reach; none: both, or not known.
    pub family: Option<Family>,
    /// A waypoint (ambient): tunnels instead of SNI, and nothing beyond its network without a gateway.
    pub waypoint: bool,
}

/// What a proxy sees in place of an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// The endpoint itself.
    Endpoint(usize),
    /// This gateway, for one endpoint or several.
    Gateway(usize),
}

/// By how much all weights are multiplied, so that each divides evenly among its gateways: the least common multiple of
/// the gateways of each network, and of each cluster of a network.
pub fn scale(gateways: &[Gateway]) -> u32 {
    let alike = |same: &dyn Fn(&Gateway) -> bool| gateways.iter().filter(|other| same(other)).count() as u32;
    gateways.iter().fold(1, |scale, gateway| {
        let network = alike(&|other| other.network == gateway.network);
        let cluster = alike(&|other| (other.network, other.cluster) == (gateway.network, gateway.cluster));
        lcm(lcm(scale, network), cluster)
    })
}

/// What a proxy sees of the endpoints of one locality, with weights: first those that it reaches itself, then gateways.
pub fn split(proxy: &Proxy, endpoints: &[Endpoint], gateways: &[Gateway]) -> Vec<(Seen, u32)> {
    let scale = scale(gateways);
    let mut seen = Vec::new();
    let mut through = vec![0_u32; gateways.len()];
    for (index, endpoint) in endpoints.iter().enumerate() {
        let weight = endpoint.weight.max(1).saturating_mul(scale);
        let own = proxy.network == Some(endpoint.network);
        let known = leading_to(proxy, endpoint, gateways);
        if own || (known.is_empty() && !proxy.waypoint) {
            seen.extend(endpoint.addressed.then_some((Seen::Endpoint(index), weight)));
            continue;
        }
        if !endpoint.mtls && !proxy.waypoint {
            continue;
        }
        let reachable = |gateway: &usize| proxy.family.is_none_or(|family| gateways[*gateway].family == family);
        let usable: Vec<usize> = known.into_iter().filter(reachable).collect();
        for &gateway in &usable {
            through[gateway] = through[gateway].saturating_add(weight / usable.len() as u32);
        }
    }
    seen.extend(
        through.into_iter().enumerate().filter(|(_, weight)| *weight > 0).map(|(g, weight)| (Seen::Gateway(g), weight)),
    );
    seen
}

/// The gateways of the endpoint's cluster, else those of its network.
fn leading_to(proxy: &Proxy, endpoint: &Endpoint, gateways: &[Gateway]) -> Vec<usize> {
    let of = |same: &dyn Fn(&Gateway) -> bool| -> Vec<usize> {
        gateways.iter().enumerate().filter(|(_, gateway)| same(gateway)).map(|(index, _)| index).collect()
    };
    let near = of(&|gateway| (gateway.network, gateway.cluster) == (endpoint.network, Some(endpoint.cluster)));
    let mut known = if near.is_empty() { of(&|gateway| gateway.network == endpoint.network) } else { near };
    known.retain(|gateway| !proxy.waypoint || gateways[*gateway].hbone);
    known
}

fn lcm(a: u32, b: u32) -> u32 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
