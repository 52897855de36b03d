//! What the trials come to: figures of each variant, what costs most, who is best and where that turns.

use super::component::{YEAR_H, assumptions};
use super::draws;
use super::mark;
use super::model::{Lost, Model, Times};
use super::months::{self, MONTH_H};
use super::renewal::Start;
use super::samples;
use super::study::{Case, WIDTH};
use super::trial::Course;
use crate::record::{
    Attainment, ClassLongRun, ComponentLongRun, Estimate, LongRunPair, LongRunVariant, RateTurn, StreamLongRun,
};
use crate::study::statistics::wilson;
use crate::units::significant;

/// Months that are drawn.
const MONTHS: usize = 20_000;
/// Minutes of a year.
const YEAR_MIN: f64 = YEAR_H * 60.0;
/// A rate is looked for within so many times the assumed one, up or down.
const TURN_MOST: f64 = 1000.0;
/// Classes that are shown.
const WORST: usize = 12;

/// A variant's figures and what they rest on.
pub(super) struct Answered {
    pub(super) record: LongRunVariant,
    pub(super) model: Model,
    pub(super) draws: Vec<f64>,
}

/// The figures of one variant.
pub(super) fn answered(case: &Case, seed: u64, slo: Option<f64>) -> Answered {
    let model = case.model();
    let lost = model.lost(&Times::new());
    let interval = case.interval();
    let draws = draws::unavailabilities(&model, seed);
    let band = draws::band(draws.clone());
    let runs: u64 = case.trials.iter().map(|trial| trial.seen.len() as u64).sum();
    let unavailability = Estimate {
        value: Some(interval.value),
        low: Some(interval.low()),
        high: Some(interval.high()),
        confidence: Some(0.95),
        n: None,
        inputs: band,
        why: None,
    };
    let scaled = |times: f64| Estimate {
        value: unavailability.value.map(|value| value * times),
        low: unavailability.low.map(|low| low * times),
        high: unavailability.high.map(|high| high * times),
        inputs: unavailability.inputs.map(|(low, high)| (low * times, high * times)),
        ..unavailability.clone()
    };
    let flipped = Estimate {
        value: Some(1.0 - interval.value),
        low: Some(1.0 - interval.high()),
        high: Some(1.0 - interval.low()),
        inputs: band.map(|(low, high)| (1.0 - high, 1.0 - low)),
        ..unavailability.clone()
    };
    let months = months::months(&model, seed, MONTHS);
    let (mean, half) = months::mean(&months);
    let direct = Estimate {
        value: Some(mean),
        low: Some(mean - half),
        high: Some(mean + half),
        confidence: Some(0.95),
        ..Estimate::default()
    };
    let streams = case.streams.iter().zip(case.by_stream()).map(|(stream, lost)| StreamLongRun {
        stream: stream.clone(),
        availability: 1.0 - lost,
        minutes_year: lost * YEAR_MIN,
    });
    let record = LongRunVariant {
        name: case.name.clone(),
        availability: flipped,
        minutes_month: scaled(MONTH_H * 60.0),
        minutes_year: scaled(YEAR_MIN),
        lost_whole: model.base,
        requests_whole: case.trials[0].seen.iter().map(|seen| seen.steady.sent).sum(),
        rate: case.rate,
        p99_ms: case.latency_ms(0.99, false),
        p99_whole_ms: case.latency_ms(0.99, true),
        states: case.states.len(),
        classes: case.classes.len(),
        simulated: case.trials.len(),
        runs,
        cut_off: case.cut_off,
        unresolved: interval.unknown - case.cut_off,
        noise: interval.noise,
        streams: streams.collect(),
        components: contributions(case, &model, &lost),
        worst: worst(case),
        months: slo.map(|slo| attainment(&model, &months, slo)),
        direct,
        unavailability,
    };
    Answered { record, model, draws }
}

fn contributions(case: &Case, model: &Model, lost: &Lost) -> Vec<ComponentLongRun> {
    let failures = model.failures(&Times::new());
    let whole = (lost.all).max(f64::MIN_POSITIVE);
    let of = |index: usize| {
        let component = &model.components[index];
        let trial = &case.trials[case.event_of[index]];
        let hit = case.event_of[index] != 0;
        let short = case.is_short(index);
        let steady = if short || !hit { model.base } else { trial.loss() };
        let down_min = component.mean_down_h * 60.0;
        let moving_min = model.moving_s[index] / 60.0;
        let minutes_event = (steady - model.base) * down_min + moving_min;
        let by_window = windows(case, index);
        let worst = by_window.iter().copied().fold(0.0, f64::max);
        let (mine, moving) = (lost.steady[index] + lost.moving[index], lost.moving[index]);
        ComponentLongRun {
            component: component.name.clone(),
            units: component.units.len() as u32,
            whose: component.whose.to_owned(),
            events_year: failures[index] * YEAR_H,
            down_min,
            minutes_event,
            minutes_event_moving: moving_min,
            requests_event: minutes_event * 60.0 * case.rate,
            share_lost: (steady - model.base).max(0.0),
            share_worst: (worst - model.base).max(0.0),
            streams_hit: streams_hit(case, index),
            settles_s: if hit { settles(case, index) } else { 0.0 },
            minutes_year: mine * YEAR_MIN,
            minutes_year_moving: moving * YEAR_MIN,
            part: mine / whole,
            birnbaum: model.birnbaum(index),
            short,
        }
    };
    let mut all: Vec<ComponentLongRun> = (0..model.components.len()).map(of).collect();
    all.sort_by(|a, b| b.minutes_year.total_cmp(&a.minutes_year));
    all
}

/// The share lost by window of a component's trial, all replications together.
fn windows(case: &Case, component: usize) -> Vec<f64> {
    let trial = &case.trials[case.event_of[component]];
    let count = trial.seen.iter().map(|seen| seen.windows.len()).max().unwrap_or(0);
    let share = |number: usize| {
        let sum = trial
            .seen
            .iter()
            .fold((0u64, 0u64), |sum, seen| (sum.0 + seen.windows[number].lost, sum.1 + seen.windows[number].sent));
        if sum.1 == 0 { 0.0 } else { sum.0 as f64 / sum.1 as f64 }
    };
    (0..count).map(share).collect()
}

/// Streams of which a trial loses more than twice what they lose anyway, and more than a thousandth.
fn streams_hit(case: &Case, component: usize) -> u32 {
    let trial = &case.trials[case.event_of[component]];
    let share = |seen: &[super::trial::Seen], stream: usize| {
        let sum = seen.iter().fold((0u64, 0u64), |sum, seen| {
            let (a, b) = (seen.by_stream[stream], seen.moving[stream]);
            (sum.0 + a.lost + b.lost, sum.1 + a.sent + b.sent)
        });
        if sum.1 == 0 { 0.0 } else { sum.0 as f64 / sum.1 as f64 }
    };
    let hit = |stream: &usize| share(&trial.seen, *stream) > (2.0 * share(&case.trials[0].seen, *stream)).max(1e-3);
    (0..case.streams.len()).filter(hit).count() as u32
}

/// Seconds from a failure's start to the end of the last window in which more is lost than in its steady part.
fn settles(case: &Case, component: usize) -> f64 {
    let trial = &case.trials[case.event_of[component]];
    let shares = windows(case, component);
    let (onset, until) = (trial.course.row(mark::FALLS, shares.len()), trial.course.row(mark::SETTLED, shares.len()));
    let usual = if matches!(trial.course, Course::Short(_)) { case.base() } else { trial.loss() };
    let sent = case.rate * case.window * trial.seen.len() as f64;
    let noise = 4.0 * libm::sqrt((usual * (1.0 - usual)).max(1e-9) / sent.max(1.0)) + 2.0 / sent.max(1.0);
    let last = (onset..until.min(shares.len())).rev().find(|&number| (shares[number] - usual).abs() > noise);
    last.map_or(0.0, |number| (number + 1 - onset) as f64 * case.window)
}

fn worst(case: &Case) -> Vec<ClassLongRun> {
    let weights = case.class_weights();
    let base = case.base();
    let of = |(class, weight): (usize, &f64)| {
        let replications = case.trial_of[class].map_or(0, |trial| case.trials[trial].seen.len() as u32);
        let (share_lost, _) = case.loss_of_class(class);
        let states = case.classes[class].states.len();
        ClassLongRun { class: case.classes[class].name.clone(), states, weight: *weight, share_lost, replications }
    };
    let mut all: Vec<ClassLongRun> = weights.iter().enumerate().map(of).collect();
    let cost = |class: &ClassLongRun| class.weight * (class.share_lost - base);
    all.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    all.truncate(WORST);
    all
}

fn attainment(model: &Model, months: &[f64], slo: f64) -> Attainment {
    // What a sum of many small parts leaves of exactness.
    let allowed = 1.0 - slo + 1e-12;
    let kept = months.iter().filter(|lost| **lost <= allowed).count();
    let interval = wilson(kept as f64, months.len() as f64, 0.95);
    let mut sorted = months.to_vec();
    sorted.sort_by(f64::total_cmp);
    let spotless = months.iter().filter(|lost| **lost <= model.base + 1e-9).count() as f64 / months.len() as f64;
    let bad = sorted[(sorted.len() * 99 / 100).min(sorted.len() - 1)];
    let alternating = months::two_state(model, &Times::new());
    // The objective is held against what failures take; what fails anyway is taken off its budget.
    let left = (slo + model.base).min(1.0);
    Attainment {
        slo,
        budget_minutes: samples::budget_minutes(slo, MONTH_H),
        kept: Estimate {
            value: Some(kept as f64 / months.len() as f64),
            low: Some(interval.low),
            high: Some(interval.high),
            confidence: Some(0.95),
            ..Estimate::default()
        },
        two_state: alternating.map(|of| of.attains(left, MONTH_H, Start::Steady)),
        spotless,
        minutes_worst: bad * MONTH_H * 60.0,
        months: months.len(),
    }
}

/// Each variant beside the most available one.
pub(super) fn pairs(all: &[Answered]) -> Vec<LongRunPair> {
    let lost = |one: &Answered| one.record.unavailability.value.unwrap_or(1.0);
    let Some(best) = all.iter().min_by(|a, b| lost(a).total_cmp(&lost(b))) else { return Vec::new() };
    all.iter().filter(|one| one.record.name != best.record.name).map(|other| pair(best, other)).collect()
}

fn pair(best: &Answered, other: &Answered) -> LongRunPair {
    let (a, b) = (best.record.unavailability.clone(), other.record.unavailability.clone());
    let (a_value, b_value) = (a.value.unwrap_or(0.0), b.value.unwrap_or(0.0));
    let minutes_year = (b_value - a_value) * YEAR_MIN;
    let wins = best.draws.iter().zip(&other.draws).filter(|(a, b)| a <= b).count();
    let holds = wins as f64 / best.draws.len().max(1) as f64;
    let turns = turns(&best.model, &other.model);
    let apart = b.low > a.high;
    let near = (b_value - a_value).abs() < 1e-3 * b_value;
    let (one, two) = (&best.record.name, &other.record.name);
    let sentence = if near {
        format!("{one} and {two} lose as much: {} minutes a year apart", significant(minutes_year.abs(), 2))
    } else {
        let how = if apart { "loses" } else { "loses, within what the simulation can tell," };
        format!(
            "{two} {how} {} minutes a year more than {one}; {one} is ahead in {} % of the draws of the rates",
            significant(minutes_year, 3),
            significant(100.0 * holds, 3)
        )
    };
    let sentence = sentence + &nearest_turn(&turns, one, two);
    LongRunPair {
        best: one.clone(),
        other: two.clone(),
        minutes_year,
        holds,
        turns,
        requests_to_tell: (!near && a_value > 0.0).then(|| samples::tell_apart(b_value, a_value)),
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

/// The answer in a sentence or two.
pub(super) fn verdict(all: &[Answered], pairs: &[LongRunPair]) -> String {
    let minutes = |one: &Answered| significant(one.record.minutes_year.value.unwrap_or(0.0), 3);
    let percent = |one: &Answered| availability(one.record.unavailability.value.unwrap_or(0.0));
    let lost = |one: &&Answered| one.record.unavailability.value.unwrap_or(1.0);
    let Some(best) = all.iter().min_by(|a, b| lost(a).total_cmp(&lost(b))) else { return String::new() };
    let name = &best.record.name;
    let first =
        format!("{name} answers {} of requests in the long run: {} minutes lost a year", percent(best), minutes(best));
    let top = best.record.components.first().filter(|top| top.minutes_year > 0.0);
    let most = top.map_or(String::new(), |top| {
        format!(", most of them ({} %) to {}", significant(100.0 * top.part, 2), top.component)
    });
    let others: Vec<String> = pairs.iter().map(|pair| pair.sentence.clone()).collect();
    let assumed = if best.model.components.iter().any(super::component::Component::is_assumed) {
        " The rates of failure are ASSUMED, not known: see the events below."
    } else {
        ""
    };
    let rest = if others.is_empty() { String::new() } else { format!(" {}.", others.join(". ")) };
    format!("{first}{most}.{rest}{assumed}")
}

/// `99.963 %`: two digits of what is lost.
pub(super) fn availability(lost: f64) -> String {
    if lost <= 0.0 {
        return "100 %".into();
    }
    let digits = (-libm::floor(libm::log10(100.0 * lost)) + 1.0).clamp(0.0, 12.0) as usize;
    format!("{:.digits$} %", 100.0 * (1.0 - lost))
}

/// What a reader must see beside the figures.
pub(super) fn warnings(case: &Case, answered: &Answered) -> Vec<String> {
    let mut said = Vec::new();
    let name = &case.name;
    let interval = case.interval();
    if !interval.is_narrow() {
        said.push(format!(
            "{name}: the interval is {} % of what is lost, wider than the {} % that were aimed for",
            significant(100.0 * (interval.high() - interval.low()) / interval.value.max(1e-300), 3),
            100.0 * WIDTH
        ));
    }
    if case.trials[0].loss() == 0.0 {
        let requests = answered.record.requests_whole;
        said.push(format!(
            "{name}: of {requests} requests none failed while nothing was down, and it is taken that none does: what that \
             leaves room for is less than 1 in {} (95 %)",
            requests / 3
        ));
    }
    for component in &answered.record.components {
        let ratio = component.down_min * 60.0 / component.settles_s.max(1e-9);
        let settling = mark::SETTLING as f64 * case.window;
        if !component.short && component.settles_s >= settling {
            said.push(format!(
                "{name}: {} was not settled {} s after it fell, so that its losses may be off",
                component.component,
                significant(settling, 3)
            ));
        } else if !component.short && component.settles_s > 0.0 && ratio < 10.0 {
            said.push(format!(
                "{name}: {} lasts {} min and takes {} s to settle: the states before and after it are not much longer than \
                 the way between them",
                component.component,
                significant(component.down_min, 3),
                significant(component.settles_s, 3)
            ));
        }
    }
    said
}

/// What is assumed of this variant.
pub(super) fn assumed(case: &Case) -> Vec<String> {
    assumptions(&case.components)
}
