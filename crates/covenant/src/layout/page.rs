//! Lines under each other: columns and blank lines.

use super::{Entry, Line};

pub(super) fn write(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut place = 0;
    // Whether a blank line would be one too many: at the beginning and under a header.
    let mut at_top = true;
    let mut blank = false;
    while let Some(line) = lines.get(place) {
        if let Line::Blank = line {
            blank = true;
            place += 1;
            continue;
        }
        let rest = lines.get(place..).unwrap_or_default();
        let new_section = heads_section(rest) && !continues(lines, place);
        if (blank && !at_top) || (new_section && !out.is_empty()) {
            out.push('\n');
        }
        blank = false;
        at_top = matches!(line, Line::Header { .. });
        match line {
            Line::Blank => {}
            Line::Comment(comment) => out.push_str(&format!("{comment}\n")),
            Line::Header { text, comment } => {
                out.push_str(text);
                end(&mut out, comment.as_deref(), 2);
            }
            Line::Entry(_) => {
                let entries: Vec<&Entry> = rest.iter().map_while(entry).collect();
                paragraph(&mut out, &entries);
                place += entries.len();
                continue;
            }
        }
        place += 1;
    }
    out
}

const fn entry(line: &Line) -> Option<&Entry> {
    match line {
        Line::Entry(entry) => Some(entry),
        Line::Blank | Line::Comment(_) | Line::Header { .. } => None,
    }
}

/// Whether these lines are a header, with the comments right above it.
fn heads_section(lines: &[Line]) -> bool {
    let first = lines.iter().find(|l| !matches!(l, Line::Comment(_)));
    matches!(first, Some(Line::Header { .. }))
}

/// Whether the line before is a comment that a blank line was written for already.
fn continues(lines: &[Line], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|at| lines.get(at));
    matches!(before, Some(Line::Comment(_)))
}

/// Entries that follow each other, with their columns.
fn paragraph(out: &mut String, entries: &[&Entry]) {
    let mut rows: Vec<(String, Option<&str>)> = Vec::new();
    for alike in entries.chunk_by(|a, b| a.first == b.first) {
        let width = alike.iter().map(|e| columns(&e.key)).max().unwrap_or(0);
        rows.extend(alike.iter().map(|entry| {
            let pad = " ".repeat(width - columns(&entry.key));
            let row = format!("{}{pad} = {}", entry.key, entry.value);
            (row, entry.comment.as_deref())
        }));
    }
    let under = |row: &(String, Option<&str>)| row.1.is_some() && !row.0.contains('\n');
    for alike in rows.chunk_by(|a, b| under(a) && under(b)) {
        let width = alike.iter().map(|(row, _)| columns(row)).max().unwrap_or(0);
        for (row, comment) in alike {
            out.push_str(row);
            let gap = width.saturating_sub(columns(row)) + 2;
            end(out, *comment, gap);
        }
    }
}

fn end(out: &mut String, comment: Option<&str>, gap: usize) {
    if let Some(comment) = comment {
        out.push_str(&" ".repeat(gap));
        out.push_str(comment);
    }
    out.push('\n');
}

fn columns(text: &str) -> usize {
    text.chars().count()
}
