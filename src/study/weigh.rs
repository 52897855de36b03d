//! A study from its runs to its answer.
//!
//! Two stages of runs. The first has everything that is known to be needed from the start: all replications of all
//! variants, and a few of them at both ends of the inputs' ranges. The second has what the first one's figures ask for:
//! the slowest requests again, followed through their hops, and the ends that speak most against an order that was
//! found. What stands between them is arithmetic.

use std::cell::RefCell;
use std::sync::Arc;

use rayon::prelude::*;

use super::design::{Options, Study, StudyError};
use super::difference::{Answers, Metric, differences};
use super::figure::Design;
use super::inputs::{Figures, Group, Shift, inputs_at};
use super::pool::{Task, Watch, work_off};
use super::progress::{FIRST_STAGE, FIRST_STAGE_AND_ENDS, Progress, SECOND_STAGE};
use super::remarks::{assumptions, fault_spans, flow_spans, text, told_of, warnings};
use super::replicated::Replicated;
use super::replications::{Replication, Replications, Scene};
use super::robustness::{self, Trial};
use super::varied::Varied;
use super::verdict::Claims;
use super::warm_up::{Cut, cut};
use super::words::{each_once, listed};
use super::{
    bill, business, calm, changes, estimate, faults, gates, hours, measure, resource, scaling, sessions, stores,
    summary, traffic, uptime, verdict,
};
use crate::mesh;
use crate::provider::{Books, Level, Provider};
use crate::record::{Comparison, Exemplar, Outlives, Run, Trace, VariantResult};
use crate::scenario::Loaded;
use crate::scenario::compile::{Compiled, Effort, Inputs, many_calls, missed};
use crate::scenario::load::Variant;
use crate::units::Duration;
use crate::world::{World, windows};

/// Both ends of all inputs together.
fn ends() -> [Inputs; 2] {
    [Level::Low, Level::High].map(|level| inputs_at(&Group::ALL, level))
}

/// The books that the variants stand on: those of their regions' providers, and Alibaba's for what is nobody's.
fn books(variants: &[&Variant]) -> Vec<(String, String)> {
    let regions = || variants.iter().flat_map(|variant| variant.scenario.topology.regions.values());
    let of = |provider: Provider| {
        let mut known = regions().filter_map(|region| Provider::split(&region.is.as_ref()?.value));
        known.any(|(whose, _)| whose == provider)
    };
    let mut used: Vec<Provider> = Provider::ALL.into_iter().filter(|provider| of(*provider)).collect();
    if used.is_empty() {
        used.push(Provider::default());
    }
    used.into_iter().map(|provider| (provider.word().to_owned(), Books::VERSION.to_owned())).collect()
}

/// Runs the variants and weighs them against each other.
pub(super) fn weigh(
    loaded: &Loaded,
    options: &Options,
    variants: &[&Variant],
    compiled: Vec<Compiled>,
    progress: &dyn Progress,
) -> Result<Study, StudyError> {
    let efforts: Vec<Effort> = compiled.iter().map(|one| one.effort.clone()).collect();
    let first = &variants.first().expect("a scenario has a variant").scenario.run;
    let asked = options.replications(first.replications.value);
    let many = many_calls(&efforts, Some(asked));
    let missed = missed(compiled.iter().map(|one| one.aims.as_slice()));
    let of_variants = told_of(variants.iter().zip(&compiled).map(|(variant, one)| (&*variant.name, &*one.warnings)));
    let of_all = missed.iter().chain(&many).chain(&loaded.diagnostics).map(|diagnostic| diagnostic.message.clone());
    let said = each_once(of_variants.into_iter().chain(of_all));
    let worlds: Vec<Arc<World>> = compiled.into_iter().map(|one| Arc::new(one.world)).collect();
    let seed = options.seed.unwrap_or(first.seed.value);

    let scenarios = variants.iter().map(|variant| &variant.scenario).collect();
    let mut varied = Varied::new(scenarios, &worlds, seed, asked);
    if options.inputs {
        varied.compile(&ends());
    }
    let scenes: Vec<Scene> = worlds.iter().map(Scene::new).collect();
    let mut tasks: Vec<Task<'_, Replication>> = replications(&scenes, seed, asked);
    let own = tasks.len();
    let bare = |run| Replication { run, twin: None };
    tasks.extend(varied.tasks().into_iter().map(|task| task.map(bare)));
    let stage = if tasks.len() > own { FIRST_STAGE_AND_ENDS } else { FIRST_STAGE };
    let mut done = work_off(stage, &tasks, progress);
    varied.take(done.split_off(own).into_iter().map(|done| done.map(|one| one.run)));
    let Replications { compared, left, done } = Replications::of(done, variants.len());
    let head = Comparison {
        schema: 1,
        scenario: loaded.name.clone(),
        question: loaded.question.clone(),
        hash: loaded.hash.clone(),
        text: text(loaded),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        horizon_s: worlds[0].plan.horizon.seconds(),
        command: options.command.clone(),
        books: books(variants),
        ..Comparison::default()
    };
    if compared[0].is_empty() {
        return Err(StudyError::Stopped { done, total: own, kept: Box::new(unfinished(head, variants, left, own)) });
    }

    let of: Vec<Replicated> = variants
        .par_iter()
        .zip(worlds)
        .zip(compared)
        .map(|((variant, world), runs)| Replicated::new(variant.scenario.clone(), world, runs))
        .collect();
    let replications = of[0].runs.len() as u32;
    let cut = cut(&of);
    let horizon = of[0].world.plan.horizon;
    let all = windows(horizon);
    let measured = Duration::from_nanos(horizon.nanos() / all as u64 * (all - cut.first_window) as u64);
    let design = Design::new(replications, measured);
    let answers: Vec<Answers> = of.par_iter().map(|variant| variant.answers(cut.first_window)).collect();
    let mut results: Vec<VariantResult> = of.par_iter().map(|variant| result(variant, &cut, design)).collect();
    for (result, variant) in results.iter_mut().zip(variants) {
        result.changes = changes::changes(&loaded.base, variant);
    }
    for (result, of) in results.iter_mut().zip(&of) {
        result.business = business::business(of, result);
    }
    let losses = verdict::losses(&of);
    business::even(&mut results, &losses, design);
    varied.middle(&of.iter().map(|variant| variant.runs.as_slice()).collect::<Vec<_>>(), &cut);
    varied.measure(&cut);
    let [low, high] = ends();
    let shifts = if options.inputs { varied.shifts(low, high).unwrap_or_default() } else { Vec::new() };
    for (result, shift) in results.iter_mut().zip(&shifts) {
        shift.apply(result);
    }
    solve_unknown_prices(&mut results);

    let claims = verdict::claims(&answers, &results, design);
    let leaders = verdict::leaders(&answers, &results, &losses, design);
    let varied = RefCell::new(varied);
    let second = Second { of: &of, cut: &cut, seed, progress, varied: &varied, shifts: &shifts };
    let Answered { robustness, traces, whole } = second.answers(&results, &claims, options.trace);
    for (result, trace) in results.iter_mut().zip(traces) {
        result.traces.extend(trace);
    }
    let rated = results.iter().filter_map(|result| result.business.as_ref()).flat_map(|business| &business.faults);
    let drills = business::warning(rated);
    let currency = of[0].bill.currency.clone();
    let gates = gates::gates(&of, cut.first_window, design);
    let partial = partial((done, own), (replications, asked), whole);
    let verdict = verdict::verdict(&answers, &results, &losses, &gates, design, &currency);
    let comparison = Comparison {
        replications,
        warm_up: cut.words.clone(),
        verdict: partial.iter().cloned().chain([verdict]).chain(outliving(&results)).collect::<Vec<_>>().join(" "),
        partial,
        robustness,
        assumptions: assumptions(&of, &results),
        warnings: warnings(said, loaded, variants, &of, &cut).into_iter().chain(drills).collect(),
        differences: differences(&answers, design, &currency),
        gates,
        currency,
        faults: fault_spans(&of),
        flows: flow_spans(&of),
        actions: super::operators::spans(&of),
        variants: results,
        ..head
    };
    let records = of.into_iter().map(|variant| variant.runs).zip(left).zip(variants);
    let record = |((mut runs, left), variant): ((Vec<Run>, Vec<Run>), &&Variant)| {
        runs.extend(left);
        (variant.name.clone(), runs)
    };
    Ok(Study { comparison, records: records.map(record).collect(), leaders })
}

/// The study's own runs: replications outside, variants inside, so that all variants get equally far.
fn replications(scenes: &[Scene], seed: u64, replications: u32) -> Vec<Task<'static, Replication>> {
    let cost = |scene: &Scene| estimate::calls(scene.world.at_start()) * scene.runs();
    let costs: Vec<u64> = scenes.iter().map(cost).collect();
    let task = |replication: u32, (scene, &cost): (&Scene, &u64)| {
        let scene = scene.clone();
        let name = format!("{}, replication {}", scene.world.variant, replication + 1);
        Task { name, cost, work: Box::new(move |watch| scene.replication(seed, replication, watch)) }
    };
    let task = &task;
    (0..replications).flat_map(|replication| scenes.iter().zip(&costs).map(move |of| task(replication, of))).collect()
}

/// What is kept of a study that was stopped before every variant had a replication: records, and what they are of.
fn unfinished(head: Comparison, variants: &[&Variant], left: Vec<Vec<Run>>, total: usize) -> Study {
    let done: usize = left.iter().map(Vec::len).sum();
    let records = variants.iter().map(|variant| variant.name.clone()).zip(left);
    let records: Vec<(String, Vec<Run>)> = records.filter(|(_, runs)| !runs.is_empty()).collect();
    let of = |(name, runs): &(String, Vec<Run>)| VariantResult {
        name: name.clone(),
        digests: digests(runs),
        ..VariantResult::default()
    };
    let said = format!("Stopped after {done} of {total} runs, before every variant had one: nothing is compared.");
    let comparison = Comparison { partial: Some(said), variants: records.iter().map(of).collect(), ..head };
    Study { comparison, records, leaders: Vec::new() }
}

fn digests(runs: &[Run]) -> Vec<String> {
    runs.iter().map(|run| format!("{:016x}", run.digest)).collect()
}

/// What a study that was stopped says first; none where nothing is missing.
fn partial((done, total): (usize, usize), (compared, asked): (u32, u32), whole: bool) -> Option<String> {
    if done < total {
        return Some(format!(
            "Stopped after {done} of {total} runs: this stands on the {compared} of {asked} replications that every \
             variant has finished."
        ));
    }
    (!whole).then(|| {
        format!(
            "Stopped after all {total} runs at the books' own figures, before those at the ends of their ranges and the \
             slowest requests were all run again."
        )
    })
}

fn result(of: &Replicated, cut: &Cut, design: Design) -> VariantResult {
    // What counts over the whole horizon, warm-up and all, says so by its own length.
    let whole = Design::new(design.replications, of.world.plan.horizon);
    let objective = measure::objective(&of.scenario);
    VariantResult {
        name: of.name().to_owned(),
        changes: Vec::new(),
        prerequisites: of.world.prerequisites.clone(),
        total: summary::total(&of.runs, cut.first_window, design),
        rows: summary::rows(&of.runs, cut.first_window, design),
        curve: summary::curve(&of.runs, cut.first_window, design),
        bill: of.bill.clone(),
        edges: traffic::edges(&of.runs, whole),
        resources: resource::resources(&of.runs, whole),
        scaling: scaling::scaling(&of.runs, whole),
        stores: stores::stores(&of.runs, whole),
        writes: stores::writes(&of.runs, whole),
        successions: stores::successions(&of.runs, whole),
        lost_writes: stores::all_lost(&of.runs, whole),
        sessions: sessions::sessions(&of.runs, whole),
        windows: summary::windows(&of.runs),
        hours: hours::hours(&of.world, &of.runs, whole),
        faults: faults::faults(&of.runs, objective, whole),
        errors: faults::errors(&of.runs),
        availability: uptime::availabilities(&of.runs, objective, cut.first_window, design),
        budget: objective.map(|objective| faults::budget(&of.runs, objective, whole)),
        flows: traffic::flows(&of.runs),
        digests: digests(&of.runs),
        failing_calm: calm::failing(of, cut.first_window, design),
        business: None,
        traces: Vec::new(),
    }
}

/// States that outlive what brought them about: a sentence for each variant; where there are several of one variant they are
/// named, and the worst of them is told.
fn outliving(results: &[VariantResult]) -> Vec<String> {
    let of = |variant: &VariantResult| {
        let stays = || variant.faults.iter().filter_map(|fault| Some((&fault.name, fault.outlives.as_ref()?)));
        let lost = |of: &Outlives| of.success_before - of.success_after;
        let (worst, told) = stays().max_by(|a, b| lost(a.1).total_cmp(&lost(b.1)))?;
        let others: Vec<String> = stays().map(|(name, _)| name.clone()).filter(|name| name != worst).collect();
        let others = if others.is_empty() { String::new() } else { format!("; nor from {}", listed(&others)) };
        Some(format!("{} {}{others}.", variant.name, told.sentence))
    };
    results.iter().filter_map(of).collect()
}

/// What the second stage of runs is for.
struct Second<'a> {
    of: &'a [Replicated],
    cut: &'a Cut,
    seed: u64,
    progress: &'a dyn Progress,
    varied: &'a RefCell<Varied<'a>>,
    shifts: &'a [Shift],
}

/// What came of it.
struct Answered {
    robustness: String,
    /// By variant; empty where none was asked for.
    traces: Vec<Option<Trace>>,
    /// Was everything run that was asked for?
    whole: bool,
}

/// A run of the second stage.
enum Later {
    Run(Box<Run>),
    Trace(Option<Trace>),
}

impl Second<'_> {
    /// Whether the claims survive the inputs, and the slowest request of each variant where `trace` asks for it.
    fn answers(&self, results: &[VariantResult], claims: &Claims, trace: bool) -> Answered {
        let metric = verdict::latency_metric(results);
        let gap_at = |inputs, best: usize, other: usize| self.gap(results, metric, inputs, (best, other));
        let trial = Trial { of: self.of, results, shifts: self.shifts, gap_at: &gap_at };
        let asked = robustness::asked(&trial, claims);
        let (traces, followed) = self.together(&asked, trace);
        let robustness = robustness::robustness(&trial, claims);
        if self.varied.borrow().is_open() {
            // What was not run cannot have held.
            let robustness = robustness::robustness(&Trial { shifts: &[], ..trial }, claims);
            return Answered { robustness, traces, whole: false };
        }
        Answered { robustness, traces, whole: followed }
    }

    /// Runs the variants at these inputs and follows the slowest request of each, all at once; was each followed?
    fn together(&self, asked: &[Inputs], trace: bool) -> (Vec<Option<Trace>>, bool) {
        let mut varied = self.varied.borrow_mut();
        varied.compile(asked);
        let slowest = |of: &Replicated| trace.then(|| slowest(of)).flatten();
        let which: Vec<Option<(u32, Exemplar)>> = self.of.iter().map(slowest).collect();
        let follow = |(of, which): (&Replicated, &Option<(u32, Exemplar)>)| {
            let (world, seed, (replication, which)) = (Arc::clone(&of.world), self.seed, (*which)?);
            let name = format!("{}, its slowest request", of.name());
            let work = move |watch: &Watch<'_>| {
                // It has come once, so that it comes again, unless the run is given up.
                let trace = mesh::trace(&world, seed, replication, which, "slowest", watch);
                trace.is_some().then_some(Later::Trace(trace))
            };
            Some(Task { name, cost: estimate::calls(&of.world), work: Box::new(work) })
        };
        let mut tasks: Vec<Task<'_, Later>> = self.of.iter().zip(&which).filter_map(follow).collect();
        tasks.extend(varied.tasks().into_iter().map(|task| task.map(|run| Later::Run(Box::new(run)))));
        if tasks.is_empty() {
            return (Vec::new(), true);
        }
        let (mut traces, mut runs) = (Vec::new(), Vec::new());
        let followed = which.iter().flatten().count();
        for (index, done) in work_off(SECOND_STAGE, &tasks, self.progress).into_iter().enumerate() {
            match done {
                Some(Later::Trace(trace)) => traces.push(Some(trace)),
                Some(Later::Run(run)) => runs.push(Some(*run)),
                None if index < followed => traces.push(None),
                None => runs.push(None),
            }
        }
        varied.take(runs);
        varied.measure(self.cut);
        let whole = traces.iter().all(Option::is_some);
        let mut traces = traces.into_iter().map(Option::flatten);
        (which.iter().map(|which| which.and_then(|_| traces.next().flatten())).collect(), whole)
    }

    /// How much slower `other` is than `best` at other inputs, ms: the study's own gap, shifted by what the inputs change.
    fn gap(
        &self,
        results: &[VariantResult],
        metric: Metric,
        inputs: Inputs,
        (best, other): (usize, usize),
    ) -> Option<f64> {
        let mut varied = self.varied.borrow_mut();
        let figures = |of: Vec<&Figures>| Some((of[best].latency_ms(metric)?, of[other].latency_ms(metric)?));
        let mid = figures(varied.at(Inputs::default())?)?;
        let end = figures(varied.now_at(inputs, self.cut, self.progress)?)?;
        let value = |index: usize| {
            let total = &results[index].total;
            match metric {
                Metric::Quantile(name, _) => total.latency_ms.get(name)?.value,
                Metric::Mean | Metric::Availability | Metric::Cost => total.mean_ms.value,
            }
        };
        Some(value(other)? + end.1 - mid.1 - (value(best)? + end.0 - mid.0))
    }
}

/// The slowest request of all replications: which replication, and which request.
fn slowest(of: &Replicated) -> Option<(u32, Exemplar)> {
    let each = of.runs.iter().filter_map(|run| Some((run.replication, *run.slowest.first()?)));
    // The earliest replication of equals, so that the answer does not depend on how they were found.
    each.min_by_key(|(_, which)| std::cmp::Reverse(which.latency_ns))
}

fn solve_unknown_prices(results: &mut [VariantResult]) {
    let mut bills: Vec<(String, crate::record::Bill)> =
        results.iter().map(|result| (result.name.clone(), result.bill.clone())).collect();
    bill::solve_unknowns(&mut bills);
    for (result, (_, bill)) in results.iter_mut().zip(bills) {
        result.bill = bill;
    }
}
