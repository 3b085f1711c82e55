//! Edits without effect in plain sentences.

use super::sentences::{demand_told, pick, subject_told, upper};
use super::value::Direction;
use super::{DemandChange, Edit, Text};
use crate::diagnostic::Lang;

fn text_told(text: Text, lang: Lang) -> &'static str {
    match text {
        Text::Title => pick(lang, "de titel", "the title"),
        Text::Explanation => pick(lang, "de uitleg", "the explanation"),
        Text::Language => pick(lang, "de taal van de teksten", "the language of the texts"),
        Text::Field(field) => field.told(lang),
        Text::Clauses => pick(lang, "de regels", "the clauses"),
        Text::Prohibitions => pick(lang, "de verboden", "the prohibitions"),
        Text::Examples => pick(lang, "de voorbeelden", "the examples"),
    }
}

/// One edit without effect.
#[must_use]
pub(super) fn edit_told(edit: &Edit, lang: Lang) -> String {
    let both = |nl: String, en: String| match lang {
        Lang::Nl => nl,
        Lang::En => en,
    };
    match edit {
        Edit::Layout => pick(
            lang,
            "Alleen opmerkingen, opmaak, volgorde of schrijfwijze verschillen.",
            "Only comments, layout, order or spelling differ.",
        )
        .to_owned(),
        Edit::Reworded {
            of,
            text,
            before,
            after,
        } => {
            let (subject, text) = (upper(&subject_told(of, lang)), text_told(*text, lang));
            both(
                format!("{subject}, {text}: was \"{before}\", wordt \"{after}\"."),
                format!("{subject}, {text}: was \"{before}\", becomes \"{after}\"."),
            )
        }
        Edit::Reordered(text) => {
            let what = upper(text_told(*text, lang));
            both(
                format!("{what} staan in een andere volgorde."),
                format!("{what} are in another order."),
            )
        }
        Edit::WordsReordered(subject, field) => {
            let (subject, field) = (upper(&subject_told(subject, lang)), field.told(lang));
            both(
                format!("{subject}, {field}: hetzelfde in een andere volgorde."),
                format!("{subject}, {field}: the same in another order."),
            )
        }
        Edit::Renumbered {
            before,
            after,
            cells,
        } => both(
            format!(
                "Wat regel {before} opende, opent nu regel {after} ({cells} vakjes). In het logboek en in nieuwe besluiten staat het nieuwe nummer."
            ),
            format!(
                "What clause {before} opened is now opened by clause {after} ({cells} cells). The log and new decisions have the new number."
            ),
        ),
        Edit::IdleDemand { clause, change } => {
            let told = demand_told(
                &DemandChange {
                    direction: Direction::Other,
                    ..change.clone()
                },
                lang,
            );
            both(
                format!("Regel {clause}: {told} Dit verandert voor geen enkel vakje iets."),
                format!("Clause {clause}: {told} This changes nothing for any cell."),
            )
        }
        edit => deadness_told(edit, &both),
    }
}

fn deadness_told(edit: &Edit, both: &dyn Fn(String, String) -> String) -> String {
    match edit {
        Edit::DeadClauseAdded(number) => both(
            format!("Regel {number} is nieuw en opent geen enkel vakje."),
            format!("Clause {number} is new and opens no cell."),
        ),
        Edit::DeadClauseRemoved(number) => both(
            format!("Regel {number} vervalt en opende geen enkel vakje."),
            format!("Clause {number} is gone and opened no cell."),
        ),
        Edit::IdleWord {
            clause,
            list,
            word,
            added,
        } => {
            let list = list.key();
            if *added {
                both(
                    format!(
                        "Regel {clause} noemt bij {list} nu ook {word}. Dat opent geen enkel vakje."
                    ),
                    format!("Clause {clause} now also names {word} in {list}. That opens no cell."),
                )
            } else {
                both(
                    format!(
                        "Regel {clause} noemt bij {list} niet meer {word}. Dat opende geen enkel vakje."
                    ),
                    format!(
                        "Clause {clause} no longer names {word} in {list}. That opened no cell."
                    ),
                )
            }
        }
        Edit::ProhibitionAdded(number) => both(
            format!("Verbod {number} is nieuw en sluit niets wat anders open was."),
            format!("Prohibition {number} is new and closes nothing that would be open."),
        ),
        Edit::ProhibitionRemoved(number) => both(
            format!("Verbod {number} vervalt en daardoor gaat niets open."),
            format!("Prohibition {number} is gone and nothing opens by that."),
        ),
        Edit::ProhibitionChanged(number) => both(
            format!("Verbod {number} is anders en daardoor gaat niets open of dicht."),
            format!("Prohibition {number} is another and nothing opens or closes by that."),
        ),
        Edit::ExampleAdded(name) => both(
            format!("Voorbeeld \"{name}\" is nieuw."),
            format!("Example \"{name}\" is new."),
        ),
        Edit::ExampleRemoved(name) => both(
            format!("Voorbeeld \"{name}\" vervalt."),
            format!("Example \"{name}\" is gone."),
        ),
        Edit::ExampleChanged(name) => both(
            format!("Voorbeeld \"{name}\" vraagt of verwacht iets anders."),
            format!("Example \"{name}\" asks or expects something else."),
        ),
        Edit::Layout
        | Edit::Reworded { .. }
        | Edit::Reordered(_)
        | Edit::WordsReordered(..)
        | Edit::Renumbered { .. }
        | Edit::IdleDemand { .. } => String::new(),
    }
}
