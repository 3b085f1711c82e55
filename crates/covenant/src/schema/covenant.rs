//! The schema of a covenant.

use model::{Certainty, FieldName, Phonetic, Profile, SubjectKind};
use serde_json::{Value, json};

use super::clause::{clause, legal_basis};
use super::{
    SLUG, also, by_name, clause_number, covenant_id, day, document, example_keys, list, may, need,
    number, one_of, pattern, role, said, shared, slug, span, table, tables, text, word,
};
use crate::language::words::{Language, Misuse, Nature, PartyKind, Shows, Witnessing};
use crate::vocabulary::advice::Vocabulary;
use crate::vocabulary::law::Exemption;
use crate::vocabulary::taxonomy;

pub(super) fn schema() -> Value {
    let parties = by_name(&slug(), &party());
    let mut parties = parties;
    if let Value::Object(parties) = &mut parties {
        parties.insert("minProperties".into(), json!(2));
    }
    let whole = table([
        need(
            "formaat",
            json!({ "const": "convenant/1" }),
            "Het formaat van dit bestand.",
        ),
        need("taal", word::<Language>(), "De taal van de vrije teksten."),
        need("convenant", header(), "Wat voor het hele convenant geldt."),
        need("partij", parties, "Wie meedoen: [partij.<naam>]."),
        need(
            "signaal",
            by_name(&slug(), &signal()),
            "Waarover: [signaal.<naam>].",
        ),
        need(
            "doel",
            by_name(&slug(), &purpose()),
            "Waarvoor: [doel.<naam>].",
        ),
        may(
            "vergelijking",
            by_name(&slug(), &comparison()),
            "Hoe wordt vergeleken: [vergelijking.<naam>].",
        ),
        may(
            "auditor",
            by_name(&slug(), &auditor()),
            "Wie meekijkt: [auditor.<naam>].",
        ),
        need("logboek", log(), "Het logboek van de makelaar."),
        need(
            "regel",
            tables(&clause()),
            "Wat mag. Alles wat hier niet staat, mag niet.",
        ),
        may(
            "verbod",
            tables(&prohibition()),
            "Wat dicht blijft, wat een regel ook zegt.",
        ),
        may(
            "voorbeeld",
            tables(&table(example_keys())),
            "Een vraag met de uitkomst waar iedereen voor tekent.",
        ),
    ]);
    document(
        "urn:convenant:schema:convenant-1",
        "Convenant",
        "De machineleesbare bijlage van een convenant. Dit schema kent de sleutels en de woorden; \
         `covenant policy check` ziet ook of alles bij elkaar past en aan de wet voldoet.",
        whole,
        json!({
            "tijdsduur": span(),
            "kenmerk": reference(),
            "sleutel-ondertekening": key("ed25519", "waarmee wordt getekend"),
            "sleutel-verzegeling": key("x25519", "waarmee wordt verzegeld"),
            "grondslag": legal_basis(),
            "uitzondering": exemptions(),
        }),
    )
}

/// `{ kenmerk, datum }`.
fn reference() -> Value {
    table([
        need("kenmerk", text(), "Het kenmerk van het stuk."),
        need("datum", day(), "De datum van het stuk."),
    ])
}

/// A public key, or in a model text a place-holder in capitals.
fn key(scheme: &str, use_is: &str) -> Value {
    said(
        pattern(&format!(
            "^{scheme}:([A-Z0-9-]{{3,40}}|[A-Za-z0-9+/]{{43}}=?|[0-9A-Fa-f]{{64}})$"
        )),
        &format!(
            "Een openbare sleutel {use_is}: {scheme}: en 32 bytes in base64 of hexadecimaal. In \
             een model staat hier een plaatshouder in hoofdletters."
        ),
    )
}

/// One word, or a list.
fn exemptions() -> Value {
    json!({ "anyOf": [word::<Exemption>(), list(&word::<Exemption>())] })
}

fn header() -> Value {
    let keys = table([
        need(
            "id",
            covenant_id(),
            "De naam van het convenant, gelijk in alle versies.",
        ),
        need("versie", number(1, 1_000_000), "De versie, vanaf 1."),
        need("titel", text(), "De titel, voor mensen."),
        may(
            "vervangt",
            pattern("^sha256:[0-9a-f]{64}$"),
            "De SHA-256 van het bestand van de versie hiervoor. Verplicht vanaf versie 2.",
        ),
        need("geldig_van", day(), "De eerste dag waarop het geldt."),
        need(
            "geldig_tot",
            day(),
            "De eerste dag waarop het niet meer geldt, hooguit 24 maanden na geldig_van.",
        ),
        may(
            "evaluatie",
            day(),
            "De dag van de evaluatie, binnen de looptijd.",
        ),
        need(
            "woordenlijst",
            one_of(Vocabulary::ALL.iter().map(|v| v.as_str())),
            "De woordenlijst van handelingsadviezen.",
        ),
        need(
            "contactpunt",
            slug(),
            "De partij waar de betrokkene terecht kan (AVG 26).",
        ),
        may("tekst", paper(), "De papieren tekst van het convenant."),
        need(
            "dpia",
            shared("kenmerk"),
            "De gegevensbeschermingseffectbeoordeling (AVG 35).",
        ),
    ]);
    let first = json!({ "properties": { "versie": { "const": 1 } } });
    also(
        keys,
        vec![json!({
            "if": first,
            "then": { "not": { "required": ["vervangt"] } },
            "else": { "required": ["vervangt"] },
        })],
    )
}

fn paper() -> Value {
    table([
        need("url", pattern("^https://\\S+$"), "Waar de tekst staat."),
        need(
            "sha256",
            pattern("^[0-9a-f]{64}$"),
            "De SHA-256 van de tekst.",
        ),
    ])
}

fn oin() -> Value {
    pattern("^[0-9]{20}$")
}

fn party() -> Value {
    let signing = || shared("sleutel-ondertekening");
    let signer = table([
        need(
            "functie",
            text(),
            "De functie van wie tekent, en nooit een naam.",
        ),
        need("sleutel", signing(), "De openbare sleutel van wie tekent."),
    ]);
    let node = table([
        need(
            "ondertekening",
            signing(),
            "Hiermee tekent het knooppunt wat het stuurt.",
        ),
        need(
            "verzegeling",
            shared("sleutel-verzegeling"),
            "Hiermee wordt verzegeld wat alleen deze partij mag lezen.",
        ),
        need(
            "getuige",
            signing(),
            "Hiermee tekent het knooppunt het logboek mee.",
        ),
    ]);
    table([
        need("naam", text(), "De naam van de organisatie."),
        need(
            "soort",
            word::<PartyKind>(),
            "Wat voor organisatie het is; de wet kijkt hiernaar.",
        ),
        need(
            "oin",
            oin(),
            "Het organisatie-identificatienummer: 20 cijfers.",
        ),
        need("ondertekenaar", signer, "Wie voor deze partij tekent."),
        need(
            "noodstop",
            list(&signing()),
            "Openbare sleutels waarmee deze partij alles kan stilzetten.",
        ),
        need(
            "rol",
            by_name(&slug(), &text()),
            "De rollen bij deze partij: rol.<naam> = \"wat die persoon doet\".",
        ),
        may("knooppunt", node, "De openbare sleutels van het knooppunt."),
    ])
}

fn signal() -> Value {
    let published = taxonomy::VERA.iter().map(|category| category.code);
    let own = format!("^{}:[A-Z0-9.-]{{1,58}}$", taxonomy::OWN_SCHEME);
    let code = json!({ "anyOf": [one_of(published), pattern(&own)] });
    // A signal lapses after whole days.
    let mut days = span();
    if let Value::Object(days) = &mut days {
        days.insert("not".into(), json!({ "pattern": " uur$" }));
    }
    table([
        need("uitleg", text(), "Wat het signaal betekent, in een zin."),
        need("bron", list(&slug()), "De partijen die het mogen insturen."),
        may(
            "codes",
            list(&code),
            "De codes die dit signaal betekenen: vera:<CODE>, of eigen:<CODE>.",
        ),
        need(
            "aard",
            word::<Nature>(),
            "Wat voor gegeven het is; hiervan hangt de uitzondering af.",
        ),
        need(
            "vervalt_na",
            days,
            "Hoe lang na de waarneming het nog meetelt.",
        ),
        need(
            "zekerheid",
            word::<Certainty>(),
            "Hoe zeker de bron minstens moet zijn.",
        ),
        may(
            "herbeoordelen",
            shared("tijdsduur"),
            "Hoe vaak een mens bij de bron het opnieuw bekijkt.",
        ),
    ])
}

fn purpose() -> Value {
    table([
        need(
            "uitleg",
            text(),
            "Waarvoor de gegevens worden gebruikt, in een zin.",
        ),
        need(
            "niet_voor",
            list(&word::<Misuse>()),
            "Waarvoor ze nooit mogen worden gebruikt.",
        ),
    ])
}

fn comparison() -> Value {
    let keys = table([
        need("soort", word::<SubjectKind>(), "Wat wordt vergeleken."),
        may(
            "velden",
            list(&word::<FieldName>()),
            "De velden die samen een sleutel zijn.",
        ),
        may(
            "minstens",
            number(1, 27),
            "Hoeveel velden uit `van` een sleutel heeft.",
        ),
        may(
            "van",
            list(&word::<FieldName>()),
            "De velden waaruit sleutels worden gemaakt.",
        ),
        may(
            "nodig",
            number(1, 1_000),
            "Hoeveel sleutels moeten overeenkomen.",
        ),
        may(
            "profiel",
            word::<Profile>(),
            "Hoe sleutels worden beschermd; voor personen liefst oprf.",
        ),
        may(
            "klank",
            word::<Phonetic>(),
            "Hoe namen op klank worden vergeleken.",
        ),
        may(
            "te_vaak",
            number(2, 1_000_000),
            "Een sleutel die vaker voorkomt dan dit, telt niet mee.",
        ),
    ]);
    let lacks = |key: &str| json!({ "not": { "required": [key] } });
    let person = SubjectKind::Person.as_str();
    also(
        keys,
        vec![
            json!({ "oneOf": [
                { "required": ["velden"], "allOf": [lacks("minstens"), lacks("van")] },
                { "required": ["minstens", "van"], "allOf": [lacks("velden")] },
            ] }),
            json!({
                "if": { "properties": { "soort": { "const": person } } },
                "else": { "required": ["profiel"] },
            }),
        ],
    )
}

fn auditor() -> Value {
    table([
        need("naam", text(), "De naam van wie meekijkt."),
        need(
            "oin",
            oin(),
            "Het organisatie-identificatienummer: 20 cijfers.",
        ),
    ])
}

fn log() -> Value {
    table([
        need(
            "sleutel",
            shared("sleutel-ondertekening"),
            "Hiermee tekent de makelaar het logboek.",
        ),
        need(
            "getuigen",
            word::<Witnessing>(),
            "Hoe streng op medeondertekening wordt gewacht.",
        ),
        need(
            "bewaren_logboek",
            shared("tijdsduur"),
            "Hoe lang regels blijven; met politiegegevens minstens 4 jaar (Wpg 25).",
        ),
    ])
}

fn prohibition() -> Value {
    let all = || json!({ "const": ["*"] });
    let some = |element| json!({ "anyOf": [all(), list(&element)] });
    let roles = json!({ "anyOf": [role(), pattern(&format!("^{SLUG}\\.\\*$"))] });
    table([
        need(
            "nummer",
            clause_number(),
            "Het nummer, van geen andere regel of verbod.",
        ),
        need("titel", text(), "Wat dicht blijft, in een zin."),
        need(
            "aan",
            some(roles),
            "Voor wie: rollen, \"<partij>.*\", of [\"*\"] voor iedereen.",
        ),
        may(
            "doel",
            json!({ "anyOf": [slug(), { "const": "*" }] }),
            "Voor welk doel; weggelaten is elk doel.",
        ),
        may(
            "van",
            some(slug()),
            "Van welke partijen; weggelaten is elke partij.",
        ),
        may(
            "over",
            some(slug()),
            "Over welke signalen; weggelaten is elk signaal.",
        ),
        need(
            "toont",
            some(word::<Shows>()),
            "Wat niet wordt getoond; [\"*\"] is alles.",
        ),
    ])
}
