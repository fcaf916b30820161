//! The steps between a runspace and the first call: our module, the script,
//! the sign-in to Azure, the target.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use wsman::auth::Credentials;
use wsman::client::{Options, RunOptions, RunspacePool};
use wsman::clixml::Value;
use wsman::psrp::Command;
use wsman::secret::Secret;
use wsman::transport::{self, CertificateChain, ClientCertificate, Endpoint, SignIn};

use super::allow::{AllowList, Questions};
use super::call::{Call, Ended};
use super::command::{AZURE_TIMEOUT, MODULE_TIMEOUT, bounded, run_module, run_with};
use super::decode::{self, is_a};
use super::error::{HostError, HostErrorKind};
use super::module::{self, MODULE, module_sha256};
use super::plain;
use super::plan::{Auth, Init, OpenPlan, ScriptSource, Style, WinrmAccess};
use super::record::HostErrorRecord;
use super::report::LoadReport;
use super::session::{self, Session};

/// For a connection to be made and signed in.
///
/// Chosen: a host that is there takes three round trips, and the slowest domain
/// controller seen a second; a call that waits longer for one that is not
/// keeps all others of it waiting.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For loading the script.
///
/// Chosen: scripts import the Az modules, which takes Windows PowerShell up to
/// half a minute.
const LOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// For setting the target.
///
/// Chosen: the script's own functions that choose one ask Azure for a list.
const SELECT_TIMEOUT: Duration = Duration::from_secs(60);

/// For one function of `init`.
///
/// Chosen: a sign-in loads modules and asks Azure for a token.
const INIT_TIMEOUT: Duration = Duration::from_secs(90);

impl Session {
    /// Signs in, opens a runspace pool, loads the script, runs the plan's
    /// `init`, compares the Azure tenant, sets the workspace.
    ///
    /// Cancel safe: when the future is dropped, what was opened is deleted.
    ///
    /// # Errors
    ///
    /// See [`HostErrorKind`]. Nothing stays open on the host, and no function
    /// of the script has run but those of `init`.
    pub async fn open(plan: &OpenPlan) -> Result<Self, HostError> {
        let failed = |kind| HostError { host: plan.host.clone(), kind };
        let target = target(&plan.access, &plan.password).map_err(|error| failed(error.into()))?;
        let mut options = Options::for_target(target);
        options.connect_timeout = CONNECT_TIMEOUT;
        options.facts = plan.facts.clone();
        options.session.open_timeout = plan.open_timeout;
        options.session.shell_name = Some(plan.shell_name.clone());
        if let Some(name) = &plan.access.configuration_name {
            options.session.configuration_name.clone_from(name);
        }
        if let Some(watch) = &plan.shells {
            options = options.watch_shell(watch.clone());
        }
        let pool = RunspacePool::open(options).await.map_err(|error| failed(error.into()))?;
        let opened = match &plan.script {
            ScriptSource::Plain { functions } => offered(&pool, plan, functions).await,
            _ => load(&pool, plan).await,
        };
        let report = match opened {
            Ok(report) => report,
            Err(kind) => {
                pool.close().await;
                return Err(failed(kind));
            }
        };
        let plan = plan.clone();
        let mut session = Self { plan, pool, report, assigned: Vec::new(), ready: false, reusable: true, left: None };
        match session.begin().await {
            Ok(()) => Ok(session),
            Err(error) => {
                session.close().await;
                Err(error)
            }
        }
    }

    /// What is left once the script is loaded: `init`, since it may choose the
    /// workspace itself, then the Azure tenant, then the target.
    async fn begin(&mut self) -> Result<(), HostError> {
        if self.plan.script.is_plain() {
            self.ready = true;
            return Ok(());
        }
        for init in self.plan.rules.init.clone() {
            self.init(init).await?;
        }
        // After init, which may have signed in anew; before the target, whose
        // setting may already ask Azure.
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
        let call = Call {
            function: function.clone(),
            parameters,
            progress: false,
            write: true,
            confirmed: Vec::new(),
            timeout: INIT_TIMEOUT,
        };
        let returned = match self.call_into(call, &mut |_| {}, &|_| {}, &CancellationToken::new()).await {
            Err(HostError { kind: HostErrorKind::UnknownFunction { function: name, .. }, .. }) => {
                let ended = Ended::Failed(HostErrorRecord::ours(
                    "UnknownFunction",
                    format!("the script has no function {name}"),
                ));
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
        let ended = match (returned.ended, returned.asked) {
            (Ended::Completed, Some(question)) => Ended::Asked(question),
            (ended, _) => ended,
        };
        Err(self.init_failed(function, ended, errors).await)
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
            Err(HostError { kind: HostErrorKind::UnknownFunction { .. }, .. }) => {
                return Ok(Some(HostErrorRecord::ours(
                    "UnknownFunction",
                    format!("the script has no function {function}"),
                )));
            }
            probe => probe?,
        };
        let unknown = parameters.iter().find(|(name, _)| {
            let same = |known: &String| known.eq_ignore_ascii_case(name);
            !probe.parameters.iter().any(|known| same(&known.name) || known.aliases.iter().any(same))
        });
        Ok(unknown
            .map(|(name, _)| HostErrorRecord::ours("UnknownParameter", format!("{function} has no parameter {name}"))))
    }

    async fn init_failed(&mut self, function: String, ended: Ended, errors: Vec<HostErrorRecord>) -> HostError {
        // After a stop or a question the runspace may still be busy.
        let asks = matches!(ended, Ended::Completed | Ended::Failed(_) | Ended::Exited(_));
        let signed_in = if asks { self.azure().await.ok().and_then(|told| told.signed_in) } else { None };
        self.error(HostErrorKind::InitFailed { function, ended, errors, signed_in })
    }
}

async fn set_target(pool: &RunspacePool, plan: &OpenPlan) -> Result<Vec<String>, HostErrorKind> {
    let command = module::command("Set-SjTarget").argument("Target", plan.target.value());
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
/// Asks an endpoint without scripts what it has, and keeps that.
async fn offered(pool: &RunspacePool, plan: &OpenPlan, functions: &[String]) -> Result<LoadReport, HostErrorKind> {
    let probes = plain::survey(pool, functions).await?;
    let report = plain::report(&probes);
    for probe in probes {
        plan.probes.keep(session::key(plan, &report, &probe.name), probe);
    }
    Ok(report)
}

async fn load(pool: &RunspacePool, plan: &OpenPlan) -> Result<LoadReport, HostErrorKind> {
    tracing::debug!(sha256 = %module_sha256(), host = %plan.host, "sending the host module");
    // Script text, the only one that is ever sent: everything later is a plain
    // command whose input travels as values.
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
    // The last one: what a script outputs while it is loaded comes before it.
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
        // Nothing is imported there.
        ScriptSource::Plain { .. } => command,
        ScriptSource::Module { name, sha256 } => {
            let command = command.argument("Module", name.as_str());
            sha256.iter().fold(command, |command, hash| command.argument("Sha256", hash.as_str()))
        }
    };
    let command = match &plan.azure_config_dir {
        Some(folder) => command.argument("AzureConfigDir", folder.as_str()),
        None => command,
    };
    if plan.rules.parameters.is_empty() {
        return command;
    }
    let parameters = plan.rules.parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
    command.argument("Parameters", Value::hashtable(parameters))
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

/// The endpoint and how to sign in there.
pub(super) fn target(access: &WinrmAccess, password: &Secret<String>) -> Result<transport::Target, wsman::Error> {
    let credentials = Credentials { username: access.username.clone(), password: password.clone() };
    let sign_in = match access.auth {
        Auth::Negotiate => SignIn::Negotiate(credentials),
        Auth::Ntlm => SignIn::Ntlm(credentials),
        #[cfg(feature = "credssp")]
        Auth::CredSsp => SignIn::CredSsp(credentials),
        Auth::Basic => SignIn::Basic(credentials),
        Auth::DangerousClearTextBasic => SignIn::DangerousClearTextBasic(credentials),
        Auth::Certificate => {
            let chain =
                access.certificate.as_ref().map_or_else(|| CertificateChain::from_pem(b""), |chain| Ok(chain.clone()));
            SignIn::Certificate(ClientCertificate::new(&chain?, password)?)
        }
    };
    let endpoint = Endpoint::parse(&access.url)?;
    let (tls, proxy) = (access.tls.clone(), access.proxy.clone());
    Ok(transport::Target { tls, proxy, ..transport::Target::new(endpoint, sign_in) })
}
