//! Random covenants: the test covenant of `covenant` with its text changed, checked and signed.

use std::collections::BTreeMap;

use covenant::decide::{Past, Standing};
use covenant::signoff::{
    ActiveCovenant, Event, EventKind, KeyRole, PartyPins, Pins, Scope, Statement, public_key, sign,
    sign_event, verify, verify_event,
};
use covenant::{Covenant, Severity};
use model::{
    Candidate, CategoryCode, Certainty, CovenantId, Day, Digest, KeyEpoch, Match, MatchKeyId,
    Neighbourhood, PartyId, ProtectionStatement, Pseudonym, PurposeId, Secret, Signal, SignalId,
    Subject, SubjectKind, Timestamp, Token,
};
use sha2::{Digest as _, Sha256};

const TEMPLATE: &str = include_str!("../../../covenant/src/decide/tests/world.toml");

const PARTIES: [(&str, &str); 4] = [
    ("corporatie", "CORPORATIE-FG"),
    ("gemeente", "GEMEENTE-FG"),
    ("politie", "POLITIE-PF"),
    ("zorg", "ZORG-FG"),
];

/// Each with the texts that may stand in its place.
const CHANGES: [(&str, &[&str]); 12] = [
    (
        "voorwaarde.treffers    = 1",
        &["voorwaarde.treffers    = 2"],
    ),
    (
        "voorwaarde.treffers    = 2",
        &["voorwaarde.treffers    = 1", "voorwaarde.treffers = 3"],
    ),
    (
        "voorwaarde.partijen    = 2",
        &["", "voorwaarde.partijen = 3"],
    ),
    ("voorwaarde.dossier     = true", &[""]),
    (
        "voorwaarde.beoordeling = \"vooraf\"",
        &["", "voorwaarde.binnen = \"2 weken\""],
    ),
    (
        "voorwaarde.motivering  = true",
        &["voorwaarde.gebied = [\"WK085501\"]"],
    ),
    ("voorwaarde.niet_over   = [\"minderjarige\"]", &[""]),
    (
        "grens.per_medewerker_per_dag   = 12",
        &["grens.per_medewerker_per_dag = 2", ""],
    ),
    (
        "vergelijking = [\"adres\", \"persoon\"]",
        &["vergelijking = [\"adres\"]"],
    ),
    (
        "over        = [\"overlast\", \"agressie\"]",
        &["over = [\"overlast\"]"],
    ),
    (
        "toont       = [\"treffer\", \"contactpunt\"]",
        &["toont = [\"treffer\"]"],
    ),
    ("over   = [\"agressie\"]", &["over   = [\"overlast\"]"]),
];

/// Numbers that look random and are the same in every run.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, end: usize) -> bool {
        self.below(end) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// A live signal about address 1 or 2, of any party.
    pub(crate) fn signal(&mut self) -> Signal {
        let codes = ["vera:OVE", "vera:AGR.FYS", "vera:OVE.GEL", "vera:SCH"];
        let day = today().plus_days(-i32::try_from(self.below(30)).unwrap());
        let number = u8::try_from(self.below(12)).unwrap();
        let mut subject = address(if self.one_in(6) { 2 } else { 1 });
        (subject.minor, subject.shielded_address) = (self.statement(), self.statement());
        let mut purposes = vec![purpose("bezoek"), purpose("woonoverlast")];
        if self.one_in(6) {
            purposes.truncate(1);
        }
        let code = *self.pick(&codes);
        let party = self.pick(&PARTIES).0;
        let places = ["BU08550101", "BU08550201", "WK085501"];
        let place = *self.pick(&places);
        Signal {
            id: SignalId::from_slice(&[number; 16]).unwrap(),
            party: PartyId::parse(party).unwrap(),
            covenant: CovenantId::parse("proef").unwrap(),
            epoch: KeyEpoch::FIRST,
            category: CategoryCode::parse(code).unwrap(),
            purposes,
            day,
            neighbourhood: (!self.one_in(5)).then(|| Neighbourhood::parse(place).unwrap()),
            certainty: if self.one_in(4) {
                Certainty::Reported
            } else {
                Certainty::Confirmed
            },
            reviewed_by_person: !self.one_in(4),
            police_article: None,
            expires_on: day.plus_days(365),
            subjects: vec![subject],
            content_commitment: Digest::new([number; 32]),
        }
    }

    /// What is found about the trigger's subject, or about address 1.
    pub(crate) fn found(&mut self, trigger: Option<Signal>) -> Match {
        let subject = match &trigger {
            Some(signal) => signal.subjects[0].clone(),
            None => address(1),
        };
        let candidates = (0..self.below(7))
            .map(|_| {
                let signal = self.signal();
                let agreed = signal.subjects[0].tokens.iter();
                let agreed = agreed
                    .filter(|token| subject.tokens.contains(token))
                    .map(|token| token.key.clone())
                    .collect();
                Candidate {
                    signal,
                    subject: 0,
                    agreed,
                }
            })
            .filter(|candidate: &Candidate| !candidate.agreed.is_empty())
            .collect();
        Match {
            trigger,
            subject,
            candidates,
        }
    }

    fn statement(&mut self) -> ProtectionStatement {
        match self.below(24) {
            0 => ProtectionStatement::Present,
            1 => ProtectionStatement::Unknown,
            _ => ProtectionStatement::Absent,
        }
    }
}

/// A covenant in force.
pub(crate) struct World {
    pub(crate) source: String,
    pub(crate) active: ActiveCovenant,
}

impl World {
    /// The test covenant as it stands, or changed by its text.
    pub(crate) fn of(change: impl FnOnce(String) -> String) -> Self {
        let (text, _) = TEMPLATE.split_once("[[voorbeeld]]").unwrap();
        let source = with_keys(&change(text.to_owned()));
        let covenant = checked(&source).expect("a covenant without errors");
        Self::signed(source, &covenant)
    }

    pub(crate) fn random(random: &mut Random) -> Self {
        for _ in 0..1_000 {
            let (text, _) = TEMPLATE.split_once("[[voorbeeld]]").unwrap();
            let mut text = text.to_owned();
            for (from, to) in CHANGES {
                text = each(&text, from, random, to);
            }
            let source = with_keys(&text);
            if let Some(covenant) = checked(&source) {
                return Self::signed(source, &covenant);
            }
        }
        panic!("no change leaves a covenant without errors");
    }

    fn signed(source: String, covenant: &Covenant) -> Self {
        let envelopes: Vec<_> = PARTIES
            .iter()
            .map(|(name, signer)| {
                let party = PartyId::parse(name).unwrap();
                let said = Statement::new(covenant, &party, today(), b"leestekst", "covenant 0");
                sign(covenant, &said.unwrap(), &seed(signer)).unwrap()
            })
            .collect();
        let active = verify(source.as_bytes(), &envelopes, &pins(), None, now()).unwrap();
        Self { source, active }
    }

    /// What an auditor makes of the file.
    pub(crate) fn past(&self) -> Past {
        Past::new(checked(&self.source).unwrap()).unwrap()
    }

    /// Mostly everybody confirmed and nothing is suspended.
    pub(crate) fn standing(&self, random: &mut Random) -> Standing {
        let covenant = self.active.covenant();
        let mut standing = Standing::new(covenant);
        for party in covenant.parties().keys() {
            if !random.one_in(20) {
                standing.confirm(party, now());
            }
        }
        if random.one_in(8) {
            let clause = random.pick(covenant.clauses());
            let scope = match random.below(5) {
                0 => Scope::Whole,
                1 => Scope::Recipient(random.pick(&clause.to).party()),
                2 => Scope::Signal(random.pick(&clause.about).clone()),
                _ => Scope::Clause(clause.number.clone()),
            };
            self.event(&mut standing, EventKind::Suspend(scope));
        }
        if random.one_in(60) {
            self.event(&mut standing, EventKind::Withdraw);
        }
        standing
    }

    /// The same parties confirmed for every world, and perhaps the same suspension.
    pub(crate) fn same_standing(&self, random: &Random) -> Standing {
        let mut random = random.clone();
        let mut standing = Standing::new(self.active.covenant());
        for (name, _) in PARTIES {
            if !random.one_in(12) {
                standing.confirm(&PartyId::parse(name).unwrap(), now());
            }
        }
        let scopes = [
            Scope::Recipient(PartyId::parse("gemeente").unwrap()),
            Scope::Signal(model::SignalTypeId::parse("agressie").unwrap()),
            Scope::Clause(model::ClauseNo::parse("4.2").unwrap()),
        ];
        if random.one_in(6) {
            let scope = random.pick(&scopes).clone();
            self.event(&mut standing, EventKind::Suspend(scope));
        }
        standing
    }

    fn event(&self, standing: &mut Standing, kind: EventKind) {
        let covenant = self.active.covenant();
        let event = Event {
            file: covenant.digest(),
            covenant: covenant.id().clone(),
            version: covenant.version(),
            party: PartyId::parse("politie").unwrap(),
            key_role: KeyRole::Signer,
            signed_at: now().plus_seconds(-3600),
            kind,
        };
        let envelope = sign_event(&event, &seed("POLITIE-PF"));
        let event = verify_event(&envelope, &self.active, now()).unwrap();
        standing.apply(&event, now());
    }
}

/// Each place of `from` stays as it is or becomes one of `to`.
fn each(text: &str, from: &str, random: &mut Random, to: &[&str]) -> String {
    let mut parts = text.split(from);
    let mut made = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let stays = !random.one_in(3);
        made.push_str(if stays {
            from
        } else {
            to[random.below(to.len())]
        });
        made.push_str(part);
    }
    made
}

fn checked(source: &str) -> Option<Covenant> {
    let checked = covenant::check(source);
    let errors = checked
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error);
    (errors.count() == 0).then_some(checked.covenant).flatten()
}

/// The covenant's text with a key of its own for each place-holder.
fn with_keys(template: &str) -> String {
    let mut text = String::new();
    for (number, part) in template.split('"').enumerate() {
        if number > 0 {
            text.push('"');
        }
        let key = match part.split_once(':') {
            Some(("ed25519", name)) => Some(("ed25519", public_key(&seed(name)))),
            Some(("x25519", name)) => Some(("x25519", *seed(name).expose())),
            _ => None,
        };
        match key {
            Some((kind, bytes)) => {
                let base64 = data_encoding::BASE64.encode(&bytes);
                text.push_str(&format!("{kind}:{base64}"));
            }
            None => text.push_str(part),
        }
    }
    text
}

fn seed(name: &str) -> Secret {
    Secret::new(Sha256::digest(name.as_bytes()).into())
}

fn pins() -> Pins {
    PARTIES
        .iter()
        .map(|(name, signer)| {
            let upper = name.to_uppercase();
            let pins = PartyPins {
                signer: public_key(&seed(signer)),
                emergency: vec![public_key(&seed(&format!("{upper}-PIKET")))],
                node_signing: Some(public_key(&seed(&format!("{upper}-KNOOPPUNT")))),
            };
            (PartyId::parse(name).unwrap(), pins)
        })
        .collect()
}

pub(crate) fn today() -> Day {
    Day::parse("2026-11-23").unwrap()
}

pub(crate) fn now() -> Timestamp {
    today().start().plus_seconds(12 * 3600)
}

fn purpose(name: &str) -> PurposeId {
    PurposeId::parse(name).unwrap()
}

fn address(number: u8) -> Subject {
    let key = "adres/postcode+huisnummer+huisletter+toevoeging";
    Subject {
        kind: SubjectKind::Address,
        minor: ProtectionStatement::Absent,
        shielded_address: ProtectionStatement::Absent,
        tokens: vec![Token {
            key: MatchKeyId::parse(key).unwrap(),
            pseudonym: Pseudonym::from_bytes([number; 32]),
        }],
    }
}

/// Each covenant under the digest of its file.
pub(crate) fn by_digest<'a>(worlds: impl IntoIterator<Item = &'a World>) -> BTreeMap<Digest, Past> {
    let past = |world: &World| (world.active.covenant().digest(), world.past());
    worlds.into_iter().map(past).collect()
}
