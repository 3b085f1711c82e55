//! Lays a whole world out on disk: certificates, keys, covenants with signatures, configurations.
//!
//! Parties are data: whoever stands in the covenants gets a node. What comes out are the same files
//! that an operator would write, so that the processes can be started from them again, or apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use covenant::language::check::{Checking, check_as};
use covenant::{Covenant, Lang};
use model::{Day, Oin, PartyId, RoleRef};

use crate::authority::{Authority, Credential, Request, Usage};
use crate::configuration;
use crate::files::{make_folder, write_private};
use crate::filling::fill_in;
use crate::keys::{PartyKeys, write_covenant_keys};
use crate::world::{AuditPlace, BrokerPlace, Client, CovenantPlace, NodePlace, World};

/// The broker's OIN in every demo world.
pub const BROKER_OIN: &str = "00000099000000008000";
/// Somebody with a certificate of the right authority and no covenant.
pub const OUTSIDER_OIN: &str = "00000099000000007000";
/// The name of the demo's disclosure log.
pub const LOG_ORIGIN: &str = "voorbeeld.invalid/verstrekkingenlogboek";

/// What a world is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The model texts of its covenants.
    pub covenants: Vec<String>,
    /// The time between two batches of notices, in milliseconds.
    pub notices_interval_ms: u64,
    /// The most signals that are matched in one batch.
    pub batch_signals: usize,
    /// The time between two batches of recalls, in seconds. A world is looked at for minutes: they
    /// can't wait for the next morning.
    pub recalls_every_seconds: u32,
    /// What the processes write to their logs, in `tracing`'s filter language.
    pub log_filter: String,
}

impl Plan {
    /// The demo world of the README: a safe visit, and serious nuisance.
    #[must_use]
    pub fn demo() -> Self {
        Self {
            covenants: vec![
                include_str!("../../../policies/veilig-op-bezoek.toml").to_owned(),
                include_str!("../../../policies/woonoverlast.toml").to_owned(),
            ],
            notices_interval_ms: 1000,
            batch_signals: 256,
            recalls_every_seconds: 2,
            log_filter: "warn".to_owned(),
        }
    }
}

/// A party as the covenants together describe it.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) id: PartyId,
    pub(crate) oin: Oin,
    pub(crate) name: String,
    pub(crate) roles: BTreeSet<RoleRef>,
}

/// A covenant as it was signed.
#[derive(Debug)]
pub(crate) struct SignedCovenant {
    pub(crate) covenant: Covenant,
    pub(crate) file: PathBuf,
    pub(crate) signatures: Vec<PathBuf>,
}

/// Makes the world's files in `folder`, which must not hold another world.
///
/// # Errors
/// When the folder holds a world, a covenant does not pass its checks, or a file can't be written.
pub fn lay_out(folder: &Path, plan: &Plan, today: Day) -> anyhow::Result<World> {
    make_folder(folder)?;
    let folder = folder.canonicalize()?;
    let folder = folder.as_path();
    // Before anything is written: the clients of a world that is there trust its authority.
    for name in ["world.json", "ca.pem", "broker", "parties", "covenants"] {
        anyhow::ensure!(
            !folder.join(name).exists(),
            "{} holds a world already: name another folder, or remove this one",
            folder.display()
        );
    }
    for name in ["broker", "parties", "covenants"] {
        make_folder(&folder.join(name))?;
    }
    let authority = Authority::make("Proefautoriteit", &folder.join("ca.pem"), today)?;
    let parties = parties(&plan.covenants)?;
    let mut keys = BTreeMap::new();
    for party in parties.values() {
        let home = folder.join("parties").join(party.id.as_str());
        make_folder(&home)?;
        keys.insert(party.id.clone(), PartyKeys::make(&home)?);
    }
    let log_key = identity::SigningKey::generate();
    identity::secret_file::write_new(
        &folder.join("broker/log-key.pem"),
        log_key.to_pem().as_bytes(),
    )?;
    let log = ledger::LogSigner::from_seed(LOG_ORIGIN, &log_key.to_secret())?;
    let mut signed = Vec::new();
    for template in &plan.covenants {
        let public = keys
            .iter()
            .map(|(id, keys)| (id.clone(), keys.public()))
            .collect();
        let text = fill_in(
            template,
            &public,
            &log_key.verifying_key().to_string(),
            today,
        )?;
        signed.push(sign(folder, &text, &keys, today)?);
    }
    for covenant in &signed {
        write_covenant_keys(folder, covenant, &keys)?;
    }
    let ports = Ports::free(2 + 2 * parties.len())?;
    let world = places(folder, &authority, &parties, &signed, &log, &ports)?;
    configuration::write_all(folder, plan, &world, &parties, &signed, &keys)?;
    Ok(world)
}

/// Everybody who stands in a covenant, with the roles of all covenants together.
fn parties(templates: &[String]) -> anyhow::Result<BTreeMap<PartyId, Party>> {
    let mut all: BTreeMap<PartyId, Party> = BTreeMap::new();
    for template in templates {
        let checked = check_as(template, Checking::Template, None);
        let covenant = checked.covenant.as_ref().with_context(|| {
            let text = covenant::render("covenant", template, &checked.diagnostics, Lang::En);
            format!("a covenant does not pass its checks\n{text}")
        })?;
        for party in covenant.parties().values() {
            let known = all.entry(party.id.clone()).or_insert_with(|| Party {
                id: party.id.clone(),
                oin: party.oin.clone(),
                name: party.name.clone(),
                roles: BTreeSet::new(),
            });
            anyhow::ensure!(
                known.oin == party.oin,
                "party {} has two OINs in the covenants",
                party.id
            );
            known.roles.extend(party.roles.keys().cloned());
        }
    }
    Ok(all)
}

/// Writes a filled covenant and lets every party sign it.
fn sign(
    folder: &Path,
    text: &str,
    keys: &BTreeMap<PartyId, PartyKeys>,
    today: Day,
) -> anyhow::Result<SignedCovenant> {
    let checked = check_as(text, Checking::Strict, Some(today));
    let Some(covenant) = checked.covenant else {
        let rendered = covenant::render("covenant", text, &checked.diagnostics, Lang::En);
        anyhow::bail!("a filled covenant does not pass its checks\n{rendered}");
    };
    let file = folder
        .join("covenants")
        .join(format!("{}.toml", covenant.id()));
    write_private(&file, text.as_bytes())?;
    let reading = covenant::plain::read(&covenant, Lang::Nl);
    let mut signatures = Vec::new();
    for id in covenant.parties().keys() {
        let keys = keys.get(id).context("a party has keys")?;
        let statement = covenant::signoff::Statement::new(
            &covenant,
            id,
            today,
            reading.as_bytes(),
            concat!("sandbox/", env!("CARGO_PKG_VERSION")),
        )?;
        let envelope = covenant::signoff::sign(&covenant, &statement, &keys.signer.to_secret())?;
        let path = folder
            .join("covenants")
            .join(format!("{}.{id}.dsse.json", covenant.id()));
        write_private(&path, envelope.to_json().as_bytes())?;
        signatures.push(path);
    }
    Ok(SignedCovenant {
        covenant,
        file,
        signatures,
    })
}

/// Ports of this machine that were free a moment ago, all different. They lie below those that the
/// system gives to outgoing connections, and each is locked by a file as long as this process lives,
/// so that worlds that start at the same time can't take each other's.
struct Ports(std::cell::RefCell<Vec<u16>>);

impl Ports {
    fn free(count: usize) -> anyhow::Result<Self> {
        let mut listeners = Vec::with_capacity(count);
        for _ in 0..count.saturating_mul(100) {
            if listeners.len() == count {
                break;
            }
            let mut bytes = [0; 2];
            model::id::fill_random(&mut bytes);
            let port = 10_000 + u16::from_be_bytes(bytes) % 22_000;
            if reserve(port) {
                listeners.extend(std::net::TcpListener::bind(("127.0.0.1", port)));
            }
        }
        anyhow::ensure!(listeners.len() == count, "there are not enough free ports");
        let ports = listeners
            .iter()
            .map(|listener| listener.local_addr().map(|address| address.port()))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self(std::cell::RefCell::new(ports)))
    }

    fn next(&self) -> anyhow::Result<String> {
        let port = self.0.borrow_mut().pop().context("a port")?;
        Ok(format!("127.0.0.1:{port}"))
    }
}

/// Whether nobody else has this port in mind. A world's ports are in use only once its processes
/// have started: until then nothing but this lock says whose they are.
fn reserve(port: u16) -> bool {
    static HELD: std::sync::Mutex<Vec<std::fs::File>> = std::sync::Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join("covenant-sandbox-ports");
    let open = || {
        std::fs::create_dir_all(&folder)?;
        let mut options = std::fs::File::options();
        options
            .create(true)
            .append(true)
            .open(folder.join(port.to_string()))
    };
    // Where no lock can be made, as in another user's folder, ports are drawn as they come.
    let Ok(file) = open() else { return true };
    match file.try_lock() {
        Ok(()) => {
            let mut all = HELD
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            // The system lets go of it when the process ends, however it ends.
            all.push(file);
            true
        }
        Err(std::fs::TryLockError::WouldBlock) => false,
        Err(std::fs::TryLockError::Error(_)) => true,
    }
}

/// Issues every certificate, and says where everything will be.
fn places(
    folder: &Path,
    authority: &Authority,
    parties: &BTreeMap<PartyId, Party>,
    signed: &[SignedCovenant],
    log: &ledger::LogSigner,
    ports: &Ports,
) -> anyhow::Result<World> {
    let broker_oin = Oin::parse(BROKER_OIN)?;
    issue(
        authority,
        (&broker_oin, "makelaar"),
        Usage::Server,
        &[],
        &folder.join("broker/server"),
    )?;
    let mut nodes = BTreeMap::new();
    for party in parties.values() {
        nodes.insert(
            party.id.to_string(),
            node_place(folder, authority, party, ports)?,
        );
    }
    let auditor = signed
        .iter()
        .flat_map(|one| one.covenant.auditors().values())
        .next()
        .context("the covenants name no auditor")?;
    let outsider = Oin::parse(OUTSIDER_OIN)?;
    let client = |oin: &Oin, name: &str, stem: &str| {
        issue(
            authority,
            (oin, name),
            Usage::Client,
            &[],
            &folder.join(stem),
        )
    };
    let grpc = ports.next()?;
    Ok(World {
        ca: authority.certificate.clone(),
        audit: AuditPlace { grpc: grpc.clone() },
        broker: BrokerPlace {
            grpc,
            admin: ports.next()?,
            log_key: log.verifier().to_vkey(),
            state: folder.join("broker/state"),
            config: folder.join("broker/broker.toml"),
        },
        nodes,
        auditor: client(&auditor.oin, "auditdienst", "auditor")?.into(),
        outsider: client(&outsider, "buitenstaander", "outsider")?.into(),
        covenants: signed
            .iter()
            .map(|one| CovenantPlace {
                id: one.covenant.id().to_string(),
                file: one.file.clone(),
                signatures: one.signatures.clone(),
            })
            .collect(),
    })
}

/// The certificates and places of one party's node.
fn node_place(
    folder: &Path,
    authority: &Authority,
    party: &Party,
    ports: &Ports,
) -> anyhow::Result<NodePlace> {
    let home = folder.join("parties").join(party.id.as_str());
    let whom = (&party.oin, party.name.as_str());
    issue(authority, whom, Usage::Server, &[], &home.join("server"))?;
    issue(authority, whom, Usage::Client, &[], &home.join("client"))?;
    let mut clients = BTreeMap::new();
    make_folder(&home.join("events"))?;
    make_folder(&home.join("clients"))?;
    for (kind, role) in client_kinds(party)? {
        let stem = home.join("clients").join(&kind);
        let roles = std::slice::from_ref(&role);
        let Credential { cert, key } = issue(authority, whom, Usage::Client, roles, &stem)?;
        clients.insert(
            kind,
            Client {
                cert,
                key,
                role: role.to_string(),
            },
        );
    }
    Ok(NodePlace {
        grpc: ports.next()?,
        admin: ports.next()?,
        state: home.join("state"),
        config: home.join("node.toml"),
        oin: party.oin.to_string(),
        clients,
    })
}

/// Issues a certificate that is good from yesterday for 90 days.
fn issue(
    authority: &Authority,
    (oin, name): (&Oin, &str),
    usage: Usage,
    roles: &[RoleRef],
    stem: &Path,
) -> anyhow::Result<Credential> {
    authority.issue(
        &Request {
            oin,
            name,
            usage,
            roles,
            valid_days: (-1, 90),
        },
        stem,
    )
}

/// The kinds of client of a party's node: its systems, its privacy officer, a case handler in the
/// party's first role, and each role by its own name.
fn client_kinds(party: &Party) -> anyhow::Result<Vec<(String, RoleRef)>> {
    let mut kinds = vec![
        ("partner".to_owned(), system_role(&party.id)?),
        ("officer".to_owned(), officer_role(&party.id)?),
    ];
    if let Some(first) = handler_role(party) {
        kinds.push(("handler".to_owned(), first));
    }
    for role in &party.roles {
        kinds.push((role.role().to_owned(), role.clone()));
    }
    Ok(kinds)
}

/// A role that may ask, where the party has one: the demo's caretaker before other roles.
fn handler_role(party: &Party) -> Option<RoleRef> {
    let preferred = ["huismeester", "regisseur", "infodesk", "meldpunt"];
    preferred
        .iter()
        .find_map(|name| party.roles.iter().find(|role| role.role() == *name))
        .or_else(|| party.roles.iter().next())
        .cloned()
}

/// The role of a party's privacy officer, who is its desk for data subjects too. No covenant names it.
pub(crate) fn officer_role(party: &PartyId) -> anyhow::Result<RoleRef> {
    Ok(RoleRef::parse(&format!("{party}.privacyfunctionaris"))?)
}

/// The role in the certificates of a party's own systems.
pub(crate) fn system_role(party: &PartyId) -> anyhow::Result<RoleRef> {
    Ok(RoleRef::parse(&format!("{party}.systeem"))?)
}
