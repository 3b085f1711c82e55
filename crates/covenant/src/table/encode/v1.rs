//! The first encoding: what the cells are, and what each clause demands. Frozen.

use model::{MatchKeySpec, PartyId};

use super::{Out, rows};
use crate::language::ast::{Header, Party, Reference, SignalType};
use crate::language::clause::{
    Bases, Clause, Conditions, Duties, LegalBasis, Limits, Output, Promises,
};
use crate::language::covenant::Covenant;
use crate::table::Table;
use crate::vocabulary::law::Exemption;

/// Names the format; the first field.
const LABEL: &str = "convenant/1 table";

pub(super) fn encode(out: &mut Out, covenant: &Covenant, table: &Table) {
    out.text(LABEL);
    header(out, covenant.header());
    out.list(covenant.parties().values(), party);
    out.list(covenant.signals().values(), signal);
    out.list(covenant.match_keys().iter(), match_key);
    out.list(covenant.clauses().iter(), clause);
    rows(out, covenant, table);
}
pub(super) fn header(out: &mut Out, header: &Header) {
    out.text(header.id.as_str());
    out.number(header.version);
    out.text(&header.valid_from.to_string());
    out.text(&header.valid_until.to_string());
    out.text(header.vocabulary.as_str());
    out.list(header.vocabulary.advices().iter(), |out, advice| {
        out.text(advice.code);
        out.number(u32::from(advice.rank));
    });
}

pub(super) fn party(out: &mut Out, party: &Party) {
    out.text(party.id.as_str());
    out.text(party.oin.as_str());
    out.text(party.kind.as_str());
    let roles: Vec<&str> = party.roles.keys().map(AsRef::as_ref).collect();
    out.texts(&roles);
}

pub(super) fn signal(out: &mut Out, signal: &SignalType) {
    out.text(signal.id.as_str());
    out.texts(&signal.sources);
    out.texts(&signal.codes);
    out.text(signal.nature.as_str());
    out.span(signal.expires_after);
    out.text(signal.certainty.as_str());
}

pub(super) fn match_key(out: &mut Out, spec: &MatchKeySpec) {
    out.text(spec.name.as_str());
    out.text(spec.kind.as_str());
    out.list(spec.keys.iter(), |out, key| out.text(key.id.as_str()));
    out.text(spec.profile.as_str());
    out.text(spec.phonetic.as_str());
    out.number(u32::from(spec.needed));
}

pub(super) fn clause(out: &mut Out, clause: &Clause) {
    out.text(clause.number.as_str());
    let triggers: Vec<&str> = clause.triggers.iter().map(|t| t.as_str()).collect();
    out.texts(&triggers);
    out.texts(&clause.comparisons);
    let attributes: Vec<&str> = clause.attributes.iter().map(|a| a.as_str()).collect();
    out.texts(&attributes);
    out.option(clause.advice.as_ref(), |out, code| out.text(code.as_str()));
    bases(out, &clause.bases);
    conditions(out, &clause.conditions);
    limits(out, &clause.limits);
    output(out, &clause.output);
    duties(out, &clause.duties);
    promises(out, &clause.promises);
}

fn bases(out: &mut Out, bases: &Bases) {
    let basis = |out: &mut Out, (party, basis): (&PartyId, &LegalBasis)| {
        out.text(party.as_str());
        out.text(basis.article.as_str());
        out.option(basis.law.as_ref(), |out, law| {
            out.text(law.law.as_str());
            out.text(&law.article);
        });
    };
    let exemptions = |out: &mut Out, (party, items): (&PartyId, &Vec<Exemption>)| {
        out.text(party.as_str());
        out.list(items.iter(), |out, item| out.text(item.as_str()));
    };
    out.list(bases.supply.iter(), basis);
    out.list(bases.receive.iter(), basis);
    out.list(bases.supply_exemptions.iter(), exemptions);
    out.list(bases.receive_exemptions.iter(), exemptions);
    out.option(bases.decision.as_ref(), reference);
    out.option(bases.report_to_source.as_ref(), |out, report| {
        out.list(report.supply.iter(), basis);
        out.list(report.receive.iter(), basis);
    });
}

pub(super) fn reference(out: &mut Out, reference: &Reference) {
    out.text(&reference.mark);
    out.text(&reference.date.to_string());
}

fn conditions(out: &mut Out, conditions: &Conditions) {
    out.option(conditions.hits, Out::number);
    out.option(conditions.parties, Out::number);
    out.option(conditions.within, Out::span);
    out.flag(conditions.file_number);
    out.flag(conditions.motivation);
    out.option(conditions.review, |out, review| out.text(review.as_str()));
    out.option(conditions.approval.as_ref(), |out, approval| {
        out.number(approval.count);
        out.texts(&approval.by);
        out.span(approval.within);
    });
    out.option(conditions.login_level, |out, level| {
        out.text(level.as_str())
    });
    out.list(conditions.not_about.iter(), |out, p| out.text(p.as_str()));
    out.texts(&conditions.areas);
}

fn limits(out: &mut Out, limits: &Limits) {
    out.option(limits.per_employee_per_day, Out::number);
    out.option(limits.per_party_per_day, Out::number);
    out.option(limits.per_subject_per_month, Out::number);
}

fn output(out: &mut Out, output: &Output) {
    out.option(output.threshold, Out::number);
    out.option(output.round_to, Out::number);
    out.option(output.dominance_percent, Out::number);
    out.flag(output.complementary_suppression);
    out.option(output.area, |out, area| out.text(area.as_str()));
    out.option(output.period, |out, period| out.text(period.as_str()));
    out.option(output.embargo, Out::span);
    out.option(output.answer_after, Out::span);
    out.option(output.batching, |out, batching| out.text(batching.as_str()));
    out.text(output.silence.as_str());
}

fn duties(out: &mut Out, duties: &Duties) {
    out.option(duties.record, |out, record| out.text(record.as_str()));
    out.option(duties.report_to_source, |out, report| {
        out.text(report.when.as_str());
        out.text(report.form.as_str());
    });
    out.option(duties.inform_subject.as_ref(), |out, inform| {
        out.text(inform.by.as_str());
        out.span(inform.within);
        out.option(inform.deferral, |out, ground| out.text(ground.as_str()));
    });
    out.flag(duties.correct);
    out.option(duties.sample_percent, Out::number);
    out.option(duties.report, |out, report| out.text(report.as_str()));
}

fn promises(out: &mut Out, promises: &Promises) {
    out.option(promises.retain, Out::span);
    out.flag(promises.no_onward);
    out.flag(promises.human_decides);
    out.option(promises.feedback, Out::span);
    out.option(promises.report_breach, Out::span);
}
