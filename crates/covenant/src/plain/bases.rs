//! `grondslag`: on which law both sides of a flow rest.

use std::collections::BTreeMap;

use model::PartyId;

use super::page::Page;
use super::phrase::{and, day, quoted, told};
use crate::diagnostic::Lang;
use crate::language::clause::{Bases, Clause, LegalBasis};
use crate::vocabulary::law::Exemption;

/// A basis as it is cited.
pub(crate) fn cited(lang: Lang, basis: &LegalBasis) -> String {
    let article = basis.article;
    match &basis.law {
        None => article.to_string(),
        Some(reference) => {
            let law = format!("{} {}", reference.law, reference.article);
            told!(lang, "{article} en {law}", "{article} and {law}")
        }
    }
}

/// The two sides of a flow.
#[derive(Clone, Copy)]
enum Side {
    Supply,
    Receive,
}

pub(super) fn write(page: &mut Page<'_>, clause: &Clause) {
    let Bases {
        supply,
        receive,
        supply_exemptions,
        receive_exemptions,
        decision,
        report_to_source,
    } = &clause.bases;
    let mut points = side(page, Side::Supply, supply, supply_exemptions);
    points.extend(side(page, Side::Receive, receive, receive_exemptions));
    if let Some(decision) = decision {
        let (mark, date) = (quoted(&decision.mark), day(page.lang, decision.date));
        points.push(told!(
            page.lang,
            "Hierbij hoort besluit {mark} van {date}.",
            "The decision {mark} of {date} belongs to this."
        ));
    }
    page.group(page.pick("Op grond van de wet", "By law"), &points);
    if let Some(report) = report_to_source {
        let none = BTreeMap::new();
        let mut points = side(page, Side::Supply, &report.supply, &none);
        points.extend(side(page, Side::Receive, &report.receive, &none));
        page.group(
            page.pick(
                "Voor het bericht terug aan de bron, op grond van de wet",
                "For the message back to the source, by law",
            ),
            &points,
        );
    }
}

fn side(
    page: &Page<'_>,
    side: Side,
    bases: &BTreeMap<PartyId, LegalBasis>,
    exemptions: &BTreeMap<PartyId, Vec<Exemption>>,
) -> Vec<String> {
    let lang = page.lang;
    let mut parties: Vec<&PartyId> = bases.keys().chain(exemptions.keys()).collect();
    parties.sort_unstable();
    parties.dedup();
    let sentence = |id: &PartyId| {
        let name = page.party(id);
        let verb = match side {
            Side::Supply => page.pick("geeft dit", "gives this"),
            Side::Receive => page.pick("ontvangt dit", "receives this"),
        };
        let mut text = match bases.get(id) {
            None => format!("{name} {verb}."),
            Some(basis) => {
                let cited = cited(lang, basis);
                told!(
                    lang,
                    "{name} {verb} op grond van {cited}.",
                    "{name} {verb} on the ground of {cited}."
                )
            }
        };
        if let Some(all) = exemptions.get(id).filter(|all| !all.is_empty()) {
            let words: Vec<&str> = all.iter().map(|e| e.as_str()).collect();
            let words = and(lang, &words);
            text.push_str(&match all.len() {
                1 => told!(
                    lang,
                    " De uitzondering is {words}.",
                    " The exception is {words}."
                ),
                _ => told!(
                    lang,
                    " De uitzonderingen zijn {words}.",
                    " The exceptions are {words}."
                ),
            });
        }
        text
    };
    parties.into_iter().map(sentence).collect()
}
