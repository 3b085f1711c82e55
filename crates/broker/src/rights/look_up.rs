//! A desk's look-up: the party's own entries about data subjects, and nobody else's.

use std::collections::BTreeSet;
use std::sync::Arc;

use ledger::{Kind, Opening};
use model::{CovenantId, Day, Digest, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{
    BrokerTx, BrokerView, Decided, Limit, Listed, Logged, Recall, Remember, RequestKey, Side,
    Sought, Step, StoreError,
};
use wire::limit;
use wire::reason::Reason;
use wire::rights::LookUpQuestion;
use wire::status::Refusal;
use wire::word::EntryRole;

use super::entry;
use crate::Broker;
use crate::entries::{number, quota_exceeded, word};
use crate::members::Answerable;
use crate::oversight::stands;
use crate::refusal::{Refused, until_tomorrow};

const METHOD: &str = "LookUp";
const LOOK_UPS: &str = "look_ups";
/// How many rows of one pseudonym one look-up walks.
const ROWS: usize = 5_000;

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// Places in the log, rising, with how the party stands to them.
    pub(crate) places: Vec<Place>,
    /// Where to ask on.
    pub(crate) next: Option<u64>,
}

/// Where an entry stands, and what it has to do with the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    seq: u64,
    role: EntryRole,
    subjects: BTreeSet<u32>,
}

/// An entry as its party may see it.
#[derive(Debug, Clone)]
pub(crate) struct FoundEntry {
    /// Its place in the log, from 0.
    pub(crate) index: u64,
    /// How the party stands to it.
    pub(crate) role: EntryRole,
    /// Which of the question's subjects it is about.
    pub(crate) subjects: Vec<u32>,
    /// The leaf.
    pub(crate) leaf: Vec<u8>,
    /// Its proof.
    pub(crate) proof: Vec<Digest>,
    /// Opens the request, for who asked.
    pub(crate) request: Option<Opening>,
    /// Opens the answer, for who asked or was told.
    pub(crate) answer: Option<Opening>,
    /// Opens the outcome, for the source.
    pub(crate) outcome: Option<Opening>,
    /// The recall of what it told, for the source.
    pub(crate) recall: Option<Recall>,
}

/// What is handed out of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LookedUp {
    /// What was found.
    Found(Found),
    /// The limit of the day is used up.
    Refused(Refusal),
}

impl Broker {
    /// Looks up the entries of a party about data subjects. The look-up is an entry of its own, the
    /// same whatever is found.
    ///
    /// # Errors
    /// [`Refused`] when the message is not in order, the day's limit is used up, or the store fails.
    pub(crate) async fn look_up(
        &self,
        member: &Answerable,
        question: LookUpQuestion,
    ) -> Result<(Logged<LookedUp>, Vec<FoundEntry>), Refused> {
        let now = self.clock().now();
        self.timely(&question.header, now)?;
        question.header.fresh(now)?;
        let covenant = member.covenant();
        self.may_disclose(covenant)?;
        let unit = Looking {
            versions: self.digests_of(covenant.id())?,
            most: u64::from(self.limits().look_ups_per_party_per_day),
            member: member.clone(),
            question: Arc::new(question),
            now,
        };
        let logged = self.store().commit_step(move |tx| unit.run(tx)).await?;
        let logged = logged.ok_or(Reason::BrokerFailed)?;
        if let LookedUp::Refused(refusal) = logged.disclosure() {
            tracing::warn!(
                covenant = %covenant.id(), party = %member.party,
                "a desk has used up its look-ups of the day"
            );
            return Err(refusal.clone().into());
        }
        let logged = self.once_witnessed(covenant, logged).await?;
        let entries = match logged.disclosure() {
            LookedUp::Found(found) => self.entries_of(found, logged.receipt())?,
            LookedUp::Refused(_) => Vec::new(),
        };
        Ok((logged, entries))
    }

    /// The entries themselves, proved under the look-up's own checkpoint.
    fn entries_of(
        &self,
        found: &Found,
        receipt: &ledger::Receipt,
    ) -> Result<Vec<FoundEntry>, Refused> {
        let size = self
            .log_verifier()
            .verify(&receipt.checkpoint)
            .map_err(|_| Reason::BrokerFailed)?
            .size;
        let mut entries = Vec::with_capacity(found.places.len());
        for place in &found.places {
            let read = self.store().read(|view| one(view, place, size));
            entries.extend(read?);
        }
        Ok(entries)
    }
}

fn one(view: &BrokerView, place: &Place, size: u64) -> Result<Option<FoundEntry>, StoreError> {
    let Some(entry) = view.entry(place.seq)? else {
        return Ok(None);
    };
    let source = place.role == EntryRole::Source;
    Ok(Some(FoundEntry {
        index: place.seq,
        role: place.role,
        subjects: place.subjects.iter().copied().collect(),
        proof: view.inclusion_proof(place.seq, size)?,
        request: entry.request.filter(|_| !source),
        answer: entry.answer.filter(|_| !source),
        outcome: entry.outcome.filter(|_| source),
        recall: if source {
            view.recall_of(place.seq)?
        } else {
            None
        },
        leaf: entry.leaf,
    }))
}

/// What one look-up's unit of work needs.
struct Looking {
    /// Every version of the covenant.
    versions: BTreeSet<Digest>,
    most: u64,
    member: Answerable,
    question: Arc<LookUpQuestion>,
    now: Timestamp,
}

impl Looking {
    fn run(self, tx: &mut BrokerTx) -> Result<Step<LookedUp>, Refused> {
        let header = &self.question.header;
        let key = RequestKey {
            client: self.member.oin.to_string(),
            method: METHOD.to_owned(),
            id: header.request_id,
        };
        let hash = self.hash();
        if let Some(remembered) = tx.answered(&key, &hash)? {
            let found = self.find(tx)?;
            return Ok(Step::Again {
                remembered,
                disclosure: LookedUp::Found(found),
            });
        }
        tx.accept_once(&self.member.oin, &header.nonce, header.expires_at, self.now)?;
        let limit = Limit::NamedPerDay {
            covenant: header.covenant.clone(),
            party: self.member.party.clone(),
            name: LOOK_UPS,
            day: self.now.day(),
        };
        if tx.counted(&limit)? >= self.most {
            let alarm = quota_exceeded(
                self.member.covenant().digest(),
                &self.member.party,
                LOOK_UPS,
                self.most,
            );
            let refusal = Refusal::of(Reason::LimitReached).retry_after(until_tomorrow(self.now));
            let refused = LookedUp::Refused(refusal);
            return Ok(Step::Decided(Decided::new(vec![alarm], refused)));
        }
        tx.count(&limit)?;
        let found = self.find(tx)?;
        let facts = [
            ("identity", word(self.question.identity.as_str())),
            ("subjects", number(self.question.subjects.len())),
            ("entries", number(found.places.len())),
        ];
        let mut entry = entry(
            Kind::SubjectLookedUp,
            &self.member,
            &self.question.desk,
            "looked_up",
            facts,
        );
        entry.request = self.question.commitment.as_bytes().to_vec();
        let mut decided = Decided::for_asker(vec![entry], LookedUp::Found(found));
        decided.remember = Some(Remember {
            key,
            hash,
            answer: Vec::new(),
            until: None,
        });
        Ok(Step::Decided(decided))
    }

    /// Looks for every pseudonym on both sides.
    fn find(&self, view: &BrokerView) -> Result<Found, StoreError> {
        let question = &self.question;
        let (mut all, mut whose) = (Vec::new(), Vec::new());
        for (place, asked) in (0_u32..).zip(&question.subjects) {
            for token in &asked.subject.tokens {
                for side in [Side::Recipient, Side::Source] {
                    all.push(Sought {
                        covenant: &question.header.covenant,
                        epoch: question.epoch,
                        key: &token.key,
                        pseudonym: &token.pseudonym,
                        side,
                    });
                    whose.push((side, place));
                }
            }
        }
        let page = view.linked_to_any(&all, question.from_index, ROWS)?;
        let mut found = Found {
            next: page.next,
            ..Found::default()
        };
        for (seq, places) in page.entries {
            if found.places.len() == limit::LOOKED_UP {
                found.next = Some(seq);
                break;
            }
            let sides = places.iter().filter_map(|place| whose.get(*place).copied());
            if let Some(listed) = view.listing(seq)? {
                found
                    .places
                    .extend(self.own(seq, &listed, &sides.collect()));
            }
        }
        Ok(found)
    }

    /// How the party stands to an entry, where it may see it: as who asked or was told, or as who
    /// let another know something. Of what was withheld from others it learns nothing.
    fn own(&self, seq: u64, listed: &Listed, sides: &BTreeSet<(Side, u32)>) -> Option<Place> {
        listed
            .covenant
            .filter(|digest| self.versions.contains(digest))?;
        let (recipient, revealed) = stands(listed, |party| *party == self.member.party);
        let role = |side: Side| match side {
            Side::Recipient => recipient.then_some(EntryRole::Recipient),
            Side::Source => revealed.then_some(EntryRole::Source),
        };
        let day = listed.at.day();
        let mine = sides
            .iter()
            .filter(|(_, subject)| self.is_in_time(*subject, day))
            .filter_map(|(side, subject)| Some((role(*side)?, *subject)));
        let mine: Vec<(EntryRole, u32)> = mine.collect();
        let role = mine.first()?.0;
        let subjects = mine.iter().filter(|(one, _)| *one == role);
        Some(Place {
            seq,
            role,
            subjects: subjects.map(|(_, subject)| *subject).collect(),
        })
    }

    fn is_in_time(&self, subject: u32, day: Day) -> bool {
        let index = usize::try_from(subject).unwrap_or(usize::MAX);
        let Some(asked) = self.question.subjects.get(index) else {
            return false;
        };
        let earliest = self.now.day().plus_days(-limit::LOOKED_BACK_DAYS);
        day >= asked.from.map_or(earliest, |from| from.max(earliest))
            && asked.until.is_none_or(|until| day < until)
    }

    /// What makes a request the same request.
    fn hash(&self) -> Digest {
        let question = &self.question;
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(bytes);
        };
        part(b"covenant-broker/look-up/v1");
        part(covenant_of(question).as_str().as_bytes());
        part(question.desk.case.as_bytes());
        part(&question.from_index.to_be_bytes());
        part(&question.epoch.get().to_be_bytes());
        part(question.commitment.as_bytes());
        for asked in &question.subjects {
            part(format!("{:?}/{:?}", asked.from, asked.until).as_bytes());
            for token in &asked.subject.tokens {
                part(token.key.as_str().as_bytes());
                part(token.pseudonym.as_bytes());
            }
        }
        Digest::new(hash.finalize().into())
    }
}

const fn covenant_of(question: &LookUpQuestion) -> &CovenantId {
    &question.header.covenant
}
