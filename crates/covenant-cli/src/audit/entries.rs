//! One entry of the log as a reader may see it, with every opening checked against its leaf.

use anyhow::Context as _;
use ledger::{Opening, Part, Salt, Skeleton};
use model::Digest;
use serde::Serialize;
use serde_json::Value;
use wire::audit_v1::Entry;

/// An entry, flat: for a table, a CSV row or a JSON object. Empty where the reader may not see it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub(super) index: u64,
    pub(super) leaf_hash: String,
    pub(super) at: String,
    pub(super) class: String,
    pub(super) covenant: String,
    pub(super) recipient: String,
    pub(super) source: String,
    pub(super) kind: String,
    pub(super) purpose: String,
    pub(super) clause: String,
    pub(super) decision: String,
    pub(super) basis_provide: String,
    pub(super) basis_receive: String,
    pub(super) reasons: String,
    /// The opened outcome as it was logged.
    pub(super) outcome: Value,
}

impl Shown {
    /// The columns of a CSV file.
    pub(super) const COLUMNS: [&'static str; 14] = [
        "index",
        "leaf_hash",
        "at",
        "class",
        "covenant",
        "recipient",
        "source",
        "kind",
        "purpose",
        "clause",
        "decision",
        "basis_provide",
        "basis_receive",
        "reasons",
    ];

    /// Reads an entry; nothing is believed that the hashes do not prove.
    pub(super) fn read(entry: &Entry) -> anyhow::Result<Self> {
        let index = entry.index;
        Self::checked(entry).with_context(|| format!("entry {index} of the log"))
    }

    fn checked(entry: &Entry) -> anyhow::Result<Self> {
        let hash = Digest::from_slice(&entry.leaf_hash).context("leaf_hash is no hash")?;
        let mut shown = Self {
            index: entry.index,
            leaf_hash: hash.to_hex(),
            at: String::new(),
            class: String::new(),
            covenant: String::new(),
            recipient: String::new(),
            source: String::new(),
            kind: String::new(),
            purpose: String::new(),
            clause: String::new(),
            decision: String::new(),
            basis_provide: String::new(),
            basis_receive: String::new(),
            reasons: String::new(),
            outcome: Value::Null,
        };
        if entry.leaf.is_empty() {
            return Ok(shown);
        }
        anyhow::ensure!(
            ledger::tree::leaf_hash(&entry.leaf) == hash,
            "the leaf is not what its hash says"
        );
        let leaf = Skeleton::from_leaf(&entry.leaf)?;
        shown.at = leaf.at.to_rfc3339();
        shown.class = leaf.class.as_str().to_owned();
        shown.covenant = leaf
            .covenant
            .map(|digest| digest.to_hex())
            .unwrap_or_default();
        shown.recipient = leaf
            .recipient
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        shown.source = leaf
            .source
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let parts = [
            (Part::Request, &entry.request),
            (Part::Answer, &entry.answer),
            (Part::Outcome, &entry.outcome),
        ];
        for (part, opening) in parts {
            let Some(opening) = opening else { continue };
            let salt = Salt::from_slice(&opening.salt).context("a salt of 32 bytes")?;
            let opening = Opening {
                salt,
                bytes: opening.content.to_vec(),
            };
            anyhow::ensure!(
                opening.opens(part, leaf.commitment(part)),
                "the {} is not what the leaf commits to",
                part.as_str()
            );
            if part == Part::Outcome {
                shown.outcome = serde_json::from_slice(&opening.bytes).context("the outcome")?;
            }
        }
        shown.take_outcome();
        Ok(shown)
    }

    fn take_outcome(&mut self) {
        let text = |pointer: &str| {
            let value = self.outcome.pointer(pointer).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let kind = text("/kind");
        let recipient = text("/recipient/role");
        let source = text("/cell/source");
        let purpose = text("/purpose");
        let clause = text("/clause");
        let decision = text("/decision");
        let basis = (text("/basis/provide"), text("/basis/receive"));
        let reasons: Vec<&str> = self
            .outcome
            .get("reasons")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|reason| reason.get("code")?.as_str())
            .collect();
        self.reasons = reasons.join(" ");
        (self.basis_provide, self.basis_receive) = basis;
        (self.kind, self.purpose, self.clause, self.decision) = (kind, purpose, clause, decision);
        // A withheld match names its parties to the auditor only, in the outcome.
        if !recipient.is_empty() {
            self.recipient = recipient;
        }
        if self.source.is_empty() {
            self.source = source;
        }
    }

    /// The cells of a CSV row, as [`Shown::COLUMNS`].
    pub(super) fn cells(&self) -> [String; 14] {
        [
            self.index.to_string(),
            self.leaf_hash.clone(),
            self.at.clone(),
            self.class.clone(),
            self.covenant.clone(),
            self.recipient.clone(),
            self.source.clone(),
            self.kind.clone(),
            self.purpose.clone(),
            self.clause.clone(),
            self.decision.clone(),
            self.basis_provide.clone(),
            self.basis_receive.clone(),
            self.reasons.clone(),
        ]
    }
}
