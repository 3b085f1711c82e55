//! What a caller is told when it does not get what it asked for. Never a value of the request.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// The kind of refusal; an adapter maps it to a gRPC status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A field is wrong: correct it before trying again.
    Invalid,
    /// Nobody knows who calls.
    Unauthenticated,
    /// This caller may not do this.
    Denied,
    /// Right request, wrong moment or state.
    Precondition,
    /// There is no such thing of this party.
    NotFound,
    /// Something else was done under this id before.
    Exists,
    /// Full: try again later.
    Exhausted,
    /// Something the node depends on does not answer: try again later.
    Unavailable,
    /// The node itself failed; its log says more.
    Internal,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The field's path as in the proto, for example `signal.subjects[0].person.birth_date`.
    pub path: String,
    /// The rule that it breaks, `UPPER_SNAKE`.
    pub rule: &'static str,
    /// What to do about it, in English.
    pub message_en: String,
    /// What to do about it, in Dutch.
    pub message_nl: String,
}

impl Violation {
    /// A violation of `rule` by the field at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, rule: &'static str, en: &str, nl: &str) -> Self {
        Self {
            path: path.into(),
            rule,
            message_en: en.to_owned(),
            message_nl: nl.to_owned(),
        }
    }
}

/// A refusal with its reason and remedy, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {message_en}")]
pub struct Refused {
    /// Its kind.
    pub kind: Kind,
    /// The reason, `UPPER_SNAKE`, a row of `docs/errors.md`.
    pub reason: Cow<'static, str>,
    /// What is wrong and what to do, in English.
    pub message_en: String,
    /// What is wrong and what to do, in Dutch.
    pub message_nl: String,
    /// Every field that is wrong; empty unless `kind` is [`Kind::Invalid`].
    pub violations: Vec<Violation>,
    /// When trying again makes sense.
    pub retry_after: Option<Duration>,
    /// Names of things, never values of the request: `covenant`, `match_key`.
    pub metadata: BTreeMap<String, String>,
}

impl Refused {
    /// A refusal without fields.
    #[must_use]
    pub fn new(kind: Kind, reason: &'static str, en: &str, nl: &str) -> Self {
        Self {
            kind,
            reason: Cow::Borrowed(reason),
            message_en: en.to_owned(),
            message_nl: nl.to_owned(),
            violations: Vec::new(),
            retry_after: None,
            metadata: BTreeMap::new(),
        }
    }

    /// The refusal of a request with wrong fields. The first one also stands in the message, since
    /// not every client shows details.
    #[must_use]
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let count = violations.len();
        let (en, nl) = violations.first().map_or_else(
            || (String::new(), String::new()),
            |v| {
                (
                    format!("{}: {}", v.path, v.message_en),
                    format!("{}: {}", v.path, v.message_nl),
                )
            },
        );
        let more = |text: String, word: &str| match count {
            0 | 1 => text,
            n => format!("{text} ({} {word})", n.saturating_sub(1)),
        };
        Self {
            violations,
            ..Self::new(
                Kind::Invalid,
                "FIELD_INVALID",
                &more(en, "more fields are wrong"),
                &more(nl, "andere velden kloppen ook niet"),
            )
        }
    }

    /// With a hint when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// With the name of something involved.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.metadata.insert(name.to_owned(), value.to_string());
        self
    }

    /// The node could not read or write its own store, or could not do its cryptography.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "NODE_FAILED",
            "the node could not do this; its operator finds the cause in its log",
            "het knooppunt kon dit niet uitvoeren; de beheerder vindt de oorzaak in het logboek",
        )
    }

    /// The broker does not answer.
    #[must_use]
    pub fn broker_unreachable() -> Self {
        Self::new(
            Kind::Unavailable,
            "BROKER_UNREACHABLE",
            "the broker does not answer; try again, and call your own operator when it lasts",
            "de makelaar antwoordt niet; probeer het opnieuw, en bel uw beheerder als het aanhoudt",
        )
        .retry_after(Duration::from_secs(5))
    }

    /// The outbox is full.
    #[must_use]
    pub fn outbox_full() -> Self {
        Self::new(
            Kind::Exhausted,
            "OUTBOX_FULL",
            "the node holds as many signals for the broker as it may; nothing was stored, try again later",
            "het knooppunt bewaart al het hoogste aantal signalen voor de makelaar; er is niets opgeslagen, probeer het later opnieuw",
        )
        .retry_after(Duration::from_secs(60))
    }

    /// The same `request_id` came with other content.
    #[must_use]
    pub fn request_id_reused() -> Self {
        Self::new(
            Kind::Exists,
            "REQUEST_ID_REUSED",
            "request_id: another request was made under this id; use a fresh UUID for each request",
            "request_id: onder dit nummer is al een ander verzoek gedaan; gebruik per verzoek een nieuw UUID",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_first_field_and_counts_the_rest() {
        let one = Violation::new("signal.id", "REQUIRED", "fill it in", "vul het in");
        let refused = Refused::invalid(vec![one.clone()]);
        assert_eq!(refused.message_en, "signal.id: fill it in");
        let refused = Refused::invalid(vec![one.clone(), one.clone(), one]);
        assert_eq!(
            refused.message_nl,
            "signal.id: vul het in (2 andere velden kloppen ook niet)"
        );
    }
}
