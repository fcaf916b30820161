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
    /// Commands, piped into each other.
    pub commands: Vec<Command>,
    /// False when input will follow.
    pub no_input: bool,
    /// The client's host.
    pub host: HostInfo,
    /// How it runs.
    pub flags: PipelineFlags,
}

/// How a pipeline runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PipelineFlags {
    /// Inside of the pipeline that waits in a host call. It runs when the call
    /// has its answer, so never make the answer wait for it (engine.md §6).
    pub nested: bool,
    /// Kept in the session's history.
    pub add_to_history: bool,
    /// Which records say which command wrote them: 3 KB each (engine.md §4).
    pub invocation_info: InvocationInfo,
    /// `RedirectShellErrorOutputPipe`. False by default: the first failing
    /// statement then ends the pipeline, and nothing goes on half-informed
    /// (powershell.md §3).
    pub redirect_errors: bool,
}

/// `RemoteStreamOptions`: a set of streams.
///
/// Source: [MS-PSRP] §2.2.3.14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InvocationInfo(pub u8);

impl InvocationInfo {
    /// Errors, warnings, debug and verbose texts.
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

    fn from_value(value: Option<&Value>) -> Self {
        Self(value.and_then(Value::as_i64).and_then(|set| set.try_into().ok()).unwrap_or(0))
    }
}

/// Where a command's streams go instead of to the client.
///
/// Source: [MS-PSRP] §2.2.3.12, §2.2.3.31 (PipelineResultTypes).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// Errors.
    pub error: MergeTo,
    /// Warnings; from protocol 2.2 on, as the next two.
    pub warning: MergeTo,
    /// Verbose texts.
    pub verbose: MergeTo,
    /// Debug texts.
    pub debug: MergeTo,
    /// Information records; from protocol 2.3 on.
    pub information: MergeTo,
}

impl Merge {
    /// Everything among the output, in the order in which it was written.
    pub const ALL: Self = {
        let to = MergeTo::Output;
        Self { error: to, warning: to, verbose: to, debug: to, information: to }
    };
}

/// Where a stream goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MergeTo {
    /// To the client, as records.
    #[default]
    Stream,
    /// Among the output objects.
    Output,
    /// Nowhere; not errors.
    Null,
}

impl MergeTo {
    fn to_value(self) -> Value {
        let (word, number) = match self {
            Self::Stream => ("None", 0),
            Self::Output => ("Output", 1),
            Self::Null => ("Null", 7),
        };
        result_types(word, number)
    }

    fn from_value(value: Option<&Value>) -> Self {
        match value.and_then(Value::as_i64) {
            Some(1) => Self::Output,
            Some(7) => Self::Null,
            _ => Self::Stream,
        }
    }
}

fn result_types(word: &str, number: i32) -> Value {
    enumeration("System.Management.Automation.Runspaces.PipelineResultTypes", word, number)
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
    /// Where its streams go.
    pub merge: Merge,
    /// Nothing is piped on: the next command begins a statement of its own,
    /// which also runs after a non-terminating error of this one.
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

    /// Sends its streams elsewhere.
    #[must_use]
    pub fn merged(self, merge: Merge) -> Self {
        Self { merge, ..self }
    }

    /// Ends the statement here.
    #[must_use]
    pub fn end_of_statement(self) -> Self {
        Self { ends_statement: true, ..self }
    }

    /// A positional argument.
    #[must_use]
    pub fn positional(mut self, value: impl Into<Value>) -> Self {
        self.arguments.push(Argument { name: None, value: value.into() });
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
        let none = || result_types("None", 0);
        // Hosts of 2.1 know only this pair, for errors.
        let (mine, to) = match self.merge.error {
            MergeTo::Stream => (none(), none()),
            to => (result_types("Error", 2), to.to_value()),
        };
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
            ("MergeMyResult", mine),
            ("MergeToResult", to),
            ("MergePreviousResults", none()),
            ("Args", typed_list(list, arguments)),
        ];
        // Seen: a client of an older protocol leaves out what that does not
        // know (recording psrp_run_protocol_version_2.1).
        if protocol >= ProtocolVersion::V2_2 {
            properties.extend([
                ("MergeError", self.merge.error.to_value()),
                ("MergeWarning", self.merge.warning.to_value()),
                ("MergeVerbose", self.merge.verbose.to_value()),
                ("MergeDebug", self.merge.debug.to_value()),
            ]);
        }
        if protocol >= ProtocolVersion::V2_3 {
            properties.push(("MergeInformation", self.merge.information.to_value()));
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
                error: MergeTo::from_value(value.get("MergeError").or_else(|| value.get("MergeToResult"))),
                warning: MergeTo::from_value(value.get("MergeWarning")),
                verbose: MergeTo::from_value(value.get("MergeVerbose")),
                debug: MergeTo::from_value(value.get("MergeDebug")),
                information: MergeTo::from_value(value.get("MergeInformation")),
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
        self.encode_for(ProtocolVersion::V2_3)
    }

    /// Writes the payload for a host of that protocol version: older ones know
    /// fewer merges.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode_for(&self, protocol: ProtocolVersion) -> Result<Vec<u8>, EncodeError> {
        super::encode(&self.to_value(protocol))
    }

    /// The payload before it is written: secrets in it are not sealed yet.
    pub(crate) fn to_value(&self, protocol: ProtocolVersion) -> Value {
        let list: TypeNames = Arc::from([LIST.into(), "System.Object".into()]);
        let statement = |commands: &[Command]| {
            typed_list(&list, commands.iter().map(|command| command.to_value(&list, protocol)).collect())
        };
        let statements: Vec<_> = self.commands.split_inclusive(|command| command.ends_statement).collect();
        // One statement is `Cmds` alone; several are `ExtraCmds`, and the first
        // of them is `Cmds` as well (recording several-statements).
        let extra = match statements.len() {
            0 | 1 => Value::Nil,
            // Made anew: a clone would be one object, and the second a reference to it.
            _ => typed_list(&list, statements.iter().map(|cmds| Value::custom([("Cmds", statement(cmds))])).collect()),
        };
        let first = statement(statements.first().copied().unwrap_or_default());
        Value::custom([
            ("NoInput", Value::Bool(self.no_input)),
            ("ApartmentState", apartment_state()),
            ("RemoteStreamOptions", self.flags.invocation_info.to_value()),
            ("AddToHistory", Value::Bool(self.flags.add_to_history)),
            ("HostInfo", self.host.to_value()),
            (
                "PowerShell",
                Value::custom([
                    ("IsNested", Value::Bool(self.flags.nested)),
                    ("ExtraCmds", extra),
                    ("Cmds", first),
                    ("History", Value::Nil),
                    ("RedirectShellErrorOutputPipe", Value::Bool(self.flags.redirect_errors)),
                ]),
            ),
            ("IsNested", Value::Bool(self.flags.nested)),
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
        let statement = |of: &Value| -> Result<Vec<Command>, PayloadError> {
            let commands = required(of, "Cmds")?.items().ok_or(PayloadError::Missing("Cmds"))?;
            commands.iter().map(Command::from_value).collect()
        };
        let commands = match shell.get("ExtraCmds").and_then(Value::items) {
            Some(statements) if !statements.is_empty() => {
                let mut commands = Vec::new();
                for (n, one) in statements.iter().enumerate() {
                    commands.extend(statement(one)?);
                    if let Some(last) = commands.last_mut().filter(|_| n + 1 < statements.len()) {
                        last.ends_statement = true;
                    }
                }
                commands
            }
            _ => statement(shell)?,
        };
        let flag = |name| value.get(name).and_then(Value::as_bool) == Some(true);
        Ok(Self {
            commands,
            flags: PipelineFlags {
                nested: flag("IsNested"),
                add_to_history: flag("AddToHistory"),
                invocation_info: InvocationInfo::from_value(value.get("RemoteStreamOptions")),
                redirect_errors: shell.get("RedirectShellErrorOutputPipe").and_then(Value::as_bool).unwrap_or(false),
            },
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
            flags: PipelineFlags::default(),
        };
        assert_eq!(CreatePipeline::decode(&pipeline.encode().unwrap()), Ok(pipeline));
        let several = CreatePipeline {
            commands: vec![
                Command::new("a").merged(Merge::ALL),
                Command::new("b").end_of_statement(),
                Command::new("c").positional(1),
            ],
            no_input: false,
            host: HostInfo::OfRunspacePool,
            flags: PipelineFlags {
                nested: true,
                add_to_history: true,
                invocation_info: InvocationInfo(9),
                redirect_errors: true,
            },
        };
        assert_eq!(CreatePipeline::decode(&several.encode().unwrap()), Ok(several));
    }

    #[test]
    fn debug_shows_neither_script_nor_values() {
        let command = Command::script("planted-secret").argument("x", "planted-secret");
        assert!(!format!("{command:?}").contains("planted"));
    }
}
