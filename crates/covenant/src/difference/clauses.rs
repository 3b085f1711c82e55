//! Two clauses compared: every demand, and to which of their cells it matters.

use std::collections::BTreeMap;

use model::PartyId;

use super::DemandChange;
use super::demands;
use super::value::{Demand, Direction, Value, canonical};
use crate::language::clause::{Bases, Clause, LegalBasis, ReportBases};
use crate::language::span::Span;
use crate::language::words::{Shows, Trigger};
use crate::vocabulary::law::Exemption;

/// To which cells of a clause a changed demand matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Applies {
    /// To all.
    Everywhere,
    /// To none: the two mean the same, or nothing looks at it.
    Nowhere,
    /// To those of one source.
    Source(PartyId),
    /// To those of one recipient.
    Recipient(PartyId),
    /// To those of one level.
    Level(Shows),
    /// To those of one role and level, by their places.
    RoleAndLevel(u32, u32),
}

/// The changes of a pair of clauses.
#[derive(Default)]
pub(super) struct Found {
    pub(super) all: Vec<(DemandChange, Applies)>,
}

/// Everything in which two clauses differ, besides number, title and the words that name cells. A
/// field that is added to a clause doesn't compile here before it is compared.
pub(super) fn compare(before: &Clause, after: &Clause) -> Found {
    let Clause {
        number: _,
        title: _,
        to: _,
        purpose: _,
        triggers,
        comparisons,
        from: _,
        about: _,
        shows: _,
        attributes,
        advice,
        bases,
        conditions,
        limits,
        output,
        duties,
        promises,
    } = before;
    let mut found = Found::default();
    if before == after {
        return found;
    }
    let everywhere = Applies::Everywhere;
    let sets = [
        (
            Demand::Trigger,
            everywhere.clone(),
            Value::words(triggers),
            Value::words(&after.triggers),
        ),
        (
            Demand::Comparison,
            everywhere,
            Value::words(comparisons),
            Value::words(&after.comparisons),
        ),
        (
            Demand::Attributes,
            Applies::Level(Shows::Attributes),
            Value::words(attributes),
            Value::words(&after.attributes),
        ),
    ];
    for (demand, applies, before, after) in sets {
        found.set(demand, applies, before, after, Direction::Looser);
    }
    let advices = (
        Value::optional(advice.as_ref()),
        Value::optional(after.advice.as_ref()),
    );
    found.other(Demand::Advice, Applies::Level(Shows::Advice), advices);
    compare_bases(&mut found, bases, &after.bases);
    let asked = |clause: &Clause| clause.triggers.iter().any(|t| *t != Trigger::OnMatch);
    demands::conditions(&mut found, conditions, &after.conditions);
    let limited = if asked(before) || asked(after) {
        Applies::Everywhere
    } else {
        Applies::Nowhere
    };
    demands::limits(&mut found, &limited, limits, &after.limits);
    let triggered = |trigger| before.is_triggered_by(trigger) || after.is_triggered_by(trigger);
    demands::output(&mut found, &triggered, output, &after.output);
    demands::duties(&mut found, duties, &after.duties);
    demands::promises(&mut found, promises, &after.promises);
    found
}

fn compare_bases(found: &mut Found, before: &Bases, after: &Bases) {
    let Bases {
        supply,
        receive,
        supply_exemptions,
        receive_exemptions,
        decision,
        report_to_source,
    } = before;
    by_party(
        found,
        Demand::SupplyBasis,
        Applies::Source,
        supply,
        &after.supply,
        basis,
    );
    by_party(
        found,
        Demand::ReceiveBasis,
        Applies::Recipient,
        receive,
        &after.receive,
        basis,
    );
    let exemptions = |items: &Vec<Exemption>| Value::words(items);
    by_party(
        found,
        Demand::SupplyExemption,
        Applies::Source,
        supply_exemptions,
        &after.supply_exemptions,
        exemptions,
    );
    by_party(
        found,
        Demand::ReceiveExemption,
        Applies::Recipient,
        receive_exemptions,
        &after.receive_exemptions,
        exemptions,
    );
    let told = |d: &crate::language::ast::Reference| format!("{} ({})", d.mark, d.date);
    let decisions = (
        Value::optional(decision.as_ref().map(told)),
        Value::optional(after.decision.as_ref().map(told)),
    );
    found.other(Demand::Decision, Applies::Everywhere, decisions);
    let none = || ReportBases {
        supply: BTreeMap::new(),
        receive: BTreeMap::new(),
    };
    let ReportBases { supply, receive } = report_to_source.clone().unwrap_or_else(none);
    let after = after.report_to_source.clone().unwrap_or_else(none);
    by_party(
        found,
        Demand::ReportSupplyBasis,
        Applies::Recipient,
        &supply,
        &after.supply,
        basis,
    );
    by_party(
        found,
        Demand::ReportReceiveBasis,
        Applies::Source,
        &receive,
        &after.receive,
        basis,
    );
}

fn basis(basis: &LegalBasis) -> Value {
    Value::Word(match &basis.law {
        Some(law) => format!("{}, {} {}", basis.article, law.law, law.article),
        None => basis.article.to_string(),
    })
}

/// What stands for each party. A party that is not named is like one with nothing.
fn by_party<T>(
    found: &mut Found,
    demand: Demand,
    applies: fn(PartyId) -> Applies,
    before: &BTreeMap<PartyId, T>,
    after: &BTreeMap<PartyId, T>,
    value: impl Fn(&T) -> Value,
) {
    let of = |map: &BTreeMap<PartyId, T>, party| map.get(party).map_or(Value::Absent, &value);
    let more = after.keys().filter(|party| !before.contains_key(*party));
    for party in before.keys().chain(more) {
        let (before, after) = (of(before, party), of(after, party));
        if before != after {
            let change = DemandChange {
                demand,
                party: Some(party.clone()),
                before,
                after,
                direction: Direction::Other,
            };
            found.all.push((change, applies(party.clone())));
        }
    }
}

impl Found {
    pub(super) fn add(
        &mut self,
        demand: Demand,
        applies: Applies,
        (before, after): (Value, Value),
        direction: Direction,
    ) {
        if before != after {
            let change = DemandChange {
                demand,
                party: None,
                before,
                after,
                direction,
            };
            self.all.push((change, applies));
        }
    }

    /// Values without an order.
    pub(super) fn other(&mut self, demand: Demand, applies: Applies, values: (Value, Value)) {
        self.add(demand, applies, values, Direction::Other);
    }

    /// Sets of which a larger one is `more`.
    pub(super) fn set(
        &mut self,
        demand: Demand,
        applies: Applies,
        before: Value,
        after: Value,
        more: Direction,
    ) {
        let direction = of_sets(&before, &after, more);
        self.add(demand, applies, (before, after), direction);
    }

    /// A number of which more is asked: higher is stricter, and `least` is as good as nothing.
    pub(super) fn at_least(
        &mut self,
        demand: Demand,
        applies: Applies,
        (before, after): (Option<u32>, Option<u32>),
        least: u32,
    ) {
        let rank = |number: Option<u32>| number.unwrap_or(least).max(least);
        let applies = if rank(before) == rank(after) {
            Applies::Nowhere
        } else {
            applies
        };
        let direction = Direction::stricter_if(rank(after) > rank(before));
        let values = (Value::number(before), Value::number(after));
        self.add(demand, applies, values, direction);
    }

    /// A number that is the most: lower is stricter, none is without end.
    pub(super) fn at_most(
        &mut self,
        demand: Demand,
        applies: Applies,
        (before, after): (Option<u32>, Option<u32>),
    ) {
        let rank = |number: Option<u32>| number.map_or(u64::MAX, u64::from);
        let direction = Direction::stricter_if(rank(after) < rank(before));
        let values = (Value::number(before), Value::number(after));
        self.add(demand, applies, values, direction);
    }

    pub(super) fn flag(&mut self, demand: Demand, applies: Applies, before: bool, after: bool) {
        let values = (Value::flag(before), Value::flag(after));
        self.add(demand, applies, values, Direction::stricter_if(after));
    }

    /// A time that must not be exceeded: shorter is stricter, none is without end.
    pub(super) fn shorter(&mut self, demand: Demand, spans: (Option<Span>, Option<Span>)) {
        let (direction, same) = of_spans(spans, true);
        self.spans(demand, Applies::Everywhere, spans, direction, same);
    }

    /// A time that must pass: longer is stricter, none is no time.
    pub(super) fn longer(
        &mut self,
        demand: Demand,
        applies: Applies,
        spans: (Option<Span>, Option<Span>),
    ) {
        let (direction, same) = of_spans(spans, false);
        self.spans(demand, applies, spans, direction, same);
    }

    fn spans(
        &mut self,
        demand: Demand,
        applies: Applies,
        (before, after): (Option<Span>, Option<Span>),
        direction: Direction,
        same: bool,
    ) {
        let applies = if same { Applies::Nowhere } else { applies };
        let values = (Value::span(before), Value::span(after));
        self.add(demand, applies, values, direction);
    }
}

/// Which way a set went: `more` when it grew, the other way when it shrank.
pub(super) fn of_sets(before: &Value, after: &Value, more: Direction) -> Direction {
    let (before, after) = (before.set(), after.set());
    let less = match more {
        Direction::Stricter => Direction::Looser,
        Direction::Looser => Direction::Stricter,
        Direction::Other => Direction::Other,
    };
    if before.is_subset(&after) {
        more
    } else if after.is_subset(&before) {
        less
    } else {
        Direction::Other
    }
}

/// Which way a span went, and whether it lasts as long as before.
pub(super) fn of_spans(
    (before, after): (Option<Span>, Option<Span>),
    shorter_is_stricter: bool,
) -> (Direction, bool) {
    let none = if shorter_is_stricter { u64::MAX } else { 0 };
    let rank = |span: Option<Span>| span.map_or(none, Span::about_hours);
    let same = before.map(canonical) == after.map(canonical);
    let direction = match rank(after).cmp(&rank(before)) {
        std::cmp::Ordering::Less => Direction::stricter_if(shorter_is_stricter),
        std::cmp::Ordering::Greater => Direction::stricter_if(!shorter_is_stricter),
        std::cmp::Ordering::Equal => Direction::Other,
    };
    (direction, same)
}
