//! What the life of a covenant leaves in the disclosure log: every sign-off, every event, and what
//! came of them.
//!
//! The leaf names nobody; the outcome names the party, to the auditor. The parties have the signed
//! bytes themselves.

use covenant::signoff::{Event, EventKind, Scope};
use ledger::outcome::{Engine, Fact, Hex};
use ledger::word::TransactionId;
use ledger::{Kind, NewEntry, Outcome};
use model::{Digest, PartyId, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::entries::{self, number, own_engine, word};
use crate::versions::Version;

/// What an entry is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    /// The version.
    pub(crate) version: &'a Version,
    /// Who signed.
    pub(crate) party: Option<&'a PartyId>,
    /// SHA-256 of what was signed.
    pub(crate) id: Option<Digest>,
    /// How many notices on their way it stopped.
    pub(crate) dropped: u64,
}

/// SHA-256 of a file's exact bytes.
pub(crate) fn digest_of(file: &[u8]) -> Digest {
    Digest::new(Sha256::digest(file).into())
}

/// A party signed.
pub(crate) fn signed(about: &About<'_>) -> NewEntry {
    entry(Kind::CovenantSigned, about, Vec::new())
}

/// Every party had signed, and the version came into force.
pub(crate) fn activated(version: &Version, dropped: u64) -> NewEntry {
    entry(Kind::CovenantActivated, &of(version, dropped), Vec::new())
}

/// It came to its end, or lapsed.
pub(crate) fn expired(version: &Version, dropped: u64, now: Timestamp) -> NewEntry {
    let lapsed = version.standing().lapsed_at(now).is_some();
    let facts = vec![("lapsed", Some(Fact::Flag(lapsed)))];
    entry(Kind::CovenantExpired, &of(version, dropped), facts)
}

/// What a party signed after its sign-off.
pub(crate) fn event(about: &About<'_>, event: &Event, now: Timestamp) -> NewEntry {
    let (kind, mut facts) = match &event.kind {
        EventKind::Reject => (Kind::CovenantRejected, Vec::new()),
        EventKind::Suspend(scope) => (Kind::CovenantSuspended, scope_facts(scope)),
        EventKind::Resume(suspension) => {
            let standing = about.version.standing();
            let mut in_force = standing.suspensions(now).into_iter();
            let ended = !in_force.any(|one| one.id == *suspension);
            let facts = vec![("ended", Some(Fact::Flag(ended)))];
            (Kind::CovenantResumed, facts)
        }
        EventKind::Withdraw => (Kind::CovenantWithdrawn, Vec::new()),
        // Never taken here: it comes over a node's stream, and is no entry.
        EventKind::StillValid => (Kind::CovenantSigned, Vec::new()),
    };
    let minutes = now.millis_since(event.signed_at) / 60_000;
    facts.push(("minutes_on_its_way", Some(Fact::Number(minutes))));
    entry(kind, about, facts)
}

fn scope_facts(scope: &Scope) -> Vec<(&'static str, Option<Fact>)> {
    let (word, name) = match scope {
        Scope::Whole => ("whole", None),
        Scope::Clause(number) => ("clause", Some(number.to_string())),
        Scope::Signal(id) => ("signal", Some(id.to_string())),
        Scope::Recipient(party) => ("recipient", Some(party.to_string())),
    };
    vec![
        ("scope", entries::word(word)),
        ("name", name.and_then(|name| entries::word(&name))),
    ]
}

const fn of(version: &Version, dropped: u64) -> About<'_> {
    About {
        version,
        party: None,
        id: None,
        dropped,
    }
}

fn entry(kind: Kind, about: &About<'_>, facts: Vec<(&'static str, Option<Fact>)>) -> NewEntry {
    let party = about.party.and_then(|party| word(party.as_str()));
    let always = [
        ("version", number(about.version.kept().number)),
        ("party", party),
        ("notices_stopped", number(about.dropped)),
    ];
    let table = about.version.table_digest();
    let id = about.id.map(|id| id.to_hex());
    let mut outcome = Outcome::of(
        kind,
        Engine {
            table_digest: table.map(Hex),
            ..own_engine()
        },
    );
    outcome.transaction_id = id.and_then(|id| TransactionId::parse(&id).ok());
    outcome.facts = entries::facts(always.into_iter().chain(facts));
    NewEntry::unnamed(Some(about.version.kept().digest), outcome)
}
