//! Who calls: the party's own certificates only, with their roles.

use identity::Peer;
use model::Oin;
use tonic::{Request, Status};

use super::status::status;
use crate::caller::Caller;
use crate::refusal::{Kind, Refused};

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
        let peer = Peer::of(request.extensions()).ok_or_else(|| status(&no_certificate()))?;
        if *peer.oin() != self.oin {
            return Err(status(&other_organisation()));
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
    caller.cloned().ok_or_else(|| status(&no_certificate()))
}

fn no_certificate() -> Refused {
    Refused::new(
        Kind::Unauthenticated,
        "NO_CERTIFICATE",
        "connect with a client certificate of this party",
        "maak verbinding met een certificaat van deze partij",
    )
}

fn other_organisation() -> Refused {
    Refused::new(
        Kind::Denied,
        "OTHER_ORGANISATION",
        "this node serves its own party only; connect to the node of your organisation",
        "dit knooppunt werkt alleen voor de eigen partij; gebruik het knooppunt van uw organisatie",
    )
}
