//! `[[regel]]`: the cell part. Bases and demands have files of their own.

use model::{AdviceCode, ClauseNo, MatchKeyName, PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::language::clause::{Bases, Clause, Conditions, Duties, Limits, Output, Promises};
use crate::language::parse::bases::Flow;
use crate::language::parse::{DraftClause, Names, bases, demands};
use crate::language::reader::{Item, Table};
use crate::language::words::{Attribute, Shows, Silence, Trigger};
use crate::lint::meaning;
use crate::vocabulary::advice::Vocabulary;

pub(super) fn clause(
    table: Table<'_, '_>,
    index: usize,
    names: &Names<'_>,
    vocabulary: Option<Vocabulary>,
) -> DraftClause {
    let ctx = table.ctx;
    let start = ctx.errors();
    let number = table.need("nummer").and_then(|i| i.name());
    let title = table.need("titel").and_then(|i| i.owned());
    let cell = Cells::read(&table, names);
    let (attributes, advice) = shown(&table, &cell, vocabulary);
    let after_cell = ctx.errors();
    let bases = table
        .need("grondslag")
        .and_then(|i| i.table())
        .map_or_else(Bases::default, |t| {
            let flow = Flow {
                recipients: cell.to.iter().map(RoleRef::party).collect(),
                all_recipients: cell.to_whole,
                sources: &cell.from,
                all_sources: cell.from_whole,
            };
            bases::bases(t, &flow, names)
        });
    let after_bases = ctx.errors();
    let demands = Demands::read(&table, names);
    let after_demands = ctx.errors();
    let whole = !ctx.is_torn(table.at.start);
    table.finish();
    DraftClause {
        index,
        keys_clean: ctx.errors() == after_demands,
        cell_clean: whole && after_cell == start,
        bases_clean: whole && after_bases == after_cell,
        demands_clean: whole && after_demands == after_bases,
        clause: Clause {
            number: number.unwrap_or_else(|| stand_in(index)),
            title: title.unwrap_or_default(),
            to: cell.to,
            purpose: cell.purpose.unwrap_or_else(unknown_purpose),
            triggers: cell.triggers,
            comparisons: cell.comparisons,
            from: cell.from,
            about: cell.about,
            shows: cell.shows,
            attributes,
            advice,
            bases,
            conditions: demands.conditions,
            limits: demands.limits,
            output: demands.output,
            duties: demands.duties,
            promises: demands.promises,
        },
    }
}

/// To whom, what for, when, by which comparison, from whom, about what, and what is shown.
struct Cells {
    to: Vec<RoleRef>,
    purpose: Option<PurposeId>,
    triggers: Vec<Trigger>,
    comparisons: Vec<MatchKeyName>,
    from: Vec<PartyId>,
    about: Vec<SignalTypeId>,
    shows: Vec<Shows>,
    /// Whether all of `aan` read well.
    to_whole: bool,
    /// Whether all of `van` read well.
    from_whole: bool,
    /// Whether all of `toont` read well.
    shows_whole: bool,
}

impl Cells {
    fn read(table: &Table<'_, '_>, names: &Names<'_>) -> Self {
        let triggers: Vec<Trigger> = table
            .need("aanleiding")
            .map(|i| i.list(Item::word))
            .unwrap_or_default();
        // A scan may count signals without comparing anything.
        let compares = triggers.iter().any(|t| *t != Trigger::Scan);
        let comparisons = if compares {
            table.need("vergelijking")
        } else {
            table.get("vergelijking")
        };
        let start = table.ctx.errors();
        let to = list(table.need("aan"), |e| names.role(e));
        let after_to = table.ctx.errors();
        let from = list(table.need("van"), |e| names.party(e));
        let after_from = table.ctx.errors();
        let shows = list(table.need("toont"), Item::word);
        let after_shows = table.ctx.errors();
        Self {
            shows_whole: after_shows == after_from && !shows.is_empty(),
            shows,
            to_whole: after_to == start && !to.is_empty(),
            from_whole: after_from == after_to && !from.is_empty(),
            to,
            from,
            purpose: table
                .need("doel")
                .and_then(|i| named(&i).then(|| names.purpose(&i))?),
            triggers,
            comparisons: list(comparisons, |e| names.comparison(e)),
            about: list(table.need("over"), |e| names.signal(e)),
        }
    }
}

/// A list in which everything is named.
fn list<'c, 'i, T: Ord + Clone>(
    item: Option<Item<'c, 'i>>,
    read: impl Fn(&Item<'c, 'i>) -> Option<T>,
) -> Vec<T> {
    item.map(|i| i.list(|e| named(e).then(|| read(e))?))
        .unwrap_or_default()
}

/// `kenmerken` and `advies`, which go with `toont`.
fn shown(
    table: &Table<'_, '_>,
    cell: &Cells,
    vocabulary: Option<Vocabulary>,
) -> (Vec<Attribute>, Option<AdviceCode>) {
    let kenmerken = table.get("kenmerken");
    let advies = table.get("advies");
    // A word of `toont` that does not read may be the one that they go with.
    if cell.shows_whole {
        let has = |word| cell.shows.contains(&word);
        let (list, one) = (kenmerken.as_ref(), advies.as_ref());
        goes_with(table, list, has(Shows::Attributes), "kenmerken", "gegevens");
        goes_with(table, one, has(Shows::Advice), "advies", "handelingsadvies");
    }
    let attributes = kenmerken.map(|i| i.list(Item::word)).unwrap_or_default();
    (attributes, advies.and_then(|i| advice(&i, vocabulary)))
}

struct Demands {
    conditions: Conditions,
    limits: Limits,
    output: Output,
    duties: Duties,
    promises: Promises,
}

impl Demands {
    fn read(table: &Table<'_, '_>, names: &Names<'_>) -> Self {
        let part = |key| table.get(key).and_then(|i| i.table());
        Self {
            conditions: part("voorwaarde")
                .map_or_else(Conditions::default, |t| demands::conditions(t, names)),
            limits: part("grens").map_or_else(Limits::default, demands::limits),
            output: table
                .need("uitvoer")
                .and_then(|i| i.table())
                .map_or_else(silent, demands::output),
            duties: part("plicht").map_or_else(Duties::default, |t| demands::duties(t, names)),
            promises: part("belofte").map_or_else(Promises::default, demands::promises),
        }
    }
}

/// Only ever beside an error.
fn silent() -> Output {
    Output {
        threshold: None,
        round_to: None,
        dominance_percent: None,
        complementary_suppression: false,
        area: None,
        period: None,
        embargo: None,
        answer_after: None,
        batching: None,
        silence: Silence::NoStatement,
    }
}

/// Only ever beside an error. The name cannot be given by a covenant: its form is refused there.
fn stand_in(index: usize) -> ClauseNo {
    let text = format!("regel-{index}");
    ClauseNo::parse(&text).unwrap_or_else(|_| stand_in(0))
}

fn unknown_purpose() -> PurposeId {
    PurposeId::parse("onbekend").unwrap_or_else(|_| unknown_purpose())
}

/// A clause names everything: `*` is for prohibitions.
fn named(item: &Item<'_, '_>) -> bool {
    let wild = item.text().is_some_and(|t| t.contains('*'));
    if wild {
        item.ctx.report(
            meaning::WILDCARD,
            item.at.clone(),
            "een regel noemt alles bij naam; `*` mag hier niet".into(),
            "a clause names everything; `*` is not allowed here".into(),
        );
    }
    !wild
}

fn advice(item: &Item<'_, '_>, vocabulary: Option<Vocabulary>) -> Option<AdviceCode> {
    let word = item.text()?;
    let vocabulary = vocabulary.unwrap_or(Vocabulary::NlVeilig2);
    if vocabulary.advices().iter().any(|a| a.code == word) {
        return AdviceCode::parse(word).ok();
    }
    let words: Vec<&str> = vocabulary.advices().iter().map(|a| a.code).collect();
    item.unknown_word(word, &words);
    None
}

/// A key that is there when and only when `toont` has a word.
fn goes_with(
    table: &Table<'_, '_>,
    item: Option<&Item<'_, '_>>,
    shown: bool,
    key: &'static str,
    word: &str,
) {
    let lint = if key == "kenmerken" {
        meaning::ATTRIBUTES
    } else {
        meaning::ADVICE
    };
    match (item, shown) {
        (None, true) if table.ctx.is_lost(key) || table.misspells(key) => table.ctx.follows(),
        (None, true) => table.ctx.report(
            lint,
            table
                .get("toont")
                .map_or_else(|| table.at.clone(), |i| i.at),
            format!("`toont` heeft `{word}`, en `{key}` ontbreekt"),
            format!("`toont` has `{word}`, and `{key}` is missing"),
        ),
        (Some(item), false) => item.ctx.report(
            lint,
            item.key_at(),
            format!("`{key}` staat hier, en `toont` heeft geen `{word}`"),
            format!("`{key}` is here, and `toont` has no `{word}`"),
        ),
        _ => {}
    }
}
