//! Random numbers: counter-based, keyed by what they are for.

mod law;

pub use law::Law;
