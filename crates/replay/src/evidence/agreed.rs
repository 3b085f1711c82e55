//! A covenant of a bundle, and who signed it.

use std::collections::{BTreeMap, BTreeSet};

use covenant::language::ast::Key;
use covenant::signoff::{Envelope, Pins, Proposal, propose};
use covenant::{Checking, Covenant, check_bytes};
use ledger::evidence::PartyKeys;
use ledger::witnessing::quorum;
use model::{Digest, PartyId};
use sha2::{Digest as _, Sha256};

use super::{CovenantFound, Given};
use crate::evidence::pack::envelope_file;

#[derive(Debug)]
pub(super) struct Agreed {
    bytes: Vec<u8>,
    covenant: Covenant,
    proposal: Option<Proposal>,
    signed: BTreeSet<PartyId>,
}

impl Agreed {
    /// Reads the file of a covenant, which its name must be the digest of.
    pub(super) fn read(bytes: &[u8], digest: Digest) -> Result<Self, &'static str> {
        if Digest::new(Sha256::digest(bytes).into()) != digest {
            return Err("its SHA-256 is not the one in its name");
        }
        let checked = check_bytes(bytes, Checking::Template, None);
        let covenant = checked
            .covenant
            .ok_or("this version of the program can't read it")?;
        Ok(Self {
            bytes: bytes.to_vec(),
            covenant,
            proposal: None,
            signed: BTreeSet::new(),
        })
    }

    pub(super) fn log_key(&self) -> Option<&[u8; 32]> {
        self.covenant.log().key.bytes()
    }

    /// The keys of its parties; a place-holder is none.
    pub(super) fn keys(&self) -> impl Iterator<Item = PartyKeys> {
        keys_of(&self.covenant)
    }

    /// Takes a party's signature.
    pub(super) fn take(
        &mut self,
        party: &PartyId,
        file: &[u8],
        given: Given<'_>,
    ) -> Result<(), String> {
        let proposal = match &self.proposal {
            Some(proposal) => proposal,
            None => {
                let named;
                let pins = match given.pins {
                    Some(pins) => pins,
                    None => {
                        named = Pins::named_by(&self.covenant);
                        &named
                    }
                };
                let proposal = propose(&self.bytes, pins, None).map_err(|e| e.to_string())?;
                self.proposal.insert(proposal)
            }
        };
        let envelope = Envelope::parse(file).map_err(|e| e.to_string())?;
        let named = self.covenant.party(party).map(|p| &p.signer.key);
        let key = named.and_then(Key::bytes);
        let key = key.ok_or("the covenant names no such signer")?;
        if envelope_file(file, key).as_deref() != Some(file) {
            return Err("it is not written as it should be".to_owned());
        }
        let statement = proposal
            .verify_envelope(&envelope, given.now)
            .map_err(|e| e.to_string())?;
        if statement.party() != party {
            return Err("another party signed".to_owned());
        }
        self.signed.insert(party.clone());
        Ok(())
    }

    pub(super) fn is_signed_by_all(&self) -> bool {
        self.covenant.parties().len() == self.signed.len()
    }

    pub(super) fn found(&self, cosigned: &BTreeMap<[u8; 32], u64>) -> CovenantFound {
        let parties = self.covenant.parties();
        CovenantFound {
            digest: self.covenant.digest(),
            id: self.covenant.id().to_string(),
            version: self.covenant.version(),
            title: self.covenant.title().to_owned(),
            signed: parties
                .keys()
                .map(|party| (party.clone(), self.signed.contains(party)))
                .collect(),
            cosigned: self
                .keys()
                .filter_map(|keys| Some((keys.party, *cosigned.get(&keys.witness?)?)))
                .collect(),
            quorum: quorum(parties.len()),
        }
    }
}

pub(super) fn keys_of(covenant: &Covenant) -> impl Iterator<Item = PartyKeys> {
    covenant.parties().values().filter_map(|party| {
        Some(PartyKeys {
            covenant: covenant.digest(),
            party: party.id.clone(),
            signer: *party.signer.key.bytes()?,
            witness: party
                .node
                .as_ref()
                .and_then(|node| node.witness.bytes().copied()),
        })
    })
}
