//! Rules over flows: what reaches whom, taken together.

use std::collections::{BTreeMap, BTreeSet};

use model::{PartyId, PurposeId, RoleRef, SignalTypeId};

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

/// What a clause tells about the one person or address in question. A count names nobody, and
/// neither does what a scan shows.
fn about_subjects<'a>(rules: &'a Rules<'_>) -> impl Iterator<Item = (&'a DraftClause, Cell<'a>)> {
    alive(rules).filter(|(draft, cell)| {
        let triggers = &draft.clause.triggers;
        cell.shows != Shows::Count && triggers.iter().any(|t| *t != Trigger::Scan)
    })
}

/// The signals that each cell's level may be about, as far as its recipient can tell. A hit or a
/// contact point names its source; an advice does not.
type Guesses<'a> =
    BTreeMap<(usize, &'a RoleRef, Shows, Option<&'a PartyId>), BTreeSet<&'a SignalTypeId>>;

fn guess<'a>(
    draft: &DraftClause,
    cell: &Cell<'a>,
) -> (usize, &'a RoleRef, Shows, Option<&'a PartyId>) {
    let source = (cell.shows != Shows::Advice).then_some(cell.source);
    (draft.index, cell.role, cell.shows, source)
}

/// Which sources' signals a party learns by name: from a category or attributes, and from anything
/// that can be about one signal only.
fn taught<'a>(
    rules: &'a Rules<'_>,
) -> BTreeMap<(PartyId, &'a SignalTypeId), BTreeSet<&'a PartyId>> {
    let mut guesses: Guesses<'_> = BTreeMap::new();
    for (draft, cell) in about_subjects(rules) {
        guesses
            .entry(guess(draft, &cell))
            .or_default()
            .insert(cell.signal);
    }
    let mut taught: BTreeMap<_, BTreeSet<&PartyId>> = BTreeMap::new();
    for (draft, cell) in about_subjects(rules) {
        let named = matches!(cell.shows, Shows::Category | Shows::Attributes);
        let only = guesses
            .get(&guess(draft, &cell))
            .is_some_and(|signals| signals.len() == 1);
        if named || only {
            let sources = taught.entry((cell.role.party(), cell.signal)).or_default();
            sources.insert(cell.source);
        }
    }
    taught
}

/// Whoever learns what a signal is can push it as its own. That must not reach a party to whom
/// the first source's signal is closed for that purpose.
fn two_steps(rules: &Rules<'_>) {
    let taught = taught(rules);
    let flows: BTreeSet<_> = about_subjects(rules)
        .map(|(_, cell)| (cell.source, cell.signal, cell.role.party(), cell.purpose))
        .collect();
    let mut seen = BTreeSet::new();
    for (draft, cell) in about_subjects(rules) {
        let (between, signal, last) = (cell.source, cell.signal, cell.role.party());
        if !seen.insert((draft.index, between, signal, last.clone())) {
            continue;
        }
        let sources = taught.get(&(between.clone(), signal));
        let closed = |first: &&&PartyId| {
            ***first != last && !flows.contains(&(**first, signal, last.clone(), cell.purpose))
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
    let to_corporation: Vec<Cell<'_>> = named(clause)
        .filter(|cell| rules.is_alive(cell))
        .filter(|cell| rules.kind(&cell.role.party()) == Some(PartyKind::HousingCorporation))
        .collect();
    let from_police = to_corporation
        .iter()
        .filter(|cell| rules.kind(cell.source) == Some(PartyKind::Police));
    let shown: BTreeSet<Shows> = from_police.clone().map(|cell| cell.shows).collect();
    let toont = steps!["regel", draft.index, "toont"];
    // Whom to call comes by itself on a match, and then says that there is a hit.
    let notice = clause.is_triggered_by(Trigger::OnMatch);
    let bare = |s: &&Shows| s.is_hit() && (**s != Shows::Contact || notice);
    if let Some(shows) = shown.iter().find(bare) {
        rules.at_word(
            warning::TRAFFIC_LIGHT,
            toont,
            shows.as_str(),
            format!("`{shows}` van de politie zegt een corporatie dat er een treffer is, en dat had eerder geen wettelijke grond"),
            format!("`{shows}` of the police tells a housing corporation that there is a hit, which had no legal ground before"),
        );
    }
    let gives_away = from_police
        .filter(|cell| matches!(cell.shows, Shows::Advice | Shows::Contact))
        .find_map(|cell| Some((cell.shows, only_one(&to_corporation, cell)?)));
    if let Some((shows, (nl, en))) = gives_away {
        rules.at_word(
            warning::ADVICE_IS_CATEGORY,
            toont,
            shows.as_str(),
            format!("`{shows}` komt hier uit een enkele {nl}, en verraadt die"),
            format!("`{shows}` comes from a single {en} here, and gives it away"),
        );
    }
}

/// What there is only one of, in Dutch and English, among the cells that show a role the same.
fn only_one(cells: &[Cell<'_>], shown: &Cell<'_>) -> Option<(&'static str, &'static str)> {
    let same = || {
        let alike = |c: &&Cell<'_>| c.role == shown.role && c.shows == shown.shows;
        cells.iter().filter(alike)
    };
    if same().all(|c| c.source == shown.source) {
        Some(("bron", "source"))
    } else if same().all(|c| c.signal == shown.signal) {
        Some(("soort signaal", "signal"))
    } else {
        None
    }
}

type Answers<'a> = BTreeMap<&'a RoleRef, BTreeSet<&'a PartyId>>;

/// Two people of one party who compare their answers can tell which source knew something.
fn roles_differ(rules: &Rules<'_>) {
    let mut answers: BTreeMap<(PartyId, &PurposeId, &SignalTypeId, Shows), (Answers<'_>, usize)> =
        BTreeMap::new();
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
