//! The tables of a result as CSV.

use crate::record::{BillLine, BillStep, Comparison, Estimate, HourCap, RequestSummary, VariantResult};

/// A table's name, and what makes its bytes.
type Table = (&'static str, fn(&Comparison) -> Vec<u8>);

/// All of them.
pub(super) const ALL: [Table; 20] = [
    ("summary.csv", summary),
    ("latency.csv", latency),
    ("differences.csv", differences),
    ("edges.csv", edges),
    ("flows.csv", flows),
    ("resources.csv", resources),
    ("scaling.csv", scaling),
    ("stores.csv", stores),
    ("writes.csv", writes),
    ("promotions.csv", promotions),
    ("sessions.csv", super::sessions::sessions),
    ("session-faults.csv", super::sessions::faults),
    ("windows.csv", windows),
    ("hours.csv", hours),
    ("bill.csv", bill),
    ("faults.csv", faults),
    ("fault-edges.csv", super::harm::edges),
    ("errors.csv", super::harm::errors),
    ("availability.csv", super::harm::availability),
    ("gates.csv", gates),
];

/// Rows of text under a head, as CSV.
pub(super) struct Sheet(csv::Writer<Vec<u8>>);

impl Sheet {
    pub(super) fn new(head: &[&str]) -> Self {
        let mut sheet = Sheet(csv::Writer::from_writer(Vec::new()));
        sheet.row(head.iter().map(|&name| name.to_owned()));
        sheet
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.write_record(cells.into_iter().collect::<Vec<_>>()).expect("rows are as wide as their head");
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().expect("memory takes the last row")
    }
}

pub(super) fn number(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Value, low, high.
pub(super) fn three(estimate: &Estimate) -> [String; 3] {
    [number(estimate.value), number(estimate.low), number(estimate.high)]
}

/// Value, interval, its level, replications, inputs' range, note.
pub(super) fn whole(estimate: &Estimate) -> Vec<String> {
    let mut cells = three(estimate).to_vec();
    cells.push(number(estimate.confidence));
    cells.push(estimate.n.map(|n| n.to_string()).unwrap_or_default());
    cells.push(number(estimate.inputs.map(|inputs| inputs.0)));
    cells.push(number(estimate.inputs.map(|inputs| inputs.1)));
    cells.push(estimate.why.clone().unwrap_or_default());
    cells
}

pub(super) fn each<'a, T>(of: &'a Comparison, rows: impl Fn(&'a VariantResult) -> &'a [T]) -> Vec<(String, &'a T)> {
    of.variants.iter().flat_map(|v| rows(v).iter().map(move |row| (v.name.clone(), row))).collect()
}

fn summary(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "variant",
        "sent_requests",
        "ok_requests",
        "availability_share",
        "availability_share_low",
        "availability_share_high",
        "latency_ms_mean",
        "latency_ms_mean_low",
        "latency_ms_mean_high",
        "latency_ms_p50",
        "latency_ms_p50_low",
        "latency_ms_p50_high",
        "latency_ms_p99",
        "latency_ms_p99_low",
        "latency_ms_p99_high",
        "latency_ms_p99_9",
        "latency_ms_p99_9_low",
        "latency_ms_p99_9_high",
        "latency_ms_max",
        "cost_month",
        "cost_month_low",
        "cost_month_high",
        "currency",
    ]);
    let none = Estimate::default();
    for variant in &of.variants {
        let total = &variant.total;
        let mut row = vec![variant.name.clone(), total.sent.to_string(), total.ok.to_string()];
        let quantile = |name: &str| total.latency_ms.get(name).unwrap_or(&none);
        for estimate in [&total.availability, &total.mean_ms, quantile("p50"), quantile("p99"), quantile("p99.9")] {
            row.extend(three(estimate));
        }
        row.push(total.max_ms.to_string());
        row.extend(three(&variant.bill.month));
        row.push(variant.bill.currency.clone());
        sheet.row(row);
    }
    sheet.bytes()
}

const ESTIMATE: [&str; 8] = ["value", "low", "high", "confidence", "replications", "inputs_low", "inputs_high", "note"];

pub(super) fn head<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    keys.iter().copied().chain(ESTIMATE).collect()
}

fn latency(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&[
        "variant",
        "entry",
        "region",
        "operation",
        "service",
        "sent_requests",
        "ok_requests",
        "figure",
    ]));
    for variant in &of.variants {
        for row in std::iter::once(&variant.total).chain(&variant.rows) {
            let keys = |figure: &str| request_keys(&variant.name, row, figure);
            let line = |figure: &str, estimate: &Estimate| keys(figure).into_iter().chain(whole(estimate));
            sheet.row(line("availability_share", &row.availability));
            sheet.row(line("latency_ms_mean", &row.mean_ms));
            for (name, estimate) in &row.latency_ms {
                sheet.row(line(&format!("latency_ms_{}", name.replace('.', "_")), estimate));
            }
        }
    }
    sheet.bytes()
}

fn request_keys(variant: &str, row: &RequestSummary, figure: &str) -> Vec<String> {
    let names = [variant, &row.entry, &row.region, &row.operation, &row.service].map(str::to_owned);
    names.into_iter().chain([row.sent.to_string(), row.ok.to_string(), figure.to_owned()]).collect()
}

fn differences(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&["variant", "from", "metric", "unit", "variance_ratio"]));
    for row in &of.differences {
        let keys = [row.variant.clone(), row.from.clone(), row.metric.clone(), row.unit.clone()];
        sheet.row(keys.into_iter().chain([number(row.variance_ratio)]).chain(whole(&row.difference)));
    }
    sheet.bytes()
}

fn stores(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&["variant", "store", "service", "calls", "wrong_partition", "wrong_share"]);
    for (variant, row) in each(of, |variant| &variant.stores) {
        let counts = [row.asked, row.wrong].map(|count| count.to_string());
        let names = [variant.clone(), row.store.clone(), row.service.clone()];
        sheet.row(names.into_iter().chain(counts).chain([number(row.share.value)]));
    }
    sheet.bytes()
}

fn writes(of: &Comparison) -> Vec<u8> {
    let head = ["variant", "store", "service", "writes", "no_primary", "acknowledged", "lost", "no_primary_share"];
    let mut sheet = Sheet::new(&head);
    for (variant, row) in each(of, |variant| &variant.writes) {
        let counts = [row.asked, row.refused, row.acknowledged, row.lost].map(|count| count.to_string());
        let names = [variant.clone(), row.store.clone(), row.service.clone()];
        sheet.row(names.into_iter().chain(counts).chain([number(row.refused_share.value)]));
    }
    sheet.bytes()
}

fn promotions(of: &Comparison) -> Vec<u8> {
    let head = [
        "variant",
        "replication",
        "store",
        "from",
        "to",
        "fault",
        "planned",
        "missed_s",
        "promoted_s",
        "rto_s",
        "rpo_s",
        "lost_writes",
    ];
    let mut sheet = Sheet::new(&head);
    for (variant, store) in each(of, |variant| &variant.successions) {
        for of_run in &store.each {
            let row = &of_run.promotion;
            let seconds = |nanos: Option<i64>| number(nanos.map(|nanos| nanos as f64 / 1e9));
            sheet.row([
                variant.clone(),
                of_run.replication.to_string(),
                row.store.clone(),
                row.from.clone(),
                row.to.clone(),
                row.fault.clone().unwrap_or_default(),
                row.planned.to_string(),
                seconds(Some(row.since_ns)),
                seconds(row.done_ns),
                seconds(row.rto_ns().map(u64::cast_signed)),
                seconds(Some(row.rpo_ns.cast_signed())),
                row.lost.to_string(),
            ]);
        }
    }
    sheet.bytes()
}

fn scaling(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&["variant", "autoscaler", "at_s", "wanted", "pods", "ready"]);
    for (variant, row) in each(of, |variant| &variant.scaling) {
        for step in &row.steps {
            let at = (step.at_ns as f64 / 1e9).to_string();
            let counts = [step.wanted, step.pods, step.ready].map(|count| count.to_string());
            sheet.row([variant.clone(), row.name.clone(), at].into_iter().chain(counts));
        }
    }
    sheet.bytes()
}

fn edges(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "variant",
        "from",
        "to",
        "calls",
        "attempts",
        "attempts_per_call",
        "attempts_per_call_low",
        "attempts_per_call_high",
        "failed_calls",
        "latency_ms_p50",
        "latency_ms_p99",
        "connections",
        "ejections",
    ]);
    for (variant, edge) in each(of, |variant| &variant.edges) {
        let mut row =
            vec![variant, edge.from.clone(), edge.to.clone(), edge.calls.to_string(), edge.attempts.to_string()];
        row.extend(three(&edge.amplification));
        row.push(edge.failed.values().sum::<u64>().to_string());
        row.push(number(edge.latency_ms.get("p50").copied()));
        row.push(number(edge.latency_ms.get("p99").copied()));
        row.extend([edge.connections.to_string(), edge.ejections.to_string()]);
        sheet.row(row);
    }
    sheet.bytes()
}

fn flows(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&["variant", "edge", "from_place", "to_place", "attempts_share"]);
    for (variant, (edge, from, to, share)) in each(of, |variant| &variant.flows) {
        sheet.row([variant, edge.clone(), from.clone(), to.clone(), share.to_string()]);
    }
    sheet.bytes()
}

fn resources(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&["variant", "kind", "name", "figure"]));
    for (variant, resource) in each(of, |variant| &variant.resources) {
        let keys = |figure: String| [variant.clone(), resource.kind.clone(), resource.name.clone(), figure];
        let fixed = [
            ("utilisation_share", &resource.utilisation),
            ("wait_ms_mean", &resource.wait_ms),
            ("level_mean", &resource.level),
            ("waited_share", &resource.p_wait),
            ("blocked_share", &resource.blocked),
        ];
        for (figure, estimate) in fixed {
            sheet.row(keys(figure.to_owned()).into_iter().chain(whole(estimate)));
        }
        for (name, estimate) in &resource.quantiles_ms {
            let (what, quantile) = name.split_once(' ').unwrap_or((name, ""));
            let figure = format!("{what}_ms_{}", quantile.replace('.', "_"));
            sheet.row(keys(figure).into_iter().chain(whole(estimate)));
        }
    }
    sheet.bytes()
}

fn windows(of: &Comparison) -> Vec<u8> {
    let mut sheet =
        Sheet::new(&["variant", "start_s", "rate_per_s", "success_share", "latency_ms_p50", "latency_ms_p99"]);
    for (variant, window) in each(of, |variant| &variant.windows) {
        sheet.row([
            variant,
            window.start_s.to_string(),
            window.rate.to_string(),
            window.success.to_string(),
            number(window.p50_ms),
            number(window.p99_ms),
        ]);
    }
    sheet.bytes()
}

/// Of several caps the one that is fullest in its fullest hour; all of them stand in the document.
fn hours(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "variant",
        "from",
        "sent_requests",
        "failed_requests",
        "latency_ms_p50",
        "latency_ms_p50_low",
        "latency_ms_p50_high",
        "latency_ms_p99",
        "latency_ms_p99_low",
        "latency_ms_p99_high",
        "resent_share",
        "cap",
        "cap_available_mbps",
        "cap_offered_mbps",
        "cap_dropped_mbps",
        "cap_wait_ms",
    ]);
    for variant in &of.variants {
        let load = |cap: &HourCap| cap.offered_mbps / cap.available_mbps;
        let caps = variant.hours.iter().flat_map(|hour| &hour.caps);
        let fullest = caps.reduce(|full, cap| if load(cap) > load(full) { cap } else { full });
        for hour in &variant.hours {
            let cap = fullest.and_then(|fullest| hour.caps.iter().find(|cap| cap.link == fullest.link));
            let mut row = vec![variant.name.clone(), format!("{:02}:{:02}", hour.minute / 60, hour.minute % 60)];
            row.extend([hour.sent.to_string(), (hour.sent - hour.ok).to_string()]);
            row.extend(three(&hour.p50_ms));
            row.extend(three(&hour.p99_ms));
            row.push(hour.resent_share.to_string());
            row.push(cap.map(|cap| cap.link.clone()).unwrap_or_default());
            row.push(number(cap.map(|cap| cap.available_mbps)));
            row.push(number(cap.map(|cap| cap.offered_mbps)));
            row.push(number(cap.map(|cap| cap.offered_mbps * cap.dropped_share)));
            row.push(number(cap.and_then(|cap| cap.wait_ms)));
            sheet.row(row);
        }
    }
    sheet.bytes()
}

fn bill(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&[
        "variant",
        "product",
        "item",
        "scope",
        "payer",
        "quantity_month",
        "quantity_month_low",
        "quantity_month_high",
        "unit",
        "unit_price",
        "amount_month",
        "amount_month_low",
        "amount_month_high",
        "amount_month_inputs_low",
        "amount_month_inputs_high",
        "currency",
        "status",
        "source",
        "as_of",
        "key",
        "discount_share",
        "steps",
    ]);
    for variant in &of.variants {
        for line in &variant.bill.lines {
            let mut row =
                [&variant.name, &line.product, &line.item, &line.scope, &line.payer].map(Clone::clone).to_vec();
            row.extend(three(&line.quantity));
            row.extend([line.unit.clone(), number(line.unit_price)]);
            row.extend(three(&line.amount));
            row.push(number(line.amount.inputs.map(|inputs| inputs.0)));
            row.push(number(line.amount.inputs.map(|inputs| inputs.1)));
            row.extend([&variant.bill.currency, &line.status, &line.source, &line.as_of].map(Clone::clone));
            row.extend([line.key.clone(), line.discount.to_string(), steps(line)]);
            sheet.row(row);
        }
    }
    sheet.bytes()
}

/// `100 free; 10140 from 0 at 0.09`: empty where there is one step.
fn steps(line: &BillLine) -> String {
    let step = |step: &BillStep| match (step.from, step.unit_price) {
        (None, _) => format!("{} free", step.quantity),
        (Some(from), Some(price)) => format!("{} from {from} at {price}", step.quantity),
        (Some(from), None) => format!("{} from {from} without a price", step.quantity),
    };
    line.steps.iter().map(step).collect::<Vec<_>>().join("; ")
}

fn faults(of: &Comparison) -> Vec<u8> {
    let mut sheet = Sheet::new(&head(&["variant", "fault", "figure"]));
    for (variant, fault) in each(of, |variant| &variant.faults) {
        let figures = [
            ("lost_requests", &fault.lost),
            ("shared_requests", &fault.shared),
            ("sent_requests", &fault.sent),
            ("availability_share", &fault.availability),
            ("recovery_s", &fault.recovery_s),
            ("latency_ms_p99", &fault.p99_ms),
            ("detect_s", &fault.detect_s),
            ("shift_s", &fault.shift_s),
            ("hit_share", &fault.hit_share),
            ("still_share", &fault.still_share),
        ];
        let worst = fault.worst.iter().map(|worst| ("worst_window_success_share", &worst.success));
        let blast = fault.blast.iter().map(|blast| ("blast_requests_share", &blast.requests));
        let burn = fault.burn.iter().flat_map(|burn| {
            [("burn_minutes", &burn.minutes), ("burn_budget_share", &burn.share), ("burn_rate", &burn.rate)]
        });
        let served = fault.served_s.iter().map(|(share, after)| (format!("served_{}_s", 100.0 * share), after));
        let named = figures.into_iter().chain(worst).chain(blast).chain(burn);
        for (figure, estimate) in named.map(|(figure, of)| (figure.to_owned(), of)).chain(served) {
            let keys = [variant.clone(), fault.name.clone(), figure];
            sheet.row(keys.into_iter().chain(whole(estimate)));
        }
    }
    sheet.bytes()
}

fn gates(of: &Comparison) -> Vec<u8> {
    let mut sheet =
        Sheet::new(&head(&["gate", "variant", "check", "severity", "outcome", "limit", "unit", "sentence"]));
    for gate in &of.gates {
        let outcome = match gate.outcome {
            crate::record::Outcome::Met => "met",
            crate::record::Outcome::Missed => "missed",
            crate::record::Outcome::NotEnoughEvidence => "not-enough-evidence",
        };
        let keys = [&gate.name, &gate.variant, &gate.check, &gate.severity].map(Clone::clone);
        let more = [outcome.to_owned(), gate.limit.to_string(), gate.unit.clone(), gate.sentence.clone()];
        sheet.row(keys.into_iter().chain(more).chain(whole(&gate.measured)));
    }
    sheet.bytes()
}
