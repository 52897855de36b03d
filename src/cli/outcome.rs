//! What a command leaves: text for stdout and an exit code, or a reason why it stopped.

use std::fmt;

/// Exit codes; scripts rely on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Exit {
    /// Done, gates met.
    #[default]
    Met,
    /// A gate was missed.
    Missed,
    /// The scenario or the command line is wrong.
    Wrong,
    /// Not enough evidence for a gate.
    NotEnough,
    /// A bug in eastwest.
    Bug,
    /// Input or output failed.
    Io,
    /// The user interrupted it; what was finished is kept.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Exit::Met => 0,
            Exit::Missed => 1,
            Exit::Wrong => 2,
            Exit::NotEnough => 3,
            Exit::Bug => 70,
            Exit::Io => 74,
            Exit::Interrupted => 130,
        }
    }

    /// Of two files' codes, the one that the whole command ends with: wrong before missed before not enough.
    pub const fn worse(self, other: Exit) -> Exit {
        if self.weight() >= other.weight() { self } else { other }
    }

    const fn weight(self) -> u8 {
        match self {
            Exit::Met => 0,
            Exit::NotEnough => 1,
            Exit::Missed => 2,
            Exit::Wrong => 3,
            Exit::Io => 4,
            Exit::Bug => 5,
            Exit::Interrupted => 6,
        }
    }
}

/// A finished command.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// For stdout, whole.
    pub text: String,
    /// How the process ends.
    pub exit: Exit,
}

impl Answer {
    /// `text`, and all is well.
    pub fn met(text: impl Into<String>) -> Self {
        Answer { text: text.into(), exit: Exit::Met }
    }
}

/// Why a command could not finish. The message goes to stderr as it is.
#[derive(Clone, Debug)]
pub struct Stop {
    /// How the process ends.
    pub exit: Exit,
    /// One or more lines for a person.
    pub message: String,
    /// The same as a JSON document for stdout, where JSON was asked for.
    pub document: Option<String>,
}

impl Stop {
    /// The command line or the scenario is wrong.
    pub fn wrong(message: impl fmt::Display) -> Self {
        Stop { exit: Exit::Wrong, message: format!("error: {message}"), document: None }
    }

    /// The user stopped it before there was anything to tell.
    pub fn interrupted(message: impl fmt::Display) -> Self {
        Stop { exit: Exit::Interrupted, message: message.to_string(), document: None }
    }

    /// Reading or writing failed.
    pub fn io(message: impl fmt::Display) -> Self {
        Stop { exit: Exit::Io, message: format!("error: {message}"), document: None }
    }
}

/// `1 error`, `2 errors`.
pub(super) fn many(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_file_outweighs_a_missed_gate_and_that_outweighs_thin_evidence() {
        assert_eq!(Exit::Missed.worse(Exit::Wrong), Exit::Wrong);
        assert_eq!(Exit::NotEnough.worse(Exit::Missed), Exit::Missed);
        assert_eq!(Exit::Missed.worse(Exit::NotEnough), Exit::Missed);
        assert_eq!(Exit::Met.worse(Exit::NotEnough), Exit::NotEnough);
    }

    #[test]
    fn the_codes_are_the_documented_ones() {
        let all = [Exit::Met, Exit::Missed, Exit::Wrong, Exit::NotEnough, Exit::Bug, Exit::Io, Exit::Interrupted];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 70, 74, 130]);
    }
}
