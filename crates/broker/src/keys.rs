//! Whether every node holds the same covenant key: by probes, since a wrong key is silent.
//!
//! The reference is what the maker of an epoch's key announced, signed. A node whose probes differ
//! is blocked for the match keys that differ, by name; until there is a reference everybody waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use model::{CovenantId, KeyEpoch, MatchKeyId, PartyId, Pseudonym, Token};
use store::BrokerTx;
use wire::reason::Reason;
use wire::statement::{CovenantHello, EpochKey, KeyAnnouncement};

use crate::Broker;
use crate::members::Member;
use crate::refusal::Refused;

/// How one key of one node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyStanding {
    /// Its maker has not announced it yet.
    Waiting,
    /// The probes agree.
    Agreed,
    /// The probes of these match keys differ from the reference.
    Blocked(Vec<MatchKeyId>),
}

/// A key's standing with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyReport {
    /// The covenant.
    pub(crate) covenant: CovenantId,
    /// The epoch.
    pub(crate) epoch: KeyEpoch,
    /// How it stands.
    pub(crate) standing: KeyStanding,
}

type Place = (CovenantId, PartyId, KeyEpoch);

/// What connected nodes said of their keys. Lost with the process: nodes say it at every hello.
#[derive(Debug, Default)]
pub(crate) struct KeyDesk(Mutex<BTreeMap<Place, EpochKey>>);

impl KeyDesk {
    /// Takes what a party's node shows of its keys in place of what it showed before: of a key that was
    /// taken out of its settings nothing is said any more.
    fn shows(&self, covenant: &CovenantId, party: &PartyId, keys: Vec<EpochKey>) {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.retain(|(of, whose, _), _| of != covenant || whose != party);
        for key in keys {
            desk.insert((covenant.clone(), party.clone(), key.epoch), key);
        }
    }

    /// What a member said of its keys.
    fn of(&self, member: &Member) -> Vec<EpochKey> {
        let id = member.covenant.covenant().id();
        let desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.iter()
            .filter(|((covenant, party, _), _)| covenant == id && *party == member.party)
            .map(|(_, key)| key.clone())
            .collect()
    }

    fn get(&self, place: &Place) -> Option<EpochKey> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(place)
            .cloned()
    }
}

impl Broker {
    /// Takes a node's hello for one covenant, and says how each of its keys stands.
    ///
    /// # Errors
    /// [`Refused`] when it is not for this broker, or the store can't be read.
    pub(crate) fn hello(
        &self,
        member: &Member,
        hello: CovenantHello,
    ) -> Result<Vec<KeyReport>, Refused> {
        self.timely(&hello.header, self.clock().now())?;
        self.desk()
            .shows(&hello.header.covenant, &member.party, hello.epochs);
        self.key_reports(member)
    }

    /// The epochs under which the probes of a party that has said hello agree.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn agreed_epochs(&self, member: &Member) -> Result<Vec<KeyEpoch>, Refused> {
        let mut agreed = Vec::new();
        for key in self.desk().of(member) {
            if self.compare(member, &key)? == KeyStanding::Agreed {
                agreed.push(key.epoch);
            }
        }
        Ok(agreed)
    }

    /// How each key of a party that has said hello stands now.
    ///
    /// # Errors
    /// [`Refused`] when the store can't be read.
    pub(crate) fn key_reports(&self, member: &Member) -> Result<Vec<KeyReport>, Refused> {
        let id = member.covenant.covenant().id();
        let keys = self.desk().of(member);
        keys.into_iter()
            .map(|key| {
                let epoch = key.epoch;
                let standing = self.compare(member, &key)?;
                if let KeyStanding::Blocked(blocked) = &standing {
                    for match_key in blocked {
                        tracing::warn!(
                            covenant = %id, party = %member.party, %epoch, %match_key,
                            "the node's probe differs from the reference: blocked"
                        );
                    }
                }
                Ok(KeyReport {
                    covenant: id.clone(),
                    epoch,
                    standing,
                })
            })
            .collect()
    }

    /// The names of the match keys that are blocked for a member's pushes and questions.
    ///
    /// # Errors
    /// `HELLO_REQUIRED`, or `KEY_WAITING` while there is no reference.
    pub(crate) fn key_standing(
        &self,
        member: &Member,
        epoch: KeyEpoch,
    ) -> Result<Vec<String>, Refused> {
        let covenant = member.covenant.covenant().id().clone();
        let key = self
            .desk()
            .get(&(covenant, member.party.clone(), epoch))
            .ok_or(Reason::HelloRequired)?;
        match self.compare(member, &key)? {
            KeyStanding::Waiting => Err(Reason::KeyWaiting.into()),
            KeyStanding::Agreed => Ok(Vec::new()),
            KeyStanding::Blocked(keys) => {
                Ok(keys.iter().map(|key| key.as_str().to_owned()).collect())
            }
        }
    }

    /// Takes the announcement of an epoch's key from its maker. The first one for an epoch stays:
    /// it is the reference.
    ///
    /// # Errors
    /// `KEY_MISMATCH` when another announcement was taken for the epoch, or the epoch is closed; `FIELD_INVALID` when it
    /// does not cover every match key of the covenant.
    pub(crate) async fn announce(
        &self,
        member: &Member,
        announcement: KeyAnnouncement,
        signed: Vec<u8>,
    ) -> Result<(), Refused> {
        self.timely(&announcement.header, self.clock().now())?;
        let covenant = member.covenant.covenant();
        let probes = by_key(&announcement.key.probes);
        let declared = declared_keys(member);
        if declared.iter().any(|key| !probes.contains_key(key)) {
            return Err(Refused::at(Reason::FieldInvalid, "key.probes"));
        }
        let (id, epoch) = (covenant.id().clone(), announcement.key.epoch);
        let version = announcement.key.normaliser_version;
        self.store()
            .write(move |tx: &mut BrokerTx| -> Result<(), Refused> {
                if tx.epoch_purge(&id, epoch)?.is_some() {
                    return Err(Reason::KeyMismatch.into());
                }
                for key in &declared {
                    let probe = probes.get(key).cloned().unwrap_or_default();
                    match tx.probe_reference(&id, epoch, key)? {
                        Some(known) if known == probe => {}
                        Some(_) => return Err(Reason::KeyMismatch.into()),
                        None => tx.put_probe_reference(&id, epoch, key, &probe)?,
                    }
                }
                if tx.key_announcement(&id, epoch)?.is_none() {
                    let mut record = version.to_be_bytes().to_vec();
                    record.extend_from_slice(&signed);
                    tx.put_key_announcement(&id, epoch, &record)?;
                }
                Ok(())
            })
            .await?;
        tracing::info!(
            covenant = %covenant.id(), party = %member.party, %epoch,
            "the key's announcement is taken"
        );
        self.keys_changed();
        self.note_holders(&member.covenant).await
    }

    fn compare(&self, member: &Member, key: &EpochKey) -> Result<KeyStanding, Refused> {
        let id = member.covenant.covenant().id();
        let declared = declared_keys(member);
        let probes = by_key(&key.probes);
        self.store().read(|view| {
            let Some(announced) = view.key_announcement(id, key.epoch)? else {
                return Ok(KeyStanding::Waiting);
            };
            let version = announced.first_chunk::<4>().map(|v| u32::from_be_bytes(*v));
            if version != Some(key.normaliser_version) {
                return Ok(KeyStanding::Blocked(declared.into_iter().collect()));
            }
            let mut blocked = Vec::new();
            for name in declared {
                let reference = view.probe_reference(id, key.epoch, &name)?;
                if reference.is_none() || reference.as_ref() != probes.get(&name) {
                    blocked.push(name);
                }
            }
            Ok(if blocked.is_empty() {
                KeyStanding::Agreed
            } else {
                KeyStanding::Blocked(blocked)
            })
        })
    }
}

/// Every match key that the covenant declares.
fn declared_keys(member: &Member) -> BTreeSet<MatchKeyId> {
    let specs = member.covenant.covenant().match_keys();
    specs
        .iter()
        .flat_map(|spec| spec.keys.iter().map(|key| key.id.clone()))
        .collect()
}

fn by_key(probes: &[Token]) -> BTreeMap<MatchKeyId, Vec<Pseudonym>> {
    let mut map: BTreeMap<MatchKeyId, Vec<Pseudonym>> = BTreeMap::new();
    for token in probes {
        map.entry(token.key.clone())
            .or_default()
            .push(token.pseudonym);
    }
    for probe in map.values_mut() {
        probe.sort_unstable();
        probe.dedup();
    }
    map
}
