//! Answers of the use cases, written as messages.

use prost::Message as _;
use wire::field::{date, timestamp};
use wire::{node_v1 as pb, type_v1};

use crate::checks::Advised;
use crate::intake::{Accepted, Page, State, Stored, Withdrawn};
use crate::notices::{Kept, KeptPage};

pub(crate) fn accepted(accepted: &Accepted) -> pb::AcceptedSignal {
    pb::AcceptedSignal {
        signal_id: accepted.id().map(|id| id.to_string()).unwrap_or_default(),
        accepted_at: accepted.accepted_at().map(timestamp),
        expires_on: Some(date(accepted.expires_on())),
        comparisons: accepted.comparisons().to_vec(),
        too_frequent: accepted.too_frequent().to_vec(),
    }
}

pub(crate) fn withdrawn(withdrawn: &Withdrawn) -> pb::WithdrawSignalResponse {
    pb::WithdrawSignalResponse {
        signal_id: withdrawn.id().map(|id| id.to_string()).unwrap_or_default(),
        withdrawn_at: withdrawn.at().map(timestamp),
    }
}

pub(crate) fn stored(stored: Stored) -> pb::StoredSignal {
    let Stored {
        id: _,
        content,
        state,
        accepted_at,
        expires_on,
        refusal,
    } = stored;
    pb::StoredSignal {
        signal: content.and_then(|bytes| pb::Signal::decode(bytes.as_slice()).ok()),
        state: signal_state(state).into(),
        accepted_at: Some(timestamp(accepted_at)),
        expires_on: Some(date(expires_on)),
        refusal: refusal.map(|refused| refused.0.to_message()),
    }
}

pub(crate) fn page(page: Page) -> pb::ListSignalsResponse {
    pb::ListSignalsResponse {
        signals: page.signals.into_iter().map(stored).collect(),
        next_page_token: page.next_page_token,
    }
}

pub(crate) fn advised(advised: Advised) -> pb::CheckVisitResponse {
    let Advised {
        advice,
        text_nl,
        text_en,
        receipt,
    } = advised;
    pb::CheckVisitResponse {
        advice,
        text_nl,
        text_en,
        receipt: Some(receipt.into()),
    }
}

pub(crate) fn kept(kept: Kept) -> pb::StoredNotice {
    let Kept {
        notice,
        received_at,
        acknowledged_at,
    } = kept;
    pb::StoredNotice {
        notice: Some(type_v1::Notice::from(notice)),
        received_at: Some(timestamp(received_at)),
        acknowledged_at: acknowledged_at.map(timestamp),
        recall_id: String::new(),
    }
}

pub(crate) fn kept_page(page: KeptPage) -> pb::ListNoticesResponse {
    pb::ListNoticesResponse {
        notices: page.notices.into_iter().map(kept).collect(),
        next_page_token: page.next_page_token,
    }
}

const fn signal_state(state: State) -> pb::SignalState {
    match state {
        State::Queued => pb::SignalState::Queued,
        State::Delivered => pb::SignalState::Delivered,
        State::Refused => pb::SignalState::Refused,
        State::Withdrawn => pb::SignalState::Withdrawn,
        State::Expired => pb::SignalState::Expired,
    }
}
