//! Numbers of a fixed length, and the 11-test (elfproef) that BSN and RSIN share.

use crate::refusal::Rule;

/// Removes space, dot and hyphen, pads to 9 digits with zeros and tests the weighted sum
/// 9, 8, .., 2, -1 for a multiple of 11. All zeros pass the sum but are no number.
pub(crate) fn nine_digits(text: &str, form: Rule, check: Rule) -> Result<String, Rule> {
    let digits = strip(text, &[' ', '\u{a0}', '.', '-']);
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(form);
    }
    let padded = format!("{digits:0>9}");
    let sum: i32 = padded
        .bytes()
        .zip([9, 8, 7, 6, 5, 4, 3, 2, -1])
        .map(|(digit, weight)| i32::from(digit - b'0') * weight)
        .sum();
    if sum % 11 == 0 && padded != "000000000" {
        Ok(padded)
    } else {
        Err(check)
    }
}

/// Exactly `length` digits after space, dot and hyphen are removed; no padding.
pub(crate) fn digits(text: &str, length: usize) -> Option<String> {
    let digits = strip(text, &[' ', '\u{a0}', '.', '-']);
    (digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// The text without the given characters.
pub(crate) fn strip(text: &str, unwanted: &[char]) -> String {
    text.chars().filter(|c| !unwanted.contains(c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_eleven_numbers_passes() {
        let valid = (0..110_000)
            .filter(|n| nine_digits(&n.to_string(), Rule::BsnForm, Rule::BsnCheck).is_ok())
            .count();
        assert_eq!(valid, 9_999, "10 000 multiples of 11 less all zeros");
    }
}
