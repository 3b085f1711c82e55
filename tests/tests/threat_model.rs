//! `docs/threat-model.md` names only tests that exist, and has a row for every identifier kind.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use journeys::repository::{files, root};

fn page() -> String {
    std::fs::read_to_string(root().join("docs/threat-model.md")).expect("the page is there")
}

/// Every `file.rs::function` in backticks.
fn named(page: &str) -> Vec<(&str, &str)> {
    page.split('`')
        .filter_map(|text| text.split_once(".rs::"))
        .collect()
}

/// Whether the function in this source is marked as a test.
fn is_test(source: &str, function: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let opening = format!("fn {function}(");
    lines.iter().enumerate().any(|(place, line)| {
        let is_it = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .starts_with(&opening);
        let mut above = lines
            .iter()
            .take(place)
            .rev()
            .take_while(|l| l.starts_with('#'));
        is_it && above.any(|l| l.starts_with("#[test]") || l.starts_with("#[tokio::test"))
    })
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = page();
    let named = named(&page);
    assert!(named.len() > 30, "only {} tests are named", named.len());
    let missing: Vec<String> = named
        .into_iter()
        .filter(|(file, function)| {
            let source = std::fs::read_to_string(root().join(format!("{file}.rs")));
            !source.is_ok_and(|source| is_test(&source, function))
        })
        .map(|(file, function)| format!("{file}.rs::{function}"))
        .collect();
    assert!(
        missing.is_empty(),
        "the page names tests that do not exist: {missing:#?}"
    );
}

#[test]
fn a_function_that_is_no_test_is_found_out() {
    let source = "#[test]\nfn one() {}\n\nfn two() {}\n\n#[tokio::test]\nasync fn three() {}\n";
    assert!(is_test(source, "one") && is_test(source, "three"));
    assert!(!is_test(source, "two") && !is_test(source, "four") && !is_test(source, "on"));
}

#[test]
fn every_identifier_kind_has_a_row() {
    let page = page();
    let (_, kinds) = page
        .split_once("## Identifier kinds")
        .expect("the section is there");
    let (kinds, _) = kinds.split_once("\n## ").expect("another section follows");
    let vectors = files("tests/vectors/normalise", ".txt");
    assert!(
        vectors.len() > 20,
        "only {} kinds have vectors",
        vectors.len()
    );
    for file in vectors {
        let name = file
            .file_stem()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        // Parts of an address abroad share its row.
        let row = match name.as_str() {
            "country" | "house_number_abroad" | "postcode_abroad" => "address_abroad",
            other => other,
        };
        assert!(kinds.contains(&format!("`{row}`")), "no row for {name}");
    }
}

#[test]
fn the_first_page_says_what_is_not_promised() {
    let page = page();
    let (_, first) = page
        .split_once("## What is not promised")
        .expect("the section is there");
    let (first, _) = first.split_once("\n## ").expect("another section follows");
    for word in [
        "One key",
        "patterns",
        "dishonest broker",
        "photograph",
        "24 hours",
        "Erasing",
        "advice",
    ] {
        assert!(
            first.contains(word),
            "the first page does not speak of {word}"
        );
    }
}
