//! A covenant changed a little, with and without effect.

use model::ClauseNo;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::decide::tests::properties::{WAYS, any_document, narrow, overlaps, prohibition};
use crate::language::ast::Document;
use crate::language::clause::Clause;
use crate::language::span::Span;
use crate::language::words::{Batching, Frequency, Period, Record, Silence};
use crate::vocabulary::law::Exemption;

/// How many ways there are to change a demand that is not looked at before, but goes with what is
/// shown.
pub(super) const DEMANDS: usize = 18;

/// Changes what goes with a disclosure.
pub(super) fn change(clause: &mut Clause, way: usize) {
    let span = |text| Span::parse(text);
    match way {
        0 => clause.promises.retain = span("2 weken"),
        1 => clause.promises.no_onward = !clause.promises.no_onward,
        2 => clause.promises.human_decides = !clause.promises.human_decides,
        3 => clause.promises.feedback = span("9 dagen"),
        4 => clause.promises.report_breach = span("48 uur"),
        5 => clause.duties.record = Some(Record::AllParties),
        6 => clause.duties.correct = !clause.duties.correct,
        7 => clause.duties.sample_percent = Some(7),
        8 => clause.duties.report = Some(Frequency::Yearly),
        9 => clause.duties.inform_subject = None,
        10 => clause.output.round_to = Some(3),
        11 => clause.output.dominance_percent = Some(40),
        12 => clause.output.period = Some(Period::Year),
        13 => clause.output.batching = Some(Batching::Weekly),
        14 => clause.output.silence = Silence::BelowThreshold,
        15 => {
            for items in clause.bases.supply_exemptions.values_mut() {
                *items = vec![Exemption::Uavg32a];
            }
        }
        16 => {
            let other = clause.bases.receive.values().next_back().cloned();
            if let (Some(basis), Some(other)) = (clause.bases.supply.values_mut().next(), other) {
                *basis = other;
            }
        }
        _ => clause.advice = model::AdviceCode::parse("ga-niet").ok(),
    }
}

/// How many ways there are to change nothing.
pub(super) const IDLE: usize = 10;

/// Changes a covenant without effect.
pub(super) fn idle(document: &mut Document, way: usize) {
    let last = document.clauses.len() - 1;
    let clause = &mut document.clauses[last];
    match way {
        0 => clause.title.push('!'),
        1 => clause.number = ClauseNo::parse("77.7").unwrap(),
        2 => clause.to.reverse(),
        3 => clause.about.reverse(),
        4 => document.clauses.reverse(),
        5 => {
            clause.conditions.hits = match clause.conditions.hits {
                None => Some(1),
                other => other,
            };
        }
        6 => document.header.title.push('!'),
        7 => document.examples.reverse(),
        8 => {
            let mut dead = clause.clone();
            dead.number = ClauseNo::parse("88.8").unwrap();
            dead.from = vec![dead.to[0].party()];
            dead.to.truncate(1);
            dead.triggers = vec![crate::language::words::Trigger::OnMatch];
            document.clauses.push(dead);
        }
        _ => {
            let mut idle =
                document.prohibitions.first().cloned().unwrap_or_else(|| {
                    crate::decide::tests::world::document().prohibitions[0].clone()
                });
            idle.number = ClauseNo::parse("99.9").unwrap();
            idle.to = crate::language::ast::Selection::Only(Vec::new());
            document.prohibitions.push(idle);
        }
    }
}

/// A covenant, and the same after a few changes.
pub(super) fn pair() -> impl Strategy<Value = [Document; 2]> {
    let changes = vec((any::<prop::sample::Index>(), 0..WAYS + DEMANDS + 2), 0..4);
    (any_document(), changes, prohibition(), any::<bool>()).prop_map(
        |(before, changes, more, turned)| {
            let mut after = before.clone();
            for (which, way) in changes {
                let which = which.index(after.clauses.len());
                let clause = &mut after.clauses[which];
                if way < WAYS {
                    narrow(clause, way);
                } else if way < WAYS + DEMANDS {
                    change(clause, way - WAYS);
                } else if way == WAYS + DEMANDS {
                    after.prohibitions.push(more.clone());
                } else if after.clauses.len() > 1 {
                    after.clauses.remove(which);
                }
            }
            assert!(!overlaps(&after));
            if turned {
                [after, before]
            } else {
                [before, after]
            }
        },
    )
}
