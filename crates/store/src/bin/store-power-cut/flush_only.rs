//! sled as its documentation reads: `flush()` and no fsync.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{Failure, acknowledged, payload, say};

pub(super) fn write(dir: &Path) -> Result<(), Failure> {
    let db = sled::Config::new()
        .path(path(dir))
        .flush_every_ms(None)
        .open()?;
    let mut number: u64 = 0;
    loop {
        number += 1;
        let mut batch = sled::Batch::default();
        for i in 0..20_u8 {
            batch.insert(key(number, i), payload(0, number, 200));
        }
        db.apply_batch(batch)?;
        db.flush()?;
        say(&format!("0 {number}"));
    }
}

pub(super) fn check(dir: &Path, acks: &Path) -> Result<(), Failure> {
    let acked = acknowledged(acks)?.first().map_or(0, |a| a.number);
    let opened = Mutex::new(None);
    let panicked = std::panic::catch_unwind(|| {
        if let Ok(mut opened) = opened.lock() {
            *opened = Some(sled::open(path(dir)));
        }
    });
    let db = match opened.into_inner() {
        Ok(Some(db)) if panicked.is_ok() => db?,
        _ => return Err("did not open".into()),
    };
    for number in 1..=acked {
        for i in 0..20_u8 {
            if db.get(key(number, i))?.as_deref() != Some(&payload(0, number, 200)) {
                return Err(format!("acknowledged {acked}, lost from {number} on").into());
            }
        }
    }
    say("opened; nothing lost");
    Ok(())
}

fn key(number: u64, i: u8) -> Vec<u8> {
    let mut key = number.to_be_bytes().to_vec();
    key.push(i);
    key
}

fn path(dir: &Path) -> PathBuf {
    dir.join("flush-only")
}
