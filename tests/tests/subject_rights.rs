//! A data subject asks what was shared about them: from the desk to the letter, and what follows when
//! a signal is taken back. Real nodes, a real broker.

use anyhow::{Context as _, Result, ensure};
use journeys::desk::request;
use journeys::realm::{Realm, eventually, quick, today};
use journeys::voice::{date, reason};
use journeys::world::{SAFE_VISIT, of};
use ledger::{Kind, LogVerifier, Outcome};
use sandbox::Plan;
use sandbox::messages::{Home, fresh_id, home, visit};
use tonic::transport::Channel;
use wire::audit_v1::{Entry, EntryFilter, ExportRequest, ListEntriesRequest, SubjectPseudonym};
use wire::node_v1::rights_service_client::RightsServiceClient;
use wire::node_v1::{
    AcknowledgeRecallRequest, AnswerCaseRequest, AnswerCaseResponse, ApplyToSignalsRequest, Case,
    CaseItem, CaseKind, ConfirmCaseRequest, HeldBack, HoldBackRequest, ItemRole, ListCasesRequest,
    ListPseudonymsRequest, ListRecallsRequest, PassOnCaseRequest, SignalAction, StoredRecall,
    UnlinkEntriesRequest,
};
use wire::type_v1::{RecallOutcome, RecallReason};

const DOOR: Home = Home {
    postcode: "9999ZZ",
    number: 12,
    shielded: false,
};

type Rights = RightsServiceClient<Channel>;

/// A world in which recalls go out every second.
fn plan() -> Plan {
    Plan {
        recalls_every_seconds: 1,
        ..quick()
    }
}

/// The desk of a party.
fn desk(realm: &Realm, party: &str) -> Result<Rights> {
    Ok(realm.client(party, "officer")?.desk())
}

/// Takes a request in, and has another employee confirm it.
async fn confirmed(desk: &Rights, kind: CaseKind, about: Home) -> Result<Case> {
    let request = request(SAFE_VISIT.0, kind, home(about), today().start());
    let mut desk = desk.clone();
    let opened = desk.open_case(request).await?.into_inner().case;
    let id = opened.context("a case")?.id;
    let alone = confirm(&mut desk, &id, "balie-1").await;
    let refused = alone.err().context("one employee is not two")?;
    ensure!(reason(&refused) == "SECOND_EMPLOYEE_NEEDED", "{refused:?}");
    Ok(confirm(&mut desk, &id, "balie-2").await?)
}

async fn confirm(desk: &mut Rights, id: &str, actor: &str) -> Result<Case, tonic::Status> {
    let request = ConfirmCaseRequest {
        request_id: fresh_id(),
        case_id: id.to_owned(),
        actor: actor.to_owned(),
    };
    let answer = desk.confirm_case(request).await?.into_inner();
    answer.case.ok_or_else(|| tonic::Status::internal("a case"))
}

async fn answer(desk: &Rights, id: &str, actor: &str) -> Result<AnswerCaseResponse> {
    let request = AnswerCaseRequest {
        request_id: fresh_id(),
        case_id: id.to_owned(),
        actor: actor.to_owned(),
    };
    Ok(desk.clone().answer_case(request).await?.into_inner())
}

/// The municipality knows something about the door; the corporation asks and is advised.
async fn advised(realm: &Realm) -> Result<String> {
    realm.connected().await?;
    let about = home(DOOR);
    let signal = of("gemeente", SAFE_VISIT, "AGR.FYS", about.clone());
    let id = realm.push("gemeente", signal).await?;
    let client = realm.client("corporatie", "handler")?;
    let (covenant, purpose) = SAFE_VISIT;
    let question = visit(covenant, purpose, &client.role, about);
    let told = client.checks().check_visit(question).await?.into_inner();
    ensure!(told.advice == "ga-met-twee", "{}", told.advice);
    Ok(id)
}

/// Entries as the auditor reads them, with what their outcomes say.
async fn audited(realm: &Realm, filter: EntryFilter) -> Result<Vec<(Entry, Outcome)>> {
    let request = ListEntriesRequest {
        filter: Some(filter),
        page_size: 1_000,
        ..ListEntriesRequest::default()
    };
    let page = realm.auditor()?.list_entries(request).await?.into_inner();
    let read = |entry: Entry| {
        let opening = entry.outcome.clone().context("an outcome")?;
        Ok((entry, Outcome::from_json(&opening.content)?))
    };
    page.entries.into_iter().map(read).collect()
}

async fn of_kind(realm: &Realm, kind: Kind) -> Result<Vec<Outcome>> {
    let filter = EntryFilter {
        kind: kind.as_str().to_owned(),
        ..EntryFilter::default()
    };
    let found = audited(realm, filter).await?;
    Ok(found.into_iter().map(|(_, outcome)| outcome).collect())
}

fn steps(outcomes: &[Outcome]) -> Vec<String> {
    let step = |outcome: &Outcome| {
        let mut facts = outcome.facts.iter();
        let found = facts.find(|(name, _)| name.as_str() == "step");
        found.map(|(_, fact)| match fact {
            ledger::outcome::Fact::Word(word) => word.to_string(),
            other => format!("{other:?}"),
        })
    };
    outcomes.iter().filter_map(step).collect()
}

fn provided(case: &Case) -> Result<&CaseItem> {
    let mut items = case.items.iter();
    let found = items.find(|item| item.role() == ItemRole::Provided);
    found.with_context(|| format!("something was provided: {} items", case.items.len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_answered_by_each_party_for_itself() -> Result<()> {
    let realm = Realm::start(&plan()).await?;
    advised(&realm).await?;

    let source = desk(&realm, "gemeente")?;
    let case = confirmed(&source, CaseKind::Access, DOOR).await?;
    let item = provided(&case)?;
    ensure!(item.other_party == "corporatie", "{}", item.other_party);
    ensure!(item.purpose == SAFE_VISIT.1 && item.clause == "3.1");
    ensure!(item.signal_kinds == ["agressie-tegen-medewerker"]);
    ensure!(
        item.provided_on.contains("AVG 6.1.e"),
        "{}",
        item.provided_on
    );
    ensure!(case.signals.len() == 1, "the party's own signal is found");

    let asker = desk(&realm, "corporatie")?;
    let theirs = confirmed(&asker, CaseKind::Access, DOOR).await?;
    let roles: Vec<ItemRole> = theirs.items.iter().map(CaseItem::role).collect();
    ensure!(
        roles.iter().all(|role| *role == ItemRole::Asked),
        "{roles:?}"
    );
    ensure!(
        theirs.items.iter().all(|item| item.other_party.is_empty()),
        "an answer does not say on whom it rests"
    );
    let police = confirmed(&desk(&realm, "politie")?, CaseKind::Access, DOOR).await?;
    ensure!(
        police.items.is_empty(),
        "the police was asked, and let nobody know anything"
    );

    let told = answer(&source, &case.id, "balie-3").await?;
    ensure!(told.letter_nl.contains("De Linde"), "{}", told.letter_nl);
    ensure!(!told.letter_nl.contains("medewerker-0017"), "no employee");
    let json: serde_json::Value = serde_json::from_slice(&told.answer_json)?;
    ensure!(json.to_string().contains("bezoekveiligheid"), "{json}");
    let again = answer(&source, &case.id, "balie-3").await?;
    ensure!(again.answer_json == told.answer_json && again.letter_nl == told.letter_nl);

    let looked_up = of_kind(&realm, Kind::SubjectLookedUp).await?;
    ensure!(looked_up.len() == 3, "{}", looked_up.len());
    let answered = steps(&of_kind(&realm, Kind::AccessRequestAnswered).await?);
    ensure!(answered == ["answered"], "{answered:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_stay_silent_reads_as_nothing() -> Result<()> {
    let realm = Realm::start(&plan()).await?;
    advised(&realm).await?;
    let source = desk(&realm, "gemeente")?;
    let case = confirmed(&source, CaseKind::Access, DOOR).await?;
    let held = HoldBackRequest {
        request_id: fresh_id(),
        case_id: case.id.clone(),
        actor: "balie-2".to_owned(),
        indices: case.items.iter().map(|item| item.index).collect(),
        held_back: Some(HeldBack {
            ground: "UAVG 41.1.d".to_owned(),
            reason: "Er loopt een onderzoek.".to_owned(),
            review_on: Some(date(today().plus_days(60))),
            told: false,
            actor: String::new(),
        }),
        release: false,
    };
    source.clone().hold_back(held).await?;
    let silent = answer(&source, &case.id, "balie-1").await?;

    let elsewhere = Home { number: 13, ..DOOR };
    let nothing = confirmed(&source, CaseKind::Access, elsewhere).await?;
    ensure!(nothing.items.is_empty());
    let empty = answer(&source, &nothing.id, "balie-1").await?;
    let same = |text: &str, from: &Case| text.replace(&from.id, "ZAAK");
    ensure!(
        same(&silent.letter_nl, &case) == same(&empty.letter_nl, &nothing)
            && same(&silent.letter_en, &case) == same(&empty.letter_en, &nothing),
        "{}\n----\n{}",
        silent.letter_nl,
        empty.letter_nl
    );
    let json = |answer: &AnswerCaseResponse, case: &Case| {
        let text = String::from_utf8_lossy(&answer.answer_json).into_owned();
        same(&text, case)
    };
    ensure!(json(&silent, &case) == json(&empty, &nothing));

    let later = confirmed(&source, CaseKind::Access, DOOR).await?;
    ensure!(
        later.items.iter().all(|item| item.held_back.is_some()),
        "held back in a later case too"
    );
    Ok(())
}

/// A recall at the corporation.
async fn recalled(realm: &Realm) -> Result<StoredRecall> {
    let client = realm.client("corporatie", "handler")?;
    eventually("the corporation hears of it", async || {
        let request = ListRecallsRequest {
            unacknowledged: true,
            ..ListRecallsRequest::default()
        };
        let page = client.notices().list_recalls(request).await?.into_inner();
        Ok(page.recalls.into_iter().next())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_signal_is_recalled_unlinked_and_every_proof_holds() -> Result<()> {
    let realm = Realm::start(&plan()).await?;
    let signal = advised(&realm).await?;
    let source = desk(&realm, "gemeente")?;
    let case = confirmed(&source, CaseKind::Erasure, DOOR).await?;
    let request = ApplyToSignalsRequest {
        request_id: fresh_id(),
        case_id: case.id.clone(),
        actor: "balie-2".to_owned(),
        signal_ids: vec![signal],
        action: SignalAction::Withdraw.into(),
    };
    source.clone().apply_to_signals(request).await?;

    let recall = recalled(&realm).await?;
    let body = recall.recall.context("a recall")?;
    ensure!(body.reason() == RecallReason::Erasure);
    let client = realm.client("corporatie", "handler")?;
    let request = AcknowledgeRecallRequest {
        request_id: fresh_id(),
        recall_id: body.recall_id.clone(),
        actor: "medewerker-0017".to_owned(),
        outcome: RecallOutcome::Deleted.into(),
    };
    client.notices().acknowledge_recall(request).await?;
    eventually("the broker has it", async || {
        let all = steps(&of_kind(&realm, Kind::Recall).await?);
        Ok(all.contains(&"acknowledged".to_owned()).then_some(()))
    })
    .await?;
    let police = realm.client("politie", "handler")?;
    let none = police
        .notices()
        .list_recalls(ListRecallsRequest::default())
        .await?
        .into_inner();
    ensure!(
        none.recalls.is_empty(),
        "who was told nothing hears nothing"
    );
    let used = steps(&of_kind(&realm, Kind::Erasure).await?);
    ensure!(used == ["applied_to_signal"], "{used:?}");

    let after = confirmed(&source, CaseKind::Erasure, DOOR).await?;
    let item = provided(&after)?;
    ensure!(item.recalled_on.is_some() && item.recall_acknowledged_on.is_some());
    let about = only_the_auditor_finds_it(&realm, &source, &after, item.index).await?;

    let unlink = UnlinkEntriesRequest {
        request_id: fresh_id(),
        case_id: after.id.clone(),
        actor: "balie-2".to_owned(),
        indices: vec![item.index],
    };
    source.clone().unlink_entries(unlink).await?;
    let linked = audited(&realm, about).await?;
    ensure!(linked.iter().all(|(entry, _)| entry.index != item.index));
    let gone = confirmed(&source, CaseKind::Access, DOOR).await?;
    ensure!(gone.items.iter().all(|one| one.index != item.index));
    verifies(&realm).await
}

/// By the pseudonyms that a desk makes for an auditor, the entry is found: by the auditor, and by no
/// party. Answers what the auditor asked by.
async fn only_the_auditor_finds_it(
    realm: &Realm,
    source: &Rights,
    case: &Case,
    index: u64,
) -> Result<EntryFilter> {
    let pseudonyms = ListPseudonymsRequest {
        case_id: case.id.clone(),
        actor: "balie-2".to_owned(),
    };
    let listed = source.clone().list_pseudonyms(pseudonyms).await?;
    let about: Vec<SubjectPseudonym> = listed
        .into_inner()
        .pseudonyms
        .into_iter()
        .map(|one| SubjectPseudonym {
            epoch: one.epoch,
            match_key: one.match_key,
            value: one.value,
        })
        .collect();
    let filter = EntryFilter {
        subject: about,
        ..EntryFilter::default()
    };
    let linked = audited(realm, filter.clone()).await?;
    ensure!(
        linked.iter().any(|(entry, _)| entry.index == index),
        "the auditor finds it by pseudonym"
    );
    ensure!(
        linked
            .iter()
            .all(|(_, outcome)| outcome.subject_commitment.is_some())
    );
    let refused = realm
        .log_of("politie")?
        .list_entries(ListEntriesRequest {
            filter: Some(filter.clone()),
            ..ListEntriesRequest::default()
        })
        .await;
    ensure!(refused.is_err(), "a party may not look by pseudonym");
    Ok(filter)
}

/// Everything that the auditor can export holds.
async fn verifies(realm: &Realm) -> Result<()> {
    let mut stream = realm
        .auditor()?
        .export(ExportRequest::default())
        .await?
        .into_inner();
    let mut lines = Vec::new();
    while let Some(piece) = stream.message().await? {
        lines.extend_from_slice(&piece.lines);
    }
    let verifier = LogVerifier::parse(&realm.world.broker.log_key)?;
    let report = ledger::verify(&lines[..], &verifier)?;
    ensure!(report.is_good(), "{report:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_signal_advises_nobody_until_that_is_lifted() -> Result<()> {
    let realm = Realm::start(&plan()).await?;
    let signal = advised(&realm).await?;
    let source = desk(&realm, "gemeente")?;
    let case = confirmed(&source, CaseKind::Restriction, DOOR).await?;
    let apply = async |action: SignalAction| {
        let request = ApplyToSignalsRequest {
            request_id: fresh_id(),
            case_id: case.id.clone(),
            actor: "balie-2".to_owned(),
            signal_ids: vec![signal.clone()],
            action: action.into(),
        };
        source.clone().apply_to_signals(request).await
    };
    apply(SignalAction::Restrict).await?;
    advice_is(&realm, "geen-advies").await?;
    let recall = recalled(&realm).await?.recall.context("a recall")?;
    ensure!(recall.reason() == RecallReason::Restriction);
    apply(SignalAction::Lift).await?;
    advice_is(&realm, "ga-met-twee").await
}

/// Asks once: the covenant counts questions about one subject.
async fn advice_is(realm: &Realm, expected: &str) -> Result<()> {
    realm.delivered("gemeente").await?;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let client = realm.client("corporatie", "handler")?;
    let (covenant, purpose) = SAFE_VISIT;
    let question = visit(covenant, purpose, &client.role, home(DOOR));
    let told = client.checks().check_visit(question).await?.into_inner();
    ensure!(told.advice == expected, "{}", told.advice);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_passed_on_sealed_and_answered_elsewhere() -> Result<()> {
    let realm = Realm::start(&plan()).await?;
    advised(&realm).await?;
    let asker = desk(&realm, "corporatie")?;
    let case = confirmed(&asker, CaseKind::Access, DOOR).await?;
    let request = PassOnCaseRequest {
        request_id: fresh_id(),
        case_id: case.id.clone(),
        actor: "balie-2".to_owned(),
        parties: vec!["gemeente".to_owned()],
    };
    let passed = asker.clone().pass_on_case(request).await?.into_inner();
    ensure!(passed.parties == ["gemeente"]);
    let mut source = desk(&realm, "gemeente")?;
    let arrived = eventually("it arrives", async || {
        let page = source
            .clone()
            .list_cases(ListCasesRequest::default())
            .await?;
        Ok(page.into_inner().cases.into_iter().next())
    })
    .await?;
    ensure!(arrived.passed_on_by == "corporatie", "{arrived:?}");
    confirm(&mut source, &arrived.id, "loket-1").await?;
    let theirs = confirm(&mut source, &arrived.id, "loket-2").await?;
    ensure!(provided(&theirs)?.other_party == "corporatie");
    let logged = of_kind(&realm, Kind::RequestPassedOn).await?;
    ensure!(logged.len() == 1);
    Ok(())
}
