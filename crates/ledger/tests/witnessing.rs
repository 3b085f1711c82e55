//! When a checkpoint counts as witnessed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::checkpoint::{Note, SignatureLine};
use ledger::witnessing::quorum;
use ledger::{Cosigner, LogSigner, Policy};
use model::{Digest, Secret};

fn log() -> LogSigner {
    LogSigner::from_seed("log.delinde.example", &Secret::new([1; 32])).unwrap()
}

fn witness(number: u8) -> Cosigner {
    Cosigner::from_seed(&format!("getuige/{number}"), &Secret::new([number; 32])).unwrap()
}

fn policy(parties: u8) -> Policy {
    let witnesses = (10..10 + parties).map(|n| witness(n).verifier().clone());
    Policy::new(
        log().verifier().clone(),
        witnesses.collect(),
        usize::from(parties),
    )
}

fn cosigned(by: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let note = log().sign(7, Digest::new([3; 32]));
    let whole = Note::parse(&note).unwrap();
    by.into_iter()
        .fold(whole, |whole, number| {
            whole.with(witness(number).cosign(&note, 1_000).unwrap())
        })
        .to_bytes()
}

#[test]
fn the_quorum_is_that_of_the_design() {
    let needed: Vec<usize> = (1..=10).map(quorum).collect();
    assert_eq!(needed, [1, 2, 3, 3, 4, 4, 5, 6, 6, 7]);
    // Two quorums always share more parties than may collude.
    for parties in 4..200 {
        let colluding = (parties - 1) / 3;
        assert!(2 * quorum(parties) > parties + colluding, "{parties}");
        assert!(quorum(parties) <= parties - colluding, "{parties}");
    }
}

#[test]
fn below_four_all_must_cosign_and_from_four_on_a_quorum() {
    assert!(!policy(3).is_witnessed(&cosigned([10, 11])));
    assert!(policy(3).is_witnessed(&cosigned([10, 11, 12])));
    assert!(!policy(4).is_witnessed(&cosigned([10, 11])));
    assert!(policy(4).is_witnessed(&cosigned([10, 11, 13])));
}

#[test]
fn who_cosigns_twice_or_is_no_witness_counts_for_nothing() {
    let note = cosigned([10, 11]);
    let again = witness(11).cosign(&note, 1_001).unwrap();
    let note = Note::parse(&note).unwrap().with(again).to_bytes();
    assert_eq!(policy(3).cosigned(&note), 2);
    assert_eq!(policy(3).cosigned(&cosigned([10, 11, 99])), 2);
    assert!(!policy(0).is_witnessed(&cosigned([10])));
}

#[test]
fn a_cosignature_of_another_checkpoint_counts_for_nothing() {
    let other = log().sign(8, Digest::new([4; 32]));
    let line = witness(12).cosign(&other, 1_000).unwrap();
    let note = Note::parse(&cosigned([10, 11])).unwrap().with(line);
    assert!(!policy(3).is_witnessed(&note.to_bytes()));
    // Nor does one that the log itself did not sign.
    let unsigned = Note::parse(&cosigned([10, 11, 12])).unwrap();
    let unsigned = Note {
        body: unsigned.body.clone(),
        signatures: unsigned.signatures.into_iter().skip(1).collect(),
    };
    assert!(!policy(3).is_witnessed(&unsigned.to_bytes()));
}

#[test]
fn a_party_without_a_witness_counts_all_the_same() {
    let witnesses = vec![
        witness(10).verifier().clone(),
        witness(11).verifier().clone(),
    ];
    let policy = Policy::new(log().verifier().clone(), witnesses, 3);
    assert!(!policy.is_witnessed(&cosigned([10, 11])));
}

#[test]
fn the_policy_file_is_as_the_format_asks() {
    let text = policy(4).to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 7);
    assert!(
        text.starts_with("log log.delinde.example+"),
        "the log comes first: {text}"
    );
    assert!(
        lines[1..5]
            .iter()
            .all(|line| line.starts_with("witness getuige/1"))
    );
    assert_eq!(
        lines[5..],
        [
            "group getuigen 3 getuige/10 getuige/11 getuige/12 getuige/13",
            "quorum getuigen"
        ]
    );
}

#[test]
fn a_signature_line_reads_back_alone() {
    let line = witness(10)
        .cosign(&log().sign(1, Digest::new([0; 32])), 5)
        .unwrap();
    assert_eq!(SignatureLine::parse(&line.to_text()), Ok(line));
    for bad in [
        "",
        "getuige AAAA",
        "\u{2014} getuige",
        "\u{2014} getuige !!",
    ] {
        assert!(SignatureLine::parse(bad).is_err(), "{bad}");
    }
}
