//! `covenant desk list`: the cases, newest first.

use clap::{Args, ValueEnum};
use wire::node_v1::{CaseState, ListCasesRequest};

use super::case::Case;
use super::items;
use super::node::Node;
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk list` is told. Filters that are given must all hold.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only cases in this state.
    #[arg(long, value_enum)]
    state: Option<State>,
    /// Only cases in which something is held back of which the day to look again has come.
    #[arg(long)]
    review_due: bool,
    /// At most so many cases.
    #[arg(long, default_value_t = 500)]
    limit: usize,
    #[command(flatten)]
    node: Node,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Taken in; a colleague must confirm it.
    Open,
    /// Confirmed; it waits for an answer.
    Confirmed,
    /// Answered.
    Answered,
}

impl List {
    fn request(&self) -> ListCasesRequest {
        let state = match self.state {
            None => CaseState::Unspecified,
            Some(State::Open) => CaseState::Open,
            Some(State::Confirmed) => CaseState::Confirmed,
            Some(State::Answered) => CaseState::Answered,
        };
        ListCasesRequest {
            state: state.into(),
            review_due: self.review_due,
            ..ListCasesRequest::default()
        }
    }
}

/// Runs the command.
pub(super) fn run(list: &List, lang: Language) -> anyhow::Result<Found> {
    let mut cases: Vec<Case> = Vec::new();
    let mut request = list.request();
    let more = loop {
        let wanted = list.limit.saturating_sub(cases.len());
        request.page_size = i32::try_from(wanted.min(500)).unwrap_or(500);
        let page = list
            .node
            .ask(request.clone(), lang, async |channel, request| {
                wire::client::desk(channel).list_cases(request).await
            })?;
        cases.extend(page.cases.into_iter().map(Case::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break false;
        }
        if cases.len() >= list.limit {
            break true;
        }
    };
    tell(&cases, more, list.node.format, lang)
}

fn tell(cases: &[Case], more: bool, format: Format, lang: Language) -> anyhow::Result<Found> {
    let count = counted(cases.len(), more, lang);
    if format == Format::Json {
        if more {
            complainln!("{count}");
        }
        say_json(&cases)?;
        return Ok(Found::Good);
    }
    let mut table = items::empty();
    table.set_header([
        lang.pick("verzoek", "case"),
        lang.pick("recht", "right"),
        lang.pick("stand", "state"),
        lang.pick("convenant", "covenant"),
        lang.pick("ontvangen", "received"),
        lang.pick("antwoord uiterlijk", "answer by"),
        lang.pick("uw kenmerk", "your reference"),
    ]);
    for case in cases {
        table.add_row([
            case.id.as_str(),
            case.kind.pick(lang),
            case.state.pick(lang),
            &case.covenant,
            case.received_on.as_deref().unwrap_or_default(),
            case.due_on.as_deref().unwrap_or_default(),
            &case.reference,
        ]);
    }
    if !cases.is_empty() {
        say(&table.to_string())?;
    }
    say(&count)?;
    Ok(Found::Good)
}

fn counted(count: usize, more: bool, lang: Language) -> String {
    match (lang, more) {
        (Language::Nl, false) => format!("Verzoeken: {count}."),
        (Language::En, false) => format!("Cases: {count}."),
        (Language::Nl, true) => format!("Verzoeken: {count}; er zijn er meer (--limit)."),
        (Language::En, true) => format!("Cases: {count}; there are more (--limit)."),
    }
}
