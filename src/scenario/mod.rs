//! From text to a typed scenario: the spanned tree, merge, the collecting decoder and its diagnostics, and the compiler
//! that makes a world of it.
//!
//! Never imports the machine: the two sides meet in `world`.

pub mod codes;
pub mod compile;
mod copies;
mod decode;
pub mod diagnostic;
pub mod file;
mod folder;
mod identity;
mod istio;
pub mod load;
mod merge;
pub mod objective;
pub mod points;
pub mod quantity;
pub mod reference;
pub mod render;
pub mod resolve;
pub mod schema;
mod setting;
pub mod span;
pub mod tree;
pub mod vocabulary;

pub use compile::{Aim, Compiled, Effort, Inputs, compile, compile_with_warnings, complaints, many_calls, missed};
pub use decode::Filled;
pub(crate) use decode::accepts_hit;
pub use diagnostic::{Diagnostic, Label, Report, Severity, gathered, gathered_points};
pub use file::Scenario;
pub use load::{Loaded, Refused, Variant, load, load_at, load_text, load_text_at};
pub use points::{Origin, Point, load_points};
pub use span::{SourceId, Sources, Span, Spanned};
