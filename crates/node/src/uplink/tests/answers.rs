//! What is remembered of an answer: no longer than a clause promises, and not once it was recalled.

use std::path::Path;

use store::{NodeSettings, NodeStore, NodeTx, StoreError};
use wire::type_v1::recall::Told;
use wire::word::RecallOutcome;

use super::*;
use crate::intake::Choice;
use crate::notices::RecallAnswer;
use crate::refusal::Reason;
use crate::testing::today;

/// The sealed bytes that the node keeps under names that begin so.
fn kept(pair: &Pair, begins: &str) -> Vec<Vec<u8>> {
    let rows = pair.checks.store.read(|view| view.receipts_after(None, 99));
    rows.unwrap()
        .into_iter()
        .filter(|(name, _)| name.starts_with(begins.as_bytes()))
        .map(|(_, sealed)| sealed)
        .collect()
}

/// Whether a file under `dir` holds these bytes.
fn is_on_disk(dir: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, needle);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(needle.len()).any(|w| w == needle)
    })
}

async fn purge(store: &NodeStore, after: i32) {
    let unit = move |tx: &mut NodeTx| tx.purge(today().plus_days(after), 99).map(|_| ());
    store.write::<_, StoreError>(unit).await.unwrap();
    store.compact().await.unwrap();
}

#[tokio::test]
async fn an_answer_does_not_come_again_after_the_time_that_its_clause_promises() {
    let dir = tempfile::tempdir().unwrap();
    let (mut world, broker) = Pair::parts();
    world.intake.store = NodeStore::open(dir.path(), NodeSettings::default()).unwrap();
    let address = broker.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.0;
    let pair = Pair::at(world, broker, address);
    pair.broker.state().advice = "ga-met-twee".to_owned();
    let asked = question();
    let first = pair.visit(asked.clone()).await.unwrap();
    assert_eq!(pair.visit(asked.clone()).await.unwrap(), first);
    let remembered = kept(&pair, "answer/").remove(0);
    assert!(is_on_disk(dir.path(), &remembered));

    // `bewaren` is 24 hours. It is over before the purge has come by.
    pair.world.clock.advance_seconds(24 * 3600);
    let gone = pair.visit(asked.clone()).await.unwrap_err();
    assert_eq!(gone.reason(), Reason::AnswerGone);
    purge(&pair.checks.store, 1).await;
    assert!(!is_on_disk(dir.path(), &remembered));
    assert!(kept(&pair, "answer/").is_empty() && kept(&pair, "check/").is_empty());
    let gone = pair.visit(asked.clone()).await.unwrap_err();
    assert_eq!(gone.reason(), Reason::AnswerGone);
    let altered = Visit {
        content: b"anders".to_vec(),
        ..asked.clone()
    };
    let reused = pair.visit(altered).await.unwrap_err();
    assert_eq!(reused.reason(), Reason::RequestIdReused);
    assert_eq!(pair.broker.state().questions.len(), 1, "asked once");

    // A week later the id is forgotten as every other, and the question is a new one.
    pair.world.clock.advance_seconds(7 * 24 * 3600);
    purge(&pair.checks.store, 8).await;
    pair.visit(asked).await.unwrap();
    assert_eq!(pair.broker.state().questions.len(), 2);
}

#[tokio::test]
async fn an_answer_that_was_recalled_does_not_come_again() {
    let pair = Pair::new().await;
    pair.broker.state().advice = "ga-met-twee".to_owned();
    let (asked, other) = (question(), question());
    for visit in [&asked, &other] {
        pair.visit(visit.clone()).await.unwrap();
    }
    let header = pair.broker.state().questions[0].header.clone();
    let told = Told::CheckRequestId(header.unwrap().request_id);
    let recall = pair.broker.recall(told, &["corporatie.huismeester"]);
    pair.broker.state().desk.recalls = vec![recall.clone()];
    pair.broker.send_more();
    until("the recall", || kept(&pair, "answer/").len() == 1).await;
    pair.broker.state().advice = "geen-advies".to_owned();
    let gone = pair.visit(asked.clone()).await.unwrap_err();
    assert_eq!(gone.reason(), Reason::AnswerGone);
    let others = pair.visit(other).await.unwrap();
    assert_eq!(others.advice, "ga-met-twee", "it was not recalled");
    // Asked again, it is another question.
    let anew = pair.visit(question()).await.unwrap();
    assert_eq!(anew.advice, "geen-advies");

    // The proof of what was said goes when somebody dealt with it.
    assert_eq!(kept(&pair, "check/").len(), 3);
    let saying = |outcome| RecallAnswer {
        request_id: model::RequestId::fresh().to_string(),
        recall_id: recall.recall_id.clone(),
        actor: "medewerker-17".to_owned(),
        outcome: Choice::Is(outcome),
    };
    let said = saying(RecallOutcome::Restricted);
    pair.inbox
        .acknowledge_recall(&handler(), &said)
        .await
        .unwrap();
    assert_eq!(kept(&pair, "check/").len(), 3, "a restriction keeps it");
    let said = saying(RecallOutcome::Deleted);
    pair.inbox
        .acknowledge_recall(&handler(), &said)
        .await
        .unwrap();
    assert_eq!(kept(&pair, "check/").len(), 2);
}
