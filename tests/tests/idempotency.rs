//! The same request again is the same request: one signal, one question, one entry in the log.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use journeys::world::{NUISANCE, SAFE_VISIT, World, of};
use sandbox::clients::NodeClient;
use sandbox::messages::{Home, fresh_id, home, submit, visit};
use tonic::{Code, Status};
use wire::audit_v1::EntryFilter;
use wire::node_v1::submit_signals_response::Outcome;
use wire::node_v1::{
    AcknowledgeNoticeRequest, CheckVisitRequest, Signal, SignalState, Subject, SubmitSignalRequest,
    SubmitSignalsRequest, WithdrawSignalRequest,
};
use wire::reason::Reason;
use wire::type_v1::WithdrawalReason;

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_again_is_one_signal() {
    let world = World::in_process().await.unwrap();
    let client = world.partner("gemeente").unwrap();
    let request = submit(nuisance("gemeente", 1));
    let first = client
        .signals()
        .submit_signal(request.clone())
        .await
        .unwrap()
        .into_inner();
    for _ in 0..3 {
        let again = client
            .signals()
            .submit_signal(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(again, first);
    }
    // Under a fresh request id it is still the same signal.
    let renamed = SubmitSignalRequest {
        request_id: fresh_id(),
        ..request.clone()
    };
    let again = client
        .signals()
        .submit_signal(renamed)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    // Another signal may use neither id.
    let other = SubmitSignalRequest {
        request_id: request.request_id.clone(),
        ..submit(nuisance("gemeente", 2))
    };
    refused(
        client.signals().submit_signal(other).await,
        Reason::RequestIdReused,
    );
    let mut same_id = nuisance("gemeente", 2);
    same_id.id.clone_from(&request.signal.as_ref().unwrap().id);
    refused(
        client.signals().submit_signal(submit(same_id)).await,
        Reason::SignalIdReused,
    );
    // Ids count within one client: another party's are its own business.
    let theirs = SubmitSignalRequest {
        request_id: request.request_id.clone(),
        ..submit(nuisance("corporatie", 3))
    };
    world
        .partner("corporatie")
        .unwrap()
        .signals()
        .submit_signal(theirs)
        .await
        .unwrap();
    assert_eq!(world.signals("gemeente").await.unwrap().len(), 1);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_one_signal_and_one_notice() {
    let world = World::in_process().await.unwrap();
    world
        .push("corporatie", NUISANCE, "OVE.GEL", place(1))
        .await
        .unwrap();
    let request = submit(nuisance("gemeente", 1));
    let clients: Vec<_> = (0..12)
        .map(|_| world.partner("gemeente").unwrap())
        .collect();
    let calls = clients.into_iter().map(|client| {
        let request = request.clone();
        tokio::spawn(async move { client.signals().submit_signal(request).await })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap().unwrap().into_inner());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.signals("gemeente").await.unwrap().len(), 1);
    world.noticed("gemeente", "regisseur", 1).await.unwrap();
    // A second pair is noticed after the first: by then a double of the first would be here too.
    pair(&world, 2).await;
    let notices = world.noticed("gemeente", "regisseur", 2).await.unwrap();
    assert_eq!(notices.len(), 2);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_again_is_answered_and_logged_once() {
    let world = World::in_process().await.unwrap();
    world
        .push("gemeente", SAFE_VISIT, "AGR.FYS", place(1))
        .await
        .unwrap();
    world.delivered("gemeente").await.unwrap();
    let client = world.client("corporatie", "huismeester").unwrap();
    let request = question(1);
    let first = client
        .checks()
        .check_visit(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.advice, "ga-met-twee");
    // More often than the covenant lets anybody ask about one subject.
    for _ in 0..20 {
        let again = client
            .checks()
            .check_visit(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(again, first);
    }
    let other = CheckVisitRequest {
        request_id: request.request_id.clone(),
        ..question(2)
    };
    refused(
        client.checks().check_visit(other).await,
        Reason::RequestIdReused,
    );
    assert_eq!(answered(&world).await, 1);
    let together = question(3);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let (client, request) = (client.clone(), together.clone());
            tokio::spawn(async move { client.checks().check_visit(request).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap().unwrap().into_inner());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answered(&world).await, 2);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_item_of_a_stream_is_answered_by_itself() {
    let world = World::in_process().await.unwrap();
    let client = world.partner("gemeente").unwrap();
    let mut expected = BTreeMap::new();
    let mut items = Vec::new();
    for number in 0..60 {
        let mut signal = nuisance("gemeente", number + 1);
        let rule = match number % 5 {
            0 => {
                signal.subjects.clear();
                Some("REQUIRED")
            }
            1 => {
                signal.certainty = 99;
                Some("UNKNOWN_VALUE")
            }
            _ => None,
        };
        let item = item(submit(signal));
        expected.insert(item.request_id.clone(), rule);
        items.push(item);
    }
    let answers = stream(&client, items.clone()).await;
    assert_eq!(answers.len(), items.len());
    for (request_id, outcome) in &answers {
        match (expected[request_id], outcome) {
            (None, Outcome::Accepted(accepted)) => assert!(accepted.accepted_at.is_some()),
            (Some(rule), Outcome::Rejected(status)) => {
                let told = wire::status::read_message(status);
                assert_eq!(
                    (told.code, told.violations[0].rule.as_str()),
                    (Code::InvalidArgument, rule)
                );
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.signals("gemeente").await.unwrap().len(), 36);
    // The whole stream again, and once more as single calls: the same answers, nothing new.
    let again = stream(&client, items.clone()).await;
    assert_eq!(by_id(&again), by_id(&answers));
    for item in items {
        let SubmitSignalsRequest {
            request_id,
            signal,
            validate_only,
        } = item;
        let request = SubmitSignalRequest {
            request_id: request_id.clone(),
            signal,
            validate_only,
        };
        let single = client.signals().submit_signal(request).await;
        match by_id(&answers)[&request_id] {
            Outcome::Accepted(accepted) => assert_eq!(
                single.unwrap().into_inner().accepted.as_ref(),
                Some(accepted)
            ),
            Outcome::Rejected(status) => assert_eq!(single.unwrap_err().message(), status.message),
        }
    }
    assert_eq!(world.signals("gemeente").await.unwrap().len(), 36);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_checked_is_not_stored() {
    let world = World::in_process().await.unwrap();
    let client = world.partner("gemeente").unwrap();
    let request = submit(nuisance("gemeente", 1));
    let only = SubmitSignalRequest {
        validate_only: true,
        ..request.clone()
    };
    let checked = client
        .signals()
        .submit_signal(only.clone())
        .await
        .unwrap()
        .into_inner();
    let checked = checked.accepted.unwrap();
    assert_eq!(checked.accepted_at, None);
    assert_eq!(checked.comparisons, ["adres"]);
    let streamed = stream(&client, vec![item(only)]).await;
    assert!(matches!(&streamed[0].1, Outcome::Accepted(accepted) if *accepted == checked));
    assert!(world.signals("gemeente").await.unwrap().is_empty());
    // It used up nothing: the same ids are taken for good now.
    let taken = client
        .signals()
        .submit_signal(request)
        .await
        .unwrap()
        .into_inner()
        .accepted
        .unwrap();
    assert!(taken.accepted_at.is_some());
    assert_eq!(
        (taken.signal_id, taken.expires_on),
        (checked.signal_id, checked.expires_on)
    );
    world.delivered("gemeente").await.unwrap();
    let id = world.signals("gemeente").await.unwrap()[0]
        .signal
        .clone()
        .unwrap()
        .id;
    let withdrawal = WithdrawSignalRequest {
        validate_only: true,
        ..withdrawal(&id)
    };
    let could = client
        .signals()
        .withdraw_signal(withdrawal)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((could.signal_id, could.withdrawn_at), (id, None));
    assert_eq!(
        world.signals("gemeente").await.unwrap()[0].state(),
        SignalState::Delivered
    );
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one story, told in order")]
async fn what_is_withdrawn_stays_withdrawn() {
    let world = World::in_process().await.unwrap();
    let client = world.partner("corporatie").unwrap();
    let request = submit(nuisance("corporatie", 1));
    let taken = client
        .signals()
        .submit_signal(request.clone())
        .await
        .unwrap()
        .into_inner();
    let id = taken.accepted.clone().unwrap().signal_id;
    world
        .push("gemeente", NUISANCE, "OVE.GEL", place(1))
        .await
        .unwrap();
    world.noticed("gemeente", "regisseur", 1).await.unwrap();
    let withdrawal = withdrawal(&id);
    let first = client
        .signals()
        .withdraw_signal(withdrawal.clone())
        .await
        .unwrap()
        .into_inner();
    for _ in 0..3 {
        let again = client
            .signals()
            .withdraw_signal(withdrawal.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(again, first);
    }
    let fresh = WithdrawSignalRequest {
        request_id: fresh_id(),
        ..withdrawal.clone()
    };
    let again = client
        .signals()
        .withdraw_signal(fresh)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let mut other = withdrawal;
    other.reason = WithdrawalReason::Objection.into();
    refused(
        client.signals().withdraw_signal(other).await,
        Reason::RequestIdReused,
    );
    // The old request still has its old answer; the signal does not come back.
    let again = client
        .signals()
        .submit_signal(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, taken);
    let renamed = SubmitSignalRequest {
        request_id: fresh_id(),
        ..request
    };
    refused(
        client.signals().submit_signal(renamed).await,
        Reason::SignalWithdrawn,
    );
    assert_eq!(
        world.signals("corporatie").await.unwrap()[0].state(),
        SignalState::Withdrawn
    );
    // Two rounds later the broker has it too: what comes now finds nothing at this address.
    for number in [2, 3] {
        pair(&world, number).await;
        let count = number as usize;
        world.noticed("gemeente", "regisseur", count).await.unwrap();
    }
    world
        .push("gemeente", NUISANCE, "OVE.GEL", place(1))
        .await
        .unwrap();
    world.delivered("gemeente").await.unwrap();
    pair(&world, 4).await;
    let notices = world.noticed("gemeente", "regisseur", 4).await.unwrap();
    assert_eq!(notices.len(), 4);
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_acknowledged_once() {
    let world = World::in_process().await.unwrap();
    pair(&world, 1).await;
    let notice = world.noticed("gemeente", "regisseur", 1).await.unwrap()[0]
        .notice
        .clone()
        .unwrap();
    let client = world.client("gemeente", "regisseur").unwrap();
    let request = AcknowledgeNoticeRequest {
        request_id: fresh_id(),
        notice_id: notice.id.clone(),
        actor: "medewerker-0017".to_owned(),
    };
    let first = client
        .notices()
        .acknowledge_notice(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = client
        .notices()
        .acknowledge_notice(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, first);
    let fresh = AcknowledgeNoticeRequest {
        request_id: fresh_id(),
        ..request.clone()
    };
    assert_eq!(
        client
            .notices()
            .acknowledge_notice(fresh)
            .await
            .unwrap()
            .into_inner(),
        first
    );
    let other = AcknowledgeNoticeRequest {
        actor: "medewerker-0018".to_owned(),
        ..request
    };
    refused(
        client.notices().acknowledge_notice(other).await,
        Reason::RequestIdReused,
    );
    let kept = world.notices("gemeente", "regisseur").await.unwrap();
    assert_eq!(kept[0].acknowledged_at, first.acknowledged_at);
    world.stop().await.unwrap();
}

fn place(number: u32) -> Subject {
    home(Home {
        postcode: "9999ZZ",
        number,
        shielded: false,
    })
}

fn nuisance(party: &str, number: u32) -> Signal {
    of(party, NUISANCE, "OVE.GEL", place(number))
}

/// Both parties report one address.
async fn pair(world: &World, number: u32) {
    for party in ["gemeente", "corporatie"] {
        world
            .push(party, NUISANCE, "OVE.GEL", place(number))
            .await
            .unwrap();
    }
}

fn question(number: u32) -> CheckVisitRequest {
    visit(
        SAFE_VISIT.0,
        SAFE_VISIT.1,
        "corporatie.huismeester",
        place(number),
    )
}

fn withdrawal(id: &str) -> WithdrawSignalRequest {
    WithdrawSignalRequest {
        request_id: fresh_id(),
        signal_id: id.to_owned(),
        reason: WithdrawalReason::EnteredInError.into(),
        validate_only: false,
    }
}

fn item(request: SubmitSignalRequest) -> SubmitSignalsRequest {
    let SubmitSignalRequest {
        request_id,
        signal,
        validate_only,
    } = request;
    SubmitSignalsRequest {
        request_id,
        signal,
        validate_only,
    }
}

async fn stream(client: &NodeClient, items: Vec<SubmitSignalsRequest>) -> Vec<(String, Outcome)> {
    let stream = client
        .signals()
        .submit_signals(tokio_stream::iter(items))
        .await;
    let mut stream = stream.unwrap().into_inner();
    let mut answers = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        answers.push((answer.request_id, answer.outcome.unwrap()));
    }
    answers
}

fn by_id(answers: &[(String, Outcome)]) -> BTreeMap<String, &Outcome> {
    answers
        .iter()
        .map(|(id, outcome)| (id.clone(), outcome))
        .collect()
}

/// How many questions the log says were answered: each had one source in its scope.
async fn answered(world: &World) -> usize {
    let kind = "check-answered".to_owned();
    world
        .outcomes(EntryFilter {
            kind,
            ..EntryFilter::default()
        })
        .await
        .unwrap()
        .len()
}

fn refused<T>(answer: Result<T, Status>, reason: Reason) {
    let Err(status) = answer else {
        panic!("{reason} was expected")
    };
    assert_eq!(
        wire::status::read(&status).reason,
        Some(reason),
        "{status:?}"
    );
    assert_eq!(status.code(), reason.code());
}
