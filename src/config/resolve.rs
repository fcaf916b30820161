//! From what was written to what it means.

mod access;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use uuid::Uuid;
use wsman::clixml::Value;

use super::problem::Problems;
use super::raw::{RawAnswer, RawConfig, RawHost, RawParameter, RawScript, RawSecret, RawTenant, RawWorkspace, Written};
use super::{Config, Host, Script, SecretRef, Sessions};
use crate::host::{Answer, Style};
use crate::near;
use crate::tenant::{Confirming, HostId, Mode, Policy, Registry, Tenant, TenantId, ToolSet, Workspace, WorkspaceId};

/// Shells that Windows allows one user by default.
///
/// Spec: MaxShellsPerUser, 30 since Windows Server 2012.
const MOST_SESSIONS: i64 = 30;

/// `None` only when a problem was added.
pub(super) fn resolve(raw: RawConfig, folder: &Path, problems: &mut Problems) -> Option<Config> {
    let mut resolver = Resolver { problems, folder };
    let names: Vec<String> = raw.hosts.iter().map(|host| host.value.name.clone()).collect();
    let hosts: Vec<Option<Host>> = raw.hosts.into_iter().map(|host| resolver.host(host)).collect();
    if raw.tenants.is_empty() {
        resolver.problems.add(
            "tenants",
            None,
            "no tenant is configured; add [tenants.NAME] with its host and workspaces",
        );
    }
    resolver.twins(&raw.tenants);
    let tenants: Vec<Option<Tenant>> = raw.tenants.into_iter().map(|tenant| resolver.tenant(tenant, &names)).collect();
    let policy = resolver.policy(raw.tool_sets, raw.read_only);
    let hosts = hosts.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Config {
        hosts: hosts.into_iter().map(|host| (host.id.clone(), host)).collect(),
        registry: Registry::new(tenants.into_iter().collect::<Option<Vec<_>>>()?),
        policy,
    })
}

struct Resolver<'a> {
    problems: &'a mut Problems,
    folder: &'a Path,
}

impl Resolver<'_> {
    fn bad<T>(&mut self, at: &Written<T>, said: impl Into<String>) {
        self.problems.add(&at.place, Some(at.line), said);
    }

    fn missing<T>(&mut self, section: &Written<T>, key: &str, said: &str) {
        self.problems.add(&format!("{}.{key}", section.place), Some(section.line), said);
    }

    fn host(&mut self, raw: Written<RawHost>) -> Option<Host> {
        let id = HostId::parse(&raw.value.name).map_err(|error| self.bad(&raw, error.to_string())).ok();
        let host = raw.value;
        let access = self.access(&host);
        let sessions = self.sessions(host.sessions_max, host.sessions_idle);
        let password = host.password.map(|secret| match secret.value {
            RawSecret::Env(name) => SecretRef::Env(name),
            RawSecret::File(path) => SecretRef::File(self.folder.join(path)),
            RawSecret::Command(argv) => SecretRef::Command(argv),
        });
        let script = host.script.map(|script| self.script(script));
        let (script, parameters, style, answers) = script?;
        let (url, auth, tls) = access?;
        Some(Host {
            id: id?,
            url,
            auth,
            tls,
            username: host.username?.value,
            password: password?,
            configuration_name: host.configuration_name.map(|name| name.value),
            sessions,
            script: script?,
            parameters,
            style,
            answers,
        })
    }

    fn sessions(&mut self, max: Option<Written<i64>>, idle: Option<Written<Duration>>) -> Sessions {
        let mut sessions = Sessions::default();
        if let Some(max) = max {
            match usize::try_from(max.value) {
                Ok(value) if (1..=MOST_SESSIONS).contains(&max.value) => sessions.max = value,
                _ => self.bad(&max, format!("expected 1 to {MOST_SESSIONS}, found {}", max.value)),
            }
        }
        if let Some(idle) = idle {
            if (Duration::from_secs(10)..=Duration::from_secs(7_200)).contains(&idle.value) {
                sessions.idle = idle.value;
            } else {
                self.bad(&idle, "expected between 10s and 2h");
            }
        }
        sessions
    }

    #[expect(clippy::type_complexity, reason = "the four parts of one table; a struct would say it a third time")]
    fn script(
        &mut self,
        raw: Written<RawScript>,
    ) -> (Option<Script>, Vec<(String, Value)>, Option<Style>, Vec<Answer>) {
        let sha256 = raw.value.sha256.as_ref().and_then(|sha256| self.sha256(sha256));
        let source = match (&raw.value.path, &raw.value.push) {
            (Some(path), None) => {
                if let Some(virtual_path) = &raw.value.virtual_path {
                    self.bad(virtual_path, "only goes with push");
                }
                Some(Script::Path { path: path.value.clone(), sha256 })
            }
            (None, Some(push)) => {
                if raw.value.sha256.is_none() {
                    self.missing(&raw, "sha256", "missing; a pushed script needs the SHA-256 of its file");
                }
                let file = self.folder.join(&push.value);
                let name = file.file_name().map_or_else(|| "script.ps1".into(), |name| name.to_string_lossy());
                let virtual_path = match &raw.value.virtual_path {
                    Some(path) => path.value.clone(),
                    None => format!(r"C:\SentinelJump\{name}"),
                };
                sha256.map(|sha256| Script::Push { file, virtual_path, sha256 })
            }
            (Some(_), Some(push)) => {
                self.bad(push, "path and push exclude each other");
                None
            }
            (None, None) => {
                self.bad(&raw, "expected path = \"…\" (a file on the host) or push = \"…\" (a file here)");
                None
            }
        };
        let style = raw.value.style.as_ref().and_then(|style| match &*style.value {
            "contract" => Some(Style::Contract),
            "session" => Some(Style::Session),
            other => {
                self.bad(style, format!("unknown{}", near::hint(other, ["contract", "session"])));
                None
            }
        });
        let parameters = raw.value.parameters.into_iter().map(|(name, value)| (name, parameter(value.value))).collect();
        let answers = raw.value.answers.into_iter().filter_map(|answer| self.answer(answer)).collect();
        (source, parameters, style, answers)
    }

    fn sha256(&mut self, sha256: &Written<String>) -> Option<String> {
        let hex = sha256.value.len() == 64 && sha256.value.chars().all(|c| c.is_ascii_hexdigit());
        if !hex {
            self.bad(sha256, "expected 64 hexadecimal digits");
        }
        hex.then(|| sha256.value.to_ascii_lowercase())
    }

    fn answer(&mut self, raw: RawAnswer) -> Option<Answer> {
        let question = raw.question?;
        // The whole question or nothing: a pattern for one question must not answer a longer one.
        match Regex::new(&format!(r"\A(?:{})\z", question.value)) {
            Ok(pattern) => Some(Answer { function: raw.function?.value, question: pattern, answer: raw.answer?.value }),
            Err(_) => {
                self.bad(&question, "not a regular expression");
                None
            }
        }
    }

    fn tenant(&mut self, raw: Written<RawTenant>, hosts: &[String]) -> Option<Tenant> {
        let id = TenantId::parse(&raw.value.name).map_err(|error| self.bad(&raw, error.to_string())).ok();
        let host = raw.value.host.and_then(|host| {
            if hosts.contains(&host.value) {
                return HostId::parse(&host.value).ok();
            }
            let hint = near::hint(&host.value, hosts.iter().map(String::as_str));
            self.bad(&host, format!("there is no host \"{}\"{hint}", host.value));
            None
        });
        let confirm = match raw.value.confirm {
            Some(confirm) => self.confirm(&confirm),
            None => Some(Confirming::Ask),
        };
        let workspaces: Vec<Option<Workspace>> =
            raw.value.workspaces.into_iter().map(|workspace| self.workspace(workspace)).collect();
        let workspaces = workspaces.into_iter().collect::<Option<Vec<_>>>()?;
        let workspaces: BTreeMap<WorkspaceId, Arc<Workspace>> =
            workspaces.into_iter().map(|workspace| (workspace.id.clone(), Arc::new(workspace))).collect();
        Some(Tenant { id: id?, host: host?, confirm: confirm?, workspaces })
    }

    fn confirm(&mut self, confirm: &Written<String>) -> Option<Confirming> {
        match &*confirm.value {
            "ask" => Some(Confirming::Ask),
            "never" => Some(Confirming::Never),
            other => {
                self.bad(confirm, format!("unknown{}", near::hint(other, ["ask", "never"])));
                None
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

    fn policy(&mut self, sets: Option<Vec<Written<String>>>, read_only: Option<Written<bool>>) -> Policy {
        let mut policy = Policy::default();
        if let Some(sets) = sets {
            policy.sets.clear();
            for set in sets {
                match set.value.parse::<ToolSet>() {
                    Ok(value) => drop(policy.sets.insert(value)),
                    Err(_) => {
                        let hint = near::hint(&set.value, ToolSet::NAMES.iter().map(|(name, _)| *name));
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

fn parameter(raw: RawParameter) -> Value {
    match raw {
        RawParameter::Text(text) => text.into(),
        RawParameter::Integer(number) => i32::try_from(number).map_or(Value::I64(number), Value::I32),
        RawParameter::Float(number) => Value::F64(number),
        RawParameter::Boolean(value) => Value::Bool(value),
        RawParameter::List(items) => Value::list(items.into_iter().map(parameter).collect()),
    }
}
