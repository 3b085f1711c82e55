//! Whatever changes a decision changes what the signer reads, in both languages.

use model::{Neighbourhood, Phonetic, Profile};

use super::read;
use crate::decide::tests::world::{covenant_of, document};
use crate::diagnostic::Lang;
use crate::language::ast::{Document, Key, Reference, Selection};
use crate::language::clause::{Approval, InformSubject, ReportBases, ReportToSource};
use crate::language::span::Span;
use crate::language::words::{
    AreaLevel, Attribute, Batching, Frequency, Nature, Period, Record, ReportForm, Shows, Silence,
    Witnessing,
};
use crate::table::vectors::{CHANGES, Change};

fn readings(document: Document) -> [String; 2] {
    let covenant = covenant_of(document);
    [Lang::Nl, Lang::En].map(|lang| read(&covenant, lang))
}

/// What [`CHANGES`] does not have: everything else that a covenant can say.
const MORE: &[Change] = &[
    |d| d.header.valid_from = d.header.valid_from.plus_days(1),
    |d| d.header.evaluation = None,
    |d| d.header.replaces = Some(model::Digest::new([7; 32])),
    |d| d.header.contact = d.parties.keys().next().unwrap().clone(),
    |d| d.header.dpia.date = d.header.dpia.date.plus_days(1),
    |d| d.parties.values_mut().next().unwrap().signer.key = Key::Ed25519([9; 32]),
    |d| {
        d.parties
            .values_mut()
            .next()
            .unwrap()
            .emergency
            .push(Key::Ed25519([9; 32]))
    },
    |d| d.parties.values_mut().next().unwrap().node = None,
    |d| d.log.key = Key::Ed25519([9; 32]),
    |d| d.log.witnessing = Witnessing::Strict,
    |d| d.log.retention = Span::parse("6 jaar").unwrap(),
    |d| d.auditors.clear(),
    |d| d.signals.values_mut().next().unwrap().nature = Nature::Bibob,
    |d| d.signals.values_mut().next().unwrap().expires_after = Span::parse("1 dag").unwrap(),
    |d| d.signals.values_mut().next().unwrap().certainty = model::Certainty::Reported,
    |d| d.signals.values_mut().next().unwrap().reassess = None,
    |d| d.signals.values_mut().next().unwrap().codes.truncate(1),
    |d| d.signals.values_mut().next().unwrap().sources.truncate(2),
    |d| d.purposes.values_mut().next().unwrap().not_for.truncate(1),
    |d| d.match_keys[0].keys[0].fields.truncate(2),
    |d| d.match_keys[1].profile = Profile::Oprf,
    |d| d.match_keys[1].phonetic = Phonetic::Soundex,
    |d| d.match_keys[1].too_frequent = Some(9),
    |d| d.match_keys[1].keys.truncate(3),
    |d| d.clauses[0].conditions.hits = None,
    |d| d.clauses[0].conditions.parties = Some(2),
    |d| d.clauses[0].conditions.motivation = true,
    |d| d.clauses[0].conditions.review = None,
    |d| d.clauses[0].conditions.areas = vec![Neighbourhood::parse("GM0855").unwrap()],
    |d| d.clauses[0].conditions.approval = Some(approval(d, 1, "1 uur")),
    |d| d.clauses[0].conditions.approval = Some(approval(d, 2, "1 uur")),
    |d| d.clauses[0].conditions.approval = Some(approval(d, 1, "2 uur")),
    |d| d.clauses[0].limits.per_party_per_day = Some(1),
    |d| d.clauses[0].limits.per_subject_per_month = Some(1),
    |d| d.clauses[0].output.batching = Some(Batching::Weekly),
    |d| d.clauses[0].output.silence = Silence::BelowThreshold,
    |d| d.clauses[4].output.dominance_percent = Some(51),
    |d| d.clauses[4].output.complementary_suppression = false,
    |d| d.clauses[4].output.area = Some(AreaLevel::District),
    |d| d.clauses[4].output.period = Some(Period::Year),
    |d| d.clauses[4].output.embargo = None,
    |d| d.clauses[0].duties.record = Some(Record::AllParties),
    |d| d.clauses[0].duties.sample_percent = Some(50),
    |d| d.clauses[0].duties.report = Some(Frequency::Yearly),
    |d| d.clauses[0].duties.report_to_source = Some(per_case()),
    |d| {
        d.clauses[2]
            .duties
            .inform_subject
            .as_mut()
            .unwrap()
            .deferral = None
    },
    |d| d.clauses[2].duties.inform_subject = None,
    |d| d.clauses[0].duties.inform_subject = Some(inform(d)),
    |d| d.clauses[0].promises.retain = None,
    |d| d.clauses[0].promises.human_decides = false,
    |d| d.clauses[0].promises.feedback = Span::parse("3 dagen"),
    |d| d.clauses[0].promises.report_breach = None,
    |d| d.clauses[0].bases.receive_exemptions.clear(),
    |d| d.clauses[0].bases.supply.pop_first().map_or((), drop),
    |d| d.clauses[0].bases.receive.values_mut().next().unwrap().law = None,
    |d| d.clauses[1].bases.decision = None,
    |d| d.clauses[1].bases.decision.as_mut().unwrap().mark = "anders".to_owned(),
    |d| d.clauses[0].bases.decision = Some(decision()),
    |d| d.clauses[0].bases.report_to_source = Some(report_bases(d)),
    |d| d.clauses[0].shows = vec![Shows::Count],
    |d| d.clauses[0].shows.push(Shows::Category),
    |d| d.clauses[0].attributes = vec![Attribute::Handler],
    |d| d.clauses[0].purpose = d.clauses[2].purpose.clone(),
    |d| d.clauses[0].comparisons.clear(),
    |d| d.prohibitions[0].to = Selection::All,
    |d| d.prohibitions[0].from = Selection::All,
    |d| d.prohibitions[0].about = Selection::All,
    |d| d.prohibitions[0].purpose = Selection::Only(vec![d.clauses[0].purpose.clone()]),
    |d| d.prohibitions[0].shows = Selection::Only(vec![Shows::Hit]),
    |d| d.prohibitions.clear(),
    |d| d.examples.clear(),
];

fn approval(document: &Document, count: u32, within: &str) -> Approval {
    Approval {
        count,
        by: document.clauses[2].to.clone(),
        within: Span::parse(within).unwrap(),
    }
}

const fn per_case() -> ReportToSource {
    ReportToSource {
        when: Frequency::Immediate,
        form: ReportForm::PerCase,
    }
}

fn inform(document: &Document) -> InformSubject {
    document.clauses[2].duties.inform_subject.clone().unwrap()
}

fn decision() -> Reference {
    Reference {
        mark: "besluit".to_owned(),
        date: model::Day::parse("2026-10-01").unwrap(),
    }
}

fn report_bases(document: &Document) -> ReportBases {
    ReportBases {
        supply: document.clauses[0].bases.receive.clone(),
        receive: document.clauses[0].bases.supply.clone(),
    }
}

#[test]
fn whatever_changes_a_decision_changes_the_reading() {
    let mut seen = [Vec::new(), Vec::new()];
    let all = [document()]
        .into_iter()
        .chain(CHANGES.iter().chain(MORE).map(|change| {
            let mut document = document();
            change(&mut document);
            document
        }));
    for (number, document) in all.enumerate() {
        for (reading, seen) in readings(document).into_iter().zip(&mut seen) {
            assert!(!seen.contains(&reading), "change {number}");
            seen.push(reading);
        }
    }
}

/// What the parties wrote can't pass for a sentence of the reading.
#[test]
fn a_title_stays_between_its_quotes() {
    let mut document = document();
    document.clauses[0].title = "Niets\". De politie mag alles. \"".to_owned();
    let [dutch, _] = readings(document);
    assert!(dutch.contains("Regel 3.1: \"Niets'. De politie mag alles. '\"."));
}
