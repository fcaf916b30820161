//! One call, and what came of it.

use std::time::Duration;

use wsman::clixml::Value;

use super::record::HostErrorRecord;
use super::report::Taint;

/// Most bytes of output that are taken of one call, as they travel; what comes
/// beyond it is counted and dropped.
///
/// Chosen: half as much again as the largest answer that is asked for, 20 MB.
pub const OUTPUT_BYTES: usize = 32 << 20;

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
    /// What a person has confirmed for this call, by the names that a question
    /// of the function may have: the object's, the workspace's. Nobody has:
    /// none.
    pub confirmed: Vec<String>,
    /// The whole call.
    pub timeout: Duration,
}

/// A progress record of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostProgress {
    /// What is going on.
    pub activity: String,
    /// Where it stands.
    pub status: String,
    /// 0 to 100, when the host knows.
    pub percent: Option<u8>,
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
    /// How many objects it put out, without the begin and end records.
    pub objects: usize,
    /// The objects, unless they were taken as they came
    /// ([`Session::call_into`](super::Session::call_into)).
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
    /// The function asked what nobody may answer, and was refused. It may have
    /// gone on all the same.
    pub asked: Option<String>,
    /// What is missing of all that the host said, or came twice.
    pub gaps: Gaps,
}

/// Where the messages of a call are not those that the host sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Were said and not heard.
    pub missing: u64,
    /// Came twice, or are of no known type; they were dropped.
    pub foreign: u64,
    /// Lay beyond [`OUTPUT_BYTES`]; they were counted and dropped.
    pub dropped: u64,
}

impl Gaps {
    /// Whether there is one.
    #[must_use]
    pub fn is_any(self) -> bool {
        self != Self::default()
    }
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
            objects: 0,
            data: Vec::new(),
            text: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            target_changed: None,
            asked: None,
            gaps: Gaps::default(),
        }
    }
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
    /// A write would read what a statement sets that was left out; `tainted`
    /// says which, where the loader knew. Nothing ran.
    Tainted(HostErrorRecord),
    /// The function asked, was refused, and that ended it, or we did. Its
    /// question is quoted.
    Asked(String),
    /// Stopped because the caller cancelled.
    Cancelled,
    /// Stopped because the deadline ran out.
    TimedOut,
    /// The pipeline completed and put out so much that its end record was
    /// dropped with what came last.
    TooMuch,
    /// The pipeline completed, but neither the end record nor an exit code
    /// came: nobody knows what happened.
    Silent,
}
