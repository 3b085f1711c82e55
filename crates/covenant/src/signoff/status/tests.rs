//! What people read of a version, from the first signature to the end.

use model::{ClauseNo, PartyId, Timestamp};

use super::{PartyWord, State, Status};
use crate::Lang;
use crate::decide::Standing;
use crate::decide::tests::world::{
    PARTIES, TEMPLATE, asker, checked, envelopes, now, party, pins, seed, with_keys,
};
use crate::decide::{RefusalCode, may_ask};
use crate::signoff::{
    Event, EventKind, KeyRole, Proposal, Scope, VerifiedEvent, VerifiedStatement, propose,
    sign_event,
};

/// Version 4 of the test covenant, with the signatures of some parties.
struct Draft {
    proposal: Proposal,
    all: Vec<VerifiedStatement>,
    standing: Standing,
}

impl Draft {
    fn new() -> Self {
        let zeros = "0".repeat(64);
        let version = format!("versie       = 4\nvervangt     = \"sha256:{zeros}\"");
        let source = with_keys(&TEMPLATE.replace("versie       = 1", &version));
        let proposal = propose(source.as_bytes(), &pins(), None).unwrap();
        let signed = envelopes(&checked(&source));
        let all = signed
            .iter()
            .map(|envelope| proposal.verify_envelope(envelope, now()).unwrap())
            .collect();
        let standing = Standing::new(proposal.covenant());
        Self {
            proposal,
            all,
            standing,
        }
    }

    fn signed_by_all() -> Self {
        let mut draft = Self::new();
        for (name, _) in PARTIES {
            draft.sign(name, None);
        }
        draft
    }

    fn sign(&mut self, name: &str, received: Option<Timestamp>) {
        let mut all = self.all.iter();
        let statement = all.find(|s| *s.party() == party(name)).unwrap();
        self.standing.sign(statement, received);
    }

    fn event(&self, name: &str, at: Timestamp, kind: EventKind) -> VerifiedEvent {
        let (_, signer) = PARTIES.iter().find(|(id, _)| *id == name).unwrap();
        let covenant = self.proposal.covenant();
        let event = Event::new(covenant, party(name), KeyRole::Signer, at, kind);
        let envelope = sign_event(&event, &seed(signer));
        self.proposal.verify_event(&envelope, at).unwrap()
    }

    fn happens(&mut self, name: &str, at: Timestamp, kind: EventKind) -> VerifiedEvent {
        let event = self.event(name, at, kind);
        self.standing.apply(&event, at);
        event
    }

    fn status(&self, at: Timestamp) -> Status {
        Status::of(&self.proposal, &self.standing, None, at)
    }

    fn says(&self, at: Timestamp) -> String {
        self.status(at).sentence(Lang::Nl)
    }

    fn says_in_english(&self, at: Timestamp) -> String {
        self.status(at).sentence(Lang::En)
    }
}

fn day(days: i64) -> Timestamp {
    now().plus_seconds(days * 24 * 3600)
}

#[test]
fn a_version_waits_for_those_who_have_not_signed() {
    let mut draft = Draft::new();
    assert_eq!(
        draft.says(now()),
        "versie 4: wacht op corporatie, gemeente, politie en zorg (0 van 4 getekend)"
    );
    draft.sign("corporatie", None);
    draft.sign("gemeente", None);
    assert_eq!(
        draft.says(now()),
        "versie 4: wacht op politie en zorg (2 van 4 getekend)"
    );
    draft.sign("zorg", None);
    assert_eq!(
        draft.says(now()),
        "versie 4: wacht op politie (3 van 4 getekend)"
    );
    assert_eq!(
        draft.says_in_english(now()),
        "version 4: waits for politie (3 of 4 signed)"
    );
    assert!(!draft.status(now()).is_in_force());
    draft.sign("politie", None);
    assert_eq!(
        draft.says(now()),
        "versie 4: van kracht tot 1 november 2027"
    );
    assert!(draft.status(now()).is_in_force());
    let signed = PartyWord::Signed { on: now().day() };
    assert_eq!(draft.status(now()).parties()[&party("zorg")], signed);
    assert_eq!(signed.sentence(Lang::Nl), "getekend op 23 november 2026");
    // The last day, and the first on which it no longer holds.
    let end = draft.proposal.covenant().valid_until().start();
    assert!(draft.status(end.plus_seconds(-1)).is_in_force());
    assert_eq!(draft.says(end), "versie 4: verlopen sinds 1 november 2027");
    let begin = draft.proposal.covenant().valid_from().start();
    assert_eq!(
        draft.says(begin.plus_seconds(-1)),
        "versie 4: door iedereen getekend; geldt vanaf 1 november 2026"
    );
}

#[test]
fn a_rejection_stands_until_the_same_signer_signs_later() {
    let mut draft = Draft::new();
    for name in ["corporatie", "gemeente"] {
        draft.sign(name, None);
    }
    draft.happens("politie", now(), EventKind::Reject);
    assert_eq!(
        draft.says(now()),
        "versie 4: wacht op zorg (2 van 4 getekend); afgewezen door politie"
    );
    draft.sign("zorg", None);
    assert_eq!(
        draft.says(now()),
        "versie 4: afgewezen door politie (3 van 4 getekend)"
    );
    assert_eq!(
        draft.says_in_english(now()),
        "version 4: rejected by politie (3 of 4 signed)"
    );
    let rejected = PartyWord::Rejected { at: now() };
    assert_eq!(draft.status(now()).parties()[&party("politie")], rejected);
    // Signed on the same day, and nobody knows which came first: the rejection counts.
    let unknown = draft.standing.clone();
    draft.sign("politie", None);
    assert!(!draft.status(now()).is_in_force());
    draft.standing = unknown;
    draft.sign("politie", Some(now()));
    assert!(
        !draft.status(now()).is_in_force(),
        "received at the same moment"
    );
    draft.sign("politie", Some(now().plus_seconds(1)));
    assert!(
        !draft.status(now()).is_in_force(),
        "the first receipt counts"
    );
    draft.standing = Draft::new().standing;
    draft.happens("politie", now(), EventKind::Reject);
    for (name, _) in PARTIES {
        draft.sign(name, Some(now().plus_seconds(1)));
    }
    assert!(draft.status(day(1)).is_in_force());
    // Rejected the day before: signing counts, known receipt or not.
    let mut draft = Draft::signed_by_all();
    draft.happens("politie", day(-1), EventKind::Reject);
    assert!(draft.status(day(1)).is_in_force());
    // Dated a day ahead, and received before the rejection: the rejection is the later one.
    let mut ahead = Draft::new();
    for (name, _) in PARTIES {
        ahead.sign(name, Some(day(-2)));
    }
    ahead.happens("politie", day(-1), EventKind::Reject);
    assert!(!ahead.status(now()).is_in_force());
    // Rejected after signing.
    draft.happens("politie", day(1), EventKind::Reject);
    assert_eq!(
        draft.says(day(1)),
        "versie 4: afgewezen door politie (3 van 4 getekend)"
    );
}

/// What a status calls rejected decides nothing either.
#[test]
fn a_rejected_version_answers_nobody() {
    let source = with_keys(TEMPLATE);
    let proposal = propose(source.as_bytes(), &pins(), None).unwrap();
    let all = envelopes(proposal.covenant());
    let active = proposal.activate(&all, now()).unwrap();
    let mut standing = Standing::new(active.covenant());
    for (name, _) in PARTIES {
        standing.confirm(&party(name), now());
    }
    let asks = |standing: &Standing| {
        let asker = asker("corporatie.huismeester");
        may_ask(&active, standing, &asker, now()).map_or_else(|r| Some(r.code), |_| None)
    };
    assert_eq!(asks(&standing), None);
    let kind = EventKind::Reject;
    let event = Event::new(
        active.covenant(),
        party("politie"),
        KeyRole::Signer,
        now(),
        kind,
    );
    let event = sign_event(&event, &seed("POLITIE-PF"));
    let event = proposal.verify_event(&event, now()).unwrap();
    standing.apply(&event, now());
    assert_eq!(asks(&standing), Some(RefusalCode::CovenantNotActive));
    for envelope in &all {
        let statement = proposal.verify_envelope(envelope, now()).unwrap();
        standing.sign(&statement, Some(now().plus_seconds(60)));
    }
    assert_eq!(asks(&standing), None);
}

#[test]
fn a_suspension_says_who_and_what_it_takes() {
    let mut draft = Draft::signed_by_all();
    let whole = EventKind::Suspend(Scope::Whole);
    let event = draft.happens("gemeente", day(1), whole);
    let since = "versie 4: opgeschort door gemeente sinds 24 november 2026 12:00 UTC; vervalt op \
                 24 december 2026; hervatten: ";
    assert_eq!(draft.says(day(2)), format!("{since}gemeente en een ander"));
    assert!(!draft.status(day(2)).is_in_force());
    let before = draft.standing.clone();
    draft.happens("zorg", day(2), EventKind::Resume(event.id()));
    assert_eq!(draft.says(day(2)), format!("{since}nog gemeente"));
    draft.standing = before;
    draft.happens("gemeente", day(2), EventKind::Resume(event.id()));
    assert_eq!(draft.says(day(2)), format!("{since}nog een ander"));
    assert_eq!(
        draft.says_in_english(day(2)),
        "version 4: suspended by gemeente since 24 November 2026 12:00 UTC; lapses on 24 December \
         2026; to resume: one other party still"
    );
    assert_eq!(
        draft.says(day(40)),
        "versie 4: vervallen op 24 december 2026, na 30 dagen opschorting"
    );
    draft.happens("politie", day(3), EventKind::Resume(event.id()));
    assert_eq!(
        draft.says(day(40)),
        "versie 4: van kracht tot 1 november 2027"
    );
}

#[test]
fn a_part_that_is_suspended_leaves_the_rest_in_force() {
    let mut draft = Draft::signed_by_all();
    let clause = Scope::Clause(ClauseNo::parse("3.1").unwrap());
    draft.happens("zorg", day(1), EventKind::Suspend(clause));
    assert_eq!(
        draft.says(day(2)),
        "versie 4: van kracht tot 1 november 2027; regel 3.1 opgeschort door zorg sinds 24 \
         november 2026 12:00 UTC; hervatten: zorg en een ander"
    );
    assert!(draft.status(day(2)).is_in_force());
    assert_eq!(draft.status(day(2)).suspensions().len(), 1);
    let to = Scope::Recipient(PartyId::parse("corporatie").unwrap());
    draft.happens("politie", day(2), EventKind::Suspend(to));
    assert!(draft.says(day(2)).ends_with(
        "ontvanger corporatie opgeschort door politie sinds 25 november 2026 12:00 UTC; \
         hervatten: zorg en een ander, politie en een ander"
    ));
}

#[test]
fn what_is_over_is_over() {
    let mut draft = Draft::signed_by_all();
    let replaced = Status::of(&draft.proposal, &draft.standing, Some(5), now());
    assert_eq!(
        replaced.sentence(Lang::Nl),
        "versie 4: vervangen door versie 5"
    );
    assert!(!replaced.is_in_force());
    let older = Status::of(&draft.proposal, &draft.standing, Some(3), now());
    assert!(older.is_in_force(), "an older version replaces nothing");
    let withdrawal = draft.event("zorg", day(3), EventKind::Withdraw);
    let signatures: Vec<_> = draft.all.iter().map(|s| (s, None)).collect();
    let asked = |at| {
        let (covenant, events) = (draft.proposal.covenant(), [(&withdrawal, day(3))]);
        let standing = Standing::fold_until(covenant, signatures.clone(), events, at);
        Status::of(&draft.proposal, &standing, None, at)
    };
    assert!(asked(day(2)).is_in_force(), "looking back");
    assert_eq!(
        asked(day(-1)).state(),
        &State::Proposed,
        "nobody had signed"
    );
    assert_eq!(
        asked(day(3)).sentence(Lang::Nl),
        "versie 4: ingetrokken door zorg op 26 november 2026"
    );
    draft.standing.apply(&withdrawal, day(3));
    // Withdrawing comes before everything, and nobody takes it back.
    for (name, _) in PARTIES {
        draft.sign(name, Some(day(9)));
    }
    assert!(draft.says(day(400)).contains("ingetrokken door zorg"));
}

/// One of another version says nothing about this one.
#[test]
fn a_standing_of_another_version_counts_for_nothing() {
    let draft = Draft::signed_by_all();
    let other = propose(with_keys(TEMPLATE).as_bytes(), &pins(), None).unwrap();
    let status = Status::of(&other, &draft.standing, None, now());
    assert_eq!(status.state(), &State::Proposed);
    assert!(
        status
            .parties()
            .values()
            .all(|word| *word == PartyWord::Waiting)
    );
}

/// Every reason is told in both languages, with what it names.
#[test]
fn a_refusal_is_told_in_both_languages() {
    use crate::signoff::SignoffError;
    let told = [
        SignoffError::NotPinned(party("zorg")),
        SignoffError::FieldDiffers {
            party: party("zorg"),
            field: "version",
        },
        SignoffError::NotClean {
            codes: "zorg".to_owned(),
        },
    ];
    for why in told {
        for lang in [Lang::Nl, Lang::En] {
            let text = why.sentence(lang);
            assert!(text.contains("zorg") && !text.contains("{}"), "{text}");
        }
        assert_ne!(why.sentence(Lang::Nl), why.sentence(Lang::En));
    }
    assert!(!SignoffError::Fork.sentence(Lang::Nl).contains("{}"));
    let unknown = SignoffError::UnknownScope("clause").sentence(Lang::Nl);
    assert!(unknown.contains("regel"), "{unknown}");
}
