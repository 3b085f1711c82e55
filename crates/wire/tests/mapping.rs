//! Messages become the model's words and back; nothing that is missing is made up.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::{
    ActorId, CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, MatchKeyId, Oin, PartyId,
    PoliceArticle, ProtectionStatement, Pseudonym, PurposeId, RequestId, RoleRef, Signal, SignalId,
    Subject, SubjectKind, Timestamp, Token,
};
use wire::signal::PushBatch;
use wire::signed::{self, OpenError};
use wire::statement::{
    CheckQuestion, CovenantHello, EpochKey, KeyAnnouncement, KeyConfirmation,
    NoticeAcknowledgement, SealedKey, StillValid, Withdrawal, WithdrawalBatch,
};
use wire::word::{AssuranceLevel, WithdrawalReason};
use wire::{Header, Malformed, Reason, broker_v1, field};

fn header() -> Header {
    let now = Timestamp::from_millis(1_800_000_000_123);
    Header {
        audience: Oin::parse("00000099000000009000").unwrap(),
        covenant: CovenantId::parse("veilig-op-bezoek").unwrap(),
        covenant_digest: Digest::new([7; 32]),
        request_id: RequestId::fresh(),
        nonce: [9; 32],
        issued_at: now,
        expires_at: now.plus_seconds(3600),
        party: PartyId::parse("corporatie").unwrap(),
    }
}

fn token(byte: u8) -> Token {
    Token {
        key: MatchKeyId::parse("adres/postcode+huisnummer").unwrap(),
        pseudonym: Pseudonym::from_bytes([byte; 32]),
    }
}

fn subject() -> Subject {
    Subject {
        kind: SubjectKind::Address,
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Unknown,
        tokens: vec![token(1), token(2)],
    }
}

fn signal(header: &Header) -> Signal {
    Signal {
        id: SignalId::fresh(),
        party: header.party.clone(),
        covenant: header.covenant.clone(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS").unwrap(),
        purposes: vec![PurposeId::parse("bezoekveiligheid").unwrap()],
        day: Day::parse("2026-11-20").unwrap(),
        neighbourhood: Some("BU08550101".parse().unwrap()),
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: Some(PoliceArticle::Art8),
        expires_on: Day::parse("2027-11-20").unwrap(),
        subjects: vec![subject()],
        content_commitment: Digest::new([3; 32]),
    }
}

fn question() -> CheckQuestion {
    CheckQuestion {
        header: header(),
        epoch: KeyEpoch::FIRST,
        actor: ActorId::parse("m-4711").unwrap(),
        purpose: PurposeId::parse("bezoekveiligheid").unwrap(),
        role: RoleRef::parse("corporatie.huismeester").unwrap(),
        file_number_given: true,
        reason_given: false,
        login_level: AssuranceLevel::Substantial,
        subject: subject(),
        request_commitment: Digest::new([5; 32]),
    }
}

fn announcement() -> KeyAnnouncement {
    KeyAnnouncement {
        header: header(),
        key: EpochKey {
            epoch: KeyEpoch::FIRST,
            fingerprint: [1; 8],
            commitment: Digest::new([2; 32]),
            normaliser_version: 1,
            probes: vec![token(4)],
        },
        sealed: vec![SealedKey {
            party: PartyId::parse("gemeente").unwrap(),
            ciphertext_digest: Digest::new([6; 32]),
        }],
    }
}

#[test]
fn a_batch_of_signals_round_trips() {
    let header = header();
    let signals = vec![signal(&header), signal(&header)];
    let batch = PushBatch {
        header,
        epoch: KeyEpoch::FIRST,
        signals,
    };
    let read = PushBatch::try_from(broker_v1::PushBatch::from(batch.clone())).unwrap();
    assert_eq!(read.header, batch.header);
    let signals: Vec<Signal> = read.signals.into_iter().map(Result::unwrap).collect();
    assert_eq!(signals, batch.signals);
}

#[test]
fn every_other_statement_round_trips() {
    let question = question();
    let message = broker_v1::CheckQuestion::from(question.clone());
    assert_eq!(CheckQuestion::try_from(message), Ok(question));

    let announcement = announcement();
    let message = broker_v1::KeyAnnouncement::from(announcement.clone());
    assert_eq!(KeyAnnouncement::try_from(message), Ok(announcement.clone()));

    let hello = CovenantHello {
        header: header(),
        epochs: vec![announcement.key],
    };
    let message = broker_v1::CovenantHello::from(hello.clone());
    assert_eq!(CovenantHello::try_from(message), Ok(hello));

    let confirmation = KeyConfirmation {
        header: header(),
        epoch: KeyEpoch::FIRST,
        key_commitment: Digest::new([1; 32]),
        announcement_digest: Digest::new([2; 32]),
    };
    let message = broker_v1::KeyConfirmation::from(confirmation.clone());
    assert_eq!(KeyConfirmation::try_from(message), Ok(confirmation));

    let acknowledgement = NoticeAcknowledgement {
        header: header(),
        notices: vec![model::NoticeId::fresh()],
    };
    let message = broker_v1::NoticeAcknowledgement::from(acknowledgement.clone());
    assert_eq!(
        NoticeAcknowledgement::try_from(message),
        Ok(acknowledgement)
    );

    let statement = StillValid {
        header: header(),
        covenant_version: 3,
    };
    let message = broker_v1::StillValid::from(statement.clone());
    assert_eq!(StillValid::try_from(message), Ok(statement));

    let withdrawal = Withdrawal {
        signal: SignalId::fresh(),
        reason: WithdrawalReason::Erasure,
    };
    let batch = WithdrawalBatch {
        header: header(),
        epoch: KeyEpoch::FIRST,
        withdrawals: vec![withdrawal],
    };
    let read = WithdrawalBatch::try_from(broker_v1::WithdrawalBatch::from(batch)).unwrap();
    assert_eq!(read.withdrawals, [Ok(withdrawal)]);
}

/// Refused as it is taken away or spoilt, with this path and this rule.
type Spoil<M> = (&'static str, &'static str, fn(&mut M));

fn refuse_each<M: Clone, T>(good: &M, spoils: &[Spoil<M>])
where
    T: TryFrom<M, Error = Malformed>,
{
    assert!(T::try_from(good.clone()).is_ok(), "the good one is good");
    for (field, rule, spoil) in spoils {
        let mut bad = good.clone();
        spoil(&mut bad);
        let refused = T::try_from(bad).err();
        let refused = refused.map(|m| (m.field.clone(), m.rule()));
        assert_eq!(refused, Some(((*field).to_owned(), *rule)), "{field}");
    }
}

fn h(message: &mut broker_v1::CheckQuestion) -> &mut broker_v1::Header {
    message.header.as_mut().unwrap()
}

fn s(message: &mut broker_v1::CheckQuestion) -> &mut broker_v1::PseudonymousSubject {
    message.subject.as_mut().unwrap()
}

#[test]
fn a_question_is_refused_by_the_field_that_is_wrong() {
    let spoils: &[Spoil<broker_v1::CheckQuestion>] = &[
        ("header", "REQUIRED", |q| q.header = None),
        ("header.audience", "REQUIRED", |q| h(q).audience.clear()),
        ("header.audience", "NAME_FORM", |q| {
            h(q).audience = "x".into()
        }),
        ("header.covenant_id", "REQUIRED", |q| {
            h(q).covenant_id.clear()
        }),
        ("header.covenant_digest", "LENGTH", |q| {
            h(q).covenant_digest.truncate(31);
        }),
        ("header.epoch", "REQUIRED", |q| h(q).epoch = None),
        ("header.epoch", "OUT_OF_RANGE", |q| h(q).epoch = Some(0)),
        ("header.request_id", "REQUIRED", |q| h(q).request_id.clear()),
        ("header.request_id", "UUID_FORM", |q| {
            h(q).request_id = "1".into()
        }),
        ("header.actor", "REQUIRED", |q| h(q).actor = None),
        ("header.actor", "REQUIRED", |q| {
            h(q).actor = Some(String::new())
        }),
        ("header.nonce", "LENGTH", |q| h(q).nonce.truncate(8)),
        ("header.issued_at", "REQUIRED", |q| h(q).issued_at = None),
        ("header.expires_at", "REQUIRED", |q| h(q).expires_at = None),
        ("header.expires_at", "OUT_OF_RANGE", |q| {
            h(q).expires_at = h(q).issued_at;
        }),
        ("header.expires_at", "OUT_OF_RANGE", |q| {
            h(q).expires_at.as_mut().unwrap().seconds += 8 * 86_400;
        }),
        ("header.party", "REQUIRED", |q| h(q).party.clear()),
        ("purpose", "REQUIRED", |q| q.purpose.clear()),
        ("role", "NAME_FORM", |q| q.role = "huismeester".into()),
        ("login_level", "UNSPECIFIED", |q| q.login_level = 0),
        ("login_level", "UNKNOWN_VALUE", |q| q.login_level = 9),
        ("subject", "REQUIRED", |q| q.subject = None),
        ("subject.kind", "UNSPECIFIED", |q| s(q).kind = 0),
        ("subject.minor", "UNSPECIFIED", |q| s(q).minor = 0),
        ("subject.shielded_address", "UNSPECIFIED", |q| {
            s(q).shielded_address = 0;
        }),
        ("subject.pseudonyms[1].match_key", "NAME_FORM", |q| {
            s(q).pseudonyms[1].match_key = "adres/naam".into();
        }),
        ("subject.pseudonyms[0].value", "LENGTH", |q| {
            s(q).pseudonyms[0].value.truncate(16);
        }),
        ("subject.pseudonyms[1]", "TWICE", |q| {
            s(q).pseudonyms[1] = s(q).pseudonyms[0].clone();
        }),
        ("subject.pseudonyms[1]", "UNSORTED", |q| {
            s(q).pseudonyms.reverse()
        }),
        ("request_commitment", "REQUIRED", |q| {
            q.request_commitment.clear()
        }),
    ];
    refuse_each::<_, CheckQuestion>(&question().into(), spoils);
}

#[test]
fn a_key_announcement_is_refused_by_the_field_that_is_wrong() {
    let spoils: &[Spoil<broker_v1::KeyAnnouncement>] = &[
        ("header.actor", "NOT_ALLOWED", |a| {
            a.header.as_mut().unwrap().actor = Some("m-1".into());
        }),
        ("key", "REQUIRED", |a| a.key = None),
        ("key.epoch", "NOT_ALLOWED", |a| {
            a.key.as_mut().unwrap().epoch = 2
        }),
        ("key.key_fingerprint", "LENGTH", |a| {
            a.key.as_mut().unwrap().key_fingerprint.truncate(7);
        }),
        ("key.normaliser_version", "OUT_OF_RANGE", |a| {
            a.key.as_mut().unwrap().normaliser_version = 0;
        }),
        ("key.probes", "REQUIRED", |a| {
            a.key.as_mut().unwrap().probes.clear()
        }),
        ("sealed[1]", "TWICE", |a| a.sealed.push(a.sealed[0].clone())),
        ("sealed[0].ciphertext_digest", "LENGTH", |a| {
            a.sealed[0].ciphertext_digest.truncate(1);
        }),
    ];
    refuse_each::<_, KeyAnnouncement>(&announcement().into(), spoils);
}

#[test]
fn one_malformed_signal_does_not_stop_the_others() {
    let header = header();
    let mut message = broker_v1::PushBatch::from(PushBatch {
        signals: vec![signal(&header), signal(&header), signal(&header)],
        header,
        epoch: KeyEpoch::FIRST,
    });
    message.signals[1].day = None;
    message.signals[2].subjects[0].kind = 99;
    let read = PushBatch::try_from(message.clone()).unwrap();
    assert!(read.signals[0].is_ok());
    let refused = read.signals[1].as_ref().unwrap_err();
    assert_eq!(
        (refused.field.as_str(), refused.rule()),
        ("signals[1].day", "REQUIRED")
    );
    let refused = read.signals[2].as_ref().unwrap_err();
    assert_eq!(refused.field, "signals[2].subjects[0].kind");

    message.signals.clear();
    assert_eq!(
        PushBatch::try_from(message.clone()).unwrap_err().field,
        "signals"
    );
    message.signals = vec![broker_v1::PseudonymousSignal::default(); 1001];
    assert_eq!(PushBatch::try_from(message).unwrap_err().rule(), "TOO_MANY");
}

#[test]
fn only_what_verifies_is_read() {
    let message = broker_v1::CheckQuestion::from(question());
    let seen = std::cell::RefCell::new(String::new());
    let sealed = signed::seal(&message, |kind, _| {
        seen.borrow_mut().push_str(kind);
        [1; 64]
    });
    assert_eq!(seen.into_inner(), "covenant.broker.v1.CheckQuestion");

    let opened: Result<broker_v1::CheckQuestion, _> =
        signed::open(Some(&sealed), "question", |_, _, signature| {
            signature == &[1; 64]
        });
    assert_eq!(opened, Ok(message));
    let forged: Result<broker_v1::CheckQuestion, _> =
        signed::open(Some(&sealed), "question", |_, _, _| false);
    let field = "question".to_owned();
    assert_eq!(forged, Err(OpenError::Forged { field }));
    let absent: Result<broker_v1::CheckQuestion, _> =
        signed::open(None, "question", |_, _, _| true);
    assert_eq!(
        wire::Refusal::from(absent.unwrap_err()).reason,
        Reason::FieldRequired
    );
}

#[test]
fn a_header_holds_for_one_broker_and_one_time() {
    let header = header();
    let other = Oin::parse("00000099000000001000").unwrap();
    let at = header.issued_at;
    assert_eq!(header.timely(&header.audience, at), Ok(()));
    assert_eq!(header.timely(&other, at), Err(Reason::AudienceWrong));
    let early = at.plus_seconds(-121);
    assert_eq!(
        header.timely(&header.audience, early),
        Err(Reason::ClockSkew)
    );
    let late = header.expires_at;
    assert_eq!(
        header.timely(&header.audience, late),
        Err(Reason::StatementExpired)
    );
    assert_eq!(header.fresh(at.plus_seconds(120)), Ok(()));
    assert_eq!(header.fresh(at.plus_seconds(121)), Err(Reason::ClockSkew));
}

#[test]
fn what_is_secret_does_not_show() {
    let shown = format!("{:?}", broker_v1::CheckQuestion::from(question()));
    assert!(shown.contains("Pseudonym(..)"), "{shown}");
    let person = wire::node_v1::Person {
        surname: "Zeldzaamnaam".into(),
        ..Default::default()
    };
    let subject = wire::node_v1::Subject {
        kind: Some(wire::node_v1::subject::Kind::Person(person)),
        protections: Vec::new(),
    };
    let request = wire::node_v1::CheckVisitRequest {
        subject: Some(subject.clone()),
        file_number: "Zeldzaamnaam".into(),
        ..Default::default()
    };
    assert!(!format!("{subject:?} {request:?}").contains("Zeldzaamnaam"));
    assert_eq!(field::date(Day::from_days(0)).year, 1970);
}
