//! The keys that a process pins, out of a configuration.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use covenant::signoff::{PartyPins, Pins};
use identity::VerifyingKey;
use model::PartyId;
use serde::Deserialize;

/// A node's or a broker's configuration, or a file with nothing but its `[pins.<party>]`.
#[derive(Deserialize)]
struct File {
    pins: BTreeMap<String, Pin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pin {
    signer: String,
    #[serde(default)]
    emergency: Vec<String>,
    node_signing: Option<String>,
    #[expect(
        dead_code,
        reason = "a configuration has it, and sign-off does not use it"
    )]
    node_sealing: Option<String>,
    #[expect(
        dead_code,
        reason = "a configuration has it, and sign-off does not use it"
    )]
    oin: Option<String>,
    #[expect(
        dead_code,
        reason = "a configuration has it, and sign-off does not use it"
    )]
    witness: Option<String>,
}

/// Reads the pins.
///
/// # Errors
/// Names the field.
pub(crate) fn read(path: &Path) -> anyhow::Result<Pins> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("read {name}"))?;
    let file: File = toml::from_str(&text).with_context(|| format!("{name}: [pins.<party>]"))?;
    let mut pins = Pins::new();
    for (party, pin) in &file.pins {
        let key = |text: &String, field: &str| {
            let key = VerifyingKey::parse(text);
            let key = key.with_context(|| format!("{name}: pins.{party}.{field}"))?;
            Ok::<_, anyhow::Error>(key.to_bytes())
        };
        let node = pin.node_signing.as_ref();
        let keys = PartyPins {
            signer: key(&pin.signer, "signer")?,
            emergency: pin
                .emergency
                .iter()
                .map(|text| key(text, "emergency"))
                .collect::<Result<_, _>>()?,
            node_signing: node.map(|text| key(text, "node_signing")).transpose()?,
        };
        pins.insert(PartyId::parse(party).context("pins")?, keys);
    }
    Ok(pins)
}
