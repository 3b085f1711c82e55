//! The crate graph is the privacy argument: these tests hold the arrows and the absences that
//! `ARCHITECTURE.md` promises.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use journeys::repository::{files, relative, root, rust_sources, shipped_sources};

/// Which of the project's crates each crate may depend on, directly, outside tests.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("pseudonym", &["model"]),
    ("covenant", &["model"]),
    ("ledger", &["model"]),
    ("identity", &["model"]),
    ("wire", &["model"]),
    ("process", &["model"]),
    ("replay", &["model", "covenant", "ledger"]),
    ("store", &["model", "covenant", "ledger"]),
    (
        "node",
        &[
            "model",
            "pseudonym",
            "covenant",
            "ledger",
            "identity",
            "wire",
            "store",
            "process",
        ],
    ),
    (
        "broker",
        &[
            "model", "covenant", "ledger", "replay", "identity", "wire", "store", "process",
        ],
    ),
    (
        "sandbox",
        &[
            "model",
            "pseudonym",
            "covenant",
            "ledger",
            "identity",
            "wire",
            "store",
            "process",
            "node",
            "broker",
        ],
    ),
    (
        "covenant-cli",
        &[
            "model",
            "pseudonym",
            "covenant",
            "ledger",
            "replay",
            "identity",
            "wire",
            "store",
            "process",
            "node",
            "broker",
            "sandbox",
        ],
    ),
];

/// Crates without I/O, clock, async or logging.
const PURE: &[&str] = &["model", "pseudonym", "covenant", "ledger", "replay"];

/// What this machine builds: crates for other systems were perhaps never fetched.
fn metadata() -> cargo_metadata::Metadata {
    let version = std::process::Command::new("rustc").arg("-vV").output();
    let version = String::from_utf8(version.expect("rustc answers").stdout).expect("text");
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host");
    let options = ["--locked", "--filter-platform", host];
    cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(options.map(str::to_owned).to_vec())
        .exec()
        .expect("cargo metadata answers")
}

fn graph() -> BTreeMap<String, BTreeSet<String>> {
    metadata()
        .workspace_packages()
        .into_iter()
        .map(|package| {
            let normal = package
                .dependencies
                .iter()
                .filter(|d| d.kind == cargo_metadata::DependencyKind::Normal)
                .map(|d| d.name.clone())
                .collect();
            (package.name.to_string(), normal)
        })
        .collect()
}

#[test]
fn arrows_point_only_where_they_may() {
    let graph = graph();
    let own: BTreeSet<&str> = graph.keys().map(String::as_str).collect();
    for (name, dependencies) in &graph {
        if name == "journeys" {
            continue;
        }
        let allowed = ARROWS
            .iter()
            .find(|(from, _)| from == name)
            .unwrap_or_else(|| panic!("crate {name} has no line in ARROWS"))
            .1;
        for dependency in dependencies.iter().filter(|d| own.contains(d.as_str())) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn only_node_cli_and_sandbox_reach_pseudonym() {
    let graph = graph();
    let mut reach: BTreeSet<String> = BTreeSet::from(["pseudonym".to_owned()]);
    loop {
        let more: Vec<String> = graph
            .iter()
            .filter(|(name, deps)| !reach.contains(*name) && deps.iter().any(|d| reach.contains(d)))
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        reach.extend(more);
    }
    reach.remove("pseudonym");
    reach.remove("journeys");
    let expected = ["covenant-cli", "node", "sandbox"].map(str::to_owned);
    assert_eq!(reach, BTreeSet::from(expected));
}

#[test]
fn the_middle_is_pure() {
    let forbidden = [
        "tokio::",
        "tracing::",
        "std::fs",
        "std::net",
        "std::io::stdin",
        "std::time",
        "SystemTime::",
        "Instant::now",
        "async fn",
        ".await",
        "std::env::",
        "std::thread",
    ];
    let graph = graph();
    for name in PURE {
        let dependencies = graph.get(*name).expect("the crate exists");
        for heavy in ["tokio", "tracing", "tonic", "sled", "rustls", "prost"] {
            assert!(!dependencies.contains(heavy), "{name} depends on {heavy}");
        }
    }
    let mut read = 0;
    for (path, code) in shipped_sources() {
        let path = relative(&path);
        let pure = PURE
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/src/")));
        let exempt = path == "crates/model/src/clock.rs" || path == "crates/model/src/id.rs";
        if !pure || exempt {
            continue;
        }
        read += 1;
        for word in forbidden {
            assert!(!code.contains(word), "{path} names {word}");
        }
    }
    assert!(read > 20, "the pure crates were read: {read} files");
}

#[test]
fn the_wire_format_stays_at_the_edge() {
    let allowed = |path: &str| {
        path.starts_with("crates/wire/")
            || path.contains("/grpc/")
            || path.ends_with("/grpc.rs")
            || path.starts_with("crates/identity/")
            || path.starts_with("crates/process/")
            || path.starts_with("crates/sandbox/")
            || path.starts_with("crates/covenant-cli/")
            || path.starts_with("tests/")
            || path.starts_with("crates/node/src/uplink")
    };
    for (path, code) in shipped_sources() {
        let path = relative(&path);
        if allowed(&path) {
            continue;
        }
        for word in ["tonic::", "prost::", "wire::proto"] {
            assert!(!code.contains(word), "{path} names {word}");
        }
    }
}

#[test]
fn engines_are_called_only_in_the_store() {
    for (path, code) in shipped_sources() {
        let path = relative(&path);
        if path.starts_with("crates/store/") {
            continue;
        }
        assert!(!code.contains("sled::"), "{path} names sled");
    }
    for (name, dependencies) in graph() {
        assert!(
            name == "store" || !dependencies.contains("sled"),
            "{name} depends on sled"
        );
    }
}

#[test]
fn a_pseudonym_is_made_in_three_crates_only() {
    let mut made = 0;
    for (path, code) in shipped_sources() {
        let path = relative(&path);
        if !code.contains("Pseudonym::from_bytes") {
            continue;
        }
        made += 1;
        let home = ["pseudonym", "wire", "store", "model"]
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/")));
        assert!(home, "{path} makes a pseudonym from bytes");
    }
    assert!(made >= 3, "the sources were read");
}

#[test]
fn files_keep_their_budget_and_their_names() {
    let empty_words = ["common", "util", "utils", "helpers", "manager", "misc"];
    for (path, text) in rust_sources() {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let path = relative(&path);
        assert!(
            !empty_words.contains(&name.as_str()),
            "{path}: a name that says nothing"
        );
        let code = text
            .lines()
            .take_while(|l| !l.starts_with("#[cfg(test)]"))
            .count();
        let journey = path.starts_with("tests/");
        assert!(
            journey || code <= 500,
            "{path} has {code} lines before its tests"
        );
        assert!(
            text.lines().count() <= 800,
            "{path} has more than 800 lines"
        );
        let ignored = ["#[", "ignore"].concat();
        assert!(!text.contains(&ignored), "{path} leaves a test out");
        if path.ends_with("/src/main.rs") {
            assert!(
                text.lines().count() <= 60,
                "{path} is more than an entry point"
            );
        }
    }
}

#[test]
fn there_is_one_tonic() {
    let metadata = metadata();
    for name in ["tonic", "prost", "rustls"] {
        let versions: BTreeSet<String> = metadata
            .packages
            .iter()
            .filter(|p| p.name.as_str() == name)
            .map(|p| p.version.to_string())
            .collect();
        assert_eq!(versions.len(), 1, "{name} in versions {versions:?}");
    }
    for name in ["aws-lc-rs", "openssl", "native-tls"] {
        assert!(
            !metadata.packages.iter().any(|p| p.name.as_str() == name),
            "{name} is linked"
        );
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let words = [
        ["../", "shared"].concat(),
        ["../", ".library"].concat(),
        ["/work", "/"].concat(),
    ];
    let mut read = 0;
    for ending in [
        ".rs", ".md", ".toml", ".py", ".proto", ".sh", ".service", ".yml", ".yaml", ".txt",
    ] {
        for path in files("", ending) {
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            read += 1;
            for word in &words {
                assert!(!text.contains(word), "{} names {word}", relative(&path));
            }
        }
    }
    assert!(read > 30, "the repository was read: {read} files");
}

#[test]
fn the_page_lists_the_crates_and_arrows_that_exist() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page exists");
    let mut listed = BTreeMap::new();
    for line in page.lines().filter(|l| l.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if let [name, _, arrows] = cells.as_slice() {
            let name = name.trim_matches('`');
            if ARROWS.iter().any(|(known, _)| *known == name) {
                let arrows: BTreeSet<String> = arrows
                    .split(", ")
                    .filter(|a| *a != "-")
                    .map(str::to_owned)
                    .collect();
                listed.insert(name.to_owned(), arrows);
            }
        }
    }
    let held: BTreeMap<String, BTreeSet<String>> = ARROWS
        .iter()
        .map(|(name, arrows)| {
            (
                (*name).to_owned(),
                arrows.iter().map(|a| (*a).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(
        listed, held,
        "the crate table and the arrows that are tested"
    );
    let own: BTreeSet<String> = graph()
        .into_keys()
        .filter(|name| name != "journeys")
        .collect();
    assert_eq!(
        own,
        held.keys().cloned().collect(),
        "the crate table and the workspace"
    );
}

#[test]
fn every_path_that_the_page_names_exists() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page exists");
    let mut seen = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let starts = ["crates/", "tests/", "docs/", "proto/", "config/"];
        if !starts.iter().any(|s| word.starts_with(s)) || word.contains('<') || word.contains('*') {
            continue;
        }
        seen += 1;
        assert!(root().join(word).exists(), "ARCHITECTURE.md names {word}");
    }
    assert!(seen >= 10, "the page was read: {seen} paths");
}
