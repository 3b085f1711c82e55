//! What an operator gets wrong at night is named before it does harm.

use anyhow::{Context as _, Result, ensure};
use journeys::realm::{Realm, quick, set, today};
use model::clock::SystemClock;
use std::sync::Arc;

fn told(outcome: Result<()>) -> Result<String> {
    let error = outcome.err().context("nothing was found wrong")?;
    Ok(format!("{error:#}"))
}

#[test]
fn certificates_that_others_would_refuse_are_found_by_check_config() -> Result<()> {
    let realm = Realm::laid_out(&quick(), today())?;
    let home = realm.home("gemeente")?;
    let config = realm.node("gemeente")?.config.clone();
    let with = |settings: &[(&str, &str)]| {
        let set: Vec<String> = settings
            .iter()
            .map(|(key, file)| format!("{key}={}", home.join(file).display()))
            .collect();
        node::check_config(std::slice::from_ref(&config), &set)
    };
    with(&[])?;
    let another_key = told(with(&[("broker.key", "server.key")]))?;
    ensure!(
        another_key.starts_with("broker.certificate:"),
        "{another_key}"
    );
    let wrong_use = told(with(&[
        ("broker.certificate", "server.pem"),
        ("broker.key", "server.key"),
    ]))?;
    ensure!(
        wrong_use.contains("may not be used as a client"),
        "{wrong_use}"
    );
    let wrong_use = told(with(&[
        ("tls.certificate", "client.pem"),
        ("tls.key", "client.key"),
    ]))?;
    ensure!(
        wrong_use.contains("may not be used as a server"),
        "{wrong_use}"
    );
    let broker = std::slice::from_ref(&realm.world.broker.config);
    broker::check_config(broker, &[])?;
    let another = ["oin=00000099000000009999".to_owned()];
    let another = told(broker::check_config(broker, &another))?;
    ensure!(another.contains("another oin"), "{another}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_folder_opens_for_its_own_party_and_vault_key_only() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let state = realm.home("gemeente")?.join("state");
    let key = realm.home("gemeente")?.join("vault.key");
    let theirs = realm.home("zorg")?.join("vault.key");
    for party in ["gemeente", "zorg"] {
        realm.stop_node(party).await?;
    }
    let path = |path: &std::path::Path| path.display().to_string();
    realm.configure_node("gemeente", |settings| {
        set(settings, "keys.vault", path(&theirs))
    })?;
    let clock = Arc::new(SystemClock);
    let other_key = told(realm.start_node("gemeente", clock.clone()).await)?;
    ensure!(other_key.contains("another key"), "{other_key}");
    realm.configure_node("zorg", |settings| {
        set(settings, "keys.vault", path(&key));
        set(settings, "state_dir", path(&state));
    })?;
    let other_party = told(realm.start_node("zorg", clock.clone()).await)?;
    ensure!(other_party.contains("another party"), "{other_party}");
    realm.configure_node("gemeente", |settings| {
        set(settings, "keys.vault", path(&key))
    })?;
    realm.start_node("gemeente", clock).await?;
    realm.stop_all().await
}
