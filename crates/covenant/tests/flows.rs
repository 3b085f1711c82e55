//! What reaches whom, taken together: in two steps, and from police to a housing corporation.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use covenant::check;

fn bad(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/bad");
    std::fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap()
}

fn changed(name: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(bad(name), |source, (from, to)| {
        assert!(source.contains(from), "{from}");
        source.replace(from, to)
    })
}

/// The codes, without the note that a clause has no example.
fn codes(source: &str) -> Vec<&'static str> {
    let found = check(source).diagnostics.into_iter().map(|d| d.code);
    found
        .filter(|code| *code != "regel-zonder-voorbeeld")
        .collect()
}

/// A clause by which the corporation hears from the police about drugs themselves.
fn direct(purpose: &str, trigger: &str, shows: &str) -> String {
    format!(
        r#"
[[regel]]
nummer       = "8.1"
titel        = "Rechtstreeks"
aan          = ["corporatie.huismeester"]
doel         = "{purpose}"
aanleiding   = ["{trigger}"]
vergelijking = ["adres"]
van          = ["politie"]
over         = ["drugs"]
{shows}
grondslag.verstrekken = {{ politie = "Wpg 20" }}
grondslag.besluit     = {{ kenmerk = "WPG20-2", datum = 2089-12-01 }}
grondslag.ontvangen   = {{ corporatie = {{ artikel = "AVG 6.1.c", wet = "Woningwet 45.2.f" }} }}
uitvoer.bij_niets     = "geen-uitspraak"
uitvoer.bij_weigering = "geen-uitspraak"
plicht.vastleggen     = "beide-partijen"
plicht.corrigeren     = true
belofte.niet_doorgeven = true
belofte.mens_beslist  = true
"#
    )
}

const ADVICE: &str = "toont = [\"handelingsadvies\"]\nadvies = \"overleg-eerst\"";
const COUNT: &str = "toont = [\"aantal\"]\nuitvoer.drempel = 10\nuitvoer.gebied = \"buurt\"";
const OTHER_PURPOSE: &str =
    "\n[doel.ander]\nuitleg = \"iets anders\"\nniet_voor = [\"opsporing\"]\n";

#[test]
fn only_a_flow_about_the_subject_for_the_purpose_is_direct() {
    let source = bad("twee-stappen");
    assert_eq!(codes(&source), ["twee-stappen"]);
    let with = |more: &str| codes(&format!("{source}{more}"));
    let open = with(&direct("bezoek", "bevraging", ADVICE));
    assert!(!open.contains(&"twee-stappen"), "{open:?}");
    assert_eq!(with(&direct("bezoek", "scan", COUNT)), ["twee-stappen"]);
    let other = format!("{OTHER_PURPOSE}{}", direct("ander", "bevraging", ADVICE));
    assert!(with(&other).contains(&"twee-stappen"), "{other}");
}

#[test]
fn a_hit_or_an_advice_about_one_signal_tells_it() {
    let hit = [
        ("[\"categorie\"]", "[\"treffer\"]"),
        ("\"categorie\"", "\"treffer\""),
    ];
    assert_eq!(codes(&changed("twee-stappen", &hit)), ["twee-stappen"]);
    let advice = [
        ("toont        = [\"categorie\"]", ADVICE),
        ("toont = \"categorie\"", "toont = \"handelingsadvies\""),
        (
            "aanleiding   = [\"overeenkomst\"]\nvergelijking = [\"adres\"]\nvan          = [\"politie\"]",
            "aanleiding   = [\"bevraging\"]\nvergelijking = [\"adres\"]\nvan          = [\"politie\"]",
        ),
    ];
    let found = codes(&changed("twee-stappen", &advice));
    assert!(found.contains(&"twee-stappen"), "{found:?}");
    // Of two signals a hit does not say which.
    let two = [
        ("[\"categorie\"]", "[\"treffer\"]"),
        ("\"categorie\"", "\"treffer\""),
        (
            "over         = [\"drugs\"]",
            "over         = [\"dier\", \"drugs\"]",
        ),
        (
            "bron       = [\"corporatie\", \"gemeente\"]",
            "bron       = [\"corporatie\", \"gemeente\", \"politie\"]",
        ),
    ];
    let found = codes(&changed("twee-stappen", &two));
    assert!(!found.contains(&"twee-stappen"), "{found:?}");
}

#[test]
fn whatever_says_hit_is_a_traffic_light() {
    let code = "verkeerslicht";
    for shows in ["contactpunt", "categorie"] {
        let to = [
            (
                "[\"treffer\"]\ngrondslag.verstrekken = { politie",
                &*format!("[\"{shows}\"]\ngrondslag.verstrekken = {{ politie"),
            ),
            (
                "van = \"politie\", over = \"drugs\", toont = \"treffer\"",
                &format!("van = \"politie\", over = \"drugs\", toont = \"{shows}\""),
            ),
        ];
        let found = codes(&changed(code, &to));
        assert!(found.contains(&code), "{shows}: {found:?}");
    }
}

const NO_DIER: &str = "\n[[verbod]]\nnummer = \"9.1\"\ntitel = \"t\"\naan = [\"corporatie.*\"]\nvan = [\"politie\"]\nover = [\"dier\"]\ntoont = [\"*\"]\n";

/// Two sources and two signals, of which a prohibition leaves one of either.
#[test]
fn an_advice_is_judged_by_what_prohibitions_leave() {
    let code = "advies-is-categorie";
    let wide = changed(
        code,
        &[
            (
                "van          = [\"politie\"]\nover         = [\"drugs\"]",
                "van          = [\"politie\", \"gemeente\"]\nover         = [\"drugs\", \"dier\"]",
            ),
            (
                "{ politie = \"Wpg 20\" }",
                "{ politie = \"Wpg 20\", gemeente = { artikel = \"AVG 6.1.e\", wet = \"Gemeentewet 172\" } }",
            ),
            (
                "bron       = [\"corporatie\", \"gemeente\"]",
                "bron       = [\"corporatie\", \"gemeente\", \"politie\"]",
            ),
            (
                "bron       = [\"politie\"]",
                "bron       = [\"politie\", \"gemeente\"]",
            ),
            // The first clause would open the same cell.
            (
                "over         = [\"dier\"]\ntoont        = [\"handelingsadvies\"]\nadvies       = \"ga-met-twee\"",
                "over         = [\"dier\"]\ntoont        = [\"contactpunt\"]",
            ),
            (
                "over = \"dier\", toont = \"handelingsadvies\"",
                "over = \"dier\", toont = \"contactpunt\"",
            ),
        ],
    );
    let found = codes(&wide);
    assert!(!found.contains(&code), "{found:?}");
    let gemeente = NO_DIER
        .replace("\"politie\"", "\"gemeente\"")
        .replace("over = [\"dier\"]\n", "");
    let found = codes(&format!("{wide}{gemeente}"));
    assert!(found.contains(&code), "one source is left: {found:?}");
    let both = NO_DIER.replace("[\"politie\"]", "[\"politie\", \"gemeente\"]");
    let found = codes(&format!("{wide}{both}"));
    assert!(found.contains(&code), "one signal is left: {found:?}");
}
