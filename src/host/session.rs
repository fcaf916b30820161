//! One open session.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use wsman::client::{Options, Output, RunOptions, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::{Command, ErrorRecord};
use wsman::session::{End, StopCause};
use wsman::transport::{self, Endpoint, SignIn};

use super::allow::{AllowList, Questions};
use super::collect::Collector;
use super::decode;
use super::types::{
    Auth, Call, Ended, FunctionProbe, HostError, HostErrorKind, HostErrorRecord, LoadReport, OpenPlan, Progress,
    Returned, ScriptSource, Style,
};

/// Our module. Its text never holds anything but itself: all input travels as
/// values.
pub const MODULE: &str = include_str!("sentinel-jump.ps1");

/// For one command of our module other than a call.
///
/// Chosen: loading 125 KB takes 0.8 s on two shared cores; a busy host is
/// given forty times that.
const MODULE_TIMEOUT: Duration = Duration::from_secs(30);

/// For loading the script.
///
/// Chosen: scripts import the Az modules, which takes Windows PowerShell up to
/// half a minute.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// One open PSRP session with SentinelManager loaded, for one workspace.
///
/// Dropping it at any point deletes the shell on the host in the background.
#[derive(Debug)]
pub struct Session {
    plan: OpenPlan,
    pool: RunspacePool,
    report: LoadReport,
    /// What the script took of the target, by the keys of [`target`].
    assigned: Vec<String>,
    reusable: bool,
}

impl Session {
    /// Signs in, opens a runspace pool, loads the script, sets the target.
    ///
    /// Cancel safe: when the future is dropped, what was opened is deleted.
    ///
    /// # Errors
    ///
    /// See [`HostErrorKind`]. Nothing stays open on the host, and no function
    /// of the script has run.
    pub async fn open(plan: &OpenPlan) -> Result<Self, HostError> {
        let failed = |kind| HostError { host: plan.host.clone(), kind };
        let mut options = Options::for_target(access(plan).map_err(|error| failed(error.into()))?);
        options.session.open_timeout = plan.open_timeout;
        if let Some(name) = &plan.configuration_name {
            options.session.configuration_name.clone_from(name);
        }
        let pool = RunspacePool::open(options).await.map_err(|error| failed(error.into()))?;
        let loaded = load(&pool, plan).await;
        match loaded {
            Ok((report, assigned)) => Ok(Self { plan: plan.clone(), pool, report, assigned, reusable: true }),
            Err(kind) => {
                pool.close().await;
                Err(failed(kind))
            }
        }
    }

    /// What the loader found.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// How the script keeps its target: as configured, else as recognised.
    #[must_use]
    pub fn style(&self) -> Option<Style> {
        self.plan.style.or(self.report.style)
    }

    /// Whether a script of the session style took subscription, resource group
    /// and workspace. What it did not take, its functions take from elsewhere.
    #[must_use]
    pub fn holds_whole_target(&self) -> bool {
        is_whole(&self.assigned)
    }

    /// A function's parameters as this host has them. Kept per host and script
    /// hash, in the plan's [`Probes`](super::Probes).
    ///
    /// # Errors
    ///
    /// [`HostErrorKind::UnknownFunction`] when the script has none of that name.
    pub async fn probe(&mut self, function: &str) -> Result<Arc<FunctionProbe>, HostError> {
        let key = [self.plan.host.as_str(), &self.report.sha256, &function.to_ascii_lowercase()].join("\n");
        if let Some(known) = self.plan.probes.find(&key) {
            return Ok(known);
        }
        let command = Command::new("Get-SjProbe").argument("Name", Value::list(vec![Value::from(function)]));
        let probed = run_module(&self.pool, command, MODULE_TIMEOUT).await.and_then(|output| {
            let mut probes = output.objects.iter().filter(|object| is_a(object, "SentinelJump.Function"));
            let probe = probes.next_back().ok_or(HostErrorKind::Unexpected("no probe"))?;
            decode::function_probe(probe).ok_or(HostErrorKind::Unexpected("a probe without its parts"))
        });
        match probed {
            Ok(probe) => Ok(self.plan.probes.keep(key, probe)),
            Err(kind) => {
                self.reusable &= matches!(kind, HostErrorKind::UnknownFunction(_));
                Err(self.error(kind))
            }
        }
    }

    /// Runs one function. A cancelled token stops the host and still ends
    /// here with [`Ended::Cancelled`] or the real end, within seconds.
    ///
    /// # Errors
    ///
    /// When the operation itself did not come off; ask `may_have_run`.
    pub async fn call(
        &mut self,
        call: Call,
        on_progress: &(dyn Fn(Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Returned, HostError> {
        if cancel.is_cancelled() {
            return Err(self.error(HostErrorKind::Cancelled));
        }
        // Given up half-way, nobody knows what the session is doing.
        self.reusable = false;
        let questions = Questions::default();
        let options = RunOptions {
            first_message_timeout: call.timeout,
            timeout: call.timeout,
            host: AllowList::new(&self.plan.answers, &call.function, questions.clone()).into_policy(),
            ..RunOptions::default()
        };
        let command = self.command(&call);
        let run = self.pool.run(vec![command], options).await;
        let mut pipeline = run.map_err(|error| self.error(error.into()))?;
        let mut collector = Collector::new(on_progress);
        let mut stopped = false;
        let end = loop {
            tokio::select! {
                event = pipeline.next() => match event {
                    Some(event) => if let Some(end) = collector.take(event) { break end },
                    None => break End::Stopped(StopCause::Host),
                },
                () = cancel.cancelled(), if !stopped => {
                    stopped = true;
                    pipeline.stop();
                }
            }
        };
        let refused = questions.first_refused();
        let mut collected = collector.finish();
        let ended = match end {
            End::Lost(error) => return Err(self.error(error.into())),
            End::Failed(error) if error.id == "SentinelJump.UnknownFunction" => {
                self.reusable = true;
                return Err(self.error(HostErrorKind::UnknownFunction(call.function)));
            }
            end => ended(end, collected.ended_by, refused.clone(), call.write),
        };
        collected.errors.extend(swallowed(&ended, refused.as_ref()));
        let target_changed = collected.target_changed;
        self.reusable =
            matches!(ended, Ended::Completed | Ended::Failed(_)) && target_changed.is_none() && refused.is_none();
        Ok(Returned {
            ended,
            data: collected.data,
            text: collected.text,
            warnings: collected.warnings,
            errors: collected.errors,
            target_changed,
        })
    }

    fn command(&self, call: &Call) -> Command {
        let parameters = Value::hashtable(call.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let mut command =
            Command::new("Invoke-SjCall").argument("Name", call.function.as_str()).argument("Parameters", parameters);
        if self.style() == Some(Style::Session) {
            command = command.argument("Expect", target(&self.plan));
        }
        if call.progress {
            command = command.argument("Preference", Value::hashtable([("Progress", Value::from("Continue"))]));
        }
        command
    }

    /// Whether the session may serve another call (not after a stop, an exit,
    /// a mismatch, a refused question or a broken connection).
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.reusable && self.pool.is_open()
    }

    /// Closes the shell on the host; bounded, never fails.
    pub async fn close(self) {
        self.pool.close().await;
    }

    fn error(&self, kind: HostErrorKind) -> HostError {
        HostError { host: self.plan.host.clone(), kind }
    }
}

/// The endpoint and how to sign in there.
fn access(plan: &OpenPlan) -> Result<transport::Target, wsman::Error> {
    let credentials = plan.credentials.clone();
    let sign_in = match plan.auth {
        Auth::Negotiate | Auth::Ntlm => SignIn::Ntlm(credentials),
        Auth::Basic => SignIn::Basic(credentials),
        Auth::DangerousClearTextBasic => SignIn::DangerousClearTextBasic(credentials),
    };
    let endpoint = Endpoint::parse(&plan.url)?;
    Ok(transport::Target { tls: plan.tls.clone(), ..transport::Target::new(endpoint, sign_in) })
}

/// What the pipeline's end means, with what the function left behind.
///
/// A script may swallow that its question was refused, and go on. Nobody knows
/// what a write then did; a read's answer is an answer.
fn ended(end: End, by: Option<Ended>, refused: Option<String>, write: bool) -> Ended {
    match (end, by, refused) {
        (End::Completed, Some(Ended::Completed), Some(question)) if write => Ended::Asked(question),
        (End::Completed, Some(by), _) => by,
        (End::Completed, None, _) => Ended::Silent,
        (End::Failed(error), ..) if error.id == "SentinelJump.TargetMismatch" => Ended::TargetMismatch(error.message),
        (End::Failed(_), _, Some(question)) => Ended::Asked(question),
        (End::Failed(error), ..) => Ended::Failed(record(error)),
        (End::Stopped(StopCause::Caller), ..) => Ended::Cancelled,
        (End::Stopped(StopCause::Timeout | StopCause::Silence), ..) => Ended::TimedOut,
        _ => Ended::Silent,
    }
}

/// The refused question of a call that completed all the same.
fn swallowed(ended: &Ended, refused: Option<&String>) -> Option<HostErrorRecord> {
    let question = refused.filter(|_| matches!(ended, Ended::Completed))?;
    Some(HostErrorRecord { message: question.clone(), id: "SentinelJump.Refused".to_owned(), category: None })
}

/// Module, script, target.
async fn load(pool: &RunspacePool, plan: &OpenPlan) -> Result<(LoadReport, Vec<String>), HostErrorKind> {
    tracing::debug!(sha256 = %module_sha256(), host = %plan.host, "sending the host module");
    let ready = run_module(pool, Command::script(MODULE), MODULE_TIMEOUT).await?;
    if !ready.objects.last().is_some_and(|object| is_a(object, "SentinelJump.Ready")) {
        return Err(HostErrorKind::Unexpected("no SentinelJump.Ready"));
    }
    let output = run_module(pool, import(plan), LOAD_TIMEOUT).await?;
    let report = output.objects.iter().rfind(|object| is_a(object, "SentinelJump.LoadReport"));
    let report = report.ok_or(HostErrorKind::Unexpected("no load report"))?;
    let report = decode::load_report(report).ok_or(HostErrorKind::Unexpected("a load report without its parts"))?;
    tracing::debug!(
        host = %plan.host,
        sha256 = %report.sha256,
        functions = report.functions.len(),
        dropped = report.dropped.len(),
        "script loaded"
    );
    let mut assigned = Vec::new();
    if plan.style.or(report.style) == Some(Style::Session) {
        let command = Command::new("Set-SjTarget").argument("Target", target(plan));
        let output = run_module(pool, command, MODULE_TIMEOUT).await?;
        let differs = output.objects.last().and_then(|object| object.get("differs")?.as_str().map(str::to_owned));
        if differs.as_deref() != Some("") {
            return Err(HostErrorKind::Unexpected("the script did not take the target"));
        }
        let keys = output.objects.last().and_then(|object| object.get("assigned")?.items());
        assigned = keys.into_iter().flatten().filter_map(|key| Some(key.as_str()?.to_owned())).collect();
    }
    Ok((report, assigned))
}

fn is_whole(assigned: &[String]) -> bool {
    let has = |name: &str| assigned.iter().any(|key| key.eq_ignore_ascii_case(name));
    has("SubscriptionId") && (has("ResourceGroup") || has("ResourceGroupName")) && has("WorkspaceName")
}

fn import(plan: &OpenPlan) -> Command {
    let command = Command::new("Import-SjScript");
    let command = match &plan.script {
        ScriptSource::Path { path, sha256 } => {
            let command = command.argument("Path", path.as_str());
            sha256.iter().fold(command, |command, hash| command.argument("Sha256", hash.as_str()))
        }
        ScriptSource::Push { bytes, virtual_path, sha256 } => command
            .argument("Bytes", Value::Bytes(bytes.clone()))
            .argument("VirtualPath", virtual_path.as_str())
            .argument("Sha256", sha256.as_str()),
    };
    if plan.script_parameters.is_empty() {
        return command;
    }
    let parameters = plan.script_parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
    command.argument("Parameters", Value::hashtable(parameters))
}

fn target(plan: &OpenPlan) -> Value {
    Value::hashtable([
        ("SubscriptionId", Value::from(plan.target.subscription.as_str())),
        ("ResourceGroup", Value::from(plan.target.resource_group.as_str())),
        ("WorkspaceName", Value::from(plan.target.workspace.as_str())),
    ])
}

/// Runs a command of our module that is not a call.
async fn run_module(pool: &RunspacePool, command: Command, timeout: Duration) -> Result<Output, HostErrorKind> {
    let options = RunOptions { first_message_timeout: timeout, timeout, ..RunOptions::default() };
    let output = pool.run(vec![command], options).await?.collect().await?;
    match output.end {
        End::Completed => Ok(output),
        End::Failed(error) => Err(module_error(error)),
        _ => Err(HostErrorKind::Unexpected("the host module did not end in time")),
    }
}

fn module_error(error: ErrorRecord) -> HostErrorKind {
    match error.id.as_str() {
        "SentinelJump.ScriptMissing" => HostErrorKind::ScriptMissing,
        "SentinelJump.HashMismatch" => HostErrorKind::ScriptChanged,
        "SentinelJump.UnknownFunction" => HostErrorKind::UnknownFunction(String::new()),
        _ => HostErrorKind::LoadFailed(record(error)),
    }
}

fn record(error: ErrorRecord) -> HostErrorRecord {
    HostErrorRecord { message: error.message, id: error.id, category: Some(error.category) }
}

pub(super) fn is_a(value: &Value, type_name: &str) -> bool {
    value.as_object().is_some_and(|object| object.is_a(type_name))
}

/// SHA-256 of [`MODULE`], lower-case hex.
#[must_use]
pub fn module_sha256() -> String {
    use std::fmt::Write as _;
    Sha256::digest(MODULE.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Probes of functions, by host and script hash. Shared by all sessions of a
/// server; holds one small entry per function that was called.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<std::collections::HashMap<String, Arc<FunctionProbe>>>>);

impl Probes {
    fn find(&self, key: &str) -> Option<Arc<FunctionProbe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn keep(&self, key: String, probe: FunctionProbe) -> Arc<FunctionProbe> {
        let probe = Arc::new(probe);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&probe));
        probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_that_the_script_swallowed_is_told() {
        let end = |refused: Option<&str>, write| {
            let refused = refused.map(str::to_owned);
            let ended = ended(End::Completed, Some(Ended::Completed), refused.clone(), write);
            let error = swallowed(&ended, refused.as_ref());
            (ended, error.map(|error| (error.message, error.id)))
        };
        let told = ("Sicher?".to_owned(), "SentinelJump.Refused".to_owned());
        assert_eq!(end(Some("Sicher?"), true), (Ended::Asked("Sicher?".to_owned()), None));
        assert_eq!(end(Some("Sicher?"), false), (Ended::Completed, Some(told)));
        assert_eq!(end(None, true), (Ended::Completed, None));
    }

    #[test]
    fn a_target_is_whole_with_all_three_keys() {
        let whole = |keys: &[&str]| is_whole(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        assert!(whole(&["ResourceGroup", "SubscriptionId", "WorkspaceName"]));
        assert!(whole(&["resourcegroupname", "SubscriptionId", "WorkspaceName"]));
        for part in
            [&["ResourceGroup", "WorkspaceName"][..], &["SubscriptionId", "WorkspaceName"], &["WorkspaceName"], &[]]
        {
            assert!(!whole(part), "{part:?}");
        }
    }
}
