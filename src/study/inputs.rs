//! The second range: how figures move over the books' low and high, with noise held still.
//!
//! A few replications (one, where it is long) are run again at both ends, on the same random numbers; what is kept is the
//! *shift* from the same ones in the middle. Inputs that variants share move together: one backbone carries CEN, peering and
//! PrivateLink, so that their order cannot flip by moving it.

use super::difference::Metric;
use super::figure::MS;
use super::sample::{Part, Sample};
use super::summary::QUANTILES;
use super::warm_up::Cut;
use crate::meter::{Quantile, Within};
use crate::provider::{Level, LossProfile};
use crate::record::{Estimate, Run, SparseHistogram, VariantResult};
use crate::scenario::compile::Inputs;

/// A group of inputs that moves as one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Round trips over the backbone, with jitter, loss, zones, hops and the work of proxies: one book of delays.
    Rtt,
    /// Round trips on the public path relative to the backbone.
    Public,
    /// Loss on the public path.
    Loss,
}

impl Group {
    /// All of them.
    pub const ALL: [Group; 3] = [Group::Rtt, Group::Public, Group::Loss];

    /// In words, as what may flip an answer.
    pub const fn words(self) -> &'static str {
        match self {
            Group::Rtt => "the backbone's round trips with jitter and the proxies' work",
            Group::Public => "the public path's round trips relative to the backbone's",
            Group::Loss => "loss on the public path",
        }
    }
}

/// The inputs with these groups at `level` and the others in the middle.
pub fn inputs_at(groups: &[Group], level: Level) -> Inputs {
    let at = |group| if groups.contains(&group) { level } else { Level::Mid };
    let loss = match at(Group::Loss) {
        Level::Low => LossProfile::Mild,
        Level::Mid => LossProfile::Typical,
        Level::High => LossProfile::Severe,
    };
    Inputs { rtt: at(Group::Rtt), public: at(Group::Public), loss, ..Inputs::default() }
}

/// Figures of a few replications.
#[derive(Clone, PartialEq, Debug)]
pub struct Figures {
    /// Mean, ms.
    pub mean_ms: Option<f64>,
    /// In the order of [`QUANTILES`], ms.
    pub quantiles_ms: Vec<Option<f64>>,
    /// Share answered.
    pub availability: Option<f64>,
}

impl Figures {
    pub(super) fn of<'a>(runs: impl IntoIterator<Item = &'a Run>, cut: &Cut) -> Self {
        let sample = |run: &Run| Sample::of(run, Part::From(cut.first_window), &|_| true);
        let all: Vec<Sample> = runs.into_iter().map(sample).collect();
        let merged = SparseHistogram::merged(10, all.iter().map(|sample| &sample.latency));
        let ms = |quantile: Quantile| merged.quantile(quantile, Within::Middle).map(|ns| ns as f64 / MS);
        let sent: u64 = all.iter().map(|sample| sample.sent).sum();
        let ok: u64 = all.iter().map(Sample::ok).sum();
        Figures {
            mean_ms: merged.mean_ns().map(|ns| ns / MS),
            quantiles_ms: QUANTILES.iter().map(|&(_, quantile)| ms(quantile)).collect(),
            availability: (sent > 0).then(|| ok as f64 / sent as f64),
        }
    }

    /// A latency figure, ms; none for other metrics.
    pub fn latency_ms(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Mean => self.mean_ms,
            Metric::Quantile(name, _) => {
                let index = QUANTILES.iter().position(|(known, _)| *known == name)?;
                self.quantiles_ms[index]
            }
            Metric::Availability | Metric::Cost => None,
        }
    }
}

/// A variant's figures at both ends and in the middle, on the same few replications.
#[derive(Clone, PartialEq, Debug)]
pub struct Shift {
    /// All inputs at the low end.
    pub low: Figures,
    /// In the middle.
    pub mid: Figures,
    /// All inputs at the high end.
    pub high: Figures,
}

impl Shift {
    /// Writes the range over the inputs beside the figures of the whole study.
    pub fn apply(&self, result: &mut VariantResult) {
        let write = |estimate: &mut Estimate, low: Option<f64>, mid: Option<f64>, high: Option<f64>, most: f64| {
            if let (Some(value), Some(low), Some(mid), Some(high)) = (estimate.value, low, mid, high) {
                let (a, b) = (value + low - mid, value + high - mid);
                let within = |end: f64| end.clamp(0.0, most);
                estimate.inputs = Some((within(a.min(b).min(value)), within(a.max(b).max(value))));
            }
        };
        let total = &mut result.total;
        write(&mut total.mean_ms, self.low.mean_ms, self.mid.mean_ms, self.high.mean_ms, f64::INFINITY);
        for (index, (name, _)) in QUANTILES.iter().enumerate() {
            if let Some(estimate) = total.latency_ms.get_mut(*name) {
                let at = |figures: &Figures| figures.quantiles_ms[index];
                write(estimate, at(&self.low), at(&self.mid), at(&self.high), f64::INFINITY);
            }
        }
        let at = |figures: &Figures| figures.availability;
        write(&mut total.availability, at(&self.low), at(&self.mid), at(&self.high), 1.0);
    }
}
