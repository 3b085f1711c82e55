//! Tokens: the file that `tests/independent/tokens.py` also checks, the separation of keys, and
//! the probes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data_encoding::HEXLOWER;
use model::{
    CovenantId, FieldName, KeyEpoch, MatchKey, MatchKeyId, MatchKeyName, MatchKeySpec, Phonetic,
    Profile, Secret, SubjectKind, Token,
};
use pseudonym::{CovenantKey, Deriver, DeriverError, NormalSubject, RawSubject, normalise};

fn vector_file(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    std::fs::read_to_string(file.join(name)).unwrap()
}

fn spec(name: &str, kind: SubjectKind, fields: &[FieldName]) -> MatchKeySpec {
    let name = MatchKeyName::parse(name).unwrap();
    MatchKeySpec {
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
    }
}

fn key(byte: u8) -> CovenantKey {
    CovenantKey::from_secret(Secret::new([byte; 32]))
}

fn deriver(key: &CovenantKey, covenant: &str, epoch: u32, specs: &[MatchKeySpec]) -> Deriver {
    let covenant = CovenantId::parse(covenant).unwrap();
    Deriver::new(key, &covenant, KeyEpoch::new(epoch).unwrap(), specs).unwrap()
}

fn subject(fields: &[(&'static str, &str)]) -> NormalSubject {
    let fields = fields.iter().map(|(path, text)| (*path, (*text).into()));
    normalise(&RawSubject::from_fields(fields).unwrap()).unwrap()
}

fn bsn() -> NormalSubject {
    subject(&[("person.bsn", "999990019")])
}

fn bytes(tokens: &[Token]) -> BTreeSet<[u8; 32]> {
    tokens.iter().map(|t| *t.pseudonym.as_bytes()).collect()
}

#[test]
fn every_whole_token_is_as_written() {
    let mut compared = 0;
    for block in vector_file("token.txt").split("\n\n") {
        let lines: Vec<(&str, &str)> = block
            .lines()
            .filter(|l| !l.starts_with('#'))
            .map(|l| l.split_once(": ").unwrap())
            .collect();
        if lines.is_empty() {
            continue;
        }
        let head: BTreeMap<&str, &str> = lines.iter().copied().collect();
        let key = HEXLOWER.decode(head["key"].as_bytes()).unwrap();
        let key = CovenantKey::from_secret(Secret::from_slice(&key).unwrap());
        assert_eq!(HEXLOWER.encode(&key.fingerprint()), head["fingerprint"]);
        assert_eq!(key.commitment().to_hex(), head["commitment"]);

        let (comparison, fields) = head["match_key_id"].split_once('/').unwrap();
        let fields: Vec<FieldName> = fields
            .split('+')
            .map(|f| FieldName::parse(f).unwrap())
            .collect();
        let kind = SubjectKind::parse(head["kind"]).unwrap();
        let mut spec = spec(comparison, kind, &fields);
        spec.phonetic = match head["sound"] {
            "keulen" => Phonetic::Cologne,
            "soundex" => Phonetic::Soundex,
            other => panic!("{other}"),
        };
        let deriver = deriver(
            &key,
            head["covenant"],
            head["epoch"].parse().unwrap(),
            &[spec],
        );
        let raw: BTreeMap<String, String> = serde_json::from_str(head["raw"]).unwrap();
        let raw = raw.iter().map(|(p, t)| (p.as_str(), t.as_str().into()));
        let tokens = deriver.derive(&normalise(&RawSubject::from_fields(raw).unwrap()).unwrap());
        let written: BTreeSet<String> = lines
            .iter()
            .filter(|(name, _)| *name == "token")
            .map(|(_, token)| (*token).to_owned())
            .collect();
        let derived: BTreeSet<String> = tokens
            .iter()
            .inspect(|t| assert_eq!(t.key.as_str(), head["match_key_id"]))
            .map(|t| HEXLOWER.encode(t.pseudonym.as_bytes()))
            .collect();
        assert_eq!(derived, written, "{}", head["name"]);
        compared += 1;
    }
    assert!(compared > 20, "{compared} blocks were read");
}

#[test]
fn a_token_depends_on_key_covenant_epoch_and_match_key() {
    let person = SubjectKind::Person;
    let bsn_spec = [spec("bsn", person, &[FieldName::Bsn])];
    let other_name = [spec("nummer", person, &[FieldName::Bsn])];
    let all = [
        deriver(&key(1), "een", 1, &bsn_spec),
        deriver(&key(2), "een", 1, &bsn_spec),
        deriver(&key(1), "twee", 1, &bsn_spec),
        deriver(&key(1), "een", 2, &bsn_spec),
        deriver(&key(1), "een", 1, &other_name),
    ];
    let tokens: Vec<Token> = all.iter().flat_map(|d| d.derive(&bsn())).collect();
    assert_eq!(bytes(&tokens).len(), all.len());
    // Derived again they are the same: nothing but these four goes in.
    let again = deriver(&key(1), "een", 1, &bsn_spec);
    assert_eq!(again.derive(&bsn()), all[0].derive(&bsn()));
}

#[test]
fn a_bsn_and_an_rsin_of_the_same_digits_differ() {
    let specs = [
        spec("nummer", SubjectKind::Person, &[FieldName::Bsn]),
        spec("nummer", SubjectKind::Organisation, &[FieldName::Rsin]),
    ];
    let deriver = deriver(&key(1), "een", 1, &specs);
    let rsin = subject(&[("organisation.rsin", "999990019")]);
    assert!(bytes(&deriver.derive(&bsn())).is_disjoint(&bytes(&deriver.derive(&rsin))));
}

#[test]
fn the_same_address_as_a_persons_and_by_itself_differs() {
    let fields = [FieldName::Postcode, FieldName::HouseNumber];
    let specs = [
        spec("adres", SubjectKind::Address, &fields),
        spec("adres", SubjectKind::Person, &fields),
    ];
    let deriver = deriver(&key(1), "een", 1, &specs);
    let by_itself = subject(&[
        ("address.postcode", "1234AB"),
        ("address.house_number", "12"),
    ]);
    let persons = subject(&[
        ("person.address.postcode", "1234AB"),
        ("person.address.house_number", "12"),
    ]);
    let (by_itself, persons) = (deriver.derive(&by_itself), deriver.derive(&persons));
    assert_eq!(
        (by_itself.len(), persons.len()),
        (1, 1),
        "each of its own kind only"
    );
    assert_eq!(by_itself[0].key, persons[0].key);
    assert_ne!(by_itself[0].pseudonym, persons[0].pseudonym);
}

/// A covenant may compare any part of an address, with or without the country.
#[test]
fn no_part_of_an_address_matches_across_a_border() {
    let parts = [
        FieldName::Postcode,
        FieldName::HouseNumber,
        FieldName::HouseLetter,
        FieldName::Addition,
        FieldName::Street,
        FieldName::StreetStart,
        FieldName::Place,
        FieldName::Country,
    ];
    let specs = parts.map(|part| spec(part.as_str(), SubjectKind::Address, &[part]));
    let deriver = deriver(&key(1), "een", 1, &specs);
    let abroad = |country| {
        subject(&[
            ("address_abroad.country", country),
            ("address_abroad.postcode", "1234GH"),
            ("address_abroad.house_number", "19"),
            ("address_abroad.street", "Laan"),
            ("address_abroad.place", "Bergen"),
        ])
    };
    let dutch = subject(&[
        ("address.postcode", "1234GH"),
        ("address.house_number", "19"),
        ("address.street", "Laan"),
        ("address.place", "Bergen"),
    ]);
    let all = [dutch, abroad("BE"), abroad("LU"), abroad("DE")];
    let tokens: Vec<Token> = all.iter().flat_map(|s| deriver.derive(s)).collect();
    assert_eq!(tokens.len(), parts.len() * all.len());
    assert_eq!(bytes(&tokens).len(), tokens.len());
    assert_eq!(deriver.derive(&abroad("be")), deriver.derive(&all[1]));
}

#[test]
fn values_cannot_slide_from_one_field_into_the_next() {
    let fields = [FieldName::Surname, FieldName::Initials];
    let deriver = deriver(
        &key(1),
        "een",
        1,
        &[spec("naam", SubjectKind::Person, &fields)],
    );
    let one = subject(&[("person.surname", "Jansenj"), ("person.initials", "P.")]);
    let two = subject(&[("person.surname", "Jansen"), ("person.initials", "J.P.")]);
    assert!(bytes(&deriver.derive(&one)).is_disjoint(&bytes(&deriver.derive(&two))));
}

#[test]
fn name_forms_that_sound_alike_are_one_token() {
    let fields = [FieldName::SurnameSound, FieldName::BirthDate];
    let deriver = deriver(
        &key(1),
        "een",
        1,
        &[spec("naam", SubjectKind::Person, &fields)],
    );
    let person = subject(&[
        ("person.surname", "Meier"),
        ("person.partner_surname", "Meijer"),
        ("person.birth_date", "19700228"),
    ]);
    let tokens = deriver.derive(&person);
    assert_eq!(
        tokens.len(),
        2,
        "four forms, of which two pairs sound alike"
    );
    assert!(tokens.is_sorted());
}

#[test]
fn a_key_needs_every_one_of_its_fields() {
    let fields = [
        FieldName::Surname,
        FieldName::BirthDate,
        FieldName::Postcode,
    ];
    let deriver = deriver(
        &key(1),
        "een",
        1,
        &[spec("naam", SubjectKind::Person, &fields)],
    );
    let mut known = vec![
        ("person.surname", "Jansen"),
        ("person.birth_date", "19700228"),
        ("person.address.postcode", "1234AB"),
    ];
    assert_eq!(deriver.derive(&subject(&known)).len(), 1);
    for missing in 0..known.len() {
        let mut fewer = known.clone();
        fewer.remove(missing);
        assert_eq!(deriver.derive(&subject(&fewer)), [], "without {missing}");
    }
    known[1].1 = "19700200";
    assert_eq!(
        deriver.derive(&subject(&known)),
        [],
        "a partial date is no date"
    );
}

#[test]
fn the_hardened_profile_is_refused_by_name() {
    let mut oprf = spec("persoon", SubjectKind::Person, &[FieldName::Bsn]);
    oprf.profile = Profile::Oprf;
    let covenant = CovenantId::parse("een").unwrap();
    let error = Deriver::new(&key(1), &covenant, KeyEpoch::FIRST, &[oprf]).unwrap_err();
    assert!(matches!(&error, DeriverError::NoKeyHolder { key } if key.as_str() == "persoon"));
    assert!(error.to_string().contains("persoon"));
}

#[test]
fn nothing_secret_is_shown() {
    let deriver = deriver(
        &key(0x41),
        "een",
        1,
        &[spec("bsn", SubjectKind::Person, &[FieldName::Bsn])],
    );
    let token = deriver.derive(&bsn()).remove(0);
    assert_eq!(format!("{:?}", key(0x41)), "CovenantKey(..)");
    assert_eq!(format!("{deriver:?}"), "Deriver(1 match keys, ..)");
    assert_eq!(format!("{:?}", bsn()), "NormalSubject(persoon, ..)");
    assert!(format!("{token:?}").ends_with("pseudonym: Pseudonym(..) }"));
}

#[test]
fn fingerprint_and_commitment_tell_keys_apart_and_are_no_prefix_of_each_other() {
    assert_ne!(key(1).fingerprint(), key(2).fingerprint());
    assert_ne!(key(1).commitment(), key(2).commitment());
    assert_ne!(
        key(1).fingerprint()[..],
        key(1).commitment().as_bytes()[..8]
    );
    assert!(key(1) == key(1) && key(1) != key(2));
}

#[test]
fn the_published_probes_are_the_built_in_ones() {
    let built_in = include_str!("../src/probe.toml");
    assert_eq!(vector_file("probe.toml"), built_in);
}

#[test]
fn every_match_key_that_can_exist_has_a_probe() {
    for kind in SubjectKind::ALL {
        let fitting: Vec<FieldName> = FieldName::ALL
            .iter()
            .copied()
            .filter(|f| f.fits(kind))
            .collect();
        assert!(!fitting.is_empty());
        // One probe knows every field of its kind, so every key over some of them has a probe too.
        for phonetic in [Phonetic::Cologne, Phonetic::Soundex] {
            let mut all = spec("alles", kind, &fitting);
            all.phonetic = phonetic;
            let probes = deriver(&key(1), "een", 1, &[all]).probes();
            assert!(!probes.is_empty(), "{}", kind.as_str());
        }
        for field in fitting {
            let one = deriver(&key(1), "een", 1, &[spec("een", kind, &[field])]);
            assert!(
                !one.probes().is_empty(),
                "{} {}",
                kind.as_str(),
                field.as_str()
            );
        }
    }
}

#[test]
fn probes_differ_under_another_key_and_agree_under_the_same() {
    let specs = [spec("bsn", SubjectKind::Person, &[FieldName::Bsn])];
    let (a, b) = (
        deriver(&key(1), "een", 1, &specs),
        deriver(&key(1), "een", 1, &specs),
    );
    assert_eq!(a.probes(), b.probes());
    assert!(a.probes().is_sorted());
    let other = deriver(&key(2), "een", 1, &specs).probes();
    assert!(bytes(&a.probes()).is_disjoint(&bytes(&other)));
}
