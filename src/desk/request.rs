//! A question, as it came in.

use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;

pub use crate::audit::Door;

use crate::access::Caller;
use crate::call::Confirm;
use crate::host::HostProgress;
use crate::tenant::Language;

/// One question.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// Where the question came in.
    pub door: Door,
    /// Name of the tool.
    pub tool: &'a str,
    /// `tenant`, `workspace`, the function's arguments and the view's.
    pub arguments: &'a Map<String, Json>,
    /// Told of the host's progress records.
    pub progress: &'a (dyn Fn(HostProgress) + Send + Sync),
    /// Asks the person before something may be lost.
    pub confirm: &'a dyn Confirm,
    /// Stops the call, on the host too.
    pub cancel: &'a CancellationToken,
    /// What the answer is to be written in; else the tenant says so, or the
    /// server.
    pub language: Option<Language>,
}
