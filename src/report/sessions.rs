//! Users who keep connections: how many are open at which cluster, what faults broke, and when that was back.

use super::harm::Section;
use super::number::Unit;
use crate::record::{Comparison, Estimate, SessionSummary, VariantResult};

/// The sections of each variant; none where nobody keeps a connection.
pub(super) fn sections(comparison: &Comparison) -> Vec<Section> {
    let many = comparison.variants.len() > 1;
    let of = |variant: &VariantResult| if many { format!(" of {}", variant.name) } else { String::new() };
    let with = comparison.variants.iter().filter(|variant| !variant.sessions.is_empty());
    with.flat_map(|variant| [Some(open(variant, &of(variant))), broken(variant, &of(variant))]).flatten().collect()
}

fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|&title| title.to_owned()).collect()
}

fn whole(figure: &Estimate) -> String {
    let unit = Unit::Plain("");
    match unit.interval(figure) {
        Some(interval) => format!("{} ({interval})", unit.value(figure)),
        None => unit.value(figure),
    }
}

fn open(variant: &VariantResult, of: &str) -> Section {
    let mut rows = Vec::new();
    for row in &variant.sessions {
        let (none, plain) = (String::new, Unit::Plain(""));
        let failed = Unit::Share.value(&row.failed);
        let ends = |of: &crate::record::ClusterShare| [&of.first, &of.last].map(|figure| plain.value(figure));
        // Of several clusters each has a row of its own below.
        let [first, last] = if let [only] = &row.clusters[..] { ends(only) } else { [none(), none()] };
        rows.push(vec![row.stream.clone(), whole(&row.open), first, last, plain.value(&row.tried_per_s), failed]);
        for cluster in row.clusters.iter().filter(|_| row.clusters.len() > 1) {
            let [first, last] = ends(cluster);
            rows.push(vec![format!("- at {}", cluster.cluster), none(), first, last, none(), none()]);
        }
    }
    let note = "open as far as their clients know: one whose ingress died without a word counts until its client finds out; at \
                first and in the end: in the first and the last window of the horizon";
    Section {
        title: format!("Sessions{of}"),
        when: String::new(),
        head: head(&["", "open on average", "at first", "in the end", "connects/s", "of these failed"]),
        rows,
        notes: vec![note.to_owned()],
    }
}

fn broken(variant: &VariantResult, of: &str) -> Option<Section> {
    let rows = |row: &SessionSummary| {
        let plain = Unit::Plain("");
        let of_fault = |fault: &crate::record::SessionHarm| {
            let counts = [&fault.broken, &fault.given_up, &fault.before_per_s, &fault.worst_per_s];
            let backs = fault.back_s.iter().map(|back| match (back.value, back.low) {
                (None, Some(low)) => format!("more than {}", Unit::Seconds.amount(low, None)),
                _ => Unit::Seconds.value(back),
            });
            let name = format!("{} in {}", row.stream, fault.fault);
            [name].into_iter().chain(counts.map(|count| plain.value(count))).chain(backs).collect()
        };
        row.faults.iter().map(of_fault).collect::<Vec<Vec<String>>>()
    };
    let rows: Vec<Vec<String>> = variant.sessions.iter().flat_map(rows).collect();
    let note = "broken: clients that got to know it during the fault or its recovery, per replication; back: seconds from the \
                fault's start until so many of them were open again; worst: connects in the worst second, of which new \
                sessions are some";
    (!rows.is_empty()).then(|| Section {
        title: format!("Sessions{of} that broke"),
        when: String::new(),
        head: head(&["", "broken", "given up", "connects/s before", "worst", "50 % back", "90 %", "95 %", "99 %"]),
        rows,
        notes: vec![note.to_owned()],
    })
}
