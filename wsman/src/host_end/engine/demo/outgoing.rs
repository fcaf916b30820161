//! What goes to the client.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;

use uuid::Uuid;

use super::date;
use crate::clixml::{Content, EncodeError, ListKind, Object, Property, Value, Version};
use crate::host_end::engine::{Output, Taken};
use crate::psrp::fragment::{HEADER_BYTES, fragments};
use crate::psrp::{ErrorRecord, HostCall, HostMethod, Message, MessageType, PipelineState, PipelineStateMessage};
use crate::time::Duration;

/// Largest fragment with its header, in bytes. Seen: what PowerShell's
/// out-of-process server sends, whatever the envelope (recording
/// `size-string`).
const FRAGMENT_BYTES: usize = 32_768;

/// Turns messages into fragments; one count of object ids for the pool and
/// all pipelines, as a real engine has it.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    pub(super) pool_id: Uuid,
    objects: u64,
    queue: VecDeque<Output>,
}

impl Outgoing {
    pub(super) fn next(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }

    pub(super) fn ack(&mut self, pipeline: Option<Uuid>, of: Taken) {
        self.queue.push_back(Output::Ack { pipeline, of });
    }

    pub(super) fn ran(&mut self, command: String) {
        self.queue.push_back(Output::Ran { command });
    }

    /// A message of the pool. The payloads are ours and always encode.
    pub(super) fn pool(&mut self, kind: MessageType, pool: Uuid, payload: Result<Vec<u8>, EncodeError>) {
        self.send(&Message::to_client(kind, pool, None, &payload.unwrap_or_default()));
    }

    /// A message of a pipeline.
    pub(super) fn pipeline(
        &mut self,
        kind: MessageType,
        pipeline: Uuid,
        payload: Result<Vec<u8>, EncodeError>,
    ) -> Result<(), EncodeError> {
        self.send(&Message::to_client(kind, self.pool_id, Some(pipeline), &payload?));
        Ok(())
    }

    /// A call of a method of the client's host.
    pub(super) fn host_call(&mut self, pipeline: Uuid, call: &HostCall) -> Result<(), EncodeError> {
        self.pipeline(MessageType::PipelineHostCall, pipeline, call.encode())
    }

    /// A void method; carries -100 instead of a call's id (recordings).
    pub(super) fn host_tell(
        &mut self,
        pipeline: Uuid,
        method: HostMethod,
        parameters: Vec<Value>,
    ) -> Result<(), EncodeError> {
        self.host_call(pipeline, &HostCall { call_id: -100, method, parameters })
    }

    /// The last message of a pipeline.
    pub(super) fn state(&mut self, pipeline: Uuid, state: PipelineState, error: Option<ErrorRecord>) {
        let whole = PipelineStateMessage { state: Some(state), error }.encode();
        // An error text too large to be written must not cost the state.
        let payload = whole.or_else(|_| PipelineStateMessage { state: Some(state), error: None }.encode());
        let _ = self.pipeline(MessageType::PipelineState, pipeline, payload);
    }

    /// A message that does not come.
    pub(super) fn lose(&mut self) {
        self.objects += 1;
    }

    fn send(&mut self, message: &Message) {
        const DATA_BYTES: NonZeroUsize = NonZeroUsize::new(FRAGMENT_BYTES - HEADER_BYTES).unwrap();
        self.objects += 1;
        let pipeline = (!message.pipeline.is_nil()).then_some(message.pipeline);
        let parts = fragments(self.objects, &message.encode(), DATA_BYTES).collect::<Vec<_>>();
        self.queue.extend(parts.into_iter().map(|data| Output::Data { pipeline, data }));
    }
}

/// APPLICATION_PRIVATE_DATA, with the entries that clients look at.
pub(super) fn private_data() -> Value {
    let version = |text| Version::parse(text).map_or(Value::Nil, Value::Version);
    let compatible = ["1.0", "2.0", "3.0", "4.0", "5.0", "5.1"].map(version).into();
    let compatible = Value::Object(Arc::new(Object {
        type_names: Some(Arc::from(["System.Version[]".into(), "System.Array".into(), "System.Object".into()])),
        content: Content::List(ListKind::List, compatible),
        ..Object::default()
    }));
    let table = dictionary(vec![
        ("PSVersion", version("5.1.0.0")),
        ("PSEdition", Value::from("Desktop")),
        ("PSCompatibleVersions", compatible),
        ("PSRemotingProtocolVersion", version("2.3")),
        ("SerializationVersion", version("1.1.0.1")),
        ("WSManStackVersion", version("3.0")),
    ]);
    Value::custom([("ApplicationPrivateData", dictionary(vec![("PSVersionTable", table)]))])
}

/// The INFORMATION_RECORD of a Write-Host. Strict clients (pypsrp) want every
/// member, also those that [`InformationRecord`](crate::psrp::InformationRecord)
/// leaves out on purpose; user, computer and process are made up.
pub(super) fn write_host(line: &str, unix_now: Duration) -> Value {
    let list = |name: &str, items| {
        Value::Object(Arc::new(Object {
            type_names: Some([name, "System.Object"].map(Into::into).into()),
            content: Content::List(ListKind::List, items),
            ..Object::default()
        }))
    };
    let property = |name: &str, value| Property { name: name.into(), value };
    let message = Value::Object(Arc::new(Object {
        type_names: Some(
            ["System.Management.Automation.HostInformationMessage", "System.Object"].map(Into::into).into(),
        ),
        to_string: Some(line.into()),
        adapted: vec![
            property("Message", Value::from(line)),
            property("NoNewLine", Value::Bool(false)),
            property("ForegroundColor", Value::Nil),
            property("BackgroundColor", Value::Nil),
        ],
        ..Object::default()
    }));
    Value::custom([
        ("MessageData", message),
        ("Source", Value::from("Write-Host")),
        ("TimeGenerated", date::utc(unix_now).map_or(Value::Nil, Value::DateTime)),
        ("Tags", list("System.Collections.Generic.List`1[[System.String]]", vec![Value::from("PSHOST")])),
        ("User", Value::from("demo")),
        ("Computer", Value::from("HOST01")),
        ("ProcessId", Value::U32(1)),
        ("NativeThreadId", Value::U32(1)),
        ("ManagedThreadId", Value::U32(1)),
    ])
}

fn dictionary(entries: Vec<(&str, Value)>) -> Value {
    let names = ["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"];
    Value::Object(Arc::new(Object {
        type_names: Some(names.map(Into::into).into()),
        content: Content::Dictionary(entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect()),
        ..Object::default()
    }))
}
