//! Signed events beside the sign-off: reject, suspend, resume, withdraw, and "still valid".
//!
//! Narrowing takes one, widening takes all: one signer or emergency key suspends; resuming takes
//! the suspender and one other. A resumption names the suspension that it lifts by the digest of
//! that event, so an old one can't be replayed against a new suspension.

use std::collections::BTreeMap;

use model::{ClauseNo, CovenantId, Digest, PartyId, Secret, SignalTypeId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::envelope::{Envelope, PAYLOAD_TYPE};
use super::keys::PartyKeys;
use super::{ActiveCovenant, SignoffError, statement};
use crate::language::covenant::Covenant;

const PREDICATE_TYPE: &str = "urn:covenant:event:v1";

/// How far a clock of a signer may be ahead, in milliseconds.
const SKEW_MILLIS: i64 = 120_000;

/// What a suspension touches.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Scope {
    /// The whole covenant.
    Whole,
    /// One clause.
    Clause(ClauseNo),
    /// One kind of signal.
    Signal(SignalTypeId),
    /// One party as a recipient.
    Recipient(PartyId),
}

impl Scope {
    /// A word for it, for the log: `whole`, `clause:3.1`, `signal:gevaarlijk-dier`,
    /// `recipient:politie`.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Clause(number) => format!("clause:{number}"),
            Self::Signal(id) => format!("signal:{id}"),
            Self::Recipient(party) => format!("recipient:{party}"),
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        match word.split_once(':') {
            None => (word == "whole").then_some(Self::Whole),
            Some(("clause", number)) => ClauseNo::parse(number).ok().map(Self::Clause),
            Some(("signal", id)) => SignalTypeId::parse(id).ok().map(Self::Signal),
            Some(("recipient", party)) => PartyId::parse(party).ok().map(Self::Recipient),
            Some(_) => None,
        }
    }

    /// Refuses a scope that would close nothing, so that nobody believes that it did.
    ///
    /// # Errors
    /// [`SignoffError::UnknownScope`].
    pub fn exists_in(&self, covenant: &Covenant) -> Result<(), SignoffError> {
        let (exists, what) = match self {
            Self::Whole => (true, "covenant"),
            Self::Clause(number) => (covenant.clause(number).is_some(), "clause"),
            Self::Signal(id) => (covenant.signals().contains_key(id), "signal"),
            Self::Recipient(party) => (covenant.party(party).is_some(), "recipient"),
        };
        if exists {
            Ok(())
        } else {
            Err(SignoffError::UnknownScope(what))
        }
    }
}

/// What happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EventKind {
    /// The signer does not sign this version. It stands until the same signer signs later; see
    /// [`crate::decide::Standing::sign`].
    Reject,
    /// Closes cells, at once.
    Suspend(Scope),
    /// One of the two statements that lift the suspension with this [`VerifiedEvent::id`].
    Resume(Digest),
    /// Ends the covenant for good.
    Withdraw,
    /// The party's own copy is in force; younger than 24 hours, it lets the party's cells decide.
    StillValid,
}

/// With which kind of key an event is signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// The signer's: reject, suspend, resume, withdraw.
    Signer,
    /// An emergency key: suspend.
    Emergency,
    /// The node's signing key: still valid.
    Node,
}

/// An event as it is signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// SHA-256 of the exact bytes of the covenant's file.
    pub file: Digest,
    /// The covenant's id.
    pub covenant: CovenantId,
    /// Its version.
    pub version: u32,
    /// Whose event it is.
    pub party: PartyId,
    /// With which kind of key it is signed.
    pub key_role: KeyRole,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// An event of a party of a covenant, whose signature was verified under a pinned key. It comes
/// from [`super::Proposal::verify_event`] and [`verify_event`] alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedEvent {
    id: Digest,
    event: Event,
}

impl VerifiedEvent {
    /// SHA-256 of the signed bytes: the event's id. The same event again has the same one.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// What was signed.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }
}

impl Event {
    /// An event of `party` about `covenant`.
    #[must_use]
    pub fn new(
        covenant: &Covenant,
        party: PartyId,
        key_role: KeyRole,
        signed_at: Timestamp,
        kind: EventKind,
    ) -> Self {
        Self {
            file: covenant.digest(),
            covenant: covenant.id().clone(),
            version: covenant.version(),
            party,
            key_role,
            signed_at,
            kind,
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        let (event, scope, name, suspension) = match &self.kind {
            EventKind::Suspend(scope) => {
                let (scope, name) = match scope {
                    Scope::Whole => (ScopeWord::Whole, None),
                    Scope::Clause(n) => (ScopeWord::Clause, Some(n.to_string())),
                    Scope::Signal(n) => (ScopeWord::Signal, Some(n.to_string())),
                    Scope::Recipient(n) => (ScopeWord::Recipient, Some(n.to_string())),
                };
                (EventWord::Suspend, Some(scope), name, None)
            }
            EventKind::Resume(id) => (EventWord::Resume, None, None, Some(id.to_hex())),
            EventKind::Reject => (EventWord::Reject, None, None, None),
            EventKind::Withdraw => (EventWord::Withdraw, None, None, None),
            EventKind::StillValid => (EventWord::StillValid, None, None, None),
        };
        let predicate = Predicate {
            version: self.version,
            party: self.party.to_string(),
            key_role: self.key_role,
            signed_at: self.signed_at.to_rfc3339(),
            event,
            scope,
            name,
            suspension,
        };
        statement::wrap(self.file, &self.covenant, PREDICATE_TYPE, predicate)
    }

    fn parse(payload: &[u8]) -> Result<Self, SignoffError> {
        let (file, covenant, p) = statement::open::<Predicate>(payload, PREDICATE_TYPE)?;
        let kind = p.kind().ok_or(SignoffError::StatementMalformed)?;
        let malformed = SignoffError::StatementMalformed;
        Ok(Self {
            file,
            covenant,
            version: p.version,
            party: PartyId::parse(&p.party).map_err(|_| malformed.clone())?,
            key_role: p.key_role,
            signed_at: Timestamp::from_rfc3339(&p.signed_at).ok_or(malformed)?,
            kind,
        })
    }

    /// Whether a key of this role may sign this kind of event.
    const fn is_entitled(&self) -> bool {
        match (&self.kind, self.key_role) {
            (EventKind::Suspend(_), KeyRole::Signer | KeyRole::Emergency)
            | (EventKind::Reject | EventKind::Resume(_) | EventKind::Withdraw, KeyRole::Signer)
            | (EventKind::StillValid, KeyRole::Node) => true,
            (EventKind::Suspend(_), KeyRole::Node)
            | (
                EventKind::Reject | EventKind::Resume(_) | EventKind::Withdraw,
                KeyRole::Emergency | KeyRole::Node,
            )
            | (EventKind::StillValid, KeyRole::Signer | KeyRole::Emergency) => false,
        }
    }
}

/// Signs an event with the seed of the key that it names.
#[must_use]
pub fn sign_event(event: &Event, seed: &Secret) -> Envelope {
    Envelope::seal(PAYLOAD_TYPE, event.to_bytes(), seed)
}

/// Verifies an event under the pinned keys of a covenant in force; see
/// [`super::Proposal::verify_event`].
///
/// # Errors
/// [`SignoffError`].
pub fn verify_event(
    envelope: &Envelope,
    active: &ActiveCovenant,
    now: Timestamp,
) -> Result<VerifiedEvent, SignoffError> {
    active.proposal().verify_event(envelope, now)
}

/// Verifies an event of a covenant under the keys that file and pins agree on.
pub(super) fn verify(
    envelope: &Envelope,
    covenant: &Covenant,
    keys: &BTreeMap<PartyId, PartyKeys>,
    now: Timestamp,
) -> Result<VerifiedEvent, SignoffError> {
    let event = Event::parse(envelope.payload())?;
    let keys = keys
        .get(&event.party)
        .ok_or_else(|| SignoffError::UnknownParty(event.party.clone()))?;
    if !event.is_entitled() {
        return Err(SignoffError::NotEntitled);
    }
    let keys: Vec<[u8; 32]> = match event.key_role {
        KeyRole::Signer => vec![keys.signer],
        KeyRole::Emergency => keys.emergency.clone(),
        KeyRole::Node => keys.node_signing.into_iter().collect(),
    };
    let mut opened = Err(SignoffError::SignatureInvalid);
    for key in &keys {
        opened = opened.or_else(|_| envelope.open(key));
    }
    let payload = opened?;
    if event.file != covenant.digest() {
        return Err(SignoffError::OtherFile);
    }
    if event.covenant != *covenant.id() || event.version != covenant.version() {
        return Err(SignoffError::FieldDiffers {
            party: event.party,
            field: "version",
        });
    }
    if let EventKind::Suspend(scope) = &event.kind {
        scope.exists_in(covenant)?;
    }
    if event.signed_at.millis_since(now) > SKEW_MILLIS {
        return Err(SignoffError::FromTheFuture);
    }
    Ok(VerifiedEvent {
        id: Digest::new(Sha256::digest(payload).into()),
        event,
    })
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EventWord {
    Reject,
    Suspend,
    Resume,
    Withdraw,
    StillValid,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ScopeWord {
    Whole,
    Clause,
    Signal,
    Recipient,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Predicate {
    version: u32,
    party: String,
    key_role: KeyRole,
    signed_at: String,
    event: EventWord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<ScopeWord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suspension: Option<String>,
}

impl Predicate {
    /// `None` when a field is missing, too many, or malformed.
    fn kind(&self) -> Option<EventKind> {
        let name = self.name.as_deref();
        match (self.event, self.scope, name, &self.suspension) {
            (EventWord::Suspend, Some(scope), name, None) => {
                Some(EventKind::Suspend(match (scope, name) {
                    (ScopeWord::Whole, None) => Scope::Whole,
                    (ScopeWord::Clause, Some(n)) => Scope::Clause(ClauseNo::parse(n).ok()?),
                    (ScopeWord::Signal, Some(n)) => Scope::Signal(SignalTypeId::parse(n).ok()?),
                    (ScopeWord::Recipient, Some(n)) => Scope::Recipient(PartyId::parse(n).ok()?),
                    _ => return None,
                }))
            }
            (EventWord::Resume, None, None, Some(id)) => {
                Some(EventKind::Resume(Digest::from_hex(id)?))
            }
            (EventWord::Reject, None, None, None) => Some(EventKind::Reject),
            (EventWord::Withdraw, None, None, None) => Some(EventKind::Withdraw),
            (EventWord::StillValid, None, None, None) => Some(EventKind::StillValid),
            _ => None,
        }
    }
}
