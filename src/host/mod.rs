//! The jump host as the server uses it: our PowerShell module
//! (`module/`) and its Rust face; and SentinelManager of our own (`manager/`).
//!
//! A [`Session`] is one open PSRP session with SentinelManager loaded, for one
//! workspace. It never serves another.

mod allow;
mod call;
mod collect;
mod command;
mod confirmed;
mod decode;
mod error;
mod formatted;
pub mod look;
mod manager;
mod module;
mod open;
mod plain;
mod plan;
mod probe;
mod record;
mod report;
mod session;
mod shells;
mod wire;

pub use call::{Call, Ended, Gaps, HostProgress, OUTPUT_BYTES, Returned};
pub use error::{HostError, HostErrorKind};
pub use manager::{MANAGER, MANAGER_FILES, MANAGER_PATH, manager_sha256};
pub use module::{MODULE, module_sha256};
pub use plain::COMMON_PARAMETERS;
pub use plan::{
    AllowedAnswer, Auth, AzureWorkspace, Init, OpenPlan, SHELL_NAME, ScriptRules, ScriptSource, Sessions, Style,
    WinrmAccess,
};
pub use probe::{AskingPlace, FunctionProbe, ParameterProbe, ParameterSet, Part, Probes, WrittenQuestion};
pub use record::HostErrorRecord;
pub use report::{Alias, AzureSignIn, Dropped, LoadReport, Taint, Via};
pub use session::Session;
pub use shells::{CONFIGURATION, remove_shell};
pub use wire::{WireCase, WireError};
pub use wsman::Retry;
pub use wsman::client::{HostFacts, ShellWatch};
pub use wsman::session::ShellNews;
pub use wsman::transport::{CertificateProblem, Unavailable};
