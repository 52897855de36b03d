//! A recorded incident: what it can hit, and what it leaves to nobody to say.

use super::super::fields::{Decoder, Fields};
use super::effect::EFFECTS;
use crate::provider::{Books, Deed};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Hit, When};
use crate::scenario::span::Spanned;
use crate::scenario::tree::Entry;

/// Words that a recorded incident makes needless.
const TOLD: [&str; 6] = ["for", "every", "flap", "mean-up", "mean-down", "common"];

/// How a scenario writes what an incident of these deeds hits; none: nothing that a scenario has.
fn forms(deeds: &[Deed]) -> Option<&'static str> {
    let any = |of: &[Deed]| deeds.iter().any(|deed| of.contains(deed));
    if any(&[Deed::Zone]) {
        Some("a zone, `zone/REGION/ZONE`")
    } else if any(&[Deed::Region, Deed::Api]) {
        Some("a region, `region/R`, or all of them, `region/*`")
    } else if any(&[Deed::Links, Deed::Slow, Deed::Loss]) {
        Some("what lies between two regions, `link/A-B` or `link/internet/A-B`")
    } else if any(&[Deed::Dns]) {
        Some("names, `dns` or `entry/NAME`")
    } else {
        None
    }
}

/// Can an incident of these deeds hit this?
fn can(deeds: &[Deed], hit: &Hit) -> bool {
    let any = |of: &[Deed]| deeds.iter().any(|deed| of.contains(deed));
    match hit {
        Hit::Zone { .. } | Hit::All("zone") => any(&[Deed::Zone]),
        Hit::Region(_) | Hit::All("region") => !any(&[Deed::Zone]) && any(&[Deed::Region, Deed::Api]),
        Hit::Link { .. } | Hit::All("link") => any(&[Deed::Links, Deed::Slow, Deed::Loss]),
        Hit::Entry(_) | Hit::All("entry" | "dns") => any(&[Deed::Dns]),
        _ => false,
    }
}

impl Decoder {
    /// `incident`, and its `at` and `speed`.
    pub(super) fn incident(
        &mut self,
        map: &Fields<'_>,
        name: &str,
        entry: &Entry,
        hit: Option<&Spanned<Hit>>,
    ) -> Option<When> {
        let id = map.text(self, "incident");
        let speed = map.number(self, "speed").map_or(1.0, |speed| speed.value);
        for word in TOLD.iter().chain(&EFFECTS) {
            if let Some(told) = map.entry(word).filter(|entry| !entry.node.is_null()) {
                let text = format!("`{word}` and `incident` exclude each other");
                let help = if *word == "for" {
                    "it lasts as long as it did, unless `speed: 60` compresses it"
                } else {
                    "what happens, when and for how long is recorded"
                };
                self.say(Diagnostic::error("EW014", text).at(told.key, "").help(help));
            }
        }
        let at = match map.entry("at") {
            Some(at) => self.start(&at.node),
            None => {
                let lacks = Diagnostic::error("EW013", format!("`faults.{name}` lacks `at`")).at(entry.key, "of this");
                self.say(lacks.help("at: When the incident begins, `5m` from t = 0 or `\"19:00\"`."));
                None
            }
        };
        let id = id?;
        let books = Books::builtin();
        if !self.known("incident", &id.value, id.span, books.incidents.iter().map(|row| row.id.as_str())) {
            return None;
        }
        let deeds: Vec<Deed> = books.replayed(&id.value).map(|phase| phase.does).collect();
        match (forms(&deeds), hit) {
            (None, _) => {
                let text = format!("`{}` did nothing that a scenario can meet", id.value);
                let help = "it hit what no scenario has: `eastwest catalog incident-phases` tells what";
                self.say(Diagnostic::error("EW433", text).at(id.span, "").help(help));
                return None;
            }
            (Some(forms), Some(hit)) if !can(&deeds, &hit.value) => {
                let text = format!("`{}` does not happen to this", id.value);
                let diagnostic = Diagnostic::error("EW433", text).at(hit.span, "").at(id.span, "the incident");
                self.say(diagnostic.help(format!("it hits {forms}")));
                return None;
            }
            _ => {}
        }
        Some(When::Replay { at: at?, incident: id, speed })
    }
}
