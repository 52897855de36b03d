//! The page's tables: differences, faults, requests, calls, resources, digests, and the parts of one request.

use minijinja::context;
use minijinja::value::Value;

use crate::record::{Comparison, Estimate, Span, Trace, VariantResult};
use crate::report::harm::{Section, sections};
use crate::report::number::{Unit, count, half_width, mark};

/// A table: heads, then rows whose first cell names the row.
fn table(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> Value {
    context! { title, head => heads(head), rows }
}

fn heads(head: &[&str]) -> Vec<String> {
    head.iter().map(|text| (*text).to_owned()).collect()
}

/// A figure with its interval in one cell.
fn cell(unit: Unit<'_>, figure: &Estimate) -> String {
    match unit.interval(figure) {
        Some(interval) => format!("{} ({interval})", unit.value(figure)),
        None => unit.value(figure),
    }
}

/// The paired differences.
pub(super) fn differences(comparison: &Comparison) -> Value {
    let rows = comparison.differences.iter().map(|row| {
        let unit = match Unit::named(&row.unit) {
            Unit::Share => Unit::Points,
            other => other,
        };
        let figure = &row.difference;
        let value = figure.value.map_or_else(|| unit.value(figure), |value| unit.signed(value, half_width(figure)));
        vec![
            format!("{} minus {}", row.variant, row.from),
            row.metric.clone(),
            value,
            unit.interval(figure).unwrap_or_default(),
            row.variance_ratio.map_or_else(String::new, |ratio| format!("{} ×", mark(ratio))),
        ]
    });
    table("", &["", "of", "difference", "interval", "less variance than unpaired"], rows.collect())
}

/// Faults from side to side, availability, and where requests failed.
pub(super) fn harm(comparison: &Comparison) -> Vec<Value> {
    let section = |section: Section| {
        context! { title => section.title, when => section.when, head => section.head, rows => section.rows, notes => section.notes }
    };
    sections(comparison).into_iter().map(section).collect()
}

/// Requests, calls, resources and flows of a variant.
pub(super) fn parts(variant: &VariantResult) -> Value {
    let tables = [requests(variant), calls(variant), resources(variant), flows(variant)];
    context! { name => variant.name.clone(), tables => tables.into_iter().flatten().collect::<Vec<_>>() }
}

fn requests(variant: &VariantResult) -> Option<Value> {
    let rows = variant.rows.iter().map(|row| {
        let quantile =
            |name: &str| row.latency_ms.get(name).map_or_else(String::new, |figure| cell(Unit::Milliseconds, figure));
        let failed = row.failed.iter().map(|(class, times)| format!("{} {class}", count(*times))).collect::<Vec<_>>();
        vec![
            format!("{} {} ({})", row.entry, row.operation, row.region),
            count(row.sent),
            quantile("p50"),
            quantile("p99"),
            cell(Unit::Share, &row.availability),
            failed.join(", "),
        ]
    });
    filled("Requests by stream and operation", &["", "sent", "p50", "p99", "success", "failed"], rows.collect())
}

fn calls(variant: &VariantResult) -> Option<Value> {
    let rows = variant.edges.iter().map(|edge| {
        let quantile =
            |name: &str| edge.latency_ms.get(name).map_or_else(String::new, |ms| Unit::Milliseconds.amount(*ms, None));
        vec![
            format!("{} → {}", edge.from, edge.to),
            count(edge.calls),
            cell(Unit::Plain(""), &edge.amplification),
            count(edge.failed.values().sum()),
            quantile("p50"),
            quantile("p99"),
            count(edge.connections),
            count(edge.ejections),
        ]
    });
    let head = ["", "calls", "attempts per call", "failed", "p50", "p99", "connections", "ejections"];
    filled("Calls by edge", &head, rows.collect())
}

fn resources(variant: &VariantResult) -> Option<Value> {
    let rows = variant.resources.iter().map(|resource| {
        vec![
            format!("{} {}", resource.kind, resource.name),
            cell(Unit::Share, &resource.utilisation),
            cell(Unit::Milliseconds, &resource.wait_ms),
            cell(Unit::Share, &resource.blocked),
        ]
    });
    filled("What was busy", &["", "busy", "mean wait", "turned away"], rows.collect())
}

fn flows(variant: &VariantResult) -> Option<Value> {
    let rows = variant
        .flows
        .iter()
        .map(|(edge, from, to, share)| vec![edge.clone(), from.clone(), to.clone(), Unit::Share.amount(*share, None)]);
    filled("Where calls went", &["", "from", "to", "share of the edge"], rows.collect())
}

fn filled(title: &str, head: &[&str], rows: Vec<Vec<String>>) -> Option<Value> {
    (!rows.is_empty()).then(|| table(title, head, rows))
}

/// Digests of the replications, one row per variant.
pub(super) fn digests(comparison: &Comparison) -> Value {
    let rows = comparison.variants.iter().map(|v| vec![v.name.clone(), v.digests.join(" ")]);
    table("", &["variant", "digests of its replications, in order"], rows.collect())
}

/// One request as bars.
pub(super) fn trace(variant: &str, trace: &Trace) -> Value {
    let end = trace.spans.iter().map(|span| span.start_ms + span.length_ms).fold(trace.latency_ms, f64::max).max(1e-9);
    let spans = trace.spans.iter().map(|span| bar(span, end)).collect::<Vec<_>>();
    let sum = trace.spans.iter().filter(|span| span.critical).map(|span| span.length_ms).sum::<f64>();
    let latency = format!("{:.2}", trace.latency_ms);
    context! {
        title => format!("{variant}: {} request {}, replication {}, {latency} ms, {}", trace.why, trace.request, trace.replication, trace.outcome),
        latency => format!("{end:.2}"),
        spans,
        sum => format!("The parts on the deciding path sum to {sum:.2} ms; the request took {latency} ms."),
    }
}

fn bar(span: &Span, end: f64) -> Value {
    context! {
        kind => span.kind.clone(),
        what => span.what.clone(),
        critical => span.critical,
        indent => format!("{:.1}", 1.1 * f64::from(span.depth.min(12))),
        start => format!("{:.2}", span.start_ms),
        length => format!("{:.2}", span.length_ms),
        left => format!("{:.3}", span.start_ms / end * 100.0),
        width => format!("{:.3}", span.length_ms / end * 100.0),
    }
}
