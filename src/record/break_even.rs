//! A break-even that was solved on the bill, and what runs at that volume say of it.

use serde::{Deserialize, Serialize};

use super::{BreakEven, Estimate};

/// Of two variants.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct BreakEvenStudy {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// The command that repeats this.
    pub command: String,
    /// What the closed form says.
    pub solved: BreakEven,
    /// Each of its volumes, run.
    pub confirmed: Vec<ConfirmedVolume>,
    /// What was assumed.
    pub assumptions: Vec<String>,
}

/// A volume that was solved, and runs there.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ConfirmedVolume {
    /// As solved, gigabytes (2^30) a month.
    pub gigabytes_month: f64,
    /// As solved, multiple of the scenario's traffic.
    pub times: f64,
    /// Runs there, and where the first one called for it, beside it; in the order in which they were made.
    pub trials: Vec<VolumeTrial>,
    /// What came out.
    pub outcome: VolumeOutcome,
    /// The same in words.
    pub sentence: String,
}

/// What runs say of a solved break-even.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeOutcome {
    /// The interval of the difference holds zero at the solved volume, or the difference is next to nothing of the bill.
    Confirmed,
    /// Not there, but it does at the volume that the runs themselves lead to.
    Moved,
    /// The interval does not hold zero.
    NotConfirmed,
    /// The run carried another volume, or its interval is too wide to tell.
    NotEnough,
    /// Nothing could be run there.
    #[default]
    NotRun,
}

/// Both variants run at one volume.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct VolumeTrial {
    /// Multiple of the scenario's traffic.
    pub times: f64,
    /// Gigabytes (2^30) a month on priced legs, as counted, of the variant that the solution counts by.
    pub gigabytes_month: f64,
    /// Cost of a month of the first.
    pub a: Estimate,
    /// Cost of a month of the second.
    pub b: Estimate,
    /// The second minus the first, paired.
    pub difference: Estimate,
}
