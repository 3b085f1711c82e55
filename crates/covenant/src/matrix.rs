//! The disclosure matrix: every open cell of a covenant as a table, for people who review a change.
//!
//! `policies/disclosure-matrix.txt` holds it for every covenant in `policies/`; a test compares,
//! and writes it anew when `COVENANT_WRITE_GOLDEN=1` is set. Whoever changes a covenant sees in
//! that file what opens and what closes.

use std::collections::BTreeMap;

use crate::language::covenant::Covenant;
use crate::language::words::Shows;
use crate::table::{self, OpenCell};

/// The matrix as plain text, in Dutch, with the covenant's own words. It depends on the meaning of
/// the covenant alone: not on keys, dates or comments.
#[must_use]
pub fn matrix(covenant: &Covenant) -> String {
    let mut text = format!(
        "Convenant {}, versie {}: {}\n",
        covenant.id(),
        covenant.version(),
        covenant.title()
    );
    match table::open_cells(covenant) {
        Err(error) => text.push_str(&format!("De matrix is te groot: {error}\n")),
        Ok(cells) => {
            text.push_str(&format!(
                "{} open vakjes. Alles wat hier niet staat, mag niet.\n\n",
                cells.len()
            ));
            text.push_str(&columns(&rows(covenant, &cells)));
            text.push_str(&advices(covenant, &cells));
        }
    }
    text
}

const HEAD: [&str; 7] = [
    "ontvanger",
    "doel",
    "bron",
    "signaal",
    "toont",
    "regel",
    "aanleiding",
];

fn rows(covenant: &Covenant, cells: &[OpenCell]) -> Vec<[String; 7]> {
    let mut rows = vec![HEAD.map(ToOwned::to_owned)];
    rows.extend(cells.iter().map(|open| {
        let cell = &open.cell;
        let triggers = covenant.clause(&open.clause).map_or_else(Vec::new, |c| {
            c.triggers.iter().map(|t| t.as_str()).collect()
        });
        [
            cell.role.to_string(),
            cell.purpose.to_string(),
            cell.source.to_string(),
            cell.signal.to_string(),
            cell.shows.to_string(),
            open.clause.to_string(),
            triggers.join(", "),
        ]
    }));
    rows
}

/// Left-aligned columns, two spaces apart.
fn columns(rows: &[[String; 7]]) -> String {
    let mut widths = [0; 7];
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (width, text) in widths.iter().zip(row) {
            line.push_str(&format!("{text:<width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// An advice says more than it seems: what all its cells have in common.
fn advices(covenant: &Covenant, cells: &[OpenCell]) -> String {
    let mut by_clause: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for open in cells.iter().filter(|o| o.cell.shows == Shows::Advice) {
        let (sources, signals) = by_clause.entry(open.clause.as_str()).or_default();
        sources.push(open.cell.source.as_str());
        signals.push(open.cell.signal.as_str());
    }
    let mut out = String::new();
    if by_clause.is_empty() {
        return out;
    }
    out.push_str("\nEen advies vertelt ook wat al zijn bronnen en signalen gemeen hebben:\n");
    for (number, (mut sources, mut signals)) in by_clause {
        let clause = covenant
            .clauses()
            .iter()
            .find(|c| c.number.as_str() == number);
        let advice = clause.and_then(|c| c.advice.as_ref());
        for list in [&mut sources, &mut signals] {
            list.sort_unstable();
            list.dedup();
        }
        out.push_str(&format!(
            "  {number}: {} betekent {} bij {}\n",
            advice.map_or("", |a| a.as_str()),
            signals.join(" of "),
            sources.join(" of "),
        ));
    }
    out
}
