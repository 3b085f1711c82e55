//! The second encoding: everything of the first, and what else has a meaning to the machine or
//! decides whom to trust. Frozen.
//!
//! The first left out: the keys of signers, emergency stops, nodes and the log; how the log is
//! witnessed and kept; who audits; where a data subject goes, the paper text and the assessment;
//! when a signal is looked at again; what a purpose is never for; when a token is too frequent
//! (`te_vaak`); and clauses and prohibitions as they are written, of which it had only the cells:
//! the signals that count as `treffers` are those of the clause and not of the cell, and of two
//! prohibitions on one cell it had only the first.
//!
//! Left out still: titles, names and explanations, which are words for people; and examples, which
//! [`crate::signoff::verify`] runs.

use model::MatchKeySpec;

use super::{Out, rows, v1};
use crate::language::ast::{
    Auditor, Header, Key, Log, Party, Prohibition, Purpose, Selection, SignalType,
};
use crate::language::clause::Clause;
use crate::language::covenant::Covenant;
use crate::table::Table;

/// Names the format; the first field.
const LABEL: &str = "convenant/1 table v2";

pub(super) fn encode(out: &mut Out, covenant: &Covenant, table: &Table) {
    out.text(LABEL);
    header(out, covenant.header());
    out.list(covenant.parties().values(), party);
    out.list(covenant.auditors().values(), auditor);
    log(out, covenant.log());
    out.list(covenant.signals().values(), signal);
    out.list(covenant.purposes().values(), purpose);
    out.list(covenant.match_keys().iter(), match_key);
    out.list(covenant.clauses().iter(), clause);
    out.list(covenant.prohibitions().iter(), prohibition);
    rows(out, covenant, table);
}

fn header(out: &mut Out, header: &Header) {
    v1::header(out, header);
    out.option(header.replaces, |out, digest| out.text(&digest.to_hex()));
    out.option(header.evaluation, |out, day| out.text(&day.to_string()));
    out.text(header.contact.as_str());
    out.option(header.text.as_ref(), |out, text| {
        out.text(&text.url);
        out.text(&text.sha256.to_hex());
    });
    v1::reference(out, &header.dpia);
}

fn party(out: &mut Out, party: &Party) {
    v1::party(out, party);
    out.text(&party.signer.function);
    key(out, &party.signer.key);
    out.list(party.emergency.iter(), key);
    out.option(party.node.as_ref(), |out, node| {
        key(out, &node.signing);
        key(out, &node.sealing);
        key(out, &node.witness);
    });
}

fn key(out: &mut Out, key: &Key) {
    match key {
        Key::Ed25519(bytes) => {
            out.text("ed25519");
            out.bytes(bytes);
        }
        Key::X25519(bytes) => {
            out.text("x25519");
            out.bytes(bytes);
        }
        // Only a template has one, and nobody can sign a template.
        Key::Placeholder(text) => {
            out.text("placeholder");
            out.text(text);
        }
    }
}

fn auditor(out: &mut Out, auditor: &Auditor) {
    out.text(auditor.id.as_str());
    out.text(auditor.oin.as_str());
}

fn log(out: &mut Out, log: &Log) {
    key(out, &log.key);
    out.text(log.witnessing.as_str());
    out.span(log.retention);
}

fn signal(out: &mut Out, signal: &SignalType) {
    v1::signal(out, signal);
    out.option(signal.reassess, Out::span);
}

fn purpose(out: &mut Out, purpose: &Purpose) {
    out.text(purpose.id.as_str());
    out.list(purpose.not_for.iter(), |out, misuse| {
        out.text(misuse.as_str())
    });
}

fn match_key(out: &mut Out, spec: &MatchKeySpec) {
    v1::match_key(out, spec);
    out.option(spec.too_frequent, Out::number);
}

fn clause(out: &mut Out, clause: &Clause) {
    v1::clause(out, clause);
    out.texts(&clause.to);
    out.text(clause.purpose.as_str());
    out.texts(&clause.from);
    out.texts(&clause.about);
    out.list(clause.shows.iter(), |out, shows| out.text(shows.as_str()));
}

fn prohibition(out: &mut Out, prohibition: &Prohibition) {
    out.text(prohibition.number.as_str());
    selection(out, &prohibition.to, |out, item| out.text(item.as_str()));
    selection(out, &prohibition.purpose, |out, item| {
        out.text(item.as_str())
    });
    selection(out, &prohibition.from, |out, item| out.text(item.as_str()));
    selection(out, &prohibition.about, |out, item| out.text(item.as_str()));
    selection(out, &prohibition.shows, |out, item| out.text(item.as_str()));
}

/// Everything is absent; a choice is a list.
fn selection<T>(out: &mut Out, selection: &Selection<T>, each: impl FnMut(&mut Out, &T)) {
    let only = match selection {
        Selection::All => None,
        Selection::Only(items) => Some(items),
    };
    out.option(only, |out, items| out.list(items.iter(), each));
}
