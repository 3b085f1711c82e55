//! Mutual TLS over real sockets: who gets in, who doesn't, and who is known to the handlers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod pki;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::Peer;
use identity::tls::{
    Acceptor, AcceptorLimits, ChannelSettings, HandshakeCounts, OwnCertificate, Refusal, ServerTls,
    TlsError, TlsMaterial, Usage, channel,
};
use model::{Oin, RoleRef};
use pki::{Authority, BROKER, CORPORATION, MUNICIPALITY, has_oin, has_role};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Status;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A gRPC server whose handlers note who called.
struct Server {
    address: SocketAddr,
    tls: ServerTls,
    counts: HandshakeCounts,
    callers: Arc<Mutex<Vec<Peer>>>,
}

impl Server {
    async fn start(material: &TlsMaterial, limits: AcceptorLimits) -> Self {
        let tls = ServerTls::new(material).unwrap();
        let local = "127.0.0.1:0".parse().unwrap();
        let acceptor = Acceptor::bind(local, tls.clone(), limits).await.unwrap();
        let (address, counts) = (acceptor.local_addr(), acceptor.counts());
        let callers = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&callers);
        let (_, health) = tonic_health::server::health_reporter();
        let noting = tonic::service::interceptor::InterceptedService::new(
            health,
            move |request: tonic::Request<()>| {
                let peer = Peer::of(request.extensions()).ok_or(Status::unauthenticated("who?"))?;
                seen.lock().unwrap().push(peer.clone());
                Ok(request)
            },
        );
        tokio::spawn(
            tonic::transport::Server::builder()
                .add_service(noting)
                .serve_with_incoming(acceptor),
        );
        Self {
            address,
            tls,
            counts,
            callers,
        }
    }

    async fn of(material: &TlsMaterial) -> Self {
        Self::start(material, AcceptorLimits::default()).await
    }

    fn settings(&self) -> ChannelSettings {
        ChannelSettings {
            server_name: Some("localhost".to_owned()),
            connect_timeout: Duration::from_secs(5),
            ..ChannelSettings::to(&format!("https://127.0.0.1:{}", self.address.port()))
        }
    }

    async fn call(&self, client: &TlsMaterial) -> Result<(), Status> {
        call(&self.settings(), client).await
    }

    /// A call by `client` is refused, and counted for `reason`.
    async fn refuses(&self, client: &TlsMaterial, reason: Refusal) {
        let before = self.counts.refused(reason);
        let status = self.call(client).await.expect_err("must be refused");
        // In TLS 1.3 the refusal comes after the client's own handshake: at once or at first use.
        let transport = [tonic::Code::Unavailable, tonic::Code::Unknown];
        assert!(transport.contains(&status.code()), "{status}");
        eventually(|| self.counts.refused(reason) > before).await;
        assert!(
            self.callers.lock().unwrap().is_empty(),
            "no handler heard of it"
        );
    }
}

async fn call(settings: &ChannelSettings, client: &TlsMaterial) -> Result<(), Status> {
    let mut client = HealthClient::new(channel(settings, client).unwrap());
    client.check(HealthCheckRequest::default()).await.map(drop)
}

async fn eventually(holds: impl Fn() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(holds(), "still not so after five seconds");
}

fn corporation(authority: &Authority) -> TlsMaterial {
    authority.client(|params| has_oin(params, CORPORATION))
}

#[tokio::test]
async fn a_handler_knows_organisation_and_roles() {
    let authority = Authority::new("CA");
    let server = Server::of(&authority.server(BROKER, &[&authority])).await;
    let client = authority.client(|params| {
        has_oin(params, CORPORATION);
        has_role(params, "corporatie.verhuurmakelaar");
        has_role(params, "corporatie.huismeester");
    });
    server.call(&client).await.unwrap();

    let callers = server.callers.lock().unwrap();
    assert_eq!(callers.len(), 1);
    assert_eq!(callers[0], client.own().unwrap());
    assert_eq!(callers[0].oin(), &Oin::parse(CORPORATION).unwrap());
    let caretaker = RoleRef::parse("corporatie.huismeester").unwrap();
    assert!(callers[0].has_role(&caretaker));
    assert_eq!(callers[0].roles().len(), 2);
    assert!(!callers[0].has_role(&RoleRef::parse("corporatie.directeur").unwrap()));
    assert!(
        !format!("{:?}", callers[0]).contains("Jansen"),
        "the common name is not kept"
    );
    assert_eq!(server.counts.accepted(), 1);
}

#[tokio::test]
async fn a_second_trust_anchor_is_as_good_as_the_first() {
    let (first, second) = (Authority::new("CA 1"), Authority::new("CA 2"));
    let server = Server::of(&first.server(BROKER, &[&first, &second])).await;
    server.call(&corporation(&first)).await.unwrap();
    let issued = second.issue(|params| has_oin(params, MUNICIPALITY));
    server
        .call(&pki::material(&issued, &[&first]))
        .await
        .unwrap();
    let callers = server.callers.lock().unwrap();
    assert_eq!(callers[1].oin().as_str(), MUNICIPALITY);
}

#[tokio::test]
async fn flawed_certificates_are_refused() {
    let authority = Authority::new("CA");
    let server = Server::of(&authority.server(BROKER, &[&authority])).await;
    let flaws: [fn(&mut rcgen::CertificateParams); 3] =
        [pki::expired, pki::not_yet_valid, pki::for_servers_only];
    for flaw in flaws {
        let client = authority.client(|params| {
            has_oin(params, CORPORATION);
            flaw(params);
        });
        server.refuses(&client, Refusal::Certificate).await;
    }
    let stranger = Authority::new("another CA");
    let issued = stranger.issue(|params| has_oin(params, CORPORATION));
    server
        .refuses(&pki::material(&issued, &[&authority]), Refusal::Certificate)
        .await;
    // The same server still serves who is in order.
    server.call(&corporation(&authority)).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_names_nobody_is_refused() {
    let authority = Authority::new("CA");
    let server = Server::of(&authority.server(BROKER, &[&authority])).await;
    type Shape = fn(&mut rcgen::CertificateParams);
    let shapes: [(&str, Shape); 5] = [
        ("no serialNumber", |_| {}),
        ("19 digits", |params| has_oin(params, "0000009900000000100")),
        ("21 digits", |params| {
            has_oin(params, "000000990000000010000")
        }),
        ("a letter", |params| has_oin(params, "0000009900000000100O")),
        ("a malformed role", |params| {
            has_oin(params, CORPORATION);
            has_role(params, "huismeester");
        }),
    ];
    for (flaw, shape) in shapes {
        let (chain, key) = authority.issue(shape);
        let status = raw_call(&server, &authority, &chain, &key).await;
        assert!(status.is_err(), "{flaw}");
    }
    let (chain, key) = authority.issue_with_two_serial_numbers(CORPORATION, MUNICIPALITY);
    assert!(raw_call(&server, &authority, &chain, &key).await.is_err());
    eventually(|| server.counts.refused(Refusal::NoOrganisation) == 6).await;
    assert_eq!(server.counts.accepted(), 0);
}

/// Shakes hands as a client that our own code would not let speak; the answer is what the server
/// says to its certificate.
async fn raw_call(
    server: &Server,
    authority: &Authority,
    chain: &[u8],
    key: &[u8],
) -> io::Result<()> {
    use rustls_pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    let ca = rustls_pki_types::CertificateDer::from_pem_slice(&authority.pem()).unwrap();
    roots.add(ca).unwrap();
    let config = raw_config(&[&rustls::version::TLS13]).with_root_certificates(roots);
    let mut config = if chain.is_empty() {
        config.with_no_client_auth()
    } else {
        let chain = rustls_pki_types::CertificateDer::pem_slice_iter(chain)
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(key).unwrap();
        config.with_client_auth_cert(chain, key).unwrap()
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    shake_hands(server, config).await
}

fn raw_config(
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
}

async fn shake_hands(server: &Server, config: rustls::ClientConfig) -> io::Result<()> {
    let socket = tokio::net::TcpStream::connect(server.address).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await?;
    // In TLS 1.3 the client is done before the server has looked at its certificate.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await?;
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).await.map(drop)
}

#[tokio::test]
async fn no_certificate_and_old_tls_are_refused() {
    let authority = Authority::new("CA");
    let server = Server::of(&authority.server(BROKER, &[&authority])).await;
    assert!(raw_call(&server, &authority, b"", b"").await.is_err());
    eventually(|| server.counts.refused(Refusal::NoCertificate) == 1).await;

    let mut roots = rustls::RootCertStore::empty();
    let ca = {
        use rustls_pki_types::pem::PemObject as _;
        rustls_pki_types::CertificateDer::from_pem_slice(&authority.pem()).unwrap()
    };
    roots.add(ca).unwrap();
    let mut old = raw_config(&[&rustls::version::TLS12])
        .with_root_certificates(roots)
        .with_no_client_auth();
    old.alpn_protocols = vec![b"h2".to_vec()];
    assert!(shake_hands(&server, old).await.is_err());
    eventually(|| server.counts.refused(Refusal::Protocol) == 1).await;

    let mut plain = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    eventually(|| server.counts.refused(Refusal::Broken) == 1).await;
    assert_eq!(server.counts.accepted(), 0);
}

#[tokio::test]
async fn a_silent_client_holds_nobody_up_and_is_dropped() {
    let authority = Authority::new("CA");
    let limits = AcceptorLimits {
        handshake_timeout: Duration::from_millis(300),
        handshakes_in_flight: 2,
        ..AcceptorLimits::default()
    };
    let server = Server::start(&authority.server(BROKER, &[&authority]), limits).await;
    let mut silent = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    server.call(&corporation(&authority)).await.unwrap();
    assert_eq!(
        server.counts.refused(Refusal::Timeout),
        0,
        "the call did not wait for it"
    );
    eventually(|| server.counts.refused(Refusal::Timeout) == 1).await;
    let mut end = [0; 1];
    assert_eq!(
        silent.read(&mut end).await.unwrap(),
        0,
        "closed by the server"
    );
}

#[tokio::test]
async fn connections_are_bounded_and_come_free_again() {
    let authority = Authority::new("CA");
    let limits = AcceptorLimits {
        connections: 1,
        ..AcceptorLimits::default()
    };
    let server = Server::start(&authority.server(BROKER, &[&authority]), limits).await;
    let first = channel(&server.settings(), &corporation(&authority)).unwrap();
    let mut first = HealthClient::new(first);
    first.check(HealthCheckRequest::default()).await.unwrap();
    assert!(server.call(&corporation(&authority)).await.is_err(), "full");
    assert_eq!(server.counts.refused(Refusal::Full), 1);
    first.check(HealthCheckRequest::default()).await.unwrap();
    drop(first);
    for _ in 0..100 {
        if server.call(&corporation(&authority)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server
        .call(&corporation(&authority))
        .await
        .expect("the place came free");
}

#[tokio::test]
async fn other_material_is_taken_into_use_for_new_connections() {
    let (old, new) = (Authority::new("old CA"), Authority::new("new CA"));
    let server = Server::of(&old.server(BROKER, &[&old])).await;
    let client = corporation(&old);
    server.call(&client).await.unwrap();
    server.tls.replace(&old.server(BROKER, &[&new])).unwrap();
    assert!(
        server.call(&client).await.is_err(),
        "the old anchor is gone"
    );
    let issued = new.issue(|params| has_oin(params, CORPORATION));
    server.call(&pki::material(&issued, &[&old])).await.unwrap();
}

#[tokio::test]
async fn a_client_checks_the_server_as_well() {
    let (authority, stranger) = (Authority::new("CA"), Authority::new("another CA"));
    let server = Server::of(&authority.server(BROKER, &[&authority])).await;
    let client = corporation(&authority);
    let settings = |change: fn(&mut ChannelSettings)| {
        let mut settings = server.settings();
        change(&mut settings);
        settings
    };
    let right = settings(|s| s.server_oin = Some(Oin::parse(BROKER).unwrap()));
    call(&right, &client).await.unwrap();
    let other_oin = settings(|s| s.server_oin = Some(Oin::parse(MUNICIPALITY).unwrap()));
    assert!(call(&other_oin, &client).await.is_err());
    let other_name = settings(|s| s.server_name = Some("elders.example".to_owned()));
    assert!(call(&other_name, &client).await.is_err());
    let other_anchor = pki::material(
        &authority.issue(|params| has_oin(params, CORPORATION)),
        &[&stranger],
    );
    assert!(call(&server.settings(), &other_anchor).await.is_err());
    let for_clients_only = Server::of(&authority.client(|p| has_oin(p, BROKER))).await;
    assert!(
        for_clients_only.call(&client).await.is_err(),
        "no server's certificate"
    );
}

#[tokio::test]
async fn endpoints_that_are_not_https_are_refused() {
    let authority = Authority::new("CA");
    let client = corporation(&authority);
    for endpoint in [
        "http://127.0.0.1:1",
        "127.0.0.1:1",
        "https://127.0.0.1",
        "",
        "https://",
    ] {
        assert!(
            channel(&ChannelSettings::to(endpoint), &client).is_err(),
            "{endpoint}"
        );
    }
}

#[test]
fn material_says_what_is_wrong_with_it() {
    let authority = Authority::new("CA");
    let (chain, key) = authority.issue(|params| has_oin(params, CORPORATION));
    let anchors = [authority.pem()];
    let error = |chain: &[u8], key: &[u8], anchors: &[Vec<u8>]| {
        TlsMaterial::from_pem(chain, key, anchors)
            .unwrap_err()
            .to_string()
    };
    assert!(error(b"", &key, &anchors).contains("certificate chain"));
    assert!(error(&chain, &chain, &anchors).contains("private key"));
    assert!(error(&chain, &key, &[b"x".to_vec()]).contains("trust anchors"));
    let (other_chain, _) = authority.issue(|params| has_oin(params, CORPORATION));
    let mismatch = TlsMaterial::from_pem(&other_chain, &key, &anchors).unwrap();
    assert!(
        ServerTls::new(&mismatch).is_err(),
        "the key of another certificate"
    );
    let shown = format!(
        "{:?}",
        TlsMaterial::from_pem(&chain, &key, &anchors).unwrap()
    );
    assert_eq!(shown, r#"TlsMaterial { chain: 1, key: "..", anchors: 1 }"#);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let authority = Authority::new("CA");
    let (chain, key) = authority.issue(|params| has_oin(params, CORPORATION));
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("cert.pem"), chain).unwrap();
    std::fs::write(path("key.pem"), key).unwrap();
    std::fs::write(path("ca.pem"), authority.pem()).unwrap();
    let read = || TlsMaterial::from_files(&path("cert.pem"), &path("key.pem"), &[path("ca.pem")]);
    let allow = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path("key.pem"), permissions).unwrap();
    };
    allow(0o640);
    let told = read().unwrap_err().to_string();
    assert!(
        told.contains("chmod 600") && told.contains("key.pem"),
        "{told}"
    );
    allow(0o600);
    let material = read().unwrap();
    assert_eq!(material.own().unwrap().oin().as_str(), CORPORATION);
}

#[test]
fn our_own_certificate_is_looked_at_before_others_refuse_it() {
    let authority = Authority::new("CA");
    let of = |shape: fn(&mut rcgen::CertificateParams), usage| {
        let material = authority.client(|params| {
            has_oin(params, CORPORATION);
            shape(params);
        });
        OwnCertificate::of("tls.certificate", &material, usage)
    };
    let now = model::Timestamp::from_rfc3339("2026-06-01T12:00:00Z").unwrap();
    let good = of(|_| {}, Usage::Client).unwrap();
    assert_eq!(good.setting(), "tls.certificate");
    good.valid(now).unwrap();
    assert!(good.seconds_left(now) > 0);
    let expired = of(pki::expired, Usage::Client).unwrap();
    assert!(matches!(expired.valid(now), Err(TlsError::Expired)));
    assert!(expired.seconds_left(now) < 0);
    let early = of(pki::not_yet_valid, Usage::Client).unwrap();
    assert!(matches!(early.valid(now), Err(TlsError::NotYet)));
    of(pki::for_servers_only, Usage::Server).unwrap();
    let wrong = of(pki::for_servers_only, Usage::Client).unwrap_err();
    assert!(matches!(wrong, TlsError::WrongUse("client")), "{wrong}");
}
