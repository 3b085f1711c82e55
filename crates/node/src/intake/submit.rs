//! Taking a signal: check everything, derive tokens, store all of it or nothing.

use std::collections::BTreeSet;

use ledger::opening::{Salt, content_commitment};
use model::{Day, Digest, KeyEpoch, MatchKeyName, Signal, SignalId, Subject, Timestamp, Token};
use serde::{Deserialize, Serialize};
use store::{NodeTx, OutsideId, OwnSignal, RequestKey};

use super::record::{Content, Record, State, vault_name};
use super::validate::{Against, Checked, check};
use super::{Draft, Findings, Intake, Rule, rehearse, request_key};
use crate::caller::Caller;
use crate::covenants::Active;
use crate::keys::Epoch;
use crate::refusal::{Reason, Refused};
use crate::uplink::item;

/// The method's name for idempotency; the stream's items share it.
const METHOD: &str = "covenant.node.v1.SignalService/SubmitSignal";

/// One signal as it came in.
#[derive(Debug, Clone)]
pub struct Submission {
    /// `request_id`.
    pub request_id: String,
    /// The signal; `None` when the field is missing.
    pub draft: Option<Draft>,
    /// The exact content, which is kept encrypted.
    pub content: Vec<u8>,
    /// Only check.
    pub validate_only: bool,
}

/// A signal that was taken, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    id: [u8; 16],
    accepted_at: Option<i64>,
    expires_on: i32,
    comparisons: Vec<String>,
    #[serde(default)]
    too_frequent: Vec<String>,
}

impl Accepted {
    /// The signal's id.
    #[must_use]
    pub fn id(&self) -> Option<SignalId> {
        SignalId::from_slice(&self.id)
    }

    /// When it was stored durably; `None` when it was only checked.
    #[must_use]
    pub fn accepted_at(&self) -> Option<Timestamp> {
        self.accepted_at.map(Timestamp::from_millis)
    }

    /// The first day on which it no longer matches.
    #[must_use]
    pub const fn expires_on(&self) -> Day {
        Day::from_days(self.expires_on)
    }

    /// The comparisons in which it takes part.
    #[must_use]
    pub fn comparisons(&self) -> &[String] {
        &self.comparisons
    }

    /// The comparisons of which a token was left out, because the party's own signals have it too
    /// often.
    #[must_use]
    pub fn too_frequent(&self) -> &[String] {
        &self.too_frequent
    }
}

/// Everything of one signal that goes into the store.
pub(super) struct Parcel {
    id: SignalId,
    record: Record,
    own: OwnSignal,
    vault_name: Vec<u8>,
    sealed: Vec<u8>,
    items: Vec<(String, Vec<u8>)>,
    tallies: Vec<Tally>,
    answer: Accepted,
}

/// What leaves of a signal, and what is kept of that.
#[derive(Default)]
pub(super) struct Outgoing {
    pub(super) salts: Vec<(KeyEpoch, [u8; 32])>,
    pub(super) outside: Vec<OutsideId>,
    pub(super) items: Vec<(String, Vec<u8>)>,
    pub(super) tallies: Vec<Tally>,
    pub(super) comparisons: BTreeSet<String>,
    too_frequent: BTreeSet<MatchKeyName>,
}

/// A token of which the covenant limits how often it may occur among the party's own signals.
pub(super) struct Tally {
    token: Token,
    pub(super) name: String,
    key: MatchKeyName,
    most: u32,
}

impl Intake {
    /// Takes one signal. When this returns an acceptance with a time, the signal is durable.
    ///
    /// # Errors
    /// [`Refused`]: every wrong field at once, or why not now.
    pub async fn submit(
        &self,
        caller: &Caller,
        submission: Submission,
    ) -> Result<Accepted, Refused> {
        let outcome = self.submit_uncounted(caller, submission).await;
        self.metrics.submitted(outcome.as_ref().err());
        outcome
    }

    async fn submit_uncounted(
        &self,
        caller: &Caller,
        submission: Submission,
    ) -> Result<Accepted, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let request = found.request_id("request_id", &submission.request_id);
        if submission.draft.is_none() {
            found.required("signal");
        }
        let (Some(request), Some(draft)) = (request, &submission.draft) else {
            return Err(found.into());
        };
        let hash = Digest::new(self.vault.recognise(&[b"submit", &submission.content]));
        let key = request_key(caller, METHOD, request);
        let now = self.clock.now();
        match self.prepare(draft, &submission.content, &hash, now) {
            // The unit of work looks whether it was answered before: a look-up of its own would
            // wait for every disk synchronisation.
            Ok(parcel) => {
                let only_check = submission.validate_only;
                let unit = move |tx: &mut NodeTx| store_parcel(tx, &key, &hash, parcel, now);
                let accepted = rehearse::run(&self.store, only_check, unit).await?;
                if only_check {
                    return Ok(accepted.only_checked());
                }
                self.link.wake();
                Ok(accepted)
            }
            // What was taken once is answered so again, even when it would be refused by now.
            Err(refused) => match self.answered(&key, &hash) {
                Ok(Some(answer)) if !submission.validate_only => Ok(answer),
                _ => Err(refused),
            },
        }
    }

    /// Checks everything and derives everything, and stores nothing.
    pub(super) fn prepare(
        &self,
        draft: &Draft,
        content: &[u8],
        hash: &Digest,
        now: Timestamp,
    ) -> Result<Parcel, Refused> {
        let active = self
            .covenants
            .named(&draft.covenant, "signal.covenant", now)?;
        let against = Against {
            party: &self.party,
            covenant: active.covenant(),
            now,
        };
        let checked = check(draft, against)?;
        self.parcel(&active, &checked, content, hash, now)
    }

    fn answered(&self, key: &RequestKey, hash: &Digest) -> Result<Option<Accepted>, Refused> {
        let remembered = self
            .store
            .read(|view| Ok::<_, Refused>(view.answered(key, hash)?))?;
        Ok(remembered.and_then(|r| serde_json::from_slice(r.answer()).ok()))
    }

    fn parcel(
        &self,
        active: &Active,
        checked: &Checked,
        content: &[u8],
        hash: &Digest,
        now: Timestamp,
    ) -> Result<Parcel, Refused> {
        let Outgoing {
            salts,
            outside,
            items,
            tallies,
            comparisons,
            too_frequent: left_out,
        } = self.outgoing(active, checked, (content, &[]), now)?;
        if comparisons.is_empty() {
            return Err(match left_out.first() {
                Some(key) => too_frequent(key),
                None => nothing_to_compare(active),
            });
        }
        let comparisons: Vec<String> = comparisons.into_iter().collect();
        let vault_name = vault_name(now, checked.id);
        let sealed = Content {
            salts,
            message: content.to_vec(),
        }
        .seal(&self.vault, &vault_name)?;
        let record = Record {
            covenant: checked.covenant.to_string(),
            day: checked.day.as_days(),
            expires_on: checked.expires_on.as_days(),
            accepted_at: now.as_millis(),
            state: State::Queued,
            content: hash.to_hex(),
            comparisons: comparisons.clone(),
            waiting: Vec::new(),
            refusal: None,
            withdrawn_at: None,
            withdrawn_for: None,
            tallies: tallies.iter().map(|t| t.name.clone()).collect(),
        };
        let answer = Accepted {
            id: *checked.id.as_bytes(),
            accepted_at: Some(now.as_millis()),
            expires_on: checked.expires_on.as_days(),
            comparisons,
            too_frequent: left_out.iter().map(ToString::to_string).collect(),
        };
        let own = OwnSignal {
            state: Vec::new(),
            outside,
        };
        Ok(Parcel {
            id: checked.id,
            record,
            own,
            vault_name,
            sealed,
            items,
            tallies,
            answer,
        })
    }

    /// The signal as it leaves: once for every epoch of which this node has the key, each under an
    /// id, a salt and tokens of its own, and others than the ids under which it left `before`: what
    /// was withdrawn under one stays so.
    pub(super) fn outgoing(
        &self,
        active: &Active,
        checked: &Checked,
        (content, before): (&[u8], &[OutsideId]),
        now: Timestamp,
    ) -> Result<Outgoing, Refused> {
        let mut out = Outgoing::default();
        for epoch in active.epochs() {
            // The same signal again, after a node was restored from a backup of before it, has the
            // same id and commitment outside: the broker takes it once.
            let number = epoch.number().get().to_be_bytes();
            let own = checked.id.as_bytes().as_slice();
            let covenant = checked.covenant.as_str().as_bytes();
            let same = |outside: &&OutsideId| {
                outside.covenant == checked.covenant && outside.epoch == epoch.number()
            };
            let times = u64::try_from(before.iter().filter(same).count()).unwrap_or(u64::MAX);
            let times = times.to_be_bytes();
            let parts = |label: &'static [u8]| {
                [
                    label,
                    covenant,
                    number.as_slice(),
                    own,
                    times.as_slice(),
                    content,
                ]
            };
            let salt = self.vault.recognise(&parts(b"signal salt"));
            let id = SignalId::from_slice(&self.vault.id(&parts(b"signal outside")))
                .unwrap_or_else(SignalId::fresh);
            let mut subjects = derive(epoch, checked);
            let tallies = limited(active, epoch, &subjects);
            for tally in self.over(&tallies)? {
                for subject in &mut subjects {
                    subject.tokens.retain(|token| *token != tally.token);
                }
                out.too_frequent.insert(tally.key.clone());
            }
            out.tallies.extend(tallies);
            for token in subjects.iter().flat_map(|s| &s.tokens) {
                out.comparisons.insert(token.key.name().to_owned());
            }
            let signal = signal(
                &self.party,
                checked,
                epoch,
                id,
                subjects,
                content_commitment(&Salt::new(salt), content),
            );
            let queue = item::queue(&checked.covenant, epoch.number());
            let item = item::push(&self.speaker, signal, checked.id, now);
            out.items.push((queue, item));
            out.salts.push((epoch.number(), salt));
            out.outside.push(OutsideId {
                covenant: checked.covenant.clone(),
                epoch: epoch.number(),
                id,
            });
        }
        Ok(out)
    }

    /// The tokens that the party's own signals have too often already: they stay out, and are
    /// reported. Signals that come in at the same moment may each be the last that is let through.
    fn over<'a>(&self, tallies: &'a [Tally]) -> Result<Vec<&'a Tally>, Refused> {
        let mut over = Vec::new();
        for tally in tallies {
            let so_far = self.store.read(|view| view.tally(tally.name.as_bytes()))?;
            if so_far >= u64::from(tally.most) {
                over.push(tally);
            }
        }
        if !over.is_empty() {
            self.metrics.left_out(over.len());
        }
        Ok(over)
    }
}

fn store_parcel(
    tx: &mut NodeTx,
    key: &RequestKey,
    hash: &Digest,
    parcel: Parcel,
    now: Timestamp,
) -> Result<Accepted, Refused> {
    if let Some(remembered) = tx.answered(key, hash)? {
        return serde_json::from_slice(remembered.answer()).map_err(|_| Refused::failed());
    }
    let accepted = put_parcel(tx, parcel)?;
    remember(tx, key, hash, accepted, now)
}

/// Stores a signal; one that is there already, with the same content, is accepted as it is.
pub(super) fn put_parcel(tx: &mut NodeTx, mut parcel: Parcel) -> Result<Accepted, Refused> {
    if let Some(known) = tx.own(parcel.id)? {
        let known = Record::decode(&known.state)?;
        if known.content != parcel.record.content {
            return Err(Reason::SignalIdReused.into());
        }
        if known.state == State::Withdrawn {
            return Err(Reason::SignalWithdrawn.into());
        }
        parcel.answer.accepted_at = Some(known.accepted_at);
        return Ok(parcel.answer);
    }
    for tally in &parcel.tallies {
        tx.add_to_tally(tally.name.as_bytes(), 1)?;
    }
    for (queue, item) in &parcel.items {
        let number = tx.put_outbox(queue, item)?;
        parcel.record.waiting.push((queue.clone(), number));
    }
    tx.put_vault(&parcel.vault_name, &parcel.sealed)?;
    parcel.own.state = parcel.record.encode();
    tx.put_own(parcel.id, &parcel.own)?;
    Ok(parcel.answer)
}

impl Accepted {
    /// The same, as the answer to what was only checked.
    pub(super) fn only_checked(mut self) -> Self {
        self.accepted_at = None;
        self
    }
}

fn remember(
    tx: &mut NodeTx,
    key: &RequestKey,
    hash: &Digest,
    answer: Accepted,
    now: Timestamp,
) -> Result<Accepted, Refused> {
    let bytes = serde_json::to_vec(&answer).map_err(|_| Refused::failed())?;
    tx.remember(key, hash, &bytes, now)?;
    Ok(answer)
}

fn derive(epoch: &Epoch, checked: &Checked) -> Vec<Subject> {
    checked
        .subjects
        .iter()
        .map(|subject| Subject {
            kind: subject.normal.kind(),
            minor: subject.minor,
            shielded_address: subject.shielded_address,
            tokens: epoch.derive(&subject.normal),
        })
        .collect()
}

fn signal(
    party: &model::PartyId,
    checked: &Checked,
    epoch: &Epoch,
    id: SignalId,
    subjects: Vec<Subject>,
    content_commitment: Digest,
) -> Signal {
    Signal {
        id,
        party: party.clone(),
        covenant: checked.covenant.clone(),
        epoch: epoch.number(),
        category: checked.category.clone(),
        purposes: checked.purposes.clone(),
        day: checked.day,
        neighbourhood: checked.neighbourhood.clone(),
        certainty: checked.certainty,
        reviewed_by_person: checked.reviewed_by_person,
        police_article: checked.police_article,
        expires_on: checked.expires_on,
        subjects,
        content_commitment,
    }
}

/// The tokens that the covenant limits, each once per signal.
fn limited(active: &Active, epoch: &Epoch, subjects: &[Subject]) -> Vec<Tally> {
    let tokens: BTreeSet<&Token> = subjects.iter().flat_map(|s| &s.tokens).collect();
    let limit_of = |token: &Token| {
        let specs = active.covenant().match_keys();
        let spec = specs.iter().find(|s| s.name.as_str() == token.key.name())?;
        Some((spec.name.clone(), spec.too_frequent?))
    };
    tokens
        .into_iter()
        .filter_map(|token| {
            let (key, most) = limit_of(token)?;
            let pseudonym = data_encoding::HEXLOWER.encode(token.pseudonym.as_bytes());
            let covenant = active.covenant().id();
            let name = format!("{covenant}/{}/{}/{pseudonym}", epoch.number(), token.key);
            Some(Tally {
                token: token.clone(),
                name,
                key,
                most,
            })
        })
        .collect()
}

pub(super) fn nothing_to_compare(active: &Active) -> Refused {
    let covenant = active.covenant();
    if active.epochs().is_empty() {
        return Refused::from(Reason::KeyMissing).with("covenant", covenant.id());
    }
    let mut found = Findings::default();
    found.rule("signal.subjects", Rule::NothingToCompare);
    let names: Vec<&str> = covenant
        .match_keys()
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    Refused::from(found)
        .with("covenant", covenant.id())
        .with("comparisons", names.join(", "))
}

fn too_frequent(key: &MatchKeyName) -> Refused {
    let mut found = Findings::default();
    found.rule("signal.subjects", Rule::TooFrequent);
    Refused::from(found).with("comparison", key.as_str())
}
