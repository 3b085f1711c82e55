//! Rules over flows: what reaches whom, taken together.

use std::collections::{BTreeMap, BTreeSet};

use model::{PartyId, PurposeId, RoleRef};

use crate::language::parse::DraftClause;
use crate::language::places::steps;
use crate::language::words::{PartyKind, Shows, Trigger};
use crate::lint::cells::{Cell, named};
use crate::lint::{Rules, meaning, warning};

pub(super) fn run(rules: &Rules<'_>) {
    two_steps(rules);
    for draft in &rules.draft.clauses {
        notices(rules, draft);
        police_to_corporation(rules, draft);
    }
    roles_differ(rules);
}

fn alive<'a>(rules: &'a Rules<'_>) -> impl Iterator<Item = (&'a DraftClause, Cell<'a>)> {
    rules.draft.clauses.iter().flat_map(move |draft| {
        named(&draft.clause)
            .filter(|cell| rules.is_alive(cell))
            .map(move |cell| (draft, cell))
    })
}

/// A prohibition may leave a notice with less than a hit, and it is a hit all the same.
fn notices(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    if !clause.is_triggered_by(Trigger::OnMatch) || !clause.shows.iter().any(|s| s.is_hit()) {
        return;
    }
    let mut levels: BTreeMap<_, BTreeSet<Shows>> = BTreeMap::new();
    for cell in named(clause).filter(|cell| rules.is_alive(cell)) {
        let notice = levels.entry((cell.role, cell.source, cell.signal));
        notice.or_default().insert(cell.shows);
    }
    let below = levels
        .into_iter()
        .find(|(_, shows)| !shows.iter().any(|s| s.is_hit()));
    if let Some(((role, source, signal), _)) = below {
        rules.at(
            meaning::NOTICE_BELOW_HIT,
            steps!["regel", draft.index, "toont"],
            format!("na de verboden blijft voor {role}, van {source}, over {signal}, minder dan een treffer over, en de melding komt toch"),
            format!("after the prohibitions less than a hit remains for {role}, from {source}, about {signal}, and the notice comes all the same"),
        );
    }
}

/// Whoever learns what a signal is can push it as its own. That must not reach a party to whom
/// the first source's signal is closed.
fn two_steps(rules: &Rules<'_>) {
    let mut flows = BTreeSet::new();
    let mut taught: BTreeMap<_, BTreeSet<&PartyId>> = BTreeMap::new();
    for (_, cell) in alive(rules) {
        let to = cell.role.party();
        flows.insert((cell.source, cell.signal, to.clone()));
        if matches!(cell.shows, Shows::Category | Shows::Attributes) {
            let sources = taught.entry((to, cell.signal)).or_default();
            sources.insert(cell.source);
        }
    }
    let mut seen = BTreeSet::new();
    for (draft, cell) in alive(rules) {
        let (between, signal, last) = (cell.source, cell.signal, cell.role.party());
        if !seen.insert((draft.index, between, signal, last.clone())) {
            continue;
        }
        let sources = taught.get(&(between.clone(), signal));
        let closed = |first: &&&PartyId| {
            ***first != last && !flows.contains(&(**first, signal, last.clone()))
        };
        if let Some(first) = sources.and_then(|s| s.iter().find(closed)) {
            rules.at_word(
                meaning::TWO_STEPS,
                steps!["regel", draft.index, "van"],
                between.as_str(),
                format!("`{last}` mag `{signal}` niet van `{first}` weten, en kan het via `{between}` toch horen"),
                format!("`{last}` may not know `{signal}` from `{first}`, and can hear it through `{between}` all the same"),
            );
        }
    }
}

fn police_to_corporation(rules: &Rules<'_>, draft: &DraftClause) {
    let clause = &draft.clause;
    let between = |cell: &Cell<'_>| {
        rules.kind(cell.source) == Some(PartyKind::Police)
            && rules.kind(&cell.role.party()) == Some(PartyKind::HousingCorporation)
            && rules.is_alive(cell)
    };
    let shown: BTreeSet<Shows> = named(clause).filter(between).map(|c| c.shows).collect();
    let toont = steps!["regel", draft.index, "toont"];
    if shown.contains(&Shows::Hit) {
        rules.at_word(
            warning::TRAFFIC_LIGHT,
            toont,
            Shows::Hit.as_str(),
            "een kale treffer van de politie voor een corporatie had eerder geen wettelijke grond"
                .into(),
            "a bare police hit for a housing corporation had no legal ground before".into(),
        );
    }
    let advice = shown
        .iter()
        .find(|s| matches!(s, Shows::Advice | Shows::Contact));
    if let Some(shows) = advice
        && (clause.from.len() == 1 || clause.about.len() == 1)
    {
        let what = |one: bool, nl: &'static str, other: &'static str| if one { nl } else { other };
        let by_source = clause.from.len() == 1;
        rules.at_word(
            warning::ADVICE_IS_CATEGORY,
            toont,
            shows.as_str(),
            format!(
                "`{shows}` komt hier uit een enkele {}, en verraadt die",
                what(by_source, "bron", "soort signaal")
            ),
            format!(
                "`{shows}` comes from a single {} here, and gives it away",
                what(by_source, "source", "signal")
            ),
        );
    }
}

type Answers<'a> = BTreeMap<&'a RoleRef, BTreeSet<&'a PartyId>>;

/// Two people of one party who compare their answers can tell which source knew something.
fn roles_differ(rules: &Rules<'_>) {
    let mut answers: BTreeMap<
        (PartyId, &PurposeId, &model::SignalTypeId, Shows),
        (Answers<'_>, usize),
    > = BTreeMap::new();
    for (draft, cell) in alive(rules) {
        if !draft.clause.is_triggered_by(Trigger::Question) {
            continue;
        }
        let key = (cell.role.party(), cell.purpose, cell.signal, cell.shows);
        let entry = answers.entry(key).or_default();
        entry.0.entry(cell.role).or_default().insert(cell.source);
        entry.1 = draft.index;
    }
    let mut seen = BTreeSet::new();
    for ((party, purpose, ..), (roles, index)) in answers {
        let mut sources = roles.values();
        let first = sources.next();
        if sources.any(|s| Some(s) != first) && seen.insert((party.clone(), purpose)) {
            let names: Vec<&str> = roles.keys().map(|r| r.role()).collect();
            let names = names.join(", ");
            rules.at(
                warning::ROLES_DIFFER,
                steps!["regel", index, "aan"],
                format!("{names} van `{party}` krijgen antwoord uit verschillende bronnen, en leiden samen de bron af"),
                format!("{names} of `{party}` get answers from different sources, and can infer the source together"),
            );
        }
    }
}
