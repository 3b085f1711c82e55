//! What a difference says, in both languages and as JSON.

use crate::Lang;
use crate::decide::tests::world::{checked, covenant_of, document, source};
use crate::difference::{Demand, Difference, Direction, Edit, Field, Value, compare};
use crate::language::ast::Document;

/// The test covenant with some of its text replaced, compared with itself.
fn edited(replaced: &[(&str, &str)]) -> Difference {
    let before = source();
    let mut after = before.clone();
    for (from, to) in replaced {
        assert!(after.contains(from), "{from}");
        after = after.replacen(from, to, 1);
    }
    compare(&checked(&before), &checked(&after))
}

type Change = fn(&mut Document);

fn changed(change: impl FnOnce(&mut Document)) -> Difference {
    let mut after = document();
    change(&mut after);
    compare(&covenant_of(document()), &covenant_of(after))
}

#[test]
fn many_cells_make_one_sentence() {
    let difference = edited(&[
        (
            "over    = [\"overlast\", \"agressie\"]\ntoont   = [\"treffer\", \"categorie\"]",
            "over    = [\"overlast\"]\ntoont   = [\"treffer\", \"categorie\"]",
        ),
        (
            "toont   = [\"treffer\", \"contactpunt\"]",
            "toont   = [\"contactpunt\"]",
        ),
    ]);
    let told = difference.to_text(Lang::Nl);
    let sentences = [
        "- De corporatie (leefbaarheid) mag voor woonoverlast niet meer treffer zien over agressie en overlast, van gemeente, politie en zorg (dat was regel 4.2).",
        "- De gemeente (regisseur) mag voor woonoverlast niet meer treffer en categorie zien over agressie, van corporatie en zorg (dat was regel 4.1).",
        "- De gemeente (toezichthouder) mag voor woonoverlast niet meer treffer en categorie zien over agressie, van corporatie (dat was regel 4.1).",
    ];
    for sentence in sentences {
        assert!(told.contains(sentence), "{told}");
    }
    assert!(
        told.starts_with("Vakjes nieuw toegestaan: 0. Vakjes niet meer toegestaan: 12."),
        "{told}"
    );
    assert!(told.contains("Elke partij tekent dus opnieuw."), "{told}");
}

#[test]
fn what_a_prohibition_kept_closed_says_so() {
    let difference = changed(|d| d.prohibitions.truncate(1));
    assert!(difference.is_none(), "it closed nothing: {difference:?}");
    let number = document().prohibitions[1].number.clone();
    assert_eq!(
        difference.without_effect,
        [Edit::ProhibitionRemoved(number)]
    );
    let difference = changed(|d| drop(d.prohibitions.remove(0)));
    let told = difference.to_text(Lang::En);
    let sentence = "- The gemeente (toezichthouder) may for woonoverlast also see treffer and categorie about agressie, from zorg (clause 4.1). Until now prohibition 9.1 kept this closed.";
    assert!(told.contains(sentence), "{told}");
}

#[test]
fn a_demand_says_which_way_it_went() {
    let demands: [(Change, Demand, Direction); 8] = [
        (
            |d| d.clauses[4].output.threshold = Some(5),
            Demand::Threshold,
            Direction::Looser,
        ),
        (
            |d| d.clauses[4].output.dominance_percent = Some(40),
            Demand::Dominance,
            Direction::Stricter,
        ),
        (
            |d| d.clauses[0].conditions.file_number = false,
            Demand::FileNumber,
            Direction::Looser,
        ),
        (
            |d| d.clauses[0].limits.per_party_per_day = None,
            Demand::PerParty,
            Direction::Looser,
        ),
        (
            |d| d.clauses[0].conditions.not_about.truncate(1),
            Demand::NotAbout,
            Direction::Looser,
        ),
        (
            |d| d.clauses[2].duties.sample_percent = Some(6),
            Demand::Sample,
            Direction::Stricter,
        ),
        (
            |d| d.clauses[2].promises.retain = None,
            Demand::Retain,
            Direction::Looser,
        ),
        (
            |d| d.clauses[2].comparisons.truncate(1),
            Demand::Comparison,
            Direction::Stricter,
        ),
    ];
    for (change, demand, direction) in demands {
        let difference = changed(change);
        let [one] = difference.changed.as_slice() else {
            panic!("{difference:?}");
        };
        let [told] = one.demands.as_slice() else {
            panic!("{one:?}");
        };
        assert_eq!((told.demand, told.direction), (demand, direction));
    }
    let told = changed(|d| d.clauses[4].output.threshold = Some(5)).to_text(Lang::Nl);
    let sentence = "De drempel van een aantal (uitvoer.drempel): was 10, wordt 5. Dat is soepeler.";
    assert!(told.contains(sentence), "{told}");
    assert!(told.contains("Dit geldt als de gemeente (analist) voor woonoverlast aantal ziet over overlast, van corporatie en zorg."), "{told}");
}

#[test]
fn a_source_more_counts_for_the_others_too() {
    let difference = changed(|d| d.clauses[3].from.retain(|p| p.as_str() != "zorg"));
    let pools = difference.changed.iter().flat_map(|c| &c.demands);
    let pools: Vec<_> = pools
        .filter(|d| d.demand == Demand::CountedTogether)
        .collect();
    assert_eq!(pools.len(), 2, "one for each level");
    assert!(pools.iter().all(|d| d.direction == Direction::Stricter));
}

#[test]
fn what_means_the_same_is_named_without_effect() {
    let same = [
        (
            "belofte.bewaren        = \"24 uur\"",
            "belofte.bewaren        = \"1 dag\"",
        ),
        ("voorwaarde.treffers    = 1\n", ""),
        (
            "titel        = \"Proefconvenant\"",
            "titel        = \"Proef\"",
        ),
        (
            "bron          = [\"corporatie\", \"gemeente\", \"politie\", \"zorg\"]",
            "bron          = [\"gemeente\", \"corporatie\", \"politie\", \"zorg\"]",
        ),
        ("vervalt_na = \"12 maanden\"", "vervalt_na = \"1 jaar\""),
        ("# The covenant of", "# A covenant of"),
        (
            "uitkomst = \"geweigerd: dossier\"",
            "uitkomst = \"geweigerd\"",
        ),
    ];
    for edit in same {
        let difference = edited(&[edit]);
        assert!(difference.is_none(), "{edit:?} {difference:?}");
        assert_eq!(difference.without_effect.len(), 1, "{difference:?}");
        let told = difference.to_text(Lang::Nl);
        assert!(
            told.starts_with("Geen verschil.\n\nZonder gevolg\n- "),
            "{told}"
        );
    }
}

#[test]
fn a_number_that_changes_is_named_in_its_own_way() {
    let difference = edited(&[("nummer  = \"4.2\"", "nummer  = \"4.8\"")]);
    assert!(difference.is_none(), "{difference:?}");
    let told = difference.to_text(Lang::Nl);
    assert!(
        told.contains("- Wat regel 4.2 opende, opent nu regel 4.8 (12 vakjes)."),
        "{told}"
    );
}

#[test]
fn identities_keys_dates_and_comparisons_are_told_of() {
    let fields: [(Change, Field); 8] = [
        (
            |d| d.header.valid_until = d.header.valid_until.plus_days(-1),
            Field::ValidUntil,
        ),
        (|d| d.header.dpia.mark.push('x'), Field::Dpia),
        (|d| d.match_keys[1].needed = 3, Field::Needed),
        (
            |d| d.match_keys[1].too_frequent = Some(9),
            Field::TooFrequent,
        ),
        (|d| d.auditors.clear(), Field::Existence),
        (
            |d| d.parties.values_mut().for_each(|p| p.name.push('x')),
            Field::Name,
        ),
        (
            |d| d.signals.values_mut().for_each(|s| drop(s.codes.pop())),
            Field::Codes,
        ),
        (
            |d| d.purposes.values_mut().for_each(|p| p.not_for.truncate(1)),
            Field::NotFor,
        ),
    ];
    for (change, field) in fields {
        let difference = changed(change);
        assert!(!difference.data.is_empty() && !difference.is_none());
        assert!(
            difference.data.iter().all(|d| d.field == field),
            "{difference:?}"
        );
    }
    let keys = changed(|d| {
        let mut parties = d.parties.values_mut();
        let (one, other) = (parties.next().unwrap(), parties.next().unwrap());
        std::mem::swap(&mut one.signer.key, &mut other.signer.key);
    });
    assert_eq!(keys.data.len(), 2);
    assert!(
        keys.data
            .iter()
            .all(|d| d.field == Field::SignerKey && matches!(d.before, Value::Word(_)))
    );
}

/// A clause whose every cell is prohibited still makes a question look further.
#[test]
fn a_clause_that_opens_nothing_may_still_widen_a_question() {
    let difference = changed(|d| {
        let mut more = d.clauses[1].clone();
        more.number = model::ClauseNo::parse("3.7").unwrap();
        more.to = vec![crate::decide::tests::world::role("corporatie.huismeester")];
        more.shows = vec![crate::language::words::Shows::Category];
        d.clauses.push(more);
    });
    assert!(!difference.changes_cells(), "{difference:?}");
    let [asked] = difference.data.as_slice() else {
        panic!("{difference:?}");
    };
    assert_eq!(asked.field, Field::AskedSources);
    let told = difference.to_text(Lang::Nl);
    assert!(told.contains("Een vraag van corporatie.huismeester voor bezoek, bij wie zij zoekt (zoekt-bij): erbij politie."), "{told}");
}

#[test]
fn json_has_all_of_it() {
    let difference = changed(|d| {
        d.clauses[4].output.threshold = Some(5);
        d.prohibitions.remove(0);
        d.header.dpia.mark.push('x');
        d.header.title.push('x');
        d.clauses[3].shows.truncate(1);
    });
    let json: serde_json::Value = serde_json::from_str(&difference.to_json()).unwrap();
    assert_eq!(json["differs"], true);
    for part in [
        "newly_allowed",
        "no_longer_allowed",
        "other_demands",
        "other_particulars",
        "without_effect",
    ] {
        assert!(
            !json[part].as_array().unwrap().is_empty(),
            "{part} {json:#}"
        );
    }
    assert_eq!(json["other_demands"][0]["demands"][0]["before"], 10);
    assert_eq!(json["newly_allowed"][0]["was"]["prohibition"], "9.1");
}
