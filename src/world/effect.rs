//! What happens to what a fault hits.

use std::fmt;

use super::{Manner, ServiceId, Target};
use crate::policy::Status;
use crate::policy::rollout::{AtOnce, Rollout};
use crate::units::{BitsPerSec, Duration, Ratio};

/// What is left of a cap.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cut {
    /// This share of its rate, above zero.
    Share(Ratio),
    /// No more than this, above zero.
    To(BitsPerSec),
}

impl Cut {
    /// The share of a rate that is left, at most 1.
    pub fn share_of(self, rate: BitsPerSec) -> f64 {
        match self {
            Cut::Share(share) => share.get(),
            Cut::To(left) => (left.0 as f64 / rate.0.max(1) as f64).min(1.0),
        }
    }
}

/// What a fault does to a target while it lasts.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Effect {
    /// Nothing answers, and that is how a peer notices.
    Down(Manner),
    /// It takes longer: replicas for their work, gateway replicas for theirs, links and paths for the way.
    Slow {
        /// So many times as long, at least 1; of several that overlap the product.
        factor: f64,
        /// And so much longer; of several the sum.
        add: Duration,
    },
    /// Packets are lost with this chance, each way; of several that overlap, each by itself.
    Loss(Ratio),
    /// Replicas answer with this status, after their work, so large a share of what they would have answered well.
    Errors {
        /// What they answer.
        status: Status,
        /// Of one fault's shares the sum; of several faults that overlap, each of what the others leave.
        share: Ratio,
    },
    /// A cache loses all that it keeps, and keeps nothing while it lasts.
    Forget,
    /// So large a share of the ways in parallel is dead that a link or path is made of (ECMP): connections that hash onto
    /// one of them hang, the others know nothing of it.
    Paths(Ratio),
    /// Certificates of proxies, and of gateways that end TLS, are no longer valid: handshakes with them fail, what is
    /// established lasts.
    Expire,
    /// Proxies and gateways have certificates of another authority, and trust it alone: handshakes pass among them and
    /// among all others, and fail between.
    NewRoot,
    /// Nothing new is let through: SYNs vanish, and the connections that are known pass.
    Shut,
    /// Proxies know no route to this service; none: to none. Their calls to it fail at once.
    NoRoute(ServiceId),
    /// Of a cap's rate no more passes than this; of several that overlap the least.
    Rate(Cut),
    /// Processes exit and are started anew: all at once, each in its pod, or pod after pod.
    Restart(Option<Rollout>),
    /// Pods are sent away: they are no endpoints from then on, and exit.
    Drain {
        /// They work on for so long.
        grace: Duration,
    },
}

impl Effect {
    /// Does it happen to this target of what is hit? All that stands in a place falls with it; else what happens to a
    /// place happens to its replicas and their packets, not to what products have there.
    pub fn concerns(&self, hit: &str, target: Target) -> bool {
        let place = ["region/", "zone/", "cluster/", "vpc/"].iter().any(|kind| hit.starts_with(kind));
        match self {
            Effect::Forget => matches!(target, Target::Cache(_)),
            Effect::Down(_) => true,
            Effect::Shut => matches!(target, Target::Path(_)),
            Effect::Rate(_) => matches!(target, Target::Link(_)),
            Effect::Restart(_) | Effect::Drain { .. } => {
                matches!(target, Target::Place(_) | Target::Endpoint(_))
                    || matches!(target, Target::Station(_)) && !place
            }
            _ if place => matches!(target, Target::Place(_)),
            _ => {
                let told = matches!(target, Target::Entry(_) | Target::Records(_));
                !told && !matches!(target, Target::Api(_) | Target::Plane(_) | Target::Pushes(_) | Target::Database(..))
            }
        }
    }
}

impl Effect {
    /// Does it happen to proxies, in what they try anew, and to nothing else?
    pub const fn of_proxies(self) -> bool {
        matches!(self, Effect::Expire | Effect::NewRoot | Effect::NoRoute(_))
    }

    /// How peers notice, where the target goes down.
    pub const fn outage(self) -> Option<Manner> {
        match self {
            Effect::Down(manner) => Some(manner),
            _ => None,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Effect::Down(Manner::Silent) => f.write_str("silent"),
            Effect::Down(Manner::Refused) => f.write_str("refused"),
            Effect::Slow { factor, add } if add.is_zero() => write!(f, "{factor} times as slow"),
            Effect::Slow { factor: 1.0, add } => write!(f, "{add} slower"),
            Effect::Slow { factor, add } => write!(f, "{factor} times as slow and {add}"),
            Effect::Loss(share) => write!(f, "{} of packets lost", percent(share)),
            Effect::Forget => f.write_str("forgotten"),
            Effect::Errors { status, share } => write!(f, "{} answered {status}", percent(share)),
            Effect::Paths(share) => write!(f, "silent for {} of connections", percent(share)),
            Effect::Expire => f.write_str("certificates expired"),
            Effect::NewRoot => f.write_str("certificates of a new authority"),
            Effect::Shut => f.write_str("closed to new connections"),
            Effect::NoRoute(service) if service.is_none() => f.write_str("without routes"),
            Effect::NoRoute(_) => f.write_str("without a route"),
            Effect::Rate(Cut::Share(share)) => write!(f, "at {} of its rate", percent(share)),
            Effect::Rate(Cut::To(rate)) => write!(f, "at {} Mbps", crate::units::significant(rate.0 as f64 / 1e6, 4)),
            Effect::Restart(None) => f.write_str("started anew"),
            Effect::Restart(Some(Rollout { at_once: AtOnce::Count(count), .. })) => {
                write!(f, "started anew, {count} at once")
            }
            Effect::Restart(Some(Rollout { at_once: AtOnce::Share(share), .. })) => {
                write!(f, "started anew, {} at once", percent(share))
            }
            Effect::Drain { grace } => write!(f, "sent away, exits after {grace}"),
        }
    }
}

fn percent(share: Ratio) -> String {
    format!("{} %", crate::units::significant(100.0 * share.get(), 4))
}
