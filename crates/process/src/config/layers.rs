//! The layers in their order, and how they become settings.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::document::{Documents, Kind};
use super::error::{ConfigError, Problem};
use super::reading::Reading;
use super::tree::{self, Tree, as_string, shifted};

/// The variables' prefix: `COVENANT__ADMIN__LISTEN` is the setting `admin.listen`.
const PREFIX: &str = "COVENANT__";

/// Last words of a setting's name that mean a secret.
const SECRETS: [&str; 6] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "private_key",
    "pin",
];

/// Where settings come from, the weakest first.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
enum Source {
    Text { name: String, text: String },
    File(PathBuf),
    Folder(PathBuf),
    Variables(Vec<(String, String)>),
    Assignment(String),
}

/// Settings, and where each of them came from.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub settings: T,
    /// Every setting that a layer names, sorted by name. Those left to their defaults in the code
    /// are not among them.
    pub origins: Vec<Origin>,
}

/// Where a setting came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// Its full name, for example `admin.listen`.
    pub setting: String,
    /// The value as it is written there.
    pub value: String,
    /// `file:line`, `environment variable NAME`, or `--set name`.
    pub from: String,
}

impl Layers {
    /// No layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The usual layers of a process: these files and folders in their order, the process's
    /// environment (`COVENANT__X__Y`), then `--set x.y=value` flags.
    #[must_use]
    pub fn of_process(paths: &[PathBuf], set: &[String]) -> Self {
        let files = paths.iter().fold(Self::new(), |layers, path| {
            if path.is_dir() {
                layers.folder(path)
            } else {
                layers.file(path)
            }
        });
        let layers = files.environment(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
        set.iter()
            .fold(layers, |layers, assignment| layers.set(assignment))
    }

    /// Adds a TOML text that is built in.
    #[must_use]
    pub fn text(self, name: &str, text: &str) -> Self {
        self.with(Source::Text {
            name: name.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Adds a TOML file, which must be there.
    #[must_use]
    pub fn file(self, path: &Path) -> Self {
        self.with(Source::File(path.to_owned()))
    }

    /// Adds every `*.toml` of a folder in the order of their names. An absent folder adds nothing.
    #[must_use]
    pub fn folder(self, path: &Path) -> Self {
        self.with(Source::Folder(path.to_owned()))
    }

    /// Adds the variables whose names begin with `COVENANT__`. Further double underscores part the
    /// levels, letters are lower-cased. A value is read as TOML where it is TOML (`8`, `true`,
    /// `["a"]`), else as a string.
    #[must_use]
    pub fn environment(self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut own: Vec<(String, String)> = variables
            .into_iter()
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        own.sort();
        self.with(Source::Variables(own))
    }

    /// Adds one assignment, `a.b=value`; the value is read as a variable's is.
    #[must_use]
    pub fn set(self, assignment: &str) -> Self {
        self.with(Source::Assignment(assignment.to_owned()))
    }

    /// Reads all layers and makes settings of them.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem of every layer.
    pub fn load<T: DeserializeOwned>(&self) -> Result<Loaded<T>, ConfigError> {
        let mut problems = Vec::new();
        let mut documents = Documents::default();
        let parts = self.collect(&mut documents, &mut problems);
        let tree = merge(&documents, &parts, &mut problems);
        let origins = origins(&tree, &documents);
        Reading::new(&documents, tree, problems)
            .settings()
            .map(|settings| Loaded { settings, origins })
            .map_err(ConfigError::new)
    }

    fn with(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Reads every text before any is parsed: what is parsed borrows from them.
    fn collect(&self, documents: &mut Documents, problems: &mut Vec<Problem>) -> Vec<Part> {
        let mut parts = Vec::new();
        for source in &self.sources {
            match source {
                Source::Text { name, text } => {
                    parts.push(file_part(documents, name.clone(), text.clone()));
                }
                Source::File(path) => add_file(path, documents, &mut parts, problems),
                Source::Folder(path) => {
                    for file in toml_files(path) {
                        add_file(&file, documents, &mut parts, problems);
                    }
                }
                Source::Variables(variables) => {
                    for (name, value) in variables {
                        let setting = name.trim_start_matches(PREFIX).to_lowercase();
                        let names: Vec<&str> = setting.split("__").collect();
                        let kind = Kind::Variable(name.clone());
                        add_value(kind, &names, value, documents, &mut parts, problems);
                    }
                }
                Source::Assignment(assignment) => match assignment.split_once('=') {
                    Some((setting, value)) => {
                        let names: Vec<&str> = setting.trim().split('.').collect();
                        let kind = Kind::Flag(setting.trim().to_owned());
                        add_value(kind, &names, value.trim(), documents, &mut parts, problems);
                    }
                    None => problems.push(Problem {
                        place: Some("--set".to_owned()),
                        setting: String::new(),
                        what: "is no assignment".to_owned(),
                        remedy: Some("use --set name=value".to_owned()),
                    }),
                },
            }
        }
        parts
    }
}

/// A text among the documents: a whole file, or one value with the names that lead to it.
enum Part {
    File {
        base: usize,
        end: usize,
    },
    Value {
        names: Vec<(String, Range<usize>)>,
        value: Range<usize>,
    },
}

fn file_part(documents: &mut Documents, name: String, text: String) -> Part {
    let length = text.len();
    let base = documents.add(Kind::File(name), text);
    Part::File {
        base,
        end: base + length,
    }
}

fn add_file(
    path: &Path,
    documents: &mut Documents,
    parts: &mut Vec<Part>,
    problems: &mut Vec<Problem>,
) {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => parts.push(file_part(documents, name, text)),
        Err(error) => problems.push(Problem {
            place: Some(name),
            setting: String::new(),
            what: format!("can't be read ({})", error.kind()),
            remedy: Some("check the path and its rights".to_owned()),
        }),
    }
}

fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    files
}

/// Writes a variable or flag as the line `a.b=value`, so that each name and the value has a place.
fn add_value(
    kind: Kind,
    names: &[&str],
    value: &str,
    documents: &mut Documents,
    parts: &mut Vec<Part>,
    problems: &mut Vec<Problem>,
) {
    let setting = names.join(".");
    let last = names.last().copied().unwrap_or_default();
    let secret = SECRETS
        .iter()
        .any(|word| last == *word || last.ends_with(&format!("_{word}")));
    let text = format!("{setting}={value}");
    let base = documents.add(kind, text);
    let refuse = |what: &str, remedy: &str| Problem {
        place: documents.place(&(base..base)),
        setting: setting.clone(),
        what: what.to_owned(),
        remedy: Some(remedy.to_owned()),
    };
    if names.iter().any(|name| name.is_empty()) {
        problems.push(refuse(
            "has an empty part in its name",
            "name the setting in full",
        ));
        return;
    }
    if secret {
        problems.push(refuse(
            "looks like a secret, which others can read in the environment or process list",
            "put it into a file and give the setting that ends in _file",
        ));
        return;
    }
    let mut at = base;
    let mut placed = Vec::new();
    for name in names {
        placed.push(((*name).to_owned(), at..at + name.len()));
        at += name.len() + 1;
    }
    parts.push(Part::Value {
        names: placed,
        value: at..at + value.len(),
    });
}

fn merge<'i>(documents: &'i Documents, parts: &[Part], problems: &mut Vec<Problem>) -> Tree<'i> {
    let mut tree = Tree::empty();
    for part in parts {
        match part {
            Part::File { base, end } => {
                let text = documents.text(&(*base..*end)).unwrap_or_default();
                let (table, errors) = DeTable::parse_recoverable(text);
                for error in &errors {
                    let span = error.span().unwrap_or_default();
                    problems.push(Problem {
                        place: documents.place(&(span.start + base..span.end + base)),
                        setting: String::new(),
                        what: format!("is no toml: {}", error.message().replace('\n', ", ")),
                        remedy: None,
                    });
                }
                // What could be recovered of a broken file says nothing reliable about settings.
                if errors.is_empty() {
                    tree.lay_over(table.into_inner(), *base);
                }
            }
            Part::Value { names, value } => {
                let text = documents.text(value).unwrap_or_default();
                if text.is_empty() {
                    // So that it has a place, it takes the equals sign's.
                    tree.set(
                        names,
                        as_string("", &(value.start.saturating_sub(1)..value.end)),
                    );
                    continue;
                }
                let read = DeValue::parse(text).map_or_else(
                    |_| as_string(text, value),
                    |parsed| shifted(parsed, value.start),
                );
                tree.set(names, read);
            }
        }
    }
    tree
}

fn origins(tree: &Tree<'_>, documents: &Documents) -> Vec<Origin> {
    tree.leaves()
        .into_iter()
        .map(|leaf| Origin {
            setting: tree::name(&leaf.path),
            value: documents.text(&leaf.span).unwrap_or_default().to_owned(),
            from: documents.origin(&leaf.span).unwrap_or_default(),
        })
        .collect()
}
