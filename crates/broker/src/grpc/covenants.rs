//! `covenant.broker.v1.CovenantService`.

use std::collections::BTreeMap;

use covenant::Lang;
use covenant::decide::Suspended;
use covenant::signoff::{PartyWord, Scope, State};
use identity::Peer;
use model::{CovenantId, Digest, Oin, PartyId, Timestamp};
use tonic::{Request, Response, Status};
use wire::Bytes;
use wire::broker_v1::covenant_service_server::CovenantService;
use wire::broker_v1::{self as proto, CovenantState, CovenantStatus, CovenantVersion, suspension};
use wire::field;
use wire::malformed::{Malformed, Problem};
use wire::reason::Reason;
use wire::status::Refusal;

use super::{Services, status};
use crate::proposing::Errand;
use crate::refusal::Refused;
use crate::versions::Version;

const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// The calls that hand in one envelope: what each says that it is, and how it is answered.
macro_rules! errands {
    ($($name:ident $errand:ident $request:ident $response:ident;)*) => {
        impl Services {$(
            async fn $name(
                &self,
                request: Request<proto::$request>,
            ) -> Result<Response<proto::$response>, Status> {
                let oin = caller(request.extensions())?;
                let bytes = request.into_inner().envelope.to_vec();
                let version = self.0.take_signed(&oin, Errand::$errand, bytes).await?;
                let status = Some(self.covenant_status(&version));
                Ok(Response::new(proto::$response { status }))
            }
        )*}
    };
}

errands! {
    take_sign Sign SignCovenantRequest SignCovenantResponse;
    take_reject Reject RejectCovenantRequest RejectCovenantResponse;
    take_suspend Suspend SuspendCovenantRequest SuspendCovenantResponse;
    take_resume Resume ResumeCovenantRequest ResumeCovenantResponse;
    take_withdraw Withdraw WithdrawCovenantRequest WithdrawCovenantResponse;
}

#[tonic::async_trait]
impl CovenantService for Services {
    async fn propose_covenant(
        &self,
        request: Request<proto::ProposeCovenantRequest>,
    ) -> Result<Response<proto::ProposeCovenantResponse>, Status> {
        let oin = caller(request.extensions())?;
        let file = request.into_inner().file.to_vec();
        let version = self.0.propose(&oin, file).await?;
        let version = Some(self.covenant_version(&version));
        Ok(Response::new(proto::ProposeCovenantResponse { version }))
    }

    async fn get_covenant(
        &self,
        request: Request<proto::GetCovenantRequest>,
    ) -> Result<Response<proto::GetCovenantResponse>, Status> {
        let oin = caller(request.extensions())?;
        let proto::GetCovenantRequest {
            covenant_id,
            digest,
            first_envelope,
        } = request.into_inner();
        let version = self.readable(&oin, &covenant_id, &digest)?;
        let digest = version.kept().digest;
        let (file, envelopes) = self
            .0
            .store()
            .read(|view| Ok((view.version_file(&digest)?, view.signed_over(&digest)?)))
            .map_err(|error: store::StoreError| Refused::from(error))?;
        let file = file.ok_or_else(|| status(Reason::BrokerFailed))?;
        let envelope = |kept: store::KeptEnvelope| proto::ReceivedEnvelope {
            envelope: kept.bytes.into(),
            received_at: Some(field::timestamp(kept.received_at)),
        };
        let mut room = wire::limit::PAGE_BYTES.saturating_sub(file.len());
        Ok(Response::new(proto::GetCovenantResponse {
            version: Some(self.covenant_version(&version)),
            file: if first_envelope == 0 {
                file.into()
            } else {
                Bytes::new()
            },
            envelopes: envelopes
                .into_iter()
                .filter(|kept| kept.number >= first_envelope)
                .take_while(|kept| {
                    room = room.saturating_sub(kept.bytes.len());
                    room > 0
                })
                .map(envelope)
                .collect(),
        }))
    }

    async fn list_covenants(
        &self,
        request: Request<proto::ListCovenantsRequest>,
    ) -> Result<Response<proto::ListCovenantsResponse>, Status> {
        let oin = caller(request.extensions())?;
        let proto::ListCovenantsRequest {
            page_size,
            page_token,
        } = request.into_inner();
        let limit = match usize::try_from(page_size) {
            Err(_) => {
                let malformed = Malformed::new("page_size", Problem::OutOfRange);
                return Err(Refusal::from(malformed).into());
            }
            Ok(0) => PAGE,
            Ok(size) => size.min(LARGEST_PAGE),
        };
        let after = after(&page_token)?;
        let mut mine: BTreeMap<Place, Version> = self.0.versions().read(|all| {
            all.values()
                .filter(|version| may_read(version, &oin))
                .map(|version| (place(version), version.clone()))
                .collect()
        });
        if let Some(after) = after {
            mine.retain(|place, _| *place > after);
        }
        let more = mine.len() > limit;
        let page: Vec<Version> = mine.into_values().take(limit).collect();
        let next = page.last().filter(|_| more).map(|last| token(&place(last)));
        Ok(Response::new(proto::ListCovenantsResponse {
            versions: page.iter().map(|v| self.covenant_version(v)).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn sign_covenant(
        &self,
        request: Request<proto::SignCovenantRequest>,
    ) -> Result<Response<proto::SignCovenantResponse>, Status> {
        self.take_sign(request).await
    }

    async fn reject_covenant(
        &self,
        request: Request<proto::RejectCovenantRequest>,
    ) -> Result<Response<proto::RejectCovenantResponse>, Status> {
        self.take_reject(request).await
    }

    async fn suspend_covenant(
        &self,
        request: Request<proto::SuspendCovenantRequest>,
    ) -> Result<Response<proto::SuspendCovenantResponse>, Status> {
        self.take_suspend(request).await
    }

    async fn resume_covenant(
        &self,
        request: Request<proto::ResumeCovenantRequest>,
    ) -> Result<Response<proto::ResumeCovenantResponse>, Status> {
        self.take_resume(request).await
    }

    async fn withdraw_covenant(
        &self,
        request: Request<proto::WithdrawCovenantRequest>,
    ) -> Result<Response<proto::WithdrawCovenantResponse>, Status> {
        self.take_withdraw(request).await
    }

    async fn get_covenant_status(
        &self,
        request: Request<proto::GetCovenantStatusRequest>,
    ) -> Result<Response<proto::GetCovenantStatusResponse>, Status> {
        let oin = caller(request.extensions())?;
        let proto::GetCovenantStatusRequest {
            covenant_id,
            digest,
        } = request.into_inner();
        let version = self.readable(&oin, &covenant_id, &digest)?;
        let status = Some(self.covenant_status(&version));
        Ok(Response::new(proto::GetCovenantStatusResponse { status }))
    }
}

impl Services {
    /// The version that is asked for; to who may not read it, it does not exist.
    fn readable(&self, oin: &Oin, id: &str, digest: &[u8]) -> Result<Version, Refused> {
        let id = field::name(id, "covenant_id", CovenantId::parse).map_err(Refusal::from)?;
        let digest: Option<Digest> = match digest {
            [] => None,
            bytes => Some(field::digest(bytes, "digest").map_err(Refusal::from)?),
        };
        let found = self.0.versions().read(|all| {
            let mut mine: Vec<&Version> = all
                .values()
                .filter(|v| v.kept().covenant == id && may_read(v, oin))
                .collect();
            mine.sort_by_key(|version| version.kept().number);
            let wanted = match digest {
                Some(digest) => mine.iter().find(|v| v.kept().digest == digest),
                None => mine.iter().rfind(|v| v.was_active()).or(mine.last()),
            };
            wanted.map(|version| (*version).clone())
        });
        found.ok_or_else(|| Refused::at(Reason::CovenantUnknown, "covenant_id"))
    }

    fn covenant_version(&self, version: &Version) -> CovenantVersion {
        let kept = version.kept();
        CovenantVersion {
            covenant_id: kept.covenant.to_string(),
            digest: bytes(&kept.digest),
            number: kept.number,
            state: state(version, self.0.clock().now()).into(),
            received_at: Some(field::timestamp(kept.received_at)),
            envelope_count: version.envelopes(),
        }
    }

    fn covenant_status(&self, version: &Version) -> CovenantStatus {
        let told = version.status(self.0.clock().now());
        let mut answer = CovenantStatus {
            version: Some(self.covenant_version(version)),
            sentence_nl: told.sentence(Lang::Nl),
            sentence_en: told.sentence(Lang::En),
            signed: Vec::new(),
            awaited: Vec::new(),
            rejected: Vec::new(),
            suspensions: told.suspensions().iter().map(suspension_message).collect(),
        };
        for (party, word) in told.parties() {
            let list = match word {
                PartyWord::Signed { .. } => &mut answer.signed,
                PartyWord::Waiting => &mut answer.awaited,
                PartyWord::Rejected { .. } => &mut answer.rejected,
            };
            list.push(party.to_string());
        }
        answer
    }
}

/// A covenant's place in a list.
type Place = (CovenantId, u32, Digest);

fn place(version: &Version) -> Place {
    let kept = version.kept();
    (kept.covenant.clone(), kept.number, kept.digest)
}

fn token((id, number, digest): &Place) -> String {
    let text = format!("{id}/{number}/{digest}");
    data_encoding::BASE64URL_NOPAD.encode(text.as_bytes())
}

fn after(token: &str) -> Result<Option<Place>, Refused> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(token.as_bytes())
            .ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (id, rest) = text.split_once('/')?;
        let (number, digest) = rest.split_once('/')?;
        Some((
            CovenantId::parse(id).ok()?,
            number.parse().ok()?,
            Digest::from_hex(digest)?,
        ))
    };
    match read() {
        Some(place) => Ok(Some(place)),
        None => Err(Reason::PageTokenInvalid.into()),
    }
}

fn caller(extensions: &tonic::Extensions) -> Result<Oin, Status> {
    let peer = Peer::of(extensions).ok_or_else(|| status(Reason::NoCertificate))?;
    Ok(peer.oin().clone())
}

/// The parties of a version, and its auditors.
fn may_read(version: &Version, oin: &Oin) -> bool {
    let covenant = version.covenant();
    covenant.party_by_oin(oin).is_some() || covenant.auditor_by_oin(oin).is_some()
}

fn state(version: &Version, now: Timestamp) -> CovenantState {
    if version.standing().is_rejected() {
        return CovenantState::Rejected;
    }
    match version.status(now).state() {
        State::Withdrawn { .. } => CovenantState::Withdrawn,
        State::Lapsed { .. } => CovenantState::Lapsed,
        State::Replaced { .. } => CovenantState::Replaced,
        State::Expired { .. } => CovenantState::Expired,
        State::Proposed => CovenantState::Proposed,
        State::NotYetValid { .. } => CovenantState::Signed,
        State::Suspended { .. } => CovenantState::Suspended,
        // Signed and valid, and something before it keeps it from coming into force.
        State::Active { .. } if !version.was_active() => CovenantState::Signed,
        State::Active { .. } => CovenantState::Active,
    }
}

fn suspension_message(one: &Suspended) -> proto::Suspension {
    proto::Suspension {
        id: bytes(&one.id),
        party: one.by.to_string(),
        signed_at: Some(field::timestamp(one.since)),
        resumed_by: one.resumed_by.iter().map(PartyId::to_string).collect(),
        scope: Some(match &one.scope {
            Scope::Whole => suspension::Scope::Whole(true),
            Scope::Clause(number) => suspension::Scope::Clause(number.to_string()),
            Scope::Signal(id) => suspension::Scope::Signal(id.to_string()),
            Scope::Recipient(party) => suspension::Scope::Recipient(party.to_string()),
        }),
    }
}

fn bytes(digest: &Digest) -> Bytes {
    Bytes::copy_from_slice(digest.as_bytes())
}
