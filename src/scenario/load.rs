//! A scenario file with everything that it refers to, as all its variants.

use super::diagnostic::Diagnostic;
use super::file::Scenario;
use super::span::Sources;

/// What a scenario file says.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// All texts: the file, what it stands on, and each `--set`.
    pub sources: Sources,
    /// The scenario's name.
    pub name: String,
    /// What the reader wants to know.
    pub question: String,
    /// The variants, in the order of the file; one named `base` where the file has none.
    pub variants: Vec<Variant>,
    /// SHA-256 of the scenario text with everything that it refers to, hex.
    pub hash: String,
    /// Warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// One variant.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it says, defaults filled in.
    pub scenario: Scenario,
}
