//! Limits, requests, signed messages, covenants and keys: on any engine.

use model::{Day, Digest, KeyEpoch, RequestId, SignalId};

use super::sample::{TODAY, World, address_key, covenant, now, oin, party, street_key};
use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::broker::{Access, CovenantFile, Limit};
use crate::logged::Remember;
use crate::requests::RequestKey;
use crate::versions::{ActiveVersion, KeptVersion};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("limits count per day and month", limits_count),
    ("a request has one answer", a_request_has_one_answer),
    (
        "an answer goes sooner where it must",
        an_answer_goes_sooner_where_it_must,
    ),
    ("a signed message is accepted once", accepted_once),
    ("covenants only move forward", covenants_move_forward),
    ("versions are kept as they came", versions_are_kept),
    ("keys, probes and standing", keys_probes_and_standing),
    ("reads and match times are kept", reads_and_match_times),
];

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
        until: None,
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

fn an_answer_goes_sooner_where_it_must(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("answers").broker(open)?;
    let hash = Digest::new([1; 32]);
    let remember = |until: Option<Day>| -> Result<RequestKey, Failure> {
        let key = RequestKey {
            client: "corporatie".to_owned(),
            method: "Check".to_owned(),
            id: RequestId::fresh(),
        };
        let remember = Remember {
            key: key.clone(),
            hash,
            answer: b"go in twos".to_vec(),
            until,
        };
        store.write_blocking(move |tx| tx.remember(&remember, now()))?;
        Ok(key)
    };
    let answered = |key: &RequestKey| store.read(|view| view.answered(key, &hash));
    let (tomorrow, next_year) = (TODAY.plus_days(1), TODAY.plus_days(365));
    let sooner = remember(Some(tomorrow))?;
    let later = remember(Some(next_year))?;
    let erased = remember(None)?;
    let found = answered(&sooner)?.ok_or("it is remembered")?;
    ensure(found.is_kept_on(TODAY), "today")?;
    ensure(
        !found.is_kept_on(tomorrow),
        "not tomorrow, purge or no purge",
    )?;
    let key = erased.clone();
    store.write_blocking(move |tx| tx.forget_answer(&key))?;
    ensure(answered(&erased)?.is_none(), "forgotten at once")?;
    let purge = |days| store.write_blocking(move |tx| tx.purge(TODAY.plus_days(days), 10));
    same(purge(1)?, 1, "the one that goes sooner")?;
    ensure(answered(&sooner)?.is_none(), "gone")?;
    same(purge(7)?, 0, "others for seven days")?;
    ensure(answered(&later)?.is_some(), "no promise makes it longer")?;
    same(purge(8)?, 2, "with what told when the erased one was to go")?;
    ensure(answered(&later)?.is_none(), "gone as every other")?;
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

fn versions_are_kept(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("versions").broker(open)?;
    let version = |number: u32| -> Result<KeptVersion, Failure> {
        Ok(KeptVersion {
            covenant: covenant()?,
            number,
            digest: Digest::new([u8::try_from(number)?; 32]),
            proposed_by: Some(party("gemeente")?),
            received_at: now(),
            ended: false,
        })
    };
    let (first, second) = (version(1)?, version(2)?);
    let digest = second.digest;
    let (put, other) = (second.clone(), first.clone());
    store.write_blocking(move |tx| {
        // Large enough for a file of its own.
        tx.put_version(&put, &[b'x'; 200_000])?;
        tx.put_version(&other, b"first")?;
        Ok::<_, Failure>(tx.version_ended(&other)?)
    })?;
    for (id, bytes, fresh) in [(9, b"nine", true), (3, b"thre", true), (9, b"else", false)] {
        let taken = store.write_blocking(move |tx| {
            let id = Digest::new([id; 32]);
            Ok::<_, Failure>(tx.put_signed_over(&digest, id, now(), bytes)?)
        })?;
        same(taken, fresh, "whether it was there")?;
    }
    store.read(|view| {
        let ended = KeptVersion {
            ended: true,
            ..first
        };
        same(view.versions()?, vec![ended, second], "versions by number")?;
        let file = view.version_file(&digest)?.map(|file| file.len());
        same(file, Some(200_000), "the file")?;
        let over = view.signed_over(&digest)?;
        let bytes: Vec<&[u8]> = over.iter().map(|one| one.bytes.as_slice()).collect();
        same(
            bytes,
            vec![b"nine".as_slice(), b"thre"],
            "in the order of receipt",
        )
    })?;
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

fn reads_and_match_times(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("access").broker(open)?;
    let id = SignalId::fresh();
    let reads = ["ListEntries", "GetEntry"].map(|method| {
        Ok::<_, Failure>(Access {
            at: now(),
            by: oin(1)?,
            method: method.to_owned(),
        })
    });
    let reads = reads.into_iter().collect::<Result<Vec<_>, _>>()?;
    let put = reads.clone();
    store.write_blocking(move |tx| {
        for read in &put {
            tx.put_access(read)?;
        }
        let ends = TODAY.plus_days(2);
        let (covenant, party) = (covenant()?, party("politie")?);
        tx.put_matched(&covenant, KeyEpoch::FIRST, &party, id, now(), ends)?;
        Ok::<_, Failure>(())
    })?;
    same(
        store.read(|view| view.accesses(0, 9))?,
        reads.clone(),
        "reads, oldest first",
    )?;
    let later = store.read(|view| view.accesses(1, 9))?;
    same(
        later.as_slice(),
        reads.get(1..).unwrap_or_default(),
        "after the first",
    )?;
    let matched = |by: &'static str| {
        store.read(|view| {
            let (covenant, party) = (covenant()?, party(by)?);
            Ok::<_, Failure>(view.matched_at(&covenant, KeyEpoch::FIRST, &party, id)?)
        })
    };
    same(matched("politie")?, Some(now()), "when it matched")?;
    same(matched("gemeente")?, None, "somebody else's signal")?;
    store.write_blocking(|tx| tx.purge(TODAY.plus_days(2), 9))?;
    same(matched("politie")?, None, "forgotten in time")?;
    Ok(store.close()?)
}
