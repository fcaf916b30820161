//! What a client asks: every operation from both ends side by side, which is
//! why it is long.

use std::time::Duration;

use uuid::Uuid;

use super::{SoapError, decode_base64, encode_base64, ns, parse_uuid, upper};
use crate::time::XsDuration;
use crate::xml::{Element, Writer};

/// A request envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks whom, and how long the host may take.
    pub header: Header,
    /// What is asked.
    pub operation: Operation,
}

/// Header fields that every request has.
///
/// Source: [MS-WSMV] §2.2.4, wire forms as Windows hosts were recorded to
/// accept them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `wsa:To`: the endpoint's URL.
    pub to: String,
    /// `wsa:MessageID`.
    pub message_id: Uuid,
    /// `wsmv:SessionId`: constant over the life of a client session. A shell
    /// created without one can never be disconnected.
    pub session_id: Option<Uuid>,
    /// `wsman:ResourceURI` of the shell, on every operation of it.
    pub resource_uri: String,
    /// `wsman:MaxEnvelopeSize`, bytes.
    pub max_envelope_bytes: u32,
    /// `wsman:OperationTimeout`.
    pub operation_timeout: Duration,
    /// Selector `ShellId`, on everything but Create and Enumerate.
    pub shell_id: Option<String>,
    /// Robust Connections, if the request may be sent again.
    pub robust: Option<Robust>,
}

/// `wsmv:OperationID`, for a request that must act once however often it
/// arrives. `SequenceId` is always 1.
///
/// Source: [MS-WSMV] §2.2.4.25, §3.1.4.1.39.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Robust {
    /// The id; the same for every copy.
    pub operation_id: Uuid,
    /// A copy: the host is to say again what it said the first time, and to
    /// act only if it never saw the id. Hosts that do not know the header must
    /// refuse.
    pub again: bool,
}

/// The operations of a shell.
///
/// Source: [MS-WSMV] §3.1.4.5 to §3.1.4.14.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Opens a shell; `creation` goes to the shell's program.
    Create {
        /// Proposed id. Hosts may answer with another.
        shell_id: Uuid,
        /// Protocol version offered in the option `protocolversion`.
        protocol_version: String,
        /// `creationXml`.
        creation: Vec<u8>,
        /// `Name`, by which Enumerate shows it.
        name: Option<String>,
    },
    /// Starts a command; the client chooses its id.
    Command {
        /// `CommandId`.
        command_id: Uuid,
        /// The one `Arguments` element.
        arguments: Vec<u8>,
    },
    /// Waits for output.
    Receive {
        /// Of this command; `None`: of the shell itself.
        command_id: Option<Uuid>,
    },
    /// Sends input.
    Send {
        /// To this command; `None`: to the shell itself.
        command_id: Option<Uuid>,
        /// `stdin`, or `pr` for answers to host calls.
        stream: &'static str,
        /// Whole fragments.
        data: Vec<u8>,
    },
    /// Signals a command.
    Signal {
        /// The command; `None`: the shell.
        command_id: Option<Uuid>,
        /// What is signalled.
        code: SignalCode,
    },
    /// Closes the shell.
    Delete,
    /// Leaves the shell; it goes on by itself, and keeps its output.
    Disconnect {
        /// After so long alone the host closes it.
        idle_timeout: Option<Duration>,
    },
    /// Comes back, as the client that left.
    Reconnect {
        /// To this command; `None`: to the shell, which does not take its
        /// commands along.
        command_id: Option<Uuid>,
    },
    /// Comes as another client.
    Connect {
        /// To this command of a shell that one is connected to; `None`: to
        /// the shell.
        command_id: Option<Uuid>,
        /// Protocol version offered, for a shell.
        protocol_version: String,
        /// `connectXml`, for a shell.
        connect: Vec<u8>,
    },
    /// Lists shells, or the commands of one. The resource is its own, not a
    /// shell's.
    Enumerate {
        /// Commands of this shell; `None`: shells.
        shell_id: Option<String>,
    },
    /// Goes on with a list.
    Pull {
        /// `EnumerationContext`.
        context: String,
    },
}

/// Codes of the Signal operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalCode {
    /// Stops a pipeline; it ends with state Stopped.
    ///
    /// The misspelling is the specification's, and hosts compare it literally:
    /// any other code closes the command without a last word.
    ///
    /// Source: [MS-PSRP] §3.1.5.3.9.
    CtrlC,
    /// Closes a command and frees what the host keeps for it.
    Terminate,
    /// Anything else that a client sent.
    Other(String),
}

const STOP: &str = "powershell/signal/crtl_c";
const TERMINATE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate";

impl SignalCode {
    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::CtrlC => STOP,
            Self::Terminate => TERMINATE,
            Self::Other(code) => code,
        }
    }

    fn parse(code: &str) -> Self {
        match code {
            STOP => Self::CtrlC,
            // pypsrp writes it with a capital T, and Windows takes both.
            code if code.eq_ignore_ascii_case(TERMINATE) => Self::Terminate,
            code => Self::Other(code.to_owned()),
        }
    }
}

impl std::fmt::Debug for Operation {
    /// Without the data: scripts, arguments, answers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Create { creation, .. } => write!(f, "Create({} bytes)", creation.len()),
            Self::Command { command_id, arguments } => write!(f, "Command({command_id}, {} bytes)", arguments.len()),
            Self::Receive { command_id } => write!(f, "Receive({command_id:?})"),
            Self::Send { command_id, stream, data } => {
                write!(f, "Send({command_id:?}, {stream}, {} bytes)", data.len())
            }
            Self::Signal { command_id, code } => write!(f, "Signal({command_id:?}, {code:?})"),
            Self::Connect { command_id, connect, .. } => write!(f, "Connect({command_id:?}, {} bytes)", connect.len()),
            other => f.write_str(other.name()),
        }
    }
}

impl Operation {
    /// The existing command that it is about.
    pub(crate) fn command_mut(&mut self) -> Option<&mut Uuid> {
        match self {
            Self::Receive { command_id }
            | Self::Send { command_id, .. }
            | Self::Signal { command_id, .. }
            | Self::Reconnect { command_id }
            | Self::Connect { command_id, .. } => command_id.as_mut(),
            _ => None,
        }
    }

    /// `wsa:Action`.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::Create { .. } => "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create",
            Self::Delete => "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete",
            Self::Command { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command",
            Self::Receive { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive",
            Self::Send { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send",
            Self::Signal { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal",
            Self::Disconnect { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect",
            Self::Reconnect { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect",
            Self::Connect { .. } => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect",
            Self::Enumerate { .. } => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
            Self::Pull { .. } => "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull",
        }
    }

    /// Short name for logs and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "Create",
            Self::Delete => "Delete",
            Self::Command { .. } => "Command",
            Self::Receive { .. } => "Receive",
            Self::Send { .. } => "Send",
            Self::Signal { .. } => "Signal",
            Self::Disconnect { .. } => "Disconnect",
            Self::Reconnect { .. } => "Reconnect",
            Self::Connect { .. } => "Connect",
            Self::Enumerate { .. } => "Enumerate",
            Self::Pull { .. } => "Pull",
        }
    }

    /// The bodies of leaving, coming back and listing.
    fn encode_link(&self, w: &mut Writer) {
        match self {
            Self::Disconnect { idle_timeout: None } => {
                w.empty("rsp:Disconnect", &[]);
            }
            Self::Disconnect { idle_timeout: Some(span) } => {
                w.open("rsp:Disconnect", &[]).leaf("rsp:IdleTimeOut", &[], &XsDuration(*span).to_string());
                w.close("rsp:Disconnect");
            }
            // Windows takes an empty body for the shell (recorded).
            Self::Reconnect { command_id: None } => {}
            Self::Reconnect { command_id: Some(id) } => {
                w.empty("rsp:Reconnect", &[("CommandId", &upper(*id))]);
            }
            Self::Connect { command_id: Some(id), .. } => {
                w.empty("rsp:Connect", &[("CommandId", &upper(*id))]);
            }
            Self::Connect { command_id: None, connect, .. } => {
                w.open("rsp:Connect", &[])
                    .open("connectXml", &[("xmlns", ns::POWERSHELL)])
                    .raw(&encode_base64(connect))
                    .close("connectXml")
                    .close("rsp:Connect");
            }
            Self::Enumerate { shell_id } => {
                w.open("wsen:Enumerate", &[]).empty("wsman:OptimizeEnumeration", &[]).leaf(
                    "wsman:MaxElements",
                    &[],
                    "32000",
                );
                if let Some(id) = shell_id {
                    w.open("wsman:Filter", &[("Dialect", ns::SELECTOR_FILTER)])
                        .open("wsman:SelectorSet", &[])
                        .leaf("wsman:Selector", &[("Name", "ShellId")], id)
                        .close("wsman:SelectorSet")
                        .close("wsman:Filter");
                }
                w.close("wsen:Enumerate");
            }
            Self::Pull { context } => {
                w.open("wsen:Pull", &[])
                    .leaf("wsen:EnumerationContext", &[], context)
                    .leaf("wsen:MaxElements", &[], "32000")
                    .close("wsen:Pull");
            }
            _ => {}
        }
    }

    fn options(&self) -> Option<(&'static str, &str, &'static str, &'static str)> {
        // (mustUnderstand, value, name, MustComply); the exact set differs by
        // operation, wire.md §2.1.
        match self {
            Self::Create { protocol_version, .. } | Self::Connect { protocol_version, command_id: None, .. } => {
                Some(("true", protocol_version, "protocolversion", "true"))
            }
            Self::Receive { .. } => Some(("true", "True", "WSMAN_CMDSHELL_OPTION_KEEPALIVE", "")),
            // Seen: mustUnderstand, in every recording of a Windows host.
            Self::Command { .. } => Some(("true", "False", "WINRS_SKIP_CMD_SHELL", "")),
            _ => None,
        }
    }
}

impl Request {
    /// The envelope's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(2048);
        w.open(
            "s:Envelope",
            &[
                ("xmlns:s", ns::SOAP),
                ("xmlns:wsa", ns::ADDRESSING),
                ("xmlns:wsman", ns::WSMAN),
                ("xmlns:wsmv", ns::WSMAN_MS),
                ("xmlns:rsp", ns::SHELL),
                ("xmlns:wsen", ns::ENUMERATION),
            ],
        );
        self.encode_header(&mut w);
        w.open("s:Body", &[]);
        self.encode_body(&mut w);
        w.close("s:Body").close("s:Envelope");
        w.finish().into_bytes()
    }

    fn encode_header(&self, w: &mut Writer) {
        let header = &self.header;
        let must = [("s:mustUnderstand", "true")];
        let language = [("s:mustUnderstand", "false"), ("xml:lang", "en-US")];
        w.open("s:Header", &[])
            .leaf("wsa:Action", &must, self.operation.action())
            .empty("wsmv:DataLocale", &language)
            .empty("wsman:Locale", &language)
            .leaf("wsman:MaxEnvelopeSize", &must, &header.max_envelope_bytes.to_string())
            .leaf("wsa:MessageID", &[], &format!("uuid:{}", upper(header.message_id)))
            .leaf("wsman:OperationTimeout", &[], &XsDuration(header.operation_timeout).to_string())
            .open("wsa:ReplyTo", &[])
            .leaf("wsa:Address", &must, ns::ANONYMOUS)
            .close("wsa:ReplyTo")
            .leaf("wsman:ResourceURI", &must, &header.resource_uri);
        if let Some(id) = header.session_id {
            w.leaf("wsmv:SessionId", &[("s:mustUnderstand", "false")], &format!("uuid:{}", upper(id)));
        }
        if let Some(robust) = header.robust {
            let again = [("s:mustUnderstand", if robust.again { "true" } else { "false" })];
            w.leaf("wsmv:OperationID", &again, &format!("uuid:{}", upper(robust.operation_id)));
            w.leaf("wsmv:SequenceId", &again, "1");
        }
        w.leaf("wsa:To", &[], &header.to);
        if let Some((must_understand, value, name, must_comply)) = self.operation.options() {
            let set: &[_] = if must_understand.is_empty() { &[] } else { &must };
            let mut option = vec![("Name", name)];
            if !must_comply.is_empty() {
                option.push(("MustComply", must_comply));
            }
            w.open("wsman:OptionSet", set).leaf("wsman:Option", &option, value).close("wsman:OptionSet");
        }
        if let Some(id) = &header.shell_id {
            w.open("wsman:SelectorSet", &[])
                .leaf("wsman:Selector", &[("Name", "ShellId")], id)
                .close("wsman:SelectorSet");
        }
        w.close("s:Header");
    }

    fn encode_body(&self, w: &mut Writer) {
        match &self.operation {
            Operation::Create { shell_id, creation, name, .. } => {
                let id = upper(*shell_id);
                let mut attributes = vec![("ShellId", id.as_str())];
                attributes.extend(name.as_deref().map(|name| ("Name", name)));
                w.open("rsp:Shell", &attributes)
                    .leaf("rsp:InputStreams", &[], "stdin pr")
                    .leaf("rsp:OutputStreams", &[], "stdout")
                    .open("creationXml", &[("xmlns", ns::POWERSHELL)])
                    .raw(&encode_base64(creation))
                    .close("creationXml")
                    .close("rsp:Shell");
            }
            Operation::Command { command_id, arguments } => {
                w.open("rsp:CommandLine", &[("CommandId", &upper(*command_id))])
                    .empty("rsp:Command", &[])
                    .open("rsp:Arguments", &[])
                    .raw(&encode_base64(arguments))
                    .close("rsp:Arguments")
                    .close("rsp:CommandLine");
            }
            Operation::Receive { command_id } => {
                let id = command_id.map(upper);
                w.open("rsp:Receive", &[]).leaf("rsp:DesiredStream", &command_attribute(id.as_deref()), "stdout");
                w.close("rsp:Receive");
            }
            Operation::Send { command_id, stream, data } => {
                let id = command_id.map(upper);
                let mut attributes = vec![("Name", *stream)];
                attributes.extend(command_attribute(id.as_deref()));
                w.open("rsp:Send", &[])
                    .open("rsp:Stream", &attributes)
                    .raw(&encode_base64(data))
                    .close("rsp:Stream")
                    .close("rsp:Send");
            }
            Operation::Signal { command_id, code } => {
                let id = command_id.map(upper);
                w.open("rsp:Signal", &command_attribute(id.as_deref()))
                    .leaf("rsp:Code", &[], code.as_str())
                    .close("rsp:Signal");
            }
            other => other.encode_link(w),
        }
    }

    /// Reads a request, at the host's end.
    ///
    /// # Errors
    ///
    /// [`SoapError`]; an operation that this crate's host does not offer is
    /// [`SoapError::UnknownAction`].
    pub fn decode(envelope: &[u8]) -> Result<Self, SoapError> {
        let root = Element::parse_bytes(envelope)?;
        if !root.is(ns::SOAP, "Envelope") {
            return Err(SoapError::NotAnEnvelope);
        }
        let head = root.child(ns::SOAP, "Header").ok_or(SoapError::Missing("Header"))?;
        let body = root.child(ns::SOAP, "Body").ok_or(SoapError::Missing("Body"))?;
        let action = head.child(ns::ADDRESSING, "Action").ok_or(SoapError::Missing("Action"))?.trimmed().to_owned();
        let header = Header::decode(head)?;
        let operation = decode_operation(&action, head, body)?;
        Ok(Self { header, operation })
    }
}

impl Request {
    /// The MessageID of a request that was not understood, if it can be found:
    /// the fault that answers it should relate to it.
    #[must_use]
    pub fn message_id(envelope: &[u8]) -> Option<Uuid> {
        let root = Element::parse_bytes(envelope).ok()?;
        parse_uuid(root.child(ns::SOAP, "Header")?.child(ns::ADDRESSING, "MessageID")?.trimmed())
    }
}

impl Header {
    fn decode(head: &Element<'_>) -> Result<Self, SoapError> {
        let text = |namespace, name| head.child(namespace, name).map(Element::trimmed);
        Ok(Self {
            to: text(ns::ADDRESSING, "To").unwrap_or_default().to_owned(),
            message_id: text(ns::ADDRESSING, "MessageID")
                .and_then(parse_uuid)
                .ok_or(SoapError::Missing("MessageID"))?,
            session_id: text(ns::WSMAN_MS, "SessionId").and_then(parse_uuid),
            resource_uri: text(ns::WSMAN, "ResourceURI").ok_or(SoapError::Missing("ResourceURI"))?.to_owned(),
            max_envelope_bytes: match text(ns::WSMAN, "MaxEnvelopeSize") {
                None => 153_600,
                Some(size) => size.parse().map_err(|_| SoapError::Invalid("MaxEnvelopeSize"))?,
            },
            operation_timeout: match text(ns::WSMAN, "OperationTimeout") {
                None => Duration::from_secs(60),
                Some(span) => XsDuration::parse(span).ok_or(SoapError::Invalid("OperationTimeout"))?.0,
            },
            shell_id: head
                .child(ns::WSMAN, "SelectorSet")
                .and_then(|set| set.children.iter().find(|s| s.attribute("Name") == Some("ShellId")))
                .map(|selector| selector.trimmed().to_owned()),
            robust: head.child(ns::WSMAN_MS, "OperationID").and_then(|id| {
                let again = id.attribute("mustUnderstand").is_some_and(|must| must == "true" || must == "1");
                Some(Robust { operation_id: parse_uuid(id.trimmed())?, again })
            }),
        })
    }
}

fn command_attribute(id: Option<&str>) -> Vec<(&'static str, &str)> {
    id.map(|id| ("CommandId", id)).into_iter().collect()
}

fn command_id(element: &Element<'_>) -> Result<Option<Uuid>, SoapError> {
    element.attribute("CommandId").map(|id| parse_uuid(id).ok_or(SoapError::Invalid("CommandId"))).transpose()
}

fn decode_operation(action: &str, head: &Element<'_>, body: &Element<'_>) -> Result<Operation, SoapError> {
    let shell = |name: &'static str| body.child(ns::SHELL, name).ok_or(SoapError::Missing(name));
    let verb = action.rsplit('/').next().unwrap_or_default();
    match (action.starts_with(ns::TRANSFER), action.starts_with(ns::SHELL), verb) {
        (true, _, "Create") => {
            let shell = shell("Shell")?;
            let creation = shell.child(ns::POWERSHELL, "creationXml").ok_or(SoapError::Missing("creationXml"))?;
            Ok(Operation::Create {
                shell_id: shell.attribute("ShellId").and_then(parse_uuid).unwrap_or_default(),
                protocol_version: option(head, "protocolversion").unwrap_or_default(),
                creation: decode_base64(&creation.text).ok_or(SoapError::Invalid("creationXml"))?,
                name: shell.attribute("Name").map(str::to_owned),
            })
        }
        (true, _, "Delete") => Ok(Operation::Delete),
        (_, true, "Command") => {
            let line = shell("CommandLine")?;
            // Windows takes exactly one Arguments element (InvalidArgSet else).
            let mut arguments = line.children.iter().filter(|child| child.is(ns::SHELL, "Arguments"));
            let (Some(only), None) = (arguments.next(), arguments.next()) else {
                return Err(SoapError::Invalid("Arguments"));
            };
            Ok(Operation::Command {
                command_id: command_id(line)?.ok_or(SoapError::Missing("CommandId"))?,
                arguments: decode_base64(&only.text).ok_or(SoapError::Invalid("Arguments"))?,
            })
        }
        (_, true, "Receive") => {
            let stream =
                shell("Receive")?.child(ns::SHELL, "DesiredStream").ok_or(SoapError::Missing("DesiredStream"))?;
            Ok(Operation::Receive { command_id: command_id(stream)? })
        }
        (_, true, "Send") => {
            let stream = shell("Send")?.child(ns::SHELL, "Stream").ok_or(SoapError::Missing("Stream"))?;
            Ok(Operation::Send {
                command_id: command_id(stream)?,
                stream: if stream.attribute("Name") == Some("pr") { "pr" } else { "stdin" },
                data: decode_base64(&stream.text).ok_or(SoapError::Invalid("Stream"))?,
            })
        }
        (_, true, "Signal") => {
            let signal = shell("Signal")?;
            let code = signal.child(ns::SHELL, "Code").ok_or(SoapError::Missing("Code"))?;
            Ok(Operation::Signal { command_id: command_id(signal)?, code: SignalCode::parse(code.trimmed()) })
        }
        (_, true, "Disconnect") => {
            let disconnect = shell("Disconnect")?;
            let span = disconnect.child(ns::SHELL, "IdleTimeOut").map(|span| {
                XsDuration::parse(span.trimmed()).map(|span| span.0).ok_or(SoapError::Invalid("IdleTimeOut"))
            });
            Ok(Operation::Disconnect { idle_timeout: span.transpose()? })
        }
        (_, true, "Reconnect") => {
            let command_id = body.child(ns::SHELL, "Reconnect").map(command_id).transpose()?.flatten();
            Ok(Operation::Reconnect { command_id })
        }
        (_, true, "Connect") => {
            let element = shell("Connect")?;
            let command_id = command_id(element)?;
            let connect = match element.child(ns::POWERSHELL, "connectXml") {
                Some(xml) => decode_base64(&xml.text).ok_or(SoapError::Invalid("connectXml"))?,
                None if command_id.is_some() => Vec::new(),
                None => return Err(SoapError::Missing("connectXml")),
            };
            let protocol_version = option(head, "protocolversion").unwrap_or_default();
            Ok(Operation::Connect { command_id, protocol_version, connect })
        }
        _ if action.starts_with(ns::ENUMERATION) => decode_enumeration(verb, body),
        _ => Err(SoapError::UnknownAction),
    }
}

fn decode_enumeration(verb: &str, body: &Element<'_>) -> Result<Operation, SoapError> {
    let child = |name: &'static str| body.child(ns::ENUMERATION, name).ok_or(SoapError::Missing(name));
    match verb {
        "Enumerate" => {
            let set = child("Enumerate")?.child(ns::WSMAN, "Filter").and_then(|f| f.child(ns::WSMAN, "SelectorSet"));
            let selector = set.and_then(|set| set.children.iter().find(|s| s.attribute("Name") == Some("ShellId")));
            Ok(Operation::Enumerate { shell_id: selector.map(|selector| selector.trimmed().to_owned()) })
        }
        "Pull" => {
            let context = child("Pull")?.child(ns::ENUMERATION, "EnumerationContext");
            let context = context.ok_or(SoapError::Missing("EnumerationContext"))?.trimmed().to_owned();
            Ok(Operation::Pull { context })
        }
        _ => Err(SoapError::UnknownAction),
    }
}

fn option(head: &Element<'_>, name: &str) -> Option<String> {
    let set = head.child(ns::WSMAN, "OptionSet")?;
    set.children.iter().find(|option| option.attribute("Name") == Some(name)).map(|o| o.trimmed().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(operation: Operation) -> Request {
        Request {
            header: Header {
                to: "http://jump01.example:5985/wsman".into(),
                message_id: Uuid::from_u128(1),
                session_id: Some(Uuid::from_u128(2)),
                resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
                max_envelope_bytes: 153_600,
                operation_timeout: Duration::from_secs(20),
                shell_id: Some("A&B".into()),
                robust: Some(Robust { operation_id: Uuid::from_u128(3), again: true }),
            },
            operation,
        }
    }

    #[test]
    fn every_operation_reads_back_as_it_was_written() {
        let id = Uuid::from_u128(0xABCD);
        for operation in [
            Operation::Create { shell_id: id, protocol_version: "2.3".into(), creation: vec![1, 2, 3], name: None },
            Operation::Create {
                shell_id: id,
                protocol_version: "2.3".into(),
                creation: vec![],
                name: Some("<n>".into()),
            },
            Operation::Disconnect { idle_timeout: None },
            Operation::Disconnect { idle_timeout: Some(Duration::from_secs(90)) },
            Operation::Reconnect { command_id: None },
            Operation::Reconnect { command_id: Some(id) },
            Operation::Connect { command_id: None, protocol_version: "2.3".into(), connect: vec![1] },
            Operation::Connect { command_id: Some(id), protocol_version: String::new(), connect: vec![] },
            Operation::Enumerate { shell_id: None },
            Operation::Enumerate { shell_id: Some("X".into()) },
            Operation::Pull { context: "7".into() },
            Operation::Command { command_id: id, arguments: vec![0; 70] },
            Operation::Receive { command_id: Some(id) },
            Operation::Receive { command_id: None },
            Operation::Send { command_id: Some(id), stream: "pr", data: vec![9] },
            Operation::Send { command_id: None, stream: "stdin", data: vec![] },
            Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC },
            Operation::Signal { command_id: Some(id), code: SignalCode::Terminate },
            Operation::Delete,
        ] {
            let request = request(operation);
            assert_eq!(Request::decode(&request.encode()).unwrap(), request);
        }
    }

    #[test]
    fn the_stop_code_is_the_misspelt_one() {
        let sent = request(Operation::Signal { command_id: None, code: SignalCode::CtrlC }).encode();
        assert!(String::from_utf8(sent).unwrap().contains("<rsp:Code>powershell/signal/crtl_c</rsp:Code>"));
    }

    #[test]
    fn two_arguments_elements_are_refused_as_windows_does() {
        let sent = request(Operation::Command { command_id: Uuid::nil(), arguments: vec![1] }).encode();
        let sent = String::from_utf8(sent).unwrap().replace("</rsp:CommandLine>", "<rsp:Arguments/></rsp:CommandLine>");
        assert_eq!(Request::decode(sent.as_bytes()), Err(SoapError::Invalid("Arguments")));
    }
}
