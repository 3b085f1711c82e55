//! Receipts: verified before anything is shown, one length whatever was decided.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of the builder")]
mod log_builder;

use ledger::receipt::extends;
use ledger::tree::{consistency_proof, inclusion_proof};
use ledger::{
    CheckpointError, Kind, LogSigner, Part, Receipt, ReceiptEntry, ReceiptError, TreeError,
};
use log_builder::{Log, ORIGIN, busy_log, check, covenant, event};
use model::{Digest, Secret};

fn receipt(log: &Log, indices: &[u64]) -> Receipt {
    let entries = indices.iter().map(|index| {
        let place = usize::try_from(*index).unwrap();
        ReceiptEntry {
            index: *index,
            leaf: log.leaves[place].clone(),
            proof: inclusion_proof(*index, log.size(), log.read()).unwrap(),
            request: Some(log.entries[place].request.clone()),
            answer: Some(log.entries[place].answer.clone()),
        }
    });
    Receipt {
        entries: entries.collect(),
        checkpoint: log.note(),
    }
}

#[test]
fn a_receipt_verifies_and_reads_back() {
    let log = busy_log();
    let receipt = receipt(&log, &[2, 3, 10]);
    let verified = receipt.verify(log.signer.verifier()).unwrap();
    assert_eq!(verified.checkpoint.size, 11);
    assert_eq!(verified.leaves.len(), 3);
    assert_eq!(verified.leaves[1], log.entries[3].skeleton);
    let bytes = receipt.to_bytes().unwrap();
    assert_eq!(Receipt::from_bytes(&bytes).unwrap(), receipt);
}

#[test]
fn a_receipt_does_not_tell_by_its_length_what_was_decided() {
    for entries in 1..=3_u64 {
        for before in 0..12 {
            let mut lengths = Vec::new();
            // Two entries after it, so that the proofs of one answer lie anywhere in the tree.
            for (revealed, after) in [(true, 0), (false, 0), (true, 2), (false, 2)] {
                let mut log = Log::new();
                (after..before + 2).for_each(|_| log.append(event(Kind::Padding, None)));
                let first = log.size();
                (0..entries).for_each(|_| log.append(check("politie", revealed)));
                (0..after).for_each(|_| log.append(event(Kind::Padding, None)));
                let indices: Vec<u64> = (first..first + entries).collect();
                lengths.push((
                    log.size(),
                    receipt(&log, &indices).to_bytes().unwrap().len(),
                ));
            }
            lengths.dedup();
            assert_eq!(lengths.len(), 1, "{lengths:?}");
        }
    }
}

#[test]
fn what_was_changed_is_refused() {
    let log = busy_log();
    let verifier = log.signer.verifier();
    let good = receipt(&log, &[2, 3]);
    let refused = |change: fn(&mut Receipt)| {
        let mut receipt = good.clone();
        change(&mut receipt);
        receipt.verify(verifier).unwrap_err()
    };
    assert_eq!(refused(|r| r.entries.clear()), ReceiptError::Entries);
    assert_eq!(refused(|r| r.entries.swap(0, 1)), ReceiptError::Order);
    assert_eq!(
        refused(|r| r.entries[1] = r.entries[0].clone()),
        ReceiptError::Order
    );
    let mismatch = ReceiptError::Tree(TreeError::Mismatch);
    assert_eq!(refused(|r| r.entries[0].leaf[30] ^= 1), mismatch);
    assert_eq!(refused(|r| r.entries[0].index = 1), mismatch);
    assert_eq!(
        refused(|r| {
            r.entries[0].proof.pop();
        }),
        mismatch
    );
    assert_eq!(
        refused(|r| r.entries[1].index = 11),
        ReceiptError::Tree(TreeError::OutOfBounds)
    );
    let opening = |part| ReceiptError::Opening(part);
    assert_eq!(
        refused(|r| r.entries[0].answer.as_mut().unwrap().bytes = b"geen-advies".to_vec()),
        opening(Part::Answer)
    );
    assert_eq!(
        refused(|r| r.entries[0].request = r.entries[1].request.clone()),
        opening(Part::Request)
    );
    assert_eq!(
        refused(|r| r.checkpoint.truncate(40)),
        ReceiptError::Checkpoint(CheckpointError::Note("no line feed at its end"))
    );
    let other = LogSigner::from_seed(ORIGIN, &Secret::new([1; 32])).unwrap();
    let unsigned = ReceiptError::Checkpoint(CheckpointError::Unsigned);
    assert_eq!(good.verify(other.verifier()), Err(unsigned));
}

#[test]
fn a_leaf_that_lies_about_its_place_is_refused() {
    let mut log = busy_log();
    let sealed = log.entries[3].clone();
    log.append_leaf(sealed.leaf.clone(), sealed);
    let receipt = receipt(&log, &[11]);
    assert_eq!(
        receipt.verify(log.signer.verifier()),
        Err(ReceiptError::Seq)
    );
}

#[test]
fn bytes_that_are_no_receipt_are_refused() {
    let log = busy_log();
    let bytes = receipt(&log, &[2, 3]).to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(Receipt::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(Receipt::from_bytes(&longer).is_err());
    let mut filled = bytes.clone();
    *filled.last_mut().unwrap() = 1;
    assert_eq!(
        Receipt::from_bytes(&filled),
        Err(ReceiptError::Encoding("answer"))
    );
    // Whatever single byte is changed, the result is refused, or is another receipt that fails.
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let judged = Receipt::from_bytes(&changed).and_then(|r| r.verify(log.signer.verifier()));
        assert!(judged.is_err(), "byte {at}");
    }
}

#[test]
fn a_checkpoint_must_extend_the_last_one() {
    let mut log = busy_log();
    let checkpoint = |log: &Log| log.signer.verifier().verify(&log.note()).unwrap();
    let old = checkpoint(&log);
    assert_eq!(extends(&old, &old, &[]), Ok(()));
    let mut fork = busy_log();
    log.append(event(Kind::CovenantSuspended, Some(covenant())));
    fork.append(event(Kind::CovenantResumed, Some(covenant())));
    let new = checkpoint(&log);
    let proof = consistency_proof(old.size, new.size, log.read()).unwrap();
    assert_eq!(extends(&old, &new, &proof), Ok(()));
    assert_eq!(extends(&old, &new, &[]), Err(ReceiptError::Fork));
    assert_eq!(extends(&new, &old, &proof), Err(ReceiptError::Fork));
    assert_eq!(
        extends(&new, &checkpoint(&fork), &[]),
        Err(ReceiptError::Fork)
    );
    fork.append(event(Kind::CovenantResumed, Some(covenant())));
    let forked = checkpoint(&fork);
    let proof = consistency_proof(new.size, forked.size, fork.read()).unwrap();
    assert_eq!(extends(&new, &forked, &proof), Err(ReceiptError::Fork));
    let elsewhere = ledger::Checkpoint {
        origin: "elsewhere".to_owned(),
        ..old.clone()
    };
    assert_eq!(extends(&elsewhere, &old, &[]), Err(ReceiptError::Fork));
    assert_ne!(old.root, Digest::new([0; 32]));
}
