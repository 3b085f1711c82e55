//! The sizes of answers that must not tell by it what was found.

use prost::Message as _;

use crate::Bytes;
use crate::broker_v1::{CheckResponse, LookUpResponse};
use crate::limit::CHECK_RESPONSE_BYTES;

/// What the advice may take at most, tag and length included.
const ADVICE_SLOT: usize = 66;

/// The least that padding takes, so that every size from here on can be made up.
const LEAST_PADDING: usize = 4;

/// Pads an answer so that it serialises to a multiple of [`CHECK_RESPONSE_BYTES`]. Which multiple
/// depends on the receipt alone, never on the advice.
#[must_use]
pub fn pad(mut response: CheckResponse) -> CheckResponse {
    response.padding.clear();
    let length = response.encoded_len();
    let advice = response.advice.len();
    let advice = if advice == 0 {
        0
    } else {
        advice.saturating_add(2)
    };
    let largest = length
        .saturating_sub(advice)
        .saturating_add(ADVICE_SLOT.max(advice))
        .saturating_add(LEAST_PADDING);
    let target = largest.next_multiple_of(CHECK_RESPONSE_BYTES);
    response.padding = zeros(target.saturating_sub(length));
    response
}

/// Pads an answer to a look-up to a multiple of [`CHECK_RESPONSE_BYTES`].
#[must_use]
pub fn pad_look_up(mut response: LookUpResponse) -> LookUpResponse {
    response.padding.clear();
    let length = response.encoded_len();
    let target = length
        .saturating_add(LEAST_PADDING)
        .next_multiple_of(CHECK_RESPONSE_BYTES);
    response.padding = zeros(target.saturating_sub(length));
    response
}

fn zeros(rest: usize) -> Vec<Bytes> {
    pieces(rest)
        .into_iter()
        .map(|zeros| Bytes::from(vec![0; zeros]))
        .collect()
}

/// The lengths of fields that serialise to `rest` bytes in all. One field reaches every size but
/// those just after its length prefix grows; there an empty one (two bytes) comes first.
fn pieces(rest: usize) -> Vec<usize> {
    let one = |rest: usize| {
        (2..=4).find_map(|overhead: usize| {
            let zeros = rest.checked_sub(overhead)?;
            (1 + prost::length_delimiter_len(zeros) == overhead).then_some(zeros)
        })
    };
    match (one(rest), one(rest.saturating_sub(2))) {
        (Some(zeros), _) => vec![zeros],
        (None, Some(zeros)) => vec![0, zeros],
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::type_v1::{Receipt, ReceiptEntry};

    fn answer(advice: &str, leaf: usize) -> CheckResponse {
        CheckResponse {
            request_id: "0190b8a0-0000-7000-8000-000000000001".into(),
            advice: advice.into(),
            receipt: Some(Receipt {
                entries: vec![ReceiptEntry {
                    leaf: Bytes::from(vec![b'x'; leaf]),
                    ..ReceiptEntry::default()
                }],
                checkpoint: Bytes::from_static(b"note"),
            }),
            padding: Vec::new(),
        }
    }

    #[test]
    fn the_size_tells_nothing_about_the_advice() {
        // Every boundary of the length prefixes and of 16 KiB is crossed here.
        for leaf in (0..400).chain(16_000..16_800) {
            let short = pad(answer("a", leaf)).encoded_len();
            let long = pad(answer(&"a".repeat(64), leaf)).encoded_len();
            assert_eq!(short, long, "leaf of {leaf}");
            assert_eq!(short % CHECK_RESPONSE_BYTES, 0, "leaf of {leaf}");
        }
        assert_eq!(
            pad(answer("geen-advies", 900)).encoded_len(),
            CHECK_RESPONSE_BYTES
        );
    }

    #[test]
    fn every_rest_is_made_up() {
        for rest in LEAST_PADDING..40_000 {
            let made: usize = pieces(rest)
                .into_iter()
                .map(|zeros| 1 + prost::length_delimiter_len(zeros) + zeros)
                .sum();
            assert_eq!(made, rest);
        }
    }

    #[test]
    fn padding_twice_changes_nothing() {
        let once = pad(answer("geen-advies", 900));
        assert_eq!(pad(once.clone()), once);
    }
}
