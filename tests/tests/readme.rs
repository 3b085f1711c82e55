//! What the documents say exists, the samples are read, and the first command tells its story.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use journeys::repository::{files, relative, root};
use journeys::world::World;
use model::clock::Stopwatch;
use sandbox::story::{Listener, play};

/// Every document for people, with its text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut all = files("docs", ".md");
    all.extend(files("examples", ".md"));
    all.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path, text)
    };
    all.into_iter().map(read).collect()
}

/// The lines of a document's command blocks, continued lines joined.
fn commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let block = joined.lines().filter_map(|line| line.strip_prefix("    "));
    block
        .map(|line| line.split(" # ").next().unwrap_or(line).trim().to_owned())
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)#\s]+)[^)]*\)").unwrap();
    let mut followed = 0;
    for (path, text) in documents() {
        for found in link.captures_iter(&text) {
            let target = &found[1];
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let there = path.parent().unwrap().join(target);
            assert!(there.exists(), "{} links to {target}", relative(&path));
            followed += 1;
        }
    }
    assert!(followed > 20, "{followed} links");
}

#[test]
fn every_command_names_what_exists() {
    let packages: BTreeSet<String> = files("crates", "Cargo.toml")
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .filter_map(|text| text.parse::<toml::Table>().ok())
        .filter_map(|manifest| Some(manifest.get("package")?.get("name")?.as_str()?.to_owned()))
        .collect();
    let ours = [
        "examples/",
        "policies/",
        "tests/",
        "scripts/",
        "config/",
        "docs/",
        "crates/",
    ];
    let mut seen = 0;
    for (path, text) in documents() {
        for command in commands(&text) {
            let words: Vec<&str> = command.split_whitespace().collect();
            for (place, word) in words.iter().enumerate() {
                let named = relative(&path);
                if ours.iter().any(|folder| word.starts_with(folder)) && !word.contains('<') {
                    assert!(root().join(word).exists(), "{named}: {command}");
                    seen += 1;
                }
                if *word == "-p" && words.first() == Some(&"cargo") {
                    let package = words.get(place + 1).expect("a package");
                    let known = packages.contains(*package) || *package == "journeys";
                    assert!(known, "{named}: {command}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 15, "{seen} things named");
}

#[test]
fn the_sandbox_s_commands_are_its_own() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut tried = 0;
    for command in commands(&readme) {
        let Some(rest) = command.strip_prefix("cargo run --release -p sandbox") else {
            continue;
        };
        let arguments = rest.trim().strip_prefix("-- ").unwrap_or_default();
        let words = ["sandbox"].into_iter().chain(arguments.split_whitespace());
        sandbox::command::Arguments::try_parse_from(words).unwrap();
        tried += 1;
    }
    assert!(tried >= 2, "{tried} commands");
}

#[test]
fn the_samples_are_settings() {
    let sample = |name: &str| [root().join("config").join(name)];
    let broker = broker::load(&sample("broker.toml"), &[]).unwrap();
    let node = node::load(&sample("node.toml"), &[]).unwrap();
    assert_eq!(broker.oin, node.broker.oin, "the samples belong together");
    let wrong = ["outbox.max_itemz=1".to_owned()];
    let refused = node::load(&sample("node.toml"), &wrong).unwrap_err();
    assert!(format!("{refused:#}").contains("max_items"), "{refused:#}");
    for unit in files("deploy", ".service") {
        let text = std::fs::read_to_string(&unit).unwrap();
        let start = text.lines().find(|line| line.starts_with("ExecStart="));
        let start = start.expect("a unit starts something");
        let name = start.rsplit('/').next().unwrap();
        assert!(root().join("config").join(name).exists(), "{start}");
        let sample = std::fs::read_to_string(root().join("config").join(name)).unwrap();
        credentials_agree(&text, &sample);
    }
}

/// The unit hands over exactly the secrets that the settings name.
fn credentials_agree(unit: &str, sample: &str) {
    let loaded: BTreeSet<&str> = unit
        .lines()
        .filter_map(|line| {
            line.strip_prefix("LoadCredentialEncrypted=")?
                .split(':')
                .next()
        })
        .collect();
    let secret = regex::Regex::new(
        r#""/run/credentials/covenant-(?:node|broker)\.service/([^"]+)"|credential = "([^"]+)""#,
    );
    let named: BTreeSet<&str> = secret
        .unwrap()
        .captures_iter(sample)
        .filter_map(|found| Some(found.get(1).or(found.get(2))?.as_str()))
        .collect();
    assert_eq!(loaded, named);
    assert!(!named.is_empty());
}

/// Keeps the lines of the story.
#[derive(Default)]
struct Notes {
    nl: Vec<String>,
    en: Vec<String>,
}

impl Listener for Notes {
    fn line(&mut self, nl: &str, en: &str) {
        self.nl.push(nl.to_owned());
        self.en.push(en.to_owned());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_command_tells_its_story() {
    let watch = Stopwatch::start();
    let world = World::in_process().await.unwrap();
    let mut notes = Notes::default();
    let summary = play(&world.place, watch, &mut notes).await.unwrap();
    world.stop().await.unwrap();
    // One line comes before the story: the setting.
    assert!(
        (10..40).contains(&notes.nl.len()),
        "{} lines",
        notes.nl.len()
    );
    let dutch = notes.nl.join("\n");
    assert!(dutch.contains("Ga met twee"), "{dutch}");
    assert_eq!(dutch.matches("Geen advies").count(), 2, "{dutch}");
    assert!(
        notes
            .nl
            .iter()
            .zip(&notes.en)
            .all(|(nl, en)| nl != en && !en.is_empty())
    );
    assert!(summary.log_verified);
    assert!(
        summary.matches > 0 && summary.revealed > 0 && summary.withheld > 0,
        "{summary:?}"
    );
    assert!(
        summary.signals_pushed >= 6 && summary.log_size > summary.matches,
        "{summary:?}"
    );
    let json = serde_json::to_value(&summary).unwrap();
    let fields: BTreeSet<&str> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let promised = [
        "signals_pushed",
        "matches",
        "revealed",
        "withheld",
        "log_size",
        "log_verified",
        "first_disclosure_ms",
    ];
    assert_eq!(fields, BTreeSet::from(promised));
}

#[tokio::test(flavor = "multi_thread")]
async fn world_json_says_where_everything_is() {
    let world = World::in_process().await.unwrap();
    let path = world.place.write(&world.folder()).unwrap();
    let text: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let mut pending = vec![&text];
    let mut found = 0;
    while let Some(value) = pending.pop() {
        match value {
            serde_json::Value::Object(fields) => pending.extend(fields.values()),
            serde_json::Value::Array(items) => pending.extend(items),
            serde_json::Value::String(text) if Path::new(text).is_absolute() => {
                assert!(Path::new(text).exists(), "{text} is not there");
                found += 1;
            }
            _ => {}
        }
    }
    assert!(found > 40, "{found} files");
    assert_eq!(sandbox::World::read(&world.folder()).unwrap(), world.place);
    for party in ["corporatie", "gemeente", "politie", "zorg"] {
        let clients = &world.place.nodes[party].clients;
        for kind in ["partner", "handler", "officer"] {
            assert!(clients.contains_key(kind), "{party} has no {kind}");
        }
    }
    world.stop().await.unwrap();
}
