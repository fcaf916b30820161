//! The steps between a runspace and the first call: our module, the script,
//! the sign-in to Azure, the target.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wsman::client::{Output, RunOptions, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::{Command, ErrorRecord};
use wsman::session::End;

use super::allow::{AllowList, Questions};
use super::decode;
use super::module::{self, MODULE, module_sha256};
use super::session::{Session, is_a};
use super::types::{
    Call, Ended, HostError, HostErrorKind, HostErrorRecord, Init, LoadReport, OpenPlan, ScriptSource, Style,
};

/// Id of our module's error: signed in to another Azure tenant.
pub(super) const AZURE_MISMATCH: &str = "SentinelJump.AzureTenantMismatch";

/// Id of our module's error: signed in to none.
pub(super) const AZURE_SIGNED_OUT: &str = "SentinelJump.AzureNotSignedIn";

/// For one command of our module other than a call.
///
/// Chosen: loading 125 KB takes 0.8 s on two shared cores; a busy host is
/// given forty times that.
pub(super) const MODULE_TIMEOUT: Duration = Duration::from_secs(30);

/// For loading the script.
///
/// Chosen: scripts import the Az modules, which takes Windows PowerShell up to
/// half a minute.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// For setting the target.
///
/// Chosen: the script's own functions that choose one ask Azure for a list.
const SELECT_TIMEOUT: Duration = Duration::from_secs(60);

/// For looking at the sign-in to Azure.
///
/// Chosen: `az` starts a Python and asks Azure for a token, the Az modules take
/// Windows PowerShell up to half a minute to load.
pub(super) const AZURE_TIMEOUT: Duration = Duration::from_secs(60);

/// For describing every function of a script.
///
/// Chosen: seen to take 10 s for 200 functions; a busy host is given twelve
/// times that.
pub(super) const PROBE_ALL_TIMEOUT: Duration = Duration::from_secs(120);

/// For one function of `init`.
///
/// Chosen: a sign-in loads modules and asks Azure for a token.
const INIT_TIMEOUT: Duration = Duration::from_secs(90);

impl Session {
    /// What is left once the script is loaded: `init`, since it may choose the
    /// workspace itself, then the Azure tenant, then the target.
    pub(super) async fn begin(&mut self) -> Result<(), HostError> {
        for init in self.plan.init.clone() {
            self.init(init).await?;
        }
        if let Some(tenant) = &self.plan.azure_tenant {
            let command = module::command("Assert-SjAzure")
                .argument("Tenant", tenant.as_str())
                .argument("Load", Value::Bool(true));
            let asserted = run_module(&self.pool, command, AZURE_TIMEOUT).await;
            asserted.map_err(|kind| self.error(kind))?;
        }
        if self.style() == Some(Style::Session) {
            self.assigned = set_target(&self.pool, &self.plan).await.map_err(|kind| self.error(kind))?;
        }
        self.ready = true;
        Ok(())
    }

    /// One function of `init`. A question in it is answered by the allow list
    /// only, as in any call.
    async fn init(&mut self, init: Init) -> Result<(), HostError> {
        let Init { function, parameters } = init;
        if let Some(unknown) = self.unknown_parameter(&function, &parameters).await? {
            return Err(self.init_failed(function, Ended::Failed(unknown), Vec::new()).await);
        }
        // As a write: a question that the function swallowed leaves doubt.
        let call = Call { function: function.clone(), parameters, progress: false, write: true, timeout: INIT_TIMEOUT };
        let returned = match self.call(call, &|_| {}, &CancellationToken::new()).await {
            Err(HostError { kind: HostErrorKind::UnknownFunction(name), .. }) => {
                let ended = Ended::Failed(ours("UnknownFunction", format!("the script has no function {name}")));
                return Err(self.init_failed(function, ended, Vec::new()).await);
            }
            returned => returned?,
        };
        // az warns on standard error.
        let errors = returned.errors.into_iter().filter(|error| !error.id.starts_with("NativeCommandError"));
        let errors: Vec<_> = errors.collect();
        if returned.ended == Ended::Completed && errors.is_empty() {
            return Ok(());
        }
        Err(self.init_failed(function, returned.ended, errors).await)
    }

    /// Hosts swallow parameters that a function does not have.
    async fn unknown_parameter(
        &mut self,
        function: &str,
        parameters: &[(String, Value)],
    ) -> Result<Option<HostErrorRecord>, HostError> {
        if parameters.is_empty() {
            return Ok(None);
        }
        let probe = match self.probe(function).await {
            Err(HostError { kind: HostErrorKind::UnknownFunction(_), .. }) => {
                return Ok(Some(ours("UnknownFunction", format!("the script has no function {function}"))));
            }
            probe => probe?,
        };
        let unknown = parameters.iter().find(|(name, _)| {
            let same = |known: &String| known.eq_ignore_ascii_case(name);
            !probe.parameters.iter().any(|known| same(&known.name) || known.aliases.iter().any(same))
        });
        Ok(unknown.map(|(name, _)| ours("UnknownParameter", format!("{function} has no parameter {name}"))))
    }

    async fn init_failed(&mut self, function: String, ended: Ended, errors: Vec<HostErrorRecord>) -> HostError {
        // After a stop or a question the runspace may still be busy.
        let asks = matches!(ended, Ended::Completed | Ended::Failed(_) | Ended::Exited(_));
        let signed_in = if asks { self.azure().await.ok().and_then(|told| told.signed_in) } else { None };
        self.error(HostErrorKind::InitFailed { function, ended, errors, signed_in })
    }
}

/// As our module would have said it.
fn ours(id: &str, message: String) -> HostErrorRecord {
    HostErrorRecord { message, id: format!("SentinelJump.{id}"), category: None }
}

async fn set_target(pool: &RunspacePool, plan: &OpenPlan) -> Result<Vec<String>, HostErrorKind> {
    let command = module::command("Set-SjTarget").argument("Target", target(plan));
    let rules = [("Select", &plan.rules.select), ("Derived", &plan.rules.derived)];
    let command = rules.into_iter().fold(command, |command, (name, names)| with_names(command, name, names));
    let output = run_module(pool, command, SELECT_TIMEOUT).await?;
    let told = output.objects.last().and_then(|object| {
        let keys =
            |name| object.get(name)?.items().map(|keys| keys.iter().filter_map(Value::as_str).map(str::to_owned));
        Some((object.get("differs")?.as_str()?.to_owned(), keys("assigned")?.collect(), keys("derived")?.collect()))
    });
    let (differs, assigned, derived) = told.ok_or(HostErrorKind::Unexpected("no word on the target"))?;
    if differs.is_empty() { Ok(assigned) } else { Err(HostErrorKind::TargetNotTaken { differs, derived }) }
}

/// Our module, then the script.
pub(super) async fn load(pool: &RunspacePool, plan: &OpenPlan) -> Result<LoadReport, HostErrorKind> {
    tracing::debug!(sha256 = %module_sha256(), host = %plan.host, "sending the host module");
    let ready = run_module(pool, Command::script(MODULE), MODULE_TIMEOUT).await.map_err(no_language)?;
    if !ready.objects.last().is_some_and(|object| is_a(object, "SentinelJump.Ready")) {
        return Err(HostErrorKind::Unexpected("no SentinelJump.Ready"));
    }
    let questions = Questions::default();
    let host = AllowList::new(&[], "", questions.clone()).into_policy();
    let options = RunOptions { host, ..bounded(LOAD_TIMEOUT) };
    let output = run_with(pool, import(plan), options).await;
    // Whatever the script made of the refusal: it is not what it would be.
    let output = match questions.first_refused() {
        Some(question) => Err(HostErrorKind::LoadAsked(question)),
        None => output,
    }?;
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
    Ok(report)
}

pub(super) fn is_whole(assigned: &[String]) -> bool {
    let has = |name: &str| assigned.iter().any(|key| key.eq_ignore_ascii_case(name));
    has("SubscriptionId") && (has("ResourceGroup") || has("ResourceGroupName")) && has("WorkspaceName")
}

fn import(plan: &OpenPlan) -> Command {
    let command = with_names(module::command("Import-SjScript"), "Allow", &plan.rules.allow);
    let command = match &plan.script {
        ScriptSource::Path { path, sha256 } => {
            let command = command.argument("Path", path.as_str());
            sha256.iter().fold(command, |command, hash| command.argument("Sha256", hash.as_str()))
        }
        ScriptSource::Push { bytes, virtual_path, sha256 } => command
            .argument("Bytes", Value::Bytes(bytes.clone()))
            .argument("VirtualPath", virtual_path.as_str())
            .argument("Sha256", sha256.as_str()),
        ScriptSource::Module { name, sha256 } => {
            let command = command.argument("Module", name.as_str());
            sha256.iter().fold(command, |command, hash| command.argument("Sha256", hash.as_str()))
        }
    };
    let command = match &plan.azure_config_dir {
        Some(folder) => command.argument("AzureConfigDir", folder.as_str()),
        None => command,
    };
    if plan.script_parameters.is_empty() {
        return command;
    }
    let parameters = plan.script_parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
    command.argument("Parameters", Value::hashtable(parameters))
}

pub(super) fn target(plan: &OpenPlan) -> Value {
    Value::hashtable([
        ("SubscriptionId", Value::from(plan.target.subscription.as_str())),
        ("ResourceGroup", Value::from(plan.target.resource_group.as_str())),
        ("WorkspaceName", Value::from(plan.target.workspace.as_str())),
    ])
}

/// Runs a command of our module that is not a call.
pub(super) async fn run_module(
    pool: &RunspacePool,
    command: Command,
    timeout: Duration,
) -> Result<Output, HostErrorKind> {
    run_with(pool, command, bounded(timeout)).await
}

fn bounded(timeout: Duration) -> RunOptions {
    RunOptions { first_message_timeout: timeout, timeout, ..RunOptions::default() }
}

async fn run_with(pool: &RunspacePool, command: Command, options: RunOptions) -> Result<Output, HostErrorKind> {
    let output = pool.run(vec![command], options).await?.collect().await?;
    match output.end {
        End::Completed => Ok(output),
        End::Failed(error) => Err(module_error(error)),
        _ => Err(HostErrorKind::Unexpected("the host module did not end in time")),
    }
}

/// The engine refuses script text as such, not this one.
///
/// Seen: `ScriptsNotAllowed` under NoLanguage and RestrictedLanguage (7.6).
fn no_language(kind: HostErrorKind) -> HostErrorKind {
    match kind {
        HostErrorKind::LoadFailed(record) if record.id.starts_with("ScriptsNotAllowed") => {
            HostErrorKind::NoLanguage(record)
        }
        kind => kind,
    }
}

/// An argument that is a list of names, where there are any.
fn with_names(command: Command, name: &str, names: &[String]) -> Command {
    if names.is_empty() {
        return command;
    }
    command.argument(name, Value::list(names.iter().map(|name| Value::from(name.as_str())).collect()))
}

fn module_error(error: ErrorRecord) -> HostErrorKind {
    match error.id.as_str() {
        "SentinelJump.ScriptMissing" => HostErrorKind::ScriptMissing,
        "SentinelJump.HashMismatch" => HostErrorKind::ScriptChanged,
        "SentinelJump.UnknownFunction" => HostErrorKind::UnknownFunction(String::new()),
        AZURE_MISMATCH => HostErrorKind::AzureTenantMismatch(record(error)),
        AZURE_SIGNED_OUT => HostErrorKind::AzureNotSignedIn(record(error)),
        _ => HostErrorKind::LoadFailed(record(error)),
    }
}

pub(super) fn record(error: ErrorRecord) -> HostErrorRecord {
    HostErrorRecord { message: error.message, id: error.id, category: Some(error.category) }
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
}
