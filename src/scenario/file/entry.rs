//! Global entries, and what operators do.

use crate::policy::entry::Check;
use crate::scenario::span::{Span, Spanned};
use crate::units::{Duration, SimTime};
use crate::world::{Answer, Kept};

/// Clusters and their weights, in order.
pub type Leads = Vec<(Spanned<String>, f64)>;

/// An entry of `entry:`.
#[derive(Clone, Debug)]
pub struct GlobalEntry {
    /// Where its name is written.
    pub span: Span,
    /// How long clients keep what it says; a balancer: not at all.
    pub kept: Kept,
    /// Of each cluster's ingress.
    pub check: Check,
    /// The service of a deep check.
    pub path: Option<Spanned<String>>,
    /// Whom it answers with.
    pub answer: Answer,
    /// How long a client tries in vain.
    pub connect_timeout: Duration,
    /// Where it leads to; never empty.
    pub to: Leads,
}

/// An entry of `actions:`.
#[derive(Clone, Debug)]
pub struct Action {
    /// Where its name is written.
    pub span: Span,
    /// When it is due.
    pub when: ActionWhen,
    /// What must be there for it, as written.
    pub needs: Vec<Spanned<String>>,
    /// What it sets.
    pub sets: Vec<ActionSet>,
}

/// When an action is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ActionWhen {
    /// Then.
    At(Spanned<SimTime>),
    /// After an alarm of a fault.
    Alarm {
        /// The fault.
        fault: String,
        /// How long it must last.
        rings: Duration,
        /// From the alarm on.
        then: Duration,
    },
    /// After the end of a fault.
    End {
        /// The fault.
        fault: String,
        /// From its end on.
        then: Duration,
    },
}

/// What an action sets.
#[derive(Clone, Debug)]
pub enum ActionSet {
    /// Where an entry leads to.
    Entry(String, Leads),
    /// In which cluster a store's primary is.
    Primary(String, String),
    /// The fewest replicas that the autoscalers of a service keep, in one cluster or in each.
    Least {
        /// The service.
        service: String,
        /// The cluster; none: each.
        cluster: Option<String>,
        /// So many.
        min: u32,
    },
}
