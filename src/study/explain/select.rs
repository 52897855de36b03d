//! The part of an explanation that is about one thing: an edge, a variant, a product, or a way between two places.

use crate::record::{CallSketch, EdgeExplanation, Explanation};

/// What of `explanation` is about `what`: a variant's name; an edge (`web -> orders`) or a service at either end of one;
/// a product that carries calls; or `FROM-TO` with regions, clusters or places. The whole back where nothing has that name.
pub fn about(mut explanation: Explanation, what: &str) -> Result<Explanation, Box<Explanation>> {
    if explanation.variants.iter().any(|variant| variant.name == what) {
        explanation.variants.retain(|variant| variant.name == what);
        return Ok(explanation);
    }
    // Of a service, its subsets too.
    let is = |end: &str| end == what || end.split([':', ' ']).next() == Some(what);
    let by_edge = |edge: &EdgeExplanation| edge.name == what || edge.name.split(" -> ").any(is);
    let kept = keep(explanation, &by_edge, &|_| true);
    let kept = kept.or_else(|whole| keep(*whole, &|_| true, &|call| call.via == what));
    kept.or_else(|whole| keep(*whole, &|_| true, &|call| runs_between(call, what)))
}

/// The edges and calls that pass; the whole back where no call is left. It may be large: nothing is copied.
fn keep(
    mut kept: Explanation,
    edges: &dyn Fn(&EdgeExplanation) -> bool,
    calls: &dyn Fn(&CallSketch) -> bool,
) -> Result<Explanation, Box<Explanation>> {
    let any = kept
        .variants
        .iter()
        .flat_map(|variant| &variant.edges)
        .filter(|edge| edges(edge))
        .any(|edge| edge.clients.iter().flat_map(|client| &client.calls).any(calls));
    if !any {
        return Err(Box::new(kept));
    }
    for variant in &mut kept.variants {
        variant.edges.retain(edges);
        for edge in &mut variant.edges {
            edge.clients.iter_mut().for_each(|client| client.calls.retain(calls));
            edge.clients.retain(|client| !client.calls.is_empty());
        }
        variant.edges.retain(|edge| !edge.clients.is_empty());
    }
    Ok(kept)
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
