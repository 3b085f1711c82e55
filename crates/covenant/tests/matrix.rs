//! The golden disclosure matrix of the covenants in `policies/`.

use std::path::{Path, PathBuf};

use covenant::matrix::matrix;
use covenant::{Checking, check_as};

/// Compares, or with `COVENANT_WRITE_GOLDEN=1` writes, `policies/disclosure-matrix.txt`.
#[test]
fn the_matrix_is_the_golden_one() {
    let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&policies)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".cases.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 2, "{files:?}");
    let mut text = String::from(
        "# Every open cell of the covenants in this folder. Made by the test `matrix` of the crate\n\
         # `covenant`; after a change that is meant, run it with COVENANT_WRITE_GOLDEN=1 and review\n\
         # the difference.\n",
    );
    for file in files {
        let source = std::fs::read_to_string(&file).unwrap();
        let checked = check_as(&source, Checking::Template, None);
        let covenant = checked.covenant.unwrap();
        for example in covenant::decide::examples::run(&covenant) {
            assert!(example.holds(), "{example:?}");
        }
        text.push('\n');
        text.push_str(&matrix(&covenant));
    }
    let golden = policies.join("disclosure-matrix.txt");
    if std::env::var_os("COVENANT_WRITE_GOLDEN").is_some() {
        std::fs::write(&golden, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    assert!(
        text == expected,
        "a covenant opens or closes other cells than policies/disclosure-matrix.txt says; review \
         the change, and run this test with COVENANT_WRITE_GOLDEN=1"
    );
}
