//! Reading back one's own signals, newest first.

use model::{CovenantId, Day, SignalId, Timestamp};
use wire::limit;
use wire::malformed::Problem;

use super::record::{self, Content, Record, State, id_in_name, vault_name};
use super::withdraw::{signal_id, signal_unknown};
use super::{Choice, Findings, Intake};
use crate::caller::Caller;
use crate::paging::Paged;
use crate::refusal::{Reason, Refusal, Refused};

const USUAL_PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;
/// How many signals one call looks at: a filter that fits little gives short pages, not slow ones.
const MOST_LOOKED_AT: usize = 5_000;
const AT_ONCE: usize = 256;
const NAME: usize = 25;
/// What states, times and reasons of one signal take at most, in bytes.
const FRAME: usize = 1_024;

/// Which signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Under this covenant; empty for all.
    pub covenant: String,
    /// In this state; unspecified for all.
    pub state: Choice<State>,
    /// Observed on this day or later; `Err` when it is no day.
    pub observed_from: Option<Result<Day, ()>>,
    /// Observed before this day.
    pub observed_until: Option<Result<Day, ()>>,
    /// How many at most.
    pub page_size: i32,
    /// Where the page before ended.
    pub page_token: String,
}

/// A signal as the node keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: SignalId,
    /// The content as it was sent; `None` after erasure.
    pub content: Option<Vec<u8>>,
    /// What became of it.
    pub state: State,
    /// When it was stored.
    pub accepted_at: Timestamp,
    /// The first day on which it no longer matches.
    pub expires_on: Day,
    /// Why the broker refused it.
    pub refusal: Option<Refused>,
}

impl Stored {
    /// About how much it takes of an answer: its content, and the texts of a refusal, which stand
    /// there twice, with what frames them.
    fn bytes(&self) -> usize {
        let content = self.content.as_ref().map_or(0, Vec::len);
        let texts = self.refusal.as_ref().map_or(0, |refused| {
            let Refusal {
                message_en,
                message_nl,
                ..
            } = &*refused.0;
            message_en.len().saturating_add(message_nl.len())
        });
        content
            .saturating_add(texts.saturating_mul(2))
            .saturating_add(FRAME)
    }
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stored")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A page of signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Newest first.
    pub signals: Vec<Stored>,
    /// Ask on with this; empty at the end.
    pub next_page_token: String,
}

/// A filter whose fields are well formed.
struct Wanted {
    covenant: Option<CovenantId>,
    state: Option<State>,
    from: Option<Day>,
    until: Option<Day>,
}

impl Intake {
    /// One of the party's own signals.
    ///
    /// # Errors
    /// [`Refused`] when the id is malformed or there is no such signal.
    pub fn get(&self, caller: &Caller, id: &str) -> Result<Stored, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let Some(id) = signal_id(&mut found, id) else {
            return Err(found.into());
        };
        let (own, sealed, name) = self.store.read(|view| {
            let own = view.own(id)?.ok_or_else(signal_unknown)?;
            let record = Record::decode(&own.state)?;
            let name = vault_name(record.accepted_at(), id);
            Ok::<_, Refused>((record, view.vault(&name)?, name))
        })?;
        self.stored(id, &own, &name, sealed.as_deref())
    }

    /// A page of the party's own signals.
    ///
    /// # Errors
    /// [`Refused`] when a filter is malformed or the token is not of these filters.
    pub fn list(&self, caller: &Caller, filter: &Filter) -> Result<Page, Refused> {
        self.permit(caller)?;
        let mut found = Findings::default();
        let wanted = wanted(filter, &mut found);
        let size = page_size(filter.page_size, &mut found);
        let Filter {
            covenant,
            state,
            observed_from,
            observed_until,
            ..
        } = filter;
        let words = format!("{state:?} {observed_from:?} {observed_until:?}");
        let paged = Paged {
            vault: &self.vault,
            list: &[b"page", covenant.as_bytes(), words.as_bytes()],
        };
        let token = |after: &Option<Vec<u8>>| {
            let name = after.as_ref();
            name.map_or_else(String::new, |name| paged.token(name))
        };
        let opened = paged.open::<NAME>(&filter.page_token, &mut found);
        let mut after = opened.map(|name| name.to_vec());
        found.into_result()?;
        let mut signals = Vec::new();
        let mut looked_at: usize = 0;
        let mut room = limit::PAGE_BYTES;
        loop {
            let rows = self
                .store
                .read(|view| Ok::<_, Refused>(view.vault_after(after.as_deref(), AT_ONCE)?))?;
            let ended = rows.len() < AT_ONCE;
            for (name, sealed) in rows {
                looked_at = looked_at.saturating_add(1);
                if let Some(signal) = self.fitting(&wanted, &name, &sealed)? {
                    // What does not fit begins the next page.
                    match room.checked_sub(signal.bytes()) {
                        None if !signals.is_empty() => {
                            let next_page_token = token(&after);
                            return Ok(Page {
                                signals,
                                next_page_token,
                            });
                        }
                        left => room = left.unwrap_or(0),
                    }
                    signals.push(signal);
                }
                after = Some(name);
                if signals.len() >= size || looked_at >= MOST_LOOKED_AT {
                    let next_page_token = token(&after);
                    return Ok(Page {
                        signals,
                        next_page_token,
                    });
                }
            }
            if ended {
                return Ok(Page {
                    signals,
                    next_page_token: String::new(),
                });
            }
        }
    }

    fn fitting(
        &self,
        wanted: &Wanted,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<Option<Stored>, Refused> {
        let Some(id) = id_in_name(name) else {
            return Ok(None);
        };
        let Some(own) = self.store.read(|view| Ok::<_, Refused>(view.own(id)?))? else {
            return Ok(None);
        };
        let record = Record::decode(&own.state)?;
        let day = Day::from_days(record.day);
        let fits = wanted
            .covenant
            .as_ref()
            .is_none_or(|c| record.covenant().as_ref() == Some(c))
            && wanted
                .state
                .is_none_or(|s| record.state_on(self.clock.now().day()) == s)
            && wanted.from.is_none_or(|from| day >= from)
            && wanted.until.is_none_or(|until| day < until);
        if !fits {
            return Ok(None);
        }
        self.stored(id, &record, name, Some(sealed)).map(Some)
    }

    fn stored(
        &self,
        id: SignalId,
        record: &Record,
        name: &[u8],
        sealed: Option<&[u8]>,
    ) -> Result<Stored, Refused> {
        let content = sealed
            .map(|sealed| Content::open(&self.vault, name, sealed))
            .transpose()?
            .map(|content| content.message);
        Ok(Stored {
            id,
            content,
            state: record.state_on(self.clock.now().day()),
            accepted_at: record.accepted_at(),
            expires_on: record.expires_on(),
            refusal: record.refusal.as_ref().map(refusal),
        })
    }
}

impl Findings {
    /// A page token that does not belong to these filters.
    pub(crate) fn page_token(&mut self) {
        self.reason("page_token", Reason::PageTokenInvalid);
    }
}

/// How many of a list to give: 0 means the usual number, too many means the most.
pub(crate) fn page_size(asked: i32, found: &mut Findings) -> usize {
    match usize::try_from(asked) {
        Ok(0) => USUAL_PAGE,
        Ok(size) => size.min(LARGEST_PAGE),
        Err(_) => {
            found.problem("page_size", Problem::OutOfRange);
            USUAL_PAGE
        }
    }
}

fn wanted(filter: &Filter, found: &mut Findings) -> Wanted {
    let covenant = match filter.covenant.as_str() {
        "" => None,
        text => found.named("covenant", CovenantId::parse(text)),
    };
    let state = match filter.state {
        Choice::Unspecified => None,
        choice => found.choice("state", choice),
    };
    let mut day = |path: &str, day: Option<Result<Day, ()>>| match day {
        Some(Err(())) => {
            found.problem(path, Problem::DayForm);
            None
        }
        Some(Ok(day)) => Some(day),
        None => None,
    };
    Wanted {
        covenant,
        state,
        from: day("observed_from", filter.observed_from),
        until: day("observed_until", filter.observed_until),
    }
}

/// The broker's refusal as it was told; a reason that this version does not know keeps its texts.
fn refusal(refusal: &record::Refusal) -> Refused {
    let reason = Reason::parse(&refusal.reason).unwrap_or(Reason::BrokerFailed);
    Refusal::of(reason).texts(&refusal.en, &refusal.nl).into()
}
