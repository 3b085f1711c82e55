//! The request of a data subject as a file: TOML for people, JSON for programs, with the same keys.
//!
//! Only the form is checked here, and the identifiers; what the covenant and the law ask is the
//! node's to say.

mod reading;
mod subject;
mod tree;

use wire::node_v1::{Applicant, CaseKind, IdentityMethod, OpenCaseRequest};

pub(super) use reading::{Lines, Mistakes};

use self::reading::{At, Reading};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// A file that reads well.
#[derive(Debug)]
pub(super) struct CaseFile {
    /// The request, without its id and without who acts.
    pub(super) request: OpenCaseRequest,
    /// Where its fields stand.
    pub(super) lines: Lines,
}

const KEYS: [&str; 8] = [
    "covenant",
    "kind",
    "identity",
    "verified_at",
    "received_on",
    "reference",
    "applicant",
    "subject",
];

const KINDS: [(&str, CaseKind); 5] = [
    ("access", CaseKind::Access),
    ("correction", CaseKind::Correction),
    ("objection", CaseKind::Objection),
    ("restriction", CaseKind::Restriction),
    ("erasure", CaseKind::Erasure),
];

const METHODS: [(&str, IdentityMethod); 3] = [
    ("document-at-desk", IdentityMethod::DocumentAtDesk),
    ("electronic", IdentityMethod::Electronic),
    ("representative", IdentityMethod::Representative),
];

/// Reads a file.
///
/// # Errors
/// With every mistake in it, each with its line and the remedy.
pub(super) fn read(text: &str, form: Form) -> Result<CaseFile, Mistakes> {
    let mut reading = Reading::default();
    let (tree, what) = match form {
        Form::Toml => (tree::of_toml(text), "TOML"),
        Form::Json => (tree::of_json(text), "JSON"),
    };
    let mut made = OpenCaseRequest::default();
    match tree {
        Ok(tree) => made = request(&mut reading, &tree),
        Err(error) => {
            let said = &error.said;
            let nl = format!("dit is geen {what}: {said}");
            let en = format!("this is no {what}: {said}");
            reading.wrong(error.line, "", &nl, &en);
        }
    }
    let lines = reading.finish()?;
    Ok(CaseFile {
        request: made,
        lines,
    })
}

fn request(reading: &mut Reading, tree: &tree::Table) -> OpenCaseRequest {
    let at = At {
        table: tree,
        line: None,
        path: "",
    };
    reading.keys(at, &KEYS);
    let covenant = reading.text(at, "covenant", "covenant");
    let kind = reading.text(at, "kind", "kind");
    let kind = reading.word((at, "kind", "kind"), kind, &KINDS);
    let identity = reading.text(at, "identity", "identity");
    let identity = reading.word((at, "identity", "identity"), identity, &METHODS);
    let verified_at = reading.text(at, "verified_at", "verified_at");
    let verified_at = reading.instant((at, "verified_at", "verified_at"), verified_at);
    let received_on = reading.text(at, "received_on", "received_on");
    let received_on = reading.day((at, "received_on", "received_on"), received_on);
    let reference = reading.optional(at, "reference", "reference");
    let applicant = applicant(reading, at);
    let mut subjects = Vec::new();
    for (place, part) in reading.list(at, "subject", true).iter().enumerate() {
        subjects.push(subject::read(reading, place, part));
    }
    OpenCaseRequest {
        request_id: String::new(),
        covenant: covenant.unwrap_or_default(),
        kind: kind.unwrap_or_default().into(),
        actor: String::new(),
        identity: identity.unwrap_or_default().into(),
        verified_at: verified_at.map(wire::field::timestamp),
        received_on: received_on.map(wire::field::date),
        applicant,
        subjects,
        reference: reference.unwrap_or_default(),
    }
}

fn applicant(reading: &mut Reading, at: At<'_>) -> Option<Applicant> {
    let (table, line) = reading.table(at, "applicant", true)?;
    reading.remember("applicant", line);
    let at = At {
        table,
        line,
        path: "applicant.",
    };
    reading.keys(at, &["name", "address_lines"]);
    let name = reading.text(at, "name", "applicant.name");
    let address_lines = reading.texts(at, "address_lines", "applicant.address_lines");
    Some(Applicant {
        name: name.unwrap_or_default(),
        address_lines,
    })
}

#[cfg(test)]
mod tests {
    use wire::node_v1::subject::Kind;

    use super::*;
    use crate::answer::Language;

    const WELL: &str = r#"covenant = "proef"
kind = "access"
identity = "document-at-desk"
verified_at = 2026-11-23T14:30:00+01:00
received_on = 2026-11-20

[applicant]
name = "A. de Tester"
address_lines = ["Dorpsstraat 12", "1234 AB Roosdonk"]

[[subject]]
kind = "person"
fields = { surname = "Tester", bsn = "111222333", birth_date = "1980-05" }
address = { postcode = "1234 AB", house_number = "12" }

[[subject]]
kind = "address"
from = 2022-01-01
fields = { postcode = "1234 AB", house_number = "12" }
"#;

    fn mistakes(text: &str, lang: Language) -> String {
        read(text, Form::Toml).unwrap_err().text(lang)
    }

    #[test]
    fn a_file_becomes_a_request_of_which_every_field_has_a_line() {
        let file = read(WELL, Form::Toml).unwrap();
        let request = &file.request;
        assert_eq!(request.kind(), CaseKind::Access);
        assert_eq!(request.identity(), IdentityMethod::DocumentAtDesk);
        assert_eq!(request.verified_at.unwrap().seconds, 1_795_440_600);
        assert_eq!(request.received_on.unwrap().day, 20);
        assert_eq!(request.subjects.len(), 2);
        let subject = request.subjects[0].subject.as_ref().unwrap();
        let Some(Kind::Person(person)) = &subject.kind else {
            panic!()
        };
        assert_eq!(person.bsn, "111222333");
        assert_eq!(person.birth_date.unwrap().day, 0);
        assert_eq!(request.subjects[1].from.unwrap().year, 2022);
        for (field, line) in [
            ("covenant", 1),
            ("applicant.address_lines[1]", 9),
            ("subjects[0].subject.person.bsn", 13),
            ("subjects[0].subject.person.address.postcode", 14),
            ("subjects[1].from", 18),
            ("subjects[1].until", 16),
        ] {
            assert_eq!(file.lines.of(field), Some(line), "{field}");
        }
        assert_eq!(file.lines.of("request_id"), None);
    }

    #[test]
    fn every_mistake_has_its_line_its_remedy_and_no_value() {
        for (from, to, said) in [
            (
                "covenant =",
                "covenan =",
                "line 1: covenan: there is no such field; did you mean covenant?",
            ),
            (
                "\"access\"",
                "\"acces\"",
                "line 2: kind: this word is not known here; did you mean access?",
            ),
            (
                "document-at-desk",
                "geheim",
                "line 3: identity: use document-at-desk, electronic or ",
            ),
            (
                "14:30:00+01:00",
                "14:30:00",
                "line 4: verified_at: write day, time and offset",
            ),
            (
                "= 2026-11-20",
                "= \"20-11-2026\"",
                "line 5: received_on: write a day",
            ),
            (
                "name = \"A. de Tester\"",
                "name = \"\"",
                "line 8: applicant.name: this field is empty",
            ),
            (
                "\"Dorpsstraat 12\"",
                "12",
                "line 9: applicant.address_lines[0]: write this as text",
            ),
            (
                "\"person\"",
                "\"persn\"",
                "line 12: subject[0].kind: this word is not known here; did you mean person?",
            ),
            (
                "surname =",
                "surnam =",
                "line 13: subject[0].fields.surnam: there is no such field; did you mean surname?",
            ),
            ("111222333", "111222334", "line 13: subject[0].fields.bsn: "),
            (
                "1980-05",
                "geheim",
                "line 13: subject[0].fields.birth_date: write 1980-05-31",
            ),
            (
                "from =",
                "form =",
                "line 18: subject[1].form: there is no such field; did you mean from?",
            ),
            ("[applicant]", "[applicant", "line 7: this is no TOML: "),
        ] {
            let text = mistakes(&WELL.replacen(from, to, 1), Language::En);
            assert!(text.contains(said), "{text}\n{said}");
            assert!(
                !text.contains("geheim") && !text.contains("1112223"),
                "{text}"
            );
        }
    }

    #[test]
    fn mistakes_are_told_in_dutch_too() {
        let text = mistakes(&WELL.replace("received_on", "ontvangen"), Language::Nl);
        assert!(text.contains("received_on: dit veld ontbreekt"), "{text}");
        assert!(
            text.contains("regel 5: ontvangen: dit veld is er niet; gebruik"),
            "{text}"
        );
    }

    #[test]
    fn a_subject_with_nothing_or_with_two_homes_is_refused() {
        let none = WELL.replacen("fields = { surname", "# ", 1);
        let none = none.replacen("address = {", "# ", 1);
        let text = mistakes(&none, Language::En);
        assert!(text.contains("subject[0]: nothing is given here"), "{text}");
        let two = "address_abroad = { country = \"BE\", postcode = \"2000\" }\naddress = {";
        let text = mistakes(&WELL.replacen("address = {", two, 1), Language::En);
        assert!(text.contains("one address here"), "{text}");
        let short = WELL.replacen("address_lines", "# address_lines", 1);
        assert!(read(&short, Form::Toml).is_ok());
        let one = WELL.replacen("[\"Dorpsstraat 12\", \"1234 AB Roosdonk\"]", "\"x\"", 1);
        assert!(mistakes(&one, Language::En).contains("address_lines: a list belongs here"));
        assert!(mistakes("", Language::En).contains("subject: this field is missing"));
    }

    #[test]
    fn json_has_the_same_keys_and_names_fields_without_lines() {
        let table: toml::Value = toml::from_str(WELL).unwrap();
        let mut json = serde_json::to_value(table).unwrap();
        json["verified_at"] = "2026-11-23T14:30:00+01:00".into();
        json["received_on"] = "2026-11-20".into();
        json["subject"][1]["from"] = "2022-01-01".into();
        let file = read(&json.to_string(), Form::Json).unwrap();
        assert!(file.request == read(WELL, Form::Toml).unwrap().request);
        json["kind"] = "acces".into();
        let text = read(&json.to_string(), Form::Json).unwrap_err();
        assert!(text.text(Language::En).starts_with("  kind: this word"));
        let text = read("{\n\"geheim\": }", Form::Json).unwrap_err();
        let text = text.text(Language::En);
        assert!(
            text.contains("line 2: this is no JSON") && !text.contains("geheim"),
            "{text}"
        );
    }
}
