//! Options that several commands share. A command takes only those that change what it does.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::terminal::Style;

/// How an answer is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Manner {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    pub format: Format,
    /// When to colour
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    pub color: Color,
    /// No progress, no hints
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

impl Manner {
    /// Is the answer one JSON document?
    pub fn json(&self) -> bool {
        self.format == Format::Json
    }

    /// Is stdout coloured?
    pub fn color_out(&self) -> bool {
        self.colored(std::io::stdout().is_terminal())
    }

    /// Is stderr coloured?
    pub fn color_err(&self) -> bool {
        self.colored(std::io::stderr().is_terminal())
    }

    /// How the answer may look on stdout.
    pub fn style(&self) -> Style {
        Style { colour: self.color_out(), unicode: unicode() }
    }

    /// Columns of the answer: what the shell says, else what fits a page.
    pub fn width(&self) -> usize {
        let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        said.unwrap_or(100).clamp(60, 200)
    }

    fn colored(&self, terminal: bool) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto => terminal || set("CLICOLOR_FORCE"),
        }
    }
}

/// Can the locale show more than ASCII? Where none is set (pipes, CI) files are UTF-8 all the same.
fn unicode() -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
    let locale = said.into_iter().find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Is the variable there and not empty?
fn set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// Changes to the scenario from the command line; recorded in the result.
#[derive(Clone, Debug, Default, Args)]
pub struct Changes {
    /// Override a value of the scenario; may be repeated
    #[arg(long, value_name = "KEY.PATH=VALUE")]
    pub set: Vec<String>,
    /// Only this variant; may be repeated
    #[arg(long, value_name = "NAME")]
    pub variant: Vec<String>,
}

/// How much is simulated, and where the files go.
#[derive(Clone, Debug, Default, Args)]
pub struct Effort {
    /// Master seed, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Replications of each variant, instead of the scenario's
    #[arg(long, value_name = "N", conflicts_with = "quick", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub replications: Option<u32>,
    /// 10 replications at most: wider intervals, sooner
    #[arg(long)]
    pub quick: bool,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Folder for the result files [default: results/SCENARIO]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Overwrite files of other people in that folder
    #[arg(long)]
    pub force: bool,
}

/// Replications of `--quick`.
const QUICK: u32 = 10;

impl Effort {
    /// Replications at most.
    pub fn at_most(&self) -> Option<u32> {
        self.quick.then_some(QUICK)
    }

    /// The folder for the files of scenario `name`.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| PathBuf::from("results").join(name))
    }
}
