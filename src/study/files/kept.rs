//! What a study that was interrupted leaves of what it has finished, one to a line, so that it can go on.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::FileError;

/// A file of lines in a result's folder.
pub(super) struct Kept {
    pub(super) name: &'static str,
    /// A larger one is not ours.
    pub(super) max_bytes: u64,
}

impl Kept {
    fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.name)
    }

    /// Opens it to add lines to what an interrupted study has left in `folder`.
    pub(super) fn open(&self, folder: &Path) -> Result<fs::File, FileError> {
        let path = self.path(folder);
        let open = || -> io::Result<fs::File> {
            fs::create_dir_all(folder)?;
            fs::OpenOptions::new().create(true).append(true).open(&path)
        };
        open().map_err(|source| self.failed(folder, source))
    }

    pub(super) fn failed(&self, folder: &Path, source: io::Error) -> FileError {
        FileError { path: self.path(folder), source }
    }

    /// All that stands in it. A line that was cut off is none.
    pub(super) fn read<T: DeserializeOwned>(&self, folder: &Path) -> Vec<T> {
        let path = self.path(folder);
        let sound = fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() <= self.max_bytes);
        let text = if sound { fs::read_to_string(&path).unwrap_or_default() } else { String::new() };
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Takes it away.
    pub(super) fn forget(&self, folder: &Path) -> Result<(), FileError> {
        match fs::remove_file(self.path(folder)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.failed(folder, source)),
            _ => Ok(()),
        }
    }
}

/// Adds a line.
pub(super) fn add(file: &mut fs::File, of: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(of).expect("what is kept is plain data, and memory takes it");
    line.push(b'\n');
    file.write_all(&line)
}
