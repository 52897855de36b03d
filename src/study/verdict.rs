//! The verdict: who is fastest, cheapest and most available, who cannot be told apart, and what a millisecond costs.
//! Computed, never typed: every word that ranks one variant over another is chosen by an interval.

mod calm;
mod gated;
mod harmed;
mod leaders;
mod ranking;
mod returned;
mod survival;

use super::difference::{Answers, Metric};
use super::figure::Design;
use super::statistics::INTERVAL_REPLICATIONS;
use crate::record::{Estimate, Gate, VariantResult};
use crate::units::{place, rounded, significant, supported};
use gated::gates_met;
pub use harmed::{Losses, losses};
pub use leaders::leaders;
use ranking::Ranking;
pub(super) use survival::counted;

/// What a study claims beyond doubt, by index of the variants: what may be put to the test.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claims {
    /// The fastest one, and those that are slower beyond doubt.
    pub fastest: Option<(usize, Vec<usize>)>,
    /// The cheapest one, and those that are dearer beyond doubt.
    pub cheapest: Option<(usize, Vec<usize>)>,
}

/// Less answered than the most available variant by more than this, beyond doubt, and a variant's latency is not
/// comparable any more: it is that of the requests it did answer.
const ANSWERED_SLACK: f64 = 0.01;
/// Below this share answered, a latency says of which requests it is.
const ANSWERED_ALL: f64 = 0.999;
/// An interval whose upper end is more than this many times its lower one settles nothing.
const SETTLED: f64 = 2.0;

/// The claims of a study.
pub fn claims(answers: &[Answers], variants: &[VariantResult], design: Design) -> Claims {
    if variants.len() < 2 {
        return Claims::default();
    }
    let design = design.family(variants.len() as u32 - 1);
    let claim = |metric, among: &[usize]| {
        if among.is_empty() {
            return None;
        }
        let ranking = Ranking::of(answers, variants, metric, design, among);
        let index = |name: &str| variants.iter().position(|variant| variant.name == name);
        let worse: Vec<usize> = ranking.worse.iter().filter_map(|(name, _)| index(name)).collect();
        (!worse.is_empty()).then(|| index(&ranking.best).map(|best| (best, worse))).flatten()
    };
    let all: Vec<usize> = (0..variants.len()).collect();
    Claims {
        fastest: claim(latency_metric(variants), &comparable(answers, variants, design)),
        cheapest: claim(Metric::Cost, &all),
    }
}

/// The variants whose latency may be ranked: those that answer anything, and as many requests as the most available one,
/// within a point or within noise.
fn comparable(answers: &[Answers], variants: &[VariantResult], design: Design) -> Vec<usize> {
    let all: Vec<usize> = (0..variants.len()).collect();
    let sound = Ranking::of(answers, variants, Metric::Availability, design, &all);
    let far = |name: &str| sound.margin_to(name).is_some_and(|points| points > ANSWERED_SLACK);
    all.into_iter().filter(|&index| answers_any(&variants[index]) && !far(&variants[index].name)).collect()
}

/// Did it answer any request? If not, it has no latency that could be ranked, or not be told from another's.
fn answers_any(variant: &VariantResult) -> bool {
    variant.total.ok > 0
}

/// The verdict of a study, a few sentences.
pub fn verdict(
    answers: &[Answers],
    variants: &[VariantResult],
    losses: &[Losses],
    gates: &[Gate],
    design: Design,
    currency: &str,
) -> String {
    let of_run = harmed::of_drills(losses);
    let mut sentences: Vec<String> = match variants {
        [] => vec!["Nothing was run.".to_owned()],
        [only] => [
            Some(alone(only, currency, &of_run)),
            calm::warned(variants),
            survival::lost_writes(variants),
            harmed::alone(only),
        ]
        .into_iter()
        .flatten()
        .collect(),
        _ => {
            let own = design;
            let design = design.family(variants.len() as u32 - 1);
            let metric = latency_metric(variants);
            let all: Vec<usize> = (0..variants.len()).collect();
            let ranked = comparable(answers, variants, design);
            let cheap = Ranking::of(answers, variants, Metric::Cost, design, &all);
            let all_sound = Ranking::of(answers, variants, Metric::Availability, design, &all);
            let fast = (!ranked.is_empty()).then(|| Ranking::of(answers, variants, metric, design, &ranked));
            let mut chosen = Vec::new();
            chosen.push(match &fast {
                Some(fast) => speed_and_cost(fast, &cheap, variants, metric, design, currency),
                None => format!("No variant answered a single request; {}.", costs(&cheap, "", currency)),
            });
            chosen.extend(set_aside(variants, &ranked, metric));
            chosen.extend(fast.as_ref().and_then(|fast| price_of_a_millisecond(fast, &cheap, metric, currency)));
            let sound = fast.is_some().then(|| survival::soundness(&all_sound, answers, variants, design, &of_run));
            let calm = calm::warned(variants);
            let lost = survival::lost_writes(variants).into_iter().chain(returned::writers(variants));
            let (ahead, beside) = harmed::sentences(losses, variants, &cheap, own, currency);
            // Where failures tell the variants apart, they are what was asked about, and a latency is of what survived.
            if sound.is_none() || !survival::decides(variants, losses, &all_sound) {
                calm.into_iter().chain(chosen).chain(sound).chain(lost).chain(ahead).chain(beside).collect()
            } else {
                let (back, alike) = returned::sessions(variants);
                let last = beside.into_iter().chain(alike).chain(chosen);
                // What decides most leads: who answers far less is told before who is back when.
                let far = all_sound.worse.iter().any(|(_, less)| less.value.is_some_and(|less| less > ANSWERED_SLACK));
                if far || variants.iter().any(VariantResult::loses_writes) {
                    sound.into_iter().chain(calm).chain(lost).chain(back).chain(ahead).chain(last).collect()
                } else {
                    calm.into_iter().chain(back).chain(ahead).chain(sound).chain(lost).chain(last).collect()
                }
            }
        }
    };
    sentences.extend(several_payers(variants));
    sentences.extend(gates_met(gates, variants));
    sentences.join(" ")
}

/// Says that a cost is what several accounts pay together, where it is.
fn several_payers(variants: &[VariantResult]) -> Option<String> {
    let mut payers: Vec<&str> = Vec::new();
    for line in variants.iter().flat_map(|variant| &variant.bill.lines) {
        let payer = if line.payer.is_empty() { "the account without a name" } else { line.payer.as_str() };
        if !payers.contains(&payer) {
            payers.push(payer);
        }
    }
    payers.sort_unstable();
    (payers.len() > 1)
        .then(|| format!("Costs are what {} pay together; each bill says who pays what.", payers.join(" and ")))
}

fn alone(only: &VariantResult, currency: &str, of_run: &str) -> String {
    if !answers_any(only) {
        let cost = money_of(&only.bill.month).map(|cost| format!("; {cost} {currency} a month")).unwrap_or_default();
        return format!("{} answered not one of {} requests{cost}.", only.name, only.total.sent);
    }
    let p99 = only.total.latency_ms.get("p99").cloned().unwrap_or_default();
    let latency = match (p99.value, &p99) {
        (Some(_), p99) => format!("p99{} {}", of_which(only), with_interval(p99)),
        (None, _) => format!(
            "p50{} {} ms, p99 not estimable",
            of_which(only),
            ms_of(&only.total.latency_ms.get("p50").cloned().unwrap_or_default())
        ),
    };
    let cost = money_of(&only.bill.month).map(|cost| format!(", {cost} {currency} a month")).unwrap_or_default();
    format!(
        "{}: {latency}{}, {} answered{of_run}{}{cost}.",
        only.name,
        pooled(std::slice::from_ref(only)),
        share(only.total.availability.value),
        survival::but_loses(only)
    )
}

/// ` (of the 83 % it answered)` where that is not all.
fn of_which(variant: &VariantResult) -> String {
    match variant.total.availability.value {
        Some(answered) if answered < ANSWERED_ALL => format!(" (of the {} it answered)", share(Some(answered))),
        _ => String::new(),
    }
}

/// Which requests a figure is over, where there is more than one kind of them.
fn pooled(variants: &[VariantResult]) -> &'static str {
    if variants.iter().any(|variant| variant.rows.len() > 1) { " over all requests" } else { "" }
}

/// p99 where every variant that answered anything can tell it, else p50, else the mean.
pub(super) fn latency_metric(variants: &[VariantResult]) -> Metric {
    let told = |name: &str| {
        variants
            .iter()
            .filter(|variant| answers_any(variant))
            .all(|v| v.total.latency_ms.get(name).is_some_and(|estimate| estimate.value.is_some()))
    };
    if told("p99") {
        Metric::P99
    } else if told("p50") {
        Metric::ALL[1]
    } else {
        Metric::Mean
    }
}

fn speed_and_cost(
    fast: &Ranking,
    cheap: &Ranking,
    variants: &[VariantResult],
    metric: Metric,
    design: Design,
    currency: &str,
) -> String {
    let at = format!("at {}{}", metric.name(), pooled(variants));
    let best = variants.iter().find(|variant| variant.name == fast.best).expect("the best is one of them");
    let value = ms_of(&fast.value);
    let settled = fast.alike.iter().all(|(_, own)| is_settled(own)) && is_settled(&fast.value);
    let speed = if let Some((next, margin)) = fast.worse.first() {
        let alike = alike(&fast.alike, "", metric.name());
        format!("{} is fastest {at}{}: {value} ms, {} ms below {next}{alike}", fast.best, of_which(best), ms_of(margin))
    } else if fast.alike.is_empty() {
        format!("{} takes {value} ms {at}{}, and no other answers nearly as many requests", fast.best, of_which(best))
    } else if design.critical().is_none() {
        let too_few = too_few(design, &format!("is fastest {at}"));
        format!("{too_few}: {}", own_figures(fast).join(", "))
    } else if settled {
        format!("{at} the variants are not distinguishable (about {value} ms)")
    } else {
        let own = own_figures(fast).join(", ");
        format!("{at} none is ahead beyond doubt, because not every {} is settled: {own}", metric.name())
    };
    let fastest = if fast.worse.is_empty() { "" } else { &fast.best };
    format!("{}; {}.", capital(&speed), costs(cheap, fastest, currency))
}

/// Each variant that was ranked with its own figure.
fn own_figures(fast: &Ranking) -> Vec<String> {
    let own = std::iter::once((&fast.best, &fast.value)).chain(fast.alike.iter().map(|(name, own)| (name, own)));
    own.map(|(name, own)| format!("{name} {}", with_interval(own))).collect()
}

/// Without an interval nobody can be told from another, nor be said to be like it.
fn too_few(design: Design, what: &str) -> String {
    let replications = design.replications;
    let are = if replications == 1 { "replication is" } else { "replications are" };
    format!("{replications} {are} too few to tell which {what} ({INTERVAL_REPLICATIONS} are needed)")
}

/// What the variants cost; `fastest` is the one that is, if any.
fn costs(cheap: &Ranking, fastest: &str, currency: &str) -> String {
    let month = money_of(&cheap.value).unwrap_or_default();
    let Some((next, margin)) = cheap.worse.first() else {
        return format!("all cost the same ({month} {currency} a month)");
    };
    let subject = if cheap.best == fastest { "it is also".to_owned() } else { format!("{} is", cheap.best) };
    format!(
        "{subject} cheapest: {month} {currency} a month, {} below {next}{}",
        money_of(margin).unwrap_or_default(),
        alike(&cheap.alike, " in cost", "")
    )
}

/// Who cannot be told from the best; one whose own figure is not settled is not called alike.
fn alike(others: &[(String, Estimate)], of: &str, metric: &str) -> String {
    let (settled, open): (Vec<_>, Vec<_>) = others.iter().partition(|(_, own)| metric.is_empty() || is_settled(own));
    let names: Vec<&str> = settled.iter().map(|(name, _)| name.as_str()).collect();
    let mut said = Vec::new();
    if !names.is_empty() {
        said.push(format!("not distinguishable from {}{of}", names.join(", ")));
    }
    said.extend(open.iter().map(|(name, own)| format!("{metric} of {name} is not settled: {}", with_interval(own))));
    if said.is_empty() { String::new() } else { format!(" ({})", said.join("; ")) }
}

/// Does a figure's own interval tell its size?
fn is_settled(figure: &Estimate) -> bool {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => high <= SETTLED * low,
        (Some(_), None) => false,
        // Without replications enough for an interval, or exact: another warning says so.
        _ => true,
    }
}

/// What must be said of variants that were not ranked by latency because they answered too little.
fn set_aside(variants: &[VariantResult], ranked: &[usize], metric: Metric) -> Option<String> {
    let aside = variants.iter().enumerate().filter(|(index, _)| !ranked.contains(index)).map(|(_, variant)| variant);
    let own = |variant: &VariantResult| match metric {
        Metric::Quantile(name, _) => variant.total.latency_ms.get(name).cloned().unwrap_or_default(),
        _ => variant.total.mean_ms.clone(),
    };
    let each: Vec<String> = aside
        .map(|variant| {
            if !answers_any(variant) {
                return format!("{} answered nothing", variant.name);
            }
            let answered = share(variant.total.availability.value);
            format!(
                "{} answered only {answered} ({} {} ms of those)",
                variant.name,
                metric.name(),
                ms_of(&own(variant))
            )
        })
        .collect();
    let any = !each.is_empty() && !ranked.is_empty();
    any.then(|| format!("Not ranked by latency: {}.", each.join(", ")))
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
            significant(paid / saved, 3)
        )
    })
}

/// `390 ms (260 to 740)`.
fn with_interval(figure: &Estimate) -> String {
    let end = |end: f64| significant(end, 3);
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{} ms ({} to {})", ms_of(figure), end(low), end(high)),
        (Some(low), None) => format!("{} ms (at least {})", ms_of(figure), end(low)),
        _ => format!("{} ms", ms_of(figure)),
    }
}

fn ms_of(figure: &Estimate) -> String {
    figure.value.map_or_else(|| "?".to_owned(), |value| significant(value, 3))
}

/// Rounded as the table rounds it: three digits, or fewer where the interval supports fewer.
fn money_of(figure: &Estimate) -> Option<String> {
    let value = figure.value?;
    let half = figure.low.zip(figure.high).map(|(low, high)| (high - low) / 2.0).filter(|half| *half > 0.0);
    let fine = place(value, 3);
    Some(rounded(value, half.map_or(fine, |half| fine.max(supported(half)))))
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
    use super::super::statistics::Sections;
    use super::*;
    use crate::meter::Histogram;
    use crate::record::{Bill, RequestSummary, SessionHarm, SessionSummary};
    use crate::study::sample::Sample;
    use crate::study::summary;
    use crate::units::Duration;

    /// `count` requests in each of 20 replications around `ms`, `lost` of them lost, at `cost` a month.
    fn variant(name: &str, around_ms: u64, lost: u64, cost: f64) -> (Answers, VariantResult) {
        let sample = |replication: u64| {
            let mut latency = Histogram::new(10);
            (0..20_000)
                .for_each(|i| latency.record(1_000_000 * around_ms + 1000 * ((i * 7919 + replication * 31) % 997)));
            Sample {
                sent: 20_000 + lost,
                failed: std::array::from_fn(|class| if class == 0 { lost } else { 0 }),
                lost,
                latency: latency.sparse(),
            }
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
        assert_eq!(verdict(&answers, &variants, &[], &[], Design::new(20, Duration::from_secs(60)), "USD"), want);
    }

    #[test]
    fn a_trade_is_priced_by_the_millisecond() {
        check(
            &[variant("cen", 70, 0, 1200.0), variant("public", 90, 40, 200.0)],
            "cen is fastest at p99: 71 ms, 20 ms below public; public is cheapest: 200 USD a month, 1,000 below cen. Each \
             ms of p99 that cen saves over public costs 50 USD a month. Most available is cen: 100 % answered \
             (99.99904 to 100 %); least is public: 99.80 %.",
        );
    }

    #[test]
    fn success_that_differs_by_more_than_a_point_leads_before_who_is_back_when() {
        let back = |after: f64| SessionSummary {
            faults: vec![SessionHarm {
                fault: "out".into(),
                broken: Estimate::exact(600.0),
                back_s: std::array::from_fn(|_| Estimate::exact(after)),
                ..SessionHarm::default()
            }],
            ..SessionSummary::default()
        };
        let said = |lost: u64| {
            let mut of = [variant("kept", 70, 0, 200.0), variant("few", 70, lost, 200.0)];
            of[0].1.sessions = vec![back(25.0)];
            of[1].1.sessions = vec![back(150.0)];
            let (answers, variants): (Vec<_>, Vec<_>) = of.into_iter().unzip();
            let by_variant = [0.0, 1.0].map(|index| Sections::mean(vec![index * lost as f64; 20]));
            let losses =
                [Losses { fault: "out".into(), by_variant: by_variant.into_iter().enumerate().collect(), lasts: 0.1 }];
            verdict(&answers, &variants, &losses, &[], Design::new(20, Duration::from_secs(60)), "USD")
        };
        assert!(
            said(4000).starts_with("Most available in this run with its fault is kept: 100 % answered"),
            "{}",
            said(4000)
        );
        assert!(said(40).starts_with("95 % of the connections that out broke are open again"), "{}", said(40));
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
        let said = verdict(&[answers], &[only], &[], &[], Design::new(20, Duration::from_secs(60)), "USD");
        assert!(
            said.starts_with("cen: p99 71 ms (") && said.ends_with("99.900 % answered, 200 USD a month."),
            "{said}"
        );
    }

    #[test]
    fn who_answers_far_less_is_not_called_fastest_and_what_it_answered_is_said() {
        check(
            &[variant("cen", 70, 0, 200.0), variant("public", 30, 4000, 200.0), variant("peering", 90, 0, 200.0)],
            "cen is fastest at p99: 71 ms, 20 ms below peering; all cost the same (200 USD a month). Not ranked by \
             latency: public answered only 83.3 % (p99 31 ms of those). Most available is cen: 100 % answered (99.99904 to \
             100 %; not distinguishable from peering); least is public: 83.3 %.",
        );
    }

    #[test]
    fn a_figure_that_is_not_settled_is_not_called_alike() {
        let own = |low, high| Estimate { value: Some(390.0), low: Some(low), high: Some(high), ..Estimate::default() };
        let others = [("privatelink".to_owned(), own(260.0, 740.0)), ("peering".to_owned(), own(380.0, 400.0))];
        assert_eq!(
            alike(&others, "", "p99"),
            " (not distinguishable from peering; p99 of privatelink is not settled: 390 ms (260 to 740))"
        );
    }

    #[test]
    fn money_is_rounded_as_the_table_rounds_it() {
        let month = Estimate { value: Some(3797.4), ..Estimate::default() };
        assert_eq!(money_of(&month).as_deref(), Some("3,800"));
    }
}
