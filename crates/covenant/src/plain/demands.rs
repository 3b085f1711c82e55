//! What a clause asks, does and is promised.

use model::Protection;

use super::page::Page;
use super::phrase::{or, roles, span, told};
use super::terms::Term as _;
use crate::diagnostic::Lang;
use crate::language::clause::{
    Approval, Clause, Conditions, Duties, InformSubject, Limits, Output, Promises, ReportToSource,
};
use crate::language::covenant::Covenant;
use crate::language::span::Span;
use crate::language::words::{Record, ReportForm, Review, Silence};

pub(super) fn write(page: &mut Page<'_>, clause: &Clause) {
    let (covenant, lang) = (page.covenant, page.lang);
    let groups = [
        (
            "Dit moet eerst kloppen",
            "This must be so first",
            conditions(covenant, lang, &clause.conditions),
        ),
        (
            "Hoe vaak het mag",
            "How often it is allowed",
            limits(lang, &clause.limits),
        ),
        (
            "Zo ziet het antwoord eruit",
            "What the answer is like",
            output(lang, &clause.output),
        ),
        (
            "Dit doet de makelaar",
            "This is what the broker does",
            duties(covenant, lang, &clause.duties),
        ),
        (
            "Dit belooft de ontvanger, en de makelaar kan het niet afdwingen",
            "This is what the recipient promises, and the broker cannot enforce it",
            promises(lang, &clause.promises),
        ),
    ];
    for (nl, en, sentences) in groups {
        let head = page.pick(nl, en);
        page.group(head, &sentences);
    }
}

/// `voorwaarde`.
pub(crate) fn conditions(covenant: &Covenant, lang: Lang, conditions: &Conditions) -> Vec<String> {
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
    } = conditions;
    let mut all = quantities(lang, *hits, *parties, *within);
    all.extend(file_number.then(|| {
        told!(
            lang,
            "De vrager geeft het nummer van de afspraak of het dossier.",
            "The asker gives the number of the appointment or file."
        )
    }));
    all.extend(motivation.then(|| {
        told!(
            lang,
            "De vrager schrijft op waarom hij het vraagt.",
            "The asker writes down why it is asked."
        )
    }));
    all.extend(review.map(|review| match review {
        Review::Beforehand => told!(
            lang,
            "Een mens bij de bron heeft het signaal vooraf goedgekeurd.",
            "A person at the source has approved the signal beforehand."
        ),
        Review::PerCase => told!(
            lang,
            "Een mens bij de bron bekijkt elk geval apart.",
            "A person at the source looks at each case by itself."
        ),
    }));
    if let Some(asked) = approval {
        all.extend(approvals(covenant, lang, asked));
    }
    all.extend(login_level.map(|level| {
        let level = level.told(lang);
        told!(
            lang,
            "De vrager is ingelogd op niveau {level} of hoger.",
            "The asker is logged in at level {level} or higher."
        )
    }));
    all.extend(not_about.iter().map(|whom| excluded(lang, *whom)));
    if !areas.is_empty() {
        let areas = or(
            lang,
            &areas.iter().map(ToString::to_string).collect::<Vec<_>>(),
        );
        all.push(told!(
            lang,
            "Alleen signalen uit {areas} tellen mee.",
            "Only signals from {areas} count."
        ));
    }
    all
}

/// How many signals, of how many parties, and how old.
fn quantities(
    lang: Lang,
    hits: Option<u32>,
    parties: Option<u32>,
    within: Option<Span>,
) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(hits.map(|n| match n {
        1 => told!(
            lang,
            "Er is minstens 1 signaal.",
            "There is at least 1 signal."
        ),
        _ => told!(
            lang,
            "Er zijn minstens {n} signalen.",
            "There are at least {n} signals."
        ),
    }));
    all.extend(parties.map(|n| {
        told!(
            lang,
            "De signalen komen van minstens {n} verschillende partijen.",
            "The signals come from at least {n} different parties."
        )
    }));
    all.extend(within.map(|within| {
        let within = span(lang, within);
        told!(
            lang,
            "Alleen wat korter dan {within} geleden is gezien, telt mee.",
            "Only what was seen less than {within} ago counts."
        )
    }));
    all
}

/// `niet_over`.
fn excluded(lang: Lang, protection: Protection) -> String {
    let whom = protection.told(lang);
    told!(
        lang,
        "Het gaat niet over {whom}. Weet de bron dat niet, dan komt er niets.",
        "It is not about {whom}. If the source does not know, nothing comes."
    )
}

fn approvals(covenant: &Covenant, lang: Lang, approval: &Approval) -> Vec<String> {
    let Approval { count, by, within } = approval;
    let (within, by) = (span(lang, *within), or(lang, &roles(covenant, lang, by)));
    let first = match count {
        1 => told!(
            lang,
            "Eén mens geeft binnen {within} toestemming.",
            "One person gives permission within {within}."
        ),
        _ => told!(
            lang,
            "{count} mensen geven binnen {within} toestemming.",
            "{count} people give permission within {within}."
        ),
    };
    let second = told!(
        lang,
        "Toestemming komt van {by}.",
        "Permission comes from {by}."
    );
    vec![first, second]
}

/// `grens`.
pub(crate) fn limits(lang: Lang, limits: &Limits) -> Vec<String> {
    let Limits {
        per_employee_per_day,
        per_party_per_day,
        per_subject_per_month,
    } = limits;
    let times = |n: u32| match (lang, n) {
        (Lang::Nl, 1) => "1 vraag".to_owned(),
        (Lang::Nl, n) => format!("{n} vragen"),
        (Lang::En, 1) => "1 question".to_owned(),
        (Lang::En, n) => format!("{n} questions"),
    };
    let mut all = Vec::new();
    all.extend(per_employee_per_day.map(|n| {
        let n = times(n);
        told!(
            lang,
            "Na {n} op een dag geldt dit niet meer voor een medewerker.",
            "After {n} in a day this no longer holds for an employee."
        )
    }));
    all.extend(per_party_per_day.map(|n| {
        let n = times(n);
        told!(
            lang,
            "Na {n} op een dag geldt dit niet meer voor een partij.",
            "After {n} in a day this no longer holds for a party."
        )
    }));
    all.extend(per_subject_per_month.map(|n| {
        let n = times(n);
        told!(
            lang,
            "Na {n} in een maand over hetzelfde geldt dit niet meer voor een partij.",
            "After {n} about the same in a month this no longer holds for a party."
        )
    }));
    all
}

/// `uitvoer`.
pub(crate) fn output(lang: Lang, output: &Output) -> Vec<String> {
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
    } = output;
    let mut all = counts(
        lang,
        [*threshold, *round_to, *dominance_percent],
        *complementary_suppression,
    );
    all.extend(area.map(|area| {
        let area = area.told(lang);
        told!(
            lang,
            "Een plek wordt niet nauwkeuriger genoemd dan de {area}.",
            "A place is named no more closely than the {area}."
        )
    }));
    all.extend(period.map(|period| {
        let period = period.told(lang);
        told!(
            lang,
            "Er wordt geteld per {period}.",
            "It is counted by the {period}."
        )
    }));
    all.extend(embargo.map(|embargo| {
        let embargo = span(lang, embargo);
        told!(
            lang,
            "Signalen van de laatste {embargo} tellen niet mee.",
            "Signals of the last {embargo} do not count."
        )
    }));
    all.extend(answer_after.map(|wait| {
        let wait = span(lang, wait);
        told!(
            lang,
            "Het antwoord komt altijd pas na {wait}, ook als er niets is.",
            "The answer always comes only after {wait}, also when there is nothing."
        )
    }));
    all.extend(batching.map(|batching| {
        let when = batching.told(lang);
        told!(
            lang,
            "Berichten gaan {when} de deur uit, nooit meteen.",
            "Messages go out {when}, never at once."
        )
    }));
    all.push(match silence {
        Silence::NoStatement => told!(
            lang,
            "Is er niets, of mag het niet, dan hoort de ontvanger geen verschil.",
            "If there is nothing, or it is not allowed, the recipient hears no difference."
        ),
        Silence::BelowThreshold => told!(
            lang,
            "Is er niets, of mag het niet, dan staat er: onder de drempel.",
            "If there is nothing, or it is not allowed, it says: below the threshold."
        ),
    });
    all
}

/// What becomes of a count: its threshold, steps and largest share.
fn counts(
    lang: Lang,
    [threshold, round_to, dominance_percent]: [Option<u32>; 3],
    complementary_suppression: bool,
) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(threshold.map(|n| {
        told!(
            lang,
            "Onder de {n} komt er geen getal.",
            "Below {n} no number is given."
        )
    }));
    all.extend(round_to.map(|n| {
        told!(
            lang,
            "Een getal wordt naar beneden afgerond, in stappen van {n}.",
            "A number is rounded down, in steps of {n}."
        )
    }));
    all.extend(dominance_percent.map(|n| {
        told!(
            lang,
            "Komt meer dan {n} procent van één partij of plek, dan komt er geen getal.",
            "If more than {n} percent comes from one party or place, no number is given."
        )
    }));
    all.extend(complementary_suppression.then(|| {
        told!(
            lang,
            "Een weggelaten getal is niet uit te rekenen met de andere getallen.",
            "A number that is left out cannot be worked out from the others."
        )
    }));
    all
}

/// `plicht`.
pub(crate) fn duties(covenant: &Covenant, lang: Lang, duties: &Duties) -> Vec<String> {
    let Duties {
        record,
        report_to_source,
        inform_subject,
        correct,
        sample_percent,
        report,
    } = duties;
    let mut all = Vec::new();
    all.extend(record.map(|record| match record {
        Record::BothParties => told!(
            lang,
            "De makelaar schrijft het op voor de bron en de ontvanger.",
            "The broker writes it down for the source and the recipient."
        ),
        Record::AllParties => told!(
            lang,
            "De makelaar schrijft het op, en alle partijen zien de aantallen.",
            "The broker writes it down, and all parties see the numbers."
        ),
    }));
    all.extend(report_to_source.map(|report| {
        let ReportToSource { when, form } = report;
        let when = when.told(lang);
        match form {
            ReportForm::Counts => told!(
                lang,
                "De bron hoort {when} hoe vaak dit is gebeurd, en verder niets.",
                "The source hears {when} how often this happened, and nothing else."
            ),
            ReportForm::PerCase => told!(
                lang,
                "De bron hoort {when} van elk geval apart.",
                "The source hears {when} of each case by itself."
            ),
        }
    }));
    all.extend(
        inform_subject
            .as_ref()
            .map(|inform| informing(covenant, lang, inform)),
    );
    all.extend(correct.then(|| {
        told!(
            lang,
            "Wie het zag, hoort het als het signaal vervalt of verandert.",
            "Who saw it is told when the signal lapses or changes."
        )
    }));
    all.extend(sample_percent.map(|n| {
        told!(
            lang,
            "Van elke 100 keer gaan er {n} naar de auditor.",
            "Of every 100 times, {n} go to the auditor."
        )
    }));
    all.extend(report.map(|report| {
        let when = report.told(lang);
        told!(
            lang,
            "Alle partijen krijgen {when} cijfers.",
            "All parties get figures {when}."
        )
    }));
    all
}

/// `betrokkene_informeren`.
fn informing(covenant: &Covenant, lang: Lang, inform: &InformSubject) -> String {
    let (by, within) = (
        super::phrase::party(covenant, &inform.by),
        span(lang, inform.within),
    );
    let mut text = told!(
        lang,
        "{by} vertelt het binnen {within} aan de persoon over wie het gaat.",
        "{by} tells the person whom it is about within {within}."
    );
    if let Some(ground) = inform.deferral {
        text.push_str(&told!(
            lang,
            " Dat mag later, als {ground} dat toelaat.",
            " That may be later, where {ground} allows it."
        ));
    }
    text
}

/// `belofte`.
pub(crate) fn promises(lang: Lang, promises: &Promises) -> Vec<String> {
    let Promises {
        retain,
        no_onward,
        human_decides,
        feedback,
        report_breach,
    } = promises;
    let mut all = Vec::new();
    all.extend(retain.map(|limit| {
        let limit = span(lang, limit);
        told!(
            lang,
            "De ontvanger bewaart het hooguit {limit}.",
            "The recipient keeps it for at most {limit}."
        )
    }));
    all.extend(no_onward.then(|| {
        told!(
            lang,
            "De ontvanger geeft het aan niemand door.",
            "The recipient passes it on to nobody."
        )
    }));
    all.extend(human_decides.then(|| {
        told!(
            lang,
            "Een mens beslist wat ermee gebeurt, nooit een computer alleen.",
            "A person decides what is done with it, never a computer alone."
        )
    }));
    all.extend(feedback.map(|limit| {
        let limit = span(lang, limit);
        told!(
            lang,
            "De bron hoort binnen {limit} wat ermee is gedaan.",
            "The source hears within {limit} what was done with it."
        )
    }));
    all.extend(report_breach.map(|limit| {
        let limit = span(lang, limit);
        told!(
            lang,
            "Een datalek hoort de bron binnen {limit}.",
            "The source hears of a data breach within {limit}."
        )
    }));
    all
}
