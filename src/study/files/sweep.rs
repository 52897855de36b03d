//! The files of a sweep: one long table, the document, the charts and the page that it is given; and, while it runs, each
//! finished point, so that an interrupted one can go on.

use std::path::Path;

use super::kept::{self, Kept};
use super::manifest::{self, Manifest};
use super::table::Sheet;
use super::{File, FileError, SCHEMA, all, document, finished};
use crate::record::{Sweep, SweepPoint};
use crate::study::sweep::Known;

/// Finished points of a sweep that is not finished, one to a line.
const POINTS: Kept = Kept { name: "points.jsonl", max_bytes: 1 << 30 };

/// Adds a finished point to those that an interrupted sweep leaves.
pub fn keep_point(folder: &Path, point: &SweepPoint) -> Result<(), FileError> {
    let mut file = POINTS.open(folder)?;
    kept::add(&mut file, point).and_then(|()| file.sync_data()).map_err(|source| POINTS.failed(folder, source))
}

/// The points that an interrupted sweep has left in `folder`, by key. A line that was cut off is none.
pub fn kept_points(folder: &Path) -> Known {
    POINTS.read::<SweepPoint>(folder).into_iter().map(|point| (point.key.clone(), point)).collect()
}

/// Takes away what an interrupted sweep has left in `folder`.
pub fn forget_points(folder: &Path) -> Result<(), FileError> {
    POINTS.forget(folder)
}

/// Writes a sweep below `folder`: `sweep.csv`, `sweep.json`, and `others` (charts and the page). Returns the names of the
/// files, in order; the manifest is the last.
pub fn write_sweep(folder: &Path, sweep: &Sweep, others: Vec<File<'_>>) -> Result<Vec<String>, FileError> {
    let earlier = manifest::listed(folder);
    let mut files = vec![File::of("sweep.csv", 1, || table(sweep)), File::of("sweep.json", 10, || document(sweep))];
    files.extend(others);
    all(folder, &files)?;
    let of = Manifest {
        schema: SCHEMA,
        scenario: &sweep.scenario,
        hash: &sweep.hash,
        engine: &sweep.engine,
        command: &sweep.command,
        seed: sweep.seed,
        replications: sweep.replications,
        partial: sweep.partial.as_deref(),
        horizon_s: sweep.horizon_s,
        ..Manifest::default()
    };
    finished(folder, of, &earlier, files)
}

/// One line for each figure of each variant at each point.
fn table(sweep: &Sweep) -> Vec<u8> {
    let axes = sweep.axes.iter().map(|axis| axis.name.as_str());
    let head: Vec<&str> = axes.chain(["variant", "figure", "unit", "value", "low", "high", "note"]).collect();
    let mut sheet = Sheet::new(&head);
    for point in &sweep.points {
        for variant in &point.variants {
            for figure in &variant.figures {
                let keys = point.values.iter().cloned();
                let names = [variant.name.clone(), figure.name.clone(), figure.unit.clone()];
                let note = figure.estimate.why.clone().unwrap_or_default();
                let numbers = super::table::three(&figure.estimate);
                sheet.row(keys.chain(names).chain(numbers).chain([note]));
            }
        }
    }
    sheet.bytes()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::{Estimate, SweepAxis, SweepFigure, SweepVariant};

    fn point(key: &str, value: f64) -> SweepPoint {
        let figure = SweepFigure { name: "p99".into(), unit: "ms".into(), estimate: Estimate::exact(value) };
        let variant = SweepVariant { name: "cen".into(), figures: vec![figure] };
        SweepPoint {
            key: key.into(),
            at: vec![0],
            values: vec!["a,b".into()],
            variants: vec![variant],
            ..SweepPoint::default()
        }
    }

    #[test]
    fn points_are_kept_until_the_sweep_is_whole_and_half_a_line_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(kept_points(folder.path()).is_empty());
        for (key, value) in [("one", 1.0), ("two", 2.0)] {
            keep_point(folder.path(), &point(key, value)).expect("it can be written");
        }
        let path = folder.path().join(POINTS.name);
        let text = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, &text[..text.len() - 9]).expect("cut off");
        assert_eq!(kept_points(folder.path()).into_keys().collect::<Vec<_>>(), ["one"]);
        forget_points(folder.path()).expect("it goes");
        forget_points(folder.path()).expect("and is gone");
        assert!(!path.exists());
    }

    #[test]
    fn what_is_kept_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        // Read by the fast way alone, the first of them is one in the last place off.
        let odd = |i: u32| 491.071_956_348_659_57 * (1.0 + f64::from(i) / 7.0);
        let points: Vec<SweepPoint> = (0..200).map(|i| point(&format!("{i}"), odd(i))).collect();
        points.iter().for_each(|point| keep_point(folder.path(), point).expect("it can be written"));
        let kept = kept_points(folder.path());
        assert!(points.iter().all(|point| kept[&point.key] == *point));
    }

    #[test]
    fn the_table_is_long_and_a_value_with_a_comma_is_one_cell() {
        let axis = SweepAxis { name: "load".into(), ..SweepAxis::default() };
        let sweep = Sweep { axes: vec![axis], points: vec![point("one", 1.5)], ..Sweep::default() };
        let text = String::from_utf8(table(&sweep)).expect("text");
        assert_eq!(text, "load,variant,figure,unit,value,low,high,note\n\"a,b\",cen,p99,ms,1.5,,,\n");
    }
}
