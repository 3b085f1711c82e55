//! The side record of an entry: what was decided, by which clause, on which facts.
//!
//! Its JSON is what the leaf's `outcome` commitment is made to. It holds numbers, enums and names
//! that stand in the signed covenant: no identifier, no attribute, no free text, no stable
//! pseudonym of a subject.

use std::collections::BTreeMap;

use model::{ActorId, ClauseNo, Day, Digest, PartyId, PurposeId, RoleRef, SignalTypeId};
use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::word::{Code, Reference, TraceId, TransactionId};

/// What was decided.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decided {
    /// Something was revealed.
    Revealed,
    /// Nothing was, because of the subject: found or not.
    Withheld,
    /// The question was refused openly, because of the asker.
    Refused,
}

/// The side record. Every field stands in the JSON, `null` where there is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// What happened.
    #[serde(with = "as_text")]
    pub kind: Kind,
    /// The request's, match's or decision's id.
    #[serde(with = "as_optional_text")]
    pub transaction_id: Option<TransactionId>,
    /// The W3C trace that it happened in.
    #[serde(with = "as_optional_text")]
    pub trace_id: Option<TraceId>,
    /// The clause that decided; none when no clause opens the cell.
    #[serde(with = "as_optional_text")]
    pub clause: Option<ClauseNo>,
    /// Which cell of the covenant was decided.
    pub cell: Option<Cell>,
    /// For whom.
    pub recipient: Option<Recipient>,
    /// What for.
    #[serde(with = "as_optional_text")]
    pub purpose: Option<PurposeId>,
    /// On which legal bases, as the parties signed them.
    pub basis: Option<Basis>,
    /// What was known: numbers and enums only.
    #[serde(with = "as_text_keys")]
    pub facts: BTreeMap<Code, Fact>,
    /// How the covenant stood; none for an event that decides nothing, and in an outcome that was
    /// written before this was recorded.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// What was known of every clause, role and level that was judged, so that the decision can be
    /// made again.
    #[serde(default)]
    pub judged: Vec<Judged>,
    /// What was decided; none for an event that decides nothing.
    pub decision: Option<Decided>,
    /// Why: every unmet condition, or what refused.
    pub reasons: Vec<Reason>,
    /// What the recipient was shown (`toont`), for example `handelingsadvies`.
    #[serde(with = "as_optional_text")]
    pub output_kind: Option<Code>,
    /// Every level (`toont`) that the recipient was shown, lowest first.
    #[serde(default, with = "as_texts")]
    pub shown: Vec<Code>,
    /// The duties (`plicht`) that the disclosure carries.
    #[serde(with = "as_texts")]
    pub duties: Vec<Code>,
    /// `SHA-256(salt || pseudonyms)`: [`crate::opening::subject_commitment`].
    #[serde(with = "as_optional_text")]
    pub subject_commitment: Option<Hex>,
    /// `SHA-256(salt || content)`: [`crate::opening::content_commitment`].
    #[serde(with = "as_optional_text")]
    pub content_commitment: Option<Hex>,
    /// What decided.
    pub engine: Engine,
}

/// A cell of the covenant: what a decision is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The role that would learn it.
    #[serde(with = "as_text")]
    pub role: RoleRef,
    /// What for.
    #[serde(with = "as_text")]
    pub purpose: PurposeId,
    /// From whom.
    #[serde(with = "as_text")]
    pub source: PartyId,
    /// About which kind of signal; none where the decision is over several.
    #[serde(with = "as_optional_text")]
    pub signal: Option<SignalTypeId>,
    /// How much (`toont`).
    #[serde(with = "as_optional_text")]
    pub shows: Option<Code>,
}

/// Who received, or would have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// In which role.
    #[serde(with = "as_text")]
    pub role: RoleRef,
    /// The party's own pseudonym of the employee, which it changes monthly.
    #[serde(with = "as_optional_text")]
    pub actor: Option<ActorId>,
}

/// The legal bases of a flow, as the covenant words them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// The source's basis to provide.
    #[serde(with = "as_text")]
    pub provide: Reference,
    /// The recipient's basis to receive.
    #[serde(with = "as_text")]
    pub receive: Reference,
    /// Exceptions to a ban, per direction.
    pub exception: Exception,
    /// The reference of the decision, where the law needs one.
    #[serde(with = "as_optional_text")]
    pub decision_ref: Option<Reference>,
}

/// Exceptions to a ban on special or criminal data.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The source's.
    #[serde(with = "as_texts")]
    pub provide: Vec<Reference>,
    /// The recipient's.
    #[serde(with = "as_texts")]
    pub receive: Vec<Reference>,
}

/// How a covenant stood when something was decided under it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The day that counted.
    #[serde(with = "as_day")]
    pub day: Day,
    /// Whether it was over for good, apart from its dates.
    pub over: bool,
    /// Which of recipient and source had confirmed it within 24 hours.
    #[serde(with = "as_texts")]
    pub confirmed: Vec<PartyId>,
    /// What was suspended: `whole`, `clause:3.1`, `signal:gevaarlijk-dier`, `recipient:politie`.
    #[serde(with = "as_texts")]
    pub suspended: Vec<Code>,
}

/// What was known of one clause for these roles at these levels.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// The clause.
    #[serde(with = "as_text")]
    pub clause: ClauseNo,
    /// The roles.
    #[serde(with = "as_texts")]
    pub roles: Vec<RoleRef>,
    /// The levels (`toont`).
    #[serde(with = "as_texts")]
    pub shows: Vec<Code>,
    /// The kinds of the source's signals that agree, whatever closes their cells.
    #[serde(with = "as_texts")]
    pub found: Vec<SignalTypeId>,
    /// The kinds of those that count.
    #[serde(with = "as_texts")]
    pub counted: Vec<SignalTypeId>,
    /// The facts that are others than those of the outcome itself.
    #[serde(with = "as_text_keys")]
    pub facts: BTreeMap<Code, Fact>,
}

/// One known thing: a number, a yes or no, or a word of a closed list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact {
    /// A count, a number of days, and so on.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// A word of a closed list.
    Word(#[serde(with = "as_text")] Code),
}

/// One reason.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Which, for example `treffers`.
    #[serde(with = "as_text")]
    pub code: Code,
    /// The clause that it comes from, where several were judged.
    #[serde(with = "as_optional_text")]
    pub clause: Option<ClauseNo>,
    /// What was known.
    pub fact: Option<Fact>,
    /// What it had to be.
    pub threshold: Option<Fact>,
}

/// What decided, so that it can be replayed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// The engine's name.
    #[serde(with = "as_text")]
    pub name: Code,
    /// Its version.
    #[serde(with = "as_text")]
    pub version: Code,
    /// The digest of the compiled table of cells, where a covenant decided.
    #[serde(with = "as_optional_text")]
    pub table_digest: Option<Hex>,
}

/// A digest as it is written in JSON: 64 lower-case hexadecimal characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hex(pub Digest);

impl From<Digest> for Hex {
    fn from(digest: Digest) -> Self {
        Self(digest)
    }
}

impl std::fmt::Display for Hex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Hex {
    type Err = OutcomeError;
    fn from_str(text: &str) -> Result<Self, OutcomeError> {
        Digest::from_hex(text).map(Self).ok_or(OutcomeError)
    }
}

impl std::str::FromStr for Kind {
    type Err = OutcomeError;
    fn from_str(text: &str) -> Result<Self, OutcomeError> {
        Self::parse(text).ok_or(OutcomeError)
    }
}

/// The bytes are no outcome of this version.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("outcome is not well formed: read it with the version that wrote it")]
pub struct OutcomeError;

impl Outcome {
    /// An outcome of `kind` with everything else empty, to be filled by struct update.
    #[must_use]
    pub fn of(kind: Kind, engine: Engine) -> Self {
        Self {
            kind,
            transaction_id: None,
            trace_id: None,
            clause: None,
            cell: None,
            recipient: None,
            purpose: None,
            basis: None,
            facts: BTreeMap::new(),
            standing: None,
            judged: Vec::new(),
            decision: None,
            reasons: Vec::new(),
            output_kind: None,
            shown: Vec::new(),
            duties: Vec::new(),
            subject_commitment: None,
            content_commitment: None,
            engine,
        }
    }

    /// The JSON that the commitment is made to.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Serialising to memory what has only strings as keys cannot fail; an empty text would
        // not parse again, and so would be seen.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads what an opened commitment holds.
    ///
    /// # Errors
    /// [`OutcomeError`] when the bytes are not the JSON of an outcome.
    pub fn from_json(bytes: &[u8]) -> Result<Self, OutcomeError> {
        serde_json::from_slice(bytes).map_err(|_| OutcomeError)
    }
}

mod as_day {
    use model::Day;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over the field by reference"
    )]
    pub(super) fn serialize<S: Serializer>(day: &Day, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&day.to_string())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Day, D::Error> {
        let text = String::deserialize(d)?;
        Day::parse(&text).ok_or_else(|| D::Error::custom("a day has another form"))
    }
}

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: ToString, S: Serializer>(t: &T, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&t.to_string())
    }

    pub(super) fn deserialize<'de, T: std::str::FromStr, D: Deserializer<'de>>(
        d: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(d)?;
        text.parse()
            .map_err(|_| D::Error::custom("a text has another form"))
    }
}

mod as_optional_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "serde hands over the field by reference")]
    pub(super) fn serialize<T: ToString, S: Serializer>(
        t: &Option<T>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        match t {
            Some(t) => s.serialize_some(&t.to_string()),
            None => s.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T: std::str::FromStr, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Option<T>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| {
            t.parse()
                .map_err(|_| D::Error::custom("a text has another form"))
        })
        .transpose()
    }
}

mod as_texts {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<T: ToString, S: Serializer>(
        list: &[T],
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_seq(list.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, T: std::str::FromStr, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Vec<T>, D::Error> {
        let texts = Vec::<String>::deserialize(d)?;
        let read = |t: &String| {
            t.parse()
                .map_err(|_| D::Error::custom("a text has another form"))
        };
        texts.iter().map(read).collect()
    }
}

mod as_text_keys {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{Code, Fact};

    pub(super) fn serialize<S: Serializer>(
        facts: &BTreeMap<Code, Fact>,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.collect_map(facts.iter().map(|(name, fact)| (name.as_str(), fact)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<BTreeMap<Code, Fact>, D::Error> {
        let facts = BTreeMap::<String, Fact>::deserialize(d)?;
        let read = |(name, fact): (String, Fact)| {
            let name =
                Code::parse(&name).map_err(|_| D::Error::custom("a name has another form"))?;
            Ok((name, fact))
        };
        facts.into_iter().map(read).collect()
    }
}
