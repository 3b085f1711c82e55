//! What closes, closes for good: whatever fails, follows, or turns its clock back.
use covenant::signoff::{Event, EventKind, KeyRole, PartyPins, Scope, Statement, sign, sign_event};
use identity::SigningKey;
use model::{Day, Secret};

use super::*;
use crate::delivery::{may_be_told, may_be_told_under};

pub(crate) const TEXT: &str = include_str!("../../../node/src/testing/covenant.toml");
const SIGNERS: [(&str, &str); 3] = [
    ("corporatie", "CORPORATIE-FG"),
    ("gemeente", "GEMEENTE-FG"),
    ("politie", "POLITIE-PF"),
];

pub(crate) fn now() -> Timestamp {
    Day::parse("2026-11-24")
        .unwrap()
        .start()
        .plus_seconds(12 * 3600)
}

/// The key of a name: the same one every time.
pub(crate) fn seed(name: &str) -> Secret {
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    Secret::new(bytes)
}

pub(crate) fn filled_in(text: &str) -> String {
    fill(&fill(text, "ed25519:"), "x25519:")
}

/// With a key of its own in each place of this kind.
fn fill(text: &str, kind: &str) -> String {
    let before = format!("\"{kind}");
    let mut parts = text.split(&before);
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('"').unwrap();
        let public = SigningKey::from_secret(&seed(name)).verifying_key();
        let key = public.to_string().replace("ed25519:", kind);
        filled.push_str(&format!("\"{key}\"{rest}"));
    }
    filled
}

/// Every party's signer, as pinned.
pub(crate) fn pins() -> Pins {
    SIGNERS
        .iter()
        .map(|(party, key)| {
            let signer = SigningKey::from_secret(&seed(key))
                .verifying_key()
                .to_bytes();
            let keys = PartyPins {
                signer,
                ..PartyPins::default()
            };
            (PartyId::parse(party).unwrap(), keys)
        })
        .collect()
}

/// A version over which nothing is signed yet.
pub(crate) fn proposed(text: &str) -> Proposal {
    match propose(filled_in(text).as_bytes(), &pins(), None) {
        Ok(proposal) => proposal,
        Err(why) => panic!("{why}"),
    }
}

/// Every party's signature under it.
pub(crate) fn sign_offs(proposal: &Proposal) -> Vec<(Signed, Envelope)> {
    let signed = |(party, key)| {
        let party = PartyId::parse(party).unwrap();
        let covenant = proposal.covenant();
        let statement = Statement::new(covenant, &party, now().day(), b"gelezen", "test").unwrap();
        let envelope = sign(covenant, &statement, &seed(key)).unwrap();
        let signed = Signed::verify(proposal, &envelope, now()).unwrap();
        (signed, envelope)
    };
    SIGNERS.into_iter().map(signed).collect()
}

/// A version that every party signed.
fn version(text: &str) -> Version {
    let proposal = proposed(text);
    let covenant = proposal.covenant();
    let kept = KeptVersion {
        covenant: covenant.id().clone(),
        number: covenant.version(),
        digest: covenant.digest(),
        proposed_by: None,
        received_at: now(),
        ended: false,
    };
    let mut version = Version::new(kept, proposal.clone());
    for (signed, envelope) in sign_offs(&proposal) {
        version.take(&signed, &envelope, now());
    }
    version
}

/// The text of the next version, with one thing changed.
pub(crate) fn second_text(first: &Proposal, change: (&str, &str)) -> String {
    let digest = first.covenant().digest();
    let text = TEXT.replacen(
        "versie       = 1",
        &format!("versie       = 2\nvervangt     = \"sha256:{digest}\""),
        1,
    );
    let changed = text.replacen(change.0, change.1, 1);
    assert_ne!(changed, TEXT);
    changed
}

fn second(first: &Version, change: (&str, &str)) -> Version {
    version(&second_text(&first.proposal, change))
}

fn suspension(version: &Version, scope: Scope) -> (Signed, Envelope) {
    let party = PartyId::parse("politie").unwrap();
    let kind = EventKind::Suspend(scope);
    let event = Event::new(version.covenant(), party, KeyRole::Signer, now(), kind);
    let envelope = sign_event(&event, &seed("POLITIE-PF"));
    let signed = Signed::verify(version.proposal(), &envelope, now()).unwrap();
    (signed, envelope)
}

fn past(version: &Version) -> ActiveVersion {
    ActiveVersion {
        version: version.kept().number,
        digest: version.kept().digest,
        since: now(),
    }
}

/// A notice that was decided by a version's first clause.
fn notice(version: &Version) -> Vec<u8> {
    let covenant = version.covenant();
    let clause = covenant.clauses().first().unwrap();
    let role = clause.to.first().unwrap();
    let body = serde_json::json!({
        "covenant": covenant.id().to_string(), "covenant_digest": covenant.digest().to_hex(),
        "clause": clause.number.to_string(), "purpose": clause.purpose.to_string(),
        "roles": [role.to_string()], "match_id": "", "shows": [], "day": 1, "own_signals": [],
        "source": null, "count": null, "advice": null, "contact": null, "categories": [],
        "basis": {
            "provide": "", "receive": "", "provide_exception": "", "receive_exception": "",
            "decision_reference": "",
        },
        "duties": [], "promises": [],
    });
    serde_json::to_vec(&body).unwrap()
}

#[test]
fn a_suspension_that_is_not_kept_yet_closes_and_is_not_known() {
    let mut version = version(TEXT);
    let (signed, envelope) = suspension(&version, Scope::Whole);
    let before = version.envelopes();
    version.narrow(&signed, now());
    assert!(version.standing().is_wholly_suspended(now()));
    // Handed in again it is kept after all: nobody is told so before.
    assert!(!version.has(&signed.id()));
    assert_eq!(version.envelopes(), before);
    assert!(version.take(&signed, &envelope, now()));
    assert!(version.has(&signed.id()));
    assert_eq!(version.standing().suspensions(now()).len(), 1);
}

#[test]
fn what_waits_under_a_version_that_was_replaced_ends_with_the_new_one() {
    let first = version(TEXT);
    let body = notice(&first);
    let unchanged = ("titel        = \"Proef", "titel        = \"Nieuwe proef");
    let next = second(&first, unchanged);
    let versions = Versions::default();
    let id = first.kept().covenant.clone();
    let history = [past(&first), past(&next)];
    versions.insert(first.clone());
    versions.note_history(&id, &history[..1]);
    assert!(may_be_told(&versions, &body, now()));
    assert!(may_be_told_under(&next, &versions, &body, now()));

    versions.insert(next.clone());
    versions.note_history(&id, &history);
    assert!(may_be_told(&versions, &body, now()), "nothing changed");
    let (signed, envelope) = suspension(&next, Scope::Whole);
    versions.take(&next.kept().digest, &signed, &envelope, now());
    assert!(
        !may_be_told(&versions, &body, now()),
        "the new one is suspended"
    );

    // A clause that says something else by now.
    let title = "Advies voor een huisbezoek";
    let other = second(&first, (title, "Een ander advies voor een huisbezoek"));
    assert!(!may_be_told_under(&other, &versions, &body, now()));
}

#[test]
fn an_end_that_was_seen_stays_when_the_clock_is_set_back() {
    let version = version(TEXT);
    assert!(!version.is_over(now()));
    let digest = version.kept().digest;
    let versions = Versions::default();
    versions.insert(version.clone());
    assert!(may_be_told(&versions, &notice(&version), now()));
    versions.ended(&digest);
    assert!(versions.has_ended(&digest));
    assert!(versions.get(&digest).unwrap().is_over(now()));
    assert!(!may_be_told(&versions, &notice(&version), now()));
    assert!(
        versions
            .successor(&version.kept().covenant, None, now())
            .is_none()
    );
}
