//! The folder: `recording.toml`, the bodies, a reading of the messages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::redact::Clean;
use super::{About, RecordError};
use crate::psrp::{MessageType, SessionCapability};
use crate::soap::{Answer, AnswerEnvelope, Request};

/// Longest payload in `decoded.txt`, as in the other recordings.
const SHOWN: usize = 4096;

pub(super) fn folder(folder: &Path, about: &About, clean: &Clean) -> Result<(), RecordError> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(RecordError::NotEmpty);
    }
    let mut toml = head(about, clean);
    let mut connections: BTreeMap<u64, usize> = BTreeMap::new();
    for (index, exchange) in clean.exchanges.iter().enumerate() {
        let number = index + 1;
        let action = Request::decode(&exchange.request).map_or("unknown", |request| request.operation.name());
        let file = format!("{number:02}-{}", action.to_lowercase());
        let next = connections.len() + 1;
        let connection = *connections.entry(exchange.connection).or_insert(next);
        fs::write(folder.join(format!("{file}.request.xml")), &exchange.request)?;
        let _ = write!(
            toml,
            "\n[[exchange]]\nn = {number}\naction = {}\nrequest = {}\n",
            quoted(action),
            quoted(&format!("{file}.request.xml"))
        );
        if let Some(status) = exchange.status {
            fs::write(folder.join(format!("{file}.response.xml")), &exchange.response)?;
            let _ = write!(toml, "response = {}\nstatus = {status}\n", quoted(&format!("{file}.response.xml")));
        }
        let answer = AnswerEnvelope::decode(&exchange.response).map(|envelope| envelope.answer);
        if let Ok(Answer::Fault(fault)) = answer
            && let Some(code) = fault.code
        {
            let _ = writeln!(toml, "fault = {code}");
        }
        let (at, took) = (exchange.at.as_millis(), exchange.took.as_millis());
        let _ = write!(toml, "connection = {connection}\nat_ms = {at}\ntook_ms = {took}\n");
    }
    fs::write(folder.join("recording.toml"), toml)?;
    fs::write(folder.join("decoded.txt"), decoded(about, clean))?;
    Ok(())
}

fn head(about: &About, clean: &Clean) -> String {
    let announced = clean
        .messages
        .iter()
        .find(|(_, client, message)| *client && message.kind == MessageType::SessionCapability)
        .and_then(|(_, _, message)| SessionCapability::decode(&message.payload).ok())
        .map_or_else(String::new, |capability| capability.protocol.to_string());
    let kinds: BTreeSet<_> = clean.messages.iter().map(|(_, _, message)| message.kind.name()).collect();
    let list = |texts: &mut dyn Iterator<Item = &str>| texts.map(quoted).collect::<Vec<_>>().join(", ");
    let lines: BTreeSet<_> = clean.exchanges.iter().map(|exchange| exchange.connection).collect();
    let mut toml = String::new();
    for (key, text) in [
        ("name", about.name.as_str()),
        ("theme", &about.theme),
        ("what", &about.what),
        ("provenance", "captured"),
        ("host", &about.host),
        ("client", concat!("wsman ", env!("CARGO_PKG_VERSION"))),
        ("protocol_announced", &announced),
        ("auth", &about.auth),
        ("recorded", &about.recorded),
    ] {
        let _ = writeln!(toml, "{key} = {}", quoted(text));
    }
    let _ = writeln!(toml, "edited = []\nredacted = [{}]", list(&mut clean.redacted.iter().map(String::as_str)));
    if let Some(seed) = about.entropy {
        let _ = writeln!(toml, "entropy = {seed}");
    }
    let _ = writeln!(toml, "connections = {}", lines.len());
    let _ = writeln!(toml, "message_types = [{}]", list(&mut kinds.into_iter()));
    toml
}

/// A basic string of TOML. JSON's escapes are a part of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7F}', "\\u007f")
}

fn decoded(about: &About, clean: &Clean) -> String {
    let mut text = format!("# {}: {}\n# > client to server, < server to client\n", about.name, about.what);
    let mut last = None;
    for (exchange, client, message) in &clean.messages {
        if last.replace(*exchange) != Some(*exchange) {
            let _ = writeln!(text, "\nexchange {}", exchange + 1);
        }
        let way = if *client { '>' } else { '<' };
        let payload = String::from_utf8_lossy(&message.payload);
        let payload = payload.trim_start_matches('\u{FEFF}');
        let shown: String = payload.chars().take(SHOWN).collect();
        let _ = writeln!(text, "  {way} {} {} bytes\n      {shown}", message.kind.name(), message.payload.len());
    }
    text
}
