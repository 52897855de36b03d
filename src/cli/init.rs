//! `eastwest init [TEMPLATE]`: a commented scenario that runs at once.

use std::path::PathBuf;

use clap::Args;

use super::options::Manner;
use super::outcome::{Answer, Stop};

/// Name, what it asks, text. The texts are the shipped scenarios, so that a template cannot fall behind them.
const TEMPLATES: [(&str, &str, &str); 1] = [(
    "first",
    "CEN or a public east-west gateway between two mainland regions?",
    include_str!("../../scenarios/first.yaml"),
)];

/// Stands where a shipped scenario names the schema beside it: a user's folder has none until it is asked for.
const COMPLETION: &str =
    "# Completion in an editor: `eastwest schema > scenario.schema.json`, and then as the first line
# `# yaml-language-server: $schema=scenario.schema.json`.
";

/// The template as it stands in a user's folder.
fn at_home(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("# yaml-language-server:") => format!("{COMPLETION}{rest}"),
        _ => text.to_owned(),
    }
}

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Init {
    /// Which template; `list` names them
    #[arg(default_value = "first")]
    pub template: String,
    /// Where to write it [default: TEMPLATE.yaml]; `-` prints it
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Init {
    /// Writes the template, never over a file that is there.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        if self.template == "list" {
            return Ok(Answer::met(list(manner.json())));
        }
        let Some((name, _, text)) = TEMPLATES.iter().find(|(name, _, _)| *name == self.template) else {
            let names: Vec<&str> = TEMPLATES.iter().map(|(name, _, _)| *name).collect();
            return Err(Stop::wrong(format!("no template `{}`; there are: {}", self.template, names.join(", "))));
        };
        let text = at_home(text);
        let path = self.output.clone().unwrap_or_else(|| PathBuf::from(format!("{name}.yaml")));
        if path.as_os_str() == "-" {
            return Ok(Answer::met(text));
        }
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
        let written = file.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
        match written {
            Ok(()) => Ok(Answer::met(next_steps(&path, manner.json()))),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Stop::wrong(format!("{} is already there; choose another name with --output", path.display())))
            }
            Err(error) => Err(Stop::io(format!("cannot write {}: {error}", path.display()))),
        }
    }
}

fn list(json: bool) -> String {
    if json {
        let rows: Vec<_> = TEMPLATES
            .iter()
            .map(|(name, question, _)| serde_json::json!({ "name": name, "question": question }))
            .collect();
        return format!("{:#}\n", serde_json::json!({ "schema": 1, "templates": rows }));
    }
    let width = TEMPLATES.iter().map(|(name, _, _)| name.len()).max().unwrap_or(0);
    TEMPLATES.iter().map(|(name, question, _)| format!("{name:width$}  {question}\n")).collect()
}

fn next_steps(path: &std::path::Path, json: bool) -> String {
    let path = path.display();
    if json {
        return format!("{:#}\n", serde_json::json!({ "schema": 1, "written": path.to_string() }));
    }
    format!(
        "wrote {path}\n\nnext:\n  eastwest compare {path}     the answer, with charts\n  eastwest explain {path}     \
         one call, hop by hop, with ms and USD\n  eastwest estimate {path}    bill and floors without simulating\n"
    )
}
