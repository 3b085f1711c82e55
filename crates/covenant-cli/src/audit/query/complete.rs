//! Whether something was left out of what a query shows, as far as its numbers can tell.

use std::collections::{BTreeMap, BTreeSet};

use covenant::{Checking, Covenant, check_bytes};
use ledger::Skeleton;
use ledger::counters::selection::{By, Missing, Purpose, Reached, Selection, Whose};
use model::{Digest, Oin, PartyId, PurposeId};
use serde::Serialize;
use serde_json::Value;
use wire::audit_v1::Entry;

use super::Filter;
use crate::answer::Language;
use crate::audit::gather::Covenants;
use crate::audit::memory::Memory;

/// How many gaps are told one by one.
const TOLD: usize = 20;

/// What the numbers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// Every number of the audiences that the filter follows is there.
    Gapless,
    /// Some are not.
    Missing,
    /// The filter follows no audience.
    Unseen,
    /// The broker did not give the covenants that say who the caller is.
    Unknown,
}

/// The verdict with what it rests on.
#[derive(Debug)]
pub(super) struct Complete {
    pub(super) verdict: Verdict,
    missing: Vec<Missing>,
    audiences: usize,
    /// What was reached, to be remembered.
    pub(super) selection: Selection,
}

/// A gap, for programs.
#[derive(Debug, Serialize)]
pub(super) struct Gap {
    covenant: String,
    counter: &'static str,
    party: Option<String>,
    purpose: Option<String>,
    first: u64,
    last: u64,
}

/// Who the caller is in the covenants of an answer.
#[derive(Debug, Default)]
pub(super) struct Roles {
    covenants: BTreeMap<Digest, Covenant>,
}

impl Roles {
    /// Reads covenants by the digest of their bytes, which is what leaves name: the broker can hold one
    /// back, and not change one.
    pub(super) fn of(given: &Covenants) -> Self {
        let read = given.iter().filter_map(|(bytes, _)| {
            let covenant = check_bytes(bytes, Checking::Template, None).covenant?;
            Some((covenant.digest(), covenant))
        });
        Self {
            covenants: read.collect(),
        }
    }

    fn tell(&self, selection: &mut Selection, own: &Oin) {
        for (digest, covenant) in &self.covenants {
            if covenant.auditor_by_oin(own).is_some() {
                selection.audits(*digest);
            }
            for (name, party) in covenant.parties() {
                if party.oin == *own {
                    selection.is_named(*digest, name.clone());
                }
            }
        }
    }

    fn is_under(&self, digest: &Digest, id: &str) -> bool {
        let covenant = self.covenants.get(digest);
        id.is_empty() || covenant.is_some_and(|covenant| covenant.id().as_str() == id)
    }
}

/// The covenant versions that an answer and the memory name.
pub(super) fn versions(entries: &[Entry], memory: Option<&Memory>) -> BTreeSet<Digest> {
    let leaves = entries
        .iter()
        .filter_map(|entry| Skeleton::from_leaf(&entry.leaf).ok());
    let known = memory.map(Memory::reached).unwrap_or_default();
    leaves
        .filter_map(|leaf| leaf.covenant)
        .chain(known.iter().map(|(audience, _)| audience.covenant))
        .collect()
}

impl Filter {
    /// What the answer is selected by.
    pub(super) fn by(&self) -> By {
        let others = self.class.is_some()
            || self.decision.is_some()
            || self.subject.is_some()
            || [&self.clause, &self.kind, &self.basis]
                .iter()
                .any(|text| !text.is_empty());
        let party = |text: &str| PartyId::parse(text).ok();
        let one =
            match [&self.party, &self.recipient, &self.source, &self.purpose].map(String::as_str) {
                ["", "", "", ""] => Some(By::Everything),
                ["", recipient, "", ""] => party(recipient).map(By::Recipient),
                ["", "", source, ""] => party(source).map(By::Source),
                [either, "", "", ""] => party(either).map(By::Party),
                ["", "", "", purpose] => PurposeId::parse(purpose).ok().map(By::Purpose),
                _ => None,
            };
        one.filter(|_| !others).unwrap_or(By::Other)
    }

    /// Whether an entry of this moment is in the range of time.
    fn holds(&self, seen: Reached) -> bool {
        self.from.is_none_or(|from| seen.at >= from)
            && self.until.is_none_or(|until| seen.at < until)
    }
}

impl Complete {
    /// Judges an answer. `more` says that it was cut off, so that its end shows nothing.
    pub(super) fn judge(
        filter: &Filter,
        entries: &[Entry],
        more: bool,
        (roles, own): (&Roles, &Oin),
        memory: Option<&Memory>,
    ) -> Self {
        let mut selection = Selection::new(filter.by(), filter.from.is_none());
        roles.tell(&mut selection, own);
        for entry in entries {
            observe(&mut selection, entry);
        }
        if !more {
            for (audience, seen) in memory.map(Memory::reached).unwrap_or_default() {
                if filter.holds(*seen) && roles.is_under(&audience.covenant, &filter.covenant) {
                    selection.reached_before(audience, *seen);
                }
            }
        }
        let known = |digest: &Digest| roles.covenants.contains_key(digest);
        let verdict = if filter.by() == By::Other {
            Verdict::Unseen
        } else if !selection.missing().is_empty() {
            Verdict::Missing
        } else if !versions(entries, None).iter().all(known) {
            Verdict::Unknown
        } else if selection.reached().next().is_none() && !entries.is_empty() {
            // Somebody else's audience: this caller sees some of it.
            Verdict::Unseen
        } else {
            Verdict::Gapless
        };
        Self {
            verdict,
            missing: selection.missing().to_vec(),
            audiences: selection.reached().count(),
            selection,
        }
    }

    /// The same but for entries whose detail was erased: these are not found by their purpose any
    /// more, and stand in the list of everything without a detail.
    pub(super) fn but_erased(mut self, everything: &[Entry]) -> Self {
        let erased: BTreeSet<Erased> = everything.iter().filter_map(without_detail).collect();
        self.missing = self
            .missing
            .iter()
            .flat_map(|missing| rest_of(missing, &erased))
            .collect();
        if self.missing.is_empty() {
            self.verdict = Verdict::Gapless;
        }
        self
    }

    /// The gaps, for programs.
    pub(super) fn gaps(&self) -> Vec<Gap> {
        self.missing.iter().map(gap).collect()
    }

    /// What the numbers say, for people.
    pub(super) fn text(&self, lang: Language) -> String {
        match self.verdict {
            Verdict::Gapless => gapless(self.audiences, lang),
            Verdict::Unseen => lang
                .pick(
                    "Of hier regels ontbreken, is in deze selectie niet te zien. Vraag daarvoor zonder filters, of \
                     alleen met --recipient, --source of --purpose (en --covenant, --from, --until) van uzelf of, \
                     als auditor, van een partij.",
                    "Whether entries are missing can't be seen in this selection. For that, ask without filters, or \
                     with --recipient, --source or --purpose alone (and --covenant, --from, --until), of your own \
                     party or, as an auditor, of any.",
                )
                .to_owned(),
            Verdict::Unknown => lang
                .pick(
                    "NIET NA TE GAAN of er regels ontbreken: de makelaar gaf een convenant niet dat in deze regels \
                     staat. Een eerlijke makelaar geeft het.",
                    "NOT TO BE VERIFIED whether entries are missing: the broker did not give a covenant that these \
                     entries name. An honest broker gives it.",
                )
                .to_owned(),
            Verdict::Missing => self.told(lang),
        }
    }

    fn told(&self, lang: Language) -> String {
        let mut text = String::from(lang.pick(
            "ALARM: er ontbreken regels in dit antwoord.",
            "ALARM: entries are missing from this answer.",
        ));
        for missing in self.missing.iter().take(TOLD) {
            text.push_str("\n  ");
            text.push_str(&sentence(missing, lang));
        }
        let rest = self.missing.len().saturating_sub(TOLD);
        if rest > 0 {
            text.push_str(&match lang {
                Language::Nl => format!("\n  en nog {rest}"),
                Language::En => format!("\n  and {rest} more"),
            });
        }
        text
    }
}

fn gapless(audiences: usize, lang: Language) -> String {
    match lang {
        Language::Nl => format!(
            "Geen gat: van {audiences} reeksen (per ontvanger, bron en doel) is elk nummer er. Of de laatste \
             ontbreken, blijkt alleen uit ontvangstbewijzen of uit een eerdere vraag (--memory)."
        ),
        Language::En => format!(
            "No gap: of {audiences} series (by recipient, source and purpose) every number is there. Whether the \
             last ones are missing shows only by receipts, or by an earlier query (--memory)."
        ),
    }
}

fn sentence(missing: &Missing, lang: Language) -> String {
    let none = lang.pick("geen", "none");
    let text = |name: Option<&str>| name.unwrap_or(none).to_owned();
    let whose = match &missing.audience.whose {
        Whose::Recipient(party) => format!("{} {party}", lang.pick("ontvanger", "recipient")),
        Whose::Source(party) => format!("{} {party}", lang.pick("bron", "source")),
        Whose::Purpose(party, purpose) => format!(
            "{} {} ({} {})",
            lang.pick("doel", "purpose"),
            text(purpose.as_ref().map(PurposeId::as_str)),
            lang.pick("ontvanger", "recipient"),
            text(party.as_ref().map(PartyId::as_str)),
        ),
    };
    let covenant = missing.audience.covenant.to_hex();
    let covenant = covenant.get(..12).unwrap_or(&covenant);
    let (first, last) = (missing.first, missing.last);
    let (before, after) = (first.saturating_sub(1), last.saturating_add(1));
    match (lang, missing.inside) {
        (Language::Nl, true) => format!(
            "{whose}, convenant {covenant}: nummer {first} tot en met {last}, tussen {before} en {after}"
        ),
        (Language::En, true) => format!(
            "{whose}, covenant {covenant}: numbers {first} to {last}, between {before} and {after}"
        ),
        (Language::Nl, false) => format!(
            "{whose}, convenant {covenant}: nummer {first} tot en met {last}, aan het einde; een eerder antwoord \
             liet {last} zien"
        ),
        (Language::En, false) => format!(
            "{whose}, covenant {covenant}: numbers {first} to {last}, at the end; an earlier answer showed {last}"
        ),
    }
}

fn gap(missing: &Missing) -> Gap {
    let (counter, party, purpose) = match &missing.audience.whose {
        Whose::Recipient(party) => ("recipient", Some(party), None),
        Whose::Source(party) => ("source", Some(party), None),
        Whose::Purpose(party, purpose) => ("purpose", party.as_ref(), purpose.as_ref()),
    };
    Gap {
        covenant: missing.audience.covenant.to_hex(),
        counter,
        party: party.map(ToString::to_string),
        purpose: purpose.map(ToString::to_string),
        first: missing.first,
        last: missing.last,
    }
}

/// An entry whose purpose can't be read any more: its covenant, recipient, and number.
type Erased = (Digest, Option<PartyId>, u64);

fn without_detail(entry: &Entry) -> Option<Erased> {
    let leaf = Skeleton::from_leaf(&entry.leaf).ok()?;
    let erased = (leaf.covenant?, leaf.recipient, leaf.counters.purpose);
    entry.outcome.is_none().then_some(erased)
}

/// What is left of a gap in a purpose when these are not missing.
fn rest_of(missing: &Missing, erased: &BTreeSet<Erased>) -> Vec<Missing> {
    let Whose::Purpose(party, _) = &missing.audience.whose else {
        return vec![missing.clone()];
    };
    let key = |number| (missing.audience.covenant, party.clone(), number);
    let piece = |first, last| Missing {
        first,
        last,
        ..missing.clone()
    };
    let (mut rest, mut next) = (Vec::new(), missing.first);
    for (.., number) in erased.range(key(missing.first)..=key(missing.last)) {
        if next < *number {
            rest.push(piece(next, number - 1));
        }
        next = number.saturating_add(1);
    }
    if next <= missing.last {
        rest.push(piece(next, missing.last));
    }
    rest
}

/// An entry's leaf and openings were verified before.
fn observe(selection: &mut Selection, entry: &Entry) {
    let Ok(leaf) = Skeleton::from_leaf(&entry.leaf) else {
        return;
    };
    let outcome = entry.outcome.as_ref();
    let outcome = outcome.and_then(|o| serde_json::from_slice::<Value>(&o.content).ok());
    let Some(outcome) = outcome else {
        selection.observe(&leaf, Purpose::Unknown);
        return;
    };
    let named = outcome.get("purpose").and_then(Value::as_str);
    let purpose = named.and_then(|name| PurposeId::parse(name).ok());
    selection.observe(&leaf, Purpose::Known(purpose.as_ref()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::counters::selection::Audience;

    #[test]
    fn only_what_was_erased_is_not_missing() {
        let party = PartyId::parse("corporatie").ok();
        let covenant = Digest::new([1; 32]);
        let whose = Whose::Purpose(party.clone(), None);
        let missing = Missing {
            audience: Audience { covenant, whose },
            first: 3,
            last: 9,
            inside: true,
        };
        let rest = |numbers: &[u64]| {
            let erased = numbers
                .iter()
                .map(|number| (covenant, party.clone(), *number));
            let rest = rest_of(&missing, &erased.collect());
            let ends = |missing: &Missing| (missing.first, missing.last);
            rest.iter().map(ends).collect::<Vec<_>>()
        };
        assert_eq!(rest(&[]), [(3, 9)]);
        assert_eq!(rest(&[2, 4, 5, 9, 10]), [(3, 3), (6, 8)]);
        assert_eq!(rest(&[3, 4, 5, 6, 7, 8, 9]), []);
        let elsewhere = [(covenant, None, 4)].into();
        assert_eq!(
            rest_of(&missing, &elsewhere),
            std::slice::from_ref(&missing)
        );
    }

    /// An entry of a recipient under a covenant that the broker does not give.
    fn entry() -> Entry {
        let leaf = Skeleton {
            seq: 0,
            at: model::Timestamp::from_millis(1_800_000_000_000),
            class: ledger::Class::Decision,
            covenant: Some(Digest::new([1; 32])),
            recipient: PartyId::parse("corporatie").ok(),
            source: None,
            counters: ledger::Counters {
                recipient: Some(7),
                source: None,
                purpose: 7,
            },
            n: [0; 32],
            request: Digest::new([2; 32]),
            answer: Digest::new([3; 32]),
            outcome: Digest::new([4; 32]),
        };
        Entry {
            leaf: leaf.to_leaf().unwrap().into(),
            ..Entry::default()
        }
    }

    #[test]
    fn a_covenant_that_is_held_back_is_no_excuse() {
        let own = Oin::parse("00000001001234567000").unwrap();
        let roles = Roles::default();
        let judge = |filter: &Filter| {
            Complete::judge(filter, &[entry()], false, (&roles, &own), None).verdict
        };
        assert_eq!(judge(&Filter::default()), Verdict::Unknown);
        let by_kind = Filter {
            kind: "check-answered".to_owned(),
            ..Filter::default()
        };
        assert_eq!(judge(&by_kind), Verdict::Unseen);
    }

    #[test]
    fn a_filter_follows_an_audience_or_says_that_it_does_not() {
        let filter = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter.by()
        };
        let party = PartyId::parse("politie").unwrap();
        assert_eq!(filter(|_| {}), By::Everything);
        assert_eq!(
            filter(|f| f.recipient = "politie".to_owned()),
            By::Recipient(party.clone())
        );
        assert_eq!(
            filter(|f| f.source = "politie".to_owned()),
            By::Source(party.clone())
        );
        assert_eq!(filter(|f| f.party = "politie".to_owned()), By::Party(party));
        for change in [
            |f: &mut Filter| f.clause = "3.1".to_owned(),
            |f: &mut Filter| f.basis = "AVG 6.1.e".to_owned(),
            |f: &mut Filter| f.subject = Some("about.json".into()),
            |f: &mut Filter| f.kind = "check-answered".to_owned(),
            |f: &mut Filter| f.class = Some(super::super::Class::Decision),
            |f: &mut Filter| f.decision = Some(super::super::Decided::Withheld),
            |f: &mut Filter| {
                f.recipient = "politie".to_owned();
                f.source = "gemeente".to_owned();
            },
        ] {
            assert_eq!(filter(change), By::Other);
        }
    }
}
