//! What all books share: how a row is known, and how a shipped file is read.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// How a figure is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Read in the provider's own document or in the named one.
    Sourced,
    /// Read in a third party's directory or report of the primary text.
    Secondary,
    /// Measured for another provider between the same cities.
    Proxy,
    /// Our estimate; the note says what its range rests on.
    Estimated,
    /// Looked for and found nowhere.
    NotFound,
}

impl Status {
    /// The word in files: `sourced`, `not-found`.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Sourced => "sourced",
            Status::Secondary => "secondary",
            Status::Proxy => "proxy",
            Status::Estimated => "estimated",
            Status::NotFound => "not-found",
        }
    }

    /// Does somebody's document stand behind it?
    pub const fn is_documented(self) -> bool {
        matches!(self, Status::Sourced | Status::Secondary)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

/// Which end of a figure's believable range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Level {
    /// The low end.
    Low,
    /// The figure that is used unless told otherwise.
    #[default]
    Mid,
    /// The high end.
    High,
}

/// The rows of a shipped file. It is part of the program, so that a broken row is a bug of ours, found by any test.
pub(super) fn rows<T: DeserializeOwned>(name: &str, text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .enumerate()
        .map(|(row, record)| match record {
            Ok(record) => record,
            Err(error) => panic!("the shipped book {name} parses, row {}: {error}", row + 1),
        })
        .collect()
}
