//! A difference in plain sentences, Dutch (B1) and English.

use std::collections::BTreeMap;

use model::{PartyId, RoleRef};

use super::edit_sentences::edit_told;
use super::value::{Direction, Field, Value};
use super::{
    Block, Changed, Closed, Closure, DataChange, DemandChange, Difference, Opened, Subject,
};
use crate::diagnostic::Lang;
use crate::language::words::PartyKind;

/// Whether a kind of organisation is a neuter noun in Dutch: `het waterschap`.
pub(super) const fn is_neuter(kind: PartyKind) -> bool {
    match kind {
        PartyKind::WaterAuthority | PartyKind::Prosecution => true,
        PartyKind::Municipality
        | PartyKind::Province
        | PartyKind::CentralGovernment
        | PartyKind::SafetyRegion
        | PartyKind::HealthService
        | PartyKind::Police
        | PartyKind::HousingCorporation
        | PartyKind::Care
        | PartyKind::Welfare
        | PartyKind::Education
        | PartyKind::Energy
        | PartyKind::Landlord => false,
    }
}

impl Difference {
    /// The whole difference for a person.
    #[must_use]
    pub fn to_text(&self, lang: Lang) -> String {
        let mut out = String::new();
        if self.is_none() {
            out.push_str(pick(lang, "Geen verschil.\n", "No difference.\n"));
        } else {
            out.push_str(&self.summary(lang));
        }
        let changed = self.changed.iter().map(|c| self.changed_told(c, lang));
        let sections = [
            (
                pick(lang, "Nieuw toegestaan", "Newly allowed"),
                self.opened
                    .iter()
                    .flat_map(|o| self.opened_told(o, lang))
                    .collect(),
            ),
            (
                pick(lang, "Niet meer toegestaan", "No longer allowed"),
                self.closed
                    .iter()
                    .flat_map(|c| self.closed_told(c, lang))
                    .collect(),
            ),
            (
                pick(lang, "Andere eisen", "Other demands"),
                changed.collect(),
            ),
            (
                pick(lang, "Andere gegevens", "Other particulars"),
                self.data.iter().map(|d| data_told(d, lang)).collect(),
            ),
            (
                pick(lang, "Zonder gevolg", "Without effect"),
                self.without_effect
                    .iter()
                    .map(|e| edit_told(e, lang))
                    .collect::<Vec<_>>(),
            ),
        ];
        for (title, lines) in sections {
            if !lines.is_empty() {
                out.push_str(&format!("\n{title}\n"));
                for line in lines {
                    out.push_str(&format!("- {line}\n"));
                }
            }
        }
        out.push_str(self.signed_again(lang));
        out
    }

    /// One line of numbers.
    #[must_use]
    pub fn summary(&self, lang: Lang) -> String {
        let count = |blocks: &[Block]| blocks.iter().map(Block::len).sum::<usize>();
        let opened: usize = self.opened.iter().map(|o| count(&o.cells)).sum();
        let closed: usize = self.closed.iter().map(|c| count(&c.cells)).sum();
        let demands: usize = self.changed.iter().map(|c| c.demands.len()).sum();
        let (data, idle) = (self.data.len(), self.without_effect.len());
        match lang {
            Lang::Nl => format!(
                "Vakjes nieuw toegestaan: {opened}. Vakjes niet meer toegestaan: {closed}. Andere eisen: {demands}. Andere gegevens: {data}. Zonder gevolg: {idle}.\n"
            ),
            Lang::En => format!(
                "Cells newly allowed: {opened}. Cells no longer allowed: {closed}. Other demands: {demands}. Other particulars: {data}. Without effect: {idle}.\n"
            ),
        }
    }

    fn signed_again(&self, lang: Lang) -> &'static str {
        if self.before.file == self.after.file {
            return "";
        }
        pick(
            lang,
            "\nDe bestanden zijn niet gelijk. Elke partij tekent dus opnieuw.\n",
            "\nThe files are not the same. So every party signs again.\n",
        )
    }

    /// One sentence for each block of cells.
    #[must_use]
    pub fn opened_told(&self, opened: &Opened, lang: Lang) -> Vec<String> {
        let clause = &opened.clause;
        let was = match (&opened.was, lang) {
            (Closure::NotNamed, _) => String::new(),
            (Closure::Prohibited(number), Lang::Nl) => {
                format!(" Tot nu toe hield verbod {number} dit dicht.")
            }
            (Closure::Prohibited(number), Lang::En) => {
                format!(" Until now prohibition {number} kept this closed.")
            }
        };
        let told = |block: &Block| {
            let (who, many) = self.who(&block.roles, lang);
            let (what_for, shows) = (words(&block.purposes, lang), words(&block.shows, lang));
            let (about, from) = (words(&block.signals, lang), words(&block.sources, lang));
            match lang {
                Lang::Nl => {
                    let may = if many { "mogen" } else { "mag" };
                    format!(
                        "{who} {may} voor {what_for} ook {shows} zien over {about}, van {from} (regel {clause}).{was}"
                    )
                }
                Lang::En => format!(
                    "{who} may for {what_for} also see {shows} about {about}, from {from} (clause {clause}).{was}"
                ),
            }
        };
        opened.cells.iter().map(told).collect()
    }

    /// One sentence for each block of cells.
    #[must_use]
    pub fn closed_told(&self, closed: &Closed, lang: Lang) -> Vec<String> {
        let clause = &closed.clause;
        let now = match (&closed.now, lang) {
            (Closure::NotNamed, _) => String::new(),
            (Closure::Prohibited(number), Lang::Nl) => {
                format!(" Verbod {number} houdt dit nu dicht.")
            }
            (Closure::Prohibited(number), Lang::En) => {
                format!(" Prohibition {number} now keeps this closed.")
            }
        };
        let told = |block: &Block| {
            let (who, many) = self.who(&block.roles, lang);
            let (what_for, shows) = (words(&block.purposes, lang), words(&block.shows, lang));
            let (about, from) = (words(&block.signals, lang), words(&block.sources, lang));
            match lang {
                Lang::Nl => {
                    let may = if many { "mogen" } else { "mag" };
                    format!(
                        "{who} {may} voor {what_for} niet meer {shows} zien over {about}, van {from} (dat was regel {clause}).{now}"
                    )
                }
                Lang::En => format!(
                    "{who} may for {what_for} no longer see {shows} about {about}, from {from} (that was clause {clause}).{now}"
                ),
            }
        };
        closed.cells.iter().map(told).collect()
    }

    /// What changed, and for which cells, over several lines.
    #[must_use]
    pub fn changed_told(&self, changed: &Changed, lang: Lang) -> String {
        let number = if changed.before == changed.after {
            changed.after.to_string()
        } else {
            let was = pick(lang, "was", "was");
            format!("{} ({was} {})", changed.after, changed.before)
        };
        let mut out = match lang {
            Lang::Nl => format!("Regel {number}:"),
            Lang::En => format!("Clause {number}:"),
        };
        for change in &changed.demands {
            out.push_str(&format!("\n    {}", demand_told(change, lang)));
        }
        for block in &changed.cells {
            let (who, _) = self.who(&block.roles, lang);
            let (what_for, shows) = (words(&block.purposes, lang), words(&block.shows, lang));
            let (about, from) = (words(&block.signals, lang), words(&block.sources, lang));
            out.push_str(&match lang {
                Lang::Nl => format!(
                    "\n    Dit geldt als {} voor {what_for} {shows} ziet over {about}, van {from}.",
                    lower(&who)
                ),
                Lang::En => format!(
                    "\n    This holds when {} for {what_for} sees {shows} about {about}, from {from}.",
                    lower(&who)
                ),
            });
        }
        out
    }

    /// `De corporatie (huismeester en teamleider)`, and whether it is more than one party.
    fn who(&self, roles: &[RoleRef], lang: Lang) -> (String, bool) {
        let mut by_party: BTreeMap<PartyId, Vec<&str>> = BTreeMap::new();
        for role in roles {
            by_party.entry(role.party()).or_default().push(role.role());
        }
        let parties: Vec<String> = by_party
            .iter()
            .map(|(party, roles)| {
                let article = match lang {
                    Lang::Nl if self.neuter.contains(party) => "het",
                    Lang::Nl => "de",
                    Lang::En => "the",
                };
                format!("{article} {party} ({})", words(roles, lang))
            })
            .collect();
        (upper(&words(&parties, lang)), by_party.len() > 1)
    }
}

pub(super) const fn pick<'t>(lang: Lang, nl: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Nl => nl,
        Lang::En => en,
    }
}

/// `a, b en c`.
fn words<T: ToString>(items: &[T], lang: Lang) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => {
            format!("{} {} {last}", rest.join(", "), pick(lang, "en", "and"))
        }
    }
}

pub(super) fn upper(text: &str) -> String {
    first(text, |c| c.to_uppercase().collect())
}

fn lower(text: &str) -> String {
    first(text, |c| c.to_lowercase().collect())
}

fn first(text: &str, turn: fn(char) -> String) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(turn).unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// `was 3 maanden, wordt 1 maand`; for sets only what came and went.
fn from_to(before: &Value, after: &Value, lang: Lang) -> String {
    if let (Value::Words(_), _) | (_, Value::Words(_)) = (before, after) {
        let (old, new) = (before.set(), after.set());
        let came: Vec<&String> = new.difference(&old).collect();
        let went: Vec<&String> = old.difference(&new).collect();
        let mut parts = Vec::new();
        if !came.is_empty() {
            let list = words(&came, lang);
            parts.push(format!("{} {list}", pick(lang, "erbij", "added")));
        }
        if !went.is_empty() {
            let list = words(&went, lang);
            parts.push(format!("{} {list}", pick(lang, "weg", "removed")));
        }
        let none = |value: &Value| *value == Value::Absent;
        if none(before) {
            parts.push(pick(lang, "eerst niets", "nothing before").to_owned());
        }
        if none(after) {
            parts.push(pick(lang, "nu niets meer", "nothing any more").to_owned());
        }
        return parts.join("; ");
    }
    let (before, after) = (before.told(lang), after.told(lang));
    match lang {
        Lang::Nl => format!("was {before}, wordt {after}"),
        Lang::En => format!("was {before}, becomes {after}"),
    }
}

fn went(direction: Direction, lang: Lang) -> String {
    match (direction, lang) {
        (Direction::Other, _) => String::new(),
        (_, Lang::Nl) => format!(" Dat is {}.", direction.told(lang)),
        (_, Lang::En) => format!(" That is {}.", direction.told(lang)),
    }
}

/// One changed demand.
#[must_use]
pub(super) fn demand_told(change: &DemandChange, lang: Lang) -> String {
    let demand = upper(change.demand.told(lang));
    let of = match (&change.party, lang) {
        (None, _) => String::new(),
        (Some(party), Lang::Nl) => format!(" van {party}"),
        (Some(party), Lang::En) => format!(" of {party}"),
    };
    let values = from_to(&change.before, &change.after, lang);
    let key = change.demand.key();
    let went = went(change.direction, lang);
    format!("{demand}{of} ({key}): {values}.{went}")
}

/// One changed thing outside the clauses.
#[must_use]
pub(super) fn data_told(change: &DataChange, lang: Lang) -> String {
    let subject = upper(&subject_told(&change.subject, lang));
    if change.field == Field::Existence {
        let told = |value: &Value| match value {
            Value::Yes | Value::Absent => String::new(),
            value => format!(" ({})", value.told(lang)),
        };
        return match (&change.before, lang) {
            (Value::Absent, Lang::Nl) => format!("{subject} is nieuw{}.", told(&change.after)),
            (Value::Absent, Lang::En) => format!("{subject} is new{}.", told(&change.after)),
            (gone, Lang::Nl) => format!("{subject} vervalt{}.", told(gone)),
            (gone, Lang::En) => format!("{subject} is gone{}.", told(gone)),
        };
    }
    let (field, key) = (change.field.told(lang), change.field.key());
    let values = from_to(&change.before, &change.after, lang);
    let went = went(change.direction, lang);
    format!("{subject}, {field} ({key}): {values}.{went}")
}

pub(super) fn subject_told(subject: &Subject, lang: Lang) -> String {
    let named = |nl: &str, en: &str, name: &str| format!("{} {name}", pick(lang, nl, en));
    match subject {
        Subject::Covenant => pick(lang, "het convenant", "the covenant").to_owned(),
        Subject::Party(id) => named("partij", "party", id.as_str()),
        Subject::Role(role) => named("rol", "role", role.as_str()),
        Subject::Signal(id) => named("signaal", "signal", id.as_str()),
        Subject::Purpose(id) => named("doel", "purpose", id.as_str()),
        Subject::Comparison(name) => named("vergelijking", "comparison", name.as_str()),
        Subject::Auditor(id) => named("auditor", "auditor", id.as_str()),
        Subject::Log => pick(lang, "het logboek", "the log").to_owned(),
        Subject::Question(role, purpose) => match lang {
            Lang::Nl => format!("een vraag van {role} voor {purpose}"),
            Lang::En => format!("a question of {role} for {purpose}"),
        },
        Subject::Clause(number) => named("regel", "clause", number.as_str()),
        Subject::Prohibition(number) => named("verbod", "prohibition", number.as_str()),
    }
}
