//! What a fault is aimed at, and whether anything stands there.
//!
//! What one variant does not use may fall there without effect, and says something by that. What no variant uses is a
//! fault that nobody meets: its gates hold whatever happens. So all variants together tell it.

use indexmap::IndexMap;

use crate::fault::Scene;
use crate::scenario::file::{Fault, Hit};
use crate::scenario::{Diagnostic, Span};
use crate::world::Target;

/// One thing that a fault hits, in one variant.
#[derive(Clone, Debug)]
pub struct Aim {
    fault: String,
    /// As written.
    text: String,
    at: Span,
    /// It is one of several.
    part: bool,
    /// Something stands there.
    met: bool,
}

/// The aims of a fault that could be placed. Of a security group it is told who opens connections.
pub(super) fn aims(scene: &Scene<Target>, name: &str, fault: &Fault) -> Vec<Aim> {
    let aim = |text: &str, part: bool| {
        let met = scene.targets(text).is_ok_and(|(targets, _)| !targets.is_empty());
        Aim { fault: name.to_owned(), text: text.to_owned(), at: fault.hit.span, part, met }
    };
    match &fault.hit.value {
        Hit::Rule(_) => Vec::new(),
        Hit::Several(all) => all.iter().map(|(_, text)| aim(text, all.len() > 1)).collect(),
        _ => vec![aim(&fault.hit_text, false)],
    }
}

/// What none of these variants has, of those whose fault is aimed at it.
pub fn missed<'a>(of: impl IntoIterator<Item = &'a [Aim]>) -> Vec<Diagnostic> {
    let mut all: IndexMap<(&str, &str), (&Aim, bool)> = IndexMap::new();
    for aim in of.into_iter().flatten() {
        all.entry((&aim.fault, &aim.text)).or_insert((aim, false)).1 |= aim.met;
    }
    let missed = all.into_values().filter(|(_, met)| !met);
    missed.map(|(aim, _)| told(aim)).collect()
}

fn told(aim: &Aim) -> Diagnostic {
    let Aim { fault, text, .. } = aim;
    let what = if aim.part { format!("this part of fault `{fault}`") } else { format!("fault `{fault}`") };
    Diagnostic::warning("EW416", format!("nothing stands or goes at `{text}`: {what} changes nothing"))
        .at(aim.at, "what this fault hits")
        .help("gates of a fault that nobody meets hold whatever happens: hit what is on a way, or leave it out")
}
