//! What opening a session needs.

use std::time::Duration;

use wsman::auth::Credentials;
use wsman::client::{HostFacts, ShellWatch};
use wsman::clixml::Value;
use wsman::secret::Secret;
use wsman::transport::{CertificateChain, Proxy, Tls};

use super::probe::Probes;

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
    /// None: the endpoint takes no script of ours, and what it offers itself of
    /// these functions is called as plain Commands.
    Plain {
        /// Names that are looked for.
        functions: Vec<String>,
    },
}

impl ScriptSource {
    /// Whether nothing of ours is on the host.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain { .. })
    }
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
pub struct AzureWorkspace {
    /// Subscription id.
    pub subscription: String,
    /// Resource group name.
    pub resource_group: String,
    /// Log Analytics workspace name.
    pub workspace: String,
}

impl AzureWorkspace {
    /// As our module compares and sets it.
    pub(super) fn value(&self) -> Value {
        Value::hashtable([
            ("SubscriptionId", Value::from(self.subscription.as_str())),
            ("ResourceGroup", Value::from(self.resource_group.as_str())),
            ("WorkspaceName", Value::from(self.workspace.as_str())),
        ])
    }
}

/// One entry of a host's allow list: a question and its answer.
#[derive(Clone, Debug)]
pub struct AllowedAnswer {
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

/// Where a host's WinRM is, how it is believed, and how one signs in there.
#[derive(Clone, Debug)]
pub struct WinrmAccess {
    /// Endpoint, `http://…:5985/wsman` or `https://…:5986/wsman`.
    pub url: String,
    /// Whom to believe that they are the host; for `https`.
    pub tls: Tls,
    /// Makes the tunnels to it.
    pub proxy: Option<Proxy>,
    /// How to sign in.
    pub auth: Auth,
    /// `DOMAIN\user`, `user@domain` or `user`; empty with
    /// [`Auth::Certificate`].
    pub username: String,
    /// Ours, for [`Auth::Certificate`].
    pub certificate: Option<CertificateChain>,
    /// PowerShell configuration name, `Microsoft.PowerShell` unless set.
    pub configuration_name: Option<String>,
}

impl WinrmAccess {
    /// Negotiate, and the system's authorities.
    #[must_use]
    pub fn new(url: String, username: String) -> Self {
        Self {
            url,
            tls: Tls::system(),
            proxy: None,
            auth: Auth::Negotiate,
            username,
            certificate: None,
            configuration_name: None,
        }
    }
}

/// What the configuration says of a script, beyond where it is.
#[derive(Clone, Debug, Default)]
pub struct ScriptRules {
    /// Values for the script's own `param()` block.
    pub parameters: Vec<(String, Value)>,
    /// How it keeps its target, when it is said; else the load report tells.
    pub style: Option<Style>,
    /// What runs after loading, in this order, before the target is set.
    pub init: Vec<Init>,
    /// Questions that may be answered.
    pub answers: Vec<AllowedAnswer>,
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

/// Everything that opening a session needs.
#[derive(Clone, Debug)]
pub struct OpenPlan {
    /// Host's name in the configuration, for logs and errors.
    pub host: String,
    /// Its WinRM.
    pub access: WinrmAccess,
    /// The password; with [`Auth::Certificate`], its key in PEM.
    pub password: Secret<String>,
    /// Where the script is.
    pub script: ScriptSource,
    /// What the configuration says of it.
    pub rules: ScriptRules,
    /// Folder in which `az` keeps this session's sign-in. Environment variables
    /// are expanded on the host; a relative path begins in the profile's local
    /// application data. `None`: the profile's own.
    pub azure_config_dir: Option<String>,
    /// Azure tenant that the session must be signed in to.
    pub azure_tenant: Option<String>,
    /// The workspace.
    pub target: AzureWorkspace,
    /// For opening the session; loading has its own bound.
    pub open_timeout: Duration,
    /// What is known of the functions of this script already.
    pub probes: Probes,
    /// What the shell is called on the host, for whoever looks there.
    pub shell_name: String,
    /// What was learnt about the host.
    pub facts: HostFacts,
    /// Hears what becomes of the shell.
    pub shells: Option<ShellWatch>,
}

impl OpenPlan {
    /// Negotiate, the system's authorities, and nothing but the script: no
    /// rules, no Azure identity; a minute to open.
    #[must_use]
    pub fn new(
        host: &str,
        url: String,
        credentials: Credentials,
        script: ScriptSource,
        target: AzureWorkspace,
    ) -> Self {
        let Credentials { username, password } = credentials;
        Self {
            host: host.to_owned(),
            access: WinrmAccess::new(url, username),
            password,
            script,
            rules: ScriptRules::default(),
            azure_config_dir: None,
            azure_tenant: None,
            target,
            open_timeout: Duration::from_secs(60),
            probes: Probes::default(),
            shell_name: SHELL_NAME.to_owned(),
            facts: HostFacts::default(),
            shells: None,
        }
    }
}

/// What the shells of this program are called; the tenant's alias follows.
pub const SHELL_NAME: &str = "sentinel-jump";
