//! Signals, the match index and the queue of what waits to be matched: on any engine.

use model::{CovenantId, KeyEpoch, SignalId};

use super::sample::{
    self, TODAY, World, address_key, covenant, party, signal, street_key, subject,
};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::broker::{BrokerStore, ProbeAlarm, Stored, UsedRight, Withdrawal, Work};

pub(super) const CHECKS: &[(&str, Check)] = &[
    (
        "signals are unique by party, id and epoch",
        signals_are_unique,
    ),
    (
        "a refused batch leaves nothing",
        a_refused_batch_leaves_nothing,
    ),
    ("a match names every key that agrees", matches_name_keys),
    ("what ended never matches", what_ended_never_matches),
    ("work outlives a restart", work_outlives_a_restart),
    (
        "noted withdrawals outlive a restart",
        withdrawals_outlive_a_restart,
    ),
    ("parked signals are matched anew", parked_signals),
    ("purging removes what is over", purging),
    ("an epoch is purged alone", an_epoch_is_purged),
    ("large records are kept whole", large_records),
];

fn put(store: &BrokerStore, batch: &[model::Signal]) -> Result<Vec<Stored>, Failure> {
    let batch = batch.to_vec();
    store.write_blocking(move |tx| Ok::<_, Failure>(tx.put_signals(&batch)?))
}

fn signals_are_unique(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("signals").broker(open)?;
    let one = signal("politie", 1, None)?;
    ensure(
        matches!(
            put(&store, std::slice::from_ref(&one))?.as_slice(),
            [Stored::New(_)]
        ),
        "a new signal",
    )?;
    same(
        put(&store, std::slice::from_ref(&one))?,
        vec![Stored::Again],
        "the same again",
    )?;
    let mut other = one.clone();
    other.day = TODAY.plus_days(-1);
    refused(put(&store, &[other]), "signal id was used before")?;
    let mut elsewhere = one.clone();
    elsewhere.party = party("gemeente")?;
    let mut later = one.clone();
    later.epoch = KeyEpoch::new(2).ok_or("epoch")?;
    let stored = put(&store, &[elsewhere.clone(), later])?;
    ensure(
        stored.iter().all(|s| matches!(s, Stored::New(_))),
        "another party or epoch may use the same id",
    )?;
    let found =
        store.read(|view| view.signal(&one.covenant, one.epoch, &elsewhere.party, one.id))?;
    same(found, Some(elsewhere), "each party's own signal")?;
    Ok(store.close()?)
}

fn a_refused_batch_leaves_nothing(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("batch").broker(open)?;
    let taken = signal("politie", 1, None)?;
    put(&store, std::slice::from_ref(&taken))?;
    let (fresh, mut clash) = (signal("politie", 2, None)?, taken.clone());
    clash.reviewed_by_person = false;
    refused(
        put(&store, &[fresh.clone(), clash]),
        "signal id was used before",
    )?;
    let found =
        store.read(|view| view.signal(&fresh.covenant, fresh.epoch, &fresh.party, fresh.id))?;
    same(found, None, "a signal of a refused batch")?;
    same(store.read(|view| view.work(10))?.len(), 1, "work")?;
    Ok(store.close()?)
}

fn matches_name_keys(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("matches").broker(open)?;
    let mine = signal("politie", 1, Some(2))?;
    let both = signal("gemeente", 1, Some(2))?;
    let one_key = signal("gemeente", 7, Some(2))?;
    let mut two_subjects = signal("zorg", 1, None)?;
    two_subjects.subjects.push(subject(8, Some(2))?);
    let mut other_covenant = signal("gemeente", 1, Some(2))?;
    other_covenant.covenant = model::CovenantId::parse("hotspots")?;
    let mut other_epoch = signal("gemeente", 1, Some(2))?;
    other_epoch.epoch = KeyEpoch::new(2).ok_or("epoch")?;
    let mut other_kind = signal("gemeente", 1, Some(2))?;
    for subject in &mut other_kind.subjects {
        subject.kind = model::SubjectKind::Person;
    }
    let own = signal("politie", 1, None)?;
    let all = [
        &mine,
        &both,
        &one_key,
        &two_subjects,
        &other_covenant,
        &other_epoch,
        &other_kind,
        &own,
    ];
    put(&store, &all.map(Clone::clone))?;
    let (address, street) = (address_key()?, street_key()?);
    let mut expected = vec![
        (both.id, 0, vec![address.clone(), street.clone()]),
        (one_key.id, 0, vec![street.clone()]),
        (two_subjects.id, 0, vec![address.clone()]),
        (two_subjects.id, 1, vec![street]),
        (own.id, 0, vec![address]),
    ];
    expected.sort();
    let found = store.read(|view| view.matches(&mine, TODAY))?;
    same(found.len(), 1, "one match per subject")?;
    for found in found {
        let found: Vec<_> = found
            .candidates
            .into_iter()
            .map(|c| (c.signal.id, c.subject, c.agreed))
            .collect();
        same(found, expected.clone(), "candidates, sorted")?;
    }
    let question = store.read(|view| {
        view.look_up(&covenant()?, KeyEpoch::FIRST, &subject(1, Some(2))?, TODAY)
            .map_err(Failure::from)
    })?;
    same(
        question.candidates.len(),
        6,
        "a question finds the trigger too",
    )?;
    ensure(question.trigger.is_none(), "a question has no trigger")?;
    Ok(store.close()?)
}

fn what_ended_never_matches(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("ended").broker(open)?;
    let (mine, theirs) = (signal("politie", 1, None)?, signal("gemeente", 1, None)?);
    put(&store, &[mine.clone(), theirs.clone()])?;
    let candidates = |day| {
        store
            .read(|view| view.matches(&mine, day))
            .map(|m| m.iter().map(|m| m.candidates.len()).sum::<usize>())
    };
    same(candidates(TODAY.plus_days(9))?, 1, "the last day")?;
    same(candidates(TODAY.plus_days(10))?, 0, "the day of expiry")?;
    let withdraw = |of: &model::Signal, by: &'static str| {
        let of = of.clone();
        store.write_blocking(move |tx| {
            let party = party(by)?;
            Ok::<_, Failure>(tx.withdraw_signal(&of.covenant, of.epoch, &party, of.id)?)
        })
    };
    same(
        withdraw(&theirs, "politie")?,
        Withdrawal::Unknown,
        "somebody else's",
    )?;
    let withdrawn = Withdrawal::Withdrawn(Box::new(theirs.clone()));
    same(withdraw(&theirs, "gemeente")?, withdrawn, "their own")?;
    same(withdraw(&theirs, "gemeente")?, Withdrawal::Already, "twice")?;
    same(candidates(TODAY)?, 0, "withdrawn")?;
    same(
        put(&store, std::slice::from_ref(&theirs))?,
        vec![Stored::Again],
        "pushed again",
    )?;
    same(candidates(TODAY)?, 0, "a withdrawn one does not come back")?;
    let mut changed = theirs;
    changed.reviewed_by_person = false;
    refused(put(&store, &[changed]), "signal id was used before")?;
    same(
        store.read(|view| view.work(10))?.len(),
        1,
        "withdrawn is not matched",
    )?;
    Ok(store.close()?)
}

fn work_outlives_a_restart(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("work");
    let store = world.broker(open)?;
    let batch = [1, 2, 3].map(|address| signal("politie", address, None));
    let batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
    put(&store, &batch)?;
    store.close()?;
    let store = world.broker(open)?;
    let work = store.read(|view| view.work(2))?;
    let found: Vec<_> = work.iter().map(|w| w.signal.clone()).collect();
    same(
        found.as_slice(),
        batch.get(..2).unwrap_or_default(),
        "oldest first",
    )?;
    let first = work.first().ok_or("work")?.no;
    store.write_blocking(move |tx| tx.work_done(first))?;
    ensure(!store.read(|view| view.is_work(first))?, "done work")?;
    store.close()?;
    let store = world.broker(open)?;
    same(store.read(|view| view.work(10))?.len(), 2, "what is left")?;
    Ok(store.close()?)
}

fn withdrawals_outlive_a_restart(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("withdrawn");
    let store = world.broker(open)?;
    let alarm = ProbeAlarm {
        covenant: model::Digest::new([7; 32]),
        party: party("politie")?,
        minutes: 12,
    };
    let right = UsedRight {
        covenant: model::Digest::new([8; 32]),
        party: party("gemeente")?,
        right: "erasure".to_owned(),
    };
    let noted = (Some(alarm.clone()), Some(right.clone()));
    store.write_blocking(move |tx| {
        tx.note_withdrawal(None, None)?;
        tx.note_withdrawal(noted.0.as_ref(), noted.1.as_ref())
    })?;
    store.close()?;
    let store = world.broker(open)?;
    let found = store.read(|view| view.noted_withdrawals(9))?;
    let alarms: Vec<_> = found.iter().map(|noted| noted.alarm.clone()).collect();
    same(alarms, vec![None, Some(alarm)], "oldest first")?;
    let rights: Vec<_> = found.iter().map(|noted| noted.right.clone()).collect();
    same(
        rights,
        vec![None, Some(right)],
        "what a data subject had done",
    )?;
    let first = found.first().ok_or("a withdrawal")?.no;
    store.write_blocking(move |tx| tx.withdrawal_logged(first))?;
    same(
        store.read(|view| view.noted_withdrawals(9))?,
        found.into_iter().skip(1).collect(),
        "what is left",
    )?;
    Ok(store.close()?)
}

fn parked_signals(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("parked").broker(open)?;
    let batch = [1, 2].map(|address| signal("politie", address, None));
    let batch = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
    put(&store, &batch)?;
    let one = batch.first().ok_or("a signal")?.clone();
    let work = store.read(|view| view.work(9))?;
    store.write_blocking(move |tx| {
        for Work { no, signal } in work {
            tx.work_done(no)?;
            tx.park(&signal.covenant, no)?;
        }
        Ok::<_, Failure>(())
    })?;
    same(store.read(|view| view.work(9))?, Vec::new(), "none wait")?;
    let covenant = one.covenant.clone();
    same(
        store.read(|view| view.parked(&covenant, 9))?,
        2,
        "both are kept",
    )?;
    let other = CovenantId::parse("ander")?;
    same(
        store.write_blocking(move |tx| tx.unpark(&other, 9))?,
        0,
        "another covenant's",
    )?;
    let gone = one.clone();
    store.write_blocking(move |tx| {
        tx.withdraw_signal(&gone.covenant, gone.epoch, &gone.party, gone.id)
    })?;
    same(
        store.write_blocking(move |tx| tx.unpark(&covenant, 9))?,
        2,
        "both go back",
    )?;
    let work = store.read(|view| view.work(9))?;
    let found: Vec<_> = work.iter().map(|w| w.signal.id).collect();
    same(
        found,
        batch.iter().skip(1).map(|s| s.id).collect(),
        "what lives is matched",
    )?;
    same(
        store.read(|view| view.parked(&one.covenant, 9))?,
        0,
        "none are kept",
    )?;
    Ok(store.close()?)
}

fn purging(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("purging").broker(open)?;
    let short = signal("politie", 1, None)?;
    let mut long = signal("gemeente", 1, None)?;
    long.expires_on = TODAY.plus_days(50);
    put(&store, &[short.clone(), long.clone()])?;
    let purge = |day| store.write_blocking(move |tx| tx.purge(day, 100));
    same(purge(TODAY.plus_days(9))?, 0, "nothing is over")?;
    same(purge(TODAY.plus_days(10))?, 1, "one signal is over")?;
    let left = store.read(|view| view.matches(&long, TODAY))?;
    ensure(
        left.iter().all(|m| m.candidates.is_empty()),
        "its index rows are gone",
    )?;
    same(store.fsck()?.signals, 1, "signals left")?;
    same(
        put(&store, std::slice::from_ref(&short))?,
        vec![Stored::Again],
        "its id is taken",
    )?;
    same(
        purge(TODAY.plus_days(40))?,
        1,
        "30 days later the id is free",
    )?;
    ensure(
        matches!(put(&store, &[short])?.as_slice(), [Stored::New(_)]),
        "a freed id",
    )?;
    Ok(store.close()?)
}

fn an_epoch_is_purged(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("epoch").broker(open)?;
    let old = [signal("politie", 1, None)?, signal("gemeente", 1, None)?];
    let mut new = signal("politie", 1, None)?;
    new.epoch = KeyEpoch::new(2).ok_or("epoch")?;
    put(&store, &old)?;
    put(&store, std::slice::from_ref(&new))?;
    let id = covenant()?;
    let purge = move |limit| {
        let id = id.clone();
        store.write_blocking(move |tx| {
            let purged = tx.purge_epoch(&id, KeyEpoch::FIRST, limit)?;
            Ok::<_, Failure>((purged, tx.work(10)?.len()))
        })
    };
    same(purge(1)?, (1, 2), "one at a time")?;
    same(purge(5)?, (1, 1), "the rest")?;
    same(purge(5)?, (0, 1), "nothing left")
}

fn large_records(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("records");
    let store = world.broker(open)?;
    let mut large = signal("politie", 1, None)?;
    large.id = SignalId::fresh();
    large.subjects = (0..=254_u8)
        .map(|address| sample::subject(address, Some(address)))
        .collect::<Result<_, _>>()?;
    put(&store, std::slice::from_ref(&large))?;
    store.close()?;
    let store = world.broker(open)?;
    let work = store.read(|view| view.work(1))?;
    same(
        work.into_iter().map(|w| w.signal).collect(),
        vec![large],
        "255 subjects",
    )?;
    Ok(store.close()?)
}
