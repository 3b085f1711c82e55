//! Who calls: the party's own certificates only, with their roles.

use identity::Peer;
use model::Oin;
use tonic::{Request, Status};

use crate::caller::Caller;
use wire::reason::Reason;
use wire::status::Refusal;

/// Lets in whoever has a certificate of `oin`, and hands the caller on.
#[derive(Debug, Clone)]
pub(crate) struct OwnParty {
    oin: Oin,
}

impl OwnParty {
    pub(crate) const fn new(oin: Oin) -> Self {
        Self { oin }
    }
}

impl tonic::service::Interceptor for OwnParty {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let peer =
            Peer::of(request.extensions()).ok_or_else(|| Refusal::of(Reason::NoCertificate))?;
        if *peer.oin() != self.oin {
            return Err(Refusal::of(Reason::OtherOrganisation).into());
        }
        let caller = Caller {
            client: peer.fingerprint().to_hex(),
            roles: peer.roles().to_vec(),
        };
        request.extensions_mut().insert(caller);
        Ok(request)
    }
}

/// Who made this request.
pub(crate) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    let caller = request.extensions().get::<Caller>();
    Ok(caller
        .cloned()
        .ok_or_else(|| Refusal::of(Reason::NoCertificate))?)
}
