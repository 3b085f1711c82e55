//! How the desk reaches its node, who acts, and a call that may be repeated.

use std::time::Duration;

use clap::Args;
use model::{ActorId, CaseId, RecallId, RequestId, SignalId};
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::answer::{Format, Language};
use crate::connection::{Credentials, runtime, told};

/// A broken connection gets so long before the second try.
const PAUSE: Duration = Duration::from_millis(500);

/// The party's own node, and how its answer is shown.
#[derive(Debug, Clone, Args)]
pub(super) struct Node {
    /// The party's own node, `host:port`.
    #[arg(long)]
    node: String,
    #[command(flatten)]
    credentials: Credentials,
    /// For people or for programs.
    #[arg(long, value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// Who acts.
#[derive(Debug, Clone, Args)]
pub(super) struct Acting {
    /// Who does this: the pseudonym that your organisation gives to an employee, 1 to 64 visible
    /// ASCII characters without @. Never a name or a mail address. It stands in the disclosure log.
    #[arg(long = "as", value_name = "ACTOR", value_parser = ActorId::parse)]
    actor: ActorId,
}

impl Acting {
    /// Who acts, as the node takes it.
    pub(super) fn actor(&self) -> String {
        self.actor.to_string()
    }
}

/// A request that changes something.
#[derive(Debug, Clone, Args)]
pub(super) struct Step {
    #[command(flatten)]
    acting: Acting,
    /// The id of a request that you made before and of which you do not know whether it was taken.
    /// Left out: a fresh one.
    #[arg(long, value_name = "UUID", value_parser = request_id)]
    request_id: Option<RequestId>,
}

impl Step {
    /// Who acts.
    pub(super) fn actor(&self) -> String {
        self.acting.actor()
    }

    /// The id that was given, or a fresh one: call it once for a request.
    pub(super) fn id(&self) -> String {
        self.request_id.unwrap_or_else(RequestId::fresh).to_string()
    }
}

/// Reads the id of a case.
pub(super) fn case_id(text: &str) -> Result<CaseId, &'static str> {
    CaseId::parse(text).ok_or(UUID)
}

/// Reads the id of a recall.
pub(super) fn recall_id(text: &str) -> Result<RecallId, &'static str> {
    RecallId::parse(text).ok_or(UUID)
}

/// Reads the id of a signal.
pub(super) fn signal_id(text: &str) -> Result<SignalId, &'static str> {
    SignalId::parse(text).ok_or(UUID)
}

fn request_id(text: &str) -> Result<RequestId, &'static str> {
    RequestId::parse(text).ok_or(UUID)
}

const UUID: &str = "write a UUID, such as 0192f3a0-5b1c-7d2e-8f34-56789abcdef0";

impl Node {
    /// Asks for something that changes nothing.
    pub(super) fn ask<R: Clone, A>(
        &self,
        request: R,
        lang: Language,
        method: impl AsyncFn(Channel, R) -> Result<Response<A>, Status>,
    ) -> anyhow::Result<A> {
        let answer = self.call(request, method)?;
        answer.map_err(|status| refused(&status, lang, |_| None))
    }

    /// Asks for a change under the request id `id`, which must stand in the request.
    pub(super) fn act<R: Clone, A>(
        &self,
        request: R,
        id: &str,
        lang: Language,
        method: impl AsyncFn(Channel, R) -> Result<Response<A>, Status>,
    ) -> anyhow::Result<A> {
        self.act_on_file(request, id, lang, |_| None, method)
    }

    /// As [`Self::act`], with the line of the file from which a field of the request was read.
    pub(super) fn act_on_file<R: Clone, A>(
        &self,
        request: R,
        id: &str,
        lang: Language,
        line: impl Fn(&str) -> Option<usize>,
        method: impl AsyncFn(Channel, R) -> Result<Response<A>, Status>,
    ) -> anyhow::Result<A> {
        let answer = self.call(request, method)?;
        answer.map_err(|status| {
            let error = refused(&status, lang, line);
            if is_broken(&status) {
                unsure(&error, id, lang)
            } else {
                error
            }
        })
    }

    fn call<R: Clone, A>(
        &self,
        request: R,
        method: impl AsyncFn(Channel, R) -> Result<Response<A>, Status>,
    ) -> anyhow::Result<Result<A, Status>> {
        runtime()?.block_on(async {
            let channel = self.credentials.connect(&self.node)?;
            let mut answer = method(channel.clone(), request.clone()).await;
            if answer.as_ref().is_err_and(is_broken) {
                tokio::time::sleep(PAUSE).await;
                answer = method(channel, request).await;
            }
            Ok(answer.map(Response::into_inner))
        })
    }
}

/// Whether nobody can tell if the request was taken. What the node itself says has a reason.
fn is_broken(status: &Status) -> bool {
    let codes = [
        Code::Unavailable,
        Code::Unknown,
        Code::Cancelled,
        Code::Internal,
    ];
    codes.contains(&status.code()) && wire::status::read(status).reason_text.is_empty()
}

fn unsure(error: &anyhow::Error, id: &str, lang: Language) -> anyhow::Error {
    match lang {
        Language::Nl => anyhow::anyhow!(
            "{error}\nHet is niet zeker of het is gedaan. Geef dezelfde opdracht nog een keer, met \
             --request-id {id}: dan gebeurt het niet twee keer."
        ),
        Language::En => anyhow::anyhow!(
            "{error}\nIt is not certain whether it was done. Give the same command again with \
             --request-id {id}: then it is not done twice."
        ),
    }
}

/// What a refusal says, with every field that is wrong and never its value.
fn refused(status: &Status, lang: Language, line: impl Fn(&str) -> Option<usize>) -> anyhow::Error {
    let said = wire::status::read(status);
    if said.violations.is_empty() {
        return told(status, lang);
    }
    let mut text = format!("{}:", said.reason_text);
    for violation in &said.violations {
        let message = lang.pick(&violation.message_nl, &violation.message_en);
        let at = at_line(line(&violation.field), lang);
        text.push_str(&format!("\n  {at}{}: {message}", violation.field));
    }
    anyhow::anyhow!(text)
}

/// The words for a line of a file; nothing where there is none.
pub(super) fn at_line(line: Option<usize>, lang: Language) -> String {
    let word = lang.pick("regel", "line");
    line.map_or_else(String::new, |line| format!("{word} {line}: "))
}
