//! Silence looks like nothing: the same bytes, whatever was found and held back.

use model::{CaseId, CovenantId, PartyId};
use wire::word::{IdentityCheck, RightsKind};

use super::answer::compose;
use super::record::{Answer, Applicant, Beginning, Held, Item, Record, Role, Unknown};
use crate::testing::{World, today};

/// Random numbers below a bound.
fn below(bound: u8) -> u8 {
    let mut byte = [0];
    model::id::fill_random(&mut byte);
    byte[0] % bound
}

fn case(kind: RightsKind) -> Record {
    Record::new(Beginning {
        covenant: CovenantId::parse("proef").unwrap(),
        kind,
        identity: IdentityCheck::Electronic,
        opened_by: "medewerker-1".to_owned(),
        now: today().start(),
        received_on: today(),
        due_on: today().plus_months(1),
        reference: "LOKET-9".to_owned(),
        applicant: Applicant {
            name: "J. *Voorbeeld*".to_owned(),
            address_lines: vec!["Dorpsstraat 12".to_owned()],
        },
        content: Vec::new(),
        passed_on_by: String::new(),
        kept_days: 10,
    })
}

fn item(index: u64) -> Item {
    let role = [Role::Asked, Role::Told, Role::Provided][usize::from(below(3))];
    Item {
        index,
        indices: vec![index, index + 1],
        role,
        at: today().start().as_millis() - i64::from(below(200)) * 86_400_000,
        other_party: "gemeente".to_owned(),
        purpose: "bezoekveiligheid".to_owned(),
        clause: "1.1".to_owned(),
        shown: vec!["treffer".to_owned()],
        advice: ["geen-advies", "ga-met-twee"][usize::from(below(2))].to_owned(),
        kinds: vec!["agressie".to_owned()],
        provided_on: "AVG 6.1.e".to_owned(),
        received_on: "AVG 6.1.c".to_owned(),
        held: None,
        recalled_on: (below(2) == 1).then(|| today().as_days()),
        recall_acknowledged_on: None,
        subjects: vec![0],
        unlinked: below(2) == 1,
    }
}

/// An epoch of which the key is gone.
fn unknown(place: u8) -> Unknown {
    Unknown {
        epoch: u32::from(place) + 1,
        until: today().plus_days(i32::from(place) - 30).as_days(),
    }
}

fn held(told: bool) -> Held {
    let letter = char::from(b'a' + below(10));
    Held {
        ground: format!("UAVG 41.1.{letter}"),
        reason: format!("reden {letter}"),
        review_on: today().plus_days(i32::from(below(90)) + 1).as_days(),
        told,
        actor: "medewerker-2".to_owned(),
    }
}

fn answer(world: &World, id: CaseId, record: &Record) -> Answer {
    answer_of("corporatie", world, id, record)
}

fn answer_of(party: &str, world: &World, id: CaseId, record: &Record) -> Answer {
    let active = world.intake.covenants.all_active(world.now());
    let party = PartyId::parse(party).unwrap();
    compose(id, record, &[], active[0].covenant(), &party, today()).unwrap()
}

#[tokio::test]
async fn whatever_is_silently_held_back_the_answer_is_that_of_nothing_found() {
    let world = World::of("corporatie", 10);
    let kinds = [
        RightsKind::Access,
        RightsKind::Correction,
        RightsKind::Objection,
        RightsKind::Restriction,
        RightsKind::Erasure,
    ];
    for round in 0..200_u64 {
        let kind = kinds[usize::from(below(5))];
        let (id, mut nothing) = (CaseId::fresh(), case(kind));
        nothing.unknown = (0..below(3)).map(unknown).collect();
        let mut silent = nothing.clone();
        for place in 0..=u64::from(below(40)) {
            let mut one = item(round * 1_000 + place * 2);
            one.held = Some(held(false));
            silent.items.push(one);
        }
        let (one, two) = (answer(&world, id, &nothing), answer(&world, id, &silent));
        assert!(one == two, "round {round}: {}", two.letter_nl);
    }
}

#[tokio::test]
async fn what_is_told_is_told_alike_whatever_is_held_back_beside_it() {
    let world = World::of("corporatie", 10);
    let id = CaseId::fresh();
    let mut open = case(RightsKind::Access);
    open.unknown = vec![unknown(0)];
    open.items = (0..4).map(|place| item(place * 10)).collect();
    let mut beside = open.clone();
    for place in 0..6 {
        let mut one = item(place * 10 + 5);
        one.held = Some(held(false));
        beside.items.push(one);
    }
    let told = answer(&world, id, &open);
    assert!(told == answer(&world, id, &beside));
    // Only what may be named shows, by its ground and without a number.
    let mut named = beside.clone();
    for item in &mut named.items {
        if let Some(held) = &mut item.held {
            held.told = true;
            held.ground = "UAVG 41.1.i".to_owned();
        }
    }
    let named = answer(&world, id, &named);
    assert_ne!(told.json, named.json);
    assert_eq!(named.json.matches("UAVG 41.1.i").count(), 1);
    assert!(!named.json.contains("reden") && !named.json.contains("medewerker"));
}

#[tokio::test]
async fn the_letter_says_the_same_of_silence_in_every_case_and_takes_no_markdown_from_outside() {
    let world = World::of("corporatie", 10);
    let mut record = case(RightsKind::Access);
    let sentence = "Dit staat in elke brief, ook als er niets is.";
    let empty = answer(&world, CaseId::fresh(), &record);
    record.items = vec![item(1)];
    let full = answer(&world, CaseId::fresh(), &record);
    for answer in [&empty, &full] {
        assert!(answer.letter_nl.contains(sentence));
        assert!(answer.letter_nl.contains("J. \\*Voorbeeld\\*"));
        assert!(answer.letter_nl.contains("Autoriteit Persoonsgegevens"));
        assert!(answer.letter_en.contains("also when there is nothing"));
    }
    assert!(
        empty
            .letter_nl
            .contains("Er is niets wat wij u hierover kunnen vertellen.")
    );
}

#[tokio::test]
async fn the_police_answer_by_the_police_data_act() {
    let world = World::of("corporatie", 10);
    let record = case(RightsKind::Access);
    let letter = answer_of("politie", &world, CaseId::fresh(), &record).letter_nl;
    assert!(letter.contains("artikel 25 van de Wet politiegegevens"));
    assert!(letter.contains("artikel 27 van de Wet politiegegevens"));
    assert!(!letter.contains("AVG"), "{letter}");
}

/// The same words whether there was anything or not, for every right and by every law.
#[tokio::test]
async fn what_could_not_be_looked_up_is_unknown_and_not_nothing() {
    let world = World::of("corporatie", 10);
    let mut record = case(RightsKind::Access);
    let whole = answer(&world, CaseId::fresh(), &record);
    let body: serde_json::Value = serde_json::from_str(&whole.json).unwrap();
    assert_eq!(body["unknown"], serde_json::json!([]));
    assert!(!whole.letter_nl.contains("onbekend") && !whole.letter_en.contains("unknown"));

    record.unknown = vec![unknown(0), unknown(4)];
    let part = answer(&world, CaseId::fresh(), &record);
    let body: serde_json::Value = serde_json::from_str(&part.json).unwrap();
    let expected = serde_json::json!([
        { "epoch": 1, "until": "2026-10-25" },
        { "epoch": 5, "until": "2026-10-29" },
    ]);
    assert_eq!(body["unknown"], expected);
    let (dutch, english) = (&part.letter_nl, &part.letter_en);
    assert!(dutch.contains("tot en met 29 oktober 2026"), "{dutch}");
    assert!(dutch.contains("voor een deel: onbekend."), "{dutch}");
    assert!(dutch.contains("Er is niets wat wij u hierover kunnen vertellen."));
    assert!(
        english.contains("up to and including 29 October 2026"),
        "{english}"
    );
    assert!(english.contains("is therefore: unknown."), "{english}");
    let paragraph = |letter: &str| {
        let parts = letter.split("\n## ");
        let mut parts = parts.filter(|part| part.starts_with("Wat wij niet konden"));
        parts.next().unwrap().to_owned()
    };
    record.items = (0..4).map(|place| item(place * 10)).collect();
    let found = answer(&world, CaseId::fresh(), &record);
    assert_eq!(paragraph(dutch), paragraph(&found.letter_nl));
    let police = answer_of("politie", &world, CaseId::fresh(), &record);
    assert_eq!(paragraph(dutch), paragraph(&police.letter_nl));
    let mut erasing = case(RightsKind::Erasure);
    erasing.unknown = record.unknown;
    let erasure = answer(&world, CaseId::fresh(), &erasing);
    assert_eq!(paragraph(dutch), paragraph(&erasure.letter_nl));
}
