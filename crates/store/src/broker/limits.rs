//! Counts towards the limits (grenzen) of a covenant, and the replay window.

use model::{ActorId, CovenantId, Day, MatchKeyId, PartyId, Pseudonym, Timestamp};

use super::{BrokerTx, BrokerView};
use crate::error::StoreError;
use crate::expiry::{get_until, put_until};
use crate::layout::{Key, LIMIT, NONCE, index_space};

/// What is counted, per covenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Limit {
    /// Questions of one employee on one day (`per_medewerker_per_dag`).
    ActorPerDay {
        /// The covenant.
        covenant: CovenantId,
        /// The asking party.
        party: PartyId,
        /// Its pseudonym of the employee.
        actor: ActorId,
        /// The day.
        day: Day,
    },
    /// Questions of one party on one day (`per_partij_per_dag`).
    PartyPerDay {
        /// The covenant.
        covenant: CovenantId,
        /// The asking party.
        party: PartyId,
        /// The day.
        day: Day,
    },
    /// Questions of one party about one pseudonym in a calendar month
    /// (`per_betrokkene_per_maand`). Count it for each pseudonym of each live epoch.
    SubjectPerMonth {
        /// The covenant.
        covenant: CovenantId,
        /// The asking party.
        party: PartyId,
        /// The epoch of the pseudonym.
        epoch: model::KeyEpoch,
        /// The match key of the pseudonym.
        key: MatchKeyId,
        /// The pseudonym.
        pseudonym: Pseudonym,
        /// Any day of the month.
        day: Day,
    },
    /// Anything else that a broker limits per day, under a name of its own, for example pushes.
    NamedPerDay {
        /// The covenant.
        covenant: CovenantId,
        /// The party.
        party: PartyId,
        /// What is counted.
        name: &'static str,
        /// The day.
        day: Day,
    },
}

impl Limit {
    /// The key, and the day on which the count is over.
    fn key(&self) -> (Vec<u8>, Day) {
        let start = |kind: u8, covenant: &CovenantId, party: &PartyId, day: Day| {
            Key::of(LIMIT)
                .raw(&[kind])
                .day(day)
                .text(covenant.as_str())
                .text(party.as_str())
        };
        match self {
            Self::ActorPerDay {
                covenant,
                party,
                actor,
                day,
            } => {
                let key = start(1, covenant, party, *day).text(actor.as_str());
                (key.done(), day.plus_days(1))
            }
            Self::PartyPerDay {
                covenant,
                party,
                day,
            } => (start(2, covenant, party, *day).done(), day.plus_days(1)),
            Self::SubjectPerMonth {
                covenant,
                party,
                epoch,
                key,
                pseudonym,
                day,
            } => {
                let month = first_of_month(*day);
                let key = start(3, covenant, party, month)
                    .raw(&index_space(covenant, *epoch, key))
                    .raw(pseudonym.as_bytes());
                (key.done(), month.plus_months(1))
            }
            Self::NamedPerDay {
                covenant,
                party,
                name,
                day,
            } => {
                let key = start(4, covenant, party, *day).text(name);
                (key.done(), day.plus_days(1))
            }
        }
    }
}

impl BrokerView {
    /// How much was counted so far.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn counted(&self, limit: &Limit) -> Result<u64, StoreError> {
        match get_until(&self.tx, &limit.key().0)? {
            Some((_, record)) => crate::codec::Take::new(&record, "count").u64(),
            None => Ok(0),
        }
    }
}

impl BrokerTx {
    /// Counts one more, and says how much that makes.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count(&mut self, limit: &Limit) -> Result<u64, StoreError> {
        let count = self.counted(limit)?.saturating_add(1);
        let (key, ends) = limit.key();
        put_until(&mut self.view.tx, key, ends, &count.to_be_bytes())?;
        Ok(count)
    }

    /// Takes note of a signed message: each (`signer`, `nonce`) is accepted once. `signer` is
    /// the party's OIN. The note is kept until the message has expired.
    ///
    /// # Errors
    /// [`StoreError::Expired`] from `expires` on, [`StoreError::Replayed`] when it was seen.
    pub fn accept_once(
        &mut self,
        signer: &model::Oin,
        nonce: &[u8],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if now >= expires {
            return Err(StoreError::Expired);
        }
        let key = Key::of(NONCE).text(signer.as_str()).raw(nonce).done();
        if self.tx.has(&key)? {
            return Err(StoreError::Replayed);
        }
        put_until(&mut self.view.tx, key, expires.day().plus_days(1), &[])
    }
}

fn first_of_month(day: Day) -> Day {
    let (year, month, _) = day.ymd();
    Day::from_ymd(year, month, 1).unwrap_or(day)
}
