//! `mesh:`.

use super::fields::{Decoder, Fields, Path, below};
use crate::policy::{Enforce, Keepalive, Outlier, Protocol, RetryOn, defaults, retry};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    Ambient, Dataplane, Distribution, Locality, Mesh, PoolPatch, ProxyCost, Selector, Service, Tls, Topology, Traffic,
    TrafficPatch,
};
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::topology::wire;
use crate::units::{Bytes, Duration, Ratio};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Who may call and be called.
struct Names<'n> {
    services: &'n [String],
    streams: &'n [String],
    /// Those that could be read, for their subsets.
    versions: &'n IndexMap<String, Service>,
    /// The services again, to be found among thousands.
    known: BTreeSet<&'n str>,
}

impl Decoder {
    /// `mesh:`.
    pub(super) fn mesh(
        &mut self,
        entry: Option<&Entry>,
        topology: &Topology,
        services: &[String],
        streams: &[String],
        known: &IndexMap<String, Service>,
    ) -> Mesh {
        let fallback = Mesh {
            version: Spanned::unsaid(defaults::ISTIO_VERSION),
            distribution: Distribution::Istio,
            dataplane: Dataplane::Sidecar,
            concurrency: Spanned::unsaid(1),
            proxy: ProxyCost {
                cpu: Spanned::unsaid(Duration::from_micros(200)),
                delay: Spanned::unsaid(Duration::from_micros(500)),
            },
            ambient: Ambient::default(),
            tls: Tls::V1_3,
            tls_resumes: false,
            locality: Locality::default(),
            retain: Vec::new(),
            control_plane: None,
            traffic: IndexMap::new(),
            rules: IndexMap::new(),
            lanes: None,
        };
        let at = entry.map_or(Span::NONE, |entry| entry.key);
        let Some(map) = self.open(entry.map(|entry| &entry.node), &words::MESH, vec!["mesh".into()], at) else {
            return fallback;
        };
        let version = map.read(self, "version", version).unwrap_or(fallback.version);
        let asm = map.word(self, "distribution") == Some(1);
        let distribution = if asm { Distribution::Asm } else { Distribution::Istio };
        let dataplane = map
            .word(self, "dataplane")
            .map_or(Dataplane::Sidecar, |word| [Dataplane::Sidecar, Dataplane::None, Dataplane::Ambient][word]);
        let ambient = self.ambient(&map, dataplane, topology, services);
        let services: &[String] = &[services, &ambient.waypoints.keys().cloned().collect::<Vec<_>>()].concat();
        let concurrency = map.count32(self, "concurrency").unwrap_or(fallback.concurrency);
        let proxy_entry = map.entry("proxy");
        let proxy =
            self.open(proxy_entry.map(|entry| &entry.node), &words::PROXY, map.path_of("proxy"), at).map(|proxy| {
                let cpu = proxy.read(self, "cpu", quantity::duration).unwrap_or(fallback.proxy.cpu);
                let delay = proxy.read(self, "delay", quantity::duration).unwrap_or(fallback.proxy.delay);
                proxy.close();
                ProxyCost { cpu, delay }
            });
        let tls_said = map.said(self, "tls");
        let (tls, tls_resumes) = tls_said.and_then(|said| self.tls(&said.node, &map)).unwrap_or((Tls::V1_3, false));
        if let (Tls::ZeroRtt, Some(entry)) = (tls, map.entry("tls")) {
            self.say(
                Diagnostic::warning("EW318", "no mesh sends requests as early data")
                    .at(entry.node.span, "an exact case, not a setting of Envoy or Istio")
                    .help(
                        "for figures of a mesh write `\"1.3\"`; `{version: \"1.3\", resume: true}` saves CPU and bytes",
                    ),
            );
        }
        if dataplane == Dataplane::None {
            let costs = proxy.is_none_or(|proxy| proxy.cpu.value + proxy.delay.value > Duration::ZERO);
            for (key, dead) in [("concurrency", true), ("proxy", costs), ("tls", tls != Tls::None)] {
                if let Some(entry) = map.entry(key).filter(|_| dead) {
                    let said = Diagnostic::warning("EW317", format!("`{key}` without proxies"));
                    self.say(
                        said.at(entry.key, "nobody has it")
                            .help("`dataplane: none` has no proxies: remove one of them"),
                    );
                }
            }
        }
        // Files of Istio's own are words of the scenario by now.
        map.written("istio");
        // Lanes are rules, once these are read.
        map.written("lanes");
        let own = map.said(self, "locality").and_then(|said| self.locality(&said.node, said.path, topology));
        let retain = map.said(self, "retain").map_or(Vec::new(), |said| self.retain(&said.node, services));
        let mut traffic = IndexMap::new();
        let names = Names { services, streams, versions: known, known: services.iter().map(String::as_str).collect() };
        for (name, entry) in self.entries(map.written("traffic"), "policies") {
            let selector = self.selector(name, entry.key, &names);
            let before = self.filled.len();
            let policy = self.traffic(entry, below(&map.path_of("traffic"), name), topology);
            if name != "*" {
                self.inherited(before);
            }
            let outlier = policy.as_ref().and_then(|policy| policy.outlier);
            if let Some(Spanned { value: Some(rule), span }) = outlier
                && rule.always_eject_one
                && crate::policy::version::envoy(version.value) < (1, 31)
            {
                let release = format!("Istio {}.{}", version.value.0, version.value.1);
                let wrong = Diagnostic::error("EW370", format!("{release} has no `always-eject-one`")).at(span, "");
                self.say(wrong.help("its Envoy is older than 1.31; that of Istio 1.23 is not"));
            }
            if let (Some(Selector::Edge(_, to)), Some(limit)) =
                (&selector, policy.as_ref().and_then(|policy| policy.rate_limit))
            {
                let to = to.split(':').next().unwrap_or(to);
                let wrong = Diagnostic::error("EW369", "a rate limit is the server's: it does not know who calls");
                self.say(wrong.at(limit.span, "").help(format!("write it under `{to}`, for all its callers")));
            }
            if let (Some(Selector::To(to)), Some(limit)) =
                (&selector, policy.as_ref().and_then(|policy| policy.rate_limit))
                && let Some((service, _)) = to.split_once(':')
            {
                let wrong = Diagnostic::error("EW369", "a rate limit is of all replicas of a service");
                self.say(wrong.at(limit.span, "").help(format!("write it under `{service}`")));
            }
            if let (Some(selector), Some(policy)) = (selector, policy) {
                let key = selector.key();
                if let Some(first) = traffic.get(&key).map(|first: &Traffic| first.span) {
                    let twice = Diagnostic::error("EW007", format!("`{key}` is said twice, in two spellings"));
                    self.say(twice.at(first, "first here").at(entry.key, "again").help("remove one"));
                }
                traffic.insert(key, Traffic { span: entry.key, selector, policy });
            }
        }
        if !traffic.contains_key("*") {
            let nothing = Entry { key: Span::NONE, node: Node::empty_map() };
            self.traffic(&nothing, below(&map.path_of("traffic"), "*"), topology);
        }
        let rules = self.rules(&map, known, streams);
        let control_plane = self.control_plane(&map, topology);
        map.close();
        Mesh {
            version,
            distribution,
            dataplane,
            concurrency,
            proxy: proxy.unwrap_or(fallback.proxy),
            ambient,
            tls,
            tls_resumes,
            locality: own.map_or_else(Locality::default, |own| own.value),
            retain,
            control_plane,
            traffic,
            rules,
            lanes: None,
        }
    }

    /// The version, and whether sessions are resumed.
    fn tls(&mut self, node: &Node, mesh: &Fields<'_>) -> Option<(Tls, bool)> {
        const VERSIONS: [Tls; 4] = [Tls::V1_3, Tls::V1_2, Tls::ZeroRtt, Tls::None];
        if !matches!(node.value, Value::Map(_)) {
            let tls = VERSIONS[self.word(node, mesh.shape("tls"))?];
            return Some((tls, tls == Tls::ZeroRtt));
        }
        let map = self.open(Some(node), &words::TLS, mesh.path_of("tls"), node.span)?;
        let tls = map.word(self, "version").map_or(Tls::V1_3, |word| VERSIONS[word]);
        let resumes = map.word(self, "resume") == Some(0) || tls == Tls::ZeroRtt;
        if tls == Tls::None && resumes {
            self.say(Diagnostic::error("EW319", "there is no session to resume without TLS").at(node.span, ""));
        }
        map.close();
        Some((tls, resumes))
    }

    /// Of a more specific policy, what is not said is what a less specific one says, not a default.
    fn inherited(&mut self, before: usize) {
        let own = |filled: &super::Filled| filled.path.len() > 4 && filled.path[3] != "pool";
        let kept: Vec<_> = self.filled.drain(before..).filter(own).collect();
        self.filled.extend(kept);
    }

    fn selector(&mut self, text: &str, span: Span, names: &Names<'_>) -> Option<Selector> {
        let Names { services, streams, known, versions } = names;
        let all = || services.iter().map(String::as_str);
        if text == "*" {
            return Some(Selector::All);
        }
        let (from, to) = text.split_once("->").map_or((None, text), |(from, to)| (Some(from.trim()), to.trim()));
        let (service, subset) = to.split_once(':').map_or((to, None), |(service, subset)| (service, Some(subset)));
        if !known.contains(service) && !self.known("service", service, span, all()) {
            return None;
        }
        if let (Some(subset), Some(service)) = (subset, versions.get(service))
            && !self.known("subset", subset, span, service.subsets.keys().map(String::as_str))
        {
            return None;
        }
        let Some(from) = from else { return Some(Selector::To(to.to_owned())) };
        let callers = services.iter().chain(streams.iter()).map(String::as_str);
        let from_known = known.contains(from) || self.known("service or stream", from, span, callers);
        from_known.then(|| Selector::Edge(from.to_owned(), to.to_owned()))
    }

    fn traffic(&mut self, entry: &Entry, path: Path, topology: &Topology) -> Option<TrafficPatch> {
        let map = self.open(Some(&entry.node), &words::TRAFFIC, path, entry.key)?;
        let timeout = self.none_or_duration(&map, "timeout");
        let retries = map.count32(self, "retries");
        let retry_on = map.said(self, "retry-on").map(|said| self.retry_on(&said.node));
        let per_try = self.none_or_duration(&map, "per-try");
        let (outlier, min_health) = map.said(self, "outlier").and_then(|said| self.outlier(&said.node, &map)).unzip();
        let panic = map.read(self, "panic", quantity::share).map(|share| percent(share.value));
        let locality = map.said(self, "locality").and_then(|said| self.locality(&said.node, said.path, topology));
        let mut patch = TrafficPatch {
            timeout,
            per_try,
            retries,
            retry_on,
            outlier,
            min_health: min_health.flatten(),
            panic_threshold: panic,
            locality,
            ..TrafficPatch::default()
        };
        self.balancing(&map, &mut patch);
        self.retries(&map, &mut patch);
        self.injected(&map, &mut patch);
        patch.retry_budget = self.retry_budget(&map);
        patch.rate_limit = self.rate_limit(&map);
        let pool_entry = map.entry("pool");
        let (pool, pool_at) = (pool_entry.map(|entry| &entry.node), pool_entry.map_or(Span::NONE, |entry| entry.key));
        if let Some(pool) = self.open(pool, &words::POOL, map.path_of("pool"), pool_at) {
            patch.connect_timeout = pool.read(self, "connect-timeout", positive).map(|timeout| timeout.value);
            patch.http2_ping = pool.said(self, "http2-ping").and_then(|said| self.ping(&said.node, said.path));
            patch.max_connection_age = self.none_or_tick(&pool, "max-connection-age");
            patch.pool = self.pool(&pool);
            patch.receive_window = pool.read(self, "receive-window", window).map(|window| window.value);
            pool.close();
        }
        map.close();
        if let (Some(Spanned { value: Some(all), .. }), Some(Spanned { value: Some(one), span })) =
            (patch.timeout, patch.per_try)
            && one > all
        {
            self.say(
                Diagnostic::warning("EW311", format!("`per-try` {one} is above `timeout` {all}: it never strikes"))
                    .at(span, "")
                    .help("`timeout` is over all attempts"),
            );
        }
        Some(patch)
    }

    /// Limits, idle timeout, keepalive.
    fn pool(&mut self, pool: &Fields<'_>) -> PoolPatch {
        let mut count = |name| pool.count32(self, name).map(|count| count.value);
        let (max_connections, max_streams) = (count("max-connections"), count("max-streams"));
        let max_requests_per_connection = count("max-requests-per-connection");
        let (max_pending, max_requests, max_retries) =
            (count("max-pending"), count("max-requests"), count("max-retries"));
        let protocol = pool.word(self, "protocol").map(|word| [Protocol::Http2, Protocol::Http1][word]);
        if let (Some(Protocol::Http1), Some(entry)) = (protocol, pool.entry("max-streams")) {
            self.say(
                Diagnostic::error("EW320", "HTTP/1.1 has no streams: a connection takes one request at a time")
                    .at(entry.key, "")
                    .help("remove it, or speak `http2`"),
            );
        }
        if let (Some(Protocol::Http1), Some(entry)) = (protocol, pool.entry("http2-ping")) {
            let text = "HTTP/1.1 has no pings";
            let wrong = Diagnostic::error("EW320", text).at(entry.key, "");
            self.say(
                wrong.help("remove it, or speak `http2`; `tcp-keepalive` notices an idle connection that is dead"),
            );
        }
        PoolPatch {
            protocol,
            max_connections,
            max_streams,
            max_requests_per_connection,
            max_pending,
            max_requests,
            max_retries,
            idle_timeout: self.none_or_tick(pool, "idle-timeout"),
            keepalive: pool.said(self, "tcp-keepalive").and_then(|said| self.keepalive(&said.node, said.path)),
        }
    }

    fn keepalive(&mut self, node: &Node, path: Path) -> Option<Option<Keepalive>> {
        match &node.value {
            Value::Scalar { text, .. } if text == "none" => Some(None),
            Value::Scalar { .. } => {
                let time = self.read(node, "a duration such as `60s`", tick)?.value;
                Some(Some(Keepalive { time, ..Keepalive::LINUX }))
            }
            _ => {
                let map = self.open(Some(node), &words::KEEPALIVE, path, node.span)?;
                let time = map.read(self, "time", tick);
                let (interval, probes) = (map.read(self, "interval", tick), map.count32(self, "probes"));
                map.close();
                Some(Some(Keepalive {
                    time: time?.value,
                    interval: interval.map_or(Keepalive::LINUX.interval, |interval| interval.value),
                    probes: probes.map_or(Keepalive::LINUX.probes, |probes| probes.value),
                }))
            }
        }
    }

    /// A duration above zero, or `none`.
    pub(super) fn none_or_duration(
        &mut self,
        map: &Fields<'_>,
        name: &'static str,
    ) -> Option<Spanned<Option<Duration>>> {
        let said = map.said(self, name)?;
        if said.node.as_text() == Some("none") {
            return Some(Spanned::new(None, said.node.span));
        }
        Some(self.read(&said.node, "a duration such as `5ms`, or `none`", positive)?.map(Some))
    }

    /// A duration of connections, or `none`.
    fn none_or_tick(&mut self, map: &Fields<'_>, name: &'static str) -> Option<Option<Duration>> {
        let said = map.said(self, name)?;
        if said.node.as_text() == Some("none") {
            return Some(None);
        }
        Some(Some(self.read(&said.node, "a duration such as `5m`, or `none`", tick)?.value))
    }

    pub(super) fn retry_on(&mut self, node: &Node) -> RetryOn {
        let mut conditions = RetryOn::default();
        for item in self.items(node, "conditions").to_vec() {
            if let Some(code @ 400..=599) = item.as_text().and_then(|text| text.parse::<u16>().ok()) {
                conditions.codes = conditions.codes.with(code);
            } else if let Some(word) = self.word(&item, &words::CONDITION) {
                // All of the vocabulary's words are conditions.
                conditions.add(retry::WORDS[word]).unwrap_or_default();
            }
        }
        conditions
    }

    /// The rule, and `min-health`.
    fn outlier(&mut self, node: &Node, traffic: &Fields<'_>) -> Option<(Spanned<Option<Outlier>>, Option<u32>)> {
        if !matches!(node.value, Value::Map(_)) {
            self.word(node, traffic.shape("outlier"))?;
            return Some((Spanned::new(None, node.span), None));
        }
        let map = self.open(Some(node), &words::OUTLIER, traffic.path_of("outlier"), node.span)?;
        let consecutive_5xx = map.count32(self, "consecutive-5xx");
        let gateway = map.count32(self, "consecutive-gateway");
        let (interval, eject) = (map.read(self, "interval", swept), map.read(self, "eject", swept));
        let max_eject = map.read(self, "max-eject", positive);
        let max_ejection = map.read(self, "max-ejection", quantity::share);
        let min_health = map.read(self, "min-health", quantity::share).map(|share| percent(share.value));
        let jitter = map.read(self, "jitter", quantity::duration).map_or(Duration::ZERO, |jitter| jitter.value);
        let enforced = map.read(self, "enforce", quantity::share).map_or(100, |share| percent(share.value));
        let always_eject_one = self.flag(&map, "always-eject-one") == Some(true);
        let split = self.flag(&map, "split-external-local") == Some(true);
        let local = map.count32(self, "consecutive-local").map(|count| count.value);
        if let (Some(entry), false) = (map.entry("consecutive-local"), split) {
            let dead =
                Diagnostic::error("EW370", "failures to connect are not counted apart").at(entry.key, "never read");
            self.say(dead.help("add `split-external-local: true`, or remove it"));
        }
        let error_codes = map.said(self, "error-codes").map(|said| self.error_codes(&said.node));
        let success_rate = self.success_rate(&map);
        let failure_percentage = self.failure_percentage(&map);
        map.close();
        let eject = eject?.value;
        if let Some(longest) = max_eject.filter(|longest| longest.value < eject) {
            let what = format!("`max-eject: {}` is below `eject: {eject}`", longest.value);
            self.say(
                Diagnostic::error("EW370", what).at(longest.span, "").help("Envoy refuses it; write as much or more"),
            );
        }
        let outlier = Outlier {
            consecutive_local: split.then_some(local.unwrap_or(defaults::CONSECUTIVE_LOCAL)),
            success_rate,
            failure_percentage,
            enforce: Enforce { consecutive_5xx: enforced, gateway: enforced, local: enforced },
            error_codes,
            jitter,
            always_eject_one,
            // By the release, where the policy of an edge is made.
            cap: defaults::OUTLIER.cap,
            consecutive_5xx: consecutive_5xx?.value,
            consecutive_gateway: gateway.map(|gateway| gateway.value),
            interval: interval?.value,
            eject,
            max_eject: max_eject.map_or_else(|| defaults::max_eject(eject), |longest| longest.value),
            max_ejection_percent: percent(max_ejection?.value),
        };
        Some((Spanned::new(Some(outlier), node.span), min_health))
    }

    fn ping(&mut self, node: &Node, path: Path) -> Option<Option<(Duration, Duration)>> {
        match &node.value {
            Value::Scalar { text, .. } if text == "none" => Some(None),
            Value::Scalar { .. } => {
                let interval = self.read(node, "a duration such as `5s`", tick)?.value;
                self.fill(below(&path, "timeout"), "as long as the interval", false, "eastwest");
                Some(Some((interval, interval)))
            }
            _ => {
                let map = self.open(Some(node), &words::PING, path, node.span)?;
                let (interval, timeout) = (map.read(self, "interval", tick), map.read(self, "timeout", tick));
                map.close();
                let interval = interval?.value;
                Some(Some((interval, timeout.map_or(interval, |timeout| timeout.value))))
            }
        }
    }
}

/// A duration above zero.
pub(super) fn positive(text: &str) -> Result<Duration, Complaint> {
    match quantity::duration(text)? {
        Duration::ZERO => Err(Complaint::new("EW105", "this duration is above zero", "for example `5s`")),
        span => Ok(span),
    }
}

/// What strikes again and again in the life of a connection: a run of shorter ones would not end.
fn tick(text: &str) -> Result<Duration, Complaint> {
    match quantity::duration(text)? {
        span if span < Duration::from_millis(1) => Err(Complaint::new(
            "EW105",
            "a duration of connections is at least 1ms",
            "write seconds or minutes: a connection that ends or asks sooner than that does nothing else",
        )),
        span => Ok(span),
    }
}

/// A receive window holds a segment at least.
fn window(text: &str) -> Result<Bytes, Complaint> {
    match quantity::bytes(text)? {
        Bytes(bytes) if bytes < wire::MSS => Err(Complaint::new(
            "EW105",
            "a receive window holds at least a segment of 1460 bytes",
            "for example `64KiB`",
        )),
        window => Ok(window),
    }
}

/// A duration of at least 1 ms, as Envoy counts them: a sweep in no time would never end.
fn swept(text: &str) -> Result<Duration, Complaint> {
    match quantity::duration(text)? {
        span if span < Duration::from_millis(1) => {
            Err(Complaint::new("EW105", "this duration is at least 1ms", "for example `10s`"))
        }
        span => Ok(span),
    }
}

/// Whole percents, rounded.
fn percent(share: Ratio) -> u32 {
    (share.get() * 100.0 + 0.5) as u32
}

/// `1.24`.
fn version(text: &str) -> Result<(u32, u32), Complaint> {
    let shape =
        || Complaint::new("EW111", format!("`{text}` is not a release of Istio"), "write it in quotes, `\"1.24\"`");
    let (major, minor) = text.split_once('.').ok_or_else(shape)?;
    let minor = minor.split('.').next().unwrap_or("");
    match (major.parse(), minor.parse()) {
        (Ok(1), Ok(minor @ 15..=99)) => Ok((1, minor)),
        (Ok(1), Ok(0..15)) => {
            Err(Complaint::new("EW111", format!("Istio {text} is not modelled"), "1.15 and later are"))
        }
        _ => Err(shape()),
    }
}
