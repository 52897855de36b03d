//! Ctrl-C, and what else asks a process to end (SIGTERM, SIGHUP). The first one lets a study answer with what it has: runs
//! under way have a few seconds more, a second one takes even those, a third one ends the process. Where no study is
//! under way the first one does.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use super::outcome::Exit;

/// So long may a run under way still end after the first signal.
const GRACE: Duration = Duration::from_secs(5);

/// Is there a study that could answer with what it has?
static UNDER_WAY: AtomicBool = AtomicBool::new(false);
/// How often it was asked to.
static ASKED: AtomicU8 = AtomicU8::new(0);
/// Has the grace of the runs under way passed?
static PASSED: AtomicBool = AtomicBool::new(false);

/// From here on a first Ctrl-C only asks. It stays so to the end: after its runs a study takes a moment to be written.
pub(super) fn study_begins() {
    UNDER_WAY.store(true, Ordering::Relaxed);
}

/// Shall no more runs begin?
pub(super) fn stopping() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}

/// Shall even runs under way be given up?
pub(super) fn giving_up() -> bool {
    PASSED.load(Ordering::Relaxed)
}

/// The handler. Files are written whole and renamed into place, so there is nothing to clean but the screen.
pub(super) fn interrupted() {
    let clear = if std::io::stderr().is_terminal() { "\r\u{1b}[K" } else { "" };
    let asked = ASKED.fetch_add(1, Ordering::Relaxed);
    match asked {
        0 if UNDER_WAY.load(Ordering::Relaxed) => {
            let seconds = GRACE.as_secs();
            eprintln!(
                "{clear}stopping: what is finished is kept, runs under way have {seconds} s more; Ctrl-C again gives them \
                 up at once"
            );
            std::thread::spawn(|| {
                std::thread::sleep(GRACE);
                PASSED.store(true, Ordering::Relaxed);
            });
        }
        1 if UNDER_WAY.load(Ordering::Relaxed) => {
            PASSED.store(true, Ordering::Relaxed);
            eprintln!("{clear}giving up the runs under way; Ctrl-C again ends at once and writes nothing");
        }
        _ => {
            eprintln!("{clear}interrupted");
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    }
}
