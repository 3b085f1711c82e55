//! What needs more than the repository: a foreign client, a tool of the trade, public data.
//! `scripts/test` installs these and says where, in `COVENANT_TEST_TOOLS`; without it these tests
//! fail.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use journeys::repository::root;
use journeys::world::{SAFE_VISIT, World};
use sandbox::messages::{Home, home};

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
    let curl = |address: &str, tail: &[&str], path: &str| {
        let mut command = Command::new("buf");
        command
            .args(["curl", "--protocol", "grpc", "--cacert"])
            .arg(&world.place.ca);
        command
            .arg("--cert")
            .arg(&client.cert)
            .arg("--key")
            .arg(&client.key);
        command.arg(format!("https://{address}{path}")).args(tail);
        command
    };
    let list = ["--list-methods"];
    let empty = ["-d", "{}"];
    let own = "/covenant.node.v1.SignalService/ListSignals";
    let mut commands = [
        curl(&node.grpc, &list, ""),
        curl(&world.place.broker.grpc, &list, ""),
        curl(&node.grpc, &empty, own),
        curl(&node.grpc, &empty, "/grpc.health.v1.Health/Check"),
    ];
    let told = tokio::task::spawn_blocking(move || {
        commands
            .each_mut()
            .map(|command| String::from_utf8(run(command).stdout).unwrap())
    });
    let [of_node, of_broker, answer, serving] = told.await.unwrap();
    // Each lists what it serves, and nothing of the others.
    assert_eq!(
        services(&of_node),
        [
            "covenant.node.v1.CheckService",
            "covenant.node.v1.NoticeService",
            "covenant.node.v1.RightsService",
            "covenant.node.v1.SignalService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
        ]
    );
    assert_eq!(
        services(&of_broker),
        [
            "covenant.audit.v1.DisclosureLogService",
            "covenant.broker.v1.CovenantService",
            "covenant.broker.v1.ExchangeService",
            "covenant.broker.v1.RightsService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
        ]
    );
    assert!(of_node.contains("covenant.node.v1.SignalService/SubmitSignal"));
    assert_eq!(answer.trim(), "{}");
    assert!(serving.contains("SERVING"));
    world.stop().await.unwrap();
}

/// The services of a list of methods.
fn services(methods: &str) -> Vec<&str> {
    let services: BTreeSet<&str> = methods
        .lines()
        .filter_map(|line| line.trim().split('/').next())
        .filter(|service| !service.is_empty())
        .collect();
    services.into_iter().collect()
}

/// The README's commands as they stand there, on a world that is really there. What they are given
/// beside it is a `jq` that reads paths, and this build of `covenant` in the place of `cargo run`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_s_commands_work() {
    let world = World::in_process().await.unwrap();
    world.place.write(&world.folder()).unwrap();
    let address = home(Home {
        postcode: "9999ZZ",
        number: 12,
        shielded: false,
    });
    world
        .push("gemeente", SAFE_VISIT, "AGR.FYS", address.clone())
        .await
        .unwrap();
    world.delivered("gemeente").await.unwrap();
    assert_eq!(
        world.ask("huismeester", address).await.unwrap().advice,
        "ga-met-twee"
    );
    let folder = world.folder();
    let said = tokio::task::spawn_blocking(move || {
        let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
        let joined = readme.replace("\\\n", " ");
        let covenant = covenant_binary();
        let command = |line: &str| {
            line.trim()
                .replace("/tmp/world", &folder.display().to_string())
                .replace(" bewijs", &format!(" {}/bewijs", folder.display()))
                .replace(
                    "cargo run --release -p covenant-cli --",
                    &covenant.display().to_string(),
                )
        };
        // The example has bad rows on purpose, and says so in its exit code too.
        let found = |line: String| match line.contains(" import ") {
            true => format!("{line} && exit 9 || [ $? -eq 1 ]"),
            false => line,
        };
        // Needs the public file, and has a test of its own; or starts a world of its own.
        let elsewhere = |line: &&str| {
            !line.contains(" link ") && !line.contains("-p sandbox") && !line.contains("scripts/")
        };
        let lines: Vec<String> = joined
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(elsewhere)
            .map(command)
            .map(found)
            .collect();
        assert!(lines.len() >= 8, "{lines:?}");
        let tools = folder.join("tools");
        std::fs::create_dir(&tools).unwrap();
        write_jq(&tools.join("jq"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", &lines.join("\n")])
            .env("PATH", format!("{}:{path}", tools.display()))
            .current_dir(root());
        String::from_utf8(run(&mut shell).stdout).unwrap()
    })
    .await
    .unwrap();
    println!("{said}");
    assert!(said.contains("covenant.node.v1.SignalService/SubmitSignal"));
    let entries = world.folder().join("bewijs/entries.jsonl");
    let export = std::fs::read_to_string(entries).unwrap();
    let records = world.verify(export.as_bytes()).unwrap().records;
    assert!(records > 0);
    // The tool and the independent verifier read the same log, and say so.
    let told = said.lines().filter(|line| {
        let mut words = line.split(|c: char| !c.is_ascii_digit());
        words.any(|word| word == records.to_string())
    });
    assert!(told.count() >= 2, "{records} records\n{said}");
    world.stop().await.unwrap();
}

#[test]
fn the_protos_are_in_the_standard_form() {
    run(Command::new("buf")
        .arg("lint")
        .current_dir(root().join("proto")));
}

/// Builds the command-line tool, and says where it is.
fn covenant_binary() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args(["build", "-q", "-p", "covenant-cli"])
        .current_dir(root());
    // What cargo tells a test about its own package makes build scripts run anew, and all that
    // rests on them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            build.env_remove(name);
        }
    }
    run(&mut build);
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("debug/covenant")
}

/// As much of `jq -r .a.b FILE` as the README asks for.
fn write_jq(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let script = "#!/usr/bin/env python3
import functools, json, sys
_, raw, path, file = sys.argv
assert raw == '-r'
print(functools.reduce(lambda value, key: value[key], path[1:].split('.'), json.load(open(file))))
";
    std::fs::write(path, script).expect("the folder is there");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
}

/// Links a public file against itself through two nodes and the broker, with the tool itself.
fn febrl(file: &str) -> serde_json::Value {
    let mut link = Command::new(covenant_binary());
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
