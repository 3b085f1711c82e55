//! Bad values in what a partner system submits and withdraws.

use journeys::world::{NUISANCE, World, of};
use sandbox::clients::NodeClient;
use sandbox::messages::{fresh_id, submit};
use wire::node_v1::submit_signals_response::Outcome;
use wire::node_v1::{
    Attribute, Provenance, Signal, Subject, SubmitSignalRequest, SubmitSignalsRequest,
    WithdrawSignalRequest,
};
use wire::type_v1::{Category, Certainty, PoliceArticle, WithdrawalReason};

use crate::case::{Case, log_size, nothing_is_stored};
use crate::subjects;

type Cases = Vec<Case<Signal>>;

/// A UUID without its hyphens.
const BARE: &str = "5f0c1a523a3f4a539a3c6d1f0c1e4711";

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_signal_is_refused_by_its_rule_and_nothing_is_stored() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let municipality = world.partner("gemeente").unwrap();
    let mut cases = of_the_signal();
    cases.extend(of_what_goes_with_it());
    for case in subjects::cases() {
        cases.push(case.within("subjects[0]", about));
    }
    let count = cases.len();
    assert!(count > 140, "{count} cases");
    let mut requests: Vec<_> = cases
        .into_iter()
        .map(|case| case.within("signal", submit))
        .collect();
    requests.extend(of_the_request());
    refused_in_every_way(&municipality, &requests).await;
    nothing_is_stored(&world, size).await;
    for (party, case) in by_party() {
        refused_in_every_way(&world.partner(party).unwrap(), &[case]).await;
    }
    nothing_is_stored(&world, size).await;
    // And the good one that all of them were made from is taken.
    world.push_signal("gemeente", good()).await.unwrap();
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn all_wrong_fields_are_named_at_once() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let client = world.partner("gemeente").unwrap();
    let mut bad = good();
    bad.id = "x".to_owned();
    bad.neighbourhood = "Roosdonk-Zuid".to_owned();
    bad.certainty = 0;
    bad.subjects[0].protections.clear();
    bad.subjects.push(Subject::default());
    let status = client
        .signals()
        .submit_signal(submit(bad))
        .await
        .unwrap_err();
    let told = wire::status::read(&status);
    let fields: Vec<&str> = told.violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "signal.id",
            "signal.subjects[1].kind",
            "signal.neighbourhood",
            "signal.certainty"
        ]
    );
    assert!(told.message_en.contains("3 more"), "{}", told.message_en);
    nothing_is_stored(&world, size).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_withdrawal_is_refused_by_its_rule() {
    let world = World::in_process().await.unwrap();
    let id = world.push_signal("gemeente", good()).await.unwrap();
    world.delivered("gemeente").await.unwrap();
    let client = world.partner("gemeente").unwrap();
    let good = || WithdrawSignalRequest {
        request_id: fresh_id(),
        signal_id: id.clone(),
        reason: WithdrawalReason::EnteredInError.into(),
        validate_only: false,
    };
    let request = |id: &str| WithdrawSignalRequest {
        request_id: id.to_owned(),
        ..good()
    };
    let signal = |id: &str| WithdrawSignalRequest {
        signal_id: id.to_owned(),
        ..good()
    };
    let reason = |reason| WithdrawSignalRequest { reason, ..good() };
    let cases = [
        Case::new("request_id", "REQUIRED", "", request("")),
        Case::new(
            "request_id",
            "UUID_FORM",
            "verzoek-4711",
            request("verzoek-4711"),
        ),
        Case::new("request_id", "UUID_FORM", BARE, request(BARE)),
        Case::new("signal_id", "UUID_FORM", BARE, signal(BARE)),
        Case::new("signal_id", "REQUIRED", "", signal("")),
        Case::new(
            "signal_id",
            "UUID_FORM",
            "signaal-4711",
            signal("signaal-4711"),
        ),
        Case::new("reason", "UNSPECIFIED", "", reason(0)),
        Case::new("reason", "UNKNOWN_VALUE", "", reason(99)),
    ];
    for case in cases {
        for validate_only in [false, true] {
            let message = WithdrawSignalRequest {
                validate_only,
                ..case.message.clone()
            };
            case.judge(&client.signals().withdraw_signal(message).await.unwrap_err());
        }
    }
    let unknown = signal(&fresh_id());
    let status = client.signals().withdraw_signal(unknown).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);
    // The other party does not learn that there is such a signal.
    let other = world.partner("corporatie").unwrap();
    let theirs = other.signals().withdraw_signal(good()).await.unwrap_err();
    assert_eq!(
        (theirs.code(), theirs.message()),
        (status.code(), status.message())
    );
    let kept = world.signals("gemeente").await.unwrap();
    assert_eq!(kept[0].state(), wire::node_v1::SignalState::Delivered);
    world.stop().await.unwrap();
}

/// Alone, checked only, and over a stream: the same refusal.
async fn refused_in_every_way(client: &NodeClient, cases: &[Case<SubmitSignalRequest>]) {
    for case in cases {
        for validate_only in [false, true] {
            let request = SubmitSignalRequest {
                validate_only,
                ..case.message.clone()
            };
            match client.signals().submit_signal(request).await {
                Err(status) => case.judge(&status),
                Ok(_) => panic!("{} {} was taken", case.path, case.rule),
            }
        }
    }
    let items: Vec<_> = cases
        .iter()
        .map(|case| case.message.clone())
        .map(
            |SubmitSignalRequest {
                 request_id, signal, ..
             }| SubmitSignalsRequest {
                request_id,
                signal,
                validate_only: false,
            },
        )
        .collect();
    let mut answers = client
        .signals()
        .submit_signals(tokio_stream::iter(items))
        .await
        .unwrap()
        .into_inner();
    let mut count = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        let Some(Outcome::Rejected(status)) = answer.outcome else {
            panic!("an item was taken")
        };
        let told = wire::status::read_message(&status);
        let case = cases.iter().find(|case| {
            case.message.request_id == answer.request_id
                && told
                    .violations
                    .iter()
                    .any(|v| (&v.field, v.rule.as_str()) == (&case.path, case.rule))
        });
        assert!(case.is_some(), "{told:?}");
        count += 1;
    }
    assert_eq!(count, cases.len());
}

fn good() -> Signal {
    of("gemeente", NUISANCE, "OVE.GEL", subjects::good())
}

fn about(subject: Subject) -> Signal {
    Signal {
        subjects: vec![subject],
        ..good()
    }
}

fn of_the_request() -> Vec<Case<SubmitSignalRequest>> {
    let named = |id: &str| SubmitSignalRequest {
        request_id: id.to_owned(),
        ..submit(good())
    };
    let nil = "00000000-0000-0000-0000-000000000000";
    vec![
        Case::new("request_id", "REQUIRED", "", named("")),
        Case::new(
            "request_id",
            "UUID_FORM",
            "verzoek-4711",
            named("verzoek-4711"),
        ),
        Case::new("request_id", "UUID_FORM", nil, named(nil)),
        Case::new(
            "signal",
            "REQUIRED",
            "",
            SubmitSignalRequest {
                signal: None,
                ..submit(good())
            },
        ),
    ]
}

fn with(
    path: &str,
    rule: &'static str,
    value: &str,
    change: impl FnOnce(&mut Signal),
) -> Case<Signal> {
    let mut signal = good();
    change(&mut signal);
    Case::new(path, rule, value, signal)
}

fn text(
    path: &str,
    rule: &'static str,
    value: &str,
    at: impl FnOnce(&mut Signal) -> &mut String,
) -> Case<Signal> {
    with(path, rule, value, |signal| value.clone_into(at(signal)))
}

fn of_the_signal() -> Cases {
    let v4 = "5f0c1a52-3a3f-4a53-9a3c-6d1f0c1e4711";
    let v7 = "01993a5c-7e1b-7abc-8def-0123456789ab";
    let category = |scheme: &str, code: &str| {
        let category = Category {
            scheme: scheme.to_owned(),
            code: code.to_owned(),
        };
        move |signal: &mut Signal| signal.category = Some(category)
    };
    let purposes = |all: &[&str]| {
        let all: Vec<String> = all.iter().map(|&p| p.to_owned()).collect();
        move |signal: &mut Signal| signal.purposes = all
    };
    vec![
        text("id", "REQUIRED", "", |s| &mut s.id),
        text("id", "UUID_FORM", "melding-4711", |s| &mut s.id),
        text("id", "UUID_FORM", BARE, |s| &mut s.id),
        text("id", "UUID_FORM", &format!("{{{v7}}}"), |s| &mut s.id),
        text("id", "UUID_FORM", &format!("urn:uuid:{v7}"), |s| &mut s.id),
        text("id", "UUID_V7", v4, |s| &mut s.id),
        text("covenant", "REQUIRED", "", |s| &mut s.covenant),
        text("covenant", "NAME_FORM", "Veilig Op Bezoek", |s| {
            &mut s.covenant
        }),
        text("covenant", "COVENANT_UNKNOWN", "ander-convenant", |s| {
            &mut s.covenant
        }),
        with("purposes", "REQUIRED", "", purposes(&[])),
        with(
            "purposes[0]",
            "PURPOSE_UNKNOWN",
            "woningtoewijzing",
            purposes(&["woningtoewijzing"]),
        ),
        with(
            "purposes[0]",
            "PURPOSE_UNKNOWN",
            "Heel Iets Anders",
            purposes(&["Heel Iets Anders"]),
        ),
        with(
            "purposes[1]",
            "TWICE",
            "",
            purposes(&["woonoverlast", "woonoverlast"]),
        ),
        with("category", "REQUIRED", "", |s| s.category = None),
        with("category.scheme", "REQUIRED", "", category("", "OVE.GEL")),
        with("category.code", "REQUIRED", "", category("vera", "")),
        with(
            "category",
            "NAME_FORM",
            "OVE gel 4711",
            category("vera", "OVE gel 4711"),
        ),
        with(
            "category",
            "CATEGORY_UNKNOWN",
            "HEEL.ANDERS",
            category("vera", "HEEL.ANDERS"),
        ),
        with("subjects", "REQUIRED", "", |s| s.subjects.clear()),
        with("subjects", "TOO_MANY", "", |s| {
            s.subjects = vec![subjects::good(); 17]
        }),
    ]
}

#[expect(clippy::too_many_lines, reason = "one story, told in order")]
fn of_what_goes_with_it() -> Cases {
    let at = |seconds: i64, nanos: i32| {
        move |s: &mut Signal| s.observed_at = Some(prost_types::Timestamp { seconds, nanos })
    };
    let attribute = |name: &str, value: &str| Attribute {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let attributes = |all: Vec<Attribute>| move |s: &mut Signal| s.attributes = all;
    let long = "qx".repeat(2_001);
    let many: Vec<_> = (0..33)
        .map(|n| attribute(&format!("naam-{n}"), "x"))
        .collect();
    let twice = vec![attribute("wijze", "a"), attribute("wijze", "b")];
    let tomorrow = good().observed_at.unwrap().seconds + 90_000;
    let code =
        |value: &'static str| text("neighbourhood", "CBS_CODE", value, |s| &mut s.neighbourhood);
    vec![
        with("observed_at", "REQUIRED", "", |s| s.observed_at = None),
        with("observed_at", "TIME_FORM", "", at(0, -1)),
        with("observed_at", "TIME_FORM", "", at(253_402_300_800, 0)),
        with("observed_at", "IN_THE_FUTURE", "", at(tomorrow, 0)),
        with("observed_at", "SIGNAL_EXPIRED", "", at(1_000_000_000, 0)),
        code("Roosdonk-Zuid"),
        code("BU0471"),
        with("certainty", "UNSPECIFIED", "", |s| s.certainty = 0),
        with("certainty", "UNKNOWN_VALUE", "", |s| s.certainty = 99),
        with("certainty", "CERTAINTY_TOO_LOW", "", |s| {
            s.certainty = Certainty::Reported.into();
            s.category = Some(Category {
                scheme: "vera".to_owned(),
                code: "AGR.FYS".to_owned(),
            });
        }),
        with("provenance", "UNSPECIFIED", "", |s| s.provenance = 0),
        with("provenance", "UNKNOWN_VALUE", "", |s| s.provenance = 99),
        with("provenance", "PROVENANCE_REFUSED", "", |s| {
            s.provenance = Provenance::Received.into()
        }),
        with("attributes", "TOO_MANY", "", attributes(many)),
        with(
            "attributes[0].name",
            "REQUIRED",
            "",
            attributes(vec![attribute("", "x")]),
        ),
        with(
            "attributes[0].name",
            "NAME_FORM",
            "Naam 4711",
            attributes(vec![attribute("Naam 4711", "x")]),
        ),
        with("attributes[1].name", "TWICE", "wijze", attributes(twice)),
        with(
            "attributes[0].value",
            "REQUIRED",
            "",
            attributes(vec![attribute("wijze", "")]),
        ),
        with(
            "attributes[0].value",
            "TOO_LONG",
            &long,
            attributes(vec![attribute("wijze", &long)]),
        ),
        with("police_article", "UNKNOWN_VALUE", "", |s| {
            s.police_article = 99
        }),
        with("police_article", "NOT_ALLOWED", "", |s| {
            s.police_article = PoliceArticle::PoliceArticle8.into();
        }),
        text("source_reference", "TOO_LONG", &"zk".repeat(65), |s| {
            &mut s.source_reference
        }),
    ]
}

/// What one party may not and another may.
fn by_party() -> Vec<(&'static str, Case<SubmitSignalRequest>)> {
    let of = |party, code| of(party, NUISANCE, code, subjects::good());
    let police = Signal {
        police_article: 0,
        ..of("politie", "OVE.GEL")
    };
    let care = of("zorg", "OVE.GEL");
    vec![
        (
            "politie",
            Case::new("police_article", "REQUIRED", "", police).within("signal", submit),
        ),
        (
            "zorg",
            Case::new("category", "CATEGORY_NOT_YOURS", "OVE.GEL", care).within("signal", submit),
        ),
    ]
}
