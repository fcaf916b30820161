//! What goes to a jump host and what comes back.

use std::time::Duration;

use wsman::auth::Credentials;
use wsman::clixml::Value;
use wsman::transport::Tls;

use super::Probes;

/// Where SentinelManager lives.
#[derive(Clone, Debug)]
pub enum ScriptSource {
    /// A file on the host, read there; the hash is compared when given.
    Path {
        /// Path on the host.
        path: String,
        /// Lower-case hex SHA-256 of the file.
        sha256: Option<String>,
    },
    /// A file of the server, sent once per session.
    Push {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// Path under which the host parses it (`$PSScriptRoot` is its folder).
        virtual_path: String,
        /// Lower-case hex SHA-256, compared on the host before parsing.
        sha256: String,
    },
}

/// How a script keeps its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Functions take subscription, resource group and workspace as parameters.
    Contract,
    /// The target is kept in `$script:Session`; every call is guarded.
    Session,
}

/// The workspace a session is for, as Azure knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Subscription id.
    pub subscription: String,
    /// Resource group name.
    pub resource_group: String,
    /// Log Analytics workspace name.
    pub workspace: String,
}

/// One entry of a host's allow list: a question and its answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Function during which the question may be answered.
    pub function: String,
    /// Matches the whole question.
    pub question: regex::Regex,
    /// Text of the answer, or the label of the choice; never a number.
    pub answer: String,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// NTLM under the scheme `Negotiate`.
    Negotiate,
    /// The same, and never anything else.
    Ntlm,
    /// The password itself, inside TLS.
    Basic,
    /// The password itself and all that is said, for everyone to read.
    DangerousClearTextBasic,
}

/// Everything that opening a session needs.
#[derive(Clone, Debug)]
pub struct OpenPlan {
    /// Host's name in the configuration, for logs and errors.
    pub host: String,
    /// Endpoint, `http://…:5985/wsman` or `https://…:5986/wsman`.
    pub url: String,
    /// How to sign in.
    pub auth: Auth,
    /// Whom to believe that they are the host; for `https`.
    pub tls: Tls,
    /// Who signs in.
    pub credentials: Credentials,
    /// PowerShell configuration name, `Microsoft.PowerShell` unless set.
    pub configuration_name: Option<String>,
    /// Where the script is.
    pub script: ScriptSource,
    /// The script's own `param()` block.
    pub script_parameters: Vec<(String, Value)>,
    /// Set in the configuration; else the load report tells.
    pub style: Option<Style>,
    /// The workspace.
    pub target: Target,
    /// The host's allow list.
    pub answers: Vec<Answer>,
    /// For opening the session; loading has its own bound.
    pub open_timeout: Duration,
    /// What is known of the functions of this script already.
    pub probes: Probes,
}

/// A top-level statement of the script that the loader left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Line in the script.
    pub line: u32,
    /// Why.
    pub reason: String,
    /// First line of its text.
    pub text: String,
}

/// What the loader says of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// SHA-256 of the script's bytes, lower-case hex.
    pub sha256: String,
    /// Functions it defines, sorted.
    pub functions: Vec<String>,
    /// Statements left out.
    pub dropped: Vec<Dropped>,
    /// How it keeps its target; `None`: neither style was recognised.
    pub style: Option<Style>,
}

/// One parameter as the host's function has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterProbe {
    /// Name.
    pub name: String,
    /// .NET type, full name (`System.Int32`, `System.String[]`).
    pub type_name: String,
    /// Other names it binds under.
    pub aliases: Vec<String>,
    /// Whether some parameter set demands it.
    pub mandatory: bool,
    /// `ValidateSet` and enum names.
    pub validate_set: Vec<String>,
}

/// One function as the host has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionProbe {
    /// Name.
    pub name: String,
    /// Parameters without PowerShell's common ones.
    pub parameters: Vec<ParameterProbe>,
    /// Takes `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// Writes progress records.
    pub progress: bool,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Function of the script.
    pub function: String,
    /// Full parameter names as the probe found them, with values encoded for
    /// the probe's types. Absent arguments are absent here.
    pub parameters: Vec<(String, Value)>,
    /// Let progress records come.
    pub progress: bool,
    /// The call writes: compare the target and report doubt.
    pub write: bool,
    /// The whole call.
    pub timeout: Duration,
}

/// A progress record of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is going on.
    pub activity: String,
    /// Where it stands.
    pub status: String,
    /// 0 to 100, when the host knows.
    pub percent: Option<u8>,
}

/// An error that the function wrote or ended with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostErrorRecord {
    /// The host's text. Untrusted.
    pub message: String,
    /// `FullyQualifiedErrorId`.
    pub id: String,
    /// `ErrorCategory_Category`.
    pub category: Option<i32>,
}

/// How the call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The end record came: the function returned.
    Completed,
    /// The script called `exit`.
    Exited(i32),
    /// A terminating error.
    Failed(HostErrorRecord),
    /// The guard refused: the session's target is not the call's. Nothing ran.
    TargetMismatch(String),
    /// The function asked and was refused. Its question is quoted.
    Asked(String),
    /// Stopped because the caller cancelled.
    Cancelled,
    /// Stopped because the deadline ran out.
    TimedOut,
    /// The pipeline completed, but neither the end record nor an exit code
    /// came: nobody knows what happened.
    Silent,
}

/// What a call brought back.
#[derive(Clone, Debug)]
pub struct Returned {
    /// How it ended.
    pub ended: Ended,
    /// Output objects, without the end record.
    pub data: Vec<Value>,
    /// What the function wrote to the screen, line by line. Untrusted.
    pub text: Vec<String>,
    /// Warnings. Untrusted.
    pub warnings: Vec<String>,
    /// Errors that did not end the call. Untrusted.
    pub errors: Vec<HostErrorRecord>,
    /// After the call the session's target differs: what differs, in our words.
    pub target_changed: Option<String>,
}

/// Why a host operation did not come off.
#[derive(Debug, thiserror::Error)]
#[error("operation on host {host} failed")]
pub struct HostError {
    /// Host's name in the configuration.
    pub host: String,
    /// What happened.
    #[source]
    pub kind: HostErrorKind,
}

/// The cases of [`HostError`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// The session or the wire.
    #[error("remote session failed")]
    Wsman(#[from] wsman::Error),
    /// The script is not where the configuration says.
    #[error("script not found on the host")]
    ScriptMissing,
    /// The script's hash is not the pinned one.
    #[error("script does not have the pinned hash")]
    ScriptChanged,
    /// The script cannot be loaded (parse error, missing parameter). The text
    /// is our loader's, from the host.
    #[error("script could not be loaded")]
    LoadFailed(HostErrorRecord),
    /// The script has no such function.
    #[error("the script has no function {0}")]
    UnknownFunction(String),
    /// The host answered our module with something it never says.
    #[error("unexpected answer of the host module: {0}")]
    Unexpected(&'static str),
    /// The caller cancelled before the call began.
    #[error("cancelled")]
    Cancelled,
}
