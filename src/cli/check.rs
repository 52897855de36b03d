//! `eastwest check FILE...`: gates for CI. Exit code, JUnit and a Markdown summary.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::junit::{Absent, Why, junit};
use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Exit, Stop, many};
use super::studying::Place;
use super::{interrupt, reading, studying};
use crate::record::{Comparison, Gate, Outcome};
use crate::report::markdown::markdown;
use crate::study::files;

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// Scenario files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What is changed, in every file.
    #[command(flatten)]
    pub changes: Changes,
    /// How much is run; each scenario's result, `junit.xml` and `summary.md` go below `--out`.
    #[command(flatten)]
    pub effort: Effort,
}

impl Check {
    /// Runs every file's study and says which gates hold. A file that is wrong does not keep the
    /// others from running; Ctrl-C does.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        let out = self.effort.out.clone().unwrap_or_else(|| PathBuf::from("results"));
        let mut studies: Vec<Comparison> = Vec::new();
        let mut exit = Exit::Met;
        let mut absent: Vec<Absent> = Vec::new();
        for file in &self.files {
            if interrupt::stopping() {
                absent.push(Absent::of(file, Why::Stopped));
                exit = Exit::Interrupted;
                continue;
            }
            match self.study(file, &out, manner) {
                Ok(study) => {
                    exit = exit.worse(studying::exit(&study));
                    studies.push(study);
                }
                Err(stop) if stop.exit == Exit::Wrong => {
                    eprintln!("{}", stop.message.trim_end());
                    exit = exit.worse(Exit::Wrong);
                    absent.push(Absent::of(file, Why::Wrong));
                }
                Err(stop) if stop.exit == Exit::Interrupted => {
                    eprintln!("{}", stop.message.trim_end());
                    absent.push(Absent::of(file, Why::Stopped));
                    exit = Exit::Interrupted;
                }
                Err(stop) => return Err(stop),
            }
        }
        let mut summary: String = studies.iter().map(|study| format!("{}\n", markdown(study))).collect();
        summary.extend(absent.iter().map(|one| format!("- `{}`: {}\n", one.file, one.why.words())));
        for (name, text) in [("junit.xml", junit(&studies, &absent)), ("summary.md", summary)] {
            files::put(&out, name, text.as_bytes()).map_err(Stop::io)?;
        }
        let text = if manner.json() { document(&studies, &absent) } else { told(&studies, &absent) };
        Ok(Answer { text, exit })
    }

    fn study(&self, file: &std::path::Path, out: &std::path::Path, manner: &Manner) -> Result<Comparison, Stop> {
        let loaded = reading::load(file, &self.changes, manner)?;
        let command = studying::command("compare", file, &self.changes, &self.effort);
        let options = studying::options(&self.changes, &self.effort, command);
        let folder = out.join(&loaded.name);
        let place = Place { folder: &folder, effort: &self.effort };
        let study = studying::compare(&loaded, &options, &place, manner)?;
        studying::keep(&folder, &study, &self.effort)?;
        Ok(study.comparison)
    }
}

fn word(gate: &Gate) -> &'static str {
    match (gate.outcome, gate.severity.as_str()) {
        (Outcome::Met, _) => "met",
        (Outcome::Missed, "warn") => "missed (warns only)",
        (Outcome::Missed, _) => "MISSED",
        (Outcome::NotEnoughEvidence, _) => "NOT ENOUGH EVIDENCE",
    }
}

/// One line for each gate, the failed ones again at the end, where the eye is.
fn told(studies: &[Comparison], absent: &[Absent]) -> String {
    let mut out: String = absent.iter().map(|one| format!("{}: {}\n", one.file, one.why.words())).collect();
    let line = |study: &Comparison, gate: &Gate| {
        // The sentence opens with the outcome, which stands here already.
        let why = gate.sentence.split_once(": ").map_or(gate.sentence.as_str(), |(_, why)| why);
        format!("{:8} {} [{}] {}: {} ({why})\n", word(gate), study.scenario, gate.variant, gate.name, gate.check)
    };
    for study in studies {
        out.extend(study.partial.iter().map(|partial| format!("{}: {partial}\n", study.scenario)));
        out.extend(study.gates.iter().map(|gate| line(study, gate)));
    }
    let gates = || studies.iter().flat_map(|study| study.gates.iter().map(move |gate| (study, gate)));
    let failed: Vec<_> = gates().filter(|(_, gate)| gate.outcome != Outcome::Met && gate.severity != "warn").collect();
    if !failed.is_empty() {
        out.push_str("\nnot met:\n");
        out.extend(failed.iter().map(|(study, gate)| line(study, gate)));
    }
    let met = gates().filter(|(_, gate)| gate.outcome == Outcome::Met).count();
    let (scenarios, all) = (many(studies.len(), "scenario"), many(gates().count(), "gate"));
    out.push_str(&format!("\n{scenarios}, {all}, {met} met"));
    let count = |why: Why| absent.iter().filter(|one| one.why == why).count();
    if count(Why::Wrong) > 0 {
        out.push_str(&format!("; {} wrong", many(count(Why::Wrong), "file")));
    }
    if count(Why::Stopped) > 0 {
        out.push_str(&format!("; stopped: {} not run", many(count(Why::Stopped), "file")));
    } else if studies.iter().any(|study| study.partial.is_some()) {
        out.push_str("; stopped");
    }
    out.push('\n');
    out
}

fn document(studies: &[Comparison], absent: &[Absent]) -> String {
    let scenarios: Vec<_> = studies
        .iter()
        .map(|study| {
            let Comparison { scenario, partial, verdict, gates, .. } = study;
            json!({ "scenario": scenario, "partial": partial, "verdict": verdict, "gates": gates })
        })
        .collect();
    let absent: Vec<_> = absent.iter().map(|one| json!({ "file": one.file, "why": one.why.words() })).collect();
    format!("{:#}\n", json!({ "schema": 1, "scenarios": scenarios, "not_run": absent }))
}
