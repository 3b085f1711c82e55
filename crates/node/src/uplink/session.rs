//! One connection, from hello to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ledger::receipt::extends;
use model::{CovenantId, Digest, KeyEpoch, MatchKeyId, NoticeId, RecallId, Timestamp};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::Streaming;
use wire::broker_v1::{self as pb, connect_request, connect_response};
use wire::notice::Notice;
use wire::statement::NoticeAcknowledgement;

use super::{Lost, Uplink, hello};
use crate::covenants::Active;
use crate::link::KeyStanding;
use crate::log::Followed;

/// How often a node says that its covenants are still in force, in milliseconds by its clock.
const STILL_VALID_EVERY: i64 = 3_600_000;
/// How long the broker may take to welcome a node.
const WELCOME_WITHIN: Duration = Duration::from_secs(20);
/// How often the figures of outbox and connection are brought up to date.
const FIGURES_EVERY: Duration = Duration::from_secs(2);

/// The way up, and what was last shown of the log.
pub(super) struct Stream {
    up: mpsc::Sender<pb::ConnectRequest>,
    shown: Option<ledger::Checkpoint>,
    /// The versions that were last said to be in force.
    confirmed: BTreeSet<Digest>,
    confirmed_at: Option<Timestamp>,
    /// What was said on this stream about recalls and is not taken yet, by request id.
    pub(super) said: BTreeMap<String, RecallId>,
}

impl Uplink {
    /// Connects and stays connected until something ends it.
    pub(super) async fn session(&self, stop: &CancellationToken) -> Result<(), Lost> {
        let active = self.covenants.all_carried(self.clock.now());
        let newest = self.log.newest();
        let note = newest
            .as_ref()
            .map(|(_, note)| note.clone())
            .unwrap_or_default();
        let (up, requests) = mpsc::channel(64);
        let mut stream = Stream {
            up,
            shown: newest.map(|(checkpoint, _)| checkpoint),
            confirmed: BTreeSet::new(),
            confirmed_at: None,
            said: BTreeMap::new(),
        };
        let named = active.iter().map(|active| active.covenant().id().clone());
        self.link.speaks_of(&named.collect());
        let first = hello::hello(self.broker.speaker(), &active, note);
        stream.send(connect_request::Message::Hello(first)).await?;
        let mut client = wire::client::exchange(self.broker.channel());
        let opening = client.connect(ReceiverStream::new(requests));
        let mut down = tokio::time::timeout(WELCOME_WITHIN, opening)
            .await
            .map_err(|_| Lost::Unreachable("no answer".to_owned()))??
            .into_inner();
        if let Err(lost) = self.welcome(&mut stream, &mut down).await {
            self.refuse_to_cosign(&stream, &mut down, &lost).await;
            return Err(lost);
        }
        self.say_all(&mut stream, &active).await?;
        self.say_what_was_done(&mut stream).await?;
        self.link.set_connected(true);
        self.metrics.link(&self.link);
        tracing::info!(covenants = active.len(), "connected to the broker");
        let drained = self.drain();
        tokio::pin!(drained);
        let mut figures = every(FIGURES_EVERY);
        loop {
            tokio::select! {
                message = down.message() => match message? {
                    Some(message) => if let Err(lost) = self.take(&mut stream, message).await {
                        self.refuse_to_cosign(&stream, &mut down, &lost).await;
                        return Err(lost);
                    },
                    None => return Err(Lost::Unreachable("closed".to_owned())),
                },
                lost = &mut drained => return lost,
                _ = figures.tick() => {
                    self.figures()?;
                    if self.has_other_covenants(&active) {
                        tracing::info!("other covenants are in force now: saying hello again");
                        return Ok(());
                    }
                    if self.has_more_to_confirm(&stream) {
                        self.say_still_valid(&mut stream).await?;
                    }
                    self.say_what_was_done(&mut stream).await?;
                }
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Whether an hour has gone by, or something is in force that was not when it was last said.
    fn has_more_to_confirm(&self, stream: &Stream) -> bool {
        let now = self.clock.now();
        let age = stream.confirmed_at.map(|at| now.millis_since(at));
        if age.is_none_or(|age| !(0..STILL_VALID_EVERY).contains(&age)) {
            return true;
        }
        let active = self.covenants.confirmed(now);
        let mut digests = active.iter().map(|active| active.covenant().digest());
        digests.any(|digest| !stream.confirmed.contains(&digest))
    }

    /// Whether other covenants are in force than those in the hello.
    fn has_other_covenants(&self, said: &[Active]) -> bool {
        let now = self.covenants.all_carried(self.clock.now());
        !now.iter()
            .map(|active| active.covenant().digest())
            .eq(said.iter().map(|active| active.covenant().digest()))
    }

    async fn welcome(
        &self,
        stream: &mut Stream,
        down: &mut Streaming<pb::ConnectResponse>,
    ) -> Result<(), Lost> {
        let first = tokio::time::timeout(WELCOME_WITHIN, down.message())
            .await
            .map_err(|_| Lost::Unreachable("no welcome".to_owned()))??;
        let Some(connect_response::Message::Welcome(welcome)) = first.and_then(|m| m.message)
        else {
            return Err(Lost::Protocol("the first message is no welcome"));
        };
        self.compare_clocks(welcome.now);
        for covenant in welcome.covenants {
            let Ok(id) = CovenantId::parse(&covenant.covenant_id) else {
                tracing::warn!("the broker could not read this node's hello for a covenant");
                continue;
            };
            if let Some(refusal) = covenant.refusal {
                let told = wire::status::read_message(&refusal);
                tracing::warn!(
                    covenant = %id, reason = %told.reason_text,
                    "the broker refuses this node in a covenant"
                );
                self.link.set_refused(id, told.reason_text);
                continue;
            }
            self.link.set_welcome(&id);
            for status in covenant.keys {
                self.key_status(&status);
            }
        }
        match welcome.checkpoint {
            Some(checkpoint) => {
                self.checkpoint(stream, checkpoint).await?;
            }
            None if stream.shown.is_some() => {
                return Err(Lost::Protocol("a welcome without a checkpoint"));
            }
            None => {}
        }
        self.log.note_level();
        Ok(())
    }

    /// What is said at every connection: that covenants hold, and which keys this party made.
    async fn say_all(&self, stream: &mut Stream, active: &[Active]) -> Result<(), Lost> {
        let speaker = self.broker.speaker();
        self.say_still_valid(stream).await?;
        for active in active {
            for epoch in active.epochs() {
                let Some(announcement) = epoch.announcement() else {
                    continue;
                };
                let signed = hello::announcement(speaker, active, epoch, announcement);
                stream
                    .send(connect_request::Message::KeyAnnouncement(signed))
                    .await?;
            }
        }
        Ok(())
    }

    /// Says "still valid" of what is in force here: never of what this node knows to be suspended.
    async fn say_still_valid(&self, stream: &mut Stream) -> Result<(), Lost> {
        let mut said = BTreeSet::new();
        for active in self.covenants.confirmed(self.clock.now()) {
            said.insert(active.covenant().digest());
            let signed = hello::still_valid(self.broker.speaker(), &active);
            stream
                .send(connect_request::Message::StillValid(signed))
                .await?;
        }
        stream.confirmed = said;
        stream.confirmed_at = Some(self.clock.now());
        Ok(())
    }

    async fn take(&self, stream: &mut Stream, message: pb::ConnectResponse) -> Result<(), Lost> {
        match message.message {
            Some(connect_response::Message::Notices(batch)) => self.notices(stream, batch).await,
            Some(connect_response::Message::KeyStatus(status)) => {
                self.key_status(&status);
                self.metrics.link(&self.link);
                Ok(())
            }
            Some(connect_response::Message::Checkpoint(checkpoint)) => {
                let note = checkpoint.note.clone();
                let followed = self.checkpoint(stream, checkpoint).await?;
                self.cosign(stream, followed, &note).await
            }
            Some(connect_response::Message::KeyAnnouncement(signed)) => {
                self.confirm(stream, &signed).await
            }
            Some(connect_response::Message::Recalls(batch)) => self.recalls(stream, batch).await,
            Some(connect_response::Message::PassedRequest(request)) => {
                self.passed_request(stream, request).await
            }
            Some(connect_response::Message::Taken(taken)) => self.taken(stream, &taken).await,
            None => Ok(()),
            Some(connect_response::Message::Refused(refused)) => {
                let told = refused.status.as_ref().map(wire::status::read_message);
                let reason = told.map(|told| told.reason_text).unwrap_or_default();
                tracing::warn!(%reason, "the broker refused a message of this node");
                Ok(())
            }
            Some(connect_response::Message::Welcome(_)) => Err(Lost::Protocol("a second welcome")),
        }
    }

    /// Verifies, stores, and only then acknowledges. A notice whose receipt does not hold is
    /// neither shown nor acknowledged: the broker sends it again, and an operator reads why.
    async fn notices(&self, stream: &Stream, batch: pb::NoticeBatch) -> Result<(), Lost> {
        let mut good: Vec<(Notice, Followed)> = Vec::new();
        for message in batch.notices {
            let notice = match Notice::try_from(message) {
                Ok(notice) => notice,
                Err(malformed) => {
                    tracing::error!(%malformed, "a notice can't be read");
                    continue;
                }
            };
            if self.inbox.verify(&notice).is_err() {
                continue;
            }
            let followed = self.follow(&notice.receipt.checkpoint).await?;
            good.push((notice, followed));
        }
        let about: Vec<(CovenantId, NoticeId)> = good
            .iter()
            .map(|(n, _)| (n.covenant.clone(), n.id))
            .collect();
        let kept = self
            .inbox
            .keep(good)
            .await
            .map_err(|e| Lost::Store(e.to_string()))?;
        self.acknowledge(stream, &about, &kept).await
    }

    /// Acknowledges what was kept, covenant by covenant.
    pub(super) async fn acknowledge(
        &self,
        stream: &Stream,
        about: &[(CovenantId, NoticeId)],
        kept: &[NoticeId],
    ) -> Result<(), Lost> {
        let now = self.clock.now();
        let covenants: BTreeSet<&CovenantId> = about.iter().map(|(c, _)| c).collect();
        for id in covenants {
            let ids = about.iter().filter(|(c, n)| c == id && kept.contains(n));
            let notices: Vec<NoticeId> = ids.map(|(_, n)| *n).collect();
            // What is owed after the end is acknowledged as well.
            let Some(answerable) = self
                .covenants
                .answerable(id, now)
                .filter(|_| !notices.is_empty())
            else {
                continue;
            };
            let speaker = self.broker.speaker();
            let digest = answerable.covenant().digest();
            let message: pb::NoticeAcknowledgement = NoticeAcknowledgement {
                header: speaker.header(id, digest, model::RequestId::fresh()),
                notices,
            }
            .into();
            let signed = speaker.sign(&message);
            stream
                .send(connect_request::Message::NoticeAcknowledgement(signed))
                .await?;
        }
        Ok(())
    }

    /// A checkpoint comes with the proof from the one before it on this stream; where something
    /// else was seen meanwhile, the proof is fetched.
    async fn checkpoint(
        &self,
        stream: &mut Stream,
        shown: pb::Checkpoint,
    ) -> Result<Followed, Lost> {
        let proof: Option<Vec<Digest>> = shown
            .consistency_proof
            .iter()
            .map(|hash| Digest::from_slice(hash))
            .collect();
        let proof = proof.ok_or(Lost::Protocol("a consistency proof of other hashes"))?;
        let before = stream.shown.clone();
        if let Some(before) = &before {
            let level = self.log.not_set_back(before, &shown.note).await;
            level.map_err(|error| Lost::Log(error.to_string()))?;
        }
        // The proof is of one step only. Which step is laid beside what was seen shows once nobody
        // else lays one, since an answer may be seen meanwhile.
        let (step, given) = (before.clone(), proof.clone());
        let follow = self.log.follow(&shown.note, async |from, to| {
            let newest = self.log.newest().map(|(checkpoint, _)| checkpoint);
            if newest == step && step.is_some_and(|step| step.size == from) {
                Ok(given)
            } else {
                self.broker.consistency(from, to).await
            }
        });
        let followed = follow.await;
        if let (Ok(followed), Some(before)) = (&followed, &before) {
            let checkpoint = followed.checkpoint();
            let larger = checkpoint.size > before.size;
            if larger && extends(before, checkpoint, &proof).is_err() {
                return Err(Lost::Protocol("a consistency proof that does not hold"));
            }
        }
        let followed = followed.map_err(|error| Lost::Log(error.to_string()))?;
        stream.shown = Some(followed.checkpoint().clone());
        let kept = followed.clone();
        self.store.write(move |tx| kept.keep(tx)).await?;
        Ok(followed)
    }

    pub(super) async fn follow(&self, note: &[u8]) -> Result<Followed, Lost> {
        self.log
            .follow(note, |from, to| self.broker.consistency(from, to))
            .await
            .map_err(|error| Lost::Log(error.to_string()))
    }

    /// Another node announced the key of an epoch, signed with the key that *we* pin for it.
    async fn confirm(&self, stream: &Stream, signed: &pb::Signed) -> Result<(), Lost> {
        let pinned = |name: &str, payload: &[u8], signature: &[u8; 64]| {
            let header = <pb::KeyAnnouncement as prost::Message>::decode(payload).ok();
            let party = header.and_then(|a| model::PartyId::parse(&a.header?.party).ok());
            let key = party.and_then(|party| self.covenants.signing_key(&party));
            key.is_some_and(|key| key.verify(name, payload, signature))
        };
        let opened: pb::KeyAnnouncement =
            match wire::signed::open(Some(signed), "key_announcement", pinned) {
                Ok(message) => message,
                Err(error) => {
                    tracing::error!(%error, "an announced key is not signed by who we pin");
                    return Ok(());
                }
            };
        let Ok(announced) = wire::statement::KeyAnnouncement::try_from(opened) else {
            tracing::error!("an announced key can't be read");
            return Ok(());
        };
        let id = &announced.header.covenant;
        let Some(active) = self.covenants.carried(id, self.clock.now()) else {
            return Ok(());
        };
        let mut epochs = active.epochs().iter();
        let Some(epoch) = epochs.find(|e| e.number() == announced.key.epoch) else {
            return Ok(());
        };
        if epoch.commitment() != announced.key.commitment {
            tracing::error!(
                covenant = %id, epoch = %epoch.number(),
                "this node's covenant key is not the one that its maker announced"
            );
            return Ok(());
        }
        let speaker = self.broker.speaker();
        let confirmed = hello::confirmation(speaker, &active, epoch, &signed.payload);
        stream
            .send(connect_request::Message::KeyConfirmation(confirmed))
            .await
    }

    /// A clock that is wrong makes the broker refuse everything: said at once, by name.
    fn compare_clocks(&self, broker: Option<prost_types::Timestamp>) {
        let Ok(broker) = wire::field::instant(broker, "now") else {
            return;
        };
        let seconds = self.clock.now().millis_since(broker) / 1000;
        if seconds.abs() > wire::header::MAX_SKEW_SECONDS {
            tracing::error!(
                seconds,
                "this node's clock differs from the broker's: set the clock"
            );
        }
    }

    fn key_status(&self, status: &pb::KeyStatus) {
        let (Ok(covenant), Some(epoch)) = (
            CovenantId::parse(&status.covenant_id),
            KeyEpoch::new(status.epoch),
        ) else {
            return;
        };
        let standing = match wire::word::key_state(status.state, "state") {
            Ok(wire::word::KeyState::Agreed) => KeyStanding::Agreed,
            Ok(wire::word::KeyState::WaitingForReference) => KeyStanding::Waiting,
            Ok(wire::word::KeyState::Blocked) => {
                let keys = status.blocked_match_keys.iter();
                KeyStanding::Blocked(keys.filter_map(|k| MatchKeyId::parse(k).ok()).collect())
            }
            Err(_) => return,
        };
        if let KeyStanding::Blocked(keys) = &standing {
            for match_key in keys {
                tracing::error!(
                    %covenant, %epoch, %match_key,
                    "this node's probe differs from the reference: compare key fingerprints; what needs this match key waits"
                );
            }
        }
        self.link.set_key(covenant, epoch, standing);
    }

    fn figures(&self) -> Result<(), Lost> {
        let totals = self.store.read(|view| view.outbox_totals())?;
        self.metrics.outbox(totals.items, totals.bytes);
        self.metrics.link(&self.link);
        Ok(())
    }
}

impl Stream {
    pub(super) async fn send(&self, message: connect_request::Message) -> Result<(), Lost> {
        let request = pb::ConnectRequest {
            message: Some(message),
        };
        let sent = self.up.send(request).await;
        sent.map_err(|_| Lost::Unreachable("closed".to_owned()))
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval.reset();
    interval
}
