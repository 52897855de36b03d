//! What a fault does to what it hits.

use super::super::fields::{Decoder, Fields, Path, below};
use super::barrier::SIDES;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Effect, Hit, Manner};
use crate::scenario::quantity;
use crate::scenario::tree::{Entry, Node};
use crate::scenario::vocabulary as words;
use crate::units::{BitsPerSec, Duration, Ratio};
use crate::world::Cut;

/// Kinds of things that a fault hits, by what can happen to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Regions, zones, clusters: all that stands there.
    Place,
    /// Links, products, parts of products.
    Way,
    /// Gateways.
    Gateway,
    /// Services and replicas.
    Replica,
    /// Control planes, API servers, entries and stores.
    Control,
    /// What is cached.
    Cache,
    /// What two sides send to each other.
    Split,
}

/// What shows a certificate; what has processes.
const PROXIES: &[Kind] = &[Kind::Place, Kind::Gateway, Kind::Replica];

/// Effects that not everything can have: the word, who can, and what that is called.
const ABLE: [(&str, &[Kind], &str); 12] = [
    (
        "down",
        &[Kind::Place, Kind::Way, Kind::Gateway, Kind::Replica, Kind::Control],
        "all but what is cached, which is forgotten: `forget: true`",
    ),
    ("forget", &[Kind::Cache], "what is cached, `cache/SERVICE`"),
    (
        "slow",
        &[Kind::Place, Kind::Way, Kind::Gateway, Kind::Replica],
        "regions, zones, clusters, links, products, gateways, services and replicas",
    ),
    ("loss", &[Kind::Place, Kind::Way], "links, products and their parts, regions, zones and clusters"),
    ("errors", &[Kind::Place, Kind::Replica], "services, replicas, regions, zones and clusters"),
    ("paths", &[Kind::Place, Kind::Way], "links, products and their parts, regions, zones and clusters"),
    ("expire", PROXIES, "services, replicas, regions, zones, clusters, and gateways of `kind: l7`"),
    ("new-root", PROXIES, "services, replicas, regions, zones, clusters, and gateways of `kind: l7`"),
    ("no-route", &[Kind::Place, Kind::Replica], "services, replicas, regions, zones and clusters"),
    ("rate", &[Kind::Way], "products, their parts, and links"),
    ("restart", PROXIES, "services, replicas, gateways, regions, zones and clusters"),
    ("drain", PROXIES, "services, replicas, gateways, regions, zones and clusters"),
];

/// Of all that is hit.
fn kinds(hit: &Hit) -> Vec<Kind> {
    match hit {
        Hit::Several(all) => all.iter().flat_map(|(hit, _)| kinds(hit)).collect(),
        hit => vec![kind(hit)],
    }
}

fn kind(hit: &Hit) -> Kind {
    match hit {
        Hit::Region(_) | Hit::Zone { .. } | Hit::Cluster(_) | Hit::Vpc(_) => Kind::Place,
        Hit::All("region" | "zone" | "cluster" | "vpc") => Kind::Place,
        Hit::All("gateway") => Kind::Gateway,
        Hit::All("service" | "replica") => Kind::Replica,
        Hit::All("control-plane" | "api" | "entry" | "dns" | "store") => Kind::Control,
        Hit::All("cache") => Kind::Cache,
        Hit::All(_) => Kind::Way,
        Hit::Between(_) | Hit::Rule(_) => Kind::Split,
        Hit::Several(all) => all.first().map_or(Kind::Split, |(hit, _)| kind(hit)),
        Hit::Link { .. } | Hit::Product(_) | Hit::Part(_) => Kind::Way,
        Hit::Gateway { .. } => Kind::Gateway,
        Hit::Service(_) | Hit::Replica { .. } => Kind::Replica,
        Hit::ControlPlane(_) | Hit::Api(_) | Hit::Entry(_) | Hit::Store(_) => Kind::Control,
        Hit::Cache(_) => Kind::Cache,
    }
}

impl Decoder {
    /// All that happens.
    pub(super) fn effects(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        name: &str,
        entry: &Entry,
        hit: Option<&Hit>,
    ) -> Option<Vec<Effect>> {
        let wrong = self.errors;
        let mut effects = Vec::new();
        self.down(map, path, entry, hit, &mut effects);
        if matches!(effects[..], [Effect::Down(_)]) {
            self.hidden(map);
        }
        effects.extend(self.slow(map));
        effects.extend(self.loss(map));
        effects.extend(map.word(self, "forget").map(|_| Effect::Forget));
        effects.extend(self.dead_ways(map));
        effects.extend(self.barriers(map));
        effects.extend(self.cut(map));
        let gateways = hit.is_some_and(|hit| kinds(hit).iter().all(|kind| *kind == Kind::Gateway));
        effects.extend(self.restart(map, gateways));
        effects.extend(self.drain(map, gateways));
        effects.extend(self.errors(map).filter(|errors| !errors.is_empty()).map(Effect::Errors));
        if hit.is_some_and(|hit| kind(hit) == Kind::Split) {
            match EFFECTS.iter().find_map(|word| map.entry(word)) {
                Some(entry) => {
                    let text = "what parts two sets of places is silent, and nothing else happens to it";
                    let help = "for anything else, write another fault";
                    self.say(Diagnostic::error("EW415", text).at(entry.key, "").help(help));
                }
                None if matches!(hit, Some(Hit::Rule(_))) => effects.push(Effect::Ruled(self.established(map))),
                None => effects.push(Effect::Down(Manner::Silent)),
            }
            return Some(effects);
        }
        for (word, able, who) in ABLE {
            let Some(entry) = map.entry(word).filter(|entry| !entry.node.is_null()) else { continue };
            if hit.is_some_and(|hit| !kinds(hit).iter().all(|kind| able.contains(kind))) {
                let text = format!("`{word}` does not happen to this");
                self.say(Diagnostic::error("EW415", text).at(entry.key, "").help(format!("it happens to {who}")));
            }
        }
        // A partition that means nothing has been told.
        let said_elsewhere = SIDES.iter().any(|word| map.entry(word).is_some());
        if effects.is_empty() && self.errors == wrong && !said_elsewhere {
            let said = || words::FAULT.keys.iter().map(|key| key.name).filter(|key| EFFECTS.contains(key));
            if said().any(|key| map.entry(key).is_some_and(|entry| !entry.node.is_null())) {
                let text = format!("`faults.{name}` changes nothing");
                self.say(Diagnostic::error("EW416", text).at(entry.key, "").help("say by how much"));
            } else {
                let lacks = format!("`faults.{name}` does not say what happens");
                let help = "down: How peers notice, `true`, `silent` or `refused`; or `slow`, `loss`, `errors`, `paths`, `expire`; of a \
                            control plane or an entry also `freeze: true`.";
                self.say(Diagnostic::error("EW013", lacks).at(entry.key, "of this").help(help));
            }
        }
        (!effects.is_empty()).then_some(effects)
    }

    /// `down` and `freeze`.
    fn down(&mut self, map: &Fields<'_>, path: &Path, entry: &Entry, hit: Option<&Hit>, effects: &mut Vec<Effect>) {
        let (down, freeze) = (map.word(self, "down"), map.word(self, "freeze").is_some());
        let freezes = |hit: &Hit| matches!(hit, Hit::ControlPlane(_) | Hit::Entry(_));
        let planes = hit.is_some_and(|hit| match hit {
            Hit::Several(all) => all.iter().all(|(hit, _)| freezes(hit)),
            hit => freezes(hit),
        });
        if freeze && (!planes || down.is_some()) {
            let text = "only a control plane or an entry freezes, and then it is not down";
            let help = "write `hit: control-plane` or `hit: entry/NAME` with `freeze: true`, or `down: true` alone";
            self.say(Diagnostic::error("EW382", text).at(entry.key, "of this").help(help));
        }
        if freeze {
            effects.push(Effect::Freeze);
            return;
        }
        let Some(down) = down else { return };
        let replicas: Vec<bool> = hit.iter().flat_map(|hit| kinds(hit)).map(|kind| kind == Kind::Replica).collect();
        if down == 0 && replicas.windows(2).any(|two| two[0] != two[1]) {
            let text = "`down: true` is refused for services and replicas, silent for all else, and this hits both";
            let key = map.entry("down").map_or(entry.key, |down| down.key);
            self.say(Diagnostic::error("EW508", text).at(key, "").help("write `silent` or `refused`, or two faults"));
        }
        let manner = match down {
            0 if hit.is_some_and(|hit| kind(hit) == Kind::Replica) => Manner::Refused,
            2 => Manner::Refused,
            _ => Manner::Silent,
        };
        if manner == Manner::Refused && hit.is_some_and(|hit| kinds(hit).contains(&Kind::Way)) {
            let text = "nobody answers for a way that is gone";
            let help = "`silent`: packets vanish. What refuses is a process whose host lives: of a gateway, a service, a cluster";
            let said = map.entry("down").map_or(entry.key, |entry| entry.node.span);
            self.say(Diagnostic::error("EW514", text).at(said, "").help(help));
        }
        // Left to what is hit.
        if entry.node.get("down").and_then(Node::as_text) == Some("true") {
            let words = if manner == Manner::Refused { "refused" } else { "silent" };
            self.fill(below(path, "down"), words, false, "eastwest");
        }
        effects.push(Effect::Down(manner));
    }

    /// `slow`.
    fn slow(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let entry = map.entry("slow")?;
        let slow = self.open(Some(&entry.node), &words::SLOW, map.path_of("slow"), entry.key)?;
        let factor = slow.number(self, "factor").map_or(1.0, |factor| factor.value);
        let add = slow.read(self, "add", quantity::duration).map_or(Duration::ZERO, |add| add.value);
        slow.close();
        (factor > 1.0 || add > Duration::ZERO).then_some(Effect::Slow { factor, add })
    }

    /// `loss`.
    fn loss(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let said = map.said(self, "loss")?;
        let share = self.read(&said.node, "a share such as `1%`", quantity::share)?.value;
        (share > Ratio::ZERO).then_some(Effect::Loss(share))
    }

    /// `rate`.
    fn cut(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let said = map.said(self, "rate")?;
        let read = |text: &str| {
            let cut = if text.contains('%') {
                quantity::share(text).map(Cut::Share)
            } else {
                quantity::bandwidth(text).map(Cut::To)
            };
            match cut? {
                Cut::Share(Ratio::ZERO) | Cut::To(BitsPerSec(0)) => {
                    Err(quantity::Complaint::new("EW105", "where nothing passes it is down", "write `down: true`"))
                }
                cut => Ok(cut),
            }
        };
        let cut = self.read(&said.node, "a share such as `30%`, or a bandwidth such as `20Mbps`", read)?.value;
        (cut != Cut::Share(Ratio::ONE)).then_some(Effect::Rate(cut))
    }

    /// `paths`.
    /// What is down does nothing badly.
    fn hidden(&mut self, map: &Fields<'_>) {
        for word in ["slow", "loss", "errors", "paths", "expire"] {
            let Some(entry) = map.entry(word).filter(|entry| !entry.node.is_null()) else { continue };
            let text = format!(
                "`{word}` beside `down` is never seen: both come and go together, and what is down answers nobody"
            );
            let help = format!("leave `{word}` out, or write another fault for it, with times of its own");
            self.say(Diagnostic::warning("EW531", text).at(entry.key, "").help(help));
        }
    }

    fn dead_ways(&mut self, map: &Fields<'_>) -> Option<Effect> {
        let said = map.said(self, "paths")?;
        let read = |text: &str| {
            let share = text.split_once('/').and_then(|(dead, all)| {
                let (dead, all) = (dead.trim().parse::<u32>().ok()?, all.trim().parse::<u32>().ok()?);
                Ratio::new(f64::from(dead) / f64::from(all)).filter(|_| all > 0)
            });
            share.ok_or_else(|| {
                quantity::Complaint::new("EW105", format!("`{text}` is no share of ways"), "write `1/8`: one of eight")
            })
        };
        let share = self.read(&said.node, "a share of ways such as `1/8`", read)?.value;
        (share > Ratio::ZERO).then_some(Effect::Paths(share))
    }
}

/// Words that say what happens.
pub(super) const EFFECTS: [&str; 13] = [
    "down", "freeze", "slow", "loss", "errors", "forget", "paths", "expire", "new-root", "no-route", "restart",
    "drain", "rate",
];
