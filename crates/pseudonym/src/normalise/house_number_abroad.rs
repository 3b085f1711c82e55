//! Number in a street abroad: groups of letters or digits, upper-case, leading zeros of each group
//! removed, joined by one hyphen, 1 to 12 characters. The country goes in front of it.

use super::Kind;
use crate::fold::fold;
use crate::refusal::Rule;

pub(super) const KIND: Kind = Kind {
    longest: 24,
    normal,
};

fn normal(text: &str) -> Result<String, Rule> {
    let folded = fold(text)
        .ok_or(Rule::HouseNumberAbroadForm)?
        .to_ascii_uppercase();
    let groups: Vec<&str> = folded
        .split(|c: char| !c.is_ascii_alphanumeric())
        .map(|group| group.trim_start_matches('0'))
        .filter(|group| !group.is_empty())
        .collect();
    let number = groups.join("-");
    if (1..=12).contains(&number.len()) {
        Ok(number)
    } else {
        Err(Rule::HouseNumberAbroadForm)
    }
}
