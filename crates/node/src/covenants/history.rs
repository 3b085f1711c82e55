//! What this node remembers of covenants: what came over the broker, and which versions were in force.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use covenant::signoff::{Envelope, History, Signed, propose};
use model::{CovenantId, Timestamp};
use store::{ActiveVersion, KeptEnvelope, KeptVersion, NodeStore, NodeTx, StoreError};

use super::Covenants;
use crate::versions::{Carried, Version};

impl Covenants {
    /// Holds the settings against what was in force here before, and takes up what came since: an
    /// older version, or another one of the same number, does not come back.
    ///
    /// # Errors
    /// Names the covenant that does not follow; or when the store fails.
    pub async fn recall(&self, store: &NodeStore, now: Timestamp) -> Result<()> {
        let ids = self.ids();
        for id in &ids {
            self.follows_on_history(store, id)?;
        }
        let read = store.read(|view| {
            let mut all = Vec::new();
            for kept in view.versions()? {
                let file = view.version_file(&kept.digest)?.unwrap_or_default();
                let over = view.signed_over(&kept.digest)?;
                all.push((kept, file, over));
            }
            Ok::<_, StoreError>(all)
        })?;
        let mut histories: BTreeMap<CovenantId, ActiveVersion> = BTreeMap::new();
        for id in &ids {
            let history = store.read(|view| view.covenant_history(id))?;
            histories.extend(history.last().map(|last| (id.clone(), last.clone())));
        }
        self.write(|all| {
            for kept in read {
                if let Some(carried) = all.get_mut(&kept.0.covenant) {
                    self.take_up(carried, kept);
                }
            }
            for (id, carried) in all.iter_mut() {
                // What the settings hold may be older than what has come since.
                if let Some(last) = histories.remove(id)
                    && carried
                        .last
                        .as_ref()
                        .is_none_or(|own| own.version <= last.version)
                {
                    carried.last = Some(last);
                    carried.active = None;
                    carried.former = None;
                }
                carried.follow(now);
            }
        });
        self.keep(store, now).await?;
        self.recall_epochs(store, now).await
    }

    /// Verifies a version that was kept, with what was signed over it, and adds it.
    fn take_up(
        &self,
        carried: &mut Carried,
        (kept, file, over): (KeptVersion, Vec<u8>, Vec<KeptEnvelope>),
    ) {
        let Ok(proposal) = propose(&file, self.pins(), None) else {
            tracing::error!(
                covenant = %kept.covenant, version = kept.number,
                "a version that was kept does not hold any more"
            );
            return;
        };
        let version = carried
            .versions
            .entry(kept.digest)
            .or_insert_with(|| Version::new(kept, proposal));
        for one in over {
            let signed = Envelope::parse(&one.bytes).and_then(|envelope| {
                let signed = Signed::verify(&version.proposal, &envelope, one.received_at)?;
                Ok((signed, envelope))
            });
            match signed {
                Ok((signed, envelope)) => {
                    version.take(self.party(), &signed, &envelope, one.received_at);
                }
                Err(why) => tracing::error!(
                    covenant = %version.kept.covenant, %why,
                    "what was signed over a version does not hold any more"
                ),
            }
        }
    }

    /// The version of the settings is one that was in force here, or follows on the last one.
    fn follows_on_history(&self, store: &NodeStore, id: &CovenantId) -> Result<()> {
        let past = store.read(|view| view.covenant_history(id))?;
        let Some(last) = past.last() else {
            return Ok(());
        };
        let history = History {
            covenant: id.clone(),
            version: last.version,
            digest: last.digest,
        };
        for (digest, configured) in &self.files {
            let is_of = self.read(|all| {
                all.get(id)
                    .is_some_and(|carried| carried.versions.contains_key(digest))
            });
            if !is_of || past.iter().any(|version| version.digest == *digest) {
                continue;
            }
            propose(&configured.bytes, self.pins(), Some(&history))
                .with_context(|| format!("covenant {id} does not follow the version before it"))?;
        }
        Ok(())
    }

    /// Makes durable what is known and in force.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn keep(&self, store: &NodeStore, now: Timestamp) -> Result<(), StoreError> {
        let mut configured = Vec::new();
        let mut last = Vec::new();
        self.read(|all| {
            for (id, carried) in all {
                last.extend(carried.last.clone().map(|last| (id.clone(), last)));
                for version in carried.versions.values() {
                    if let Some(files) = self.files.get(&version.kept.digest) {
                        let envelopes = files.envelopes.clone();
                        configured.push((version.kept.clone(), files.bytes.clone(), envelopes));
                    }
                }
            }
        });
        let known = store.read(|view| {
            let mut known = BTreeSet::new();
            for kept in view.versions()? {
                known.insert(kept.digest);
            }
            for (id, last) in &last {
                let history = view.covenant_history(id)?;
                if history
                    .last()
                    .is_some_and(|kept| kept.digest == last.digest)
                {
                    known.insert(last.digest);
                } else {
                    known.remove(&last.digest);
                }
            }
            Ok::<_, StoreError>(known)
        })?;
        configured.retain(|(kept, _, _)| !known.contains(&kept.digest));
        last.retain(|(_, last)| !known.contains(&last.digest));
        if configured.is_empty() && last.is_empty() {
            return Ok(());
        }
        store
            .write(move |tx: &mut NodeTx| {
                for (kept, file, envelopes) in configured {
                    tx.put_version(&kept, &file)?;
                    for (id, bytes) in envelopes {
                        tx.put_signed_over(&kept.digest, id, now, &bytes)?;
                    }
                }
                for (id, version) in last {
                    tx.put_active_version(&id, &version)?;
                }
                Ok::<_, StoreError>(())
            })
            .await
    }
}
