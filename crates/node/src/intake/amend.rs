//! Putting a signal in the place of one that was wrong (GDPR article 16): both in one unit of work,
//! so that there is never none, and never both.

use model::{Digest, SignalId};
use serde::{Deserialize, Serialize};
use store::NodeTx;

use super::record::{Record, State};
use super::submit::{Accepted, put_parcel};
use super::withdraw::{Reason, signal_id, signal_unknown, take_back};
use super::{Draft, Findings, Intake, rehearse, request_key};
use crate::caller::Caller;
use crate::refusal::{Reason as Why, Refused};

const METHOD: &str = "covenant.node.v1.SignalService/AmendSignal";

/// An amendment as it came in.
#[derive(Debug, Clone)]
pub struct Amendment {
    /// `request_id`.
    pub request_id: String,
    /// `signal_id`: the one that was wrong.
    pub signal_id: String,
    /// The one that takes its place; `None` when the field is missing.
    pub draft: Option<Draft>,
    /// The exact content of it.
    pub content: Vec<u8>,
    /// Only check.
    pub validate_only: bool,
}

/// A signal that was amended, or could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amended {
    id: [u8; 16],
    accepted: Accepted,
}

impl Amended {
    /// The signal that was wrong.
    #[must_use]
    pub fn id(&self) -> Option<SignalId> {
        SignalId::from_slice(&self.id)
    }

    /// The one that takes its place.
    #[must_use]
    pub const fn accepted(&self) -> &Accepted {
        &self.accepted
    }
}

impl Intake {
    /// Withdraws a signal as wrong, and takes another in its place.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, no such signal or one that is withdrawn, or why the new one can't
    /// be taken; then the old one stays.
    pub async fn amend(&self, caller: &Caller, amendment: Amendment) -> Result<Amended, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let request = found.request_id("request_id", &amendment.request_id);
        let id = signal_id(&mut found, &amendment.signal_id);
        if amendment.draft.is_none() {
            found.required("signal");
        }
        let (Some(request), Some(id), Some(draft)) = (request, id, &amendment.draft) else {
            return Err(found.into());
        };
        let hash = self
            .vault
            .recognise(&[b"amend", id.as_bytes(), &amendment.content]);
        let (key, hash) = (request_key(caller, METHOD, request), Digest::new(hash));
        let only_check = amendment.validate_only;
        if !only_check && let Some(before) = self.store.read(|view| view.answered(&key, &hash))? {
            return serde_json::from_slice(before.answer()).map_err(|_| Refused::failed());
        }
        // The same content as in a submission is recognised as the same signal.
        let content = Digest::new(self.vault.recognise(&[b"submit", &amendment.content]));
        let now = self.clock.now();
        let parcel = self.prepare(draft, &amendment.content, &content, now)?;
        if SignalId::parse(&draft.id) == Some(id) {
            return Err(Why::SignalIdReused.into());
        }
        let covenant = draft.covenant.clone();
        let unit = move |tx: &mut NodeTx| {
            if let Some(before) = tx.answered(&key, &hash)? {
                return serde_json::from_slice(before.answer()).map_err(|_| Refused::failed());
            }
            let old = Record::decode(&tx.own(id)?.ok_or_else(signal_unknown)?.state)?;
            if old.state == State::Withdrawn {
                return Err(Why::SignalWithdrawn.into());
            }
            if old.covenant != covenant {
                return Err(other_covenant());
            }
            take_back(tx, id, Reason::Correction, now)?;
            let amended = Amended {
                id: *id.as_bytes(),
                accepted: put_parcel(tx, parcel)?,
            };
            let bytes = serde_json::to_vec(&amended).map_err(|_| Refused::failed())?;
            tx.remember(&key, &hash, &bytes, now)?;
            Ok(amended)
        };
        let amended = rehearse::run(&self.store, only_check, unit).await?;
        if only_check {
            let Amended { id, accepted } = amended;
            let accepted = accepted.only_checked();
            return Ok(Amended { id, accepted });
        }
        self.metrics.withdrawn();
        self.metrics.submitted(None);
        self.link.wake();
        Ok(amended)
    }
}

fn other_covenant() -> Refused {
    let mut found = Findings::default();
    found.told(
        "signal.covenant",
        wire::Problem::NotAllowed,
        "the signal that was wrong is of another covenant; name that one",
        "het signaal dat niet klopte hoort bij een ander convenant; noem dat convenant",
    );
    found.into()
}
