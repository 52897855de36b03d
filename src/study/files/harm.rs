//! Tables of failures: attempts edge by edge through each fault, where requests failed, availability by three measures.

use super::table::{Sheet, each, head, number, whole};
use crate::record::Comparison;

/// Attempts per call of each edge, through each fault.
pub(super) fn edges(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&["variant", "fault", "from", "to", "figure"]));
    for (variant, fault) in each(of, |variant| &variant.faults) {
        for edge in &fault.edges {
            let keys = [&variant, &fault.name, &edge.from, &edge.to].map(Clone::clone);
            let bare = |value: Option<f64>| {
                let mut cells = vec![number(value)];
                cells.resize(8, String::new());
                cells
            };
            let figures = [
                ("attempts_per_call_before", bare(edge.before)),
                ("attempts_per_call_during", whole(&edge.during)),
                ("attempts_per_call_recovery", whole(&edge.after)),
                ("attempts_per_call_later", bare(edge.later)),
                ("failed_share_before", bare(edge.failed_before)),
                ("failed_share_during", bare(edge.failed_during)),
            ];
            for (figure, cells) in figures {
                sheet.row(keys.clone().into_iter().chain([figure.to_owned()]).chain(cells));
            }
        }
    }
    sheet.bytes()
}

/// Failed requests by class, place and cause.
pub(super) fn errors(of: &Comparison) -> Vec<u8> {
    let names = ["variant", "class", "edge", "place", "fault", "within", "failed_requests", "failed_share"];
    let mut sheet = Sheet::new(&names);
    for (variant, error) in each(of, |variant| &variant.errors) {
        let words = [&error.class, &error.edge, &error.place, &error.fault, &error.within].map(Clone::clone);
        let figures = [error.count.to_string(), error.share.to_string()];
        sheet.row([variant].into_iter().chain(words).chain(figures));
    }
    sheet.bytes()
}

/// Availability by requests, by time, by users, and by users in their worst window of each length.
pub(super) fn availability(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&["variant", "measure", "window_s"]));
    for variant in &of.variants {
        let measures = &variant.availability;
        let whole_run = [("requests", &measures.requests), ("time", &measures.time), ("users", &measures.users)];
        for (measure, estimate) in whole_run {
            let keys = [variant.name.clone(), measure.to_owned(), String::new()];
            sheet.row(keys.into_iter().chain(whole(estimate)));
        }
        for (length, estimate) in &measures.windowed {
            let keys = [variant.name.clone(), "users-worst-window".to_owned(), length.to_string()];
            sheet.row(keys.into_iter().chain(whole(estimate)));
        }
    }
    sheet.bytes()
}
