//! Edits without effect: what differs and changes nothing that is agreed.

use std::collections::{BTreeMap, BTreeSet};

use model::ClauseNo;

use super::clauses;
use super::pairs::Pairs;
use super::value::Field;
use super::{Closure, DemandChange, Difference, Subject};
use crate::language::ast::{Example, Prohibition};
use crate::language::clause::Clause;
use crate::language::words::Shows;

/// One edit without effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit {
    /// The bytes of the file differ and its meaning does not: comments, layout, the order of keys,
    /// another spelling of the same.
    Layout,
    /// A text that only people read.
    Reworded {
        /// Of what.
        of: Subject,
        /// Which text.
        text: Text,
        /// In the first.
        before: String,
        /// In the second.
        after: String,
    },
    /// The same in another order.
    Reordered(Text),
    /// The words of a list in another order.
    WordsReordered(Subject, Field),
    /// A clause that opens nothing, there in the second only.
    DeadClauseAdded(ClauseNo),
    /// A clause that opened nothing, there in the first only.
    DeadClauseRemoved(ClauseNo),
    /// What one clause opened is opened by a clause with another number. Log texts and the ids of
    /// new decisions have the new number; a suspension of the one is none of the other.
    Renumbered {
        /// The clause of the first.
        before: ClauseNo,
        /// The clause of the second.
        after: ClauseNo,
        /// How many open cells went from the one to the other.
        cells: usize,
    },
    /// A word of a clause that opens no cell there came or went.
    IdleWord {
        /// The clause.
        clause: ClauseNo,
        /// In which list.
        list: ListField,
        /// The word.
        word: String,
        /// Whether it came.
        added: bool,
    },
    /// A demand that matters to no cell of the clause.
    IdleDemand {
        /// The clause of the second.
        clause: ClauseNo,
        /// The demand.
        change: DemandChange,
    },
    /// A prohibition that closes nothing which would be open, there in the second only.
    ProhibitionAdded(ClauseNo),
    /// A prohibition that closed nothing which would be open, there in the first only.
    ProhibitionRemoved(ClauseNo),
    /// A prohibition that covers other cells, none of which opens or closes by it.
    ProhibitionChanged(ClauseNo),
    /// An example, there in the second only.
    ExampleAdded(String),
    /// An example, there in the first only.
    ExampleRemoved(String),
    /// An example with another question, other facts or another outcome.
    ExampleChanged(String),
}

/// Something that only people read, or that has no order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Text {
    /// `titel`.
    Title,
    /// `uitleg`, or what stands behind a role.
    Explanation,
    /// `taal`.
    Language,
    /// A field that is written otherwise and means the same.
    Field(Field),
    /// The clauses.
    Clauses,
    /// The prohibitions.
    Prohibitions,
    /// The examples.
    Examples,
}

/// A list of words by which a clause names cells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ListField {
    /// `aan`.
    To,
    /// `van`.
    From,
    /// `over`.
    About,
    /// `toont`.
    Shows,
    /// `doel`.
    Purpose,
}

impl ListField {
    /// As a covenant writes it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::To => "aan",
            Self::From => "van",
            Self::About => "over",
            Self::Shows => "toont",
            Self::Purpose => "doel",
        }
    }
}

/// Adds every edit of clauses, prohibitions and examples; and the layout, where all the typed
/// tree is the same.
pub(super) fn name(pairs: &Pairs<'_>, difference: &mut Difference) {
    let mut edits = Vec::new();
    clause_edits(pairs, &mut edits);
    let covered = closures(difference);
    prohibition_edits(pairs, &covered, &mut edits);
    let (before, after) = (pairs.before.examples(), pairs.after.examples());
    example_edits(before, after, &mut edits);
    difference.without_effect.extend(edits);
    let other_bytes = difference.before.file != difference.after.file;
    if other_bytes && difference.is_none() && difference.without_effect.is_empty() {
        difference.without_effect.push(Edit::Layout);
    }
}

fn clause_edits(pairs: &Pairs<'_>, edits: &mut Vec<Edit>) {
    for (pair, keys) in &pairs.stayed {
        if let Some((before, after)) = pairs.clauses(*pair)
            && before.number != after.number
        {
            edits.push(Edit::Renumbered {
                before: before.number.clone(),
                after: after.number.clone(),
                cells: keys.len(),
            });
        }
    }
    let mates = mates(pairs);
    for pair in &mates {
        if let Some((before, after)) = pairs.clauses(*pair) {
            texts(before, after, edits);
        }
    }
    let opens = |open: &[super::cells::Open], at| open.iter().any(|(_, by)| *by == at);
    // Clauses that share no cell and have one number are compared for what they say, unless the
    // second opens cells: these are told as opened, with all that it demands.
    for pair in mates.iter().filter(|pair| !pairs.stayed.contains_key(pair)) {
        if let Some((before, after)) = pairs.clauses(*pair)
            && !opens(&pairs.open_after, pair.1)
        {
            for (change, _) in clauses::compare(before, after).all {
                edits.push(Edit::IdleDemand {
                    clause: after.number.clone(),
                    change,
                });
            }
        }
    }
    idle_words(pairs, &mates, edits);
    for (at, clause) in pairs.before.clauses().iter().enumerate() {
        if !mates.iter().any(|(one, _)| *one == at) && !opens(&pairs.open_before, at) {
            edits.push(Edit::DeadClauseRemoved(clause.number.clone()));
        }
    }
    for (at, clause) in pairs.after.clauses().iter().enumerate() {
        if !mates.iter().any(|(_, other)| *other == at) && !opens(&pairs.open_after, at) {
            edits.push(Edit::DeadClauseAdded(clause.number.clone()));
        }
    }
    let same_number = mates.iter().filter(|pair| {
        let numbers = pairs.clauses(**pair);
        numbers.is_some_and(|(before, after)| before.number == after.number)
    });
    if !same_number.map(|(_, to)| *to).is_sorted() {
        edits.push(Edit::Reordered(Text::Clauses));
    }
}

/// Clauses that belong together: those that share open cells, and of the others those with one
/// number.
fn mates(pairs: &Pairs<'_>) -> BTreeSet<(usize, usize)> {
    let mut mates: BTreeSet<(usize, usize)> = pairs.stayed.keys().copied().collect();
    let shared = mates.clone();
    let lone_before = |at: usize| !shared.iter().any(|(one, _)| *one == at);
    let lone_after = |at: usize| !shared.iter().any(|(_, other)| *other == at);
    let after: BTreeMap<&ClauseNo, usize> = pairs
        .after
        .clauses()
        .iter()
        .enumerate()
        .map(|(at, c)| (&c.number, at))
        .collect();
    for (at, clause) in pairs.before.clauses().iter().enumerate() {
        if let Some(to) = after.get(&clause.number)
            && lone_before(at)
            && lone_after(*to)
        {
            mates.insert((at, *to));
        }
    }
    mates
}

/// Title and order of a clause.
fn texts(before: &Clause, after: &Clause, edits: &mut Vec<Edit>) {
    if before.title != after.title {
        edits.push(Edit::Reworded {
            of: Subject::Clause(after.number.clone()),
            text: Text::Title,
            before: before.title.clone(),
            after: after.title.clone(),
        });
    }
    let (one, other) = (lists(before), lists(after));
    let reordered = one.iter().zip(&other).any(|(one, other)| {
        let sorted = |list: &Vec<String>| list.iter().cloned().collect::<BTreeSet<_>>();
        one != other && sorted(one) == sorted(other)
    });
    if reordered {
        let clause = Subject::Clause(after.number.clone());
        edits.push(Edit::WordsReordered(clause, Field::Words));
    }
}

/// Every list of a clause whose order has no meaning.
fn lists(clause: &Clause) -> Vec<Vec<String>> {
    fn words<T: ToString>(items: &[T]) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }
    let mut all = vec![
        words(&clause.to),
        words(&clause.triggers),
        words(&clause.comparisons),
        words(&clause.from),
        words(&clause.about),
        words(&clause.shows),
        words(&clause.attributes),
        words(&clause.conditions.areas),
    ];
    let protections = clause.conditions.not_about.iter();
    all.push(protections.map(|p| p.as_str().to_owned()).collect());
    let approval = clause.conditions.approval.as_ref();
    all.push(approval.map_or_else(Vec::new, |a| words(&a.by)));
    let (supply, receive) = (
        clause.bases.supply_exemptions.values(),
        clause.bases.receive_exemptions.values(),
    );
    all.extend(supply.chain(receive).map(|items| words(items)));
    all
}

/// Words that came to or went from a clause and have no open cell in it.
fn idle_words(pairs: &Pairs<'_>, mates: &BTreeSet<(usize, usize)>, edits: &mut Vec<Edit>) {
    // Each clause once, beside all that it shares cells with.
    let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut after: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, to) in mates {
        before.entry(*at).or_default().push(*to);
        after.entry(*to).or_default().push(*at);
    }
    for (at, others) in before {
        let Some(clause) = pairs.before.clauses().get(at) else {
            continue;
        };
        let others = others
            .iter()
            .filter_map(|to| pairs.after.clauses().get(*to));
        let open = Alive::of(pairs, &pairs.open_before, at);
        for (list, word) in unlike(clause, others) {
            if !open.has(list, &word) {
                let clause = clause.number.clone();
                let added = false;
                edits.push(Edit::IdleWord {
                    clause,
                    list,
                    word,
                    added,
                });
            }
        }
    }
    for (to, others) in after {
        let Some(clause) = pairs.after.clauses().get(to) else {
            continue;
        };
        let others = others
            .iter()
            .filter_map(|at| pairs.before.clauses().get(*at));
        let open = Alive::of(pairs, &pairs.open_after, to);
        for (list, word) in unlike(clause, others) {
            if !open.has(list, &word) {
                let clause = clause.number.clone();
                let added = true;
                edits.push(Edit::IdleWord {
                    clause,
                    list,
                    word,
                    added,
                });
            }
        }
    }
}

/// The words of a clause that name cells and that none of `others` has.
fn unlike<'c>(
    clause: &Clause,
    others: impl Iterator<Item = &'c Clause>,
) -> BTreeSet<(ListField, String)> {
    let mut own = named(clause);
    for other in others {
        let theirs = named(other);
        own.retain(|word| !theirs.contains(word));
    }
    own
}

fn named(clause: &Clause) -> BTreeSet<(ListField, String)> {
    let to = clause.to.iter().map(|w| (ListField::To, w.to_string()));
    let from = clause.from.iter().map(|w| (ListField::From, w.to_string()));
    let about = clause
        .about
        .iter()
        .map(|w| (ListField::About, w.to_string()));
    let shows = clause
        .shows
        .iter()
        .map(|w| (ListField::Shows, w.to_string()));
    let purpose = (ListField::Purpose, clause.purpose.to_string());
    to.chain(from)
        .chain(about)
        .chain(shows)
        .chain([purpose])
        .collect()
}

/// The words of the open cells of one clause.
struct Alive {
    words: BTreeSet<(ListField, String)>,
}

impl Alive {
    fn of(pairs: &Pairs<'_>, open: &[super::cells::Open], clause: usize) -> Self {
        let mut places: [BTreeSet<u32>; 5] = Default::default();
        let mut sample = Vec::new();
        for (key, _) in open.iter().filter(|(_, at)| *at == clause) {
            let mut new = false;
            for (known, place) in places.iter_mut().zip(key) {
                new |= known.insert(*place);
            }
            if new {
                sample.push(*key);
            }
        }
        let mut words = BTreeSet::new();
        for cell in sample.into_iter().filter_map(|key| pairs.names.cell(key)) {
            words.insert((ListField::To, cell.role.to_string()));
            words.insert((ListField::From, cell.source.to_string()));
            words.insert((ListField::About, cell.signal.to_string()));
            words.insert((ListField::Shows, Shows::as_str(cell.shows).to_owned()));
            words.insert((ListField::Purpose, cell.purpose.to_string()));
        }
        Self { words }
    }

    fn has(&self, list: ListField, word: &str) -> bool {
        self.words.contains(&(list, word.to_owned()))
    }
}

/// The prohibitions by which a cell opened or closed.
fn closures(difference: &Difference) -> BTreeSet<ClauseNo> {
    let opened = difference.opened.iter().map(|o| &o.was);
    let closed = difference.closed.iter().map(|c| &c.now);
    opened
        .chain(closed)
        .filter_map(|closure| match closure {
            Closure::Prohibited(number) => Some(number.clone()),
            Closure::NotNamed => None,
        })
        .collect()
}

fn prohibition_edits(pairs: &Pairs<'_>, covered: &BTreeSet<ClauseNo>, edits: &mut Vec<Edit>) {
    let (before, after) = (pairs.before.prohibitions(), pairs.after.prohibitions());
    let find =
        |all: &'_ [Prohibition], number: &ClauseNo| all.iter().position(|p| p.number == *number);
    for old in before.iter().filter(|p| find(after, &p.number).is_none()) {
        if !covered.contains(&old.number) {
            edits.push(Edit::ProhibitionRemoved(old.number.clone()));
        }
    }
    for new in after {
        let number = || new.number.clone();
        let old = find(before, &new.number).and_then(|at| before.get(at));
        let Some(old) = old else {
            if !covered.contains(&new.number) {
                edits.push(Edit::ProhibitionAdded(number()));
            }
            continue;
        };
        if old.title != new.title {
            edits.push(Edit::Reworded {
                of: Subject::Prohibition(number()),
                text: Text::Title,
                before: old.title.clone(),
                after: new.title.clone(),
            });
        }
        let untitled = Prohibition {
            title: new.title.clone(),
            ..old.clone()
        };
        if untitled == *new || covered.contains(&new.number) {
            continue;
        }
        edits.push(if sorted(&untitled) == sorted(new) {
            Edit::WordsReordered(Subject::Prohibition(number()), Field::Words)
        } else {
            Edit::ProhibitionChanged(number())
        });
    }
    let order: Vec<usize> = before
        .iter()
        .filter_map(|p| find(after, &p.number))
        .collect();
    if !order.is_sorted() {
        edits.push(Edit::Reordered(Text::Prohibitions));
    }
}

/// What a prohibition covers, without the order of its words.
fn sorted(prohibition: &Prohibition) -> Prohibition {
    fn sort<T: Ord + Clone>(selection: &mut crate::language::ast::Selection<T>) {
        if let crate::language::ast::Selection::Only(items) = selection {
            items.sort_unstable();
        }
    }
    let mut sorted = prohibition.clone();
    sort(&mut sorted.to);
    sort(&mut sorted.purpose);
    sort(&mut sorted.from);
    sort(&mut sorted.about);
    sort(&mut sorted.shows);
    sorted
}

fn example_edits(before: &[Example], after: &[Example], edits: &mut Vec<Edit>) {
    // Names need not differ, so whole examples are crossed off first.
    let mut new: Vec<&Example> = after.iter().collect();
    let mut old = Vec::new();
    let mut places = Vec::new();
    for example in before {
        match new.iter().position(|e| *e == example) {
            Some(at) => drop(new.remove(at)),
            None => old.push(example),
        }
        places.extend(after.iter().position(|e| e == example));
    }
    for example in old {
        match new.iter().position(|e| e.name == example.name) {
            Some(at) => {
                new.remove(at);
                edits.push(Edit::ExampleChanged(example.name.clone()));
            }
            None => edits.push(Edit::ExampleRemoved(example.name.clone())),
        }
    }
    let added = new.into_iter().map(|e| Edit::ExampleAdded(e.name.clone()));
    edits.extend(added);
    if !places.is_sorted() {
        edits.push(Edit::Reordered(Text::Examples));
    }
}
