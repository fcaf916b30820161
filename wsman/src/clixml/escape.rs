//! `_xHHHH_`: characters that XML, or its readers, would not carry.
//!
//! PowerShell escapes control characters (U+0000–001F, U+007F–009F), each half
//! of a surrogate pair, and every `_` before `x` or `X`, whether or not an
//! escape would follow. XML's own escapes come on top.
//!
//! Source: [MS-PSRP] §2.2.5.3.2; recording `strings`.

use std::borrow::Cow;

use super::Text;

/// Where escaped text is put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Element,
    Attribute,
}

/// Undoes `_xHHHH_`: exactly four digits, anything else is text.
pub(super) fn decode(text: Cow<'_, str>) -> Text {
    if !text.contains("_x") && !text.contains("_X") {
        return Text::from(text.into_owned());
    }
    let mut whole = String::with_capacity(text.len());
    let mut high = None;
    for piece in Pieces(&text) {
        match (high.take(), piece) {
            (None, Piece::Plain(plain)) => whole.push_str(plain),
            (None, Piece::Unit(unit @ 0xD800..0xDC00)) => high = Some(unit),
            (None, Piece::Unit(unit)) => match char::from_u32(unit.into()) {
                Some(c) => whole.push(c),
                None => return decode_units(&text),
            },
            (Some(high), Piece::Unit(low @ 0xDC00..0xE000)) => {
                whole.extend(char::decode_utf16([high, low]).flatten());
            }
            (Some(_), _) => return decode_units(&text),
        }
    }
    if high.is_some() { decode_units(&text) } else { Text::from(whole) }
}

/// The slow way, for text with lone surrogates.
fn decode_units(text: &str) -> Text {
    let mut units = Vec::with_capacity(text.len());
    for piece in Pieces(text) {
        match piece {
            Piece::Plain(plain) => units.extend(plain.encode_utf16()),
            Piece::Unit(unit) => units.push(unit),
        }
    }
    Text::from_utf16(&units)
}

enum Piece<'a> {
    Plain(&'a str),
    Unit(u16),
}

/// Escaped text, cut into escapes and what lies between.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let mut from = 0;
        while let Some(at) = self.0.get(from..)?.find('_').map(|at| from + at) {
            if let Some(unit) = self.0.get(at..at + 7).and_then(escape) {
                let (plain, rest) = self.0.split_at_checked(if at == 0 { 7 } else { at })?;
                self.0 = rest;
                return Some(if at == 0 { Piece::Unit(unit) } else { Piece::Plain(plain) });
            }
            from = at + 1;
        }
        let plain = std::mem::take(&mut self.0);
        (!plain.is_empty()).then_some(Piece::Plain(plain))
    }
}

/// The code unit of `_xHHHH_`.
fn escape(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x").or_else(|| text.strip_prefix("_X"))?.strip_suffix('_')?;
    let hex = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Writes `text` as PowerShell does.
pub(super) fn encode(text: &Text, place: Place, out: &mut String) {
    if let Some(text) = text.as_str() {
        return encode_str(text, place, out);
    }
    let units = text.to_utf16();
    let mut characters = char::decode_utf16(units).peekable();
    while let Some(character) = characters.next() {
        match character {
            Ok(c) => push(c, matches!(characters.peek(), Some(Ok('x' | 'X'))), place, out),
            Err(lone) => push_unit(lone.unpaired_surrogate(), out),
        }
    }
}

/// Writes `text` as PowerShell does.
pub(super) fn encode_str(text: &str, place: Place, out: &mut String) {
    let mut plain_from = 0;
    for (at, c) in text.char_indices() {
        // Most characters are copied in runs.
        let plain = match c {
            '<' | '>' | '&' | '"' | '_' => false,
            ' '..='~' => true,
            _ => c > '\u{9F}' && c < '\u{FFFE}',
        };
        if plain {
            continue;
        }
        let behind = at + c.len_utf8();
        out.push_str(text.get(plain_from..at).unwrap_or_default());
        let before_x = c == '_' && text.get(behind..).is_some_and(|rest| rest.starts_with(['x', 'X']));
        push(c, before_x, place, out);
        plain_from = behind;
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
}

fn push(c: char, before_x: bool, place: Place, out: &mut String) {
    match c {
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '&' => out.push_str("&amp;"),
        '"' if place == Place::Attribute => out.push_str("&quot;"),
        '_' if before_x => out.push_str("_x005F_"),
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{10000}'.. => {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| push_unit(*unit, out));
        }
        // Seen: hosts leave these two to XML (recording `strings`).
        '\u{FFFE}' => out.push_str("&#xFFFE;"),
        '\u{FFFF}' => out.push_str("&#xFFFF;"),
        _ => out.push(c),
    }
}

fn push_unit(unit: u16, out: &mut String) {
    out.push_str("_x");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(u32::from(unit >> shift) & 0xF, 16).unwrap_or('0');
        out.push(digit.to_ascii_uppercase());
    }
    out.push('_');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        encode(&Text::from(text), Place::Element, &mut out);
        out
    }

    #[test]
    fn text_is_escaped_as_recorded() {
        for (text, wire) in [
            ("line1\r\nline2\ttab", "line1_x000D__x000A_line2_x0009_tab"),
            ("nul\0esc\u{1b}del\u{7f}c1\u{85}\u{9f}", "nul_x0000_esc_x001B_del_x007F_c1_x0085__x009F_"),
            ("_x000A_ literal", "_x005F_x000A_ literal"),
            ("_X000A_", "_x005F_X000A_"),
            ("_x_", "_x005F_x_"),
            ("_x00", "_x005F_x00"),
            ("__x0041__", "__x005F_x0041__"),
            ("_", "_"),
            ("<&>\"' ]]>", "&lt;&amp;&gt;\"' ]]&gt;"),
            ("\u{FFFE}\u{FFFF}\u{FEFF}", "&#xFFFE;&#xFFFF;\u{FEFF}"),
            ("\u{2028}\u{a0}\u{200b}", "\u{2028}\u{a0}\u{200b}"),
            ("🚀", "_xD83D__xDE80_"),
        ] {
            assert_eq!(encoded(text), wire);
            if !wire.contains('&') {
                assert_eq!(decode(Cow::Borrowed(wire)), text);
            }
        }
    }

    #[test]
    fn only_four_digits_are_an_escape() {
        for text in ["_x000_", "_x00041_", "_x00G0_", "_x+041_", "_x0041", "x0041_", "_x00é_", "_x", "__x"] {
            assert_eq!(decode(Cow::Borrowed(text)), text);
        }
        assert_eq!(decode(Cow::Borrowed("_x0041_x0042_")), "Ax0042_");
        assert_eq!(decode(Cow::Borrowed("__x0041_")), "_A");
        assert_eq!(decode(Cow::Borrowed("_x000a__X000A_")), "\n\n");
        assert_eq!(decode(Cow::Borrowed("_x005F_x000A_")), "_x000A_");
    }

    #[test]
    fn lone_surrogates_go_there_and_back() {
        for units in
            [&[0xD83D][..], &[0xDE80], &[0xDE80, 0xD83D], &[0x41, 0xD83D, 0x5F, 0x78], &[0xD83D, 0xD83D, 0xDE80]]
        {
            let text = Text::from_utf16(units);
            let mut out = String::new();
            encode(&text, Place::Element, &mut out);
            assert_eq!(decode(Cow::Borrowed(&out)).to_utf16(), units, "{out}");
        }
    }

    #[test]
    fn quotes_are_escaped_in_attributes() {
        let mut out = String::new();
        encode(&Text::from("a\"b"), Place::Attribute, &mut out);
        assert_eq!(out, "a&quot;b");
    }
}
