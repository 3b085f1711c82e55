//! Covenants that were altered, or that not everybody signed: neither broker nor node loads them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use covenant::signoff::{Statement, sign};
use identity::SigningKey;
use journeys::realm::{Realm, quick, set, today};

/// The first covenant of a world, its broker, and one party's node.
struct Signed {
    realm: Realm,
    node: PathBuf,
    file: PathBuf,
    text: String,
    signatures: Vec<PathBuf>,
}

impl Signed {
    fn by_all() -> Result<Self> {
        let realm = Realm::laid_out(&quick(), today())?;
        let place = realm.world.covenants.first().context("a covenant")?.clone();
        Ok(Self {
            node: realm.node("corporatie")?.config.clone(),
            text: std::fs::read_to_string(&place.file)?,
            file: place.file,
            signatures: place.signatures,
            realm,
        })
    }

    /// A file of the test's own.
    fn written(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.realm.folder().join(name);
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// What broker and node say of these files: nothing when they load them.
    fn said(&self, file: &Path, signatures: &[PathBuf]) -> Result<[Option<String>; 2]> {
        let broker = &self.realm.world.broker.config;
        for config in [broker, &self.node] {
            rewrite(config, file, signatures)?;
        }
        let said = |outcome: Result<()>| outcome.err().map(|error| format!("{error:#}"));
        Ok([
            said(broker::check_config(std::slice::from_ref(broker), &[])),
            said(node::check_config(std::slice::from_ref(&self.node), &[])),
        ])
    }

    fn is_loaded(&self) -> Result<()> {
        assert_eq!(self.said(&self.file, &self.signatures)?, [None, None]);
        Ok(())
    }

    fn is_refused(&self, what: &str, file: &Path, signatures: &[PathBuf]) -> Result<()> {
        let [broker, node] = self.said(file, signatures)?;
        ensure!(
            broker.is_some() && node.is_some(),
            "{what}: {broker:?} {node:?}"
        );
        Ok(())
    }
}

/// Writes a covenant's entry of a configuration anew: its file and its signatures.
fn rewrite(config: &Path, file: &Path, signatures: &[PathBuf]) -> Result<()> {
    let mut settings: toml::Table = std::fs::read_to_string(config)?.parse()?;
    let covenants = settings
        .get_mut("covenant")
        .and_then(toml::Value::as_array_mut);
    let first = covenants
        .and_then(|all| all.first_mut())
        .and_then(toml::Value::as_table_mut);
    let first = first.context("a covenant is configured")?;
    let text = |path: &Path| toml::Value::String(path.display().to_string());
    let signatures = signatures.iter().map(|path| text(path)).collect();
    first.insert("file".to_owned(), text(file));
    first.insert("signatures".to_owned(), toml::Value::Array(signatures));
    std::fs::write(config, toml::to_string_pretty(&settings)?)?;
    Ok(())
}

#[test]
fn a_covenant_that_not_all_signed_is_not_loaded() -> Result<()> {
    let signed = Signed::by_all()?;
    signed.is_loaded()?;
    let [first, second, rest @ ..] = signed.signatures.as_slice() else {
        bail!("too few signatures");
    };
    let of = |paths: &[&PathBuf]| -> Vec<PathBuf> {
        paths.iter().copied().chain(rest).cloned().collect()
    };
    signed.is_refused("unsigned", &signed.file, &[])?;
    signed.is_refused("one missing", &signed.file, &of(&[second]))?;
    signed.is_refused(
        "one twice for another",
        &signed.file,
        &of(&[second, second]),
    )?;
    signed.is_refused("one twice", &signed.file, &of(&[first, first, second]))?;
    // Signatures of another covenant by the same keys.
    let others = &signed
        .realm
        .world
        .covenants
        .last()
        .context("a covenant")?
        .signatures;
    ensure!(others != &signed.signatures, "there is one covenant only");
    signed.is_refused("of another covenant", &signed.file, others)?;
    signed.is_loaded()
}

#[test]
fn an_altered_covenant_is_not_loaded() -> Result<()> {
    let signed = Signed::by_all()?;
    let text = &signed.text;
    let limit = "per_medewerker_per_dag   = 1";
    for (what, altered) in [
        (
            "a letter of a comment",
            text.replacen("# CONVENANT", "# Convenant", 1),
        ),
        ("a line at the end", format!("{text}\n")),
        ("other line endings", text.replace('\n', "\r\n")),
        (
            "a larger limit",
            text.replacen(limit, &format!("{limit}1"), 1),
        ),
    ] {
        ensure!(altered != *text, "{what}: nothing is altered");
        let file = signed.written("altered.toml", &altered)?;
        signed.is_refused(what, &file, &signed.signatures)?;
    }
    // The same bytes elsewhere are the same covenant.
    let copy = signed.written("copy.toml", text)?;
    assert_eq!(signed.said(&copy, &signed.signatures)?, [None, None]);
    Ok(())
}

#[test]
fn a_signature_by_a_key_that_is_not_pinned_counts_for_nothing() -> Result<()> {
    let signed = Signed::by_all()?;
    let covenant = covenant::check(&signed.text)
        .covenant
        .context("a good covenant")?;
    let (party, other) = {
        let mut parties = covenant.parties().keys();
        (
            parties.next().context("a party")?,
            parties.next().context("another")?,
        )
    };
    let home = |party: &model::PartyId| signed.realm.home(party.as_str());
    let statement = Statement::new(&covenant, party, today(), signed.text.as_bytes(), "t/1")?;
    // Neither a stranger nor another party signs for a party, not even with the party's own other
    // keys; where the tool signs with them at all, nobody takes it.
    for (what, key) in [
        ("a stranger's", SigningKey::generate()),
        (
            "another party's",
            SigningKey::read(&home(other)?.join("signer.pem"))?,
        ),
        (
            "the emergency key",
            SigningKey::read(&home(party)?.join("emergency.pem"))?,
        ),
        (
            "the node's",
            SigningKey::read(&home(party)?.join("node-signing.pem"))?,
        ),
    ] {
        let Ok(forged) = sign(&covenant, &statement, &key.to_secret()) else {
            continue;
        };
        let forged = signed.written("forged.dsse.json", &forged.to_json())?;
        let mut signatures = signed.signatures.clone();
        let own = format!(".{party}.dsse.json");
        signatures.retain(|path| !path.display().to_string().ends_with(&own));
        signatures.push(forged);
        signed.is_refused(what, &signed.file, &signatures)?;
    }
    // The right signatures, where the process pins another key.
    signed.is_loaded()?;
    let stranger = SigningKey::generate().verifying_key().to_string();
    let pin = format!("pins.{other}.signer");
    signed
        .realm
        .configure_broker(|settings| set(settings, &pin, stranger.clone()))?;
    signed.realm.configure_node("corporatie", |settings| {
        set(settings, &pin, stranger.clone())
    })?;
    signed.is_refused("not pinned", &signed.file, &signed.signatures)
}
