//! A stored notice as the message that its node gets. Only what is in the durable log gets here.

use model::{
    AdviceCode, CategoryCode, ClauseNo, CovenantId, Day, Digest, PartyId, PurposeId, RoleRef,
    SignalId,
};
use store::Logged;
use wire::notice::{LegalBasis, MatchId, Notice, Obligation, OwnSignal};
use wire::type_v1;
use wire::word::RevealLevel;

use super::receipt;
use crate::delivery::{BasisBody, NoticeBody};

/// The message of a notice; `None` when the stored bytes do not read back.
pub(super) fn of(logged: &Logged<store::Notice>) -> Option<type_v1::Notice> {
    let stored = logged.disclosure();
    let body: NoticeBody = serde_json::from_slice(&stored.body).ok()?;
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
