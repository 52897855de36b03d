//! `eastwest explain FILE [WHAT]`: what a scenario means, from its compiled worlds; or what a diagnostic's code means.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Manner};
use super::outcome::{Answer, Stop};
use super::reading;
use crate::provider::Books;
use crate::record::Explanation;
use crate::report::{self, terminal};
use crate::scenario::codes::{self, Code};
use crate::scenario::{Inputs, Loaded, compile, resolve::resolved};
use crate::study::{StudyError, explain};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The scenario file, or the code of a diagnostic: `EW201`
    pub file: PathBuf,
    /// One edge (`web -> stock`) or service; `failures`: who notices a failure, and after how long; or a code
    pub what: Option<String>,
    /// The whole effective scenario, each value with its origin: file and line, overlay, or whose default
    #[arg(long, conflicts_with = "what")]
    pub resolved: bool,
    /// What is changed; all variants are explained where none is named.
    #[command(flatten)]
    pub changes: Changes,
}

impl Explain {
    /// One call of each edge, hop by hop, with its time and money; the policy, and what follows from it.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let asked = self.what.as_deref().unwrap_or_default();
        if let Some(code) = [&*self.file.to_string_lossy(), asked].into_iter().find_map(codes::explain) {
            return Ok(Answer::met(meaning(code, manner.json())));
        }
        if is_code(&self.file.to_string_lossy()) || is_code(asked) {
            return Err(Stop::wrong("no diagnostic has this code; docs/scenario-reference.md lists them all"));
        }
        let loaded = reading::load(&self.file, &self.changes, manner)?;
        if self.resolved {
            return self.every_value(&loaded, manner);
        }
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

    fn every_value(&self, loaded: &Loaded, manner: &Manner) -> Result<Answer, Stop> {
        let chosen = reading::chosen(loaded, &self.changes.variant)?;
        // What cannot be compiled means nothing, whatever its values are.
        for variant in &chosen {
            compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
                .map_err(|wrong| reading::refused(&wrong, &loaded.sources, manner))?;
        }
        let texts = chosen.iter().map(|variant| (variant.name.clone(), resolved(loaded, variant)));
        if manner.json() {
            let variants: serde_json::Map<String, serde_json::Value> =
                texts.map(|(name, yaml)| (name, yaml.into())).collect();
            let document = serde_json::json!({ "schema": 1, "scenario": loaded.name, "resolved": variants });
            return Ok(Answer::met(format!("{document:#}\n")));
        }
        Ok(Answer::met(texts.map(|(_, yaml)| yaml).collect::<Vec<String>>().join("\n")))
    }
}

/// `EW` and digits.
fn is_code(text: &str) -> bool {
    text.strip_prefix("EW").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn meaning(code: &Code, json: bool) -> String {
    if json {
        let document = serde_json::json!({ "schema": 1, "code": code.code, "title": code.title, "about": code.about });
        return format!("{document:#}\n");
    }
    format!("{}: {}\n\n{}\n", code.code, code.title, code.about)
}

/// Keeps the edges that `what` names: one edge, or all edges of a service or stream.
fn narrow(told: &mut Explanation, what: &str) -> Result<(), Stop> {
    let ends = |edge: &str| edge.split(" -> ").map(str::to_owned).collect::<Vec<String>>();
    let named = |edge: &str| edge == what || ends(edge).iter().any(|end| end == what);
    let known: Vec<String> = told
        .variants
        .first()
        .map_or_else(Vec::new, |variant| variant.edges.iter().map(|edge| format!("`{}`", edge.name)).collect());
    for variant in &mut told.variants {
        variant.edges.retain(|edge| named(&edge.name));
    }
    if told.variants.iter().all(|variant| variant.edges.is_empty()) {
        return Err(Stop::wrong(format!("no edge, service or stream is named `{what}`; edges: {}", known.join(", "))));
    }
    Ok(())
}
