//! The examples that all parties sign for: each must come out as it says, by the same demands as
//! every decision.

use crate::decide::examples::{ExampleResult, run};
use crate::language::context::Context;
use crate::language::covenant::Covenant;
use crate::language::parse::Draft;
use crate::language::places::{Places, steps};
use crate::lint::meaning;

/// Whether examples can be judged. A clause or prohibition that does not read could be the one
/// that an example is about.
pub(crate) fn can_be_judged(draft: &Draft) -> bool {
    let clauses = &draft.clauses;
    !draft.torn
        && clauses
            .iter()
            .all(|c| c.cell_clean && c.demands_clean && c.keys_clean)
        && draft.prohibitions.iter().all(|p| p.clean)
        && draft.examples.iter().all(|e| e.clean)
}

/// Reports every example that comes out otherwise.
pub(crate) fn judge(ctx: &Context, places: &Places<'_>, covenant: &Covenant) {
    for (index, result) in run(covenant).iter().enumerate() {
        if result.holds() {
            continue;
        }
        let (nl, en) = told(result);
        let path = steps!["voorbeeld", index, "uitkomst"];
        ctx.report(meaning::EXAMPLE_FAILS, places.of(path), nl, en);
    }
}

fn told(result: &ExampleResult) -> (String, String) {
    if let (Some(clause), true) = (&result.clause, result.unmet.is_empty()) {
        return (
            format!("dit voorbeeld komt uit op regel {clause}"),
            format!("this example comes out at clause {clause}"),
        );
    }
    let word = |r: crate::decide::Reason| r.word().map_or(r.code(), |w| w.as_str());
    let reasons: Vec<&str> = result.unmet.iter().map(|u| word(u.reason)).collect();
    let list = reasons.join(", ");
    (
        format!("dit voorbeeld wordt geweigerd: {list}"),
        format!("this example is refused: {list}"),
    )
}
