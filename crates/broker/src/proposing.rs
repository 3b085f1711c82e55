//! What parties do with covenants: propose a version, sign or reject it, suspend, resume and
//! withdraw it. Everything is verified by the keys pinned here, and durable before it is answered.

use std::sync::Arc;

use covenant::Lang;
use covenant::signoff::{Envelope, EventKind, History, Proposal, Signed, SignoffError, propose};
use ledger::NewEntry;
use model::{Digest, Oin, PartyId, Timestamp};
use store::{BrokerTx, Decided, KeptVersion, Limit, Step, StoreError};
use wire::limit;
use wire::malformed::{Malformed, Problem};
use wire::reason::Reason;
use wire::status::{Refusal, Violation};

use crate::Broker;
use crate::covenant_entries::{self, About};
use crate::refusal::{Refused, until_tomorrow};
use crate::versions::{Version, Versions};

/// What a caller says that an envelope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    Sign,
    Reject,
    Suspend,
    Resume,
    Withdraw,
}

impl Errand {
    const fn is_of(self, signed: &Signed) -> bool {
        match signed {
            Signed::Off(_) => matches!(self, Self::Sign),
            Signed::Event(event) => match (&event.event().kind, self) {
                (EventKind::Reject, Self::Reject)
                | (EventKind::Suspend(_), Self::Suspend)
                | (EventKind::Resume(_), Self::Resume)
                | (EventKind::Withdraw, Self::Withdraw) => true,
                (
                    EventKind::Reject
                    | EventKind::Suspend(_)
                    | EventKind::Resume(_)
                    | EventKind::Withdraw
                    | EventKind::StillValid,
                    _,
                ) => false,
            },
        }
    }
}

/// How many versions one party may propose on one day, however they end.
const PROPOSALS_PER_DAY: u64 = 100;
/// The name of that limit in the store.
const PROPOSALS: &str = "proposals";

impl Broker {
    /// Takes a version as a proposal. The same file again is the same proposal.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong with the file, or that there are too many.
    pub(crate) async fn propose(&self, by: &Oin, file: Vec<u8>) -> Result<Version, Refused> {
        if file.is_empty() {
            return Err(field("file", Problem::Required));
        }
        if file.len() > limit::COVENANT_FILE_BYTES {
            return Err(field("file", Problem::TooLong));
        }
        let now = self.clock().now();
        let digest = covenant_entries::digest_of(&file);
        if let Some(known) = self.versions().get(&digest)
            && known.covenant().party_by_oin(by).is_some()
        {
            return Ok(known);
        }
        let (proposal, party) = self.acceptable(by, &file)?;
        let covenant = proposal.covenant();
        self.has_room(&party, now)?;
        let kept = KeptVersion {
            covenant: covenant.id().clone(),
            number: covenant.version(),
            digest,
            proposed_by: Some(party.clone()),
            received_at: now,
            ended: false,
        };
        let version = Version::new(kept.clone(), proposal);
        let made = version.clone();
        let versions = Arc::clone(self.versions());
        self.store()
            .write(move |tx: &mut BrokerTx| -> Result<(), Refused> {
                let limit = Limit::NamedPerDay {
                    covenant: kept.covenant.clone(),
                    party,
                    name: PROPOSALS,
                    day: now.day(),
                };
                if tx.counted(&limit)? >= PROPOSALS_PER_DAY {
                    let full = Refusal::of(Reason::TooManyProposals);
                    return Err(full.retry_after(until_tomorrow(now)).into());
                }
                tx.count(&limit)?;
                tx.put_version(&kept, &file)?;
                versions.insert(made);
                Ok(())
            })
            .await?;
        let kept = version.kept();
        tracing::info!(covenant = %kept.covenant, version = kept.number, "a version was proposed");
        self.reconsider().await?;
        self.versions()
            .get(&digest)
            .ok_or_else(|| Reason::BrokerFailed.into())
    }

    /// Whether a file may be proposed, by this organisation and now.
    fn acceptable(&self, by: &Oin, file: &[u8]) -> Result<(Proposal, PartyId), Refused> {
        let not_taken = |why: SignoffError| refused("file", Reason::CovenantRefused, &why);
        let proposal = propose(file, self.pins(), None).map_err(not_taken)?;
        let covenant = proposal.covenant();
        let party = covenant
            .party_by_oin(by)
            .map(|party| party.id.clone())
            .filter(|party| self.pinned_oins().get(party).is_none_or(|oin| oin == by))
            .ok_or_else(|| Refused::at(Reason::NotAParty, "file"))?;
        let history = self
            .store()
            .read(|view| view.covenant_history(covenant.id()))?;
        if let Some(last) = history.last() {
            self.may_follow(by, &last.digest)?;
            let history = History {
                covenant: covenant.id().clone(),
                version: last.version,
                digest: last.digest,
            };
            propose(file, self.pins(), Some(&history)).map_err(not_taken)?;
        }
        Ok((proposal, party))
    }

    /// Who proposes what follows on a version is a party of that one.
    fn may_follow(&self, by: &Oin, last: &Digest) -> Result<(), Refused> {
        let is_party = self.versions().read(|all| {
            all.get(last)
                .is_none_or(|version| version.covenant().party_by_oin(by).is_some())
        });
        if is_party {
            Ok(())
        } else {
            Err(Reason::NotAParty.into())
        }
    }

    fn has_room(&self, party: &PartyId, now: Timestamp) -> Result<(), Refused> {
        let open = self.versions().read(|all| {
            all.values()
                .filter(|v| v.kept().proposed_by.as_ref() == Some(party) && v.is_open(now))
                .count()
        });
        if open < self.limits().open_proposals_per_party {
            Ok(())
        } else {
            Err(Reason::TooManyProposals.into())
        }
    }

    /// Takes what a party signed over a version. The same again changes nothing.
    ///
    /// # Errors
    /// `COVENANT_UNKNOWN` when it is about no version that the caller is a party of, and
    /// [`Refused`] with what is wrong with it.
    pub(crate) async fn take_signed(
        &self,
        by: &Oin,
        errand: Errand,
        bytes: Vec<u8>,
    ) -> Result<Version, Refused> {
        if bytes.is_empty() {
            return Err(field("envelope", Problem::Required));
        }
        if bytes.len() > limit::ENVELOPE_BYTES {
            return Err(field("envelope", Problem::TooLong));
        }
        let now = self.clock().now();
        let not_taken = |why: &SignoffError| refused("envelope", Reason::EnvelopeRefused, why);
        let envelope = Envelope::parse(&bytes).map_err(|why| not_taken(&why))?;
        let (version, signed) = self.verified(by, &envelope, now)?;
        if !errand.is_of(&signed) {
            return Err(not_taken(&SignoffError::PredicateType));
        }
        let own = version.covenant().party_by_oin(by).map(|party| &party.id);
        if own != Some(signed.party()) {
            return Err(Refused::at(Reason::PartyNotYours, "envelope"));
        }
        let digest = version.kept().digest;
        if !version.has(&signed.id()) {
            // Else the one who rejected it would reopen alone what all must open.
            if version.was_active() && matches!(signed, Signed::Off(_)) {
                return Err(not_taken(&SignoffError::WasInForce));
            }
            // What narrows finds room when the rest no longer does.
            let room = limit::ENVELOPES_PER_PARTY * if signed.narrows() { 2 } else { 1 };
            if version.envelopes_of(signed.party()) >= room {
                return Err(Reason::TooManyProposals.into());
            }
            let unit = Taking {
                versions: Arc::clone(self.versions()),
                digest,
                signed: signed.clone(),
                envelope: envelope.clone(),
                bytes,
                now,
            };
            self.store().commit_step(move |tx| unit.run(tx)).await?;
            self.versions().take(&digest, &signed, &envelope, now);
            self.reconsider().await?;
            self.tell();
        }
        self.versions()
            .get(&digest)
            .ok_or_else(|| Reason::BrokerFailed.into())
    }

    /// The version that an envelope is about, among those that the caller is a party of.
    fn verified(
        &self,
        by: &Oin,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<(Version, Signed), Refused> {
        let named: Vec<Version> = self.versions().read(|all| {
            all.values()
                .filter(|version| {
                    let hex = version.kept().digest.to_hex();
                    let payload = envelope.payload();
                    version.covenant().party_by_oin(by).is_some()
                        && payload
                            .windows(hex.len())
                            .any(|part| part == hex.as_bytes())
                })
                .cloned()
                .collect()
        });
        // What a sign-off says that it replaces stands in it too: the next one may be meant.
        let mut why = None;
        for version in named {
            match Signed::verify(version.proposal(), envelope, now) {
                Ok(signed) => return Ok((version, signed)),
                Err(SignoffError::OtherFile) => {}
                Err(other) => why = Some(other),
            }
        }
        Err(why.map_or_else(
            || Refused::at(Reason::CovenantUnknown, "envelope"),
            |why| refused("envelope", Reason::EnvelopeRefused, &why),
        ))
    }
}

/// What the unit of work of one envelope needs.
struct Taking {
    versions: Arc<Versions>,
    digest: Digest,
    signed: Signed,
    envelope: Envelope,
    bytes: Vec<u8>,
    now: Timestamp,
}

impl Taking {
    fn run(self, tx: &mut BrokerTx) -> Result<Step<()>, Refused> {
        let id = self.signed.id();
        if !tx.put_signed_over(&self.digest, id, self.now, &self.bytes)? {
            return Ok(Step::Nothing);
        }
        let Some(mut version) = self.versions.get(&self.digest) else {
            return Err(Reason::BrokerFailed.into());
        };
        version.take(&self.signed, &self.envelope, self.now);
        // What closes counts from this unit on, on the writer's thread: whatever is decided after it
        // sees it. What opens counts once it is durable.
        self.versions.narrow(&self.digest, &self.signed, self.now);
        let dropped = drop_what_is_closed(tx, &self.versions, self.now)?;
        let entry = self.entry(&version, dropped);
        let kept = version.kept();
        tracing::info!(
            covenant = %kept.covenant, version = kept.number, party = %self.signed.party(),
            what = %entry.outcome.kind, dropped, "signed over a covenant"
        );
        Ok(Step::Decided(Decided::new(vec![entry], ())))
    }

    fn entry(&self, version: &Version, dropped: u64) -> NewEntry {
        let about = About {
            version,
            party: Some(self.signed.party()),
            id: Some(self.signed.id()),
            dropped,
        };
        match &self.signed {
            Signed::Off(_) => covenant_entries::signed(&about),
            Signed::Event(event) => covenant_entries::event(&about, event.event(), self.now),
        }
    }
}

/// Takes back notices on their way that may not be told any more. Answers how many.
pub(crate) fn drop_what_is_closed(
    tx: &mut BrokerTx,
    versions: &Versions,
    now: Timestamp,
) -> Result<u64, StoreError> {
    tx.drop_notices(|notice| !crate::delivery::may_be_told(versions, &notice.body, now))
}

fn field(name: &str, problem: Problem) -> Refused {
    Refusal::from(Malformed::new(name, problem)).into()
}

/// What does not hold, as the refusal of a field.
fn refused(name: &str, reason: Reason, why: &SignoffError) -> Refused {
    let (en, nl) = (why.sentence(Lang::En), why.sentence(Lang::Nl));
    let mut refusal = Refusal::of(reason).texts(en.clone(), nl.clone());
    refusal.violations.push(Violation {
        field: name.to_owned(),
        rule: "DOES_NOT_HOLD".to_owned(),
        message_en: en,
        message_nl: nl,
    });
    refusal.into()
}
