//! `voorwaarde`, `grens`, `uitvoer`, `plicht` and `belofte` of two clauses compared.

use model::Neighbourhood;

use super::clauses::{Applies, Found};
use super::value::{Demand, Direction, Value};
use crate::decide::lies_in;
use crate::language::clause::{
    Approval, Conditions, Duties, InformSubject, Limits, Output, Promises, ReportToSource,
};
use crate::language::words::{Frequency, LoginLevel, Review, Shows, Trigger};

pub(super) fn conditions(found: &mut Found, before: &Conditions, after: &Conditions) {
    let Conditions {
        hits,
        parties,
        within,
        file_number,
        motivation,
        review,
        approval,
        login_level,
        not_about,
        areas,
    } = before;
    let all = || Applies::Everywhere;
    found.at_least(Demand::Hits, all(), (*hits, after.hits), 1);
    found.at_least(Demand::Parties, all(), (*parties, after.parties), 1);
    found.shorter(Demand::Within, (*within, after.within));
    found.flag(Demand::FileNumber, all(), *file_number, after.file_number);
    found.flag(Demand::Motivation, all(), *motivation, after.motivation);
    let rank = |review: Option<Review>| match review {
        None => 0,
        Some(Review::Beforehand) => 1,
        Some(Review::PerCase) => 2,
    };
    let stricter = Direction::stricter_if(rank(after.review) > rank(*review));
    let reviews = (Value::optional(*review), Value::optional(after.review));
    found.add(Demand::Review, all(), reviews, stricter);
    approvals(found, approval.as_ref(), after.approval.as_ref());
    // Nobody logs in below the lowest level, so asking for it is asking nothing.
    let least = |level: &Option<LoginLevel>| level.unwrap_or(LoginLevel::Low);
    let (one, other) = (least(login_level), least(&after.login_level));
    let applies = if one == other {
        Applies::Nowhere
    } else {
        all()
    };
    let levels = (
        Value::optional(*login_level),
        Value::optional(after.login_level),
    );
    let stricter = Direction::stricter_if(other > one);
    found.add(Demand::LoginLevel, applies, levels, stricter);
    found.set(
        Demand::NotAbout,
        all(),
        Value::words(not_about.iter().map(|p| p.as_str())),
        Value::words(after.not_about.iter().map(|p| p.as_str())),
        Direction::Stricter,
    );
    in_areas(found, areas, &after.areas);
}

fn in_areas(found: &mut Found, before: &[Neighbourhood], after: &[Neighbourhood]) {
    let within = |some: &[Neighbourhood], all: &[Neighbourhood]| {
        all.is_empty()
            || (!some.is_empty() && some.iter().all(|s| all.iter().any(|a| lies_in(s, a))))
    };
    let (wider, narrower) = (within(before, after), within(after, before));
    let (applies, direction) = match (wider, narrower) {
        (true, true) => (Applies::Nowhere, Direction::Other),
        (true, false) => (Applies::Everywhere, Direction::Looser),
        (false, true) => (Applies::Everywhere, Direction::Stricter),
        (false, false) => (Applies::Everywhere, Direction::Other),
    };
    let values = (Value::words(before), Value::words(after));
    found.add(Demand::Areas, applies, values, direction);
}

fn approvals(found: &mut Found, before: Option<&Approval>, after: Option<&Approval>) {
    let all = || Applies::Everywhere;
    let count = |approval: Option<&Approval>| approval.map(|a| a.count.max(1));
    found.at_least(Demand::Approvals, all(), (count(before), count(after)), 0);
    let by = |approval: Option<&Approval>| {
        approval.map_or(Value::Absent, |Approval { by, .. }| Value::words(by))
    };
    match (before, after) {
        (Some(_), Some(_)) => {
            let (before, after) = (by(before), by(after));
            found.set(Demand::Approvers, all(), before, after, Direction::Looser);
        }
        _ => {
            let stricter = Direction::stricter_if(after.is_some());
            found.add(Demand::Approvers, all(), (by(before), by(after)), stricter);
        }
    }
    let spans = (before.map(|a| a.within), after.map(|a| a.within));
    found.shorter(Demand::ApprovedWithin, spans);
}

pub(super) fn limits(found: &mut Found, applies: &Applies, before: &Limits, after: &Limits) {
    let Limits {
        per_employee_per_day,
        per_party_per_day,
        per_subject_per_month,
    } = before;
    let limits = [
        (
            Demand::PerEmployee,
            per_employee_per_day,
            after.per_employee_per_day,
        ),
        (Demand::PerParty, per_party_per_day, after.per_party_per_day),
        (
            Demand::PerSubject,
            per_subject_per_month,
            after.per_subject_per_month,
        ),
    ];
    for (demand, before, after) in limits {
        found.at_most(demand, applies.clone(), (*before, after));
    }
}

pub(super) fn output(
    found: &mut Found,
    triggered: &dyn Fn(Trigger) -> bool,
    before: &Output,
    after: &Output,
) {
    let Output {
        threshold,
        round_to,
        dominance_percent,
        complementary_suppression,
        area,
        period,
        embargo,
        answer_after,
        batching,
        silence,
    } = before;
    let counted = || Applies::Level(Shows::Count);
    let some_if = |applies, yes| if yes { applies } else { Applies::Nowhere };
    found.at_least(
        Demand::Threshold,
        counted(),
        (*threshold, after.threshold),
        1,
    );
    found.at_least(Demand::RoundTo, counted(), (*round_to, after.round_to), 1);
    found.at_most(
        Demand::Dominance,
        counted(),
        (*dominance_percent, after.dominance_percent),
    );
    found.flag(
        Demand::Suppression,
        counted(),
        *complementary_suppression,
        after.complementary_suppression,
    );
    let places = if triggered(Trigger::Scan) {
        Applies::Everywhere
    } else {
        counted()
    };
    let direction = coarser(area.as_ref(), after.area.as_ref());
    let areas = (Value::optional(*area), Value::optional(after.area));
    found.add(Demand::Area, places, areas, direction);
    let direction = coarser(period.as_ref(), after.period.as_ref());
    let periods = (Value::optional(*period), Value::optional(after.period));
    found.add(Demand::Period, counted(), periods, direction);
    found.longer(Demand::Embargo, counted(), (*embargo, after.embargo));
    let answers = (*answer_after, after.answer_after);
    found.longer(Demand::AnswerAfter, Applies::Everywhere, answers);
    let noticed = some_if(Applies::Everywhere, triggered(Trigger::OnMatch));
    let batches = (Value::optional(*batching), Value::optional(after.batching));
    found.other(Demand::Batching, noticed, batches);
    let silences = (Value::word(silence), Value::word(&after.silence));
    found.other(Demand::Silence, Applies::Everywhere, silences);
}

/// Words in order from fine to coarse: coarser is stricter.
fn coarser<T: Ord>(before: Option<&T>, after: Option<&T>) -> Direction {
    match (before, after) {
        (Some(before), Some(after)) => Direction::stricter_if(after > before),
        _ => Direction::Other,
    }
}

/// More often is stricter; never is least.
fn more_often(before: Option<Frequency>, after: Option<Frequency>) -> Direction {
    let rank = |frequency: Option<Frequency>| match frequency {
        None => 0,
        Some(Frequency::Yearly) => 1,
        Some(Frequency::Quarterly) => 2,
        Some(Frequency::Monthly) => 3,
        Some(Frequency::Weekly) => 4,
        Some(Frequency::Daily) => 5,
        Some(Frequency::Immediate) => 6,
    };
    Direction::stricter_if(rank(after) > rank(before))
}

/// Something more is stricter, something less looser, something else neither.
fn there<T>(before: Option<&T>, after: Option<&T>) -> Direction {
    match (before, after) {
        (None, Some(_)) => Direction::Stricter,
        (Some(_), None) => Direction::Looser,
        _ => Direction::Other,
    }
}

pub(super) fn duties(found: &mut Found, before: &Duties, after: &Duties) {
    let Duties {
        record,
        report_to_source,
        inform_subject,
        correct,
        sample_percent,
        report,
    } = before;
    let all = || Applies::Everywhere;
    let direction = there(record.as_ref(), after.record.as_ref());
    let records = (Value::optional(*record), Value::optional(after.record));
    found.add(Demand::Record, all(), records, direction);
    let split = |report: Option<ReportToSource>| {
        report.map_or((None, None), |ReportToSource { when, form }| {
            (Some(when), Some(form))
        })
    };
    let (when, form) = split(*report_to_source);
    let (when_after, form_after) = split(after.report_to_source);
    let direction = more_often(when, when_after);
    let values = (Value::optional(when), Value::optional(when_after));
    found.add(Demand::ReportWhen, all(), values, direction);
    let direction = there(form.as_ref(), form_after.as_ref());
    let values = (Value::optional(form), Value::optional(form_after));
    found.add(Demand::ReportForm, all(), values, direction);
    inform(
        found,
        inform_subject.as_ref(),
        after.inform_subject.as_ref(),
    );
    found.flag(Demand::Correct, all(), *correct, after.correct);
    let samples = (*sample_percent, after.sample_percent);
    found.at_least(Demand::Sample, all(), samples, 0);
    let direction = more_often(*report, after.report);
    let values = (Value::optional(*report), Value::optional(after.report));
    found.add(Demand::Report, all(), values, direction);
}

fn inform(found: &mut Found, before: Option<&InformSubject>, after: Option<&InformSubject>) {
    let all = || Applies::Everywhere;
    let presence = there(before, after);
    let by = |inform: Option<&InformSubject>| Value::optional(inform.map(|i| i.by.clone()));
    found.add(Demand::InformBy, all(), (by(before), by(after)), presence);
    let spans = (before.map(|i| i.within), after.map(|i| i.within));
    found.shorter(Demand::InformWithin, spans);
    let ground = |inform: Option<&InformSubject>| inform.and_then(|i| i.deferral);
    // A ground to put it off is no demand: without one the subject hears it sooner.
    let direction = match there(ground(before).as_ref(), ground(after).as_ref()) {
        Direction::Stricter => Direction::Looser,
        Direction::Looser => Direction::Stricter,
        Direction::Other => Direction::Other,
    };
    let grounds = (
        Value::optional(ground(before)),
        Value::optional(ground(after)),
    );
    found.add(Demand::InformDeferral, all(), grounds, direction);
}

pub(super) fn promises(found: &mut Found, before: &Promises, after: &Promises) {
    let Promises {
        retain,
        no_onward,
        human_decides,
        feedback,
        report_breach,
    } = before;
    let all = || Applies::Everywhere;
    found.shorter(Demand::Retain, (*retain, after.retain));
    found.flag(Demand::NoOnward, all(), *no_onward, after.no_onward);
    found.flag(
        Demand::HumanDecides,
        all(),
        *human_decides,
        after.human_decides,
    );
    found.shorter(Demand::Feedback, (*feedback, after.feedback));
    found.shorter(Demand::ReportBreach, (*report_breach, after.report_breach));
}
