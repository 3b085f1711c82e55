//! Every attack on the sign-off that we know of; each must fail closed.

use data_encoding::BASE64;
use model::{Day, Digest};

use super::envelope::PAYLOAD_TYPE;
use super::keys::agree;
use super::statement::seal;
use super::{
    Envelope, History, PartyPins, Pins, SignoffError, Statement, public_key, sign, verify,
};
use crate::decide::tests::world::{
    PARTIES, TEMPLATE, checked, covenant_of, document, envelopes, now, party, pins, seed, source,
    statements, with_keys,
};
use crate::language::ast::Document;

fn verdict(source: &str, envelopes: &[Envelope], pins: &Pins) -> SignoffError {
    verify(source.as_bytes(), envelopes, pins, None, now()).unwrap_err()
}

/// The good case with one thing changed in the municipality's statement.
fn with_statement(change: impl FnOnce(&mut Statement)) -> SignoffError {
    let source = source();
    let covenant = checked(&source);
    let mut all = envelopes(&covenant);
    let mut statement = statements(&covenant).remove(&party("gemeente")).unwrap();
    change(&mut statement);
    all[1] = seal(&statement, &seed("GEMEENTE-FG"));
    verdict(&source, &all, &pins())
}

fn with_pins(change: impl FnOnce(&mut PartyPins)) -> SignoffError {
    let source = source();
    let all = envelopes(&checked(&source));
    let mut pins = pins();
    let mut keys = pins.party(&party("gemeente")).unwrap().clone();
    change(&mut keys);
    pins.insert(party("gemeente"), keys);
    verdict(&source, &all, &pins)
}

#[test]
fn what_all_signed_is_in_force() {
    let source = source();
    let covenant = checked(&source);
    let mut all = envelopes(&covenant);
    all.reverse();
    let active = verify(source.as_bytes(), &all, &pins(), None, now()).unwrap();
    assert_eq!(active.covenant().digest(), covenant.digest());
    assert_eq!(
        active.table_digest(),
        crate::table::digest(&covenant).unwrap()
    );
}

#[test]
fn unsigned() {
    let expected = SignoffError::Unsigned(party("corporatie"));
    assert_eq!(verdict(&source(), &[], &pins()), expected);
}

#[test]
fn a_party_missing() {
    let source = source();
    let mut all = envelopes(&checked(&source));
    all.remove(2);
    assert_eq!(
        verdict(&source, &all, &pins()),
        SignoffError::Unsigned(party("politie"))
    );
}

#[test]
fn two_signatures_by_one_party() {
    let source = source();
    let mut all = envelopes(&checked(&source));
    all.push(all[1].clone());
    let twice = SignoffError::SignedTwice(party("gemeente"));
    assert_eq!(verdict(&source, &all, &pins()), twice);
    // And not in place of another's either.
    all.pop();
    all[2] = all[1].clone();
    assert_eq!(verdict(&source, &all, &pins()), twice);
}

#[test]
fn two_signatures_in_one_envelope() {
    let source = source();
    let good = envelopes(&checked(&source)).remove(0).to_json();
    let (head, tail) = good.split_once(r#""signatures":["#).unwrap();
    let one = tail.trim_end_matches("]}");
    let two = format!(r#"{head}"signatures":[{one},{one}]}}"#);
    assert_eq!(
        Envelope::parse(two.as_bytes()),
        Err(SignoffError::NotOneSignature)
    );
}

#[test]
fn one_key_for_two_parties() {
    // In the file: the municipality and the police name the same key, and both are pinned so. The
    // text's own check already refuses it.
    let shared = with_keys(&TEMPLATE.replace("POLITIE-PF", "GEMEENTE-FG"));
    let error = verdict(&shared, &[], &pins());
    assert!(matches!(error, SignoffError::NotClean { .. }), "{error:?}");

    // In the pins: another use of the same party's key.
    let twice = with_pins(|keys| {
        keys.emergency.clear();
        keys.node_signing = Some(public_key(&seed("GEMEENTE-FG")));
    });
    assert_eq!(twice, SignoffError::KeyDiffers(party("gemeente")));
}

#[test]
fn the_key_in_the_file_differs_from_the_pinned_one() {
    let differs = SignoffError::KeyDiffers(party("gemeente"));
    assert_eq!(with_pins(|k| k.signer = public_key(&seed("X"))), differs);
    assert_eq!(
        with_pins(|k| k.emergency = vec![public_key(&seed("X"))]),
        differs
    );
    assert_eq!(
        with_pins(|k| k.node_signing = Some(public_key(&seed("X")))),
        differs
    );
    assert_eq!(with_pins(|k| k.signer = [0; 32]), differs);
    let nobody = verdict(&source(), &envelopes(&checked(&source())), &Pins::new());
    assert_eq!(nobody, SignoffError::NotPinned(party("corporatie")));
}

/// Whatever the text's own check lets through: every use of every party has a key of its own.
#[test]
fn one_key_for_two_uses() {
    let agree = |change: fn(&mut Document)| {
        let mut document = document();
        change(&mut document);
        agree(&covenant_of(document), &pins()).map(|_| ())
    };
    assert_eq!(agree(|_| {}), Ok(()));
    let twice = |name| Err(SignoffError::KeyTwice(party(name)));
    assert_eq!(
        agree(|d| {
            let key = d.parties[&party("gemeente")].signer.key.clone();
            let care = d.parties.get_mut(&party("zorg")).unwrap();
            care.node.as_mut().unwrap().witness = key;
        }),
        twice("zorg")
    );
    assert_eq!(
        agree(|d| d.log.key = d.parties[&party("politie")].signer.key.clone()),
        twice("politie")
    );
    let pinned_elsewhere = with_pins_of_node(public_key(&seed("ZORG-FG")));
    assert_eq!(Err(pinned_elsewhere), twice("zorg"));
}

/// The municipality's file names no node, and the pins give it another party's key.
fn with_pins_of_node(key: [u8; 32]) -> SignoffError {
    let mut document = document();
    document.parties.get_mut(&party("gemeente")).unwrap().node = None;
    let mut pins = pins();
    let mut keys = pins.party(&party("gemeente")).unwrap().clone();
    keys.node_signing = Some(key);
    pins.insert(party("gemeente"), keys);
    agree(&covenant_of(document), &pins).unwrap_err()
}

/// The broker's operator rewrites the file with keys of its own and signs for everybody.
#[test]
fn a_file_with_an_attackers_keys() {
    let forged = with_keys(&TEMPLATE.replace("GEMEENTE-FG", "ATTACKER"));
    let covenant = checked(&forged);
    let mut all = Vec::new();
    for (name, signer) in PARTIES {
        let statement = &statements(&covenant)[&party(name)];
        let signer = if name == "gemeente" {
            "ATTACKER"
        } else {
            signer
        };
        all.push(sign(&covenant, statement, &seed(signer)).unwrap());
    }
    assert_eq!(
        verdict(&forged, &all, &pins()),
        SignoffError::KeyDiffers(party("gemeente"))
    );
}

#[test]
fn a_key_of_small_order() {
    // The neutral element: strict verification aside, anything verifies under it.
    let mut weak = [0_u8; 32];
    weak[0] = 1;
    let text = format!("ed25519:{}", BASE64.encode(&weak));
    let forged = with_keys(TEMPLATE).replace(
        &format!(
            "ed25519:{}",
            BASE64.encode(&public_key(&seed("GEMEENTE-FG")))
        ),
        &text,
    );
    let mut pins = pins();
    let mut keys = pins.party(&party("gemeente")).unwrap().clone();
    keys.signer = weak;
    pins.insert(party("gemeente"), keys);
    let error = verdict(&forged, &[], &pins);
    let refused = matches!(error, SignoffError::NotClean { .. })
        || error == SignoffError::KeyUnusable(party("gemeente"));
    assert!(refused, "{error:?}");
}

#[test]
fn the_payload_type_swapped() {
    let source = source();
    let covenant = checked(&source);
    let mut all = envelopes(&covenant);
    let statement = statements(&covenant).remove(&party("gemeente")).unwrap();
    // Truly signed, but as something else.
    all[1] = Envelope::seal("text/plain", statement.to_bytes(), &seed("GEMEENTE-FG"));
    assert_eq!(verdict(&source, &all, &pins()), SignoffError::PayloadType);
    // And relabelled afterwards: the type is under the signature.
    let relabelled = all[1].to_json().replace("text/plain", PAYLOAD_TYPE);
    all[1] = Envelope::parse(relabelled.as_bytes()).unwrap();
    assert_eq!(
        verdict(&source, &all, &pins()),
        SignoffError::SignatureInvalid
    );
}

#[test]
fn the_predicate_type_swapped() {
    let source = source();
    let covenant = checked(&source);
    let mut all = envelopes(&covenant);
    let text = String::from_utf8(all[1].payload().to_vec()).unwrap();
    for other in [
        text.replace("urn:covenant:signoff:v1", "urn:covenant:event:v1"),
        text.replace("in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1"),
    ] {
        assert_ne!(other, text);
        all[1] = Envelope::seal(PAYLOAD_TYPE, other.into_bytes(), &seed("GEMEENTE-FG"));
        assert_eq!(verdict(&source, &all, &pins()), SignoffError::PredicateType);
    }
}

#[test]
fn a_statement_with_a_field_twice_or_too_many() {
    let source = source();
    let mut all = envelopes(&checked(&source));
    let text = String::from_utf8(all[1].payload().to_vec()).unwrap();
    for other in [
        text.replace(r#""role":"#, r#""party":"zorg","role":"#),
        text.replace(r#""role":"#, r#""note":"x","role":"#),
        text.replace(
            r#""subject":["#,
            r#""subject":[{"name":"x","digest":{"sha256":"00"}},"#,
        ),
    ] {
        assert_ne!(other, text);
        all[1] = Envelope::seal(PAYLOAD_TYPE, other.into_bytes(), &seed("GEMEENTE-FG"));
        assert_eq!(
            verdict(&source, &all, &pins()),
            SignoffError::StatementMalformed
        );
    }
}

#[test]
fn one_altered_byte() {
    let good = source();
    let all = envelopes(&checked(&good));
    let altered = good.replace(
        "per_partij_per_dag       = 300",
        "per_partij_per_dag       = 301",
    );
    assert_ne!(altered, good);
    assert_eq!(verdict(&altered, &all, &pins()), SignoffError::OtherFile);
    // A comment changes no meaning; the bytes are signed all the same.
    let commented = format!("{good}\n# goed gelezen\n");
    assert_eq!(verdict(&commented, &all, &pins()), SignoffError::OtherFile);
    // One bit of a signature.
    let json = all[1].to_json();
    let (head, tail) = json.split_once(r#""sig":""#).unwrap();
    let flipped = if tail.starts_with('A') { "B" } else { "A" };
    let rest = tail.get(1..).unwrap();
    let bent = format!(r#"{head}"sig":"{flipped}{rest}"#);
    let mut bent_all = all.clone();
    bent_all[1] = Envelope::parse(bent.as_bytes()).unwrap();
    assert_eq!(
        verdict(&good, &bent_all, &pins()),
        SignoffError::SignatureInvalid
    );
}

#[test]
fn windows_line_ends() {
    let good = source();
    let all = envelopes(&checked(&good));
    let error = verdict(&good.replace('\n', "\r\n"), &all, &pins());
    assert!(matches!(error, SignoffError::NotClean { .. }), "{error:?}");
}

#[test]
fn a_signature_for_another_version() {
    let later = TEMPLATE.replace(
        "versie       = 1",
        &format!(
            "versie       = 2\nvervangt     = \"sha256:{}\"",
            "0".repeat(64)
        ),
    );
    let later = with_keys(&later);
    let old = envelopes(&checked(&source()));
    let mut all = envelopes(&checked(&later));
    all[3] = old[3].clone();
    assert_eq!(verdict(&later, &all, &pins()), SignoffError::OtherFile);
}

#[test]
fn another_partys_signature_under_my_name() {
    let source = source();
    let covenant = checked(&source);
    let mut all = envelopes(&covenant);
    let statement = statements(&covenant).remove(&party("gemeente")).unwrap();
    all[1] = seal(&statement, &seed("POLITIE-PF"));
    assert_eq!(
        verdict(&source, &all, &pins()),
        SignoffError::SignatureInvalid
    );
    assert_eq!(
        sign(&covenant, &statement, &seed("POLITIE-PF")),
        Err(SignoffError::NotTheSigner(party("gemeente")))
    );
    let mut stranger = statement;
    stranger.party = party("vreemd");
    all[1] = seal(&stranger, &seed("GEMEENTE-FG"));
    assert_eq!(
        verdict(&source, &all, &pins()),
        SignoffError::UnknownParty(party("vreemd"))
    );
}

#[test]
fn every_field_must_agree_with_the_file() {
    let differs = |field| SignoffError::FieldDiffers {
        party: party("gemeente"),
        field,
    };
    let day = |text| Day::parse(text).unwrap();
    assert_eq!(with_statement(|s| s.version = 2), differs("version"));
    assert_eq!(
        with_statement(|s| s.replaces = Some(Digest::new([1; 32]))),
        differs("replaces")
    );
    assert_eq!(
        with_statement(|s| s.role = "stagiair".to_owned()),
        differs("role")
    );
    assert_eq!(
        with_statement(|s| s.covenant = model::CovenantId::parse("ander").unwrap()),
        differs("covenant")
    );
    assert_eq!(
        with_statement(|s| s.valid_until = day("2028-01-01")),
        differs("validUntil")
    );
    assert_eq!(
        with_statement(|s| s.signed_on = day("2026-11-25")),
        differs("signedOn")
    );
    assert_eq!(
        with_statement(|s| s.file = Digest::new([1; 32])),
        SignoffError::OtherFile
    );
}

#[test]
fn another_compilers_table() {
    let error = with_statement(|s| s.table = Digest::new([1; 32]));
    assert_eq!(error, SignoffError::TableDiffers(party("gemeente")));
}

#[test]
fn too_early_and_expired() {
    let source = source();
    let covenant = checked(&source);
    let all = envelopes(&covenant);
    let at = |now| verify(source.as_bytes(), &all, &pins(), None, now).map(|_| ());
    let end = covenant.valid_until().start();
    assert_eq!(at(end.plus_seconds(-1)), Ok(()));
    assert_eq!(at(end), Err(SignoffError::Expired));
    let begin = covenant.valid_from().start();
    assert_eq!(at(begin.plus_seconds(-1)), Err(SignoffError::NotYetValid));
}

#[test]
fn rollback_and_fork() {
    let first = source();
    let first_covenant = checked(&first);
    let version = |number: u32, replaces: Digest| {
        with_keys(&TEMPLATE.replace(
            "versie       = 1",
            &format!("versie       = {number}\nvervangt     = \"sha256:{replaces}\""),
        ))
    };
    let load = |source: &str, history: &History| {
        let all = envelopes(&checked(source));
        verify(source.as_bytes(), &all, &pins(), Some(history), now()).map(|_| ())
    };
    let after_first = History::of(&first_covenant);
    assert_eq!(
        load(&first, &after_first),
        Ok(()),
        "the same again, after a restart"
    );
    let second = version(2, first_covenant.digest());
    assert_eq!(load(&second, &after_first), Ok(()));
    let after_second = History::of(&checked(&second));
    assert_eq!(load(&first, &after_second), Err(SignoffError::Rollback));

    // Two different second versions, each signed by all.
    let other = second.replace("Proefconvenant", "Proefconvenant anders");
    assert_eq!(load(&other, &after_second), Err(SignoffError::Fork));
    // A third that leaves out the second.
    let third = version(3, first_covenant.digest());
    assert_eq!(load(&third, &after_second), Err(SignoffError::Fork));
    assert_eq!(
        load(&version(3, checked(&second).digest()), &after_second),
        Ok(())
    );
    // A first version of other bytes.
    let renamed = first.replace("Proefconvenant", "Proefconvenant anders");
    assert_eq!(load(&renamed, &after_first), Err(SignoffError::Fork));

    let mut elsewhere = after_first;
    elsewhere.covenant = model::CovenantId::parse("ander").unwrap();
    assert_eq!(load(&second, &elsewhere), Err(SignoffError::OtherHistory));
}

#[test]
fn a_key_holder_that_is_not_there() {
    let oprf = with_keys(&TEMPLATE.replacen(r#"profiel = "hmac""#, r#"profiel = "oprf""#, 1));
    let covenant = checked(&oprf);
    let error = verdict(&oprf, &envelopes(&covenant), &pins());
    assert_eq!(error, SignoffError::NeedsKeyHolder);
    assert!(error.to_string().contains("key holder"));
}

#[test]
fn a_text_with_errors_or_place_holders() {
    let error = verdict(&source().replace("toont", "tont"), &[], &pins());
    assert!(matches!(error, SignoffError::NotClean { .. }));
    let error = verdict(TEMPLATE, &[], &pins());
    assert!(matches!(error, SignoffError::NotClean { .. }));
    let not_text = verify(b"\xff\xfe", &[], &pins(), None, now()).unwrap_err();
    assert!(matches!(not_text, SignoffError::NotClean { .. }));
}
