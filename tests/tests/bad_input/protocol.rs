//! Calls that are no good calls: nobody, the wrong one, too large, no message, no such method.

use std::path::Path;

use journeys::world::{NUISANCE, World, of};
use prost::bytes::{Buf as _, BufMut as _};
use sandbox::authority::{Authority, Request, SERVER_NAME, Usage};
use sandbox::clients::connect;
use sandbox::messages::submit;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Status};
use wire::audit_v1::ListEntriesRequest;
use wire::broker_v1::{CheckRequest, PushSignalsRequest, Signed};
use wire::node_v1::signal_service_client::SignalServiceClient;
use wire::node_v1::{Attribute, ListSignalsRequest, Signal, SubmitSignalsRequest};
use wire::reason::Reason;

use crate::case::{log_size, nothing_is_stored, says_nothing_of};
use crate::subjects;

const SUBMIT: &str = "/covenant.node.v1.SignalService/SubmitSignal";
const STREAM: &str = "/covenant.node.v1.SignalService/SubmitSignals";

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_no_good_certificate_is_not_heard() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let node = &world.place.nodes["gemeente"];
    let home = world.folder().join("parties/gemeente");
    let stranger = stranger(&world);
    let known = |cert: &Path, key: &Path| connect(&node.grpc, &world.place.ca, cert, key).unwrap();
    let channels = [
        ("nobody", nobody(&world, &node.grpc)),
        ("unknown authority", known(&stranger.0, &stranger.1)),
        (
            "server certificate",
            known(&home.join("server.pem"), &home.join("server.key")),
        ),
    ];
    for (who, channel) in channels {
        let mut client = SignalServiceClient::new(channel);
        let status = client.submit_signal(submit(good())).await.unwrap_err();
        assert!(
            matches!(
                status.code(),
                Code::Unavailable | Code::Unknown | Code::Cancelled
            ),
            "{who}: {status:?}"
        );
        // The connection ended: no service said anything.
        let transport = std::error::Error::source(&status).is_some();
        assert!(
            transport && status.details().is_empty(),
            "{who}: {status:?}"
        );
    }
    nothing_is_stored(&world, size).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_belongs_elsewhere_is_refused_by_name_of_the_reason() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let node = &world.place.nodes["gemeente"];
    let other = &world.place.nodes["corporatie"].clients["partner"];
    let outsider = &world.place.outsider;
    let officer = &node.clients["officer"];
    let callers = [
        (&other.cert, &other.key, Reason::OtherOrganisation),
        (&outsider.cert, &outsider.key, Reason::OtherOrganisation),
        (&officer.cert, &officer.key, Reason::RoleNotYours),
    ];
    for (cert, key, reason) in callers {
        let channel = connect(&node.grpc, &world.place.ca, cert, key).unwrap();
        let mut client = SignalServiceClient::new(channel.clone());
        is(
            &client.submit_signal(submit(good())).await.unwrap_err(),
            reason,
        );
        is(
            &client
                .list_signals(ListSignalsRequest::default())
                .await
                .unwrap_err(),
            reason,
        );
        let stream = client
            .submit_signals(tokio_stream::iter([item(good())]))
            .await;
        let status = match stream {
            Err(status) => status,
            Ok(mut answers) => match answers.get_mut().message().await.unwrap().unwrap().outcome {
                Some(wire::node_v1::submit_signals_response::Outcome::Rejected(status)) => {
                    assert_eq!(wire::status::read_message(&status).reason, Some(reason));
                    continue;
                }
                other => panic!("{other:?}"),
            },
        };
        is(&status, reason);
    }
    let channel = connect(
        &world.place.audit.grpc,
        &world.place.ca,
        &outsider.cert,
        &outsider.key,
    )
    .unwrap();
    let mut log = wire::client::disclosure_log(channel);
    is(
        &log.list_entries(ListEntriesRequest::default())
            .await
            .unwrap_err(),
        Reason::AuditorOnly,
    );
    nothing_is_stored(&world, size).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_by_its_size() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let client = world.partner("gemeente").unwrap();
    let filling = "qx".repeat(5 << 19);
    let mut large = good();
    large.attributes = vec![Attribute {
        name: "vulling".to_owned(),
        value: filling,
    }];
    let status = client
        .signals()
        .submit_signal(submit(large.clone()))
        .await
        .unwrap_err();
    is(&status, Reason::MessageTooLarge);
    says_nothing_of(&status, "qxqxqx");
    let mut stream = client
        .signals()
        .submit_signals(tokio_stream::iter([item(large)]))
        .await
        .unwrap()
        .into_inner();
    is(
        &stream.message().await.unwrap_err(),
        Reason::MessageTooLarge,
    );
    let home = world.folder().join("parties/gemeente");
    let (cert, key) = (home.join("client.pem"), home.join("client.key"));
    let channel = connect(&world.place.broker.grpc, &world.place.ca, &cert, &key).unwrap();
    let mut broker = wire::client::exchange(channel);
    let filling = Some(Signed {
        payload: vec![b'q'; 5 << 20].into(),
        ..Signed::default()
    });
    let question = filling.clone();
    let status = broker.check(CheckRequest { question }).await.unwrap_err();
    is(&status, Reason::MessageTooLarge);
    let batch = PushSignalsRequest { batch: filling };
    let pushed = broker.push_signals(tokio_stream::iter([batch])).await;
    let mut answers = pushed.unwrap().into_inner();
    is(
        &answers.message().await.unwrap_err(),
        Reason::MessageTooLarge,
    );
    nothing_is_stored(&world, size).await;
    // One just below is read, and refused for what is wrong with it.
    let mut fits = good();
    fits.source_reference = "qx".repeat(2_000_000);
    let status = client
        .signals()
        .submit_signal(submit(fits))
        .await
        .unwrap_err();
    is(&status, Reason::FieldInvalid);
    world.push_signal("gemeente", good()).await.unwrap();
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_or_no_method_is_refused() {
    let world = World::in_process().await.unwrap();
    let size = log_size(&world).await;
    let node = &world.place.nodes["gemeente"];
    let files = &node.clients["partner"];
    let channel = connect(&node.grpc, &world.place.ca, &files.cert, &files.key).unwrap();
    let garbage = [
        b"\xff\xff\xff\xffgeheim-4711".to_vec(),
        b"\x0a\x7fgeheim-4711".to_vec(),
        vec![0x0a, 2, 0xff, 0xfe],
    ];
    for bytes in garbage {
        for path in [SUBMIT, STREAM] {
            let status = raw(channel.clone(), path, bytes.clone()).await.unwrap_err();
            is(&status, Reason::FieldInvalid);
            let told = wire::status::read(&status);
            let rules: Vec<&str> = told.violations.iter().map(|v| v.rule.as_str()).collect();
            assert_eq!(rules, ["UNREADABLE"], "{path}");
            says_nothing_of(&status, "geheim-4711");
        }
    }
    for path in [
        "/covenant.node.v1.SignalService/DropSignal",
        "/covenant.node.v9.SignalService/SubmitSignal",
    ] {
        let status = raw(channel.clone(), path, Vec::new()).await.unwrap_err();
        is(&status, Reason::MethodUnknown);
    }
    let mut packed = SignalServiceClient::new(channel.clone())
        .send_compressed(tonic::codec::CompressionEncoding::Gzip);
    let status = packed.submit_signal(submit(good())).await.unwrap_err();
    is(&status, Reason::CompressionUnknown);
    let items = tokio_stream::iter([item(good())]);
    let status = packed.submit_signals(items).await.unwrap_err();
    is(&status, Reason::CompressionUnknown);
    // An empty message is a message: every field is missing.
    let status = raw(channel, SUBMIT, Vec::new()).await.unwrap_err();
    is(&status, Reason::FieldRequired);
    nothing_is_stored(&world, size).await;
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_no_tls_disturbs_nobody() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::in_process().await.unwrap();
    for address in [
        &world.place.nodes["gemeente"].grpc,
        &world.place.broker.grpc,
    ] {
        for noise in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            &[0x16, 3, 1, 0xff, 0xff, 1],
        ] {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket.write_all(noise).await.unwrap();
            let _ = socket.shutdown().await;
            let mut answer = Vec::new();
            let _ = socket.read_to_end(&mut answer).await;
            assert!(
                !answer.starts_with(b"HTTP") && answer.len() < 64,
                "{answer:?}"
            );
        }
    }
    world.push_signal("gemeente", good()).await.unwrap();
    world.delivered("gemeente").await.unwrap();
    world.stop().await.unwrap();
}

fn is(status: &Status, reason: Reason) {
    let told = wire::status::read(status);
    assert_eq!(
        (told.reason, told.code),
        (Some(reason), reason.code()),
        "{status:?}"
    );
    assert!(
        told.message_nl.len() > 10 && told.message_nl != told.message_en,
        "{told:?}"
    );
}

fn good() -> Signal {
    of("gemeente", NUISANCE, "OVE.GEL", subjects::good())
}

fn item(signal: Signal) -> SubmitSignalsRequest {
    let request = submit(signal);
    SubmitSignalsRequest {
        request_id: request.request_id,
        signal: request.signal,
        validate_only: false,
    }
}

/// A channel that shows no certificate.
fn nobody(world: &World, address: &str) -> Channel {
    let ca = std::fs::read(&world.place.ca).unwrap();
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(ca))
        .domain_name(SERVER_NAME);
    let endpoint = Endpoint::from_shared(format!("https://{address}")).unwrap();
    endpoint.tls_config(tls).unwrap().connect_lazy()
}

/// A certificate with the right names by an authority that nobody trusts.
fn stranger(world: &World) -> (std::path::PathBuf, std::path::PathBuf) {
    let folder = world.folder();
    let today = model::clock::Clock::now(&model::clock::SystemClock).day();
    let authority =
        Authority::make("Andere autoriteit", &folder.join("other-ca.pem"), today).unwrap();
    let oin = model::Oin::parse(&world.place.nodes["gemeente"].oin).unwrap();
    let role = model::RoleRef::parse("gemeente.systeem").unwrap();
    let request = Request {
        oin: &oin,
        name: "gemeente",
        usage: Usage::Client,
        roles: &[role],
        valid_days: (-1, 90),
    };
    let made = authority.issue(&request, &folder.join("stranger")).unwrap();
    (made.cert, made.key)
}

/// One call with bytes as they are.
async fn raw(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let path = tonic::codegen::http::uri::PathAndQuery::from_static(path);
    let answer = client
        .unary(tonic::Request::new(bytes), path, Bytes)
        .await?;
    Ok(answer.into_inner())
}

/// A codec that leaves bytes as they are.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; from.remaining()];
        from.copy_to_slice(&mut bytes);
        Ok(Some(bytes))
    }
}
