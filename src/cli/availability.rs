//! `eastwest availability FILE`: what is lost in the long run, in minutes, by which failure, at rates that are assumed.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Stop};
use super::progress::Progress;
use super::{interrupt, reading, studying};
use crate::report::{self, charts, terminal};
use crate::study::files::{self, File};
use crate::study::{self, StudyError, availability};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Availability {
    /// The scenario file
    pub file: PathBuf,
    /// What is changed.
    #[command(flatten)]
    pub changes: Changes,
    /// Master seed, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Each failure three times and no further rounds: wider intervals, sooner
    #[arg(long)]
    pub quick: bool,
    /// Tell states with up to so many components down apart, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4))]
    pub within: Option<u32>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Folder for the result files [default: results/SCENARIO/availability]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overwrite files of other people in that folder
    #[arg(long)]
    pub force: bool,
}

impl Availability {
    /// Simulates each class of failure states, weighs them, writes the files and tells the answer.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let effort = Effort { seed: self.seed, quick: self.quick, threads: self.threads, ..Effort::default() };
        let mut command = studying::command("availability", &self.file, &self.changes, &effort);
        if let Some(within) = self.within {
            command.push_str(&format!(" --within {within}"));
        }
        let options = studying::options(&self.changes, &effort, command);
        let folder = self.out.clone().unwrap_or_else(|| effort.folder(&loaded.name).join("availability"));
        files::ready(&folder, self.force).map_err(Stop::io)?;
        let much = if self.quick { availability::Effort::QUICK } else { availability::Effort::FULL };
        let progress = Progress::new(&loaded.name, manner.quiet);
        interrupt::study_begins();
        let found = study::availability::availability(&loaded, &options, much, self.within, &progress);
        progress.finish();
        let mut told = match found {
            Ok(told) => told,
            Err(StudyError::Scenario(wrong)) => return Err(reading::refused(&wrong, &loaded.sources, manner)),
            Err(error @ StudyError::NoVariant { .. }) => return Err(Stop::wrong(error)),
            Err(StudyError::Stopped { done, total, .. }) => {
                return Err(Stop::interrupted(format!(
                    "Stopped after {done} of {total} runs: without all of them nothing can be weighed, and nothing is written."
                )));
            }
            Err(error @ StudyError::Threads(_)) => return Err(Stop::io(error)),
        };
        if self.quick {
            told.warnings.insert(0, "QUICK: the intervals are wide; leave --quick out for the answer".into());
        }
        let figure = charts::downtime(&told);
        let (svg, picture) = (figure.svg.clone(), figure.svg.clone());
        let drawn = vec![
            File::of("charts/downtime.svg", 1, move || svg.clone().into_bytes()),
            File::of("charts/downtime.png", 100, move || charts::picture(&picture)),
        ];
        let written = files::write_long_run(&folder, &told, drawn).map_err(Stop::io)?;
        let text = if manner.json() {
            report::json(&told)
        } else {
            let paths: Vec<PathBuf> = written.iter().map(|name| folder.join(name)).collect();
            let mut text = terminal::long_run(&told, manner.width(), manner.style());
            text.push_str(&terminal::files(&folder, &paths, manner.width(), manner.style()));
            text
        };
        Ok(Answer::met(text))
    }
}
