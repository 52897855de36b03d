//! Files that a scenario names: they lie below its own directory, symbolic links resolved, and are not too large.
//!
//! A scenario may come from a stranger's pull request: it must not be able to show the content of any other file.

use super::quantity::Complaint;
use super::span::SourceId;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// A larger file is not read.
pub(super) const FILE_MAX_BYTES: u64 = 16 << 20;

/// Where files are looked for: nowhere, until a scenario was read from a directory.
#[derive(Clone, Default, Debug)]
pub(super) struct Folder {
    /// The directory of the scenario that was asked for, symbolic links resolved.
    root: Option<PathBuf>,
    /// Directories of the texts, as people write them.
    directories: BTreeMap<SourceId, PathBuf>,
}

impl Folder {
    /// The directory of the file at `path`.
    pub(super) fn of(path: &Path) -> Folder {
        let directory = directory_of(path);
        Folder { root: fs::canonicalize(&directory).ok(), directories: BTreeMap::new() }
    }

    /// Notes that `source` was read from `path`.
    pub(super) fn add(&mut self, source: SourceId, path: &Path) {
        self.directories.insert(source, directory_of(path));
    }

    /// The path of a file that `source` names, if it may be read. A value of the command line names files relative to
    /// the scenario that was asked for.
    pub(super) fn path(&self, name: &str, source: SourceId) -> Result<PathBuf, Complaint> {
        let hint = "name a file in the directory of the scenario or below it";
        let outside = || Complaint::new("EW019", format!("`{name}` lies outside of the scenario's directory"), hint);
        let (Some(root), Some(directory)) =
            (&self.root, self.directories.get(&source).or_else(|| self.directories.values().next()))
        else {
            return Err(Complaint::new(
                "EW019",
                format!("`{name}` cannot be read: the scenario is in no directory"),
                hint,
            ));
        };
        let relative = Path::new(name);
        let climbs = relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if name.is_empty() || climbs {
            return Err(outside());
        }
        let path = directory.join(relative);
        // A file that is missing and one that is elsewhere look alike from outside: nothing is told about the machine.
        let real = fs::canonicalize(&path)
            .map_err(|_| Complaint::new("EW019", format!("`{name}` is not there, or cannot be read"), hint))?;
        if real.starts_with(root) { Ok(path) } else { Err(outside()) }
    }

    /// The text of a file that `source` names.
    pub(super) fn read(&self, name: &str, source: SourceId) -> Result<String, Complaint> {
        let path = self.path(name, source)?;
        read_text(&path).map_err(|why| Complaint::new("EW019", format!("`{name}` {why}"), "name a text file in UTF-8"))
    }
}

/// The text of a file, or why there is none.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    // Asked before it is opened: opening a pipe waits for whoever writes into it.
    let data = fs::metadata(path).map_err(|error| format!("cannot be opened: {}", plain(&error)))?;
    if !data.is_file() {
        return Err("is not a regular file (a pipe is read as `-`)".into());
    }
    // Files of the kernel say that they are empty, and some of them never end: what is empty is not read.
    if data.len() == 0 {
        return Ok(String::new());
    }
    let file = fs::File::open(path).map_err(|error| format!("cannot be opened: {}", plain(&error)))?;
    let mut bytes = Vec::new();
    file.take(FILE_MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read: {}", plain(&error)))?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(format!("is larger than {} MiB", FILE_MAX_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|error| format!("is not UTF-8: byte {} is not", error.utf8_error().valid_up_to()))
}

/// An error of the operating system without its number.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        kind => kind.to_string(),
    }
}

fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
