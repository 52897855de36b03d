//! What the trials come to: figures of each variant, what costs most, who is best and where that turns.

use super::component::{YEAR_H, assumptions};
use super::draws;
use super::figures::{Figures, Unknown};
use super::mark;
use super::model::{Lost, Model, Times};
use super::months::{self, MONTH_H};
use super::reach::{Reach, source};
use super::renewal::Start;
use super::samples;
use super::study::{Case, STATES_MAX, WIDTH};
use super::thin;
use crate::record::{Attainment, ClassLongRun, ComponentLongRun, Estimate, LongRunVariant, StreamLongRun};
use crate::study::statistics::wilson;
use crate::units::{Duration, significant};
use crate::world::Flow;

/// A year, nanoseconds.
const YEAR_NS: i128 = (YEAR_H as i128) * 3_600_000_000_000;
/// Months that are drawn.
const MONTHS: usize = 20_000;
/// A wider interval is not told as a share of the figure.
const TEN_TIMES: f64 = 10.0;
/// Minutes of a year.
pub(super) const YEAR_MIN: f64 = YEAR_H * 60.0;

/// A variant's figures and what they rest on.
pub(super) struct Answered {
    pub(super) record: LongRunVariant,
    pub(super) model: Model,
    /// The unavailability by draw of the assumed rates, and of what else the simulation might have said.
    pub(super) draws: Vec<f64>,
}

/// The figures of one variant.
pub(super) fn answered(case: &Case, seed: u64, slo: Option<f64>, stopped: &dyn Fn() -> bool) -> Answered {
    let figures = case.figures();
    let model = case.model_of(&figures, Unknown::Reckoned);
    let lost = model.lost(&Times::new());
    let interval = case.interval();
    let band = draws::band(draws::unavailabilities(&model, seed));
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
    let least = case.model_of(&case.at_end(&figures, -1.0), Unknown::Least);
    let most = case.model_of(&case.at_end(&figures, 1.0), Unknown::Most);
    let written = case.written(&model, seed);
    let lanes = [(&model, Unknown::Reckoned), (&least, Unknown::Least), (&most, Unknown::Most)];
    let months = months::lanes(lanes, seed, MONTHS, stopped);
    let (mean, half) = months::mean(&months[0]);
    let direct = Estimate {
        value: Some(mean),
        low: Some(mean - half),
        high: Some(mean + half),
        confidence: Some(0.95),
        ..Estimate::default()
    };
    let streams = case.streams.iter().zip(case.by_stream(lost.all)).map(|(stream, lost)| StreamLongRun {
        stream: stream.clone(),
        availability: 1.0 - lost,
        minutes_year: lost * YEAR_MIN,
    });
    let record = LongRunVariant {
        name: case.name.clone(),
        good_within_ms: case.good_within_ns.map(|ns| ns as f64 / 1e6),
        availability: flipped,
        minutes_month: scaled(MONTH_H * 60.0),
        minutes_year: scaled(YEAR_MIN),
        lost_whole: model.base,
        lost_whole_high: case.calm_most(),
        requests_whole: case.calm_requests().sent,
        rate: case.rate,
        p99_ms: case.latency_ms(0.99, false),
        p99_whole_ms: case.latency_ms(0.99, true),
        within: case.within,
        states: case.states.len(),
        classes: case.classes.len(),
        simulated: case.trials.len(),
        runs,
        cut_off: case.cut_off,
        cut_off_lost: lost.beyond,
        unresolved: interval.unknown - case.cut_off,
        noise: interval.noise,
        streams: streams.collect(),
        components: contributions(case, &model, &lost, &written.events),
        writes_year: written.year,
        by_class: by_class(case),
        months: slo.map(|slo| attainment(&model, &months, slo)),
        direct,
        unavailability,
    };
    let draws = drawn(case, &figures, model.clone(), seed);
    Answered { record, model, draws }
}

/// The unavailability in each draw of the rates, each with other chances of the simulation.
fn drawn(case: &Case, figures: &Figures, mut model: Model, seed: u64) -> Vec<f64> {
    let samples = case.samples();
    let mut draw = |number| {
        case.fill(&mut model, &case.drawn(figures, &samples, seed, number), Unknown::Reckoned);
        model.lost(&draws::times(&model.components, seed, number)).all
    };
    (0..draws::DRAWS).map(&mut draw).collect()
}

fn contributions(case: &Case, model: &Model, lost: &Lost, writes: &[f64]) -> Vec<ComponentLongRun> {
    let failures = model.failures(&Times::new());
    let whole = (lost.all).max(f64::MIN_POSITIVE);
    let of = |index: usize| {
        let component = &model.components[index];
        let trial = &case.trials[case.event_of[index]];
        let hit = case.event_of[index] != 0;
        let short = case.is_short(index);
        let steady = if short || !hit { model.base } else { trial.loss() };
        let down_min = component.mean_down_h * 60.0;
        // As it comes and goes: what its state has of that is told as that too.
        let going = case.lag_s(index) * (steady - model.base);
        let moving_min = (model.moving_s[index] + going) / 60.0;
        let minutes_event = (steady - model.base) * down_min + moving_min;
        let by_window = trial.shares();
        let worst = by_window.iter().copied().fold(0.0, f64::max);
        let reach = Reach::of(case, index);
        let mine = lost.steady[index] + lost.moving[index];
        let moving = lost.moving[index] + failures[index] * going / 3600.0;
        ComponentLongRun {
            component: component.name.clone(),
            units: component.units.len() as u32,
            whose: component.whose.to_owned(),
            events_year: failures[index] * YEAR_H,
            down_min,
            minutes_event,
            minutes_event_moving: moving_min,
            requests_event: minutes_event * 60.0 * case.rate,
            writes_event: writes[index],
            share_lost: (steady - model.base).max(0.0),
            share_worst: (worst - model.base).max(0.0),
            streams_hit: reach.streams,
            users_hit: reach.users,
            services_hit: reach.services,
            services_share: reach.services_share,
            source: source(component),
            settles_s: if hit { trial.settles(if short { model.base } else { trial.loss() }, case.rate) } else { 0.0 },
            unsettled: hit && trial.unsettled(model.base, case.rate).is_some(),
            minutes_year: mine * YEAR_MIN,
            minutes_year_moving: moving * YEAR_MIN,
            part: mine / whole,
            birnbaum: model.birnbaum(index),
            short,
            watched_s: (mark::SAVED - mark::FALLS) as f64 * trial.window,
        }
    };
    let mut all: Vec<ComponentLongRun> = (0..model.components.len()).map(of).collect();
    all.sort_by(|a, b| b.minutes_year.total_cmp(&a.minutes_year));
    all
}

fn by_class(case: &Case) -> Vec<ClassLongRun> {
    let weights = case.class_weights();
    let (base, figures) = (case.base(), case.figures());
    let of = |(class, weight): (usize, &f64)| {
        let replications = case.trial_of[class].map_or(0, |trial| case.trials[trial].seen.len() as u32);
        let (_, share_lost, _) = case.loss_of_class(&figures, class);
        let states = case.classes[class].states.len();
        ClassLongRun {
            class: case.classes[class].name.clone(),
            states,
            weight: *weight,
            share_lost,
            certain: figures.certain[class],
            replications,
        }
    };
    let mut all: Vec<ClassLongRun> = weights.iter().enumerate().map(of).collect();
    let cost = |class: &ClassLongRun| class.weight * (class.share_lost - base);
    all.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    all
}

/// `lanes`: months as reckoned, at the low and at the high end of the interval.
fn attainment(model: &Model, lanes: &[Vec<f64>; 3], slo: f64) -> Attainment {
    // What a sum of many small parts leaves of exactness.
    let allowed = 1.0 - slo + 1e-12;
    let [kept, most, least] =
        lanes.each_ref().map(|months| months.iter().filter(|lost| **lost <= allowed).count() as f64);
    let months = &lanes[0];
    let chance = |kept| wilson(kept, months.len() as f64, 0.95);
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
            value: Some(kept / months.len() as f64),
            low: Some(chance(least).low),
            high: Some(chance(most).high),
            confidence: Some(0.95),
            ..Estimate::default()
        },
        two_state: alternating.map(|of| of.attains(left, MONTH_H, Start::Steady)),
        spotless,
        minutes_worst: bad * MONTH_H * 60.0,
        months: months.len(),
    }
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
        let width = interval.high() - interval.low();
        let wide = if width > TEN_TIMES * interval.value {
            format!("more than {TEN_TIMES} times what was seen to be lost")
        } else {
            format!("{} % of what is lost", significant(100.0 * width / interval.value, 3))
        };
        said.push(format!("{name}: the interval is {wide}, wider than the {} % that were aimed for", 100.0 * WIDTH));
    }
    if case.within < case.asked {
        said.push(format!(
            "{name}: states with up to {} down are told apart, not {}: with more there are over {} of them",
            case.within,
            case.asked,
            significant(STATES_MAX as f64, 3)
        ));
    }
    if interval.calm > WIDTH / 2.0 * interval.value {
        said.push(format!(
            "{name}: none of {} requests failed while nothing was down, and it is taken that none does: up to {} minutes a \
             year may be lost so all the same (95 %), which is in the interval",
            answered.record.requests_whole,
            significant(interval.calm * YEAR_MIN, 3)
        ));
    }
    let few = case.few();
    if let Some((first, requests)) = few.iter().min_by_key(|(_, requests)| *requests) {
        said.push(format!(
            "{name}: of {} failures fewer than 2,000 requests were seen ({requests} of {first}), since so few come: what that leaves \
             room for is in the interval",
            few.len()
        ));
    }
    for component in &answered.record.components {
        let ratio = component.down_min * 60.0 / component.settles_s.max(1e-9);
        if component.unsettled {
            said.push(format!(
                "{name}: {} was not settled {} s after it fell: its losses are taken between what was seen and where they may \
                 have gone, which is in the interval",
                component.component,
                significant(component.watched_s, 3)
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
    for trial in &case.trials {
        if trial.lost_after(case.base()) > 0.0 {
            said.push(format!(
                "{name}: {} is over before its processes have started, for {} s: that was not watched to its end; until then as \
                 much is taken to be lost as when it was watched last",
                trial.name,
                significant(trial.starts, 3)
            ));
        } else if trial.lingers(case.base()) > 0.0 {
            said.push(format!(
                "{name}: {} % of requests still fail when all that followed {} was watched, though it is over: what they come to \
                 later is in the interval alone, as if it never ended",
                significant(100.0 * trial.lingers(case.base()), 2),
                trial.name
            ));
        }
    }
    said
}

/// Services that are too small to lose something.
pub(super) fn undersized(case: &Case) -> Vec<String> {
    let events = case.components.iter().map(|component| (component.name.clone(), component.falls(1).collect()));
    let thin = thin::thin(&case.world, &events.collect::<Vec<_>>());
    thin.iter().map(|thin| format!("{}: {}", case.name, thin.told())).collect()
}

/// Flows that no trial has, as they would be in all of it or in none, with the share of the time in which they flow.
pub(super) fn without_flows(case: &Case) -> Vec<String> {
    let moving = case.world.flows.iter().filter(|flow| flow.when.is_some());
    let told = |flow: &Flow| {
        let (part, whole) = flow.part_of(YEAR_NS);
        let share = part as f64 / whole as f64 / YEAR_NS as f64;
        format!(
            "{}: flow `{}` comes and goes ({} Mbit/s for {} of the time, {} min a year) and is NOT in these figures: what \
             calls lose while it flows comes on top of them, and a run or a comparison at that time tells how much it is",
            case.name,
            flow.name,
            significant(flow.rate.mbps(), 6),
            percent(share),
            significant(share * YEAR_MIN, 4)
        )
    };
    moving.map(told).collect()
}

fn percent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 3))
}

/// What is assumed of this variant.
pub(super) fn assumed(case: &Case) -> Vec<String> {
    let mut said = assumptions(&case.components);
    said.extend(without_flows(case));
    if let Some(limit) = case.good_within_ns {
        let limit = Duration::from_nanos(limit);
        said.push(format!(
            "a request is good that is answered within {limit} (`business.good-within`), as in `run` and `compare`; what comes \
             later is lost, by requests, by minutes and by months alike"
        ));
    }
    for database in case.world.databases.rows() {
        let rated = format!("store/{}/", database.name);
        let fail = if case.components.iter().any(|component| component.name.starts_with(&rated)) {
            "only those of its copies fail by themselves that a row speaks of"
        } else {
            "its copies never fail by themselves (no row `store`), only with their clusters and the ways between them"
        };
        said.push(format!(
            "store {name}: {fail}; acknowledged \
             writes that a promotion loses count as answered and are told by themselves, of one failure at a time; each failure finds the \
             primary where the scenario has it, and no operator promotes",
            name = database.name
        ));
    }
    said
}
