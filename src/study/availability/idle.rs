//! What `reliability` says of nothing that there is, in no variant: a row, a crew, a share or a `never` that changes nothing.

use std::collections::BTreeMap;

use super::component::{covers, failing, names};
use crate::provider::Books;
use crate::scenario::compile::{Inputs, compile};
use crate::scenario::file::Reliability;
use crate::scenario::{Diagnostic, Loaded, Span};

/// So many names are listed.
const LISTED: usize = 6;

/// What one variant has.
struct Found {
    said: Reliability,
    /// What may fail.
    names: Vec<String>,
    /// What does, with how many units.
    failing: Vec<(String, usize)>,
}

/// EW438 for each of them, where it stands. Nothing where a variant does not compile: that is said first.
pub fn idle(loaded: &Loaded) -> Vec<Diagnostic> {
    let of = |variant: &crate::scenario::Variant| {
        let said = variant.scenario.reliability.clone()?;
        let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).ok()?;
        let failing = failing(&variant.scenario, &world, &said, Books::builtin());
        Some(Found { names: names(&variant.scenario, &world), failing, said })
    };
    if loaded.variants.iter().all(|variant| variant.scenario.reliability.is_none()) {
        return Vec::new();
    }
    let found: Vec<Found> = loaded.variants.iter().filter_map(of).collect();
    let said = loaded.variants.iter().filter(|variant| variant.scenario.reliability.is_some());
    if found.len() < said.count() {
        return Vec::new();
    }
    // By what is written, in the order of the text: does it speak of anything in any variant?
    let mut speaks: BTreeMap<(Span, &'static str, &str), bool> = BTreeMap::new();
    for Found { said, names, failing } in &found {
        let fails = |name: &&String| !said.never.iter().any(|never| covers(&never.value, name));
        let has = |key: &str, fewest: usize| failing.iter().any(|(name, units)| *units >= fewest && covers(key, name));
        let rows = said
            .rows
            .iter()
            .map(|(key, row)| ("rows", key, row.span, names.iter().filter(fails).any(|name| covers(key, name))));
        // Units that stand alone are mended by themselves, and nothing is shared with what never fails.
        let crews = said.crews.iter().map(|(key, crews)| ("crews", key, crews.span, has(key, 2)));
        let common = said.common.iter().map(|(key, share)| ("common", key, share.span, has(key, 1)));
        let never = said
            .never
            .iter()
            .map(|never| ("never", &never.value, never.span, names.iter().any(|name| covers(&never.value, name))));
        for (section, key, span, heard) in rows.chain(crews).chain(common).chain(never) {
            *speaks.entry((span, section, key)).or_insert(false) |= heard;
        }
    }
    let all: Vec<&String> = found.iter().flat_map(|found| &found.names).collect();
    let alone = |key: &str| found.iter().any(|found| found.failing.iter().any(|(name, _)| covers(key, name)));
    let told = |((span, section, key), _): ((Span, &'static str, &str), bool)| {
        let may_fail = all.iter().any(|name| covers(key, name));
        let (text, help) = match section {
            "crews" if alone(key) => (
                format!("`reliability.crews` speaks of `{key}`, of which each unit stands alone: it is mended by itself"),
                "crews are shared among replicas of a service in a zone, and among pods of a gateway that nothing tells apart: \
                 leave it out"
                    .to_owned(),
            ),
            "crews" | "common" if may_fail => (
                format!("`reliability.{section}` speaks of `{key}`, and nothing says how often such a component fails"),
                format!("say it: `rows: {{{key}: {{mean-up: .., mean-down: ..}}}}`, or leave this out"),
            ),
            _ => (
                format!("`reliability.{section}` speaks of `{key}`, and no variant has such a component that may fail"),
                listed(key, &all),
            ),
        };
        Diagnostic::warning("EW438", text).at(span, "changes nothing").help(help)
    };
    let mut said: Vec<Diagnostic> = speaks.into_iter().filter(|(_, speaks)| !speaks).map(told).collect();
    said.extend(never_fails(&found));
    said
}

/// All that could fail is written under `never`.
fn never_fails(found: &[Found]) -> Option<Diagnostic> {
    let spared = found.iter().all(|found| !found.said.never.is_empty() && found.failing.is_empty());
    let first = found.first().filter(|_| spared)?;
    let text = "`reliability.never` spares all that could fail: nothing ever fails";
    let help = "every availability would be 100 %: leave out of `never` what this study is about";
    Some(Diagnostic::warning("EW435", text).at(first.said.span, "").help(help))
}

/// The components of the same kind.
fn listed(key: &str, all: &[&String]) -> String {
    let kind = key.split('/').next().unwrap_or_default();
    let mut same: Vec<&str> = all.iter().map(|name| name.as_str()).filter(|name| covers(kind, name)).collect();
    same.sort_unstable();
    same.dedup();
    if same.is_empty() {
        return format!("nothing of kind `{kind}` is on any way of this scenario: leave it out");
    }
    let more = if same.len() > LISTED { ", .." } else { "" };
    same.truncate(LISTED);
    format!("there are: {}{more}", same.join(", "))
}
