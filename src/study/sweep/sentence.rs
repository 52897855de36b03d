//! The answer of a sweep in sentences: who is best over which part of an axis, and where bounds are crossed.

use super::changes::{Line, figure, lines, measures};
use crate::record::{Outcome, Sweep, SweepAxis, SweepChange, SweepCrossing, SweepPoint};
use crate::study::words::{each_once, listed};
use crate::units::significant;

/// More lines of a grid than this are left to the table.
const LINES_MAX: usize = 4;

/// The verdict.
pub(super) fn verdict(sweep: &Sweep) -> String {
    let mut said: Vec<String> = sweep.partial.iter().cloned().collect();
    if sweep.points.is_empty() {
        said.push("Nothing was run.".to_owned());
        return said.join(" ");
    }
    let lines = lines(sweep);
    let untold = lines.len().saturating_sub(LINES_MAX);
    for line in lines.iter().take(LINES_MAX) {
        said.extend(of_line(sweep, line));
    }
    if untold > 0 {
        said.push(format!("Along {untold} more lines of the grid: see the table."));
    }
    if lines.is_empty() {
        said.extend(sweep.points.first().map(|point| point.verdict.clone()));
    }
    said.join(" ")
}

/// Along one line: by cost, by latency, by availability, then the bounds.
fn of_line(sweep: &Sweep, line: &Line<'_>) -> Vec<String> {
    let beside = if line.beside.is_empty() { String::new() } else { format!("With {}: ", line.beside) };
    let mut said: Vec<String> = Vec::new();
    if sweep.variants.len() > 1 {
        said.extend(ranked(sweep, line, "cost"));
        said.extend(met(sweep, line));
        said.extend(measures(line).iter().filter(|by| *by != "cost").filter_map(|by| ranked(sweep, line, by)));
    } else if let Some(only) = sweep.variants.first() {
        said.extend(course(line, only));
    }
    said.extend(bounds(sweep, line));
    if let Some(first) = said.first_mut() {
        *first = format!("{beside}{first}");
    }
    said
}

/// Who loses acknowledged writes at some point: more of them rank behind fewer or none.
fn losing(line: &Line<'_>, by: &str) -> String {
    let leaders = line.points.iter().flat_map(|(_, point)| &point.leaders).filter(|leader| leader.by == by);
    let names = each_once(leaders.flat_map(|leader| leader.losing.iter().cloned()));
    match names.as_slice() {
        [] => String::new(),
        [one] => format!(" {one} loses acknowledged writes, and where it does it ranks behind who loses none."),
        some => {
            format!(
                " {} lose acknowledged writes; who loses more of them than another, beyond doubt, ranks behind it.",
                listed(some)
            )
        }
    }
}

/// `Cheapest is copies at users 5 and lanes from 10 to 200; they cost the same at about 7.3.`
fn ranked(sweep: &Sweep, line: &Line<'_>, by: &str) -> Option<String> {
    let fault = by.strip_prefix("lost(").and_then(|rest| rest.strip_suffix(')'));
    let word = match (by, fault) {
        ("cost", _) => "Cheapest".to_owned(),
        ("latency", _) => "Fastest".to_owned(),
        (_, Some(fault)) => format!("Least hit by {fault}"),
        _ => "Most available".to_owned(),
    };
    let best =
        |point: &SweepPoint| point.leaders.iter().find(|leader| leader.by == by).map(|leader| leader.best.clone());
    let mut spans: Vec<(Option<String>, usize, usize)> = Vec::new();
    for (at, point) in &line.points {
        let best = best(point);
        match spans.last_mut() {
            Some((known, _, last)) if *known == best => *last = *at,
            _ => spans.push((best, *at, *at)),
        }
    }
    if spans.iter().all(|(best, ..)| best.is_none()) {
        return None;
    }
    let figure = line.points.iter().flat_map(|(_, point)| &point.leaders).find(|leader| leader.by == by)?;
    let at = if by == "latency" { format!(" at {}", figure.figure) } else { String::new() };
    let only = spans.len() == 1;
    let told: Vec<String> = spans
        .iter()
        .map(|(best, from, to)| {
            let span = if only { "at every point".to_owned() } else { span(line.axis, *from, *to) };
            match best {
                Some(best) => format!("{best} {span}"),
                None => format!("none beyond doubt {span}"),
            }
        })
        .collect();
    let own = |change: &&SweepChange| {
        change.by == by && change.axis == line.axis.name && change.beside == line.beside && change.about.is_some()
    };
    let meets: Vec<String> = sweep.changes.iter().filter(own).map(|change| meeting(line.axis, change)).collect();
    let meets = if meets.is_empty() { String::new() } else { format!("; {}", meets.join(", ")) };
    Some(format!("{word}{at} is {}{meets}.{}", listed(&told), losing(line, by)))
}

/// `copies is cheaper than lanes up to developers 6.42.`, of pairs of which neither is the cheapest of all.
fn met(sweep: &Sweep, line: &Line<'_>) -> Option<String> {
    let told = sweep.meetings.iter().filter(|meeting| {
        let best = |change: &SweepChange| {
            (&change.by, &change.before, &change.after, &change.from)
                == (&meeting.by, &meeting.before, &meeting.after, &meeting.from)
        };
        meeting.axis == line.axis.name && meeting.beside == line.beside && !sweep.changes.iter().any(best)
    });
    // Several that cost the same meet the same one in one place.
    let mut places: Vec<(String, Vec<&str>, String)> = Vec::new();
    for meeting in told {
        let place = match meeting.about {
            Some(about) => format!("up to about {} {}", line.axis.name, shown(line.axis, about)),
            None => format!("up to {} {}", line.axis.name, meeting.from),
        };
        match places.iter_mut().find(|(before, _, known)| *before == meeting.before && *known == place) {
            Some((_, others, _)) => others.push(&meeting.after),
            None => places.push((meeting.before.clone(), vec![&meeting.after], place)),
        }
    }
    let told: Vec<String> = places
        .iter()
        .take(LINES_MAX)
        .map(|(before, others, place)| format!("{before} is cheaper than {} {place}", others.join(" and ")))
        .collect();
    (!told.is_empty()).then(|| format!("{}.", capital(&listed(&told))))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// `copies and lanes are equal at about 7.3`.
fn meeting(axis: &SweepAxis, change: &SweepChange) -> String {
    let about = shown(axis, change.about.unwrap_or_default());
    format!("{} and {} are equal at about {about}", change.before, change.after)
}

/// `at 5`, `from 10 to 200`.
fn span(axis: &SweepAxis, from: usize, to: usize) -> String {
    if from == to {
        format!("at {} {}", axis.name, axis.values[from])
    } else {
        format!("from {} {} to {}", axis.name, axis.values[from], axis.values[to])
    }
}

/// Of a single variant: how its tail, its success and its cost go along the line.
fn course(line: &Line<'_>, only: &str) -> Option<String> {
    let ((first, a), (last, b)) = (line.points.first()?, line.points.last()?);
    let from_to = |name: &str, scale: f64, unit: &str| {
        let (from, to) = (figure(a, only, name)?, figure(b, only, name)?);
        Some(format!("{name} goes from {} to {} {unit}", significant(from * scale, 3), significant(to * scale, 3)))
    };
    let told = [from_to("p99", 1.0, "ms"), from_to("availability", 100.0, "%"), from_to("cost", 1.0, "a month")];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (first != last && !told.is_empty()).then(|| {
        let axis = line.axis;
        format!("From {} {} to {}: {}.", axis.name, axis.values[*first], axis.values[*last], told.join(", "))
    })
}

/// Where figures cross the bounds of objectives, or that all keep or all miss them.
fn bounds(sweep: &Sweep, line: &Line<'_>) -> Vec<String> {
    let mut asked: Vec<(&str, &str)> = Vec::new();
    for gate in line.points.iter().flat_map(|(_, point)| &point.gates) {
        let pair = (gate.name.as_str(), gate.check.as_str());
        if !asked.contains(&pair) {
            asked.push(pair);
        }
    }
    let mut said = Vec::new();
    for (name, check) in asked {
        let mut told: Vec<String> = Vec::new();
        let (mut kept, mut missed, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for variant in &sweep.variants {
            let own = |crossing: &&SweepCrossing| {
                crossing.objective == name
                    && crossing.variant == *variant
                    && crossing.axis == line.axis.name
                    && crossing.beside == line.beside
            };
            let crossings: Vec<&SweepCrossing> = sweep.crossings.iter().filter(own).collect();
            told.extend(crossings.iter().map(|crossing| crossed(line.axis, crossing)));
            let gates = line.points.iter().flat_map(|(_, point)| &point.gates);
            let outcomes: Vec<Outcome> =
                gates.filter(|gate| gate.name == name && gate.variant == *variant).map(|gate| gate.outcome).collect();
            if crossings.is_empty() && !outcomes.is_empty() {
                if outcomes.iter().all(|outcome| *outcome == Outcome::Met) {
                    kept.push(variant.as_str());
                } else if outcomes.iter().all(|outcome| *outcome == Outcome::Missed) {
                    missed.push(variant.as_str());
                }
                let unsure = outcomes.iter().filter(|outcome| **outcome == Outcome::NotEnoughEvidence).count();
                if unsure > 0 {
                    open.push((variant.as_str(), unsure, outcomes.len()));
                }
            }
        }
        if told.is_empty() && missed.is_empty() && open.is_empty() {
            continue;
        }
        if !kept.is_empty() {
            told.push(format!("{} keeps it everywhere", kept.join(", ")));
        }
        if !missed.is_empty() {
            told.push(format!("{} nowhere", missed.join(", ")));
        }
        told.extend(left_open(&open));
        said.push(format!("{name} ({check}): {}.", told.join("; ")));
    }
    said
}

/// `copies, lanes open at every point`: who has not evidence enough at how many of how many points.
fn left_open(open: &[(&str, usize, usize)]) -> Option<String> {
    type Open<'a> = Vec<&'a (&'a str, usize, usize)>;
    let (everywhere, some): (Open<'_>, Open<'_>) = open.iter().partition(|(_, unsure, all)| unsure == all);
    let mut told: Vec<String> = Vec::new();
    if !everywhere.is_empty() {
        let names: Vec<&str> = everywhere.iter().map(|(name, ..)| *name).collect();
        told.push(format!("{} open at every point", names.join(", ")));
    }
    told.extend(some.iter().map(|(name, unsure, all)| format!("{name} open at {unsure} of {all} points")));
    (!told.is_empty()).then(|| format!("{}, for want of evidence", told.join(", ")))
}

/// `shared keeps it up to users 10 and not from 20 on (about 14.2)`.
fn crossed(axis: &SweepAxis, crossing: &SweepCrossing) -> String {
    let about = crossing.about.map_or_else(String::new, |about| format!(" (about {})", shown(axis, about)));
    let SweepCrossing { variant, from, to, .. } = crossing;
    if crossing.kept_after {
        format!("{variant} misses it at {} {from} and keeps it from {to} on{about}", axis.name)
    } else {
        format!("{variant} keeps it up to {} {from} and misses it from {to} on{about}", axis.name)
    }
}

/// A value of an axis between two of its own.
fn shown(axis: &SweepAxis, value: f64) -> String {
    format!("{}{}", significant(value, 3), axis.unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_that_nothing_decides_is_told() {
        assert_eq!(left_open(&[]), None);
        assert_eq!(
            left_open(&[("aa", 3, 3), ("ap", 3, 3), ("plink", 1, 3)]).as_deref(),
            Some("aa, ap open at every point, plink open at 1 of 3 points, for want of evidence")
        );
    }
}
