//! `run:`.

use super::fields::{Decoder, below};
use super::mesh::positive;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{RateLaw, Run, Stream, StreamArrivals, WarmUp};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::Entry;
use crate::scenario::vocabulary as words;
use crate::units::Duration;
use indexmap::IndexMap;

/// Without `horizon`, a run lasts at least this long.
const HORIZON: Duration = Duration::from_secs(600);
/// Without `horizon`, a run lasts at most this long.
const HORIZON_MAX_UNSAID: Duration = Duration::from_secs(86_400);
/// No run is longer.
const HORIZON_MAX: Duration = Duration::from_secs(31 * 86_400);
/// Without `horizon`, a run sees about this many requests.
const REQUESTS: f64 = 1e5;
/// One replication is not asked for more requests than this.
const REQUESTS_MAX: f64 = 2e9;

impl Decoder {
    /// `run:`.
    pub(super) fn run(&mut self, entry: Option<&Entry>, workload: &IndexMap<String, Stream>) -> Option<Run> {
        let at = entry.map_or(Span::NONE, |entry| entry.key);
        let map = self.open(entry.map(|entry| &entry.node), &words::RUN, vec!["run".into()], at)?;
        let from = map.read(self, "from", quantity::moment);
        let horizon_entry = map.written("horizon");
        let horizon = match horizon_entry {
            Some(_) => map.read(self, "horizon", positive),
            None => {
                let horizon = unsaid_horizon(workload);
                self.fill(below(&map.path, "horizon"), &format!("{}s", horizon.seconds()), true, "eastwest");
                Some(Spanned::unsaid(horizon))
            }
        };
        let cut = map.read(self, "warm-up", quantity::duration);
        let fill = match cut {
            Some(_) => map.written("fill").and_then(|node| self.read(node, "a duration", quantity::duration)),
            None => map.read(self, "fill", quantity::duration),
        };
        let drain = map.read(self, "drain", quantity::duration);
        let replications = map.count32(self, "replications");
        let seed = map.count(self, "seed");
        map.close();
        let horizon = horizon?;
        if horizon.value > HORIZON_MAX {
            self.say(Diagnostic::error("EW105", "a run lasts at most 31 days").at(horizon.span, ""));
        }
        for span in [fill, drain.as_ref().copied()].into_iter().flatten().filter(|span| span.value > HORIZON_MAX) {
            self.say(Diagnostic::error("EW105", "this lasts at most 31 days").at(span.span, ""));
        }
        let warm_up = match (fill, cut) {
            (Some(fill), Some(cut)) => {
                self.say(
                    Diagnostic::error("EW014", "`fill` and `warm-up` exclude each other")
                        .at(cut.span, "cut off the horizon")
                        .at(fill.span, "before t = 0"),
                );
                WarmUp::Auto
            }
            (Some(fill), None) => WarmUp::Fill(fill.value),
            (None, Some(cut)) => {
                if cut.value >= horizon.value {
                    self.say(
                        Diagnostic::error("EW313", "`warm-up` leaves nothing of the horizon")
                            .at(cut.span, "")
                            .at(horizon.span, ""),
                    );
                }
                WarmUp::Cut(cut.value)
            }
            (None, None) => WarmUp::Auto,
        };
        let requests = open_rate(workload) * horizon.value.seconds();
        if requests > REQUESTS_MAX {
            self.say(
                Diagnostic::error("EW105", format!("{requests:.1e} requests in one replication are too many"))
                    .at(horizon.span, "in this time")
                    .help("shorten `run.horizon` or lower the rates: more than 2e9 requests are not simulated"),
            );
        }
        Some(Run { from, horizon, warm_up, drain: drain?.value, replications: replications?, seed: seed? })
    }
}

/// Requests per second of all open streams together, on average over their steps or day.
fn open_rate(workload: &IndexMap<String, Stream>) -> f64 {
    let rate = |stream: &Stream| match &stream.arrivals {
        StreamArrivals::Closed { .. } => 0.0,
        StreamArrivals::Open { rate, .. } => match &rate.value {
            RateLaw::Constant(rate) => *rate,
            RateLaw::Steps(steps) => steps.iter().map(|(_, rate)| rate).sum::<f64>() / steps.len().max(1) as f64,
            RateLaw::Diurnal { low, high, .. } => 0.5 * (low + high),
        },
    };
    workload.values().map(|stream| rate(stream) * stream.scale.value).sum()
}

/// Ten minutes, or what gives enough requests, rounded up to whole seconds; a whole day where a stream has a daily shape.
fn unsaid_horizon(workload: &IndexMap<String, Stream>) -> Duration {
    let daily = workload.values().any(|stream| {
        matches!(&stream.arrivals, StreamArrivals::Open { rate, .. } if matches!(rate.value, RateLaw::Diurnal { .. }))
    });
    if daily {
        return HORIZON_MAX_UNSAID;
    }
    let thinkers: f64 = workload
        .values()
        .filter_map(|stream| match &stream.arrivals {
            StreamArrivals::Closed { users, think } => {
                Some(f64::from(users.value) * stream.scale.value / (think.mean() + 0.1))
            }
            StreamArrivals::Open { .. } => None,
        })
        .sum();
    let rate = open_rate(workload) + thinkers;
    if rate <= 0.0 {
        return HORIZON;
    }
    Duration::from_seconds_f64((REQUESTS / rate).ceil().min(HORIZON_MAX_UNSAID.seconds())).max(HORIZON)
}
