//! Clients over a channel that the caller made. Who is trusted, and with which certificate one
//! calls, is the channel's business.

use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codegen::{Body as HttpBody, Bytes, StdError};

use crate::limit::MESSAGE_BYTES;
use crate::{audit_v1, broker_v1, node_v1};

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident -> $client:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name<T>(channel: T) -> $client
        where
            T: GrpcService<Body>,
            T::Error: Into<StdError>,
            T::ResponseBody: HttpBody<Data = Bytes> + Send + 'static,
            <T::ResponseBody as HttpBody>::Error: Into<StdError> + Send,
        {
            <$client>::new(channel).max_decoding_message_size(MESSAGE_BYTES)
        }
    )*};
}

clients! {
    /// Signals, at a party's node.
    signals -> node_v1::signal_service_client::SignalServiceClient<T>;
    /// Checks, at a party's node.
    checks -> node_v1::check_service_client::CheckServiceClient<T>;
    /// Notices, at a party's node.
    notices -> node_v1::notice_service_client::NoticeServiceClient<T>;
    /// The desk for data subjects, at a party's node.
    desk -> node_v1::rights_service_client::RightsServiceClient<T>;
    /// What a node asks of the broker for the rights of data subjects.
    rights -> broker_v1::rights_service_client::RightsServiceClient<T>;
    /// The exchange between a node and the broker.
    exchange -> broker_v1::exchange_service_client::ExchangeServiceClient<T>;
    /// The life of covenants, at the broker.
    covenants -> broker_v1::covenant_service_client::CovenantServiceClient<T>;
    /// The disclosure log.
    disclosure_log -> audit_v1::disclosure_log_service_client::DisclosureLogServiceClient<T>;
}
