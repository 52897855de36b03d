//! Outlier detection at work: hosts are put out and return, by what one proxy saw of one upstream.

use super::event::Kind;
use super::machine::Machine;
use crate::engine::Schedule;
use crate::policy::outlier::{self, Detector, ResultClass};
use crate::policy::{Outlier, rates};
use crate::random::mix;
use crate::units::SimTime;

impl Machine<'_> {
    /// What an attempt's end tells outlier detection.
    pub(super) fn observe(&mut self, row: u32, host: u16, class: ResultClass, now: SimTime, schedule: &mut Schedule) {
        // What has come before it counts before it.
        self.catch_up(now);
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let Some(rule) = &self.hot.edges[upstream.edge.0 as usize].outlier else { return };
        if class == ResultClass::Success && upstream.beliefs.is_none() {
            return;
        }
        let beliefs = upstream.believe(&self.hot.views[upstream.host_set.0 as usize]);
        beliefs.tally(host, rule, class);
        for detector in beliefs.health[usize::from(host)].hears(rule, class).into_iter().flatten() {
            self.put_out(row, host, detector, now, schedule);
        }
    }

    /// A detector found a host wanting: it is out, if the cap and chance allow.
    fn put_out(&mut self, row: u32, host: u16, detector: Detector, now: SimTime, schedule: &mut Schedule) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let rules = &self.hot.edges[upstream.edge.0 as usize];
        let Some(rule) = &rules.outlier else { return };
        let view = &self.hot.views[upstream.host_set.0 as usize];
        let (hosts, key) = (upstream.members(), mix(mix(upstream.key, u64::from(host)), now.nanos()));
        let beliefs = upstream.believe(view);
        let ejected = beliefs.health[usize::from(host)].is_ejected();
        if ejected || !outlier::may_eject(beliefs.ejected, hosts, rule) || !enforced(rule, detector, key) {
            return;
        }
        beliefs.health[usize::from(host)].eject_for(rule, now, outlier::jitter(rule, mix(key, 1)));
        beliefs.ejected += 1;
        let sweeps = !std::mem::replace(&mut beliefs.sweeping, true);
        let place = self.world.proxies[upstream.proxy].place;
        // The dead notice nobody.
        let lives = self.place_down[place.0 as usize].0 == 0;
        if let Some(watch) = self.ledger.watch.as_mut().filter(|_| lives) {
            let host = &self.world.host_sets[upstream.host_set].hosts[usize::from(host)];
            watch.ejected(&host.target, now);
        }
        let set = &self.world.host_sets[upstream.host_set];
        upstream.regroup(view, set, &self.world.policies[rules.policy]);
        self.ledger.ejected(upstream.edge);
        if sweeps {
            self.plan_sweep(row, now, schedule);
        }
        self.drain(row, host, schedule);
    }

    /// Envoy sweeps every interval from the cluster's creation on, which is t = 0 here.
    fn plan_sweep(&self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let upstream = self.upstream(row);
        let Some(rule) = &self.hot.edges[upstream.edge.0 as usize].outlier else { return };
        let interval = rule.interval.nanos();
        let next = (now.nanos() / interval + 1) * interval;
        schedule.at(SimTime::from_nanos(next), Kind::Sweep.order_of(0, upstream.key), row);
    }

    /// Where hosts are judged by rates, every answer counts from the first call on.
    #[cold]
    pub(super) fn keep_tallies(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        if upstream.beliefs.as_ref().is_some_and(|beliefs| !beliefs.tallies.is_empty()) || upstream.hosts.is_empty() {
            return;
        }
        let hosts = upstream.hosts.len();
        let beliefs = upstream.believe(&self.hot.views[upstream.host_set.0 as usize]);
        beliefs.tallies = vec![Default::default(); hosts].into();
        if !std::mem::replace(&mut beliefs.sweeping, true) {
            self.plan_sweep(row, now, schedule);
        }
    }

    /// Ejected hosts whose time is over return; then those are put out whose rates are bad.
    pub(super) fn sweep(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        self.catch_up(now);
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let rules = &self.hot.edges[upstream.edge.0 as usize];
        let Some(rule) = &rules.outlier else { return };
        let Some(beliefs) = &mut upstream.beliefs else { return };
        let back = beliefs.health.iter_mut().map(|host| host.sweep(now)).filter(|&back| back).count() as u32;
        beliefs.ejected -= back;
        // Sweeps go on while anything is remembered: an ejection's count wears off one sweep at a time.
        beliefs.sweeping = rules.rates || beliefs.health.iter().any(|host| !host.is_quiet());
        let again = beliefs.sweeping;
        if back > 0 {
            let (view, set) = (&self.hot.views[upstream.host_set.0 as usize], &self.world.host_sets[upstream.host_set]);
            upstream.regroup(view, set, &self.world.policies[rules.policy]);
        }
        if again {
            schedule.at(now + rule.interval, Kind::Sweep.order_of(0, upstream.key), row);
        } else if upstream.is_ignorant() {
            upstream.beliefs = None;
        }
        if rules.rates {
            self.judge(row, now, schedule);
        }
    }

    /// The interval's answers of all hosts that are in: those that came from them, then what the proxy itself found.
    #[cold]
    fn judge(&mut self, row: u32, now: SimTime, schedule: &mut Schedule) {
        let upstream = self.upstreams[row as usize].as_mut().expect("an upstream in use has been made");
        let Some(rule) = self.hot.edges[upstream.edge.0 as usize].outlier else { return };
        let Some(beliefs) = &mut upstream.beliefs else { return };
        let tallies = std::mem::replace(&mut beliefs.tallies, vec![Default::default(); upstream.hosts.len()].into());
        for kind in 0..=usize::from(rule.consecutive_local.is_some()) {
            let Some(beliefs) = &self.upstream(row).beliefs else { return };
            let hosts: Vec<_> = tallies
                .iter()
                .zip(&beliefs.health)
                .map(|(tally, health)| (!health.is_ejected()).then_some(tally[kind]))
                .collect();
            let slow = rule.success_rate.map_or_else(Vec::new, |rule| rates::by_success_rate(&rule, &hosts));
            let failing = rule.failure_percentage.map_or_else(Vec::new, |rule| rates::by_failures(&rule, &hosts));
            for host in slow {
                self.put_out(row, host as u16, Detector::SuccessRate, now, schedule);
            }
            for host in failing {
                self.put_out(row, host as u16, Detector::FailurePercentage, now, schedule);
            }
        }
    }
}

/// Does chance let what a detector found be done?
fn enforced(rule: &Outlier, detector: Detector, key: u64) -> bool {
    let percent = u64::from(detector.enforced(rule));
    percent >= 100 || mix(key, 2 + detector as u64) % 100 < percent
}
