//! Who loses least to which fault, and what that costs: for whoever reads one sentence.

use super::super::figure::Design;
use super::super::loss::lost_by_run;
use super::super::replicated::Replicated;
use super::super::statistics::Sections;
use super::leaders::Lossy;
use super::survival::{fewer, lost_in};
use super::{money_of, ranking::Ranking};
use crate::record::{Estimate, FaultSummary, SweepLeader, VariantResult};
use crate::study::words::{each_once, listed};
use crate::units::{place, rounded, significant};

/// A smaller share of a figure is none.
const EXACT: f64 = 1e-9;
/// So many faults are told of in a sentence; all stand in the tables.
const TOLD: usize = 3;
/// A run in which faults last for more of the time than this is made of drills: its success is that of no year.
const DRILLS: f64 = 0.01;

/// What each variant loses to a fault, once.
#[derive(Clone, PartialEq, Debug)]
pub struct Losses {
    /// The fault.
    pub fault: String,
    /// Index of each variant that has it and in which it came, in order, and requests lost by replication.
    pub by_variant: Vec<(usize, Sections)>,
    /// The share of the horizon that it lasts, of the variant of which that is most.
    pub lasts: f64,
}

/// Of all faults that any variant has, in the order of the variants.
pub fn losses(of: &[Replicated]) -> Vec<Losses> {
    let rows = of.iter().filter_map(|variant| variant.runs.first()).flat_map(|run| &run.faults);
    let faults = each_once(rows.map(|row| row.fault.clone()));
    let lost = |fault: &str, variant: &Replicated| {
        let has = variant.runs.iter().any(|run| run.faults.iter().any(|row| row.fault == fault));
        has.then(|| lost_by_run(&variant.runs, fault)).flatten()
    };
    let of_fault = |fault: String| {
        let each = of.iter().enumerate().filter_map(|(index, variant)| Some((index, lost(&fault, variant)?)));
        let lasts = of.iter().map(|variant| lasts(variant, &fault)).fold(0.0, f64::max);
        Losses { by_variant: each.collect(), fault, lasts }
    };
    faults.into_iter().map(of_fault).collect()
}

/// The share of a variant's horizon that a fault lasts.
fn lasts(of: &Replicated, fault: &str) -> f64 {
    let rows = of.runs.iter().flat_map(|run| &run.faults).filter(|row| row.fault == fault);
    let lasted: u128 = rows.flat_map(|row| &row.spans).map(|(start, end)| u128::from(end - start)).sum();
    let all: u128 = of.runs.iter().map(|run| u128::from(run.horizon_ns)).sum();
    lasted as f64 / all.max(1) as f64
}

/// ` in this run with its 3 faults`: a share answered is that of no year where faults are no rarity. Else empty.
pub(super) fn of_drills(losses: &[Losses]) -> String {
    let lasts: f64 = losses.iter().map(|of| of.lasts).sum();
    match losses.iter().filter(|of| of.lasts > 0.0).count() {
        _ if lasts < DRILLS => String::new(),
        1 => " in this run with its fault".to_owned(),
        count => format!(" in this run with its {count} faults"),
    }
}

impl Losses {
    /// Who loses least, and who more beyond doubt (paired over replications), the most last; none without an interval.
    fn ranked(&self, design: Design, asked: impl Fn(usize) -> bool) -> Option<(usize, Vec<usize>)> {
        let critical = design.critical()?;
        let among = || self.by_variant.iter().filter(|of| asked(of.0));
        let (best, least) = among().min_by(|a, b| a.1.value.total_cmp(&b.1.value))?;
        let more = |other: &&(usize, Sections)| other.0 != *best && other.1.less(least, 1.0, critical).low > 0.0;
        let mut worse: Vec<&(usize, Sections)> = among().filter(more).collect();
        worse.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
        Some((*best, worse.into_iter().map(|(index, _)| *index).collect()))
    }

    fn lost(&self, variant: usize) -> String {
        let found = self.by_variant.iter().find(|(index, _)| *index == variant);
        found.map_or_else(String::new, |(_, lost)| thousands(&significant(lost.value.max(0.0), 3)))
    }

    fn told<'v>(&self, variant: usize, variants: &'v [VariantResult]) -> Option<&'v FaultSummary> {
        variants[variant].faults.iter().find(|of| of.name == self.fault)
    }

    /// `373 ± 20`.
    fn with_noise(&self, variant: usize, variants: &[VariantResult]) -> String {
        let told = self.told(variant, variants).and_then(|of| plus_minus(&of.lost));
        told.unwrap_or_else(|| self.lost(variant))
    }

    /// `, back after 167.0 ± 9.9 s`.
    fn back(&self, variant: usize, variants: &[VariantResult]) -> String {
        self.told(variant, variants).map_or(String::new(), |of| match (of.recovery_s.value, of.recovery_s.low) {
            (Some(after), _) => {
                let told = plus_minus(&of.recovery_s).unwrap_or_else(|| significant(after, 3));
                format!(", back after {told} s")
            }
            (None, Some(low)) => format!(", not back within {} s", significant(low, 3)),
            (None, None) => String::new(),
        })
    }

    /// What the one that loses the fewest requests loses beside them, and who loses fewest of those that do not.
    fn but_writes(&self, best: usize, variants: &[VariantResult]) -> String {
        let lost = |index: usize| lost_in(&variants[index], &self.fault);
        let writes = |index: usize| lost(index).value.unwrap_or_default();
        if writes(best) <= 0.0 {
            return String::new();
        }
        let count = |index: usize| thousands(&significant(writes(index), 3));
        let keep = self.by_variant.iter().filter(|of| writes(of.0) <= 0.0);
        let keep = keep.min_by(|a, b| a.1.value.total_cmp(&b.1.value));
        let fewest = || self.by_variant.iter().map(|of| of.0).min_by(|a, b| writes(*a).total_cmp(&writes(*b)));
        let keeper = match keep {
            Some((index, _)) => {
                format!("; of those that lose no write {} loses fewest: {}", variants[*index].name, self.lost(*index))
            }
            None => fewest().filter(|&index| fewer(&lost(index), &lost(best))).map_or(String::new(), |index| {
                let (name, writes) = (&variants[index].name, count(index));
                format!("; fewest of these, {writes}, loses {name}, with {} requests", self.lost(index))
            }),
        };
        format!(", but also {} acknowledged writes{keeper}", count(best))
    }

    pub(super) fn most(&self) -> f64 {
        self.by_variant.iter().map(|(_, lost)| lost.value).fold(0.0, f64::max)
    }
}

/// `373 ± 20`: half the width of the interval to two digits, and the figure as far as that; none where there is no width.
pub(super) fn plus_minus(of: &Estimate) -> Option<String> {
    let (value, (low, high)) = of.value.zip(of.low.zip(of.high))?;
    let half = (high - low) / 2.0;
    let last = place(half, 2);
    // What a mean of equal figures leaves of exactness is no noise.
    (half > EXACT * value.abs()).then(|| format!("{} ± {}", rounded(value.max(0.0), last), rounded(half, last)))
}

/// `5020` as `5,020`.
pub(super) fn thousands(digits: &str) -> String {
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let parts: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap_or("")).collect();
    format!("{}{rest}", parts.join(","))
}

/// The best variant by what is lost to each fault, where others lose more beyond doubt.
pub(super) fn leaders(losses: &[Losses], variants: &[VariantResult], design: Design) -> Vec<SweepLeader> {
    let design = design.family(variants.len().max(2) as u32 - 1);
    let name = |index: usize| variants[index].name.clone();
    let of = |losses: &Losses| {
        let all = losses.by_variant.iter().map(|of| of.0).collect();
        let lossy = Lossy::of(all, |index| lost_in(&variants[index], &losses.fault));
        let (best, worse) = losses.ranked(design, |index| lossy.ahead.contains(&index))?;
        let by = format!("lost({})", losses.fault);
        lossy.led(&by, &by, name(best), worse.into_iter().map(name).collect(), variants)
    };
    losses.iter().filter_map(of).collect()
}

/// One sentence for each variant that loses least to anything; and beside these one for what nobody is ahead in.
pub(super) fn sentences(
    losses: &[Losses],
    variants: &[VariantResult],
    cheap: &Ranking,
    design: Design,
    currency: &str,
) -> (Vec<String>, Vec<String>) {
    let design = design.family(variants.len().max(2) as u32 - 1);
    let mut told: Vec<&Losses> = losses.iter().filter(|of| of.by_variant.len() > 1 && of.most() >= 1.0).collect();
    told.sort_by(|a, b| b.most().total_cmp(&a.most()));
    let untold = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    let mut ahead: Vec<(usize, Vec<String>)> = Vec::new();
    let mut alike: Vec<String> = Vec::new();
    for of in told {
        let most = |of: &Losses| {
            let worst = of.by_variant.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value));
            worst.map_or(0, |(index, _)| *index)
        };
        match of.ranked(design, |_| true) {
            Some((best, worse)) if !worse.is_empty() => {
                let worst = *worse.last().expect("somebody loses more");
                let peers = of.by_variant.len() - 1 - worse.len();
                let beside = if peers == 0 { String::new() } else { format!(", {peers} not distinguishable from it") };
                let figures = format!(
                    "{} ({} requests{beside}{}{}; {} {}{})",
                    of.fault,
                    of.with_noise(best, variants),
                    of.back(best, variants),
                    of.but_writes(best, variants),
                    variants[worst].name,
                    of.with_noise(worst, variants),
                    of.back(worst, variants)
                );
                match ahead.iter_mut().find(|(known, _)| *known == best) {
                    Some((_, faults)) => faults.push(figures),
                    None => ahead.push((best, vec![figures])),
                }
            }
            _ => alike.push(format!("{} ({} requests or fewer)", of.fault, of.lost(most(of)))),
        }
    }
    let cost = |best: usize| {
        let name = &variants[best].name;
        match cheap.worse.iter().find(|(other, _)| other == name) {
            Some((_, more)) => {
                let more = money_of(more).unwrap_or_default();
                format!(", for {more} {currency} a month more than {}", cheap.best)
            }
            None if cheap.worse.is_empty() => String::new(),
            None => ", and none is cheaper".to_owned(),
        }
    };
    let said: Vec<String> = ahead
        .iter()
        .map(|(best, faults)| format!("{} loses least to {}{}.", variants[*best].name, listed(faults), cost(*best)))
        .collect();
    let mut beside: Vec<String> = Vec::new();
    if !alike.is_empty() {
        beside.push(format!("None loses less than the others beyond doubt to {}.", listed(&alike)));
    }
    if untold > 0 && !(said.is_empty() && beside.is_empty()) {
        let faults = if untold == 1 { "fault is" } else { "faults are" };
        beside.push(format!("{untold} more {faults} in the tables."));
    }
    (said, beside)
}

/// Of a single variant: what it loses to the worst of its faults, and when it is back.
pub(super) fn alone(only: &VariantResult) -> Option<String> {
    let lost = |fault: &crate::record::FaultSummary| fault.lost.value.unwrap_or(0.0);
    let mut faults: Vec<_> = only.faults.iter().filter(|fault| lost(fault) >= 1.0).collect();
    faults.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    let back = |fault: &crate::record::FaultSummary| match (fault.recovery_s.value, fault.recovery_s.low) {
        (Some(seconds), _) => format!(" and is back after {} s", significant(seconds, 3)),
        (None, Some(low)) => format!(" by the end of the run and is not back after {} s", significant(low, 3)),
        (None, None) => String::new(),
    };
    let told: Vec<String> = faults
        .iter()
        .take(TOLD)
        .map(|fault| format!("{} requests to {}{}", thousands(&significant(lost(fault), 3)), fault.name, back(fault)))
        .collect();
    (!told.is_empty()).then(|| format!("It loses {}.", listed(&told)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SuccessionFault, SuccessionSummary};
    use crate::units::Duration;

    fn variant(name: &str) -> VariantResult {
        VariantResult { name: name.into(), ..VariantResult::default() }
    }

    fn fault(name: &str, lost: &[f64]) -> Losses {
        // A little noise that all of them share.
        let each = |mean: &f64| (0..10).map(|run| mean + f64::from(run) - 4.5).collect();
        let by_variant = lost.iter().map(|mean| Sections::mean(each(mean))).enumerate().collect();
        Losses { fault: name.into(), by_variant, lasts: 0.0 }
    }

    fn said(losses: &[Losses]) -> String {
        let variants = ["drawn", "ejecting", "spare"].map(variant);
        let month = |value| Estimate { value: Some(value), ..Estimate::default() };
        let cheap = Ranking {
            best: "drawn".into(),
            value: month(700.0),
            worse: vec![("spare".into(), month(120.0))],
            alike: vec![("ejecting".into(), month(700.0))],
        };
        let (ahead, beside) = sentences(losses, &variants, &cheap, Design::new(10, Duration::from_secs(60)), "USD");
        [ahead, beside].concat().join(" ")
    }

    #[test]
    fn what_rounding_leaves_of_equal_figures_is_no_noise() {
        let of = |low, high| Estimate {
            value: Some(108.416666661),
            low: Some(low),
            high: Some(high),
            ..Estimate::default()
        };
        assert_eq!(plus_minus(&of(108.416666660, 108.416666662)), None);
        assert_eq!(plus_minus(&of(108.416666661, 108.416666661)), None);
        assert_eq!(plus_minus(&of(107.4, 109.4)).as_deref(), Some("108.4 ± 1.0"));
    }

    #[test]
    fn who_loses_least_and_for_how_much_is_one_sentence() {
        assert_eq!(
            said(&[fault("sour", &[5020.0, 62.0, 70.0])]),
            "ejecting loses least to sour (62 requests; drawn 5,020), and none is cheaper."
        );
        assert_eq!(
            said(&[fault("sour", &[5020.0, 62.0, 30.0]), fault("region-out", &[9000.0, 8000.0, 400.0])]),
            "spare loses least to region-out (400 requests; drawn 9,000) and sour (30 requests; drawn 5,020), for 120 USD a \
             month more than drawn."
        );
    }

    #[test]
    fn beside_what_is_lost_stand_its_noise_when_it_was_over_and_acknowledged_writes() {
        let of = |name: &str, lost: f64, back: Estimate, writes: f64| {
            let summary = FaultSummary {
                name: "cut".into(),
                lost: Estimate {
                    value: Some(lost),
                    low: Some(lost - 20.0),
                    high: Some(lost + 20.0),
                    ..Estimate::default()
                },
                recovery_s: back,
                ..FaultSummary::default()
            };
            let lost = Estimate {
                value: Some(writes),
                low: Some(0.9 * writes),
                high: Some(1.1 * writes),
                ..Estimate::default()
            };
            let began = SuccessionFault { fault: "cut".into(), lost, ..SuccessionFault::default() };
            let store = SuccessionSummary { faults: vec![began], ..SuccessionSummary::default() };
            VariantResult { faults: vec![summary], successions: vec![store], ..variant(name) }
        };
        let back = Estimate { value: Some(35.0), low: Some(34.0), high: Some(36.0), ..Estimate::default() };
        let never = Estimate { low: Some(120.0), ..Estimate::default() };
        let variants =
            [of("split", 700.0, back.clone(), 900.0), of("nobody", 800.0, back, 0.0), of("waits", 1600.0, never, 0.0)];
        let cheap = Ranking { best: "split".into(), value: Estimate::default(), worse: vec![], alike: vec![] };
        let design = Design::new(10, Duration::from_secs(60));
        assert_eq!(
            sentences(&[fault("cut", &[700.0, 800.0, 1600.0])], &variants, &cheap, design, "USD").0.join(" "),
            "split loses least to cut (700 ± 20 requests, back after 35.0 ± 1.0 s, but also 900 acknowledged writes; of those that \
             lose no write nobody loses fewest: 800; waits 1,600 ± 20, not back within 120 s)."
        );
        let led = leaders(&[fault("cut", &[700.0, 800.0, 1600.0])], &variants, design);
        assert_eq!((led[0].best.as_str(), led[0].worse.join(", ").as_str()), ("nobody", "waits, split"));
        // Where all lose some, who loses fewest beyond doubt is told, and leads.
        let variants = [&variants[0], &of("few", 1600.0, Estimate::default(), 5.0)].map(VariantResult::clone);
        let said = sentences(&[fault("cut", &[700.0, 1600.0])], &variants, &cheap, design, "USD").0.join(" ");
        assert!(
            said.contains("but also 900 acknowledged writes; fewest of these, 5, loses few, with 1,600 requests; few"),
            "{said}"
        );
        let led = leaders(&[fault("cut", &[700.0, 1600.0])], &variants, design);
        assert_eq!((led[0].best.as_str(), led[0].worse.join(", ").as_str()), ("few", "split"));
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_ranked_and_few_are_told_of() {
        assert_eq!(
            said(&[fault("dip", &[7.0, 7.0, 7.0])]),
            "None loses less than the others beyond doubt to dip (7 requests or fewer)."
        );
        assert_eq!(said(&[fault("felt by nobody", &[0.0, 0.0, 0.0])]), "");
        let many: Vec<Losses> = (1..=5).map(|n| fault(&format!("f{n}"), &[100.0 * f64::from(n), 10.0, 10.0])).collect();
        let told = said(&many);
        assert!(told.starts_with("ejecting loses least to f5 (10 requests, 1 not distinguishable from it; drawn 500)"));
        assert!(told.ends_with("2 more faults are in the tables."), "{told}");
    }
}
