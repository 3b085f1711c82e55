//! The schema: which words there are, and what a decision looks at.

use std::fmt::Write as _;

use super::heading;
use super::text::{actions, literal};
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Trigger};

/// The context of every question. The comments are for the auditor.
const FACTS: &str = r#"// Het aantal verschillende signalen, en van hoeveel verschillende partijen zij zijn.
type Telling = {
  treffers: Long,
  partijen: Long,
};

// Waar een beslissing naar kijkt.
type Feiten = {
  // Van welk bestand de stand van zaken hieronder is: de SHA-256 van het convenant.
  convenant: String,
  // Vandaag in UTC, als getal: 20261101 is 1 november 2026.
  dag: Long,
  // Ingetrokken, of dertig dagen lang helemaal geschorst.
  beeindigd: Bool,
  // De partijen die minder dan 24 uur geleden zeiden dat hun convenant nog geldt.
  bevestigd: Set<Partij>,
  // De schorsingen die nu gelden.
  geschorst: {
    geheel: Bool,
    regels: Set<String>,
    signalen: Set<Signaal>,
    ontvangers: Set<Partij>,
  },

  // De vraag. Bij een overeenkomst vraagt niemand: dan is alles hier nee, laag of 0.
  aanleiding: Aanleiding,
  dossier: Bool,
  motivering: Bool,
  inlogniveau: Inlogniveau,
  // Deze vraag meegeteld.
  vragen: {
    medewerker_vandaag: Long,
    partij_vandaag: Long,
    betrokkene_deze_maand: Long,
  },

  // De signalen waar de regel over gaat en die passen bij de betrokkene.
  levend: Telling,
  // Daarvan: recent genoeg, beoordeeld zoals de regel vraagt, en in het gebied van de regel.
  recent: Telling,
  beoordeeld: Telling,
  in_gebied: Telling,
  // Daarvan: dat alles tegelijk. Deze tellen.
  tellend: Telling,
  // Hoeveel er daarvan van deze bron en deze soort zijn.
  van_dit_gegeven: Long,
  // Wat over de betrokkene is vastgesteld.
  minderjarige: Vaststelling,
  afgeschermd_adres: Vaststelling,

  // Hoeveel mensen goedkeurden, en of het antwoord lang genoeg is opgehouden.
  goedkeuringen: Long,
  gewacht: Bool,
  // Of gegevens verzegeld kunnen worden afgegeven.
  afgifte: Bool,
  // Bij een scan: het aantal in het vakje, en het aandeel van de grootste daarin, in procenten.
  totaal: Long,
  grootste_aandeel: Long,
};
"#;

pub(super) fn schema(covenant: &Covenant) -> String {
    let document = covenant.document();
    let roles = document.parties.values().flat_map(|p| p.roles.keys());
    let mut out = heading(covenant, "Cedar-schema");
    out.push_str("\n// De woorden van het convenant. Een ander woord is een fout.\n");
    words(
        &mut out,
        "Partij",
        document.parties.keys().map(|p| p.as_str()),
    );
    words(&mut out, "Rol", roles.map(|r| r.as_str()));
    words(
        &mut out,
        "Signaal",
        document.signals.keys().map(|s| s.as_str()),
    );
    words(
        &mut out,
        "Aanleiding",
        Trigger::ALL.iter().map(|t| t.as_str()),
    );
    words(
        &mut out,
        "Inlogniveau",
        LoginLevel::ALL.iter().map(|l| l.as_str()),
    );
    words(&mut out, "Vaststelling", ["nee", "onbekend", "ja"]);
    out.push_str(
        "\n// Wie iets krijgt te zien, en wat: een signaal van een bron.\n\
         entity Ontvanger = { rol: Rol, partij: Partij };\n\
         entity Gegeven = { bron: Partij, signaal: Signaal };\n\n",
    );
    out.push_str(FACTS);
    let actions: Vec<String> = actions(covenant).iter().map(|a| literal(a)).collect();
    if !actions.is_empty() {
        out.push_str("\n// Waarvoor, en hoeveel ervan wordt getoond: <doel>/<toont>.\naction\n  ");
        out.push_str(&actions.join(",\n  "));
        out.push_str(
            "\nappliesTo {\n  principal: Ontvanger,\n  resource: Gegeven,\n  context: Feiten,\n};\n",
        );
    }
    out
}

/// A closed list of words. Cedar has no empty one, and no id of a covenant holds a parenthesis.
fn words<'w>(out: &mut String, kind: &str, words: impl IntoIterator<Item = &'w str>) {
    let mut words: Vec<String> = words.into_iter().map(literal).collect();
    if words.is_empty() {
        words.push(literal("(geen)"));
    }
    // Writing to a text does not fail.
    let _ = writeln!(out, "entity {kind} enum [{}];", words.join(", "));
}
