//! Our host module's commands, answered as `host/module` answers them.
//!
//! The demo's script is in contract style and has no session table, so the
//! guard refuses every call that brings an `Expect`, as the real one does.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use sha2::{Digest, Sha256};
use wsman::clixml::{Content, Value};
use wsman::host_end::demo::{Commands, Step};
use wsman::psrp::{Command, ErrorRecord};

use super::clixml::{array, count, named, objects, strings};
use super::functions::signature::{
    INVALID_ARGUMENT, INVALID_OPERATION, OBJECT_NOT_FOUND, SECURITY_ERROR, binding_error, outside_set, signature,
    signatures, text, unfit, unknown_parameter,
};
use super::functions::{Impact, OnError, Preferences, Progress, SCRIPT, SCRIPT_PATH, run};
use super::world::{World, hex};
use crate::host::MODULE;

/// Names and parameters of the module's commands.
const COMMANDS: [(&str, &[&str]); 6] = [
    ("Import-SjScript", &["Path", "Bytes", "VirtualPath", "Module", "Sha256", "Parameters", "AzureConfigDir", "Allow"]),
    ("Get-SjAzure", &["Token"]),
    ("Assert-SjAzure", &["Tenant", "Load"]),
    ("Set-SjTarget", &["Target", "Select", "Derived"]),
    ("Invoke-SjCall", &["Name", "Parameters", "Expect", "Preference", "AzureTenant", "Write", "Values"]),
    ("Get-SjProbe", &["Name"]),
];

/// Preferences that a call may set.
const PREFERENCES: [&str; 7] = ["ErrorAction", "Warning", "Confirm", "Information", "Progress", "Verbose", "Debug"];

/// What the jump host of `tenant` runs, new for each shell. It knows the
/// workspaces of this customer only.
pub fn commands_for(world: Arc<World>, tenant: &str) -> Arc<dyn Fn() -> Box<dyn Commands> + Send + Sync> {
    let tenant = tenant.to_owned();
    Arc::new(move || Box::new(DemoCommands { world: Arc::clone(&world), tenant: tenant.clone(), stage: Stage::Bare }))
}

struct DemoCommands {
    world: Arc<World>,
    tenant: String,
    stage: Stage,
}

/// What a session has seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Neither module nor script.
    Bare,
    /// Our module, no script yet.
    Module,
    /// Both.
    Script,
}

impl Commands for DemoCommands {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        // The one that this demo was held against, byte for byte.
        static KNOWN: LazyLock<[u8; 32]> = LazyLock::new(|| Sha256::digest(MODULE).into());
        if <[u8; 32]>::from(Sha256::digest(text)) != *KNOWN {
            return None;
        }
        // A second time makes a new module, which has loaded nothing.
        self.stage = Stage::Module;
        let version = self.world.tenant(&self.tenant).map_or("", |tenant| tenant.ps_version.as_str());
        let edition = if version.starts_with("5.") { "Desktop" } else { "Core" };
        Some(vec![Step::Output(named(
            "SentinelJump.Ready",
            [
                ("version", Value::from("1")),
                ("psVersion", Value::from(version)),
                ("edition", Value::from(edition)),
                ("languageMode", Value::from("FullLanguage")),
            ],
        ))])
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        if let Some(signature) = signature(&command.text) {
            let bound = named_arguments(command).and_then(|given| signature.bind(&given, &signature.name));
            return Some(match bound {
                Ok(bound) => run(&self.world, &self.tenant, signature, &bound, self.global()),
                Err(record) => vec![Step::Fail(record)],
            });
        }
        let (name, parameters) = COMMANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&command.text))?;
        if self.stage == Stage::Bare {
            return None;
        }
        let steps = Arguments::bind(command, name, parameters).and_then(|arguments| match *name {
            "Import-SjScript" => self.import(&arguments),
            "Get-SjAzure" => Ok(self.azure()),
            "Assert-SjAzure" => self.assert_azure(&arguments.text("Tenant")?).map(|()| self.azure()),
            "Set-SjTarget" => self.set_target(&arguments),
            "Invoke-SjCall" => self.invoke(&arguments),
            _ => self.probe(&arguments),
        });
        Some(steps.unwrap_or_else(|record| vec![Step::Fail(record)]))
    }

    fn names(&self) -> Vec<String> {
        let functions = signatures().iter().map(|signature| signature.name.clone());
        let module = COMMANDS.iter().filter(|_| self.stage != Stage::Bare).map(|(name, _)| (*name).to_owned());
        functions.chain(module).collect()
    }
}

impl DemoCommands {
    /// Preferences of a plain command; the module turns progress off.
    fn global(&self) -> Preferences {
        let progress = if self.stage == Stage::Bare { Progress::Send } else { Progress::Hide };
        Preferences { errors: OnError::Report, progress, confirm: Impact::High }
    }

    fn assert_loaded(&self) -> Result<(), ErrorRecord> {
        if self.stage == Stage::Script {
            return Ok(());
        }
        Err(module_error("NotLoaded", "no script is loaded".to_owned(), INVALID_OPERATION))
    }

    fn import(&mut self, arguments: &Arguments) -> Result<Vec<Step>, ErrorRecord> {
        if self.stage == Stage::Script {
            let said = "a script is loaded in this session".to_owned();
            return Err(module_error("AlreadyLoaded", said, INVALID_OPERATION));
        }
        let parameters = arguments.table("Parameters")?;
        let module = arguments.text("Module")?;
        if !module.is_empty() {
            return Err(module_error("ScriptMissing", format!("no module {module}"), OBJECT_NOT_FOUND));
        }
        let file = match arguments.bytes("Bytes")? {
            Some(bytes) => {
                assert_hash(bytes, &arguments.text("Sha256")?)?;
                if bytes != SCRIPT.as_bytes() {
                    let said = "the demo host runs no script but its own".to_owned();
                    return Err(module_error("ScriptMissing", said, OBJECT_NOT_FOUND));
                }
                arguments.text("VirtualPath")?
            }
            None => {
                let path = arguments.text("Path")?;
                if !path.replace('/', "\\").eq_ignore_ascii_case(SCRIPT_PATH) {
                    return Err(module_error("ScriptMissing", format!("no file {path}"), OBJECT_NOT_FOUND));
                }
                assert_hash(SCRIPT.as_bytes(), &arguments.text("Sha256")?)?;
                path
            }
        };
        if !parameters.is_empty() {
            let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
            let said = format!("the script has no parameters of these names: {}", names.join(", "));
            return Err(module_error("ScriptParameterUnknown", said, INVALID_ARGUMENT));
        }
        self.stage = Stage::Script;
        Ok(vec![Step::Output(load_report(&file))])
    }

    /// The demo's hosts are signed in to their own customer's tenant.
    fn azure(&self) -> Vec<Step> {
        let tenant = self.world.tenant(&self.tenant).map_or("", |tenant| tenant.tenant_id.as_str());
        vec![Step::Output(named(
            "SentinelJump.Azure",
            [
                ("signedIn", Value::from(true)),
                ("via", Value::from("az")),
                ("tenant", Value::from(tenant)),
                ("problem", Value::from("")),
                ("problemId", Value::from("")),
            ],
        ))]
    }

    fn assert_azure(&self, tenant: &str) -> Result<(), ErrorRecord> {
        let signed_in = self.world.tenant(&self.tenant).map_or("", |tenant| tenant.tenant_id.as_str());
        if tenant.eq_ignore_ascii_case(signed_in) {
            return Ok(());
        }
        let said = format!("az is signed in to tenant '{signed_in}', expected '{tenant}'");
        Err(module_error("AzureTenantMismatch", said, SECURITY_ERROR))
    }

    fn set_target(&self, arguments: &Arguments) -> Result<Vec<Step>, ErrorRecord> {
        self.assert_loaded()?;
        let differs = compare(&arguments.table("Target")?);
        Ok(vec![Step::Output(named(
            "SentinelJump.Target",
            [
                ("assigned", strings::<String>([])),
                ("differs", Value::from(differs)),
                ("selected", strings::<String>([])),
                ("derived", strings::<String>([])),
                ("problem", Value::from("")),
            ],
        ))])
    }

    fn invoke(&self, arguments: &Arguments) -> Result<Vec<Step>, ErrorRecord> {
        // Ahead of the body: they belong to the binding of Invoke-SjCall.
        let (name, given) = (arguments.text("Name")?, arguments.table("Parameters")?);
        let (expect, preference) = (arguments.table("Expect")?, arguments.table("Preference")?);
        if arguments.has("Values") {
            let values = arguments.text("Values")?;
            let allowed = ["auto", "native"];
            if !allowed.iter().any(|one| one.eq_ignore_ascii_case(&values)) {
                return Err(outside_set("Values", &values, &allowed, arguments.caller));
            }
        }
        self.assert_loaded()?;
        let signature = signature(&name).ok_or_else(|| unknown_function(&name))?;
        let preferences = preferences(&preference)?;
        if arguments.has("Expect") {
            return Err(module_error("TargetMismatch", compare(&expect).to_owned(), SECURITY_ERROR));
        }
        let tenant = arguments.text("AzureTenant")?;
        if !tenant.is_empty() {
            self.assert_azure(&tenant)?;
        }
        let bound = signature.bind(&given, "")?;
        let mut steps = vec![Step::Output(named("SentinelJump.Begin", [("tainted", objects([]))]))];
        steps.extend(run(&self.world, &self.tenant, signature, &bound, preferences));
        if !matches!(steps.last(), Some(Step::Fail(_))) {
            // Nothing here takes time but what the steps themselves wait.
            let waits = steps.iter().map(|step| if let Step::Sleep(time) = step { time.as_millis() } else { 0 });
            let ms = i64::try_from(waits.sum::<u128>()).unwrap_or(i64::MAX);
            steps.push(Step::Output(named(
                "SentinelJump.End",
                [("ms", Value::I64(ms)), ("exitCode", Value::I32(0)), ("target", Value::from(""))],
            )));
        }
        Ok(steps)
    }

    fn probe(&self, arguments: &Arguments) -> Result<Vec<Step>, ErrorRecord> {
        self.assert_loaded()?;
        let wanted = arguments.texts("Name")?;
        if wanted.is_empty() {
            return Ok(signatures().iter().map(|signature| Step::Output(signature.probe.clone())).collect());
        }
        // All names first: one that is wrong leaves nothing.
        let found = wanted.iter().map(|name| signature(name).ok_or_else(|| unknown_function(name)));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().map(|signature| Step::Output(signature.probe.clone())).collect())
    }
}

/// Arguments of one of the module's commands.
struct Arguments<'a> {
    caller: &'a str,
    given: BTreeMap<&'static str, &'a Value>,
}

impl<'a> Arguments<'a> {
    fn bind(command: &'a Command, caller: &'static str, parameters: &[&'static str]) -> Result<Self, ErrorRecord> {
        let mut given = BTreeMap::new();
        for argument in &command.arguments {
            let Some(name) = argument.name.as_deref() else { return Err(no_positions(caller)) };
            let known = parameters.iter().find(|known| known.eq_ignore_ascii_case(name));
            given.insert(*known.ok_or_else(|| unknown_parameter(name, caller))?, &argument.value);
        }
        Ok(Self { caller, given })
    }

    fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// `[string]`: empty when it is not there.
    fn text(&self, name: &str) -> Result<String, ErrorRecord> {
        let Some(value) = self.given.get(name) else { return Ok(String::new()) };
        text(value).ok_or_else(|| unfit(name, value, "System.String", self.caller))
    }

    /// `[string[]]`: empty when it is not there.
    fn texts(&self, name: &str) -> Result<Vec<String>, ErrorRecord> {
        let Some(value) = self.given.get(name) else { return Ok(Vec::new()) };
        let texts = match value.items() {
            Some(items) => items.iter().map(text).collect(),
            None if **value == Value::Nil => Some(Vec::new()),
            None => text(value).map(|one| vec![one]),
        };
        texts.ok_or_else(|| unfit(name, value, "System.String[]", self.caller))
    }

    /// `[hashtable]`: empty when it is not there.
    fn table(&self, name: &str) -> Result<Vec<(String, Value)>, ErrorRecord> {
        let Some(value) = self.given.get(name) else { return Ok(Vec::new()) };
        match value.as_object().map(|object| &object.content) {
            Some(Content::Dictionary(entries)) => {
                Ok(entries.iter().map(|(key, value)| (text(key).unwrap_or_default(), value.clone())).collect())
            }
            _ if **value == Value::Nil => Ok(Vec::new()),
            _ => Err(unfit(name, value, "System.Collections.Hashtable", self.caller)),
        }
    }

    /// `[byte[]]`; none is the same as not there.
    fn bytes(&self, name: &str) -> Result<Option<&'a [u8]>, ErrorRecord> {
        match self.given.get(name) {
            None | Some(Value::Nil) => Ok(None),
            Some(Value::Bytes(bytes)) => Ok(Some(bytes.as_slice()).filter(|bytes| !bytes.is_empty())),
            Some(value) => Err(unfit(name, value, "System.Byte[]", self.caller)),
        }
    }
}

fn named_arguments(command: &Command) -> Result<Vec<(String, Value)>, ErrorRecord> {
    let given = command.arguments.iter().map(|argument| {
        let name = argument.name.clone().ok_or_else(|| no_positions(&command.text))?;
        Ok((name, argument.value.clone()))
    });
    given.collect()
}

fn no_positions(caller: &str) -> ErrorRecord {
    let message = "A positional parameter cannot be found that accepts this argument.".to_owned();
    binding_error(message, "PositionalParameterNotFound", caller, INVALID_ARGUMENT)
}

/// As `New-SjError` makes it: thrown, so its id has no suffix.
fn module_error(id: &str, message: String, category: i32) -> ErrorRecord {
    ErrorRecord {
        exception_type: "System.InvalidOperationException".to_owned(),
        ..ErrorRecord::new(message, format!("SentinelJump.{id}"), category)
    }
}

fn unknown_function(name: &str) -> ErrorRecord {
    module_error("UnknownFunction", format!("the script has no function {name}"), OBJECT_NOT_FOUND)
}

fn assert_hash(bytes: &[u8], pinned: &str) -> Result<(), ErrorRecord> {
    let found = hex(&Sha256::digest(bytes));
    if pinned.is_empty() || pinned.eq_ignore_ascii_case(&found) {
        return Ok(());
    }
    Err(module_error("HashMismatch", format!("expected {pinned}, found {found}"), SECURITY_ERROR))
}

/// What the guard finds in a script that keeps no session.
fn compare(expect: &[(String, Value)]) -> &'static str {
    if expect.is_empty() { "nothing to compare with" } else { "the script has no session table" }
}

fn preferences(given: &[(String, Value)]) -> Result<Preferences, ErrorRecord> {
    let mut preferences = Preferences { errors: OnError::Report, progress: Progress::Hide, confirm: Impact::High };
    for (key, value) in given {
        // Keys come with or without the ending.
        let lower = key.to_ascii_lowercase();
        let short = lower.strip_suffix("preference").unwrap_or(&lower);
        let name = PREFERENCES.iter().find(|name| name.eq_ignore_ascii_case(short));
        let name =
            name.ok_or_else(|| module_error("UnknownPreference", format!("no preference {key}"), INVALID_ARGUMENT))?;
        let value = text(value).unwrap_or_default();
        match *name {
            "ErrorAction" => preferences.errors = OnError::parse(&value),
            "Progress" if value.eq_ignore_ascii_case("Continue") => preferences.progress = Progress::Send,
            "Confirm" => preferences.confirm = Impact::parse(&value),
            _ => {}
        }
    }
    Ok(preferences)
}

fn load_report(path: &str) -> Value {
    let none = || strings::<String>([]);
    named(
        "SentinelJump.LoadReport",
        [
            ("path", Value::from(path)),
            ("sha256", Value::from(hex(&Sha256::digest(SCRIPT)))),
            ("encoding", Value::from("utf-8")),
            ("bytes", count(SCRIPT.len())),
            ("functions", strings(signatures().iter().map(|signature| signature.name.as_str()))),
            ("aliases", objects([])),
            ("requiredModules", none()),
            ("repaired", array("System.Int32[]", Vec::new())),
            ("kept", objects([])),
            ("dropped", objects([])),
            ("tainted", objects([])),
            ("style", Value::from("contract")),
        ],
    )
}
