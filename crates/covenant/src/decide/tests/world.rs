//! The covenant, keys and signals of this crate's tests.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use model::{
    Candidate, CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, Match, MatchKeyId,
    PartyId, ProtectionStatement, Pseudonym, PurposeId, RoleRef, Secret, Signal, SignalId,
    SignalTypeId, Subject, SubjectKind, Timestamp, Token,
};
use sha2::{Digest as _, Sha256};

use crate::decide::{AskerFacts, Asking, Cell, Counters, Standing};
use crate::diagnostic::Severity;
use crate::language::ast::Document;
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Shows};
use crate::signoff::{
    ActiveCovenant, Envelope, PartyPins, Pins, Statement, public_key, sign, verify,
};

pub(crate) const TEMPLATE: &str = include_str!("world.toml");

/// The seed of a place-holder's key.
pub(crate) fn seed(name: &str) -> Secret {
    Secret::new(Sha256::digest(name.as_bytes()).into())
}

/// A covenant's text with a key of its own for each place-holder.
pub(crate) fn with_keys(template: &str) -> String {
    let mut text = String::new();
    for (number, part) in template.split('"').enumerate() {
        if number > 0 {
            text.push('"');
        }
        let key = match part.split_once(':') {
            Some(("ed25519", name)) => Some(("ed25519", public_key(&seed(name)))),
            Some(("x25519", name)) => Some(("x25519", *seed(name).expose())),
            _ => None,
        };
        match key {
            Some((kind, bytes)) => {
                let base64 = data_encoding::BASE64.encode(&bytes);
                text.push_str(&format!("{kind}:{base64}"));
            }
            None => text.push_str(part),
        }
    }
    text
}

pub(crate) fn source() -> String {
    with_keys(TEMPLATE)
}

/// The covenant of a text that has no errors.
pub(crate) fn checked(source: &str) -> Covenant {
    let checked = crate::check(source);
    let errors: Vec<_> = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| (d.code, d.message_en.as_str()))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    checked.covenant.unwrap()
}

pub(crate) fn document() -> Document {
    static DOCUMENT: LazyLock<Document> = LazyLock::new(|| checked(&source()).document().clone());
    DOCUMENT.clone()
}

/// The test covenant changed, without going through its text.
pub(crate) fn covenant_of(document: Document) -> Covenant {
    let digest = Sha256::digest(format!("{document:?}").as_bytes());
    Covenant::new(document, Digest::new(digest.into()), false)
}

pub(crate) fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

pub(crate) fn role(name: &str) -> RoleRef {
    RoleRef::parse(name).unwrap()
}

pub(crate) fn purpose(name: &str) -> PurposeId {
    PurposeId::parse(name).unwrap()
}

pub(crate) fn cell(to: &str, for_: &str, from: &str, about: &str, shows: Shows) -> Cell {
    Cell {
        role: role(to),
        purpose: purpose(for_),
        source: party(from),
        signal: SignalTypeId::parse(about).unwrap(),
        shows,
    }
}

pub(crate) const PARTIES: [(&str, &str); 4] = [
    ("corporatie", "CORPORATIE-FG"),
    ("gemeente", "GEMEENTE-FG"),
    ("politie", "POLITIE-PF"),
    ("zorg", "ZORG-FG"),
];

pub(crate) fn pins() -> Pins {
    PARTIES
        .iter()
        .map(|(name, signer)| {
            let upper = name.to_uppercase();
            let pins = PartyPins {
                signer: public_key(&seed(signer)),
                emergency: vec![public_key(&seed(&format!("{upper}-PIKET")))],
                node_signing: Some(public_key(&seed(&format!("{upper}-KNOOPPUNT")))),
            };
            (party(name), pins)
        })
        .collect()
}

pub(crate) fn statements(covenant: &Covenant) -> BTreeMap<PartyId, Statement> {
    PARTIES
        .iter()
        .map(|(name, _)| {
            let name = party(name);
            let statement =
                Statement::new(covenant, &name, today(), b"leestekst", "covenant 0").unwrap();
            (name, statement)
        })
        .collect()
}

pub(crate) fn envelopes(covenant: &Covenant) -> Vec<Envelope> {
    let statements = statements(covenant);
    PARTIES
        .iter()
        .map(|(name, signer)| {
            let statement = statements.get(&party(name)).unwrap();
            sign(covenant, statement, &seed(signer)).unwrap()
        })
        .collect()
}

pub(crate) fn now() -> Timestamp {
    today().start().plus_seconds(12 * 3600)
}

pub(crate) fn today() -> Day {
    Day::parse("2026-11-23").unwrap()
}

/// A covenant in force, with everybody's confirmation.
pub(crate) struct World {
    pub(crate) active: ActiveCovenant,
    pub(crate) standing: Standing,
}

impl World {
    /// The test covenant, truly signed and verified.
    pub(crate) fn new() -> Self {
        let source = source();
        let covenant = checked(&source);
        let envelopes = envelopes(&covenant);
        let active = verify(source.as_bytes(), &envelopes, &pins(), None, now()).unwrap();
        Self::of(active)
    }

    /// The test covenant changed, as if it had been signed.
    pub(crate) fn changed(change: impl FnOnce(&mut Document)) -> Self {
        let mut document = document();
        change(&mut document);
        Self::of(ActiveCovenant::unsigned(covenant_of(document)))
    }

    pub(crate) fn of(active: ActiveCovenant) -> Self {
        let mut standing = Standing::new(active.covenant());
        for party in active.covenant().parties().keys() {
            standing.confirm(party, now());
        }
        Self { active, standing }
    }
}

pub(crate) fn asking() -> Asking {
    Asking {
        file_number: true,
        motivation: true,
        login_level: LoginLevel::High,
        counters: Counters {
            employee_today: 1,
            party_today: 1,
            subject_this_month: 1,
        },
    }
}

pub(crate) fn asker(to: &str) -> AskerFacts {
    AskerFacts {
        role: role(to),
        purpose: purpose("bezoek"),
        asking: asking(),
    }
}

/// The only key of addresses in the test covenant.
pub(crate) const ADDRESS_KEY: &str = "adres/postcode+huisnummer+huisletter+toevoeging";

/// A subject with one token per key; the same number makes the same pseudonym.
pub(crate) fn subject(kind: SubjectKind, tokens: &[(&str, u8)]) -> Subject {
    Subject {
        kind,
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Absent,
        tokens: tokens
            .iter()
            .map(|(key, number)| Token {
                key: MatchKeyId::parse(key).unwrap(),
                pseudonym: Pseudonym::from_bytes([*number; 32]),
            })
            .collect(),
    }
}

pub(crate) fn address(number: u8) -> Subject {
    subject(SubjectKind::Address, &[(ADDRESS_KEY, number)])
}

pub(crate) fn id(number: u8) -> SignalId {
    SignalId::from_slice(&[number; 16]).unwrap()
}

/// A live, reviewed, confirmed signal about address 1, observed ten days ago, for both purposes.
pub(crate) fn signal(number: u8, from: &str, category: &str) -> Signal {
    let day = today().plus_days(-10);
    Signal {
        id: id(number),
        party: party(from),
        covenant: CovenantId::parse("proef").unwrap(),
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse(category).unwrap(),
        purposes: vec![purpose("bezoek"), purpose("woonoverlast")],
        day,
        neighbourhood: Some(model::Neighbourhood::parse("BU08550101").unwrap()),
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: None,
        expires_on: day.plus_days(365),
        subjects: vec![address(1)],
        content_commitment: Digest::new([number; 32]),
    }
}

/// A candidate that agrees with `with` by every token they share.
pub(crate) fn candidate(signal: Signal, with: &Subject) -> Candidate {
    let agreed = super::super::agreement::shared_keys(&signal.subjects[0], with);
    Candidate {
        signal,
        subject: 0,
        agreed,
    }
}

/// What was found about address 1.
pub(crate) fn found(signals: Vec<Signal>) -> Match {
    let subject = address(1);
    Match {
        trigger: None,
        candidates: signals
            .into_iter()
            .map(|s| candidate(s, &subject))
            .collect(),
        subject,
    }
}

/// What a push of `trigger` finds.
pub(crate) fn pushed(trigger: Signal, others: Vec<Signal>) -> Match {
    let subject = trigger.subjects[0].clone();
    Match {
        candidates: others.into_iter().map(|s| candidate(s, &subject)).collect(),
        trigger: Some(trigger),
        subject,
    }
}
