//! What the model covenants and small changes of them mean, as typed trees.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use covenant::language::ast::{Document, Key, Outcome, Selection};
use covenant::language::span::Span;
use covenant::language::words::{Reason, ReportForm, Shows, Trigger, Unit};
use covenant::vocabulary::advice::{NO_ADVICE, Vocabulary};
use covenant::vocabulary::law::{Article, Exemption, Law};
use covenant::vocabulary::taxonomy;
use covenant::{Checked, Checking, Covenant, check, check_as};
use model::{CategoryCode, ClauseNo, Day, Oin, PartyId, Phonetic, Profile, RoleRef};

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    std::fs::read_to_string(path).unwrap()
}

fn template(source: &str) -> Checked {
    check_as(source, Checking::Template, None)
}

fn model(name: &str) -> Covenant {
    let checked = template(&file(&format!("policies/{name}.toml")));
    checked.covenant.expect("the model passes")
}

/// A small covenant with real keys: the example of a mere warning.
fn small() -> String {
    file("policies/bad/dood-verbod.toml")
}

fn codes(source: &str) -> Vec<&'static str> {
    check(source).diagnostics.iter().map(|d| d.code).collect()
}

fn tree(source: &str) -> Document {
    let checked = check(source);
    let found = checked.diagnostics.clone();
    checked
        .covenant
        .unwrap_or_else(|| unreachable!("{found:#?}"))
        .document()
        .clone()
}

#[test]
fn the_accessors_answer_for_the_file() {
    let covenant = model("veilig-op-bezoek");
    let (police, municipality) = (
        PartyId::parse("politie").unwrap(),
        PartyId::parse("gemeente").unwrap(),
    );
    let animal = CategoryCode::parse("eigen:DIER").unwrap();
    let attack = CategoryCode::parse("vera:AGR.FYS").unwrap();
    assert_eq!(covenant.id().as_str(), "veilig-op-bezoek-roosdonk");
    assert_eq!(
        covenant.signal_type_of(&attack).unwrap().id.as_str(),
        "agressie-tegen-medewerker"
    );
    assert!(
        covenant.may_be_source(&municipality, &animal) && !covenant.may_be_source(&police, &animal)
    );
    assert!(covenant.may_be_source(&police, &attack));
    let unknown = CategoryCode::parse("vera:SCH.MUT").unwrap();
    assert!(
        covenant.signal_type_of(&unknown).is_none() && !covenant.may_be_source(&police, &unknown)
    );
    let day = Day::from_ymd(2026, 1, 31).unwrap();
    assert_eq!(
        covenant.expires_on(&attack, day),
        Day::from_ymd(2028, 1, 31)
    );
    assert_eq!(
        covenant.expires_on(&animal, day),
        Day::from_ymd(2027, 1, 31)
    );
    assert_eq!(covenant.expires_on(&unknown, day), None);
    let oin = Oin::parse("00000099000000003000").unwrap();
    assert_eq!(covenant.party_by_oin(&oin).unwrap().id, police);
    assert_eq!(
        covenant
            .auditor_by_oin(&Oin::parse("00000099000000009000").unwrap())
            .unwrap()
            .name,
        "Auditdienst Roosdonk"
    );
    let clause = covenant.clause(&ClauseNo::parse("3.2").unwrap()).unwrap();
    assert_eq!(
        clause.conditions.approval.as_ref().unwrap().within,
        Span {
            count: 4,
            unit: Unit::Hour
        }
    );
    assert!(clause.is_triggered_by(Trigger::Question) && !clause.is_triggered_by(Trigger::OnMatch));
    let pair = clause
        .basis_pair(&police, &PartyId::parse("corporatie").unwrap())
        .unwrap();
    assert_eq!(pair.supply.article, Article::Wpg20);
    assert_eq!(pair.receive.law.as_ref().unwrap().law, Law::Arbo);
    let exemptions = [Exemption::Uavg33_1a, Exemption::Uavg33_2b];
    assert_eq!(pair.receive_exemptions, exemptions);
    assert!(
        pair.supply_exemptions.is_empty(),
        "police supply under the Wpg"
    );
    assert_eq!(pair.decision.unwrap().mark, "2026-WPG20-0088");
    assert!(clause.basis_pair(&municipality, &police).is_none());
}

#[test]
fn a_family_stands_for_every_subset_that_tells_housemates_apart() {
    let covenant = model("woonoverlast");
    let person = covenant
        .match_keys()
        .iter()
        .find(|k| k.name.as_str() == "persoon")
        .unwrap();
    assert_eq!(person.keys.len(), 16);
    assert_eq!((person.needed, person.too_frequent), (7, Some(200)));
    assert_eq!(
        (person.profile, person.phonetic),
        (Profile::Hmac, Phonetic::Cologne)
    );
    assert_eq!(
        person.keys[0].id.as_str(),
        "persoon/voornaam-klank+achternaam-klank+geboortedatum"
    );
    for key in &person.keys {
        assert_eq!(key.fields.len(), 3);
        assert!(
            key.fields.iter().any(|f| f.tells_housemates_apart()),
            "{}",
            key.id
        );
    }
    let kinds: Vec<&str> = covenant
        .match_keys()
        .iter()
        .map(|k| k.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "adres",
            "adres",
            "organisatie",
            "persoon",
            "rekening",
            "contact",
            "voertuig"
        ]
    );
    let doubled = file("policies/woonoverlast.toml").replace(
        "[\"voornaam-klank\", \"achternaam-klank\"",
        "[\"voornaam\", \"voornaam-klank\", \"achternaam-klank\"",
    );
    let doubled = template(&doubled).covenant.unwrap();
    let person = doubled
        .match_keys()
        .iter()
        .find(|k| k.name.as_str() == "persoon")
        .unwrap();
    assert_eq!(
        person.keys.len(),
        26,
        "35 subsets, 5 with the given name twice, 4 without any"
    );
}

#[test]
fn persons_are_hardened_unless_said() {
    let family = "minstens = 3\nvan = [\"voornaam\", \"achternaam\", \"geboortedatum\"]";
    let source = small().replace(
        "[[regel]]\nnummer       = \"1.1\"",
        &format!("[vergelijking.persoon]\nsoort = \"persoon\"\n{family}\nklank = \"soundex\"\n\n[[regel]]\nnummer       = \"1.1\""),
    );
    let checked = check(&source);
    let covenant = checked.covenant.unwrap();
    let spec = covenant
        .match_keys()
        .iter()
        .find(|k| k.name.as_str() == "persoon")
        .unwrap();
    assert_eq!((spec.profile, spec.keys.len()), (Profile::Oprf, 1));
    assert!(covenant.needs_key_holder());
    let said: Vec<&str> = checked.diagnostics.iter().map(|d| d.code).collect();
    assert!(
        said.contains(&"zonder-gevolg"),
        "no field is by sound: {said:?}"
    );
}

#[test]
fn keys_are_read_in_every_published_form() {
    let source = small();
    let at = source.find("sleutel = \"ed25519:").unwrap() + "sleutel = \"ed25519:".len();
    let base64 = &source[at..at + 44];
    let bytes: [u8; 32] = data_encoding::BASE64
        .decode(base64.as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    let corporation = PartyId::parse("corporatie").unwrap();
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    let long = "A".repeat(43) + "=";
    for form in [
        base64,
        base64.trim_end_matches('='),
        &hex,
        &hex.to_uppercase(),
    ] {
        let document = tree(&source.replacen(base64, form, 1));
        assert_eq!(
            document.parties[&corporation].signer.key,
            Key::Ed25519(bytes),
            "{form}"
        );
    }
    for form in [&hex[..62], "", "geheim", &long, "0000"] {
        assert_eq!(
            codes(&source.replacen(base64, form, 1))[0],
            "sleutel-ongeldig",
            "{form}"
        );
    }
    let weak = source.replacen(base64, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1);
    assert_eq!(codes(&weak)[0], "sleutel-ongeldig");
    let swapped = source.replacen("verzegeling = \"x25519:", "verzegeling = \"ed25519:", 1);
    assert_eq!(codes(&swapped)[0], "sleutel-ongeldig");
    let written_otherwise = source.replacen(
        "noodstop      = [\"",
        &format!("noodstop      = [\"ed25519:{hex}\", \""),
        1,
    );
    assert!(
        codes(&written_otherwise).contains(&"sleutel-dubbel"),
        "hex of the signer's base64"
    );
}

#[test]
fn exemptions_are_kept_by_direction_and_party() {
    let covenant = model("woonoverlast");
    let clause = covenant.clause(&ClauseNo::parse("4.1").unwrap()).unwrap();
    let (corporation, municipality) = (
        PartyId::parse("corporatie").unwrap(),
        PartyId::parse("gemeente").unwrap(),
    );
    assert_eq!(
        clause.bases.supply_exemptions[&corporation],
        [Exemption::Uavg33_2b]
    );
    assert_eq!(
        clause.bases.receive_exemptions[&municipality],
        [Exemption::Uavg32e]
    );
    let source = file("policies/woonoverlast.toml").replacen(
        "grondslag.uitzondering.verstrekken = \"UAVG 33.2.b\"",
        "grondslag.uitzondering.verstrekken = { corporatie = [\"UAVG 33.2.b\", \"UAVG 32.d\"], zorg = \"UAVG 32.e\" }",
        1,
    );
    let document = template(&source).covenant.unwrap().document().clone();
    assert_eq!(
        document.clauses[0].bases.supply_exemptions[&corporation],
        [Exemption::Uavg33_2b, Exemption::Uavg32d]
    );
    let source = source.replacen("zorg = \"UAVG 32.e\" }", "politie = \"UAVG 32.e\" }", 1);
    let checked = template(&source);
    assert!(
        checked
            .diagnostics
            .iter()
            .any(|d| d.code == "grondslag-overbodig")
    );
}

#[test]
fn prohibitions_select_and_expand() {
    let covenant = model("woonoverlast");
    let ban = &covenant.prohibitions()[0];
    let role = RoleRef::parse("corporatie.leefbaarheid").unwrap();
    assert_eq!(
        ban.to,
        Selection::Only(vec![role.clone()]),
        "corporatie.* is its roles"
    );
    assert_eq!(
        (&ban.shows, &ban.purpose),
        (&Selection::All, &Selection::All)
    );
    let clause = covenant.clause(&ClauseNo::parse("4.3").unwrap()).unwrap();
    let (police, care) = (
        PartyId::parse("politie").unwrap(),
        PartyId::parse("zorg").unwrap(),
    );
    let covers = |source| ban.covers(&role, &clause.purpose, source, &clause.about[0], Shows::Hit);
    assert!(covers(&police) && !covers(&care));
    assert!(clause.opens(
        &role,
        &clause.purpose,
        &police,
        &clause.about[0],
        Shows::Hit
    ));
    let own = PartyId::parse("corporatie").unwrap();
    assert!(!clause.opens(&role, &clause.purpose, &own, &clause.about[0], Shows::Hit));
    assert_eq!(
        clause.duties.report_to_source.unwrap().form,
        ReportForm::Counts
    );
    assert_eq!(
        covenant.examples()[1].outcome,
        Outcome::Refused(Some(Reason::Review))
    );
}

#[test]
fn spans_know_calendars_and_print_as_they_are_read() {
    for text in [
        "1 dag",
        "24 uur",
        "6 weken",
        "1 maand",
        "12 maanden",
        "5 jaar",
    ] {
        assert_eq!(Span::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "0 dagen",
        "01 dag",
        "-1 dag",
        "dag",
        "1  dag",
        "1 dag ",
        "1 eeuw",
        "1.5 jaar",
        "121 jaar",
        "99999999999 dagen",
    ] {
        assert_eq!(Span::parse(text), None, "{text}");
    }
    let day = Day::from_ymd(2026, 1, 31).unwrap();
    let after = |text| Span::parse(text).unwrap().after(day).to_string();
    assert_eq!(after("1 maand"), "2026-02-28");
    assert_eq!(after("24 uur"), "2026-02-01");
    assert_eq!(after("25 uur"), "2026-02-02");
    assert_eq!(after("2 weken"), "2026-02-14");
    assert_eq!(after("1 jaar"), "2027-01-31");
    let noon = day.start().plus_seconds(43_200);
    let later = Span::parse("1 maand").unwrap().after_instant(noon);
    assert_eq!(later.to_rfc3339(), "2026-02-28T12:00:00.000Z");
    assert_eq!(
        Span::parse("4 uur")
            .unwrap()
            .after_instant(noon)
            .to_rfc3339(),
        "2026-01-31T16:00:00.000Z"
    );
}

#[test]
fn the_vocabularies_are_ordered_and_complete() {
    for vocabulary in Vocabulary::ALL {
        let advices = vocabulary.advices();
        assert!(
            advices.windows(2).all(|w| w[0].rank < w[1].rank),
            "one rank each, in order"
        );
        assert!(
            advices
                .iter()
                .all(|a| a.rank > NO_ADVICE.rank && !a.nl.is_empty() && !a.en.is_empty())
        );
        assert_eq!(vocabulary.advice("ga-met-twee").unwrap().nl, "Ga met twee");
        assert_eq!(vocabulary.advice("ga-met-twee").unwrap().vera, Some("BEZ"));
        assert_eq!(vocabulary.advice("geen-advies"), Some(&NO_ADVICE));
        assert_eq!(
            vocabulary.advice("veilig"),
            None,
            "no advice ever says that it is safe"
        );
        assert_eq!(Vocabulary::parse(vocabulary.as_str()), Some(*vocabulary));
    }
    for category in taxonomy::VERA {
        assert!(
            CategoryCode::parse(category.code).is_ok(),
            "{}",
            category.code
        );
    }
    for article in Article::ALL {
        assert_eq!(Article::parse(article.as_str()), Some(*article));
    }
    assert_eq!(taxonomy::VERA.len(), 27);
}

#[test]
fn dates_past_and_place_holders_are_warnings_in_a_template_only() {
    let source = small();
    let (before, after) = (Day::from_ymd(2090, 12, 31), Day::from_ymd(2091, 1, 1));
    assert!(
        check_as(&source, Checking::Strict, before)
            .covenant
            .is_some()
    );
    assert!(check_as(&source, Checking::Strict, after).has_errors());
    assert!(
        check(&source).covenant.is_some(),
        "without a date nothing is past"
    );
    let lenient = check_as(&source, Checking::Template, after);
    assert!(lenient.covenant.unwrap().is_template());
    assert!(lenient.diagnostics.iter().any(|d| d.code == "verlopen"));
}

#[test]
fn any_text_is_answered_without_a_panic() {
    let source = file("policies/woonoverlast.toml");
    let mut tried = 0;
    for cut in (0..source.len())
        .step_by(211)
        .filter(|at| source.is_char_boundary(*at))
    {
        let (head, tail) = source.split_at(cut);
        for text in [
            head.to_owned(),
            tail.to_owned(),
            format!("{head}\"{tail}"),
            format!("{head}[{tail}"),
        ] {
            let checked = template(&text);
            assert!(
                checked
                    .diagnostics
                    .iter()
                    .all(|d| d.from <= d.to && d.to <= text.len())
            );
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    for text in [
        "",
        "\n",
        "a",
        "[",
        "[[regel]]\n[[regel]]",
        "partij = 1",
        "regel = [1, {}]",
        "formaat = \"convenant/1\"",
    ] {
        assert!(check(text).covenant.is_none());
        assert!(!check(text).diagnostics.is_empty());
    }
}
