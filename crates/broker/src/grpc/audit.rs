//! `covenant.audit.v1.DisclosureLogService`.

use std::pin::Pin;

use identity::Peer;
use ledger::export::Exporter;
use ledger::{Class, Decided, Kind, NodeId};
use model::{ClauseNo, CovenantId, Digest, KeyEpoch, Oin, PartyId, PurposeId};
use store::{EntryFilter, SignedCheckpoint};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use wire::audit_v1::disclosure_log_service_server::DisclosureLogService;
use wire::audit_v1::{
    self as proto, Decision, Entry, EntryClass, EntryProof, ExportRequest, ExportResponse,
    GetCheckpointRequest, GetCheckpointResponse, GetConsistencyProofRequest,
    GetConsistencyProofResponse, GetEntryRequest, GetEntryResponse, GetInclusionProofRequest,
    GetInclusionProofResponse, ListEntriesRequest, ListEntriesResponse, WatchEntriesRequest,
    WatchEntriesResponse,
};
use wire::field::{self, Read};
use wire::limit;
use wire::malformed::{Malformed, Problem};
use wire::reason::Reason;
use wire::status::Refusal;
use wire::{Bytes, type_v1};

use super::{Services, status};
use crate::oversight::{Caller, Seen, Wanted};
use crate::refusal::Refused;

const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;
/// How many proofs one look into the store makes.
const PROVED_AT_ONCE: usize = 100;
/// How many entries go into one piece of an export.
const PIECE: u64 = 200;

#[tonic::async_trait]
impl DisclosureLogService for Services {
    type ExportStream = Pin<Box<dyn Stream<Item = Result<ExportResponse, Status>> + Send>>;
    type WatchEntriesStream =
        Pin<Box<dyn Stream<Item = Result<WatchEntriesResponse, Status>> + Send>>;

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let caller = self.caller(request.extensions(), "ListEntries").await?;
        let ListEntriesRequest {
            filter,
            page_size,
            page_token,
            with_proofs,
        } = request.into_inner();
        let filter = filter.unwrap_or_default();
        let token = Token::of(&filter);
        let from = token.read(&page_token)?;
        let wanted = self.wanted(filter)?;
        let limit = match usize::try_from(page_size) {
            Err(_) => {
                return Err(Refusal::from(Malformed::new("page_size", Problem::OutOfRange)).into());
            }
            Ok(0) => PAGE,
            Ok(size) => size.min(LARGEST_PAGE),
        };
        let (seen, next) = self.0.list(&caller, &wanted, from, limit)?;
        let (checkpoint, proofs) = if with_proofs {
            self.proofs(&seen)?
        } else {
            (Bytes::new(), Vec::new())
        };
        Ok(Response::new(ListEntriesResponse {
            entries: seen.into_iter().map(entry).collect(),
            next_page_token: next.map(|next| token.write(next)).unwrap_or_default(),
            checkpoint,
            proofs,
        }))
    }

    async fn get_entry(
        &self,
        request: Request<GetEntryRequest>,
    ) -> Result<Response<GetEntryResponse>, Status> {
        let caller = self.caller(request.extensions(), "GetEntry").await?;
        let index = request.into_inner().index;
        let seen = self.0.entry(&caller, index)?;
        let signed = self.signed()?;
        let proof = self
            .0
            .store()
            .read(|view| view.inclusion_proof(index, signed.size))
            .map_err(Refused::from)?;
        Ok(Response::new(GetEntryResponse {
            entry: Some(entry(seen)),
            checkpoint: signed.note.into(),
            inclusion_proof: proof.iter().map(hash).collect(),
        }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<GetCheckpointRequest>,
    ) -> Result<Response<GetCheckpointResponse>, Status> {
        self.caller(request.extensions(), "GetCheckpoint").await?;
        let signed = self.signed()?;
        let checkpoint = self.0.with_cosignatures(signed).await.into();
        Ok(Response::new(GetCheckpointResponse { checkpoint }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        let caller = self
            .caller(request.extensions(), "GetInclusionProof")
            .await?;
        let GetInclusionProofRequest { index, tree_size } = request.into_inner();
        if index >= tree_size || tree_size > self.0.store().checkpoint().size {
            return Err(status(Reason::TreeSizeUnknown));
        }
        let seen = self.0.entry(&caller, index)?;
        let proof = self
            .0
            .store()
            .read(|view| view.inclusion_proof(index, tree_size))
            .map_err(Refused::from)?;
        Ok(Response::new(GetInclusionProofResponse {
            leaf_hash: hash(&seen.leaf_hash),
            inclusion_proof: proof.iter().map(hash).collect(),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        self.caller(request.extensions(), "GetConsistencyProof")
            .await?;
        let GetConsistencyProofRequest { from_size, to_size } = request.into_inner();
        if from_size == 0 || from_size > to_size || to_size > self.0.store().checkpoint().size {
            return Err(status(Reason::TreeSizeUnknown));
        }
        let proof = self
            .0
            .store()
            .read(|view| view.consistency_proof(from_size, to_size))
            .map_err(Refused::from)?;
        let consistency_proof = proof.iter().map(hash).collect();
        Ok(Response::new(GetConsistencyProofResponse {
            consistency_proof,
        }))
    }

    async fn export(
        &self,
        request: Request<ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        let oin = peer(request.extensions())?;
        self.caller(request.extensions(), "Export").await?;
        let ExportRequest {
            from_index,
            covenant,
        } = request.into_inner();
        let caller = self.0.caller(&oin, only(&covenant)?.as_ref())?;
        let (sender, pieces) = tokio::sync::mpsc::channel(4);
        let services = self.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(refused) = services.pieces(&caller, from_index, &sender) {
                // The caller may be gone; then nobody needs the refusal.
                drop(sender.blocking_send(Err(refused.into())));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(pieces))))
    }

    async fn watch_entries(
        &self,
        request: Request<WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        let answers = self.watch(request).await?;
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }
}

type Pieces = tokio::sync::mpsc::Sender<Result<ExportResponse, Status>>;

impl Services {
    /// Who reads. Every read is recorded.
    pub(super) async fn caller(
        &self,
        extensions: &tonic::Extensions,
        method: &'static str,
    ) -> Result<Caller, Status> {
        let oin = peer(extensions)?;
        let caller = self.0.caller(&oin, None)?;
        self.0.record_access(&oin, method).await?;
        Ok(caller)
    }

    /// The newest checkpoint. A log that may not sign has perhaps none: its file is lost, or of
    /// another size than the tree.
    pub(super) fn signed(&self) -> Result<SignedCheckpoint, Refused> {
        let signed = self.0.store().checkpoint();
        let holds = self
            .0
            .log_verifier()
            .verify(&signed.note)
            .is_ok_and(|c| c.size == signed.size && c.root == signed.root);
        if holds {
            Ok(signed)
        } else {
            Err(Reason::LogUnavailable.into())
        }
    }

    /// The newest checkpoint, and the proof under it of each of these entries.
    fn proofs(&self, seen: &[Seen]) -> Result<(Bytes, Vec<EntryProof>), Refused> {
        let signed = self.signed()?;
        let mut proofs = Vec::with_capacity(seen.len());
        // Readers hold off the writer: each look is a short one.
        for some in seen.chunks(PROVED_AT_ONCE) {
            self.0.store().read(|view| -> Result<(), Refused> {
                for one in some {
                    let hashes = view.inclusion_proof(one.index, signed.size)?;
                    let hashes = hashes.iter().map(hash).collect();
                    proofs.push(EntryProof { hashes });
                }
                Ok(())
            })?;
        }
        Ok((signed.note.into(), proofs))
    }

    /// What is asked for. A covenant that is not here has no versions, so nothing is found.
    fn wanted(&self, filter: proto::EntryFilter) -> Result<Wanted, Refused> {
        let id = field::optional_name(&filter.covenant, "filter.covenant", CovenantId::parse);
        let id = id.map_err(Refusal::from)?;
        let covenants = id.map(|id| self.0.digests_of(&id)).transpose()?;
        let wanted = wanted(filter).map_err(Refusal::from)?;
        Ok(Wanted {
            covenants,
            ..wanted
        })
    }

    /// Writes an export piece by piece, all under one checkpoint.
    fn pieces(&self, caller: &Caller, from: u64, sender: &Pieces) -> Result<(), Refused> {
        let store = self.0.store();
        let signed = self.signed()?;
        if from > signed.size {
            return Err(Reason::TreeSizeUnknown.into());
        }
        let failed = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "an export stopped");
            Refused::from(Reason::BrokerFailed)
        };
        let exporter = Exporter::new(self.0.log_verifier(), &signed.note, caller.reader(), from)
            .map_err(|error| failed(&error))?;
        let mut next = from;
        let mut first = true;
        while first || next < signed.size {
            let until = signed.size.min(next.saturating_add(PIECE));
            let lines = store.read(|view| -> Result<String, Refused> {
                let read = |node: NodeId| view.tree_node(node).ok().flatten();
                let mut lines = String::new();
                if first {
                    lines.push_str(&exporter.header(read).map_err(|error| failed(&error))?);
                }
                for index in next..until {
                    let seen =
                        crate::oversight::see(view, caller, index)?.ok_or(Reason::BrokerFailed)?;
                    let line = exporter
                        .line(index, &seen.shown(), read)
                        .map_err(|error| failed(&error))?;
                    lines.push_str(&line);
                }
                Ok(lines)
            })?;
            first = false;
            next = until;
            let piece = ExportResponse {
                lines: lines.into_bytes().into(),
                next_index: next,
            };
            if sender.blocking_send(Ok(piece)).is_err() {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The filter as words, but for its covenant.
fn wanted(filter: proto::EntryFilter) -> Read<Wanted> {
    let proto::EntryFilter {
        covenant: _,
        from,
        until,
        party,
        recipient,
        source,
        purpose,
        clause,
        class,
        kind,
        decision,
        basis,
        subject,
    } = filter;
    let instant = |value: Option<prost_types::Timestamp>, name: &str| {
        value
            .map(|value| field::instant(Some(value), name))
            .transpose()
    };
    let word = |name: &str| Malformed::new(name, Problem::UnknownValue);
    Ok(Wanted {
        filter: EntryFilter {
            covenant: None,
            named: None,
            recipient: field::optional_name(&recipient, "filter.recipient", PartyId::parse)?,
            source: field::optional_name(&source, "filter.source", PartyId::parse)?,
            purpose: field::optional_name(&purpose, "filter.purpose", PurposeId::parse)?,
            clause: field::optional_name(&clause, "filter.clause", ClauseNo::parse)?,
            kind: match kind.as_str() {
                "" => None,
                code => Some(Kind::parse(code).ok_or_else(|| word("filter.kind"))?),
            },
            decision: match Decision::try_from(decision) {
                Ok(Decision::Unspecified) => None,
                Ok(Decision::Revealed) => Some(Decided::Revealed),
                Ok(Decision::Withheld) => Some(Decided::Withheld),
                Ok(Decision::Refused) => Some(Decided::Refused),
                Err(_) => return Err(word("filter.decision")),
            },
            from: instant(from, "filter.from")?,
            until: instant(until, "filter.until")?,
        },
        party: field::optional_name(&party, "filter.party", PartyId::parse)?,
        class: match EntryClass::try_from(class) {
            Ok(EntryClass::Unspecified) => None,
            Ok(EntryClass::Decision) => Some(Class::Decision),
            Ok(EntryClass::Covenant) => Some(Class::Covenant),
            Ok(EntryClass::Rights) => Some(Class::Rights),
            Ok(EntryClass::Operation) => Some(Class::Operation),
            Err(_) => return Err(word("filter.class")),
        },
        basis: (!basis.is_empty()).then_some(basis),
        subject: field::list(
            subject,
            "filter.subject",
            (0, limit::SUBJECT_PSEUDONYMS),
            read_pseudonym,
        )?,
        covenants: None,
    })
}

fn read_pseudonym(message: proto::SubjectPseudonym) -> Read<(KeyEpoch, model::Token)> {
    let proto::SubjectPseudonym {
        epoch,
        match_key,
        value,
    } = message;
    let token = field::token(wire::broker_v1::Pseudonym { match_key, value })?;
    Ok((field::epoch(epoch, "epoch")?, token))
}

/// The organisation that calls.
pub(super) fn peer(extensions: &tonic::Extensions) -> Result<Oin, Status> {
    let peer = Peer::of(extensions).ok_or_else(|| status(Reason::NoCertificate))?;
    Ok(peer.oin().clone())
}

/// The covenant that details are asked under; none for every one.
pub(super) fn only(covenant: &str) -> Result<Option<CovenantId>, Refused> {
    let id = field::optional_name(covenant, "covenant", CovenantId::parse);
    Ok(id.map_err(Refusal::from)?)
}

pub(super) fn entry(seen: Seen) -> Entry {
    let opening = |opening: ledger::Opening| type_v1::Opening {
        salt: Bytes::copy_from_slice(opening.salt.as_bytes()),
        content: opening.bytes.into(),
    };
    Entry {
        index: seen.index,
        leaf_hash: hash(&seen.leaf_hash),
        leaf: seen.leaf.unwrap_or_default().into(),
        request: seen.request.map(opening),
        answer: seen.answer.map(opening),
        outcome: seen.outcome.map(opening),
    }
}

fn hash(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}

/// A page token: where to go on, bound to the filters that it belongs to.
struct Token([u8; 8]);

impl Token {
    fn of(filter: &proto::EntryFilter) -> Self {
        use sha2::Digest as _;
        let hash: [u8; 32] = sha2::Sha256::digest(prost::Message::encode_to_vec(filter)).into();
        let mut short = [0; 8];
        short.copy_from_slice(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
        Self(short)
    }

    fn write(&self, next: u64) -> String {
        let bytes = [self.0, next.to_be_bytes()].concat();
        data_encoding::BASE64URL_NOPAD.encode(&bytes)
    }

    fn read(&self, token: &str) -> Result<u64, Refused> {
        if token.is_empty() {
            return Ok(0);
        }
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(token.as_bytes())
            .unwrap_or_default();
        match (
            bytes.first_chunk::<8>(),
            bytes.get(8..).and_then(|rest| rest.try_into().ok()),
        ) {
            (Some(filter), Some(next)) if *filter == self.0 => Ok(u64::from_be_bytes(next)),
            _ => Err(Reason::PageTokenInvalid.into()),
        }
    }
}
