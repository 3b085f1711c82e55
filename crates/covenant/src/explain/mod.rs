//! One question to a covenant: what it says, and why.
//!
//! It is about what the covenant says and not about a moment: dates, suspensions and confirmations
//! play no part, and what is not told of the facts takes the value that meets the clause, as in the
//! examples that the parties sign ([`crate::decide::examples`]).

mod demands;
mod inquiry;
mod text;

use model::PartyId;
use serde::Serialize;

pub use inquiry::{Inquiry, UnknownWord, Words};

pub use crate::language::parse::example::FACTS;

use crate::decide::examples::judge;
use crate::decide::explanation::{basis_of, output};
use crate::decide::permit::{Duty, Promise};
use crate::decide::{BasisExplained, Cell, TermExplained};
use crate::diagnostic::Lang;
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::table::{self, Ruling, ruling};

/// The answer to an inquiry. Field names are stable.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explained {
    /// The covenant's id.
    pub covenant: String,
    /// Its version.
    pub version: u32,
    /// What was asked, in the covenant's words.
    pub question: Coordinates,
    /// `reveal` or `withhold`.
    pub decision: &'static str,
    /// Why it is withheld: `prohibited`, `not-named` or `demands`; absent when revealed.
    pub because: Option<&'static str>,
    /// The clause that opens the cell; with a prohibition, the one that it closes.
    pub clause: Option<Named>,
    /// The prohibition that closes it.
    pub prohibition: Option<Named>,
    /// Where no clause names it: the open cell that is most alike.
    pub nearest: Option<Nearest>,
    /// What sets the clause in motion here (`aanleiding`).
    pub trigger: Option<&'static str>,
    /// The pair of legal bases of the flow.
    pub basis: Option<BasisExplained>,
    /// Every demand of the clause with fact and threshold.
    pub demands: Vec<Demand>,
    /// Facts that were told and make no difference here.
    pub unused: Vec<&'static str>,
    /// The shape of the output.
    pub output: Vec<TermExplained>,
    /// What the broker does.
    pub duties: Vec<TermExplained>,
    /// What the recipient promised.
    pub promises: Vec<TermExplained>,
}

/// A cell in the covenant's words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Coordinates {
    /// `rol`.
    pub role: String,
    /// `doel`.
    pub purpose: String,
    /// `van`.
    pub source: String,
    /// `over`.
    pub signal: String,
    /// `toont`.
    pub shows: &'static str,
}

/// A clause or prohibition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Named {
    /// `nummer`.
    pub number: String,
    /// `titel`.
    pub title: String,
}

/// The open cell that is most alike.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Nearest {
    /// The clause that opens it.
    pub clause: String,
    /// The cell.
    pub cell: Coordinates,
    /// What is different: the covenant's words for it, such as `toont`.
    pub differs: Vec<&'static str>,
}

/// One demand.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Demand {
    /// The covenant's words for it, such as `voorwaarde.treffers`; else the code of a
    /// [`crate::decide::Reason`].
    pub code: &'static str,
    /// What is asked.
    pub asked: String,
    /// What is the case.
    pub fact: String,
    /// Whether it is met.
    pub met: bool,
}

impl Demand {
    /// Whether it looks at a fact of [`FACTS`].
    fn looks_at(&self, fact: &str) -> bool {
        match fact {
            "goedkeuringen" => self.code == "voorwaarde.goedkeuring",
            "treffers" => matches!(self.code, "voorwaarde.treffers" | "uitvoer.drempel"),
            _ => self.code.ends_with(fact),
        }
    }
}

/// Answers an inquiry.
#[must_use]
pub fn explain(covenant: &Covenant, inquiry: &Inquiry) -> Explained {
    let question = &inquiry.question;
    let cell = Cell {
        role: question.role.clone(),
        purpose: question.purpose.clone(),
        source: question.from.clone(),
        signal: question.about.clone(),
        shows: question.shows,
    };
    let closed = |because| Explained {
        covenant: covenant.id().to_string(),
        version: covenant.version(),
        question: coordinates(&cell),
        decision: "withhold",
        because: Some(because),
        clause: None,
        prohibition: None,
        nearest: None,
        trigger: None,
        basis: None,
        demands: Vec::new(),
        unused: inquiry::told(&inquiry.facts),
        output: Vec::new(),
        duties: Vec::new(),
        promises: Vec::new(),
    };
    match ruling(covenant, &cell) {
        Ruling::Prohibited(place) => Explained {
            prohibition: covenant.prohibitions().get(place).map(|p| Named {
                number: p.number.to_string(),
                title: p.title.clone(),
            }),
            clause: beneath(covenant, &cell).map(named),
            ..closed("prohibited")
        },
        Ruling::Closed => Explained {
            nearest: nearest(covenant, &cell),
            ..closed("not-named")
        },
        Ruling::Open(place) => match covenant.clauses().get(place) {
            None => closed("not-named"),
            Some(clause) => judged(covenant, clause, inquiry, closed("demands")),
        },
    }
}

/// The answer as text for people.
#[must_use]
pub fn text(covenant: &Covenant, explained: &Explained, lang: Lang) -> String {
    text::write(covenant, explained, lang)
}

fn judged(
    covenant: &Covenant,
    clause: &Clause,
    inquiry: &Inquiry,
    mut explained: Explained,
) -> Explained {
    let question = &inquiry.question;
    let (facts, unmet) = judge(covenant, clause, question.shows, &inquiry.facts);
    if unmet.is_empty() {
        explained.decision = "reveal";
        explained.because = None;
    }
    let recipient: PartyId = question.role.party();
    let term = |code, value| TermExplained { code, value };
    explained.clause = Some(named(clause));
    explained.trigger = Some(facts.trigger.as_str());
    explained.basis = basis_of(clause, &question.from, &recipient);
    explained.demands = demands::rows(clause, question.shows, &facts, &inquiry.facts, &unmet);
    explained
        .unused
        .retain(|fact| !explained.demands.iter().any(|d| d.looks_at(fact)));
    explained.output = output(&clause.output);
    explained.duties = Duty::of(&clause.duties)
        .into_iter()
        .map(|d| term(d.word(), d.value()))
        .collect();
    explained.promises = Promise::of(&clause.promises)
        .into_iter()
        .map(|p| term(p.word(), p.value()))
        .collect();
    explained
}

fn named(clause: &Clause) -> Named {
    Named {
        number: clause.number.to_string(),
        title: clause.title.clone(),
    }
}

fn coordinates(cell: &Cell) -> Coordinates {
    Coordinates {
        role: cell.role.to_string(),
        purpose: cell.purpose.to_string(),
        source: cell.source.to_string(),
        signal: cell.signal.to_string(),
        shows: cell.shows.as_str(),
    }
}

/// The clause that would open a cell if no prohibition closed it.
fn beneath<'c>(covenant: &'c Covenant, cell: &Cell) -> Option<&'c Clause> {
    covenant.clauses().iter().find(|clause| {
        clause.opens(
            &cell.role,
            &cell.purpose,
            &cell.source,
            &cell.signal,
            cell.shows,
        )
    })
}

/// The open cell with the fewest differences; of those, the first of the matrix.
fn nearest(covenant: &Covenant, cell: &Cell) -> Option<Nearest> {
    let open = table::open_cells(covenant).ok()?;
    let (differs, found) = open
        .into_iter()
        .map(|open| (differences(cell, &open.cell), open))
        .min_by_key(|(differs, _)| differs.len())?;
    Some(Nearest {
        clause: found.clause.to_string(),
        cell: coordinates(&found.cell),
        differs,
    })
}

fn differences(asked: &Cell, open: &Cell) -> Vec<&'static str> {
    let all = [
        ("rol", asked.role != open.role),
        ("doel", asked.purpose != open.purpose),
        ("van", asked.source != open.source),
        ("over", asked.signal != open.signal),
        ("toont", asked.shows != open.shows),
    ];
    all.into_iter()
        .filter_map(|(word, other)| other.then_some(word))
        .collect()
}
