//! Rules over one clause: what it shows, when, and what must go with that.

use model::PartyId;

use crate::language::parse::DraftClause;
use crate::language::places::steps;
use crate::language::words::{LoginLevel, PartyKind, Shows, Trigger};
use crate::lint::{Rules, meaning, warning};

pub(super) fn run(rules: &Rules<'_>) {
    for draft in &rules.draft.clauses {
        shown(rules, draft);
        notices(rules, draft);
        asked_on_notice(rules, draft);
        approval(rules, draft);
        promises(rules, draft);
    }
}

fn shown(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, index) = (&draft.clause, draft.index);
    let toont = steps!["regel", index, "toont"];
    let scan = clause.triggers.contains(&Trigger::Scan);
    if scan {
        for shows in clause
            .shows
            .iter()
            .filter(|s| !matches!(s, Shows::Count | Shows::Contact))
        {
            rules.at_word(
                meaning::SCAN_SHOWS,
                toont,
                shows.as_str(),
                format!("een scan mag geen `{shows}` tonen"),
                format!("a scan may not show `{shows}`"),
            );
        }
    }
    if scan && draft.demands_clean && clause.output.area.is_none() {
        rules.at_word(
            meaning::SCAN_WITHOUT_AREA,
            steps!["regel", index, "aanleiding"],
            Trigger::Scan.as_str(),
            "deze scan zegt niet hoe groot een gebied is".into(),
            "this scan does not say how large an area is".into(),
        );
    }
    if !clause.shows.contains(&Shows::Count) {
        return;
    }
    if clause.triggers.iter().any(|t| *t != Trigger::Scan) {
        rules.at_word(
            meaning::COUNT_WITHOUT_SCAN,
            toont,
            Shows::Count.as_str(),
            "een aantal over een enkel adres of een enkele persoon is geen aantal".into(),
            "a count about one address or one person is no count".into(),
        );
    }
    if !draft.demands_clean {
        return;
    }
    match clause.output.threshold {
        None => rules.at_word(
            meaning::COUNT_WITHOUT_THRESHOLD,
            toont,
            Shows::Count.as_str(),
            "deze regel toont aantallen zonder `uitvoer.drempel`".into(),
            "this clause shows counts without `uitvoer.drempel`".into(),
        ),
        Some(threshold) if threshold < 10 => rules.at(
            warning::LOW_THRESHOLD,
            steps!["regel", index, "uitvoer", "drempel"],
            format!("bij een drempel van {threshold} zijn mensen soms te herkennen"),
            format!("with a threshold of {threshold} people can sometimes be recognised"),
        ),
        Some(_) => {}
    }
}

/// The arrival of a notice is a hit, whatever it says.
fn notices(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, index) = (&draft.clause, draft.index);
    if !clause.triggers.contains(&Trigger::OnMatch) {
        return;
    }
    if draft.cell_clean && !clause.shows.iter().any(|shows| shows.is_hit()) {
        rules.at(
            meaning::NOTICE_BELOW_HIT,
            steps!["regel", index, "toont"],
            "wie vanzelf een melding krijgt, weet dat er een treffer is".into(),
            "whoever gets a notice unasked knows that there is a hit".into(),
        );
    }
    if draft.demands_clean && clause.output.batching.is_none() {
        rules.at_word(
            meaning::NOTICE_UNBATCHED,
            steps!["regel", index, "aanleiding"],
            Trigger::OnMatch.as_str(),
            "zonder vaste tijden verraadt het moment van de melding wie iets instuurde".into(),
            "without fixed times the moment of the notice tells who pushed something".into(),
        );
    }
}

/// Nobody asks when signals coincide, so a clause that wants something of whoever asks would never
/// tell of a match. It can't be told apart from what a question of the same clause needs: a clause
/// has one set of demands.
fn asked_on_notice(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, index) = (&draft.clause, draft.index);
    if !clause.is_triggered_by(Trigger::OnMatch) {
        return;
    }
    let conditions = &clause.conditions;
    let login = conditions.login_level;
    let demands = [
        ("voorwaarde", "dossier", conditions.file_number),
        ("voorwaarde", "motivering", conditions.motivation),
        (
            "voorwaarde",
            "inlogniveau",
            login.is_some_and(|level| level != LoginLevel::Low),
        ),
        ("voorwaarde", "goedkeuring", conditions.approval.is_some()),
        (
            "uitvoer",
            "antwoord_na",
            clause.output.answer_after.is_some(),
        ),
    ];
    let (nl, en) = if clause.triggers.len() > 1 {
        (
            "maak voor de overeenkomst een eigen regel",
            "make a clause of its own for the match",
        )
    } else {
        (
            "bij een overeenkomst stelt niemand een vraag",
            "nobody asks a question when signals match",
        )
    };
    for (section, key, _) in demands.into_iter().filter(|(.., there)| *there) {
        rules.at_key(
            meaning::ASKED_ON_NOTICE,
            steps!["regel", index, section, key],
            format!("`{section}.{key}` kan niet bij `overeenkomst`: {nl}"),
            format!("`{section}.{key}` cannot go with `overeenkomst`: {en}"),
        );
    }
}

fn approval(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, index) = (&draft.clause, draft.index);
    let Some(approval) = &clause.conditions.approval else {
        return;
    };
    let notice = clause.is_triggered_by(Trigger::OnMatch);
    match clause.output.answer_after {
        None if draft.demands_clean && !notice => rules.at_key(
            meaning::APPROVAL_WITHOUT_WAIT,
            steps!["regel", index, "voorwaarde", "goedkeuring"],
            "zonder `uitvoer.antwoord_na` verraadt de wachttijd of er iets was".into(),
            "without `uitvoer.antwoord_na` the waiting time tells whether there was something"
                .into(),
        ),
        Some(wait) if wait.about_hours() < approval.within.about_hours() => rules.at(
            meaning::WAIT_TOO_SHORT,
            steps!["regel", index, "uitvoer", "antwoord_na"],
            format!(
                "het antwoord komt na {wait}, en goedkeuren mag binnen {}",
                approval.within
            ),
            format!(
                "the answer comes after {wait}, and approval may take {}",
                approval.within
            ),
        ),
        _ => {}
    }
    for role in &approval.by {
        let door = steps!["regel", index, "voorwaarde", "goedkeuring", "door"];
        if clause.to.contains(role) {
            rules.at_word(
                meaning::APPROVER_IS_ASKER,
                door,
                role.as_str(),
                format!("`{role}` vraagt zelf, en kan dat niet goedkeuren"),
                format!("`{role}` asks, and cannot approve that"),
            );
        } else if clause.to.iter().any(|r| r.party() == role.party()) {
            rules.at_word(
                warning::APPROVER_SAME_PARTY,
                door,
                role.as_str(),
                format!("`{role}` hoort bij de partij die vraagt; een mens kan twee rollen hebben"),
                format!("`{role}` belongs to the party that asks; a person may have two roles"),
            );
        } else if draft.cell_clean && !has_a_say(rules, draft, &role.party()) {
            rules.at_word(
                warning::APPROVER_OUTSIDE,
                door,
                role.as_str(),
                format!("de partij van `{role}` geeft in deze regel niets"),
                format!("the party of `{role}` gives nothing in this clause"),
            );
        }
    }
}

/// Whether a party gives something in a clause, or has authority over the police that do.
fn has_a_say(rules: &Rules<'_>, draft: &DraftClause, party: &PartyId) -> bool {
    let police = draft.clause.bases.supply.values();
    let over_police = matches!(
        rules.kind(party),
        Some(PartyKind::Municipality | PartyKind::Prosecution)
    );
    draft.clause.from.contains(party)
        || over_police && police.into_iter().any(|b| b.article.is_police_supply())
}

fn promises(rules: &Rules<'_>, draft: &DraftClause) {
    let (clause, index) = (&draft.clause, draft.index);
    if let Some(retain) = clause.promises.retain {
        let shortest = clause
            .about
            .iter()
            .filter_map(|s| rules.draft.signals.get(s))
            .min_by_key(|s| s.expires_after.about_hours());
        if let Some(signal) = shortest
            && retain.about_hours() > signal.expires_after.about_hours()
        {
            let (id, life) = (&signal.id, signal.expires_after);
            rules.at(
                warning::RETAIN_TOO_LONG,
                steps!["regel", index, "belofte", "bewaren"],
                format!("de ontvanger bewaart {retain}, en `{id}` vervalt na {life}"),
                format!("the recipient keeps it {retain}, and `{id}` lapses after {life}"),
            );
        }
    }
    let more_than_counts = clause.shows.iter().any(|s| *s != Shows::Count);
    if draft.demands_clean && more_than_counts && !clause.promises.human_decides {
        let at = ["belofte", "titel", "nummer"]
            .into_iter()
            .find(|key| rules.places.keys(steps!["regel", index]).contains(key))
            .unwrap_or("regel");
        rules.at_key(
            warning::NO_HUMAN,
            steps!["regel", index, at],
            "de ontvanger belooft niet dat een mens beslist".into(),
            "the recipient does not promise that a person decides".into(),
        );
    }
}
