//! Notices and receipts become the model's words and back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use model::{Digest, NoticeId, SignalId};
use wire::notice::{
    LegalBasis, MatchId, Notice, Obligation, Opening, OwnSignal, Receipt, ReceiptEntry,
};
use wire::word::RevealLevel;
use wire::{Malformed, type_v1};

fn notice() -> Notice {
    Notice {
        id: NoticeId::fresh(),
        covenant: "ernstige-overlast".parse().unwrap(),
        covenant_digest: Digest::new([1; 32]),
        clause: "4.1".parse().unwrap(),
        purpose: "overlast-aanpakken".parse().unwrap(),
        roles: vec!["gemeente.regisseur".parse().unwrap()],
        match_id: MatchId::fresh(),
        levels: vec![RevealLevel::Hit, RevealLevel::Category],
        day: model::Day::parse("2026-11-23").unwrap(),
        own_signals: vec![OwnSignal {
            id: SignalId::fresh(),
            agreed_keys: 2,
        }],
        source: Some("corporatie".parse().unwrap()),
        count: None,
        advice: None,
        contact: Some("meldpunt De Linde".to_owned()),
        categories: vec!["vera:OVE.GEL".parse().unwrap()],
        basis: LegalBasis {
            provide: "AVG 6.1.f".to_owned(),
            receive: "AVG 6.1.e".to_owned(),
            provide_exception: None,
            receive_exception: Some("UAVG 33.2.b".to_owned()),
            decision_reference: None,
        },
        duties: Vec::new(),
        promises: vec![Obligation {
            code: "bewaren".to_owned(),
            value: "12 maanden".to_owned(),
        }],
        receipt: Receipt {
            entries: vec![ReceiptEntry {
                index: 0,
                leaf: b"{}".to_vec(),
                inclusion_proof: vec![Digest::new([2; 32])],
                request: None,
                answer: Some(Opening {
                    salt: [3; 32],
                    content: b"answer".to_vec(),
                }),
            }],
            checkpoint: b"note".to_vec(),
        },
    }
}

#[test]
fn a_notice_round_trips() {
    let first = notice();
    assert_eq!(
        Notice::try_from(type_v1::Notice::from(first.clone())),
        Ok(first.clone())
    );
}

#[test]
fn a_notice_is_refused_by_the_field_that_is_wrong() {
    type Spoil = (&'static str, &'static str, fn(&mut type_v1::Notice));
    let spoils: &[Spoil] = &[
        ("id", "REQUIRED", |n| n.id.clear()),
        ("kind", "UNSPECIFIED", |n| n.kind = 0),
        ("kind", "UNKNOWN_VALUE", |n| n.kind = 2),
        ("roles", "REQUIRED", |n| n.roles.clear()),
        ("roles[0]", "NAME_FORM", |n| n.roles[0] = "x".into()),
        ("levels[1]", "UNKNOWN_VALUE", |n| n.levels[1] = 77),
        ("own_signals[0].agreed_keys", "OUT_OF_RANGE", |n| {
            n.own_signals[0].agreed_keys = 0;
        }),
        ("categories[0].scheme", "REQUIRED", |n| {
            n.categories[0].scheme.clear();
        }),
        ("basis", "REQUIRED", |n| n.basis = None),
        ("receipt", "REQUIRED", |n| n.receipt = None),
        ("receipt.checkpoint", "REQUIRED", |n| {
            n.receipt.as_mut().unwrap().checkpoint.clear();
        }),
        ("receipt.entries[0].inclusion_proof[0]", "LENGTH", |n| {
            n.receipt.as_mut().unwrap().entries[0].inclusion_proof[0].truncate(3);
        }),
        ("receipt.entries[0].answer.salt", "LENGTH", |n| {
            let entry = &mut n.receipt.as_mut().unwrap().entries[0];
            entry.answer.as_mut().unwrap().salt.truncate(3);
        }),
    ];
    for (field, rule, spoil) in spoils {
        let mut bad = type_v1::Notice::from(notice());
        spoil(&mut bad);
        let refused: Malformed = Notice::try_from(bad).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.rule()), (*field, *rule));
    }
}
