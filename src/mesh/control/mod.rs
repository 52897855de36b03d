//! What the control planes do to the data plane: endpoints leave and join what proxies see, new pods wait.
//!
//! What faults do to it is known before a run begins (`timeline`); here it takes effect. What follows from the load is not:
//! `scaling` asks for pods as autoscalers do, and `pods` come and go. Only on change, nothing for each request.

mod gateways;
mod lives;
mod pods;
mod scaling;
mod spans;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use super::machine::Machine;
use crate::engine::Schedule;
use crate::record::NoticedBy;
use crate::units::SimTime;
use crate::world::{EndpointId, Host, HostTarget, Manner, PlaceId, Target};

pub(super) use lives::lived;
pub(super) use scaling::Scaling;
pub(super) use spans::Spans;
pub(super) use timeline::{Away, Deed, Rollback, Step, away, away_by, away_of, cluster_of, steps, way_of};

/// What proxies have been told.
#[derive(Debug)]
pub(super) struct Told {
    /// All that will be, in order of time.
    pub(super) steps: Vec<Step>,
    /// By place: endpoints that its proxies have been told are gone: unready, or absent.
    pub(super) gone: Vec<BTreeSet<EndpointId>>,
    /// By place: those that it has been told are not ready.
    pub(super) unready: Vec<BTreeSet<EndpointId>>,
    /// By place: those that are not there at all, as far as it has been told.
    pub(super) absent: Vec<BTreeSet<EndpointId>>,
    /// By place: when its proxies were last told that an endpoint joined.
    pub(super) joined: Vec<BTreeMap<EndpointId, SimTime>>,
}

impl Machine<'_> {
    /// A step of the control planes.
    pub(super) fn control_step(&mut self, index: usize, now: SimTime, schedule: &mut Schedule) {
        // What each step says is read once.
        let deed = std::mem::replace(&mut self.told.steps[index].deed, Deed::Release(EndpointId::NONE));
        match deed {
            Deed::Hold(endpoint) => self.cut(Target::Endpoint(endpoint), Manner::Refused, now, schedule),
            Deed::Release(endpoint) => self.restore(Target::Endpoint(endpoint), Manner::Refused, now, schedule),
            Deed::Push { place, ready } => self.pushed(place, &ready, now, schedule),
            Deed::Join { place, pods } => self.hear_of(place, &pods, now, schedule),
            Deed::Close(pod) => self.close_at(pod, schedule),
            Deed::Scale(deed) => self.scale(index, deed, now, schedule),
        }
    }

    /// The proxies of a place hear which endpoints are ready.
    fn pushed(&mut self, place: PlaceId, ready: &[(EndpointId, bool)], now: SimTime, schedule: &mut Schedule) {
        let unready = &mut self.told.unready[place.0 as usize];
        // The dead take notice of nobody.
        let lives = self.place_down[place.0 as usize].0 == 0;
        for &(endpoint, is_ready) in ready {
            if is_ready {
                unready.remove(&endpoint);
            } else {
                unready.insert(endpoint);
                if let Some(watch) = self.ledger.watch.as_mut().filter(|_| lives) {
                    watch.noticed(watch.of_endpoint(endpoint), NoticedBy::Removal, now);
                }
            }
        }
        self.tell(place, ready, now, schedule);
    }

    /// They are told: who is gone of these is seen no longer, who is there again is.
    fn tell(&mut self, place: PlaceId, of: &[(EndpointId, bool)], now: SimTime, schedule: &mut Schedule) {
        self.catch_up(now);
        let at = place.0 as usize;
        let (unready, absent) = (&self.told.unready[at], &self.told.absent[at]);
        let mut changed = BTreeSet::new();
        for (endpoint, _) in of {
            if unready.contains(endpoint) || absent.contains(endpoint) {
                if self.told.gone[at].insert(*endpoint) {
                    changed.insert(*endpoint);
                }
            } else if self.told.gone[at].remove(endpoint) {
                self.told.joined[at].insert(*endpoint, now);
                changed.insert(*endpoint);
            }
        }
        if changed.is_empty() {
            return;
        }
        for row in 0..self.upstreams.len() {
            let of_place = |row: &super::upstream::Upstream| self.world.proxies[row.proxy].place == place;
            if self.upstreams[row].as_deref().is_some_and(of_place) {
                self.hears(row as u32, |endpoint| changed.contains(&endpoint), now, schedule);
            }
        }
    }
}

/// How many of the endpoints behind a host are there, and of how many, where any of them is of interest.
pub(super) fn present(
    host: &Host,
    gone: &BTreeSet<EndpointId>,
    of_interest: impl Fn(EndpointId) -> bool,
) -> Option<(u32, u32)> {
    match &host.target {
        HostTarget::Endpoint(endpoint, _) => of_interest(*endpoint).then(|| (u32::from(!gone.contains(endpoint)), 1)),
        HostTarget::Gateway(_, members) => members.iter().any(|(endpoint, _)| of_interest(*endpoint)).then(|| {
            let there = members.iter().filter(|(endpoint, _)| !gone.contains(endpoint)).count();
            (there as u32, members.len() as u32)
        }),
    }
}

/// When a host joined, where it was told since the beginning of all that are there behind it: with the first of them.
pub(super) fn joined_at(
    host: &Host,
    gone: &BTreeSet<EndpointId>,
    joined: &BTreeMap<EndpointId, SimTime>,
) -> Option<SimTime> {
    match &host.target {
        HostTarget::Endpoint(endpoint, _) => joined.get(endpoint).copied(),
        HostTarget::Gateway(_, members) => {
            let there = || members.iter().filter(|(endpoint, _)| !gone.contains(endpoint));
            let times: Option<Vec<SimTime>> = there().map(|(endpoint, _)| joined.get(endpoint).copied()).collect();
            times?.into_iter().min()
        }
    }
}
