//! One request followed through all its hops, by a second, identical run.
//!
//! Spans are exact nanoseconds. The critical ones are found by walking back from the end: whatever ended when the
//! next thing began. They do not overlap and add up to the latency.

use std::collections::BTreeMap;

use super::calls::{Attempt, Call, NONE, Request, SUB};
use super::machine::Machine;
use crate::record::{Exemplar, Failure, Span, Trace};
use crate::units::{Duration, SimTime};
use crate::world::{EndpointId, StreamId, World};

/// What is known of the request that is followed.
#[derive(Debug)]
pub(super) struct Tracer {
    which: Exemplar,
    calls: Vec<TracedCall>,
    /// By slot of a live call: its row in `calls`.
    rows: BTreeMap<u32, usize>,
    /// By attempt: end of its last span.
    cursors: BTreeMap<u32, u64>,
}

#[derive(Debug)]
struct TracedCall {
    parent: Option<usize>,
    depth: u32,
    name: String,
    start: u64,
    end: u64,
    failure: Option<Failure>,
    spans: Vec<RawSpan>,
}

#[derive(Clone, Debug)]
struct RawSpan {
    kind: &'static str,
    what: String,
    start: u64,
    end: u64,
}

impl Tracer {
    pub(super) fn new(which: Exemplar) -> Self {
        Tracer { which, calls: Vec::new(), rows: BTreeMap::new(), cursors: BTreeMap::new() }
    }

    pub(super) fn follows(&self, request: &Request) -> bool {
        self.which.stream == request.stream && self.which.ordinal == request.ordinal
    }
}

impl Machine<'_> {
    fn tracer_of(&mut self, call: u32) -> Option<(&mut Tracer, &World)> {
        let traced = self.calls[call].is(Call::TRACED);
        self.tracer.as_deref_mut().filter(|_| traced).map(|tracer| (tracer, self.world))
    }

    /// A call was opened.
    pub(super) fn trace_call(&mut self, slot: u32, now: SimTime) {
        if self.tracer.is_none() || !self.calls[slot].is(Call::TRACED) {
            return;
        }
        let call = &self.calls[slot];
        let parent = (!call.is(Call::ROOT)).then(|| self.attempts[self.attempt_of(call.parent)].call);
        let sent =
            if call.is(Call::ROOT) { self.sent_at(&self.requests[call.parent], now.nanos()) } else { now.nanos() };
        let name = format!("{} {}", self.world.edges[call.edge].name, self.world.operations[call.operation].name);
        let tracer = self.tracer.as_deref_mut().expect("a traced call has a tracer");
        let parent = parent.and_then(|slot| tracer.rows.get(&slot).copied());
        let depth = parent.map_or(0, |row| tracer.calls[row].depth + 1);
        tracer.rows.insert(slot, tracer.calls.len());
        let mut spans = Vec::new();
        if sent < now.nanos() {
            let what = "users -> ingress".to_owned();
            spans.push(RawSpan { kind: "network", what, start: sent, end: now.nanos() });
        }
        tracer.calls.push(TracedCall { parent, depth, name, start: sent, end: u64::MAX, failure: None, spans });
    }

    /// An attempt goes through the client's proxy.
    pub(super) fn trace_attempt(&mut self, attempt: u32, now: SimTime, leaves: SimTime) {
        let call = self.attempts[attempt].call;
        let proxy = self.calls[call].proxy;
        if let Some((tracer, _)) = self.tracer_of(call) {
            tracer.cursors.insert(attempt, leaves.nanos());
        }
        self.trace_span(attempt, "proxy", now, leaves, |world, _| world.proxies[proxy].name.clone());
    }

    /// A stretch of an attempt's time.
    pub(super) fn trace_span(
        &mut self,
        attempt: u32,
        kind: &'static str,
        from: SimTime,
        to: SimTime,
        what: impl FnOnce(&World, EndpointId) -> String,
    ) {
        if self.tracer.is_none() || from >= to {
            return;
        }
        // Who waits for a connection does not know its replica yet.
        let row = &self.attempts[attempt];
        let known = row.connection != NONE;
        let (slot, endpoint) = (row.call, if known { self.endpoint_of(attempt) } else { EndpointId::NONE });
        let Some((tracer, world)) = self.tracer_of(slot) else { return };
        let Some(&call) = tracer.rows.get(&slot) else { return };
        let span = RawSpan { kind, what: what(world, endpoint), start: from.nanos(), end: to.nanos() };
        tracer.calls[call].spans.push(span);
        tracer.cursors.insert(attempt, to.nanos());
    }

    /// The stretch from an attempt's last span until now.
    pub(super) fn trace_until(
        &mut self,
        attempt: u32,
        now: SimTime,
        kind: &'static str,
        what: impl FnOnce(&World, EndpointId) -> String,
    ) {
        let from = self.tracer.as_ref().and_then(|tracer| tracer.cursors.get(&attempt).copied());
        if let Some(from) = from {
            self.trace_span(attempt, kind, SimTime::from_nanos(from), now, what);
        }
    }

    /// The hops that a folded delay stands for.
    pub(super) fn trace_hops(&mut self, attempt: u32, leg: usize, at: SimTime, delay: Duration) {
        if self.tracer.is_none() || !self.calls[self.attempts[attempt].call].is(Call::TRACED) {
            return;
        }
        let row = &self.attempts[attempt];
        let path = &self.world.paths[self.path_of(attempt)];
        let (legs, hops) =
            if row.is(Attempt::RESPONSE) { (&path.back, &path.back_hops) } else { (&path.legs, &path.hops) };
        // Hops and waits are the same delays, cut differently: find the hops that begin within this wait.
        let waits = |legs: &[crate::world::Leg]| -> Duration {
            legs.iter().map(|leg| if let crate::world::Leg::Wait(delay) = leg { *delay } else { Duration::ZERO }).sum()
        };
        let (from, mut offset) = (waits(&legs[..leg]), Duration::ZERO);
        let mut spans: Vec<(String, Duration, Duration)> = Vec::new();
        for (name, length) in hops {
            let (start, end) = (offset.max(from), (offset + *length).min(from + delay));
            if start < end {
                spans.push((name.clone(), start.saturating_sub(from), end.saturating_sub(from)));
            }
            offset += *length;
        }
        for (name, start, end) in spans {
            self.trace_span(attempt, "network", at + start, at + end, |_, _| name);
        }
    }

    /// A visit to a worker.
    pub(super) fn trace_work(&mut self, frame: u32, came: u64, start: u64, end: u64) {
        if self.tracer.is_none() {
            return;
        }
        let attempt = if frame & SUB == 0 { frame } else { self.attempt_of(frame) };
        let name = |world: &World, endpoint: EndpointId| world.endpoints[endpoint].name.clone();
        let at = SimTime::from_nanos;
        self.trace_span(attempt, "queue", at(came), at(start), name);
        self.trace_span(attempt, "work", at(start), at(end), name);
    }

    /// A wait before the next try.
    pub(super) fn trace_backoff(&mut self, call: u32, from: SimTime, to: SimTime) {
        if self.tracer.is_none() {
            return;
        }
        let tries = self.calls[call].tries;
        let Some((tracer, _)) = self.tracer_of(call) else { return };
        let Some(&row) = tracer.rows.get(&call) else { return };
        let what = format!("before try {}", tries + 1);
        tracer.calls[row].spans.push(RawSpan { kind: "back-off", what, start: from.nanos(), end: to.nanos() });
    }

    /// A fault filter holds a call.
    pub(super) fn trace_injected(&mut self, call: u32, from: SimTime, to: SimTime) {
        let Some((tracer, _)) = self.tracer_of(call) else { return };
        let Some(&row) = tracer.rows.get(&call).filter(|_| from < to) else { return };
        let what = "injected delay".to_owned();
        tracer.calls[row].spans.push(RawSpan { kind: "fault", what, start: from.nanos(), end: to.nanos() });
    }

    /// The answer of a request that came by an entry is home.
    pub(super) fn trace_home(&mut self, request: &Request, left: SimTime, home: SimTime) {
        let Some(tracer) = self.tracer.as_deref_mut().filter(|tracer| tracer.follows(request)) else { return };
        let Some(root) = tracer.calls.first_mut() else { return };
        root.end = home.nanos();
        if left < home {
            let (what, start, end) = ("ingress -> users".to_owned(), left.nanos(), home.nanos());
            root.spans.push(RawSpan { kind: "network", what, start, end });
        }
    }

    /// A request by an entry reached nobody.
    pub(super) fn trace_turned_away(&mut self, request: &Request, sent: SimTime, at: SimTime, why: &str) {
        let name = &self.world.streams[StreamId(request.stream)].name;
        let Some(tracer) = self.tracer.as_deref_mut().filter(|tracer| tracer.follows(request)) else { return };
        let (start, end) = (sent.nanos(), at.nanos());
        let spans = vec![RawSpan { kind: "entry", what: why.to_owned(), start, end }];
        let failure = Some(Failure::Entry);
        tracer.calls.push(TracedCall {
            parent: None,
            depth: 0,
            name: format!("{name} -> entry"),
            start,
            end,
            failure,
            spans,
        });
    }

    /// A call is over.
    pub(super) fn trace_settled(&mut self, call: u32, now: SimTime, failure: Option<Failure>) {
        if self.tracer.is_none() {
            return;
        }
        let Some((tracer, _)) = self.tracer_of(call) else { return };
        if let Some(row) = tracer.rows.remove(&call) {
            tracer.calls[row].end = now.nanos();
            tracer.calls[row].failure = failure;
        }
    }
}

impl Tracer {
    /// The followed request as a waterfall; none where it never came.
    pub(super) fn into_trace(mut self, world: &World, replication: u32, why: &str) -> Option<Trace> {
        let root = self.calls.first()?;
        let start = root.start;
        let last = self.calls.iter().flat_map(|call| call.spans.iter().map(|span| span.end)).max().unwrap_or(start);
        let end = if root.end == u64::MAX { last } else { root.end };
        let failure = root.failure;
        let unfinished = root.end == u64::MAX;
        for call in &mut self.calls {
            call.end = call.end.min(end.max(call.start));
        }
        let mut critical = Vec::new();
        self.walk(0, end, start, &mut critical);
        let ms = |ns: u64| ns as f64 / 1e6;
        let mut spans = Vec::new();
        for call in &self.calls {
            let what = call.name.clone();
            let span = RawSpan { kind: "call", what, start: call.start, end: call.end };
            spans.push((call.depth, span, false));
            let taken = |span: &RawSpan| {
                critical.iter().any(|(_, one): &(u32, RawSpan)| {
                    one.what == span.what && one.kind == span.kind && one.start >= span.start && one.end <= span.end
                })
            };
            spans.extend(call.spans.iter().filter(|span| !taken(span)).map(|span| (call.depth, span.clone(), false)));
        }
        spans.extend(critical.into_iter().map(|(depth, span)| (depth, span, true)));
        spans.sort_by_key(|(depth, span, _)| (span.start, *depth, span.kind != "call", span.end));
        let spans = spans.into_iter().map(|(depth, span, critical)| Span {
            depth,
            kind: span.kind.to_owned(),
            what: span.what,
            start_ms: ms(span.start - start),
            length_ms: ms(span.end - span.start),
            critical,
        });
        let stream = world.streams.rows().get(self.which.stream as usize)?;
        Some(Trace {
            why: why.to_owned(),
            request: format!("{} #{}", stream.name, self.which.ordinal),
            replication,
            latency_ms: ms(end - start),
            outcome: match failure {
                _ if unfinished => Failure::Unfinished.word().to_owned(),
                Some(failure) => failure.word().to_owned(),
                None => "ok".to_owned(),
            },
            spans: spans.collect(),
        })
    }

    /// Walks back through a call from `until` to `from`, leaving spans that abut.
    fn walk(&self, call: usize, until: u64, from: u64, out: &mut Vec<(u32, RawSpan)>) {
        let row = &self.calls[call];
        let children: Vec<usize> =
            (0..self.calls.len()).filter(|&child| self.calls[child].parent == Some(call)).collect();
        let mut now = until;
        while now > from {
            // Rank: what ended exactly now, then what was under way, then what ended last before.
            let rank = |start: u64, end: u64| {
                let rank = match end.cmp(&now) {
                    std::cmp::Ordering::Equal => (2, end),
                    std::cmp::Ordering::Greater => (1, start),
                    std::cmp::Ordering::Less => (0, end),
                };
                (start < now).then_some(rank)
            };
            let span =
                row.spans.iter().filter_map(|span| Some((rank(span.start, span.end)?, span))).max_by_key(|one| one.0);
            let child = children
                .iter()
                .filter_map(|&child| Some((rank(self.calls[child].start, self.calls[child].end)?, child)))
                .max_by_key(|one| one.0);
            let take_child = match (&span, &child) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(span), Some(child)) => child.0 > span.0,
            };
            let (start, end) = match (take_child, &span, &child) {
                (true, _, Some((_, child))) => (self.calls[*child].start, self.calls[*child].end),
                (_, Some((_, span)), _) => (span.start, span.end),
                _ => (from, from),
            };
            if end < now {
                // Nothing is known of this stretch but that the caller waited.
                let gap = RawSpan {
                    kind: "wait",
                    what: format!("no answer from {}", row.name),
                    start: end.max(from),
                    end: now,
                };
                now = gap.start;
                out.push((row.depth, gap));
                continue;
            }
            let start = start.max(from);
            if let (true, Some((_, child))) = (take_child, &child) {
                self.walk(*child, now, start, out);
            } else if let Some((_, span)) = &span {
                let span = RawSpan { start, end: now, ..(*span).clone() };
                out.push((row.depth, span));
            }
            now = start;
        }
    }
}
