//! Functions of texts.

use sha2::{Digest as _, Sha256};

use super::conversion::convert;
use super::{BOOL, DYNAMIC, Function, LONG, LONGEST_TEXT, TEXT, Value, at, function, pattern, text};
use crate::demo::kql::compare::has;
use crate::demo::kql::value::Kind;
use serde_json::{Value as Json, json};

pub(super) const TABLE: &[Function] = &[
    function("strlen", "s", LONG, |a| Value::count(at(a, 0).str().chars().count())),
    function("string_size", "s", LONG, |a| Value::count(at(a, 0).str().len())),
    function("tolower", "s", TEXT, |a| text(at(a, 0).str().to_lowercase())),
    function("toupper", "s", TEXT, |a| text(at(a, 0).str().to_uppercase())),
    function("reverse", "a", TEXT, |a| text(at(a, 0).to_text().chars().rev().collect())),
    function("substring", "sl;l", TEXT, substring),
    function("strcat", "a*", TEXT, |a| joined(a, "")),
    function("strcat_delim", "sa*", TEXT, |a| joined(a.get(1..).unwrap_or_default(), at(a, 0).str())),
    function("strrep", "al;s", TEXT, repeat),
    function("indexof", "ss;lll", LONG, indexof),
    function("countof", "ss;s", LONG, countof),
    function("split", "ss;l", DYNAMIC, split),
    function("trim", "ss", TEXT, |a| trim(a, true, true)),
    function("trim_start", "ss", TEXT, |a| trim(a, true, false)),
    function("trim_end", "ss", TEXT, |a| trim(a, false, true)),
    function("replace_string", "sss", TEXT, replace_string),
    function("replace_strings", "syy", TEXT, replace_strings),
    function("translate", "sss", TEXT, translate),
    function("strcmp", "ss", LONG, |a| Value::Long(at(a, 0).str().cmp(at(a, 1).str()) as i64)),
    function("has_any_index", "sy", LONG, has_any_index),
    function("isascii", "s", BOOL, |a| Value::Bool(at(a, 0).str().is_ascii())),
    function("base64_encode_tostring", "s", TEXT, |a| text(encode64(at(a, 0).str().as_bytes()))),
    function("base64_decode_tostring", "s", TEXT, decode64),
    function("base64_encodestring", "s", TEXT, |a| text(encode64(at(a, 0).str().as_bytes()))),
    function("base64_decodestring", "s", TEXT, decode64),
    function("url_encode", "s", TEXT, |a| text(url_encode(at(a, 0).str()))),
    function("url_decode", "s", TEXT, |a| text(url_decode(at(a, 0).str()))),
    function("parse_url", "s", DYNAMIC, parse_url),
    function("parse_path", "s", DYNAMIC, parse_path),
    function("parse_csv", "s", DYNAMIC, parse_csv),
    function("hash_sha256", "a", TEXT, |a| {
        text(base16ct::lower::encode_string(&Sha256::digest(at(a, 0).to_text().as_bytes())))
    }),
    function("tohex", "l;l", TEXT, |a| {
        let width = usize::try_from(at(a, 1).long().unwrap_or_default()).unwrap_or_default().min(64);
        at(a, 0).long().map_or(Value::Null, |number| text(format!("{number:0width$x}")))
    }),
    function("make_string", "l*", TEXT, |a| {
        text(a.iter().filter_map(|code| char::from_u32(u32::try_from(code.long()?).ok()?)).collect())
    }),
    function("unicode_codepoints_from_string", "s", DYNAMIC, |a| {
        super::bounded(at(a, 0).str().chars().map(|letter| Json::from(u32::from(letter))).collect())
    }),
];

fn joined(values: &[Value], between: &str) -> Value {
    let mut out = String::new();
    for (n, value) in values.iter().enumerate() {
        if n > 0 {
            out += between;
        }
        out += &value.to_text();
        if out.len() > LONGEST_TEXT {
            break;
        }
    }
    text(out)
}

/// Source: a negative start counts from the end.
fn substring(a: &[Value]) -> Value {
    let letters: Vec<char> = at(a, 0).str().chars().collect();
    let length = i64::try_from(letters.len()).unwrap_or(i64::MAX);
    let Some(start) = at(a, 1).long() else { return Value::Null };
    let start = if start < 0 { (length + start).max(0) } else { start.min(length) };
    let count = match a.get(2) {
        Some(count) => count.long().unwrap_or_default().max(0),
        None => length,
    };
    let take = usize::try_from(count).unwrap_or(usize::MAX);
    text(letters.iter().skip(usize::try_from(start).unwrap_or_default()).take(take).collect())
}

fn repeat(a: &[Value]) -> Value {
    // Source: 1,024 times at most.
    let times = at(a, 1).long().unwrap_or_default().clamp(0, 1_024);
    let times = usize::try_from(times).unwrap_or_default();
    joined(&vec![at(a, 0).clone(); times], a.get(2).map_or("", |between| between.str()))
}

fn indexof(a: &[Value]) -> Value {
    let (whole, sought) = (at(a, 0).str(), at(a, 1).str());
    let letters: Vec<(usize, char)> = whole.char_indices().collect();
    let start = usize::try_from(a.get(2).and_then(Value::long).unwrap_or_default()).unwrap_or_default();
    let most = a.get(3).and_then(Value::long).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let occurrence = usize::try_from(a.get(4).and_then(Value::long).unwrap_or(1)).unwrap_or(1).max(1);
    let from = letters.get(start).map_or(whole.len(), |(at, _)| *at);
    let end = letters.get(start.saturating_add(most)).map_or(whole.len(), |(at, _)| *at);
    let part = whole.get(from..end.max(from)).unwrap_or_default();
    let found = part.match_indices(sought).nth(occurrence - 1);
    found.map_or(Value::Long(-1), |(at, _)| Value::count(whole.get(..from + at).unwrap_or_default().chars().count()))
}

fn countof(a: &[Value]) -> Value {
    let (whole, sought) = (at(a, 0).str(), at(a, 1).str());
    if a.get(2).is_some_and(|kind| kind.str() == "regex") {
        return pattern::compile(sought).map_or(Value::Null, |regex| Value::count(regex.find_iter(whole).count()));
    }
    // Spec: occurrences of a text may overlap.
    let Some(first) = sought.chars().next() else { return Value::Long(0) };
    let mut count = 0;
    let mut from = 0;
    while let Some(found) = whole.get(from..).and_then(|rest| rest.find(sought)) {
        count += 1;
        from += found + first.len_utf8();
    }
    Value::Long(count)
}

fn split(a: &[Value]) -> Value {
    let (whole, between) = (at(a, 0).str(), at(a, 1).str());
    let parts: Vec<Json> = if between.is_empty() {
        whole.chars().map(|letter| Json::from(letter.to_string())).collect()
    } else {
        whole.split(between).map(Json::from).collect()
    };
    match a.get(2).and_then(Value::long) {
        Some(n) => {
            let part = usize::try_from(n).ok().and_then(|n| parts.get(n)).cloned();
            super::bounded(Json::Array(part.into_iter().collect()))
        }
        None => super::bounded(Json::Array(parts)),
    }
}

fn trim(a: &[Value], start: bool, end: bool) -> Value {
    let (sought, mut rest) = (at(a, 0).str(), at(a, 1).str());
    if start && let Some(found) = pattern::compile(&format!("^(?:{sought})")).and_then(|regex| regex.find(rest)) {
        rest = rest.get(found.range().end..).unwrap_or_default();
    }
    if end && let Some(found) = pattern::compile(&format!("(?:{sought})$")).and_then(|regex| regex.find(rest)) {
        rest = rest.get(..found.start()).unwrap_or_default();
    }
    text(rest.to_owned())
}

fn replace_all(whole: &str, sought: &str, with: &str) -> String {
    if sought.is_empty() {
        return whole.to_owned();
    }
    let mut out = String::new();
    for (n, part) in whole.split(sought).enumerate() {
        if n > 0 {
            out += with;
        }
        out += part;
        if out.len() > LONGEST_TEXT {
            break;
        }
    }
    out
}

fn replace_string(a: &[Value]) -> Value {
    text(replace_all(at(a, 0).str(), at(a, 1).str(), at(a, 2).str()))
}

fn replace_strings(a: &[Value]) -> Value {
    let list = |n: usize| at(a, n).json().and_then(Json::as_array).cloned().unwrap_or_default();
    let pairs = list(1).into_iter().zip(list(2));
    let plain = |json: Json| convert(&Value::dynamic(json), Kind::String).to_text();
    text(
        pairs
            .fold(at(a, 0).str().to_owned(), |whole, (sought, with)| replace_all(&whole, &plain(sought), &plain(with))),
    )
}

fn translate(a: &[Value]) -> Value {
    let (from, to): (Vec<char>, Vec<char>) = (at(a, 0).str().chars().collect(), at(a, 1).str().chars().collect());
    let letter = |letter: char| match from.iter().position(|sought| *sought == letter) {
        Some(n) => to.get(n).or_else(|| to.last()).copied(),
        None => Some(letter),
    };
    text(at(a, 2).str().chars().filter_map(letter).collect())
}

fn has_any_index(a: &[Value]) -> Value {
    let whole = at(a, 0).str().to_lowercase();
    let terms = at(a, 1).json().and_then(Json::as_array).cloned().unwrap_or_default();
    let found =
        terms.iter().position(|term| has(&whole, &term.as_str().unwrap_or_default().to_lowercase(), true, true));
    found.map_or(Value::Long(-1), Value::count)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let number = part.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for n in 0..4 {
            let six = usize::try_from(number >> (18 - 6 * n) & 63).unwrap_or_default();
            out.push(if n > part.len() { '=' } else { char::from(ALPHABET.get(six).copied().unwrap_or(b'=')) });
        }
    }
    out
}

fn decode64(a: &[Value]) -> Value {
    let mut bytes = Vec::new();
    let (mut number, mut bits) = (0_u32, 0);
    for byte in at(a, 0).str().trim_end_matches('=').bytes() {
        let Some(six) = ALPHABET.iter().position(|letter| *letter == byte) else { return Value::Null };
        number = (number << 6 | u32::try_from(six).unwrap_or_default()) & 0x00ff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(number >> bits & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8(bytes).map_or(Value::Null, text)
}

fn url_encode(whole: &str) -> String {
    let mut out = String::new();
    for byte in whole.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

fn url_decode(whole: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = whole.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'%').then(|| behind.get(..2)).flatten();
        let code = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        bytes.push(code.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if code.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse_url(a: &[Value]) -> Value {
    let whole = at(a, 0).str();
    let (scheme, rest) = whole.split_once("://").unwrap_or(("", whole));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let parameters: serde_json::Map<String, Json> =
        parameters.map(|(name, value)| (name.to_owned(), url_decode(value).into())).collect();
    super::bounded(json!({
        "Scheme": scheme, "Host": host, "Port": port, "Path": path, "Username": name, "Password": password,
        "Query Parameters": parameters, "Fragment": fragment,
    }))
}

fn parse_path(a: &[Value]) -> Value {
    let whole = at(a, 0).str();
    let (scheme, rest) = whole.split_once("://").unwrap_or(("", whole));
    let (rest, stream) = match rest.rfind(':') {
        Some(at) if at > 2 => rest.split_at(at),
        _ => (rest, ""),
    };
    let (directory, file) = rest
        .rfind(['/', '\\'])
        .map_or(("", rest), |at| (rest.get(..at).unwrap_or_default(), rest.get(at + 1..).unwrap_or_default()));
    let root = if rest.get(1..2) == Some(":") { rest.get(..2).unwrap_or_default() } else { "" };
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let name = directory.rsplit(['/', '\\']).next().unwrap_or_default();
    super::bounded(json!({
        "Scheme": scheme, "RootPath": root, "DirectoryPath": directory, "DirectoryName": name, "Filename": file,
        "Extension": extension, "AlternateDataStreamName": stream.trim_start_matches(':'),
    }))
}

fn parse_csv(a: &[Value]) -> Value {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = at(a, 0).str().chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                fields.last_mut().into_iter().for_each(|field| field.push('"'));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            '\r' | '\n' if !quoted => break,
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    super::bounded(fields.into_iter().map(Json::from).collect())
}
