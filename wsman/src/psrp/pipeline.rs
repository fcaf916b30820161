//! Payloads about one pipeline.

use std::sync::Arc;

use super::pool::apartment_state;
use super::{ErrorRecord, HostInfo, PayloadError, ProtocolVersion, enumeration, object, required};
use crate::clixml::{Content, EncodeError, ListKind, Object, TypeNames, Value};

/// CREATE_PIPELINE.
///
/// Source: [MS-PSRP] §2.2.2.10, §2.2.3.11.
#[derive(Clone, Debug, PartialEq)]
pub struct CreatePipeline {
    /// Commands, piped into each other up to one that ends a statement.
    pub commands: Vec<Command>,
    /// False when input will follow.
    pub no_input: bool,
    /// The client's host.
    pub host: HostInfo,
    /// What else it is to be.
    pub options: PipelineOptions,
}

/// What a pipeline is to be besides its commands. The defaults are what a
/// program wants; the rest is for what people do at a console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PipelineOptions {
    /// Which records carry where they were written. Nothing by default: it
    /// would be nine tenths of each record.
    pub invocation_info: InvocationInfo,
    /// Keep the commands in the session's history.
    pub add_to_history: bool,
    /// Runs inside the pipeline that waits for the answer to a host call.
    pub is_nested: bool,
    /// `RedirectShellErrorOutputPipe`. False by default: the first failing
    /// statement then ends the pipeline, and nothing goes on half-informed
    /// (powershell.md §3).
    pub redirect_errors: bool,
    /// The protocol spoken: older hosts know fewer merges.
    pub protocol: ProtocolVersion,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        Self {
            invocation_info: InvocationInfo::default(),
            add_to_history: false,
            is_nested: false,
            redirect_errors: false,
            protocol: ProtocolVersion::V2_3,
        }
    }
}

/// `RemoteStreamOptions`: a set of streams.
///
/// Source: [MS-PSRP] §2.2.3.14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationInfo(pub u8);

impl InvocationInfo {
    /// Every stream.
    pub const ALL: Self = Self(15);

    fn to_value(self) -> Value {
        let streams = ["ErrorRecord", "WarningRecord", "DebugRecord", "VerboseRecord"];
        let named = || {
            let set = (0..).zip(streams).filter(|(bit, _)| self.0 >> bit & 1 != 0);
            set.map(|(_, stream)| format!("AddInvocationInfoTo{stream}")).collect::<Vec<_>>().join(", ")
        };
        let text = match self.0 {
            15 => "AddInvocationInfo".to_owned(),
            1..15 => named(),
            other => other.to_string(),
        };
        enumeration("System.Management.Automation.Runspaces.RemoteStreamOptions", &text, i32::from(self.0))
    }
}

/// Where a command's streams go.
///
/// Source: [MS-PSRP] §2.2.3.12, §2.2.3.31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "one field per stream, as PowerShell names them")]
pub struct Merge {
    /// The stream that `to_result` speaks of; all that protocol 2.1 knows.
    pub my_result: ResultType,
    pub to_result: ResultType,
    pub previous_results: ResultType,
    pub error: ResultType,
    pub warning: ResultType,
    pub verbose: ResultType,
    pub debug: ResultType,
    pub information: ResultType,
}

/// `PipelineResultTypes`.
///
/// Source: [MS-PSRP] §2.2.3.31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "streams, as PowerShell names them")]
pub enum ResultType {
    #[default]
    None = 0,
    Output = 1,
    Error = 2,
    Warning = 3,
    Verbose = 4,
    Debug = 5,
    Information = 6,
    All = 7,
    Null = 8,
}

impl ResultType {
    fn to_value(self) -> Value {
        let name = format!("{self:?}");
        enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", &name, self as i32)
    }

    fn of(command: &Value, name: &str) -> Self {
        match command.get(name).and_then(Value::as_i64) {
            Some(1) => Self::Output,
            Some(2) => Self::Error,
            Some(3) => Self::Warning,
            Some(4) => Self::Verbose,
            Some(5) => Self::Debug,
            Some(6) => Self::Information,
            Some(7) => Self::All,
            Some(8) => Self::Null,
            _ => Self::None,
        }
    }
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
    /// Streams that become output, or none.
    pub merge: Merge,
    /// The next command begins a statement of its own.
    pub ends_statement: bool,
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
        Self {
            text: name.into(),
            is_script: false,
            use_local_scope: None,
            arguments: Vec::new(),
            merge: Merge::default(),
            ends_statement: false,
        }
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

    fn to_value(&self, list: &TypeNames, protocol: ProtocolVersion) -> Value {
        let merge = &self.merge;
        let arguments = self
            .arguments
            .iter()
            .map(|argument| {
                let name = argument.name.as_deref().map_or(Value::Nil, Value::from);
                Value::custom([("N", name), ("V", argument.value.clone())])
            })
            .collect();
        let mut properties = vec![
            ("Cmd", Value::from(self.text.as_str())),
            ("IsScript", Value::Bool(self.is_script)),
            ("UseLocalScope", self.use_local_scope.map_or(Value::Nil, Value::Bool)),
            ("MergeMyResult", merge.my_result.to_value()),
            ("MergeToResult", merge.to_result.to_value()),
            ("MergePreviousResults", merge.previous_results.to_value()),
            ("Args", typed_list(list, arguments)),
        ];
        // Spec: each version of the protocol knows more of them.
        if protocol >= ProtocolVersion::V2_2 {
            properties.extend([
                ("MergeError", merge.error.to_value()),
                ("MergeWarning", merge.warning.to_value()),
                ("MergeVerbose", merge.verbose.to_value()),
                ("MergeDebug", merge.debug.to_value()),
            ]);
        }
        if protocol >= ProtocolVersion::V2_3 {
            properties.push(("MergeInformation", merge.information.to_value()));
        }
        Value::custom(properties)
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
            merge: Merge {
                my_result: ResultType::of(value, "MergeMyResult"),
                to_result: ResultType::of(value, "MergeToResult"),
                previous_results: ResultType::of(value, "MergePreviousResults"),
                error: ResultType::of(value, "MergeError"),
                warning: ResultType::of(value, "MergeWarning"),
                verbose: ResultType::of(value, "MergeVerbose"),
                debug: ResultType::of(value, "MergeDebug"),
                information: ResultType::of(value, "MergeInformation"),
            },
            ends_statement: false,
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
        let options = &self.options;
        let statement = |commands: &[Command]| {
            typed_list(&list, commands.iter().map(|command| command.to_value(&list, options.protocol)).collect())
        };
        let statements: Vec<_> = self.commands.split_inclusive(|command| command.ends_statement).collect();
        // Spec: with several statements, all of them, the first as well.
        let extra = match statements.len() {
            0 | 1 => Value::Nil,
            _ => {
                let each = |commands: &&[Command]| Value::custom([("Cmds", statement(commands))]);
                typed_list(&list, statements.iter().map(each).collect())
            }
        };
        Value::custom([
            ("NoInput", Value::Bool(self.no_input)),
            ("ApartmentState", apartment_state()),
            ("RemoteStreamOptions", options.invocation_info.to_value()),
            ("AddToHistory", Value::Bool(options.add_to_history)),
            ("HostInfo", self.host.to_value()),
            (
                "PowerShell",
                Value::custom([
                    ("IsNested", Value::Bool(options.is_nested)),
                    ("ExtraCmds", extra),
                    ("Cmds", statement(statements.first().copied().unwrap_or_default())),
                    ("History", Value::Nil),
                    ("RedirectShellErrorOutputPipe", Value::Bool(options.redirect_errors)),
                ]),
            ),
            ("IsNested", Value::Bool(options.is_nested)),
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
        let extra = shell.get("ExtraCmds").and_then(Value::items).unwrap_or_default();
        let mut commands = Vec::new();
        for statement in if extra.is_empty() { std::slice::from_ref(shell) } else { extra } {
            if let Some(last) = commands.last_mut() {
                let last: &mut Command = last;
                last.ends_statement = true;
            }
            for command in required(statement, "Cmds")?.items().ok_or(PayloadError::Missing("Cmds"))? {
                commands.push(Command::from_value(command)?);
            }
        }
        let flag = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool);
        let first = shell.get("Cmds").and_then(Value::items).and_then(<[Value]>::first);
        let knows = |name: &str| first.is_none_or(|command| command.get(name).is_some());
        Ok(Self {
            commands,
            no_input: flag(&value, "NoInput").unwrap_or(true),
            host: value.get("HostInfo").map_or(HostInfo::None, HostInfo::from_value),
            options: PipelineOptions {
                invocation_info: InvocationInfo(
                    value
                        .get("RemoteStreamOptions")
                        .and_then(Value::as_i64)
                        .and_then(|set| set.try_into().ok())
                        .unwrap_or(0),
                ),
                add_to_history: flag(&value, "AddToHistory").unwrap_or(false),
                is_nested: flag(shell, "IsNested").unwrap_or(false),
                redirect_errors: flag(shell, "RedirectShellErrorOutputPipe").unwrap_or(false),
                protocol: match (knows("MergeError"), knows("MergeInformation")) {
                    (_, true) => ProtocolVersion::V2_3,
                    (true, false) => ProtocolVersion::V2_2,
                    (false, false) => ProtocolVersion::V2_1,
                },
            },
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
            options: PipelineOptions::default(),
        };
        assert_eq!(CreatePipeline::decode(&pipeline.encode().unwrap()), Ok(pipeline.clone()));
        let merge = Merge { error: ResultType::Output, ..Merge::default() };
        let options = PipelineOptions {
            invocation_info: InvocationInfo(9),
            add_to_history: true,
            is_nested: true,
            redirect_errors: true,
            protocol: ProtocolVersion::V2_2,
        };
        let commands = vec![
            Command { ends_statement: true, ..Command::new("a") },
            Command { merge, ..Command::new("b") },
            Command::new("c"),
        ];
        let other = CreatePipeline { commands, options, ..pipeline };
        assert_eq!(CreatePipeline::decode(&other.encode().unwrap()), Ok(other));
    }

    #[test]
    fn debug_shows_neither_script_nor_values() {
        let command = Command::script("planted-secret").argument("x", "planted-secret");
        assert!(!format!("{command:?}").contains("planted"));
    }
}
