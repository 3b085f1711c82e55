//! A model covenant of a later version names the exact bytes of the one before.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use covenant::{Checking, Covenant, check_as};

fn models() -> Vec<(PathBuf, String, Covenant)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.ends_with(".cases.toml") {
            let source = std::fs::read_to_string(&path).unwrap();
            let covenant = check_as(&source, Checking::Template, None).covenant;
            found.push((path, source, covenant.expect(&name)));
        }
    }
    found
}

/// Compares, or with `COVENANT_WRITE_GOLDEN=1` writes, `vervangt` of every later version.
#[test]
fn every_later_version_replaces_the_file_before_it() {
    let models = models();
    let mut later = 0;
    for (path, source, covenant) in &models {
        let Some(replaces) = covenant.replaces() else {
            assert_eq!(covenant.version(), 1, "{}", path.display());
            continue;
        };
        later += 1;
        let mut before = models.iter().map(|(.., covenant)| covenant);
        let before = before
            .find(|b| b.id() == covenant.id() && b.version() + 1 == covenant.version())
            .expect("the version before is in the folder");
        if std::env::var_os("COVENANT_WRITE_GOLDEN").is_some() {
            let source = source.replace(&replaces.to_hex(), &before.digest().to_hex());
            std::fs::write(path, source).unwrap();
        } else {
            assert_eq!(
                replaces,
                before.digest(),
                "{} does not name the bytes of version {}; run this test with \
                 COVENANT_WRITE_GOLDEN=1",
                path.display(),
                before.version()
            );
        }
        assert!(covenant.valid_from() > before.valid_from());
        assert!(covenant.header().dpia.date > before.header().dpia.date);
    }
    assert!(later >= 1, "a later version is among the models");
}

#[test]
fn a_fifth_party_joins_and_hears_nothing_of_what_police_saw() {
    let models = models();
    let version = |number| {
        let mut all = models.iter().map(|(.., covenant)| covenant);
        all.find(|c| c.id().as_str() == "zorg-en-veiligheid-roosdonk" && c.version() == number)
            .unwrap()
    };
    let (one, two) = (version(1), version(2));
    let names =
        |c: &Covenant| -> Vec<String> { c.parties().keys().map(ToString::to_string).collect() };
    assert_eq!(names(one), ["corporatie", "gemeente", "politie", "zorg"]);
    assert_eq!(
        names(two),
        ["corporatie", "gemeente", "politie", "welzijn", "zorg"]
    );
    let cells = covenant::matrix::matrix(two);
    assert!(cells.contains("welzijn.buurtwerker"));
    for line in cells
        .lines()
        .filter(|line| line.contains("welzijn.buurtwerker"))
    {
        assert!(
            !line.contains("politie") && !line.contains("verward-gedrag"),
            "{line}"
        );
    }
}
