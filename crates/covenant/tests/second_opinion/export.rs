//! The exported texts themselves.

use cedar_policy::{PolicySet, Schema, ValidationMode, Validator};
use covenant::cedar::export;
use covenant::{Checking, check_as};

use super::generator::{Generated, covenant};

#[test]
fn an_export_says_what_it_is_and_is_the_same_again() {
    for of in Generated::policies() {
        let texts = export(&of.covenant);
        assert_eq!(texts, export(&of.covenant));
        let digest = of.covenant.digest().to_hex();
        for text in [
            &texts.schema,
            &texts.policies,
            texts.request.as_ref().unwrap(),
        ] {
            assert!(text.contains(&digest));
        }
        for number in of.covenant.clauses().iter().map(|c| &c.number) {
            assert!(
                texts
                    .policies
                    .contains(&format!("@id(\"regel-{number}\")\n"))
            );
        }
        for number in of.covenant.prohibitions().iter().map(|p| &p.number) {
            assert!(
                texts
                    .policies
                    .contains(&format!("@id(\"verbod-{number}\")\n"))
            );
        }
    }
}

/// The question that goes with it is one that Cedar allows.
#[test]
fn the_first_question_is_allowed() {
    for of in Generated::policies()
        .into_iter()
        .chain((0..20).map(|seed| covenant(seed, 5)))
    {
        let mut engine = super::cedar::Engine::of(&of.covenant);
        let Some(request) = engine.export.request.clone() else {
            continue;
        };
        let opinion = engine.decide_file(&request);
        assert!(opinion.allows, "{}: {request}", of.name);
    }
}

/// A title can hold what ends a text, a comment or a policy, and says nothing all the same.
#[test]
fn no_title_becomes_a_policy() {
    let of = &Generated::policies()[0];
    let title = of.covenant.clauses()[0].title.clone();
    for hostile in [
        "\\\") permit(principal, action, resource); //",
        "\\\\",
        "*/ // \\\\\\\" @id(\\\"x\\\")",
        "a'b`c{d}$e\\u00e9",
    ] {
        let source = of.source.replace(&title, hostile);
        let checked = check_as(&source, Checking::Template, None)
            .covenant
            .unwrap();
        let policies: PolicySet = export(&checked).policies.parse().unwrap();
        let count = checked.clauses().len() + checked.prohibitions().len() + 3;
        assert_eq!(policies.policies().count(), count);
        let told = policies
            .policies()
            .any(|p| p.annotation("titel") == Some(&checked.clauses()[0].title));
        assert!(told, "{hostile}");
    }
}

/// What an auditor mistypes, Cedar refuses: every word is one of a closed list.
#[test]
fn a_misspelt_word_does_not_validate() {
    let of = &Generated::policies()[0];
    let texts = export(&of.covenant);
    let (schema, _) = Schema::from_cedarschema_str(&texts.schema).unwrap();
    let validator = Validator::new(schema);
    let valid = |policies: &str| {
        let policies: PolicySet = policies.parse().unwrap();
        validator
            .validate(&policies, ValidationMode::Strict)
            .validation_passed()
    };
    assert!(valid(&texts.policies));
    let mut tried = 0;
    for kind in [
        "Rol",
        "Partij",
        "Signaal",
        "Aanleiding",
        "Inlogniveau",
        "Vaststelling",
        "Action",
    ] {
        let start = format!("{kind}::\"");
        if texts.policies.contains(&start) {
            tried += 1;
            let wrong = texts.policies.replacen(&start, &format!("{start}x"), 1);
            assert!(!valid(&wrong), "{kind}");
        }
    }
    assert!(tried >= 5, "{tried}");
}
