//! One decision with its reasons, beside Cedar's on the exported covenant and the same question.

use std::hint::black_box;

use cedar_policy::{
    Authorizer, Context, Entities, EntityUid, PolicySet, Request, Response, Schema,
};
use covenant::decide::{Asking, Cell, Counters, Decision, Facts, Protections, Standing, Tally};
use covenant::language::words::{LoginLevel, Trigger};
use covenant::table::open_cells;
use serde_json::Value;

use crate::generator::Dice;
use crate::micros;

/// Questions that are put in turn.
const QUESTIONS: usize = 512;

pub(crate) fn measure() -> Vec<String> {
    let of = crate::with_clauses(1, 50);
    let active = of.in_force();
    let covenant = active.covenant();
    let now = covenant.valid_from().start();
    let mut standing = Standing::new(covenant);
    for party in covenant.parties().keys() {
        standing.confirm(party, now);
    }
    let questions = questions(covenant);
    let revealed = questions
        .iter()
        .filter(|(cell, facts)| {
            covenant::decide::decide(&active, &standing, cell, facts, now).is_reveal()
        })
        .count();
    assert!(
        revealed > QUESTIONS / 5 && revealed < QUESTIONS * 4 / 5,
        "{revealed}"
    );
    let ours = micros(2_000, QUESTIONS, |piece| {
        let (cell, facts) = &questions[piece % QUESTIONS];
        let decision = covenant::decide::decide(&active, &standing, cell, facts, now);
        // The reasons are part of it.
        if let Decision::Withhold(withheld) = &decision {
            black_box(withheld.unmet());
        }
        black_box(&decision);
    });
    let cedar = Cedar::of(covenant);
    let requests: Vec<Request> = questions
        .iter()
        .map(|(cell, facts)| cedar.request(cell, facts))
        .collect();
    let allowed = requests
        .iter()
        .filter(|r| cedar.is_allowed(&cedar.decide(r)))
        .count();
    assert_eq!(allowed, revealed, "both decide the same");
    let theirs = micros(40, QUESTIONS, |piece| {
        black_box(cedar.decide(&requests[piece % QUESTIONS]));
    });
    vec![
        format!(
            "| one decision, {} clauses, {} of {QUESTIONS} revealed | us | times `decide` |",
            covenant.clauses().len(),
            revealed,
        ),
        "|---|--:|--:|".to_owned(),
        format!("| `decide`, with its whole record and every unmet condition | {ours:.3} | 1 |"),
        format!(
            "| Cedar {} `is_authorized` on the exported policies | {theirs:.1} | {:.0} |",
            cedar_policy::get_sdk_version(),
            theirs / ours
        ),
    ]
}

/// Half about open cells, with facts of which some are too few.
fn questions(covenant: &covenant::Covenant) -> Vec<(Cell, Facts)> {
    let mut dice = Dice::new(7);
    let open = open_cells(covenant).unwrap();
    (0..QUESTIONS)
        .map(|_| {
            let open = dice.pick(&open);
            let clause = covenant.clause(&open.clause).unwrap();
            let mut cell = open.cell;
            if dice.chance(20) {
                // Closed, or opened by another clause.
                cell.shows = dice.pick(covenant::language::words::Shows::ALL);
            }
            let enough = if dice.chance(80) { 99 } else { 1 };
            let tally = Tally::new(enough, enough);
            let good = dice.chance(90);
            let facts = Facts {
                live: tally,
                recent: tally,
                reviewed: tally,
                in_area: tally,
                counted: tally,
                of_cell: 1,
                approvals: 9,
                waited: true,
                can_release: true,
                total: 99,
                ..Facts::nothing_found(clause.triggers[0], asking(good), Protections::ABSENT)
            };
            (cell, facts)
        })
        .collect()
}

const fn asking(good: bool) -> Asking {
    Asking {
        file_number: good,
        motivation: good,
        login_level: LoginLevel::High,
        counters: Counters {
            employee_today: 1,
            party_today: 1,
            subject_this_month: 1,
        },
    }
}

/// The exported covenant in Cedar's engine.
struct Cedar {
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    /// The context of the export's own question, whose facts are replaced.
    context: Value,
}

impl Cedar {
    fn of(covenant: &covenant::Covenant) -> Self {
        let export = covenant::cedar::export(covenant);
        let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
        let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
        let request: Value = serde_json::from_str(&export.request.unwrap()).unwrap();
        Self {
            schema,
            policies: export.policies.parse().unwrap(),
            entities,
            authorizer: Authorizer::new(),
            context: request["context"].clone(),
        }
    }

    fn request(&self, cell: &Cell, facts: &Facts) -> Request {
        let uid = |kind: &str, id: &str| {
            EntityUid::from_type_name_and_id(kind.parse().unwrap(), id.parse().unwrap())
        };
        let mut context = self.context.clone();
        let tally = |t: Tally| serde_json::json!({ "treffers": t.hits, "partijen": t.parties });
        for (name, value) in [
            ("levend", facts.live),
            ("recent", facts.recent),
            ("beoordeeld", facts.reviewed),
            ("in_gebied", facts.in_area),
            ("tellend", facts.counted),
        ] {
            context[name] = tally(value);
        }
        let word = |kind: &str, id: &str| serde_json::json!({ "type": kind, "id": id });
        let trigger: Trigger = facts.trigger;
        context["aanleiding"] = word("Aanleiding", trigger.as_str());
        context["dossier"] = facts.asking.file_number.into();
        context["motivering"] = facts.asking.motivation.into();
        context["inlogniveau"] = word("Inlogniveau", facts.asking.login_level.as_str());
        for fact in [
            "medewerker_vandaag",
            "partij_vandaag",
            "betrokkene_deze_maand",
        ] {
            context["vragen"][fact] = 1.into();
        }
        context["van_dit_gegeven"] = facts.of_cell.into();
        context["goedkeuringen"] = facts.approvals.into();
        context["gewacht"] = facts.waited.into();
        context["afgifte"] = facts.can_release.into();
        context["totaal"] = facts.total.into();
        context["grootste_aandeel"] = facts.largest_share_percent.into();
        let action = uid("Action", &format!("{}/{}", cell.purpose, cell.shows));
        let context = Context::from_json_value(context, Some((&self.schema, &action))).unwrap();
        Request::new(
            uid("Ontvanger", cell.role.as_str()),
            action,
            uid("Gegeven", &format!("{}/{}", cell.source, cell.signal)),
            context,
            Some(&self.schema),
        )
        .unwrap()
    }

    fn decide(&self, request: &Request) -> Response {
        self.authorizer
            .is_authorized(request, &self.policies, &self.entities)
    }

    fn is_allowed(&self, response: &Response) -> bool {
        response.decision() == cedar_policy::Decision::Allow
    }
}
