//! `grondslag`: legal bases for both directions of each flow.

use std::collections::BTreeMap;
use std::ops::Range;

use model::PartyId;

use crate::language::clause::{Bases, LawReference, LegalBasis, ReportBases};
use crate::language::context::Context;
use crate::language::parse::{Names, header};
use crate::language::reader::{Item, Table};
use crate::language::suggest;
use crate::lint::{law, text};
use crate::vocabulary::law::{Article, Exemption, Law};

/// The parties between whom a clause has flows, as far as they read.
pub(super) struct Flow<'a> {
    pub(super) recipients: Vec<PartyId>,
    /// Whether these are all: a word of `aan` that did not read may mean any party.
    pub(super) all_recipients: bool,
    pub(super) sources: &'a [PartyId],
    /// Whether these are all, for `van`.
    pub(super) all_sources: bool,
}

impl Flow<'_> {
    fn has_recipient(&self, party: &PartyId) -> bool {
        !self.all_recipients || self.recipients.contains(party)
    }

    fn has_source(&self, party: &PartyId) -> bool {
        !self.all_sources || self.sources.contains(party)
    }
}

pub(super) fn bases(table: Table<'_, '_>, flow: &Flow<'_>, names: &Names<'_>) -> Bases {
    let source = |party: &PartyId| flow.has_source(party);
    let recipient = |party: &PartyId| flow.has_recipient(party);
    let supply = table
        .need_by("verstrekken", law::BASIS_MISSING)
        .map(|i| by_party(&i, &source, names))
        .unwrap_or_default();
    let receive = table
        .need_by("ontvangen", law::BASIS_MISSING)
        .map(|i| by_party(&i, &recipient, names))
        .unwrap_or_default();
    let (supply_exemptions, receive_exemptions) = table
        .get("uitzondering")
        .map(|i| exemptions(&i, &supply, &receive, names))
        .unwrap_or_default();
    let decision = table.get("besluit").and_then(|i| header::reference(&i));
    // The report flows the other way: recipients supply, sources receive.
    let report_to_source = table.get("melden_aan_bron").and_then(|i| {
        let table = i.table()?;
        let supply = table
            .need_by("verstrekken", law::REPORT_BASIS)
            .map(|i| by_party(&i, &recipient, names));
        let receive = table
            .need_by("ontvangen", law::REPORT_BASIS)
            .map(|i| by_party(&i, &source, names));
        table.finish();
        Some(ReportBases {
            supply: supply?,
            receive: receive?,
        })
    });
    table.finish();
    Bases {
        supply,
        receive,
        supply_exemptions,
        receive_exemptions,
        decision,
        report_to_source,
    }
}

/// A table of parties, each of which must be in the flow.
fn by_party(
    item: &Item<'_, '_>,
    in_flow: &dyn Fn(&PartyId) -> bool,
    names: &Names<'_>,
) -> BTreeMap<PartyId, LegalBasis> {
    let mut bases = BTreeMap::new();
    let Some(table) = item.table() else {
        return bases;
    };
    for (party, at, item) in table.entries() {
        let basis = basis(&item);
        if !names.parties.contains(&party) {
            unknown_party(table.ctx, party, at, names);
            continue;
        }
        let Ok(party) = PartyId::parse(party) else {
            continue;
        };
        if !in_flow(&party) {
            table.ctx.report(
                law::BASIS_UNUSED,
                at,
                format!("`{party}` heeft in deze richting geen rol in de regel"),
                format!("`{party}` has no part in the clause in this direction"),
            );
            continue;
        }
        if let Some(basis) = basis {
            bases.insert(party, basis);
        }
    }
    bases
}

fn unknown_party(ctx: &Context, party: &str, at: Range<usize>, names: &Names<'_>) {
    if ctx.is_lost(party) {
        ctx.follows();
        return;
    }
    let likely = suggest::nearest(party, names.parties.iter().copied());
    let (help_nl, help_en) = suggest::help(likely, &names.parties, text::UNKNOWN_REFERENCE);
    ctx.report_with(
        text::UNKNOWN_REFERENCE,
        at,
        format!("onbekende partij `{}`", suggest::shorten(party)),
        format!("unknown party `{}`", suggest::shorten(party)),
        help_nl,
        help_en,
    );
}

/// `"AVG 6.1.e"`, or `{ artikel, wet }`.
fn basis(item: &Item<'_, '_>) -> Option<LegalBasis> {
    if !item.is_table() {
        let article: Article = item.word()?;
        return Some(LegalBasis { article, law: None });
    }
    let table = item.table()?;
    let article = table.need("artikel").and_then(|i| i.word());
    let law = table.need("wet").and_then(|i| law_reference(&i));
    table.finish();
    Some(LegalBasis {
        article: article?,
        law: Some(law?),
    })
}

/// A law's name, a space, an article.
fn law_reference(item: &Item<'_, '_>) -> Option<LawReference> {
    let value = item.text()?;
    if Law::ALL.iter().any(|law| law.as_str() == value) {
        without_article(item);
        return None;
    }
    let found = Law::ALL.iter().find_map(|law| {
        let article = value.strip_prefix(law.as_str())?.strip_prefix(' ')?;
        Some((*law, article))
    });
    let Some((law, article)) = found else {
        let words: Vec<&str> = Law::ALL.iter().map(|l| l.as_str()).collect();
        let name = value.rsplit_once(' ').map_or(value, |(name, _)| name);
        item.unknown_word(name, &words);
        return None;
    };
    let well_formed = article.len() <= 16
        && article.starts_with(|c: char| c.is_ascii_digit())
        && article
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b':');
    if !well_formed {
        without_article(item);
        return None;
    }
    Some(LawReference {
        law,
        article: article.to_owned(),
    })
}

fn without_article(item: &Item<'_, '_>) {
    item.invalid(
        "noem na de wet een artikel, zoals `172` of `45.2.f`",
        "name an article after the law, such as `172` or `45.2.f`",
    );
}

type ByParty = BTreeMap<PartyId, Vec<Exemption>>;

/// One text or list for every direction under the AVG, or a table by direction, and in it one for
/// all parties or a table by party.
fn exemptions(
    item: &Item<'_, '_>,
    supply: &BTreeMap<PartyId, LegalBasis>,
    receive: &BTreeMap<PartyId, LegalBasis>,
    names: &Names<'_>,
) -> (ByParty, ByParty) {
    if item.is_table() {
        let Some(table) = item.table() else {
            return Default::default();
        };
        let both = (
            table
                .get("verstrekken")
                .map(|i| direction(&i, supply, names))
                .unwrap_or_default(),
            table
                .get("ontvangen")
                .map(|i| direction(&i, receive, names))
                .unwrap_or_default(),
        );
        table.finish();
        return both;
    }
    let list = one_or_more(item);
    (spread(&list, supply), spread(&list, receive))
}

fn direction(
    item: &Item<'_, '_>,
    flow: &BTreeMap<PartyId, LegalBasis>,
    names: &Names<'_>,
) -> ByParty {
    if !item.is_table() {
        return spread(&one_or_more(item), flow);
    }
    let mut found = ByParty::new();
    let Some(table) = item.table() else {
        return found;
    };
    for (party, at, item) in table.entries() {
        let list = one_or_more(&item);
        match PartyId::parse(party) {
            Ok(party) if flow.contains_key(&party) => {
                found.insert(party, list);
            }
            _ if names.parties.contains(&party) => table.ctx.report(
                law::BASIS_UNUSED,
                at,
                format!("`{party}` heeft in deze richting geen grondslag"),
                format!("`{party}` has no basis in this direction"),
            ),
            _ => unknown_party(table.ctx, party, at, names),
        }
    }
    found
}

fn one_or_more(item: &Item<'_, '_>) -> Vec<Exemption> {
    if item.is_list() {
        item.list(Item::word)
    } else {
        item.word().into_iter().collect()
    }
}

/// Whoever acts under the Wpg needs no exemption of the UAVG, and nobody else one of the Wpg.
fn spread(list: &[Exemption], flow: &BTreeMap<PartyId, LegalBasis>) -> ByParty {
    let of = |basis: &LegalBasis| -> Vec<Exemption> {
        let fits = |e: &Exemption| (*e == Exemption::Wpg5) != basis.article.is_avg();
        list.iter().copied().filter(fits).collect()
    };
    flow.iter()
        .map(|(party, basis)| (party.clone(), of(basis)))
        .filter(|(_, list)| !list.is_empty())
        .collect()
}
