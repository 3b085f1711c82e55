//! Notices: kept durably and sealed, shown to the roles that their clause names, acknowledged.

use std::sync::Arc;

use ledger::kind::Class;
use model::clock::Clock;
use model::{ActorId, CovenantId, Digest, NoticeId, PartyId, RecallId, RoleRef, Timestamp};
use serde::{Deserialize, Serialize};
use store::{NodeStore, OutsideId, Received, StoreError};
use tokio::sync::watch;
use wire::limit;
use wire::notice::Notice;

use crate::caller::Caller;
use crate::covenants::Covenants;
use crate::intake::{Findings, page_size, request_key};
use crate::log::{Followed, Log};
use crate::metrics::NodeMetrics;
use crate::paging::Paged;
use crate::refusal::{Reason, Refused};
use crate::uplink::{notice_bytes, read_notice};
use crate::vault::Vault;

mod recalls;

pub use recalls::{KeptRecall, RecallAcknowledged, RecallAnswer, RecallFilter, RecallPage};

const METHOD: &str = "covenant.node.v1.NoticeService/AcknowledgeNotice";
const AT_ONCE: usize = 128;
const MOST_LOOKED_AT: usize = 5_000;
/// What the times of one notice take at most, in bytes.
const FRAME: usize = 64;

/// What came from the broker for people of this party.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// This party.
    pub party: PartyId,
    /// Roles that read every notice.
    pub notice_roles: Arc<[RoleRef]>,
    /// The covenants, for the epochs of ids outside.
    pub covenants: Arc<Covenants>,
    /// The log that notices rest on.
    pub log: Arc<Log>,
    /// Encryption of what is kept.
    pub vault: Arc<Vault>,
    /// Durable state.
    pub store: NodeStore,
    /// Counters.
    pub metrics: NodeMetrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The number of the newest notice.
    pub newest: watch::Sender<u64>,
}

/// A notice as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The notice, with the party's own ids of its own signals.
    pub notice: Notice,
    /// When the node received it.
    pub received_at: Timestamp,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// The recall that takes it back.
    pub recall: Option<RecallId>,
}

/// Which notices.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeFilter {
    /// Under this covenant; empty for all.
    pub covenant: String,
    /// For this role; empty for all of the caller's.
    pub role: String,
    /// Only those that are not acknowledged.
    pub unacknowledged: bool,
}

/// A page of notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPage {
    /// Newest first.
    pub notices: Vec<Kept>,
    /// Ask on with this; empty at the end.
    pub next_page_token: String,
}

/// A filter whose fields are well formed, for one caller.
#[derive(Debug, Clone)]
pub struct Wanted {
    covenant: Option<CovenantId>,
    role: Option<RoleRef>,
    roles: Vec<RoleRef>,
    every_role: bool,
    unacknowledged: bool,
    /// Whether one that was acknowledged counts as not, while its recall waits for people.
    recalled_too: bool,
}

impl Wanted {
    /// The same for who watches: what was recalled comes again, until somebody says what was done.
    #[must_use]
    pub const fn and_recalled(mut self) -> Self {
        self.recalled_too = true;
        self
    }
}

/// An acknowledgement as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// `request_id`.
    pub request_id: String,
    /// `notice_id`.
    pub notice_id: String,
    /// `actor`; may be empty.
    pub actor: String,
}

/// A notice that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    id: [u8; 16],
    at: i64,
}

impl Acknowledged {
    /// The notice's id.
    #[must_use]
    pub fn id(&self) -> Option<NoticeId> {
        NoticeId::from_slice(&self.id)
    }

    /// When it was first acknowledged.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.at)
    }
}

impl Inbox {
    /// The number of the newest notice in the store, to begin with.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn newest_in(store: &NodeStore) -> Result<u64, StoreError> {
        Self::newest_after(store, 0)
    }

    /// Keeps notices durably whose receipts hold. Ids of own signals become the party's own.
    /// A notice that was kept before changes nothing. Gives back the ids that may be acknowledged.
    ///
    /// # Errors
    /// [`Refused`] when the store fails; a notice whose receipt does not hold is left out.
    pub async fn keep(&self, notices: Vec<(Notice, Followed)>) -> Result<Vec<NoticeId>, Refused> {
        let now = self.clock.now();
        let mut sealed = Vec::with_capacity(notices.len());
        for (notice, followed) in notices {
            let notice = self.with_own_ids(notice)?;
            let id = notice.id;
            let body = self.vault.seal(&vault_name(id), &notice_bytes(&notice))?;
            sealed.push((id, body, followed));
        }
        let ids: Vec<NoticeId> = sealed.iter().map(|(id, ..)| *id).collect();
        let fresh = self
            .store
            .write(move |tx| {
                let mut fresh: usize = 0;
                for (id, body, followed) in &sealed {
                    // What was recalled and dealt with does not come back.
                    if recalls::was_dealt_with(tx, *id)? {
                        continue;
                    }
                    fresh = fresh.saturating_add(usize::from(tx.put_received(*id, body, now)?));
                    followed.keep(tx)?;
                }
                Ok::<_, StoreError>(fresh)
            })
            .await?;
        self.metrics.notices(fresh);
        let newest = Self::newest_after(&self.store, *self.newest.borrow())?;
        self.newest.send_replace(newest);
        Ok(ids)
    }

    /// Whether a notice's receipt holds and is of a decision for this party under that covenant.
    ///
    /// # Errors
    /// `RECEIPT_INVALID`.
    pub fn verify(&self, notice: &Notice) -> Result<(), Refused> {
        let about = (&*self.covenants, &notice.covenant);
        self.log
            .bears_out(&notice.receipt, about, self.clock.now(), |leaf| {
                leaf.class == Class::Decision
                    && leaf.covenant == Some(notice.covenant_digest)
                    && leaf.recipient.as_ref() == Some(&self.party)
                    && (notice.source.is_none() || leaf.source == notice.source)
            })
    }

    /// A page of notices for this caller, newest first.
    ///
    /// # Errors
    /// [`Refused`] when a filter is malformed or names a role that the caller does not have.
    pub fn list(
        &self,
        caller: &Caller,
        filter: &NoticeFilter,
        size: i32,
        page_token: &str,
    ) -> Result<KeptPage, Refused> {
        let mut found = Findings::default();
        let size = page_size(size, &mut found);
        let NoticeFilter {
            covenant,
            role,
            unacknowledged,
        } = filter;
        let paged = Paged {
            vault: &self.vault,
            list: &[
                b"notices",
                covenant.as_bytes(),
                role.as_bytes(),
                &[u8::from(*unacknowledged)],
            ],
        };
        let token = |number: u64| paged.token(&number.to_be_bytes());
        let before = paged.open(page_token, &mut found).map(u64::from_be_bytes);
        let wanted = self.wanted(caller, filter, found)?;
        let mut before = before.unwrap_or_else(|| self.newest.borrow().saturating_add(1));
        let mut notices = Vec::new();
        let mut looked_at: usize = 0;
        let mut room = limit::PAGE_BYTES;
        while before > 1 {
            let at_once = u64::try_from(AT_ONCE).unwrap_or(1);
            let after = before.saturating_sub(at_once.saturating_add(1));
            let rows = self.store.read(|view| view.received(after, AT_ONCE))?;
            for row in rows.into_iter().rev().filter(|row| row.number < before) {
                looked_at = looked_at.saturating_add(1);
                let number = row.number;
                if let Some(kept) = self.fitting(&wanted, &row)? {
                    // What does not fit begins the next page.
                    match room.checked_sub(row.body.len().saturating_add(FRAME)) {
                        None if !notices.is_empty() => {
                            let next_page_token = token(number.saturating_add(1));
                            return Ok(KeptPage {
                                notices,
                                next_page_token,
                            });
                        }
                        left => room = left.unwrap_or(0),
                    }
                    notices.push(kept);
                }
                if notices.len() >= size || looked_at >= MOST_LOOKED_AT {
                    let next_page_token = token(number);
                    return Ok(KeptPage {
                        notices,
                        next_page_token,
                    });
                }
            }
            before = after.saturating_add(1);
        }
        Ok(KeptPage {
            notices,
            next_page_token: String::new(),
        })
    }

    /// Reads a filter for this caller.
    ///
    /// # Errors
    /// As [`Inbox::list`].
    pub fn wanted(
        &self,
        caller: &Caller,
        filter: &NoticeFilter,
        mut found: Findings,
    ) -> Result<Wanted, Refused> {
        let covenant = match filter.covenant.as_str() {
            "" => None,
            text => found.named("covenant", CovenantId::parse(text)),
        };
        let role = match filter.role.as_str() {
            "" => None,
            text => found.named("role", RoleRef::parse(text)),
        };
        found.into_result()?;
        let every_role = caller.has_any(&self.notice_roles);
        if role
            .as_ref()
            .is_some_and(|role| !every_role && !caller.has(role))
        {
            return Err(Refused::from(Reason::RoleNotYours).with("field", "role"));
        }
        Ok(Wanted {
            covenant,
            role,
            roles: caller.roles.clone(),
            every_role,
            unacknowledged: filter.unacknowledged,
            recalled_too: false,
        })
    }

    /// The notices after `cursor` in order of arrival, and where to go on.
    ///
    /// # Errors
    /// When the store fails.
    pub fn after(&self, wanted: &Wanted, cursor: u64) -> Result<(Vec<Kept>, u64), Refused> {
        let rows = self.store.read(|view| view.received(cursor, AT_ONCE))?;
        let next = rows.last().map_or(cursor, |row| row.number);
        let mut kept = Vec::new();
        for row in rows {
            kept.extend(self.fitting(wanted, &row)?);
        }
        Ok((kept, next))
    }

    /// Notes that a notice was read.
    ///
    /// # Errors
    /// [`Refused`]: wrong fields, or no such notice for this caller.
    pub async fn acknowledge(
        &self,
        caller: &Caller,
        acknowledgement: &Acknowledgement,
    ) -> Result<Acknowledged, Refused> {
        let mut found = Findings::default();
        let request = found.request_id("request_id", &acknowledgement.request_id);
        let id = notice_id(&mut found, &acknowledgement.notice_id);
        if !acknowledgement.actor.is_empty() {
            found.named("actor", ActorId::parse(&acknowledgement.actor));
        }
        let (Some(request), Some(id), true) = (request, id, found.is_empty()) else {
            return Err(found.into());
        };
        let wanted = self.wanted(caller, &NoticeFilter::default(), Findings::default())?;
        let row = self.store.read(|view| view.received_by_id(id))?;
        let visible = match row {
            Some(row) => self.fitting(&wanted, &row)?.is_some(),
            None => false,
        };
        if !visible {
            return Err(Reason::NotFound.into());
        }
        let now = self.clock.now();
        let actor = acknowledgement.actor.as_bytes();
        let hash = self
            .vault
            .recognise(&[b"acknowledge", id.as_bytes(), actor]);
        let (key, hash) = (request_key(caller, METHOD, request), Digest::new(hash));
        self.store
            .write(move |tx| {
                if let Some(remembered) = tx.answered(&key, &hash)? {
                    return serde_json::from_slice(remembered.answer())
                        .map_err(|_| Refused::failed());
                }
                tx.acknowledge_received(id, now)?;
                let at = tx
                    .received_by_id(id)?
                    .and_then(|r| r.acknowledged)
                    .unwrap_or(now);
                let answer = Acknowledged {
                    id: *id.as_bytes(),
                    at: at.as_millis(),
                };
                let bytes = serde_json::to_vec(&answer).map_err(|_| Refused::failed())?;
                tx.remember(&key, &hash, &bytes, now)?;
                Ok(answer)
            })
            .await
    }

    fn fitting(&self, wanted: &Wanted, row: &Received) -> Result<Option<Kept>, Refused> {
        let recall = self.store.read(|view| view.recalled_by(row.id))?;
        if wanted.unacknowledged && row.acknowledged.is_some() {
            let waits = wanted.recalled_too && self.recall_waits(recall)?;
            if !waits {
                return Ok(None);
            }
        }
        let bytes = self.vault.open(&vault_name(row.id), &row.body)?;
        let Some(notice) = read_notice(&bytes) else {
            tracing::error!("a stored notice does not read back: restore a backup");
            return Err(Refused::failed());
        };
        let may_read = wanted.every_role || notice.roles.iter().any(|r| wanted.roles.contains(r));
        let fits = may_read
            && wanted
                .covenant
                .as_ref()
                .is_none_or(|c| *c == notice.covenant)
            && wanted
                .role
                .as_ref()
                .is_none_or(|r| notice.roles.contains(r));
        Ok(fits.then_some(Kept {
            notice,
            received_at: row.at,
            acknowledged_at: row.acknowledged,
            recall,
        }))
    }

    /// Puts the party's own id in place of the one outside. One that is unknown here, which can
    /// only be of a signal that was forgotten since, is left out.
    fn with_own_ids(&self, mut notice: Notice) -> Result<Notice, Refused> {
        let epochs = self.covenants.epochs(&notice.covenant);
        let mut own_signals = Vec::with_capacity(notice.own_signals.len());
        for signal in &notice.own_signals {
            for epoch in &epochs {
                let outside = OutsideId {
                    covenant: notice.covenant.clone(),
                    epoch: *epoch,
                    id: signal.id,
                };
                if let Some(id) = self.store.read(|view| view.inside_id(&outside))? {
                    own_signals.push(wire::notice::OwnSignal { id, ..*signal });
                    break;
                }
            }
        }
        notice.own_signals = own_signals;
        Ok(notice)
    }

    fn newest_after(store: &NodeStore, known: u64) -> Result<u64, StoreError> {
        let mut newest = known;
        while let Some(last) = store.read(|view| view.received(newest, 1_000))?.last() {
            newest = last.number;
        }
        Ok(newest)
    }
}

/// A notice as it was kept; `None` when it does not read back.
///
/// # Errors
/// When it can't be opened.
pub(crate) fn stored_notice(
    vault: &Vault,
    received: &store::Received,
) -> Result<Option<Notice>, Refused> {
    let bytes = vault.open(&vault_name(received.id), &received.body)?;
    Ok(read_notice(&bytes))
}

/// The name of a notice in the vault.
pub(crate) fn vault_name(id: NoticeId) -> Vec<u8> {
    [b"notice/", id.as_bytes().as_slice()].concat()
}

fn notice_id(found: &mut Findings, text: &str) -> Option<NoticeId> {
    found.uuid("notice_id", text, NoticeId::parse)
}
