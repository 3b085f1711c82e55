//! `WatchEntries`: entries as they are appended, for as long as the caller takes them.

use std::time::Duration;

use model::{CovenantId, Oin};
use tokio::sync::mpsc;
use tonic::{Request, Status};
use wire::audit_v1::{Entry, WatchEntriesRequest, WatchEntriesResponse};
use wire::reason::Reason;

use super::audit::{entry, only, peer};
use super::{Services, status};
use crate::refusal::Refused;

/// How many entries one answer holds at most.
const PIECE: u64 = 100;
/// How many answers wait for a caller; then the broker reads no further for it.
const WAITING: usize = 2;
/// How often the log is looked at for more.
const LOOK: Duration = Duration::from_millis(250);

type Answers = mpsc::Sender<Result<WatchEntriesResponse, Status>>;

impl Services {
    /// Begins a stream. A caller has a few of them at most.
    pub(super) async fn watch(
        &self,
        request: Request<WatchEntriesRequest>,
    ) -> Result<mpsc::Receiver<Result<WatchEntriesResponse, Status>>, Status> {
        let oin = peer(request.extensions())?;
        self.caller(request.extensions(), "WatchEntries").await?;
        let WatchEntriesRequest {
            from_index,
            covenant,
        } = request.into_inner();
        let covenant = only(&covenant)?;
        self.0.caller(&oin, covenant.as_ref())?;
        if from_index > self.signed()?.size {
            return Err(status(Reason::TreeSizeUnknown));
        }
        let seat = self.0.watchers().sit(&oin);
        let seat = seat.ok_or_else(|| status(Reason::TooBusy))?;
        let (sender, answers) = mpsc::channel(WAITING);
        let services = self.clone();
        tokio::spawn(async move {
            let followed = services.follow(&oin, covenant.as_ref(), from_index, &sender);
            if let Err(refused) = followed.await {
                // The caller may be gone; then nobody needs the refusal.
                drop(sender.send(Err(refused.into())).await);
            }
            drop(seat);
        });
        Ok(answers)
    }

    async fn follow(
        &self,
        oin: &Oin,
        covenant: Option<&CovenantId>,
        from: u64,
        sender: &Answers,
    ) -> Result<(), Refused> {
        let stopping = self.0.stopping().clone();
        let mut next = from;
        let mut first = true;
        loop {
            let size = self.signed()?.size;
            if first || next < size {
                if !first {
                    self.0.record_access(oin, "WatchEntries").await?;
                }
                first = false;
                let answer = self.answer(oin, covenant, next)?;
                next = answer.next_index;
                let sent = tokio::select! {
                    sent = sender.send(Ok(answer)) => sent.is_ok(),
                    () = stopping.cancelled() => false,
                };
                if !sent {
                    return Ok(());
                }
                continue;
            }
            tokio::select! {
                () = sender.closed() => return Ok(()),
                () = stopping.cancelled() => return Ok(()),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// The next entries. Who the caller is, is looked up each time: a stream outlives covenants.
    fn answer(
        &self,
        oin: &Oin,
        covenant: Option<&CovenantId>,
        next: u64,
    ) -> Result<WatchEntriesResponse, Refused> {
        let caller = self.0.caller(oin, covenant)?;
        let signed = self.signed()?;
        let until = signed.size.min(next.saturating_add(PIECE));
        let entries = self.0.store().read(|view| -> Result<Vec<Entry>, Refused> {
            let mut entries = Vec::new();
            for index in next..until {
                let seen = crate::oversight::see(view, &caller, index)?;
                entries.push(entry(seen.ok_or(Reason::BrokerFailed)?));
            }
            Ok(entries)
        })?;
        Ok(WatchEntriesResponse {
            entries,
            next_index: until,
            checkpoint: signed.note.into(),
        })
    }
}
