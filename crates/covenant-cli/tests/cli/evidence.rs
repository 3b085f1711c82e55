//! `covenant audit export --out DIR`, and what an auditor does with the folder.

use std::path::Path;
use std::process::Command;

use sandbox::clients::NodeClient;
use sandbox::messages::{Home, home, visit};
use sandbox::{Plan, Running, World};

use super::{code, complained, covenant, json, repository, said, text};

async fn run(arguments: Vec<String>) -> std::process::Output {
    tokio::task::spawn_blocking(move || covenant(arguments))
        .await
        .unwrap()
}

fn words(arguments: &[&str]) -> Vec<String> {
    arguments
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect()
}

fn export(world: &World, out: &Path) -> Vec<String> {
    words(&[
        "audit",
        "export",
        "--broker",
        &world.audit.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(&world.auditor.cert),
        "--key",
        &text(&world.auditor.key),
        "--vkey",
        &world.broker.log_key,
        "--out",
        &text(out),
    ])
}

async fn ask(world: &World, number: u32) {
    let asker = NodeClient::of(world, "corporatie", "huismeester").unwrap();
    let about = home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    });
    let covenant = &world.covenants[0].id;
    let question = visit(covenant, "bezoekveiligheid", &asker.role, about);
    asker.checks().check_visit(question).await.unwrap();
}

fn python(program: &Path, folder: &Path) -> std::process::Output {
    let output = Command::new("python3").arg(program).arg(folder).output();
    output.unwrap_or_else(|e| panic!("python3 must be installed: {e}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_takes_a_bundle_along_and_needs_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    ask(world, 1).await;
    let out = folder.path().join("bewijs");
    let output = run(export(world, &out)).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert!(said(&output).contains("verify.py"), "{}", said(&output));
    assert!(!folder.path().join("bewijs.part").exists());
    // Nothing is written over.
    assert_eq!(code(&run(export(world, &out)).await), 2);
    let vkey = world.broker.log_key.clone();
    running.stop().await.unwrap();

    let bundle = text(&out);
    let verify = |more: &[&str]| {
        let mut all = words(&["audit", "verify", &bundle]);
        all.extend(words(more));
        covenant(all)
    };
    let dutch = verify(&[]);
    assert_eq!(code(&dutch), 0, "{}", said(&dutch));
    for part in ["Alles klopt.", "--pins", "--vkey", "getekend door"] {
        assert!(said(&dutch).contains(part), "{part}: {}", said(&dutch));
    }
    let report = json(&verify(&["--vkey", &vkey, "--format", "json"]));
    assert_eq!(report["good"], true, "{report}");
    assert_eq!(report["vkey_given"], true);
    assert!(report["signatures"].as_u64().unwrap() >= 3, "{report}");
    let alone = python(&out.join("verify.py"), &out);
    assert_eq!(code(&alone), 0, "{}{}", said(&alone), complained(&alone));
    let replayed = covenant(["audit", "replay", &bundle, "--lang", "en"]);
    assert_eq!(
        code(&replayed),
        0,
        "{}{}",
        said(&replayed),
        complained(&replayed)
    );
    assert!(said(&replayed).contains("0 differ"), "{}", said(&replayed));

    changed_entries_are_named(&out);
    said_to_be_erased_is_found(&out);

    // A program that always says yes is told about.
    std::fs::write(out.join("verify.py"), "print('good')\n").unwrap();
    assert!(said(&verify(&[])).contains("ander programma"));
    assert_eq!(code(&verify(&[])), 1);
}

/// A changed line is named with its place.
fn changed_entries_are_named(out: &Path) {
    let (entries, bundle) = (out.join("entries.jsonl"), text(out));
    let kept = std::fs::read_to_string(&entries).unwrap();
    std::fs::write(&entries, kept.replacen("\"index\":1,", "\"index\":2,", 1)).unwrap();
    let english = covenant(["audit", "verify", &bundle, "--lang", "en"]);
    assert_eq!(code(&english), 1);
    for part in [
        "BROKEN",
        "not judged",
        "held so far     every file is there",
        "wrong first: entries.jsonl, line 3 (index 1), order",
    ] {
        assert!(said(&english).contains(part), "{part}: {}", said(&english));
    }
    assert_eq!(code(&covenant(["audit", "replay", &bundle])), 1);
    let own = python(&repository("tests/independent/verify.py"), out);
    assert_eq!(code(&own), 1);
    let bad = "bad file=entries.jsonl line=3 index=1 promise=order";
    assert!(said(&own).contains(bad), "{}", said(&own));
    assert!(said(&own).contains("files: held so far"), "{}", said(&own));
    std::fs::write(&entries, kept).unwrap();
}

/// What is said to be erased is not what the manifest says, though every line holds.
fn said_to_be_erased_is_found(out: &Path) {
    let (entries, bundle) = (out.join("entries.jsonl"), text(out));
    let kept = std::fs::read_to_string(&entries).unwrap();
    let (head, tail) = kept.split_at(kept.find(",\"answer\":{").unwrap());
    let (_, tail) = tail.split_once('}').unwrap();
    let erased = format!("{head},\"answer\":\"erased\"{tail}");
    let manifest = out.join("manifest.json");
    let listed = std::fs::read_to_string(&manifest).unwrap();
    let length = |text: &str| format!("\"length\": {}", text.len());
    std::fs::write(&manifest, listed.replace(&length(&kept), &length(&erased))).unwrap();
    std::fs::write(&entries, erased).unwrap();
    let english = covenant(["audit", "verify", &bundle, "--lang", "en"]);
    assert_eq!(code(&english), 1);
    for part in [
        "BROKEN          every file is there",
        "wrong first: entries.jsonl, files",
    ] {
        assert!(said(&english).contains(part), "{part}: {}", said(&english));
    }
    assert_eq!(code(&covenant(["audit", "replay", &bundle])), 2);
    let own = python(&repository("tests/independent/verify.py"), out);
    assert!(said(&own).contains("bad file=entries.jsonl promise=files"));
    std::fs::write(&manifest, listed).unwrap();
    std::fs::write(&entries, kept).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Makes the bundle that a line of the committed cases describes.
fn make(case: &serde_json::Value, folder: &Path) {
    copy(
        &repository("tests/vectors/bundles").join(case["of"].as_str().unwrap()),
        folder,
    );
    let path = |path: &serde_json::Value| folder.join(path.as_str().unwrap());
    for gone in case["gone"].as_array().unwrap() {
        std::fs::remove_file(path(gone)).unwrap();
    }
    for (name, content) in case["new"].as_object().unwrap() {
        std::fs::write(folder.join(name), content.as_str().unwrap()).unwrap();
    }
    for edit in case["edits"].as_array().unwrap() {
        let mut bytes = std::fs::read(path(&edit["path"])).unwrap();
        let number = |name: &str| usize::try_from(edit[name].as_u64().unwrap()).unwrap();
        let range = number("at")..number("at") + number("length");
        bytes.splice(range, edit["text"].as_str().unwrap().bytes());
        std::fs::write(path(&edit["path"]), bytes).unwrap();
    }
}

#[test]
fn every_committed_bundle_is_judged_as_it_expects() {
    let root = tempfile::tempdir().unwrap();
    let cases = repository("tests/vectors/bundles/cases.jsonl");
    let cases = std::fs::read_to_string(cases).unwrap();
    for (number, line) in cases.lines().enumerate() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let folder = root.path().join(number.to_string());
        make(&case, &folder);
        let (folder, vkey) = (text(&folder), case["vkey"].as_str().unwrap());
        let arguments = [
            "audit", "verify", &folder, "--vkey", vkey, "--format", "json",
        ];
        let report = json(&covenant(arguments));
        let number = |value: &serde_json::Value| {
            let number = value.as_u64();
            number.map_or_else(|| "-".to_owned(), |number| number.to_string())
        };
        let bad = &report["first_bad"];
        let found = if bad.is_null() {
            let count = |name: &str| format!("{name}={}", report[name]);
            let counts = ["records", "leaves", "opened", "erased"].map(count);
            let covenants = report["covenants"].as_array().unwrap().len();
            let signed = ["signatures", "cosignatures"].map(count).join(" ");
            format!("good {} covenants={covenants} {signed}", counts.join(" "))
        } else {
            let at = match bad["line"].as_u64() {
                Some(line) => format!(" line={line} index={}", number(&bad["index"])),
                None => String::new(),
            };
            let [file, promise] = ["file", "promise"].map(|name| bad[name].as_str().unwrap());
            format!("bad file={file}{at} promise={promise}")
        };
        assert_eq!(found, case["expect"], "{}: {report}", case["name"]);
    }
    assert!(cases.lines().count() > 30);
}
