//! The outcome of a decision: a permit, or what was withheld and why.

use std::sync::Arc;

use model::{ClauseNo, PartyId, PurposeId, RoleRef, SignalTypeId};

use super::disclosure::{Disclosure, Matched, Shown};
use super::explanation::{self, Explanation};
use super::{Facts, Reason, Unmet};
use crate::language::clause::{Clause, Duties, InformSubject, Promises, ReportToSource};
use crate::language::span::Span;
use crate::language::words::{Frequency, Record as Recorded, Shows};
use crate::signoff::Compiled;

/// What was decided.
#[derive(Debug)]
pub enum Decision {
    /// The covenant reveals it.
    Reveal(Permit),
    /// Nothing is revealed.
    Withhold(Withheld),
}

impl Decision {
    /// Whether something is revealed.
    #[must_use]
    pub const fn is_reveal(&self) -> bool {
        matches!(self, Self::Reveal(_))
    }

    /// The decision explained, for the log.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        match self {
            Self::Reveal(permit) => permit.explanation(),
            Self::Withhold(withheld) => withheld.explanation(),
        }
    }

    /// The clause that was judged; `None` when none opens the cell.
    #[must_use]
    pub fn clause(&self) -> Option<&ClauseNo> {
        let record = match self {
            Self::Reveal(permit) => &permit.record,
            Self::Withhold(withheld) => &withheld.record,
        };
        record.clause().map(|c| &c.number)
    }
}

/// What the decision was about, kept so that it can be explained.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) compiled: Arc<Compiled>,
    /// Place of the clause in the file.
    pub(super) clause: Option<usize>,
    pub(super) recipient: PartyId,
    pub(super) roles: Vec<RoleRef>,
    pub(super) purpose: PurposeId,
    /// `None` only for a refusal before anything was looked up.
    pub(super) source: Option<PartyId>,
    pub(super) signals: Vec<SignalTypeId>,
    pub(super) shows: Vec<Shows>,
    pub(super) facts: Facts,
    pub(super) unmet: Vec<Unmet>,
}

impl Record {
    pub(super) fn clause(&self) -> Option<&Clause> {
        self.compiled.covenant.clauses().get(self.clause?)
    }
}

/// The right to disclose once what one clause reveals to one recipient from one source. It comes
/// from a decision alone, cannot be copied, and is used up by [`Permit::project`].
///
/// It can't be made out of parts:
/// ```compile_fail
/// fn forge(disclosure: covenant::decide::Disclosure) -> covenant::decide::Permit {
///     covenant::decide::Permit { shown: Vec::new(), matched: None }
/// }
/// ```
/// it can't be copied:
/// ```compile_fail
/// fn twice(permit: covenant::decide::Permit) -> (covenant::decide::Permit, covenant::decide::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
/// it can't be used twice:
/// ```compile_fail
/// use covenant::decide::{Disclosure, Duty, Permit};
/// fn twice(permit: Permit) -> (Disclosure, Disclosure) {
///     let discharge = |_: Duty| Ok::<(), std::convert::Infallible>(());
///     (permit.project(discharge).unwrap(), permit.project(discharge).unwrap())
/// }
/// ```
/// and a duty that is forgotten doesn't compile, since the match over [`Duty`] is exhaustive:
/// ```compile_fail
/// use covenant::decide::{Disclosure, Duty, Permit};
/// fn forgets(permit: Permit) -> Disclosure {
///     let discharged = permit.project(|duty| match duty {
///         Duty::Record(_) | Duty::Correct | Duty::ReportToSource(_) => Ok::<(), ()>(()),
///     });
///     discharged.unwrap()
/// }
/// ```
/// Once, with every duty, it does:
/// ```
/// use covenant::decide::{Disclosure, Duty, Permit};
/// fn once(permit: Permit) -> Result<Disclosure, &'static str> {
///     permit.project(|duty| match duty {
///         Duty::Record(_) | Duty::Correct | Duty::ReportToSource(_) => Ok(()),
///         Duty::InformSubject(_) | Duty::Sample { .. } | Duty::Report(_) => Err("not yet"),
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Permit {
    record: Box<Record>,
    shown: Vec<Shown>,
    matched: Option<Box<Matched>>,
}

impl Permit {
    pub(super) fn new(record: Record, shown: Vec<Shown>, matched: Option<Matched>) -> Self {
        Self {
            record: Box::new(record),
            shown,
            matched: matched.map(Box::new),
        }
    }

    /// Takes back a permit: something else is told instead.
    pub(super) fn withhold(mut self, unmet: Unmet) -> Withheld {
        self.record.unmet.push(unmet);
        Withheld {
            record: self.record,
        }
    }

    /// The clause that reveals it.
    #[must_use]
    pub fn clause(&self) -> Option<&ClauseNo> {
        self.record.clause().map(|c| &c.number)
    }

    /// Every duty of the broker at this disclosure.
    #[must_use]
    pub fn duties(&self) -> Vec<Duty> {
        self.record
            .clause()
            .map_or_else(Vec::new, |c| Duty::of(&c.duties))
    }

    /// The decision explained, for the log.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        explanation::explain(&self.record, true)
    }

    /// Uses the permit up. `discharge` is called once for every duty of the clause, and must match
    /// over all of them; only when each has been taken on is there a disclosure, which holds what
    /// the clause reveals and nothing else.
    ///
    /// # Errors
    /// The first error of `discharge`: the permit is then gone, and nothing may be told.
    pub fn project<E>(
        self,
        mut discharge: impl FnMut(Duty) -> Result<(), E>,
    ) -> Result<Disclosure, E> {
        for duty in self.duties() {
            discharge(duty)?;
        }
        Ok(Disclosure::new(self.shown, self.matched))
    }
}

/// What was withheld, and why. Only the log ever sees it: what it says depends on the subject.
#[derive(Debug)]
pub struct Withheld {
    record: Box<Record>,
}

impl Withheld {
    pub(super) fn new(record: Record) -> Self {
        Self {
            record: Box::new(record),
        }
    }

    /// The clause that was judged; `None` when none opens the cell.
    #[must_use]
    pub fn clause(&self) -> Option<&ClauseNo> {
        self.record.clause().map(|c| &c.number)
    }

    /// Every unmet condition with fact and threshold, at least one.
    #[must_use]
    pub fn unmet(&self) -> &[Unmet] {
        &self.record.unmet
    }

    /// Whether `reason` is among the reasons.
    #[must_use]
    pub fn is_because(&self, reason: Reason) -> bool {
        self.record.unmet.iter().any(|u| u.reason == reason)
    }

    /// The decision explained, for the log.
    #[must_use]
    pub fn explanation(&self) -> Explanation {
        explanation::explain(&self.record, false)
    }
}

/// What the broker must do at a disclosure (`plicht`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Duty {
    /// `vastleggen`: the entry in the log, and for whom.
    Record(Recorded),
    /// `melden_aan_bron`.
    ReportToSource(ReportToSource),
    /// `betrokkene_informeren`.
    InformSubject(InformSubject),
    /// `corrigeren`: whoever saw it is told when the signal lapses or changes.
    Correct,
    /// `steekproef`: this percentage is put before the auditor.
    Sample {
        /// From 1 to 100.
        percent: u32,
    },
    /// `rapporteren`: all parties get figures.
    Report(Frequency),
}

impl Duty {
    /// Every duty of a clause. A field that is added to `Duties` doesn't compile here before it
    /// is a duty.
    pub(crate) fn of(duties: &Duties) -> Vec<Self> {
        let Duties {
            record,
            report_to_source,
            inform_subject,
            correct,
            sample_percent,
            report,
        } = duties;
        let mut all = Vec::new();
        all.extend(record.map(Self::Record));
        all.extend(report_to_source.map(Self::ReportToSource));
        all.extend(inform_subject.clone().map(Self::InformSubject));
        all.extend(correct.then_some(Self::Correct));
        all.extend(sample_percent.map(|percent| Self::Sample { percent }));
        all.extend(report.map(Self::Report));
        all
    }

    /// The covenant's word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Record(_) => "vastleggen",
            Self::ReportToSource(_) => "melden_aan_bron",
            Self::InformSubject(_) => "betrokkene_informeren",
            Self::Correct => "corrigeren",
            Self::Sample { .. } => "steekproef",
            Self::Report(_) => "rapporteren",
        }
    }

    /// To what extent, in the covenant's words; `ja` where it only says that it holds.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Record(record) => record.as_str().to_owned(),
            Self::ReportToSource(report) => format!("{} {}", report.when, report.form),
            Self::InformSubject(inform) => format!("{} {}", inform.by, inform.within),
            Self::Correct => "ja".to_owned(),
            Self::Sample { percent } => percent.to_string(),
            Self::Report(frequency) => frequency.as_str().to_owned(),
        }
    }
}

/// What the recipient promised (`belofte`): asked and recorded, never enforced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Promise {
    /// `bewaren`: not kept longer than this.
    Retain(Span),
    /// `niet_doorgeven`.
    NoOnward,
    /// `mens_beslist` (AVG 22).
    HumanDecides,
    /// `terugkoppelen`: the source hears the outcome within this.
    Feedback(Span),
    /// `datalek_melden`: a breach is reported to the source within this.
    ReportBreach(Span),
}

impl Promise {
    pub(crate) fn of(promises: &Promises) -> Vec<Self> {
        let Promises {
            retain,
            no_onward,
            human_decides,
            feedback,
            report_breach,
        } = promises;
        let mut all = Vec::new();
        all.extend(retain.map(Self::Retain));
        all.extend(no_onward.then_some(Self::NoOnward));
        all.extend(human_decides.then_some(Self::HumanDecides));
        all.extend(feedback.map(Self::Feedback));
        all.extend(report_breach.map(Self::ReportBreach));
        all
    }

    /// The covenant's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retain(_) => "bewaren",
            Self::NoOnward => "niet_doorgeven",
            Self::HumanDecides => "mens_beslist",
            Self::Feedback(_) => "terugkoppelen",
            Self::ReportBreach(_) => "datalek_melden",
        }
    }

    /// To what extent, in the covenant's words; `ja` where it only says that it holds.
    #[must_use]
    pub fn value(self) -> String {
        match self {
            Self::Retain(span) | Self::Feedback(span) | Self::ReportBreach(span) => {
                span.to_string()
            }
            Self::NoOnward | Self::HumanDecides => "ja".to_owned(),
        }
    }
}
