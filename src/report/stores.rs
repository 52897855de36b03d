//! Databases with a primary: what became of writes, and what each fault's promotions took and lost, variant by variant.

use super::harm::{Section, cell};
use super::number::{Unit, count};
use crate::record::{Comparison, Estimate, StorePromotion, SuccessionSummary, VariantResult};

/// The sections; none where no database has a primary.
pub(super) fn sections(comparison: &Comparison) -> Vec<Section> {
    if comparison.variants.iter().all(|variant| variant.writes.is_empty()) {
        return Vec::new();
    }
    vec![writes(comparison), primaries(comparison)]
}

fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|&title| title.to_owned()).collect()
}

/// The only database that any variant writes to; empty where there are several.
fn only(comparison: &Comparison) -> String {
    let stores = || comparison.variants.iter().flat_map(|variant| &variant.writes).map(|row| row.store.as_str());
    let first = stores().next().unwrap_or_default();
    if stores().all(|store| store == first) { first.to_owned() } else { String::new() }
}

/// ` of orders-db` where there is no other.
fn of_only(comparison: &Comparison) -> String {
    let only = only(comparison);
    if only.is_empty() { only } else { format!(" of {only}") }
}

/// `split`, of several databases `split, orders-db`.
fn label(comparison: &Comparison, variant: &VariantResult, store: &str) -> String {
    if only(comparison).is_empty() { format!("{}, {store}", variant.name) } else { variant.name.clone() }
}

fn writes(comparison: &Comparison) -> Section {
    let each = comparison.variants.iter().flat_map(|variant| variant.writes.iter().map(move |row| (variant, row)));
    let row = |(variant, row): (&VariantResult, &crate::record::WriteSummary)| {
        vec![
            label(comparison, variant, &row.store),
            row.service.clone(),
            count(row.asked),
            count(row.acknowledged),
            count(row.refused),
            cell(Unit::Share, &row.refused_share),
            count(row.lost),
        ]
    };
    let replications = comparison.replications;
    Section {
        title: format!("Writes{}", of_only(comparison)),
        when: String::new(),
        head: head(&["", "written by", "writes", "acknowledged", "no primary", "share", "of the acknowledged lost"]),
        rows: each.map(row).collect(),
        notes: vec![format!(
            "counts are of all {replications} replications; no primary: answered 503, and in lost requests; lost after it was \
             acknowledged: answered, and in no other figure than these"
        )],
    }
}

fn primaries(comparison: &Comparison) -> Section {
    let each = comparison.variants.iter().flat_map(|variant| variant.successions.iter().map(move |of| (variant, of)));
    let rows = |(variant, of): (&VariantResult, &SuccessionSummary)| {
        let label = label(comparison, variant, &of.store);
        let mut rows: Vec<Vec<String>> = Vec::new();
        for fault in &of.faults {
            let missed = if fault.fault.is_empty() { "no fault's beginning" } else { &fault.fault };
            rows.push(line(&label, missed, [&fault.promotions, &fault.rto_s, &fault.rpo_s, &fault.lost]));
        }
        if of.faults.len() != 1 {
            rows.push(line(&label, "all", [&of.promotions, &of.rto_s, &of.rpo_s, &of.lost]));
        }
        rows.extend(planned(&label, &of.each, comparison.replications));
        rows
    };
    Section {
        title: format!("Primaries{}", of_only(comparison)),
        when: String::new(),
        head: head(&["", "missed with", "promotions a run", "RTO", "RPO", "acknowledged writes lost a run"]),
        rows: each.flat_map(rows).collect(),
        notes: vec![
            "RTO: from when a primary was missed until its successor acknowledged a write; RPO: from the first instant whose \
             writes are lost to the last at which the old primary took any; means over promotions that nobody planned"
                .to_owned(),
        ],
    }
}

fn line(label: &str, missed: &str, [promotions, rto, rpo, lost]: [&Estimate; 4]) -> Vec<String> {
    let none = promotions.value == Some(0.0);
    let seconds = |of: &Estimate| if none { "–".to_owned() } else { cell(Unit::Seconds, of) };
    let plain = |of: &Estimate| cell(Unit::Plain(""), of);
    vec![label.to_owned(), missed.to_owned(), plain(promotions), seconds(rto), seconds(rpo), plain(lost)]
}

/// What operators switched while both copies heard each other.
fn planned(label: &str, each: &[StorePromotion], replications: u32) -> Option<Vec<String>> {
    let planned = each.iter().filter(|of| of.promotion.planned).count();
    let mean = Unit::Plain("").amount(planned as f64 / f64::from(replications.max(1)), None);
    let dash = || "–".to_owned();
    (planned > 0).then(|| vec![label.to_owned(), "a planned switch".to_owned(), mean, dash(), dash(), "0".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SuccessionFault, WriteSummary};

    fn exact(value: f64) -> Estimate {
        Estimate { value: Some(value), low: Some(value - 1.0), high: Some(value + 1.0), ..Estimate::default() }
    }

    #[test]
    fn each_variant_has_its_writes_and_what_each_faults_promotions_took() {
        let of = |fault: &str, lost: f64| SuccessionFault {
            fault: fault.into(),
            promotions: Estimate::exact(1.0),
            rto_s: exact(35.0),
            rpo_s: exact(22.0),
            lost: exact(lost),
        };
        let succession = SuccessionSummary {
            store: "db".into(),
            promotions: Estimate::exact(2.0),
            rto_s: exact(35.0),
            rpo_s: exact(12.0),
            lost: exact(560.0),
            faults: vec![of("crash", 80.0), of("cut", 480.0)],
            each: Vec::new(),
        };
        let calm = SuccessionSummary {
            store: "db".into(),
            promotions: Estimate::exact(0.0),
            lost: Estimate::exact(0.0),
            ..succession.clone()
        };
        let calm = SuccessionSummary { faults: Vec::new(), ..calm };
        let write =
            WriteSummary { store: "db".into(), service: "web".into(), asked: 12_800, lost: 2800, ..Default::default() };
        let variant = |name: &str, succession| VariantResult {
            name: name.into(),
            writes: vec![write.clone()],
            successions: vec![succession],
            ..VariantResult::default()
        };
        let comparison = Comparison {
            variants: vec![variant("fenced", succession), variant("nobody", calm)],
            replications: 5,
            ..Comparison::default()
        };
        let [writes, primaries] = <[Section; 2]>::try_from(sections(&comparison)).ok().expect("two tables");
        assert_eq!(writes.rows.len(), 2);
        assert_eq!((writes.rows[0][0].as_str(), writes.rows[0][6].as_str()), ("fenced", "2,800"));
        let told: Vec<String> = primaries.rows.iter().map(|row| row.join(" | ")).collect();
        assert_eq!(
            told,
            [
                "fenced | crash | 1.00 | 35.0 s (34.0 to 36.0 s) | 22.0 s (21.0 to 23.0 s) | 80.0 (79.0 to 81.0)",
                "fenced | cut | 1.00 | 35.0 s (34.0 to 36.0 s) | 22.0 s (21.0 to 23.0 s) | 480 (479 to 481)",
                "fenced | all | 2.00 | 35.0 s (34.0 to 36.0 s) | 12.0 s (11.0 to 13.0 s) | 560 (559 to 561)",
                "nobody | all | 0 | – | – | 0",
            ]
        );
    }
}
