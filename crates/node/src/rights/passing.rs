//! Passing a request on to the other parties of the covenant, sealed to each of them, and taking in
//! what others pass on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use covenant::Covenant;
use data_encoding::BASE64;
use identity::SealingPublicKey;
use ledger::kind::Class;
use model::{CaseId, CovenantId, Digest, NoticeId, PartyId, RequestId};
use wire::limit;
use wire::malformed::Problem;
use wire::notice::Receipt;
use wire::rights::PassingOn;

use super::application;
use super::open::due_on;
use super::record::{self, Beginning, Passing, Record};
use super::{Desk, Step, Stepping};
use crate::caller::Caller;
use crate::covenants::Answerable;
use crate::grpc::stored;
use crate::intake::{Findings, Rule};
use crate::log::Followed;
use crate::refusal::Refused;

/// HPKE's `info`: what the key exchange is for.
const INFO: &[u8] = b"covenant-broker/passed-request/v1";

/// A request that another party passes on, as it came.
pub(crate) struct Passed {
    /// Id of the delivery; the case has the same.
    pub(crate) id: NoticeId,
    pub(crate) covenant: CovenantId,
    pub(crate) from: PartyId,
    pub(crate) sealed: Vec<u8>,
    pub(crate) receipt: Receipt,
}

impl Desk {
    /// Passes a case on; gives the parties to which it goes.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, a case that is not confirmed, or a broker that does not take it.
    /// Sent again, the broker gets what was sealed before.
    pub(crate) async fn pass_on(
        &self,
        caller: &Caller,
        step: Step,
        parties: &[String],
    ) -> Result<Vec<String>, Refused> {
        let mut found = Findings::default();
        let named = party_ids(parties, &mut found);
        let step = self.stepping(caller, "PassOnCase", &step, found)?;
        let record = self.load(step.case)?;
        record.confirmed()?;
        let now = self.clock.now();
        let answerable = self.answerable(&record, now)?;
        let keys = self.recipients(answerable.covenant(), &named)?;
        if self.is_done(&step)? {
            return Ok(keys.into_keys().map(|party| party.to_string()).collect());
        }
        let passing = self.sealed(&step, &record, &answerable, &keys).await?;
        let request = RequestId::from_slice(&passing.request).ok_or_else(record::damaged)?;
        let covenant = answerable.covenant();
        let message = PassingOn {
            header: self
                .broker
                .speaker()
                .header(covenant.id(), covenant.digest(), request),
            desk: self.at_work(step.case, &record, &step.actor)?,
            sealed: read_sealed(&passing)?,
        };
        let receipt = self.broker.pass_on(message).await?;
        let followed = self
            .verify_step(&answerable, &receipt, record.confirmed_at)
            .await?;
        let parties: Vec<String> = passing.sealed.into_iter().map(|(party, _)| party).collect();
        let passed = parties.clone();
        self.change(step, move |tx, _, record| {
            followed.keep(tx)?;
            record.passing = None;
            record.passed_to.extend(passed);
            record.passed_to.sort();
            record.passed_to.dedup();
            if record.under_way().is_ok() {
                record.answer = None;
            }
            Ok(())
        })
        .await?;
        Ok(parties)
    }

    /// To whom it goes, with the key that each has in the covenant.
    fn recipients(
        &self,
        covenant: &Covenant,
        named: &[PartyId],
    ) -> Result<BTreeMap<PartyId, SealingPublicKey>, Refused> {
        let mut found = Findings::default();
        let all: Vec<PartyId> = covenant
            .parties()
            .keys()
            .filter(|party| **party != self.party)
            .cloned()
            .collect();
        let wanted = if named.is_empty() { &all } else { named };
        let mut keys = BTreeMap::new();
        for (place, party) in wanted.iter().enumerate() {
            let node = covenant.party(party).and_then(|party| party.node.as_ref());
            let key = node.and_then(|node| node.sealing.bytes());
            match key.and_then(SealingPublicKey::from_bytes) {
                Some(key) if *party != self.party => {
                    keys.insert(party.clone(), key);
                }
                _ => found.rule(&path(named, place), Rule::PartyCantBeSealedTo),
            }
        }
        found.into_result()?;
        Ok(keys)
    }

    /// The request, sealed for each party and kept before it leaves.
    async fn sealed(
        &self,
        step: &Stepping,
        record: &Record,
        answerable: &Answerable,
        keys: &BTreeMap<PartyId, SealingPublicKey>,
    ) -> Result<Passing, Refused> {
        if let Some(passing) = &record.passing {
            let same = passing.sealed.iter().map(|(party, _)| party.as_str());
            let same = same.eq(keys.keys().map(PartyId::as_str));
            if same && passing.actor == step.actor.as_str() {
                return Ok(passing.clone());
            }
        }
        let content = record.content()?;
        let content = stored::without_actor(&content).ok_or_else(record::damaged)?;
        // Which case it is stands inside: who opens it needs nothing that does not come along.
        let plain = [step.case.as_bytes().as_slice(), &content].concat();
        let digest = answerable.covenant().digest();
        let mut sealed = Vec::with_capacity(keys.len());
        for (party, key) in keys {
            let aad = associated_data(&digest, &self.party, party);
            let bytes = key
                .seal(INFO, &aad, &plain)
                .map_err(|_| Refused::failed())?;
            if bytes.len() > limit::SEALED_REQUEST_BYTES {
                return Err(too_large());
            }
            sealed.push((party.to_string(), BASE64.encode(&bytes)));
        }
        let passing = Passing {
            request: *RequestId::fresh().as_bytes(),
            actor: step.actor.to_string(),
            sealed,
        };
        let (kept, vault, id) = (passing.clone(), Arc::clone(&self.vault), step.case);
        self.store
            .write(move |tx| {
                let mut record = record::load(tx, &vault, id)?;
                record.passing = Some(kept);
                record::save(tx, &vault, id, &record)
            })
            .await?;
        Ok(passing)
    }

    /// Whether a passed request's receipt holds: that these sealed bytes were passed on stands in the
    /// log, as a use of a right under this covenant, by who is said to pass it on and for this party.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub(crate) fn verify_passed(&self, passed: &Passed) -> Result<(), Refused> {
        let digest = sha256(&passed.sealed);
        let is_this = passed.receipt.entries.iter().all(|entry| {
            let answer = entry.answer.as_ref().map(|o| o.content.as_slice());
            answer == Some(digest.as_slice())
        });
        let about = (&*self.covenants, &passed.covenant);
        self.log
            .bears_out_owed(&passed.receipt, about, self.clock.now(), |leaf| {
                is_this
                    && leaf.class == Class::Rights
                    && leaf.source.as_ref() == Some(&passed.from)
                    && leaf.recipient.as_ref() == Some(&self.party)
            })
    }

    /// Keeps a passed request as an open case, once. `false` when it does not open or read: then it
    /// is not acknowledged.
    ///
    /// # Errors
    /// [`Refused`] when the store fails.
    pub(crate) async fn take_passed(
        &self,
        passed: Passed,
        followed: Followed,
    ) -> Result<bool, Refused> {
        let Some(id) = CaseId::from_slice(passed.id.as_bytes()) else {
            return Ok(false);
        };
        if self.store.read(|view| view.case(id))?.is_some() {
            return Ok(true);
        }
        let Some(record) = self.opened(&passed) else {
            tracing::error!("a passed request does not open or read; it is not acknowledged");
            self.metrics.passed_refused();
            return Ok(false);
        };
        let vault = Arc::clone(&self.vault);
        self.store
            .write(move |tx| {
                if tx.case(id)?.is_none() {
                    record::save(tx, &vault, id, &record)?;
                }
                Ok::<_, Refused>(followed.keep(tx)?)
            })
            .await?;
        tracing::info!("another party passed on a request of a data subject");
        Ok(true)
    }

    /// A passed request as a case of this party's.
    fn opened(&self, passed: &Passed) -> Option<Record> {
        let now = self.clock.now();
        let answerable = self.covenants.answerable(&passed.covenant, now)?;
        let covenant = answerable.covenant();
        covenant.party(&passed.from)?;
        // The sender may work by another version than this node by now.
        let plain = self
            .covenants
            .digests(&passed.covenant)
            .iter()
            .find_map(|digest| {
                let aad = associated_data(digest, &passed.from, &self.party);
                self.sealing.open(INFO, &aad, &passed.sealed)
            })?;
        let (_, content) = plain.split_at_checked(16)?;
        let application = stored::application(content)?;
        if application.covenant != passed.covenant.as_str() {
            return None;
        }
        let read = application::check(&application, now, &mut Findings::default())?;
        Some(Record::new(Beginning {
            covenant: passed.covenant.clone(),
            kind: read.kind,
            identity: read.identity,
            opened_by: String::new(),
            now,
            received_on: read.received_on,
            due_on: due_on(covenant, &self.party, read.received_on),
            // That of the other party means nothing here.
            reference: String::new(),
            applicant: read.applicant,
            content: content.to_vec(),
            passed_on_by: passed.from.to_string(),
            kept_days: self.case_days(),
        }))
    }
}

/// What must be known to open: digest of the covenant, who passes it on, and to whom.
fn associated_data(digest: &Digest, from: &PartyId, to: &PartyId) -> Vec<u8> {
    let mut aad = digest.as_bytes().to_vec();
    for party in [from, to] {
        let length = u32::try_from(party.as_str().len()).unwrap_or(u32::MAX);
        aad.extend(length.to_be_bytes());
        aad.extend(party.as_str().as_bytes());
    }
    aad
}

fn read_sealed(passing: &Passing) -> Result<Vec<(PartyId, Vec<u8>)>, Refused> {
    let read = |(party, sealed): &(String, String)| {
        let party = PartyId::parse(party).ok()?;
        Some((party, BASE64.decode(sealed.as_bytes()).ok()?))
    };
    let sealed: Option<Vec<_>> = passing.sealed.iter().map(read).collect();
    sealed.ok_or_else(record::damaged)
}

fn party_ids(texts: &[String], found: &mut Findings) -> Vec<PartyId> {
    found.at_most("parties", texts.len(), limit::PARTIES);
    let mut seen = BTreeSet::new();
    let mut parties = Vec::new();
    for (place, text) in texts.iter().enumerate().take(limit::PARTIES) {
        let path = format!("parties[{place}]");
        let Some(party) = found.named(&path, PartyId::parse(text)) else {
            continue;
        };
        if seen.insert(party.clone()) {
            parties.push(party);
        } else {
            found.duplicate(&path);
        }
    }
    parties
}

/// Where a party stands that can't be sealed to: in the request, or in the covenant.
fn path(named: &[PartyId], place: usize) -> String {
    if named.is_empty() {
        "parties".to_owned()
    } else {
        format!("parties[{place}]")
    }
}

fn too_large() -> Refused {
    let mut found = Findings::default();
    found.told(
        "case_id",
        Problem::TooLong,
        "the request is too large to be passed on; open a case with fewer subjects",
        "het verzoek is te groot om door te geven; open een zaak met minder onderwerpen",
    );
    found.into()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
