//! What it is about and what for.

use model::Certainty;

use super::page::Page;
use super::phrase::{quoted, span, told};
use super::terms::Term as _;
use crate::diagnostic::Lang;
use crate::vocabulary::taxonomy;

/// `[doel.*]`.
pub(super) fn purposes(page: &mut Page<'_>) {
    page.heading("Waarvoor", "What for");
    for purpose in page.covenant.purposes().values() {
        let (id, explanation) = (&purpose.id, quoted(&purpose.explanation));
        page.say(&told!(
            page.lang,
            "Doel {id}: {explanation}.",
            "Purpose {id}: {explanation}."
        ));
        let not_for: Vec<String> = purpose
            .not_for
            .iter()
            .map(|misuse| misuse.told(page.lang).to_owned())
            .collect();
        page.list(page.pick("Nooit bedoeld voor", "Never meant for"), &not_for);
    }
}

/// `[signaal.*]`.
pub(super) fn signals(page: &mut Page<'_>) {
    page.heading("Waarover", "What about");
    let lang = page.lang;
    for signal in page.covenant.signals().values() {
        let (id, explanation) = (&signal.id, quoted(&signal.explanation));
        page.say(&told!(
            lang,
            "Signaal {id}: {explanation}.",
            "Signal {id}: {explanation}."
        ));
        let sources = page.parties(&signal.sources);
        page.list(
            page.pick("Dit signaal komt van", "This signal comes from"),
            &sources,
        );
        let nature = signal.nature.told(lang);
        page.more(&told!(lang, "Dit zijn {nature}.", "This is {nature}."));
        page.more(match signal.certainty {
            Certainty::Reported => page.pick(
                "Het is genoeg dat iemand het aan de bron heeft gemeld.",
                "It is enough that somebody reported it to the source.",
            ),
            Certainty::Confirmed => page.pick(
                "De bron moet het zelf hebben bevestigd.",
                "The source must have confirmed it itself.",
            ),
        });
        let life = span(lang, signal.expires_after);
        page.more(&told!(
            lang,
            "Na {life} telt het niet meer mee.",
            "After {life} it no longer counts."
        ));
        if let Some(reassess) = signal.reassess {
            let every = span(lang, reassess);
            page.more(&told!(
                lang,
                "Steeds na {every} kijkt een mens bij de bron of het nog klopt.",
                "Each time after {every} a person at the source looks whether it still holds."
            ));
        }
        let codes: Vec<String> = signal
            .codes
            .iter()
            .map(|code| match taxonomy::category(code.as_str()) {
                None => code.to_string(),
                Some(known) => match lang {
                    Lang::Nl => format!("{code} ({})", known.nl),
                    Lang::En => format!("{code} ({})", known.en),
                },
            })
            .collect();
        if codes.is_empty() {
            page.more(page.pick(
                "Er horen geen codes bij, dus niemand kan het geven.",
                "No codes belong to it, so nobody can give it.",
            ));
        } else {
            page.list(page.pick("De codes zijn", "The codes are"), &codes);
        }
    }
}
