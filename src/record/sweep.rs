//! A parameter study: every variant at every point, figure by figure, and where the answer changes.

use serde::{Deserialize, Serialize};

use super::{Estimate, Outcome};

/// All variants at all points, on the same random numbers.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sweep {
    /// Version of this document, 1.
    pub schema: u32,
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// SHA-256 of the scenario text with everything that it refers to, hex.
    pub hash: String,
    /// Engine version.
    pub engine: String,
    /// Master seed.
    pub seed: u64,
    /// Replications of each variant at each point.
    pub replications: u32,
    /// Measured seconds per replication at the first point.
    pub horizon_s: f64,
    /// The command that repeats this.
    pub command: String,
    /// Where it was stopped before all points were run: how far it got.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partial: Option<String>,
    /// The answer in a few computed sentences.
    pub verdict: String,
    /// The axes, outermost first.
    pub axes: Vec<SweepAxis>,
    /// The variants, in the order of the file.
    pub variants: Vec<String>,
    /// Every finished point, the last axis turning fastest.
    pub points: Vec<SweepPoint>,
    /// Where figures cross the bounds of objectives.
    pub crossings: Vec<SweepCrossing>,
    /// Where another variant becomes the best one.
    pub changes: Vec<SweepChange>,
    /// Where the costs of any two variants cross, the best one or not.
    #[serde(default)]
    pub meetings: Vec<SweepChange>,
    /// Warnings that a reader must see beside the figures, and at which points they hold.
    pub warnings: Vec<String>,
    /// Currency of all money.
    pub currency: String,
}

/// An axis.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepAxis {
    /// Its name.
    pub name: String,
    /// Paths that it sets.
    pub set: Vec<String>,
    /// Its values as written.
    pub values: Vec<String>,
    /// The same as numbers of one unit; none where they are words.
    pub numbers: Option<Vec<f64>>,
    /// That unit; empty where they are bare numbers or words.
    pub unit: String,
    /// Are their ratios equal rather than their differences?
    pub log: bool,
}

/// A point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepPoint {
    /// SHA-256 of all that decides its figures, hex.
    pub key: String,
    /// Which value of each axis.
    pub at: Vec<usize>,
    /// The values as written.
    pub values: Vec<String>,
    /// The verdict of the comparison at this point.
    pub verdict: String,
    /// Fastest, cheapest and most available beyond doubt.
    pub leaders: Vec<SweepLeader>,
    /// Its figures, by variant.
    pub variants: Vec<SweepVariant>,
    /// Gates at this point.
    pub gates: Vec<SweepGate>,
    /// Warnings at this point.
    pub warnings: Vec<String>,
}

/// The best variant by one measure, beyond doubt.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepLeader {
    /// `latency`, `cost`, `availability`, `lost(FAULT)`.
    pub by: String,
    /// The figure that decides: `p99`, `cost`, `lost(FAULT)`.
    pub figure: String,
    /// The variant.
    pub best: String,
    /// Those that are worse beyond doubt; the others cannot be told from it.
    pub worse: Vec<String>,
    /// Of `availability` and `lost(FAULT)`: variants that lose acknowledged writes. Who loses more of them, beyond noise,
    /// ranks behind who loses fewer or none, however many answers it gives.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub losing: Vec<String>,
}

/// A variant at a point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepVariant {
    /// The name.
    pub name: String,
    /// Its figures.
    pub figures: Vec<SweepFigure>,
}

/// A figure of a variant at a point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepFigure {
    /// `p99`, `availability`, `cost`, `amplification`, `p99(users)`, or an objective's name.
    pub name: String,
    /// `ms`, `share`, `USD/month`.
    pub unit: String,
    /// The figure with its interval.
    pub estimate: Estimate,
}

/// A gate of a variant at a point.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepGate {
    /// The objective.
    pub name: String,
    /// The variant.
    pub variant: String,
    /// As written.
    pub check: String,
    /// What came out.
    pub outcome: Outcome,
    /// The limit, in the figure's unit.
    pub limit: f64,
    /// `fail` or `warn`.
    pub severity: String,
}

/// Between two neighbouring points the figure of an objective goes over its bound.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepCrossing {
    /// The objective.
    pub objective: String,
    /// As written.
    pub check: String,
    /// The variant.
    pub variant: String,
    /// The axis.
    pub axis: String,
    /// Values of the other axes: `users 50`; empty where there is one axis.
    pub beside: String,
    /// The last value of the axis on the first side of it.
    pub from: String,
    /// The first one on the other side.
    pub to: String,
    /// Where a straight line between the two figures meets the bound; none on an axis of words.
    pub about: Option<f64>,
    /// Is the bound kept on the far side?
    pub kept_after: bool,
}

/// Between two neighbouring points one variant becomes better than another, or the best of all.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct SweepChange {
    /// `latency`, `cost`, `availability`.
    pub by: String,
    /// The figure that decides.
    pub figure: String,
    /// The axis.
    pub axis: String,
    /// Values of the other axes; empty where there is one axis.
    pub beside: String,
    /// The better variant before.
    pub before: String,
    /// The better variant after.
    pub after: String,
    /// The last value of the axis at which `before` is better beyond doubt.
    pub from: String,
    /// The first value at which `after` is.
    pub to: String,
    /// Where both are equal by a straight line between the two points; none on an axis of words.
    pub about: Option<f64>,
}
