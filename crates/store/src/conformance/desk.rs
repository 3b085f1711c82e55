//! What a node keeps for its desk, on any engine: cases, what is held back, recalls.

use model::{CaseId, NoticeId, RecallId};

use super::sample::{TODAY, World, now};
use super::{Check, Failure, OpenWorld, ensure, same};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("cases come newest first and end", cases_end),
    ("what is held back is found by entry", held_by_entry),
    ("cases are counted", cases_are_counted),
    (
        "a recall is kept once and owed until taken",
        recalls_are_owed,
    ),
    ("a recalled notice comes again, once", a_notice_comes_again),
];

fn cases_end(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("desk-cases");
    let store = world.node(open)?;
    let (first, second) = (CaseId::fresh(), CaseId::fresh());
    let ends = TODAY.plus_days(10);
    let put =
        |id, body: &'static [u8], ends| store.write_blocking(move |tx| tx.put_case(id, body, ends));
    put(first, b"one", ends)?;
    put(second, b"two", ends.plus_days(1))?;
    put(first, b"changed", ends)?;
    store.close()?;
    let store = world.node(open)?;
    let listed = |before| -> Result<Vec<(u64, CaseId)>, Failure> {
        let cases = store.read(|view| view.cases(before, 9))?;
        Ok(cases
            .into_iter()
            .map(|case| (case.number, case.id))
            .collect())
    };
    same(listed(None)?, vec![(2, second), (1, first)], "newest first")?;
    same(listed(Some(2))?, vec![(1, first)], "after the newest")?;
    same(listed(Some(1))?, Vec::new(), "after the oldest")?;
    let body = store.read(|view| view.case(first))?.map(|case| case.body);
    same(body, Some(b"changed".to_vec()), "as it was last put")?;
    store.write_blocking(move |tx| tx.purge(ends, 9))?;
    ensure(store.read(|view| view.case(first))?.is_none(), "it ended")?;
    same(listed(None)?, vec![(2, second)], "the other one stays")?;
    Ok(store.close()?)
}

fn held_by_entry(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("desk-held").node(open)?;
    let ends = TODAY.plus_days(10);
    store.write_blocking(move |tx| {
        tx.put_held(7, b"first", ends)?;
        tx.put_held(300, b"second", ends)?;
        tx.put_held(7, b"anew", ends)
    })?;
    let from = |index| store.read(|view| view.held_from(index, 9));
    let all = vec![(7, b"anew".to_vec()), (300, b"second".to_vec())];
    same(from(0)?, all, "by their place")?;
    same(from(8)?.len(), 1, "from a place on")?;
    store.write_blocking(|tx| tx.delete_held(7))?;
    same(store.read(|view| view.held(7))?, None, "released")?;
    ensure(
        store.read(|view| view.held(300))?.is_some(),
        "not the other",
    )?;
    Ok(store.close()?)
}

fn cases_are_counted(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("desk-count").node(open)?;
    let ends = TODAY.plus_days(2);
    let count = |name: &'static [u8]| store.write_blocking(move |tx| tx.count_case(name, ends));
    same(count(b"one")?, 1, "the first")?;
    same(count(b"one")?, 2, "the second")?;
    same(count(b"other")?, 1, "of another name")?;
    store.write_blocking(move |tx| tx.purge(ends, 9))?;
    same(store.read(|view| view.cases_counted(b"one"))?, 0, "ended")?;
    Ok(store.close()?)
}

fn recalls_are_owed(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let world = World::new("desk-recalls");
    let store = world.node(open)?;
    let (first, second) = (RecallId::fresh(), RecallId::fresh());
    let put =
        |id, body: &'static [u8], at| store.write_blocking(move |tx| tx.put_recall(id, body, at));
    ensure(put(first, b"first", now())?, "new")?;
    ensure(put(second, b"other", now())?, "another")?;
    ensure(!put(first, b"reminder", now().plus_seconds(9))?, "known")?;
    let said = |id, word: &'static str| {
        store.write_blocking(move |tx| tx.acknowledge_recall(id, now(), word, b"owed"))
    };
    ensure(said(first, "deleted")?, "said")?;
    ensure(said(first, "restricted")?, "said again")?;
    ensure(!said(RecallId::fresh(), "deleted")?, "unknown")?;
    store.close()?;
    let store = world.node(open)?;
    let recall = store.read(|view| view.recall(first))?;
    let recall = recall.ok_or("the recall is gone")?;
    same(recall.body, b"reminder".to_vec(), "as last delivered")?;
    same(recall.at, now(), "as first received")?;
    let expected = Some((now(), "deleted".to_owned()));
    same(recall.acknowledged, expected, "what was said first")?;
    same(store.read(|view| view.open_recalls())?, 1, "one waits")?;
    let owed = |count, what: &str| {
        let rows = store.read(|view| view.owed_recalls(9))?;
        same(rows.len(), count, what)
    };
    owed(1, "until taken")?;
    store.write_blocking(move |tx| tx.recall_taken(first))?;
    owed(0, "taken")?;
    let listed = store.read(|view| view.recalls(None, 9))?;
    let ids: Vec<RecallId> = listed.into_iter().map(|recall| recall.id).collect();
    same(ids, vec![second, first], "newest first")?;
    Ok(store.close()?)
}

fn a_notice_comes_again(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let store = World::new("comes-again").node(open)?;
    let (one, two) = (NoticeId::fresh(), NoticeId::fresh());
    let recall = RecallId::fresh();
    store.write_blocking(move |tx| {
        tx.put_received(one, b"one", now())?;
        tx.put_received(two, b"two", now())?;
        tx.acknowledge_received(one, now())?;
        tx.take_back(one, recall)
    })?;
    let all = store.read(|view| view.received(0, 9))?;
    let found: Vec<_> = all.iter().map(|n| (n.number, n.id)).collect();
    same(found, vec![(2, two), (3, one)], "under a new number")?;
    let again = store.read(|view| view.received_by_id(one))?;
    let read = again.and_then(|notice| notice.acknowledged);
    same(read, Some(now()), "that it was read stays known")?;
    same(
        store.read(|view| view.recalled_by(one))?,
        Some(recall),
        "why",
    )?;
    store.write_blocking(move |tx| tx.erase_received(one))?;
    same(store.read(|view| view.received(0, 9))?.len(), 1, "erased")?;
    ensure(
        store.read(|view| view.received_by_id(one))?.is_none(),
        "gone",
    )?;
    same(
        store.read(|view| view.recalled_by(one))?,
        Some(recall),
        "known",
    )?;
    Ok(store.close()?)
}
