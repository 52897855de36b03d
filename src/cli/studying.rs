//! What `compare`, `run` and `check` share: options, progress, files, the exit code of gates.

use std::path::{Path, PathBuf};

use super::options::{Changes, Effort, Manner};
use super::outcome::{Exit, Stop};
use super::progress::Progress;
use super::{interrupt, reading};
use crate::record::Comparison;
use crate::report;
use crate::scenario::Loaded;
use crate::study::files::{self, File, FileError};
use crate::study::{self, Options, Study, StudyError, gates};

/// The command that repeats a study. Threads and folders are left out: they change no figure.
pub(super) fn command(word: &str, file: &Path, changes: &Changes, effort: &Effort) -> String {
    let mut command = format!("eastwest {word} {}", quoted(&file.to_string_lossy()));
    for set in &changes.set {
        command.push_str(&format!(" --set {}", quoted(set)));
    }
    for variant in &changes.variant {
        command.push_str(&format!(" --variant {}", quoted(variant)));
    }
    if let Some(seed) = effort.seed {
        command.push_str(&format!(" --seed {seed}"));
    }
    if effort.quick {
        command.push_str(" --quick");
    } else if let Some(replications) = effort.replications {
        command.push_str(&format!(" --replications {replications}"));
    }
    command
}

/// `text` as a shell takes it back.
fn quoted(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:%+,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// What the study is told.
pub(super) fn options(changes: &Changes, effort: &Effort, command: String) -> Options {
    Options {
        seed: effort.seed,
        replications: effort.replications,
        at_most: effort.at_most(),
        threads: effort.threads.map(usize::from),
        variants: changes.variant.clone(),
        command,
        ..Options::default()
    }
}

/// Where a study's files go, also where it is stopped before there is an answer, and how much is run.
pub(super) struct Place<'a> {
    /// The folder of the result.
    pub(super) folder: &'a Path,
    /// From the command line.
    pub(super) effort: &'a Effort,
}

/// All variants that were asked for.
pub(super) fn compare(loaded: &Loaded, options: &Options, place: &Place<'_>, manner: &Manner) -> Result<Study, Stop> {
    files::ready(place.folder, place.effort.force).map_err(Stop::io)?;
    let progress = Progress::new(&loaded.name, manner.quiet);
    interrupt::study_begins();
    let found = study::compare(loaded, options, &progress);
    progress.finish();
    answered(found, loaded, place, manner)
}

/// One variant.
pub(super) fn one(loaded: &Loaded, options: &Options, place: &Place<'_>, manner: &Manner) -> Result<Study, Stop> {
    files::ready(place.folder, place.effort.force).map_err(Stop::io)?;
    let progress = Progress::new(&loaded.name, manner.quiet);
    let variant = options.variants.first().map(String::as_str);
    interrupt::study_begins();
    let found = study::run(loaded, variant, options, &progress);
    progress.finish();
    answered(found, loaded, place, manner)
}

fn answered(
    found: Result<Study, StudyError>,
    loaded: &Loaded,
    place: &Place<'_>,
    manner: &Manner,
) -> Result<Study, Stop> {
    match found {
        Ok(mut study) => {
            let own = loaded.variants.first().map_or(0, |variant| variant.scenario.run.replications.value);
            let ran = study.comparison.replications;
            if place.effort.quick && ran < own {
                let told = format!(
                    "QUICK: {ran} of {own} replications, so the intervals are wide; leave --quick out for the answer"
                );
                study.comparison.warnings.insert(0, told);
            }
            Ok(study)
        }
        Err(StudyError::Scenario(diagnostics)) => Err(reading::refused(&diagnostics, &loaded.sources, manner)),
        Err(error @ StudyError::NoVariant { .. }) => Err(Stop::wrong(error)),
        Err(StudyError::Stopped { total, kept, .. }) if kept.records.is_empty() => {
            Err(Stop::interrupted(format!("Stopped before any of {total} runs was finished: nothing is written.")))
        }
        Err(StudyError::Stopped { kept, .. }) => {
            let Place { folder, effort } = place;
            on_threads(effort.threads, || files::write_unfinished(folder, &kept))?;
            let said = kept.comparison.partial.unwrap_or_default();
            let records = folder.join("records");
            Err(Stop::interrupted(format!("{said} The finished runs stand in {}.", records.display())))
        }
        Err(error @ StudyError::Threads(_)) => Err(Stop::io(error)),
    }
}

/// Writes tables, records, charts and the page; tells what was written, in order.
pub(super) fn keep(folder: &Path, study: &Study, effort: &Effort) -> Result<Vec<PathBuf>, Stop> {
    let Study { comparison, records, .. } = study;
    let written = on_threads(effort.threads, || files::write(folder, comparison, records, drawn(comparison)))?;
    Ok(written.iter().map(|name| folder.join(name)).collect())
}

/// Charts and page, as files that are made when they are written.
pub(super) fn drawn(comparison: &Comparison) -> Vec<File<'_>> {
    report::drawn(comparison).into_iter().map(|drawn| File::of(drawn.name, 50, drawn.bytes)).collect()
}

/// Runs `write` on so many threads.
pub(super) fn on_threads<T: Send>(
    threads: Option<u16>,
    write: impl FnOnce() -> Result<T, FileError> + Send,
) -> Result<T, Stop> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(threads.map_or(0, usize::from)).build();
    threads.map_err(Stop::io)?.install(write).map_err(Stop::io)
}

/// How a command ends that leaves this: by its gates, unless it was stopped.
pub(super) fn exit(of: &Comparison) -> Exit {
    match gates::exit_code(&of.gates) {
        _ if of.partial.is_some() => Exit::Interrupted,
        0 => Exit::Met,
        1 => Exit::Missed,
        _ => Exit::NotEnough,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_repeats_a_study_survives_a_shell() {
        let changes = Changes { set: vec!["objectives.fast.check=p99(web) < 1ms".into()], variant: vec!["cen".into()] };
        let effort = Effort { seed: Some(7), quick: true, threads: Some(3), ..Effort::default() };
        assert_eq!(
            command("compare", Path::new("a b.yaml"), &changes, &effort),
            "eastwest compare 'a b.yaml' --set 'objectives.fast.check=p99(web) < 1ms' --variant cen --seed 7 --quick"
        );
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
