//! `covenant keys`.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use super::policy::Files;
use super::{code, complained, covenant, said, text};

struct Keys {
    files: Files,
    passphrase: String,
}

impl Keys {
    fn new() -> Self {
        let files = Files::make();
        let passphrase = files.new_file("passphrase");
        std::fs::write(&passphrase, "een lange zin die niemand raadt\n").unwrap();
        std::fs::set_permissions(&passphrase, std::fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            passphrase: text(&passphrase),
            files,
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        covenant(
            ["keys"]
                .iter()
                .chain(arguments)
                .chain(&["--protection-file", &self.passphrase]),
        )
    }

    fn make_and_seal(&self) -> (String, String) {
        let covenant_file = text(&self.files.covenant);
        let (key, package) = (
            self.files.new_file("c.key"),
            self.files.new_file("package.json"),
        );
        let (key, package) = (text(&key), text(&package));
        let signing = text(&self.files.of_party("corporatie", "node-signing.pem"));
        let made = self.run(&[
            "make",
            "--covenant",
            &covenant_file,
            "--party",
            "corporatie",
            "--out",
            &key,
        ]);
        assert_eq!(code(&made), 0, "{}", complained(&made));
        let pins = text(&self.files.of_party("corporatie", "node.toml"));
        let sealed = self.run(&[
            "seal",
            "--key",
            &key,
            "--covenant",
            &covenant_file,
            "--party",
            "corporatie",
            "--signing",
            &signing,
            "--pins",
            &pins,
            "--out",
            &package,
        ]);
        assert_eq!(code(&sealed), 0, "{}", complained(&sealed));
        assert!(said(&sealed).contains("gemeente") && said(&sealed).contains("politie"));
        (key, package)
    }

    fn open(&self, package: &str, maker_key: &str, out: &str) -> Output {
        let sealing = text(&self.files.of_party("gemeente", "node-sealing.pem"));
        let covenant_file = text(&self.files.covenant);
        let out = text(&self.files.new_file(out));
        self.run(&[
            "open",
            package,
            "--covenant",
            &covenant_file,
            "--party",
            "gemeente",
            "--maker",
            "corporatie",
            "--maker-key",
            maker_key,
            "--sealing",
            &sealing,
            "--out",
            &out,
        ])
    }

    fn public(&self, party: &str) -> String {
        let pem = self.files.of_party(party, "node-signing.pem");
        identity::SigningKey::read(&pem)
            .unwrap()
            .verifying_key()
            .to_string()
    }
}

#[test]
fn the_key_that_is_opened_is_the_key_that_was_made() {
    let keys = Keys::new();
    let (key, package) = keys.make_and_seal();
    let opened = keys.open(&package, &keys.public("corporatie"), "opened.key");
    assert_eq!(code(&opened), 0, "{}", complained(&opened));
    let mine = said(&keys.run(&["fingerprint", &key]));
    let theirs = text(&keys.files.new_file("opened.key"));
    assert_eq!(mine, said(&keys.run(&["fingerprint", &theirs])));
    assert!(mine.contains("vingerafdruk"), "{mine}");
    let mode = std::fs::metadata(&theirs).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn a_package_of_somebody_else_is_refused() {
    let keys = Keys::new();
    let (_, package) = keys.make_and_seal();
    let refused = keys.open(&package, &keys.public("politie"), "other.key");
    assert_eq!(code(&refused), 2);
    assert!(!keys.files.new_file("other.key").exists());
    let altered = std::fs::read_to_string(&package)
        .unwrap()
        .replacen("\"eyJ", "\"fyJ", 1);
    std::fs::write(&package, altered).unwrap();
    assert_eq!(
        code(&keys.open(&package, &keys.public("corporatie"), "other.key")),
        2
    );
}

#[test]
fn a_key_opens_under_its_own_passphrase_only() {
    let keys = Keys::new();
    let (key, _) = keys.make_and_seal();
    std::fs::write(&keys.passphrase, "een heel andere zin\n").unwrap();
    let refused = keys.run(&["fingerprint", &key]);
    assert_eq!((code(&refused), said(&refused).as_str()), (2, ""));
    std::fs::set_permissions(&keys.passphrase, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(complained(&keys.run(&["fingerprint", &key])).contains("chmod 600"));
}

#[test]
fn the_public_half_is_printed_as_a_covenant_names_it() {
    let keys = Keys::new();
    let pem = |name: &str| text(&keys.files.of_party("gemeente", name));
    let signing = covenant(["keys", "public", &pem("node-signing.pem")]);
    assert_eq!(code(&signing), 0, "{}", complained(&signing));
    assert_eq!(said(&signing).trim(), keys.public("gemeente"));
    let sealing = said(&covenant(["keys", "public", &pem("node-sealing.pem")]));
    let named = std::fs::read_to_string(&keys.files.covenant).unwrap();
    assert!(
        sealing.starts_with("x25519:") && named.contains(sealing.trim()),
        "{sealing}"
    );
    // A file of another kind, or bytes that may be either, are refused.
    for file in [keys.passphrase.clone(), {
        let raw = keys.files.new_file("raw.key");
        identity::secret_file::write_new(&raw, &[7; 32]).unwrap();
        text(&raw)
    }] {
        let refused = covenant(["keys", "public", &file]);
        assert_eq!((code(&refused), said(&refused).as_str()), (2, ""));
    }
    let help = said(&covenant(["keys", "make", "--help"]));
    assert!(help.contains("keys.protection"), "{help}");
}

#[test]
fn a_witness_key_is_made_once_and_says_what_others_need() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("witness.pem"));
    let oin = "00000001001234567000";
    let make = |oin: &str| covenant(["keys", "make-witness", "--oin", oin, "--out", &out]);
    assert_eq!(code(&make("123")), 2);
    let made = make(oin);
    assert_eq!(code(&made), 0, "{}", complained(&made));
    let mode = std::fs::metadata(&out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let public = said(&covenant(["keys", "public", &out]));
    let told = said(&made);
    assert_eq!(told.matches(public.trim()).count(), 2, "{told}");
    // It is the witness that a node with this key is: what it cosigns, a watcher takes.
    let vkey = told.split("--witness ").nth(1).unwrap().trim();
    let watcher = ledger::WitnessVerifier::parse(vkey).unwrap();
    let key = identity::SigningKey::read(std::path::Path::new(&out)).unwrap();
    let name = format!("getuige/{oin}");
    let witness = ledger::Cosigner::from_seed(&name, &key.to_secret()).unwrap();
    let log = ledger::LogSigner::from_seed("log.example", &model::Secret::new([1; 32])).unwrap();
    let note = log.sign(1, model::Digest::new([2; 32]));
    let line = witness.cosign(&note, 1_800_000_000).unwrap();
    let parsed = ledger::checkpoint::Note::parse(&note).unwrap();
    let whole = parsed.with(line).to_bytes();
    assert_eq!(watcher.verify(&whole), Ok(1_800_000_000));
    // Never over a key that is there.
    let before = std::fs::read(&out).unwrap();
    assert_eq!(code(&make(oin)), 2);
    assert_eq!(std::fs::read(&out).unwrap(), before);
}
