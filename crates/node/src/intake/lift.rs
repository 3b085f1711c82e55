//! Lifting a restriction: the signal goes to the broker again, under fresh ids outside.

use model::{SignalId, Timestamp};
use store::{NodeTx, OutsideId};

use super::Intake;
use super::record::{Content, Record, State, vault_name};
use super::submit::{Tally, nothing_to_compare};
use super::validate::{Against, check};
use super::withdraw::signal_unknown;
use crate::refusal::Refused;

/// A restricted signal, ready to go out again.
pub(crate) struct Lifting {
    id: SignalId,
    name: Vec<u8>,
    sealed: Vec<u8>,
    outside: Vec<OutsideId>,
    items: Vec<(String, Vec<u8>)>,
    tallies: Vec<Tally>,
}

impl Lifting {
    /// Which signal.
    pub(crate) const fn id(&self) -> SignalId {
        self.id
    }
}

impl Intake {
    /// Makes a restricted signal ready to go out again; `None` when it is not restricted.
    ///
    /// # Errors
    /// [`Refused`] when there is no such signal, or the covenant no longer takes it.
    pub(crate) fn prepare_lifting(
        &self,
        id: SignalId,
        now: Timestamp,
    ) -> Result<Option<Lifting>, Refused> {
        let (record, before, name, sealed) = self.store.read(|view| {
            let own = view.own(id)?.ok_or_else(signal_unknown)?;
            let record = Record::decode(&own.state)?;
            let name = vault_name(record.accepted_at(), id);
            let sealed = view.vault(&name)?;
            Ok::<_, Refused>((record, own.outside, name, sealed))
        })?;
        let (State::Restricted, Some(sealed)) = (record.state, sealed) else {
            return Ok(None);
        };
        let mut content = Content::open(&self.vault, &name, &sealed)?;
        let Some(draft) = crate::grpc::stored::draft(&content.message) else {
            tracing::error!("a stored signal does not read back: restore a backup");
            return Err(Refused::failed());
        };
        let active = self.covenants.named(&draft.covenant, "covenant", now)?;
        let against = Against {
            party: &self.party,
            covenant: active.covenant(),
            now,
        };
        let checked = check(&draft, against)?;
        let out = self.outgoing(&active, &checked, (&content.message, &before), now)?;
        if out.comparisons.is_empty() {
            return Err(nothing_to_compare(&active));
        }
        // What was pushed before stays committed to under its own salts.
        content.salts.extend(out.salts);
        Ok(Some(Lifting {
            id,
            sealed: content.seal(&self.vault, &name)?,
            name,
            outside: out.outside,
            items: out.items,
            tallies: out.tallies,
        }))
    }
}

/// Lets a signal out again, unless it is no longer restricted.
pub(crate) fn lift(tx: &mut NodeTx, lifting: Lifting) -> Result<(), Refused> {
    let mut own = tx.own(lifting.id)?.ok_or_else(signal_unknown)?;
    let mut record = Record::decode(&own.state)?;
    if record.state != State::Restricted {
        return Ok(());
    }
    for tally in &lifting.tallies {
        tx.add_to_tally(tally.name.as_bytes(), 1)?;
        record.tallies.push(tally.name.clone());
    }
    for (queue, item) in &lifting.items {
        let number = tx.put_outbox(queue, item)?;
        record.waiting.push((queue.clone(), number));
    }
    tx.put_vault(&lifting.name, &lifting.sealed)?;
    record.state = State::Queued;
    record.withdrawn_at = None;
    record.withdrawn_for = None;
    record.refusal = None;
    own.outside.extend(lifting.outside);
    own.state = record.encode();
    Ok(tx.put_own(lifting.id, &own)?)
}
