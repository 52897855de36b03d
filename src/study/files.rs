//! The files of a result. Each is written beside its place and then renamed into it, so that a reader never meets half
//! of one; the manifest comes last, so that a result with a manifest is whole.
//!
//! The same study writes the same bytes: no date, no clock, no path of the machine. Units stand in the column names.

mod table;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::record::{Comparison, Run, Trace};

/// A file that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct FileError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// Version of the layout of a result's folder.
pub const SCHEMA: u32 = 1;

/// A larger `summary.json` is not read.
const DOCUMENT_MAX_BYTES: u64 = 256 << 20;

/// What a result is of: enough to run it again and to see whether the answer is the same.
#[derive(Clone, PartialEq, Debug, Serialize)]
struct Manifest<'a> {
    schema: u32,
    scenario: &'a str,
    hash: &'a str,
    engine: &'a str,
    command: &'a str,
    seed: u64,
    replications: u32,
    horizon_s: f64,
    warm_up: &'a str,
    books: &'a [(String, String)],
    variants: Vec<ManifestVariant<'a>>,
    files: Vec<String>,
    text: &'a str,
}

#[derive(Clone, PartialEq, Debug, Serialize)]
struct ManifestVariant<'a> {
    name: &'a str,
    digests: &'a [String],
}

/// Writes a study below `folder`: tables, the document that `report` reads, and each variant's record. Returns the names
/// of the files, in order.
pub fn write(folder: &Path, comparison: &Comparison, records: &[(String, Vec<Run>)]) -> Result<Vec<String>, FileError> {
    let mut written = Vec::new();
    for (name, bytes) in table::all(comparison) {
        put(folder, name, &bytes)?;
        written.push(name.to_owned());
    }
    put(folder, "summary.json", &document(comparison))?;
    written.push("summary.json".to_owned());
    let traces: Vec<(&str, &[Trace])> =
        comparison.variants.iter().map(|variant| (variant.name.as_str(), variant.traces.as_slice())).collect();
    if traces.iter().any(|(_, traces)| !traces.is_empty()) {
        let by_variant: indexmap::IndexMap<&str, &[Trace]> = traces.into_iter().collect();
        put(folder, "exemplars.json", &document(&by_variant))?;
        written.push("exemplars.json".to_owned());
    }
    for (variant, runs) in records {
        let name = format!("records/{variant}.jsonl");
        put(folder, &name, &record(runs))?;
        written.push(name);
    }
    forget_others(&folder.join("records"), &written)?;
    let manifest = Manifest {
        schema: SCHEMA,
        scenario: &comparison.scenario,
        hash: &comparison.hash,
        engine: &comparison.engine,
        command: &comparison.command,
        seed: comparison.seed,
        replications: comparison.replications,
        horizon_s: comparison.horizon_s,
        warm_up: &comparison.warm_up,
        books: &comparison.books,
        variants: comparison
            .variants
            .iter()
            .map(|variant| ManifestVariant { name: &variant.name, digests: &variant.digests })
            .collect(),
        files: written.clone(),
        text: &comparison.text,
    };
    put(folder, "manifest.json", &document(&manifest))?;
    written.push("manifest.json".to_owned());
    Ok(written)
}

/// Removes records of an earlier study with other variants: they are not of this result.
fn forget_others(records: &Path, written: &[String]) -> Result<(), FileError> {
    let failed = |source: io::Error| FileError { path: records.to_owned(), source };
    for entry in fs::read_dir(records).into_iter().flatten() {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".jsonl") && !written.contains(&format!("records/{name}")) {
            fs::remove_file(records.join(&name)).map_err(failed)?;
        }
    }
    Ok(())
}

/// A variant's record: one replication to a line, exact. Records of shards are joined by joining their lines.
pub fn record(runs: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for run in runs {
        serde_json::to_writer(&mut bytes, run).expect("a run is plain data, and memory takes it");
        bytes.push(b'\n');
    }
    bytes
}

/// Reads what [`record`] wrote.
pub fn read_record(path: &Path) -> Result<Vec<Run>, FileError> {
    let failed = |source: io::Error| FileError { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(failed)?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| failed(error.into()))).collect()
}

/// Reads the study of a result's folder back, for `report`.
pub fn read_comparison(folder: &Path) -> Result<Comparison, FileError> {
    let path = folder.join("summary.json");
    let failed = |source: io::Error| FileError { path: path.clone(), source };
    let data = fs::metadata(&path).map_err(failed)?;
    // Asked before it is opened: opening a pipe waits for whoever writes into it.
    if !data.is_file() || data.len() > DOCUMENT_MAX_BYTES {
        let why = format!("is not a regular file of at most {} MiB", DOCUMENT_MAX_BYTES >> 20);
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, why)));
    }
    let bytes = fs::read(&path).map_err(failed)?;
    serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))
}

/// Writes `name` (which may stand in a folder of its own) below `folder`, atomically.
pub fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), FileError> {
    let path = folder.join(name);
    let failed = |source: io::Error| FileError { path: path.clone(), source };
    let parent = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(parent).map_err(failed)?;
    let last = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let beside = parent.join(format!(".{last}.part"));
    let write = || -> io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    write().map_err(|source| {
        // What is half written is of no use to anyone; that it may stay behind too is not worth a second error.
        drop(fs::remove_file(&beside));
        failed(source)
    })
}

fn document(of: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(of).expect("a result is plain data, and memory takes it");
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Estimate, RequestRow, RequestWindow, SparseHistogram, VariantResult};

    fn study() -> (Comparison, Vec<(String, Vec<Run>)>) {
        let mut variant = VariantResult { name: "cen".into(), ..VariantResult::default() };
        variant.total.availability = Estimate::exact(0.1 + 0.2);
        variant.digests = vec!["00ff".into()];
        let comparison =
            Comparison { schema: 1, scenario: "shop".into(), variants: vec![variant], ..Default::default() };
        let latency =
            SparseHistogram { grouping: 10, buckets: vec![(7, 2)], count: 2, sum_ns: u128::MAX, min_ns: 7, max_ns: 7 };
        let window = RequestWindow { sent: 2, failed: [0; 8], latency };
        let row = RequestRow { windows: vec![window], ..RequestRow::default() };
        let run = |replication| Run { replication, rows: vec![row.clone()], digest: u64::MAX, ..Run::default() };
        (comparison, vec![("cen".into(), vec![run(0), run(1)])])
    }

    #[test]
    fn what_is_written_is_read_back_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let (comparison, records) = study();
        let names = write(folder.path(), &comparison, &records).expect("it can be written");
        assert_eq!(names.last().map(String::as_str), Some("manifest.json"));
        assert_eq!(read_comparison(folder.path()).expect("a study"), comparison);
        let runs = read_record(&folder.path().join("records/cen.jsonl")).expect("a record");
        assert_eq!(runs, records[0].1);
        for name in names {
            assert!(folder.path().join(&name).is_file(), "{name}");
        }
        let names = write(folder.path(), &comparison, &[]).expect("it can be written again");
        assert!(!names.iter().any(|name| name.starts_with("records/")));
        assert!(!folder.path().join("records/cen.jsonl").exists(), "a record of another study does not stay");
        let left_over = fs::read_dir(folder.path())
            .expect("a folder")
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part")));
        assert_eq!(left_over.count(), 0);
    }

    #[test]
    fn records_of_shards_are_joined_by_joining_their_lines() {
        let (_, records) = study();
        let runs = &records[0].1;
        let mut joined = record(&runs[..1]);
        joined.extend(record(&runs[1..]));
        assert_eq!(joined, record(runs));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("taken"), "").expect("a file");
        let error = put(&folder.path().join("taken"), "summary.json", b"{}").expect_err("a file is no folder");
        assert!(error.to_string().contains("summary.json"), "{error}");
    }
}
