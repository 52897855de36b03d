//! The part of an explanation that is about one thing: an edge, a variant, a product, or a way between two places.

use crate::record::{CallSketch, EdgeExplanation, Explanation};

/// What of `explanation` is about `what`: a variant's name; an edge (`web -> orders`) or a service at either end of one;
/// a product that carries calls; or `FROM-TO` with regions, clusters or places. None where nothing has that name.
pub fn about(explanation: &Explanation, what: &str) -> Option<Explanation> {
    let variant = explanation.variants.iter().any(|variant| variant.name == what);
    if variant {
        let variants = explanation.variants.iter().filter(|variant| variant.name == what).cloned().collect();
        return Some(Explanation { variants, ..explanation.clone() });
    }
    let by_edge = |edge: &EdgeExplanation| edge.name == what || edge.name.split(" -> ").any(|end| end == what);
    keep(explanation, &by_edge, &|_| true)
        .or_else(|| keep(explanation, &|_| true, &|call| call.via == what))
        .or_else(|| keep(explanation, &|_| true, &|call| runs_between(call, what)))
}

/// The edges and calls that pass; none where no call is left.
fn keep(
    explanation: &Explanation,
    edges: &dyn Fn(&EdgeExplanation) -> bool,
    calls: &dyn Fn(&CallSketch) -> bool,
) -> Option<Explanation> {
    let mut kept = explanation.clone();
    for variant in &mut kept.variants {
        variant.edges.retain(edges);
        for edge in &mut variant.edges {
            edge.clients.iter_mut().for_each(|client| client.calls.retain(calls));
            edge.clients.retain(|client| !client.calls.is_empty());
        }
        variant.edges.retain(|edge| !edge.clients.is_empty());
    }
    kept.variants.iter().any(|variant| !variant.edges.is_empty()).then_some(kept)
}

/// Is `what` `FROM-TO` of this call? Names may contain hyphens, so every one may be the border.
fn runs_between(call: &CallSketch, what: &str) -> bool {
    let stands = |place: &str, region: &str, name: &str| {
        place == name || region == name || place.split_once('/').is_some_and(|(cluster, _)| cluster == name)
    };
    what.match_indices('-').any(|(at, _)| {
        let (from, to) = (&what[..at], &what[at + 1..]);
        stands(&call.from, &call.from_region, from) && stands(&call.to, &call.to_region, to)
    })
}
