//! Diagnostics as text for people and as JSON for editors.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Diagnostic, Lang, Severity};

/// A line longer than this is not shown.
const LONGEST_LINE: usize = 2_000;

/// Where an offset is: line and column, from 1, the column in characters.
#[must_use]
pub fn position(source: &str, offset: usize) -> (usize, usize) {
    Lines::of(source).position(offset)
}

/// Where every line begins, so that a place is found without reading all that is before it.
struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(source: &'a str) -> Self {
        let ends = source.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            source,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The number of the line of an offset, from 1, and where the line begins.
    fn line(&self, offset: usize) -> (usize, usize) {
        let number = self.starts.partition_point(|start| *start <= offset);
        let start = number.checked_sub(1).and_then(|n| self.starts.get(n));
        (number.max(1), start.copied().unwrap_or(0))
    }

    /// As [`position`].
    fn position(&self, offset: usize) -> (usize, usize) {
        let offset = floor(self.source, offset);
        let (line, start) = self.line(offset);
        let before = self.source.get(start..offset).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}

/// Shows diagnostics with the source lines and the words underlined, in one language, and a last
/// line that counts them. Empty when there are none.
#[must_use]
pub fn render(name: &str, source: &str, diagnostics: &[Diagnostic], lang: Lang) -> String {
    let renderer = Renderer::plain();
    let mut out = String::new();
    let index = Lines::of(source);
    for diagnostic in diagnostics {
        let group = group(name, &index, diagnostic, lang);
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    if !diagnostics.is_empty() {
        out.push_str(&count(diagnostics, lang));
        out.push('\n');
    }
    out
}

fn group<'a>(name: &'a str, index: &Lines<'a>, d: &'a Diagnostic, lang: Lang) -> Group<'a> {
    let (word_nl, word_en, level) = match d.severity {
        Severity::Error => ("fout", "error", Level::ERROR),
        Severity::Warning => ("waarschuwing", "warning", Level::WARNING),
        Severity::Info => ("opmerking", "note", Level::NOTE),
    };
    let (word, help_word, message, help) = match lang {
        Lang::Nl => (word_nl, "hulp", &d.message_nl, &d.help_nl),
        Lang::En => (word_en, "help", &d.message_en, &d.help_en),
    };
    let title = level.with_name(word).primary_title(message).id(d.code);
    let group = match lines(index, d) {
        Some((text, first, span)) => title.element(
            Snippet::source(text)
                .line_start(first)
                .path(name)
                .annotation(AnnotationKind::Primary.span(span)),
        ),
        // Too long to show; where it is can still be told.
        None => {
            let (line, column) = index.position(d.from);
            let origin = annotate_snippets::Origin::path(name);
            title.element(origin.line(line).char_column(column))
        }
    };
    group.element(Level::HELP.with_name(help_word).message(help))
}

/// The lines that a diagnostic touches, the number of the first, and its span within them.
fn lines<'a>(
    index: &Lines<'a>,
    d: &Diagnostic,
) -> Option<(&'a str, usize, std::ops::Range<usize>)> {
    let source = index.source;
    let from = floor(source, d.from);
    let to = floor(source, d.to.max(d.from));
    let (first, start) = index.line(from);
    let end = source
        .get(to..)?
        .find('\n')
        .map_or(source.len(), |at| to + at);
    let text = source.get(start..end)?;
    if text.lines().any(|line| line.len() > LONGEST_LINE) {
        return None;
    }
    Some((text, first, from - start..to - start))
}

/// The nearest character boundary at or before an offset.
fn floor(source: &str, offset: usize) -> usize {
    let mut at = offset.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn count(diagnostics: &[Diagnostic], lang: Lang) -> String {
    let of = |severity| {
        diagnostics
            .iter()
            .filter(|d| d.severity == severity)
            .count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let plural = |n: usize, one: &'static str, more: &'static str| if n == 1 { one } else { more };
    match lang {
        Lang::Nl => format!(
            "{errors} {}, {warnings} {}",
            plural(errors, "fout", "fouten"),
            plural(warnings, "waarschuwing", "waarschuwingen"),
        ),
        Lang::En => format!(
            "{errors} {}, {warnings} {}",
            plural(errors, "error", "errors"),
            plural(warnings, "warning", "warnings"),
        ),
    }
}

/// The diagnostics as a JSON array, for editors: byte offsets, line and column from 1, both
/// languages. `help` is the Dutch help.
#[must_use]
pub fn to_json(source: &str, diagnostics: &[Diagnostic]) -> String {
    let lines = Lines::of(source);
    let list: Vec<serde_json::Value> = diagnostics
        .iter()
        .map(|d| {
            let (line, column) = lines.position(d.from);
            let (end_line, end_column) = lines.position(d.to);
            serde_json::json!({
                "from": d.from,
                "to": d.to,
                "line": line,
                "column": column,
                "end_line": end_line,
                "end_column": end_column,
                "severity": d.severity.as_str(),
                "code": d.code,
                "message_nl": d.message_nl,
                "message_en": d.message_en,
                "help": d.help_nl,
                "help_nl": d.help_nl,
                "help_en": d.help_en,
            })
        })
        .collect();
    serde_json::Value::Array(list).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(source: &str, word: &str) -> Diagnostic {
        let from = source.find(word).unwrap();
        Diagnostic {
            from,
            to: from + word.len(),
            severity: Severity::Error,
            code: "onbekend-woord",
            message_nl: format!("onbekend woord `{word}`"),
            message_en: format!("unknown word `{word}`"),
            help_nl: "Bedoelde u iets anders?".into(),
            help_en: "Did you mean something else?".into(),
        }
    }

    #[test]
    fn accents_do_not_shift_the_underline() {
        let source = "taal = \"nl\"\nniet_voor = [\"huurbeëindiging één\", \"opsporign\"]\n";
        let shown = render("c.toml", source, &[at(source, "opsporign")], Lang::Nl);
        let lines: Vec<&str> = shown.lines().collect();
        let code = lines
            .iter()
            .position(|l| l.contains("opsporign\""))
            .unwrap();
        let word = lines[code]
            .split("opsporign")
            .next()
            .unwrap()
            .chars()
            .count();
        let mark = lines[code + 1].find('^').unwrap();
        assert_eq!(word, mark, "\n{shown}");
        assert_eq!(lines[code + 1].matches('^').count(), "opsporign".len());
        assert!(shown.contains("--> c.toml:2:38"), "\n{shown}");
        assert!(
            shown.contains("fout[onbekend-woord]") && shown.contains("hulp: Bedoelde u"),
            "\n{shown}"
        );
        assert!(shown.ends_with("1 fout, 0 waarschuwingen\n"));
    }

    #[test]
    fn json_has_offsets_lines_and_both_languages() {
        let source = "a = 1\nbé = \"één\"\n";
        let json = to_json(source, &[at(source, "één")]);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value[0]["line"], 2);
        assert_eq!(value[0]["column"], 7);
        assert_eq!(value[0]["end_column"], 10);
        assert_eq!(value[0]["from"], 13);
        assert_eq!(value[0]["message_en"], "unknown word `één`");
    }

    #[test]
    fn any_offset_can_be_shown() {
        let source = "é\nb";
        for (from, to) in [(0, 0), (1, 1), (0, 99), (4, 4), (99, 99), (3, 1)] {
            let d = Diagnostic {
                from,
                to,
                ..at(source, "b")
            };
            assert!(render("x", source, std::slice::from_ref(&d), Lang::En).contains("error"));
            assert!(to_json(source, &[d]).contains("onbekend-woord"));
        }
        let long = "a".repeat(300_000);
        assert!(render("x", &long, &[at(&long, "aaa")], Lang::En).len() < 1_000);
        assert_eq!(render("x", source, &[], Lang::Nl), "");
        // A line too long to show has a place all the same.
        let long = format!("a = 1\nb = \"{}\" # één fotu\n", "x".repeat(5_000));
        let shown = render("c.toml", &long, &[at(&long, "fotu")], Lang::Nl);
        assert!(shown.contains("--> c.toml:2:5014"), "{shown}");
    }
}
