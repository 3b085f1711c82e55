//! Commands that talk to a node and a broker, in a world of this test's own.

use std::process::Output;

use sandbox::messages::{Home, home, visit};
use sandbox::{Plan, Running, World};

use super::{code, complained, covenant, json, repository, said, text};

/// Runs the program while the world runs.
async fn run(arguments: Vec<String>) -> Output {
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

fn import(world: &World, party: &str, client: &str, more: &[&str]) -> Vec<String> {
    let sample = text(&repository("examples/import/signalen.csv"));
    import_file(world, party, client, &sample, more)
}

fn import_file(world: &World, party: &str, client: &str, file: &str, more: &[&str]) -> Vec<String> {
    let node = &world.nodes[party];
    let mut all = words(&[
        "import",
        file,
        "--map",
        &text(&repository("examples/import/map.toml")),
        "--node",
        &node.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(&node.clients[client].cert),
        "--key",
        &text(&node.clients[client].key),
        "--format",
        "json",
    ]);
    all.extend(words(more));
    all
}

fn audit(
    world: &World,
    command: &[&str],
    cert: &std::path::Path,
    key: &std::path::Path,
) -> Vec<String> {
    let mut all = words(&["audit"]);
    all.extend(words(command));
    all.extend(words(&[
        "--broker",
        &world.audit.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(cert),
        "--key",
        &text(key),
    ]));
    all
}

async fn stored(world: &World) -> usize {
    let request = wire::node_v1::ListSignalsRequest {
        page_size: 500,
        ..Default::default()
    };
    let client = sandbox::clients::NodeClient::of(world, "gemeente", "partner").unwrap();
    client
        .signals()
        .list_signals(request)
        .await
        .unwrap()
        .into_inner()
        .signals
        .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_once_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    for known in [0, 4] {
        let output = run(import(world, "gemeente", "partner", &[])).await;
        assert_eq!(code(&output), 1, "{}", complained(&output));
        let report = json(&output);
        assert_eq!(
            (&report["accepted"], &report["refused_rows"]),
            (&4.into(), &3.into())
        );
        assert_eq!(report["sent"], true);
        assert_eq!(report["known"], known);
        assert_eq!(stored(world).await, 4);
    }
    // What only the node refuses leads back to a column too.
    let report = json(&run(import(world, "politie", "partner", &[])).await);
    assert_eq!(report["accepted"], 0);
    let refused = report["refused"].as_array().unwrap();
    assert!(
        refused
            .iter()
            .any(|remark| remark["field"] == "signal.police_article")
    );
    // Who may not submit is told so, and nothing of the file is repeated.
    let refused = run(import(world, "gemeente", "toezichthouder", &[])).await;
    assert_eq!(code(&refused), 2, "{}", said(&refused));
    assert!(!complained(&refused).contains("1234") && !said(&refused).contains("1234 AB"));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_file_adds_only_what_was_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    let output = run(import(world, "gemeente", "partner", &[])).await;
    assert_eq!(json(&output)["accepted"], 4, "{}", complained(&output));
    // A spreadsheet saved it again: one row corrected, others in another order, one of them twice.
    let sample = std::fs::read_to_string(repository("examples/import/signalen.csv")).unwrap();
    let mut lines: Vec<&str> = sample.lines().collect();
    let corrected = lines.remove(4).replace("ruzie", "schade");
    lines[1..].reverse();
    lines.push(&corrected);
    lines.push(lines[1]);
    let resaved = format!("\u{feff}{}\r\n", lines.join("\r\n"));
    let file = text(&folder.path().join("again.csv"));
    std::fs::write(&file, resaved).unwrap();
    let output = run(import_file(world, "gemeente", "partner", &file, &[])).await;
    let report = json(&output);
    assert_eq!(
        (&report["accepted"], &report["known"]),
        (&6.into(), &4.into()),
        "{report}"
    );
    assert_eq!(stored(world).await, 6);
    // With another key every row is another; with the old one named, all are known.
    let other = text(&folder.path().join("renewed.key"));
    identity::secret_file::write_new(std::path::Path::new(&other), b"another").unwrap();
    let more = ["--id-key", other.as_str()];
    let report = json(&run(import_file(world, "gemeente", "partner", &file, &more)).await);
    assert_eq!(report["known"], 0, "{report}");
    let old = text(&world.nodes["gemeente"].clients["partner"].key);
    let more = ["--id-key", old.as_str(), "--format", "text", "--lang", "en"];
    let mut arguments = import_file(world, "gemeente", "partner", &file, &more);
    let json_at = arguments.iter().position(|word| word == "json").unwrap();
    arguments.drain(json_at - 1..=json_at);
    let told = said(&run(arguments).await);
    assert!(
        told.contains("had 6 of the accepted rows already"),
        "{told}"
    );
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_read_exported_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    let (cert, key) = (&world.auditor.cert, &world.auditor.key);
    let about = home(Home {
        postcode: "1234AB",
        number: 12,
        shielded: false,
    });
    let question = visit(
        &world.covenants[0].id,
        "bezoekveiligheid",
        "corporatie.huismeester",
        about,
    );
    let asker = sandbox::clients::NodeClient::of(world, "corporatie", "huismeester").unwrap();
    asker.checks().check_visit(question).await.unwrap();
    let output = run(audit(world, &["query", "--format", "json"], cert, key)).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let document = json(&output);
    let kinds: Vec<&str> = document["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["kind"].as_str())
        .collect();
    assert!(kinds.contains(&"check-answered"), "{kinds:?}");
    let filter = ["query", "--format", "csv", "--kind", "check-answered"];
    let csv = said(&run(audit(world, &filter, cert, key)).await);
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("index,leaf_hash,at,class"), "{csv}");
    assert!(
        lines.len() > 1
            && lines[1..]
                .iter()
                .all(|line| line.contains("check-answered"))
    );
    assert!(said(&run(audit(world, &["query"], cert, key)).await).contains("│"));

    let file = text(&folder.path().join("log.jsonl"));
    let output = run(audit(world, &["export", "--out", &file], cert, key)).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let vkey = world.broker.log_key.clone();
    let offline = run(words(&[
        "audit", "verify", &file, "--vkey", &vkey, "--format", "json",
    ]))
    .await;
    assert_eq!(code(&offline), 0, "{}", said(&offline));
    assert!(json(&offline)["records"].as_u64().unwrap() > 0);
    let command = ["verify", "--vkey", &vkey, "--format", "json"];
    let online = json(&run(audit(world, &command, cert, key)).await);
    assert_eq!(
        (&online["good"], &online["newest"]["follows"]),
        (&true.into(), &true.into())
    );
    // Somebody without a covenant reads nothing.
    let outsider = &world.outsider;
    let refused = run(audit(world, &["query"], &outsider.cert, &outsider.key)).await;
    assert_eq!(code(&refused), 2);
    running.stop().await.unwrap();
}

#[test]
fn a_configuration_is_checked_with_all_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let today = model::clock::Clock::now(&model::clock::SystemClock).day();
    let world =
        sandbox::layout::lay_out(&folder.path().join("world"), &Plan::demo(), today).unwrap();
    let node = text(&world.nodes["gemeente"].config);
    let broker = text(&world.broker.config);
    for (process, file) in [("node", &node), ("broker", &broker)] {
        let output = covenant(["check-config", process, file]);
        assert_eq!(code(&output), 0, "{process}: {}", complained(&output));
    }
    let output = covenant(["check-config", "node", &node, "--set", "lisen=127.0.0.1:1"]);
    assert_eq!(code(&output), 1);
    assert!(
        complained(&output).contains("listen"),
        "{}",
        complained(&output)
    );
}
