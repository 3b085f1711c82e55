//! The program `covenant` as its users run it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod audit;
mod desk;
mod desk_node;
mod evidence;
mod import;
mod keys;
mod liars;
mod lifecycle;
mod link;
mod logius;
mod policy;
mod policy_diff;
mod policy_test;
mod reading;
mod reading_files;
mod replay;
mod subjects;
mod to_broker;
mod watch;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `covenant` with these arguments.
fn covenant<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_covenant"))
        .args(arguments)
        .output()
        .expect("it starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> serde_json::Value {
    let text = said(output);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}\n{}", complained(output)))
}

/// A path in the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn help_names_every_command() {
    let help = said(&covenant(["--help"]));
    for command in [
        "policy",
        "keys",
        "import",
        "link",
        "audit",
        "desk",
        "check-config",
        "bench",
    ] {
        assert!(help.contains(command), "{command}\n{help}");
    }
    let import = said(&covenant(["import", "--help"]));
    assert!(import.contains("makes no second signal"), "{import}");
    assert_eq!(code(&covenant(["audit", "verify"])), 2);
}
