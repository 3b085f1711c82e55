//! `covenant policy read`, `fmt` and `explain`, and what a signer is shown.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use sha2::{Digest as _, Sha256};

use super::policy::Files;
use super::{code, complained, covenant, json, repository, said, text};

fn model(name: &str) -> String {
    text(&repository(&format!("policies/{name}.toml")))
}

/// Runs `covenant` with something on standard input.
fn told(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_covenant"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn a_covenant_is_read_in_both_languages() {
    for name in ["hotspots", "veilig-op-bezoek", "woonoverlast"] {
        let dutch = covenant(["policy", "read", &model(name)]);
        assert_eq!(code(&dutch), 0, "{}", complained(&dutch));
        assert!(said(&dutch).contains("Wat hier niet staat, mag niet."));
        let english = covenant(["policy", "read", &model(name), "--lang", "en"]);
        assert!(said(&english).contains("What is not in here is not allowed."));
    }
    // What has errors has no reading.
    let broken = covenant(["policy", "read", &model("bad/overlap")]);
    assert_eq!(code(&broken), 2);
    assert!(said(&broken).is_empty());
}

#[test]
fn a_signer_is_shown_the_reading_and_signs_its_digest() {
    let files = Files::make();
    let file = text(&files.covenant);
    let key = text(&files.of_party("gemeente", "signer.pem"));
    let out = files.new_file("gemeente.dsse.json");
    let out_text = text(&out);
    let arguments = [
        "policy", "sign", &file, "--party", "gemeente", "--key", &key, "--out", &out_text,
    ];
    let yes = covenant(arguments);
    assert_eq!(code(&yes), 0, "{}", complained(&yes));
    let read = covenant(["policy", "read", &file]);
    assert!(said(&yes).starts_with(&said(&read)), "{}", said(&yes));
    let envelope = covenant::signoff::Envelope::parse(&std::fs::read(&out).unwrap()).unwrap();
    let statement = covenant::signoff::Statement::parse(envelope.payload()).unwrap();
    let digest: [u8; 32] = Sha256::digest(&read.stdout).into();
    assert_eq!(statement.reading, model::Digest::new(digest));
}

#[test]
fn the_layout_is_checked_printed_and_written() {
    for name in ["hotspots", "veilig-op-bezoek", "woonoverlast"] {
        assert_eq!(
            code(&covenant(["policy", "fmt", "--check", &model(name)])),
            0,
            "{name}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    let file = text(&path);
    let neat = std::fs::read_to_string(repository("policies/hotspots.toml")).unwrap();
    let messy = neat.replace("versie       =", "versie=");
    std::fs::write(&path, &messy).unwrap();
    let check = covenant(["policy", "fmt", "--check", &file]);
    assert_eq!(code(&check), 1);
    assert!(
        said(&check).contains("-versie= 1") && said(&check).contains("+versie       = 1"),
        "{}",
        said(&check)
    );
    let printed = covenant(["policy", "fmt", "--stdout", &file]);
    assert_eq!((code(&printed), said(&printed)), (0, neat.clone()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), messy);
    assert_eq!(said(&told(&["policy", "fmt", "-"], &messy)), neat);
    assert_eq!(code(&covenant(["policy", "fmt", &file])), 0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), neat);
}

#[test]
fn what_can_not_be_read_is_told_with_its_place_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    let file = text(&path);
    for (wrong, place) in [("a = 1\nb = \"x\n", ":2:"), ("a=1\r\nb=2\r\n", ":1:")] {
        std::fs::write(&path, wrong).unwrap();
        let output = covenant(["policy", "fmt", &file]);
        assert_eq!(code(&output), 1);
        assert!(
            complained(&output).contains(place),
            "{}",
            complained(&output)
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong);
    }
}

#[test]
fn one_question_is_explained() {
    let file = model("woonoverlast");
    let ask = |shows: &str, more: &[&str]| {
        let question = [
            "policy",
            "explain",
            &file,
            "--role",
            "gemeente.regisseur",
            "--purpose",
            "woonoverlast",
            "--source",
            "corporatie",
            "--signal",
            "overlast",
            "--shows",
            shows,
        ];
        covenant(question.iter().chain(more))
    };
    let yes = ask(
        "categorie",
        &["--fact", "treffers=1", "--fact", "beoordeling=vooraf"],
    );
    assert_eq!(code(&yes), 0, "{}", complained(&yes));
    assert!(
        said(&yes).contains("Antwoord: ja. Regel 4.1"),
        "{}",
        said(&yes)
    );
    let no = ask("categorie", &["--fact", "treffers=0", "--format", "json"]);
    assert_eq!(code(&no), 1);
    assert_eq!(json(&no)["because"], "demands");
    let unknown = ask("categori", &["--lang", "en"]);
    assert_eq!(code(&unknown), 2);
    assert!(complained(&unknown).contains("Did you mean `categorie`?"));
}
