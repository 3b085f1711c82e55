//! Fictitious signals, decisions and stores for the checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::outcome::{Cell, Engine as Decider};
use ledger::word::Code;
use ledger::{Kind, LogSigner, NewEntry, Outcome};
use model::clock::ManualClock;
use model::{
    CategoryCode, Certainty, ClauseNo, CovenantId, Day, Digest, FieldName, KeyEpoch, MatchKeyId,
    MatchKeyName, Oin, PartyId, ProtectionStatement, Pseudonym, PurposeId, RoleRef, Secret, Signal,
    SignalId, Subject, SubjectKind, Timestamp, Token,
};

use super::{Failure, OpenWorld};
use crate::broker::{BrokerStore, CheckpointPlace};
use crate::files::Files;
use crate::node::{NodeSettings, NodeStore};

/// 2026-01-01.
pub(super) const TODAY: Day = Day::from_days(20_454);
pub(super) const ORIGIN: &str = "log.example/conformance";

/// What outlives a restart beside the engine: payload files, the checkpoint's second place, time.
pub(super) struct World {
    name: &'static str,
    files: Arc<Files>,
    pub(super) place: CheckpointPlace,
    pub(super) clock: ManualClock,
}

impl World {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            files: Arc::new(Files::in_memory()),
            place: CheckpointPlace::in_memory(),
            clock: ManualClock::at(TODAY.start()),
        }
    }

    pub(super) fn broker(&self, open: &mut OpenWorld<'_>) -> Result<BrokerStore, Failure> {
        self.broker_with(open, signer()?)
    }

    pub(super) fn broker_with(
        &self,
        open: &mut OpenWorld<'_>,
        signer: LogSigner,
    ) -> Result<BrokerStore, Failure> {
        let (files, clock) = (Arc::clone(&self.files), Arc::new(self.clock.clone()));
        let place = self.place.clone();
        Ok(BrokerStore::start(
            open(self.name)?,
            files,
            signer,
            place,
            clock,
        )?)
    }

    pub(super) fn node(&self, open: &mut OpenWorld<'_>) -> Result<NodeStore, Failure> {
        let settings = NodeSettings {
            outbox_items: 5,
            outbox_bytes: 1000,
            ..NodeSettings::default()
        };
        Ok(NodeStore::start(
            open(self.name)?,
            Arc::clone(&self.files),
            settings,
        )?)
    }
}

pub(super) fn signer() -> Result<LogSigner, Failure> {
    Ok(LogSigner::from_seed(ORIGIN, &Secret::new([3; 32]))?)
}

pub(super) fn now() -> Timestamp {
    TODAY.start()
}

pub(super) fn covenant() -> Result<CovenantId, Failure> {
    Ok(CovenantId::parse("veilig-op-bezoek")?)
}

pub(super) fn party(name: &str) -> Result<PartyId, Failure> {
    Ok(PartyId::parse(name)?)
}

pub(super) fn oin(last: u8) -> Result<Oin, Failure> {
    Ok(Oin::parse(&format!("0000009900000000{last}000"))?)
}

pub(super) fn address_key() -> Result<MatchKeyId, Failure> {
    let name = MatchKeyName::parse("adres")?;
    Ok(MatchKeyId::new(
        &name,
        &[FieldName::Postcode, FieldName::HouseNumber],
    ))
}

pub(super) fn street_key() -> Result<MatchKeyId, Failure> {
    let name = MatchKeyName::parse("straat")?;
    Ok(MatchKeyId::new(
        &name,
        &[FieldName::Street, FieldName::HouseNumber],
    ))
}

/// A subject with one address token, and a second one under another key when `street` is given.
pub(super) fn subject(address: u8, street: Option<u8>) -> Result<Subject, Failure> {
    let mut tokens = vec![Token {
        key: address_key()?,
        pseudonym: Pseudonym::from_bytes([address; 32]),
    }];
    if let Some(street) = street {
        tokens.push(Token {
            key: street_key()?,
            pseudonym: Pseudonym::from_bytes([street; 32]),
        });
    }
    Ok(Subject {
        kind: SubjectKind::Address,
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Unknown,
        tokens,
    })
}

pub(super) fn signal(from: &str, address: u8, street: Option<u8>) -> Result<Signal, Failure> {
    Ok(Signal {
        id: SignalId::fresh(),
        party: party(from)?,
        covenant: covenant()?,
        epoch: KeyEpoch::FIRST,
        category: CategoryCode::parse("vera:AGR.FYS")?,
        purposes: vec![PurposeId::parse("veilig-bezoek")?],
        day: TODAY.plus_days(-3),
        neighbourhood: None,
        certainty: Certainty::Confirmed,
        reviewed_by_person: true,
        police_article: None,
        expires_on: TODAY.plus_days(10),
        subjects: vec![subject(address, street)?],
        content_commitment: Digest::new([9; 32]),
    })
}

/// An entry about a question of `recipient` to `source`; named in the leaf when `named`.
pub(super) fn entry(
    recipient: &str,
    source: &str,
    decision: ledger::Decided,
    named: bool,
) -> Result<NewEntry, Failure> {
    let decider = Decider {
        name: Code::parse("covenant")?,
        version: Code::parse("0.1.0")?,
        table_digest: None,
    };
    let purpose = PurposeId::parse("veilig-bezoek")?;
    let outcome = Outcome {
        clause: Some(ClauseNo::parse("3.1")?),
        decision: Some(decision),
        facts: BTreeMap::new(),
        cell: Some(Cell {
            role: RoleRef::parse(&format!("{recipient}.huismeester"))?,
            purpose: purpose.clone(),
            source: party(source)?,
            signal: None,
            shows: None,
        }),
        ..Outcome::of(Kind::CheckAnswered, decider)
    };
    Ok(NewEntry {
        covenant: Some(Digest::new([5; 32])),
        recipient: named.then(|| party(recipient)).transpose()?,
        source: named.then(|| party(source)).transpose()?,
        purpose: Some(purpose),
        request: b"request".to_vec(),
        answer: b"answer".to_vec(),
        outcome,
    })
}
