//! A parameter study: every variant at every point of a sweep, on the same random numbers; then where the answer changes.
//!
//! Each point is a comparison of its own, of the scenario with the point's values laid over it. Points follow each other,
//! replications of one point share the threads: the figures are the same on any number of them.

mod changes;
mod figures;
mod sentence;

use std::collections::BTreeMap;

use super::design::{Options, Study, StudyError, chosen, compare, compile_all};
use super::progress::Progress;
use crate::record::{Comparison, Sweep, SweepAxis, SweepGate, SweepPoint};
use crate::scenario::file::Axis;
use crate::scenario::points::Point;
use crate::scenario::{Loaded, gathered_points};
use indexmap::IndexMap;
use sha2::{Digest, Sha256};

/// Runs every point, in order, and hands each answer to `take`; it ends where somebody stops it, and the answers so far
/// are what is left. `name` says which point, for whoever watches.
///
/// # Errors
///
/// [`StudyError::Scenario`] where a point cannot be compiled: then nothing is run, and all that is wrong at any point is in
/// it. Nothing is [`StudyError::Stopped`].
pub fn each<T>(
    points: &[(Point, Loaded)],
    axes: &[String],
    options: &Options,
    progress: &dyn Progress,
    take: &mut dyn FnMut(usize, Study) -> T,
) -> Result<Vec<T>, StudyError> {
    all_compile(points, axes, options)?;
    let total = points.iter().map(|(_, loaded)| runs(loaded, options)).sum();
    progress.begin("points", total);
    let mut taken = Vec::new();
    for (index, (point, loaded)) in points.iter().enumerate() {
        if progress.stopped() {
            break;
        }
        match at(point, loaded, axes, options, progress) {
            Ok(Some(study)) => taken.push(take(index, study)),
            Ok(None) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

/// One point's answer; none where it was stopped on the way.
fn at(
    point: &Point,
    loaded: &Loaded,
    axes: &[String],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Option<Study>, StudyError> {
    let within = Within { progress, name: point.name(axes.iter().map(String::as_str)) };
    // What a sweep varies is its axis; the ends of the books' ranges would be a second one.
    let own = Options { inputs: false, trace: false, ..options.clone() };
    match compare(loaded, &own, &within) {
        Ok(study) => Ok(study.comparison.partial.is_none().then_some(study)),
        Err(StudyError::Stopped { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Is every point a world? If not, all that is wrong.
fn all_compile(points: &[(Point, Loaded)], axes: &[String], options: &Options) -> Result<(), StudyError> {
    let mut wrong = Vec::new();
    for (point, loaded) in points {
        let found = match compile_all(&chosen(loaded, &options.variants)?) {
            Ok(_) => Vec::new(),
            Err(StudyError::Scenario(found)) => found,
            Err(other) => return Err(other),
        };
        wrong.push((point.name(axes.iter().map(String::as_str)), found));
    }
    let any = wrong.iter().any(|(_, found)| !found.is_empty());
    if any { Err(StudyError::Scenario(gathered_points(wrong))) } else { Ok(()) }
}

/// Runs that a point takes.
fn runs(loaded: &Loaded, options: &Options) -> u64 {
    let variants = if options.variants.is_empty() { loaded.variants.len() } else { options.variants.len() };
    let own = loaded.variants.first().map_or(1, |variant| variant.scenario.run.replications.value);
    variants as u64 * u64::from(options.replications(own))
}

/// A point's runs as part of the whole sweep's.
struct Within<'a> {
    progress: &'a dyn Progress,
    name: String,
}

impl Progress for Within<'_> {
    fn begin(&self, _stage: &str, _total: u64) {}
    fn advance(&self, n: u64, what: &str) {
        self.progress.advance(n, &format!("{}, {what}", self.name));
    }
    fn stopped(&self) -> bool {
        self.progress.stopped()
    }
    fn goes_on(&self, what: &str, share: f64) -> bool {
        self.progress.goes_on(&format!("{}, {what}", self.name), share)
    }
}

/// Points that an earlier, interrupted sweep has finished, by their key.
pub type Known = BTreeMap<String, SweepPoint>;

/// Runs the points of a scenario's `axes` that are not `known` and tells where the answer changes. Each point that is
/// finished is shown to `finished` at once, so that an interrupted sweep can go on where it was.
///
/// # Errors
///
/// As [`each`]; and [`StudyError::Stopped`] is never returned: a sweep that was stopped says how far it got.
pub fn sweep(
    axes: &IndexMap<String, Axis>,
    points: &[(Point, Loaded)],
    options: &Options,
    known: &Known,
    finished: &mut dyn FnMut(&SweepPoint),
    progress: &dyn Progress,
) -> Result<Sweep, StudyError> {
    let names: Vec<String> = axes.keys().cloned().collect();
    all_compile(points, &names, options)?;
    let keys: Vec<String> = points.iter().map(|(_, loaded)| key(loaded, options)).collect();
    let left = points.iter().zip(&keys).filter(|(_, key)| !known.contains_key(*key));
    progress.begin("points", left.map(|((_, loaded), _)| runs(loaded, options)).sum());
    let mut done: Vec<SweepPoint> = Vec::new();
    let mut head: Option<Head> = None;
    for ((point, loaded), key) in points.iter().zip(&keys) {
        if let Some(before) = known.get(key) {
            done.push(SweepPoint { at: point.at.clone(), values: point.values.clone(), ..before.clone() });
            continue;
        }
        if progress.stopped() {
            continue;
        }
        let Some(study) = at(point, loaded, &names, options, progress)? else { continue };
        head.get_or_insert_with(|| Head::of(&study.comparison));
        let one = distilled(point, key, &study);
        finished(&one);
        done.push(one);
    }
    Ok(answer(axes, points, done, options, head))
}

/// What the study of a point says of all of them.
struct Head {
    replications: u32,
    horizon_s: f64,
    currency: String,
}

impl Head {
    fn of(comparison: &Comparison) -> Head {
        let Comparison { replications, horizon_s, currency, .. } = comparison;
        Head { replications: *replications, horizon_s: *horizon_s, currency: currency.clone() }
    }

    /// Where every point was known before.
    fn of_scenario(loaded: &Loaded, options: &Options) -> Head {
        let scenario = &loaded.variants[0].scenario;
        Head {
            replications: options.replications(scenario.run.replications.value),
            horizon_s: scenario.run.horizon.value.seconds(),
            currency: scenario.prices.currency.value.clone(),
        }
    }
}

/// All that decides the figures of a point, as a hash: text, values, seed, replications, variants, version.
fn key(loaded: &Loaded, options: &Options) -> String {
    let run = &loaded.variants[0].scenario.run;
    let (seed, replications) = (options.seed.unwrap_or(run.seed.value), options.replications(run.replications.value));
    let version = env!("CARGO_PKG_VERSION");
    let text = format!("{}|{seed}|{replications}|{}|{version}", loaded.hash, options.variants.join(","));
    let mut hasher = Sha256::new();
    hasher.update(text.as_bytes());
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is kept of a point's study.
fn distilled(point: &Point, key: &str, study: &Study) -> SweepPoint {
    let comparison = &study.comparison;
    let gate = |gate: &crate::record::Gate| SweepGate {
        name: gate.name.clone(),
        variant: gate.variant.clone(),
        check: gate.check.clone(),
        outcome: gate.outcome,
        limit: gate.limit,
        severity: gate.severity.clone(),
    };
    SweepPoint {
        key: key.to_owned(),
        at: point.at.clone(),
        values: point.values.clone(),
        verdict: comparison.verdict.clone(),
        leaders: study.leaders.clone(),
        variants: figures::of(study),
        gates: comparison.gates.iter().map(gate).collect(),
        warnings: comparison.warnings.clone(),
    }
}

fn answer(
    axes: &IndexMap<String, Axis>,
    points: &[(Point, Loaded)],
    done: Vec<SweepPoint>,
    options: &Options,
    head: Option<Head>,
) -> Sweep {
    let (_, first) = points.first().expect("a sweep has a point");
    let head = head.unwrap_or_else(|| Head::of_scenario(first, options));
    let axis = |axis: &Axis| {
        let (numbers, unit) = axis.numbers().map_or((None, String::new()), |(numbers, unit)| (Some(numbers), unit));
        SweepAxis {
            name: axis.name.clone(),
            set: axis.set.iter().map(|path| path.value.clone()).collect(),
            values: axis.values.iter().map(|value| value.text.clone()).collect(),
            numbers,
            unit,
            log: axis.log,
        }
    };
    let partial = (done.len() < points.len())
        .then(|| format!("Stopped after {} of {} points: this stands on those.", done.len(), points.len()));
    let variants = done.first().map(|point| point.variants.iter().map(|variant| variant.name.clone()).collect());
    let mut sweep = Sweep {
        schema: 1,
        scenario: first.name.clone(),
        question: first.question.clone(),
        hash: first.hash.clone(),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        seed: options.seed.unwrap_or(first.variants[0].scenario.run.seed.value),
        replications: head.replications,
        horizon_s: head.horizon_s,
        command: options.command.clone(),
        partial,
        axes: axes.values().map(axis).collect(),
        variants: variants.unwrap_or_default(),
        points: done,
        currency: head.currency,
        ..Sweep::default()
    };
    sweep.warnings = warnings(&sweep);
    sweep.changes = changes::changes(&sweep);
    sweep.meetings = changes::meetings(&sweep);
    sweep.crossings = changes::crossings(&sweep);
    sweep.verdict = sentence::verdict(&sweep);
    sweep
}

/// Each warning once, with the points at which it holds where that is not everywhere.
fn warnings(sweep: &Sweep) -> Vec<String> {
    let mut found: IndexMap<&str, Vec<String>> = IndexMap::new();
    for point in &sweep.points {
        let named = sweep.axes.iter().zip(&point.values).map(|(axis, value)| format!("{} {value}", axis.name));
        let name = named.collect::<Vec<_>>().join(", ");
        for warning in &point.warnings {
            found.entry(warning).or_default().push(name.clone());
        }
    }
    let told = found.into_iter().map(|(warning, names)| match names.len() {
        all if all == sweep.points.len() => warning.to_owned(),
        1..=3 => format!("{warning} (at {})", names.join("; ")),
        many => format!("{warning} (at {} and {} more points)", names[0], many - 1),
    });
    told.collect()
}
