//! The components alone, without a request, for thousands of months: what a month loses, and how often it keeps an
//! objective. Laws of repair are as they are assumed, crews mend in the order of failure.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use super::figures::Unknown;
use super::group::Repair;
use super::model::{Model, Times};
use super::states::State;
use crate::random::Key;

/// Hours of a month of 30 days.
pub const MONTH_H: f64 = 720.0;

/// Failures that are drawn, about, at most.
const EVENTS: f64 = 5e7;
/// Months that are drawn at least.
const MONTHS_LEAST: usize = 100;

/// What is lost by state in one reckoning of the same components.
struct Lane<'m> {
    model: &'m Model,
    known: BTreeMap<&'m State, f64>,
    singles: BTreeMap<(usize, u32), f64>,
    unknown: Unknown,
}

impl<'m> Lane<'m> {
    fn new((model, unknown): (&'m Model, Unknown)) -> Self {
        let known = || model.states.iter().zip(model.loss.iter().copied());
        let singles = known().filter(|(state, _)| state.len() == 1).map(|(state, loss)| (state[0], loss));
        Lane { model, known: known().collect(), singles: singles.collect(), unknown }
    }

    fn loss(&self, state: &State) -> f64 {
        let loss = self.known.get(state).copied().unwrap_or_else(|| match self.unknown {
            Unknown::Reckoned => self.sum_of(state),
            Unknown::Least => self.model.base,
            Unknown::Most => 1.0,
        });
        // What the events count as they come is not lost twice.
        loss - self.model.twice(state)
    }
}

impl Lane<'_> {
    /// What a state loses that is not among those of the model: each component for itself, and not less than the states do
    /// in which one unit fewer is down.
    fn sum_of(&self, state: &State) -> f64 {
        let base = self.model.base;
        let lost = |part: &(usize, u32)| match self.singles.get(part) {
            Some(loss) => loss - base + if part.1 == 1 { self.model.by_event[part.0] } else { 0.0 },
            // More units than are told apart.
            None => 1.0 - base,
        };
        let sum = base + state.iter().map(lost).sum::<f64>();
        let fewer = |place: usize| {
            let mut fewer = state.clone();
            match fewer[place].1 {
                1 => drop(fewer.remove(place)),
                _ => fewer[place].1 -= 1,
            }
            self.known.get(&fewer).copied().unwrap_or(base)
        };
        (0..state.len()).map(fewer).fold(sum, f64::max).min(1.0)
    }
}

/// A unit's next turn: hours in nanoseconds so that turns have a total order, the component, the unit.
type Turn = Reverse<(u64, usize, u32)>;

struct Unit {
    key: Key,
    draws: u64,
    is_up: bool,
}

/// The share lost in each of so many months, one after the other.
pub fn months(model: &Model, seed: u64, count: usize) -> Vec<f64> {
    let [months] = lanes([(model, Unknown::Reckoned)], seed, count, &|| false);
    months
}

/// The same months by several reckonings of what the states of the same components lose. Fewer of them where very much fails
/// in each; whoever stops it gets what was drawn until then and must not use it.
pub(super) fn lanes<const N: usize>(
    of: [(&Model, Unknown); N],
    seed: u64,
    count: usize,
    stopped: &dyn Fn() -> bool,
) -> [Vec<f64>; N] {
    let model = of[0].0;
    let events = model.failures(&Times::new()).iter().sum::<f64>() * MONTH_H;
    let count = count.min((EVENTS / events.max(1.0)) as usize).max(MONTHS_LEAST);
    let lanes = of.map(Lane::new);
    let groups: Vec<_> = model.components.iter().map(|component| component.group(1.0)).collect();
    let crews: Vec<u32> = groups
        .iter()
        .map(|group| match group.repair {
            Repair::Each => group.n,
            Repair::Crews(crews) => crews,
        })
        .collect();
    let mut units: Vec<Vec<Unit>> = Vec::new();
    let mut turns: BinaryHeap<Turn> = BinaryHeap::new();
    for (index, (component, group)) in model.components.iter().zip(&groups).enumerate() {
        let mut own = Vec::new();
        for number in 0..group.n {
            let key = Key::new(seed, number, &component.name, "months");
            let mut unit = Unit { key, draws: 0, is_up: true };
            turns.push(Reverse((up(&mut unit, group.mean_up), index, number)));
            own.push(unit);
        }
        units.push(own);
    }
    let (mut waiting, mut mending) = (vec![VecDeque::new(); groups.len()], vec![0u32; groups.len()]);
    let mut down: BTreeMap<usize, u32> = BTreeMap::new();
    let mut lost: [Vec<f64>; N] = std::array::from_fn(|_| vec![0.0; count]);
    let mut now = 0u64;
    let mut rates: [f64; N] = std::array::from_fn(|lane| lanes[lane].model.base);
    let end = ticks(MONTH_H) * count as u64;
    let mut turned = 0u64;
    while now < end {
        turned += 1;
        if turned.is_multiple_of(1 << 16) && stopped() {
            break;
        }
        let Some(Reverse((at, component, unit))) = turns.pop() else { break };
        lost.iter_mut().zip(rates).for_each(|(lost, rate)| spread(lost, now, at.min(end), rate));
        now = at;
        if now >= end {
            break;
        }
        let of = &mut units[component][unit as usize];
        of.is_up = !of.is_up;
        if of.is_up {
            turns.push(Reverse((now + up(of, groups[component].mean_up), component, unit)));
            mending[component] -= 1;
            leave(&mut down, component);
        } else {
            let month = (now / ticks(MONTH_H)) as usize;
            for (lost, lane) in lost.iter_mut().zip(&lanes) {
                lost[month] += lane.model.moving_s[component] / 3600.0 / MONTH_H;
            }
            waiting[component].push_back(unit);
            *down.entry(component).or_insert(0) += 1;
        }
        while mending[component] < crews[component]
            && let Some(next) = waiting[component].pop_front()
        {
            mending[component] += 1;
            let of = &mut units[component][next as usize];
            let hours = model.components[component].down.sample(draw(of));
            let month = (now / ticks(MONTH_H)) as usize;
            for (lost, lane) in lost.iter_mut().zip(&lanes) {
                lost[month] +=
                    lane.model.by_length[component] * (hours - model.components[component].mean_down_h) / MONTH_H;
            }
            let missing = hours + model.components[component].lag_h();
            turns.push(Reverse((now + ticks(missing).max(1), component, next)));
        }
        let state: State = down.iter().map(|(&component, &count)| (component, count)).collect();
        rates = std::array::from_fn(|lane| lanes[lane].loss(&state));
    }
    lost
}

fn leave(down: &mut BTreeMap<usize, u32>, component: usize) {
    let count = down.get_mut(&component).expect("who is mended was down");
    *count -= 1;
    if *count == 0 {
        down.remove(&component);
    }
}

fn draw(unit: &mut Unit) -> f64 {
    unit.draws += 1;
    unit.key.uniform(unit.draws)
}

fn up(unit: &mut Unit, mean_h: f64) -> u64 {
    ticks(-mean_h * libm::log(draw(unit))).max(1)
}

/// Hours in microseconds.
fn ticks(hours: f64) -> u64 {
    (hours * 3.6e9) as u64
}

/// Adds `rate` of the time from `from` to `to` to the months that it lies in.
fn spread(lost: &mut [f64], from: u64, to: u64, rate: f64) {
    let month = ticks(MONTH_H);
    let mut at = from;
    while at < to {
        let number = (at / month) as usize;
        let until = to.min((number as u64 + 1) * month);
        lost[number] += rate * (until - at) as f64 / month as f64;
        at = until;
    }
}

/// The mean of the months and half of its 95 % interval.
pub fn mean(months: &[f64]) -> (f64, f64) {
    let n = months.len() as f64;
    let mean = months.iter().sum::<f64>() / n;
    let variance = months.iter().map(|month| (month - mean) * (month - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, 1.96 * libm::sqrt(variance / n))
}

/// A model of what fails alone, for rates that a caller gives: no world, no simulation.
pub fn two_state(model: &Model, times: &Times) -> Option<super::renewal::Alternating> {
    let lost = model.lost(times);
    let worst = model.loss.iter().map(|loss| loss - model.base).fold(0.0, f64::max);
    // As if everything were lost in one kind of outage as long as the mean one.
    let events: f64 = model
        .failures(times)
        .iter()
        .enumerate()
        .filter(|&(index, _)| lost.steady[index] + lost.moving[index] > 1e-3 * (lost.all - lost.whole))
        .map(|(_, rate)| rate)
        .sum();
    let unavailability = lost.all - lost.whole;
    (events > 0.0 && unavailability > 0.0 && worst > 0.0).then(|| {
        let cycle = 1.0 / events;
        super::renewal::Alternating { up: cycle * (1.0 - unavailability), down: cycle * unavailability }
    })
}
