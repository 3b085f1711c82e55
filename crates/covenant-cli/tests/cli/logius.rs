//! `covenant audit export --format adl | ldv`: files, and an OTLP receiver that is strict, that
//! refuses some, and that breaks off.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use super::{code, complained, covenant, repository, said, text};

const REGISTER: &str = "https://register.delinde.example/verwerkingen";

/// A log with seven decisions, and four entries that are about nobody.
fn export(folder: &Path, vector: &str) -> String {
    let bytes = std::fs::read(repository(&format!("tests/vectors/ledger/{vector}.txt"))).unwrap();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let path = folder.join(format!("{vector}.jsonl"));
    std::fs::write(&path, &bytes[end + 2..]).unwrap();
    text(&path)
}

fn exported(folder: &Path, vector: &str, format: &str, more: &[&str]) -> (Output, Vec<String>) {
    let from = export(folder, vector);
    let out = folder.join(format!("{vector}.{format}"));
    let to = text(&out);
    let words = [
        "audit", "export", "--export", &from, "--format", format, "--out", &to,
    ];
    let output = covenant(words.iter().chain(more));
    let lines = std::fs::read_to_string(&out).unwrap_or_default();
    (output, lines.lines().map(str::to_owned).collect())
}

#[test]
fn decisions_and_processing_are_written_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let (output, records) = exported(folder.path(), "good-operator", "adl", &[]);
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert!(said(&output).contains("7 besluiten"), "{}", said(&output));
    assert_eq!(records.len(), 7);
    for record in &records {
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        assert_eq!(record["event_name"], "adl.access_evaluation");
    }
    let register = ["--register", REGISTER];
    let (output, lines) = exported(folder.path(), "good-operator", "ldv", &register);
    assert_eq!(
        (code(&output), lines.len()),
        (0, 7),
        "{}",
        complained(&output)
    );
    // A place is a line once, and a file is whole or not there.
    let (output, _) = exported(folder.path(), "good-operator", "ldv", &register);
    assert_eq!(code(&output), 2);
}

#[test]
fn a_bad_log_and_a_register_with_gaps_make_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let register = ["--register", REGISTER];
    let (output, lines) = exported(folder.path(), "bad-leaf-changed", "ldv", &register);
    assert_eq!((code(&output), lines.len()), (1, 0));
    assert!(said(&output).contains("klopt niet"), "{}", said(&output));
    let (output, lines) = exported(folder.path(), "good-operator", "ldv", &[]);
    assert_eq!((code(&output), lines.len()), (1, 0));
    assert!(said(&output).contains("--register"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_a_reader_may_not_see_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let register = ["--register", REGISTER];
    let (output, lines) = exported(folder.path(), "good-erased", "ldv", &register);
    assert_eq!((code(&output), lines.len()), (1, 5));
    assert!(said(&output).contains("Weggelaten: 2"), "{}", said(&output));
    std::fs::remove_file(folder.path().join("good-erased.ldv")).unwrap();
    let allowed = ["--register", REGISTER, "--allow-unopened"];
    let (output, _) = exported(folder.path(), "good-erased", "ldv", &allowed);
    assert_eq!(code(&output), 0);
}

/// What a receiver does with the n-th message, from 1.
type Mood = fn(usize, &[Span]) -> Does;

enum Does {
    Takes,
    /// Keeps all but those, and says how many.
    Refuses(fn(&Span) -> bool),
    /// Keeps them, and the answer gets lost.
    KeepsAndBreaks,
    Breaks,
}

#[derive(Default)]
struct Kept {
    messages: usize,
    /// By trace and span id, as a receiver that ingests idempotently does.
    spans: BTreeMap<(Vec<u8>, Vec<u8>), Span>,
    again: usize,
    wrong: Vec<String>,
}

#[derive(Clone)]
struct Receiver {
    kept: Arc<Mutex<Kept>>,
    mood: Mood,
}

/// Every attribute of the standard and of our own, and whether it is a text.
const ATTRIBUTES: [(&str, bool, bool); 13] = [
    ("dpl.core.processing_activity_id", true, true),
    ("dpl.core.data_subject_id", true, true),
    ("dpl.core.data_subject_id_type", true, true),
    ("covenant.kind", true, true),
    ("covenant.log.index", false, true),
    ("covenant.log.leaf_hash", true, true),
    ("covenant.purpose", true, false),
    ("covenant.decision", true, false),
    ("covenant.recipient", true, false),
    ("covenant.source", true, false),
    ("covenant.clause", true, false),
    ("covenant.digest", true, false),
    ("covenant.transaction_id", true, false),
];

fn wrong_with(span: &Span) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            wrong.push(what.to_owned());
        }
    };
    demand(
        span.trace_id.len() == 16 && span.trace_id.iter().any(|b| *b != 0),
        "trace_id",
    );
    demand(
        span.span_id.len() == 8 && span.span_id.iter().any(|b| *b != 0),
        "span_id",
    );
    demand(!span.name.is_empty(), "name");
    demand(span.status.as_ref().is_some_and(|s| s.code == 0), "status");
    demand(span.flags & 1 == 1, "sampled");
    demand(span.start_time_unix_nano > 0, "start_time");
    demand(
        span.end_time_unix_nano >= span.start_time_unix_nano,
        "end_time",
    );
    demand(
        span.end_time_unix_nano.is_multiple_of(1_000_000),
        "milliseconds",
    );
    let mut names: Vec<&str> = span.attributes.iter().map(|a| a.key.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    demand(names.len() == count, "an attribute stands twice");
    for attribute in &span.attributes {
        let known = ATTRIBUTES.iter().find(|(name, ..)| *name == attribute.key);
        let value = attribute.value.as_ref().and_then(|v| v.value.as_ref());
        let fits = match (known, value) {
            (Some((_, true, _)), Some(Value::StringValue(text))) => !text.is_empty(),
            (Some((_, false, _)), Some(Value::IntValue(_))) => true,
            _ => false,
        };
        demand(fits, &attribute.key);
    }
    for (name, _, required) in ATTRIBUTES {
        demand(!required || names.contains(&name), name);
    }
    wrong
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let spans: Vec<Span> = request
            .into_inner()
            .resource_spans
            .into_iter()
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect();
        let mut kept = self.kept.lock().unwrap();
        kept.messages += 1;
        let does = (self.mood)(kept.messages, &spans);
        let mut rejected_spans = 0;
        for span in spans {
            kept.wrong.extend(wrong_with(&span));
            match does {
                Does::Breaks => continue,
                Does::Refuses(which) if which(&span) => {
                    rejected_spans += 1;
                    continue;
                }
                Does::Takes | Does::KeepsAndBreaks | Does::Refuses(_) => {}
            }
            let id = (span.trace_id.clone(), span.span_id.clone());
            if let Some(before) = kept.spans.insert(id, span.clone()) {
                kept.again += 1;
                assert_eq!(before, span, "the same id is the same line");
            }
        }
        match does {
            Does::KeepsAndBreaks | Does::Breaks => Err(Status::unavailable("gone")),
            Does::Takes | Does::Refuses(_) => Ok(Response::new(ExportTraceServiceResponse {
                partial_success: (rejected_spans > 0).then(|| ExportTracePartialSuccess {
                    rejected_spans,
                    error_message: "not in the register".to_owned(),
                }),
            })),
        }
    }
}

/// Exports to a receiver, and answers what was said and what it kept.
async fn sent(vector: &'static str, mood: Mood, more: &'static [&'static str]) -> (Output, Kept) {
    let kept = Arc::new(Mutex::new(Kept::default()));
    let receiver = Receiver {
        kept: Arc::clone(&kept),
        mood,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(
        tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(receiver))
            .serve_with_incoming(TcpListenerStream::new(listener)),
    );
    let output = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let from = export(folder.path(), vector);
        let words = [
            "audit",
            "export",
            "--export",
            &from,
            "--format",
            "ldv",
            "--register",
            REGISTER,
            "--otlp",
            &url,
        ];
        covenant(words.iter().chain(more))
    })
    .await
    .unwrap();
    server.abort();
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    (output, kept)
}

/// The place in the log that a line is about.
fn place(span: &Span) -> i64 {
    let found = span
        .attributes
        .iter()
        .find(|a| a.key == "covenant.log.index");
    match found.and_then(|a| a.value.as_ref()?.value.as_ref()) {
        Some(Value::IntValue(place)) => *place,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_receiver_gets_one_line_per_subject() {
    let (output, kept) = sent("good-operator", |_, _| Does::Takes, &[]).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert_eq!(kept.wrong, Vec::<String>::new());
    assert_eq!((kept.spans.len(), kept.again, kept.messages), (7, 0, 1));
    assert!(
        said(&output).contains("7 regels bevestigd"),
        "{}",
        said(&output)
    );
    let mut subjects: Vec<&Value> = kept
        .spans
        .values()
        .flat_map(|span| &span.attributes)
        .filter(|a| a.key == "dpl.core.data_subject_id")
        .filter_map(|a| a.value.as_ref()?.value.as_ref())
        .collect();
    subjects.dedup();
    assert_eq!(subjects.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_loses_nothing_and_doubles_nothing() {
    let mood: Mood = |message, _| match message {
        1 => Does::Breaks,
        2 => Does::KeepsAndBreaks,
        _ => Does::Takes,
    };
    let (output, kept) = sent("good-operator", mood, &[]).await;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert_eq!(kept.wrong, Vec::<String>::new());
    // All of it came twice, under the same ids.
    assert_eq!((kept.spans.len(), kept.again), (7, 7));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_receiver_refuses_is_named_and_the_rest_is_confirmed() {
    let mood: Mood = |_, _| Does::Refuses(|span| place(span) == 3);
    let (output, kept) = sent("good-operator", mood, &["--lang", "en"]).await;
    assert_eq!(code(&output), 1);
    let text = said(&output);
    assert!(
        text.contains("place 3 of the log: the receiver refused: not in the register"),
        "{text}"
    );
    assert_eq!(text.matches("refused:").count(), 1, "{text}");
    assert!(text.contains("6 lines confirmed"), "{text}");
    assert_eq!(kept.spans.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_stays_away_is_an_error_and_says_where_to_go_on() {
    let (output, kept) = sent("good-operator", |_, _| Does::Breaks, &["--lang", "en"]).await;
    assert_eq!(code(&output), 2);
    assert!(
        complained(&output).contains("did not confirm"),
        "{}",
        complained(&output)
    );
    assert!(
        said(&output).contains("go on with --from 2"),
        "{}",
        said(&output)
    );
    assert_eq!((kept.spans.len(), kept.messages), (0, 6));
    // From there on nothing is sent twice.
    let (output, kept) = sent("good-operator", |_, _| Does::Takes, &["--from", "4"]).await;
    assert_eq!(code(&output), 0);
    assert!(kept.spans.len() < 7 && kept.spans.values().all(|span| place(span) >= 4));
}

#[test]
fn lines_about_people_do_not_go_over_the_network_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let from = export(folder.path(), "good-operator");
    for url in [
        "http://collector.example:4317",
        "ftp://127.0.0.1",
        "https://collector.example",
    ] {
        let words = [
            "audit",
            "export",
            "--export",
            &from,
            "--format",
            "ldv",
            "--register",
            REGISTER,
            "--otlp",
            url,
        ];
        let output = covenant(words);
        assert_eq!(code(&output), 2, "{url}");
        assert!(
            complained(&output).contains("--otlp"),
            "{}",
            complained(&output)
        );
    }
}
