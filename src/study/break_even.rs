//! A break-even in volume, solved on the bills in closed form and then run: the workload is scaled until its traffic is
//! the solved volume, and the difference of the two costs must hold zero within its interval or be next to nothing of the
//! bill. A run that carried another volume, or whose interval is wider than a difference that matters, confirms nothing.
//!
//! The closed form knows neither handshakes nor what is sent again. Where the runs disagree for that, a second volume
//! gives the slope, and a third run tries the volume to which the runs themselves lead.

use super::design::{self, Options, StudyError};
use super::estimate;
use super::progress::Progress;
use crate::record::{BreakEvenStudy, Comparison, ConfirmedVolume, VolumeBreakEven, VolumeOutcome, VolumeTrial};
use crate::scenario::Loaded;
use crate::units::significant;

/// Reads the scenario again with these settings, or says in a line why it cannot be run like that.
pub type Reload<'a> = dyn Fn(&[(String, String)]) -> Result<Loaded, String> + 'a;

/// More calls than this in one replication are not run to confirm a bill; the measured time is cut to fit.
const CALLS_MAX: f64 = 3e6;
/// Less measured time than this is no measurement.
const SECONDS_MIN: f64 = 30.0;
/// The second volume, as a multiple of the first.
const ASIDE: f64 = 1.25;

/// A run that carried a volume further off than this share of the one it was made for says nothing of it.
const VOLUME_OFF: f64 = 0.05;
/// An interval wider than this share of the bill holds zero whatever the truth is.
const WIDTH_MAX: f64 = 0.1;
/// Costs that differ by no more than this share of the bill are equal.
const EQUAL: f64 = 1e-3;

/// Solves and runs the break-evens of variants `a` and `b`.
pub fn break_even(
    loaded: &Loaded,
    (a, b): (&str, &str),
    options: &Options,
    reload: &Reload<'_>,
    progress: &dyn Progress,
) -> Result<BreakEvenStudy, StudyError> {
    let names = [a.to_owned(), b.to_owned()];
    let variants = design::chosen(loaded, &names)?;
    let worlds: Vec<_> = design::compile_all(&variants)?.into_iter().map(|one| one.world).collect();
    let projection = estimate::estimate(&worlds);
    let solved = projection.break_evens.into_iter().next().unwrap_or_default();
    let own = Options { variants: names.to_vec(), inputs: false, trace: false, ..options.clone() };
    let mut confirmed = Vec::new();
    for volume in &solved.volumes {
        let trial = |times: f64| trial(loaded, &variants_of(loaded, &names), times, &own, reload, progress);
        confirmed.push(confirm(volume, &trial)?);
    }
    Ok(BreakEvenStudy {
        schema: 1,
        scenario: loaded.name.clone(),
        question: loaded.question.clone(),
        command: options.command.clone(),
        solved,
        confirmed,
        assumptions: vec![
            "solved in closed form: every call succeeds at the first attempt, connections stay open".into(),
            "run with every stream scaled alike; the difference is paired by replication, its interval of 95 %".into(),
            format!(
                "a run counts for a volume where it carried it within {} %, its interval is no wider than {} % of the bill, and \
                 costs within {} % of the bill are equal",
                VOLUME_OFF * 100.0,
                WIDTH_MAX * 100.0,
                EQUAL * 100.0
            ),
        ],
    })
}

/// The two variants in the order of the file, which is the order of their bills.
fn variants_of<'a>(loaded: &'a Loaded, names: &[String]) -> Vec<&'a crate::scenario::load::Variant> {
    loaded.variants.iter().filter(|variant| names.contains(&variant.name)).collect()
}

type Tried = Result<Result<VolumeTrial, String>, StudyError>;

/// Runs at the solved volume, and where that does not hold zero, at the one to which the runs lead.
fn confirm(volume: &VolumeBreakEven, trial: &dyn Fn(f64) -> Tried) -> Result<ConfirmedVolume, StudyError> {
    let mut of =
        ConfirmedVolume { gigabytes_month: volume.gigabytes_month, times: volume.times, ..ConfirmedVolume::default() };
    let solved = format!("solved: {} GB a month", significant(volume.gigabytes_month, 4));
    let first = match trial(volume.times)? {
        Ok(first) => first,
        Err(why) => {
            of.sentence = format!("{solved}; not run: {why}");
            return Ok(of);
        }
    };
    of.trials.push(first.clone());
    let wanted = |trial: &VolumeTrial| volume.gigabytes_month / volume.times * trial.times;
    match judged(&first, wanted(&first)) {
        Judged::Equal(how) => {
            of.outcome = VolumeOutcome::Confirmed;
            of.sentence = format!("{solved}; confirmed{how}: {}", told(&first));
            return Ok(of);
        }
        Judged::Lacking(why) => {
            of.outcome = VolumeOutcome::NotEnough;
            of.sentence = format!("{solved}; not confirmed: {why}: {}", told(&first));
            return Ok(of);
        }
        Judged::Differ => {}
    }
    of.outcome = VolumeOutcome::NotConfirmed;
    of.sentence = format!("{solved}; not confirmed: {}", told(&first));
    let Ok(aside) = trial(volume.times * ASIDE)? else { return Ok(of) };
    let root = secant(&first, &aside);
    of.trials.push(aside);
    let Some(root) = root else { return Ok(of) };
    let Ok(last) = trial(root)? else { return Ok(of) };
    let outcome = match judged(&last, wanted(&last)) {
        Judged::Equal(how) => {
            of.outcome = VolumeOutcome::Moved;
            format!("where they cost the same{how}")
        }
        Judged::Differ => "where the difference does not hold zero".to_owned(),
        Judged::Lacking(why) => format!("where {why}"),
    };
    of.sentence = format!(
        "{}. The runs themselves lead to {} GB a month, {outcome}: {}",
        of.sentence,
        significant(wanted(&last), 4),
        told(&last)
    );
    of.trials.push(last);
    Ok(of)
}

/// What a run says of the volume that it was made for.
enum Judged {
    /// Both cost the same there; how so, where the interval does not hold zero.
    Equal(String),
    /// They do not.
    Differ,
    /// It is no evidence, and why.
    Lacking(String),
}

fn judged(trial: &VolumeTrial, wanted: f64) -> Judged {
    let carried = trial.gigabytes_month;
    if (carried - wanted).abs() > VOLUME_OFF * wanted {
        let only = if carried < wanted { "only " } else { "" };
        let [carried, wanted] = [carried, wanted].map(|gigabytes| significant(gigabytes, 4));
        return Judged::Lacking(format!("the run carried {only}{carried} of {wanted} GB"));
    }
    let cost = trial.a.value.unwrap_or(0.0).abs().max(trial.b.value.unwrap_or(0.0).abs());
    let (value, low, high) = match (&trial.difference.value, trial.difference.low, trial.difference.high) {
        (Some(value), Some(low), Some(high)) => (*value, low, high),
        _ => return Judged::Lacking("not enough evidence, the difference has no interval".into()),
    };
    if high - low > WIDTH_MAX * cost {
        let share = significant((high - low) / cost * 100.0, 3);
        return Judged::Lacking(format!("not enough evidence, the interval is {share} % of the bill wide"));
    }
    if low <= 0.0 && 0.0 <= high {
        return Judged::Equal(String::new());
    }
    if value.abs() <= EQUAL * cost {
        return Judged::Equal(format!(", equal within {} % of the bill", EQUAL * 100.0));
    }
    Judged::Differ
}

/// Where a straight line through two differences meets zero; none where it does not, or far off.
fn secant(first: &VolumeTrial, second: &VolumeTrial) -> Option<f64> {
    let (d1, d2) = (first.difference.value?, second.difference.value?);
    let root = first.times - d1 * (second.times - first.times) / (d2 - d1);
    (root.is_finite() && root > first.times / 4.0 && root < first.times * 4.0).then_some(root)
}

fn told(trial: &VolumeTrial) -> String {
    let figure = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| format!("{value:.2}"));
    let d = &trial.difference;
    let range = match (d.low, d.high) {
        (Some(low), Some(high)) => format!(" ({low:.2} to {high:.2})"),
        _ => " (no interval: too few replications)".to_owned(),
    };
    format!(
        "{} and {} a month, difference {}{range}, run at {} GB",
        figure(trial.a.value),
        figure(trial.b.value),
        figure(d.value),
        significant(trial.gigabytes_month, 4)
    )
}

/// Both variants with `times` the traffic.
fn trial(
    loaded: &Loaded,
    variants: &[&crate::scenario::load::Variant],
    times: f64,
    options: &Options,
    reload: &Reload<'_>,
    progress: &dyn Progress,
) -> Tried {
    let mut settings = match scales(variants, times) {
        Ok(settings) => settings,
        Err(why) => return Ok(Err(why)),
    };
    let at = |settings: &[(String, String)]| reload(settings);
    let mut scaled = match at(&settings) {
        Ok(scaled) => scaled,
        Err(why) => return Ok(Err(why)),
    };
    let chosen = design::chosen(&scaled, &options.variants)?;
    let compiled = design::compile_all(&chosen)?;
    let most = compiled.iter().map(|one| estimate::calls(&one.world) as f64).fold(0.0, f64::max);
    if most > CALLS_MAX {
        let horizon = compiled[0].world.plan.horizon.seconds() * CALLS_MAX / most;
        let daily = loaded.variants.iter().any(varies);
        if horizon < SECONDS_MIN || daily {
            return Ok(Err(format!("{most:.1e} calls in each replication are too many to run for a bill")));
        }
        settings.push(("run.horizon".to_owned(), format!("{}s", horizon.floor())));
        scaled = match at(&settings) {
            Ok(scaled) => scaled,
            Err(why) => return Ok(Err(why)),
        };
    }
    let answer = design::compare(&scaled, options, progress)?.comparison;
    Ok(read_off(&answer, times).ok_or_else(|| "a price that nobody knows decides".to_owned()))
}

/// Is a stream's rate another at another time?
fn varies(variant: &crate::scenario::load::Variant) -> bool {
    use crate::scenario::file::{RateLaw, StreamArrivals};
    variant.scenario.workload.values().any(|stream| {
        matches!(&stream.arrivals, StreamArrivals::Open { rate, .. } if !matches!(rate.value, RateLaw::Constant(_)))
    })
}

/// The settings that scale every stream, or why there are none.
fn scales(variants: &[&crate::scenario::load::Variant], times: f64) -> Result<Vec<(String, String)>, String> {
    let mut settings: Vec<(String, String)> = Vec::new();
    for variant in variants {
        for (name, stream) in &variant.scenario.workload {
            let key = format!("workload.{name}.scale");
            let value = (stream.scale.value * times).to_string();
            match settings.iter().find(|(known, _)| *known == key) {
                Some((_, known)) if *known != value => {
                    return Err(format!("the variants scale `{name}` differently"));
                }
                Some(_) => {}
                None => settings.push((key, value)),
            }
        }
    }
    Ok(settings)
}

fn read_off(answer: &Comparison, times: f64) -> Option<VolumeTrial> {
    let [a, b] = &answer.variants[..] else { return None };
    let difference = answer.differences.iter().find(|difference| difference.metric == "cost")?;
    let gigabytes = if a.bill.gigabytes_month > 0.0 { a.bill.gigabytes_month } else { b.bill.gigabytes_month };
    Some(VolumeTrial {
        times,
        gigabytes_month: gigabytes,
        a: a.bill.month.clone(),
        b: b.bill.month.clone(),
        difference: difference.difference.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Estimate;

    /// A pair of bills whose difference is `slope * times + rest`, known to within 1.
    fn line(slope: f64, rest: f64) -> impl Fn(f64) -> Tried {
        move |times: f64| {
            let value = slope * times + rest;
            let difference = Estimate { low: Some(value - 1.0), high: Some(value + 1.0), ..Estimate::exact(value) };
            let cost = || Estimate::exact(100.0);
            Ok(Ok(VolumeTrial { times, gigabytes_month: 100.0 * times, a: cost(), b: cost(), difference }))
        }
    }

    fn at(times: f64) -> VolumeBreakEven {
        VolumeBreakEven { gigabytes_month: 100.0 * times, times, ..VolumeBreakEven::default() }
    }

    #[test]
    fn a_difference_that_holds_zero_confirms_at_once() {
        let found = confirm(&at(2.0), &line(10.0, -20.5)).unwrap();
        assert_eq!((found.outcome, found.trials.len()), (VolumeOutcome::Confirmed, 1));
        assert!(found.sentence.starts_with("solved: 200 GB a month; confirmed:"), "{}", found.sentence);
    }

    #[test]
    fn runs_that_disagree_lead_to_a_volume_of_their_own() {
        let found = confirm(&at(2.0), &line(10.0, -23.0)).unwrap();
        assert_eq!((found.outcome, found.trials.len()), (VolumeOutcome::Moved, 3));
        assert!((found.trials[2].times - 2.3).abs() < 1e-12);
        assert!(found.sentence.contains("not confirmed") && found.sentence.contains("230 GB"), "{}", found.sentence);
    }

    #[test]
    fn a_run_that_carried_another_volume_confirms_nothing() {
        let short = |times: f64| {
            let tried = line(0.0, 0.0)(times)?;
            Ok(tried.map(|trial| VolumeTrial { gigabytes_month: 18.0 * times, ..trial }))
        };
        let found = confirm(&at(2.0), &short).unwrap();
        assert_eq!((found.outcome, found.trials.len()), (VolumeOutcome::NotEnough, 1));
        assert!(found.sentence.contains("not confirmed: the run carried only 36 of 200 GB"), "{}", found.sentence);
    }

    #[test]
    fn an_interval_as_wide_as_a_tenth_of_the_bill_confirms_nothing() {
        let wide = |times: f64| {
            let tried = line(0.0, 0.0)(times)?;
            let difference = Estimate { low: Some(-5.5), high: Some(5.5), ..Estimate::exact(0.0) };
            Ok(tried.map(|trial| VolumeTrial { difference, ..trial }))
        };
        let found = confirm(&at(2.0), &wide).unwrap();
        assert_eq!(found.outcome, VolumeOutcome::NotEnough);
        assert!(found.sentence.contains("not enough evidence, the interval is 11 %"), "{}", found.sentence);
    }

    #[test]
    fn a_difference_of_next_to_nothing_is_equal_within_the_stated_share() {
        let narrow = |value: f64| {
            move |times: f64| {
                let tried = line(0.0, 0.0)(times)?;
                let difference =
                    Estimate { low: Some(value - 0.001), high: Some(value + 0.001), ..Estimate::exact(value) };
                Ok(tried.map(|trial| VolumeTrial { difference, ..trial }))
            }
        };
        let found = confirm(&at(2.0), &narrow(0.04)).unwrap();
        assert_eq!(found.outcome, VolumeOutcome::Confirmed);
        assert!(found.sentence.contains("confirmed, equal within 0.1 % of the bill:"), "{}", found.sentence);
        assert_eq!(confirm(&at(2.0), &narrow(0.2)).unwrap().outcome, VolumeOutcome::NotConfirmed);
    }

    #[test]
    fn what_never_meets_zero_is_not_confirmed_and_what_cannot_be_run_says_why() {
        let found = confirm(&at(2.0), &line(0.0, 50.0)).unwrap();
        assert_eq!((found.outcome, found.trials.len()), (VolumeOutcome::NotConfirmed, 2));
        let found = confirm(&at(2.0), &|_| Ok(Err("too many".into()))).unwrap();
        assert_eq!(
            (found.outcome, found.sentence.as_str()),
            (VolumeOutcome::NotRun, "solved: 200 GB a month; not run: too many")
        );
    }
}
