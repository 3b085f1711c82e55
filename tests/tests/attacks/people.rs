//! People who share a name, a birthday or a home are not one person.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use journeys::realm::{Realm, eventually, quick};
use sandbox::messages::signal;
use wire::node_v1::person::Residence;
use wire::node_v1::{
    Address, ListNoticesRequest, Person, Protection, ProtectionStatement, Subject, subject,
};
use wire::type_v1::{Attestation, PartialDate};

use crate::{NOISE, NUISANCE, STOP_NUISANCE};

/// A fictitious person: given names, surname, birth date, and where they live.
#[derive(Clone, Copy)]
struct Somebody {
    given: &'static str,
    prefix: &'static str,
    surname: &'static str,
    born: (u32, u32, u32),
    home: (&'static str, &'static str, &'static str),
}

const JANNEKE: Somebody = Somebody {
    given: "Janneke",
    prefix: "van der",
    surname: "Proefstra",
    born: (1961, 7, 29),
    home: ("9999ZA", "3", "Proefstraat"),
};

/// Pairs of different people: what they share, the one whom the municipality reports, the one whom
/// the corporation reports. Each pair lives at a place of its own.
const OTHERS: [(&str, Somebody, Somebody); 7] = [
    (
        "housemates",
        Somebody {
            home: ("9999ZB", "4", "Voorbeeldlaan"),
            ..JANNEKE
        },
        Somebody {
            given: "Mohammed",
            prefix: "",
            surname: "Voorbeeldi",
            born: (1990, 2, 3),
            home: ("9999ZB", "4", "Voorbeeldlaan"),
        },
    ),
    (
        "housemates born on one day",
        Somebody {
            home: ("9999ZC", "5", "Modelweg"),
            ..JANNEKE
        },
        Somebody {
            given: "Mohammed",
            prefix: "",
            surname: "Voorbeeldi",
            home: ("9999ZC", "5", "Modelweg"),
            ..JANNEKE
        },
    ),
    (
        "father and son",
        Somebody {
            given: "Pieter",
            home: ("9999ZD", "6", "Testpad"),
            ..JANNEKE
        },
        Somebody {
            given: "Sander",
            born: (1992, 11, 5),
            home: ("9999ZD", "6", "Testpad"),
            ..JANNEKE
        },
    ),
    (
        "father and son of one given name",
        Somebody {
            given: "Pieter",
            home: ("9999ZE", "7", "Fictieplein"),
            ..JANNEKE
        },
        Somebody {
            given: "Pieter",
            born: (1992, 11, 5),
            home: ("9999ZE", "7", "Fictieplein"),
            ..JANNEKE
        },
    ),
    (
        "twins",
        Somebody {
            given: "Anna",
            home: ("9999ZG", "8", "Schijnkade"),
            ..JANNEKE
        },
        Somebody {
            given: "Wilhelmina",
            home: ("9999ZG", "8", "Schijnkade"),
            ..JANNEKE
        },
    ),
    (
        "the former tenant",
        Somebody {
            home: ("9999ZH", "9", "Droomhof"),
            ..JANNEKE
        },
        Somebody {
            given: "Fatima",
            prefix: "",
            surname: "Denkbeeld",
            born: (1975, 1, 31),
            home: ("9999ZH", "9", "Droomhof"),
        },
    ),
    (
        "namesakes born on one day elsewhere",
        Somebody {
            home: ("9999ZJ", "10", "Luchtdreef"),
            ..JANNEKE
        },
        Somebody {
            home: ("8888ZJ", "210", "Wolkensteeg"),
            ..JANNEKE
        },
    ),
];

/// Pairs that are one person, written differently.
const SAME: [(&str, Somebody, Somebody); 3] = [
    ("the same words", JANNEKE, JANNEKE),
    (
        "a spelling that sounds alike",
        Somebody {
            home: ("9999ZK", "11", "Zweefstraat"),
            ..JANNEKE
        },
        Somebody {
            surname: "Proeffstra",
            home: ("9999ZK", "11", "Zweefstraat"),
            ..JANNEKE
        },
    ),
    (
        "a mistyped surname",
        Somebody {
            home: ("9999ZL", "12", "Verzinlaan"),
            ..JANNEKE
        },
        Somebody {
            surname: "Broekstra",
            home: ("9999ZL", "12", "Verzinlaan"),
            ..JANNEKE
        },
    ),
];

fn person(who: Somebody) -> Subject {
    let (year, month, day) = who.born;
    let (postcode, number, street) = who.home;
    let statement = |protection: Protection| ProtectionStatement {
        protection: protection.into(),
        attestation: Attestation::Absent.into(),
    };
    Subject {
        kind: Some(subject::Kind::Person(Person {
            given_names: who.given.to_owned(),
            prefix: who.prefix.to_owned(),
            surname: who.surname.to_owned(),
            birth_date: Some(PartialDate { year, month, day }),
            residence: Some(Residence::Address(Address {
                postcode: postcode.to_owned(),
                house_number: number.to_owned(),
                street: street.to_owned(),
                ..Address::default()
            })),
            ..Person::default()
        })),
        protections: vec![
            statement(Protection::Minor),
            statement(Protection::ShieldedAddress),
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_share_something_are_not_one_person() -> Result<()> {
    let mut realm = Realm::start(&quick()).await?;
    let report = async |party: &str, who: Somebody| {
        realm
            .push(party, signal(NUISANCE, STOP_NUISANCE, NOISE, person(who)))
            .await
    };
    let mut different = Vec::new();
    let mut same = Vec::new();
    for (what, one, other) in OTHERS {
        different.push((report("gemeente", one).await?, what));
        report("corporatie", other).await?;
    }
    for (what, one, other) in SAME {
        same.push((report("gemeente", one).await?, what));
        report("corporatie", other).await?;
    }
    // The signals of `SAME` came last: once they are told, all was matched.
    let director = realm.client("gemeente", "regisseur")?;
    let told = eventually(
        "the municipality is told of those who are the same",
        async || {
            let request = ListNoticesRequest {
                page_size: 500,
                ..ListNoticesRequest::default()
            };
            let page = director.notices().list_notices(request).await?.into_inner();
            let own: BTreeSet<String> = page
                .notices
                .into_iter()
                .filter_map(|stored| stored.notice)
                .flat_map(|notice| notice.own_signals)
                .map(|own| own.id)
                .collect();
            Ok(same.iter().all(|(id, _)| own.contains(id)).then_some(own))
        },
    )
    .await?;
    let wrong: Vec<&str> = different
        .iter()
        .filter(|(id, _)| told.contains(id))
        .map(|(_, what)| *what)
        .collect();
    ensure!(wrong.is_empty(), "taken for one person: {wrong:?}");
    assert_eq!(told.len(), same.len());
    realm.stop_all().await
}
