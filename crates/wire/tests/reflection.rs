//! What a client learns by reflection.

use prost::Message as _;

#[test]
fn the_descriptors_hold_every_service_and_the_details_of_errors() {
    let set = prost_types::FileDescriptorSet::decode(wire::FILE_DESCRIPTOR_SET).unwrap();
    let files: Vec<&str> = set.file.iter().map(|f| f.name()).collect();
    assert!(
        files.contains(&"google/rpc/error_details.proto"),
        "{files:?}"
    );
    assert!(
        files.contains(&"google/protobuf/timestamp.proto"),
        "{files:?}"
    );
    let services: Vec<String> = set
        .file
        .iter()
        .flat_map(|f| {
            f.service
                .iter()
                .map(move |s| format!("{}.{}", f.package(), s.name()))
        })
        .collect();
    for service in [
        "covenant.node.v1.SignalService",
        "covenant.node.v1.CheckService",
        "covenant.node.v1.NoticeService",
        "covenant.broker.v1.CovenantService",
        "covenant.broker.v1.ExchangeService",
        "covenant.audit.v1.DisclosureLogService",
    ] {
        assert!(
            services.iter().any(|s| s == service),
            "{service} in {services:?}"
        );
    }
    // Every import is in the set, or a client could not resolve it.
    for file in &set.file {
        for import in &file.dependency {
            assert!(
                files.contains(&import.as_str()),
                "{} imports {import}",
                file.name()
            );
        }
    }
}

/// Nothing that goes to the broker can hold an identifier in clear: its protos do not even import
/// the package in which one could be said.
#[test]
fn the_broker_s_contract_has_no_place_for_an_identifier() {
    let set = prost_types::FileDescriptorSet::decode(wire::FILE_DESCRIPTOR_SET).unwrap();
    let mut read = 0;
    for file in &set.file {
        if matches!(
            file.package(),
            "covenant.broker.v1" | "covenant.audit.v1" | "covenant.type.v1"
        ) {
            read += 1;
            assert!(
                !file
                    .dependency
                    .iter()
                    .any(|d| d.starts_with("covenant/node/")),
                "{} imports the node's package",
                file.name()
            );
        }
    }
    assert!(read >= 7, "{read} files were read");
}
