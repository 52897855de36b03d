//! Zone-aware routing: the caller's own zone first, as far as the callers there are its share of all callers.
//!
//! Envoy's integers (`load_balancer_impl.cc`, regenerateLocalityRoutingStructures and tryChooseLocalLocalityHosts):
//! shares in parts of ten thousand, truncated. Applies to priority 0 only. Counts are healthy hosts, or sums of their
//! weights.

/// Shares count in parts of this.
const WHOLE: u64 = 10_000;

/// One zone that the called service has hosts in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Zone {
    /// Its healthy hosts, or their weights.
    pub upstream: u64,
    /// The caller's healthy peers there, or their weights.
    pub local: u64,
}

/// What is known of the caller's own cluster (Envoy's local cluster) beyond its zones with hosts of the called service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Callers {
    /// All its healthy hosts, or their weights.
    pub total: u64,
    /// Zones that it is in.
    pub zones: usize,
    /// Hosts of it in the proxy's own zone, itself among them.
    pub own: u64,
    /// Too few of them are healthy: its panic threshold.
    pub panics: bool,
}

/// When zones are looked at at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// With fewer healthy hosts in priority 0 they are not (Envoy: 6).
    pub min_cluster_size: u32,
    /// All to the own zone where it has at least this many healthy hosts, whatever the shares.
    pub force_local: Option<u32>,
}

/// What a proxy does with its requests.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Routing {
    /// Zones are not looked at.
    #[default]
    None,
    /// All go to the own zone.
    Direct,
    /// Some go to the own zone, the rest where there is room.
    Residual {
        /// Share that stays, in parts of ten thousand.
        local: u64,
        /// Room by zone, added up.
        room: Vec<u64>,
    },
}

impl Routing {
    /// The zone of one request, by two draws: whether it stays, and else where it goes. None: zones are not looked at.
    pub fn choose(&self, stays: u64, goes: u64) -> Option<usize> {
        match self {
            Routing::None => None,
            Routing::Direct => Some(0),
            Routing::Residual { local, .. } if stays % WHOLE < *local => Some(0),
            Routing::Residual { room, .. } => {
                let last = room.last().copied().unwrap_or(0);
                // Rounding may leave no room anywhere: then any zone.
                let anywhere = (goes % room.len() as u64) as usize;
                let aim = goes.checked_rem(last);
                Some(aim.map_or(anywhere, |aim| room.iter().position(|&room| aim < room).unwrap_or(anywhere)))
            }
        }
    }

    /// The shares of `zones` zones that these draws come to; none: zones are not looked at.
    pub fn shares(&self, zones: usize) -> Option<Vec<f64>> {
        let mut shares = vec![0.0; zones];
        match self {
            Routing::None => return None,
            Routing::Direct => shares[0] = 1.0,
            Routing::Residual { local, room } => {
                let stays = (*local).min(WHOLE) as f64 / WHOLE as f64;
                shares[0] += stays;
                let last = room.last().copied().unwrap_or(0);
                let mut before = 0;
                for (share, &room) in shares.iter_mut().zip(room) {
                    let part = if last == 0 { 1.0 / zones as f64 } else { (room - before) as f64 / last as f64 };
                    *share += (1.0 - stays) * part;
                    before = room;
                }
            }
        }
        Some(shares)
    }
}

/// What a proxy does whose own zone, if the called service has hosts there (`own_first`), is the first of `zones`.
///
/// `own_hosts` and `hosts` count the healthy hosts of the own zone and of all zones, whatever `zones` counts.
pub fn routing(
    zones: &[Zone],
    own_first: bool,
    (own_hosts, hosts): (u32, u32),
    callers: &Callers,
    limits: &Limits,
) -> Routing {
    let forced = limits.force_local;
    let off = zones.len() < 2
        || callers.zones < 2 && forced.is_none()
        || callers.own == 0
        || hosts < limits.min_cluster_size
        || callers.panics;
    if off {
        return Routing::None;
    }
    let upstream: u64 = zones.iter().map(|zone| zone.upstream).sum();
    let part = |of: u64, whole: u64| (WHOLE * of).checked_div(whole).unwrap_or(0);
    // Where the called service has nobody healthy, callers do not count either.
    let shares = |zone: &Zone| match zone.upstream {
        0 => (0, 0),
        _ => (part(zone.local, callers.total), part(zone.upstream, upstream)),
    };
    let mut stays = 0;
    if own_first {
        let (local, there) = shares(&zones[0]);
        if there > 0 && there >= local || forced.is_some_and(|least| own_hosts >= least) {
            return Routing::Direct;
        }
        stays = (there * WHOLE).checked_div(local).unwrap_or(0);
    }
    let mut sum = 0;
    let room = zones.iter().enumerate().map(|(index, zone)| {
        if index > 0 || !own_first {
            let (local, there) = shares(zone);
            sum += there.saturating_sub(local);
        }
        sum
    });
    Routing::Residual { local: stays, room: room.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_what_the_draws_come_to() {
        let zones = [(1, 2), (3, 2), (3, 1), (1, 1)].map(|(upstream, local)| Zone { upstream, local });
        let callers = Callers { total: 6, zones: 4, own: 2, panics: false };
        let limits = Limits { min_cluster_size: 6, force_local: None };
        let routing = routing(&zones, true, (1, 8), &callers, &limits);
        let shares = routing.shares(4).expect("zones are looked at");
        let mut seen = [0.0; 4];
        for stays in 0..WHOLE {
            let goes = stays.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            seen[routing.choose(stays, goes).expect("zones are looked at")] += 1.0 / WHOLE as f64;
        }
        for (seen, share) in seen.into_iter().zip(shares) {
            assert!((seen - share).abs() < 0.02, "{seen} of {share}");
        }
    }
}
