//! What a client heard, in one form for both: read from the recorded messages
//! and from the events of our session.

use std::collections::BTreeMap;

use uuid::Uuid;
use wsman::clixml::{Limits, Value, encode};
use wsman::psrp::{
    ErrorRecord, HostCall, InformationRecord, Message, MessageType, PipelineState, PipelineStateMessage,
    ProgressRecord, TextRecord,
};
use wsman::session::{End, PipelineEvent};

use super::super::messages::Found;

/// What one pipeline said, each as a line.
pub(crate) type Lines = Vec<String>;

fn value(value: &Value) -> String {
    encode(value, &Limits { depth: 200, ..Limits::ENCODE }).unwrap_or_else(|error| error.to_string())
}

fn error(record: &ErrorRecord) -> String {
    format!("{} | {} | {} | {}", record.message, record.id, record.category, record.exception_type)
}

/// An event of our session.
pub(crate) fn event(event: &PipelineEvent) -> String {
    match event {
        PipelineEvent::Output(output) => format!("output {}", value(output)),
        PipelineEvent::Error(record) => format!("error {}", error(record)),
        PipelineEvent::Warning(text) => format!("warning {text}"),
        PipelineEvent::Verbose(text) => format!("verbose {text}"),
        PipelineEvent::Debug(text) => format!("debug {text}"),
        PipelineEvent::Information(record) => {
            format!("information {} {}", record.from_write_host, value(&record.message))
        }
        PipelineEvent::Progress(record) => format!("progress {record:?}"),
        PipelineEvent::HostCall(call) => host_call(call),
        PipelineEvent::Unreadable { kind, bytes } => format!("unreadable {} of {bytes} bytes", kind.name()),
        PipelineEvent::Ended(End::Completed) => "end Completed".to_owned(),
        PipelineEvent::Ended(End::Failed(record)) => format!("end Failed {}", error(record)),
        PipelineEvent::Ended(End::Stopped(_)) => "end Stopped".to_owned(),
        PipelineEvent::Ended(_) => "end Lost".to_owned(),
        other => format!("{other:?}"),
    }
}

fn host_call(call: &HostCall) -> String {
    let parameters: Vec<_> = call.parameters.iter().map(value).collect();
    format!("host call {} {} {parameters:?}", call.call_id, call.method.name())
}

/// A recorded message; `None`: nothing that a pipeline's listener hears.
fn recorded(message: &Message) -> Result<Option<String>, String> {
    use MessageType as T;
    let payload = &message.payload[..];
    let bad = |error: wsman::psrp::PayloadError| format!("{}: {error}", message.kind.name());
    let text = |payload| TextRecord::decode(payload).map(|text| text.0).map_err(bad);
    Ok(Some(match message.kind {
        T::PipelineOutput => {
            let output = wsman::clixml::decode(payload, &Limits::DECODE).map_err(|error| error.to_string())?;
            event(&PipelineEvent::Output(output))
        }
        T::ErrorRecord => event(&PipelineEvent::Error(ErrorRecord::decode(payload).map_err(bad)?)),
        T::WarningRecord => format!("warning {}", text(payload)?),
        T::VerboseRecord => format!("verbose {}", text(payload)?),
        T::DebugRecord => format!("debug {}", text(payload)?),
        T::InformationRecord => event(&PipelineEvent::Information(InformationRecord::decode(payload).map_err(bad)?)),
        T::ProgressRecord => event(&PipelineEvent::Progress(ProgressRecord::decode(payload).map_err(bad)?)),
        T::PipelineHostCall => host_call(&HostCall::decode(payload).map_err(bad)?),
        T::PipelineState => {
            let state = PipelineStateMessage::decode(payload).map_err(bad)?;
            match state.state {
                Some(PipelineState::Failed) => {
                    format!("end Failed {}", state.error.as_ref().map(error).unwrap_or_default())
                }
                Some(state) => format!("end {state:?}"),
                None => return Ok(None),
            }
        }
        _ => return Ok(None),
    }))
}

/// What each pipeline said in the recording. `commands` are the recorded ids
/// with the exchanges that started them, in order; some clients use an id
/// again.
pub(crate) fn of_recording(found: &[Found], commands: &[(Uuid, usize)]) -> Result<BTreeMap<usize, Lines>, String> {
    let mut heard: BTreeMap<usize, Lines> = BTreeMap::new();
    for one in found.iter().filter(|one| !one.from_client) {
        let message = Message::decode(&one.bytes).map_err(|error| error.to_string())?;
        let swapped = Uuid::from_bytes(message.pipeline.to_bytes_le());
        let its = |(id, from): &(Uuid, usize)| (*id == message.pipeline || *id == swapped) && *from <= one.began;
        let known = commands.iter().rposition(its);
        let (Some(number), Some(line)) = (known, recorded(&message)?) else { continue };
        heard.entry(number).or_default().push(line);
    }
    Ok(heard)
}
