//! Failures: of each fault, side by side for all variants, when it was noticed, where calls went, whom it hit and what it
//! takes of the error budget; availability by three measures; and where requests failed.

use crate::record::{BillLine, BlastRow, Comparison, ErrorSummary, Estimate, FaultSummary, VariantResult};
use crate::report::decision::fault_names;
use crate::report::number::{Unit, clock, count};
use crate::report::sentence::each_once;
use crate::units::significant;

/// An edge is told from so many attempts per call on.
const AMPLIFIED: f64 = 1.02;
/// So many places of failure of a variant are told; all of them stand in `errors.csv`.
const PLACES: usize = 6;

/// A table with what is to be known beside it.
pub(super) struct Section {
    /// `Fault zone-out`.
    pub(super) title: String,
    /// What a fault hits, and when it comes; empty for other tables.
    pub(super) when: String,
    /// An empty cell, then the columns.
    pub(super) head: Vec<String>,
    /// Label, then cells.
    pub(super) rows: Vec<Vec<String>>,
    /// What the figures mean.
    pub(super) notes: Vec<String>,
}

/// All that there is to tell; nothing of a scenario in which nothing fails.
pub(super) fn sections(comparison: &Comparison) -> Vec<Section> {
    let mut sections: Vec<Section> = fault_names(comparison).iter().map(|name| fault(comparison, name)).collect();
    sections.extend(availability(comparison));
    sections.extend(super::stores::sections(comparison));
    sections.extend(super::sessions::sections(comparison));
    sections.extend(comparison.variants.iter().filter_map(|variant| errors(comparison, variant)));
    // What is meant is said once for all tables.
    let mut said: Vec<String> = Vec::new();
    for section in &mut sections {
        section.notes.retain(|note| !said.contains(note));
        said.extend(section.notes.iter().cloned());
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// A figure with its interval in one cell.
pub(super) fn cell(unit: Unit<'_>, figure: &Estimate) -> String {
    match (figure.value, figure.low, unit.interval(figure)) {
        (None, Some(low), _) => format!("more than {}", unit.amount(low, None)),
        (None, None, _) => "not told".to_owned(),
        (Some(_), _, Some(interval)) => format!("{} ({interval})", unit.value(figure)),
        (Some(_), _, None) => unit.value(figure),
    }
}

/// `1.2, 44, 44, more than 150 s`; `1.2, from 90 % on more than 150 s` where several shares were not seen.
fn served(fault: &FaultSummary) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    for (index, (share, after)) in fault.served_s.iter().enumerate() {
        match (after.value, after.low) {
            (Some(seconds), _) => told.push(significant(seconds, 3)),
            // Nor is any larger share.
            (None, Some(low)) => {
                let several = index + 1 < fault.served_s.len();
                let from =
                    if several { format!("from {} % on ", significant(100.0 * share, 3)) } else { String::new() };
                told.push(format!("{from}more than {}", significant(low, 3)));
                break;
            }
            (None, None) => return None,
        }
    }
    (!told.is_empty()).then(|| format!("{} s", told.join(", ")))
}

struct Rows<'a> {
    faults: Vec<Option<&'a FaultSummary>>,
    rows: Vec<Vec<String>>,
}

impl Rows<'_> {
    fn push(&mut self, label: &str, cell: impl Fn(&FaultSummary) -> Option<String>) {
        let cells: Vec<Option<String>> = self.faults.iter().map(|fault| fault.and_then(&cell)).collect();
        if cells.iter().any(Option::is_some) {
            let cells = cells.into_iter().map(Option::unwrap_or_default);
            self.rows.push([label.to_owned()].into_iter().chain(cells).collect());
        }
    }
}

fn fault(comparison: &Comparison, name: &str) -> Section {
    let variants = &comparison.variants;
    let faults = variants.iter().map(|variant| variant.faults.iter().find(|fault| fault.name == name)).collect();
    let mut of = Rows { faults, rows: Vec::new() };
    let share = |share: f64| Unit::Share.amount(share, None);
    of.push("came, by replication", |fault| {
        let once = fault.occurrences.value.is_none_or(|times| times == 1.0);
        (!once).then(|| cell(Unit::Plain(""), &fault.occurrences))
    });
    of.push("noticed after", |fault| {
        let by: Vec<&str> = fault.detected_by.iter().map(|(who, _)| who.as_str()).collect();
        let by = if by.is_empty() { String::new() } else { format!(", {}", by.join(" or ")) };
        Some(match fault.detect_s.value {
            None if fault.detected_by.is_empty() => "by nobody".to_owned(),
            _ => format!("{}{by}", cell(Unit::Seconds, &fault.detect_s)),
        })
    });
    of.push("calls had left it after", |fault| Some(cell(Unit::Seconds, &fault.shift_s)));
    of.push("of calls, went there before", |fault| fault.hit_share.value.map(share));
    of.push("and while it lasted", |fault| fault.still_share.value.map(share));
    of.push("recovered after", |fault| Some(cell(Unit::Seconds, &fault.recovery_s)));
    of.push("50, 90, 95, 99 % of requests served as before after", served);
    of.push("requests lost", |fault| Some(cell(Unit::Plain(""), &fault.lost)));
    of.push("of these, charged to another fault as well", |fault| {
        fault.shared.value.is_some_and(|shared| shared > 0.0).then(|| cell(Unit::Plain(""), &fault.shared))
    });
    of.push("of so many sent while it lasted", |fault| Some(Unit::Plain("").value(&fault.sent)));
    of.push("success while it lasted", |fault| Some(cell(Unit::Share, &fault.availability)));
    of.push("p99 of those", |fault| fault.p99_ms.value.map(|_| cell(Unit::Milliseconds, &fault.p99_ms)));
    of.push("success in its worst window", |fault| {
        let worst = fault.worst.as_ref()?;
        let seconds = |value: f64| significant(value, 3);
        Some(format!(
            "{}, {} s long, {} s in",
            cell(Unit::Share, &worst.success),
            seconds(worst.length_s),
            seconds(worst.after_s)
        ))
    });
    of.push("streams hit (share of requests)", |fault| {
        let blast = fault.blast.as_ref()?;
        Some(hit(&blast.streams, blast.users_share))
    });
    of.push("services hit (share of them)", |fault| {
        let blast = fault.blast.as_ref()?;
        Some(hit(&blast.services, blast.services_share))
    });
    of.push("attempts per call", amplified);
    of.push("of 30 days' error budget", |fault| Some(cell(Unit::Share, &fault.burn.as_ref()?.share)));
    of.push("burned, times as fast as allowed", |fault| Some(cell(Unit::Plain(""), &fault.burn.as_ref()?.rate)));
    of.push("so many a month are allowed", |fault| {
        Some(fault.burn.as_ref()?.allowed_month.map_or_else(|| "any number".to_owned(), |times| significant(times, 3)))
    });
    for (label, unit) in [("extra bytes", Unit::Plain("GB")), ("extra cost", Unit::Money(&comparison.currency))] {
        let line = |variant: &VariantResult| -> Option<BillLine> {
            variant.bill.once.iter().find(|line| line.item == name).cloned()
        };
        let cells: Vec<Option<String>> = variants
            .iter()
            .map(|variant| {
                line(variant).map(|line| cell(unit, if label == "extra bytes" { &line.quantity } else { &line.amount }))
            })
            .collect();
        if cells.iter().any(Option::is_some) {
            of.rows
                .push([label.to_owned()].into_iter().chain(cells.into_iter().map(Option::unwrap_or_default)).collect());
        }
    }
    let summaries = || {
        variants
            .iter()
            .flat_map(|v| v.faults.iter().map(move |fault| (v, fault)))
            .filter(|(_, fault)| fault.name == name)
    };
    let stays = summaries()
        .filter_map(|(variant, fault)| Some(format!("{} {}", variant.name, fault.outlives.as_ref()?.sentence)));
    let mut notes: Vec<String> = stays.collect();
    notes.extend(
        summaries()
            .filter(|(_, fault)| !fault.together.is_empty())
            .map(|(variant, fault)| format!("recovery from {name} of {}: {}", variant.name, fault.together)),
    );
    notes.extend(summaries().flat_map(|(_, fault)| {
        let why = [&fault.detect_s.why, &fault.shift_s.why];
        why.into_iter()
            .flatten()
            .filter(|why| !why.starts_with("indicative") && !why.contains("no interval"))
            .map(|why| format!("{name}: {why}"))
            .collect::<Vec<_>>()
    }));
    notes.extend(summaries().map(|(_, fault)| fault.shift_rule.clone()).find(|rule| !rule.is_empty()));
    notes.extend(summaries().filter_map(|(_, fault)| Some(fault.blast.as_ref()?.rule.clone())).next());
    let notes = each_once(notes.into_iter());
    let span = comparison.faults.iter().find(|fault| fault.name == name);
    let when = span.map_or_else(String::new, |fault| {
        format!("{}, {} to {}", fault.hits, clock(fault.start_s), clock(fault.end_s))
    });
    Section { title: format!("Fault {name}"), when, head: head(variants), rows: of.rows, notes }
}

fn head(variants: &[VariantResult]) -> Vec<String> {
    [String::new()].into_iter().chain(variants.iter().map(|variant| variant.name.clone())).collect()
}

/// `web (hangzhou), 1 of 3: 33 %`.
fn hit(rows: &[BlastRow], share: f64) -> String {
    let names: Vec<&str> = rows.iter().filter(|row| row.hit).map(|row| row.name.as_str()).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        few @ ([_] | [_, _] | [_, _, _]) => format!("{} ({})", few.join(", "), Unit::Share.amount(share, None)),
        many => format!("{} of {} ({})", many.len(), rows.len(), Unit::Share.amount(share, None)),
    }
}

/// The edge that is called again most, while the fault lasts and in its recovery.
fn amplified(fault: &FaultSummary) -> Option<String> {
    let most = |of: fn(&crate::record::FaultEdge) -> &Estimate| {
        let told = fault.edges.iter().filter_map(|edge| Some((edge, of(edge).value?)));
        told.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, times)| *times > AMPLIFIED)
    };
    let words = |(edge, times): (&crate::record::FaultEdge, f64)| {
        format!("{} → {} {}", edge.from, edge.to, significant(times, 3))
    };
    let (during, after) = (most(|edge| &edge.during).map(words), most(|edge| &edge.after).map(words));
    match (during, after) {
        (None, None) => None,
        (Some(during), None) => Some(during),
        (during, Some(after)) => Some(format!("{}; in its recovery {after}", during.unwrap_or_else(|| "1".to_owned()))),
    }
}

fn availability(comparison: &Comparison) -> Option<Section> {
    let variants = &comparison.variants;
    let users = variants.iter().any(|variant| variant.availability.users.value.is_some());
    let objective = variants.iter().any(|variant| variant.budget.is_some());
    if !users && !objective && comparison.faults.is_empty() && variants.iter().all(|variant| variant.faults.is_empty())
    {
        return None;
    }
    let mut rows = Vec::new();
    let mut row = |label: String, cell: &dyn Fn(&VariantResult) -> Option<String>| {
        let cells: Vec<Option<String>> = variants.iter().map(cell).collect();
        if cells.iter().any(Option::is_some) {
            rows.push([label].into_iter().chain(cells.into_iter().map(Option::unwrap_or_default)).collect::<Vec<_>>());
        }
    };
    row("by requests".to_owned(), &|v| {
        v.availability.requests.value.map(|_| cell(Unit::Share, &v.availability.requests))
    });
    row("by time".to_owned(), &|v| v.availability.time.value.map(|_| cell(Unit::Share, &v.availability.time)));
    row("by users".to_owned(), &|v| v.availability.users.value.map(|_| cell(Unit::Share, &v.availability.users)));
    let lengths = variants.iter().map(|v| v.availability.windowed.len()).max().unwrap_or(0);
    for index in 0..lengths {
        let length = variants.iter().find_map(|v| v.availability.windowed.get(index)).map_or(0.0, |of| of.0);
        row(format!("by users, worst {}", crate::report::number::span(length)), &|v| {
            v.availability.windowed.get(index).map(|(_, figure)| cell(Unit::Share, figure))
        });
    }
    row("error budget of 30 days".to_owned(), &|v| {
        let budget = v.budget.as_ref()?;
        Some(format!("{} min, {} requests", significant(budget.minutes, 4), significant(budget.requests, 3)))
    });
    row("burned outside faults, times as fast as allowed".to_owned(), &|v| {
        Some(cell(Unit::Plain(""), &v.budget.as_ref()?.burn_rate_outside))
    });
    let mut notes = rules(variants);
    if let Some(budget) = variants.iter().find_map(|variant| variant.budget.as_ref()) {
        notes.push(format!(
            "the objective of {} % leaves {} % to lose; minutes are of full outage at the mean rate of the run",
            significant(100.0 * budget.objective, 6),
            significant(100.0 * (1.0 - budget.objective), 4)
        ));
    }
    Some(Section {
        title: "Availability by requests, time and users".to_owned(),
        when: String::new(),
        head: head(variants),
        rows,
        notes,
    })
}

/// What all variants share once, then each one's own.
fn rules(variants: &[VariantResult]) -> Vec<String> {
    let shared = |rule: &String| variants.iter().all(|variant| variant.availability.rules.contains(rule));
    let first = variants.first().into_iter().flat_map(|variant| &variant.availability.rules);
    let own = variants.iter().flat_map(|variant| {
        let own = variant.availability.rules.iter().filter(|rule| !shared(rule));
        own.map(move |rule| format!("{}: {rule}", variant.name))
    });
    first.filter(|rule| shared(rule)).cloned().chain(own).collect()
}

fn errors(comparison: &Comparison, variant: &VariantResult) -> Option<Section> {
    // Of a run without faults the classes stand with its streams.
    if variant.errors.is_empty() || variant.faults.is_empty() {
        return None;
    }
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { text.to_owned() };
    let row = |error: &ErrorSummary| {
        vec![
            format!("{} at {}", error.class, error.edge),
            or_none(&error.place),
            or_none(&error.fault),
            or_none(&error.within),
            count(error.count),
            Unit::Share.amount(error.share, None),
        ]
    };
    let of = if comparison.variants.len() > 1 { format!(" of {}", variant.name) } else { String::new() };
    let notes = vec![
        "the call that decided a request's failure, where its last attempt went, the fault that lasted on that way, and the \
         fault in which, or before service was back from which, the request was sent; counts are of all replications"
            .to_owned(),
    ];
    Some(Section {
        when: String::new(),
        title: format!("Where requests failed{of}"),
        head: ["", "place", "fault on its way", "sent in", "requests", "share"].map(str::to_owned).into(),
        rows: variant.errors.iter().take(PLACES).map(row).collect(),
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_all_variants_share_stand_once_and_shares_that_were_not_seen_are_named() {
        let variant = |name: &str, cutoff: &str| {
            let mut of = VariantResult { name: name.into(), ..VariantResult::default() };
            of.availability.rules = vec!["by time".to_owned(), format!("by users, {cutoff}")];
            of
        };
        assert_eq!(rules(&[variant("a", "9 s"), variant("b", "9 s")]), ["by time", "by users, 9 s"]);
        assert_eq!(
            rules(&[variant("a", "9 s"), variant("b", "8 s")]),
            ["by time", "a: by users, 9 s", "b: by users, 8 s"]
        );
        let unseen = Estimate { low: Some(340.0), ..Estimate::default() };
        let of = |served: [Estimate; 4]| {
            let served_s = [0.5, 0.9, 0.95, 0.99].into_iter().zip(served).collect();
            super::served(&FaultSummary { served_s, ..FaultSummary::default() }).expect("told")
        };
        let seen = Estimate::exact;
        assert_eq!(of([seen(0.0), unseen.clone(), unseen.clone(), unseen.clone()]), "0, from 90 % on more than 340 s");
        assert_eq!(of([seen(1.2), seen(44.0), seen(44.0), unseen]), "1.2, 44, 44, more than 340 s");
    }
}
