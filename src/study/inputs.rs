//! The second range: how figures move over the books' low and high, with noise held still.
//!
//! A few replications are run again at both ends, on the same random numbers; what is kept is the *shift* from the same
//! few replications in the middle. Inputs that variants share move together: one backbone carries CEN, peering and
//! PrivateLink, so that their order cannot flip by moving it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::design::replicate;
use super::difference::Metric;
use super::figure::MS;
use super::progress::Progress;
use super::replicated::Replicated;
use super::sample::{Part, Sample, samples};
use super::summary::QUANTILES;
use super::warm_up::Cut;
use crate::meter::{Quantile, Within};
use crate::provider::{Books, Level, LossProfile};
use crate::record::{Estimate, Run, SparseHistogram, VariantResult};
use crate::scenario::compile::{Inputs, compile};

/// Replications at each end.
const REPLICATIONS: u32 = 3;

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
    fn of(runs: &[Run], cut: &Cut) -> Self {
        let all = samples(runs, Part::From(cut.first_window), &|_| true);
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

/// Figures of all variants at other inputs, each setting run once.
pub struct Varied<'a> {
    of: &'a [Replicated],
    cut: &'a Cut,
    seed: u64,
    few: u32,
    progress: &'a dyn Progress,
    known: RefCell<BTreeMap<Inputs, Option<Vec<Figures>>>>,
}

impl<'a> Varied<'a> {
    /// Nothing is run yet, but the middle, which the study has run.
    pub fn new(of: &'a [Replicated], cut: &'a Cut, seed: u64, progress: &'a dyn Progress) -> Self {
        let few = of.first().map_or(0, |variant| variant.runs.len() as u32).min(REPLICATIONS);
        let mid = of.iter().map(|variant| Figures::of(&variant.runs[..few as usize], cut)).collect();
        let known = RefCell::new(BTreeMap::from([(Inputs::default(), Some(mid))]));
        Varied { of, cut, seed, few, progress, known }
    }

    /// Every variant's figures at `inputs`; none where a variant does not compile there.
    pub fn at(&self, inputs: Inputs) -> Option<Vec<Figures>> {
        if let Some(known) = self.known.borrow().get(&inputs) {
            return known.clone();
        }
        let worlds = self.of.iter().map(|v| compile(&v.scenario, v.name(), Books::builtin(), inputs).ok());
        let figures = worlds.collect::<Option<Vec<_>>>().map(|worlds| {
            let runs = replicate(&worlds, self.seed, self.few, self.progress);
            runs.iter().map(|runs| Figures::of(runs, self.cut)).collect::<Vec<_>>()
        });
        self.known.borrow_mut().insert(inputs, figures.clone());
        figures
    }

    /// The shift of every variant over all inputs together.
    pub fn shifts(&self) -> Option<Vec<Shift>> {
        let mids = self.at(Inputs::default())?;
        let (lows, highs) =
            (self.at(inputs_at(&Group::ALL, Level::Low))?, self.at(inputs_at(&Group::ALL, Level::High))?);
        Some(
            mids.into_iter()
                .zip(lows.into_iter().zip(highs))
                .map(|(mid, (low, high))| Shift { low, mid, high })
                .collect(),
        )
    }
}
