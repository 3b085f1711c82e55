//! A stored notice as the message that its node gets. Only what is in the durable log gets here.

use model::{
    AdviceCode, CategoryCode, ClauseNo, CovenantId, Day, Digest, NoticeId, PartyId, PurposeId,
    RecallId, RequestId, RoleRef, SignalId,
};
use store::Logged;
use wire::notice::{LegalBasis, MatchId, Notice, Obligation, OwnSignal};
use wire::recall::{Recall, ToldBy};
use wire::word::{RecallReason, RevealLevel};
use wire::{broker_v1, type_v1};

use super::receipt;
use crate::delivery::{BasisBody, NoticeBody, PassedBody, RecallBody};

/// The message of a recall; `None` when what is stored is no recall's.
pub(super) fn recall(logged: &Logged<store::Notice>, body: RecallBody) -> Option<type_v1::Recall> {
    let RecallBody {
        recall_id,
        covenant,
        covenant_digest,
        reason,
        notice,
        check,
        roles,
        told_on,
        day,
        reminder,
        kept_until,
    } = body;
    let told = match (notice, check) {
        (Some(id), None) => ToldBy::Notice(NoticeId::parse(&id)?),
        (None, Some(id)) => ToldBy::Check(RequestId::parse(&id)?),
        _ => return None,
    };
    let recall = Recall {
        id: logged.disclosure().id,
        recall: RecallId::parse(&recall_id)?,
        covenant: CovenantId::parse(&covenant).ok()?,
        covenant_digest: Digest::from_hex(&covenant_digest)?,
        reason: RecallReason::parse(&reason)?,
        told,
        roles: roles
            .iter()
            .map(|role| RoleRef::parse(role).ok())
            .collect::<Option<_>>()?,
        told_on: Day::from_days(told_on),
        day: Day::from_days(day),
        reminder,
        kept_until: kept_until.map(Day::from_days),
        receipt: receipt::words(logged.receipt()),
    };
    Some(recall.into())
}

/// The message of a request that is passed on; `None` when the sealed bytes do not read back.
pub(super) fn passed(
    logged: &Logged<store::Notice>,
    body: PassedBody,
) -> Option<broker_v1::PassedRequest> {
    let PassedBody {
        covenant,
        covenant_digest: _,
        from,
        sealed,
    } = body;
    let sealed = data_encoding::BASE64.decode(sealed.as_bytes()).ok()?;
    Some(broker_v1::PassedRequest {
        id: logged.disclosure().id.to_string(),
        covenant,
        from,
        sealed: sealed.into(),
        receipt: Some(receipt::of(logged)),
    })
}

/// The message of a notice; `None` when what is stored is no notice's.
pub(super) fn of(logged: &Logged<store::Notice>, body: NoticeBody) -> Option<type_v1::Notice> {
    let stored = logged.disclosure();
    let NoticeBody {
        covenant,
        covenant_digest,
        clause,
        purpose,
        roles,
        match_id,
        shows,
        day,
        own_signals,
        source,
        count,
        advice,
        contact,
        categories,
        basis,
        duties,
        promises,
    } = body;
    let own = |(id, agreed_keys): &(String, u32)| {
        Some(OwnSignal {
            id: SignalId::parse(id)?,
            agreed_keys: *agreed_keys,
        })
    };
    let notice = Notice {
        id: stored.id,
        covenant: CovenantId::parse(&covenant).ok()?,
        covenant_digest: Digest::from_hex(&covenant_digest)?,
        clause: ClauseNo::parse(&clause).ok()?,
        purpose: PurposeId::parse(&purpose).ok()?,
        roles: roles
            .iter()
            .map(|r| RoleRef::parse(r).ok())
            .collect::<Option<_>>()?,
        match_id: MatchId::parse(&match_id)?,
        levels: shows
            .iter()
            .map(|word| level(word))
            .collect::<Option<_>>()?,
        day: Day::from_days(day),
        own_signals: own_signals.iter().map(own).collect::<Option<_>>()?,
        source: optional(source.as_deref(), |text| PartyId::parse(text).ok())?,
        count,
        advice: optional(advice.as_deref(), |text| AdviceCode::parse(text).ok())?,
        contact,
        categories: categories
            .iter()
            .map(|c| CategoryCode::parse(c).ok())
            .collect::<Option<_>>()?,
        basis: basis_of(basis),
        duties: obligations(duties),
        promises: obligations(promises),
        receipt: receipt::words(logged.receipt()),
    };
    Some(notice.into())
}

/// Reads a text that may be absent; `None` when it is there and malformed.
fn optional<T>(text: Option<&str>, parse: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => parse(text).map(Some),
    }
}

/// The covenant's word (`toont`) as a level.
fn level(word: &str) -> Option<RevealLevel> {
    Some(match word {
        "aantal" => RevealLevel::Count,
        "treffer" => RevealLevel::Hit,
        "handelingsadvies" => RevealLevel::Advice,
        "contactpunt" => RevealLevel::Contact,
        "categorie" => RevealLevel::Category,
        "gegevens" => RevealLevel::Attributes,
        _ => return None,
    })
}

fn basis_of(basis: BasisBody) -> LegalBasis {
    let some = |text: String| (!text.is_empty()).then_some(text);
    LegalBasis {
        provide: basis.provide,
        receive: basis.receive,
        provide_exception: some(basis.provide_exception),
        receive_exception: some(basis.receive_exception),
        decision_reference: some(basis.decision_reference),
    }
}

fn obligations(list: Vec<(String, String)>) -> Vec<Obligation> {
    list.into_iter()
        .map(|(code, value)| Obligation { code, value })
        .collect()
}
