//! `eastwest explain FILE [WHAT]`: what a scenario means, from its compiled worlds; or what a diagnostic's code means.

use std::path::PathBuf;

use clap::Args;

use super::options::{Changes, Manner};
use super::outcome::{Answer, Stop};
use super::reading;
use crate::provider::Books;
use crate::record::{Explanation, VariantExplanation};
use crate::report::{self, terminal};
use crate::scenario::codes::{self, Code};
use crate::scenario::load::Variant;
use crate::scenario::{Inputs, Loaded, compile, resolve::resolved};
use crate::study::explain::asked::{Told, told};
use crate::study::{StudyError, explain};
use crate::world::World;

/// Names that are offered where nothing has the one asked for.
const NEAREST: usize = 6;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Explain {
    /// The scenario file, or the code of a diagnostic: `EW201`
    pub file: PathBuf,
    /// A route by its name or its ends (`hangzhou-beijing`, `east->south`), hop by hop; an edge (`web -> stock`), service, stream, variant or product; `failures`: who notices a failure, and after how long; or a code
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
        let worlds = explain::worlds(&loaded, &self.changes.variant).map_err(|error| match error {
            StudyError::Scenario(wrong) => reading::refused(&wrong, &loaded.sources, manner),
            other => Stop::wrong(other),
        })?;
        let failures = self.what.as_deref() == Some("failures");
        let asked = self.what.as_deref().filter(|_| !failures);
        let mut near = Vec::new();
        if let Some(what) = asked {
            let pairs: Vec<(&Variant, &World)> = worlds.iter().map(|(variant, world)| (*variant, world)).collect();
            match told(&loaded.name, &pairs, what) {
                Told::Route(route) if manner.json() => return Ok(Answer::met(report::json(&*route))),
                Told::Route(route) => {
                    return Ok(Answer::met(terminal::route(&route, manner.width(), manner.style())));
                }
                Told::Nearest(names) => near = names,
            }
        }
        let mut told = explain::of(&loaded, &worlds);
        if let Some(what) = asked {
            told = narrow(told, what, near)?;
        }
        let text = match (manner.json(), failures) {
            (true, _) => report::json(&told),
            (false, true) => terminal::failures(&told, manner.width(), manner.style()),
            (false, false) if asked.is_none() => terminal::explain_or_overview(&told, manner.width(), manner.style()),
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

/// The part that is about `what`; where nothing has that name, the nearest names that there are.
fn narrow(told: Explanation, what: &str, near: Vec<String>) -> Result<Explanation, Stop> {
    explain::about(told, what).map_err(|told| {
        let mut known: Vec<String> = told.variants.iter().flat_map(names).chain(near).collect();
        known.sort_by_cached_key(|name| (strsim::damerau_levenshtein(name, what), name.clone()));
        known.dedup();
        let nearest: Vec<String> = known.iter().take(NEAREST).map(|name| format!("`{name}`")).collect();
        let text = format!("nothing to explain is named `{what}`; the nearest names: {}", nearest.join(", "));
        Stop::wrong(text)
    })
}

/// What of a variant can be asked for by name.
fn names(variant: &VariantExplanation) -> Vec<String> {
    let mut names = vec![variant.name.clone()];
    for edge in &variant.edges {
        names.push(edge.name.clone());
        names.extend(edge.name.split(" -> ").map(str::to_owned));
        for call in edge.clients.iter().flat_map(|client| &client.calls) {
            names.push(call.via.clone());
        }
    }
    names
}
