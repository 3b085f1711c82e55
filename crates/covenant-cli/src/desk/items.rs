//! What was found about a case, as tables for people.

use comfy_table::{ContentArrangement, Table};

use super::case::{HeldBack, Item, Signal};
use super::words::signal_state;
use crate::answer::Language;

/// An empty table in the desk's form.
pub(super) fn empty() -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The items of a case. The number is what other commands name an item by.
pub(super) fn table(items: &[Item], lang: Language) -> String {
    let mut table = empty();
    table.set_header([
        "#",
        lang.pick("dag (UTC)", "day (UTC)"),
        lang.pick("uw rol", "your role"),
        lang.pick("andere partij", "other party"),
        lang.pick("wat", "what"),
        lang.pick("doel", "purpose"),
        lang.pick("grondslag", "ground"),
        lang.pick("achtergehouden", "held back"),
    ]);
    for item in items {
        table.add_row([
            item.index.to_string(),
            item.at
                .as_ref()
                .and_then(|at| at.get(..10))
                .unwrap_or_default()
                .to_owned(),
            item.role.pick(lang).to_owned(),
            item.other_party.clone(),
            what(item, lang),
            item.purpose.clone(),
            ground(item, lang),
            item.held_back
                .as_ref()
                .map(|held| held_back(held, lang))
                .unwrap_or_default(),
        ]);
    }
    table.to_string()
}

fn what(item: &Item, lang: Language) -> String {
    let mut lines = Vec::new();
    if !item.shown.is_empty() {
        lines.push(item.shown.join(", "));
    }
    if !item.advice.is_empty() {
        lines.push(item.advice.clone());
    }
    if !item.signal_kinds.is_empty() {
        lines.push(item.signal_kinds.join(", "));
    }
    if lines.is_empty() {
        lines.push(lang.pick("niets", "nothing").to_owned());
    }
    if !item.clause.is_empty() {
        lines.push(format!("{} {}", lang.pick("regel", "clause"), item.clause));
    }
    if let Some(day) = &item.recalled_on {
        let recalled = lang.pick("teruggeroepen op", "recalled on");
        lines.push(match &item.recall_acknowledged_on {
            Some(done) => format!(
                "{recalled} {day}, {} {done}",
                lang.pick("afgehandeld op", "acknowledged on")
            ),
            None => format!("{recalled} {day}"),
        });
    }
    lines.join("\n")
}

fn ground(item: &Item, lang: Language) -> String {
    let mut lines = Vec::new();
    for (word, text) in [
        (lang.pick("geven", "provide"), &item.provided_on),
        (lang.pick("krijgen", "receive"), &item.received_on),
    ] {
        if !text.is_empty() {
            lines.push(format!("{word}: {text}"));
        }
    }
    lines.join("\n")
}

fn held_back(held: &HeldBack, lang: Language) -> String {
    let day = held.review_on.as_deref().unwrap_or("?");
    let told = if held.told {
        lang.pick("de brief zegt het", "the letter says so")
    } else {
        lang.pick("de brief zegt het niet", "the letter is silent")
    };
    format!(
        "{}\n{} {day}\n{told}",
        held.ground,
        lang.pick("opnieuw kijken op", "look again on")
    )
}

/// The party's own signals.
pub(super) fn signals(signals: &[Signal], lang: Language) -> String {
    let mut table = empty();
    table.set_header([
        lang.pick("signaal", "signal"),
        lang.pick("soort", "category"),
        lang.pick("gezien op", "observed on"),
        lang.pick("telt niet meer vanaf", "no longer from"),
        lang.pick("stand", "state"),
    ]);
    for signal in signals {
        table.add_row([
            signal.id.clone(),
            signal.category.clone(),
            signal.observed_on.clone().unwrap_or_default(),
            signal.expires_on.clone().unwrap_or_default(),
            signal_state(&signal.state, lang),
        ]);
    }
    table.to_string()
}
