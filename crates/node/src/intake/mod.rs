//! Signals of this party: taken in, withdrawn, read back.
//!
//! Acknowledged means durable: the encrypted content, what waits for the broker and the answer to
//! the request are one batch.

mod amend;
mod draft;
mod findings;
mod lift;
mod read_back;
mod record;
mod rehearse;
mod rule;
mod subject;
mod submit;
#[cfg(test)]
mod tests;
mod validate;
mod withdraw;

use std::sync::Arc;

use model::clock::Clock;
use model::{PartyId, RoleRef};
use store::{NodeStore, RequestKey};

use crate::caller::Caller;
use crate::covenants::Covenants;
use crate::link::Link;
use crate::metrics::NodeMetrics;
use crate::refusal::{Reason as Why, Refused};
use crate::uplink::Speaker;
use crate::vault::Vault;

pub use amend::{Amended, Amendment};
pub use draft::{Choice, Draft, Provenance, SubjectDraft};
pub use findings::Findings;
pub use read_back::{Filter, Page, Stored};
pub use record::State;
pub use rule::Rule;
pub use subject::{Described, check_subject};
pub use submit::{Accepted, Submission};
pub use validate::{Against, Checked, check};
pub use withdraw::{Reason, Withdrawal, Withdrawn};

pub(crate) use lift::{Lifting, lift};
pub(crate) use read_back::page_size;
pub(crate) use record::{Content, Record, Refusal, id_in_name, vault_name as content_name};
pub(crate) use wire::word::WithdrawalReason;
pub(crate) use withdraw::take_back;

/// The use cases around the party's own signals.
#[derive(Debug, Clone)]
pub struct Intake {
    /// The party that runs this node.
    pub party: PartyId,
    /// Who may submit.
    pub signal_roles: Arc<[RoleRef]>,
    /// The covenants with their keys.
    pub covenants: Arc<Covenants>,
    /// Encryption of what is kept.
    pub vault: Arc<Vault>,
    /// Durable state.
    pub store: NodeStore,
    /// The state of the connection, to be woken when something waits.
    pub link: Link,
    /// Makes what waits in the outbox.
    pub speaker: Speaker,
    /// Counters.
    pub metrics: NodeMetrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Intake {
    /// Whether this caller is a partner system.
    fn permit(&self, caller: &Caller) -> Result<(), Refused> {
        if caller.has_any(&self.signal_roles) {
            return Ok(());
        }
        Err(Refused::told(
            Why::RoleNotYours,
            "your certificate has no role that may work with signals; ask your operator for a certificate of a partner system",
            "uw certificaat heeft geen rol die met signalen mag werken; vraag uw beheerder om een certificaat voor een systeem",
        ))
    }
}

/// The name of a request: this client, this method, this id.
pub(crate) fn request_key(caller: &Caller, method: &str, id: model::RequestId) -> RequestKey {
    RequestKey {
        client: caller.client.clone(),
        method: method.to_owned(),
        id,
    }
}
