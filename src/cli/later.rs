//! Words of the command list that this version does not have: they are known, and refused in a sentence.

use clap::Args;

use super::outcome::{Answer, Stop};

/// A command of a later version.
#[derive(Clone, Debug, Args)]
pub struct Later {
    /// Whatever follows
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub rest: Vec<String>,
}

impl Later {
    /// Refuses, and says what there is instead.
    pub fn run(&self, word: &str) -> Result<Answer, Stop> {
        let instead = match word {
            "search" => {
                "; sweep the value with `eastwest sweep`, or write the candidates as variants and run `eastwest compare`"
            }
            _ => "",
        };
        Err(Stop::wrong(format!("`{word}` is not in this version{instead}")))
    }
}
