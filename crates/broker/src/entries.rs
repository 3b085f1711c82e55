//! What the broker leaves in the disclosure log beside decisions.

use ledger::outcome::{Engine, Fact};
use ledger::word::Code;
use ledger::{Kind, NewEntry, Outcome};
use model::{Digest, KeyEpoch, PartyId};
use store::{ProbeAlarm, UsedRight};
use wire::word::RecallReason;

/// A leaf that looks like any other and stands for nothing.
pub(crate) fn padding() -> NewEntry {
    NewEntry::unnamed(None, Outcome::of(Kind::Padding, own_engine()))
}

/// That a party withdrew a signal soon after it matched. It names the party to the auditor alone:
/// the leaf names nobody.
pub(crate) fn probe_alarm(alarm: &ProbeAlarm) -> NewEntry {
    let mut outcome = Outcome::of(Kind::QuotaExceeded, own_engine());
    let party = code(alarm.party.as_str());
    outcome.facts.extend(
        code("party")
            .zip(party)
            .map(|(name, party)| (name, Fact::Word(party))),
    );
    outcome
        .reasons
        .extend(
            code("withdrawn_soon_after_match").map(|code| ledger::outcome::Reason {
                code,
                clause: None,
                fact: Some(Fact::Number(i64::from(alarm.minutes))),
                threshold: None,
            }),
        );
    NewEntry::unnamed(Some(alarm.covenant), outcome)
}

/// That a party used up a limit that does not depend on a clause. It names the party to the auditor
/// alone.
pub(crate) fn quota_exceeded(
    covenant: Digest,
    party: &PartyId,
    limit: &str,
    most: u64,
) -> NewEntry {
    let mut outcome = Outcome::of(Kind::QuotaExceeded, own_engine());
    let party = code("party").zip(code(party.as_str()).map(Fact::Word));
    outcome.facts.extend(party);
    let most = Fact::Number(i64::try_from(most).unwrap_or(i64::MAX));
    outcome
        .reasons
        .extend(code(limit).map(|code| ledger::outcome::Reason {
            code,
            clause: None,
            fact: None,
            threshold: Some(most),
        }));
    NewEntry::unnamed(Some(covenant), outcome)
}

/// That a data subject's right had a party's signal withdrawn. It names the party, which did so.
pub(crate) fn right_used(used: &UsedRight) -> Option<NewEntry> {
    let kind = match RecallReason::parse(&used.right)? {
        RecallReason::Objection => Kind::Objection,
        RecallReason::Restriction => Kind::Restriction,
        RecallReason::Erasure => Kind::Erasure,
        RecallReason::Correction => Kind::Correction,
        RecallReason::EnteredInError | RecallReason::NoLongerApplies | RecallReason::Expired => {
            return None;
        }
    };
    let mut outcome = Outcome::of(kind, own_engine());
    let step = code("step").zip(code("applied_to_signal").map(Fact::Word));
    outcome.facts.extend(step);
    Some(NewEntry {
        source: Some(used.party.clone()),
        ..NewEntry::unnamed(Some(used.covenant), outcome)
    })
}

/// That a party's witness refused to cosign, though what it saw before agrees with this log. It
/// names the party to the auditor alone.
pub(crate) fn witness_refused(covenant: Digest, party: &PartyId, seen: u64) -> NewEntry {
    let mut outcome = Outcome::of(Kind::WitnessRefused, own_engine());
    let size = i64::try_from(seen).unwrap_or(i64::MAX);
    let party = code("party").zip(code(party.as_str()).map(Fact::Word));
    let seen = code("seen").map(|name| (name, Fact::Number(size)));
    outcome.facts.extend(party.into_iter().chain(seen));
    NewEntry::unnamed(Some(covenant), outcome)
}

/// That a party's node connected for the first time under a covenant.
pub(crate) fn node_joined(covenant: Digest, party: &PartyId) -> NewEntry {
    event(
        Kind::NodeJoined,
        Some(covenant),
        [("party", word(party.as_str()))],
    )
}

/// That every party has shown that it holds the key of an epoch.
pub(crate) fn epoch_started(covenant: Digest, epoch: KeyEpoch) -> NewEntry {
    let epoch = Some(Fact::Number(i64::from(epoch.get())));
    event(Kind::EpochStarted, Some(covenant), [("epoch", epoch)])
}

/// That an epoch was closed and everything under it is gone.
pub(crate) fn epoch_purged(covenant: Option<Digest>, epoch: KeyEpoch, signals: u64) -> NewEntry {
    let signals = i64::try_from(signals).unwrap_or(i64::MAX);
    let facts = [
        ("epoch", Some(Fact::Number(i64::from(epoch.get())))),
        ("signals", Some(Fact::Number(signals))),
    ];
    event(Kind::EpochPurged, covenant, facts)
}

/// That a key of a party is another one than before; `which` is the key's name in the settings.
pub(crate) fn key_changed(covenant: Digest, party: &PartyId, which: &str) -> NewEntry {
    let facts = [("party", word(party.as_str())), ("key", word(which))];
    event(Kind::KeyChanged, Some(covenant), facts)
}

fn event<const N: usize>(
    kind: Kind,
    covenant: Option<Digest>,
    facts: [(&str, Option<Fact>); N],
) -> NewEntry {
    let mut outcome = Outcome::of(kind, own_engine());
    let facts = facts.into_iter();
    outcome.facts = facts
        .filter_map(|(name, fact)| Some((code(name)?, fact?)))
        .collect();
    NewEntry::unnamed(covenant, outcome)
}

fn word(text: &str) -> Option<Fact> {
    code(text).map(Fact::Word)
}

/// This program, where no covenant decided.
pub(crate) fn own_engine() -> Engine {
    Engine {
        name: code(env!("CARGO_PKG_NAME")).unwrap_or_else(unknown),
        version: code(env!("CARGO_PKG_VERSION")).unwrap_or_else(unknown),
        table_digest: None,
    }
}

fn code(text: &str) -> Option<Code> {
    Code::parse(text).ok()
}

/// The word where a name of our own would not be one; tests hold that this never happens.
#[expect(clippy::expect_used, reason = "a constant of the right form")]
fn unknown() -> Code {
    Code::parse("unknown").expect("a constant of the right form")
}
