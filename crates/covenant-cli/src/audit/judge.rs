//! Whether a checkpoint follows from the one before it.

use ledger::tree::verify_consistency;
use ledger::{Checkpoint, LogVerifier};
use model::Digest;
use tonic::Status;
use tonic::transport::Channel;
use wire::Bytes;
use wire::audit_v1::GetConsistencyProofRequest;
use wire::audit_v1::disclosure_log_service_client::DisclosureLogServiceClient;

use crate::answer::Language;

/// What contradicts the promise that a log only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarm {
    /// The checkpoint is not signed by the log's key.
    Unsigned,
    /// It is of a smaller log than was seen before.
    Rollback,
    /// It is of another log than was seen before.
    Fork,
}

impl Alarm {
    /// A word for file names.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Rollback => "rollback",
            Self::Fork => "fork",
        }
    }

    /// What is wrong, for people.
    pub(super) const fn text(self, lang: Language) -> &'static str {
        match self {
            Self::Unsigned => lang.pick(
                "het controlepunt is niet getekend met de sleutel van het logboek",
                "the checkpoint is not signed by the log's key",
            ),
            Self::Rollback => lang.pick(
                "het logboek is korter dan het was: er zijn regels verdwenen",
                "the log is shorter than it was: entries have disappeared",
            ),
            Self::Fork => lang.pick(
                "het logboek is een ander dan het was: regels zijn veranderd, of u krijgt een andere versie te zien",
                "the log is another than it was: entries were changed, or you are shown another version",
            ),
        }
    }
}

/// What to do with a checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It needs no proof: the first one, or the same.
    Follows(Checkpoint),
    /// It is good when the log proves that it only grew.
    Prove { from: Checkpoint, to: Checkpoint },
    /// It can't be good.
    Alarm(Alarm),
}

/// Lays a note beside what was seen before; the proof of growth is asked of the broker.
///
/// # Errors
/// When the broker gives no proof.
pub(super) async fn lay(
    client: &mut DisclosureLogServiceClient<Channel>,
    key: &LogVerifier,
    seen: Option<&Checkpoint>,
    given: &[u8],
) -> Result<Result<Checkpoint, Alarm>, Status> {
    Ok(match step(key, seen, given) {
        Step::Alarm(alarm) => Err(alarm),
        Step::Follows(now) => Ok(now),
        Step::Prove { from, to } => {
            let request = GetConsistencyProofRequest {
                from_size: from.size,
                to_size: to.size,
            };
            let answer = client.get_consistency_proof(request).await?;
            verified(&from, to, &answer.into_inner().consistency_proof)
        }
    })
}

/// Judges a note against what was seen before.
pub(super) fn step(key: &LogVerifier, seen: Option<&Checkpoint>, given: &[u8]) -> Step {
    let Ok(to) = key.verify(given) else {
        return Step::Alarm(Alarm::Unsigned);
    };
    match seen {
        None => Step::Follows(to),
        Some(from) if to.size < from.size => Step::Alarm(Alarm::Rollback),
        Some(from) if to.size == from.size && to.root == from.root => Step::Follows(to),
        Some(from) if to.size == from.size => Step::Alarm(Alarm::Fork),
        // Everything follows from an empty log.
        Some(from) if from.size == 0 => Step::Follows(to),
        Some(from) => Step::Prove {
            from: from.clone(),
            to,
        },
    }
}

/// Whether the proof shows that the log only grew.
pub(super) fn verified(
    from: &Checkpoint,
    to: Checkpoint,
    proof: &[Bytes],
) -> Result<Checkpoint, Alarm> {
    let proof: Option<Vec<Digest>> = proof.iter().map(|hash| Digest::from_slice(hash)).collect();
    let proof = proof.ok_or(Alarm::Fork)?;
    verify_consistency(from.size, &from.root, to.size, &to.root, &proof)
        .map_err(|_| Alarm::Fork)?;
    Ok(to)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ledger::tree::{append_all, consistency_proof, leaf_hash, root};
    use ledger::{LogSigner, NodeId};
    use model::Secret;

    use super::*;

    struct Tree {
        signer: LogSigner,
        nodes: BTreeMap<NodeId, Digest>,
    }

    impl Tree {
        fn of(leaves: &[&str]) -> Self {
            let hashes = leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes()));
            let mut nodes = BTreeMap::new();
            for (seq, hash) in (0..).zip(hashes) {
                let made = append_all(seq, &[hash], |id| nodes.get(&id).copied()).unwrap();
                nodes.extend(made);
            }
            let signer = LogSigner::from_seed("log.delinde.example", &Secret::new([1; 32]));
            Self {
                signer: signer.unwrap(),
                nodes,
            }
        }

        fn note(&self, size: u64) -> Vec<u8> {
            let read = |id| self.nodes.get(&id).copied();
            self.signer.sign(size, root(size, read).unwrap())
        }

        fn proof(&self, from: u64, to: u64) -> Vec<Bytes> {
            let read = |id| self.nodes.get(&id).copied();
            let hashes = consistency_proof(from, to, read).unwrap();
            let bytes = hashes.iter().map(|h| Bytes::copy_from_slice(h.as_bytes()));
            bytes.collect()
        }
    }

    #[test]
    fn growth_is_good_and_everything_else_an_alarm() {
        let tree = Tree::of(&["a", "b", "c", "d", "e"]);
        let other = Tree::of(&["a", "x", "c", "d", "e"]);
        let key = tree.signer.verifier();
        let three = key.verify(&tree.note(3)).unwrap();
        assert_eq!(step(key, None, &tree.note(3)), Step::Follows(three.clone()));
        let seen = Some(&three);
        assert_eq!(step(key, seen, &tree.note(3)), Step::Follows(three.clone()));
        assert_eq!(step(key, seen, &tree.note(2)), Step::Alarm(Alarm::Rollback));
        assert_eq!(step(key, seen, &other.note(3)), Step::Alarm(Alarm::Fork));
        assert_eq!(step(key, seen, b"x"), Step::Alarm(Alarm::Unsigned));
        let stranger = LogSigner::from_seed("log.delinde.example", &Secret::new([2; 32])).unwrap();
        let forged = stranger.sign(5, three.root);
        assert_eq!(step(key, seen, &forged), Step::Alarm(Alarm::Unsigned));

        let Step::Prove { from, to } = step(key, seen, &tree.note(5)) else {
            unreachable!("growth needs a proof");
        };
        let proof = tree.proof(3, 5);
        assert_eq!(verified(&from, to.clone(), &proof), Ok(to.clone()));
        assert_eq!(verified(&from, to.clone(), &[]), Err(Alarm::Fork));
        assert_eq!(verified(&from, to, &other.proof(3, 5)), Err(Alarm::Fork));
        let forked = key.verify(&other.note(5)).unwrap();
        assert_eq!(
            verified(&from, forked, &other.proof(3, 5)),
            Err(Alarm::Fork)
        );
    }
}
