//! The map of a CSV file: which column becomes which field of a signal.
//!
//! Keys are the fields of `covenant.node.v1`; a value is a constant text, or where to take it:
//! `{ column = "soort", values = { "A" = "vera:AGR.FYS" } }`, `{ column = "datum", date = "dmy" }`,
//! `{ column = "rec_id", pattern = "^rec-([0-9]+)-" }`.

use std::collections::BTreeMap;

use serde::Deserialize;
use wire::node_v1::Protection;

use super::spelling;

/// A whole map.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Map {
    /// How the file is read.
    #[serde(default)]
    pub(crate) file: FileForm,
    /// What every signal says.
    pub(crate) signal: SignalMap,
    /// Whom or what it is about: one or more, each with one kind.
    #[serde(rename = "subject", default)]
    pub(crate) subjects: Vec<SubjectMap>,
    /// Columns that are made of others, for `--truth`.
    #[serde(default)]
    pub(crate) derived: BTreeMap<String, Source>,
}

/// How the file is read. What is left out is found by looking.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FileForm {
    /// `;`, `,` or a tab.
    pub(crate) delimiter: Option<char>,
    /// `utf-8` or `windows-1252`.
    pub(crate) charset: Option<String>,
    /// What becomes of a subject's field that breaks its rule: the row is refused, or the field is
    /// left out and reported.
    pub(crate) bad_field: BadField,
}

/// What becomes of a subject's field that breaks its rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BadField {
    /// The row is refused.
    #[default]
    RefuseRow,
    /// The field is left out of the signal, and reported.
    LeaveOut,
}

/// Where a value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text that is the same for every row, or { column = \"..\" } with \
                 pattern, values, date or empty"
)]
pub(crate) enum Source {
    /// The same for every row.
    Constant(String),
    /// The same for every row, where the field says yes or no.
    Flag(bool),
    /// Out of a column.
    Column(ColumnSource),
}

/// Out of a column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnSource {
    /// The column's name in the first row.
    pub(crate) column: String,
    /// Takes the first group of this regular expression; nothing when it does not match.
    #[serde(default)]
    pub(crate) pattern: Option<String>,
    /// Replaces the column's words by others; a word that is not listed is refused.
    #[serde(default)]
    pub(crate) values: Option<BTreeMap<String, String>>,
    /// The order in which a date is written.
    #[serde(default)]
    pub(crate) date: Option<DateForm>,
    /// What an empty cell means; without it, an empty field.
    #[serde(default)]
    pub(crate) empty: Option<String>,
}

/// The order in which a date is written. Signs between the parts may be any of `-`, `/`, `.` or
/// nothing; `0000` and `00` stand for an unknown part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DateForm {
    /// Year, month, day.
    Ymd,
    /// Day, month, year.
    Dmy,
}

/// What every signal says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignalMap {
    /// The covenant's id.
    pub(crate) covenant: String,
    /// Purposes.
    pub(crate) purposes: Vec<String>,
    /// `<scheme>:<code>`.
    pub(crate) category: Source,
    /// The day of observation.
    pub(crate) observed_at: Source,
    /// `reported` or `confirmed`.
    pub(crate) certainty: Source,
    /// `true` or `false`.
    #[serde(default)]
    pub(crate) reviewed_by_person: Option<Source>,
    /// CBS code.
    #[serde(default)]
    pub(crate) neighbourhood: Option<Source>,
    /// `8`, `9`, `10` or `13`.
    #[serde(default)]
    pub(crate) police_article: Option<Source>,
    /// The sender's own reference.
    #[serde(default)]
    pub(crate) source_reference: Option<Source>,
    /// Name to text.
    #[serde(default)]
    pub(crate) attributes: BTreeMap<String, Source>,
}

/// Whom or what a signal is about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubjectMap {
    /// Which kind.
    pub(crate) kind: Kind,
    /// What the sender attests about being a minor: `absent`, `present` or `unknown`.
    #[serde(default)]
    pub(crate) minor: Option<Source>,
    /// What the sender attests about a shielded address: `absent`, `present` or `unknown`.
    #[serde(default)]
    pub(crate) shielded_address: Option<Source>,
    /// The kind's fields, by their names in the proto, for example `surname`.
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Source>,
    /// With `kind = "person"`: the fields of the address where the person lives.
    #[serde(default)]
    pub(crate) address: BTreeMap<String, Source>,
    /// The same, for an address abroad.
    #[serde(default)]
    pub(crate) address_abroad: BTreeMap<String, Source>,
}

/// The kind of a subject, by its name in the proto's `Subject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A natural person.
    Person,
    /// A Dutch address.
    Address,
    /// An address abroad.
    AddressAbroad,
    /// An organisation.
    Organisation,
    /// A vehicle.
    Vehicle,
    /// A telephone number.
    Contact,
    /// A bank account.
    Account,
}

impl Kind {
    /// The first word of its fields' paths.
    pub(crate) const fn root(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Address => "address",
            Self::AddressAbroad => "address_abroad",
            Self::Organisation => "organisation",
            Self::Vehicle => "vehicle",
            Self::Contact => "contact",
            Self::Account => "account",
        }
    }
}

impl SubjectMap {
    /// The mapped fields by their paths within the subject, for example `person.address.postcode`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (String, &Source)> {
        let root = self.kind.root();
        [
            ("", &self.fields),
            ("address.", &self.address),
            ("address_abroad.", &self.address_abroad),
        ]
        .into_iter()
        .flat_map(move |(below, fields)| {
            fields
                .iter()
                .map(move |(name, source)| (format!("{root}.{below}{name}"), source))
        })
    }

    /// What is attested about the subject, in the order in which the signal lists it.
    pub(crate) fn protections(&self) -> impl Iterator<Item = (Protection, &Source)> {
        [
            (Protection::Minor, &self.minor),
            (Protection::ShieldedAddress, &self.shielded_address),
        ]
        .into_iter()
        .filter_map(|(protection, source)| Some((protection, source.as_ref()?)))
    }
}

impl Map {
    /// Reads a map.
    ///
    /// # Errors
    /// With line and column when it is not TOML, or has a key that is not known.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        spelling::check(text)?;
        let map: Self = toml::from_str(text).map_err(|error| anyhow::anyhow!("{error}"))?;
        anyhow::ensure!(
            !map.subjects.is_empty(),
            "the map has no [[subject]]: say whom or what a signal is about"
        );
        for (place, subject) in map.subjects.iter().enumerate() {
            anyhow::ensure!(
                subject.address.is_empty() || subject.address_abroad.is_empty(),
                "subject[{place}]: a person has one address here; map address or address_abroad"
            );
        }
        Ok(map)
    }

    /// Every source with the path of the field that it fills, for messages that name columns.
    pub(crate) fn sources(&self) -> Vec<(String, &Source)> {
        let signal = &self.signal;
        let mut all = vec![
            ("signal.category".to_owned(), &signal.category),
            ("signal.observed_at".to_owned(), &signal.observed_at),
            ("signal.certainty".to_owned(), &signal.certainty),
        ];
        for (name, source) in [
            ("reviewed_by_person", &signal.reviewed_by_person),
            ("neighbourhood", &signal.neighbourhood),
            ("police_article", &signal.police_article),
            ("source_reference", &signal.source_reference),
        ] {
            if let Some(source) = source {
                all.push((format!("signal.{name}"), source));
            }
        }
        for (name, source) in &signal.attributes {
            all.push((format!("signal.attributes.{name}"), source));
        }
        for (place, subject) in self.subjects.iter().enumerate() {
            let at = format!("signal.subjects[{place}]");
            all.extend(
                subject
                    .paths()
                    .map(|(path, source)| (format!("{at}.{path}"), source)),
            );
            let protections = subject.protections().enumerate();
            all.extend(protections.map(|(n, (_, from))| (format!("{at}.protections[{n}]"), from)));
        }
        all
    }

    /// The column behind a field's path; the path itself where a constant or nothing fills it.
    pub(crate) fn column_of(&self, path: &str) -> String {
        self.sources()
            .into_iter()
            .filter(|(filled, _)| {
                path.strip_prefix(filled.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
            .find_map(|(_, source)| match source {
                Source::Column(column) => Some(column.column.clone()),
                Source::Constant(_) | Source::Flag(_) => None,
            })
            .unwrap_or_else(|| path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = r#"
[signal]
covenant = "proef"
purposes = ["bezoekveiligheid"]
category = { column = "soort", values = { agressie = "vera:AGR.FYS" } }
observed_at = { column = "datum", date = "dmy" }
certainty = "confirmed"

[[subject]]
kind = "person"
minor = "absent"
fields = { surname = { column = "naam" }, birth_date = { column = "geboren", date = "ymd" } }
address = { postcode = { column = "pc" } }
"#;

    #[test]
    fn a_path_leads_back_to_its_column() {
        let map = Map::parse(MAP).unwrap();
        assert_eq!(
            map.column_of("signal.subjects[0].person.birth_date"),
            "geboren"
        );
        assert_eq!(
            map.column_of("signal.subjects[0].person.address.postcode"),
            "pc"
        );
        assert_eq!(map.column_of("signal.category.code"), "soort");
        assert_eq!(map.column_of("signal.certainty"), "signal.certainty");
        assert_eq!(
            map.column_of("signal.subjects[0].protections[0].attestation"),
            "signal.subjects[0].protections[0].attestation"
        );
    }

    #[test]
    fn a_misspelt_field_is_refused_by_name() {
        let error = Map::parse(&MAP.replace("surname =", "surnam ="))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("fields.surnam;") && error.contains("surname?"),
            "{error}"
        );
        assert!(Map::parse(&MAP.replace("certainty", "zeker")).is_err());
        assert!(Map::parse(&MAP.replace("\"person\"", "\"vehicle\"")).is_err());
    }
}
