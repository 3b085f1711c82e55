//! `covenant policy`.

use std::path::{Path, PathBuf};

use super::{code, complained, covenant, json, repository, said, text};

/// A world's files: filled covenants, and the keys of everybody.
pub(super) struct Files {
    pub(super) folder: tempfile::TempDir,
    pub(super) covenant: PathBuf,
}

impl Files {
    pub(super) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = sandbox::Plan::demo();
        plan.covenants.truncate(1);
        let today = model::clock::Clock::now(&model::clock::SystemClock).day();
        let home = folder.path().join("world");
        let world = sandbox::layout::lay_out(&home, &plan, today).unwrap();
        Self {
            covenant: world.covenants[0].file.clone(),
            folder,
        }
    }

    pub(super) fn of_party(&self, party: &str, file: &str) -> PathBuf {
        self.folder
            .path()
            .join("world/parties")
            .join(party)
            .join(file)
    }

    pub(super) fn new_file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn check(path: &Path, more: &[&str]) -> std::process::Output {
    let path = text(path);
    covenant(["policy", "check", &path].iter().chain(more))
}

#[test]
fn the_models_are_well_and_every_bad_example_is_not() {
    for model in ["veilig-op-bezoek", "woonoverlast"] {
        let path = repository(&format!("policies/{model}.toml"));
        let output = check(&path, &["--template"]);
        assert_eq!(code(&output), 0, "{}", said(&output));
        // As it stands, with place-holders for keys, nobody can sign it.
        assert_eq!(code(&check(&path, &[])), 1);
    }
    let found = json(&check(
        &repository("policies/bad/aantal-zonder-drempel.toml"),
        &["--format", "json"],
    ));
    let first = &found[0];
    assert!(
        first["line"].as_u64().unwrap() > 1 && !first["message_nl"].as_str().unwrap().is_empty()
    );
}

#[test]
fn a_mistake_is_underlined_in_both_languages_with_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let model = std::fs::read_to_string(repository("policies/veilig-op-bezoek.toml")).unwrap();
    let path = folder.path().join("fout.toml");
    std::fs::write(
        &path,
        model.replacen(
            "soort         = \"gemeente\"",
            "soort         = \"gemente\"",
            1,
        ),
    )
    .unwrap();
    let dutch = check(&path, &["--template"]);
    assert_eq!(code(&dutch), 1);
    assert!(
        said(&dutch).contains("gemeente") && said(&dutch).contains('^'),
        "{}",
        said(&dutch)
    );
    let english = check(&path, &["--template", "--lang", "en"]);
    assert!(said(&english).contains("error") && said(&english) != said(&dutch));
    assert_eq!(code(&covenant(["policy", "check", "bestaat-niet.toml"])), 2);
}

#[test]
fn a_party_signs_with_its_own_key_only() {
    let files = Files::make();
    let sign = |party: &str, key: &str, out: &Path| {
        let (covenant_file, key) = (
            text(&files.covenant),
            text(&files.of_party(key, "signer.pem")),
        );
        let out = text(out);
        covenant([
            "policy",
            "sign",
            &covenant_file,
            "--party",
            party,
            "--key",
            &key,
            "--out",
            &out,
            "--yes",
        ])
    };
    let out = files.new_file("gemeente.dsse.json");
    let signed = sign("gemeente", "gemeente", &out);
    assert_eq!(code(&signed), 0, "{}", complained(&signed));
    let envelope = covenant::signoff::Envelope::parse(&std::fs::read(&out).unwrap()).unwrap();
    let statement = covenant::signoff::Statement::parse(envelope.payload()).unwrap();
    assert_eq!(statement.party.as_str(), "gemeente");
    assert!(said(&signed).contains(&statement.file.to_hex()));
    // A signature that is there is not written over, and another party's key signs nothing.
    assert_eq!(code(&sign("gemeente", "gemeente", &out)), 2);
    let other = files.new_file("politie.dsse.json");
    assert_eq!(code(&sign("politie", "gemeente", &other)), 2);
    assert!(!other.exists());
}

#[test]
fn the_matrix_names_every_clause() {
    let path = text(&repository("policies/veilig-op-bezoek.toml"));
    let matrix = said(&covenant(["policy", "matrix", &path]));
    assert!(matrix.contains("3.1") && matrix.contains("3.2"), "{matrix}");
}

#[test]
fn a_covenant_goes_out_in_cedar_with_how_to_check_it() {
    let files = Files::make();
    let (file, out) = (text(&files.covenant), files.new_file("cedar/naar"));
    let export = || covenant(["policy", "export", "cedar", &file, "--out", &text(&out)]);
    let told = export();
    assert_eq!(code(&told), 0, "{}", complained(&told));
    assert!(said(&told).contains("cedar validate"), "{}", said(&told));
    let mut written: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    written.sort();
    let read = |end: &str| {
        let path = written.iter().find(|p| text(p).ends_with(end)).unwrap();
        assert!(said(&told).contains(&text(path)));
        std::fs::read_to_string(path).unwrap()
    };
    let (policies, schema) = (read(".cedar"), read(".cedarschema"));
    assert!(policies.contains("@id(\"regel-3.1\")") && schema.contains("entity Partij enum"));
    assert!(read(".entities.json").contains("Gegeven") && read(".request.json").contains("dag"));
    assert_eq!(written.len(), 4);
    // Again gives the same, over the older ones; what has errors gives nothing.
    assert_eq!(code(&export()), 0);
    assert_eq!(read(".cedar"), policies);
    let bad = text(&repository("policies/bad/overlap.toml"));
    let nowhere = files.new_file("nergens");
    let refused = covenant(["policy", "export", "cedar", &bad, "--out", &text(&nowhere)]);
    assert!(code(&refused) == 2 && !nowhere.exists());
}
