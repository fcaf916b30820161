//! One open session.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wsman::client::{RunOptions, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command;
use wsman::session::{End, StopCause};

use super::allow::{AllowList, Questions};
use super::call::{Call, Ended, HostProgress, OUTPUT_BYTES, Returned};
use super::collect::{Collected, Collector};
use super::command::{AZURE_MISMATCH, AZURE_SIGNED_OUT, AZURE_TIMEOUT, MODULE_TIMEOUT, run_module};
use super::confirmed::Confirmed;
use super::decode::{self, is_a};
use super::error::{HostError, HostErrorKind};
use super::module;
use super::plain;
use super::plan::{OpenPlan, Style};
use super::probe::FunctionProbe;
use super::record::HostErrorRecord;
use super::report::{AzureSignIn, LoadReport, Taint};

/// For describing every function of a script.
///
/// Chosen: seen to take 10 s for 200 functions; a busy host is given twelve
/// times that.
const PROBE_ALL_TIMEOUT: Duration = Duration::from_secs(120);

/// Id of our module's error: a write would read what was left out.
const TAINTED: &str = "SentinelJump.Tainted";

/// One open PSRP session with SentinelManager loaded, for one workspace.
///
/// Dropping it at any point deletes the shell on the host in the background.
#[derive(Debug)]
pub struct Session {
    pub(super) plan: OpenPlan,
    pub(super) pool: RunspacePool,
    pub(super) report: LoadReport,
    /// What the script took of the target, by its own keys.
    pub(super) assigned: Vec<String>,
    /// The target is set; before that, nothing can be compared with it.
    pub(super) ready: bool,
    pub(super) reusable: bool,
    /// Of the last call, when it was lost.
    pub(super) left: Option<Box<Returned>>,
}

impl Session {
    /// What the loader found.
    #[must_use]
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    /// How the script keeps its target: as configured, else as recognised.
    #[must_use]
    pub fn style(&self) -> Option<Style> {
        self.plan.rules.style.or(self.report.style)
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
        let key = self.key(function);
        if let Some(known) = self.plan.probes.find(&key) {
            return Ok(known);
        }
        if self.is_plain() {
            return Err(self.error(HostErrorKind::UnknownFunction { function: function.to_owned(), left_out: 0 }));
        }
        let command = module::command("Get-SjProbe").argument("Name", Value::list(vec![Value::from(function)]));
        let probed = run_module(&self.pool, command, MODULE_TIMEOUT).await.and_then(|output| {
            let mut probes = output.objects.iter().filter(|object| is_a(object, "SentinelJump.Function"));
            let probe = probes.next_back().ok_or(HostErrorKind::Unexpected("no probe"))?;
            decode::function_probe(probe).ok_or(HostErrorKind::Unexpected("a probe without its parts"))
        });
        match probed {
            Ok(probe) => Ok(self.plan.probes.keep(key, probe)),
            Err(kind) => {
                self.reusable &= matches!(kind, HostErrorKind::UnknownFunction { .. });
                Err(self.error(kind))
            }
        }
    }

    /// Every function of the script, in the order of their names. Takes the
    /// host some ten seconds for 200 functions, so ask once per script hash.
    ///
    /// # Errors
    ///
    /// When the host did not answer or its answer lacks parts.
    pub async fn probe_all(&mut self) -> Result<Vec<FunctionProbe>, HostError> {
        if self.is_plain() {
            let known = self.report.functions.iter().filter_map(|name| self.plan.probes.find(&self.key(name)));
            return Ok(known.map(|probe| (*probe).clone()).collect());
        }
        let probed = run_module(&self.pool, module::command("Get-SjProbe"), PROBE_ALL_TIMEOUT).await;
        let probes = probed.and_then(|output| {
            let probes = output.objects.iter().filter(|object| is_a(object, "SentinelJump.Function"));
            let probes: Option<Vec<_>> = probes.map(decode::function_probe).collect();
            probes.ok_or(HostErrorKind::Unexpected("a probe without its parts"))
        });
        probes.map_err(|kind| {
            self.reusable = false;
            self.error(kind)
        })
    }

    /// Asks the host for its sign-in to Azure and for a token; neither leaves
    /// the host. Takes as long as `az` does, which is seconds.
    ///
    /// # Errors
    ///
    /// When the host did not answer; being signed out is an answer.
    pub async fn azure(&mut self) -> Result<AzureSignIn, HostError> {
        if self.is_plain() {
            return Ok(AzureSignIn { signed_in: None, tenant: None, via: None, problem: None });
        }
        let command = module::command("Get-SjAzure").argument("Token", Value::Bool(true));
        let told = run_module(&self.pool, command, AZURE_TIMEOUT).await.and_then(|output| {
            let told = output.objects.iter().rfind(|object| is_a(object, "SentinelJump.Azure"));
            told.and_then(decode::azure).ok_or(HostErrorKind::Unexpected("no word on the sign-in to Azure"))
        });
        told.map_err(|kind| {
            self.reusable = false;
            self.error(kind)
        })
    }

    /// Runs one function and keeps all its output, as [`call_into`](Self::call_into)
    /// does without.
    ///
    /// # Errors
    ///
    /// When the operation itself did not come off; ask `may_have_run`.
    pub async fn call(
        &mut self,
        call: Call,
        on_progress: &(dyn Fn(HostProgress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Returned, HostError> {
        let mut data = Vec::new();
        let called = self.call_into(call, &mut |object| data.push(object), on_progress, cancel).await;
        called.map(|returned| Returned { data, ..returned })
    }

    /// Runs one function, whose output goes to `output` object by object, also
    /// when the call then fails. A cancelled token stops the host and still
    /// ends here with [`Ended::Cancelled`] or the real end, within seconds.
    ///
    /// # Errors
    ///
    /// When the operation itself did not come off; ask `may_have_run`.
    pub async fn call_into(
        &mut self,
        call: Call,
        output: &mut (dyn FnMut(Value) + Send),
        on_progress: &(dyn Fn(HostProgress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Returned, HostError> {
        if cancel.is_cancelled() {
            return Err(self.error(HostErrorKind::Cancelled));
        }
        // Given up half-way, nobody knows what the session is doing.
        self.reusable = false;
        let questions = Questions::default();
        let allowed = AllowList::new(&self.plan.rules.answers, &call.function, questions.clone())
            .confirmed(self.confirmed(&call));
        let options = RunOptions {
            first_message_timeout: call.timeout,
            timeout: call.timeout,
            max_output_bytes: OUTPUT_BYTES,
            host: if call.write { allowed.stopping() } else { allowed }.into_policy(),
            ..RunOptions::default()
        };
        let command = self.command(&call);
        let run = self.pool.run(vec![command], options).await;
        let mut pipeline = run.map_err(|error| self.error(error.into()))?;
        let mut collector = Collector::new(output, on_progress);
        // A stop is only asked for: the loop goes on until the host says how the
        // pipeline ended, which may be its real end.
        let mut cancelled = false;
        let end = loop {
            tokio::select! {
                event = pipeline.next() => match event {
                    Some(event) => if let Some(end) = collector.take(event) { break end },
                    None => break End::Stopped(StopCause::Host),
                },
                () = cancel.cancelled(), if !cancelled => {
                    cancelled = true;
                    pipeline.stop();
                }
            }
        };
        let refused = questions.first_refused();
        let collected = collector.finish();
        // Of a plain command the pipeline's own end is all that is said, and
        // nothing says that it had not begun.
        let plain = self.is_plain();
        let ended_by = collected.ended_by.clone().or_else(|| plain.then_some(Ended::Completed));
        let mut returned = returned(collected);
        returned.began |= plain;
        returned.asked.clone_from(&refused);
        returned.ended = match end {
            // It did not stop in time, which is no matter of the function's own.
            End::Lost(error) if cancelled && error.kind() == wsman::ErrorKind::TimedOut => Ended::Cancelled,
            End::Lost(error) => {
                self.left = Some(Box::new(returned));
                let ends_process = self.ends_process(&call.function);
                let process_ended = HostErrorKind::ProcessEnded { function: call.function };
                return Err(self.error(if ends_process { process_ended } else { error.into() }));
            }
            // The id alone is anybody's: a script may throw it, too.
            End::Failed(error) if error.id == "SentinelJump.UnknownFunction" && !returned.began => {
                self.reusable = true;
                return Err(self.error(HostErrorKind::UnknownFunction { function: call.function, left_out: 0 }));
            }
            End::Failed(error) if error.id == TAINTED && !returned.began => {
                returned.tainted = self.taint(&call.function, &error.message);
                Ended::Tainted(error.into())
            }
            end => match ended(end, ended_by, refused.clone(), cancelled) {
                Ended::Silent if returned.gaps.dropped > 0 => Ended::TooMuch,
                ended => ended,
            },
        };
        returned.errors.extend(swallowed(&returned.ended, refused.as_ref()));
        let is_whole = matches!(returned.ended, Ended::Completed | Ended::Failed(_) | Ended::Tainted(_));
        self.reusable = is_whole && returned.target_changed.is_none() && refused.is_none();
        Ok(returned)
    }

    /// What the function of a call that was lost had put out before.
    pub fn take_left(&mut self) -> Option<Box<Returned>> {
        self.left.take()
    }

    /// What the loader knew of the taint that the host names.
    fn taint(&self, function: &str, said: &str) -> Vec<Taint> {
        let alias = self.report.aliases.iter().find(|alias| alias.name.eq_ignore_ascii_case(function));
        let function = alias.map_or(function, |alias| &alias.function);
        let mut of = self.report.tainted.iter().filter(|taint| taint.function.eq_ignore_ascii_case(function));
        let is_named = |taint: &&Taint| {
            said.contains(&format!(" reads ${}", taint.variable)) && said.contains(&format!(" line {} ", taint.line))
        };
        let known = of.clone().find(is_named).or_else(|| of.next()).cloned();
        known.or_else(|| said_taint(function, said)).into_iter().collect()
    }

    /// Whether the operator has answers for questions of the function.
    #[must_use]
    pub fn has_answers(&self, function: &str) -> bool {
        self.plan.rules.answers.iter().any(|answer| answer.function.eq_ignore_ascii_case(function))
    }

    /// The yes of the person who confirmed the call.
    fn confirmed(&self, call: &Call) -> Option<Confirmed> {
        let probe = self.plan.probes.find(&self.key(&call.function))?;
        Confirmed::of(&probe, &call.confirmed, &call.parameters)
    }

    /// Whether the function is known to be one that may end the host's process.
    fn ends_process(&self, function: &str) -> bool {
        self.plan.probes.find(&self.key(function)).is_some_and(|probe| probe.ends_process)
    }

    /// What a function's probe is kept by.
    fn key(&self, function: &str) -> String {
        key(&self.plan, &self.report, function)
    }

    /// Whether nothing of ours is on the host: no guard compares the target.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plan.script.is_plain()
    }

    fn command(&self, call: &Call) -> Command {
        if self.is_plain() {
            return plain::command(call);
        }
        let parameters = Value::hashtable(call.parameters.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let mut command = module::command("Invoke-SjCall")
            .argument("Name", call.function.as_str())
            .argument("Parameters", parameters);
        if self.ready && self.style() == Some(Style::Session) {
            command = command.argument("Expect", self.plan.target.value());
        }
        // Chosen: again before writes only. `az` starts a Python to be asked, and
        // every read would wait for it.
        if let Some(tenant) = self.plan.azure_tenant.as_deref().filter(|_| self.ready && call.write) {
            command = command.argument("AzureTenant", tenant);
        }
        if call.write {
            command = command.argument("Write", Value::Bool(true));
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

    pub(super) fn error(&self, kind: HostErrorKind) -> HostError {
        let kind = match kind {
            HostErrorKind::UnknownFunction { function, .. } => {
                HostErrorKind::UnknownFunction { function, left_out: self.report.dropped.len() }
            }
            other => other,
        };
        HostError { host: self.plan.host.clone(), kind }
    }
}

/// What a function's probe is kept by.
pub(super) fn key(plan: &OpenPlan, report: &LoadReport, function: &str) -> String {
    [plan.host.as_str(), &report.sha256, &function.to_ascii_lowercase()].join("\n")
}

fn is_whole(assigned: &[String]) -> bool {
    // Scripts call the group by either name.
    let has = |name: &str| assigned.iter().any(|key| key.eq_ignore_ascii_case(name));
    has("SubscriptionId") && (has("ResourceGroup") || has("ResourceGroupName")) && has("WorkspaceName")
}

/// The taint as our module's own sentence has it: `Set-It reads $Name (in
/// Get-It), which only line 7 sets, and …`.
fn said_taint(function: &str, said: &str) -> Option<Taint> {
    let (_, read) = said.split_once(" reads $")?;
    let (variable, rest) = read.split_once(", which only line ")?;
    let (line, rest) = rest.split_once(' ')?;
    let (variable, via) = match variable.split_once(" (in ") {
        Some((variable, via)) => (variable, Some(via.trim_end_matches(')').to_owned())),
        None => (variable, None),
    };
    let reason = rest.rsplit_once(": ").map_or(String::new(), |(_, reason)| reason.to_owned());
    let (function, variable, line) = (function.to_owned(), variable.to_owned(), line.parse().ok()?);
    Some(Taint { function, variable, line, reason, read_at: 0, via })
}

/// All that a call brought, before it is known how it ended.
fn returned(collected: Collected) -> Returned {
    Returned {
        ended: Ended::Silent,
        began: collected.began,
        exit_code: collected.exit_code,
        tainted: collected.tainted,
        objects: collected.objects,
        data: Vec::new(),
        text: collected.text,
        warnings: collected.warnings,
        errors: collected.errors,
        target_changed: collected.target_changed,
        asked: None,
        gaps: collected.gaps,
    }
}

/// How the pipeline ended, by what the host and the function itself said.
fn ended(end: End, by: Option<Ended>, refused: Option<String>, cancelled: bool) -> Ended {
    match (end, by, refused) {
        (End::Completed, Some(by), _) => by,
        (End::Completed, None, _) => Ended::Silent,
        (End::Failed(error), ..) if error.id == "SentinelJump.TargetMismatch" => Ended::TargetMismatch(error.message),
        (End::Failed(error), ..) if error.id == AZURE_MISMATCH => Ended::AzureTenantMismatch(error.into()),
        (End::Failed(error), ..) if error.id == AZURE_SIGNED_OUT => Ended::AzureNotSignedIn(error.into()),
        (End::Failed(_), _, Some(question)) => Ended::Asked(question),
        (End::Failed(error), ..) => Ended::Failed(error.into()),
        (End::Stopped(StopCause::Caller), _, Some(question)) if !cancelled => Ended::Asked(question),
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_question_that_the_script_swallowed_is_told() {
        let end = |refused: Option<&str>| {
            let refused = refused.map(str::to_owned);
            let ended = ended(End::Completed, Some(Ended::Completed), refused.clone(), false);
            let error = swallowed(&ended, refused.as_ref());
            (ended, error.map(|error| (error.message, error.id)))
        };
        let told = ("Sicher?".to_owned(), "SentinelJump.Refused".to_owned());
        assert_eq!(end(Some("Sicher?")), (Ended::Completed, Some(told)));
        assert_eq!(end(None), (Ended::Completed, None));
    }

    #[test]
    fn a2_a_taint_that_the_loader_did_not_list_is_told_by_what_the_host_says() {
        let told = |said: &str| said_taint("Set-It", said).map(|taint| (taint.variable, taint.line, taint.via));
        let said = "Set-It reads $State, which only line 7 sets, and that was left out: runs Get-AzContext";
        assert_eq!(told(said), Some(("State".to_owned(), 7, None)));
        let said = "Set-It reads $Cfg.Key (in Get-It), which only line 12 sets, and that was left out: exits";
        assert_eq!(told(said), Some(("Cfg.Key".to_owned(), 12, Some("Get-It".to_owned()))));
        assert_eq!(told("nothing of the kind"), None);
    }

    #[test]
    fn who_stopped_a_call_says_how_it_ended() {
        let end = |cancelled| {
            let refused = Some("Sicher?".to_owned());
            ended(End::Stopped(StopCause::Caller), None, refused, cancelled)
        };
        assert_eq!(end(false), Ended::Asked("Sicher?".to_owned()));
        assert_eq!(end(true), Ended::Cancelled);
    }
}
