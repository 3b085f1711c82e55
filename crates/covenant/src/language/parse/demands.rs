//! `voorwaarde`, `grens`, `uitvoer`, `plicht` and `belofte`.

use model::{Neighbourhood, Protection};

use crate::language::clause::{
    Approval, Conditions, Duties, InformSubject, Limits, Output, Promises, ReportToSource,
};
use crate::language::parse::Names;
use crate::language::reader::{Item, Table};
use crate::language::words::{ReportForm, Silence, Word};
use crate::lint::meaning;

/// Counts in conditions and limits stay far below this.
pub(crate) const MOST: u32 = 1_000_000;

impl Word for Protection {
    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn word(self) -> &'static str {
        self.as_str()
    }
}

pub(super) fn conditions(table: Table<'_, '_>, names: &Names<'_>) -> Conditions {
    let found = Conditions {
        hits: table.get("treffers").and_then(|i| i.number(1, MOST)),
        parties: table.get("partijen").and_then(|i| i.number(1, 1_000)),
        within: table.get("binnen").and_then(|i| i.span()),
        file_number: flag(&table, "dossier"),
        motivation: flag(&table, "motivering"),
        review: table.get("beoordeling").and_then(|i| i.word()),
        approval: table.get("goedkeuring").and_then(|i| approval(&i, names)),
        login_level: table.get("inlogniveau").and_then(|i| i.word()),
        not_about: table
            .get("niet_over")
            .map(|i| i.list(Item::word))
            .unwrap_or_default(),
        areas: table
            .get("gebied")
            .map(|i| i.list(area))
            .unwrap_or_default(),
    };
    table.finish();
    found
}

fn flag(table: &Table<'_, '_>, key: &'static str) -> bool {
    table.get(key).and_then(|i| i.flag()).unwrap_or(false)
}

fn area(item: &Item<'_, '_>) -> Option<Neighbourhood> {
    let code = item.text()?;
    let area = Neighbourhood::parse(code).ok();
    if area.is_none() {
        item.invalid(
            "gebruik een CBS-code: GM0000, WK000000 of BU00000000",
            "use a CBS code: GM0000, WK000000 or BU00000000",
        );
    }
    area
}

fn approval(item: &Item<'_, '_>, names: &Names<'_>) -> Option<Approval> {
    let table = item.table()?;
    let count_item = table.need("aantal");
    let count = count_item.as_ref().and_then(|i| i.number(1, 20));
    let by = table.need("door").map(|i| i.list(|e| names.role(e)));
    let within = table.need("binnen").and_then(|i| i.span());
    table.finish();
    let by = by?;
    if let (Some(count), Some(item)) = (count, &count_item)
        && !by.is_empty()
        && usize::try_from(count).is_ok_and(|c| c > by.len())
    {
        item.ctx.report(
            meaning::TOO_FEW_APPROVERS,
            item.at.clone(),
            format!(
                "er zijn {count} goedkeuringen nodig, en `door` noemt {} rollen",
                by.len()
            ),
            format!(
                "{count} approvals are needed, and `door` names {} roles",
                by.len()
            ),
        );
    }
    Some(Approval {
        count: count?,
        by,
        within: within?,
    })
}

pub(super) fn limits(table: Table<'_, '_>) -> Limits {
    let number = |key| table.get(key).and_then(|i: Item<'_, '_>| i.number(1, MOST));
    let found = Limits {
        per_employee_per_day: number("per_medewerker_per_dag"),
        per_party_per_day: number("per_partij_per_dag"),
        per_subject_per_month: number("per_betrokkene_per_maand"),
    };
    table.finish();
    found
}

pub(super) fn output(table: Table<'_, '_>) -> Output {
    let nothing = table.need("bij_niets").and_then(|i| i.word::<Silence>());
    let refusal_item = table.need("bij_weigering");
    let refusal = refusal_item.as_ref().and_then(Item::word::<Silence>);
    if let (Some(nothing), Some(refusal), Some(item)) = (nothing, refusal, &refusal_item)
        && nothing != refusal
    {
        item.ctx.report(
            meaning::SILENCE_DIFFERS,
            item.at.clone(),
            format!("bij_niets is `{nothing}` en bij_weigering is `{refusal}`; dat verschil verraadt iets"),
            format!("bij_niets is `{nothing}` and bij_weigering is `{refusal}`; that difference tells something"),
        );
    }
    let found = Output {
        threshold: table.get("drempel").and_then(|i| i.number(1, MOST)),
        round_to: table.get("afronden_op").and_then(|i| i.number(2, 1_000)),
        dominance_percent: table.get("overheersing").and_then(|i| i.number(1, 99)),
        complementary_suppression: flag(&table, "nevenonderdrukking"),
        area: table.get("gebied").and_then(|i| i.word()),
        period: table.get("tijdvak").and_then(|i| i.word()),
        embargo: table.get("embargo").and_then(|i| i.span()),
        answer_after: table.get("antwoord_na").and_then(|i| i.span()),
        batching: table.get("bundelen").and_then(|i| i.word()),
        silence: nothing.unwrap_or(Silence::NoStatement),
    };
    table.finish();
    found
}

pub(super) fn duties(table: Table<'_, '_>, names: &Names<'_>) -> Duties {
    let found = Duties {
        record: table.get("vastleggen").and_then(|i| i.word()),
        report_to_source: table
            .get("melden_aan_bron")
            .and_then(|i| report_to_source(&i)),
        inform_subject: table
            .get("betrokkene_informeren")
            .and_then(|i| inform(&i, names)),
        correct: flag(&table, "corrigeren"),
        sample_percent: table.get("steekproef").and_then(|i| i.number(1, 100)),
        report: table.get("rapporteren").and_then(|i| i.word()),
    };
    table.finish();
    found
}

fn report_to_source(item: &Item<'_, '_>) -> Option<ReportToSource> {
    if !item.is_table() {
        return Some(ReportToSource {
            when: item.word()?,
            form: ReportForm::PerCase,
        });
    }
    let table = item.table()?;
    let when = table.need("wanneer").and_then(|i| i.word());
    let form = table.need("vorm").and_then(|i| i.word());
    table.finish();
    Some(ReportToSource {
        when: when?,
        form: form?,
    })
}

fn inform(item: &Item<'_, '_>, names: &Names<'_>) -> Option<InformSubject> {
    let table = item.table()?;
    let by = table.need("door").and_then(|i| names.party(&i));
    let within = table.need("binnen").and_then(|i| i.span());
    let deferral = table.get("uitstel").and_then(|i| i.word());
    table.finish();
    Some(InformSubject {
        by: by?,
        within: within?,
        deferral,
    })
}

pub(super) fn promises(table: Table<'_, '_>) -> Promises {
    let found = Promises {
        retain: table.get("bewaren").and_then(|i| i.span()),
        no_onward: flag(&table, "niet_doorgeven"),
        human_decides: flag(&table, "mens_beslist"),
        feedback: table.get("terugkoppelen").and_then(|i| i.span()),
        report_breach: table.get("datalek_melden").and_then(|i| i.span()),
    };
    table.finish();
    found
}
