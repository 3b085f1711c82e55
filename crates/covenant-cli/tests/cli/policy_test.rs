//! `covenant policy test` and `covenant policy schema`.

use std::path::Path;

use super::{code, complained, covenant, json, repository, said, text};

fn test(path: &Path, more: &[&str]) -> std::process::Output {
    let path = text(path);
    covenant(["policy", "test", &path].iter().chain(more))
}

/// A copy of a model covenant with its cases, of which one text is changed.
fn changed(file: &str, from: &str, to: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["veilig-op-bezoek.toml", "veilig-op-bezoek.cases.toml"] {
        let mut source = std::fs::read_to_string(repository("policies").join(name)).unwrap();
        if name == file {
            assert!(source.contains(from), "{from}");
            source = source.replacen(from, to, 1);
        }
        std::fs::write(folder.path().join(name), source).unwrap();
    }
    let path = folder.path().join("veilig-op-bezoek.toml");
    (folder, path)
}

#[test]
fn every_model_passes_with_a_no_for_each_demand() {
    let folder = std::fs::read_dir(repository("policies")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    // As a shell hands them over: the files of cases too.
    let files: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| text(&path))
        .collect();
    assert!(files.len() >= 10);
    let mut arguments = vec!["policy", "test", "--every-demand", "--format", "json"];
    arguments.extend(files.iter().map(String::as_str));
    let output = covenant(&arguments);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let found = json(&output);
    let tested = found.as_array().unwrap();
    assert_eq!(tested.len() * 2, files.len(), "each covenant once");
    for one in tested {
        assert_eq!(one["good"], true);
        assert_eq!(one["files"].as_array().unwrap().len(), 2);
    }
    // What does not read is not tested.
    let path = text(&repository("policies/bad/overlap.toml"));
    let wrong = covenant(["policy", "test", &path]);
    assert_eq!(code(&wrong), 1);
    assert!(said(&wrong).contains("Niet getest"), "{}", said(&wrong));
}

#[test]
fn people_read_for_each_clause_how_many_yes_and_no() {
    let path = repository("policies/zorg-en-veiligheid.toml");
    let output = test(&path, &[]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    for words in [
        "Samen hulp bieden bij verward gedrag (zorg-en-veiligheid-roosdonk, versie 1)",
        "10 voorbeelden, alle kloppen",
        "Regel 5.3  De bemoeizorg hoort wie te bellen",
        "voorwaarde.partijen",
        "Verbod 5.9",
        "In orde:",
    ] {
        assert!(said(&output).contains(words), "{words}\n{}", said(&output));
    }
    let english = test(&path, &["--lang", "en"]);
    assert!(said(&english).contains("Clause 5.3") && said(&english).contains("In order:"));
}

#[test]
fn a_flipped_case_fails_in_its_place() {
    let (_folder, path) = changed(
        "veilig-op-bezoek.cases.toml",
        "uitkomst = \"geweigerd: beoordeling\", redenen = [\"beoordeling\"]",
        "uitkomst = \"3.1\"",
    );
    let output = test(&path, &[]);
    assert_eq!(code(&output), 1);
    for words in [
        "1 klopt niet",
        "verwacht: getoond door regel 3.1",
        "gekregen: geweigerd door regel",
        "veilig-op-bezoek.cases.toml:",
        "^^^",
        "Niet in orde:",
    ] {
        assert!(said(&output).contains(words), "{words}\n{}", said(&output));
    }
    let found = json(&test(&path, &["--format", "json"]));
    let failed = found[0]["files"][1]["cases"].as_array().unwrap().iter();
    let failed: Vec<_> = failed.filter(|case| case["holds"] == false).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0]["line"].as_u64().unwrap() > 1);
    assert_eq!(failed[0]["reasons"], serde_json::json!(["REVIEW"]));
}

#[test]
fn a_changed_covenant_fails_its_cases() {
    let (_folder, path) = changed(
        "veilig-op-bezoek.toml",
        "grens.per_medewerker_per_dag   = 12",
        "grens.per_medewerker_per_dag   = 20",
    );
    let output = test(&path, &[]);
    assert_eq!(code(&output), 1);
    assert!(
        said(&output).contains("gekregen: getoond door regel 3.1"),
        "{}",
        said(&output)
    );
    // So does a signed example, which `check` calls an error of the covenant itself.
    let (_folder, path) = changed(
        "veilig-op-bezoek.toml",
        "uitkomst = \"geweigerd: dossier\"",
        "uitkomst = \"3.1\"",
    );
    let output = test(&path, &[]);
    assert_eq!(code(&output), 1);
    for words in [
        "verwacht: getoond door regel 3.1",
        "gekregen: geweigerd",
        "Niet in orde:",
    ] {
        assert!(said(&output).contains(words), "{words}\n{}", said(&output));
    }
}

#[test]
fn a_clause_without_a_no_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("woonoverlast.toml");
    std::fs::copy(repository("policies/woonoverlast.toml"), &path).unwrap();
    let output = test(&path, &[]);
    assert_eq!(code(&output), 1);
    for words in [
        "Er is geen bestand met gevallen bij gevonden.",
        "regel 4.2 heeft geen nee",
        "<--",
    ] {
        assert!(said(&output).contains(words), "{words}\n{}", said(&output));
    }
    // The cases may lie elsewhere.
    let cases = text(&repository("policies/woonoverlast.cases.toml"));
    let output = test(&path, &["--cases", &cases]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    let others = text(&repository("policies/hotspots.cases.toml"));
    let output = test(&path, &["--cases", &others]);
    assert_eq!(code(&output), 1);
    assert!(
        said(&output).contains("ander convenant"),
        "{}",
        said(&output)
    );
    let two = text(&repository("policies/hotspots.toml"));
    let output = test(&path, &[&two, "--cases", &cases]);
    assert_eq!(code(&output), 2, "{}", complained(&output));
    let nothing = test(&folder.path().join("bestaat-niet.toml"), &[]);
    assert_eq!(code(&nothing), 2);
}

#[test]
fn the_schemas_are_those_beside_the_models() {
    for (of, name) in [
        ("covenant", "convenant-1"),
        ("cases", "convenant-gevallen-1"),
    ] {
        let printed = json(&covenant(["policy", "schema", of]));
        let path = repository(&format!("policies/schema/{name}.schema.json"));
        let committed = std::fs::read_to_string(path).unwrap();
        let committed: serde_json::Value = serde_json::from_str(&committed).unwrap();
        assert_eq!(printed, committed, "{of}");
    }
}
