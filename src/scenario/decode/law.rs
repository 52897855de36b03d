//! Laws of durations, short and long form.

use super::fields::{Decoder, Fields, Path, below};
use crate::random::Law;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::quantity;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::{Node, Value};
use crate::scenario::vocabulary as words;

/// The 99th percentile of the standard normal law.
const Z99: f64 = 2.326_347_874_040_841;
/// Shares sum to 1 within this.
const SHARE_SLACK: f64 = 1e-6;
/// Laws within laws within laws are refused past this.
const MIX_DEPTH: usize = 4;

impl Decoder {
    /// A law of durations, in seconds.
    pub(super) fn law(&mut self, node: &Node, path: &Path) -> Option<Spanned<Law>> {
        self.law_within(node, path, 0)
    }

    fn law_within(&mut self, node: &Node, path: &Path, depth: usize) -> Option<Spanned<Law>> {
        if let Value::Scalar { .. } = node.value {
            return Some(self.read(node, "a duration such as `4ms`, or a law", quantity::seconds)?.map(Law::Constant));
        }
        if depth > MIX_DEPTH {
            self.say(Diagnostic::error("EW003", "laws are mixed too deeply").at(node.span, ""));
            return None;
        }
        let map = self.open(Some(node), &words::LAW, path.clone(), Span::NONE)?;
        let law = self.law_of(&map, path, depth);
        map.close();
        Some(Spanned::new(law?, node.span))
    }

    fn law_of(&mut self, map: &Fields<'_>, path: &Path, depth: usize) -> Option<Law> {
        let mut law = map.read(self, "constant", quantity::seconds).map(|value| Law::Constant(value.value));
        law =
            law.or(map.read(self, "exponential", quantity::seconds).map(|mean| Law::Exponential { mean: mean.value }));
        for (name, read) in [
            ("uniform", Decoder::uniform as fn(&mut Decoder, &Node, Path) -> Option<Law>),
            ("lognormal", Decoder::lognormal),
            ("erlang", Decoder::erlang),
            ("hyperexponential", Decoder::hyperexponential),
            ("pareto", Decoder::pareto),
            ("weibull", Decoder::weibull),
            ("empirical", Decoder::empirical),
        ] {
            if let Some(node) = map.written(name) {
                law = law.or(read(self, node, below(path, name)));
            }
        }
        if let Some(node) = map.written("mix") {
            law = law.or(self.mix(node, below(path, "mix"), depth));
        }
        law
    }

    fn uniform(&mut self, node: &Node, path: Path) -> Option<Law> {
        let map = self.open(Some(node), &words::UNIFORM, path, Span::NONE)?;
        let (low, high) = (map.read(self, "low", quantity::seconds), map.read(self, "high", quantity::seconds));
        map.close();
        let (low, high) = (low?, high?);
        if low.value > high.value {
            self.say(Diagnostic::error("EW301", "`low` is above `high`").at(low.span, "").at(high.span, ""));
            return None;
        }
        Some(Law::Uniform { low: low.value, high: high.value })
    }

    fn lognormal(&mut self, node: &Node, path: Path) -> Option<Law> {
        let map = self.open(Some(node), &words::LOGNORMAL, path, Span::NONE)?;
        let read = |decoder: &mut Decoder, name| map.read(decoder, name, quantity::seconds).map(|value| value.value);
        let (mean, p50, p99) = (read(self, "mean"), read(self, "p50"), read(self, "p99"));
        let cv = map.number(self, "cv").map(|cv| cv.value);
        map.close();
        match (mean, cv, p50, p99) {
            (Some(mean), Some(cv), None, None) if mean > 0.0 => {
                let variance = libm::log(1.0 + cv * cv);
                Some(Law::Lognormal { mu: libm::log(mean) - 0.5 * variance, sigma: libm::sqrt(variance) })
            }
            (None, None, Some(p50), Some(p99)) if p50 > 0.0 && p99 >= p50 => {
                Some(Law::Lognormal { mu: libm::log(p50), sigma: libm::log(p99 / p50) / Z99 })
            }
            _ => {
                self.say(
                    Diagnostic::error("EW301", "a lognormal law needs `mean` and `cv`, or `p50` and a larger `p99`")
                        .at(node.span, "")
                        .help("for example `{mean: 8ms, cv: 1.5}` or `{p50: 62ms, p99: 90ms}`; none of them zero"),
                );
                None
            }
        }
    }

    fn erlang(&mut self, node: &Node, path: Path) -> Option<Law> {
        let map = self.open(Some(node), &words::ERLANG, path, Span::NONE)?;
        let (shape, mean) = (map.count32(self, "shape"), map.read(self, "mean", quantity::seconds));
        map.close();
        Some(Law::Erlang { shape: shape?.value, mean: mean?.value })
    }

    fn hyperexponential(&mut self, node: &Node, path: Path) -> Option<Law> {
        if let Value::List(items) = &node.value {
            let mut phases = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let path = below(&path, &index.to_string());
                let map = self.open(Some(item), &words::HYPER_PHASE, path, Span::NONE)?;
                let (share, mean) =
                    (map.read(self, "share", quantity::share), map.read(self, "mean", quantity::seconds));
                map.close();
                phases.push((share?.value.get(), mean?.value));
            }
            return self
                .shares_sum(phases.iter().map(|phase| phase.0), node.span)
                .then_some(Law::Hyperexponential(phases));
        }
        let map = self.open(Some(node), &words::HYPER, path, Span::NONE)?;
        let (mean, cv) = (map.read(self, "mean", quantity::seconds), map.number(self, "cv"));
        map.close();
        let mean = mean?.value;
        Some(Law::Hyperexponential(balanced(cv?.value).map(|(share, relative)| (share, mean * relative)).to_vec()))
    }

    fn pareto(&mut self, node: &Node, path: Path) -> Option<Law> {
        let map = self.open(Some(node), &words::PARETO, path, Span::NONE)?;
        let alpha = map.number(self, "alpha");
        let (min, max) = (map.read(self, "min", quantity::seconds), map.read(self, "max", quantity::seconds));
        map.close();
        let (min, max) = (min?, max?);
        if !(min.value > 0.0 && min.value < max.value) {
            self.say(
                Diagnostic::error("EW301", "`min` is above zero and below `max`").at(min.span, "").at(max.span, ""),
            );
            return None;
        }
        Some(Law::Pareto { alpha: alpha?.value, min: min.value, max: max.value })
    }

    fn weibull(&mut self, node: &Node, path: Path) -> Option<Law> {
        let map = self.open(Some(node), &words::WEIBULL, path, Span::NONE)?;
        let (shape, scale) = (map.number(self, "shape"), map.read(self, "scale", quantity::seconds));
        map.close();
        Some(Law::Weibull { shape: shape?.value, scale: scale?.value })
    }

    fn mix(&mut self, node: &Node, path: Path, depth: usize) -> Option<Law> {
        let mut parts = Vec::new();
        let mut whole = true;
        for (index, item) in self.items(node, "laws").iter().enumerate() {
            let path = below(&path, &index.to_string());
            let Some(map) = self.open(Some(item), &words::MIX_PART, path.clone(), Span::NONE) else { continue };
            let share = map.read(self, "share", quantity::share);
            let law = map.written("law").and_then(|law| self.law_within(law, &below(&path, "law"), depth + 1));
            map.close();
            match (share, law) {
                (Some(share), Some(law)) => parts.push((share.value.get(), law.value)),
                _ => whole = false,
            }
        }
        (whole && self.shares_sum(parts.iter().map(|part| part.0), node.span)).then_some(Law::Mix(parts))
    }

    fn empirical(&mut self, node: &Node, _: Path) -> Option<Law> {
        let name = self.text(node, "the name of a file")?;
        let text = self.file(name, node.span)?;
        let mut values = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match quantity::seconds(line) {
                Ok(value) => values.push(value),
                Err(_) => {
                    // The line itself is never shown: it may be of any file.
                    self.say(
                        Diagnostic::error("EW112", format!("line {} of `{name}` is not a duration", index + 1))
                            .at(node.span, "this file")
                            .help("one duration with its unit per line, `12.5ms`; `#` begins a comment"),
                    );
                    return None;
                }
            }
        }
        if values.len() < 2 {
            self.say(
                Diagnostic::error("EW112", format!("`{name}` has fewer than two values")).at(node.span, "this file"),
            );
            return None;
        }
        values.sort_by(f64::total_cmp);
        Some(Law::Empirical(values))
    }

    /// Do shares sum to 100%? If not, that is noted.
    pub(super) fn shares_sum(&mut self, shares: impl Iterator<Item = f64>, span: Span) -> bool {
        let sum: f64 = shares.sum();
        let good = (sum - 1.0).abs() <= SHARE_SLACK;
        if !good {
            let sum = crate::units::significant(sum * 100.0, 6);
            self.say(Diagnostic::error("EW302", format!("the shares sum to {sum}%, not to 100%")).at(span, ""));
        }
        good
    }
}

/// Two exponentials with balanced means, together of mean 1 and this coefficient of variation: (share, mean) each.
pub(super) fn balanced(cv: f64) -> [(f64, f64); 2] {
    let square = cv * cv;
    let share = 0.5 * (1.0 + libm::sqrt((square - 1.0) / (square + 1.0)));
    [(share, 0.5 / share), (1.0 - share, 0.5 / (1.0 - share))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_means_have_the_variation_that_was_asked_for() {
        for cv in [1.0, 1.5, 2.134_374_745_810_950_6, 10.0] {
            let phases = balanced(cv);
            let mean: f64 = phases.iter().map(|(share, mean)| share * mean).sum();
            let square: f64 = phases.iter().map(|(share, mean)| 2.0 * share * mean * mean).sum();
            assert!((mean - 1.0).abs() < 1e-12);
            assert!((square - 1.0 - cv * cv).abs() < 1e-9 * (1.0 + cv * cv), "{cv}");
        }
        // The two-phase law of the queueing tables: shares 90% and 10%, rates 1.8 and 0.2.
        let [(share, mean), (_, other)] = balanced(2.134_374_745_810_950_6);
        assert!((share - 0.9).abs() < 1e-9 && (mean - 1.0 / 1.8).abs() < 1e-9 && (other - 5.0).abs() < 1e-8);
    }
}
