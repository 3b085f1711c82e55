//! What every engine has to do.

use std::ops::ControlFlow;

use super::{Check, Failure, OpenWorld, ensure, refused, same};
use crate::engine::{Batch, Engine, LARGEST_VALUE};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("puts, replaces and deletes", puts_replaces_and_deletes),
    ("ranges are ordered and half open", ranges_are_ordered),
    ("a range stops and fails when told", ranges_stop),
    ("bytes outlive a restart", bytes_outlive_a_restart),
    ("large batches and values", large_batches),
    ("a closed engine says so", closed_engines_say_so),
];

fn batch(rows: &[(&[u8], Option<&[u8]>)]) -> Batch {
    rows.iter()
        .map(|(key, value)| (key.to_vec(), value.map(<[u8]>::to_vec)))
        .collect()
}

fn keys(engine: &dyn Engine, from: &[u8], to: &[u8]) -> Result<Vec<Vec<u8>>, Failure> {
    let mut keys = Vec::new();
    engine.range(from, to, &mut |key, _| {
        keys.push(key.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(keys)
}

fn puts_replaces_and_deletes(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let engine = open("puts")?;
    same(engine.get(b"a")?, None, "an empty engine")?;
    engine.apply(&batch(&[(b"a", Some(b"1")), (b"b", Some(b""))]))?;
    same(engine.get(b"a")?, Some(b"1".to_vec()), "a value")?;
    same(
        engine.get(b"b")?,
        Some(Vec::new()),
        "an empty value is a value",
    )?;
    engine.apply(&batch(&[(b"a", Some(b"2")), (b"b", None), (b"c", None)]))?;
    same(engine.get(b"a")?, Some(b"2".to_vec()), "a replaced value")?;
    same(engine.get(b"b")?, None, "a deleted value")?;
    engine.apply(&Batch::new())?;
    same(
        keys(engine.as_ref(), b"", b"z")?,
        vec![b"a".to_vec()],
        "all keys",
    )?;
    Ok(engine.close()?)
}

fn ranges_are_ordered(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let engine = open("ranges")?;
    let rows: Vec<Vec<u8>> = vec![
        vec![0],
        vec![0, 0],
        vec![0, 255],
        vec![1],
        b"ab".to_vec(),
        b"abc".to_vec(),
        b"b".to_vec(),
        vec![255, 255],
    ];
    let all: Batch = rows.iter().map(|k| (k.clone(), Some(k.clone()))).collect();
    engine.apply(&all)?;
    let top = [255, 255, 255];
    same(keys(engine.as_ref(), &[], &top)?, rows, "order of bytes")?;
    let some = keys(engine.as_ref(), b"ab", b"b")?;
    same(
        some,
        vec![b"ab".to_vec(), b"abc".to_vec()],
        "from is in, to is out",
    )?;
    same(keys(engine.as_ref(), b"b", b"b")?, vec![], "an empty range")?;
    same(
        keys(engine.as_ref(), b"z", b"a")?,
        vec![],
        "an inverted range",
    )?;
    let mut values_are_keys = true;
    engine.range(&[], &top, &mut |key, value| {
        values_are_keys &= key == value;
        Ok(ControlFlow::Continue(()))
    })?;
    ensure(values_are_keys, "a range gives each key its value")?;
    Ok(engine.close()?)
}

fn ranges_stop(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let engine = open("stops")?;
    let rows: Batch = (0..10_u8).map(|i| (vec![i], Some(vec![i]))).collect();
    engine.apply(&rows)?;
    let mut seen = 0;
    engine.range(&[0], &[255], &mut |_, _| {
        seen += 1;
        Ok(if seen < 3 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    same(seen, 3, "rows until the visitor stopped")?;
    let failed = engine.range(&[0], &[255], &mut |_, _| {
        Err(crate::StoreError::Damaged { what: "row" })
    });
    refused(failed.map_err(Failure::from), "a stored row")?;
    Ok(engine.close()?)
}

fn bytes_outlive_a_restart(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    for round in 0..3_u8 {
        let engine = open("restarts")?;
        for before in 0..round {
            same(
                engine.get(&[before])?,
                Some(vec![before; 100]),
                "an old value",
            )?;
        }
        same(engine.get(&[round])?, None, "a value of the future")?;
        engine.apply(&batch(&[(&[round], Some(&[round; 100])), (b"gone", None)]))?;
        engine.apply(&batch(&[(b"gone", Some(b"x"))]))?;
        engine.close()?;
    }
    let engine = open("restarts")?;
    same(
        keys(engine.as_ref(), &[], &[255])?.len(),
        4,
        "keys in the end",
    )?;
    Ok(engine.close()?)
}

fn large_batches(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let engine = open("large")?;
    let rows: Batch = (0..5_000_u32)
        .map(|i| (i.to_be_bytes().to_vec(), Some(vec![7; 300])))
        .collect();
    engine.apply(&rows)?;
    let largest = vec![9; LARGEST_VALUE];
    engine.apply(&batch(&[(b"largest", Some(&largest))]))?;
    engine.close()?;
    let engine = open("large")?;
    same(keys(engine.as_ref(), &[], &[255])?.len(), 5_001, "keys")?;
    same(engine.get(b"largest")?, Some(largest), "the largest value")?;
    let none: Batch = rows.into_keys().map(|key| (key, None)).collect();
    engine.apply(&none)?;
    same(keys(engine.as_ref(), &[], &[255])?.len(), 1, "keys left")?;
    Ok(engine.close()?)
}

fn closed_engines_say_so(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let engine = open("closed")?;
    engine.apply(&batch(&[(b"a", Some(b"1"))]))?;
    engine.close()?;
    engine.close()?;
    let closed = "the store is closed";
    refused(engine.get(b"a").map_err(Failure::from), closed)?;
    refused(keys(engine.as_ref(), b"a", b"b"), closed)?;
    refused(engine.apply(&Batch::new()).map_err(Failure::from), closed)
}
