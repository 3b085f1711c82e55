//! `covenant audit verify` on a file, held against the log's vectors.

use super::{code, covenant, json, repository, said, text};

struct Vector {
    expect: String,
    vkey: String,
    export: Vec<u8>,
}

fn read(path: &std::path::Path) -> Vector {
    let bytes = std::fs::read(path).unwrap();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let field = |name: &str| {
        let line = head.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {}", path.display()))
            .trim()
            .to_owned()
    };
    Vector {
        expect: field("expect:"),
        vkey: field("vkey:"),
        export: bytes[end + 2..].to_vec(),
    }
}

#[test]
fn every_vector_is_judged_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log.jsonl");
    let (mut good, mut bad) = (0, 0);
    for entry in std::fs::read_dir(repository("tests/vectors/ledger")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("good-") && !name.starts_with("bad-") {
            continue;
        }
        let vector = read(&path);
        std::fs::write(&file, &vector.export).unwrap();
        let export = text(&file);
        let output = covenant([
            "audit",
            "verify",
            &export,
            "--vkey",
            &vector.vkey,
            "--format",
            "json",
        ]);
        let report = json(&output);
        let told = if report["good"] == true {
            good += 1;
            assert_eq!(code(&output), 0, "{name}");
            format!(
                "good records={} leaves={} opened={} erased={}",
                report["records"], report["leaves"], report["opened"], report["erased"]
            )
        } else {
            bad += 1;
            assert_eq!(code(&output), 1, "{name}");
            let first = &report["first_bad"];
            let promise = first["promise"].as_str().unwrap();
            let index = match first["index"].as_u64() {
                Some(index) => index.to_string(),
                None => "-".to_owned(),
            };
            format!("bad line={} index={index} promise={promise}", first["line"])
        };
        let same = told == vector.expect || told.replace(" index=-", "") == vector.expect;
        assert!(same, "{name}: {told}, expected {}", vector.expect);
    }
    assert!(
        good > 10 && bad > 50,
        "{good} good and {bad} bad vectors were read"
    );
}

#[test]
fn people_are_told_which_promises_hold_and_where_it_goes_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let vector = read(&repository("tests/vectors/ledger/bad-leaf-changed.txt"));
    let file = folder.path().join("log.jsonl");
    std::fs::write(&file, &vector.export).unwrap();
    let export = text(&file);
    let dutch = said(&covenant([
        "audit",
        "verify",
        &export,
        "--vkey",
        &vector.vkey,
    ]));
    assert!(
        dutch.contains("KLOPT NIET") && dutch.contains("regel 4 van het bestand"),
        "{dutch}"
    );
    let english = said(&covenant([
        "audit",
        "verify",
        &export,
        "--vkey",
        &vector.vkey,
        "--lang",
        "en",
    ]));
    assert!(
        english.contains("BROKEN") && english.contains("line 4 of the file"),
        "{english}"
    );
    // A key from elsewhere vouches for nothing.
    let other = vector.vkey.replacen('A', "B", 1);
    assert_ne!(
        code(&covenant(["audit", "verify", &export, "--vkey", &other])),
        0
    );
}
