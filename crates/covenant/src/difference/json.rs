//! A difference as JSON. Field names are stable; words are the covenant's own.

use serde_json::{Value as Json, json};

use super::edit_sentences::edit_told;
use super::sentences::{data_told, demand_told};
use super::value::Value;
use super::{Block, Closure, DemandChange, Difference, Version};
use crate::diagnostic::Lang;

impl Difference {
    /// The difference as one JSON document on one line, with every sentence in both languages.
    #[must_use]
    pub fn to_json(&self) -> String {
        let both = |told: &dyn Fn(Lang) -> Json| (told(Lang::Nl), told(Lang::En));
        let opened = self.opened.iter().map(|o| {
            let (nl, en) = both(&|lang| json!(self.opened_told(o, lang)));
            json!({
                "clause": o.clause.as_str(),
                "was": closure(&o.was),
                "cells": blocks(&o.cells),
                "nl": nl,
                "en": en,
            })
        });
        let closed = self.closed.iter().map(|c| {
            let (nl, en) = both(&|lang| json!(self.closed_told(c, lang)));
            json!({
                "clause": c.clause.as_str(),
                "now": closure(&c.now),
                "cells": blocks(&c.cells),
                "nl": nl,
                "en": en,
            })
        });
        let changed = self.changed.iter().map(|c| {
            json!({
                "clause_before": c.before.as_str(),
                "clause_after": c.after.as_str(),
                "cells": blocks(&c.cells),
                "demands": c.demands.iter().map(demand).collect::<Vec<_>>(),
            })
        });
        let data = self.data.iter().map(|d| {
            json!({
                "field": d.field.key(),
                "before": value(&d.before),
                "after": value(&d.after),
                "direction": d.direction.as_str(),
                "nl": data_told(d, Lang::Nl),
                "en": data_told(d, Lang::En),
            })
        });
        let idle = self
            .without_effect
            .iter()
            .map(|e| json!({ "nl": edit_told(e, Lang::Nl), "en": edit_told(e, Lang::En) }));
        json!({
            "before": version(&self.before),
            "after": version(&self.after),
            "differs": !self.is_none(),
            "newly_allowed": opened.collect::<Vec<_>>(),
            "no_longer_allowed": closed.collect::<Vec<_>>(),
            "other_demands": changed.collect::<Vec<_>>(),
            "other_particulars": data.collect::<Vec<_>>(),
            "without_effect": idle.collect::<Vec<_>>(),
        })
        .to_string()
    }
}

fn version(version: &Version) -> Json {
    json!({
        "covenant": version.id.as_str(),
        "version": version.version,
        "file": version.file.to_hex(),
    })
}

fn closure(closure: &Closure) -> Json {
    match closure {
        Closure::NotNamed => json!({ "reason": "not_named" }),
        Closure::Prohibited(number) => {
            json!({ "reason": "prohibited", "prohibition": number.as_str() })
        }
    }
}

fn blocks(blocks: &[Block]) -> Json {
    fn texts<T: ToString>(items: &[T]) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }
    let block = |b: &Block| {
        json!({
            "roles": texts(&b.roles),
            "purposes": texts(&b.purposes),
            "sources": texts(&b.sources),
            "signals": texts(&b.signals),
            "shows": texts(&b.shows),
        })
    };
    blocks.iter().map(block).collect()
}

fn demand(change: &DemandChange) -> Json {
    json!({
        "demand": change.demand.key(),
        "party": change.party.as_ref().map(|p| p.as_str()),
        "before": value(&change.before),
        "after": value(&change.after),
        "direction": change.direction.as_str(),
        "nl": demand_told(change, Lang::Nl),
        "en": demand_told(change, Lang::En),
    })
}

fn value(value: &Value) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Yes => json!(true),
        Value::Number(number) => json!(number),
        Value::Span(span) => json!(span.to_string()),
        Value::Word(word) => json!(word),
        Value::Words(words) => json!(words),
    }
}
