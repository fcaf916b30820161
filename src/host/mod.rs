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

pub use module::{MODULE, module_sha256};
pub use session::{Probes, Session};
pub use types::{
    Alias, Answer, AskingPlace, Auth, AzureSignIn, Call, Dropped, Ended, FunctionProbe, HostError, HostErrorKind,
    HostErrorRecord, Init, LoadReport, OpenPlan, ParameterProbe, ParameterSet, Part, Progress, Question, Returned,
    ScriptRules, ScriptSource, Sessions, Style, Taint, Target, Via,
};
