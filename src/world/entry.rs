//! Global entries: what leads users to one of several clusters' ingress, and on which way they come.

use super::{ClusterId, EntryId, LinkId, ProxyId, RegionId, ServiceId, Stream};
use crate::policy::entry::Check;
use crate::units::{Duration, Ratio};

/// A name with records that follow health checks, or a global balancer.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// What a fault calls it: `entry/NAME`.
    pub name: String,
    /// How long clients keep what it says.
    pub kept: Kept,
    /// Of the ingress of each cluster.
    pub check: Check,
    /// A check asks for this service, whose replicas in that cluster must answer; none: the ingress alone must.
    pub path: Option<ServiceId>,
    /// Whom it answers with.
    pub answer: Answer,
    /// How long a user's client tries in vain.
    pub connect_timeout: Duration,
    /// The clusters that it may lead to, now or once an operator says so.
    pub targets: Vec<ClusterId>,
    /// Those that it leads to from the beginning: rows of `targets` with their weights, in order.
    pub to: Vec<(u16, f64)>,
}

/// How long clients keep what an entry says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kept {
    /// They ask for each connection: a balancer.
    No,
    /// A name server's answer.
    Answer {
        /// How long it is good.
        ttl: Duration,
        /// The share of clients that keep it longer.
        ignored: Ratio,
        /// How long those do; none: for ever.
        hold: Option<Duration>,
    },
}

/// Whom an entry answers with, of the clusters that it takes for healthy; of all where it takes none for healthy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The one with the shortest round trip from the user's region.
    Nearest,
    /// One by chance, by weight, for each question.
    Weighted,
    /// The first in order.
    First,
}

/// How the users of a stream come in through an entry.
#[derive(Clone, PartialEq, Debug)]
pub struct Via {
    /// The entry.
    pub entry: EntryId,
    /// Where the users are.
    pub region: RegionId,
    /// By target of the entry: its ingress, and the way to it.
    pub fronts: Vec<Front>,
}

/// The ingress of a cluster, as users of a region reach it.
#[derive(Clone, PartialEq, Debug)]
pub struct Front {
    /// Its first proxy in `Stream::entries`.
    pub first: u32,
    /// How many.
    pub count: u32,
    /// The link from the users' region to the cluster's; none in the same region.
    pub there: Option<LinkId>,
    /// The link of the answer.
    pub back: Option<LinkId>,
    /// One way, without jitter or loss.
    pub delay: Duration,
    /// Back.
    pub delay_back: Duration,
}

impl Front {
    /// Round trip from the users to it, without jitter or loss.
    pub fn round_trip(&self) -> Duration {
        self.delay + self.delay_back
    }

    /// Its proxies in `Stream::entries`.
    pub fn proxies(&self) -> std::ops::Range<usize> {
        self.first as usize..(self.first + self.count) as usize
    }
}

impl Entry {
    /// The target for users with these fronts, of those of `to` that are `healthy`; `draw` decides among weights.
    ///
    /// Where none is healthy all are taken for it (as Route 53 does): a wrong answer is not worse than none.
    pub fn leads(&self, to: &[(u16, f64)], healthy: &[bool], fronts: &[Front], draw: f64) -> Option<u16> {
        let any = to.iter().any(|(target, _)| healthy[usize::from(*target)]);
        let mut open = to.iter().filter(|(target, _)| !any || healthy[usize::from(*target)]);
        match self.answer {
            Answer::First => open.next().map(|(target, _)| *target),
            // Of two that are as near the first in order.
            Answer::Nearest => {
                open.min_by_key(|(target, _)| fronts[usize::from(*target)].round_trip()).map(|(t, _)| *t)
            }
            Answer::Weighted => {
                let whole: f64 = open.clone().map(|(_, weight)| weight).sum();
                let mut left = draw * whole;
                let chosen = open.clone().find(|(_, weight)| {
                    left -= weight;
                    left < 0.0
                });
                // Weights may add up to a little less than their sum.
                chosen.or(open.next_back()).map(|(target, _)| *target)
            }
        }
    }

    /// By target: which share of the users with these fronts it gets, of those of `to` that are `healthy`.
    pub fn shares(&self, to: &[(u16, f64)], healthy: &[bool], fronts: &[Front]) -> Vec<f64> {
        let mut shares = vec![0.0; self.targets.len()];
        if self.answer == Answer::Weighted {
            let any = to.iter().any(|(target, _)| healthy[usize::from(*target)]);
            let open = || to.iter().filter(|(target, _)| !any || healthy[usize::from(*target)]);
            let whole: f64 = open().map(|(_, weight)| weight).sum();
            open().for_each(|(target, weight)| shares[usize::from(*target)] += weight / whole);
        } else if let Some(target) = self.leads(to, healthy, fronts, 0.0) {
            shares[usize::from(target)] = 1.0;
        }
        shares
    }
}

impl super::World {
    /// Which share of a stream's requests comes in by each of its entry proxies while all is well, in their order; and the
    /// round trip of its users to it.
    pub fn ways_in<'w>(&'w self, stream: &'w Stream) -> Vec<(ProxyId, f64, Duration)> {
        let Some(via) = &stream.via else {
            let share = 1.0 / stream.entries.len().max(1) as f64;
            return stream.entries.iter().map(|&proxy| (proxy, share, Duration::ZERO)).collect();
        };
        let entry = &self.entries[via.entry];
        let shares = entry.shares(&entry.to, &vec![true; entry.targets.len()], &via.fronts);
        let mut ways = Vec::with_capacity(stream.entries.len());
        for (front, share) in via.fronts.iter().zip(shares) {
            let range = front.proxies();
            let each = share / f64::from(front.count.max(1));
            ways.extend(stream.entries[range].iter().map(|&proxy| (proxy, each, front.round_trip())));
        }
        ways
    }

    /// Where the users of a stream are.
    pub fn region_of(&self, stream: &Stream) -> Option<RegionId> {
        let first = || stream.entries.first().map(|&proxy| self.places[self.proxies[proxy].place].region);
        stream.via.as_ref().map(|via| via.region).or_else(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::entry::CHECK;

    fn entry(answer: Answer, to: &[(u16, f64)]) -> Entry {
        Entry {
            name: "shop".into(),
            kept: Kept::No,
            check: CHECK,
            path: None,
            answer,
            connect_timeout: Duration::from_secs(10),
            targets: vec![ClusterId(0), ClusterId(1), ClusterId(2)],
            to: to.to_vec(),
        }
    }

    fn fronts(rtt_ms: [u64; 3]) -> Vec<Front> {
        let front = |rtt: u64| {
            let half = Duration::from_millis(rtt / 2);
            Front { first: 0, count: 1, there: None, back: None, delay: half, delay_back: half }
        };
        rtt_ms.map(front).to_vec()
    }

    #[test]
    fn the_nearest_the_first_or_one_by_weight() {
        let fronts = fronts([40, 10, 20]);
        let all = [(0, 1.0), (1, 1.0), (2, 2.0)];
        let (near, first, weighted) =
            (entry(Answer::Nearest, &all), entry(Answer::First, &all), entry(Answer::Weighted, &all));
        assert_eq!(near.leads(&all, &[true; 3], &fronts, 0.5), Some(1));
        assert_eq!(near.leads(&all, &[true, false, true], &fronts, 0.5), Some(2));
        assert_eq!(first.leads(&all, &[true; 3], &fronts, 0.5), Some(0));
        assert_eq!(first.leads(&all, &[false, true, true], &fronts, 0.5), Some(1));
        let at = |draw| weighted.leads(&all, &[true; 3], &fronts, draw);
        assert_eq!(
            [at(0.0), at(0.249), at(0.25), at(0.49), at(0.5), at(0.999)].map(Option::unwrap),
            [0, 0, 1, 1, 2, 2]
        );
        assert_eq!(weighted.shares(&all, &[true, true, false], &fronts), [0.5, 0.5, 0.0]);
        assert_eq!(near.shares(&all, &[true; 3], &fronts), [0.0, 1.0, 0.0]);
    }

    #[test]
    fn where_none_is_healthy_all_are_taken_for_it() {
        let all = [(2, 1.0), (1, 3.0)];
        assert_eq!(entry(Answer::First, &all).leads(&all, &[false; 3], &fronts([1, 2, 3]), 0.0), Some(2));
        assert_eq!(entry(Answer::Weighted, &all).shares(&all, &[false; 3], &fronts([1, 2, 3])), [0.0, 0.75, 0.25]);
        assert_eq!(entry(Answer::First, &[]).leads(&[], &[true; 3], &fronts([1, 2, 3]), 0.0), None);
    }
}
