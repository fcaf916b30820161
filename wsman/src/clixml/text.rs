//! Strings as .NET has them.

use std::borrow::Cow;
use std::fmt;

/// A .NET string: UTF-16 code units, in which a surrogate may stand alone.
///
/// Nearly all are valid Unicode and are kept as UTF-8; only those with a lone
/// surrogate (a cut emoji in a log row) are kept as code units.
///
/// Source: [MS-PSRP] §2.2.5.3.2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Repr);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Repr {
    Utf8(String),
    /// Holds at least one lone surrogate, else it would be `Utf8`: that is
    /// what makes the derived equality right.
    Utf16(Vec<u16>),
}

impl Text {
    /// From code units, lone surrogates included.
    #[must_use]
    pub fn from_utf16(units: &[u16]) -> Self {
        String::from_utf16(units).map_or_else(|_| Self(Repr::Utf16(units.to_vec())), |text| Self(Repr::Utf8(text)))
    }

    /// The text, unless it holds a lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.0 {
            Repr::Utf8(text) => Some(text),
            Repr::Utf16(_) => None,
        }
    }

    /// The text with U+FFFD in place of lone surrogates.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        match &self.0 {
            Repr::Utf8(text) => Cow::Borrowed(text),
            Repr::Utf16(units) => Cow::Owned(String::from_utf16_lossy(units)),
        }
    }

    /// The code units.
    #[must_use]
    pub fn to_utf16(&self) -> Vec<u16> {
        match &self.0 {
            Repr::Utf8(text) => text.encode_utf16().collect(),
            Repr::Utf16(units) => units.clone(),
        }
    }

    /// Whether there are no code units.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Repr::Utf8(text) if text.is_empty())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Repr::Utf8(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Repr::Utf8(text.to_owned()))
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_survives() {
        let units = [0x41, 0xD83D, 0x42];
        let text = Text::from_utf16(&units);
        assert_eq!(text.as_str(), None);
        assert_eq!(text.to_utf16(), units);
        assert_eq!(text.to_string_lossy(), "A\u{FFFD}B");
    }

    #[test]
    fn whole_pairs_are_plain_text() {
        assert_eq!(Text::from_utf16(&[0xD83D, 0xDE80]), Text::from("🚀"));
    }
}
