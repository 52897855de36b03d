//! `workload.NAME.sessions`.

use super::fields::{Decoder, Fields, below};
use crate::policy::Reconnect;
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{CallTarget, Population, RateLaw, Service, Sessions, StreamArrivals};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::Entry;
use crate::scenario::vocabulary as words;
use crate::units::Duration;
use indexmap::IndexMap;

/// Sessions of one stream, past which a scenario is refused.
const SESSIONS_MAX: f64 = 1e6;

impl Decoder {
    /// Sessions, and the users who think that they are on average.
    pub(super) fn sessions(
        &mut self,
        entry: &Entry,
        stream: &Fields<'_>,
        to: Option<&Spanned<String>>,
        services: &IndexMap<String, Service>,
    ) -> Option<(Sessions, StreamArrivals)> {
        let path = stream.path_of("sessions");
        let map = self.open(Some(&entry.node), &words::SESSIONS, path.clone(), entry.key)?;
        let open = map.count32(self, "open");
        let arrive = map.entry("arrive").map(|entry| (entry.key, self.rate(&entry.node, map.path_of("arrive"))));
        let last = map.written("last").map(|node| self.law_above_zero(node, &below(&path, "last")));
        let think = map.written("think").and_then(|node| self.law(node, &below(&path, "think")));
        let login = map.text(self, "login").map(|login| self.login(&login, to, services));
        let reconnect = self.reconnect(&map);
        let misread = map.written("open").is_some();
        map.close();
        let (last, login) = (settled(last)?, settled(login)?);
        let population = match (open, arrive) {
            (Some(open), None) => Some((Population::Open(open.value), f64::from(open.value), open.span)),
            (None, Some((key, rate))) => {
                let rate = rate?;
                let Some(last) = &last else {
                    self.say(
                        Diagnostic::error("EW013", "sessions that `arrive` lack `last`: they would be ever more")
                            .at(key, "")
                            .help("say how long one lasts: `last: {exponential: 30m}`"),
                    );
                    return None;
                };
                let most = most(&rate.value) * last.value.mean();
                Some((Population::Arrive(rate.value), most, rate.span))
            }
            (Some(open), Some((arrive, _))) => {
                self.say(
                    Diagnostic::error("EW014", "`open` and `arrive` exclude each other")
                        .at(arrive, "")
                        .at(open.span, ""),
                );
                None
            }
            // What is written and cannot be read has been told.
            (None, None) if misread => None,
            (None, None) => {
                self.say(
                    Diagnostic::error("EW013", "`sessions` lacks `open` or `arrive`")
                        .at(entry.key, "of this")
                        .help("`open: 2000` are always so many; `arrive: 20rps` with `last: 2m` are 2400 on average"),
                );
                None
            }
        };
        let (population, mean, span) = population?;
        if mean > SESSIONS_MAX {
            self.say(
                Diagnostic::error("EW105", format!("{mean:.0} sessions at once are too many"))
                    .at(span, "")
                    .help("this simulator follows single users, up to a million of them"),
            );
            return None;
        }
        let (think, reconnect) = (think?.value, reconnect?);
        let users = Spanned::new((mean.round() as u32).max(1), span);
        let last = last.map(|last| last.value);
        let sessions = Sessions { population, last, think: think.clone(), login, reconnect };
        Some((sessions, StreamArrivals::Closed { users, think }))
    }

    /// A law of times that are not all zero.
    pub(super) fn law_above_zero(
        &mut self,
        node: &crate::scenario::tree::Node,
        path: &super::fields::Path,
    ) -> Option<Spanned<Law>> {
        let law = self.law(node, path)?;
        if law.value.mean() <= 0.0 {
            self.say(Diagnostic::error("EW105", "this is above zero").at(law.span, "no time at all"));
            return None;
        }
        Some(law)
    }

    fn login(
        &mut self,
        login: &Spanned<String>,
        to: Option<&Spanned<String>>,
        services: &IndexMap<String, Service>,
    ) -> Option<CallTarget> {
        let target = self.call_target(&login.value, login.span, services)?;
        let service = to?.value.split('.').next().unwrap_or_default();
        if target.service != service {
            self.say(
                Diagnostic::error(
                    "EW505",
                    format!("a session's `login` is an operation of `{service}`, as all it asks"),
                )
                .at(login.span, "of another service")
                .help("let that operation call the other service"),
            );
            return None;
        }
        Some(target)
    }

    fn reconnect(&mut self, sessions: &Fields<'_>) -> Option<Reconnect> {
        let node = sessions.entry("reconnect");
        let path = sessions.path_of("reconnect");
        let map =
            self.open(node.map(|entry| &entry.node), &words::RECONNECT, path, node.map_or(Span::NONE, |e| e.key))?;
        let after = map.read(self, "after", quantity::duration);
        let jitter = map.read(self, "jitter", quantity::duration);
        let give_up = map.read(self, "give-up", quantity::duration);
        let (node, path) = (map.entry("backoff"), map.path_of("backoff"));
        map.close();
        let at = node.map_or(Span::NONE, |entry| entry.key);
        let back_off = self.open(node.map(|entry| &entry.node), &words::RECONNECT_BACKOFF, path, at)?;
        let (base, max) =
            (back_off.read(self, "base", quantity::duration), back_off.read(self, "max", quantity::duration));
        back_off.close();
        let (base, max) = (base?, max?);
        if base.value < Duration::from_millis(1) {
            self.say(
                Diagnostic::error("EW505", "a back-off of less than 1ms is none")
                    .at(base.span, "clients would try without end")
                    .help("its `base` bounds the wait after the first failed try: `base: 1s`"),
            );
            return None;
        }
        if max.value < base.value {
            let help = "after the first failed try a client waits up to `base`, then twice that, up to `max`";
            let what = "`max` of a back-off is below its `base`";
            self.say(Diagnostic::error("EW505", what).at(max.span, "").at(base.span, "").help(help));
            return None;
        }
        let give_up = give_up.map(|give_up| give_up.value);
        Some(Reconnect { after: after?.value, jitter: jitter?.value, base: base.value, max: max.value, give_up })
    }
}

/// What is there and wrong is none; what is not there is fine.
fn settled<T>(said: Option<Option<T>>) -> Option<Option<T>> {
    match said {
        Some(said) => said.map(Some),
        None => Some(None),
    }
}

/// The highest rate at any time.
pub(super) fn most(rate: &RateLaw) -> f64 {
    match rate {
        RateLaw::Constant(rate) => *rate,
        RateLaw::Steps(steps) => steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max),
        RateLaw::Diurnal { high, .. } => *high,
    }
}
