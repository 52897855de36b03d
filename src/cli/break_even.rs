//! `eastwest break-even FILE [A B]`: at which volume two variants cost the same, solved on the bill and confirmed by runs.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Exit, Stop};
use super::progress::Progress;
use super::{interrupt, reading, studying};
use crate::record::VolumeOutcome;
use crate::report::{self, terminal};
use crate::study::{self, StudyError};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct BreakEven {
    /// The scenario file
    pub file: PathBuf,
    /// The two variants [default: the first two]
    #[arg(num_args = 0..=2, value_name = "VARIANT")]
    pub variants: Vec<String>,
    /// Override a value of the scenario; may be repeated
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
    /// Master seed, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Replications of each run
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=10_000))]
    pub replications: u32,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl BreakEven {
    /// Solves, scales the workload to each solved volume, runs it, and tells whether the costs meet there.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        if self.file.as_os_str() == "-" {
            return Err(Stop::wrong("`break-even` reads the scenario again at each volume: give it a file, not stdin"));
        }
        let changes = Changes { set: self.set.clone(), variant: Vec::new() };
        let loaded = reading::load(&self.file, &changes, manner)?;
        let [a, b] = self.pair(&loaded)?;
        let effort = Effort {
            seed: self.seed,
            replications: Some(self.replications),
            threads: self.threads,
            ..Effort::default()
        };
        let mut command = studying::command("break-even", &self.file, &changes, &effort);
        command.push_str(&format!(" {a} {b}"));
        let options = studying::options(&changes, &effort, command);
        let reload = |settings: &[(String, String)]| {
            let more = settings.iter().map(|(key, value)| format!("{key}={value}"));
            let changes = Changes { set: self.set.iter().cloned().chain(more).collect(), variant: Vec::new() };
            match reading::quietly(&self.file, &changes) {
                Ok(Ok(loaded)) => Ok(loaded),
                Ok(Err(refused)) => Err(refused
                    .diagnostics
                    .iter()
                    .find(|diagnostic| diagnostic.is_error())
                    .map_or_else(|| "the scenario is refused".to_owned(), |diagnostic| diagnostic.message.clone())),
                Err(stop) => Err(stop.message),
            }
        };
        let progress = Progress::new(&loaded.name, manner.quiet);
        interrupt::study_begins();
        let found = study::break_even(&loaded, (&a, &b), &options, &reload, &progress);
        progress.finish();
        let told = match found {
            Ok(told) => told,
            Err(StudyError::Scenario(wrong)) => return Err(reading::refused(&wrong, &loaded.sources, manner)),
            Err(error @ StudyError::NoVariant { .. }) => return Err(Stop::wrong(error)),
            Err(error @ StudyError::Stopped { .. }) => return Err(Stop::interrupted(error)),
            Err(error @ StudyError::Threads(_)) => return Err(Stop::io(error)),
        };
        let text = if manner.json() {
            report::json(&told)
        } else {
            terminal::break_even(&told, manner.width(), manner.style())
        };
        let lacking = |outcome| matches!(outcome, VolumeOutcome::NotEnough | VolumeOutcome::NotRun);
        let thin = told.confirmed.iter().any(|volume| lacking(volume.outcome));
        Ok(Answer { text, exit: if thin { Exit::NotEnough } else { Exit::Met } })
    }

    fn pair(&self, loaded: &crate::scenario::Loaded) -> Result<[String; 2], Stop> {
        let names: Vec<String> = match self.variants.len() {
            0 => loaded.variants.iter().take(2).map(|variant| variant.name.clone()).collect(),
            _ => self.variants.clone(),
        };
        let found = <[String; 2]>::try_from(names)
            .map_err(|_| Stop::wrong("a break-even is between two variants: `eastwest break-even FILE A B`"))?;
        if found[0] == found[1] {
            return Err(Stop::wrong("a variant costs what it costs: name two different ones"));
        }
        Ok(found)
    }
}
