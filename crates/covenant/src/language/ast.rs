//! The typed tree of a covenant. Whatever is in it has been checked; nothing is left as text that
//! has a meaning to the machine.

use std::collections::BTreeMap;

use model::{
    CategoryCode, Certainty, ClauseNo, CovenantId, Day, Digest, MatchKeySpec, Oin, PartyId,
    PurposeId, RoleRef, SignalTypeId,
};

use crate::language::clause::Clause;
use crate::language::span::Span;
use crate::language::words::{
    Language, LoginLevel, Misuse, Nature, PartyKind, Reason, Reviewed, Shows, Witnessing,
};
use crate::vocabulary::advice::Vocabulary;

/// A whole covenant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// `[convenant]`.
    pub header: Header,
    /// `[partij.*]`, by id.
    pub parties: BTreeMap<PartyId, Party>,
    /// `[signaal.*]`, by id.
    pub signals: BTreeMap<SignalTypeId, SignalType>,
    /// `[doel.*]`, by id.
    pub purposes: BTreeMap<PurposeId, Purpose>,
    /// `[vergelijking.*]`, sorted by name; families are expanded.
    pub match_keys: Vec<MatchKeySpec>,
    /// `[[regel]]`, in the file's order.
    pub clauses: Vec<Clause>,
    /// `[[verbod]]`, in the file's order.
    pub prohibitions: Vec<Prohibition>,
    /// `[[voorbeeld]]`, in the file's order.
    pub examples: Vec<Example>,
    /// `[auditor.*]`, by id.
    pub auditors: BTreeMap<PartyId, Auditor>,
    /// `[logboek]`.
    pub log: Log,
}

/// `[convenant]`, with `taal`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The language of the free texts.
    pub language: Language,
    /// `id`, the same for all versions.
    pub id: CovenantId,
    /// `versie`, from 1.
    pub version: u32,
    /// `titel`.
    pub title: String,
    /// `vervangt`: the SHA-256 of the version before; never in version 1, always in later ones.
    pub replaces: Option<Digest>,
    /// `geldig_van`: the first day on which it holds.
    pub valid_from: Day,
    /// `geldig_tot`: the first day on which it no longer holds, at most 24 months later.
    pub valid_until: Day,
    /// `evaluatie`: the day of review, within the validity.
    pub evaluation: Option<Day>,
    /// `woordenlijst`: the advice vocabulary.
    pub vocabulary: Vocabulary,
    /// `contactpunt`: the party where a data subject can go (AVG 26).
    pub contact: PartyId,
    /// `tekst`: the paper covenant.
    pub text: Option<PaperText>,
    /// `dpia`: the data protection impact assessment (AVG 35).
    pub dpia: Reference,
}

/// `tekst`: where the paper covenant is and what its bytes are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaperText {
    /// `url`.
    pub url: String,
    /// `sha256`.
    pub sha256: Digest,
}

/// A document of the parties: `{ kenmerk, datum }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reference {
    /// `kenmerk`: its mark.
    pub mark: String,
    /// `datum`.
    pub date: Day,
}

/// A public key: real, or a place-holder that only a template may have.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Key {
    /// Ed25519, for signing: `ed25519:<base64 or hex>`.
    Ed25519([u8; 32]),
    /// X25519, for sealing: `x25519:<base64 or hex>`.
    X25519([u8; 32]),
    /// Text such as `ed25519:GEMEENTE-FG`, to be replaced before anybody signs.
    Placeholder(String),
}

impl Key {
    /// The 32 bytes; `None` for a place-holder.
    #[must_use]
    pub const fn bytes(&self) -> Option<&[u8; 32]> {
        match self {
            Self::Ed25519(bytes) | Self::X25519(bytes) => Some(bytes),
            Self::Placeholder(_) => None,
        }
    }
}

/// `[partij.<id>]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    /// The id in the file.
    pub id: PartyId,
    /// `naam`.
    pub name: String,
    /// `soort`.
    pub kind: PartyKind,
    /// `oin`.
    pub oin: Oin,
    /// `ondertekenaar`.
    pub signer: Signer,
    /// `noodstop`: keys that may suspend, at least one.
    pub emergency: Vec<Key>,
    /// `rol.<role>`: every role with its explanation.
    pub roles: BTreeMap<RoleRef, String>,
    /// `knooppunt`: the node's public keys.
    pub node: Option<NodeKeys>,
}

/// `ondertekenaar`: who signs for a party.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// `functie`: an office, never a person's name.
    pub function: String,
    /// `sleutel`.
    pub key: Key,
}

/// `knooppunt`: a node's public keys, one per use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeKeys {
    /// `ondertekening` (Ed25519): what the node sends is signed with it.
    pub signing: Key,
    /// `verzegeling` (X25519): what is sealed to the party.
    pub sealing: Key,
    /// `getuige` (Ed25519): the node cosigns the log with it.
    pub witness: Key,
}

/// `[signaal.<id>]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalType {
    /// The id in the file.
    pub id: SignalTypeId,
    /// `uitleg`.
    pub explanation: String,
    /// `bron`: who may push it, at least one.
    pub sources: Vec<PartyId>,
    /// `codes`: the categories that mean this signal; each belongs to one signal only.
    pub codes: Vec<CategoryCode>,
    /// `aard`.
    pub nature: Nature,
    /// `vervalt_na`: how long after the day of observation it matches.
    pub expires_after: Span,
    /// `zekerheid`: how sure the source must at least be.
    pub certainty: Certainty,
    /// `herbeoordelen`: how often a person at the source looks at it again.
    pub reassess: Option<Span>,
}

/// `[doel.<id>]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purpose {
    /// The id in the file.
    pub id: PurposeId,
    /// `uitleg`.
    pub explanation: String,
    /// `niet_voor`: what must never be done with it, at least one.
    pub not_for: Vec<Misuse>,
}

/// What a prohibition covers in one direction of a cell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection<T> {
    /// Left out, or `["*"]`.
    All,
    /// These. A role written `<party>.*` has been expanded to that party's roles.
    Only(Vec<T>),
}

impl<T: PartialEq> Selection<T> {
    /// Whether `item` is selected.
    #[must_use]
    pub fn covers(&self, item: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(items) => items.contains(item),
        }
    }
}

/// `[[verbod]]`: cells that stay closed whatever a clause says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prohibition {
    /// `nummer`, unique among clauses and prohibitions.
    pub number: ClauseNo,
    /// `titel`.
    pub title: String,
    /// `aan`.
    pub to: Selection<RoleRef>,
    /// `doel`.
    pub purpose: Selection<PurposeId>,
    /// `van`.
    pub from: Selection<PartyId>,
    /// `over`.
    pub about: Selection<SignalTypeId>,
    /// `toont`.
    pub shows: Selection<Shows>,
}

impl Prohibition {
    /// Whether it covers a cell.
    #[must_use]
    pub fn covers(
        &self,
        role: &RoleRef,
        purpose: &PurposeId,
        source: &PartyId,
        signal: &SignalTypeId,
        shows: Shows,
    ) -> bool {
        self.to.covers(role)
            && self.purpose.covers(purpose)
            && self.from.covers(source)
            && self.about.covers(signal)
            && self.shows.covers(&shows)
    }
}

/// `[[voorbeeld]]`: a question with the outcome that all parties sign for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// `naam`.
    pub name: String,
    /// `vraag`: the cell.
    pub question: Question,
    /// `feiten`: what is known; a fact left out takes the value that meets the clause.
    pub facts: ExampleFacts,
    /// `uitkomst`.
    pub outcome: Outcome,
}

/// `vraag` of an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// `rol`.
    pub role: RoleRef,
    /// `doel`.
    pub purpose: PurposeId,
    /// `van`.
    pub from: PartyId,
    /// `over`.
    pub about: SignalTypeId,
    /// `toont`.
    pub shows: Shows,
}

/// `feiten` of an example. `None` takes the value that meets the clause.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExampleFacts {
    /// `treffers`: distinct live signals.
    pub hits: Option<u32>,
    /// `partijen`: their distinct parties.
    pub parties: Option<u32>,
    /// `binnen`: how long ago the signals were observed.
    pub age: Option<Span>,
    /// `dossier`: whether a file number was given.
    pub file_number: Option<bool>,
    /// `motivering`: whether a reason was given.
    pub motivation: Option<bool>,
    /// `beoordeling`: which review by a person took place.
    pub review: Option<Reviewed>,
    /// `goedkeuringen`: how many approved.
    pub approvals: Option<u32>,
    /// `inlogniveau`.
    pub login_level: Option<LoginLevel>,
    /// `minderjarige`: whether the subject is known to be a minor.
    pub minor: Option<bool>,
    /// `afgeschermd-adres`: whether the address is known to be shielded.
    pub shielded_address: Option<bool>,
    /// `gebied`: whether it is in the clause's area.
    pub in_area: Option<bool>,
    /// `per_medewerker_per_dag`: questions of this employee today, this one included.
    pub per_employee: Option<u32>,
    /// `per_partij_per_dag`: questions of this party today, this one included.
    pub per_party: Option<u32>,
    /// `per_betrokkene_per_maand`: questions about this subject, this one included.
    pub per_subject: Option<u32>,
}

/// `uitkomst` of an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Revealed by this clause.
    Clause(ClauseNo),
    /// `geweigerd`, or `geweigerd: <reason>`.
    Refused(Option<Reason>),
}

/// `[auditor.<id>]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Auditor {
    /// The id in the file.
    pub id: PartyId,
    /// `naam`.
    pub name: String,
    /// `oin`.
    pub oin: Oin,
}

/// `[logboek]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// `sleutel` (Ed25519): what checkpoints are signed with.
    pub key: Key,
    /// `getuigen`.
    pub witnessing: Witnessing,
    /// `bewaren_logboek`: how long entries are kept, at least four years with Wpg 20 (Wpg 25).
    pub retention: Span,
}
