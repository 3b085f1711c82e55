//! Hash tiles: C2SP `tlog-tiles`, the tree in pieces of 256 hashes that any client can fetch.
//!
//! A tile of level `L` holds the hashes of complete subtrees of height `8 * L`. Its path is
//! `tile/<L>/<N>`, with `.p/<W>` behind it while fewer than 256 of them are there; `<N>` is written
//! in groups of three digits, all but the last with an `x` before them. Entry bundles, which hold
//! whole leaves, are not here: who reads leaves is a matter of access.

use model::Digest;

use crate::tree::{NodeId, TreeError, node_hash};

/// How many hashes a full tile holds.
pub const WIDTH: u64 = 256;
/// How many levels of the tree a tile covers.
const HEIGHT: u8 = 8;
/// The highest level that a tree of 64-bit size has.
const TOP: u8 = 7;

/// One tile, full or partial.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u64,
}

impl Tile {
    /// A tile of `width` hashes, 1 to 256; `None` when there can be no such tile.
    #[must_use]
    pub const fn new(level: u8, index: u64, width: u64) -> Option<Self> {
        // Beyond this no tree reaches: the numbers below stay in range.
        let reach = u64::MAX >> (HEIGHT * if level > TOP { TOP } else { level });
        if level > TOP || width == 0 || width > WIDTH || index > reach / WIDTH {
            return None;
        }
        Some(Self {
            level,
            index,
            width,
        })
    }

    /// Reads a path, without the slash before it. Only the one way in which a path is written is
    /// read, and no entry bundle.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().ok().filter(|w| *w < WIDTH)?),
            None => (rest, WIDTH),
        };
        let mut index: u64 = 0;
        for group in number.split('/') {
            let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index = index.checked_mul(1000)?.checked_add(digits)?;
        }
        let tile = Self::new(level.parse().ok()?, index, width)?;
        (tile.path() == path).then_some(tile)
    }

    /// The path, without a slash before it.
    #[must_use]
    pub fn path(&self) -> String {
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        let partial = if self.width == WIDTH {
            String::new()
        } else {
            format!(".p/{}", self.width)
        };
        format!("tile/{}/{number}{partial}", self.level)
    }

    /// Every tile of a tree of `size` leaves, the rightmost of each level as wide as it is.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        (0..=TOP).flat_map(move |level| {
            let hashes = size >> (HEIGHT * level);
            (0..hashes.div_ceil(WIDTH))
                .filter_map(move |index| Self::new(level, index, WIDTH.min(hashes - index * WIDTH)))
        })
    }

    /// Whether all of it is there in a tree of `size` leaves.
    #[must_use]
    pub const fn is_in(&self, size: u64) -> bool {
        self.index * WIDTH + self.width <= size >> (HEIGHT * self.level)
    }

    /// Its bytes: 32 for every hash. `read` is asked for complete nodes.
    ///
    /// # Errors
    /// [`TreeError::Missing`].
    pub fn bytes(
        &self,
        mut read: impl FnMut(NodeId) -> Option<Digest>,
    ) -> Result<Vec<u8>, TreeError> {
        let mut bytes = Vec::new();
        for at in 0..self.width {
            let id = NodeId {
                level: HEIGHT * self.level,
                index: self.index * WIDTH + at,
            };
            let hash = read(id).ok_or(TreeError::Missing(id))?;
            bytes.extend_from_slice(hash.as_bytes());
        }
        Ok(bytes)
    }

    /// The hash of a complete node in a tree of `size` leaves, made of the tile that covers it;
    /// `None` when `fetch` has no such tile, or one of another length.
    pub fn node(
        id: NodeId,
        size: u64,
        fetch: impl FnOnce(Self) -> Option<Vec<u8>>,
    ) -> Option<Digest> {
        let (level, above) = (id.level / HEIGHT, id.level % HEIGHT);
        let first = id.index.checked_shl(u32::from(above))?;
        let hashes = size.checked_shr(u32::from(HEIGHT * level))?;
        let index = first / WIDTH;
        let width = WIDTH.min(hashes.checked_sub(index * WIDTH)?);
        let tile = fetch(Self::new(level, index, width)?)?;
        let (all, rest) = tile.as_chunks::<32>();
        let right_length = rest.is_empty() && u64::try_from(all.len()).ok()? == width;
        let from = usize::try_from(first % WIDTH).ok()?;
        let mut row: Vec<Digest> = all
            .get(from..from + (1 << above))
            .filter(|_| right_length)?
            .iter()
            .map(|hash| Digest::new(*hash))
            .collect();
        while row.len() > 1 {
            row = row
                .chunks_exact(2)
                .filter_map(|pair| match pair {
                    [left, right] => Some(node_hash(left, right)),
                    _ => None,
                })
                .collect();
        }
        row.pop()
    }
}
