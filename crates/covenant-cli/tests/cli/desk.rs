//! `covenant desk`, against a stand-in for a node's desk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use wire::node_v1::{self as pb, CaseKind, SignalAction};
use wire::status::{Refusal, Violation};
use wire::type_v1::RecallOutcome;
use wire::{Malformed, Problem, Reason};

use super::desk_node::{CASE, RECALL, SIGNAL, StandIn};
use super::{code, complained, covenant, json, repository, said, text};

const ID: &str = "0192f3a0-5b1c-4d2e-8f34-000000000001";

fn sample() -> String {
    text(&repository("examples/desk/verzoek.toml"))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_taken_in_and_confirmed() {
    let node = StandIn::start().await;
    let opened = node
        .desk(&["open", "--case", &sample(), "--as", "balie-1"])
        .await;
    assert_eq!(code(&opened), 0, "{}", complained(&opened));
    for word in [CASE, "uiterlijk op 2026-12-20", "desk confirm"] {
        assert!(said(&opened).contains(word), "{}", said(&opened));
    }
    let request = node.asked().open[0].clone();
    assert_eq!(request.kind(), CaseKind::Access);
    assert_eq!(request.actor, "balie-1");
    assert_eq!(request.reference, "AVG-2026-014");
    assert_eq!(request.subjects.len(), 2);
    let person = request.subjects[0].subject.clone().unwrap();
    assert_eq!(person.protections.len(), 2);
    assert_eq!(request.applicant.unwrap().address_lines.len(), 2);

    let words = ["confirm", CASE, "--as", "balie-2", "--format", "json"];
    let confirmed = node.desk(&words).await;
    let case = json(&confirmed);
    assert_eq!(case["state"], "confirmed");
    assert_eq!(case["items"][1]["held_back"]["ground"], "UAVG 41.1.d");
    assert_eq!(case["unknown"][0]["epoch"], 1);
    assert_eq!(case["unknown"][0]["until"], "2026-06-30");
    let again = node
        .desk(&["confirm", CASE, "--as", "balie-2", "--lang", "en"])
        .await;
    let told = said(&again);
    let unknown = "no key of epoch 1 (up to and including 2026-06-30)";
    assert!(told.contains(unknown), "{told}");
    let asked = node.asked().confirm[0].clone();
    assert_eq!(
        (asked.case_id.as_str(), asked.actor.as_str()),
        (CASE, "balie-2")
    );
    assert_ne!(asked.request_id, request.request_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_not_sent_and_a_refused_field_leads_back_to_its_line() {
    let node = StandIn::start().await;
    let well = std::fs::read_to_string(sample()).unwrap();
    let file = node.folder.path().join("verzoek.toml");
    std::fs::write(
        &file,
        well.replace("1234 AB\", house", "12 geheim\", house"),
    )
    .unwrap();
    let open = [
        "open",
        "--case",
        &text(&file),
        "--as",
        "balie-1",
        "--lang",
        "en",
    ];
    let refused = node.desk(&open).await;
    assert_eq!(code(&refused), 2);
    let told = complained(&refused);
    assert!(told.contains(": subject[0].address.postcode: "), "{told}");
    assert!(told.contains("line ") && !told.contains("geheim"), "{told}");
    assert!(node.asked().open.is_empty());

    let violation = |field: &str, problem| Violation::from(Malformed::new(field, problem));
    let fields = vec![
        violation("subjects[1].from", Problem::Required),
        violation("actor", Problem::Twice),
    ];
    node.asked()
        .refusals
        .push(Refusal::fields(fields).to_status());
    let refused = node
        .desk(&["open", "--case", &sample(), "--as", "balie-1"])
        .await;
    assert_eq!(code(&refused), 2);
    let told = complained(&refused);
    let line = well
        .lines()
        .position(|line| line.starts_with("from ="))
        .unwrap()
        + 1;
    assert!(
        told.contains(&format!("regel {line}: subjects[1].from: ")),
        "{told}"
    );
    assert!(
        told.contains("\n  actor: ") && told.contains("FIELD_INVALID"),
        "{told}"
    );
    // What the node says itself is not asked again.
    assert_eq!(node.asked().open.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_is_tried_once_more_under_the_same_id() {
    let node = StandIn::start().await;
    let confirm = ["confirm", CASE, "--as", "balie-2"];
    node.asked()
        .refusals
        .push(tonic::Status::unavailable("gone"));
    assert_eq!(code(&node.desk(&confirm).await), 0);
    let ids: Vec<String> = node
        .asked()
        .confirm
        .drain(..)
        .map(|request| request.request_id)
        .collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);

    // Twice is enough; then it is told how to go on.
    node.asked().refusals = vec![tonic::Status::unavailable("gone"); 2];
    let mut words = confirm.to_vec();
    words.extend(["--request-id", ID, "--lang", "en"]);
    let failed = node.desk(&words).await;
    assert_eq!(code(&failed), 2);
    let told = complained(&failed);
    assert!(told.contains(&format!("--request-id {ID}")), "{told}");
    assert!(node.asked().confirm.iter().all(|one| one.request_id == ID));
    assert_eq!(node.asked().confirm.len(), 2);

    let nowhere = node.desk_at("127.0.0.1:1", &confirm).await;
    assert_eq!(code(&nowhere), 2);
    assert!(complained(&nowhere).contains("--request-id"));
    // Reading changes nothing: there is no id to repeat.
    let nowhere = node.desk_at("127.0.0.1:1", &["show", CASE]).await;
    assert_eq!(code(&nowhere), 2);
    assert!(!complained(&nowhere).contains("--request-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_shown_and_cases_are_listed_page_by_page() {
    let node = StandIn::start().await;
    let shown = said(&node.desk(&["show", CASE]).await);
    for word in [
        "41",
        "57",
        "corporatie",
        "liet weten",
        "treffer",
        "UAVG 41.1.d",
        "balie-2",
        "ONBEKEND: dit knooppunt heeft geen sleutel van periode 1",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    let english = said(&node.desk(&["show", CASE, "--lang", "en"]).await);
    assert!(english.contains("of which held back: 1"), "{english}");
    let signals = json(&node.desk(&["signals", CASE, "--format", "json"]).await);
    assert_eq!(signals[0]["id"], SIGNAL);
    let signals = said(&node.desk(&["signals", CASE]).await);
    assert!(signals.contains("bezorgd"), "{signals}");

    let list = [
        "list",
        "--state",
        "open",
        "--review-due",
        "--format",
        "json",
    ];
    let cases = json(&node.desk(&list).await);
    assert_eq!(cases.as_array().unwrap().len(), 2);
    {
        let asked = node.asked();
        assert_eq!(asked.list.len(), 2);
        assert!(asked.list.iter().all(|one| one.review_due));
        assert_eq!(asked.list[0].state(), pb::CaseState::Open);
        assert_eq!(asked.list[1].page_token, "2");
    }
    let first = said(&node.desk(&["list", "--limit", "1", "--lang", "en"]).await);
    assert!(first.contains("Cases: 1; there are more"), "{first}");

    node.asked()
        .refusals
        .push(Refusal::of(Reason::NotFound).to_status());
    let unknown = node.desk(&["show", CASE, "--lang", "en"]).await;
    assert_eq!(code(&unknown), 2);
    assert!(complained(&unknown).contains("NOT_FOUND: your party has no such thing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_held_back_released_and_unlinked() {
    let node = StandIn::start().await;
    let reason = node.folder.path().join("reden.txt");
    std::fs::write(&reason, "lopend onderzoek\n").unwrap();
    let hold = [
        "hold-back",
        CASE,
        "41",
        "57",
        "--ground",
        "UAVG 41.1.d",
        "--reason-file",
        &text(&reason),
        "--review-on",
        "2027-05-01",
        "--as",
        "balie-1",
    ];
    let held = node.desk(&hold).await;
    assert_eq!(code(&held), 0, "{}", complained(&held));
    assert!(said(&held).contains("Achtergehouden: 2"), "{}", said(&held));
    let release = ["release", CASE, "57", "--as", "balie-1"];
    assert_eq!(code(&node.desk(&release).await), 0);
    let unlink = ["unlink", CASE, "41", "--as", "balie-2"];
    assert_eq!(code(&node.desk(&unlink).await), 0);
    let asked = node.asked();
    let first = &asked.hold[0];
    let why = first.held_back.as_ref().unwrap();
    assert_eq!(first.indices, [41, 57]);
    assert_eq!(why.ground, "UAVG 41.1.d");
    assert_eq!(why.reason, "lopend onderzoek");
    assert_eq!(why.review_on.unwrap().month, 5);
    assert!(!why.told && !first.release && why.actor.is_empty());
    let second = &asked.hold[1];
    assert!(second.release && second.held_back.is_none());
    assert_eq!(second.indices, [57]);
    assert_eq!(
        (&asked.unlink[0].indices[..], asked.unlink[0].actor.as_str()),
        (&[41][..], "balie-2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_are_restricted_and_a_request_is_passed_on() {
    let node = StandIn::start().await;
    let apply = [
        "apply", CASE, "--action", "restrict", SIGNAL, "--as", "balie-1",
    ];
    assert_eq!(code(&node.desk(&apply).await), 0);
    let pass = [
        "pass-on", CASE, "--to", "politie", "zorg", "--as", "balie-1",
    ];
    let passed = said(&node.desk(&pass).await);
    assert!(passed.contains("politie, zorg"), "{passed}");
    let asked = node.asked();
    assert_eq!(asked.apply[0].action(), SignalAction::Restrict);
    assert_eq!(asked.apply[0].signal_ids, [SIGNAL]);
    assert_eq!(asked.pass[0].parties, ["politie", "zorg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_saved_for_its_owner_and_never_over_another() {
    let node = StandIn::start().await;
    let out = node.folder.path().join("antwoord");
    let words = ["answer", CASE, "--as", "balie-2", "--out", &text(&out)];
    let answered = node.desk(&words).await;
    assert_eq!(code(&answered), 0, "{}", complained(&answered));
    assert_eq!(mode(&out), 0o700);
    for (name, holds) in [
        ("answer.json", "{\"items\":[]}"),
        ("brief.md", "Geachte heer"),
        ("letter.md", "Dear Sir"),
    ] {
        let file = out.join(name);
        assert_eq!(mode(&file), 0o600, "{name}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), holds);
    }
    // A second time, and with one of the files alone: nothing is asked and nothing is changed.
    std::fs::write(out.join("brief.md"), "anders").unwrap();
    std::fs::remove_file(out.join("answer.json")).unwrap();
    let again = node.desk(&words).await;
    assert_eq!(code(&again), 2);
    assert!(
        complained(&again).contains("brief.md"),
        "{}",
        complained(&again)
    );
    assert_eq!(node.asked().answer.len(), 1);
    assert_eq!(
        std::fs::read_to_string(out.join("brief.md")).unwrap(),
        "anders"
    );
    assert!(!out.join("answer.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn recalls_are_listed_and_acknowledged() {
    let node = StandIn::start().await;
    let recalls = json(&node.desk(&["recalls", "--open", "--format", "json"]).await);
    assert_eq!(recalls[0]["reason"], "objection");
    assert_eq!(recalls[0]["check_request_id"], CASE);
    let recalls = said(&node.desk(&["recalls"]).await);
    assert!(recalls.contains("waarvan nog open: 1"), "{recalls}");
    let words = [
        "acknowledge",
        RECALL,
        "--outcome",
        "kept-by-law",
        "--as",
        "balie-1",
    ];
    let done = node.desk(&words).await;
    assert_eq!(code(&done), 0, "{}", complained(&done));
    let asked = node.asked();
    let open: Vec<bool> = asked.recalls.iter().map(|one| one.unacknowledged).collect();
    assert_eq!(open, [true, false]);
    assert_eq!(asked.acknowledge[0].outcome(), RecallOutcome::KeptByLaw);
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudonyms_go_to_a_file_that_an_auditor_s_question_takes() {
    let node = StandIn::start().await;
    let out = node.folder.path().join("subject.json");
    let words = ["pseudonyms", CASE, "--as", "balie-1", "--out", &text(&out)];
    let saved = node.desk(&words).await;
    assert_eq!(code(&saved), 0, "{}", complained(&saved));
    assert!(!said(&saved).contains("0707"), "{}", said(&saved));
    assert_eq!(mode(&out), 0o600);
    assert_eq!(code(&node.desk(&words).await), 2);
    assert_eq!(node.asked().pseudonyms.len(), 1);
    assert_eq!(node.asked().pseudonyms[0].actor, "balie-1");
    let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(file["pseudonyms"][0]["value"], "07".repeat(32));
}

#[test]
fn what_can_t_be_right_is_refused_before_anything_is_sent() {
    for words in [
        // A mail address is no pseudonym of an employee.
        &["confirm", CASE, "--as", "a@b.example"][..],
        &["confirm", "41", "--as", "balie-1"],
        &["open", "--as", "balie-1"],
        &["open", "--case", "a", "--json", "b", "--as", "balie-1"],
        &[
            "hold-back",
            CASE,
            "1",
            "--ground",
            "x",
            "--review-on",
            "2027-05-01",
            "--as",
            "b",
        ],
        &[
            "hold-back",
            CASE,
            "--ground",
            "x",
            "--reason",
            "y",
            "--review-on",
            "2027-05-01",
            "--as",
            "b",
        ],
        &[
            "acknowledge",
            RECALL,
            "--outcome",
            "ignored",
            "--as",
            "balie-1",
        ],
    ] {
        let mut all = vec!["desk"];
        all.extend(words);
        all.extend([
            "--node",
            "127.0.0.1:1",
            "--ca",
            "a",
            "--cert",
            "b",
            "--key",
            "c",
        ]);
        let refused = covenant(&all);
        assert_eq!(code(&refused), 2, "{words:?}");
        assert!(
            complained(&refused).contains("Usage")
                || complained(&refused).contains("For more information"),
            "{words:?}"
        );
    }
}

#[test]
fn help_names_every_step() {
    let help = said(&covenant(["desk", "--help"]));
    for command in [
        "open",
        "confirm",
        "show",
        "list",
        "hold-back",
        "release",
        "signals",
        "apply",
        "answer",
        "pass-on",
        "unlink",
        "pseudonyms",
        "recalls",
        "acknowledge",
    ] {
        assert!(
            help.contains(&format!("  {command} ")),
            "{command} in {help}"
        );
    }
}
