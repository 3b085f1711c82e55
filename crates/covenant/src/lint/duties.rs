//! Rules over dates, and over terms that the law sets for duties and promises.

use crate::language::parse::DraftClause;
use crate::language::places::steps;
use crate::language::span::Span;
use crate::language::words::{PartyKind, Unit};
use crate::lint::bases::recipients;
use crate::lint::{Rules, warning};
use crate::vocabulary::law::Deferral;

pub(super) fn run(rules: &Rules<'_>) {
    assessment(rules);
    for draft in &rules.draft.clauses {
        decided(rules, draft);
        informed(rules, draft);
        breach(rules, draft);
    }
}

/// How old an assessment may be at the beginning, in months.
const ASSESSMENT_MONTHS: i32 = 36;

fn assessment(rules: &Rules<'_>) {
    let Some(header) = &rules.draft.header else {
        return;
    };
    let (made, from) = (header.dpia.date, header.valid_from);
    let place = steps!["convenant", "dpia", "datum"];
    if made > from {
        rules.at(
            warning::DATED_LATER,
            place,
            format!("de DPIA is van na {from}, en dan is er al verwerkt (AVG 35)"),
            format!("the assessment is of after {from}, when data was processed already (AVG 35)"),
        );
    } else if made.plus_months(ASSESSMENT_MONTHS) < from {
        rules.at(
            warning::ASSESSMENT_OLD,
            place,
            format!("de DPIA is van {made}, meer dan drie jaar voor het begin"),
            format!("the assessment is of {made}, more than three years before the beginning"),
        );
    }
}

fn decided(rules: &Rules<'_>, draft: &DraftClause) {
    let (Some(header), Some(decision)) = (&rules.draft.header, &draft.clause.bases.decision) else {
        return;
    };
    let from = header.valid_from;
    if decision.date > from {
        rules.at(
            warning::DATED_LATER,
            steps!["regel", draft.index, "grondslag", "besluit", "datum"],
            format!("het besluit is van na {from}, en tot dan heeft de regel geen grondslag"),
            format!("the decision is of after {from}, and until then the clause has no basis"),
        );
    }
}

fn informed(rules: &Rules<'_>, draft: &DraftClause) {
    let Some(inform) = &draft.clause.duties.inform_subject else {
        return;
    };
    let key = |key| steps!["regel", draft.index, "plicht", "betrokkene_informeren", key].to_vec();
    let by = &inform.by;
    if draft.cell_clean && !draft.clause.from.contains(by) && !recipients(draft).contains(by) {
        rules.at(
            warning::INFORM,
            &key("door"),
            format!("`{by}` geeft of krijgt in deze regel niets, en weet niet wie te informeren"),
            format!("`{by}` gives or gets nothing in this clause, and knows nobody to inform"),
        );
    }
    let month = Span {
        count: 31,
        unit: Unit::Day,
    };
    if inform.deferral.is_none() && inform.within.about_hours() > month.about_hours() {
        rules.at(
            warning::INFORM,
            &key("binnen"),
            "informeren gebeurt binnen een maand, tenzij er een grond voor uitstel is".into(),
            "a subject is told within a month, unless there is a ground to put it off".into(),
        );
    }
    let police = rules.kind(by) == Some(PartyKind::Police);
    if let Some(deferral) = inform.deferral
        && police != (deferral == Deferral::Wpg27)
        && rules.kind(by).is_some()
    {
        rules.at(
            warning::INFORM,
            &key("uitstel"),
            format!("`{deferral}` is niet de wet voor `{by}`"),
            format!("`{deferral}` is not the law for `{by}`"),
        );
    }
}

fn breach(rules: &Rules<'_>, draft: &DraftClause) {
    let most = Span {
        count: 72,
        unit: Unit::Hour,
    };
    if let Some(term) = draft.clause.promises.report_breach
        && term.about_hours() > most.about_hours()
    {
        rules.at(
            warning::BREACH_LATE,
            steps!["regel", draft.index, "belofte", "datalek_melden"],
            format!("na {term} is de termijn van de bron (72 uur) al voorbij"),
            format!("after {term} the term of the source (72 hours) is over"),
        );
    }
}
