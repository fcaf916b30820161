//! From what was written to what it means.

mod access;
mod bundled;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use uuid::Uuid;
use wsman::clixml::Value;

use super::problem::Problems;
use super::raw::{
    self, RawAnswer, RawConfig, RawHost, RawInit, RawParameter, RawScript, RawSecret, RawSessions, RawTenant,
    RawWorkspace, Written,
};
use super::{Config, Host, Script, SecretRef, Sessions};
use crate::access::{Mode, ToolPolicy};
use crate::catalog::ToolSet;
use crate::host::{AllowedAnswer, Init, ScriptRules, Style};
use crate::spelling;
use crate::tenant::{ALL_TENANTS, Confirming, HostId, Language, Registry, Tenant, TenantId, Workspace, WorkspaceId};

/// How long a question over many workspaces may take.
///
/// Chosen: a cold Windows PowerShell takes up to a minute to load its modules,
/// and a function up to another.
const FLEET_DEADLINE: Duration = Duration::from_secs(120);

/// Shells that Windows allows one user by default.
///
/// Spec: MaxShellsPerUser, 30 since Windows Server 2012.
const MOST_SESSIONS: i64 = 30;

/// Calls of one session. Chosen: a day of one every ten seconds.
const MOST_CALLS: i64 = 10_000;

/// What a question of a person's hardly has, and a regular expression has.
const PATTERN_MARKS: [&str; 7] = [".+", ".?", "|", "(?", "[^", ")*", "$)"];

/// `None` only when a problem was added.
pub(super) fn resolve(raw: RawConfig, folder: &Path, problems: &mut Problems) -> Option<Config> {
    let mut resolver = Resolver { problems, warnings: Problems::default(), folder };
    let names: Vec<String> = raw.hosts.iter().map(|host| host.value.name.clone()).collect();
    let plain: Vec<String> =
        raw.hosts.iter().filter(|host| host.value.script.is_none()).map(|host| host.value.name.clone()).collect();
    let hosts: Vec<Option<Host>> = raw.hosts.into_iter().map(|host| resolver.host(host)).collect();
    if raw.tenants.is_empty() {
        resolver.problems.add(
            "tenants",
            None,
            "no tenant is configured; add [tenants.NAME] with its host and workspaces",
        );
    }
    // Before anything is moved out of the written form: twins need what both of them say.
    resolver.twins(&raw.tenants);
    resolver.shared_sign_ins(&raw.tenants);
    resolver.compared(&raw.tenants, &plain);
    let tenants: Vec<Option<Tenant>> = raw.tenants.into_iter().map(|tenant| resolver.tenant(tenant, &names)).collect();
    let policy = resolver.policy(raw.tool_sets, raw.read_only);
    let fleet_deadline = resolver.span(raw.fleet_deadline, ("1s", "1h"), FLEET_DEADLINE);
    let language = raw.language.as_ref().and_then(|language| resolver.language(language));
    let state_dir = raw.state_dir.and_then(|written| resolver.state_dir(&written));
    // Only now: every tenant was looked at as well, and one run tells every problem.
    let hosts = hosts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Config {
        hosts: hosts.into_iter().map(|host| (host.id.clone(), host)).collect(),
        registry: Registry::new(tenants.into_iter().collect::<Option<Vec<_>>>()?),
        policy,
        fleet_deadline,
        language: language.unwrap_or_default(),
        state_dir,
        warnings: resolver.warnings.into_all(),
    })
}

struct Resolver<'a> {
    problems: &'a mut Problems,
    /// What can be used as it is, and is perhaps not what was meant.
    warnings: Problems,
    folder: &'a Path,
}

impl Resolver<'_> {
    fn bad<T>(&mut self, at: &Written<T>, said: impl Into<String>) {
        self.problems.add(&at.place, Some(at.line), said);
    }

    fn missing<T>(&mut self, section: &Written<T>, key: &str, said: &str) {
        self.problems.add(&format!("{}.{key}", section.place), Some(section.line), said);
    }

    /// Whether it can be used is asked when it is: a check needs no folder.
    fn state_dir(&mut self, written: &Written<String>) -> Option<PathBuf> {
        // A shell would have put a home folder there; a file cannot.
        if written.value.starts_with('~') {
            self.bad(written, "expected the path of a folder of this account, such as /var/lib/sentinel-jump");
            return None;
        }
        Some(self.folder.join(&written.value))
    }

    /// A host without a script: its endpoint takes none.
    fn plain(&mut self, raw: &Written<RawHost>) -> Option<Script> {
        match &raw.value.plain {
            None => {
                let said = "no script: functions of the endpoint itself are called as plain commands, and only those that read (plain = \"writes\" allows the others); say where a script is with path = \"…\", module = \"…\", push = \"…\" or bundled = true";
                self.warnings.add(&format!("{}.script", raw.place), Some(raw.line), said);
                Some(Script::Plain { writes: false })
            }
            Some(plain) => match &*plain.value {
                "reads" => Some(Script::Plain { writes: false }),
                "writes" => Some(Script::Plain { writes: true }),
                other => {
                    self.bad(plain, format!("unknown{}", spelling::hint(other, ["reads", "writes"])));
                    None
                }
            },
        }
    }

    fn host(&mut self, raw: Written<RawHost>) -> Option<Host> {
        let plain = match (&raw.value.script, &raw.value.plain) {
            (None, _) => Some(self.plain(&raw)),
            (Some(_), Some(plain)) => {
                self.bad(plain, "only goes without script");
                None
            }
            (Some(_), None) => None,
        };
        let id = HostId::parse(&raw.value.name).map_err(|error| self.bad(&raw, error.to_string())).ok();
        let host = raw.value;
        let access = self.access(&host);
        let sessions = self.sessions(host.sessions);
        let password = host.password.map(|secret| self.secret(secret));
        let (script, rules) = match (host.script, plain) {
            (Some(script), _) => (self.source(&script), self.rules(script.value)),
            (None, plain) => (plain.flatten(), ScriptRules::default()),
        };
        let identity = self.identity(host.identity, script.as_ref());
        Some(Host { id: id?, access: access?, password: password?, sessions, script: script?, identity, rules })
    }

    fn secret(&self, secret: Written<RawSecret>) -> SecretRef {
        match secret.value {
            RawSecret::Env(name) => SecretRef::Env(name),
            RawSecret::File(path) => SecretRef::File(self.folder.join(path)),
            RawSecret::Command { argv, environment } => SecretRef::Command { argv, environment },
        }
    }

    fn sessions(&mut self, raw: RawSessions) -> Sessions {
        let usual = Sessions::default();
        Sessions {
            max: self.number(raw.max, MOST_SESSIONS).and_then(|max| max.try_into().ok()).unwrap_or(usual.max),
            idle: self.span(raw.idle, ("10s", "2h"), usual.idle),
            age: self.span(raw.age, ("1m", "12h"), usual.age),
            calls: self.number(raw.calls, MOST_CALLS).and_then(|calls| calls.try_into().ok()).unwrap_or(usual.calls),
        }
    }

    /// A whole number from 1.
    fn number(&mut self, written: Option<Written<i64>>, most: i64) -> Option<i64> {
        let written = written?;
        if (1..=most).contains(&written.value) {
            return Some(written.value);
        }
        self.bad(&written, format!("expected 1 to {most}, found {}", written.value));
        None
    }

    fn span(&mut self, written: Option<Written<Duration>>, range: (&str, &str), usual: Duration) -> Duration {
        let Some(written) = written else { return usual };
        let (least, most) = range;
        let bound = |text: &str| raw::span(text).unwrap_or(usual);
        if !(bound(least)..=bound(most)).contains(&written.value) {
            self.bad(&written, format!("expected between {least} and {most}"));
            return usual;
        }
        written.value
    }

    fn rules(&mut self, raw: RawScript) -> ScriptRules {
        let style = raw.style.as_ref().and_then(|style| match &*style.value {
            "contract" => Some(Style::Contract),
            "session" => Some(Style::Session),
            other => {
                self.bad(style, format!("unknown{}", spelling::hint(other, ["contract", "session"])));
                None
            }
        });
        ScriptRules {
            parameters: parameters(raw.parameters),
            style,
            init: raw.init.into_iter().map(init).collect(),
            answers: raw.answers.into_iter().filter_map(|answer| self.answer(answer)).collect(),
            allow: self.names(raw.allow, true),
            select: self.names(raw.select, false),
            derived: self.names(raw.derived, false),
        }
    }

    fn source(&mut self, raw: &Written<RawScript>) -> Option<Script> {
        let sha256 = raw.value.sha256.as_ref().and_then(|sha256| self.sha256(sha256));
        if let Some(virtual_path) = raw.value.virtual_path.as_ref().filter(|_| raw.value.push.is_none()) {
            self.bad(virtual_path, "only goes with push");
        }
        if let Some(bundled) = raw.value.bundled.as_ref().filter(|bundled| bundled.value) {
            return self.bundled(raw, bundled);
        }
        match (&raw.value.path, &raw.value.module, &raw.value.push) {
            (Some(path), None, None) => Some(Script::Path { path: path.value.clone(), sha256 }),
            (None, Some(module), None) => {
                if let Some((name, value)) = raw.value.parameters.first() {
                    self.bad(value, format!("a module takes no parameters; \"{name}\" cannot reach it"));
                }
                let name = &module.value;
                let is_file = [".ps1", ".psm1", ".psd1", ".dll"].iter().any(|end| name.to_lowercase().ends_with(end));
                if is_file || name.contains(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '-' | '_')) {
                    self.bad(module, "expected the name of an installed module; a file goes with path");
                    return None;
                }
                Some(Script::Module { name: name.clone(), sha256 })
            }
            (None, None, Some(push)) => {
                if raw.value.sha256.is_none() {
                    self.missing(raw, "sha256", "missing; a pushed script needs the SHA-256 of its file");
                }
                let file = self.folder.join(&push.value);
                let name = file.file_name().map_or_else(|| "script.ps1".into(), |name| name.to_string_lossy());
                let virtual_path = match &raw.value.virtual_path {
                    Some(path) => path.value.clone(),
                    None => format!(r"C:\SentinelJump\{name}"),
                };
                sha256.map(|sha256| Script::Push { file, virtual_path, sha256 })
            }
            (None, None, None) => {
                self.bad(
                    raw,
                    "expected path = \"…\" (a file on the host), module = \"…\" (installed there), \
                     push = \"…\" (a file here) or bundled = true (our own)",
                );
                None
            }
            (_, module, push) => {
                let second = push.as_ref().or(module.as_ref());
                second.into_iter().for_each(|second| self.bad(second, "path, module and push exclude each other"));
                None
            }
        }
    }

    fn sha256(&mut self, sha256: &Written<String>) -> Option<String> {
        let hex = sha256.value.len() == 64 && sha256.value.chars().all(|c| c.is_ascii_hexdigit());
        if !hex {
            self.bad(sha256, "expected 64 hexadecimal digits");
        }
        hex.then(|| sha256.value.to_ascii_lowercase())
    }

    /// Names of the script's; patterns (`Get-Az*`) where they are taken.
    fn names(&mut self, written: Vec<Written<String>>, patterns: bool) -> Vec<String> {
        let is_known = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.') || (patterns && c == '*');
        let mut all = Vec::new();
        for name in written {
            // One star alone would let everything run while the script is loaded.
            let is_name = name.value.chars().all(is_known) && name.value.chars().any(char::is_alphanumeric);
            match (is_name, patterns) {
                (true, _) => all.push(name.value),
                (false, true) => self.bad(&name, "expected the name of a command, or a pattern such as \"Get-Az*\""),
                (false, false) => self.bad(&name, "expected a name of the script"),
            }
        }
        all
    }

    fn answer(&mut self, raw: RawAnswer) -> Option<AllowedAnswer> {
        let pattern = match (raw.question, raw.pattern) {
            (Some(question), None) => {
                // What was a pattern once must not become text in silence.
                if ["\\", "^", ".*"].iter().any(|mark| question.value.contains(mark)) {
                    let said = "is taken as it stands, and this looks like a regular expression; write it as pattern";
                    self.bad(&question, said);
                    return None;
                }
                if let Some(mark) = PATTERN_MARKS.iter().find(|mark| question.value.contains(**mark)) {
                    let said = format!(
                        "is taken as it stands; if \"{mark}\" is meant as a regular expression, write it as pattern"
                    );
                    self.warnings.add(&question.place, Some(question.line), said);
                }
                Written { value: regex::escape(&question.value), place: question.place, line: question.line }
            }
            (None, Some(pattern)) => pattern,
            _ => return None,
        };
        // The whole question or nothing: a pattern for one question must not answer a longer one.
        match Regex::new(&format!(r"\A(?:{})\z", pattern.value)) {
            Ok(question) => Some(AllowedAnswer { function: raw.function?.value, question, answer: raw.answer?.value }),
            Err(_) => {
                self.bad(&pattern, "not a regular expression");
                None
            }
        }
    }

    /// The Azure tenant is compared by our module, which a host without a
    /// script does not get.
    fn compared(&mut self, tenants: &[Written<RawTenant>], plain: &[String]) {
        for tenant in tenants {
            if let (Some(host), Some(azure_tenant)) = (&tenant.value.host, &tenant.value.azure_tenant)
                && plain.contains(&host.value)
            {
                self.bad(azure_tenant, format!("cannot be compared on \"{}\", a host without script", host.value));
            }
        }
    }

    fn tenant(&mut self, raw: Written<RawTenant>, hosts: &[String]) -> Option<Tenant> {
        let id = TenantId::parse(&raw.value.name).map_err(|error| self.bad(&raw, error.to_string())).ok();
        if raw.value.name.eq_ignore_ascii_case(ALL_TENANTS) {
            self.bad(&raw, "\"all\" means every tenant; name this one otherwise");
        }
        let host = raw.value.host.and_then(|host| {
            if hosts.contains(&host.value) {
                return HostId::parse(&host.value).ok();
            }
            let hint = spelling::hint(&host.value, hosts.iter().map(String::as_str));
            self.bad(&host, format!("there is no host \"{}\"{hint}", host.value));
            None
        });
        let confirm = match raw.value.confirm {
            Some(confirm) => self.confirm(&confirm),
            None => Some(Confirming::Ask),
        };
        let language = raw.value.language.as_ref().and_then(|language| self.language(language));
        let azure_tenant = raw.value.azure_tenant.as_ref().map(|tenant| self.guid(tenant));
        let azure_config_dir = match &raw.value.azure_config_dir {
            Some(folder) => self.folder(folder),
            None => Some(default_config_dir(&raw.value.name)),
        };
        let workspaces: Vec<Option<Workspace>> =
            raw.value.workspaces.into_iter().map(|workspace| self.workspace(workspace)).collect();
        let workspaces = workspaces.into_iter().collect::<Option<Vec<_>>>()?;
        let workspaces: BTreeMap<WorkspaceId, Arc<Workspace>> =
            workspaces.into_iter().map(|workspace| (workspace.id.clone(), Arc::new(workspace))).collect();
        let azure_tenant = match azure_tenant {
            Some(checked) => Some(checked?),
            None => None,
        };
        Some(Tenant {
            id: id?,
            host: host?,
            azure_tenant,
            azure_config_dir: azure_config_dir?,
            confirm: confirm?,
            language,
            workspaces,
        })
    }

    fn confirm(&mut self, confirm: &Written<String>) -> Option<Confirming> {
        match &*confirm.value {
            "ask" => Some(Confirming::Ask),
            "never" => Some(Confirming::Never),
            other => {
                self.bad(confirm, format!("unknown{}", spelling::hint(other, ["ask", "never"])));
                None
            }
        }
    }

    /// By its exact tag: what a file says is not guessed.
    fn language(&mut self, language: &Written<String>) -> Option<Language> {
        let known = Language::NAMES.iter().find(|(name, _)| *name == language.value);
        if known.is_none() {
            let names = Language::NAMES.iter().map(|(name, _)| *name);
            self.bad(language, format!("unknown{}", spelling::hint(&language.value, names)));
        }
        known.map(|(_, language)| *language)
    }

    fn folder(&mut self, folder: &Written<String>) -> Option<String> {
        let fits = !folder.value.chars().any(|c| c.is_control() || matches!(c, '"' | '*' | '?' | '<' | '>' | '|'));
        if !fits {
            self.bad(folder, "not the path of a folder on the host");
        }
        fits.then(|| folder.value.clone())
    }

    /// Tenants of one host that would use each other's sign-in.
    fn shared_sign_ins(&mut self, tenants: &[Written<RawTenant>]) {
        let mut folders: HashMap<(String, String), &Written<RawTenant>> = HashMap::new();
        for tenant in tenants {
            let (Some(host), Some(folder)) = (&tenant.value.host, &tenant.value.azure_config_dir) else { continue };
            // As Windows compares paths: either slash, any case, with or without one at the end.
            let same = folder.value.replace('/', "\\").trim_end_matches('\\').to_lowercase();
            let Some(other) = folders.insert((host.value.clone(), same), tenant) else { continue };
            let of = |tenant: &Written<RawTenant>| {
                tenant.value.azure_tenant.as_ref().map(|tenant| tenant.value.to_lowercase())
            };
            // Who manages customers by Azure Lighthouse signs in to one tenant for all.
            if of(tenant).is_none() || of(tenant) != of(other) {
                let said = format!(
                    "is the folder of the tenant \"{}\", too; only tenants with the same azure_tenant may share a sign-in",
                    other.value.name
                );
                self.bad(folder, said);
            }
        }
    }

    fn workspace(&mut self, raw: Written<RawWorkspace>) -> Option<Workspace> {
        let id = WorkspaceId::parse(&raw.value.name).map_err(|error| self.bad(&raw, error.to_string())).ok();
        let subscription = raw.value.subscription.and_then(|subscription| self.guid(&subscription));
        // Spec: Azure naming rules, Microsoft.Resources/resourceGroups and Microsoft.OperationalInsights/workspaces.
        let resource_group = raw.value.resource_group.and_then(|group| {
            let fits = group.value.chars().count() <= 90
                && !group.value.ends_with('.')
                && group.value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')'));
            if !fits {
                self.bad(&group, "not the name of a resource group");
            }
            fits.then_some(group.value)
        });
        let name = raw.value.workspace_name.and_then(|name| {
            let fits = (4..=63).contains(&name.value.len())
                && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !name.value.starts_with('-')
                && !name.value.ends_with('-');
            if !fits {
                self.bad(&name, "not the name of a Log Analytics workspace (4 to 63 letters, digits and '-')");
            }
            fits.then_some(name.value)
        });
        Some(Workspace { id: id?, subscription: subscription?, resource_group: resource_group?, name: name? })
    }

    fn guid(&mut self, text: &Written<String>) -> Option<String> {
        // The crate also reads ids without dashes or in braces; Azure's paths take one spelling.
        let guid = Uuid::parse_str(&text.value).ok().filter(|_| text.value.len() == 36);
        if guid.is_none() {
            self.bad(text, "expected an id such as 00000000-0000-0000-0000-000000000000");
        }
        guid.map(|guid| guid.to_string())
    }

    /// Names that would be mistaken for each other, and workspaces that stand
    /// under two names: a call for one customer would reach another.
    fn twins(&mut self, tenants: &[Written<RawTenant>]) {
        let mut aliases: HashMap<String, &str> = HashMap::new();
        let mut places: HashMap<String, String> = HashMap::new();
        for tenant in tenants {
            if let Some(other) = aliases.insert(tenant.value.name.to_lowercase(), &tenant.value.name) {
                self.bad(tenant, format!("differs only in case from the tenant \"{other}\""));
            }
            let mut inner: HashMap<String, &str> = HashMap::new();
            for workspace in &tenant.value.workspaces {
                let raw = &workspace.value;
                if let Some(other) = inner.insert(raw.name.to_lowercase(), &raw.name) {
                    self.bad(workspace, format!("differs only in case from the workspace \"{other}\""));
                }
                let (Some(subscription), Some(group), Some(name)) =
                    (&raw.subscription, &raw.resource_group, &raw.workspace_name)
                else {
                    continue;
                };
                let azure = format!("{}/{}/{}", subscription.value, group.value, name.value).to_lowercase();
                if let Some(other) = places.insert(azure, workspace.place.clone()) {
                    self.bad(workspace, format!("is the same Azure workspace as {other}"));
                }
            }
        }
    }

    fn policy(&mut self, sets: Option<Vec<Written<String>>>, read_only: Option<Written<bool>>) -> ToolPolicy {
        let mut policy = ToolPolicy::default();
        if let Some(sets) = sets {
            policy.sets.clear();
            for set in sets {
                match set.value.parse::<ToolSet>() {
                    Ok(value) => drop(policy.sets.insert(value)),
                    Err(_) => {
                        let hint = spelling::hint(&set.value, ToolSet::NAMES.iter().map(|(name, _)| *name));
                        self.bad(&set, format!("unknown tool set \"{}\"{hint}", set.value));
                    }
                }
            }
        }
        if read_only.is_some_and(|read_only| read_only.value) {
            policy.mode = Mode::ReadOnly;
        }
        policy
    }
}

/// A folder of the tenant's own. What stands around the alias keeps Windows
/// from cutting off a last dot and from taking it for a device.
fn default_config_dir(alias: &str) -> String {
    format!("sentinel-jump/tenant-{alias}.azure")
}

fn init(raw: RawInit) -> Init {
    Init { function: raw.function.value, parameters: parameters(raw.parameters) }
}

fn parameters(raw: Vec<(String, Written<RawParameter>)>) -> Vec<(String, Value)> {
    raw.into_iter().map(|(name, value)| (name, parameter(value.value))).collect()
}

fn parameter(raw: RawParameter) -> Value {
    match raw {
        RawParameter::Text(text) => text.into(),
        RawParameter::Integer(number) => i32::try_from(number).map_or(Value::I64(number), Value::I32),
        RawParameter::Float(number) => Value::F64(number),
        RawParameter::Boolean(value) => Value::Bool(value),
        RawParameter::List(items) => Value::list(items.into_iter().map(parameter).collect()),
    }
}
