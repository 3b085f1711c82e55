//! Messages that the node keeps as they came, read again.

use prost::Message as _;
use wire::node_v1 as pb;

use super::{read, rights};
use crate::intake::Draft;
use crate::rights::Application;

/// A signal that was submitted.
pub(crate) fn draft(content: &[u8]) -> Option<Draft> {
    pb::Signal::decode(content).ok().map(read::draft)
}

/// A request of a data subject that was taken in, here or at another party.
pub(crate) fn application(content: &[u8]) -> Option<Application> {
    let request = pb::OpenCaseRequest::decode(content).ok()?;
    Some(rights::application(request, content.to_vec()))
}

/// The same without what is the own desk's: who took it in, and under which id.
pub(crate) fn without_actor(content: &[u8]) -> Option<Vec<u8>> {
    let request = pb::OpenCaseRequest::decode(content).ok()?;
    let request = pb::OpenCaseRequest {
        request_id: String::new(),
        actor: String::new(),
        ..request
    };
    Some(request.encode_to_vec())
}
