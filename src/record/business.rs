//! Money beyond the month's bill: what downtime costs, and what years to come cost.

use serde::{Deserialize, Serialize};

use super::Estimate;

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
    pub downtime_year: Estimate,
    /// Minutes of full downtime of a year, over the faults whose rate is stated and what fails with nothing down.
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
    /// else failed; none: the one that costs less loses less too, or nothing is priced.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub even_per_year: Option<f64>,
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
