//! The JSON Schemas for editors: the committed files are the generated ones, every model passes,
//! and a covenant whose words or shape are wrong does not.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

/// A file as an editor hands it to a schema: dates are text.
fn as_json(source: &str) -> Option<Value> {
    fn of(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => text.into(),
            toml::Value::Integer(number) => number.into(),
            toml::Value::Float(number) => number.into(),
            toml::Value::Boolean(truth) => truth.into(),
            toml::Value::Datetime(day) => day.to_string().into(),
            toml::Value::Array(list) => list.into_iter().map(of).collect(),
            toml::Value::Table(table) => table.into_iter().map(|(k, v)| (k, of(v))).collect(),
        }
    }
    Some(of(toml::Value::Table(source.parse().ok()?)))
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter_map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            let stem = name.strip_suffix(".toml")?.to_owned();
            let source = std::fs::read_to_string(entry.path()).ok()?;
            Some((stem, source))
        })
        .collect();
    found.sort();
    found
}

fn complaints(schema: &Validator, value: &Value) -> Vec<String> {
    let errors = schema.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::meta::validate(schema).unwrap_or_else(|error| panic!("{error}"));
    jsonschema::validator_for(schema).expect("it is a schema")
}

/// Compares, or with `COVENANT_WRITE_GOLDEN=1` writes, the files in `policies/schema`.
#[test]
fn the_schemas_are_the_committed_ones() {
    for (name, schema) in [
        ("convenant-1", covenant::schema::covenant()),
        ("convenant-gevallen-1", covenant::schema::cases()),
    ] {
        let path = policies().join(format!("schema/{name}.schema.json"));
        if std::env::var_os("COVENANT_WRITE_GOLDEN").is_some() {
            let text = serde_json::to_string_pretty(&schema).unwrap();
            std::fs::write(&path, format!("{text}\n")).unwrap();
        }
        let committed: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(
            committed == schema,
            "{} is not what the code says; run this test with COVENANT_WRITE_GOLDEN=1",
            path.display()
        );
    }
}

#[test]
fn every_model_and_its_cases_pass() {
    let covenant = validator(&covenant::schema::covenant());
    let cases = validator(&covenant::schema::cases());
    let (mut covenants, mut files_of_cases) = (0, 0);
    for (name, source) in files(&policies()) {
        let value = as_json(&source).unwrap();
        let schema = if name.ends_with(".cases") {
            files_of_cases += 1;
            &cases
        } else {
            covenants += 1;
            &covenant
        };
        let told = complaints(schema, &value);
        assert!(told.is_empty(), "{name}: {told:#?}");
    }
    assert!(covenants >= 5 && files_of_cases == covenants);
}

/// The rules that a schema can see: words, shapes, what is there and what is not.
const SEEN: &[&str] = &[
    "advies",
    "dubbel-woord",
    "formaat",
    "geen-bewaren-logboek",
    "geen-einddatum",
    "grondslag-ontbreekt",
    "jokerteken",
    "kenmerken",
    "leeg",
    "onbekend-woord",
    "onbekende-sleutel",
    "ongeldige-naam",
    "ongeldige-waarde",
    "ontbreekt",
    "sleutel-ongeldig",
    "te-weinig-partijen",
    "verkeerd-soort",
    "vervangt",
];

#[test]
fn a_bad_covenant_is_refused_for_its_words_and_shape_and_for_nothing_else() {
    let schema = validator(&covenant::schema::covenant());
    let mut refused = BTreeSet::new();
    let mut read = 0;
    for (name, source) in files(&policies().join("bad")) {
        // What is no TOML never reaches a schema.
        let Some(value) = as_json(&source) else {
            continue;
        };
        read += 1;
        if !schema.is_valid(&value) {
            refused.insert(name);
        }
    }
    assert!(read > 60, "{read}");
    let seen: BTreeSet<String> = SEEN.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(refused, seen);
}

#[test]
fn a_bad_file_of_cases_is_refused() {
    let schema = validator(&covenant::schema::cases());
    let path = policies().join("veilig-op-bezoek.cases.toml");
    let source = std::fs::read_to_string(path).unwrap();
    for (right, wrong) in [
        ("formaat   =", "format    ="),
        ("gevallen/1", "gevallen/2"),
        ("versie    = 1", "versie    = \"1\""),
        ("naam     =", "name     ="),
        ("\"geweigerd: treffers\"", "\"geweigerd: treffer\""),
        ("[\"treffers\"]", "[\"trefer\"]"),
        ("[\"treffers\"]", "[]"),
        ("{ treffers = 0, ", "{ trefers = 0, "),
        ("{ uitkomst = \"3.1\" }", "{ }"),
        ("beoordeling = \"geen\"", "beoordeling = \"nee\""),
        ("toont = \"handelingsadvies\"", "toont = \"advies\""),
        ("minderjarige = false", "minderjarige = 0"),
    ] {
        assert!(source.contains(right), "{right}");
        let value = as_json(&source.replacen(right, wrong, 1)).unwrap();
        assert!(!schema.is_valid(&value), "{wrong}");
    }
}
