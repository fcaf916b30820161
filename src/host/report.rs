//! What a session says of its host: the script, and the sign-in to Azure.

use super::plan::Style;
use super::record::HostErrorRecord;

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
