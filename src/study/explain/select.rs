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
    // Of an edge, those to where its rules lead.
    let leads = |edge: &EdgeExplanation| {
        edge.name.strip_prefix(what).is_some_and(|rest| what.contains(" -> ") && rest.starts_with([':', ' ']))
    };
    let by_edge = |edge: &EdgeExplanation| edge.name == what || leads(edge) || edge.name.split(" -> ").any(is);
    let kept = keep(explanation, &by_edge, None);
    let kept = kept.or_else(|whole| keep(*whole, &|_| true, Some(&|call| call.via == what)));
    kept.or_else(|whole| keep(*whole, &|_| true, Some(&|call| runs_between(call, what))))
}

/// The edges and calls that pass, none: all calls; the whole back where nothing is left. It may be large: nothing is copied.
fn keep(
    mut kept: Explanation,
    edges: &dyn Fn(&EdgeExplanation) -> bool,
    calls: Option<&dyn Fn(&CallSketch) -> bool>,
) -> Result<Explanation, Box<Explanation>> {
    // Rules are told with an edge, even where they leave it no call.
    let passes = |edge: &EdgeExplanation| match calls {
        None => !edge.clients.is_empty() || !edge.rules.is_empty(),
        Some(calls) => edge.clients.iter().flat_map(|client| &client.calls).any(calls),
    };
    if !kept.variants.iter().flat_map(|variant| &variant.edges).any(|edge| edges(edge) && passes(edge)) {
        return Err(Box::new(kept));
    }
    for variant in &mut kept.variants {
        variant.edges.retain(|edge| edges(edge) && passes(edge));
        let Some(calls) = calls else { continue };
        for client in variant.edges.iter_mut().flat_map(|edge| &mut edge.clients) {
            client.calls.retain(calls);
        }
        for edge in &mut variant.edges {
            edge.clients.retain(|client| !client.calls.is_empty());
        }
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
