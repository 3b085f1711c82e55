//! What a check passes can be signed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use covenant::{Severity, check, table};

/// A covenant of two parties and `roles` roles more, with so many purposes and signals more.
fn covenant(roles: usize, purposes: usize, signals: usize) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/bad/zonder-gevolg.toml");
    let mut source = std::fs::read_to_string(path).unwrap();
    let mut more = String::new();
    for number in 0..roles {
        writeln!(more, "rol.r{number} = \"rol\"").unwrap();
    }
    source = source.replacen("[logboek]", &format!("{more}\n[logboek]"), 1);
    for number in 0..purposes {
        let purpose = "uitleg = \"u\"\nniet_voor = [\"opsporing\"]";
        write!(source, "\n[doel.d{number}]\n{purpose}\n").unwrap();
    }
    for number in 0..signals {
        let signal = "uitleg = \"u\"\nbron = [\"gemeente\"]\naard = \"gewoon\"\nvervalt_na = \"1 maand\"\nzekerheid = \"gemeld\"";
        write!(source, "\n[signaal.s{number}]\n{signal}\n").unwrap();
    }
    source
}

#[test]
fn what_a_check_passes_fits_in_the_signed_table() {
    // 50 roles x 20 purposes x 2 parties x 83 signals x 6 levels = 996,000.
    let checked = check(&covenant(48, 19, 82));
    let fits = checked.covenant.unwrap();
    assert!(table::digest(&fits).is_ok());
    let checked = check(&covenant(48, 19, 83));
    let codes: Vec<_> = checked.with(Severity::Error).map(|d| d.code).collect();
    assert_eq!(codes, ["te-veel-vakjes"]);
}
