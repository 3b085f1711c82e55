//! The published list of all rules.

macro_rules! lints {
    ($($name:ident = $code:literal, $severity:ident,
        $title_nl:literal, $title_en:literal,
        $help_nl:literal, $help_en:literal;)*) => {
        $(pub(crate) const $name: &crate::lint::Lint = &crate::lint::Lint {
            code: $code,
            severity: crate::diagnostic::Severity::$severity,
            title_nl: $title_nl,
            title_en: $title_en,
            help_nl: $help_nl,
            help_en: $help_en,
        };)*
        pub(crate) const ALL: &[crate::lint::Lint] = &[$(*$name,)*];
    };
}

pub(crate) mod law;
pub(crate) mod meaning;
pub(crate) mod text;
pub(crate) mod warning;
