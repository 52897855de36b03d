//! The files of a result. Each is written beside its place and then renamed into it, so that a reader never meets half
//! of one; the manifest comes last, so that a result with a manifest is whole.
//!
//! The same study writes the same bytes: no date, no clock, no path of the machine. Units stand in the column names.

mod harm;
mod kept;
mod long_run;
mod manifest;
mod sessions;
mod sweep;
mod table;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::design::Study;
use super::pool::{Task, work_off};
use super::progress::Unwatched;
use crate::record::{Comparison, Run, Trace};
pub use long_run::{RunLog, forget_runs, kept_runs, write_long_run};
use manifest::Manifest;

pub use sweep::{forget_points, keep_point, kept_points, write_sweep};

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

/// Writes a file's bytes.
type Writing<'a> = dyn Fn(&mut dyn Write) -> io::Result<()> + Send + Sync + 'a;

/// A file to be written, and how its bytes are made.
pub struct File<'a> {
    /// Below the result's folder, with `/`.
    pub name: String,
    /// Roughly how long that takes, in any unit.
    pub cost: u64,
    /// Writes it.
    pub write: Box<Writing<'a>>,
}

impl<'a> File<'a> {
    /// A file whose bytes are made in one piece.
    pub fn of(name: impl Into<String>, cost: u64, bytes: impl Fn() -> Vec<u8> + Send + Sync + 'a) -> Self {
        File { name: name.into(), cost, write: Box::new(move |into| into.write_all(&bytes())) }
    }
}

/// Can a result be written below `folder`? Asked before anything is simulated, and nothing is left behind. Files of the
/// names that a result has are not overwritten where no manifest says that they are an earlier result's, unless forced.
pub fn ready(folder: &Path, force: bool) -> Result<(), FileError> {
    let failed = |path: &Path, source: io::Error| FileError { path: path.to_owned(), source };
    let mut stands = folder;
    while !stands.exists() {
        stands = match stands.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
    }
    if !stands.is_dir() {
        return Err(failed(stands, io::Error::new(io::ErrorKind::NotADirectory, "is no folder")));
    }
    let probe = stands.join(".eastwest.part");
    // Another process that looks at the same folder at this moment may be the one that takes it away.
    let away = |gone: io::Error| if gone.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(gone) };
    let probed = fs::File::create(&probe).and_then(|_| fs::remove_file(&probe).or_else(away));
    probed.map_err(|source| failed(folder, source))?;
    if force || manifest::stands(folder) {
        return Ok(());
    }
    let names = table::ALL.map(|(name, _)| name);
    let others = ["summary.json", "sweep.csv", "sweep.json", "report.html", manifest::NAME];
    match names.into_iter().chain(others).map(|name| folder.join(name)).find(|path| path.exists()) {
        Some(foreign) => {
            let why =
                "stands there already, and no manifest says that eastwest wrote it; use another folder, or --force";
            Err(failed(&foreign, io::Error::new(io::ErrorKind::AlreadyExists, why)))
        }
        None => Ok(()),
    }
}

/// Writes a study below `folder`: tables, the document that `report` reads, each variant's record, and `others` (charts
/// and the page). Files of an earlier result there that this one does not have are removed; what else lies there stays.
/// Returns the names of the files, in order; the manifest is the last.
pub fn write(
    folder: &Path,
    comparison: &Comparison,
    records: &[(String, Vec<Run>)],
    others: Vec<File<'_>>,
) -> Result<Vec<String>, FileError> {
    let earlier = manifest::listed(folder);
    let mut files: Vec<File<'_>> = Vec::new();
    files.extend(table::ALL.map(|(name, bytes)| File::of(name, 1, move || bytes(comparison))));
    files.push(File::of("summary.json", 10, || document(comparison)));
    let traces: Vec<(&str, &[Trace])> =
        comparison.variants.iter().map(|variant| (variant.name.as_str(), variant.traces.as_slice())).collect();
    if traces.iter().any(|(_, traces)| !traces.is_empty()) {
        let by_variant: indexmap::IndexMap<&str, &[Trace]> = traces.into_iter().collect();
        files.push(File::of("exemplars.json", 1, move || document(&by_variant)));
    }
    files.extend(records_of(records));
    files.extend(others);
    all(folder, &files)?;
    finished(folder, Manifest::of(comparison), &earlier, files)
}

/// Writes what is kept of a study that has no answer: records, and a manifest that says how far it got. Files of an
/// earlier result there are removed, as by [`write()`].
pub fn write_unfinished(folder: &Path, kept: &Study) -> Result<Vec<String>, FileError> {
    let earlier = manifest::listed(folder);
    let files: Vec<File<'_>> = records_of(&kept.records).collect();
    all(folder, &files)?;
    finished(folder, Manifest::of(&kept.comparison), &earlier, files)
}

/// A file for each variant's record.
fn records_of(records: &[(String, Vec<Run>)]) -> impl Iterator<Item = File<'_>> {
    records.iter().map(|(variant, runs)| {
        let write = move |into: &mut dyn Write| runs.iter().try_for_each(|run| line(into, run));
        File { name: format!("records/{variant}.jsonl"), cost: 100, write: Box::new(write) }
    })
}

/// Removes what only the `earlier` result had and writes the manifest; the names of all files, in order.
fn finished(
    folder: &Path,
    of: Manifest<'_>,
    earlier: &[String],
    files: Vec<File<'_>>,
) -> Result<Vec<String>, FileError> {
    let manifest = Manifest { files: files.into_iter().map(|file| file.name).collect(), ..of };
    manifest::forget(folder, earlier, &manifest.files)?;
    put(folder, manifest::NAME, &document(&manifest))?;
    let mut written = manifest.files;
    written.push(manifest::NAME.to_owned());
    Ok(written)
}

/// Writes files, on all threads of the current pool: making a picture takes a while, and so does a disk.
pub fn all(folder: &Path, files: &[File<'_>]) -> Result<(), FileError> {
    let tasks: Vec<Task<'_, Result<(), FileError>>> = files
        .iter()
        .map(|file| Task { name: file.name.clone(), cost: file.cost, work: Box::new(move |_| Some(file.put(folder))) })
        .collect();
    work_off("files", &tasks, &Unwatched).into_iter().flatten().collect()
}

/// A variant's record: one replication to a line, exact. Records of shards are joined by joining their lines.
pub fn record(runs: &[Run]) -> Vec<u8> {
    let mut bytes = Vec::new();
    runs.iter().try_for_each(|run| line(&mut bytes, run)).expect("a run is plain data, and memory takes it");
    bytes
}

fn line(into: &mut dyn Write, run: &Run) -> io::Result<()> {
    serde_json::to_writer(&mut *into, run)?;
    into.write_all(b"\n")
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
    put_by(folder, name, &|into| into.write_all(bytes))
}

impl File<'_> {
    fn put(&self, folder: &Path) -> Result<(), FileError> {
        put_by(folder, &self.name, &*self.write)
    }
}

fn put_by(folder: &Path, name: &str, bytes: &(dyn Fn(&mut dyn Write) -> io::Result<()> + '_)) -> Result<(), FileError> {
    let path = folder.join(name);
    let failed = |source: io::Error| FileError { path: path.clone(), source };
    let parent = path.parent().expect("a file stands in a folder");
    fs::create_dir_all(parent).map_err(failed)?;
    let last = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let beside = parent.join(format!(".{last}.part"));
    let write = || -> io::Result<()> {
        let mut file = io::BufWriter::with_capacity(1 << 16, fs::File::create(&beside)?);
        bytes(&mut file)?;
        file.into_inner()?.sync_all()?;
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
    use crate::record::{Estimate, Failure, RequestRow, RequestWindow, SparseHistogram, VariantResult};

    fn study() -> (Comparison, Vec<(String, Vec<Run>)>) {
        let mut variant = VariantResult { name: "cen".into(), ..VariantResult::default() };
        variant.total.availability = Estimate::exact(0.1 + 0.2);
        variant.digests = vec!["00ff".into()];
        let comparison =
            Comparison { schema: 1, scenario: "shop".into(), variants: vec![variant], ..Default::default() };
        let latency =
            SparseHistogram { grouping: 10, buckets: vec![(7, 2)], count: 2, sum_ns: u128::MAX, min_ns: 7, max_ns: 7 };
        let window = RequestWindow { sent: 2, failed: [0; Failure::ALL.len()], latency };
        let row = RequestRow { windows: vec![window], ..RequestRow::default() };
        let run = |replication| Run { replication, rows: vec![row.clone()], digest: u64::MAX, ..Run::default() };
        (comparison, vec![("cen".into(), vec![run(0), run(1)])])
    }

    #[test]
    fn what_is_written_is_read_back_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let (comparison, records) = study();
        let names = write(folder.path(), &comparison, &records, Vec::new()).expect("it can be written");
        assert_eq!(names.last().map(String::as_str), Some("manifest.json"));
        assert_eq!(read_comparison(folder.path()).expect("a study"), comparison);
        let runs = read_record(&folder.path().join("records/cen.jsonl")).expect("a record");
        assert_eq!(runs, records[0].1);
        for name in names {
            assert!(folder.path().join(&name).is_file(), "{name}");
        }
        let names = write(folder.path(), &comparison, &[], Vec::new()).expect("it can be written again");
        assert!(!names.iter().any(|name| name.starts_with("records/")));
        assert!(!folder.path().join("records/cen.jsonl").exists(), "a record of another study does not stay");
        let left_over = fs::read_dir(folder.path())
            .expect("a folder")
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part")));
        assert_eq!(left_over.count(), 0);
    }

    #[test]
    fn of_what_lies_in_the_folder_only_an_earlier_result_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let chart = |name: &str| File::of(format!("charts/{name}.svg"), 1, || b"<svg/>".to_vec());
        let (comparison, records) = study();
        write(folder.path(), &comparison, &records, vec![chart("cost"), chart("timeline")]).expect("written");
        for others in ["notes.csv", "charts/mine.svg", "records/other.jsonl"] {
            fs::write(folder.path().join(others), "mine").expect("written");
        }
        write(folder.path(), &comparison, &[], vec![chart("cost")]).expect("written again");
        let exists = |name: &str| folder.path().join(name).exists();
        assert!(!exists("charts/timeline.svg") && !exists("records/cen.jsonl"));
        for stays in ["charts/cost.svg", "notes.csv", "charts/mine.svg", "records/other.jsonl"] {
            assert!(exists(stays), "{stays}");
        }
    }

    #[test]
    fn a_folder_is_asked_before_anything_is_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let new = folder.path().join("a/b");
        assert!(ready(&new, false).is_ok());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "asking leaves nothing behind");
        fs::write(folder.path().join("bill.csv"), "mine").expect("written");
        let refused = ready(folder.path(), false).expect_err("somebody's file");
        assert!(refused.to_string().contains("bill.csv") && refused.to_string().contains("--force"), "{refused}");
        assert!(ready(folder.path(), true).is_ok());
        assert!(ready(&folder.path().join("bill.csv"), false).is_err(), "a file is no folder");
        let (comparison, records) = study();
        write(folder.path(), &comparison, &records, Vec::new()).expect("written");
        assert!(ready(folder.path(), false).is_ok(), "a result may be written again");
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
