//! A status in one plain sentence, and each party's word in a few words.

use model::{Digest, PartyId, Timestamp};

use super::{PartyWord, State, Status};
use crate::Lang;
use crate::decide::Suspended;
use crate::plain::phrase::day;
use crate::signoff::{Event, EventKind, Scope};

impl Status {
    /// The whole in one sentence, without a full stop: `versie 4: wacht op politie (2 van 3
    /// getekend)`. Times are in UTC.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        let version = self.version();
        let said = match self.state() {
            State::Withdrawn { by, at } => match lang {
                Lang::Nl => format!("ingetrokken door {by} op {}", day(lang, at.day())),
                Lang::En => format!("withdrawn by {by} on {}", day(lang, at.day())),
            },
            State::Lapsed { at } => match lang {
                Lang::Nl => format!(
                    "vervallen op {}, na 30 dagen opschorting",
                    day(lang, at.day())
                ),
                Lang::En => format!(
                    "lapsed on {}, after 30 days of suspension",
                    day(lang, at.day())
                ),
            },
            State::Replaced { version } => match lang {
                Lang::Nl => format!("vervangen door versie {version}"),
                Lang::En => format!("replaced by version {version}"),
            },
            State::Expired { since } => match lang {
                Lang::Nl => format!("verlopen sinds {}", day(lang, *since)),
                Lang::En => format!("expired since {}", day(lang, *since)),
            },
            State::Proposed => self.proposed(lang),
            State::NotYetValid { from } => match lang {
                Lang::Nl => format!("door iedereen getekend; geldt vanaf {}", day(lang, *from)),
                Lang::En => format!("signed by all; valid from {}", day(lang, *from)),
            },
            State::Suspended { lapses_at } => match lang {
                Lang::Nl => format!(
                    "{}; vervalt op {}; {}",
                    self.suspended(lang),
                    day(lang, lapses_at.day()),
                    self.resuming(lang)
                ),
                Lang::En => format!(
                    "{}; lapses on {}; {}",
                    self.suspended(lang),
                    day(lang, lapses_at.day()),
                    self.resuming(lang)
                ),
            },
            State::Active { until } => {
                let until = day(lang, *until);
                let head = match lang {
                    Lang::Nl => format!("van kracht tot {until}"),
                    Lang::En => format!("in force until {until}"),
                };
                if self.suspensions().is_empty() {
                    head
                } else {
                    format!("{head}; {}; {}", self.suspended(lang), self.resuming(lang))
                }
            }
        };
        match lang {
            Lang::Nl => format!("versie {version}: {said}"),
            Lang::En => format!("version {version}: {said}"),
        }
    }

    fn proposed(&self, lang: Lang) -> String {
        let signed = self.with(|w| matches!(w, PartyWord::Signed { .. })).len();
        let waiting = self.with(|w| matches!(w, PartyWord::Waiting));
        let rejected = self.with(|w| matches!(w, PartyWord::Rejected { .. }));
        let (all, count) = (listed(&waiting, lang), self.parties().len());
        let by = listed(&rejected, lang);
        let count = match lang {
            Lang::Nl => format!("({signed} van {count} getekend)"),
            Lang::En => format!("({signed} of {count} signed)"),
        };
        let waits = match lang {
            Lang::Nl => format!("wacht op {all} {count}"),
            Lang::En => format!("waits for {all} {count}"),
        };
        let refused = match lang {
            Lang::Nl => format!("afgewezen door {by}"),
            Lang::En => format!("rejected by {by}"),
        };
        match (waiting.is_empty(), rejected.is_empty()) {
            (_, true) => waits,
            (false, false) => format!("{waits}; {refused}"),
            (true, false) => format!("{refused} {count}"),
        }
    }

    /// Who suspended what since when.
    fn suspended(&self, lang: Lang) -> String {
        let one = |suspended: &Suspended| {
            let (by, since) = (&suspended.by, moment(suspended.since, lang));
            let scope = scope(&suspended.scope, lang);
            match lang {
                Lang::Nl => format!("{scope}opgeschort door {by} sinds {since}"),
                Lang::En => format!("{scope}suspended by {by} since {since}"),
            }
        };
        let whole: Vec<&Suspended> = self
            .suspensions()
            .iter()
            .filter(|s| s.scope == Scope::Whole)
            .collect();
        let parts = self.suspensions().iter();
        let told: Vec<String> = match whole.as_slice() {
            // A suspension of the whole covers those of parts.
            [] => parts.map(one).collect(),
            whole => whole.iter().copied().map(one).collect(),
        };
        told.join(", ")
    }

    /// What it still takes to resume, per suspension when they differ.
    fn resuming(&self, lang: Lang) -> String {
        let whole = self.suspensions().iter().any(|s| s.scope == Scope::Whole);
        let mut takes: Vec<String> = Vec::new();
        for suspended in self.suspensions() {
            if !whole || suspended.scope == Scope::Whole {
                let needs = still_needed(suspended, lang);
                if !takes.contains(&needs) {
                    takes.push(needs);
                }
            }
        }
        let takes = takes.join(", ");
        match lang {
            Lang::Nl => format!("hervatten: {takes}"),
            Lang::En => format!("to resume: {takes}"),
        }
    }
}

impl PartyWord {
    /// The word in a few words: `getekend op 26 november 2026`.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        match (self, lang) {
            (Self::Signed { on }, Lang::Nl) => format!("getekend op {}", day(lang, *on)),
            (Self::Signed { on }, Lang::En) => format!("signed on {}", day(lang, *on)),
            (Self::Waiting, Lang::Nl) => "nog niet getekend".to_owned(),
            (Self::Waiting, Lang::En) => "not signed yet".to_owned(),
            (Self::Rejected { at }, Lang::Nl) => format!("afgewezen op {}", day(lang, at.day())),
            (Self::Rejected { at }, Lang::En) => format!("rejected on {}", day(lang, at.day())),
        }
    }
}

impl Event {
    /// What happened in a few words: `gemeente schort regel 3.1 op`.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        let party = &self.party;
        match (&self.kind, lang) {
            (EventKind::Reject, Lang::Nl) => format!("{party} wijst de versie af"),
            (EventKind::Reject, Lang::En) => format!("{party} rejects the version"),
            (EventKind::Suspend(Scope::Whole), Lang::Nl) => format!("{party} schort alles op"),
            (EventKind::Suspend(Scope::Whole), Lang::En) => format!("{party} suspends everything"),
            (EventKind::Suspend(part), Lang::Nl) => {
                format!("{party} schort {}op", scope(part, lang))
            }
            (EventKind::Suspend(part), Lang::En) => {
                format!("{party} suspends {}", scope(part, lang).trim_end())
            }
            (EventKind::Resume(id), Lang::Nl) => {
                format!("{party} wil opschorting {} opheffen", short(id))
            }
            (EventKind::Resume(id), Lang::En) => {
                format!("{party} wants to lift suspension {}", short(id))
            }
            (EventKind::Withdraw, Lang::Nl) => format!("{party} trekt de versie in"),
            (EventKind::Withdraw, Lang::En) => format!("{party} withdraws the version"),
            (EventKind::StillValid, Lang::Nl) => {
                format!("het knooppunt van {party} bevestigt de versie")
            }
            (EventKind::StillValid, Lang::En) => {
                format!("the node of {party} confirms the version")
            }
        }
    }
}

/// Enough of an id to tell it from another.
fn short(id: &Digest) -> String {
    id.to_hex().chars().take(8).collect()
}

fn still_needed(suspended: &Suspended, lang: Lang) -> String {
    let by = &suspended.by;
    let own = suspended.resumed_by.contains(by);
    let other = suspended.resumed_by.iter().any(|party| party != by);
    match (own, other, lang) {
        (true, _, Lang::Nl) => "nog een ander".to_owned(),
        (true, _, Lang::En) => "one other party still".to_owned(),
        (false, true, Lang::Nl) => format!("nog {by}"),
        (false, true, Lang::En) => format!("{by} still"),
        (false, false, Lang::Nl) => format!("{by} en een ander"),
        (false, false, Lang::En) => format!("{by} and one other"),
    }
}

/// What is suspended, with a space behind it; nothing for the whole.
fn scope(scope: &Scope, lang: Lang) -> String {
    match (scope, lang) {
        (Scope::Whole, _) => String::new(),
        (Scope::Clause(number), Lang::Nl) => format!("regel {number} "),
        (Scope::Clause(number), Lang::En) => format!("clause {number} "),
        (Scope::Signal(id), Lang::Nl) => format!("signaal {id} "),
        (Scope::Signal(id), Lang::En) => format!("signal {id} "),
        (Scope::Recipient(party), Lang::Nl) => format!("ontvanger {party} "),
        (Scope::Recipient(party), Lang::En) => format!("recipient {party} "),
    }
}

fn listed(parties: &[&PartyId], lang: Lang) -> String {
    let and = match lang {
        Lang::Nl => "en",
        Lang::En => "and",
    };
    match parties {
        [] => String::new(),
        [one] => one.to_string(),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(ToString::to_string).collect();
            format!("{} {and} {last}", most.join(", "))
        }
    }
}

/// A day with the minute, in UTC: `26 november 2026 14:03 UTC`.
#[must_use]
pub fn moment(at: Timestamp, lang: Lang) -> String {
    let minutes = at.millis_since(at.day().start()) / 60_000;
    let (hour, minute) = (minutes / 60, minutes % 60);
    let date = day(lang, at.day());
    format!("{date} {hour:02}:{minute:02} UTC")
}
