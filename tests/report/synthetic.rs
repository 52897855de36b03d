//! A made-up study with everything that a report can show: three variants, two streams, a bill with estimated and
//! missing prices, a fault, gates of all three outcomes, a trace. Its figures are invented; they measure nothing.

use eastwest::record::{
    Availabilities, Bill, BillLine, BreakEven, Comparison, Difference, EdgeSummary, Estimate, FaultSpan, FaultSummary,
    FloorProjection, Gate, LoadProjection, LoadState, Outcome, PathProjection, Projection, RequestSummary,
    ResourceSummary, Span, Trace, VariantProjection, VariantResult, WindowPoint,
};
use indexmap::IndexMap;

/// A figure with its interval over 20 replications.
pub(crate) fn between(value: f64, low: f64, high: f64) -> Estimate {
    Estimate {
        value: Some(value),
        low: Some(low),
        high: Some(high),
        confidence: Some(0.95),
        n: Some(20),
        ..Estimate::default()
    }
}

fn ranged(value: f64, half: f64, inputs: (f64, f64)) -> Estimate {
    Estimate { inputs: Some(inputs), ..between(value, value - half, value + half) }
}

struct Shape {
    name: &'static str,
    changes: &'static [&'static str],
    prerequisites: &'static [&'static str],
    p50: f64,
    p99: f64,
    p999: f64,
    available: f64,
    lost: f64,
    recovery: f64,
    lines: &'static [Line],
}

/// Product, item, scope, quantity, unit, unit price, status.
type Line = (&'static str, &'static str, &'static str, f64, &'static str, Option<f64>, &'static str);

const SHAPES: [Shape; 3] = [
    Shape {
        name: "cen",
        changes: &[],
        prerequisites: &[],
        p50: 36.04,
        p99: 61.3,
        p999: 118.0,
        available: 0.99912,
        lost: 312.0,
        recovery: 14.2,
        lines: &[
            ("backbone", "inter-region bandwidth", "hangzhou-singapore", 50.0, "Mbps-month", Some(106.4), "estimated"),
            ("backbone", "attachment", "2 VPCs", 1460.0, "h", Some(0.06), "sourced"),
            ("backbone", "traffic processed", "hangzhou", 2210.4, "GB", Some(0.018), "sourced"),
            ("east-gateway", "load balancer", "hangzhou", 730.0, "h", Some(0.0112), "sourced"),
        ],
    },
    Shape {
        name: "privatelink",
        changes: &["pay-hz goes via to-bank instead of backbone", "the VPC `bank` is no longer attached to CEN"],
        prerequisites: &["the bank's account approves the endpoint connection"],
        p50: 33.41,
        p99: 57.2,
        p999: 109.0,
        available: 0.99913,
        lost: 308.0,
        recovery: 14.0,
        lines: &[
            ("to-bank", "endpoint zone hours", "2 zones", 1460.0, "h", Some(0.01), "sourced"),
            ("to-bank", "traffic processed", "hangzhou", 2210.4, "GB", Some(0.01), "sourced"),
            ("backbone", "inter-region bandwidth", "hangzhou-singapore", 60.0, "Mbps-month", Some(106.4), "estimated"),
            ("east-gateway", "load balancer", "hangzhou", 730.0, "h", Some(0.0112), "sourced"),
        ],
    },
    Shape {
        name: "public",
        changes: &[
            "routes default goes via internet instead of backbone",
            "routes pay-hz goes via internet instead of to-bank",
        ],
        prerequisites: &["a certificate for the public names of both gateways"],
        p50: 47.9,
        p99: 214.0,
        p999: 870.0,
        available: 0.9971,
        lost: 905.0,
        recovery: 33.0,
        lines: &[
            ("internet", "public egress", "hangzhou to singapore", 2210.4, "GB", Some(0.117), "sourced"),
            ("internet", "elastic addresses", "4 addresses", 2920.0, "h", Some(0.003), "sourced"),
            ("internet", "NAT gateway", "hangzhou", 730.0, "h", Some(0.035), "sourced"),
            ("internet", "NAT capacity units", "hangzhou", 310.0, "CU-h", None, "not-found"),
            ("east-gateway", "load balancer", "hangzhou", 730.0, "h", Some(0.0112), "sourced"),
        ],
    },
];

/// The whole study.
pub(crate) fn comparison() -> Comparison {
    let variants = SHAPES.iter().map(variant).collect::<Vec<_>>();
    let differences = SHAPES[1..].iter().flat_map(|shape| differences(&SHAPES[0], shape)).collect();
    Comparison {
        schema: 1,
        flows: Vec::new(),
        actions: Vec::new(),
        scenario: "shop-two-regions".into(),
        question: "Which way should shop join its clusters in Hangzhou and Singapore?".into(),
        hash: "5f1d3c0a9be84477aa10c3ad9d4c1f6bb1e2d8f0c7a6958473625140f1e2d3c4".into(),
        text: "name: shop-two-regions\nquestion: Which way?\n# </script><b>&amp;\n".into(),
        engine: "0.1.0".into(),
        seed: 42,
        replications: 20,
        horizon_s: 1800.0,
        warm_up: "fill 60 s before t = 0".into(),
        command: "eastwest compare scenarios/shop-two-regions.yaml --seed 42".into(),
        books: vec![("alibaba-intl".into(), "2026-10-01".into()), ("rtt".into(), "2026-09-15".into())],
        partial: None,
        verdict: "privatelink meets every gate that can be judged and is 1.07 ± 0.02 × faster at p99 than cen, for 1,040 USD more per month; public misses p99 < 100 ms.".into(),
        robustness: "The order by p99 holds over all inputs; the order by cost flips when CEN bandwidth costs less than 4.1 USD per Mbit/s-month.".into(),
        assumptions: vec!["sidecars take 200 us of CPU and add 0.5 ms per call (estimated, Istio 1.12 figures)".into(), "one TLS 1.3 connection per proxy and upstream, kept warm".into()],
        warnings: vec!["EW308 p99.9 rests on 41 requests per replication: read its interval, not its value".into()],
        variants,
        differences,
        gates: gates(),
        currency: "USD".into(),
        faults: vec![FaultSpan { name: "zone-out".into(), hits: "zone/hangzhou/h down".into(), start_s: 900.0, end_s: 1200.0 }],
    }
}

fn variant(shape: &Shape) -> VariantResult {
    let sent = 1_260_000_u64;
    let total = requests("all", "all", shape, 1.0, sent);
    VariantResult {
        name: shape.name.into(),
        changes: shape.changes.iter().map(|text| (*text).to_owned()).collect(),
        prerequisites: shape.prerequisites.iter().map(|text| (*text).to_owned()).collect(),
        total,
        rows: vec![
            requests("east-users", "browse", shape, 0.9, 800_000),
            requests("east-users", "checkout", shape, 1.3, 140_000),
            requests("south-users", "browse", shape, 1.0, 320_000),
        ],
        curve: curve(shape),
        bill: bill(shape),
        edges: vec![EdgeSummary {
            from: "web".into(),
            to: "orders".into(),
            calls: 210_000,
            attempts: 212_100,
            amplification: between(1.01, 1.008, 1.012),
            failed: IndexMap::from([("timeout".to_owned(), 140)]),
            latency_ms: IndexMap::from([("p50".to_owned(), shape.p50 * 0.8), ("p99".to_owned(), shape.p99 * 0.8)]),
            connections: 96,
            ejections: 3,
        }],
        resources: vec![ResourceSummary {
            kind: "gateway".into(),
            name: "east-gateway".into(),
            utilisation: between(0.41, 0.40, 0.42),
            wait_ms: between(0.21, 0.20, 0.22),
            level: between(1.2, 1.1, 1.3),
            p_wait: between(0.18, 0.17, 0.19),
            blocked: Estimate::exact(0.0),
            quantiles_ms: IndexMap::from([("wait p99".to_owned(), between(2.1, 2.0, 2.3))]),
        }],
        scaling: Vec::new(),
        stores: Vec::new(),
        sessions: Vec::new(),
        writes: Vec::new(),
        successions: Vec::new(),
        lost_writes: None,
        failing_calm: None,
        windows: (0..60).map(|window| point(shape, window)).collect(),
        hours: Vec::new(),
        faults: vec![FaultSummary {
            name: "zone-out".into(),
            lost: between(shape.lost, shape.lost * 0.93, shape.lost * 1.07),
            lost_rule: "requests that failed, less what fails without the fault".into(),
            sent: between(10_500.0, 10_400.0, 10_600.0),
            availability: between(
                1.0 - shape.lost / 10_500.0,
                1.0 - shape.lost * 1.07 / 10_500.0,
                1.0 - shape.lost * 0.93 / 10_500.0,
            ),
            recovery_s: between(shape.recovery, shape.recovery - 2.0, shape.recovery + 3.0),
            recovery_rule: "counted from the fault's start, by windows of 30 s".into(),
            p99_ms: between(shape.p99 * 3.0, shape.p99 * 2.7, shape.p99 * 3.4),
            occurrences: Estimate::exact(1.0),
            detect_s: between(5.2, 4.8, 5.6),
            detected_by: vec![("outlier detection".into(), 20)],
            shift_s: between(6.1, 5.9, 6.3),
            hit_share: between(0.334, 0.331, 0.337),
            still_share: between(0.021, 0.019, 0.023),
            shift_rule: "noticed: the first ejection; left: a tenth of usual".into(),
            ..FaultSummary::default()
        }],
        errors: Vec::new(),
        availability: Availabilities::default(),
        budget: None,
        flows: vec![
            ("web -> orders".into(), "east/h".into(), "east/i".into(), 0.52),
            ("web -> orders".into(), "east/h".into(), "south/a".into(), 0.02),
        ],
        digests: vec!["00f1c2d3a4b59687".into()],
        business: None,
        traces: if shape.name == "cen" { vec![trace()] } else { Vec::new() },
    }
}

fn requests(entry: &str, operation: &str, shape: &Shape, factor: f64, sent: u64) -> RequestSummary {
    let failed = ((1.0 - shape.available) * sent as f64) as u64;
    RequestSummary {
        entry: entry.into(),
        region: if entry == "all" { "all".into() } else { "hangzhou".into() },
        operation: operation.into(),
        service: "web".into(),
        sent,
        ok: sent - failed,
        failed: IndexMap::from([("timeout".to_owned(), failed - failed / 4), ("connect".to_owned(), failed / 4)]),
        mean_ms: ranged(shape.p50 * 1.1 * factor, 0.05, (shape.p50 * 1.04 * factor, shape.p50 * 1.19 * factor)),
        latency_ms: IndexMap::from([
            (
                "p50".to_owned(),
                ranged(shape.p50 * factor, 0.04, (shape.p50 * 0.94 * factor, shape.p50 * 1.08 * factor)),
            ),
            (
                "p90".to_owned(),
                between(shape.p50 * 1.25 * factor, shape.p50 * 1.24 * factor, shape.p50 * 1.26 * factor),
            ),
            ("p95".to_owned(), between(shape.p50 * 1.4 * factor, shape.p50 * 1.38 * factor, shape.p50 * 1.42 * factor)),
            (
                "p99".to_owned(),
                ranged(shape.p99 * factor, shape.p99 * 0.02, (shape.p99 * 0.92 * factor, shape.p99 * 1.11 * factor)),
            ),
            (
                "p99.9".to_owned(),
                ranged(shape.p999 * factor, shape.p999 * 0.09, (shape.p999 * 0.9 * factor, shape.p999 * 1.2 * factor)),
            ),
        ]),
        max_ms: shape.p999 * 4.0,
        availability: between(shape.available, shape.available - 0.0002, shape.available + 0.00018),
    }
}

/// A smooth tail through the shape's three quantiles on a log-log scale.
fn curve(shape: &Shape) -> Vec<(f64, Estimate)> {
    let nodes = [
        (0.0, shape.p50 * 0.82),
        (std::f64::consts::LOG10_2, shape.p50),
        (2.0, shape.p99),
        (3.0, shape.p999),
        (4.0, shape.p999 * 1.7),
    ];
    (0..=80)
        .map(|step| {
            let x = f64::from(step) / 20.0;
            let right = nodes.iter().position(|node| node.0 >= x).expect("the last node is the greatest").max(1);
            let ((x0, y0), (x1, y1)) = (nodes[right - 1], nodes[right]);
            let value = y0 * libm::pow(y1 / y0, (x - x0) / (x1 - x0));
            let half = value * 0.002 * libm::exp10(x / 2.2);
            (100.0 * (1.0 - libm::exp10(-x)), between(value, value - half, value + half))
        })
        .collect()
}

fn bill(shape: &Shape) -> Bill {
    let lines = shape
        .lines
        .iter()
        .map(|&(product, item, scope, quantity, unit, price, status)| BillLine {
            product: product.into(),
            item: item.into(),
            scope: scope.into(),
            payer: "shop".into(),
            quantity: if unit == "GB" {
                between(quantity, quantity - 12.0, quantity + 12.0)
            } else {
                Estimate::exact(quantity)
            },
            unit: unit.into(),
            unit_price: price,
            amount: match price {
                Some(price) if unit == "GB" => {
                    between(price * quantity, price * (quantity - 12.0), price * (quantity + 12.0))
                }
                Some(price) => Estimate::exact(price * quantity),
                None => Estimate::none("no price found"),
            },
            status: status.into(),
            source: if status == "not-found" {
                String::new()
            } else {
                "https://www.alibabacloud.com/help/en/cen/product-overview/billing-rules".into()
            },
            as_of: if status == "not-found" { String::new() } else { "2026-10-01".into() },
            ..BillLine::default()
        })
        .collect::<Vec<_>>();
    let total = lines.iter().filter_map(|line| line.amount.value).sum::<f64>();
    let estimated =
        lines.iter().filter(|line| line.status == "estimated").filter_map(|line| line.amount.value).sum::<f64>();
    Bill {
        currency: "USD".into(),
        month: ranged(total, total * 0.0004, (total * 0.9, total * 1.12)),
        estimated_share: estimated / total,
        gigabytes_month: 2210.4,
        basis: vec![
            "held at the mean rate of the windows outside faults for 730 h".into(),
            "traffic in GiB as the price rows say".into(),
        ],
        unknowns: if lines.iter().any(|line| line.unit_price.is_none()) {
            vec!["public stays cheapest while a NAT capacity unit costs less than 15.2 USD per CU-h".into()]
        } else {
            Vec::new()
        },
        lines,
        once: Vec::new(),
    }
}

fn point(shape: &Shape, window: u32) -> WindowPoint {
    let start_s = f64::from(window) * 30.0;
    let hurt = (30..32).contains(&window);
    let wave = f64::from(window % 7) * 0.01;
    WindowPoint {
        start_s,
        rate: 35.0 + if window >= 20 { 10.0 } else { 0.0 } + f64::from(window % 5) * 0.2,
        success: if hurt { 1.0 - shape.lost / 2700.0 } else { 1.0 - f64::from(window % 3) * 0.0001 },
        p50_ms: Some(shape.p50 * (1.0 + wave / 4.0)),
        p99_ms: Some(if hurt { shape.p99 * 4.0 } else { shape.p99 * (0.97 + wave) }),
    }
}

fn differences(first: &Shape, other: &Shape) -> Vec<Difference> {
    let row = |metric: &str, unit: &str, value: f64, half: f64| Difference {
        variant: other.name.into(),
        from: first.name.into(),
        metric: metric.into(),
        unit: unit.into(),
        difference: between(value, value - half, value + half),
        variance_ratio: Some(8.4),
    };
    let cost = |shape: &Shape| shape.lines.iter().filter_map(|line| line.5.map(|price| price * line.3)).sum::<f64>();
    vec![
        row("mean", "ms", (other.p50 - first.p50) * 1.1, 0.03),
        row("p50", "ms", other.p50 - first.p50, 0.04),
        row("p99", "ms", other.p99 - first.p99, 1.1),
        row("p99.9", "ms", other.p999 - first.p999, 14.0),
        row("availability", "share", other.available - first.available, 0.0003),
        row("cost", "USD/month", cost(other) - cost(first), 2.0),
    ]
}

fn gates() -> Vec<Gate> {
    let mut gates = Vec::new();
    for shape in &SHAPES {
        let outcome = if shape.p99 < 80.0 { Outcome::Met } else { Outcome::Missed };
        gates.push(Gate {
            name: "fast".into(),
            variant: shape.name.into(),
            check: "p99(all) < 100ms".into(),
            severity: "fail".into(),
            outcome,
            measured: between(shape.p99, shape.p99 * 0.98, shape.p99 * 1.02),
            limit: 100.0,
            unit: "ms".into(),
            note: String::new(),
            sentence: format!("p99 of {} against 100 ms.", shape.name),
        });
    }
    for shape in &SHAPES {
        gates.push(Gate {
            name: "up".into(),
            variant: shape.name.into(),
            check: "availability(web) >= 99.9%".into(),
            severity: "warn".into(),
            outcome: if shape.available > 0.999 { Outcome::NotEnoughEvidence } else { Outcome::Missed },
            measured: between(shape.available, shape.available - 0.0002, shape.available + 0.00018),
            limit: 0.999,
            unit: "share".into(),
            note: String::new(),
            sentence: "The interval holds the limit: about 3 times the replications would decide.".into(),
        });
    }
    gates.push(Gate {
        name: "private".into(),
        variant: "public".into(),
        check: "path(orders -> payments) avoids internet".into(),
        severity: "fail".into(),
        outcome: Outcome::Missed,
        measured: Estimate::none("not a figure"),
        limit: 0.0,
        unit: String::new(),
        note: String::new(),
        sentence: "orders -> payments goes over internet.".into(),
    });
    gates
}

/// A request whose critical parts sum to its latency.
pub(crate) fn trace() -> Trace {
    let span = |depth, kind: &str, what: &str, start_ms, length_ms, critical| Span {
        depth,
        kind: kind.into(),
        what: what.into(),
        start_ms,
        length_ms,
        critical,
    };
    Trace {
        why: "slowest".into(),
        request: "east-users #81723".into(),
        replication: 3,
        latency_ms: 91.25,
        outcome: "ok".into(),
        spans: vec![
            span(0, "call", "web.checkout", 0.0, 91.25, false),
            span(1, "network", "ingress hangzhou/h -> web@east#2", 0.0, 0.75, true),
            span(1, "work", "web@east#2", 0.75, 6.0, true),
            span(1, "call", "orders", 6.75, 83.25, false),
            span(2, "connect", "east/h -> south/a (TCP and TLS)", 6.75, 68.0, true),
            span(2, "network", "hangzhou -> singapore", 74.75, 4.5, true),
            span(2, "queue", "orders@south#1", 79.25, 2.75, true),
            span(2, "work", "orders@south#1", 82.0, 8.0, true),
            span(1, "call", "cart", 6.75, 12.0, false),
            span(1, "network", "web@east#2 -> ingress", 90.0, 1.25, true),
        ],
    }
}

/// The study with `count` variants, most of them with long names.
pub(crate) fn many(count: usize) -> Comparison {
    let mut study = comparison();
    let (variants, gates) = (study.variants.clone(), study.gates.clone());
    for index in study.variants.len()..count {
        let mut variant = variants[index % variants.len()].clone();
        let from = variant.name.clone();
        variant.name = format!("{from}-with-two-gateways-per-zone-and-{index}00-mbps");
        variant.traces.clear();
        let name = variant.name.clone();
        study.gates.extend(
            gates.iter().filter(|gate| gate.variant == from).map(|gate| Gate { variant: name.clone(), ..gate.clone() }),
        );
        study.variants.push(variant);
    }
    study
}

/// One variant of which nothing could be measured: no quantile, no interval, no bill, no fault, no gate.
pub(crate) fn bare() -> Comparison {
    let mut study = comparison();
    study.variants.truncate(1);
    study.differences.clear();
    study.gates.clear();
    study.faults.clear();
    let variant = &mut study.variants[0];
    let none = || Estimate::none("nothing was answered");
    variant.total.latency_ms.values_mut().for_each(|quantile| *quantile = none());
    variant.total.mean_ms = none();
    variant.total.availability = Estimate::exact(0.0);
    variant.curve.clear();
    variant.bill = Bill { currency: "USD".into(), month: Estimate::exact(0.0), ..Bill::default() };
    variant.faults.clear();
    variant.windows.clear();
    variant.traces.clear();
    study
}

/// One variant without a fault, a gate or anything to compare with.
pub(crate) fn alone() -> Comparison {
    let mut study = comparison();
    study.variants.truncate(1);
    study.differences.clear();
    study.gates.clear();
    study.faults.clear();
    study.variants[0].faults.clear();
    study
}

/// Variants that cost nothing and lose nothing.
pub(crate) fn free() -> Comparison {
    let mut study = comparison();
    study.differences.retain(|difference| difference.metric != "cost");
    for variant in &mut study.variants {
        variant.bill = Bill { currency: "USD".into(), month: Estimate::exact(0.0), ..Bill::default() };
        variant.total.availability =
            Estimate { value: Some(1.0), low: Some(0.999_997), high: Some(1.0), ..Estimate::default() };
        variant.windows.iter_mut().for_each(|window| window.success = 1.0);
    }
    study
}

/// Latencies from microseconds to minutes, a million per month, and a tail that too few requests bound.
pub(crate) fn wide() -> Comparison {
    let mut study = comparison();
    study.horizon_s = 86_400.0;
    study.faults[0].start_s = 43_200.0;
    study.faults[0].end_s = 57_600.0;
    study.faults.push(FaultSpan {
        name: "second-fault-with-a-long-name".into(),
        hits: "link".into(),
        start_s: 50_000.0,
        end_s: 60_000.0,
    });
    for (variant, factor) in study.variants.iter_mut().zip([0.002, 1.0, 900.0]) {
        for (percentile, figure) in &mut variant.curve {
            for end in [&mut figure.value, &mut figure.low, &mut figure.high].into_iter().flatten() {
                *end *= factor;
            }
            if *percentile > 99.9 {
                figure.high = None;
                figure.why = Some("not bounded by this many requests".into());
            }
        }
        for figure in variant.total.latency_ms.values_mut() {
            for end in [&mut figure.value, &mut figure.low, &mut figure.high].into_iter().flatten() {
                *end *= factor;
            }
            figure.inputs = figure.inputs.map(|(low, high)| (low * factor, high * factor));
        }
        variant.windows.iter_mut().for_each(|window| {
            window.start_s *= 48.0;
            window.p99_ms =
                window.p99_ms.map(|ms| ms * factor).filter(|_| window.start_s < 50_000.0 || window.start_s > 55_000.0);
        });
        for line in &mut variant.bill.lines {
            line.amount =
                line.amount.value.map_or_else(|| line.amount.clone(), |amount| Estimate::exact(amount * 400.0));
        }
        let total = variant.bill.lines.iter().filter_map(|line| line.amount.value).sum();
        variant.bill.month = Estimate::exact(total);
    }
    study
}

/// The closed form of the first and the last variant; the last one cannot keep up at the peak.
pub(crate) fn projection() -> Projection {
    let study = comparison();
    let variant = |index: usize, peak: f64, state: LoadState| {
        let result = &study.variants[index];
        VariantProjection {
            name: result.name.clone(),
            steady: true,
            bill: result.bill.clone(),
            floors: ["browse", "checkout"]
                .map(|operation| FloorProjection {
                    stream: "east-users".into(),
                    region: "hangzhou".into(),
                    operation: operation.into(),
                    floor_ms: SHAPES[index].p50 * 0.8,
                    network_ms: SHAPES[index].p50 * 0.6,
                })
                .to_vec(),
            paths: vec![PathProjection {
                path: "east/h -> south/a".into(),
                via: if index == 0 { "backbone".into() } else { "internet".into() },
                calls_per_s: 41.2,
                calls_per_s_peak: 86.0,
                forward_gb_month: 310.0,
                back_gb_month: 1900.4,
                round_trip_ms: SHAPES[index].p50 * 0.6,
            }],
            links: Vec::new(),
            loads: vec![
                LoadProjection {
                    kind: "cap".into(),
                    name: "backbone hangzhou-singapore".into(),
                    mean: 0.52,
                    peak,
                    state,
                },
                LoadProjection {
                    kind: "service".into(),
                    name: "orders@east".into(),
                    mean: 0.31,
                    peak: 0.6,
                    state: LoadState::Easy,
                },
            ],
            warnings: if state == LoadState::Easy {
                Vec::new()
            } else {
                vec!["cap backbone is short at the peak".into()]
            },
            prerequisites: result.prerequisites.clone(),
        }
    };
    Projection {
        schema: 1,
        scenario: study.scenario.clone(),
        question: study.question.clone(),
        assumptions: vec!["every call succeeds at the first attempt".into()],
        variants: vec![variant(0, 0.61, LoadState::Easy), variant(2, 1.09, LoadState::OverAtPeak)],
        break_evens: vec![BreakEven {
            a: "cen".into(),
            b: "public".into(),
            cheaper: Some("public".into()),
            gigabytes_month: Some(48_200.0),
            volumes: Vec::new(),
            prices: Vec::new(),
            sentences: vec!["public is cheaper than cen below 48,200 GB a month.".into()],
        }],
    }
}
