//! How a covenant stands, reckoned apart from `Standing`: what happened, and what that means.

use covenant::Covenant;
use covenant::decide::Standing;
use covenant::signoff::{ActiveCovenant, EventKind, Scope};
use model::{PartyId, Timestamp};

use super::generator::{Dice, Generated};

const DAY: i64 = 24 * 3600;

/// A suspension, and whether two parties have lifted it since.
struct Suspension {
    scope: Scope,
    since: Timestamp,
    lifted: bool,
}

/// What happened up to now.
pub(crate) struct Stand {
    pub(crate) file: String,
    pub(crate) now: Timestamp,
    statements: Vec<(PartyId, Timestamp)>,
    suspensions: Vec<Suspension>,
    withdrawn: bool,
}

impl Stand {
    /// Everybody confirmed, nothing is suspended, on a day in the middle.
    pub(crate) fn undisturbed(covenant: &Covenant) -> Self {
        let from = covenant.valid_from();
        let now = from.plus_days(100).start().plus_seconds(DAY / 2);
        Self {
            file: covenant.digest().to_hex(),
            now,
            statements: covenant
                .parties()
                .keys()
                .map(|p| (p.clone(), now))
                .collect(),
            suspensions: Vec::new(),
            withdrawn: false,
        }
    }

    /// Any standing, around the borders of time.
    pub(crate) fn thrown(dice: &mut Dice, covenant: &Covenant) -> Self {
        let mut stand = Self::undisturbed(covenant);
        if dice.chance(40) {
            let (from, until) = (covenant.valid_from(), covenant.valid_until());
            let day = dice.pick(&[from, until, from.plus_days(-1), until.plus_days(-1)]);
            let second = dice.pick(&[0, 1, DAY - 1]);
            stand.now = day.start().plus_seconds(second);
        }
        let now = stand.now;
        for (_, at) in &mut stand.statements {
            let ages = [0, 0, 0, 0, DAY - 1, DAY, DAY + 1, -119, -120, -121];
            *at = now.plus_seconds(-dice.pick(&ages));
        }
        if dice.chance(30) {
            stand.statements.remove(0);
        }
        if dice.chance(50) {
            let scope = match dice.below(4) {
                0 => Scope::Whole,
                1 => Scope::Clause(dice.pick(covenant.clauses()).number),
                2 => {
                    let signals: Vec<_> = covenant.signals().keys().collect();
                    Scope::Signal(dice.pick(&signals).clone())
                }
                _ => {
                    let parties: Vec<_> = covenant.parties().keys().collect();
                    Scope::Recipient(dice.pick(&parties).clone())
                }
            };
            let age = dice.pick(&[3600, 29 * DAY, 30 * DAY - 1, 30 * DAY, 31 * DAY]);
            stand.suspensions.push(Suspension {
                scope,
                since: now.plus_seconds(-age),
                lifted: dice.chance(30),
            });
        }
        stand.withdrawn = dice.chance(5);
        stand
    }

    /// The same in our own reckoning, through signed and verified events.
    pub(crate) fn fold(&self, of: &Generated, active: &ActiveCovenant) -> Standing {
        let mut standing = Standing::new(active.covenant());
        for (party, at) in &self.statements {
            standing.confirm(party, *at);
        }
        let parties: Vec<&PartyId> = active.covenant().parties().keys().collect();
        for one in &self.suspensions {
            let kind = EventKind::Suspend(one.scope.clone());
            let event = of.event(active, parties[0], one.since, kind);
            standing.apply(&event, one.since);
            if one.lifted {
                for party in &parties[..2] {
                    let at = one.since.plus_seconds(60);
                    let resumed = of.event(active, party, at, EventKind::Resume(event.id()));
                    standing.apply(&resumed, at);
                }
            }
        }
        if self.withdrawn {
            let withdrawn = of.event(active, parties[1], self.now, EventKind::Withdraw);
            standing.apply(&withdrawn, self.now);
        }
        standing
    }

    /// Today as a number that reads as a date.
    pub(crate) fn day(&self) -> i64 {
        self.now.to_rfc3339()[..10]
            .replace('-', "")
            .parse()
            .unwrap()
    }

    pub(crate) fn is_over(&self) -> bool {
        let lapsed = |s: &Suspension| {
            s.scope == Scope::Whole
                && !s.lifted
                && self.now.millis_since(s.since) >= 30 * DAY * 1000
        };
        self.withdrawn || self.suspensions.iter().any(lapsed)
    }

    /// Whoever said within 24 hours that it still holds; two minutes of skew are forgiven.
    pub(crate) fn confirmed(&self) -> impl Iterator<Item = &str> {
        let fresh = |at: Timestamp| {
            let age = self.now.millis_since(at);
            (-120_000..DAY * 1000).contains(&age)
        };
        let statements = self.statements.iter().filter(move |(_, at)| fresh(*at));
        statements.map(|(party, _)| party.as_str())
    }

    fn suspended(&self) -> impl Iterator<Item = &Scope> {
        self.suspensions
            .iter()
            .filter(|s| !s.lifted)
            .map(|s| &s.scope)
    }

    pub(crate) fn is_wholly_suspended(&self) -> bool {
        self.suspended().any(|scope| *scope == Scope::Whole)
    }

    pub(crate) fn suspended_clauses(&self) -> Vec<&str> {
        let clause = self.suspended().filter_map(|scope| match scope {
            Scope::Clause(number) => Some(number.as_str()),
            _ => None,
        });
        clause.collect()
    }

    pub(crate) fn suspended_signals(&self) -> Vec<&str> {
        let signal = self.suspended().filter_map(|scope| match scope {
            Scope::Signal(id) => Some(id.as_str()),
            _ => None,
        });
        signal.collect()
    }

    pub(crate) fn suspended_recipients(&self) -> Vec<&str> {
        let recipient = self.suspended().filter_map(|scope| match scope {
            Scope::Recipient(id) => Some(id.as_str()),
            _ => None,
        });
        recipient.collect()
    }
}
