//! The gRPC contract and its mapping to the model
