//! What a comparison must have, so that it means the one person or address.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use covenant::{Severity, check};

/// The errors of a covenant without mistakes whose second comparison is `kind` over `keys`.
fn errors(kind: &str, keys: &str) -> Vec<&'static str> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/bad/huisgenoot.toml");
    let source = std::fs::read_to_string(path).unwrap();
    let changed = source.replace(
        "soort   = \"persoon\"\nvelden  = [\"achternaam\", \"postcode\", \"huisnummer\"]",
        &format!("soort = \"{kind}\"\n{keys}"),
    );
    assert_ne!(changed, source);
    let codes: BTreeSet<_> = check(&changed)
        .with(Severity::Error)
        .map(|d| d.code)
        .collect();
    codes.into_iter().collect()
}

#[test]
fn a_person_key_tells_housemates_apart() {
    for fields in [
        r#""voorletter", "postcode", "huisnummer""#,
        r#""voorletters", "achternaam", "postcode", "huisnummer""#,
        r#""geboortemaand", "voorletters", "achternaam""#,
        r#""geboortejaar", "achternaam", "postcode""#,
    ] {
        let found = errors("persoon", &format!("velden = [{fields}]"));
        assert_eq!(found, ["huisgenoot"], "{fields}");
    }
    for fields in [
        r#""voornaam", "postcode", "huisnummer""#,
        r#""voornaam-klank", "achternaam", "geboortejaar""#,
        r#""geboortedatum", "voorletter", "achternaam""#,
        r#""bsn""#,
    ] {
        let found = errors("persoon", &format!("velden = [{fields}]"));
        let bsn = found == ["bsn-niet-toegestaan"];
        assert!(found.is_empty() || bsn, "{fields}: {found:?}");
    }
}

#[test]
fn a_family_without_a_name_or_date_has_no_keys() {
    let van = |fields| format!("minstens = 3\nvan = [{fields}]");
    let initials = van(r#""voorletters", "achternaam", "geboortejaar", "postcode""#);
    assert_eq!(errors("persoon", &initials), ["huisgenoot"]);
    let named = van(r#""voorletters", "achternaam", "geboortedatum", "postcode""#);
    assert!(errors("persoon", &named).is_empty());
}

#[test]
fn an_address_key_means_one_address() {
    let velden = |fields| format!("velden = [{fields}]");
    for coarse in [
        r#""huisnummer""#,
        r#""postcode""#,
        r#""straat""#,
        r#""plaats", "land""#,
        r#""postcode", "huisletter""#,
        r#""straat", "huisnummer""#,
        r#""straat-begin", "huisnummer", "plaats""#,
    ] {
        assert_eq!(
            errors("adres", &velden(coarse)),
            ["te-weinig-velden"],
            "{coarse}"
        );
    }
    for fine in [
        r#""bag-adres""#,
        r#""bag-object""#,
        r#""postcode", "huisnummer""#,
        r#""huisnummer", "land", "postcode""#,
        r#""straat", "huisnummer", "toevoeging", "plaats""#,
    ] {
        assert!(errors("adres", &velden(fine)).is_empty(), "{fine}");
    }
}

#[test]
fn every_key_of_a_family_of_addresses_means_one_address() {
    let van = |fields| format!("minstens = 2\nvan = [{fields}]");
    let coarse = van(r#""postcode", "huisnummer", "huisletter""#);
    assert_eq!(errors("adres", &coarse), ["te-weinig-velden"]);
    let fine = van(r#""postcode", "huisnummer""#);
    assert!(errors("adres", &fine).is_empty());
}
