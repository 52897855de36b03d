//! How often a year a fault would have to come for a variant to cost what the first does.

use super::super::figure::Design;
use super::super::statistics::Sections;
use super::super::verdict::Losses;
use super::{HOURS, plus, times};
use crate::record::{Business, BusinessFault, Estimate, VariantResult};

/// Said where noise may be all of the difference that a rate would be made of.
const NOT_TOLD_APART: &str = "not told apart";
/// Said where so many outages would take longer than a year.
const TOO_MANY: &str = "more than a year holds";

/// Of every fault of every variant but the first: what the first year's bills and what fails with nothing down differ by, over
/// what an occurrence costs less in one than in the other. Both differences are told apart, or there is no rate.
pub(in crate::study) fn even(results: &mut [VariantResult], losses: &[Losses], design: Design) {
    let design = design.family(results.len().max(2) as u32 - 1);
    let Some((first, others)) = results.split_first_mut() else { return };
    let Some(base) = first.business.as_ref() else { return };
    for (index, business) in others.iter_mut().enumerate() {
        let Some(business) = business.business.as_mut() else { continue };
        let dearer = year(business).zip(year(base)).and_then(|(own, base)| less(&own, &base));
        for fault in &mut business.faults {
            let Some(same) = base.faults.iter().find(|other| other.name == fault.name) else { continue };
            let lost = losses.iter().find(|of| of.fault == fault.name).and_then(|of| {
                let own = |variant: usize| of.by_variant.iter().find(|(of, _)| *of == variant).map(|(_, lost)| lost);
                own(index + 1).zip(own(0))
            });
            let is_apart = lost.is_some_and(|(own, base)| apart(own, base, design));
            match rate(fault, same, dearer, is_apart) {
                Ok(rate) => fault.even_per_year = rate,
                Err(why) => why.clone_into(&mut fault.even_why),
            }
        }
    }
}

/// The rate; none where the dearer one loses more, or nothing differs or is priced.
fn rate(
    fault: &BusinessFault,
    base: &BusinessFault,
    dearer: Option<(f64, bool)>,
    is_apart: bool,
) -> Result<Option<f64>, &'static str> {
    let Some(((dearer, bills_apart), (own, of_base))) = dearer.zip(fault.cost.value.zip(base.cost.value)) else {
        return Ok(None);
    };
    if dearer == 0.0 || own == of_base {
        return Ok(None);
    }
    if !is_apart || !bills_apart {
        return Err(NOT_TOLD_APART);
    }
    let rate = dearer / (of_base - own);
    let lasts_h = fault.length.as_ref().map_or(0.0, |length| length.lasts_s / 3600.0);
    if rate * lasts_h > HOURS { Err(TOO_MANY) } else { Ok(Some(rate).filter(|rate| *rate > 0.0)) }
}

/// Does the paired difference of what two lose tell them apart? Without an interval nothing does.
fn apart(own: &Sections, base: &Sections, design: Design) -> bool {
    let difference = design.critical().map(|critical| own.less(base, 1.0, critical));
    difference.is_some_and(|difference| difference.low > 0.0 || difference.high < 0.0)
}

/// What a year costs without any fault.
fn year(business: &Business) -> Option<Estimate> {
    let bill = &business.years.first()?.bill;
    bill.value?;
    let calm = business.calm_hours.as_ref().filter(|hours| hours.value.is_some()).zip(business.downtime_hour);
    Some(calm.map_or_else(|| bill.clone(), |(hours, each)| plus(bill, &times(hours, each))))
}

/// By how much one is more, and whether their intervals are apart; a figure without one is its own.
fn less(own: &Estimate, base: &Estimate) -> Option<(f64, bool)> {
    let (one, other) = own.value.zip(base.value)?;
    let ends = |of: &Estimate, value: f64| (of.low.unwrap_or(value), of.high.unwrap_or(value));
    let ((low, high), (base_low, base_high)) = (ends(own, one), ends(base, other));
    Some((one - other, low > base_high || high < base_low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{BusinessYear, Length};
    use crate::units::Duration;

    /// A year's bill, and what an occurrence of 60 s costs.
    fn variant(bill: f64, cost: f64) -> VariantResult {
        let length = Some(Length { lasts_s: 60.0, ..Length::default() });
        let cost = Estimate::exact(cost);
        VariantResult {
            business: Some(Business {
                faults: vec![BusinessFault { name: "zone".into(), cost, length, ..BusinessFault::default() }],
                years: vec![BusinessYear { bill: Estimate::exact(bill), ..BusinessYear::default() }],
                ..Business::default()
            }),
            ..VariantResult::default()
        }
    }

    /// As many requests lost as it costs, give or take `noise` that the other does not share.
    fn said(mut of: [VariantResult; 2], noise: f64) -> (Option<f64>, String) {
        let each = |index: usize| {
            let cost = of[index].business.as_ref().expect("said").faults[0].cost.value.expect("known");
            let noise = |replication: usize| noise * if replication % 2 == index { 1.0 } else { -1.0 };
            (index, Sections::mean((0..10).map(|replication| cost + noise(replication)).collect()))
        };
        let losses = [Losses { fault: "zone".into(), by_variant: vec![each(0), each(1)], lasts: 0.0 }];
        even(&mut of, &losses, Design::new(10, Duration::from_secs(60)));
        let fault = of[1].business.as_ref().expect("said").faults[0].clone();
        (fault.even_per_year, fault.even_why)
    }

    #[test]
    fn what_costs_more_and_loses_less_is_even_at_a_rate() {
        // 1200 a year more, 300 less each time: four times a year.
        assert_eq!(said([variant(10_000.0, 400.0), variant(11_200.0, 100.0)], 1.0), (Some(4.0), String::new()));
        let worse = [variant(10_000.0, 100.0), variant(11_200.0, 400.0)];
        assert_eq!(said(worse, 1.0), (None, String::new()), "it costs more and loses more");
        // What is cheap and fails on each day is dear at any rate.
        let mut fails = [variant(10_000.0, 400.0), variant(9000.0, 500.0)];
        let business = fails[1].business.as_mut().expect("said");
        (business.calm_hours, business.downtime_hour) = (Some(Estimate::exact(3000.0)), Some(1000.0));
        assert_eq!(said(fails, 1.0), (None, String::new()));
    }

    #[test]
    fn noise_makes_no_rate_and_a_year_is_not_overfull() {
        let near = || [variant(10_000.0, 400.0), variant(11_200.0, 398.0)];
        assert_eq!(said(near(), 20.0), (None, NOT_TOLD_APART.to_owned()));
        assert_eq!(said(near(), 0.1), (Some(600.0), String::new()));
        // A million outages of a minute are two years.
        let tiny = [variant(10_000.0, 400.0), variant(11_200.0, 399.9988)];
        assert_eq!(said(tiny, 0.0), (None, TOO_MANY.to_owned()));
        let mut bills = near();
        bills[1].business.as_mut().expect("said").years[0].bill =
            Estimate { low: Some(9000.0), high: Some(13_000.0), ..Estimate::exact(11_200.0) };
        assert_eq!(said(bills, 0.1), (None, NOT_TOLD_APART.to_owned()));
    }
}
