//! A fault of the scenario kills hosts, and nothing takes them out.

use std::collections::BTreeSet;

use super::{Called, Reading, Say, Told, percent, replicas};
use crate::policy::retry::retriable;
use crate::record::Failure;
use crate::scenario::Span;
use crate::world::{EndpointId, FaultId, Manner, PathId, PlaceId, Target};

/// What a fault takes down, as far as callers and hosts go.
struct Down {
    targets: BTreeSet<Target>,
    manner: Manner,
}

impl Down {
    fn of(reading: &Reading<'_>, fault: FaultId) -> Option<Down> {
        let begins = reading.world.acts(fault).into_iter();
        let downs: Vec<(Target, Manner)> = begins.filter_map(|act| Some((act.target, act.effect.outage()?))).collect();
        Some(Down { manner: downs.first()?.1, targets: downs.iter().map(|(target, _)| *target).collect() })
    }

    fn place(&self, place: PlaceId) -> bool {
        self.targets.contains(&Target::Place(place))
    }

    /// Is this replica dead?
    fn kills(&self, reading: &Reading<'_>, endpoint: EndpointId) -> bool {
        self.place(reading.at(endpoint)) || self.targets.contains(&Target::Endpoint(endpoint))
    }

    /// Is what is behind this way out of reach?
    fn cuts(&self, reading: &Reading<'_>, path: PathId) -> bool {
        let way = &reading.world.paths[path];
        self.targets.contains(&Target::Path(path))
            || way.links.iter().chain(&way.back_links).any(|link| self.targets.contains(&Target::Link(*link)))
    }
}

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for (id, fault) in reading.world.faults.iter() {
        let Some(down) = Down::of(reading, id) else { continue };
        for called in reading.edges() {
            if called.rules.policy.outlier.is_none() && !covered(&called, down.manner) {
                told_of(reading, &called, &down, &fault.name, told);
            }
        }
    }
}

/// Does a retry find another host?
fn covered(called: &Called<'_>, manner: Manner) -> bool {
    let policy = &called.rules.policy;
    let ends = match manner {
        Manner::Refused => Failure::Connect,
        Manner::Silent if policy.per_try.is_some() => Failure::Timeout,
        Manner::Silent => return false,
    };
    policy.retries > 0 && retriable(policy.retry_on, ends)
}

/// Does a control plane take out what is not ready? What is only cut off is ready still at its own API server.
fn removed(reading: &Reading<'_>, called: &Called<'_>) -> bool {
    reading.world.control.readiness.get(called.edge.to.0 as usize).is_some_and(Option::is_some)
}

fn told_of(reading: &Reading<'_>, called: &Called<'_>, down: &Down, fault: &str, told: &mut Told) {
    let removed = removed(reading, called);
    let out = |endpoint: EndpointId, path: PathId| down.kills(reading, endpoint) || down.cuts(reading, path);
    let mut worst: Option<(f64, usize, usize, bool)> = None;
    for (_, set) in reading.views(called).into_iter().filter(|(place, _)| !down.place(*place)) {
        let (mut all, mut dead, mut hosts, mut killed) = (0.0, 0.0, 0, false);
        for host in set.hosts.iter().filter(|host| host.priority == 0) {
            let mut members = replicas(host);
            members.retain(|(endpoint, _)| !removed || !down.kills(reading, *endpoint));
            if members.is_empty() {
                continue;
            }
            let lost = members.iter().filter(|(endpoint, path)| out(*endpoint, *path)).count();
            killed |= members.iter().any(|(endpoint, _)| down.kills(reading, *endpoint));
            all += f64::from(host.weight);
            dead += f64::from(host.weight) * lost as f64 / members.len() as f64;
            hosts += usize::from(lost == members.len());
        }
        // Where all are dead there is nobody to go to instead.
        if dead > 0.0 && dead < all && worst.is_none_or(|(share, ..)| dead / all > share) {
            worst = Some((dead / all, hosts, set.hosts.len(), killed));
        }
    }
    let Some((share, dead, hosts, killed)) = worst else { return };
    let policy = &called.rules.policy;
    let hangs = down.manner == Manner::Silent && policy.timeout.is_none() && policy.http2_ping.is_none();
    let at = reading.scenario.faults.get(fault).map_or(Span::NONE, |fault| fault.span);
    let before = format!("while `{fault}` lasts, {} of the calls ", percent(share));
    if dead == 0 {
        // A gateway or a balancer is one host, dead only with all that is behind it.
        let after = format!(
            " go by hosts of which a part is {}: a gateway or balancer is one host, and leaves that part out for new \
             connections alone, after two health checks (20 s){}",
            if killed { "dead" } else { "out of reach" },
            if hangs { "; without a timeout those that are there hang" } else { "" }
        );
        let help = "write `pool: {http2-ping: 5s}`, which closes connections that hang, so that new ones are made";
        told.say(&called.edge.name, Say { code: "EW389", before, after, at, help: help.to_owned() });
        return;
    }
    let needed = super::percent_of(dead.max(1) as u32, hosts as u32);
    let say = Say {
        code: "EW389",
        before,
        after: format!(
            " go to {} ({dead} of {hosts}): without outlier detection a client takes nobody out{}{}",
            if killed { "dead hosts" } else { "hosts out of reach" },
            if removed { ", and to the control plane they are ready as before" } else { "" },
            if hangs { ", and without a timeout each of them hangs" } else { "" }
        ),
        at,
        help: format!(
            "write `outlier: {{max-ejection: {needed}%}}` or more{} (Istio: `outlierDetection` in the DestinationRule{})",
            if hangs { " and a `timeout`" } else { "" },
            if hangs { ", `timeout` in the VirtualService" } else { "" }
        ),
    };
    told.say(&called.edge.name, say);
}
