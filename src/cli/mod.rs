//! The command line: one file per command, each a struct with `run()`.
//!
//! A command returns its text and its exit code; only [`main`] prints and only it ends the process. stdout carries
//! the result and nothing else, so that `eastwest compare x.yaml --format json | jq` always works; progress,
//! warnings and errors go to stderr.

mod availability;
mod bill;
mod break_even;
mod catalog;
mod check;
mod compare;
mod completions;
mod estimate;
mod explain;
mod init;
mod interrupt;
mod junit;
mod later;
mod options;
mod outcome;
mod progress;
mod reading;
mod report;
mod run;
mod schema;
mod studying;
mod sweep;
mod validate;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand};

pub use options::{Changes, Color, Effort, Format, Manner};
pub use outcome::{Answer, Exit, Stop};
pub use progress::Progress;

/// The command line.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "eastwest",
    version,
    about = "Which way to join your clusters, and what it does to latency, cost and availability",
    after_help = "Exit codes: 0 done, gates met; 1 a gate missed; 2 scenario or command line wrong; 3 not enough \
                  evidence; 70 a bug in eastwest; 74 input or output failed; 130 interrupted.",
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to print it.
    #[command(flatten)]
    pub manner: Manner,
}

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Compare all variants of a scenario: latency, cost, availability
    Compare(compare::Compare),
    /// Run one variant; follow its slowest request
    Run(run::Run),
    /// Work out bytes, bill, floors and break-evens without simulating
    Estimate(estimate::Estimate),
    /// Price measured usage, or check a provider's own bill, by the price book
    Bill(bill::Bill),
    /// Find the volume at which two variants cost the same, and confirm it by runs
    BreakEven(break_even::BreakEven),
    /// Compare all variants over the values of an axis: where does the answer change?
    Sweep(sweep::Sweep),
    /// Work out availability in the long run: minutes lost a year, and to which failure
    Availability(availability::Availability),
    /// Check the objectives of scenarios, for CI
    Check(check::Check),
    /// Say all that is wrong with scenarios, without running them
    Validate(validate::Validate),
    /// Tell what a scenario means: one call hop by hop, with ms and USD
    Explain(explain::Explain),
    /// Print the JSON Schema of scenario files, for editors
    Schema(schema::Schema),
    /// Draw charts and page again from a result
    Report(report::Report),
    /// Show the built-in books: regions, round trips, prices, limits, incidents
    Catalog(catalog::Catalog),
    /// Write a small scenario that runs at once
    Init(init::Init),
    /// Print a completion script
    Completions(completions::Completions),
    /// Not in this version
    #[command(hide = true)]
    Merge(later::Later),
    /// Not in this version
    #[command(hide = true)]
    Search(later::Later),
    /// Not in this version
    #[command(hide = true)]
    Import(later::Later),
    /// Not in this version
    #[command(hide = true)]
    Man(later::Later),
}

impl Cli {
    /// Runs the command.
    pub fn run(&self) -> Result<Answer, Stop> {
        match &self.command {
            Command::Compare(compare) => compare.run(&self.manner),
            Command::Run(run) => run.run(&self.manner),
            Command::Estimate(estimate) => estimate.run(&self.manner),
            Command::Bill(bill) => bill.run(&self.manner),
            Command::BreakEven(pair) => pair.run(&self.manner),
            Command::Sweep(sweep) => sweep.run(&self.manner),
            Command::Availability(long_run) => long_run.run(&self.manner),
            Command::Check(check) => check.run(&self.manner),
            Command::Validate(validate) => validate.run(&self.manner),
            Command::Explain(explain) => explain.run(&self.manner),
            Command::Schema(schema) => schema.run(&self.manner),
            Command::Report(report) => report.run(&self.manner),
            Command::Catalog(catalog) => catalog.run(&self.manner),
            Command::Init(init) => init.run(&self.manner),
            Command::Completions(completions) => completions.run(),
            Command::Merge(later) => later.run("merge"),
            Command::Search(later) => later.run("search"),
            Command::Import(later) => later.run("import"),
            Command::Man(later) => later.run("man"),
        }
    }
}

/// The whole program: reads the arguments, runs the command, prints, and says how to end.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, all else is a wrong command line; clap knows which, and where to print.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Wrong.code()));
        }
    };
    // Without the handler the process would die of the signal; with it, it ends with a code and a clean line.
    let _ = ctrlc::set_handler(interrupt::interrupted);
    // All workers of a study may meet the same bug at once; one report is enough.
    let told = AtomicBool::new(false);
    panic::set_hook(Box::new(move |bug| {
        if !told.swap(true, Ordering::Relaxed) {
            eprintln!("{}", bug_report(bug));
        }
    }));
    let exit = match panic::catch_unwind(panic::AssertUnwindSafe(|| cli.run())) {
        Ok(Ok(answer)) => print(&answer),
        Ok(Err(stop)) => {
            eprintln!("{}", stop.message.trim_end());
            match stop.document {
                Some(text) => print(&Answer { text, exit: stop.exit }),
                None => stop.exit,
            }
        }
        Err(_) => Exit::Bug,
    };
    ExitCode::from(exit.code())
}

/// Writes the answer. A reader that has gone away (`| head`) is no error: it has what it wanted.
fn print(answer: &Answer) -> Exit {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(answer.text.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Ok(()) => answer.exit,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => answer.exit,
        Err(error) => {
            eprintln!("error: cannot write to stdout: {error}");
            Exit::Io
        }
    }
}

/// What a person needs to report a bug in us.
fn bug_report(bug: &panic::PanicHookInfo<'_>) -> String {
    let what = bug.payload_as_str().unwrap_or("no message");
    let place = bug.location().map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    format!(
        "error: this is a bug in eastwest {}: {what}{place}\n  \
         please report it with this message, the command line and the scenario file",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_command_of_a_later_version_is_refused_by_name() {
        for word in ["merge", "search", "import", "man"] {
            let cli = Cli::try_parse_from(["eastwest", word, "--shard", "1/2", "x.yaml"]).expect("the word is known");
            let stop = cli.run().expect_err("it is refused");
            assert_eq!(stop.exit, Exit::Wrong);
            assert!(stop.message.contains("not in this version"), "{}", stop.message);
        }
    }
}
