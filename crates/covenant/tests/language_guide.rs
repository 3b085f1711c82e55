//! `docs/covenant-language.md` says what the language is: every key that the parser reads and
//! every closed list of words, no more and no less.
#![expect(
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use covenant::Severity;
use covenant::lint::all;
use covenant::vocabulary::advice::Vocabulary;
use covenant::vocabulary::taxonomy;
use model::{FieldName, Phonetic, Profile, Protection, SubjectKind};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn source(path: &str) -> String {
    std::fs::read_to_string(root().join("crates/covenant/src").join(path)).unwrap()
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/covenant-language.md")).unwrap()
}

/// The parts of the page that are about the keys of one file of the parser.
fn sections(page: &str) -> BTreeMap<&str, &str> {
    let mut parts = page.split("<!-- keys: ").skip(1);
    let mut found = BTreeMap::new();
    for part in parts.by_ref() {
        let (file, rest) = part.split_once(" -->").unwrap();
        found.insert(file, rest);
    }
    found.remove("end").unwrap();
    found
}

/// The words between back-ticks in the first column of each table.
fn described(section: &str) -> BTreeSet<&str> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    first
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect()
}

/// The keys that a file of the parser asks for.
fn asked(code: &str) -> BTreeSet<&str> {
    let calls = [
        "get(\"",
        "need(\"",
        "need_by(\"",
        "number(\"",
        "fact(\"",
        "part(\"",
        "flag(&table, \"",
    ];
    let after = |call: &str| {
        let rests = code.match_indices(call).map(|(at, call)| at + call.len());
        let keys = rests.map(|at| code[at..].split('"').next().unwrap());
        keys.collect::<Vec<_>>()
    };
    // A call may be broken over two lines.
    calls.into_iter().flat_map(after).collect()
}

#[test]
fn every_key_is_described_and_every_description_is_of_a_key() {
    let page = page();
    let sections = sections(&page);
    let everywhere: BTreeSet<&str> = sections.values().flat_map(|s| described(s)).collect();
    let mut files: BTreeSet<String> =
        std::fs::read_dir(root().join("crates/covenant/src/language/parse"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
    // The keys of cryptography, which are values here.
    assert!(files.remove("keys.rs"));
    let named: BTreeSet<String> = sections.keys().map(ToString::to_string).collect();
    assert_eq!(
        files, named,
        "each file of the parser has its part of the page"
    );
    for (file, section) in sections {
        let code = source(&format!("language/parse/{file}"));
        let code: String = code
            .split("need_by(\n")
            .map(str::trim_start)
            .collect::<Vec<_>>()
            .join("need_by(");
        let described = described(section);
        assert!(!described.is_empty(), "{file}");
        for key in &described {
            let literal = format!("\"{key}\"");
            assert!(code.contains(&literal), "{file} does not read `{key}`");
        }
        for key in asked(&code) {
            let known = if file == "mod.rs" {
                &everywhere
            } else {
                &described
            };
            assert!(
                known.contains(key),
                "the page does not describe `{key}` of {file}"
            );
        }
    }
}

/// A list's name, what it is, and its words with what they mean in English.
type List = (String, String, Vec<(String, String)>);

/// The closed lists in a file of `words!`.
fn lists(code: &str) -> Vec<List> {
    let mut found: Vec<List> = Vec::new();
    let mut told = String::new();
    let body = code.split("\nwords! {\n").nth(1).unwrap();
    for line in body.split("\n}\n").next().unwrap().lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            if !told.is_empty() {
                told.push(' ');
            }
            told.push_str(text);
        } else if let Some(name) = line.strip_suffix(" {") {
            found.push((name.to_owned(), std::mem::take(&mut told), Vec::new()));
        } else if let Some((_, word)) = line.split_once(" = \"") {
            let word = word.strip_suffix("\",").unwrap().to_owned();
            let list = &mut found.last_mut().unwrap().2;
            list.push((word, std::mem::take(&mut told)));
        }
    }
    found
}

fn words() -> String {
    let mut text = String::new();
    for file in ["language/words.rs", "vocabulary/law.rs"] {
        for (name, told, words) in lists(&source(file)) {
            write!(
                text,
                "### {name}\n\n{told}\n\n| word | meaning |\n|---|---|\n"
            )
            .unwrap();
            for (word, meaning) in words {
                writeln!(text, "| `{word}` | {meaning} |").unwrap();
            }
            text.push('\n');
        }
    }
    let plain = |words: Vec<&str>| {
        let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
        quoted.join(" · ")
    };
    let others = [
        (
            "SubjectKind",
            plain(SubjectKind::ALL.iter().map(|w| w.as_str()).collect()),
        ),
        (
            "FieldName",
            plain(FieldName::ALL.iter().map(|w| w.as_str()).collect()),
        ),
        (
            "Protection",
            plain(Protection::ALL.iter().map(|w| w.as_str()).collect()),
        ),
        (
            "Certainty",
            plain(vec![
                model::Certainty::Reported.as_str(),
                model::Certainty::Confirmed.as_str(),
            ]),
        ),
        (
            "Phonetic",
            plain(vec![Phonetic::Cologne.as_str(), Phonetic::Soundex.as_str()]),
        ),
        (
            "Profile",
            plain(vec![Profile::Hmac.as_str(), Profile::Oprf.as_str()]),
        ),
    ];
    for (name, words) in others {
        write!(text, "### {name}\n\n{words}\n\n").unwrap();
    }
    text.push_str(&vocabularies());
    text
}

fn vocabularies() -> String {
    let mut text = String::new();
    for vocabulary in Vocabulary::ALL {
        let name = vocabulary.as_str();
        write!(
            text,
            "### Advice vocabulary `{name}`\n\n| word | rank | NL | EN |\n|---|---|---|---|\n"
        )
        .unwrap();
        for advice in vocabulary.advices() {
            writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                advice.code, advice.rank, advice.nl, advice.en
            )
            .unwrap();
        }
        text.push('\n');
    }
    let version = taxonomy::VERA_VERSION;
    write!(text, "### Category codes: `vera` {version}, and `eigen:<CODE>` for the parties' own\n\n| code | NL | EN |\n|---|---|---|\n").unwrap();
    for category in taxonomy::VERA {
        writeln!(
            text,
            "| `{}` | {} | {} |",
            category.code, category.nl, category.en
        )
        .unwrap();
    }
    text
}

fn rules() -> String {
    let mut text = String::from("| rule | | NL | EN |\n|---|---|---|---|\n");
    for lint in all() {
        let (code, nl, en) = (lint.code, lint.title_nl, lint.title_en);
        let severity = match lint.severity {
            Severity::Error => "fout",
            Severity::Warning => "waarschuwing",
            Severity::Info => "opmerking",
        };
        writeln!(
            text,
            "| [`{code}`](lints/{code}.md) | {severity} | {nl} | {en} |"
        )
        .unwrap();
    }
    text
}

/// The page with a part of it made anew.
fn with(page: &str, part: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {part}: begin -->\n"),
        format!("<!-- {part}: end -->"),
    );
    let (before, rest) = page.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end())
}

/// Compares, or with `COVENANT_WRITE_GOLDEN=1` writes, the parts that are made from the program.
#[test]
fn the_words_and_rules_are_those_of_the_program() {
    let page = page();
    let made = with(&with(&page, "words", &words()), "rules", &rules());
    if std::env::var_os("COVENANT_WRITE_GOLDEN").is_some() {
        std::fs::write(root().join("docs/covenant-language.md"), &made).unwrap();
        return;
    }
    assert!(
        page == made,
        "docs/covenant-language.md has other words or rules than the program; run this test with \
         COVENANT_WRITE_GOLDEN=1 and review the difference"
    );
}

/// A rule that the tables name is a rule; `wpg-*` stands for those that begin so.
#[test]
fn every_rule_that_the_page_names_exists() {
    let page = page();
    let codes: BTreeSet<&str> = all().map(|lint| lint.code).collect();
    let mut named = 0;
    for section in sections(&page).values() {
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
            for rule in last.split('`').skip(1).step_by(2) {
                let known = rule.strip_suffix('*').map_or_else(
                    || codes.contains(rule),
                    |start| codes.iter().any(|code| code.starts_with(start)),
                );
                assert!(known, "no rule `{rule}`: {row}");
                named += 1;
            }
        }
    }
    assert!(named > 60, "{named}");
}

/// The guide's steps are true of the model that they change, however it is laid out.
#[test]
fn the_guide_is_true() {
    let model = std::fs::read_to_string(root().join("policies/hotspots.toml")).unwrap();
    let page = page();
    let errors = |key: &str, old: &str, new: &str| {
        let is_it = |line: &&str| line.split_whitespace().next() == Some(key) && line.contains(old);
        let line = model.lines().find(is_it).unwrap();
        let changed = model.replacen(line, &line.replacen(old, new, 1), 1);
        let checked = covenant::check_as(&changed, covenant::Checking::Template, None);
        let errors = checked.with(Severity::Error);
        errors
            .map(|d| (d.code, d.help_nl.clone()))
            .collect::<Vec<_>>()
    };
    assert!(errors("uitvoer.drempel", "10", "12").is_empty());
    let fails = errors("uitvoer.drempel", "10", "15");
    let codes: BTreeSet<&str> = fails.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, BTreeSet::from(["voorbeeld-klopt-niet"]));
    let meant = "Bedoelde u `maand`?".to_owned();
    let misspelt = errors("uitvoer.tijdvak", "\"maand\"", "\"mand\"");
    assert_eq!(misspelt, [("onbekend-woord", meant)]);
    // Whoever looks in the model for what the page shows finds that very line.
    let shown = |key: &str| model.lines().find(|line| line.starts_with(key)).unwrap();
    assert!(page.contains(&format!("    {}\n", shown("uitvoer.drempel "))));
    // What the page prints of `check` is what `check` prints.
    let line = shown("uitvoer.tijdvak ");
    let changed = model.replacen(line, &line.replacen("maand", "mand", 1), 1);
    let checked = covenant::check_as(&changed, covenant::Checking::Template, None);
    let found: Vec<_> = checked.with(Severity::Error).cloned().collect();
    let printed = covenant::render("proef.toml", &changed, &found, covenant::Lang::Nl);
    let printed = printed.split("\n\n").next().unwrap();
    let indented: String = printed.lines().map(|l| format!("    {l}\n")).collect();
    assert!(page.contains(&indented), "the page should say:\n{indented}");
}
