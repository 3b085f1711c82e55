//! `[[verbod]]`: one sentence that begins with "never".

use model::RoleRef;

use super::page::Page;
use super::phrase::{and, or, quoted, roles, told};
use super::terms::Term as _;
use crate::language::ast::{Prohibition, Selection};

pub(super) fn write(page: &mut Page<'_>) {
    page.heading("Wat nooit mag", "What is never allowed");
    page.say(page.pick(
        "Een verbod gaat altijd voor op een regel.",
        "A prohibition always goes before a clause.",
    ));
    for prohibition in page.covenant.prohibitions() {
        page.blank();
        let (number, title) = (&prohibition.number, quoted(&prohibition.title));
        page.say(&told!(
            page.lang,
            "Verbod {number}: {title}.",
            "Prohibition {number}: {title}."
        ));
        sentence(page, prohibition);
        scope(page, prohibition);
    }
}

fn sentence(page: &mut Page<'_>, prohibition: &Prohibition) {
    let lang = page.lang;
    let (who, among) = recipients(page, &prohibition.to);
    let from = match &prohibition.from {
        Selection::All => page.pick("een andere partij", "another party").to_owned(),
        Selection::Only(parties) => {
            let names = page.parties(parties);
            or(lang, &names)
        }
    };
    match &prohibition.shows {
        Selection::All => page.say(&told!(
            lang,
            "Nooit hoort {who} iets van {from}.",
            "Never does {who} hear anything from {from}."
        )),
        Selection::Only(levels) => {
            let what: Vec<String> = levels.iter().map(|l| l.told(lang).to_owned()).collect();
            let lead = told!(
                lang,
                "Nooit hoort {who} van {from}",
                "Never does {who} hear from {from}"
            );
            page.say_list(&lead, &what);
        }
    }
    if !among.is_empty() {
        page.list(page.pick("Die rollen zijn", "Those roles are"), &among);
    }
}

/// Whom it is for, and the roles themselves when they are too many for one sentence.
fn recipients(page: &Page<'_>, to: &Selection<RoleRef>) -> (String, Vec<String>) {
    let lang = page.lang;
    match to {
        Selection::All => (page.pick("iemand", "anybody").to_owned(), Vec::new()),
        Selection::Only(some) => {
            let groups = roles(page.covenant, lang, some);
            if groups.len() == 1 {
                (and(lang, &groups), Vec::new())
            } else {
                let who = page.pick("een van deze rollen", "any of these roles");
                (who.to_owned(), groups)
            }
        }
    }
}

fn scope(page: &mut Page<'_>, prohibition: &Prohibition) {
    match &prohibition.about {
        Selection::All => page.more(page.pick(
            "Dat geldt voor elk signaal.",
            "That holds for every signal.",
        )),
        Selection::Only(signals) => {
            let signals: Vec<String> = signals.iter().map(ToString::to_string).collect();
            page.list(
                page.pick(
                    "Dat geldt alleen voor signalen over",
                    "That holds only for signals about",
                ),
                &signals,
            );
        }
    }
    match &prohibition.purpose {
        Selection::All => {
            page.more(page.pick("Dat geldt voor elk doel.", "That holds for every purpose."))
        }
        Selection::Only(purposes) => {
            let purposes: Vec<String> = purposes.iter().map(ToString::to_string).collect();
            page.list(
                page.pick(
                    "Dat geldt alleen voor het doel",
                    "That holds only for the purpose",
                ),
                &purposes,
            );
        }
    }
}
