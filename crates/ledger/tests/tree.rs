//! The tree against the known answers of Certificate Transparency's reference implementation and
//! against another implementation of RFC 6962.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::tree::{
    NodeId, TreeError, append, append_all, consistency_proof, inclusion_proof, leaf_hash, root,
    verify_consistency, verify_inclusion,
};
use model::Digest;
use proptest::prelude::*;
use sha2::Sha256;

type Nodes = BTreeMap<NodeId, Digest>;

fn build(leaves: &[Vec<u8>]) -> Nodes {
    let mut nodes = Nodes::new();
    for (size, leaf) in (0..).zip(leaves) {
        let made = append(size, leaf_hash(leaf), |id| nodes.get(&id).copied()).unwrap();
        nodes.extend(made);
    }
    nodes
}

fn numbered(count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| format!("leaf {n}").into_bytes())
        .collect()
}

fn bytes(proof: &[Digest]) -> Vec<u8> {
    proof.iter().flat_map(|d| *d.as_bytes()).collect()
}

#[test]
fn roots_and_proofs_of_the_reference_tree() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let leaves: Vec<Vec<u8>> = leaves
        .iter()
        .map(|l| data_encoding::HEXLOWER.decode(l.as_bytes()).unwrap())
        .collect();
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let nodes = build(&leaves);
    for (size, expected) in (0..).zip(roots) {
        assert_eq!(
            root(size, |id| nodes.get(&id).copied()).unwrap().to_hex(),
            expected
        );
    }
    let path = inclusion_proof(0, 8, |id| nodes.get(&id).copied()).unwrap();
    let hex: Vec<String> = path.iter().map(Digest::to_hex).collect();
    assert_eq!(
        hex,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
}

#[test]
fn every_small_tree_agrees_with_another_implementation() {
    let leaves = numbered(40);
    let nodes = build(&leaves);
    let read = |id: NodeId| nodes.get(&id).copied();
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut roots = vec![root(0, read).unwrap()];
    for size in 1..=40_u64 {
        oracle.push(leaves[usize::try_from(size).unwrap() - 1].clone());
        roots.push(root(size, read).unwrap());
        assert_eq!(
            roots.last().unwrap().as_bytes(),
            oracle.root().as_bytes().as_slice()
        );
        for index in 0..size {
            let place = usize::try_from(index).unwrap();
            let proof = inclusion_proof(index, size, read).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_inclusion(place).as_bytes());
            let last = roots.last().unwrap();
            let hash = leaf_hash(&leaves[place]);
            assert_eq!(verify_inclusion(hash, index, size, &proof, last), Ok(()));
        }
        for from in 1..=size {
            let proof = consistency_proof(from, size, read).unwrap();
            let added = usize::try_from(size - from).unwrap();
            assert_eq!(bytes(&proof), oracle.prove_consistency(added).as_bytes());
            let old = &roots[usize::try_from(from).unwrap()];
            let new = roots.last().unwrap();
            assert_eq!(verify_consistency(from, old, size, new, &proof), Ok(()));
        }
    }
}

#[test]
fn a_batch_makes_the_same_nodes_as_single_appends() {
    let leaves = numbered(23);
    let hashes: Vec<Digest> = leaves.iter().map(|l| leaf_hash(l)).collect();
    for first in 0..23_u64 {
        let cut = usize::try_from(first).unwrap();
        let mut nodes = build(&leaves[..cut]);
        let made = append_all(first, &hashes[cut..], |id| nodes.get(&id).copied()).unwrap();
        nodes.extend(made);
        assert_eq!(nodes, build(&leaves));
    }
}

#[test]
fn what_cannot_be_is_an_error() {
    let nodes = build(&numbered(5));
    let read = |id: NodeId| nodes.get(&id).copied();
    let top = root(5, read).unwrap();
    assert_eq!(inclusion_proof(5, 5, read), Err(TreeError::OutOfBounds));
    assert_eq!(inclusion_proof(0, 0, read), Err(TreeError::OutOfBounds));
    assert_eq!(consistency_proof(6, 5, read), Err(TreeError::OutOfBounds));
    assert_eq!(
        append(u64::MAX, top, read).unwrap_err(),
        TreeError::OutOfBounds
    );
    let lacks = NodeId { level: 1, index: 2 };
    assert_eq!(root(7, read), Err(TreeError::Missing(lacks)));
    assert_eq!(
        append(7, top, read).unwrap_err(),
        TreeError::Missing(NodeId { level: 0, index: 6 })
    );
    assert_eq!(
        verify_inclusion(top, 5, 5, &[], &top),
        Err(TreeError::OutOfBounds)
    );
    assert_eq!(
        verify_inclusion(top, 0, 1, &[top], &top),
        Err(TreeError::Mismatch)
    );
    assert_eq!(
        verify_consistency(6, &top, 5, &top, &[]),
        Err(TreeError::OutOfBounds)
    );
    assert_eq!(
        verify_consistency(3, &top, 5, &top, &[]),
        Err(TreeError::Mismatch)
    );
    assert_eq!(
        verify_consistency(5, &top, 5, &leaf_hash(b"x"), &[]),
        Err(TreeError::Mismatch)
    );
    assert_eq!(
        verify_consistency(0, &top, 5, &top, &[]),
        Err(TreeError::Mismatch)
    );
    let nothing = root(0, read).unwrap();
    assert_eq!(verify_consistency(0, &nothing, 5, &top, &[]), Ok(()));
    let long = vec![top; 100];
    assert_eq!(
        verify_inclusion(top, u64::MAX - 1, u64::MAX, &long, &top),
        Err(TreeError::Mismatch)
    );
    let far = verify_consistency(u64::MAX - 1, &top, u64::MAX, &top, &long);
    assert_eq!(far, Err(TreeError::Mismatch));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_sizes_agree_and_changed_proofs_fail(
        size in 1_u64..700, at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let leaves = numbered(size);
        let nodes = build(&leaves);
        let read = |id: NodeId| nodes.get(&id).copied();
        let count = leaves.len();
        let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
        leaves.iter().for_each(|leaf| oracle.push(leaf.clone()));
        let top = root(size, read).unwrap();
        prop_assert!(top.as_bytes() == oracle.root().as_bytes().as_slice());

        let place = at.index(count);
        let (index, hash) = (place as u64, leaf_hash(&leaves[place]));
        let proof = inclusion_proof(index, size, read).unwrap();
        prop_assert!(bytes(&proof) == oracle.prove_inclusion(place).as_bytes());
        prop_assert_eq!(verify_inclusion(hash, index, size, &proof, &top), Ok(()));
        if !proof.is_empty() {
            let changed = change(&proof, flip.index(proof.len() * 32), bit);
            prop_assert!(verify_inclusion(hash, index, size, &changed, &top).is_err());
            prop_assert!(verify_inclusion(hash, index, size, &proof[1..], &top).is_err());
            prop_assert!(verify_inclusion(hash, (index + 1) % size, size, &proof, &top).is_err());
        }

        let older = from.index(count) as u64 + 1;
        let old = root(older, read).unwrap();
        let proof = consistency_proof(older, size, read).unwrap();
        prop_assert_eq!(verify_consistency(older, &old, size, &top, &proof), Ok(()));
        if !proof.is_empty() {
            let changed = change(&proof, flip.index(proof.len() * 32), bit);
            prop_assert!(verify_consistency(older, &old, size, &top, &changed).is_err());
            prop_assert!(verify_consistency(older, &top, size, &top, &proof).is_err());
        }
    }
}

fn change(proof: &[Digest], byte: usize, bit: u8) -> Vec<Digest> {
    let mut changed = proof.to_vec();
    let mut hash = *changed[byte / 32].as_bytes();
    hash[byte % 32] ^= 1 << bit;
    changed[byte / 32] = Digest::new(hash);
    changed
}
