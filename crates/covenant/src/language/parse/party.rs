//! `[partij.<id>]`, `[auditor.<id>]` and `[logboek]`.

use std::collections::BTreeMap;

use model::{Oin, PartyId, RoleRef};

use crate::language::ast::{Auditor, Key, Log, NodeKeys, Party, Signer};
use crate::language::parse::keys::{Use, key};
use crate::language::reader::{Item, Table, parse_name};
use crate::lint::{law, meaning, text};

pub(super) fn parties(section: &Table<'_, '_>) -> BTreeMap<PartyId, Party> {
    let mut parties = BTreeMap::new();
    let mut oins = Vec::new();
    let mut count = 0;
    for (id, at, item) in section.entries() {
        count += 1;
        let id = parse_name::<PartyId>(section.ctx, id, at);
        if let (Some(id), Some(party)) = (
            &id,
            item.table().and_then(|t| party(t, id.as_ref(), &mut oins)),
        ) {
            parties.insert(id.clone(), party);
        }
    }
    if count < 2 && section.ctx.is_whole() {
        section.ctx.report(
            meaning::TOO_FEW_PARTIES,
            section.at.clone(),
            "dit convenant heeft minder dan twee partijen".into(),
            "this covenant has fewer than two parties".into(),
        );
    }
    parties
}

fn party(table: Table<'_, '_>, id: Option<&PartyId>, oins: &mut Vec<Oin>) -> Option<Party> {
    let name = table.need("naam").and_then(|i| i.owned());
    let kind = table.need("soort").and_then(|i| i.word());
    let oin = table.need("oin").and_then(|i| oin(&i, oins));
    let signer = table.need("ondertekenaar").and_then(|i| signer(&i));
    let emergency = table
        .need("noodstop")
        .map(|i| i.list(|e| key(e, Use::Signing)));
    let roles = table.need("rol").and_then(|i| roles(&i, id));
    let node = table.get("knooppunt").and_then(|i| node(&i));
    table.finish();
    Some(Party {
        id: id?.clone(),
        name: name.unwrap_or_default(),
        kind: kind?,
        oin: match oin {
            Some(oin) => oin,
            None => Oin::parse("00000000000000000000").ok()?,
        },
        signer: signer.unwrap_or_else(|| Signer {
            function: String::new(),
            key: stand_in(),
        }),
        emergency: emergency.unwrap_or_default(),
        roles: roles.unwrap_or_default(),
        node,
    })
}

/// Only ever beside an error.
fn stand_in() -> Key {
    Key::Placeholder(String::new())
}

fn oin(item: &Item<'_, '_>, seen: &mut Vec<Oin>) -> Option<Oin> {
    let value = item.text()?;
    let Ok(oin) = Oin::parse(value) else {
        item.invalid(
            "een OIN heeft precies 20 cijfers",
            "an OIN has exactly 20 digits",
        );
        return None;
    };
    if seen.contains(&oin) {
        item.ctx.report(
            text::DOUBLE_OIN,
            item.at.clone(),
            "dit OIN is al van een ander".into(),
            "this OIN is another's already".into(),
        );
    } else {
        seen.push(oin.clone());
    }
    Some(oin)
}

fn signer(item: &Item<'_, '_>) -> Option<Signer> {
    let table = item.table()?;
    let function = table.need("functie").and_then(|i| i.owned());
    let key = table.need("sleutel").and_then(|i| key(&i, Use::Signing));
    table.finish();
    Some(Signer {
        function: function?,
        key: key?,
    })
}

fn roles(item: &Item<'_, '_>, party: Option<&PartyId>) -> Option<BTreeMap<RoleRef, String>> {
    let section = item.table()?;
    let mut roles = BTreeMap::new();
    for (role, at, item) in section.entries() {
        // A role's own name has the form of a party's.
        let name = parse_name::<PartyId>(section.ctx, role, at);
        let explanation = item.owned();
        if let (Some(party), Some(name), Some(explanation)) = (party, name, explanation)
            && let Ok(role) = RoleRef::parse(&format!("{party}.{name}"))
        {
            roles.insert(role, explanation);
        }
    }
    Some(roles)
}

fn node(item: &Item<'_, '_>) -> Option<NodeKeys> {
    let table = item.table()?;
    let signing = table
        .need("ondertekening")
        .and_then(|i| key(&i, Use::Signing));
    let sealing = table
        .need("verzegeling")
        .and_then(|i| key(&i, Use::Sealing));
    let witness = table.need("getuige").and_then(|i| key(&i, Use::Signing));
    table.finish();
    Some(NodeKeys {
        signing: signing?,
        sealing: sealing?,
        witness: witness?,
    })
}

pub(super) fn auditors(
    section: &Table<'_, '_>,
    parties: &BTreeMap<PartyId, Party>,
) -> BTreeMap<PartyId, Auditor> {
    let mut auditors = BTreeMap::new();
    let mut oins: Vec<Oin> = parties.values().map(|p| p.oin.clone()).collect();
    for (id, at, item) in section.entries() {
        let id = parse_name::<PartyId>(section.ctx, id, at.clone());
        let Some(table) = item.table() else { continue };
        let name = table.need("naam").and_then(|i| i.owned());
        let oin = table.need("oin").and_then(|i| oin(&i, &mut oins));
        table.finish();
        if let (Some(id), Some(name), Some(oin)) = (id, name, oin) {
            auditors.insert(id.clone(), Auditor { id, name, oin });
        }
    }
    auditors
}

pub(super) fn log(table: Table<'_, '_>) -> Option<Log> {
    let key = table.need("sleutel").and_then(|i| key(&i, Use::Signing));
    let witnessing = table.need("getuigen").and_then(|i| i.word());
    let retention = table
        .need_by("bewaren_logboek", law::LOG_KEEP_MISSING)
        .and_then(|i| i.span());
    table.finish();
    Some(Log {
        key: key.unwrap_or_else(stand_in),
        witnessing: witnessing?,
        retention: retention?,
    })
}
