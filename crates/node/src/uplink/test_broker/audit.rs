//! What the tests' broker says of its log.

use tonic::{Request, Response, Status};
use wire::audit_v1 as audit;
use wire::audit_v1::disclosure_log_service_server::DisclosureLogService;

use ledger::LogSigner;
use model::Secret;
use wire::broker_v1 as pb;

use super::{Answers, TestBroker, proof};

impl TestBroker {
    /// The checkpoint as it is now, with the proof from the one that was shown before.
    pub(super) fn next_shown(&self, shown: &mut u64) -> pb::Checkpoint {
        let state = self.state();
        let consistency_proof = if *shown <= state.size {
            proof(&state, *shown, state.size)
        } else {
            Vec::new()
        };
        *shown = state.size;
        pb::Checkpoint {
            note: Self::note(&state).into(),
            consistency_proof,
        }
    }

    pub(super) fn checkpoint(&self, seen: &[u8]) -> Option<pb::Checkpoint> {
        let state = self.state();
        if state.size == 0 {
            return None;
        }
        let signer = LogSigner::from_seed("log.test", &Secret::new([9; 32])).unwrap();
        let from = signer
            .verifier()
            .verify(seen)
            .map_or(0, |checkpoint| checkpoint.size);
        Some(pb::Checkpoint {
            note: Self::note(&state).into(),
            consistency_proof: proof(&state, from, state.size),
        })
    }
}

#[tonic::async_trait]
impl DisclosureLogService for TestBroker {
    type ExportStream = Answers<audit::ExportResponse>;
    type WatchEntriesStream = Answers<audit::WatchEntriesResponse>;

    async fn get_consistency_proof(
        &self,
        request: Request<audit::GetConsistencyProofRequest>,
    ) -> Result<Response<audit::GetConsistencyProofResponse>, Status> {
        let audit::GetConsistencyProofRequest { from_size, to_size } = request.into_inner();
        self.state().proofs_asked += 1;
        let mut held = self.held.subscribe();
        held.wait_for(|held| !held).await.unwrap();
        let consistency_proof = proof(&self.state(), from_size, to_size);
        Ok(Response::new(audit::GetConsistencyProofResponse {
            consistency_proof,
        }))
    }

    async fn list_entries(
        &self,
        _: Request<audit::ListEntriesRequest>,
    ) -> Result<Response<audit::ListEntriesResponse>, Status> {
        Err(Status::unimplemented("not in the tests"))
    }

    async fn get_entry(
        &self,
        _: Request<audit::GetEntryRequest>,
    ) -> Result<Response<audit::GetEntryResponse>, Status> {
        Err(Status::unimplemented("not in the tests"))
    }

    async fn get_checkpoint(
        &self,
        _: Request<audit::GetCheckpointRequest>,
    ) -> Result<Response<audit::GetCheckpointResponse>, Status> {
        let checkpoint = self.newest().into();
        Ok(Response::new(audit::GetCheckpointResponse { checkpoint }))
    }

    async fn get_inclusion_proof(
        &self,
        _: Request<audit::GetInclusionProofRequest>,
    ) -> Result<Response<audit::GetInclusionProofResponse>, Status> {
        Err(Status::unimplemented("not in the tests"))
    }

    async fn export(
        &self,
        _: Request<audit::ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        Err(Status::unimplemented("not in the tests"))
    }

    async fn watch_entries(
        &self,
        _: Request<audit::WatchEntriesRequest>,
    ) -> Result<Response<Self::WatchEntriesStream>, Status> {
        Err(Status::unimplemented("not in the tests"))
    }
}
