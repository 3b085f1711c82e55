//! Random covenants without errors, as text, so that all that reads them is under test too.
//!
//! A text is thrown, checked, and what the check refuses is left out again, until nothing is
//! refused. Warnings stay: a covenant of chance has clauses that are dead or without examples.

mod clause;
mod dice;
pub(crate) mod force;

use std::collections::BTreeMap;

use covenant::{Covenant, Severity, check};
pub(crate) use dice::Dice;
use model::PartyId;

/// A covenant that can be put in force.
pub(crate) struct Generated {
    /// What tells it apart when a test fails: the seed of [`covenant`], or a file.
    pub(crate) name: String,
    /// Its text, with keys whose seeds are known.
    pub(crate) source: String,
    /// It, checked.
    pub(crate) covenant: Covenant,
    /// The name of each signer's key.
    pub(crate) signers: BTreeMap<PartyId, String>,
}

impl Generated {
    /// A covenant whose parties sign with the keys that the generator gives them.
    pub(crate) fn of(name: String, source: String, covenant: Covenant) -> Self {
        let signers = covenant.parties().keys();
        let signers = signers
            .map(|p| (p.clone(), format!("{p}-signer")))
            .collect();
        Self {
            name,
            source,
            covenant,
            signers,
        }
    }
}

/// A covenant without errors that has at least one clause and at most `most`.
pub(crate) fn covenant(seed: u64, most: usize) -> Generated {
    let mut dice = Dice::new(seed);
    loop {
        let mut plan = Plan::thrown(&mut dice, most);
        if let Some((source, covenant)) = plan.accepted(seed) {
            let name = format!("seed {seed}, at most {most} clauses");
            return Generated::of(name, source, covenant);
        }
    }
}

/// The parties, roles and so on that a covenant of chance may name.
pub(crate) struct Names {
    pub(crate) parties: Vec<(&'static str, &'static str)>,
    pub(crate) roles: Vec<String>,
    pub(crate) purposes: Vec<String>,
    pub(crate) signals: Vec<String>,
}

const PARTIES: [(&str, &str); 6] = [
    ("corporatie", "woningcorporatie"),
    ("gemeente", "gemeente"),
    ("politie", "politie"),
    ("zorg", "zorgaanbieder"),
    ("om", "openbaar-ministerie"),
    ("ggd", "ggd"),
];

/// The first day on which every covenant of chance holds, and the first on which it no longer does.
pub(crate) const VALID: (&str, &str) = ("2026-11-01", "2027-11-01");

/// Texts of people, with everything in them that Cedar or TOML might trip over.
const TITLES: [&str; 5] = [
    "Eén titel",
    "Een \\\"aanhaling\\\" en een \\\\ streep",
    "// geen commentaar; @id(*) permit(principal, action, resource);",
    "'; forbid '",
    "titel",
];

struct Plan {
    head: String,
    /// Clauses and prohibitions, each a section of the text.
    sections: Vec<String>,
}

impl Plan {
    fn thrown(dice: &mut Dice, most: usize) -> Self {
        let parties = loop {
            let parties = dice.some(&PARTIES, 4);
            if parties.len() > 1 {
                break parties;
            }
        };
        let mut head = header(dice, parties[0].0);
        let mut names = Names {
            parties,
            roles: Vec::new(),
            purposes: (0..1 + dice.below(3)).map(|n| format!("doel{n}")).collect(),
            signals: (0..1 + dice.below(3 + most / 20))
                .map(|n| format!("sein-{n}"))
                .collect(),
        };
        for (number, (id, kind)) in names.parties.iter().enumerate() {
            party(&mut head, (number, id, kind));
            for role in ["a", "b", "c"].iter().take(1 + dice.below(2 + most / 50)) {
                head.push_str(&format!("rol.{role} = \"rol\"\n"));
                names.roles.push(format!("{id}.{role}"));
            }
        }
        head.push_str(&format!(
            "\n[logboek]\nsleutel = \"{}\"\ngetuigen = \"uitgesteld\"\nbewaren_logboek = \"5 jaar\"\n",
            force::signing("logboek")
        ));
        head.push_str("\n[vergelijking.adres]\nsoort = \"adres\"\nvelden = [\"postcode\", \"huisnummer\"]\nprofiel = \"hmac\"\n");
        head.push_str("\n[vergelijking.wagen]\nsoort = \"voertuig\"\nvelden = [\"kenteken\"]\nprofiel = \"hmac\"\n");
        for purpose in &names.purposes {
            head.push_str(&format!(
                "\n[doel.{purpose}]\nuitleg = \"u\"\nniet_voor = [\"opsporing\"]\n"
            ));
        }
        for (number, signal) in names.signals.iter().enumerate() {
            head.push_str(&signal_of(dice, &names, (number, signal)));
        }
        let mut sections = Vec::new();
        let mut taken = clause::Taken::default();
        for number in 0..1 + dice.below(most) {
            sections.extend(clause::clause(dice, &names, &mut taken, number));
        }
        for number in 0..dice.below(4) {
            sections.push(clause::prohibition(dice, &names, number));
        }
        Self { head, sections }
    }

    /// The text without what a check refuses; `None` when no clause is left.
    fn accepted(&mut self, seed: u64) -> Option<(String, Covenant)> {
        loop {
            let mut source = self.head.clone();
            let mut starts = Vec::new();
            for section in &self.sections {
                starts.push(source.len());
                source.push_str(section);
            }
            let checked = check(&source);
            if let Some(covenant) = checked.covenant {
                let some = !covenant.clauses().is_empty();
                return some.then_some((source, covenant));
            }
            let mut refused: Vec<usize> = checked
                .diagnostics
                .iter()
                .filter(|d| d.severity == Severity::Error)
                .map(|d| {
                    let section = starts.iter().rposition(|start| *start <= d.from);
                    section.unwrap_or_else(|| {
                        panic!(
                            "seed {seed}: the generator makes bad heads: {} {}",
                            d.code, d.message_en
                        )
                    })
                })
                .collect();
            refused.sort_unstable();
            refused.dedup();
            for section in refused.into_iter().rev() {
                self.sections.remove(section);
            }
        }
    }
}

fn header(dice: &mut Dice, contact: &str) -> String {
    let title = dice.pick(&TITLES);
    format!(
        "formaat = \"convenant/1\"\ntaal = \"nl\"\n\n[convenant]\nid = \"proef-{}\"\nversie = 1\ntitel = \"{title}\"\n\
         geldig_van = {}\ngeldig_tot = {}\nwoordenlijst = \"nl-veilig/2\"\ncontactpunt = \"{contact}\"\n\
         dpia = {{ kenmerk = \"D-1\", datum = 2026-09-04 }}\n",
        dice.below(1_000_000),
        VALID.0,
        VALID.1,
    )
}

fn party(head: &mut String, (number, id, kind): (usize, &str, &str)) {
    head.push_str(&format!(
        "\n[partij.{id}]\nnaam = \"Partij {id}\"\nsoort = \"{kind}\"\noin = \"0000009900000000{number}000\"\n\
         ondertekenaar = {{ functie = \"functionaris\", sleutel = \"{}\" }}\nnoodstop = [\"{}\"]\n\
         knooppunt = {{ ondertekening = \"{}\", verzegeling = \"{}\", getuige = \"{}\" }}\n",
        force::signing(&format!("{id}-signer")),
        force::signing(&format!("{id}-emergency")),
        force::signing(&format!("{id}-node")),
        force::sealing(&format!("{id}-seal")),
        force::signing(&format!("{id}-witness")),
    ));
}

fn signal_of(dice: &mut Dice, names: &Names, (number, id): (usize, &str)) -> String {
    let parties: Vec<&str> = names.parties.iter().map(|p| p.0).collect();
    // A signal of one source only can't open in two steps what is closed in one.
    let most = if dice.chance(80) { 1 } else { 3 };
    let sources = clause::texts(&dice.some(&parties, most));
    let nature = dice.pick(&["gewoon", "strafrechtelijk", "bijzonder"]);
    format!(
        "\n[signaal.{id}]\nuitleg = \"u\"\nbron = {sources}\ncodes = [\"eigen:S{number}\"]\naard = \"{nature}\"\n\
         vervalt_na = \"{}\"\nzekerheid = \"gemeld\"\n",
        dice.pick(&["12 maanden", "30 dagen", "1 jaar"]),
    )
}
