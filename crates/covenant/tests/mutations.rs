//! Every key and every value of every model covenant is removed, misspelt and retyped. Each
//! change must be an error, or change the typed tree; none may be silent. And what changes the tree
//! changes what a signer reads, in both languages.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and tells how much it tried"
)]

use std::path::Path;

use covenant::language::ast::Document;
use covenant::plain::read;
use covenant::{Checking, Lang, check_as};
use toml::Value;

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

fn paths(value: &Value, here: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Table(table) => {
            for (key, inner) in table {
                here.push(Step::Key(key.clone()));
                found.push(here.clone());
                paths(inner, here, found);
                here.pop();
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                here.push(Step::Index(index));
                found.push(here.clone());
                paths(inner, here, found);
                here.pop();
            }
        }
        _ => {}
    }
}

fn parent<'v>(root: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter()
        .take(path.len() - 1)
        .fold(root, |at, step| match step {
            Step::Key(key) => at.get_mut(key.as_str()).unwrap(),
            Step::Index(index) => at.get_mut(*index).unwrap(),
        })
}

fn replaced(root: &Value, path: &[Step], value: Value) -> Value {
    let mut root = root.clone();
    let parent = parent(&mut root, path);
    match path.last().unwrap() {
        Step::Key(key) => *parent.get_mut(key.as_str()).unwrap() = value,
        Step::Index(index) => *parent.get_mut(*index).unwrap() = value,
    }
    root
}

fn removed(root: &Value, path: &[Step]) -> Value {
    let mut root = root.clone();
    match (parent(&mut root, path), path.last().unwrap()) {
        (Value::Table(table), Step::Key(key)) => drop(table.remove(key)),
        (Value::Array(list), Step::Index(index)) => drop(list.remove(*index)),
        _ => {}
    }
    root
}

fn misspelt(word: &str) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let middle = chars.len() / 2;
    let mut dropped = chars.clone();
    dropped.pop();
    let mut doubled = chars.clone();
    doubled.insert(middle, chars.get(middle).copied().unwrap_or('x'));
    let mut swapped = chars.clone();
    if middle > 0 {
        swapped.swap(middle - 1, middle);
    }
    let all = [dropped, doubled, swapped];
    let mut words: Vec<String> = all.into_iter().map(|c| c.into_iter().collect()).collect();
    words.push(word.to_uppercase());
    words.retain(|w| w != word);
    words
}

/// Every mutation of the value at a path, each with what was done.
fn mutations(root: &Value, path: &[Step]) -> Vec<(String, Value)> {
    let mut at = root.clone();
    let parent = parent(&mut at, path);
    let (value, key) = match path.last().unwrap() {
        Step::Key(key) => (parent.get(key.as_str()).unwrap().clone(), Some(key)),
        Step::Index(index) => (parent.get(*index).unwrap().clone(), None),
    };
    let mut found = vec![("removed".to_owned(), removed(root, path))];
    if let Some(key) = key {
        for word in misspelt(key) {
            let mut changed = removed(root, path);
            if let Value::Table(table) = crate::parent(&mut changed, path)
                && !table.contains_key(&word)
            {
                table.insert(word.clone(), value.clone());
                found.push((format!("key {word}"), changed));
            }
        }
    }
    let others = match &value {
        Value::String(text) => {
            let mut others: Vec<Value> = misspelt(text).into_iter().map(Value::String).collect();
            others.extend([
                Value::String(String::new()),
                Value::Integer(1),
                Value::Boolean(true),
            ]);
            others
        }
        Value::Integer(number) => vec![
            Value::Integer(number + 1),
            Value::Integer(-number),
            Value::Integer(i64::MAX),
            Value::Float(1.5),
            Value::String(number.to_string()),
        ],
        Value::Boolean(flag) => vec![Value::Boolean(!flag), Value::String(flag.to_string())],
        Value::Datetime(day) => vec![Value::String(day.to_string()), Value::Integer(20_261_101)],
        Value::Array(list) => {
            let mut others = vec![Value::Array(Vec::new()), Value::String("x".into())];
            others.extend(list.first().cloned());
            let mut longer = list.clone();
            longer.extend(list.last().cloned());
            others.push(Value::Array(longer));
            others
        }
        Value::Table(_) => vec![Value::String("x".into()), Value::Array(vec![value.clone()])],
        Value::Float(_) => Vec::new(),
    };
    for other in others.into_iter().filter(|other| *other != value) {
        let done = format!("value {other}");
        found.push((done, replaced(root, path, other)));
    }
    found
}

struct Tree {
    document: Option<Document>,
    findings: usize,
    readings: Option<[String; 2]>,
}

fn tree(source: &str) -> Tree {
    let checked = check_as(source, Checking::Template, None);
    let covenant = checked.covenant;
    Tree {
        document: covenant.as_ref().map(|c| c.document().clone()),
        findings: checked.diagnostics.len(),
        readings: covenant.map(|c| [read(&c, Lang::Nl), read(&c, Lang::En)]),
    }
}

/// Without what the parties only try the clauses on.
fn ruling(document: &Document) -> Document {
    Document {
        examples: Vec::new(),
        ..document.clone()
    }
}

/// Whether two covenants are different, and a signer would read the same.
fn is_unread(before: &Tree, after: &Tree) -> bool {
    let (Some(old), Some(new)) = (&before.document, &after.document) else {
        return false;
    };
    let same = |(old, new): (&[String; 2], &[String; 2])| old[0] == new[0] || old[1] == new[1];
    ruling(old) != ruling(new)
        && before
            .readings
            .as_ref()
            .zip(after.readings.as_ref())
            .is_some_and(same)
}

fn try_all(name: &str) -> (usize, Vec<String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../policies/{name}.toml"));
    let root: Value = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let before = tree(&toml::to_string(&root).unwrap());
    assert!(before.document.is_some());
    let mut all = Vec::new();
    paths(&root, &mut Vec::new(), &mut all);
    let mut tried = 0;
    let mut silent = Vec::new();
    for path in &all {
        for (done, changed) in mutations(&root, path) {
            let Ok(text) = toml::to_string(&changed) else {
                continue;
            };
            tried += 1;
            let after = tree(&text);
            // No tree is an error; the same tree with more to say has been named without effect.
            if after.document.is_some()
                && after.document == before.document
                && after.findings <= before.findings
            {
                silent.push(format!("{path:?}: {done}"));
            }
            if is_unread(&before, &after) {
                silent.push(format!("{path:?}: {done}: not read"));
            }
        }
    }
    (tried, silent)
}

fn none_is_silent(name: &str) {
    let (tried, silent) = try_all(name);
    println!("{name}: {tried} mutations, {} silent", silent.len());
    assert!(tried > 1_000, "{tried}");
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_safe_visit_has_no_silent_mutation() {
    none_is_silent("veilig-op-bezoek");
}

#[test]
fn nuisance_has_no_silent_mutation() {
    none_is_silent("woonoverlast");
}

#[test]
fn hotspots_has_no_silent_mutation() {
    none_is_silent("hotspots");
}
