//! This party's own signals about the subjects of a case. There is no index by subject: the vault is
//! read page by page, and what is in it compared under the same keys.

use std::collections::BTreeSet;

use model::{Day, SignalId, Token};

use super::Desk;
use super::application::Sought;
use super::confirm::Keyed;
use super::record::OwnFound;
use crate::covenants::Answerable;
use crate::grpc::stored;
use crate::intake::{Content, Draft, Findings, Record, check_subject, id_in_name};
use crate::refusal::Refused;

/// Records of the vault that are read at once: a long read would hold up the writer.
const AT_ONCE: usize = 256;

/// A subject of the case: its tokens per epoch, in the order of [`Answerable::all_epochs`], and when it
/// counts.
struct Wanted {
    tokens: Vec<BTreeSet<Token>>,
    from: Option<Day>,
    until: Option<Day>,
}

impl Desk {
    /// The party's own signals about the subjects, newest first. Reads off the async threads.
    ///
    /// # Errors
    /// [`Refused`] when the store or the vault fails.
    pub(super) async fn own_signals(
        &self,
        answerable: &Answerable,
        sought: Vec<Sought>,
        keyed: Vec<Keyed>,
    ) -> Result<Vec<OwnFound>, Refused> {
        let wanted: Vec<Wanted> = sought
            .iter()
            .enumerate()
            .map(|(place, sought)| Wanted {
                tokens: keyed
                    .iter()
                    .map(|keyed| {
                        let subject = keyed.subjects.get(place);
                        subject.into_iter().flat_map(|s| s.tokens.clone()).collect()
                    })
                    .collect(),
                from: sought.from,
                until: sought.until,
            })
            .collect();
        let (desk, answerable) = (self.clone(), answerable.clone());
        let scan = tokio::task::spawn_blocking(move || desk.scan(&answerable, &wanted));
        scan.await.map_err(|error| {
            tracing::error!(%error, "the search of own signals stopped");
            Refused::failed()
        })?
    }

    fn scan(&self, answerable: &Answerable, wanted: &[Wanted]) -> Result<Vec<OwnFound>, Refused> {
        let mut found = Vec::new();
        let mut unread: usize = 0;
        let mut after: Option<Vec<u8>> = None;
        loop {
            let rows = self
                .store
                .read(|view| view.vault_after(after.as_deref(), AT_ONCE))?;
            let ended = rows.len() < AT_ONCE;
            for (name, sealed) in rows {
                if let Some(id) = id_in_name(&name) {
                    let own = self.own(answerable, wanted, id, &name, &sealed, &mut unread)?;
                    found.extend(own);
                }
                after = Some(name);
            }
            if ended {
                break;
            }
        }
        if unread > 0 {
            tracing::error!(unread, "own signals do not read back and were not searched");
        }
        Ok(found)
    }

    fn own(
        &self,
        answerable: &Answerable,
        wanted: &[Wanted],
        id: SignalId,
        name: &[u8],
        sealed: &[u8],
        unread: &mut usize,
    ) -> Result<Option<OwnFound>, Refused> {
        let Some(own) = self.store.read(|view| view.own(id))? else {
            return Ok(None);
        };
        let record = Record::decode(&own.state)?;
        if record.covenant != answerable.covenant().id().as_str() {
            return Ok(None);
        }
        let content = Content::open(&self.vault, name, sealed)?;
        let Some(draft) = stored::draft(&content.message) else {
            *unread = unread.saturating_add(1);
            return Ok(None);
        };
        let day = Day::from_days(record.day);
        let in_time = |wanted: &&Wanted| {
            wanted.from.is_none_or(|from| day >= from)
                && wanted.until.is_none_or(|until| day < until)
        };
        let wanted: Vec<&Wanted> = wanted.iter().filter(in_time).collect();
        if !self.is_about(answerable, &wanted, &draft) {
            return Ok(None);
        }
        let category = draft
            .category
            .map(|(scheme, code)| format!("{scheme}:{code}"));
        Ok(Some(OwnFound {
            id: *id.as_bytes(),
            category: category.unwrap_or_default(),
            observed_on: record.day,
            expires_on: record.expires_on,
        }))
    }

    fn is_about(&self, answerable: &Answerable, wanted: &[&Wanted], draft: &Draft) -> bool {
        let now = self.clock.now();
        draft.subjects.iter().any(|subject| {
            let described = check_subject(subject, "subject", now, &mut Findings::default());
            let Some(described) = described else {
                return false;
            };
            let epochs = answerable.all_epochs();
            epochs.iter().enumerate().any(|(place, epoch)| {
                let tokens = answerable.tokens(*epoch, &described.normal);
                wanted.iter().any(|wanted| {
                    let sought = wanted.tokens.get(place);
                    sought.is_some_and(|sought| tokens.iter().any(|t| sought.contains(t)))
                })
            })
        })
    }
}
