//! The page of `eastwest availability`: minutes a year with their intervals, what costs them, whom it hits, where the order
//! turns, and what is assumed with where it is from.

use minijinja::context;
use minijinja::value::Value;

use super::{charts, html, terminal};
use crate::record::LongRun;

const TEMPLATE: &str = include_str!("assets/long_run.html");

/// The page (`report.html`) of a long run.
pub fn page(told: &LongRun) -> String {
    let figure = charts::downtime(told);
    let svg = Value::from_safe_string(figure.svg.clone());
    let chart =
        context! { title => "Minutes lost a year, by what fails", svg, head => figure.head, rows => figure.rows };
    let table = |(title, head, rows): (String, Vec<String>, Vec<Vec<String>>)| context! { title, head, rows };
    let runs: u64 = told.variants.iter().map(|variant| variant.runs).sum();
    let mut facts = vec![
        format!("{} components", told.variants.iter().map(|variant| variant.components.len()).max().unwrap_or(0)),
        format!("up to {} down at once", told.within),
        format!("{runs} runs"),
        format!("seed {}", told.seed),
        format!("eastwest {}", told.engine),
    ];
    facts.extend(told.books.iter().map(|(name, version)| format!("{name} {version}")));
    let values = context! {
        style => Value::from_safe_string(html::style()),
        scenario => told.scenario.clone(),
        question => told.question.clone(),
        lead => html::lead(&told.verdict),
        facts,
        warnings => told.warnings.clone(),
        charts => vec![chart],
        tables => terminal::long_run_tables(told).into_iter().map(table).collect::<Vec<_>>(),
        pairs => told.pairs.iter().map(|pair| pair.sentence.clone()).collect::<Vec<_>>(),
        assumptions => told.assumptions.clone(),
        command => told.command.clone(),
        engine => told.engine.clone(),
        seed => told.seed,
        hash => told.hash.clone(),
    };
    html::rendered(TEMPLATE, values)
}
