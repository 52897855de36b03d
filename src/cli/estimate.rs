//! `eastwest estimate FILE`: bytes, bill, floors, utilisation and break-evens in closed form, without simulating.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Manner};
use super::outcome::{Answer, Stop};
use super::reading;
use crate::provider::Books;
use crate::report::workbook::{self, Ledger};
use crate::report::{self, terminal};
use crate::scenario::{Inputs, compile};
use crate::study::estimate::estimate;
use crate::study::files;
use crate::world::World;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Estimate {
    /// The scenario file
    pub file: PathBuf,
    /// Write the bill as a spreadsheet with formulas into this folder: bill.xlsx
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What is changed; all variants are estimated where none is named.
    #[command(flatten)]
    pub changes: Changes,
}

impl Estimate {
    /// Compiles each variant at the books' own figures and works the rest out.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let mut worlds: Vec<World> = Vec::new();
        for variant in reading::chosen(&loaded, &self.changes.variant)? {
            let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default());
            worlds.push(world.map_err(|wrong| reading::refused(&wrong, &loaded.sources, manner))?);
        }
        let mut told = estimate(&worlds);
        (told.scenario, told.question) = (loaded.name, loaded.question);
        if let Some(folder) = &self.out {
            let ledger = Ledger::of_projection(&told);
            files::put(folder, workbook::NAME, &workbook::workbook(&ledger)).map_err(Stop::io)?;
        }
        let text =
            if manner.json() { report::json(&told) } else { terminal::estimate(&told, manner.width(), manner.style()) };
        Ok(Answer::met(text))
    }
}
