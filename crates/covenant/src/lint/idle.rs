//! Warnings about demands that are always met, and about words of the law that nothing asks for.

use std::collections::BTreeMap;

use model::{Neighbourhood, PartyId};

use crate::language::parse::DraftClause;
use crate::language::places::{Step, steps};
use crate::language::words::{LoginLevel, Nature, Shows, Trigger};
use crate::lint::bases::{Direction, handlers, of_exemptions};
use crate::lint::{Rules, meaning, warning};
use crate::vocabulary::law::Exemption;

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        numbers(rules, draft);
        qualities(rules, draft);
        limits(rules, draft);
        nobody(rules, draft);
        decision(rules, draft);
        exemptions(rules, draft);
    }
    for signal in rules.draft.signals.values() {
        let never = |span: crate::language::span::Span| {
            span.about_hours() >= signal.expires_after.about_hours()
        };
        if signal.reassess.is_some_and(never) {
            rules.at(
                warning::NO_EFFECT,
                steps!["signaal", signal.id.as_str(), "herbeoordelen"],
                "het signaal vervalt voor iemand er weer naar kijkt".into(),
                "the signal lapses before anybody looks at it again".into(),
            );
        }
    }
}

fn idle(rules: &Rules<'_>, draft: &DraftClause, section: &str, key: &str, nl: &str, en: &str) {
    rules.at_key(
        warning::NO_EFFECT,
        steps!["regel", draft.index, section, key],
        format!("`{section}.{key}` heeft hier geen gevolg: {nl}"),
        format!("`{section}.{key}` has no effect here: {en}"),
    );
}

/// At least one signal of one party is there whenever anything is shown.
fn numbers(rules: &Rules<'_>, draft: &DraftClause) {
    let conditions = &draft.clause.conditions;
    let parties = conditions.parties.unwrap_or(1);
    if conditions.parties == Some(1) {
        let (nl, en) = ("een partij is er altijd", "there is always one party");
        idle(rules, draft, "voorwaarde", "partijen", nl, en);
    }
    match conditions.hits {
        Some(hits) if parties > 1 && hits <= parties => {
            let (nl, en) = (
                "zoveel partijen hebben samen minstens zoveel treffers",
                "so many parties have at least so many hits together",
            );
            idle(rules, draft, "voorwaarde", "treffers", nl, en);
        }
        Some(1) => rules.at_key(
            meaning::ALWAYS_TRUE,
            steps!["regel", draft.index, "voorwaarde", "treffers"],
            "een treffer is er altijd als er iets te tonen is".into(),
            "there is always one hit when there is anything to show".into(),
        ),
        _ => {}
    }
}

fn qualities(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, conditions) = (&draft.clause, &draft.clause.conditions);
    let signals = clause
        .about
        .iter()
        .filter_map(|id| rules.draft.signals.get(id));
    let longest = signals.map(|s| s.expires_after.about_hours()).max();
    if let (Some(within), Some(longest)) = (conditions.within, longest)
        && within.about_hours() >= longest
    {
        let (nl, en) = (
            "de signalen vervallen eerder",
            "the signals lapse before that",
        );
        idle(rules, draft, "voorwaarde", "binnen", nl, en);
    }
    let asked = clause.triggers.iter().any(|t| *t != Trigger::OnMatch);
    if conditions.login_level == Some(LoginLevel::Low) && asked {
        let (nl, en) = (
            "elke manier van inloggen is minstens laag",
            "every kind of login is at least low",
        );
        idle(rules, draft, "voorwaarde", "inlogniveau", nl, en);
    }
    let digits = |code: &Neighbourhood| code.as_str().get(2..).unwrap_or_default().to_owned();
    // More codes than this nobody compares by hand either.
    for area in conditions.areas.iter().take(200) {
        let inner = digits(area);
        let mut others = conditions.areas.iter().take(200);
        if let Some(outer) = others.find(|o| *o != area && inner.starts_with(&digits(o))) {
            rules.at_word(
                warning::NO_EFFECT,
                steps!["regel", draft.index, "voorwaarde", "gebied"],
                area.as_str(),
                format!("`{area}` ligt al in `{outer}`"),
                format!("`{area}` lies in `{outer}` already"),
            );
        }
    }
}

/// The most days of a month: a limit per month that so many days cannot reach.
const DAYS: u32 = 31;

fn limits(rules: &Rules<'_>, draft: &DraftClause) {
    let limits = &draft.clause.limits;
    let scans = draft.clause.triggers.iter().all(|t| *t == Trigger::Scan);
    if scans && limits.per_subject_per_month.is_some() {
        let (nl, en) = ("een scan gaat over niemand", "a scan is about nobody");
        idle(rules, draft, "grens", "per_betrokkene_per_maand", nl, en);
        return;
    }
    let Some(party) = limits.per_party_per_day else {
        return;
    };
    if limits.per_employee_per_day.is_some_and(|one| one >= party) {
        let (nl, en) = (
            "`per_partij_per_dag` is eerder op",
            "`per_partij_per_dag` is used up before",
        );
        idle(rules, draft, "grens", "per_medewerker_per_dag", nl, en);
    }
    let month = party.saturating_mul(DAYS);
    if limits.per_subject_per_month.is_some_and(|one| one >= month) {
        let (nl, en) = (
            "met `per_partij_per_dag` komt niemand zo ver",
            "with `per_partij_per_dag` nobody gets so far",
        );
        idle(rules, draft, "grens", "per_betrokkene_per_maand", nl, en);
    }
}

/// A count is about nobody.
fn nobody(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    if clause.shows.iter().any(|s| *s != Shows::Count) {
        return;
    }
    let (nl, en) = ("een aantal gaat over niemand", "a count is about nobody");
    if clause.duties.inform_subject.is_some() {
        idle(rules, draft, "plicht", "betrokkene_informeren", nl, en);
    }
    if clause.duties.correct {
        idle(rules, draft, "plicht", "corrigeren", nl, en);
    }
}

fn decision(rules: &Rules<'_>, draft: &DraftClause) {
    let bases = &draft.clause.bases;
    let report = bases
        .report_to_source
        .iter()
        .flat_map(|r| r.supply.values());
    let mut supply = bases.supply.values().chain(report);
    if bases.decision.is_some() && !supply.any(|b| b.article.needs_decision()) {
        let (nl, en) = (
            "niemand verstrekt op Wpg 19 of 20",
            "nobody supplies under Wpg 19 or 20",
        );
        idle(rules, draft, "grondslag", "besluit", nl, en);
    }
}

/// Exceptions for criminal or special data that their party does not handle.
fn exemptions(rules: &Rules<'_>, draft: &DraftClause) {
    let path = steps!["regel", draft.index, "grondslag"];
    if !rules.places.keys(path).contains(&"uitzondering") {
        return;
    }
    let criminal = handlers(rules, draft, Nature::Criminal);
    let special = handlers(rules, draft, Nature::Special);
    let handles = |list: &[(Direction, &PartyId, &[Exemption])], direction, party: &PartyId| {
        list.iter().any(|(d, p, _)| *d == direction && *p == party)
    };
    // One text may stand for many: it has an effect where it has one for any of them.
    let mut used: BTreeMap<(Vec<&str>, Exemption), bool> = BTreeMap::new();
    for direction in [Direction::Supply, Direction::Receive] {
        for (party, list) in of_exemptions(draft, direction) {
            let place = rules.exemption_keys(draft, direction, party);
            for exemption in list {
                let works = if exemption.is_criminal() {
                    handles(&criminal, direction, party)
                } else if *exemption == Exemption::Wpg5 {
                    about_special(rules, draft)
                } else {
                    handles(&special, direction, party)
                };
                *used.entry((place.clone(), *exemption)).or_default() |= works;
            }
        }
    }
    if used.is_empty() {
        let (nl, en) = (
            "niemand verwerkt hier op de AVG",
            "nobody processes under the AVG here",
        );
        idle(rules, draft, "grondslag", "uitzondering", nl, en);
    }
    for ((keys, exemption), _) in used.into_iter().filter(|(_, works)| !works) {
        let mut path = steps!["regel", draft.index, "grondslag"].to_vec();
        path.extend(keys.into_iter().map(Step::Key));
        rules.at_word(
            warning::NO_EFFECT,
            &path,
            exemption.as_str(),
            format!("`{exemption}` heeft hier geen gevolg: zulke gegevens komen hier niet voor"),
            format!("`{exemption}` has no effect here: there is no such data"),
        );
    }
}

fn about_special(rules: &Rules<'_>, draft: &DraftClause) -> bool {
    let mut signals = draft.clause.about.iter();
    signals.any(|id| {
        let signal = rules.draft.signals.get(id);
        signal.is_some_and(|s| s.nature == Nature::Special)
    })
}
