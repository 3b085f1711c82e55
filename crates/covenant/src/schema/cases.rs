//! The schema of a file of cases.

use serde_json::{Value, json};

use super::{
    Key, QUESTION, clause_number, covenant_id, document, example_keys, fact, facts, list, may,
    need, number, outcome, question, role, slug, span, table, tables, text, word,
};
use crate::cases::FORMAT;
use crate::language::parse::example::FACTS;
use crate::language::words::{Reason, Shows};

pub(super) fn schema() -> Value {
    let case = table(example_keys().into_iter().chain(besides()));
    let series = table([
        need("naam", text(), "Wat de reeks laat zien, in een zin."),
        may("vraag", question(false), "Wat de rijen van de vraag delen."),
        may("feiten", facts(), "Wat de rijen van de feiten delen."),
        need(
            "rijen",
            json!({ "type": "array", "items": row(), "minItems": 1 }),
            "Elke rij is een geval: wat zij anders heeft dan de reeks, en haar uitkomst.",
        ),
    ]);
    let mut whole = table([
        need(
            "formaat",
            json!({ "const": FORMAT }),
            "Het formaat van dit bestand.",
        ),
        need(
            "convenant",
            covenant_id(),
            "De id van het convenant waar deze gevallen bij horen.",
        ),
        need(
            "versie",
            number(1, 1_000_000),
            "De versie van het convenant waar deze gevallen bij horen.",
        ),
        may("geval", tables(&case), "Een vraag met haar uitkomst."),
        may(
            "reeks",
            tables(&series),
            "Veel gevallen van een soort, elk in een rij.",
        ),
    ]);
    if let Value::Object(whole) = &mut whole {
        let some = json!([{ "required": ["geval"] }, { "required": ["reeks"] }]);
        whole.insert("anyOf".into(), some);
    }
    document(
        "urn:convenant:schema:convenant-gevallen-1",
        "Gevallen bij een convenant",
        "Gevallen die naast een convenant staan (<naam>.cases.toml). Niemand tekent ze. \
         `covenant policy test` probeert ze, en zegt ook wat dit schema niet ziet.",
        whole,
        json!({ "tijdsduur": span() }),
    )
}

/// What a case may say beside an example.
fn besides() -> [Key; 3] {
    [
        may(
            "redenen",
            list(&word::<Reason>()),
            "Precies deze redenen om te weigeren, en geen andere.",
        ),
        may(
            "regel",
            clause_number(),
            "Het nummer van de regel die weigert.",
        ),
        may(
            "verbod",
            clause_number(),
            "Het nummer van het verbod dat weigert.",
        ),
    ]
}

fn row() -> Value {
    let [role_is, purpose, from, about, shows] = QUESTION;
    let asked = [
        may("rol", role(), role_is),
        may("doel", slug(), purpose),
        may("van", slug(), from),
        may("over", slug(), about),
        may("toont", word::<Shows>(), shows),
    ];
    let outcome = need(
        "uitkomst",
        outcome(),
        "Het nummer van de regel die het toont, of \"geweigerd\", of \"geweigerd: <reden>\".",
    );
    let keys = asked.into_iter().chain(FACTS.into_iter().map(fact));
    table(keys.chain([outcome]).chain(besides()))
}
