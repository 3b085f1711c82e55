//! `covenant link` on a handful of made-up persons.

use super::{code, complained, covenant, json, repository, said, text};

const PERSONS: &str = "\
rec_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth,soc_sec_id
rec-1-org,johanna,kaster,12,verzonnen laan,,roosdonk,1234,zz,19800517,1
rec-1-dup-0,johanna,kaester,12,verzonnen laan,,roosdonk,1234,zz,19800517,1
rec-1-dup-1,johana,kaster,21,bedachte hof,,roosdonk,1234,zz,19800517,1
rec-2-org,pieter,oele,7,bedachte hof,,roosdonk,4321,zz,19720101,2
rec-2-dup-0,pieter,oele,7,bedachte hof,,roosdonk,4321,zz,19720199,2
rec-3-org,geesje,bovenkerk,99,fantasiekade,,elders,5678,zz,19651231,3
";

fn link(file: &std::path::Path, more: &[&str]) -> std::process::Output {
    let (file, map) = (text(file), text(&repository("examples/febrl/map.toml")));
    let covenant_file = text(&repository("examples/febrl/covenant.toml"));
    let mut arguments = vec!["link", "--left", &file, "--covenant", &covenant_file];
    if !more.contains(&"--map") {
        arguments.extend(["--map", &map]);
    }
    covenant(arguments.iter().chain(more))
}

#[test]
fn rows_of_one_person_are_paired_through_two_nodes_and_a_broker() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("persons.csv");
    std::fs::write(&file, PERSONS).unwrap();
    let output = link(&file, &["--truth", "person", "--json"]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let figures = json(&output);
    assert_eq!(figures["pairs"], 4, "{figures}");
    assert_eq!(
        (figures["precision"].as_f64(), figures["recall"].as_f64()),
        (Some(1.0), Some(1.0))
    );
    assert!(figures["seconds"].as_f64().unwrap() > 0.0);
    assert!(figures["recall_two"].as_f64().unwrap() <= 1.0);
    let told = said(&link(&file, &["--lang", "en"]));
    for pair in ["2 3 ", "2 4 ", "3 4 ", "5 6 "] {
        assert!(
            told.lines().any(|line| line.starts_with(pair)),
            "{pair}\n{told}"
        );
    }
}

#[test]
fn figures_without_a_truth_are_not_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("persons.csv");
    std::fs::write(&file, PERSONS).unwrap();
    // An empty column, and a pattern that no row matches or that takes nothing.
    let empty = link(&file, &["--truth", "address_2"]);
    assert_eq!(code(&empty), 2, "{}", said(&empty));
    assert!(
        complained(&empty).contains("--truth: no row"),
        "{}",
        complained(&empty)
    );
    let good = std::fs::read_to_string(repository("examples/febrl/map.toml")).unwrap();
    let map = folder.path().join("map.toml");
    for (pattern, expected) in [
        ("^nothing-([0-9]+)-", "--truth: no row"),
        ("^rec-[0-9]+-", "derived.person: the pattern has no group"),
    ] {
        let wrong = good.replace("^rec-([0-9]+)-", pattern);
        assert_ne!(wrong, good);
        std::fs::write(&map, wrong).unwrap();
        let output = link(&file, &["--truth", "person", "--map", &text(&map)]);
        assert_eq!(code(&output), 2, "{}", said(&output));
        assert!(
            complained(&output).contains(expected),
            "{}",
            complained(&output)
        );
    }
    // One row without a truth is told; no two rows with one are the same: no recall.
    let lines: Vec<&str> = PERSONS.lines().collect();
    let last = lines[6].replace("rec-3-org", "unknown");
    std::fs::write(&file, [lines[0], lines[1], lines[4], &last, ""].join("\n")).unwrap();
    let output = link(&file, &["--truth", "person", "--json"]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let figures = json(&output);
    assert!(
        figures["precision"].is_null() && figures["recall"].is_null(),
        "{figures}"
    );
    let told = link(&file, &["--truth", "person"]);
    assert!(
        complained(&told).contains("1 rijen hebben geen waarde"),
        "{}",
        complained(&told)
    );
    assert!(
        said(&told).contains("paren 0, precisie -, volledigheid -"),
        "{}",
        said(&told)
    );
}

#[test]
fn two_files_are_paired_across_and_not_within() {
    let folder = tempfile::tempdir().unwrap();
    let (left, right) = (
        folder.path().join("left.csv"),
        folder.path().join("right.csv"),
    );
    let lines: Vec<&str> = PERSONS.lines().collect();
    std::fs::write(&left, format!("{}\n{}\n{}\n", lines[0], lines[1], lines[4])).unwrap();
    std::fs::write(
        &right,
        [lines[0], lines[2], lines[3], lines[6], ""].join("\n"),
    )
    .unwrap();
    let right = text(&right);
    let output = link(&left, &["--right", &right, "--truth", "person", "--json"]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let figures = json(&output);
    assert_eq!(
        (&figures["pairs"], figures["recall"].as_f64()),
        (&2.into(), Some(1.0))
    );
}
