//! What serde's messages mean. Values are taken out of them, and suggestions put in.

/// What an error of reading is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// A setting that nobody knows, with the ones that would be known there.
    Unknown { name: String, known: Vec<String> },
    /// A setting that must be there is not.
    Missing { name: String },
    /// The value has another type: also "a string where a number was due".
    WrongType { what: String },
    /// The value is refused.
    Refused {
        what: String,
        remedy: Option<String>,
    },
}

impl Meaning {
    /// Reads a message of `serde`'s derived code, which has a fixed form.
    pub(super) fn of(message: &str) -> Self {
        let message = message.trim();
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let mut names = quoted(rest);
            if !names.is_empty() {
                let name = names.remove(0);
                return Self::Unknown { name, known: names };
            }
        }
        if let Some(name) = message
            .strip_prefix("missing field ")
            .and_then(|rest| quoted(rest).into_iter().next())
        {
            return Self::Missing { name };
        }
        if let Some(rest) = message.strip_prefix("unknown variant ") {
            let mut names = quoted(rest);
            if !names.is_empty() {
                let value = names.remove(0);
                return Self::Refused {
                    what: format!("unknown word; use one of {}", list(&names)),
                    remedy: closest(&value, &names).map(did_you_mean),
                };
            }
        }
        if let Some(rest) = message.strip_prefix("invalid type: ") {
            return Self::WrongType {
                what: format!("has the wrong type: {}", without_value(rest)),
            };
        }
        let what = match message.strip_prefix("invalid value: ") {
            Some(rest) => format!("is out of range: {}", without_value(rest)),
            None => message.replace('\n', " "),
        };
        Self::Refused { what, remedy: None }
    }
}

/// `did you mean \`x\`?` for an unknown name, or all that is known when they are few.
pub(super) fn suggestion(name: &str, known: &[String]) -> Option<String> {
    if let Some(near) = closest(name, known) {
        return Some(did_you_mean(near));
    }
    (!known.is_empty() && known.len() <= 12).then(|| format!("known here: {}", list(known)))
}

fn did_you_mean(near: &str) -> String {
    format!("did you mean `{near}`?")
}

fn closest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.as_str())
}

fn list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    quoted.join(", ")
}

/// Everything between back quotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// `string "abc", expected u16` without what was given: `found a string, expected u16`.
fn without_value(rest: &str) -> String {
    let expected = rest.rsplit_once(", expected ").map_or("", |(_, e)| e);
    let found = rest.split([' ', ',']).next().unwrap_or_default();
    format!("found {found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_out() {
        let told = Meaning::of("invalid type: string \"geheim, expected x\", expected u16");
        assert_eq!(
            told,
            Meaning::WrongType {
                what: "has the wrong type: found string, expected u16".into()
            }
        );
        let told = Meaning::of("invalid value: integer `70000`, expected u16");
        assert!(matches!(told, Meaning::Refused { what, .. } if !what.contains("70000")));
        let told = Meaning::of("unknown variant `jsno`, expected `text` or `json`");
        let Meaning::Refused { what, remedy } = told else {
            panic!("a refusal")
        };
        assert_eq!(what, "unknown word; use one of `text`, `json`");
        assert_eq!(remedy.as_deref(), Some("did you mean `json`?"));
    }

    #[test]
    fn a_far_name_lists_what_is_known() {
        let known = vec!["listen".to_owned(), "certificate".to_owned()];
        assert_eq!(
            suggestion("lisen", &known).as_deref(),
            Some("did you mean `listen`?")
        );
        assert_eq!(
            suggestion("q", &known).as_deref(),
            Some("known here: `listen`, `certificate`")
        );
    }
}
