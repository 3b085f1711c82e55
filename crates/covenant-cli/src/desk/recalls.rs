//! `covenant desk recalls`: what was told and is taken back.

use clap::Args;
use serde::Serialize;
use wire::node_v1::{ListRecallsRequest, StoredRecall};
use wire::type_v1::recall::Told;

use super::case::{day, instant};
use super::items;
use super::node::Node;
use super::words::{self, Word};
use crate::answer::{Format, Found, Language, say, say_json};

/// What `desk recalls` is told. Filters that are given must all hold.
#[derive(Debug, Args)]
pub(crate) struct Recalls {
    /// Only those about which nobody said yet what was done.
    #[arg(long)]
    open: bool,
    /// Only under this covenant (id).
    #[arg(long, default_value = "")]
    covenant: String,
    /// At most so many recalls.
    #[arg(long, default_value_t = 500)]
    limit: usize,
    #[command(flatten)]
    node: Node,
}

/// A recall.
#[derive(Debug, Serialize)]
struct Recall {
    recall_id: String,
    covenant: String,
    reason: Word,
    notice_id: Option<String>,
    check_request_id: Option<String>,
    roles: Vec<String>,
    told_on: Option<String>,
    day: Option<String>,
    reminder: u32,
    kept_until: Option<String>,
    received_at: Option<String>,
    acknowledged_at: Option<String>,
    outcome: Option<Word>,
}

impl From<StoredRecall> for Recall {
    fn from(stored: StoredRecall) -> Self {
        let outcome = stored.acknowledged_at.map(|_| stored.outcome());
        let recall = stored.recall.unwrap_or_default();
        let reason = words::reason(recall.reason());
        let (notice_id, check_request_id) = match recall.told {
            Some(Told::NoticeId(id)) => (Some(id), None),
            Some(Told::CheckRequestId(id)) => (None, Some(id)),
            None => (None, None),
        };
        Self {
            recall_id: recall.recall_id,
            covenant: recall.covenant,
            reason,
            notice_id,
            check_request_id,
            roles: recall.roles,
            told_on: day(recall.told_on),
            day: day(recall.day),
            reminder: recall.reminder,
            kept_until: day(recall.kept_until),
            received_at: instant(stored.received_at),
            acknowledged_at: instant(stored.acknowledged_at),
            outcome: outcome.map(words::outcome),
        }
    }
}

/// Runs the command.
pub(super) fn run(arguments: &Recalls, lang: Language) -> anyhow::Result<Found> {
    let mut recalls: Vec<Recall> = Vec::new();
    let mut request = ListRecallsRequest {
        covenant: arguments.covenant.clone(),
        unacknowledged: arguments.open,
        ..ListRecallsRequest::default()
    };
    let more = loop {
        let wanted = arguments.limit.saturating_sub(recalls.len());
        request.page_size = i32::try_from(wanted.min(500)).unwrap_or(500);
        let page = arguments
            .node
            .ask(request.clone(), lang, async |channel, request| {
                wire::client::notices(channel).list_recalls(request).await
            })?;
        recalls.extend(page.recalls.into_iter().map(Recall::from));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break false;
        }
        if recalls.len() >= arguments.limit {
            break true;
        }
    };
    tell(&recalls, more, arguments.node.format, lang)
}

fn tell(recalls: &[Recall], more: bool, format: Format, lang: Language) -> anyhow::Result<Found> {
    let count = counted(recalls, more, lang);
    if format == Format::Json {
        if more {
            complainln!("{count}");
        }
        say_json(&recalls)?;
        return Ok(Found::Good);
    }
    let mut table = items::empty();
    table.set_header([
        lang.pick("terugroeping", "recall"),
        lang.pick("wat u hoorde", "what you were told"),
        lang.pick("op", "on"),
        lang.pick("wie mocht het zien", "who could see it"),
        lang.pick("waarom", "why"),
        lang.pick("herinnerd", "reminded"),
        lang.pick("wat u deed", "what you did"),
    ]);
    for recall in recalls {
        table.add_row(row(recall, lang));
    }
    if !recalls.is_empty() {
        say(&table.to_string())?;
    }
    say(&count)?;
    Ok(Found::Good)
}

fn row(recall: &Recall, lang: Language) -> [String; 7] {
    let told = match (&recall.notice_id, &recall.check_request_id) {
        (Some(id), _) => format!("{} {id}", lang.pick("bericht", "notice")),
        (None, Some(id)) => format!(
            "{} {id}",
            lang.pick("antwoord op vraag", "answer to question")
        ),
        (None, None) => String::new(),
    };
    [
        recall.recall_id.clone(),
        told,
        recall.told_on.clone().unwrap_or_default(),
        recall.roles.join("\n"),
        recall.reason.pick(lang).to_owned(),
        recall.reminder.to_string(),
        recall
            .outcome
            .map(|word| word.pick(lang).to_owned())
            .unwrap_or_default(),
    ]
}

fn counted(recalls: &[Recall], more: bool, lang: Language) -> String {
    let count = recalls.len();
    let open = recalls.iter().filter(|recall| recall.outcome.is_none());
    let open = open.count();
    let rest = match (lang, more) {
        (_, false) => "",
        (Language::Nl, true) => " Er zijn er meer (--limit).",
        (Language::En, true) => " There are more (--limit).",
    };
    match lang {
        Language::Nl => format!(
            "Terugroepingen: {count}, waarvan nog open: {open}.{rest} Zeg wat u deed met: covenant \
             desk acknowledge TERUGROEPING --outcome ... --as U"
        ),
        Language::En => format!(
            "Recalls: {count}, of which open: {open}.{rest} Say what you did with: covenant desk \
             acknowledge RECALL --outcome ... --as YOU"
        ),
    }
}
