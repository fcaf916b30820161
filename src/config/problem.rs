//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, by key: `hosts.jump-x.sessions`. Empty for the file as a whole.
    pub place: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// What is wrong and what to write instead. Never a value that may be a
    /// secret.
    pub said: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.said)
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, when there is one.
    pub file: Option<PathBuf>,
    /// At least one, by line.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        let said = format!("the configuration cannot be read ({})", error.kind());
        Self { file: Some(path.into()), problems: vec![Problem { place: String::new(), line: None, said }] }
    }

    /// The same, of that file.
    #[must_use]
    pub fn of(mut self, path: &Path) -> Self {
        self.file = Some(path.into());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            if let Some(file) = &self.file {
                write!(f, "{}: ", file.display())?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Collects problems.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, place: &str, line: Option<usize>, said: impl Into<String>) {
        self.0.push(Problem { place: place.to_owned(), line, said: said.into() });
    }

    pub(super) fn into_error(mut self) -> Option<ConfigError> {
        self.0.sort_by_key(|problem| problem.line);
        (!self.0.is_empty()).then_some(ConfigError { file: None, problems: self.0 })
    }
}
