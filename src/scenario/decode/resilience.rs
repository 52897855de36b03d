//! `mesh.traffic.SELECTOR`: retries, budgets, injected faults, rate limits, outlier detection by rates.

use super::fields::{Decoder, Fields};
use super::mesh::positive;
use crate::policy::{Budget, Codes, FailurePercentage, FaultFilter, RateLimit, Status, SuccessRate};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::TrafficPatch;
use crate::scenario::quantity::{self, Complaint};
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::{Duration, Ratio};

impl Decoder {
    /// Statuses that outlier detection counts as errors.
    pub(super) fn error_codes(&mut self, node: &Node) -> Codes {
        let items = self.items(node, "HTTP statuses").to_vec();
        let codes = items.iter().filter_map(|item| self.read(item, "an HTTP status", http_status));
        let codes: Vec<Spanned<u16>> = codes.collect();
        if let Some(good) = codes.iter().find(|code| code.value < 400) {
            let what = format!("an answer of {} is no failure here, and never counted as one", good.value);
            self.say(Diagnostic::error("EW370", what).at(good.span, "").help("leave out what is below 400"));
        }
        codes.into_iter().map(|code| code.value).collect()
    }

    /// Back-off, hedging, priorities.
    pub(super) fn retries(&mut self, map: &Fields<'_>, patch: &mut TrafficPatch) {
        patch.backoff = map.said(self, "backoff").and_then(|said| {
            if !matches!(said.node.value, Value::Map(_)) {
                return Some((self.read(&said.node, "a duration such as `25ms`", positive)?.value, None));
            }
            let map = self.open(Some(&said.node), &words::BACKOFF, said.path, said.node.span)?;
            let (base, max) = (map.read(self, "base", positive), map.read(self, "max", positive));
            map.close();
            let base = base?.value;
            if let Some(max) = max.filter(|max| max.value < base) {
                let wrong = Diagnostic::error("EW371", format!("`max` {} is below the base {base}", max.value));
                self.say(wrong.at(max.span, "").help("Envoy refuses it: the windows double from the base up"));
            }
            Some((base, max.map(|max| max.value)))
        });
        patch.hedge = self.flag(map, "hedge");
        patch.previous_priorities = map.said(self, "previous-priorities").and_then(|said| {
            if said.node.as_text() == Some("none") {
                return Some(None);
            }
            map.count32(self, "previous-priorities").map(|count| Some(count.value))
        });
    }

    /// `retry-budget`.
    pub(super) fn retry_budget(&mut self, map: &Fields<'_>) -> Option<Option<Budget>> {
        let (said, min) = (map.said(self, "retry-budget")?, Budget::default().min);
        if said.node.as_text() == Some("none") {
            return Some(None);
        }
        if !matches!(said.node.value, Value::Map(_)) {
            let share = self.read(&said.node, "a share such as `20%`, or `none`", quantity::share)?.value;
            return Some(Some(Budget { percent: percent(share), min }));
        }
        let map = self.open(Some(&said.node), &words::RETRY_BUDGET, said.path, said.node.span)?;
        let (share, min) = (map.read(self, "share", quantity::share), map.count32(self, "min"));
        map.close();
        Some(Some(Budget { percent: percent(share?.value), min: min?.value }))
    }

    /// Injected faults.
    pub(super) fn injected(&mut self, map: &Fields<'_>, patch: &mut TrafficPatch) {
        patch.fault = map.said(self, "fault").and_then(|said| {
            if !matches!(said.node.value, Value::Map(_)) {
                self.word(&said.node, map.shape("fault"))?;
                return Some(None);
            }
            let fault = self.open(Some(&said.node), &words::FAULT_FILTER, said.path, said.node.span)?;
            let filter = FaultFilter {
                delay: fault.written("delay").and_then(|node| self.fault_delay(node, &fault)),
                abort: fault.written("abort").and_then(|node| self.fault_abort(node, &fault)),
                max_active: fault.count32(self, "max-active").map(|count| count.value),
            };
            fault.close();
            Some(Some(filter))
        });
    }

    /// `rate-limit`.
    pub(super) fn rate_limit(&mut self, map: &Fields<'_>) -> Option<Spanned<Option<RateLimit>>> {
        let said = map.said(self, "rate-limit")?;
        if !matches!(said.node.value, Value::Map(_)) {
            self.word(&said.node, map.shape("rate-limit"))?;
            return Some(Spanned::new(None, said.node.span));
        }
        let limit = self.open(Some(&said.node), &words::RATE_LIMIT, said.path, said.node.span)?;
        let (max_tokens, tokens_per_fill) = (limit.count32(self, "tokens"), limit.count32(self, "per-fill"));
        let fill_interval = limit.read(self, "every", filled);
        limit.close();
        let (max_tokens, tokens_per_fill) = (max_tokens?.value, tokens_per_fill?.value);
        let limit = RateLimit { max_tokens, tokens_per_fill, fill_interval: fill_interval?.value };
        Some(Spanned::new(Some(limit), said.node.span))
    }

    fn fault_delay(&mut self, node: &Node, fault: &Fields<'_>) -> Option<(Duration, Ratio)> {
        let map = self.open(Some(node), &words::FAULT_DELAY, fault.path_of("delay"), node.span)?;
        let (delay, share) = (map.read(self, "for", positive), map.read(self, "share", quantity::share));
        map.close();
        Some((delay?.value, share?.value))
    }

    fn fault_abort(&mut self, node: &Node, fault: &Fields<'_>) -> Option<(Status, Ratio)> {
        let map = self.open(Some(node), &words::FAULT_ABORT, fault.path_of("abort"), node.span)?;
        let (status, share) = (map.read(self, "status", status), map.read(self, "share", quantity::share));
        map.close();
        Some((status?.value, share?.value))
    }

    /// `outlier.success-rate`.
    pub(super) fn success_rate(&mut self, outlier: &Fields<'_>) -> Option<SuccessRate> {
        let said = outlier.said(self, "success-rate")?;
        let map = self.open(Some(&said.node), &words::SUCCESS_RATE, said.path, said.node.span)?;
        let factor = map.number(self, "factor");
        let (volume, min_hosts) = (map.count32(self, "volume"), map.count32(self, "min-hosts"));
        let enforce = map.read(self, "enforce", quantity::share);
        map.close();
        let factor = (factor?.value * 1000.0 + 0.5) as u32;
        let enforce = whole_percent(enforce?.value);
        Some(SuccessRate { factor, volume: volume?.value, min_hosts: min_hosts?.value, enforce })
    }

    /// `outlier.failure-percentage`.
    pub(super) fn failure_percentage(&mut self, outlier: &Fields<'_>) -> Option<FailurePercentage> {
        let said = outlier.said(self, "failure-percentage")?;
        let map = self.open(Some(&said.node), &words::FAILURE_PERCENTAGE, said.path, said.node.span)?;
        let threshold = map.read(self, "threshold", quantity::share);
        let (volume, min_hosts) = (map.count32(self, "volume"), map.count32(self, "min-hosts"));
        let enforce = map.read(self, "enforce", quantity::share);
        map.close();
        let [threshold, enforce] = [threshold?, enforce?].map(|share| whole_percent(share.value));
        Some(FailurePercentage { threshold, volume: volume?.value, min_hosts: min_hosts?.value, enforce })
    }

    /// A key that is `true` or `false`.
    pub(super) fn flag(&mut self, map: &Fields<'_>, name: &'static str) -> Option<bool> {
        let said = map.said(self, name)?;
        self.truth(&said.node)
    }
}

fn percent(share: Ratio) -> f64 {
    share.get() * 100.0
}

fn whole_percent(share: Ratio) -> u32 {
    (share.get() * 100.0 + 0.5) as u32
}

/// An HTTP status.
pub(super) fn http_status(text: &str) -> Result<u16, Complaint> {
    match status(text)? {
        Status::Http(code) => Ok(code),
        Status::Grpc(_) => {
            Err(Complaint::new("EW368", "this is gRPC's, HTTP says 200", "write a number, such as `503`"))
        }
    }
}

fn status(text: &str) -> Result<Status, Complaint> {
    let status = Status::parse(text).filter(|status| !matches!(status, Status::Http(..200)));
    status.ok_or_else(|| {
        let message = format!("`{text}` is not a status of an answer");
        Complaint::new("EW368", message, "an HTTP status of 200 to 599, or gRPC's word, such as `unavailable`")
    })
}

/// Envoy takes no shorter interval.
fn filled(text: &str) -> Result<Duration, Complaint> {
    match quantity::duration(text)? {
        span if span < Duration::from_millis(50) => {
            Err(Complaint::new("EW105", "Envoy fills a bucket every 50ms at the most often", "for example `1s`"))
        }
        span => Ok(span),
    }
}
