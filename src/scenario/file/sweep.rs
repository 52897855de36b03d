//! Axes of a parameter study.

use crate::scenario::load::Laid;
use crate::scenario::span::{Span, Spanned};
use crate::scenario::tree::Node;

/// `sweep.NAME`.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Paths that get the value.
    pub set: Vec<Spanned<String>>,
    /// The values, in order; at least one.
    pub values: Vec<AxisValue>,
    /// Equal ratios rather than equal differences?
    pub log: bool,
}

/// A value of an axis.
#[derive(Clone, Debug)]
pub struct AxisValue {
    /// As written.
    pub text: String,
    /// With its place.
    pub node: Node,
}

impl Axis {
    /// What value number `index` lays over the scenario.
    pub fn laid(&self, index: usize) -> impl Iterator<Item = Laid> {
        let (value, whose) = (&self.values[index], format!("sweep.{}", self.name));
        self.set.iter().map(move |path| Laid {
            path: path.value.clone(),
            node: value.node.clone(),
            whose: whose.clone(),
        })
    }

    /// The values as numbers of one unit, and the unit; none where they are words, or of several units.
    pub fn numbers(&self) -> Option<(Vec<f64>, String)> {
        let split: Option<Vec<(f64, &str)>> = self.values.iter().map(|value| number(&value.text)).collect();
        let split = split?;
        let unit = split.first()?.1;
        let same = split.iter().all(|(_, other)| *other == unit);
        same.then(|| (split.iter().map(|(value, _)| *value).collect(), unit.to_owned()))
    }
}

/// A number and the unit behind it: `2.5ms`, `40%`, `7`.
pub(in crate::scenario) fn number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let digits = |letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-' | '+');
    let end = text.find(|letter| !digits(letter)).unwrap_or(text.len());
    let (value, unit) = text.split_at(end);
    let value: f64 = value.parse().ok()?;
    let unit = unit.trim();
    // `1m30s` is a number to people, and `1e5` to programs; neither has one unit behind it.
    let plain = !unit.contains(|letter: char| letter.is_ascii_digit());
    (value.is_finite() && plain).then_some((value, unit))
}
