//! The jump host as the server uses it: our PowerShell module
//! (`sentinel-jump.ps1`) and its Rust face.
//!
//! A [`Session`] is one open PSRP session with SentinelManager loaded, for one
//! workspace. It never serves another.

mod session;
mod types;

pub use session::Session;
pub use types::{
    Answer, Call, Dropped, Ended, HostError, HostErrorRecord, HostErrorKind, LoadReport, OpenPlan, ParameterProbe, FunctionProbe,
    Progress, Returned, ScriptSource, Style, Target,
};
