//! `[[regel]]`: one sentence, and what belongs to it.

use model::PartyId;

use super::page::Page;
use super::phrase::{and, or, quoted, roles, told};
use super::terms::Term as _;
use super::{bases, demands};
use crate::decide::Cell;
use crate::diagnostic::Lang;
use crate::language::ast::Prohibition;
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{Shows, Trigger};
use crate::table::{Ruling, ruling};

pub(super) fn write(page: &mut Page<'_>) {
    page.heading("Wat mag", "What is allowed");
    page.say(page.pick(
        "Een partij hoort nooit haar eigen signalen terug.",
        "A party never hears its own signals back.",
    ));
    for clause in page.covenant.clauses() {
        page.blank();
        let (number, title) = (&clause.number, quoted(&clause.title));
        page.say(&told!(
            page.lang,
            "Regel {number}: {title}.",
            "Clause {number}: {title}."
        ));
        sentence(page, clause);
        scope(page, clause);
        unsaid(page, clause);
        demands::write(page, clause);
        bases::write(page, clause);
    }
}

/// Who may know what.
fn sentence(page: &mut Page<'_>, clause: &Clause) {
    let lang = page.lang;
    let who = roles(page.covenant, lang, &clause.to);
    let what = shown(page.covenant, lang, clause);
    if who.len() > 2 {
        let what = and(lang, &what);
        let lead = told!(
            lang,
            "Deze partijen mogen weten {what}",
            "These parties may know {what}"
        );
        page.say_points(&lead, &who);
        return;
    }
    let names = and(lang, &who);
    let lead = match (lang, who.len()) {
        (Lang::Nl, 1) => format!("{names} mag weten"),
        (Lang::Nl, _) => format!("{names} mogen weten"),
        (Lang::En, _) => format!("{names} may know"),
    };
    page.say_list(&lead, &what);
}

/// What a clause shows, as the end of a sentence.
pub(crate) fn shown(covenant: &Covenant, lang: Lang, clause: &Clause) -> Vec<String> {
    let one = |level: &Shows| match (level, advice(covenant, lang, clause)) {
        (Shows::Advice, Some(advice)) => told!(lang, "het advies {advice}", "the advice {advice}"),
        (level, _) => level.told(lang).to_owned(),
    };
    clause.shows.iter().map(one).collect()
}

/// The text of the clause's advice.
fn advice(covenant: &Covenant, lang: Lang, clause: &Clause) -> Option<String> {
    let code = clause.advice.as_ref()?;
    let advice = covenant.vocabulary().advice(code.as_str());
    Some(advice.map_or_else(
        || quoted(code.as_str()),
        |known| match lang {
            Lang::Nl => quoted(known.nl),
            Lang::En => quoted(known.en),
        },
    ))
}

/// What for, from whom, about what, and when.
fn scope(page: &mut Page<'_>, clause: &Clause) {
    let lang = page.lang;
    if !clause.attributes.is_empty() {
        let attributes: Vec<String> = clause
            .attributes
            .iter()
            .map(|a| a.told(lang).to_owned())
            .collect();
        page.list(page.pick("Die gegevens zijn", "That data is"), &attributes);
    }
    if clause.shows.contains(&Shows::Category) {
        page.more(page.pick(
            "De ontvanger ziet daarbij ook de codes van het signaal.",
            "The recipient then also sees the codes of the signal.",
        ));
    }
    let purpose = &clause.purpose;
    page.more(&told!(
        lang,
        "Het doel is {purpose}.",
        "The purpose is {purpose}."
    ));
    let from = page.parties(&clause.from);
    page.list(
        page.pick("Het gaat om signalen van", "It is about signals of"),
        &from,
    );
    let about: Vec<String> = clause.about.iter().map(ToString::to_string).collect();
    page.list(page.pick("Zij gaan over", "They are about"), &about);
    for trigger in &clause.triggers {
        page.more(occasion(page, *trigger));
    }
    let by: Vec<String> = clause.comparisons.iter().map(ToString::to_string).collect();
    if by.is_empty() {
        page.more(page.pick("Er wordt niets vergeleken.", "Nothing is compared."));
    } else {
        page.list(page.pick("Vergeleken wordt op", "It is compared by"), &by);
    }
}

const fn occasion(page: &Page<'_>, trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Question => page.pick(
            "Dit gebeurt als iemand het vraagt.",
            "This happens when somebody asks.",
        ),
        Trigger::OnMatch => page.pick(
            "Dit gebeurt vanzelf, zodra een signaal van de ontvanger bij een signaal van een bron hoort.",
            "This happens by itself, once a signal of the recipient belongs with one of a source.",
        ),
        Trigger::Scan => page.pick(
            "Dit gebeurt als iemand een telling over gebieden laat maken.",
            "This happens when somebody has areas counted.",
        ),
    }
}

/// What the recipient learns although nobody says it, and what a prohibition takes away.
fn unsaid(page: &mut Page<'_>, clause: &Clause) {
    let lang = page.lang;
    let Reach {
        sources,
        signals,
        closed_by,
    } = reach(page.covenant, clause);
    let says = |level| clause.shows.contains(&level);
    let hints = says(Shows::Advice) || says(Shows::Contact) || says(Shows::Hit);
    let named = says(Shows::Category) || says(Shows::Attributes);
    if says(Shows::Advice) && !sources.is_empty() {
        page.more(page.pick(
            "Let op: wie dit advies krijgt, weet ook dat er een signaal is.",
            "Note: who gets this advice also knows that there is a signal.",
        ));
        let about = or(lang, &signals);
        page.more(&told!(
            lang,
            "Dat signaal gaat over {about}.",
            "That signal is about {about}."
        ));
        let from = or(lang, &page.parties(&sources));
        page.more(&told!(
            lang,
            "Dat signaal komt van {from}.",
            "That signal comes from {from}."
        ));
        page.more(page.pick(
            "Komt er geen advies, dan betekent dat niet dat het veilig is.",
            "If there is no advice, that does not mean that it is safe.",
        ));
    }
    if let ([only], true, false) = (signals.as_slice(), hints, named) {
        page.more(&told!(
            lang,
            "Let op: er is maar één soort, dus de ontvanger weet dat het om {only} gaat.",
            "Note: there is only one kind, so the recipient knows that it is about {only}."
        ));
    }
    for prohibition in closed_by {
        let number = &prohibition.number;
        page.more(&told!(
            lang,
            "Let op: verbod {number} gaat voor en sluit een deel van deze regel af.",
            "Note: prohibition {number} goes first and closes a part of this clause."
        ));
    }
    if sources.is_empty() {
        page.more(page.pick(
            "Let op: er blijft niets over, dus deze regel opent nu niets.",
            "Note: nothing remains, so this clause opens nothing now.",
        ));
    }
}

/// What a clause opens in the end.
struct Reach<'c> {
    sources: Vec<PartyId>,
    signals: Vec<String>,
    closed_by: Vec<&'c Prohibition>,
}

fn reach<'c>(covenant: &'c Covenant, clause: &Clause) -> Reach<'c> {
    let mut reach = Reach {
        sources: Vec::new(),
        signals: Vec::new(),
        closed_by: Vec::new(),
    };
    for cell in cells(clause) {
        match ruling(covenant, &cell) {
            Ruling::Open(_) => {
                let signal = cell.signal.to_string();
                if !reach.sources.contains(&cell.source) {
                    reach.sources.push(cell.source);
                }
                if !reach.signals.contains(&signal) {
                    reach.signals.push(signal);
                }
            }
            Ruling::Prohibited(place) => {
                let known =
                    |p: &&Prohibition| !reach.closed_by.iter().any(|c| c.number == p.number);
                reach
                    .closed_by
                    .extend(covenant.prohibitions().get(place).filter(known));
            }
            Ruling::Closed => {}
        }
    }
    reach
}

/// Every cell that a clause would open, prohibitions aside.
fn cells(clause: &Clause) -> Vec<Cell> {
    let mut all = Vec::new();
    for role in &clause.to {
        for source in clause.from.iter().filter(|source| role.party() != **source) {
            for signal in &clause.about {
                all.extend(clause.shows.iter().map(|shows| Cell {
                    role: role.clone(),
                    purpose: clause.purpose.clone(),
                    source: source.clone(),
                    signal: signal.clone(),
                    shows: *shows,
                }));
            }
        }
    }
    all
}
