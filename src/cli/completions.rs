//! `eastwest completions SHELL`: a completion script for the shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::outcome::{Answer, Stop};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

impl Completions {
    /// Writes the script.
    pub fn run(&self) -> Result<Answer, Stop> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "eastwest", &mut script);
        let script = String::from_utf8(script).expect("completion scripts are UTF-8");
        Ok(Answer::met(script))
    }
}
