//! What a query found, as a table for people and as CSV for a spreadsheet.

use std::io::Write;

use comfy_table::Table;
use ledger::{Class, Decided, Kind};
use replay::words::{self, Words};

use super::super::entries::Shown;
use crate::answer::Language;

/// A table in words: codes are translated, times are in UTC.
pub(super) fn table(entries: &[Shown], lang: Language) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "#",
        lang.pick("tijd (UTC)", "time (UTC)"),
        lang.pick("wat", "what"),
        lang.pick("aan", "to"),
        lang.pick("van", "from"),
        lang.pick("doel", "purpose"),
        lang.pick("regel", "clause"),
        lang.pick("grondslag", "basis"),
        lang.pick("besluit", "decision"),
        lang.pick("reden", "reason"),
    ]);
    for entry in entries {
        table.add_row(row(entry, lang));
    }
    table.to_string()
}

fn row(entry: &Shown, lang: Language) -> [String; 10] {
    let pick = |(nl, en): Words| lang.pick(nl, en).to_owned();
    let kind = Kind::parse(&entry.kind).map(words::of_kind);
    let class = || Class::parse(&entry.class).map(words::of_class);
    let what = kind.or_else(class).map(pick).unwrap_or_default();
    let decision = [Decided::Revealed, Decided::Withheld, Decided::Refused]
        .into_iter()
        .find(|decided| words::of_decision(*decided).1 == entry.decision)
        .map(|decided| pick(words::of_decision(decided)))
        .unwrap_or_default();
    let reasons: Vec<String> = entry
        .reasons
        .split_whitespace()
        .map(|code| words::of_reason(code).map_or_else(|| code.to_owned(), pick))
        .collect();
    let mut basis = Vec::new();
    for (label, text) in [
        (lang.pick("geven", "provide"), &entry.basis_provide),
        (lang.pick("krijgen", "receive"), &entry.basis_receive),
    ] {
        if !text.is_empty() {
            basis.push(format!("{label}: {text}"));
        }
    }
    let at = entry.at.get(..19).unwrap_or(&entry.at).replace('T', " ");
    [
        entry.index.to_string(),
        at,
        what,
        entry.recipient.clone(),
        entry.source.clone(),
        entry.purpose.clone(),
        entry.clause.clone(),
        basis.join("\n"),
        decision,
        reasons.join("\n"),
    ]
}

/// CSV (RFC 4180) with a header. A cell that a spreadsheet would take for a formula gets an
/// apostrophe before it.
pub(super) fn csv(out: impl Write, entries: &[Shown]) -> anyhow::Result<()> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    writer.write_record(Shown::COLUMNS)?;
    for entry in entries {
        writer.write_record(entry.cells().map(plain))?;
    }
    Ok(writer.flush()?)
}

fn plain(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(purpose: &str) -> Shown {
        Shown {
            index: 7,
            leaf_hash: "ab".to_owned(),
            at: "2026-11-23T20:15:21.000Z".to_owned(),
            class: "decision".to_owned(),
            covenant: String::new(),
            recipient: "corporatie".to_owned(),
            source: "politie".to_owned(),
            kind: "check-answered".to_owned(),
            purpose: purpose.to_owned(),
            clause: "3.1".to_owned(),
            decision: "withheld".to_owned(),
            basis_provide: "AVG 6.1.e (Politiewet 3)".to_owned(),
            basis_receive: String::new(),
            reasons: "hits not_about_minor".to_owned(),
            outcome: serde_json::Value::Null,
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_one_cell() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+31", "'+31"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("a,\"b\"\r\nc", "a,\"b\"\r\nc"),
        ] {
            let mut out = Vec::new();
            csv(&mut out, &[shown(text)]).unwrap();
            let mut reader = csv::Reader::from_reader(out.as_slice());
            assert_eq!(reader.headers().unwrap().len(), Shown::COLUMNS.len());
            let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows.first().unwrap().get(8), Some(cell));
        }
        let mut out = Vec::new();
        csv(&mut out, &[]).unwrap();
        assert!(out.ends_with(b"reasons\r\n"));
    }

    #[test]
    fn a_table_speaks_both_languages_and_no_codes() {
        let dutch = table(&[shown("bezoek")], Language::Nl);
        for word in [
            "vraag beantwoord",
            "niet verstrekt",
            "te weinig signalen",
            "geven: AVG 6.1.e",
            "2026-11-23 20:15:21",
        ] {
            assert!(dutch.contains(word), "{word} in {dutch}");
        }
        let english = table(&[shown("bezoek")], Language::En);
        for word in ["question answered", "withheld", "too few signals", "basis"] {
            assert!(english.contains(word), "{word} in {english}");
        }
        assert!(!dutch.contains("check-answered") && !english.contains("not_about_minor"));
    }
}
