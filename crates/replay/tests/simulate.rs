//! What a draft would have decided is held against what it does decide of the same signals: where
//! the simulation tells, it must be right.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "each test crate uses a part of it")]
mod past;

use std::collections::BTreeMap;

use covenant::decide::{Explanation, Past, Then, Unclear, Would, answer, decide_match, may_ask};
use covenant::{Covenant, Lang};
use ledger::{Decided, Kind, Outcome};
use past::about;
use past::log::Log;
use past::world::{Random, World, by_digest, now};
use replay::outcome::outcome;
use replay::simulate::{Change, Simulated, Simulation, Why};
use replay::then::then;

fn then_of(covenant: &Covenant, kind: Kind, said: &Explanation) -> Then {
    let outcome: Outcome = outcome(covenant, &about(kind, "t", Decided::Withheld), said);
    then(&outcome).unwrap().unwrap()
}

/// What can be compared of a decision: the numbers in `of_cell` and `counted` may be known less well
/// than the decision that follows from them.
fn gist(said: &Explanation) -> (Option<String>, Vec<String>, Vec<&'static str>, String) {
    let roles = said.cell.roles.clone();
    let reasons = format!("{:?}", said.reasons);
    (said.clause.clone(), roles, said.cell.shows.clone(), reasons)
}

#[derive(Default)]
struct Seen {
    told: usize,
    otherwise: usize,
    unclear: BTreeMap<String, usize>,
}

impl Seen {
    fn unclear(&mut self, why: &Unclear) {
        let word = match why {
            Unclear::Recorded => panic!("all is recorded"),
            Unclear::Nothing { .. } => "nothing",
            Unclear::Counts { word, .. } => word,
        };
        *self.unclear.entry(word.to_owned()).or_default() += 1;
    }
}

fn match_both(old: &World, new: &World, random: &mut Random, seen: &mut Seen) {
    let trigger = random.signal();
    let found = random.found(Some(trigger));
    let (was, is) = (old.same_standing(random), new.same_standing(random));
    let after = decide_match(&new.active, &is, &found, now());
    let (past, draft) = (old.past(), Past::of_draft(new.active.covenant()).unwrap());
    for pair in decide_match(&old.active, &was, &found, now()) {
        let before = pair.decision.explanation();
        let then = then_of(old.active.covenant(), Kind::MatchDecided, &before);
        let decided = match draft.would_decide(&past, &then) {
            Ok(Would::Match(decided)) => decided,
            Ok(other) => panic!("{other:?}"),
            Err(why) => {
                seen.unclear(&why);
                continue;
            }
        };
        for one in decided {
            let said = &one.explanation;
            // Of the draft's decisions for these roles there is one that says the same.
            let same = after.iter().any(|real| {
                let explained = real.decision.explanation();
                let (clause, roles, shows, reasons) = gist(&explained);
                let (own_clause, own_roles, own_shows, own_reasons) = gist(said);
                real.recipient == pair.recipient
                    && real.source == pair.source
                    && real.decision.is_reveal() == one.reveals
                    && (clause, shows, reasons) == (own_clause, own_shows, own_reasons)
                    && own_roles.iter().all(|role| roles.contains(role))
            });
            assert!(same, "{said:#?}");
            seen.told += 1;
            seen.otherwise += usize::from(pair.decision.is_reveal() != one.reveals);
        }
    }
}

fn ask_both(old: &World, new: &World, random: &mut Random, seen: &mut Seen) {
    let asker = random.asker(&old.active);
    let found = random.found(None);
    let (was, is) = (old.same_standing(random), new.same_standing(random));
    let Ok(question) = may_ask(&old.active, &was, &asker, now()) else {
        return;
    };
    let after = may_ask(&new.active, &is, &asker, now())
        .map(|question| answer(&new.active, &is, question, &found, now()));
    let (past, draft) = (old.past(), Past::of_draft(new.active.covenant()).unwrap());
    for before in answer(&old.active, &was, question, &found, now()).decisions {
        let said = before.decision.explanation();
        let then = then_of(old.active.covenant(), Kind::CheckAnswered, &said);
        match (draft.would_decide(&past, &then), &after) {
            (Err(why), _) => seen.unclear(&why),
            (Ok(Would::Refused(refusal)), Err(real)) => {
                assert_eq!(
                    (refusal.code, refusal.unmet),
                    (real.code, real.unmet.clone())
                );
                seen.told += 1;
            }
            (Ok(Would::OutOfScope), Ok(real)) => {
                assert!(real.decisions.iter().all(|one| one.source != before.source));
                seen.told += 1;
            }
            (Ok(Would::Answer { decided, rank, .. }), Ok(real)) => {
                let one = real
                    .decisions
                    .iter()
                    .find(|one| one.source == before.source);
                let one = &one.unwrap().decision;
                let told = u32::from(real.advice.rank);
                assert_eq!(one.is_reveal(), rank > 0 && rank == told);
                if rank == 0 || rank == told {
                    assert_eq!(gist(&one.explanation()), gist(&decided.explanation));
                }
                seen.told += 1;
                let reveals = before.decision.is_reveal();
                seen.otherwise += usize::from(reveals != one.is_reveal());
            }
            (Ok(would), _) => panic!("{would:?}"),
        }
    }
}

#[test]
fn what_is_told_of_a_draft_is_what_it_decides() {
    let mut random = Random::new(11);
    let mut seen = Seen::default();
    for _ in 0..30 {
        let (old, new) = (World::random(&mut random), World::random(&mut random));
        for _ in 0..40 {
            match_both(&old, &new, &mut random, &mut seen);
            ask_both(&old, &new, &mut random, &mut seen);
        }
    }
    let Seen {
        told,
        otherwise,
        unclear,
    } = seen;
    assert!(
        told > 500 && otherwise > 40,
        "{told} told, {otherwise} otherwise"
    );
    for word in [
        "beoordeling",
        "binnen",
        "gebied",
        "niet_over",
        "vergelijking",
    ] {
        assert!(unclear.contains_key(word), "{word}: {unclear:?}");
    }
}

fn simulate(change: impl FnOnce(String) -> String) -> (Simulated, usize) {
    let mut random = Random::new(5);
    let old = World::of(|text| text);
    let mut log = Log::new();
    let decisions = past::log_of(&mut log, &mut random, &old, 200);
    let draft = World::of(change);
    let draft = Past::of_draft(draft.active.covenant()).unwrap();
    let olds = by_digest([&old]);
    let mut simulation = Simulation::new(&draft, &olds);
    log.each_seen(|seen| simulation.take(seen));
    (simulation.finish(), decisions)
}

fn changes(made: &Simulated) -> BTreeMap<(Change, Option<String>), usize> {
    let mut all = BTreeMap::new();
    for (row, places) in &made.rows {
        let name = (row.change, row.clause.clone());
        *all.entry(name).or_default() += places.len();
    }
    all
}

#[test]
fn the_same_covenant_changes_nothing() {
    let (made, decisions) = simulate(|text| text.replace("Proefconvenant", "Een andere titel"));
    assert_eq!(made.decisions, decisions as u64);
    assert_eq!((made.same, made.rows.len()), (made.decisions, 0));
    assert_eq!(made.untouched, ["5.1"], "scans are not logged here");
}

#[test]
fn a_lower_threshold_shows_more_and_says_for_whom() {
    let lower = |text: String| {
        text.replace(
            "voorwaarde.treffers    = 2\n",
            "voorwaarde.treffers    = 1\n",
        )
        .replace(
            "voorwaarde.partijen    = 2\n",
            "voorwaarde.partijen    = 1\n",
        )
    };
    let (made, _) = simulate(lower);
    let changes = changes(&made);
    let shown = changes.get(&(Change::NewlyRevealed, Some("4.2".to_owned())));
    assert!(shown.is_some_and(|count| *count > 3), "{changes:?}");
    let row = made
        .rows
        .keys()
        .find(|row| row.change == Change::NewlyRevealed);
    assert_eq!(row.unwrap().recipient, "corporatie");
    assert!(
        changes
            .keys()
            .all(|(change, _)| *change != Change::NoLongerRevealed)
    );
}

#[test]
fn what_the_log_does_not_tell_is_not_guessed() {
    let recent = |text: String| {
        text.replace(
            "voorwaarde.treffers    = 2\n",
            "voorwaarde.treffers    = 2\nvoorwaarde.binnen = \"1 week\"\n",
        )
    };
    let (made, _) = simulate(recent);
    let unclear = made
        .rows
        .iter()
        .find(|(row, _)| row.change == Change::Undetermined);
    let (row, places) = unclear.unwrap();
    assert_eq!(row.clause.as_deref(), Some("4.2"));
    let why = row.why.as_ref().unwrap();
    assert!(why.to_string().contains("`binnen`"), "{row:?}");
    let Why::Unclear(unclear) = why else {
        panic!("{row:?}")
    };
    assert!(unclear.sentence(Lang::Nl).contains("`binnen` is anders"));
    assert!(!places.is_empty());
    // Where nothing agreed there is nothing to be recent.
    assert!(
        made.rows
            .keys()
            .all(|row| row.change != Change::NewlyRevealed)
    );
}

#[test]
fn other_duties_and_a_clause_that_goes_are_told() {
    let other = |text: String| {
        text.replace(
            "plicht.steekproef      = 5\n",
            "plicht.steekproef      = 50\n",
        )
    };
    let (made, _) = simulate(other);
    let changes = changes(&made);
    let kinds: Vec<Change> = changes.keys().map(|(change, _)| *change).collect();
    assert_eq!(kinds, [Change::OtherDuties]);
    let closed = |text: String| {
        text.replace(
            "over   = [\"agressie\"]",
            "over   = [\"overlast\", \"agressie\"]",
        )
    };
    let (made, _) = simulate(closed);
    let gone = made
        .rows
        .keys()
        .filter(|row| row.change == Change::NoLongerRevealed);
    assert!(gone.clone().count() > 0, "{:?}", made.rows);
    assert!(gone.into_iter().all(|row| row.recipient == "gemeente"));
}
