//! `covenant desk`: the requests of data subjects, at the party's own node.
//!
//! Everything is done by the node; a command asks once, and once more where the connection broke.

mod acknowledge;
mod answer;
mod apply;
mod case;
mod case_file;
mod confirm;
mod hold_back;
mod items;
mod list;
mod node;
mod open;
mod pass_on;
mod pseudonyms;
mod recalls;
mod release;
mod show;
mod signals;
mod unlink;
mod words;

use clap::Subcommand;

use crate::answer::{Found, Language};

/// Handles the requests of data subjects: access, correction, objection, restriction, erasure.
#[derive(Debug, Subcommand)]
pub(crate) enum Desk {
    /// Takes a request in. Nothing is looked up before a colleague confirms it.
    Open(Box<open::Open>),
    /// Confirms a case that a colleague took in; what there is, is looked up.
    Confirm(Box<confirm::Confirm>),
    /// Shows a case with everything that was found.
    Show(Box<show::Show>),
    /// Lists cases, newest first.
    List(Box<list::List>),
    /// Holds items back from the answer, on a ground of the law.
    HoldBack(Box<hold_back::HoldBack>),
    /// Tells items after all that were held back.
    Release(Box<release::Release>),
    /// Shows your own signals about the subjects of a case.
    Signals(Box<signals::Signals>),
    /// Withdraws or restricts signals of a case, or lifts a restriction.
    Apply(Box<apply::Apply>),
    /// Answers a case, and saves the answer with a letter in Dutch and in English.
    Answer(Box<answer::Answer>),
    /// Passes a request on to other parties, which answer for themselves.
    PassOn(Box<pass_on::PassOn>),
    /// Erases for ever what links items of a case to the data subject.
    Unlink(Box<unlink::Unlink>),
    /// Saves the pseudonyms of a case, with which an auditor finds entries of the log.
    Pseudonyms(Box<pseudonyms::Pseudonyms>),
    /// Lists recalls of what your party was told.
    Recalls(Box<recalls::Recalls>),
    /// Says what you did about a recall.
    Acknowledge(Box<acknowledge::Acknowledge>),
}

/// Runs the command.
pub(crate) fn run(desk: Desk, lang: Language) -> anyhow::Result<Found> {
    match desk {
        Desk::Open(open) => open::run(&open, lang),
        Desk::Confirm(confirm) => confirm::run(&confirm, lang),
        Desk::Show(show) => show::run(&show, lang),
        Desk::List(list) => list::run(&list, lang),
        Desk::HoldBack(hold_back) => hold_back::run(&hold_back, lang),
        Desk::Release(release) => release::run(&release, lang),
        Desk::Signals(signals) => signals::run(&signals, lang),
        Desk::Apply(apply) => apply::run(&apply, lang),
        Desk::Answer(answer) => answer::run(&answer, lang),
        Desk::PassOn(pass_on) => pass_on::run(&pass_on, lang),
        Desk::Unlink(unlink) => unlink::run(&unlink, lang),
        Desk::Pseudonyms(pseudonyms) => pseudonyms::run(&pseudonyms, lang),
        Desk::Recalls(recalls) => recalls::run(&recalls, lang),
        Desk::Acknowledge(acknowledge) => acknowledge::run(&acknowledge, lang),
    }
}
