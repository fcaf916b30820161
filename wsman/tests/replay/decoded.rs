//! Everything is read by the end that it was for, and written again.

use std::collections::BTreeMap;

use wsman::clixml::{Limits, Value, decode, encode};
use wsman::psrp::{
    ApplicationPrivateData, CreatePipeline, EncryptedSessionKey, ErrorRecord, HostCall, HostResponse,
    InformationRecord, InitRunspacePool, Message, MessageType, PipelineStateMessage, ProgressRecord, PublicKey,
    RunspacePoolStateMessage, SessionCapability, TextRecord, UserEvent,
};
use wsman::soap::{Answer, AnswerEnvelope, Request, SoapError};

use super::messages::{self, Found};
use super::recording::Recording;
use super::report::Report;
use crate::infoset::{self, Node};

/// Reads a request as a host does. Writes it again where we write it alike.
pub(crate) fn request(name: &str, body: &[u8], report: &mut Report) {
    match Request::decode(body) {
        Ok(request) => {
            if Request::decode(&request.encode()).as_ref() != Ok(&request) {
                report.wrong(format!("{name}: our own form of it reads differently"));
            }
            report.count(format!("requests read: {}", request.operation.name()));
        }
        Err(error) => match Node::parse(&String::from_utf8_lossy(body)) {
            Err(xml) => report.wrong(format!("{name}: not an envelope ({xml})")),
            Ok(root) => {
                let verb = verb(&root);
                if error == SoapError::UnknownAction {
                    report.count(format!("requests not spoken: {verb}"));
                } else if messages::is_powershell(&root) == Some(true) {
                    report.wrong(format!("{name}: {verb} request: {error}"));
                } else {
                    report.count(format!("requests of other resources (cmd, config), not spoken: {verb}"));
                }
            }
        },
    }
}

fn verb(root: &Node) -> String {
    let action = root.find("Action").map_or("", |action| action.text.trim());
    action.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Reads an answer as a client does.
pub(crate) fn answer(name: &str, body: &[u8], report: &mut Report) {
    match AnswerEnvelope::decode(body) {
        Ok(AnswerEnvelope { answer: Answer::Fault(fault), .. }) => {
            if fault.code.is_none() && fault.subcode.is_none() {
                report.wrong(format!("{name}: a fault without code and subcode"));
            }
            let code = fault.code.map_or_else(|| fault.subcode.clone().unwrap_or_default(), |code| code.to_string());
            report.count(format!("faults read: {code} {}", fault.name().unwrap_or("(a number without a name)")));
        }
        Ok(envelope) => {
            let again = AnswerEnvelope::decode(&envelope.encode());
            if again.as_ref() != Ok(&envelope) {
                report.wrong(format!("{name}: our own form of it reads differently"));
            }
            let text = format!("{:?}", envelope.answer);
            report.count(format!("answers read: {}", text.split(['(', ' ']).next().unwrap_or_default()));
        }
        Err(error) => match Node::parse(&String::from_utf8_lossy(body)) {
            Err(xml) => report.wrong(format!("{name}: not an envelope ({xml})")),
            Ok(root) if error == SoapError::UnknownAction => {
                report.count(format!("answers not spoken: {}", verb(&root)));
            }
            Ok(_) => report.wrong(format!("{name}: {error}")),
        },
    }
}

/// Decodes, encodes, compares: the documents say the same.
pub(crate) fn clixml(document: &[u8], limits: &Limits) -> Result<Value, String> {
    let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document);
    let value = decode(document, &Limits::DECODE).map_err(|error| format!("decode: {error}"))?;
    if document.is_empty() {
        return Ok(value);
    }
    let again = encode(&value, limits).map_err(|error| format!("encode: {error}"))?;
    let text = std::str::from_utf8(document).map_err(|error| error.to_string())?;
    infoset::compare(text, &again).map_err(|at| format!("another document: {at}"))?;
    Ok(value)
}

/// What the engine writes may be one level deeper than what it reads.
const AS_WRITTEN: Limits = Limits { depth: Limits::ENCODE.depth + 1, ..Limits::ENCODE };

/// The type of a payload, as this crate has it.
fn typed(kind: MessageType, payload: &[u8]) -> Result<(), String> {
    use MessageType as T;
    let read = match kind {
        T::SessionCapability => SessionCapability::decode(payload).map(|_| ()),
        T::RunspacePoolState => RunspacePoolStateMessage::decode(payload).map(|_| ()),
        T::ApplicationPrivateData => ApplicationPrivateData::decode(payload).map(|_| ()),
        T::InitRunspacePool => InitRunspacePool::decode(payload).map(|_| ()),
        T::PublicKey => PublicKey::decode(payload).map(|_| ()),
        T::EncryptedSessionKey => EncryptedSessionKey::decode(payload).map(|_| ()),
        T::UserEvent => UserEvent::decode(payload).map(|_| ()),
        T::CreatePipeline => CreatePipeline::decode(payload).map(|_| ()),
        T::RunspacePoolHostCall | T::PipelineHostCall => HostCall::decode(payload).map(|_| ()),
        T::RunspacePoolHostResponse | T::PipelineHostResponse => HostResponse::decode(payload).map(|_| ()),
        T::ErrorRecord => ErrorRecord::decode(payload).map(|_| ()),
        T::WarningRecord | T::VerboseRecord | T::DebugRecord => TextRecord::decode(payload).map(|_| ()),
        T::ProgressRecord => ProgressRecord::decode(payload).map(|_| ()),
        T::InformationRecord => InformationRecord::decode(payload).map(|_| ()),
        T::PipelineState => PipelineStateMessage::decode(payload).map(|_| ()),
        T::Unknown(code) => return Err(format!("unknown type {code:#010x}")),
        _ => Ok(()),
    };
    read.map_err(|error| error.to_string())
}

/// One message: header, type, value and its document.
fn message(found: &Found) -> Result<Message, String> {
    let message = Message::decode(&found.bytes).map_err(|error| error.to_string())?;
    if message.encode() != found.bytes {
        return Err("our header differs".to_owned());
    }
    let limits = if found.from_client { Limits::ENCODE } else { AS_WRITTEN };
    let kind = message.kind.name();
    clixml(&message.payload, &limits).map_err(|error| format!("{kind}: {error}"))?;
    typed(message.kind, &message.payload).map_err(|error| format!("{kind}: {error}"))?;
    Ok(message)
}

/// Everything of a recording.
pub(crate) fn recording(recording: &Recording, report: &mut Report) {
    report.count("recordings");
    for exchange in &recording.exchanges {
        report.count("exchanges");
        let name = format!("{}, exchange {}", recording.name, exchange.number);
        request(&name, &exchange.request, report);
        match &exchange.response {
            Some(body) => answer(&name, body, report),
            None => report.count("requests without an answer (a loss)"),
        }
    }
    let (found, wrong) = messages::of(recording);
    wrong.into_iter().for_each(|wrong| report.wrong(wrong));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &found {
        match message(one) {
            Ok(message) => {
                report.count("messages decoded");
                if !message.payload.is_empty() {
                    report.count("values re-encoded to the same infoset");
                }
                *kinds.entry(message.kind.name()).or_default() += 1;
            }
            Err(error) if one.from_client && is_ignored(one, &found) => {
                report.count("messages that the host does not read either, refused");
                let name = format!("{}, object {}: {error}", recording.name, one.object);
                report.leave_out(name, "a message that the host answered with nothing, refused by us too");
            }
            Err(error) => report.wrong(format!("{}, object {}: {error}", recording.name, one.object)),
        }
    }
    for (kind, number) in kinds {
        report.add(format!("messages: {kind}"), number);
    }
}

/// Whether the host answered a client's message with nothing, or with nothing
/// but an end: it could not read it, and so need not we.
fn is_ignored(one: &Found, all: &[Found]) -> bool {
    let spoke = all.iter().any(|other| {
        let states = MessageType::PipelineState.code().to_le_bytes();
        !other.from_client && other.command == one.command && other.bytes.get(4..8) != Some(&states)
    });
    one.command.is_some() && !spoke
}
