//! Takes names, secrets and keys out of a whole dialogue.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::names::{Name, Names};
use super::{Exchange, RecordError};
use crate::psrp::fragment::split;
use crate::psrp::{Message, MessageType};
use crate::soap::decode_base64;
use crate::xml::Element;

/// A dialogue that may be written.
pub(super) struct Clean {
    pub(super) exchanges: Vec<Exchange>,
    pub(super) redacted: Vec<String>,
    /// Every message: exchange, whether the client said it, the message.
    pub(super) messages: Vec<(usize, bool, Message)>,
}

/// One fragment of the dialogue and where it stands.
struct Fragment {
    exchange: usize,
    from_client: bool,
    /// Which stream element of its envelope.
    stream: usize,
    line: (bool, Option<String>),
    object: u64,
    number: u64,
    marks: u8,
    data: Vec<u8>,
}

pub(super) fn all(told: &[(String, String)], mut exchanges: Vec<Exchange>) -> Result<Clean, RecordError> {
    let mut names = Names::default();
    told.iter().for_each(|(text, placeholder)| names.tell(text, placeholder));
    let mut fragments = Vec::new();
    for (index, exchange) in exchanges.iter().enumerate() {
        for (from_client, body) in [(true, &exchange.request), (false, &exchange.response)] {
            if body.is_empty() {
                continue;
            }
            let unreadable = RecordError::Unreadable { exchange: index + 1 };
            let Ok(root) = Element::parse_bytes(body) else { return Err(unreadable) };
            names.learn_from_envelope(&root);
            for (stream, (command, text)) in streams(&root).into_iter().enumerate() {
                let data = decode_base64(text).ok_or(RecordError::Unreadable { exchange: index + 1 })?;
                take_apart(&data, (index, from_client, stream), &command, &mut fragments)
                    .ok_or(RecordError::Unreadable { exchange: index + 1 })?;
            }
        }
    }
    let groups = messages(&fragments);
    for parts in &groups {
        if let Some(message) = whole(&fragments, parts) {
            let text = String::from_utf8_lossy(&message.payload);
            if let Ok(root) = Element::parse(text.trim_start_matches('\u{FEFF}')) {
                names.learn_from_payload(&root);
            }
        }
    }
    let (mut met, mut keys, mut decoded) = (Vec::new(), false, Vec::new());
    for parts in &groups {
        let Some(mut message) = whole(&fragments, parts) else {
            // Without its end it cannot be read, and so not be trusted.
            parts.iter().for_each(|at| blank(fragments.get_mut(*at)));
            continue;
        };
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        let clean = payload(message.kind, &text, &names, &mut met, &mut keys);
        message.payload = clean.into_bytes();
        cut_again(&mut fragments, parts, &message.encode());
        let first = parts.first().and_then(|at| fragments.get(*at));
        decoded.push((first.map_or(0, |f| f.exchange), first.is_some_and(|f| f.from_client), message));
    }
    decoded.sort_by_key(|(exchange, from_client, _)| (*exchange, !*from_client));
    for (index, exchange) in exchanges.iter_mut().enumerate() {
        let unreadable = || RecordError::Unreadable { exchange: index + 1 };
        for from_client in [true, false] {
            let body = if from_client { &mut exchange.request } else { &mut exchange.response };
            if body.is_empty() {
                continue;
            }
            let text = std::str::from_utf8(body).map_err(|_| unreadable())?.to_owned();
            let clean = envelope(&text, (index, from_client), &fragments, &names, &mut met).ok_or_else(unreadable)?;
            *body = clean.into_bytes();
        }
    }
    check(&exchanges, &decoded, &names)?;
    let mut redacted: Vec<_> = met.iter().map(|name: &Name| format!("{} -> {}", name.kind, name.placeholder)).collect();
    if keys {
        redacted.push("key material -> fixed bytes".to_owned());
    }
    redacted.sort();
    redacted.dedup();
    Ok(Clean { exchanges, redacted, messages: decoded })
}

/// Nothing leaves with a name in it.
fn check(exchanges: &[Exchange], decoded: &[(usize, bool, Message)], names: &Names) -> Result<(), RecordError> {
    for (index, exchange) in exchanges.iter().enumerate() {
        for body in [&exchange.request, &exchange.response] {
            let root = Element::parse_bytes(body);
            // Markup and base64 may hold the letters of a name by accident;
            // what is read as text must not.
            if root.is_ok_and(|root| texts(&root).iter().any(|text| names.found_in(text))) {
                return Err(RecordError::NotRedacted { exchange: index + 1 });
            }
        }
    }
    for (exchange, _, message) in decoded {
        let payload = String::from_utf8_lossy(&message.payload);
        let root = Element::parse(payload.trim_start_matches('\u{FEFF}'));
        if root.is_ok_and(|root| texts(&root).iter().any(|text| names.found_in(text))) {
            return Err(RecordError::NotRedacted { exchange: exchange + 1 });
        }
    }
    Ok(())
}

/// Texts and attributes, without type names and streams.
fn texts(root: &Element<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if root.name() != "T" && !is_stream(root.name()) {
        found.push(root.text.clone().into_owned());
        found.extend(root.attributes().map(|(_, value)| value.to_owned()));
    }
    root.children.iter().for_each(|child| found.extend(texts(child)));
    found
}

fn is_stream(name: &str) -> bool {
    ["Stream", "Arguments", "creationXml", "connectXml", "connectResponseXml"].contains(&name)
}

/// Streams of an envelope with their commands, in document order.
fn streams<'e>(root: &'e Element<'_>) -> Vec<(Option<String>, &'e str)> {
    let mut found = Vec::new();
    collect(root, &None, &mut found);
    found
}

fn collect<'e>(element: &'e Element<'_>, line: &Option<String>, found: &mut Vec<(Option<String>, &'e str)>) {
    let own = element.attribute("CommandId").map(str::to_uppercase);
    let line = if own.is_some() { &own } else { line };
    if is_stream(element.name()) && !element.trimmed().is_empty() {
        found.push((line.clone(), &element.text));
    }
    element.children.iter().for_each(|child| collect(child, line, found));
}

fn take_apart(
    mut bytes: &[u8],
    (exchange, from_client, stream): (usize, bool, usize),
    command: &Option<String>,
    fragments: &mut Vec<Fragment>,
) -> Option<()> {
    while !bytes.is_empty() {
        let (header, data, rest) = split(bytes)?;
        fragments.push(Fragment {
            exchange,
            from_client,
            stream,
            line: (from_client, command.clone()),
            object: header.object,
            number: header.fragment,
            marks: header.flags,
            data: data.to_vec(),
        });
        bytes = rest;
    }
    Some(())
}

/// The fragments of each message, as places in the list.
fn messages(fragments: &[Fragment]) -> Vec<Vec<usize>> {
    // By line and object.
    let mut open = BTreeMap::<_, Vec<usize>>::new();
    let mut done = Vec::new();
    for (at, fragment) in fragments.iter().enumerate() {
        let key = (&fragment.line, fragment.object);
        if fragment.number == 0
            && let Some(left) = open.remove(&key)
        {
            done.push(left);
        }
        open.entry(key).or_default().push(at);
        if fragment.marks & 2 != 0 {
            done.extend(open.remove(&key));
        }
    }
    done.extend(open.into_values());
    done
}

fn whole(fragments: &[Fragment], parts: &[usize]) -> Option<Message> {
    let parts: Vec<_> = parts.iter().filter_map(|at| fragments.get(*at)).collect();
    let complete = parts.first()?.marks & 1 != 0 && parts.last()?.marks & 2 != 0;
    let bytes: Vec<u8> = parts.iter().flat_map(|part| part.data.iter().copied()).collect();
    Message::decode(&bytes).ok().filter(|_| complete)
}

fn blank(fragment: Option<&mut Fragment>) {
    if let Some(fragment) = fragment {
        fragment.data.fill(b' ');
    }
}

/// Cuts into as many fragments as before, of about equal length.
fn cut_again(fragments: &mut [Fragment], parts: &[usize], message: &[u8]) {
    let room = message.len().div_ceil(parts.len().max(1)).max(1);
    let mut chunks = message.chunks(room);
    for at in parts {
        if let Some(fragment) = fragments.get_mut(*at) {
            fragment.data = chunks.next().unwrap_or_default().to_vec();
        }
    }
}

fn payload(kind: MessageType, text: &str, names: &Names, met: &mut Vec<Name>, keys: &mut bool) -> String {
    let clean = markup(text, names, met);
    let mut keyed = |clean: &str, element: &str, bytes: &[u8]| {
        let fixed = fill(clean, element, &STANDARD.encode(bytes));
        *keys |= fixed != clean;
        fixed
    };
    let clean = match kind {
        // The shape stays, so that it is still read: header, exponent, an odd number.
        MessageType::PublicKey => keyed(&clean, "S", &[&PUBLIC_BLOB[..], &[0xFF; 256]].concat()),
        MessageType::EncryptedSessionKey => keyed(&clean, "S", &[&SESSION_BLOB[..], &[0; 256]].concat()),
        _ => clean,
    };
    keyed(&clean, "SS", &[0; 16])
}

/// PUBLICKEYBLOB and RSAPUBKEY of 2048 bits with exponent 65537.
///
/// Source: [MS-PSRP] §2.2.2.3.
const PUBLIC_BLOB: [u8; 20] = [6, 2, 0, 0, 0, 0xA4, 0, 0, 0x52, 0x53, 0x41, 0x31, 0, 8, 0, 0, 1, 0, 1, 0];
/// SIMPLEBLOB of an AES-256 key.
///
/// Source: [MS-PSRP] §2.2.2.4.
const SESSION_BLOB: [u8; 12] = [1, 2, 0, 0, 0x10, 0x66, 0, 0, 0, 0xA4, 0, 0];

/// Puts `content` into every element of that name.
fn fill(document: &str, name: &str, content: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(document.len()), document);
    let open = format!("<{name}");
    while let Some((before, behind)) = rest.split_once(&open) {
        out.push_str(before);
        out.push_str(&open);
        rest = behind;
        let Some((tag, inside)) = behind.split_once('>').filter(|_| behind.starts_with([' ', '>', '/'])) else {
            continue;
        };
        out.push_str(tag);
        out.push('>');
        rest = inside;
        if !tag.ends_with('/') {
            let (_, after) = inside.split_at_checked(inside.find('<').unwrap_or(0)).unwrap_or(("", inside));
            out.push_str(content);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Replaces in texts and in the values of attributes, not in names, type names
/// and namespaces.
fn markup(document: &str, names: &Names, met: &mut Vec<Name>) -> String {
    let (mut out, mut rest) = (String::with_capacity(document.len()), document);
    let mut in_type = false;
    while let Some((text, behind)) = rest.split_once('<') {
        let Some((tag, after)) = behind.split_once('>') else { break };
        out.push_str(&content(text, in_type, names, met));
        out.push('<');
        out.push_str(&attributes(tag, names, met));
        out.push('>');
        in_type = tag == "T";
        rest = after;
    }
    // A tag without end is text like any other.
    out.push_str(&content(rest, in_type, names, met));
    out
}

fn content(text: &str, in_type: bool, names: &Names, met: &mut Vec<Name>) -> String {
    if in_type {
        return text.to_owned();
    }
    // `a&amp;b` is found as `a&b`, and so is CLIXML's `_x0026_`.
    let plain = unescape(text);
    let clean = names.replace(&plain, met);
    if clean == plain { text.to_owned() } else { escape(&clean) }
}

fn unescape(text: &str) -> String {
    crate::xml::unescape(text).unwrap_or_else(|| text.to_owned())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attributes(tag: &str, names: &Names, met: &mut Vec<Name>) -> String {
    let (mut out, mut rest) = (String::with_capacity(tag.len()), tag);
    while let Some(at) = rest.find(['"', '\'']) {
        let (before, quoted) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let inside = quoted.get(1..).unwrap_or_default();
        let Some((value, after)) = inside.split_once(quote) else { break };
        out.push_str(before);
        out.push(quote);
        let declares = before.trim_end().trim_end_matches('=').rsplit(char::is_whitespace).next();
        if declares.is_some_and(|name| name.starts_with("xmlns")) {
            out.push_str(value);
        } else {
            let plain = unescape(value);
            let clean = names.replace(&plain, met);
            if clean == plain {
                out.push_str(value);
            } else {
                out.push_str(&escape(&clean).replace('"', "&quot;").replace('\'', "&apos;"));
            }
        }
        out.push(quote);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// An envelope with its streams made anew.
fn envelope(
    text: &str,
    (exchange, from_client): (usize, bool),
    fragments: &[Fragment],
    names: &Names,
    met: &mut Vec<Name>,
) -> Option<String> {
    let root = Element::parse_bytes(text.as_bytes()).ok()?;
    // Streams first: their base64 must not be touched as text.
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    for (stream, (_, packed)) in streams(&root).into_iter().enumerate() {
        let (before, behind) = rest.split_once(packed)?;
        out.push_str(&markup(before, names, met));
        let its = fragments.iter().filter(|f| (f.exchange, f.from_client, f.stream) == (exchange, from_client, stream));
        let mut bytes = Vec::new();
        for fragment in its {
            bytes.extend_from_slice(&fragment.object.to_be_bytes());
            bytes.extend_from_slice(&fragment.number.to_be_bytes());
            bytes.push(fragment.marks);
            bytes.extend_from_slice(&u32::try_from(fragment.data.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(&fragment.data);
        }
        out.push_str(&STANDARD.encode(bytes));
        rest = behind;
    }
    out.push_str(&markup(rest, names, met));
    Some(out)
}
