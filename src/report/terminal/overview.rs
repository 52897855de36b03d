//! What `explain` prints of a scenario without being asked for a part of it, where the whole would be nobody's to read.

use super::explain::{explain, faults, grid_lines, head, ms, standing};
use super::table::Grid;
use super::{Style, heading, paragraph, told};
use crate::record::{EdgeExplanation, Explanation, VariantExplanation};

/// More lines than these are not read from the first to the last.
const READ: usize = 300;

/// The whole explanation where it can be read, else what there is and how to ask for it.
pub fn explain_or_overview(explanation: &Explanation, width: usize, style: Style) -> String {
    let whole = explain(explanation, width, style);
    let lines = whole.lines().count();
    if lines <= READ { whole } else { overview(explanation, lines, width, style) }
}

fn overview(explanation: &Explanation, lines: usize, width: usize, style: Style) -> String {
    let mut out = paragraph(&format!("{}: {}", explanation.scenario, explanation.question), 0, 2, width);
    for (index, variant) in explanation.variants.iter().enumerate() {
        out.push_str(&heading(&format!("Variant {}", variant.name), style));
        let earlier = &explanation.variants[..index];
        out.push_str(&decides(variant, earlier, width));
        out.push_str(&edges(variant, earlier, width, style));
        out.push_str(&once("users", &variant.entries, earlier, |of| &of.entries, width, style));
        out.push_str(&once("stores", &variant.stores, earlier, |of| &of.stores, width, style));
        let same = |of: &&VariantExplanation| (&of.standing, &of.by_use) == (&variant.standing, &variant.by_use);
        out.push_str(&match earlier.iter().find(same) {
            Some(same) => as_in("charged beside the traffic", same, style),
            None => standing(variant, &explanation.currency, width, style),
        });
        out.push_str(&match earlier.iter().find(|of| of.faults == variant.faults) {
            Some(_) if variant.faults.is_empty() => String::new(),
            Some(same) => as_in("faults", same, style),
            None => faults(variant, width, style),
        });
    }
    out.push('\n');
    let names = explanation.variants.iter().map(|variant| variant.name.as_str());
    let edge = explanation.variants.iter().flat_map(|variant| &variant.edges).find(|edge| !edge.clients.is_empty());
    let ways = [
        format!("this is an overview; the whole is {lines} lines, one variant after the other: `explain FILE VARIANT`"),
        format!("variants are {}", names.collect::<Vec<_>>().join(", ")),
        format!(
            "`explain FILE \"{}\"`, or a service: hosts, one call hop by hop with its price, policy and what follows from it",
            edge.map_or("web -> stock", |edge| &edge.name)
        ),
        "`explain FILE hangzhou-beijing`, regions or clusters: the way between them; a product: what it carries"
            .to_owned(),
        "`explain FILE failures`: who notices a failure, and after how long; `--format json`: all of it".to_owned(),
    ];
    ways.iter().for_each(|way| out.push_str(&paragraph(&format!("- {way}"), 0, 2, width)));
    style.finish(out)
}

/// Which releases decide, once.
pub(super) fn decides(variant: &VariantExplanation, earlier: &[VariantExplanation], width: usize) -> String {
    if variant.istio.is_empty() || earlier.iter().any(|earlier| earlier.istio == variant.istio) {
        return String::new();
    }
    let text = format!("Istio {} (Envoy {}): {}", variant.istio, variant.envoy, variant.decides.join("; "));
    paragraph(&text, 2, 4, width)
}

/// A row for each edge that no variant before has alike, and how many it has alike with one.
fn edges(variant: &VariantExplanation, earlier: &[VariantExplanation], width: usize, style: Style) -> String {
    let (mut rows, mut alike) = (Vec::new(), Vec::<(&str, usize)>::new());
    for edge in &variant.edges {
        match earlier.iter().find(|earlier| earlier.edges.contains(edge)) {
            None => rows.push(row(edge)),
            Some(same) => match alike.iter_mut().find(|(name, _)| *name == same.name) {
                Some((_, count)) => *count += 1,
                None => alike.push((&same.name, 1)),
            },
        }
    }
    let head = head(&["edge", "replicas", "a call, round trip included", "by way of"]);
    let mut out = String::from("\n");
    if !rows.is_empty() {
        out.push_str(&grid_lines(&Grid { head, rows, figures: vec![1] }, 2, width, style));
    }
    for (name, count) in alike {
        let edges = if count == 1 { "edge" } else { "edges" };
        out.push_str(&paragraph(&format!("{count} {edges} as in {name}"), 2, 4, width));
    }
    out
}

/// Its name, how many replicas its clients see, from how fast to how slow a call is there, and over what.
fn row(edge: &EdgeExplanation) -> Vec<String> {
    let seen = |client: &crate::record::ClientView| client.groups.iter().map(|group| group.replicas).sum::<u32>();
    let calls = || edge.clients.iter().flat_map(|client| &client.calls);
    let mut ways: Vec<&str> = Vec::new();
    calls().filter(|call| !call.via.is_empty()).for_each(|call| {
        if !ways.contains(&call.via.as_str()) {
            ways.push(&call.via);
        }
    });
    let fastest = calls().map(|call| call.warm_ms).reduce(f64::min);
    let slowest = calls().map(|call| call.warm_ms).reduce(f64::max);
    let times = match fastest.zip(slowest) {
        Some((fastest, slowest)) if ms(fastest) == ms(slowest) => ms(slowest),
        Some((fastest, slowest)) => format!("{} to {}", ms(fastest), ms(slowest)),
        None => "no call takes it".to_owned(),
    };
    let most = edge.clients.iter().map(seen).max().map_or_else(String::new, |most| most.to_string());
    vec![edge.name.clone(), most, times, ways.join(", ")]
}

/// A section of sentences, once.
fn once(
    title: &str,
    own: &[String],
    earlier: &[VariantExplanation],
    of: impl Fn(&VariantExplanation) -> &Vec<String>,
    width: usize,
    style: Style,
) -> String {
    match earlier.iter().find(|earlier| of(earlier) == own) {
        Some(_) if own.is_empty() => String::new(),
        Some(same) => as_in(title, same, style),
        None => told(title, own, width, style),
    }
}

fn as_in(title: &str, same: &VariantExplanation, style: Style) -> String {
    format!("\n  {}: as in {}\n", style.bold(title), same.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CallSketch, ClientView, HostGroup};

    fn variant(name: &str, edges: usize) -> VariantExplanation {
        let call = |warm_ms| CallSketch { via: "backbone".into(), warm_ms, ..CallSketch::default() };
        let group = HostGroup { replicas: 4, ..HostGroup::default() };
        let client = ClientView { groups: vec![group], calls: vec![call(2.0), call(30.0)], ..ClientView::default() };
        let edge = |at: usize| EdgeExplanation {
            name: format!("web-{at} -> stock"),
            implies: vec!["it hangs".into(); 20],
            clients: vec![client.clone()],
            ..EdgeExplanation::default()
        };
        VariantExplanation {
            name: name.into(),
            edges: (0..edges).map(edge).collect(),
            entries: vec!["users come in".into()],
            ..VariantExplanation::default()
        }
    }

    #[test]
    fn what_is_long_is_told_in_brief_and_what_is_short_as_a_whole() {
        let of = |edges| Explanation {
            scenario: "shop".into(),
            variants: vec![variant("cen", edges), variant("public", edges)],
            ..Explanation::default()
        };
        let short = explain_or_overview(&of(1), 100, Style::PLAIN);
        assert!(short.contains("it hangs") && !short.contains("overview"), "{short}");
        let long = explain_or_overview(&of(40), 100, Style::PLAIN);
        assert!(long.lines().count() < 100, "{long}");
        for text in [
            "web-39 -> stock         4  2.00 ms to 30.0 ms           backbone",
            "  40 edges as in cen",
            "users: as in cen",
            "`explain FILE \"web-0 -> stock\"`",
            "variants are cen, public",
            "`explain FILE failures`",
        ] {
            assert!(long.contains(text), "{text}: {long}");
        }
        assert!(!long.contains("it hangs"), "{long}");
    }
}
