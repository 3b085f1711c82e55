//! Names that a covenant gives to things: parties, roles, purposes, signals, clauses.
//!
//! Every name is parsed once; a value of these types is well formed.

use std::fmt;

/// A name that does not have the form its kind asks for. The value is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} is not well formed: {rule}")]
pub struct NameError {
    /// Which kind of name was being read, for example `party id`.
    pub kind: &'static str,
    /// The rule that it broke, with the remedy in it.
    pub rule: &'static str,
}

fn plain(text: &str, longest: usize) -> bool {
    !text.is_empty()
        && text.len() <= longest
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

fn slug(text: &str) -> bool {
    plain(text, 64) && !text.contains('.')
}

/// `role` in the form `<party>.<role>`.
fn role(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(party, role)| slug(party) && slug(role))
}

/// `<scheme>:<code>`, the scheme lower-case, the code upper-case letters, digits, dots.
fn category(text: &str) -> bool {
    text.len() <= 64
        && text.split_once(':').is_some_and(|(scheme, code)| {
            slug(scheme)
                && !code.is_empty()
                && code
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        })
}

fn oin(text: &str) -> bool {
    text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit())
}

/// CBS codes: `GM` + 4 digits, `WK` + 4 digits + 2, `BU` + 4 digits + 4 (letters allowed there).
fn neighbourhood(text: &str) -> bool {
    let tail_ok = |from: usize| {
        text.get(from..).is_some_and(|t| {
            t.bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        })
    };
    let digits_ok = text
        .get(2..6)
        .is_some_and(|d| d.len() == 4 && d.bytes().all(|b| b.is_ascii_digit()));
    digits_ok
        && match (text.get(..2), text.len()) {
            (Some("GM"), 6) => true,
            (Some("WK"), 8) | (Some("BU"), 10) => tail_ok(6),
            _ => false,
        }
}

fn actor(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_graphic() && b != b'@')
}

// The project's one macro: a dozen names of one shape.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $check:expr, $rule:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Parses the name.
            ///
            /// # Errors
            /// [`NameError`] when the text does not have the form of this kind of name.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { kind: $kind, rule: $rule })
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

names! {
    /// A covenant's id, the same for all its versions.
    CovenantId, "covenant id", |t| plain(t, 64), "use 1 to 64 of a-z, 0-9, dot and hyphen";
    /// A party's id inside a covenant, for example `gemeente`.
    PartyId, "party id", slug, "use 1 to 64 of a-z, 0-9 and hyphen";
    /// A role of a party, `<party>.<role>`, for example `corporatie.huismeester`.
    RoleRef, "role", role, "use <party>.<role> with a-z, 0-9 and hyphen";
    /// A purpose (doel) named by a covenant.
    PurposeId, "purpose", slug, "use 1 to 64 of a-z, 0-9 and hyphen";
    /// A kind of signal (signaal) named by a covenant, for example `gevaarlijk-dier`.
    SignalTypeId, "signal type", slug, "use 1 to 64 of a-z, 0-9 and hyphen";
    /// The id of a comparison (vergelijking) in a covenant, for example `adres`.
    MatchKeyName, "match key name", slug, "use 1 to 64 of a-z, 0-9 and hyphen";
    /// A clause's number (nummer), for example `3.1`.
    ClauseNo, "clause number", |t| plain(t, 32), "use 1 to 32 of a-z, 0-9, dot and hyphen";
    /// An advice of the covenant's vocabulary, for example `ga-met-twee`.
    AdviceCode, "advice", slug, "use 1 to 64 of a-z, 0-9 and hyphen";
    /// A category in a published scheme, for example `vera:AGR.FYS`.
    CategoryCode, "category", category, "use <scheme>:<CODE>, for example vera:AGR.FYS";
    /// An organisation's identification number (OIN): 20 digits.
    Oin, "oin", oin, "use exactly 20 digits";
    /// A CBS code of a municipality, district or neighbourhood.
    Neighbourhood, "neighbourhood", neighbourhood, "use a CBS code: GM0000, WK000000 or BU00000000";
    /// A party-made pseudonym of an employee; never a name. 1 to 64 visible ASCII characters, and
    /// no `@`: a mail address names a person, and this goes into the log.
    ActorId, "actor", actor, "use 1 to 64 visible ascii characters without @: a pseudonym, never a mail address";
}

impl RoleRef {
    /// The party before the dot.
    #[must_use]
    pub fn party(&self) -> PartyId {
        PartyId(self.0.split('.').next().unwrap_or_default().to_owned())
    }

    /// The role after the dot.
    #[must_use]
    pub fn role(&self) -> &str {
        self.0.split_once('.').map_or("", |(_, role)| role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        assert!(CovenantId::parse("veilig-op-bezoek.2").is_ok());
        assert!(CovenantId::parse("Veilig").is_err());
        assert!(CovenantId::parse("").is_err());
        let role = RoleRef::parse("corporatie.huismeester").unwrap();
        assert_eq!(
            (role.party().as_str(), role.role()),
            ("corporatie", "huismeester")
        );
        assert!(RoleRef::parse("huismeester").is_err());
        assert!(CategoryCode::parse("vera:AGR.FYS").is_ok());
        assert!(CategoryCode::parse("AGR.FYS").is_err());
        assert!(Oin::parse("00000099000000001000").is_ok());
        assert!(Oin::parse("0000009900000000100").is_err());
    }

    #[test]
    fn cbs_codes_may_hold_letters_at_the_end_only() {
        for good in ["GM0855", "WK085501", "WK0855A1", "BU08550101", "BU0855AB12"] {
            assert!(Neighbourhood::parse(good).is_ok(), "{good}");
        }
        for bad in ["GM085", "WK0A5501", "BU085501", "bu08550101", "BU0855010é"] {
            assert!(Neighbourhood::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_actor_is_no_mail_address() {
        assert!(ActorId::parse("m-4711").is_ok());
        for bad in ["j.jansen@gemeente.example", "@", "Jan Jansen", ""] {
            assert!(ActorId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_error_never_repeats_the_value() {
        let error = Oin::parse("geheim").unwrap_err().to_string();
        assert!(!error.contains("geheim"));
    }
}
