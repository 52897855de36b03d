//! The points of a sweep: every combination of its axes' values, and the scenario that each of them is.

use super::diagnostic::{Diagnostic, gathered_points};
use super::file::Axis;
use super::load::{Laid, Loaded, Refused, load_at, load_text_at};
use super::span::Sources;
use indexmap::IndexMap;
use std::path::Path;

/// Where a scenario is read from.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// A file, which may name others.
    File(&'a Path),
    /// A name and a text.
    Text(&'a str, &'a str),
}

/// A point of a sweep.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// Which value of each axis.
    pub at: Vec<usize>,
    /// The values as written, in the order of the axes.
    pub values: Vec<String>,
    /// What is laid over the scenario.
    pub laid: Vec<Laid>,
}

impl Point {
    /// `load 2, users 50`.
    pub fn name<'a>(&self, axes: impl IntoIterator<Item = &'a str>) -> String {
        let named = axes.into_iter().zip(&self.values).map(|(axis, value)| format!("{axis} {value}"));
        named.collect::<Vec<_>>().join(", ")
    }
}

/// Every point of a grid, the last axis turning fastest; a single one where there is no axis.
pub fn points(axes: &IndexMap<String, Axis>) -> Vec<Point> {
    let mut points = vec![Point { at: Vec::new(), values: Vec::new(), laid: Vec::new() }];
    for axis in axes.values() {
        let with = |point: &Point, index: usize| {
            let mut point = point.clone();
            point.at.push(index);
            point.values.push(axis.values[index].text.clone());
            point.laid.extend(axis.laid(index));
            point
        };
        let with = &with;
        points = points.iter().flat_map(|point| (0..axis.values.len()).map(move |index| with(point, index))).collect();
    }
    points
}

/// The scenario at each point, `sets` laid over it first; or all that is wrong at any of them.
pub fn load_points(
    origin: Origin<'_>,
    sets: &[(String, String)],
    axes: &IndexMap<String, Axis>,
) -> Result<Vec<(Point, Loaded)>, Box<Refused>> {
    let mut loaded: Vec<(Point, Loaded)> = Vec::new();
    let mut wrong: Vec<(String, Vec<Diagnostic>)> = Vec::new();
    let mut sources = Sources::default();
    let mut keep = |more: &Sources| {
        if more.iter().len() > sources.iter().len() {
            sources = more.clone();
        }
    };
    for point in points(axes) {
        let name = point.name(axes.keys().map(String::as_str));
        let found = match origin {
            Origin::File(path) => load_at(path, sets, &point.laid),
            Origin::Text(name, text) => load_text_at(name, text, sets, &point.laid),
        };
        match found {
            Ok(found) => {
                keep(&found.sources);
                wrong.push((name, found.diagnostics.clone()));
                loaded.push((point, found));
            }
            Err(refused) => {
                keep(&refused.sources);
                wrong.push((name, refused.diagnostics));
            }
        }
    }
    if loaded.len() == wrong.len() {
        return Ok(loaded);
    }
    Err(Box::new(Refused { sources, diagnostics: gathered_points(wrong) }))
}
