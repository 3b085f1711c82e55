//! Warnings about what has no effect.

use std::collections::BTreeSet;

use model::RoleRef;

use crate::language::ast::Outcome;
use crate::language::parse::DraftClause;
use crate::language::places::{Step, steps};
use crate::language::words::{Shows, Trigger};
use crate::lint::cells::{Cell, named};
use crate::lint::{Rules, meaning, warning};

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        if dead(rules, draft) {
            rules.at(
                warning::DEAD_CLAUSE,
                steps!["regel", draft.index, "nummer"],
                format!("regel {} opent geen enkel vakje", draft.clause.number),
                format!("clause {} opens no cell at all", draft.clause.number),
            );
        } else {
            idle_words(rules, draft);
            unanswered(rules, draft);
        }
        idle_demands(rules, draft);
        example(rules, draft);
    }
    dead_prohibitions(rules);
    unused(rules);
}

fn dead(rules: &Rules<'_>, draft: &DraftClause) -> bool {
    let clause = &draft.clause;
    let least = usize::try_from(clause.conditions.parties.unwrap_or(1)).unwrap_or(usize::MAX);
    !clause.to.iter().any(|role| {
        let sources: BTreeSet<_> = named(clause)
            .filter(|cell| cell.role == role && rules.is_alive(cell))
            .map(|cell| cell.source)
            .collect();
        !sources.is_empty() && sources.len() >= least
    })
}

/// A question is answered with an advice and nothing else; without one every question is refused.
fn unanswered(rules: &Rules<'_>, draft: &DraftClause) {
    let advises = |cell: &Cell<'_>| cell.shows == Shows::Advice && rules.is_alive(cell);
    if draft.clause.is_triggered_by(Trigger::Question) && !named(&draft.clause).any(|c| advises(&c))
    {
        rules.at_word(
            warning::NO_ADVICE,
            steps!["regel", draft.index, "aanleiding"],
            Trigger::Question.as_str(),
            "het antwoord op een vraag is een advies, en deze regel geeft er geen: elke vraag wordt geweigerd".into(),
            "the answer to a question is an advice, and this clause gives none: every question is refused".into(),
        );
    }
}

/// A source that has none of the signals, a signal that none of the sources has, a role that is
/// its own only source.
fn idle_words(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let idle = |key: &str, word: &str| {
        rules.at_word(
            warning::NO_EFFECT,
            steps!["regel", draft.index, key],
            word,
            format!("`{word}` heeft in deze regel geen gevolg"),
            format!("`{word}` has no effect in this clause"),
        );
    };
    let flows: Vec<_> = named(clause)
        .filter(|c| rules.is_source(c.source, c.signal))
        .collect();
    for party in clause
        .from
        .iter()
        .filter(|p| !flows.iter().any(|c| c.source == *p))
    {
        idle("van", party.as_str());
    }
    for signal in clause
        .about
        .iter()
        .filter(|s| !flows.iter().any(|c| c.signal == *s))
    {
        idle("over", signal.as_str());
    }
    for role in clause
        .to
        .iter()
        .filter(|r| !flows.iter().any(|c| c.role == *r))
    {
        idle("aan", role.as_str());
    }
}

const COUNTED: [&str; 6] = [
    "drempel",
    "afronden_op",
    "overheersing",
    "nevenonderdrukking",
    "tijdvak",
    "embargo",
];
/// What a match meets by itself. Whatever else is wanted of an asker is refused there.
const ASKED: [(&str, &str); 4] = [
    ("voorwaarde", "inlogniveau"),
    ("grens", "per_medewerker_per_dag"),
    ("grens", "per_partij_per_dag"),
    ("grens", "per_betrokkene_per_maand"),
];

/// Demands that nothing in the clause looks at.
fn idle_demands(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let idle = |section: &str, key: &str, nl: &str, en: &str| {
        let written = rules.places.keys(steps!["regel", draft.index, section]);
        if written.contains(&key) {
            rules.at_key(
                warning::NO_EFFECT,
                steps!["regel", draft.index, section, key],
                format!("`{section}.{key}` heeft hier geen gevolg: {nl}"),
                format!("`{section}.{key}` has no effect here: {en}"),
            );
        }
    };
    if !clause.shows.contains(&Shows::Count) {
        for key in COUNTED {
            let (nl, en) = (
                "de regel toont geen aantallen",
                "the clause shows no counts",
            );
            idle("uitvoer", key, nl, en);
        }
        if !clause.is_triggered_by(Trigger::Scan) {
            idle(
                "uitvoer",
                "gebied",
                "de regel is geen scan",
                "the clause is no scan",
            );
        }
    }
    if !clause.is_triggered_by(Trigger::OnMatch) {
        let (nl, en) = (
            "de regel geeft geen meldingen",
            "the clause gives no notices",
        );
        idle("uitvoer", "bundelen", nl, en);
    }
    if clause.triggers.iter().all(|t| *t == Trigger::OnMatch) {
        for (section, key) in ASKED {
            let (nl, en) = (
                "niemand stelt hier een vraag",
                "nobody asks a question here",
            );
            idle(section, key, nl, en);
        }
    }
}

fn example(rules: &Rules<'_>, draft: &DraftClause) {
    let number = &draft.clause.number;
    let shown = rules
        .draft
        .examples
        .iter()
        .any(|e| matches!(&e.value.outcome, Outcome::Clause(n) if n == number));
    if !shown {
        rules.at(
            warning::NO_EXAMPLE,
            steps!["regel", draft.index, "nummer"],
            format!("geen voorbeeld komt uit op regel {number}"),
            format!("no example comes out at clause {number}"),
        );
    }
}

fn dead_prohibitions(rules: &Rules<'_>) {
    for prohibition in &rules.draft.prohibitions {
        let p = &prohibition.value;
        let closes = rules
            .draft
            .clauses
            .iter()
            .flat_map(|c| named(&c.clause))
            .any(|c| {
                rules.is_source(c.source, c.signal)
                    && p.covers(c.role, c.purpose, c.source, c.signal, c.shows)
            });
        if !closes {
            rules.at(
                warning::DEAD_PROHIBITION,
                steps!["verbod", prohibition.index, "nummer"],
                format!("verbod {} sluit niets wat open was", p.number),
                format!("prohibition {} closes nothing that was open", p.number),
            );
        }
    }
}

fn unused(rules: &Rules<'_>) {
    let draft = rules.draft;
    let clauses = || draft.clauses.iter().map(|c| &c.clause);
    for (id, signal) in &draft.signals {
        if !clauses().any(|c| c.about.contains(id)) {
            report(
                rules,
                steps!["signaal", id.as_str()],
                "signaal",
                "signal",
                id.as_str(),
            );
        }
        if signal.codes.is_empty() {
            rules.at_key(
                warning::SIGNAL_WITHOUT_CODE,
                steps!["signaal", id.as_str()],
                format!("`{id}` heeft geen codes, dus niemand kan het insturen"),
                format!("`{id}` has no codes, so nobody can push it"),
            );
        }
    }
    for id in draft
        .purposes
        .keys()
        .filter(|id| !clauses().any(|c| c.purpose == **id))
    {
        report(
            rules,
            steps!["doel", id.as_str()],
            "doel",
            "purpose",
            id.as_str(),
        );
    }
    for spec in draft
        .match_keys
        .iter()
        .filter(|k| !clauses().any(|c| c.comparisons.contains(&k.name)))
    {
        report(
            rules,
            steps!["vergelijking", spec.name.as_str()],
            "vergelijking",
            "comparison",
            spec.name.as_str(),
        );
    }
    unused_roles(rules);
}

/// Reports that a name is in no clause.
fn report(rules: &Rules<'_>, path: &[Step<'_>], nl: &str, en: &str, name: &str) {
    rules.at_key(
        warning::UNUSED,
        path,
        format!("{nl} `{name}` komt in geen regel voor"),
        format!("{en} `{name}` is in no clause"),
    );
}

fn unused_roles(rules: &Rules<'_>) {
    let clauses = || rules.draft.clauses.iter().map(|c| &c.clause);
    let approves = |role: &RoleRef| {
        clauses().any(|c| {
            c.conditions
                .approval
                .as_ref()
                .is_some_and(|a| a.by.contains(role))
        })
    };
    let used = |role: &RoleRef| clauses().any(|c| c.to.contains(role)) || approves(role);
    for party in rules.draft.parties.values() {
        let id = party.id.as_str();
        for role in party.roles.keys().filter(|role| !used(role)) {
            let place = steps!["partij", id, "rol", role.role()];
            if party.roles.len() > 1 {
                report(rules, place, "rol", "role", role.as_str());
            } else {
                // A party that only supplies has a role all the same: somebody looks after it.
                rules.at_key(
                    meaning::IDLE_ROLE,
                    place,
                    format!("de rol `{role}` vraagt, ontvangt en keurt niets goed"),
                    format!("the role `{role}` asks, receives and approves nothing"),
                );
            }
        }
        let takes_part = clauses()
            .any(|c| c.from.contains(&party.id) || c.to.iter().any(|r| r.party() == party.id));
        if !takes_part && !party.roles.keys().any(&used) {
            report(rules, steps!["partij", id], "partij", "party", id);
        }
    }
}
