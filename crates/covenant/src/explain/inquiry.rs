//! The question, read from words. A word that the covenant does not have is an error, with the
//! one that was probably meant.

use model::{PartyId, PurposeId, RoleRef, SignalTypeId};

use crate::language::ast::{ExampleFacts, Question};
use crate::language::covenant::Covenant;
use crate::language::parse::example::{FACTS, MOST};
use crate::language::span::Span;
use crate::language::suggest;
use crate::language::words::{LoginLevel, Reviewed, Shows, Word};
use crate::lint::text;

/// A question as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Words<'w> {
    /// `rol`: `gemeente.regisseur`.
    pub role: &'w str,
    /// `doel`.
    pub purpose: &'w str,
    /// `van`.
    pub source: &'w str,
    /// `over`.
    pub signal: &'w str,
    /// `toont`.
    pub shows: &'w str,
    /// `feiten`: each `treffers=1`.
    pub facts: &'w [String],
}

/// A question that the covenant can answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inquiry {
    /// The cell.
    pub question: Question,
    /// What is known; a fact left out takes the value that meets the clause.
    pub facts: ExampleFacts,
}

/// A word that the covenant does not have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message_en}; {help_en}")]
pub struct UnknownWord {
    /// What is wrong, in Dutch.
    pub message_nl: String,
    /// What is wrong, in English.
    pub message_en: String,
    /// What was meant, or what there is, in Dutch.
    pub help_nl: String,
    /// What was meant, or what there is, in English.
    pub help_en: String,
}

impl UnknownWord {
    fn of_fact(mut self) -> Self {
        for message in [&mut self.message_nl, &mut self.message_en] {
            message.insert_str(0, "fact ");
        }
        self
    }
}

impl Inquiry {
    /// Reads a question to a covenant.
    ///
    /// # Errors
    /// [`UnknownWord`] for the first word that the covenant does not have.
    pub fn parse(covenant: &Covenant, words: &Words<'_>) -> Result<Self, UnknownWord> {
        let roles: Vec<&RoleRef> = covenant
            .parties()
            .values()
            .flat_map(|p| p.roles.keys())
            .collect();
        let role: &RoleRef = one_of("role", words.role, roles, RoleRef::as_str)?;
        let purposes: Vec<&PurposeId> = covenant.purposes().keys().collect();
        let purpose = one_of("purpose", words.purpose, purposes, PurposeId::as_str)?;
        let parties: Vec<&PartyId> = covenant.parties().keys().collect();
        let from = one_of("source", words.source, parties, PartyId::as_str)?;
        let signals: Vec<&SignalTypeId> = covenant.signals().keys().collect();
        let about = one_of("signal", words.signal, signals, SignalTypeId::as_str)?;
        let shows = word::<Shows>("shows", words.shows)?;
        let mut facts = ExampleFacts::default();
        let mut told: Vec<&str> = Vec::new();
        for fact in words.facts {
            let (name, value) = fact
                .split_once('=')
                .ok_or_else(|| malformed("fact", "schrijf naam=waarde", "write name=value"))?;
            let (name, value) = (name.trim(), value.trim());
            let known = one_of("fact", name, FACTS.to_vec(), |name| name)?;
            if told.contains(&known) {
                return Err(malformed(
                    known,
                    "noem elk feit één keer",
                    "tell each fact once",
                ));
            }
            told.push(known);
            tell(&mut facts, known, value).map_err(UnknownWord::of_fact)?;
        }
        Ok(Self {
            question: Question {
                role: role.clone(),
                purpose: purpose.clone(),
                from: from.clone(),
                about: about.clone(),
                shows,
            },
            facts,
        })
    }
}

/// The names of the facts that were told, in the order of [`FACTS`]. A fact that is added does not
/// compile here before it has its name.
pub(super) fn told(facts: &ExampleFacts) -> Vec<&'static str> {
    let ExampleFacts {
        hits,
        parties,
        age,
        file_number,
        motivation,
        review,
        approvals,
        login_level,
        minor,
        shielded_address,
        in_area,
        per_employee,
        per_party,
        per_subject,
    } = facts;
    let told = [
        hits.is_some(),
        parties.is_some(),
        age.is_some(),
        file_number.is_some(),
        motivation.is_some(),
        review.is_some(),
        approvals.is_some(),
        login_level.is_some(),
        minor.is_some(),
        shielded_address.is_some(),
        in_area.is_some(),
        per_employee.is_some(),
        per_party.is_some(),
        per_subject.is_some(),
    ];
    let names = FACTS.iter().copied().zip(told);
    names
        .filter_map(|(name, told)| told.then_some(name))
        .collect()
}

fn tell(facts: &mut ExampleFacts, name: &'static str, value: &str) -> Result<(), UnknownWord> {
    match name {
        "treffers" => facts.hits = Some(number(name, value)?),
        "partijen" => facts.parties = Some(number(name, value)?),
        "binnen" => {
            let span = Span::parse(value).ok_or_else(|| {
                malformed(
                    name,
                    "schrijf een duur, zoals 2 weken",
                    "write a length of time, such as 2 weken",
                )
            })?;
            facts.age = Some(span);
        }
        "dossier" => facts.file_number = Some(flag(name, value)?),
        "motivering" => facts.motivation = Some(flag(name, value)?),
        "beoordeling" => facts.review = Some(word::<Reviewed>(name, value)?),
        "goedkeuringen" => facts.approvals = Some(number(name, value)?),
        "inlogniveau" => facts.login_level = Some(word::<LoginLevel>(name, value)?),
        "minderjarige" => facts.minor = Some(flag(name, value)?),
        "afgeschermd-adres" => facts.shielded_address = Some(flag(name, value)?),
        "gebied" => facts.in_area = Some(flag(name, value)?),
        "per_medewerker_per_dag" => facts.per_employee = Some(number(name, value)?),
        "per_partij_per_dag" => facts.per_party = Some(number(name, value)?),
        "per_betrokkene_per_maand" => facts.per_subject = Some(number(name, value)?),
        // Every name of the list is above: a test tells each.
        _ => return Err(unknown("name", name, &FACTS)),
    }
    Ok(())
}

fn number(name: &'static str, value: &str) -> Result<u32, UnknownWord> {
    let number = value.parse().ok().filter(|n| *n <= MOST);
    number.ok_or_else(|| {
        malformed(
            name,
            "schrijf een getal van 0 tot 1000000",
            "write a number from 0 to 1000000",
        )
    })
}

fn flag(name: &'static str, value: &str) -> Result<bool, UnknownWord> {
    match value {
        "true" | "ja" => Ok(true),
        "false" | "nee" => Ok(false),
        _ => Err(unknown(name, value, &["ja", "nee", "true", "false"])),
    }
}

fn word<W: Word>(what: &'static str, value: &str) -> Result<W, UnknownWord> {
    let found = W::all().iter().copied().find(|w| w.word() == value);
    let words: Vec<&str> = W::all().iter().map(|w| w.word()).collect();
    found.ok_or_else(|| unknown(what, value, &words))
}

fn one_of<'a, T: Copy + 'a>(
    what: &'static str,
    value: &str,
    all: Vec<T>,
    text: impl Fn(T) -> &'a str,
) -> Result<T, UnknownWord> {
    let found = all.iter().copied().find(|one| text(*one) == value);
    found.ok_or_else(|| {
        let words: Vec<&str> = all.into_iter().map(text).collect();
        unknown(what, value, &words)
    })
}

fn unknown(what: &str, value: &str, words: &[&str]) -> UnknownWord {
    let likely = suggest::nearest(value, words.iter().copied());
    let (help_nl, help_en) = suggest::help(likely, words, text::UNKNOWN_WORD);
    let short = suggest::shorten(value);
    UnknownWord {
        message_nl: format!("{what}: onbekend woord `{short}`"),
        message_en: format!("{what}: unknown word `{short}`"),
        help_nl,
        help_en,
    }
}

fn malformed(what: &str, help_nl: &str, help_en: &str) -> UnknownWord {
    UnknownWord {
        message_nl: format!("{what}: verkeerd geschreven"),
        message_en: format!("{what}: malformed"),
        help_nl: help_nl.to_owned(),
        help_en: help_en.to_owned(),
    }
}
