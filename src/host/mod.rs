//! The jump host as the server uses it: our PowerShell module
//! (`sentinel-jump.ps1`) and its Rust face.
//!
//! A [`Session`] is one open PSRP session with SentinelManager loaded, for one
//! workspace. It never serves another.

mod allow;
mod collect;
mod decode;
pub mod look;
mod open;
mod session;
mod types;

pub use session::{MODULE, Probes, Session, module_sha256};
pub use types::{
    Answer, Auth, AzureSignIn, Call, Dropped, Ended, FunctionProbe, HostError, HostErrorKind, HostErrorRecord, Init,
    LoadReport, OpenPlan, ParameterProbe, ParameterSet, Progress, Question, Returned, ScriptSource, Sessions, Style,
    Target, Via,
};
