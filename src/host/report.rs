//! What a session says of its host: the script, and the sign-in to Azure.

use super::plan::Style;
use super::record::HostErrorRecord;

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
