//! The choice of a host: priority, panic, locality, host, in this order (Envoy `hostSourceToUse`, `chooseHostOnce`).

use super::beliefs::Members;
use super::sources::{Localities, Source, Sources, State, Zones};
use super::tables::Tables;
use super::view::{Seen, View};
use super::{HostState, Upstream};
use crate::mesh::hot::Rules;
use crate::policy::edf::Edf;
use crate::policy::hashing::{self, Weighted};
use crate::policy::locality_weighted::{self, Locality};
use crate::policy::priority::{self, Pool, PriorityLoad};
use crate::policy::slow_start::SlowStart;
use crate::policy::{Balance, LeastRequest, Policy, least_request, random, round_robin};
use crate::random::mix;
use crate::units::SimTime;
use crate::world::{Among, HostSet, HostSetId, World, ZoneAware};

/// The counters of draws: one pick of one attempt has eight, and least request those past the second in a range of its own.
mod draws {
    /// The priority; by chance alone also the host, as Envoy takes one number for both.
    pub(super) const PRIORITY: u64 = 0;
    /// The hosts of least request.
    pub(super) const HOST: u64 = 1;
    /// Whether zones are looked at.
    pub(super) const ENABLED: u64 = 3;
    /// Whether a request stays in its zone.
    pub(super) const STAYS: u64 = 4;
    /// The locality, where it is drawn.
    pub(super) const LOCALITY: u64 = 6;
    /// Where it goes else.
    pub(super) const GOES: u64 = 5;
}

/// What a choice goes by beyond what the proxy knows.
pub(in crate::mesh) struct Asked<'a> {
    pub(in crate::mesh) world: &'a World,
    pub(in crate::mesh) view: &'a View,
    pub(in crate::mesh) rules: &'a Rules,
    pub(in crate::mesh) tables: &'a mut Tables,
    pub(in crate::mesh) now: SimTime,
    /// The request's hash, where its policy has one.
    pub(in crate::mesh) hash: Option<u64>,
}

impl Upstream {
    /// The host of a first try, where all is as it mostly is; else none, and the choice is [`Upstream::choose_in_full`]'s.
    #[inline(always)]
    pub(in crate::mesh) fn choose_plainly(&self, view: &View, rules: &Rules, draw: impl Fn(u64) -> u64) -> Option<u16> {
        let count = self.hosts.len();
        if !view.plain || self.beliefs.is_some() {
            return None;
        }
        if rules.usual {
            let active = |index: usize| self.hosts[index].active;
            return Some(least_request::choose(count, active, 2, |choice| draw(draws::HOST + u64::from(choice))) as u16);
        }
        match rules.balance {
            Balance::Random => Some(random::choose(count, draw(draws::PRIORITY)) as u16),
            _ if count == 1 => Some(0),
            _ => None,
        }
    }

    /// The same where localities have turns, and there are no others to think of.
    #[inline]
    pub(in crate::mesh) fn choose_in_turns(
        &mut self,
        view: &View,
        rules: &Rules,
        draw: impl Fn(u64) -> u64,
    ) -> Option<u16> {
        let drawn = rules.balance == Balance::WeightedRandom;
        let by_chance = drawn || rules.balance == Balance::Random;
        if !view.in_turns || self.beliefs.is_some() || !(rules.usual || by_chance) {
            return None;
        }
        // Made by the first choice in full.
        let Localities::Turns(turns) = self.sources.as_mut()?.localities(0, Pool::Healthy) else { return None };
        let cell = if drawn { turns.draw(unit(draw(draws::LOCALITY))) } else { turns.pick() };
        let list = view.seen.healthy.cell(cell);
        let index = match list.len() {
            1 => 0,
            count if by_chance => random::choose(count, draw(draws::PRIORITY)),
            count => {
                let active = |index: usize| self.hosts[usize::from(list[index])].active;
                least_request::choose(count, active, 2, |choice| draw(draws::HOST + u64::from(choice)))
            }
        };
        Some(list[index])
    }

    /// With priorities, localities, ejected hosts, turns by weight, hashes; by a load over the priorities of one's own
    /// where there is one.
    #[inline(never)]
    pub(in crate::mesh) fn choose_in_full(
        &mut self,
        asked: &mut Asked<'_>,
        load: Option<&PriorityLoad>,
        draw: impl Fn(u64) -> u64,
    ) -> Option<u16> {
        if self.hosts.is_empty() {
            return None;
        }
        let Upstream { hosts, beliefs, sources, key, host_set, .. } = self;
        let (view, world) = (asked.view, asked.world);
        let (set, policy) = (&world.host_sets[*host_set], &world.policies[asked.rules.policy]);
        let fresh = beliefs.is_none();
        let seen = beliefs.as_ref().map_or(&view.seen, |beliefs| &beliefs.seen);
        let members = beliefs.as_ref().and_then(|beliefs| beliefs.members.as_deref());
        let hashes = policy.balance.hashes();
        let aim = asked.hash.filter(|_| hashes).unwrap_or_else(|| draw(draws::PRIORITY));
        let (priority, class) = match load {
            None if fresh && view.priorities() == 1 => (0, Pool::Healthy),
            load => priority::choose_pool(load.unwrap_or(&seen.load), aim),
        };
        let ejected = beliefs.as_ref().map_or(0, |beliefs| beliefs.ejected);
        let around = Around { view, set, policy, seen, members, hosts, now: asked.now, key: *key, ejected };
        let sources = sources.get_or_insert_with(|| Box::new(Sources::new(view, *key)));
        let source = match class {
            // In panic, and where hosts are hashed, a priority is one list.
            _ if hashes => Source::Whole(if class == Pool::All { Pool::All } else { Pool::Healthy }, priority),
            Pool::All => Source::Whole(class, priority),
            _ => around.source(sources, (priority, class), &draw),
        };
        let list = around.list(source);
        if list.is_empty() {
            return None;
        }
        let (state, turn) = sources.at(source, view);
        if matches!(state, State::Unknown) {
            *state = around.state(source, asked.tables, *host_set, world);
        }
        let active = |index: usize| around.hosts[usize::from(list[index])].active;
        let index = match (state, policy.balance) {
            (State::Weighted(edf), _) => edf.pick(|index| around.weight(list[index])),
            (State::Table(table), balance) => {
                return table.choose(aim).map(|host| around.bound(balance, host, table.shares(), aim));
            }
            (_, Balance::LeastRequest(rule)) => {
                // Past the second, counters that no other pick of this attempt comes to.
                let draw = |choice: u32| {
                    draw(if choice < 2 { u64::from(choice) + draws::HOST } else { u64::from(choice) << 8 })
                };
                match rule {
                    LeastRequest { full_scan: true, .. } => least_request::full_scan(list.len(), active, draw),
                    LeastRequest { distinct: true, choices, .. } => {
                        least_request::choose_distinct(list.len(), active, choices, draw)
                    }
                    LeastRequest { choices, .. } => least_request::choose(list.len(), active, choices, draw),
                }
            }
            (_, Balance::WeightedRandom) => around.drawn(list, unit(draw(draws::HOST))),
            (_, Balance::RoundRobin) => {
                *turn += 1;
                round_robin::choose(list.len(), *turn - 1)
            }
            _ => random::choose(list.len(), aim),
        };
        Some(list[index])
    }
}

/// What a choice looks at and does not change.
struct Around<'a> {
    view: &'a View,
    set: &'a HostSet,
    policy: &'a Policy,
    seen: &'a Seen,
    members: Option<&'a Members>,
    hosts: &'a [HostState],
    now: SimTime,
    key: u64,
    ejected: u32,
}

impl<'a> Around<'a> {
    /// The source of one request at a priority that does not panic.
    fn source(&self, sources: &mut Sources, (priority, class): (usize, Pool), draw: &impl Fn(u64) -> u64) -> Source {
        let cells = self.view.cells_of(priority);
        let cell = match &self.set.among {
            Among::Hosts => None,
            Among::WeightedLocalities => {
                let turns = sources.localities(priority, class);
                if matches!(turns, Localities::Unknown) {
                    *turns = self.localities(priority, class);
                }
                match turns {
                    Localities::Turns(turns) if self.policy.balance == Balance::WeightedRandom => {
                        Some(cells.start + turns.draw(unit(draw(draws::LOCALITY))))
                    }
                    Localities::Turns(turns) => Some(cells.start + turns.pick()),
                    _ => None,
                }
            }
            Among::Zones(_) if priority > 0 => None,
            Among::Zones(rule) => {
                let zones = sources.zones.get_or_insert_with(|| self.zones(rule));
                let enabled =
                    rule.enabled.get() >= 1.0 || (draw(draws::ENABLED) % 100) as f64 + 0.5 < rule.enabled.get() * 100.0;
                let chosen = if enabled { zones.routing.choose(draw(draws::STAYS), draw(draws::GOES)) } else { None };
                chosen.map(|zone| zones.cells[zone] as usize)
            }
        };
        cell.map_or(Source::Whole(class, priority), |cell| Source::Cell(class, cell))
    }

    fn localities(&self, priority: usize, class: Pool) -> Localities {
        let row = |cell: usize| {
            let locality = usize::from(self.view.cells[cell].locality);
            let known = self.members.map(|members| members.localities[locality]);
            let chosen = if class == Pool::Degraded { &self.seen.degraded } else { &self.seen.healthy };
            Locality {
                weight: known.unwrap_or_else(|| self.set.localities[locality].weight),
                total: self.all(cell..cell + 1).len() as u32,
                eligible: chosen.cell(cell).len() as u32,
                excluded: self.view.excluded(cell..cell + 1, |host| self.is_gone(host)),
            }
        };
        // Envoy begins anew at a place by chance.
        let gone = self.hosts.len() - self.members.map_or(self.hosts.len(), |members| members.all.len());
        let salt = u64::from(self.ejected) | (gone as u64) << 32;
        let seed = mix(mix(self.key, salt), priority as u64) as u32;
        let rows = self.view.cells_of(priority).map(row);
        locality_weighted::Turns::new(rows, self.policy.overprovisioning, seed)
            .map_or(Localities::None, Localities::Turns)
    }

    fn zones(&self, rule: &ZoneAware) -> Zones {
        // A locality that nobody is left of is not sent any more; one whose hosts are ejected is.
        let cells: Vec<usize> = self.view.cells_of(0).filter(|&cell| !self.all(cell..cell + 1).is_empty()).collect();
        let zone = |cell: &usize| {
            let locality = usize::from(self.view.cells[*cell].locality);
            (self.set.localities[locality].zone, self.seen.healthy.cell(*cell).len() as u32)
        };
        let (order, routing) = rule.routing(&cells.iter().map(zone).collect::<Vec<_>>());
        Zones { routing, cells: order.into_iter().map(|row| cells[row] as u32).collect() }
    }

    fn is_gone(&self, host: usize) -> bool {
        self.members.is_some_and(|members| members.gone[host])
    }

    fn all(&self, cells: std::ops::Range<usize>) -> &'a [u16] {
        self.members.map_or(&self.view.all, |members| &members.all).of(cells)
    }

    /// The hosts of a source.
    fn list(&self, source: Source) -> &'a [u16] {
        let (class, cells) = match source {
            Source::Whole(class, priority) => (class, self.view.cells_of(priority)),
            Source::Cell(class, cell) => (class, cell..cell + 1),
        };
        match class {
            Pool::Healthy => self.seen.healthy.of(cells),
            Pool::Degraded => self.seen.degraded.of(cells),
            Pool::All => self.all(cells),
        }
    }

    fn own_weight(&self, host: u16) -> u32 {
        self.members.map_or(&self.view.weights, |members| &members.weights)[usize::from(host)]
    }

    fn warmup(&self) -> Option<(&'a SlowStart, &'a Members)> {
        let warmup = self.policy.warmup.as_ref().zip(self.members)?;
        matches!(self.policy.balance, Balance::LeastRequest(_) | Balance::RoundRobin).then_some(warmup)
    }

    /// The weight of a host in turns, as it is now.
    fn weight(&self, host: u16) -> f64 {
        let own = f64::from(self.own_weight(host));
        let busy = match self.policy.balance {
            Balance::LeastRequest(rule) => least_request::weight(own, self.hosts[usize::from(host)].active, rule.bias),
            _ => own,
        };
        match self.warmup() {
            Some((rule, members)) => busy * members.factor(host, rule, self.now),
            None => busy,
        }
    }

    /// A host by its weight and nothing else.
    fn drawn(&self, list: &[u16], draw: f64) -> usize {
        let sum: u64 = list.iter().map(|&host| u64::from(self.own_weight(host))).sum();
        let (target, mut below) = ((draw * sum as f64) as u64, 0);
        let reaches = |host: &u16| {
            below += u64::from(self.own_weight(*host));
            target < below
        };
        list.iter().position(reaches).unwrap_or(list.len() - 1)
    }

    /// How a source's hosts are chosen from now on.
    fn state(&self, source: Source, tables: &mut Tables, id: HostSetId, world: &World) -> State {
        let (list, balance) = (self.list(source), self.policy.balance);
        if balance.hashes() {
            let Source::Whole(_, priority) = source else { unreachable!("what hashes has one list") };
            return State::Table(tables.of(world, id, balance, self.shares(source, priority)));
        }
        let equal = list.iter().all(|&host| self.own_weight(host) == self.own_weight(list[0]));
        let warms = self.warmup().is_some_and(|(rule, members)| members.warms(rule, self.now));
        let drawn = matches!(balance, Balance::Random | Balance::WeightedRandom);
        if list.len() < 2 || drawn || equal && !warms {
            return State::Equal;
        }
        let weights: Vec<f64> = list.iter().map(|&host| self.weight(host)).collect();
        State::Weighted(Edf::new(&weights, self.key as u32))
    }

    /// The shares of a priority's hosts: by weight, within localities by weight where those are chosen.
    fn shares(&self, source: Source, priority: usize) -> Vec<(u16, f64)> {
        let weighted = |hosts: &[u16]| hosts.iter().map(|&host| (host, self.own_weight(host))).collect::<Vec<_>>();
        if self.set.among != Among::WeightedLocalities {
            return hashing::shares(&[Weighted { weight: 1, hosts: &weighted(self.list(source)) }]);
        }
        let class = if let Source::Whole(class, _) = source { class } else { Pool::Healthy };
        let of_cell = |cell: usize| {
            let list = if class == Pool::All { self.all(cell..cell + 1) } else { self.seen.healthy.cell(cell) };
            let locality = usize::from(self.view.cells[cell].locality);
            let known = self.members.map(|members| members.localities[locality]);
            (known.unwrap_or_else(|| self.set.localities[locality].weight), weighted(list))
        };
        let rows: Vec<(u32, Vec<(u16, u32)>)> = self.view.cells_of(priority).map(of_cell).collect();
        let rows: Vec<Weighted<'_>> = rows.iter().map(|(weight, hosts)| Weighted { weight: *weight, hosts }).collect();
        hashing::shares(&rows)
    }

    /// The host that a hash comes to, where none may have much more than its share of what is under way.
    fn bound(&self, balance: Balance, host: u16, shares: &[(u16, f64)], hash: u64) -> u16 {
        let percent = match balance {
            Balance::RingHash(rule) => rule.bound,
            Balance::Maglev(rule) => rule.bound,
            _ => None,
        };
        let Some(percent) = percent else { return host };
        let all = self.hosts.iter().map(|host| u64::from(host.active)).sum();
        let active = |host: u16| self.hosts[usize::from(host)].active;
        hashing::bounded(host, shares, percent, hash, (active, all), &mut Vec::new())
    }
}

/// A draw as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
