//! `covenant import` without a node: the sample of the README.

use std::path::Path;

use super::{code, complained, covenant, json, repository, said, text};

fn dry_run(file: &Path, map: &Path, more: &[&str]) -> std::process::Output {
    let (file, map) = (text(file), text(map));
    covenant(
        ["import", &file, "--map", &map, "--dry-run"]
            .iter()
            .chain(more),
    )
}

fn sample() -> (std::path::PathBuf, std::path::PathBuf) {
    (
        repository("examples/import/signalen.csv"),
        repository("examples/import/map.toml"),
    )
}

fn remarks(report: &serde_json::Value, list: &str) -> Vec<(u64, String, String)> {
    let word = |remark: &serde_json::Value, name: &str| remark[name].as_str().unwrap().to_owned();
    let remark = |remark: &serde_json::Value| {
        (
            remark["row"].as_u64().unwrap(),
            word(remark, "column"),
            word(remark, "rule"),
        )
    };
    report[list]
        .as_array()
        .unwrap()
        .iter()
        .map(remark)
        .collect()
}

#[test]
fn every_bad_cell_of_the_sample_is_named_by_row_column_and_rule() {
    let (file, map) = sample();
    let output = dry_run(&file, &map, &["--format", "json"]);
    assert_eq!(code(&output), 1, "{}", complained(&output));
    let report = json(&output);
    let expected = [
        (5, "soort", "NOT_IN_MAP"),
        (6, "datum", "NO_SUCH_DAY"),
        (7, "postcode", "POSTCODE_FORM"),
        (7, "huisnr", "HOUSE_NUMBER_FORM"),
    ];
    let expected = expected.map(|(row, column, rule)| (row, column.to_owned(), rule.to_owned()));
    assert_eq!(remarks(&report, "refused"), expected);
    assert_eq!(
        (&report["rows"], &report["accepted"]),
        (&7.into(), &4.into())
    );
    assert_eq!(report["sent"], false);
}

#[test]
fn the_table_tells_the_remedy_in_the_reader_s_language_and_repeats_no_cell() {
    let (file, map) = sample();
    let dutch = said(&dry_run(&file, &map, &[]));
    assert!(
        dutch.contains("POSTCODE_FORM") && dutch.contains("huisnr"),
        "{dutch}"
    );
    assert!(
        dutch.contains("4 goed, 3 geweigerd") && dutch.contains("niets verstuurd"),
        "{dutch}"
    );
    let english = said(&dry_run(&file, &map, &["--lang", "en"]));
    assert!(english.contains("4 accepted, 3 refused"), "{english}");
    assert!(
        english.contains("was not checked") && dutch.contains("--covenant en --party"),
        "{english}\n{dutch}"
    );
    for cell in ["0234", "ruzie", "31-11", "Verzonnenlaan"] {
        assert!(!dutch.contains(cell) && !english.contains(cell), "{cell}");
    }
}

#[test]
fn the_covenant_s_own_rules_are_checked_too_when_it_is_named() {
    let (file, map) = sample();
    let covenant_file = text(&repository("policies/veilig-op-bezoek.toml"));
    let more = [
        "--format",
        "json",
        "--covenant",
        &covenant_file,
        "--party",
        "gemeente",
    ];
    let report = json(&dry_run(&file, &map, &more));
    assert_eq!(report["accepted"], 4);
    assert_eq!(report["covenant_checked"], true);
    assert!(!said(&dry_run(&file, &map, &more[2..])).contains("Niet nagekeken"));
    // The police needs the article under which it holds its data.
    let more = [
        "--format",
        "json",
        "--covenant",
        &covenant_file,
        "--party",
        "politie",
    ];
    let report = json(&dry_run(&file, &map, &more));
    assert_eq!(report["accepted"], 0);
    let rules = remarks(&report, "refused");
    assert_eq!(
        rules[0],
        (2, "signal.police_article".to_owned(), "REQUIRED".to_owned())
    );
}

#[test]
fn comma_and_windows_1252_are_found_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map.toml");
    std::fs::write(
        &map,
        "[signal]\ncovenant = \"proef\"\npurposes = [\"proef\"]\ncategory = \"eigen:PROEF\"\n\
         observed_at = \"2026-11-01\"\ncertainty = \"reported\"\n[[subject]]\nkind = \"person\"\n\
         fields = { surname = { column = \"naam\" }, birth_date = { column = \"geboren\" } }\n",
    )
    .unwrap();
    let file = folder.path().join("personen.csv");
    std::fs::write(
        &file,
        b"naam,geboren\nK\xe4ster,1980-02-30\nOele,1981-03-04\n",
    )
    .unwrap();
    let output = dry_run(&file, &map, &["--format", "json"]);
    let report = json(&output);
    let refused = [(2, "geboren".to_owned(), "BIRTH_DATE_CALENDAR".to_owned())];
    assert_eq!(remarks(&report, "refused"), refused);
    // Leaving the bad date out keeps the row.
    let lenient = std::fs::read_to_string(&map).unwrap();
    std::fs::write(
        &map,
        format!("[file]\nbad_field = \"leave-out\"\n{lenient}"),
    )
    .unwrap();
    let output = dry_run(&file, &map, &["--format", "json"]);
    let report = json(&output);
    assert_eq!((code(&output), &report["accepted"]), (0, &2.into()));
    assert_eq!(remarks(&report, "left_out"), refused);
}

#[test]
fn a_row_with_too_few_cells_is_refused_and_the_rest_goes_on() {
    let (sample, map) = sample();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ragged.csv");
    let mut lines: Vec<String> = std::fs::read_to_string(&sample)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let delimiters = ";".repeat(lines[0].matches(';').count());
    lines.insert(0, "sep=;".to_owned());
    lines.insert(3, "M-26-0199;geheim".to_owned());
    lines.extend([delimiters.clone(), delimiters]);
    std::fs::write(&file, lines.join("\r\n")).unwrap();
    let output = dry_run(&file, &map, &["--format", "json"]);
    assert_eq!(code(&output), 1, "{}", complained(&output));
    let report = json(&output);
    assert_eq!(
        remarks(&report, "refused")[0],
        (4, "signal".to_owned(), "CELL_COUNT".to_owned())
    );
    assert_eq!(
        (&report["rows"], &report["accepted"], &report["empty_rows"]),
        (&8.into(), &4.into(), &2.into())
    );
    let told = said(&dry_run(&file, &map, &["--lang", "en"]));
    assert!(
        told.contains("Empty rows, passed over: 2.")
            && told.contains("CELL_COUNT")
            && !told.contains("geheim"),
        "{told}"
    );
}

#[test]
fn a_map_that_does_not_fit_says_where() {
    let (file, map) = sample();
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("map.toml");
    let good = std::fs::read_to_string(&map).unwrap();
    for (from, to, expected) in [
        ("\"huisnr\"", "\"huisnummer\"", "huisnummer"),
        ("house_number = {", "housenumber = {", "housenumber"),
        ("reviewed_by_person =", "reviewed =", "reviewed"),
        ("date = \"dmy\"", "datum = \"dmy\"", "line 13"),
        ("date = \"dmy\"", "date = \"mdy\"", "use ymd or dmy"),
        ("[signal]", "[signals]", "did you mean signal?"),
        (
            "# [file]",
            "[file]\ndelimiter = \"|\"",
            "file.delimiter: use",
        ),
    ] {
        std::fs::write(&wrong, good.replacen(from, to, 1)).unwrap();
        let output = dry_run(&file, &wrong, &[]);
        assert_eq!(code(&output), 2, "{to}");
        assert!(
            complained(&output).contains(expected),
            "{}",
            complained(&output)
        );
    }
    // Without a node only a dry run is possible.
    let (file, map) = (text(&file), text(&map));
    assert_eq!(code(&covenant(["import", &file, "--map", &map])), 2);
}
