//! Gates: objectives held against figures, each with its own interval. Three outcomes: the whole interval is within the
//! limit, the whole interval is past it, or there is not enough evidence.

use rayon::prelude::*;

use super::difference::narrow;
use super::faults;
use super::figure::{Design, latencies};
use super::loss;
use super::measure::{Measured, measure, of_fault};
use super::recovery;
use super::replicated::Replicated;
use super::route;
use super::sessions;
use super::stores;
use crate::record::{Estimate, Gate, Outcome};
use crate::scenario::file::{Bound, Check, Metric, Objective, ObjectiveSeverity, Term};
use crate::units::significant;

/// All gates of a study: every objective for every variant that it holds for.
///
/// 95 % over all of them together: with twenty gates at their limits, 40 % of studies would otherwise show a false miss.
pub fn gates(variants: &[Replicated], first_window: usize, design: Design) -> Vec<Gate> {
    let run = |name: &str| variants.iter().any(|variant| variant.name() == name);
    let asked: Vec<(&Replicated, &String, &Objective)> =
        asked(variants).filter(|(_, _, objective)| needed(objective).is_none_or(run)).collect();
    let figures = asked.iter().filter(|(_, _, objective)| matches!(objective.check, Check::Figure { .. })).count();
    let context = Context { variants, first_window, design: design.gate().family(figures as u32) };
    asked.par_iter().map(|(variant, name, objective)| context.gate(variant, name, objective)).collect()
}

/// Gates that could not be asked because the variant that they compare with was not run, one sentence each.
pub fn unasked(variants: &[Replicated]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for (_, name, objective) in asked(variants) {
        let missing = needed(objective).filter(|other| !variants.iter().any(|variant| variant.name() == *other));
        if let Some(other) = missing {
            let sentence = format!("objective {name} was not checked: variant {other} was not run");
            if !said.contains(&sentence) {
                said.push(sentence);
            }
        }
    }
    said
}

/// Every objective of every variant that it holds for.
fn asked(variants: &[Replicated]) -> impl Iterator<Item = (&Replicated, &String, &Objective)> {
    variants
        .iter()
        .flat_map(|variant| variant.scenario.objectives.iter().map(move |(name, objective)| (variant, name, objective)))
        .filter(|(variant, _, objective)| {
            objective.variants.is_empty() || objective.variants.iter().any(|only| only.value == variant.name())
        })
}

/// The variant that an objective compares with.
fn needed(objective: &Objective) -> Option<&str> {
    match &objective.check {
        Check::Figure { bound: Bound::OfVariant { variant, .. }, .. } => Some(variant),
        Check::Figure { .. } | Check::Path(_) => None,
    }
}

/// How a study's gates came out together: 0 all met, 1 one missed, 3 not enough evidence; warnings do not count.
pub fn exit_code(gates: &[Gate]) -> u8 {
    let failing = |outcome| gates.iter().any(|gate| gate.severity == "fail" && gate.outcome == outcome);
    if failing(Outcome::Missed) {
        1
    } else if failing(Outcome::NotEnoughEvidence) {
        3
    } else {
        0
    }
}

struct Context<'a> {
    variants: &'a [Replicated],
    first_window: usize,
    design: Design,
}

impl Context<'_> {
    fn gate(&self, variant: &Replicated, name: &str, objective: &Objective) -> Gate {
        let gate = Gate {
            name: name.to_owned(),
            variant: variant.name().to_owned(),
            check: objective.text.clone(),
            severity: match objective.severity {
                ObjectiveSeverity::Fail => "fail".to_owned(),
                ObjectiveSeverity::Warn => "warn".to_owned(),
            },
            ..Gate::default()
        };
        match &objective.check {
            Check::Path(path) => {
                let over = route::over(variant, path);
                let outcome = if over.is_empty() { Outcome::Met } else { Outcome::Missed };
                let sentence = match over.first() {
                    None => format!("no path of {} -> {} crosses {}", path.from, path.to, path.avoids),
                    Some(first) => {
                        format!("{} paths of {} -> {} cross {}: {first}", over.len(), path.from, path.to, path.avoids)
                    }
                };
                let measured = Estimate::exact(over.len() as f64);
                Gate { outcome, measured, limit: 0.0, unit: "paths".into(), sentence, ..gate }
            }
            Check::Figure { term, below, bound } => {
                let measured = measure(variant, term, &objective.window, self.first_window, self.design);
                let (judged, limit, mut notes) = match bound {
                    Bound::Value(limit) => (measured.estimate.clone(), limit * measured.scale, Vec::new()),
                    Bound::OfVariant { factor, variant: other } => {
                        match self.relative(variant, &measured, (term, objective), *factor, other) {
                            Ok(Relative { judged, limit, words }) => (judged, limit, vec![words]),
                            Err(why) => (Estimate::none(why), 0.0, Vec::new()),
                        }
                    }
                };
                let outcome = outcome(&judged, *below, limit);
                notes.extend(left_out(measured.answered));
                match &term.metric {
                    Metric::Recovery { share, .. } => {
                        notes.push(recovery::rule(&variant.runs, recovery::Until::of(*share)));
                    }
                    Metric::Detect { .. } | Metric::Shift { .. } => notes.push(faults::rule(&variant.runs)),
                    Metric::Lost { .. } => notes.push(loss::lost_rule(&variant.runs)),
                    Metric::Rto { .. } | Metric::Rpo { .. } => notes.push(stores::rule(of_fault(&objective.window))),
                    Metric::LostWrites { .. } => notes.extend(of_fault(&objective.window).map(stores::began_with)),
                    Metric::Reconnected { .. } => notes.push(sessions::rule()),
                    _ => {}
                }
                let note = notes.join("; ");
                let shown = if judged.value.is_none() { &judged } else { &measured.estimate };
                let mut sentence = sentence(shown, sign(&objective.text, *below), limit, &measured.unit, outcome);
                if !note.is_empty() {
                    sentence = format!("{sentence}; {note}");
                }
                Gate { outcome, measured: shown.clone(), limit, unit: measured.unit, note, sentence, ..gate }
            }
        }
    }

    /// The figure held against `factor` times another variant's, by the interval of their paired difference.
    fn relative(
        &self,
        variant: &Replicated,
        mine: &Measured,
        (term, objective): (&Term, &Objective),
        factor: f64,
        other: &str,
    ) -> Result<Relative, String> {
        let of_other = self
            .variants
            .iter()
            .find(|variant| variant.name() == other)
            .ok_or_else(|| format!("variant {other} was not run"))?;
        let at = |of: &Replicated, design| measure(of, term, &objective.window, self.first_window, design);
        let theirs = at(of_other, self.design);
        let missing = |measured: &Measured| measured.estimate.why.clone().unwrap_or_else(|| "no figure".to_owned());
        let mine_at = mine.sections.as_ref().ok_or_else(|| missing(mine))?;
        let theirs_at = theirs.sections.as_ref().ok_or_else(|| missing(&theirs))?;
        let limit = factor * theirs_at.value;
        let scaled = |end: Option<f64>| end.map(|end| factor * end);
        let bound = Estimate {
            value: Some(limit),
            low: scaled(theirs.estimate.low),
            high: scaled(theirs.estimate.high),
            ..Estimate::default()
        };
        let mut words =
            format!("the limit is {} % of {other}'s: {}", significant(factor * 100.0, 4), figure(&bound, &mine.unit));
        let judged = match self.design.critical() {
            None => self.design.bare(mine_at.value),
            Some(critical) => {
                let mut interval = mine_at.less(theirs_at, factor, critical);
                let own = |of| at(of, self.design.apart()).estimate;
                narrow(&mut interval, &own(variant), &own(of_other), factor);
                words.push_str(&format!(
                    "; by the paired difference, {}",
                    figure(&self.design.estimate(interval), if mine.unit == "share" { "points" } else { &mine.unit })
                ));
                let mut judged = self.design.estimate(interval);
                for end in [&mut judged.value, &mut judged.low, &mut judged.high] {
                    *end = end.map(|end| end + limit);
                }
                judged
            }
        };
        Ok(Relative { judged, limit, words })
    }
}

/// A figure held against another variant's.
struct Relative {
    /// The interval of the difference, moved to where the limit is.
    judged: Estimate,
    /// The other's figure times the factor.
    limit: f64,
    /// How the limit came about.
    words: String,
}

/// What a latency leaves out, where that is more than one request in a hundred.
fn left_out(answered: Option<f64>) -> Option<String> {
    let answered = answered.filter(|&answered| answered < 0.99)?;
    Some(format!(
        "only the {} % of requests that were answered are in it, {} % failed",
        significant(100.0 * answered, 3),
        significant(100.0 * (1.0 - answered), 3)
    ))
}

/// Within, past, or neither. A limit touched is met; a figure without an interval is evidence only where it is exact.
pub fn outcome(measured: &Estimate, below: bool, limit: f64) -> Outcome {
    let exact = measured.n.is_none() && measured.why.is_none();
    let (low, high) = if exact { (measured.value, measured.value) } else { (measured.low, measured.high) };
    let (within, past) = if below {
        (high.is_some_and(|high| high <= limit), low.is_some_and(|low| low > limit))
    } else {
        (low.is_some_and(|low| low >= limit), high.is_some_and(|high| high < limit))
    };
    match (within, past) {
        (true, _) => Outcome::Met,
        (_, true) => Outcome::Missed,
        _ => Outcome::NotEnoughEvidence,
    }
}

/// The comparison as it is written in a check. A limit touched is met either way.
fn sign(check: &str, below: bool) -> &'static str {
    let or_equal = check.contains(if below { "<=" } else { ">=" });
    match (below, or_equal) {
        (true, true) => "<=",
        (true, false) => "<",
        (false, true) => ">=",
        (false, false) => ">",
    }
}

/// `1458 ms (1420 to 1495)`.
fn figure(of: &Estimate, unit: &str) -> String {
    let (scale, word) = match unit {
        "share" => (100.0, "%"),
        "points" => (100.0, "points"),
        other => (1.0, other),
    };
    // A share close to one needs its nines.
    let shown = |value: f64| significant(value * scale, if unit == "share" { 6 } else { 4 });
    match (of.value, of.low, of.high) {
        (Some(value), Some(low), Some(high)) => {
            format!("{} {word} ({} to {})", shown(value), shown(low), shown(high))
        }
        (Some(value), Some(low), None) => format!("{} {word} (at least {})", shown(value), shown(low)),
        (Some(value), ..) => format!("{} {word}", shown(value)),
        (None, Some(low), _) => format!("more than {} {word}", shown(low)),
        (None, None, _) => "no figure".to_owned(),
    }
}

fn sentence(measured: &Estimate, sign: &str, limit: f64, unit: &str, outcome: Outcome) -> String {
    let figure = figure(measured, unit);
    let exact = Estimate { value: Some(limit), ..Estimate::default() };
    let bound = format!("limit {sign} {}", self::figure(&exact, unit));
    let word = match outcome {
        Outcome::Met => "met",
        Outcome::Missed => "missed",
        Outcome::NotEnoughEvidence => "not enough evidence",
    };
    let why = measured.why.as_deref().filter(|_| outcome == Outcome::NotEnoughEvidence);
    match why {
        Some(why) => format!("{word}: {figure}, {bound}; {why}"),
        None => format!("{word}: {figure}, {bound}"),
    }
}

/// Are all histograms of one quantile too thin to be compared by their own quantiles?
pub(super) fn thin(of: &[super::sample::Sample], quantile: crate::meter::Quantile) -> bool {
    use super::statistics::Floor;
    let count = latencies(of).iter().map(|one| one.count).sum();
    Floor::of(quantile, count, of.len() as u32) != Floor::Enough
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(low: Option<f64>, high: Option<f64>) -> Estimate {
        Estimate { value: Some(1.0), low, high, n: Some(20), confidence: Some(0.95), ..Estimate::default() }
    }

    #[test]
    fn a_gate_is_met_or_missed_by_its_whole_interval() {
        let at = |low, high| outcome(&between(Some(low), Some(high)), true, 100.0);
        assert_eq!(at(80.0, 99.0), Outcome::Met);
        assert_eq!(at(80.0, 100.0), Outcome::Met, "a limit touched is met");
        assert_eq!(at(80.0, 101.0), Outcome::NotEnoughEvidence);
        assert_eq!(at(100.0, 120.0), Outcome::NotEnoughEvidence);
        assert_eq!(at(100.1, 120.0), Outcome::Missed);
        let above = |low, high| outcome(&between(Some(low), Some(high)), false, 100.0);
        assert_eq!((above(100.0, 120.0), above(80.0, 99.9)), (Outcome::Met, Outcome::Missed));
    }

    #[test]
    fn a_tail_without_an_upper_end_never_passes() {
        assert_eq!(outcome(&between(Some(80.0), None), true, 100.0), Outcome::NotEnoughEvidence);
        assert_eq!(outcome(&between(Some(101.0), None), true, 100.0), Outcome::Missed);
        assert_eq!(outcome(&Estimate::none("not estimable"), true, 100.0), Outcome::NotEnoughEvidence);
    }

    #[test]
    fn a_figure_without_an_interval_is_evidence_only_where_it_is_exact() {
        assert_eq!(outcome(&Estimate::exact(5.0), true, 5.0), Outcome::Met);
        assert_eq!(outcome(&Estimate::exact(5.1), true, 5.0), Outcome::Missed);
        let few = Estimate { value: Some(1.0), n: Some(3), why: Some("3 replications".into()), ..Estimate::default() };
        assert_eq!(outcome(&few, true, 5.0), Outcome::NotEnoughEvidence);
    }

    #[test]
    fn the_exit_code_counts_failures_before_thin_evidence_and_warnings_not_at_all() {
        let gate = |severity: &str, outcome| Gate { severity: severity.into(), outcome, ..Gate::default() };
        let met = gate("fail", Outcome::Met);
        assert_eq!(exit_code(&[met.clone(), gate("warn", Outcome::Missed)]), 0);
        assert_eq!(exit_code(&[met.clone(), gate("fail", Outcome::NotEnoughEvidence)]), 3);
        let all = [met, gate("fail", Outcome::NotEnoughEvidence), gate("fail", Outcome::Missed)];
        assert_eq!(exit_code(&all), 1);
    }

    #[test]
    fn a_sentence_carries_the_interval_and_why_it_is_not_enough() {
        let mut tail = between(Some(241.04), None);
        tail.why = Some("upper end not estimable at this run length".into());
        let said = sentence(&tail, sign("p99(web) < 250ms", true), 250.0, "ms", Outcome::NotEnoughEvidence);
        assert_eq!(
            said,
            "not enough evidence: 1 ms (at least 241), limit < 250 ms; upper end not estimable at this run length"
        );
        let share = between(Some(0.99871), Some(0.99962));
        let said =
            sentence(&share, sign("availability(web) >= 99.9%", false), 0.999, "share", Outcome::NotEnoughEvidence);
        assert_eq!(said, "not enough evidence: 100 % (99.871 to 99.962), limit >= 99.9 %");
    }

    #[test]
    fn a_latency_that_leaves_requests_out_says_how_many() {
        assert_eq!(left_out(None), None);
        assert_eq!(left_out(Some(0.9901)), None);
        let said = left_out(Some(0.83)).expect("17 % are left out");
        assert_eq!(said, "only the 83 % of requests that were answered are in it, 17 % failed");
    }

    #[test]
    fn figures_stand_in_their_own_unit() {
        let one =
            |value, low, high| Estimate { value: Some(value), low: Some(low), high: Some(high), ..Estimate::default() };
        assert_eq!(figure(&one(1458.2, 1420.0, 1495.0), "ms"), "1458 ms (1420 to 1495)");
        assert_eq!(figure(&one(-0.01, -0.02, 0.005), "points"), "-1 points (-2 to 0.5)");
    }
}
