//! What `explain` prints: for each edge who is called, one call hop by hop with its time and money, the policy, and what
//! follows from it; and the table of who notices a failure.

use super::overview::decides;
use super::table::Grid;
use super::{Style, heading, paragraph, told, views};
use crate::record::{
    BytePrice, CallSketch, ClientView, EdgeExplanation, Explanation, HopSketch, OperationCost, StandingPrice,
    VariantExplanation,
};
use crate::report::number::Unit;
use crate::units::significant;

/// Calls that share a line, at most.
const ALSO: usize = 6;

/// The explanation of every variant in it.
pub fn explain(explanation: &Explanation, width: usize, style: Style) -> String {
    let mut out = paragraph(&format!("{}: {}", explanation.scenario, explanation.question), 0, 2, width);
    for (index, variant) in explanation.variants.iter().enumerate() {
        out.push_str(&heading(&format!("Variant {}", variant.name), style));
        out.push_str(&decides(variant, &explanation.variants[..index], width));
        for edge in &variant.edges {
            let earlier = &explanation.variants[..index];
            match earlier.iter().find(|earlier| earlier.edges.contains(edge)) {
                Some(same) => out.push_str(&format!("\n  {}: as in {}\n", style.bold(&edge.name), same.name)),
                None => out.push_str(&edge_text(edge, &explanation.currency, width, style)),
            }
        }
        out.push_str(&told("users", &variant.entries, width, style));
        out.push_str(&told("stores", &variant.stores, width, style));
        out.push_str(&standing(variant, &explanation.currency, width, style));
        out.push_str(&faults(variant, width, style));
    }
    out.push('\n');
    out.push_str(&paragraph("`explain FILE failures`: who notices a failure, and after how long", 0, 2, width));
    style.finish(out)
}

/// Who notices a failure, and after how long, row by row.
pub fn failures(explanation: &Explanation, width: usize, style: Style) -> String {
    let mut out = heading("Who notices a failure, and after how long", style);
    for notice in &explanation.notices {
        let after = if notice.after == "-" { String::new() } else { format!(" after {}", notice.after) };
        out.push_str(&paragraph(&format!("{}:", notice.event), 2, 4, width));
        out.push_str(&paragraph(&format!("{}{after}: {} [{}]", notice.who, notice.how, notice.runs), 4, 6, width));
    }
    for variant in &explanation.variants {
        out.push_str(&faults(variant, width, style));
        for edge in &variant.edges {
            // The first implication is what a silent end does to a call.
            if let Some(implied) = edge.implies.first() {
                out.push_str(&paragraph(&format!("{}, {}: {implied}", variant.name, edge.name), 2, 4, width));
            }
        }
    }
    style.finish(out)
}

fn edge_text(edge: &EdgeExplanation, currency: &str, width: usize, style: Style) -> String {
    let mut out = format!("\n  {}\n", style.bold(&edge.name));
    edge.rules.iter().for_each(|rule| out.push_str(&paragraph(rule, 4, 6, width)));
    if edge.clients.is_empty() && edge.policy.is_empty() {
        let why = "no call takes it as it stands: hosts and policies are those of where its rules lead";
        out.push_str(&paragraph(if edge.rules.is_empty() { "no call takes it" } else { why }, 4, 6, width));
        return out;
    }
    if !edge.rules.is_empty() {
        out.push('\n');
    }
    out.push_str(&grid_lines(&views::hosts(&edge.clients), 4, width, style));
    if let Some(deaths) = views::deaths(&edge.clients) {
        out.push_str(&format!(
            "\n    {}\n",
            style.bold(
                "while all hosts there fail as their servers hang, and outlier detection has ejected what it may"
            )
        ));
        out.push_str(&grid_lines(&deaths, 4, width, style));
    }
    views::once_told(&edge.clients).iter().for_each(|text| out.push_str(&paragraph(text, 4, 6, width)));
    for (call, also) in alike(&edge.clients) {
        out.push_str(&call_text(call, &also, currency, width, style));
    }
    out.push_str(&format!("\n    {}\n", style.bold("policy")));
    out.push_str(&policy(edge, width));
    if !edge.implies.is_empty() {
        out.push_str(&format!("\n    {}\n", style.bold("so")));
    }
    for implied in &edge.implies {
        out.push_str(&paragraph(&format!("- {implied}"), 4, 6, width));
    }
    out
}

pub(super) fn grid_lines(grid: &Grid, indent: usize, width: usize, style: Style) -> String {
    let lines = grid.lines(indent, width);
    let lines = lines.iter().enumerate().map(|(index, line)| {
        let head = index == 0 && !grid.head.is_empty();
        format!("{}\n", if head { style.dim(line) } else { line.clone() })
    });
    lines.collect()
}

pub(super) fn head(titles: &[&str]) -> Vec<String> {
    titles.iter().map(|title| (*title).to_owned()).collect()
}

/// Calls that run the same way, the first of each kind apart from the others: same regions, product, number of hops and
/// prices.
fn alike(clients: &[ClientView]) -> Vec<(&CallSketch, Vec<&CallSketch>)> {
    let mut kinds: Vec<(&CallSketch, Vec<&CallSketch>)> = Vec::new();
    let kind = |call: &CallSketch| {
        let prices: Vec<String> = call.prices.iter().map(|price| format!("{} {}", price.item, price.scope)).collect();
        (call.from_region.clone(), call.to_region.clone(), call.via.clone(), call.hops.len(), prices)
    };
    for call in clients.iter().flat_map(|client| &client.calls) {
        match kinds.iter_mut().find(|(first, _)| kind(first) == kind(call)) {
            Some((_, also)) => also.push(call),
            None => kinds.push((call, Vec::new())),
        }
    }
    kinds
}

pub(super) fn ms(value: f64) -> String {
    Unit::Milliseconds.amount(value, None)
}

fn call_text(call: &CallSketch, also: &[&CallSketch], currency: &str, width: usize, style: Style) -> String {
    let title = format!("a call from {} to {} via {}", call.from, call.to, call.via);
    let mut out = format!("\n    {}\n", style.bold(&title));
    let mut phase = "";
    let hop = |hop: &HopSketch, first: bool| {
        let time = if hop.phase == "service" { String::new() } else { ms(hop.ms) };
        vec![if first { hop.phase.clone() } else { String::new() }, hop.what.clone(), time]
    };
    let mut rows = Vec::new();
    for part in &call.hops {
        rows.push(hop(part, part.phase != phase));
        phase = &part.phase;
    }
    rows.push(vec!["in all".to_owned(), first_call(call), ms(call.warm_ms)]);
    out.push_str(&grid_lines(&Grid { head: Vec::new(), rows, figures: vec![2] }, 6, width, style));
    if call.loss.1 > 0.0 {
        let percent = |chance: f64| Unit::Share.amount(chance, None);
        let range = if call.loss.0 == call.loss.1 {
            percent(call.loss.1)
        } else {
            format!("{} to {} over the day", percent(call.loss.0), percent(call.loss.1))
        };
        out.push_str(&paragraph(&format!("a packet of the request is lost with a chance of {range}"), 6, 8, width));
    }
    for price in &call.prices {
        out.push_str(&paragraph(&price_text(price, currency), 6, 8, width));
    }
    for operation in &call.operations {
        out.push_str(&paragraph(&cost_text(operation, currency, &call.prices), 6, 8, width));
    }
    out.push_str(&style.dim(&likewise(also, width)));
    out
}

/// The other calls of a kind: those that take equally long share a line.
fn likewise(also: &[&CallSketch], width: usize) -> String {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for call in also {
        let time = format!("{}, {}", ms(call.warm_ms), first_call(call));
        let ends = format!("{} to {}", call.from, call.to);
        match lines.iter_mut().find(|(known, _)| *known == time) {
            Some((_, pairs)) if pairs.contains(&ends) => {}
            Some((_, pairs)) => pairs.push(ends),
            None => lines.push((time, vec![ends])),
        }
    }
    let line = |(time, pairs): &(String, Vec<String>)| {
        let more = pairs.len().saturating_sub(ALSO);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let pairs = pairs.iter().take(ALSO).map(String::as_str).collect::<Vec<_>>().join(", ");
        paragraph(&format!("likewise {pairs}{more}: {time}"), 6, 8, width)
    };
    lines.iter().map(line).collect()
}

/// What a new connection adds.
fn first_call(call: &CallSketch) -> String {
    match call.handshake_round_trips {
        0 => "no handshake".to_owned(),
        1 => format!("{} on a new connection (1 round trip first)", ms(call.cold_ms)),
        trips => format!("{} on a new connection ({trips} round trips first)", ms(call.cold_ms)),
    }
}

/// `0.09 USD`, and `(0.07 to 0.12)` where the book is not sure.
fn money((low, mid, high): (f64, f64, f64), currency: &str) -> String {
    let amount = |value: f64| significant(value, 4);
    let range = if low == high { String::new() } else { format!(" ({} to {})", amount(low), amount(high)) };
    format!("{} {currency}{range}", amount(mid))
}

fn price_text(price: &BytePrice, currency: &str) -> String {
    let amount = price.price.map_or_else(|| "price not found".to_owned(), |price| money(price, currency));
    let counted = if price.direction == "both" { "both ways" } else { &price.direction };
    let scope = if price.scope.is_empty() { String::new() } else { format!(", {}", price.scope) };
    format!("{} {}{scope}: {amount} per {} ({counted}; {})", price.product, price.item, price.unit, price.status)
}

fn cost_text(cost: &OperationCost, currency: &str, prices: &[BytePrice]) -> String {
    let unknown = prices.iter().filter(|price| price.price.is_none()).count();
    let amount = match unknown {
        _ if prices.is_empty() => "pay nothing by the byte".to_owned(),
        0 => format!("cost {}", money(cost.per_million, currency)),
        all if all == prices.len() => "cost what no book says".to_owned(),
        _ => format!("cost {} and what is not found", money(cost.per_million, currency)),
    };
    let bytes = |bytes: u64| format!("{} KiB", significant(bytes as f64 / 1024.0, 3));
    format!(
        "a million calls of {} {amount}: each {} there, {} back",
        cost.operation,
        bytes(cost.forward_bytes),
        bytes(cost.back_bytes)
    )
}

/// The policy by who said it: the scenario first, then whose default it is.
fn policy(edge: &EdgeExplanation, width: usize) -> String {
    let mut origins: Vec<(&str, Vec<String>)> = vec![("scenario", Vec::new())];
    for setting in &edge.policy {
        let said = format!("{} {}", setting.key, setting.value);
        match origins.iter_mut().find(|(origin, _)| *origin == setting.origin) {
            Some((_, settings)) => settings.push(said),
            None => origins.push((&setting.origin, vec![said])),
        }
    }
    let told = origins.iter().filter(|(_, settings)| !settings.is_empty());
    told.map(|(origin, settings)| paragraph(&format!("{origin}: {}", settings.join("; ")), 4, 6, width)).collect()
}

/// Prices that run whatever the traffic, and those of capacity units.
pub(super) fn standing(variant: &VariantExplanation, currency: &str, width: usize, style: Style) -> String {
    prices("charged whatever the traffic", &variant.standing, currency, width, style)
        + &prices("charged by use, in capacity units", &variant.by_use, currency, width, style)
}

fn prices(title: &str, prices: &[StandingPrice], currency: &str, width: usize, style: Style) -> String {
    if prices.is_empty() {
        return String::new();
    }
    let row = |price: &StandingPrice| {
        vec![
            price.product.clone(),
            price.item.clone(),
            price.scope.clone(),
            price.quantity.map_or_else(|| "as measured".to_owned(), |quantity| significant(quantity, 4)),
            price.unit.clone(),
            price.price.map_or_else(|| "not found".to_owned(), |price| money(price, currency)),
            price.status.clone(),
        ]
    };
    let rows = prices.iter().map(row).collect();
    let head = head(&["product", "item", "where", "how many", "unit", "price of one", ""]);
    format!("\n  {}\n{}", style.bold(title), grid_lines(&Grid { head, rows, figures: vec![3] }, 2, width, style))
}

pub(super) fn faults(variant: &VariantExplanation, width: usize, style: Style) -> String {
    if variant.faults.is_empty() {
        return String::new();
    }
    let rows = variant.faults.iter().map(|fault| {
        vec![fault.name.clone(), fault.hits.clone(), fault.when.clone(), fault.manner.clone(), fault.takes.join(", ")]
    });
    let head = head(&["fault", "hits", "when", "peers notice", "what goes down"]);
    let mut out =
        format!("\n{}", grid_lines(&Grid { head, rows: rows.collect(), figures: Vec::new() }, 2, width, style));
    for fault in &variant.faults {
        let Some((title, phases)) = fault.phases.split_first() else { continue };
        out.push_str(&paragraph(&format!("{} {title}", style.bold(&fault.name)), 2, 4, width));
        for phase in phases {
            out.push_str(&paragraph(&format!("- {phase}"), 4, 6, width));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{FaultExplanation, HostGroup, Notice, PolicySetting};
    use expect_test::expect;

    fn call(to: &str, warm_ms: f64) -> CallSketch {
        let hop = |phase: &str, what: &str, ms| HopSketch { phase: phase.into(), what: what.into(), ms };
        CallSketch {
            from: "east/h".into(),
            to: to.into(),
            from_region: "hangzhou".into(),
            to_region: "singapore".into(),
            via: "backbone".into(),
            hops: vec![
                hop("request", "sidecar web@east#0", 0.7),
                hop("request", "backbone hangzhou -> singapore", warm_ms / 2.0 - 0.7),
                hop("service", "stock answers; its own work comes on top", 0.0),
                hop("response", "backbone singapore -> hangzhou", warm_ms / 2.0),
            ],
            warm_ms,
            handshake_round_trips: 2,
            cold_ms: 3.0 * warm_ms,
            loss: (0.0001, 0.0001),
            prices: vec![BytePrice {
                product: "backbone".into(),
                item: "CEN inter-region data transfer".into(),
                scope: "China -> Asia Pacific".into(),
                direction: "both".into(),
                unit: "GB".into(),
                price: Some((0.1, 0.12, 0.15)),
                status: "estimated".into(),
            }],
            operations: vec![OperationCost {
                operation: "stock".into(),
                forward_bytes: 1536,
                back_bytes: 5120,
                per_million: (0.5, 0.75, 1.0),
            }],
            ..CallSketch::default()
        }
    }

    fn explanation() -> Explanation {
        let group = HostGroup {
            priority: 0,
            at: "south/a".into(),
            region: "singapore".into(),
            hosts: 2,
            replicas: 2,
            share: 1.0,
        };
        let client = ClientView {
            place: "east/h".into(),
            groups: vec![group],
            calls: vec![call("south/a", 62.0), call("south/b", 64.0)],
            ..ClientView::default()
        };
        let setting = |key: &str, value: &str, origin: &str, source: &str| PolicySetting {
            key: key.into(),
            value: value.into(),
            origin: origin.into(),
            source: source.into(),
        };
        let edge = EdgeExplanation {
            name: "web -> stock".into(),
            policy: vec![
                setting("timeout", "none", "Istio's default", "route.go"),
                setting("retries", "1", "scenario", ""),
            ],
            rules: Vec::new(),
            implies: vec!["no timeout: a call whose server falls silent hangs".into()],
            clients: vec![client],
        };
        let fault = FaultExplanation {
            name: "cut".into(),
            hits: "link/hangzhou-singapore".into(),
            when: "60 s for 90 s".into(),
            manner: "silent".into(),
            takes: vec!["backbone hangzhou -> singapore".into()],
            phases: Vec::new(),
        };
        let hours = StandingPrice {
            product: "backbone".into(),
            item: "CEN attachment".into(),
            scope: "China".into(),
            quantity: Some(2.0),
            unit: "hour".into(),
            price: Some((0.06, 0.06, 0.06)),
            status: "sourced".into(),
        };
        let variant = VariantExplanation {
            name: "cen".into(),
            edges: vec![edge],
            standing: vec![hours],
            faults: vec![fault],
            ..VariantExplanation::default()
        };
        let notice = Notice {
            event: "a process dies".into(),
            who: "every caller".into(),
            after: "one way".into(),
            how: "TCP reset".into(),
            runs: "yes".into(),
        };
        Explanation {
            schema: 1,
            scenario: "shop".into(),
            question: "What does it cost?".into(),
            currency: "USD".into(),
            variants: vec![variant],
            notices: vec![notice],
        }
    }

    #[test]
    fn a_call_is_drawn_hop_by_hop_with_time_and_money() {
        expect![[r#"
            shop: What does it cost?

            Variant cen

              web -> stock
                a client in  priority  sees     in         hosts  replicas  share of calls
                east/h              0  south/a  singapore      2         2           100 %

                a call from east/h to south/a via backbone
                  request   sidecar web@east#0                                0.700 ms
                            backbone hangzhou -> singapore                     30.3 ms
                  service   stock answers; its own work comes on top
                  response  backbone singapore -> hangzhou                     31.0 ms
                  in all    186 ms on a new connection (2 round trips first)   62.0 ms
                  a packet of the request is lost with a chance of 0.010 %
                  backbone CEN inter-region data transfer, China -> Asia Pacific: 0.12 USD (0.1 to 0.15) per GB
                    (both ways; estimated)
                  a million calls of stock cost 0.75 USD (0.5 to 1): each 1.5 KiB there, 5 KiB back
                  likewise east/h to south/b: 64.0 ms, 192 ms on a new connection (2 round trips first)

                policy
                scenario: retries 1
                Istio's default: timeout none

                so
                - no timeout: a call whose server falls silent hangs

              charged whatever the traffic
              product   item            where  how many  unit  price of one
              backbone  CEN attachment  China         2  hour  0.06 USD      sourced

              fault  hits                     when           peers notice  what goes down
              cut    link/hangzhou-singapore  60 s for 90 s  silent        backbone hangzhou -> singapore

            `explain FILE failures`: who notices a failure, and after how long
        "#]]
        .assert_eq(&explain(&explanation(), 100, Style::PLAIN));
    }

    #[test]
    fn an_edge_that_a_variant_leaves_as_it_was_is_told_once() {
        let mut explanation = explanation();
        let twin = VariantExplanation { name: "twin".into(), ..explanation.variants[0].clone() };
        explanation.variants.push(twin);
        let text = explain(&explanation, 100, Style::PLAIN);
        assert!(text.contains("  web -> stock: as in cen\n"), "{text}");
        assert_eq!(text.matches("a call from").count(), 1);
        explanation.variants[1].edges[0].clients[0].calls[0].warm_ms += 1.0;
        assert_eq!(explain(&explanation, 100, Style::PLAIN).matches("a call from").count(), 2);
    }

    #[test]
    fn who_notices_is_told_with_the_scenarios_own_faults() {
        expect![[r#"

            Who notices a failure, and after how long
              a process dies:
                every caller after one way: TCP reset [yes]

              fault  hits                     when           peers notice  what goes down
              cut    link/hangzhou-singapore  60 s for 90 s  silent        backbone hangzhou -> singapore
              cen, web -> stock: no timeout: a call whose server falls silent hangs
        "#]]
        .assert_eq(&failures(&explanation(), 100, Style::PLAIN));
    }

    #[test]
    fn a_price_that_is_not_found_is_no_price_of_nothing() {
        let mut call = call("south/a", 62.0);
        call.prices[0].price = None;
        let told = cost_text(&call.operations[0], "USD", &call.prices);
        assert!(told.starts_with("a million calls of stock cost what no book says"), "{told}");
        call.prices.push(BytePrice { price: Some((1.0, 1.0, 1.0)), ..call.prices[0].clone() });
        let told = cost_text(&call.operations[0], "USD", &call.prices);
        assert!(told.contains("cost 0.75 USD (0.5 to 1) and what is not found"), "{told}");
        let told = cost_text(&call.operations[0], "USD", &[]);
        assert!(told.contains("pay nothing by the byte"), "{told}");
    }

    #[test]
    fn nothing_is_wider_than_asked() {
        for width in [60, 80, 100] {
            let text = explain(&explanation(), width, Style::PLAIN);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{text}");
        }
    }

    #[test]
    fn ascii_is_ascii() {
        let style = Style { unicode: false, ..Style::PLAIN };
        assert!(explain(&explanation(), 80, style).is_ascii());
    }
}
