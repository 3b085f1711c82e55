//! The decision: pure and total.
//!
//! A question is decided in two stages with two types, so that an open refusal can only depend on
//! the asker: [`may_ask`] before anything is looked up, [`answer`] after. A continuous match is
//! decided by [`decide_match`]. All of them come down to [`decide`], which judges one cell.

mod agreement;
mod answer;
mod cell;
mod disclosure;
mod evaluate;
pub mod examples;
pub(crate) mod explanation;
mod facts;
mod ids;
mod matching;
mod may_ask;
pub(crate) mod permit;
mod reason;
mod replay;
mod simulate;
mod standing;
#[cfg(test)]
pub(crate) mod tests;
mod then;
mod told;
mod weigh;

pub(crate) use agreement::lies_in;
pub use answer::{Answer, SourceDecision, answer};
pub use cell::Cell;
pub use disclosure::{Disclosure, Matched, OwnSignal, Shown};
pub use evaluate::decide;
pub use explanation::{
    BasisExplained, CellExplained, Engine, Explanation, FactsExplained, GroundExplained,
    JudgedExplained, ReasonExplained, StandingExplained, TallyExplained, TermExplained,
};
pub use facts::{AskerFacts, Asking, Counters, Facts, Protections, Tally};
pub use matching::{PairDecision, decide_match};
pub use may_ask::{Question, Refusal, RefusalCode, may_ask};
pub use permit::{Decision, Duty, Permit, Promise, Withheld};
pub use reason::{Reason, Unmet};
pub use replay::{Again, Decided, NotRecorded, Past};
pub use simulate::{Unclear, Would};
pub use standing::{Standing, Suspended};
pub use then::{JudgedThen, Occasion, StandingThen, Then};
