//! One row of a file, read by the map: everything that is wrong with it, at once.

use std::collections::BTreeMap;

use model::Day;
use pseudonym::{RawIdentifier, RawSubject, normalise};
use wire::node_v1::{Attribute, Protection, ProtectionStatement, Provenance, Signal, Subject};
use wire::type_v1::{Attestation, Category, Certainty, PoliceArticle};

use super::date::{date_parts, form_of};
use super::finding::{Finding, Problem};
use super::ids::Ids;
use super::map::{BadField, Kind, Map, Source, SubjectMap};
use super::pattern::Patterns;
use super::subject::message;
use super::table::Row;

/// What became of a row.
#[derive(Debug)]
pub(crate) struct ReadRow {
    /// The signal; with an id and of use when nothing was refused.
    pub(crate) signal: Signal,
    /// What keeps the row from being a signal.
    pub(crate) refused: Vec<Finding>,
    /// What was left out of the signal, where the map says so.
    pub(crate) left_out: Vec<Finding>,
    /// The subjects that keep to their rules; all of them when nothing was refused.
    pub(crate) raw: Vec<RawSubject>,
}

/// Makes a signal of `row`, with everything that is wrong with it.
pub(crate) fn read(map: &Map, patterns: &Patterns, row: &Row<'_>, ids: &mut Ids) -> ReadRow {
    match row.ragged() {
        None => read_whole(map, patterns, row, ids),
        Some((here, first)) => ReadRow {
            signal: Signal::default(),
            refused: vec![Finding::new("signal", &Problem::CellCount(here, first))],
            left_out: Vec::new(),
            raw: Vec::new(),
        },
    }
}

fn read_whole(map: &Map, patterns: &Patterns, row: &Row<'_>, ids: &mut Ids) -> ReadRow {
    let lenient = map.file.bad_field == BadField::LeaveOut;
    let mut reading = Reading {
        patterns,
        row,
        lenient,
        refused: Vec::new(),
        left_out: Vec::new(),
        raw: Vec::new(),
    };
    let source = &map.signal;
    let category = reading.text("signal.category", &source.category);
    let category = category.split_once(':').map(|(scheme, code)| Category {
        scheme: scheme.to_owned(),
        code: code.to_owned(),
    });
    if category.is_none() && !reading.is_refused("signal.category") {
        reading.refuse("signal.category", &Problem::CategoryForm);
    }
    let day = reading.day("signal.observed_at", &source.observed_at);
    let certainty = reading.word("signal.certainty", &source.certainty, &CERTAINTIES);
    let reviewed = source.reviewed_by_person.as_ref();
    let reviewed = reviewed.is_some_and(|from| reading.flag("signal.reviewed_by_person", from));
    let article = source.police_article.as_ref();
    let article = article.map(|from| reading.word("signal.police_article", from, &ARTICLES));
    let subjects = map
        .subjects
        .iter()
        .enumerate()
        .map(|(place, about)| reading.subject(place, about))
        .collect();
    let mut signal = Signal {
        id: String::new(),
        covenant: source.covenant.clone(),
        purposes: source.purposes.clone(),
        category,
        subjects,
        observed_at: day.map(|day| prost_types::Timestamp {
            seconds: day.start().as_millis() / 1000,
            nanos: 0,
        }),
        neighbourhood: reading.optional("signal.neighbourhood", source.neighbourhood.as_ref()),
        certainty: certainty.into(),
        reviewed_by_person: reviewed,
        provenance: Provenance::OwnObservation.into(),
        attributes: reading.attributes(&source.attributes),
        police_article: article.unwrap_or(PoliceArticle::Unspecified).into(),
        source_reference: reading
            .optional("signal.source_reference", source.source_reference.as_ref()),
    };
    let Reading {
        refused,
        left_out,
        raw,
        ..
    } = reading;
    if refused.is_empty() {
        signal.id = ids.signal(&signal, day).to_string();
    }
    ReadRow {
        signal,
        refused,
        left_out,
        raw,
    }
}

const CERTAINTIES: [(&str, Certainty); 2] = [
    ("reported", Certainty::Reported),
    ("confirmed", Certainty::Confirmed),
];
const ARTICLES: [(&str, PoliceArticle); 5] = [
    ("", PoliceArticle::Unspecified),
    ("8", PoliceArticle::PoliceArticle8),
    ("9", PoliceArticle::PoliceArticle9),
    ("10", PoliceArticle::PoliceArticle10),
    ("13", PoliceArticle::PoliceArticle13),
];
const ATTESTATIONS: [(&str, Attestation); 3] = [
    ("absent", Attestation::Absent),
    ("present", Attestation::Present),
    ("unknown", Attestation::Unknown),
];

struct Reading<'a> {
    patterns: &'a Patterns,
    row: &'a Row<'a>,
    lenient: bool,
    refused: Vec<Finding>,
    left_out: Vec<Finding>,
    raw: Vec<RawSubject>,
}

impl Reading<'_> {
    fn refuse(&mut self, path: &str, problem: &Problem) {
        self.refused.push(Finding::new(path, problem));
    }

    fn is_refused(&self, path: &str) -> bool {
        self.refused.iter().any(|finding| finding.path == path)
    }

    /// A subject's field that breaks a rule.
    fn bad_field(&mut self, finding: Finding) {
        if self.lenient {
            self.left_out.push(finding);
        } else {
            self.refused.push(finding);
        }
    }

    fn text(&mut self, path: &str, source: &Source) -> String {
        self.patterns.value(source, self.row).unwrap_or_else(|| {
            self.refuse(path, &Problem::NotInMap);
            String::new()
        })
    }

    fn optional(&mut self, path: &str, source: Option<&Source>) -> String {
        source
            .map(|source| self.text(path, source))
            .unwrap_or_default()
    }

    fn flag(&mut self, path: &str, source: &Source) -> bool {
        match self.text(path, source).as_str() {
            "" | "false" => false,
            "true" => true,
            _ => {
                self.refuse(path, &Problem::TrueOrFalse);
                false
            }
        }
    }

    fn word<T: Copy + Default>(&mut self, path: &str, source: &Source, words: &[(&str, T)]) -> T {
        let text = self.text(path, source);
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        if !self.is_refused(path) {
            let known: Vec<&str> = words
                .iter()
                .map(|(word, _)| *word)
                .filter(|word| !word.is_empty())
                .collect();
            self.refuse(path, &Problem::Word(known.join(", ")));
        }
        T::default()
    }

    fn day(&mut self, path: &str, source: &Source) -> Option<Day> {
        let text = self.text(path, source);
        if text.is_empty() {
            if !self.is_refused(path) {
                self.refuse(path, &Problem::DateForm);
            }
            return None;
        }
        let Some((year, month, day)) = date_parts(&text, form_of(source)) else {
            self.refuse(path, &Problem::DateForm);
            return None;
        };
        let found = i16::try_from(year)
            .ok()
            .zip(i8::try_from(month).ok().zip(i8::try_from(day).ok()));
        let found = found.and_then(|(year, (month, day))| Day::from_ymd(year, month, day));
        if found.is_none() {
            self.refuse(path, &Problem::NoSuchDay);
        }
        found
    }

    fn attributes(&mut self, sources: &BTreeMap<String, Source>) -> Vec<Attribute> {
        sources
            .iter()
            .map(|(name, from)| Attribute {
                name: name.clone(),
                value: self.text(&format!("signal.attributes.{name}"), from),
            })
            .filter(|attribute| !attribute.value.is_empty())
            .collect()
    }

    fn subject(&mut self, place: usize, map: &SubjectMap) -> Subject {
        let at = format!("signal.subjects[{place}]");
        let mut fields = BTreeMap::new();
        for (path, source) in map.paths() {
            let full = format!("{at}.{path}");
            let Some(text) = self.patterns.value(source, self.row) else {
                self.bad_field(Finding::new(&full, &Problem::NotInMap));
                continue;
            };
            if text.is_empty() {
                continue;
            }
            if path.ends_with("birth_date") {
                match date_parts(&text, form_of(source)) {
                    Some((y, m, d)) => drop(fields.insert(path, format!("{y:04}-{m:02}-{d:02}"))),
                    None => self.bad_field(Finding::new(&full, &Problem::DateForm)),
                }
            } else {
                fields.insert(path, text);
            }
        }
        self.check(place, map.kind, &mut fields);
        let mut protections = Vec::new();
        for (n, (protection, source)) in map.protections().enumerate() {
            let attestation = self.word(&format!("{at}.protections[{n}]"), source, &ATTESTATIONS);
            protections.push(statement(protection, attestation));
        }
        Subject {
            kind: Some(message(map.kind, fields)),
            protections,
        }
    }

    /// Holds a subject's fields against their rules, as the node will; what breaks one is refused,
    /// or taken out of `fields`.
    fn check(&mut self, place: usize, kind: Kind, fields: &mut BTreeMap<String, String>) {
        loop {
            let given = fields
                .iter()
                .map(|(path, text)| (path.as_str(), RawIdentifier::from(text.as_str())));
            let Ok(raw) = RawSubject::from_fields(given) else {
                let path = format!("signal.subjects[{place}].{}", kind.root());
                self.refuse(&path, &Problem::NothingGiven);
                return;
            };
            let refusals = match normalise(&raw) {
                Ok(_) => {
                    self.raw.push(raw);
                    return;
                }
                Err(refusals) => refusals,
            };
            let mut taken = false;
            for refusal in refusals {
                let removed = self.lenient && fields.remove(&refusal.path).is_some();
                let finding = Finding::of_subject(place, refusal);
                if removed {
                    self.left_out.push(finding);
                } else {
                    self.refused.push(finding);
                }
                taken |= removed;
            }
            if !taken {
                return;
            }
        }
    }
}

fn statement(protection: Protection, attestation: Attestation) -> ProtectionStatement {
    ProtectionStatement {
        protection: protection.into(),
        attestation: attestation.into(),
    }
}

#[cfg(test)]
mod tests {
    use wire::node_v1::subject;

    use super::super::map::FileForm;
    use super::super::table::Table;
    use super::*;

    const MAP: &str = r#"
[signal]
covenant = "proef"
purposes = ["bezoekveiligheid"]
category = { column = "soort", values = { agressie = "vera:AGR.FYS" } }
observed_at = { column = "datum", date = "dmy" }
certainty = "confirmed"
reviewed_by_person = true

[[subject]]
kind = "person"
minor = "absent"
fields = { surname = { column = "naam" }, birth_date = { column = "geboren", date = "ymd" } }
address = { postcode = { column = "pc" }, house_number = { column = "nr" } }
"#;

    fn read_line(map: &str, line: &str) -> ReadRow {
        let map = Map::parse(map).unwrap();
        let patterns = Patterns::of(&map).unwrap();
        let text = format!("soort;datum;naam;geboren;pc;nr\n{line}\n");
        let table = Table::parse(text.as_bytes(), &FileForm::default()).unwrap();
        let row = table.rows().next().unwrap();
        read(&map, &patterns, &row, &mut Ids::throw_away().unwrap())
    }

    fn rules(found: &[Finding]) -> Vec<(&str, &str)> {
        found
            .iter()
            .map(|found| (found.path.as_str(), found.rule.as_str()))
            .collect()
    }

    #[test]
    fn a_row_becomes_a_signal() {
        let first = read_line(MAP, "agressie;31-1-2026;Käster;19800000;1234AB;12");
        assert_eq!(first.refused, []);
        assert!(first.signal.reviewed_by_person);
        assert_eq!(first.signal.category.as_ref().unwrap().code, "AGR.FYS");
        let Some(subject::Kind::Person(person)) = &first.signal.subjects[0].kind else {
            panic!()
        };
        assert_eq!(person.surname, "Käster");
        assert_eq!(person.birth_date.unwrap().month, 0);
        assert_eq!(
            uuid::Uuid::parse_str(&first.signal.id)
                .unwrap()
                .get_version_num(),
            7
        );
    }

    #[test]
    fn every_bad_cell_of_a_row_is_named_in_both_languages() {
        let row = read_line(MAP, "ruzie;31-2-2026;x;1980-13-01;0999ZZ;12");
        assert_eq!(
            rules(&row.refused),
            [
                ("signal.category", "NOT_IN_MAP"),
                ("signal.observed_at", "NO_SUCH_DAY"),
                (
                    "signal.subjects[0].person.birth_date",
                    "BIRTH_DATE_CALENDAR"
                ),
                (
                    "signal.subjects[0].person.address.postcode",
                    "POSTCODE_FORM"
                ),
            ]
        );
        assert!(
            row.refused
                .iter()
                .all(|found| !found.nl.is_empty() && found.nl != found.en)
        );
    }

    #[test]
    fn bad_fields_are_left_out_where_the_map_says_so() {
        let map = MAP.replace("[signal]", "[file]\nbad_field = \"leave-out\"\n[signal]");
        let row = read_line(&map, "agressie;31-1-2026;Oele;19801301;1234AB;12");
        assert_eq!(row.refused, []);
        assert_eq!(
            rules(&row.left_out),
            [(
                "signal.subjects[0].person.birth_date",
                "BIRTH_DATE_CALENDAR"
            )]
        );
        let Some(subject::Kind::Person(person)) = &row.signal.subjects[0].kind else {
            panic!()
        };
        assert_eq!((person.birth_date, person.surname.as_str()), (None, "Oele"));
        let nothing = read_line(&map, "agressie;31-1-2026;;19801301;;");
        assert_eq!(
            rules(&nothing.refused),
            [("signal.subjects[0].person", "FIELD_REQUIRED")]
        );
    }
}
