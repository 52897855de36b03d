//! `sweep:`, the axes of a parameter study; and the counters of `copies:`, which are multiplied before.

use super::fields::{Decoder, Fields, Path, below, bounds};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::file::{Axis, AxisValue};
use crate::scenario::load::{no_path, split_path};
use crate::scenario::quantity;
use crate::scenario::span::Spanned;
use crate::scenario::tree::{Entry, Node, Value};
use crate::scenario::vocabulary as words;
use crate::units::significant;
use indexmap::IndexMap;

/// More points are refused: each is a whole comparison.
const POINTS_MAX: usize = 500;

/// What a sweep leaves alone: it makes a study what it is, not a scenario.
const NOT_SWEPT: [&[&str]; 8] = [
    &["eastwest"],
    &["name"],
    &["question"],
    &["base"],
    &["sweep"],
    &["run", "seed"],
    &["run", "replications"],
    &["objectives"],
];

impl Decoder {
    /// What is wrong with the counters; the copies themselves have been made.
    pub(super) fn copies(&mut self, map: &Fields<'_>) {
        let (low, high) = bounds(map.shape("copies"));
        for (_, entry) in self.named(map.written("copies"), "counters") {
            self.read(&entry.node, "a number of copies", |text| quantity::count(text, low, high));
        }
    }

    pub(super) fn sweep(&mut self, entry: Option<&Entry>) -> IndexMap<String, Axis> {
        let mut axes: IndexMap<String, Axis> = IndexMap::new();
        for (name, entry) in self.named(entry.map(|entry| &entry.node), "axes") {
            let path = vec!["sweep".to_owned(), name.to_owned()];
            let Some(map) = self.open(Some(&entry.node), &words::AXIS, path.clone(), entry.key) else { continue };
            let set = map.written("set").map(|node| self.paths(node)).unwrap_or_default();
            let values = map.written("to").and_then(|node| self.values(node, below(&path, "to")));
            map.close();
            let Some((values, log)) = values else { continue };
            for path in &set {
                self.set_once(path, &set, &axes);
            }
            self.each_once(&values);
            let axis = Axis { name: name.to_owned(), span: entry.key, set, values, log };
            axes.insert(name.to_owned(), axis);
        }
        let points = axes.values().map(|axis| axis.values.len()).fold(1usize, usize::saturating_mul);
        if points > POINTS_MAX
            && let Some(entry) = entry
        {
            let each: Vec<String> =
                axes.values().map(|axis| format!("{} of {}", axis.values.len(), axis.name)).collect();
            self.say(
                Diagnostic::error("EW473", format!("the sweep has {points} points, more than {POINTS_MAX}"))
                    .at(entry.key, each.join(" times "))
                    .help("several axes make a grid: sweep one at a time, or take fewer values of each"),
            );
        }
        axes
    }

    /// The paths that an axis sets.
    fn paths(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let one = std::slice::from_ref(node);
        let items = if let Value::List(items) = &node.value { items.as_slice() } else { one };
        if items.is_empty() {
            self.say(Diagnostic::error("EW471", "this axis sets nothing").at(node.span, ""));
        }
        let mut paths: Vec<Spanned<String>> = Vec::new();
        for item in items {
            let Some(text) = self.text(item, "a path into the scenario") else { continue };
            let Some(keys) = split_path(text) else {
                self.say(no_path(text, item.span));
                continue;
            };
            // A variant's keys are those of the scenario.
            let own = if keys[0] == "variants" { keys.get(2..).unwrap_or_default() } else { &keys[..] };
            if NOT_SWEPT.iter().any(|known| own.iter().map(String::as_str).take(known.len()).eq(known.iter().copied()))
            {
                self.say(
                    Diagnostic::error("EW470", format!("a sweep does not change `{text}`"))
                        .at(item.span, "")
                        .help("what makes the study itself is the same at every point: say it on the command line"),
                );
                continue;
            }
            paths.push(Spanned::new(keys_text(&keys), item.span));
        }
        paths
    }

    /// Is what this path sets set by no other?
    fn set_once(&mut self, path: &Spanned<String>, own: &[Spanned<String>], axes: &IndexMap<String, Axis>) {
        let others = axes.values().flat_map(|axis| &axis.set);
        let before = own.iter().take_while(|other| other.span != path.span);
        let within = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
        let clash = others.chain(before).find(|other| within(other, path) || within(path, other));
        if let Some(other) = clash {
            self.say(
                Diagnostic::error("EW472", format!("`{}` is set twice at one point", path.value))
                    .at(path.span, "here")
                    .at(other.span, "and by this")
                    .help("one of them would be overwritten: let each value be set by one axis"),
            );
        }
    }

    /// The values of an axis, and whether their ratios are equal.
    fn values(&mut self, node: &Node, path: Path) -> Option<(Vec<AxisValue>, bool)> {
        if let Value::List(items) = &node.value {
            let mut values = Vec::new();
            for item in items {
                let text = self.text(item, "a single value")?;
                values.push(AxisValue { text: text.to_owned(), node: item.clone() });
            }
            if values.is_empty() {
                self.say(Diagnostic::error("EW471", "this axis has no value").at(node.span, ""));
                return None;
            }
            return Some((values, false));
        }
        let map = self.open(Some(node), &words::SPREAD, path, node.span)?;
        let (from, to) = (map.text(self, "from"), map.text(self, "to"));
        let steps = map.count32(self, "steps");
        let log = map.word(self, "scale") == Some(1);
        map.close();
        let (from, to, steps) = (from?, to?, steps?.value);
        let bad = |why: String| {
            Diagnostic::error("EW474", why)
                .at(from.span, "from here")
                .at(to.span, "to here")
                .help("both ends are numbers of one unit, such as `from: 1ms`, `to: 100ms`; else list the values")
        };
        let ends = [&from, &to].map(|end| crate::scenario::file::axis_number(&end.value));
        let [Some((low, unit)), Some((high, other))] = ends else {
            self.say(bad(format!("there are no values between `{}` and `{}`", from.value, to.value)));
            return None;
        };
        if unit != other {
            self.say(bad(format!("`{}` and `{}` are of different units", from.value, to.value)));
            return None;
        }
        if low == high || (log && (low <= 0.0 || high <= 0.0)) {
            let why = if low == high { "a range has two different ends" } else { "equal ratios begin above 0" };
            self.say(bad(why.to_owned()));
            return None;
        }
        let at = |step: u32| match step {
            0 => from.value.clone(),
            last if last + 1 == steps => to.value.clone(),
            step => {
                let share = f64::from(step) / f64::from(steps - 1);
                let value = if log { low * libm::pow(high / low, share) } else { low + (high - low) * share };
                format!("{}{unit}", significant(value, 6))
            }
        };
        let value = |text: String| AxisValue {
            node: Node { span: node.span, value: Value::Scalar { text: text.clone(), plain: true } },
            text,
        };
        Some(((0..steps).map(|step| value(at(step))).collect(), log))
    }

    fn each_once(&mut self, values: &[AxisValue]) {
        for (index, value) in values.iter().enumerate() {
            if values[..index].iter().any(|other| other.text == value.text) {
                self.say(
                    Diagnostic::error("EW471", format!("this axis has the value `{}` twice", value.text))
                        .at(value.node.span, ""),
                );
            }
        }
    }
}

/// A path as it is written.
fn keys_text(keys: &[String]) -> String {
    let keys = keys.iter().map(|key| if key.contains('.') { format!("\"{key}\"") } else { key.clone() });
    keys.collect::<Vec<_>>().join(".")
}
