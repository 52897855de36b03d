//! A request followed through its hops, drawn as bars; the parts on the deciding path sum to its latency.

use super::{Style, heading, paragraph};
use crate::record::{Span, Trace};

/// Columns of a bar chart below which it says nothing.
const LEAST_BAR: usize = 12;

/// The waterfall of one request.
pub fn waterfall(trace: &Trace, width: usize, style: Style) -> String {
    let decimals = decimals(trace.latency_ms);
    let ms = |value: f64| format!("{value:.decimals$}");
    let mut out = paragraph(
        &format!(
            "{}: request {}, replication {}, {} ms, {}",
            trace.why,
            trace.request,
            trace.replication,
            ms(trace.latency_ms),
            trace.outcome
        ),
        0,
        2,
        width,
    );
    let labels = trace.spans.iter().map(label).collect::<Vec<_>>();
    let column = labels.iter().map(|text| text.chars().count()).max().unwrap_or(0).min(width / 2);
    let number = ms(trace.latency_ms).len().max(8);
    let bar = width.saturating_sub(column + 2 * (number + 2) + 4).max(LEAST_BAR);
    let end = trace.spans.iter().map(|span| span.start_ms + span.length_ms).fold(trace.latency_ms, f64::max);

    out.push_str(&heading("Where the time went", style));
    out.push_str(&style.dim(&format!("  {:column$}  {:>number$}  {:>number$}", "", "from ms", "for ms")));
    out.push('\n');
    for (span, label) in trace.spans.iter().zip(&labels) {
        let drawn = drawing(span, end, bar);
        let drawn = if span.critical { drawn } else { style.dim(&drawn) };
        let (from, length) = (ms(span.start_ms), ms(span.length_ms));
        out.push_str(
            format!("  {:column$}  {from:>number$}  {length:>number$}  {drawn}", clipped(label, column)).trim_end(),
        );
        out.push('\n');
    }
    out.push_str(&sum_line(trace, decimals));
    style.finish(out)
}

/// The parts on the deciding path and what they come to.
fn sum_line(trace: &Trace, decimals: usize) -> String {
    let sum = trace.spans.iter().filter(|span| span.critical).map(|span| span.length_ms).sum::<f64>();
    let latency = trace.latency_ms;
    let ms = |value: f64| format!("{value:.decimals$}");
    // A nanosecond per part is the rounding of the record's milliseconds.
    let tolerance = 1e-6 * (trace.spans.len() as f64 + 1.0);
    if (sum - latency).abs() <= tolerance {
        format!("  parts on the deciding path (█) sum to {} ms = latency\n", ms(sum))
    } else {
        format!(
            "  parts on the deciding path (█) sum to {} ms, latency is {} ms: {} ms are not accounted for\n",
            ms(sum),
            ms(latency),
            ms(latency - sum)
        )
    }
}

fn label(span: &Span) -> String {
    format!("{}{} {}", "  ".repeat(span.depth.min(12) as usize), span.kind, span.what)
}

fn clipped(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// A bar from its start to its end, at least one cell where it has a length.
fn drawing(span: &Span, end: f64, cells: usize) -> String {
    if end <= 0.0 {
        return String::new();
    }
    let at = |ms: f64| ((ms / end * cells as f64).round() as usize).min(cells);
    let (from, to) = (at(span.start_ms), at(span.start_ms + span.length_ms));
    let from = from.min(cells - 1);
    let length = (to.saturating_sub(from)).max(usize::from(span.length_ms > 0.0));
    let fill = if span.critical { "█" } else { "░" };
    format!("{}{}", " ".repeat(from), fill.repeat(length))
}

/// Decimals for one request, whose times are exact: down to a thousandth of its latency and a bit more.
fn decimals(latency_ms: f64) -> usize {
    match latency_ms {
        l if l >= 1000.0 => 1,
        l if l >= 10.0 => 2,
        _ => 3,
    }
}
