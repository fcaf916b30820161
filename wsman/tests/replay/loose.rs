//! Files that are no whole dialogue: what is in them goes by their content.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsman::auth::multipart;
use wsman::clixml::{Limits, Value, decode, decode_all, encode};
use wsman::psrp::Message;
use wsman::psrp::fragment::Assembler;
use wsman::soap::{AnswerEnvelope, Request};

use super::report::Report;
use super::{decoded, messages};
use crate::infoset::{self, Node};

/// Replays one file.
pub(crate) fn file(path: &Path, name: &str, report: &mut Report) {
    report.count("files read by content");
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return report.wrong(format!("{name}: {error}")),
    };
    let base = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    if let Some(why) = no_recording(&base) {
        return report.leave_out(name, why);
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return report.leave_out(name, "not UTF-8 text, and no format of a recording is binary");
    };
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let malformed = name.to_lowercase().contains("malformed");
    match kind(text, malformed) {
        Kind::Empty => report.leave_out(name, "empty"),
        Kind::Malformed => self::malformed(name, text, report),
        Kind::Envelopes(all) => {
            for (n, envelope) in all.iter().enumerate() {
                let name = if all.len() == 1 { name.to_owned() } else { format!("{name}, {}", n + 1) };
                self::envelope(&name, envelope, report);
            }
        }
        Kind::ErrorStream(document) => error_stream(name, document, report),
        Kind::Clixml => clixml(name, text, report),
        Kind::Fragments(bytes) => fragments(name, &bytes, report),
        Kind::Sealed(body) => match multipart::decode(multipart::CONTENT_TYPE, body.clone(), 1 << 20) {
            Ok(sealed) if multipart::encode(&sealed) == body => report.count("sealed messages: frame taken apart"),
            Ok(_) => {
                // Windows and ironposh put other white space there.
                report.count("sealed messages: frame taken apart (written otherwise by us)");
            }
            Err(error) => report.wrong(format!("{name}: {error}")),
        },
        Kind::FuzzSeed(seeds) => {
            for seed in seeds {
                // Whatever it is for: nothing of ours may panic.
                let _ = decode(&seed, &Limits::DECODE);
                let _ = AnswerEnvelope::decode(&seed);
                let _ = Request::decode(&seed);
                let _ = Assembler::new(1 << 20).push(&seed);
                report.count("fuzz seeds taken");
            }
        }
        Kind::Unknown => report.leave_out(name, "text without envelope, CLIXML, fragments or sealed bytes"),
    }
}

fn no_recording(base: &str) -> Option<&'static str> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| base.ends_with(ending));
    if base.starts_with("license") || base.starts_with("licence") || base.starts_with("notice") {
        Some("a licence")
    } else if ends(&[".md", ".rst", ".adoc"]) {
        Some("documentation")
    } else if base == "decoded.txt" {
        Some("a reading of a recording, made from its files")
    } else if ends(&[".json"]) {
        Some("JSON: what a client made of a recording")
    } else if ends(&[".rs", ".py", ".rb", ".go", ".cs", ".ps1", ".psm1", ".sh"]) {
        Some("a program")
    } else {
        None
    }
}

enum Kind<'t> {
    Empty,
    /// Broken on purpose.
    Malformed,
    Envelopes(Vec<String>),
    /// What powershell.exe writes to its standard error.
    ErrorStream(&'t str),
    Clixml,
    Fragments(Vec<u8>),
    Sealed(Vec<u8>),
    FuzzSeed(Vec<Vec<u8>>),
    Unknown,
}

fn kind(text: &str, malformed: bool) -> Kind<'_> {
    if text.is_empty() {
        return Kind::Empty;
    }
    if malformed {
        return Kind::Malformed;
    }
    if let Some(document) = text.strip_prefix("#< CLIXML") {
        return Kind::ErrorStream(document.trim_start());
    }
    if text.starts_with("go test fuzz") {
        return Kind::FuzzSeed(text.lines().skip(1).filter_map(go_literal).collect());
    }
    let envelopes = envelopes(text);
    if !envelopes.is_empty() {
        return Kind::Envelopes(envelopes);
    }
    if text.starts_with('<') {
        return Kind::Clixml;
    }
    let packed: String = text.split_ascii_whitespace().collect();
    if let Some(bytes) = from_hex(&packed)
        && bytes.starts_with(b"--")
    {
        return Kind::Sealed(bytes);
    }
    match STANDARD.decode(packed) {
        Ok(bytes) if messages::fragments(&bytes).is_ok() => Kind::Fragments(bytes),
        _ => Kind::Unknown,
    }
}

/// Every `…:Envelope` element of a text.
fn envelopes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("Envelope").map(|at| at + from) {
        let start = text[..at].rfind('<').unwrap_or(at);
        let tag = &text[start..at + "Envelope".len()];
        let end = format!("</{}>", tag.trim_start_matches('<'));
        let opens = tag.starts_with('<') && tag[1..].chars().all(|c| c.is_alphanumeric() || "-_:".contains(c));
        match text[at..].find(&end).filter(|_| opens) {
            Some(length) => {
                from = at + length + end.len();
                found.push(text[start..from].to_owned());
            }
            None => from = at + "Envelope".len(),
        }
    }
    found
}

/// The text, its placeholders filled.
fn counted(text: &str, report: &mut Report) -> String {
    let filled = filled(text);
    if filled != text {
        report.count("templates, filled");
    }
    filled
}

fn envelope(name: &str, text: &str, report: &mut Report) {
    let filled = counted(text, report);
    let root = match Node::parse(&filled) {
        Ok(root) => root,
        Err(xml) => {
            let ours =
                AnswerEnvelope::decode(filled.as_bytes()).is_err() && Request::decode(filled.as_bytes()).is_err();
            if !ours {
                report.wrong(format!("{name}: read, although it is not well-formed ({xml})"));
            }
            return report.leave_out(name, format!("not well-formed XML, refused by us too: {xml}"));
        }
    };
    let has = |element: &str| root.find(element).is_some();
    let action = root.find("Action").map(|action| action.text.trim().to_owned());
    match action.as_deref() {
        None if !has("Fault") => {
            if AnswerEnvelope::decode(filled.as_bytes()).is_ok() {
                report.wrong(format!("{name}: read, although it has no Action"));
            }
            report.leave_out(name, "an answer without wsa:Action, which no host sends: made for a test; refused by us");
        }
        Some(action) if !action.ends_with("Response") && !has("Fault") && !has("RelatesTo") => {
            decoded::request(name, filled.as_bytes(), report);
        }
        _ => decoded::answer(name, filled.as_bytes(), report),
    }
    if messages::is_powershell(&root) == Some(true) || !has("ResourceURI") {
        let pieces = messages::pieces(&root).unwrap_or_default();
        for piece in pieces.iter().filter(|piece| messages::fragments(&piece.data).is_ok_and(|all| !all.is_empty())) {
            fragments(name, &piece.data, report);
        }
    }
}

/// Fills `<%= name %>` by what the name asks for.
fn filled(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once("<%") {
        let Some((code, after)) = behind.split_once("%>") else { break };
        out.push_str(before);
        out.push_str(match code.trim_start_matches('=').trim() {
            "command_id" | "shell_id" | "uuid" => "B3959315-D092-4B09-A4A2-6000B5AD2883",
            name if name.contains("stdout") || name.contains("stderr") => "",
            name if name.contains("state") || name.contains("code") => "4",
            _ => "text",
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn clixml(name: &str, text: &str, report: &mut Report) {
    let filled = counted(text, report);
    let root = match Node::parse(&filled) {
        Ok(root) => root,
        Err(xml) => {
            if decode(&filled, &Limits::DECODE).is_ok() && decode_all(&filled, &Limits::DECODE).is_err() {
                report.wrong(format!("{name}: read, although it is not well-formed ({xml})"));
            }
            return match decode_all(&filled, &Limits::DECODE) {
                Ok(_) => items(name, &filled, report),
                Err(_) => report.leave_out(name, format!("not well-formed XML, refused by us too: {xml}")),
            };
        }
    };
    if root.name == "Objs" || is_clixml(&root.name) {
        items(name, &filled, report);
    } else {
        report.leave_out(name, format!("XML, but neither an envelope nor CLIXML: <{}>", root.name));
    }
}

fn is_clixml(name: &str) -> bool {
    const PRIMITIVES: &[&str] = &[
        "Obj", "Ref", "Nil", "S", "C", "B", "DT", "TS", "By", "SB", "U16", "I16", "U32", "I32", "U64", "I64", "Sg",
        "Db", "D", "BA", "G", "URI", "Version", "XD", "SBK", "SS", "PR",
    ];
    PRIMITIVES.contains(&name)
}

fn items(name: &str, document: &str, report: &mut Report) {
    let values = match decode_all(document, &Limits::DECODE) {
        Ok(values) => values,
        Err(error) => return report.wrong(format!("{name}: {error}")),
    };
    let limits = Limits { depth: Limits::DECODE.depth, ..Limits::ENCODE };
    let encoded: Result<Vec<_>, _> = values.iter().map(|item| encode(&item.value, &limits)).collect();
    match encoded {
        Err(error) => report.wrong(format!("{name}: encode: {error}")),
        Ok(each) => match infoset::compare_each(document, &each) {
            Ok(()) => report.add("CLIXML files: values re-encoded to the same infoset", each.len()),
            Err(at) => report.wrong(format!("{name}: another document: {at}")),
        },
    }
    report.count("CLIXML files");
}

fn error_stream(name: &str, document: &str, report: &mut Report) {
    items(name, document, report);
    let values = decode_all(document, &Limits::DECODE).unwrap_or_default();
    if values.iter().any(|item| item.stream.is_none()) {
        report.wrong(format!("{name}: a value without its stream"));
    }
    let bars = values.iter().filter(|item| matches!(item.value.get("Record"), Some(Value::Progress(_)))).count();
    report.add("progress records of powershell.exe's standard error", bars);
}

fn fragments(name: &str, bytes: &[u8], report: &mut Report) {
    match Assembler::new(Assembler::DEFAULT_LIMIT).push(bytes) {
        Err(error) => report.wrong(format!("{name}: {error}")),
        Ok(messages) => {
            for bytes in messages {
                match Message::decode(&bytes) {
                    Err(error) => report.wrong(format!("{name}: {error}")),
                    Ok(message) => match decoded::clixml(&message.payload, &Limits::ENCODE) {
                        Ok(_) => report.count("messages in loose files decoded"),
                        Err(error) => report.wrong(format!("{name}, {}: {error}", message.kind.name())),
                    },
                }
            }
        }
    }
}

fn malformed(name: &str, text: &str, report: &mut Report) {
    // Broken by hand: no panic, and never an answer that it does not hold.
    let well_formed = Node::parse(text);
    match (AnswerEnvelope::decode(text.as_bytes()), &well_formed) {
        (Ok(_), Err(xml)) => report.wrong(format!("{name}: read, although it is not well-formed ({xml})")),
        (Ok(_), Ok(_)) => report.count("malformed envelopes: read, what is odd about them does not matter"),
        (Err(_), _) => report.count("malformed envelopes: refused"),
    }
    let _ = decode(text, &Limits::DECODE);
    let _ = Request::decode(text.as_bytes());
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let even = text.len() >= 2 && text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    even.then(|| (0..text.len()).step_by(2).map(pair).collect()).flatten()
}

/// The bytes of a Go string or []byte literal.
fn go_literal(line: &str) -> Option<Vec<u8>> {
    let inner = line.split_once('"')?.1.rsplit_once('"')?.0;
    let (mut bytes, mut rest) = (Vec::new(), inner.chars());
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.to_string().bytes());
            continue;
        }
        match rest.next()? {
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).ok()?);
            }
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            other => bytes.extend(other.to_string().bytes()),
        }
    }
    Some(bytes)
}
