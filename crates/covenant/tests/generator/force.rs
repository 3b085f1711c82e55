//! A covenant of chance put in force, signed by all.

use covenant::signoff::{
    ActiveCovenant, PartyPins, Pins, SignoffError, Statement, public_key, sign, verify,
};
use data_encoding::BASE64;
use model::Secret;
use sha2::{Digest as _, Sha256};

use super::Generated;

/// The private half of the key with a name.
pub(crate) fn seed(name: &str) -> Secret {
    Secret::new(Sha256::digest(name.as_bytes()).into())
}

/// The signing key with a name, as a covenant writes it.
pub(crate) fn signing(name: &str) -> String {
    format!("ed25519:{}", BASE64.encode(&public_key(&seed(name))))
}

/// The sealing key with a name.
pub(crate) fn sealing(name: &str) -> String {
    format!("x25519:{}", BASE64.encode(seed(name).expose()))
}

impl Generated {
    /// The covenant in force, truly signed and verified.
    pub(crate) fn in_force(&self) -> ActiveCovenant {
        let active = self.put_in_force();
        active.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Signs it for each party with the key whose name is known, and verifies that.
    pub(crate) fn put_in_force(&self) -> Result<ActiveCovenant, SignoffError> {
        let day = self.covenant.valid_from();
        let mut envelopes = Vec::new();
        let mut pins = Pins::new();
        // The table is compiled for the first party only: it is the same for all.
        let mut statement: Option<Statement> = None;
        for (party, key) in &self.signers {
            let mut own = match statement.take() {
                Some(known) => known,
                None => Statement::new(&self.covenant, party, day, b"leestekst", "proef")?,
            };
            own.party = party.clone();
            own.role = self.covenant.parties()[party].signer.function.clone();
            envelopes.push(sign(&self.covenant, &own, &seed(key))?);
            statement = Some(own);
            let keys = PartyPins {
                signer: public_key(&seed(key)),
                ..PartyPins::default()
            };
            pins.insert(party.clone(), keys);
        }
        verify(self.source.as_bytes(), &envelopes, &pins, None, day.start())
    }
}
