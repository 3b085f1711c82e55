//! A bundle as what differs from a good one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bundle::{Files, judge, told};
use crate::log_builder::Log;

/// One line of `cases.jsonl`: a bundle, and what is to be found of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// What was done, for people.
    about: String,
    /// The folder that it is made of.
    pub(crate) of: String,
    /// The log's key that the one who verifies has.
    pub(crate) vkey: String,
    /// The first line of what is found, as the program in Python says it.
    pub(crate) expect: String,
    /// Files that are not there any more.
    gone: Vec<String>,
    /// Files that came, and what is in them.
    new: BTreeMap<String, String>,
    /// Changes, in this order.
    edits: Vec<Edit>,
}

/// So many bytes from there on become this text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    path: String,
    at: usize,
    length: usize,
    text: String,
}

impl Case {
    /// The bundle, made of a good one.
    pub(crate) fn files(&self, good: &Files) -> Files {
        let mut files = good.clone();
        for path in &self.gone {
            files.remove(path).unwrap();
        }
        for (path, text) in &self.new {
            files.insert(path.clone(), text.clone().into_bytes());
        }
        for edit in &self.edits {
            let bytes = files.get_mut(&edit.path).unwrap();
            bytes.splice(edit.at..edit.at + edit.length, edit.text.bytes());
        }
        files
    }

    /// What turns a good bundle into this one, and what is found of it.
    pub(super) fn of(name: &str, about: &str, of: &str, good: &Files, files: &Files) -> Self {
        let verifier = Log::new().signer;
        let report = judge(files, Some(verifier.verifier()));
        let text = |path: &String| String::from_utf8(files[path].clone()).unwrap();
        let gone = good.keys().filter(|path| !files.contains_key(*path));
        let new = files.keys().filter(|path| !good.contains_key(*path));
        let kept = good.iter().filter(|(path, _)| files.contains_key(*path));
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            of: of.to_owned(),
            vkey: verifier.verifier().to_vkey(),
            expect: told(&report),
            gone: gone.cloned().collect(),
            new: new.map(|path| (path.clone(), text(path))).collect(),
            edits: kept
                .flat_map(|(path, bytes)| edits(path, bytes, &files[path]))
                .collect(),
        }
    }
}

/// How a file becomes another: line by line where both have as many, else at once.
fn edits(path: &str, from: &[u8], to: &[u8]) -> Vec<Edit> {
    let split = |bytes: &[u8]| -> Vec<Vec<u8>> {
        // Within a line as well, since an entry has only one.
        let pieces = bytes.split_inclusive(|byte| b"\n,".contains(byte));
        pieces.map(<[u8]>::to_vec).collect()
    };
    let (mut from, mut to) = (split(from), split(to));
    if from.len() != to.len() {
        (from, to) = (vec![from.concat()], vec![to.concat()]);
    }
    let (mut edits, mut at): (Vec<Edit>, usize) = (Vec::new(), 0);
    for (old, new) in from.iter().zip(&to) {
        let same = |(a, b): &(&u8, &u8)| a == b;
        let start = old.iter().zip(new).take_while(same).count();
        let most = old.len().min(new.len()) - start;
        let end = old.iter().rev().zip(new.iter().rev());
        let end = end.take(most).take_while(same).count();
        let text = std::str::from_utf8(&new[start..new.len() - end]).unwrap();
        let length = old.len() - start - end;
        if length > 0 || !text.is_empty() {
            edits.push(Edit {
                path: path.to_owned(),
                at: at + start,
                length,
                text: text.to_owned(),
            });
        }
        at += new.len();
    }
    edits
}
