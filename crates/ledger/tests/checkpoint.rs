//! Signed notes: Go's published example, keys in text form, and everything that must be refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ledger::checkpoint::Note;
use ledger::cosignature::{Cosigner, WitnessVerifier};
use ledger::{CheckpointError, LogSigner, LogVerifier};
use model::{Digest, Secret};

const NAME: &str = "log.delinde.example/convenanten";

fn signer() -> LogSigner {
    LogSigner::from_seed(NAME, &Secret::new([42; 32])).unwrap()
}

fn text(note: &[u8]) -> String {
    String::from_utf8(note.to_vec()).unwrap()
}

#[test]
fn the_published_example_of_the_note_format_verifies() {
    let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let verifier = LogVerifier::parse(vkey).unwrap();
    assert_eq!(verifier.to_vkey(), vkey);
    let note = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg\
        KvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    // The signature holds; the text is no checkpoint.
    assert_eq!(
        verifier.verify(note.as_bytes()),
        Err(CheckpointError::Body("size"))
    );
    let changed = note.replace("answer", "reason");
    assert_eq!(
        verifier.verify(changed.as_bytes()),
        Err(CheckpointError::Signature)
    );
}

#[test]
fn the_signature_is_that_of_rfc_8032() {
    // RFC 8032 section 7.1, test 1: the key, as the seed of a log.
    let seed: [u8; 32] = data_encoding::HEXLOWER
        .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        .unwrap()
        .try_into()
        .unwrap();
    let log = LogSigner::from_seed("rfc8032", &Secret::new(seed)).unwrap();
    let key = data_encoding::HEXLOWER.encode(log.verifier().public_key());
    assert_eq!(
        key,
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    );
}

#[test]
fn a_signed_checkpoint_reads_back() {
    let root = Digest::new([7; 32]);
    let note = signer().sign(1234, root);
    let verifier = LogVerifier::parse(&signer().verifier().to_vkey()).unwrap();
    let checkpoint = verifier.verify(&note).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (1234, root));
    assert_eq!(checkpoint.origin, NAME);
    assert_eq!(Note::parse(&note).unwrap().to_bytes(), note);
    let lines: Vec<String> = text(&note).lines().map(str::to_owned).collect();
    assert_eq!(lines[..2], [NAME.to_owned(), "1234".to_owned()]);
    assert_eq!((lines.len(), lines[3].as_str()), (5, ""));
}

#[test]
fn what_is_changed_is_refused() {
    let log = signer();
    let note = text(&log.sign(1234, Digest::new([7; 32])));
    let verify = |note: &str| log.verifier().verify(note.as_bytes()).unwrap_err();
    assert_eq!(
        verify(&note.replace("1234", "1235")),
        CheckpointError::Signature
    );
    assert_eq!(
        verify(&note.replace("1234", "01234")),
        CheckpointError::Signature
    );
    assert_eq!(
        verify(note.trim_end()),
        CheckpointError::Note("no line feed at its end")
    );
    assert_eq!(
        verify(&note.replace("\n\n", "\n")),
        CheckpointError::Note("no empty line")
    );
    assert_eq!(
        verify(&note.replace('\u{2014}', "-")),
        CheckpointError::Note("a signature line")
    );
    assert_eq!(
        verify(&note.replace('\n', "\r\n")),
        CheckpointError::Note("a control character")
    );
    assert_eq!(
        verify(&format!("{note}\n")),
        CheckpointError::Note("a signature line")
    );
    let long = note.replacen('\n', &"x".repeat(9000), 1);
    assert_eq!(verify(&long), CheckpointError::Note("longer than 8 KiB"));
    let other = LogSigner::from_seed(NAME, &Secret::new([43; 32])).unwrap();
    let note = other.sign(1234, Digest::new([7; 32]));
    assert_eq!(log.verifier().verify(&note), Err(CheckpointError::Unsigned));
}

#[test]
fn other_signatures_are_ignored_and_an_own_bad_one_is_not() {
    let log = signer();
    let root = Digest::new([7; 32]);
    let mut note = Note::parse(&log.sign(9, root)).unwrap();
    let stranger = LogSigner::from_seed("stranger", &Secret::new([1; 32])).unwrap();
    let foreign = Note::parse(&stranger.sign(1, root))
        .unwrap()
        .signatures
        .remove(0);
    note.signatures.insert(0, foreign);
    assert_eq!(log.verifier().verify(&note.to_bytes()).unwrap().size, 9);
    let mut own = note.signatures[1].clone();
    own.signature[5] ^= 1;
    note.signatures.push(own);
    assert_eq!(
        log.verifier().verify(&note.to_bytes()),
        Err(CheckpointError::Signature)
    );
}

#[test]
fn a_checkpoint_of_another_log_by_the_same_key_is_refused() {
    let (one, other) = ("one.example", "other.example");
    let seed = Secret::new([5; 32]);
    let note = LogSigner::from_seed(one, &seed)
        .unwrap()
        .sign(3, Digest::new([0; 32]));
    let verifier = LogSigner::from_seed(other, &seed)
        .unwrap()
        .verifier()
        .clone();
    assert_eq!(verifier.verify(&note), Err(CheckpointError::Unsigned));
}

#[test]
fn keys_in_text_form_are_read_strictly() {
    let vkey = signer().verifier().to_vkey();
    for bad in [
        vkey.replace("convenanten+", "convenanteN+"),
        vkey.replace('+', "-"),
        vkey.trim_end_matches(|c| c != '+').to_owned(),
        format!("{vkey}="),
        String::new(),
    ] {
        assert_eq!(LogVerifier::parse(&bad), Err(CheckpointError::Key), "{bad}");
    }
    assert_eq!(
        LogVerifier::parse(&format!("a b{vkey}")),
        Err(CheckpointError::Name)
    );
    let seed = Secret::new([1; 32]);
    for name in ["", "a b", "a+b", "é", &"x".repeat(129)] {
        assert_eq!(
            LogSigner::from_seed(name, &seed).unwrap_err(),
            CheckpointError::Name
        );
    }
    // A point of small order would accept signatures that nobody made.
    let mut weak = [0; 32];
    weak[0] = 1;
    assert_eq!(LogVerifier::new(NAME, &weak), Err(CheckpointError::Key));
}

#[test]
fn a_signer_does_not_show_its_key() {
    let shown = format!("{:?}", signer());
    assert!(!shown.contains("42, 42"), "{shown}");
    assert!(shown.contains(&signer().verifier().to_vkey()), "{shown}");
}

#[test]
fn a_witness_cosigns_and_its_line_is_verified_alone() {
    let log = signer();
    let witness = Cosigner::from_seed("knooppunt.roosdonk", &Secret::new([9; 32])).unwrap();
    let note = log.sign(77, Digest::new([3; 32]));
    let line = witness.cosign(&note, 1_700_000_000).unwrap();
    let mut cosigned = Note::parse(&note).unwrap();
    cosigned.signatures.push(line);
    let bytes = cosigned.to_bytes();
    assert_eq!(log.verifier().verify(&bytes).unwrap().size, 77);
    let verifier = WitnessVerifier::parse(&witness.verifier().to_vkey()).unwrap();
    assert_eq!(verifier.verify(&bytes), Ok(1_700_000_000));
    assert_eq!(verifier.verify(&note), Err(CheckpointError::Unsigned));

    let mut later = cosigned.clone();
    later.signatures[1].signature[7] ^= 1;
    assert_eq!(
        verifier.verify(&later.to_bytes()),
        Err(CheckpointError::Signature)
    );
    let mut grown = cosigned.clone();
    grown.body = grown.body.replace("77", "78");
    assert_eq!(
        verifier.verify(&grown.to_bytes()),
        Err(CheckpointError::Signature)
    );
    // A log's key is no witness's key, nor the other way.
    assert_eq!(
        WitnessVerifier::parse(&log.verifier().to_vkey()),
        Err(CheckpointError::Key)
    );
    assert_eq!(
        LogVerifier::parse(&verifier.to_vkey()),
        Err(CheckpointError::Key)
    );
}
