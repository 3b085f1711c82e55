//! Identifiers to tokens on one core.

use std::hint::black_box;
use std::time::Duration;

use anyhow::Context as _;
use covenant::{Checking, check_as};
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{
    CovenantId, FieldName, KeyEpoch, MatchKey, MatchKeyId, MatchKeyName, MatchKeySpec, Phonetic,
    Profile, Secret, SubjectKind,
};
use pseudonym::{CovenantKey, Deriver, RawIdentifier, RawSubject, normalise};
use sha2::Sha256;

use super::{number, per_second};

/// A family of sixteen keys over names, birth date and address.
const FAMILY: &str = include_str!("../../../../examples/febrl/covenant.toml");

pub(super) fn measure(time: Duration) -> anyhow::Result<Vec<String>> {
    let bare = bare_hmac(time)?;
    let mut lines = vec![
        "| on one core | subjects per second | tokens per second | share of bare HMAC-SHA256 |"
            .to_owned(),
        "|---|--:|--:|--:|".to_owned(),
        format!(
            "| bare HMAC-SHA256 over 64 bytes | | {} | 100 % |",
            number(bare)
        ),
    ];
    let bsn = single("bsn", SubjectKind::Person, &[FieldName::Bsn])?;
    let numbers = citizen_numbers(1_000);
    lines.push(row(
        "citizen service number, 1 key",
        time,
        bare,
        &[bsn],
        |n| {
            let bsn = numbers
                .get(index(n, numbers.len()))
                .map_or("", String::as_str);
            vec![("person.bsn", bsn.into())]
        },
    )?);
    let fields = [FieldName::Postcode, FieldName::HouseNumber];
    let address = single("adres", SubjectKind::Address, &fields)?;
    lines.push(row("address, 1 key", time, bare, &[address], |n| {
        vec![
            ("address.postcode", "1234 ab".into()),
            ("address.house_number", (n % 9_999 + 1).to_string().into()),
        ]
    })?);
    let covenant = check_as(FAMILY, Checking::Template, None).covenant;
    let covenant = covenant.context("the example covenant has no errors")?;
    lines.push(row(
        "person, family of 16 keys",
        time,
        bare,
        covenant.match_keys(),
        |n| {
            vec![
                ("person.given_names", "Johanna Maria".into()),
                ("person.surname", format!("Käster{}", letters(n)).into()),
                ("person.birth_date", "1980-05-17".into()),
                ("person.address_abroad.country", "BE".into()),
                ("person.address_abroad.postcode", "9999".into()),
                (
                    "person.address_abroad.house_number",
                    (n % 99 + 1).to_string().into(),
                ),
                ("person.address_abroad.street", "Verzonnen straat".into()),
            ]
        },
    )?);
    Ok(lines)
}

fn bare_hmac(time: Duration) -> anyhow::Result<f64> {
    let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32]).context("a key of 32 bytes")?;
    Ok(per_second(time, |n| {
        let mut message = [0; 64];
        if let Some(first) = message.first_chunk_mut::<8>() {
            *first = n.to_be_bytes();
        }
        let mut mac = keyed.clone();
        mac.update(black_box(&message));
        black_box(mac.finalize().into_bytes());
    }))
}

fn row(
    name: &str,
    time: Duration,
    bare: f64,
    specs: &[MatchKeySpec],
    subject: impl Fn(u64) -> Vec<(&'static str, RawIdentifier)>,
) -> anyhow::Result<String> {
    let key = CovenantKey::from_secret(Secret::new([7; 32]));
    let deriver = Deriver::new(&key, &CovenantId::parse("meting")?, KeyEpoch::FIRST, specs)?;
    let tokens = |n| {
        let raw = RawSubject::from_fields(subject(n)).ok()?;
        Some(deriver.derive(&normalise(black_box(&raw)).ok()?))
    };
    let each = tokens(0)
        .context("the bench's own subject is in order")?
        .len();
    anyhow::ensure!(each > 0, "{name} makes no token");
    let subjects = per_second(time, |n| {
        black_box(tokens(n));
    });
    let made = subjects * f64::from(u32::try_from(each)?);
    let share = 100.0 * made / bare;
    Ok(format!(
        "| {name} | {} | {} | {share:.1} % |",
        number(subjects),
        number(made)
    ))
}

fn single(name: &str, kind: SubjectKind, fields: &[FieldName]) -> anyhow::Result<MatchKeySpec> {
    let name = MatchKeyName::parse(name)?;
    Ok(MatchKeySpec {
        kind,
        keys: vec![MatchKey {
            id: MatchKeyId::new(&name, fields),
            fields: fields.to_vec(),
        }],
        name,
        profile: Profile::Hmac,
        phonetic: Phonetic::Cologne,
        needed: 1,
        too_frequent: None,
    })
}

/// The first numbers from 100 000 000 on that pass the 11 test.
fn citizen_numbers(count: usize) -> Vec<String> {
    (100_000_000_u32..)
        .map(|number| number.to_string())
        .filter(|text| {
            let digits = text.chars().filter_map(|digit| digit.to_digit(10));
            let weights = [9_i64, 8, 7, 6, 5, 4, 3, 2, -1];
            let sum: i64 = digits
                .zip(weights)
                .map(|(digit, weight)| i64::from(digit) * weight)
                .sum();
            sum % 11 == 0
        })
        .take(count)
        .collect()
}

fn index(n: u64, len: usize) -> usize {
    usize::try_from(n).unwrap_or(0) % len.max(1)
}

/// A number in letters, since names have no digits.
fn letters(n: u64) -> String {
    (n % 10_000)
        .to_string()
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}
