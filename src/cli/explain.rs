//! `eastwest explain FILE [WHAT]`: what a scenario means, from its compiled worlds.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Manner};
use super::outcome::{Answer, Stop};
use super::reading;
use crate::record::Explanation;
use crate::report::{self, terminal};
use crate::study::{StudyError, explain};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The scenario file
    pub file: PathBuf,
    /// One edge (`web -> stock`) or service, or `failures`: who notices a failure, and after how long
    pub what: Option<String>,
    /// What is changed; all variants are explained where none is named.
    #[command(flatten)]
    pub changes: Changes,
}

impl Explain {
    /// One call of each edge, hop by hop, with its time and money; the policy, and what follows from it.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        let mut told = explain::of(&loaded, &self.changes.variant).map_err(|error| match error {
            StudyError::Scenario(wrong) => reading::refused(&wrong, &loaded.sources, manner),
            other => Stop::wrong(other),
        })?;
        let failures = self.what.as_deref() == Some("failures");
        if let Some(what) = self.what.as_deref().filter(|_| !failures) {
            narrow(&mut told, what)?;
        }
        let text = match (manner.json(), failures) {
            (true, _) => report::json(&told),
            (false, true) => terminal::failures(&told, manner.width(), manner.style()),
            (false, false) => terminal::explain(&told, manner.width(), manner.style()),
        };
        Ok(Answer::met(text))
    }
}

/// Keeps the edges that `what` names: one edge, or all edges of a service or stream.
fn narrow(told: &mut Explanation, what: &str) -> Result<(), Stop> {
    let ends = |edge: &str| edge.split(" -> ").map(str::to_owned).collect::<Vec<String>>();
    let named = |edge: &str| edge == what || ends(edge).iter().any(|end| end == what);
    let known: Vec<String> = told.variants.first().map_or_else(Vec::new, |variant| {
        variant.edges.iter().map(|edge| format!("`{}`", edge.name)).collect()
    });
    for variant in &mut told.variants {
        variant.edges.retain(|edge| named(&edge.name));
    }
    if told.variants.iter().all(|variant| variant.edges.is_empty()) {
        return Err(Stop::wrong(format!("no edge, service or stream is named `{what}`; edges: {}", known.join(", "))));
    }
    Ok(())
}
