//! From spanned TOML to the typed tree, section by section.

mod bases;
mod clause;
mod comparison;
pub(crate) mod demands;
pub(crate) mod example;
mod header;
mod keys;
mod party;
mod prohibition;
mod signal;

use std::collections::BTreeMap;
use std::str::FromStr;

use model::name::NameError;
use model::{MatchKeySpec, PartyId, PurposeId, SignalTypeId};

use crate::language::ast::{
    Auditor, Example, Header, Log, Party, Prohibition, Purpose, SignalType,
};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::reader::{Item, Table};
use crate::language::suggest;
use crate::lint::{law, text};

/// What could be read. Where something did not read there was an error, and it is left out or has
/// a stand-in, so that the rules can still look at the rest.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) header: Option<Header>,
    pub(crate) parties: BTreeMap<PartyId, Party>,
    pub(crate) signals: BTreeMap<SignalTypeId, SignalType>,
    pub(crate) purposes: BTreeMap<PurposeId, Purpose>,
    pub(crate) match_keys: Vec<MatchKeySpec>,
    pub(crate) clauses: Vec<DraftClause>,
    pub(crate) prohibitions: Vec<Draft1<Prohibition>>,
    pub(crate) examples: Vec<Draft1<Example>>,
    pub(crate) auditors: BTreeMap<PartyId, Auditor>,
    pub(crate) log: Option<Log>,
    /// Whether clauses or prohibitions are there that could not be read at all.
    pub(crate) torn: bool,
}

/// An element of a list of tables with its index in the file.
pub(crate) struct Draft1<T> {
    pub(crate) index: usize,
    pub(crate) value: T,
    /// Whether it read without errors.
    pub(crate) clean: bool,
}

/// A clause with what is known to have read well.
pub(crate) struct DraftClause {
    pub(crate) index: usize,
    pub(crate) clause: Clause,
    /// To whom, what for, when, from whom, about what, what is shown.
    pub(crate) cell_clean: bool,
    pub(crate) bases_clean: bool,
    pub(crate) demands_clean: bool,
    /// Whether every key is known and none is missing.
    pub(crate) keys_clean: bool,
}

/// The names that the covenant gives, whether or not what they name reads well: a mistake in a
/// party is not repeated at every mention of it.
#[derive(Default)]
pub(crate) struct Names<'a> {
    pub(crate) parties: Vec<&'a str>,
    pub(crate) roles: Vec<String>,
    pub(crate) signals: Vec<&'a str>,
    pub(crate) purposes: Vec<&'a str>,
    pub(crate) comparisons: Vec<&'a str>,
    pub(crate) clauses: Vec<&'a str>,
    /// Whether a clause may be there whose number can't be told.
    clauses_lost: bool,
}

impl<'a> Names<'a> {
    fn collect(root: &'a toml::de::DeTable<'a>) -> Self {
        use toml::de::DeValue;
        let section = |key: &str| match root.get(key).map(toml::Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            _ => None,
        };
        let keys = |key: &str| -> Vec<&'a str> {
            section(key)
                .map(|t| t.keys().map(|k| k.get_ref().as_ref()).collect())
                .unwrap_or_default()
        };
        let mut roles = Vec::new();
        for (party, value) in section("partij").into_iter().flatten() {
            let DeValue::Table(table) = value.get_ref() else {
                continue;
            };
            if let Some(DeValue::Table(named)) = table.get("rol").map(toml::Spanned::get_ref) {
                let party = party.get_ref();
                roles.extend(
                    named
                        .keys()
                        .map(|role| format!("{party}.{}", role.get_ref())),
                );
            }
        }
        let mut clauses = Vec::new();
        let misspelt =
            |key: &str| key != "regel" && suggest::nearest(key, ["regel"].into_iter()).is_some();
        let mut clauses_lost = root.keys().any(|key| misspelt(key.get_ref()));
        if let Some(DeValue::Array(list)) = root.get("regel").map(toml::Spanned::get_ref) {
            for element in list {
                let number = match element.get_ref() {
                    DeValue::Table(table) => table.get("nummer").map(toml::Spanned::get_ref),
                    _ => None,
                };
                match number {
                    Some(DeValue::String(number)) => clauses.push(number.as_ref()),
                    _ => clauses_lost = true,
                }
            }
        }
        Self {
            parties: keys("partij"),
            roles,
            signals: keys("signaal"),
            purposes: keys("doel"),
            comparisons: keys("vergelijking"),
            clauses,
            clauses_lost,
        }
    }

    /// The names that a whole covenant gives, for a file beside it.
    pub(crate) fn of(covenant: &'a Covenant) -> Self {
        let parties = covenant.parties();
        Self {
            parties: parties.keys().map(AsRef::as_ref).collect(),
            roles: parties
                .values()
                .flat_map(|p| p.roles.keys().map(|r| r.as_str().to_owned()))
                .collect(),
            signals: covenant.signals().keys().map(AsRef::as_ref).collect(),
            purposes: covenant.purposes().keys().map(AsRef::as_ref).collect(),
            comparisons: covenant
                .match_keys()
                .iter()
                .map(|k| k.name.as_str())
                .collect(),
            clauses: covenant
                .clauses()
                .iter()
                .map(|c| c.number.as_str())
                .collect(),
            clauses_lost: false,
        }
    }

    pub(crate) fn roles(&self) -> Vec<&str> {
        self.roles.iter().map(String::as_str).collect()
    }

    pub(crate) fn party(&self, item: &Item<'_, '_>) -> Option<PartyId> {
        refer(item, &self.parties, "onbekende partij", "party")
    }

    pub(crate) fn role(&self, item: &Item<'_, '_>) -> Option<model::RoleRef> {
        refer(item, &self.roles(), "onbekende rol", "role")
    }

    pub(crate) fn signal(&self, item: &Item<'_, '_>) -> Option<SignalTypeId> {
        refer(item, &self.signals, "onbekend signaal", "signal")
    }

    pub(crate) fn purpose(&self, item: &Item<'_, '_>) -> Option<PurposeId> {
        refer(item, &self.purposes, "onbekend doel", "purpose")
    }

    pub(crate) fn comparison(&self, item: &Item<'_, '_>) -> Option<model::MatchKeyName> {
        refer(
            item,
            &self.comparisons,
            "onbekende vergelijking",
            "comparison",
        )
    }

    pub(crate) fn clause(&self, item: &Item<'_, '_>) -> Option<model::ClauseNo> {
        // The clause that is meant may be the one whose number can't be told, and that was said.
        let unknown = item
            .text()
            .is_some_and(|word| !self.clauses.contains(&word));
        if unknown && self.clauses_lost {
            item.ctx.follows();
            return None;
        }
        refer(item, &self.clauses, "onbekende regel", "clause")
    }
}

/// A name that must be among those given.
fn refer<T: FromStr<Err = NameError>>(
    item: &Item<'_, '_>,
    names: &[&str],
    nl: &str,
    en: &str,
) -> Option<T> {
    let word = item.text()?;
    // Where a whole section is missing, that was said; comparisons may be left out.
    if names.is_empty() && en != "comparison" {
        item.ctx.follows();
        return None;
    }
    if !names.contains(&word) {
        item.unknown_reference(word, nl, en, names);
        return None;
    }
    // A given name that is not well formed was reported where it is given.
    word.parse().ok()
}

/// Reads the whole file.
pub(crate) fn document<'a>(root: &Table<'_, '_>, tree: &'a toml::de::DeTable<'a>) -> Draft {
    let names = Names::collect(tree);
    let mut draft = Draft::default();
    format(root);
    let language = root.need("taal").and_then(|i| i.word());
    if let Some(table) = root.need("convenant").and_then(|i| i.table()) {
        draft.header = header::header(table, language, &names);
    }
    if let Some(section) = root.need("partij").and_then(|i| i.table()) {
        draft.parties = party::parties(&section);
    }
    if let Some(section) = root.need("signaal").and_then(|i| i.table()) {
        draft.signals = signal::signals(&section, &names);
    }
    if let Some(section) = root.need("doel").and_then(|i| i.table()) {
        draft.purposes = signal::purposes(&section);
    }
    if let Some(section) = root.get("vergelijking").and_then(|i| i.table()) {
        draft.match_keys = comparison::comparisons(&section);
    }
    if let Some(section) = root.get("auditor").and_then(|i| i.table()) {
        draft.auditors = party::auditors(&section, &draft.parties);
    }
    if let Some(table) = root
        .need_by("logboek", law::LOG_KEEP_MISSING)
        .and_then(|i| i.table())
    {
        draft.log = party::log(table);
    }
    lists(root, &names, &mut draft);
    keys::doubles(root.ctx, tree);
    draft
}

/// Clauses, prohibitions and examples, as long as there is something to tell or to look at.
fn lists(root: &Table<'_, '_>, names: &Names<'_>, draft: &mut Draft) {
    let vocabulary = draft.header.as_ref().map(|h| h.vocabulary);
    let enough = || root.ctx.is_full() && root.ctx.errors() > 0;
    let before = root.ctx.errors();
    let (clauses, prohibitions) = (tables(root.need("regel")), tables(root.get("verbod")));
    draft.torn = root.ctx.errors() > before;
    for (index, item) in clauses {
        if enough() {
            return;
        }
        if let Some(table) = item.table() {
            draft
                .clauses
                .push(clause::clause(table, index, names, vocabulary));
        }
    }
    for (index, item) in prohibitions {
        if enough() {
            return;
        }
        let before = item.ctx.errors();
        if let Some(value) = item
            .table()
            .and_then(|t| prohibition::prohibition(t, names))
        {
            let clean = item.ctx.errors() == before && !item.ctx.is_torn(item.at.start);
            draft.prohibitions.push(Draft1 {
                index,
                value,
                clean,
            });
        } else {
            draft.torn = true;
        }
    }
    for (index, item) in tables(root.get("voorbeeld")) {
        if enough() {
            return;
        }
        let before = item.ctx.errors();
        if let Some(value) = item.table().and_then(|t| example::example(t, names)) {
            let clean = item.ctx.errors() == before && !item.ctx.is_torn(item.at.start);
            draft.examples.push(Draft1 {
                index,
                value,
                clean,
            });
        }
    }
}

fn format(root: &Table<'_, '_>) {
    let Some(item) = root.need_by("formaat", text::FORMAT) else {
        return;
    };
    if item.text().is_some_and(|f| f != "convenant/1") {
        item.ctx.report(
            text::FORMAT,
            item.at.clone(),
            "dit formaat is niet bekend".into(),
            "this format is not known".into(),
        );
    }
}

fn tables<'c, 'i>(item: Option<Item<'c, 'i>>) -> Vec<(usize, Item<'c, 'i>)> {
    item.and_then(|i| i.elements())
        .unwrap_or_default()
        .into_iter()
        .enumerate()
        .collect()
}
