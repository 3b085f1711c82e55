//! What a party's desk keeps of the requests of data subjects: cases, what was held back of which
//! entry of the log, and how many cases a day there were.

use model::{CaseId, Day};

use super::{NodeTx, NodeView};
use crate::codec::Take;
use crate::error::StoreError;
use crate::expiry::{get_until, next_number, put_until};
use crate::layout::{CASE, CASE_COUNT, CASE_ID, HELD, Key, last_u64};

/// A case as it is kept: opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCase {
    /// Its place in the order of opening, from 1.
    pub number: u64,
    /// Its id.
    pub id: CaseId,
    /// What it says.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for StoredCase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredCase")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl NodeView {
    /// The case with this id.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn case(&self, id: CaseId) -> Result<Option<StoredCase>, StoreError> {
        let Some((_, number)) = get_until(&self.tx, &case_id_key(id))? else {
            return Ok(None);
        };
        let number = Take::new(&number, "case id").u64()?;
        let found = get_until(&self.tx, &case_key(number))?;
        found
            .map(|(_, record)| take_case(number, &record))
            .transpose()
    }

    /// Cases before number `before`, newest first; `None` for the newest ones.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn cases(&self, before: Option<u64>, limit: usize) -> Result<Vec<StoredCase>, StoreError> {
        let newest = before.unwrap_or(u64::MAX).saturating_sub(1);
        self.tx
            .rows(&[CASE], &case_key(newest), limit)?
            .into_iter()
            .map(|(key, record)| {
                let inverted = last_u64(&key).ok_or(StoreError::Damaged { what: "case" })?;
                let mut take = Take::new(&record, "case");
                take.day()?;
                take_case(u64::MAX.saturating_sub(inverted), take.rest())
            })
            .collect()
    }

    /// What is held back of the entry at `index` of the log: opaque here.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn held(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(get_until(&self.tx, &held_key(index))?.map(|(_, body)| body))
    }

    /// What is held back of entries from `index` on, by their place in the log.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn held_from(&self, index: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.tx
            .rows(&[HELD], &held_key(index), limit)?
            .into_iter()
            .map(|(key, record)| {
                let index = last_u64(&key).ok_or(StoreError::Damaged { what: "held" })?;
                let mut take = Take::new(&record, "held");
                take.day()?;
                Ok((index, take.rest().to_vec()))
            })
            .collect()
    }

    /// How many were counted under this name.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn cases_counted(&self, name: &[u8]) -> Result<u64, StoreError> {
        match get_until(&self.tx, &Key::of(CASE_COUNT).raw(name).done())? {
            Some((_, count)) => Take::new(&count, "count of cases").u64(),
            None => Ok(0),
        }
    }
}

impl NodeTx {
    /// Keeps a case until the first moment of `ends`, in place of what was known of it, and gives
    /// its number.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_case(&mut self, id: CaseId, body: &[u8], ends: Day) -> Result<u64, StoreError> {
        let number = match self.case(id)? {
            Some(known) => known.number,
            None => next_number(&mut self.view.tx, "case")?,
        };
        let tx = &mut self.view.tx;
        put_until(tx, case_id_key(id), ends, &number.to_be_bytes())?;
        let record = [id.as_bytes().as_slice(), body].concat();
        put_until(tx, case_key(number), ends, &record)?;
        Ok(number)
    }

    /// Keeps what is held back of the entry at `index` of the log, until the first moment of `ends`.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put_held(&mut self, index: u64, body: &[u8], ends: Day) -> Result<(), StoreError> {
        put_until(&mut self.view.tx, held_key(index), ends, body)
    }

    /// Nothing is held back of the entry at `index` any more.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete_held(&mut self, index: u64) -> Result<(), StoreError> {
        self.view.tx.delete(held_key(index))
    }

    /// Counts one more under this name until the first moment of `ends`, and says how many there
    /// are then.
    ///
    /// # Errors
    /// When the store fails.
    pub fn count_case(&mut self, name: &[u8], ends: Day) -> Result<u64, StoreError> {
        let count = self.cases_counted(name)?.saturating_add(1);
        let key = Key::of(CASE_COUNT).raw(name).done();
        put_until(&mut self.view.tx, key, ends, &count.to_be_bytes())?;
        Ok(count)
    }
}

fn take_case(number: u64, record: &[u8]) -> Result<StoredCase, StoreError> {
    let mut take = Take::new(record, "case");
    let id = CaseId::from_slice(&take.array::<16>()?).ok_or(take.damaged())?;
    Ok(StoredCase {
        number,
        id,
        body: take.rest().to_vec(),
    })
}

/// In order of key the newest comes first.
fn case_key(number: u64) -> Vec<u8> {
    Key::of(CASE).u64(u64::MAX.saturating_sub(number)).done()
}

fn case_id_key(id: CaseId) -> Vec<u8> {
    Key::of(CASE_ID).raw(id.as_bytes()).done()
}

fn held_key(index: u64) -> Vec<u8> {
    Key::of(HELD).u64(index).done()
}
