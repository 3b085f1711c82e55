//! What a party signs: an in-toto Statement v1 about the exact bytes of the file.
//!
//! Format: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>.

use model::{CovenantId, Day, Digest, PartyId, Secret};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::envelope::{Envelope, PAYLOAD_TYPE};
use super::{SignoffError, public_key};
use crate::language::ast::Key;
use crate::language::covenant::Covenant;
use crate::table::{self, Encoding};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "urn:covenant:signoff:v1";

/// One party's sign-off of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// SHA-256 of the exact bytes of the file.
    pub file: Digest,
    /// The covenant's id.
    pub covenant: CovenantId,
    /// Its version.
    pub version: u32,
    /// The digest of the version that it replaces.
    pub replaces: Option<Digest>,
    /// Who signs.
    pub party: PartyId,
    /// The office of the signer, as the covenant names it. Never a person's name.
    pub role: String,
    /// The day of signing.
    pub signed_on: Day,
    /// The first day on which the covenant no longer holds.
    pub valid_until: Day,
    /// SHA-256 of the plain reading that the signer was shown.
    pub reading: Digest,
    /// In which encoding the cell table was signed. One that names none was made before there
    /// was a second: [`Encoding::V1`].
    pub encoding: Encoding,
    /// The digest of the compiled cell table in that encoding ([`crate::table::digest_in`]).
    pub table: Digest,
    /// Name and version of the tool that made this.
    pub tool: String,
}

/// A sign-off of a checked version whose signature was verified under the party's pinned key, and
/// whose every field agrees with the file. It comes from [`super::Proposal::verify_envelope`]
/// alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedStatement {
    id: Digest,
    statement: Statement,
}

impl VerifiedStatement {
    pub(super) fn new(payload: &[u8], statement: Statement) -> Self {
        Self {
            id: Digest::new(Sha256::digest(payload).into()),
            statement,
        }
    }

    /// SHA-256 of the signed bytes.
    #[must_use]
    pub const fn id(&self) -> Digest {
        self.id
    }

    /// Who signed.
    #[must_use]
    pub const fn party(&self) -> &PartyId {
        &self.statement.party
    }

    /// What was signed.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }
}

impl Statement {
    /// What `party` signs for: `covenant`, as `reading` (the exact bytes of what the signer was
    /// shown) explained it.
    ///
    /// # Errors
    /// [`SignoffError::UnknownParty`]; [`SignoffError::Template`] for a template;
    /// [`SignoffError::TooManyCells`].
    pub fn new(
        covenant: &Covenant,
        party: &PartyId,
        signed_on: Day,
        reading: &[u8],
        tool: &str,
    ) -> Result<Self, SignoffError> {
        if covenant.is_template() {
            return Err(SignoffError::Template);
        }
        let signer = covenant
            .party(party)
            .ok_or_else(|| SignoffError::UnknownParty(party.clone()))?;
        Ok(Self {
            file: covenant.digest(),
            covenant: covenant.id().clone(),
            version: covenant.version(),
            replaces: covenant.replaces(),
            party: party.clone(),
            role: signer.signer.function.clone(),
            signed_on,
            valid_until: covenant.valid_until(),
            reading: Digest::new(Sha256::digest(reading).into()),
            encoding: Encoding::NEWEST,
            table: table::digest(covenant)?,
            tool: tool.to_owned(),
        })
    }

    /// Reads the JSON form. A field that is unknown or stands twice is an error.
    ///
    /// # Errors
    /// [`SignoffError::StatementMalformed`], [`SignoffError::PredicateType`] or
    /// [`SignoffError::UnknownEncoding`].
    pub fn parse(payload: &[u8]) -> Result<Self, SignoffError> {
        let (file, covenant, p) = open::<Predicate>(payload, PREDICATE_TYPE)?;
        let encoding = match p.table_encoding.as_deref() {
            None => Encoding::V1,
            Some(name) => Encoding::parse(name).ok_or(SignoffError::UnknownEncoding)?,
        };
        let read = || {
            let replaces = match &p.replaces {
                None => None,
                Some(hex) => Some(Digest::from_hex(hex)?),
            };
            Some(Self {
                file,
                covenant,
                version: p.version,
                replaces,
                party: PartyId::parse(&p.party).ok()?,
                role: p.role.clone(),
                signed_on: Day::parse(&p.signed_on)?,
                valid_until: Day::parse(&p.valid_until)?,
                reading: Digest::from_hex(&p.reading_sha256)?,
                encoding,
                table: Digest::from_hex(&p.table_sha256)?,
                tool: p.tool.clone(),
            })
        };
        read().ok_or(SignoffError::StatementMalformed)
    }

    /// The JSON form: the bytes that are signed, as they are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let predicate = Predicate {
            version: self.version,
            replaces: self.replaces.map(|d| d.to_hex()),
            party: self.party.to_string(),
            role: self.role.clone(),
            signed_on: self.signed_on.to_string(),
            valid_until: self.valid_until.to_string(),
            reading_sha256: self.reading.to_hex(),
            table_encoding: match self.encoding {
                Encoding::V1 => None,
                Encoding::V2 => Some(self.encoding.as_str().to_owned()),
            },
            table_sha256: self.table.to_hex(),
            tool: self.tool.clone(),
        };
        wrap(self.file, &self.covenant, PREDICATE_TYPE, predicate)
    }
}

/// Signs a statement with the seed of the signer's key.
///
/// # Errors
/// [`SignoffError::OtherFile`] when the statement is about another file than `covenant`, and
/// [`SignoffError::NotTheSigner`] when the key is not the one that it names for the party: such a
/// signature could never count.
pub fn sign(
    covenant: &Covenant,
    statement: &Statement,
    seed: &Secret,
) -> Result<Envelope, SignoffError> {
    if statement.file != covenant.digest() {
        return Err(SignoffError::OtherFile);
    }
    let named = covenant.party(&statement.party).map(|p| &p.signer.key);
    if named != Some(&Key::Ed25519(public_key(seed))) {
        return Err(SignoffError::NotTheSigner(statement.party.clone()));
    }
    Ok(seal(statement, seed))
}

/// Signs whatever the statement says.
pub(super) fn seal(statement: &Statement, seed: &Secret) -> Envelope {
    Envelope::seal(PAYLOAD_TYPE, statement.to_bytes(), seed)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wrapper<P> {
    #[serde(rename = "_type")]
    statement_type: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: P,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: SubjectDigest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubjectDigest {
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Predicate {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replaces: Option<String>,
    party: String,
    role: String,
    signed_on: String,
    valid_until: String,
    #[serde(rename = "readingSha256")]
    reading_sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table_encoding: Option<String>,
    #[serde(rename = "tableSha256")]
    table_sha256: String,
    tool: String,
}

/// Only looks at the kind, so that another kind is told from a malformed one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    #[serde(rename = "_type")]
    statement_type: String,
    predicate_type: String,
}

/// Writes a statement about a covenant's file.
pub(super) fn wrap<P: Serialize>(
    file: Digest,
    covenant: &CovenantId,
    predicate_type: &str,
    predicate: P,
) -> Vec<u8> {
    let wrapper = Wrapper {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: vec![Subject {
            name: covenant.to_string(),
            digest: SubjectDigest {
                sha256: file.to_hex(),
            },
        }],
        predicate_type: predicate_type.to_owned(),
        predicate,
    };
    // Strings and numbers always serialise.
    serde_json::to_vec(&wrapper).unwrap_or_default()
}

/// Reads a statement of one predicate type.
pub(super) fn open<P: serde::de::DeserializeOwned>(
    payload: &[u8],
    predicate_type: &str,
) -> Result<(Digest, CovenantId, P), SignoffError> {
    let malformed = SignoffError::StatementMalformed;
    let kind: Kind = serde_json::from_slice(payload).map_err(|_| malformed.clone())?;
    if kind.statement_type != STATEMENT_TYPE || kind.predicate_type != predicate_type {
        return Err(SignoffError::PredicateType);
    }
    let wrapper: Wrapper<P> = serde_json::from_slice(payload).map_err(|_| malformed.clone())?;
    let [subject] = wrapper.subject.as_slice() else {
        return Err(malformed);
    };
    let file = Digest::from_hex(&subject.digest.sha256).ok_or_else(|| malformed.clone())?;
    let covenant = CovenantId::parse(&subject.name).map_err(|_| malformed)?;
    Ok((file, covenant, wrapper.predicate))
}
