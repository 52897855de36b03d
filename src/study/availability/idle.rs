//! What `reliability` says of nothing that there is, in no variant: a row, a crew, a share or a `never` that changes nothing.

use std::collections::BTreeMap;

use super::component::{covers, names};
use crate::provider::Books;
use crate::scenario::compile::{Inputs, compile};
use crate::scenario::file::Reliability;
use crate::scenario::{Diagnostic, Loaded, Span};

/// So many names are listed.
const LISTED: usize = 6;

/// EW438 for each of them, where it stands. Nothing where a variant does not compile: that is said first.
pub fn idle(loaded: &Loaded) -> Vec<Diagnostic> {
    let of = |variant: &crate::scenario::Variant| {
        let said = variant.scenario.reliability.clone()?;
        let world = compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default()).ok()?;
        Some((said, names(&variant.scenario, &world)))
    };
    if loaded.variants.iter().all(|variant| variant.scenario.reliability.is_none()) {
        return Vec::new();
    }
    let found: Vec<(Reliability, Vec<String>)> = loaded.variants.iter().filter_map(of).collect();
    let said = loaded.variants.iter().filter(|variant| variant.scenario.reliability.is_some());
    if found.len() < said.count() {
        return Vec::new();
    }
    // By what is written, in the order of the text: does it speak of anything in any variant?
    let mut speaks: BTreeMap<(Span, &'static str, &str), bool> = BTreeMap::new();
    for (said, names) in &found {
        let fails = |name: &&String| !said.never.iter().any(|never| covers(&never.value, name));
        let rows = said.rows.iter().map(|(key, row)| ("rows", key, row.span, true));
        let crews = said.crews.iter().map(|(key, crews)| ("crews", key, crews.span, true));
        let common = said.common.iter().map(|(key, share)| ("common", key, share.span, true));
        let never = said.never.iter().map(|never| ("never", &never.value, never.span, false));
        for (section, key, span, must_fail) in rows.chain(crews).chain(common).chain(never) {
            let heard = names.iter().filter(|name| !must_fail || fails(name)).any(|name| covers(key, name));
            *speaks.entry((span, section, key)).or_insert(false) |= heard;
        }
    }
    let all: Vec<&String> = found.iter().flat_map(|(_, names)| names).collect();
    let told = |((span, section, key), _): ((Span, &'static str, &str), bool)| {
        let text =
            format!("`reliability.{section}` speaks of `{key}`, and no variant has such a component that may fail");
        Diagnostic::warning("EW438", text).at(span, "changes nothing").help(listed(key, &all))
    };
    speaks.into_iter().filter(|(_, speaks)| !speaks).map(told).collect()
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
