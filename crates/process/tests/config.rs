//! Layers over each other, and what is told when they are wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::SocketAddr;

use process::config::Problem;
use process::{AdminSettings, Layers, TelemetrySettings};
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Settings {
    listen: SocketAddr,
    #[serde(default)]
    outbox: Outbox,
    #[serde(default)]
    parties: Vec<Party>,
    #[serde(default)]
    names: BTreeMap<String, String>,
    note: Option<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
struct Outbox {
    most_items: u32,
    keep: bool,
    order: Order,
}

#[derive(Debug, Deserialize, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Shuffled,
    Fifo,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            most_items: 1_000_000,
            keep: true,
            order: Order::Shuffled,
        }
    }
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Party {
    id: String,
    #[serde(default)]
    keys: Vec<String>,
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect()
}

fn load(layers: &Layers) -> Settings {
    layers.load().unwrap().settings
}

fn problems(layers: &Layers) -> Vec<Problem> {
    layers.load::<Settings>().unwrap_err().problems().to_vec()
}

const BASE: &str = "\
listen = \"127.0.0.1:1\"
note = \"base\"

[outbox]
most_items = 5
keep = false

[[parties]]
id = \"gemeente\"
";

#[test]
fn the_last_layer_to_name_a_setting_wins() {
    let layers = Layers::new()
        .text("defaults", BASE)
        .text(
            "site.toml",
            "note = \"site\"\n[outbox]\nmost_items = 6\norder = \"fifo\"\n",
        )
        .environment(variables(&[
            ("COVENANT__OUTBOX__MOST_ITEMS", "7"),
            ("COVENANT__LISTEN", "127.0.0.1:2"),
            ("COVENANT_TEST_TOOLS", "not ours"),
            ("PATH", "/bin"),
        ]))
        .set("listen=127.0.0.1:3");
    let settings = load(&layers);
    assert_eq!(settings.listen, "127.0.0.1:3".parse().unwrap());
    assert_eq!(settings.note.as_deref(), Some("site"));
    let outbox = Outbox {
        most_items: 7,
        keep: false,
        order: Order::Fifo,
    };
    assert_eq!(
        settings.outbox, outbox,
        "a table is merged setting by setting"
    );
    assert_eq!(settings.parties.len(), 1);

    let origins = layers.load::<Settings>().unwrap().origins;
    let from = |name: &str| {
        let origin = origins.iter().find(|o| o.setting == name).unwrap();
        (origin.value.as_str(), origin.from.as_str())
    };
    assert_eq!(from("listen"), ("127.0.0.1:3", "--set listen"));
    assert_eq!(from("note"), ("\"site\"", "site.toml:1"));
    assert_eq!(from("outbox.keep"), ("false", "defaults:6"));
    let variable = "environment variable COVENANT__OUTBOX__MOST_ITEMS";
    assert_eq!(from("outbox.most_items"), ("7", variable));
}

#[test]
fn values_from_a_shell_are_read_as_toml_or_as_text() {
    let layers = |value: &str| {
        Layers::new()
            .text("defaults", BASE)
            .environment(variables(&[("COVENANT__NOTE", value)]))
    };
    for text in ["7", "true", "a b", "", "[not toml", "2026-01-01", "1.5"] {
        assert_eq!(load(&layers(text)).note.as_deref(), Some(text));
    }
    assert_eq!(load(&layers("\"quoted\"")).note.as_deref(), Some("quoted"));
    let list = Layers::new()
        .text("defaults", BASE)
        .set("parties=[{id='a'}, {id='b', keys=['x']}]");
    assert_eq!(load(&list).parties[1].keys, ["x"]);
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let text = "\
lisen = \"127.0.0.1:1\"

[outbox]
most_items = \"veel geheim\"
keep = \"ja\"
ordr = \"fifo\"
order = \"fiffo\"

[[parties]]
id = \"gemeente\"
  [[parties]]
  id = \"politie\"
  kys = []
";
    let layers = Layers::new()
        .text("broker.toml", text)
        .environment(variables(&[("COVENANT__OUTBOX__KEP", "true")]))
        .set("nota=x");
    let told: Vec<String> = problems(&layers).iter().map(Problem::to_string).collect();
    let expect = |line: &str| assert!(told.iter().any(|t| t == line), "{line}\n in {told:#?}");
    expect("broker.toml:1:1: lisen: unknown setting; did you mean `listen`?");
    expect("broker.toml:4:14: outbox.most_items: has the wrong type: found string, expected u32");
    expect("broker.toml:5:8: outbox.keep: has the wrong type: found string, expected a boolean");
    expect("broker.toml:6:1: outbox.ordr: unknown setting; did you mean `order`?");
    expect(
        "broker.toml:7:9: outbox.order: unknown word; use one of `shuffled`, `fifo`; did you mean `fifo`?",
    );
    expect("broker.toml:13:3: parties[1].kys: unknown setting; did you mean `keys`?");
    expect(
        "environment variable COVENANT__OUTBOX__KEP: outbox.kep: unknown setting; did you mean `keep`?",
    );
    expect("--set nota: nota: unknown setting; did you mean `note`?");
    expect("listen: is missing");
    assert_eq!(told.len(), 9, "each once: {told:#?}");
    assert!(
        !told.iter().any(|t| t.contains("geheim")),
        "no value is repeated"
    );
}

#[test]
fn all_that_is_missing_is_told() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Strict {
        admin: Admin,
        name: String,
        ports: Vec<u16>,
        workers: u8,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Admin {
        listen: String,
        on: bool,
    }
    let layers = Layers::new().text("a.toml", "[admin]\n");
    let told: Vec<String> = layers
        .load::<Strict>()
        .unwrap_err()
        .problems()
        .iter()
        .map(Problem::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "a.toml:1:1: admin.listen: is missing",
            "a.toml:1:1: admin.on: is missing",
            "name: is missing",
            "ports: is missing",
            "workers: is missing",
        ]
    );
}

#[test]
fn what_is_wrong_is_not_missing_as_well() {
    let layers = Layers::new().text("a.toml", "listen = 5\n");
    let told = problems(&layers);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].place.as_deref(), Some("a.toml:1:10"));
    let layers = Layers::new().text("a.toml", "listen = \"nergens\"\n");
    let told = problems(&layers);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].setting, "listen");
    assert!(!told[0].to_string().contains("nergens"));
}

#[test]
fn broken_files_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broker.toml");
    std::fs::write(&path, "listen = \"127.0.0.1:1\"\n[outbox\nkeep = = 1\n").unwrap();
    let absent = folder.path().join("absent.toml");
    let told = problems(&Layers::new().file(&path).file(&absent));
    let place = |line: usize| format!("{}:{line}:", path.display());
    assert!(
        told.iter()
            .any(|p| p.place.as_ref().unwrap().starts_with(&place(2))),
        "{told:?}"
    );
    let unread = absent.display().to_string();
    assert!(
        told.iter().any(|p| p.place.as_deref() == Some(&unread)),
        "{told:?}"
    );
}

#[test]
fn a_folder_adds_its_files_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("10-base.toml", BASE);
    write("20-site.toml", "note = \"site\"\n");
    write("30-off.toml.bak", "note = \"off\"\n");
    let layers = Layers::of_process(
        &[folder.path().to_owned()],
        &["outbox.keep=true".to_owned()],
    );
    let settings = load(&layers);
    assert_eq!(settings.note.as_deref(), Some("site"));
    assert!(settings.outbox.keep);
    let absent = Layers::new()
        .text("d", BASE)
        .folder(&folder.path().join("conf.d"));
    assert_eq!(load(&absent).note.as_deref(), Some("base"));
}

#[test]
fn a_secret_does_not_come_from_a_shell() {
    for name in [
        "COVENANT__STORE__PASSPHRASE",
        "COVENANT__API_TOKEN",
        "COVENANT__A__PRIVATE_KEY",
    ] {
        let layers = Layers::new()
            .text("d", BASE)
            .environment(variables(&[(name, "hunter2")]));
        let told = problems(&layers);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].to_string().contains("_file"), "{told:?}");
        assert!(!told[0].to_string().contains("hunter2"));
    }
    let flag = Layers::new()
        .text("d", BASE)
        .set("store.passphrase=hunter2");
    assert!(!problems(&flag)[0].to_string().contains("hunter2"));
    let names = Layers::new().text("d", BASE).environment(variables(&[(
        "COVENANT__NAMES__PASSPHRASE_FILE",
        "/run/pass",
    )]));
    assert_eq!(load(&names).names["passphrase_file"], "/run/pass");
}

#[test]
fn malformed_flags_and_names_are_told() {
    let told = problems(&Layers::new().text("d", BASE).set("outbox.keep"));
    assert!(
        told[0].to_string().contains("use --set name=value"),
        "{told:?}"
    );
    for name in ["COVENANT__", "COVENANT__A____B"] {
        let layers = Layers::new()
            .text("d", BASE)
            .environment(variables(&[(name, "1")]));
        assert!(problems(&layers)[0].what.contains("empty part"));
    }
    // A table where a value is due, and a value where a table is due.
    let told = problems(&Layers::new().text("d", BASE).set("note.x=1"));
    assert_eq!(
        (told.len(), told[0].setting.as_str()),
        (1, "note"),
        "{told:?}"
    );
    let told = problems(&Layers::new().text("d", BASE).set("outbox=1"));
    assert_eq!(
        (told.len(), told[0].setting.as_str()),
        (1, "outbox"),
        "{told:?}"
    );
}

#[test]
fn this_crate_s_own_settings_have_defaults() {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Both {
        #[serde(default)]
        admin: AdminSettings,
        #[serde(default)]
        telemetry: TelemetrySettings,
    }
    let both: Both = Layers::new()
        .set("telemetry.otlp_endpoint=http://127.0.0.1:4317")
        .set("telemetry.log_format=json")
        .load()
        .unwrap()
        .settings;
    assert!(both.admin.listen.ip().is_loopback());
    assert_eq!(
        both.telemetry.otlp_endpoint.as_deref(),
        Some("http://127.0.0.1:4317")
    );
}
