//! What comes more than once, or by chance: a run's faults, drawn from its seed before its first event.

use super::{Change, Effect, Fault, FaultId, Target, World};
use crate::fault::{Common, Draw, Flap, Renewal, Span, weather};
use crate::units::{Duration, SimTime};

/// How long before a run its weather has begun: what is down by then has long been missed by those who look now and then
/// (a node's grace period, a kernel that gives up after 15 minutes).
const LEAD: Duration = Duration::from_secs(3_600);

/// Of so many components failures are drawn at a time.
const TOGETHER: usize = 64;

/// A fault of which more than one beginning and one end is to be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Weather {
    /// Whose.
    pub fault: FaultId,
    /// When it comes.
    pub when: When,
    /// It comes and goes within.
    pub flap: Option<Flap>,
    /// What it comes to, each by itself.
    pub components: Vec<Component>,
}

/// When a fault comes.
#[derive(Clone, PartialEq, Debug)]
pub enum When {
    /// At these times: nanoseconds from t = 0, ascending; and to each component with this chance, drawn once for a run.
    Told(Vec<(Span, f64)>),
    /// By failures and repairs, of each component or of several at once.
    Drawn {
        /// Times up and down of one component.
        renewal: Renewal,
        /// Failures that components share.
        common: Option<Common>,
    },
}

impl When {
    /// Once.
    pub fn once(at: SimTime, lasts: Duration) -> When {
        When::at([(at.nanos().cast_signed(), (at + lasts).nanos().cast_signed())])
    }

    /// At these times, for certain.
    pub fn at(spans: impl IntoIterator<Item = Span>) -> When {
        When::Told(spans.into_iter().map(|span| (span, 1.0)).collect())
    }

    /// Its times, where they are known.
    pub fn told(&self) -> Vec<Span> {
        match self {
            When::Told(spans) => spans.iter().map(|&(span, _)| span).collect(),
            When::Drawn { .. } => Vec::new(),
        }
    }
}

/// Something that fails by itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Component {
    /// By this name its luck is drawn: `replica/orders@east#2`.
    pub name: String,
    /// What happens to it.
    pub acts: Vec<Act>,
}

/// What a fault does to one target.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Act {
    /// What.
    pub target: Target,
    /// What happens to it.
    pub effect: Effect,
    /// It lasts no longer than this, whatever the fault does: something else takes over.
    pub at_most: Option<Duration>,
}

/// A fault of several phases, each with what happens to whom in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Phased {
    /// The name under `faults:`.
    pub name: String,
    /// What it hits.
    pub hit: String,
    /// From its first phase to its last, nanoseconds from t = 0.
    pub window: Span,
    /// How long after its end its window still lasts.
    pub recovery: Duration,
    /// What happens to whom, and when, ascending.
    pub parts: Vec<(Vec<Span>, Component)>,
}

/// All that faults do in one run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Forecast {
    /// Changes with their dates, nanoseconds from t = 0 (the fill and what came before it lie below zero), in order. A
    /// date stands in place of the change's own, which knows no time before t = 0.
    pub changes: Vec<(i64, Change)>,
    /// By fault: from when to when it lasts, nanoseconds from t = 0; they may overlap.
    pub spans: Vec<Vec<Span>>,
}

impl World {
    /// Appends a fault of several phases under one name, with one window.
    pub fn replay(&mut self, said: Phased) -> FaultId {
        let (spans, recovery) = (vec![said.window], said.recovery);
        let fault = self.faults.push(Fault { name: said.name, hits: said.hit, spans, recovery });
        self.weather.extend(said.parts.into_iter().map(|(spans, component)| Weather {
            fault,
            when: When::at(spans),
            flap: None,
            components: vec![component],
        }));
        fault
    }

    /// What faults do in this replication: what is scheduled and what is drawn, in total order. Where nothing is drawn
    /// it is the same in all.
    pub fn forecast(&self, seed: u64, replication: u32) -> Forecast {
        self.forecast_while(seed, replication, &|| true).expect("nobody stops it")
    }

    /// The same while `on`, asked for each component, says so: tens of thousands of failures take a while. None where it
    /// said no.
    pub fn forecast_while(&self, seed: u64, replication: u32, on: &dyn Fn() -> bool) -> Option<Forecast> {
        let scheduled = self.changes.iter().map(|change| (change.at.nanos().cast_signed(), *change));
        let mut changes: Vec<(i64, Change)> = scheduled.collect();
        let mut spans: Vec<Vec<Span>> = self.faults.rows().iter().map(|fault| fault.spans.clone()).collect();
        for weather in &self.weather {
            let name = &self.faults[weather.fault].name;
            let each = weather.each(Draw { seed, replication, fault: name, component: name }, self.times(), on)?;
            for (component, times) in weather.components.iter().zip(each) {
                on().then_some(())?;
                for span in times {
                    if matches!(weather.when, When::Drawn { .. }) {
                        spans[weather.fault.0 as usize].push(span);
                    }
                    let acting = weather.flap.map_or_else(|| vec![span], |flap| flap.within(span));
                    changes.extend(acting.into_iter().flat_map(|span| dated(component, weather.fault, span)));
                }
            }
        }
        // Stable: at one instant the order of the scenario holds.
        changes.sort_by_key(|&(at, _)| at);
        Some(Forecast { changes, spans })
    }

    /// The changes of [`World::forecast`].
    pub fn changes_of(&self, seed: u64, replication: u32) -> Vec<(i64, Change)> {
        self.forecast(seed, replication).changes
    }

    /// From when to when weather matters to a run, nanoseconds from t = 0.
    fn times(&self) -> Span {
        let (begin, end) = self.plan.simulated();
        (begin - LEAD.nanos().cast_signed(), end)
    }
}

impl Weather {
    /// By component: when it comes to it; none where `on` said no.
    fn each(&self, draw: Draw<'_>, (from, to): Span, on: &dyn Fn() -> bool) -> Option<Vec<Vec<Span>>> {
        let names: Vec<String> = self.components.iter().map(|component| component.name.clone()).collect();
        match &self.when {
            When::Told(times) => names
                .iter()
                .map(|component| {
                    on().then_some(())?;
                    let luck = draw.of(component).luck();
                    let taken =
                        times.iter().filter(|((begins, ends), chance)| luck < *chance && from < *ends && *begins < to);
                    Some(joined(taken.map(|&(span, _)| span)))
                })
                .collect(),
            // A draw is by its component's name: whoever is drawn beside it changes nothing.
            When::Drawn { renewal, common } => names
                .chunks(TOGETHER)
                .map(|names| on().then(|| weather(renewal, *common, draw, names, from, to)))
                .try_fold(Vec::new(), |mut all, some| {
                    all.extend(some?);
                    Some(all)
                }),
        }
    }
}

/// Spans that meet made one: nothing ends and begins at once.
fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = last.1.max(to),
            None => joined.push((from, to)),
        }
    }
    joined
}

/// Beginnings and ends of what happens to a component in a span.
fn dated(component: &Component, fault: FaultId, (from, to): Span) -> impl Iterator<Item = (i64, Change)> + '_ {
    component.acts.iter().flat_map(move |act| {
        let longest = act.at_most.map_or(i64::MAX, |most| from.saturating_add(most.nanos().cast_signed()));
        let change = move |at: i64, begins| {
            let date = SimTime::from_nanos(at.max(0).cast_unsigned());
            (at, Change { at: date, fault, target: act.target, effect: act.effect, begins })
        };
        [change(from, true), change(to.min(longest), false)]
    })
}

#[cfg(test)]
mod tests {
    use super::super::PlaceId;
    use super::*;
    use crate::fault::Manner;
    use crate::random::Law;

    const SECOND: i64 = 1_000_000_000;

    fn component(number: u32, at_most: Option<Duration>) -> Component {
        let act = Act { target: Target::Place(PlaceId(number)), effect: Effect::Down(Manner::Silent), at_most };
        Component { name: format!("zone/r/{number}"), acts: vec![act] }
    }

    fn world(when: When, flap: Option<Flap>, components: Vec<Component>) -> World {
        let mut world = World::default();
        world.plan.fill = Duration::from_secs(60);
        world.plan.horizon = Duration::from_secs(600);
        let (spans, recovery) = (when.told(), Duration::ZERO);
        let fault = world.faults.push(Fault { name: "w".into(), hits: "zone/*".into(), spans, recovery });
        world.weather.push(Weather { fault, when, flap, components });
        world
    }

    fn dates(forecast: &Forecast, target: u32) -> Vec<(i64, bool)> {
        let of = |change: &&(i64, Change)| change.1.target == Target::Place(PlaceId(target));
        forecast.changes.iter().filter(of).map(|(at, change)| (at / SECOND, change.begins)).collect()
    }

    #[test]
    fn what_is_told_comes_at_its_times_in_every_replication() {
        let when = When::at([(-10 * SECOND, 5 * SECOND), (100 * SECOND, 130 * SECOND)]);
        let world = world(when, None, vec![component(0, None), component(1, Some(Duration::from_secs(20)))]);
        let forecast = world.forecast(1, 0);
        assert_eq!(forecast, world.forecast(2, 7));
        assert_eq!(dates(&forecast, 0), [(-10, true), (5, false), (100, true), (130, false)]);
        // Something takes over after 20 s.
        assert_eq!(dates(&forecast, 1), [(-10, true), (5, false), (100, true), (120, false)]);
        assert_eq!(forecast.spans, [vec![(-10 * SECOND, 5 * SECOND), (100 * SECOND, 130 * SECOND)]]);
        assert!(forecast.changes.is_sorted_by_key(|change| change.0));
    }

    #[test]
    fn drawing_stops_within_a_few_components_when_it_is_told_to() {
        let renewal = Renewal { up: Law::Exponential { mean: 1.0 }, down: Law::Exponential { mean: 1.0 } };
        let components = (0..1000).map(|number| component(number, None)).collect();
        let world = world(When::Drawn { renewal, common: None }, None, components);
        let asked = std::cell::Cell::new(0_u32);
        let no_more_than = |most: u32| {
            asked.set(0);
            world.forecast_while(1, 0, &|| {
                asked.set(asked.get() + 1);
                asked.get() <= most
            })
        };
        assert_eq!(no_more_than(u32::MAX), Some(world.forecast(1, 0)));
        let all = asked.get();
        assert!(all > 1000, "each component asks: {all}");
        for most in [0, 5, all / 2] {
            assert_eq!((no_more_than(most), asked.get()), (None, most + 1), "and nothing is done after a no");
        }
    }

    #[test]
    fn flapping_leaves_the_window_whole() {
        let flap = Flap { down: Duration::from_secs(2), up: Duration::from_secs(3) };
        let world = world(When::at([(0, 9 * SECOND)]), Some(flap), vec![component(0, None)]);
        let forecast = world.forecast(1, 0);
        assert_eq!(dates(&forecast, 0), [(0, true), (2, false), (5, true), (7, false)]);
        assert_eq!(forecast.spans, [vec![(0, 9 * SECOND)]]);
    }

    #[test]
    fn a_share_takes_each_with_that_chance_and_more_of_it_takes_the_same_and_more() {
        let phases = vec![((0, SECOND), 0.3), ((SECOND, 2 * SECOND), 0.8), ((2 * SECOND, 3 * SECOND), 1.0)];
        let world = world(When::Told(phases), None, (0..1_000).map(|number| component(number, None)).collect());
        let forecast = world.forecast(5, 1);
        let begins = |at: i64| forecast.changes.iter().filter(|(date, change)| *date == at && change.begins).count();
        // Who is down stays down: nobody comes back for an instant.
        assert!(forecast.changes.iter().all(|(at, change)| change.begins || *at == 3 * SECOND));
        assert_eq!(begins(0) + begins(SECOND) + begins(2 * SECOND), 1_000);
        assert!((250..350).contains(&begins(0)) && (450..550).contains(&begins(SECOND)), "{}", begins(0));
        assert_ne!(forecast, world.forecast(5, 2));
    }

    #[test]
    fn what_is_drawn_has_windows_of_its_own_and_begins_before_the_run() {
        let law = |mean| Law::Exponential { mean };
        let renewal = Renewal { up: law(300.0), down: law(60.0) };
        let when = When::Drawn { renewal, common: None };
        let world = world(when, None, (0..50).map(|number| component(number, None)).collect());
        let forecast = world.forecast(5, 1);
        let downs = forecast.changes.iter().filter(|(_, change)| change.begins).count();
        assert_eq!(downs, forecast.spans[0].len());
        let before = forecast.changes.iter().filter(|(at, _)| *at < -60 * SECOND).count();
        assert!(before > 0, "an hour of it lies before the run");
        // 50 components, 4260 s, a failure in 360 s: 592.
        assert!((500..680).contains(&downs), "{downs}");
        assert_ne!(world.forecast(5, 2).spans, forecast.spans);
        assert_eq!(world.changes_of(5, 1), forecast.changes);
    }

    #[test]
    fn without_weather_there_is_only_what_is_scheduled() {
        assert_eq!(World::default().forecast(1, 0), Forecast::default());
    }
}
