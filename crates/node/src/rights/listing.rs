//! Reading cases back.

use super::record::{self, Stage};
use super::{Case, Desk, case_id, hold};
use crate::caller::Caller;
use crate::intake::{Choice, Findings, page_size};
use crate::paging::Paged;
use crate::refusal::Refused;

const AT_ONCE: usize = 64;
/// How many cases one call looks at: a filter that fits little gives short pages, not slow ones.
const MOST_LOOKED_AT: usize = 2_000;

/// Which cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseFilter {
    /// In this stage; unspecified for all.
    pub(crate) stage: Choice<Stage>,
    /// Only those in which the day has come to look again at what is held back.
    pub(crate) review_due: bool,
}

/// A page of cases.
pub(crate) struct CasePage {
    /// Newest first.
    pub(crate) cases: Vec<Case>,
    /// Ask on with this; empty at the end.
    pub(crate) next_page_token: String,
}

impl Desk {
    /// One case.
    ///
    /// # Errors
    /// [`Refused`] when the id is malformed or there is no such case.
    pub(crate) fn get(&self, caller: &Caller, id: &str) -> Result<Case, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let Some(id) = case_id(&mut found, id) else {
            return Err(found.into());
        };
        self.shown(id, self.load(id)?)
    }

    /// A page of cases, newest first.
    ///
    /// # Errors
    /// [`Refused`] when a filter is malformed or the token is not of these filters.
    pub(crate) fn list(
        &self,
        caller: &Caller,
        filter: CaseFilter,
        size: i32,
        page_token: &str,
    ) -> Result<CasePage, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let stage = match filter.stage {
            Choice::Unspecified => None,
            choice => found.choice("state", choice),
        };
        let size = page_size(size, &mut found);
        let words = format!("{filter:?}");
        let paged = Paged {
            vault: &self.vault,
            list: &[b"cases page", words.as_bytes()],
        };
        let mut before = paged.open(page_token, &mut found).map(u64::from_be_bytes);
        found.into_result()?;
        let today = self.clock.now().day();
        let mut cases = Vec::new();
        let mut looked_at: usize = 0;
        loop {
            let rows = self.store.read(|view| view.cases(before, AT_ONCE))?;
            let ended = rows.len() < AT_ONCE;
            for row in rows {
                looked_at = looked_at.saturating_add(1);
                before = Some(row.number);
                let record = record::read(&self.vault, row.id, &row.body)?;
                let fits = stage.is_none_or(|stage| record.stage == stage)
                    && (!filter.review_due
                        || self
                            .store
                            .read(|view| hold::is_due(view, &self.vault, &record, today))?);
                if fits {
                    cases.push(Case {
                        id: row.id,
                        record,
                        states: Vec::new(),
                    });
                }
                if cases.len() >= size || looked_at >= MOST_LOOKED_AT {
                    return Ok(CasePage {
                        cases,
                        next_page_token: paged.token(&row.number.to_be_bytes()),
                    });
                }
            }
            if ended {
                return Ok(CasePage {
                    cases,
                    next_page_token: String::new(),
                });
            }
        }
    }

    /// Brings the figures of the desk up to date.
    ///
    /// # Errors
    /// When the store can't be read.
    pub(crate) fn figures(&self) -> Result<u64, Refused> {
        let today = self.clock.now().day();
        let due = self.store.read(|view| hold::count_due(view, today))?;
        let recalls = self.store.read(|view| view.open_recalls())?;
        self.metrics.waiting(due, recalls);
        Ok(recalls)
    }
}
