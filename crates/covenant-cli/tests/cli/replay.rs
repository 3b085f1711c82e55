//! `covenant audit replay` and `covenant policy simulate`, on the log of a real world.

use std::time::Duration;

use sandbox::clients::NodeClient;
use sandbox::messages::{Home, home, signal, submit, visit};
use sandbox::{Plan, Running, World};
use wire::node_v1::Subject;

use super::{code, complained, covenant, json, said, text};

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

fn at(number: u32) -> Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

async fn push(world: &World, party: &str, covenant: usize, purpose: &str, kind: &str, about: u32) {
    let client = NodeClient::of(world, party, "partner").unwrap();
    let covenant = &world.covenants[covenant].id;
    let made = signal(covenant, purpose, kind, at(about));
    client.signals().submit_signal(submit(made)).await.unwrap();
}

/// Lets the world decide: advices, no advice, an open refusal, and a match to both sides.
async fn live(world: &World) {
    let (visits, nuisance) = (0, 1);
    push(world, "gemeente", visits, "bezoekveiligheid", "AGR.FYS", 1).await;
    push(world, "gemeente", nuisance, "woonoverlast", "OVE.GEL", 2).await;
    push(world, "corporatie", nuisance, "woonoverlast", "OVE.GEL", 2).await;
    let asker = NodeClient::of(world, "corporatie", "huismeester").unwrap();
    let question = |about: u32| {
        let covenant = &world.covenants[visits].id;
        visit(covenant, "bezoekveiligheid", &asker.role, at(about))
    };
    for about in [1, 3, 4] {
        asker.checks().check_visit(question(about)).await.unwrap();
    }
}

fn audit(world: &World, command: &[&str]) -> Vec<String> {
    let mut all = words(command);
    all.extend(words(&[
        "--broker",
        &world.audit.grpc,
        "--ca",
        &text(&world.ca),
        "--cert",
        &text(&world.auditor.cert),
        "--key",
        &text(&world.auditor.key),
    ]));
    all
}

/// Waits until the match is decided.
async fn decided(world: &World) {
    for _ in 0..300 {
        let query = [
            "audit",
            "query",
            "--format",
            "json",
            "--kind",
            "match-decided",
        ];
        let output = run(audit(world, &query)).await;
        if json(&output)["entries"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the match was not decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_broker_decided_comes_out_the_same_and_a_draft_is_laid_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&folder.path().join("world"), &Plan::demo())
        .await
        .unwrap();
    let world = &running.world;
    live(world).await;
    decided(world).await;
    let export = text(&folder.path().join("log.jsonl"));
    let output = run(audit(world, &["audit", "export", "--out", &export])).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let files: Vec<String> = world.covenants.iter().map(|c| text(&c.file)).collect();

    let all = [
        "audit",
        "replay",
        &export,
        "--covenant",
        &files[0],
        "--covenant",
        &files[1],
        "--vkey",
        &world.broker.log_key,
    ];
    let output = run(words(&all)).await;
    let told = said(&output);
    assert_eq!(code(&output), 0, "{told}{}", complained(&output));
    assert!(
        told.contains(" beslissingen opnieuw genomen, 0 verschillen"),
        "{told}"
    );
    let mut as_json = words(&all);
    as_json.extend(words(&["--format", "json"]));
    let report = json(&run(as_json).await);
    assert!(report["again"].as_u64().unwrap() >= 4, "{report}");
    assert_eq!(report["not_again"].as_array().unwrap().len(), 0);

    // Without one of the covenants its decisions are named, and fail the command.
    let one = [
        "audit",
        "replay",
        &export,
        "--covenant",
        &files[0],
        "--lang",
        "en",
    ];
    let output = run(words(&one)).await;
    assert_eq!(code(&output), 1);
    assert!(
        said(&output).contains("decisions could not be made again:"),
        "{}",
        said(&output)
    );
    let mut allowed = words(&one);
    allowed.push("--allow-unopened".to_owned());
    assert_eq!(code(&run(allowed).await), 0);

    simulates(world, folder.path(), &export, &files[1]).await;
    running.stop().await.unwrap();
}

/// What `policy simulate` says of drafts of a covenant, from an export and from the broker.
async fn simulates(world: &World, folder: &std::path::Path, export: &str, file: &str) {
    // A draft that is the covenant itself changes nothing; one that asks more shows less.
    let simulate = |draft: &str| words(&["policy", "simulate", draft, "--against", file]);
    let mut same = simulate(file);
    same.extend(words(&["--export", export]));
    let output = run(same).await;
    assert_eq!(code(&output), 0, "{}{}", said(&output), complained(&output));
    let source = std::fs::read_to_string(file).unwrap();
    let (clauses, _) = source.split_once("[[voorbeeld]]").unwrap();
    let draft = text(&folder.join("draft.toml"));
    let stricter = "voorwaarde.treffers    = 3";
    std::fs::write(
        &draft,
        clauses.replace("voorwaarde.treffers    = 1", stricter),
    )
    .unwrap();
    let output = run(audit(
        world,
        &simulate(&draft)
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    ))
    .await;
    let told = said(&output);
    assert_eq!(code(&output), 1, "{told}{}", complained(&output));
    assert!(told.contains("niet meer zichtbaar voor gemeente"), "{told}");
    // The reason is said in Dutch, with the covenant's word and not the log's code.
    let reason = ", omdat er te weinig signalen zijn (treffers)";
    assert!(told.contains(reason) && !told.contains("HITS"), "{told}");
}
