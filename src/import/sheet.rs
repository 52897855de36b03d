//! A table of text with its places: comma-separated, a head, cells that know their line and column.

/// Rows past this many are not read.
const ROWS_MAX: usize = 2_000_000;
/// Of what is wrong, this much is told one by one.
const TOLD_MAX: usize = 200;

/// Something wrong with a file of others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Line, from 1; 0: the file as a whole.
    pub line: u64,
    /// Column, from 1; 0: the line as a whole.
    pub column: usize,
    /// The column's name in the head; empty where there is none.
    pub name: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A table.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sheet {
    /// Names of the columns as written.
    pub head: Vec<String>,
    /// Line of each row, and its cells without blanks around them; as many as the head.
    pub rows: Vec<(u64, Vec<String>)>,
    faults: Vec<Fault>,
    untold: usize,
}

impl Sheet {
    /// Reads `text`; a row that is longer or shorter than the head is a fault, and left out.
    pub fn read(text: &str) -> Sheet {
        // Spreadsheets put a mark of byte order before the first name.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut sheet = Sheet::default();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    sheet.fault(line, 0, "not a row of comma-separated cells", "look for a quote that is not closed");
                    break;
                }
            };
            let line = record.position().map_or(0, |at| line_of(text, at));
            let cells: Vec<String> = record.iter().map(cell).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if sheet.head.is_empty() {
                sheet.head = cells;
            } else if sheet.rows.len() == ROWS_MAX {
                sheet.fault(line, 0, &format!("more than {ROWS_MAX} rows"), "split the file by month");
                break;
            } else if cells.len() == sheet.head.len() {
                sheet.rows.push((line, cells));
            } else {
                let message = format!("{} cells under a head of {}", cells.len(), sheet.head.len());
                sheet.fault(line, 0, &message, "a comma inside a cell needs quotes around the cell");
            }
        }
        if sheet.head.is_empty() {
            sheet.fault(1, 0, "the file is empty", "the first line names the columns");
        }
        sheet
    }

    /// Notes what is wrong at a place; `column` counts from 1, 0 is the whole line.
    pub fn fault(&mut self, line: u64, column: usize, message: &str, help: &str) {
        if self.faults.len() == TOLD_MAX {
            self.untold += 1;
            return;
        }
        let name = column.checked_sub(1).and_then(|index| self.head.get(index)).cloned().unwrap_or_default();
        self.faults.push(Fault { line, column, name, message: message.to_owned(), help: help.to_owned() });
    }

    /// All that was noted, by place; empty where the file is sound.
    pub fn faults(mut self) -> Vec<Fault> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        if self.untold > 0 {
            let message = format!("and {} more, which are not listed", self.untold);
            self.faults.push(Fault {
                line: 0,
                column: 0,
                name: String::new(),
                message,
                help: "mend the first ones, and ask again".to_owned(),
            });
        }
        self.faults
    }

    /// Is nothing wrong so far?
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// The line in which a record stands: the reader tells where it looked from, empty lines before it included.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = text.as_bytes().get(at.byte() as usize..).unwrap_or_default();
    let empty = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n').count();
    at.line() + empty as u64
}

/// A cell without blanks around it, and without what would steer a terminal.
fn cell(text: &str) -> String {
    text.trim().chars().filter(|letter| !letter.is_control() && !('\u{202a}'..='\u{202e}').contains(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_of_byte_order_and_empty_lines_are_no_rows() {
        let sheet = Sheet::read("\u{feff}a,b\n\n1, 2 \n,\n");
        assert_eq!(sheet.head, ["a", "b"]);
        assert_eq!(sheet.rows, [(3, vec!["1".to_owned(), "2".to_owned()])]);
        assert!(sheet.is_sound());
    }

    #[test]
    fn rows_of_another_length_are_told_each_with_its_line() {
        let sheet = Sheet::read("a,b\n1\n1,2\n1,2,3\n");
        assert_eq!(sheet.rows.len(), 1);
        let lines: Vec<u64> = sheet.faults().iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 4]);
    }

    #[test]
    fn past_two_hundred_faults_the_rest_is_counted() {
        let text = format!("a,b\n{}", "1\n".repeat(300));
        let faults = Sheet::read(&text).faults();
        assert_eq!((faults.len(), faults[200].message.as_str()), (201, "and 100 more, which are not listed"));
    }
}
