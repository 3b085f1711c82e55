//! A subject of a case file: the same tables as in the map of an import, with values for columns.

use std::collections::BTreeMap;

use pseudonym::{RawIdentifier, RawSubject, normalise};
use wire::node_v1::{CaseSubject, Protection, ProtectionStatement, Subject};
use wire::type_v1::Attestation;

use super::reading::{At, Reading};
use super::tree::{Part, Table, Value};
use crate::import::{DateForm, Kind, date_parts, fields, message};

const KEYS: [&str; 8] = [
    "kind",
    "from",
    "until",
    "minor",
    "shielded_address",
    "fields",
    "address",
    "address_abroad",
];

const KINDS: [(&str, Kind); 7] = [
    ("person", Kind::Person),
    ("address", Kind::Address),
    ("address_abroad", Kind::AddressAbroad),
    ("organisation", Kind::Organisation),
    ("vehicle", Kind::Vehicle),
    ("contact", Kind::Contact),
    ("account", Kind::Account),
];

const ATTESTATIONS: [(&str, Attestation); 3] = [
    ("absent", Attestation::Absent),
    ("present", Attestation::Present),
    ("unknown", Attestation::Unknown),
];

/// The fields of a subject by their paths within it, each with its path in the file.
type Given = BTreeMap<String, (String, String)>;

/// Reads the subject at `place`. Mistakes are noted; what is returned is of use without any.
pub(super) fn read(reading: &mut Reading, place: usize, part: &Part) -> CaseSubject {
    let path = format!("subject[{place}]");
    let proto = format!("subjects[{place}]");
    reading.remember(&proto, part.line);
    let Value::Table(table) = &part.value else {
        reading.wrong(
            part.line,
            &path,
            "hier horen velden, elk met een naam",
            "fields belong here, each with a name",
        );
        return CaseSubject::default();
    };
    let path = format!("{path}.");
    let at = At {
        table,
        line: part.line,
        path: &path,
    };
    reading.keys(at, &KEYS);
    let kind_at = format!("{proto}.kind");
    let kind = reading.text(at, "kind", &kind_at);
    let kind = reading.word((at, "kind", &kind_at), kind, &KINDS);
    let mut day = |key: &str| {
        let proto = format!("{proto}.{key}");
        let text = reading.optional(at, key, &proto);
        reading.day((at, key, &proto), text).map(wire::field::date)
    };
    let (from, until) = (day("from"), day("until"));
    let protections = protections(reading, at, &proto);
    let kind = kind.and_then(|kind| about(reading, at, kind, &proto));
    CaseSubject {
        subject: Some(Subject { kind, protections }),
        from,
        until,
    }
}

fn protections(reading: &mut Reading, at: At<'_>, proto: &str) -> Vec<ProtectionStatement> {
    let mut protections = Vec::new();
    for (key, protection) in [
        ("minor", Protection::Minor),
        ("shielded_address", Protection::ShieldedAddress),
    ] {
        let proto = format!("{proto}.subject.protections[{}]", protections.len());
        let text = reading.optional(at, key, &proto);
        if let Some(attested) = reading.word((at, key, &proto), text, &ATTESTATIONS) {
            protections.push(ProtectionStatement {
                protection: protection.into(),
                attestation: attested.into(),
            });
        }
    }
    protections
}

/// Whom or what: the fields of the subject's kind, held against their rules as the node will.
fn about(
    reading: &mut Reading,
    at: At<'_>,
    kind: Kind,
    proto: &str,
) -> Option<wire::node_v1::subject::Kind> {
    let mut given = Given::new();
    for (key, below) in [
        ("fields", ""),
        ("address", "address."),
        ("address_abroad", "address_abroad."),
    ] {
        if let Some((table, line)) = reading.table(at, key, false) {
            let path = format!("{}{key}.", at.path);
            let at = At {
                table,
                line,
                path: &path,
            };
            take(reading, at, (kind, below, proto), &mut given);
        }
    }
    if at.table.contains_key("address") && at.table.contains_key("address_abroad") {
        reading.wrong(
            at.line,
            at.path.trim_end_matches('.'),
            "een persoon heeft hier één adres; geef address of address_abroad",
            "a person has one address here; give address or address_abroad",
        );
    }
    let texts = given.iter().map(|(path, (text, _))| {
        let identifier = RawIdentifier::from(text.as_str());
        (path.as_str(), identifier)
    });
    let Ok(raw) = RawSubject::from_fields(texts) else {
        reading.wrong(
            at.line,
            at.path.trim_end_matches('.'),
            "hier is niets ingevuld; vul ten minste één veld in",
            "nothing is given here; fill in at least one field",
        );
        return None;
    };
    for refusal in normalise(&raw).err().unwrap_or_default() {
        let line = reading.line_of(&format!("{proto}.subject.{}", refusal.path));
        let named = given.get(&refusal.path).map(|(_, path)| path.as_str());
        let path = named.unwrap_or_else(|| at.path.trim_end_matches('.'));
        reading.wrong(line, path, &refusal.message_nl, &refusal.message_en);
    }
    let texts = given.into_iter().map(|(path, (text, _))| (path, text));
    Some(message(kind, texts.collect()))
}

/// Takes the fields of one table.
fn take(
    reading: &mut Reading,
    at: At<'_>,
    (kind, below, proto): (Kind, &str, &str),
    given: &mut Given,
) {
    let known: Vec<&str> = fields(kind.root(), below).collect();
    reading.keys(at, &known);
    for key in known_keys(at.table, &known) {
        let path = format!("{}.{below}{key}", kind.root());
        let field = format!("{proto}.subject.{path}");
        let Some(text) = reading.optional(at, key, &field) else {
            continue;
        };
        let shown = format!("{}{key}", at.path);
        let text = if key == "birth_date" {
            let Some((year, month, day)) = date_parts(&text, DateForm::Ymd) else {
                reading.wrong(
                    reading.line_of(&field),
                    &shown,
                    "schrijf 1980-05-31, of wat bekend is: 1980-05 of 1980",
                    "write 1980-05-31, or what is known: 1980-05 or 1980",
                );
                continue;
            };
            format!("{year:04}-{month:02}-{day:02}")
        } else {
            text
        };
        if !text.is_empty() {
            given.insert(path, (text, shown));
        }
    }
}

fn known_keys<'p>(table: &'p Table, known: &[&str]) -> Vec<&'p str> {
    let keys = table.keys().map(String::as_str);
    keys.filter(|key| known.contains(key)).collect()
}
