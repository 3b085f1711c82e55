//! Clauses and prohibitions of chance.

use std::collections::BTreeSet;

use super::{Dice, Names, TITLES};

/// The cells that clauses have opened so far: no two may open the same one.
#[derive(Default)]
pub(super) struct Taken(BTreeSet<[String; 5]>);

impl Taken {
    /// Takes them all, unless one of them is taken.
    fn take(&mut self, cells: Vec<[String; 5]>) -> bool {
        let free = !cells.iter().any(|cell| self.0.contains(cell));
        if free {
            self.0.extend(cells);
        }
        free
    }
}

/// A TOML list of texts.
pub(super) fn texts<T: AsRef<str>>(items: &[T]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|i| format!("\"{}\"", i.as_ref()))
        .collect();
    format!("[{}]", items.join(", "))
}

/// What a clause opens.
struct Cells {
    to: Vec<String>,
    purpose: String,
    from: Vec<&'static str>,
    about: Vec<String>,
    shows: Vec<&'static str>,
}

impl Cells {
    fn all(&self) -> Vec<[String; 5]> {
        let mut all = Vec::new();
        for role in &self.to {
            for source in &self.from {
                for signal in &self.about {
                    all.extend(self.shows.iter().map(|shows| {
                        let (role, purpose) = (role.clone(), self.purpose.clone());
                        [
                            role,
                            purpose,
                            (*source).to_owned(),
                            signal.clone(),
                            (*shows).to_owned(),
                        ]
                    }));
                }
            }
        }
        all
    }
}

/// A clause, unless there was no room for one.
pub(super) fn clause(
    dice: &mut Dice,
    names: &Names,
    taken: &mut Taken,
    number: usize,
) -> Option<String> {
    let parties: Vec<&str> = names.parties.iter().map(|p| p.0).collect();
    let triggers = dice.pick(&[
        &["bevraging"][..],
        &["bevraging"],
        &["overeenkomst"],
        &["bevraging", "overeenkomst"],
        &["scan"],
    ]);
    let (scan, notice) = (triggers == ["scan"], triggers.contains(&"overeenkomst"));
    let levels = match (scan, notice) {
        (true, _) => &["aantal", "contactpunt"][..],
        (false, true) => &["treffer", "contactpunt", "categorie", "gegevens"],
        (false, false) => &[
            "treffer",
            "handelingsadvies",
            "contactpunt",
            "categorie",
            "gegevens",
        ],
    };
    let cells = (0..20).find_map(|_| {
        let mut cells = Cells {
            to: dice.some(&names.roles, 3),
            purpose: dice.pick(&names.purposes),
            from: dice.some(&parties, 3),
            about: dice.some(&names.signals, 3),
            shows: dice.some(levels, 2),
        };
        if notice && dice.chance(30) {
            cells.shows.insert(1, "handelingsadvies");
        }
        let flows = cells
            .to
            .iter()
            .any(|r| cells.from.iter().any(|s| party_of(r) != *s));
        (flows && taken.take(cells.all())).then_some(cells)
    })?;
    let mut out = format!(
        "\n[[regel]]\nnummer = \"{number}.1\"\ntitel = \"{}\"\naan = {}\ndoel = \"{}\"\naanleiding = {}\nvergelijking = {}\n\
         van = {}\nover = {}\ntoont = {}\n",
        dice.pick(&TITLES),
        texts(&cells.to),
        cells.purpose,
        texts(triggers),
        texts(&dice.some(&["adres", "wagen"], 2)),
        texts(&cells.from),
        texts(&cells.about),
        texts(&cells.shows),
    );
    if cells.shows.contains(&"gegevens") {
        out.push_str("kenmerken = [\"waarnemingsdag\", \"zekerheid\"]\n");
    }
    if cells.shows.contains(&"handelingsadvies") {
        let advice = dice.pick(&["ga-met-twee", "overleg-eerst", "bel-eerst"]);
        out.push_str(&format!("advies = \"{advice}\"\n"));
    }
    bases(&mut out, names, &cells);
    conditions(&mut out, dice, names, &cells, notice);
    rest(&mut out, dice, &cells, (scan, notice));
    Some(out)
}

fn party_of(role: &str) -> &str {
    role.split_once('.').map_or("", |(party, _)| party)
}

fn bases(out: &mut String, names: &Names, cells: &Cells) {
    let kind = |party: &str| names.parties.iter().find(|p| p.0 == party).unwrap().1;
    let public = "{ artikel = \"AVG 6.1.e\", wet = \"Gemeentewet 172\" }";
    let mut recipients: Vec<&str> = cells.to.iter().map(|r| party_of(r)).collect();
    recipients.dedup();
    let basis = |party: &str, police: &str| match kind(party) {
        "politie" => format!("{party} = \"{police}\""),
        "woningcorporatie" | "zorgaanbieder" => format!("{party} = \"AVG 6.1.f\""),
        _ => format!("{party} = {public}"),
    };
    let in_flow = |these: &[&str], others: &[&str]| -> Vec<String> {
        let flows = |p: &&&str| others.iter().any(|o| o != *p);
        these
            .iter()
            .filter(flows)
            .map(|p| (*p).to_owned())
            .collect()
    };
    let supply = in_flow(&cells.from, &recipients);
    let receive = in_flow(&recipients, &cells.from);
    let list = |parties: &[String], police: &str| {
        let all: Vec<String> = parties.iter().map(|p| basis(p, police)).collect();
        all.join(", ")
    };
    out.push_str(&format!(
        "grondslag.verstrekken = {{ {} }}\ngrondslag.ontvangen = {{ {} }}\n\
         grondslag.uitzondering = [\"AVG 9.2.h\", \"UAVG 30.3\", \"UAVG 33.2.b\"]\n",
        list(&supply, "Wpg 20"),
        list(&receive, "Wpg 8"),
    ));
    if supply.iter().any(|p| kind(p) == "politie") {
        out.push_str("grondslag.besluit = { kenmerk = \"B \\\"1\\\"\", datum = 2026-10-01 }\n");
    }
}

fn conditions(out: &mut String, dice: &mut Dice, names: &Names, cells: &Cells, notice: bool) {
    let mut push = |line: String| out.push_str(&format!("voorwaarde.{line}\n"));
    if dice.chance(60) {
        push(format!("treffers = {}", 1 + dice.below(5)));
    }
    if dice.chance(30) {
        push(format!("partijen = {}", 1 + dice.below(3)));
    }
    if dice.chance(30) {
        let span = dice.pick(&["3 dagen", "2 weken", "1 maand"]);
        push(format!("binnen = \"{span}\""));
    }
    if dice.chance(40) {
        let review = dice.pick(&["vooraf", "per-geval"]);
        push(format!("beoordeling = \"{review}\""));
    }
    if dice.chance(20) {
        let areas = dice.some(&["GM0855", "WK085501", "BU08550101"], 2);
        push(format!("gebied = {}", texts(&areas)));
    }
    if dice.chance(50) {
        let whom = dice.some(&["minderjarige", "afgeschermd-adres"], 2);
        push(format!("niet_over = {}", texts(&whom)));
    }
    if notice {
        return;
    }
    if dice.chance(30) {
        push("dossier = true".to_owned());
    }
    if dice.chance(30) {
        push("motivering = true".to_owned());
    }
    if dice.chance(30) {
        let level = dice.pick(&["laag", "substantieel", "hoog"]);
        push(format!("inlogniveau = \"{level}\""));
    }
    let approvers: Vec<&String> = names
        .roles
        .iter()
        .filter(|r| !cells.to.contains(r))
        .collect();
    if dice.chance(20) && !approvers.is_empty() {
        let by = dice.some(&approvers, 3);
        let count = 1 + dice.below(by.len());
        let by = texts(&by);
        push(format!(
            "goedkeuring = {{ aantal = {count}, door = {by}, binnen = \"4 uur\" }}"
        ));
        out.push_str("uitvoer.antwoord_na = \"4 uur\"\n");
    } else if dice.chance(10) {
        out.push_str("uitvoer.antwoord_na = \"1 dag\"\n");
    }
}

/// Limits, output, duties and promises.
fn rest(out: &mut String, dice: &mut Dice, cells: &Cells, (scan, notice): (bool, bool)) {
    for limit in [
        "per_medewerker_per_dag",
        "per_partij_per_dag",
        "per_betrokkene_per_maand",
    ] {
        if dice.chance(30) {
            out.push_str(&format!("grens.{limit} = {}\n", 1 + dice.below(30)));
        }
    }
    if cells.shows.contains(&"aantal") {
        out.push_str(&format!("uitvoer.drempel = {}\n", 10 + dice.below(20)));
        if dice.chance(50) {
            out.push_str(&format!("uitvoer.overheersing = {}\n", 1 + dice.below(99)));
        }
        if dice.chance(50) {
            out.push_str("uitvoer.afronden_op = 5\n");
        }
    }
    if scan {
        out.push_str("uitvoer.gebied = \"buurt\"\n");
    }
    if notice {
        out.push_str("uitvoer.bundelen = \"dagelijks\"\n");
    }
    out.push_str(
        "uitvoer.bij_niets = \"geen-uitspraak\"\nuitvoer.bij_weigering = \"geen-uitspraak\"\n",
    );
    out.push_str("plicht.vastleggen = \"beide-partijen\"\nplicht.corrigeren = true\n");
    if dice.chance(30) {
        out.push_str(
            "plicht.melden_aan_bron = { wanneer = \"dagelijks\", vorm = \"aantallen\" }\n",
        );
    }
    out.push_str("belofte.bewaren = \"24 uur\"\nbelofte.niet_doorgeven = true\nbelofte.mens_beslist = true\n");
}

/// A prohibition, with wildcards.
pub(super) fn prohibition(dice: &mut Dice, names: &Names, number: usize) -> String {
    let parties: Vec<&str> = names.parties.iter().map(|p| p.0).collect();
    let to = match dice.below(3) {
        0 => "[\"*\"]".to_owned(),
        1 => format!("[\"{}.*\"]", dice.pick(&parties)),
        _ => texts(&dice.some(&names.roles, 3)),
    };
    let levels = [
        "aantal",
        "treffer",
        "handelingsadvies",
        "contactpunt",
        "categorie",
        "gegevens",
    ];
    let shows = if dice.chance(20) {
        "[\"*\"]".to_owned()
    } else {
        texts(&dice.some(&levels, 3))
    };
    let mut out = format!(
        "\n[[verbod]]\nnummer = \"{number}.9\"\ntitel = \"{}\"\naan = {to}\ntoont = {shows}\n",
        dice.pick(&TITLES)
    );
    if dice.chance(40) {
        out.push_str(&format!("doel = \"{}\"\n", dice.pick(&names.purposes)));
    }
    if dice.chance(50) {
        out.push_str(&format!("van = {}\n", texts(&dice.some(&parties, 2))));
    }
    if dice.chance(40) {
        out.push_str(&format!(
            "over = {}\n",
            texts(&dice.some(&names.signals, 2))
        ));
    }
    out
}
