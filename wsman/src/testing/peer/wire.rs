//! Parts of envelopes that only this host needs.

use uuid::Uuid;

use crate::soap::{Answer, AnswerEnvelope, CommandState, Header, Received, StreamData, ns};
use crate::xml::{Element, Writer};

/// Bytes of a ReceiveResponse without its streams, and of a stream without
/// its base64.
pub(super) fn overhead(command_id: Option<Uuid>) -> (usize, usize) {
    let bytes = |streams| {
        let state = Some(CommandState { command_id, done: true });
        let answer = Answer::Received(Received { streams, state });
        AnswerEnvelope { message_id: Some(Uuid::nil()), relates_to: Some(Uuid::nil()), answer }.encode().len()
    };
    let around = bytes(Vec::new());
    let with_one = bytes(vec![StreamData { command_id, data: Vec::new() }]);
    // An empty ReceiveResponse may be written shorter than one with content.
    (around + 16, with_one.saturating_sub(around))
}

/// The reference to a new shell, in front of its description. Windows sends
/// both, OMI only this; pypsrp reads the shell's id from here and nowhere
/// else.
///
/// Source: [MS-WSMV] §3.1.4.5.2, WS-Transfer §4.1.
pub(super) fn resource_created(header: &Header, shell_id: &str) -> String {
    let mut w = Writer::with_capacity(512);
    w.open("x:ResourceCreated", &[])
        .leaf("a:Address", &[], &header.to)
        .open("a:ReferenceParameters", &[])
        .leaf("w:ResourceURI", &[], &header.resource_uri)
        .open("w:SelectorSet", &[])
        .leaf("w:Selector", &[("Name", "ShellId")], shell_id)
        .close("w:SelectorSet")
        .close("a:ReferenceParameters")
        .close("x:ResourceCreated");
    w.finish()
}

/// Puts `xml` in front of what an envelope's body holds.
pub(super) fn insert_into_body(envelope: &mut Vec<u8>, xml: &str) {
    const BODY: &[u8] = b"<s:Body>";
    if let Some(at) = envelope.windows(BODY.len()).position(|bytes| bytes == BODY) {
        let at = at + BODY.len();
        envelope.splice(at..at, xml.bytes());
    }
}

/// The id of a request that was not understood, if it can be found.
pub(super) fn message_id(body: &[u8]) -> Option<Uuid> {
    let root = Element::parse_bytes(body).ok()?;
    let id = root.child(ns::SOAP, "Header")?.child(ns::ADDRESSING, "MessageID")?.trimmed().to_owned();
    Uuid::try_parse(id.trim_start_matches("uuid:")).ok()
}
