//! `eastwest schema`: the JSON Schema of scenario files, for editors; or the reference of every key.

use clap::Args;

use super::options::Manner;
use super::outcome::{Answer, Stop};
use crate::scenario::{reference, schema};

/// The command.
#[derive(Clone, Debug, Args)]
pub struct Schema {
    /// Every key with type, default and effect, as Markdown
    #[arg(long)]
    pub reference: bool,
}

impl Schema {
    /// Prints the schema, which is JSON whatever the format.
    pub fn run(&self, manner: &Manner) -> Result<Answer, Stop> {
        if self.reference && !manner.json() {
            return Ok(Answer::met(reference::reference()));
        }
        Ok(Answer::met(format!("{:#}\n", schema::schema())))
    }
}
