//! `topology.links`: what the user knows better than the book about the backbone, in both directions or in one.

use super::connectivity::lossy;
use super::fields::{Decoder, Fields, below};
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{LinkLoss, LinkOverride, LinkProfile, LinkRate, Topology};
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;

impl Decoder {
    pub(super) fn link(&mut self, name: &str, entry: &Entry, topology: &Topology) -> Option<LinkOverride> {
        let path = vec!["topology".into(), "links".into(), name.to_owned()];
        let map = self.open(Some(&entry.node), &words::LINK, path.clone(), entry.key)?;
        let ends = self.link_ends(&map, topology, name, entry);
        let rtt = map.said(self, "rtt").and_then(|said| self.law(&said.node, &below(&path, "rtt")));
        let delay = map.read(self, "delay", quantity::duration);
        let jitter = map.said(self, "jitter").and_then(|said| self.law(&said.node, &below(&path, "jitter")));
        let profile = map.entry("profile").and_then(|entry| self.link_profile(entry, below(&path, "profile")));
        let profile = profile.unwrap_or_default();
        let loss = map.entry("loss").and_then(|entry| self.link_loss(entry, below(&path, "loss"), &profile));
        let rate = map.read(self, "rate", quantity::bandwidth);
        let (buffer, fair) = if rate.is_some() {
            (map.read(self, "buffer", quantity::duration), map.word(self, "discipline") == Some(1))
        } else {
            self.no_queue(&map);
            (None, false)
        };
        map.close();
        if let (Some(rtt), Some(delay)) = (&rtt, &delay) {
            self.say(
                Diagnostic::error("EW014", "`rtt` and `delay` exclude each other")
                    .at(delay.span, "one way")
                    .at(rtt.span, "both ways"),
            );
        }
        if let (Some(rtt), Some(jitter)) = (&rtt, &jitter)
            && !matches!(rtt.value, Law::Constant(_))
        {
            self.say(
                Diagnostic::error("EW014", "`jitter` and a law of `rtt` exclude each other")
                    .at(jitter.span, "extra delay one way")
                    .at(rtt.span, "this law has jitter of its own")
                    .help("write `rtt` as a single duration"),
            );
        }
        let (between, one_way) = ends?;
        if let Some(rtt) = rtt.as_ref().filter(|_| one_way) {
            self.say(
                Diagnostic::error("EW301", "a round trip is not of one direction")
                    .at(rtt.span, "with `from` and `to`")
                    .help("write `delay`, one way, and `jitter`"),
            );
            return None;
        }
        for (other, link) in &topology.links {
            let (a, b) = (&link.between.0.value, &link.between.1.value);
            let (c, d) = (&between.0.value, &between.1.value);
            let same = (a, b) == (c, d) || (a, b) == (d, c) && !(one_way && link.one_way);
            if same {
                self.say(
                    Diagnostic::error("EW007", format!("`{other}` and `{name}` are about one direction of one link"))
                        .at(entry.key, "the second of them")
                        .at(link.span, "the first")
                        .help("say it once, or once for each direction with `from` and `to`"),
                );
                return None;
            }
        }
        let rate = rate.and_then(|rate| Some(LinkRate { rate: rate.value, buffer: buffer?.value, fair }));
        Some(LinkOverride { span: entry.key, between, one_way, rtt, delay, jitter, loss, rate, profile })
    }

    /// Two different regions, and whether only the way from the first to the second is meant.
    #[expect(clippy::type_complexity, reason = "a pair and a mark")]
    fn link_ends(
        &mut self,
        map: &Fields<'_>,
        topology: &Topology,
        name: &str,
        entry: &Entry,
    ) -> Option<((Spanned<String>, Spanned<String>), bool)> {
        let names = || topology.regions.keys().map(String::as_str);
        let written = [map.written("from"), map.written("to")];
        let (ends, one_way, span) = match (map.written("between"), written) {
            (Some(node), [None, None]) => (self.pair(node, "region", names())?, false, node.span),
            (None, [Some(from), Some(to)]) => {
                let mut read = |node: &Node| {
                    let text = self.text(node, "region")?.to_owned();
                    self.known("region", &text, node.span, names()).then(|| Spanned::new(text, node.span))
                };
                let (from, to) = (read(from), read(to));
                ((from?, to?), true, written[1].map_or(Span::NONE, |node| node.span))
            }
            _ => {
                self.say(
                    Diagnostic::error("EW306", format!("link `{name}` joins two regions"))
                        .at(entry.key, "of this")
                        .help("write `between: [A, B]` for both directions, or `from: A` and `to: B` for one"),
                );
                return None;
            }
        };
        if ends.0.value == ends.1.value {
            self.say(Diagnostic::error("EW305", "a link joins two different regions").at(span, ""));
        }
        Some((ends, one_way))
    }

    fn no_queue(&mut self, map: &Fields<'_>) {
        for name in ["buffer", "discipline"] {
            let Some(node) = map.written(name) else { continue };
            self.say(
                Diagnostic::error("EW013", format!("`{name}` without `rate` is of no queue"))
                    .at(node.span, "of what queue?")
                    .help("write `rate`, the bandwidth of the physical link"),
            );
        }
    }

    fn link_loss(&mut self, entry: &Entry, path: super::fields::Path, profile: &LinkProfile) -> Option<LinkLoss> {
        let span = entry.node.span;
        let loss = if let Value::Scalar { .. } = entry.node.value {
            let good = self.read(&entry.node, "a share such as `0.1%`", lossy)?;
            LinkLoss { span, good: good.value, bad: None }
        } else {
            let map = self.open(Some(&entry.node), &words::LINK_LOSS, path, entry.key)?;
            let (good, bad) = (map.read(self, "good", lossy), map.read(self, "bad", lossy));
            let stays = ["mean-good", "mean-bad"].map(|name| map.read(self, name, quantity::duration));
            map.close();
            let [good_for, bad_for] = stays;
            let (good_for, bad_for) = (good_for?, bad_for?);
            for stay in [good_for, bad_for] {
                if stay.value.is_zero() {
                    let short = Diagnostic::error("EW105", "a state that lasts no time is none");
                    self.say(short.at(stay.span, "above zero is due"));
                    return None;
                }
            }
            LinkLoss { span, good: good?.value, bad: Some((bad?.value, good_for.value, bad_for.value)) }
        };
        let most = profile.loss.map_or(1.0, |factors| factors.into_iter().fold(0.0, f64::max));
        let worst = loss.bad.map_or(loss.good, |bad| if bad.0.get() > loss.good.get() { bad.0 } else { loss.good });
        if worst.get() * most >= 1.0 {
            self.say(
                Diagnostic::error("EW105", "with all packets lost nothing passes")
                    .at(span, "times the largest factor of `profile.loss`")
                    .help("a link that is down is a fault: `faults: {NAME: {hit: link/A-B, ..}}`"),
            );
        }
        Some(loss)
    }

    fn link_profile(&mut self, entry: &Entry, path: super::fields::Path) -> Option<LinkProfile> {
        let map = self.open(Some(&entry.node), &words::LINK_PROFILE, path, entry.key)?;
        let mut factors = |name: &'static str| {
            let node = map.written(name)?;
            let items = self.items(node, "24 factors").to_vec();
            let read: Vec<f64> = items
                .iter()
                .filter_map(|item| self.read(item, "a number", |text| quantity::number(text, 0.0, 10_000.0)))
                .map(|factor| factor.value)
                .collect();
            if let Ok(hours) = <[f64; 24]>::try_from(read) {
                return Some(hours);
            }
            if items.len() != 24 && matches!(node.value, Value::List(_)) {
                self.say(
                    Diagnostic::error("EW306", format!("24 factors are due here, not {}", items.len()))
                        .at(node.span, "one for each hour of the day, from 00:00"),
                );
            }
            None
        };
        let profile = LinkProfile { loss: factors("loss"), jitter: factors("jitter") };
        map.close();
        Some(profile)
    }
}
