//! Downtime and years to come: a column for each variant, and what each figure rests on.

use crate::record::{Business, BusinessFault, Comparison, Estimate};
use crate::report::number::Unit;
use crate::units::significant;

/// What is shown of them.
pub(super) struct Section {
    /// `Business, 3 years`.
    pub(super) title: String,
    /// An empty cell, then the variants.
    pub(super) head: Vec<String>,
    /// Label, then a cell for each variant.
    pub(super) rows: Vec<Vec<String>>,
    /// Years in which a variant carries more than it can.
    pub(super) over: Vec<String>,
    /// What the figures rest on.
    pub(super) basis: Vec<String>,
}

/// The section; none where the scenario has no `business:`.
pub(super) fn section(comparison: &Comparison) -> Option<Section> {
    let of: Vec<(&str, &Business)> =
        comparison.variants.iter().filter_map(|v| Some((v.name.as_str(), v.business.as_ref()?))).collect();
    let (_, first) = of.first()?;
    let most = of.iter().map(|(_, business)| business.years.len()).max().unwrap_or(0);
    let span = if most == 1 { "1 year".to_owned() } else { format!("{most} years") };
    let over = of.iter().flat_map(|(name, business)| {
        let years = business.years.iter().filter(|year| !year.over.is_empty());
        years.map(move |year| format!("{name}, year {}: more than is carried by {}", year.year, year.over.join(", ")))
    });
    Some(Section {
        title: format!("Business, {span}"),
        head: [String::new()].into_iter().chain(of.iter().map(|(name, _)| (*name).to_owned())).collect(),
        rows: rows(&of, first, most, &span),
        over: over.collect(),
        basis: basis(&of),
    })
}

fn rows(of: &[(&str, &Business)], first: &Business, most: usize, span: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |label: String, cell: &dyn Fn(&Business) -> String| {
        let cells: Vec<String> = of.iter().map(|(_, business)| cell(business)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            rows.push([label].into_iter().chain(cells).collect::<Vec<String>>());
        }
    };
    for index in 0..most {
        let times = first.years.get(index).map_or(1.0, |year| year.times);
        let label = match index {
            0 => "bill of year 1".to_owned(),
            _ if times == 1.0 => format!("bill of year {}", index + 1),
            _ => format!("bill of year {}, {} times the traffic", index + 1, significant(times, 3)),
        };
        row(label, &|business| business.years.get(index).map_or_else(String::new, |year| money(&year.bill, business)));
    }
    let mut names: Vec<&str> = Vec::new();
    for fault in of.iter().flat_map(|(_, business)| &business.faults) {
        if !names.contains(&fault.name.as_str()) {
            names.push(&fault.name);
        }
    }
    let found = |business: &Business, name: &str| business.faults.iter().find(|fault| fault.name == name).cloned();
    for name in &names {
        row(format!("{name}, each"), &|business| {
            let Some((fault, hours)) =
                found(business, name).and_then(|fault| Some((fault.clone(), fault.hours.value?)))
            else {
                return String::new();
            };
            let requests = fault.requests.value.unwrap_or(0.0);
            format!("{} min of downtime, {} requests", significant(60.0 * hours, 3), significant(requests, 3))
        });
        row(format!("{name}, assumed a year"), &|business| {
            let rated = found(business, name).and_then(|fault| Some((fault.per_year?, fault.clone())));
            rated.map_or_else(String::new, |(rate, fault)| format!("{} times{}", significant(rate, 3), length(&fault)))
        });
        let base = of[0].0;
        row(format!("{name}, as dear as {base} at, a year"), &|business| {
            let Some(fault) = found(business, name) else { return String::new() };
            fault.even_per_year.map_or(fault.even_why, |rate| format!("{} times", significant(rate, 3)))
        });
    }
    row("failing with nothing down, a year".to_owned(), &|business| {
        let hours = business.calm_hours.as_ref().and_then(|hours| hours.value);
        hours.map_or_else(String::new, |hours| format!("{} min of downtime", significant(60.0 * hours, 3)))
    });
    let as_here = if as_long_as_here(of) { ", outages as long as here" } else { "" };
    row(format!("minutes of a year, by assumed rates{as_here}"), &|business| match business.minutes_year.value {
        Some(minutes) => format!("{} min", significant(minutes, 3)),
        None => String::new(),
    });
    if first.downtime_hour.is_some() {
        for name in names {
            row(format!("{name}, each, money"), &|business| {
                let fault = business.faults.iter().find(|fault| fault.name == name);
                fault.map_or_else(String::new, |fault| money(&fault.cost, business))
            });
        }
        row(format!("downtime of a year{as_here}"), &|business| match business.downtime_year.value {
            Some(_) => money(&business.downtime_year, business),
            None => "not counted".to_owned(),
        });
    }
    let as_here = if of.iter().any(|(_, business)| business.downtime_year.value.is_some()) { as_here } else { "" };
    row(format!("total of {span}{as_here}"), &|business| money(&business.total, business));
    rows
}

/// Does a year count outages of a length that was written for a run?
fn as_long_as_here(of: &[(&str, &Business)]) -> bool {
    of.iter().flat_map(|(_, business)| &business.faults).any(BusinessFault::is_as_long_as_here)
}

/// ` of 2 min (the book: 267 min)`; empty where lengths are drawn by the scenario's own law.
fn length(fault: &BusinessFault) -> String {
    let Some(length) = fault.length.as_ref().filter(|_| fault.is_as_long_as_here()) else { return String::new() };
    let mean = length.mean().map(|mean| format!(" ({}: {mean})", length.by)).unwrap_or_default();
    format!(" of {}{mean}", length.here())
}

/// What all variants share once, then each one's own.
fn basis(of: &[(&str, &Business)]) -> Vec<String> {
    let shared = |text: &String| of.iter().all(|(_, business)| business.basis.contains(text));
    let first = of.first().into_iter().flat_map(|(_, business)| &business.basis).filter(|text| shared(text)).cloned();
    let own = of.iter().flat_map(|(name, business)| {
        business.basis.iter().filter(|text| !shared(text)).map(move |text| format!("{name}: {text}"))
    });
    first.chain(own).collect()
}

/// A figure with its noise.
fn money(of: &Estimate, business: &Business) -> String {
    let unit = Unit::Money(&business.currency);
    match (of.value, unit.interval(of)) {
        (None, _) => "not known".to_owned(),
        (Some(_), Some(interval)) => format!("{} ({interval})", unit.value(of)),
        (Some(_), None) => unit.value(of),
    }
}
