//! Rules over legal bases. They hold the covenant to what its own words ask for; whether a basis
//! is sound is for lawyers.

use std::collections::BTreeMap;

use model::{FieldName, PartyId};

use crate::language::clause::LegalBasis;
use crate::language::parse::DraftClause;
use crate::language::places::{Step, steps};
use crate::language::words::{Nature, PartyKind, ReportForm, Shows};
use crate::lint::{Rules, law, warning};
use crate::vocabulary::law::{Article, Exemption};

/// Which way a basis is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Supply,
    Receive,
}

impl Direction {
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Supply => "verstrekken",
            Self::Receive => "ontvangen",
        }
    }
}

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        missing(rules, draft);
        fits(rules, draft);
        decision(rules, draft);
        criminal(rules, draft);
        special(rules, draft);
        exemptions(rules, draft);
        report(rules, draft);
    }
    bsn(rules);
}

pub(super) fn recipients(draft: &DraftClause) -> Vec<PartyId> {
    let mut parties: Vec<PartyId> = draft.clause.to.iter().map(model::RoleRef::party).collect();
    parties.sort();
    parties.dedup();
    parties
}

/// Parties that take part in a flow of the clause, in a direction. A party is no source for itself.
fn in_flow(draft: &DraftClause, direction: Direction) -> Vec<PartyId> {
    let recipients = recipients(draft);
    let sources = &draft.clause.from;
    let (these, others) = match direction {
        Direction::Supply => (sources, &recipients),
        Direction::Receive => (&recipients, sources),
    };
    these
        .iter()
        .filter(|p| others.iter().any(|o| o != *p))
        .cloned()
        .collect()
}

fn of(draft: &DraftClause, direction: Direction) -> &BTreeMap<PartyId, LegalBasis> {
    match direction {
        Direction::Supply => &draft.clause.bases.supply,
        Direction::Receive => &draft.clause.bases.receive,
    }
}

/// The exceptions of each party in a direction.
pub(super) const fn of_exemptions(
    draft: &DraftClause,
    direction: Direction,
) -> &BTreeMap<PartyId, Vec<Exemption>> {
    match direction {
        Direction::Supply => &draft.clause.bases.supply_exemptions,
        Direction::Receive => &draft.clause.bases.receive_exemptions,
    }
}

fn missing(rules: &Rules<'_>, draft: &DraftClause) {
    for direction in [Direction::Supply, Direction::Receive] {
        let path = steps!["regel", draft.index, "grondslag", direction.key()];
        let written = rules.places.keys(path);
        // A table that is missing, or names an unknown party, was reported already.
        let known = |key: &&str| rules.draft.parties.keys().any(|p| p.as_str() == *key);
        if written.is_empty() && !draft.bases_clean || !written.iter().all(known) {
            continue;
        }
        for party in in_flow(draft, direction) {
            if !written.contains(&party.as_str()) {
                let key = direction.key();
                rules.at_key(
                    law::BASIS_MISSING,
                    path,
                    format!("`grondslag.{key}` noemt `{party}` niet"),
                    format!("`grondslag.{key}` does not name `{party}`"),
                );
            }
        }
    }
}

fn fits(rules: &Rules<'_>, draft: &DraftClause) {
    let recipients = recipients(draft);
    for direction in [Direction::Supply, Direction::Receive] {
        let path = steps!["regel", draft.index, "grondslag", direction.key()];
        each_fits(rules, of(draft, direction), direction, path, &recipients);
    }
    if let Some(report) = &draft.clause.bases.report_to_source {
        for (direction, bases) in [
            (Direction::Supply, &report.supply),
            (Direction::Receive, &report.receive),
        ] {
            let path = steps![
                "regel",
                draft.index,
                "grondslag",
                "melden_aan_bron",
                direction.key()
            ];
            each_fits(rules, bases, direction, path, &draft.clause.from);
        }
    }
}

fn each_fits(
    rules: &Rules<'_>,
    bases: &BTreeMap<PartyId, LegalBasis>,
    direction: Direction,
    path: &[Step<'_>],
    recipients: &[PartyId],
) {
    for (party, basis) in bases {
        let Some(kind) = rules.kind(party) else {
            continue;
        };
        let mut here = path.to_vec();
        here.push(Step::Key(party.as_str()));
        let article = basis.article;
        let fit = match direction {
            Direction::Supply => supply_fits(article, kind, recipients, rules),
            Direction::Receive if kind == PartyKind::Police => article.is_police_task(),
            Direction::Receive => article.is_avg(),
        };
        if !fit {
            let key = direction.key();
            rules.at(
                law::BASIS_DIRECTION,
                &here,
                format!("`{article}` past niet bij `{key}` door of aan {kind}"),
                format!("`{article}` does not fit `{key}` for {kind}"),
            );
        } else if kind.is_public() && article == Article::Avg6f {
            rules.at(
                law::PUBLIC_INTEREST,
                &here,
                format!("`{party}` is een overheid en kan zich hier niet op AVG 6.1.f beroepen"),
                format!("`{party}` is a public body and cannot rely on AVG 6.1.f here"),
            );
        } else if article == Article::Avg6a {
            rules.at(
                warning::CONSENT,
                &here,
                "wie afhankelijk is van een partij geeft zelden vrij toestemming".into(),
                "whoever depends on a party seldom consents freely".into(),
            );
        }
        if article.needs_law() && basis.law.is_none() {
            rules.at(
                warning::LAW_MISSING,
                &here,
                format!("`{article}` noemt niet welke wet de taak of plicht geeft"),
                format!("`{article}` does not name which law gives the task or duty"),
            );
        }
    }
}

fn supply_fits(
    article: Article,
    kind: PartyKind,
    recipients: &[PartyId],
    rules: &Rules<'_>,
) -> bool {
    let only_to = |wanted| {
        recipients
            .iter()
            .all(|r| rules.kind(r).is_none_or(|k| k == wanted))
    };
    match kind {
        PartyKind::Police => match article {
            Article::Wpg16a => only_to(PartyKind::Prosecution),
            Article::Wpg16b => only_to(PartyKind::Municipality),
            other => other.is_police_supply(),
        },
        PartyKind::Prosecution => article.is_avg() || article == Article::Wjsg39f,
        _ => article.is_avg(),
    }
}

fn decision(rules: &Rules<'_>, draft: &DraftClause) {
    let bases = &draft.clause.bases;
    // A decision that is there but does not read was reported already.
    if bases.decision.is_some() || !draft.bases_clean {
        return;
    }
    let needs = |map: &BTreeMap<PartyId, LegalBasis>| {
        let mut found = map.iter().filter(|(_, b)| b.article.needs_decision());
        found
            .next()
            .map(|(party, basis)| (party.clone(), basis.article))
    };
    let grondslag = steps!["regel", draft.index, "grondslag"];
    let report = bases.report_to_source.as_ref();
    let found = [
        (needs(&bases.supply), None),
        (
            report.and_then(|r| needs(&r.supply)),
            Some("melden_aan_bron"),
        ),
    ];
    for (needed, within) in found {
        let Some((party, article)) = needed else {
            continue;
        };
        let mut path = grondslag.to_vec();
        path.extend(within.map(Step::Key));
        path.extend([Step::Key("verstrekken"), Step::Key(party.as_str())]);
        rules.at(
            law::DECISION,
            &path,
            format!("`{article}` vraagt om `grondslag.besluit`"),
            format!("`{article}` asks for `grondslag.besluit`"),
        );
    }
}

/// Parties that handle signals of a nature under the AVG, with their exemptions.
pub(super) fn handlers<'d>(
    rules: &Rules<'_>,
    draft: &'d DraftClause,
    nature: Nature,
) -> Vec<(Direction, &'d PartyId, &'d [Exemption])> {
    let clause = &draft.clause;
    let of_nature = |id| {
        rules
            .draft
            .signals
            .get(id)
            .is_some_and(|s| s.nature == nature)
    };
    let signals: Vec<_> = clause.about.iter().filter(|id| of_nature(id)).collect();
    let mut found = Vec::new();
    for (party, basis) in &clause.bases.supply {
        if basis.article.is_avg() && signals.iter().any(|s| rules.is_source(party, s)) {
            let list = clause.bases.supply_exemptions.get(party);
            found.push((
                Direction::Supply,
                party,
                list.map_or(&[][..], Vec::as_slice),
            ));
        }
    }
    for (party, basis) in &clause.bases.receive {
        let gets = |source: &PartyId| {
            source != party && signals.iter().any(|s| rules.is_source(source, s))
        };
        if basis.article.is_avg() && clause.from.iter().any(gets) {
            let list = clause.bases.receive_exemptions.get(party);
            found.push((
                Direction::Receive,
                party,
                list.map_or(&[][..], Vec::as_slice),
            ));
        }
    }
    found
}

fn criminal(rules: &Rules<'_>, draft: &DraftClause) {
    if !draft.bases_clean {
        return;
    }
    for (direction, party, list) in handlers(rules, draft, Nature::Criminal) {
        if !list.iter().any(|e| e.is_criminal()) {
            let key = direction.key();
            rules.at_word(
                law::CRIMINAL,
                steps!["regel", draft.index, "grondslag", key],
                party.as_str(),
                format!("`{party}` heeft voor strafrechtelijke gegevens geen artikel van UAVG 32 of 33 ({key})"),
                format!("`{party}` has no article of UAVG 32 or 33 for criminal data ({key})"),
            );
        }
    }
}

fn special(rules: &Rules<'_>, draft: &DraftClause) {
    if !draft.bases_clean {
        return;
    }
    for (direction, party, list) in handlers(rules, draft, Nature::Special) {
        let both =
            list.iter().any(|e| e.is_special_avg()) && list.iter().any(|e| e.is_special_uavg());
        if !both {
            let key = direction.key();
            rules.at_word(
                law::SPECIAL,
                steps!["regel", draft.index, "grondslag", key],
                party.as_str(),
                format!("`{party}` heeft voor bijzondere gegevens geen AVG 9.2 met UAVG 22 tot en met 30 ({key})"),
                format!("`{party}` has no AVG 9.2 with UAVG 22 to 30 for special categories ({key})"),
            );
        }
    }
}

fn exemptions(rules: &Rules<'_>, draft: &DraftClause) {
    let bases = &draft.clause.bases;
    let uses =
        |map: &BTreeMap<PartyId, Vec<Exemption>>, e| map.values().any(|list| list.contains(&e));
    let path = steps!["regel", draft.index, "grondslag", "uitzondering"];
    let partnership = Exemption::Uavg33_1b;
    if uses(&bases.supply_exemptions, partnership) || uses(&bases.receive_exemptions, partnership) {
        let parties = draft.clause.from.iter().cloned().chain(recipients(draft));
        let private = parties
            .into_iter()
            .find(|p| rules.kind(p).is_some_and(|k| !k.is_public()));
        if let Some(party) = private {
            rules.at_key(
                warning::NOT_PUBLIC,
                path,
                format!(
                    "UAVG 33.1.b is voor publiekrechtelijke samenwerking, en `{party}` is privaat"
                ),
                format!(
                    "UAVG 33.1.b is for partnerships under public law, and `{party}` is private"
                ),
            );
        }
    }
    received_from_police(rules, draft);
}

/// UAVG 33.1.a covers what came from police or prosecution. Whoever has another exception as well
/// may have it for the rest; and what came from them is not supplied again.
fn received_from_police(rules: &Rules<'_>, draft: &DraftClause) {
    let received = Exemption::Uavg33_1a;
    let alone = |list: &[Exemption]| {
        let mut criminal = list.iter().filter(|e| e.is_criminal());
        list.contains(&received) && criminal.all(|e| *e == received)
    };
    let not_justice = |p: &&PartyId| rules.kind(p).is_some_and(|k| !k.is_criminal_justice());
    let bases = &draft.clause.bases;
    let supplier = bases
        .supply_exemptions
        .iter()
        .find(|(p, list)| list.contains(&received) && not_justice(p));
    if let Some((party, _)) = supplier {
        rules.at_exemption(
            warning::NOT_FROM_POLICE,
            draft,
            (Direction::Supply, party),
            received,
            format!("`{party}` past zelf geen strafrecht toe, en geeft niet door wat zij van politie of justitie kreeg"),
            format!("`{party}` does not apply criminal law itself, and does not pass on what it got from police or prosecution"),
        );
        return;
    }
    for (party, _) in bases
        .receive_exemptions
        .iter()
        .filter(|(_, list)| alone(list))
    {
        let mut sources = draft.clause.from.iter().filter(|p| *p != party);
        if let Some(other) = sources.find(not_justice) {
            rules.at_exemption(
                warning::NOT_FROM_POLICE,
                draft,
                (Direction::Receive, party),
                received,
                format!("UAVG 33.1.a is voor gegevens van politie of justitie, en `{other}` is ook een bron"),
                format!("UAVG 33.1.a is for data of police or prosecution, and `{other}` is a source too"),
            );
        }
    }
}

/// Telling a source what happened to its signals flows the other way.
fn report(rules: &Rules<'_>, draft: &DraftClause) {
    let counts_only = draft.clause.shows.iter().all(|s| *s == Shows::Count);
    let per_case = draft
        .clause
        .duties
        .report_to_source
        .is_some_and(|r| r.form == ReportForm::PerCase && !counts_only);
    let pair = &draft.clause.bases.report_to_source;
    if !per_case || !draft.bases_clean {
        if pair.is_some() && draft.demands_clean && !per_case {
            rules.at_key(
                warning::NO_EFFECT,
                steps!["regel", draft.index, "grondslag", "melden_aan_bron"],
                "deze regel meldt niets per geval aan de bron".into(),
                "this clause reports nothing case by case to the source".into(),
            );
        }
        return;
    }
    let supplied = in_flow(draft, Direction::Receive);
    let received = in_flow(draft, Direction::Supply);
    let complete = pair.as_ref().is_some_and(|pair| {
        supplied.iter().all(|p| pair.supply.contains_key(p))
            && received.iter().all(|p| pair.receive.contains_key(p))
    });
    if !complete {
        rules.at(
            law::REPORT_BASIS,
            steps!["regel", draft.index, "plicht", "melden_aan_bron"],
            "per geval melden vertelt de bron iets over de betrokkene, en heeft een eigen grondslag nodig".into(),
            "reporting case by case tells the source about the subject, and needs a basis of its own".into(),
        );
    }
}

/// Every node derives every declared key, so every party must be allowed to.
fn bsn(rules: &Rules<'_>) {
    let barred = rules.draft.parties.values().find(|p| !p.kind.is_public());
    let Some(party) = barred else { return };
    for spec in &rules.draft.match_keys {
        if spec.keys.iter().any(|k| k.fields.contains(&FieldName::Bsn)) {
            let name = spec.name.as_str();
            let list = if rules
                .places
                .keys(steps!["vergelijking", name])
                .contains(&"velden")
            {
                "velden"
            } else {
                "van"
            };
            let id = &party.id;
            rules.at_word(
                law::BSN,
                steps!["vergelijking", name, list],
                FieldName::Bsn.as_str(),
                format!("`{id}` mag het BSN hiervoor niet gebruiken (Wabb 10, UAVG 46)"),
                format!("`{id}` may not use the BSN for this (Wabb 10, UAVG 46)"),
            );
        }
    }
}
