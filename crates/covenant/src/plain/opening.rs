//! What it is, until when, and between whom.

use super::page::Page;
use super::phrase::{day, quoted, told};
use super::terms::Term as _;

pub(super) fn write(page: &mut Page<'_>) {
    let covenant = page.covenant;
    let (title, id) = (quoted(covenant.title()), covenant.id());
    let version = covenant.version();
    page.say(&told!(
        page.lang,
        "Convenant {title} ({id}), versie {version}.",
        "Covenant {title} ({id}), version {version}."
    ));
    page.blank();
    reading_aid(page);
    page.blank();
    validity(page);
    parties(page);
}

/// How to read it: the four words that are used throughout.
fn reading_aid(page: &mut Page<'_>) {
    let aid = [
        (
            "U ondertekent het bestand. Dit is wat daarin staat, in gewone taal.",
            "You sign the file. This is what it says, in plain language.",
        ),
        (
            "Wat hier niet staat, mag niet.",
            "What is not in here is not allowed.",
        ),
        (
            "Namen, en tekst tussen aanhalingstekens, hebben de partijen zelf geschreven.",
            "Names, and text between quotes, were written by the parties themselves.",
        ),
        (
            "Een signaal is iets wat een partij zelf weet over een persoon, een plek of een zaak.",
            "A signal is something that a party itself knows about a person, a place or a thing.",
        ),
        (
            "De makelaar is het programma dat signalen van partijen met elkaar vergelijkt.",
            "The broker is the program that compares the signals of parties.",
        ),
        (
            "De bron is de partij van wie het signaal is, en de ontvanger hoort er iets over.",
            "The source is the party whose signal it is, and the recipient hears something of it.",
        ),
    ];
    for (nl, en) in aid {
        let text = page.pick(nl, en).to_owned();
        page.say(&text);
    }
}

fn validity(page: &mut Page<'_>) {
    let lang = page.lang;
    let header = page.covenant.header();
    let (first, end) = (day(lang, header.valid_from), day(lang, header.valid_until));
    page.say(&told!(
        lang,
        "Dit convenant geldt van {first} tot {end}.",
        "This covenant holds from {first} until {end}."
    ));
    page.more(&told!(
        lang,
        "Op {end} geldt het niet meer.",
        "On {end} it no longer holds."
    ));
    if let Some(review) = header.evaluation {
        let review = day(lang, review);
        page.more(&told!(
            lang,
            "Op {review} bekijken de partijen hoe het werkt.",
            "On {review} the parties look at how it works."
        ));
    }
    match header.replaces {
        None => page.say(page.pick(
            "Deze versie vervangt geen andere versie.",
            "This version replaces no other version.",
        )),
        Some(digest) => page.say(&told!(
            lang,
            "Deze versie vervangt de versie met kenmerk {digest}.",
            "This version replaces the version with mark {digest}."
        )),
    }
    let contact = page.party(&header.contact);
    page.say(&told!(
        lang,
        "Mensen over wie het gaat, kunnen terecht bij {contact}.",
        "People whom it is about can turn to {contact}."
    ));
    let (mark, date) = (quoted(&header.dpia.mark), day(lang, header.dpia.date));
    page.say(&told!(
        lang,
        "De risico's voor de privacy staan in DPIA {mark} van {date}.",
        "The risks to privacy are in DPIA {mark} of {date}."
    ));
    if let Some(text) = &header.text {
        let (url, digest) = (quoted(&text.url), text.sha256);
        page.say(&told!(
            lang,
            "Het convenant op papier staat op {url}, met kenmerk {digest}.",
            "The covenant on paper is at {url}, with mark {digest}."
        ));
    }
    let vocabulary = header.vocabulary.as_str();
    page.say(&told!(
        lang,
        "De adviezen komen uit de lijst {vocabulary}.",
        "The advices come from the list {vocabulary}."
    ));
    let written = match header.language {
        crate::language::words::Language::Dutch => page.pick("Nederlands", "Dutch"),
        crate::language::words::Language::English => page.pick("Engels", "English"),
    };
    page.say(&told!(
        lang,
        "De partijen schreven hun eigen tekst in het {written}.",
        "The parties wrote their own text in {written}."
    ));
}

fn parties(page: &mut Page<'_>) {
    page.heading("Wie meedoet", "Who takes part");
    for party in page.covenant.parties().values() {
        let (name, kind) = (&party.name, party.kind.told(page.lang));
        let id = &party.id;
        page.say(&told!(
            page.lang,
            "{name} (soort: {kind}) heet in het bestand {id}.",
            "{name} (kind: {kind}) is called {id} in the file."
        ));
        let function = quoted(&party.signer.function);
        page.more(&told!(
            page.lang,
            "Voor deze partij tekent: {function}.",
            "For this party signs: {function}."
        ));
        for (role, explanation) in &party.roles {
            let (role, explanation) = (role.role(), quoted(explanation));
            page.more(&told!(
                page.lang,
                "De rol {role} is: {explanation}.",
                "The role {role} is: {explanation}."
            ));
        }
    }
}
