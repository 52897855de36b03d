//! When who was cut off is served again: the first write after a lost primary, and connections that a fault broke.

use super::harmed::plus_minus;
use crate::record::{Estimate, SuccessionFault, SuccessionSummary, VariantResult};
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
    let own = |variant: &VariantResult| -> Vec<Wait> {
        let of = variant.successions.iter().filter(|store| store.promotions.value.is_some_and(|count| count > 0.0));
        of.map(|store| {
            let of = if several { format!(" ({})", store.store) } else { String::new() };
            succession(format!("{}{of}", variant.name), store)
        })
        .collect()
    };
    let after = after(variants.iter().flat_map(own).collect())?;
    Some(format!("From when a primary is missed until its successor acknowledges a write (RTO): {after}."))
}

/// The mean of a store's promotions where they take alike; else the shortest and the longest of its faults, as a crash and
/// a cut are no average of each other.
fn succession(name: String, store: &SuccessionSummary) -> Wait {
    let mut faults: Vec<&SuccessionFault> = store.faults.iter().filter(|of| size(&of.rto_s).is_some()).collect();
    faults.sort_by(|a, b| size(&a.rto_s).unwrap_or_default().total_cmp(&size(&b.rto_s).unwrap_or_default()));
    let of_fault = |of: &SuccessionFault| {
        let fault = if of.fault.is_empty() { "no fault" } else { &of.fault };
        (of.rto_s.clone(), format!(" ({fault})"))
    };
    match faults[..] {
        [least, .., most] if size(&most.rto_s) >= size(&least.rto_s).map(|least| ALIKE * least) => {
            Wait { name, least: Some(of_fault(least)), most: of_fault(most) }
        }
        _ => Wait { name, least: None, most: (store.rto_s.clone(), String::new()) },
    }
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
            Some(Wait { name: variant.name.clone(), least: None, most: (longest?, String::new()) })
        };
        let each: Vec<Wait> = variants.iter().filter_map(longest).collect();
        let streams = |variant: &VariantResult| {
            variant.sessions.iter().filter(|of| of.faults.iter().any(|harm| harm.fault == **fault)).count()
        };
        let last = if variants.iter().any(|variant| streams(variant) > 1) {
            " (of the stream that waits longest)"
        } else {
            ""
        };
        let what = format!("95 % of the connections that {fault} broke are open again");
        if let Some(after) = alike(&each) {
            return Some((false, format!("{what} {after} after its start{last}, whatever the variant.")));
        }
        Some((true, format!("{what}, from its start on{last}: {}.", after(each)?)))
    };
    let (apart, alike): (Vec<_>, Vec<_>) = faults.iter().filter_map(of).partition(|(apart, _)| *apart);
    let texts = |of: Vec<(bool, String)>| of.into_iter().map(|(_, text)| text).collect();
    (texts(apart), texts(alike))
}

/// How long somebody waits: once, or from the shortest to the longest, each with what it is of.
struct Wait {
    name: String,
    least: Option<(Estimate, String)>,
    most: (Estimate, String),
}

/// `151 ± 51 s`, or the shortest and the longest of several times that were all seen and hardly differ, with the noise of all:
/// `65.2 to 65.6 s (64.2 to 66.6)`.
fn alike(each: &[Wait]) -> Option<String> {
    let seen: Vec<f64> = each.iter().map(|of| of.most.0.value).collect::<Option<_>>()?;
    let least = seen.iter().copied().reduce(f64::min).filter(|_| seen.len() > 1)?;
    let most = seen.iter().copied().reduce(f64::max)?;
    let ends = [significant(least, 3), significant(most, 3)];
    if ends[0] == ends[1] {
        let wide = |of: &&Wait| of.most.0.high.zip(of.most.0.low).map_or(0.0, |(high, low)| high - low);
        let widest = each.iter().max_by(|a, b| wide(a).total_cmp(&wide(b)))?;
        return Some(format!("{} s", plus_minus(&widest.most.0).unwrap_or_else(|| ends[0].clone())));
    }
    let low = each.iter().map(|of| of.most.0.low).collect::<Option<Vec<f64>>>();
    let high = each.iter().map(|of| of.most.0.high).collect::<Option<Vec<f64>>>();
    let noise = low.zip(high).map_or_else(String::new, |(low, high)| {
        let end = |of: Option<f64>| significant(of.unwrap_or_default().max(0.0), 3);
        format!(" ({} to {})", end(low.into_iter().reduce(f64::min)), end(high.into_iter().reduce(f64::max)))
    });
    (most < ALIKE * least).then(|| format!("{} to {} s{noise}", ends[0], ends[1]))
}

/// What was not seen is longer than anything that was.
fn size(of: &Estimate) -> Option<f64> {
    of.value.or(of.low.map(|low| 1e9 + low))
}

/// `spread after 57 ± 1 s and drop after 96 ± 5 s; merged not within 120 s`, the soonest first.
fn after(mut each: Vec<Wait>) -> Option<String> {
    let longest = |of: &Wait| size(&of.most.0);
    each.retain(|of| longest(of).is_some());
    each.sort_by(|a, b| longest(a).unwrap_or_default().total_cmp(&longest(b).unwrap_or_default()));
    let (seen, unseen): (Vec<_>, Vec<_>) = each.into_iter().partition(|of| of.most.0.value.is_some());
    let figure = |of: &Estimate| plus_minus(of).unwrap_or_else(|| significant(of.value.unwrap_or_default(), 3));
    let told = |Wait { name, least, most: (most, of_most) }: &Wait| {
        let least = least.as_ref().filter(|(least, _)| least.value.is_some());
        match (least, most.value) {
            (Some((least, of_least)), Some(_)) => {
                format!("{name} after {}{of_least} to {} s{of_most}", figure(least), figure(most))
            }
            (None, Some(_)) => format!("{name} after {} s{of_most}", figure(most)),
            (least, None) => {
                let least = least.map(|(least, of)| format!("after {} s{of}, ", figure(least))).unwrap_or_default();
                format!("{name} {least}not within {} s{of_most}", significant(most.low.unwrap_or_default(), 3))
            }
        }
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
    use crate::record::{SessionHarm, SessionSummary};

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
                "95 % of the connections that restart broke are open again, from its start on (of the stream that waits longest): spread after 57.0 ± 1.0 s and \
              drop after 96.0 ± 1.0 s; merged not within 120 s."
            ]
        );
        let (apart, alike) =
            sessions(&[variant("one", vec![stream(seen(65.2))]), variant("two", vec![stream(seen(65.6))])]);
        assert_eq!(apart, Vec::<String>::new());
        assert_eq!(
            alike,
            [
                "95 % of the connections that restart broke are open again 65.2 to 65.6 s (64.2 to 66.6) after its start, whatever the variant."
            ]
        );
        let wide = || stream(Estimate { low: Some(100.0), high: Some(202.0), ..seen(151.0) });
        assert_eq!(
            sessions(&[variant("one", vec![wide()]), variant("two", vec![wide()])]).1,
            [
                "95 % of the connections that restart broke are open again 151 ± 51 s after its start, whatever the variant."
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

    #[test]
    fn a_crash_and_a_cut_are_not_averaged() {
        let of = |fault: &str, rto: Estimate| SuccessionFault {
            fault: fault.into(),
            rto_s: rto,
            ..SuccessionFault::default()
        };
        let variant = |name: &str, rto: Estimate, faults: Vec<SuccessionFault>| {
            let promotions = Estimate { value: Some(2.0), ..Estimate::default() };
            let store = SuccessionSummary {
                store: "db".into(),
                promotions,
                rto_s: rto,
                faults,
                ..SuccessionSummary::default()
            };
            VariantResult { name: name.into(), successions: vec![store], ..VariantResult::default() }
        };
        let all = [
            variant("aa", seen(60.2), vec![of("crash", seen(60.1)), of("cut", seen(60.3))]),
            variant("ap", seen(90.0), vec![of("cut", seen(120.0)), of("crash", seen(60.0))]),
            variant("far", never(90.0), vec![of("crash", seen(60.0)), of("cut", never(120.0))]),
        ];
        assert_eq!(
            writers(&all).as_deref(),
            Some(
                "From when a primary is missed until its successor acknowledges a write (RTO): aa after 60.2 ± 1.0 s and ap after \
                 60.0 ± 1.0 (crash) to 120.0 ± 1.0 s (cut); far after 60.0 ± 1.0 s (crash), not within 120 s (cut)."
            )
        );
    }
}
