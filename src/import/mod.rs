//! Files that others wrote, read into rows: measured usage, and a provider's own bill.
//!
//! [`usage::read`] takes the long table that `docs/usage-format.md` describes; [`alibaba::read`] takes what Alibaba
//! Cloud's console and its API export as bill details. All that is wrong with a file is told at once, each with its line
//! and column. Knows prices only by their keys; nothing is priced here.

pub mod alibaba;
mod sheet;
pub mod usage;

pub use sheet::{Fault, Sheet};
