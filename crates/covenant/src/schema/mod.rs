//! JSON Schemas (2020-12) of a covenant and of a file of cases, for editors.
//!
//! Every closed list comes from the words that the checker reads; a test holds the keys to those
//! that it asks for. A schema sees shape and vocabulary only: what a name refers to, what goes
//! together and what the law asks for is said by [`crate::check`]. Dates are taken as the text
//! that editors make of them.

mod cases;
mod clause;
mod covenant;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::language::parse::example::{FACTS, MOST};
use crate::language::words::{LoginLevel, Reason, Reviewed, Shows, Unit, Word};

/// The schema of a covenant, `convenant/1`.
#[must_use]
pub fn covenant() -> Value {
    covenant::schema()
}

/// The schema of a file of cases, `convenant-gevallen/1`.
#[must_use]
pub fn cases() -> Value {
    cases::schema()
}

/// A key of a table, with what it says.
struct Key {
    name: &'static str,
    needed: bool,
    schema: Value,
    says: &'static str,
}

/// A key that must be there.
const fn need(name: &'static str, schema: Value, says: &'static str) -> Key {
    Key {
        name,
        needed: true,
        schema,
        says,
    }
}

/// A key that may be left out.
const fn may(name: &'static str, schema: Value, says: &'static str) -> Key {
    Key {
        name,
        needed: false,
        schema,
        says,
    }
}

/// A table with these keys and no others.
fn table(keys: impl IntoIterator<Item = Key>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for key in keys {
        if key.needed {
            required.push(key.name);
        }
        properties.insert(key.name.into(), said(key.schema, key.says));
    }
    let mut table = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Value::Object(table), false) = (&mut table, required.is_empty()) {
        table.insert("required".into(), json!(required));
    }
    table
}

/// A table whose keys are names that the covenant gives.
fn by_name(name: &Value, value: &Value) -> Value {
    json!({
        "type": "object",
        "propertyNames": name,
        "additionalProperties": value,
        "minProperties": 1,
    })
}

/// A schema with more to hold at the same time.
fn also(mut schema: Value, rules: Vec<Value>) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("allOf".into(), Value::Array(rules));
    }
    schema
}

fn said(mut schema: Value, says: &str) -> Value {
    if let Value::Object(schema) = &mut schema {
        schema.insert("description".into(), says.into());
    }
    schema
}

/// A definition that is used more than once.
fn shared(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A list that is not empty and has no doubles.
fn list(element: &Value) -> Value {
    json!({ "type": "array", "items": element, "minItems": 1, "uniqueItems": true })
}

fn tables(element: &Value) -> Value {
    json!({ "type": "array", "items": element })
}

/// A word of a closed list.
fn word<W: Word>() -> Value {
    one_of(W::all().iter().map(|word| word.word()))
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> Value {
    json!({ "type": "string", "enum": words.collect::<Vec<_>>() })
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// A text with something in it.
fn text() -> Value {
    pattern("\\S")
}

fn number(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn truth() -> Value {
    json!({ "type": "boolean" })
}

fn day() -> Value {
    json!({ "type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
}

const SLUG: &str = "[a-z0-9-]{1,64}";

fn slug() -> Value {
    pattern(&format!("^{SLUG}$"))
}

fn role() -> Value {
    pattern(&format!("^{SLUG}\\.{SLUG}$"))
}

fn clause_number() -> Value {
    pattern("^[a-z0-9.-]{1,32}$")
}

fn covenant_id() -> Value {
    pattern("^[a-z0-9.-]{1,64}$")
}

/// A length of time, as `language::span` reads it.
fn span() -> Value {
    let mut units: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
    units.extend(["dag", "week", "maand"]);
    said(
        pattern(&format!("^[1-9][0-9]{{0,8}} ({})$", units.join("|"))),
        "Een tijdsduur, zoals \"24 uur\", \"7 dagen\" of \"12 maanden\".",
    )
}

/// `vraag` of an example or case.
fn question(needed: bool) -> Value {
    let [role_is, purpose, from, about, shows] = QUESTION;
    let key = if needed { need } else { may };
    table([
        key("rol", role(), role_is),
        key("doel", slug(), purpose),
        key("van", slug(), from),
        key("over", slug(), about),
        key("toont", word::<Shows>(), shows),
    ])
}

const QUESTION: [&str; 5] = [
    "Wie het wil weten: <partij>.<rol>.",
    "Waarvoor.",
    "Van welke partij het signaal komt.",
    "Over welk signaal.",
    "Wat er zou worden getoond.",
];

/// The facts of an example or case, each in the form that it is read.
fn fact(key: &'static str) -> Key {
    let count = || number(0, MOST);
    let (schema, says) = match key {
        "treffers" => (count(), "Hoeveel verschillende signalen er zijn."),
        "partijen" => (count(), "Van hoeveel verschillende partijen."),
        "binnen" => (shared("tijdsduur"), "Hoe lang geleden ze zijn waargenomen."),
        "dossier" => (truth(), "Of er een dossiernummer is gegeven."),
        "motivering" => (truth(), "Of er een reden is gegeven."),
        "beoordeling" => (
            word::<Reviewed>(),
            "Welke beoordeling door een mens er was.",
        ),
        "goedkeuringen" => (count(), "Hoeveel mensen het goedkeurden."),
        "inlogniveau" => (word::<LoginLevel>(), "Hoe zeker de vrager is ingelogd."),
        "minderjarige" => (truth(), "Of het over een minderjarige gaat."),
        "afgeschermd-adres" => (truth(), "Of het adres is afgeschermd."),
        "gebied" => (truth(), "Of het in het gebied van de regel ligt."),
        "per_medewerker_per_dag" => (count(), "De hoeveelste vraag van deze medewerker vandaag."),
        "per_partij_per_dag" => (count(), "De hoeveelste vraag van deze partij vandaag."),
        // `per_betrokkene_per_maand`.
        _ => (
            count(),
            "De hoeveelste vraag van deze partij over deze betrokkene deze maand.",
        ),
    };
    may(key, schema, says)
}

fn facts() -> Value {
    table(FACTS.into_iter().map(fact))
}

/// `uitkomst`: a clause's number, `geweigerd`, or `geweigerd: <reason>`.
fn outcome() -> Value {
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    pattern(&format!(
        "^([a-z0-9.-]{{1,32}}|geweigerd: ({}))$",
        reasons.join("|")
    ))
}

/// What an example and a case have in common.
fn example_keys() -> [Key; 4] {
    [
        need("naam", text(), "Wat het laat zien, in een zin."),
        need("vraag", question(true), "Wie wat wil weten."),
        may(
            "feiten",
            facts(),
            "Wat er bekend is. Wat u weglaat, voldoet aan de regel.",
        ),
        need(
            "uitkomst",
            outcome(),
            "Het nummer van de regel die het toont, of \"geweigerd\", of \"geweigerd: <reden>\".",
        ),
    ]
}

/// A whole schema.
fn document(id: &str, title: &str, says: &str, table: Value, definitions: Value) -> Value {
    let mut schema = said(table, says);
    if let Value::Object(schema) = &mut schema {
        schema.insert("$schema".into(), SCHEMA.into());
        schema.insert("$id".into(), id.into());
        schema.insert("title".into(), title.into());
        schema.insert("$defs".into(), definitions);
    }
    schema
}

const SCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";
