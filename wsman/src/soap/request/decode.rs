//! Requests at the host's end.

use std::time::Duration;

use uuid::Uuid;

use super::{Header, Operation, Request, Robust, SignalCode};
use crate::soap::{SoapError, decode_base64, ns, parse_uuid};
use crate::time::XsDuration;
use crate::xml::Element;

impl Request {
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
                idle_timeout: match shell.child(ns::SHELL, "IdleTimeOut") {
                    None => None,
                    Some(span) => Some(XsDuration::parse(span.trimmed()).ok_or(SoapError::Invalid("IdleTimeOut"))?.0),
                },
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
