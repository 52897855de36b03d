//! Progress on stderr: a bar on a terminal that leaves no trace, else a plain line every ten seconds.
//!
//! The only place that looks at a clock; nothing of it reaches a result.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::interrupt;
use crate::study::progress;

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Counts what is done; shared by all threads of a study.
pub struct Progress {
    shown: Shown,
    title: String,
    stage: Mutex<String>,
    total: AtomicU64,
    done: AtomicU64,
}

enum Shown {
    Nothing,
    Bar(ProgressBar),
    Lines { began: Instant, last: Mutex<Instant> },
}

impl Progress {
    /// Progress of `title`; `quiet` shows nothing.
    #[expect(clippy::disallowed_methods, reason = "wall-clock time is shown to the waiting user and goes nowhere else")]
    pub fn new(title: &str, quiet: bool) -> Self {
        let shown = if quiet {
            Shown::Nothing
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{prefix}  {wide_bar} {pos}/{len} runs  {elapsed}  {msg}")
                .expect("the template has only known keys");
            bar.set_style(style);
            Shown::Bar(bar)
        } else {
            Shown::Lines { began: Instant::now(), last: Mutex::new(Instant::now()) }
        };
        Progress {
            shown,
            title: title.to_owned(),
            stage: Mutex::default(),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }

    /// A plain line of how far all is, unless there was one a moment ago.
    #[expect(clippy::disallowed_methods, reason = "wall-clock time is shown to the waiting user and goes nowhere else")]
    fn line(&self, what: &str) {
        let Shown::Lines { began, last } = &self.shown else { return };
        // Where another thread writes one just now, that will do as well.
        let Ok(mut last) = last.try_lock() else { return };
        let now = Instant::now();
        if now.duration_since(*last) < LINE_EVERY {
            return;
        }
        *last = now;
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        let seconds = now.duration_since(*began).as_secs();
        let stage = self.stage.lock().expect("no thread panics while it holds the stage");
        let title = &self.title;
        eprintln!("{title}, stage {stage}: {done} of {total} runs, {seconds} s in all ({what})");
    }
}

impl progress::Progress for Progress {
    fn begin(&self, stage: &str, total: u64) {
        stage.clone_into(&mut self.stage.lock().expect("no thread panics while it holds the stage"));
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        if let Shown::Bar(bar) = &self.shown {
            bar.set_prefix(format!("{}, stage {stage}", self.title));
            bar.set_length(total);
            bar.set_position(0);
        }
    }

    fn advance(&self, n: u64, what: &str) {
        let done = self.done.fetch_add(n, Ordering::Relaxed) + n;
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => {
                bar.set_message(what.to_owned());
                bar.set_position(done);
            }
            Shown::Lines { .. } => self.line(what),
        }
    }

    fn stopped(&self) -> bool {
        interrupt::stopping()
    }

    fn goes_on(&self, what: &str, share: f64) -> bool {
        let percent = share * 100.0;
        match &self.shown {
            Shown::Nothing => {}
            Shown::Bar(bar) => bar.set_message(format!("{what}: {percent:.0} %")),
            Shown::Lines { .. } => self.line(&format!("{what}: {percent:.0} % of it")),
        }
        !interrupt::giving_up()
    }
}
