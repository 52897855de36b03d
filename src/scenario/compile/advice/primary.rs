//! Outlier detection that takes a missing primary for a broken host: the 503 of a write is the application's.

use super::hearing::heard;
use super::{Reading, Say, Told};
use crate::scenario::Span;
use crate::units::significant;

pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        let policy = &called.rules.policy;
        let Some(outlier) = &policy.outlier else { continue };
        let counts = [Some(outlier.consecutive_5xx), outlier.consecutive_gateway];
        let Some(count) = counts.into_iter().flatten().filter(|count| *count > 0).min() else { continue };
        let Some((rate, ..)) = heard(reading, &called) else { continue };
        for database in reading.world.databases.rows() {
            let Some(after) = database.after else { continue };
            let writes = reading.taken[&called.id].iter().any(|operation| database.writes.contains(operation));
            let missing = after + database.takes;
            // As many calls as that come to a host while nobody can write.
            if !writes || rate * missing.seconds() < f64::from(count) {
                continue;
            }
            let say = Say {
                code: "EW549",
                before: "outlier detection on ".to_owned(),
                after: format!(
                    " ejects healthy hosts when the primary of {} is missed: until another takes writes, after {missing}, each write is answered 503 (`no-primary`), {count} in a row eject the host that said so, and a proxy sends one {} calls a second; for {} and longer then, its reads fail or go elsewhere, and writes fail on although there is a primary again",
                    database.name,
                    significant(rate, 2),
                    outlier.eject
                ),
                at: reading.written(&called, |patch| patch.outlier.map(|outlier| outlier.span)).unwrap_or(Span::NONE),
                help: "count what the application answers apart from hosts that are not reached: `outlier: {consecutive-5xx: 0, split-external-local: true, consecutive-local: 5}` without `consecutive-gateway` (Istio: `consecutive5xxErrors: 0`, `splitExternalLocalOriginErrors`, `consecutiveLocalOriginFailures`)".to_owned(),
            };
            told.say(&called.edge.name, say);
        }
    }
}
