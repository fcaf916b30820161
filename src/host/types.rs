//! What goes to a jump host and what comes back.

use std::time::Duration;

use wsman::auth::Credentials;
use wsman::clixml::Value;
use wsman::transport::{CertificateChain, Proxy, Tls};

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
    /// A module installed on the host. It runs as it is: nothing of it is left
    /// out.
    Module {
        /// Its name, never a path.
        name: String,
        /// Lower-case hex SHA-256 of its files: of a single file its own, of
        /// more that of the lines that `sha256sum` prints for them, by path.
        sha256: Option<String>,
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

impl Style {
    /// As the configuration and answers write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Session => "session",
        }
    }
}

/// How many sessions a host may have, and how long each serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// Sessions at once, those that are just being opened or closed included.
    pub max: usize,
    /// A session unused for so long is closed.
    pub idle: Duration,
    /// A session this old serves no other call.
    pub age: Duration,
    /// Nor does one that served so many.
    pub calls: u32,
}

impl Default for Sessions {
    /// Chosen: four of the 30 shells that Windows gives a user; Azure tokens
    /// live for an hour, half of it leaves no session with one about to run
    /// out; what a script leaks in 500 calls stays small.
    fn default() -> Self {
        Self { max: 4, idle: Duration::from_secs(600), age: Duration::from_secs(1_800), calls: 500 }
    }
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

/// A function of the script that runs when a session opens, to sign in.
#[derive(Clone, Debug)]
pub struct Init {
    /// Function of the script.
    pub function: String,
    /// Its parameters.
    pub parameters: Vec<(String, Value)>,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// NTLM inside SPNEGO.
    Negotiate,
    /// Bare NTLM.
    Ntlm,
    /// NTLM, and the password handed to the host for its use.
    #[cfg(feature = "credssp")]
    CredSsp,
    /// The password itself, inside TLS.
    Basic,
    /// The password itself and all that is said, for everyone to read.
    DangerousClearTextBasic,
    /// A certificate of ours, in the TLS handshake.
    Certificate,
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
    /// Makes the tunnels to it.
    pub proxy: Option<Proxy>,
    /// Who signs in. With [`Auth::Certificate`] no name, and its key in PEM
    /// where the password would be.
    pub credentials: Credentials,
    /// Ours, for [`Auth::Certificate`].
    pub certificate: Option<CertificateChain>,
    /// PowerShell configuration name, `Microsoft.PowerShell` unless set.
    pub configuration_name: Option<String>,
    /// Where the script is.
    pub script: ScriptSource,
    /// The script's own `param()` block.
    pub script_parameters: Vec<(String, Value)>,
    /// Set in the configuration; else the load report tells.
    pub style: Option<Style>,
    /// What runs after loading, in this order, before the target is set.
    pub init: Vec<Init>,
    /// Folder in which `az` keeps this session's sign-in. Environment variables
    /// are expanded on the host; a relative path begins in the profile's local
    /// application data. `None`: the profile's own.
    pub azure_config_dir: Option<String>,
    /// Azure tenant that the session must be signed in to.
    pub azure_tenant: Option<String>,
    /// How to load the script and choose a target.
    pub rules: ScriptRules,
    /// The workspace.
    pub target: Target,
    /// The host's allow list.
    pub answers: Vec<Answer>,
    /// For opening the session; loading has its own bound.
    pub open_timeout: Duration,
    /// What is known of the functions of this script already.
    pub probes: Probes,
}

impl OpenPlan {
    /// Negotiate, the system's authorities, and nothing but the script: no
    /// `init`, no allow list, no Azure identity; a minute to open.
    #[must_use]
    pub fn new(host: &str, url: String, credentials: Credentials, script: ScriptSource, target: Target) -> Self {
        Self {
            host: host.to_owned(),
            url,
            auth: Auth::Negotiate,
            tls: Tls::system(),
            proxy: None,
            credentials,
            certificate: None,
            configuration_name: None,
            script,
            script_parameters: Vec::new(),
            style: None,
            init: Vec::new(),
            azure_config_dir: None,
            azure_tenant: None,
            rules: ScriptRules::default(),
            target,
            answers: Vec::new(),
            open_timeout: Duration::from_secs(60),
            probes: Probes::default(),
        }
    }
}

/// How the script is to be loaded and told its target, beyond what our module
/// finds by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScriptRules {
    /// Commands that only read, by name or pattern (`Get-Az*`): top-level
    /// statements that run them are kept.
    pub allow: Vec<String>,
    /// Functions of the script that choose a target, in this order. Empty: its
    /// `Select-Subscription` and `Select-Workspace`, where it has them and they
    /// can be told one.
    pub select: Vec<String>,
    /// Keys of the session table that belong to a target, beyond those that
    /// are called so.
    pub derived: Vec<String>,
}

/// A top-level statement of the script that the loader left out, or one that
/// it kept and that runs commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Line in the script.
    pub line: u32,
    /// Why it was left out; empty when it was kept.
    pub reason: String,
    /// First line of its text.
    pub text: String,
    /// Variables that it sets.
    pub variables: Vec<String>,
}

/// A function that reads a variable which only statements set that were left
/// out. A write with it is refused on the host, unless something has set the
/// variable since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    /// Function of the script.
    pub function: String,
    /// The variable, without `$`; of a table's entry `Table.Key`.
    pub variable: String,
    /// Line of the statement that was left out.
    pub line: u32,
    /// Why it was.
    pub reason: String,
    /// Line where the variable is read.
    pub read_at: u32,
    /// Function that it calls and that reads it; `None`: itself.
    pub via: Option<String>,
}

/// Another name of a function, given by the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The other name.
    pub name: String,
    /// The function.
    pub function: String,
}

/// What the loader says of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// SHA-256 of the script's bytes, lower-case hex.
    pub sha256: String,
    /// Functions it defines, sorted.
    pub functions: Vec<String>,
    /// Other names of them.
    pub aliases: Vec<Alias>,
    /// Statements that run commands and were kept.
    pub kept: Vec<Dropped>,
    /// Statements left out.
    pub dropped: Vec<Dropped>,
    /// What functions read of that.
    pub tainted: Vec<Taint>,
    /// How it keeps its target; `None`: neither style was recognised.
    pub style: Option<Style>,
}

impl LoadReport {
    /// Whether the script has a function of this name, or an alias for one.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let known = |known: &str| known.eq_ignore_ascii_case(name);
        self.functions.iter().any(|function| known(function)) || self.aliases.iter().any(|alias| known(&alias.name))
    }
}

/// One parameter as the host's function has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "PowerShell's own flags of a parameter")]
pub struct ParameterProbe {
    /// Name.
    pub name: String,
    /// .NET type, full name (`System.Int32`, `System.String[]`); of
    /// `Nullable<T>` what is in it.
    pub type_name: String,
    /// The type is `Nullable<T>`.
    pub nullable: bool,
    /// The type, or that of an array's items, is an enum; its names are in
    /// `validate_set`.
    pub enumeration: bool,
    /// A switch.
    pub is_switch: bool,
    /// Made by `DynamicParam`.
    pub dynamic: bool,
    /// Whether some parameter set demands it.
    pub mandatory: bool,
    /// Other names it binds under.
    pub aliases: Vec<String>,
    /// Default value as it stands in the source; empty: none.
    pub default: String,
    /// The parameter sets it is in.
    pub sets: Vec<ParameterSet>,
    /// `ValidateSet` and enum names.
    pub validate_set: Vec<String>,
    /// `ValidateRange`, of whatever type it was written in.
    pub validate_range: Option<(Value, Value)>,
    /// `ValidatePattern`; empty: none.
    pub validate_pattern: String,
    /// `ValidateLength`.
    pub validate_length: Option<(i64, i64)>,
    /// Help text of the script. Untrusted.
    pub help: String,
}

/// A parameter's part in one parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSet {
    /// The set's name, `__AllParameterSets` for all of them.
    pub name: String,
    /// Must be given.
    pub mandatory: bool,
    /// Position; `None`: by name only.
    pub position: Option<i64>,
    /// May come from the pipeline.
    pub pipeline: bool,
}

/// A question that a function asks, as it stands in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The command or method: `Read-Host`, `PromptForChoice`.
    pub kind: String,
    /// Its arguments as written.
    pub text: String,
    /// Line in the script.
    pub line: i64,
}

/// What a question will say at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Literal(String),
    /// The value of this variable, with its members as written
    /// (`script:Session.WorkspaceName`), without `$`.
    Variable(String),
    /// Something that the source does not tell.
    Other(String),
}

/// A place on a function's path that may ask, itself or in what it calls; each
/// call to a function that asks is a place of its own. `ShouldProcess` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingPlace {
    /// The function that asks.
    pub function: String,
    /// The command or method: `Read-Host`, `PromptForChoice`, `ReadKey`.
    pub kind: String,
    /// Line in the script.
    pub line: i64,
    /// Wants a secret.
    pub secure: bool,
    /// Of a choice: its caption.
    pub caption: Vec<Part>,
    /// The question.
    pub parts: Vec<Part>,
}

/// One function as the host has it.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a function")]
pub struct FunctionProbe {
    /// Name.
    pub name: String,
    /// `Function`, `Filter` or `Workflow`.
    pub kind: String,
    /// Line in the script.
    pub line: i64,
    /// Has `[CmdletBinding()]`: unknown parameters are refused, not swallowed.
    pub advanced: bool,
    /// Takes `-WhatIf` and `-Confirm`.
    pub should_process: bool,
    /// `ConfirmImpact`; empty without `should_process`.
    pub confirm_impact: String,
    /// Default parameter set; empty: none.
    pub default_set: String,
    /// Declared output types.
    pub output_types: Vec<String>,
    /// Help text of the script. Untrusted.
    pub synopsis: String,
    /// Help text of the script. Untrusted.
    pub description: String,
    /// Parameters without PowerShell's common ones.
    pub parameters: Vec<ParameterProbe>,
    /// Questions it asks itself.
    pub asks: Vec<Question>,
    /// Functions that it calls, directly or not, and that ask.
    pub asks_via: Vec<String>,
    /// All places where it may ask, at most 20.
    pub places: Vec<AskingPlace>,
    /// Ends the script or the process itself.
    pub exits: bool,
    /// Functions that it calls, directly or not, and that do.
    pub exits_via: Vec<String>,
    /// May end the host's process, directly or not (`[Environment]::Exit`): the
    /// session then breaks off without a word.
    pub ends_process: bool,
    /// Writes to the screen itself.
    pub writes_host: bool,
    /// Has a `return` with a value. A function may give output without one.
    pub returns: bool,
    /// Uses `[Console]`, which nobody sees over WinRM.
    pub console: bool,
    /// Uses the session table, directly or not.
    pub session: bool,
    /// Writes progress records, directly or not.
    pub progress: bool,
    /// Functions of the script that it calls itself.
    pub calls: Vec<String>,
    /// Other commands that it runs itself.
    pub commands: Vec<String>,
    /// What it reads of statements that were left out, right after loading.
    pub tainted: Vec<Taint>,
}

impl FunctionProbe {
    /// Whether calling it may ask something.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        !self.asks.is_empty() || !self.asks_via.is_empty()
    }

    /// Whether calling it may end the script.
    #[must_use]
    pub fn may_exit(&self) -> bool {
        self.exits || !self.exits_via.is_empty()
    }

    /// Whether it seems to write to the screen only. A hint: a function may
    /// give output by leaving a value in the pipeline.
    #[must_use]
    pub fn seems_screen_only(&self) -> bool {
        self.writes_host && !self.returns && self.output_types.is_empty()
    }
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

/// The session's sign-in to Azure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureSignIn {
    /// Whether a token can be had; `None`: the host has neither `az` nor the
    /// Az modules, so nothing is known.
    pub signed_in: Option<bool>,
    /// Azure tenant id of the sign-in, when it says one.
    pub tenant: Option<String>,
    /// Whose sign-in it is.
    pub via: Option<Via>,
    /// Why there is none, in the host's words. Untrusted. The id is
    /// `SentinelJump.NoTokenCache` (a WinRM logon cannot open the token cache
    /// that works over RDP), `SentinelJump.AzureSignedOut` or
    /// `SentinelJump.AzureFailed`.
    pub problem: Option<HostErrorRecord>,
}

/// What a sign-in to Azure was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The Azure CLI.
    Cli,
    /// The Az modules of PowerShell.
    Module,
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
    /// Signed in to another Azure tenant than the call's. Nothing ran.
    AzureTenantMismatch(HostErrorRecord),
    /// Not signed in to Azure, though the call's tenant is known. Nothing ran.
    AzureNotSignedIn(HostErrorRecord),
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
    /// The function was entered. `false` is a promise: nothing of it ran, the
    /// guard, a check or the binding of its parameters refused it.
    pub began: bool,
    /// Exit code of the last native program that it ran, 0 where it ran none;
    /// `None`: it did not come back.
    pub exit_code: Option<i32>,
    /// What the function reads and lacks its value. For a read; a write is
    /// refused for it.
    pub tainted: Vec<Taint>,
    /// Output objects, without the begin and end records.
    pub data: Vec<Value>,
    /// What the function wrote to the screen, line by line. Untrusted.
    pub text: Vec<String>,
    /// Warnings, and what native programs wrote to their standard error when
    /// the last one ended with 0. Untrusted.
    pub warnings: Vec<String>,
    /// Errors that did not end the call. Untrusted.
    pub errors: Vec<HostErrorRecord>,
    /// After the call the session's target differs: what differs, in our words.
    pub target_changed: Option<String>,
}

impl Returned {
    /// A function that was entered, ended so, and said nothing.
    #[must_use]
    pub fn new(ended: Ended) -> Self {
        Self {
            ended,
            began: true,
            exit_code: None,
            tainted: Vec::new(),
            data: Vec::new(),
            text: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            target_changed: None,
        }
    }
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
    /// The script or module asked a question while it was loaded.
    #[error("the script asked a question while it was loaded")]
    LoadAsked(String),
    /// The session is not on the target and cannot be brought there: `differs`
    /// says how, `derived` names the keys that another target left behind.
    #[error("the script did not take the target")]
    TargetNotTaken {
        /// What differs, in our words.
        differs: String,
        /// Keys of the session table.
        derived: Vec<String>,
    },
    /// The endpoint runs no script text (JEA, NoLanguage), so our module
    /// cannot be sent. The text is the engine's.
    #[error("the endpoint does not allow scripts")]
    NoLanguage(HostErrorRecord),
    /// The function ended the host's process itself, and with it the session.
    #[error("the function ended the host process")]
    ProcessEnded {
        /// Function of the script.
        function: String,
    },
    /// The script has no such function.
    #[error("the script has no function {0}")]
    UnknownFunction(String),
    /// A function that signs in did not come off.
    #[error("{function} failed while the session was opened")]
    InitFailed {
        /// Function of the script.
        function: String,
        /// How it ended.
        ended: Ended,
        /// What else it wrote. Untrusted.
        errors: Vec<HostErrorRecord>,
        /// Whether the host was signed in to Azure all the same.
        signed_in: Option<bool>,
    },
    /// The session is signed in to another Azure tenant. The text is our
    /// module's, from the host.
    #[error("signed in to another Azure tenant")]
    AzureTenantMismatch(HostErrorRecord),
    /// The session is not signed in to Azure.
    #[error("not signed in to Azure")]
    AzureNotSignedIn(HostErrorRecord),
    /// The host answered our module with something it never says.
    #[error("unexpected answer of the host module: {0}")]
    Unexpected(&'static str),
    /// The caller cancelled before the call began.
    #[error("cancelled")]
    Cancelled,
}
