//! The entities: which role is whose, and which source and signal a datum is.

use serde::Serialize;

use crate::language::covenant::Covenant;

/// An entity's name, as Cedar's JSON has it.
#[derive(Serialize)]
pub(super) struct Uid {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
}

/// An entity as a value.
#[derive(Serialize)]
pub(super) struct Reference {
    #[serde(rename = "__entity")]
    entity: Uid,
}

#[derive(Serialize)]
struct Entity<A> {
    uid: Uid,
    attrs: A,
    parents: [Uid; 0],
}

#[derive(Serialize)]
struct Recipient {
    rol: Reference,
    partij: Reference,
}

#[derive(Serialize)]
struct Datum {
    bron: Reference,
    signaal: Reference,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Any {
    Recipient(Entity<Recipient>),
    Datum(Entity<Datum>),
}

pub(super) fn entities(covenant: &Covenant) -> String {
    let document = covenant.document();
    let mut all = Vec::new();
    for (party, whole) in &document.parties {
        all.extend(whole.roles.keys().map(|role| {
            Any::Recipient(Entity {
                uid: uid("Ontvanger", role.to_string()),
                attrs: Recipient {
                    rol: reference("Rol", role.as_str()),
                    partij: reference("Partij", party.as_str()),
                },
                parents: [],
            })
        }));
    }
    for source in document.parties.keys() {
        all.extend(document.signals.keys().map(|signal| {
            Any::Datum(Entity {
                uid: uid("Gegeven", format!("{source}/{signal}")),
                attrs: Datum {
                    bron: reference("Partij", source.as_str()),
                    signaal: reference("Signaal", signal.as_str()),
                },
                parents: [],
            })
        }));
    }
    json(&all)
}

const fn uid(kind: &'static str, id: String) -> Uid {
    Uid { kind, id }
}

pub(super) fn reference(kind: &'static str, id: &str) -> Reference {
    Reference {
        entity: uid(kind, id.to_owned()),
    }
}

/// JSON over several lines. Structs keep the order of their fields, whatever serde's settings.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    // Texts and numbers alone always have a JSON.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
