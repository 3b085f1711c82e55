//! The policies: a `permit` for each clause, a `forbid` for each prohibition, and what holds for
//! all of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use model::{Day, PartyId, Protection, PurposeId};

use super::text::{action, annotation, entity, literal, one_of};
use super::{NOT_ACTIVE, NOT_CONFIRMED, SUSPENDED, heading};
use crate::decide::{Duty, Promise};
use crate::language::ast::{Prohibition, Selection};
use crate::language::clause::{Bases, Clause, Conditions, LegalBasis, Limits, Output};
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Shows};
use crate::vocabulary::law::Exemption;

pub(super) fn policies(covenant: &Covenant) -> String {
    let mut out = heading(covenant, "Cedar-regels");
    out.push_str(
        "\n// Wat hieronder niet met permit is geopend, is dicht. Een forbid gaat altijd voor.\n",
    );
    standing(&mut out, covenant);
    for prohibition in covenant.prohibitions() {
        forbid(&mut out, covenant, prohibition);
    }
    for clause in covenant.clauses() {
        permit(&mut out, clause);
    }
    out
}

/// A day as a number that reads as one: 20261101.
pub(super) fn number(day: Day) -> i64 {
    let digits: String = day
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    // Ten characters of a year, a month and a day.
    digits.parse().unwrap_or(i64::MAX)
}

fn standing(out: &mut String, covenant: &Covenant) {
    // Writing to a text does not fail.
    let _ = write!(
        out,
        "
@id({})
forbid (principal, action, resource)
unless {{
  context.convenant == {} &&
  context.dag >= {} &&
  context.dag < {} &&
  !context.beeindigd
}};

@id({})
forbid (principal, action, resource)
when {{
  context.geschorst.geheel ||
  context.geschorst.signalen.contains(resource.signaal) ||
  context.geschorst.ontvangers.contains(principal.partij)
}};

@id({})
forbid (principal, action, resource)
unless {{
  context.bevestigd.contains(principal.partij) &&
  context.bevestigd.contains(resource.bron)
}};
",
        literal(NOT_ACTIVE),
        literal(&covenant.digest().to_hex()),
        number(covenant.valid_from()),
        number(covenant.valid_until()),
        literal(SUSPENDED),
        literal(NOT_CONFIRMED),
    );
}

fn forbid(out: &mut String, covenant: &Covenant, prohibition: &Prohibition) {
    let Prohibition {
        number,
        title,
        to,
        purpose,
        from,
        about,
        shows,
    } = prohibition;
    out.push('\n');
    out.push_str(&annotation("id", &format!("verbod-{number}")));
    out.push_str(&annotation("titel", title));
    let actions = match (purpose, shows) {
        (Selection::All, Selection::All) => "action".to_owned(),
        _ => {
            let purposes: Vec<&PurposeId> = match purpose {
                Selection::All => covenant.purposes().keys().collect(),
                Selection::Only(purposes) => purposes.iter().collect(),
            };
            let shows = match shows {
                Selection::All => Shows::ALL,
                Selection::Only(shows) => shows.as_slice(),
            };
            let pairs = purposes.into_iter();
            scope(pairs.flat_map(|p| shows.iter().map(|s| action(p, *s))))
        }
    };
    let _ = write!(out, "forbid (\n  principal,\n  {actions},\n  resource\n)");
    if let Selection::Only(roles) = to {
        let roles = one_of("Rol", roles.iter().map(|r| r.as_str()), "principal.rol");
        when(out, &roles, "aan");
    }
    if let Selection::Only(sources) = from {
        let sources = one_of(
            "Partij",
            sources.iter().map(|p| p.as_str()),
            "resource.bron",
        );
        when(out, &sources, "van");
    }
    if let Selection::Only(signals) = about {
        let signals = one_of(
            "Signaal",
            signals.iter().map(|s| s.as_str()),
            "resource.signaal",
        );
        when(out, &signals, "over");
    }
    out.push_str("\n;\n");
}

fn permit(out: &mut String, clause: &Clause) {
    out.push('\n');
    annotations(out, clause);
    let actions = scope(clause.shows.iter().map(|s| action(&clause.purpose, *s)));
    let _ = write!(out, "permit (\n  principal,\n  {actions},\n  resource\n)");
    let roles = one_of("Rol", clause.to.iter().map(|r| r.as_str()), "principal.rol");
    when(out, &roles, "aan");
    let sources = one_of(
        "Partij",
        clause.from.iter().map(|p| p.as_str()),
        "resource.bron",
    );
    when(out, &sources, "van");
    let own = "principal.partij != resource.bron";
    when(out, own, "een partij is nooit haar eigen bron");
    let signals = one_of(
        "Signaal",
        clause.about.iter().map(|s| s.as_str()),
        "resource.signaal",
    );
    when(out, &signals, "over");
    let suspended = literal(clause.number.as_str());
    let suspended = format!("!context.geschorst.regels.contains({suspended})");
    when(out, &suspended, "deze regel is niet geschorst");
    let triggers = one_of(
        "Aanleiding",
        clause.triggers.iter().map(|t| t.as_str()),
        "context.aanleiding",
    );
    when(out, &triggers, "aanleiding");
    when(out, "context.van_dit_gegeven >= 1", "deze bron draagt bij");
    conditions(out, &clause.conditions);
    limits(out, &clause.limits);
    output(out, clause);
    out.push_str("\n;\n");
}

fn conditions(out: &mut String, conditions: &Conditions) {
    let Conditions {
        hits,
        parties,
        within,
        file_number,
        motivation,
        review,
        approval,
        login_level,
        not_about,
        areas,
    } = conditions;
    let (hits, parties) = (hits.unwrap_or(1).max(1), parties.unwrap_or(1).max(1));
    let enough = |tally: &str| {
        format!("context.{tally}.treffers >= {hits} && context.{tally}.partijen >= {parties}")
    };
    when(out, &enough("levend"), "voorwaarde.treffers en partijen");
    if let Some(span) = within {
        when(
            out,
            &enough("recent"),
            &format!("voorwaarde.binnen = {span}"),
        );
    }
    if let Some(review) = review {
        let why = format!("voorwaarde.beoordeling = {review}");
        when(out, &enough("beoordeeld"), &why);
    }
    if !areas.is_empty() {
        let areas: Vec<&str> = areas.iter().map(|a| a.as_str()).collect();
        let why = format!("voorwaarde.gebied = {}", areas.join(", "));
        when(out, &enough("in_gebied"), &why);
    }
    when(out, &enough("tellend"), "alle eisen aan signalen tegelijk");
    if *file_number {
        when(out, "context.dossier", "voorwaarde.dossier");
    }
    if *motivation {
        when(out, "context.motivering", "voorwaarde.motivering");
    }
    if let Some(level) = login_level {
        let levels = LoginLevel::ALL.iter().filter(|l| *l >= level);
        let levels = levels.map(|l| l.as_str());
        let levels = one_of("Inlogniveau", levels, "context.inlogniveau");
        when(out, &levels, &format!("voorwaarde.inlogniveau = {level}"));
    }
    if let Some(approval) = approval {
        let enough = format!("context.goedkeuringen >= {}", approval.count.max(1));
        let by: Vec<&str> = approval.by.iter().map(|r| r.as_str()).collect();
        let (by, within) = (by.join(", "), approval.within);
        when(
            out,
            &enough,
            &format!("voorwaarde.goedkeuring door {by} binnen {within}"),
        );
    }
    for protection in not_about {
        let (fact, word) = match protection {
            Protection::Minor => ("minderjarige", "minderjarige"),
            Protection::ShieldedAddress => ("afgeschermd_adres", "afgeschermd-adres"),
        };
        let absent = entity("Vaststelling", "nee");
        let why = format!("voorwaarde.niet_over = {word}");
        when(out, &format!("context.{fact} == {absent}"), &why);
    }
}

fn limits(out: &mut String, limits: &Limits) {
    let Limits {
        per_employee_per_day,
        per_party_per_day,
        per_subject_per_month,
    } = limits;
    for (limit, fact, word) in [
        (
            per_employee_per_day,
            "medewerker_vandaag",
            "per_medewerker_per_dag",
        ),
        (per_party_per_day, "partij_vandaag", "per_partij_per_dag"),
        (
            per_subject_per_month,
            "betrokkene_deze_maand",
            "per_betrokkene_per_maand",
        ),
    ] {
        if let Some(limit) = limit {
            when(
                out,
                &format!("context.vragen.{fact} <= {limit}"),
                &format!("grens.{word}"),
            );
        }
    }
}

/// What the output asks before anything comes out. The rest of it is shape, and decides nothing.
fn output(out: &mut String, clause: &Clause) {
    let Output {
        threshold,
        round_to: _,
        dominance_percent,
        complementary_suppression: _,
        area: _,
        period: _,
        embargo: _,
        answer_after,
        batching: _,
        silence: _,
    } = &clause.output;
    if let Some(span) = answer_after {
        when(
            out,
            "context.gewacht",
            &format!("uitvoer.antwoord_na = {span}"),
        );
    }
    for shows in &clause.shows {
        let other = format!(
            "action != {}",
            entity("Action", &action(&clause.purpose, *shows))
        );
        match shows {
            Shows::Count => {
                let enough = format!("{other} || context.totaal >= {}", threshold.unwrap_or(1));
                when(out, &enough, "uitvoer.drempel");
                if let Some(percent) = dominance_percent {
                    let spread = format!("{other} || context.grootste_aandeel <= {percent}");
                    when(out, &spread, "uitvoer.overheersing");
                }
            }
            Shows::Attributes => {
                when(
                    out,
                    &format!("{other} || context.afgifte"),
                    "gegevens gaan verzegeld",
                );
            }
            Shows::Hit | Shows::Advice | Shows::Contact | Shows::Category => {}
        }
    }
}

/// What goes with a disclosure: no condition, but what the auditor lays beside it.
fn annotations(out: &mut String, clause: &Clause) {
    out.push_str(&annotation("id", &format!("regel-{}", clause.number)));
    out.push_str(&annotation("titel", &clause.title));
    let Bases {
        supply,
        receive,
        supply_exemptions,
        receive_exemptions,
        decision,
        report_to_source,
    } = &clause.bases;
    let mut lines = vec![
        ("verstrekken", bases(supply)),
        ("verstrekken_uitzondering", exemptions(supply_exemptions)),
        ("ontvangen", bases(receive)),
        ("ontvangen_uitzondering", exemptions(receive_exemptions)),
    ];
    if let Some(decision) = decision {
        let (mark, date) = (&decision.mark, decision.date);
        lines.push(("besluit", format!("{mark} van {date}")));
    }
    if let Some(report) = report_to_source {
        lines.push(("melden_verstrekken", bases(&report.supply)));
        lines.push(("melden_ontvangen", bases(&report.receive)));
    }
    if let Some(advice) = &clause.advice {
        lines.push(("advies", advice.to_string()));
    }
    let attributes: Vec<&str> = clause.attributes.iter().map(|a| a.as_str()).collect();
    lines.push(("kenmerken", attributes.join("; ")));
    let duties: Vec<String> = Duty::of(&clause.duties)
        .iter()
        .map(|duty| format!("{}: {}", duty.word(), duty.value()))
        .collect();
    lines.push(("plicht", duties.join("; ")));
    let promises: Vec<String> = Promise::of(&clause.promises)
        .iter()
        .map(|promise| format!("{}: {}", promise.word(), promise.value()))
        .collect();
    lines.push(("belofte", promises.join("; ")));
    for (key, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&annotation(key, value));
    }
}

fn bases(bases: &BTreeMap<PartyId, LegalBasis>) -> String {
    let of = |(party, basis): (&PartyId, &LegalBasis)| match &basis.law {
        Some(law) => {
            let (name, article) = (law.law, &law.article);
            format!("{party}: {} ({name} {article})", basis.article)
        }
        None => format!("{party}: {}", basis.article),
    };
    bases.iter().map(of).collect::<Vec<_>>().join("; ")
}

fn exemptions(exemptions: &BTreeMap<PartyId, Vec<Exemption>>) -> String {
    let of = |(party, list): (&PartyId, &Vec<Exemption>)| {
        let list: Vec<&str> = list.iter().map(|e| e.as_str()).collect();
        format!("{party}: {}", list.join(", "))
    };
    exemptions.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// The action of a policy's scope: one, or a list.
fn scope(actions: impl Iterator<Item = String>) -> String {
    let actions: Vec<String> = actions.map(|a| entity("Action", &a)).collect();
    match actions.as_slice() {
        // A covenant without purposes has no actions.
        [] => "action".to_owned(),
        [one] => format!("action == {one}"),
        many => format!("action in [\n    {}\n  ]", many.join(",\n    ")),
    }
}

/// One demand, with the covenant's word for it.
fn when(out: &mut String, demand: &str, word: &str) {
    let _ = write!(out, "\nwhen {{ {demand} }} // {word}");
}
