//! `eastwest check FILE...`: gates for CI. Exit code, JUnit and a Markdown summary.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::junit::junit;
use super::options::{Changes, Effort, Manner};
use super::outcome::{Answer, Exit, Stop, many};
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
        let mut wrong = 0;
        for (index, file) in self.files.iter().enumerate() {
            match self.study(file, &out, manner) {
                Ok(study) => {
                    exit = exit.worse(studying::exit(&study));
                    studies.push(study);
                }
                Err(stop) if stop.exit == Exit::Wrong => {
                    eprintln!("{}", stop.message.trim_end());
                    exit = exit.worse(Exit::Wrong);
                    wrong += 1;
                }
                Err(stop) if stop.exit == Exit::Interrupted => {
                    eprintln!("{}", stop.message.trim_end());
                    exit = Exit::Interrupted;
                }
                Err(stop) => return Err(stop),
            }
            let left = self.files.len() - index - 1;
            if interrupt::stopping() && left > 0 {
                eprintln!("{} not run", many(left, "file"));
                exit = Exit::Interrupted;
                break;
            }
        }
        let summary: String = studies.iter().map(|study| format!("{}\n", markdown(study))).collect();
        for (name, text) in [("junit.xml", junit(&studies)), ("summary.md", summary)] {
            files::put(&out, name, text.as_bytes()).map_err(Stop::io)?;
        }
        let text = if manner.json() { document(&studies) } else { told(&studies, wrong) };
        Ok(Answer { text, exit })
    }

    fn study(&self, file: &std::path::Path, out: &std::path::Path, manner: &Manner) -> Result<Comparison, Stop> {
        let loaded = reading::load(file, &self.changes, manner)?;
        let command = studying::command("compare", file, &self.changes, &self.effort);
        let options = studying::options(&self.changes, &self.effort, command);
        let study = studying::compare(&loaded, &options, self.effort.quick, manner)?;
        studying::keep(&out.join(&loaded.name), &study, &self.effort)?;
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
fn told(studies: &[Comparison], wrong: usize) -> String {
    let mut out = String::new();
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
    if wrong > 0 {
        out.push_str(&format!("; {} wrong", many(wrong, "file")));
    }
    out.push('\n');
    out
}

fn document(studies: &[Comparison]) -> String {
    let scenarios: Vec<_> = studies
        .iter()
        .map(|study| {
            let Comparison { scenario, partial, verdict, gates, .. } = study;
            json!({ "scenario": scenario, "partial": partial, "verdict": verdict, "gates": gates })
        })
        .collect();
    format!("{:#}\n", json!({ "schema": 1, "scenarios": scenarios }))
}
