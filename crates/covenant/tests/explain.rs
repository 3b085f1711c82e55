//! One question to a covenant: the same answer as a decision, with every demand beside its fact.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::explain::{Explained, FACTS, Inquiry, UnknownWord, Words, explain, text};
use covenant::{Checking, Covenant, Lang, check_as};

fn covenant(name: &str) -> Covenant {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../policies/{name}.toml"));
    let source = std::fs::read_to_string(path).unwrap();
    check_as(&source, Checking::Template, None)
        .covenant
        .unwrap()
}

fn asked(covenant: &Covenant, cell: [&str; 5], facts: &[&str]) -> Result<Explained, UnknownWord> {
    let [role, purpose, source, signal, shows] = cell;
    let facts: Vec<String> = facts.iter().map(ToString::to_string).collect();
    let words = Words {
        role,
        purpose,
        source,
        signal,
        shows,
        facts: &facts,
    };
    Ok(explain(covenant, &Inquiry::parse(covenant, &words)?))
}

const CATEGORY: [&str; 5] = [
    "gemeente.regisseur",
    "woonoverlast",
    "corporatie",
    "overlast",
    "categorie",
];

#[test]
fn what_is_allowed_comes_with_everything_that_belongs_to_it() {
    let covenant = covenant("woonoverlast");
    let yes = asked(&covenant, CATEGORY, &["treffers=1", "beoordeling=vooraf"]).unwrap();
    assert_eq!((yes.decision, yes.because), ("reveal", None));
    assert_eq!(yes.clause.as_ref().unwrap().number, "4.1");
    let basis = yes.basis.as_ref().unwrap();
    assert_eq!(basis.provide.article, "AVG 6.1.f");
    assert_eq!(basis.receive.law.as_deref(), Some("Gemeentewet 151d"));
    assert_eq!(basis.provide_exceptions, ["UAVG 33.2.b"]);
    assert!(yes.demands.iter().all(|d| d.met), "{:?}", yes.demands);
    assert_eq!(yes.duties.len(), 6);
    assert_eq!(yes.promises.len(), 5);
    let dutch = text(&covenant, &yes, Lang::Nl);
    for part in [
        "Antwoord: ja. Regel 4.1 staat dit toe",
        "Woningcorporatie De Linde geeft dit: AVG 6.1.f, uitzondering UAVG 33.2.b",
        "klopt: voorwaarde.treffers (gevraagd 1, hier 1)",
        "De ontvanger bewaart het hooguit 3 maanden.",
    ] {
        assert!(dutch.contains(part), "{part}\n{dutch}");
    }
    let english = text(&covenant, &yes, Lang::En);
    assert!(
        english.contains("Answer: yes. Clause 4.1 allows it"),
        "{english}"
    );
}

#[test]
fn what_is_not_met_is_shown_with_its_fact() {
    let covenant = covenant("woonoverlast");
    let no = asked(&covenant, CATEGORY, &["treffers=0", "minderjarige=ja"]).unwrap();
    assert_eq!((no.decision, no.because), ("withhold", Some("demands")));
    let unmet: Vec<(&str, &str, &str)> = no
        .demands
        .iter()
        .filter(|d| !d.met)
        .map(|d| (d.code, d.asked.as_str(), d.fact.as_str()))
        .collect();
    assert_eq!(
        unmet,
        [
            ("voorwaarde.treffers", "1", "0"),
            ("voorwaarde.niet_over minderjarige", "nee", "ja")
        ]
    );
    assert!(no.unused.is_empty());
    let more = asked(&covenant, CATEGORY, &["dossier=nee", "treffers=1"]).unwrap();
    assert_eq!((more.decision, more.unused), ("reveal", vec!["dossier"]));
    let dutch = text(&covenant, &no, Lang::Nl);
    assert!(
        dutch.contains("KLOPT NIET: voorwaarde.treffers (gevraagd 1, hier 0)"),
        "{dutch}"
    );
}

#[test]
fn a_prohibition_says_which_and_what_it_closes() {
    let covenant = covenant("woonoverlast");
    let cell = [
        "corporatie.leefbaarheid",
        "woonoverlast",
        "politie",
        "intimidatie",
        "treffer",
    ];
    let no = asked(&covenant, cell, &[]).unwrap();
    assert_eq!(no.because, Some("prohibited"));
    assert_eq!(no.prohibition.as_ref().unwrap().number, "4.9");
    assert_eq!(no.clause.as_ref().unwrap().number, "4.3");
    let dutch = text(&covenant, &no, Lang::Nl);
    assert!(dutch.contains("Verbod 4.9 sluit dit af"), "{dutch}");
    assert!(dutch.contains("Zonder dat verbod zou regel 4.3"), "{dutch}");
}

#[test]
fn what_is_not_named_shows_what_comes_nearest() {
    let covenant = covenant("woonoverlast");
    let cell = [
        "gemeente.regisseur",
        "woonoverlast",
        "politie",
        "intimidatie",
        "categorie",
    ];
    let no = asked(&covenant, cell, &[]).unwrap();
    assert_eq!(no.because, Some("not-named"));
    let nearest = no.nearest.as_ref().unwrap();
    assert_eq!(nearest.differs.len(), 1);
    let dutch = text(&covenant, &no, Lang::Nl);
    assert!(dutch.contains("Antwoord: nee, niet genoemd."), "{dutch}");
    assert!(dutch.contains("in uw vraag"), "{dutch}");
}

/// Every example of every model comes out here as it does when a covenant is checked.
#[test]
fn examples_come_out_as_they_are_signed() {
    let mut tried = 0;
    for name in ["hotspots", "veilig-op-bezoek", "woonoverlast"] {
        let covenant = covenant(name);
        let results = covenant::decide::examples::run(&covenant);
        for (example, result) in covenant.examples().iter().zip(results) {
            let inquiry = Inquiry {
                question: example.question.clone(),
                facts: example.facts.clone(),
            };
            let explained = explain(&covenant, &inquiry);
            let revealed = explained.decision == "reveal";
            assert_eq!(revealed, result.unmet.is_empty(), "{}", example.name);
            let unmet = explained.demands.iter().filter(|d| !d.met).count();
            assert_eq!(
                unmet > 0,
                explained.because == Some("demands"),
                "{}",
                example.name
            );
            assert!(!text(&covenant, &explained, Lang::En).is_empty());
            tried += 1;
        }
    }
    assert!(tried >= 20, "{tried}");
}

#[test]
fn an_unknown_word_brings_the_one_that_was_meant() {
    let covenant = covenant("woonoverlast");
    let mut cell = CATEGORY;
    cell[3] = "overlats";
    let unknown = asked(&covenant, cell, &[]).unwrap_err();
    assert_eq!(unknown.help_nl, "Bedoelde u `overlast`?");
    assert_eq!(unknown.help_en, "Did you mean `overlast`?");
    let fact = asked(&covenant, CATEGORY, &["trefers=1"]).unwrap_err();
    assert_eq!(fact.help_nl, "Bedoelde u `treffers`?");
    for bad in [
        "treffers",
        "treffers=veel",
        "dossier=misschien",
        "beoordeling=vooraff",
        "binnen=2 eeuwen",
    ] {
        assert!(asked(&covenant, CATEGORY, &[bad]).is_err(), "{bad}");
    }
    assert!(asked(&covenant, CATEGORY, &["treffers=1", "treffers=2"]).is_err());
}

/// Every fact of the list can be told.
#[test]
fn every_fact_is_read() {
    let covenant = covenant("woonoverlast");
    for fact in FACTS {
        let values = ["1", "ja", "vooraf", "hoog", "2 weken"];
        let read = values
            .iter()
            .filter(|value| asked(&covenant, CATEGORY, &[&format!("{fact}={value}")]).is_ok())
            .count();
        assert_eq!(read, 1, "{fact}");
    }
}

#[test]
fn whoever_asks_for_its_own_signals_is_told_so() {
    let covenant = covenant("hotspots");
    // The clause names the police both as a source and as a recipient.
    let cell = |role, source| [role, "hotspots", source, "overlast", "aantal"];
    let own = asked(&covenant, cell("politie.analist", "politie"), &[]).unwrap();
    assert_eq!(own.because, Some("not-named"));
    let dutch = text(&covenant, &own, Lang::Nl);
    let answer = "Antwoord: nee. Een partij hoort nooit haar eigen signalen terug.";
    assert!(
        dutch.contains(answer) && !dutch.contains("Het meest gelijk"),
        "{dutch}"
    );
    let other = asked(&covenant, cell("politie.analist", "gemeente"), &[]).unwrap();
    assert_eq!(other.decision, "reveal");
    // What is beside a demand and was not told is not what is the case somewhere.
    let dutch = text(&covenant, &other, Lang::Nl);
    assert!(dutch.contains("Wat u niet noemt met --fact"), "{dutch}");
}
