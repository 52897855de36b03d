//! Which one to choose: cost against p99, the disc by nines of success; who is beaten on all three is hollow and grey.

use crate::record::{Comparison, Estimate, VariantResult};
use crate::report::decision::quantile_of;
use crate::report::number::{Unit, mark_money, mark_ms, nines};
use crate::report::sentence;

use super::board::{Board, Hold, Plot, Type, WIDTH};
use super::labels::{Area, beside};
use super::{Figure, footer, level, theme, ticks};

const SPACE: f64 = 360.0;

/// A variant that has both a cost and a p99.
struct Point {
    variant: usize,
    cost: f64,
    costs: Option<(f64, f64)>,
    p99: f64,
    noise: Option<(f64, f64)>,
    inputs: Option<(f64, f64)>,
    radius: f64,
    beaten: bool,
}

/// Cost against p99.
pub(super) fn pareto(comparison: &Comparison) -> Figure {
    let headline = sentence::front(comparison);
    let beaten = sentence::beaten(comparison);
    let points = points(comparison, &beaten);
    let mut caption = format!("Cost per month against p99; thick bar: {} interval", level(comparison));
    if points.iter().any(|point| point.inputs.is_some() || point.costs.is_some()) {
        caption.push_str("; thin: range over the inputs");
    }
    caption.push_str("; area of the disc: nines of success");
    if points.iter().any(|point| point.beaten) {
        caption.push_str("; hollow: another is no worse on cost, p99 and success, and better on one");
    }
    let board = Board::new(&headline, &caption, &footer(comparison), SPACE);
    let frame = Area { left: 78.0, top: board.top, right: WIDTH - 30.0, bottom: board.bottom - 44.0 };
    if points.is_empty() {
        board.text(
            WIDTH / 2.0,
            (frame.top + frame.bottom) / 2.0,
            "no variant has both a cost and a p99",
            Type::AXIS,
            Hold::Centre,
        );
    } else {
        draw(&board, frame, comparison, &points);
    }
    let (head, rows) = table(comparison, &beaten);
    let description = rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join("; ");
    Figure { name: "choice", headline, svg: board.svg("choice", &description), head, rows }
}

fn points(comparison: &Comparison, beaten: &[Option<usize>]) -> Vec<Point> {
    let point = |(variant, result): (usize, &VariantResult)| {
        let p99 = quantile_of(result, "p99");
        Some(Point {
            variant,
            cost: result.bill.month.value?,
            costs: result.bill.month.inputs.map(ordered),
            p99: p99.value?,
            noise: p99.low.zip(p99.high),
            inputs: p99.inputs.map(ordered),
            radius: radius(&result.total.availability),
            beaten: beaten[variant].is_some(),
        })
    };
    comparison.variants.iter().enumerate().filter_map(point).collect()
}

fn ordered((a, b): (f64, f64)) -> (f64, f64) {
    (a.min(b), a.max(b))
}

/// Area by nines above one: 2 nines to 4 nines are told apart by eye, and the figure is printed beside it.
fn radius(availability: &Estimate) -> f64 {
    let nines = availability.value.map_or(0.0, |value| nines(value).unwrap_or(5.0));
    7.0 * (nines - 1.0).clamp(0.4, 4.0).sqrt()
}

fn draw(board: &Board, frame: Area, comparison: &Comparison, points: &[Point]) {
    let ends = |of: fn(&Point) -> [Option<f64>; 5]| {
        let ends = points.iter().flat_map(of).flatten();
        ends.fold((f64::INFINITY, 0.0_f64), |(low, high), end| (low.min(end), high.max(end)))
    };
    let (_, dear) = ends(|p| [Some(p.cost), p.costs.map(|c| c.0), p.costs.map(|c| c.1), None, None]);
    let (fast, slow) = ends(|p| {
        [Some(p.p99), p.noise.map(|n| n.0), p.noise.map(|n| n.1), p.inputs.map(|n| n.0), p.inputs.map(|n| n.1)]
    });
    // Room right of the dearest, for its label.
    let (_, dear) = ticks::rounded_out(0.0, (dear * 1.08).max(1.0), 6);
    let logarithmic = slow / fast.max(1e-9) > 8.0;
    let (fast, slow) = if logarithmic {
        (fast / 1.6, slow * 1.6)
    } else {
        ticks::rounded_out((fast - (slow - fast) * 0.3).max(0.0), slow + (slow - fast) * 0.1, 5)
    };
    let height = |ms: f64| if logarithmic { libm::log10(ms.max(1e-9)) } else { ms };
    let plot = board.plot(frame, (0.0, dear), (height(fast), height(slow)));
    axes(board, &plot, frame, (dear, fast, slow), logarithmic, &comparison.currency);

    let mut taken = Vec::new();
    for point in points {
        let (x, y) = board.at(&plot, point.cost, height(point.p99));
        let ink = if point.beaten { theme::MUTED } else { theme::line(point.variant) };
        let vertical = |(low, high): (f64, f64)| {
            [board.at(&plot, point.cost, height(low)), board.at(&plot, point.cost, height(high))]
        };
        if let Some(range) = point.inputs {
            board.line(&vertical(range), ink, 1.0);
            let [(_, bottom), (_, top)] = vertical(range);
            taken.push(Area { left: x - 2.0, right: x + 2.0, top, bottom });
        }
        if let Some((low, high)) = point.costs {
            let ends = [board.at(&plot, low, height(point.p99)), board.at(&plot, high, height(point.p99))];
            board.line(&ends, ink, 1.0);
            taken.push(Area { left: ends[0].0, right: ends[1].0, top: y - 2.0, bottom: y + 2.0 });
        }
        // The ground keeps whiskers from being read through a hollow disc.
        board.disc((x, y), point.radius, ink, if point.beaten { 0.0 } else { 0.25 });
        if let Some(range) = point.noise {
            board.line(&vertical(range), ink, 3.2);
        }
        taken.push(Area::around(x, y, 2.0 * point.radius, 2.0 * point.radius));
    }
    for point in points {
        label(board, &plot, frame, comparison, point, height(point.p99), &mut taken);
    }
}

fn label(
    board: &Board,
    plot: &Plot,
    frame: Area,
    comparison: &Comparison,
    point: &Point,
    height: f64,
    taken: &mut Vec<Area>,
) {
    let variant = &comparison.variants[point.variant];
    let (x, y) = board.at(plot, point.cost, height);
    let name = Type::LABEL.elided(&variant.name, 200.0);
    let small = Type { size: 11.0, ..Type::AXIS };
    let success = success(variant);
    let width = (14.0 + Type::LABEL.width(&name)).max(small.width(&success));
    let area = beside(x, y, point.radius, (width + 2.0, 30.0), taken, &frame);
    let near = (x.clamp(area.left, area.right), y.clamp(area.top, area.bottom));
    let (dx, dy) = (near.0 - x, near.1 - y);
    let away = (dx * dx + dy * dy).sqrt();
    if away > point.radius + 14.0 {
        let rim = (x + dx / away * point.radius, y + dy / away * point.radius);
        board.line(&[rim, near], theme::MUTED, 0.8);
    }
    board.mark(point.variant, (area.left + 5.0, area.top + 8.0));
    board.text(area.left + 14.0, area.top + 8.0, &name, Type::LABEL, Hold::Left);
    board.text(area.left + 1.0, area.top + 23.0, &success, small, Hold::Left);
    taken.push(area);
}

/// `99.91 %, 3.1 nines, but loses 370 writes`.
fn success(variant: &VariantResult) -> String {
    let but = if variant.loses_writes() {
        format!(", but loses {}", Unit::Plain("writes").value(&variant.writes_lost()))
    } else {
        String::new()
    };
    format!("{}{but}", answered(variant))
}

fn answered(variant: &VariantResult) -> String {
    let availability = &variant.total.availability;
    let percent = Unit::Share.value(availability);
    match availability.value.map(nines) {
        Some(Some(nines)) if nines >= 1.0 => format!("{percent}, {nines:.1} nines"),
        Some(None) => "no request lost".to_owned(),
        _ => percent,
    }
}

fn axes(
    board: &Board,
    plot: &Plot,
    frame: Area,
    (dear, fast, slow): (f64, f64, f64),
    logarithmic: bool,
    currency: &str,
) {
    for mark in ticks::linear(0.0, dear, 6) {
        let x = frame.left + mark / dear * (frame.right - frame.left);
        board.rule((x, frame.top), (x, frame.bottom + 5.0));
        let text = mark_money(mark, dear);
        board.text(x, frame.bottom + 15.0, &text, Type::AXIS, Hold::Centre);
    }
    let marks = if logarithmic { ticks::logarithmic(fast, slow) } else { ticks::linear(fast, slow, 5) };
    for mark in marks {
        let (_, y) = board.at(plot, 0.0, if logarithmic { libm::log10(mark) } else { mark });
        board.rule((frame.left, y), (frame.right, y));
        let text = mark_ms(mark);
        board.text(frame.left - 8.0, y, &text, Type::AXIS, Hold::Right);
    }
    board.text(
        (frame.left + frame.right) / 2.0,
        frame.bottom + 36.0,
        &format!("cost per month, {currency}"),
        Type::AXIS,
        Hold::Centre,
    );
    board.upright(14.0, (frame.top + frame.bottom) / 2.0, "p99", Type::AXIS);
}

fn table(comparison: &Comparison, beaten: &[Option<usize>]) -> (Vec<String>, Vec<Vec<String>>) {
    let head = ["variant", "cost per month", "p99", "success", "beaten by"].map(str::to_owned).to_vec();
    let rows = comparison.variants.iter().zip(beaten).map(|(variant, by)| {
        vec![
            variant.name.clone(),
            Unit::Money(&comparison.currency).value(&variant.bill.month),
            Unit::Milliseconds.value(&quantile_of(variant, "p99")),
            success(variant),
            by.map_or_else(|| "none".to_owned(), |by| comparison.variants[by].name.clone()),
        ]
    });
    (head, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_says_how_many_acknowledged_writes_its_variant_loses() {
        let mut variant = VariantResult::default();
        variant.total.availability = Estimate::exact(0.9987);
        assert_eq!(success(&variant), "99.87 %, 2.9 nines");
        variant.lost_writes = Some(Estimate::exact(63_325.0));
        assert!(success(&variant).starts_with("99.87 %, 2.9 nines, but loses 63,"), "{}", success(&variant));
        assert!(success(&variant).ends_with(" writes"), "{}", success(&variant));
        variant.lost_writes = Some(Estimate::exact(0.0));
        assert_eq!(success(&variant), "99.87 %, 2.9 nines");
    }
}
