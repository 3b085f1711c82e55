//! Cedar's engine with an exported covenant, and our facts as its context. Nothing here calls our
//! own evaluator.

use std::collections::BTreeMap;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, Policy, PolicyId, PolicySet, Request,
    Schema, ValidationMode, Validator,
};
use covenant::Covenant;
use covenant::cedar::{Export, export};
use covenant::decide::{Cell, Facts, Tally};
use model::ProtectionStatement;
use serde_json::{Value, json};

use super::stand::Stand;

/// A covenant as Cedar sees it.
pub(crate) struct Engine {
    pub(crate) export: Export,
    schema: Schema,
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    openers: BTreeMap<Cell, Option<String>>,
    /// How often Cedar decided.
    pub(crate) asked: usize,
}

/// What Cedar decides, and the ids of the policies that it decides by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opinion {
    pub(crate) allows: bool,
    pub(crate) because: Vec<String>,
}

impl Engine {
    /// Parses what is exported and validates it strictly.
    pub(crate) fn of(covenant: &Covenant) -> Self {
        let export = export(covenant);
        let (schema, warnings) = Schema::from_cedarschema_str(&export.schema)
            .unwrap_or_else(|error| panic!("{error:?}\n{}", export.schema));
        let warnings: Vec<_> = warnings.collect();
        assert!(warnings.is_empty(), "{warnings:?}");
        let parsed: PolicySet = export
            .policies
            .parse()
            .unwrap_or_else(|error| panic!("{error:?}\n{}", export.policies));
        // As the command line does: the annotation is the id.
        let named = parsed.policies().map(|policy| {
            let id = policy.annotation("id").unwrap();
            policy.new_id(PolicyId::new(id))
        });
        let policies = PolicySet::from_policies(named.collect::<Vec<Policy>>()).unwrap();
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        let errors: Vec<String> = result.validation_errors().map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{}", export.policies);
        let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
        Self {
            export,
            schema,
            policies,
            entities,
            authorizer: Authorizer::new(),
            openers: BTreeMap::new(),
            asked: 0,
        }
    }

    pub(crate) fn decide(&mut self, cell: &Cell, context: Value) -> Opinion {
        let request = self.request(cell, context);
        self.authorize(&request)
    }

    /// Decides about a request as the command line takes it.
    pub(crate) fn decide_file(&mut self, request: &str) -> Opinion {
        let file: Value = serde_json::from_str(request).unwrap();
        let uid = |key: &str| file[key].as_str().unwrap().parse::<EntityUid>().unwrap();
        let action = uid("action");
        let context = file["context"].clone();
        let context = Context::from_json_value(context, Some((&self.schema, &action))).unwrap();
        let (principal, resource) = (uid("principal"), uid("resource"));
        let schema = Some(&self.schema);
        let request = Request::new(principal, action, resource, context, schema).unwrap();
        self.authorize(&request)
    }

    fn authorize(&mut self, request: &Request) -> Opinion {
        self.asked += 1;
        let response = self
            .authorizer
            .is_authorized(request, &self.policies, &self.entities);
        let diagnostics = response.diagnostics();
        let errors: Vec<String> = diagnostics.errors().map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let mut because: Vec<String> = diagnostics.reason().map(|id| id.to_string()).collect();
        because.sort_unstable();
        Opinion {
            allows: response.decision() == Decision::Allow,
            because,
        }
    }

    fn request(&self, cell: &Cell, context: Value) -> Request {
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

    /// The policy that opens a cell when every fact is as good as it can be; `None` when none does.
    pub(crate) fn opener(&mut self, covenant: &Covenant, cell: &Cell) -> Option<String> {
        if let Some(known) = self.openers.get(cell) {
            return known.clone();
        }
        let stand = Stand::undisturbed(covenant);
        let found = super::facts::TRIGGERS.iter().find_map(|trigger| {
            let opinion = self.decide(cell, context(&super::facts::best(*trigger), &stand));
            opinion.allows.then(|| opinion.because[0].clone())
        });
        self.openers.insert(cell.clone(), found.clone());
        found
    }
}

fn uid(kind: &str, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.parse().unwrap(), id.parse().unwrap())
}

fn entity(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}

fn tally(tally: Tally) -> Value {
    json!({ "treffers": tally.hits, "partijen": tally.parties })
}

fn attested(statement: ProtectionStatement) -> Value {
    entity(
        "Vaststelling",
        match statement {
            ProtectionStatement::Absent => "nee",
            ProtectionStatement::Unknown => "onbekend",
            ProtectionStatement::Present => "ja",
        },
    )
}

/// Facts and standing as the schema wants them.
pub(crate) fn context(facts: &Facts, stand: &Stand) -> Value {
    let counters = facts.asking.counters;
    json!({
        "convenant": stand.file,
        "dag": stand.day(),
        "beeindigd": stand.is_over(),
        "bevestigd": stand.confirmed().map(|p| entity("Partij", p)).collect::<Vec<_>>(),
        "geschorst": {
            "geheel": stand.is_wholly_suspended(),
            "regels": stand.suspended_clauses(),
            "signalen": stand.suspended_signals().iter().map(|s| entity("Signaal", s)).collect::<Vec<_>>(),
            "ontvangers": stand.suspended_recipients().iter().map(|p| entity("Partij", p)).collect::<Vec<_>>(),
        },
        "aanleiding": entity("Aanleiding", facts.trigger.as_str()),
        "dossier": facts.asking.file_number,
        "motivering": facts.asking.motivation,
        "inlogniveau": entity("Inlogniveau", facts.asking.login_level.as_str()),
        "vragen": {
            "medewerker_vandaag": counters.employee_today,
            "partij_vandaag": counters.party_today,
            "betrokkene_deze_maand": counters.subject_this_month,
        },
        "levend": tally(facts.live),
        "recent": tally(facts.recent),
        "beoordeeld": tally(facts.reviewed),
        "in_gebied": tally(facts.in_area),
        "tellend": tally(facts.counted),
        "van_dit_gegeven": facts.of_cell,
        "minderjarige": attested(facts.protections.minor),
        "afgeschermd_adres": attested(facts.protections.shielded_address),
        "goedkeuringen": facts.approvals,
        "gewacht": facts.waited,
        "afgifte": facts.can_release,
        "totaal": facts.total,
        "grootste_aandeel": facts.largest_share_percent,
    })
}
