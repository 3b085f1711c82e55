//! Pseudonyms of a data subject in a file: a party's desk saves it, and an auditor asks with it.

use std::path::Path;

use anyhow::Context as _;
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Serialize};
use wire::audit_v1::SubjectPseudonym;
use wire::limit;

use crate::answer::{Language, read_file};

const FORMAT: &str = "covenant-subject/1";

/// More than any case has. They are asked in several questions, as many as fit each.
const MOST: usize = limit::CASE_SUBJECTS * limit::PSEUDONYMS;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    pseudonyms: Vec<One>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    epoch: u32,
    match_key: String,
    /// 32 bytes in hexadecimal.
    value: String,
}

/// The text of a file.
pub(crate) fn write(pseudonyms: &[SubjectPseudonym]) -> anyhow::Result<String> {
    let file = File {
        format: FORMAT.to_owned(),
        pseudonyms: pseudonyms
            .iter()
            .map(|one| One {
                epoch: one.epoch,
                match_key: one.match_key.clone(),
                value: HEXLOWER_PERMISSIVE.encode(&one.value),
            })
            .collect(),
    };
    Ok(serde_json::to_string_pretty(&file)? + "\n")
}

/// Reads a file.
///
/// # Errors
/// When it is no such file, or holds none or too many.
pub(super) fn read(path: &Path, lang: Language) -> anyhow::Result<Vec<SubjectPseudonym>> {
    let bytes = read_file(path, lang)?;
    parse(&bytes, lang).with_context(|| path.display().to_string())
}

fn parse(bytes: &[u8], lang: Language) -> anyhow::Result<Vec<SubjectPseudonym>> {
    let other = lang.pick(
        "dit is geen bestand van covenant desk pseudonyms",
        "this is no file of covenant desk pseudonyms",
    );
    // What the parser says could repeat a pseudonym.
    let file: File = serde_json::from_slice(bytes).ok().context(other)?;
    anyhow::ensure!(file.format == FORMAT, "{other}");
    anyhow::ensure!(
        (1..=MOST).contains(&file.pseudonyms.len()),
        "{}",
        lang.pick(
            "pseudonyms: geef er 1 tot 16.384; verdeel een langer bestand over meer vragen",
            "pseudonyms: give 1 to 16,384; divide a longer file over more questions",
        )
    );
    let read = |one: One| {
        let value = HEXLOWER_PERMISSIVE.decode(one.value.as_bytes()).ok();
        let value = value.filter(|value| value.len() == 32).context(other)?;
        Ok(SubjectPseudonym {
            epoch: one.epoch,
            match_key: one.match_key,
            value: value.into(),
        })
    };
    file.pseudonyms.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(count: u32) -> Vec<SubjectPseudonym> {
        (1..=count)
            .map(|epoch| SubjectPseudonym {
                epoch,
                match_key: "adres/postcode+huisnummer".to_owned(),
                value: vec![7; 32].into(),
            })
            .collect()
    }

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let text = write(&some(2)).unwrap();
        let read = |text: &str| parse(text.as_bytes(), Language::En);
        assert!(read(&text).unwrap() == some(2));
        for bad in [
            text.replace("subject/1", "subject/2"),
            text.replacen("0707", "07", 1),
            text.replacen("0707", "zz07", 1),
            text.replacen("epoch", "epok", 1),
            write(&[]).unwrap(),
            write(&some(16_385)).unwrap(),
            String::new(),
        ] {
            let error = format!("{:#}", read(&bad).unwrap_err());
            assert!(!error.contains("0707"), "{error}");
        }
    }
}
