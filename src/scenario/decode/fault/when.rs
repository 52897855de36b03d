//! When a fault comes, and for how long.

use super::super::fields::{Decoder, Fields, Path, below};
use super::super::mesh::positive;
use crate::fault::{CYCLES, Common, Flap, Renewal};
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Start, When};
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Value};
use crate::scenario::vocabulary as words;
use crate::units::{Duration, SimTime, significant};

/// A restart is over when it is, which the run tells: here it has begun.
const RESTART: Duration = Duration::from_secs(1);

/// How long a public address stays blackholed after an attack, unless told (book of limits, `eip.blackhole`).
const BLACKHOLE: Duration = Duration::from_secs(9_000);

impl Decoder {
    /// When it comes; `attacked`: a public address is hit, whose blackhole has a length of its own.
    pub(super) fn when(
        &mut self,
        map: &Fields<'_>,
        path: &Path,
        name: &str,
        entry: &Entry,
        attacked: bool,
    ) -> Option<When> {
        let chance = ["mean-up", "mean-down"].map(|word| map.entry(word));
        let told = ["at", "for", "every"].map(|word| map.entry(word));
        if let Some(by_chance) = chance.into_iter().flatten().next() {
            for told in told.into_iter().flatten() {
                let text = "what comes by chance has no `at`, `for` or `every`";
                self.say(Diagnostic::error("EW014", text).at(told.key, "").at(by_chance.key, ""));
            }
            return self.chance(map, path, name, entry);
        }
        if let Some(common) = map.entry("common") {
            let text = "`common` is for failures that come by chance";
            let help =
                "write `mean-up` and `mean-down`, or leave it out: what comes at a time comes to all that is hit";
            self.say(Diagnostic::error("EW014", text).at(common.key, "").help(help));
        }
        let at = match map.entry("at") {
            Some(at) => self.start(&at.node),
            None => {
                let lacks = Diagnostic::error("EW013", format!("`faults.{name}` lacks `at`")).at(entry.key, "of this");
                self.say(lacks.help(
                    "at: When it begins, `5m` from t = 0 or `\"19:00\"`; or `mean-up` and `mean-down`, where it comes by chance.",
                ));
                None
            }
        };
        let lasts = map.said(self, "for").map(|said| self.read(&said.node, "a duration", positive));
        let lasts = match lasts {
            None if map.entry("restart").is_some() => Some(Spanned::unsaid(RESTART)),
            None if attacked => {
                self.fill(below(path, "for"), "2h30m", false, "provider");
                Some(Spanned::unsaid(BLACKHOLE))
            }
            None => {
                let lacks = format!("`faults.{name}` lacks `for`");
                let lacks = Diagnostic::error("EW013", lacks).at(entry.key, "of this");
                self.say(
                    lacks.help("for: For how long, `5m`; only a blackholed `eip/..` has a length of its own, 2h30m."),
                );
                None
            }
            Some(lasts) => lasts,
        };
        let every = map.read(self, "every", positive);
        let (at, lasts) = (at?, lasts?);
        if let Some(every) = every.filter(|every| every.value <= lasts.value) {
            let text = format!("fault `{name}` comes again before it is over");
            let help = "make `for` shorter than `every`, or leave `every` out: it would never end";
            self.say(
                Diagnostic::error("EW428", text).at(every.span, "").at(lasts.span, "it lasts this long").help(help),
            );
        }
        Some(When::Told { at, lasts, every: every.map(|every| every.value) })
    }

    /// `at`: a span from t = 0, or a time of day.
    pub(in crate::scenario::decode) fn start(&mut self, node: &crate::scenario::tree::Node) -> Option<Spanned<Start>> {
        if node.as_text().is_some_and(|text| text.contains(':')) {
            return Some(self.read(node, "a time of day", quantity::time_of_day)?.map(Start::Clock));
        }
        let after = self.read(node, "a duration such as `5m`", quantity::duration)?;
        Some(after.map(|after| Start::After(SimTime::from_nanos(after.nanos()))))
    }

    /// `mean-up`, `mean-down` and `common`.
    fn chance(&mut self, map: &Fields<'_>, path: &Path, name: &str, entry: &Entry) -> Option<When> {
        let [up, down] = ["mean-up", "mean-down"].map(|word| {
            let Some(said) = map.entry(word) else {
                if word == "mean-down" && map.entry("restart").is_some() {
                    return Some(Law::Constant(RESTART.seconds()));
                }
                let text = format!("`faults.{name}` lacks `{word}`");
                let help = "both are needed: `mean-up: 30d` from a repair to the next failure, `mean-down: 4m` until it is repaired";
                self.say(Diagnostic::error("EW013", text).at(entry.key, "of this").help(help));
                return None;
            };
            let law = self.law(&said.node, &below(path, word))?;
            // A mean says nothing of a law: the one that forgets.
            let law = match (&said.node.value, law.value) {
                (Value::Scalar { .. }, Law::Constant(mean)) => {
                    self.fill(below(&below(path, word), "law"), "exponential", false, "eastwest");
                    Law::Exponential { mean }
                }
                (_, law) => law,
            };
            if law.mean() <= 0.0 {
                self.say(Diagnostic::error("EW105", "this duration is above zero").at(said.node.span, ""));
                return None;
            }
            Some(law)
        });
        let common = self.common(map, path);
        let (renewal, common) = (Renewal { up: up?, down: down? }, common?);
        if let Some(rare) = common.filter(|common| common.is_too_rare(&renewal)) {
            let [down, shared, with] =
                [renewal.share_down(), rare.share, rare.with].map(|share| significant(100.0 * share, 3));
            let text = format!(
                "shocks that take each with {with} % cannot keep it down for {shared} % of {down} % of the time"
            );
            let help = "not even if one followed another; a larger `with`, a smaller `share`, or a longer `mean-up`";
            let at = map.entry("common").map_or(entry.key, |common| common.key);
            self.say(Diagnostic::error("EW105", text).at(at, "").help(help));
            return None;
        }
        Some(When::Chance { span: entry.key, renewal, common })
    }

    /// `common`, none inside where each fails by itself.
    #[allow(clippy::option_option, reason = "a mistake, or nothing said")]
    fn common(&mut self, map: &Fields<'_>, path: &Path) -> Option<Option<Common>> {
        let Some(said) = map.said(self, "common") else { return Some(None) };
        if let Value::Scalar { .. } = said.node.value {
            self.word(&said.node, map.shape("common"))?;
            return Some(Some(Common { share: 1.0, with: 1.0 }));
        }
        let map = self.open(Some(&said.node), &words::COMMON, below(path, "common"), said.node.span)?;
        let (share, with) = (map.read(self, "share", quantity::share), map.read(self, "with", quantity::share));
        map.close();
        let (share, with) = (share?, with?);
        if with.value.get() <= 0.0 {
            self.say(Diagnostic::error("EW105", "a shock that takes nobody is none").at(with.span, ""));
            return None;
        }
        Some(Some(Common { share: share.value.get(), with: with.value.get() }))
    }

    /// `flap`.
    pub(super) fn flap(&mut self, map: &Fields<'_>, path: &Path) -> Option<Flap> {
        let said = map.said(self, "flap")?;
        let map = self.open(Some(&said.node), &words::FLAP, below(path, "flap"), said.node.span)?;
        let (down, up) = (map.read(self, "down", flicker), map.read(self, "up", flicker));
        map.close();
        Some(Flap { down: down?.value, up: up?.value })
    }
}

/// What comes and goes does so no faster than this: a run would do nothing else.
fn flicker(text: &str) -> Result<Duration, quantity::Complaint> {
    match positive(text)? {
        span if span < Duration::from_millis(1) => {
            Err(quantity::Complaint::new("EW105", "this duration is at least a millisecond", "for example `2s`"))
        }
        span => Ok(span),
    }
}

/// Does what comes every so many seconds come so often within the horizon that nobody means it?
pub(in crate::scenario::decode) fn too_often(every: f64, horizon: Duration) -> bool {
    horizon.seconds() / every > CYCLES
}
