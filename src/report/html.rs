//! One self-contained page: verdict, table, charts, bill with sources, gates, faults, method, how to reproduce it.
//!
//! Nothing is loaded from anywhere, which the page's own policy enforces. Everything that comes from a scenario is
//! escaped by the template engine: a region may be named `</script>` and stays a name.

use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, context};

use crate::record::{Comparison, Outcome, VariantResult};

use super::business;
use super::charts::{Figure, dark_line_hex, dark_rules, figures, line_hex};
use super::decision::{Decision, quantile_of};
use super::number::{Unit, nines, span};
use super::sentence::{self, Lead};
use super::terminal::{gate_figure, gate_once, gate_sign, gate_tally};

mod bill;
mod tables;

const TEMPLATE: &str = include_str!("assets/report.html");
/// What every page has: its head with the answer, its foot, and the parts that it is made of.
const SHARED: [(&str, &str); 3] = [
    ("head.html", include_str!("assets/head.html")),
    ("foot.html", include_str!("assets/foot.html")),
    ("parts.html", include_str!("assets/parts.html")),
];
const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");
const REGULAR: &[u8] = include_bytes!("assets/Inter-400Regular.subset.ttf");
const BOLD: &[u8] = include_bytes!("assets/Inter-700Bold.subset.ttf");

/// The page of `comparison`.
pub fn page(comparison: &Comparison) -> String {
    rendered(TEMPLATE, values(comparison))
}

/// A page of these values.
pub(super) fn rendered(template: &'static str, values: Value) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, shared) in SHARED {
        environment.add_template(name, shared).expect("the built-in template is well-formed");
    }
    environment.add_template("page", template).expect("the built-in template is well-formed");
    let template = environment.get_template("page").expect("it was just added");
    let mut page = template.render(values).expect("the template names only what is given to it");
    page.push('\n');
    page
}

/// A verdict as the page's head takes it.
pub(super) fn lead(verdict: &str) -> Value {
    let lead = Lead::of(verdict);
    context! { is_long => lead.is_long(), first => lead.first, rest => lead.rest }
}

fn values(comparison: &Comparison) -> Value {
    let variants = &comparison.variants;
    context! {
        style => Value::from_safe_string(style()),
        script => Value::from_safe_string(SCRIPT.to_owned()),
        scenario => comparison.scenario.clone(),
        question => comparison.question.clone(),
        lead => lead(&comparison.verdict),
        robustness => comparison.robustness.clone(),
        facts => facts(comparison),
        warnings => comparison.warnings.clone(),
        cards => variants.iter().enumerate().map(|(index, v)| card(comparison, index, v)).collect::<Vec<_>>(),
        changes => variants.iter().map(|v| context! { name => v.name.clone(), words => v.changes.clone(), before => v.prerequisites.clone() }).collect::<Vec<_>>(),
        decision => decision(comparison),
        paired => sentence::differences(comparison),
        differences => tables::differences(comparison),
        gates => gates(comparison),
        charts => figures(comparison).into_iter().map(chart).collect::<Vec<_>>(),
        harm => tables::harm(comparison),
        traces => variants.iter().flat_map(|v| v.traces.iter().map(move |t| tables::trace(&v.name, t))).collect::<Vec<_>>(),
        business => business::section(comparison).map(|section| context! { title => section.title, head => section.head, rows => section.rows, over => section.over, basis => section.basis }),
        bills => variants.iter().map(bill::bill).collect::<Vec<_>>(),
        parts => variants.iter().map(tables::parts).collect::<Vec<_>>(),
        assumptions => comparison.assumptions.clone(),
        books => comparison.books.iter().map(|(name, version)| context! { name, version }).collect::<Vec<_>>(),
        replications => comparison.replications,
        horizon => span(comparison.horizon_s),
        warm_up => if comparison.warm_up.is_empty() { "nothing deleted" } else { comparison.warm_up.as_str() },
        command => comparison.command.clone(),
        engine => comparison.engine.clone(),
        seed => comparison.seed,
        hash => comparison.hash.clone(),
        text => comparison.text.clone(),
        digests => tables::digests(comparison),
    }
}

/// The page's rules, the fonts, and the charts' colours for a dark page.
pub(super) fn style() -> String {
    let font = |weight: u32, bytes: &[u8]| {
        format!(
            "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{}) format(\"truetype\")}}",
            base64(bytes)
        )
    };
    format!(
        "{}{}{STYLE}@media screen and (prefers-color-scheme:dark){{{}}}",
        font(400, REGULAR),
        font(700, BOLD),
        dark_rules(".chart")
    )
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

fn facts(comparison: &Comparison) -> Vec<String> {
    let mut facts = vec![
        format!("{} × {} simulated", comparison.replications, span(comparison.horizon_s)),
        format!("seed {}", comparison.seed),
        comparison.warm_up.clone(),
        format!("eastwest {}", comparison.engine),
    ];
    facts.extend(comparison.books.iter().map(|(name, version)| format!("{name} {version}")));
    facts.retain(|fact| !fact.is_empty());
    facts
}

fn card(comparison: &Comparison, index: usize, variant: &VariantResult) -> Value {
    let (p99, availability, month) = (quantile_of(variant, "p99"), &variant.total.availability, &variant.bill.month);
    let money = Unit::Money(&comparison.currency);
    let open = if sentence::unpriced(variant) > 0 { "at least " } else { "" };
    let nines = match availability.value.map(nines) {
        Some(Some(nines)) if nines >= 1.0 => format!("{nines:.1} nines"),
        Some(None) => "no request lost".to_owned(),
        _ => String::new(),
    };
    let gates = comparison.gates.iter().filter(|gate| gate.variant == variant.name).map(|gate| {
        let (sign, word) = gate_sign(gate.outcome);
        context! { sign, word, name => gate.name.clone(), check => gate.check.clone(), class => class(gate.outcome) }
    });
    context! {
        name => variant.name.clone(),
        colour => line_hex(index),
        dark => dark_line_hex(index),
        p99 => Unit::Milliseconds.value(&p99),
        p99_range => Unit::Milliseconds.interval(&p99).unwrap_or_default(),
        success => Unit::Share.value(availability),
        nines,
        lost_writes => lost_writes_of(variant),
        cost => format!("{open}{}", money.value(month)),
        cost_range => money.inputs(month).map(|range| format!("{range} over the inputs")).unwrap_or_default(),
        gates => gates.collect::<Vec<_>>(),
    }
}

/// `976 acknowledged writes lost a run`; empty where there are none.
fn lost_writes_of(variant: &VariantResult) -> String {
    if !variant.loses_writes() {
        return String::new();
    }
    let lost = variant.writes_lost();
    let range = Unit::Plain("").interval(&lost).map(|range| format!(" ({range})")).unwrap_or_default();
    format!("but {} acknowledged writes lost a run{range}", Unit::Plain("").value(&lost))
}

fn decision(comparison: &Comparison) -> Value {
    let decision = Decision::of(comparison);
    let rows =
        decision.rows.into_iter().map(|row| context! { label => row.label, detail => row.detail, cells => row.cells });
    let rows = rows.collect::<Vec<_>>();
    context! { variants => decision.variants, notes => decision.notes, rows }
}

fn gates(comparison: &Comparison) -> Value {
    let mut said = Vec::new();
    let rows = comparison.gates.iter().map(|gate| {
        let (sign, word) = gate_sign(gate.outcome);
        let measured = gate_figure(&gate_once(gate, &mut said));
        context! {
            sign, word,
            class => class(gate.outcome),
            name => gate.name.clone(),
            check => gate.check.clone(),
            variant => gate.variant.clone(),
            warns => gate.severity == "warn",
            measured => if measured.is_empty() { gate.sentence.clone() } else { measured },
        }
    });
    context! { rows => rows.collect::<Vec<_>>(), tally => gate_tally(&comparison.gates) }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "good",
        Outcome::Missed => "bad",
        Outcome::NotEnoughEvidence => "unsure",
    }
}

fn chart(figure: Figure) -> Value {
    let title = match figure.name {
        "latency" => "How bad is the tail?",
        "cost" => "What is paid for?",
        "choice" => "Which one to choose?",
        _ => "What happens over time?",
    };
    context! { title, svg => Value::from_safe_string(figure.svg), head => figure.head, rows => figure.rows }
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_by_the_vectors_of_rfc_4648() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, coded) in pairs {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }
}
