//! The answer of `availability`: the sentence, the table of variants, what costs most, events, months, assumptions.

use super::table::Grid;
use super::{Style, heading, items, paragraph, verdict};
use crate::record::{ComponentLongRun, Estimate, LongRun, LongRunVariant};
use crate::units::significant;

/// Components that are shown of each variant.
const SHOWN: usize = 12;
/// Over the table of blast radii.
const BLAST: &str = "Whom one failure touches: share of users (whole streams that lose some requests) and of services";
/// Over the table of rates at which another variant is best.
const TURNS: &str = "Rates at which the order turns, all else as assumed";

/// The whole answer as text of at most `width` columns.
pub fn long_run(told: &LongRun, width: usize, style: Style) -> String {
    let mut out = verdict(&told.verdict, width, style);
    for warning in told.warnings.iter().filter(|warning| warning.contains("EVERY") || warning.starts_with("QUICK")) {
        out.push_str(&style.bad(paragraph(warning, 0, 2, width).trim_end()));
        out.push('\n');
    }
    out.push_str(&section("In the long run", &variants(told), width, style));
    for variant in &told.variants {
        let title = format!("What costs {} its minutes", variant.name);
        out.push_str(&section(&title, &components(variant), width, style));
        let left = variant.components.len().saturating_sub(SHOWN);
        if left > 0 {
            let rest: f64 = variant.components.iter().skip(SHOWN).map(|of| of.minutes_year).sum();
            out.push_str(&format!("  and {left} more, {} min a year together\n", figure(rest)));
        }
    }
    let blast = blast(told);
    if !blast.rows.is_empty() {
        out.push_str(&section(BLAST, &blast, width, style));
    }
    let turns = turns(told);
    if !turns.rows.is_empty() {
        out.push_str(&section(TURNS, &turns, width, style));
    }
    let streams = streams(told);
    if !streams.rows.is_empty() {
        out.push_str(&section("By stream, share answered", &streams, width, style));
    }
    let plain = told.warnings.iter().filter(|warning| !warning.contains("EVERY") && !warning.starts_with("QUICK"));
    out.push_str(&items("To beware of", &plain.cloned().collect::<Vec<_>>(), width, style));
    out.push_str(&items("Assumed", &told.assumptions, width, style));
    out.push_str(&method(told, width, style));
    style.finish(out)
}

/// The tables of the answer for another form than a terminal's: title, heads, rows; those without rows left out.
pub(in crate::report) fn tables(told: &LongRun) -> Vec<(String, Vec<String>, Vec<Vec<String>>)> {
    let mut all = vec![("In the long run".to_owned(), variants(told))];
    let costs = |variant: &LongRunVariant| (format!("What costs {} its minutes", variant.name), components(variant));
    all.extend(told.variants.iter().map(costs));
    all.push((BLAST.to_owned(), blast(told)));
    all.push((TURNS.to_owned(), turns(told)));
    all.push(("By stream, share answered".to_owned(), streams(told)));
    all.push(("Assumed events".to_owned(), events(told)));
    all.into_iter()
        .filter(|(_, grid)| !grid.rows.is_empty())
        .map(|(title, grid)| (title, grid.head, grid.rows))
        .collect()
}

/// Each component once, those first that fail most often, with where its figures are from.
fn events(told: &LongRun) -> Grid {
    let head = ["component", "a year", "lasts", "from"].map(str::to_owned).to_vec();
    let mut all: Vec<&ComponentLongRun> = Vec::new();
    for of in told.variants.iter().flat_map(|variant| &variant.components) {
        if all.iter().all(|known| known.component != of.component) {
            all.push(of);
        }
    }
    all.sort_by(|a, b| b.events_year.total_cmp(&a.events_year));
    let row = |of: &ComponentLongRun| {
        let mark = if of.whose == "the scenario" { "" } else { " *" };
        let from = if mark.is_empty() { of.source.clone() } else { format!("ASSUMED by {}", of.source) };
        vec![of.component.clone(), format!("{}{mark}", figure(of.events_year)), lasts(of), from]
    };
    Grid { head, rows: all.into_iter().map(row).collect(), figures: vec![1, 2] }
}

/// By component: the users of streams and the services that its failure hits, by variant; the widest first.
fn blast(told: &LongRun) -> Grid {
    let mut head = vec!["while one is down".to_owned()];
    head.extend(told.variants.iter().flat_map(|variant| [format!("{}: users", variant.name), "services".to_owned()]));
    let mut names: Vec<(&str, f64)> = Vec::new();
    for of in told.variants.iter().flat_map(|variant| &variant.components) {
        let wide = of.users_hit.max(of.services_share);
        match names.iter_mut().find(|(name, _)| *name == of.component) {
            Some((_, widest)) => *widest = widest.max(wide),
            None => names.push((&of.component, wide)),
        }
    }
    names.retain(|(_, wide)| *wide > 0.0);
    names.sort_by(|a, b| b.1.total_cmp(&a.1));
    let percent = |share: f64| format!("{} %", significant(100.0 * share, 3));
    let row = |(name, _): &(&str, f64)| {
        let of = |variant: &LongRunVariant| match variant.components.iter().find(|of| of.component == *name) {
            Some(of) => [percent(of.users_hit), format!("{} ({})", percent(of.services_share), of.services_hit.len())],
            None => [String::new(), String::new()],
        };
        [vec![(*name).to_owned()], told.variants.iter().flat_map(of).collect()].concat()
    };
    let rows = names.iter().take(SHOWN).map(row).collect();
    Grid { head, rows, figures: (1..=2 * told.variants.len()).collect() }
}

fn section(title: &str, grid: &Grid, width: usize, style: Style) -> String {
    let mut out = heading(title, style);
    for (index, line) in grid.lines(2, width).into_iter().enumerate() {
        out.push_str(&if index == 0 { style.bold(&line) } else { line });
        out.push('\n');
    }
    out
}

fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{:.0}", value),
        size if size < 1e-4 && size > 0.0 => format!("{value:.1e}"),
        _ => significant(value, 3),
    }
}

/// `99.963 %`: so many digits that two are left of what is lost.
fn nines(availability: f64) -> String {
    let lost = 1.0 - availability;
    if lost <= 0.0 {
        return "100 %".into();
    }
    let digits = (-libm::floor(libm::log10(100.0 * lost)) + 1.0).clamp(0.0, 12.0) as usize;
    format!("{:.digits$} %", 100.0 * availability)
}

/// A count of writes: `63,400`.
fn whole(writes: f64) -> String {
    if writes < 1000.0 { figure(writes) } else { crate::report::number::count(libm::round(writes) as u64) }
}

fn range(ends: Option<(f64, f64)>) -> String {
    ends.map_or(String::new(), |(low, high)| format!("{} to {}", figure(low), figure(high)))
}

fn noise(of: &Estimate) -> String {
    range(of.low.zip(of.high))
}

/// What a variant loses more than the best one, and whether that can be told.
fn beside(told: &LongRun, variant: &LongRunVariant) -> String {
    if told.pairs.iter().any(|pair| pair.best == variant.name) {
        let is_told = told.pairs.iter().all(|pair| pair.told_apart);
        return match is_told {
            false => "least, not told apart",
            true if told.variants.iter().any(|other| writes(variant).0 > writes(other).1) => "least, but see writes",
            true => "the best",
        }
        .into();
    }
    let Some(pair) = told.pairs.iter().find(|pair| pair.other == variant.name) else { return String::new() };
    let ends = noise(&pair.minutes_year);
    if pair.told_apart { ends } else { format!("{ends}: not told apart") }
}

/// Acknowledged writes lost a year: the ends of the interval.
fn writes(variant: &LongRunVariant) -> (f64, f64) {
    let ends = variant.writes_year.as_ref().and_then(|of| of.low.zip(of.high));
    ends.unwrap_or((0.0, 0.0))
}

/// What a request must be to count.
fn answered(told: &LongRun) -> String {
    let limits: Vec<Option<f64>> = told.variants.iter().map(|variant| variant.good_within_ms).collect();
    match limits.first().copied().flatten() {
        Some(limit) if limits.iter().all(|other| *other == Some(limit)) => {
            format!("requests answered within {} ms", figure(limit))
        }
        _ if limits.iter().any(Option::is_some) => "requests answered in time".to_owned(),
        _ => "requests answered".to_owned(),
    }
}

fn variants(told: &LongRun) -> Grid {
    let mut head = vec![String::new()];
    head.extend(told.variants.iter().map(|variant| variant.name.clone()));
    let row = |label: &str, cell: &dyn Fn(&LongRunVariant) -> String| {
        [vec![label.to_owned()], told.variants.iter().map(cell).collect()].concat()
    };
    let mut rows = vec![
        row(&answered(told), &|v| v.availability.value.map_or(String::new(), nines)),
        row("minutes lost a year", &|v| v.minutes_year.value.map_or(String::new(), figure)),
        row("  simulation and cut-off, 95 %", &|v| noise(&v.minutes_year)),
        row("  over the assumed rates, 90 %", &|v| range(v.minutes_year.inputs)),
        row("minutes lost a month of 30 d", &|v| v.minutes_month.value.map_or(String::new(), figure)),
        row("lost while nothing is down, a year", &|v| format!("{} min", figure(v.lost_whole * 525_600.0))),
        row("  at most, 95 %", &|v| format!("{} min", figure(v.lost_whole_high * 525_600.0))),
        row("p99, all states weighed", &|v| v.p99_ms.map_or(String::new(), |ms| format!("{} ms", figure(ms)))),
    ];
    if told.variants.iter().any(|variant| variant.writes_year.is_some()) {
        let ends = |ends: Option<(f64, f64)>| {
            ends.map_or(String::new(), |(low, high)| format!("{} to {}", whole(low), whole(high)))
        };
        let of = |variant: &LongRunVariant| variant.writes_year.clone().unwrap_or_default();
        rows.push(row("acknowledged writes lost a year", &|v| whole(of(v).value.unwrap_or(0.0))));
        rows.push(row("  simulation, 95 %", &|v| ends(of(v).low.zip(of(v).high))));
        rows.push(row("  over the assumed rates, 90 %", &|v| ends(of(v).inputs)));
    }
    if !told.pairs.is_empty() {
        rows.insert(4, row("  more than the least, 95 % of all", &|v| beside(told, v)));
    }
    if let Some(slo) = told.slo {
        let label = format!("months that keep {} %", significant(100.0 * slo, 6));
        let percent = |share: f64| format!("{} %", significant(100.0 * share, 3));
        let ends = |kept: &Estimate| match (kept.low, kept.high) {
            (Some(low), Some(high)) => format!("{} to {}", significant(100.0 * low, 3), percent(high)),
            _ => String::new(),
        };
        rows.push(row(&label, &|v| {
            v.months.as_ref().and_then(|months| months.kept.value).map_or(String::new(), percent)
        }));
        rows.push(row("  simulation and cut-off, 95 %", &|v| {
            v.months.as_ref().map_or(String::new(), |months| ends(&months.kept))
        }));
        rows.push(row("  as one thing up and down (Takacs)", &|v| {
            v.months.as_ref().and_then(|months| months.two_state).map_or(String::new(), percent)
        }));
        rows.push(row("  of its budget, minutes a month", &|v| {
            v.months.as_ref().map_or(String::new(), |months| figure(months.budget_minutes))
        }));
        rows.push(row("  lost in the worst of 100 months", &|v| {
            v.months.as_ref().map_or(String::new(), |months| format!("{} min", figure(months.minutes_worst)))
        }));
    }
    Grid { head, rows, figures: (1..=told.variants.len()).collect() }
}

fn lasts(of: &ComponentLongRun) -> String {
    if of.down_min < 1.0 {
        format!("{} s", significant(of.down_min * 60.0, 2))
    } else {
        format!("{} min", significant(of.down_min, 2))
    }
}

fn components(variant: &LongRunVariant) -> Grid {
    let head = ["component", "min/year", "a year", "lasts", "min each", "moving", "lost then", "worst"];
    let row = |of: &ComponentLongRun| {
        let name = if of.units > 1 { format!("{} ({})", of.component, of.units) } else { of.component.clone() };
        let mark = if of.whose == "the scenario" { "" } else { " *" };
        vec![
            name,
            figure(of.minutes_year),
            format!("{}{mark}", figure(of.events_year)),
            lasts(of),
            figure(of.minutes_event),
            figure(of.minutes_event_moving),
            if of.short { "short".to_owned() } else { format!("{} %", significant(100.0 * of.share_lost, 2)) },
            format!("{} %", significant(100.0 * of.share_worst, 2)),
        ]
    };
    let mut rows: Vec<Vec<String>> = variant.components.iter().take(SHOWN).map(row).collect();
    if variant.components.iter().take(SHOWN).any(|of| of.whose != "the scenario") {
        rows.push(vec!["* ASSUMED by the book".to_owned()]);
    }
    Grid { head: head.map(str::to_owned).to_vec(), rows, figures: (1..8).collect() }
}

fn turns(told: &LongRun) -> Grid {
    let head = ["best", "other", "what fails", "a year, each", "turns at"].map(str::to_owned).to_vec();
    let rows = told.pairs.iter().flat_map(|pair| {
        pair.turns.iter().map(|turn| {
            vec![
                pair.best.clone(),
                pair.other.clone(),
                turn.row.clone(),
                figure(turn.events_year),
                figure(turn.turns_at),
            ]
        })
    });
    Grid { head, rows: rows.collect(), figures: vec![3, 4] }
}

fn streams(told: &LongRun) -> Grid {
    let mut head = vec!["stream".to_owned()];
    head.extend(told.variants.iter().map(|variant| variant.name.clone()));
    let names = told.variants.first().map(|variant| &variant.streams[..]).unwrap_or_default();
    let row = |stream: &crate::record::StreamLongRun| {
        let of = |variant: &LongRunVariant| {
            let found = variant.streams.iter().find(|other| other.stream == stream.stream);
            found.map_or(String::new(), |stream| nines(stream.availability))
        };
        [vec![stream.stream.clone()], told.variants.iter().map(of).collect()].concat()
    };
    let rows = if names.len() > 1 { names.iter().map(row).collect() } else { Vec::new() };
    Grid { head, rows, figures: (1..=told.variants.len()).collect() }
}

fn method(told: &LongRun, width: usize, style: Style) -> String {
    let of = |variant: &LongRunVariant| {
        format!(
            "{}: {} states with up to {} down in {} classes, {} of them simulated in {} runs; cut off {} (reckoned to lose {} min a year), \
             not simulated or not settled {}; the components alone, drawn for {} years without a request: {} min a year ({})",
            variant.name,
            variant.states,
            variant.within,
            variant.classes,
            variant.simulated,
            variant.runs,
            figure(variant.cut_off),
            figure(variant.cut_off_lost * 525_600.0),
            figure(variant.unresolved),
            variant.months.as_ref().map_or(20_000, |months| months.months) * 720 / 8760,
            variant.direct.value.map_or(String::new(), |value| figure(value * 525_600.0)),
            range(variant.direct.low.zip(variant.direct.high).map(|(a, b)| (a * 525_600.0, b * 525_600.0))),
        )
    };
    items("How", &told.variants.iter().map(of).collect::<Vec<_>>(), width, style)
}
