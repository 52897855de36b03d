//! `eastwest report DIR`: charts and page again from a result, without simulating.

use std::path::PathBuf;

use clap::Args;

use super::options::Manner;
use super::outcome::{Answer, Stop};
use super::studying;
use crate::report::{self, terminal};
use crate::study::files;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Report {
    /// A folder that `compare` or `run` wrote
    pub folder: PathBuf,
    /// Print a Markdown summary, for a pull request
    #[arg(long)]
    pub markdown: bool,
}

impl Report {
    /// Reads `summary.json`, draws everything anew and tells the answer again.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let comparison = files::read_comparison(&self.folder).map_err(Stop::io)?;
        let drawn = studying::drawn(&comparison);
        studying::on_threads(None, || files::all(&self.folder, &drawn))?;
        let written: Vec<PathBuf> = drawn.iter().map(|file| self.folder.join(&file.name)).collect();
        if manner.json() {
            return Ok(Answer::met(report::json(&comparison)));
        }
        if self.markdown {
            return Ok(Answer::met(report::markdown::markdown(&comparison)));
        }
        let mut text = terminal::compare(&comparison, manner.width(), manner.style());
        text.push_str(&terminal::files(&self.folder, &written, manner.width(), manner.style()));
        Ok(Answer::met(text))
    }
}
