//! The covenants of `policies/`, with keys whose seeds are known, and signed events.

use std::path::Path;

use covenant::language::ast::Key;
use covenant::signoff::{
    ActiveCovenant, Event, EventKind, KeyRole, VerifiedEvent, sign_event, verify_event,
};
use covenant::{Checking, check, check_as};
use model::{PartyId, Timestamp};

use super::generator::Generated;
use super::generator::force::{sealing, seed, signing};

impl Generated {
    /// Every covenant of `policies/`, each place-holder with a key of its own.
    pub(crate) fn policies() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let mut all = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy();
            if name.ends_with(".toml") && !name.ends_with(".cases.toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                all.push(Self::model(
                    path.file_name().unwrap().to_str().unwrap(),
                    &text,
                ));
            }
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        assert!(all.len() >= 3, "{}", all.len());
        all
    }

    fn model(name: &str, text: &str) -> Self {
        let template = check_as(text, Checking::Template, None).covenant.unwrap();
        let signer = |key: &Key| match key {
            Key::Placeholder(key) => key.strip_prefix("ed25519:").unwrap().to_owned(),
            Key::Ed25519(_) | Key::X25519(_) => panic!("{name} has a real key"),
        };
        let parties = template.parties().iter();
        let signers = parties.map(|(id, p)| (id.clone(), signer(&p.signer.key)));
        let signers = signers.collect();
        let mut source = String::new();
        for (number, part) in text.split('"').enumerate() {
            if number > 0 {
                source.push('"');
            }
            source.push_str(&match part.split_once(':') {
                Some(("ed25519", key)) => signing(key),
                Some(("x25519", key)) => sealing(key),
                _ => part.to_owned(),
            });
        }
        let covenant = check(&source).covenant.unwrap();
        Self {
            name: name.to_owned(),
            source,
            covenant,
            signers,
        }
    }

    /// An event that a party's signer signed.
    pub(crate) fn event(
        &self,
        active: &ActiveCovenant,
        party: &PartyId,
        at: Timestamp,
        kind: EventKind,
    ) -> VerifiedEvent {
        let event = Event::new(active.covenant(), party.clone(), KeyRole::Signer, at, kind);
        let envelope = sign_event(&event, &seed(&self.signers[party]));
        verify_event(&envelope, active, at).unwrap()
    }
}
