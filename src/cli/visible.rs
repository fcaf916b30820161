//! Text of others, made safe to look at.
//!
//! What a host says may hold characters that a terminal obeys: they move the
//! cursor, rename the window, fill the clipboard (OSC 52), or turn a line
//! around so that it reads as another one (U+202E). Everything that is printed
//! goes through here, by way of `print`.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with such characters written as JSON writes them: `\u001b`, `\n`.
///
/// So JSON stays the JSON that it was, and what is already visible stays as it
/// is.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                for unit in hidden.encode_utf16(&mut [0; 2]) {
                    let _ = write!(shown, "\\u{unit:04x}");
                }
            }
            plain => shown.push(plain),
        }
    }
    Cow::Owned(shown)
}

/// Whether a terminal does something else with it than to show it.
fn is_hidden(c: char) -> bool {
    // Joiners (U+200C, U+200D) and variation selectors stay: words of some languages and most emoji are made of them.
    c.is_control()
        || matches!(c,
            // Marks, embeddings, overrides and isolates of direction.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Of no width: a name that looks like another one.
            | '\u{ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
            // Line and paragraph ends, annotations, tags.
            | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_seen_instead() {
        for (raw, shown) in [
            ("\u{1b}]52;c;ZXZpbA==\u{7}", r"\u001b]52;c;ZXZpbA==\u0007"),
            ("a\u{9b}2Jb", r"a\u009b2Jb"),
            ("invoice\u{202e}fdp.exe", r"invoice\u202efdp.exe"),
            ("two\r\nlines\tand\u{2028}more", r"two\r\nlines\tand\u2028more"),
            ("\u{7f}\u{8}\u{0}", r"\u007f\u0008\u0000"),
            ("a\u{e0041}", r"a\udb40\udc41"),
        ] {
            assert_eq!(visible(raw), shown);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for text in ["Wähle: (j/n)", "规则 名称", "می\u{200c}خواهم", "👩\u{200d}💻", r"C:\new\u001b", "cafe\u{301}"]
        {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({"a\u{202e}": "\u{9b}x\u{1b}\u{e0041}\n"});
        let shown = visible(&value.to_string()).into_owned();
        assert!(shown.is_ascii(), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
