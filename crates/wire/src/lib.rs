//! The gRPC contract: generated code, and its mapping to the words of `model`.
//!
//! This crate is *not* a transport: it opens no connection, holds no certificate, and neither
//! signs nor verifies. It is also not where an identifier becomes a pseudonym: identifiers in
//! clear stand in [`node_v1`] only, and nothing here reads them.

pub mod answer;
pub mod client;
pub mod field;
mod foreign;
pub mod header;
pub mod limit;
pub mod malformed;
pub mod notice;
pub mod reason;
pub mod recall;
mod redacted;
pub mod rights;
pub mod signal;
pub mod signed;
pub mod statement;
pub mod status;
pub mod word;

pub use header::Header;
pub use malformed::{Malformed, Problem};
pub use notice::{Notice, Receipt};
pub use prost::bytes::Bytes;
pub use reason::Reason;
pub use status::{Refusal, Told, Violation};

/// The code that `tests/drift.rs` generates from `proto/`. The folders of the protos are its
/// modules, since the generated paths count on that.
#[expect(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated"
)]
pub mod covenant {
    /// `covenant.type.v1`.
    pub mod r#type {
        /// Words that the other packages share.
        pub mod v1 {
            include!("gen/covenant.type.v1.rs");
        }
    }
    /// `covenant.node.v1`.
    pub mod node {
        /// What a party's own systems and people say to their node.
        pub mod v1 {
            include!("gen/covenant.node.v1.rs");
        }
    }
    /// `covenant.broker.v1`.
    pub mod broker {
        /// What nodes and the broker say to each other.
        pub mod v1 {
            include!("gen/covenant.broker.v1.rs");
        }
    }
    /// `covenant.audit.v1`.
    pub mod audit {
        /// What auditors and parties ask of the disclosure log.
        pub mod v1 {
            include!("gen/covenant.audit.v1.rs");
        }
    }
}

pub use covenant::audit::v1 as audit_v1;
pub use covenant::broker::v1 as broker_v1;
pub use covenant::node::v1 as node_v1;
pub use covenant::r#type::v1 as type_v1;

/// Every proto of the project with all that they import, as a serialised `FileDescriptorSet`: for
/// the reflection service. It holds `google/rpc/error_details.proto`, so that a client which
/// reflects can show what an error says.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptors.bin");
