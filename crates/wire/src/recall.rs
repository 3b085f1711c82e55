//! Recalls, in the words of `model`: what was told is taken back.

use model::{ActorId, CovenantId, Day, Digest, NoticeId, RecallId, RequestId, RoleRef};

use crate::field::{self, Read};
use crate::header::Header;
use crate::malformed::{Malformed, Problem};
use crate::notice::Receipt;
use crate::word::{self, RecallOutcome, RecallReason};
use crate::{broker_v1, limit, type_v1};

/// Takes back what was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recall {
    /// The id of this delivery.
    pub id: NoticeId,
    /// The recall, the same in every reminder.
    pub recall: RecallId,
    /// The covenant.
    pub covenant: CovenantId,
    /// SHA-256 of the covenant file under which it was told.
    pub covenant_digest: Digest,
    /// Why.
    pub reason: RecallReason,
    /// What is recalled.
    pub told: ToldBy,
    /// The roles that may read it. At least one.
    pub roles: Vec<RoleRef>,
    /// The day on which it was told.
    pub told_on: Day,
    /// The day of this delivery.
    pub day: Day,
    /// How often the recipient was reminded, this time included.
    pub reminder: u32,
    /// The first day on which the promised time to keep it is over.
    pub kept_until: Option<Day>,
    /// The proof that it stands in the log.
    pub receipt: Receipt,
}

/// By what something was told.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum ToldBy {
    /// A notice.
    Notice(NoticeId),
    /// The answer to a question.
    Check(RequestId),
}

/// What people of a party did about recalls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecallAcknowledgement {
    /// What it is bound to.
    pub header: Header,
    /// Who says so.
    pub actor: ActorId,
    /// 1 to [`limit::BATCH`].
    pub recalls: Vec<(RecallId, RecallOutcome)>,
}

impl TryFrom<type_v1::Recall> for Recall {
    type Error = Malformed;

    fn try_from(message: type_v1::Recall) -> Result<Self, Malformed> {
        let type_v1::Recall {
            id,
            recall_id,
            covenant,
            covenant_digest,
            reason,
            told,
            roles,
            told_on,
            day,
            reminder,
            kept_until,
            receipt,
        } = message;
        let role = |text: String| field::name(&text, "", RoleRef::parse);
        Ok(Self {
            id: field::uuid(&id, "id", NoticeId::parse)?,
            recall: field::uuid(&recall_id, "recall_id", RecallId::parse)?,
            covenant: field::name(&covenant, "covenant", CovenantId::parse)?,
            covenant_digest: field::digest(&covenant_digest, "covenant_digest")?,
            reason: word::recall_reason(reason, "reason")?,
            told: read_told(told)?,
            roles: field::list(roles, "roles", (1, limit::BATCH), role)?,
            told_on: field::day(told_on, "told_on")?,
            day: field::day(day, "day")?,
            reminder,
            kept_until: field::optional_day(kept_until, "kept_until")?,
            receipt: field::required(receipt, "receipt")?
                .try_into()
                .map_err(|m: Malformed| m.within("receipt"))?,
        })
    }
}

fn read_told(told: Option<type_v1::recall::Told>) -> Read<ToldBy> {
    match told {
        None => Err(Malformed::new("told", Problem::Required)),
        Some(type_v1::recall::Told::NoticeId(id)) => {
            field::uuid(&id, "notice_id", NoticeId::parse).map(ToldBy::Notice)
        }
        Some(type_v1::recall::Told::CheckRequestId(id)) => {
            field::uuid(&id, "check_request_id", RequestId::parse).map(ToldBy::Check)
        }
    }
}

impl From<Recall> for type_v1::Recall {
    fn from(recall: Recall) -> Self {
        let Recall {
            id,
            recall,
            covenant,
            covenant_digest,
            reason,
            told,
            roles,
            told_on,
            day,
            reminder,
            kept_until,
            receipt,
        } = recall;
        Self {
            id: id.to_string(),
            recall_id: recall.to_string(),
            covenant: covenant.as_str().to_owned(),
            covenant_digest: field::digest_message(&covenant_digest),
            reason: word::recall_reason_number(reason),
            told: Some(match told {
                ToldBy::Notice(id) => type_v1::recall::Told::NoticeId(id.to_string()),
                ToldBy::Check(id) => type_v1::recall::Told::CheckRequestId(id.to_string()),
            }),
            roles: roles.iter().map(|r| r.as_str().to_owned()).collect(),
            told_on: Some(field::date(told_on)),
            day: Some(field::date(day)),
            reminder,
            kept_until: kept_until.map(field::date),
            receipt: Some(receipt.into()),
        }
    }
}

impl TryFrom<broker_v1::RecallAcknowledgement> for RecallAcknowledgement {
    type Error = Malformed;

    fn try_from(message: broker_v1::RecallAcknowledgement) -> Result<Self, Malformed> {
        let broker_v1::RecallAcknowledgement { header, recalls } = message;
        let (header, actor) = Header::by_employee(header)?;
        let read = |item: broker_v1::AcknowledgedRecall| {
            let broker_v1::AcknowledgedRecall { recall_id, outcome } = item;
            Ok((
                field::uuid(&recall_id, "recall_id", RecallId::parse)?,
                word::recall_outcome(outcome, "outcome")?,
            ))
        };
        Ok(Self {
            header,
            actor,
            recalls: field::list(recalls, "recalls", (1, limit::BATCH), read)?,
        })
    }
}

impl From<RecallAcknowledgement> for broker_v1::RecallAcknowledgement {
    fn from(acknowledgement: RecallAcknowledgement) -> Self {
        let RecallAcknowledgement {
            header,
            actor,
            recalls,
        } = acknowledgement;
        let message =
            |(recall, outcome): (RecallId, RecallOutcome)| broker_v1::AcknowledgedRecall {
                recall_id: recall.to_string(),
                outcome: word::recall_outcome_number(outcome),
            };
        Self {
            header: header.message(None, Some(actor)),
            recalls: recalls.into_iter().map(message).collect(),
        }
    }
}
