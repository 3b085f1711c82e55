//! What needs more than the repository: a foreign client, a tool of the trade, public data.
//! `scripts/test` installs these and says where, in `COVENANT_TEST_TOOLS`; without it these tests
//! fail.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use journeys::repository::root;
use journeys::world::World;

fn tools() -> PathBuf {
    std::env::var_os("COVENANT_TEST_TOOLS")
        .map(PathBuf::from)
        .expect("COVENANT_TEST_TOOLS says where the tools are: run scripts/test")
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    output
}

fn python(script: &Path) -> Command {
    let mut command = Command::new(tools().join("venv/bin/python"));
    command.arg(script);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_lines_of_python_push_a_signal_and_ask() {
    let world = World::in_process().await.unwrap();
    let file = world.place.write(&world.folder()).unwrap();
    let examples = root().join("examples/python");
    let told = tokio::task::spawn_blocking(move || {
        run(&mut python(&examples.join("make_stubs.py")));
        let mut told = String::new();
        // The push travels to the broker while the question is asked: the second time it is there.
        for _ in 0..3 {
            let output = run(python(&examples.join("push_and_check.py")).arg(&file));
            told = String::from_utf8(output.stdout).unwrap();
            if told.trim() == "Ga met twee" {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
        let refused = run(python(&examples.join("refused.py")).arg(&file));
        (told, String::from_utf8(refused.stdout).unwrap())
    })
    .await
    .unwrap();
    assert_eq!(told.0.trim(), "Ga met twee");
    assert!(told.1.contains("FIELD_INVALID"), "{}", told.1);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn buf_curl_finds_its_way_by_reflection() {
    let world = World::in_process().await.unwrap();
    let node = world.place.nodes.get("gemeente").unwrap();
    let client = node.clients.get("partner").unwrap();
    let curl = |tail: &[&str], path: &str| {
        let mut command = Command::new("buf");
        command
            .args(["curl", "--protocol", "grpc", "--cacert"])
            .arg(&world.place.ca);
        command
            .arg("--cert")
            .arg(&client.cert)
            .arg("--key")
            .arg(&client.key);
        command
            .arg(format!("https://{}{path}", node.grpc))
            .args(tail);
        command
    };
    let mut list = curl(&["--list-methods"], "");
    let mut call = curl(&["-d", "{}"], "/covenant.node.v1.SignalService/ListSignals");
    let mut health = curl(&["-d", "{}"], "/grpc.health.v1.Health/Check");
    let (methods, answer, serving) = tokio::task::spawn_blocking(move || {
        (
            run(&mut list).stdout,
            run(&mut call).stdout,
            run(&mut health).stdout,
        )
    })
    .await
    .unwrap();
    let methods = String::from_utf8(methods).unwrap();
    for method in [
        "covenant.node.v1.SignalService/SubmitSignal",
        "covenant.node.v1.CheckService/CheckVisit",
        "covenant.node.v1.NoticeService/WatchNotices",
    ] {
        assert!(methods.contains(method), "{methods}");
    }
    assert_eq!(String::from_utf8(answer).unwrap().trim(), "{}");
    assert!(String::from_utf8(serving).unwrap().contains("SERVING"));
    world.stop().await.unwrap();
}

#[test]
fn the_protos_are_in_the_standard_form() {
    run(Command::new("buf")
        .arg("lint")
        .current_dir(root().join("proto")));
}

/// Links a public file against itself through two nodes and the broker, with the tool itself.
fn febrl(file: &str) -> serde_json::Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "-q", "-p", "covenant-cli"])
        .current_dir(root());
    run(&mut build);
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let mut link = Command::new(target.join("debug/covenant"));
    link.arg("link")
        .arg("--left")
        .arg(tools().join("febrl").join(file));
    link.args([
        "--map",
        "examples/febrl/map.toml",
        "--covenant",
        "examples/febrl/covenant.toml",
    ]);
    link.args(["--truth", "person", "--json"])
        .current_dir(root());
    serde_json::from_slice(&run(&mut link).stdout).expect("one JSON object")
}

#[test]
fn persons_are_found_again_in_public_records() {
    for (file, precision, recall) in [
        ("dataset2.csv", 0.994, 0.945),
        ("dataset1.csv", 0.999, 0.950),
    ] {
        let figures = febrl(file);
        let figure = |name: &str| {
            figures
                .get(name)
                .and_then(serde_json::Value::as_f64)
                .unwrap()
        };
        println!("{file}: {figures}");
        assert!(figure("precision") >= precision, "{file}: {figures}");
        assert!(figure("recall") >= recall, "{file}: {figures}");
        assert!(
            figure("precision_two") >= figure("precision"),
            "{file}: {figures}"
        );
        assert!(
            figure("recall_two") <= figure("recall"),
            "{file}: {figures}"
        );
    }
}
