//! A gateway is one host to its clients, however many replicas stand behind it.

use std::collections::BTreeSet;

use super::{Reading, Say, Told, behind, percent};
use crate::policy::outlier::may_eject;
use crate::world::Host;

/// One ejection takes all that stand behind a gateway: more than the limit on ejections promises, or all there is.
pub(super) fn advice(reading: &Reading<'_>, told: &mut Told) {
    for called in reading.edges() {
        let Some(outlier) = &called.rules.policy.outlier else { continue };
        for (_, set) in reading.views(&called) {
            let hosts = set.hosts.len() as u32;
            if !may_eject(0, hosts, outlier) {
                continue;
            }
            let all: usize = set.hosts.iter().map(|host| led_to(host).max(1)).sum();
            let Some(most) = set.hosts.iter().map(led_to).max().filter(|most| *most > 1) else { continue };
            let share = most as f64 / all as f64;
            let after = if hosts == 1 {
                format!(
                    " goes to a gateway alone, one host for {most} replicas: {} failures of any of them in a row and all calls fail with 503 (UH) for {}",
                    outlier.consecutive_5xx, outlier.eject
                )
            } else if 100.0 * share > f64::from(outlier.max_ejection_percent) + 1e-9 {
                format!(
                    " may lose {} of its replicas to one ejection, though max-ejection is {} %: a gateway is one host of {hosts}, and stands for {most} of {all} replicas",
                    percent(share),
                    outlier.max_ejection_percent
                )
            } else {
                continue;
            };
            let at = reading.written(&called, |patch| patch.outlier.map(|outlier| outlier.span));
            let say = Say {
                code: "EW387",
                before: String::new(),
                after,
                at: at.unwrap_or(crate::scenario::Span::NONE),
                help: "give it more gateways, routes without one (one network), an `l7` gateway, or no outlier detection on this edge (Istio: a DestinationRule of its own for this host)".to_owned(),
            };
            told.say(&called.edge.name, say);
            break;
        }
    }
}

/// Replicas behind a gateway, each once though several ways may lead to it; 0 for a replica itself.
fn led_to(host: &Host) -> usize {
    behind(host).iter().map(|(endpoint, _)| *endpoint).collect::<BTreeSet<_>>().len()
}
