//! What nodes have seen of the log, laid beside it: a broker that was set back, or shows two
//! histories, is found here and stops signing.

use ledger::receipt::extends;
use wire::Bytes;
use wire::reason::Reason;

use crate::Broker;
use crate::refusal::Refused;

/// A checkpoint with the proof that it extends an earlier one, and its size.
pub(crate) type Extended = (Vec<u8>, Vec<Bytes>, u64);

impl Broker {
    /// Takes the last checkpoint that a node verified; its size, 0 for none.
    ///
    /// # Errors
    /// `LOG_INCONSISTENT` when it is ahead of this log, or of another history: then this log is
    /// not signed again until a person has looked.
    pub(crate) fn witness(&self, note: &[u8]) -> Result<u64, Refused> {
        if note.is_empty() {
            return Ok(0);
        }
        // One that this log did not sign says nothing about it.
        let seen = self
            .log_verifier()
            .verify(note)
            .map_err(|_| Refused::at(Reason::LogInconsistent, "hello.last_checkpoint"))?;
        let signed = self.store().checkpoint();
        let own = self
            .log_verifier()
            .verify(&signed.note)
            .map_err(|_| Reason::BrokerFailed)?;
        let holds = seen.size <= own.size && {
            let proof = self.proof(seen.size, own.size)?;
            extends(&seen, &own, &proof).is_ok()
        };
        if holds {
            return Ok(seen.size);
        }
        tracing::error!(
            seen = seen.size,
            own = own.size,
            "a node has seen another history of the log, or more of it: signing stops"
        );
        self.store().stop_log(
            "a node has seen a checkpoint that this log does not extend: compare both, restore the newest state",
        );
        Err(Reason::LogInconsistent.into())
    }

    /// The newest checkpoint, with the proof that it extends the log of `from` leaves.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn checkpoint_since(&self, from: u64) -> Result<Extended, Refused> {
        let signed = self.store().checkpoint();
        let proof = self.proof_of(from, signed.size)?;
        Ok((signed.note, proof, signed.size))
    }

    /// The proof that the log of `to` leaves extends that of `from` leaves, as it is sent.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn proof_of(&self, from: u64, to: u64) -> Result<Vec<Bytes>, Refused> {
        let proof = self.proof(from, to)?;
        Ok(proof
            .iter()
            .map(|hash| Bytes::copy_from_slice(hash.as_bytes()))
            .collect())
    }

    fn proof(&self, from: u64, to: u64) -> Result<Vec<model::Digest>, Refused> {
        if from == 0 || from == to {
            return Ok(Vec::new());
        }
        Ok(self.store().read(|view| view.consistency_proof(from, to))?)
    }
}
