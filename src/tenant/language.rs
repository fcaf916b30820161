//! Languages that people are answered in.

use std::fmt;
use std::str::FromStr;

/// A language that answers are written in.
///
/// Only sentences follow it: codes, outcomes, keys, names and the
/// descriptions of tools are the same in every language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Where nobody says otherwise.
    #[default]
    English,
    /// German.
    German,
}

/// Not a language that answers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected en or de")]
pub struct UnknownLanguage;

impl Language {
    /// Every one, by its tag.
    pub const NAMES: [(&'static str, Self); 2] = [("en", Self::English), ("de", Self::German)];
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    /// By its tag; a region behind it, as in `de-CH`, says nothing more.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let tag = text.split(['-', '_']).next().unwrap_or_default();
        let known = Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag));
        known.map(|(_, language)| *language).ok_or(UnknownLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, language)| language == self).map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag_with_or_without_a_region() {
        for (text, language) in [("en", Language::English), ("DE", Language::German), ("de-AT", Language::German)] {
            assert_eq!(text.parse(), Ok(language), "{text}");
        }
        for text in ["", "fr", "deutsch", "-de"] {
            assert_eq!(text.parse::<Language>(), Err(UnknownLanguage), "{text}");
        }
    }
}
