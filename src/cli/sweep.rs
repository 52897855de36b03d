//! `eastwest sweep FILE`: every variant at every point of the scenario's axes, and where the answer changes.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Exit, Stop};
use super::progress::Progress;
use super::{interrupt, reading, studying};
use crate::record::SweepPoint;
use crate::report::{self, terminal};
use crate::scenario::{self, Origin};
use crate::study::files::{self, File, FileError};
use crate::study::sweep::Known;
use crate::study::{self, StudyError};

/// A longer scenario is not read, as with files.
const STDIN_MAX_BYTES: u64 = 16 << 20;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Sweep {
    /// The scenario file; its `sweep:` has the axes
    pub file: PathBuf,
    /// What is changed, before the points are laid over it.
    #[command(flatten)]
    pub changes: Changes,
    /// How much is run at each point.
    #[command(flatten)]
    pub effort: Effort,
    /// Go on where an interrupted sweep with the same output folder was
    #[arg(long)]
    pub resume: bool,
    /// Not in this version
    #[arg(long, value_name = "I/N", hide = true)]
    pub shard: Option<String>,
}

impl Sweep {
    /// Loads every point, runs what is not known yet, writes the files and tells the answer.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        if self.shard.is_some() {
            return Err(Stop::wrong(
                "`--shard` is not in this version; sweep fewer values of an axis at a time: `--set 'sweep.NAME.to=[..]'`",
            ));
        }
        let sets = reading::pairs(&self.changes)?;
        let text = self.stdin()?;
        let origin = match &text {
            Some(text) => Origin::Text("stdin", text),
            None => Origin::File(&self.file),
        };
        let refused = |wrong: Box<scenario::Refused>| reading::refused(&wrong.diagnostics, &wrong.sources, manner);
        let base = match origin {
            Origin::File(path) => scenario::load(path, &sets),
            Origin::Text(name, text) => scenario::load_text(name, text, &sets),
        };
        let base = base.map_err(refused)?;
        reading::chosen(&base, &self.changes.variant)?;
        let axes = &base.variants[0].scenario.sweep;
        if axes.is_empty() {
            return Err(Stop::wrong(format!(
                "`{}` has no `sweep:`; an axis is written like this: `sweep: {{load: {{set: workload.users.scale, to: [0.5, 1, \
                 2]}}}}`",
                self.file.display()
            )));
        }
        let points = scenario::load_points(origin, &sets, axes).map_err(refused)?;
        let said = points
            .iter()
            .map(|(point, loaded)| (point.name(axes.keys().map(String::as_str)), loaded.diagnostics.clone()));
        let sources = points.iter().map(|(_, loaded)| &loaded.sources).max_by_key(|sources| sources.iter().len());
        let mut said = scenario::gathered_points(said.collect());
        said.extend(reading::in_the_long_run(&base));
        reading::warn(&said, sources.unwrap_or(&base.sources), manner);

        let command = studying::command("sweep", &self.file, &self.changes, &self.effort);
        let options = studying::options(&self.changes, &self.effort, command);
        let folder = self.effort.out.clone().unwrap_or_else(|| self.effort.folder(&base.name).join("sweep"));
        files::ready(&folder, self.effort.force).map_err(Stop::io)?;
        let known = if self.resume { files::kept_points(&folder) } else { Known::new() };
        if !self.resume {
            files::forget_points(&folder).map_err(Stop::io)?;
        }
        let mut failed: Option<FileError> = None;
        let mut finished = |point: &SweepPoint| {
            if let Err(error) = files::keep_point(&folder, point) {
                failed.get_or_insert(error);
            }
        };
        let progress = Progress::new(&base.name, manner.quiet);
        interrupt::study_begins();
        let found = study::sweep(axes, &points, &options, &known, &mut finished, &progress);
        progress.finish();
        let sweep = match found {
            Ok(sweep) => sweep,
            Err(StudyError::Scenario(wrong)) => {
                return Err(reading::refused(&wrong, sources.unwrap_or(&base.sources), manner));
            }
            Err(error @ StudyError::NoVariant { .. }) => return Err(Stop::wrong(error)),
            Err(error @ StudyError::Stopped { .. }) => return Err(Stop::interrupted(error)),
            Err(error @ StudyError::Threads(_)) => return Err(Stop::io(error)),
        };
        if let Some(error) = failed {
            return Err(Stop::io(error));
        }
        if sweep.points.is_empty() {
            return Err(Stop::interrupted("Stopped before any point was finished: nothing is written."));
        }
        let written = studying::on_threads(self.effort.threads, || {
            let drawn = report::sweep::drawn(&sweep).into_iter();
            files::write_sweep(&folder, &sweep, drawn.map(|one| File::of(one.name, 50, one.bytes)).collect())
        })?;
        if sweep.partial.is_none() {
            files::forget_points(&folder).map_err(Stop::io)?;
        }
        let exit = if sweep.partial.is_some() { Exit::Interrupted } else { Exit::Met };
        let text = if manner.json() {
            report::json(&sweep)
        } else {
            let written: Vec<PathBuf> = written.iter().map(|name| folder.join(name)).collect();
            let mut text = terminal::sweep(&sweep, manner.width(), manner.style());
            if sweep.partial.is_some() {
                text.push_str("\nFinished points are kept: `--resume` goes on from there.\n");
            }
            text.push_str(&terminal::files(&folder, &written, manner.width(), manner.style()));
            text
        };
        Ok(Answer { text, exit })
    }

    /// The scenario's text where it comes from stdin: each point reads it again.
    fn stdin(&self) -> Result<Option<String>, Stop> {
        if self.file.as_os_str() != "-" {
            return Ok(None);
        }
        let mut text = String::new();
        let read = std::io::stdin().take(STDIN_MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| Stop::io(format!("cannot read stdin: {error}")))?;
        if text.len() as u64 > STDIN_MAX_BYTES {
            return Err(Stop::wrong(format!("stdin is larger than {} MiB", STDIN_MAX_BYTES >> 20)));
        }
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    #[test]
    fn a_shard_is_refused_by_name_and_so_is_a_scenario_without_axes() {
        let run = |arguments: &[&str]| {
            let cli = Cli::try_parse_from(arguments).expect("the command line is one");
            cli.run().expect_err("it is refused")
        };
        let stop = run(&["eastwest", "sweep", "--shard", "1/2", "scenarios/first.yaml"]);
        assert!(stop.exit == Exit::Wrong && stop.message.contains("not in this version"), "{}", stop.message);
        let stop = run(&["eastwest", "sweep", "-q", "scenarios/first.yaml"]);
        assert!(stop.exit == Exit::Wrong && stop.message.contains("has no `sweep:`"), "{}", stop.message);
    }
}
