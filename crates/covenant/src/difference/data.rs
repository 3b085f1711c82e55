//! Everything outside the clauses compared: dates, parties and their keys, signals, purposes,
//! comparisons, auditors, the log; and where a question looks.

use std::collections::{BTreeMap, BTreeSet};

use model::{MatchKeyName, MatchKeySpec, PartyId, PurposeId, RoleRef};

use super::clauses::{of_sets, of_spans};
use super::value::{Direction, Field, Value};
use super::{DataChange, Edit, Subject, Text};
use crate::language::ast::{
    Auditor, Document, Header, Key, Log, NodeKeys, Party, Purpose, SignalType,
};
use crate::language::words::{Trigger, Witnessing};

/// What was found, and what of it has no effect.
#[derive(Default)]
pub(super) struct Found {
    pub(super) changes: Vec<DataChange>,
    pub(super) edits: Vec<Edit>,
}

/// Compares all but clauses, prohibitions and examples.
pub(super) fn compare(before: &Document, after: &Document) -> Found {
    let mut found = Found::default();
    let mut of = Of {
        found: &mut found,
        subject: Subject::Covenant,
    };
    of.header(&before.header, &after.header);
    each(
        &mut found,
        (&before.parties, &after.parties),
        Subject::Party,
        |p| Value::Word(format!("{}, oin {}", p.name, p.oin.as_str())),
        |of, before, after| of.party(before, after),
    );
    each(
        &mut found,
        (&before.signals, &after.signals),
        Subject::Signal,
        |_| Value::Yes,
        |of, before, after| of.signal(before, after),
    );
    each(
        &mut found,
        (&before.purposes, &after.purposes),
        Subject::Purpose,
        |_| Value::Yes,
        |of, before, after| of.purpose(before, after),
    );
    let by_name = |keys: &[MatchKeySpec]| -> BTreeMap<MatchKeyName, MatchKeySpec> {
        keys.iter().map(|k| (k.name.clone(), k.clone())).collect()
    };
    each(
        &mut found,
        (&by_name(&before.match_keys), &by_name(&after.match_keys)),
        Subject::Comparison,
        |_| Value::Yes,
        |of, before, after| of.comparison(before, after),
    );
    each(
        &mut found,
        (&before.auditors, &after.auditors),
        Subject::Auditor,
        |a| Value::Word(format!("{}, oin {}", a.name, a.oin.as_str())),
        |of, before, after| of.auditor(before, after),
    );
    let mut of = Of {
        found: &mut found,
        subject: Subject::Log,
    };
    of.log(&before.log, &after.log);
    asked(&mut found, before, after);
    found
}

/// Every item that is new or gone, and every one that is in both, compared.
fn each<I: Ord + Clone, T>(
    found: &mut Found,
    (before, after): (&BTreeMap<I, T>, &BTreeMap<I, T>),
    subject: fn(I) -> Subject,
    whole: impl Fn(&T) -> Value,
    compare: impl Fn(&mut Of<'_>, &T, &T),
) {
    let more = after.keys().filter(|id| !before.contains_key(*id));
    for id in before.keys().chain(more) {
        let mut of = Of {
            found,
            subject: subject(id.clone()),
        };
        match (before.get(id), after.get(id)) {
            (Some(before), Some(after)) => compare(&mut of, before, after),
            (before, after) => {
                let value = |item: Option<&T>| item.map_or(Value::Absent, &whole);
                let values = (value(before), value(after));
                of.other(Field::Existence, values);
            }
        }
    }
}

/// Where a question looks: the sources in scope, one log entry each, and the comparisons, for
/// every role and purpose. It does not depend on what the cells allow, so a clause that opens
/// nothing can change it.
fn asked(found: &mut Found, before: &Document, after: &Document) {
    let (before, after) = (scopes(before), scopes(after));
    let none = Scope::default();
    let more = after.keys().filter(|who| !before.contains_key(*who));
    for who in before.keys().chain(more) {
        let (before, after) = (
            before.get(who).unwrap_or(&none),
            after.get(who).unwrap_or(&none),
        );
        let (role, purpose) = who.clone();
        let mut of = Of {
            found,
            subject: Subject::Question(role, purpose),
        };
        let sources = (Value::words(&before.sources), Value::words(&after.sources));
        of.set(Field::AskedSources, sources, Direction::Looser);
        let names = (
            Value::words(&before.comparisons),
            Value::words(&after.comparisons),
        );
        of.other(Field::AskedBy, names);
    }
}

#[derive(Default)]
struct Scope {
    sources: BTreeSet<PartyId>,
    comparisons: BTreeSet<MatchKeyName>,
}

fn scopes(document: &Document) -> BTreeMap<(RoleRef, PurposeId), Scope> {
    let mut scopes: BTreeMap<(RoleRef, PurposeId), Scope> = BTreeMap::new();
    for clause in &document.clauses {
        if !clause.is_triggered_by(Trigger::Question) {
            continue;
        }
        for role in &clause.to {
            let party = role.party();
            let scope = scopes
                .entry((role.clone(), clause.purpose.clone()))
                .or_default();
            let others = clause.from.iter().filter(|source| **source != party);
            scope.sources.extend(others.cloned());
            scope.comparisons.extend(clause.comparisons.iter().cloned());
        }
    }
    scopes
}

/// Compares one thing. A field that is added to it doesn't compile here before it is compared.
struct Of<'f> {
    found: &'f mut Found,
    subject: Subject,
}

impl Of<'_> {
    fn add(&mut self, field: Field, (before, after): (Value, Value), direction: Direction) {
        if before != after {
            self.found.changes.push(DataChange {
                subject: self.subject.clone(),
                field,
                before,
                after,
                direction,
            });
        }
    }

    fn other(&mut self, field: Field, values: (Value, Value)) {
        self.add(field, values, Direction::Other);
    }

    fn words<T: ToString + ?Sized>(&mut self, field: Field, before: &T, after: &T) {
        self.other(field, (Value::word(before), Value::word(after)));
    }

    /// A list whose order has no meaning.
    fn list<T: ToString>(&mut self, field: Field, (before, after): (&[T], &[T]), more: Direction) {
        let values = (
            Value::words(before.iter().map(T::to_string)),
            Value::words(after.iter().map(T::to_string)),
        );
        let told = |items: &[T]| items.iter().map(T::to_string).collect::<Vec<_>>();
        if values.0 == values.1 && told(before) != told(after) {
            let edit = Edit::WordsReordered(self.subject.clone(), field);
            self.found.edits.push(edit);
        }
        self.set(field, values, more);
    }

    fn set(&mut self, field: Field, (before, after): (Value, Value), more: Direction) {
        let direction = of_sets(&before, &after, more);
        self.add(field, (before, after), direction);
    }

    /// A text that only people read.
    fn text(&mut self, text: Text, before: &str, after: &str) {
        if before != after {
            self.found.edits.push(Edit::Reworded {
                of: self.subject.clone(),
                text,
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    }

    fn header(&mut self, before: &Header, after: &Header) {
        let Header {
            language,
            id,
            version,
            title,
            replaces,
            valid_from,
            valid_until,
            evaluation,
            vocabulary,
            contact,
            text,
            dpia,
        } = before;
        self.text(Text::Language, language.as_str(), after.language.as_str());
        self.words(Field::Id, id, &after.id);
        self.words(Field::Version, version, &after.version);
        self.text(Text::Title, title, &after.title);
        let replaced = (
            Value::optional(replaces.map(|d| d.to_hex())),
            Value::optional(after.replaces.map(|d| d.to_hex())),
        );
        self.other(Field::Replaces, replaced);
        let days =
            |before: model::Day, after: model::Day| (Value::word(&before), Value::word(&after));
        let direction = Direction::stricter_if(after.valid_from > *valid_from);
        let values = days(*valid_from, after.valid_from);
        self.add(Field::ValidFrom, values, direction);
        let direction = Direction::stricter_if(after.valid_until < *valid_until);
        let values = days(*valid_until, after.valid_until);
        self.add(Field::ValidUntil, values, direction);
        let reviews = (
            Value::optional(*evaluation),
            Value::optional(after.evaluation),
        );
        self.other(Field::Evaluation, reviews);
        let (one, other) = (vocabulary.as_str(), after.vocabulary.as_str());
        self.words(Field::Vocabulary, one, other);
        self.words(Field::ContactPoint, contact, &after.contact);
        let paper = |text: &Option<crate::language::ast::PaperText>| {
            let told = text
                .as_ref()
                .map(|t| format!("{} ({})", t.url, t.sha256.to_hex()));
            Value::optional(told)
        };
        self.other(Field::PaperText, (paper(text), paper(&after.text)));
        let told = |d: &crate::language::ast::Reference| format!("{} ({})", d.mark, d.date);
        self.words(Field::Dpia, &told(dpia), &told(&after.dpia));
    }

    fn party(&mut self, before: &Party, after: &Party) {
        let Party {
            id: _,
            name,
            kind,
            oin,
            signer,
            emergency,
            roles,
            node,
        } = before;
        self.words(Field::Name, name, &after.name);
        self.words(Field::Kind, kind, &after.kind);
        self.words(Field::Oin, oin.as_str(), after.oin.as_str());
        self.words(
            Field::SignerFunction,
            &signer.function,
            &after.signer.function,
        );
        self.words(Field::SignerKey, &key(&signer.key), &key(&after.signer.key));
        let keys = |keys: &[Key]| keys.iter().map(key).collect::<Vec<_>>();
        let (one, other) = (keys(emergency), keys(&after.emergency));
        self.list(Field::EmergencyKeys, (&one, &other), Direction::Other);
        let of_node = |node: &Option<NodeKeys>| {
            let node = node.as_ref();
            [
                Value::optional(node.map(|n| key(&n.signing))),
                Value::optional(node.map(|n| key(&n.sealing))),
                Value::optional(node.map(|n| key(&n.witness))),
            ]
        };
        let fields = [Field::NodeSigning, Field::NodeSealing, Field::NodeWitness];
        let nodes = of_node(node).into_iter().zip(of_node(&after.node));
        for (field, values) in fields.into_iter().zip(nodes) {
            self.other(field, values);
        }
        let names = (Value::words(roles.keys()), Value::words(after.roles.keys()));
        self.other(Field::Roles, names);
        for (role, explanation) in roles {
            if let Some(after) = after.roles.get(role) {
                let mut of = Of {
                    found: self.found,
                    subject: Subject::Role(role.clone()),
                };
                of.text(Text::Explanation, explanation, after);
            }
        }
    }

    fn signal(&mut self, before: &SignalType, after: &SignalType) {
        let SignalType {
            id: _,
            explanation,
            sources,
            codes,
            nature,
            expires_after,
            certainty,
            reassess,
        } = before;
        self.text(Text::Explanation, explanation, &after.explanation);
        let lists = (sources.as_slice(), after.sources.as_slice());
        self.list(Field::Sources, lists, Direction::Looser);
        let lists = (codes.as_slice(), after.codes.as_slice());
        self.list(Field::Codes, lists, Direction::Looser);
        self.words(Field::Nature, nature, &after.nature);
        let spans = (Some(*expires_after), Some(after.expires_after));
        self.span(Field::ExpiresAfter, spans);
        let direction = Direction::stricter_if(after.certainty > *certainty);
        let values = (
            Value::word(certainty.as_str()),
            Value::word(after.certainty.as_str()),
        );
        self.add(Field::Certainty, values, direction);
        self.span(Field::Reassess, (*reassess, after.reassess));
    }

    /// A time of which shorter is stricter. One that lasts as long is a text.
    fn span(
        &mut self,
        field: Field,
        (before, after): (
            Option<crate::language::span::Span>,
            Option<crate::language::span::Span>,
        ),
    ) {
        let (direction, same) = of_spans((before, after), true);
        if same {
            let told = |span| Value::span(span).told(crate::diagnostic::Lang::Nl);
            self.text(Text::Field(field), &told(before), &told(after));
        } else {
            self.add(field, (Value::span(before), Value::span(after)), direction);
        }
    }

    fn purpose(&mut self, before: &Purpose, after: &Purpose) {
        let Purpose {
            id: _,
            explanation,
            not_for,
        } = before;
        self.text(Text::Explanation, explanation, &after.explanation);
        let lists = (not_for.as_slice(), after.not_for.as_slice());
        self.list(Field::NotFor, lists, Direction::Stricter);
    }

    fn comparison(&mut self, before: &MatchKeySpec, after: &MatchKeySpec) {
        let MatchKeySpec {
            name: _,
            kind,
            keys,
            profile,
            phonetic,
            needed,
            too_frequent,
        } = before;
        self.words(Field::Kind, kind.as_str(), after.kind.as_str());
        // The id of a key spells its fields in their order, in which they are hashed.
        let ids = |spec: &[model::MatchKey]| {
            Value::words(spec.iter().map(|k| {
                let fields: Vec<&str> = k.fields.iter().map(|f| f.as_str()).collect();
                fields.join("+")
            }))
        };
        let values = (ids(keys), ids(&after.keys));
        self.set(Field::Keys, values, Direction::Looser);
        let (one, other) = (profile.as_str(), after.profile.as_str());
        self.words(Field::Profile, one, other);
        let (one, other) = (phonetic.as_str(), after.phonetic.as_str());
        self.words(Field::Phonetic, one, other);
        let direction = Direction::stricter_if(after.needed > *needed);
        let number = |needed: u16| Value::Number(u32::from(needed));
        let values = (number(*needed), number(after.needed));
        self.add(Field::Needed, values, direction);
        let rank = |most: Option<u32>| most.map_or(u64::MAX, u64::from);
        let direction = Direction::stricter_if(rank(after.too_frequent) < rank(*too_frequent));
        let values = (
            Value::number(*too_frequent),
            Value::number(after.too_frequent),
        );
        self.add(Field::TooFrequent, values, direction);
    }

    fn auditor(&mut self, before: &Auditor, after: &Auditor) {
        let Auditor { id: _, name, oin } = before;
        self.words(Field::Name, name, &after.name);
        self.words(Field::Oin, oin.as_str(), after.oin.as_str());
    }

    fn log(&mut self, before: &Log, after: &Log) {
        let Log {
            key: log_key,
            witnessing,
            retention,
        } = before;
        self.words(Field::LogKey, &key(log_key), &key(&after.key));
        let direction = Direction::stricter_if(after.witnessing == Witnessing::Strict);
        let values = (Value::word(witnessing), Value::word(&after.witnessing));
        self.add(Field::Witnessing, values, direction);
        let spans = (Some(*retention), Some(after.retention));
        let (_, same) = of_spans(spans, true);
        let values = (Value::span(spans.0), Value::span(spans.1));
        if same {
            let told = |value: &Value| value.told(crate::diagnostic::Lang::Nl);
            let text = Text::Field(Field::LogRetention);
            self.text(text, &told(&values.0), &told(&values.1));
        } else {
            self.other(Field::LogRetention, values);
        }
    }
}

/// A key as the covenant writes it, in base64.
fn key(key: &Key) -> String {
    match key {
        Key::Ed25519(bytes) => format!("ed25519:{}", data_encoding::BASE64.encode(bytes)),
        Key::X25519(bytes) => format!("x25519:{}", data_encoding::BASE64.encode(bytes)),
        Key::Placeholder(text) => text.clone(),
    }
}
