use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use wsman::entropy::Entropy;

use super::chain::Chain;
use super::key::Key;
use super::lines::{Durable, Lines, Medium};
use super::*;

fn key() -> Key {
    Key::drawn(&mut Entropy::seeded(7))
}

fn map(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => unreachable!("tests give objects"),
    }
}

/// Arguments of a made-up tool.
fn kept(given: Json) -> (Json, Json) {
    let severities = ["High".to_owned(), "Low".to_owned()];
    let is_date = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
    let describe = |name: &str| {
        let described = |form| Described { names_object: false, secret: false, form };
        match name {
            "RuleId" | "TableNames" => Some(Described { names_object: true, ..described(Form::Free) }),
            "Severity" | "Severities" => Some(described(Form::OneOf(&severities))),
            "Since" => Some(described(Form::Format(&is_date))),
            "Query" | "Enabled" | "LastDays" | "Settings" | "Notes" => Some(described(Form::Free)),
            "Token" => Some(Described { secret: true, ..described(Form::Free) }),
            _ => None,
        }
    };
    let arguments = serde_json::to_value(Arguments::of(&map(given), describe, &key())).unwrap();
    (arguments.get("object").cloned().unwrap_or_default(), arguments.get("arguments").cloned().unwrap_or_default())
}

fn is_hidden(value: &Json) -> bool {
    value.as_object().is_some_and(|all| all.len() == 1 && all["hmac"].as_str().is_some_and(|hmac| hmac.len() == 32))
}

#[test]
fn the_object_is_plain_and_so_is_what_cannot_hold_free_text() {
    let (object, arguments) = kept(json!({
        "RuleId": "Bob's rule", "TableNames": ["SigninLogs", "AuditLogs"], "Severity": "high", "Severities": ["Low"],
        "Since": "2026-11-28T07:25:03Z", "Enabled": true, "LastDays": 30,
    }));
    assert_eq!(object, json!({ "RuleId": "Bob's rule", "TableNames": ["SigninLogs", "AuditLogs"] }));
    assert_eq!(
        arguments,
        json!({
            "Severity": "high", "Severities": ["Low"], "Since": "2026-11-28T07:25:03Z", "Enabled": true, "LastDays": 30,
        })
    );
}

#[test]
fn free_text_is_hidden_wherever_it_stands() {
    let planted = "planted-text";
    let given = json!({
        "Query": planted,
        // Refused for their values; the line is written all the same.
        "Severity": planted, "Severities": ["High", planted], "Since": planted,
        "Settings": { planted: planted }, "Notes": [[planted], { "a": planted }, planted, 1],
        planted: planted,
    });
    let (object, arguments) = kept(given);
    assert!(object.is_null());
    assert!(!arguments.to_string().contains(planted), "{arguments}");
    for hidden in ["/Query", "/Severity", "/Severities/1", "/Since", "/Settings", "/Notes/0", "/Notes/1", "/Notes/2"] {
        assert!(is_hidden(arguments.pointer(hidden).unwrap()), "{hidden}: {arguments}");
    }
    assert_eq!((&arguments["Severities"][0], &arguments["Notes"][3]), (&json!("High"), &json!(1)));
    assert_eq!(arguments["(unknown)"]["count"], 1);
    assert_eq!(arguments["Query"], arguments["Since"], "the same text has the same seal");
    assert_ne!(kept(json!({ "Query": "another" })).1["Query"], arguments["Query"]);
}

#[test]
fn of_a_secret_nothing_is_kept() {
    for secret in [json!("planted"), json!(1234), json!(["planted"]), json!({ "a": 1 }), json!(true)] {
        assert_eq!(kept(json!({ "Token": secret })), (Json::Null, Json::Null));
    }
}

#[test]
fn what_is_too_long_to_keep_is_hidden() {
    let (object, _) = kept(json!({ "RuleId": "x".repeat(260), "TableNames": "x".repeat(261) }));
    assert!(object["RuleId"].is_string() && is_hidden(&object["TableNames"]));
    let (_, arguments) = kept(json!({ "Severities": vec!["High"; 33] }));
    assert!(is_hidden(&arguments["Severities"]));
    let (object, _) = kept(json!({ "TableNames": vec!["\u{1}".repeat(260); 32] }));
    assert!(is_hidden(&object["(all)"]), "{object}");
}

#[test]
fn without_a_folder_nothing_is_kept_and_nothing_refused() {
    let trail = Trail::none();
    let given = map(json!({ "RuleId": "x" }));
    let arguments = trail.arguments(&given, |_| None);
    assert_eq!(arguments, Arguments::default());
    let entry = Entry { arguments, ..entry() };
    assert_eq!(trail.begin(jiff::Timestamp::UNIX_EPOCH, &entry), Ok(()));
    assert_eq!((trail.head(), trail.unwritten()), (None, 0));
}

fn entry() -> Entry {
    let name = |text: &str| Some(text.to_owned());
    Entry {
        correlation: "c0ffee".into(),
        who: "local".into(),
        door: Door::Stdio,
        tool: "sentinel_rule_delete".into(),
        tenant: name("nordhafen"),
        workspace: name("prod"),
        host: name("jump-nordhafen"),
        arguments: Arguments::default(),
        confirmed: Some(Confirmed { by: "local".into(), what: "Rule-1".into() }),
    }
}

#[test]
fn a_line_says_who_what_where_and_how_it_ended() {
    let end = End {
        outcome: "refused".into(),
        code: Some("confirmation_failed".into()),
        duration: Duration::from_millis(1_234),
        workspaces: Vec::new(),
        ids: BTreeMap::from([("shell".into(), "S1".into())]),
        cause: Some("for the log only".into()),
    };
    let entry = Entry { tool: "x".repeat(100_000), ..entry() };
    let said = entry::Said::End { entry: &entry, end: &end };
    let line = entry::Line { time: "2026-11-28T07:25:03Z".into(), unwritten: Some(2), said };
    let (line, mark) = Chain::new(key(), "f").next(&line);
    let line: Json = serde_json::from_slice(&line).unwrap();
    assert_eq!(
        line,
        json!({
            "n": 1, "time": "2026-11-28T07:25:03Z", "unwritten": 2, "kind": "end", "correlation": "c0ffee",
            "who": "local", "door": "stdio", "tool": format!("{}…", "x".repeat(260)), "tenant": "nordhafen",
            "workspace": "prod", "host": "jump-nordhafen", "confirmed": { "by": "local", "what": "Rule-1" },
            "outcome": "refused", "code": "confirmation_failed", "duration_ms": 1234, "ids": { "shell": "S1" },
            "mac": mark.to_string(),
        })
    );
}

/// A file with room for so many bytes, on a disk that may lose its tools too.
#[derive(Debug, Default)]
struct Small {
    bytes: Vec<u8>,
    room: usize,
    broken_sync: bool,
    broken_cut: bool,
}

impl Medium for Small {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = bytes.len().min(self.room.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&bytes[..fits]);
        if fits == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.broken_sync { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if self.broken_cut {
            return Err(io::ErrorKind::Other.into());
        }
        self.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }

    fn length(&self) -> io::Result<Option<u64>> {
        Ok(Some(self.bytes.len() as u64))
    }
}

fn verified(bytes: &[u8]) -> u64 {
    let mut chain = Chain::new(key(), "f");
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").expect("whole lines only");
        chain.read::<serde::de::IgnoredAny>(line).unwrap();
    }
    chain.lines
}

#[test]
fn a_disk_that_is_full_at_any_byte_leaves_whole_lines_and_takes_the_next() {
    let said = json!({ "kind": "begin", "object": "a rule" });
    let length = Chain::new(key(), "f").next(&said).0.len();
    for room in 0..2 * length {
        for broken_cut in [false, true] {
            let medium = Small { room, broken_cut, ..Small::default() };
            let mut lines = Lines::after(medium, Chain::new(key(), "f"), 0);
            let fits = room / length;
            for n in 0..2 {
                let written = lines.write(&said, Durable::Now);
                assert_eq!(written.is_ok(), n < fits, "room for {room}");
            }
            lines.medium_mut().room = usize::MAX;
            lines.medium_mut().broken_cut = false;
            lines.write(&said, Durable::Now).unwrap();
            assert_eq!(verified(&lines.medium_mut().bytes), fits as u64 + 1, "room for {room}");
        }
    }
}

#[test]
fn what_is_not_synced_is_not_written() {
    let mut lines = Lines::after(Small { room: usize::MAX, ..Small::default() }, Chain::new(key(), "f"), 0);
    lines.write(&json!({}), Durable::Now).unwrap();
    lines.medium_mut().broken_sync = true;
    assert_eq!(lines.write(&json!({}), Durable::Now), Err(TrailError::Unwritable(io::ErrorKind::Other)));
    lines.write(&json!({}), Durable::Soon).unwrap();
    lines.medium_mut().broken_sync = false;
    lines.write(&json!({}), Durable::Now).unwrap();
    assert_eq!(verified(&lines.medium_mut().bytes), 3);
}

#[test]
fn a_file_that_somebody_else_wrote_takes_no_more() {
    let mut lines = Lines::after(Small { room: usize::MAX, ..Small::default() }, Chain::new(key(), "f"), 0);
    lines.write(&json!({}), Durable::Now).unwrap();
    let expected = lines.bytes;
    lines.medium_mut().bytes.push(b'x');
    assert_eq!(lines.write(&json!({}), Durable::Now), Err(TrailError::Touched { expected, found: expected + 1 }));
    lines.medium_mut().bytes.truncate(3);
    assert_eq!(lines.write(&json!({}), Durable::Now), Err(TrailError::Touched { expected, found: 3 }));
}

#[test]
fn half_a_line_is_told_from_what_was_put_there() {
    let chain = Chain::new(key(), "f");
    let (line, _) = chain.next(&json!({ "kind": "begin" }));
    for end in 0..line.len() {
        assert!(chain.is_half(&line[..end]), "cut at {end}");
        assert!(chain.is_half(&[&line[..end], &[0; 9]].concat()), "cut at {end}, zeros after it");
    }
    let whole = &line[..line.len() - 1];
    for put in [&b"x"[..], b"{\"n\":2,", b" ", &[whole, b"x"].concat(), &[whole, b"\r"].concat()] {
        assert!(!chain.is_half(put), "{}", String::from_utf8_lossy(put));
    }
}
