//! That what a query shows stands in the log, and that all pages show one and the same log.

use anyhow::Context as _;
use ledger::checkpoint::Note;
use ledger::tree::{verify_consistency, verify_inclusion};
use ledger::{Checkpoint, LogVerifier};
use model::Digest;
use wire::Bytes;
use wire::audit_v1::ListEntriesResponse;

use crate::answer::Language;

/// What the pages so far were proved against.
pub(super) struct Proved {
    by: Option<LogVerifier>,
    entries: usize,
    last: Option<Checkpoint>,
    next: Option<Checkpoint>,
}

impl Proved {
    /// Nothing shown yet. Without a key the broker's word counts for the checkpoint itself.
    pub(super) const fn by(by: Option<LogVerifier>) -> Self {
        Self {
            by,
            entries: 0,
            last: None,
            next: None,
        }
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
                .with_context(|| format!("entry {index} does not stand in the log"))?;
        }
        self.entries = self.entries.saturating_add(page.entries.len());
        let Some(last) = &self.last else {
            self.last = Some(checkpoint);
            return Ok(None);
        };
        if *last == checkpoint {
            return Ok(None);
        }
        anyhow::ensure!(
            last.size > 0 && last.size < checkpoint.size,
            "the broker shows another log than a moment ago"
        );
        let sizes = (last.size, checkpoint.size);
        self.next = Some(checkpoint);
        Ok(Some(sizes))
    }

    /// Verifies that the log only grew between two pages.
    pub(super) fn grown(&mut self, proof: &[Bytes]) -> anyhow::Result<()> {
        if let (Some(last), Some(next)) = (&self.last, self.next.take()) {
            let proof = digests(proof)?;
            verify_consistency(last.size, &last.root, next.size, &next.root, &proof)
                .context("the broker shows another log than a moment ago")?;
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
