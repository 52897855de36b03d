//! `eastwest validate FILE...`: everything that is wrong, each with line, column and a hint; nothing is run.

use std::path::{Path, PathBuf};

use clap::Args;

use super::options::{Changes, Manner};
use super::outcome::{Answer, Exit, Stop, many};
use super::reading;
use crate::provider::Books;
use crate::scenario::{Diagnostic, Loaded, Origin, Sources, complaints, gathered_points, load_points, render};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Validate {
    /// Scenario files; `-` is stdin
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What is changed, in every file.
    #[command(flatten)]
    pub changes: Changes,
    /// One line for each diagnostic, `file:line:column: code ...`
    #[arg(long)]
    pub concise: bool,
}

/// What was found in a file.
struct Found {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    variants: usize,
}

impl Found {
    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }
}

impl Validate {
    /// Reads, decodes and compiles every variant of every file. The diagnostics are the result: they go to stdout.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let mut text = String::new();
        let mut documents = Vec::new();
        let mut exit = Exit::Met;
        for file in &self.files {
            let found = self.examine(file)?;
            if found.errors() > 0 {
                exit = Exit::Wrong;
            }
            if manner.json() {
                let mut document = render::json(&found.sources, &found.diagnostics);
                document["file"] = file.display().to_string().into();
                documents.push(document);
            } else {
                text.push_str(&self.told(file, &found, manner));
            }
        }
        if manner.json() {
            let whole = if documents.len() == 1 { documents.remove(0) } else { documents.into() };
            text = format!("{whole:#}\n");
        }
        Ok(Answer { text, exit })
    }

    fn examine(&self, file: &Path) -> Result<Found, Stop> {
        match reading::quietly(file, &self.changes)? {
            Err(refused) => Ok(Found { sources: refused.sources, diagnostics: refused.diagnostics, variants: 0 }),
            Ok(loaded) => {
                let mut diagnostics = loaded.diagnostics.clone();
                let variants = reading::chosen(&loaded, &self.changes.variant)?;
                for found in complaints(variants, Books::builtin()) {
                    // What the base says is found in every variant, and told once.
                    if !diagnostics.contains(&found) {
                        diagnostics.push(found);
                    }
                }
                diagnostics.extend(reading::in_the_long_run(&loaded));
                if !diagnostics.iter().any(Diagnostic::is_error)
                    && let Some(found) = self.at_points(file, &loaded, &diagnostics)?
                {
                    return Ok(found);
                }
                Ok(Found { sources: loaded.sources, diagnostics, variants: loaded.variants.len() })
            }
        }
    }

    /// What is found at the points of a scenario's sweep and not in the scenario itself; none where there is nothing.
    fn at_points(&self, file: &Path, loaded: &Loaded, known: &[Diagnostic]) -> Result<Option<Found>, Stop> {
        let axes = &loaded.variants[0].scenario.sweep;
        // What came from stdin is gone.
        if axes.is_empty() || file.as_os_str() == "-" {
            return Ok(None);
        }
        let points = match load_points(Origin::File(file), &reading::pairs(&self.changes)?, axes) {
            Ok(points) => points,
            Err(wrong) => {
                return Ok(Some(Found { sources: wrong.sources, diagnostics: wrong.diagnostics, variants: 0 }));
            }
        };
        let mut by_point = Vec::new();
        for (point, loaded) in &points {
            let mut found = loaded.diagnostics.clone();
            found.extend(complaints(reading::chosen(loaded, &self.changes.variant)?, Books::builtin()));
            found.retain(|one| !known.contains(one));
            by_point.push((point.name(axes.keys().map(String::as_str)), found));
        }
        let more = gathered_points(by_point);
        let sources = points.into_iter().map(|(_, loaded)| loaded.sources).max_by_key(|sources| sources.iter().len());
        let whole = |more: Vec<Diagnostic>| known.iter().cloned().chain(more).collect();
        let variants = loaded.variants.len();
        let found = |sources| Found { sources, diagnostics: whole(more.clone()), variants };
        Ok(sources.filter(|_| !more.is_empty()).map(found))
    }

    fn told(&self, file: &Path, found: &Found, manner: &Manner) -> String {
        let mut text = if self.concise {
            render::concise(&found.sources, &found.diagnostics)
        } else {
            let mut text = render::rendered(&found.sources, &found.diagnostics, manner.color_out());
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text
        };
        let (errors, all) = (found.errors(), found.diagnostics.len());
        let word = if errors > 0 { "wrong" } else { "valid" };
        text.push_str(&format!(
            "{}: {word}; {}, {}",
            file.display(),
            many(errors, "error"),
            many(all - errors, "warning")
        ));
        if errors == 0 {
            text.push_str(&format!(", {}", many(found.variants, "variant")));
        }
        text.push('\n');
        text
    }
}
