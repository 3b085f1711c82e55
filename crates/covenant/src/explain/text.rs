//! The answer in words.

use model::{ClauseNo, PartyId, RoleRef};

use super::{Demand, Explained};
use crate::decide::BasisExplained;
use crate::decide::explanation::GroundExplained;
use crate::diagnostic::Lang;
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{Shows, Trigger};
use crate::plain::demands;
use crate::plain::phrase::{self, and, day, pick, quoted, told};
use crate::plain::terms::Term as _;

pub(super) fn write(covenant: &Covenant, explained: &Explained, lang: Lang) -> String {
    let mut out = String::new();
    question(&mut out, covenant, explained, lang);
    out.push('\n');
    answer(&mut out, explained, lang);
    nearest(&mut out, explained, lang);
    let number = explained.clause.as_ref().map(|c| c.number.as_str());
    let number = number.and_then(|n| ClauseNo::parse(n).ok());
    let clause = number.and_then(|n| covenant.clause(&n));
    if let Some(clause) = clause.filter(|_| explained.prohibition.is_none()) {
        details(&mut out, covenant, clause, explained, lang);
    }
    out
}

fn question(out: &mut String, covenant: &Covenant, explained: &Explained, lang: Lang) {
    let asked = &explained.question;
    let who = RoleRef::parse(&asked.role).ok().map_or_else(
        || asked.role.clone(),
        |role| phrase::roles(covenant, lang, &[role]).join(""),
    );
    let what = Shows::parse(asked.shows).map_or(asked.shows, |s| s.told(lang));
    let from = name(covenant, &asked.source);
    let (signal, purpose) = (&asked.signal, &asked.purpose);
    let shows = asked.shows;
    line(
        out,
        0,
        &told!(
            lang,
            "Vraag: mag {who} weten {what} ({shows})?",
            "Question: may {who} know {what} ({shows})?"
        ),
    );
    line(
        out,
        2,
        &told!(
            lang,
            "Het gaat om signalen over {signal} van {from}, voor het doel {purpose}.",
            "It is about signals about {signal} from {from}, for the purpose {purpose}."
        ),
    );
}

fn answer(out: &mut String, explained: &Explained, lang: Lang) {
    let clause = explained.clause.as_ref();
    let number = clause.map_or("", |c| c.number.as_str());
    let title = clause.map_or_else(String::new, |c| quoted(&c.title));
    let text = match explained.because {
        None => told!(
            lang,
            "Antwoord: ja. Regel {number} staat dit toe: {title}.",
            "Answer: yes. Clause {number} allows it: {title}."
        ),
        Some("prohibited") => {
            let prohibition = explained.prohibition.as_ref();
            let number = prohibition.map_or("", |p| p.number.as_str());
            let title = prohibition.map_or_else(String::new, |p| quoted(&p.title));
            told!(
                lang,
                "Antwoord: nee. Verbod {number} sluit dit af: {title}.",
                "Answer: no. Prohibition {number} closes this: {title}."
            )
        }
        // A clause may name both, and opens nothing all the same.
        Some("not-named") if is_own(explained) => told!(
            lang,
            "Antwoord: nee. Een partij hoort nooit haar eigen signalen terug.",
            "Answer: no. A party never hears its own signals back."
        ),
        Some("not-named") => told!(
            lang,
            "Antwoord: nee, niet genoemd. Geen regel staat dit toe.",
            "Answer: no, not named. No clause allows it."
        ),
        Some(_) => told!(
            lang,
            "Antwoord: nee. Regel {number} gaat hierover, maar niet alles klopt: {title}.",
            "Answer: no. Clause {number} is about this, but not all of it is met: {title}."
        ),
    };
    line(out, 0, &text);
    if let (Some(_), Some(clause)) = (&explained.prohibition, clause) {
        let (number, title) = (&clause.number, quoted(&clause.title));
        line(
            out,
            2,
            &told!(
                lang,
                "Zonder dat verbod zou regel {number} hierover gaan: {title}.",
                "Without that prohibition clause {number} would be about it: {title}."
            ),
        );
    }
}

/// Whether the source asks for its own signals.
fn is_own(explained: &Explained) -> bool {
    let asked = &explained.question;
    RoleRef::parse(&asked.role).is_ok_and(|role| role.party().as_str() == asked.source)
}

fn nearest(out: &mut String, explained: &Explained, lang: Lang) {
    let Some(nearest) = explained.nearest.as_ref().filter(|_| !is_own(explained)) else {
        return;
    };
    let number = &nearest.clause;
    line(
        out,
        2,
        &told!(
            lang,
            "Het meest gelijk is iets dat regel {number} wel toestaat:",
            "Most alike is something that clause {number} does allow:"
        ),
    );
    let (open, asked) = (&nearest.cell, &explained.question);
    for word in &nearest.differs {
        let (there, here) = match *word {
            "rol" => (open.role.as_str(), asked.role.as_str()),
            "doel" => (open.purpose.as_str(), asked.purpose.as_str()),
            "van" => (open.source.as_str(), asked.source.as_str()),
            "over" => (open.signal.as_str(), asked.signal.as_str()),
            _ => (open.shows, asked.shows),
        };
        line(
            out,
            4,
            &told!(
                lang,
                "- {word}: daar {there}, in uw vraag {here}",
                "- {word}: there {there}, in your question {here}"
            ),
        );
    }
}

fn details(
    out: &mut String,
    covenant: &Covenant,
    clause: &Clause,
    explained: &Explained,
    lang: Lang,
) {
    let occasion = match explained.trigger.and_then(Trigger::parse) {
        Some(Trigger::Question) => pick(lang, "iemand vraagt het", "somebody asks"),
        Some(Trigger::OnMatch) => {
            pick(lang, "signalen horen bij elkaar", "signals belong together")
        }
        Some(Trigger::Scan) | None => pick(lang, "een telling", "a count"),
    };
    line(
        out,
        2,
        &told!(lang, "Aanleiding: {occasion}.", "Occasion: {occasion}."),
    );
    if let Some(basis) = &explained.basis {
        grounds(out, covenant, clause, basis, explained, lang);
    }
    let rows: Vec<String> = explained.demands.iter().map(|d| row(d, lang)).collect();
    group(
        out,
        pick(lang, "Voorwaarden en grenzen", "Conditions and limits"),
        &rows,
    );
    if !rows.is_empty() {
        line(
            out,
            2,
            pick(
                lang,
                "Wat u niet noemt met --fact, staat hier zo dat het klopt.",
                "What you do not tell with --fact is here as it must be.",
            ),
        );
    }
    unused(out, explained, lang);
    let told = [
        (
            pick(
                lang,
                "Zo ziet het antwoord eruit",
                "What the answer is like",
            ),
            demands::output(lang, &clause.output),
        ),
        (
            pick(lang, "Dit doet de makelaar", "This is what the broker does"),
            demands::duties(covenant, lang, &clause.duties),
        ),
        (
            pick(
                lang,
                "Dit belooft de ontvanger",
                "This is what the recipient promises",
            ),
            demands::promises(lang, &clause.promises),
        ),
    ];
    for (head, sentences) in told {
        group(out, head, &sentences);
    }
}

/// Whoever told a fact may think that it matters.
fn unused(out: &mut String, explained: &Explained, lang: Lang) {
    if !explained.unused.is_empty() {
        let facts = and(lang, &explained.unused);
        line(
            out,
            2,
            &told!(
                lang,
                "Maakt hier geen verschil: {facts}.",
                "Makes no difference here: {facts}."
            ),
        );
    }
}

fn grounds(
    out: &mut String,
    covenant: &Covenant,
    clause: &Clause,
    basis: &BasisExplained,
    explained: &Explained,
    lang: Lang,
) {
    let source = name(covenant, &explained.question.source);
    let recipient = RoleRef::parse(&explained.question.role).map_or_else(
        |_| String::new(),
        |role| phrase::party(covenant, &role.party()),
    );
    let side = |who: &str, verb: &str, ground: &GroundExplained, exceptions: &[&'static str]| {
        let law = ground
            .law
            .as_ref()
            .map_or_else(String::new, |law| told!(lang, " en {law}", " and {law}"));
        let article = ground.article;
        let except = if exceptions.is_empty() {
            String::new()
        } else {
            let words = and(lang, exceptions);
            told!(lang, ", uitzondering {words}", ", exception {words}")
        };
        format!("{who} {verb}: {article}{law}{except}")
    };
    let mut lines = vec![
        side(
            &source,
            pick(lang, "geeft dit", "gives this"),
            &basis.provide,
            &basis.provide_exceptions,
        ),
        side(
            &recipient,
            pick(lang, "ontvangt dit", "receives this"),
            &basis.receive,
            &basis.receive_exceptions,
        ),
    ];
    if let Some(decision) = &clause.bases.decision {
        let (mark, date) = (quoted(&decision.mark), day(lang, decision.date));
        lines.push(told!(
            lang,
            "besluit {mark} van {date}",
            "decision {mark} of {date}"
        ));
    }
    group(out, pick(lang, "Op grond van de wet", "By law"), &lines);
}

/// `klopt    voorwaarde.treffers: gevraagd 1, hier 1`.
fn row(demand: &Demand, lang: Lang) -> String {
    let met = if demand.met {
        pick(lang, "klopt", "met")
    } else {
        pick(lang, "KLOPT NIET", "NOT MET")
    };
    let Demand {
        code, asked, fact, ..
    } = demand;
    told!(
        lang,
        "{met}: {code} (gevraagd {asked}, hier {fact})",
        "{met}: {code} (asked {asked}, here {fact})"
    )
}

fn name(covenant: &Covenant, id: &str) -> String {
    PartyId::parse(id).map_or_else(|_| id.to_owned(), |id| phrase::party(covenant, &id))
}

fn group(out: &mut String, head: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    line(out, 2, &format!("{head}:"));
    for text in lines {
        line(out, 4, &format!("- {text}"));
    }
}

fn line(out: &mut String, indent: usize, text: &str) {
    out.push_str(&" ".repeat(indent));
    out.push_str(text);
    out.push('\n');
}
