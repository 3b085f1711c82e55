//! `covenant policy sign`, `reject`, `suspend`, `resume`, `withdraw` and `status`, from files alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::policy::Files;
use super::{code, complained, covenant, said, text};

const PARTIES: [&str; 3] = ["corporatie", "gemeente", "politie"];

/// A covenant that nobody signed yet, and a folder for what is signed.
struct Desk {
    files: Files,
    folder: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let files = Files::make();
        let folder = files.new_file("signed");
        std::fs::create_dir(&folder).unwrap();
        Self { files, folder }
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// One command of a party, with its signer's key unless another is named.
    fn does(&self, command: &str, party: &str, out: &str, key: &str, more: &[&str]) -> Output {
        let file = text(&self.files.covenant);
        let key = text(&self.files.of_party(party, key));
        let out = text(&self.out(out));
        let words = ["policy", command, &file, "--party", party];
        let words = words.into_iter().chain(["--key", &key, "--out", &out]);
        covenant(words.chain(more.iter().copied()))
    }

    fn signer_does(&self, command: &str, party: &str, out: &str, more: &[&str]) -> Output {
        let output = self.does(command, party, out, "signer.pem", more);
        assert_eq!(code(&output), 0, "{}", complained(&output));
        output
    }

    fn all_sign(&self) {
        for party in PARTIES {
            self.signer_does("sign", party, &format!("{party}.dsse.json"), &[]);
        }
    }

    fn status(&self, more: &[&str]) -> Output {
        let (file, folder) = (text(&self.files.covenant), text(&self.folder));
        let words = ["policy", "status", &file, "--signatures", &folder];
        let words = words.into_iter().chain(["--events", &folder]);
        covenant(words.chain(more.iter().copied()))
    }

    /// The first line of the status, and its exit code.
    fn says(&self, more: &[&str]) -> (String, i32) {
        let output = self.status(more);
        let all = said(&output);
        let first = all.lines().next().unwrap_or_default();
        (first.to_owned(), code(&output))
    }

    fn pins(&self) -> String {
        text(&self.files.of_party("gemeente", "node.toml"))
    }
}

#[test]
fn a_version_is_signed_one_by_one() {
    let desk = Desk::new();
    let (first, exit) = desk.says(&[]);
    assert_eq!(
        (first.as_str(), exit),
        (
            "versie 1: wacht op corporatie, gemeente en politie (0 van 3 getekend)",
            1
        )
    );
    desk.signer_does("sign", "corporatie", "a.json", &[]);
    desk.signer_does("sign", "gemeente", "b.json", &[]);
    let (first, exit) = desk.says(&[]);
    assert_eq!(
        (first.as_str(), exit),
        ("versie 1: wacht op politie (2 van 3 getekend)", 1)
    );
    let (english, _) = desk.says(&["--lang", "en"]);
    assert_eq!(english, "version 1: waits for politie (2 of 3 signed)");
    desk.signer_does("sign", "politie", "c.json", &[]);
    let output = desk.status(&[]);
    let told = said(&output);
    assert_eq!(code(&output), 0, "{told}");
    assert!(told.starts_with("versie 1: van kracht tot "), "{told}");
    assert!(told.contains("getekend op"), "{told}");
    // Without pins it says that it compared nothing.
    assert!(told.contains("nergens mee vergeleken"), "{told}");
    // The party's own configuration is a file of pins.
    let told = said(&desk.status(&["--pins", &desk.pins()]));
    assert!(told.starts_with("versie 1: van kracht tot "), "{told}");
    assert!(told.contains("vergeleken met die van --pins"), "{told}");
    // So is a broker's, which may pin witnesses too.
    let brokers = desk.files.new_file("broker.toml");
    let pins = std::fs::read_to_string(desk.pins()).unwrap();
    let witnessed = pins.replace("\nsigner = ", "\nwitness = \"ed25519:..\"\nsigner = ");
    assert_ne!(pins, witnessed);
    std::fs::write(&brokers, witnessed).unwrap();
    let told = said(&desk.status(&["--pins", &text(&brokers)]));
    assert!(told.contains("vergeleken met die van --pins"), "{told}");
    // Before the first day, and after the last.
    let (early, exit) = desk.says(&["--at", "2020-01-01"]);
    assert!(early.contains("wacht op"), "{early}");
    assert_eq!(exit, 1);
    let (late, exit) = desk.says(&["--at", "2099-01-01T00:00:00Z"]);
    assert!(late.contains("verlopen sinds"), "{late}");
    assert_eq!(exit, 1);
    assert_eq!(desk.says(&["--at", "gisteren"]).1, 2);
}

#[test]
fn a_file_that_does_not_verify_is_named_with_the_reason() {
    let desk = Desk::new();
    desk.all_sign();
    let stray = desk.out("stray.json");
    std::fs::write(&stray, "{}").unwrap();
    // A signature of another party under this one's name, and one about another file.
    let good = std::fs::read_to_string(desk.out("politie.dsse.json")).unwrap();
    let (head, tail) = good.split_once(r#""sig":""#).unwrap();
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    let rest: String = tail.chars().skip(1).collect();
    std::fs::write(
        desk.out("politie.dsse.json"),
        format!(r#"{head}"sig":"{flipped}{rest}"#),
    )
    .unwrap();
    let output = desk.status(&[]);
    let told = said(&output);
    assert_eq!(code(&output), 1);
    assert!(told.starts_with("versie 1: wacht op politie"), "{told}");
    assert!(told.contains("Niet meegeteld:"), "{told}");
    let line = |name: &str| told.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("stray.json").contains("onleesbaar"), "{told}");
    assert!(line("politie.dsse.json").contains("klopt niet"), "{told}");
    // Other keys than the pinned ones.
    let pins = desk.files.new_file("pins.toml");
    let key = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let all: String = PARTIES
        .iter()
        .map(|party| format!("[pins.{party}]\nsigner = \"{key}\"\n"))
        .collect();
    std::fs::write(&pins, all).unwrap();
    let (first, exit) = desk.says(&["--pins", &text(&pins)]);
    assert!(
        first.starts_with("niet van kracht: een sleutel van corporatie"),
        "{first}"
    );
    assert_eq!(exit, 1);
}

#[test]
fn a_rejection_is_told_and_stands() {
    let desk = Desk::new();
    desk.signer_does("sign", "corporatie", "a.json", &[]);
    let output = desk.signer_does("reject", "politie", "nee.json", &[]);
    assert!(said(&output).contains("politie wijst de versie af"));
    let (first, exit) = desk.says(&[]);
    assert_eq!(
        (first.as_str(), exit),
        (
            "versie 1: wacht op gemeente (1 van 3 getekend); afgewezen door politie",
            1
        )
    );
    // Signing on the same day does not show which came first.
    desk.signer_does("sign", "gemeente", "b.json", &[]);
    desk.signer_does("sign", "politie", "c.json", &[]);
    let (first, _) = desk.says(&[]);
    assert_eq!(first, "versie 1: afgewezen door politie (2 van 3 getekend)");
    let told = said(&desk.status(&[]));
    assert!(told.contains("op die dag ook getekend"), "{told}");
}

#[test]
fn one_suspends_and_two_resume() {
    let desk = Desk::new();
    desk.all_sign();
    let output = desk.signer_does("suspend", "gemeente", "stop.json", &[]);
    assert!(said(&output).contains("gemeente schort alles op"));
    let (first, exit) = desk.says(&[]);
    assert!(
        first.starts_with("versie 1: opgeschort door gemeente sinds "),
        "{first}"
    );
    assert!(
        first.ends_with("hervatten: gemeente en een ander"),
        "{first}"
    );
    assert_eq!(exit, 1);
    // Before it, and after thirty days.
    let before = desk.says(&["--at", "2020-01-01"]).0;
    assert!(!before.contains("opgeschort"), "{before}");
    let (later, exit) = desk.says(&["--at", &moment(31)]);
    assert!(later.contains("vervallen op"), "{later}");
    assert_eq!(exit, 1);

    let stop = text(&desk.out("stop.json"));
    let of = ["--suspension", stop.as_str()];
    let output = desk.signer_does("resume", "politie", "weer-1.json", &of);
    assert!(said(&output).contains("Ook gemeente"), "{}", said(&output));
    assert!(desk.says(&[]).0.ends_with("hervatten: nog gemeente"));
    desk.signer_does("resume", "gemeente", "weer-2.json", &of);
    let (first, exit) = desk.says(&[]);
    assert!(first.contains("van kracht"), "{first}");
    assert_eq!(exit, 0);
    // A signature is no suspension.
    let signature = text(&desk.out("politie.dsse.json"));
    let of = ["--suspension", signature.as_str()];
    let output = desk.does("resume", "politie", "weer-3.json", "signer.pem", &of);
    assert_eq!(code(&output), 2);
    let of = ["--suspension", &text(&desk.out("weer-1.json"))];
    let output = desk.does("resume", "politie", "weer-3.json", "signer.pem", &of);
    assert!(complained(&output).contains("geen opschorting"));
    assert!(!desk.out("weer-3.json").exists());
}

/// So many days from now.
fn moment(days: i64) -> String {
    let now = model::clock::Clock::now(&model::clock::SystemClock);
    now.plus_seconds(days * 24 * 3600).to_rfc3339()
}

#[test]
fn an_emergency_key_suspends_a_part_and_does_nothing_else() {
    let desk = Desk::new();
    desk.all_sign();
    let part = ["--emergency", "--clause", "3.1"];
    let output = desk.does("suspend", "politie", "nood.json", "emergency.pem", &part);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let (first, exit) = desk.says(&[]);
    assert!(
        first.contains("regel 3.1 opgeschort door politie"),
        "{first}"
    );
    assert!(first.contains("van kracht tot"), "{first}");
    assert_eq!(exit, 0, "the rest is in force");

    // The wrong key for the role, what is not there, two parts, and what such a key may not.
    let refused = |command: &str, key: &str, more: &[&str]| {
        let output = desk.does(command, "politie", "niets.json", key, more);
        assert_eq!(code(&output), 2, "{command} {more:?}: {}", said(&output));
        assert!(!desk.out("niets.json").exists());
        complained(&output)
    };
    let wrong = refused("suspend", "emergency.pem", &[]);
    assert!(
        wrong.contains("niet de sleutel van de ondertekenaar"),
        "{wrong}"
    );
    let wrong = refused("suspend", "signer.pem", &["--emergency"]);
    assert!(wrong.contains("geen noodstopsleutel"), "{wrong}");
    let wrong = refused("suspend", "signer.pem", &["--clause", "99.9"]);
    assert!(
        wrong.contains("regel die niet in het convenant staat"),
        "{wrong}"
    );
    refused("suspend", "signer.pem", &["--signal", "bestaat-niet"]);
    refused(
        "suspend",
        "signer.pem",
        &["--clause", "3.1", "--recipient", "corporatie"],
    );
    refused("reject", "emergency.pem", &[]);
    refused("withdraw", "emergency.pem", &["--yes"]);
}

#[test]
fn withdrawing_asks_first_and_is_for_good() {
    let desk = Desk::new();
    desk.all_sign();
    let withdraws = |typed: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_covenant"))
            .args(["policy", "withdraw", &text(&desk.files.covenant)])
            .args(["--party", "gemeente", "--key"])
            .arg(desk.files.of_party("gemeente", "signer.pem"))
            .arg("--out")
            .arg(desk.out("weg.json"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(typed.as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    };
    let output = withdraws("ja\n");
    assert_eq!(code(&output), 2);
    assert!(said(&output).contains("voor altijd"), "{}", said(&output));
    assert!(!desk.out("weg.json").exists());
    assert_eq!(code(&withdraws("")), 2);
    let id = id_of(&desk.files.covenant);
    assert_eq!(code(&withdraws(&format!("{id}\n"))), 0);
    let (first, exit) = desk.says(&[]);
    assert!(
        first.starts_with("versie 1: ingetrokken door gemeente op "),
        "{first}"
    );
    assert_eq!(exit, 1);
    // Who withdraws twice, or without being asked, changes nothing.
    desk.signer_does("withdraw", "politie", "ook.json", &["--yes"]);
    assert!(desk.says(&[]).0.contains("ingetrokken door gemeente"));
}

fn id_of(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap();
    let checked = covenant::check_bytes(&bytes, covenant::Checking::Strict, None);
    checked.covenant.unwrap().id().to_string()
}

/// A sign-off about another version is not counted, and neither is an event.
#[test]
fn what_is_about_another_file_is_not_counted() {
    let desk = Desk::new();
    desk.all_sign();
    desk.signer_does("withdraw", "gemeente", "weg.json", &["--yes"]);
    let changed = desk.files.new_file("anders.toml");
    let before = std::fs::read_to_string(&desk.files.covenant).unwrap();
    std::fs::write(&changed, format!("{before}\n# anders\n")).unwrap();
    let folder = text(&desk.folder);
    let output = covenant([
        "policy",
        "status",
        &text(&changed),
        "--signatures",
        &folder,
        "--events",
        &folder,
    ]);
    let told = said(&output);
    assert_eq!(code(&output), 1);
    assert!(told.contains("(0 van 3 getekend)"), "{told}");
    assert_eq!(told.matches("een ander bestand").count(), 4, "{told}");
}
