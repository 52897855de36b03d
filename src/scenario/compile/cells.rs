//! Fields of a CSV file with their places: comments and empty lines left out, nothing judged.

/// A field with its place.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// Without spaces around it.
    pub(super) text: String,
    /// Line of the file, from 1.
    pub(super) line: u64,
    /// Column in letters, from 1.
    pub(super) column: usize,
}

/// Rows of trimmed fields with their places; comments and empty lines are left out.
pub(super) fn rows(text: &str) -> Vec<Vec<Cell>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = Vec::new();
    for record in reader.records().filter_map(Result::ok) {
        // The reader counts from where it began to look: comments and empty lines come first.
        let began = record.position().map_or(1, csv::Position::line) as usize;
        let passed = lines.iter().skip(began - 1).take_while(|line| line.is_empty() || line.starts_with('#')).count();
        let line = (began + passed) as u64;
        let starts = columns(lines.get((line as usize).saturating_sub(1)).copied().unwrap_or_default());
        let cell = |(at, field): (usize, &str)| Cell {
            text: field.trim().to_owned(),
            line,
            column: starts.get(at).copied().unwrap_or(1),
        };
        let row: Vec<Cell> = record.iter().enumerate().map(cell).collect();
        if row.iter().any(|cell| !cell.text.is_empty()) {
            rows.push(row);
        }
    }
    rows
}

/// Where the fields of a line begin, columns from 1.
fn columns(line: &str) -> Vec<usize> {
    let (mut starts, mut quoted) = (vec![1], false);
    for (at, letter) in line.chars().enumerate() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => starts.push(at + 2),
            _ => {}
        }
    }
    starts
}

/// Where a quote begins that its line does not end; comments aside.
pub(super) fn open_quote(text: &str) -> Option<Cell> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#'));
    let mut open = lines.filter(|(line, _)| line.matches('"').count() % 2 == 1);
    open.next().map(|(line, number)| {
        let column = line.chars().zip(1..).filter(|(letter, _)| *letter == '"').last().map_or(1, |(_, column)| column);
        Cell { text: String::new(), line: number, column }
    })
}
