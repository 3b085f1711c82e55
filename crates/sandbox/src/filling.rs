//! Fills a covenant's model text in: real keys for place-holders, real dates for old ones.
//!
//! The files in `policies/` carry place-holders, so that nobody can load them as they are. What
//! comes out here is the text that the demo's parties sign.

use std::collections::BTreeMap;

use anyhow::Context as _;
use model::{Day, PartyId};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

/// A party's public keys, in the text form of a covenant.
#[derive(Debug, Clone)]
pub struct PublicKeys {
    /// Of the person who signs covenants, `ed25519:...`.
    pub signer: String,
    /// Of the duty officer who may suspend, `ed25519:...`.
    pub emergency: String,
    /// Of the node, to sign, `ed25519:...`.
    pub node_signing: String,
    /// Of the node, to be sealed to, `x25519:...`.
    pub node_sealing: String,
    /// Of the node, to cosign the log, `ed25519:...`.
    pub node_witness: String,
}

/// Fills `template` in. It begins to hold yesterday and ends in twelve months.
///
/// # Errors
/// When the text is not TOML, or names a party that has no keys.
pub fn fill_in(
    template: &str,
    keys: &BTreeMap<PartyId, PublicKeys>,
    log_key: &str,
    today: Day,
) -> anyhow::Result<String> {
    let mut document: DocumentMut = template.parse().context("the covenant is not TOML")?;
    let header = table(&mut document, "convenant")?;
    header["geldig_van"] = value(date(today.plus_days(-1))?);
    header["geldig_tot"] = value(date(today.plus_months(12))?);
    if header.contains_key("evaluatie") {
        header["evaluatie"] = value(date(today.plus_months(6))?);
    }
    let parties = table(&mut document, "partij")?;
    let names: Vec<String> = parties.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let id = PartyId::parse(&name)?;
        let keys = keys
            .get(&id)
            .with_context(|| format!("party {id} has no keys"))?;
        let party = parties
            .get_mut(&name)
            .and_then(Item::as_table_mut)
            .with_context(|| format!("partij.{name} is not a table"))?;
        fill_party(party, keys)?;
    }
    let log = table(&mut document, "logboek")?;
    log["sleutel"] = value(log_key);
    Ok(document.to_string())
}

fn fill_party(party: &mut Table, keys: &PublicKeys) -> anyhow::Result<()> {
    let signer = party
        .get_mut("ondertekenaar")
        .context("a party has no ondertekenaar")?;
    match signer {
        Item::Value(Value::InlineTable(signer)) => {
            signer.insert("sleutel", keys.signer.as_str().into());
        }
        Item::Table(signer) => signer["sleutel"] = value(keys.signer.as_str()),
        _ => anyhow::bail!("ondertekenaar is not a table"),
    }
    party["noodstop"] = value(Array::from_iter([keys.emergency.as_str()]));
    let mut node = InlineTable::new();
    node.insert("ondertekening", keys.node_signing.as_str().into());
    node.insert("verzegeling", keys.node_sealing.as_str().into());
    node.insert("getuige", keys.node_witness.as_str().into());
    party["knooppunt"] = value(node);
    Ok(())
}

fn table<'a>(document: &'a mut DocumentMut, name: &str) -> anyhow::Result<&'a mut Table> {
    document
        .entry(name)
        .or_insert_with(toml_edit::table)
        .as_table_mut()
        .with_context(|| format!("{name} is not a table"))
}

fn date(day: Day) -> anyhow::Result<toml_edit::Datetime> {
    day.to_string().parse().context("a date")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"formaat = "convenant/1"
[convenant]
id = "proef"
geldig_van = 2020-01-01
geldig_tot = 2021-01-01

[partij.gemeente]   # blijft staan
naam = "Gemeente Roosdonk"
ondertekenaar = { functie = "fg", sleutel = "ed25519:GEMEENTE-FG" }
noodstop = ["ed25519:GEMEENTE-PIKET"]
[logboek]
sleutel = "ed25519:LOG"
"#;

    #[test]
    fn place_holders_and_dates_are_replaced_and_comments_stay() {
        let keys = PublicKeys {
            signer: "ed25519:s".to_owned(),
            emergency: "ed25519:e".to_owned(),
            node_signing: "ed25519:n".to_owned(),
            node_sealing: "x25519:x".to_owned(),
            node_witness: "ed25519:w".to_owned(),
        };
        let party = PartyId::parse("gemeente").unwrap();
        let today = Day::parse("2026-11-23").unwrap();
        let filled = fill_in(
            TEMPLATE,
            &BTreeMap::from([(party, keys)]),
            "ed25519:l",
            today,
        )
        .unwrap();
        for expected in [
            "2026-11-22",
            "2027-11-23",
            "ed25519:s",
            "ed25519:e",
            "x25519:x",
            "ed25519:l",
            "# blijft staan",
        ] {
            assert!(filled.contains(expected), "{expected}\n{filled}");
        }
        assert!(!filled.contains("GEMEENTE-FG") && !filled.contains("2020-01-01"));
        assert!(fill_in(TEMPLATE, &BTreeMap::new(), "x", today).is_err());
    }
}
