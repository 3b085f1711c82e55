//! When a checkpoint is *witnessed*: enough parties of a covenant have cosigned it. Written for
//! other log clients as a C2SP `tlog-policy` file.

use model::Oin;

use crate::checkpoint::LogVerifier;
use crate::cosignature::WitnessVerifier;

/// How many of a covenant's parties must cosign: all of them below four; from four on so many that
/// two quorums share an honest party, as long as fewer than a third collude:
/// `floor((n + f) / 2) + 1` with `f = floor((n - 1) / 3)`.
#[must_use]
pub const fn quorum(parties: usize) -> usize {
    if parties < 4 {
        return parties;
    }
    let colluding = (parties - 1) / 3;
    usize::midpoint(parties, colluding) + 1
}

/// The name of a party's witness key: who it is, not where.
#[must_use]
pub fn name(oin: &Oin) -> String {
    format!("getuige/{oin}")
}

/// The witnesses of one covenant, and how many of them it takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    log: LogVerifier,
    witnesses: Vec<WitnessVerifier>,
    needed: usize,
}

impl Policy {
    /// The policy of a covenant with so many parties, of which these have a witness. A party
    /// without one counts all the same: where all must cosign, nothing is ever witnessed then.
    #[must_use]
    pub const fn new(log: LogVerifier, witnesses: Vec<WitnessVerifier>, parties: usize) -> Self {
        Self {
            log,
            witnesses,
            // Without parties nobody vouches for anything.
            needed: if parties == 0 { 1 } else { quorum(parties) },
        }
    }

    /// The policy of a covenant with these parties and their witness keys. A key that can't be one
    /// is as good as none.
    pub fn of_parties<'a>(
        log: LogVerifier,
        parties: impl Iterator<Item = (&'a Oin, Option<&'a [u8; 32]>)>,
    ) -> Self {
        let (mut witnesses, mut count) = (Vec::new(), 0);
        for (oin, key) in parties {
            count += 1;
            witnesses.extend(key.and_then(|key| WitnessVerifier::new(&name(oin), key).ok()));
        }
        Self::new(log, witnesses, count)
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[WitnessVerifier] {
        &self.witnesses
    }

    /// How many must cosign.
    #[must_use]
    pub const fn needed(&self) -> usize {
        self.needed
    }

    /// How many of the witnesses have cosigned this note.
    #[must_use]
    pub fn cosigned(&self, note: &[u8]) -> usize {
        let holds = |witness: &&WitnessVerifier| witness.verify(note).is_ok();
        self.witnesses.iter().filter(holds).count()
    }

    /// Whether the log signed this note and enough witnesses cosigned it.
    #[must_use]
    pub fn is_witnessed(&self, note: &[u8]) -> bool {
        self.log.verify(note).is_ok() && self.cosigned(note) >= self.needed
    }

    /// The `tlog-policy` file. A policy that can't be met is written as one that can't: more
    /// members are asked for than there are, which readers refuse.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("log {}\n", self.log.to_vkey());
        let mut members = String::new();
        for witness in &self.witnesses {
            text.push_str(&format!(
                "witness {} {}\n",
                witness.name(),
                witness.to_vkey()
            ));
            members.push(' ');
            members.push_str(witness.name());
        }
        text.push_str(&format!("group getuigen {}{members}\n", self.needed));
        text.push_str("quorum getuigen\n");
        text
    }
}
