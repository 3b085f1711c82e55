//! Reads a CSV file whole: character set and delimiter are found by looking, unless the map says.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::map::{FileForm, Source};

/// A file's rows, with names for their columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: BTreeMap<String, usize>,
    rows: Vec<csv::StringRecord>,
    /// The line on which each row begins.
    lines: Vec<u64>,
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
    /// When the file can't be read, is in no known character set, or a row has another number of
    /// cells than the first.
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
        let delimiter = form.delimiter.unwrap_or_else(|| guess_delimiter(&text));
        let delimiter = u8::try_from(delimiter)
            .ok()
            .context("the delimiter must be one of ; , or a tab")?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut columns = BTreeMap::new();
        for (place, name) in reader.headers()?.iter().enumerate() {
            let twice = columns.insert(name.to_owned(), place).is_some();
            anyhow::ensure!(
                !twice,
                "two columns have the same name; rename one in the first row"
            );
        }
        let rows = reader
            .records()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| anyhow::anyhow!("{}", without_cells(&error)))?;
        let lines = lines(&text, &rows);
        Ok(Self {
            columns,
            rows,
            lines,
        })
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
    /// The text of a cell; empty when there is no such column.
    pub(crate) fn cell(&self, column: &str) -> &str {
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

/// Where rows begin. The reader's own line numbers are one too low after CR LF.
fn lines(text: &str, rows: &[csv::StringRecord]) -> Vec<u64> {
    let (mut line, mut seen) = (1, 0);
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

/// The sign that stands most often in the first line.
fn guess_delimiter(text: &str) -> char {
    let first = text.lines().next().unwrap_or_default();
    [';', ',', '\t']
        .into_iter()
        .max_by_key(|sign| first.matches(*sign).count())
        .filter(|sign| first.contains(*sign))
        .unwrap_or(';')
}

/// The csv crate's own text may hold a cell; this one holds a line number.
fn without_cells(error: &csv::Error) -> String {
    match (error.position(), error.kind()) {
        (
            Some(at),
            csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            },
        ) => format!(
            "line {}: {len} cells where the first row has {expected_len}; quote cells that hold \
             the delimiter",
            at.line()
        ),
        (Some(at), _) => format!("line {}: not readable as CSV", at.line()),
        (None, _) => "not readable as CSV".to_owned(),
    }
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
    fn a_short_row_is_named_by_its_line_and_not_by_its_cells() {
        let error = Table::parse(b"a;b\n1;2\ngeheim\n", &FileForm::default()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("line 3") && !text.contains("geheim"),
            "{text}"
        );
        assert!(Table::parse(b"a;a\n1;2\n", &FileForm::default()).is_err());
    }
}
