//! Every key that the checker asks for is in the schema, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::check::Checking;
use crate::language::context::Context;
use crate::language::parse::{self, Names};
use crate::language::reader::{Table, within_quotes};
use crate::language::reading::Reading;
use crate::language::span::Span;
use crate::{check_as, schema};

/// A step to a table: a key, or an element of a list.
type Path1 = Vec<String>;

/// The tables of a file by where the reader says that they are.
fn places(
    text: &str,
    key: Option<std::ops::Range<usize>>,
    value: &Spanned<DeValue<'_>>,
    here: &Path1,
    found: &mut BTreeMap<usize, Path1>,
) {
    let own = within_quotes(text, value);
    match value.get_ref() {
        DeValue::Table(table) => {
            found.insert(key.unwrap_or(own).start, here.clone());
            for (key, value) in table {
                let mut inner = here.clone();
                inner.push(key.get_ref().to_string());
                places(text, Some(key.span()), value, &inner, found);
            }
        }
        DeValue::Array(elements) => {
            for element in elements {
                let mut inner = here.clone();
                inner.push("[]".into());
                places(text, None, element, &inner, found);
            }
        }
        _ => {}
    }
}

/// What was asked for in each table of a file, by its path.
fn asked(ctx: &Context, tree: &DeTable<'_>) -> Vec<(Path1, BTreeSet<&'static str>)> {
    let mut found = BTreeMap::from([(0, Path1::new())]);
    for (key, value) in tree {
        let here = vec![key.get_ref().to_string()];
        places(ctx.text(), Some(key.span()), value, &here, &mut found);
    }
    let asked = ctx.asked.borrow();
    let each = asked.iter();
    each.map(|(at, keys)| (found[at].clone(), keys.iter().copied().collect()))
        .collect()
}

/// The closed table of a schema at a path, with where it is in the schema.
fn closed<'s>(root: &'s Value, path: &[String]) -> (String, &'s Value) {
    fn alternatives<'s>(
        root: &'s Value,
        at: String,
        node: &'s Value,
        found: &mut Vec<(String, &'s Value)>,
    ) {
        if let Some(name) = node["$ref"].as_str() {
            let pointer = name.trim_start_matches('#').to_owned();
            return alternatives(
                root,
                pointer.clone(),
                root.pointer(&pointer).unwrap(),
                found,
            );
        }
        for (index, other) in node["anyOf"].as_array().into_iter().flatten().enumerate() {
            alternatives(root, format!("{at}/anyOf/{index}"), other, found);
        }
        found.push((at, node));
    }
    let mut nodes = Vec::new();
    alternatives(root, String::new(), root, &mut nodes);
    for step in path {
        let mut next = Vec::new();
        for (at, node) in nodes {
            let inner = if step == "[]" {
                [("items".to_owned(), &node["items"])]
            } else if node["properties"].is_object() {
                [(format!("properties/{step}"), &node["properties"][step])]
            } else {
                let any = &node["additionalProperties"];
                [("additionalProperties".to_owned(), any)]
            };
            for (name, inner) in inner.into_iter().filter(|(_, inner)| inner.is_object()) {
                alternatives(root, format!("{at}/{name}"), inner, &mut next);
            }
        }
        nodes = next;
    }
    nodes.retain(|(_, node)| node["properties"].is_object());
    assert_eq!(nodes.len(), 1, "{path:?} is one table in the schema");
    nodes.pop().unwrap()
}

/// Where every closed table of a schema is.
fn all_closed(at: &str, node: &Value, found: &mut BTreeSet<String>) {
    if node["properties"].is_object() && node["additionalProperties"] == Value::Bool(false) {
        found.insert(at.to_owned());
    }
    let inner: Vec<(String, &Value)> = match node {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), v)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        _ => Vec::new(),
    };
    for (step, value) in inner {
        all_closed(&format!("{at}/{step}"), value, found);
    }
}

fn agree(
    schema: &Value,
    asked: &[(Path1, BTreeSet<&'static str>)],
    visited: &mut BTreeSet<String>,
) {
    for (path, keys) in asked {
        let (at, node) = closed(schema, path);
        let names = node["properties"].as_object().unwrap().keys();
        let names: BTreeSet<&str> = names.map(String::as_str).collect();
        assert_eq!(
            names, *keys,
            "{path:?}: what the schema knows, and the checker"
        );
        visited.insert(at);
    }
}

fn files(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

#[test]
fn a_covenant_has_the_keys_of_the_checker() {
    let schema = schema::covenant();
    let mut visited = BTreeSet::new();
    let mut sources = files("policies");
    sources.extend(files("policies/bad"));
    // No model has a paper text, or tells the source case by case.
    let text = "\ntekst = { url = \"https://example.nl/c\", sha256 = \"00\" }\n[partij.";
    let report = "\ngrondslag.melden_aan_bron = { verstrekken = {}, ontvangen = {} }\ngrondslag.";
    let more = sources.clone();
    sources.extend(more.iter().map(|source| {
        let source = source.replacen("\n[partij.", text, 1);
        source.replacen("\ngrondslag.", report, 1)
    }));
    for source in sources.iter().filter(|s| s.contains("convenant/1")) {
        let ctx = Context::new(Checking::Template, Reading::of(source), Vec::new());
        let (tree, faults) = DeTable::parse_recoverable(ctx.text());
        if !faults.is_empty() {
            continue;
        }
        let root = Table::new(&ctx, tree.get_ref(), 0..0);
        parse::document(&root, tree.get_ref());
        root.finish();
        agree(&schema, &asked(&ctx, tree.get_ref()), &mut visited);
    }
    let mut all = BTreeSet::new();
    all_closed("", &schema, &mut all);
    assert!(all.len() > 20, "{}", all.len());
    assert_eq!(
        visited, all,
        "every table of the schema was read by the checker"
    );
}

#[test]
fn a_file_of_cases_has_the_keys_of_the_checker() {
    let schema = schema::cases();
    let model = files("policies");
    let model = model
        .iter()
        .find(|s| s.contains("\"veilig-op-bezoek-roosdonk\""));
    let covenant = check_as(model.unwrap(), Checking::Template, None).covenant;
    let covenant = covenant.unwrap();
    let source = format!(
        "formaat = \"{}\"\nconvenant = \"veilig-op-bezoek-roosdonk\"\nversie = 1\n\n\
         [[geval]]\nnaam = \"a\"\nvraag = {{}}\nfeiten = {{}}\nuitkomst = \"3.1\"\n\n\
         [[reeks]]\nnaam = \"b\"\nvraag = {{}}\nfeiten = {{}}\nrijen = [{{}}]\n",
        crate::cases::FORMAT
    );
    let ctx = Context::new(Checking::Strict, Reading::of(&source), Vec::new());
    let (tree, _) = DeTable::parse_recoverable(ctx.text());
    let root = Table::new(&ctx, tree.get_ref(), 0..0);
    crate::cases::read(&root, &covenant, &Names::of(&covenant));
    root.finish();
    let mut told = asked(&ctx, tree.get_ref());
    // A row is read as a whole case too, of which the series has the name and the shared parts.
    let whole = closed(&schema, &["geval".into(), "[]".into()]).1["properties"].clone();
    let row = told.iter().position(|(path, keys)| {
        path.ends_with(&["rijen".into(), "[]".into()]) && keys.contains("naam")
    });
    let (_, keys) = told.remove(row.unwrap());
    let names: BTreeSet<&str> = whole
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, names);
    let mut visited = BTreeSet::new();
    agree(&schema, &told, &mut visited);
    let mut all = BTreeSet::new();
    all_closed("", &schema, &mut all);
    assert_eq!(visited, all);
}

#[test]
fn patterns_agree_with_what_is_read() {
    let spans = schema::covenant()["$defs"]["tijdsduur"]["pattern"].clone();
    let pattern = jsonschema::validator_for(&serde_json::json!({ "pattern": spans })).unwrap();
    for (right, text) in [
        (true, "1 dag"),
        (true, "24 uur"),
        (true, "12 maanden"),
        (true, "3 weken"),
        (true, "5 jaar"),
        (false, "0 dagen"),
        (false, "07 dagen"),
        (false, "12 manen"),
        (false, "dagen"),
        (false, "1.5 uur"),
        (false, "1  dag"),
        (false, "-1 dag"),
    ] {
        assert_eq!(Span::parse(text).is_some(), right, "{text}");
        assert_eq!(pattern.is_valid(&text.into()), right, "{text}");
    }
}
