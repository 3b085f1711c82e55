//! What links an entry of the log to its data subject: the salt of the entry's commitment, and the
//! pseudonyms that it was made to. Without it nobody can tell whom an entry is about, and every proof
//! still holds.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use ledger::{Salt, opening::subject_commitment};
use model::{CovenantId, Digest, KeyEpoch, MatchKeyId, Pseudonym, Token};

use super::{BrokerTx, BrokerView};
use crate::codec::{Put, Take};
use crate::error::StoreError;
use crate::layout::{Key, LINK, LINKED, key_end, last_u64, pseudonym_space};

/// Whose words on the subject a pseudonym comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// Who asked, or was told: its question's or signals' subject.
    Recipient,
    /// The source: its signals' subjects that agree.
    Source,
}

impl Side {
    const fn number(self) -> u8 {
        match self {
            Self::Recipient => 1,
            Self::Source => 2,
        }
    }
}

/// Links an entry to its data subject.
#[derive(Clone, PartialEq, Eq)]
pub struct SubjectLink {
    /// The covenant.
    pub covenant: CovenantId,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// 32 fresh random bytes.
    pub salt: Salt,
    /// The pseudonyms that the recipient gave.
    pub recipient: Vec<Token>,
    /// Those that the source gave.
    pub source: Vec<Token>,
}

impl SubjectLink {
    /// What the entry's outcome says: [`subject_commitment`] over every pseudonym.
    #[must_use]
    pub fn commitment(&self) -> Digest {
        let all = self.recipient.iter().chain(&self.source);
        subject_commitment(&self.salt, all.map(|token| &token.pseudonym))
    }

    fn sides(&self) -> impl Iterator<Item = (Side, &Token)> {
        let of = |side| move |token| (side, token);
        let recipient = self.recipient.iter().map(of(Side::Recipient));
        recipient.chain(self.source.iter().map(of(Side::Source)))
    }
}

impl std::fmt::Debug for SubjectLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectLink(..)")
    }
}

/// A page of linked entries.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkedPage {
    /// By number, rising: places in what was looked for.
    pub entries: BTreeMap<u64, Vec<usize>>,
    /// Where to go on; `None` when there is no more. A page may be empty and still have a next one.
    pub next: Option<u64>,
}

/// One pseudonym to be looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sought<'a> {
    /// The covenant.
    pub covenant: &'a CovenantId,
    /// The key's epoch.
    pub epoch: KeyEpoch,
    /// The match key.
    pub key: &'a MatchKeyId,
    /// The pseudonym.
    pub pseudonym: &'a Pseudonym,
    /// On which side.
    pub side: Side,
}

impl Sought<'_> {
    fn prefix(&self) -> Vec<u8> {
        Key(pseudonym_space(LINKED, self.covenant, self.epoch, self.key))
            .raw(self.pseudonym.as_bytes())
            .raw(&[self.side.number()])
            .done()
    }
}

impl BrokerView {
    /// The numbers of entries that are linked to a pseudonym, from `from` on, rising, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn linked(
        &self,
        sought: &Sought<'_>,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        let prefix = sought.prefix();
        let mut found = Vec::new();
        let from = Key(prefix.clone()).u64(from).done();
        self.tx.range(&from, &key_end(&prefix), |key, _| {
            found.extend(last_u64(key));
            Ok(if found.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        })?;
        Ok(found)
    }

    /// The entries that are linked to any of these pseudonyms, from `from` on, each with the places in
    /// `all` of those that it is linked to. Of each pseudonym at most `limit` entries are looked at.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn linked_to_any(
        &self,
        all: &[Sought<'_>],
        from: u64,
        limit: usize,
    ) -> Result<LinkedPage, StoreError> {
        let mut page = LinkedPage::default();
        for (place, sought) in all.iter().enumerate() {
            let seqs = self.linked(sought, from, limit)?;
            if let Some(last) = seqs.last().filter(|_| seqs.len() == limit) {
                let end = last.saturating_add(1);
                page.next = Some(page.next.map_or(end, |next| next.min(end)));
            }
            for seq in seqs {
                page.entries.entry(seq).or_default().push(place);
            }
        }
        // Beyond the nearest end there may be more than was looked at.
        if let Some(next) = page.next {
            page.entries.split_off(&next);
        }
        Ok(page)
    }

    /// What links an entry to its subject; `None` when nothing does, or it was erased.
    ///
    /// # Errors
    /// When the store can't read.
    pub fn link(&self, seq: u64) -> Result<Option<SubjectLink>, StoreError> {
        let record = self.tx.get(&Key::of(LINK).u64(seq).done())?;
        record.as_deref().map(take_link).transpose()
    }
}

impl BrokerTx {
    pub(super) fn put_link(&mut self, seq: u64, link: &SubjectLink) -> Result<(), StoreError> {
        let tokens = |out: Put, tokens: &[Token]| {
            out.list(tokens, |out, token| {
                out.text(token.key.as_str()).raw(token.pseudonym.as_bytes())
            })
        };
        let record = Put::default()
            .text(link.covenant.as_str())
            .u32(link.epoch.get())
            .raw(link.salt.as_bytes());
        let record = tokens(tokens(record, &link.recipient), &link.source).done();
        self.view.tx.put(Key::of(LINK).u64(seq).done(), &record)?;
        for row in rows(seq, link) {
            self.view.tx.put_small(row, &[])?;
        }
        Ok(())
    }

    /// Erases what links an entry to its subject. `false` when nothing did.
    ///
    /// # Errors
    /// When the store fails.
    pub fn unlink(&mut self, seq: u64) -> Result<bool, StoreError> {
        let Some(link) = self.link(seq)? else {
            return Ok(false);
        };
        for row in rows(seq, &link) {
            self.view.tx.delete(row)?;
        }
        self.view.tx.delete(Key::of(LINK).u64(seq).done())?;
        Ok(true)
    }
}

fn rows(seq: u64, link: &SubjectLink) -> Vec<Vec<u8>> {
    let row = |(side, token): (Side, &Token)| {
        let sought = Sought {
            covenant: &link.covenant,
            epoch: link.epoch,
            key: &token.key,
            pseudonym: &token.pseudonym,
            side,
        };
        Key(sought.prefix()).u64(seq).done()
    };
    link.sides().map(row).collect()
}

fn take_link(record: &[u8]) -> Result<SubjectLink, StoreError> {
    let mut take = Take::new(record, "link to a subject");
    let covenant = take.name()?;
    let epoch = KeyEpoch::new(take.u32()?).ok_or(take.damaged())?;
    let salt = Salt::new(take.array()?);
    let token = |take: &mut Take<'_>| {
        Ok(Token {
            key: MatchKeyId::parse(take.text()?).map_err(|_| take.damaged())?,
            pseudonym: Pseudonym::from_bytes(take.array()?),
        })
    };
    Ok(SubjectLink {
        covenant,
        epoch,
        salt,
        recipient: take.list(token)?,
        source: take.list(token)?,
    })
}
