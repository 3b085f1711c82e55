//! What a decision reveals, over facts at and around every boundary.

use model::ProtectionStatement;

use crate::decide::tests::world::{World, now};
use crate::decide::{
    Asking, Cell, Counters, Decision, Duty, Facts, Protections, Shown, Tally, TermExplained, decide,
};
use crate::difference::{Demand, DemandChange, Value};
use crate::language::words::{LoginLevel, Shows, Trigger};

/// Everything that a disclosure of one cell comes with; `None` where it is withheld.
#[derive(PartialEq, Debug)]
pub(super) struct Told {
    shown: Vec<Shown>,
    duties: Vec<Duty>,
    basis: Option<crate::decide::BasisExplained>,
    promises: Vec<TermExplained>,
    output: Vec<TermExplained>,
}

pub(super) fn told(world: &World, cell: &Cell, facts: &Facts) -> Option<Told> {
    let decision = decide(&world.active, &world.standing, cell, facts, now());
    let Decision::Reveal(permit) = decision else {
        return None;
    };
    let explanation = permit.explanation();
    let duties = permit.duties();
    let mut output = explanation.output;
    output.retain(|term| match term.code {
        "bij_niets" | "antwoord_na" => true,
        "bundelen" => facts.trigger == Trigger::OnMatch,
        "gebied" => facts.trigger == Trigger::Scan || cell.shows == Shows::Count,
        _ => cell.shows == Shows::Count,
    });
    Some(Told {
        duties,
        basis: explanation.basis,
        promises: explanation.promises,
        output,
        shown: permit
            .project(|_| Ok::<(), ()>(()))
            .unwrap()
            .shown()
            .to_vec(),
    })
}

/// Facts that meet any clause of these tests, and each of them moved over every boundary that
/// these clauses have. On a match nobody asks, so nothing is counted.
pub(super) fn facts() -> Vec<Facts> {
    let mut all = Vec::new();
    for trigger in Trigger::ALL {
        let whole = whole(*trigger);
        all.push(whole);
        let mut with = |change: &dyn Fn(&mut Facts)| {
            let mut facts = whole;
            change(&mut facts);
            all.push(facts);
        };
        for few in 0..5 {
            // Where there are signals there is a party.
            let some = if few == 0 { 0 } else { 9 };
            for tally in [Tally::new(few, some), Tally::new(some, few)] {
                with(&|f| {
                    (f.live, f.recent, f.reviewed) = (tally, tally, tally);
                    (f.in_area, f.counted) = (tally, tally);
                });
            }
            with(&|f| f.approvals = few);
            with(&|f| f.asking.counters = counters(*trigger, few));
        }
        let none = Tally::new(0, 0);
        with(&|f| f.recent = none);
        with(&|f| f.reviewed = none);
        with(&|f| f.in_area = none);
        with(&|f| f.of_cell = 0);
        with(&|f| f.asking.file_number = false);
        with(&|f| f.asking.motivation = false);
        with(&|f| f.asking.login_level = LoginLevel::Low);
        with(&|f| f.asking.login_level = LoginLevel::Substantial);
        with(&|f| f.waited = false);
        with(&|f| f.can_release = false);
        for statement in [ProtectionStatement::Unknown, ProtectionStatement::Present] {
            with(&|f| f.protections.minor = statement);
            with(&|f| f.protections.shielded_address = statement);
        }
        for asked in [5, 8, 9, 12, 13, 300, 301] {
            with(&|f| f.asking.counters = counters(*trigger, asked));
        }
        if *trigger != Trigger::OnMatch {
            // Each limit by itself: where one is always passed, another still counts.
            for asked in [1, 4, 5, 8, 9, 12, 13, 300, 301] {
                let rest = counters(*trigger, 0);
                with(&|f| {
                    f.asking.counters = Counters {
                        employee_today: asked,
                        ..rest
                    }
                });
                with(&|f| {
                    f.asking.counters = Counters {
                        party_today: asked,
                        ..rest
                    }
                });
                with(&|f| {
                    f.asking.counters = Counters {
                        subject_this_month: asked,
                        ..rest
                    }
                });
            }
        }
        for total in [0, 1, 9, 10, 11, 98, 99, 100] {
            with(&|f| f.total = total);
        }
        for percent in [39, 40, 41, 49, 50, 51] {
            with(&|f| f.largest_share_percent = percent);
        }
    }
    all
}

fn counters(trigger: Trigger, asked: u32) -> Counters {
    let asked = if trigger == Trigger::OnMatch {
        0
    } else {
        asked
    };
    Counters {
        employee_today: asked,
        party_today: asked,
        subject_this_month: asked,
    }
}

fn whole(trigger: Trigger) -> Facts {
    let enough = Tally::new(9, 9);
    Facts {
        trigger,
        asking: Asking {
            file_number: true,
            motivation: true,
            login_level: LoginLevel::High,
            counters: counters(trigger, 0),
        },
        live: enough,
        recent: enough,
        reviewed: enough,
        in_area: enough,
        counted: enough,
        of_cell: 9,
        protections: Protections::ABSENT,
        approvals: 9,
        waited: true,
        can_release: true,
        total: 1_000,
        largest_share_percent: 0,
    }
}

/// Whether a decision about one cell can tell that a demand changed. The others change which
/// signals count, or what people do around it.
pub(super) fn is_seen(change: &DemandChange) -> bool {
    let came_or_went = change.before == Value::Absent || change.after == Value::Absent;
    match change.demand {
        Demand::Within | Demand::Review | Demand::Areas => came_or_went,
        Demand::Comparison
        | Demand::CountedTogether
        | Demand::Approvers
        | Demand::ApprovedWithin
        | Demand::ReportSupplyBasis
        | Demand::ReportReceiveBasis => false,
        Demand::Trigger
        | Demand::Attributes
        | Demand::Advice
        | Demand::SupplyBasis
        | Demand::ReceiveBasis
        | Demand::SupplyExemption
        | Demand::ReceiveExemption
        | Demand::Decision
        | Demand::Hits
        | Demand::Parties
        | Demand::FileNumber
        | Demand::Motivation
        | Demand::Approvals
        | Demand::LoginLevel
        | Demand::NotAbout
        | Demand::PerEmployee
        | Demand::PerParty
        | Demand::PerSubject
        | Demand::Threshold
        | Demand::RoundTo
        | Demand::Dominance
        | Demand::Suppression
        | Demand::Area
        | Demand::Period
        | Demand::Embargo
        | Demand::AnswerAfter
        | Demand::Batching
        | Demand::Silence
        | Demand::Record
        | Demand::ReportWhen
        | Demand::ReportForm
        | Demand::InformBy
        | Demand::InformWithin
        | Demand::InformDeferral
        | Demand::Correct
        | Demand::Sample
        | Demand::Report
        | Demand::Retain
        | Demand::NoOnward
        | Demand::HumanDecides
        | Demand::Feedback
        | Demand::ReportBreach => true,
    }
}
