//! In Dutch, level B1: the main one.

use covenant::diagnostic::Lang;
use model::Day;
use wire::word::RightsKind;

use super::{Letter, listed, plain};
use crate::rights::record::{Item, Role, What};

/// The letter.
pub(in crate::rights) fn letter(letter: &Letter<'_>) -> String {
    let mut parts = vec![head(letter), request(letter), found(letter)];
    parts.extend(unknown(letter));
    parts.extend(done(letter));
    parts.push(silence(letter));
    parts.push(others(letter));
    parts.push(complain(letter));
    parts.join("\n\n") + "\n"
}

fn head(letter: &Letter<'_>) -> String {
    let record = letter.record;
    let mut lines = vec![
        format!("# Antwoord op uw verzoek om {}", right(letter.kind)),
        String::new(),
        plain(&record.applicant.name),
    ];
    lines.extend(
        record
            .applicant
            .address_lines
            .iter()
            .map(|line| plain(line)),
    );
    let mut facts = vec![
        format!("Datum: {}", day(letter.today)),
        format!(
            "Uw verzoek kwam binnen op: {}",
            day(Day::from_days(record.received_on))
        ),
    ];
    if !record.reference.is_empty() {
        facts.push(format!("Ons kenmerk: {}", plain(&record.reference)));
    }
    facts.push(format!("Zaaknummer: {}", letter.id));
    let join = |lines: &[String]| lines.join("  \n");
    let (title, address) = lines.split_at(2.min(lines.len()));
    format!(
        "{}\n{}\n\n{}",
        title.join("\n"),
        join(address),
        join(&facts)
    )
}

const fn right(kind: RightsKind) -> &'static str {
    match kind {
        RightsKind::Access => "inzage",
        RightsKind::Correction => "verbetering",
        RightsKind::Objection => "te stoppen (bezwaar)",
        RightsKind::Restriction => "beperking",
        RightsKind::Erasure => "verwijdering",
    }
}

const fn law(kind: RightsKind, police: bool) -> &'static str {
    match (kind, police) {
        (RightsKind::Access, true) => "artikel 25 van de Wet politiegegevens",
        (RightsKind::Correction | RightsKind::Restriction | RightsKind::Erasure, true) => {
            "artikel 28 van de Wet politiegegevens"
        }
        (RightsKind::Access, false) => "artikel 15 van de AVG",
        (RightsKind::Correction, false) => "artikel 16 van de AVG",
        (RightsKind::Objection, _) => "artikel 21 van de AVG",
        (RightsKind::Restriction, false) => "artikel 18 van de AVG",
        (RightsKind::Erasure, false) => "artikel 17 van de AVG",
    }
}

fn request(letter: &Letter<'_>) -> String {
    let asked = match letter.kind {
        RightsKind::Access => {
            "U vroeg ons welke gegevens over u wij in deze samenwerking hebben gevraagd, gekregen of gegeven."
        }
        RightsKind::Correction => "U vroeg ons gegevens over u te verbeteren.",
        RightsKind::Objection => {
            "U wilt niet dat wij gegevens over u in deze samenwerking gebruiken."
        }
        RightsKind::Restriction => "U vroeg ons gegevens over u voorlopig niet te gebruiken.",
        RightsKind::Erasure => "U vroeg ons gegevens over u te verwijderen.",
    };
    format!(
        "Beste {},\n\n{asked} Dat recht hebt u door {}. Het gaat om de samenwerking “{}”. {} doet daaraan mee. Wij zochten in het logboek van die samenwerking naar alles wat over u gaat, van de laatste vier jaar of van de tijd die u noemde.",
        plain(&letter.record.applicant.name),
        law(letter.kind, letter.police),
        letter.title(),
        letter.own_name(),
    )
}

fn found(letter: &Letter<'_>) -> String {
    let mut lines = vec!["## Wat wij u kunnen vertellen".to_owned(), String::new()];
    if letter.told.is_empty() {
        lines.push("Er is niets wat wij u hierover kunnen vertellen.".to_owned());
    }
    lines.extend(
        letter
            .told
            .iter()
            .map(|item| format!("- {}", sentence(letter, item))),
    );
    if !letter.grounds.is_empty() {
        let grounds: Vec<String> = letter.grounds.iter().map(|g| (*g).to_owned()).collect();
        lines.push(String::new());
        lines.push(format!(
            "Een deel vertellen wij u niet. Dat mag door {}.",
            listed(&grounds, "en")
        ));
    }
    lines.join("\n")
}

/// The same whether anything was found or not: it depends on keys alone.
fn unknown(letter: &Letter<'_>) -> Option<String> {
    let until = day(letter.unknown_until()?);
    Some(format!(
        "## Wat wij niet konden opzoeken\n\nWij konden niet alles opzoeken. Van een eerdere periode hebben wij de sleutel niet meer waarmee wij u in het logboek kunnen vinden. Over de tijd tot en met {until} is ons antwoord daarom voor een deel: onbekend. Misschien is er toen niets over u gevraagd, gekregen of gegeven, en misschien wel. Dat weten wij niet.\n\nDat is niet goed. Vraag {} wat er nog kan. U kunt ook een klacht indienen. Hoe dat gaat, staat aan het eind van deze brief.",
        letter.contact()
    ))
}

fn sentence(letter: &Letter<'_>, item: &Item) -> String {
    let on = day(Letter::day_of(item));
    let goal = match item.purpose.as_str() {
        "" => String::new(),
        purpose => format!(" Dat was voor: {}.", letter.purpose(purpose)),
    };
    let ground = |text: &str| match text {
        "" => String::new(),
        text => format!(" De grond daarvoor is {}.", plain(text)),
    };
    match item.role {
        Role::Asked => {
            let advice = advice(letter, item).map_or_else(
                || "Wij kregen geen advies.".to_owned(),
                |advice| format!("Wij kregen als advies: {advice}."),
            );
            format!("Op {on} vroegen wij of er iets bekend was.{goal} {advice}")
        }
        Role::Told => {
            let from = match item.other_party.as_str() {
                "" => String::new(),
                party => format!(" van {}", letter.name(party)),
            };
            let advice = advice(letter, item)
                .map(|advice| format!(" Het advies was: {advice}."))
                .unwrap_or_default();
            format!(
                "Op {on} kregen wij een bericht{from}. Wij zagen: {}.{advice}{goal}{}",
                shown(item),
                ground(&item.received_on)
            )
        }
        Role::Provided => {
            let kinds: Vec<String> = item.kinds.iter().map(|k| letter.signal_kind(k)).collect();
            let about = match kinds.as_slice() {
                [] => String::new(),
                kinds => format!(" Het ging over: {}.", listed(kinds, "en")),
            };
            format!(
                "Op {on} lieten wij {} iets weten.{about} Te zien was: {}.{goal}{}{}",
                letter.name(&item.other_party),
                shown(item),
                ground(&item.provided_on),
                recalled(item)
            )
        }
    }
}

fn recalled(item: &Item) -> String {
    let Some(sent) = item.recalled_on else {
        return String::new();
    };
    let sent = day(Day::from_days(sent));
    match item.recall_acknowledged_on {
        Some(done) => format!(
            " Op {sent} lieten wij weten dat dit niet meer geldt; op {} is dat verwerkt.",
            day(Day::from_days(done))
        ),
        None => format!(" Op {sent} lieten wij weten dat dit niet meer geldt."),
    }
}

fn advice(letter: &Letter<'_>, item: &Item) -> Option<String> {
    let advice = letter.covenant.vocabulary().advice(&item.advice)?;
    (advice.rank > 0).then(|| plain(advice.nl))
}

fn shown(item: &Item) -> String {
    let word = |word: &String| {
        match word.as_str() {
            "aantal" => "hoeveel meldingen er waren",
            "treffer" => "dat er iets bekend was",
            "handelingsadvies" => "een advies over wat te doen",
            "contactpunt" => "wie gebeld kan worden",
            "categorie" => "welk soort melding het was",
            "gegevens" => "gegevens uit de melding",
            other => other,
        }
        .to_owned()
    };
    let words: Vec<String> = item.shown.iter().map(word).collect();
    match words.as_slice() {
        [] => "niets".to_owned(),
        words => listed(words, "en"),
    }
}

fn done(letter: &Letter<'_>) -> Option<String> {
    if letter.kind == RightsKind::Access && letter.done.is_empty() {
        return None;
    }
    let mut lines = vec!["## Wat wij hebben gedaan".to_owned(), String::new()];
    if letter.done.is_empty() {
        lines.push("Wij hebben aan onze eigen meldingen niets veranderd.".to_owned());
        return Some(lines.join("\n"));
    }
    for done in &letter.done {
        let what = match done.what {
            What::Withdrawn => "is ingetrokken",
            What::Erased => "is verwijderd",
            What::Restricted => "wordt voorlopig niet gebruikt",
            What::Lifted => "wordt weer gebruikt",
            What::Corrected => "is verbeterd",
        };
        lines.push(format!(
            "- Onze melding van {} ({}) {what}.",
            day(done.observed_on),
            letter.category(done.category)
        ));
    }
    lines.push(String::new());
    lines.push("Wie van deze meldingen iets heeft gehoord, krijgt daarover bericht.".to_owned());
    Some(lines.join("\n"))
}

fn silence(letter: &Letter<'_>) -> String {
    let law = if letter.police {
        "artikel 27 van de Wet politiegegevens"
    } else {
        "artikel 41 van de Uitvoeringswet AVG"
    };
    format!(
        "## Wat wij soms niet mogen zeggen\n\nSoms mag of moet een organisatie over gegevens zwijgen, bijvoorbeeld voor een onderzoek of om iemand anders te beschermen ({law}). Dan mag zij ook niet zeggen of zulke gegevens er zijn. Dit staat in elke brief, ook als er niets is."
    )
}

fn others(letter: &Letter<'_>) -> String {
    let mut text = format!(
        "## Andere organisaties\n\nDeze brief gaat alleen over {}. De andere organisaties in de samenwerking antwoorden zelf.",
        letter.own_name()
    );
    let passed = letter.passed_to();
    if !passed.is_empty() {
        text.push_str(&format!(
            " Wij gaven uw verzoek door aan {}.",
            listed(&passed, "en")
        ));
    }
    text.push_str(&format!(
        " Met vragen over de samenwerking kunt u terecht bij {}.",
        letter.contact()
    ));
    text
}

fn complain(letter: &Letter<'_>) -> String {
    format!(
        "## Bent u het er niet mee eens?\n\nVertel het ons. U kunt ook een klacht indienen bij de Autoriteit Persoonsgegevens (autoriteitpersoonsgegevens.nl), of naar de rechter gaan. Doe dat laatste binnen zes weken na de datum van deze brief.\n\nMet vriendelijke groet,\n\n{}",
        letter.own_name()
    )
}

fn day(day: Day) -> String {
    covenant::plain::day(Lang::Nl, day)
}
