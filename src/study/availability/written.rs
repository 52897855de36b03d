//! Acknowledged writes that promotions lose: no request of these failed, so that no minute holds them.

use super::component::YEAR_H;
use super::draws;
use super::model::{Model, Times};
use super::study::Case;
use super::trial::{Course, Promoted};
use crate::record::Estimate;
use crate::study::statistics::{student_quantile, variance};
use crate::study::verdict::counted;
use crate::study::words::listed;

/// An old primary that took writes for so much of an outage as was simulated takes them for as long as it lasts.
const STAYS: f64 = 0.9;

/// What promotions lose of one variant, one failure at a time.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Written {
    /// By component: writes of an event.
    pub(super) events: Vec<f64>,
    /// Of a year; none: no database has a promotion.
    pub(super) year: Option<Estimate>,
}

impl Case {
    /// Databases that may lose what they have acknowledged.
    fn promoted(&self) -> impl Iterator<Item = &str> {
        let databases = self.world.databases.rows().iter();
        databases.filter(|database| database.lag.is_some() && database.after.is_some()).map(|of| of.name.as_str())
    }

    /// By replication of a component's trial: what an event of it loses, the mean being that of an event of mean length.
    fn writes_of_event(&self, component: usize) -> Vec<f64> {
        if self.event_of[component] == 0 {
            return Vec::new();
        }
        let trial = &self.trials[self.event_of[component]];
        let mean = self.components[component].mean_down_h * 3600.0;
        let of = |number: usize| -> f64 {
            // Of a long one only the length is a matter of chance, and what it loses is linear in that.
            let lasts = match (trial.course, &trial.outages) {
                (Course::Short(_), Some(outages)) => outages.lasts(number),
                _ => mean,
            };
            let longer = lasts - trial.simulated(number);
            let promotions = trial.seen[number].promotions.iter();
            let lost: f64 = promotions.map(|promotion| lost(promotion, trial.simulated(number), longer)).sum();
            lost * self.day.factor()
        };
        trial.on_average((0..trial.seen.len()).map(of).collect())
    }

    /// Reckons it from the same trials as the minutes: events a year times the writes of one, summed over components.
    pub(super) fn written(&self, model: &Model, seed: u64) -> Written {
        let each: Vec<Vec<f64>> = (0..self.components.len()).map(|component| self.writes_of_event(component)).collect();
        let mean = |of: &Vec<f64>| (of.iter().sum::<f64>() / of.len().max(1) as f64).max(0.0);
        let events: Vec<f64> = each.iter().map(mean).collect();
        if self.promoted().next().is_none() {
            return Written { events, year: None };
        }
        let sum = |times: &Times| -> f64 {
            model.failures(times).iter().zip(&events).map(|(failures, writes)| failures * YEAR_H * writes).sum()
        };
        let value = sum(&Times::new());
        // Components that share a trial share its chances.
        let mut parts: Vec<Vec<f64>> = self.trials.iter().map(|trial| vec![0.0; trial.seen.len()]).collect();
        for (component, failures) in model.failures(&Times::new()).into_iter().enumerate() {
            for (part, writes) in parts[self.event_of[component]].iter_mut().zip(&each[component]) {
                *part += failures * YEAR_H * writes;
            }
        }
        let (mut spread, mut freedom) = (0.0, 0.0);
        for part in parts.iter().filter(|part| part.len() >= 2) {
            let of_mean = variance(part) / part.len() as f64;
            spread += of_mean;
            freedom += of_mean * of_mean / (part.len() - 1) as f64;
        }
        // Satterthwaite's degrees of freedom, as of the minutes.
        let degrees = if freedom > 0.0 { (spread * spread / freedom).max(1.0) } else { 1.0 };
        let noise = if spread > 0.0 { student_quantile(0.975, degrees) * libm::sqrt(spread) } else { 0.0 };
        let at_other_rates = (0..draws::DRAWS).map(|number| sum(&draws::times(&model.components, seed, number)));
        let year = Estimate {
            value: Some(value),
            low: Some((value - noise).max(0.0)),
            high: Some(value + noise),
            confidence: Some(0.95),
            inputs: draws::band(at_other_rates.collect()),
            ..Estimate::default()
        };
        Written { events, year: Some(year) }
    }
}

/// What a promotion loses in an outage that lasts so much longer than it was simulated, in seconds.
fn lost(promotion: &Promoted, simulated: f64, longer: f64) -> f64 {
    let lost = promotion.lost as f64;
    if promotion.rpo_s > 0.0 && promotion.rpo_s >= STAYS * simulated {
        (lost + lost / promotion.rpo_s * longer).max(0.0)
    } else {
        lost
    }
}

/// One variant's writes lost a year.
pub(super) type Losing<'a> = (&'a str, Option<&'a Estimate>);

fn value(of: &Losing<'_>) -> f64 {
    of.1.and_then(|of| of.value).unwrap_or(0.0)
}

/// Does one lose more than the other, beyond what may be chance?
pub(super) fn loses_more(one: &Losing<'_>, other: &Losing<'_>) -> bool {
    let low = one.1.and_then(|of| of.low).unwrap_or_else(|| value(one));
    let high = other.1.and_then(|of| of.high).unwrap_or_else(|| value(other));
    low > high
}

/// `380,000 acknowledged writes a year (370,000 to 390,000)`.
fn told(of: &Losing<'_>, what: &str) -> String {
    of.1.map_or_else(|| format!("0{what}"), |of| counted(of, what))
}

/// For a sentence that calls one ahead of another: what else the one ahead loses.
pub(super) fn beside(one: Losing<'_>, other: Losing<'_>) -> String {
    if loses_more(&one, &other) {
        let (writes, fewer) = (told(&one, " acknowledged writes a year"), told(&other, ""));
        return format!(", but {} loses {writes} and {} {fewer}", one.0, other.0);
    }
    String::new()
}

/// Databases of all variants that may lose what they have acknowledged.
pub(super) fn stores(cases: &[Case]) -> String {
    let mut stores: Vec<&str> = cases.iter().flat_map(Case::promoted).collect();
    stores.sort_unstable();
    stores.dedup();
    stores.join(", ")
}

/// For the first sentence: what its minutes leave out. `best` is whose minutes it tells first.
pub(super) fn apart(stores: &str, all: &[Losing<'_>], best: usize) -> String {
    if stores.is_empty() {
        return String::new();
    }
    if all.iter().all(|one| value(one) <= 0.0) {
        return format!("; in no failure that was simulated a promotion of {stores} lost an acknowledged write");
    }
    let first = &all[best];
    let others = all.iter().enumerate().filter(|(index, _)| *index != best).map(|(_, other)| other);
    let rest: Vec<String> = others.clone().map(|other| format!("{} {}", other.0, told(other, ""))).collect();
    let rest = if rest.is_empty() { String::new() } else { format!("; {}", listed(&rest)) };
    let writes = told(first, " acknowledged writes a year");
    let but = if others.clone().any(|other| loses_more(first, other)) { ", but " } else { "; " };
    format!(
        "{but}{} also loses {writes} to promotions of {stores}, which these minutes count as answered{rest}",
        first.0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, half: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - half), high: Some(value + half), ..Estimate::default() }
    }

    #[test]
    fn whoever_is_first_by_minutes_is_so_with_the_writes_that_it_loses() {
        let (many, few) = (of(380_000.0, 3_000.0), of(2_200.0, 30.0));
        let all = [("cen", Some(&few)), ("split", Some(&many)), ("none", None)];
        assert_eq!(apart("", &all, 1), "");
        assert_eq!(
            apart("orders-db", &all, 1),
            ", but split also loses 380,000 acknowledged writes a year (377,000 to 383,000) to promotions of orders-db, which \
             these minutes count as answered; cen 2,200 (2,170 to 2,230) and none 0"
        );
        assert!(apart("orders-db", &all[..2], 0).starts_with("; cen also loses 2,200 acknowledged writes a year"));
        assert_eq!(
            beside(all[1], all[0]),
            ", but split loses 380,000 acknowledged writes a year (377,000 to 383,000) and cen 2,200 (2,170 to 2,230)"
        );
        assert_eq!(beside(all[0], all[1]), "");
        assert!(apart("orders-db", &all[2..], 0).starts_with("; in no failure"));
    }

    #[test]
    fn an_old_primary_that_nobody_fences_loses_for_as_long_as_the_outage_lasts() {
        let split = Promoted { lost: 12_000, rpo_s: 1_000.0 };
        assert_eq!(lost(&split, 1_000.0, 4_280.0), 63_360.0);
        assert_eq!(lost(&split, 1_000.0, -500.0), 6_000.0);
        let fenced = Promoted { lost: 360, rpo_s: 30.0 };
        assert_eq!(lost(&fenced, 1_000.0, 4_280.0), 360.0);
    }
}
