//! What keeps this node's covenants up to date: events that are laid in a folder count at once, also
//! without the broker; what the broker has is fetched, verified, and kept; and this party's own
//! events are handed to the broker as soon as it can be reached.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use covenant::signoff::{Envelope, EventKind, Signed, SignoffError, propose};
use model::clock::Clock;
use model::{CovenantId, Digest};
use store::{NodeStore, NodeTx, StoreError};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};
use wire::broker_v1 as pb;

use crate::covenants::{Covenants, kept};
use crate::link::Link;
use crate::versions::Version;

use super::Broker;

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How many versions are listed at once.
const PAGE: i32 = 1_000;
/// What one call to the broker may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Keeps covenants up to date.
#[derive(Debug)]
pub(crate) struct Lifecycle {
    /// The covenants.
    pub(crate) covenants: Arc<Covenants>,
    /// Durable state.
    pub(crate) store: NodeStore,
    /// The broker.
    pub(crate) broker: Broker,
    /// What the others know of the connection.
    pub(crate) link: Link,
    /// Where event files are laid.
    pub(crate) events: Option<PathBuf>,
    /// How often the broker is asked.
    pub(crate) every: Duration,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Covenants at the broker that the settings do not name, as they were logged.
    pub(crate) not_carried: Mutex<BTreeSet<CovenantId>>,
}

/// Why an event or version was not taken in.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    #[error("it is about no covenant of this node")]
    Unknown,
    #[error(transparent)]
    Signoff(#[from] SignoffError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the broker does not answer ({0:?})")]
    Broker(tonic::Code),
    #[error("{0}")]
    Other(String),
}

impl NotTaken {
    /// Whether the same may be taken another time.
    const fn may_pass(&self) -> bool {
        match self {
            Self::Unknown | Self::Store(_) | Self::Broker(_) | Self::Other(_) => true,
            Self::Signoff(why) => matches!(why, SignoffError::FromTheFuture),
        }
    }
}

/// A file as it was when it was read: its size, and when it was written.
type Stamp = Option<(u64, std::time::SystemTime)>;

/// What became of an event file.
#[derive(Debug, Clone, Copy)]
struct Seen {
    stamp: Stamp,
    /// Whether the same bytes need no other look.
    settled: bool,
}

fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}

impl From<Status> for NotTaken {
    fn from(status: Status) -> Self {
        let told = wire::status::read(&status);
        match told.reason {
            Some(reason) => Self::Other(format!("{reason}: {}", told.message_en)),
            None => Self::Broker(status.code()),
        }
    }
}

impl Lifecycle {
    /// Goes on until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY.min(self.every));
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut fetch = tokio::time::interval(self.every);
        fetch.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut read = BTreeMap::new();
        let mut reachable = true;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => self.read_events(&mut read).await,
                _ = fetch.tick() => {
                    let fetched = tokio::select! {
                        () = stop.cancelled() => return,
                        fetched = self.exchange() => fetched,
                    };
                    if let Err(why) = &fetched
                        && reachable
                    {
                        tracing::warn!(%why, "covenants can't be fetched from the broker");
                    }
                    reachable = fetched.is_ok();
                }
            }
            let now = self.clock.now();
            self.covenants.write(|all| {
                for carried in all.values_mut() {
                    carried.follow(now);
                }
            });
            if let Err(error) = self.covenants.keep(&self.store, now).await {
                tracing::error!(%error, "the history of covenants can't be kept");
            }
        }
    }

    /// Takes in every event file that was not read before, or was another then: it may have been
    /// half written. What may go well later is tried again.
    async fn read_events(&self, read: &mut BTreeMap<PathBuf, Seen>) {
        let Some(folder) = &self.events else { return };
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_json = path.extension().is_some_and(|end| end == "json");
            if !is_json {
                continue;
            }
            let (stamp, before) = (stamp(&path), read.get(&path));
            let same = before.filter(|before| before.stamp == stamp);
            if same.is_some_and(|before| before.settled) {
                continue;
            }
            let settled = match self.read_event(&path).await {
                Ok(id) => {
                    tracing::warn!(file = %path.display(), covenant = %id, "an event file was taken in");
                    true
                }
                Err(why) => {
                    if same.is_none() {
                        tracing::error!(file = %path.display(), %why, "an event file was not taken in");
                    }
                    !why.may_pass()
                }
            };
            read.insert(path, Seen { stamp, settled });
        }
    }

    async fn read_event(&self, path: &Path) -> Result<CovenantId, NotTaken> {
        let size = std::fs::metadata(path).map_or(0, |about| about.len());
        if size > u64::try_from(wire::limit::ENVELOPE_BYTES).unwrap_or(u64::MAX) {
            return Err(SignoffError::EnvelopeMalformed.into());
        }
        let bytes = std::fs::read(path).map_err(|error| NotTaken::Other(error.to_string()))?;
        let envelope = Envelope::parse(&bytes)?;
        let now = self.clock.now();
        let mut why = NotTaken::Unknown;
        let found = self.covenants.read(|all| {
            let versions = all.values().flat_map(|carried| carried.versions.values());
            for version in versions {
                match Signed::verify(&version.proposal, &envelope, now) {
                    Ok(signed) => {
                        return Some((version.kept.covenant.clone(), version.kept.digest, signed));
                    }
                    Err(SignoffError::OtherFile | SignoffError::UnknownParty(_)) => {}
                    Err(other) => why = other.into(),
                }
            }
            None
        });
        let Some((id, digest, signed)) = found else {
            return Err(why);
        };
        self.take_in(&id, &digest, &signed, &envelope, bytes)
            .await?;
        Ok(id)
    }

    /// Durable first, then in force here. What closes counts here before: a full disk does not keep
    /// anything open.
    async fn take_in(
        &self,
        id: &CovenantId,
        digest: &Digest,
        signed: &Signed,
        envelope: &Envelope,
        bytes: Vec<u8>,
    ) -> Result<(), NotTaken> {
        let now = self.clock.now();
        let again = self.covenants.read(|all| {
            let carried = all.get(id);
            carried.is_some_and(|carried| carried.was_in_force(digest))
        });
        if again && matches!(signed, Signed::Off(_)) {
            // Else the one who rejected it would reopen alone what all must open.
            return Err(SignoffError::WasInForce.into());
        }
        if signed.narrows() {
            self.change(id, digest, |version| {
                version.take(self.covenants.party(), signed, envelope, now);
            });
        }
        let (over, what) = (*digest, signed.id());
        self.store
            .write(move |tx: &mut NodeTx| tx.put_signed_over(&over, what, now, &bytes))
            .await?;
        self.change(id, digest, |version| {
            version.take(self.covenants.party(), signed, envelope, now);
        });
        self.link.wake();
        Ok(())
    }

    /// Fetches what the broker has more than this node, and hands it what it lacks.
    async fn exchange(&self) -> Result<(), NotTaken> {
        let mut token = String::new();
        loop {
            let listed = self.list(token).await?;
            for version in listed.versions {
                if let Err(why) = self.fetch(&version).await {
                    tracing::warn!(covenant = %version.covenant_id, version = version.number, %why, "a version was not taken in");
                }
            }
            token = listed.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        self.forward().await
    }

    async fn list(&self, page_token: String) -> Result<pb::ListCovenantsResponse, Status> {
        let mut client = wire::client::covenants(self.broker.channel());
        let request = pb::ListCovenantsRequest {
            page_size: PAGE,
            page_token,
        };
        Ok(client.list_covenants(timely(request)).await?.into_inner())
    }

    async fn fetch(&self, listed: &pb::CovenantVersion) -> Result<(), NotTaken> {
        let id = CovenantId::parse(&listed.covenant_id).map_err(|_| NotTaken::Unknown)?;
        let digest = Digest::from_slice(&listed.digest).ok_or(NotTaken::Unknown)?;
        let has = listed.envelope_count;
        let known = self.covenants.read(|all| {
            let carried = all.get(&id)?;
            let version = carried.versions.get(&digest);
            Some(version.map(|version| version.looked_at(has)))
        });
        // A covenant that is not in the settings has no keys here.
        let Some(known) = known else {
            self.is_not_carried(id);
            return Ok(());
        };
        if known.flatten().is_some_and(|looked_at| looked_at >= has) {
            return Ok(());
        }
        let mut next = known.flatten().unwrap_or(0);
        let mut anew = known == Some(None);
        let mut waits = false;
        loop {
            let got = self.get(&id, &listed.digest, next).await?;
            if known.is_none() && next == 0 {
                self.take_version(&id, &digest, &got.file).await?;
            }
            let more = u32::try_from(got.envelopes.len()).unwrap_or(u32::MAX);
            self.change(&id, &digest, |version| version.look_on(anew, more));
            for received in &got.envelopes {
                let taken = self.take_fetched(&id, &digest, &received.envelope).await;
                if let Err(why) = taken {
                    waits |= why.may_pass();
                    tracing::warn!(covenant = %id, %why, "what the broker has over a version does not hold here");
                }
            }
            self.link.wake();
            next = next.saturating_add(more);
            anew = false;
            if more == 0 || next >= has {
                if waits {
                    // Looked at again from the first one, at the next time.
                    self.change(&id, &digest, |version| version.look_on(true, 0));
                }
                return Ok(());
            }
        }
    }

    /// Says once what a party does to join a covenant.
    fn is_not_carried(&self, id: CovenantId) {
        let mut told = self
            .not_carried
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !told.contains(&id) {
            tracing::warn!(
                covenant = %id,
                "a covenant at the broker names this party and is not in the settings: add [[covenant]] with \
                 its file, signatures and keys, and [pins] of its parties, and restart"
            );
            told.insert(id);
        }
    }

    async fn get(
        &self,
        id: &CovenantId,
        digest: &[u8],
        first_envelope: u32,
    ) -> Result<pb::GetCovenantResponse, Status> {
        let mut client = wire::client::covenants(self.broker.channel());
        let request = pb::GetCovenantRequest {
            covenant_id: id.to_string(),
            digest: digest.to_vec().into(),
            first_envelope,
        };
        Ok(client.get_covenant(timely(request)).await?.into_inner())
    }

    fn change(&self, id: &CovenantId, digest: &Digest, change: impl FnOnce(&mut Version)) {
        self.covenants.write(|all| {
            let carried = all.get_mut(id);
            if let Some(version) = carried.and_then(|c| c.versions.get_mut(digest)) {
                change(version);
            }
        });
    }

    async fn take_version(
        &self,
        id: &CovenantId,
        digest: &Digest,
        file: &[u8],
    ) -> Result<(), NotTaken> {
        let proposal = propose(file, self.covenants.pins(), None)?;
        let covenant = proposal.covenant();
        if covenant.id() != id || covenant.digest() != *digest {
            return Err(SignoffError::OtherFile.into());
        }
        let names_us = self.covenants.names_us(covenant);
        names_us.map_err(|why| NotTaken::Other(why.to_string()))?;
        let version = kept(covenant, self.clock.now());
        let (kept, file) = (version.clone(), file.to_vec());
        self.store
            .write(move |tx: &mut NodeTx| tx.put_version(&kept, &file))
            .await?;
        self.covenants.write(|all| {
            if let Some(carried) = all.get_mut(id) {
                let digest = version.digest;
                let fresh = Version::new(version, proposal);
                carried.versions.entry(digest).or_insert(fresh);
            }
        });
        Ok(())
    }

    async fn take_fetched(
        &self,
        id: &CovenantId,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), NotTaken> {
        let envelope = Envelope::parse(bytes)?;
        let now = self.clock.now();
        let verified = self.covenants.read(|all| {
            let version = all.get(id).and_then(|carried| carried.versions.get(digest));
            let version = version.ok_or(NotTaken::Unknown)?;
            let signed = Signed::verify(&version.proposal, &envelope, now)?;
            Ok::<_, NotTaken>((version.has(&signed.id()), signed))
        });
        let (known, signed) = verified?;
        if !known {
            self.take_in(id, digest, &signed, &envelope, bytes.to_vec())
                .await?;
        }
        // The broker has it: nothing is to be forwarded.
        self.change(id, digest, |version| version.is_at_broker(signed.id()));
        Ok(())
    }

    /// Hands this party's own events to the broker.
    async fn forward(&self) -> Result<(), NotTaken> {
        let waiting: Vec<_> = self.covenants.read(|all| {
            let versions = all.values().flat_map(|carried| carried.versions.values());
            versions
                .flat_map(|version| {
                    version.to_forward().map(|(event, envelope)| {
                        (
                            version.kept.covenant.clone(),
                            event.event().kind.clone(),
                            envelope.to_json(),
                        )
                    })
                })
                .collect()
        });
        let mut failed = None;
        for (id, kind, envelope) in waiting {
            if let Err(status) = self.hand_in(&kind, envelope.into_bytes()).await {
                failed = Some(status);
                continue;
            }
            // Its word is not enough: this node stands by the covenant again once the broker shows the
            // event among what it has, to all parties alike.
            tracing::warn!(covenant = %id, "an event of this party was handed to the broker");
        }
        failed.map_or(Ok(()), |status| Err(status.into()))
    }

    async fn hand_in(&self, kind: &EventKind, envelope: Vec<u8>) -> Result<(), Status> {
        let mut client = wire::client::covenants(self.broker.channel());
        let envelope = envelope.into();
        match kind {
            EventKind::Reject => {
                let request = timely(pb::RejectCovenantRequest { envelope });
                client.reject_covenant(request).await.map(drop)
            }
            EventKind::Suspend(_) => {
                let request = timely(pb::SuspendCovenantRequest { envelope });
                client.suspend_covenant(request).await.map(drop)
            }
            EventKind::Resume(_) => {
                let request = timely(pb::ResumeCovenantRequest { envelope });
                client.resume_covenant(request).await.map(drop)
            }
            EventKind::Withdraw => {
                let request = timely(pb::WithdrawCovenantRequest { envelope });
                client.withdraw_covenant(request).await.map(drop)
            }
            // It goes over the stream, signed for the broker.
            EventKind::StillValid => Ok(()),
        }
    }
}

fn timely<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(ANSWER_WITHIN);
    request
}
