//! What a case handler reads: the covenant's own words.

use covenant::decide;

use super::Advised;
use crate::covenants::Active;
use crate::intake::{Findings, Rule};
use crate::refusal::{Reason, Refused};
use crate::uplink::Answered;

/// The covenant's own words on why this asker may not ask, with the remedy.
pub(super) fn open_refusal(refusal: &decide::Refusal) -> Refused {
    let reason = Reason::parse(refusal.code.as_str()).unwrap_or(Reason::CovenantNotActive);
    let refused = Refused::told(
        reason,
        &format!("{}; {}", refusal.reason_en, refusal.remedy_en),
        &format!("{}; {}", refusal.reason_nl, refusal.remedy_nl),
    );
    match &refusal.clause {
        Some(clause) => refused.with("clause", clause),
        None => refused,
    }
}

pub(super) fn in_words(active: &Active, answered: Answered) -> Result<Advised, Refused> {
    let vocabulary = active.covenant().vocabulary();
    let Some(advice) = vocabulary.advice(&answered.advice) else {
        tracing::error!("the broker gave an advice that the covenant's vocabulary does not have");
        return Err(Reason::ReceiptInvalid.into());
    };
    Ok(Advised {
        advice: advice.code.to_owned(),
        text_nl: advice.nl.to_owned(),
        text_en: advice.en.to_owned(),
        receipt: answered.receipt,
    })
}

pub(super) fn nothing_to_compare(active: &Active) -> Refused {
    let mut found = Findings::default();
    found.rule("subject", Rule::NothingToCompare);
    Refused::from(found).with("covenant", active.covenant().id())
}
