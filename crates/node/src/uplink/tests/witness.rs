//! This node as a witness, and brokers that lie about their log.

use ledger::checkpoint::{Note, SignatureLine};
use model::Timestamp;

use super::*;

const MINUTE: i64 = 60_000;

impl Pair {
    fn log(&self) -> &Log {
        &self.checks.log
    }

    /// Grows the log and has the node cosign it.
    async fn cosigned(&self, entries: u64) {
        let before = self.broker.state().cosigned.len();
        self.broker.grow(entries);
        self.broker.offer();
        until("the checkpoint is cosigned", || {
            self.broker.state().cosigned.len() > before
        })
        .await;
    }

    async fn refused(&self) -> (Vec<u8>, Vec<u8>) {
        until("the broker is told", || {
            !self.broker.state().refusals.is_empty()
        })
        .await;
        let refusal = self.broker.state().refusals[0].clone();
        (refusal.seen.to_vec(), refusal.offered.to_vec())
    }

    /// Nothing is shown any more, the two notes are kept, and no other cosignature left.
    fn stopped(&self, cosigned: usize, notes: &(Vec<u8>, Vec<u8>)) {
        assert!(self.log().is_contradicted());
        assert_eq!(self.broker.state().cosigned.len(), cosigned);
        assert_eq!(self.log().evidence().unwrap().as_ref(), Some(notes));
        let again = Log::open(
            self.log().verifier().clone(),
            self.world.intake.store.clone(),
            self.world.intake.metrics.clone(),
        )
        .unwrap();
        assert!(again.is_contradicted(), "a restart forgets it");
        let fault = again.fault(self.world.now()).unwrap();
        assert!(fault.contains("contradicts"), "{fault}");
    }

    async fn connected(&self) {
        until("connected", || self.world.intake.link.is_connected()).await;
    }
}

#[tokio::test]
async fn a_log_that_grows_is_cosigned_and_kept_first() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(3).await;
    pair.cosigned(300).await;
    let cosigned = pair.broker.state().cosigned.clone();
    assert_eq!(
        cosigned.iter().map(|(size, _)| *size).collect::<Vec<_>>(),
        [3, 303]
    );
    let note = pair.broker.newest();
    let line = SignatureLine::parse(&cosigned[1].1).unwrap();
    let whole = Note::parse(&note).unwrap().with(line).to_bytes();
    let time = cosigner().verifier().verify(&whole).unwrap();
    let now = u64::try_from(pair.world.now().as_millis() / 1_000).unwrap();
    assert!(now.abs_diff(time) <= 5, "{time} and {now}");
    let store = &pair.world.intake.store;
    let kept = store.read(|view| view.note("log-cosigned")).unwrap();
    assert_eq!(kept, Some(note.clone()));
    let seen = store.read(|view| view.seen_checkpoint("log.test")).unwrap();
    assert_eq!(seen.unwrap().note, note);
}

#[tokio::test]
async fn another_history_is_refused_and_both_notes_are_told() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(5).await;
    let before = pair.broker.newest();
    pair.broker.fork();
    pair.broker.grow(2);
    pair.broker.offer();
    let notes = pair.refused().await;
    assert_eq!(notes, (before, pair.broker.newest()));
    pair.stopped(1, &notes);
}

#[tokio::test]
async fn an_entry_that_was_dropped_is_found() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(6).await;
    pair.broker.drop_entry(2);
    pair.broker.grow(4);
    pair.broker.offer();
    let notes = pair.refused().await;
    pair.stopped(1, &notes);
}

#[tokio::test]
async fn a_log_that_goes_back_is_refused_though_it_is_a_true_prefix() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(9).await;
    let before = pair.broker.newest();
    pair.broker.set_back(4);
    pair.broker.offer();
    let notes = pair.refused().await;
    assert_eq!(notes, (before, pair.broker.newest()));
    pair.stopped(1, &notes);
}

#[tokio::test]
async fn a_log_that_was_set_back_is_found_at_the_next_connection_and_after_a_restart() {
    let (world, broker) = Pair::parts();
    let at = SocketAddr::from(([127, 0, 0, 1], 0));
    let (address, serving) = broker.serve(at).await;
    let pair = Pair::at(world, broker.clone(), address);
    pair.connected().await;
    pair.cosigned(9).await;
    serving.abort();
    broker.set_back(4);
    let _ = serving.await;
    // Whatever stream is left ends here; the node comes back and is welcomed with less.
    broker.key(wire::broker_v1::KeyState::Agreed);
    broker.offer();
    let again = broker.serve(address).await;
    let notes = pair.refused().await;
    pair.stopped(1, &notes);
    again.1.abort();
}

#[tokio::test]
async fn a_broker_that_stops_showing_its_log_is_named() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(2).await;
    let start = pair.world.now();
    let after = |minutes: i64| Timestamp::from_millis(start.as_millis() + minutes * MINUTE);
    assert_eq!(pair.log().fault(after(0)), None);
    assert_eq!(pair.log().fault(after(60)), None, "nothing happened since");
    // An answer shows that the log is larger, and it is not offered to be cosigned.
    pair.visit(question()).await.unwrap();
    assert_eq!(pair.log().fault(after(61)), None);
    assert_eq!(pair.log().fault(after(75)), None);
    let fault = pair.log().fault(after(77)).unwrap();
    assert!(fault.contains("no longer shows"), "{fault}");
    pair.broker.offer();
    until("it is offered", || pair.log().fault(after(78)).is_none()).await;
}

#[tokio::test]
async fn a_smaller_offer_than_an_answer_showed_is_no_contradiction() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(2).await;
    // The answer overtakes the offer of the log before it.
    let larger = pair.broker.clone();
    larger.grow(1);
    let note = larger.newest();
    let size = 3;
    pair.visit(question()).await.unwrap();
    let newest = pair.log().newest().unwrap().0;
    assert!(newest.size > size);
    let broker = &pair.checks.broker;
    let followed = pair
        .log()
        .follow(&note, |from, to| broker.consistency(from, to))
        .await
        .unwrap();
    let cosigned = pair
        .log()
        .cosign(followed, &note, &cosigner(), pair.world.now())
        .await
        .unwrap();
    assert_eq!(cosigned.0, size);
    assert!(!pair.log().is_contradicted());
    larger.offer();
}

/// How long a message takes at most that nothing holds up.
const ARRIVES_WITHIN: Duration = Duration::from_millis(300);

#[tokio::test]
async fn an_answer_that_overtakes_an_offer_is_no_contradiction() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(2).await;
    pair.broker.hold_proofs(true);
    // The answer is laid beside the log first, and its proof is on its way ...
    let answered = pair.visit(question());
    let offered = async {
        until("the answer's proof is asked for", || {
            pair.broker.state().proofs_asked == 1
        })
        .await;
        // ... when the offer comes with a proof from where the stream was.
        pair.broker.grow(2);
        pair.broker.offer();
        tokio::time::sleep(ARRIVES_WITHIN).await;
        pair.broker.hold_proofs(false);
    };
    let (answered, ()) = tokio::join!(answered, offered);
    answered.unwrap();
    until("the offer is cosigned", || {
        pair.broker.state().cosigned.last().map(|(size, _)| *size) == Some(5)
    })
    .await;
    assert!(!pair.log().is_contradicted());
    assert!(pair.broker.state().refusals.is_empty());
}

#[tokio::test]
async fn an_offer_that_overtakes_an_answer_is_no_contradiction() {
    let pair = Pair::new().await;
    pair.connected().await;
    pair.cosigned(2).await;
    // An answer that the stream does not know of: the next offer needs a proof of its own.
    pair.visit(question()).await.unwrap();
    let asked = pair.broker.state().proofs_asked;
    pair.broker.grow(2);
    pair.broker.hold_proofs(true);
    pair.broker.offer();
    until("the offer's proof is asked for", || {
        pair.broker.state().proofs_asked > asked
    })
    .await;
    let answered = pair.visit(question());
    let let_go = async {
        tokio::time::sleep(ARRIVES_WITHIN).await;
        pair.broker.hold_proofs(false);
    };
    let (answered, ()) = tokio::join!(answered, let_go);
    answered.unwrap();
    until("the offer is cosigned", || {
        pair.broker.state().cosigned.last().map(|(size, _)| *size) == Some(5)
    })
    .await;
    assert_eq!(pair.log().newest().unwrap().0.size, 6);
    assert!(!pair.log().is_contradicted());
    assert!(pair.broker.state().refusals.is_empty());
}
