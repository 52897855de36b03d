//! The design of a study: every variant, every replication, on common random numbers, in parallel; then what they say.
//!
//! Work is listed in a fixed order and results are taken by index, so that the number of threads changes nothing. A
//! variant's runs depend on its own world and on (seed, replication) only: adding a variant leaves the others' records
//! as they were.

use rayon::prelude::*;

use super::difference::{Answers, Metric, differences};
use super::figure::{Design, NO_FAILURE};
use super::inputs::Varied;
use super::progress::Progress;
use super::replicated::Replicated;
use super::robustness::{self, Trial};
use super::warm_up::{Cut, cut};
use super::{bill, changes, gates, recovery, resource, summary, traffic, verdict};
use crate::mesh;
use crate::provider::Books;
use crate::record::{Comparison, FaultSpan, Run, Trace, VariantResult};
use crate::scenario::compile::{Compiled, Inputs, compile_with_warnings};
use crate::scenario::load::Variant;
use crate::scenario::{Diagnostic, Loaded, gathered};
use crate::units::Duration;
use crate::world::{WINDOWS, World};

/// What a command line may change of a study.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Master seed, instead of the scenario's.
    pub seed: Option<u64>,
    /// Replications of each variant, instead of the scenario's.
    pub replications: Option<u32>,
    /// Threads; none: one for each core.
    pub threads: Option<usize>,
    /// Only these variants; empty: all.
    pub variants: Vec<String>,
    /// Run a few replications at the low and the high end of the books' figures too?
    pub inputs: bool,
    /// Follow the slowest request of each variant through its hops?
    pub trace: bool,
    /// The command that repeats this, for the record.
    pub command: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: None,
            replications: None,
            threads: None,
            variants: Vec::new(),
            inputs: true,
            trace: true,
            command: String::new(),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The scenario is wrong; nothing was run.
    #[error("the scenario cannot be run")]
    Scenario(Vec<Diagnostic>),
    /// A variant was asked for that the scenario does not have.
    #[error("no variant is named `{asked}`; there are: {}", known.join(", "))]
    NoVariant {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The threads could not be started.
    #[error("{0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// An answer with the records that it was read off.
#[derive(Clone, PartialEq, Debug)]
pub struct Study {
    /// Every figure with its interval.
    pub comparison: Comparison,
    /// The exact counts of each variant, by replication.
    pub records: Vec<(String, Vec<Run>)>,
}

/// Runs all variants of a scenario and weighs them against each other.
pub fn compare(loaded: &Loaded, options: &Options, progress: &dyn Progress) -> Result<Study, StudyError> {
    let variants = chosen(loaded, &options.variants)?;
    let compiled = compile_all(&variants)?;
    in_pool(options.threads, || weigh(loaded, options, variants, compiled, progress))
}

/// Runs `work` on a pool of its own size.
pub(super) fn in_pool<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> Result<T, StudyError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.unwrap_or(0)).build()?;
    Ok(pool.install(work))
}

/// The variants that were asked for, in the order of the file.
pub(super) fn chosen<'a>(loaded: &'a Loaded, names: &[String]) -> Result<Vec<&'a Variant>, StudyError> {
    for asked in names {
        if !loaded.variants.iter().any(|variant| variant.name == *asked) {
            let known = loaded.variants.iter().map(|variant| variant.name.clone()).collect();
            return Err(StudyError::NoVariant { asked: asked.clone(), known });
        }
    }
    Ok(loaded.variants.iter().filter(|variant| names.is_empty() || names.contains(&variant.name)).collect())
}

/// The world of each variant at the books' figures with its warnings, or everything that is wrong with any of them.
pub(super) fn compile_all(variants: &[&Variant]) -> Result<Vec<Compiled>, StudyError> {
    let mut said: Vec<(String, Vec<Diagnostic>)> = Vec::new();
    let mut compiled = Vec::new();
    for variant in variants {
        match compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()) {
            Ok(world) => {
                said.push((variant.name.clone(), world.warnings.clone()));
                compiled.push(world);
            }
            Err(found) => said.push((variant.name.clone(), found)),
        }
    }
    // What the base says wrong is wrong in every variant, and said once.
    if compiled.len() == variants.len() { Ok(compiled) } else { Err(StudyError::Scenario(gathered(said))) }
}

fn each_once<T: PartialEq>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    kept
}

/// The replications of each world, by index.
pub(super) fn replicate(worlds: &[World], seed: u64, replications: u32, progress: &dyn Progress) -> Vec<Vec<Run>> {
    // Replications outside, variants inside: an interrupted watcher has seen all variants get equally far.
    let work: Vec<(u32, usize)> =
        (0..replications).flat_map(|replication| (0..worlds.len()).map(move |world| (replication, world))).collect();
    progress.begin(work.len() as u64);
    let runs: Vec<Run> = work
        .par_iter()
        .map(|&(replication, index)| {
            let world = &worlds[index];
            let run = mesh::run(world, seed, replication);
            progress.advance(1, &format!("{}, replication {}", world.variant, replication + 1));
            run
        })
        .collect();
    let mut by_world: Vec<Vec<Run>> = worlds.iter().map(|_| Vec::with_capacity(replications as usize)).collect();
    for (&(_, index), run) in work.iter().zip(runs) {
        by_world[index].push(run);
    }
    by_world
}

fn weigh(
    loaded: &Loaded,
    options: &Options,
    variants: Vec<&Variant>,
    compiled: Vec<Compiled>,
    progress: &dyn Progress,
) -> Study {
    let said = compiled.iter().flat_map(|one| &one.warnings).chain(&loaded.diagnostics);
    let said = each_once(said.map(|diagnostic| diagnostic.message.clone()));
    let worlds: Vec<World> = compiled.into_iter().map(|one| one.world).collect();
    let first = &variants.first().expect("a scenario has a variant").scenario.run;
    let seed = options.seed.unwrap_or(first.seed.value);
    let replications = options.replications.unwrap_or(first.replications.value);
    let runs = replicate(&worlds, seed, replications, progress);
    let of: Vec<Replicated> = variants
        .par_iter()
        .zip(worlds)
        .zip(runs)
        .map(|((variant, world), runs)| Replicated::new(variant.scenario.clone(), world, runs))
        .collect();
    let cut = cut(&of);
    let horizon = of[0].world.plan.horizon;
    let measured = Duration::from_nanos(horizon.nanos() / WINDOWS as u64 * (WINDOWS - cut.first_window) as u64);
    let design = Design::new(replications, measured);
    let answers: Vec<Answers> = of.par_iter().map(|variant| variant.answers(cut.first_window)).collect();
    let mut results: Vec<VariantResult> = of.par_iter().map(|variant| result(variant, &cut, design)).collect();
    for (result, variant) in results.iter_mut().zip(&variants) {
        result.changes = changes::changes(&loaded.base, variant);
    }
    let varied = Varied::new(&of, &cut, seed, progress);
    let shifts = if options.inputs { varied.shifts().unwrap_or_default() } else { Vec::new() };
    for (result, shift) in results.iter_mut().zip(&shifts) {
        shift.apply(result);
    }
    solve_unknown_prices(&mut results);
    if options.trace {
        for (result, variant) in results.iter_mut().zip(&of) {
            result.traces.extend(slowest(variant, seed));
        }
    }
    let claims = verdict::claims(&answers, &results, design);
    let metric = verdict::latency_metric(&results);
    let gap_at = |inputs, best: usize, other: usize| gap(&varied, &results, metric, inputs, best, other);
    let trial = Trial { of: &of, results: &results, shifts: &shifts, gap_at: &gap_at };
    let robustness = robustness::robustness(&trial, &claims);
    let currency = of[0].bill.currency.clone();
    let gates = gates::gates(&of, cut.first_window, design);
    let comparison = Comparison {
        schema: 1,
        scenario: loaded.name.clone(),
        question: loaded.question.clone(),
        hash: loaded.hash.clone(),
        text: text(loaded),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        replications,
        horizon_s: horizon.seconds(),
        warm_up: cut.words.clone(),
        command: options.command.clone(),
        books: vec![("alibaba".to_owned(), Books::VERSION.to_owned())],
        verdict: verdict::verdict(&answers, &results, &gates, design, &currency),
        robustness,
        assumptions: assumptions(&of, &results),
        warnings: warnings(said, loaded, &variants, &of, &cut),
        differences: differences(&answers, design, &currency),
        gates,
        currency,
        faults: fault_spans(&of),
        variants: results,
    };
    let records = of.into_iter().map(|variant| (variant.scenario.variant, variant.runs)).collect();
    Study { comparison, records }
}

fn result(of: &Replicated, cut: &Cut, design: Design) -> VariantResult {
    // What counts over the whole horizon, warm-up and all, says so by its own length.
    let whole = Design::new(design.replications, of.world.plan.horizon);
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
        windows: summary::windows(&of.runs),
        faults: recovery::faults(&of.runs, whole),
        flows: traffic::flows(&of.runs),
        digests: of.runs.iter().map(|run| format!("{:016x}", run.digest)).collect(),
        traces: Vec::new(),
    }
}

/// The slowest request of all replications, run again and followed.
fn slowest(of: &Replicated, seed: u64) -> Option<Trace> {
    let each = of.runs.iter().filter_map(|run| Some((run.replication, run.slowest.first()?)));
    // The earliest replication of equals, so that the answer does not depend on how they were found.
    let (replication, which) = each.min_by_key(|(_, which)| std::cmp::Reverse(which.latency_ns))?;
    mesh::trace(&of.world, seed, replication, *which, "slowest")
}

/// How much slower `other` is than `best` at other inputs, ms: the study's own gap, shifted by what the inputs change.
fn gap(
    varied: &Varied<'_>,
    results: &[VariantResult],
    metric: Metric,
    inputs: Inputs,
    best: usize,
    other: usize,
) -> Option<f64> {
    let (mid, end) = (varied.at(Inputs::default())?, varied.at(inputs)?);
    let value = |index: usize| {
        let total = &results[index].total;
        match metric {
            Metric::Quantile(name, _) => total.latency_ms.get(name)?.value,
            Metric::Mean | Metric::Availability | Metric::Cost => total.mean_ms.value,
        }
    };
    let shifted = |index: usize| Some(value(index)? + end[index].latency_ms(metric)? - mid[index].latency_ms(metric)?);
    Some(shifted(other)? - shifted(best)?)
}

fn solve_unknown_prices(results: &mut [VariantResult]) {
    let mut bills: Vec<(String, crate::record::Bill)> =
        results.iter().map(|result| (result.name.clone(), result.bill.clone())).collect();
    bill::solve_unknowns(&mut bills);
    for (result, (_, bill)) in results.iter_mut().zip(bills) {
        result.bill = bill;
    }
}

/// All texts of a scenario, one after the other, each under its name where there is more than one.
fn text(loaded: &Loaded) -> String {
    let many = loaded.sources.iter().len() > 1;
    let of = |source: &crate::scenario::span::Source| {
        if many { format!("# {}\n{}\n", source.name, source.text) } else { source.text.clone() }
    };
    loaded.sources.iter().map(|(_, source)| of(source)).collect()
}

/// What the bills take for granted, each once.
fn assumptions(of: &[Replicated], results: &[VariantResult]) -> Vec<String> {
    let unfailing = |total: &crate::record::RequestSummary| {
        total.availability.why.as_deref().is_some_and(|why| why.starts_with(NO_FAILURE))
    };
    let any = results.iter().flat_map(|result| result.rows.iter().chain([&result.total])).any(unfailing);
    // What a fault adds to a variant's bill is a figure of that bill, not an assumption of the comparison.
    let bills = of.iter().flat_map(|variant| {
        let of_fault = format!("{}: each ", variant.name());
        variant.bill.basis.iter().filter(move |line| !line.starts_with(&of_fault)).cloned()
    });
    each_once(bills.chain(any.then(|| independence(of[0].runs.len()))))
}

/// What the bound of an availability without a failure stands on.
fn independence(replications: usize) -> String {
    format!(
        "where no request failed, the lower bound of the availability takes requests as independent; failures that come \
         together (one episode) are only known to be absent from {replications} replications"
    )
}

fn warnings(
    mut said: Vec<String>,
    loaded: &Loaded,
    variants: &[&Variant],
    of: &[Replicated],
    cut: &Cut,
) -> Vec<String> {
    let beyond: Vec<Vec<String>> =
        variants.iter().map(|variant| changes::beyond_connectivity(&loaded.base, variant)).collect();
    // What all of them change alike is no difference between them.
    let apart = beyond.iter().any(|words| *words != beyond[0]);
    for (variant, words) in variants.iter().zip(&beyond).filter(|(_, words)| apart && !words.is_empty()) {
        said.push(format!(
            "{} differs from the file's base in more than routes and connectivity: {}",
            variant.name,
            words.join("; ")
        ));
    }
    let replications = of[0].runs.len() as u32;
    said.extend(gates::unasked(of));
    said.extend(cut.warning.clone());
    if replications < super::statistics::UNMARKED_REPLICATIONS {
        said.push(format!("{replications} replications are few: intervals are indicative at best"));
    }
    said
}

/// Faults of all variants, each once.
fn fault_spans(of: &[Replicated]) -> Vec<FaultSpan> {
    let span = |fault: &crate::world::Fault| FaultSpan {
        name: fault.name.clone(),
        hits: fault.hits.clone(),
        start_s: fault.start.seconds(),
        end_s: fault.end.seconds(),
    };
    each_once(of.iter().flat_map(|variant| variant.world.faults.rows().iter().map(span)))
}
