//! `[signaal.<id>]` and `[doel.<id>]`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use model::{CategoryCode, Certainty, PurposeId, SignalTypeId};

use crate::language::ast::{Purpose, SignalType};
use crate::language::parse::Names;
use crate::language::reader::{Item, Table, parse_name};
use crate::language::words::{Unit, Word};
use crate::lint::text;
use crate::vocabulary::taxonomy;

pub(super) fn signals(
    section: &Table<'_, '_>,
    names: &Names<'_>,
) -> BTreeMap<SignalTypeId, SignalType> {
    let mut signals = BTreeMap::new();
    let mut codes = BTreeSet::new();
    for (id, at, item) in section.entries() {
        let id = parse_name::<SignalTypeId>(section.ctx, id, at);
        let signal = item
            .table()
            .and_then(|t| signal(t, id.as_ref(), names, &mut codes));
        if let (Some(id), Some(signal)) = (id, signal) {
            signals.insert(id, signal);
        }
    }
    signals
}

fn signal(
    table: Table<'_, '_>,
    id: Option<&SignalTypeId>,
    names: &Names<'_>,
    seen: &mut BTreeSet<CategoryCode>,
) -> Option<SignalType> {
    let explanation = table.need("uitleg").and_then(|i| i.owned());
    let sources = table.need("bron").map(|i| i.list(|e| names.party(e)));
    let codes = table
        .get("codes")
        .map(|i| codes(&i, seen))
        .unwrap_or_default();
    let nature = table.need("aard").and_then(|i| i.word());
    let expires_after = table.need("vervalt_na").and_then(|i| {
        let span = i.span()?;
        if span.unit == Unit::Hour {
            i.invalid(
                "een signaal vervalt na hele dagen",
                "a signal lapses after whole days",
            );
            return None;
        }
        Some(span)
    });
    let certainty = table.need("zekerheid").and_then(|i| i.word());
    let reassess = table.get("herbeoordelen").map(|i| i.span());
    table.finish();
    Some(SignalType {
        id: id?.clone(),
        explanation: explanation?,
        sources: sources?,
        codes,
        nature: nature?,
        expires_after: expires_after?,
        certainty: certainty?,
        reassess: match reassess {
            Some(span) => Some(span?),
            None => None,
        },
    })
}

impl Word for Certainty {
    fn all() -> &'static [Self] {
        &[Self::Reported, Self::Confirmed]
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// A code of the published scheme, or of the parties' own.
fn codes(item: &Item<'_, '_>, seen: &mut BTreeSet<CategoryCode>) -> Vec<CategoryCode> {
    let mut places = BTreeMap::new();
    let found = RefCell::new(&mut places);
    let list = item.list(|element| {
        let word = element.text()?;
        let own = word.strip_prefix(taxonomy::OWN_SCHEME);
        if !own.is_some_and(|rest| rest.starts_with(':')) && taxonomy::category(word).is_none() {
            let known: Vec<&str> = taxonomy::VERA.iter().map(|c| c.code).collect();
            element.unknown_word(word, &known);
            return None;
        }
        let Ok(code) = CategoryCode::parse(word) else {
            element.invalid(
                "na `eigen:` horen hoofdletters, cijfers en punten, zoals eigen:DIER",
                "`eigen:` is followed by capitals, digits and dots, such as eigen:DIER",
            );
            return None;
        };
        let at = element.at.clone();
        found.borrow_mut().entry(code.clone()).or_insert(at);
        Some(code)
    });
    let mut codes = Vec::with_capacity(list.len());
    for code in list {
        if seen.insert(code.clone()) {
            codes.push(code);
        } else {
            item.ctx.report(
                text::DOUBLE_CODE,
                places
                    .get(&code)
                    .cloned()
                    .unwrap_or_else(|| item.at.clone()),
                format!("de code {code} hoort al bij een ander signaal"),
                format!("the code {code} belongs to another signal already"),
            );
        }
    }
    codes
}

pub(super) fn purposes(section: &Table<'_, '_>) -> BTreeMap<PurposeId, Purpose> {
    let mut purposes = BTreeMap::new();
    for (id, at, item) in section.entries() {
        let id = parse_name::<PurposeId>(section.ctx, id, at);
        let Some(table) = item.table() else { continue };
        let explanation = table.need("uitleg").and_then(|i| i.owned());
        let not_for = table.need("niet_voor").map(|i| i.list(Item::word));
        table.finish();
        if let (Some(id), Some(explanation), Some(not_for)) = (id, explanation, not_for) {
            purposes.insert(
                id.clone(),
                Purpose {
                    id,
                    explanation,
                    not_for,
                },
            );
        }
    }
    purposes
}
