//! Who looks on, who can stop it, and the keys that everything hangs on.

use data_encoding::BASE64;

use super::page::Page;
use super::phrase::{quoted, span, told};
use super::terms::Term as _;
use crate::language::ast::{Key, Outcome};
use crate::language::words::Witnessing;

/// `[[voorbeeld]]`.
pub(super) fn examples(page: &mut Page<'_>) {
    if page.covenant.examples().is_empty() {
        return;
    }
    page.heading(
        "Voorbeelden die u mee ondertekent",
        "Examples that you sign too",
    );
    for example in page.covenant.examples() {
        let name = quoted(&example.name);
        page.say(&told!(page.lang, "Voorbeeld: {name}.", "Example: {name}."));
        let outcome = match &example.outcome {
            Outcome::Clause(number) => told!(
                page.lang,
                "Ja, dat mag van regel {number}.",
                "Yes, clause {number} allows it."
            ),
            Outcome::Refused(None) => told!(page.lang, "Nee.", "No."),
            Outcome::Refused(Some(reason)) => {
                let why = reason.told(page.lang);
                told!(page.lang, "Nee, omdat {why}.", "No, since {why}.")
            }
        };
        page.more(&outcome);
    }
}

/// `[auditor.*]`, `[logboek]`, and who can stop it.
pub(super) fn write(page: &mut Page<'_>) {
    let lang = page.lang;
    page.heading("Wie meekijkt", "Who looks on");
    page.say(page.pick(
        "De makelaar schrijft elke beslissing in een logboek, ook een weigering.",
        "The broker writes every decision in a log, also a refusal.",
    ));
    for auditor in page.covenant.auditors().values() {
        let name = &auditor.name;
        page.say(&told!(
            lang,
            "{name} is auditor en mag dat logboek lezen en nakijken.",
            "{name} is auditor and may read and check that log."
        ));
    }
    if page.covenant.auditors().is_empty() {
        page.say(page.pick("Er is geen auditor.", "There is no auditor."));
    }
    let log = page.covenant.log();
    let kept = span(lang, log.retention);
    page.say(&told!(
        lang,
        "Het logboek wordt {kept} bewaard.",
        "The log is kept for {kept}."
    ));
    page.say(match log.witnessing {
        Witnessing::Deferred => page.pick(
            "De partijen bevestigen het logboek, maar een antwoord wacht daar niet op.",
            "The parties confirm the log, but an answer does not wait for it.",
        ),
        Witnessing::Strict => page.pick(
            "Zonder bevestiging van het logboek door de partijen komt er geen antwoord.",
            "Without the parties' confirmation of the log there is no answer.",
        ),
    });
    stopping(page);
}

fn stopping(page: &mut Page<'_>) {
    page.heading("Wie het kan stoppen", "Who can stop it");
    let rules = [
        (
            "Dit convenant geldt pas als elke partij het heeft ondertekend.",
            "This covenant holds only once every party has signed it.",
        ),
        (
            "Elke partij kan het meteen stilleggen, helemaal of voor een deel.",
            "Every party can suspend it at once, wholly or in part.",
        ),
        (
            "Dat kan ook met de sleutel voor de noodstop.",
            "The emergency stop key can do that too.",
        ),
        (
            "Weer beginnen kan alleen als de partij die stopte dat wil, en nog een partij.",
            "It resumes only if the party that stopped wants it, and one other party.",
        ),
        (
            "Ligt het 30 dagen helemaal stil, dan vervalt deze versie.",
            "If it is wholly suspended for 30 days, this version lapses.",
        ),
        (
            "Een partij kan zich ook terugtrekken, en dan geldt het voor niemand meer.",
            "A party can also withdraw, and then it holds for nobody any more.",
        ),
        (
            "Bevestigt een partij een dag lang niets, dan krijgt en geeft zij niets.",
            "If a party confirms nothing for a day, it gets and gives nothing.",
        ),
    ];
    for (nl, en) in rules {
        let text = page.pick(nl, en);
        page.say(text);
    }
}

/// The numbers and public keys, to be compared with what each party gave.
pub(super) fn keys(page: &mut Page<'_>) {
    page.heading("Om te vergelijken", "To be compared");
    page.say(page.pick(
        "Vergelijk dit met wat elke partij u zelf gaf.",
        "Compare this with what each party gave you itself.",
    ));
    let lang = page.lang;
    for party in page.covenant.parties().values() {
        page.say(&format!("{}:", party.name));
        let mut lines = vec![format!("OIN {}", party.oin)];
        let signer = key(&party.signer.key);
        lines.push(told!(lang, "tekent met {signer}", "signs with {signer}"));
        lines.extend(party.emergency.iter().map(|stop| {
            let stop = key(stop);
            told!(lang, "noodstop {stop}", "emergency stop {stop}")
        }));
        if let Some(node) = &party.node {
            let (signing, sealing) = (key(&node.signing), key(&node.sealing));
            let witness = key(&node.witness);
            lines.push(told!(
                lang,
                "knooppunt tekent met {signing}",
                "node signs with {signing}"
            ));
            lines.push(told!(lang, "verzegeling {sealing}", "sealing {sealing}"));
            lines.push(told!(lang, "getuige {witness}", "witness {witness}"));
        }
        for line in lines {
            page.point(&line);
        }
    }
    for auditor in page.covenant.auditors().values() {
        page.say(&format!("{}:", auditor.name));
        page.point(&format!("{}, OIN {}", auditor.id, auditor.oin));
    }
    let log = key(&page.covenant.log().key);
    page.say(&told!(lang, "Logboek: {log}", "Log: {log}"));
}

/// A key as a covenant writes it.
fn key(key: &Key) -> String {
    match key {
        Key::Ed25519(bytes) => format!("ed25519:{}", BASE64.encode(bytes)),
        Key::X25519(bytes) => format!("x25519:{}", BASE64.encode(bytes)),
        Key::Placeholder(text) => text.clone(),
    }
}
