//! The rights of data subjects (AVG 15 to 21, Wpg 25 to 28), as far as the broker has a hand in them.
//!
//! A party's desk finds its own entries, says that it answered, erases what links them, and passes
//! requests on. Each names two employees and is an entry of the log before anything is told.

mod desk;
mod look_up;

use data_encoding::HEXLOWER;
use ledger::outcome::{Fact, Recipient};
use ledger::word::TransactionId;
use ledger::{Kind, NewEntry, Outcome};
use sha2::{Digest as _, Sha256};
use wire::rights::Desk;
use wire::word::RightsKind;

use crate::entries::{self, own_engine, word};
use crate::members::Answerable;

pub(crate) use look_up::{FoundEntry, LookedUp};

/// The kind of an entry about this right.
const fn kind_of(right: RightsKind) -> Kind {
    match right {
        RightsKind::Access => Kind::AccessRequestAnswered,
        RightsKind::Correction => Kind::Correction,
        RightsKind::Objection => Kind::Objection,
        RightsKind::Restriction => Kind::Restriction,
        RightsKind::Erasure => Kind::Erasure,
    }
}

/// What a desk did, as an entry that names its party: which case, which employees, which right, and
/// facts that are numbers or words. Whom it is about stands nowhere.
fn entry(
    kind: Kind,
    member: &Answerable,
    desk: &Desk,
    step: &str,
    facts: impl IntoIterator<Item = (&'static str, Option<Fact>)>,
) -> NewEntry {
    let covenant = member.covenant();
    let mut outcome = Outcome::of(kind, own_engine());
    outcome.transaction_id = TransactionId::parse(&desk.case.to_string()).ok();
    outcome.recipient = desk_role(member).map(|role| Recipient {
        role,
        actor: Some(desk.actor.clone()),
    });
    let always = [
        ("step", word(step)),
        ("right", word(desk.kind.as_str())),
        ("second_actor", actor(desk.second_actor.as_str())),
    ];
    outcome.facts = entries::facts(always.into_iter().chain(facts));
    NewEntry {
        recipient: Some(member.party.clone()),
        ..NewEntry::unnamed(Some(covenant.digest()), outcome)
    }
}

/// The desk of a party: a role that no clause can name.
fn desk_role(member: &Answerable) -> Option<model::RoleRef> {
    model::RoleRef::parse(&format!("{}.loket", member.party)).ok()
}

/// An employee's pseudonym as a word of the log; one of another form by its SHA-256.
fn actor(text: &str) -> Option<Fact> {
    let hashed = || format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(text)));
    word(text).or_else(|| word(&hashed()))
}
