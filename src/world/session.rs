//! Sessions: users who keep one connection to an ingress from one request to the next.

use crate::policy::Reconnect;
use crate::random::Law;
use crate::workload::Rate;

/// How the users of a stream come, stay and come back.
#[derive(Clone, PartialEq, Debug)]
pub struct Sessions {
    /// How many there are.
    pub population: Population,
    /// How long one lasts, seconds, the time of a reconnect not counted; none: longer than any run.
    pub last: Option<Law>,
    /// Between an answer and the next request, seconds.
    pub think: Law,
    /// Rows of the stream's mix that users ask for: those before it.
    pub asks: u32,
    /// Row of the stream's mix that each new connection begins with; none: nothing is asked then.
    pub login: Option<u32>,
    /// What a client does whose connection is broken, or does not come about.
    pub reconnect: Reconnect,
}

/// How many sessions there are.
#[derive(Clone, PartialEq, Debug)]
pub enum Population {
    /// Always so many: who leaves is followed at once by another session of the same user.
    Open(u32),
    /// They come by chance at this rate (sessions per second) and leave for good. In the steady state their number is
    /// Poisson with mean rate x mean length, whatever the law of their lengths (M/G/infinity).
    Arrive(Rate),
}
