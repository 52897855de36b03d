//! Tables of users who keep connections.

use super::table::{Sheet, each, number, three};
use crate::record::Comparison;

/// Over the horizon: how many are open at which cluster, and what happened.
pub(super) fn sessions(of: &Comparison) -> Vec<u8> {
    let names =
        ["variant", "stream", "start_s", "end_s", "cluster", "open", "tried", "failed", "broken", "back", "given_up"];
    let mut sheet = Sheet::new(&names);
    for (variant, row) in each(of, |variant| &variant.sessions) {
        for point in &row.windows {
            let at = [point.start_s, point.end_s].map(|at| at.to_string());
            let keys = || [variant.clone(), row.stream.clone()].into_iter().chain(at.clone());
            let all = [point.open.iter().sum(), point.tried, point.failed, point.broken, point.back, point.given_up];
            sheet.row(keys().chain(["all".to_owned()]).chain(all.map(|value: f64| value.to_string())));
            for (cluster, open) in row.clusters.iter().zip(&point.open) {
                let mut cells = vec![cluster.cluster.clone(), open.to_string()];
                cells.resize(7, String::new());
                sheet.row(keys().chain(cells));
            }
        }
    }
    sheet.bytes()
}

/// What faults did to them.
pub(super) fn faults(of: &Comparison) -> Vec<u8> {
    let mut names = vec!["variant", "stream", "fault", "broken", "given_up", "worst_per_s", "before_per_s"];
    names.extend(["back50_s", "back50_low_s", "back50_high_s", "back90_s", "back90_low_s", "back90_high_s"]);
    names.extend(["back95_s", "back95_low_s", "back95_high_s", "back99_s", "back99_low_s", "back99_high_s"]);
    let mut sheet = Sheet::new(&names);
    for (variant, row) in each(of, |variant| &variant.sessions) {
        for fault in &row.faults {
            let keys = [variant.clone(), row.stream.clone(), fault.fault.clone()];
            let counts = [&fault.broken, &fault.given_up, &fault.worst_per_s, &fault.before_per_s];
            let backs = fault.back_s.iter().flat_map(three);
            sheet.row(keys.into_iter().chain(counts.map(|count| number(count.value))).chain(backs));
        }
    }
    sheet.bytes()
}
