//! JSON as it comes in, with all that is wrong with it.

use serde_json::Value as Json;

/// Lists and objects in each other at most. Spec: what serde_json reads.
const DEPTH: usize = 127;

/// Spec: JSON-RPC 2.0 §5.1.
const PARSE_ERROR: i32 = -32700;
/// Spec: JSON-RPC 2.0 §5.1.
pub(super) const INVALID_REQUEST: i32 = -32600;

/// UTF-8's mark. Spec: RFC 8259 §8.1 allows readers to ignore it.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// What is no message of JSON-RPC, and whom to tell.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unread {
    pub(super) code: i32,
    pub(super) said: &'static str,
    /// Of the request, where it can be read.
    pub(super) id: Option<Json>,
    /// It was an answer to us: nobody waits for one to it.
    pub(super) is_answer: bool,
}

impl Unread {
    /// The answer, where there is somebody to take it.
    ///
    /// Without `id` where none can be read. Spec: MCP's schema leaves it out,
    /// JSON-RPC would have null.
    pub(super) fn answer(&self) -> Option<Json> {
        if self.is_answer {
            return None;
        }
        let mut answer = serde_json::json!({
            "jsonrpc": "2.0",
            "error": { "code": self.code, "message": self.said },
        });
        if let Some(id) = &self.id {
            answer["id"] = id.clone();
        }
        Some(answer)
    }
}

/// Reads one document. Half of a surrogate pair, which no text can hold,
/// becomes U+FFFD.
pub(super) fn parse(bytes: &[u8]) -> Result<Json, Unread> {
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let seen = look(bytes);
    let unread = |code, said| Unread { code, said, id: seen.id.clone(), is_answer: seen.is_answer };
    if seen.depth > DEPTH {
        return Err(unread(INVALID_REQUEST, "lists and objects are nested too deep"));
    }
    if std::str::from_utf8(bytes).is_err() {
        return Err(unread(PARSE_ERROR, "not UTF-8"));
    }
    serde_json::from_slice(bytes)
        // Only on failure: nearly every message is whole, and mending copies it.
        .or_else(|_| serde_json::from_slice(&whole(bytes)))
        .map_err(|_| unread(PARSE_ERROR, "not JSON"))
}

/// What can be seen of a document without reading it as one.
#[derive(Debug, Default)]
struct Seen {
    depth: usize,
    id: Option<Json>,
    is_answer: bool,
}

/// Goes along the document, whatever it is, string by string.
fn look(bytes: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                seen.depth = seen.depth.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let Some(length) = string(&bytes[at..]) else { break };
                let (text, rest) = bytes[at..].split_at(length);
                at += length;
                if depth == 1
                    && let Some(value) = rest.trim_ascii_start().strip_prefix(b":")
                {
                    match text {
                        b"\"id\"" => seen.id = seen.id.take().or_else(|| id(value)),
                        // An answer to an answer would be answered again, without end.
                        b"\"result\"" | b"\"error\"" => seen.is_answer = true,
                        _ => {}
                    }
                }
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    seen
}

/// Length of the string that begins here, quotes included, if it ends.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The id that begins here. A number at the very end may have been cut.
fn id(bytes: &[u8]) -> Option<Json> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Json>();
    let value = values.next()?.ok()?;
    // `12` at the end of a cut line may have been 123, which another request has.
    let is_whole = values.byte_offset() < bytes.len();
    (value.is_string() || value.is_number() && is_whole).then_some(value)
}

/// The document with every half of a surrogate pair as U+FFFD. A backslash
/// stands in strings only.
fn whole(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(&bytes[at..]) {
            Some(0xD800..=0xDBFF) if unit(&bytes[at + 6..]).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) => {
                at += 12;
            }
            Some(0xD800..=0xDFFF) => {
                bytes[at + 2..at + 6].copy_from_slice(b"fffd");
                at += 6;
            }
            _ => at += 2,
        }
    }
    bytes
}

/// The UTF-16 unit that is escaped here.
fn unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unread(bytes: &[u8]) -> (i32, Option<Json>, bool) {
        let unread = parse(bytes).unwrap_err();
        (unread.code, unread.id, unread.is_answer)
    }

    #[test]
    fn d4_half_a_surrogate_pair_becomes_a_replacement_character() {
        for (given, read) in [
            (r#"{"a":"x\ud83dy"}"#, "x\u{FFFD}y"),
            (r#"{"a":"x\ude00y"}"#, "x\u{FFFD}y"),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{FFFD}\u{1F600}"),
            (r#"{"a":"\ud83d\u0041"}"#, "\u{FFFD}A"),
            (r#"{"a":"\\ud83d\ud83d"}"#, "\\ud83d\u{FFFD}"),
            (r#"{"a":"\ud83d\ude00"}"#, "\u{1F600}"),
        ] {
            assert_eq!(parse(given.as_bytes()), Ok(json!({ "a": read })), "{given}");
        }
    }

    #[test]
    fn d4_the_id_is_read_where_it_can_be() {
        let deep = |levels: usize| {
            format!("{{\"params\":{}{},\"id\":7}}", "[".repeat(levels), "]".repeat(levels)).into_bytes()
        };
        assert_eq!(unread(&deep(130)), (INVALID_REQUEST, Some(json!(7)), false));
        assert!(parse(&deep(DEPTH - 1)).is_ok());
        assert_eq!(unread(b"{\"id\":\"a\",\"x\":\"\xFF\"}"), (PARSE_ERROR, Some(json!("a")), false));
        assert_eq!(unread(b"{\"x\":\"\xFF\\\"\",\"id\":12}"), (PARSE_ERROR, Some(json!(12)), false));
        assert_eq!(unread(br#"{"id":12,"method":"tools/ca"#), (PARSE_ERROR, Some(json!(12)), false));
        // Perhaps 123, perhaps another's.
        assert_eq!(unread(br#"{"id":12"#), (PARSE_ERROR, None, false));
        assert_eq!(unread(br#"{"id":"ab"#), (PARSE_ERROR, None, false));
        assert_eq!(unread(br#"{"params":{"id":5},"#), (PARSE_ERROR, None, false));
        assert_eq!(unread(br#"{"name":"id","x":"#), (PARSE_ERROR, None, false));
        assert_eq!(unread(br#"{"id":5,"result":{"#), (PARSE_ERROR, Some(json!(5)), true));
        assert_eq!(unread(b"not json"), (PARSE_ERROR, None, false));
        for bytes in
            [&b"\\"[..], b"\"", b"\"\\", b"{\"id\"", b"{\"id\":", b"]]]", b"\\u", b"\"\\ud8", b"{\"a\":\"\\ud8\"}"]
        {
            assert!(parse(bytes).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn every_cut_of_a_request_is_answered_or_read() {
        let line = br#"{"jsonrpc":"2.0","id":31,"method":"x","params":{"a":"\ud83d\\"}}"#;
        for cut in 0..line.len() {
            let unread = parse(&line[..cut]).unwrap_err();
            assert!(unread.id.is_none_or(|id| id == 31), "{cut}");
        }
        assert!(parse(line).is_ok());
    }
}
