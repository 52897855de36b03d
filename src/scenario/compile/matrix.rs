//! A user's own matrix of delays between regions, as CSV: square (first column and header name regions) or long (a row for
//! each pair), round trips or one way, one figure or low, mid and high.
//!
//! A blank is unknown. Lines that begin with `#` are comments. No line of the file is ever printed: complaints name it,
//! line and column.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Cell, open_quote, rows};
use crate::provider::{Books, Level};
use crate::scenario::Diagnostic;
use crate::scenario::decode::fields::nearest;
use crate::scenario::file::{RttFile, RttUnit};
use crate::topology::{Ground, RegionId};
use crate::units::Duration;

/// A pair of regions: of one-way figures from the first to the second, of round trips in the order of the scenario.
pub(super) type Pair = (RegionId, RegionId);

/// What a matrix says.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    /// By pair.
    pub figures: BTreeMap<Pair, Figure>,
    /// Names that are no region here: other people's rows of a larger matrix.
    pub strange: BTreeSet<String>,
}

/// A delay with what its writer says of its uncertainty, ms.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Figure {
    low: f64,
    mid: f64,
    high: f64,
}

impl Figure {
    /// At an end of its range.
    pub(super) fn at(&self, level: Level) -> Duration {
        let ms = match level {
            Level::Low => self.low,
            Level::Mid => self.mid,
            Level::High => self.high,
        };
        Duration::from_seconds_f64(ms / 1e3)
    }
}

/// Reads the matrix; what is wrong with it is told of the file.
pub(super) fn read(file: &RttFile, ground: &Ground, books: &Books, said: &mut Vec<Diagnostic>) -> Matrix {
    let (wrong, cells, matrix) = (Vec::new(), BTreeMap::new(), Matrix::default());
    let mut reading = Reading { file, ground, books, wrong, cells, matrix, unknown: BTreeSet::new() };
    reading.all();
    let Reading { wrong, matrix, .. } = reading;
    said.extend(wrong);
    matrix
}

struct Reading<'a> {
    file: &'a RttFile,
    ground: &'a Ground,
    books: &'a Books,
    wrong: Vec<Diagnostic>,
    /// Where each direction is said.
    cells: BTreeMap<Pair, Cell>,
    matrix: Matrix,
    /// Names that were complained of.
    unknown: BTreeSet<String>,
}

/// Which columns of a long matrix hold what, and what their figures are multiplied with to be ms.
struct Columns {
    low: Option<(usize, f64)>,
    mid: (usize, f64),
    high: Option<(usize, f64)>,
}

impl Reading<'_> {
    fn all(&mut self) {
        let rows = rows(&self.file.text);
        let Some((header, rows)) = rows.split_first() else {
            self.complain("is empty".to_owned(), None, None);
            return;
        };
        if let Some(end) = open_quote(&self.file.text) {
            self.complain("a quote is not closed".to_owned(), Some(&end), None);
            return;
        }
        if header.len() == 1 {
            let help = "fields are separated by commas, not by semicolons or tabs";
            self.complain("a header of one field".to_owned(), Some(&header[0]), Some(help));
            return;
        }
        if rows.is_empty() {
            self.complain("has a header, and no row under it".to_owned(), Some(&header[0]), None);
            return;
        }
        if self.is_long(header) {
            if let Some(columns) = self.columns(header) {
                rows.iter().for_each(|row| self.long(row, header.len(), &columns));
            }
        } else {
            let unit = factor(&header[0].text).unwrap_or(1.0);
            self.once(&header[1..], "column");
            let firsts: Vec<Cell> = rows.iter().filter_map(|row| row.first()).cloned().collect();
            self.once(&firsts, "row");
            for row in rows {
                if row.len() > header.len() {
                    let what = format!("a row of {} fields under a header of {}", row.len(), header.len());
                    self.complain(what, Some(&row[0]), None);
                    continue;
                }
                for (to, cell) in header.iter().zip(row).skip(1) {
                    let ends = (&row[0], to);
                    let value = self.number(cell, unit);
                    self.say(ends, cell, value.map(|value| value.map(|mid| Figure { low: mid, mid, high: mid })));
                }
            }
        }
    }

    fn region(&self, name: &str) -> Option<RegionId> {
        let found = self.ground.regions.iter().find(|(_, region)| {
            let is = region.is.as_deref();
            region.name == name || is.is_some_and(|is| is == name || is.ends_with(&format!("/{name}")))
        });
        found.map(|(id, _)| id)
    }

    /// Regions of a square: each is known, and has one column, or one row.
    fn once(&mut self, names: &[Cell], what: &str) {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        for cell in names {
            self.named(cell);
            let key =
                self.region(&cell.text).map_or_else(|| cell.text.clone(), |id| self.ground.regions[id].name.clone());
            if let Some(line) = seen.insert(key, cell.line) {
                let text = format!("`{}` has two {what}s, the first in line {line}", cell.text);
                self.complain(text, Some(cell), None);
            }
        }
    }

    /// Complains of what names no region, neither of the scenario nor of the book, once for each name.
    fn named(&mut self, cell: &Cell) {
        let (name, regions) = (cell.text.as_str(), &self.books.regions);
        let booked = || self.books.region(name).is_some() || regions.iter().any(|region| region.id == name);
        if self.region(name).is_some() || booked() || !self.unknown.insert(name.to_owned()) {
            return;
        }
        if name.is_empty() {
            self.complain("a region has no name here".to_owned(), Some(cell), None);
            return;
        }
        let own = self.ground.regions.rows().iter().map(|region| region.name.as_str());
        let near = nearest(name, own.clone()).map(str::to_owned);
        let near = near.or_else(|| self.books.nearest(name).map(|region| region.key()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "regions here: {}; `eastwest catalog regions` lists the book's",
                own.collect::<Vec<_>>().join(", ")
            ),
        };
        self.complain(format!("unknown region `{name}`"), Some(cell), Some(&help));
    }

    /// Long: `from,to` and figures. A square one may be as wide, but its header names regions.
    fn is_long(&self, header: &[Cell]) -> bool {
        let word = |at: usize| header.get(at).map(|cell| cell.text.to_lowercase()).unwrap_or_default();
        let ends = |at: usize, known: &[&str]| known.contains(&word(at).as_str());
        let named = ends(0, &["from", "a", "source", "region-a"]) && ends(1, &["to", "b", "destination", "region-b"]);
        let regions = header[1..].iter().all(|cell| self.region(&cell.text).is_some());
        let unit = header.len() == 3 && factor(&header[2].text).is_some();
        (named || unit) && !regions
    }

    fn columns(&mut self, header: &[Cell]) -> Option<Columns> {
        let (mut low, mut mid, mut high) = (None, None, None);
        for (at, cell) in header.iter().enumerate().skip(2) {
            let plain = cell.text.to_lowercase();
            let unit = factor(&plain);
            let place = Some((at, unit.unwrap_or(1.0)));
            let words = ["mid", "rtt", "one-way", "one_way", "delay", "latency"];
            let column = if plain.starts_with("low") {
                Some(&mut low)
            } else if plain.starts_with("high") {
                Some(&mut high)
            } else if unit.is_some() || words.iter().any(|word| plain.starts_with(word)) {
                Some(&mut mid)
            } else {
                None
            };
            if let Some(column) = column {
                if column.is_some() {
                    let help = "keep one; a range is `low_ms`, `mid_ms` and `high_ms`";
                    self.complain(
                        format!("`{}` is a second column of the same figures", cell.text),
                        Some(cell),
                        Some(help),
                    );
                    return None;
                }
                *column = place;
            } else if mid.is_none() && header.len() == 3 {
                let what = format!("`{}` says neither what this column is nor its unit", cell.text);
                self.complain(what, Some(cell), Some("name it `ms`, `mid_ms`, `low_ms` or `high_ms`"));
                return None;
            }
        }
        match mid {
            Some(mid) => Some(Columns { low, mid, high }),
            None => {
                self.complain("no column of figures".to_owned(), header.first(), Some("name it `ms` or `mid_ms`"));
                None
            }
        }
    }

    fn long(&mut self, row: &[Cell], width: usize, columns: &Columns) {
        if row.len() != width {
            let what = format!("a row of {} fields under a header of {width}", row.len());
            self.complain(what, row.first(), None);
            return;
        }
        let read = |reading: &mut Self, (at, unit): (usize, f64)| reading.number(&row[at], unit);
        let mid = read(self, columns.mid);
        let low = columns.low.map_or(mid, |column| read(self, column));
        let high = columns.high.map_or(mid, |column| read(self, column));
        let cell = &row[columns.mid.0];
        let figure = match (low, mid, high) {
            (Some(low), Some(mid), Some(high)) => match (low, mid, high) {
                (None, None, None) => Some(None),
                (Some(low), Some(mid), Some(high)) => {
                    if low > mid || mid > high {
                        self.complain("low, mid and high are not in order".to_owned(), Some(cell), None);
                        None
                    } else {
                        Some(Some(Figure { low, mid, high }))
                    }
                }
                _ => {
                    let help = "state low, mid and high, or none of them where the pair is unknown";
                    self.complain("a range with a blank".to_owned(), Some(cell), Some(help));
                    None
                }
            },
            _ => None,
        };
        self.say((&row[0], &row[1]), cell, figure);
    }

    /// The figure in ms; inner none: blank, outer none: no figure, and that is said.
    fn number(&mut self, cell: &Cell, unit: f64) -> Option<Option<f64>> {
        if cell.text.is_empty() || cell.text == "-" {
            return Some(None);
        }
        match cell.text.parse::<f64>() {
            Ok(value) if value >= 0.0 && value.is_finite() && value * unit < 1e7 => Some(Some(value * unit)),
            _ => {
                let help = "the unit stands in the header: `ms`, `us` or `s`";
                self.complain("a delay is a number that is not negative".to_owned(), Some(cell), Some(help));
                None
            }
        }
    }

    fn say(&mut self, (from, to): (&Cell, &Cell), cell: &Cell, figure: Option<Option<Figure>>) {
        for name in [from, to] {
            self.named(name);
            if self.region(&name.text).is_none() {
                self.matrix.strange.insert(name.text.clone());
            }
        }
        let (Some(a), Some(b)) = (self.region(&from.text), self.region(&to.text)) else { return };
        let Some(Some(figure)) = figure else { return };
        if a == b {
            return;
        }
        if figure.mid <= 0.0 {
            self.complain("two regions are no time apart".to_owned(), Some(cell), None);
            return;
        }
        if let Some(first) = self.cells.get(&(a, b)) {
            let what = format!("{} to {} is said twice, first in line {}", from.text, to.text, first.line);
            self.complain(what, Some(cell), None);
            return;
        }
        self.cells.insert((a, b), cell.clone());
        let key = if self.file.unit == RttUnit::OneWay { (a, b) } else { (a.min(b), a.max(b)) };
        match self.matrix.figures.get(&key) {
            Some(known) if *known != figure => {
                let other = self.cells.get(&(b, a)).map_or(0, |cell| cell.line);
                let what = format!(
                    "{} to {} is {} ms there and back, and {} ms from the other end (line {other})",
                    from.text, to.text, figure.mid, known.mid
                );
                let help = "a round trip is the same from both ends: say it once, or `unit: one-way` where each figure is of one direction";
                self.complain(what, Some(cell), Some(help));
            }
            Some(_) => {}
            None => {
                self.matrix.figures.insert(key, figure);
            }
        }
    }

    fn complain(&mut self, what: String, at: Option<&Cell>, help: Option<&str>) {
        let file = &self.file.file;
        let place =
            at.map_or_else(|| file.value.clone(), |cell| format!("{}:{}:{}", file.value, cell.line, cell.column));
        let mut wrong = Diagnostic::error("EW332", format!("{place}: {what}")).at(file.span, "this file");
        if let Some(help) = help {
            wrong = wrong.help(help);
        }
        self.wrong.push(wrong);
    }
}

/// What a header's unit is in ms: `ms`, `rtt_us`, `mid (s)`.
fn factor(header: &str) -> Option<f64> {
    let plain = header.to_lowercase();
    let last = plain.trim_end_matches(')').rsplit([' ', '_', '(', '-', '/']).next().unwrap_or_default();
    match last {
        "ms" => Some(1.0),
        "us" => Some(1e-3),
        "s" => Some(1e3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::span::Spanned;
    use crate::topology::Region;

    fn ground() -> Ground {
        let mut ground = Ground::default();
        for (name, is) in
            [("hz", "alibaba/cn-hangzhou"), ("sg", "alibaba/ap-southeast-1"), ("tokyo", "alibaba/ap-northeast-1")]
        {
            ground.regions.push(Region { name: name.into(), is: Some(is.into()), at_zero: Duration::ZERO });
        }
        ground
    }

    fn reads(text: &str, unit: RttUnit) -> (Matrix, Vec<String>) {
        let mut said = Vec::new();
        let file = RttFile { file: Spanned::unsaid("m.csv".into()), text: text.into(), unit };
        let read = read(&file, &ground(), Books::builtin(), &mut said);
        (read, said.iter().map(|diagnostic| diagnostic.message.clone()).collect())
    }

    /// Figures between hangzhou (0), singapore (1) and tokyo (2) in ms: low, mid, high.
    #[track_caller]
    fn check(text: &str, unit: RttUnit, want: &[(u32, u32, [f64; 3])]) {
        let (read, said) = reads(text, unit);
        let shown: Vec<(u32, u32, [f64; 3])> =
            read.figures.iter().map(|((a, b), f)| (a.0, b.0, [f.low, f.mid, f.high])).collect();
        assert_eq!((shown.as_slice(), said.as_slice()), (want, [].as_slice()));
    }

    #[track_caller]
    fn wrong(text: &str, unit: RttUnit, want: &[&str]) {
        assert_eq!(reads(text, unit).1, want);
    }

    #[test]
    fn a_square_matrix_leaves_blanks_unknown() {
        let text = "# measured in may\nms,hz,cn-shanghai,sg\nhz,0,5,60\n\nsg,60,70,\ntokyo,50,-,\n";
        check(text, RttUnit::Rtt, &[(0, 1, [60.0; 3]), (0, 2, [50.0; 3])]);
    }

    #[test]
    fn one_way_figures_are_of_one_direction_each() {
        let text = "from,hz,sg\nhz,,30\nsg,34,\n";
        check(text, RttUnit::OneWay, &[(0, 1, [30.0; 3]), (1, 0, [34.0; 3])]);
        check("from,to,ms\nhz,sg,30\n", RttUnit::OneWay, &[(0, 1, [30.0; 3])]);
    }

    #[test]
    fn rows_name_regions_as_the_scenario_or_the_book_does_in_any_unit() {
        let text = "from,to,us\ncn-hangzhou, sg ,62000\nalibaba/ap-southeast-1,hz,62000\nhz,eu-central-1,7\n";
        check(text, RttUnit::Rtt, &[(0, 1, [62.0; 3])]);
        check("from,to,rtt (s)\n\"hz\",tokyo,0.05\n", RttUnit::Rtt, &[(0, 2, [50.0; 3])]);
        assert_eq!(reads(text, RttUnit::Rtt).0.strange.into_iter().collect::<Vec<_>>(), ["eu-central-1"]);
    }

    #[test]
    fn a_long_matrix_may_say_how_sure_it_is() {
        let text = "from,to,low_ms,mid_ms,high_ms\nhz,sg,58,62,75\nhz,tokyo,,,\n";
        check(text, RttUnit::Rtt, &[(0, 1, [58.0, 62.0, 75.0])]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        let text = "from,to,ms\nhz,sg,fast\n# a remark\nhz,tokyo,-3\nhz,sg\n";
        let number = "a delay is a number that is not negative";
        wrong(
            text,
            RttUnit::Rtt,
            &[
                &format!("m.csv:2:7: {number}"),
                &format!("m.csv:4:10: {number}"),
                "m.csv:5:1: a row of 2 fields under a header of 3",
            ],
        );
        wrong("", RttUnit::Rtt, &["m.csv: is empty"]);
        wrong(
            "from,to,low_ms,mid_ms,high_ms\nhz,sg,60,50,70\n",
            RttUnit::Rtt,
            &["m.csv:2:10: low, mid and high are not in order"],
        );
        wrong(
            "from,to,what\nhz,sg,60\n",
            RttUnit::Rtt,
            &["m.csv:1:9: `what` says neither what this column is nor its unit"],
        );
    }

    #[test]
    fn a_direction_is_said_once_and_a_round_trip_is_the_same_from_both_ends() {
        wrong(
            "from,to,ms\nhz,sg,30\ncn-hangzhou,sg,30\n",
            RttUnit::OneWay,
            &["m.csv:3:16: cn-hangzhou to sg is said twice, first in line 2"],
        );
        wrong(
            "from,hz,sg\nhz,,60\nsg,62,\n",
            RttUnit::Rtt,
            &["m.csv:3:4: sg to hz is 62 ms there and back, and 60 ms from the other end (line 2)"],
        );
    }

    #[test]
    fn a_file_that_is_no_matrix_is_refused() {
        let unit = RttUnit::Rtt;
        wrong("from;to;ms\nhz;sg;60\n", unit, &["m.csv:1:1: a header of one field"]);
        wrong("from\tto\tms\nhz\tsg\t60\n", unit, &["m.csv:1:1: a header of one field"]);
        wrong("from,to,ms\n\"hz,sg,60\nhz,tokyo,50\n", unit, &["m.csv:2:1: a quote is not closed"]);
        wrong("from,to,ms\n", unit, &["m.csv:1:1: has a header, and no row under it"]);
        let second = "is a second column of the same figures";
        wrong("from,to,ms,us\nhz,sg,60,1\n", unit, &[&format!("m.csv:1:12: `us` {second}")]);
        wrong("from,to,low_ms,low_ms,ms\nhz,sg,1,1,60\n", unit, &[&format!("m.csv:1:16: `low_ms` {second}")]);
        let two = "m.csv:1:10: `cn-hangzhou` has two columns, the first in line 1";
        wrong("ms,hz,sg,cn-hangzhou\nsg,60,,\n", unit, &[two]);
        wrong("ms,hz,sg\nhz,,60\nhz,,\n", unit, &["m.csv:3:1: `hz` has two rows, the first in line 2"]);
        wrong("from,to,low_ms,ms,high_ms\nhz,sg,,60,\n", unit, &["m.csv:2:8: a range with a blank"]);
    }

    #[test]
    fn a_region_that_nobody_knows_is_an_error_and_one_of_the_book_is_not() {
        wrong("from,to,ms\nhz,tokio,50\nsg,tokio,70\n", RttUnit::Rtt, &["m.csv:2:4: unknown region `tokio`"]);
        wrong("ms,hz,tokio\nsg,60,70\n", RttUnit::Rtt, &["m.csv:1:7: unknown region `tokio`"]);
        check("ms,hz,aws/us-east-1\nsg,60,230\n", RttUnit::Rtt, &[(0, 1, [60.0; 3])]);
    }
}
