//! A covenant that passed every check.

use std::collections::BTreeMap;

use model::{
    CategoryCode, ClauseNo, CovenantId, Day, Digest, MatchKeyName, MatchKeySpec, Oin, PartyId,
    Profile, PurposeId, RoleRef, SignalTypeId,
};

use crate::language::ast::{
    Auditor, Document, Example, Header, Log, Party, Prohibition, Purpose, SignalType,
};
use crate::language::clause::Clause;
use crate::vocabulary::advice::Vocabulary;

/// A covenant without errors. It can only be had from [`crate::check`]; it is not in force until
/// it has been signed by all (see [`crate::signoff`]).
///
/// There is no other way to make one:
///
/// ```compile_fail
/// fn forge(document: covenant::language::ast::Document) -> covenant::Covenant {
///     covenant::Covenant::new(document, model::Digest::new([0; 32]), false)
/// }
/// ```
///
/// ```compile_fail
/// fn forge(document: covenant::language::ast::Document) -> covenant::Covenant {
///     covenant::Covenant { document, ..covenant::check("").covenant.unwrap() }
/// }
/// ```
#[derive(Debug)]
pub struct Covenant {
    document: Document,
    digest: Digest,
    template: bool,
    signal_by_code: BTreeMap<CategoryCode, SignalTypeId>,
}

impl Covenant {
    pub(crate) fn new(document: Document, digest: Digest, template: bool) -> Self {
        let signal_by_code = document
            .signals
            .values()
            .flat_map(|s| s.codes.iter().map(|c| (c.clone(), s.id.clone())))
            .collect();
        Self {
            document,
            digest,
            template,
            signal_by_code,
        }
    }

    /// The whole typed tree.
    #[must_use]
    pub const fn document(&self) -> &Document {
        &self.document
    }

    /// SHA-256 of the exact bytes of the file.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// Whether it was checked as a template: it may hold place-holders for keys and dates that
    /// are past, so it can never be in force.
    #[must_use]
    pub const fn is_template(&self) -> bool {
        self.template
    }

    /// `[convenant]`.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.document.header
    }

    /// The covenant's id.
    #[must_use]
    pub const fn id(&self) -> &CovenantId {
        &self.document.header.id
    }

    /// Its version, from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.document.header.version
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.document.header.title
    }

    /// The first day on which it holds.
    #[must_use]
    pub const fn valid_from(&self) -> Day {
        self.document.header.valid_from
    }

    /// The first day on which it no longer holds.
    #[must_use]
    pub const fn valid_until(&self) -> Day {
        self.document.header.valid_until
    }

    /// The digest of the version that it replaces.
    #[must_use]
    pub const fn replaces(&self) -> Option<Digest> {
        self.document.header.replaces
    }

    /// Its advice vocabulary.
    #[must_use]
    pub const fn vocabulary(&self) -> Vocabulary {
        self.document.header.vocabulary
    }

    /// Its parties, by id.
    #[must_use]
    pub const fn parties(&self) -> &BTreeMap<PartyId, Party> {
        &self.document.parties
    }

    /// The party with an id.
    #[must_use]
    pub fn party(&self, id: &PartyId) -> Option<&Party> {
        self.document.parties.get(id)
    }

    /// Whether every party of `before` is a party here as well, under the same name and OIN. The
    /// parties of a version sign it and nobody else: so a covenant could be taken over by leaving
    /// the others out.
    #[must_use]
    pub fn keeps_parties_of(&self, before: &Self) -> bool {
        before.parties().values().all(|party| {
            let stays = self.party(&party.id);
            stays.is_some_and(|stays| stays.oin == party.oin)
        })
    }

    /// The party with an OIN.
    #[must_use]
    pub fn party_by_oin(&self, oin: &Oin) -> Option<&Party> {
        self.document.parties.values().find(|p| p.oin == *oin)
    }

    /// Its signals, by id.
    #[must_use]
    pub const fn signals(&self) -> &BTreeMap<SignalTypeId, SignalType> {
        &self.document.signals
    }

    /// The signal that a category means here; `None` when the covenant does not know it.
    #[must_use]
    pub fn signal_type_of(&self, category: &CategoryCode) -> Option<&SignalType> {
        self.document
            .signals
            .get(self.signal_by_code.get(category)?)
    }

    /// Its purposes, by id.
    #[must_use]
    pub const fn purposes(&self) -> &BTreeMap<PurposeId, Purpose> {
        &self.document.purposes
    }

    /// Its comparisons, sorted by name, families expanded.
    #[must_use]
    pub fn match_keys(&self) -> &[MatchKeySpec] {
        &self.document.match_keys
    }

    /// The comparison with a name.
    #[must_use]
    pub fn match_key(&self, name: &MatchKeyName) -> Option<&MatchKeySpec> {
        self.document.match_keys.iter().find(|k| k.name == *name)
    }

    /// Whether any comparison needs a key holder (`profiel = "oprf"`).
    #[must_use]
    pub fn needs_key_holder(&self) -> bool {
        self.document
            .match_keys
            .iter()
            .any(|k| k.profile == Profile::Oprf)
    }

    /// Its clauses, in the file's order.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.document.clauses
    }

    /// The first day on which somebody who asks in this role for this purpose may not keep an answer
    /// of `told_on` any longer, by the shortest promise (`bewaren`) of a clause for both: which clause
    /// an answer rests on, if on any, does not show in how long it is kept. `None` when none promises
    /// anything.
    #[must_use]
    pub fn answer_kept_until(
        &self,
        role: &RoleRef,
        purpose: &PurposeId,
        told_on: Day,
    ) -> Option<Day> {
        self.clauses()
            .iter()
            .filter(|clause| clause.to.contains(role) && clause.purpose == *purpose)
            .filter_map(|clause| Some(clause.promises.retain?.after(told_on)))
            .min()
    }

    /// The clause with a number.
    #[must_use]
    pub fn clause(&self, number: &ClauseNo) -> Option<&Clause> {
        self.document.clauses.iter().find(|c| c.number == *number)
    }

    /// Its prohibitions, in the file's order.
    #[must_use]
    pub fn prohibitions(&self) -> &[Prohibition] {
        &self.document.prohibitions
    }

    /// Its examples, in the file's order.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.document.examples
    }

    /// Its auditors, by id.
    #[must_use]
    pub const fn auditors(&self) -> &BTreeMap<PartyId, Auditor> {
        &self.document.auditors
    }

    /// The auditor with an OIN.
    #[must_use]
    pub fn auditor_by_oin(&self, oin: &Oin) -> Option<&Auditor> {
        self.document.auditors.values().find(|a| a.oin == *oin)
    }

    /// `[logboek]`.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.document.log
    }

    /// Whether a party may push a category.
    #[must_use]
    pub fn may_be_source(&self, party: &PartyId, category: &CategoryCode) -> bool {
        self.signal_type_of(category)
            .is_some_and(|s| s.sources.contains(party))
    }

    /// The first day on which a signal of a category, observed on a day, no longer matches;
    /// `None` when the covenant does not know the category.
    #[must_use]
    pub fn expires_on(&self, category: &CategoryCode, observed: Day) -> Option<Day> {
        Some(self.signal_type_of(category)?.expires_after.after(observed))
    }
}
