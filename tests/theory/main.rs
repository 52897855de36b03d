//! Queueing theory as scenarios: every vector that a scenario can express must lie in the 99.9 % interval of its figure.
//!
//! A fixed subset runs in `cargo test`. All of it, with p99.99, Pareto and the busiest queues, by
//!
//! ```text
//! EASTWEST_THEORY=all cargo test --release --test theory -- --nocapture
//! ```
//!
//! which prints the table that stands in `docs/validation.md`. `EASTWEST_THEORY=m-g-1` runs the scenario so named, and
//! `EASTWEST_THEORY=MG1-026` the case of that vector.

mod cases;
mod figures;
mod vectors;

use std::path::Path;

use cases::{Case, Length, NOT_A_SCENARIO, Row, When, cases};
use eastwest::mesh;
use eastwest::provider::Books;
use eastwest::random::{hash_name, mix};
use eastwest::scenario::{self, Inputs};
use eastwest::study::erlang_a::ErlangA;
use eastwest::study::statistics::Interval;
use eastwest::units::{Duration, significant};
use eastwest::workload::Arrivals;
use eastwest::world::World;
use figures::{Observed, read};
use rayon::prelude::*;
use vectors::{Kind, Vector, vectors};

/// Of each case.
const REPLICATIONS: u32 = 20;
const SEED: u64 = 1909;
/// Customers of the subset, at most.
const SUBSET_MOST: u64 = 210_000_000;

/// The world of a case, with the case's own length.
fn world(case: &Case) -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/theory/{}.yaml", case.scenario));
    let loaded = scenario::load(&path, &[]).unwrap_or_else(|refused| panic!("{path:?}: {:#?}", refused.diagnostics));
    let variant = loaded
        .variants
        .iter()
        .find(|variant| variant.name == case.variant)
        .unwrap_or_else(|| panic!("{path:?} has no variant `{}`", case.variant));
    let mut world = scenario::compile(&variant.scenario, &variant.name, Books::builtin(), Inputs::default())
        .unwrap_or_else(|said| panic!("{path:?}: {said:#?}"));
    let seconds = match case.length {
        Length::Seconds(seconds) => seconds,
        Length::Millions(millions) => millions * 1e6 / f64::from(REPLICATIONS) / open_rate(&world),
    };
    world.plan.horizon = Duration::from_seconds_f64(seconds);
    world
}

/// Requests per second of all streams.
fn open_rate(world: &World) -> f64 {
    let rates = world.streams.rows().iter().map(|stream| match &stream.arrivals {
        Arrivals::Open { rate, .. } => rate.at(Duration::ZERO),
        Arrivals::Closed { .. } => panic!("the length of a closed stream is said in seconds"),
    });
    rates.sum()
}

/// A vector held against its figure.
struct Verdict {
    id: &'static str,
    case: String,
    vector: Vector,
    got: Interval,
    /// Half the interval over the value.
    width: f64,
    width_most: f64,
    customers: u64,
}

impl Verdict {
    fn of(case: &Case, row: &Row, vector: &Vector, runs: &[Observed]) -> Self {
        let Interval { value, low, high } = read(row.figure, runs);
        let got = Interval { value: value / row.unit, low: low / row.unit, high: high / row.unit };
        // A quantile inside an atom at zero has no width at all.
        let width = if got.high == got.low { 0.0 } else { got.half_width() / got.value };
        let customers = runs.iter().map(Observed::customers).sum();
        let case = format!("{} {}", case.scenario, case.variant);
        Verdict { id: row.id, case, vector: vector.clone(), got, width, width_most: row.width, customers }
    }

    fn word(&self) -> &'static str {
        let holds = match self.vector.kind {
            Kind::Exact => self.got.low <= self.vector.value && self.vector.value <= self.got.high,
            Kind::Approximate => (self.got.value / self.vector.value - 1.0).abs() <= 0.05,
        };
        match (holds, self.width <= self.width_most) {
            (true, true) => "holds",
            (false, _) => "**missed**",
            (true, false) => "**too wide**",
        }
    }

    fn line(&self) -> String {
        let number = |value| significant(value, 6);
        let percent = |share: f64| significant(share * 100.0, 2);
        let Verdict { id, case, vector, got, .. } = self;
        let sort = if vector.kind == Kind::Approximate { " (approximation)" } else { "" };
        format!(
            "| {id} | {} {} | {case} | {}{sort} | {} | {} .. {} | {} of {} | {} | {} |",
            vector.quantity,
            vector.inputs,
            number(vector.value),
            number(got.value),
            number(got.low),
            number(got.high),
            percent(self.width),
            percent(self.width_most),
            significant(self.customers as f64 / 1e6, 3),
            self.word(),
        )
    }
}

/// Runs the cases and prints a line for each vector as soon as it is known.
fn verdicts(chosen: &[Case]) -> (Vec<Verdict>, u64) {
    let vectors = vectors();
    let (mut all, mut customers) = (Vec::new(), 0);
    for case in chosen {
        let world = world(case);
        // A seed for each case: on common random numbers all of them would err to one side together.
        let seed = mix(SEED, hash_name(&format!("{} {}", case.scenario, case.variant)));
        let runs: Vec<Observed> = (0..REPLICATIONS)
            .into_par_iter()
            .with_max_len(1)
            .map(|replication| Observed::of(mesh::run(&world, seed, replication)))
            .collect();
        assert!(runs.iter().all(|run| run.unfinished == 0), "{} {} settles", case.scenario, case.variant);
        customers += runs.iter().map(Observed::customers).sum::<u64>();
        for row in &case.rows {
            let verdict = Verdict::of(case, row, &vectors[row.id], &runs);
            println!("{}", verdict.line());
            all.push(verdict);
        }
    }
    (all, customers)
}

#[test]
fn every_vector_lies_in_the_interval_of_its_figure() {
    // The one knob of this test; the library never asks the environment.
    let wanted = std::env::var("EASTWEST_THEORY").ok();
    let chosen: Vec<Case> = cases()
        .into_iter()
        .filter(|case| match wanted.as_deref() {
            None => case.when == When::Always,
            Some("all") => true,
            Some(name) => case.scenario == name || case.rows.iter().any(|row| row.id == name),
        })
        .collect();
    assert!(!chosen.is_empty(), "EASTWEST_THEORY is `all`, a scenario below scenarios/theory, or a vector");
    println!(
        "| vector | quantity | scenario, variant | value | simulated | interval | half-width, % | 10^6 customers | |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let (found, customers) = verdicts(&chosen);
    println!("\n{} vectors, {} million customers", found.len(), customers / 1_000_000);
    let wrong: Vec<String> = found.iter().filter(|one| one.word() != "holds").map(Verdict::line).collect();
    assert!(wrong.is_empty(), "{} of {} vectors:\n{}", wrong.len(), found.len(), wrong.join("\n"));
    assert!(wanted.is_some() || customers <= SUBSET_MOST, "the subset takes {customers} customers");
}

#[test]
fn the_closed_form_of_impatience_is_that_of_its_vectors() {
    let found: Vec<&str> = vectors()
        .iter()
        .filter(|(id, _)| id.starts_with("ERLANGA-"))
        .map(|(id, vector)| {
            let input = |name: &str| {
                let of = vector.inputs.trim_matches(['{', '}']).split(',');
                let value =
                    of.filter_map(|one| one.split_once(": ").or(one.split_once(':'))).find(|(key, _)| *key == name);
                value.unwrap_or_else(|| panic!("{id} says {name}")).1.parse::<f64>().expect("a number")
            };
            let (servers, arrivals) = (input("c") as u32, input("lambda"));
            let queue = ErlangA { servers, arrivals, services: input("mu"), impatience: input("theta") };
            let all = queue.stationary().expect("who gives up leaves room");
            let value = match vector.quantity.split([' ', '=']).next() {
                Some("P(abandon)") => all.abandons,
                Some("P(wait)") => all.waits,
                other => panic!("{id}: {other:?}"),
            };
            assert!((value / vector.value - 1.0).abs() < 1e-11, "{id}: {value} is not {}", vector.value);
            "held"
        })
        .collect();
    assert_eq!(found.len(), 4);
}

#[test]
fn every_vector_is_either_a_scenario_or_said_not_to_be_one() {
    let cases = cases();
    let mut said: Vec<&str> = cases.iter().flat_map(|case| case.rows.iter().map(|row| row.id)).collect();
    said.extend(NOT_A_SCENARIO.iter().map(|(id, _)| *id));
    said.sort_unstable();
    let vectors = vectors();
    let all: Vec<&str> = vectors.keys().map(String::as_str).collect();
    assert_eq!(said, all);
}

#[test]
fn every_variant_of_a_theory_scenario_is_held_against_a_vector() {
    let cases = cases();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/theory");
    for entry in std::fs::read_dir(folder).expect("the scenarios are there") {
        let path = entry.expect("a readable folder").path();
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let loaded = scenario::load(&path, &[]).expect("a theory scenario is sound");
        for variant in &loaded.variants {
            let used = cases.iter().any(|case| case.scenario == name && case.variant == variant.name);
            assert!(used, "{name} {} is held against nothing", variant.name);
        }
    }
}
