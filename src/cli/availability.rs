//! `eastwest availability FILE`: what is lost in the long run, in minutes, by which failure, at rates that are assumed.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Stop};
use super::progress::Progress;
use super::{interrupt, reading, studying};
use crate::report::{self, charts, terminal};
use crate::study::StudyError;
use crate::study::availability::{self, Asked, Keep, KnownRuns};
use crate::study::files::{self, File, RunLog};

/// The command.
#[derive(Clone, Debug, Args)]
#[command(mut_arg("replications", |arg| arg.help("Each failure so many times at first, at least 2 [default: 5]")))]
#[command(mut_arg("quick", |arg| arg.help("Each failure three times and no further rounds: wider intervals, sooner")))]
#[command(mut_arg("out", |arg| arg.help("Folder for the result files [default: results/SCENARIO/availability]")))]
pub struct Availability {
    /// The scenario file
    pub file: PathBuf,
    /// What is changed.
    #[command(flatten)]
    pub changes: Changes,
    /// How much is run of each failure.
    #[command(flatten)]
    pub effort: Effort,
    /// Tell states with up to so many components down apart, instead of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4))]
    pub within: Option<u32>,
    /// Go on where an interrupted study with the same output folder was
    #[arg(long)]
    pub resume: bool,
}

impl Availability {
    /// Simulates each class of failure states, weighs them, writes the files and tells the answer.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let effort = &self.effort;
        let mut command = studying::command("availability", &self.file, &self.changes, effort);
        if let Some(within) = self.within {
            command.push_str(&format!(" --within {within}"));
        }
        let options = studying::options(&self.changes, effort, command);
        let folder = effort.out.clone().unwrap_or_else(|| effort.folder(&loaded.name).join("availability"));
        files::ready(&folder, effort.force).map_err(Stop::io)?;
        let much = match effort.replications {
            _ if effort.quick => availability::Effort::QUICK,
            Some(1) => {
                return Err(Stop::wrong("one replication says nothing of chance: `--replications` is at least 2 here"));
            }
            Some(least) => availability::Effort { least, ..availability::Effort::FULL },
            None => availability::Effort::FULL,
        };
        let known = if self.resume { files::kept_runs(&folder) } else { KnownRuns::new() };
        if !self.resume {
            files::forget_runs(&folder).map_err(Stop::io)?;
        }
        let log = RunLog::open(&folder).map_err(Stop::io)?;
        let finished = |run| log.add(&run);
        let keep = Keep { known, finished: &finished };
        let progress = Progress::new(&loaded.name, manner.quiet);
        interrupt::study_begins();
        let asked = Asked { loaded: &loaded, options: &options, effort: much, within: self.within };
        let found = availability::resumed(&asked, &keep, &progress);
        progress.finish();
        log.close().map_err(Stop::io)?;
        let mut told = match found {
            Ok(told) => told,
            Err(StudyError::Scenario(wrong)) => return Err(reading::refused(&wrong, &loaded.sources, manner)),
            Err(error @ StudyError::NoVariant { .. }) => return Err(Stop::wrong(error)),
            Err(StudyError::Stopped { done, total, .. }) => {
                return Err(Stop::interrupted(format!(
                    "Stopped after {done} of {total} runs of this stage. Without all of them nothing can be weighed; what is \
                     finished is kept, and `--resume` goes on from there."
                )));
            }
            Err(error @ StudyError::Threads(_)) => return Err(Stop::io(error)),
        };
        if effort.quick {
            told.warnings.insert(0, "QUICK: the intervals are wide; leave --quick out for the answer".into());
        }
        let figure = charts::downtime(&told);
        let (svg, picture) = (figure.svg.clone(), figure.svg.clone());
        let page = report::long_run::page(&told);
        let drawn = vec![
            File::of("report.html", 10, move || page.clone().into_bytes()),
            File::of("charts/downtime.svg", 1, move || svg.clone().into_bytes()),
            File::of("charts/downtime.png", 100, move || charts::picture(&picture)),
        ];
        let written = files::write_long_run(&folder, &told, drawn).map_err(Stop::io)?;
        files::forget_runs(&folder).map_err(Stop::io)?;
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
