//! `world.json`: where everything of a running demo world is. Absolute paths, PEM files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::authority::Credential;

/// The whole world, as written to `world.json` once everything answers.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct World {
    /// The certificate authority of everybody, PEM.
    pub ca: PathBuf,
    /// The broker.
    pub broker: BrokerPlace,
    /// Where the disclosure log is read.
    pub audit: AuditPlace,
    /// The nodes, by party id.
    pub nodes: BTreeMap<String, NodePlace>,
    /// The auditor whom the covenants name.
    pub auditor: Files,
    /// Somebody with a certificate of the right authority and no covenant.
    pub outsider: Files,
    /// The covenants, as signed.
    pub covenants: Vec<CovenantPlace>,
}

/// The broker.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct BrokerPlace {
    /// `host:port` of its gRPC port.
    pub grpc: String,
    /// `host:port` of its admin port.
    pub admin: String,
    /// The log's public key, C2SP note verifier form.
    pub log_key: String,
    /// Its state folder.
    pub state: PathBuf,
    /// Its configuration file.
    pub config: PathBuf,
}

/// Where the disclosure log is read.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct AuditPlace {
    /// `host:port`.
    pub grpc: String,
}

/// A party's node.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct NodePlace {
    /// `host:port` of its gRPC port.
    pub grpc: String,
    /// `host:port` of its admin port.
    pub admin: String,
    /// Its state folder.
    pub state: PathBuf,
    /// Its configuration file.
    pub config: PathBuf,
    /// The party's OIN.
    pub oin: String,
    /// Certificates for each kind of client of this node: `partner`, `handler`, `officer`, and one
    /// for every role of the party, by the role's name.
    pub clients: BTreeMap<String, Client>,
}

/// A client certificate with a role.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Client {
    /// PEM chain.
    pub cert: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
    /// The role in it, `<party>.<role>`.
    pub role: String,
}

/// A certificate and its key.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Files {
    /// PEM chain.
    pub cert: PathBuf,
    /// PEM private key.
    pub key: PathBuf,
}

impl From<Credential> for Files {
    fn from(credential: Credential) -> Self {
        Self {
            cert: credential.cert,
            key: credential.key,
        }
    }
}

/// A covenant's file and signatures.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct CovenantPlace {
    /// The covenant's id.
    pub id: String,
    /// The signed file.
    pub file: PathBuf,
    /// One DSSE envelope per party.
    pub signatures: Vec<PathBuf>,
}

impl World {
    /// Writes `world.json` in `folder`, by rename, so that who sees it sees all of it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let path = folder.join("world.json");
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        crate::files::write_private(&path, &text)?;
        Ok(path)
    }

    /// Reads `world.json` of `folder`.
    ///
    /// # Errors
    /// When it is missing or not of this form.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(folder.join("world.json"))?;
        Ok(serde_json::from_slice(&text)?)
    }
}
