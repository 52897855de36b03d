//! How much of its life a connection has behind it when it is opened: of those that a long day would have had before the
//! run began, a share by chance; of all others nothing.
//!
//! A run finds no connections and opens them all at its start. Were each to get a whole life, all would be renewed
//! together for ever after, and what a fault of new connections costs would depend on how long the run filled. So the first
//! of each place in a pool gets what is left of a life at a random time, uniform (the residual life of a renewal process
//! whose lives are alike: Cox, Renewal Theory, 1962, section 5.2), and those after it whole ones: the phase stays uniform.

use std::collections::BTreeMap;

use super::machine::Machine;
use crate::policy::pool::UNLIMITED;
use crate::random::{hash_name, mix};
use crate::units::{Duration, SimTime};
use crate::world::{Change, EndpointId};

/// Names the draws of ages.
const AGE: u64 = hash_name("age");

/// Connections of limited life, by row of `Machine::upstreams`, host and worker.
#[derive(Debug)]
pub(super) struct Ages {
    rows: BTreeMap<(u32, u16, u16), Beside>,
    /// When the first fault begins: hosts used for the first time from then on are so because of it.
    until: SimTime,
}

/// Connections beside each other.
#[derive(Clone, Copy, Default, Debug)]
struct Beside {
    /// That take calls.
    open: u32,
    /// As many as ever at once.
    most: u32,
}

impl Ages {
    pub(super) fn new(changes: &[(i64, Change)], zero: SimTime) -> Self {
        let first = changes.iter().map(|&(at, _)| super::machine::of_run(zero, at)).min();
        Ages { rows: BTreeMap::new(), until: first.unwrap_or(SimTime::NEVER) }
    }
}

impl Machine<'_> {
    /// What a connection that is opened now has behind it of its age (nanoseconds) and of its requests.
    pub(super) fn behind_it(&mut self, upstream: u32, host: u16, worker: u16, now: SimTime) -> (u64, u32) {
        let policy = self.policy_of(upstream);
        let (age, requests) = (policy.max_connection_age, policy.pool.max_requests_per_connection);
        if age.is_none() && requests == UNLIMITED {
            return (0, 0);
        }
        let beside = self.ages.rows.entry((upstream, host, worker)).or_default();
        let number = beside.open;
        beside.open += 1;
        let another = beside.open > beside.most;
        beside.most = beside.most.max(beside.open);
        let from_before = now < self.zero || number == 0 && now < self.ages.until;
        if !another || !from_before || self.comes_later(upstream, host) {
            return (0, 0);
        }
        let place = u64::from(host) << 32 | u64::from(worker);
        let draw = mix(mix(self.upstream(upstream).key, AGE), mix(place, number.into()));
        // One draw for both, so that whichever ends it does so as early.
        let of = |whole: u64| ((u128::from(draw) * u128::from(whole)) >> 64) as u64;
        let taken = if requests == UNLIMITED { 0 } else { of(requests.into()) as u32 };
        (of(age.map_or(0, Duration::nanos)), taken)
    }

    /// A connection takes no more calls.
    pub(super) fn no_longer_beside(&mut self, upstream: u32, host: u16, worker: u16) {
        if let Some(beside) = self.ages.rows.get_mut(&(upstream, host, worker)) {
            beside.open -= 1;
        }
    }

    /// Was the client or the host not there at first, but is started by an autoscaler?
    fn comes_later(&self, upstream: u32, host: u16) -> bool {
        let late = |id: EndpointId| self.world.autoscalers.iter().any(|scaler| scaler.absent().contains(&id));
        let state = self.upstream(upstream);
        let server = match self.world.host_sets[state.host_set].hosts[usize::from(host)].target {
            crate::world::HostTarget::Endpoint(endpoint, _) => endpoint,
            crate::world::HostTarget::Gateway(..) => EndpointId::NONE,
        };
        late(self.world.proxies[state.proxy].endpoint) || !server.is_none() && late(server)
    }
}
