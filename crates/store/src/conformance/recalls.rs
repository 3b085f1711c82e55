//! What links entries to data subjects, what was told, and recalls.

use ledger::{Decided as Decision, Salt};
use model::{Day, Digest, KeyEpoch, NoticeId, Pseudonym, RoleRef, SignalId, Token};

use super::sample::{TODAY, World, address_key, covenant, entry, oin, party};
use super::{Check, Failure, OpenWorld, ensure, same};
use crate::broker::{BrokerStore, BrokerTx, NewNotice, Side, Sought, SubjectLink, Told, ToldBy};
use crate::logged::Decided;

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("entries are found by pseudonym until unlinked", links),
    ("a recall waits, goes out, and is acknowledged", recalls),
    ("what waits for an answer is listed page by page", repeats),
    ("a recall that says more takes the place of one", replaced),
    ("what lapsed is taken once", lapses),
    ("what can't be recalled any more is gone", told_ends),
    ("what a node may have can be recalled", handed_out),
];

const SIGNAL: [u8; 16] = [5; 16];

fn token(byte: u8) -> Result<Token, Failure> {
    Ok(Token {
        key: address_key()?,
        pseudonym: Pseudonym::from_bytes([byte; 32]),
    })
}

fn link() -> Result<SubjectLink, Failure> {
    Ok(SubjectLink {
        covenant: covenant()?,
        epoch: KeyEpoch::FIRST,
        salt: Salt::new([1; 32]),
        recipient: vec![token(1)?],
        source: vec![token(1)?, token(2)?],
    })
}

fn told(ends: Day, lapses: Option<Day>) -> Result<Told, Failure> {
    Ok(Told {
        covenant: covenant()?,
        digest: Digest::new([3; 32]),
        epoch: KeyEpoch::FIRST,
        source: party("gemeente")?,
        signals: vec![SignalId::from_slice(&SIGNAL).ok_or("an id")?],
        to: oin(1)?,
        recipient: party("corporatie")?,
        by: ToldBy::Notice(NoticeId::fresh()),
        roles: vec![RoleRef::parse("corporatie.huismeester")?],
        purpose: model::PurposeId::parse("bezoekveiligheid")?,
        on: TODAY,
        kept_until: Some(ends),
        ends,
        lapses,
    })
}

/// Logs one entry with its link and what it told; answers its number.
fn logged(store: &BrokerStore, told: Told) -> Result<u64, Failure> {
    let (link, entry) = (
        link()?,
        entry("corporatie", "gemeente", Decision::Revealed, true)?,
    );
    let before = store.checkpoint().size;
    store.commit_step_blocking(move |_| {
        let mut decided = Decided::new(vec![entry], ());
        decided.links = vec![(0, link)];
        decided.told = vec![(0, told)];
        Ok::<_, Failure>(crate::logged::Step::Decided(decided))
    })?;
    Ok(before)
}

fn found(store: &BrokerStore, byte: u8, side: Side) -> Result<Vec<u64>, Failure> {
    let (covenant, token) = (covenant()?, token(byte)?);
    Ok(store.read(|view| {
        let sought = Sought {
            covenant: &covenant,
            epoch: KeyEpoch::FIRST,
            key: &token.key,
            pseudonym: &token.pseudonym,
            side,
        };
        view.linked(&sought, 0, 10)
    })?)
}

fn links(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("links");
    let store = world.broker(open)?;
    let far = TODAY.plus_days(400);
    let first = logged(&store, told(far, None)?)?;
    let second = logged(&store, told(far, None)?)?;
    let both = vec![first, second];
    same(
        found(&store, 1, Side::Recipient)?,
        both.clone(),
        "recipient",
    )?;
    same(found(&store, 2, Side::Source)?, both, "source")?;
    same(found(&store, 2, Side::Recipient)?, Vec::new(), "not given")?;
    let (covenant, tokens) = (covenant()?, [token(1)?, token(2)?]);
    let sought = tokens.each_ref().map(|token| Sought {
        covenant: &covenant,
        epoch: KeyEpoch::FIRST,
        key: &token.key,
        pseudonym: &token.pseudonym,
        side: Side::Source,
    });
    let any = |from, limit| store.read(|view| view.linked_to_any(&sought, from, limit));
    let page = any(0, 9)?;
    same(
        page.entries.into_iter().collect(),
        vec![(first, vec![0, 1]), (second, vec![0, 1])],
        "by any of them",
    )?;
    same(page.next, None, "no more")?;
    let page = any(0, 1)?;
    same(page.entries.len(), 1, "one a page")?;
    same(page.next, Some(first.saturating_add(1)), "where to go on")?;
    ensure(store.write_blocking(move |tx| tx.unlink(first))?, "linked")?;
    ensure(!store.write_blocking(move |tx| tx.unlink(first))?, "once")?;
    same(found(&store, 1, Side::Source)?, vec![second], "unlinked")?;
    ensure(store.read(|view| view.link(first))?.is_none(), "no salt")?;
    same(store.fsck()?.leaves, second.saturating_add(1), "leaves")?;
    Ok(store.close()?)
}

fn recalls(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("recalls");
    let store = world.broker(open)?;
    let seq = logged(&store, told(TODAY.plus_days(30), None)?)?;
    let by = store.read(|view| {
        let signal = SignalId::from_slice(&SIGNAL).ok_or("an id")?;
        let source = party("gemeente")?;
        Ok::<_, Failure>(view.told_by(&covenant()?, KeyEpoch::FIRST, &source, signal)?)
    })?;
    same(by, vec![seq], "told by")?;
    let make = move |reason: &'static str| {
        move |tx: &mut crate::BrokerTx| tx.make_recall(seq, reason, TODAY, |_| true)
    };
    ensure(store.write_blocking(make("erasure"))?, "made")?;
    ensure(!store.write_blocking(make("objection"))?, "one is enough")?;
    store.close()?;
    let store = world.broker(open)?;
    let due = store.read(|view| view.recalls_due(TODAY, 9))?;
    let recall = due.first().ok_or("a recall")?.clone();
    same(
        (recall.seq, recall.reason.as_str()),
        (seq, "erasure"),
        "due",
    )?;
    let again = TODAY.plus_days(3);
    let sent = recall.clone();
    store.write_blocking(move |tx| tx.recall_sent(&sent, TODAY, again))?;
    same(
        store.read(|view| view.recalls_due(TODAY, 9))?.len(),
        0,
        "sent",
    )?;
    let due = store.read(|view| view.recalls_due(again, 9))?;
    let reminded = due.first().ok_or("a reminder")?.clone();
    let days = reminded
        .sent
        .map(|sent| (sent.first, sent.last, sent.reminders));
    same(days, Some((TODAY, TODAY, 0)), "first delivery")?;
    let (one, two) = (reminded.clone(), reminded);
    ensure(
        store.write_blocking(move |tx| tx.recall_acknowledged(&one, again, "deleted"))?,
        "taken",
    )?;
    same(
        store
            .read(|view| view.recalls_due(TODAY.plus_days(20), 9))?
            .len(),
        0,
        "done",
    )?;
    let kept = store.read(|view| view.recall_of(seq))?.ok_or("a recall")?;
    same(
        kept.acknowledged,
        Some((again, "deleted".to_owned())),
        "kept",
    )?;
    let kept = store.read(|view| view.recall(two.id))?.ok_or("a recall")?;
    ensure(
        !store.write_blocking(move |tx| tx.recall_acknowledged(&kept, again, "corrected"))?,
        "once",
    )?;
    Ok(store.close()?)
}

fn repeats(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("repeats").broker(open)?;
    let seq = logged(&store, told(TODAY.plus_days(30), None)?)?;
    store.write_blocking(move |tx| tx.make_recall(seq, "erasure", TODAY, |_| true))?;
    let again = |day: i32| -> Result<(), Failure> {
        let day = TODAY.plus_days(day);
        let due = store.read(|view| view.recalls_due(day, 9))?;
        let recall = due.first().ok_or("a recall that is due")?.clone();
        let next = day.plus_days(3);
        Ok(store.write_blocking(move |tx| tx.recall_sent(&recall, day, next))?)
    };
    let waiting = |after| store.read(|view| view.recalls_waiting(after, 1));
    let (all, next) = waiting(None)?;
    same(all.len(), 1, "waits for its delivery")?;
    same(waiting(next)?.0.len(), 0, "and no other one")?;
    again(0)?;
    again(3)?;
    let (all, _) = waiting(None)?;
    let reminders: Vec<_> = all
        .iter()
        .map(|one| one.sent.map(|s| s.reminders))
        .collect();
    same(reminders, vec![Some(1)], "waits for an answer")?;
    let other = logged(&store, told(TODAY.plus_days(30), None)?)?;
    store.write_blocking(move |tx| tx.make_recall(other, "erasure", TODAY, |_| true))?;
    let (first, next) = waiting(None)?;
    let (second, end) = waiting(next)?;
    let places = [first, second].concat().into_iter().map(|one| one.seq);
    same(places.collect::<Vec<_>>(), vec![other, seq], "page by page")?;
    same(waiting(end)?.1, None, "to the end")?;
    let recall = store
        .read(|view| view.recall_of(seq))?
        .ok_or("the recall")?;
    let day = TODAY.plus_days(4);
    store.write_blocking(move |tx| tx.recall_acknowledged(&recall, day, "deleted"))?;
    same(waiting(None)?.0.len(), 1, "the other one")?;
    Ok(store.close()?)
}

fn replaced(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("replaced").broker(open)?;
    let seq = logged(&store, told(TODAY.plus_days(30), None)?)?;
    let make = |reason: &'static str| {
        let enough = |before: &str| before == "erasure";
        store.write_blocking(move |tx| tx.make_recall(seq, reason, TODAY, enough))
    };
    ensure(make("restriction")?, "made")?;
    let first = store.read(|view| view.recall_of(seq))?.ok_or("one")?;
    let acknowledged = first.clone();
    store.write_blocking(move |tx| {
        tx.recall_sent(&acknowledged, TODAY, TODAY)?;
        tx.recall_acknowledged(&acknowledged, TODAY, "restricted")
    })?;
    ensure(make("erasure")?, "made anew")?;
    ensure(!make("restriction")?, "no way back")?;
    let due = store.read(|view| view.recalls_due(TODAY, 9))?;
    let reasons: Vec<&str> = due.iter().map(|one| one.reason.as_str()).collect();
    same(reasons, vec!["erasure"], "due")?;
    let second = store.read(|view| view.recall_of(seq))?.ok_or("another")?;
    ensure(second.id != first.id && second.sent.is_none(), "another")?;
    let kept = store.read(|view| view.recall(first.id))?;
    same(
        kept.map(|one| one.reason),
        Some("restriction".to_owned()),
        "kept",
    )?;
    Ok(store.close()?)
}

fn lapses(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("lapses").broker(open)?;
    let lapse = TODAY.plus_days(5);
    let seq = logged(&store, told(TODAY.plus_days(30), Some(lapse))?)?;
    let before = TODAY.plus_days(4);
    same(
        store.write_blocking(move |tx| tx.take_lapsed(before, 9))?,
        Vec::new(),
        "lives",
    )?;
    same(
        store.write_blocking(move |tx| tx.take_lapsed(lapse, 9))?,
        vec![seq],
        "lapsed",
    )?;
    same(
        store.write_blocking(move |tx| tx.take_lapsed(lapse, 9))?,
        Vec::new(),
        "once",
    )?;
    let over = TODAY.plus_days(30);
    ensure(
        !store.write_blocking(move |tx| tx.make_recall(seq, "expired", over, |_| true))?,
        "too late",
    )?;
    Ok(store.close()?)
}

fn told_ends(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("told").broker(open)?;
    let ends = TODAY.plus_days(1);
    let seq = logged(&store, told(ends, None)?)?;
    store.write_blocking(move |tx| tx.make_recall(seq, "erasure", TODAY, |_| true))?;
    let after = TODAY.plus_days(10);
    while store.write_blocking(move |tx| tx.purge(after, 100))? == 100 {}
    ensure(store.read(|view| view.told(seq))?.is_none(), "told")?;
    ensure(store.read(|view| view.recall_of(seq))?.is_none(), "recall")?;
    same(
        store.read(|view| view.recalls_due(after, 9))?.len(),
        0,
        "due",
    )?;
    let other = logged(&store, told(ends, None)?)?;
    store.write_blocking(move |tx| tx.forget_told(other))?;
    ensure(store.read(|view| view.told(other))?.is_none(), "forgotten")?;
    Ok(store.close()?)
}

/// Logs one entry that a notice tells; answers its number and the notice's id.
fn noticed(store: &BrokerStore) -> Result<(u64, NoticeId), Failure> {
    let entry = entry("corporatie", "gemeente", Decision::Revealed, true)?;
    let (told, id, seq) = (
        told(TODAY.plus_days(30), None)?,
        NoticeId::fresh(),
        store.checkpoint().size,
    );
    let notice = NewNotice {
        to: told.to.clone(),
        id,
        body: b"notice".to_vec(),
        entries: vec![0],
    };
    store.commit_step_blocking(move |_| {
        let mut decided = Decided::new(vec![entry], ());
        decided.told = vec![(0, told)];
        decided.notices = vec![notice];
        Ok::<_, Failure>(crate::logged::Step::Decided(decided))
    })?;
    Ok((seq, id))
}

/// A notice that is taken back or purged was told, unless it never left.
fn handed_out(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("handed out");
    let hand_out = |store: &BrokerStore, ids: Vec<NoticeId>| {
        store.write_blocking(move |tx| Ok::<_, Failure>(tx.hand_out(&oin(1)?, &ids)?))
    };
    for purged in [false, true] {
        let store = world.broker(open)?;
        let (left, sent) = noticed(&store)?;
        let (stayed, kept) = noticed(&store)?;
        same(hand_out(&store, vec![sent])?, vec![sent], "it goes")?;
        store.close()?;
        let store = world.broker(open)?;
        same(hand_out(&store, vec![sent])?, vec![sent], "once more")?;
        let late = super::sample::now().plus_seconds(1);
        let gone = store.write_blocking(move |tx| {
            if purged {
                return Ok::<_, Failure>(tx.purge_notices(late, 10)?);
            }
            Ok(usize::try_from(tx.drop_notices(|_| true)?)?)
        })?;
        same(gone, 2, "both are gone")?;
        same(hand_out(&store, vec![sent, kept])?, vec![], "nothing goes")?;
        ensure(store.read(|view| view.told(left))?.is_some(), "was told")?;
        ensure(store.read(|view| view.told(stayed))?.is_none(), "was not")?;
        let recall = move |tx: &mut BrokerTx| tx.make_recall(left, "erasure", TODAY, |_| true);
        ensure(store.write_blocking(recall)?, "it is recalled")?;
        store.close()?;
    }
    Ok(())
}
