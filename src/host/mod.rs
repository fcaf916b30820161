//! The jump host as the server uses it: our PowerShell module
//! (`module/`) and its Rust face.
//!
//! A [`Session`] is one open PSRP session with SentinelManager loaded, for one
//! workspace. It never serves another.

mod allow;
mod collect;
mod decode;
mod module;
mod open;
mod session;
mod types;
mod wire;

pub use module::{MODULE, module_sha256};
pub use session::{Probes, Session};
pub use types::{
    Answer, Auth, AzureSignIn, Call, Dropped, Ended, FunctionProbe, HostError, HostErrorKind, HostErrorRecord, Init,
    LoadReport, OpenPlan, ParameterProbe, ParameterSet, Progress, Question, Returned, ScriptSource, Sessions, Style,
    Target, Via,
};
pub use wire::{WireCase, WireError};
pub use wsman::transport::CertificateProblem;
