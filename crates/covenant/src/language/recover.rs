//! Reads TOML that may have mistakes, so that all the rest is checked in the same pass.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::fault::{Damage, Fault};

/// Nobody reads further; a hostile file must not be worth more work.
const MOST_REPAIRS: usize = 30;
/// How many bytes are parsed again in all, so that a large file is repaired in fewer places.
const MOST_PARSED: usize = 1024 * 1024;
/// With so many lines that are no TOML the file is something else.
const MOST_BROKEN: usize = 100;
const MOST_FAULTS: usize = 1_000;

/// A text that parses, with what was wrong with it.
pub(crate) struct Recovered {
    /// As long as the text, with every line that could not be read blanked.
    pub(crate) text: String,
    /// What was wrong, in the order in which it was found.
    pub(crate) faults: Vec<Fault>,
    /// The lines with a fault, and those that were blanked with them.
    pub(crate) lines: Vec<Range<usize>>,
}

/// Blanks line after line until the rest is TOML whose values may be wrong and whose shape is
/// not: what is left means what it says.
pub(crate) fn recover(text: &str) -> Recovered {
    let mut found = Recovered {
        text: text.to_owned(),
        faults: Vec::new(),
        lines: Vec::new(),
    };
    let repairs = MOST_PARSED / text.len().max(1);
    for _ in 0..MOST_REPAIRS.min(repairs) {
        let (tree, errors) = DeTable::parse_recoverable(&found.text);
        let faults: Vec<Fault> = errors.iter().map(Fault::of).collect();
        let broken = faults.iter().filter(|f| f.damage != Damage::Value);
        let Some(first) = broken.min_by_key(|fault| fault.at.start) else {
            let twice = doubled(&found.text, &faults);
            for fault in faults.into_iter().take(MOST_FAULTS) {
                let line = line_at(&found.text, fault.at.start);
                let inside =
                    |table: &Range<usize>| table.contains(&line.start) && table.start < line.start;
                let follows = fault.is_double() && twice.iter().any(inside);
                found.lines.push(line);
                if !follows {
                    found.faults.push(fault);
                }
            }
            return found;
        };
        let unclosed = faults.iter().find(|f| f.damage == Damage::Unclosed);
        let start = unclosed.and_then(|_| never_closed(&found.text, tree.get_ref(), first));
        // Without one beginning that explains them all.
        let broken = faults.iter().filter(|f| f.damage == Damage::Shape);
        let hopeless = start.is_none() && broken.count() > MOST_BROKEN;
        let worst = match (unclosed, start) {
            (Some(unclosed), Some(start)) => Fault {
                at: start..line_at(&found.text, start).end,
                ..unclosed.clone()
            },
            _ => first.clone(),
        };
        let lost = lost(&found.text, worst.at.start);
        found.text = blanked(&found.text, &lost);
        found.lines.push(lost);
        if hopeless {
            found.faults.extend(faults.into_iter().take(MOST_BROKEN));
            break;
        }
        found.faults.push(worst);
    }
    // Too much is wrong to look at the rest.
    found.lines.push(0..text.len());
    found.text = blanked(text, &(0..text.len()));
    found
}

/// The tables that are there twice, each with all that stands in it: its keys are then there twice
/// as well, which needs no saying.
fn doubled(text: &str, faults: &[Fault]) -> Vec<Range<usize>> {
    let double = faults.iter().take(MOST_FAULTS).filter(|f| f.is_double());
    let tables = double.map(|fault| lost(text, fault.at.start));
    tables
        .filter(|table| {
            let words = text.get(table.clone()).unwrap_or_default();
            words.trim_start().starts_with('[')
        })
        .collect()
}

/// Where the list, table or text begins that runs on to the first thing that can't be in it: the
/// outermost one. `None` where that thing is in none of them, and wrong by itself.
fn never_closed(text: &str, table: &DeTable<'_>, first: &Fault) -> Option<usize> {
    let mut open = Vec::new();
    opened(text, table, &mut open);
    let noticed = first.at.start;
    open.retain(|span| span.start < noticed);
    let around = open.iter().filter(|span| span.end >= noticed);
    let outermost = around.map(|span| span.start).min();
    // Nothing is wrong before the end of the file: what comes last is open.
    let last = || {
        open.iter()
            .max_by_key(|span| span.end)
            .map(|span| span.start)
    };
    outermost.or_else(|| last().filter(|_| first.damage == Damage::Unclosed))
}

/// Every list between brackets, table between braces and text of more lines.
fn opened(text: &str, table: &DeTable<'_>, found: &mut Vec<Range<usize>>) {
    for (_, value) in table {
        let begins = |sign: &str| {
            let rest = text.get(value.span().start..);
            rest.is_some_and(|rest| rest.starts_with(sign))
        };
        match value.get_ref() {
            DeValue::Table(_) if begins("{") => found.push(value.span()),
            DeValue::Table(inner) => opened(text, inner, found),
            DeValue::Array(list) => {
                let tables: Vec<&DeTable<'_>> = list.iter().filter_map(as_table).collect();
                // The tables of a list with headers stand each under its own.
                if begins("[[") && tables.len() == list.len() {
                    tables
                        .into_iter()
                        .for_each(|inner| opened(text, inner, found));
                } else {
                    found.push(value.span());
                }
            }
            DeValue::String(_) if begins("\"\"\"") || begins("'''") => found.push(value.span()),
            _ => {}
        }
    }
}

fn as_table<'a, 'i>(value: &'a Spanned<DeValue<'i>>) -> Option<&'a DeTable<'i>> {
    match value.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The line at an offset, without its end.
fn line_at(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(start..).unwrap_or_default();
    start..start + rest.find('\n').unwrap_or(rest.len())
}

/// What can't be read with a fault: its line, and with a table's name all that stands in it.
fn lost(text: &str, at: usize) -> Range<usize> {
    let line = line_at(text, at);
    let words = text.get(line.clone()).unwrap_or_default();
    if !words.trim_start().starts_with('[') {
        return line;
    }
    let rest = text.get(line.end..).unwrap_or_default();
    let end = rest.find("\n[").unwrap_or(rest.len());
    line.start..line.end + end
}

fn blanked(text: &str, range: &Range<usize>) -> String {
    let blank = |(at, byte): (usize, u8)| {
        if range.contains(&at) && byte != b'\n' {
            b' '
        } else {
            byte
        }
    };
    let bytes = text.bytes().enumerate().map(blank).collect();
    String::from_utf8(bytes).unwrap_or_default()
}
