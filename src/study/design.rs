//! The design of a study: every variant, every replication, on common random numbers, in parallel; then what they say.
//!
//! Work is listed in a fixed order and results are taken by index, so that the number of threads changes nothing. A
//! variant's runs depend on its own world and on (seed, replication) only: adding a variant leaves the others' records
//! as they were.

use rayon::prelude::*;

use super::progress::Progress;
use super::weigh::weigh;
use crate::provider::Books;
use crate::record::{Comparison, Run, SweepLeader};
use crate::scenario::compile::{Compiled, Inputs, compile_with_warnings};
use crate::scenario::load::Variant;
use crate::scenario::{Diagnostic, Loaded, gathered};

/// What a command line may change of a study.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Master seed, instead of the scenario's.
    pub seed: Option<u64>,
    /// Replications of each variant, instead of the scenario's.
    pub replications: Option<u32>,
    /// No more replications than these, where the scenario has more.
    pub at_most: Option<u32>,
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
            at_most: None,
            threads: None,
            variants: Vec::new(),
            inputs: true,
            trace: true,
            command: String::new(),
        }
    }
}

impl Options {
    /// Replications of each variant, where the scenario says `own`.
    pub fn replications(&self, own: u32) -> u32 {
        let asked = self.replications.unwrap_or(own);
        self.at_most.map_or(asked, |most| asked.min(most))
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
    /// Somebody stopped it before every variant had a replication.
    #[error("stopped after {done} of {total} runs, before every variant had one: there is nothing to compare")]
    Stopped {
        /// Runs that were finished.
        done: usize,
        /// Runs that were asked for.
        total: usize,
        /// The records of those that were finished, of variants that have any, with what they are of; no figures.
        kept: Box<Study>,
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
    /// Who is fastest, cheapest and most available beyond doubt.
    pub leaders: Vec<SweepLeader>,
}

/// Runs all variants of a scenario and weighs them against each other.
pub fn compare(loaded: &Loaded, options: &Options, progress: &dyn Progress) -> Result<Study, StudyError> {
    let variants = chosen(loaded, &options.variants)?;
    in_pool(options.threads, || weigh(loaded, options, &variants, compile_all(&variants)?, progress))?
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
    let compile = |variant: &&Variant| {
        compile_with_warnings(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
    };
    let found: Vec<Result<Compiled, Vec<Diagnostic>>> = variants.par_iter().map(compile).collect();
    for (variant, found) in variants.iter().zip(found) {
        match found {
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
