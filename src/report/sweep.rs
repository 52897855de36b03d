//! The files of a sweep that a person looks at: charts and one self-contained page.

use minijinja::context;
use minijinja::value::Value;

use super::Drawn;
use super::charts::{self, Curve, curves};
use super::html;
use super::number::span;
use crate::record::Sweep;

const TEMPLATE: &str = include_str!("assets/sweep.html");

/// The charts (`charts/*.svg`, `charts/*.png`) and the page (`report.html`) of `sweep`.
pub fn drawn(sweep: &Sweep) -> Vec<Drawn<'_>> {
    let mut files = Vec::new();
    let curves = curves(sweep);
    for curve in &curves {
        let (svg, picture) = (curve.svg.clone(), curve.svg.clone());
        let bytes = Box::new(move || svg.clone().into_bytes());
        files.push(Drawn { name: format!("charts/{}.svg", curve.name), bytes });
        files
            .push(Drawn { name: format!("charts/{}.png", curve.name), bytes: Box::new(move || charts::png(&picture)) });
    }
    let bytes = Box::new(move || page(sweep, &curves).into_bytes());
    files.push(Drawn { name: "report.html".into(), bytes });
    files
}

fn page(sweep: &Sweep, curves: &[Curve]) -> String {
    let chart = |curve: &Curve| {
        let svg = Value::from_safe_string(curve.svg.clone());
        context! { title => curve.name.clone(), svg, head => curve.head.clone(), rows => curve.rows.clone() }
    };
    let points = sweep.points.iter().map(|point| {
        let named = sweep.axes.iter().zip(&point.values).map(|(axis, value)| format!("{} {value}", axis.name));
        context! { name => named.collect::<Vec<_>>().join(", "), verdict => point.verdict.clone() }
    });
    let axes = sweep.axes.iter().map(|axis| {
        context! { name => axis.name.clone(), set => axis.set.join(", "), values => axis.values.join(", ") }
    });
    let facts = vec![
        format!("{} points", sweep.points.len()),
        format!("{} × {} simulated at each", sweep.replications, span(sweep.horizon_s)),
        format!("seed {}", sweep.seed),
        format!("eastwest {}", sweep.engine),
    ];
    let values = context! {
        style => Value::from_safe_string(html::style()),
        scenario => sweep.scenario.clone(),
        question => sweep.question.clone(),
        lead => html::lead(&sweep.verdict),
        facts,
        warnings => sweep.warnings.clone(),
        axes => axes.collect::<Vec<_>>(),
        charts => curves.iter().map(chart).collect::<Vec<_>>(),
        points => points.collect::<Vec<_>>(),
        command => sweep.command.clone(),
        engine => sweep.engine.clone(),
        seed => sweep.seed,
        hash => sweep.hash.clone(),
    };
    html::rendered(TEMPLATE, values)
}
