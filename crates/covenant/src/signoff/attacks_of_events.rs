//! Every attack on the events after the sign-off, and on the encoding of the table; each must fail
//! closed.

use model::{ClauseNo, Digest, PartyId, SignalTypeId, Timestamp};

use super::envelope::PAYLOAD_TYPE;
use super::statement::seal;
use super::{
    Envelope, Event, EventKind, KeyRole, Proposal, Scope, SignoffError, Statement, propose,
    sign_event, verify,
};
use crate::decide::tests::world::{
    PARTIES, TEMPLATE, World, asker, checked, envelopes, found, now, party, pins, seed, signal,
    source, statements, with_keys,
};
use crate::decide::{RefusalCode, Standing, answer, may_ask};
use crate::table::{self, Encoding};

fn hours(hours: i64) -> Timestamp {
    now().plus_seconds(hours * 3600)
}

fn proposal() -> Proposal {
    propose(source().as_bytes(), &pins(), None).unwrap()
}

fn suspension(role: KeyRole) -> Event {
    let kind = EventKind::Suspend(Scope::Whole);
    Event::new(proposal().covenant(), party("politie"), role, now(), kind)
}

/// The police's suspension, signed with `key`, with its text changed.
fn bent(key: &str, change: impl Fn(&str) -> String) -> SignoffError {
    let good = sign_event(&suspension(KeyRole::Signer), &seed("POLITIE-PF"));
    let text = String::from_utf8(good.payload().to_vec()).unwrap();
    let other = change(&text);
    let bent = Envelope::seal(PAYLOAD_TYPE, other.into_bytes(), &seed(key));
    proposal().verify_event(&bent, now()).unwrap_err()
}

#[test]
fn an_event_of_another_version_covenant_party_or_key_role() {
    let own = "POLITIE-PF";
    let proposal = proposal();
    let good = sign_event(&suspension(KeyRole::Signer), &seed(own));
    assert!(proposal.verify_event(&good, now()).is_ok());

    // Of another version of the same covenant: other bytes.
    let second = TEMPLATE.replace("Proefconvenant", "Proefconvenant anders");
    let second = propose(with_keys(&second).as_bytes(), &pins(), None).unwrap();
    let refused = second.verify_event(&good, now());
    assert_eq!(refused, Err(SignoffError::OtherFile));

    let differs = SignoffError::FieldDiffers {
        party: party("politie"),
        field: "version",
    };
    let version = bent(own, |text| text.replace(r#""version":1"#, r#""version":2"#));
    assert_eq!(version, differs);
    let covenant = bent(own, |text| {
        text.replace(r#""name":"proef""#, r#""name":"ander""#)
    });
    assert_eq!(covenant, differs);
    let party = bent(own, |text| {
        text.replace(r#""party":"politie""#, r#""party":"zorg""#)
    });
    assert_eq!(party, SignoffError::SignatureInvalid);
    let role = bent(own, |text| {
        text.replace(r#""keyRole":"signer""#, r#""keyRole":"emergency""#)
    });
    assert_eq!(role, SignoffError::SignatureInvalid);
    let role = bent("POLITIE-KNOOPPUNT", |text| {
        text.replace(r#""keyRole":"signer""#, r#""keyRole":"node""#)
    });
    assert_eq!(role, SignoffError::NotEntitled);
}

#[test]
fn an_event_with_a_field_twice_too_many_or_missing() {
    let changes: [fn(&str) -> String; 7] = [
        |text| text.replace(r#""version":1"#, r#""version":1,"version":1"#),
        |text| {
            text.replace(
                r#""event":"suspend""#,
                r#""event":"suspend","event":"withdraw""#,
            )
        },
        |text| text.replace(r#""scope":"whole""#, r#""scope":"whole","scope":"clause""#),
        |text| text.replace(r#""scope":"whole""#, r#""scope":"whole","name":"3.1""#),
        |text| text.replace(r#""scope":"whole""#, r#""scope":"whole","note":"x""#),
        |text| text.replace(r#","scope":"whole""#, ""),
        |text| text.replace(r#""event":"suspend""#, r#""event":"reject""#),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let refused = bent("POLITIE-PF", |text| {
            let other = change(text);
            assert_ne!(other, text, "change {number}");
            other
        });
        assert_eq!(refused, SignoffError::StatementMalformed, "change {number}");
    }
    let twice = bent("POLITIE-PF", |text| {
        text.replace(
            r#""predicateType":"#,
            r#""predicateType":"x","predicateType":"#,
        )
    });
    assert_eq!(twice, SignoffError::StatementMalformed);
}

/// What closes nothing is not taken as if it did.
#[test]
fn a_suspension_of_what_is_not_there() {
    let proposal = proposal();
    let refused = |scope: Scope| {
        let kind = EventKind::Suspend(scope);
        let role = KeyRole::Signer;
        let event = Event::new(proposal.covenant(), party("politie"), role, now(), kind);
        let envelope = sign_event(&event, &seed("POLITIE-PF"));
        proposal.verify_event(&envelope, now()).map(|_| ())
    };
    let unknown = |what| Err(SignoffError::UnknownScope(what));
    let clause = |number| Scope::Clause(ClauseNo::parse(number).unwrap());
    let signal = |id| Scope::Signal(SignalTypeId::parse(id).unwrap());
    assert_eq!(refused(clause("3.1")), Ok(()));
    assert_eq!(refused(clause("3.9")), unknown("clause"));
    assert_eq!(
        refused(clause("9.1")),
        unknown("clause"),
        "a prohibition closes already"
    );
    assert_eq!(refused(signal("agressie")), Ok(()));
    assert_eq!(refused(signal("agressief")), unknown("signal"));
    assert_eq!(refused(Scope::Recipient(party("zorg"))), Ok(()));
    assert_eq!(
        refused(Scope::Recipient(party("vreemd"))),
        unknown("recipient")
    );
}

/// A broker holds back the police's suspension. The police's own node has it, and confirms no
/// longer: within 24 hours every cell of theirs is closed at everybody's.
#[test]
fn a_suspension_that_is_withheld() {
    let World { active, standing } = World::new();
    let advice = |standing: &Standing, at: Timestamp| {
        let who = asker("corporatie.teamleider");
        let question = may_ask(&active, standing, &who, at).map_err(|r| r.code)?;
        let found = found(vec![signal(1, "politie", "vera:AGR.FYS")]);
        Ok(answer(&active, standing, question, &found, at).advice.code)
    };
    assert_eq!(advice(&standing, hours(1)), Ok("overleg-eerst"));
    let all_but_the_police = |hour| {
        let mut standing = standing.clone();
        for name in ["corporatie", "gemeente", "zorg"] {
            standing.confirm(&party(name), hours(hour));
        }
        standing
    };
    let last = all_but_the_police(23);
    assert_eq!(
        advice(&last, hours(23)),
        Ok("overleg-eerst"),
        "the police at 0"
    );
    let mut later = all_but_the_police(24);
    assert_eq!(advice(&later, hours(24)), Ok("geen-advies"));
    // Old confirmations sent again do not help.
    later.confirm(&party("politie"), hours(0));
    assert_eq!(advice(&later, hours(24)), Ok("geen-advies"));
    // Nor does it help the police when the broker holds back everybody else's.
    let mut alone = standing.clone();
    alone.confirm(&party("politie"), hours(23));
    assert_eq!(
        advice(&alone, hours(24)),
        Err(RefusalCode::PartyNotConfirmed)
    );
}

#[test]
fn only_the_signer_rejects() {
    let proposal = proposal();
    let refused = |role, key: &str| {
        let kind = EventKind::Reject;
        let event = Event::new(proposal.covenant(), party("politie"), role, now(), kind);
        let envelope = sign_event(&event, &seed(key));
        proposal.verify_event(&envelope, now()).map(|_| ())
    };
    let not = Err(SignoffError::NotEntitled);
    assert_eq!(refused(KeyRole::Signer, "POLITIE-PF"), Ok(()));
    assert_eq!(refused(KeyRole::Emergency, "POLITIE-PIKET"), not);
    assert_eq!(refused(KeyRole::Node, "POLITIE-KNOOPPUNT"), not);
    assert_eq!(
        refused(KeyRole::Signer, "ZORG-FG"),
        Err(SignoffError::SignatureInvalid)
    );
}

/// A proposal is as strict as what is in force, but for signatures and dates.
#[test]
fn a_proposal_is_checked_as_strictly() {
    assert!(propose(TEMPLATE.as_bytes(), &pins(), None).is_err());
    let nobody = super::Pins::new();
    let refused = propose(source().as_bytes(), &nobody, None).unwrap_err();
    assert_eq!(refused, SignoffError::NotPinned(party("corporatie")));
    let attacker = with_keys(&TEMPLATE.replace("GEMEENTE-FG", "ATTACKER"));
    let refused = propose(attacker.as_bytes(), &pins(), None).unwrap_err();
    assert_eq!(refused, SignoffError::KeyDiffers(party("gemeente")));
    let history = super::History {
        version: 7,
        ..super::History::of(proposal().covenant())
    };
    let refused = propose(source().as_bytes(), &pins(), Some(&history)).unwrap_err();
    assert_eq!(refused, SignoffError::Rollback);

    // It is put in force by the very signatures that `verify` takes, within its dates.
    let proposal = proposal();
    let all = envelopes(&checked(&source()));
    assert!(proposal.activate(&all, now()).is_ok());
    let short = proposal.activate(&all[1..], now()).unwrap_err();
    assert_eq!(short, SignoffError::Unsigned(party("corporatie")));
    let twice = [all.clone(), vec![all[0].clone()]].concat();
    let twice = proposal.activate(&twice, now()).unwrap_err();
    assert_eq!(twice, SignoffError::SignedTwice(party("corporatie")));
    let late = proposal.covenant().valid_until().start();
    assert_eq!(
        proposal.activate(&all, late).unwrap_err(),
        SignoffError::Expired
    );
    assert!(
        proposal.verify_envelope(&all[0], late).is_ok(),
        "still a signature"
    );
}

fn signed_under(encoding: Encoding, table: Digest) -> Result<(), SignoffError> {
    let source = source();
    let covenant = checked(&source);
    let mut statements = statements(&covenant);
    let all: Vec<Envelope> = PARTIES
        .iter()
        .map(|(name, signer)| {
            let mut statement: Statement = statements.remove(&party(name)).unwrap();
            statement.encoding = encoding;
            statement.table = table;
            seal(&statement, &seed(signer))
        })
        .collect();
    verify(source.as_bytes(), &all, &pins(), None, now()).map(|_| ())
}

#[test]
fn a_covenant_that_was_signed_under_the_first_encoding_loads() {
    let covenant = checked(&source());
    let of = |encoding| table::digest_in(&covenant, encoding).unwrap();
    assert_eq!(signed_under(Encoding::V1, of(Encoding::V1)), Ok(()));
    assert_eq!(signed_under(Encoding::V2, of(Encoding::V2)), Ok(()));
    // One digest under the other's name is another table.
    let differs = Err(SignoffError::TableDiffers(party("corporatie")));
    assert_eq!(signed_under(Encoding::V1, of(Encoding::V2)), differs);
    assert_eq!(signed_under(Encoding::V2, of(Encoding::V1)), differs);
    // New sign-offs name the newest.
    let statement = &statements(&covenant)[&party("zorg")];
    assert_eq!(statement.encoding, Encoding::NEWEST);
    let parsed = Statement::parse(&statement.to_bytes()).unwrap();
    assert_eq!(&parsed, statement);
}

/// The bytes that a program without a second encoding signed.
#[test]
fn the_bytes_of_an_old_sign_off_stay_what_they_were() {
    let source = source();
    let covenant = checked(&source);
    let old = |name: &str, office: &str| {
        format!(
            concat!(
                r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"proef","#,
                r#""digest":{{"sha256":"{file}"}}}}],"predicateType":"urn:covenant:signoff:v1","#,
                r#""predicate":{{"version":1,"party":"{name}","role":"{office}","#,
                r#""signedOn":"2026-11-23","validUntil":"2027-11-01","readingSha256":"{file}","#,
                r#""tableSha256":"{table}","tool":"covenant 0"}}}}"#,
            ),
            file = covenant.digest(),
            name = name,
            office = office,
            table = table::digest_in(&covenant, Encoding::V1).unwrap(),
        )
    };
    let all: Vec<Envelope> = PARTIES
        .iter()
        .map(|(name, signer)| {
            let id = PartyId::parse(name).unwrap();
            let office = &covenant.party(&id).unwrap().signer.function;
            let bytes = old(name, office).into_bytes();
            let statement = Statement::parse(&bytes).unwrap();
            assert_eq!(statement.encoding, Encoding::V1);
            assert_eq!(statement.to_bytes(), bytes);
            Envelope::seal(PAYLOAD_TYPE, bytes, &seed(signer))
        })
        .collect();
    assert!(verify(source.as_bytes(), &all, &pins(), None, now()).is_ok());
}

#[test]
fn an_encoding_that_is_not_known() {
    let source = source();
    let mut all = envelopes(&checked(&source));
    let text = String::from_utf8(all[1].payload().to_vec()).unwrap();
    let key = seed("GEMEENTE-FG");
    for (other, error) in [
        (
            text.replace(r#""v2""#, r#""v3""#),
            SignoffError::UnknownEncoding,
        ),
        (
            text.replace(r#""v2""#, r#""""#),
            SignoffError::UnknownEncoding,
        ),
        (
            text.replace(r#""tableEncoding":"v2","#, ""),
            SignoffError::TableDiffers(party("gemeente")),
        ),
        (
            text.replace(
                r#""tableEncoding":"v2""#,
                r#""tableEncoding":"v2","tableEncoding":"v1""#,
            ),
            SignoffError::StatementMalformed,
        ),
    ] {
        assert_ne!(other, text);
        all[1] = Envelope::seal(PAYLOAD_TYPE, other.into_bytes(), &key);
        let refused = verify(source.as_bytes(), &all, &pins(), None, now()).unwrap_err();
        assert_eq!(refused, error);
    }
}
