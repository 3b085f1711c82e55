//! Every field of a signal against its rule and the covenant's, all findings at once.

use covenant::Covenant;
use covenant::language::words::PartyKind;
use model::{
    CategoryCode, Certainty, CovenantId, Day, Neighbourhood, PartyId, PoliceArticle, PurposeId,
    SignalId, Timestamp,
};
use wire::limit;
use wire::malformed::Problem;

use super::draft::{Choice, Draft, Provenance};
use super::findings::Findings;
use super::rule::Rule;
use super::subject::{Described, check_subject};
use crate::refusal::Reason;

/// How far a client's clock may be ahead.
const SKEW_SECONDS: i64 = 120;

/// What a signal is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The party that runs this node.
    pub party: &'a PartyId,
    /// The covenant that the signal names.
    pub covenant: &'a Covenant,
    /// The time.
    pub now: Timestamp,
}

/// A signal that passed every check.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The partner system's id.
    pub id: SignalId,
    /// Under which covenant.
    pub covenant: CovenantId,
    /// What it may be used for.
    pub purposes: Vec<PurposeId>,
    /// What kind of thing was seen.
    pub category: CategoryCode,
    /// What it is about, normalised.
    pub subjects: Vec<Described>,
    /// The day of observation.
    pub day: Day,
    /// Where.
    pub neighbourhood: Option<Neighbourhood>,
    /// How sure the sender is.
    pub certainty: Certainty,
    /// Whether a person reviewed it.
    pub reviewed_by_person: bool,
    /// The police article.
    pub police_article: Option<PoliceArticle>,
    /// The first day on which it no longer matches.
    pub expires_on: Day,
}

/// Checks every field.
///
/// # Errors
/// All violations, with paths as in the proto.
pub fn check(draft: &Draft, against: Against<'_>) -> Result<Checked, Findings> {
    let mut found = Findings::default();
    let id = check_id(draft, &mut found);
    let purposes = check_purposes(draft, against.covenant, &mut found);
    let category = check_category(draft, against, &mut found);
    let subjects = check_subjects(draft, against.now, &mut found);
    let day = check_day(draft, against.now, &mut found);
    let neighbourhood = check_neighbourhood(draft, &mut found);
    let certainty = check_certainty(draft, against.covenant, category.as_ref(), &mut found);
    check_provenance(draft, &mut found);
    check_attributes(draft, &mut found);
    let police_article = check_police_article(draft, against, &mut found);
    check_reference(draft, &mut found);
    let expires_on = check_expiry(against, category.as_ref(), day, &mut found);
    match (id, category, day, certainty, expires_on) {
        (Some(id), Some(category), Some(day), Some(certainty), Some(expires_on))
            if found.is_empty() =>
        {
            Ok(Checked {
                id,
                covenant: against.covenant.id().clone(),
                purposes,
                category,
                subjects,
                day,
                neighbourhood,
                certainty,
                reviewed_by_person: draft.reviewed_by_person,
                police_article,
                expires_on,
            })
        }
        _ => Err(found),
    }
}

fn check_id(draft: &Draft, found: &mut Findings) -> Option<SignalId> {
    let id = found.uuid("signal.id", &draft.id, SignalId::parse)?;
    if id.uuid().get_version_num() != 7 {
        found.rule("signal.id", Rule::UuidV7);
        return None;
    }
    Some(id)
}

fn check_purposes(draft: &Draft, covenant: &Covenant, found: &mut Findings) -> Vec<PurposeId> {
    if draft.purposes.is_empty() {
        found.required("signal.purposes");
    }
    found.at_most("signal.purposes", draft.purposes.len(), limit::PURPOSES);
    let mut purposes = Vec::new();
    for (index, text) in draft.purposes.iter().enumerate().take(limit::PURPOSES) {
        let path = format!("signal.purposes[{index}]");
        match PurposeId::parse(text) {
            Ok(purpose) if purposes.contains(&purpose) => found.duplicate(&path),
            Ok(purpose) if covenant.purposes().contains_key(&purpose) => purposes.push(purpose),
            _ => found.reason(&path, Reason::PurposeUnknown),
        }
    }
    purposes
}

fn check_category(
    draft: &Draft,
    against: Against<'_>,
    found: &mut Findings,
) -> Option<CategoryCode> {
    let path = "signal.category";
    let Some((scheme, code)) = &draft.category else {
        found.required(path);
        return None;
    };
    if scheme.is_empty() {
        found.required("signal.category.scheme");
    }
    if code.is_empty() {
        found.required("signal.category.code");
    }
    if scheme.is_empty() || code.is_empty() {
        return None;
    }
    let Ok(category) = CategoryCode::parse(&format!("{scheme}:{code}")) else {
        found.told(path, Problem::NameForm,
            "use a lower-case scheme and an upper-case code; for example vera and AGR.FYS",
            "gebruik een schema in kleine letters en een code in hoofdletters; bijvoorbeeld vera en AGR.FYS",
        );
        return None;
    };
    let Some(signal) = against.covenant.signal_type_of(&category) else {
        found.reason(path, Reason::CategoryUnknown);
        return None;
    };
    if !signal.sources.contains(against.party) {
        found.reason(path, Reason::CategoryNotYours);
        return None;
    }
    Some(category)
}

fn check_subjects(draft: &Draft, now: Timestamp, found: &mut Findings) -> Vec<Described> {
    if draft.subjects.is_empty() {
        found.required("signal.subjects");
    }
    found.at_most("signal.subjects", draft.subjects.len(), limit::SUBJECTS);
    draft
        .subjects
        .iter()
        .take(limit::SUBJECTS)
        .enumerate()
        .filter_map(|(index, subject)| {
            check_subject(subject, &format!("signal.subjects[{index}]"), now, found)
        })
        .collect()
}

fn check_day(draft: &Draft, now: Timestamp, found: &mut Findings) -> Option<Day> {
    let path = "signal.observed_at";
    match draft.observed_at {
        None => {
            found.required(path);
            None
        }
        Some(Err(())) => {
            found.problem(path, Problem::TimeForm);
            None
        }
        Some(Ok(at)) if at > now.plus_seconds(SKEW_SECONDS) || at.day() > now.day() => {
            found.rule(path, Rule::InTheFuture);
            None
        }
        Some(Ok(at)) => Some(at.day()),
    }
}

fn check_neighbourhood(draft: &Draft, found: &mut Findings) -> Option<Neighbourhood> {
    if draft.neighbourhood.is_empty() {
        return None;
    }
    let code = Neighbourhood::parse(&draft.neighbourhood).ok();
    if code.is_none() {
        found.rule("signal.neighbourhood", Rule::CbsCode);
    }
    code
}

fn check_certainty(
    draft: &Draft,
    covenant: &Covenant,
    category: Option<&CategoryCode>,
    found: &mut Findings,
) -> Option<Certainty> {
    let path = "signal.certainty";
    let certainty = found.choice(path, draft.certainty)?;
    let asked = category
        .and_then(|category| covenant.signal_type_of(category))
        .map(|signal| signal.certainty);
    if asked.is_some_and(|asked| certainty < asked) {
        found.rule(path, Rule::CertaintyTooLow);
        return None;
    }
    Some(certainty)
}

fn check_provenance(draft: &Draft, found: &mut Findings) {
    let path = "signal.provenance";
    if found.choice(path, draft.provenance) == Some(Provenance::Received) {
        found.reason(path, Reason::ProvenanceRefused);
    }
}

fn check_attributes(draft: &Draft, found: &mut Findings) {
    found.at_most(
        "signal.attributes",
        draft.attributes.len(),
        limit::ATTRIBUTES,
    );
    let mut seen: Vec<&str> = Vec::new();
    for (index, (name, value)) in draft.attributes.iter().enumerate().take(limit::ATTRIBUTES) {
        let path = format!("signal.attributes[{index}].name");
        if name.is_empty() {
            found.required(&path);
        } else if PurposeId::parse(name).is_err() {
            found.told(
                &path,
                Problem::NameForm,
                "use 1 to 64 of a-z, 0-9 and hyphen; leave out capitals and spaces",
                "gebruik 1 tot 64 tekens a-z, 0-9 en streepje; laat hoofdletters en spaties weg",
            );
        } else if seen.contains(&name.as_str()) {
            found.duplicate(&path);
        }
        seen.push(name);
        let path = format!("signal.attributes[{index}].value");
        if value.is_empty() {
            found.required(&path);
        }
        found.longest(&path, value, limit::ATTRIBUTE_CHARS);
    }
}

fn check_police_article(
    draft: &Draft,
    against: Against<'_>,
    found: &mut Findings,
) -> Option<PoliceArticle> {
    let path = "signal.police_article";
    let police = against
        .covenant
        .party(against.party)
        .is_some_and(|party| party.kind == PartyKind::Police);
    match (draft.police_article, police) {
        (Choice::Unspecified, false) => None,
        (Choice::Unspecified, true) => {
            found.told(
                path,
                Problem::Required,
                "police data needs the Wpg article under which it is processed",
                "bij politiegegevens hoort het Wpg-artikel waaronder ze worden verwerkt",
            );
            None
        }
        (Choice::Unknown, _) => found.choice(path, draft.police_article),
        (Choice::Is(article), true) => Some(article),
        (Choice::Is(_), false) => {
            found.told(
                path,
                Problem::NotAllowed,
                "only police data has a Wpg article; leave it out",
                "alleen politiegegevens hebben een Wpg-artikel; laat het weg",
            );
            None
        }
    }
}

fn check_reference(draft: &Draft, found: &mut Findings) {
    found.longest(
        "signal.source_reference",
        &draft.source_reference,
        limit::SOURCE_REFERENCE_CHARS,
    );
}

fn check_expiry(
    against: Against<'_>,
    category: Option<&CategoryCode>,
    day: Option<Day>,
    found: &mut Findings,
) -> Option<Day> {
    let expires_on = against.covenant.expires_on(category?, day?)?;
    if expires_on <= against.now.day() {
        found.reason("signal.observed_at", Reason::SignalExpired);
        return None;
    }
    Some(expires_on)
}
