//! A covenant in Cedar: a second language, with tools that are not ours, that decides the same.
//!
//! An auditor who trusts neither our words nor our program takes these texts to the official
//! `cedar` command line. A test of this crate holds the two against each other, in the decision
//! and in the clause that decides. Nothing that is shipped links to Cedar: here it is only text.
//!
//! | covenant | Cedar |
//! |---|---|
//! | role | principal `Ontvanger::"<party>.<role>"` |
//! | purpose and level | `Action::"<purpose>/<level>"` |
//! | source and signal | resource `Gegeven::"<source>/<signal>"` |
//! | facts, time and standing | context `Feiten` |
//! | clause | `permit` with `@id("regel-<number>")` |
//! | prohibition | `forbid` with `@id("verbod-<number>")` |
//! | not in force, suspended, not confirmed | `forbid` with an id of its own |
//!
//! Every word of the covenant is an enumerated entity, so that `cedar validate` refuses one that
//! is misspelt: as text it would be accepted, and would then silently match nothing.

mod entities;
mod policy;
mod request;
mod schema;
mod text;

use crate::language::covenant::Covenant;

/// The id of the policy that withholds because the covenant is not in force.
pub const NOT_ACTIVE: &str = "niet-van-kracht";
/// The id of the policy that withholds because of a suspension of the whole, of a signal or of a
/// recipient. One of a clause is a condition of that clause.
pub const SUSPENDED: &str = "geschorst";
/// The id of the policy that withholds because a party of the cell did not confirm.
pub const NOT_CONFIRMED: &str = "niet-bevestigd";

/// A covenant in Cedar: the texts of four files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Export {
    /// The schema, in Cedar's format for people: `<covenant>.cedarschema`.
    pub schema: String,
    /// The policies: `<covenant>.cedar`.
    pub policies: String,
    /// The roles, sources and signals, as JSON: `<covenant>.entities.json`.
    pub entities: String,
    /// A question to begin with, as JSON, with facts that its clause is content with:
    /// `<covenant>.request.json`. `None` where the covenant opens nothing.
    pub request: Option<String>,
}

/// Writes a covenant in Cedar. The same covenant gives the same texts.
#[must_use]
pub fn export(covenant: &Covenant) -> Export {
    Export {
        schema: schema::schema(covenant),
        policies: policy::policies(covenant),
        entities: entities::entities(covenant),
        request: request::request(covenant),
    }
}

/// What stands above each text: what it is, of which file, and how to try it.
fn heading(covenant: &Covenant, what: &str) -> String {
    let name = covenant.id();
    let lines = [
        format!("{what} van convenant {name}, versie {}.", covenant.version()),
        format!("SHA-256 van het convenant: {}", covenant.digest().to_hex()),
        String::new(),
        "Dit is een vertaling om na te rekenen. Alleen het convenant zelf is ondertekend.".to_owned(),
        "Wijzig dit bestand niet; maak het opnieuw uit het convenant.".to_owned(),
        "This is a translation to check the covenant with. Only the covenant itself is signed.".to_owned(),
        String::new(),
        "Zo rekent u het na, met het officiële programma van Cedar (cargo install cedar-policy-cli):".to_owned(),
        "To check it with Cedar's own program:".to_owned(),
        String::new(),
        format!("  cedar validate --schema {name}.cedarschema --policies {name}.cedar"),
        format!("  cedar authorize --schema {name}.cedarschema --policies {name}.cedar \\"),
        format!("    --entities {name}.entities.json --request-json {name}.request.json --verbose"),
        String::new(),
        "Het antwoord is ALLOW met de regel die opent (de @id), of DENY. Verander in het".to_owned(),
        "request-bestand de vraag of een feit, en kijk wat er gebeurt.".to_owned(),
        "The answer is ALLOW with the clause that opens (its @id), or DENY. Change the question or a".to_owned(),
        "fact in the request file, and see what happens.".to_owned(),
    ];
    let mut text = String::new();
    for line in lines {
        text.push_str(format!("// {line}").trim_end());
        text.push('\n');
    }
    text
}
