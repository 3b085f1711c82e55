//! Who may see what.

use ledger::Kind;
use model::Timestamp;
use store::Listed;

use super::*;

const HERE: Digest = Digest::new([1; 32]);
const THERE: Digest = Digest::new([2; 32]);

fn party(name: &str) -> PartyId {
    PartyId::parse(name).unwrap()
}

fn entry(covenant: Option<Digest>, named: bool, decision: Option<Decided>) -> StoredEntry {
    let recipient = named.then(|| party("corporatie"));
    let source = named.then(|| party("politie"));
    StoredEntry {
        seq: 0,
        leaf: Vec::new(),
        listed: Listed {
            at: Timestamp::from_millis(0),
            covenant,
            named_recipient: recipient,
            named_source: source,
            // The outcome of an entry that names nobody still has its parties.
            recipient: Some(party("corporatie")),
            source: Some(party("politie")),
            purpose: None,
            clause: None,
            kind: Kind::CheckAnswered,
            decision,
        },
        request: None,
        answer: None,
        outcome: None,
    }
}

fn auditor(of: &[Digest]) -> Caller {
    Caller::of(of.iter().copied().collect(), BTreeSet::new()).unwrap()
}

fn named(name: &str, of: &[Digest]) -> Caller {
    let names = of.iter().map(|digest| (*digest, party(name))).collect();
    Caller::of(BTreeSet::new(), names).unwrap()
}

const NOTHING: (bool, bool, bool) = (false, false, false);
const ALL: (bool, bool, bool) = (true, true, true);

/// Leaf, request and answer, outcome: of every kind of entry for every kind of reader.
#[test]
fn each_reader_sees_what_the_table_says_and_nothing_else() {
    let revealed = entry(Some(HERE), true, Some(Decided::Revealed));
    let withheld = entry(Some(HERE), true, Some(Decided::Withheld));
    let refused = entry(Some(HERE), true, Some(Decided::Refused));
    let unnamed = entry(Some(HERE), false, Some(Decided::Withheld));
    let event = entry(Some(HERE), false, None);
    let padding = entry(None, false, None);
    let both = Caller::of([THERE].into(), [(HERE, party("politie"))].into()).unwrap();
    let leaf_and_outcome = (true, false, true);
    let (leaf_and_request, leaf) = ((true, true, false), (true, false, false));
    let table = [
        (
            "auditor",
            auditor(&[HERE]),
            [ALL, ALL, ALL, ALL, ALL, NOTHING],
        ),
        ("auditor elsewhere", auditor(&[THERE]), [NOTHING; 6]),
        (
            "recipient",
            named("corporatie", &[HERE]),
            [
                leaf_and_request,
                leaf_and_request,
                leaf_and_request,
                NOTHING,
                NOTHING,
                NOTHING,
            ],
        ),
        (
            "source",
            named("politie", &[HERE]),
            [leaf_and_outcome, leaf, leaf, NOTHING, NOTHING, NOTHING],
        ),
        ("uninvolved", named("gemeente", &[HERE]), [NOTHING; 6]),
        (
            "the same name elsewhere",
            named("politie", &[THERE]),
            [NOTHING; 6],
        ),
        (
            "source here, auditor elsewhere",
            both,
            [leaf_and_outcome, leaf, leaf, NOTHING, NOTHING, NOTHING],
        ),
    ];
    let entries = [revealed, withheld, refused, unnamed, event, padding];
    for (who, caller, expected) in table {
        for (place, (entry, expected)) in entries.iter().zip(expected).enumerate() {
            assert_eq!(rights(&caller, entry), expected, "{who}, entry {place}");
        }
    }
}

#[test]
fn who_is_auditor_and_party_reads_as_both() {
    let both = Caller::of([THERE].into(), [(HERE, party("politie"))].into()).unwrap();
    let audited = entry(Some(THERE), false, Some(Decided::Withheld));
    assert_eq!(rights(&both, &audited), ALL);
    // An export says of which it is owed everything.
    assert_eq!(both.reader(), Reader::Auditor([THERE].into()));
    let here = both.clone().narrowed(&[HERE].into()).unwrap();
    assert_eq!(
        here.reader(),
        Reader::Party([(HERE, party("politie"))].into())
    );
    assert_eq!(rights(&here, &audited), NOTHING);
    assert_eq!(both.narrowed(&[Digest::new([3; 32])].into()), None);
    assert_eq!(Caller::of(BTreeSet::new(), BTreeSet::new()), None);
}
