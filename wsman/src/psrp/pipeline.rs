//! Payloads about one pipeline.

use std::sync::Arc;

use super::pool::apartment_state;
use super::{ErrorRecord, HostInfo, PayloadError, enumeration, object, required};
use crate::clixml::{Content, EncodeError, ListKind, Object, TypeNames, Value};

/// CREATE_PIPELINE.
///
/// `RedirectShellErrorOutputPipe` is always false: the first failing statement
/// then ends the pipeline, and nothing goes on half-informed (powershell.md
/// §3). `RemoteStreamOptions` is always 0: invocation info would be nine
/// tenths of each record.
///
/// Source: [MS-PSRP] §2.2.2.10, §2.2.3.11.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePipeline {
    /// Commands, piped into each other.
    pub commands: Vec<Command>,
    /// False when input will follow.
    pub no_input: bool,
    /// The client's host.
    pub host: HostInfo,
}

/// One command of a pipeline.
///
/// Source: [MS-PSRP] §2.2.3.12.
#[derive(Clone, PartialEq)]
pub struct Command {
    /// Name, or text of a script.
    pub text: String,
    /// `text` is a script.
    pub is_script: bool,
    /// Run in a scope of its own; `None` leaves it to the host.
    pub use_local_scope: Option<bool>,
    /// Arguments in order.
    pub arguments: Vec<Argument>,
}

impl std::fmt::Debug for Command {
    /// Without script text and values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.is_script { "script" } else { &self.text };
        f.debug_struct("Command").field("name", &name).field("arguments", &self.arguments.len()).finish()
    }
}

/// One argument.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Parameter name without the dash; `None`: positional.
    pub name: Option<String>,
    /// Value.
    pub value: Value,
}

impl Command {
    /// A cmdlet or function by name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { text: name.into(), is_script: false, use_local_scope: None, arguments: Vec::new() }
    }

    /// Script text. Never build it from input.
    pub fn script(text: impl Into<String>) -> Self {
        Self { is_script: true, ..Self::new(text) }
    }

    /// Adds a named argument.
    #[must_use]
    pub fn argument(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.arguments.push(Argument { name: Some(name.into()), value: value.into() });
        self
    }

    /// The argument of that name, compared without case.
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<&Value> {
        self.arguments
            .iter()
            .find(|argument| argument.name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(name)))
            .map(|argument| &argument.value)
    }

    fn to_value(&self, list: &TypeNames) -> Value {
        let none = || enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", "None", 0);
        let arguments = self
            .arguments
            .iter()
            .map(|argument| {
                let name = argument.name.as_deref().map_or(Value::Nil, Value::from);
                Value::custom([("N", name), ("V", argument.value.clone())])
            })
            .collect();
        Value::custom([
            ("Cmd", Value::from(self.text.as_str())),
            ("IsScript", Value::Bool(self.is_script)),
            ("UseLocalScope", self.use_local_scope.map_or(Value::Nil, Value::Bool)),
            ("MergeMyResult", none()),
            ("MergeToResult", none()),
            ("MergePreviousResults", none()),
            ("Args", typed_list(list, arguments)),
            ("MergeError", none()),
            ("MergeWarning", none()),
            ("MergeVerbose", none()),
            ("MergeDebug", none()),
            ("MergeInformation", none()),
        ])
    }

    fn from_value(value: &Value) -> Result<Self, PayloadError> {
        let text = required(value, "Cmd")?.as_str().ok_or(PayloadError::Missing("Cmd"))?.to_owned();
        let mut arguments = Vec::new();
        for argument in value.get("Args").and_then(Value::items).unwrap_or_default() {
            arguments.push(Argument {
                name: argument
                    .get("N")
                    .and_then(Value::as_str)
                    .map(|name| name.trim_start_matches('-').trim_end_matches(':').to_owned()),
                value: argument.get("V").cloned().unwrap_or(Value::Nil),
            });
        }
        Ok(Self {
            text,
            is_script: value.get("IsScript").and_then(Value::as_bool).unwrap_or(false),
            use_local_scope: value.get("UseLocalScope").and_then(Value::as_bool),
            arguments,
        })
    }
}

/// Source: type names as PowerShell 5.1 and 7 write them.
const LIST: &str = "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, \
    System.Management.Automation, Version=1.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]";

fn typed_list(names: &TypeNames, items: Vec<Value>) -> Value {
    object(Object {
        type_names: Some(Arc::clone(names)),
        content: Content::List(ListKind::List, items),
        ..Object::default()
    })
}

impl CreatePipeline {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&self.to_value())
    }

    /// The payload before it is written: secrets in it are not sealed yet.
    pub(crate) fn to_value(&self) -> Value {
        let list: TypeNames = Arc::from([LIST.into(), "System.Object".into()]);
        let commands = self.commands.iter().map(|command| command.to_value(&list)).collect();
        Value::custom([
            ("NoInput", Value::Bool(self.no_input)),
            ("ApartmentState", apartment_state()),
            ("RemoteStreamOptions", enumeration("System.Management.Automation.Runspaces.RemoteStreamOptions", "0", 0)),
            ("AddToHistory", Value::Bool(false)),
            ("HostInfo", self.host.to_value()),
            (
                "PowerShell",
                Value::custom([
                    ("IsNested", Value::Bool(false)),
                    ("ExtraCmds", Value::Nil),
                    ("Cmds", typed_list(&list, commands)),
                    ("History", Value::Nil),
                    ("RedirectShellErrorOutputPipe", Value::Bool(false)),
                ]),
            ),
            ("IsNested", Value::Bool(false)),
        ])
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let shell = required(&value, "PowerShell")?;
        let commands = required(shell, "Cmds")?.items().ok_or(PayloadError::Missing("Cmds"))?;
        Ok(Self {
            commands: commands.iter().map(Command::from_value).collect::<Result<_, _>>()?,
            no_input: value.get("NoInput").and_then(Value::as_bool).unwrap_or(true),
            host: value.get("HostInfo").map_or(HostInfo::None, HostInfo::from_value),
        })
    }
}

/// How a pipeline stands.
///
/// Source: [MS-PSRP] §2.2.3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PipelineState {
    /// 3: stopped, by the client or by itself.
    Stopped,
    /// 4: ran to its end; error records may have come.
    Completed,
    /// 5: a terminating error.
    Failed,
    /// 6: cut off from its client.
    Disconnected,
}

/// PIPELINE_STATE.
///
/// Source: [MS-PSRP] §2.2.2.21.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineStateMessage {
    /// The state; `None` for the passing ones (not started, running, stopping).
    pub state: Option<PipelineState>,
    /// The terminating error.
    pub error: Option<ErrorRecord>,
}

impl PipelineStateMessage {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let number = match self.state {
            None => 2,
            Some(PipelineState::Stopped) => 3,
            Some(PipelineState::Completed) => 4,
            Some(PipelineState::Failed) => 5,
            Some(PipelineState::Disconnected) => 6,
        };
        let mut properties = vec![("PipelineState", Value::I32(number))];
        properties.extend(self.error.as_ref().map(|error| ("ExceptionAsErrorRecord", error.to_value())));
        super::encode(&Value::custom(properties))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let number = required(&value, "PipelineState")?.as_i64().ok_or(PayloadError::Missing("PipelineState"))?;
        let state = match number {
            0..=2 => None,
            3 => Some(PipelineState::Stopped),
            4 => Some(PipelineState::Completed),
            5 => Some(PipelineState::Failed),
            6 => Some(PipelineState::Disconnected),
            _ => return Err(PayloadError::Missing("PipelineState")),
        };
        let error = value.get("ExceptionAsErrorRecord").filter(|v| **v != Value::Nil).map(ErrorRecord::from_value);
        Ok(Self { state, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_reads_back() {
        let pipeline = CreatePipeline {
            commands: vec![
                Command::new("Write-Output").argument("InputObject", "a'; $(b)"),
                Command { use_local_scope: Some(true), ..Command::script("1") },
            ],
            no_input: true,
            host: HostInfo::None,
        };
        assert_eq!(CreatePipeline::decode(&pipeline.encode().unwrap()), Ok(pipeline));
    }

    #[test]
    fn debug_shows_neither_script_nor_values() {
        let command = Command::script("planted-secret").argument("x", "planted-secret");
        assert!(!format!("{command:?}").contains("planted"));
    }
}
