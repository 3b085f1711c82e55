//! What the parties' witnesses say of the broker's log.

use anyhow::Result;
use identity::SigningKey;
use ledger::WitnessVerifier;
use ledger::checkpoint::Note;
use wire::audit_v1::GetCheckpointRequest;

use crate::realm::{Realm, eventually};

/// The parties of the demo, in the order of their names.
const PARTIES: [&str; 3] = ["corporatie", "gemeente", "politie"];

/// The newest checkpoint with its cosignatures.
///
/// # Errors
/// When the broker does not answer.
pub async fn newest(realm: &Realm) -> Result<Vec<u8>> {
    let request = GetCheckpointRequest {};
    let answer = realm.auditor()?.get_checkpoint(request).await?;
    Ok(answer.into_inner().checkpoint.to_vec())
}

/// The parties whose witness has cosigned a note.
///
/// # Errors
/// When it is no note, or a key can't be read.
pub fn cosigners(realm: &Realm, note: &[u8]) -> Result<Vec<&'static str>> {
    let mut found = Vec::new();
    for party in PARTIES {
        let key = SigningKey::read(&realm.home(party)?.join("witness.pem"))?;
        let public = key.verifying_key().to_bytes();
        let lines = Note::parse(note)?.signatures;
        let by =
            |name: &str| WitnessVerifier::new(name, &public).is_ok_and(|w| w.verify(note).is_ok());
        found.extend(lines.iter().any(|line| by(&line.name)).then_some(party));
    }
    Ok(found)
}

/// Waits until every party has cosigned all that is in the log. After a leap of a test's clock
/// nothing is told before that: an entry of the moment before waits for its witnesses for as long
/// as the leap was.
///
/// # Errors
/// After twenty seconds, and as [`newest`] and [`cosigners`].
pub async fn all_cosign(realm: &Realm) -> Result<()> {
    eventually("all parties cosign the newest checkpoint", async || {
        let by = cosigners(realm, &newest(realm).await?)?;
        Ok((by == PARTIES).then_some(()))
    })
    .await
}
