//! What a study says beside its figures: assumptions, warnings, the scenario's text, the faults.

use indexmap::IndexMap;

use super::changes;
use super::figure::NO_FAILURE;
use super::gates;
use super::operators;
use super::replicated::Replicated;
use super::warm_up::Cut;
use super::words::each_once;
use crate::record::{FaultRow, FaultSpan, VariantResult};
use crate::scenario::Diagnostic;
use crate::scenario::Loaded;
use crate::scenario::load::Variant;
use crate::world::World;

/// All texts of a scenario, one after the other, each under its name where there is more than one.
pub(super) fn text(loaded: &Loaded) -> String {
    let many = loaded.sources.iter().len() > 1;
    let of = |source: &crate::scenario::span::Source| {
        if many { format!("# {}\n{}\n", source.name, source.text) } else { source.text.clone() }
    };
    loaded.sources.iter().map(|(_, source)| of(source)).collect()
}

/// What the bills take for granted, each once.
pub(super) fn assumptions(of: &[Replicated], results: &[VariantResult]) -> Vec<String> {
    let unfailing = |total: &crate::record::RequestSummary| {
        total.availability.why.as_deref().is_some_and(|why| why.starts_with(NO_FAILURE))
    };
    let any = results.iter().flat_map(|result| result.rows.iter().chain([&result.total])).any(unfailing);
    let bills = of.iter().flat_map(|variant| variant.bill.basis.iter().cloned());
    let worlds = of.iter().map(|variant| &*variant.world);
    let entries = operators::unpriced(of).into_iter().chain(operators::told(of));
    each_once(bills.chain(any.then(|| independence(of[0].runs.len()))).chain(modelled(worlds)).chain(entries))
}

/// Round trips that no book has, and the scenario's own, one sentence for each kind.
pub(super) fn modelled<'a>(worlds: impl Iterator<Item = &'a World>) -> Vec<String> {
    let (mut modelled, mut own) = (Vec::new(), Vec::new());
    for world in worlds {
        for distance in &world.distances {
            let pair = format!("{} - {}", world.regions[distance.between.0], world.regions[distance.between.1]);
            if distance.modelled {
                modelled.push(pair);
            } else if distance.basis.starts_with("your ") {
                own.push(format!("{pair} ({})", distance.basis));
            }
        }
    }
    let sentence = |what: &str, pairs: Vec<String>| {
        let pairs = each_once(pairs);
        (!pairs.is_empty()).then(|| format!("{what}: {}", pairs.join(", ")))
    };
    let modelled = sentence("round trips that no book has and the great-circle model gives (modelled)", modelled);
    modelled.into_iter().chain(sentence("round trips of your own", own)).collect()
}

/// What the bound of an availability without a failure stands on.
fn independence(replications: usize) -> String {
    format!(
        "where no request failed, the lower bound of the availability takes requests as independent; failures that come \
         together (one episode) are only known to be absent from {replications} replications"
    )
}

/// Warnings of variants, each once, with the names of those that it is said of where it is not all.
pub(super) fn told_of<'a>(variants: impl Iterator<Item = (&'a str, &'a [Diagnostic])>) -> Vec<String> {
    let mut of: IndexMap<&str, Vec<&str>> = IndexMap::new();
    let mut count = 0;
    for (name, said) in variants {
        count += 1;
        for diagnostic in said {
            let names = of.entry(&diagnostic.message).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let told = |(message, names): (&str, Vec<&str>)| {
        if names.len() == count { message.to_owned() } else { format!("{message} (in {})", names.join(", ")) }
    };
    of.into_iter().map(told).collect()
}

/// What a reader must know before he believes the figures.
pub(super) fn warnings(
    mut said: Vec<String>,
    loaded: &Loaded,
    variants: &[&Variant],
    of: &[Replicated],
    cut: &Cut,
) -> Vec<String> {
    let beyond: Vec<Vec<String>> =
        variants.iter().map(|variant| changes::beyond_connectivity(&loaded.base, variant)).collect();
    // What all of them change alike is no difference between them.
    let apart = beyond.iter().any(|words| *words != beyond[0]);
    for (variant, words) in variants.iter().zip(&beyond).filter(|(_, words)| apart && !words.is_empty()) {
        said.push(format!(
            "{} differs from the file's base in more than routes and connectivity: {}",
            variant.name,
            words.join("; ")
        ));
    }
    let replications = of[0].runs.len() as u32;
    said.extend(gates::unasked(of));
    said.extend(cut.warning.clone());
    if replications < super::statistics::UNMARKED_REPLICATIONS {
        said.push(format!("{replications} replications are few: intervals are indicative at best"));
    }
    said
}

/// Faults of all variants, each occurrence once, where they have a place on the time axis: what comes by chance has
/// another in each replication.
pub(super) fn fault_spans(of: &[Replicated]) -> Vec<FaultSpan> {
    let of_variant = |variant: &Replicated| -> Vec<FaultSpan> {
        let Some((first, others)) = variant.runs.split_first() else { return Vec::new() };
        let steady = |row: &&FaultRow| {
            others.iter().all(|run| run.faults.iter().any(|other| other.fault == row.fault && other.spans == row.spans))
        };
        let spans = first.faults.iter().filter(steady).flat_map(|row| {
            let hits = variant.world.faults.rows().iter().find(|fault| fault.name == row.fault);
            row.spans.iter().map(move |&(start_ns, end_ns)| FaultSpan {
                name: row.fault.clone(),
                hits: hits.map(|fault| fault.hits.clone()).unwrap_or_default(),
                start_s: start_ns as f64 / 1e9,
                end_s: end_ns as f64 / 1e9,
            })
        });
        spans.collect()
    };
    each_once(of.iter().flat_map(of_variant))
}

/// Flows of all variants that come and go, each occurrence once.
pub(super) fn flow_spans(of: &[Replicated]) -> Vec<FaultSpan> {
    let of_variant = |variant: &Replicated| -> Vec<FaultSpan> {
        let (world, horizon) = (&variant.world, variant.world.plan.horizon.nanos().cast_signed());
        let moving = world.flows.iter().filter(|flow| flow.when.is_some());
        let spans = moving.flat_map(|flow| {
            flow.spans(0, horizon).into_iter().map(|(start_ns, end_ns)| FaultSpan {
                name: flow.name.clone(),
                hits: world.paths[flow.path].name.clone(),
                start_s: start_ns as f64 / 1e9,
                end_s: end_ns as f64 / 1e9,
            })
        });
        spans.collect()
    };
    each_once(of.iter().flat_map(of_variant))
}
