//! `services.NAME.autoscale`.

use super::fields::{Decoder, Fields};
use crate::policy::autoscale::{DEFAULT, EVICTION, GRACE, Rule};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Autoscale, ReplicaCount, Replicas};
use crate::scenario::quantity;
use crate::scenario::vocabulary as words;
use crate::units::{Duration, Ratio};

impl Decoder {
    /// How a service's replicas follow its load.
    pub(super) fn autoscale(&mut self, service: &Fields<'_>, replicas: &[Replicas]) -> Option<Autoscale> {
        let entry = service.entry("autoscale")?;
        let map = self.open(Some(&entry.node), &words::AUTOSCALE, service.path_of("autoscale"), entry.key)?;
        let (min, max) = (map.count32(self, "min"), map.count32(self, "max"));
        let target = map.read(self, "target", quantity::share);
        let tolerance = map.read(self, "tolerance", quantity::share);
        let boot = map.read(self, "boot", quantity::duration);
        let every = map.read(self, "every", look).map_or(DEFAULT.every, |every| every.value);
        let window = map.read(self, "metrics", look).map_or(DEFAULT.window, |window| window.value);
        let mut span = |key, usual| map.read(self, key, quantity::duration).map_or(usual, |span| span.value);
        let down_window = span("scale-down-window", DEFAULT.down_window);
        let up_window = span("scale-up-window", DEFAULT.up_window);
        let (evict, grace) = (span("evict-after", EVICTION), span("grace", GRACE));
        map.close();
        let percent = |share: Ratio| (share.get() * 100.0).round() as u32;
        let whole = |share: Ratio| (share.get() * 100.0 - f64::from(percent(share))).abs() < 1e-9;
        if let Some(target) = target.filter(|target| percent(target.value) == 0 || !whole(target.value)) {
            let wrong = Diagnostic::error("EW460", "an autoscaler's target is a whole percentage above 0");
            self.say(wrong.at(target.span, "").help("for example `65%`"));
        }
        let (min_value, max) = (min.map_or(1, |min| min.value), max?);
        if let Some(min) = min.filter(|min| min.value > max.value) {
            let wrong =
                Diagnostic::error("EW460", format!("at least {} replicas, but no more than {}", min.value, max.value));
            self.say(wrong.at(min.span, "").at(max.span, "").help("`min` is at most `max`"));
            return None;
        }
        for row in replicas {
            let count = match &row.count {
                ReplicaCount::Spread(count) => *count,
                ReplicaCount::Zones(zones) => zones.iter().map(|(_, count)| count).sum(),
            };
            // A cluster with none has no Deployment.
            if count > 0 && !(min_value..=max.value).contains(&count) {
                let cluster = &row.cluster.value;
                let text = format!(
                    "{cluster} begins with {count} replicas, which its autoscaler would change at once: it has {min_value} to {}",
                    max.value
                );
                let wrong = Diagnostic::error("EW461", text).at(row.cluster.span, "").at(entry.key, "");
                self.say(wrong.help(
                    "begin with a number that is within `min` and `max`; each cluster has an autoscaler of its own",
                ));
            }
        }
        let rule = Rule {
            target_percent: target.map_or(DEFAULT.target_percent, |target| percent(target.value)),
            min: min_value,
            max: max.value,
            every,
            tolerance: tolerance.map_or(DEFAULT.tolerance, |share| share.value.get()),
            window,
            down_window,
            up_window,
        };
        Some(Autoscale { span: entry.key, rule, boot: boot?.value, evict, grace })
    }
}

/// Who looks again and again does so once a second at most: metrics-server measures no more often than each 10 s, and a run
/// of shorter periods would do nothing else.
fn look(text: &str) -> Result<Duration, quantity::Complaint> {
    match quantity::duration(text)? {
        span if span < Duration::from_secs(1) => {
            Err(quantity::Complaint::new("EW105", "an autoscaler looks once a second at most", "for example `15s`"))
        }
        span => Ok(span),
    }
}
