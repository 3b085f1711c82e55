//! What every engine has to do, and what the stores do on any engine that does it.
//!
//! Another engine is tested by calling [`run`] from a test of its own. Nothing in here is part of
//! a running service.

mod broker;
mod desk;
mod engine;
mod log;
mod node;
mod recalls;
mod sample;
mod signals;
mod start;

use std::sync::Arc;

use crate::engine::Engine;
use crate::error::StoreError;

/// What did not hold.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Opens the engine under test over the bytes of a world. Worlds are independent; the same world
/// again, after its engine was closed, shows the same bytes.
pub type OpenWorld<'a> = dyn FnMut(&'static str) -> Result<Arc<dyn Engine>, StoreError> + 'a;

type Check = fn(&mut OpenWorld<'_>) -> Result<(), Failure>;

/// Runs the whole suite.
///
/// # Errors
/// The first check that does not hold, by its name.
pub fn run(open: &mut OpenWorld<'_>) -> Result<(), Failure> {
    let all: [(&str, &[(&str, Check)]); 8] = [
        ("engine", engine::CHECKS),
        ("signals", signals::CHECKS),
        ("broker", broker::CHECKS),
        ("log", log::CHECKS),
        ("recalls", recalls::CHECKS),
        ("start", start::CHECKS),
        ("node", node::CHECKS),
        ("desk", desk::CHECKS),
    ];
    for (part, checks) in all {
        for (name, check) in checks {
            check(open).map_err(|error| format!("{part}: {name}: {error}"))?;
        }
    }
    Ok(())
}

fn ensure(holds: bool, what: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(what.into()) }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a check reads best with both values in place"
)]
fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T, what: &str) -> Result<(), Failure> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what}: expected {expected:?}, found {found:?}").into())
    }
}

/// The error that was expected, by the start of its text.
fn refused<T>(result: Result<T, Failure>, text: &str) -> Result<(), Failure> {
    match result {
        Ok(_) => Err(format!("should be refused: {text}").into()),
        Err(error) if error.to_string().starts_with(text) => Ok(()),
        Err(error) => Err(format!("expected {text}, got {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::{MemoryEngine, SledEngine, SledSettings};

    #[test]
    fn the_engine_in_memory_conforms() {
        let mut worlds = BTreeMap::<&str, MemoryEngine>::new();
        run(&mut |world| Ok(Arc::new(worlds.entry(world).or_default().reopen()))).unwrap();
    }

    #[test]
    fn sled_conforms() {
        let dir = tempfile::tempdir().unwrap();
        run(&mut |world| {
            let engine = SledEngine::open(&dir.path().join(world), SledSettings::default())?;
            Ok(Arc::new(engine))
        })
        .unwrap();
    }

    /// An engine that forgets deletions: the suite has to notice.
    #[derive(Debug)]
    struct Forgetful(MemoryEngine);

    impl Engine for Forgetful {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.get(key)
        }
        fn range(
            &self,
            from: &[u8],
            to: &[u8],
            visit: &mut crate::engine::Visit<'_>,
        ) -> Result<(), StoreError> {
            self.0.range(from, to, visit)
        }
        fn apply(&self, batch: &crate::engine::Batch) -> Result<(), StoreError> {
            let puts = batch.iter().filter(|(_, v)| v.is_some());
            let puts = puts.map(|(k, v)| (k.clone(), v.clone())).collect();
            self.0.apply(&puts)
        }
        fn compact(&self) -> Result<(), StoreError> {
            self.0.compact()
        }
        fn keep_copy(&self, name: &str) -> Result<(), StoreError> {
            self.0.keep_copy(name)
        }
        fn close(&self) -> Result<(), StoreError> {
            self.0.close()
        }
    }

    #[test]
    fn the_suite_finds_an_engine_that_does_not_conform() {
        let mut worlds = BTreeMap::<&str, MemoryEngine>::new();
        let failure = run(&mut |world| {
            let engine = worlds.entry(world).or_default().reopen();
            Ok(Arc::new(Forgetful(engine)))
        });
        assert!(failure.unwrap_err().to_string().starts_with("engine: "));
    }
}
