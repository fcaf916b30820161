//! Whole dialogues: our client asks, the recording answers.
//!
//! What the client is made to do is read off the recording's own requests: the
//! settings of the pool, the pipelines with their arguments, input, stops,
//! answers to host calls, questions about the pool. Then our session must say
//! the same (rule 2 of the recordings' README) and hear the same.

mod adapt;
mod client;
mod gist;
mod heard;
mod secrets;
mod statements;

use std::collections::BTreeMap;

use uuid::Uuid;
use wsman::soap::{Operation, Request};

use super::messages::{self, Found};
use super::recording::{Exchange, Recording};
use super::report::Report;
use client::Client;

/// Why a dialogue did not come to its end.
pub(crate) enum Trouble {
    /// Our client does not make such requests.
    LeftOut(String),
    /// A defect.
    Wrong(String),
}

impl Trouble {
    fn wrong(what: impl std::fmt::Display) -> Self {
        Self::Wrong(what.to_string())
    }
}

/// Replays one recording; says in the report what came of it.
pub(crate) fn replay(recording: &Recording, report: &mut Report) {
    match run(recording, report) {
        Ok(()) => report.count("dialogues run"),
        Err(Trouble::LeftOut(why)) => {
            report.count("dialogues left out");
            report.leave_out(&recording.name, why);
        }
        Err(Trouble::Wrong(what)) => report.wrong(format!("{}: {what}", recording.name)),
    }
}

fn run(recording: &Recording, report: &mut Report) -> Result<(), Trouble> {
    let requests = requests(recording)?;
    let (found, wrong) = messages::of(recording);
    if let Some(wrong) = wrong.into_iter().next() {
        return Err(Trouble::Wrong(wrong));
    }
    let mut clients: Vec<(String, Client)> = Vec::new();
    // Which client each exchange is of.
    let mut of: Vec<Option<usize>> = Vec::new();
    for (index, (exchange, request)) in recording.exchanges.iter().zip(&requests).enumerate() {
        let Some(request) = request else {
            of.push(None);
            continue;
        };
        let began: Vec<_> = found.iter().filter(|one| one.from_client && one.began == index).collect();
        let shell = match &request.operation {
            Operation::Create { shell_id, .. } => adapt::upper(*shell_id),
            _ => request.header.shell_id.clone().unwrap_or_default().to_uppercase(),
        };
        let begins =
            matches!(request.operation, Operation::Create { .. } | Operation::Connect { command_id: None, .. });
        if begins {
            if let Some(what) = statements::not_offered(&exchange.request) {
                return Err(Trouble::LeftOut(format!("its Create asks for {what}, which our client does not")));
            }
            clients.push((shell.clone(), Client::start(request, &began, recording.entropy)?));
        }
        // Hosts may give a shell another id than was proposed.
        let known = clients.iter().rposition(|(id, _)| *id == shell).or_else(|| clients.len().checked_sub(1));
        of.push(known);
        let client = known.and_then(|known| clients.get_mut(known)).map(|(_, client)| client);
        let Some(client) = client else {
            return Err(Trouble::LeftOut(format!(
                "it begins in the middle of a session ({})",
                request.operation.name()
            )));
        };
        step(client, exchange, request, &began).map_err(|trouble| match trouble {
            Trouble::Wrong(what) => Trouble::Wrong(format!("exchange {}: {what}", exchange.number)),
            left_out @ Trouble::LeftOut(_) => left_out,
        })?;
        report.count("exchanges in dialogues");
    }
    for (number, (_, client)) in clients.iter_mut().enumerate() {
        client.finish()?;
        let its = |index: usize| of.get(index) == Some(&Some(number));
        let ours = client.as_recording();
        let recorded = statements::said(recording, &its).map_err(Trouble::Wrong)?;
        let said = statements::said(&ours, &|_| true).map_err(Trouble::Wrong)?;
        let extra = client.unasked_ends(&recorded, &said);
        let said = without(said, &extra);
        let same = statements::compare(&recorded, &said, client.secrets_are_opaque()).map_err(Trouble::Wrong)?;
        report.add("statements said alike", same);
        if !extra.is_empty() {
            report.add("terminates of ours that the recording does not have", extra.len());
        }
        envelopes(recording, &ours, &its, report)?;
        let started = requests.iter().enumerate().filter(|(index, _)| its(*index)).filter_map(|(index, request)| {
            match request.as_ref().map(|request| &request.operation) {
                Some(Operation::Command { command_id, .. }) => Some((*command_id, index)),
                Some(Operation::Connect { command_id: Some(command_id), .. }) => Some((*command_id, index)),
                _ => None,
            }
        });
        let started: Vec<(Uuid, usize)> = started.collect();
        if started.len() != client.commands().len() {
            return Err(Trouble::Wrong(format!("{} commands, ours {}", started.len(), client.commands().len())));
        }
        let heard = heard::of_recording(&found, &started).map_err(Trouble::Wrong)?;
        report.add("lines heard alike", client.compare_heard(heard)?);
        if let Some(result) = &recording.result {
            gist::compare(result, &client.heard(), report).map_err(Trouble::Wrong)?;
        }
    }
    Ok(())
}

/// Takes the last statement of those commands away: our terminate.
fn without(mut said: statements::Said, commands: &[usize]) -> statements::Said {
    for command in commands {
        if let Some(list) = said.get_mut(&Some(*command)) {
            list.pop();
        }
    }
    said
}

/// The recording's requests, as our host end reads them; `None`: of no
/// session. Says why the whole cannot be asked.
fn requests(recording: &Recording) -> Result<Vec<Option<Request>>, Trouble> {
    let mut requests = Vec::new();
    for exchange in &recording.exchanges {
        match Request::decode(&exchange.request) {
            Ok(request) if matches!(request.operation, Operation::Enumerate { .. } | Operation::Pull { .. }) => {
                // A list of shells is asked for outside of any session.
                requests.push(None);
            }
            Ok(request) => requests.push(Some(request)),
            Err(error) => {
                let text = String::from_utf8_lossy(&exchange.request);
                let root = crate::infoset::Node::parse(&text).map_err(Trouble::Wrong)?;
                let uri = root.find("ResourceURI").map_or("", |uri| uri.text.trim());
                let verb = root.find("Action").map_or("", |action| action.text.trim()).rsplit('/').next().unwrap_or("");
                let kind = uri.rsplit('/').next().unwrap_or_default();
                if verb == "Get" {
                    // A look at the host or the shell; nothing follows from it.
                    requests.push(None);
                } else if messages::is_powershell(&root) == Some(false) {
                    return Err(Trouble::LeftOut(format!("WinRS ({kind}): our client speaks to PowerShell only")));
                } else {
                    return Err(Trouble::LeftOut(format!("our client sends no such {verb}: {error}")));
                }
            }
        }
    }
    if requests.iter().all(Option::is_none) {
        return Err(Trouble::LeftOut("no session is opened".to_owned()));
    }
    if requests.iter().flatten().any(|request| !request.header.resource_uri.to_lowercase().contains("/powershell/")) {
        return Err(Trouble::LeftOut("WinRS: our client speaks to PowerShell only".to_owned()));
    }
    Ok(requests)
}

fn step(client: &mut Client, exchange: &Exchange, request: &Request, began: &[&Found]) -> Result<(), Trouble> {
    client.act(request, began)?;
    client.deliver(request, exchange)?;
    client.settle()
}

/// Every request of ours has an envelope that the recording has as well.
fn envelopes(
    recording: &Recording,
    ours: &Recording,
    its: &dyn Fn(usize) -> bool,
    report: &mut Report,
) -> Result<(), Trouble> {
    let key = |request: &Request| {
        let command = match &request.operation {
            Operation::Receive { command_id }
            | Operation::Reconnect { command_id }
            | Operation::Signal { command_id, .. }
            | Operation::Connect { command_id, .. } => command_id.is_some(),
            _ => false,
        };
        (request.operation.name(), command)
    };
    let mut sizes = std::collections::BTreeSet::new();
    let mut recorded: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (index, exchange) in recording.exchanges.iter().enumerate() {
        let Ok(request) = Request::decode(&exchange.request) else { continue };
        sizes.insert(request.header.max_envelope_bytes);
        if its(index) {
            let envelope = statements::envelope(&exchange.request).map_err(Trouble::Wrong)?;
            recorded.entry(key(&request)).or_default().push(envelope);
        }
    }
    for exchange in &ours.exchanges {
        let request = Request::decode(&exchange.request).map_err(Trouble::wrong)?;
        let size = request.header.max_envelope_bytes;
        if !sizes.contains(&size) {
            return Err(Trouble::LeftOut(format!("its client asks for envelopes of {sizes:?} bytes, ours for {size}")));
        }
        let Some(candidates) = recorded.get(&key(&request)) else { continue };
        let envelope = statements::envelope(&exchange.request).map_err(Trouble::Wrong)?;
        let differences: Vec<_> =
            candidates.iter().filter_map(|recorded| crate::infoset::differ(recorded, &envelope, "").err()).collect();
        if differences.len() == candidates.len() {
            let first = differences.first().cloned().unwrap_or_default();
            return Err(Trouble::Wrong(format!("{} envelope: {first}", request.operation.name())));
        }
        report.count("envelopes alike");
    }
    Ok(())
}
