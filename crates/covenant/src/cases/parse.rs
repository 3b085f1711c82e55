//! From spanned TOML to cases: `[[geval]]`, and `[[reeks]]` for many rows of one kind.

use std::ops::Range;

use model::ClauseNo;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Case, FORMAT};
use crate::language::ast::Outcome;
use crate::language::covenant::Covenant;
use crate::language::parse::{Names, example};
use crate::language::reader::{Item, Table};
use crate::language::words::Reason;
use crate::lint::text;

/// What a case may have beside what an example has.
const BESIDES: [&str; 3] = ["redenen", "regel", "verbod"];

pub(crate) fn cases(root: &Table<'_, '_>, covenant: &Covenant, names: &Names<'_>) -> Vec<Case> {
    format(root);
    of_this_covenant(root, covenant);
    let prohibitions: Vec<&str> = covenant
        .prohibitions()
        .iter()
        .map(|p| p.number.as_str())
        .collect();
    let known = Known {
        names,
        prohibitions,
    };
    let mut found = Vec::new();
    for item in tables(root.get("geval")) {
        if let Some(table) = item.table() {
            found.extend(known.case(table));
        }
    }
    for item in tables(root.get("reeks")) {
        if let Some(table) = item.table() {
            known.series(table, &mut found);
        }
    }
    // Whatever order they are written in, they are told in the file's.
    found.sort_by_key(|case: &Case| case.at.start);
    if found.is_empty() && root.ctx.errors() == 0 {
        root.ctx.report(
            text::EMPTY,
            0..0,
            "dit bestand heeft geen gevallen".into(),
            "this file has no cases".into(),
        );
    }
    found
}

fn tables<'c, 'i>(item: Option<Item<'c, 'i>>) -> Vec<Item<'c, 'i>> {
    item.and_then(|i| i.elements()).unwrap_or_default()
}

fn format(root: &Table<'_, '_>) {
    let help = (
        format!("Schrijf bovenaan: formaat = \"{FORMAT}\"."),
        format!("Write at the top: formaat = \"{FORMAT}\"."),
    );
    let (at, nl, en) = match root.get("formaat") {
        None => (
            0..0,
            "hier ontbreekt `formaat`",
            "`formaat` is missing here",
        ),
        Some(item) if item.text().is_some_and(|f| f != FORMAT) => (
            item.at.clone(),
            "dit is geen formaat voor gevallen",
            "this is no format for cases",
        ),
        Some(_) => return,
    };
    root.ctx
        .report_with(text::FORMAT, at, nl.into(), en.into(), help.0, help.1);
}

/// Cases of another covenant or version would test nothing that anybody meant.
fn of_this_covenant(root: &Table<'_, '_>, covenant: &Covenant) {
    if let Some(item) = root.need("convenant") {
        let id = covenant.id().as_str();
        if item.text().is_some_and(|t| t != id) {
            item.ctx.report_with(
                text::UNKNOWN_REFERENCE,
                item.at.clone(),
                format!("deze gevallen horen bij een ander convenant dan `{id}`"),
                format!("these cases belong to another covenant than `{id}`"),
                format!("Schrijf convenant = \"{id}\", of neem de gevallen van dit convenant."),
                format!("Write convenant = \"{id}\", or take this covenant's cases."),
            );
        }
    }
    if let Some(item) = root.need("versie") {
        let version = covenant.version();
        if item.number(1, 1_000_000).is_some_and(|n| n != version) {
            item.ctx.report_with(
                text::UNKNOWN_REFERENCE,
                item.at.clone(),
                format!("deze gevallen horen bij een andere versie dan {version}"),
                format!("these cases belong to another version than {version}"),
                format!("Loop de gevallen na en schrijf versie = {version}."),
                format!("Go through the cases and write versie = {version}."),
            );
        }
    }
}

/// What the covenant names.
struct Known<'a> {
    names: &'a Names<'a>,
    prohibitions: Vec<&'a str>,
}

impl Known<'_> {
    fn case(&self, table: Table<'_, '_>) -> Option<Case> {
        let read = example::read(&table, self.names);
        let at = table
            .get("uitkomst")
            .map_or_else(|| table.at.clone(), |i| i.at);
        let reasons = table.get("redenen").map(|i| {
            let list = i.list(|e| example::reason(e, e.text()?));
            (list, i.at)
        });
        let clause = table
            .get("regel")
            .map(|i| (self.names.clause(&i), i.key_at()));
        let prohibition = table
            .get("verbod")
            .map(|i| (self.prohibition(&i), i.key_at()));
        let case = read.map(|example| Case {
            example,
            reasons: reasons.as_ref().map(|(list, _)| list.clone()),
            clause: clause.as_ref().and_then(|(number, _)| number.clone()),
            prohibition: prohibition.as_ref().and_then(|(number, _)| number.clone()),
            at,
        });
        if let Some(case) = &case {
            let places = [
                reasons.map(|(_, at)| at),
                clause.map(|(_, at)| at),
                prohibition.map(|(_, at)| at),
            ];
            agrees(&table, case, places);
        }
        table.finish();
        case
    }

    fn prohibition(&self, item: &Item<'_, '_>) -> Option<ClauseNo> {
        let word = item.text()?;
        if !self.prohibitions.contains(&word) {
            item.unknown_reference(word, "verbod", "prohibition", &self.prohibitions);
            return None;
        }
        word.parse().ok()
    }

    /// A series: every row is a case with what the series says, unless the row says otherwise.
    fn series(&self, table: Table<'_, '_>, found: &mut Vec<Case>) {
        table.need("naam");
        for key in ["vraag", "feiten"] {
            if let Some(item) = table.get(key) {
                item.table();
            }
        }
        let rows = table.need("rijen").and_then(|i| {
            let rows = i.elements()?;
            if rows.is_empty() {
                i.ctx.report(
                    text::EMPTY,
                    i.at.clone(),
                    "deze reeks heeft geen rijen".into(),
                    "this series has no rows".into(),
                );
            }
            Some(rows)
        });
        for (index, item) in rows.into_iter().flatten().enumerate() {
            let Some(row) = item.table() else { continue };
            let whole = merged(table.written(), row.written(), &row.at);
            let at = row.at.clone();
            let case = self.case(Table::new(table.ctx, &whole, at));
            found.extend(case.map(|mut case| {
                case.example.name = format!("{} ({})", case.example.name, index + 1);
                case
            }));
            finish_row(row);
        }
        table.finish();
    }
}

/// Reports keys of a row that belong nowhere. What is missing is told of the whole case.
fn finish_row(row: Table<'_, '_>) {
    for key in example::QUESTION.into_iter().chain(example::FACTS) {
        row.get(key);
    }
    for key in BESIDES.into_iter().chain(["uitkomst"]) {
        row.get(key);
    }
    row.finish();
}

/// One case as a table of its own, of which every part keeps the place where it is written.
fn merged<'i>(series: &DeTable<'i>, row: &DeTable<'i>, at: &Range<usize>) -> DeTable<'i> {
    let mut whole = DeTable::new();
    if let Some((key, value)) = series.get_key_value("naam") {
        whole.insert(key.clone(), value.clone());
    } else {
        // That it is missing was said of the series.
        let stand_in = DeValue::String("-".into());
        whole.insert(
            Spanned::new(at.clone(), "naam".into()),
            Spanned::new(at.clone(), stand_in),
        );
    }
    for (part, keys) in [
        ("vraag", example::QUESTION.as_slice()),
        ("feiten", example::FACTS.as_slice()),
    ] {
        let written = series.get_key_value(part);
        let place = written.map_or_else(|| at.clone(), |(key, _)| key.span());
        let mut inner = match written.map(|(_, value)| value.get_ref()) {
            Some(DeValue::Table(table)) => table.clone(),
            _ => DeTable::new(),
        };
        for (key, value) in row
            .iter()
            .filter(|(k, _)| keys.contains(&k.get_ref().as_ref()))
        {
            // The key of the series would keep its place.
            inner.remove(key.get_ref().as_ref());
            inner.insert(key.clone(), value.clone());
        }
        whole.insert(
            Spanned::new(place.clone(), part.into()),
            Spanned::new(place, DeValue::Table(inner)),
        );
    }
    for key in BESIDES.into_iter().chain(["uitkomst"]) {
        if let Some((key, value)) = row.get_key_value(key) {
            whole.insert(key.clone(), value.clone());
        }
    }
    whole
}

/// Whether what a case says of its outcome hangs together; a case that can't hold tests nothing.
fn agrees(table: &Table<'_, '_>, case: &Case, places: [Option<Range<usize>>; 3]) {
    let [reasons_at, clause_at, prohibition_at] = places;
    let refused_by = |at: Option<Range<usize>>, nl: &str, en: &str| {
        if let Some(at) = at {
            let (nl, en) = (
                format!("verkeerde waarde: {nl}"),
                format!("wrong value: {en}"),
            );
            table.ctx.report(text::INVALID_VALUE, at, nl, en);
        }
    };
    let outcome = match &case.example.outcome {
        Outcome::Clause(_) => {
            for at in [reasons_at, clause_at, prohibition_at] {
                refused_by(
                    at,
                    "dit hoort bij een weigering, en de uitkomst is een regel",
                    "this goes with a refusal, and the outcome is a clause",
                );
            }
            return;
        }
        Outcome::Refused(outcome) => *outcome,
    };
    if let (Some(reasons), Some(outcome)) = (&case.reasons, outcome)
        && !reasons.is_empty()
        && !reasons.contains(&outcome)
    {
        refused_by(
            reasons_at,
            "de reden van de uitkomst staat hier niet bij",
            "the reason of the outcome is not among these",
        );
    }
    let closed = |reason| matches!(reason, Reason::Prohibited | Reason::NotNamed);
    if outcome.is_some_and(closed) {
        refused_by(
            clause_at.clone(),
            "bij deze uitkomst beslist geen regel",
            "with this outcome no clause decides",
        );
    }
    if outcome.is_some_and(|reason| reason != Reason::Prohibited) {
        refused_by(
            prohibition_at.clone(),
            "een verbod hoort bij de uitkomst `geweigerd: verbod`",
            "a prohibition goes with the outcome `geweigerd: verbod`",
        );
    } else if clause_at.is_some() {
        refused_by(
            prohibition_at,
            "noem een regel of een verbod, en niet allebei",
            "name a clause or a prohibition, and not both",
        );
    }
}
