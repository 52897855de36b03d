//! The files of `eastwest availability`: tables, the document, and what is drawn.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::kept::{self, Kept};
use super::manifest::{self, Manifest};
use super::{File, FileError, SCHEMA, all, document, finished};
use crate::record::{Estimate, LongRun, LongRunVariant};
use crate::study::availability::{FinishedRun, KnownRuns};

/// Writes a long run below `folder`, with `others` (charts). Files of an earlier result there that this one does not have
/// are removed; what else lies there stays. Returns the names of the files; the manifest is the last.
pub fn write_long_run(folder: &Path, told: &LongRun, others: Vec<File<'_>>) -> Result<Vec<String>, FileError> {
    let earlier = manifest::listed(folder);
    let mut files: Vec<File<'_>> = vec![
        File::of("availability.csv", 1, || variants(told)),
        File::of("components.csv", 1, || components(told)),
        File::of("classes.csv", 1, || classes(told)),
        File::of("streams.csv", 1, || streams(told)),
        File::of("break_even_rates.csv", 1, || turns(told)),
        File::of("availability.json", 1, || document(told)),
    ];
    files.extend(others);
    all(folder, &files)?;
    let of = Manifest {
        schema: SCHEMA,
        scenario: &told.scenario,
        hash: &told.hash,
        text: &told.text,
        engine: &told.engine,
        seed: told.seed,
        command: &told.command,
        books: &told.books,
        warm_up: "each failure falls into a mesh that runs",
        ..Manifest::default()
    };
    finished(folder, of, &earlier, files)
}

/// Finished runs of a study that is not finished, one to a line.
const RUNS: Kept = Kept { name: "runs.jsonl", max_bytes: 4 << 30 };

/// Takes the finished runs of a study, so that an interrupted one can go on.
pub struct RunLog {
    folder: PathBuf,
    file: Mutex<io::Result<fs::File>>,
}

impl RunLog {
    /// Adds to what an interrupted study has left in `folder`.
    ///
    /// # Errors
    ///
    /// [`FileError`] where it cannot be written.
    pub fn open(folder: &Path) -> Result<RunLog, FileError> {
        let mut file = RUNS.open(folder)?;
        // What was cut off in the middle of a line ends there.
        file.write_all(b"\n").map_err(|source| RUNS.failed(folder, source))?;
        Ok(RunLog { folder: folder.to_owned(), file: Mutex::new(Ok(file)) })
    }

    /// Adds a run. The first failure is kept for [`RunLog::close`].
    pub fn add(&self, run: &FinishedRun) {
        let mut file = self.file.lock().expect("nobody panics while writing");
        if let Ok(open) = file.as_mut()
            && let Err(source) = kept::add(open, run)
        {
            *file = Err(source);
        }
    }

    /// Were all of them written?
    ///
    /// # Errors
    ///
    /// [`FileError`], the first one.
    pub fn close(self) -> Result<(), FileError> {
        let file = self.file.into_inner().expect("nobody panics while writing");
        file.and_then(|file| file.sync_data()).map_err(|source| RUNS.failed(&self.folder, source))
    }
}

/// The runs that an interrupted study has left in `folder`, by key. A line that was cut off is none.
pub fn kept_runs(folder: &Path) -> KnownRuns {
    RUNS.read::<FinishedRun>(folder).into_iter().map(|run| (run.key, run.seen)).collect()
}

/// Takes away what an interrupted study has left in `folder`.
///
/// # Errors
///
/// [`FileError`] where it cannot be removed.
pub fn forget_runs(folder: &Path) -> Result<(), FileError> {
    RUNS.forget(folder)
}

fn table(head: &str, rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(head.split(','));
    written.and_then(|()| rows.into_iter().try_for_each(|row| writer.write_record(row))).expect("memory takes a table");
    writer.into_inner().expect("memory takes a table")
}

fn ends(of: &Estimate) -> [String; 5] {
    let text = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let inputs = of.inputs;
    [text(of.value), text(of.low), text(of.high), text(inputs.map(|ends| ends.0)), text(inputs.map(|ends| ends.1))]
}

fn variants(told: &LongRun) -> Vec<u8> {
    let row = |variant: &LongRunVariant| {
        let mut row = vec![variant.name.clone()];
        row.extend(ends(&variant.unavailability));
        row.extend(ends(&variant.minutes_year));
        let months = variant.months.as_ref();
        row.push(months.map_or(String::new(), |months| months.slo.to_string()));
        row.push(months.and_then(|months| months.kept.value).map_or(String::new(), |kept| kept.to_string()));
        let rest = [variant.cut_off, variant.unresolved, variant.noise, variant.lost_whole, variant.lost_whole_high];
        row.extend(rest.map(|x| x.to_string()));
        row.extend(ends(&variant.writes_year.clone().unwrap_or_default()));
        row
    };
    table(
        "variant,unavailability,low,high,inputs_low,inputs_high,minutes_year,minutes_year_low,minutes_year_high,\
         minutes_year_inputs_low,minutes_year_inputs_high,slo,months_kept,weight_cut_off,weight_unresolved,noise_half_width,\
         lost_while_whole,lost_while_whole_high,writes_lost_year,writes_lost_year_low,writes_lost_year_high,\
         writes_lost_year_inputs_low,writes_lost_year_inputs_high",
        told.variants.iter().map(row),
    )
}

fn components(told: &LongRun) -> Vec<u8> {
    let rows = told.variants.iter().flat_map(|variant| {
        variant.components.iter().map(|of| {
            let mut row = vec![variant.name.clone(), of.component.clone(), of.units.to_string(), of.whose.clone()];
            row.extend(
                [
                    of.events_year,
                    of.down_min,
                    of.minutes_event,
                    of.minutes_event_moving,
                    of.requests_event,
                    of.share_lost,
                    of.share_worst,
                    f64::from(of.streams_hit),
                    of.settles_s,
                    of.minutes_year,
                    of.minutes_year_moving,
                    of.part,
                    of.birnbaum,
                    of.users_hit,
                    of.services_share,
                    of.writes_event,
                ]
                .map(|figure| figure.to_string()),
            );
            row.extend([of.services_hit.join(" "), of.source.clone()]);
            row
        })
    });
    table(
        "variant,component,units,whose,events_year,down_min,minutes_event,minutes_event_moving,requests_event,share_lost,\
         share_worst_window,streams_hit,settles_s,minutes_year,minutes_year_moving,part_of_unavailability,birnbaum,\
         users_hit,services_hit_share,writes_lost_event,services_hit,source",
        rows,
    )
}

fn classes(told: &LongRun) -> Vec<u8> {
    let rows = told.variants.iter().flat_map(|variant| {
        variant.by_class.iter().map(|class| {
            vec![
                variant.name.clone(),
                class.class.clone(),
                class.states.to_string(),
                class.weight.to_string(),
                class.share_lost.to_string(),
                class.certain.to_string(),
                class.replications.to_string(),
            ]
        })
    });
    table("variant,class,states,weight,share_lost,lost_for_certain,replications", rows)
}

fn streams(told: &LongRun) -> Vec<u8> {
    let rows = told.variants.iter().flat_map(|variant| {
        variant.streams.iter().map(|stream| {
            let figures = [stream.availability, stream.minutes_year].map(|figure| figure.to_string());
            [vec![variant.name.clone(), stream.stream.clone()], figures.to_vec()].concat()
        })
    });
    table("variant,stream,availability,minutes_year", rows)
}

fn turns(told: &LongRun) -> Vec<u8> {
    let rows = told.pairs.iter().flat_map(|pair| {
        pair.turns.iter().map(|turn| {
            let figures = [turn.events_year, turn.turns_at].map(|figure| figure.to_string());
            [vec![pair.best.clone(), pair.other.clone(), turn.row.clone()], figures.to_vec()].concat()
        })
    });
    table("best,other,row,events_year_of_a_unit,turns_at", rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_kept_until_the_study_is_whole_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = |key: &str| FinishedRun { key: key.into(), seen: Default::default() };
        let log = RunLog::open(folder.path()).expect("it opens");
        for key in ["one", "two"] {
            log.add(&run(key));
        }
        log.close().expect("all is written");
        let path = folder.path().join(RUNS.name);
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, &text[..text.len() - 9]).expect("cut off");
        assert_eq!(kept_runs(folder.path()).into_keys().collect::<Vec<_>>(), ["one"]);
        let log = RunLog::open(folder.path()).expect("it opens again");
        log.add(&run("three"));
        log.close().expect("all is written");
        assert_eq!(kept_runs(folder.path()).into_keys().collect::<Vec<_>>(), ["one", "three"]);
        forget_runs(folder.path()).expect("it goes");
        forget_runs(folder.path()).expect("and is gone");
        assert!(kept_runs(folder.path()).is_empty());
    }
}
