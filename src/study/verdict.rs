//! The verdict: who is fastest, cheapest and most available, who cannot be told apart, and what a millisecond costs.
//! Computed, never typed: every word that ranks one variant over another is chosen by an interval.

use super::difference::{Answers, Metric, difference};
use super::figure::Design;
use crate::record::{Estimate, VariantResult};
use crate::units::significant;

/// What a study claims beyond doubt, by index of the variants: what may be put to the test.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// The fastest one, and those that are slower beyond doubt.
    pub fastest: Option<(usize, Vec<usize>)>,
    /// The cheapest one, and those that are dearer beyond doubt.
    pub cheapest: Option<(usize, Vec<usize>)>,
}

/// The claims of a study.
pub fn claims(answers: &[Answers], variants: &[VariantResult], design: Design) -> Claims {
    if variants.len() < 2 {
        return Claims::default();
    }
    let design = design.family(variants.len() as u32 - 1);
    let claim = |metric| {
        let ranking = Ranking::of(answers, variants, metric, design);
        let index = |name: &str| variants.iter().position(|variant| variant.name == name);
        let worse: Vec<usize> = ranking.worse.iter().filter_map(|(name, _)| index(name)).collect();
        (!worse.is_empty()).then(|| index(&ranking.best).map(|best| (best, worse))).flatten()
    };
    Claims { fastest: claim(latency_metric(variants)), cheapest: claim(Metric::Cost) }
}

/// The verdict of a study, one to three sentences.
pub fn verdict(answers: &[Answers], variants: &[VariantResult], design: Design, currency: &str) -> String {
    match variants {
        [] => "Nothing was run.".to_owned(),
        [only] => alone(only, currency),
        _ => {
            let design = design.family(variants.len() as u32 - 1);
            let metric = latency_metric(variants);
            let fast = Ranking::of(answers, variants, metric, design);
            let cheap = Ranking::of(answers, variants, Metric::Cost, design);
            let sound = Ranking::of(answers, variants, Metric::Availability, design);
            let mut sentences = Vec::new();
            sentences.push(speed_and_cost(&fast, &cheap, metric, currency));
            if let Some(price) = price_of_a_millisecond(&fast, &cheap, metric, currency) {
                sentences.push(price);
            }
            sentences.push(soundness(&sound, variants));
            sentences.join(" ")
        }
    }
}

fn alone(only: &VariantResult, currency: &str) -> String {
    let p99 = only.total.latency_ms.get("p99").cloned().unwrap_or_default();
    let latency = match (p99.value, p99.low, p99.high) {
        (Some(value), Some(low), Some(high)) => {
            format!("p99 {} ms ({} to {})", ms(value), ms(low), ms(high))
        }
        (Some(value), ..) => format!("p99 {} ms", ms(value)),
        (None, ..) => format!(
            "p50 {} ms, p99 not estimable",
            ms_of(&only.total.latency_ms.get("p50").cloned().unwrap_or_default())
        ),
    };
    let cost = only.bill.month.value.map(|cost| format!(", {} {currency} a month", money(cost))).unwrap_or_default();
    format!("{}: {latency}, {} answered{cost}.", only.name, share(only.total.availability.value))
}

/// p99 where every variant can tell it, else p50, else the mean.
pub(super) fn latency_metric(variants: &[VariantResult]) -> Metric {
    let told = |name: &str| {
        variants.iter().all(|v| v.total.latency_ms.get(name).is_some_and(|estimate| estimate.value.is_some()))
    };
    if told("p99") {
        Metric::P99
    } else if told("p50") {
        Metric::ALL[1]
    } else {
        Metric::Mean
    }
}

/// A metric's best variant and how the others stand to it.
struct Ranking {
    best: String,
    value: Option<f64>,
    /// Worse beyond doubt: name and by how much (worse is positive).
    worse: Vec<(String, Estimate)>,
    /// Not distinguishable from the best.
    alike: Vec<String>,
}

impl Ranking {
    fn of(answers: &[Answers], variants: &[VariantResult], metric: Metric, design: Design) -> Ranking {
        let figure = |variant: &VariantResult| match metric {
            Metric::Mean => variant.total.mean_ms.value,
            Metric::Quantile(name, _) => variant.total.latency_ms.get(name).and_then(|estimate| estimate.value),
            Metric::Availability => variant.total.availability.value.map(|value| -value),
            Metric::Cost => variant.bill.month.value,
        };
        let at = |index: &usize| figure(&variants[*index]).unwrap_or(f64::INFINITY);
        // The first of equals, so that the order of the file decides and not chance.
        let best = (0..variants.len()).min_by(|a, b| at(a).total_cmp(&at(b))).expect("there are variants");
        let (mut worse, mut alike) = (Vec::new(), Vec::new());
        for (index, other) in answers.iter().enumerate().filter(|&(index, _)| index != best) {
            let (mut apart, _) = difference(other, &answers[best], metric, design);
            if metric == Metric::Availability {
                let turned = |end: Option<f64>| end.map(|end| -end);
                (apart.value, apart.low, apart.high) = (turned(apart.value), turned(apart.high), turned(apart.low));
            }
            // Without an interval only money, which is counted and not estimated, is told apart.
            let bound = if metric == Metric::Cost && design.critical().is_none() { apart.value } else { apart.low };
            if bound.is_some_and(|low| low > 0.0) {
                worse.push((variants[index].name.clone(), apart));
            } else {
                alike.push(variants[index].name.clone());
            }
        }
        worse.sort_by(|a, b| a.1.value.unwrap_or(0.0).total_cmp(&b.1.value.unwrap_or(0.0)));
        let value = figure(&variants[best]);
        Ranking { best: variants[best].name.clone(), value, worse, alike }
    }

    fn margin_to(&self, name: &str) -> Option<f64> {
        self.worse.iter().find(|(other, _)| other == name).and_then(|(_, margin)| margin.value)
    }
}

fn speed_and_cost(fast: &Ranking, cheap: &Ranking, metric: Metric, currency: &str) -> String {
    let at = metric.name();
    let speed = if fast.worse.is_empty() {
        format!("at {at} the variants are not distinguishable (about {} ms)", fast.value.map(ms).unwrap_or_default())
    } else {
        let (next, margin) = &fast.worse[0];
        let alike = alike(&fast.alike, "");
        format!(
            "{} is fastest at {at}: {} ms, {} ms below {next}{alike}",
            fast.best,
            fast.value.map(ms).unwrap_or_default(),
            ms_of(margin)
        )
    };
    let cost = if cheap.worse.is_empty() {
        format!("all cost the same ({} {currency} a month)", cheap.value.map(money).unwrap_or_default())
    } else {
        let (next, margin) = &cheap.worse[0];
        let both = if !fast.worse.is_empty() && cheap.best == fast.best { "it is also" } else { "" };
        let subject = if both.is_empty() { format!("{} is", cheap.best) } else { both.to_owned() };
        format!(
            "{subject} cheapest: {} {currency} a month, {} below {next}{}",
            cheap.value.map(money).unwrap_or_default(),
            money(margin.value.unwrap_or(0.0)),
            alike(&cheap.alike, " in cost")
        )
    };
    format!("{}; {cost}.", capital(&speed))
}

fn alike(names: &[String], of: &str) -> String {
    if names.is_empty() { String::new() } else { format!(" (not distinguishable from {}{of})", names.join(", ")) }
}

/// What the fastest variant's advantage over the cheapest one costs, where they differ beyond doubt.
fn price_of_a_millisecond(fast: &Ranking, cheap: &Ranking, metric: Metric, currency: &str) -> Option<String> {
    let saved = fast.margin_to(&cheap.best)?;
    let paid = cheap.margin_to(&fast.best)?;
    (saved > 0.0).then(|| {
        format!(
            "Each ms of {} that {} saves over {} costs {} {currency} a month.",
            metric.name(),
            fast.best,
            cheap.best,
            money(paid / saved)
        )
    })
}

fn soundness(sound: &Ranking, variants: &[VariantResult]) -> String {
    let all_answered = variants.iter().all(|variant| variant.total.ok == variant.total.sent);
    let best = sound.value.map(|value| -value);
    if all_answered {
        return "Every request was answered in all of them.".to_owned();
    }
    match sound.worse.last() {
        None => format!("In availability they are not distinguishable ({}).", share(best)),
        Some((worst, _)) => {
            let worst_share = variants.iter().find(|v| v.name == *worst).and_then(|v| v.total.availability.value);
            format!(
                "Most available is {}: {} answered{}, {worst} {}.",
                sound.best,
                share(best),
                alike(&sound.alike, ""),
                share(worst_share)
            )
        }
    }
}

fn ms(value: f64) -> String {
    significant(value, 3)
}

fn ms_of(estimate: &Estimate) -> String {
    estimate.value.map(ms).unwrap_or_else(|| "?".to_owned())
}

fn money(value: f64) -> String {
    if value.abs() >= 1000.0 { format!("{value:.0}") } else { significant(value, 3) }
}

/// A share with as many nines as it has, and two digits more.
fn share(value: Option<f64>) -> String {
    let Some(value) = value else { return "an unknown share".to_owned() };
    if value >= 1.0 {
        return "100 %".to_owned();
    }
    let nines = (-libm::log10(1.0 - value)).max(0.0) as usize;
    let text = format!("{:.*}", nines.clamp(1, 9), value * 100.0);
    format!("{text} %")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    // A variant's name stays as it is written.
    if text.starts_with("at ") { format!("{first}{}", letters.as_str()) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Histogram;
    use crate::record::{Bill, RequestSummary};
    use crate::study::sample::Sample;
    use crate::study::summary;
    use crate::units::Duration;

    /// `count` requests in each of 20 replications around `ms`, `lost` of them lost, at `cost` a month.
    fn variant(name: &str, around_ms: u64, lost: u64, cost: f64) -> (Answers, VariantResult) {
        let sample = |replication: u64| {
            let mut latency = Histogram::new(10);
            (0..20_000)
                .for_each(|i| latency.record(1_000_000 * around_ms + 1000 * ((i * 7919 + replication * 31) % 997)));
            Sample { sent: 20_000 + lost, failed: [lost, 0, 0, 0, 0, 0, 0, 0], lost, latency: latency.sparse() }
        };
        let samples: Vec<Sample> = (0..20).map(sample).collect();
        let total: RequestSummary = summary::summary(&samples, Design::new(20, Duration::from_secs(60)));
        let bill = Bill { month: Estimate::exact(cost), ..Bill::default() };
        let answers = Answers { name: name.into(), samples, costs: vec![cost; 20] };
        (answers, VariantResult { name: name.into(), total, bill, ..VariantResult::default() })
    }

    #[track_caller]
    fn check(of: &[(Answers, VariantResult)], want: &str) {
        let (answers, variants): (Vec<_>, Vec<_>) = of.iter().cloned().unzip();
        assert_eq!(verdict(&answers, &variants, Design::new(20, Duration::from_secs(60)), "USD"), want);
    }

    #[test]
    fn a_trade_is_priced_by_the_millisecond() {
        check(
            &[variant("cen", 70, 0, 1200.0), variant("public", 90, 40, 200.0)],
            "cen is fastest at p99: 71 ms, 20 ms below public; public is cheapest: 200 USD a month, 1000 below cen. Each \
             ms of p99 that cen saves over public costs 50 USD a month. Most available is cen: 100 % answered, public \
             99.80 %.",
        );
    }

    #[test]
    fn one_that_wins_all_is_named_once() {
        check(
            &[variant("public", 90, 0, 300.0), variant("cen", 70, 0, 200.0)],
            "cen is fastest at p99: 71 ms, 20 ms below public; it is also cheapest: 200 USD a month, 100 below public. \
             Every request was answered in all of them.",
        );
    }

    #[test]
    fn what_cannot_be_told_apart_is_said_to_be_alike() {
        check(
            &[variant("a", 70, 20, 200.0), variant("b", 70, 20, 200.0)],
            "At p99 the variants are not distinguishable (about 71 ms); all cost the same (200 USD a month). In \
             availability they are not distinguishable (99.900 %).",
        );
    }

    #[test]
    fn a_single_variant_is_described() {
        let (answers, only) = variant("cen", 70, 20, 200.0);
        let said = verdict(&[answers], &[only], Design::new(20, Duration::from_secs(60)), "USD");
        assert!(
            said.starts_with("cen: p99 71 ms (") && said.ends_with("99.900 % answered, 200 USD a month."),
            "{said}"
        );
    }
}
