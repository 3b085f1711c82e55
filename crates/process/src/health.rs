//! Readiness: a list of named checks, each of which says "ok" or why not.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// What a process must have before it can serve; cloning shares it.
///
/// A process is ready when every check is ok and it does not drain. Without any check it is ready.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    draining: bool,
    checks: Vec<Named>,
    remarks: Vec<(&'static str, String)>,
}

#[derive(Clone, Debug)]
struct Named {
    name: &'static str,
    fault: Option<Cow<'static, str>>,
}

/// One check of a [`Health`]; whoever is responsible for it holds it and reports.
#[derive(Clone, Debug)]
pub struct Check {
    health: Health,
    name: &'static str,
}

/// A check as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The check's name, for example `log writable`.
    pub name: &'static str,
    /// `None`: ok. Else why not, for an operator.
    pub fault: Option<Cow<'static, str>>,
}

impl Health {
    /// Without any check.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a check, or finds the one of that name. A new one is not ok: it is "not checked yet".
    pub fn check(&self, name: &'static str) -> Check {
        self.with(|state| {
            if !state.checks.iter().any(|c| c.name == name) {
                let fault = Some(Cow::Borrowed("not checked yet"));
                state.checks.push(Named { name, fault });
            }
        });
        Check {
            health: self.clone(),
            name,
        }
    }

    /// From now on not ready, whatever the checks say: the process ends.
    pub fn drain(&self) {
        self.with(|state| state.draining = true);
    }

    /// Whether the process can serve.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.with(|state| !state.draining && state.checks.iter().all(|c| c.fault.is_none()))
    }

    /// Every check in the order of its adding; `draining` first when the process ends.
    #[must_use]
    pub fn standing(&self) -> Vec<Standing> {
        self.with(|state| {
            let draining = state.draining.then_some(Standing {
                name: "draining",
                fault: Some(Cow::Borrowed("the process ends")),
            });
            let checks = state.checks.iter().map(|c| Standing {
                name: c.name,
                fault: c.fault.clone(),
            });
            draining.into_iter().chain(checks).collect()
        })
    }

    /// Something that an operator should read, and that does not make the process unready; `None`
    /// takes it away. Parties by their id and numbers, and nothing about a person.
    pub fn remark(&self, name: &'static str, text: Option<String>) {
        self.with(|state| {
            state.remarks.retain(|(known, _)| *known != name);
            state.remarks.extend(text.map(|text| (name, text)));
        });
    }

    /// Every remark.
    #[must_use]
    pub fn remarks(&self) -> Vec<(&'static str, String)> {
        self.with(|state| state.remarks.clone())
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        // A panic elsewhere leaves nothing half-written here.
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Check {
    /// It holds.
    pub fn ok(&self) {
        self.set(None);
    }

    /// It doesn't hold. `why` goes to the admin port and to the log: no value, no name.
    pub fn fail(&self, why: impl Into<Cow<'static, str>>) {
        self.set(Some(why.into()));
    }

    fn set(&self, fault: Option<Cow<'static, str>>) {
        let changed = self.health.with(|state| {
            let check = state.checks.iter_mut().find(|c| c.name == self.name)?;
            let changed = check.fault != fault;
            check.fault = fault;
            changed.then(|| check.fault.clone())
        });
        match changed {
            Some(None) => tracing::info!(check = self.name, "readiness check holds"),
            Some(Some(why)) => {
                tracing::warn!(check = self.name, %why, "readiness check does not hold");
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_must_hold() {
        let health = Health::new();
        assert!(health.is_ready(), "nothing is asked for");
        let log = health.check("log writable");
        let key = health.check("covenant key");
        assert!(!health.is_ready(), "a new check has not been made");
        log.ok();
        assert!(!health.is_ready());
        key.ok();
        assert!(health.is_ready());
        key.fail("the key file is missing");
        let faults: Vec<_> = health
            .standing()
            .into_iter()
            .filter(|s| s.fault.is_some())
            .collect();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].name, "covenant key");
        health.check("covenant key").ok();
        assert!(health.is_ready(), "the same name is the same check");
        assert_eq!(health.standing().len(), 2);
    }

    #[test]
    fn a_remark_is_read_and_changes_nothing_else() {
        let health = Health::new();
        health.remark("recalls", Some("3 wait".to_owned()));
        health.remark("recalls", Some("2 wait".to_owned()));
        assert_eq!(health.remarks(), [("recalls", "2 wait".to_owned())]);
        assert!(health.is_ready() && health.standing().is_empty());
        health.remark("recalls", None);
        assert!(health.remarks().is_empty());
    }

    #[test]
    fn a_draining_process_is_never_ready() {
        let health = Health::new();
        health.check("log writable").ok();
        health.drain();
        assert!(!health.is_ready());
        assert_eq!(health.standing()[0].name, "draining");
    }
}
