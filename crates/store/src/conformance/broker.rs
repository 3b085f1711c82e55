//! Signals, the match index, limits, requests, covenants: on any engine.

use model::{Digest, KeyEpoch, RequestId, SignalId};

use super::sample::{
    self, TODAY, World, address_key, covenant, now, oin, party, signal, street_key, subject,
};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::broker::{ActiveVersion, BrokerStore, CovenantFile, Limit, Stored, Withdrawal};
use crate::logged::Remember;
use crate::requests::RequestKey;

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
    ("purging removes what is over", purging),
    ("an epoch is purged alone", an_epoch_is_purged),
    ("limits count per day and month", limits_count),
    ("a request has one answer", a_request_has_one_answer),
    ("a signed message is accepted once", accepted_once),
    ("covenants only move forward", covenants_move_forward),
    ("keys, probes and standing", keys_probes_and_standing),
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

fn limits_count(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("limits").broker(open)?;
    let per_subject = |day, pseudonym: u8| {
        Ok::<_, Failure>(Limit::SubjectPerMonth {
            covenant: covenant()?,
            party: party("corporatie")?,
            epoch: KeyEpoch::FIRST,
            key: address_key()?,
            pseudonym: model::Pseudonym::from_bytes([pseudonym; 32]),
            day,
        })
    };
    let per_actor = |day, actor: &str| {
        Ok::<_, Failure>(Limit::ActorPerDay {
            covenant: covenant()?,
            party: party("corporatie")?,
            actor: model::ActorId::parse(actor)?,
            day,
        })
    };
    let count = |limit: Limit| store.write_blocking(move |tx| tx.count(&limit));
    same(count(per_actor(TODAY, "m1")?)?, 1, "the first")?;
    same(count(per_actor(TODAY, "m1")?)?, 2, "the second")?;
    same(count(per_actor(TODAY, "m2")?)?, 1, "another employee")?;
    same(
        count(per_actor(TODAY.plus_days(1), "m1")?)?,
        1,
        "another day",
    )?;
    same(count(per_subject(TODAY, 1)?)?, 1, "a subject")?;
    same(
        count(per_subject(TODAY.plus_days(30), 1)?)?,
        2,
        "the same month",
    )?;
    same(
        count(per_subject(TODAY.plus_days(31), 1)?)?,
        1,
        "the next month",
    )?;
    same(count(per_subject(TODAY, 2)?)?, 1, "another subject")?;
    let failed = store.write_blocking(move |tx| {
        let limit = Limit::PartyPerDay {
            covenant: covenant()?,
            party: party("corporatie")?,
            day: TODAY,
        };
        same(tx.count(&limit)?, 1, "inside the unit")?;
        Err::<(), Failure>("no".into())
    });
    refused(failed, "no")?;
    let counted = store.read(|view| {
        let limit = Limit::PartyPerDay {
            covenant: covenant()?,
            party: party("corporatie")?,
            day: TODAY,
        };
        Ok::<_, Failure>(view.counted(&limit)?)
    })?;
    same(counted, 0, "a failed unit counts nothing")?;
    store.write_blocking(|tx| tx.purge(TODAY.plus_days(1), 100))?;
    let left = per_actor(TODAY, "m1")?;
    same(store.read(|view| view.counted(&left))?, 0, "purged")?;
    let month = per_subject(TODAY, 1)?;
    same(
        store.read(|view| view.counted(&month))?,
        2,
        "the month is not over",
    )?;
    Ok(store.close()?)
}

fn a_request_has_one_answer(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("requests").broker(open)?;
    let key = |client: &str, method: &str, id| RequestKey {
        client: client.to_owned(),
        method: method.to_owned(),
        id,
    };
    let id = RequestId::fresh();
    let (hash, other) = (Digest::new([1; 32]), Digest::new([2; 32]));
    let remember = Remember {
        key: key("gemeente", "PushSignals", id),
        hash,
        answer: b"accepted".to_vec(),
    };
    store.write_blocking(move |tx| tx.remember(&remember, now()))?;
    let answered = |key: RequestKey, hash: Digest| {
        store.read(|view| {
            let found = view.answered(&key, &hash)?;
            Ok::<_, Failure>(found.map(|r| r.answer().to_vec()))
        })
    };
    let again = answered(key("gemeente", "PushSignals", id), hash)?;
    same(again, Some(b"accepted".to_vec()), "the same request")?;
    refused(
        answered(key("gemeente", "PushSignals", id), other),
        "request_id was used before",
    )?;
    same(
        answered(key("politie", "PushSignals", id), other)?,
        None,
        "another client",
    )?;
    same(
        answered(key("gemeente", "Check", id), other)?,
        None,
        "another method",
    )?;
    let purge = |days| store.write_blocking(move |tx| tx.purge(TODAY.plus_days(days), 10));
    same(purge(7)?, 0, "kept for seven days")?;
    same(purge(8)?, 1, "and no longer")?;
    same(
        answered(key("gemeente", "PushSignals", id), other)?,
        None,
        "forgotten",
    )?;
    Ok(store.close()?)
}

fn accepted_once(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("nonces").broker(open)?;
    let accept = |by: u8, nonce: &'static [u8], expires| {
        store.write_blocking(move |tx| {
            Ok::<_, Failure>(tx.accept_once(&oin(by)?, nonce, expires, now())?)
        })
    };
    let soon = now().plus_seconds(60);
    accept(1, b"n1", soon)?;
    refused(
        accept(1, b"n1", soon),
        "this signed message was received before",
    )?;
    accept(1, b"n2", soon)?;
    accept(2, b"n1", soon)?;
    refused(accept(1, b"n3", now()), "this signed message has expired")?;
    store.write_blocking(|tx| tx.purge(TODAY, 10))?;
    refused(
        accept(1, b"n1", soon),
        "this signed message was received before",
    )?;
    Ok(store.close()?)
}

fn covenants_move_forward(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("covenants").broker(open)?;
    let activate = |version: u32, digest: u8| {
        store.write_blocking(move |tx| {
            let version = ActiveVersion {
                version,
                digest: Digest::new([digest; 32]),
                since: now(),
            };
            Ok::<_, Failure>(tx.put_active_version(&covenant()?, &version)?)
        })
    };
    activate(3, 3)?;
    activate(3, 3)?;
    let old = "the covenant's version is not higher";
    refused(activate(3, 4), old)?;
    refused(activate(2, 2), old)?;
    activate(256, 6)?;
    let history = store.read(|view| {
        let history = view.covenant_history(&covenant()?)?;
        Ok::<_, Failure>(history.iter().map(|v| v.version).collect::<Vec<_>>())
    })?;
    same(history, vec![3, 256], "every version that was active")?;
    let digest = Digest::new([3; 32]);
    let file = CovenantFile {
        bytes: vec![b'x'; 200_000],
        envelopes: vec![b"one".to_vec(), b"two".to_vec()],
    };
    let put = file.clone();
    store.write_blocking(move |tx| tx.put_covenant_file(&digest, &put))?;
    same(
        store.read(|view| view.covenant_file(&digest))?,
        Some(file),
        "the file",
    )?;
    Ok(store.close()?)
}

fn keys_probes_and_standing(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("keys").broker(open)?;
    let digest = Digest::new([3; 32]);
    let probe = vec![model::Pseudonym::from_bytes([4; 32]); 2];
    let put = probe.clone();
    store.write_blocking(move |tx| {
        let id = covenant()?;
        tx.put_key_announcement(&id, KeyEpoch::FIRST, b"announced")?;
        tx.put_probe_reference(&id, KeyEpoch::FIRST, &address_key()?, &put)?;
        tx.put_still_valid(&digest, &party("gemeente")?, now())?;
        tx.put_still_valid(&digest, &party("gemeente")?, now().plus_seconds(-60))?;
        tx.put_suspension(&digest, "s1", b"signed")?;
        tx.put_cosignature(7, &oin(1)?, b"line", TODAY.plus_days(1))?;
        Ok::<_, Failure>(())
    })?;
    store.read(|view| {
        let id = covenant()?;
        let announced = view.key_announcement(&id, KeyEpoch::FIRST)?;
        same(announced, Some(b"announced".to_vec()), "announcement")?;
        let found = view.probe_reference(&id, KeyEpoch::FIRST, &address_key()?)?;
        ensure(found == Some(probe), "probe reference")?;
        let none = view.probe_reference(&id, KeyEpoch::FIRST, &street_key()?)?;
        ensure(none.is_none(), "no reference for another key")?;
        let valid = view.still_valid(&digest)?;
        same(
            valid,
            vec![(party("gemeente")?, now())],
            "the newest statement",
        )?;
        let suspended = view.suspensions(&digest)?;
        same(
            suspended,
            vec![("s1".to_owned(), b"signed".to_vec())],
            "suspension",
        )?;
        same(
            view.cosignatures(7)?,
            vec![(oin(1)?, b"line".to_vec())],
            "cosignature",
        )?;
        Ok::<_, Failure>(())
    })?;
    Ok(store.close()?)
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
