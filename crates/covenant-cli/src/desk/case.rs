//! A case as the desk shows it: JSON for programs, sentences for people.

use anyhow::Context as _;
use model::Day;
use serde::Serialize;
use wire::node_v1 as pb;
use wire::type_v1::Date;

use super::items;
use super::words::{self, Word};
use crate::answer::{Format, Found, Language, say, say_json, today};

/// A case.
#[derive(Debug, Serialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) covenant: String,
    pub(super) kind: Word,
    pub(super) state: Word,
    opened_by: String,
    opened_at: Option<String>,
    confirmed_by: String,
    confirmed_at: Option<String>,
    answered_by: String,
    answered_at: Option<String>,
    pub(super) received_on: Option<String>,
    pub(super) due_on: Option<String>,
    pub(super) reference: String,
    passed_on_by: String,
    pub(super) items: Vec<Item>,
    pub(super) signals: Vec<Signal>,
    unknown: Vec<Unknown>,
    #[serde(skip)]
    due: Option<Day>,
    #[serde(skip)]
    stands: pb::CaseState,
}

/// One thing that happened.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    pub(super) index: u64,
    pub(super) role: Word,
    pub(super) at: Option<String>,
    pub(super) other_party: String,
    pub(super) purpose: String,
    pub(super) clause: String,
    pub(super) shown: Vec<String>,
    pub(super) advice: String,
    pub(super) signal_kinds: Vec<String>,
    pub(super) provided_on: String,
    pub(super) received_on: String,
    pub(super) held_back: Option<HeldBack>,
    pub(super) recalled_on: Option<String>,
    pub(super) recall_acknowledged_on: Option<String>,
    pub(super) subjects: Vec<u32>,
}

/// Why an item is held back.
#[derive(Debug, Serialize)]
pub(super) struct HeldBack {
    pub(super) ground: String,
    pub(super) reason: String,
    pub(super) review_on: Option<String>,
    pub(super) told: bool,
    pub(super) actor: String,
}

/// A signal of the party.
#[derive(Debug, Serialize)]
pub(super) struct Signal {
    pub(super) id: String,
    pub(super) category: String,
    pub(super) observed_on: Option<String>,
    pub(super) expires_on: Option<String>,
    pub(super) state: String,
}

/// A key epoch that could not be looked up.
#[derive(Debug, Serialize)]
struct Unknown {
    epoch: u32,
    until: Option<String>,
}

/// A day as people and programs write it.
pub(super) fn day(date: Option<Date>) -> Option<String> {
    real_day(date).map(|day| day.to_string())
}

fn real_day(date: Option<Date>) -> Option<Day> {
    wire::field::day(Some(date?), "day").ok()
}

/// An instant in RFC 3339, UTC.
pub(super) fn instant(at: Option<prost_types::Timestamp>) -> Option<String> {
    let at = wire::field::instant(Some(at?), "at").ok()?;
    Some(at.to_rfc3339())
}

/// An instant to the minute, for people.
pub(super) fn minute(at: Option<&String>) -> String {
    let shown = at.and_then(|at| at.get(..16)).unwrap_or_default();
    shown.replace('T', " ")
}

impl From<pb::Case> for Case {
    fn from(case: pb::Case) -> Self {
        Self {
            kind: words::kind(case.kind()),
            state: words::state(case.state()),
            stands: case.state(),
            due: real_day(case.due_on),
            id: case.id,
            covenant: case.covenant,
            opened_by: case.opened_by,
            opened_at: instant(case.opened_at),
            confirmed_by: case.confirmed_by,
            confirmed_at: instant(case.confirmed_at),
            answered_by: case.answered_by,
            answered_at: instant(case.answered_at),
            received_on: day(case.received_on),
            due_on: day(case.due_on),
            reference: case.reference,
            passed_on_by: case.passed_on_by,
            items: case.items.into_iter().map(Item::from).collect(),
            signals: case.signals.into_iter().map(Signal::from).collect(),
            unknown: case.unknown.into_iter().map(Unknown::from).collect(),
        }
    }
}

impl From<pb::UnknownEpoch> for Unknown {
    fn from(unknown: pb::UnknownEpoch) -> Self {
        Self {
            epoch: unknown.epoch,
            until: day(unknown.until),
        }
    }
}

impl From<pb::CaseItem> for Item {
    fn from(item: pb::CaseItem) -> Self {
        Self {
            role: words::role(item.role()),
            index: item.index,
            at: instant(item.at),
            other_party: item.other_party,
            purpose: item.purpose,
            clause: item.clause,
            shown: item.shown,
            advice: item.advice,
            signal_kinds: item.signal_kinds,
            provided_on: item.provided_on,
            received_on: item.received_on,
            held_back: item.held_back.map(|held| HeldBack {
                ground: held.ground,
                reason: held.reason,
                review_on: day(held.review_on),
                told: held.told,
                actor: held.actor,
            }),
            recalled_on: day(item.recalled_on),
            recall_acknowledged_on: day(item.recall_acknowledged_on),
            subjects: item.subjects,
        }
    }
}

impl From<pb::CaseSignal> for Signal {
    fn from(signal: pb::CaseSignal) -> Self {
        Self {
            id: signal.id,
            category: signal.category,
            observed_on: day(signal.observed_on),
            expires_on: day(signal.expires_on),
            state: signal.state,
        }
    }
}

impl Case {
    /// The case of an answer, which must be there.
    pub(super) fn of(case: Option<pb::Case>) -> anyhow::Result<Self> {
        Ok(case.context("the node answered without a case")?.into())
    }

    /// Tells what was done with it: `done` and the next step to people, the case to programs.
    pub(super) fn tell(&self, done: &str, format: Format, lang: Language) -> anyhow::Result<Found> {
        match format {
            Format::Json => say_json(self)?,
            Format::Text => {
                say(done)?;
                say(&self.when(lang))?;
                self.unknown(lang).iter().try_for_each(|told| say(told))?;
                say(&self.next(lang))?;
            }
        }
        Ok(Found::Good)
    }

    /// The whole case, for people.
    pub(super) fn text(&self, lang: Language) -> String {
        let mut lines = vec![
            match lang {
                Language::Nl => format!(
                    "Verzoek {}: {}, {}, convenant {}.",
                    self.id,
                    self.kind.pick(lang),
                    self.state.pick(lang),
                    self.covenant
                ),
                Language::En => format!(
                    "Case {}: {}, {}, covenant {}.",
                    self.id,
                    self.kind.pick(lang),
                    self.state.pick(lang),
                    self.covenant
                ),
            },
            self.when(lang),
        ];
        if !self.reference.is_empty() {
            let word = lang.pick("Uw kenmerk", "Your reference");
            lines.push(format!("{word}: {}.", self.reference));
        }
        lines.extend(self.who(lang));
        if self.stands != pb::CaseState::Open {
            if !self.items.is_empty() {
                lines.push(items::table(&self.items, lang));
            }
            lines.push(self.counts(lang));
            lines.extend(self.unknown(lang));
        }
        lines.push(self.next(lang));
        lines.join("\n")
    }

    /// When it came and when it is due.
    fn when(&self, lang: Language) -> String {
        let received = self.received_on.as_deref().unwrap_or("?");
        let due = self.due_on.as_deref().unwrap_or("?");
        let left = match (&self.due, self.stands) {
            (None, _) | (_, pb::CaseState::Answered) => String::new(),
            (Some(due), _) => {
                let days = due.as_days() - today().as_days();
                let (nl, en) = match days {
                    ..0 => ("te laat".to_owned(), "too late".to_owned()),
                    0 => ("vandaag".to_owned(), "today".to_owned()),
                    1 => ("nog 1 dag".to_owned(), "1 day left".to_owned()),
                    _ => (format!("nog {days} dagen"), format!("{days} days left")),
                };
                format!(" ({})", lang.pick(&nl, &en))
            }
        };
        match lang {
            Language::Nl => format!("Ontvangen op {received}; antwoord uiterlijk op {due}{left}."),
            Language::En => format!("Received on {received}; answer by {due}{left}."),
        }
    }

    fn who(&self, lang: Language) -> Vec<String> {
        let mut lines: Vec<String> = [
            (
                "Ingenomen door",
                "Taken in by",
                &self.opened_by,
                &self.opened_at,
            ),
            (
                "Bevestigd door",
                "Confirmed by",
                &self.confirmed_by,
                &self.confirmed_at,
            ),
            (
                "Beantwoord door",
                "Answered by",
                &self.answered_by,
                &self.answered_at,
            ),
        ]
        .into_iter()
        .filter(|(_, _, actor, _)| !actor.is_empty())
        .map(|(nl, en, actor, at)| {
            let (word, on) = (lang.pick(nl, en), lang.pick("op", "on"));
            format!("{word} {actor} {on} {} (UTC).", minute(at.as_ref()))
        })
        .collect();
        if !self.passed_on_by.is_empty() {
            let word = lang.pick("Doorgegeven door", "Passed on by");
            lines.push(format!("{word} {}.", self.passed_on_by));
        }
        lines
    }

    fn counts(&self, lang: Language) -> String {
        let (items, signals) = (self.items.len(), self.signals.len());
        let held = self.items.iter().filter(|item| item.held_back.is_some());
        let held = held.count();
        match lang {
            Language::Nl => format!(
                "Gevonden in het logboek: {items}, waarvan achtergehouden: {held}. Eigen signalen: \
                 {signals}."
            ),
            Language::En => format!(
                "Found in the log: {items}, of which held back: {held}. Own signals: {signals}."
            ),
        }
    }

    /// What could not be looked up, and what to do about that.
    fn unknown(&self, lang: Language) -> Option<String> {
        let epochs = self.unknown.iter().map(|unknown| {
            let (epoch, until) = (unknown.epoch, unknown.until.as_deref().unwrap_or("?"));
            let word = lang.pick("tot en met", "up to and including");
            format!("{epoch} ({word} {until})")
        });
        let epochs = epochs.collect::<Vec<_>>().join(", ");
        (!epochs.is_empty()).then(|| match lang {
            Language::Nl => format!(
                "ONBEKEND: dit knooppunt heeft geen sleutel van periode {epochs} en kon daar niet \
                 zoeken. Het antwoord zegt dat. Vraag uw beheerder om de sleutel, en begin het \
                 verzoek opnieuw als die er is."
            ),
            Language::En => format!(
                "UNKNOWN: this node has no key of epoch {epochs} and could not look there. The \
                 answer says so. Ask your operator for the key, and open the case again once it \
                 is there."
            ),
        })
    }

    /// What comes next.
    fn next(&self, lang: Language) -> String {
        let id = &self.id;
        match (lang, self.stands) {
            (Language::Nl, pb::CaseState::Open) => format!(
                "Er is nog niets opgezocht. Laat een collega het verzoek bevestigen: covenant desk \
                 confirm {id} --as COLLEGA"
            ),
            (Language::En, pb::CaseState::Open) => format!(
                "Nothing was looked up yet. Let a colleague confirm the case: covenant desk confirm \
                 {id} --as COLLEAGUE"
            ),
            (Language::Nl, pb::CaseState::Answered) => format!(
                "Het verzoek is beantwoord. Hetzelfde antwoord krijgt u nog een keer met: covenant \
                 desk answer {id} --as U --out MAP"
            ),
            (Language::En, pb::CaseState::Answered) => format!(
                "The case is answered. The same answer comes again with: covenant desk answer {id} \
                 --as YOU --out FOLDER"
            ),
            (Language::Nl, _) => format!(
                "Kijk na wat is gevonden (desk show {id}), houd achter wat niet mag worden verteld \
                 (desk hold-back), en antwoord: covenant desk answer {id} --as U --out MAP"
            ),
            (Language::En, _) => format!(
                "See what was found (desk show {id}), hold back what must not be told (desk \
                 hold-back), and answer: covenant desk answer {id} --as YOU --out FOLDER"
            ),
        }
    }
}
