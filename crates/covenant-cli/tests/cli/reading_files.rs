//! Files that are not there, standard input, and readers that have seen enough.

use std::process::{Command, Stdio};

use super::{code, complained, covenant, repository, said, text};

#[test]
fn a_file_that_cannot_be_read_is_said_in_the_readers_language() {
    let folder = tempfile::tempdir().unwrap();
    let none = text(&folder.path().join("weg.toml"));
    let dir = text(folder.path());
    for command in ["check", "read", "matrix", "test", "fmt"] {
        let output = covenant(["policy", command, &none]);
        assert_eq!(code(&output), 2);
        let why = complained(&output);
        assert!(why.contains("weg.toml: dit bestand is er niet"), "{why}");
    }
    let output = covenant(["policy", "check", &dir]);
    assert!(complained(&output).contains("dit is een map en geen bestand"));
    let output = covenant(["policy", "check", &none, "--lang", "en"]);
    assert!(complained(&output).contains("there is no such file"));
}

#[test]
fn whoever_only_looks_may_give_the_covenant_on_standard_input() {
    let model = repository("policies/hotspots.toml");
    let named = covenant(["policy", "read", &text(&model)]);
    let piped = Command::new(env!("CARGO_BIN_EXE_covenant"))
        .args(["policy", "read", "-"])
        .stdin(std::fs::File::open(&model).unwrap())
        .output()
        .unwrap();
    assert_eq!(code(&piped), 0, "{}", complained(&piped));
    assert_eq!(said(&piped), said(&named));
    let output = Command::new(env!("CARGO_BIN_EXE_covenant"))
        .args(["policy", "check", "--template", "-"])
        .stdin(std::fs::File::open(&model).unwrap())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", complained(&output));
}

#[test]
fn nobody_reading_the_complaints_changes_no_exit_code() {
    let bad = text(&repository("policies/bad/onbekend-woord.toml"));
    for (arguments, expected) in [
        (vec!["policy", "read", &bad], 2),
        (vec!["policy", "diff", &bad, &bad], 2),
        (vec!["policy", "read", "/is/er/niet"], 2),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_covenant"))
            .args(&arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stderr.take());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(expected), "{arguments:?}");
    }
}
