//! The letter to a data subject, in Dutch (level B1) and English: who asked what, what this party
//! did with it, one sentence an item, and where else to go. Markdown.
//!
//! Whatever is held back silently is in no sentence; what the law lets a party keep silent about is
//! said in every letter, in the same words.

use covenant::Covenant;
use model::{CaseId, CategoryCode, Day, PartyId, PurposeId, SignalTypeId, Timestamp};
use wire::word::RightsKind;

use super::answer::DoneTo;
use super::record::{Item, Record};

mod dutch;
mod english;

pub(super) use dutch::letter as dutch;
pub(super) use english::letter as english;

/// What a letter is made of.
pub(super) struct Letter<'a> {
    pub(super) id: CaseId,
    pub(super) record: &'a Record,
    pub(super) covenant: &'a Covenant,
    pub(super) party: &'a PartyId,
    pub(super) kind: RightsKind,
    /// Whether this party answers under the Wpg.
    pub(super) police: bool,
    pub(super) today: Day,
    /// What is told, in order of time.
    pub(super) told: Vec<&'a Item>,
    /// The grounds of what is held back and may be named.
    pub(super) grounds: Vec<&'a str>,
    pub(super) done: Vec<DoneTo<'a>>,
}

impl Letter<'_> {
    /// A party's name; its id where this version of the covenant does not have it.
    fn name(&self, id: &str) -> String {
        let party = PartyId::parse(id).ok();
        let party = party.and_then(|id| self.covenant.party(&id));
        plain(party.map_or(id, |party| party.name.as_str()))
    }

    fn own_name(&self) -> String {
        self.name(self.party.as_str())
    }

    fn contact(&self) -> String {
        self.name(self.covenant.header().contact.as_str())
    }

    /// The last day about which not everything could be looked up.
    fn unknown_until(&self) -> Option<Day> {
        let unknown = self.record.unknown.iter();
        unknown.map(|one| Day::from_days(one.until)).max()
    }

    fn passed_to(&self) -> Vec<String> {
        let parties = self.record.passed_to.iter();
        parties.map(|party| self.name(party)).collect()
    }

    /// What a purpose is for, as the covenant explains it.
    fn purpose(&self, id: &str) -> String {
        let purpose = PurposeId::parse(id).ok();
        let purpose = purpose.and_then(|id| self.covenant.purposes().get(&id));
        plain(purpose.map_or(id, |purpose| purpose.explanation.as_str()))
    }

    /// What a kind of signal means, as the covenant explains it.
    fn signal_kind(&self, id: &str) -> String {
        let kind = SignalTypeId::parse(id).ok();
        let kind = kind.and_then(|id| self.covenant.signals().get(&id));
        plain(kind.map_or(id, |kind| kind.explanation.as_str()))
    }

    fn category(&self, code: &str) -> String {
        let kind = CategoryCode::parse(code).ok();
        let kind = kind.and_then(|code| self.covenant.signal_type_of(&code));
        plain(kind.map_or(code, |kind| kind.explanation.as_str()))
    }

    fn title(&self) -> String {
        plain(self.covenant.title())
    }

    fn day_of(item: &Item) -> Day {
        Timestamp::from_millis(item.at).day()
    }
}

/// Text as it stands, without meaning anything in Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\`*_[]<>#|~".contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

/// "a, b and c", with the language's word for "and".
fn listed(parts: &[String], and: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    }
}
