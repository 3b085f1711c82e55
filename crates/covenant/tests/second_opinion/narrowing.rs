//! What makes a covenant's text narrower opens nothing, and the decision is total.
//!
//! The crate's own properties change typed clauses; here a text is changed, checked, signed and put
//! in force again, and every change is of one element or one number.

use covenant::decide::{Cell, Decision, Facts, Standing, decide};
use covenant::signoff::ActiveCovenant;
use covenant::table::open_cells;
use covenant::{Checking, check_as};
use model::{PartyId, PurposeId, RoleRef, SignalTypeId, Timestamp};
use toml::{Table, Value};

use super::facts::{cells, thrown, wild};
use super::generator::{Dice, Generated, covenant};
use super::stand::Stand;

/// One change that makes a text narrower; what was done, or `None` where it does not apply.
type Narrowing = fn(&mut Dice, &mut Table) -> Option<&'static str>;

const NARROWINGS: [Narrowing; 6] = [
    less,
    higher,
    lower,
    more_demands,
    no_clause,
    one_more_prohibition,
];

fn array<'t>(root: &'t mut Table, key: &str) -> Option<&'t mut Vec<Value>> {
    root.get_mut(key)?.as_array_mut()
}

fn any_clause<'t>(dice: &mut Dice, root: &'t mut Table) -> Option<&'t mut Table> {
    let clauses = array(root, "regel")?;
    let place = dice.below(clauses.len());
    clauses[place].as_table_mut()
}

fn section<'t>(clause: &'t mut Table, key: &str) -> &'t mut Table {
    let section = clause
        .entry(key)
        .or_insert_with(|| Value::Table(Table::new()));
    section.as_table_mut().unwrap()
}

/// One element less of a list.
fn less(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clause = any_clause(dice, root)?;
    let key = dice.pick(&["aan", "van", "over", "toont", "aanleiding", "vergelijking"]);
    let list = clause.get_mut(key)?.as_array_mut()?;
    if list.len() < 2 {
        return None;
    }
    list.remove(dice.below(list.len()));
    let says = |key: &str, word: &str| {
        let list = clause.get(key).and_then(Value::as_array);
        list.is_some_and(|l| l.iter().any(|v| v.as_str() == Some(word)))
    };
    let (attributes, advice) = (says("toont", "gegevens"), says("toont", "handelingsadvies"));
    let of = |key: &str| -> Vec<String> {
        let list = clause.get(key).and_then(Value::as_array);
        let words = list.into_iter().flatten().filter_map(Value::as_str);
        words
            .map(|w| w.split('.').next().unwrap_or(w).to_owned())
            .collect()
    };
    let (recipients, sources) = (of("aan"), of("van"));
    // What went with it goes too.
    if !attributes {
        clause.remove("kenmerken");
    }
    if !advice {
        clause.remove("advies");
    }
    let bases = section(clause, "grondslag");
    for (key, these, others) in [
        ("verstrekken", &sources, &recipients),
        ("ontvangen", &recipients, &sources),
    ] {
        section(bases, key).retain(|party, _| {
            these.iter().any(|p| p == party) && others.iter().any(|other| other != party)
        });
    }
    Some("an element less")
}

/// A threshold raised.
fn higher(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clause = any_clause(dice, root)?;
    let (table, key) = dice.pick(&[
        ("voorwaarde", "treffers"),
        ("voorwaarde", "partijen"),
        ("uitvoer", "drempel"),
    ]);
    let threshold = clause.get_mut(table)?.get_mut(key)?;
    let more = i64::try_from(1 + dice.below(5)).unwrap();
    *threshold = Value::Integer(threshold.as_integer()? + more);
    Some("a threshold raised")
}

/// A limit lowered.
fn lower(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clause = any_clause(dice, root)?;
    let (table, key) = dice.pick(&[
        ("grens", "per_medewerker_per_dag"),
        ("grens", "per_partij_per_dag"),
        ("grens", "per_betrokkene_per_maand"),
        ("uitvoer", "overheersing"),
    ]);
    let limit = clause.get_mut(table)?.get_mut(key)?;
    let value = usize::try_from(limit.as_integer()?).unwrap();
    if value < 2 {
        return None;
    }
    *limit = Value::Integer(i64::try_from(1 + dice.below(value - 1)).unwrap());
    Some("a limit lowered")
}

/// A demand that was not there.
fn more_demands(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clause = any_clause(dice, root)?;
    let text = |text: &str| Value::String(text.to_owned());
    let list = |items: &[&str]| Value::Array(items.iter().map(|i| text(i)).collect());
    let demands = [
        ("voorwaarde", "treffers", Value::Integer(3)),
        ("voorwaarde", "partijen", Value::Integer(2)),
        ("voorwaarde", "binnen", text("2 weken")),
        ("voorwaarde", "dossier", Value::Boolean(true)),
        ("voorwaarde", "motivering", Value::Boolean(true)),
        ("voorwaarde", "beoordeling", text("per-geval")),
        ("voorwaarde", "inlogniveau", text("hoog")),
        (
            "voorwaarde",
            "niet_over",
            list(&["minderjarige", "afgeschermd-adres"]),
        ),
        ("voorwaarde", "gebied", list(&["BU08550101"])),
        ("grens", "per_medewerker_per_dag", Value::Integer(2)),
        ("grens", "per_partij_per_dag", Value::Integer(2)),
        ("grens", "per_betrokkene_per_maand", Value::Integer(2)),
        ("uitvoer", "antwoord_na", text("2 dagen")),
    ];
    let (table, key, value) = dice.pick(&demands);
    let table = section(clause, table);
    if table.contains_key(key) {
        return None;
    }
    table.insert(key.to_owned(), value);
    Some("a demand more")
}

/// A clause less.
fn no_clause(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clauses = array(root, "regel")?;
    if clauses.len() < 2 {
        return None;
    }
    clauses.remove(dice.below(clauses.len()));
    Some("a clause less")
}

/// A prohibition more, over part of a clause.
fn one_more_prohibition(dice: &mut Dice, root: &mut Table) -> Option<&'static str> {
    let clause = any_clause(dice, root)?.clone();
    let mut prohibition = Table::new();
    prohibition.insert("nummer".to_owned(), Value::String("99.99".to_owned()));
    prohibition.insert(
        "titel".to_owned(),
        Value::String("Nog een verbod".to_owned()),
    );
    for key in ["aan", "van", "over", "toont"] {
        let needed = key == "aan" || key == "toont";
        if dice.chance(50) {
            let list = clause.get(key)?.as_array()?;
            prohibition.insert(key.to_owned(), Value::Array(dice.some(list, 2)));
        } else if needed {
            let all = Value::Array(vec![Value::String("*".to_owned())]);
            prohibition.insert(key.to_owned(), all);
        }
    }
    let list = root
        .entry("verbod")
        .or_insert_with(|| Value::Array(Vec::new()));
    list.as_array_mut()?.push(Value::Table(prohibition));
    Some("a prohibition more")
}

fn narrowed(of: &Generated, dice: &mut Dice) -> Option<(&'static str, Generated)> {
    let mut root: Table = toml::from_str(&of.source).unwrap();
    let done = dice.pick(&NARROWINGS)(dice, &mut root)?;
    let source = toml::to_string(&root).unwrap();
    // Some changes break another rule: a notice with a demand on the asker, for example.
    let covenant = check_as(&source, Checking::Strict, None).covenant?;
    let name = format!("{}, with {done}", of.name);
    let signers = of.signers.clone();
    Some((
        done,
        Generated {
            name,
            source,
            covenant,
            signers,
        },
    ))
}

struct Ours {
    active: ActiveCovenant,
    standing: Standing,
    now: Timestamp,
}

impl Ours {
    fn of(of: &Generated) -> Self {
        let active = of.in_force();
        let stand = Stand::undisturbed(active.covenant());
        let standing = stand.fold(of, &active);
        Self {
            active,
            standing,
            now: stand.now,
        }
    }

    fn reveals(&self, cell: &Cell, facts: &Facts) -> bool {
        decide(&self.active, &self.standing, cell, facts, self.now).is_reveal()
    }
}

#[test]
fn a_narrower_text_opens_nothing() {
    let (mut tried, mut refused, mut closed, mut stayed) = (0, 0, 0, 0);
    for seed in 2_000_000..2_000_060 {
        let of = covenant(seed, 12);
        let wide = Ours::of(&of);
        let mut dice = Dice::new(seed);
        let cells = cells(wide.active.covenant());
        let clause = |cell: &Cell| {
            let mut clauses = of.covenant.clauses().iter();
            clauses.find(|c| {
                c.opens(
                    &cell.role,
                    &cell.purpose,
                    &cell.source,
                    &cell.signal,
                    cell.shows,
                )
            })
        };
        for _ in 0..5 {
            let Some((_, narrow)) = narrowed(&of, &mut dice) else {
                refused += 1;
                continue;
            };
            tried += 1;
            let after = Ours::of(&narrow);
            for cell in &cells {
                let opener = clause(cell);
                if opener.is_none() && dice.chance(80) {
                    continue;
                }
                for _ in 0..4 {
                    let facts = thrown(&mut dice, opener);
                    let before = wide.reveals(cell, &facts);
                    let now = after.reveals(cell, &facts);
                    assert!(before || !now, "{}: {cell:?} {facts:?}", narrow.name);
                    closed += usize::from(before && !now);
                    stayed += usize::from(before && now);
                }
            }
        }
    }
    println!(
        "{tried} narrower texts ({refused} not possible): {closed} closed, {stayed} stayed open, 0 opened"
    );
    assert!(
        tried > 100 && closed > 100 && stayed > 1_000,
        "{tried} {closed} {stayed}"
    );
}

/// Any facts, at any time, about any cell, known or not: a decision, with reasons if it withholds.
#[test]
fn deciding_is_total_at_every_extreme() {
    let mut reveals = 0;
    for seed in 3_000_000..3_000_020 {
        let of = covenant(seed, 50);
        let mut ours = Ours::of(&of);
        let mut dice = Dice::new(seed);
        let open = open_cells(ours.active.covenant()).unwrap();
        let mut cells = cells(ours.active.covenant());
        let strange = Cell {
            role: RoleRef::parse("nergens.niemand").unwrap(),
            purpose: PurposeId::parse("nergens").unwrap(),
            source: PartyId::parse("nergens").unwrap(),
            signal: SignalTypeId::parse("nergens").unwrap(),
            ..cells[0].clone()
        };
        cells.push(strange);
        let noon = ours.now;
        let times = [
            noon,
            noon,
            noon,
            Timestamp::from_millis(i64::MIN),
            Timestamp::from_millis(0),
        ];
        let times: Vec<Timestamp> = times
            .into_iter()
            .chain([Timestamp::from_millis(i64::MAX)])
            .collect();
        for _ in 0..2_000 {
            let cell = if dice.chance(50) {
                dice.pick(&open).cell
            } else {
                dice.pick(&cells)
            };
            let facts = wild(&mut dice);
            ours.now = dice.pick(&times);
            if dice.chance(5) {
                let party = dice.pick(&of.signers.keys().cloned().collect::<Vec<_>>());
                ours.standing.confirm(&party, dice.pick(&times));
            }
            match decide(&ours.active, &ours.standing, &cell, &facts, ours.now) {
                Decision::Reveal(permit) => {
                    reveals += 1;
                    let told = permit.project(|_| Ok::<(), ()>(())).unwrap();
                    assert_eq!(told.levels(), [cell.shows], "{}", of.name);
                }
                Decision::Withhold(withheld) => {
                    assert!(
                        !withheld.unmet().is_empty(),
                        "{}: {cell:?} {facts:?}",
                        of.name
                    );
                }
            }
        }
    }
    println!("40000 decisions, {reveals} of them reveal");
    assert!(reveals > 100, "{reveals}");
}
