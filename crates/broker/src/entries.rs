//! What the broker leaves in the disclosure log beside decisions.

use std::collections::BTreeMap;

use ledger::outcome::{Engine, Fact, Reason};
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
    let minutes = Some(Fact::Number(i64::from(alarm.minutes)));
    let reason = reason("withdrawn_soon_after_match", minutes, None);
    exceeded(alarm.covenant, &alarm.party, reason)
}

/// That a party used up a limit that does not depend on a clause. It names the party to the auditor
/// alone.
pub(crate) fn quota_exceeded(
    covenant: Digest,
    party: &PartyId,
    limit: &str,
    most: u64,
) -> NewEntry {
    exceeded(covenant, party, reason(limit, None, number(most)))
}

fn exceeded(covenant: Digest, party: &PartyId, reason: Option<Reason>) -> NewEntry {
    let party = [("party", word(party.as_str()))];
    let mut entry = event(Kind::QuotaExceeded, Some(covenant), party);
    entry.outcome.reasons.extend(reason);
    entry
}

fn reason(text: &str, fact: Option<Fact>, threshold: Option<Fact>) -> Option<Reason> {
    Some(Reason {
        code: code(text)?,
        clause: None,
        fact,
        threshold,
    })
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
    let step = [("step", word("applied_to_signal"))];
    Some(NewEntry {
        source: Some(used.party.clone()),
        ..event(kind, Some(used.covenant), step)
    })
}

/// That a party's witness refused to cosign, though what it saw before agrees with this log. It
/// names the party to the auditor alone.
pub(crate) fn witness_refused(covenant: Digest, party: &PartyId, seen: u64) -> NewEntry {
    let facts = [("party", word(party.as_str())), ("seen", number(seen))];
    event(Kind::WitnessRefused, Some(covenant), facts)
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
    let epoch = [("epoch", number(epoch.get()))];
    event(Kind::EpochStarted, Some(covenant), epoch)
}

/// That an epoch was closed and everything under it is gone.
pub(crate) fn epoch_purged(covenant: Option<Digest>, epoch: KeyEpoch, signals: u64) -> NewEntry {
    let facts = [("epoch", number(epoch.get())), ("signals", number(signals))];
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
    all: [(&str, Option<Fact>); N],
) -> NewEntry {
    let mut outcome = Outcome::of(kind, own_engine());
    outcome.facts = facts(all);
    NewEntry::unnamed(covenant, outcome)
}

/// The facts of an outcome, those that are there.
pub(crate) fn facts<'a>(
    all: impl IntoIterator<Item = (&'a str, Option<Fact>)>,
) -> BTreeMap<Code, Fact> {
    all.into_iter()
        .filter_map(|(name, fact)| Some((code(name)?, fact?)))
        .collect()
}

/// A number as a fact; one that is larger than any by the largest.
pub(crate) fn number(value: impl TryInto<i64>) -> Option<Fact> {
    Some(Fact::Number(value.try_into().unwrap_or(i64::MAX)))
}

/// A word of the log as a fact; `None` when the text has another form.
pub(crate) fn word(text: &str) -> Option<Fact> {
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
