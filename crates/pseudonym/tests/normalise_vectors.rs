//! Every kind of identifier against its vectors in `tests/vectors/normalise/`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use model::FieldName;
use pseudonym::{NormalSubject, RawSubject, Rule, normalise, normalise_partial};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

struct Vectors {
    kind: String,
    path: String,
    fields: Vec<String>,
    longest: usize,
    /// Fields that every string input comes together with.
    with: BTreeMap<String, String>,
    pairs: Vec<(Value, String)>,
}

fn load(file: &Path) -> Vectors {
    let text = fs::read_to_string(file).unwrap();
    let mut header = BTreeMap::new();
    let mut pairs = Vec::new();
    let mut input = None;
    for line in text
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let (name, value) = line.split_once(": ").unwrap();
        match name {
            "input" => input = Some(serde_json::from_str(value).unwrap()),
            "expect" => pairs.push((input.take().unwrap(), value.to_owned())),
            _ => assert!(header.insert(name, value).is_none(), "{name} twice"),
        }
    }
    assert!(input.is_none(), "an input without expect in {file:?}");
    Vectors {
        kind: file.file_stem().unwrap().to_str().unwrap().to_owned(),
        path: header["path"].to_owned(),
        fields: header["fields"].split(' ').map(str::to_owned).collect(),
        longest: header["longest"].parse().unwrap(),
        with: header.get("with").map_or_else(BTreeMap::new, |fields| {
            serde_json::from_str(fields).unwrap()
        }),
        pairs,
    }
}

fn all() -> Vec<Vectors> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("tests/vectors/normalise"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().map(|file| load(file)).collect()
}

fn subject(vectors: &Vectors, input: &Value) -> RawSubject {
    match input {
        Value::String(text) => {
            let mut fields = vectors.with.clone();
            fields.insert(vectors.path.clone(), text.clone());
            of_fields(&fields)
        }
        Value::Object(_) => of_fields(&serde_json::from_value(input.clone()).unwrap()),
        _ => panic!("an input is a string or an object"),
    }
}

fn of_fields(fields: &BTreeMap<String, String>) -> RawSubject {
    let fields = fields.iter();
    RawSubject::from_fields(fields.map(|(path, text)| (path.as_str(), text.as_str().into())))
        .unwrap()
}

/// What a subject knows of `fields`, in the form of an `expect:` line's object.
fn known(normal: &NormalSubject, fields: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let values = |name: &str| {
        let field = FieldName::parse(name).unwrap();
        normal.values(field).map(str::to_owned).collect()
    };
    let all = fields.iter().map(|name| (name.clone(), values(name)));
    all.filter(|(_, values): &(_, BTreeSet<String>)| !values.is_empty())
        .collect()
}

fn expected(expect: &str, fields: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let one = |v: &Value| match v {
        Value::Array(values) => values.iter().map(text).collect(),
        value => BTreeSet::from([text(value)]),
    };
    match serde_json::from_str(expect).unwrap() {
        Value::Object(map) => map
            .iter()
            .map(|(name, v)| {
                assert!(fields.contains(name), "{name} is not in fields:");
                (name.clone(), one(v))
            })
            .collect(),
        value => {
            assert_eq!(fields.len(), 1, "several fields need an object");
            BTreeMap::from([(fields[0].clone(), one(&value))])
        }
    }
}

#[test]
fn every_kind_has_a_file_and_every_file_a_kind() {
    let names = |dir: &str, ending: &str| -> BTreeSet<String> {
        fs::read_dir(root().join(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.strip_suffix(ending).unwrap().to_owned())
            .filter(|name| name != "mod")
            .collect()
    };
    assert_eq!(
        names("crates/pseudonym/src/normalise", ".rs"),
        names("tests/vectors/normalise", ".txt"),
        "one vector file for each kind"
    );
}

#[test]
fn every_vector_holds() {
    let mut failures = Vec::new();
    let mut count = 0;
    for vectors in all() {
        let (mut good, mut bad) = (0, 0);
        for (input, expect) in &vectors.pairs {
            count += 1;
            let result = normalise(&subject(&vectors, input));
            let right = if let Some(refusal) = expect.strip_prefix("refused ") {
                bad += 1;
                let (rule, path) = refusal.split_once(' ').unwrap_or((refusal, &vectors.path));
                result.as_ref().is_err_and(
                    |all| matches!(&all[..], [one] if one.rule == rule && one.path == path),
                )
            } else {
                good += 1;
                result
                    .as_ref()
                    .is_ok_and(|n| known(n, &vectors.fields) == expected(expect, &vectors.fields))
            };
            if !right {
                let got = match result {
                    Ok(normal) => format!("{:?}", known(&normal, &vectors.fields)),
                    Err(refusals) => format!("{refusals:?}"),
                };
                failures.push(format!("{} {input}: {expect} but {got}", vectors.kind));
            }
        }
        assert!(good >= 2 && bad >= 3, "{}: too few vectors", vectors.kind);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 400, "{count} vectors were read");
}

#[test]
fn normal_forms_are_their_own_normal_form() {
    // What comes with other fields has them in its normal form.
    let alone = |v: &&Vectors| v.fields.len() == 1 && v.with.is_empty();
    for vectors in all().iter().filter(alone) {
        for (_, expect) in &vectors.pairs {
            let Ok(Value::String(normal)) = serde_json::from_str(expect) else {
                continue;
            };
            let again = normalise_partial(&subject(vectors, &Value::String(normal.clone())));
            let values = known(&again.0, &vectors.fields);
            if let Some(found) = values.get(&vectors.fields[0]) {
                assert_eq!(found, &BTreeSet::from([normal]), "{}", vectors.kind);
            }
        }
    }
}

#[test]
fn every_field_is_bounded() {
    let mut bounded = BTreeSet::new();
    for vectors in all() {
        for (length, too_long) in [(vectors.longest, false), (vectors.longest + 1, true)] {
            let input = Value::String("7".repeat(length));
            let (_, refusals) = normalise_partial(&subject(&vectors, &input));
            let refused = refusals.iter().any(|r| r.rule == Rule::TooLong.code());
            assert_eq!(refused, too_long, "{} at {length}", vectors.kind);
        }
        bounded.insert(vectors.path);
    }
    // Partner's names, and addresses within a person or abroad, go through the same kinds.
    for path in RawSubject::PATHS {
        let raw = RawSubject::from_fields([(*path, "7".repeat(201).into())]).unwrap();
        let (normal, refusals) = normalise_partial(&raw);
        assert!(normal.is_empty(), "{path}");
        assert_eq!(refusals[0].rule, Rule::TooLong.code(), "{path}");
        assert_eq!(refusals[0].path, *path);
    }
    assert!(bounded.len() > 20);
}

#[test]
fn every_rule_is_met_by_a_vector() {
    let mut met: BTreeSet<String> = all()
        .iter()
        .flat_map(|v| &v.pairs)
        .filter_map(|(_, expect)| expect.strip_prefix("refused "))
        .map(|refusal| refusal.split(' ').next().unwrap().to_owned())
        .collect();
    // These two are about a subject as a whole.
    met.extend([Rule::Required, Rule::TwoAddresses].map(|r| r.code().to_owned()));
    let rules: BTreeSet<String> = Rule::ALL.iter().map(|r| r.code().to_owned()).collect();
    assert_eq!(met, rules);
}
