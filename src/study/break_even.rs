//! A break-even in volume, solved on the bills in closed form and then run: the workload is scaled until its traffic is
//! the solved volume, and the difference of the two costs must hold zero within its interval.
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
    if holds_zero(&first) {
        of.outcome = VolumeOutcome::Confirmed;
        of.sentence = format!("{solved}; confirmed: {}", told(&first));
        return Ok(of);
    }
    of.outcome = VolumeOutcome::NotConfirmed;
    of.sentence = format!("{solved}; not confirmed: {}", told(&first));
    let Ok(aside) = trial(volume.times * ASIDE)? else { return Ok(of) };
    let root = secant(&first, &aside);
    of.trials.push(aside);
    let Some(root) = root else { return Ok(of) };
    let Ok(last) = trial(root)? else { return Ok(of) };
    let outcome = if holds_zero(&last) { "holds" } else { "does not hold" };
    of.sentence = format!(
        "{}. The runs themselves lead to {} GB a month, where the difference {outcome} zero: {}",
        of.sentence,
        significant(last.gigabytes_month, 4),
        told(&last)
    );
    if holds_zero(&last) {
        of.outcome = VolumeOutcome::Moved;
    }
    of.trials.push(last);
    Ok(of)
}

/// Where a straight line through two differences meets zero; none where it does not, or far off.
fn secant(first: &VolumeTrial, second: &VolumeTrial) -> Option<f64> {
    let (d1, d2) = (first.difference.value?, second.difference.value?);
    let root = first.times - d1 * (second.times - first.times) / (d2 - d1);
    (root.is_finite() && root > first.times / 4.0 && root < first.times * 4.0).then_some(root)
}

fn holds_zero(trial: &VolumeTrial) -> bool {
    match (trial.difference.low, trial.difference.high) {
        (Some(low), Some(high)) => low <= 0.0 && 0.0 <= high,
        _ => trial.difference.value == Some(0.0),
    }
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
            Ok(Ok(VolumeTrial { times, gigabytes_month: 100.0 * times, difference, ..VolumeTrial::default() }))
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
