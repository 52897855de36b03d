//! The reference values: `vectors.csv`.

use std::collections::BTreeMap;

/// How a reference value is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A closed form or a numerical solution.
    Exact,
    /// A published approximation, good to about 5 %.
    Approximate,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) quantity: String,
    pub(crate) inputs: String,
    pub(crate) value: f64,
    pub(crate) kind: Kind,
}

/// All rows by id.
pub(crate) fn vectors() -> BTreeMap<String, Vector> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(include_str!("vectors.csv").as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.expect("vectors.csv is well-formed");
        let kind = match &row[5] {
            "exact" | "numeric" => Kind::Exact,
            "approx" => Kind::Approximate,
            other => panic!("unknown kind `{other}`"),
        };
        let value = row[4].parse().expect("a value is a number");
        (row[0].to_owned(), Vector { quantity: row[2].to_owned(), inputs: row[3].replace('"', ""), value, kind })
    });
    rows.collect()
}
