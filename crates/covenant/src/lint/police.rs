//! Rules over police data: who may get it, how often, and what goes with it.

use crate::language::parse::DraftClause;
use crate::language::places::{Step, steps};
use crate::language::span::Span;
use crate::language::words::{Misuse, Nature, PartyKind, Shows, Trigger, Unit};
use crate::lint::bases::{Direction, handlers, recipients};
use crate::lint::{Rules, law, warning};
use crate::vocabulary::law::{Article, Exemption};

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        structural(rules, draft);
        single_case(rules, draft);
        safeguards(rules, draft);
        own_interest(rules, draft);
        ruled_out(rules, draft);
    }
    retention(rules);
}

/// Where the article of a basis stands: the text, or `artikel` in a table.
fn article<'a>(draft: &DraftClause, direction: Direction, party: &'a str) -> [Step<'a>; 6] {
    let key = direction.key();
    [
        Step::Key("regel"),
        Step::Index(draft.index),
        Step::Key("grondslag"),
        Step::Key(key),
        Step::Key(party),
        Step::Key("artikel"),
    ]
}

/// Wpg 18 is for those whom the decree names, and it names no landlords.
fn structural(rules: &Rules<'_>, draft: &DraftClause) {
    let landlord = recipients(draft).into_iter().find(|party| {
        let kind = rules.kind(party);
        kind.is_some_and(|k| matches!(k, PartyKind::HousingCorporation | PartyKind::Landlord))
    });
    let Some(landlord) = landlord else { return };
    let supply = &draft.clause.bases.supply;
    for (party, _) in supply.iter().filter(|(_, b)| b.article == Article::Wpg18) {
        rules.at(
            law::DECREE,
            &article(draft, Direction::Supply, party.as_str()),
            format!("het besluit bij Wpg 18 noemt geen partij zoals `{landlord}`"),
            format!("the decree of Wpg 18 names no party such as `{landlord}`"),
        );
    }
}

/// Wpg 19 is for one case at a time, weighed by a person.
fn single_case(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let supply = &clause.bases.supply;
    let Some((party, _)) = supply.iter().find(|(_, b)| b.article == Article::Wpg19) else {
        return;
    };
    if clause.is_triggered_by(Trigger::OnMatch) {
        rules.at_word(
            law::SINGLE_CASE,
            steps!["regel", draft.index, "aanleiding"],
            Trigger::OnMatch.as_str(),
            "wat vanzelf gaat is geen bijzonder geval (Wpg 19)".into(),
            "what goes by itself is no special case (Wpg 19)".into(),
        );
    } else if draft.demands_clean && clause.conditions.approval.is_none() {
        rules.at(
            law::SINGLE_CASE,
            &article(draft, Direction::Supply, party.as_str()),
            "niemand keurt hier elk geval apart goed".into(),
            "nobody approves each case here".into(),
        );
    }
}

/// Secrecy, a record, and word of what is corrected.
fn safeguards(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let police = clause.bases.supply.iter().any(|(party, basis)| {
        rules.kind(party) == Some(PartyKind::Police) && basis.article.is_police_supply()
    });
    let others = recipients(draft)
        .iter()
        .any(|r| rules.kind(r).is_some_and(|k| !k.is_criminal_justice()));
    if !police || !others || !draft.demands_clean {
        return;
    }
    let about_someone = clause.triggers.iter().any(|t| *t != Trigger::Scan)
        && clause.shows.iter().any(|s| *s != Shows::Count);
    let wanted = [
        ("belofte.niet_doorgeven", clause.promises.no_onward),
        ("plicht.vastleggen", clause.duties.record.is_some()),
        ("plicht.corrigeren", clause.duties.correct || !about_someone),
    ];
    let lacking: Vec<String> = wanted
        .into_iter()
        .filter(|(_, there)| !there)
        .map(|(key, _)| format!("`{key}`"))
        .collect();
    if !lacking.is_empty() {
        let list = lacking.join(", ");
        rules.at(
            warning::POLICE_SAFEGUARDS,
            steps!["regel", draft.index, "nummer"],
            format!("deze regel geeft politiegegevens door zonder {list}"),
            format!("this clause passes police data on without {list}"),
        );
    }
}

/// An offence that police recorded was seldom against the recipient or its staff.
fn own_interest(rules: &Rules<'_>, draft: &DraftClause) {
    if !draft.bases_clean {
        return;
    }
    let criminal = |signal| {
        let signal = rules.draft.signals.get(signal);
        signal.is_some_and(|s| s.nature == Nature::Criminal)
    };
    let from_police = draft.clause.from.iter().find(|party| {
        let about = &draft.clause.about;
        rules.kind(party) == Some(PartyKind::Police)
            && about
                .iter()
                .any(|s| criminal(s) && rules.is_source(party, s))
    });
    let Some(police) = from_police else { return };
    for (direction, party, list) in handlers(rules, draft, Nature::Criminal) {
        let alone = list
            .iter()
            .filter(|e| e.is_criminal())
            .all(|e| *e == Exemption::Uavg33_2b);
        if direction == Direction::Receive && alone && list.contains(&Exemption::Uavg33_2b) {
            rules.at_exemption(
                warning::OWN_INTEREST,
                draft,
                (direction, party),
                Exemption::Uavg33_2b,
                format!("`{police}` stuurt feiten die niet tegen `{party}` of haar personeel hoeven te zijn"),
                format!("`{police}` sends offences that need not be against `{party}` or its staff"),
            );
        }
    }
}

/// Police that receive for a targeted investigation, for a purpose that rules investigation out.
fn ruled_out(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let Some(purpose) = rules.draft.purposes.get(&clause.purpose) else {
        return;
    };
    if !purpose.not_for.contains(&Misuse::Investigation) {
        return;
    }
    let targeted = |a: Article| matches!(a, Article::Wpg9 | Article::Wpg10);
    for (party, basis) in &clause.bases.receive {
        if targeted(basis.article) {
            let (id, word) = (&clause.purpose, basis.article);
            rules.at(
                warning::RULED_OUT,
                &article(draft, Direction::Receive, party.as_str()),
                format!("het doel `{id}` is niet voor opsporing, en `{word}` is dat wel"),
                format!("the purpose `{id}` is not for investigation, and `{word}` is"),
            );
        }
    }
}

fn retention(rules: &Rules<'_>) {
    let years = |count| {
        Span {
            count,
            unit: Unit::Year,
        }
        .about_hours()
    };
    let police = rules.draft.clauses.iter().any(|c| {
        c.clause
            .bases
            .supply
            .values()
            .any(|b| b.article.is_police_supply())
    });
    if let Some(log) = &rules.draft.log
        && police
        && log.retention.about_hours() < years(4)
    {
        let kept = log.retention;
        rules.at(
            law::LOG_RETENTION,
            steps!["logboek", "bewaren_logboek"],
            format!("het logboek blijft {kept}, en met politiegegevens is 4 jaar het minste"),
            format!("the log is kept {kept}, and with police data 4 years is the least"),
        );
    }
    for signal in rules.draft.signals.values() {
        let from_police = signal
            .sources
            .iter()
            .any(|p| rules.kind(p) == Some(PartyKind::Police));
        if from_police && signal.expires_after.about_hours() > years(5) {
            rules.at(
                law::POLICE_RETENTION,
                steps!["signaal", signal.id.as_str(), "vervalt_na"],
                "de politie mag dit niet langer dan vijf jaar gebruiken".into(),
                "police may not use this longer than five years".into(),
            );
        }
    }
}
