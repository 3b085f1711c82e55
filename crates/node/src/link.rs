//! How this node stands with the broker: connected or not, and how each of its keys stands.
//! Shared by the uplink, which learns it, and by everybody who must know.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use model::{CovenantId, KeyEpoch, MatchKeyId};
use tokio::sync::Notify;

/// How one key of this node stands at the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyStanding {
    /// The maker's announcement is not there yet.
    Waiting,
    /// The probes agree.
    Agreed,
    /// The probes of these match keys differ: another key, or other normalising rules.
    Blocked(BTreeSet<MatchKeyId>),
}

#[derive(Debug, Default)]
struct State {
    connected: bool,
    keys: BTreeMap<(CovenantId, KeyEpoch), KeyStanding>,
    refused: BTreeMap<CovenantId, String>,
}

/// The shared state; cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Link {
    state: Arc<RwLock<State>>,
    wake: Arc<Notify>,
}

impl Link {
    /// Not connected, nothing known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the broker welcomed this node and the stream is open.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.read(|state| state.connected)
    }

    /// How a key stands; `None` while the broker has not said.
    #[must_use]
    pub fn key(&self, covenant: &CovenantId, epoch: KeyEpoch) -> Option<KeyStanding> {
        self.read(|state| state.keys.get(&(covenant.clone(), epoch)).cloned())
    }

    /// Why the broker refuses this node in a covenant: the reason's code.
    #[must_use]
    pub fn refusal(&self, covenant: &CovenantId) -> Option<String> {
        self.read(|state| state.refused.get(covenant).cloned())
    }

    /// Everything that stands in the way, for health: covenant, epoch and match keys.
    #[must_use]
    pub fn obstacles(&self) -> Vec<String> {
        self.read(|state| {
            let refused = state
                .refused
                .iter()
                .map(|(covenant, reason)| format!("{covenant}: refused by the broker, {reason}"));
            let keys = state.keys.iter().filter_map(
                |((covenant, epoch), standing)| match standing {
                    KeyStanding::Agreed => None,
                    KeyStanding::Waiting => Some(format!(
                        "{covenant} epoch {epoch}: waits for the announcement of the key's maker"
                    )),
                    KeyStanding::Blocked(keys) => {
                        let names: Vec<&str> = keys.iter().map(MatchKeyId::as_str).collect();
                        let names = names.join(", ");
                        Some(format!("{covenant} epoch {epoch}: another key for {names}"))
                    }
                },
            );
            refused.chain(keys).collect()
        })
    }

    /// How many keys agree with the reference.
    #[must_use]
    pub fn agreed(&self) -> usize {
        let agreed = |standing: &&KeyStanding| **standing == KeyStanding::Agreed;
        self.read(|state| state.keys.values().filter(agreed).count())
    }

    /// The number of blocked match keys, by covenant and epoch.
    #[must_use]
    pub fn blocked(&self) -> Vec<(CovenantId, KeyEpoch, MatchKeyId)> {
        self.read(|state| {
            let mut all = Vec::new();
            for ((covenant, epoch), standing) in &state.keys {
                if let KeyStanding::Blocked(keys) = standing {
                    all.extend(keys.iter().map(|k| (covenant.clone(), *epoch, k.clone())));
                }
            }
            all
        })
    }

    /// The broker welcomed the node, or the stream ended.
    pub fn set_connected(&self, connected: bool) {
        self.write(|state| state.connected = connected);
    }

    /// What the broker said of one key.
    pub fn set_key(&self, covenant: CovenantId, epoch: KeyEpoch, standing: KeyStanding) {
        self.write(|state| {
            state.refused.remove(&covenant);
            state.keys.insert((covenant, epoch), standing);
        });
    }

    /// The broker does not let this node take part in a covenant.
    pub fn set_refused(&self, covenant: CovenantId, reason: String) {
        self.write(|state| {
            state.keys.retain(|(c, _), _| *c != covenant);
            state.refused.insert(covenant, reason);
        });
    }

    /// The broker lets this node take part.
    pub fn set_welcome(&self, covenant: &CovenantId) {
        self.write(|state| {
            state.refused.remove(covenant);
        });
    }

    /// The hello names these covenants: what the broker said of others, which may be over by now,
    /// stands in nobody's way.
    pub fn speaks_of(&self, covenants: &BTreeSet<CovenantId>) {
        self.write(|state| {
            state.keys.retain(|(id, _), _| covenants.contains(id));
            state.refused.retain(|id, _| covenants.contains(id));
        });
    }

    /// There is something new to send, or a reason to look again.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits for [`Link::wake`].
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    fn read<T>(&self, use_it: impl FnOnce(&State) -> T) -> T {
        use_it(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(PoisonError::into_inner));
        self.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obstacles_name_covenant_and_match_key() {
        let link = Link::new();
        let covenant = CovenantId::parse("veilig").unwrap();
        let key = MatchKeyId::parse("adres/postcode+huisnummer").unwrap();
        assert!(link.obstacles().is_empty());
        link.set_key(
            covenant.clone(),
            KeyEpoch::FIRST,
            KeyStanding::Blocked(BTreeSet::from([key.clone()])),
        );
        assert_eq!(
            link.obstacles(),
            ["veilig epoch 1: another key for adres/postcode+huisnummer"]
        );
        assert_eq!(link.blocked(), [(covenant.clone(), KeyEpoch::FIRST, key)]);
        assert_eq!(link.agreed(), 0);
        link.set_key(covenant.clone(), KeyEpoch::FIRST, KeyStanding::Agreed);
        assert_eq!(link.agreed(), 1);
        assert!(link.obstacles().is_empty());
        link.set_refused(covenant.clone(), "COVENANT_NOT_ACTIVE".to_owned());
        assert_eq!(link.key(&covenant, KeyEpoch::FIRST), None);
        assert_eq!(
            link.obstacles(),
            ["veilig: refused by the broker, COVENANT_NOT_ACTIVE"]
        );
        link.speaks_of(&BTreeSet::from([covenant]));
        assert_eq!(link.obstacles().len(), 1);
        link.speaks_of(&BTreeSet::new());
        assert!(link.obstacles().is_empty());
    }
}
