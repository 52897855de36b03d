//! The manifest of a result: what it is of, and which files belong to it, so that those of an earlier result in the same
//! folder can be told from those of other people.

use std::fs;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::{FileError, SCHEMA};
use crate::record::Comparison;

/// Its name.
pub(super) const NAME: &str = "manifest.json";

/// A larger one is not ours.
const MAX_BYTES: u64 = 64 << 20;

/// What a result is of: enough to run it again and to see whether the answer is the same. What a kind of result has not is
/// empty.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub(super) struct Manifest<'a> {
    pub(super) schema: u32,
    pub(super) scenario: &'a str,
    pub(super) hash: &'a str,
    pub(super) engine: &'a str,
    pub(super) command: &'a str,
    pub(super) seed: u64,
    pub(super) replications: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partial: Option<&'a str>,
    pub(super) horizon_s: f64,
    pub(super) warm_up: &'a str,
    pub(super) books: &'a [(String, String)],
    pub(super) variants: Vec<ManifestVariant<'a>>,
    /// Told when they are written.
    pub(super) files: Vec<String>,
    pub(super) text: &'a str,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct ManifestVariant<'a> {
    name: &'a str,
    digests: &'a [String],
}

impl<'a> Manifest<'a> {
    /// Of a comparison.
    pub(super) fn of(comparison: &'a Comparison) -> Self {
        let variant = |variant: &'a crate::record::VariantResult| ManifestVariant {
            name: &variant.name,
            digests: &variant.digests,
        };
        Manifest {
            schema: SCHEMA,
            scenario: &comparison.scenario,
            hash: &comparison.hash,
            engine: &comparison.engine,
            command: &comparison.command,
            seed: comparison.seed,
            replications: comparison.replications,
            partial: comparison.partial.as_deref(),
            horizon_s: comparison.horizon_s,
            warm_up: &comparison.warm_up,
            books: &comparison.books,
            variants: comparison.variants.iter().map(variant).collect(),
            files: Vec::new(),
            text: &comparison.text,
        }
    }
}

/// The part of an earlier manifest that says which files were written with it.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "schema")]
    _schema: u32,
    files: Vec<String>,
}

/// Is there a manifest of a result in `folder`?
pub(super) fn stands(folder: &Path) -> bool {
    read(folder).is_some()
}

/// The files of the result that stands in `folder`, of those that a result may have; none where there is no manifest.
pub(super) fn listed(folder: &Path) -> Vec<String> {
    let listed = read(folder).unwrap_or_default();
    listed.into_iter().filter(|name| is_of_a_result(name)).collect()
}

fn read(folder: &Path) -> Option<Vec<String>> {
    let path = folder.join(NAME);
    let sound = fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= MAX_BYTES);
    let bytes = if sound { fs::read(&path).unwrap_or_default() } else { Vec::new() };
    serde_json::from_slice::<Listed>(&bytes).map(|listed| listed.files).ok()
}

/// Removes those of `earlier` that are not among `now`.
pub(super) fn forget(folder: &Path, earlier: &[String], now: &[String]) -> Result<(), FileError> {
    for name in earlier.iter().filter(|name| !now.contains(name)) {
        let path = folder.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => return Err(FileError { path, source }),
            _ => {}
        }
    }
    Ok(())
}

/// May a result have a file of that name? A manifest is a file like others: what it lists is not removed anywhere else.
fn is_of_a_result(name: &str) -> bool {
    let parts: Option<Vec<&str>> = Path::new(name)
        .components()
        .map(|part| if let Component::Normal(part) = part { part.to_str() } else { None })
        .collect();
    let ends = |file: &str, endings: &[&str]| {
        Path::new(file).extension().is_some_and(|ending| endings.iter().any(|known| ending == *known))
    };
    match parts.as_deref() {
        Some([file]) => {
            ends(file, &["csv"])
                || ["summary.json", "sweep.json", "availability.json", "exemplars.json", "report.html", "bill.xlsx"]
                    .contains(file)
        }
        Some(["records", file]) => ends(file, &["jsonl"]),
        Some(["charts", file]) => ends(file, &["svg", "png"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_a_result_may_have_are_listed() {
        for ours in ["summary.csv", "summary.json", "records/cen.jsonl", "charts/cost.png", "report.html", "bill.xlsx"]
        {
            assert!(is_of_a_result(ours), "{ours}");
        }
        for other in ["../summary.csv", "/etc/x.csv", "notes.md", "charts/a/b.svg", "records/../x.jsonl", "", "charts"]
        {
            assert!(!is_of_a_result(other), "{other}");
        }
    }
}
