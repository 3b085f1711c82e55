//! The one way to a covenant in force.

use std::collections::BTreeMap;

use model::{CovenantId, Digest, PartyId, Timestamp};

use super::keys::{self, PartyKeys};
use super::{ActiveCovenant, Envelope, Pins, SignoffError, Statement};
use crate::decide::examples;
use crate::diagnostic::Severity;
use crate::language::check::{Checking, check_bytes};
use crate::language::covenant::Covenant;
use crate::table::Table;

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
    let table = Table::compile(&covenant)?;
    in_time(&covenant, now)?;
    if let Some(history) = history {
        follows(&covenant, history)?;
    }
    let keys = keys::agree(&covenant, pins)?;
    all_signed(&covenant, &table, &keys, envelopes, now)?;
    Ok(ActiveCovenant::new(covenant, table, keys))
}

fn clean(bytes: &[u8]) -> Result<Covenant, SignoffError> {
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

fn in_time(covenant: &Covenant, now: Timestamp) -> Result<(), SignoffError> {
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
fn follows(covenant: &Covenant, history: &History) -> Result<(), SignoffError> {
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

fn all_signed(
    covenant: &Covenant,
    table: &Table,
    keys: &BTreeMap<PartyId, PartyKeys>,
    envelopes: &[Envelope],
    now: Timestamp,
) -> Result<(), SignoffError> {
    let mut signed: BTreeMap<PartyId, Statement> = BTreeMap::new();
    for envelope in envelopes {
        // The party is read first, only to know whose pinned key must have signed.
        let party = Statement::parse(envelope.payload())?.party;
        let keys = keys
            .get(&party)
            .ok_or_else(|| SignoffError::UnknownParty(party.clone()))?;
        let statement = Statement::parse(envelope.open(&keys.signer)?)?;
        agrees(&statement, covenant, table, now)?;
        if signed.insert(party.clone(), statement).is_some() {
            return Err(SignoffError::SignedTwice(party));
        }
    }
    match covenant.parties().keys().find(|p| !signed.contains_key(p)) {
        Some(party) => Err(SignoffError::Unsigned(party.clone())),
        None => Ok(()),
    }
}

fn agrees(
    statement: &Statement,
    covenant: &Covenant,
    table: &Table,
    now: Timestamp,
) -> Result<(), SignoffError> {
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
    if let Some((field, _)) = fields.into_iter().find(|(_, same)| !same) {
        return Err(SignoffError::FieldDiffers {
            party: party.clone(),
            field,
        });
    }
    if statement.table == table.digest() {
        Ok(())
    } else {
        Err(SignoffError::TableDiffers(party.clone()))
    }
}
