//! That what a query shows stands in the log, and that all pages show one and the same log.

use anyhow::Context as _;
use ledger::checkpoint::Note;
use ledger::counters::Placing;
use ledger::tree::{verify_consistency, verify_inclusion};
use ledger::{Checkpoint, LogVerifier, Skeleton};
use model::Digest;
use wire::Bytes;
use wire::audit_v1::ListEntriesResponse;

use crate::answer::Language;

/// What an honest broker never answers. Nothing of such an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Lie {
    /// The entry stands twice.
    #[error("entry {0} stands twice in the answer")]
    Twice(u64),
    /// The first stands behind the second, though it comes before it in the log.
    #[error("entry {0} stands after entry {1} in the answer")]
    Order(u64, u64),
    /// There is no such entry in the log that was signed.
    #[error("entry {0} does not stand in the log")]
    NotThere(u64),
    /// Its numbers can't stand at its place.
    #[error("the numbers of entry {0} contradict those of others")]
    Numbers(u64),
    /// A page is of another log than the page before.
    #[error("the broker shows another log than a moment ago")]
    OtherLog,
}

impl Lie {
    /// What is wrong, for people.
    pub(super) fn text(self, lang: Language) -> String {
        match (self, lang) {
            (lie, Language::En) => lie.to_string(),
            (Self::Twice(one), _) => {
                format!("regel {one} van het logboek staat twee keer in het antwoord")
            }
            (Self::Order(one, after), _) => {
                format!("regel {one} van het logboek staat in het antwoord achter regel {after}")
            }
            (Self::NotThere(one), _) => format!("regel {one} staat niet in het logboek"),
            (Self::Numbers(one), _) => {
                format!("de nummers van regel {one} kunnen niet kloppen met die van andere regels")
            }
            (Self::OtherLog, _) => "de makelaar laat een ander logboek zien dan zojuist".to_owned(),
        }
    }
}

/// What the pages so far were proved against.
pub(super) struct Proved {
    by: Option<LogVerifier>,
    entries: usize,
    last: Option<Checkpoint>,
    next: Option<Checkpoint>,
    note: Vec<u8>,
    before: Option<u64>,
    placing: Placing,
}

impl Proved {
    /// Nothing shown yet. Without a key the broker's word counts for the checkpoint itself.
    pub(super) fn by(by: Option<LogVerifier>) -> Self {
        Self {
            by,
            entries: 0,
            last: None,
            next: None,
            note: Vec::new(),
            before: None,
            placing: Placing::default(),
        }
    }

    /// What comes next answers another question: it begins before what came last, in the same log.
    pub(super) fn asked_again(&mut self) {
        self.before = None;
    }

    /// So many entries are shown of all that were proved.
    pub(super) fn shown(&mut self, entries: usize) {
        self.entries = entries;
    }

    /// Verifies the entries of a page. When the log has another size than at the page before, the
    /// two sizes of which [`Proved::grown`] needs the proof.
    pub(super) fn page(
        &mut self,
        page: &ListEntriesResponse,
    ) -> anyhow::Result<Option<(u64, u64)>> {
        let note: &[u8] = &page.checkpoint;
        anyhow::ensure!(
            !note.is_empty() && page.proofs.len() == page.entries.len(),
            "the broker gives no proofs: its version is older than this program's"
        );
        let checkpoint = match &self.by {
            Some(key) => key.verify(note).context("the broker's checkpoint")?,
            None => Checkpoint::parse_body(&Note::parse(note)?.body)?,
        };
        for (entry, proof) in page.entries.iter().zip(&page.proofs) {
            let index = entry.index;
            let hash = Digest::from_slice(&entry.leaf_hash).context("leaf_hash is no hash")?;
            let path = digests(&proof.hashes)?;
            verify_inclusion(hash, index, checkpoint.size, &path, &checkpoint.root)
                .map_err(|_| Lie::NotThere(index))?;
            self.stands(index, &entry.leaf)?;
        }
        self.note = note.to_vec();
        let Some(last) = &self.last else {
            self.last = Some(checkpoint);
            return Ok(None);
        };
        if *last == checkpoint {
            return Ok(None);
        }
        anyhow::ensure!(last.size > 0 && last.size < checkpoint.size, Lie::OtherLog);
        let sizes = (last.size, checkpoint.size);
        self.next = Some(checkpoint);
        Ok(Some(sizes))
    }

    /// Entries come in the order of the log, each once, with numbers that fit their places.
    fn stands(&mut self, index: u64, leaf: &[u8]) -> anyhow::Result<()> {
        match self.before.replace(index) {
            Some(before) if before == index => return Err(Lie::Twice(index).into()),
            Some(before) if before > index => return Err(Lie::Order(index, before).into()),
            _ => {}
        }
        if leaf.is_empty() {
            return Ok(());
        }
        let leaf = Skeleton::from_leaf(leaf)?;
        anyhow::ensure!(leaf.seq == index, Lie::NotThere(index));
        let placed = self.placing.observe(&leaf);
        Ok(placed.map_err(|_| Lie::Numbers(index))?)
    }

    /// The newest signed note, exact bytes.
    pub(super) fn note(&self) -> &[u8] {
        &self.note
    }

    /// How large the log is, and whether it is known who signed that.
    pub(super) fn log(&self) -> (u64, bool) {
        let size = self.last.as_ref().map_or(0, |last| last.size);
        (size, self.by.is_some())
    }

    /// Verifies that the log only grew between two pages.
    pub(super) fn grown(&mut self, proof: &[Bytes]) -> anyhow::Result<()> {
        if let (Some(last), Some(next)) = (&self.last, self.next.take()) {
            let proof = digests(proof)?;
            verify_consistency(last.size, &last.root, next.size, &next.root, &proof)
                .map_err(|_| Lie::OtherLog)?;
            self.last = Some(next);
        }
        Ok(())
    }

    /// What was proved, for people.
    pub(super) fn text(&self, lang: Language) -> String {
        let entries = self.entries;
        let size = self.last.as_ref().map_or(0, |last| last.size);
        match (lang, &self.by) {
            (Language::Nl, Some(_)) => format!(
                "Nagerekend: deze {entries} regels staan in het logboek van {size} regels dat met uw \
                 sleutel is getekend."
            ),
            (Language::En, Some(_)) => format!(
                "Verified: these {entries} entries stand in the log of {size} entries that your key \
                 signed."
            ),
            (Language::Nl, None) => format!(
                "Nagerekend: deze {entries} regels staan in een logboek van {size} regels. Niet \
                 nagegaan: wie dat tekende. Geef daarvoor --vkey."
            ),
            (Language::En, None) => format!(
                "Verified: these {entries} entries stand in a log of {size} entries. Not verified: \
                 who signed it. Give --vkey for that."
            ),
        }
    }
}

fn digests(hashes: &[Bytes]) -> anyhow::Result<Vec<Digest>> {
    hashes
        .iter()
        .map(|hash| Digest::from_slice(hash).context("a hash of 32 bytes"))
        .collect()
}
