//! What carries bytes, whatever product rides on it: zones, the provider's backbone, the public internet.
//!
//! Figures come from the books at the chosen end of their range, or from the scenario where it knows better.

use super::contract::{Board, Count, Fee, Hop, Line, Role, Trip};
use crate::provider::{
    Books, Level, LossProfile, Part, PathClass, PricedBy, Provider, PublicDirection, PublicLine, Status,
};
use crate::random::Law;
use crate::topology::{Cap, Ground, HourLaw, Loss, RegionId, ZoneId};
use crate::units::Duration;

/// Which end of the uncertain figures a world is compiled with. Products that share a figure move together: CEN,
/// peering and PrivateLink ride one backbone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Inputs {
    /// Round trips over the backbone, and with them what else a book of delays says of paths and proxies: jitter, the
    /// backbone's loss, zones, hops, and the work of sidecars and gateways.
    pub rtt: Level,
    /// Round trip on the public path relative to the backbone.
    pub public: Level,
    /// Prices (a bill carries all three; this says which one a single figure uses).
    pub prices: Level,
    /// Loss of the public path where the scenario does not state it.
    pub loss: LossProfile,
}

impl Default for Inputs {
    fn default() -> Self {
        Inputs { rtt: Level::Mid, public: Level::Mid, prices: Level::Mid, loss: LossProfile::Typical }
    }
}

/// What the scenario knows better than the book about the backbone between two regions.
#[derive(Clone, PartialEq, Debug)]
pub struct Override {
    /// The pair.
    pub between: (RegionId, RegionId),
    /// It holds from the first to the second only, not the other way.
    pub one_way: bool,
    /// Fixed part of the round trip, of both directions.
    pub rtt: Option<Duration>,
    /// Fixed part of the delay, of each direction that it holds for; wins over `rtt`.
    pub delay: Option<Duration>,
    /// Extra delay one way; the inner none: no jitter at all.
    pub jitter: Option<Option<Law>>,
    /// Factor of the extra delay by hour of the day.
    pub jitter_factor: Option<HourLaw>,
    /// Chance that a packet is lost, each direction that it holds for.
    pub loss: Option<Loss>,
    /// Factor of the loss by hour of the day, also of the book's.
    pub loss_factor: Option<HourLaw>,
    /// What the physical link passes, each direction that it holds for.
    pub cap: Option<Cap>,
}

impl Override {
    /// Nothing is known better between these two, yet.
    pub const fn between(a: RegionId, b: RegionId) -> Self {
        Override {
            between: (a, b),
            one_way: false,
            rtt: None,
            delay: None,
            jitter: None,
            jitter_factor: None,
            loss: None,
            loss_factor: None,
            cap: None,
        }
    }

    /// Does it hold from `from` to `to`?
    pub fn holds(&self, from: RegionId, to: RegionId) -> bool {
        self.between == (from, to) || !self.one_way && self.between == (to, from)
    }
}

/// What the scenario knows better than the book about a region's own network.
#[derive(Clone, PartialEq, Debug)]
pub struct Inside {
    /// The region.
    pub region: RegionId,
    /// Inside one zone, or between two.
    pub same_zone: bool,
    /// Fixed part of the round trip.
    pub rtt: Duration,
    /// Extra delay one way; none: no jitter at all.
    pub jitter: Option<Law>,
}

/// Loss of the public path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PublicLoss {
    /// A profile of the book, by direction and hour.
    Profile(LossProfile),
    /// The same all day.
    Flat(f64),
}

/// One item that a fee is charged by.
#[derive(Clone, PartialEq, Debug)]
pub struct Item<'a> {
    /// Its key in the price book.
    pub name: &'a str,
    /// What it counts.
    pub count: Count,
    /// Where the bytes go, if that decides the price.
    pub to: Option<RegionId>,
    /// Is it an estimate that this item charges for it?
    pub estimated: bool,
}

/// The ground, the books and what overrides them.
#[derive(Clone, Debug)]
pub struct Carrier<'a> {
    /// Where things stand.
    pub ground: &'a Ground,
    /// The books.
    pub books: &'a Books,
    /// Which end of their ranges.
    pub inputs: Inputs,
    /// What the scenario knows better of pairs of regions.
    pub overrides: &'a [Override],
    /// What it knows better of a region's own network.
    pub insides: &'a [Inside],
}

impl Carrier<'_> {
    /// The name of a region.
    pub fn region(&self, region: RegionId) -> &str {
        &self.ground.regions[region].name
    }

    /// Whose a region is; none: nobody's with a book.
    pub fn provider(&self, region: RegionId) -> Option<Provider> {
        Provider::split(self.ground.regions[region].is.as_ref()?).map(|(provider, _)| provider)
    }

    /// What a fee comes to under the rules of the provider of the region where it stands: items of the price book, what each
    /// counts, and where to where it is priced. A region of nobody's is charged as Alibaba's are, at the prices that hold
    /// everywhere.
    pub fn items<'a>(&'a self, fee: &'a Fee) -> impl Iterator<Item = Item<'a>> {
        let provider = self.provider(fee.at).unwrap_or_default();
        self.books.charged(fee.rule, provider).map(|row| Item {
            name: &row.item,
            count: fee.count.clone().seen(row.counts),
            to: fee.to.filter(|_| row.by == PricedBy::Pair),
            estimated: row.status == Status::Estimated,
        })
    }

    /// What the provider of a region calls a part of a product; Alibaba's word where it is nobody's.
    pub fn calls(&self, region: RegionId, part: Part) -> &'static str {
        part.at(self.provider(region).unwrap_or_default())
    }

    /// For how long a connection through a balancer of a region may be idle, as its provider sets it.
    pub fn balancer_idle(&self, region: RegionId) -> Option<Duration> {
        self.idle(region, "nlb.idle")
    }

    /// The same through a NAT gateway; none: not known.
    pub fn nat_idle(&self, region: RegionId) -> Option<Duration> {
        self.idle(region, "nat.idle")
    }

    fn idle(&self, region: RegionId, key: &str) -> Option<Duration> {
        let provider = self.provider(region).unwrap_or_default();
        self.books.limit_of(provider, key).and_then(|row| row.value).map(Duration::from_seconds_f64)
    }

    /// A delay of the latency book, such as `hop.nlb`, at the end of its range that round trips are taken at: the
    /// book's delays share their sources, so they move together.
    pub fn delay(&self, key: &str) -> Duration {
        self.books.latency(key).expect("the latency book has every hop").duration(self.inputs.rtt)
    }

    /// Jitter of a class of paths, one way, at the same end.
    pub(super) fn jitter(&self, class: PathClass) -> Law {
        let (p50, p99) = self.books.jitter(class);
        one_way(p50.at(self.inputs.rtt) / 1e3, p99.at(self.inputs.rtt) / 1e3)
    }

    /// What the scenario knows of the way from `a` to `b`.
    fn overridden(&self, a: RegionId, b: RegionId) -> Option<&Override> {
        self.overrides.iter().find(|o| o.holds(a, b))
    }

    /// One way over the backbone, without jitter: as the scenario says of this direction, else half a round trip.
    fn one_way(&self, from: RegionId, to: RegionId) -> Option<Duration> {
        let known = self.overridden(from, to).and_then(|o| o.delay);
        known.or_else(|| self.round_trip(from, to).map(half))
    }

    /// Round trip where nothing is known of single directions.
    fn round_trip(&self, a: RegionId, b: RegionId) -> Option<Duration> {
        let known = [(a, b), (b, a)].into_iter().find_map(|(a, b)| self.overridden(a, b).and_then(|o| o.rtt));
        if known.is_some() {
            return known;
        }
        let (a, b) = (self.ground.regions[a].is.as_ref()?, self.ground.regions[b].is.as_ref()?);
        self.books.rtt(a, b).map(|rtt| rtt.at(self.inputs.rtt))
    }

    /// Round trip over the backbone between two regions; none: neither the scenario nor the book knows it.
    pub fn rtt(&self, a: RegionId, b: RegionId) -> Option<Duration> {
        let directed = |a, b| self.overridden(a, b).is_some_and(|o| o.delay.is_some());
        if directed(a, b) || directed(b, a) {
            return Some(self.one_way(a, b)? + self.one_way(b, a)?);
        }
        self.round_trip(a, b)
    }

    /// Is the region in mainland China?
    pub fn mainland(&self, region: RegionId) -> bool {
        let is = self.ground.regions[region].is.as_ref();
        is.and_then(|is| self.books.region(is)).is_some_and(|region| region.mainland())
    }

    /// Round trip inside a zone of a region, or between two of its zones, and its jitter one way.
    pub(super) fn inside(&self, region: RegionId, same_zone: bool) -> (Duration, Option<Law>) {
        if let Some(known) = self.insides.iter().find(|i| i.region == region && i.same_zone == same_zone) {
            return (known.rtt, known.jitter.clone());
        }
        let key = if same_zone { "zone.same.rtt" } else { "zone.cross.rtt" };
        (self.delay(key), Some(self.jitter(PathClass::SameRegion)))
    }

    /// Between two zones of a region, or inside one: the region's own network, outside any product.
    pub fn zones(&self, board: &mut Board, from: ZoneId, to: ZoneId) -> Hop {
        let line = |from: ZoneId, to: ZoneId| {
            let (a, b) = (&self.ground.zones[from], &self.ground.zones[to]);
            let (region, same) = (self.region(a.region), from == to);
            let (rtt, jitter) = self.inside(a.region, same);
            let name =
                if same { format!("{region}/{}", a.name) } else { format!("{region}: {} -> {}", a.name, b.name) };
            Line {
                name,
                delay: half(rtt),
                jitter: jitter.map(|law| (law, HourLaw::flat(1.0))),
                loss: None,
                cap: None,
                role: Role::Local,
                zone: None,
            }
        };
        if from == to { board.part(line(from, to)) } else { board.hop(line(from, to), line(to, from)) }
    }

    /// The backbone between two regions; `class` is Gold or Platinum.
    pub fn backbone(&self, board: &mut Board, from: RegionId, to: RegionId, class: PathClass) -> Hop {
        let word = if class == PathClass::Gold { "backbone" } else { "backbone (platinum)" };
        let loss_key = format!("loss.{}", class.word());
        let line = |from: RegionId, to: RegionId| {
            let known = self.overridden(from, to);
            let jitter = known.and_then(|o| o.jitter.clone()).unwrap_or_else(|| Some(self.jitter(class)));
            let book = || self.books.latency(&loss_key).map(|row| Loss::flat(row.at(self.inputs.rtt)));
            let loss = known.and_then(|o| o.loss).or_else(book);
            let loss = match known.and_then(|o| o.loss_factor) {
                Some(factor) => loss.map(|loss| loss.scaled(&factor)),
                None => loss,
            };
            let factor = known.and_then(|o| o.jitter_factor).unwrap_or(HourLaw::flat(1.0));
            Line {
                name: format!("{word} {} -> {}", self.region(from), self.region(to)),
                delay: self.one_way(from, to).expect("a trip between regions of unknown distance was refused"),
                jitter: jitter.map(|law| (law, factor)),
                loss: loss.filter(|loss| !loss.is_nothing()),
                cap: known.and_then(|o| o.cap),
                role: Role::Backbone(from, to),
                zone: None,
            }
        };
        board.hop(line(from, to), line(to, from))
    }

    /// The public internet between two regions (or inside one), over a carrier line.
    pub fn internet(
        &self,
        board: &mut Board,
        from: RegionId,
        to: RegionId,
        loss: PublicLoss,
        carrier_line: PublicLine,
    ) -> Hop {
        let word = if carrier_line == PublicLine::Bgp { "internet" } else { "internet (bgp-pro)" };
        let line = |from: RegionId, to: RegionId| {
            let rtt = if from == to {
                self.inside(from, false).0
            } else {
                self.rtt(from, to).expect("a trip between regions of unknown distance was refused")
            };
            let ratio = self.books.latency("public.ratio").expect("the latency book has the public ratio");
            let way = PublicDirection::between(self.mainland(from), self.mainland(to));
            let profile = match loss {
                PublicLoss::Profile(profile) => profile,
                PublicLoss::Flat(_) => self.inputs.loss,
            };
            let row = self.books.loss(profile, way, carrier_line);
            let at_zero = self.border_clock(from, to);
            let law = one_way(row.jitter_p50_rtt_ms / 1e3, row.jitter_p99_rtt_ms / 1e3);
            // A law is drawn once and scaled by the hour: the evening's factor keeps the evening's mean.
            let evening = mean(row.evening_jitter_p50_rtt_ms, row.evening_jitter_p99_rtt_ms)
                / mean(row.jitter_p50_rtt_ms, row.jitter_p99_rtt_ms);
            let chance = match loss {
                PublicLoss::Profile(_) => HourLaw { values: row.loss_by_hour(), at_zero },
                PublicLoss::Flat(chance) => HourLaw::flat(chance),
            };
            Line {
                name: format!("{word} {} -> {}", self.region(from), self.region(to)),
                delay: half(rtt.scaled(ratio.at(self.inputs.public))),
                jitter: Some((law, HourLaw { values: row.by_hour(1.0, evening), at_zero })),
                loss: Some(Loss::by_hour(chance)).filter(|loss| !loss.is_nothing()),
                cap: None,
                role: Role::Internet(from, to),
                zone: None,
            }
        };
        if from == to { board.part(line(from, to)) } else { board.hop(line(from, to), line(to, from)) }
    }

    /// The day's clock of a public path: the mainland's where it has an end there, for its bottleneck is there.
    fn border_clock(&self, a: RegionId, b: RegionId) -> Duration {
        let clock = if self.mainland(b) { b } else { a };
        self.ground.regions[clock].at_zero
    }
}

/// What crossing the mainland's border asks for, where a trip does.
pub(super) fn border_note(carrier: &Carrier<'_>, trip: &Trip<'_>) -> Option<String> {
    let (a, b) = (carrier.ground.region_of(trip.from.vpc), carrier.ground.region_of(trip.to.vpc));
    (carrier.mainland(a) != carrier.mainland(b)).then(|| {
        let (a, b) = (carrier.region(a.min(b)), carrier.region(a.max(b)));
        format!("{a} - {b} crosses the mainland's border: a regulated carrier service, with real-name registration and approval")
    })
}

/// Half of a round trip.
pub(super) fn half(rtt: Duration) -> Duration {
    Duration::from_nanos(rtt.nanos() / 2)
}

/// z with P(Z <= z) = 0.99 for a standard normal Z.
const Z99: f64 = 2.326_347_874_040_841;

/// Mean of a lognormal law with this median and p99.
fn mean(p50: f64, p99: f64) -> f64 {
    let sigma = libm::log(p99 / p50) / Z99;
    p50 * libm::exp(sigma * sigma / 2.0)
}

/// The one-way share of a lognormal round-trip delay with this median and p99, seconds: half its mean and half its
/// variance, so that the two ways together have the round trip's mean and variance exactly.
pub fn one_way(p50: f64, p99: f64) -> Law {
    let sigma = libm::log(p99 / p50) / Z99;
    let square = sigma * sigma;
    // Variance over squared mean is exp(s^2) - 1 for the sum, twice that for each of two equal parts.
    let part = libm::log(1.0 + 2.0 * (libm::exp(square) - 1.0));
    Law::Lognormal { mu: libm::log(mean(p50, p99) / 2.0) - part / 2.0, sigma: part.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_have_the_round_trips_mean_and_variance() {
        let (p50, p99) = (0.5, 6.0);
        let sigma = libm::log(p99 / p50) / Z99;
        let variance = (libm::exp(sigma * sigma) - 1.0) * mean(p50, p99) * mean(p50, p99);
        let Law::Lognormal { mu, sigma: part } = one_way(p50, p99) else { panic!("lognormal") };
        let one = libm::exp(mu + part * part / 2.0);
        let var = (libm::exp(part * part) - 1.0) * one * one;
        assert!((2.0 * one / mean(p50, p99) - 1.0).abs() < 1e-12);
        assert!((2.0 * var / variance - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_lognormal_with_no_spread_is_half_its_median() {
        let Law::Lognormal { mu, sigma } = one_way(0.004, 0.004) else { panic!("lognormal") };
        assert!((libm::exp(mu) - 0.002).abs() < 1e-15);
        assert_eq!(sigma, 0.0);
    }
}
