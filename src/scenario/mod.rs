//! From text to a typed scenario: the spanned tree, merge, the collecting decoder and its diagnostics, and the compiler
//! that makes a world of it.
//!
//! Never imports the machine: the two sides meet in `world`.

pub mod compile;
pub mod diagnostic;
pub mod file;
pub mod load;
pub mod span;

pub use compile::{Compiled, Inputs, compile, compile_with_warnings};
pub use diagnostic::{Diagnostic, Label, Report, Severity};
pub use file::Scenario;
pub use load::{Loaded, Variant};
pub use span::{SourceId, Sources, Span, Spanned};
