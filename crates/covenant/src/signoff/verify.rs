//! The one way to a covenant in force.

use std::collections::{BTreeMap, BTreeSet};

use model::{CovenantId, Digest, PartyId, Timestamp};

use super::keys::PartyKeys;
use super::statement::VerifiedStatement;
use super::{ActiveCovenant, Envelope, Pins, Proposal, SignoffError, Statement};
use crate::decide::examples;
use crate::diagnostic::Severity;
use crate::language::check::{Checking, check_bytes};
use crate::language::covenant::Covenant;

/// What was in force before, of one covenant: the highest version ever, with its digest. Whoever
/// runs a process keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History {
    /// Of which covenant.
    pub covenant: CovenantId,
    /// The highest version that was ever in force here.
    pub version: u32,
    /// The digest of its file.
    pub digest: Digest,
}

impl History {
    /// The history once `covenant` is in force.
    #[must_use]
    pub fn of(covenant: &Covenant) -> Self {
        Self {
            covenant: covenant.id().clone(),
            version: covenant.version(),
            digest: covenant.digest(),
        }
    }
}

/// Puts a covenant in force, or says why not. Without a history any version is taken.
///
/// It is in force when the bytes check without errors; every example in them holds; no comparison
/// needs a key holder; today lies in its validity; every party is pinned with the key in the file,
/// no key being used twice; for every party there is exactly one envelope, with exactly one
/// signature, that verifies strictly under *its* pinned key, over an in-toto sign-off of these
/// very bytes with the table that this program compiles; and the version follows on the last.
///
/// # Errors
/// [`SignoffError`]; whatever is not exactly right is refused, also an envelope too many.
pub fn verify(
    bytes: &[u8],
    envelopes: &[Envelope],
    pins: &Pins,
    history: Option<&History>,
    now: Timestamp,
) -> Result<ActiveCovenant, SignoffError> {
    let covenant = clean(bytes)?;
    // Before the keys: what is over or not there yet says so, whatever else changed meanwhile.
    in_time(&covenant, now)?;
    if let Some(history) = history {
        follows(&covenant, history)?;
    }
    Proposal::agreed(covenant, pins)?.activate(envelopes, now)
}

pub(super) fn clean(bytes: &[u8]) -> Result<Covenant, SignoffError> {
    let checked = check_bytes(bytes, Checking::Strict, None);
    let mut codes: Vec<&str> = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| d.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let not_clean = || SignoffError::NotClean {
        codes: codes.join(", "),
    };
    if !codes.is_empty() {
        return Err(not_clean());
    }
    let covenant = checked.covenant.ok_or_else(not_clean)?;
    if covenant.is_template() {
        return Err(SignoffError::Template);
    }
    if covenant.needs_key_holder() {
        return Err(SignoffError::NeedsKeyHolder);
    }
    let failed = examples::run(&covenant)
        .iter()
        .position(|result| !result.holds());
    match failed {
        Some(index) => Err(SignoffError::Example { number: index + 1 }),
        None => Ok(covenant),
    }
}

pub(super) fn in_time(covenant: &Covenant, now: Timestamp) -> Result<(), SignoffError> {
    let today = now.day();
    if today < covenant.valid_from() {
        Err(SignoffError::NotYetValid)
    } else if today >= covenant.valid_until() {
        Err(SignoffError::Expired)
    } else {
        Ok(())
    }
}

/// The same file again is taken: a process that starts again must come back up.
pub(super) fn follows(covenant: &Covenant, history: &History) -> Result<(), SignoffError> {
    if *covenant.id() != history.covenant {
        return Err(SignoffError::OtherHistory);
    }
    if covenant.digest() == history.digest && covenant.version() == history.version {
        return Ok(());
    }
    if covenant.version() < history.version {
        Err(SignoffError::Rollback)
    } else if covenant.version() == history.version || covenant.replaces() != Some(history.digest) {
        Err(SignoffError::Fork)
    } else {
        Ok(())
    }
}

pub(super) fn all_signed(
    proposal: &Proposal,
    envelopes: &[Envelope],
    now: Timestamp,
) -> Result<(), SignoffError> {
    let mut parties = BTreeSet::new();
    for envelope in envelopes {
        let party = proposal.verify_envelope(envelope, now)?.party().clone();
        if !parties.insert(party.clone()) {
            return Err(SignoffError::SignedTwice(party));
        }
    }
    let mut all = proposal.covenant().parties().keys();
    match all.find(|p| !parties.contains(*p)) {
        Some(party) => Err(SignoffError::Unsigned(party.clone())),
        None => Ok(()),
    }
}

/// One party's sign-off, under its own pinned key.
pub(super) fn signed(
    proposal: &Proposal,
    keys: &BTreeMap<PartyId, PartyKeys>,
    envelope: &Envelope,
    now: Timestamp,
) -> Result<VerifiedStatement, SignoffError> {
    // The party is read first, only to know whose pinned key must have signed.
    let party = Statement::parse(envelope.payload())?.party;
    let keys = keys.get(&party).ok_or(SignoffError::UnknownParty(party))?;
    let payload = envelope.open(&keys.signer)?;
    let statement = Statement::parse(payload)?;
    agrees(&statement, proposal.covenant(), now)?;
    if statement.table != proposal.table_digest(statement.encoding) {
        return Err(SignoffError::TableDiffers(statement.party));
    }
    Ok(VerifiedStatement::new(payload, statement))
}

fn agrees(statement: &Statement, covenant: &Covenant, now: Timestamp) -> Result<(), SignoffError> {
    if statement.file != covenant.digest() {
        return Err(SignoffError::OtherFile);
    }
    let party = &statement.party;
    let office = covenant.party(party).map(|p| p.signer.function.as_str());
    // A day of grace: the signer's calendar may be ahead of UTC.
    let in_future = statement.signed_on > now.day().plus_days(1);
    let fields = [
        ("covenant", statement.covenant == *covenant.id()),
        ("version", statement.version == covenant.version()),
        ("replaces", statement.replaces == covenant.replaces()),
        ("role", office == Some(statement.role.as_str())),
        (
            "validUntil",
            statement.valid_until == covenant.valid_until(),
        ),
        (
            "signedOn",
            !in_future && statement.signed_on < covenant.valid_until(),
        ),
    ];
    match fields.into_iter().find(|(_, same)| !same) {
        Some((field, _)) => Err(SignoffError::FieldDiffers {
            party: party.clone(),
            field,
        }),
        None => Ok(()),
    }
}
