//! A request of a data subject as an employee took it in: every field against its rule, all findings
//! at once.

use model::{Day, SubjectKind, Timestamp};
use wire::limit;
use wire::malformed::Problem;
use wire::word::{IdentityCheck, RightsKind};

use super::record::Applicant;
use crate::intake::{Choice, Described, Findings, Rule, SubjectDraft, check_subject};

/// How far a client's clock may be ahead.
const SKEW_SECONDS: i64 = 120;
/// Characters of an applicant's name.
const NAME_CHARS: usize = 200;
/// Lines of an applicant's address, and characters of one.
const ADDRESS_LINES: (usize, usize) = (6, 80);
/// Characters of a reference.
const REFERENCE_CHARS: usize = 128;

/// A request as it came in. `Debug` shows nothing of it.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) request_id: String,
    pub(crate) covenant: String,
    pub(crate) kind: Choice<RightsKind>,
    pub(crate) actor: String,
    pub(crate) identity: Choice<IdentityCheck>,
    pub(crate) verified_at: Option<Result<Timestamp, ()>>,
    pub(crate) received_on: Option<Result<Day, ()>>,
    pub(crate) applicant: Option<Applicant>,
    pub(crate) subjects: Vec<SubjectAsked>,
    pub(crate) reference: String,
    /// The exact message, to which the node commits.
    pub(crate) content: Vec<u8>,
}

/// A subject of it.
#[derive(Clone)]
pub(crate) struct SubjectAsked {
    pub(crate) subject: Option<SubjectDraft>,
    pub(crate) from: Option<Result<Day, ()>>,
    pub(crate) until: Option<Result<Day, ()>>,
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Application(..)")
    }
}

/// A subject that passed every check.
pub(super) struct Sought {
    pub(super) described: Described,
    pub(super) from: Option<Day>,
    pub(super) until: Option<Day>,
}

/// The part of a request that another party's desk may have taken in.
pub(super) struct Content {
    pub(super) kind: RightsKind,
    pub(super) identity: IdentityCheck,
    pub(super) received_on: Day,
    pub(super) applicant: Applicant,
    pub(super) subjects: Vec<Sought>,
    pub(super) reference: String,
}

/// Checks everything but who took it in, under which id and covenant.
pub(super) fn check(
    application: &Application,
    now: Timestamp,
    found: &mut Findings,
) -> Option<Content> {
    let kind = found.choice("kind", application.kind);
    let identity = found.choice("identity", application.identity);
    let verified = check_verified(application, now, found);
    let received_on = check_received(application, now, found);
    let applicant = check_applicant(application, found);
    let subjects = check_subjects(application, now, found);
    check_line("reference", &application.reference, REFERENCE_CHARS, found);
    let (Some(kind), Some(identity), Some(()), Some(received_on), Some(applicant), true) = (
        kind,
        identity,
        verified,
        received_on,
        applicant,
        found.is_empty(),
    ) else {
        return None;
    };
    Some(Content {
        kind,
        identity,
        received_on,
        applicant,
        subjects,
        reference: application.reference.clone(),
    })
}

fn check_verified(application: &Application, now: Timestamp, found: &mut Findings) -> Option<()> {
    let path = "verified_at";
    match application.verified_at {
        None => found.required(path),
        Some(Err(())) => found.problem(path, Problem::TimeForm),
        Some(Ok(at)) if at > now.plus_seconds(SKEW_SECONDS) => found.rule(path, Rule::NotYet),
        Some(Ok(_)) => return Some(()),
    }
    None
}

fn check_received(application: &Application, now: Timestamp, found: &mut Findings) -> Option<Day> {
    let path = "received_on";
    match application.received_on {
        None => found.required(path),
        Some(Err(())) => found.problem(path, Problem::DayForm),
        Some(Ok(day)) if day > now.day() => found.rule(path, Rule::NotYet),
        Some(Ok(day)) => return Some(day),
    }
    None
}

fn check_applicant(application: &Application, found: &mut Findings) -> Option<Applicant> {
    let Some(applicant) = &application.applicant else {
        found.required("applicant");
        return None;
    };
    if applicant.name.trim().is_empty() {
        found.required("applicant.name");
    }
    check_line("applicant.name", &applicant.name, NAME_CHARS, found);
    let (lines, chars) = ADDRESS_LINES;
    found.at_most(
        "applicant.address_lines",
        applicant.address_lines.len(),
        lines,
    );
    for (index, line) in applicant.address_lines.iter().enumerate().take(lines) {
        check_line(
            &format!("applicant.address_lines[{index}]"),
            line,
            chars,
            found,
        );
    }
    Some(applicant.clone())
}

/// What stands in a letter is one line of text: nothing in it makes another line.
fn check_line(path: &str, text: &str, most: usize, found: &mut Findings) {
    found.longest(path, text, most);
    if text.chars().any(char::is_control) {
        found.told(
            path,
            Problem::NameForm,
            "this is one line of text; leave out line breaks and other control characters",
            "dit is één regel tekst; laat regeleinden en andere stuurtekens weg",
        );
    }
}

fn check_subjects(application: &Application, now: Timestamp, found: &mut Findings) -> Vec<Sought> {
    if application.subjects.is_empty() {
        found.required("subjects");
    }
    found.at_most("subjects", application.subjects.len(), limit::CASE_SUBJECTS);
    application
        .subjects
        .iter()
        .take(limit::CASE_SUBJECTS)
        .enumerate()
        .filter_map(|(index, asked)| check_asked(asked, &format!("subjects[{index}]"), now, found))
        .collect()
}

fn check_asked(
    asked: &SubjectAsked,
    path: &str,
    now: Timestamp,
    found: &mut Findings,
) -> Option<Sought> {
    let subject_path = format!("{path}.subject");
    let described = match &asked.subject {
        Some(draft) => check_subject(draft, &subject_path, now, found),
        None => {
            found.required(&subject_path);
            None
        }
    };
    let mut day = |name: &str, day: Option<Result<Day, ()>>| match day {
        Some(Err(())) => {
            found.problem(&format!("{path}.{name}"), Problem::DayForm);
            None
        }
        Some(Ok(day)) => Some(day),
        None => None,
    };
    let (from, until) = (day("from", asked.from), day("until", asked.until));
    let from_path = format!("{path}.from");
    if from.is_some_and(|from| from > now.day()) {
        found.rule(&from_path, Rule::NotYet);
    }
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        found.rule(&format!("{path}.until"), Rule::EndsBeforeStart);
    }
    let described = described?;
    if described.normal.kind() == SubjectKind::Address && asked.from.is_none() {
        found.rule(&from_path, Rule::AddressNeedsDay);
    }
    Some(Sought {
        described,
        from,
        until,
    })
}
