//! Questions: asked, verified, answered, refused.

use wire::status::Refusal;

use super::super::test_broker::Answer;
use super::*;
use crate::refusal::Reason;

#[tokio::test]
async fn a_check_is_answered_in_words_once_per_request() {
    let pair = Pair::new().await;
    pair.broker.state().advice = "ga-met-twee".to_owned();
    let asked = question();
    let first = pair.visit(asked.clone()).await.unwrap();
    assert_eq!(
        (first.advice.as_str(), first.text_nl.as_str()),
        ("ga-met-twee", "Ga met twee")
    );
    pair.broker.state().advice = "geen-advies".to_owned();
    let again = pair.visit(asked.clone()).await.unwrap();
    assert_eq!(again, first, "the same request has the same answer");
    assert_eq!(pair.broker.state().questions.len(), 1);
    let altered = Visit {
        content: b"anders".to_vec(),
        ..asked
    };
    let refused = pair.visit(altered).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::RequestIdReused);
    let nothing = pair.visit(question()).await.unwrap();
    assert_eq!(
        (nothing.text_nl.as_str(), nothing.text_en.as_str()),
        ("Geen advies", "No advice")
    );
    let state = pair.broker.state();
    let sent = &state.questions[0];
    assert_eq!(
        sent.header.as_ref().unwrap().actor.as_deref(),
        Some("medewerker-17")
    );
    assert!(sent.file_number_given && !sent.reason_given);
    assert_eq!(
        sent.header.as_ref().unwrap().epoch,
        Some(1),
        "the oldest epoch is complete"
    );
}

#[tokio::test]
async fn an_answer_that_the_log_does_not_bear_out_is_not_shown() {
    let pair = Pair::new().await;
    for lie in [
        Answer::LogsAnother,
        Answer::LeavesOneOut,
        Answer::AnotherQuestion,
    ] {
        pair.broker.state().answer = lie.clone();
        let refused = pair.visit(question()).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::ReceiptInvalid, "{lie:?}");
    }
    pair.broker.state().answer = Answer::Honest;
    pair.visit(question()).await.unwrap();
    pair.broker.fork();
    let refused = pair.visit(question()).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::LogInconsistent);
    assert!(pair.checks.log.is_contradicted());
}

/// Questions that are refused here, each for one reason.
fn refused_here() -> Vec<(Visit, Reason)> {
    let with = |change: fn(&mut Visit), reason| {
        let mut visit = question();
        change(&mut visit);
        (visit, reason)
    };
    vec![
        with(
            |v| v.role = "corporatie.systeem".to_owned(),
            Reason::RoleNotYours,
        ),
        with(
            |v| v.role = "gemeente.toezichthouder".to_owned(),
            Reason::RoleNotYours,
        ),
        with(|v| v.purpose = "reclame".to_owned(), Reason::PurposeUnknown),
        with(
            |v| v.file_number = "  ".to_owned(),
            Reason::FileNumberMissing,
        ),
        with(|v| v.actor = "Jan Jansen".to_owned(), Reason::FieldInvalid),
        with(|v| v.subject = None, Reason::FieldRequired),
        with(|v| v.covenant = "ander".to_owned(), Reason::CovenantUnknown),
    ]
}

#[tokio::test]
async fn who_may_not_ask_is_told_openly_and_only_that_is_reported() {
    let pair = Pair::new().await;
    for (visit, reason) in refused_here() {
        let refused = pair.visit(visit).await.unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
    let system = caller("x", &["corporatie.systeem"]);
    let as_system = Visit {
        role: "corporatie.systeem".to_owned(),
        ..question()
    };
    let refused = pair.checks.visit(&system, as_system).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::QuestionNotAllowed);
    assert!(refused.0.message_nl.starts_with("U mag dit niet opvragen"));
    // What the covenant refuses is for the log; whom or what it was about stays here.
    let state = pair.broker.state();
    let reported: Vec<_> = state
        .questions
        .iter()
        .map(|q| (q.purpose.as_str(), q.role.as_str(), q.file_number_given))
        .collect();
    let asked = question();
    assert_eq!(
        reported,
        [
            ("reclame", asked.role.as_str(), true),
            (asked.purpose.as_str(), asked.role.as_str(), false),
            (asked.purpose.as_str(), "corporatie.systeem", true),
        ]
    );
    let tokens =
        |q: &wire::broker_v1::CheckQuestion| q.subject.as_ref().map_or(0, |s| s.pseudonyms.len());
    assert!(state.questions.iter().all(|q| tokens(q) == 0));
}

#[tokio::test]
async fn an_open_refusal_of_the_broker_is_passed_on_and_not_remembered() {
    let pair = Pair::new().await;
    let said = Refusal::of(Reason::LimitReached).with("clause", "1.1");
    pair.broker.state().answer = Answer::Refuses(said.clone());
    let asked = question();
    let refused = pair.visit(asked.clone()).await.unwrap_err();
    assert_eq!(refused, Refused::from(said));
    pair.broker.state().answer = Answer::Honest;
    pair.visit(asked).await.unwrap();
    let state = pair.broker.state();
    let request = |place: usize| {
        state.questions[place]
            .header
            .as_ref()
            .unwrap()
            .request_id
            .clone()
    };
    assert_eq!(
        request(0),
        request(1),
        "the same question has one id outside"
    );
    assert_eq!(
        state.questions[0].request_commitment,
        state.questions[1].request_commitment
    );
}

#[tokio::test]
async fn nothing_of_the_question_in_clear_leaves_the_node() {
    let pair = Pair::new().await;
    pair.visit(question()).await.unwrap();
    let sent = prost::Message::encode_to_vec(&pair.broker.state().questions[0]);
    for word in ["1234AB", "1234 AB", "AFSPRAAK-1", "vraag "] {
        let word = word.as_bytes();
        assert!(!sent.windows(word.len()).any(|w| w == word));
    }
}
