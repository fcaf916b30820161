//! What a client asks: every operation, and how it is written. `decode` reads
//! it at the other end.

mod decode;

use std::time::Duration;

use uuid::Uuid;

use super::{encode_base64, ns, upper};
use crate::time::XsDuration;
use crate::xml::Writer;

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
        /// After so long without a request the host closes it.
        idle_timeout: Option<Duration>,
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
            Operation::Create { shell_id, creation, name, idle_timeout, .. } => {
                let id = upper(*shell_id);
                let mut attributes = vec![("ShellId", id.as_str())];
                attributes.extend(name.as_deref().map(|name| ("Name", name)));
                w.open("rsp:Shell", &attributes).leaf("rsp:InputStreams", &[], "stdin pr").leaf(
                    "rsp:OutputStreams",
                    &[],
                    "stdout",
                );
                // Seen: in this place, from clients that Windows hosts took it of.
                if let Some(span) = idle_timeout {
                    w.leaf("rsp:IdleTimeOut", &[], &XsDuration(*span).to_string());
                }
                w.open("creationXml", &[("xmlns", ns::POWERSHELL)])
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
}

fn command_attribute(id: Option<&str>) -> Vec<(&'static str, &str)> {
    id.map(|id| ("CommandId", id)).into_iter().collect()
}

#[cfg(test)]
mod tests;
