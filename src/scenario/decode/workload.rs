//! `workload:`.

use super::fields::{Decoder, Fields, Said, below};
use super::law::balanced;
use super::session::most;
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{CallTarget, Entry as Way, RateLaw, Service, Stream, StreamArrivals, StreamFrom, Topology};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::{Duration, Ratio};
use indexmap::IndexMap;

/// Requests per second of one stream past which a scenario is refused, as [`quantity::rate`] does.
const RATE_MAX: f64 = 1e7;

type Services = IndexMap<String, Service>;

impl Decoder {
    /// `workload:`.
    pub(super) fn workload(
        &mut self,
        node: Option<&Node>,
        topology: &Topology,
        services: &Services,
        entries: &[String],
    ) -> IndexMap<String, Stream> {
        let mut streams = IndexMap::new();
        for (name, entry) in self.named(node, "streams") {
            if let Some(stream) = self.stream(name, entry, topology, (services, entries)) {
                streams.insert(name.to_owned(), stream);
            }
        }
        streams
    }

    fn stream(
        &mut self,
        name: &str,
        entry: &Entry,
        topology: &Topology,
        (services, entries): (&Services, &[String]),
    ) -> Option<Stream> {
        let path = vec!["workload".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::STREAM, path, entry.key)?;
        let via = map.text(self, "via").map(|via| self.via(&via, entries));
        let from = map.text(self, "from").and_then(|from| self.stream_from(&from, topology, via.is_some()));
        let to = map.text(self, "to");
        let mix = map.said(self, "mix");
        let mix = to.as_ref().and_then(|to| self.shares(mix, to, services));
        let headers = self.headers(&map);
        let rate = map.entry("rate").map(|entry| (entry.key, self.rate(&entry.node, map.path_of("rate"))));
        let gap = map.said(self, "arrivals").map(|said| (self.gap(&said.node, &map), said.node.span));
        let closed = map.entry("closed").map(|entry| (entry.key, self.closed(entry, &map)));
        let sessions =
            map.entry("sessions").map(|entry| (entry.key, self.sessions(entry, &map, to.as_ref(), services)));
        let users = map.count32(self, "users");
        let way = map.word(self, "entry").map_or(Way::Ingress, |word| [Way::Ingress, Way::Direct][word]);
        if let Some(via) = map.entry("via").filter(|_| way == Way::Direct) {
            let text = "a stream with `entry: direct` has no ingress to be led to";
            self.say(Diagnostic::error("EW452", text).at(via.key, "").help("leave one of the two out"));
        }
        let patience = map.written("patience").and_then(|node| self.law_above_zero(node, &map.path_of("patience")));
        let scale = map.number(self, "scale").unwrap_or(Spanned::unsaid(1.0));
        map.close();
        if scale.value <= 0.0 {
            self.say(
                Diagnostic::error("EW105", "a scale is above zero")
                    .at(scale.span, "")
                    .help("remove the stream if nobody shall ask"),
            );
            return None;
        }
        if let Some((first, second)) = sessions.as_ref().map(|(key, _)| *key).and_then(|key| {
            let other = rate.as_ref().map(|(key, _)| *key).or_else(|| closed.as_ref().map(|(key, _)| *key));
            Some((key, other?))
        }) {
            let both =
                Diagnostic::error("EW014", "`sessions` excludes `rate` and `closed`: users ask on what they keep");
            self.say(both.at(first, "").at(second, ""));
            return None;
        }
        let (sessions, met) = match sessions {
            Some((_, told)) => {
                let (sessions, users) = told?;
                (Some(Box::new(sessions)), Some(users))
            }
            None => (None, None),
        };
        let arrivals = match (rate, closed) {
            (None, None) if met.is_some() => {
                if let Some((_, span)) = gap {
                    let what = "`arrivals` is for open streams: new sessions come as a Poisson process";
                    self.say(Diagnostic::error("EW014", what).at(span, ""));
                }
                met
            }
            (Some((_, rate)), None) => {
                let gap = match gap {
                    Some((gap, _)) => gap?,
                    None => Law::Exponential { mean: 1.0 },
                };
                rate.map(|rate| StreamArrivals::Open { gap, rate })
            }
            (None, Some((_, closed))) => {
                if let Some((_, span)) = gap {
                    self.say(
                        Diagnostic::error("EW014", "`arrivals` is for open streams, and this one is closed")
                            .at(span, ""),
                    );
                }
                closed
            }
            (Some((rate, _)), Some((closed, _))) => {
                self.say(
                    Diagnostic::error("EW014", "`rate` and `closed` exclude each other").at(closed, "").at(rate, ""),
                );
                None
            }
            (None, None) => {
                self.say(
                    Diagnostic::error("EW013", format!("stream `{name}` lacks `rate`, `closed` or `sessions`"))
                        .at(entry.key, "of this")
                        .help("for example `rate: 300rps`, or `closed: {users: 20, think: 2s}`"),
                );
                None
            }
        };
        if let (Some(StreamArrivals::Closed { .. }), Some(users)) = (&arrivals, &users) {
            self.say(
                Diagnostic::error("EW014", "`users` is for open streams: a closed one says its users itself")
                    .at(users.span, ""),
            );
        }
        if let (Some(StreamArrivals::Closed { users, .. }), Some(_)) = (&arrivals, &from)
            && f64::from(users.value) * scale.value > 1e6
        {
            self.say(Diagnostic::error("EW105", "more than 1000000 users").at(scale.span, "").at(users.span, ""));
        }
        if let Some(arrivals) = &arrivals {
            self.scaled(arrivals, scale);
        }
        let to = to?.map(|to| to.split('.').next().unwrap_or_default().to_owned());
        let via = match via {
            Some(via) => Some(via?),
            None => None,
        };
        let patience = patience.map(|law| law.value);
        let (from, mix, arrivals) = (from?, mix?, arrivals?);
        Some(Stream {
            span: entry.key,
            from,
            to,
            mix,
            headers,
            arrivals,
            users,
            patience,
            entry: way,
            via,
            sessions,
            scale,
        })
    }

    /// What `scale` leaves of a stream: somebody, and no more than may be asked for without it.
    fn scaled(&mut self, arrivals: &StreamArrivals, scale: Spanned<f64>) {
        match arrivals {
            StreamArrivals::Closed { users, .. } => {
                if (f64::from(users.value) * scale.value).round() < 1.0 {
                    self.say(
                        Diagnostic::error("EW105", "this scale leaves no user")
                            .at(scale.span, "")
                            .at(users.span, "of these")
                            .help("users are whole: scale times users, rounded, is at least 1"),
                    );
                }
            }
            StreamArrivals::Open { rate, .. } => {
                if most(&rate.value) * scale.value > RATE_MAX {
                    self.say(
                        Diagnostic::error("EW105", "scaled, this is more than 1e7 requests per second")
                            .at(scale.span, "times")
                            .at(rate.span, "")
                            .help("this simulator follows single requests"),
                    );
                }
            }
        }
    }

    /// The name of a global entry.
    fn via(&mut self, via: &Spanned<String>, entries: &[String]) -> Option<Spanned<String>> {
        let Some(name) = via.value.strip_prefix("entry/") else {
            let wrong = Diagnostic::error("EW452", format!("`{}` is no global entry", via.value));
            self.say(wrong.at(via.span, "").help("write `via: entry/NAME`, of those under `entry:`"));
            return None;
        };
        let known = self.known("entry", name, via.span, entries.iter().map(String::as_str));
        known.then(|| Spanned::new(name.to_owned(), via.span))
    }

    fn stream_from(&mut self, from: &Spanned<String>, topology: &Topology, led: bool) -> Option<Spanned<StreamFrom>> {
        let clusters = || topology.clusters.keys().map(String::as_str);
        let regions = || topology.regions.keys().map(String::as_str);
        let found = match from.value.split_once('/') {
            Some(("cluster", name)) => {
                self.known("cluster", name, from.span, clusters()).then(|| StreamFrom::Cluster(name.to_owned()))
            }
            Some(("region", name)) => {
                self.known("region", name, from.span, regions()).then(|| StreamFrom::Region(name.to_owned()))
            }
            _ if topology.regions.contains_key(&from.value) => Some(StreamFrom::Region(from.value.clone())),
            _ if topology.clusters.contains_key(&from.value) => Some(StreamFrom::Cluster(from.value.clone())),
            _ => {
                self.known("region or cluster", &from.value, from.span, regions().chain(clusters()));
                None
            }
        }?;
        if let StreamFrom::Region(region) = &found
            && !led
            && !topology.clusters.values().any(|cluster| cluster.region.value == *region)
        {
            // A cluster whose own definition is wrong may have been meant.
            if !self.lost.is_empty() {
                return None;
            }
            self.say(
                Diagnostic::error("EW210", format!("users of region `{region}` have no cluster to enter by"))
                    .at(from.span, "")
                    .help("put a cluster there, or let them enter by `cluster/NAME`"),
            );
            return None;
        }
        Some(Spanned::new(found, from.span))
    }

    fn shares(
        &mut self,
        said: Option<Said>,
        to: &Spanned<String>,
        services: &Services,
    ) -> Option<Vec<(CallTarget, Ratio)>> {
        let (service, operation) = match to.value.split_once('.') {
            Some((service, operation)) => (service, Some(operation)),
            None => (to.value.as_str(), None),
        };
        let Some(said) = said else {
            return Some(vec![(self.call_target(&to.value, to.span, services)?, Ratio::ONE)]);
        };
        let found = services.contains_key(service);
        if !found && !self.known("service", service, to.span, services.keys().map(String::as_str)) {
            return None;
        }
        if operation.is_some() {
            self.say(
                Diagnostic::error("EW014", "`mix` and an operation in `to` exclude each other")
                    .at(said.node.span, "")
                    .at(to.span, ""),
            );
            return None;
        }
        let mut mix = Vec::new();
        let mut whole = true;
        for (operation, entry) in self.entries(Some(&said.node), "shares") {
            let share = self.read(&entry.node, "a share such as `85%`", quantity::share);
            let target = self.call_target(&format!("{service}.{operation}"), entry.key, services);
            match (share, target) {
                (Some(share), Some(target)) => mix.push((target, share.value)),
                _ => whole = false,
            }
        }
        (whole && self.shares_sum(mix.iter().map(|(_, share)| share.get()), said.node.span)).then_some(mix)
    }

    pub(super) fn rate(&mut self, node: &Node, path: super::fields::Path) -> Option<Spanned<RateLaw>> {
        if !matches!(node.value, Value::Map(_)) {
            let rate = self.read(node, "a rate such as `400rps`", quantity::rate)?;
            if rate.value <= 0.0 {
                self.say(
                    Diagnostic::error("EW105", "a rate is above zero")
                        .at(rate.span, "")
                        .help("remove the stream, or let `rate: {steps: ..}` be zero for a while"),
                );
                return None;
            }
            return Some(rate.map(RateLaw::Constant));
        }
        let map = self.open(Some(node), &words::RATE, path, Span::NONE)?;
        let steps = map.written("steps").and_then(|steps| self.rate_steps(steps));
        let diurnal = map.entry("diurnal").and_then(|entry| self.diurnal(entry, &map));
        map.close();
        Some(Spanned::new(steps.or(diurnal)?, node.span))
    }

    fn rate_steps(&mut self, node: &Node) -> Option<RateLaw> {
        let mut steps: Vec<(Duration, f64)> = Vec::new();
        let mut whole = true;
        for (time, entry) in self.entries(Some(node), "rates by time") {
            let rate = self.read(&entry.node, "a rate such as `400rps`", quantity::rate);
            let time = match quantity::duration(time) {
                Ok(time) => time,
                Err(complaint) => {
                    self.complain(complaint, entry.key);
                    whole = false;
                    continue;
                }
            };
            if steps.last().is_some_and(|(last, _)| *last >= time) {
                self.say(
                    Diagnostic::error("EW312", "steps go forward in time").at(entry.key, "not after the one before"),
                );
                whole = false;
            }
            match rate {
                Some(rate) => steps.push((time, rate.value)),
                None => whole = false,
            }
        }
        if whole && steps.first().is_none_or(|(first, _)| !first.is_zero()) {
            self.say(
                Diagnostic::error("EW312", "the first step is at `0s`")
                    .at(node.span, "")
                    .help("say which rate the run begins with"),
            );
            return None;
        }
        if whole && steps.iter().all(|(_, rate)| *rate <= 0.0) {
            self.say(Diagnostic::error("EW105", "a rate is above zero at some time").at(node.span, ""));
            return None;
        }
        whole.then_some(RateLaw::Steps(steps))
    }

    fn diurnal(&mut self, entry: &Entry, rate: &Fields<'_>) -> Option<RateLaw> {
        let map = self.open(Some(&entry.node), &words::DIURNAL, rate.path_of("diurnal"), entry.key)?;
        let (low, high) = (map.read(self, "low", quantity::rate), map.read(self, "high", quantity::rate));
        let peak = map.read(self, "peak", quantity::time_of_day);
        map.close();
        let (low, high) = (low?, high?);
        if low.value > high.value || high.value <= 0.0 {
            self.say(
                Diagnostic::error("EW301", "`high` is above zero and at least `low`")
                    .at(high.span, "")
                    .at(low.span, ""),
            );
            return None;
        }
        Some(RateLaw::Diurnal { low: low.value, high: high.value, peak: peak?.value })
    }

    /// The law of the gaps, mean 1.
    fn gap(&mut self, node: &Node, stream: &Fields<'_>) -> Option<Law> {
        let path = stream.path_of("arrivals");
        if !matches!(node.value, Value::Map(_)) {
            let word = self.word(node, stream.shape("arrivals"))?;
            return Some([Law::Exponential { mean: 1.0 }, Law::Constant(1.0)][word].clone());
        }
        let map = self.open(Some(node), &words::ARRIVALS, path.clone(), Span::NONE)?;
        let erlang = map.count32(self, "erlang").map(|shape| Law::Erlang { shape: shape.value, mean: 1.0 });
        let hyper =
            map.written("hyperexponential").and_then(|node| self.gap_hyper(node, below(&path, "hyperexponential")));
        map.close();
        erlang.or(hyper)
    }

    fn gap_hyper(&mut self, node: &Node, path: super::fields::Path) -> Option<Law> {
        let Value::List(items) = &node.value else {
            let map = self.open(Some(node), &words::GAP_HYPER, path, Span::NONE)?;
            let cv = map.number(self, "cv");
            map.close();
            return Some(Law::Hyperexponential(balanced(cv?.value).to_vec()));
        };
        let mut phases = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let map = self.open(Some(item), &words::GAP_PHASE, below(&path, &index.to_string()), Span::NONE)?;
            let (share, rate) = (map.read(self, "share", quantity::share), map.number(self, "rate"));
            map.close();
            phases.push((share?.value.get(), 1.0 / rate?.value));
        }
        if !self.shares_sum(phases.iter().map(|phase| phase.0), node.span) {
            return None;
        }
        let mean: f64 = phases.iter().map(|(share, mean)| share * mean).sum();
        Some(Law::Hyperexponential(phases.into_iter().map(|(share, own)| (share, own / mean)).collect()))
    }

    fn closed(&mut self, entry: &Entry, stream: &Fields<'_>) -> Option<StreamArrivals> {
        let path = stream.path_of("closed");
        let map = self.open(Some(&entry.node), &words::CLOSED, path.clone(), entry.key)?;
        let users = map.count32(self, "users");
        let think = map.written("think").and_then(|node| self.law(node, &below(&path, "think")));
        map.close();
        Some(StreamArrivals::Closed { users: users?, think: think?.value })
    }
}
