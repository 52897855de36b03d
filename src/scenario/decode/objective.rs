//! `objectives:`.

use super::fields::Decoder;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{
    Bound, Check, Metric, Objective, ObjectiveSeverity, ObjectiveWindow, Service, Store, Topology,
};
use crate::scenario::objective::{self, Role};
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use indexmap::IndexMap;
use std::ops::Range;

/// The names that a gate may use.
pub(super) struct Names<'s> {
    pub(super) topology: &'s Topology,
    pub(super) services: &'s IndexMap<String, Service>,
    pub(super) products: &'s [String],
    pub(super) streams: &'s [String],
    pub(super) faults: &'s [String],
    pub(super) stores: &'s IndexMap<String, Store>,
    pub(super) variants: &'s [String],
}

impl Names<'_> {
    fn of(&self, role: Role) -> (&'static str, Vec<String>) {
        let services = || self.services.keys().cloned();
        let topology = self.topology;
        match role {
            Role::Subject => {
                let operations = self.services.iter().flat_map(|(service, body)| {
                    let named = body.operations.keys().filter(|name| !name.is_empty());
                    named.flat_map(move |name| [name.clone(), format!("{service}.{name}")])
                });
                let all = ["all".to_owned()].into_iter();
                (
                    "operation, service or stream",
                    services().chain(operations).chain(self.streams.iter().cloned()).chain(all).collect(),
                )
            }
            Role::People => {
                let all = ["all".to_owned()].into_iter();
                ("service or stream", services().chain(self.streams.iter().cloned()).chain(all).collect())
            }
            Role::From => {
                let places = topology.regions.keys().chain(topology.clusters.keys());
                ("region, cluster or stream", places.chain(self.streams).cloned().collect())
            }
            Role::Fault => ("fault", self.faults.to_vec()),
            Role::Store => {
                let replicated = self.stores.iter().filter(|(_, store)| store.replication().is_some());
                ("store with a primary", replicated.map(|(name, _)| name.clone()).collect())
            }
            Role::Caller => ("service or stream", services().chain(self.streams.iter().cloned()).collect()),
            Role::Callee => ("service", services().collect()),
            Role::Cost => {
                let parts = ["network", "compute", "total"].map(str::to_owned).into_iter();
                ("part of the bill", parts.chain(self.products.iter().cloned()).collect())
            }
            Role::Resource => ("service or product", services().chain(self.products.iter().cloned()).collect()),
            Role::Avoided => ("product", self.products.iter().cloned().chain(["internet".to_owned()]).collect()),
            Role::Variant => ("variant", self.variants.to_vec()),
        }
    }
}

impl Decoder {
    /// `objectives:`.
    pub(super) fn objectives(&mut self, node: Option<&Node>, names: &Names<'_>) -> IndexMap<String, Objective> {
        let mut objectives = IndexMap::new();
        for (name, entry) in self.named(node, "objectives") {
            if let Some(objective) = self.objective(name, entry, names) {
                objectives.insert(name.to_owned(), objective);
            }
        }
        objectives
    }

    fn objective(&mut self, name: &str, entry: &Entry, names: &Names<'_>) -> Option<Objective> {
        let path = vec!["objectives".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::OBJECTIVE, path, entry.key)?;
        let text = map.text(self, "check");
        let (during, outside) = (map.text(self, "during"), map.text(self, "outside"));
        let severity = map
            .word(self, "severity")
            .map_or(ObjectiveSeverity::Fail, |word| [ObjectiveSeverity::Fail, ObjectiveSeverity::Warn][word]);
        let one = map
            .written("variant")
            .and_then(|node| Some(Spanned::new(self.text(node, "a variant")?.to_owned(), node.span)));
        let mut variants = Vec::from_iter(one);
        if let Some(said) = map.said(self, "variants") {
            if let [one] = &variants[..] {
                let text = "`variant` and `variants` exclude each other";
                let key = map.entry("variants").map_or(said.node.span, |entry| entry.key);
                let both = Diagnostic::error("EW014", text).at(key, "").at(one.span, "");
                self.say(both.help("list them all: `variants: [ONE, OTHER]`"));
            }
            let items = self.items(&said.node, "variants").to_vec();
            // Of none the gate would be held against all.
            if items.is_empty() && matches!(said.node.value, Value::List(_)) {
                let none = Diagnostic::error("EW303", format!("objective `{name}` holds for none of the variants"));
                self.say(none.at(said.node.span, "").help("leave `variants` out: then it holds for each of them"));
            }
            for item in items {
                variants.extend(self.text(&item, "a variant").map(|text| Spanned::new(text.to_owned(), item.span)));
            }
        }
        map.close();
        for variant in &variants {
            self.known("variant", variant, variant.span, names.variants.iter().map(String::as_str));
        }
        let window = self.window(during, outside, names);
        let text = text?;
        let check = self.check(&text, names)?;
        if let Check::Figure { bound: Bound::OfVariant { variant, .. }, .. } = &check
            && let [only] = &variants[..]
            && only.value == *variant
        {
            self.say(
                Diagnostic::error("EW305", "a variant is not compared with itself")
                    .at(text.span, "")
                    .at(only.span, "this variant")
                    .help("name another variant in `variant(..)`"),
            );
        }
        if matches!(check, Check::Path(_)) && window != Some(ObjectiveWindow::All) {
            self.say(
                Diagnostic::error("EW503", "a path does not depend on time: no `during` or `outside` here")
                    .at(text.span, ""),
            );
        }
        // `window` has said what is wrong with it where there is none.
        if let (Some(window), Check::Figure { term, .. }) = (&window, &check)
            && let Some((what, help)) = of_no_time(&term.metric, window)
        {
            self.say(Diagnostic::error("EW503", what).at(text.span, "").help(help));
        }
        Some(Objective { span: entry.key, text: text.value, check, window: window?, severity, variants })
    }

    fn window(
        &mut self,
        during: Option<Spanned<String>>,
        outside: Option<Spanned<String>>,
        names: &Names<'_>,
    ) -> Option<ObjectiveWindow> {
        let faults = || names.faults.iter().map(String::as_str);
        match (during, outside) {
            (None, None) => Some(ObjectiveWindow::All),
            (Some(fault), None) => {
                self.known("fault", &fault, fault.span, faults()).then(|| ObjectiveWindow::During(fault.value.clone()))
            }
            (None, Some(fault)) if fault.value == "faults" => Some(ObjectiveWindow::OutsideFaults),
            (None, Some(fault)) => {
                self.known("fault", &fault, fault.span, faults()).then(|| ObjectiveWindow::Outside(fault.value.clone()))
            }
            (Some(during), Some(outside)) => {
                self.say(
                    Diagnostic::error("EW014", "`during` and `outside` exclude each other")
                        .at(outside.span, "")
                        .at(during.span, ""),
                );
                None
            }
        }
    }

    fn check(&mut self, text: &Spanned<String>, names: &Names<'_>) -> Option<Check> {
        let parsed = match objective::parse(text) {
            Ok(parsed) => parsed,
            Err(misread) => {
                self.complain(misread.complaint, within(text, &misread.at));
                return None;
            }
        };
        let mut good = true;
        for (role, name, at) in &parsed.names {
            let (kind, known) = names.of(*role);
            good &= self.known(kind, name, within(text, at), known.iter().map(String::as_str));
        }
        good.then_some(parsed.check)
    }
}

/// The place of a part of a text: inside the quotes where it is written without escapes, else all of it.
fn within(text: &Spanned<String>, at: &Range<usize>) -> Span {
    let span = text.span;
    let quotes = (span.end - span.start) as usize;
    let inset = match quotes.checked_sub(text.value.len()) {
        Some(0) => 0,
        Some(2) => 1,
        _ => return span,
    };
    let start = span.start + inset + at.start as u32;
    Span { start, end: (span.start + inset + at.end as u32).max(start), ..span }
}

/// Why this cannot be asked of that part of the run, and what can.
fn of_no_time(metric: &Metric, window: &ObjectiveWindow) -> Option<(&'static str, &'static str)> {
    match (metric, window) {
        (_, ObjectiveWindow::All)
        | (
            Metric::Quantile { .. }
            | Metric::Mean { .. }
            | Metric::Availability { .. }
            | Metric::Throughput { .. }
            | Metric::Good { .. },
            _,
        )
        | (Metric::Rto { .. } | Metric::Rpo { .. } | Metric::LostWrites { .. }, ObjectiveWindow::During(_)) => None,
        (Metric::Rto { .. } | Metric::Rpo { .. } | Metric::LostWrites { .. }, _) => Some((
            "promotions are of the whole run or of one fault: no `outside` here",
            "`during: FAULT` asks for the promotions that began with it",
        )),
        _ => Some((
            "this figure is of the whole run: no `during` or `outside` here",
            "percentiles, mean, availability and throughput may be of a part, what promotions lose of a fault (`during`); a \
             fault's own figures name it",
        )),
    }
}
