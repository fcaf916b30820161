//! What a reader is told, in each language: one table of sentences each.
//!
//! Every table matches over every case, so that no language can lack one. The
//! names and numbers in a sentence are the case's; text of a host is never
//! among them.

mod de;
mod en;
mod phrase;

use std::fmt::{self, Display};

use super::case::{Case, Reason, Warning};
use crate::tenant::Language;

pub(crate) use phrase::{Ask, Phrase, Summary, Untrusted};

/// A case, a warning or a reason, as a sentence of a language.
#[derive(Clone, Copy, Debug)]
pub struct In<'a, T>(
    /// Which one.
    pub Language,
    /// What is said.
    pub &'a T,
);

impl Display for In<'_, Case> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Language::English => en::case(self.1, f),
            Language::German => de::case(self.1, f),
        }
    }
}

impl Display for In<'_, Warning> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Language::English => en::warning(self.1, f),
            Language::German => de::warning(self.1, f),
        }
    }
}

impl Display for In<'_, Reason> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Language::English => en::reason(self.1, f),
            Language::German => de::reason(self.1, f),
        }
    }
}

impl Display for In<'_, Phrase<'_>> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Language::English => en::phrase(self.1, f),
            Language::German => de::phrase(self.1, f),
        }
    }
}

/// `"a", "b"`.
fn quoted<T: AsRef<str>>(names: &[T], between: &str) -> String {
    crate::spelling::quoted(names.iter().map(AsRef::as_ref), between)
}

#[cfg(test)]
mod tests;
