//! The disclosure log: nothing is handed out that is not in it, and what is in it can be proved.

use ledger::tree::verify_consistency;
use ledger::{Decided as Decision, LogVerifier, Part, Skeleton};
use model::{ClauseNo, Digest, NoticeId, RequestId};

use super::sample::{World, entry, oin, party, signer};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::broker::{BrokerStore, EntryFilter, NewNotice};
use crate::logged::{Decided, Logged, Remember, Step};
use crate::requests::RequestKey;

pub(super) const CHECKS: &[(&str, Check)] = &[
    (
        "a commit is logged, numbered and proved",
        commits_are_proved,
    ),
    ("nothing to log is refused", nothing_to_log),
    ("padding fills up", padding_fills_up),
    ("notices come until acknowledged", notices_come),
    ("a notice needs an entry", a_notice_needs_an_entry),
    ("an answer is handed out again", answers_again),
    (
        "entries are listed by what they are about",
        entries_are_listed,
    ),
    ("listings have pages", listings_have_pages),
    ("erasing breaks no proof", erasing),
];

pub(super) fn verifier() -> Result<LogVerifier, Failure> {
    Ok(signer()?.verifier().clone())
}

/// Commits one check of the corporation to `sources`.
pub(super) fn check(store: &BrokerStore, sources: &[&str]) -> Result<Logged<u8>, Failure> {
    let entries = sources
        .iter()
        .map(|source| entry("corporatie", source, Decision::Withheld, true))
        .collect::<Result<Vec<_>, _>>()?;
    let step = move |_: &mut crate::BrokerTx| {
        Ok::<_, Failure>(Step::Decided(Decided::for_asker(entries, 7)))
    };
    let logged = store.commit_step_blocking(step)?;
    logged.ok_or_else(|| "not logged".into())
}

fn commits_are_proved(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("commits");
    let store = world.broker(open)?;
    same(store.checkpoint().size, 0, "an empty log is signed")?;
    let first = check(&store, &["gemeente", "politie"])?;
    let second = check(&store, &["gemeente"])?;
    let old = first.receipt().verify(&verifier()?)?;
    let new = second.receipt().verify(&verifier()?)?;
    let numbers = |s: &Skeleton| (s.counters.recipient, s.counters.source, s.counters.purpose);
    let found: Vec<_> = old.leaves.iter().chain(&new.leaves).map(numbers).collect();
    let expected = vec![
        (Some(1), Some(1), 1),
        (Some(2), Some(1), 2),
        (Some(3), Some(2), 3),
    ];
    same(found, expected, "gapless numbers")?;
    let opening = second
        .receipt()
        .entries
        .first()
        .and_then(|e| e.answer.as_ref());
    same(
        opening.map(|o| o.bytes.as_slice()),
        Some(b"answer".as_slice()),
        "opened",
    )?;
    let proof = store.read(|view| view.consistency_proof(2, 3))?;
    verify_consistency(2, &old.checkpoint.root, 3, &new.checkpoint.root, &proof)?;
    ensure(
        world.place.read()? == Some(store.checkpoint().note),
        "second place",
    )?;
    same(store.fsck()?.leaves, 3, "leaves")?;
    store.close()?;
    let store = world.broker(open)?;
    same(store.log_stopped(), None, "signed after a restart")?;
    let third = check(&store, &["gemeente"])?
        .receipt()
        .verify(&verifier()?)?;
    same(third.checkpoint.size, 4, "the log goes on")?;
    let beyond = store.read(|view| view.inclusion_proof(4, 5).map_err(Failure::from));
    refused(beyond, "index or size lies beyond the log")?;
    Ok(store.close()?)
}

fn nothing_to_log(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("nothing").broker(open)?;
    refused(
        check(&store, &[]),
        "a disclosure needs at least one log entry",
    )?;
    let failed = store.commit_step_blocking(|tx| {
        tx.put_decided(&Digest::new([1; 32]), super::sample::TODAY)?;
        Err::<Step<()>, Failure>("no".into())
    });
    refused(failed.map(drop), "no")?;
    let none = store.commit_step_blocking(|tx| {
        tx.put_decided(&Digest::new([2; 32]), super::sample::TODAY)?;
        Ok::<_, Failure>(Step::<()>::Nothing)
    })?;
    ensure(none.is_none(), "nothing is handed out")?;
    let decided = |byte| store.read(|view| view.is_decided(&Digest::new([byte; 32])));
    ensure(
        !decided(1)? && decided(2)?,
        "a failed unit leaves nothing, a quiet one stands",
    )?;
    same(store.checkpoint().size, 0, "the log is empty")?;
    Ok(store.close()?)
}

fn padding_fills_up(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("padding").broker(open)?;
    for (entries, size) in [(1, 8), (8, 16), (9, 32)] {
        let one = entry("corporatie", "gemeente", Decision::Withheld, false)?;
        let logged = store.commit_step_blocking(move |_| {
            let mut decided = Decided::new(vec![one; entries], ());
            decided.pad_to = 8;
            Ok::<_, Failure>(Step::Decided(decided))
        })?;
        let receipt = logged.ok_or("not logged")?;
        let verified = receipt.receipt().verify(&verifier()?)?;
        same(
            verified.leaves.len(),
            entries,
            "the padding is not in the receipt",
        )?;
        same(verified.checkpoint.size, size, "a multiple of eight")?;
    }
    Ok(store.close()?)
}

fn notices_come(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("notices");
    let store = world.broker(open)?;
    let ids = [NoticeId::fresh(), NoticeId::fresh()];
    for id in ids {
        let entries = vec![
            entry("gemeente", "politie", Decision::Revealed, true)?,
            entry("politie", "gemeente", Decision::Withheld, false)?,
        ];
        let notice = NewNotice {
            to: oin(2)?,
            id,
            body: b"notice".to_vec(),
            entries: vec![0],
        };
        store.commit_step_blocking(move |_| {
            let mut decided = Decided::new(entries, ());
            decided.notices.push(notice);
            Ok::<_, Failure>(Step::Decided(decided))
        })?;
    }
    store.close()?;
    let store = world.broker(open)?;
    same(store.pending(&oin(3)?, 0, 10)?.len(), 0, "somebody else's")?;
    let pending = store.pending(&oin(2)?, 0, 10)?;
    let found: Vec<_> = pending.iter().map(|n| n.disclosure().id).collect();
    same(found, ids.to_vec(), "in order, under the same ids")?;
    for notice in &pending {
        let leaves = notice.receipt().verify(&verifier()?)?.leaves;
        let named = party("gemeente")?;
        ensure(
            leaves.iter().all(|leaf| leaf.names(&named)),
            "only its own leaf",
        )?;
        let opened = notice.receipt().entries.iter().all(|e| e.request.is_none());
        ensure(opened, "the request is not the recipient's to open")?;
    }
    let [first, second] = ids;
    let acknowledge = |by: u8, id| {
        store.write_blocking(move |tx| Ok::<_, Failure>(tx.acknowledge(&oin(by)?, id)?))
    };
    ensure(!acknowledge(3, first)?, "by somebody else")?;
    ensure(acknowledge(2, first)?, "acknowledged")?;
    ensure(!acknowledge(2, first)?, "twice")?;
    let left = store.pending(&oin(2)?, 0, 10)?;
    same(
        left.iter().map(|n| n.disclosure().id).collect(),
        vec![second],
        "what is left",
    )?;
    let number = left.first().map_or(0, |n| n.disclosure().number);
    same(
        store.pending(&oin(2)?, number, 10)?.len(),
        0,
        "after the last",
    )?;
    store.write_blocking(|tx| {
        same(tx.drop_notices(|_| false)?, 0, "none was picked")?;
        same(tx.drop_notices(|n| n.body == b"notice")?, 1, "taken back")
    })?;
    same(store.pending(&oin(2)?, 0, 10)?.len(), 0, "nothing waits")?;
    Ok(store.close()?)
}

fn a_notice_needs_an_entry(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("notice").broker(open)?;
    let of_nothing = store.commit_step_blocking(|_| {
        let mut decided = Decided::new(vec![entry("a", "b", Decision::Revealed, true)?], ());
        decided.notices.push(NewNotice {
            to: oin(2)?,
            id: NoticeId::fresh(),
            body: Vec::new(),
            entries: vec![1],
        });
        Ok::<_, Failure>(Step::Decided(decided))
    });
    refused(
        of_nothing.map(drop),
        "a disclosure needs at least one log entry",
    )?;
    let to = oin(2)?;
    same(
        store.read(|view| view.pending_count(&to))?,
        0,
        "nothing waits",
    )?;
    Ok(store.close()?)
}

fn answers_again(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("again").broker(open)?;
    let key = RequestKey {
        client: "corporatie".to_owned(),
        method: "Check".to_owned(),
        id: RequestId::fresh(),
    };
    let hash = Digest::new([1; 32]);
    let ask = |hash: Digest| {
        let key = key.clone();
        store.commit_step_blocking(move |tx| {
            if let Some(remembered) = tx.answered(&key, &hash)? {
                let disclosure = remembered.answer().to_vec();
                return Ok(Step::Again {
                    remembered,
                    disclosure,
                });
            }
            let entries = vec![entry("corporatie", "gemeente", Decision::Revealed, true)?];
            let mut decided = Decided::for_asker(entries, b"go in twos".to_vec());
            decided.remember = Some(Remember {
                key,
                hash,
                answer: b"go in twos".to_vec(),
                until: None,
            });
            Ok::<_, Failure>(Step::Decided(decided))
        })
    };
    let first = ask(hash)?.ok_or("not logged")?;
    check(&store, &["politie"])?;
    let again = ask(hash)?.ok_or("not logged")?;
    same(again.disclosure(), first.disclosure(), "the same answer")?;
    let (old, new) = (
        first.receipt().verify(&verifier()?)?,
        again.receipt().verify(&verifier()?)?,
    );
    same(new.leaves, old.leaves, "the same entries")?;
    same(store.checkpoint().size, 2, "asked twice is logged once")?;
    let never_logged = store.commit_step_blocking(|tx| {
        let key = RequestKey {
            client: "corporatie".to_owned(),
            method: "PushSignals".to_owned(),
            id: RequestId::fresh(),
        };
        let hash = Digest::new([1; 32]);
        let remember = Remember {
            key: key.clone(),
            hash,
            answer: b"accepted".to_vec(),
            until: None,
        };
        tx.remember(&remember, super::sample::now())?;
        let remembered = tx.answered(&key, &hash)?.ok_or("remembered")?;
        Ok::<_, Failure>(Step::Again {
            remembered,
            disclosure: (),
        })
    });
    refused(
        never_logged.map(drop),
        "a disclosure needs at least one log entry",
    )?;
    refused(
        ask(Digest::new([2; 32])).map(drop),
        "request_id was used before",
    )?;
    Ok(store.close()?)
}

/// Three entries a minute apart, each with one that stands for nothing. Answers their places.
fn three_entries(world: &World, store: &BrokerStore) -> Result<Vec<u64>, Failure> {
    let mut at = Vec::new();
    for (source, decision, named) in [
        ("gemeente", Decision::Revealed, true),
        ("politie", Decision::Withheld, false),
        ("gemeente", Decision::Withheld, true),
    ] {
        let one = entry("corporatie", source, decision, named)?;
        let logged = store.commit_step_blocking(move |_| {
            let mut decided = Decided::new(vec![one], ());
            decided.pad_to = 2;
            Ok::<_, Failure>(Step::Decided(decided))
        })?;
        // Its padding stands before it or behind it.
        let logged = logged.ok_or("not logged")?;
        at.extend(logged.receipt().entries.first().map(|entry| entry.index));
        world.clock.advance_seconds(60);
    }
    Ok(at)
}

fn entries_are_listed(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("listing");
    let store = world.broker(open)?;
    let start = super::sample::now();
    let at = three_entries(&world, &store)?;
    let [first, second, third] = at.as_slice() else {
        return Err("three entries".into());
    };
    let list = |filter: EntryFilter| {
        store
            .read(|view| view.entries(&filter, 0, 10))
            .map(|page| page.seqs)
    };
    let any = EntryFilter::default;
    same(list(any())?, vec![0, 1, 2, 3, 4, 5], "all")?;
    let politie = Some(party("politie")?);
    let by_source = EntryFilter {
        source: politie.clone(),
        ..any()
    };
    same(
        list(by_source)?,
        vec![*second],
        "by a source that only the outcome names",
    )?;
    same(
        list(EntryFilter {
            named: politie,
            ..any()
        })?,
        vec![],
        "a party that no leaf names",
    )?;
    let named = EntryFilter {
        named: Some(party("gemeente")?),
        ..any()
    };
    same(list(named)?, vec![*first, *third], "a party in either role")?;
    let withheld = EntryFilter {
        decision: Some(Decision::Withheld),
        ..any()
    };
    same(list(withheld)?, vec![*second, *third], "by decision")?;
    let clause = EntryFilter {
        clause: Some(ClauseNo::parse("3.1")?),
        kind: Some(ledger::Kind::CheckAnswered),
        covenant: Some(Digest::new([5; 32])),
        ..any()
    };
    same(
        list(clause)?,
        vec![*first, *second, *third],
        "by clause, kind and covenant",
    )?;
    let minute = EntryFilter {
        from: Some(start.plus_seconds(60)),
        until: Some(start.plus_seconds(120)),
        ..any()
    };
    same(list(minute)?, vec![2, 3], "by time")?;
    Ok(store.close()?)
}

fn listings_have_pages(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("pages").broker(open)?;
    let any = EntryFilter::default;
    for _ in 0..6 {
        check(&store, &["gemeente"])?;
    }
    let mut seqs = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let page = store.read(|view| view.entries(&any(), from, 4))?;
        ensure(page.seqs.len() <= 4, "a page")?;
        seqs.extend(page.seqs);
        next = page.next;
    }
    same(seqs, vec![0, 1, 2, 3, 4, 5], "page after page")?;
    Ok(store.close()?)
}

fn erasing(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("erasing").broker(open)?;
    let before = check(&store, &["gemeente"])?;
    let outcome = store.read(|view| view.entry(0))?.and_then(|e| e.outcome);
    let skeleton = Skeleton::from_leaf(&store.read(|view| view.leaf(0))?.ok_or("leaf")?)?;
    let opens = outcome.is_some_and(|o| o.opens(Part::Outcome, &skeleton.outcome));
    ensure(opens, "the outcome opens its commitment")?;
    for part in Part::ALL {
        ensure(
            store.write_blocking(move |tx| tx.erase(0, part))?,
            part.as_str(),
        )?;
        ensure(
            !store.write_blocking(move |tx| tx.erase(0, part))?,
            "erased twice",
        )?;
    }
    let left = store.read(|view| view.entry(0))?.ok_or("entry")?;
    ensure(
        left.request.is_none() && left.answer.is_none() && left.outcome.is_none(),
        "nothing opens it any more",
    )?;
    same(
        left.listed.clause,
        Some(ClauseNo::parse("3.1")?),
        "time and clause stay",
    )?;
    before.receipt().verify(&verifier()?)?;
    store.fsck()?;
    same(store.read(|view| view.entry(1))?, None, "beyond the log")?;
    Ok(store.close()?)
}
