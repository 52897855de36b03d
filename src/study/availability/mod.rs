//! Long-run availability: failure states enumerated, each class of them simulated, weighed by how often it is met.
//!
//! A year cannot be replayed request by request: tens of thousands of years would have to be, to tell 99.99 % from
//! 99.999 %. So the time scales are taken apart. [`component`] says what fails in a world and how often, [`states`] which
//! states that makes and their weights, [`class`] which of them come to the same. [`trial`] simulates each class while it
//! lasts, and its coming and going. [`model`] puts it together at any rates of failure; [`draws`] and [`months`] ask it.
//! [`steady`], [`chain`], [`renewal`] and [`samples`] are closed forms.
//!
//! Knows nothing of charts or terminals.

mod answer;
mod attempt;
mod calm;
mod certain;
pub mod chain;
pub mod class;
pub mod component;
mod day;
mod difference;
pub mod draws;
mod few;
mod figures;
pub mod group;
mod idle;
mod keep;
mod mark;
pub mod model;
pub mod months;
mod outage;
mod pairs;
mod reach;
mod ready;
pub mod renewal;
mod rounds;
pub mod samples;
mod standby;
pub mod states;
pub mod steady;
mod streams;
mod study;
mod thin;
pub mod trial;
mod written;

use super::design::{Options, Study, StudyError, chosen, compile_all, in_pool};
use super::pool::work_off;
use super::progress::Progress;
use crate::provider::Books;
use crate::record::{Comparison, LongRun};
use crate::scenario::Loaded;
pub(super) use component::mean_down_s;
pub use idle::idle;
pub use keep::{FinishedRun, Keep, KnownRuns};
use study::Case;
pub use study::{Effort, WIDTH};
pub use thin::undersized;

/// What is asked of a study.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The scenario.
    pub loaded: &'a Loaded,
    /// Which of its variants, on how many threads, from which seed.
    pub options: &'a Options,
    /// How much is simulated at the most.
    pub effort: Effort,
    /// Up to so many components down are told apart; none: as many as the scenario says.
    pub within: Option<u32>,
}

/// Availability of every variant in the long run.
pub fn availability(asked: &Asked<'_>, progress: &dyn Progress) -> Result<LongRun, StudyError> {
    resumed(asked, &Keep::default(), progress)
}

/// The same, with the runs that an interrupted study has left.
pub fn resumed(asked: &Asked<'_>, keep: &Keep<'_>, progress: &dyn Progress) -> Result<LongRun, StudyError> {
    in_pool(asked.options.threads, || study(asked, keep, progress))?
}

fn study(asked: &Asked<'_>, keep: &Keep<'_>, progress: &dyn Progress) -> Result<LongRun, StudyError> {
    let Asked { loaded, options, effort, within } = *asked;
    let variants = chosen(loaded, &options.variants)?;
    let compiled = compile_all(&variants)?;
    let first = &variants[0].scenario;
    let seed = options.seed.unwrap_or(first.run.seed.value);
    let mut cases: Vec<Case> = variants
        .iter()
        .zip(compiled)
        .map(|(variant, compiled)| Case::new(&variant.scenario, compiled.world, within, effort, seed))
        .collect();
    // Runs are the same whatever else is asked for of the same text.
    let of = format!("{}/{}", loaded.hash, env!("CARGO_PKG_VERSION"));
    for round in 0..=effort.rounds {
        run(&mut cases, seed, round, (&of, keep), progress)?;
        let go_on: Vec<bool> = cases.iter_mut().map(|case| round < effort.rounds && case.go_on(effort)).collect();
        if !go_on.contains(&true) {
            break;
        }
    }
    let slo = first.reliability.as_ref().and_then(|said| said.slo.as_ref()).map(|slo| slo.value);
    let stopped = || progress.stopped();
    let answered: Vec<answer::Answered> =
        cases.iter().map(|case| answer::answered(case, seed, slo, &stopped)).collect();
    if stopped() {
        let total = cases.iter().flat_map(|case| &case.trials).map(|trial| trial.seen.len()).sum();
        let kept = Box::new(Study { comparison: Comparison::default(), records: Vec::new(), leaders: Vec::new() });
        return Err(StudyError::Stopped { done: total, total, kept });
    }
    let pairs = pairs::pairs(&cases, &answered);
    let mut record = LongRun {
        schema: 1,
        scenario: loaded.name.clone(),
        question: loaded.question.clone(),
        hash: loaded.hash.clone(),
        text: super::remarks::text(loaded),
        engine: env!("CARGO_PKG_VERSION").to_owned(),
        seed,
        command: options.command.clone(),
        books: vec![("reliability".to_owned(), Books::VERSION.to_owned())],
        within: cases.iter().map(|case| case.within).max().unwrap_or(0),
        slo,
        verdict: pairs::verdict(&answered, &pairs, &written::stores(&cases)),
        ..LongRun::default()
    };
    if first.reliability.is_none() {
        record.warnings.push(
            "the scenario has no `reliability`: EVERY rate of failure below is the book's estimate, nobody's measurement"
                .into(),
        );
    }
    record.warnings.extend(idle(loaded).into_iter().map(|said| format!("{}: {}", said.code, said.message)));
    for (case, one) in cases.iter().zip(&answered) {
        record.warnings.extend(answer::warnings(case, one));
        record.warnings.extend(answer::undersized(case));
        record.warnings.extend(answer::without_flows(case));
        record.warnings.extend(case.day.warning(&case.name));
        for sentence in answer::assumed(case) {
            if !record.assumptions.contains(&sentence) {
                record.assumptions.push(sentence);
            }
        }
    }
    record.assumptions.extend(RULES.map(str::to_owned));
    if first.faults.is_empty() {
        record.assumptions.retain(|sentence| !sentence.starts_with("faults of the scenario"));
    }
    record.pairs = pairs;
    record.variants = answered.into_iter().map(|one| one.record).collect();
    Ok(record)
}

/// What holds of every answer.
const RULES: [&str; 4] = [
    "faults of the scenario are left out: only what `reliability` assumes fails",
    "requests come at the rates of the scenario's first minutes, failures do not depend on load, and users who are not \
     answered do not stop asking",
    "components fail independently but for `common` and for what stands in what; a cable that carries backbone and internet \
     is two components",
    "a component that falls while another is down costs, as it comes and goes, what it costs alone",
];

/// Makes all runs that are wanted.
fn run(
    cases: &mut [Case],
    seed: u64,
    round: u32,
    (of, keep): (&str, &Keep<'_>),
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let (places, tasks): (Vec<(usize, usize)>, Vec<_>) = cases
        .iter()
        .enumerate()
        .flat_map(|(number, case)| {
            case.tasks(seed, of, keep).into_iter().map(move |(trial, task)| ((number, trial), task))
        })
        .unzip();
    let total = tasks.len();
    let stage = if round == 0 { "1, each failure alone".to_owned() } else { format!("{}, narrowing", round + 1) };
    let found = work_off(&stage, &tasks, progress);
    drop(tasks);
    let done = found.iter().flatten().count();
    if done < total {
        let kept = Box::new(Study { comparison: Comparison::default(), records: Vec::new(), leaders: Vec::new() });
        return Err(StudyError::Stopped { done, total, kept });
    }
    for ((case, trial), seen) in places.into_iter().zip(found) {
        cases[case].trials[trial].seen.extend(seen);
    }
    cases.iter_mut().for_each(Case::look);
    Ok(())
}
