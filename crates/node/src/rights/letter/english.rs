//! In English.

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
    let mut address = vec![plain(&record.applicant.name)];
    address.extend(
        record
            .applicant
            .address_lines
            .iter()
            .map(|line| plain(line)),
    );
    let mut facts = vec![
        format!("Date: {}", day(letter.today)),
        format!(
            "Your request came in on: {}",
            day(Day::from_days(record.received_on))
        ),
    ];
    if !record.reference.is_empty() {
        facts.push(format!("Our reference: {}", plain(&record.reference)));
    }
    facts.push(format!("Case: {}", letter.id));
    format!(
        "# Answer to your request for {}\n\n{}\n\n{}",
        right(letter.kind),
        address.join("  \n"),
        facts.join("  \n")
    )
}

const fn right(kind: RightsKind) -> &'static str {
    match kind {
        RightsKind::Access => "access",
        RightsKind::Correction => "correction",
        RightsKind::Objection => "us to stop (objection)",
        RightsKind::Restriction => "restriction",
        RightsKind::Erasure => "erasure",
    }
}

const fn law(kind: RightsKind, police: bool) -> &'static str {
    match (kind, police) {
        (RightsKind::Access, true) => "article 25 of the Police Data Act (Wpg)",
        (RightsKind::Correction | RightsKind::Restriction | RightsKind::Erasure, true) => {
            "article 28 of the Police Data Act (Wpg)"
        }
        (RightsKind::Access, false) => "article 15 of the GDPR",
        (RightsKind::Correction, false) => "article 16 of the GDPR",
        (RightsKind::Objection, _) => "article 21 of the GDPR",
        (RightsKind::Restriction, false) => "article 18 of the GDPR",
        (RightsKind::Erasure, false) => "article 17 of the GDPR",
    }
}

fn request(letter: &Letter<'_>) -> String {
    let asked = match letter.kind {
        RightsKind::Access => {
            "You asked us which data about you we asked for, received or provided in this co-operation."
        }
        RightsKind::Correction => "You asked us to correct data about you.",
        RightsKind::Objection => "You do not want us to use data about you in this co-operation.",
        RightsKind::Restriction => "You asked us not to use data about you for the time being.",
        RightsKind::Erasure => "You asked us to erase data about you.",
    };
    format!(
        "Dear {},\n\n{asked} You have that right by {}. It is about the co-operation “{}”, in which {} takes part. We searched the log of that co-operation for everything about you, of the last four years or of the time that you named.",
        plain(&letter.record.applicant.name),
        law(letter.kind, letter.police),
        letter.title(),
        letter.own_name(),
    )
}

fn found(letter: &Letter<'_>) -> String {
    let mut lines = vec!["## What we can tell you".to_owned(), String::new()];
    if letter.told.is_empty() {
        lines.push("There is nothing about this that we can tell you.".to_owned());
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
            "We do not tell you a part of it. {} allows that.",
            listed(&grounds, "and")
        ));
    }
    lines.join("\n")
}

/// The same whether anything was found or not: it depends on keys alone.
fn unknown(letter: &Letter<'_>) -> Option<String> {
    let until = day(letter.unknown_until()?);
    Some(format!(
        "## What we could not look up\n\nWe could not look up everything. We no longer have the key of an earlier period, with which we can find you in the log. For the time up to and including {until} a part of our answer is therefore: unknown. Perhaps nothing about you was asked for, received or provided then, and perhaps something was. We do not know.\n\nThat is not right. Ask {} what can still be done. You can also complain. The end of this letter says how.",
        letter.contact()
    ))
}

fn sentence(letter: &Letter<'_>, item: &Item) -> String {
    let on = day(Letter::day_of(item));
    let goal = match item.purpose.as_str() {
        "" => String::new(),
        purpose => format!(" It was for: {}.", letter.purpose(purpose)),
    };
    let ground = |text: &str| match text {
        "" => String::new(),
        text => format!(" The ground for it is {}.", plain(text)),
    };
    match item.role {
        Role::Asked => {
            let advice = advice(letter, item).map_or_else(
                || "We got no advice.".to_owned(),
                |advice| format!("The advice that we got: {advice}."),
            );
            format!("On {on} we asked whether something was known.{goal} {advice}")
        }
        Role::Told => {
            let from = match item.other_party.as_str() {
                "" => String::new(),
                party => format!(" from {}", letter.name(party)),
            };
            let advice = advice(letter, item)
                .map(|advice| format!(" The advice was: {advice}."))
                .unwrap_or_default();
            format!(
                "On {on} we got a message{from}. We saw: {}.{advice}{goal}{}",
                shown(item),
                ground(&item.received_on)
            )
        }
        Role::Provided => {
            let kinds: Vec<String> = item.kinds.iter().map(|k| letter.signal_kind(k)).collect();
            let about = match kinds.as_slice() {
                [] => String::new(),
                kinds => format!(" It was about: {}.", listed(kinds, "and")),
            };
            format!(
                "On {on} we let {} know something.{about} What could be seen: {}.{goal}{}{}",
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
            " On {sent} we let them know that this no longer holds; on {} they had dealt with it.",
            day(Day::from_days(done))
        ),
        None => format!(" On {sent} we let them know that this no longer holds."),
    }
}

fn advice(letter: &Letter<'_>, item: &Item) -> Option<String> {
    let advice = letter.covenant.vocabulary().advice(&item.advice)?;
    (advice.rank > 0).then(|| plain(advice.en))
}

fn shown(item: &Item) -> String {
    let word = |word: &String| {
        match word.as_str() {
            "aantal" => "how many reports there were",
            "treffer" => "that something was known",
            "handelingsadvies" => "an advice what to do",
            "contactpunt" => "whom to call",
            "categorie" => "which kind of report it was",
            "gegevens" => "data from the report",
            other => other,
        }
        .to_owned()
    };
    let words: Vec<String> = item.shown.iter().map(word).collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        words => listed(words, "and"),
    }
}

fn done(letter: &Letter<'_>) -> Option<String> {
    if letter.kind == RightsKind::Access && letter.done.is_empty() {
        return None;
    }
    let mut lines = vec!["## What we did".to_owned(), String::new()];
    if letter.done.is_empty() {
        lines.push("We changed nothing about our own reports.".to_owned());
        return Some(lines.join("\n"));
    }
    for done in &letter.done {
        let what = match done.what {
            What::Withdrawn => "is withdrawn",
            What::Erased => "is erased",
            What::Restricted => "is not used for the time being",
            What::Lifted => "is used again",
            What::Corrected => "is corrected",
        };
        lines.push(format!(
            "- Our report of {} ({}) {what}.",
            day(done.observed_on),
            letter.category(done.category)
        ));
    }
    lines.push(String::new());
    lines.push("Whoever heard something of these reports is told so.".to_owned());
    Some(lines.join("\n"))
}

fn silence(letter: &Letter<'_>) -> String {
    let law = if letter.police {
        "article 27 of the Police Data Act (Wpg)"
    } else {
        "article 41 of the Dutch GDPR Implementation Act (UAVG)"
    };
    format!(
        "## What we may sometimes not say\n\nSometimes an organisation may or must be silent about data, for example for an investigation or to protect somebody else ({law}). Then it may not say either whether there are such data. This stands in every letter, also when there is nothing."
    )
}

fn others(letter: &Letter<'_>) -> String {
    let mut text = format!(
        "## Other organisations\n\nThis letter is about {} only. The other organisations in the co-operation answer for themselves.",
        letter.own_name()
    );
    let passed = letter.passed_to();
    if !passed.is_empty() {
        text.push_str(&format!(
            " We passed your request on to {}.",
            listed(&passed, "and")
        ));
    }
    text.push_str(&format!(
        " For questions about the co-operation you can go to {}.",
        letter.contact()
    ));
    text
}

fn complain(letter: &Letter<'_>) -> String {
    format!(
        "## Do you disagree?\n\nTell us. You can also complain to the Autoriteit Persoonsgegevens, the Dutch data protection authority (autoriteitpersoonsgegevens.nl), or go to court. Do the latter within six weeks after the date of this letter.\n\nYours faithfully,\n\n{}",
        letter.own_name()
    )
}

fn day(day: Day) -> String {
    covenant::plain::day(Lang::En, day)
}
