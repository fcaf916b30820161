//! What a client said, taken apart: what rule 2 of the recordings' README has
//! compared.

use std::collections::BTreeMap;

use uuid::Uuid;
use wsman::psrp::{Destination, Message, MessageType};
use wsman::soap::{Answer, AnswerEnvelope, Operation, Request};

use super::super::messages::{self, Found};
use super::super::recording::Recording;
use crate::infoset::{self, Node};

/// One thing that a client said to a pool or a pipeline.
pub(crate) struct Statement {
    pub(crate) what: String,
    destination: Option<Destination>,
    /// CLIXML; empty for operations.
    payload: String,
}

/// What was said to the pool (`None`) and to each command, in order. Commands
/// are numbered in the order in which they were named first.
pub(crate) type Said = BTreeMap<Option<usize>, Vec<Statement>>;

/// Numbers commands by their ids, however a client writes these.
#[derive(Default)]
struct Numbers(Vec<(Uuid, usize)>);

impl Numbers {
    fn of(&mut self, id: Uuid) -> usize {
        let swapped = Uuid::from_bytes(id.to_bytes_le());
        let known = self.0.iter().rev().find(|(known, _)| *known == id || *known == swapped);
        known.map(|(_, number)| *number).unwrap_or_else(|| self.start(id))
    }

    /// A command begins, perhaps with an id that was used before.
    fn start(&mut self, id: Uuid) -> usize {
        let number = self.0.iter().map(|(_, number)| number + 1).max().unwrap_or(0);
        self.0.push((id, number));
        number
    }
}

/// Everything that a client said, except that it listens. `its` says which
/// exchanges are this client's.
pub(crate) fn said(recording: &Recording, its: &dyn Fn(usize) -> bool) -> Result<Said, String> {
    let (found, wrong) = messages::of(recording);
    if let Some(wrong) = wrong.first() {
        return Err(wrong.clone());
    }
    let mut said = Said::new();
    let mut numbers = Numbers::default();
    for (index, exchange) in recording.exchanges.iter().enumerate() {
        let Ok(request) = Request::decode(&exchange.request) else { continue };
        if !its(index) {
            continue;
        }
        let answer = exchange.response.as_deref().and_then(|body| AnswerEnvelope::decode(body).ok());
        if let Operation::Command { command_id, .. } = request.operation {
            let number = numbers.start(command_id);
            if let Some(Answer::CommandStarted(given)) = answer.map(|envelope| envelope.answer) {
                numbers.0.insert(0, (given, number));
            }
        }
        let (what, command) = match &request.operation {
            Operation::Receive { .. } | Operation::Send { .. } => (None, None),
            // A list of shells is asked for outside of any session.
            Operation::Enumerate { .. } | Operation::Pull { .. } => (None, None),
            Operation::Command { command_id, .. } => (Some("Command".to_owned()), Some(*command_id)),
            Operation::Signal { command_id, code } => {
                (Some(format!("Signal {}", code.as_str().to_lowercase())), *command_id)
            }
            // Which of its commands a client takes along is told by what it asks of them.
            Operation::Reconnect { command_id: Some(_) } => (None, None),
            Operation::Connect { command_id, .. } => (Some("Connect".to_owned()), *command_id),
            other => (Some(other.name().to_owned()), None),
        };
        if let Some(what) = what {
            let target = command.map(|id| numbers.of(id));
            said.entry(target).or_default().push(Statement { what, destination: None, payload: String::new() });
        }
        for one in found.iter().filter(|one| one.from_client && one.began == index) {
            let (target, statement) = message(one, &mut numbers)?;
            said.entry(target).or_default().push(statement);
        }
    }
    Ok(said)
}

fn message(one: &Found, numbers: &mut Numbers) -> Result<(Option<usize>, Statement), String> {
    let message = Message::decode(&one.bytes).map_err(|error| error.to_string())?;
    let target = (!message.pipeline.is_nil()).then(|| numbers.of(message.pipeline));
    let payload = String::from_utf8_lossy(&message.payload).into_owned();
    let statement = Statement { what: message.kind.name().to_owned(), destination: Some(message.destination), payload };
    Ok((target, statement))
}

/// The first difference between what was recorded and what our client said;
/// `opaque`: secrets were sealed with a key that was never kept.
pub(crate) fn compare(recorded: &Said, ours: &Said, opaque: bool) -> Result<usize, String> {
    let nothing = Vec::new();
    let mut compared = 0;
    let targets: std::collections::BTreeSet<_> = recorded.keys().chain(ours.keys()).collect();
    for target in targets {
        let recorded = recorded.get(target).unwrap_or(&nothing);
        let ours = ours.get(target).unwrap_or(&nothing);
        let names = |said: &[Statement]| said.iter().map(|s| s.what.clone()).collect::<Vec<_>>();
        if names(recorded) != names(ours) {
            return Err(format!("to {target:?}: recorded {:?}, ours {:?}", names(recorded), names(ours)));
        }
        for (recorded, ours) in recorded.iter().zip(ours) {
            if recorded.destination != ours.destination {
                return Err(format!("{}: another destination", recorded.what));
            }
            same_payload(&recorded.what, &recorded.payload, &ours.payload, opaque)
                .map_err(|at| format!("to {target:?}, {}: {at}", recorded.what))?;
            compared += 1;
        }
    }
    Ok(compared)
}

/// Whether two payloads are the same modulo key material.
pub(crate) fn same_payload(what: &str, recorded: &str, ours: &str, opaque: bool) -> Result<(), String> {
    // An empty set of streams: .NET, and so we, name it `0`; pypsrp not at all.
    // Hosts read the number.
    let named = recorded.replace("<ToString></ToString><I32>0</I32>", "<ToString>0</ToString><I32>0</I32>");
    let recorded = &named.replace("<ToString /><I32>0</I32>", "<ToString>0</ToString><I32>0</I32>");
    if recorded.is_empty() || ours.is_empty() {
        return if recorded == ours { Ok(()) } else { Err("a payload and none".to_owned()) };
    }
    if what == MessageType::PublicKey.name() {
        return infoset::compare(&blank(recorded, "S"), &blank(ours, "S"));
    }
    if opaque { infoset::compare(&blank(recorded, "SS"), &blank(ours, "SS")) } else { infoset::compare(recorded, ours) }
}

/// Takes the text out of every element of that name.
fn blank(document: &str, name: &str) -> String {
    let (mut out, mut rest) = (String::new(), document);
    let open = format!("<{name}");
    while let Some(at) = rest.find(&open) {
        let behind = &rest[at + open.len()..];
        let is_tag = behind.starts_with([' ', '>', '/']);
        let Some(end) = behind.find('>').filter(|_| is_tag) else {
            out.push_str(&rest[..at + open.len()]);
            rest = behind;
            continue;
        };
        let from = at + open.len() + end + 1;
        out.push_str(&rest[..from]);
        rest = &rest[from..];
        if !behind[..end].ends_with('/') {
            rest = &rest[rest.find('<').unwrap_or(0)..];
        }
    }
    out.push_str(rest);
    out
}

/// An envelope without what rule 2 leaves to the client: ids, the address,
/// times, and the fragments, which are compared as messages.
pub(crate) fn envelope(body: &[u8]) -> Result<Node, String> {
    let mut root = Node::parse(&String::from_utf8_lossy(body))?;
    strip(&mut root);
    Ok(root)
}

/// What the recorded Create asks for that ours does not offer.
pub(crate) fn not_offered(create: &[u8]) -> Option<String> {
    let root = Node::parse(&String::from_utf8_lossy(create)).ok()?;
    let known = ["IdleTimeOut", "InputStreams", "OutputStreams", "creationXml"];
    let element =
        root.find("Shell").and_then(|shell| shell.children.iter().find(|c| !known.contains(&c.name.as_str())));
    let mut option = None;
    root.walk(&mut |node| {
        let name = node.attributes.get("Name").filter(|_| node.name == "Option");
        option = option.take().or_else(|| name.filter(|name| *name != "protocolversion").cloned());
    });
    element.map(|element| element.name.clone()).or(option)
}

fn strip(node: &mut Node) {
    // Which sizes are asked for is compared by itself: a Receive of the pool
    // that only one of both has must not be looked for in vain.
    let free = [
        "MaxEnvelopeSize",
        "MessageID",
        "SessionId",
        "To",
        "OperationTimeout",
        "Arguments",
        "Stream",
        "creationXml",
        "connectXml",
    ];
    if free.contains(&node.name.as_str()) || node.attributes.get("Name").is_some_and(|name| name == "ShellId") {
        node.text.clear();
    }
    if node.name == "Stream" {
        // Which stream and command an answer goes by is the client's own.
        node.attributes.remove("Name");
        node.attributes.remove("CommandId");
    }
    for id in ["CommandId", "ShellId"] {
        if let Some(value) = node.attributes.get_mut(id) {
            value.clear();
        }
    }
    if node.name == "Code" {
        // Seen: Windows takes `Terminate` and `terminate`.
        node.text = node.text.to_lowercase();
    }
    node.text = node.text.trim().to_owned();
    node.children.iter_mut().for_each(strip);
}
