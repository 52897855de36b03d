//! Money beyond the month's bill: what downtime costs, and what years to come cost.

use serde::{Deserialize, Serialize};

use super::Estimate;
use crate::units::significant;

/// Of one variant.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Business {
    /// Currency of all figures.
    pub currency: String,
    /// Money of an hour in which no request is answered; none: not stated.
    pub downtime_hour: Option<f64>,
    /// Growth of the traffic in a year, as a share.
    pub growth_year: f64,
    /// By named fault.
    pub faults: Vec<BusinessFault>,
    /// Hours of full downtime that what fails with nothing down comes to in a year; none: nothing fails then, or it cannot be
    /// told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calm_hours: Option<Estimate>,
    /// Downtime of a year, over the faults whose rate is stated and what fails with nothing down; none: nothing can be said, `why` says why.
    /// Each outage is as long as its fault in these runs (`BusinessFault::length`).
    pub downtime_year: Estimate,
    /// Minutes of full downtime of a year, over the faults whose rate is stated and what fails with nothing down; outages as
    /// long as the faults in these runs.
    #[serde(default)]
    pub minutes_year: Estimate,
    /// The bill of each year.
    pub years: Vec<BusinessYear>,
    /// Bills and, where it is known, downtime of all years together.
    pub total: Estimate,
    /// What the figures rest on.
    pub basis: Vec<String>,
}

/// A named fault.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BusinessFault {
    /// The fault.
    pub name: String,
    /// Hours of full downtime that its lost requests come to, per occurrence.
    pub hours: Estimate,
    /// What that costs, per occurrence.
    pub cost: Estimate,
    /// Requests lost, per occurrence.
    #[serde(default)]
    pub requests: Estimate,
    /// How often a year it comes, by the reader's own estimate; none: not stated.
    pub per_year: Option<f64>,
    /// How often a year it would have to come for this variant and the first to cost the same, bill and downtime, if nothing
    /// else failed; none: the one that costs less loses less too, nothing is priced, or what `even_why` says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub even_per_year: Option<f64>,
    /// Why there is no such rate though something differs: `not told apart`, `more than a year holds`.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub even_why: String,
    /// How long an occurrence is; none: it did not come.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub length: Option<Length>,
}

impl BusinessFault {
    /// Does a year count outages of the length that somebody wrote for a run?
    pub fn is_as_long_as_here(&self) -> bool {
        self.per_year.is_some() && self.length.as_ref().is_some_and(|length| !length.is_drawn)
    }
}

/// How long an occurrence of a fault is: all figures of a year hold for outages of that length.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Length {
    /// In these runs, seconds, the mean of all occurrences.
    pub lasts_s: f64,
    /// It is drawn by the scenario's own law, and not scheduled.
    pub is_drawn: bool,
    /// How long what it hits is down on average, seconds; of several the longest. None: nobody says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean_down_s: Option<f64>,
    /// Who says so: `the book`, or the scenario's own `reliability`.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub by: String,
}

impl Length {
    /// `20 s`, `2 min`.
    pub fn here(&self) -> String {
        span(self.lasts_s)
    }

    /// `267 min`; none where nobody says.
    pub fn mean(&self) -> Option<String> {
        self.mean_down_s.map(span)
    }
}

/// In minutes, as downtime of a year is counted, or in seconds where it is less than one.
fn span(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{} s", significant(seconds, 3))
    } else {
        format!("{} min", significant(seconds / 60.0, 3))
    }
}

/// A year.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BusinessYear {
    /// From 1.
    pub year: u32,
    /// Its traffic as a multiple of the scenario's.
    pub times: f64,
    /// Gigabytes (2^30) on priced legs, each month.
    pub gigabytes_month: f64,
    /// Its bill: twelve months at that traffic.
    pub bill: Estimate,
    /// What does not carry that traffic: on average it would be over capacity.
    pub over: Vec<String>,
}
