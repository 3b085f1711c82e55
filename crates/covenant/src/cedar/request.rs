//! A question to begin with.

use serde::Serialize;

use super::entities::{Reference, json, reference};
use super::text::{action, entity};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::language::words::{LoginLevel, Trigger};
use crate::table::{self, OpenCell};

#[derive(Serialize)]
struct Request {
    principal: String,
    action: String,
    resource: String,
    context: Facts,
}

/// The type `Feiten` of the schema.
#[derive(Serialize)]
struct Facts {
    convenant: String,
    dag: i64,
    beeindigd: bool,
    bevestigd: Vec<Reference>,
    geschorst: Suspended,
    aanleiding: Reference,
    dossier: bool,
    motivering: bool,
    inlogniveau: Reference,
    vragen: Counters,
    levend: Tally,
    recent: Tally,
    beoordeeld: Tally,
    in_gebied: Tally,
    tellend: Tally,
    van_dit_gegeven: u32,
    minderjarige: Reference,
    afgeschermd_adres: Reference,
    goedkeuringen: u32,
    gewacht: bool,
    afgifte: bool,
    totaal: u32,
    grootste_aandeel: u32,
}

/// Nothing is.
#[derive(Serialize)]
struct Suspended {
    geheel: bool,
    regels: [String; 0],
    signalen: [Reference; 0],
    ontvangers: [Reference; 0],
}

#[derive(Serialize)]
struct Counters {
    medewerker_vandaag: u32,
    partij_vandaag: u32,
    betrokkene_deze_maand: u32,
}

#[derive(Clone, Copy, Serialize)]
struct Tally {
    treffers: u32,
    partijen: u32,
}

/// The first open cell, with facts that its clause is content with.
pub(super) fn request(covenant: &Covenant) -> Option<String> {
    let open = table::open_cells(covenant).ok()?;
    let OpenCell { cell, clause } = open.first()?;
    let clause = covenant.clause(clause)?;
    Some(json(&Request {
        principal: entity("Ontvanger", cell.role.as_str()),
        action: entity("Action", &action(&cell.purpose, cell.shows)),
        resource: entity("Gegeven", &format!("{}/{}", cell.source, cell.signal)),
        context: facts(covenant, clause),
    }))
}

fn facts(covenant: &Covenant, clause: &Clause) -> Facts {
    let conditions = &clause.conditions;
    let parties = conditions.parties.unwrap_or(1).max(1);
    let hits = conditions.hits.unwrap_or(1).max(parties);
    let tally = Tally {
        treffers: hits,
        partijen: parties,
    };
    let trigger = clause.triggers.first().copied();
    let trigger = trigger.unwrap_or(Trigger::Question);
    // A clause for scans may still want a reason; on a match nobody asks and nothing is wanted.
    let asked = trigger != Trigger::OnMatch;
    let level = if asked {
        LoginLevel::High
    } else {
        LoginLevel::Low
    };
    let count = u32::from(asked);
    let absent = || reference("Vaststelling", "nee");
    Facts {
        convenant: covenant.digest().to_hex(),
        dag: super::policy::number(covenant.valid_from()),
        beeindigd: false,
        bevestigd: covenant
            .parties()
            .keys()
            .map(|party| reference("Partij", party.as_str()))
            .collect(),
        geschorst: Suspended {
            geheel: false,
            regels: [],
            signalen: [],
            ontvangers: [],
        },
        aanleiding: reference("Aanleiding", trigger.as_str()),
        dossier: asked,
        motivering: asked,
        inlogniveau: reference("Inlogniveau", level.as_str()),
        vragen: Counters {
            medewerker_vandaag: count,
            partij_vandaag: count,
            betrokkene_deze_maand: count,
        },
        levend: tally,
        recent: tally,
        beoordeeld: tally,
        in_gebied: tally,
        tellend: tally,
        van_dit_gegeven: 1,
        minderjarige: absent(),
        afgeschermd_adres: absent(),
        goedkeuringen: conditions.approval.as_ref().map_or(0, |a| a.count),
        gewacht: clause.output.answer_after.is_some(),
        afgifte: true,
        totaal: clause.output.threshold.unwrap_or(1).max(hits),
        grootste_aandeel: 0,
    }
}
