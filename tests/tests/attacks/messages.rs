//! Forged, misdirected, stale and repeated messages to the broker.

use anyhow::{Result, ensure};
use journeys::realm::{Realm, eventually, quick};
use journeys::voice::{Voice, reason};
use model::clock::{Clock as _, SystemClock};
use wire::broker_v1 as pb;

use crate::{ATTACKED, CARETAKER, VISIT, VISITS};

/// What became of the same mistake in a check, a push and a withdrawal.
async fn all_three(voice: &Voice, spoil: impl Fn(&mut pb::Header)) -> Result<[String; 3]> {
    let spoilt = |header: &mut Option<pb::Header>| {
        if let Some(header) = header {
            spoil(header);
        }
    };
    let mut question = voice.question(CARETAKER, VISIT, [7; 32]);
    spoilt(&mut question.header);
    let check = said(voice.ask(&question).await.map(|_| ()));
    let mut batch = voice.batch(VISIT, ATTACKED, [7; 32]);
    spoilt(&mut batch.header);
    let push = match voice.push(&batch).await {
        Ok(taken) => taken.err().unwrap_or_else(|| "taken".to_owned()),
        Err(status) => reason(&status),
    };
    let mut withdrawal = voice.withdrawal(&model::SignalId::fresh().to_string());
    spoilt(&mut withdrawal.header);
    let withdrawn = said(voice.withdraw(&withdrawal).await.map(|_| ()));
    Ok([check, push, withdrawn])
}

fn said(outcome: Result<(), tonic::Status>) -> String {
    match outcome {
        Ok(()) => "taken".to_owned(),
        Err(status) => reason(&status),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_signed_by_another_key_is_refused() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let honest = Voice::of(&realm, "corporatie", VISITS)?;
    assert_eq!(
        all_three(&honest, |_| ()).await?,
        ["taken", "taken", "taken"]
    );
    // What was honest is matched first: a batch of it adds leaves, in one or more ticks.
    let before = eventually("the log rests", async || {
        let size = realm.log_size().await?;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Ok((size > 64 && size == realm.log_size().await?).then_some(size))
    })
    .await?;

    let others = Voice::of(&realm, "gemeente", VISITS)?;
    for key in [identity::SigningKey::generate(), others.key.clone()] {
        let forger = Voice {
            key,
            ..honest.clone()
        };
        assert_eq!(all_three(&forger, |_| ()).await?, ["SIGNATURE_INVALID"; 3]);
    }
    // Another party's message, sent over one's own connection.
    let carrier = Voice {
        channel: others.channel.clone(),
        ..honest.clone()
    };
    assert_eq!(all_three(&carrier, |_| ()).await?, ["SIGNATURE_INVALID"; 3]);

    // Each byte counts, and so does the kind of message.
    let question = honest.question(CARETAKER, VISIT, [7; 32]);
    let signed = honest.sign(&question);
    for place in [0, signed.payload.len() / 2, signed.payload.len() - 1] {
        let mut altered = signed.payload.to_vec();
        if let Some(byte) = altered.get_mut(place) {
            *byte ^= 1;
        }
        let altered = pb::Signed {
            payload: altered.into(),
            signature: signed.signature.clone(),
        };
        let refused = honest.ask_signed(altered).await.map(|_| ());
        assert_eq!(said(refused), "SIGNATURE_INVALID", "byte {place}");
    }
    let withdrawal = honest.sign(&honest.withdrawal(&model::SignalId::fresh().to_string()));
    assert_eq!(
        said(honest.ask_signed(withdrawal).await.map(|_| ())),
        "SIGNATURE_INVALID"
    );
    let unsigned = pb::Signed {
        payload: signed.payload.clone(),
        signature: Vec::new().into(),
    };
    assert_eq!(
        said(honest.ask_signed(unsigned).await.map(|_| ())),
        "FIELD_REQUIRED"
    );
    let short = pb::Signed {
        payload: signed.payload.clone(),
        signature: vec![1; 63].into(),
    };
    assert_eq!(
        said(honest.ask_signed(short).await.map(|_| ())),
        "FIELD_INVALID"
    );

    assert_eq!(
        realm.log_size().await?,
        before,
        "a forged message left a leaf"
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_anothers_name_is_refused() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let voice = Voice::of(&realm, "corporatie", VISITS)?;
    let others = all_three(&voice, |header| "gemeente".clone_into(&mut header.party)).await?;
    assert_eq!(others, ["PARTY_NOT_YOURS"; 3]);
    // The role in a question is one of the asking party.
    for role in ["gemeente.toezichthouder", "politie.infodesk"] {
        let question = voice.question(role, VISIT, [7; 32]);
        assert_eq!(
            said(voice.ask(&question).await.map(|_| ())),
            "ROLE_NOT_YOURS"
        );
    }
    // A category that the covenant lets only others report.
    let mut batch = voice.batch(VISIT, ATTACKED, [7; 32]);
    for signal in &mut batch.signals {
        if let Some(category) = &mut signal.category {
            "ONB.AMB".clone_into(&mut category.code);
        }
    }
    assert_eq!(
        voice.push(&batch).await?,
        Err("CATEGORY_UNKNOWN".to_owned())
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_another_broker_or_text_is_refused() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let voice = Voice::of(&realm, "corporatie", VISITS)?;
    let elsewhere = all_three(&voice, |header| {
        "00000099000000008001".clone_into(&mut header.audience)
    })
    .await?;
    assert_eq!(elsewhere, ["AUDIENCE_WRONG"; 3]);
    let other_text =
        all_three(&voice, |header| header.covenant_digest = vec![7; 32].into()).await?;
    assert_eq!(other_text, ["COVENANT_DIFFERS"; 3]);
    let unknown = all_three(&voice, |header| {
        "bestaat-niet".clone_into(&mut header.covenant_id)
    })
    .await?;
    assert_eq!(unknown, ["COVENANT_UNKNOWN"; 3]);
    let other_epoch = all_three(&voice, |header| header.epoch = Some(2)).await?;
    let [check, push, _] = other_epoch;
    assert_eq!([check, push], ["HELLO_REQUIRED"; 2]);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_or_future_message_is_refused() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let voice = Voice::of(&realm, "corporatie", VISITS)?;
    let at = |seconds: i64, valid: i64| {
        let issued = SystemClock.now().plus_seconds(seconds);
        move |header: &mut pb::Header| {
            header.issued_at = Some(wire::field::timestamp(issued));
            header.expires_at = Some(wire::field::timestamp(issued.plus_seconds(valid)));
        }
    };
    // From the future: nobody may store up messages for later.
    assert_eq!(all_three(&voice, at(125, 600)).await?, ["CLOCK_SKEW"; 3]);
    // Old, still valid: a push may have waited in an outbox, a question may not.
    let [check, push, withdrawn] = all_three(&voice, at(-125, 600)).await?;
    assert_eq!(
        [check.as_str(), &push, &withdrawn],
        ["CLOCK_SKEW", "taken", "taken"]
    );
    // Expired.
    assert_eq!(
        all_three(&voice, at(-60, 30)).await?,
        ["STATEMENT_EXPIRED"; 3]
    );
    // Valid for longer than the broker remembers.
    assert_eq!(
        all_three(&voice, at(0, 8 * 24 * 3600)).await?,
        ["FIELD_INVALID"; 3]
    );
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_check_gives_nothing_new() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let voice = Voice::of(&realm, "corporatie", VISITS)?;
    let question = voice.question(CARETAKER, VISIT, [7; 32]);
    let signed = voice.sign(&question);
    let first = voice.ask_signed(signed.clone()).await?;
    let size = realm.log_size().await?;

    // The same bytes again, by the same party: the same answer, nothing counted, no new leaf.
    let again = voice.ask_signed(signed.clone()).await?;
    assert_eq!(again.advice, first.advice);
    let leaves = |answer: &pb::CheckResponse| {
        let receipt = answer.receipt.clone().unwrap_or_default();
        receipt
            .entries
            .into_iter()
            .map(|entry| entry.leaf)
            .collect::<Vec<_>>()
    };
    assert_eq!(leaves(&again), leaves(&first));
    assert_eq!(realm.log_size().await?, size);

    // By another party: it is not theirs.
    let thief = Voice {
        channel: realm.to_broker("gemeente")?,
        ..voice.clone()
    };
    assert_eq!(
        said(thief.ask_signed(signed).await.map(|_| ())),
        "SIGNATURE_INVALID"
    );

    // Under another request id with the same nonce, and with other content under the same id.
    let old = question.header.clone().unwrap_or_default();
    let mut same_nonce = voice.question(CARETAKER, VISIT, [7; 32]);
    if let Some(header) = &mut same_nonce.header {
        header.nonce = old.nonce.clone();
    }
    assert_eq!(said(voice.ask(&same_nonce).await.map(|_| ())), "REPLAYED");
    let mut same_id = voice.question(CARETAKER, VISIT, [8; 32]);
    if let Some(header) = &mut same_id.header {
        header.request_id = old.request_id.clone();
    }
    assert_eq!(
        said(voice.ask(&same_id).await.map(|_| ())),
        "REQUEST_ID_REUSED"
    );

    // A refused question can't be sent again either.
    let mut refused = voice.question(CARETAKER, VISIT, [9; 32]);
    refused.file_number_given = false;
    let refused = voice.sign(&refused);
    assert_eq!(
        said(voice.ask_signed(refused.clone()).await.map(|_| ())),
        "FILE_NUMBER_MISSING"
    );
    let size = realm.log_size().await?;
    assert_eq!(
        said(voice.ask_signed(refused).await.map(|_| ())),
        "REPLAYED"
    );
    assert_eq!(realm.log_size().await?, size);
    realm.stop_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_push_does_not_revive_what_was_withdrawn() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let source = Voice::of(&realm, "gemeente", VISITS)?;
    let asker = Voice::of(&realm, "corporatie", VISITS)?;
    let about = model::id::random_32();
    let advice = async || -> Result<String> {
        Ok(asker
            .ask(&asker.question(CARETAKER, VISIT, about))
            .await?
            .advice)
    };
    let batch = source.batch(VISIT, ATTACKED, about);
    let signed = source.sign(&batch);
    assert_eq!(source.push_signed(signed.clone()).await?, Ok(1));
    assert_eq!(advice().await?, "ga-met-twee");

    let id = batch
        .signals
        .first()
        .map(|signal| signal.id.clone())
        .unwrap_or_default();
    // Somebody else's withdrawal of it changes nothing.
    asker.withdraw(&asker.withdrawal(&id)).await?;
    assert_eq!(advice().await?, "ga-met-twee");
    let taken = source.withdraw(&source.withdrawal(&id)).await?;
    ensure!(
        taken.taken == 1 && taken.refused.is_empty(),
        "the withdrawal was not taken"
    );
    assert_eq!(advice().await?, "geen-advies");

    let replayed = source.push_signed(signed).await?;
    assert_eq!(
        advice().await?,
        "geen-advies",
        "it came back; the replay said {replayed:?}"
    );
    realm.stop_all().await
}
