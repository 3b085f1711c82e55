//! The configuration files of a world's broker and nodes, as an operator would write them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use model::PartyId;
use serde_json::{Value, json};

use crate::authority::SERVER_NAME;
use crate::files::write_private;
use crate::keys::{PartyKeys, key_file, maker, package_file};
use crate::layout::{
    BROKER_OIN, LOG_ORIGIN, Party, Plan, SignedCovenant, officer_role, system_role,
};
use crate::world::World;

/// Writes `broker/broker.toml` and every `parties/<id>/node.toml`.
pub(crate) fn write_all(
    folder: &Path,
    plan: &Plan,
    world: &World,
    parties: &BTreeMap<PartyId, Party>,
    signed: &[SignedCovenant],
    keys: &BTreeMap<PartyId, PartyKeys>,
) -> anyhow::Result<()> {
    write(
        &world.broker.config,
        &broker(folder, plan, world, signed, keys),
    )?;
    for party in parties.values() {
        let mine = keys.get(&party.id).context("a party has keys")?;
        let settings = node(folder, plan, world, party, signed, keys, mine)?;
        let place = world
            .nodes
            .get(party.id.as_str())
            .context("a party has a node")?;
        write(&place.config, &settings)?;
    }
    Ok(())
}

fn write(path: &Path, settings: &Value) -> anyhow::Result<()> {
    let text = toml::to_string_pretty(settings)?;
    write_private(path, text.as_bytes())
}

/// The broker's: nodes take a witness key from the covenant that they signed.
fn pins_with_witnesses(keys: &BTreeMap<PartyId, PartyKeys>) -> Value {
    let mut all = pins(keys);
    for (party, keys) in keys {
        if let Some(Value::Object(pin)) = all.get_mut(party.as_str()) {
            pin.insert("witness".to_owned(), json!(keys.public().node_witness));
        }
    }
    all
}

fn pins(keys: &BTreeMap<PartyId, PartyKeys>) -> Value {
    let pins = keys.iter().map(|(party, keys)| {
        let public = keys.public();
        let pin = json!({
            "signer": public.signer,
            "emergency": [public.emergency],
            "node_signing": public.node_signing,
            "node_sealing": public.node_sealing,
        });
        (party.to_string(), pin)
    });
    Value::Object(pins.collect())
}

fn broker(
    folder: &Path,
    plan: &Plan,
    world: &World,
    signed: &[SignedCovenant],
    keys: &BTreeMap<PartyId, PartyKeys>,
) -> Value {
    let covenants: Vec<Value> = signed
        .iter()
        .map(|one| json!({ "file": one.file, "signatures": one.signatures }))
        .collect();
    json!({
        "oin": BROKER_OIN,
        "state_dir": world.broker.state,
        "listen": world.broker.grpc,
        "admin": { "listen": world.broker.admin },
        "tls": {
            "certificate": folder.join("broker/server.pem"),
            "key": folder.join("broker/server.key"),
            "trust_anchors": [world.ca],
        },
        "log": { "origin": LOG_ORIGIN, "signing_key": folder.join("broker/log-key.pem") },
        "notices": {
            "interval_ms": plan.notices_interval_ms,
            "batch_signals": plan.batch_signals,
        },
        "recalls": { "every_seconds": plan.recalls_every_seconds },
        "witnesses": { "interval_ms": plan.notices_interval_ms.clamp(10, 1_000) },
        "telemetry": { "log_filter": plan.log_filter },
        "pins": pins_with_witnesses(keys),
        "covenant": covenants,
    })
}

fn node(
    folder: &Path,
    plan: &Plan,
    world: &World,
    party: &Party,
    signed: &[SignedCovenant],
    keys: &BTreeMap<PartyId, PartyKeys>,
    mine: &PartyKeys,
) -> anyhow::Result<Value> {
    let place = world
        .nodes
        .get(party.id.as_str())
        .context("a party has a node")?;
    let home = &mine.home;
    let mut covenants = Vec::new();
    for one in signed
        .iter()
        .filter(|one| one.covenant.party(&party.id).is_some())
    {
        let id = one.covenant.id();
        let mut key = json!({ "epoch": 1, "file": key_file(home, id) });
        if maker(one)? == party.id
            && let Some(key) = key.as_object_mut()
        {
            key.insert("announcement".to_owned(), json!(package_file(folder, id)));
        }
        covenants.push(json!({
            "file": one.file,
            "signatures": one.signatures,
            "keys": [key],
        }));
    }
    Ok(json!({
        "party": party.id.as_str(),
        "oin": party.oin.as_str(),
        "state_dir": place.state,
        "events_dir": home.join("events"),
        "listen": place.grpc,
        "admin": { "listen": place.admin },
        "tls": {
            "certificate": home.join("server.pem"),
            "key": home.join("server.key"),
            "trust_anchors": [world.ca],
        },
        "clients": {
            "signal_roles": [system_role(&party.id)?.as_str()],
            "desk_roles": [officer_role(&party.id)?.as_str()],
        },
        "broker": {
            "address": world.broker.grpc,
            "server_name": SERVER_NAME,
            "oin": BROKER_OIN,
            "trust_anchors": [world.ca],
            "certificate": home.join("client.pem"),
            "key": home.join("client.key"),
            "log_vkey": world.broker.log_key,
            "reconnect_max_ms": 1000,
            "covenants_every_ms": 500,
        },
        "keys": {
            "signing": home.join("node-signing.pem"),
            "sealing": home.join("node-sealing.pem"),
            "vault": home.join("vault.key"),
            "witness": home.join("witness.pem"),
            "protection": { "key_file": home.join("protection.key") },
        },
        // Nothing waits here: the demo is about what happens, not about hiding when.
        "outbox": { "push_delay_ms": 0, "push_jitter_ms": 0 },
        "telemetry": { "log_filter": plan.log_filter },
        "pins": pins(keys),
        "covenant": covenants,
    }))
}
