//! What a host answers.

use std::time::Duration;

use uuid::Uuid;

use super::{Fault, SoapError, decode_base64, encode_base64, ns, parse_uuid, upper};
use crate::time::XsDuration;
use crate::xml::{Element, Writer};

/// An answer with the ids that tie it to its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerEnvelope {
    /// `wsa:MessageID` of the answer.
    pub message_id: Option<Uuid>,
    /// `wsa:RelatesTo`: the request's `MessageID`. Some faults come without.
    pub relates_to: Option<Uuid>,
    /// `wsmv:OperationID`, when the host knows Robust Connections.
    pub operation_id: Option<Uuid>,
    /// The answer.
    pub answer: Answer,
}

/// The answers to the operations of a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// To Create.
    Created(ShellDescription),
    /// To Command: the command exists from now on.
    CommandStarted(Uuid),
    /// To Receive.
    Received(Received),
    /// To Send.
    Sent,
    /// To Signal.
    Signalled,
    /// To Delete.
    Deleted,
    /// To Disconnect.
    Disconnected,
    /// To Reconnect.
    Reconnected,
    /// To Connect; `connectResponseXml`, for a shell.
    Connected(Vec<u8>),
    /// To Enumerate and Pull.
    Listed(Listed),
    /// In front of an answer that is said again.
    Acknowledged,
    /// The host refused.
    Fault(Fault),
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Shells, of a list of shells.
    pub shells: Vec<ShellDescription>,
    /// Commands with the host's word for their state, of a list of commands.
    pub commands: Vec<(Uuid, String)>,
    /// For the next Pull; `None`: that was all.
    pub context: Option<String>,
}

/// A shell as the host describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellDescription {
    /// The id to use from now on, whatever was proposed.
    pub shell_id: String,
    /// Where it is, and what it is: `ResourceCreated`. Windows sends it and
    /// the description, OMI only this; pypsrp reads the id from here and
    /// nowhere else.
    pub created: Option<ResourceCreated>,
    /// Whose it is (`DOMAIN\user`).
    pub owner: Option<String>,
    /// After so long without a request the host closes it.
    pub idle_timeout: Option<Duration>,
    /// What it is: its resource URI; every request for it must carry that.
    pub resource_uri: Option<String>,
    /// As its client called it.
    pub name: Option<String>,
    /// `Connected` or `Disconnected`.
    pub state: Option<String>,
    /// How long ago it was last asked anything.
    pub inactivity: Option<Duration>,
}

/// The reference to a new shell.
///
/// Source: [MS-WSMV] §3.1.4.5.2, WS-Transfer §4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceCreated {
    /// The endpoint's URL.
    pub address: String,
    /// `wsman:ResourceURI` of the shell.
    pub resource_uri: String,
}

/// What a Receive brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Streams, in order.
    pub streams: Vec<StreamData>,
    /// How commands stand, as far as the host said so.
    pub states: Vec<CommandState>,
}

impl Received {
    /// Whether the host says that there is no more output of this command. Of
    /// several words on one command, the one that ends it counts.
    #[must_use]
    pub fn is_done(&self, command: Option<Uuid>) -> bool {
        self.states.iter().any(|state| state.done && (state.command_id.is_none() || state.command_id == command))
    }
}

/// One `rsp:Stream`.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamData {
    /// The command it belongs to; `None`: the shell.
    pub command_id: Option<Uuid>,
    /// Whole fragments.
    pub data: Vec<u8>,
}

impl std::fmt::Debug for StreamData {
    /// Without the data: it is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamData({:?}, {} bytes)", self.command_id, self.data.len())
    }
}

/// `rsp:CommandState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandState {
    /// The command.
    pub command_id: Option<Uuid>,
    /// No more output will come.
    pub done: bool,
}

impl AnswerEnvelope {
    /// Reads an answer, at the client's end.
    ///
    /// # Errors
    ///
    /// [`SoapError`], when it is no answer at all. A fault is an answer.
    pub fn decode(envelope: &[u8]) -> Result<Self, SoapError> {
        let root = Element::parse_bytes(envelope)?;
        if !root.is(ns::SOAP, "Envelope") {
            return Err(SoapError::NotAnEnvelope);
        }
        let body = root.child(ns::SOAP, "Body").ok_or(SoapError::Missing("Body"))?;
        let head = root.child(ns::SOAP, "Header");
        let id = |name| head.and_then(|h| h.child(ns::ADDRESSING, name)).and_then(|e| parse_uuid(e.trimmed()));
        let answer = if let Some(fault) = body.child(ns::SOAP, "Fault") {
            Answer::Fault(Fault::decode(fault))
        } else {
            let action =
                head.and_then(|h| h.child(ns::ADDRESSING, "Action")).ok_or(SoapError::Missing("Action"))?.trimmed();
            decode_answer(action, body)?
        };
        let operation_id =
            head.and_then(|h| h.child(ns::WSMAN_MS, "OperationID")).and_then(|e| parse_uuid(e.trimmed()));
        Ok(Self { message_id: id("MessageID"), relates_to: id("RelatesTo"), operation_id, answer })
    }

    /// Reads the last of several envelopes: a host that says an answer again
    /// puts an acknowledgement in front of it.
    ///
    /// Source: [MS-WSMV] §3.1.4.1.39.
    ///
    /// # Errors
    ///
    /// As [`AnswerEnvelope::decode`].
    pub fn decode_last(body: &[u8]) -> Result<Self, SoapError> {
        let decoded = Self::decode(body);
        if decoded.is_ok() {
            return decoded;
        }
        // An envelope ends with `Envelope>`, and nothing that is escaped can
        // look like the next one's beginning.
        const END: &[u8] = b"Envelope>";
        let text = body.trim_ascii_end();
        let Some(text) = text.strip_suffix(END) else { return decoded };
        let Some(before) = text.windows(END.len()).rposition(|window| window == END) else { return decoded };
        Self::decode(body.get(before + END.len()..).unwrap_or_default())
    }

    /// Writes an answer, at the host's end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(1024);
        w.open(
            "s:Envelope",
            &[
                ("xml:lang", "en-US"),
                ("xmlns:s", ns::SOAP),
                ("xmlns:a", ns::ADDRESSING),
                ("xmlns:x", ns::TRANSFER),
                ("xmlns:w", ns::WSMAN),
                ("xmlns:rsp", ns::SHELL),
                ("xmlns:p", ns::WSMAN_MS),
                ("xmlns:n", ns::ENUMERATION),
            ],
        );
        w.open("s:Header", &[]).leaf("a:Action", &[], self.answer.action());
        if let Some(id) = self.message_id {
            w.leaf("a:MessageID", &[], &format!("uuid:{}", upper(id)));
        }
        if let Some(id) = self.operation_id {
            w.leaf("p:OperationID", &[("s:mustUnderstand", "false")], &format!("uuid:{}", upper(id)));
            w.leaf("p:SequenceId", &[], "1");
        }
        w.leaf("a:To", &[], ns::ANONYMOUS);
        if let Some(id) = self.relates_to {
            w.leaf("a:RelatesTo", &[], &format!("uuid:{}", upper(id)));
        }
        w.close("s:Header").open("s:Body", &[]);
        self.answer.encode(&mut w);
        w.close("s:Body").close("s:Envelope");
        w.finish().into_bytes()
    }
}

impl Answer {
    /// HTTP status that goes with it.
    #[must_use]
    pub fn status(&self) -> u16 {
        if matches!(self, Self::Fault(_)) { 500 } else { 200 }
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Created(_) => "http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse",
            Self::Deleted => "http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse",
            Self::CommandStarted(_) => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandResponse",
            Self::Received(_) => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReceiveResponse",
            Self::Sent => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SendResponse",
            Self::Signalled => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SignalResponse",
            Self::Disconnected => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/DisconnectResponse",
            Self::Reconnected => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReconnectResponse",
            Self::Connected(_) => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ConnectResponse",
            Self::Listed(_) => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse",
            Self::Acknowledged => "http://schemas.microsoft.com/wbem/wsman/1/wsman/Acknowledge",
            Self::Fault(_) => ns::FAULT_ACTION,
        }
    }

    fn encode(&self, w: &mut Writer) {
        match self {
            Self::Created(shell) => {
                if let Some(created) = &shell.created {
                    created.encode(&shell.shell_id, w);
                }
                shell.encode(w);
            }
            Self::CommandStarted(id) => {
                w.open("rsp:CommandResponse", &[]).leaf("rsp:CommandId", &[], &upper(*id)).close("rsp:CommandResponse");
            }
            Self::Received(received) => received.encode(w),
            Self::Sent => {
                w.empty("rsp:SendResponse", &[]);
            }
            Self::Signalled => {
                w.empty("rsp:SignalResponse", &[]);
            }
            Self::Deleted | Self::Disconnected | Self::Reconnected | Self::Acknowledged => {}
            Self::Connected(answer) => {
                w.open("rsp:ConnectResponse", &[]);
                if !answer.is_empty() {
                    w.leaf("rsp:InputStreams", &[], "stdin pr")
                        .leaf("rsp:OutputStreams", &[], "stdout")
                        .open("connectResponseXml", &[("xmlns", ns::POWERSHELL)])
                        .raw(&encode_base64(answer))
                        .close("connectResponseXml");
                }
                w.close("rsp:ConnectResponse");
            }
            Self::Listed(listed) => listed.encode(w),
            Self::Fault(fault) => fault.encode(w),
        }
    }
}

impl ShellDescription {
    fn encode(&self, w: &mut Writer) {
        w.open("rsp:Shell", &[]).leaf("rsp:ShellId", &[], &self.shell_id);
        for (name, text) in
            [("rsp:Name", &self.name), ("rsp:ResourceUri", &self.resource_uri), ("rsp:Owner", &self.owner)]
        {
            if let Some(text) = text {
                w.leaf(name, &[], text);
            }
        }
        if let Some(idle) = self.idle_timeout {
            w.leaf("rsp:IdleTimeOut", &[], &XsDuration(idle).to_string());
        }
        w.leaf("rsp:InputStreams", &[], "stdin pr")
            .leaf("rsp:OutputStreams", &[], "stdout")
            .leaf("rsp:CompressionMode", &[], "NoCompression")
            .leaf("rsp:BufferMode", &[], "Block");
        if let Some(state) = &self.state {
            w.leaf("rsp:State", &[], state);
        }
        if let Some(span) = self.inactivity {
            w.leaf("rsp:ShellInactivity", &[], &XsDuration(span).to_string());
        }
        w.close("rsp:Shell");
    }

    fn decode(shell: &Element<'_>) -> Self {
        let text = |name| shell.child(ns::SHELL, name).map(|e| e.trimmed().to_owned());
        let span = |name| text(name).and_then(|span| XsDuration::parse(&span)).map(|span| span.0);
        Self {
            shell_id: text("ShellId").unwrap_or_default(),
            created: None,
            owner: text("Owner"),
            idle_timeout: span("IdleTimeOut"),
            resource_uri: text("ResourceUri"),
            name: text("Name").or_else(|| shell.attribute("Name").map(str::to_owned)),
            state: text("State"),
            inactivity: span("ShellInactivity"),
        }
    }
}

impl Listed {
    fn encode(&self, w: &mut Writer) {
        w.open("n:EnumerateResponse", &[]);
        w.leaf("n:EnumerationContext", &[], self.context.as_deref().unwrap_or_default());
        if !self.shells.is_empty() || !self.commands.is_empty() {
            w.open("w:Items", &[]);
            self.shells.iter().for_each(|shell| shell.encode(w));
            for (id, state) in &self.commands {
                w.open("rsp:Command", &[])
                    .leaf("rsp:CommandId", &[], &upper(*id))
                    .leaf("rsp:State", &[], state)
                    .close("rsp:Command");
            }
            w.close("w:Items");
        }
        if self.context.is_none() {
            w.empty("w:EndOfSequence", &[]);
        }
        w.close("n:EnumerateResponse");
    }

    /// Items stand in `wsman:Items` of an optimised EnumerateResponse, and in
    /// `wsen:Items` of a PullResponse.
    fn decode(body: &Element<'_>) -> Result<Self, SoapError> {
        let response = body
            .child(ns::ENUMERATION, "EnumerateResponse")
            .or_else(|| body.child(ns::ENUMERATION, "PullResponse"))
            .ok_or(SoapError::Missing("EnumerateResponse"))?;
        let items = response.child(ns::WSMAN, "Items").or_else(|| response.child(ns::ENUMERATION, "Items"));
        let ended = [ns::WSMAN, ns::ENUMERATION].iter().any(|n| response.child(n, "EndOfSequence").is_some());
        let context = response.child(ns::ENUMERATION, "EnumerationContext").map(|e| e.trimmed().to_owned());
        let mut listed = Self { context: context.filter(|context| !ended && !context.is_empty()), ..Self::default() };
        for item in items.iter().flat_map(|items| &items.children) {
            if item.is(ns::SHELL, "Shell") {
                listed.shells.push(ShellDescription::decode(item));
            } else if item.is(ns::SHELL, "Command") {
                let id =
                    item.child(ns::SHELL, "CommandId").map(|id| id.trimmed()).or_else(|| item.attribute("CommandId"));
                let id = id.and_then(parse_uuid).ok_or(SoapError::Invalid("CommandId"))?;
                let state = item.child(ns::SHELL, "State").map(|e| e.trimmed().to_owned()).unwrap_or_default();
                listed.commands.push((id, state));
            }
        }
        Ok(listed)
    }
}

impl ResourceCreated {
    fn encode(&self, shell_id: &str, w: &mut Writer) {
        w.open("x:ResourceCreated", &[])
            .leaf("a:Address", &[], &self.address)
            .open("a:ReferenceParameters", &[])
            .leaf("w:ResourceURI", &[], &self.resource_uri)
            .open("w:SelectorSet", &[])
            .leaf("w:Selector", &[("Name", "ShellId")], shell_id)
            .close("w:SelectorSet")
            .close("a:ReferenceParameters")
            .close("x:ResourceCreated");
    }
}

impl Received {
    fn encode(&self, w: &mut Writer) {
        w.open("rsp:ReceiveResponse", &[]);
        for stream in &self.streams {
            let id = stream.command_id.map(upper);
            let mut attributes = vec![("Name", "stdout")];
            attributes.extend(id.as_deref().map(|id| ("CommandId", id)));
            w.open("rsp:Stream", &attributes).raw(&encode_base64(&stream.data)).close("rsp:Stream");
        }
        for state in &self.states {
            let id = state.command_id.map(upper);
            let word = if state.done { ns::COMMAND_DONE } else { RUNNING };
            let mut attributes: Vec<_> = id.as_deref().map(|id| ("CommandId", id)).into_iter().collect();
            attributes.push(("State", word));
            if state.done {
                w.open("rsp:CommandState", &attributes).leaf("rsp:ExitCode", &[], "0").close("rsp:CommandState");
            } else {
                w.empty("rsp:CommandState", &attributes);
            }
        }
        w.close("rsp:ReceiveResponse");
    }
}

const RUNNING: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Running";

fn decode_answer(action: &str, body: &Element<'_>) -> Result<Answer, SoapError> {
    let shell = |name: &'static str| body.child(ns::SHELL, name).ok_or(SoapError::Missing(name));
    match action.rsplit('/').next().unwrap_or_default() {
        "CreateResponse" => decode_created(body).map(Answer::Created),
        "DeleteResponse" => Ok(Answer::Deleted),
        "CommandResponse" => {
            let id = shell("CommandResponse")?.child(ns::SHELL, "CommandId").ok_or(SoapError::Missing("CommandId"))?;
            parse_uuid(id.trimmed()).map(Answer::CommandStarted).ok_or(SoapError::Invalid("CommandId"))
        }
        "ReceiveResponse" => decode_received(shell("ReceiveResponse")?).map(Answer::Received),
        "SendResponse" => Ok(Answer::Sent),
        "SignalResponse" => Ok(Answer::Signalled),
        "Acknowledge" => Ok(Answer::Acknowledged),
        "DisconnectResponse" => Ok(Answer::Disconnected),
        "ReconnectResponse" => Ok(Answer::Reconnected),
        "ConnectResponse" => {
            let xml = body
                .child(ns::SHELL, "ConnectResponse")
                .and_then(|response| response.child(ns::POWERSHELL, "connectResponseXml"));
            let answer = xml.map(|xml| decode_base64(&xml.text).ok_or(SoapError::Invalid("connectResponseXml")));
            Ok(Answer::Connected(answer.transpose()?.unwrap_or_default()))
        }
        "EnumerateResponse" | "PullResponse" => Listed::decode(body).map(Answer::Listed),
        _ => Err(SoapError::UnknownAction),
    }
}

fn decode_created(body: &Element<'_>) -> Result<ShellDescription, SoapError> {
    let shell = body.child(ns::SHELL, "Shell");
    let described = shell.map(ShellDescription::decode).unwrap_or_default();
    // Either place may be missing: OMI leaves out the Shell, Windows has both.
    let resource = body.child(ns::TRANSFER, "ResourceCreated");
    let parameters = resource.and_then(|resource| resource.child(ns::ADDRESSING, "ReferenceParameters"));
    let selector = || {
        let set = parameters?.child(ns::WSMAN, "SelectorSet")?;
        let selector = set.children.iter().find(|s| s.attribute("Name") == Some("ShellId"))?;
        Some(selector.trimmed().to_owned())
    };
    let created = || {
        Some(ResourceCreated {
            address: resource?.child(ns::ADDRESSING, "Address")?.trimmed().to_owned(),
            resource_uri: parameters?.child(ns::WSMAN, "ResourceURI")?.trimmed().to_owned(),
        })
    };
    let id = Some(described.shell_id.clone()).filter(|id| !id.is_empty());
    Ok(ShellDescription {
        shell_id: selector().or(id).ok_or(SoapError::Missing("ShellId"))?,
        created: created(),
        ..described
    })
}

fn decode_received(response: &Element<'_>) -> Result<Received, SoapError> {
    let command = |element: &Element<'_>| {
        element.attribute("CommandId").map(|id| parse_uuid(id).ok_or(SoapError::Invalid("CommandId"))).transpose()
    };
    let mut received = Received::default();
    for child in &response.children {
        if child.is(ns::SHELL, "Stream") {
            let data = decode_base64(&child.text).ok_or(SoapError::Invalid("Stream"))?;
            received.streams.push(StreamData { command_id: command(child)?, data });
        } else if child.is(ns::SHELL, "CommandState") {
            // A list where one is expected: the state that ends wins.
            let ends = |state: &str| state.split_ascii_whitespace().any(|state| state.ends_with("/Done"));
            let done = child.attribute("State").is_some_and(ends);
            received.states.push(CommandState { command_id: command(child)?, done });
        }
    }
    Ok(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_reads_back_as_it_was_written() {
        let id = Uuid::from_u128(0xABCD);
        for answer in [
            Answer::Created(ShellDescription {
                shell_id: "X".into(),
                created: Some(ResourceCreated { address: "http://h/wsman".into(), resource_uri: "urn:x".into() }),
                owner: Some("HOST01\\user".into()),
                idle_timeout: Some(Duration::from_secs(7200)),
                name: Some("n".into()),
                ..ShellDescription::default()
            }),
            Answer::Disconnected,
            Answer::Reconnected,
            Answer::Connected(vec![]),
            Answer::Connected(vec![1, 2]),
            Answer::Listed(Listed::default()),
            Answer::Listed(Listed {
                shells: vec![ShellDescription {
                    shell_id: "X".into(),
                    state: Some("Disconnected".into()),
                    resource_uri: Some("urn:x".into()),
                    inactivity: Some(Duration::from_secs(3)),
                    ..ShellDescription::default()
                }],
                commands: vec![(id, "Running".into())],
                context: Some("9".into()),
            }),
            Answer::CommandStarted(id),
            Answer::Received(Received {
                streams: vec![
                    StreamData { command_id: Some(id), data: vec![1, 2] },
                    StreamData { command_id: None, data: vec![] },
                ],
                states: vec![CommandState { command_id: Some(id), done: true }],
            }),
            Answer::Sent,
            Answer::Signalled,
            Answer::Deleted,
            Answer::Fault(Fault { code: Some(5), subcode: Some("AccessDenied".into()), text: "<no>".into() }),
        ] {
            let envelope =
                AnswerEnvelope { message_id: Some(id), relates_to: Some(Uuid::nil()), operation_id: Some(id), answer };
            assert_eq!(AnswerEnvelope::decode(&envelope.encode()).unwrap(), envelope);
            let acknowledged = AnswerEnvelope { answer: Answer::Acknowledged, ..envelope.clone() };
            let both = [acknowledged.encode(), envelope.encode()].concat();
            assert_eq!(AnswerEnvelope::decode_last(&both).unwrap(), envelope);
        }
    }
}
