//! When who was cut off is served again: the first write after a lost primary, and connections that a fault broke.

use super::harmed::plus_minus;
use crate::record::{Estimate, VariantResult};
use crate::study::words::{each_once, listed};
use crate::units::significant;

/// Times that differ by less than this factor tell no variant from another.
const ALIKE: f64 = 1.1;
/// Of the shares that sessions are told by (50, 90, 95, 99 %): 95 %.
const BACK: usize = 2;

/// When writes are acknowledged again, of each variant whose primary was missed and followed.
pub(super) fn writers(variants: &[VariantResult]) -> Option<String> {
    let stores: Vec<&str> = variants.iter().flat_map(|v| &v.successions).map(|store| store.store.as_str()).collect();
    let several = stores.iter().any(|store| *store != stores[0]);
    let own = |variant: &VariantResult| -> Vec<(String, Estimate)> {
        let of = variant.successions.iter().filter(|store| store.promotions.value.is_some_and(|count| count > 0.0));
        of.map(|store| {
            let of = if several { format!(" ({})", store.store) } else { String::new() };
            (format!("{}{of}", variant.name), store.rto_s.clone())
        })
        .collect()
    };
    let after = after(variants.iter().flat_map(own).collect())?;
    Some(format!("From when a primary is missed until its successor acknowledges a write (RTO): {after}."))
}

/// When 95 % of the connections that a fault broke are open again, of each variant the stream that waits longest: a sentence
/// for each fault, those that tell variants apart and those that do not.
pub(super) fn sessions(variants: &[VariantResult]) -> (Vec<String>, Vec<String>) {
    let all = variants.iter().flat_map(|variant| &variant.sessions).flat_map(|stream| &stream.faults);
    let broke = all.filter(|harm| harm.broken.value.is_some_and(|broken| broken >= 1.0));
    let faults = each_once(broke.map(|harm| harm.fault.as_str()));
    let of = |fault: &&str| {
        let longest = |variant: &VariantResult| {
            let harms = variant.sessions.iter().flat_map(|stream| &stream.faults).filter(|harm| harm.fault == **fault);
            let back = harms.map(|harm| harm.back_s[BACK].clone()).filter(|back| size(back).is_some());
            let longest = back.max_by(|a, b| size(a).unwrap_or_default().total_cmp(&size(b).unwrap_or_default()));
            Some((variant.name.clone(), longest?))
        };
        let each: Vec<(String, Estimate)> = variants.iter().filter_map(longest).collect();
        let what = format!("95 % of the connections that {fault} broke are open again");
        if let Some((least, most)) = alike(&each) {
            return Some((false, format!("{what} {least} to {most} s after its start, whatever the variant.")));
        }
        Some((true, format!("{what}, from its start on: {}.", after(each)?)))
    };
    let (apart, alike): (Vec<_>, Vec<_>) = faults.iter().filter_map(of).partition(|(apart, _)| *apart);
    let texts = |of: Vec<(bool, String)>| of.into_iter().map(|(_, text)| text).collect();
    (texts(apart), texts(alike))
}

/// The shortest and the longest of several times that were all seen and hardly differ.
fn alike(each: &[(String, Estimate)]) -> Option<(String, String)> {
    let seen: Vec<f64> = each.iter().map(|(_, of)| of.value).collect::<Option<_>>()?;
    let least = seen.iter().copied().reduce(f64::min).filter(|_| seen.len() > 1)?;
    let most = seen.iter().copied().reduce(f64::max)?;
    (most < ALIKE * least).then(|| (significant(least, 3), significant(most, 3)))
}

/// What was not seen is longer than anything that was.
fn size(of: &Estimate) -> Option<f64> {
    of.value.or(of.low.map(|low| 1e9 + low))
}

/// `spread after 57 ± 1 s and drop after 96 ± 5 s; merged not within 120 s`, the soonest first.
fn after(mut each: Vec<(String, Estimate)>) -> Option<String> {
    each.retain(|(_, of)| size(of).is_some());
    each.sort_by(|a, b| size(&a.1).unwrap_or_default().total_cmp(&size(&b.1).unwrap_or_default()));
    let (seen, unseen): (Vec<_>, Vec<_>) = each.into_iter().partition(|(_, of)| of.value.is_some());
    let told = |(name, of): &(String, Estimate)| match (of.value, of.low) {
        (Some(value), _) => {
            format!("{name} after {} s", plus_minus(of).unwrap_or_else(|| significant(value, 3)))
        }
        (None, low) => format!("{name} not within {} s", significant(low.unwrap_or_default(), 3)),
    };
    let parts: Vec<String> = [seen, unseen]
        .iter()
        .filter(|of| !of.is_empty())
        .map(|of| listed(&of.iter().map(told).collect::<Vec<_>>()))
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SessionHarm, SessionSummary, SuccessionSummary};

    fn seen(value: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - 1.0), high: Some(value + 1.0), ..Estimate::default() }
    }

    fn never(low: f64) -> Estimate {
        Estimate { low: Some(low), ..Estimate::default() }
    }

    #[test]
    fn the_stream_that_waits_longest_is_told_and_what_was_not_seen_stands_last() {
        let stream = |back: Estimate| SessionSummary {
            faults: vec![SessionHarm {
                fault: "restart".into(),
                broken: seen(600.0),
                back_s: std::array::from_fn(|_| back.clone()),
                ..SessionHarm::default()
            }],
            ..SessionSummary::default()
        };
        let variant = |name: &str, sessions: Vec<SessionSummary>| VariantResult {
            name: name.into(),
            sessions,
            ..VariantResult::default()
        };
        let all = [
            variant("merged", vec![stream(never(120.0)), stream(seen(20.0))]),
            variant("drop", vec![stream(seen(96.0))]),
            variant("spread", vec![stream(seen(50.0)), stream(seen(57.0))]),
        ];
        assert_eq!(
            sessions(&all).0,
            [
                "95 % of the connections that restart broke are open again, from its start on: spread after 57.0 ± 1.0 s and \
              drop after 96.0 ± 1.0 s; merged not within 120 s."
            ]
        );
        let (apart, alike) =
            sessions(&[variant("one", vec![stream(seen(65.2))]), variant("two", vec![stream(seen(65.6))])]);
        assert_eq!(apart, Vec::<String>::new());
        assert_eq!(
            alike,
            [
                "95 % of the connections that restart broke are open again 65.2 to 65.6 s after its start, whatever the variant."
            ]
        );
        assert_eq!(sessions(&[variant("calm", Vec::new())]), (Vec::new(), Vec::new()));
    }

    #[test]
    fn who_is_not_followed_has_no_rto() {
        let variant = |name: &str, count: f64, rto: Estimate| {
            let promotions = Estimate { value: Some(count), ..Estimate::default() };
            let store =
                SuccessionSummary { store: "db".into(), promotions, rto_s: rto, ..SuccessionSummary::default() };
            VariantResult { name: name.into(), successions: vec![store], ..VariantResult::default() }
        };
        let all =
            [variant("waits", 1.0, seen(65.0)), variant("nobody", 0.0, never(1.0)), variant("fast", 2.0, seen(35.0))];
        assert_eq!(
            writers(&all).as_deref(),
            Some(
                "From when a primary is missed until its successor acknowledges a write (RTO): fast after 35.0 ± 1.0 s and waits \
                 after 65.0 ± 1.0 s."
            )
        );
        assert_eq!(writers(&all[1..2]), None);
    }
}
