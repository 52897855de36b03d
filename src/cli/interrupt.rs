//! Ctrl-C. The first one lets a study finish the runs under way and answer with what it has; the second one, or the first
//! where no study is under way, ends the process.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};

use super::outcome::Exit;

/// Is there a study that could answer with what it has?
static UNDER_WAY: AtomicBool = AtomicBool::new(false);
/// Was it asked to?
static STOPPING: AtomicBool = AtomicBool::new(false);

/// From here on a first Ctrl-C only asks. It stays so to the end: after its runs a study takes a moment to be written.
pub(super) fn study_begins() {
    UNDER_WAY.store(true, Ordering::Relaxed);
}

/// Shall no more runs begin?
pub(super) fn stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// The handler. Files are written whole and renamed into place, so there is nothing to clean but the screen.
pub(super) fn interrupted() {
    let clear = if std::io::stderr().is_terminal() { "\r\u{1b}[K" } else { "" };
    if UNDER_WAY.load(Ordering::Relaxed) && !STOPPING.swap(true, Ordering::Relaxed) {
        eprintln!(
            "{clear}stopping: the runs under way end first, and what is finished is kept; Ctrl-C again ends at once"
        );
        return;
    }
    eprintln!("{clear}interrupted");
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
