//! Whose state folder it is: it belongs to one party and one vault key. Under another, what is in it
//! can't be read, and what comes in would be lost with the old key.

use anyhow::{Context as _, Result};
use model::PartyId;
use store::{NodeStore, NodeView};

use crate::vault::Vault;

/// The name of the note by which a state folder is known again.
const OWNER: &str = "owner";

/// Whether this is the state of that party under that vault key; `None` for one that is nobody's
/// yet.
pub(crate) fn is_of(view: &NodeView, vault: &Vault, party: &PartyId) -> Result<Option<()>> {
    let Some(sealed) = view.note(OWNER)? else {
        return Ok(None);
    };
    let owner = vault
        .open(OWNER.as_bytes(), &sealed)
        .context("keys.vault: the state was written under another key")?;
    anyhow::ensure!(
        owner == party.as_str().as_bytes(),
        "state_dir is the folder of another party than the settings"
    );
    Ok(Some(()))
}

/// Holds the state against party and vault key, and makes a new one theirs.
///
/// # Errors
/// When it is somebody else's, or can't be written.
pub(crate) async fn own(store: &NodeStore, vault: &Vault, party: &PartyId) -> Result<()> {
    if store.read(|view| is_of(view, vault, party))?.is_none() {
        let sealed = vault.seal(OWNER.as_bytes(), party.as_str().as_bytes())?;
        store
            .write(move |tx| tx.put_note(OWNER, &sealed))
            .await
            .context("state_dir")?;
    }
    Ok(())
}
