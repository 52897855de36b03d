//! Envoy's, Istio's and ASM's own test cases against the policy code that the machine runs. Sources: `tests/mesh/README.md`.

use std::collections::BTreeMap;

mod balance;
mod clusters;
mod conversion;
mod hashing;
mod lanes;
mod locality;
mod resilience;
mod routing;
mod zones;

type Row = BTreeMap<String, String>;

#[track_caller]
fn rows(file: &str, at_least: usize) -> Vec<Row> {
    let path = format!("{}/tests/mesh/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut reader = csv::Reader::from_path(&path).expect("the vectors are in tests/mesh");
    let rows: Vec<Row> = reader.deserialize().map(|row| row.expect("a row of the vectors")).collect();
    assert!(rows.len() >= at_least, "{file} has lost rows: {} left", rows.len());
    rows
}

fn numbers(text: &str) -> Vec<u32> {
    text.split(['|', ',']).map(|number| number.trim().parse().expect("a whole number")).collect()
}
