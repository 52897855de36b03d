//! Where the answer changes between two neighbouring points: another variant is best, or a figure crosses a bound.

use crate::record::{Outcome, Sweep, SweepAxis, SweepChange, SweepCrossing, SweepGate, SweepPoint};

/// The points along one axis, the others held: a line through the grid.
pub(super) struct Line<'a> {
    /// Which axis.
    pub(super) axis: &'a SweepAxis,
    /// The others' values: `users 50`.
    pub(super) beside: String,
    /// Value of the axis and point, in order.
    pub(super) points: Vec<(usize, &'a SweepPoint)>,
}

/// The lines along every axis that has more than one value.
pub(super) fn lines(sweep: &Sweep) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for (number, axis) in sweep.axes.iter().enumerate().filter(|(_, axis)| axis.values.len() > 1) {
        let mut own: Vec<(Vec<usize>, Line<'_>)> = Vec::new();
        for point in &sweep.points {
            let others = |of: &[usize]| -> Vec<usize> {
                of.iter().enumerate().filter(|(axis, _)| *axis != number).map(|(_, at)| *at).collect()
            };
            let beside = others(&point.at);
            let place = match own.iter().position(|(known, _)| *known == beside) {
                Some(place) => place,
                None => {
                    let held = sweep.axes.iter().zip(&point.values).enumerate().filter(|(other, _)| *other != number);
                    let held: Vec<String> = held.map(|(_, (axis, value))| format!("{} {value}", axis.name)).collect();
                    own.push((beside, Line { axis, beside: held.join(", "), points: Vec::new() }));
                    own.len() - 1
                }
            };
            own[place].1.points.push((point.at[number], point));
        }
        lines.extend(own.into_iter().map(|(_, line)| line));
    }
    lines
}

/// A variant's figure at a point.
pub(super) fn figure(point: &SweepPoint, variant: &str, name: &str) -> Option<f64> {
    let of = point.variants.iter().find(|one| one.name == variant)?;
    of.figures.iter().find(|figure| figure.name == name)?.estimate.value
}

/// Where a straight line from `(x0, y0)` to `(x1, y1)` is nothing.
fn root((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> Option<f64> {
    let between = (y0 <= 0.0) != (y1 <= 0.0);
    let x = x0 - y0 * (x1 - x0) / (y1 - y0);
    (between && x.is_finite()).then_some(x)
}

/// What variants are ranked by along a line: latency, cost, availability, and what is lost to each fault.
pub(super) fn measures(line: &Line<'_>) -> Vec<String> {
    let mut known = ["latency", "cost", "availability"].map(str::to_owned).to_vec();
    for by in line.points.iter().flat_map(|(_, point)| &point.leaders).map(|leader| &leader.by) {
        if !known.contains(by) {
            known.push(by.clone());
        }
    }
    known
}

/// Where another variant becomes the best one, beyond doubt on both sides.
pub(super) fn changes(sweep: &Sweep) -> Vec<SweepChange> {
    let mut changes = Vec::new();
    for line in lines(sweep) {
        for by in measures(&line) {
            let leader = |point: &SweepPoint| point.leaders.iter().find(|leader| leader.by == by).cloned();
            let led = line.points.iter().filter_map(|(at, point)| Some((*at, *point, leader(point)?)));
            let led: Vec<_> = led.collect();
            for pair in led.windows(2) {
                let [(from, before, a), (to, after, b)] = pair else { continue };
                // A best one that is told from some and not from the next best is no change of the best.
                if a.best == b.best || !b.worse.contains(&a.best) || !a.worse.contains(&b.best) {
                    continue;
                }
                let apart =
                    |point: &SweepPoint| Some(figure(point, &a.best, &b.figure)? - figure(point, &b.best, &b.figure)?);
                let about = line
                    .axis
                    .numbers
                    .as_ref()
                    .and_then(|numbers| root((numbers[*from], apart(before)?), (numbers[*to], apart(after)?)));
                changes.push(SweepChange {
                    by: by.clone(),
                    figure: b.figure.clone(),
                    axis: line.axis.name.clone(),
                    beside: line.beside.clone(),
                    before: a.best.clone(),
                    after: b.best.clone(),
                    from: line.axis.values[*from].clone(),
                    to: line.axis.values[*to].clone(),
                    about,
                });
            }
        }
    }
    changes
}

/// Where the costs of two variants cross, told apart on both sides.
pub(super) fn meetings(sweep: &Sweep) -> Vec<SweepChange> {
    let mut meetings = Vec::new();
    for line in lines(sweep) {
        for (place, one) in sweep.variants.iter().enumerate() {
            for other in &sweep.variants[place + 1..] {
                let gap = |point: &SweepPoint| {
                    let (a, b) = (ends(point, one, "cost")?, ends(point, other, "cost")?);
                    // Below nothing: the first one is cheaper, whatever the noise.
                    let apart = a.2 < b.1 || b.2 < a.1;
                    apart.then_some(a.0 - b.0)
                };
                let told: Vec<(usize, f64)> =
                    line.points.iter().filter_map(|(at, point)| Some((*at, gap(point)?))).collect();
                for pair in told.windows(2) {
                    let [(from, before), (to, after)] = pair else { continue };
                    if (*before < 0.0) == (*after < 0.0) {
                        continue;
                    }
                    let numbers = line.axis.numbers.as_ref();
                    let (first, second) = if *before < 0.0 { (one, other) } else { (other, one) };
                    meetings.push(SweepChange {
                        by: "cost".to_owned(),
                        figure: "cost".to_owned(),
                        axis: line.axis.name.clone(),
                        beside: line.beside.clone(),
                        before: first.clone(),
                        after: second.clone(),
                        from: line.axis.values[*from].clone(),
                        to: line.axis.values[*to].clone(),
                        about: numbers.and_then(|at| root((at[*from], *before), (at[*to], *after))),
                    });
                }
            }
        }
    }
    meetings
}

/// A variant's figure at a point with the ends of its interval, which are the figure itself where it is exact.
fn ends(point: &SweepPoint, variant: &str, name: &str) -> Option<(f64, f64, f64)> {
    let of = point.variants.iter().find(|one| one.name == variant)?;
    let estimate = &of.figures.iter().find(|figure| figure.name == name)?.estimate;
    let value = estimate.value?;
    Some((value, estimate.low.unwrap_or(value), estimate.high.unwrap_or(value)))
}

/// Where a figure crosses the bound of an objective: met on one side, missed on the other.
pub(super) fn crossings(sweep: &Sweep) -> Vec<SweepCrossing> {
    let mut crossings = Vec::new();
    for line in lines(sweep) {
        let mut asked: Vec<(&str, &str)> = Vec::new();
        for gate in line.points.iter().flat_map(|(_, point)| &point.gates) {
            let pair = (gate.name.as_str(), gate.variant.as_str());
            if !asked.contains(&pair) {
                asked.push(pair);
            }
        }
        for (name, variant) in asked {
            let gate = |point: &'_ SweepPoint| -> Option<SweepGate> {
                let mut found = point.gates.iter().filter(|gate| gate.name == name && gate.variant == variant);
                found.next().filter(|gate| gate.outcome != Outcome::NotEnoughEvidence).cloned()
            };
            let judged = line.points.iter().filter_map(|(at, point)| Some((*at, *point, gate(point)?)));
            let judged: Vec<_> = judged.collect();
            for pair in judged.windows(2) {
                let [(from, before, a), (to, after, b)] = pair else { continue };
                if a.outcome == b.outcome {
                    continue;
                }
                let over = |point: &SweepPoint, limit: f64| Some(figure(point, variant, name)? - limit);
                let about = line.axis.numbers.as_ref().and_then(|numbers| {
                    root((numbers[*from], over(before, a.limit)?), (numbers[*to], over(after, b.limit)?))
                });
                crossings.push(SweepCrossing {
                    objective: name.to_owned(),
                    check: b.check.clone(),
                    variant: variant.to_owned(),
                    axis: line.axis.name.clone(),
                    beside: line.beside.clone(),
                    from: line.axis.values[*from].clone(),
                    to: line.axis.values[*to].clone(),
                    about,
                    kept_after: b.outcome == Outcome::Met,
                });
            }
        }
    }
    crossings
}
