//! How long an outage lasts: in these runs, and on average by whoever says how often what it hits is down.
//!
//! A scheduled fault is as long as somebody wrote. Money and minutes of a year that are made of it stand for outages of
//! that length, and a drill of minutes stands for hours badly: both lengths are told.

use crate::provider::Books;
use crate::record::{BusinessFault, Length, Run};
use crate::scenario::Scenario;
use crate::scenario::file::{Effect, Fault, Hit, When};
use crate::study::availability::mean_down_s;

/// What the average says where it is this many times the length of a fault, or as little of it.
const FAR: f64 = 2.0;

/// How long a fault lasts here, and what it hits by the books; none where it did not come.
pub(super) fn length(scenario: &Scenario, runs: &[Run], name: &str) -> Option<Length> {
    let spans = || runs.iter().flat_map(|run| &run.faults).filter(|row| row.fault == name).flat_map(|row| &row.spans);
    let lasted: u128 = spans().map(|(start, end)| u128::from(end - start)).sum();
    let count = spans().count();
    let fault = scenario.faults.get(name)?;
    let is_drawn = matches!(fault.when, When::Chance { .. });
    let of_book = (!is_drawn).then(|| by_book(scenario, fault)).flatten();
    let (mean_down_s, by) = of_book.unzip();
    (count > 0).then(|| Length {
        lasts_s: lasted as f64 / 1e9 / count as f64,
        is_drawn,
        mean_down_s,
        by: by.unwrap_or_default().to_owned(),
    })
}

/// The longest of what is hit, and whose figure that is; none where it is not simply down, or nothing that `reliability`
/// rates as a whole.
fn by_book(scenario: &Scenario, fault: &Fault) -> Option<(f64, &'static str)> {
    let is_down = matches!(fault.effects[..], [Effect::Down(_)]) && fault.flap.is_none() && fault.pick.is_none();
    let hits: Vec<(&Hit, &str)> = match &fault.hit.value {
        Hit::Several(all) => all.iter().map(|(hit, text)| (hit, text.as_str())).collect(),
        one => vec![(one, fault.hit_text.as_str())],
    };
    let down = |(hit, text): (&Hit, &str)| {
        mean_down_s(&component(scenario, hit, text)?, scenario.reliability.as_ref(), Books::builtin())
    };
    let all: Option<Vec<_>> = hits.into_iter().map(down).collect();
    all?.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).filter(|_| is_down)
}

/// The component that a fault hits, by its name there; none where it hits a part of one, or more than one.
fn component(scenario: &Scenario, hit: &Hit, text: &str) -> Option<String> {
    let order = |region: &String| scenario.topology.regions.get_index_of(region);
    match hit {
        Hit::Link { between: (a, b), internet } => {
            let (a, b) = if order(a) <= order(b) { (a, b) } else { (b, a) };
            Some(format!("link/{}{a}-{b}", if *internet { "internet/" } else { "" }))
        }
        Hit::Region(_) | Hit::Zone { .. } | Hit::Part(_) | Hit::Product(_) => Some(text.to_owned()),
        Hit::Store(_) => Some(text.replace('@', "/")),
        _ => None,
    }
}

/// What money and minutes of a year rest on, of outages whose rate is stated and whose length somebody wrote.
pub(super) fn basis(faults: &[BusinessFault]) -> Option<String> {
    faults.iter().any(BusinessFault::is_as_long_as_here).then(|| {
        "each outage is taken to be as long as its fault here, in minutes, money and totals of a year: `eastwest \
         availability` weighs outages by how long they last on average"
            .to_owned()
    })
}

/// `, each taken to last 2 min as here (267 min on average by the book)`; empty where the lengths are drawn.
pub(super) fn told(fault: &BusinessFault) -> String {
    let Some(length) = fault.length.as_ref().filter(|_| fault.is_as_long_as_here()) else { return String::new() };
    format!(", each taken to last {}", in_words(length))
}

/// `2 min as here (267 min on average by the book)`.
fn in_words(length: &Length) -> String {
    let here = length.here();
    match length.mean() {
        Some(mean) => format!("{here} as here ({mean} on average by {})", length.by),
        None => format!("{here} as here"),
    }
}

/// Warns of a year that is made of outages far from as long as they are on average; none where none is.
pub(in crate::study) fn warning<'a>(faults: impl Iterator<Item = &'a BusinessFault>) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    for fault in faults.filter(|fault| fault.is_as_long_as_here()) {
        let far = |length: &&Length| {
            let times = length.mean_down_s.map(|mean| mean / length.lasts_s);
            times.is_some_and(|times| times >= FAR || times <= 1.0 / FAR)
        };
        let text = fault.length.as_ref().filter(far).map(|length| format!("{} {}", fault.name, in_words(length)));
        told.extend(text.filter(|text| !told.contains(text)));
    }
    (!told.is_empty()).then(|| {
        format!(
            "minutes and money of a year take outages to be as long as the faults here: {}; `eastwest availability` weighs \
             them by the average",
            told.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drill_is_held_against_the_average_and_what_is_drawn_is_not() {
        let fault = |name: &str, lasts_s: f64, mean: Option<f64>, is_drawn: bool| BusinessFault {
            name: name.into(),
            per_year: Some(0.1),
            length: Some(Length { lasts_s, mean_down_s: mean, is_drawn, by: "the book".into() }),
            ..BusinessFault::default()
        };
        let drill = fault("zone", 120.0, Some(16_000.0), false);
        assert_eq!(told(&drill), ", each taken to last 2 min as here (267 min on average by the book)");
        let real = fault("router", 5000.0, Some(5256.0), false);
        let drawn = fault("chance", 3600.0, None, true);
        let gateway = fault("gateway", 90.0, None, false);
        assert_eq!((told(&gateway).as_str(), told(&drawn).as_str()), (", each taken to last 1.5 min as here", ""));
        let said = warning([&drill, &real, &drawn, &gateway, &drill].into_iter()).expect("one is far too short");
        assert!(said.contains("the faults here: zone 2 min as here (267 min on average by the book);"), "{said}");
        assert_eq!(warning([&real, &drawn, &gateway].into_iter()), None);
        assert_eq!((basis(&[drawn]), basis(&[real]).is_some()), (None, true));
        let rateless = BusinessFault { per_year: None, ..drill };
        assert_eq!((basis(std::slice::from_ref(&rateless)), warning([&rateless].into_iter())), (None, None));
    }
}
