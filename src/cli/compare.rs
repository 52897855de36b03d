//! `eastwest compare FILE`: every variant on the same random numbers, and what sets them apart.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Stop};
use super::studying::Place;
use super::{reading, studying};
use crate::report;
use crate::report::terminal;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Compare {
    /// The scenario file
    pub file: PathBuf,
    /// What is changed.
    #[command(flatten)]
    pub changes: Changes,
    /// How much is run.
    #[command(flatten)]
    pub effort: Effort,
}

impl Compare {
    /// Simulates, weighs, writes the files and tells the answer.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let command = studying::command("compare", &self.file, &self.changes, &self.effort);
        let options = studying::options(&self.changes, &self.effort, command);
        let folder = self.effort.folder(&loaded.name);
        let place = Place { folder: &folder, effort: &self.effort };
        let study = studying::compare(&loaded, &options, &place, manner)?;
        let written = studying::keep(&folder, &study, &self.effort)?;
        let exit = studying::exit(&study.comparison);
        let text = if manner.json() {
            report::json(&study.comparison)
        } else {
            let mut text = terminal::compare(&study.comparison, manner.width(), manner.style());
            text.push_str(&terminal::files(&folder, &written, manner.width(), manner.style()));
            text
        };
        Ok(Answer { text, exit })
    }
}
