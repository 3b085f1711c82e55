//! Tiles against two other implementations: `ct-merkle`, of RFC 6962, and `tlog_tiles`, of C2SP
//! `tlog-tiles` and `tlog-checkpoint`; paths also against the specification's own examples.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ledger::tree::{NodeId, append, leaf_hash, root, verify_consistency, verify_inclusion};
use ledger::{LogSigner, Tile, TreeError};
use model::{Digest, Secret};
use proptest::prelude::*;
use sha2::Sha256;
use tlog_tiles::{
    Checkpoint, Error, Hash, HashReader, Tile as TheirTile, TileHashReader, TileReader,
    check_record, check_tree, prove_record, prove_tree, record_hash, stored_hashes,
};

type Nodes = BTreeMap<NodeId, Digest>;

/// The most leaves that a test needs: one more than what fills a tile of the second level.
const MOST: u64 = 256 * 256 + 1;

fn leaf(at: u64) -> Vec<u8> {
    format!("leaf {at}").into_bytes()
}

/// The nodes of the largest tree; those of a smaller one are among them.
fn nodes() -> &'static Nodes {
    static NODES: OnceLock<Nodes> = OnceLock::new();
    NODES.get_or_init(|| {
        let mut nodes = Nodes::new();
        for at in 0..MOST {
            let made = append(at, leaf_hash(&leaf(at)), |id| nodes.get(&id).copied()).unwrap();
            nodes.extend(made);
        }
        nodes
    })
}

/// What a log of this size serves.
fn served(size: u64) -> BTreeMap<String, Vec<u8>> {
    Tile::all(size)
        .map(|tile| {
            assert!(tile.is_in(size), "{} of {size}", tile.path());
            let bytes = tile.bytes(|id| nodes().get(&id).copied()).unwrap();
            (tile.path(), bytes)
        })
        .collect()
}

/// The root as a client makes it that has nothing but tiles.
fn root_of_tiles(size: u64, tiles: &BTreeMap<String, Vec<u8>>) -> Result<Digest, TreeError> {
    root(size, |id| {
        Tile::node(id, size, |tile| tiles.get(&tile.path()).cloned())
    })
}

fn reference(size: u64) -> Digest {
    let mut tree: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
    for at in 0..size {
        tree.push(leaf(at));
    }
    Digest::from_slice(tree.root().as_bytes()).unwrap()
}

#[test]
fn the_root_from_tiles_is_the_references_around_every_boundary() {
    for size in [
        0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537,
    ] {
        let tiles = served(size);
        assert_eq!(root_of_tiles(size, &tiles), Ok(reference(size)), "{size}");
    }
}

#[test]
fn tiles_are_as_many_and_as_long_as_the_specification_says() {
    let paths = |size| served(size).into_keys().collect::<Vec<_>>();
    assert_eq!(paths(0), Vec::<String>::new());
    assert_eq!(paths(1), ["tile/0/000.p/1"]);
    assert_eq!(paths(256), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(
        paths(257),
        ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
    );
    let large = paths(65_537);
    assert_eq!(large.len(), 257 + 1 + 1);
    assert!(large.contains(&"tile/2/000.p/1".to_owned()), "{large:?}");
    assert_eq!(served(256).get("tile/0/000").map(Vec::len), Some(8192));
}

/// The other implementation's own storage of the largest tree.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let hash = |index: &u64| self.0.get(usize::try_from(*index).ok()?).copied();
        let hashes = indexes.iter().map(hash).collect::<Option<Vec<Hash>>>();
        hashes.ok_or(Error::IndexesNotInTree)
    }
}

fn stored() -> &'static Stored {
    static STORED: OnceLock<Stored> = OnceLock::new();
    STORED.get_or_init(|| {
        let mut stored = Stored(Vec::new());
        for at in 0..MOST {
            let more = stored_hashes(at, &leaf(at), &stored).unwrap();
            stored.0.extend(more);
        }
        stored
    })
}

/// It writes the height of a tile in its path, as Go's checksum database does. C2SP has one height.
fn c2sp_path(tile: &TheirTile) -> String {
    let path = tile.path();
    format!("tile/{}", path.strip_prefix("tile/8/").unwrap())
}

/// Our tiles, served to the other implementation's client.
struct Served(BTreeMap<String, Vec<u8>>);

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[TheirTile]) -> Result<Vec<Vec<u8>>, Error> {
        let tiles = tiles
            .iter()
            .map(|tile| self.0.get(&c2sp_path(tile)).cloned());
        tiles.collect::<Option<_>>().ok_or(Error::InvalidTile)
    }

    fn save_tiles(&self, _: &[TheirTile], _: &[Vec<u8>]) {}
}

const BOUNDARIES: [u64; 14] = [
    1, 2, 3, 100, 255, 256, 257, 511, 512, 513, 1_000, 65_535, 65_536, 65_537,
];

#[test]
fn paths_and_contents_are_those_of_another_implementation() {
    for size in BOUNDARIES {
        let theirs: BTreeMap<String, Vec<u8>> = TheirTile::new_tiles(8, 0, size)
            .iter()
            .map(|tile| (c2sp_path(tile), tile.read_data(stored()).unwrap()))
            .collect();
        // Not compared as a whole: what differs would be megabytes.
        let ours = served(size);
        assert!(ours.keys().eq(theirs.keys()), "{size}");
        for (path, bytes) in &ours {
            assert!(theirs.get(path) == Some(bytes), "{path} of {size}");
        }
    }
}

#[test]
fn another_implementation_proves_out_of_tiles_what_the_checkpoint_signs() {
    let signer = LogSigner::from_seed("log.delinde.example/x", &Secret::new([7; 32])).unwrap();
    for size in BOUNDARIES {
        let note = signer.sign(size, root(size, |id| nodes().get(&id).copied()).unwrap());
        // What they read is what we signed, and what we read back.
        let theirs = Checkpoint::from_reader(&mut note.as_slice(), false).unwrap();
        let ours = signer.verifier().verify(&note).unwrap();
        assert_eq!(theirs.origin(), ours.origin);
        assert_eq!(
            (theirs.size(), theirs.hash().0),
            (ours.size, *ours.root.as_bytes())
        );

        let tiles = Served(served(size));
        let reader = TileHashReader::new(theirs.size(), *theirs.hash(), &tiles);
        for at in [0, size / 3, size / 2, size - 1] {
            let proof = prove_record(size, at, &reader).unwrap();
            check_record(&proof, size, *theirs.hash(), at, record_hash(&leaf(at))).unwrap();
            let path: Vec<Digest> = proof.iter().map(|hash| Digest::new(hash.0)).collect();
            verify_inclusion(leaf_hash(&leaf(at)), at, size, &path, &ours.root).unwrap();
            let other = verify_inclusion(leaf_hash(b"other"), at, size, &path, &ours.root);
            assert_eq!(other, Err(TreeError::Mismatch));
        }
        for from in [1, size.div_ceil(3), size] {
            let before = root(from, |id| nodes().get(&id).copied()).unwrap();
            let proof = prove_tree(size, from, &reader).unwrap();
            let old = Hash(*before.as_bytes());
            check_tree(&proof, size, *theirs.hash(), from, old).unwrap();
            let proof: Vec<Digest> = proof.iter().map(|hash| Digest::new(hash.0)).collect();
            verify_consistency(from, &before, size, &ours.root, &proof).unwrap();
        }
    }
}

#[test]
fn another_implementation_finds_a_changed_tile() {
    for size in [2, 256, 257, 65_537] {
        let right = root(size, |id| nodes().get(&id).copied()).unwrap();
        let paths = [
            "tile/0/000",
            "tile/0/000.p/2",
            "tile/1/000",
            "tile/1/000.p/1",
        ];
        let good = served(size);
        for path in paths.iter().filter(|path| good.contains_key(**path)) {
            let mut tiles = good.clone();
            *tiles.get_mut(*path).unwrap().first_mut().unwrap() ^= 1;
            let tiles = Served(tiles);
            let reader = TileHashReader::new(size, Hash(*right.as_bytes()), &tiles);
            let proof = prove_record(size, 1, &reader);
            let found = matches!(proof, Err(Error::InconsistentTile));
            assert!(found, "{path} of {size}: {proof:?}");
        }
    }
}

#[test]
fn paths_are_written_in_one_way() {
    // The specification's example, and its edges.
    let tile = Tile::new(0, 1_234_067, 256).unwrap();
    assert_eq!(tile.path(), "tile/0/x001/x234/067");
    for path in [
        "tile/0/000",
        "tile/0/x001/x234/067",
        "tile/3/999.p/255",
        "tile/7/000.p/1",
        "tile/0/x001/000.p/17",
    ] {
        assert_eq!(Tile::parse(path).unwrap().path(), path);
    }
    for path in [
        "",
        "tile",
        "tile/0",
        "/tile/0/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/8/000",
        "tile/-1/000",
        "tile/0/1000",
        "tile/0/x000/001",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/+01",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/entries/000",
        "tile/0/000/",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(Tile::parse(path), None, "{path}");
    }
}

#[test]
fn what_is_not_there_is_not_served() {
    assert!(!Tile::new(0, 0, 256).unwrap().is_in(255));
    assert!(!Tile::new(0, 1, 2).unwrap().is_in(257));
    assert!(!Tile::new(7, 0, 1).unwrap().is_in(u64::from(u32::MAX)));
    assert!(Tile::new(7, 0, 255).unwrap().is_in(u64::MAX));
    let missing = Tile::new(0, 300, 1).unwrap().bytes(|_| None);
    assert!(matches!(missing, Err(TreeError::Missing(_))));
}

proptest! {
    #[test]
    fn a_changed_hash_changes_the_root(size in 1_u64..1500, at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let good = served(size);
        prop_assert_eq!(root_of_tiles(size, &good).unwrap(), root(size, |id| nodes().get(&id).copied()).unwrap());
        // A leaf's hash, in the tile that the root is made of: for a full one that is the one above.
        let full = size / 256;
        let level = if size % 256 == 0 || full > 0 && bit < 4 { 1 } else { 0 };
        let (path, bytes) = good.iter().rfind(|(path, _)| path.starts_with(&format!("tile/{level}/"))).unwrap();
        let mut bytes = bytes.clone();
        let place = at.index(bytes.len());
        *bytes.get_mut(place).unwrap() ^= 1 << bit;
        let mut bad = good.clone();
        bad.insert(path.clone(), bytes);
        prop_assert_ne!(root_of_tiles(size, &bad).unwrap(), root_of_tiles(size, &good).unwrap());
    }

    #[test]
    fn a_tile_of_another_length_is_none(size in 1_u64..700, cut in 1_usize..32) {
        let mut tiles = served(size);
        for bytes in tiles.values_mut() {
            bytes.truncate(bytes.len() - cut);
        }
        prop_assert!(root_of_tiles(size, &tiles).is_err());
    }

    #[test]
    fn any_text_parses_to_what_it_says_or_not_at_all(path in "tile/[0-9]{1,2}/[x0-9/]{1,24}(\\.p/[0-9]{1,3})?") {
        if let Some(tile) = Tile::parse(&path) {
            prop_assert_eq!(tile.path(), path);
        }
    }
}
