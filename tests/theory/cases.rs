//! Which vector is which figure of which scenario, and how many customers it takes.

use eastwest::meter::Quantile;

use crate::figures::Figure::{self, *};

/// How long the runs of a case are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    /// Millions of requests of open streams, all replications together.
    Millions(f64),
    /// Seconds of each replication, for closed streams.
    Seconds(f64),
}

use Length::{Millions, Seconds};

/// Who runs a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum When {
    /// The fixed subset that `cargo test` runs, and the whole.
    Always,
    /// The whole only.
    Whole,
}

use When::{Always, Whole};

/// Runs of one variant of one scenario.
pub(crate) struct Case {
    pub(crate) scenario: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) when: When,
    pub(crate) length: Length,
    pub(crate) rows: Vec<Row>,
}

/// A vector and the figure that must equal it.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) figure: Figure,
    /// Units of the figure in one unit of the vector: milliseconds in its unit of time, or the like.
    pub(crate) unit: f64,
    /// The widest half of the interval, relative.
    pub(crate) width: f64,
}

/// Half-width of means, medians and shares below utilisation 0.9.
const MEAN: f64 = 0.02;
/// Half-width of tails and second moments, and of anything at utilisation 0.9 or more.
const WIDE: f64 = 0.05;

const fn row(id: &'static str, figure: Figure) -> Row {
    let width = match figure {
        Tail(q) | WaitTail(_, q) if q.part * 10 < q.of * 9 => MEAN,
        Tail(_) | WaitTail(..) | Variance | WaitVariance(_) | Beyond(_) => WIDE,
        _ => MEAN,
    };
    Row { id, figure, unit: 1.0, width }
}

/// At utilisation 0.9 or more.
const fn busy(id: &'static str, figure: Figure) -> Row {
    Row { width: WIDE, ..row(id, figure) }
}

/// The vector is in other units.
const fn times(unit: f64, row: Row) -> Row {
    Row { unit, ..row }
}

const P40: Quantile = Quantile { part: 2, of: 5 };
const P50: Quantile = Quantile::P50;
const P90: Quantile = Quantile::P90;
const P99: Quantile = Quantile::P99;
const P999: Quantile = Quantile::P999;
const P9999: Quantile = Quantile::P9999;
const S: &str = "station";
/// Vectors in seconds, figures in milliseconds; or per unit of time there, per second here.
const THOUSAND: f64 = 1000.0;

pub(crate) fn cases() -> Vec<Case> {
    let groups = [
        one_queue(),
        several_servers(),
        losses(),
        impatience(),
        any_law(),
        heavy_laws(),
        classes_and_sharing(),
        any_arrivals(),
        networks(),
        closed(),
        forks(),
        maxima(),
    ];
    groups.into_iter().flatten().collect()
}

/// Cases of one scenario: variant, when, length, rows.
fn of<const N: usize>(scenario: &'static str, cases: [(&'static str, When, Length, Vec<Row>); N]) -> Vec<Case> {
    cases.into_iter().map(|(variant, when, length, rows)| Case { scenario, variant, when, length, rows }).collect()
}

#[rustfmt::skip]
fn one_queue() -> Vec<Case> {
    of("m-m-1", [
        ("rho-50", Always, Millions(3.0), vec![
            row("MM1-001", Level(S)), row("MM1-003", Wait(S)), row("MM1-005", Tail(P99)), row("MM1-036", WaitTail(S, P40)),
        ]),
        ("rho-50", Whole, Millions(60.0), vec![row("MM1-006", Tail(P9999))]),
        ("rho-70", Always, Millions(3.0), vec![
            times(THOUSAND, row("MM1-030", Mean)), times(THOUSAND, row("MM1-031", Wait(S))),
            times(THOUSAND, row("MM1-033", Tail(P99))), times(THOUSAND, row("MM1-035", WaitTail(S, P99))),
        ]),
        ("rho-80", Always, Millions(7.0), vec![
            row("MM1-008", Level(S)), row("MM1-010", Wait(S)), row("MM1-011", Tail(P50)),
        ]),
        ("rho-80", Whole, Millions(120.0), vec![row("MM1-013", Tail(P9999))]),
        ("rho-90", Always, Millions(10.0), vec![
            busy("MM1-015", Level(S)), busy("MM1-016", Mean), busy("MM1-018", Tail(P50)),
        ]),
        ("rho-90", Whole, Millions(400.0), vec![busy("MM1-020", Tail(P9999)), busy("MM1-021", WaitTail(S, P99))]),
        ("rho-95", Whole, Millions(80.0), vec![
            busy("MM1-023", Mean), busy("MM1-025", Tail(P50)), busy("MM1-026", Tail(P99)), busy("MM1-028", WaitTail(S, P99)),
        ]),
    ])
}

#[rustfmt::skip]
fn several_servers() -> Vec<Case> {
    of("m-m-c", [
        ("c-2", Always, Millions(4.0), vec![
            row("MMC-001", Waited(S)), row("MMC-003", WaitBeyond(S, 1.0)), row("MMC-005", Tail(P90)), row("MMC-006", Tail(P99)),
        ]),
        ("c-3", Always, Millions(5.0), vec![
            row("MMC-008", Waited(S)), row("MMC-010", WaitBeyond(S, 1.0)), row("MMC-011", Tail(P50)), row("MMC-013", Tail(P99)),
        ]),
        ("c-4", Whole, Millions(24.0), vec![
            busy("MMC-015", Waited(S)), busy("MMC-016", Wait(S)), busy("MMC-018", Tail(P50)), busy("MMC-020", Tail(P99)),
            busy("MMC-021", Tail(P999)),
        ]),
        ("c-8", Whole, Millions(50.0), vec![
            row("MMC-023", Wait(S)), row("MMC-025", Tail(P50)), row("MMC-026", Tail(P90)), row("MMC-028", Tail(P999)),
        ]),
        ("c-10", Always, Millions(5.0), vec![row("ERLANG-006", Waited(S))]),
        // The vectors serve 100 a second, in 10 ms; we a thousand, in 1 ms.
        ("c-16", Whole, Millions(100.0), vec![
            times(100.0, row("MMC-030", Wait(S))), row("MMC-031", WaitBeyond(S, 1.0)),
            times(100.0, row("MMC-033", Tail(P90))), times(100.0, row("MMC-035", Tail(P999))),
        ]),
        ("c-64", Whole, Millions(60.0), vec![
            busy("MMC-036", Waited(S)), busy("MMC-040", Tail(P90)), busy("MMC-041", Tail(P99)),
        ]),
        // One visit in a hundred waits that long, and they come together.
        ("c-64", Whole, Millions(1200.0), vec![busy("MMC-038", WaitBeyond(S, 1.0))]),
    ])
}

#[rustfmt::skip]
fn losses() -> Vec<Case> {
    of("m-m-c-k", [
        ("c-1-k-5", Always, Millions(3.0), vec![row("MMCK-001", Blocked(S)), row("MMCK-003", Sojourn(S))]),
        ("c-1-k-10", Always, Millions(2.0), vec![row("MMCK-005", Level(S)), row("MMCK-006", Sojourn(S))]),
        ("c-2-k-6", Always, Millions(2.0), vec![row("MMCK-008", Level(S))]),
        ("c-4-k-4", Always, Millions(2.0), vec![row("MMCK-010", Blocked(S)), row("MMCK-011", Level(S))]),
        ("c-4-k-20", Always, Millions(2.0), vec![row("MMCK-013", Blocked(S)), row("MMCK-015", Sojourn(S))]),
        ("c-1-k-1", Always, Millions(1.0), vec![row("ERLANG-001", Blocked(S))]),
        ("c-5-k-5", Always, Millions(2.0), vec![row("ERLANG-003", Blocked(S))]),
        ("c-10-k-10", Always, Millions(3.0), vec![row("ERLANG-005", Blocked(S))]),
        ("c-100-k-100", Whole, Millions(30.0), vec![row("ERLANG-008", Blocked(S))]),
        ("c-100-overloaded", Always, Millions(3.0), vec![row("ERLANG-010", Blocked(S))]),
        ("c-1000-k-1000", Whole, Millions(100.0), vec![busy("ERLANG-011", Blocked(S))]),
    ])
}

#[rustfmt::skip]
fn impatience() -> Vec<Case> {
    of("m-m-c-m", [
        ("c-10-light", Always, Millions(4.0), vec![row("ERLANGA-001", Dropped(S))]),
        ("c-10-heavy", Always, Millions(2.0), vec![row("ERLANGA-003", Dropped(S))]),
        ("c-50", Always, Millions(3.0), vec![row("ERLANGA-005", Dropped(S)), row("ERLANGA-006", Waited(S))]),
    ])
}

#[rustfmt::skip]
fn any_law() -> Vec<Case> {
    of("m-g-1", [
        ("deterministic-50", Always, Millions(2.0), vec![row("MG1-001", Wait(S)), row("MG1-035", WaitTail(S, P99))]),
        ("deterministic-80", Always, Millions(6.0), vec![row("MG1-003", WaitVariance(S)), row("MG1-036", WaitTail(S, P90))]),
        ("erlang-2-80", Always, Millions(10.0), vec![
            row("MG1-005", Wait(S)), row("MG1-006", WaitVariance(S)), row("MG1-038", WaitTail(S, P90)),
        ]),
        ("erlang-2-80", Whole, Millions(40.0), vec![row("MG1-040", WaitTail(S, P999))]),
        ("erlang-4-80", Always, Millions(5.0), vec![row("MG1-008", Wait(S))]),
        ("exponential-50", Always, Millions(3.0), vec![row("MG1-010", Wait(S))]),
        ("exponential-80", Whole, Millions(16.0), vec![row("MG1-011", Wait(S))]),
        ("uniform-50", Always, Millions(2.0), vec![row("MG1-013", Wait(S))]),
        ("uniform-80", Always, Millions(9.0), vec![row("MG1-015", WaitVariance(S))]),
        ("hyperexponential-50", Whole, Millions(24.0), vec![row("MG1-016", Wait(S))]),
        ("hyperexponential-80", Whole, Millions(120.0), vec![
            row("MG1-018", WaitVariance(S)), row("MG1-041", WaitTail(S, P90)), row("MG1-043", WaitTail(S, P999)),
        ]),
        ("lognormal-1-80", Whole, Millions(30.0), vec![row("MG1-023", Wait(S))]),
    ])
}

#[rustfmt::skip]
fn heavy_laws() -> Vec<Case> {
    of("m-g-1", [
        ("lognormal-2-80", Whole, Millions(480.0), vec![row("MG1-020", Wait(S)), row("MG1-021", WaitVariance(S))]),
        ("pareto-heavy-50", Whole, Millions(240.0), vec![row("MG1-025", Wait(S))]),
        ("pareto-heavy-80", Whole, Millions(600.0), vec![row("MG1-026", Wait(S))]),
        ("pareto-light-50", Whole, Millions(30.0), vec![row("MG1-028", Wait(S))]),
        ("pareto-light-80", Whole, Millions(200.0), vec![row("MG1-030", WaitVariance(S))]),
        ("weibull-50", Whole, Millions(40.0), vec![row("MG1-031", Wait(S))]),
        ("weibull-80", Whole, Millions(200.0), vec![row("MG1-033", WaitVariance(S))]),
    ])
}

#[rustfmt::skip]
fn classes_and_sharing() -> Vec<Case> {
    let mut all = of("priority", [
        ("thirty-fifty", Whole, Millions(30.0), vec![row("MG1-045", OperationWait("second", 1.0))]),
        ("ten-eighty", Always, Millions(2.0), vec![busy("MG1-046", OperationWait("first", 1.0))]),
    ]);
    all.extend(of("m-g-1-ps", [
        ("rho-50", Always, Millions(3.0), vec![
            row("MG1PS-001", Mean), row("MG1PS-003", Variance), row("MG1PS-005", Tail(P99)), row("MG1PS-006", Tail(P999)),
        ]),
        ("rho-80", Whole, Millions(24.0), vec![row("MG1PS-010", Tail(P50)), row("MG1PS-011", Tail(P99))]),
        ("sizes-80", Always, Millions(8.0), vec![row("MG1PS-008", OperationMean("large"))]),
        ("rho-90", Whole, Millions(80.0), vec![
            busy("MG1PS-013", Mean), busy("MG1PS-015", Variance), busy("MG1PS-016", Tail(P50)), busy("MG1PS-018", Tail(P999)),
        ]),
    ]));
    all
}

#[rustfmt::skip]
fn any_arrivals() -> Vec<Case> {
    of("g-m-1", [
        ("d-50", Always, Millions(2.0), vec![row("GM1-001", Waited(S)), row("GM1-003", Tail(P99))]),
        ("e2-50", Always, Millions(2.0), vec![row("GM1-005", Wait(S))]),
        ("h2-50", Always, Millions(2.0), vec![row("GM1-006", Waited(S))]),
        ("d-80", Always, Millions(4.0), vec![row("GM1-008", Waited(S)), row("GM1-010", Tail(P99))]),
        ("e2-80", Always, Millions(2.0), vec![row("GM1-011", Waited(S))]),
        ("h2-80", Always, Millions(2.0), vec![row("GM1-013", Waited(S))]),
        ("d-90", Always, Millions(6.0), vec![busy("GM1-015", Waited(S)), busy("GM1-016", Wait(S))]),
        ("e2-90", Always, Millions(2.0), vec![busy("GM1-018", Waited(S))]),
        ("h2-90", Whole, Millions(100.0), vec![busy("GM1-020", Waited(S)), busy("GM1-021", Wait(S))]),
    ])
}

#[rustfmt::skip]
fn networks() -> Vec<Case> {
    let mut all = of("tandem", [
        ("slow", Always, Millions(2.0), vec![row("JACKSON-001", Mean), row("JACKSON-003", Tail(P99))]),
        ("fast", Whole, Millions(20.0), vec![
            times(THOUSAND, row("JACKSON-005", Mean)), times(THOUSAND, row("JACKSON-006", Tail(P50))),
            times(THOUSAND, row("JACKSON-008", Tail(P999))),
        ]),
    ]);
    all.extend(of("feedback", [
        ("one", Whole, Millions(60.0), vec![row("JACKSON-010", Mean)]),
        ("two", Always, Millions(2.0), vec![row("JACKSON-020", Mean)]),
    ]));
    all.extend(of("jackson-three", [
        ("base", Always, Millions(1.0), vec![
            times(THOUSAND, row("JACKSON-011", Visits("one"))), times(THOUSAND, row("JACKSON-013", Visits("three"))),
        ]),
    ]));
    all.extend(of("jackson-four", [
        ("base", Always, Millions(1.0), vec![
            times(THOUSAND, row("JACKSON-015", Visits("one"))), times(THOUSAND, row("JACKSON-016", Visits("two"))),
            times(THOUSAND, row("JACKSON-018", Visits("four"))),
        ]),
    ]));
    all
}

#[rustfmt::skip]
fn closed() -> Vec<Case> {
    // One second of the vectors is 100 ms here: ten times their rates, a tenth of their times.
    let rate = |id| times(10.0, row(id, Throughput));
    let time = |id| times(100.0, row(id, Mean));
    let mut all = of("closed", [
        ("thinking-1", Always, Seconds(1000.0), vec![rate("MVA-001")]),
        ("thinking-5", Always, Seconds(500.0), vec![rate("MVA-003")]),
        ("thinking-10", Always, Seconds(500.0), vec![rate("MVA-005"), time("MVA-006")]),
        ("thinking-20", Always, Seconds(500.0), vec![rate("MVA-008"), busy("MVA-010", Level("first"))]),
        ("thinking-50", Always, Seconds(300.0), vec![rate("MVA-011")]),
        ("thinking-200", Always, Seconds(300.0), vec![rate("MVA-013")]),
        ("busy-1", Always, Seconds(200.0), vec![rate("MVA-016")]),
        ("busy-3", Always, Seconds(100.0), vec![rate("MVA-018")]),
        ("busy-10", Always, Seconds(100.0), vec![rate("MVA-020"), time("MVA-021")]),
        ("two-3", Always, Seconds(3000.0), vec![time("MVA-025")]),
        ("two-8", Always, Seconds(2000.0), vec![rate("MVA-026")]),
    ]);
    all.extend(of("repairman", [
        ("c-1", Always, Seconds(60.0), vec![row("MVA-030", Mean)]),
        ("c-2", Always, Seconds(30.0), vec![times(THOUSAND, row("MVA-031", Throughput))]),
        ("c-4", Always, Seconds(30.0), vec![times(THOUSAND, row("MVA-033", Throughput))]),
    ]));
    all
}

#[rustfmt::skip]
fn forks() -> Vec<Case> {
    of("fork-join", [
        ("ways-2-30", Always, Millions(0.4), vec![row("FORKJOIN-001", Mean)]),
        ("ways-2-50", Always, Millions(1.0), vec![row("FORKJOIN-005", Mean)]),
        ("ways-2-90", Whole, Millions(10.0), vec![busy("FORKJOIN-013", Mean)]),
        ("ways-4-50", Always, Millions(0.6), vec![row("FORKJOIN-006", Mean)]),
        ("ways-4-70", Whole, Millions(4.0), vec![row("FORKJOIN-010", Mean)]),
        ("ways-8-30", Always, Millions(0.2), vec![row("FORKJOIN-003", Mean)]),
        ("ways-8-70", Whole, Millions(3.0), vec![row("FORKJOIN-011", Mean)]),
        ("ways-8-90", Whole, Millions(4.0), vec![busy("FORKJOIN-015", Mean)]),
        ("ways-16-50", Always, Millions(0.3), vec![row("FORKJOIN-008", Mean)]),
        ("ways-16-90", Whole, Millions(3.0), vec![busy("FORKJOIN-016", Mean)]),
    ])
}

#[rustfmt::skip]
fn maxima() -> Vec<Case> {
    of("order", [
        ("two", Always, Millions(0.4), vec![row("ORDER-001", Mean), row("ORDER-003", Tail(P99))]),
        ("ten", Always, Millions(0.1), vec![row("ORDER-005", Mean), row("ORDER-006", Tail(P50))]),
        ("ten", Whole, Millions(2.0), vec![row("ORDER-008", Tail(P999))]),
        ("hundred", Always, Millions(0.05), vec![
            row("ORDER-010", Tail(P50)), row("ORDER-011", Tail(P99)),
            // A leaf's own p99 is ln 100 ms.
            row("ORDER-023", Beyond(2.0 * std::f64::consts::LN_10)),
        ]),
        ("thousand", Always, Millions(0.005), vec![row("ORDER-013", Mean)]),
        ("thousand", Whole, Millions(0.2), vec![row("ORDER-015", Tail(P99)), row("ORDER-016", Tail(P999))]),
        ("lognormal-ten", Always, Millions(0.3), vec![row("ORDER-018", Tail(P99))]),
        ("lognormal-ten-narrow", Always, Millions(0.1), vec![row("ORDER-021", Mean)]),
        ("lognormal-hundred", Whole, Millions(0.2), vec![row("ORDER-020", Tail(P99))]),
    ])
}

/// Vectors that no scenario says, and why.
pub(crate) const NOT_A_SCENARIO: [(&str, &str); 11] = [
    ("MM1-038", "a planning number for one run, not a figure of a queue"),
    ("MM1-040", "a planning number for one run, not a figure of a queue"),
    ("MM1-041", "the variance constant of an estimator: no run reports it"),
    ("MM1-043", "the variance constant of an estimator: no run reports it"),
    ("MM1-045", "the variance constant of an estimator: no run reports it"),
    ("MM1-046", "the variance constant of an estimator: no run reports it"),
    ("MVA-015", "a ratio of the inputs, where the asymptotes cross: nothing to simulate"),
    ("MVA-023", "a ratio of the inputs, where the asymptotes cross: nothing to simulate"),
    ("MVA-028", "a ratio of the inputs, where the asymptotes cross: nothing to simulate"),
    ("ORDER-025", "a quorum: `parallel` waits for all, the vocabulary has no k of n"),
    ("ORDER-026", "a quorum: `parallel` waits for all, the vocabulary has no k of n"),
];
