//! Page tokens: where a list goes on, bound to the list and the filters that it belongs to.

use data_encoding::BASE64URL_NOPAD;

use crate::intake::Findings;
use crate::vault::Vault;

/// What a page token belongs to: which list, and its filters in a form that tells them apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paged<'a> {
    /// Marks tokens, so that only this node makes them.
    pub(crate) vault: &'a Vault,
    /// The list and its filters.
    pub(crate) list: &'a [&'a [u8]],
}

impl Paged<'_> {
    /// The token of a place.
    pub(crate) fn token(&self, place: &[u8]) -> String {
        let bytes = [place, &self.mark(place)].concat();
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// The place of a token, of `N` bytes; `None` for the first page, and for a token of something
    /// else, which is a finding.
    pub(crate) fn open<const N: usize>(
        &self,
        token: &str,
        found: &mut Findings,
    ) -> Option<[u8; N]> {
        if token.is_empty() {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default();
        let opened = bytes
            .split_first_chunk::<N>()
            .filter(|(place, mark)| *mark == self.mark(place.as_slice()));
        if opened.is_none() {
            found.page_token();
        }
        opened.map(|(place, _)| *place)
    }

    fn mark(&self, place: &[u8]) -> [u8; 32] {
        let parts: Vec<&[u8]> = self.list.iter().copied().chain([place]).collect();
        self.vault.recognise(&parts)
    }
}
