//! Who is best in the long run, whether that can be told at all, and at which rates it turns.

use super::answer::{Answered, YEAR_MIN, availability};
use super::component::{Component, YEAR_H};
use super::difference::{Difference, comparisons, difference};
use super::model::{Model, Times};
use super::samples;
use super::study::{Case, WIDTH};
use super::written;
use crate::record::{Estimate, LongRunPair, RateTurn};
use crate::units::significant;

/// A component that costs less of a year's minutes is not named in the first sentence.
const NAMED: f64 = 0.05;

/// A rate is looked for within so many times the assumed one, up or down.
const TURN_MOST: f64 = 1000.0;

fn lost(one: &Answered) -> f64 {
    one.record.unavailability.value.unwrap_or(1.0)
}

fn writes(one: &Answered) -> written::Losing<'_> {
    (&one.record.name, one.record.writes_year.as_ref())
}

/// The one that loses least, the first of those that lose as much.
fn best(all: &[Answered]) -> Option<usize> {
    (0..all.len()).min_by(|&a, &b| lost(&all[a]).total_cmp(&lost(&all[b])))
}

/// Each variant beside the most available one.
pub(super) fn pairs(cases: &[Case], all: &[Answered]) -> Vec<LongRunPair> {
    let Some(best) = best(all) else { return Vec::new() };
    let others = (0..all.len()).filter(|other| *other != best);
    let among = comparisons(all.len());
    others.map(|other| pair([&all[best], &all[other]], difference(&cases[best], &cases[other], among))).collect()
}

fn pair([best, other]: [&Answered; 2], apart: Difference) -> LongRunPair {
    let (one, two) = (&best.record.name, &other.record.name);
    let told_apart = apart.is_told();
    let wins = best.draws.iter().zip(&other.draws).filter(|(a, b)| a < b).count();
    let holds = told_apart.then(|| wins as f64 / best.draws.len().max(1) as f64);
    // Of an order that is not known nothing turns it.
    let turns = if told_apart { turns(&best.model, &other.model) } else { Vec::new() };
    let minutes = |share: f64| significant((share * YEAR_MIN).abs(), 3);
    let but = written::beside(writes(best), writes(other));
    let sentence = if let Some(holds) = holds {
        let by_minutes = if but.is_empty() { "" } else { "by minutes " };
        format!(
            "{two} loses {} minutes a year more than {one} ({} to {}){but}; {by_minutes}{one} is ahead in {} % of the draws of \
             the rates{}",
            minutes(apart.value),
            minutes(apart.low),
            minutes(apart.high),
            significant(100.0 * holds, 3),
            nearest_turn(&turns, one, two)
        )
    } else if apart.is_nothing(lost(other)) {
        format!("{one} and {two} lose as much{but}{}", written::beside(writes(other), writes(best)))
    } else {
        format!(
            "{one} and {two} are not distinguishable at this effort: {two} loses between {} minutes a year less and {} more{but}{}",
            minutes(apart.low),
            minutes(apart.high),
            written::beside(writes(other), writes(best))
        )
    };
    LongRunPair {
        best: one.clone(),
        other: two.clone(),
        minutes_year: Estimate {
            value: Some(apart.value * YEAR_MIN),
            low: Some(apart.low * YEAR_MIN),
            high: Some(apart.high * YEAR_MIN),
            confidence: Some(apart.confidence),
            ..Estimate::default()
        },
        told_apart,
        holds,
        turns,
        requests_to_tell: (told_apart && lost(best) > 0.0).then(|| samples::tell_apart(lost(other), lost(best))),
        sentence,
    }
}

/// The rate that need move least for the order to turn, in words.
fn nearest_turn(turns: &[RateTurn], best: &str, other: &str) -> String {
    let far = |turn: &RateTurn| libm::log(turn.turns_at / turn.events_year).abs();
    let Some(turn) = turns.iter().min_by(|a, b| far(a).total_cmp(&far(b))) else {
        return ", and no single rate turns that".into();
    };
    let how = if turn.turns_at > turn.events_year { "more" } else { "less" };
    format!(
        "; {other} overtakes {best} where a {} fails {how} often than {} times a year (taken: {})",
        turn.row,
        significant(turn.turns_at, 3),
        significant(turn.events_year, 3)
    )
}

/// For each row of figures: the rate at which the order turns, all else as assumed; only where there is one.
fn turns(best: &Model, other: &Model) -> Vec<RateTurn> {
    let mut rows: Vec<(String, f64)> = best.rows();
    rows.extend(other.rows());
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    rows.dedup_by(|a, b| a.0 == b.0);
    let turn = |(row, _): &(String, f64)| {
        // Above zero while the best one is.
        let ahead = |rate: f64| {
            let times = Times::from([(row.clone(), 1.0 / rate)]);
            other.lost(&times).all - best.lost(&times).all
        };
        let from = |far: f64| {
            let (mut near, mut far) = (1.0, far);
            if ahead(far) >= 0.0 || ahead(near) <= 0.0 {
                return None;
            }
            for _ in 0..60 {
                let middle = libm::sqrt(near * far);
                if ahead(middle) > 0.0 { near = middle } else { far = middle }
            }
            Some(libm::sqrt(near * far))
        };
        let factor = from(TURN_MOST).or_else(|| from(1.0 / TURN_MOST))?;
        let component = best.components.iter().chain(&other.components).find(|component| component.row == *row)?;
        let events_year = YEAR_H / (component.mean_up_h + component.mean_down_h);
        let turned = YEAR_H / (component.mean_up_h / factor + component.mean_down_h);
        Some(RateTurn { row: row.clone(), events_year, turns_at: turned })
    };
    rows.iter().filter_map(turn).collect()
}

/// `73.2 minutes (70 to 77)`, or both ends alone where they are far apart.
fn minutes(one: &Answered) -> String {
    let (low, high) = ends(one);
    let of = |share: f64| significant(share * YEAR_MIN, 3);
    if high - low > 2.0 * WIDTH * lost(one) {
        return format!("between {} and {} minutes", of(low), of(high));
    }
    format!("{} minutes ({} to {})", of(lost(one)), of(low), of(high))
}

/// `99.986 %`, or both ends: where the interval is wide its middle says little.
fn percent(one: &Answered) -> String {
    let (low, high) = ends(one);
    if high - low > 2.0 * WIDTH * lost(one) {
        format!("between {} and {}", availability(high), availability(low))
    } else {
        availability(lost(one))
    }
}

fn ends(one: &Answered) -> (f64, f64) {
    let of = &one.record.unavailability;
    (of.low.unwrap_or(0.0), of.high.unwrap_or(1.0))
}

/// The answer in a sentence or two; `stores` are those whose promotions may lose what its minutes leave out.
pub(super) fn verdict(all: &[Answered], pairs: &[LongRunPair], stores: &str) -> String {
    let Some(first) = best(all) else { return String::new() };
    let apart = written::apart(stores, &all.iter().map(writes).collect::<Vec<_>>(), first);
    let best = &all[first];
    let name = &best.record.name;
    let tied: Vec<&Answered> =
        all.iter().filter(|one| pairs.iter().any(|pair| !pair.told_apart && pair.other == one.record.name)).collect();
    let first = if tied.is_empty() {
        format!("{name} answers {} of requests in the long run: {} lost a year", percent(best), minutes(best))
    } else {
        let others: Vec<String> = tied.iter().map(|one| format!("{} {}", one.record.name, minutes(one))).collect();
        let others = others.join(", ");
        format!("Which loses least cannot be told at this effort: {name} loses {} a year, {others}", minutes(best))
    };
    let top = best.record.components.first().filter(|top| top.minutes_year > 0.0 && top.part >= NAMED);
    let most = top.filter(|_| tied.is_empty()).map_or(String::new(), |top| {
        let most = if top.part > 0.5 { "most of them" } else { "the largest part of them" };
        format!(", {most} ({} %) to {}", significant(100.0 * top.part, 2), top.component)
    });
    let others: Vec<String> = pairs.iter().map(|pair| pair.sentence.clone()).collect();
    let assumed = if best.model.components.iter().any(Component::is_assumed) {
        " The rates of failure are ASSUMED, not known: see the events below."
    } else {
        ""
    };
    let rest = if others.is_empty() { String::new() } else { format!(" {}.", others.join(". ")) };
    format!("{first}{most}{apart}.{rest}{assumed}")
}
