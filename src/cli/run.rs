//! `eastwest run FILE`: one variant in full, and where its slowest request spent its time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Stop};
use super::studying::Place;
use super::{reading, studying};
use crate::report;
use crate::report::terminal;

/// Which request to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Followed {
    /// The slowest one.
    Slowest,
}

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// The scenario file
    pub file: PathBuf,
    /// Print the waterfall of a request: its parts add up to its latency
    #[arg(long, value_enum, value_name = "WHICH")]
    pub trace: Option<Followed>,
    /// What is changed; the first variant runs where none is named.
    #[command(flatten)]
    pub changes: Changes,
    /// How much is run.
    #[command(flatten)]
    pub effort: Effort,
}

impl Run {
    /// Simulates one variant, writes the files and tells what came out.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        if self.changes.variant.len() > 1 {
            return Err(Stop::wrong("`run` takes one --variant; `compare` takes several"));
        }
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let command = studying::command("run", &self.file, &self.changes, &self.effort);
        let mut options = studying::options(&self.changes, &self.effort, command);
        options.trace = self.trace.is_some();
        let first = loaded.variants.first().map(|variant| &variant.name);
        let variant = self.changes.variant.first().or(first).map_or("", String::as_str);
        let folder = self.effort.folder(&format!("{}-{variant}", loaded.name));
        let place = Place { folder: &folder, effort: &self.effort };
        let study = studying::one(&loaded, &options, &place, manner)?;
        let written = studying::keep(&folder, &study, &self.effort)?;
        let exit = studying::exit(&study.comparison);
        if manner.json() {
            return Ok(Answer { text: report::json(&study.comparison), exit });
        }
        let mut text = terminal::run(&study.comparison, manner.width(), manner.style());
        // Only the traced variant has a trace, and only where one was asked for; the slowest request comes first.
        let slowest = study.comparison.variants.iter().filter_map(|variant| variant.traces.first());
        for trace in slowest {
            text.push('\n');
            text.push_str(&terminal::waterfall(trace, manner.width(), manner.style()));
        }
        text.push_str(&terminal::files(&folder, &written, manner.width(), manner.style()));
        Ok(Answer { text, exit })
    }
}
