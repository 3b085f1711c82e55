//! Reads a CSV file whole: character set and delimiter are found by looking, unless the map says.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::map::{FileForm, Source};

/// A file's rows, with names for their columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: BTreeMap<String, usize>,
    /// How many cells the first row has.
    width: usize,
    rows: Vec<csv::StringRecord>,
    /// The line on which each row begins.
    lines: Vec<u64>,
    empty: usize,
}

/// A row: the line in the file where it begins (the first line is 1), and its cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    cells: &'a csv::StringRecord,
    /// The row's place among the data rows, from 0.
    pub(crate) place: usize,
}

impl Table {
    /// Reads `path`.
    ///
    /// # Errors
    /// When the file can't be read, or is in no known character set, or two columns have one name.
    pub(crate) fn read(path: &Path, form: &FileForm) -> anyhow::Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&bytes, form).with_context(|| format!("read {}", path.display()))
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub(crate) fn parse(bytes: &[u8], form: &FileForm) -> anyhow::Result<Self> {
        let text = decode(bytes, form.charset.as_deref())?;
        let (named, text) = named_delimiter(&text);
        let delimiter = form.delimiter.or(named);
        let delimiter = delimiter.unwrap_or_else(|| guess_delimiter(text));
        let delimiter = u8::try_from(delimiter)
            .ok()
            .context("the delimiter must be one of ; , or a tab")?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut columns = BTreeMap::new();
        let first = reader.headers().map_err(|_| unreadable())?;
        let width = first.len();
        for (place, name) in first.iter().enumerate() {
            let twice = columns.insert(name.to_owned(), place).is_some();
            anyhow::ensure!(
                !twice,
                "two columns have the same name; rename one in the first row"
            );
        }
        let all = reader
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| unreadable())?;
        let lines = lines(text, if named.is_some() { 2 } else { 1 }, &all);
        // Spreadsheets write rows of nothing but delimiters below the last one in use.
        let (rows, empty): (Vec<_>, Vec<_>) = all
            .into_iter()
            .zip(lines)
            .partition(|(cells, _)| cells.iter().any(|cell| !cell.is_empty()));
        let (rows, lines) = rows.into_iter().unzip();
        Ok(Self {
            columns,
            width,
            rows,
            lines,
            empty: empty.len(),
        })
    }

    /// How many rows had nothing in any cell; they are not among the rows.
    pub(crate) const fn empty(&self) -> usize {
        self.empty
    }

    /// The rows in order.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(place, cells)| Row {
            table: self,
            cells,
            place,
        })
    }

    /// Fails when a map takes a value from a column that is not there.
    ///
    /// # Errors
    /// Names the column, and those that are there.
    pub(crate) fn must_have<'a>(
        &self,
        sources: impl IntoIterator<Item = &'a Source>,
    ) -> anyhow::Result<()> {
        for source in sources {
            let Source::Column(source) = source else {
                continue;
            };
            anyhow::ensure!(
                self.columns.contains_key(&source.column),
                "the file has no column {:?}; it has {}",
                source.column,
                self.columns.keys().cloned().collect::<Vec<_>>().join(", ")
            );
        }
        Ok(())
    }
}

impl Row<'_> {
    /// How many cells the row has and how many the first row, where these are not the same: which
    /// cell belongs to which column is not known then.
    pub(crate) fn ragged(&self) -> Option<(usize, usize)> {
        let (here, first) = (self.cells.len(), self.table.width);
        (here != first).then_some((here, first))
    }

    /// The text of a cell; empty when there is no such column, or the row is ragged.
    pub(crate) fn cell(&self, column: &str) -> &str {
        if self.ragged().is_some() {
            return "";
        }
        self.table
            .columns
            .get(column)
            .and_then(|place| self.cells.get(*place))
            .unwrap_or("")
    }

    /// The line of the file on which the row begins, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.table.lines.get(self.place).copied().unwrap_or(0)
    }
}

/// Where rows begin, in a text that begins on line `line`. The reader's own line numbers are one too
/// low after CR LF.
fn lines(text: &str, mut line: u64, rows: &[csv::StringRecord]) -> Vec<u64> {
    let mut seen = 0;
    let bytes = text.as_bytes();
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    rows.iter()
        .map(|row| {
            let at = row.position().map_or(0, csv::Position::byte);
            let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
            let blank = bytes
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|b| ends(b))
                .count();
            let begin = at + blank;
            let passed = bytes.get(seen..begin).unwrap_or_default();
            line += passed
                .iter()
                .fold(0, |sum, byte| sum + u64::from(*byte == b'\n'));
            seen = begin;
            line
        })
        .collect()
}

fn decode(bytes: &[u8], charset: Option<&str>) -> anyhow::Result<String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match charset {
        Some("utf-8") => String::from_utf8(bytes.to_vec())
            .ok()
            .context("the file is not UTF-8; leave charset out of the map, or save it as UTF-8"),
        Some("windows-1252") => Ok(encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned()),
        Some(_) => anyhow::bail!("file.charset: use utf-8 or windows-1252"),
        None => Ok(String::from_utf8(bytes.to_vec())
            .unwrap_or_else(|_| encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned())),
    }
}

/// The delimiter of a first line `sep=;`, which Excel writes and reads, and the text after it.
fn named_delimiter(text: &str) -> (Option<char>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let named = first.trim_end_matches('\r');
    let mut sign = match named.split_at_checked(4) {
        Some((word, sign)) if word.eq_ignore_ascii_case("sep=") => sign.chars(),
        _ => return (None, text),
    };
    match (sign.next(), sign.next()) {
        (Some(sign @ (';' | ',' | '\t')), None) => (Some(sign), rest),
        _ => (None, text),
    }
}

/// The sign that stands most often in the first line.
fn guess_delimiter(text: &str) -> char {
    let first = text.lines().find(|line| !line.is_empty());
    let first = first.unwrap_or_default();
    [';', ',', '\t']
        .into_iter()
        .max_by_key(|sign| first.matches(*sign).count())
        .filter(|sign| first.contains(*sign))
        .unwrap_or(';')
}

/// The csv crate's own text may hold a cell.
fn unreadable() -> anyhow::Error {
    anyhow::anyhow!("not readable as CSV; save it again with your spreadsheet, as CSV UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(bytes: &[u8]) -> Vec<String> {
        let table = Table::parse(bytes, &FileForm::default()).unwrap();
        table
            .rows()
            .map(|row| format!("{}:{}", row.line(), row.cell("naam")))
            .collect()
    }

    #[test]
    fn character_set_and_delimiter_are_found_by_looking() {
        assert_eq!(cells("id;naam\n1;Käster\n".as_bytes()), ["2:Käster"]);
        assert_eq!(
            cells(b"id,naam\r\n1,K\xe4ster\r\n2,Oele\r\n"),
            ["2:Käster", "3:Oele"]
        );
        assert_eq!(cells("\u{feff}naam\tid\nx\t1\n".as_bytes()), ["2:x"]);
        assert_eq!(cells(b"naam\n\nx\n\"y\nz\"\nw\n"), ["3:x", "4:y\nz", "6:w"]);
    }

    #[test]
    fn rows_with_another_number_of_cells_are_kept_apart_by_their_lines() {
        let bytes = b"a;b\r\n1;2\r\nx\r\n\r\n1;\"2\r\n3\"\r\n1;2;3\r\n;\r\n;;;\r\n \r\n";
        let table = Table::parse(bytes, &FileForm::default()).unwrap();
        let rows: Vec<_> = table
            .rows()
            .map(|row| (row.line(), row.ragged(), row.cell("a").to_owned()))
            .collect();
        let well = "1".to_owned();
        assert_eq!(
            rows,
            [
                (2, None, well.clone()),
                (3, Some((1, 2)), String::new()),
                (5, None, well),
                (7, Some((3, 2)), String::new()),
            ]
        );
        assert_eq!(table.empty(), 3);
        assert!(Table::parse(b"a;a\n1;2\n", &FileForm::default()).is_err());
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        assert_eq!(
            cells("\u{feff}sep=;\r\nid;naam\r\n1;x,y\r\n".as_bytes()),
            ["3:x,y"]
        );
        assert_eq!(cells(b"SEP=\t\nid\tnaam\n1\tx\n"), ["3:x"]);
        assert_eq!(cells(b"sep=;naam\n1;x\n"), ["2:x"]);
    }
}
