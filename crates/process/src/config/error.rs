//! What is wrong with a configuration.

use std::fmt;

/// Everything that is wrong with a configuration, in the order in which it was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// One thing that is wrong. Shown as `<place>: <setting>: <what> (<remedy>)`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// `file:line:column`, `environment variable NAME`, or `--set name`; `None` when the setting
    /// is nowhere.
    pub place: Option<String>,
    /// The setting's full name, for example `admin.listen`; empty when the problem is a whole
    /// file's.
    pub setting: String,
    /// What is wrong; never the value.
    pub what: String,
    /// What to do, when more can be said than `what` says.
    pub remedy: Option<String>,
}

impl ConfigError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// What is wrong; never empty.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.setting.is_empty() {
            write!(f, "{}: ", self.setting)?;
        }
        f.write_str(&self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}
