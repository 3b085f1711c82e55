//! Notices and receipts, in the words of `model`.

use model::{
    AdviceCode, CategoryCode, ClauseNo, CovenantId, Day, Digest, NoticeId, PartyId, PurposeId,
    RoleRef, SignalId,
};

use crate::field::{self, Read};
use crate::malformed::{Malformed, Problem};
use crate::word::{self, NoticeKind, RevealLevel};
use crate::{Bytes, limit, type_v1};

/// What a match lets one recipient know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notice {
    /// The same on every delivery.
    pub id: NoticeId,
    /// The covenant.
    pub covenant: CovenantId,
    /// SHA-256 of the covenant file under which it was decided.
    pub covenant_digest: Digest,
    /// The clause that reveals it.
    pub clause: ClauseNo,
    /// The purpose for which it may be used.
    pub purpose: PurposeId,
    /// The roles that may read it. At least one.
    pub roles: Vec<RoleRef>,
    /// The match: the same for every recipient of it.
    pub match_id: MatchId,
    /// Everything that the clause shows, lowest first. At least one.
    pub levels: Vec<RevealLevel>,
    /// The day on which it was decided.
    pub day: Day,
    /// The recipient's own signals in it.
    pub own_signals: Vec<OwnSignal>,
    /// The party whose signal agrees, where shown.
    pub source: Option<PartyId>,
    /// The number of agreeing signals, where shown.
    pub count: Option<u32>,
    /// The advice, where shown.
    pub advice: Option<AdviceCode>,
    /// Whom to call, where shown.
    pub contact: Option<String>,
    /// The categories reported, where shown; else empty.
    pub categories: Vec<CategoryCode>,
    /// On which legal grounds.
    pub basis: LegalBasis,
    /// What the broker does about it.
    pub duties: Vec<Obligation>,
    /// What the recipient promised.
    pub promises: Vec<Obligation>,
    /// The proof that the decision stands in the log.
    pub receipt: Receipt,
}

/// A match's id, the same in the notices of all its recipients: a random UUID (version 4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct MatchId(SignalId);

impl MatchId {
    /// A fresh random id.
    #[must_use]
    pub fn fresh() -> Self {
        Self(SignalId::fresh())
    }

    /// Reads the hyphenated form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        SignalId::parse(text).map(Self)
    }

    /// Reads 16 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        SignalId::from_slice(bytes).map(Self)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl std::fmt::Display for MatchId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// One of the recipient's own signals in a match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnSignal {
    /// Its id.
    pub id: SignalId,
    /// How many distinct match keys agree, at least 1.
    pub agreed_keys: u32,
}

/// The legal grounds of one flow, in the covenant's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LegalBasis {
    /// The source's ground to provide.
    pub provide: String,
    /// The recipient's ground to receive.
    pub receive: String,
    /// What lifts a prohibition to provide, where needed.
    pub provide_exception: Option<String>,
    /// What lifts a prohibition to receive, where needed.
    pub receive_exception: Option<String>,
    /// The decision that the law asks for, where it does.
    pub decision_reference: Option<String>,
}

/// A duty or a promise, in the covenant's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obligation {
    /// Which one, for example `bewaren`.
    pub code: String,
    /// To what extent, for example `24 uur`.
    pub value: String,
}

/// The proof that entries stand in the disclosure log. Only its form is read here: `ledger`
/// verifies it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// At least one.
    pub entries: Vec<ReceiptEntry>,
    /// Signed note, exact bytes.
    pub checkpoint: Vec<u8>,
}

/// One entry with its proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// The exact bytes of the leaf.
    pub leaf: Vec<u8>,
    /// RFC 6962 audit path, lowest first.
    pub inclusion_proof: Vec<Digest>,
    /// Opens the commitment to the request, where the reader may see it.
    pub request: Option<Opening>,
    /// Opens the commitment to the answer, where the reader may see it.
    pub answer: Option<Opening>,
}

/// What opens one salted commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The salt.
    pub salt: [u8; 32],
    /// The exact bytes that were committed to.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(..)")
    }
}

impl TryFrom<type_v1::Notice> for Notice {
    type Error = Malformed;

    fn try_from(message: type_v1::Notice) -> Result<Self, Malformed> {
        let type_v1::Notice {
            id,
            kind,
            covenant,
            covenant_digest,
            clause,
            purpose,
            roles,
            match_id,
            levels,
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
            receipt,
        } = message;
        match word::notice_kind(kind, "kind")? {
            NoticeKind::Match => {}
        }
        let role = |text: String| field::name(&text, "", RoleRef::parse);
        let level = |number: i32| word::reveal_level(number, "");
        let reported = |category| field::category(Some(category), "");
        Ok(Self {
            id: field::uuid(&id, "id", NoticeId::parse)?,
            covenant: field::name(&covenant, "covenant", CovenantId::parse)?,
            covenant_digest: field::digest(&covenant_digest, "covenant_digest")?,
            clause: field::name(&clause, "clause", ClauseNo::parse)?,
            purpose: field::name(&purpose, "purpose", PurposeId::parse)?,
            roles: field::list(roles, "roles", (1, limit::BATCH), role)?,
            match_id: field::uuid(&match_id, "match_id", MatchId::parse)?,
            levels: field::list(levels, "levels", (1, limit::BATCH), level)?,
            day: field::day(day, "day")?,
            own_signals: field::list(
                own_signals,
                "own_signals",
                (0, limit::BATCH),
                read_own_signal,
            )?,
            source: field::optional_name(&source, "source", PartyId::parse)?,
            count,
            advice: field::optional_name(&advice, "advice", AdviceCode::parse)?,
            contact: given(contact),
            categories: field::list(categories, "categories", (0, limit::BATCH), reported)?,
            basis: read_basis(field::required(basis, "basis")?),
            duties: duties.into_iter().map(read_obligation).collect(),
            promises: promises.into_iter().map(read_obligation).collect(),
            receipt: field::required(receipt, "receipt")?
                .try_into()
                .map_err(|m: Malformed| m.within("receipt"))?,
        })
    }
}

impl From<Notice> for type_v1::Notice {
    fn from(notice: Notice) -> Self {
        let Notice {
            id,
            covenant,
            covenant_digest,
            clause,
            purpose,
            roles,
            match_id,
            levels,
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
            receipt,
        } = notice;
        let own = |OwnSignal { id, agreed_keys }: OwnSignal| type_v1::OwnSignal {
            id: id.to_string(),
            agreed_keys,
        };
        Self {
            id: id.to_string(),
            kind: word::notice_kind_number(NoticeKind::Match),
            covenant: covenant.as_str().to_owned(),
            covenant_digest: Bytes::copy_from_slice(covenant_digest.as_bytes()),
            clause: clause.as_str().to_owned(),
            purpose: purpose.as_str().to_owned(),
            roles: roles.iter().map(|r| r.as_str().to_owned()).collect(),
            match_id: match_id.to_string(),
            levels: levels.into_iter().map(word::reveal_level_number).collect(),
            day: Some(field::date(day)),
            own_signals: own_signals.into_iter().map(own).collect(),
            source: source.map_or_else(String::new, |s| s.as_str().to_owned()),
            count,
            advice: advice.map_or_else(String::new, |a| a.as_str().to_owned()),
            contact: contact.unwrap_or_default(),
            categories: categories.iter().map(field::category_message).collect(),
            basis: Some(basis_message(basis)),
            duties: duties.into_iter().map(obligation_message).collect(),
            promises: promises.into_iter().map(obligation_message).collect(),
            receipt: Some(receipt.into()),
        }
    }
}

impl TryFrom<type_v1::Receipt> for Receipt {
    type Error = Malformed;

    fn try_from(message: type_v1::Receipt) -> Result<Self, Malformed> {
        let type_v1::Receipt {
            entries,
            checkpoint,
        } = message;
        if checkpoint.is_empty() {
            return Err(Malformed::new("checkpoint", Problem::Required));
        }
        Ok(Self {
            entries: field::list(entries, "entries", (1, limit::BATCH), read_entry)?,
            checkpoint: checkpoint.into(),
        })
    }
}

impl From<Receipt> for type_v1::Receipt {
    fn from(receipt: Receipt) -> Self {
        let Receipt {
            entries,
            checkpoint,
        } = receipt;
        Self {
            entries: entries.into_iter().map(entry_message).collect(),
            checkpoint: checkpoint.into(),
        }
    }
}

impl From<Opening> for type_v1::Opening {
    fn from(opening: Opening) -> Self {
        let Opening { salt, content } = opening;
        Self {
            salt: Bytes::copy_from_slice(&salt),
            content: content.into(),
        }
    }
}

impl TryFrom<type_v1::Opening> for Opening {
    type Error = Malformed;

    fn try_from(message: type_v1::Opening) -> Result<Self, Malformed> {
        let type_v1::Opening { salt, content } = message;
        Ok(Self {
            salt: field::bytes(&salt, "salt")?,
            content: content.into(),
        })
    }
}

fn read_own_signal(message: type_v1::OwnSignal) -> Read<OwnSignal> {
    let type_v1::OwnSignal { id, agreed_keys } = message;
    if agreed_keys == 0 {
        return Err(Malformed::new("agreed_keys", Problem::OutOfRange));
    }
    Ok(OwnSignal {
        id: field::uuid(&id, "id", SignalId::parse)?,
        agreed_keys,
    })
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn read_basis(message: type_v1::LegalBasis) -> LegalBasis {
    let type_v1::LegalBasis {
        provide,
        receive,
        provide_exception,
        receive_exception,
        decision_reference,
    } = message;
    LegalBasis {
        provide,
        receive,
        provide_exception: given(provide_exception),
        receive_exception: given(receive_exception),
        decision_reference: given(decision_reference),
    }
}

fn basis_message(basis: LegalBasis) -> type_v1::LegalBasis {
    let LegalBasis {
        provide,
        receive,
        provide_exception,
        receive_exception,
        decision_reference,
    } = basis;
    type_v1::LegalBasis {
        provide,
        receive,
        provide_exception: provide_exception.unwrap_or_default(),
        receive_exception: receive_exception.unwrap_or_default(),
        decision_reference: decision_reference.unwrap_or_default(),
    }
}

fn read_obligation(message: type_v1::Obligation) -> Obligation {
    let type_v1::Obligation { code, value } = message;
    Obligation { code, value }
}

fn obligation_message(obligation: Obligation) -> type_v1::Obligation {
    let Obligation { code, value } = obligation;
    type_v1::Obligation { code, value }
}

pub(crate) fn read_entry(message: type_v1::ReceiptEntry) -> Read<ReceiptEntry> {
    let type_v1::ReceiptEntry {
        index,
        leaf,
        inclusion_proof,
        request,
        answer,
    } = message;
    if leaf.is_empty() {
        return Err(Malformed::new("leaf", Problem::Required));
    }
    let hash = |bytes: Bytes| field::digest(&bytes, "");
    let opening = |opening: Option<type_v1::Opening>, name: &str| {
        let read = opening.map(Opening::try_from).transpose();
        read.map_err(|m| m.within(name))
    };
    Ok(ReceiptEntry {
        index,
        leaf: leaf.into(),
        // 64 levels hold more leaves than any index.
        inclusion_proof: field::list(inclusion_proof, "inclusion_proof", (0, 64), hash)?,
        request: opening(request, "request")?,
        answer: opening(answer, "answer")?,
    })
}

pub(crate) fn entry_message(entry: ReceiptEntry) -> type_v1::ReceiptEntry {
    let ReceiptEntry {
        index,
        leaf,
        inclusion_proof,
        request,
        answer,
    } = entry;
    let hash = |digest: &Digest| Bytes::copy_from_slice(digest.as_bytes());
    type_v1::ReceiptEntry {
        index,
        leaf: leaf.into(),
        inclusion_proof: inclusion_proof.iter().map(hash).collect(),
        request: request.map(type_v1::Opening::from),
        answer: answer.map(type_v1::Opening::from),
    }
}
