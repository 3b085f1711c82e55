//! `[[regel]]`: one thing that may be revealed, to whom, for what, on which grounds, and under
//! which demands.

use std::collections::BTreeMap;

use model::{
    AdviceCode, ClauseNo, MatchKeyName, Neighbourhood, PartyId, Protection, PurposeId, RoleRef,
    SignalTypeId,
};

use crate::language::ast::Reference;
use crate::language::span::Span;
use crate::language::words::{
    AreaLevel, Attribute, Batching, Frequency, LoginLevel, Period, Record, ReportForm, Review,
    Shows, Silence, Trigger,
};
use crate::vocabulary::law::{Article, Deferral, Exemption, Law};

/// `[[regel]]`. Every list is non-empty unless said otherwise and has no doubles.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// `nummer`, unique among clauses and prohibitions.
    pub number: ClauseNo,
    /// `titel`.
    pub title: String,
    /// `aan`.
    pub to: Vec<RoleRef>,
    /// `doel`.
    pub purpose: PurposeId,
    /// `aanleiding`.
    pub triggers: Vec<Trigger>,
    /// `vergelijking`; empty only for a clause that is for scans alone.
    pub comparisons: Vec<MatchKeyName>,
    /// `van`.
    pub from: Vec<PartyId>,
    /// `over`.
    pub about: Vec<SignalTypeId>,
    /// `toont`.
    pub shows: Vec<Shows>,
    /// `kenmerken`; empty unless `toont` has `gegevens`.
    pub attributes: Vec<Attribute>,
    /// `advies`; there when and only when `toont` has `handelingsadvies`.
    pub advice: Option<AdviceCode>,
    /// `grondslag`.
    pub bases: Bases,
    /// `voorwaarde`.
    pub conditions: Conditions,
    /// `grens`.
    pub limits: Limits,
    /// `uitvoer`.
    pub output: Output,
    /// `plicht`.
    pub duties: Duties,
    /// `belofte`.
    pub promises: Promises,
}

/// `grondslag`: a legal basis for each direction of each flow.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bases {
    /// `verstrekken.<source>`: one for every party in `van` that is not the only recipient.
    pub supply: BTreeMap<PartyId, LegalBasis>,
    /// `ontvangen.<recipient>`: one for every party in `aan`.
    pub receive: BTreeMap<PartyId, LegalBasis>,
    /// `uitzondering` for supplying, by source; a single text means all.
    pub supply_exemptions: BTreeMap<PartyId, Vec<Exemption>>,
    /// `uitzondering` for receiving, by recipient; a single text means all.
    pub receive_exemptions: BTreeMap<PartyId, Vec<Exemption>>,
    /// `besluit`: the decision that Wpg 19 and 20 need.
    pub decision: Option<Reference>,
    /// `melden_aan_bron`: the basis pair for telling a source, which is a flow the other way.
    pub report_to_source: Option<ReportBases>,
}

/// `grondslag.melden_aan_bron`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportBases {
    /// `verstrekken.<recipient of the clause>`.
    pub supply: BTreeMap<PartyId, LegalBasis>,
    /// `ontvangen.<source of the clause>`.
    pub receive: BTreeMap<PartyId, LegalBasis>,
}

/// A legal basis: `"AVG 6.1.e"`, or `{ artikel = "AVG 6.1.e", wet = "Gemeentewet 172" }`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LegalBasis {
    /// `artikel`.
    pub article: Article,
    /// `wet`: the law that gives the task or imposes the duty (AVG 6.3).
    pub law: Option<LawReference>,
}

/// `wet`: a law with an article of it, for example `"Gemeentewet 172"`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LawReference {
    /// The law.
    pub law: Law,
    /// The article, such as `172`, `172a`, `7:212` or `45.2.f`.
    pub article: String,
}

/// `voorwaarde`: what is checked before anything is revealed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Conditions {
    /// `treffers`: at least so many distinct live signals.
    pub hits: Option<u32>,
    /// `partijen`: of at least so many distinct parties.
    pub parties: Option<u32>,
    /// `binnen`: observed within this span before now.
    pub within: Option<Span>,
    /// `dossier`: the asker gives a file number.
    pub file_number: bool,
    /// `motivering`: the asker gives a reason.
    pub motivation: bool,
    /// `beoordeling`.
    pub review: Option<Review>,
    /// `goedkeuring`.
    pub approval: Option<Approval>,
    /// `inlogniveau`: at least this.
    pub login_level: Option<LoginLevel>,
    /// `niet_over`; may be empty.
    pub not_about: Vec<Protection>,
    /// `gebied`: only signals in these areas (a code also covers what lies in it); empty is
    /// everywhere.
    pub areas: Vec<Neighbourhood>,
}

/// `goedkeuring`: people who must agree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approval {
    /// `aantal`, at least 1.
    pub count: u32,
    /// `door`.
    pub by: Vec<RoleRef>,
    /// `binnen`.
    pub within: Span,
}

/// `grens`: how often a question may be put.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// `per_medewerker_per_dag`.
    pub per_employee_per_day: Option<u32>,
    /// `per_partij_per_dag`.
    pub per_party_per_day: Option<u32>,
    /// `per_betrokkene_per_maand`.
    pub per_subject_per_month: Option<u32>,
}

/// `uitvoer`: the shape of what comes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// `drempel`: no cell of a count below this.
    pub threshold: Option<u32>,
    /// `afronden_op`: counts are rounded to multiples of this.
    pub round_to: Option<u32>,
    /// `overheersing`: no contributor over this percentage of a cell.
    pub dominance_percent: Option<u32>,
    /// `nevenonderdrukking`: what was left out cannot be computed back.
    pub complementary_suppression: bool,
    /// `gebied`: what one cell of a count, or a place in a contact point, is.
    pub area: Option<AreaLevel>,
    /// `tijdvak`.
    pub period: Option<Period>,
    /// `embargo`: nothing younger than this is counted.
    pub embargo: Option<Span>,
    /// `antwoord_na`: the answer always comes after this.
    pub answer_after: Option<Span>,
    /// `bundelen`: when notices of continuous matches go out.
    pub batching: Option<Batching>,
    /// `bij_niets` and `bij_weigering`, which are always the same.
    pub silence: Silence,
}

/// `plicht`: what the broker does at each disclosure.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Duties {
    /// `vastleggen`.
    pub record: Option<Record>,
    /// `melden_aan_bron`.
    pub report_to_source: Option<ReportToSource>,
    /// `betrokkene_informeren`.
    pub inform_subject: Option<InformSubject>,
    /// `corrigeren`: who saw it is told when the signal lapses or changes.
    pub correct: bool,
    /// `steekproef`: this percentage of disclosures is put before the auditor.
    pub sample_percent: Option<u32>,
    /// `rapporteren`: how often all parties get figures.
    pub report: Option<Frequency>,
}

/// `melden_aan_bron = "dagelijks"`, or `{ wanneer = "dagelijks", vorm = "aantallen" }`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReportToSource {
    /// `wanneer`.
    pub when: Frequency,
    /// `vorm`.
    pub form: ReportForm,
}

/// `betrokkene_informeren = { door, binnen, uitstel }` (AVG 14).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InformSubject {
    /// `door`: the party that tells the subject.
    pub by: PartyId,
    /// `binnen`.
    pub within: Span,
    /// `uitstel`: a ground to put it off (UAVG 41, Wpg 27).
    pub deferral: Option<Deferral>,
}

/// `belofte`: what the recipient promises. The broker asks, records and reminds; it cannot enforce.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Promises {
    /// `bewaren`: not kept longer than this.
    pub retain: Option<Span>,
    /// `niet_doorgeven`: not passed on.
    pub no_onward: bool,
    /// `mens_beslist`: a person decides (AVG 22).
    pub human_decides: bool,
    /// `terugkoppelen`: the source hears the outcome within this.
    pub feedback: Option<Span>,
    /// `datalek_melden`: a breach is reported to the source within this.
    pub report_breach: Option<Span>,
}

/// What must be laid beside one flow: both bases and what goes with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BasisPair<'a> {
    /// The source's basis to supply.
    pub supply: &'a LegalBasis,
    /// The source's exemptions.
    pub supply_exemptions: &'a [Exemption],
    /// The recipient's basis to receive.
    pub receive: &'a LegalBasis,
    /// The recipient's exemptions.
    pub receive_exemptions: &'a [Exemption],
    /// The decision, where the basis needs one.
    pub decision: Option<&'a Reference>,
}

impl Clause {
    /// Whether `trigger` sets it in motion.
    #[must_use]
    pub fn is_triggered_by(&self, trigger: Trigger) -> bool {
        self.triggers.contains(&trigger)
    }

    /// Whether it opens the cell, prohibitions aside. A party is never its own source.
    #[must_use]
    pub fn opens(
        &self,
        role: &RoleRef,
        purpose: &PurposeId,
        source: &PartyId,
        signal: &SignalTypeId,
        shows: Shows,
    ) -> bool {
        role.party() != *source
            && self.purpose == *purpose
            && self.shows.contains(&shows)
            && self.to.contains(role)
            && self.from.contains(source)
            && self.about.contains(signal)
    }

    /// The basis pair of the flow from `source` to `recipient`; `None` when it has no such flow.
    #[must_use]
    pub fn basis_pair(&self, source: &PartyId, recipient: &PartyId) -> Option<BasisPair<'_>> {
        let none: &[Exemption] = &[];
        Some(BasisPair {
            supply: self.bases.supply.get(source)?,
            supply_exemptions: self
                .bases
                .supply_exemptions
                .get(source)
                .map_or(none, Vec::as_slice),
            receive: self.bases.receive.get(recipient)?,
            receive_exemptions: self
                .bases
                .receive_exemptions
                .get(recipient)
                .map_or(none, Vec::as_slice),
            decision: self.bases.decision.as_ref(),
        })
    }
}
