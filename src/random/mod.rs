//! Random numbers: counter-based, keyed by what they are for, turned into laws by inversion.
//!
//! [`Key`] is a stream of draws addressed by counter; [`Law`] turns one uniform into one variate, so that common
//! random numbers stay in step whatever the law. Rarely drawn laws may use rand_distr through [`Key::rng`].
//! Knows nothing of who draws, and keeps no state.

mod elementary;
mod erlang;
mod halves;
mod key;
mod law;
mod moments;
mod normal;
mod piece;
mod residual;

pub use halves::halves;
pub use key::{Key, KeyedRng, hash_name, mix};
pub use law::Law;
