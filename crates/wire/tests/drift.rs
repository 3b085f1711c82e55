//! The committed code is what the protos in `proto/` generate.
//!
//! After a change to a proto: `WIRE_REGENERATE=1 cargo test -p wire --test drift`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use protox::prost::Message as _;

/// Messages with identifiers in clear, or pseudonyms: their `Debug` is written by hand.
const REDACTED: &[&str] = &[
    ".covenant.node.v1.Signal",
    ".covenant.node.v1.Attribute",
    ".covenant.node.v1.Person",
    ".covenant.node.v1.Address",
    ".covenant.node.v1.AddressAbroad",
    ".covenant.node.v1.Organisation",
    ".covenant.node.v1.Vehicle",
    ".covenant.node.v1.Contact",
    ".covenant.node.v1.Account",
    ".covenant.node.v1.CheckVisitRequest",
    ".covenant.node.v1.Applicant",
    ".covenant.node.v1.OpenCaseRequest",
    ".covenant.node.v1.HeldBack",
    ".covenant.node.v1.CasePseudonym",
    ".covenant.node.v1.AnswerCaseResponse",
    ".covenant.audit.v1.SubjectPseudonym",
    ".covenant.broker.v1.Signed",
    ".covenant.broker.v1.Pseudonym",
    ".covenant.type.v1.Opening",
];

fn protos(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "proto") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn generate(root: &Path, out: &Path) {
    let descriptors = protox::Compiler::new([root])
        .unwrap()
        .include_imports(true)
        .include_source_info(true)
        .open_files(protos(root))
        .unwrap()
        .file_descriptor_set();
    let mut bare = descriptors.clone();
    for file in &mut bare.file {
        file.source_code_info = None;
    }
    std::fs::write(out.join("descriptors.bin"), bare.encode_to_vec()).unwrap();
    let builder = tonic_prost_build::configure()
        .build_transport(false)
        .extern_path(".google.rpc", "::tonic_types::pb")
        .bytes(".")
        .skip_debug(REDACTED)
        .out_dir(out);
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    builder
        .compile_fds_with_config(descriptors, config)
        .unwrap();
    // `type` is a keyword of Rust, so the generator writes `r#type`.
    std::fs::rename(
        out.join("covenant.r#type.v1.rs"),
        out.join("covenant.type.v1.rs"),
    )
    .unwrap();
}

#[test]
fn the_committed_code_is_what_the_protos_generate() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = tempfile::tempdir().unwrap();
    generate(&here.join("../../proto"), fresh.path());
    let mut checked = 0;
    for entry in std::fs::read_dir(fresh.path()).unwrap() {
        let entry = entry.unwrap();
        let committed = here.join("src/gen").join(entry.file_name());
        let bytes = std::fs::read(entry.path()).unwrap();
        if std::env::var_os("WIRE_REGENERATE").is_some() {
            std::fs::write(&committed, &bytes).unwrap();
        }
        assert!(
            std::fs::read(&committed).ok().as_ref() == Some(&bytes),
            "{} is not what the protos generate; run WIRE_REGENERATE=1 cargo test -p wire --test drift",
            committed.display()
        );
        checked += 1;
    }
    assert_eq!(
        checked,
        std::fs::read_dir(here.join("src/gen")).unwrap().count()
    );
}
