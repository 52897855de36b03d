//! What `explain FILE FROM-TO` prints: a short answer, then each variant's route hop by hop, there and back, what takes it
//! down, and what it costs.

use super::table::Grid;
use super::{Style, heading, paragraph};
use crate::record::{FallsWith, FixedPrice, RouteExplanation, RouteHop, RouteOfVariant, RoutePrice, WayExplanation};
use crate::report::number::{Unit, span};
use crate::units::significant;

/// Ways that are named where they run alike.
const ALSO: usize = 6;

/// The route in every variant.
pub fn route(told: &RouteExplanation, width: usize, style: Style) -> String {
    let mut out = String::new();
    for line in paragraph(&format!("{}, {}", told.asked, told.sentence), 0, 0, width).lines() {
        out.push_str(&format!("{}\n", style.bold(line)));
    }
    for (index, variant) in told.variants.iter().enumerate() {
        out.push_str(&heading(&format!("Variant {}", variant.name), style));
        let same = |earlier: &&RouteOfVariant| {
            earlier.ways == variant.ways && earlier.standing == variant.standing && earlier.month == variant.month
        };
        match told.variants[..index].iter().find(same) {
            Some(earlier) => out.push_str(&format!("  as in {}\n", earlier.name)),
            None => out.push_str(&one(variant, &told.currency, width, style)),
        }
    }
    style.finish(out)
}

fn one(variant: &RouteOfVariant, currency: &str, width: usize, style: Style) -> String {
    if variant.ways.is_empty() {
        return "  no call takes this way\n".to_owned();
    }
    let mut out: String = variant.ways.iter().map(|way| way_text(way, currency, width, style)).collect();
    if !variant.standing.is_empty() {
        out.push_str(&format!("\n  {}\n", style.bold("charged whatever the traffic, whoever else uses it")));
        out.push_str(&grid(&fixed(&variant.standing, currency), 2, width, style));
        out.push_str(&format!("  in all {} a month of 730 h\n", money(variant.month, currency)));
    }
    if !variant.prerequisites.is_empty() {
        out.push_str(&format!("\n  {}\n", style.bold("before it can be built")));
        for line in &variant.prerequisites {
            out.push_str(&paragraph(&format!("- {line}"), 2, 4, width));
        }
    }
    out
}

fn way_text(way: &WayExplanation, currency: &str, width: usize, style: Style) -> String {
    let mut out = format!("\n  {}\n", style.bold(&format!("{} to {} via {}", way.from, way.to, way.via)));
    let rows: Vec<Vec<String>> = hops("there", &way.there).chain(hops("back", &way.back)).collect();
    let head = ["", "hop", "floor", "so far", "jitter p50, p99", "loss", "passes"].map(str::to_owned).to_vec();
    out.push_str(&grid(&Grid { head, rows, figures: vec![2, 3] }, 2, width, style));
    let cold = match way.handshake_round_trips {
        0 => "no handshake".to_owned(),
        1 => format!("{} on a new connection (1 round trip first)", ms(way.cold_ms)),
        trips => format!("{} on a new connection ({trips} round trips first)", ms(way.cold_ms)),
    };
    let idle = match way.idle_limit_s {
        Some(limit) => format!("a connection that rests for {} is closed on the way", span(limit)),
        None => "nothing on the way closes a connection that rests".to_owned(),
    };
    out.push_str(&paragraph(&format!("there and back {} at the least, {cold}; {idle}", ms(way.floor_ms)), 2, 4, width));
    for hop in way.there.iter().chain(&way.back) {
        for note in notes(hop) {
            out.push_str(&paragraph(&format!("{}: {note}", hop.what), 2, 4, width));
        }
    }
    out.push_str(&format!("\n  {}\n", style.bold("who can take it down (as `hit:` of a fault)")));
    out.push_str(&paragraph(&format!("all of it: {}", hits(&way.falls_with)), 2, 4, width));
    let mut told: Vec<&RouteHop> = Vec::new();
    for hop in way.there.iter().chain(&way.back).filter(|hop| !hop.falls_with.is_empty()) {
        if !told.iter().any(|known| known.falls_with == hop.falls_with) {
            out.push_str(&paragraph(&format!("{}: {}", hop.what, hits(&hop.falls_with)), 2, 4, width));
            told.push(hop);
        }
    }
    if way.prices.is_empty() {
        out.push_str("\n  its bytes pay nothing\n");
    } else {
        out.push_str(&format!("\n  {}\n", style.bold("charged by the byte")));
        out.push_str(&grid(&prices(&way.prices, currency), 2, width, style));
        let sums = way.per_gb.map(|sum| money(sum, currency));
        out.push_str(&format!("  in all {} a GB there, {} back\n", sums[0], sums[1]));
    }
    if !way.alike.is_empty() {
        let more = way.alike.len().saturating_sub(ALSO);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let alike = way.alike.iter().take(ALSO).map(String::as_str).collect::<Vec<_>>().join(", ");
        for line in paragraph(&format!("likewise {alike}{more}"), 2, 4, width).lines() {
            out.push_str(&format!("{}\n", style.dim(line)));
        }
    }
    out
}

fn hops<'a>(direction: &'a str, hops: &'a [RouteHop]) -> impl Iterator<Item = Vec<String>> + 'a {
    hops.iter().enumerate().map(move |(index, hop)| {
        let jitter = hop.jitter_ms.map_or_else(String::new, |(p50, p99)| format!("{}, {}", ms(p50), ms(p99)));
        let loss = hop.loss.map_or_else(String::new, |loss| Unit::Share.amount(loss.usual, None));
        let cap = hop.cap.as_ref().map_or_else(String::new, |cap| {
            format!("{} Mbit/s, {} full", significant(cap.mbps, 4), Unit::Share.amount(cap.mean, None))
        });
        vec![
            if index == 0 { direction.to_owned() } else { String::new() },
            hop.what.clone(),
            ms(hop.floor_ms),
            ms(hop.sum_ms),
            jitter,
            loss,
            cap,
        ]
    })
}

/// What does not fit into a hop's row.
fn notes(hop: &RouteHop) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(basis) = &hop.basis {
        notes.push(format!("its delay is {basis}"));
    }
    if let Some(loss) = hop.loss.filter(|loss| loss.worst > loss.usual) {
        let worst = Unit::Share.amount(loss.worst, None);
        notes.push(format!("loses {worst} of packets in its worst hour ({:02}:00)", loss.worst_hour));
    }
    if hop.jitter_worst > 1.0 {
        notes.push(format!("in its worst hour jitter is {} times as long", significant(hop.jitter_worst, 3)));
    }
    if let Some(cap) = &hop.cap {
        let peak = Unit::Share.amount(cap.peak, None);
        notes.push(format!("what exceeds it {}; offered {peak} of it at the peak", cap.past));
    }
    notes
}

fn hits(falls: &[FallsWith]) -> String {
    falls.iter().map(|with| format!("{} ({})", with.hit, with.manner)).collect::<Vec<_>>().join(", ")
}

fn prices(of: &[RoutePrice], currency: &str) -> Grid {
    let row = |price: &RoutePrice| {
        let each = price.price.map_or_else(|| "not found".to_owned(), |each| money(each, currency));
        let known = said(&price.status, &price.payer, &price.source);
        vec![price.item.clone(), price.scope.clone(), price.direction.clone(), each, price.unit.clone(), known]
    };
    let head = ["item", "where", "which way", "price", "per", "known by"].map(str::to_owned).to_vec();
    Grid { head, rows: of.iter().map(row).collect(), figures: vec![3] }
}

fn fixed(of: &[FixedPrice], currency: &str) -> Grid {
    let row = |price: &FixedPrice| {
        let each = price.price.map_or_else(|| "not found".to_owned(), |each| money(each, currency));
        let many = price.quantity.map_or_else(|| "as measured".to_owned(), |quantity| significant(quantity, 4));
        let known = said(&price.status, &price.payer, &price.source);
        vec![price.item.clone(), price.scope.clone(), many, price.unit.clone(), each, known]
    };
    let head = ["item", "where", "how many", "unit", "price of one", "known by"].map(str::to_owned).to_vec();
    Grid { head, rows: of.iter().map(row).collect(), figures: vec![2, 4] }
}

/// Status, who pays, and the source.
fn said(status: &str, payer: &str, source: &str) -> String {
    let payer = if payer.is_empty() { String::new() } else { format!(", paid by {payer}") };
    let source = if source.is_empty() { String::new() } else { format!(": {source}") };
    format!("{status}{payer}{source}")
}

fn money((low, mid, high): (f64, f64, f64), currency: &str) -> String {
    let amount = |value: f64| significant(value, 4);
    let range = if low == high { String::new() } else { format!(" ({} to {})", amount(low), amount(high)) };
    format!("{} {currency}{range}", amount(mid))
}

fn ms(value: f64) -> String {
    Unit::Milliseconds.amount(value, None)
}

fn grid(grid: &Grid, indent: usize, width: usize, style: Style) -> String {
    let lines = grid.lines(indent, width);
    let line =
        |(index, line): (usize, &String)| format!("{}\n", if index == 0 { style.dim(line) } else { line.clone() });
    lines.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{HopCap, HopLoss};
    use expect_test::expect;

    fn hop(what: &str, floor_ms: f64, sum_ms: f64) -> RouteHop {
        RouteHop { what: what.into(), floor_ms, sum_ms, jitter_worst: 1.0, ..RouteHop::default() }
    }

    fn told() -> RouteExplanation {
        let silent = |hit: &str| FallsWith { hit: hit.into(), manner: "silent".into() };
        let sea = RouteHop {
            jitter_ms: Some((0.2, 3.0)),
            jitter_worst: 2.5,
            loss: Some(HopLoss { usual: 0.001, worst: 0.02, worst_hour: 21 }),
            cap: Some(HopCap {
                mbps: 50.0,
                past: "dropped past a burst of 50 ms, and sent again".into(),
                mean: 0.25,
                peak: 0.8,
            }),
            falls_with: vec![silent("link/hz-sg")],
            basis: Some("modelled: great circle".into()),
            ..hop("backbone hz -> sg", 31.0, 31.2)
        };
        let way = WayExplanation {
            from: "east/h".into(),
            to: "south/a".into(),
            via: "backbone".into(),
            there: vec![hop("transit router hz", 0.2, 0.2), sea],
            back: vec![hop("backbone sg -> hz", 31.0, 31.0)],
            floor_ms: 62.2,
            handshake_round_trips: 2,
            cold_ms: 186.6,
            idle_limit_s: Some(900.0),
            prices: vec![RoutePrice {
                item: "data transfer".into(),
                scope: "hz -> sg".into(),
                direction: "there".into(),
                unit: "GB".into(),
                price: Some((0.1, 0.12, 0.15)),
                status: "estimated".into(),
                payer: "ops".into(),
                source: "price page".into(),
                ..RoutePrice::default()
            }],
            per_gb: [(0.1, 0.12, 0.15), (0.0, 0.0, 0.0)],
            falls_with: vec![silent("region/hz"), silent("product/backbone")],
            alike: vec!["east/i to south/a".into()],
        };
        let cen = RouteOfVariant {
            name: "cen".into(),
            ways: vec![way],
            month: (60.0, 73.0, 80.0),
            standing: vec![FixedPrice {
                item: "attachment".into(),
                scope: "hz".into(),
                quantity: Some(2.0),
                unit: "hour".into(),
                price: Some((0.05, 0.05, 0.05)),
                status: "sourced".into(),
                ..FixedPrice::default()
            }],
            prerequisites: vec!["an attachment".into()],
        };
        let twin = RouteOfVariant { name: "twin".into(), ..cen.clone() };
        RouteExplanation {
            asked: "hz-sg".into(),
            sentence: "cen: backbone carries it.".into(),
            currency: "USD".into(),
            variants: vec![cen, twin, RouteOfVariant { name: "none".into(), ..RouteOfVariant::default() }],
            ..RouteExplanation::default()
        }
    }

    #[test]
    fn a_route_is_drawn_hop_by_hop_there_and_back() {
        expect![[r#"
            hz-sg, cen: backbone carries it.

            Variant cen

              east/h to south/a via backbone
                     hop                   floor    so far  jitter p50, p99    loss    passes
              there  transit router hz  0.200 ms  0.200 ms
                     backbone hz -> sg   31.0 ms   31.2 ms  0.200 ms, 3.00 ms  0.10 %  50 Mbit/s, 25.0 % full
              back   backbone sg -> hz   31.0 ms   31.0 ms
              there and back 62.2 ms at the least, 187 ms on a new connection (2 round trips first); a connection that
                rests for 15 min is closed on the way
              backbone hz -> sg: its delay is modelled: great circle
              backbone hz -> sg: loses 2.00 % of packets in its worst hour (21:00)
              backbone hz -> sg: in its worst hour jitter is 2.5 times as long
              backbone hz -> sg: what exceeds it dropped past a burst of 50 ms, and sent again; offered 80.0 % of it at
                the peak

              who can take it down (as `hit:` of a fault)
              all of it: region/hz (silent), product/backbone (silent)
              backbone hz -> sg: link/hz-sg (silent)

              charged by the byte
              item           where     which way                   price  per  known by
              data transfer  hz -> sg  there      0.12 USD (0.1 to 0.15)  GB   estimated, paid by ops: price page
              in all 0.12 USD (0.1 to 0.15) a GB there, 0 USD back
              likewise east/i to south/a

              charged whatever the traffic, whoever else uses it
              item        where  how many  unit  price of one  known by
              attachment  hz            2  hour      0.05 USD  sourced
              in all 73 USD (60 to 80) a month of 730 h

              before it can be built
              - an attachment

            Variant twin
              as in cen

            Variant none
              no call takes this way
        "#]]
        .assert_eq(&route(&told(), 110, Style::PLAIN));
    }

    #[test]
    fn ascii_is_ascii() {
        assert!(route(&told(), 80, Style { unicode: false, ..Style::PLAIN }).is_ascii());
    }
}
